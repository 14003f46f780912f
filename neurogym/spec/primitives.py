"""What painters draw: the few primitives to which every element of a scene comes down.

A primitive is a dict of plain data with a `kind`, all defaults filled in. Any number in it may be a
binding, which `value` evaluates from a row of channels. Lengths are fractions of the stage, angles
radians. All have `color` and `alpha`; and, only where they are given, `during` (names of periods),
`show` (a channel that must be above 0.5), `flash` (it is seen for `ms`, but no longer than a
`share` of the interval, from each of `times` on, or `rate` times a second; if `ms` is 0, for one
frame at each of `times`, or, if `dark`, in all frames but these), `where` ([number,
low, high]: it is there while low < number <= high, of which high may be None) and `press` ([action,
how]: it is there while the action's key is "pressed", or "released", or for a moment after it was
"chosen"; only players press keys).

A point p of a path or circle lies at (x, y) + R(turn) ((along, 0) + p).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neurogym.spec.layout import ring

KINDS = ("path", "circle", "text", "waves", "dots", "sound")
TURN = 2 * np.pi
BASELINE = 0.35  # of a letter's size: how far the line that it stands on is below its centre


# -- bindings -----------------------------------------------------------------------------------


BINDINGS = ("channel", "ring", "pull", "mix")


def kind_of(value: Any) -> str | None:
    """How a number follows from the channels of a step; None if it does not.

    It is that of a "channel"; the angle to which a "ring" of channels, (first, size), points, or
    how far, its "pull"; or a "mix": the sum of channels times weights, [channel, weight] each. All
    are taken times `scale`, plus `offset`, and kept within `clip`, if it is there.
    """
    if not isinstance(value, Mapping):
        return None
    return next((kind for kind in BINDINGS if kind in value), None)


def is_binding(value: Any) -> bool:
    """Whether a number follows from the channels of a step."""
    return kind_of(value) is not None


def is_bound(value: Any) -> bool:
    """Whether there is a binding in a field."""
    if isinstance(value, Mapping):
        return is_binding(value) or any(map(is_bound, value.values()))
    return isinstance(value, list | tuple) and any(map(is_bound, value))


def value(field: Any, row: np.ndarray) -> Any:
    """What a field is in a step.

    `row` are the channels, and after them the numbers of a graded action.
    """
    if isinstance(field, list | tuple):
        return [value(item, row) for item in field]
    if not isinstance(field, Mapping):
        return field
    kind = kind_of(field)
    if kind is None:
        return {name: value(item, row) for name, item in field.items()}
    now = _read(kind, field[kind], row) * field["scale"] + field["offset"]
    low, high = field.get("clip", (now, now))
    return min(max(now, low), high)


def _read(kind: str, what: Any, row: np.ndarray) -> float:
    """What a binding reads of a row."""
    if kind == "channel":
        return float(row[what])
    if kind == "mix":
        return float(sum(weight * row[channel] for channel, weight in what))
    first, n = what
    theta, level = ring(n), row[first : first + n]
    x, y = level @ np.cos(theta), level @ np.sin(theta)
    return float(np.arctan2(y, x) if kind == "ring" else np.hypot(x, y))


def channels_of(field: Any) -> set[int]:
    """The channels that a field follows."""
    if isinstance(field, list | tuple):
        return set().union(*map(channels_of, field))
    if not isinstance(field, Mapping):
        return set()
    kind = kind_of(field)
    if kind is None:
        return set().union(*map(channels_of, field.values()))
    if kind == "channel":
        return {field["channel"]}
    if kind == "mix":
        return {channel for channel, _ in field["mix"]}
    first, n = field[kind]
    return set(range(first, first + n))


def rebound(field: Any, channel: Callable[[int], int]) -> Any:
    """A field whose bindings are to other channels: `channel` tells the new one of each."""
    if isinstance(field, list | tuple):
        return [rebound(item, channel) for item in field]
    if not isinstance(field, Mapping):
        return field
    kind = kind_of(field)
    if kind == "channel":
        return {**field, "channel": channel(field["channel"])}
    if kind == "mix":
        return {**field, "mix": [[channel(one), weight] for one, weight in field["mix"]]}
    if kind is not None:
        first, n = field[kind]
        return {**field, kind: [channel(first), n]}
    return {name: rebound(item, channel) for name, item in field.items()}


def times(a: Any, b: Any) -> Any:
    """The product of two numbers, one of which may be a binding."""
    if is_binding(a) and is_binding(b):
        raise ValueError("two bindings are multiplied: one of the two has to be a number")
    if is_binding(b):
        a, b = b, a
    if not is_binding(a):
        return a * b
    return _linear(a, b, 0.0)


def plus(a: Any, b: Any) -> Any:
    """The sum of two numbers, one of which may be a binding."""
    if is_binding(a) and is_binding(b):
        raise ValueError("two bindings are added: one of the two has to be a number")
    if is_binding(b):
        a, b = b, a
    return _linear(a, 1.0, b) if is_binding(a) else a + b


def _linear(binding: Mapping[str, Any], by: float, more: float) -> dict[str, Any]:
    out = {**binding, "scale": binding["scale"] * by, "offset": binding["offset"] * by + more}
    if "clip" in binding:
        out["clip"] = sorted(edge * by + more for edge in binding["clip"])
    return out


def is_there(e: Mapping[str, Any]) -> bool:
    """Whether something, its fields evaluated, has a colour at all, and is where it has to be."""
    if not e["alpha"] > 0 or e.get("press", (0, "released"))[1] != "released":
        return False
    now, low, high = e.get("where", (1, 0, None))
    return now > low and (high is None or now <= high)


def is_lit(
    since: float, rate: Any, times: Any, ms: float, share: float, dark: bool = False,
    frame: float = 1000 / 60,
) -> bool:  # fmt: skip
    """Whether something that flashes is seen so many ms after it came on, in a frame that long."""
    if not ms > 0:  # for one frame at each time, the first one after it
        return any(since - frame < at <= since for at in times) != dark
    if times is not None:
        return any(at <= since < at + ms for at in times)
    return not rate > 0 or since % (1000 / rate) < min(ms, 1000 * share / rate)


def envelope(e: Mapping[str, Any], ms: float) -> float:
    """How much there is of the contrast of waves, so many ms after they came on."""
    if not e["ramp"] > 0:
        return 1.0
    edge = min(ms, e["lasts"] - ms if e["lasts"] > 0 else np.inf) / e["ramp"]
    return float(0.5 - 0.5 * np.cos(np.pi * np.clip(edge, 0, 1)))


# -- primitives ---------------------------------------------------------------------------------


def path(points: Sequence[Sequence[float]], width: Any, height: Any, **how: Any) -> dict[str, Any]:
    """Lines through points, each times (width, height): a polygon if `closed`.

    Without a `stroke`, a line's width, it is filled. The ends of an open one are round.
    """
    told = dict(kind="path", points=[list(map(float, p)) for p in points], closed=True, stroke=None)
    return told | dict(x=0.0, y=0.0, turn=0.0, along=0.0, width=width, height=height) | how


def circle(radius: Any, **how: Any) -> dict[str, Any]:
    """A disc, or, with a `stroke`, the line around it from `start` to `stop`; `round` its ends."""
    told = dict(kind="circle", radius=radius, start=0.0, stop=TURN, stroke=None, round=False)
    return told | dict(x=0.0, y=0.0, turn=0.0, along=0.0) | how


def letters(text: Any, size: Any, **how: Any) -> dict[str, Any]:
    """A line of text, centred; letters stand `drop` sizes below the centre."""
    return dict(kind="text", text=str(text), size=size, drop=BASELINE, x=0.0, y=0.0) | how


def corners(radii: Sequence[float]) -> list[list[float]]:
    """Corners around the centre at these distances, the first of them up."""
    angles = np.pi / 2 + np.arange(len(radii)) * TURN / len(radii)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.round(np.asarray(radii)[:, None] * around, 6).tolist()


SQUARE = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
LINE = ((0, 0), (1, 0))
TIP = ((-0.6, 0), (0.4, -0.42), (0.4, 0.42))  # it points to the centre of its ring
BOX = ((-0.55, 0.18), (-0.35, 0.18), (-0.05, 0.45), (-0.05, -0.45), (-0.35, -0.18), (-0.55, -0.18))
OPENING = 0.75  # rad


def speaker(
    size: Any, level: Any, left: bool, flash: Mapping[str, Any] | None, **how: Any
) -> list[dict[str, Any]]:
    """The sign of a sound: a speaker, and up to three waves that go as far as the level."""
    side = -1 if left else 1
    body = path(BOX, times(size, side), size, **how)
    turn = {"turn": np.pi} if left else {}
    wave = dict(stroke=times(size, 0.09), start=-OPENING, stop=OPENING, round=True, **turn)
    wave |= {"along": times(size, -0.1)} | ({"flash": flash} if flash else {}) | how
    drawn = []
    for n in (1, 2, 3):  # as many waves as thirds of the level that are begun
        low, high = (n - 1) / 3, n / 3 if n < 3 else None
        if not is_binding(level) and not (low < level and (high is None or level <= high)):
            continue
        for i in range(1, n + 1):
            there = {"where": [level, low, high]} if is_binding(level) else {}
            drawn.append(circle(times(size, _reach(level, i / n)), **wave, **there))
    return [body, *drawn]


def _reach(level: Any, share: float) -> Any:
    """How far a wave goes: at level 1 by 0.77 sizes, and no further."""
    far = plus(times(level, 0.6 * share), 0.17)
    if is_binding(far):
        return {**far, "clip": [0.17, 0.17 + 0.6 * share]}
    return float(np.clip(far, 0.17, 0.17 + 0.6 * share))
