"""Two kinds of evidence, of which a cue says which one counts: a network learns to ignore one.

Needs PyTorch (`pip install -e '.[agents]'`); takes about 30 s.
"""

import numpy as np
from supervised_pytorch import Net, fit

import neurogym as ngym

TASK = "ContextDecisionMaking"
PARAMS = {
    "dt": 100,
    "use_expl_context": True,
    "sigma": 0.5,
    "cohs": [25.0, 50.0],
    "timing": {"delay": 200, "decision": 200},
}


def train(batches: int = 600) -> Net:
    """A network that learned the labels."""
    dataset = ngym.Dataset(TASK, PARAMS, batch_size=32, seq_len=60, seed=1, details=True)
    return fit(dataset, batches)


def rows_of(net: Net | str, trials: int = 800) -> list[dict]:
    """The trials that a network, or an agent by its name, plays."""
    return ngym.rollout(TASK, net, trials=trials, seed=2, **PARAMS)


def agreement(rows: list[dict]) -> dict[str, float]:
    """Share of choices that go with the evidence that counts, and, where it differs, the other.

    Of trials with an answer; chance is 0.5.
    """
    told = [(r["response"], r["conditions"]) for r in rows if r["response"] is not None]
    relevant = [response == 1 + c["ground_truth"] for response, c in told]
    other = [
        response == 1 + c["other_choice"]
        for response, c in told
        if c["other_choice"] != c["ground_truth"]
    ]
    return {"relevant": float(np.mean(relevant)), "other": float(np.mean(other))}


if __name__ == "__main__":
    for name, share in agreement(rows_of(train())).items():
        print(f"{name} evidence: {share:.0%} of choices")
