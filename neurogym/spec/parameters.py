"""Types of parameters beyond those of param: what each holds, and which values it takes.

Forms make a widget for each type, and errors say what was given and what is allowed. A number, a
switch, a text or one of some things is one of param's own types.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import param

from neurogym.spec.durations import Duration

ROUNDING = 1e-8  # of a sum of probabilities
DEEPEST = 32  # lists and objects within one another, in what is read
EXPONENTIAL = "truncated_exponential"
LARGEST = 1e30  # reward: browsers get float32


def unknown(what: str, given: Iterable[str], allowed: Iterable[str]) -> str:
    """A sentence that says what was given, what is allowed, and what may have been meant."""
    given, allowed = list(given), list(allowed)
    close = [m for name in given for m in difflib.get_close_matches(str(name), allowed, 1)]
    close = close or [m for name in given for m in _alike(str(name), allowed)]
    hint = f"; did you mean {', '.join(map(repr, close))}?" if close else ""
    names = ", ".join(map(repr, given))
    return f"unknown {what} {names}: allowed are {', '.join(map(repr, allowed)) or 'none'}{hint}"


class UnknownName(ValueError, TypeError):
    """A keyword that a task does not have; also a TypeError, as Python's own for such a call."""


# names that mean much the same: for hints where no name is spelled alike
ALIKE = (
    ("decision", "response", "go", "choice", "report", "reach", "test"),
    ("stimulus", "stim", "stim1", "sample", "cue", "target", "evidence"),
    ("fixation", "fix", "iti", "wait", "baseline"),
    ("delay", "memory", "gap", "delay1"),
    ("correct", "right", "hit", "success"),
    ("fail", "error", "wrong", "incorrect", "failure"),
    ("abort", "early", "fix_break", "break_fixation"),
    ("miss", "timeout", "no_response", "omission"),
)


def _alike(name: str, allowed: list[str]) -> list[str]:
    """Allowed names that mean the same as one, the first of a kind."""
    kinds = [kind for kind in ALIKE if name.rstrip("0123456789") in kind or name in kind]
    return [other for kind in kinds for other in kind if other in allowed][:1]


def replaced(who: str, given: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Raise the TypeError of a keyword that there is not; `told` says what stands for old ones."""
    for name in given:
        raise TypeError(
            f"{who} takes no {name}: {told[name]}"
            if name in told
            else f"{who}() got an unexpected keyword argument {name!r}"
        )


def shortened(text: str, most: int = 300) -> str:
    """A text without its middle, if it is too long: what may have been meant stands at the end."""
    end = most // 3
    return text if len(text) <= most else f"{text[: most - end]} … {text[-end:]}"


def plain(value: Any) -> Any:
    """A value as JSON has it: no tuples, no numpy, text as keys; NaN and infinity are None."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_json(text: str | bytes) -> Any:
    """What a text says as JSON; ValueError where it is none, or deeper than anything here is."""
    too_deep = f"lists and objects are more than {DEEPEST} within one another"
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(too_deep) from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeError) else "a number is too long"
        raise ValueError(why) from None
    level = [value]
    for _ in range(DEEPEST + 1):
        holders = (each for each in level if isinstance(each, dict | list))
        inner = (each.values() if isinstance(each, dict) else each for each in holders)
        level = [item for items in inner for item in items]
    if level:
        raise ValueError(too_deep)
    return value


def real(value: Any) -> bool:
    """Whether a value is a finite number; true and false are none."""
    return (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


Limits = tuple[float | None, float | None] | None  # lowest and highest; None: no bound


def whole(value: Any) -> bool:
    """Whether a value is a whole number."""
    return real(value) and float(value).is_integer()


# -- entries of fixed names ------------------------------------------------------------------------


class Entries(param.Dict):
    """A dict with fixed keys: assigning a part of it changes that part of the default."""

    what = "key"

    def entry(self, key: str) -> param.Parameter[Any]:
        """The parameter that one entry alone would be."""
        raise TypeError(f"{type(self).__name__} does not say what an entry is")

    def __init__(
        self, default: Mapping[str, Any] | None = None, /, *, doc: str | None = None, **entries: Any
    ):
        own = self._read(dict(default or entries))
        super().__init__(own, doc=doc or type(self).__doc__, allow_None=False)

    def __set__(self, obj: Any, value: Any) -> None:
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise TypeError(f"{self.name} is a dict, not {value!r}")
        owner: Any = obj if isinstance(obj, type) else type(obj)
        default = owner.param[self.name].default
        if extra := [key for key in value if key not in default]:
            raise ValueError(unknown(self.what, extra, default))
        super().__set__(obj, {**default, **self._read(dict(value))})


class Timing(Entries):
    """Length of each period in ms, in the order in which they follow one another."""

    what = "period"

    def _read(self, value: dict[str, Any]) -> dict[str, Duration]:
        return {period: Duration.parse(spec, period) for period, spec in value.items()}

    def entry(self, key: str) -> param.Parameter[Any]:
        """A length."""
        return Length(self.default[key].spec, doc="length of the period", label=key)

    @classmethod
    def serialize(cls, value: Mapping[str, Duration]) -> dict[str, Any]:
        """The JSON form of a timing."""
        return {period: duration.spec for period, duration in value.items()}


class Rewards(Entries):
    """What each outcome of a trial earns."""

    what = "reward"

    def _read(self, value: dict[str, Any]) -> dict[str, float]:
        for key, reward in value.items():
            if isinstance(reward, bool) or not isinstance(reward, int | float | np.number):
                raise ValueError(f"rewards[{key!r}] = {reward!r} is not a number")
            if not abs(float(reward)) <= LARGEST:
                raise ValueError(
                    f"rewards[{key!r}] = {reward!r}: expected a number from {-LARGEST:g} to"
                    f" {LARGEST:g}"
                )
        return {key: float(reward) for key, reward in value.items()}

    def entry(self, key: str) -> param.Parameter[Any]:
        """A number."""
        return param.Number(self.default[key], bounds=(-LARGEST, LARGEST), label=key)


class Checked(param.Parameter):
    """A value of a form of its own; the base of such types.

    `expected` says which values it takes, `takes` tells whether one is among them; None is where it
    is the default.
    """

    expected: ClassVar[str] = "a value"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is a value of the type."""
        return True

    def _validate(self, val: Any) -> None:
        if not (val is None and self.allow_None) and not self.takes(val):
            raise ValueError(f"{self.name} = {val!r}: expected {self.expected}")


class Length(Checked):
    """A period's length, as `Duration` reads it."""

    def _validate(self, val: Any) -> None:
        Duration.parse(val, self.label or "period")


# -- numbers ---------------------------------------------------------------------------------------


class Probability(param.Magnitude):
    """A probability, or a share: a number from 0 to 1."""


class Numbers(param.List):
    """A row of numbers within bounds; None, where that is the default, is said in the doc."""

    def __init__(
        self,
        default: Any = (),
        *,
        limits: tuple[float | None, float | None] | None = None,
        **kwargs: Any,
    ):
        self.limits = limits or (None, None)
        super().__init__(None if default is None else list(default), **kwargs)

    __slots__ = ["limits"]

    def _validate(self, val: Any) -> None:
        if val is None and self.allow_None:
            return
        low, high = self.limits
        if not isinstance(val, list) or not all(map(real, val)):
            raise ValueError(f"{self.name} = {val!r}: expected a list of numbers")
        wrong = [v for v in val if (low is not None and v < low) or (high is not None and v > high)]
        if wrong:
            span = " to ".join(f"{v:g}" for v in self.limits if v is not None)
            told = f"numbers from {span}" if low is not None else f"numbers up to {span}"
            raise ValueError(f"{self.name} = {wrong[0]!r}: expected {told}")


class Levels(param.List):
    """The values that a condition takes, one in each trial; arrays and tuples do as well.

    A number alone stands for a list of it.
    """

    def __init__(
        self,
        default: Any = (),
        *,
        bounds: tuple[float | None, float | None] | None = None,
        unit: str = "",
        **kwargs: Any,
    ):
        self.level_bounds, self.unit = bounds, unit
        super().__init__([float(v) for v in default], item_type=float, bounds=(1, None), **kwargs)

    __slots__ = ["level_bounds", "unit"]

    def _validate(self, val: Any) -> None:
        param.List._validate(self, val)
        low, high = self.level_bounds or (None, None)
        wrong = [v for v in val if (low is not None and v < low) or (high is not None and v > high)]
        if wrong:
            raise ValueError(f"{self.name}: {wrong} out of bounds {self.level_bounds}")

    def __set__(self, obj: Any, value: Any) -> None:
        if isinstance(value, (np.ndarray, tuple)):
            value = np.asarray(value).tolist()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = [value]
        if isinstance(value, list):
            value = [float(v) if isinstance(v, (int, float)) else v for v in value]
        super().__set__(obj, value)


class Probabilities(Checked):
    """Probabilities that sum to 1."""

    expected = "a list of probabilities that sum to 1"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is such a list."""
        return (
            isinstance(value, list)
            and len(value) > 0
            and all(real(v) and v >= 0 for v in value)
            and abs(sum(value) - 1) <= ROUNDING
        )


class ProbabilityRows(Checked):
    """Rows of probabilities, each of which sums to 1."""

    expected = "rows of probabilities that sum to 1"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether these are such rows."""
        return isinstance(value, list) and bool(value) and all(map(Probabilities.takes, value))


class Transitions(Checked):
    """What follows what: a probability of repetition, a matrix, or a list of these, one a block.

    A matrix has a row for each answer before and a column for each that follows; rows sum to 1.
    """

    expected = "a probability of repetition, a matrix whose rows sum to 1, or a list of these"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is a probability, a matrix, or a list of such."""
        one = Transitions._one
        return one(value) or (isinstance(value, list) and bool(value) and all(map(one, value)))

    @staticmethod
    def _one(value: Any) -> bool:
        return (real(value) and 0 <= value <= 1) or ProbabilityRows.takes(value)


class Onsets(Checked):
    """When other tasks begin, in ms: a number, or one for each of them."""

    expected = "a number of ms, or a list of such"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether these are times."""
        times = value if isinstance(value, list) else [value]
        return all(real(v) and v >= 0 for v in times)


# -- blocks ----------------------------------------------------------------------------------------


class BlockLength(Checked):
    """How long blocks last.

    A number of trials; a pair [low, high] from which each block's length is drawn, bounds included;
    a probability below 1 with which a block ends at each trial; or ["truncated_exponential", [mean,
    min, max]], lengths as of a `Duration`, rounded down.
    """

    expected = (
        "a number of trials, (low, high) trials, a probability below 1, or"
        " ('truncated_exponential', (mean, min, max)) trials"
    )

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is such a length."""
        if (drawn := BlockLength.exponential(value)) is not None:
            mean, low, high = drawn
            return mean > 0 and 1 <= low <= high
        low, high = BlockLength.limits(value)
        if not (real(low) and real(high)):
            return False
        return (whole(low) and whole(high) and 0 < low <= high) or (low == high and 0 < low < 1)

    @staticmethod
    def exponential(value: Any) -> tuple[float, float, float] | None:
        """Mean, least and greatest length of one that is drawn so; None of all others."""
        if not (isinstance(value, list | tuple) and len(value) == 2 and value[0] == EXPONENTIAL):
            return None
        numbers = value[1]
        if not (
            isinstance(numbers, list | tuple) and len(numbers) == 3 and all(map(real, numbers))
        ):
            return None
        mean, low, high = map(float, numbers)
        return mean, low, high

    @staticmethod
    def limits(value: Any) -> tuple[Any, Any]:
        """The two numbers of a pair, or one number twice."""
        return tuple(value) if isinstance(value, list | tuple) and len(value) == 2 else (value,) * 2


class BlockLengths(Checked):
    """A length of blocks for each of several things."""

    expected = f"a list; in it {BlockLength.expected} each"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is a list of lengths."""
        return isinstance(value, list) and all(map(BlockLength.takes, value))


# -- names and what goes with them -----------------------------------------------------------------

NAMED = ("channel", "period", "condition")


def _named(of: tuple[str, ...] | str) -> tuple[str, ...]:
    """What names are of; ValueError for what a task has no names of."""
    kinds = (of,) if isinstance(of, str) else tuple(of)
    if extra := [kind for kind in kinds if kind not in NAMED]:
        raise ValueError(unknown("kind of names", extra, NAMED))
    return kinds


class Name(param.String):
    """The name of a channel, a period or a condition (`of`, one of these or some) of the task."""

    __slots__ = ["of"]

    def __init__(self, default: str = "", *, of: tuple[str, ...] | str = NAMED, **kwargs: Any):
        self.of = _named(of)
        super().__init__(default, **kwargs)


class Names(Checked):
    """Names of channels, periods or conditions of the task."""

    __slots__ = ["of"]
    expected = "a list of names"

    def __init__(self, default: Any = (), *, of: tuple[str, ...] | str = NAMED, **kwargs: Any):
        self.of = _named(of)
        super().__init__(None if default is None else list(default), **kwargs)

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is a list of names."""
        return isinstance(value, list) and all(isinstance(name, str) for name in value)


class NameLists(Names):
    """Lists of names."""

    expected = "lists of names"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether these are such lists."""
        return isinstance(value, list) and all(map(Names.takes, value))


class Settings(Checked):
    """Dicts of conditions, or lengths of periods, and their values."""

    expected = "a list of dicts"

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is a list of dicts."""
        return isinstance(value, list) and all(isinstance(line, Mapping) for line in value)


class Tasks(Checked):
    """Other tasks: `{"task": id, "params": {...}, "stack": [...], "preset": "human"}` each."""

    expected = 'a list of tasks, {"task": id} each'

    @staticmethod
    def takes(value: Any) -> bool:
        """Whether this is a list of tasks."""
        return isinstance(value, list) and all(
            isinstance(told, Mapping) and isinstance(told.get("task"), str) for told in value
        )


# -- presets ---------------------------------------------------------------------------------------


class Preset(dict[str, Any]):
    """Parameters for a purpose, such as a person at the keyboard: `Preset(dt=20, timing={...})`."""
