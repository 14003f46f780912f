"""Kinds of task parameters beyond those of param: timing, rewards, levels."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import param

from neurogym.spec.durations import Duration


def unknown(what: str, given: Iterable[str], allowed: Iterable[str]) -> str:
    """A sentence that says what was given, what is allowed, and what may have been meant."""
    given, allowed = list(given), list(allowed)
    close = [m for name in given for m in difflib.get_close_matches(str(name), allowed, 1)]
    hint = f"; did you mean {', '.join(map(repr, close))}?" if close else ""
    names = ", ".join(map(repr, given))
    return f"unknown {what} {names}: allowed are {', '.join(map(repr, allowed)) or 'none'}{hint}"


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


class _Merged(param.Dict):
    """A dict with fixed keys: assigning a part of it changes that part of the default."""

    what = "key"

    def __init__(
        self, default: Mapping | None = None, /, *, doc: str | None = None, **entries: Any
    ):
        default = self._read(dict(default or entries))
        super().__init__(default, doc=doc or type(self).__doc__, allow_None=False)

    def __set__(self, obj: Any, value: Any) -> None:
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise TypeError(f"{self.name} is a dict, not {value!r}")
        default = (obj if isinstance(obj, type) else type(obj)).param[self.name].default
        if extra := [key for key in value if key not in default]:
            raise ValueError(unknown(self.what, extra, default))
        super().__set__(obj, {**default, **self._read(dict(value))})


class Timing(_Merged):
    """Length of each period in ms, in the order in which they follow one another."""

    what = "period"

    def _read(self, value: dict) -> dict[str, Duration]:
        return {period: Duration.parse(spec, period) for period, spec in value.items()}

    @classmethod
    def serialize(cls, value: Mapping[str, Duration]) -> dict:
        """The JSON form of a timing."""
        return {period: duration.spec for period, duration in value.items()}


class Rewards(_Merged):
    """What each outcome of a trial earns."""

    what = "reward"

    def _read(self, value: dict) -> dict[str, float]:
        for key, reward in value.items():
            if isinstance(reward, bool) or not np.isscalar(reward) or isinstance(reward, str):
                raise ValueError(f"rewards[{key!r}] = {reward!r} is not a number")
        return {key: float(reward) for key, reward in value.items()}


class Levels(param.List):
    """The values that a condition takes, one in each trial; arrays and tuples do as well."""

    def __init__(self, default: Any = (), *, bounds: tuple | None = None, unit: str = "", **kwargs):
        self.level_bounds, self.unit = bounds, unit
        super().__init__([float(v) for v in default], item_type=float, bounds=(1, None), **kwargs)

    __slots__ = ["level_bounds", "unit"]

    def _validate(self, val: Any) -> None:
        super()._validate(val)
        low, high = self.level_bounds or (None, None)
        wrong = [v for v in val if (low is not None and v < low) or (high is not None and v > high)]
        if wrong:
            raise ValueError(f"{self.name}: {wrong} out of bounds {self.level_bounds}")

    def __set__(self, obj: Any, value: Any) -> None:
        if isinstance(value, (np.ndarray, tuple)):
            value = np.asarray(value).tolist()
        if isinstance(value, list):
            value = [float(v) if isinstance(v, (int, float)) else v for v in value]
        super().__set__(obj, value)


class Preset(dict):
    """Parameters for a purpose, such as a person at the keyboard: `Preset(dt=20, timing={...})`."""
