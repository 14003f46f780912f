"""The sheet on which a task paints a block of trials: levels by trial, period and channel."""

from __future__ import annotations

from collections.abc import Mapping
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
        try:
            return self.__dict__["conditions"][name]
        except KeyError:
            raise AttributeError(unknown("condition", [name], self.conditions)) from None

    def one(self, i: int) -> dict[str, Any]:
        """The conditions of one trial, those that it has, as Python values."""
        values = {name: column[i] for name, column in self.conditions.items()}
        return {
            k: v.item() if hasattr(v, "item") else v for k, v in values.items() if v is not None
        }


class Timeline:
    """When each period of n trials starts and ends, in steps.

    Periods follow one another; a period in `starts_with` begins together with the period named
    there (the one just before it in the order) and outlasts it.
    """

    def __init__(
        self,
        timing: Mapping[str, Duration],
        ms: Mapping[str, Any],
        starts_with: Mapping[str, str],
        stretch: Mapping[str, np.ndarray],
        n: int,
        dt: float,
        more: Mapping[str, Any] | None = None,
    ):
        """`ms` holds the lengths, a number or (n,), of the periods that are drawn or forced.

        A NaN stands for the length that follows from the timing. `more` is added to lengths.
        """
        self.periods, self.dt, self.n = list(timing), dt, n
        self.ms: dict[str, Any] = {}  # before dt; a number or (n,) each
        self.start: dict[str, np.ndarray] = {}  # in steps, (n,)
        self.end: dict[str, np.ndarray] = {}
        self.steps = np.empty((n, len(timing)), np.int64)
        now = np.zeros(n, np.int64)
        for i, (period, duration) in enumerate(timing.items()):
            partner = starts_with.get(period)
            start = self.start[partner] if partner else now
            length = ms.get(period, np.nan)
            if np.isnan(length).any():
                usual = duration.follow(start * dt, self.ms)
                length = usual if period not in ms else np.where(np.isnan(length), usual, length)
            if period in stretch:
                length = length * stretch[period]
            if more and period in more:
                length = length + more[period]
            self.ms[period] = length
            end = start + to_steps(length, dt)
            if partner:
                end = np.maximum(end, now)
            np.subtract(end, now, out=self.steps[:, i])
            self.start[period], self.end[period], now = start, end, end
        self.length = now  # (n,)
        if not now.all():
            raise ValueError("a trial without any step: every period of it lasts 0 ms")
        # a period covers its own segment, and that of the period with which it starts
        self.segments = {p: [i] for i, p in enumerate(self.periods)}
        for period, partner in starts_with.items():
            self.segments[period] = self.segments[partner] + self.segments[period]

    def index(self, during: str | tuple[str, ...] | None) -> list[int]:
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


class Canvas:
    """Levels (n, P, C), noise and answers (n, P) of n trials of P periods and C channels."""

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
        self.label_rows: tuple[np.ndarray, int] | None = (
            None  # set by rules that label single steps
        )

    def show(self, channel: str, level: Any, during: str | tuple[str, ...] | None = None) -> None:
        """Set a channel group's level during some periods (None: the whole trial).

        `level` is a number, (n,) for a group of one channel, (size,) or (n, size) for a larger one.
        """
        group = self.channels[channel]
        level = np.asarray(level, np.float32)
        if level.ndim == 1 and group.size == 1:
            level = level[:, None]
        try:
            level = np.broadcast_to(level, (self.n, group.size))
        except ValueError:
            raise ValueError(
                f"level of shape {level.shape} for channel {channel!r}: expected a number"
                f" or ({self.n}, {group.size})"
            ) from None
        for i in self.timeline.index(during):
            self.levels[:, i, group.slice] = level

    def trace(self, channel: str, function: Any, during: str | tuple[str, ...]) -> None:
        """Add to a channel group, in each step of some periods, what a function gives.

        It is given rows, and returns their levels (rows, size): their trials (rows,), and the ms
        (rows,) since the period began.
        """
        self.traces.append((self.channels[channel].slice, self.timeline.index(during), function))

    def noise(
        self, channel: str | None, sigma: Any, during: str | tuple[str, ...] | None = None
    ) -> None:
        """Add Gaussian noise of SD sigma / sqrt(dt) a step, independent by channel and step.

        `sigma` is a number or (n,), in units of the level times sqrt(ms); the channel None stands
        for all of them.
        """
        sd = np.asarray(sigma, np.float32) / np.float32(self.timeline.dt**0.5)
        if sd.any():
            columns = self.channels[channel].slice if channel else slice(0, self.channels.size)
            self.noises.append((columns, self.timeline.index(during), sd))

    def answer(
        self,
        action: str,
        index: Any = 0,
        during: str | tuple[str, ...] = "decision",
        when: Any = True,
    ) -> None:
        """The right action in some periods: the `index`-th of a group, in trials where `when`."""
        group = self.actions[action]
        label = np.where(when, group.start + np.asarray(index), 0)
        for i in self.timeline.index(during):
            self.answers[:, i] = label

    def aim(self, action: str, value: Any, during: str | tuple[str, ...], when: Any = True) -> None:
        """The right values of graded actions in some periods, in trials where `when`, else rest.

        `value` is what `show` takes as a level, or a function that gives the values, (rows, size),
        of rows: their trials (rows,), and the ms (rows,) since the period began.
        """
        group, periods = self.actions[action], self.timeline.index(during)
        if not callable(value):
            value = np.asarray(value, np.float32)
            value = value[:, None] if value.ndim == 1 and group.size == 1 else value
            value = np.broadcast_to(value, (self.n, group.size))
        self.aims.append((group.slice, periods, value, np.broadcast_to(when, (self.n,))))

    def due(self, action: str, after_ms: Any) -> None:
        """The right action is due so many ms, (n,), after the moment that the rule counts from."""
        self.due_ms = np.broadcast_to(np.asarray(after_ms, float), (self.n,))
        self.due_action = self.actions[action].start

    def worth(self, action: str, earns: Any) -> None:
        """What each of a group's actions would earn, (n,) or (n, size): see the rule `Worth`."""
        if self.worths is None:
            self.worths = np.zeros((self.n, self.actions.size), np.float32)
        group, earns = self.actions[action], np.asarray(earns, np.float32)
        self.worths[:, group.slice] = earns[:, None] if earns.ndim == 1 else earns
