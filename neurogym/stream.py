"""The endless sequence of a task's trials: a seed and a number give back any one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurogym.block import Block
from neurogym.task import Task

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
    """Trials 0, 1, 2, ... of a task under a seed, drawn in blocks, each from a generator of its own."""

    def __init__(self, task: Task, seed: int):
        self.task, self.seed = task, seed
        self._carried: list[dict[str, Any]] = [{}]  # what block b is given from those before it
        self._last: tuple[Any, Block] | None = None

    def rng(self, block: int) -> np.random.Generator:
        """The generator of one block."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(block,)))

    def block(self, number: int, fixed: Mapping[str, Any] | None = None) -> Block:
        """One block of trials; `fixed` forces conditions in all of them."""
        while len(self._carried) <= number:
            before = len(self._carried) - 1
            self.block(before)
        block = self.task.block(self.rng(number), size_of(number), self._carried[number], fixed)
        if len(self._carried) == number + 1:
            self._carried.append(block.carried)
        return block

    def find(self, index: int, fixed: Mapping[str, Any] | None = None) -> tuple[Block, int]:
        """The block that holds a trial, and the trial's place in it."""
        number, place = locate(index)
        forced = sorted((name, repr(value)) for name, value in (fixed or {}).items())
        key = (number, forced, self.task.plan)  # a new plan: the parameters have changed
        if self._last is None or self._last[0] != key:
            self._last = key, self.block(number, fixed)
        return self._last[1], place
