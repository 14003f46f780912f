"""Conditions: what differs from trial to trial, and by which chance."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np


def _between(low: float, value: Any, high: float) -> bool:
    return isinstance(value, Real) and bool(low <= value <= high)


class Condition:
    """One value a trial. `carries` says that a trial's value depends on the trials before it."""

    carries = False
    unit: str = ""
    doc: str = ""

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        """Values of the next n trials, (n,); `last` is the value before them, None at the start."""
        raise TypeError(f"{type(self).__name__} does not say how it is drawn")

    def allows(self, value: Any) -> bool:
        """Whether a trial can be forced to this value."""
        raise TypeError(f"{type(self).__name__} does not say what it allows")


class Choice(Condition):
    """One of some values, with equal chance or with probabilities `p`.

    With `bounds`, any number between them can be forced, not only those that are drawn.
    """

    def __init__(
        self,
        values: Sequence,
        p: Sequence[float] | None = None,
        *,
        bounds: tuple[float, float] | None = None,
        unit: str = "",
        doc: str = "",
    ):
        self.values, self.bounds, self.unit, self.doc = np.asarray(values), bounds, unit, doc
        self.p = None if p is None else np.asarray(p, float)
        if self.p is not None and (
            self.p.shape != self.values.shape or (self.p < 0).any() or abs(self.p.sum() - 1) > 1e-8
        ):
            raise ValueError(f"p = {p!r}: expected {len(self.values)} probabilities that sum to 1")

    def draw(self, rng, n, last):
        if self.p is None:
            return self.values[rng.integers(len(self.values), size=n)]
        index = np.searchsorted(np.cumsum(self.p)[:-1], rng.random(n), side="right")
        return self.values[index]

    def allows(self, value):
        if self.bounds:
            return _between(self.bounds[0], value, self.bounds[1])
        return value in self.values.tolist()

    def __str__(self):
        values = ", ".join(map(str, self.values[:12].tolist()))
        span = f" (any from {self.bounds[0]:g} to {self.bounds[1]:g})" if self.bounds else ""
        return f"{values}{', ...' if len(self.values) > 12 else ''}{span}"


class Uniform(Condition):
    """A number between two bounds."""

    def __init__(self, low: float, high: float, *, unit: str = "", doc: str = ""):
        self.low, self.high, self.unit, self.doc = float(low), float(high), unit, doc

    def draw(self, rng, n, last):
        return rng.uniform(self.low, self.high, size=n)

    def allows(self, value):
        return _between(self.low, value, self.high)

    def __str__(self):
        return f"{self.low:g} to {self.high:g}"


class Flips(Condition):
    """0 or 1, kept from trial to trial but for a flip with probability `p`."""

    carries = True

    def __init__(self, p: float, *, unit: str = "", doc: str = ""):
        self.p, self.unit, self.doc = float(p), unit, doc

    def draw(self, rng, n, last):
        flips = rng.random(n) < self.p
        start = rng.integers(2)
        if last is None:
            flips[0], last = False, start
        return (last + np.cumsum(flips)) % 2

    def allows(self, value):
        return value in (0, 1)

    def __str__(self):
        return f"0 or 1, flips with probability {self.p:g}"
