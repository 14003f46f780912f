"""Which tasks there are, by id. Families of tasks load when one of theirs is asked for."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import gymnasium as gym

from neurogym.spec.parameters import replaced, unknown
from neurogym.trials.task import Task

_CLASSES: dict[str, type[Task]] = {}  # declared tasks
_LATER: dict[str, str] = {}  # ids of declared tasks that are not loaded yet, and their modules
_PLACES: dict[str, int] = {}  # their order
_OTHERS: set[str] = set()  # environments of other kinds


def declare(id: str, cls: type[Task]) -> bool:
    """Make a task known; whether it is new. ValueError for another one under a known id."""
    if _CLASSES.get(id) is cls:
        return False
    if id in _CLASSES or id in _LATER or id in gym.registry:
        raise ValueError(f"{id!r} is registered already")
    _CLASSES[id] = cls
    return True


def declare_later(module: str, ids: Iterable[str]) -> None:
    """Make tasks known whose module, which has a class for each, is imported when it is needed."""
    _LATER.update(dict.fromkeys(ids, module))
    for id in ids:
        _PLACES.setdefault(id, len(_PLACES))


def adopt(id: str) -> None:
    """Make an environment known that is no declared task."""
    _OTHERS.add(id)


def is_adopted(id: str) -> bool:
    """Whether an id stands for an environment that is no declared task."""
    return id in _OTHERS


def classes_of(module: ModuleType) -> Iterator[type[Task]]:
    """The tasks that a module declares, those whose name begins with `_` left out."""
    for item in list(vars(module).values()):
        own = isinstance(item, type) and issubclass(item, Task) and item is not Task
        if own and item.__module__ == module.__name__ and item.__name__[0] != "_":
            yield item


def full_id(id: str) -> str:
    """The id with its version; ValueError names the nearest if there is none such."""
    for candidate in (id, f"{id}-v0"):
        if candidate in _CLASSES or candidate in _LATER or candidate in _OTHERS:
            return candidate
    raise ValueError(unknown("task", [id], all_envs()))


def task_class(id: str) -> type[Task] | None:
    """The declaration behind an id; None for environments that are not declared tasks."""
    full = full_id(id)
    if full in _LATER:
        _load(_LATER[full])
    return _CLASSES.get(full)


def declared_class(id: str) -> type[Task]:
    """The declaration behind an id; ValueError if it has none."""
    cls = task_class(id)
    if cls is None:
        raise ValueError(f"{full_id(id)} is no declared task")
    return cls


def is_declared(cls: type[Task]) -> bool:
    """Whether a class has an id."""
    return cls in _CLASSES.values()


def _load(module: str) -> None:
    """Import a family; its ids stand for its classes from now on."""
    found = {cls.own_id(): cls for cls in classes_of(importlib.import_module(module))}
    for id in [id for id, where in _LATER.items() if where == module]:
        if id not in found:
            raise ValueError(f"{module} declares no task {id!r}: it has {', '.join(found)}")
        del _LATER[id]
        _CLASSES[id] = found[id]


def declared() -> dict[str, type[Task]]:
    """All declared tasks by id, sorted; all families are loaded."""
    for module in dict.fromkeys(_LATER.values()):
        _load(module)
    return dict(sorted(_CLASSES.items()))


def configure(cls: type[Task], preset: str = "agent", **params: Any) -> Task:
    """A task with a preset's parameters, others on top; timing and rewards merge by entry."""
    merged = cls.preset(preset)
    for name, value in params.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = {**merged[name], **value} if both else value
    return cls(**merged)


def make(id: str, **params: Any) -> gym.Env:
    """An environment by id ("GoNogo" is "GoNogo-v0"): parameters of the task, `preset="human"`.

    Besides "human" and "agent", the defaults, a task can have presets of its own, such as
    "neurogym", the values of NeuroGym where the paper's are others: `ngym.task_class(id).presets`.
    `stack` are wrappers, innermost first: `[{"ReactionTime": {"urgency": -0.01}}]`. With
    `render_mode="rgb_array"` its `render()` gives frames, `render_size` pixels wide and high, of
    what a person sees; with `pixels=True` they are the observations. What gymnasium.make takes,
    such as `max_episode_steps`, is taken as well.

    Observations are (C,) float32, actions a number from 0 or, graded, (k,) float32; times are in
    ms. ValueError for an unknown task, parameter or wrapper, a value that does not fit, and a stack
    that does not fit the task; it names what is allowed.
    """
    full = full_id(id)
    if "stack" not in params or not is_adopted(full):
        return gym.make(full, **params)
    stack = params.pop("stack")
    env: Any = gym.make(full, **params)
    if not hasattr(env.unwrapped, "stacked"):
        raise ValueError(f"{full} takes no stack: wrappers are for tasks, not for {env.unwrapped}")
    return env.unwrapped.stacked(env, stack)


def make_vec(id: str, num_envs: int = 1, **params: Any) -> gym.vector.VectorEnv:
    """A vectorised environment by id: num_envs environments stepped together.

    It takes the parameters of `make`, but for pixels, and raises ValueError for the same reasons.
    With `max_episode_steps` episodes are truncated; `autoreset_mode` ("NextStep", "SameStep" or
    "Disabled") says how it goes on then.
    Observations are (num_envs, C) float32, actions (num_envs,) or, graded, (num_envs, k), rewards
    (num_envs,).
    Environment i plays the trials of a single one with seed + i.
    """
    full = full_id(id)
    if "stack" in params and is_adopted(full):
        return gym.vector.SyncVectorEnv([functools.partial(make, full, **params)] * num_envs)
    return gym.make_vec(full, num_envs=num_envs, **params)


def all_envs(tag: str | None = None, *, collections: bool = True, **old: Any) -> list[str]:
    """Sorted ids, those with a tag if one is given, and those of collections unless they are not.

    ValueError for a tag that no task has.
    """
    among = "they are among all others"
    replaced("all_envs", old, {"contrib": among, "psychopy": among})
    if tag is not None and tag not in all_tags():
        raise ValueError(unknown("tag", [tag], all_tags()))
    if tag is None:
        ids = sorted([*_CLASSES, *_LATER, *_OTHERS])
    else:
        ids = [id for id, cls in declared().items() if tag in cls.tags]
    return ids if collections else [id for id in ids if "." not in id]


def all_tags() -> list[str]:
    """Sorted tags of all declared tasks."""
    return sorted({tag for cls in declared().values() for tag in cls.tags})


def get_collection(name: str) -> list[str]:
    """Ids of a collection, such as "yang19", in the order of its declaration.

    ValueError for one that there is not.
    """
    names = sorted({id.partition(".")[0] for id in all_envs() if "." in id})
    if name not in names:
        raise ValueError(unknown("collection", [name], names))
    ids = [id for id in all_envs() if id.startswith(f"{name}.")]
    return sorted(ids, key=lambda id: _PLACES.get(id, len(_PLACES)))


def forget(id: str) -> None:
    """Take back what was made known under an id."""
    for known in (_CLASSES, _LATER):
        known.pop(id, None)
    _OTHERS.discard(id)
