"""The endless sequence of a task's trials: a seed and a number give back any one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neurogym.spec.conditions import state_of, told
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

    Where trials depend on how those before them ended, what each is given from those before it, its
    `memory`, has to be told, and a draw is one trial: of a block if the plan `settles`, else a
    block of its own.
    """

    def __init__(self, task: Task, seed: int):
        self.task, self.seed = task, seed
        self._carried: list[dict[str, Any]] = [{}]  # what block b is given from those before it,
        self._carried_under = task.version  # as long as the parameters stay
        self._last: tuple[Any, TrialBatch] | None = None
        self._ahead: tuple[Any, Draw] | None = None

    def draw(self, number: int, memory: Mapping[str, Any] | None = None) -> Draw:
        """What chance gives one block, or one trial of a task that learns."""
        if self.task.plan.settles:
            task, told_before = self.task, memory or {}
            block, place = locate(number)
            draw = self.ahead(block).take(slice(place, place + 1))
            states = {
                name: state_of(told_before.get(name), state)
                for name, state in task.at_first(1).items()
            }
            task.settle(draw, states)
            draw.carried = {name: told(state) for name, state in states.items()}
            return draw
        if self.task.plan.learns:
            return self.task.draw(self._rng(number), 1, memory or {})
        return self._drawn(number, self.task.draw)

    def ahead(self, number: int) -> Draw:
        """What chance gives a block of trials that are settled later."""
        key = number, self.task.version
        if self._ahead is None or self._ahead[0] != key:
            self._ahead = key, self.chances(number)
        return self._ahead[1]

    def chances(self, number: int) -> Draw:
        """The same, which is not kept."""
        return self._drawn(number, self.task.chances)

    def _rng(self, number: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number,)))

    def _drawn(self, number: int, draws: Callable[..., Draw]) -> Draw:
        """A block, told what those before it carry on."""
        if self._carried_under != self.task.version:
            self._carried, self._carried_under = [{}], self.task.version
        while len(self._carried) < number + 1:
            self._drawn(len(self._carried) - 1, draws)
        draw = draws(self._rng(number), size_of(number), self._carried[number])
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
