"""Batches of sequences for supervised training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.block import Block
from neurogym.envs import TaskEnv
from neurogym.episodes import as_trials
from neurogym.registry import make
from neurogym.stream import Stream, size_of
from neurogym.task import Step, Task

FILL = 1 << 16  # rows drawn at a time, about: enough to hide the calls, little enough for the cache


class Rows:
    """Trials end to end: `ob` (S, ...), `gt` (S, ...), `window` (n, 2), `offsets` (n + 1,)."""

    def __init__(self, ob, gt, window, offsets, first: int):
        self.ob, self.gt, self.window, self.offsets, self.first = ob, gt, window, offsets, first

    @classmethod
    def join(cls, parts: list[Rows]) -> Rows:
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        ob, gt, window = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("ob", "gt", "window")
        )
        return cls(ob, gt, window, offsets, parts[0].first)

    def details(self) -> dict[str, np.ndarray]:
        """By row, (S,): whether a response is asked for, whether a trial starts, its number."""
        trial = np.repeat(np.arange(self.offsets.size - 1), np.diff(self.offsets))
        step = np.arange(trial.size) - self.offsets[trial]
        first, stop = self.window[trial].T
        mask = (step >= first) & (step < stop)
        return dict(mask=mask, start=step == 0, trial=trial + self.first)


class _TaskSource:
    """Rows of a declared task: some blocks at a time."""

    def __init__(self, task: Task, seed: int):
        self.task, self.stream = task, Stream(task, seed)
        self.block, self.trial, self.rows = 0, 0, 0

    def draw(self, at_least: int, fixed: Mapping[str, Any]) -> Rows:
        mean = self.rows / self.trial if self.trial else at_least  # the first block will tell
        count, trials = 0, 0
        while trials * mean < at_least:
            trials += size_of(self.block + count)
            count += 1
        block = self.stream.blocks(self.block, count, fixed)
        ob, gt, offsets = (played if self.task.closed else painted)(block)
        rows = Rows(ob, gt, block.window, offsets, self.trial)
        self.block += count
        self.trial += block.n
        self.rows += len(ob)
        return rows


def painted(block: Block) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observations (S, C), labels (S,) and offsets (n + 1,) of trials that no action changes."""
    return block.ob, block.gt, block.offsets


def played(block: Block) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of a closed task: what is seen depends on what is done, which is what is right.

    All trials are played side by side, a step at a time.
    """
    task, trials, last = block.task, block.trials, block.offsets[1:] - 1
    index = {period: i for i, period in enumerate(task.plan.timing)}
    state, at, on = task.begin(trials), block.offsets[:-1].copy(), np.ones(block.n, bool)
    steps: list[tuple[np.ndarray, ...]] = []
    while on.any():
        here = np.flatnonzero(on)
        step = Step(block.period[at], at == block.period_end[at], at == last, index)
        ob = block.ob[at]
        task.observe(trials, state, step, ob)
        gt = task.labels(trials, state, step)
        steps.append((here, ob[here], gt[here]))
        effect = task.react(trials, state, step, gt)
        at = np.where(effect.skip, block.period_end[at], at)
        on &= ~(effect.ends | (at == last))
        at = at + on
    trial, ob, gt = map(np.concatenate, zip(*steps, strict=True))
    order = np.argsort(trial, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(trial))])
    return ob[order], gt[order], offsets


class _EnvSource:
    """Rows of any other environment with labels, trial by trial."""

    def __init__(self, env: gym.Env, seed: int):
        self.env, self.seed, self.trial = env, seed, 0

    def draw(self, at_least: int, fixed: Mapping[str, Any]) -> Rows:
        parts, rows = [], 0
        while rows < at_least:
            self.env.reset(seed=self.seed, options={"trial": self.trial, "conditions": dict(fixed)})
            parts.append(self._rows())
            self.trial += 1
            rows += len(parts[-1].ob)
        return Rows.join(parts)

    def _rows(self) -> Rows:
        env = self.env
        ob, gt = getattr(env, "ob", None), getattr(env, "gt", None)
        if ob is None or gt is None or not len(ob):
            raise ValueError(f"{env} paints no observations or no labels: nothing to learn from")
        window = np.array([env.window or (0, 0)])
        return Rows(np.array(ob), np.array(gt), window, np.array([0, len(ob)]), self.trial)


class Dataset:
    """Endless batches of (inputs, targets), each of `batch_size` sequences of trials end to end.

    Called, or iterated over, it gives inputs (seq_len, batch, C) in the observations' dtype and
    targets (seq_len, batch) of right actions; row k of the targets is the label of row k of the
    inputs. Every sequence goes on where it stopped in the batch before; the first starts with a
    trial. Arrays are fresh: they are never overwritten later. With `details` a third item is a dict
    of (seq_len, batch) arrays: `mask`, true where a response is asked for; `start`, true in a
    trial's first row; `trial`, its number in the stream of `seed`.

    Args:
        env: an id (with `env_kwargs`), a Task, or an environment with labels.
        env_kwargs: parameters for an id.
        batch_size: number of sequences.
        seq_len: rows in a sequence; 1000 if None.
        max_batch: stop an iteration after so many batches.
        batch_first: arrays (batch, seq_len, ...) instead.
        seed: of the trials; fresh ones if None.
        details: return the third item.

    Keyword arguments of a call force conditions: from this batch on, sequences start with trials
    drawn under them; a call with other ones starts anew.
    """

    def __init__(
        self,
        env: str | Task | gym.Env,
        env_kwargs: Mapping[str, Any] | None = None,
        batch_size: int = 1,
        seq_len: int | None = None,
        max_batch: float = np.inf,
        batch_first: bool = False,
        *,
        seed: int | None = None,
        details: bool = False,
    ):
        for name, value in (("batch_size", batch_size), ("seq_len", seq_len or 1)):
            if int(value) != value or value < 1:
                raise ValueError(f"{name} = {value!r}: expected a whole number from 1")
        self.batch_size, self.seq_len = int(batch_size), int(seq_len or 1000)
        self.max_batch, self.batch_first, self.details = max_batch, batch_first, details
        self.env = _as_env(env, env_kwargs or {})
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        """Start anew from a seed: the next batch is the first of that seed."""
        self._seed = int(np.random.SeedSequence(seed).entropy)
        declared = isinstance(self.env, TaskEnv)
        self._source = (
            _TaskSource(self.env.task, self._seed) if declared else _EnvSource(self.env, self._seed)
        )
        self._forget()

    def _forget(self) -> None:
        self._fixed: dict[str, Any] = {}
        self._pool: dict[str, np.ndarray] = {}
        self._begin = np.zeros(self.batch_size, np.int64)  # each sequence's rows in the pool:
        self._end = np.zeros(self.batch_size, np.int64)  # those still to be served
        self._mean_length = 0

    def __call__(self, **conditions: Any) -> tuple:
        """The next batch, of trials with some conditions forced."""
        if repr(conditions) != repr(self._fixed):
            self._forget()
            self._fixed = dict(conditions)
        if (self._end - self._begin).min() < self.seq_len:
            self._fill()
        rows = self._begin + np.arange(self.seq_len)[:, None]  # (seq_len, batch)
        self._begin = self._begin + self.seq_len
        if self.batch_first:
            rows = np.ascontiguousarray(rows.T)
        inputs, targets = (self._take(name, rows) for name in ("ob", "gt"))
        if not self.details:
            return inputs, targets
        return inputs, targets, {n: self._take(n, rows) for n in ("mask", "start", "trial")}

    def _take(self, name: str, rows: np.ndarray) -> np.ndarray:
        values = self._pool[name]
        return values.take(rows.ravel(), axis=0).reshape(*rows.shape, *values.shape[1:])

    def _fill(self) -> None:
        """Draw trials, and give each sequence a run of whole ones after the rows it has left.

        The pool is laid out sequence by sequence.
        """
        want = max(self.seq_len, FILL // self.batch_size)
        left = self._end - self._begin
        fresh, cuts = self._draw(np.maximum(want - left, 0), left)
        arrays = dict(ob=fresh.ob, gt=fresh.gt)
        if self.details:
            arrays.update(fresh.details())
        begins, ends, offsets = self._begin.tolist(), self._end.tolist(), cuts.tolist()
        for name, values in arrays.items():
            old, parts = self._pool.get(name, values), []
            for i in range(self.batch_size):
                parts += [old[begins[i] : ends[i]], values[offsets[i] : offsets[i + 1]]]
            self._pool[name] = np.concatenate(parts)
        lengths = left + np.diff(cuts)
        self._end = np.cumsum(lengths)
        self._begin = self._end - lengths

    def _draw(self, missing: np.ndarray, left: np.ndarray) -> tuple[Rows, np.ndarray]:
        """Trials, and the rows at which each sequence's run of them begins and the last one ends.

        They are shared out by what the sequences miss, (batch,), a trial more or less, so that each
        has enough for a batch with the rows that it has left.
        """
        parts: list[Rows] = []
        while True:
            whole = self.batch_size * self._mean_length  # runs end with a trial
            have = sum(len(part.ob) for part in parts)
            parts.append(self._source.draw(max(1, missing.sum() + whole - have), self._fixed))
            fresh = Rows.join(parts)
            rows, trials = len(fresh.ob), fresh.offsets.size - 1
            self._mean_length = -(-rows // trials)
            share = np.cumsum(missing) * rows // missing.sum()
            cuts = fresh.offsets[np.append(0, np.searchsorted(fresh.offsets, share))]
            if (left + np.diff(cuts)).min() >= self.seq_len:
                return fresh, cuts
            parts = [fresh]

    def __iter__(self) -> Iterator[tuple]:
        served = 0
        while served < self.max_batch:
            yield self()
            served += 1

    def __next__(self) -> tuple:
        return self()


def _as_env(env: Any, kwargs: Mapping[str, Any]) -> gym.Env:
    if isinstance(env, str):
        return as_trials(make(env, **kwargs))
    if kwargs:
        raise ValueError(f"env_kwargs {sorted(kwargs)} are taken with an id only")
    if isinstance(env, Task):
        return TaskEnv(env)
    if not isinstance(env, gym.Env):
        raise TypeError(f"{env!r} is no task id, Task or gymnasium environment")
    return as_trials(env)
