"""Many environments of one task, stepped together; env i equals a scalar env with seed + i."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from neurogym.block import Block, Draw
from neurogym.canvas import Trials
from neurogym.rules import Outcome
from neurogym.stream import FIRST, Stream
from neurogym.task import Effect, Step, Task

RESPONDED = np.array([o in (Outcome.CORRECT, Outcome.ERROR) for o in Outcome])
TOGETHER = 16  # blocks painted together: enough to hide the calls, little enough for the cache
AHEAD = 128  # trials laid out for each env: the fewer, the better they stay in the cache
LOW = 16  # with fewer trials ahead than this an env gets new ones
TABLES = ("reward", "performance", "outcome", "next", "ends")


@dataclass
class Run:
    """Neighbouring trials of one env: a part of a block."""

    first: int  # number of the first trial in the env's stream
    block: Block
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
        else:
            self._lay_out_tables(rows)

    def _lay_out_trials(self, runs: list[Run]) -> None:
        lengths = np.concatenate([run.block.timeline.length[run.trials] for run in runs])
        opened = np.concatenate([run.block.window[run.trials, 0] for run in runs])
        self.trial = np.repeat(np.arange(lengths.size), lengths)  # (S,) place in the pool
        self.follow = np.cumsum(lengths)  # by trial: the row after its last,
        self.start = self.follow - lengths  # its first row
        late = np.arange(self.trial.size) - np.repeat(self.start + opened, lengths)
        self.late = late * float(self.task.dt)  # (S,) ms since responses are first asked for
        self.number = np.concatenate([run.first + np.arange(run.n) for run in runs])
        self.conditions = {
            name: np.concatenate([run.block.trials.conditions[name][run.trials] for run in runs])
            for name in runs[0].block.trials.conditions
        }

    def _lay_out_tables(self, rows: list[tuple[Run, slice]]) -> None:
        """Flat tables: what is the same in every block, then what each block has of its own."""
        table = self.task.plan.table
        base, self.states, n = table.shape
        tables = list({id(run.block.payoffs): run.block.payoffs for run, _ in rows}.values())
        own = np.array([other.shape[0] - base for other in tables])
        shifts = dict(zip(map(id, tables), np.cumsum(own) - own, strict=True))
        kind = np.concatenate([run.block.kind[r] for run, r in rows])
        if own.any():
            shift = [np.full(r.stop - r.start, shifts[id(run.block.payoffs)]) for run, r in rows]
            kind = np.where(kind < base, kind, kind + np.concatenate(shift))
        kind *= self.states * n
        self.key = kind  # (S,) where a row's cells start
        for name in TABLES:
            parts = [getattr(table, name)]
            parts += [getattr(other, name)[base:] for other in tables if own.any()]
            setattr(self, name, np.concatenate(parts).ravel())
        action, state = np.arange(self.reward.size) % n, np.arange(self.reward.size) // n
        self.event = self.ends | (self.next != state % self.states)
        self.silent = ~(self.ends & RESPONDED.take(self.outcome) & (action > 0))
        self.performance = np.where(self.ends, self.performance, 0.0)
        self.reward = self.reward.astype(np.float64)


class TaskVectorEnv(gym.vector.VectorEnv):
    """B environments of a task in one: `step(actions)` takes (B,) and returns arrays over B.

    Observations (B, C) float32, rewards (B,) float64, terminated and truncated always False. `info`
    has `gt` (B,) and `new_trial` (B,) for every step, and where a trial ended `performance` and
    `rt` (B,), else 0 and NaN, and `index` (B,), the number of the trial that was acted in. Env i
    plays the very trials of a scalar env that was reset with seed + i. Sub-environments have no
    options.
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
        self._n_actions = int(self.single_action_space.n)
        self._pool: Pool | None = None
        self._all_false = np.zeros(num_envs, bool)
        self._one = np.ones(num_envs, np.int64)  # adding an array is faster than adding a number
        self._known = np.repeat([True, False], self._n_actions)  # -1, -2, ... count from the end

    def reset(
        self,
        *,
        seed: int | Sequence[int] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a trial in each env, (B, C); with a seed, env i plays trial 0 of seed + i."""
        if options:
            raise ValueError(f"reset options {sorted(options)}: a vector environment has none")
        if isinstance(seed, int | np.integer) or seed is None:
            super().reset(seed=seed)
            if seed is None and self._pool is not None:
                return self._following(np.ones(self.num_envs, bool)), {}
            seed = self.np_random_seed if seed is None else int(seed)
            seeds = [seed + i for i in range(self.num_envs)]
        else:
            seeds = [int(s) for s in seed]
            if len(seeds) != self.num_envs:
                raise ValueError(f"{len(seeds)} seeds for {self.num_envs} environments")
        self._pool = Pool(self.task, seeds)
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
        reward = pool.reward.take(cell)
        return self._following(ended), reward, self._all_false.copy(), self._all_false.copy(), info

    def _checked(self, actions: Any) -> np.ndarray:
        actions = np.asarray(actions)
        if actions.shape != (self.num_envs,) or actions.dtype.kind not in "iu":
            raise ValueError(f"actions {actions!r}: expected {self.num_envs} whole numbers")
        actions = actions.astype(np.int64, copy=False)
        try:
            known = np.count_nonzero(self._known.take(actions))
        except IndexError:
            known = 0
        if known < self.num_envs:
            raise ValueError(f"actions {actions!r}: each is one of 0 to {self._n_actions - 1}")
        return actions

    def _following(self, ended: np.ndarray | None) -> np.ndarray:
        """Go to the next row, (B, C): the next trial's first where a trial ended."""
        at, after = self._at, self._at + self._one
        if ended is not None:
            after[ended] = self._pool.follow.take(self._pool.trial.take(at))[ended]
        self._at = after
        self._safe -= 1
        if self._safe <= 0:
            self._look_ahead(at)
        if ended is not None:
            self._start(ended)
        return self._look()

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
        trial = self._pool.trial.take(self._at)
        fresh = Trials(self.num_envs, {k: v[trial] for k, v in self._pool.conditions.items()})
        state = self.task.begin(fresh)
        if which.all():
            self._situation, self._responses = state, np.full(self.num_envs, np.nan)
        else:
            for name, values in state.items():
                self._situation[name][which] = values[which]
            self._responses[which] = np.nan
        self._trials = fresh

    def _look(self) -> np.ndarray:
        ob = self._pool.ob.take(self._at, axis=0)
        if self.task.closed:
            self.task.observe(self._trials, self._situation, self._where(), ob)
        return ob

    # -- closed tasks ----------------------------------------------------------------------------

    def _where(self) -> Step:
        index = {period: i for i, period in enumerate(self.task.plan.timing)}
        pool, at = self._pool, self._at
        return Step(pool.period.take(at), pool.period_end.take(at) == at, pool.last.take(at), index)

    def _step_closed(self, actions: np.ndarray) -> tuple:
        pool, at, step = self._pool, self._at, self._where()
        gt = self.task.labels(self._trials, self._situation, step)
        effect: Effect = self.task.react(self._trials, self._situation, step, actions)
        reward, ends, performance, responds, skip = (
            np.broadcast_to(getattr(effect, name), (self.num_envs,))
            for name in ("reward", "ends", "performance", "responds", "skip")
        )
        first = responds & np.isnan(self._responses)
        self._responses = np.where(first, pool.late.take(at), self._responses)
        if skip.any():  # to the last row of the period: the step that follows leaves it
            at = self._at = np.where(skip, pool.period_end.take(at), at)
        ended = ends | pool.last.take(at)
        info = {"gt": gt, "new_trial": ended}
        if ended.any():
            info["performance"] = np.where(ended, performance, 0.0)
            info["rt"] = np.where(ended, self._responses, np.nan)
            info["index"] = pool.number.take(pool.trial.take(at))
        ob = self._following(ended if ended.any() else None)
        no = self._all_false
        return ob, np.array(reward, np.float64), no.copy(), no.copy(), info
