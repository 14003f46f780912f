"""Any gymnasium environment as a sequence of trials, one trial an episode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from neurogym.envs.has_trials import HasTrials, read_options
from neurogym.spec.parameters import unknown


class EpisodeEnv(HasTrials, gym.Wrapper):
    """A gymnasium environment in the interface of trials: each episode is a trial.

    Where the episode ends, `info["new_trial"]` is True, `terminated` and `truncated` are False, and
    the observation is the first of the next episode. `info` then holds what other trials' have:
    `trial` ({}), `performance` (1.0 if the episode's rewards add up to more than 0, else 0.0), `rt`
    (NaN), `response` (-1) and `outcome` ("none").

    Observations are (C,) float32: a Box is flattened, a Discrete becomes one-hot. Actions are
    discrete and count from 0; TypeError for other spaces. Episode k under seed s is the same,
    however it is reached.
    """

    episodic = True

    def __init__(self, env: gym.Env):
        super().__init__(env)
        self.observation_space = _flat(env.observation_space)
        if not isinstance(env.action_space, spaces.Discrete):
            raise TypeError(f"actions of {env.action_space}: expected a Discrete space")
        self.action_space = spaces.Discrete(int(env.action_space.n))
        self._first = int(env.action_space.start)
        self.trial: dict[str, Any] = {}
        self.forced: Mapping[str, Any] = {}
        self.rewards: dict[str, float] = {}
        self.timing: dict[str, Any] = {}
        self.trial_index = -1
        self.num_tr = self.t_ind = 0
        self.performance = 0.0
        self._earned = 0.0
        self._seed: int | None = None
        self._next = 0

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode; returns its first observation (C,) and its info.

        A seed goes back to episode 0; without one the next begins. The option `trial` is the
        episode's number; ValueError for any other, and for conditions, which episodes do not have.
        """
        index, conditions = read_options(options)
        if conditions:
            raise ValueError(f"{self.env}: {unknown('condition', conditions, [])}")
        if seed is not None or self._seed is None:
            self._seed, self._next = gym.utils.seeding.np_random(seed)[1], 0
        if index is not None:
            self._next = index
        self.num_tr, self.performance = 0, 0.0
        return self._begin()

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act; see the class for what is returned."""
        if self.trial_index < 0:
            raise gym.error.ResetNeeded("call reset() before step()")
        action = action + self._first
        ob, reward, terminated, truncated, info = self.env.step(action)
        self._earned += float(reward)
        self.t_ind += 1
        if not (terminated or truncated):
            return self._row(ob), float(reward), False, False, {**info, "new_trial": False}
        self.performance = float(self._earned > 0)
        info = {
            **info,
            "new_trial": True,
            "trial": {},
            "performance": self.performance,
            "rt": float("nan"),
            "response": -1,
            "outcome": "none",
        }
        return self._begin()[0], float(reward), False, False, info

    def _begin(self) -> tuple[np.ndarray, dict[str, Any]]:
        child = np.random.SeedSequence(self._seed, spawn_key=(self._next,))
        ob, info = self.env.reset(seed=int(child.generate_state(1)[0]))
        self.trial_index, self.t_ind, self._earned = self._next, 0, 0.0
        self._next += 1
        self.num_tr += 1
        return self._row(ob), info

    def _row(self, ob: Any) -> np.ndarray:
        return np.array(spaces.flatten(self.env.observation_space, ob), np.float32)

    # -- what trials have ------------------------------------------------------------------------

    @property
    def dt(self) -> float:
        """Length of a step in ms: that of a frame, if the environment says so, else 100."""
        fps = self.env.metadata.get("render_fps")
        return 1000 / fps if fps else 100.0

    @property
    def t(self) -> float:
        """Time since the episode's start in ms."""
        return self.t_ind * self.dt

    @property
    def periods(self) -> list[tuple[str, int, int]]:
        """The one period: ("episode", 0, most steps there can be; else those so far)."""
        return [("episode", 0, self.most_steps or self.t_ind + 1)]

    @property
    def most_steps(self) -> int | None:
        return self.env.spec.max_episode_steps if self.env.spec else None

    @property
    def planned_periods(self) -> list[tuple[str, int, int]]:
        """None: nobody knows when an episode will end."""
        return []

    @property
    def stream_seed(self) -> int:
        """The seed of the episodes; `np_random_seed` is that of the one episode."""
        return int(self._seed or 0)

    def remade(self) -> EpisodeEnv:
        about = self.about
        return EpisodeEnv(gym.make(about.task, **about.params))

    @property
    def window(self) -> tuple[int, int]:
        """First step in which responses are asked for, and the step after the last."""
        return self.periods[0][1:]

    @property
    def window_open(self) -> bool:
        """Whether responses are asked for in the current step: always."""
        return True

    @property
    def gt_now(self) -> None:
        """The right action, which no one knows."""
        return None

    def in_period(self, period: str, t: float | None = None) -> bool:
        """Whether the time t in ms (now, if None) lies in a period; ValueError if it is unknown."""
        if period != "episode":
            raise ValueError(unknown("period", [period], ["episode"]))
        return t is None or 0 <= t < self.periods[0][2] * self.dt


def as_trials(env: gym.Env) -> HasTrials:
    """The environment's trials: the task under its wrappers, or else its episodes as trials.

    Raises TypeError if it has no trials, and spaces that `EpisodeEnv` does not take.
    """
    inner = env
    while not isinstance(inner, HasTrials):
        if not isinstance(inner, gym.Wrapper):
            return EpisodeEnv(env)
        inner = inner.env
    return inner


def _flat(space: spaces.Space) -> spaces.Box:
    if isinstance(space, spaces.Discrete):
        return spaces.Box(0, 1, (int(space.n),), np.float32)
    if not isinstance(space, spaces.Box):
        raise TypeError(f"observations of {space}: expected a Box or a Discrete space")
    with np.errstate(over="ignore"):  # bounds beyond float32 become infinite
        low, high = space.low.ravel().astype(np.float32), space.high.ravel().astype(np.float32)
    return spaces.Box(low, high, dtype=np.float32)
