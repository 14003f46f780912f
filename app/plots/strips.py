"""Conditions that wrappers add to a task's trials, or steer: blocks, tasks, levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurogym.spec.conditions import Patterns, Permutation, Subset
from neurogym.trials.task import Task

Row = Mapping[str, Any]
WIDE = 8  # a ratio of levels
FEW = 6  # distinct numbers that are told apart by colour
ARRANGED = (Subset, Permutation, Patterns)  # a task keeps these; only wrappers change them


def steered(task: Task, rows: Sequence[Row]) -> list[str]:
    """The numeric conditions that follow the subject through what trials remember."""
    told = [row for row in rows if row["memory"]]
    if not told:
        return []
    named = {getattr(wrapper, "condition", None) for wrapper in task.stack}
    return [
        name
        for name in dict.fromkeys(name for row in told for name in row["conditions"])
        if _numbers(row["conditions"].get(name) for row in told)
        and (name in named or _remembered(name, told))
    ]


def _numbers(values: Iterable[Any]) -> bool:
    return all(value is None or _number(value) for value in values)


def _number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _remembered(name: str, rows: Sequence[Row]) -> bool:
    """Whether a condition that varies is, nearly always, one of the numbers in the memory."""
    values = [row["conditions"].get(name) for row in rows]
    if len(set(values)) < 3:
        return False
    hits = [value in _leaves(row["memory"]) for value, row in zip(values, rows, strict=True)]
    return bool(np.mean(hits) > 0.9)


def _leaves(memory: Any) -> list[Any]:
    """The numbers in a memory that are no whole counts."""
    if isinstance(memory, Mapping):
        return [leaf for value in memory.values() for leaf in _leaves(value)]
    return [memory] if isinstance(memory, float) else []


def strip_names(env: Any, rows: Sequence[Row]) -> list[str]:
    """What wrappers did to trials, as far as conditions of some rows tell it."""
    task = env.declared
    if task is None or not task.stack:
        return []
    arranged = [name for name, c in task.plan.conditions.items() if isinstance(c, ARRANGED)]
    changed = [name for name in arranged if len(distinct(rows, name)) > 1]
    names = dict.fromkeys([*task.added_conditions(), *changed, *steered(task, rows)])
    return [name for name in names if distinct(rows, name)]


def distinct(rows: Sequence[Row], name: str) -> list[Any]:
    """The values of a condition that occur, in order."""
    values = {row["conditions"].get(name) for row in rows} - {None}
    return sorted(values, key=lambda value: (isinstance(value, str), value))


@dataclass(frozen=True)
class Strip:
    """A condition over the trials of all subjects: of a few values, or a level."""

    name: str
    values: tuple = ()  # empty for a level
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def of(cls, name: str, rows: Sequence[Row], level: bool) -> Strip:
        """What a condition is in some rows; `level` if it is one whatever its values are."""
        values = distinct(rows, name)
        numeric = all(map(_number, values))
        if not numeric or (len(values) <= FEW and not level):
            return cls(name, tuple(values))
        return cls(name, (), float(min(values)), float(max(values)))

    @property
    def log(self) -> bool:
        """Whether levels are so far apart that only their ratios can be seen."""
        return self.low > 0 and self.high / self.low > WIDE

    def place(self, value: float) -> float:
        """Where a level lies between 0 and 1."""
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5


def strips(groups: Sequence[tuple[Any, Sequence[Row]]]) -> list[Strip]:
    """The strips of several subjects, each an environment and its rows."""
    names = dict.fromkeys(name for env, rows in groups for name in strip_names(env, rows))
    levels = {name for env, rows in groups if env.declared for name in steered(env.declared, rows)}
    every = [row for _, rows in groups for row in rows]
    return [Strip.of(name, every, name in levels) for name in names]
