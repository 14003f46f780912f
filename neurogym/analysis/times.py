"""Distributions of response times, of correct answers and errors apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurogym.records.measures import Point, wilson
from neurogym.records.trial_table import finished

Row = Mapping[str, Any]
MOST_BINS = 40


def times(rows: Sequence[Row], correct: bool | None = None) -> np.ndarray:
    """Response times in ms, (n,): of correct answers, of errors (False) or of both (None)."""
    return np.array(
        [
            row["rt_ms"]
            for row in finished(rows)
            if row["rt_ms"] is not None and (correct is None or row["correct"] == correct)
        ],
        float,
    )


@dataclass(frozen=True)
class Histogram:
    """How many response times lie in each bin; the last bin holds its right edge, too."""

    edges: np.ndarray  # (bins + 1,) ms
    correct: np.ndarray  # (bins,)
    errors: np.ndarray  # (bins,)


def edges(values: np.ndarray, bin_ms: float | None = None) -> np.ndarray:
    """Bins that hold all of some times (n,), by Freedman & Diaconis' rule unless `bin_ms` is given.

    ValueError if there is no time, or the width is not above 0.
    """
    if not values.size:
        raise ValueError("there is no response time")
    low, high = float(values.min()), float(values.max())
    if bin_ms is None:
        spread = float(np.subtract(*np.quantile(values, (0.75, 0.25))))
        bin_ms = max(2 * spread / values.size ** (1 / 3), (high - low) / MOST_BINS, 1.0)
    if bin_ms <= 0:
        raise ValueError(f"bin_ms = {bin_ms!r}: expected a width above 0")
    first = np.floor(low / bin_ms)
    return bin_ms * np.arange(first, max(np.floor(high / bin_ms) + 1, first + 1) + 1)


def histogram(
    rows: Sequence[Row], bin_ms: float | None = None, bins: np.ndarray | None = None
) -> Histogram:
    """Response times of correct answers and of errors in the same bins.

    The bins are those given, such as another subject's, or those of `edges`, with its ValueError.
    """
    bins = edges(times(rows), bin_ms) if bins is None else np.asarray(bins, float)
    right, wrong = (np.histogram(times(rows, correct), bins)[0] for correct in (True, False))
    return Histogram(bins, right, wrong)


def vincentized(values: np.ndarray, n: int = 5) -> np.ndarray:
    """The mean of each n-th part of some ordered times (m,), (n,); nan without any.

    A time between two parts counts in both, by its share (Ratcliff 1979,
    https://doi.org/10.1037/0033-2909.86.3.446). ValueError for n below 1.
    """
    if n < 1:
        raise ValueError(f"n = {n!r}: expected 1 or more")
    values = np.sort(np.asarray(values, float))
    if not values.size:
        return np.full(n, np.nan)
    return np.repeat(values, n).reshape(n, values.size).mean(axis=1)


def vincentiles(
    groups: Sequence[Sequence[Row]], n: int = 5, correct: bool | None = True
) -> np.ndarray:
    """The distribution of several subjects together, in ms, (n,): the mean of their vincentiles.

    It keeps the shape that each of them has, which pooled times would not. Subjects without any
    such time are left out.
    """
    each = np.array([vincentized(times(rows, correct), n) for rows in groups]).reshape(-1, n)
    there = each[~np.isnan(each).any(axis=1)]
    return there.mean(axis=0) if there.size else np.full(n, np.nan)


def delta_plot(
    groups: Sequence[Sequence[Row]], condition: str, easy: Any, hard: Any, n: int = 5
) -> tuple[np.ndarray, np.ndarray]:
    """How an effect on correct response times depends on their length, in ms: x (n,) and y (n,).

    y is vincentile by vincentile how much longer trials of the level `hard` take than those of
    `easy`, and x the mean of both (De Jong, Liang & Lauber 1994,
    https://doi.org/10.1037/0096-1523.20.4.731). KeyError for a condition that a row lacks.
    """
    slow, fast = (
        vincentiles([[r for r in rows if r["conditions"][condition] == v] for rows in groups], n)
        for v in (hard, easy)
    )
    return (slow + fast) / 2, slow - fast


def conditional_accuracy(rows: Sequence[Row], n: int = 5) -> list[Point]:
    """The share of correct answers in each n-th part of the trials by response time.

    Levels are the mean times in ms, intervals Wilson's; ValueError for n below 1.
    """
    if n < 1:
        raise ValueError(f"n = {n!r}: expected 1 or more")
    rows = [row for row in finished(rows) if row["rt_ms"] is not None]
    rows = sorted(rows, key=lambda row: row["rt_ms"])
    points = []
    for part in np.array_split(np.arange(len(rows)), n):
        if part.size:
            right = sum(bool(rows[i]["correct"]) for i in part)
            mean = float(np.mean([rows[i]["rt_ms"] for i in part]))
            interval = wilson(right, part.size)
            points.append(Point(mean, right / part.size, *interval, int(part.size)))
    return points
