"""What a subject knows of a task before its first trial: trials that are imagined, without noise.

They are drawn from the declaration, as instructions and practice would tell of it; nothing of the
trials that are played is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from neurogym.spec.plan import Plan
from neurogym.trials.batch import TrialBatch
from neurogym.trials.stream import Stream
from neurogym.trials.task import Task

BLOCKS, SINGLE = 5, 64  # so many first blocks of a stream, or so many trials drawn one by one


@dataclass(eq=False)
class Practice:
    """Imagined trials of one task: their batch, and what it shows without noise."""

    batch: TrialBatch
    clean: np.ndarray  # (S, C): `batch.ob` without noise

    @cached_property
    def noise(self) -> np.ndarray:
        """The noise of each row, (S, C)."""
        return self.batch.ob - self.clean

    @property
    def starts(self) -> np.ndarray:
        """The first row of each trial, (n,)."""
        return self.batch.offsets[:-1]

    def by_trial(self, rows: np.ndarray) -> np.ndarray:
        """Sums over the rows of each trial: (S, ...) to (n, ...)."""
        return np.add.reduceat(rows, self.starts, axis=0)


_KNOWN: WeakKeyDictionary[Plan, Practice] = WeakKeyDictionary()


def practice(task: Task) -> Practice:
    """Imagined trials of a task; made once for its parameters. ValueError for several tasks."""
    if task.tasks:
        raise ValueError(f"{task.label} is several tasks, each of which has its own practice")
    plan = task.plan
    if plan not in _KNOWN:
        stream = Stream(task, 0)
        draws = (
            [stream.draw(k, {}) for k in range(SINGLE)]
            if plan.learns
            else [stream.draw(k) for k in range(BLOCKS)]
        )
        noisy = task.expanded(task.painted(draws))
        sheet = task.painted(draws)
        sheet.canvas.noises = []
        _KNOWN[plan] = Practice(noisy, task.expanded(sheet).ob)
    return _KNOWN[plan]


def declared(env: Any, agent: str) -> Task:
    """The declared task of an environment, a single one; ValueError, with the agent's name."""
    task: Task | None = env.declared
    if task is None:
        raise ValueError(f"{env} declares no task: {agent} cannot know what is shown there")
    if task.tasks:
        raise ValueError(f"{env} is several tasks: {agent} plays one alone")
    return task
