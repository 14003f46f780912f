"""The sheet on which a task paints a block of trials: levels by trial, period and channel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurogym.spec.durations import Duration, to_steps
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.parameters import unknown


class Trials:
    """The drawn conditions of n trials: each an attribute of shape (n,)."""

    def __init__(self, n: int, conditions: dict[str, np.ndarray]):
        self.n, self.conditions = n, conditions

    def __getattr__(self, name: str) -> np.ndarray:
        conditions = self.__dict__.get("conditions", {})  # none while it is being copied
        if name not in conditions:
            raise AttributeError(unknown("condition", [name], conditions))
        return conditions[name]

    def one(self, i: int) -> dict[str, Any]:
        """The conditions of one trial, those that it has, as Python values."""
        values = {name: column[i] for name, column in self.conditions.items()}
        return {
            k: v.item() if hasattr(v, "item") else v for k, v in values.items() if v is not None
        }


class Timeline:
    """When each period of n trials starts and ends, in steps.

    `ms` holds lengths before dt, a number or (n,) by period; `start` and `end` (n,) steps by
    period, in order; `steps` (n, P) those of each segment. A period covers its own segment, and
    that of the period with which it starts: `segments`. `length` (n,) counts a trial's steps.
    """

    def __init__(
        self,
        dt: float,
        ms: Mapping[str, Any],
        start: Mapping[str, np.ndarray],
        end: Mapping[str, np.ndarray],
        steps: np.ndarray,
        length: np.ndarray,
        segments: Mapping[str, list[int]],
    ):
        self.dt, self.ms, self.start, self.end = dt, dict(ms), dict(start), dict(end)
        self.steps, self.length, self.segments = steps, length, dict(segments)
        self.periods, self.n = list(start), len(length)
        self._all = np.ones(self.n, bool)
        if not length.all():
            raise ValueError("a trial without any step: every period of it lasts 0 ms")

    def index(self, during: str | Sequence[str] | None) -> list[int]:
        """The segments that some periods cover."""
        if during is None:
            return list(range(len(self.periods)))
        names = (during,) if isinstance(during, str) else tuple(during)
        if extra := [name for name in names if name not in self.segments]:
            raise ValueError(unknown("period", extra, self.periods))
        return sorted({i for name in names for i in self.segments[name]})

    def before(self, period: str) -> tuple[str, ...]:
        """The names of the periods that come before one."""
        return tuple(self.periods[: self.periods.index(period)])

    def shown_ms(self, period: str) -> np.ndarray:
        """How long a period really lasts, dt considered, in ms: (n,)."""
        return (self.end[period] - self.start[period]) * self.dt

    def has(self, period: str) -> np.ndarray:
        """Which trials have a period, (n,) bool: those of one task have all of them."""
        return self._all


def in_order(
    timing: Mapping[str, Duration],
    ms: Mapping[str, Any],
    starts_with: Mapping[str, str],
    stretch: Mapping[str, np.ndarray],
    n: int,
    dt: float,
    more: Mapping[str, Any] | None = None,
) -> Timeline:
    """The timeline of n trials whose periods follow one another.

    A period in `starts_with` begins together with the period named there (the one just before it in
    the order) and outlasts it. `ms` holds the lengths, a number or (n,), of the periods that are
    drawn or forced; a NaN stands for the length that follows from the timing. `more` is added to
    lengths.
    """
    lengths: dict[str, Any] = {}
    starts: dict[str, np.ndarray] = {}
    ends: dict[str, np.ndarray] = {}
    steps = np.empty((n, len(timing)), np.int64)
    now = np.zeros(n, np.int64)
    for i, (period, duration) in enumerate(timing.items()):
        partner = starts_with.get(period)
        start = starts[partner] if partner else now
        length = ms.get(period, np.nan)
        if np.isnan(length).any():
            usual = duration.follow(start * dt, lengths)
            length = usual if period not in ms else np.where(np.isnan(length), usual, length)
        if period in stretch:
            length = length * stretch[period]
        if more and period in more:
            length = length + more[period]
        lengths[period] = length
        end = start + to_steps(length, dt)
        if partner:
            end = np.maximum(end, now)
        np.subtract(end, now, out=steps[:, i])
        starts[period], ends[period], now = start, end, end
    segments = {period: [i] for i, period in enumerate(timing)}
    for period, partner in starts_with.items():
        segments[period] = segments[partner] + segments[period]
    return Timeline(dt, lengths, starts, ends, steps, now, segments)


class Canvas(ABC):
    """What a task, and wrappers around it, paint n trials on: this is all that they may ask of it.

    The same holds for the trials of one task and of several; there, names are those of the whole.
    `answers` (n, P) are the right actions by trial and segment, and can be written to.
    """

    n: int
    timeline: Timeline
    channels: Channels
    actions: Actions
    answers: np.ndarray

    @abstractmethod
    def show(self, channel: str, level: Any, during: str | Sequence[str] | None = None) -> None:
        """Set a channel group's level during some periods (None: the whole trial).

        `level` is a number, (n,) for a group of one channel, (size,) or (n, size) for a larger one.
        """

    @abstractmethod
    def trace(self, channel: str, function: Any, during: str | Sequence[str]) -> None:
        """Add to a channel group, in each step of some periods, what a function gives.

        It is given rows, and returns their levels (rows, size): their trials (rows,), and the ms
        (rows,) since the period began.
        """

    @abstractmethod
    def noise(
        self, channel: str | None, sigma: Any, during: str | Sequence[str] | None = None
    ) -> None:
        """Add Gaussian noise of SD sigma / sqrt(dt) a step, independent by channel and step.

        `sigma` is a number or (n,), in units of the level times sqrt(ms); the channel None stands
        for all of them.
        """

    @abstractmethod
    def dampen(self, factor: np.ndarray) -> None:
        """Multiply all noise so far by a factor (n,)."""

    @abstractmethod
    def label(self, action: np.ndarray, during: str | Sequence[str]) -> None:
        """The right actions (n,), as their numbers, in some periods."""

    def answer(
        self,
        action: str,
        index: Any = 0,
        during: str | Sequence[str] = "decision",
        when: Any = True,
    ) -> None:
        """The right action in some periods: the `index`-th of a group, in trials where `when`."""
        if self.actions.graded:
            raise ValueError("actions are numbers here: `aim` says which are right")
        right = np.where(when, self.actions[action].start + np.asarray(index), 0)
        self.label(np.broadcast_to(right, (self.n,)), during)

    @abstractmethod
    def aim(self, action: str, value: Any, during: str | Sequence[str], when: Any = True) -> None:
        """The right values of graded actions in some periods, in trials where `when`, else rest.

        `value` is what `show` takes as a level, or a function that gives the values, (rows, size),
        of rows: their trials (rows,), and the ms (rows,) since the period began.
        """

    @abstractmethod
    def due_at(self, action: int, after_ms: np.ndarray) -> None:
        """An action, by its number, is due so many ms (n,) after the rule begins to count."""

    @abstractmethod
    def worth_at(self, action: int, earns: np.ndarray) -> None:
        """What an action, by its number, would earn: (n,)."""

    def due(self, action: str, after_ms: Any) -> None:
        """The right action is due so many ms, (n,), after the moment that the rule counts from."""
        after = np.broadcast_to(np.asarray(after_ms, float), (self.n,))
        self.due_at(self.actions[action].start, after)

    def worth(self, action: str, earns: Any) -> None:
        """What each of a group's actions would earn, (n,) or (n, size): see the rule `Worth`."""
        group, earns = self.actions[action], np.asarray(earns, float)
        each = np.broadcast_to(earns[:, None] if earns.ndim == 1 else earns, (self.n, group.size))
        for k in range(group.size):
            self.worth_at(group.start + k, each[:, k])

    def _level(self, channel: str, level: Any) -> np.ndarray:
        """A level as `show` takes it, (n, size)."""
        size = self.channels[channel].size
        level = np.asarray(level, np.float32)
        if level.ndim == 1 and size == 1:
            level = level[:, None]
        try:
            return np.broadcast_to(level, (self.n, size))
        except ValueError:
            raise ValueError(
                f"level of shape {level.shape} for channel {channel!r}: expected a number"
                f" or ({self.n}, {size})"
            ) from None

    def _columns(self, channel: str | None) -> slice:
        return self.channels[channel].slice if channel else slice(0, self.channels.size)


class LevelCanvas(Canvas):
    """The trials of one task: levels (n, P, C), noise, and answers (n, P)."""

    def __init__(self, timeline: Timeline, channels: Channels, actions: Actions):
        self.timeline, self.channels, self.actions = timeline, channels, actions
        self.n, n_periods = timeline.steps.shape
        self.levels = np.zeros((self.n, n_periods, channels.size), np.float32)
        self.answers = np.zeros((self.n, n_periods), np.int64)
        self.noises: list[tuple[slice, list[int], Any]] = []
        self.aims: list[tuple[slice, list[int], Any, Any]] = []
        self.traces: list[tuple[slice, list[int], Any]] = []
        self.due_ms: np.ndarray | None = None
        self.worths: np.ndarray | None = None
        self.due_action = 0
        # of rules that label single steps: the rows, and the action
        self.label_rows: tuple[np.ndarray, int] | None = None

    def show(self, channel: str, level: Any, during: str | Sequence[str] | None = None) -> None:
        group, level = self.channels[channel], self._level(channel, level)
        for i in self.timeline.index(during):
            self.levels[:, i, group.slice] = level

    def trace(self, channel: str, function: Any, during: str | Sequence[str]) -> None:
        self.traces.append((self.channels[channel].slice, self.timeline.index(during), function))

    def noise(
        self, channel: str | None, sigma: Any, during: str | Sequence[str] | None = None
    ) -> None:
        sd = np.asarray(sigma, np.float32) / np.float32(self.timeline.dt**0.5)
        if sd.any():
            self.noises.append((self._columns(channel), self.timeline.index(during), sd))

    def dampen(self, factor: np.ndarray) -> None:
        factor = np.asarray(factor, np.float32)
        self.noises = [
            (columns, periods, np.broadcast_to(sd, (self.n,)) * factor)
            for columns, periods, sd in self.noises
        ]

    def label(self, action: np.ndarray, during: str | Sequence[str]) -> None:
        for i in self.timeline.index(during):
            self.answers[:, i] = action

    def aim(self, action: str, value: Any, during: str | Sequence[str], when: Any = True) -> None:
        if not self.actions.graded:
            raise ValueError("actions are one of several here: `answer` says which is right")
        group, periods = self.actions[action], self.timeline.index(during)
        if not callable(value):
            value = np.asarray(value, np.float32)
            value = value[:, None] if value.ndim == 1 and group.size == 1 else value
            value = np.broadcast_to(value, (self.n, group.size))
        self.aims.append((group.slice, periods, value, np.broadcast_to(when, (self.n,))))

    def due_at(self, action: int, after_ms: np.ndarray) -> None:
        self.due_ms, self.due_action = after_ms, action

    def worth_at(self, action: int, earns: np.ndarray) -> None:
        if self.worths is None:
            self.worths = np.zeros((self.n, self.actions.size))
        self.worths[:, action] = earns
