"""The endless sequence of a task's trials: a seed and a number give back any one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurogym.trials.batch import Draw, TrialBatch
from neurogym.trials.task import Task

FIRST, MOST = 8, 256  # trials in the first block, and in the later ones: a cheap start, then speed


def locate(index: int) -> tuple[int, int]:
    """The block that holds a trial, and the trial's place in it."""
    block, first, size = 0, 0, FIRST
    while index >= first + size:
        if size == MOST:
            more = (index - first) // MOST
            return block + more, index - first - more * MOST
        block, first, size = block + 1, first + size, min(2 * size, MOST)
    return block, index - first


def size_of(block: int) -> int:
    """How many trials a block holds."""
    return min(FIRST << min(block, 32), MOST)


class Stream:
    """Trials 0, 1, 2, ... of a task under a seed, in blocks, each with a generator of its own.

    Where trials depend on how those before them ended, each is a block of its own, and what it is
    given from those before it, its `memory`, has to be told.
    """

    def __init__(self, task: Task, seed: int):
        self.task, self.seed = task, seed
        self._carried: list[dict[str, Any]] = [{}]  # what block b is given from those before it,
        self._carried_under = task.version  # as long as the parameters stay
        self._last: tuple[Any, TrialBatch] | None = None

    def draw(self, number: int, memory: Mapping[str, Any] | None = None) -> Draw:
        """What chance gives one block."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number,)))
        if self.task.plan.learns:
            return self.task.draw(rng, 1, memory or {})
        if self._carried_under != self.task.version:
            self._carried, self._carried_under = [{}], self.task.version
        while len(self._carried) < number + 1:
            self.draw(len(self._carried) - 1)
        draw = self.task.draw(rng, size_of(number), self._carried[number])
        if len(self._carried) == number + 1:
            self._carried.append(draw.carried)
        return draw

    def blocks(
        self, number: int, count: int = 1, fixed: Mapping[str, Any] | None = None
    ) -> TrialBatch:
        """Some blocks of trials as one; `fixed` forces conditions in all of them."""
        return self.task.block([self.draw(number + i) for i in range(count)], fixed)

    def one(
        self, index: int, memory: Mapping[str, Any], fixed: Mapping[str, Any] | None = None
    ) -> tuple[TrialBatch, Draw]:
        """A trial of a task that learns, and what was drawn for it."""
        draw = self.draw(index, memory)
        return self.task.block([draw], fixed), draw

    def find(
        self, index: int, fixed: Mapping[str, Any] | None = None, count: int = 1
    ) -> tuple[TrialBatch, int]:
        """The block that holds a trial, and those after it if several are asked for; its place."""
        number, place = locate(index)
        forced = sorted((name, repr(value)) for name, value in (fixed or {}).items())
        key = (
            number,
            forced,
            place if forced else None,
            self.task.version,  # parameters may change
            count,
        )
        if self._last is None or self._last[0] != key:
            draws = [self.draw(number + i) for i in range(count)]
            self._last = key, self.task.block(draws, fixed, place if fixed else None)
        return self._last[1], place
