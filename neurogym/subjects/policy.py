"""What a subject that is a program has to offer, and what it may offer beside that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials

STAGES = 4  # of a non-decision time that varies: a gamma, skewed as people's times are


class Policy(Protocol):
    """Something that plays trials. It is told of each trial's start, then asked once a step.

    Beside these two methods it may have others, which whoever lets it play calls if they are there:

    - `start_run(env, rng)`: a run begins, in `env`, whose first trial has begun. What was learned
      in another run is forgotten here, and only here: a run has many trials.
    - `receive(reward, ended)`: after each step, what the action earned, and whether the trial ended
      with it.
    - `respond()`: after `begin`, (step, action): it does nothing before that step of the trial, and
      does not look. None: it does nothing in this trial.
    - `play_many(trials)`: the same of many trials at once, which have nothing to do with each
      other: see `neurogym.subjects.many.Many`.

    The last two are shortcuts where a task allows for them: they must give what `act` would.
    """

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """A trial begins in `env`; random numbers come from `rng` alone.

        What was learned in trials before it stays. ValueError for an environment that this cannot
        play.
        """

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """The action for an observation (C,): a number, or (k,) where actions are graded."""


def start_run(policy: Any, env: HasTrials, seed: int) -> None:
    """Tell a policy that a run begins, if it wants to know; `env` has begun its first trial."""
    if has(policy, "start_run"):
        policy.start_run(env, np.random.default_rng(seed))


def receiver(policy: Any) -> Callable[[float, bool], None] | None:
    """What is to be told of each step's reward, and whether the trial ended; None: nobody."""
    return policy.receive if has(policy, "receive") else None


def has(policy: Any, method: str) -> bool:
    """Whether it has a method."""
    return callable(getattr(policy, method, None))


class Knowing:
    """Reads a task's declaration once a run; the base of observers in the box."""

    _plan: Any = None  # of the task that was read

    def start_run(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Forget the run before, and read the task; ValueError for one that does not fit."""
        self._plan = None
        self._know(env)

    def _know(self, env: HasTrials) -> None:
        plan = env.declared.plan if env.declared else None
        if plan is None or plan is not self._plan:
            self._read(env)
            self._plan = plan

    def _read(self, env: HasTrials) -> None:
        """Find in the task what is needed of it; ValueError for one that does not fit."""
        raise TypeError(f"{type(self).__name__} reads no task")


class Delayed(Knowing, param.Parameterized):
    """Responds some time after it is asked, or has decided; the base of observers in the box."""

    non_decision = param.Number(
        None, bounds=(0, 2000), allow_None=True,
        doc="ms from decision to response; None: 300, or a third of the window if that is less",
    )  # fmt: skip
    non_decision_sd = param.Number(
        None, bounds=(0, 500), allow_None=True,
        doc="SD of that time from trial to trial; None: a fifth of it, or 0 where that is given",
    )  # fmt: skip

    def delay(self) -> Callable[[float], tuple[float, float]]:
        """A function of the ms in which responses count: mean and SD of the non-decision time."""
        mean, sd = self.non_decision, self.non_decision_sd  # once: params are slow to read

        def of(window_ms: float) -> tuple[float, float]:
            usual = min(300.0, window_ms / 3)
            if mean is None:
                return usual, usual / 5 if sd is None else sd
            return mean, sd or 0.0

        return of


def wait_ms(rng: np.random.Generator, mean: float, sd: float) -> float:
    """One non-decision time: of a gamma of four stages, whose skewness is 1."""
    if not sd:
        return mean
    stages = float(rng.standard_gamma(STAGES))
    return float(max(0.0, mean + sd * (stages - STAGES) / STAGES**0.5))
