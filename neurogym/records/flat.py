"""Conditions as columns of a table, beside the JSON that holds them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from neurogym.records.trial_table import COLUMNS

PREFIX = "conditions."  # of a column whose condition has the name of another column


def names(conditions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The conditions that are one number, text or boolean wherever they are, as they first come."""
    single: dict[str, bool] = {}
    for each in conditions:
        for name, value in each.items():
            if value is not None:
                single[name] = single.get(name, True) and not isinstance(value, list | dict)
    return [name for name, is_one in single.items() if is_one]


def column_of(condition: str) -> str:
    """The column of a condition: its name, after `conditions.` where that is another column's."""
    clash = condition in COLUMNS or condition.startswith(PREFIX)
    return f"{PREFIX}{condition}" if clash else condition


def condition_of(column: str) -> str:
    """The condition that a column holds."""
    return column.removeprefix(PREFIX)
