"""Batches of sequences for supervised training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.envs.episodes import as_trials
from neurogym.envs.has_trials import Forking, HasTrials
from neurogym.envs.task_env import TaskEnv
from neurogym.loops.kernels import TOLD
from neurogym.loops.many import kernels_of
from neurogym.spec.conditions import State
from neurogym.spec.outcomes import HOW, Outcome, Result, Results
from neurogym.spec.parameters import replaced
from neurogym.spec.plan import Step
from neurogym.trials.ahead import end_to_end, in_place
from neurogym.trials.batch import Draw, TrialBatch
from neurogym.trials.catalogue import make
from neurogym.trials.stream import FIRST, MOST, Stream, locate, size_of
from neurogym.trials.task import Task
from neurogym.wrappers.layers import OBSERVATIONS, changed_by, layers_of, name_of

FILL = 1 << 16  # rows drawn at a time, about: enough to hide the calls, little enough for the cache


class Rows:
    """Trials end to end: `ob` (S, ...), `gt` (S, ...), `window` and `number` (n, ...), `offsets`.

    `number` tells each trial's place in its stream; `first` alone that of trials in their order.
    """

    def __init__(self, ob, gt, window, offsets, first: int = 0, number: np.ndarray | None = None):
        self.ob, self.gt, self.window, self.offsets = ob, gt, window, offsets
        self.number = first + np.arange(offsets.size - 1) if number is None else number

    @classmethod
    def join(cls, parts: list[Rows]) -> Rows:
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        ob, gt, window, number = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("ob", "gt", "window", "number")
        )
        return cls(ob, gt, window, offsets, number=number)

    def details(self) -> dict[str, np.ndarray]:
        """By row, (S,): whether a response is asked for, whether a trial starts, its number."""
        trial = np.repeat(np.arange(self.offsets.size - 1), np.diff(self.offsets))
        step = np.arange(trial.size) - self.offsets[trial]
        first, stop = self.window[trial].T
        mask = (step >= first) & (step < stop)
        return dict(mask=mask, start=step == 0, trial=self.number[trial])


class _TaskSource:
    """Rows of a declared task whose trials stand alone: some blocks at a time, for all."""

    fill = FILL

    def __init__(self, task: Task, seed: int, played: bool = False):
        self.task, self.stream, self.played = task, Stream(task, seed), played
        self.block, self.trial, self.rows = 0, 0, 0

    def draw(self, at_least: int, fixed: Mapping[str, Any]) -> Rows:
        mean = self.rows / self.trial if self.trial else at_least  # the first block will tell
        count, trials = 0, 0
        while trials * mean < at_least:
            trials += size_of(self.block + count)
            count += 1
        block = self.stream.blocks(self.block, count, fixed)
        ob, gt, offsets = rows_of(block, self.played)
        rows = Rows(ob, gt, block.window, offsets, self.trial)
        self.block += count
        self.trial += block.n
        self.rows += len(ob)
        return rows


class _Subject:
    """One sequence of a task whose trials depend on those before them: a stream of its own."""

    def __init__(self, task: Task, seed: int):
        self.stream, self.block, self.trial = Stream(task, seed), 0, 0
        self.memory: dict[str, Any] = {}
        self.echo = np.zeros(1, np.int64), np.zeros(1)
        self.parts: list[Rows] = []
        self.rows = 0  # so far, as the trials

    def add(self, shown: Shown, window: np.ndarray, first: int, stop: int) -> int:
        """Take over some trials of a block; returns how many rows they have."""
        task, offsets = self.stream.task, shown.offsets[first : stop + 1]
        here = slice(offsets[0], offsets[-1])
        ob, gt, reward = shown.ob[here], shown.gt[here], shown.reward[here]
        label = gt if gt.ndim == 1 else np.zeros(len(gt), np.int64)  # graded: none is shown
        done, earned = np.append(self.echo[0], label), np.append(self.echo[1], reward)
        for echo in task.plan.echoes:
            echo.show(ob, done[:-1], earned[:-1])
        self.echo = done[-1:], earned[-1:]
        self.parts.append(Rows(ob, gt, window[first:stop], offsets - offsets[0], self.trial))
        self.block, self.trial = self.block + 1, self.trial + stop - first
        self.rows += len(ob)
        return len(ob)

    def take(self) -> list[Rows]:
        """What was added since this was last asked for, as one or none."""
        parts, self.parts = self.parts, []
        return [Rows.join(parts)] if parts else []


class _Subjects:
    """Rows of a task that learns or echoes: sequence i is the stream of seed + i, played rightly.

    The next block of all sequences is painted together.
    """

    fill = 1  # no more than is asked for: each trial has a price

    def __init__(self, task: Task, seed: int, sequences: int):
        self.task = task
        self.subjects = [_Subject(task, seed + i) for i in range(sequences)]

    def draw(self, missing: np.ndarray, fixed: Mapping[str, Any]) -> tuple[Rows, np.ndarray]:
        """At least so many rows for each sequence, (batch,); and where those of each begin."""
        missing = missing.copy()
        while (behind := np.flatnonzero(missing > 0)).size:
            missing[behind] -= self._play(behind, missing[behind], fixed)
        taken = [subject.take() for subject in self.subjects]
        rows = [sum(len(part.ob) for part in parts) for parts in taken]
        cuts = np.concatenate([[0], np.cumsum(rows)])
        return Rows.join([part for parts in taken for part in parts]), cuts

    def _play(self, who: np.ndarray, missing: np.ndarray, fixed: Mapping[str, Any]) -> list[int]:
        """Play the next trials of some sequences; returns how many rows each has."""
        some = [self.subjects[i] for i in who]
        draws = [s.stream.draw(s.block, s.memory) for s in some]
        block = self.task.block(draws, fixed)
        shown = play_rightly(block)
        stops, rows = np.cumsum([draw.n for draw in draws]).tolist(), []
        for subject, draw, stop in zip(some, draws, stops, strict=True):
            rows.append(subject.add(shown, block.window, stop - draw.n, stop))
            if self.task.plan.learns:
                trial, result = block.trials.one(stop - 1), shown.result(stop - 1)
                subject.memory = self.task.learn(draw.carried, trial, result)
        return rows


class _Foreseers(_Subjects):
    """The same of a task of which chance comes first: many trials of each sequence are foreseen.

    What a trial is expected to bring is what the last one with the same ground truth brought, as
    all are answered rightly. From the first of which something else is learned, a sequence's
    trials are drawn again.
    """

    fill = FILL

    def __init__(self, task: Task, seed: int, sequences: int):
        super().__init__(task, seed, sequences)
        self.states, self.reach = task.at_first(sequences), FIRST
        self.usual: dict[Any, int] = {}  # by ground truth the place in
        self.results = np.array([(1.0, Outcome.CORRECT, 1)])  # what trials brought, as in HOW

    def _play(self, who: np.ndarray, missing: np.ndarray, fixed: Mapping[str, Any]) -> list[int]:
        parts = []
        for i, rest in zip(who.tolist(), missing.tolist(), strict=True):
            subject = self.subjects[i]
            number, place = locate(subject.trial)
            most = 1 + rest * subject.trial // max(1, subject.rows)
            ahead = subject.stream.ahead(number)
            parts.append(ahead.take(slice(place, place + min(most, self.reach, ahead.n - place))))
        draw, n = end_to_end(parts), np.array([part.n for part in parts])
        first = np.cumsum(n) - n
        steps = [
            self._foresee(draw, who[n > j], first[n > j] + j, fixed) for j in range(int(n.max()))
        ]
        block = self.task.block([in_place([(s.rows, s.draw) for s in steps], draw)], fixed)
        shown = play_rightly(block)
        stops = self._stops(steps, shown, first, n)
        return [
            self.subjects[i].add(shown, block.window, start, stop)
            for i, start, stop in zip(who.tolist(), first.tolist(), stops.tolist(), strict=True)
        ]

    def _foresee(
        self, draw: Draw, who: np.ndarray, rows: np.ndarray, fixed: Mapping[str, Any]
    ) -> _Foreseen:
        """Settle a trial of some sequences, and go on as if it went as usual."""
        states = {key: {k: v[who] for k, v in s.items()} for key, s in self.states.items()}
        trials = draw.take(rows)
        self.task.settle(trials, states)
        given = trials.conditions | {k: np.full(trials.n, v) for k, v in fixed.items()}
        truth = given.get("ground_truth", np.zeros(trials.n)).tolist()
        result = np.array([self.usual.get(value, 0) for value in truth])
        after = self.task.follow(states, given, Results(*self.results[result].T))
        self._know(who, after)
        return _Foreseen(who, rows, trials, states, given, truth, result, after)

    def _know(self, who: Any, states: Mapping[str, State]) -> None:
        for key, state in states.items():
            for name, values in state.items():
                self.states[key][name][who] = values

    def _stops(
        self, steps: list[_Foreseen], shown: Shown, first: np.ndarray, n: np.ndarray
    ) -> np.ndarray:
        """Where each sequence's trials stop to be as they were drawn, (sequences,)."""
        found = np.stack([shown.how[name] for name in HOW], axis=1)
        stops, cut = first + n, set()
        for step in steps:
            other = (found[step.rows] != self.results[step.result]).any(axis=1)
            for k in np.flatnonzero(other).tolist():
                who, how = step.who[k], found[step.rows[k]]
                if who in cut:
                    continue
                self._remember(step.truth[k], how)
                after = step.other(self.task, k, how)
                if any(
                    (after[key][name] != values[k]).any()
                    for key, state in step.after.items() for name, values in state.items()
                ):  # fmt: skip
                    self._know([who], after)
                    cut.add(who)
                    stops[np.searchsorted(first, step.rows[k], side="right") - 1] = step.rows[k] + 1
        self.reach = max(1, (stops - first).min()) if cut else min(2 * self.reach, MOST)
        return stops

    def _remember(self, truth: Any, how: np.ndarray) -> None:
        """Expect from now on what a trial with a ground truth brought."""
        known = np.flatnonzero((self.results == how).all(axis=1))
        if not known.size:
            self.results = np.vstack([self.results, how])
        self.usual[truth] = int(known[0]) if known.size else len(self.results) - 1


@dataclass
class _Foreseen:
    """A trial of each of some sequences, as it is expected to go."""

    who: np.ndarray  # (n,) the sequences
    rows: np.ndarray  # (n,) their trials' places
    draw: Draw
    states: dict[str, State]  # before
    given: dict[str, np.ndarray]
    truth: list[Any]
    result: np.ndarray  # (n,) the place of what is expected among what is known
    after: dict[str, State]

    def other(self, task: Task, k: int, how: np.ndarray) -> dict[str, State]:
        """What is known after the k-th if it went otherwise."""
        here = slice(k, k + 1)
        before = {
            key: {name: values[here] for name, values in state.items()}
            for key, state in self.states.items()
        }
        given = {name: values[here] for name, values in self.given.items()}
        return task.follow(before, given, Results(*how[:, None]))


@dataclass
class Shown:
    """Trials as they go when everything is done rightly; R rows, n trials."""

    ob: np.ndarray  # (R, C)
    gt: np.ndarray  # (R,), or (R, k) where actions are graded
    reward: np.ndarray  # (R,)
    offsets: np.ndarray  # (n + 1,)
    how: dict[str, np.ndarray]  # performance, outcome and response of each trial, (n,)
    parts: dict[str, np.ndarray] | None = None  # what `Task.parts` tells of each, (n, tasks)

    def result(self, i: int) -> Result:
        """How the i-th trial ended."""
        return Result.of([self.how[name][i] for name in HOW], self.parts, i)


def rows_of(block: TrialBatch, played: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observations (S, C), labels (S,) and offsets (n + 1,), for training.

    Of a closed task, what is seen depends on what is done, which is what is right. With `played`
    all trials end with the answer, as they do when they are played rightly.
    """
    if not played and (not block.task.closed or block.task.foreseen):
        return block.ob, block.gt, block.offsets
    shown = play_rightly(block)
    return shown.ob, shown.gt, shown.offsets


def play_rightly(block: TrialBatch) -> Shown:
    """Play the trials of a block by their labels, side by side, a step at a time."""
    if not block.task.closed and block.paid[0].shape[1] == 1:
        return _at_once(block)
    if block.task.closed and block.task.loop.one:
        return _in_turn(block)
    n, steps = block.n, []
    how = dict(performance=np.zeros(n), outcome=np.zeros(n, int), response=np.zeros(n, int))
    parts: dict[str, np.ndarray] | None = None
    play = _react if block.task.closed else _look_up
    for here, ob, gt, reward, ended, now, told in play(block):
        steps.append((here, ob, gt, reward))
        done = here[ended]
        for name, values in zip(HOW, now, strict=True):
            how[name][done] = values[ended]
        if told:
            parts = parts or {name: np.zeros_like(values) for name, values in told.items()}
            for name, values in told.items():
                parts[name][done] = values[done]
    trial, ob, gt, reward = map(np.concatenate, zip(*steps, strict=True))
    order = np.argsort(trial, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(trial, minlength=n))])
    return Shown(ob[order], gt[order], reward[order], offsets, how, parts)


def _at_once(block: TrialBatch) -> Shown:
    """The same where a table without states tells when trials end: without a loop over steps."""
    (pay, kind), gt = block.paid, block.gt
    cells = kind, 0, gt
    last = np.flatnonzero(pay.ends[cells])
    last = last[np.searchsorted(last, block.offsets[:-1])]
    lengths = last + 1 - block.offsets[:-1]
    rows = np.arange(lengths.sum()) + np.repeat(block.offsets[:-1], lengths)
    rows -= np.repeat(np.cumsum(lengths) - lengths, lengths)
    end = kind[last], 0, gt[last]
    how = {name: getattr(pay, name)[end] for name in HOW}
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return Shown(block.ob[rows], gt[rows], pay.reward[cells][rows], offsets, how)


def _in_turn(block: TrialBatch) -> Shown:
    """The same of one closed task: a trial after the other, compiled where numba is there."""
    task, n, size = block.task, block.n, len(block.ob)
    graded, line = task.plan.actions.graded, block.columns
    kernels = kernels_of(task.loop.one.program, graded, task.label)
    columns = block.period, line["since"], line["steps"], block.last, block.period_end + 1
    told = np.zeros((size, len(TOLD)), np.int64)
    told[:, : len(columns)] = np.stack(columns, axis=1)
    gt, rows, reward = kernels.room(size, 0, 0, 0.0)
    stops, outcome, response, performance = kernels.room(n, 0, 0, 0, 0.0)
    given, ob = kernels.given, block.ob.copy()
    count = kernels.play(
        given(block.offsets[:-1]), given(block.offsets[1:]), kernels.states(1)[0], given(told),
        given(kernels.aims(line, size)), given(kernels.conditions(block.trials.conditions, n)),
        ob, gt, reward, rows, stops, performance, outcome, response,
    )  # fmt: skip
    seen = np.asarray(rows[:count], np.int64)
    labels = np.asarray(gt[:count], np.int64) if kernels.labels else block.gt[seen]
    how = dict(zip(HOW, map(np.asarray, (performance, outcome, response)), strict=True))
    offsets = np.append(0, stops)
    return Shown(ob[seen], labels, np.asarray(reward[:count], float), offsets, how)


def _look_up(block: TrialBatch) -> Iterator[tuple]:
    """Steps of trials with a payoff table: (trials, ob, gt, reward, ended, how, parts)."""
    (pay, kinds), at = block.paid, block.offsets[:-1].copy()
    state = np.zeros(block.n, np.int64)
    here = np.arange(block.n)
    while here.size:
        rows, now = at[here], state[here]
        gt, kind = block.gt[rows], kinds[rows]
        ended = pay.ends[kind, now, gt]
        how = [table[kind, now, gt] for table in (pay.performance, pay.outcome, pay.response)]
        yield here, block.ob[rows], gt, pay.reward[kind, now, gt], ended, how, None
        state[here] = pay.next[kind, now, gt]
        at[here] += 1
        here = here[~ended]


def _react(block: TrialBatch) -> Iterator[tuple]:
    """The same of a closed task."""
    task, trials, last = block.task, block.trials, block.offsets[1:] - 1
    index = {period: i for i, period in enumerate(block.timeline.periods)}
    state, at, on = task.loop.begin(trials), block.offsets[:-1].copy(), np.ones(block.n, bool)
    response = np.zeros(block.n, np.int64)
    while on.any():
        here = np.flatnonzero(on)
        columns = {name: values[at] for name, values in block.columns.items()}
        step = Step(block.period[at], at == block.period_end[at], at == last, index, columns)
        ob = block.ob[at]
        task.loop.observe(trials, state, step, ob)
        gt = task.loop.labels(trials, state, step)
        effect = task.loop.react(trials, state, step, gt)
        reward, ends, performance, outcome, responds, skip = (
            np.broadcast_to(getattr(effect, name), (block.n,))
            for name in ("reward", "ends", "performance", "outcome", "responds", "skip")
        )
        answer = gt if effect.response is None else effect.response
        response = np.where(responds & (response == 0), answer, response)
        at = np.where(skip, block.period_end[at], at)
        ended = ends | (at == last)
        how = [values[here] for values in (performance, outcome, response)]
        parts = task.parts(trials, state)
        yield here, ob[here], gt[here], reward[here], ended[here], how, parts
        on &= ~ended
        at = at + on


class _EnvSource:
    """Rows of any other environment with labels, trial by trial."""

    fill = 1  # no more than is asked for: each trial has a price

    def __init__(self, env: Any, seed: int):
        self.env, self.seed, self.trial = env, seed, 0

    def draw(self, at_least: int, fixed: Mapping[str, Any]) -> Rows:
        parts, rows = [], 0
        while rows < at_least:
            options = {"trial": self.trial, "conditions": dict(fixed)}
            ob, _ = self.env.reset(seed=self.seed, options=options)
            parts.append(self._played(ob) if self.env.to_be_played else self._rows())
            self.trial += 1
            rows += len(parts[-1].ob)
        return Rows.join(parts)

    def _played(self, ob: Any) -> Rows:
        """The trial that has begun, played rightly."""
        env: Any = self.env
        window, seen, labels, over = np.array([env.window or (0, 0)]), [], [], False
        while not over:
            gt = env.gt_now
            if gt is None:
                raise ValueError(f"{env} has no labels: nothing to learn from")
            seen.append(ob)
            labels.append(gt)
            ob, _, terminated, truncated, info = env.step(gt)
            over = info["new_trial"] or terminated or truncated
        return Rows(np.array(seen), np.array(labels), window, np.array([0, len(seen)]), self.trial)

    def _rows(self) -> Rows:
        env: Any = self.env
        ob, gt = getattr(env, "ob", None), getattr(env, "gt", None)
        if ob is None or gt is None or not len(ob):
            raise ValueError(f"{env} paints no observations or no labels: nothing to learn from")
        window = np.array([env.window or (0, 0)])
        return Rows(np.array(ob), np.array(gt), window, np.array([0, len(ob)]), self.trial)


OLD = {"cache_len": "leave it out: as many trials are drawn at a time as is fast"}


class Dataset(Forking):
    """Endless batches of (inputs, targets), each of `batch_size` sequences of trials end to end.

    Called, or iterated over, it gives inputs (seq_len, batch, C) in the observations' dtype and
    targets (seq_len, batch) of right actions, (seq_len, batch, k) where these are k numbers; row i
    of the targets is the label of row i of the inputs. Every sequence goes on where it stopped in
    the batch before; the first starts with a trial. Where trials depend on those before them (a
    staircase, channels that show the last action), sequence i is the stream of seed + i, played
    rightly, and trials end with the answer. Arrays are fresh: they are never overwritten later.
    With `details` a third item is a dict of (seq_len, batch) arrays: `mask`, true where a response
    is asked for; `start`, true in a trial's first row; `trial`, its number in the stream of `seed`.

    Args:
        env: an id (with `env_kwargs`), a Task, or an environment with labels.
        env_kwargs: parameters for an id.
        batch_size: number of sequences.
        seq_len: rows in a sequence; 1000 if None.
        max_batch: stop an iteration after so many batches; None: never.
        batch_first: arrays (batch, seq_len, ...) instead.
        seed: of the trials; fresh ones if None.
        details: return the third item.
        played: trials end with the right answer, as they do when they are played, so that what a
            network learns from is what it meets in an environment; else windows last to their end.
        tensors: PyTorch tensors in place of arrays, in the same memory: nothing is copied.

    Keyword arguments of a call force conditions: from this batch on, sequences start with trials
    drawn under them; a call with other ones starts anew.

    Raises:
        ValueError: for an unknown task or parameter, an environment without labels, sizes that are
            no whole numbers from 1, and conditions that the task cannot honour.
        ImportError: for tensors without PyTorch.
    """

    def __init__(
        self,
        env: str | Task | gym.Env,
        env_kwargs: Mapping[str, Any] | None = None,
        batch_size: int = 1,
        seq_len: int | None = None,
        max_batch: float | None = np.inf,
        batch_first: bool = False,
        *,
        seed: int | None = None,
        details: bool = False,
        played: bool = False,
        tensors: bool = False,
        **old: Any,
    ):
        replaced("Dataset", old, OLD)
        for name, value in (("batch_size", batch_size), ("seq_len", seq_len or 1)):
            if int(value) != value or value < 1:
                raise ValueError(f"{name} = {value!r}: expected a whole number from 1")
        self.batch_size, self.seq_len = int(batch_size), int(seq_len or 1000)
        max_batch = np.inf if max_batch is None else max_batch
        self.max_batch, self.batch_first, self.details = max_batch, batch_first, details
        self.played, self.tensors = played, tensors
        if tensors:
            _torch()
        self._served = 0  # batches that `next` gave
        self.env: Any = _as_env(env, env_kwargs or {})
        if played and self.env.declared is None:
            raise ValueError(
                f"played: {self.env} is no declared task, so that nothing is known of how its"
                " trials end: leave it out"
            )
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        """Start anew from a seed: the next batch is the first of that seed."""
        entropy: Any = np.random.SeedSequence(seed).entropy
        self._seed = int(entropy)
        self._forget()
        self._source = self._new_source()

    def _new_source(self) -> _TaskSource | _Subjects | _EnvSource:
        task = self.env.declared
        if task is None:
            return _EnvSource(self.env, self._seed)
        if task.plan.learns or task.plan.echoes:
            kind = _Foreseers if task.plan.settles else _Subjects
            return kind(task, self._seed, self.batch_size)
        return _TaskSource(task, self._seed, self.played)

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

    def _take(self, name: str, rows: np.ndarray) -> Any:
        values = self._pool[name]
        taken = values.take(rows.ravel(), axis=0).reshape(*rows.shape, *values.shape[1:])
        return _torch().from_numpy(taken) if self.tensors else taken

    def _fill(self) -> None:
        """Draw trials, and give each sequence a run of whole ones after the rows it has left.

        The pool is laid out sequence by sequence.
        """
        want = max(self.seq_len, self._source.fill // self.batch_size)
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
        if isinstance(self._source, _Subjects):
            return self._source.draw(missing, self._fixed)
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
        if self._served >= self.max_batch:
            self._served = 0
            raise StopIteration
        self._served += 1
        return self()

    def __getattr__(self, name: str) -> Any:
        if name == "envs":
            raise AttributeError("a Dataset has no envs: all sequences are of one, `env`")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _torch() -> Any:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ImportError(
            "tensors need PyTorch: pip install 'neurogym[agents]'", name=error.name
        ) from error
    return torch


def _as_env(env: Any, kwargs: Mapping[str, Any]) -> HasTrials:
    if isinstance(env, str):
        return as_trials(make(env, **kwargs))
    if kwargs:
        raise ValueError(f"env_kwargs {sorted(kwargs)} are taken with an id only")
    if isinstance(env, Task):
        return TaskEnv(env)
    if not isinstance(env, gym.Env):
        raise TypeError(f"{env!r} is no task id, Task or gymnasium environment")
    trials = as_trials(env)
    if lost := [layer for layer in layers_of(env, trials) if OBSERVATIONS in changed_by(layer)]:
        raise TypeError(
            f"a data set reads the trials of {trials}, without what {name_of(lost[-1])} does to"
            " observations: change those that it gives, or the task by a wrapper of tasks"
        )
    return trials
