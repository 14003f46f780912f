"""A block of trials, expanded from what a task painted to flat, ragged rows: one row a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neurogym.canvas import Canvas, Timeline, Trials
from neurogym.rules import Payoffs

if TYPE_CHECKING:
    from neurogym.task import Task

BY_COLUMN = 8  # up to so many channels, adding noise column by column beats adding it by rows


@dataclass
class Block:
    """n trials; trial i owns the rows offsets[i]:offsets[i + 1] of `ob`, `gt`, `kind`, `period`."""

    trials: Trials
    timeline: Timeline
    offsets: np.ndarray  # (n + 1,)
    ob: np.ndarray  # (S, C) float32
    gt: np.ndarray  # (S,) int64, the right action
    period: np.ndarray  # (S,) index of the segment's period
    kind: np.ndarray | None  # (S,) row of the payoff table; None for closed tasks
    payoffs: Payoffs | None
    window: np.ndarray  # (n, 2) first step of the response window, and the step after it
    carried: dict[str, Any] = field(default_factory=dict)  # for the next block

    @property
    def n(self) -> int:
        """Number of trials."""
        return self.trials.n

    def periods(self, i: int) -> list[tuple[str, int, int]]:
        """The i-th trial's periods: (name, first step, step after the last)."""
        line = self.timeline
        return [(p, int(line.start[p][i]), int(line.end[p][i])) for p in line.periods]


def expand(
    task: Task, canvas: Canvas, trials: Trials, rng: np.random.Generator, carried: dict[str, Any]
) -> Block:
    """Turn levels by trial and period into rows, and add the noise."""
    timeline = canvas.timeline
    n, n_periods = timeline.steps.shape
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(timeline.length, out=offsets[1:])
    segment = np.repeat(np.arange(n * n_periods), timeline.steps.ravel())  # (S,)
    period = np.tile(np.arange(n_periods), n).take(segment)
    ob = canvas.levels.reshape(n * n_periods, -1).take(segment, axis=0)
    for columns, periods, sd in canvas.noises:
        _add_noise(ob, columns, _rows(period, periods, n_periods), sd, segment // n_periods, rng)
    kind = payoffs = None
    if task.rule is not None:
        payoffs, kind = task.rule.judge(task, canvas, segment, offsets[1:] - 1)
    gt = canvas.answers.ravel().take(segment)
    if canvas.label_rows is not None:
        rows, label = canvas.label_rows
        gt[rows] = label
    window = _window(timeline, (task.rule.window,) if task.rule else task.window)
    return Block(trials, timeline, offsets, ob, gt, period, kind, payoffs, window, carried)


def _rows(period: np.ndarray, periods: list[int], n_periods: int) -> np.ndarray | slice:
    if len(periods) == n_periods:
        return slice(None)
    noisy = np.zeros(n_periods, bool)
    noisy[periods] = True
    return np.flatnonzero(noisy.take(period))


def _add_noise(ob, columns, rows, sd, trial, rng) -> None:
    """Draw planar, one long run a channel: numpy's inner loops are slow over few channels."""
    everywhere = isinstance(rows, slice)
    count = len(ob) if everywhere else rows.size
    width = columns.stop - columns.start
    if sd.ndim:
        sd = sd.take(trial if everywhere else trial[rows])
    if width > BY_COLUMN:
        z = rng.standard_normal((count, width), dtype=np.float32)
        z *= sd[:, None] if sd.ndim else sd
        ob[rows, columns] += z
        return
    z = rng.standard_normal((width, count), dtype=np.float32)
    z *= sd
    for column, noise in zip(ob.T[columns], z, strict=True):
        column[rows] += noise


def _window(timeline: Timeline, names: tuple[str, ...]) -> np.ndarray:
    if not names:
        return np.zeros((timeline.n, 2), np.int64)
    return np.stack([timeline.start[names[0]], timeline.end[names[-1]]], axis=1)
