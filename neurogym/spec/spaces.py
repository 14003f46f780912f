"""Gymnasium spaces with named entries: `Box(..., name={"fixation": 0, "stimulus": [1, 2]})`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.spaces import Dict, MultiBinary, MultiDiscrete, Space, Tuple
from gymnasium.spaces.utils import flatdim, flatten, unflatten

__all__ = [
    "Box",
    "Dict",
    "Discrete",
    "MultiBinary",
    "MultiDiscrete",
    "Space",
    "Tuple",
    "flatdim",
    "flatten",
    "unflatten",
]

BOUND = 1e6  # observations are finite, but noise has no bound that one could name


def _checked(name: Mapping[str, Any] | None, size: int) -> dict[str, Any] | None:
    """The names as given, once every index is known to lie inside the space."""
    if name is None:
        return None
    if not isinstance(name, Mapping):
        raise TypeError(f"name is a dict from a name to an index or indices, not {name!r}")
    for key, index in name.items():
        if isinstance(index, np.ndarray) and index.dtype.kind in "iu" and index.ndim < 2:
            index = index.tolist()
        if not isinstance(key, str) or not isinstance(index, (int, list, range, np.integer)):
            raise TypeError(
                f"name[{key!r}] = {index!r}: expected an int, a list of ints or a range"
            )
        if any(not 0 <= i < size for i in np.atleast_1d(index)):
            raise ValueError(f"name[{key!r}] = {index!r} is outside a space of {size} entries")
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in name.items()}


class Box(spaces.Box):
    """A gymnasium Box; `.name` maps channel names to indices on the last axis, if given."""

    def __init__(self, low: Any, high: Any, name: Mapping[str, Any] | None = None, **kwargs: Any):
        super().__init__(low, high, **kwargs)
        if name is not None:
            self.name = _checked(name, self.shape[-1] if self.shape else 1)


class Discrete(spaces.Discrete):
    """A gymnasium Discrete; `.name` maps action names to indices, if names were given."""

    def __init__(self, n: int, name: Mapping[str, Any] | None = None, **kwargs: Any):
        super().__init__(n, **kwargs)
        if name is not None:
            self.name = _checked(name, n)
