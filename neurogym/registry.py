"""Ids: which tasks come with the library, and how one adds to them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium as gym

from neurogym.tasks.families import FAMILIES
from neurogym.trials.catalogue import (
    adopt,
    all_envs,
    all_tags,
    classes_of,
    configure,
    declare,
    declare_later,
    forget,
    full_id,
    get_collection,
    is_adopted,
    is_declared,
    make,
    make_vec,
    task_class,
)
from neurogym.trials.task import Task

__all__ = [
    "all_envs",
    "all_tags",
    "configure",
    "full_id",
    "get_collection",
    "load",
    "load_named",
    "make",
    "make_vec",
    "register",
    "source",
    "task_class",
    "unregister",
]

_SOURCES: dict[str, str] = {}  # ids that came from a file or module, and which
_LOADED: dict[str, int] = {}  # files that were loaded, and when they were last changed then


def register(
    id: str = "", entry_point: type[Task] | Callable[..., Any] | str | None = None, **kwargs: Any
) -> None:
    """Make a task known under an id such as "MyTask-v0", here and in gymnasium.

    `entry_point` is a `Task` class, or whatever `gymnasium.register` takes: an environment class
    (`PeriodEnv`, `TrialEnv`, any gymnasium Env), a function that makes one, or "module:name". None
    adopts an id that gymnasium knows, such as "CartPole-v1".
    The id is also taken as `id_`.
    Registering the same class again changes nothing; another one under a known id is a ValueError.
    """
    id = id or kwargs.pop("id_", "")
    if not id:
        raise TypeError("register needs an id, such as 'MyTask-v0'")
    if isinstance(entry_point, type) and issubclass(entry_point, Task):
        if declare(id, entry_point):
            _tell_gymnasium(id, **kwargs)
        elif kwargs:
            raise ValueError(f"{id!r} is registered already")
        return
    if entry_point is None:
        gym.spec(id)  # raises gymnasium's own error for an unknown id
        adopt(id)
        return
    if id in gym.registry:
        if is_adopted(id) and gym.registry[id].entry_point == entry_point:
            return
        raise ValueError(f"{id!r} is registered already")
    point: Any = entry_point
    gym.register(id, point, disable_env_checker=True, **kwargs)
    adopt(id)


def unregister(id: str) -> None:
    """Take an id back, here and in gymnasium; ValueError if it is not known."""
    full = full_id(id)
    forget(full)
    gym.registry.pop(full, None)


def _tell_gymnasium(id: str, **kwargs: Any) -> None:
    gym.register(
        id,
        "neurogym.envs.making:build",
        vector_entry_point="neurogym.envs.making:build_vector",
        disable_env_checker=True,
        order_enforce=False,  # it asks for a reset itself
        kwargs={"task_id": id, **kwargs},
    )


def load(source: str | Path) -> list[str]:
    """Import a Python file or module with tasks, agents, wrappers; returns ids that are new.

    A Task class in it that it did not register itself becomes <name>-v0, or has its `id`. A file
    that was loaded before and has not changed since is not run again. FileNotFoundError or
    ModuleNotFoundError if it is not there, ValueError for an id that is taken already; what the
    file itself raises goes through.
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


def load_named() -> list[str]:
    """`load` each of the files and modules that NEUROGYM_TASKS names, by commas."""
    named = os.environ.get("NEUROGYM_TASKS", "").split(",")
    return [id for source in named if source.strip() for id in load(source.strip())]


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
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # the ids point to it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _register_classes(module: ModuleType) -> None:
    for cls in classes_of(module):
        if not is_declared(cls):
            register(cls.own_id(), cls)


def _register_own() -> None:
    for family, ids in FAMILIES.items():
        declare_later(f"neurogym.tasks.{family}", ids)
        for id in ids:
            _tell_gymnasium(id)


_register_own()
