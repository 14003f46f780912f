"""What a browser sends, field by field: of the right kind, and of a size that can be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from app.player import messages
from neurogym.envs.task_env import graded
from neurogym.spec.outcomes import Outcome
from neurogym.spec.parameters import unknown

LONGEST = 200  # characters of an id
MOST_KEYS, LONGEST_KEY = 64, 40  # that a record can tell; letters on one
MOST_PERIODS = 300  # of a trial
SIZES = ("stage", "window", "screen")  # that a record tells, in CSS pixels
LARGEST, FINEST = 100_000, 100  # CSS pixels of a screen, pixels of one
MOST_COUNTED = 1_000_000  # times that something happened in a trial
INTERRUPTIONS = ("hidden", "pause", "stop", "reload")
COUNTS = ("early", "repeat", "extra", "blur", "hidden", "resize", "late_steps", "late_sounds")
VIEWS = ("scene", "channels", "both")  # the last if it was changed in the trial
FLAGS = (*COUNTS, "sound", "refresh_changed", "interrupted")


def field(message: Any, name: str) -> Any:
    """A field of a message; ValueError if there is none."""
    if not isinstance(message, Mapping):
        raise ValueError(f"a message is an object, not {brief(message)}")
    if name not in message:
        raise ValueError(f"the message has no {name!r}")
    return message[name]


def brief(value: Any) -> str:
    """A value as an error shows it."""
    shown = repr(value[:80]) if isinstance(value, str | bytes | list | tuple) else repr(value)
    return shown[:80]


def text(message: Any, name: str) -> str:
    """A field that is an id."""
    value = field(message, name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise ValueError(f"{name} = {brief(value)}: expected text of 1 to {LONGEST} characters")
    return value


def number(message: Any, name: str) -> float | None:
    """A field that is a finite number or null."""
    value = field(message, name)
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except OverflowError:  # an integer beyond all floats
        pass
    raise ValueError(f"{name} = {brief(value)}: expected a finite number or null")


def told(message: Any, name: str) -> float | None:
    """The same of a field that pages of an earlier version do not have."""
    return number(message, name) if name in message else None


def integer(message: Any, name: str, low: int, high: int = 2**31) -> int:
    """A field that is a whole number."""
    return whole(field(message, name), name, low, high)


def optional(message: Any, name: str) -> int | None:
    """A field that is a whole number or null."""
    value = field(message, name)
    return None if value is None else whole(value, name, 0, 2**31)


def whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high or value != int(value):
        raise ValueError(f"{name} = {brief(value)}: expected a whole number from {low} to {high}")
    return int(value)


def outcome(message: Any) -> str:
    """The name of an outcome, which a browser tells by its number."""
    return Outcome(integer(message, "outcome", 0, max(Outcome))).name.lower()


def late_frames(message: Any) -> int | None:
    """How many frames were late; None where the refresh rate is unknown."""
    unknown_rate = number(message, "refresh_hz") is None
    late = optional(message, "late_frames")
    if (late is None) != unknown_rate:
        raise ValueError(
            f"late_frames = {late}: expected a number if refresh_hz is known, else null"
        )
    return late


def listed(message: Any, name: str, most: int) -> Sequence[Any]:
    """A field that is a list."""
    value = field(message, name)
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name} = {brief(value)}: expected a list")
    if len(value) > most:
        raise ValueError(f"{name}: {len(value)} are told: at most {most} are possible")
    return value


def periods(message: Any, names: Sequence[str]) -> list[list[Any]]:
    """The periods as they were shown: name, onset and length in ms, None where it was cut off."""
    return [_period(told, names) for told in listed(message, "periods", MOST_PERIODS)]


def _period(told: Any, names: Sequence[str]) -> list[Any]:
    if not isinstance(told, list | tuple) or len(told) != 3:
        raise ValueError(f"periods: {brief(told)} is not a name, an onset and a length")
    if told[0] not in names:
        raise ValueError(f"periods: {unknown('period', [str(told[0])[:80]], names)}")
    times = dict(zip(("onset_ms", "shown_ms"), told[1:], strict=True))
    onset, shown = (number(times, name) for name in times)
    if onset is None or (shown is not None and shown < 0):
        raise ValueError(f"periods: {brief(told)} has no onset, or no possible length")
    return [told[0], onset, shown]


def flags(message: Any) -> dict[str, Any]:
    """What happened in a trial."""
    given = field(message, "flags")
    if not isinstance(given, Mapping):
        raise ValueError(f"flags = {brief(given)}: expected an object")
    if extra := [name for name in given if name not in FLAGS]:
        raise ValueError(unknown("flag", [str(name)[:40] for name in extra[:3]], FLAGS))
    for name, value in given.items():
        possible = isinstance(value, bool)
        if name in COUNTS:
            possible |= isinstance(value, int) and 0 <= value <= MOST_COUNTED
        elif name == "interrupted":
            possible = value in INTERRUPTIONS
        if not possible:
            raise ValueError(f"flags: {name} = {brief(value)} is not possible")
    return dict(given)


def action(value: Any, env: Any) -> Any:
    """An action that the environment takes: a number, or a list of them where they are graded."""
    space = env.action_space
    if isinstance(space, gym.spaces.Box):
        size = int(np.prod(space.shape))
        if not isinstance(value, list | tuple) or len(value) != size:
            raise ValueError(f"action {brief(value)}: expected {size} numbers")
        return graded([number({"action": each}, "action") for each in value], space).tolist()
    return whole(value, "an action", 0, int(space.n) - 1)


def actions(message: Any, env: Any) -> list[list[Any]]:
    """(step, action) pairs by step, those left out that do nothing."""
    steps, rest = messages.most_steps(env), np.asarray(env.idle_action).tolist()
    by_step: dict[int, Any] = {}
    for pair in listed(message, "actions", steps):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"actions: {brief(pair)} is not a step and an action")
        step = whole(pair[0], "the step of an action", 0, steps - 1)
        if step in by_step:
            raise ValueError(f"actions: two in step {step}")
        by_step[step] = action(pair[1], env)
    return [[step, each] for step, each in sorted(by_step.items()) if each != rest]


def view(message: Any) -> str | None:
    """What a trial was shown as; None for a page of an earlier version, which does not tell."""
    told = message.get("view")
    if told is not None and told not in VIEWS:
        raise ValueError(f"view = {brief(told)}: allowed are {', '.join(VIEWS)}")
    return told


def keys(message: Any) -> dict[str, str]:
    """What was on the key of each action; a page of an earlier version does not tell."""
    told = message.get("keys", {})
    if not isinstance(told, Mapping) or len(told) > MOST_KEYS:
        raise ValueError(f"keys = {brief(told)}: expected an object of at most {MOST_KEYS} keys")
    for action, label in told.items():
        right = isinstance(label, str) and 0 < len(label) <= LONGEST_KEY and label.isprintable()
        if not (isinstance(action, str) and action.isdecimal() and len(action) < 4 and right):
            raise ValueError(f"keys: {brief(action)} = {brief(label)} is no key of an action")
    return dict(told)


def screen(message: Any) -> dict[str, Any]:
    """Sizes of stage, window and screen; a page of an earlier version does not tell them."""
    sizes = message.get("screen", {})
    if not isinstance(sizes, Mapping) or (sizes and set(sizes) != {*SIZES, "ratio"}):
        raise ValueError(f"screen = {brief(sizes)}: expected {', '.join(SIZES)} and ratio")
    if not sizes:
        return {}
    sides = {name: [_side(side, name) for side in listed(sizes, name, 2)] for name in SIZES}
    if short := [name for name, two in sides.items() if len(two) != 2]:
        raise ValueError(f"screen: {short[0]} = {brief(sizes[short[0]])}: expected two numbers")
    return {**sides, "ratio": _side(sizes["ratio"], "ratio", FINEST)}


def _side(value: Any, name: str, most: int = LARGEST) -> float:
    size = number({name: value}, name)
    if size is None or not 0 <= size <= most:
        raise ValueError(f"screen: {name} = {brief(value)}: expected 0 to {most}")
    return size
