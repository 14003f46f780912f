"""What a person sees and presses: shapes bound to conditions and channels, and keys for actions.

A scene is plain data. Coordinates and sizes are fractions of the stage, x to the right and y up
from its centre; angles are radians, 0 to the right, counter-clockwise; times are ms. `resolve`
turns it, with a trial's conditions filled in, into the primitives that every painter draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import numpy as np

from neurogym.spec.layout import Actions, Channels, Graded, ring
from neurogym.spec.parameters import unknown
from neurogym.spec.primitives import (
    LINE,
    SQUARE,
    TIP,
    circle,
    corners,
    letters,
    path,
    plus,
    speaker,
    times,
)

INK, GO, BLUE, ORANGE = "#f5f5f5", "#7ee0a1", "#4aa3ff", "#ffa033"
TEAL, PINK = "#7fe0d0", "#ff9ecb"
DOTS = ("direction", "coherence", "aperture", "density", "speed", "dot", "contrast", "lifetime")
WAVES = ("size", "frequency", "hz", "phase", "contrast", "soft", "ramp", "lasts")


class Planned(Protocol):
    """What a scene reads of a task's plan."""

    channels: Channels
    actions: Actions

    @property
    def keys(self) -> Any:
        """What says how it is played."""

    @property
    def timing(self) -> Mapping[str, Any]:
        """Its periods."""


class Staged(Protocol):
    """What shows a task: a scene, or those of several tasks."""

    def resolve(self, task: Any, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The stage of one trial, as primitives."""


class Pressed(Protocol):
    """What says how a task is played: keys, or those of several tasks."""

    def resolve(self, actions: Any) -> dict[str, Any]:
        """`keys`, and `dial` or None."""

    def answers(self, actions: Any) -> dict[int, str]:
        """What all actions but the first are called."""


class Declared(Protocol):
    """A task, as far as its scene knows it; functions of a scene's author read its parameters."""

    @property
    def plan(self) -> Planned:
        """Channels, actions and periods."""


# -- bindings: values that a trial or a channel gives -------------------------------------------


@dataclass(frozen=True)
class Of:
    """The trial's value of a condition, times `scale` plus `offset`; `table` maps it first."""

    condition: str
    scale: float = 1.0
    offset: float = 0.0
    table: Mapping[Any, Any] | None = None

    def resolve(self, task: Declared, conditions: Mapping[str, Any], channels: Channels) -> Any:
        """The value for one trial."""
        if self.condition not in conditions:
            raise ValueError(unknown("condition", [self.condition], conditions))
        value = conditions[self.condition]
        if self.table is not None:
            return self.table[value]
        return value * self.scale + self.offset


@dataclass(frozen=True)
class AngleOf:
    """The direction on a ring of `size` (a number or a task parameter) that a condition picks."""

    condition: str
    size: str | int = "dim_ring"

    def resolve(self, task: Declared, conditions: Mapping[str, Any], channels: Channels) -> float:
        """The angle in radians for one trial."""
        size = getattr(task, self.size) if isinstance(self.size, str) else self.size
        return float(ring(size)[int(conditions[self.condition])])


@dataclass(frozen=True)
class By:
    """Whatever a function of the task and the trial's conditions gives."""

    function: Callable[[Any, Mapping[str, Any]], Any]

    def resolve(self, task: Declared, conditions: Mapping[str, Any], channels: Channels) -> Any:
        """The value for one trial."""
        return self.function(task, conditions)


@dataclass(frozen=True)
class Channel:
    """The value of a channel in the step that is on the screen."""

    name: str
    scale: float = 1.0
    offset: float = 0.0

    def resolve(
        self, task: Declared, conditions: Mapping[str, Any], channels: Channels
    ) -> dict[str, Any]:
        """The binding that the player evaluates."""
        start = channels[self.name].start
        return {"channel": start, "scale": self.scale, "offset": self.offset}


@dataclass(frozen=True)
class Hand:
    """What a person's keys or mouse make of a graded action now, such as where a pointer is."""

    action: str
    scale: float = 1.0
    offset: float = 0.0

    def resolve(
        self, task: Declared, conditions: Mapping[str, Any], channels: Channels
    ) -> dict[str, Any]:
        """The binding that the player evaluates: these numbers follow a step's channels."""
        at = channels.size + task.plan.actions.index(self.action)
        return {"channel": at, "scale": self.scale, "offset": self.offset}


@dataclass(frozen=True)
class Bump:
    """The angle to which a ring of channels points in the step that is on the screen."""

    name: str
    offset: float = 0.0

    def resolve(
        self, task: Declared, conditions: Mapping[str, Any], channels: Channels
    ) -> dict[str, Any]:
        """The binding that the player evaluates."""
        group = channels[self.name]
        return {"ring": [group.start, group.size], "scale": 1.0, "offset": self.offset}


@dataclass(frozen=True)
class Pull:
    """How far a ring of channels points in the step that is on the screen, wherever it points.

    Channels of base + level * cos(their angle - another one) have a pull of `level`.
    """

    name: str
    scale: float = 1.0
    offset: float = 0.0

    def resolve(
        self, task: Declared, conditions: Mapping[str, Any], channels: Channels
    ) -> dict[str, Any]:
        """The binding that the player evaluates."""
        group = channels[self.name]
        whole = float((np.cos(ring(group.size)) ** 2).sum())
        pull = [group.start, group.size]
        return {"pull": pull, "scale": self.scale / whole, "offset": self.offset}


@dataclass(frozen=True)
class Mix:
    """A weighted sum of a group's channels, in their order, in the step that is on the screen."""

    name: str
    weights: Sequence[float]
    offset: float = 0.0

    def resolve(
        self, task: Declared, conditions: Mapping[str, Any], channels: Channels
    ) -> dict[str, Any]:
        """The binding that the player evaluates."""
        group = channels[self.name]
        if len(self.weights) != group.size:
            raise ValueError(
                f"{len(self.weights)} weights for {group.size} channels {self.name!r}: expected one"
                " for each"
            )
        weighted = [[group.start + k, float(w)] for k, w in enumerate(self.weights) if w]
        return {"mix": weighted, "scale": 1.0, "offset": self.offset}


PRESSES = ("pressed", "released", "chosen")


# -- elements -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Element:
    """Something on the stage, during some periods, while a channel (`show`) is on.

    `when`, a function of the task and the trial's conditions, says which trials it belongs to.

    Three fields name an action, or a key of graded ones, and answer at once to the person who plays
    by keys: what is `pressed` is there while that key is down, what is `released` while it is not,
    and what is `chosen` for a moment after a press, if it was on then, though the trial goes on or
    is over. Agents see what is there while nobody presses a key.
    """

    x: Any = 0.0
    y: Any = 0.0
    color: Any = INK
    alpha: Any = 1.0
    during: str | tuple[str, ...] | None = None
    show: str | None = None
    pressed: str | None = None
    released: str | None = None
    chosen: str | None = None
    when: Callable[[Any, Mapping[str, Any]], bool] | None = None

    def read(self, task: Declared, conditions: Mapping[str, Any]) -> dict[str, Any] | None:
        """The fields in one trial; None if the element is not part of it."""
        if self.when and not self.when(task, conditions):
            return None
        out: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name in ("when", "during", "show", *PRESSES):
                continue
            while hasattr(value, "resolve"):  # a function may give another binding
                value = value.resolve(task, conditions, task.plan.channels)
            out[f.name] = value.item() if isinstance(value, np.generic) else value
        return out

    def resolve(self, task: Declared, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The primitives that the element is in one trial; none if it is not part of it."""
        told = self.read(task, conditions)
        if told is None:
            return []
        common: dict[str, Any] = {"color": told["color"], "alpha": told["alpha"]}
        if self.during is not None:
            periods = [self.during] if isinstance(self.during, str) else list(self.during)
            if extra := [p for p in periods if p not in task.plan.timing]:
                raise ValueError(unknown("period", extra, task.plan.timing))
            common["during"] = periods
        if self.show is not None:
            common["show"] = task.plan.channels[self.show].start
        for how in PRESSES:
            if (name := getattr(self, how)) is not None:
                common["press"] = [task.plan.keys.number(name, task.plan.actions), how]
        return [{**primitive, **common} for primitive in self.lower(told)]

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The primitives of fields as `read` gives them, without what all elements have."""
        raise TypeError(f"{type(self).__name__} does not say how it is drawn")


def _at(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: told[name] for name in ("x", "y", *names)}


@dataclass(frozen=True, kw_only=True)
class Cross(Element):
    """A fixation cross."""

    size: Any = 0.05
    width: Any = 0.008

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        lying = path(SQUARE, told["size"], told["width"], **_at(told))
        return [lying, path(SQUARE, told["width"], told["size"], **_at(told))]


@dataclass(frozen=True, kw_only=True)
class Disc(Element):
    """A disc, or a circle if `outline` gives a line width.

    With a `rate` it flashes: for 50 ms, so many times a second. With `times`, in ms since it came
    on, it is seen for a single frame at each of them, or, if `dark`, in all frames but these.
    """

    radius: Any = 0.1
    outline: Any = None
    rate: Any = 0.0
    times: Any = None
    dark: bool = False

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        drawn = circle(told["radius"], stroke=told["outline"], **_at(told))
        if told["rate"]:
            drawn["flash"] = dict(rate=told["rate"], times=None, ms=50.0, share=1.0)
        return [drawn | _struck(told)]


def _struck(told: Mapping[str, Any]) -> dict[str, Any]:
    """The flash of a frame at each of some times, if there are any."""
    if told["times"] is None:
        return {}
    times = np.asarray(told["times"], float).ravel()
    if not (np.isfinite(times).all() and (times >= 0).all()):
        raise ValueError(f"times = {times.tolist()}: expected ms since it came on")
    return {"flash": dict(rate=None, times=times.tolist(), ms=0.0, share=1.0, dark=told["dark"])}


@dataclass(frozen=True, kw_only=True)
class Polygon(Element):
    """A regular polygon; at rotation 0 a corner points up."""

    radius: Any = 0.1
    sides: int = 4
    rotation: Any = 0.0
    outline: Any = None

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        how = dict(turn=told["rotation"], stroke=told["outline"])
        points = corners([1] * int(told["sides"]))
        return [path(points, told["radius"], told["radius"], **how, **_at(told))]


@dataclass(frozen=True, kw_only=True)
class Star(Element):
    """A star, one point up."""

    radius: Any = 0.1
    points: int = 5

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        points = corners([1, 0.42] * int(told["points"]))
        return [path(points, told["radius"], told["radius"], **_at(told))]


@dataclass(frozen=True, kw_only=True)
class Bar(Element):
    """A rectangle."""

    width: Any = 0.02
    height: Any = 0.2
    angle: Any = 0.0

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [path(SQUARE, told["width"], told["height"], turn=told["angle"], **_at(told))]


@dataclass(frozen=True, kw_only=True)
class Arc(Element):
    """A part of a circle; `times` and `dark` as of a `Disc`."""

    radius: Any = 0.3
    width: Any = 0.01
    start: Any = 0.0
    stop: Any = 2 * np.pi
    times: Any = None
    dark: bool = False

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        drawn = circle(told["radius"], stroke=told["width"], **_at(told, "start", "stop"))
        return [drawn | _struck(told)]


@dataclass(frozen=True, kw_only=True)
class Pointer(Element):
    """A line from the centre to a rounded tip."""

    length: Any = 0.3
    width: Any = 0.02
    angle: Any = 0.0

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        how = dict(turn=told["angle"], stroke=told["width"], closed=False)
        return [path(LINE, told["length"], told["length"], **how, **_at(told))]


@dataclass(frozen=True, kw_only=True)
class Marker(Element):
    """A disc or triangle at an angle on a ring; `size` is its diameter, or its height."""

    radius: Any = 0.3
    angle: Any = 0.0
    size: Any = 0.03
    shape: str = "disc"

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        if told["shape"] not in ("disc", "triangle"):
            raise ValueError(unknown("shape", [told["shape"]], ("disc", "triangle")))
        at = _at(told) | {"turn": told["angle"], "along": told["radius"]}
        if told["shape"] == "triangle":
            return [path(TIP, told["size"], told["size"], **at)]
        return [circle(times(told["size"], 0.5), **at)]


@dataclass(frozen=True, kw_only=True)
class Text(Element):
    """A line of text; `size` is its height."""

    text: Any = ""
    size: Any = 0.06

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [letters(told["text"], told["size"], **_at(told))]


EARS = {"left": -0.43, "right": 0.43, "both": 0.0}  # and where a sound's sign is by default


@dataclass(frozen=True, kw_only=True)
class Sound(Element):
    """Something that is heard, at `level` (0 to 1, of amplitude) in an `ear`, or in both.

    While it is on a speaker of that `size` shows it, with waves as wide as the level, so that it is
    not lost on those who hear nothing; `x`, `y`, `color` and `alpha` are the speaker's.
    """

    x: Any = None
    y: Any = 0.43
    size: Any = 0.08
    level: Any = 0.5
    ear: Any = "both"

    def read(self, task: Declared, conditions: Mapping[str, Any]) -> dict[str, Any] | None:
        """As for any element; without `x` the speaker is at the side of its ear."""
        out = super().read(task, conditions)
        if out is None:
            return None
        if out["ear"] not in EARS:
            raise ValueError(unknown("ear", [out["ear"]], EARS))
        if out["x"] is None:
            out["x"] = EARS[out["ear"]]
        return out

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        left = told["ear"] == "left"
        heard = {"kind": "sound", "level": told["level"], "ear": told["ear"]} | self.source(told)
        sign = speaker(told["size"], told["level"], left, self.flash(told), **_at(told))
        return [heard, *sign]

    def source(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What is heard: a `source` and its numbers."""
        raise TypeError(f"{type(self).__name__} does not say how it sounds")

    def flash(self, told: Mapping[str, Any]) -> dict[str, Any] | None:
        """When the waves of the sign are seen; None if always."""
        return None


@dataclass(frozen=True, kw_only=True)
class Tone(Sound):
    """A sine of `frequency` Hz, which is read when it begins."""

    frequency: Any = 1000.0

    def source(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {"source": "sine", "frequency": told["frequency"]}


@dataclass(frozen=True, kw_only=True)
class Noise(Sound):
    """White noise, the same again in the same trial."""

    def source(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {"source": "noise"}


@dataclass(frozen=True, kw_only=True)
class Clicks(Sound):
    """A train of clicks: `rate` a second, evenly spaced, or at `times` in ms since it came on."""

    rate: Any = None
    times: Any = None

    def __post_init__(self) -> None:
        if (self.rate is None) == (self.times is None):
            raise ValueError(f"rate = {self.rate}, times = {self.times}: clicks need one of them")

    def read(self, task: Declared, conditions: Mapping[str, Any]) -> dict[str, Any] | None:
        """As for any sound."""
        out = super().read(task, conditions)
        if out is None or self.times is None:
            return out
        times = np.asarray(out["times"], float).ravel()
        if not (np.isfinite(times).all() and (times >= 0).all()):
            raise ValueError(f"times = {times.tolist()}: expected ms since the clicks came on")
        return {**out, "times": times.tolist()}

    def source(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {"source": "clicks", "rate": told["rate"], "times": told["times"]}

    def flash(self, told: Mapping[str, Any]) -> dict[str, Any] | None:
        share = 0.5 if told["times"] is None else 1.0
        return dict(rate=told["rate"], times=told["times"], ms=80.0, share=share)


@dataclass(frozen=True, kw_only=True)
class Dots(Element):
    """Random-dot motion in a circular aperture.

    `coherence` in percent; `aperture` and `dot` are diameters; `density` in dots per aperture area
    and second, over all `lifetime` interleaved sets; `speed` in stages per second. With `colors`, a
    share of `color_share` of the dots has the first of them.

    With `evidence`, a ring of channels, direction and coherence are what these say in each step,
    their noise included: levels of 0.5 + coherence / 200 * cos(away) have that coherence. The first
    channel stands for motion to `start`, rad. The mean displacement of the dots is linear in the
    channels: beyond 100 % all dots move together, and so much faster.
    """

    evidence: str | None = None
    start: float = 0.0
    direction: Any = 0.0
    coherence: Any = 0.0
    aperture: Any = 0.6
    density: Any = 6000.0
    speed: Any = 0.45
    dot: Any = 0.011
    contrast: Any = 1.0
    lifetime: int = 3
    colors: tuple[str, str] | None = None
    color_share: Any = 0.5

    def __post_init__(self) -> None:
        if self.evidence is not None and (self.direction, self.coherence) != (0.0, 0.0):
            raise ValueError(
                f"evidence = {self.evidence!r} gives direction and coherence: leave these out"
            )

    def read(self, task: Declared, conditions: Mapping[str, Any]) -> dict[str, Any] | None:
        """As for any element; the evidence gives direction and coherence."""
        out = super().read(task, conditions)
        if out is not None and self.evidence is not None:
            of = (task, conditions, task.plan.channels)
            out["direction"] = Bump(self.evidence, self.start).resolve(*of)
            out["coherence"] = Pull(self.evidence, 200.0).resolve(*of)
        return out

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        one = (told["color"], told["color"])
        colors = list(told["colors"] or one)
        share = told["color_share"] if told["colors"] else 1.0
        return [dict(kind="dots", colors=colors, color_share=share, **_at(told, *DOTS))]


@dataclass(frozen=True, kw_only=True)
class Grating(Element):
    """A sine grating that drifts to `angle`, in a round window with soft edges.

    `size` is the window's diameter, of whose radius the share `soft` fades; `frequency` is in
    cycles per stage, `hz` in cycles per second, `phase` in radians; `contrast` from 0 to 1. It
    fades in for `ramp` ms, and, if it is told how many ms it `lasts`, out.
    """

    size: Any = 0.4
    frequency: Any = 8.0
    angle: Any = 0.0
    hz: Any = 0.0
    phase: Any = 0.0
    contrast: Any = 1.0
    soft: Any = 0.3
    ramp: Any = 0.0
    lasts: Any = 0.0

    def lower(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [dict(kind="waves", angles=self.angles(told), **_at(told, *WAVES))]

    def angles(self, told: Mapping[str, Any]) -> list[Any]:
        """Where its waves drift to."""
        return [told["angle"]]


@dataclass(frozen=True, kw_only=True)
class Plaid(Grating):
    """Two gratings of half the contrast each, `spread` to the left and right of `angle`."""

    spread: Any = np.pi / 4

    def angles(self, told: Mapping[str, Any]) -> list[Any]:
        return [plus(told["angle"], times(told["spread"], way)) for way in (-1, 1)]


@dataclass(frozen=True)
class Scene:
    """The elements of a task's stage, drawn in order. An empty scene shows the channels as bars."""

    elements: tuple[Element, ...] = ()

    def __init__(self, *elements: Element):
        object.__setattr__(self, "elements", elements)

    def resolve(self, task: Declared, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The primitives of the stage in one trial, as JSON."""
        return [p for element in self.elements for p in element.resolve(task, conditions)]


# -- keys ---------------------------------------------------------------------------------------

CAPS = {
    "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Space": "space",
    "Enter": "enter",
}  # fmt: skip


def cap(code: str) -> str:
    """What is printed on the key with a `KeyboardEvent.code`."""
    return CAPS.get(code, code.removeprefix("Key").removeprefix("Digit"))


RING_KEYS = {
    2: (("ArrowRight", "right"), ("ArrowLeft", "left")),
    4: (("ArrowRight", "right"), ("ArrowUp", "up"), ("ArrowLeft", "left"), ("ArrowDown", "down")),
}
SCREEN_ORDER = ("ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight")


@dataclass(frozen=True)
class Keys:
    """Which keys give which actions.

    `Keys(go=("Space",))` names the key codes of a group's actions, `Keys(choice="ring")` takes the
    arrow that points where the answer lies, and a dial where there are more answers than arrows.
    `names` says what the answers are called on the screen.
    """

    codes: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __init__(self, names: Mapping[str, Sequence[str]] | None = None, /, **codes: Any):
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "names", names or {})

    def number(self, name: str, actions: Actions) -> int:
        """The number that the key of an action has, by the action's name."""
        return actions.index(name)

    def resolve(self, actions: Actions) -> dict[str, Any]:
        """`keys`, each of code, label, action, name; and `dial`, or None: every answer has one."""
        keys: list[dict[str, Any]] = []
        dial = None
        for group in actions:
            if group.start == 0 and group.name not in self.codes:
                continue  # to do nothing needs no key
            codes = self.codes.get(group.name, "ring" if group.size != 1 else ("Space",))
            if codes == "ring" and group.size not in RING_KEYS:
                if dial:
                    raise ValueError("a task has one dial at most")
                dial = {
                    "actions": list(range(group.start, group.stop)),
                    "names": list(self.names.get(group.name, group.labels)),
                    "angles": ring(group.size).tolist(),
                }
                continue
            pairs: Sequence[tuple[str, str]]
            if codes == "ring":
                pairs = RING_KEYS[group.size]
            else:
                if len(codes) != group.size:
                    raise ValueError(
                        f"{group.size} actions {group.name!r} but {len(codes)} keys: {list(codes)}"
                    )
                pairs = list(zip(codes, self.names.get(group.name, group.labels), strict=True))
            names = self.names.get(group.name, [name for _, name in pairs])
            for i, (code, _) in enumerate(pairs):
                action = group.start + i
                keys.append({"code": code, "label": cap(code), "action": action, "name": names[i]})
        order = {code: i for i, code in enumerate(SCREEN_ORDER)}
        keys.sort(key=lambda key: order.get(key["code"], key["action"]))
        return {"keys": keys, "dial": dial}

    def answers(self, actions: Actions) -> dict[int, str]:
        """What all actions but the first are called: as their keys say, else by their labels."""
        names = dict(enumerate(actions.labels))
        for group in actions:
            ring = self.codes.get(group.name, "ring") == "ring" and group.size in RING_KEYS
            usual = [name for _, name in RING_KEYS[group.size]] if ring else group.labels
            told = self.names.get(group.name, usual)
            names |= dict(zip(range(group.start, group.stop), told, strict=True))
        return {action: name for action, name in names.items() if action}


HOW_TO_PRESS = ("hold", "move", "toggle")


@dataclass(frozen=True)
class Press:
    """What a key does to graded actions: `Press("Space", "answer", "hold", {"gate": 1})`.

    `how`: "hold" sets them while the key is down, a step at least; "move" changes them by so much a
    second while it is down; "toggle" sets them, or sets them back, with each press.
    """

    code: str
    name: str
    how: str
    numbers: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.how not in HOW_TO_PRESS:
            raise ValueError(unknown("way to press", [self.how], HOW_TO_PRESS))


@dataclass(frozen=True)
class Controls(Keys):
    """Which keys set graded actions, and what mouse and touch do.

    `start` says where actions are when a trial begins, if not at rest. `point` tells which action
    follows the pointer, as (axis, scale, offset) of its place on the stage; to click presses the
    key `click`. With `only`, the numbers count while that key is down alone, and are at rest in all
    other steps. With `once`, the first key of a trial is the one that counts.
    """

    presses: tuple[Press, ...] = ()
    start: Mapping[str, float] = field(default_factory=dict)
    point: Mapping[str, tuple[str, float, float]] = field(default_factory=dict)
    click: str | None = None
    only: str | None = None
    once: bool = False

    def __init__(
        self,
        *presses: Press,
        start: Mapping[str, float] | None = None,
        point: Mapping[str, tuple[str, float, float]] | None = None,
        click: str | None = None,
        only: str | None = None,
        once: bool = False,
    ):
        super().__init__()
        codes = [press.code for press in presses]
        for code in (click, only):
            if code is not None and code not in codes:
                raise ValueError(unknown("key", [code], codes))
        given = (presses, start or {}, point or {}, click, only, once)
        names = ("presses", "start", "point", "click", "only", "once")
        for name, value in zip(names, given, strict=True):
            object.__setattr__(self, name, value)

    def number(self, name: str, actions: Actions) -> int:
        names = [press.name for press in self.presses]
        if name not in names:
            raise ValueError(unknown("key", [name], names))
        return 1 + names.index(name)

    def resolve(self, actions: Actions) -> dict[str, Any]:
        """As for other keys, whose `action` is here the place in `hand["presses"]`, from 1."""
        if not isinstance(actions, Graded):
            raise ValueError("these keys set graded actions, but the task's are one of several")
        keys = [
            {"code": press.code, "label": cap(press.code), "action": i, "name": press.name}
            for i, press in enumerate(self.presses, 1)
        ]
        place = {key["code"]: key["action"] for key in keys}
        rest = np.array(actions.rest)
        start = rest.copy()
        for action, value in self.start.items():
            start[actions.index(action)] = value
        hand = {
            "rest": rest.tolist(),
            "start": start.tolist(),
            "low": actions.low.tolist(),
            "high": actions.high.tolist(),
            "presses": [
                [press.how, [[actions.index(a), float(v)] for a, v in press.numbers.items()]]
                for press in self.presses
            ],
            "point": [[actions.index(a), *how] for a, how in self.point.items()],
            "click": place.get(self.click),
            "only": place.get(self.only),
            "once": self.once,
        }
        return {"keys": keys, "dial": None, "hand": hand}
