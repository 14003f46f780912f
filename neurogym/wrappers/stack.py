"""Stacks of wrappers as JSON, and which wrappers stacks can name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurogym.spec.parameters import unknown
from neurogym.trials.task import Task
from neurogym.wrappers.base import Wrapper

WRAPPERS: dict[str, type[Wrapper]] = {}

Stack = Sequence[Wrapper | Mapping[str, Mapping[str, Any]]]


def register(cls: type[Wrapper]) -> type[Wrapper]:
    """Let stacks name a wrapper of one's own, by its class; also as a decorator.

    ValueError for another class under a known name.
    """
    if WRAPPERS.get(cls.__name__, cls) is not cls:
        raise ValueError(f"there is another wrapper {cls.__name__!r} already")
    WRAPPERS[cls.__name__] = cls
    return cls


def read(stack: Stack) -> list[Wrapper]:
    """Wrappers from a stack, innermost first; ValueError says what is wrong with which line."""
    if isinstance(stack, str | Mapping) or not isinstance(stack, Sequence):
        raise ValueError(f"a stack is a list such as [{{'ReactionTime': {{}}}}], not {stack!r}")
    wrappers = []
    for line in stack:
        if isinstance(line, Wrapper):
            wrappers.append(line)
            continue
        if not isinstance(line, Mapping) or len(line) != 1:
            raise ValueError(f"a line of a stack is {{name: parameters}}, not {line!r}")
        ((name, params),) = line.items()
        if name not in WRAPPERS:
            raise ValueError(unknown("wrapper", [name], WRAPPERS))
        if not isinstance(params, Mapping):
            raise ValueError(f"the parameters of {name} are a dict, not {params!r}")
        wrappers.append(WRAPPERS[name](**params))
    return wrappers


def write(wrappers: Sequence[Wrapper]) -> list[dict[str, dict[str, Any]]]:
    """The JSON form that `read` reads back."""
    return [{type(wrapper).__name__: wrapper.settings()} for wrapper in wrappers]


def fitting(task: Task, names: Sequence[str] | None = None) -> dict[str, str]:
    """For each wrapper, or some, why it does not fit a task; empty where it does."""
    reasons = {}
    for name in WRAPPERS if names is None else names:
        try:
            task.wrapped(WRAPPERS[name]())
        except ValueError as error:
            reasons[name] = str(error)
        else:
            reasons[name] = ""
    return reasons
