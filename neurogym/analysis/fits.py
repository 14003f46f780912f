"""Psychometric functions fitted to points of a trial table, with intervals of their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurogym.records.measures import Point
from neurogym.spec.forms import Form, form_of, with_lapses

LEVELS, TRIALS = 3, 30  # the least that can be fitted
MOST_LAPSE = 0.5
CHI2_95 = 3.841458820694124  # of one degree of freedom
ENOUGH = 6.0  # log likelihood below the best that is of no interest
FLAT = 0.01  # a difference of log likelihood that tells nothing
Interval = tuple[float, float]


@dataclass(frozen=True)
class Fit:
    """A psychometric function: guess to 1 along its form, but for lapses; see `with_lapses`.

    `lapse` is the share of trials answered at random, for signed and unsigned curves alike and as
    in `Integrator`. Intervals are of the profile likelihood, at 95 %; an end that the data leave
    open is infinite (threshold, slope), or the bound of what can be (lapse, guess).
    """

    form: Form
    threshold: float  # where the form is half way up, in the unit of the levels
    width: float
    lapse: float
    guess: float
    chance: float  # that a random answer is the counted one
    intervals: dict[str, Interval] = field(default_factory=dict)  # threshold, slope, lapse, guess
    steep: bool = False  # steeper than these levels can tell
    deviance: float = 0.0  # twice the log likelihood that points without a curve have more
    n: int = 0  # trials

    def __call__(self, x: Any) -> np.ndarray:
        """The curve at x (n,): shares from 0 to 1, (n,)."""
        share = self.form(x, self.threshold, self.width)
        return np.asarray(with_lapses(share, self.guess, self.lapse, self.chance))

    @property
    def slope(self) -> float:
        """Of the form at its threshold, 1 / unit of the levels; of a Weibull its exponent."""
        return self.form.slope(self.width)

    @property
    def low(self) -> float:
        """The share at which the curve starts."""
        return float(with_lapses(0.0, self.guess, self.lapse, self.chance))

    @property
    def high(self) -> float:
        """The share at which the curve ends."""
        return float(with_lapses(1.0, self.guess, self.lapse, self.chance))

    def level(self, share: float) -> float:
        """The level at which the curve has a share, such as 0.75; ValueError if it never has it."""
        if not self.low < share < self.high:
            raise ValueError(
                f"share = {share!r}: the curve runs from {self.low:.3g} to {self.high:.3g}"
            )
        inner = (share - self.low) / (self.high - self.low)
        return float(self.form.level(inner, self.threshold, self.width))


@dataclass(frozen=True)
class _Data:
    """What is fitted: the levels, and how many trials of each were hits."""

    form: Form
    x: np.ndarray
    k: np.ndarray
    n: np.ndarray
    chance: float

    def likelihood(self, grid: Sequence[np.ndarray]) -> np.ndarray:
        """Log likelihood on a grid of (threshold, ln width, lapse, guess)."""
        place, wide, lapse, guess = np.ix_(*grid)
        threshold = np.exp(place) if self.form.log else place
        total = np.zeros(np.broadcast_shapes(place.shape, wide.shape, lapse.shape, guess.shape))
        for x, k, n in zip(self.x, self.k, self.n, strict=True):
            share = with_lapses(self.form(x, threshold, np.exp(wide)), guess, lapse, self.chance)
            share = np.clip(share, 1e-9, 1 - 1e-9)
            total += (k * np.log(share) if k else 0) + ((n - k) * np.log1p(-share) if n > k else 0)
        return total

    @property
    def places(self) -> np.ndarray:
        """The levels on the axis along which the form is shifted."""
        return np.log(self.x[self.x > 0]) if self.form.log else self.x

    def bounds(self, guess: float | None) -> list[Interval]:
        """Between what threshold, ln width, lapse and guess are looked for."""
        places = np.unique(self.places)
        span = float(np.ptp(places)) or 1.0
        gap = float(np.diff(places).min()) if places.size > 1 else span
        room = max(span / 2, 1.5) if self.form.log else span / 2
        return [
            (float(places[0]) - room, float(places[-1]) + room),
            (float(np.log(max(gap, span / 200) / 40)), float(np.log(span * 3))),
            (0.0, MOST_LAPSE),
            (0.0, 0.95) if guess is None else (guess, guess),
        ]


def _nodes(low: float, high: float, n: int, rooted: bool) -> np.ndarray:
    """Values between two bounds, denser at 0 where that is one."""
    if low == high:
        return np.array([low])
    if rooted:
        return np.linspace(np.sqrt(low), np.sqrt(high), n) ** 2
    return np.linspace(low, high, n)


def _grid(box: Sequence[Interval], sizes: Sequence[int]) -> list[np.ndarray]:
    return [_nodes(*ends, n, k > 1) for k, (ends, n) in enumerate(zip(box, sizes, strict=True))]


def _profiles(total: np.ndarray) -> list[np.ndarray]:
    axes = range(total.ndim)
    return [total.max(axis=tuple(a for a in axes if a != k)) for k in axes]


def _narrowed(
    grid: Sequence[np.ndarray], total: np.ndarray, outer: Sequence[Interval]
) -> tuple[list[Interval], bool]:
    """The part of a grid that matters, with a node at each side; and whether it goes on outside."""
    best, box, cut = total.max(), [], False
    for nodes, profile, ends in zip(grid, _profiles(total), outer, strict=True):
        kept = np.flatnonzero(profile > best - ENOUGH)
        first, last = int(kept[0]) - 1, int(kept[-1]) + 1
        low = float(nodes[max(first, 0)])
        high = float(nodes[min(last, nodes.size - 1)])
        span = high - low
        if first < 0 and low > ends[0]:
            low, cut = max(ends[0], low - span), True
        if last == nodes.size and high < ends[1]:
            high, cut = min(ends[1], high + span), True
        box.append((low, high))
    return box, cut


def _top(data: _Data, grid: Sequence[np.ndarray], total: np.ndarray) -> tuple[list[float], float]:
    """The best values and their log likelihood, by zooming in from a grid."""
    box: list[Interval] = []
    for _ in range(12):
        place = np.unravel_index(int(np.argmax(total)), total.shape)
        box = [
            (float(nodes[max(int(i) - 1, 0)]), float(nodes[min(int(i) + 1, nodes.size - 1)]))
            for nodes, i in zip(grid, place, strict=True)
        ]
        grid = _grid(box, [7] * 4)
        total = data.likelihood(grid)
    place = np.unravel_index(int(np.argmax(total)), total.shape)
    return [float(nodes[i]) for nodes, i in zip(grid, place, strict=True)], float(total.max())


def _between(nodes: np.ndarray, profile: np.ndarray, best: float, value: float) -> Interval:
    """Where a profile is less than half of chi-square's 95 % below the best; open ends are nan."""
    root = np.sqrt(2 * np.maximum(best - profile, 0))
    cut = np.sqrt(CHI2_95)
    inside = np.flatnonzero(root <= cut)
    if not inside.size:
        return value, value
    ends = []
    for at, step in ((inside[0], -1), (inside[-1], 1)):
        out = at + step
        if not 0 <= out < nodes.size:
            ends.append(np.nan)
            continue
        share = (cut - root[at]) / (root[out] - root[at])
        ends.append(nodes[at] + share * (nodes[out] - nodes[at]))
    low, high = ends
    return float(min(low, value)), float(max(high, value))


def fit(
    points: Sequence[Point],
    signed: bool,
    chance: float | None = None,
    *,
    form: str | None = None,
    free_guess: bool = False,
) -> Fit | str:
    """Fit a psychometric function by maximum likelihood; or tell in a few words why not.

    Args:
        points: shares at 3 levels or more, of 30 trials or more.
        signed: share of the second answer over signed levels; else share of correct answers.
        chance: that a random answer is the counted one, 1/n of n answers, and the share at which
            an unsigned curve starts. Where it is None, 0.5 if signed and 0 otherwise.
        form: "logistic", "normal" (a cumulative Gaussian) or "weibull" (on the logarithm of the
            level); None is a logistic function if signed or if there are negative levels, else a
            Weibull.
        free_guess: fit the share at which the curve starts, too, as of "yes" in a yes/no task.

    Where shares do not grow more than by chance, or there are too few of them, the answer is a
    sentence, not an error. Steeper than the levels can tell is no reason: the threshold lies
    between two levels, and the slope's interval has no upper end. ValueError for a form that there
    is not, for a Weibull over negative levels and for a chance that is none.
    """
    x, p, n = (
        np.array([getattr(q, name) for q in points], float) for name in ("level", "value", "n")
    )
    if len(points) < LEVELS or n.sum() < TRIALS:
        return (
            f"too few levels or trials for a fit: {len(points)} and {int(n.sum())}, of {LEVELS}"
            f" and {TRIALS} that are needed"
        )
    chosen = form_of(form or ("logistic" if signed or x.min() < 0 else "weibull"))
    if chosen.log and x.min() < 0:
        raise ValueError(f"a {chosen.name} function is of levels from 0 on, not {x.min():g}")
    random = (0.5 if signed else 0.0) if chance is None else chance
    if not 0 <= random < 1:
        raise ValueError(f"chance = {chance!r}: expected a share from 0 up to 1")
    data = _Data(chosen, x, np.round(p * n), n, random)
    if np.unique(data.places).size < 2:
        return "too few levels for a fit: one above 0"
    guess = 0.0 if signed else random
    return _fitted(data, None if free_guess else guess)


def _fitted(data: _Data, guess: float | None) -> Fit | str:
    outer = data.bounds(guess)
    sizes = (41, 33, 15, 1) if guess is not None else (31, 21, 11, 13)
    box: Sequence[Interval] = outer
    for turn in range(8):
        grid = _grid(box, sizes)
        total = data.likelihood(grid)
        box, cut = _narrowed(grid, total, outer)
        if turn > 1 and not cut:
            break
    share = np.clip(data.k / data.n, 1e-12, 1 - 1e-12)
    mean = np.clip(data.k.sum() / data.n.sum(), 1e-12, 1 - 1e-12)
    apart, flat = (
        float((data.k * np.log(s) + (data.n - data.k) * np.log1p(-s)).sum()) for s in (share, mean)
    )
    values, best = _top(data, grid, total)
    if 2 * (best - flat) < CHI2_95:
        off = data.x - np.average(data.x, weights=data.n)
        spread = np.sqrt(mean * (1 - mean) * (data.n * off**2).sum())
        falls = (off * data.k).sum() < -np.sqrt(CHI2_95) * spread
        return "no fit: shares fall" if falls else "no fit: no rise beyond chance"
    profiles = _profiles(total)
    steep = bool(grid[1][0] == outer[1][0] and profiles[1][0] > best - FLAT)
    if steep:
        values = _shallowest(grid, total, best)
    ends = [_between(*told) for told in zip(grid, profiles, [best] * 4, values, strict=True)]
    return _told(data, values, ends, guess is None, steep, 2 * (apart - best))


def _shallowest(grid: Sequence[np.ndarray], total: np.ndarray, best: float) -> list[float]:
    """Of all that is as good as the best, the middle threshold of the widest curve's."""
    good = total > best - FLAT
    wide = int(np.flatnonzero(good.any(axis=(0, 2, 3)))[-1])
    places = np.flatnonzero(good.any(axis=(1, 2, 3)))
    middle = (grid[0][places[0]] + grid[0][places[-1]]) / 2
    at = int(np.argmin(np.abs(grid[0] - middle)))
    lapse, guess = np.unravel_index(int(np.argmax(total[at, 0])), total.shape[2:])
    narrow = next(w for w in range(wide, -1, -1) if w == 0 or good[at, w].any())
    return [float(v) for v in (middle, grid[1][narrow], grid[2][lapse], grid[3][guess])]


def _told(
    data: _Data, values: list[float], ends: list[Interval], free: bool, steep: bool, deviance: float
) -> Fit:
    """The fit in the units of the levels; open ends as what they are."""
    form = data.form
    place, wide, lapse, guess = values
    (left, right), (narrow, broad), lapses, guesses = ends
    left, right = (-np.inf if np.isnan(left) else left), (np.inf if np.isnan(right) else right)
    threshold = (float(np.exp(left)), float(np.exp(right))) if form.log else (left, right)
    slope = (
        0.0 if np.isnan(broad) else form.slope(float(np.exp(broad))),
        np.inf if np.isnan(narrow) else form.slope(float(np.exp(narrow))),
    )
    intervals = {"threshold": threshold, "slope": slope}
    intervals["lapse"] = _closed(lapses, 0.0, MOST_LAPSE)
    if free:
        intervals["guess"] = _closed(guesses, 0.0, 1.0)
    at = float(np.exp(place)) if form.log else place
    return Fit(
        form, at, float(np.exp(wide)), lapse, guess, data.chance, intervals, steep, deviance,
        int(data.n.sum()),
    )  # fmt: skip


def _closed(ends: Interval, low: float, high: float) -> Interval:
    return low if np.isnan(ends[0]) else ends[0], high if np.isnan(ends[1]) else ends[1]


def outcome(fitted: Fit | str, signed: bool, width: float) -> str:
    """What the fit found, or why there is none; `width` is the range of the levels."""
    if isinstance(fitted, str):
        return fitted
    digits = 2 - int(np.floor(np.log10(width)))
    told = f"{'bias' if signed else 'threshold'} {round(fitted.threshold, digits):g}"
    return f"{told}, lapse {fitted.lapse:.0%}"
