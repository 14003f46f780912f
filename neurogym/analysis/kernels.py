"""Psychophysical kernels: which moments of the noise moved the choice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurogym.records.trial_table import env_of, finished, replay

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Kernel:
    """The weight of the evidence at each time, and its standard error."""

    ms: np.ndarray  # (T,) from the period's onset
    weight: np.ndarray  # (T,) in levels of a channel
    error: np.ndarray  # (T,)
    n: np.ndarray  # (T,) trials that lasted as long


def evidence(
    rows: Sequence[Row], period: str, channels: tuple[str, str] | tuple[int, int]
) -> tuple[np.ndarray, float]:
    """The second channel less the first while a period was on, (n, T), and dt in ms.

    What was not seen, as the trial was over, is nan. Rows are of one task with one set of
    parameters; channels are columns, or groups whose sum is taken. ValueError for a period that
    no trial has, or a group that there is not.
    """
    env = env_of(rows[0])
    first, second = (_columns(env, channel) for channel in channels)
    found = []
    for row in rows:
        trace = replay(row, env)
        span = next(((a, b) for name, a, b in trace.periods if name == period), None)
        if span is None:
            names = ", ".join(dict.fromkeys(name for name, *_ in trace.periods))
            raise ValueError(f"no period {period!r}: there are {names}")
        here = (trace.steps >= span[0]) & (trace.steps < span[1])
        ob = trace.ob[here]
        found.append(ob[:, second].sum(axis=1) - ob[:, first].sum(axis=1))
    values = np.full((len(found), max(map(len, found))), np.nan)
    for i, told in enumerate(found):
        values[i, : len(told)] = told
    return values, float(env.dt)


def _columns(env: Any, channel: str | int) -> list[int]:
    if isinstance(channel, int):
        return [channel]
    groups = {group.name: group for group in env.declared.plan.channels} if env.declared else {}
    if channel not in groups:
        raise ValueError(f"no channels {channel!r}: there are {', '.join(groups) or 'none'}")
    return list(range(groups[channel].start, groups[channel].stop))


def kernel(
    rows: Sequence[Row],
    period: str,
    channels: tuple[str, str] | tuple[int, int],
    answers: tuple[int, int],
) -> Kernel:
    """What the evidence was before one answer less what it was before the other, over time.

    From the samples of each trial, as `replay` gives them, the mean over trials with the same
    conditions is taken away; what is left is averaged by choice (Ahumada 2002,
    https://doi.org/10.1167/2.1.8). Trials that were cut off by the answer count as long as they
    lasted. See `evidence` for `channels`: the second is that of the second of `answers`. ValueError
    where one of the answers was never given, and as there.
    """
    rows = [row for row in finished(rows) if row["response"] in answers]
    chosen = np.array([row["response"] == answers[1] for row in rows], bool)
    if chosen.size == 0 or chosen.all() or not chosen.any():
        raise ValueError(f"a kernel needs both answers {answers}: one was never given")
    values, dt = evidence(rows, period, channels)
    return average(values, chosen, [_alike(row) for row in rows], dt)


def _alike(row: Row) -> str:
    return json.dumps(row["conditions"], sort_keys=True, default=str)


def average(
    values: np.ndarray, chosen: np.ndarray, alike: Sequence[Any], dt: float = 1.0
) -> Kernel:
    """The kernel of evidence (n, T), nan where there was none, and choices (n,) of 0 or 1.

    Trials are `alike` (n values) if the same was to be seen in them; one that is like no other
    tells nothing, and is left out.
    """
    values = np.array(values, float)
    _, which = np.unique(np.asarray(alike, dtype=object).astype(str), return_inverse=True)
    residual = np.full_like(values, np.nan)
    for group in range(which.max() + 1):
        here = which == group
        seen = ~np.isnan(values[here])
        count = seen.sum(axis=0)
        with np.errstate(invalid="ignore"):
            mean = np.where(seen, values[here], 0).sum(axis=0) / count
            scale = np.sqrt(count / (count - 1.0))  # a mean of few lies nearer to each of them
        residual[here] = np.where(count > 1, (values[here] - mean) * scale, np.nan)
    return _by_choice(residual, np.asarray(chosen, bool), dt)


def _by_choice(residual: np.ndarray, chosen: np.ndarray, dt: float) -> Kernel:
    sides, errors, total = [], [], 0
    for part in (residual[~chosen], residual[chosen]):
        seen = ~np.isnan(part)
        n = seen.sum(axis=0)
        filled = np.where(seen, part, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = filled.sum(axis=0) / n
            spread = np.where(seen, (part - mean) ** 2, 0).sum(axis=0) / (n - 1)
            sides.append(mean)
            errors.append(spread / n)
        total = total + n
    ms = dt * np.arange(residual.shape[1])
    return Kernel(ms, sides[1] - sides[0], np.sqrt(errors[0] + errors[1]), np.asarray(total))
