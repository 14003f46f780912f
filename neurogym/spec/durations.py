"""Durations: what a period's length may be, how it is drawn, and what dt makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_STEPS = 1_000_000  # of a period
LONGEST_STEP = 1_000_000_000  # ms
ROUNDING = 1e-6  # of a step: forgives the float error of a duration that is a multiple of dt

# kind -> the arguments that it takes, as users write and read them
KINDS = {
    "constant": ("duration",),
    "uniform": ("low", "high"),
    "choice": ("durations",),
    "truncated_exponential": ("mean", "min", "max"),
    "until": ("time",),
    "times": ("period", "factor"),
}


@dataclass(frozen=True)
class Duration:
    """A period's length in ms: constant, or drawn anew in each trial.

    Written as a number; a list of numbers (one of them, with equal chance); or a pair:
    `("uniform", (low, high))`, `("choice", [a, b, ...])`, `("truncated_exponential", (mean, min,
    max))`, `("constant", d)`, `("until", t)` (it ends t ms after the trial's start), `("times",
    (period, factor))` (a multiple of an earlier period's length).
    """

    kind: str
    args: tuple[Any, ...]

    @classmethod
    def parse(cls, spec: Any, period: str = "period") -> Duration:
        """Read a duration as users write it; ValueError says what was given and what is allowed."""
        if isinstance(spec, Duration):
            return spec
        try:
            duration = cls(*_kind_and_args(spec))
            duration._check()
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"timing[{period!r}] = {spec!r} is not a duration: {error}. Allowed: a number of"
                " ms, a list of numbers (one is chosen), or a pair of a kind and its arguments:"
                f" {', '.join(f'({k!r}, {a})' for k, a in KINDS.items())}"
            ) from None
        return duration

    def _check(self) -> None:
        numbers = self.args[1:] if self.kind == "times" else self.args
        if not all(np.isfinite(numbers)) or min(numbers) < 0:
            raise ValueError("durations are finite and not negative")
        if self.kind == "uniform" and self.args[0] > self.args[1]:
            raise ValueError("low exceeds high")
        if self.kind == "truncated_exponential":
            mean, low, high = self.args
            if mean <= 0 or low > high:
                raise ValueError("the mean must be positive and min not above max")

    @property
    def is_random(self) -> bool:
        """True when trials differ in this duration by its own chance."""
        return self.kind in ("uniform", "choice", "truncated_exponential")

    @property
    def spec(self) -> Any:
        """The shortest form that `parse` reads back; JSON can hold it."""
        if self.kind == "constant":
            return self.args[0]
        if self.kind == "until":
            return ["until", self.args[0]]
        return [self.kind, list(self.args)]

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest duration in ms, as far as the declaration alone can tell."""
        if self.kind in ("uniform", "choice"):
            return min(self.args), max(self.args)
        if self.kind == "truncated_exponential":
            return self.args[1:]
        return (self.args[0],) * 2 if self.kind == "constant" else (0.0, np.inf)

    def __str__(self) -> str:
        if self.kind == "constant":
            return f"{self.args[0]:g} ms"
        if self.kind == "uniform":
            return "{:g}-{:g} ms".format(*self.args)
        if self.kind == "choice":
            return " or ".join(f"{d:g}" for d in self.args) + " ms"
        if self.kind == "truncated_exponential":
            return "exponential, mean {:g}, {:g}-{:g} ms".format(*self.args)
        if self.kind == "until":
            return f"until {self.args[0]:g} ms"
        return f"{self.args[1]:g} × {self.args[0]}"

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Lengths in ms of n trials, (n,), of a duration with a chance of its own."""
        if self.kind == "uniform":
            low, high = self.args
            return rng.uniform(low, high, size=n)
        if self.kind == "choice":
            return np.array(self.args, float)[rng.integers(len(self.args), size=n)]
        mean, low, high = self.args
        return low - mean * np.log1p(rng.random(n) * np.expm1((low - high) / mean))

    def follow(self, start: np.ndarray, earlier: Mapping[str, np.ndarray]) -> np.ndarray | float:
        """Length in ms, a number or (n,), that follows from the period's start and the others."""
        if self.kind == "constant":
            return self.args[0]
        if self.kind == "times":
            period, factor = self.args
            if period not in earlier:
                raise ValueError(
                    f"a period lasts {factor:g} times as long as {period!r}, which is none of those"
                    f" before it: {', '.join(map(repr, earlier)) or 'none'}"
                )
            return earlier[period] * factor
        left = self.args[0] - start
        if (left < 0).any():
            raise ValueError(
                f"a period lasts until {self.args[0]:g} ms but starts at {start.max():g} ms already"
            )
        return left

    def draw(
        self, rng: np.random.Generator, n: int, start: np.ndarray, drawn: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Lengths in ms of n trials, (n,), given the period's start and the earlier lengths."""
        if self.is_random:
            return self.sample(rng, n)
        return np.broadcast_to(self.follow(start, drawn), (n,))


def _kind_and_args(spec: Any) -> tuple[str, tuple[Any, ...]]:
    if isinstance(spec, (int, float, np.integer, np.floating)) and not isinstance(spec, bool):
        return "constant", (float(spec),)
    if callable(spec):
        if told := getattr(spec, "spec", None):  # of a generator of the library's own
            return _kind_and_args(told)
        raise TypeError(
            "a function hides its random numbers from the seed; write what it draws from, such as"
            " ('uniform', (300, 500)) in place of lambda: rng.uniform(300, 500)"
        )
    if isinstance(spec, np.ndarray):
        spec = spec.tolist()
    if not isinstance(spec, (list, tuple)) or not spec:
        raise TypeError("unknown form")
    if not isinstance(spec[0], str):
        return "choice", tuple(float(d) for d in spec)
    if len(spec) != 2 or spec[0] not in KINDS:
        raise ValueError(f"unknown kind {spec[0]!r}" if len(spec) == 2 else "it takes two entries")
    kind, args = spec
    args = tuple(args) if isinstance(args, (list, tuple, np.ndarray)) else (args,)
    if kind == "truncated_exponential" and args:
        args = args + (0.0, np.inf)[len(args) - 1 :] if 0 < len(args) < 3 else args
        return kind, tuple(map(float, args)) if np.isfinite(args[-1]) else _cut(args)
    if not args or (kind != "choice" and len(args) != len(KINDS[kind])):
        raise ValueError(f"{kind!r} takes {KINDS[kind]}")
    if kind == "times":
        return kind, (str(args[0]), float(args[1]))
    return kind, tuple(float(a) for a in args)


def _cut(args: tuple[float, ...]) -> tuple[float, float, float]:
    """An exponential without a maximum is cut where one trial in a million lies."""
    mean, low, _ = map(float, args)
    return mean, low, low + mean * np.log(1e6)


def to_steps(ms: Any, dt: float) -> np.ndarray:
    """Whole steps in a duration: rounded down, but a positive duration is at least one step.

    ValueError for more than `MOST_STEPS`, and for steps longer than `LONGEST_STEP`.
    """
    if not dt <= LONGEST_STEP:
        raise ValueError(f"dt = {dt:g} ms: a step lasts at most {LONGEST_STEP:,} ms")
    ms = np.asarray(ms, float)
    if not ms.max(initial=0) <= MOST_STEPS * dt:
        raise ValueError(
            f"{ms.max():g} ms are more than {MOST_STEPS:,} steps of dt = {dt:g} ms: a period cannot"
            " have as many"
        )
    return np.maximum(np.floor(ms / dt + ROUNDING), ms > 0).astype(np.int64)
