"""Psychometric functions: how a share of answers grows with a level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, exp, log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from neurogym.spec.parameters import unknown

HALF = log(2)
_erf = np.frompyfunc(erf, 1, 1)


@dataclass(frozen=True)
class Form:
    """A function F that grows from 0 to 1 and is 1/2 at the threshold: F((x - threshold) / width).

    Where `log` is true it is a function of the logarithm, F(ln(x / threshold) / width): levels are
    0 or more, and F is 0 at 0.
    """

    name: str
    log: bool
    share: Callable[[np.ndarray], np.ndarray]  # F of distances from the threshold, in widths
    distance: Callable[[float], float]  # its inverse
    steepness: float  # of F at the threshold, for a width of 1

    def __call__(self, x: Any, threshold: Any, width: Any) -> np.ndarray:
        """F at levels, thresholds and widths that broadcast against each other."""
        x = np.asarray(x, float)
        if not self.log:
            return self.share((x - threshold) / width)
        with np.errstate(divide="ignore"):
            return self.share((np.log(x) - np.log(threshold)) / width)

    def level(self, share: float, threshold: float, width: float) -> float:
        """The level at which F has a share between 0 and 1."""
        u = self.distance(share) * width
        return threshold * exp(u) if self.log else threshold + u

    def slope(self, width: float) -> float:
        """What is reported as the slope: dF/dx at the threshold; for a Weibull its exponent."""
        if width == 0:
            return float("inf")
        return 1 / width if self.log else self.steepness / width


def _logistic(u: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * u))


def _normal(u: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.asarray(_erf(np.asarray(u) / sqrt(2)), float))


def _weibull(u: np.ndarray) -> np.ndarray:
    return -np.expm1(-HALF * np.exp(np.minimum(u, 50)))


FORMS = {
    form.name: form
    for form in (
        Form("logistic", False, _logistic, lambda p: log(p / (1 - p)), 0.25),
        Form("normal", False, _normal, NormalDist().inv_cdf, 1 / sqrt(2 * np.pi)),
        Form("weibull", True, _weibull, lambda p: log(-np.log1p(-p) / HALF), HALF / 2),
    )
}


def form_of(name: str) -> Form:
    """A form by its name; ValueError for one that there is not."""
    if name not in FORMS:
        raise ValueError(unknown("psychometric function", [name], FORMS))
    return FORMS[name]


def with_lapses(share: Any, guess: Any, lapse: Any, chance: float) -> Any:
    """The share of answers: F between `guess` and 1, but for trials answered at random.

    `lapse` is the share of trials that are answered at random, whatever was shown; such an answer
    is the one that is counted with probability `chance` (1/n of n answers). So the curve runs from
    guess + lapse (chance - guess) to 1 - lapse (1 - chance).
    """
    return lapse * chance + (1 - lapse) * (guess + (1 - guess) * share)
