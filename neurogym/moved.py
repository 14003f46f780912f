"""Where modules of earlier versions are now; `from neurogym.conditions import Choice` works."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

MOVED = {
    "agents": "subjects.agents", "block": "trials.batch", "canvas": "spec.canvas",
    "chromium": "figures.chromium", "classic": "envs.classic", "combined": "wrappers.simultaneous",
    "composite": "wrappers.joint", "conditions": "spec.conditions", "data": "envs.dataset",
    "drawing": "figures.trace_plot", "episodes": "envs.episodes", "export": "records.files",
    "figures.fits": "analysis.fits", "fits": "analysis.fits", "info": "docs.info",
    "layout": "spec.layout", "look": "figures.style", "measures": "records.measures",
    "monitor": "subjects.monitor", "parameters": "spec.parameters", "pictures": "figures.stills",
    "psychometric": "figures.psychometric", "recording": "subjects.sinks", "render": "envs.pixels",
    "rollout": "subjects.rollout", "rules": "spec.rules", "runs": "subjects.play",
    "saving": "figures.saving", "sb3": "envs.sb3", "scene": "spec.scene",
    "schedules": "spec.schedules", "sheets": "docs.datasheets", "spaces": "spec.spaces",
    "store": "records.database", "stream": "trials.stream", "switched": "wrappers.alternating",
    "task": "trials.task", "timing": "spec.durations", "vector": "envs.vector",
}  # fmt: skip


class Moved(ModuleType):
    """A module under its old name; what it is asked for, the module that has it now gives."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(_place(self.__name__)), name)

    def __dir__(self) -> list[str]:
        return dir(importlib.import_module(_place(self.__name__)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`ngym.rollout(...)`, also after `import neurogym.rollout`."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


def _place(name: str) -> str:
    return f"neurogym.{MOVED[name.removeprefix('neurogym.')]}"


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of `MOVED`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module that moved."""
        package, _, name = fullname.partition(".")
        known = package == "neurogym" and name in MOVED
        return importlib.machinery.ModuleSpec(fullname, self) if known else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """What stands for the module; what is missing in its new place is told at once."""
        new = importlib.import_module(_place(spec.name))
        named = getattr(new, spec.name.rpartition(".")[2], None)  # `rollout`: it is called as that
        told = named.__doc__ if callable(named) else f"Moved to {_place(spec.name)}."
        return Moved(spec.name, told)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: the module is run in its new place."""


sys.meta_path.append(Finder())
