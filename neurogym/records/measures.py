"""Numbers from a trial table: accuracy, pace, psychometric and chronometric points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from neurogym.records.trial_table import Trace, finished

Row = Mapping[str, Any]
SLOW = 1.05  # from this pace on a run is called slower: frames alone make periods a little longer


@dataclass(frozen=True)
class Point:
    """A measure at one level of a condition, with its confidence interval."""

    level: float
    value: float  # a share from 0 to 1, or ms
    low: float
    high: float
    n: int  # trials


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a proportion k / n; (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p, z2 = k / n, z * z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Distribution-free interval of a median: two of the ordered values.

    With too few values for that confidence it is the whole range.
    """
    ordered = np.sort(np.asarray(values, float))
    n, k = ordered.size, np.arange(ordered.size // 2)
    log_p = np.cumsum(np.log(np.append(1.0, (n - k) / (k + 1)))) - n * np.log(2)
    below = np.cumsum(np.exp(log_p))  # chance that at most k values lie below the median
    cut = max(0, int(np.searchsorted(below, (1 - confidence) / 2, side="right")) - 1)
    return float(ordered[cut]), float(ordered[n - 1 - cut])


def levels(rows: Sequence[Row], condition: str, signed_by: str | None = None) -> np.ndarray:
    """The level of each row, (n,); negative where `signed_by`, a condition of 0 or 1, is 0.

    KeyError for a condition that a row lacks, ValueError for one that is no number.
    """
    level = np.array([row["conditions"][condition] for row in rows], float)
    if signed_by is None:
        return level
    sign = np.where([row["conditions"][signed_by] == 1 for row in rows], 1.0, -1.0)
    return level * sign + 0.0  # no -0


def proportion(level: np.ndarray, hit: Sequence[bool] | np.ndarray) -> list[Point]:
    """The share of hits (n,), 0 to 1, at each level that occurs in `level` (n,), sorted."""
    hits = np.asarray(hit, bool)
    points = []
    for value in np.unique(level):
        here = hits[level == value]
        k, n = int(here.sum()), here.size
        points.append(Point(float(value), k / n, *wilson(k, n), n))
    return points


def psychometric(
    rows: Sequence[Row], condition: str, signed_by: str | None = None, answer: int | None = None
) -> list[Point]:
    """Share of correct answers at each level; with `signed_by`, share of the action `answer`.

    Interrupted trials do not count, and of the signed kind, trials without a response neither.
    Shares are 0 to 1, with 95 % intervals (Wilson), sorted by level; errors are those of `levels`.
    """
    rows = finished(rows)
    if signed_by is None:
        return proportion(levels(rows, condition), [row["correct"] for row in rows])
    rows = [row for row in rows if row["response"] is not None]
    chosen = [row["response"] == answer for row in rows]
    return proportion(levels(rows, condition, signed_by), chosen)


def chronometric(rows: Sequence[Row], condition: str, correct: bool | None = True) -> list[Point]:
    """Median response time in ms at each level: correct answers, errors (False) or both (None).

    Sorted by level, with 95 % intervals (distribution-free); levels without a response are left
    out; errors are those of `levels`.
    """
    rows = [row for row in finished(rows) if row["rt_ms"] is not None]
    if correct is not None:
        rows = [row for row in rows if row["correct"] == correct]
    level = levels(rows, condition)
    times = np.array([row["rt_ms"] for row in rows], float)
    points = []
    for value in np.unique(level):
        here = times[level == value]
        points.append(
            Point(float(value), float(np.median(here)), *median_interval(here), here.size)
        )
    return points


def summary(rows: Sequence[Row]) -> dict[str, float | int | None]:
    """n, accuracy (0 to 1), median_rt_ms, mean reward and pace of the finished trials.

    None without any.
    """
    rows = finished(rows)
    times = [row["rt_ms"] for row in rows if row["rt_ms"] is not None]
    paces = [row["pace"] for row in rows if row["pace"] is not None]
    return {
        "n": len(rows),
        "accuracy": float(np.mean([row["correct"] for row in rows])) if rows else None,
        "median_rt_ms": float(np.median(times)) if times else None,
        "reward": float(np.mean([row["reward"] for row in rows])) if rows else None,
        "pace": float(np.mean(paces)) if paces else None,
    }


# -- how long periods were shown ------------------------------------------------------------------


def lengths(trace: Trace, cut: bool = False) -> dict[str, float]:
    """How long each period should have been on in a trial that went like this, ms.

    What was never on is left out; with `cut` also what was on when the trial ended, as an answer
    took that from the screen at once.
    """
    steps = trace.steps
    told: dict[str, float] = {}
    for name, start, stop in trace.periods:
        on = (steps >= start) & (steps < stop)
        if on.any() and not (cut and on[-1]):
            told[name] = told.get(name, 0.0) + float(on.sum()) * trace.dt
    return told


def pace(shown: Sequence[Sequence[Any]], declared: Mapping[str, float]) -> float | None:
    """Ms that periods were shown over ms that they should have been: 1.2 is 20 % slower.

    `shown` is the column `periods`, `declared` what `lengths` gives. None if no period is in both,
    or one of them was cut off.
    """
    both = [(name, ms) for name, _, ms in shown if name in declared]
    if any(ms is None for _, ms in both):
        return None
    whole = sum(declared[name] for name in {name for name, _ in both})
    return sum(ms for _, ms in both) / whole if whole else None


def slower(pace: float | None) -> int:
    """By how many percent a run was slower than declared; 0 if it kept its pace, or none is known.

    Up to 5 % are none: a screen shows whole frames.
    """
    return round(100 * (pace - 1)) if pace is not None and pace >= SLOW else 0


# -- what cannot have been measured ---------------------------------------------------------------

RATES = (10.0, 1000.0)  # Hz of screens
MARGIN_MS = 1000.0  # that a trial may last longer than its frames, or begin before them


def implausible(row: Row, length_ms: float) -> list[str]:
    """The columns of a finished trial of that length whose values no screen and keys can give."""
    rate, onset, key, rt = (row[name] for name in ("refresh_hz", "onset_ms", "key_ms", "rt_ms"))
    longest = length_ms * max(1.0, row["pace"] or 1.0) + MARGIN_MS
    start, iti = row["start_ms"], row["iti_ms"]
    shown = [start for _, start, _ in row["periods"]]
    several = [answer["rt_ms"] for answer in row["answers"] if answer["rt_ms"] is not None]
    made = row["produced_ms"]
    strange = {
        "rt_ms": rt is not None and not 0 <= rt <= longest,
        "produced_ms": made is not None and not 0 <= made <= longest,
        "answers": not all(0 <= time <= longest for time in several),
        "key_ms": key is not None and onset is not None and key < onset,
        "onset_ms": onset is not None
        and bool(shown)
        and not min(shown) - MARGIN_MS <= onset <= min(shown) + longest,
        "start_ms": start is not None
        and bool(shown)
        and not min(shown) - longest <= start <= min(shown),
        "iti_ms": iti is not None and iti < 0,
        "frames": row["frames"] == 0,
        "refresh_hz": rate is not None and not RATES[0] <= rate <= RATES[1],
    }
    return [name for name, is_so in strange.items() if is_so]


def quality(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows are finished trials, were interrupted, and have which doubts in their flags.

    `mismatch`: the browser saw another result than Python; `implausible`: a value that cannot have
    been measured; `late`: trials with late frames.
    """
    done = finished(rows)
    return {
        "n": len(done),
        "interrupted": len(rows) - len(done),
        "mismatch": sum("mismatch" in row["flags"] for row in done),
        "implausible": sum("implausible" in row["flags"] for row in done),
        "late": sum(bool(row["late_frames"]) for row in done),
    }
