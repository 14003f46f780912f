"""Trials of a task that learns, of which chance has given its part before they are played.

Trials of many sequences are settled side by side: here they are put in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from neurogym.trials.batch import Draw, joined


def end_to_end(parts: Sequence[Draw]) -> Draw:
    """Some trials after the others, as one draw."""
    sizes = [part.n for part in parts]
    conditions, ms, luck = (
        joined([getattr(part, name) for part in parts], sizes)
        for name in ("conditions", "ms", "luck")
    )
    own = np.concatenate([part.own for part in parts])
    return Draw(parts[0].rng, sum(sizes), conditions, ms, {}, luck=luck, own=own)


def in_place(steps: Iterable[tuple[np.ndarray, Draw]], all_: Draw) -> Draw:
    """Trials that were settled some at a time, in their places among all of them."""
    places, draws = zip(*steps, strict=True)
    order = np.argsort(np.concatenate(places))
    conditions, ms, more = (
        {name: values[order] for name, values in table.items()} for table in Draw.joined(draws)
    )
    return Draw(all_.rng, all_.n, conditions, ms, {}, more=more, own=all_.own)
