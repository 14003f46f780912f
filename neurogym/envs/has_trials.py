"""What an environment with trials is: those who play, record and draw trials ask for no more."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import gymnasium as gym
import numpy as np

from neurogym.spec.parameters import unknown
from neurogym.spec.plan import Estimate
from neurogym.trials.batch import TrialBatch
from neurogym.trials.task import Task, Turn

E = TypeVar("E", bound=gym.Env)


class Forking:
    """Its copy goes on with the very same trials, and neither disturbs the other."""

    def __copy__(self) -> Self:
        return copy.deepcopy(self)


@dataclass(frozen=True)
class About:
    """What `make` needs to give the same environment again, as the trial table holds it."""

    task: str  # its id
    params: dict[str, Any] = field(default_factory=dict)
    wrappers: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """What a trial asks for beside one response: several answers, or an interval to produce."""

    turn: Turn
    slots: Sequence[tuple[str, int, int]] = ()  # of each answer: name, first step, step after
    since: str = ""  # the period with whose onset a produced interval begins
    due: float | None = None  # ms: how long that should be
    counted: int = 0  # the step from which the response time counts

    def is_own(self, actions: np.ndarray) -> np.ndarray:
        """Which of some actions (n,) are the task's own, and not to do nothing."""
        return np.asarray(self.turn.own_action[np.asarray(actions, int)] > 0)

    def tell(self, answers: list[dict[str, Any]]) -> None:
        """Add to answers, in place, what else the task knows of them."""
        turn = self.turn
        trial = {k: v[turn.place] for k, v in turn.block.trials.conditions.items()}
        said = [answer["response"] for answer in answers]
        for answer in answers:
            if isinstance(answer["response"], int):
                answer["response"] = int(turn.own_action[answer["response"]])
        turn.task.tell(trial, answers)
        for answer, response in zip(answers, said, strict=True):
            answer["response"] = response

    def start(self, periods: Sequence[tuple[str, int, int]]) -> int | None:
        """The step with which a produced interval begins, of a trial's periods."""
        return next((first for name, first, _ in periods if name == self.since), None)


class HasTrials(Forking, gym.Env):
    """An environment with trials: of a declared task, a classic one, or one made of episodes.

    `reset(seed=, options={"trial": k, "conditions": {...}})` goes to a trial, `step` acts in it,
    and `info["new_trial"]` says that it ended. What is asked for beside gymnasium's interface:

    dt (ms a step), trial (conditions), trial_index (-1 before the first), forced, t_ind (steps
    since the trial's start), periods (name, first step, step after the last), window (first step in
    which responses are asked for, step after the last) and gt_now (None: unknown), and what stands
    below, as it is for environments that are not declared tasks.
    """

    dt: float
    trial: Mapping[str, Any]
    trial_index: int
    forced: Mapping[str, Any]
    ob: Any  # (T, C) of the current trial; None where nobody knows it ahead
    gt: Any  # (T,) or (T, k)
    t_ind: int
    tmax: float
    periods: Sequence[tuple[str, int, int]]
    window: tuple[int, int]
    window_open: bool
    gt_now: Any

    declared: Task | None = None  # the declared task
    episodic: bool = False  # whether each trial is an episode of its own
    memory: Mapping[str, Any] = {}  # what the current trial was told of those before it
    # whether the current trial has noise, and (T, C) in which channels when; None: nobody knows
    has_noise: bool | None = None
    noisy: np.ndarray | None = None
    # of several tasks at once: which are on in the current step, and not over; each one's own batch
    # and the current trial's place in it, or None for a task that the trial lacks
    live: Sequence[bool] = ()
    to_be_played: bool = False  # whether a data set has to play trials, to see what there is to see
    asked: Asked | None = None  # what the current trial asks for beside one response
    counted: int | None = None  # the step from which its response time counts, if not the window's
    parts: Sequence[tuple[TrialBatch, int] | None] = ()

    @property
    def about(self) -> About:
        """What made this environment."""
        if self.spec is None:
            return About(type(self).__name__)
        params = {name: value for name, value in self.spec.kwargs.items() if name != "stack"}
        return About(self.spec.id, params)

    def estimates(self, memory: Mapping[str, Any]) -> Sequence[Estimate]:
        """What is known of the subject by what follows it, given what the next trial is told."""
        return ()

    def over(self, memory: Mapping[str, Any]) -> bool:
        """Whether all that follows the subject has come to its end: a run stops there."""
        found = self.estimates(memory)
        return bool(found) and all(estimate.over for estimate in found)

    @property
    def version(self) -> Hashable:
        """Another one when parameters changed."""
        return None

    @property
    def stream_seed(self) -> int:
        """The seed of the stream of trials that it is in."""
        return int(self.np_random_seed)

    @property
    def idle_action(self) -> int | np.ndarray:
        """The action that does nothing: 0, or (k,) where actions are graded."""
        return 0

    @property
    def most_steps(self) -> int | None:
        """How many steps the trial that was begun can have; None: there is no end to it."""
        return round(self.tmax / float(self.dt))

    @property
    def planned_periods(self) -> Sequence[tuple[str, int, int]]:
        """The periods of a trial that begins, as far as they are known."""
        return self.periods

    @property
    def opening(self) -> np.ndarray | None:
        """The first observation of the trial that begins now, (C,); None: a reset gives it."""
        return None

    @property
    def leaps(self) -> bool:
        """Whether `rest` can be used: nothing that is seen depends on what is done in a trial."""
        return False

    def rest(self, step: int) -> list[float]:
        """Do nothing until a step of the trial; returns rewards. TypeError unless it `leaps`."""
        raise TypeError(f"{self} has to be stepped")

    @property
    def place(self) -> tuple[TrialBatch, int]:
        """The batch of the current trial, and its place in it. TypeError unless it `leaps`."""
        raise TypeError(f"{self} has no batch of trials")

    def twin(self) -> HasTrials:
        """Another environment of the same trials; TypeError if there can be none."""
        try:
            return copied(self, {})
        except TypeError:
            if self.spec is None:
                raise
            return self.remade()

    def remade(self) -> HasTrials:
        """The environment made again by its id."""
        about = self.about
        env = gym.make(about.task, **about.params).unwrapped
        assert isinstance(env, HasTrials)
        return env


def copied(env: E, known: dict[int, Any]) -> E:
    """A deep copy, with other parts instead of some, by `id`; TypeError if there can be none."""
    try:
        return copy.deepcopy(env, known)
    except Exception as error:  # whatever the parts of an environment raise, such as windows
        raise TypeError(f"{env} cannot be copied, to be evaluated apart: {error}") from error


def read_options(options: Mapping[str, Any] | None) -> tuple[int | None, Mapping[str, Any]]:
    """The trial number, None if none is given, and the conditions in the options of a reset."""
    options = dict(options or {})
    index, conditions = options.pop("trial", None), options.pop("conditions", {})
    options.pop("no_step", None)  # NeuroGym's: none is played here anyway
    if "step_fn" in options:
        raise ValueError(
            "options['step_fn']: reset plays no step here; a wrapper changes the first observation"
            " in its own reset"
        )
    if options:
        raise ValueError(unknown("reset option", options, ["trial", "conditions"]))
    if index is None:
        return None, conditions
    if not isinstance(index, int | np.integer) or index < 0:
        raise ValueError(f"trial = {index!r}: expected a whole number from 0")
    return int(index), conditions
