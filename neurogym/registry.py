"""Ids: which tasks there are, how they are made, and how one adds to them."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium as gym

from neurogym import tasks as _tasks
from neurogym.envs import TaskEnv
from neurogym.parameters import unknown
from neurogym.render import SIZE, RenderedEnv
from neurogym.task import Task
from neurogym.vector import TaskVectorEnv
from neurogym.wrappers import Stack, read

_CLASSES: dict[str, type[Task]] = {}  # declared tasks
_OTHERS: set[str] = set()  # environments of other kinds, registered by users
_SOURCES: dict[str, str] = {}  # ids that came from a file or module, and which
_LOADED: dict[str, int] = {}  # files that were loaded, and when they were last changed then


def register(
    id: str, entry_point: type[Task] | Callable | str | None = None, **kwargs: Any
) -> None:
    """Make a task known under an id such as "MyTask-v0", here and in gymnasium.

    `entry_point` is a `Task` class, or whatever `gymnasium.register` takes: an environment class
    (`PeriodEnv`, `TrialEnv`, any gymnasium Env), a function that makes one, or "module:name". None
    adopts an id that gymnasium knows, such as "CartPole-v1".
    Registering the same class again changes nothing; another one under a known id is a ValueError.
    """
    if isinstance(entry_point, type) and issubclass(entry_point, Task):
        if _CLASSES.get(id) is entry_point and not kwargs:
            return
        if id in gym.registry:
            raise ValueError(f"{id!r} is registered already")
        _CLASSES[id] = entry_point
        gym.register(
            id,
            "neurogym.registry:build",
            vector_entry_point="neurogym.registry:build_vector",
            disable_env_checker=True,
            kwargs={"task_id": id, **kwargs},
        )
        return
    if entry_point is None:
        gym.spec(id)  # raises gymnasium's own error for an unknown id
        _OTHERS.add(id)
        return
    if id in gym.registry:
        if id in _OTHERS and gym.registry[id].entry_point == entry_point:
            return
        raise ValueError(f"{id!r} is registered already")
    gym.register(id, entry_point, disable_env_checker=True, **kwargs)
    _OTHERS.add(id)


def full_id(id: str) -> str:
    """The id with its version; ValueError names the nearest if there is none such."""
    known = all_envs()
    for candidate in (id, f"{id}-v0"):
        if candidate in known:
            return candidate
    raise ValueError(unknown("task", [id], known))


def task_class(id: str) -> type[Task] | None:
    """The declaration behind an id; None for environments that are not declared tasks."""
    return _CLASSES.get(full_id(id))


def configure(cls: type[Task], preset: str = "agent", **params: Any) -> Task:
    """A task with a preset's parameters, others on top; timing and rewards merge by entry."""
    merged = cls.preset(preset)
    for name, value in params.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = {**merged[name], **value} if both else value
    return cls(**merged)


def build(
    task_id: str,
    stack: Stack = (),
    *,
    render_mode: str | None = None,
    render_size: int = SIZE,
    pixels: bool = False,
    **params: Any,
) -> gym.Env:
    """The entry point of declared tasks."""
    task = configure(_CLASSES[task_id], **params).wrapped(*read(stack))
    if not (render_mode or pixels):
        return TaskEnv(task)
    env = RenderedEnv(task, render_mode or "rgb_array", render_size)
    return gym.wrappers.AddRenderObservation(env, render_only=True) if pixels else env


def build_vector(
    task_id: str, num_envs: int = 1, stack: Stack = (), **params: Any
) -> TaskVectorEnv:
    """The vector entry point of declared tasks."""
    if asked := {"render_mode", "render_size", "pixels"} & set(params):
        raise ValueError(f"{sorted(asked)[0]}: frames are drawn of one environment at a time")
    return TaskVectorEnv(configure(_CLASSES[task_id], **params).wrapped(*read(stack)), num_envs)


def make(id: str, **params: Any) -> gym.Env:
    """An environment by id ("GoNogo" is "GoNogo-v0"): parameters of the task, `preset="human"`.

    `stack` are wrappers, innermost first: `[{"ReactionTime": {"urgency": -0.01}}]`. With
    `render_mode="rgb_array"` its `render()` gives frames, `render_size` pixels wide and high, of
    what a person sees; with `pixels=True` they are the observations. What gymnasium.make takes,
    such as `max_episode_steps`, is taken as well.
    """
    return gym.make(full_id(id), **params)


def make_vec(id: str, num_envs: int = 1, **params: Any) -> gym.vector.VectorEnv:
    """A vectorised environment by id: num_envs environments stepped together."""
    return gym.make_vec(full_id(id), num_envs=num_envs, **params)


def all_envs(tag: str | None = None) -> list[str]:
    """Sorted ids, those with a tag if one is given; ValueError for a tag that no task has."""
    if tag is None:
        return sorted([*_CLASSES, *_OTHERS])
    if tag not in all_tags():
        raise ValueError(unknown("tag", [tag], all_tags()))
    return sorted(id for id, cls in _CLASSES.items() if tag in cls.tags)


def all_tags() -> list[str]:
    """Sorted tags of all declared tasks."""
    return sorted({tag for cls in _CLASSES.values() for tag in cls.tags})


def get_collection(name: str) -> list[str]:
    """Sorted ids of a collection, such as "yang19"; ValueError for one that there is not."""
    names = sorted({id.partition(".")[0] for id in all_envs() if "." in id})
    if name not in names:
        raise ValueError(unknown("collection", [name], names))
    return [id for id in all_envs() if id.startswith(f"{name}.")]


def load(source: str | Path) -> list[str]:
    """Import a Python file or module that registers tasks; returns the ids that are new.

    A Task class in it that it did not register itself becomes <name>-v0, or has its `id`. A file
    that was loaded before and has not changed since is not run again.
    """
    before, name = set(all_envs()), str(source)
    if Path(source).suffix == ".py":
        path = Path(source).expanduser().resolve()
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {source} with tasks")
        name, changed = str(path), path.stat().st_mtime_ns
        if _LOADED.get(name) == changed:
            return []
        module = _run(path)
        _register_classes(module)
        _LOADED[name] = changed
    else:
        module = importlib.import_module(name)
        _register_classes(module)
    new = sorted(set(all_envs()) - before)
    _SOURCES.update(dict.fromkeys(new, name))
    return new


def source(id: str) -> str | None:
    """The file or module from which `load` took a task; None for all other tasks."""
    return _SOURCES.get(full_id(id))


def _run(path: Path) -> ModuleType:
    """The module in a file, under its own name unless another module has that."""
    known = sys.modules.get(path.stem)
    taken = path.stem in sys.stdlib_module_names or known is not None
    same = getattr(known, "__file__", None) == str(path)
    name = f"{path.stem}_tasks" if taken and not same else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # the ids point to it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _register_classes(module: ModuleType) -> None:
    for item in list(vars(module).values()):
        own = isinstance(item, type) and issubclass(item, Task) and item is not Task
        known = own and item in _CLASSES.values()
        if own and not known and item.__module__ == module.__name__ and item.__name__[0] != "_":
            register(item.own_id(), item)


def _register_own() -> None:
    for info in pkgutil.iter_modules(_tasks.__path__, f"{_tasks.__name__}."):
        _register_classes(importlib.import_module(info.name))


_register_own()
