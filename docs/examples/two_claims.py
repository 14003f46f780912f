"""Random dots as a reaction-time task, and one agent that learns two tasks at once.

Run it as it is; it needs the library alone and takes some seconds.
"""

import numpy as np

import neurogym as ngym
from neurogym.records import measures
from neurogym.wrappers import Combine, ReactionTime


def reaction_times(trials: int = 600) -> list[measures.Point]:
    """Median reaction times of a cautious integrator by coherence: the weaker, the slower."""
    dots = ReactionTime(ngym.make("PerceptualDecisionMaking", dt=20))
    cautious = {"caution": 2.0}
    rows = ngym.rollout(dots, "integrator", trials=trials, seed=1, agent_params=cautious)
    return measures.chronometric(rows, "coh")


class Reservoir:
    """A random recurrent network whose readout is learned by ridge regression."""

    def __init__(self, inputs: int, outputs: int, units: int = 500, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.into = rng.normal(0, 1, (units, inputs + 1))
        self.within = rng.normal(0, 1.3 / units**0.5, (units, units))
        self.readout = np.zeros((outputs, units))

    def follow(self, state: np.ndarray, ob: np.ndarray) -> np.ndarray:
        """The next state (units,) or (units, sequences) after an observation."""
        drive = self.into[:, :-1] @ ob + self.into[:, -1:].reshape(-1, *[1] * (ob.ndim - 1))
        return 0.8 * state + 0.2 * np.tanh(self.within @ state + drive)

    def learn(self, inputs: np.ndarray, targets: np.ndarray, start: np.ndarray) -> None:
        """Fit the readout to labels (T, sequences); inputs (T, sequences, channels)."""
        state, states = np.zeros((len(self.within), inputs.shape[1])), []
        for ob, begins in zip(inputs, start, strict=True):
            state = self.follow(np.where(begins, 0.0, state), ob.T)
            states.append(state)
        x, right = np.concatenate(states, axis=1), targets.ravel()
        y = np.eye(len(self.readout))[right].T
        weighted = x * (1 + 9 * (right > 0))  # answers are rare
        self.readout = np.linalg.solve(weighted @ x.T + np.eye(len(x)), weighted @ y.T).T

    def begin(self, env, rng) -> None:
        """A trial begins."""
        self.state = np.zeros(len(self.within))

    def act(self, ob: np.ndarray) -> int:
        """The action with most support."""
        self.state = self.follow(self.state, ob)
        return int(np.argmax(self.readout @ self.state))


def two_tasks_at_once(trials: int = 200) -> dict[str, float]:
    """The performance in each task of an agent that was trained on both at once."""
    env = Combine(ngym.make("GoNogo"), ngym.make("DelayPairedAssociation"), onset=300)
    inputs, targets, more = ngym.Dataset(env, batch_size=64, seq_len=600, seed=1, details=True)()
    agent = Reservoir(inputs.shape[-1], int(env.action_space.n))
    agent.learn(inputs, targets, more["start"])
    rows = ngym.rollout(env, agent, trials=trials, seed=2)
    names = [part["task"] for part in rows[0]["parts"]]
    return {
        name: float(np.mean([row["parts"][j]["performance"] for row in rows]))
        for j, name in enumerate(names)
    }


if __name__ == "__main__":
    for point in reaction_times():
        print(f"coherence {point.level:4.1f} %: {point.value:4.0f} ms")
    for name, performance in two_tasks_at_once().items():
        print(f"{name}: {performance:.0%} right")
