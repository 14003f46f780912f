"""Conditions: what differs from trial to trial, and by which chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from neurogym.spec.outcomes import Result, Results
from neurogym.spec.schedules import Schedule


def _between(low: float, value: Any, high: float) -> bool:
    return isinstance(value, Real) and low <= float(value) <= high


class Condition:
    """One value a trial.

    `carries` says that a trial's value depends on the trials before it, `learns` that it depends on
    how they ended; `draw` is then asked for one trial at a time. `settles` says that chance can be
    asked first: see `Learned`.
    """

    carries = False
    learns = False
    settles = False
    unit: str = ""
    doc: str = ""

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        """Values of the next n trials, (n,); `last` is the value before them, None at the start."""
        raise TypeError(f"{type(self).__name__} does not say how it is drawn")

    def draw_on(self, rng: np.random.Generator, n: int, last: Any) -> tuple[np.ndarray, Any]:
        """The values of `draw`, and what the next one is told as `last`, as JSON.

        None stands for the last value, which wrappers may have changed.
        """
        return self.draw(rng, n, last), None

    def learn(self, last: Any, trial: Mapping[str, Any], result: Result) -> Any:
        """What the next `draw` is told as `last`, as JSON, given how a trial ended."""
        return last

    def decode(self, values: np.ndarray) -> np.ndarray:
        """What values (n,) stand for, (n, ...); the values themselves, unless they are written."""
        return values

    def allows(self, value: Any) -> bool:
        """Whether a trial can be forced to this value."""
        raise TypeError(f"{type(self).__name__} does not say what it allows")


State = dict[str, np.ndarray]  # what was learned in each of n sequences of trials: (n,) arrays


def state_of(last: Any, start: State) -> State:
    """The state of one sequence from its JSON, (1, ...) each; None stands for that at the start.

    What rows of earlier versions do not tell is as it was at the start.
    """
    told = last or {}
    return {k: _of_kind([told[k]], v) if k in told else v for k, v in start.items()}


def _of_kind(values: list[Any], like: np.ndarray) -> np.ndarray:
    return np.array(values, like.dtype)


def told(state: State, i: int = 0) -> dict[str, Any]:
    """The state of the i-th sequence, as JSON."""
    return {name: values[i : i + 1].tolist()[0] for name, values in state.items()}


class Learned(Condition):
    """A value that depends on how the trials before ended, and on chance, which comes first.

    Where trials of many sequences are drawn side by side, `chance` gives what chance gives n
    trials, whatever is learned; `at_first` what is known in n sequences at first; `settle` makes of
    both the values of one trial in each, (n,); and `follow` tells what is known then.
    """

    learns = True
    settles = True

    def at_first(self, n: int) -> State:
        """What is known in n sequences before their first trials."""
        raise TypeError(f"{type(self).__name__} does not say what is known at first")

    def chance(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """What chance gives n trials, (n, ...)."""
        return np.zeros(n)

    def settle(self, luck: np.ndarray, last: State) -> np.ndarray:
        """The values of a trial in each of n sequences, (n,)."""
        raise TypeError(f"{type(self).__name__} does not say what follows from what was learned")

    def follow(self, last: State, trials: Mapping[str, np.ndarray], results: Results) -> State:
        """What is known after trials with some conditions, (n,) each, ended."""
        return last

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        state = {k: np.repeat(v, n) for k, v in state_of(last, self.at_first(1)).items()}
        return self.settle(self.chance(rng, n), state)

    def learn(self, last: Any, trial: Mapping[str, Any], result: Result) -> Any:
        state = state_of(last, self.at_first(1))
        return told(self.follow(state, single(trial), Results.of(result)))


def single(trial: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """A trial's conditions as arrays, (1,) each."""
    return {name: np.array([value]) for name, value in trial.items()}


class Choice(Condition):
    """One of some values, with equal chance or with probabilities `p`.

    With `bounds`, any number between them can be forced, not only those that are drawn.
    """

    def __init__(
        self,
        values: Sequence[Any],
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

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        if self.p is None:
            return self.values[rng.integers(len(self.values), size=n)]
        index = np.searchsorted(np.cumsum(self.p)[:-1], rng.random(n), side="right")
        return self.values[index]

    def allows(self, value: Any) -> bool:
        if self.bounds:
            return _between(self.bounds[0], value, self.bounds[1])
        return value in self.values.tolist()

    def __str__(self) -> str:
        values = ", ".join(map(str, self.values[:12].tolist()))
        span = f" (any from {self.bounds[0]:g} to {self.bounds[1]:g})" if self.bounds else ""
        return f"{values}{', ...' if len(self.values) > 12 else ''}{span}"


class Uniform(Condition):
    """A number between two bounds."""

    def __init__(self, low: float, high: float, *, unit: str = "", doc: str = ""):
        self.low, self.high, self.unit, self.doc = float(low), float(high), unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        return rng.uniform(self.low, self.high, size=n)

    def allows(self, value: Any) -> bool:
        return _between(self.low, value, self.high)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


class Flips(Condition):
    """0 or 1, kept from trial to trial but for a flip with probability `p`."""

    carries = True

    def __init__(self, p: float, *, unit: str = "", doc: str = ""):
        self.p, self.unit, self.doc = float(p), unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        flips = rng.random(n) < self.p
        start = rng.integers(2)
        if last is None:
            flips[0], last = False, start
        return (last + np.cumsum(flips)) % 2

    def allows(self, value: Any) -> bool:
        return value in (0, 1)

    def __str__(self) -> str:
        return f"0 or 1, flips with probability {self.p:g}"


class Walk(Condition):
    """A number that goes on from trial to trial by Gaussian steps, reflected between two bounds.

    It starts anywhere between them with equal chance, which is how it stays distributed.
    """

    carries = True

    def __init__(self, low: float, high: float, sd: float, *, unit: str = "", doc: str = ""):
        self.low, self.high, self.sd, self.unit, self.doc = low, high, sd, unit, doc
        if not (low <= high and sd >= 0):
            raise ValueError(f"low = {low!r}, high = {high!r}, sd = {sd!r}: expected low <= high"
                             " and sd from 0")  # fmt: skip

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        steps, start = self.sd * rng.standard_normal(n), rng.uniform(self.low, self.high)
        if last is None:
            steps[0], last = 0.0, start
        return self.reflected(last + np.cumsum(steps))

    def reflected(self, values: np.ndarray) -> np.ndarray:
        """Numbers as mirrors at the bounds bring them back between these."""
        width = self.high - self.low
        if not width:
            return np.full(np.shape(values), self.low)
        away = (np.asarray(values) - self.low) % (2 * width)
        return np.clip(self.low + np.minimum(away, 2 * width - away), self.low, self.high)

    def allows(self, value: Any) -> bool:
        return _between(self.low, value, self.high)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}, a random walk in steps with SD {self.sd:g}"


class Switches(Condition):
    """One of 0 to n - 1, kept from trial to trial but for a switch to another with probability p.

    Each of them is as likely to come first, and each of the others to come next.
    """

    carries = True

    def __init__(self, n: int, p: float, *, unit: str = "", doc: str = ""):
        self.n, self.p, self.unit, self.doc = n, float(p), unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        switches = rng.random(n) < self.p
        steps = rng.integers(1, self.n, size=n) if self.n > 1 else np.zeros(n, np.int64)
        start = rng.integers(self.n)
        if last is None:
            switches[0], last = False, start
        return (last + np.cumsum(switches * steps)) % self.n

    def allows(self, value: Any) -> bool:
        return value in range(self.n)

    def __str__(self) -> str:
        return f"0 to {self.n - 1}, switches with probability {self.p:g}"


class Runs(Condition):
    """One of 0 to n - 1, kept for `least` to `most` trials, each number of them as likely.

    What comes first is any of them, and what comes next is another one, or with `any` any of them,
    with equal chance.
    """

    carries = True

    def __init__(
        self, n: int, least: int, most: int, *, any: bool = False, unit: str = "", doc: str = ""
    ):
        self.n, self.least, self.most, self.unit, self.doc = n, least, most, unit, doc
        self.schedule = Schedule(n, "random" if any else "switch", [least, most])

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        return self.draw_on(rng, n, last)[0]

    def draw_on(self, rng: np.random.Generator, n: int, last: Any) -> tuple[np.ndarray, Any]:
        return self.schedule.draw(rng, n, last)

    def allows(self, value: Any) -> bool:
        return value in range(self.n)

    def __str__(self) -> str:
        span = f"{self.least} to {self.most}" if self.least < self.most else f"{self.most}"
        return f"0 to {self.n - 1}, for {span} trials each"


# -- arrangements: strings, so that they stand in tables and in JSON as they are ---------------


def _numbers(value: Any) -> list[int]:
    """The numbers of a string such as "1-3-4"; none if it is not written just so."""
    parts = value.split("-") if isinstance(value, str) else []
    numbers = [int(part) for part in parts if part.isdecimal()]
    return numbers if "-".join(map(str, numbers)) == value else []


def _written(numbers: Iterable[int]) -> str:
    return "-".join(map(str, numbers))


def _decoded(values: np.ndarray, read: Callable[[str], Any]) -> np.ndarray:
    """What is read from each of the strings (n,), stacked: (n, ...); each is read once."""
    distinct, which = np.unique(values, return_inverse=True)
    return np.array([read(value) for value in distinct.tolist()])[which]


class Subset(Condition):
    """Which of n things are in play, counted from 1: "1-3-4". It is drawn as all of them.

    At least `least` can be forced, in ascending order.
    """

    def __init__(self, n: int, least: int = 2, *, unit: str = "", doc: str = ""):
        self.n, self.least, self.unit, self.doc = n, least, unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        return np.full(n, _written(range(1, self.n + 1)))

    def allows(self, value: Any) -> bool:
        numbers = _numbers(value)
        return len(numbers) >= self.least and set(numbers) <= set(range(1, self.n + 1)) and (
            numbers == sorted(set(numbers))
        )  # fmt: skip

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Whether each of the n things is in play, (trials, n) bool."""
        things = np.arange(1, self.n + 1)
        return _decoded(values, lambda value: np.isin(things, _numbers(value)))

    def __str__(self) -> str:
        few = _written(range(1, self.least + 1))
        return f"{self.least} or more of the numbers 1 to {self.n} in order, such as {few!r}"


class Permutation(Condition):
    """What each of n things goes with, counted from 1: "2-1". It is drawn once and kept."""

    carries = True

    def __init__(self, n: int, *, unit: str = "", doc: str = ""):
        self.n, self.unit, self.doc = n, unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        return np.full(n, last or _written(rng.permutation(self.n) + 1))

    def allows(self, value: Any) -> bool:
        return sorted(_numbers(value)) == list(range(1, self.n + 1))

    def decode(self, values: np.ndarray) -> np.ndarray:
        """What each of the n things goes with, counted from 0: (trials, n)."""
        return _decoded(values, lambda value: np.array(_numbers(value)) - 1)

    def __str__(self) -> str:
        return f"the numbers 1 to {self.n} in any order, such as {_written(range(self.n, 0, -1))!r}"


class Order(Permutation):
    """An order of n things, counted from 1: "3-1-2". Each trial has its own."""

    carries = False

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        orders = rng.permuted(np.tile(np.arange(1, self.n + 1), (n, 1)), axis=1)
        return np.array([_written(order) for order in orders.tolist()])


class Bits(Condition):
    """n bits, each of them 1 with probability `p`: "0110"."""

    def __init__(self, n: int, p: float = 0.5, *, unit: str = "", doc: str = ""):
        self.n, self.p, self.unit, self.doc = n, float(p), unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        bits = (rng.random((n, self.n)) < self.p).astype(np.uint8) + ord("0")
        return np.array([row.tobytes().decode() for row in bits])

    def allows(self, value: Any) -> bool:
        return isinstance(value, str) and len(value) == self.n and set(value) <= {"0", "1"}

    def decode(self, values: np.ndarray) -> np.ndarray:
        """The bits, (trials, n) bool."""
        return np.array([list(value) for value in values.tolist()]) == "1"

    def __str__(self) -> str:
        return f"{self.n} bits, each 1 with probability {self.p:g}"


class Count(Condition):
    """The number of a trial, from 0 to n - 1 and round again."""

    carries = True

    def __init__(self, n: int, *, unit: str = "", doc: str = ""):
        self.n, self.unit, self.doc = n, unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        return ((-1 if last is None else last) + 1 + np.arange(n)) % self.n

    def allows(self, value: Any) -> bool:
        return value in range(self.n)

    def __str__(self) -> str:
        return f"0 to {self.n - 1}, one after the other"


class Patterns(Condition):
    """n different patterns of bits, none without a 1: "0110-1001". They are drawn once and kept."""

    carries = True

    def __init__(self, n: int, bits: int, *, unit: str = "", doc: str = ""):
        if not 1 <= n < 2**bits or bits > 63:
            raise ValueError(f"there are no {n} different patterns of {bits} bits")
        self.n, self.bits, self.unit, self.doc = n, bits, unit, doc

    def draw(self, rng: np.random.Generator, n: int, last: Any) -> np.ndarray:
        codes: dict[int, None] = {}
        while last is None and len(codes) < self.n:
            codes[int(rng.integers(1, 2**self.bits))] = None
        return np.full(n, last or "-".join(format(code, f"0{self.bits}b") for code in codes))

    def allows(self, value: Any) -> bool:
        patterns = value.split("-") if isinstance(value, str) else []
        return len(patterns) == len(set(patterns)) == self.n and all(
            len(bits) == self.bits and set(bits) <= {"0", "1"} and "1" in bits for bits in patterns
        )

    def decode(self, values: np.ndarray) -> np.ndarray:
        """The bits of each pattern, (trials, n, bits) bool."""
        return _decoded(values, lambda value: [[b == "1" for b in p] for p in value.split("-")])

    def __str__(self) -> str:
        some = "-".join(format(code, f"0{self.bits}b") for code in range(1, min(self.n, 4) + 1))
        more = f"-..., {self.n} of them" if self.n > 4 else ""
        return f"{self.n} different patterns of {self.bits} bits with a 1 in each: {some}{more}"
