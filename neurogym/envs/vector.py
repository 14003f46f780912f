"""Many environments of one task, stepped together; env i equals a scalar env with seed + i."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from neurogym.envs.has_trials import Forking
from neurogym.envs.pool import LOW, pool_of
from neurogym.envs.task_env import NAN, graded
from neurogym.loops.many import kernels_of
from neurogym.spec.canvas import Trials
from neurogym.spec.plan import Effect, Step
from neurogym.trials.task import Task


class TaskVectorEnv(Forking, gym.vector.VectorEnv):
    """B environments of a task in one: `step(actions)` takes (B,) and returns arrays over B.

    Graded actions, and their labels in `info["gt"]`, are (B, k).

    Observations (B, C) float32, rewards (B,) float64, terminated and truncated always False. `info`
    has `gt` (B,) and `new_trial` (B,) for every step, and where a trial ended `performance` and
    `rt` (B,), else 0 and NaN, and `index` (B,), the number of the trial that was acted in. Env i
    plays the very trials of a scalar env that was reset with seed + i.
    """

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}  # noqa: RUF012

    def __new__(cls, task: Task | None = None, *args: Any, **kwargs: Any) -> TaskVectorEnv:
        """Environments whose `step` is that of the task's kind; None: while they are copied."""
        return super().__new__(cls if task is None else cls.kind(task))

    @classmethod
    def kind(cls, task: Task) -> type[TaskVectorEnv]:
        """The class that steps a task: see `ClosedVectorEnv`."""
        alone = task.closed and task.loop.one and not task.plan.learns
        return ClosedVectorEnv if cls is TaskVectorEnv and alone else cls

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
        seed: int | Sequence[int | None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a trial in each env, (B, C); with a seed, env i plays trial 0 of seed + i.

        Seeds can be given one for each env, (B,), or None for its next trial. The option
        `reset_mask`, (B,) of bool, begins the next trial in some envs and leaves the others where
        they are. ValueError for other options.
        """
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        options.pop("no_step", None)  # NeuroGym's: a reset never plays a step
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
            if len(seed) != self.num_envs:
                raise ValueError(f"{len(seed)} seeds for {self.num_envs} environments")
            if None in seed and self._pool is not None:
                return self._seeded(seed), {}
            fresh = gym.utils.seeding.np_random
            seeds = [fresh()[1] if s is None else int(s) for s in seed]
        self._learns = self.task.plan.learns
        self._pool = pool_of(self.task)(self.task, seeds)
        self._done: tuple[Any, ...] = (
            np.zeros(self.num_envs, np.int64), np.zeros(self.num_envs)
        )  # fmt: skip
        self._at = self._pool.first.copy()
        self._safe = 0
        self._set_up()
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
        info = {"gt": pool.gt.take(at), "new_trial": self._all_false.copy()}
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

    def _seeded(self, seeds: Sequence[int | None]) -> np.ndarray:
        """Go to trial 0 of a seed in some envs, to the next trial where it is None, (B, C)."""
        which = np.array([seed is not None for seed in seeds])
        ob = self._begin_anew(~which)
        if not which.any():
            return ob
        given = [int(seed) for seed in seeds if seed is not None]
        self._go_to(self._pool.reseed(np.flatnonzero(which), given, np.asarray(self._at)))
        self._done = tuple(np.where(which, 0, values) for values in self._done)
        self._start(which)
        return self._look()

    def _go_to(self, at: np.ndarray) -> None:
        """Take rows of a pool that was laid out anew."""
        self._at, self._safe = at, 0

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
        self._pool.learn(np.flatnonzero(ended), (performance, outcome, response), parts)

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

    def _set_up(self) -> None:
        """Get ready to play the trials of a fresh pool."""

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


class ClosedVectorEnv(TaskVectorEnv):
    """Environments of one task whose observations depend on the actions: a loop over them.

    It is compiled where numba is there, else it runs on lists.
    """

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        pool, n = self._pool, self.num_envs
        if pool is None:
            raise gym.error.ResetNeeded("call reset() before step()")
        actions = self._checked(actions)
        if self._safe <= 0:
            self._look_ahead(self._at)
        self._safe -= 1
        kernels, given = self._kernels, self._kernels.given
        gt = pool.gt.take(self._at, axis=0) if self._graded else None
        label, index, reward, performance, rt, ended = kernels.room(n, 0, 0, 0.0, 0.0, NAN, False)
        count = kernels.act(
            given(actions.astype(float) if self._graded else actions), self._at, self._states,
            self._times, *self._laid_out, self._follow, self._number, self._dt,
            label, reward, ended, performance, rt, index,
        )  # fmt: skip
        info = {"gt": np.asarray(label) if gt is None else gt, "new_trial": np.asarray(ended)}
        if count:
            info["performance"], info["rt"] = np.asarray(performance), np.asarray(rt)
            info["index"] = np.asarray(index)
        earned = np.asarray(reward, np.float64)
        self._keep(actions, earned)
        return self._look(), earned, self._no(), self._no(), info

    @property
    def gt_now(self) -> np.ndarray:
        self._places()
        if not self._kernels.labels:
            return self._pool.gt.take(self._at, axis=0)
        gt = np.zeros(self.num_envs, np.int64)
        self._kernels.label(self._at, self._states, *self._laid_out, gt)
        return gt

    def _go_to(self, at: np.ndarray) -> None:
        self._lay_out()
        super()._go_to(self._kernels.given(at))

    def _no(self) -> np.ndarray:
        return self._all_false.copy()

    def _set_up(self) -> None:
        self._lay_out()
        self._at = self._kernels.given(self._at)
        self._states = self._kernels.states(self.num_envs)
        self._times = self._kernels.given(np.full(self.num_envs, NAN))

    def _lay_out(self) -> None:
        """Give the loop what it reads of the pool."""
        pool, loop = self._pool, self.task.loop.one
        assert loop is not None  # `kind` has asked
        self._kernels = kernels = kernels_of(loop.program, self._graded, self.task.label)
        self._laid_out = tuple(
            map(
                kernels.given,
                (
                    pool.told(),
                    kernels.aims(pool.columns, pool.trial.size),
                    kernels.conditions(pool.conditions, pool.follow.size),
                ),
            )
        )
        self._follow, self._number = kernels.given(pool.follow), kernels.given(pool.number)
        self._dt = float(self.task.dt)

    def _following(self, ended: np.ndarray | None, step: Any = None) -> np.ndarray:
        """Begin the next trial in some envs, (B, C)."""
        self._look_ahead(self._at)
        pool, at = self._pool, np.asarray(self._at)
        self._at = self._kernels.given(np.where(np.asarray(ended), pool.follow[pool.trial[at]], at))
        self._safe -= 1
        self._start(ended)
        return self._look()

    def _look_ahead(self, before: Any) -> None:
        """Every env finishes at most one trial a step: until then nothing can run out."""
        at = np.asarray(before)
        left = self._pool.left(at)
        if left.min() <= LOW:
            at = self._pool.refill(at)
            self._lay_out()
            self._at, left = self._kernels.given(at), self._pool.left(at)
        self._safe = int(left.min()) - 1

    def _start(self, which: Any) -> None:
        told, _, conditions = self._laid_out
        kernels = self._kernels
        kernels.start(kernels.given(which), self._at, self._states, self._times, told, conditions)

    def _look(self) -> np.ndarray:
        ob = self._pool.ob.take(self._at, axis=0)
        if self._kernels.shows:
            self._kernels.look(self._at, self._states, *self._laid_out, ob)
        for echo in self.task.plan.echoes:
            echo.show(ob, *self._done)
        return ob
