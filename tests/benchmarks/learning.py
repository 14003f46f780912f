"""What networks learn of tasks in a short, seeded training: the table in docs/learning.md.

`python -m tests.benchmarks.learning [--how supervised|ppo] [--ids ...]` prints it, a row a task.
`blind` is what the best answer without looking earns, `best` what an ideal observer does: where
there is evidence to add up, an integrator without a bound and without noise of its own, else the
oracle.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

import neurogym as ngym
from neurogym.subjects.agents import fits

HORIZON, SEQUENCES = 100, 32  # steps, and how many at once, of a batch
ENVS, TRIALS = 64, 2000  # side by side, and how many are scored


@dataclass(frozen=True)
class Plan:
    """How a task is learned."""

    batches: int = 600  # supervised
    steps: int = 100_000  # by reward
    params: tuple[tuple[str, Any], ...] = ()
    horizon: int = HORIZON


PLANS: dict[str, Plan] = {
    "PerceptualDecisionMaking": Plan(),
    "PerceptualDecisionMakingDelayResponse": Plan(2000, 500_000),
    "ContextDecisionMaking": Plan(1500, 300_000),
    "MultiSensoryIntegration": Plan(),
    "RandomDotMotion": Plan(1000, 300_000),
    "RDM_hist": Plan(),
    "IBL": Plan(),
    "GoNogo": Plan(),
    "AntiReach": Plan(),
    "DelayMatchSample": Plan(1500, 300_000),
    "DelayMatchCategory": Plan(1500, 300_000),
    "DelayPairedAssociation": Plan(1000, 300_000),
    "DelayComparison": Plan(1000, 200_000),
    "DualDelayMatchSample": Plan(2000, 300_000),
    "IntervalDiscrimination": Plan(1500, 300_000),
    "PulseDecisionMaking": Plan(2000, 500_000),
    "ProbabilisticReasoning": Plan(1000, 200_000),
    "EconomicDecisionMaking": Plan(1000, 200_000),
    "Detection": Plan(),
    "CustomRaposoTask": Plan(),
    "NAltPerceptualDecisionMaking": Plan(),
    "yang19.go": Plan(),
    "yang19.anti": Plan(),
    "yang19.dm1": Plan(),
    "yang19.dms": Plan(1000, 300_000),
    "HierarchicalReasoning": Plan(1500, 300_000),
}


class Net(nn.Module):
    """A GRU with a linear readout."""

    def __init__(self, inputs: int, outputs: int, units: int = 64):
        super().__init__()
        self.rnn = nn.GRU(inputs, units)
        self.readout = nn.Linear(units, outputs)

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (T, batch, actions) for inputs (T, batch, channels), and the state after them."""
        out, state = self.rnn(x, state)
        return self.readout(out), state


def supervised(id: str, plan: Plan, seed: int = 0) -> Net:
    """A network that learned the labels of a Dataset."""
    torch.manual_seed(seed)
    params = dict(plan.params)
    data = ngym.Dataset(
        id, params, batch_size=SEQUENCES, seq_len=plan.horizon, seed=seed, details=True,
        played=True, tensors=True,
    )  # fmt: skip
    net = Net(data.env.observation_space.shape[0], int(data.env.action_space.n))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, plan.batches, 1e-4)
    state = None
    for _ in range(plan.batches):
        inputs, labels, more = data()
        scores, state = net(inputs, state)
        state = state.detach()  # sequences go on where they stopped
        loss = nn.functional.cross_entropy(
            scores.flatten(0, 1), labels.flatten().long(), reduction="none"
        )
        weight = 1 + 4 * more["mask"].flatten()  # answers are rare
        optimizer.zero_grad()
        (loss * weight).mean().backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return net


class Greedy:
    """Plays many environments at once by the highest score of a network."""

    def __init__(self, net: Net):
        self.net, self.state = net, None

    @torch.no_grad()
    def __call__(self, ob: np.ndarray, ended: np.ndarray) -> np.ndarray:
        scores, self.state = self.net(torch.from_numpy(ob.astype(np.float32))[None], self.state)
        return scores[0].argmax(-1).numpy()


class Recurrent:
    """Plays many environments at once by a RecurrentPPO model."""

    def __init__(self, model: Any):
        self.model, self.state, self.start = model, None, np.ones(ENVS, bool)

    def __call__(self, ob: np.ndarray, ended: np.ndarray) -> np.ndarray:
        action, self.state = self.model.predict(
            ob, state=self.state, episode_start=self.start, deterministic=True
        )
        self.start = np.zeros(ENVS, bool)
        return action


def by_reward(id: str, plan: Plan, seed: int = 0) -> Any:
    """A RecurrentPPO model that learned from what answers earn."""
    from neurogym.sb3 import vec_env
    from sb3_contrib import RecurrentPPO

    torch.manual_seed(seed)
    envs = vec_env(id, 32, seed=seed, **dict(plan.params))
    model = RecurrentPPO(
        "MlpLstmPolicy", envs, n_steps=64, batch_size=512, n_epochs=4, learning_rate=2e-3,
        gamma=0.9, ent_coef=0.01, seed=seed,
        policy_kwargs=dict(lstm_hidden_size=64, net_arch=[], enable_critic_lstm=False,
                           shared_lstm=True),
    )  # fmt: skip
    return model.learn(plan.steps)


def score(id: str, play: Any, plan: Plan, seed: int = 1000, trials: int = TRIALS) -> float:
    """Mean reward a trial; `play(ob, ended)` gives the actions of all environments."""
    envs = ngym.make_vec(id, num_envs=ENVS, **dict(plan.params)).unwrapped
    ob = envs.reset(seed=seed)[0]
    ended = np.zeros(ENVS, bool)
    total, done = 0.0, 0
    while done < trials:
        ob, reward, _, _, info = envs.step(play(ob, ended))
        ended = info["new_trial"]
        total, done = total + float(reward.sum()), done + int(ended.sum())
    return total / done


def blind(id: str, plan: Plan, trials: int = 200) -> float:
    """What the best answer without looking earns: the same one in each trial, in the window."""
    n = int(ngym.make(id, **dict(plan.params)).action_space.n)
    return max(
        float(np.mean([row["reward"] for row in rows_of(id, plan, Always(a), trials)]))
        for a in range(n)
    )


class Always:
    """One answer, whatever there is to see."""

    def __init__(self, answer: int):
        self.answer = answer

    def begin(self, env: Any, rng: np.random.Generator) -> None:
        self.env = env

    def act(self, ob: np.ndarray) -> int:
        return self.answer if self.env.window_open else 0


def rows_of(id: str, plan: Plan, agent: Any, trials: int) -> list[dict[str, Any]]:
    """Rows of an agent."""
    return ngym.rollout(id, agent, trials=trials, seed=1000, **dict(plan.params))


def best(id: str, plan: Plan) -> float:
    """What an ideal observer earns: it adds up all evidence, or knows what is right."""
    ideal: Any = ngym.agent("integrator", bound=1000.0, noise=0.0, non_decision=0.0)
    env = ngym.make(id, **dict(plan.params))
    env.reset(seed=0)
    agent = ideal if fits(ideal, env) else "oracle"
    return float(np.mean([row["reward"] for row in rows_of(id, plan, agent, TRIALS)]))


def line(id: str, plan: Plan, how: str) -> str:
    """A row of the table."""
    start = time.process_time()
    made = supervised(id, plan) if how == "supervised" else by_reward(id, plan)
    seconds = time.process_time() - start
    got = score(id, Greedy(made) if how == "supervised" else Recurrent(made), plan)
    amount = plan.batches if how == "supervised" else plan.steps
    low, high = blind(id, plan), best(id, plan)
    share = (got - low) / (high - low)
    return (
        f"| `{id}` | {how} | {amount:,} | {seconds:.0f} | {got:.2f} | {low:.2f} | {high:.2f} |"
        f" {share:.0%} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--how", choices=("supervised", "ppo"), default="supervised")
    parser.add_argument("--ids", nargs="*", default=list(PLANS))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for id in asked.ids:
        print(line(id, PLANS.get(id, Plan()), asked.how), flush=True)


if __name__ == "__main__":
    main()
