"""The base of wrappers around environments with trials, for what a declaration cannot say."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Self

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker

from neurogym.envs.has_trials import About, HasTrials

ONLY_LOOK_ON = (OrderEnforcing, PassiveEnvChecker)  # environments with trials ask that themselves


class TrialWrapper(HasTrials, gym.Wrapper):
    """Changes the trials of the environment that it is put around; the base of one's own wrappers.

    A subclass gives `new_trial(**kwargs)`, which begins a trial: mostly it calls
    `self.env.new_trial` with more or other keywords, and returns what that returns. Each trial is
    begun by the outermost such wrapper, also those that follow the end of another one. It gives
    `step` and `reset` where it changes actions, observations or rewards.

    What else is asked of it, such as `t`, `in_period`, `choices` or `rng`, the environment under it
    answers, but for names that begin with `_`. `task` is the innermost one.

    Rollouts, data sets, Monitor and plots play under the outermost one. They find trials again by
    `reset(seed=, options={"trial": k})`; a wrapper whose trials depend on those before them should
    begin anew there. TypeError for an environment without trials.

        class EasyFirst(ngym.TrialWrapper):
            def new_trial(self, **kwargs):
                seed, number = self.upcoming
                return self.env.new_trial(**{"coh": 50 if number < 100 else 5, **kwargs})
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "new_trial" in vars(cls):
            own: Any = vars(cls)["new_trial"]
            cls.new_trial = _noted(own)  # type: ignore[method-assign]

    def __init__(self, env: gym.Env):
        while isinstance(env, ONLY_LOOK_ON):
            env = env.env
        self.__trials = trials_of(type(self).__name__, env)
        super().__init__(env)
        self.__spec = self._innermost.spec
        self.forced: Mapping[str, Any] = {}  # what the current trial was asked for
        self.__beginning = False
        self.set_top(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "env" not in vars(self):  # the second while it is copied
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        if name == "task":  # no property, since authors set it themselves
            return self.unwrapped
        inner = self.env
        while isinstance(inner, gym.Wrapper) and not hasattr(inner, name):
            inner = inner.env
        return getattr(inner, name)

    # -- what an author gives --------------------------------------------------------------------

    def new_trial(self, **kwargs: Any) -> dict[str, Any]:
        """Begin the next trial, with conditions forced; returns its conditions."""
        return self.trials.new_trial(**kwargs)

    # -- what the environment under it says ------------------------------------------------------

    @property
    def trials(self) -> Any:
        """The nearest environment with trials under this one."""
        return self.__trials

    def set_top(self, wrapper: Any) -> None:
        """Let a wrapper around this one begin the trials from now on."""
        self.trials.set_top(wrapper)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments beside the environment, as JSON: what rows tell of it."""
        return {}

    @property
    def about(self) -> About:
        """What made this environment: an id alone, if the wrapper is a part of what that makes."""
        innermost = self._innermost
        if innermost.spec is not self.__spec:  # gymnasium gave it one when all was there
            return HasTrials.about.fget(innermost)  # type: ignore[attr-defined]
        inner = self._told_of.about
        return About(inner.task, inner.params, [*inner.wrappers, {self._label: self.settings}])

    @property
    def _told_of(self) -> Any:
        """The environment with trials that rows tell of."""
        return self.trials

    @property
    def _innermost(self) -> Any:
        return self._told_of.unwrapped

    @property
    def _label(self) -> str:
        return type(self).__name__

    @property
    def version(self) -> Hashable:
        return self.trials.version

    @property
    def stream_seed(self) -> int:
        return int(self.trials.stream_seed)

    @property
    def idle_action(self) -> int | np.ndarray:
        return self.trials.idle_action

    @property
    def most_steps(self) -> int | None:
        return self.trials.most_steps

    @property
    def planned_periods(self) -> Sequence[tuple[str, int, int]]:
        return self.trials.planned_periods

    @property
    def memory(self) -> Mapping[str, Any]:
        return self.trials.memory

    @property
    def live(self) -> Sequence[bool]:
        return self.trials.live

    @property
    def to_be_played(self) -> bool:
        task = self.trials.declared
        return self.trials.to_be_played or (
            task is not None and (task.closed or bool(task.plan.echoes))
        )

    def remade(self) -> HasTrials:
        raise TypeError(f"{self} cannot be copied, and its wrappers cannot be made again by an id")

    def __copy__(self) -> Self:
        return super().__copy__()

    # -- what `new_trial` of a subclass is wrapped in --------------------------------------------

    def _run(self, draw: Callable[..., Any], kwargs: Mapping[str, Any]) -> Any:
        if self.__beginning:  # super().new_trial() in a subclass
            return draw(self, **kwargs)
        self.__beginning = True
        try:
            trial = draw(self, **kwargs)
        finally:
            self.__beginning = False
        self.forced = dict(kwargs)
        return trial


def _noted(own: Callable[..., Any]) -> Callable[..., Any]:
    """The new_trial of a class, which notes what it was asked for."""

    @functools.wraps(own)
    def new_trial(self: TrialWrapper, **kwargs: Any) -> Any:
        return self._run(own, kwargs)

    return new_trial


def trials_of(name: str, env: Any) -> Any:
    """The nearest environment with trials; TypeError, told by `name`, without one."""
    inner = env
    while not isinstance(inner, HasTrials):
        if not isinstance(inner, gym.Wrapper):
            inner = None
            break
        inner = inner.env
    if not hasattr(inner, "set_top"):
        raise TypeError(
            f"{name} takes an environment with trials, such as a PeriodEnv or ngym.make(id), not"
            f" {env!r}"
        )
    return inner
