"""Psychometric functions fitted to points of a trial table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurogym.records.measures import Point

try:
    from scipy.optimize import minimize
    from scipy.special import expit
except ModuleNotFoundError as error:
    raise ImportError("a fit needs SciPy: pip install 'neurogym[app]'", name=error.name) from error


@dataclass(frozen=True)
class Fit:
    """A logistic function with lapses: low + (1 - low - lapse) / (1 + exp(-(x - middle) / width)).

    Where the curve runs from answer to answer (signed), half of the lapses lie on either side.
    """

    middle: float
    width: float
    lapse: float
    low: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The curve at x (n,): shares from 0 to 1, (n,)."""
        return _logistic(x, self.middle, self.width, self.lapse, self.low)


def _logistic(x, middle, width, lapse, low):
    return low + (1 - low - lapse) * expit((np.asarray(x, float) - middle) / width)


def fit(points: Sequence[Point], signed: bool, chance: float = 0.0) -> Fit | str:
    """Fit a psychometric function by maximum likelihood; or tell in a few words why not.

    Args:
        points: shares at 4 levels or more, of 40 trials or more.
        signed: share of the second answer over signed levels; else share of correct answers.
        chance: where the curve starts if it is not signed.

    `middle` and `width` are in the unit of the levels. Where the data do not tell (fewer points,
    no rise, a step between two levels, no convergence) the answer is a sentence, not an error.
    """
    x, p, n = (
        np.array([getattr(q, name) for q in points], float) for name in ("level", "value", "n")
    )
    if len(points) < 4 or n.sum() < 40:
        return "too few levels or trials for a fit"
    span, gap = np.ptp(x), np.diff(np.sort(x)).min()

    def curve(values: np.ndarray) -> Fit:
        middle, log_width, lapse = values
        low = lapse / 2 if signed else chance
        return Fit(float(middle), float(np.exp(log_width)), lapse / 2 if signed else lapse, low)

    def loss(values: np.ndarray) -> float:
        share = np.clip(curve(values)(x), 1e-6, 1 - 1e-6)
        return float(-(n * (p * np.log(share) + (1 - p) * np.log(1 - share))).sum())

    narrow, wide = np.log(gap / 10), np.log(span * 3)
    bounds = [(x.min() - span / 2, x.max() + span / 2), (narrow, wide), (0, 0.4)]
    starts = [
        (np.median(x), np.log(span * s), lapse) for s in (0.05, 0.2) for lapse in (0.02, 0.15)
    ]
    tries = [minimize(loss, start, bounds=bounds, method="L-BFGS-B") for start in starts]
    best = min((t for t in tries if np.isfinite(t.fun)), key=lambda t: t.fun, default=None)
    if best is None or not best.success:
        return "no fit: it did not converge"
    if np.ptp(p) == 0 or best.x[1] > wide - 0.01:
        return "no fit: no rise"
    if best.x[1] < np.log(gap / 5):  # steeper than what the levels can tell
        return "no fit: a step between levels"
    return curve(best.x)


def outcome(fitted: Fit | str, signed: bool, width: float) -> str:
    """What the fit found, or why there is none."""
    if isinstance(fitted, str):
        return fitted
    lapse = fitted.lapse + (fitted.low if signed else 0)
    digits = 2 - int(np.floor(np.log10(width)))
    return f"{'bias' if signed else 'midpoint'} {round(fitted.middle, digits):g}, lapse {lapse:.0%}"
