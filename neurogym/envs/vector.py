"""Many environments of one task, stepped together; env i equals a scalar env with seed + i."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from neurogym.envs.has_trials import Forking
from neurogym.envs.task_env import graded
from neurogym.spec.canvas import Trials
from neurogym.spec.outcomes import Payoffs, Result
from neurogym.spec.plan import Effect, Step
from neurogym.trials.batch import Draw, TrialBatch, end_to_end, joined
from neurogym.trials.stream import FIRST, Stream
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

    def refill(self, at: np.ndarray | None) -> np.ndarray:
        """Drop what was played, draw what comes next; returns where the rows `at` (B,) are now."""
        played = self.number[self.trial[at]].tolist() if at is not None else [0] * len(self.queues)
        step = at - self.start[self.trial[at]] if at is not None else 0
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
        self.ahead = min(2 * self.ahead, AHEAD)
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

    def _lay_out_trials(self, runs: list[Run]) -> None:
        lengths = np.concatenate([run.block.timeline.length[run.trials] for run in runs])
        opened = np.concatenate([run.block.window[run.trials, 0] for run in runs])
        self.trial = np.repeat(np.arange(lengths.size), lengths)  # (S,) place in the pool
        self.follow = np.cumsum(lengths)  # by trial: the row after its last,
        self.start = self.follow - lengths  # its first row
        late = np.arange(self.trial.size) - np.repeat(self.start + opened, lengths)
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

    def learn(self, env: int, result: Result) -> None:
        """Tell how an env's trial ended."""
        self.carried[env] = self.task.learn(self.carried[env], self.trials[env], result)

    def replace(self, envs: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Begin the next trial of some envs; returns the rows where all envs are now."""
        draws = []
        for env in envs.tolist():
            self.number[env] += 1
            draws.append(self.streams[env].draw(int(self.number[env]), self.carried[env]))
            self.carried[env] = draws[-1].carried
        block = self.task.block(draws)
        lengths = np.diff(block.offsets)
        at = self._make_room(int(lengths.max()), at)
        starts = envs * self.room
        place = np.repeat(starts - block.offsets[:-1], lengths) + np.arange(len(block.ob))
        for name, values in self._rows_of(block).items():
            self.rows[name][place] = values
        self.follow[envs], self.opened[envs] = starts + lengths, block.window[:, 0]
        for name, values in block.trials.conditions.items():
            if name not in self.conditions:
                self.conditions[name] = np.repeat(values[:1], self.envs)
            old = self.conditions[name]
            if values.dtype != old.dtype:  # a longer text, or another kind of number
                self.conditions[name] = end_to_end([old, values])[: self.envs]
            self.conditions[name][envs] = values
        for i, env in enumerate(envs.tolist()):
            self.trials[env] = block.trials.one(i)
            self.payoffs[env] = block.payoffs
        self._publish()
        at[envs] = starts
        return at

    def _rows_of(self, block: TrialBatch) -> dict[str, np.ndarray]:
        rows = {"ob": block.ob, "gt": block.gt}
        if not self.task.closed:
            return {**rows, "kind": block.paid[1]}
        last = np.zeros(len(block.ob), bool)
        last[block.offsets[1:] - 1] = True
        left = block.period_end - np.arange(len(block.ob))
        return {**rows, "period": block.period, "last": last, "left": left, **block.columns}

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


class TaskVectorEnv(Forking, gym.vector.VectorEnv):
    """B environments of a task in one: `step(actions)` takes (B,) and returns arrays over B.

    Graded actions, and their labels in `info["gt"]`, are (B, k).

    Observations (B, C) float32, rewards (B,) float64, terminated and truncated always False. `info`
    has `gt` (B,) and `new_trial` (B,) for every step, and where a trial ended `performance` and
    `rt` (B,), else 0 and NaN, and `index` (B,), the number of the trial that was acted in. Env i
    plays the very trials of a scalar env that was reset with seed + i.
    """

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(self, task: Task, num_envs: int = 1):
        if num_envs < 1:
            raise ValueError(f"num_envs = {num_envs}: expected at least 1")
        self.task, self.num_envs = task, num_envs
        self.single_observation_space = task.plan.channels.space()
        self.single_action_space = task.plan.actions.space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._graded = task.plan.actions.graded
        self._n_actions = 0 if self._graded else task.plan.actions.size
        self._pool: Any = None  # a Pool, or a LivePool, from the first reset on
        self._all_false = np.zeros(num_envs, bool)
        self._one = np.ones(num_envs, np.int64)  # adding an array is faster than adding a number
        self._known = np.repeat([True, False], self._n_actions)  # -1, -2, ... count from the end

    def reset(
        self,
        *,
        seed: int | Sequence[int] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a trial in each env, (B, C); with a seed, env i plays trial 0 of seed + i.

        The option `reset_mask`, (B,) of bool, begins the next trial in some envs and leaves the
        others where they are. ValueError for other options.
        """
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        if options:
            raise ValueError(
                f"reset options {sorted(options)}: a vector environment has none but 'reset_mask'"
            )
        if mask is not None:
            return self._begin_anew(self._checked_mask(mask, seed)), {}
        if isinstance(seed, int | np.integer) or seed is None:
            super().reset(seed=seed)
            if seed is None and self._pool is not None:
                return self._begin_anew(np.ones(self.num_envs, bool)), {}
            first = int(self.np_random_seed or 0) if seed is None else int(seed)
            seeds = [first + i for i in range(self.num_envs)]
        else:
            seeds = [int(s) for s in seed]
            if len(seeds) != self.num_envs:
                raise ValueError(f"{len(seeds)} seeds for {self.num_envs} environments")
        self._learns = self.task.plan.learns
        self._pool = (LivePool if self._learns else Pool)(self.task, seeds)
        self._done: tuple[Any, ...] = (
            np.zeros(self.num_envs, np.int64), np.zeros(self.num_envs)
        )  # fmt: skip
        self._at = self._pool.first.copy()
        self._safe = 0
        self._state = np.zeros(self.num_envs, np.int64)
        self._start(np.ones(self.num_envs, bool))
        return self._look(), {}

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Act in all environments, (B,) actions."""
        pool = self._pool
        if pool is None:
            raise gym.error.ResetNeeded("call reset() before step()")
        at = self._at
        actions = self._checked(actions)
        if self.task.closed:
            return self._step_closed(actions)
        cell = pool.key.take(at)
        cell += actions
        if pool.states > 1:
            cell += self._state * self._n_actions
        info = {"gt": pool.gt.take(at), "new_trial": self._all_false}
        event, ended = pool.event.take(cell), None
        if np.count_nonzero(event):
            if pool.states > 1:
                self._state = pool.next.take(cell).astype(np.int64)
            info["new_trial"] = ended = event if pool.states == 1 else pool.ends.take(cell)
            info["performance"] = pool.performance.take(cell)
            info["rt"] = rt = pool.late.take(at)
            rt[pool.silent.take(cell)] = np.nan
            info["index"] = pool.number.take(pool.trial.take(at))
            if self._learns:
                self._tell(ended, info["performance"], *(
                    table.take(cell) for table in (pool.outcome, pool.response)
                ))  # fmt: skip
        reward = pool.reward.take(cell)
        self._keep(actions, reward)
        return self._following(ended), reward, self._all_false.copy(), self._all_false.copy(), info

    @property
    def trials(self) -> Trials:
        """Conditions of the trial that each env plays."""
        place = self._places()
        columns = {name: column[place] for name, column in self._pool.conditions.items()}
        return Trials(self.num_envs, columns)

    @property
    def trial_index(self) -> np.ndarray:
        """Number of the trial that each env plays, (B,)."""
        return self._pool.number.take(self._places())

    @property
    def gt_now(self) -> np.ndarray:
        """The right actions for the observations returned last, (B,); (B, k) if graded."""
        self._places()
        if self.task.closed:
            return self.task.loop.labels(self._trials, self._situation, self._where())
        return self._pool.gt.take(self._at, axis=0)

    def _places(self) -> np.ndarray:
        """Where each env's trial is in the pool, (B,)."""
        if self._pool is None:
            raise gym.error.ResetNeeded("call reset() first")
        return self._pool.trial.take(self._at)

    def _checked_mask(self, mask: Any, seed: Any) -> np.ndarray:
        mask = np.asarray(mask)
        if mask.shape != (self.num_envs,) or mask.dtype != bool:
            raise ValueError(f"reset_mask = {mask!r}: expected {self.num_envs} booleans")
        if seed is not None:
            raise ValueError(f"seed = {seed!r} with reset_mask: a seed starts all environments")
        if self._pool is None:
            raise gym.error.ResetNeeded("call reset() before a reset of some environments")
        return mask

    def _keep(self, actions: np.ndarray, reward: np.ndarray) -> None:
        """Remember what was done, for channels that show it; callers may change their arrays."""
        if self.task.plan.echoes:
            self._done = actions.copy(), np.array(reward, np.float64)

    def _begin_anew(self, which: np.ndarray) -> np.ndarray:
        """Leave the trials of some envs for the next ones, (B, C)."""
        self._done = tuple(values.copy() for values in self._done)
        for values in self._done:
            values[which] = 0
        return self._following(which, step=0)

    def _checked(self, actions: Any) -> np.ndarray:
        if self._graded:
            if np.shape(actions)[:1] != (self.num_envs,):
                raise ValueError(f"actions {actions!r}: expected {self.num_envs} of them")
            return graded(actions, self.single_action_space)
        actions = np.asarray(actions)
        if actions.shape != (self.num_envs,) or actions.dtype.kind not in "iu":
            raise ValueError(f"actions {actions!r}: expected {self.num_envs} whole numbers")
        actions = actions.astype(np.int64, copy=False)
        try:
            known = int(np.count_nonzero(self._known.take(actions)))
        except IndexError:
            known = 0
        if known < self.num_envs:
            raise ValueError(f"actions {actions!r}: each is one of 0 to {self._n_actions - 1}")
        return actions

    def _following(self, ended: np.ndarray | None, step: Any = None) -> np.ndarray:
        """Go to the next row, (B, C): the next trial's first where a trial ended."""
        at, after = self._at, self._at + (self._one if step is None else step)
        if self._learns:
            over = () if ended is None else np.flatnonzero(ended)
            self._at = self._pool.replace(over, after) if len(over) else after
        else:
            if ended is not None:
                after[ended] = self._pool.follow.take(self._pool.trial.take(at))[ended]
            self._at = after
            self._safe -= 1
            if self._safe <= 0:
                self._look_ahead(at)
        if ended is not None:
            self._start(ended)
        return self._look()

    def _tell(self, ended, performance, outcome, response, parts=None) -> None:
        """Let the task learn how trials ended; each argument (B,)."""
        for env in np.flatnonzero(ended).tolist():
            how = performance[env], outcome[env], response[env]
            self._pool.learn(env, Result.of(how, parts, env))

    def _look_ahead(self, before: np.ndarray) -> None:
        """Every env finishes at most one trial a step: until then nothing can run out."""
        left = self._pool.left(before)
        if left.min() <= LOW:
            pool = self._pool
            moved, ended = self._at - before, self._at == pool.follow[pool.trial[before]]
            now = pool.refill(before)
            self._at = np.where(ended, pool.follow[pool.trial[now]], now + moved)
            left = pool.left(now)
        self._safe = int(left.min()) - 1

    def _start(self, which: np.ndarray) -> None:
        """Set the states of the envs in which a trial begins."""
        if not self.task.closed:
            if self._pool.states > 1:
                self._state[which] = 0
            return
        fresh = self.trials
        state = self.task.loop.begin(fresh)
        if which.all():
            self._situation, self._times = state, np.full(self.num_envs, np.nan)
            self._responses = np.zeros(self.num_envs, np.int64)
        else:
            for name, values in state.items():
                self._situation[name][which] = values[which]
            self._times[which], self._responses[which] = np.nan, 0
        self._trials = fresh

    def _look(self) -> np.ndarray:
        ob = self._pool.ob.take(self._at, axis=0)
        if self.task.closed:
            self.task.loop.observe(self._trials, self._situation, self._where(), ob)
        for echo in self.task.plan.echoes:
            echo.show(ob, *self._done)
        return ob

    # -- closed tasks ----------------------------------------------------------------------------

    def _where(self) -> Step:
        index = {period: i for i, period in enumerate(self.task.plan.timing)}
        pool, at = self._pool, self._at
        closing, rows = pool.period_end.take(at) == at, pool.columns
        rows = {name: values.take(at, axis=0) for name, values in rows.items()}
        return Step(pool.period.take(at), closing, pool.last.take(at), index, rows)

    def _step_closed(self, actions: np.ndarray) -> tuple:
        pool, at, step = self._pool, self._at, self._where()
        gt = self.task.loop.labels(self._trials, self._situation, step)
        effect: Effect = self.task.loop.react(self._trials, self._situation, step, actions)
        reward, ends, performance, outcome, responds, skip = (
            np.broadcast_to(getattr(effect, name), (self.num_envs,))
            for name in ("reward", "ends", "performance", "outcome", "responds", "skip")
        )
        first = responds & np.isnan(self._times)
        rt = pool.late.take(at) if effect.rt is None else effect.rt
        self._times = np.where(first, rt, self._times)
        answer = actions if effect.response is None else effect.response
        self._responses = np.where(first, answer, self._responses)
        if skip.any():  # to the last row of the period: the step that follows leaves it
            at = self._at = np.where(skip, pool.period_end.take(at), at)
        ended = ends | pool.last.take(at)
        info = {"gt": gt, "new_trial": ended}
        if ended.any():
            info["performance"] = np.where(ended, performance, 0.0)
            info["rt"] = np.where(ended, self._times, np.nan)
            info["index"] = pool.number.take(pool.trial.take(at))
            if parts := self.task.parts(self._trials, self._situation):
                info["parts"] = {name: values.copy() for name, values in parts.items()}
            if self._learns:
                self._tell(ended, performance, outcome, self._responses, parts)
        self._keep(actions, reward)
        ob = self._following(ended if ended.any() else None)
        no = self._all_false
        return ob, np.array(reward, np.float64), no.copy(), no.copy(), info
