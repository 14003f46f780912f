"""The same keys in the info of every step, for tools that stack the infos of an episode."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from neurogym.envs.episodes import as_trials
from neurogym.spec.outcomes import Outcome

NAN = float("nan")
NONE = -1  # of an outcome


class ConstantInfo(gym.Wrapper, RecordConstructorArgs):
    """Tells all of a step in numbers, under the same keys in each step and after a reset.

    `gt` is the right action for the observation that was answered (-1, or NaN where actions are
    graded, without one), `new_trial` whether the trial ended. Where it did, `performance`, `rt`
    (ms), `response` and `outcome` tell how, and `trial` the conditions that are numbers; else they
    are NaN, and -1 for `response` and `outcome`. An outcome is its place in
    `list(neurogym.spec.outcomes.Outcome)`.

    Minari's `DataCollector(ConstantInfo(env), record_infos=True)` needs it. TypeError for an
    environment without trials.
    """

    def __init__(self, env: gym.Env):
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        self._trials = as_trials(env)
        graded = isinstance(env.action_space, spaces.Box)
        self._no_label: Any = np.full(env.action_space.shape or (), NAN) if graded else NONE
        self._names: tuple[str, ...] = ()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment; the info tells of no trial."""
        ob, _ = self.env.reset(seed=seed, options=options)
        self._names = self._names or tuple(
            name for name, value in self._trials.trial.items() if _is_number(value)
        )
        return ob, self._told({})

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment."""
        ob, reward, terminated, truncated, info = self.env.step(action)
        return ob, reward, terminated, truncated, self._told(info)

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        trial, outcome = info.get("trial", {}), info.get("outcome")
        gt = info.get("gt")
        return {
            "gt": self._no_label if gt is None else gt,
            "new_trial": bool(info.get("new_trial", False)),
            "performance": float(info.get("performance", NAN)),
            "rt": float(info.get("rt", NAN)),
            "response": int(info.get("response", NONE)),
            "outcome": NONE if outcome is None else int(Outcome[outcome.upper()]),
            "trial": {name: _number(trial.get(name)) for name in self._names},
        }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number | np.bool_) and np.ndim(value) == 0


def _number(value: Any) -> float:
    return float(value) if _is_number(value) else NAN
