"""Truncated exponential lengths, as a timing of classic tasks can hold them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurogym.spec.durations import Duration
from neurogym.spec.parameters import unknown


def trunc_exp(rng: Any, mean: float, min: float = 0, max: float = np.inf) -> float:
    """A number from an exponential distribution with a mean, given that it lies in [min, max].

    `rng` is a numpy Generator or RandomState; `max` without a bound is cut where one draw in a
    million lies. ValueError for a mean that is not positive, or min above max.
    """
    duration = Duration.parse(("truncated_exponential", (mean, min, max)))
    low, high = duration.args[1:]
    luck = float(rng.random_sample() if hasattr(rng, "random_sample") else rng.random())
    return float(low - mean * np.log1p(luck * np.expm1((low - high) / mean)))


def random_number_fn(dist: str, args: Any, rng: Any) -> Callable[[], float]:
    """A function that draws from a distribution with a numpy Generator or RandomState.

    ValueError for an unknown distribution: "uniform", "choice", "truncated_exponential" and
    "constant" are allowed.
    """
    duration = _allowed(dist, args)
    if dist == "constant":
        return lambda: duration.args[0]
    if dist == "truncated_exponential":
        return lambda: trunc_exp(rng, *duration.args)
    return lambda: float(rng.uniform(*args) if dist == "uniform" else rng.choice(args))


def random_number_name(dist: str, args: Any) -> str:
    """A distribution in words; ValueError for an unknown one."""
    return str(_allowed(dist, args))


def _allowed(dist: str, args: Any) -> Duration:
    kinds = ("uniform", "choice", "truncated_exponential", "constant")
    if dist not in kinds:
        raise ValueError(unknown("distribution", [dist], kinds))
    return Duration.parse((dist, args))


class TruncExp:
    """A truncated exponential that is drawn anew at each call; `seed` makes it reproducible.

    As the timing of a declared task it is `("truncated_exponential", (vmean, vmin, vmax))`, drawn
    with the trials' own random numbers. Raises ValueError for a mean that is not positive, or vmin
    above vmax.
    """

    def __init__(self, vmean: float, vmin: float = 0, vmax: float = np.inf):
        self.vmean, self.vmin, self.vmax = vmean, vmin, vmax
        self.seed()
        self()  # what cannot be is told now

    @property
    def spec(self) -> tuple[str, tuple[float, float, float]]:
        """The same as a duration is written: see `neurogym.spec.durations.Duration`."""
        return "truncated_exponential", (self.vmean, self.vmin, self.vmax)

    def seed(self, seed: int | None = None) -> None:
        """Start anew with the random numbers of a seed."""
        self.rng = np.random.default_rng(seed)

    def __call__(self) -> float:
        """A length."""
        return trunc_exp(self.rng, self.vmean, self.vmin, self.vmax)
