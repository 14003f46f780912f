"""What follows from a declaration before any trial, and what steps of closed tasks are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from neurogym.spec.canvas import Canvas, Trials
from neurogym.spec.conditions import Condition, Learned, State
from neurogym.spec.durations import Duration
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Kept, Payoffs, Result, Results
from neurogym.spec.rules import Rule
from neurogym.spec.scene import Pressed, Staged


@dataclass(frozen=True)
class Estimate:
    """What a wrapper that follows the subject has found so far."""

    condition: str  # that it steers
    threshold: float  # nan as long as nothing is known
    interval: tuple[float, float] | None  # 95 %; None where none is known
    told: str  # from how much it is known, and what to mind
    over: bool  # whether it has come to its end
    more: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        if np.isnan(self.threshold):
            return f"threshold of {self.condition}: not known yet; {self.told}"
        span = "" if self.interval is None else " ({:.3g} to {:.3g})".format(*self.interval)
        return f"threshold of {self.condition}: {self.threshold:.3g}{span}; {self.told}"


class Modifier(Protocol):
    """What modifies a task: a wrapper, as far as plans and trials know it."""

    @property
    def draws(self) -> bool:
        """Whether it has a part in drawing trials."""

    @property
    def pays(self) -> bool:
        """Whether it gives payoffs other forms."""

    @property
    def learns(self) -> bool:
        """Whether trials depend on how those before them ended."""

    @property
    def settles(self) -> bool:
        """Whether `chance` can be asked before that is known, and `settle` after."""

    def estimate(self, task: Any, last: Mapping[str, Any]) -> Estimate | None:
        """What is known of the subject, given what the next trial is told."""

    def around(self, task: Any) -> Any:
        """A task with this around it; ValueError if it does not fit."""

    def change(self, task: Any, plan: Plan) -> None:
        """Edit what is known before any trial, in place."""

    def draw(self, task: Any, draw: Any, last: Any) -> Any:
        """Set conditions and lengths of the trials of a draw, in place."""

    def at_first(self, task: Any, n: int) -> State:
        """What is known in n sequences of trials at first."""

    def chance(self, task: Any, draw: Any) -> np.ndarray:
        """What chance gives each trial of a draw, whatever will be learned."""

    def settle(self, task: Any, draw: Any, luck: np.ndarray, last: State) -> None:
        """Set what a trial of each of n sequences has, in place, given its part of `chance`."""

    def follow(
        self, task: Any, last: State, trials: Mapping[str, np.ndarray], results: Results
    ) -> State:
        """What is known after these trials ended."""

    def learn(self, task: Any, last: Any, trial: Mapping[str, Any], result: Result) -> Any:
        """What the next `draw` is told as `last`, given how a trial ended."""

    def paint(self, task: Any, canvas: Canvas, trials: Trials) -> None:
        """Edit what the task painted."""

    def forms(self, task: Any, payoffs: Payoffs) -> list[Payoffs]:
        """Other forms of the payoff table."""

    def form(self, task: Any, trials: Trials) -> np.ndarray:
        """Which form each trial has, (n,)."""


@dataclass(eq=False)
class Plan:
    """What follows from a task's parameters alone; made once, and anew when one of them changes.

    Wrappers change it, the innermost first.

    `wrappers` are those that are built into the task, then those around it; `layers` are those of
    them that draw something, by a key under which they carry it on, `pays` those that give the
    payoffs other forms. `echoes` are channels that show what was done and earned. `learns` says
    that trials depend on how those before them ended: they are drawn one by one, unless the plan
    `settles`, so that chance comes first, for many, and what was learned after it. `known` is what
    wrappers worked out when the plan was made.
    """

    channels: Channels
    actions: Actions
    conditions: dict[str, Condition]
    timing: dict[str, Duration]
    rewards: dict[str, float]
    rule: Rule | None
    scene: Staged
    keys: Pressed
    dt: float = 100.0
    abort: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    wrappers: tuple[Modifier, ...] = ()
    layers: dict[str, Modifier] = field(default_factory=dict)
    pays: dict[str, Modifier] = field(default_factory=dict)
    echoes: list[Echo] = field(default_factory=list)
    learns: bool = False
    settles: bool = False
    known: dict[Any, Any] = field(default_factory=dict, repr=False)
    table: Payoffs = field(default_factory=lambda: Payoffs(0, 0), repr=False)  # none: closed
    kept: Kept = field(default_factory=Kept, repr=False)

    @cached_property
    def learned(self) -> list[tuple[str, Learned]]:
        """The conditions of which chance comes first."""
        kinds = self.conditions.items()
        return [(name, kind) for name, kind in kinds if isinstance(kind, Learned)]

    @cached_property
    def following(self) -> list[tuple[str, Modifier]]:
        """The layers that depend on how trials ended."""
        return [(key, wrapper) for key, wrapper in self.layers.items() if wrapper.learns]

    def varied(self, key: str, wrapper: Modifier, task: Any, payoffs: Payoffs) -> Payoffs:
        """A table followed by its other forms; blocks often share one, so the last is kept."""

        def joined() -> Payoffs:
            table = payoffs
            for form in wrapper.forms(task, payoffs):
                table = table.joined(form)
            return table

        return self.kept.get(key, payoffs, joined)


@dataclass(frozen=True)
class Echo:
    """Channels that show the last action, as a number or one-hot, or the last reward."""

    what: str  # "action" or "reward"
    columns: slice
    one_hot: bool = False

    def show(self, ob: np.ndarray, action: np.ndarray, reward: np.ndarray) -> None:
        """Write into observations (n, C), in place, what was done (n,) and earned (n,)."""
        if self.one_hot:
            width = self.columns.stop - self.columns.start
            ob[:, self.columns] = np.asarray(action)[:, None] == np.arange(width)
        else:
            ob[:, self.columns.start] = action if self.what == "action" else reward


@dataclass
class Step:
    """What `Task.react` is told of the step that n trials are in."""

    period: np.ndarray  # (n,) index into the task's periods
    closing: np.ndarray  # (n,) bool: the period's last step
    last: np.ndarray  # (n,) bool: the trial's last step
    index: dict[str, int]
    rows: Mapping[str, np.ndarray] = field(default_factory=dict)  # the block's columns: (n, ...)

    @property
    def since(self) -> np.ndarray:
        """Steps since the period's first, (n,)."""
        return self.rows["since"]

    @property
    def steps(self) -> np.ndarray:
        """How many steps the period has, (n,)."""
        return self.rows["steps"]

    def during(self, period: str) -> np.ndarray:
        """Which of the trials are in a period, (n,) bool."""
        return self.period == self.index[period]


@dataclass
class Effect:
    """What an action did to n trials; each field is a number or (n,)."""

    reward: Any = 0.0
    ends: Any = False
    performance: Any = 0.0
    outcome: Any = 0
    responds: Any = False  # the action is the response whose time counts
    skip: Any = False  # leave the rest of the period out
    rt: Any = None  # ms; None: counted from the opening of the window
    response: Any = None  # the number of the answer, from 1; None: the action itself


def numbered(wrappers: Sequence[Modifier]) -> dict[str, Modifier]:
    """Wrappers by name; a second one of a kind is "Name 2"."""
    out: dict[str, Modifier] = {}
    for wrapper in wrappers:
        name, k = type(wrapper).__name__, 1
        while (key := name if k == 1 else f"{name} {k}") in out:
            k += 1
        out[key] = wrapper
    return out
