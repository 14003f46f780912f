"""Small functions under the names that NeuroGym gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurogym.spec.durations import Duration

__all__ = [
    "circular_dist",
    "divide",
    "get_idx",
    "get_periods_idx",
    "minmax_number",
    "to_map",
]


def circular_dist(difference: Any) -> Any:
    """The angle between two directions, 0 to pi, from their difference in radians."""
    around = np.mod(difference, 2 * np.pi)
    return np.minimum(around, 2 * np.pi - around)


def divide(x: float, y: float) -> float:
    """The ratio x / y; 0 where that is not defined."""
    return 0.0 if y == 0 or np.isnan(x) or np.isnan(y) else x / y


def to_map(*names: Any) -> dict[Any, int]:
    """Each name, or each of one list of names, with its place from 0."""
    listed = names[0] if len(names) == 1 and isinstance(names[0], list) else names
    return {name: i for i, name in enumerate(listed)}


def get_idx(t: np.ndarray, start_end: tuple[float, float]) -> list[int]:
    """The places of the times in [start, end)."""
    start, end = start_end
    return np.flatnonzero((start <= t) & (t < end)).tolist()


def get_periods_idx(
    dt: float, periods: Mapping[str, Any]
) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Times from 0 to the entry `tmax`, in ms, and the steps of each other entry (start, end)."""
    t = np.arange(round(periods["tmax"] / dt) + 1) * dt
    return t, {name: get_idx(t, span) for name, span in periods.items() if name != "tmax"}


def minmax_number(dist: str, args: Any) -> tuple[float, float]:
    """The least and the greatest number of a distribution; ValueError for an unknown one."""
    return Duration.parse((dist, args)).bounds
