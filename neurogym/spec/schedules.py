"""Which of several things comes next, and for how many trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurogym.spec.parameters import BlockLength, unknown

ORDERS = ("sequential", "random", "switch", "once")


class Lengths:
    """Lengths of blocks in trials.

    A whole number; a pair (low, high) from which each block's length is drawn, bounds included; a
    probability below 1 with which a block ends at each trial (geometric, mean 1 / p); or
    ("truncated_exponential", (mean, min, max)): min and an exponential of that mean, drawn anew
    above max, rounded down.
    """

    def __init__(self, spec: Any, name: str = "block_dur"):
        if not BlockLength.takes(spec):
            raise ValueError(f"{name} = {spec!r}: expected {BlockLength.expected}")
        self.exponential = BlockLength.exponential(spec)
        self.low: Any
        self.high: Any
        self.low, self.high = self.exponential[1:] if self.exponential else BlockLength.limits(spec)

    @property
    def mean(self) -> float:
        """The mean length in trials."""
        if self.exponential:
            lengths = np.arange(int(self.low), int(self.high) + 1)
            return float(lengths @ np.diff(self._below(np.append(lengths, self.high + 1))))
        return 1 / self.low if self.low < 1 else (self.low + self.high) / 2

    def draw(self, rng: np.random.Generator) -> int:
        """A length."""
        low, high = self.low, self.high
        if self.exponential:
            mean, width = self.exponential[0], high - low
            return int(low - mean * np.log1p(rng.random() * np.expm1(-width / mean)))
        return int(rng.geometric(low)) if low < 1 else int(rng.integers(int(low), int(high) + 1))

    def _below(self, length: np.ndarray) -> np.ndarray:
        """The chance that an exponential length is below each of some."""
        mean, low, high = self.exponential or (1.0, self.low, self.high)
        if low == high:
            return (length > low).astype(float)
        at = np.clip(length, low, high)
        return np.asarray(np.expm1((low - at) / mean) / np.expm1((low - high) / mean))


class Schedule:
    """Which of n things each trial has: blocks follow one another in some order.

    Args:
        n: how many things there are.
        order: "sequential" (0, 1, ..., n - 1, 0, ...), "once" (the same, and the last one for
            ever), "random" (each with equal chance, repeats included), or "switch" (another one,
            each with equal chance). All but the first two start with a random one.
        block_dur: trials in a block, as `Lengths` has it.
        block_lens: the length of each thing's blocks instead, n whole numbers.

    Called, it gives the next index; `reset` starts anew, `seed` with other random numbers.
    """

    def __init__(
        self,
        n: int,
        order: str = "sequential",
        block_dur: Any = 1,
        block_lens: Sequence[int] | None = None,
        seed: int | None = None,
    ):
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise ValueError(f"n = {n!r}: expected a whole number from 1")
        if order not in ORDERS:
            raise ValueError(unknown("order", [order], ORDERS))
        if block_lens is not None and len(block_lens) != n:
            raise ValueError(f"block_lens = {block_lens!r}: expected {n} numbers of trials")
        specs = [block_dur] * n if block_lens is None else list(block_lens)
        name = "block_dur" if block_lens is None else "block_lens"
        self.n, self.order = int(n), order
        self.block_dur, self.block_lens = block_dur, block_lens
        self.lengths = [Lengths(spec, name) for spec in specs]
        self.seed(seed)

    def draw(self, rng: np.random.Generator, count: int, last: Any) -> tuple[np.ndarray, Any]:
        """The next `count` indices, and what to give as `last` for those that follow.

        `last` is None at the start.
        """
        if all(length.low == length.high == 1 for length in self.lengths):
            return self._each(rng, count, last)
        i, left = last if last is not None else (self._first(rng), None)
        left = self.lengths[i].draw(rng) if left is None else left
        order, lengths, drawn = [i], [left], left
        while drawn < count:
            i = self._next(rng, i)
            order.append(i)
            lengths.append(self.lengths[i].draw(rng))
            drawn += lengths[-1]
        return np.repeat(order, lengths)[:count], [i, drawn - count]

    def _each(self, rng: np.random.Generator, count: int, last: Any) -> tuple[np.ndarray, Any]:
        """Blocks of one trial, without a loop."""
        start = last[0] if last is not None else self._first(rng)
        skip = int(last is not None)
        if self.order == "random":
            index = rng.integers(self.n, size=count)
            index[0] = index[0] if skip else start
        elif self.order == "switch" and self.n > 1:
            steps = 1 + rng.integers(self.n - 1, size=count)
            steps[0] *= skip
            index = (start + np.cumsum(steps)) % self.n
        else:
            index = start + skip + np.arange(count)
            index = np.minimum(index, self.n - 1) if self.order == "once" else index % self.n
        return index, [int(index[-1]), 0]

    def _first(self, rng: np.random.Generator) -> int:
        return 0 if self.order in ("sequential", "once") else int(rng.integers(self.n))

    def _next(self, rng: np.random.Generator, i: int) -> int:
        if self.order == "once":
            return min(i + 1, self.n - 1)
        if self.order == "sequential" or self.n == 1:
            return (i + 1) % self.n
        if self.order == "random":
            return int(rng.integers(self.n))
        return (i + 1 + int(rng.integers(self.n - 1))) % self.n

    # -- as an iterator --------------------------------------------------------------------------

    def seed(self, seed: int | None = None) -> None:
        """Start anew with the random numbers of a seed."""
        self._seed = np.random.SeedSequence(seed).entropy
        self.reset()

    def reset(self) -> None:
        """Start anew with the same random numbers."""
        self._rng, self._last = np.random.default_rng(self._seed), None
        self.i, self.total_count = 0, 0

    def __call__(self) -> int:
        """The next index."""
        index, self._last = self.draw(self._rng, 1, self._last)
        self.i, self.total_count = int(index[0]), self.total_count + 1
        return self.i


def needs_schedule(who: str, schedule: Any) -> None:
    """Raise the TypeError of what is no schedule."""
    if not isinstance(schedule, Schedule):
        raise TypeError(
            f"{who}: schedule = {schedule!r}: expected one of neurogym.utils.scheduler, or order=,"
            " block_dur= and block_lens= in its place. A function of one's own could not be told in"
            " a row: choose tasks by hand with MultiEnvs and set_i, or conditions with"
            " ngym.TrialWrapper"
        )


class SequentialSchedule(Schedule):
    """0, 1, ..., n - 1, 0, ... from trial to trial."""

    def __init__(self, n: int, seed: int | None = None):
        super().__init__(n, "sequential", seed=seed)


class RandomSchedule(Schedule):
    """Any of n, each with equal chance, from trial to trial; repeats included."""

    def __init__(self, n: int, seed: int | None = None):
        super().__init__(n, "random", seed=seed)


class SequentialBlockSchedule(Schedule):
    """Each of n for so many trials, in turn."""

    def __init__(self, n: int, block_lens: Sequence[int], seed: int | None = None):
        super().__init__(n, "sequential", block_lens=block_lens, seed=seed)


class RandomBlockSchedule(Schedule):
    """Each of n for so many trials, then another one, each with equal chance."""

    def __init__(self, n: int, block_lens: Sequence[int], seed: int | None = None):
        super().__init__(n, "switch", block_lens=block_lens, seed=seed)
