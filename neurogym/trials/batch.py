"""A block of trials, expanded from what a task painted to flat, ragged rows: one row a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from neurogym.spec.canvas import Canvas, LevelCanvas, Timeline, Trials
from neurogym.spec.outcomes import Payoffs
from neurogym.spec.plan import Plan

OWN = "own"
BY_COLUMN = 8  # up to so many channels, adding noise column by column beats adding it by rows


# what a batch is asked for later, and finds out then
FOLLOWS = ("gt", "period", "since", "period_end", "window", "counted", "columns", "_judged")


class Painted(Protocol):
    """What painted a batch: a task, as far as its trials know it."""

    window: ClassVar[tuple[str, ...]]

    @property
    def plan(self) -> Plan:
        """Channels, actions, rule and wrappers."""


class Normals(ISeedSequence):
    """Normal numbers from a seed of four words, (4,) uint64; the generator is made when asked."""

    def __init__(self, words: np.ndarray):
        self.words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        """The words."""
        return self.words

    @cached_property
    def standard_normal(self) -> Any:
        """The generator's method."""
        return np.random.Generator(np.random.PCG64(cast(Any, self))).standard_normal


@dataclass
class Draw:
    """What chance gave n trials; the generator goes on to give their noise."""

    rng: np.random.Generator
    n: int
    conditions: dict[str, np.ndarray]  # (n,) each
    ms: dict[str, np.ndarray]  # lengths of the periods that differ from trial to trial, (n,) each
    carried: dict[str, Any]  # what the next draw is told, by condition or wrapper; as JSON
    parts: list[tuple[np.ndarray, Draw]] = field(default_factory=list)  # of each of several tasks:
    # the trials that it has, and what was drawn for them

    more: dict[str, np.ndarray] = field(default_factory=dict)  # ms that periods last longer, (n,)
    luck: dict[str, np.ndarray] = field(default_factory=dict)  # where what is learned settles the
    # rest: what chance gave each trial, by condition or wrapper

    own: np.ndarray | None = None  # each trial's own seed of noise, (n, 4): how much the trials
    # before it take then depends on what is done in them

    @property
    def noises(self) -> list[tuple[Any, int]]:
        """What gives the noise of the trials, and of how many each."""
        if self.own is None:
            return [(self.rng, self.n)]
        return [(Normals(words), 1) for words in self.own]

    def take(self, rows: Any) -> Draw:
        """Some of the trials; `rows` is a slice or an array of their places."""
        conditions, ms, luck, own = (
            {name: values[rows] for name, values in table.items()} for table in self.columns()
        )
        n = len(range(self.n)[rows]) if isinstance(rows, slice) else len(rows)
        return Draw(self.rng, n, conditions, ms, {}, luck=luck, own=own.get(OWN))

    def columns(self) -> list[dict[str, np.ndarray]]:
        """What there is of each trial before it is settled, by name."""
        own = {} if self.own is None else {OWN: self.own}
        return [self.conditions, self.ms, self.luck, own]

    @staticmethod
    def joined(draws: Sequence[Draw]) -> list[dict[str, np.ndarray]]:
        """Conditions, lengths and what is added to lengths, of all trials."""
        if len(draws) == 1:
            return [dict(values) for values in (draws[0].conditions, draws[0].ms, draws[0].more)]
        sizes = [draw.n for draw in draws]
        return [
            joined([getattr(draw, name) for draw in draws], sizes, lacking)
            for name, lacking in (("conditions", None), ("ms", np.nan), ("more", 0.0))
        ]


def joined(
    columns: Sequence[Mapping[str, np.ndarray]], sizes: Sequence[int], lacking: Any = None
) -> dict[str, np.ndarray]:
    """Columns end to end, `lacking` in the rows of those that do not have one."""
    names = dict.fromkeys(name for some in columns for name in some)
    return {
        name: end_to_end(
            [
                some[name] if name in some else np.full(size, lacking)
                for some, size in zip(columns, sizes, strict=True)
            ]
        )
        for name in names
    }


def end_to_end(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays one after the other; whole numbers stay what they are beside others."""
    if len({array.dtype.kind for array in arrays}) > 1:
        arrays = [array.astype(object) for array in arrays]
    return np.concatenate(arrays)


K = TypeVar("K", bound=Canvas)


@dataclass
class Sheet(Generic[K]):
    """Trials that are painted, and not yet expanded to rows."""

    canvas: K
    trials: Trials  # their conditions, and the lengths in ms of periods that are drawn
    draws: Sequence[Draw]


class TrialBatch(ABC):
    """n trials; trial i owns the rows offsets[i]:offsets[i + 1] of the arrays over rows.

    ob (S, C) float32; gt (S,) or, of graded actions, (S, k) right actions; kind (S,) rows of the
    payoff table `payoffs`, both None for closed tasks; trial (S,) and step (S,) within it; period
    (S,) index of the segment's period, of the first task that is on where several are, -1 where
    none is; since (S,) steps since the segment began; period_end (S,) its last row; window (n, 2)
    first step of the response window and the step after it; columns, more arrays (S, ...) that a
    closed task's steps are told of. `parts`: of several tasks, the trials that each of them has,
    and its own batch of them, or None.
    """

    ob: np.ndarray
    parts: Sequence[tuple[np.ndarray, TrialBatch | None]] = ()
    due: np.ndarray | None = None  # (n,) of intervals that are produced: how long they should be

    def __init__(self, task: Painted, trials: Trials, timeline: Timeline):
        self.task: Any = task
        self.trials, self.timeline, self.n = trials, timeline, trials.n
        self.offsets = np.zeros(self.n + 1, np.int64)
        np.cumsum(timeline.length, out=self.offsets[1:])

    @property
    @abstractmethod
    def gt(self) -> np.ndarray:
        """The right action in each row, (S,) int64, or (S, k) float32 where actions are graded."""

    @property
    @abstractmethod
    def period(self) -> np.ndarray:
        """Index of the period in each row, (S,)."""

    @property
    @abstractmethod
    def since(self) -> np.ndarray:
        """Steps since the segment began, in each row, (S,)."""

    @property
    @abstractmethod
    def period_end(self) -> np.ndarray:
        """The last row of the segment that each row is in, (S,)."""

    @property
    @abstractmethod
    def window(self) -> np.ndarray:
        """First step of the response window, and the step after it, (n, 2)."""

    @property
    def counted(self) -> np.ndarray:
        """The step from which response times count, (n,): the window's first unless it is told."""
        return self.window[:, 0]

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, np.ndarray]:
        """What steps of a closed task are told of beside the period, (S, ...) each."""

    @property
    @abstractmethod
    def _judged(self) -> tuple[Payoffs | None, np.ndarray | None]:
        """`payoffs` and `kind`."""

    @property
    @abstractmethod
    def with_noise(self) -> np.ndarray:
        """Which trials have noise in some channel, (n,) bool."""

    @abstractmethod
    def noisy(self, i: int) -> np.ndarray:
        """Which channels of the i-th trial carry noise in which steps, (T, C) bool."""

    @property
    def kind(self) -> np.ndarray | None:
        """The kind of each row, (S,): its place in the payoff table."""
        return self._judged[1]

    @property
    def payoffs(self) -> Payoffs | None:
        """What each action earns at each kind of step."""
        return self._judged[0]

    @property
    def paid(self) -> tuple[Payoffs, np.ndarray]:
        """`payoffs` and `kind`; ValueError for closed tasks, which have none."""
        payoffs, kind = self.payoffs, self.kind
        if payoffs is None or kind is None:
            raise ValueError("a closed task has no payoff table: it says itself what actions earn")
        return payoffs, kind

    @cached_property
    def trial(self) -> np.ndarray:
        """The trial of each row, (S,)."""
        return np.repeat(np.arange(self.n), np.diff(self.offsets))

    @cached_property
    def last(self) -> np.ndarray:
        """Which rows are the last of their trials, (S,) bool."""
        last = np.zeros(len(self.ob), bool)
        last[self.offsets[1:] - 1] = True
        return last

    @cached_property
    def step(self) -> np.ndarray:
        """The step within its trial of each row, (S,)."""
        return np.arange(self.trial.size) - self.offsets[self.trial]

    def periods(self, i: int) -> list[tuple[str, int, int]]:
        """The i-th trial's periods: (name, first step, step after the last)."""
        line = self.timeline
        return [
            (p, int(line.start[p][i]), int(line.end[p][i])) for p in line.periods if line.has(p)[i]
        ]

    def _varied(self, payoffs: Payoffs, kind: np.ndarray) -> tuple[Payoffs, np.ndarray]:
        """The payoffs with the forms that wrappers give them, and which form each trial has."""
        plan = self.task.plan
        for key, wrapper in plan.pays.items():
            form = wrapper.form(self.task, self.trials)
            kind = kind + np.repeat(form * payoffs.shape[0], np.diff(self.offsets))
            payoffs = plan.varied(key, wrapper, self.task, payoffs)
        return payoffs, kind


class PaintedBatch(TrialBatch):
    """Trials of one task, expanded from levels by period."""

    def __init__(self, task: Painted, canvas: LevelCanvas, trials: Trials, draws: Sequence[Draw]):
        super().__init__(task, trials, canvas.timeline)
        self._canvas, self._noises = canvas, canvas.noises
        steps = self.timeline.steps
        n, n_periods = steps.shape
        self._segment = np.repeat(np.arange(n * n_periods), steps.ravel())  # (S,)
        levels = canvas.levels.reshape(n * n_periods, -1)
        self.ob = levels.take(self._segment, axis=0)
        for columns, periods, function in canvas.traces:
            rows, trial, ms = self._within(periods)
            self.ob[rows, columns] += function(trial, ms)
        self._add_noise(draws)
        self.due = canvas.due_ms
        if canvas.due_ms is not None:  # the rule finds the step to label
            self._judged = self._judge()

    def __getstate__(self) -> dict[str, Any]:
        """All that follows from the canvas, which can hold an author's own functions."""
        told = {name: getattr(self, name) for name in FOLLOWS}
        return {**{k: v for k, v in vars(self).items() if k != "_canvas"}, **told}

    @cached_property
    def gt(self) -> np.ndarray:
        """The right action in each row, (S,) int64, or (S, k) float32 where actions are graded."""
        canvas = self._canvas
        if canvas.actions.graded:
            return self._aims()
        gt = canvas.answers.ravel().take(self._segment)
        if canvas.label_rows is not None:
            rows, label = canvas.label_rows
            gt[rows] = label
        rule = self.task.plan.rule
        if rule and rule.dead_steps:
            gt[rule.dead_rows(self.timeline, self.offsets[1:] - 1)] = 0
        return gt

    def _aims(self) -> np.ndarray:
        """The right values of graded actions in each row, (S, k)."""
        canvas = self._canvas
        gt = np.tile(canvas.actions.rest, (len(self.ob), 1))
        for columns, periods, value, when in canvas.aims:
            rows, trial, ms = self._within(periods)
            asked = when[trial]
            rows, trial, ms = rows[asked], trial[asked], ms[asked]
            gt[rows, columns] = value(trial, ms) if callable(value) else value[trial]
        return gt

    def _within(self, periods: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The rows of some periods, their trials, and ms since the period began."""
        rows = np.flatnonzero(np.isin(self.period, periods))
        trial = self._segment[rows] // self.timeline.steps.shape[1]
        return rows, trial, self.since[rows] * self.timeline.dt

    @cached_property
    def columns(self) -> Mapping[str, np.ndarray]:
        """What steps of a closed task are told of beside the period, (S, ...) each."""
        if not self.task.closed:
            return {}
        told = dict(since=self.since, steps=self._steps)
        return dict(aim=self.gt, **told) if self._canvas.actions.graded else told

    @cached_property
    def _steps(self) -> np.ndarray:
        """How many steps each row's period has, (S,)."""
        return self.timeline.steps.ravel().take(self._segment)

    @cached_property
    def since(self) -> np.ndarray:
        """Steps since the period's first, in each row, (S,)."""
        return np.arange(self._segment.size) - (self.period_end + 1 - self._steps)

    @cached_property
    def period(self) -> np.ndarray:
        """Index of the segment's period in each row, (S,)."""
        return self._segment % self.timeline.steps.shape[1]

    @cached_property
    def period_end(self) -> np.ndarray:
        """The last row of the segment that each row is in, (S,)."""
        ends = self.offsets[:-1, None] + self.timeline.steps.cumsum(axis=1) - 1
        return ends.ravel().take(self._segment)

    @cached_property
    def window(self) -> np.ndarray:
        """First step of the response window, and the step after it, (n, 2)."""
        rule, line = self.task.plan.rule, self.timeline
        names = rule.periods if rule else self.task.window
        if not names:
            return np.zeros((self.n, 2), np.int64)
        first = line.start[names[0]] + (rule.dead_steps if rule else 0)
        return np.stack([first, line.end[names[-1]]], axis=1)

    @cached_property
    def counted(self) -> np.ndarray:
        """The step from which response times count, (n,)."""
        rule = self.task.plan.rule
        if rule and rule.asked:  # the response is the last of several answers
            return self.timeline.start[rule.asked[-1]]
        return self.window[:, 0]

    @cached_property
    def _judged(self) -> tuple[Payoffs | None, np.ndarray | None]:
        return self._judge()

    def _judge(self) -> tuple[Payoffs | None, np.ndarray | None]:
        if self.task.plan.rule is None:
            return None, None
        last = self.offsets[1:] - 1
        payoffs, kind = self.task.plan.rule.judge(self.task.plan, self._canvas, self._segment, last)
        return self._varied(payoffs, kind)

    @cached_property
    def with_noise(self) -> np.ndarray:
        found = np.zeros(self.n, bool)
        for _, periods, sd in self._noises:
            found |= (np.asarray(sd) > 0) & self.timeline.steps[:, periods].any(axis=1)
        return found

    def noisy(self, i: int) -> np.ndarray:
        steps = self.timeline.steps[i]
        segment = np.repeat(np.arange(steps.size), steps)
        noisy = np.zeros((segment.size, self.ob.shape[1]), bool)
        for columns, periods, sd in self._noises:
            if np.broadcast_to(sd, (self.n,))[i] > 0:
                noisy[np.isin(segment, periods), columns] = True
        return noisy

    def _add_noise(self, draws: Sequence[Draw]) -> None:
        """Each draw's own generator gives the noise of its trials, or each trial's."""
        if not self._canvas.noises:
            return
        steps = self.timeline.steps
        n, n_periods = steps.shape
        givers, sizes = zip(*(given for draw in draws for given in draw.noises), strict=True)
        trials = np.cumsum([0, *sizes])
        edges = self.offsets[trials]
        for columns, periods, sd in self._canvas.noises:
            if len(periods) == n_periods:
                rows = np.arange(len(self.ob))
            else:
                noisy = np.zeros(n_periods, bool)
                noisy[periods] = True
                rows = np.flatnonzero(np.repeat(np.tile(noisy, n), steps.ravel()))
            cuts = np.searchsorted(rows, edges).tolist()
            quiet = self._quiet(givers, trials, sd)
            if all(quiet):
                continue
            width = columns.stop - columns.start
            by_row = width > BY_COLUMN
            room = np.zeros if any(quiet) else np.empty
            z = room((rows.size, width) if by_row else (width, rows.size), np.float32)
            for giver, start, stop, none in zip(givers, cuts[:-1], cuts[1:], quiet, strict=True):
                if none:
                    continue
                for part in [z[start:stop]] if by_row else z[:, start:stop]:
                    giver.standard_normal(out=part, dtype=np.float32)
            self._place(z, rows, columns, sd, by_row)

    def _quiet(self, givers: Sequence[Any], trials: np.ndarray, sd: np.ndarray) -> list[bool]:
        """Which of the givers need not be asked: those of single trials without noise."""
        if not sd.ndim or not isinstance(givers[0], Normals):
            return [False] * len(givers)
        none = (sd[trials[:-1]] == 0).tolist()
        return [isinstance(giver, Normals) and q for giver, q in zip(givers, none, strict=True)]

    def _place(
        self, z: np.ndarray, rows: np.ndarray, columns: slice, sd: np.ndarray, by_row: bool
    ) -> None:
        """Add noise, planar for few channels: numpy's inner loops are slow over short axes."""
        if sd.ndim:
            sd = sd.take(self._segment[rows] // self.timeline.steps.shape[1])
            sd = sd[:, None] if by_row else sd
        z *= sd
        if by_row:
            self.ob[rows, columns] += z
            return
        for column, noise in zip(self.ob.T[columns], z, strict=True):
            column[rows] += noise
