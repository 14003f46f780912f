"""The trials that many environments of a task play next, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurogym.spec.conditions import State
from neurogym.spec.outcomes import Payoffs, Result, Results
from neurogym.trials.batch import Draw, TrialBatch, end_to_end, joined
from neurogym.trials.stream import FIRST, MOST, Stream
from neurogym.trials.task import Task

TOGETHER = 16  # blocks painted together: enough to hide the calls, little enough for the cache
AHEAD = 128  # trials laid out for each env: the fewer, the better they stay in the cache
LOW = 16  # with fewer trials ahead than this an env gets new ones


@dataclass
class Run:
    """Neighbouring trials of one env: a part of a block."""

    first: int  # number of the first trial in the env's stream
    block: TrialBatch
    place: int  # of that trial in the block
    n: int

    @property
    def trials(self) -> slice:
        """The trials in the block."""
        return slice(self.place, self.place + self.n)

    @property
    def rows(self) -> slice:
        """The rows in the block."""
        offsets = self.block.offsets
        return slice(int(offsets[self.place]), int(offsets[self.place + self.n]))

    def after(self, number: int) -> Run:
        """The trials from one on."""
        gone = number - self.first
        return Run(number, self.block, self.place + gone, self.n - gone)

    def until(self, number: int) -> Run:
        """The trials before one."""
        return Run(self.first, self.block, self.place, min(self.n, number - self.first))


class Pool:
    """The trials that some envs play next, as flat rows: env by env, trial by trial.

    Every row knows its trial, and that the row that follows at its end: a step is a few `take`s.
    """

    def __init__(self, task: Task, seeds: Sequence[int]):
        self.task = task
        self.streams = [Stream(task, seed) for seed in seeds]
        self.drawn = [0] * len(seeds)  # blocks, by env
        self.queues: list[list[Run]] = [[] for _ in seeds]
        self.ahead = FIRST  # trials that each env has at least after a refill
        self.refill(None)

    def left(self, at: np.ndarray) -> np.ndarray:
        """How many trials each env has ahead, the one being played included: (B,)."""
        return self.stop_trial - self.trial[at]

    def reseed(self, envs: np.ndarray, seeds: Sequence[int], at: np.ndarray) -> np.ndarray:
        """Go to trial 0 of other seeds in some envs; returns the rows where all envs are now."""
        for env, seed in zip(envs.tolist(), seeds, strict=True):
            self.streams[env], self.drawn[env], self.queues[env] = Stream(self.task, seed), 0, []
        return self.refill(at, envs)

    def refill(self, at: np.ndarray | None, anew: Any = ()) -> np.ndarray:
        """Drop what was played, draw what comes next; returns where the rows `at` (B,) are now.

        The envs `anew` begin with their trial 0.
        """
        played = self.number[self.trial[at]].tolist() if at is not None else [0] * len(self.queues)
        step = at - self.start[self.trial[at]] if at is not None else np.zeros(len(played), int)
        for env in anew:
            played[env], step[env] = 0, 0
        wanted: list[tuple[int, int, Draw]] = []
        for env, queue in enumerate(self.queues):
            while queue and queue[0].first + queue[0].n <= played[env]:
                queue.pop(0)
            if queue:
                queue[0] = queue[0].after(played[env])
            end = queue[-1].first + queue[-1].n if queue else 0
            while end < played[env] + self.ahead:
                draw = self.streams[env].draw(self.drawn[env])
                self.drawn[env] += 1
                wanted.append((env, end, draw))
                end += draw.n
        for some in (wanted[i : i + TOGETHER] for i in range(0, len(wanted), TOGETHER)):
            block, place = self.task.block([draw for _, _, draw in some]), 0
            for env, first, draw in some:
                self.queues[env].append(Run(first, block, place, draw.n))
                place += draw.n
        stops = [first + self.ahead for first in played]
        queues = zip(self.queues, stops, strict=True)
        self._lay_out([[run.until(stop) for run in q if run.first < stop] for q, stop in queues])
        usual = sum(played) / len(played)  # not the most: the same for few envs and for many
        self.ahead = min(max(2 * LOW, int(2 * usual)), AHEAD)
        return self.first + step

    def _lay_out(self, queues: list[list[Run]]) -> None:
        runs = [run for queue in queues for run in queue]
        self._lay_out_trials(runs)
        rows = [(run, run.rows) for run in runs]
        self.ob = np.concatenate([run.block.ob[r] for run, r in rows])
        self.gt = np.concatenate([run.block.gt[r] for run, r in rows])
        per_env = [sum(r.rows.stop - r.rows.start for r in queue) for queue in queues]
        self.first = np.cumsum(per_env) - per_env
        self.stop_trial = np.cumsum([sum(run.n for run in queue) for queue in queues])
        if self.task.closed:
            self.period = np.concatenate([run.block.period[r] for run, r in rows])
            self.last = np.zeros(len(self.ob), bool)
            self.last[self.follow - 1] = True
            lengths = np.array([r.stop - r.start for _, r in rows])
            shift = np.cumsum(lengths) - lengths - [r.start for _, r in rows]
            ends = np.concatenate([run.block.period_end[r] for run, r in rows])
            self.period_end = ends + np.repeat(shift, lengths)
            self.columns = {
                name: np.concatenate([run.block.columns[name][r] for run, r in rows])
                for name in runs[0].block.columns
            }
        else:
            payoffs = [run.block.paid[0] for run in runs]
            tables = Tables(self.task, payoffs)
            vars(self).update(vars(tables))
            kind = np.concatenate([run.block.paid[1][r] for run, r in rows])
            self.key = tables.key(kind, payoffs, [r.stop - r.start for _, r in rows])

    def told(self) -> np.ndarray:
        """What steps of a closed task are told of each row, (S, 7): see `kernels.TOLD`."""
        rows = np.arange(self.trial.size)
        late = rows - np.repeat(self.start + self.opened, self.follow - self.start)
        columns = (self.period, self.columns["since"], self.columns["steps"], self.last,
                   self.period_end + 1, self.trial, late)  # fmt: skip
        return np.stack(columns, axis=1).astype(np.int64, copy=False)

    def _lay_out_trials(self, runs: list[Run]) -> None:
        lengths = np.concatenate([run.block.timeline.length[run.trials] for run in runs])
        self.opened = np.concatenate([run.block.counted[run.trials] for run in runs])
        self.trial = np.repeat(np.arange(lengths.size), lengths)  # (S,) place in the pool
        self.follow = np.cumsum(lengths)  # by trial: the row after its last,
        self.start = self.follow - lengths  # its first row
        late = np.arange(self.trial.size) - np.repeat(self.start + self.opened, lengths)
        self.late = late * float(self.task.dt)  # (S,) ms since responses are first asked for
        self.number = np.concatenate([run.first + np.arange(run.n) for run in runs])
        some = [
            {name: column[run.trials] for name, column in run.block.trials.conditions.items()}
            for run in runs
        ]
        self.conditions = joined(some, [run.n for run in runs])


class Tables:
    """Payoff tables as flat arrays: what is the same in every block, then what each has of its own.

    A cell is found at key + state * actions + action, with the `key` of a row.
    """

    reward: np.ndarray
    ends: np.ndarray
    next: np.ndarray
    performance: np.ndarray
    outcome: np.ndarray
    response: np.ndarray

    def __init__(self, task: Task, payoffs: Sequence[Payoffs]):
        tables = list(dict.fromkeys(payoffs))
        common = task.plan.table
        self.base = common.shape[0]
        _, self.states, n = tables[0].shape
        own = np.array([table.shape[0] - self.base for table in tables])
        self.shifts = dict(zip(tables, np.cumsum(own) - own, strict=True))
        for name in Payoffs.FIELDS:
            parts = [getattr(common, name)] if self.base else []
            parts += [getattr(table, name)[self.base :] for table in tables if own.any()]
            setattr(self, name, np.concatenate(parts).ravel())
        action, state = np.arange(self.reward.size) % n, np.arange(self.reward.size) // n
        self.event = self.ends | (self.next != state % self.states)
        self.silent = ~(self.ends & (self.response > 0) & (action > 0))
        self.performance = np.where(self.ends, self.performance, 0.0)
        self.reward = self.reward.astype(np.float64)
        self.size = self.states * n

    def has(self, payoffs: Sequence[Payoffs]) -> bool:
        """Whether these are all there."""
        return set(payoffs) <= self.shifts.keys()

    def key(self, kind: np.ndarray, payoffs: Sequence[Payoffs], rows: Sequence[int]) -> np.ndarray:
        """Where the cells of each row start, (S,); `rows` counts those of each block."""
        if len(self.shifts) > 1:
            shift = np.repeat([self.shifts[table] for table in payoffs], rows)
            kind = np.where(kind < self.base, kind, kind + shift)
        return kind * self.size


class LivePool:
    """The trial that each env plays, of a task that learns: drawn when the one before it ends.

    Env e owns the rows e * room to (e + 1) * room of the arrays that a `Pool` has, and its trial
    has the number e.
    """

    def __init__(self, task: Task, seeds: Sequence[int]):
        self.task, self.envs = task, len(seeds)
        self.streams = [Stream(task, seed) for seed in seeds]
        self.carried: list[dict[str, Any]] = [{} for _ in seeds]
        self.trials: list[dict[str, Any]] = [{} for _ in seeds]
        self.number = np.full(self.envs, -1)
        self.room = 0
        self.follow, self.opened = np.zeros((2, self.envs), np.int64)
        self.payoffs: list[Any] = [None] * self.envs
        self.paid: Tables | None = None
        self.rows: dict[str, np.ndarray] = {}
        self.conditions: dict[str, np.ndarray] = {}
        self.first = self.replace(np.arange(self.envs), np.zeros(self.envs, np.int64))

    def reseed(self, envs: np.ndarray, seeds: Sequence[int], at: np.ndarray) -> np.ndarray:
        """Go to trial 0 of other seeds in some envs; returns the rows where all envs are now."""
        for env, seed in zip(envs.tolist(), seeds, strict=True):
            self._forget(env, Stream(self.task, seed))
        return self.replace(envs, at.copy())

    def _forget(self, env: int, stream: Stream) -> None:
        """Let an env begin with the first trial of a stream."""
        self.streams[env], self.number[env] = stream, -1
        self.carried[env], self.trials[env] = {}, {}

    def learn(
        self, envs: np.ndarray, how: Sequence[np.ndarray], parts: Mapping[str, np.ndarray] | None
    ) -> None:
        """Tell how the trials of some envs ended: of all envs, performance, outcome, response."""
        for env in envs.tolist():
            result = Result.of([values[env] for values in how], parts, env)
            self.carried[env] = self.task.learn(self.carried[env], self.trials[env], result)

    def replace(self, envs: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Begin the next trial of some envs; returns the rows where all envs are now."""
        self.number[envs] += 1
        block = self._painted(envs)
        lengths = np.diff(block.offsets)
        at = self._make_room(int(lengths.max()), at)
        starts = envs * self.room
        place = np.repeat(starts - block.offsets[:-1], lengths) + np.arange(len(block.ob))
        for name, values in self._rows_of(block).items():
            self.rows[name][place] = values
        self.follow[envs], self.opened[envs] = starts + lengths, block.counted
        for name, values in block.trials.conditions.items():
            if name not in self.conditions:
                self.conditions[name] = np.repeat(values[:1], self.envs)
            old = self.conditions[name]
            if values.dtype != old.dtype:  # a longer text, or another kind of number
                self.conditions[name] = end_to_end([old, values])[: self.envs]
            self.conditions[name][envs] = values
        for env in envs.tolist():
            self.payoffs[env] = block.payoffs
        self._publish()
        at[envs] = starts
        return at

    def _painted(self, envs: np.ndarray) -> TrialBatch:
        """The next trial of some envs."""
        draws = [self.streams[env].draw(int(self.number[env]), self.carried[env]) for env in envs]
        block = self.task.block(draws)
        for i, (env, draw) in enumerate(zip(envs.tolist(), draws, strict=True)):
            self.carried[env], self.trials[env] = draw.carried, block.trials.one(i)
        return block

    def _rows_of(self, block: TrialBatch) -> dict[str, np.ndarray]:
        rows = {"ob": block.ob, "gt": block.gt}
        if not self.task.closed:
            return {**rows, "kind": block.paid[1]}
        left = block.period_end - np.arange(len(block.ob))
        return {**rows, "period": block.period, "last": block.last, "left": left, **block.columns}

    def _make_room(self, length: int, at: np.ndarray) -> np.ndarray:
        if length <= self.room and self.rows:
            return at
        old, self.room = self.room, max(length, self.room) * 3 // 2
        sample = self._rows_of(self.task.block([self.streams[0].draw(0, {})]))
        for name, values in sample.items():
            fresh = np.zeros((self.envs, self.room, *values.shape[1:]), values.dtype)
            if old:
                fresh[:, :old] = self.rows[name].reshape(self.envs, old, *values.shape[1:])
            self.rows[name] = fresh.reshape(-1, *values.shape[1:])
        self.trial = np.repeat(np.arange(self.envs), self.room)
        moved = np.arange(self.envs) * (self.room - old)
        self.follow += moved
        return at + moved

    def _publish(self) -> None:
        """Set the arrays that follow from the rows."""
        self.start = np.arange(self.envs) * self.room
        step = np.arange(self.envs * self.room) % self.room
        self.late = (step - np.repeat(self.opened, self.room)) * float(self.task.dt)
        self.ob, self.gt = self.rows["ob"], self.rows["gt"]
        if not self.task.closed:
            if self.paid is None or not self.paid.has(self.payoffs):
                self.paid = Tables(self.task, self.payoffs)
                vars(self).update(vars(self.paid))
            self.key = self.paid.key(self.rows["kind"], self.payoffs, [self.room] * self.envs)
            return
        self.period, self.last = self.rows["period"], self.rows["last"]
        self.period_end = self.rows["left"] + np.arange(len(self.ob))
        known = ("ob", "gt", "period", "last", "left")
        self.columns = {k: v for k, v in self.rows.items() if k not in known}


class SettlingPool(LivePool):
    """The same where chance comes first: what was learned is settled in many envs at once."""

    def __init__(self, task: Task, seeds: Sequence[int]):
        self.known = task.at_first(len(seeds))
        self.drawn, self.places, self.sizes = np.zeros((3, len(seeds)), np.int64)
        self.ahead = Draw(np.random.default_rng(0), 0, {}, {}, {})  # a block of each env
        super().__init__(task, seeds)

    def learn(
        self, envs: np.ndarray, how: Sequence[np.ndarray], parts: Mapping[str, np.ndarray] | None
    ) -> None:
        trials = {name: values[envs] for name, values in self.conditions.items()}
        results = Results(*(values[envs] for values in how))
        for key, state in self.task.follow(self._known_of(envs), trials, results).items():
            for name, values in state.items():
                self.known[key][name][envs] = values

    def _forget(self, env: int, stream: Stream) -> None:
        super()._forget(env, stream)
        self.drawn[env] = self.places[env] = self.sizes[env] = 0
        for key, state in self.task.at_first(1).items():
            for name, values in state.items():
                self.known[key][name][env] = values[0]

    def _known_of(self, envs: np.ndarray) -> dict[str, State]:
        return {
            key: {name: values[envs] for name, values in state.items()}
            for key, state in self.known.items()
        }

    def _painted(self, envs: np.ndarray) -> TrialBatch:
        for env in envs[self.places[envs] == self.sizes[envs]].tolist():
            self._load(env)
        draw = self.ahead.take(envs * MOST + self.places[envs])
        self.places[envs] += 1
        self.task.settle(draw, self._known_of(envs))
        return self.task.block([draw])

    def _load(self, env: int) -> None:
        """Keep what chance gives the next block of an env."""
        block = self.streams[env].chances(int(self.drawn[env]))
        if not self.ahead.n:
            self.ahead = block.take(np.zeros(self.envs * MOST, np.int64))
        rows = slice(env * MOST, env * MOST + block.n)
        for mine, values in zip(self.ahead.columns(), block.columns(), strict=True):
            for name, column in values.items():
                if mine[name].dtype != column.dtype:  # a longer text
                    mine[name] = mine[name].astype(np.result_type(mine[name], column))
                mine[name][rows] = column
        self.drawn[env], self.places[env], self.sizes[env] = self.drawn[env] + 1, 0, block.n


def pool_of(task: Task) -> type[Pool] | type[LivePool]:
    """How the trials of many envs are kept ready."""
    if task.plan.settles:
        return SettlingPool
    return LivePool if task.plan.learns else Pool
