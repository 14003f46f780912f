"""Subjects that need to know nothing of a task: chance, the oracle, any trained model."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import param

from neurogym.envs.has_trials import HasTrials

LASTS = ("run", "trial")


class RandomAgent(param.Parameterized):
    """Any action, with equal chance, at each step."""

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Remember which actions there are."""
        self._space: Any = env.action_space
        self._rng = rng

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """A random action."""
        if isinstance(self._space, gym.spaces.Box):
            return self._rng.uniform(self._space.low, self._space.high).astype(np.float32)
        return int(self._rng.integers(self._space.n))


class Oracle(param.Parameterized):
    """Takes the right action at each step, which earns what the rules allow at most."""

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Check that the environment knows what is right."""
        self._env = env
        if env.gt_now is None:
            raise ValueError(f"{env} has no labels: there is no oracle for it")

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """The label."""
        label = self._env.gt_now
        return label if np.ndim(label) else int(label)


class Model:
    """A trained model with `predict(observation, ...)`, such as those of Stable-Baselines3.

    Its state, if it has one, lasts as long as the run, or with `lasts="trial"` as long as a trial:
    take that for a model which was trained in episodes of one trial. Where each trial is an episode
    of a gymnasium environment, it begins anew with each.
    """

    def __init__(self, model: Any, deterministic: bool = True, lasts: str = "run"):
        if lasts not in LASTS:
            raise ValueError(f"lasts = {lasts!r}: expected one of {', '.join(map(repr, LASTS))}")
        self.model, self.deterministic, self.lasts = model, deterministic, lasts
        self._forget()

    def _forget(self) -> None:
        self._state: Any = None
        self._start = True

    def start_run(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Forget the state of the last run."""
        self._forget()

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Keep the state, unless it lasts a trial."""
        if self.lasts == "trial" or env.episodic:
            self._forget()

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """The model's action."""
        action, self._state = self.model.predict(
            ob,
            state=self._state,
            episode_start=np.array([self._start]),
            deterministic=self.deterministic,
        )
        self._start = False
        return action if np.ndim(action) else int(action)
