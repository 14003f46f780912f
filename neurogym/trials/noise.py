"""Noise of channels that a person sees too: in which trials the scene draws the very samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurogym.spec.primitives import channels_of
from neurogym.trials.task import Task


def drawn(
    primitives: Sequence[Mapping[str, Any]],
    periods: Sequence[tuple[str, int, int]],
    ob: np.ndarray,
) -> np.ndarray:
    """Which channels the stage of a trial draws in which steps, (T, C) bool.

    `ob` (T, C) are the trial's observations. A stage without a scene shows all channels as bars.
    What answers to keys does not count, nor does a channel that only says whether something is on.
    """
    shown = np.full(ob.shape, not primitives)
    spans: dict[str, list[slice]] = {}
    for name, first, stop in periods:
        spans.setdefault(name, []).append(slice(first, stop))
    for primitive in primitives:
        channels = [c for c in channels_of(dict(primitive)) if c < ob.shape[1]]  # others: a hand's
        if not channels or "press" in primitive:
            continue
        on = np.full(len(ob), "during" not in primitive)
        for name in primitive.get("during", ()):
            for span in spans.get(name, ()):
                on[span] = True
        if "show" in primitive:
            on &= ob[:, primitive["show"]] > 0.5
        for channel in channels:
            shown[on, channel] = True
    return shown


def shared_groups(task: Task, noisy: np.ndarray, shown: np.ndarray) -> dict[str, tuple[float, int]]:
    """Of each noisy group of channels: in which share of its steps it is drawn, and how many are.

    `noisy` and `shown` are (T, C) bool. Of a ring of channels it is enough that some are drawn,
    such as those at which a spot is.
    """
    told = {}
    for group in task.plan.channels:
        on = noisy[:, group.slice].any(axis=1)
        if on.any():
            seen = shown[on, group.slice]
            told[group.name] = float(seen.any(axis=1).mean()), int(seen.any(axis=0).sum())
    return told


def shared_in(env: Any) -> dict[str, tuple[float, int]]:
    """`shared_groups` of the trial that an environment of a task is in."""
    task = env.declared
    scene = task.plan.scene.resolve(task, env.trial)
    return shared_groups(task, env.noisy, drawn(scene, env.periods, env.ob))


def is_shared(env: Any, by_channels: bool = False) -> bool | None:
    """Whether what is shown of an environment's trial holds the channels' noise; None: no noise.

    The channels themselves (`by_channels`) do. The scene does if it draws some noise, and leaves
    out none but that of channels of which the task says why (`Task.unshared`). Nobody knows of
    environments that are not declared tasks.
    """
    if env.declared is None:
        return None
    if by_channels or not env.has_noise:
        return True if env.has_noise else None
    told = shared_in(env)
    excused, shares = env.declared.hidden_noise, {name: share for name, (share, _) in told.items()}
    return any(shares.values()) and all(shares[name] == 1 or name in excused for name in shares)
