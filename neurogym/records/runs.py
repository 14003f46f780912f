"""Steps of an environment, one after the other, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Run:
    """T steps of several trials: row k of each array belongs to the k-th step."""

    ob: np.ndarray  # (T, C) what was seen
    actions: np.ndarray  # (T,) what was done then, or (T, k) if actions are graded
    gt: np.ndarray | None = None  # like actions; -1 or NaN where there is no right action
    rewards: np.ndarray | None = None  # (T,) what it earned
    performance: np.ndarray | None = None  # (T,) 0 to 1 in the last step of a trial, else NaN
    trial_starts: list[int] | None = None  # first step of each trial
    periods: list[tuple[str, int, int]] | None = None  # (name, first step, step after the last)
    dt: float | None = None  # ms; None: unknown
    channels: list[str] | None = None  # (C,) names
    answers: list[str] | None = None  # names of the actions, or of the k numbers of one
    name: str = ""
