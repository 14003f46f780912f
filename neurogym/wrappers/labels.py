"""Wrappers that decide which answer is right, from trial to trial."""

from __future__ import annotations

import numpy as np
import param

from neurogym.conditions import Choice
from neurogym.wrappers.base import Wrapper, needs_ground_truth, probabilities


class RandomGroundTruth(Wrapper):
    """Draws the right answer with given probabilities.

    Fits tasks whose condition ground_truth is one of several values.
    """

    p = param.List(None, allow_None=True, doc="probability of each value; equal if None")

    def check(self, task):
        n = needs_ground_truth(self, task)
        if self.p is not None:
            probabilities("p", self.p, n)

    def change(self, task, plan):
        old = plan.conditions["ground_truth"]
        plan.conditions["ground_truth"] = Choice(old.values, self.p, unit=old.unit, doc=old.doc)


class SideBias(Wrapper):
    """Blocks in which some answers are right more often than others.

    Fits tasks whose condition ground_truth is one of several values.

    `block_dur` is a number of trials, a range (low, high) from which each block's length is drawn,
    or a probability below 1 with which a block ends at each trial. The next block is another one,
    each with equal chance. The condition `block` tells the block.
    """

    probs = param.List([[0.8, 0.2], [0.2, 0.8]], doc="by block, the probability of each answer")
    block_dur = param.Parameter(200, doc="trials, (low, high) trials, or a switching probability")

    def check(self, task):
        n = needs_ground_truth(self, task)
        if not self.probs:
            raise ValueError("SideBias: probs is empty, expected a row of probabilities a block")
        for i, row in enumerate(self.probs):
            probabilities(f"probs[{i}]", row, n)
        low, high = self._range()
        if not 0 < low <= high:
            raise ValueError(
                f"block_dur = {self.block_dur!r}: expected a number of trials, (low, high) trials,"
                " or a probability below 1"
            )
        if "block" in task.plan.conditions:
            self.refuse(task, "it has a condition 'block' already")

    def _range(self) -> tuple[float, float]:
        dur = self.block_dur
        if isinstance(dur, bool) or not isinstance(dur, int | float | list | tuple | np.number):
            return 0, 0
        low, high = dur if isinstance(dur, list | tuple) and len(dur) == 2 else (dur, dur)
        whole = float(low).is_integer() and float(high).is_integer()
        return (low, high) if whole or (low == high and 0 < low < 1) else (0, 0)

    def change(self, task, plan):
        plan.conditions["block"] = Choice(range(len(self.probs)), doc="the block of side bias")

    def draw(self, task, draw, last):
        rng, n, size = draw.rng, draw.n, len(self.probs)
        block, left = last or (int(rng.integers(size)), self._length(rng))
        order, lengths, drawn = [block], [left], left
        while drawn < n:
            if size > 1:  # another one: a step of 1 to size - 1 around the circle
                block = (block + 1 + int(rng.integers(size - 1))) % size
            left = self._length(rng)
            order.append(block)
            lengths.append(left)
            drawn += left
        blocks = np.repeat(order, lengths)[:n]
        p = np.cumsum(self.probs, axis=1)[:, :-1]
        values = task.plan.conditions["ground_truth"].values
        picked = (rng.random(n)[:, None] >= p.take(blocks, axis=0)).sum(axis=1)
        draw.conditions.update(block=blocks, ground_truth=values[picked])
        return [block, drawn - n]

    def _length(self, rng: np.random.Generator) -> int:
        low, high = self._range()
        return int(rng.geometric(low)) if low < 1 else int(rng.integers(low, high + 1))


class TrialHistory(Wrapper):
    """The right answer depends on the right answer of the trial before.

    Fits tasks whose condition ground_truth is one of several values.
    """

    probs = param.Parameter(
        0.8, doc="probability of a repetition, or a matrix: row previous, column next answer"
    )

    def check(self, task):
        n = needs_ground_truth(self, task)
        for i, row in enumerate(self._matrix(n)):
            probabilities(f"probs[{i}]", row, n)

    def _matrix(self, n: int) -> np.ndarray:
        probs = np.asarray(self.probs, float)
        if probs.ndim == 0:
            if not 0 <= probs <= 1:
                raise ValueError(f"probs = {self.probs!r}: expected a probability")
            rest = (1 - probs) / (n - 1)
            return np.where(np.eye(n, dtype=bool), probs, rest)
        if probs.shape != (n, n):
            raise ValueError(f"probs of shape {probs.shape}: expected ({n}, {n}), or a number")
        return probs

    def draw(self, task, draw, last):
        rng, n = draw.rng, draw.n
        values = task.plan.conditions["ground_truth"].values
        steps = np.cumsum(self._matrix(len(values)), axis=1)[:, :-1]
        at = int(rng.integers(len(values))) if last is None else last
        # for each trial, what would follow each of the answers; then one walk through it
        following = (rng.random(n)[:, None, None] >= steps).sum(axis=2).tolist()
        picked = [at := options[at] for options in following]
        draw.conditions["ground_truth"] = values[picked]
        return at
