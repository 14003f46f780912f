"""A recurrent network learns random dots from a Dataset, then plays trials.

Needs PyTorch (`pip install -e '.[agents]'`); takes about 10 s.
"""

import numpy as np
import torch
from torch import nn

import neurogym as ngym

TASK = "PerceptualDecisionMaking"
PARAMS = {"dt": 100, "timing": {"stimulus": 1000}}


class Net(nn.Module):
    """A GRU with a linear readout; as a policy it keeps its state for the length of a trial."""

    def __init__(self, inputs: int, outputs: int, units: int):
        super().__init__()
        self.rnn = nn.GRU(inputs, units)
        self.readout = nn.Linear(units, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (T, batch, actions) for inputs (T, batch, channels)."""
        return self.readout(self.rnn(x)[0])

    def begin(self, env, rng) -> None:
        """A trial begins."""
        self.state = None

    @torch.no_grad()
    def act(self, ob: np.ndarray) -> int:
        """The action with the highest score."""
        out, self.state = self.rnn(torch.tensor(ob)[None], self.state)
        return int(self.readout(out).argmax())


def fit(dataset: ngym.Dataset, steps: int, units: int = 64) -> Net:
    """A network that learned the labels of `steps` batches, which come with details."""
    torch.manual_seed(0)
    net = Net(dataset.env.observation_space.shape[0], int(dataset.env.action_space.n), units)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(steps):
        inputs, labels, more = dataset()
        scores = net(torch.from_numpy(inputs))  # (T, batch, actions)
        loss = nn.functional.cross_entropy(
            scores.flatten(0, 1), torch.from_numpy(labels).flatten(), reduction="none"
        )
        weight = 1 + 4 * torch.from_numpy(more["mask"]).flatten()  # decisions are rare
        optimizer.zero_grad()
        loss = (loss * weight).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 99:
            print(f"batch {step + 1}: loss {loss.item():.3f}")
    return net


def train(steps: int = 500) -> Net:
    """A network that learned the task."""
    return fit(ngym.Dataset(TASK, PARAMS, batch_size=32, seq_len=60, seed=1, details=True), steps)


def accuracy(net: Net, trials: int = 500, **params) -> float:
    """Share of trials with the right choice."""
    rows = ngym.rollout(TASK, net, trials=trials, seed=2, **PARAMS, **params)
    return float(np.mean([row["correct"] for row in rows]))


if __name__ == "__main__":
    net = train()
    print(f"all coherences: {accuracy(net):.0%} right")
    print(f"coherence 51.2 %: {accuracy(net, cohs=[51.2]):.0%} right")
