"""The gymnasium environment of a task: trials follow one another, one action a step of dt ms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.block import Block
from neurogym.rules import Outcome, Payoffs
from neurogym.stream import Stream
from neurogym.task import Step, Task

NAN = float("nan")


class TaskEnv(gym.Env):
    """A declared task as a gymnasium environment.

    `reset(seed=s)` returns the first row of trial 0 of the stream with seed s; `reset()` goes on to
    the next trial. `reset(seed=s, options={"trial": k, "conditions": {...}})` goes to trial k, with
    conditions forced. `step(action)` answers the observation returned by the call before it, and
    returns the next one; at a trial's end that is row 0 of the next trial. Episodes never terminate.

    `info` holds `gt`, the right action for the observation that was answered, and `new_trial`; when a
    trial ends also `trial` (conditions of the trial that ended), `performance` (0 to 1), `rt` (ms from
    the opening of the response window; NaN without a response), `response` (the action, or None)
    and `outcome` ("correct", "error", "miss", "withheld", "early" or "none").
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - gymnasium's own declaration is mutable

    def __init__(self, task: Task):
        self.task = task
        self.observation_space = task.plan.channels.space()
        self.action_space = task.plan.actions.space()
        self.num_tr = 0
        self.performance = 0.0
        self._n_actions = int(self.action_space.n)
        self._stream: Stream | None = None
        self._next = 0
        self._block: Block | None = None
        self._cells_of: Payoffs | None = None
        self._cells: dict[int, tuple] = {}
        if task.closed:
            self.step = self._step_closed

    # -- gymnasium ------------------------------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a trial; returns its first row (C,) and an empty info."""
        super().reset(seed=seed)
        options = dict(options or {})
        index, conditions = options.pop("trial", None), options.pop("conditions", {})
        if options:
            raise ValueError(
                f"unknown reset options {sorted(options)}: allowed are 'trial', 'conditions'"
            )
        if seed is not None or self._stream is None:
            self._restart(self.np_random_seed if seed is None else seed)
        if index is not None:
            if not isinstance(index, int | np.integer) or index < 0:
                raise ValueError(f"trial = {index!r}: expected a whole number from 0")
            self._next = int(index)
        self.num_tr = 0
        self.performance = 0.0
        self.new_trial(**conditions)
        return self._first(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act on the current observation; see the class for what is returned."""
        i = self.t_ind
        try:
            if action < 0:
                raise IndexError
            reward, event = self._pay[i][self._state + action]
        except (IndexError, TypeError, AttributeError):
            self._refuse(action)
        gt = self._labels[i]
        if event is not None:
            done, following, performance, outcome = event
            self._state = following
            if done:
                self._close(action if action and 2 <= outcome <= 3 else None, outcome, performance)
                return self._succeed(reward, gt)
        self.t_ind = i = i + 1
        return self._rows[i], reward, False, False, {"new_trial": False, "gt": gt}

    def _step_closed(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        if self._block is None or not 0 <= action < self._n_actions:
            self._refuse(action)
        gt = self.gt_now
        effect = self.task.react(self._one, self._situation, self._where(), np.array([action]))
        reward, done, performance, outcome, responds, skip = (
            np.ravel(getattr(effect, name))[0].item()
            for name in ("reward", "ends", "performance", "outcome", "responds", "skip")
        )
        if responds and self._response is None:
            self._response = int(action), self.t_ind
        following = self._end_of_period() if skip else self.t_ind + 1
        if done or following >= len(self._labels):
            response, at = self._response or (None, None)
            self._close(response, outcome, performance, at)
            return self._succeed(reward, gt)
        self.t_ind = following
        return self._see(), reward, False, False, {"new_trial": False, "gt": gt}

    def _succeed(self, reward: float, gt: int) -> tuple:
        ended = self._ended
        info = {"new_trial": True, "gt": gt, **ended}
        self.new_trial()
        return self._first(), reward, False, False, info

    def _refuse(self, action: Any) -> None:
        if self._block is None:
            raise gym.error.ResetNeeded("call reset() before step()")
        raise ValueError(f"action {action!r} is not one of 0 to {self._n_actions - 1}") from None

    # -- trials ---------------------------------------------------------------------------------------

    def _restart(self, seed: int) -> None:
        self._stream, self._next, self._block = Stream(self.task, int(seed)), 0, None

    def new_trial(self, **conditions: Any) -> dict[str, Any]:
        """Begin the next trial, with conditions or periods' lengths forced; returns its conditions."""
        if self._stream is None:
            self._restart(self.np_random_seed)
        block, i = self._stream.find(self._next, conditions)
        self._block, self._i = block, i
        self.trial_index, self.forced = self._next, conditions
        self._next += 1
        self.num_tr += 1
        start, stop = block.offsets[i : i + 2].tolist()
        self.ob, self.gt = block.ob[start:stop], block.gt[start:stop]  # (T, C), (T,)
        self._rows, self._labels = list(self.ob), self.gt.tolist()
        self.t_ind = self._state = 0
        if block.kind is None:
            self._begin_closed()
        else:
            self._pay = [
                self._cells.get(kind) or self._cell(kind)
                for kind in self._kinds(start, stop)
            ]
        return self.trial

    def _kinds(self, start: int, stop: int) -> list[int]:
        if self._cells_of is not self._block.payoffs:
            self._cells_of, self._cells = self._block.payoffs, {}
        return self._block.kind[start:stop].tolist()

    def _cell(self, kind: int) -> tuple:
        """(reward, event) by state and action; event is None, or (ends, next state, performance, outcome)."""
        pay = self._block.payoffs
        _, states, actions = pay.shape
        cells = []
        for state in range(states):
            for a in range(actions):
                at = kind, state, a
                ends, following = bool(pay.ends[at]), int(pay.next[at])
                event = None
                if ends or following != state:
                    outcome = int(pay.outcome[at])
                    event = ends, following * actions, float(pay.performance[at]), outcome
                cells.append((float(pay.reward[at]), event))
        self._cells[kind] = tuple(cells)
        return self._cells[kind]

    def _first(self) -> np.ndarray:
        return self._rows[0] if self._block.kind is not None else self._see()

    def _close(self, response: int | None, outcome: int, performance: float, at: int | None = None):
        self.performance = performance
        opened = self._block.window[self._i, 0].item()
        late = (self.t_ind if at is None else at) - opened
        self._ended = {
            "trial": self.trial,
            "performance": performance,
            "rt": NAN if response is None else late * self.task.dt,
            "response": None if response is None else int(response),
            "outcome": Outcome(outcome).name.lower(),
        }

    # -- closed tasks ----------------------------------------------------------------------------------

    def _begin_closed(self) -> None:
        from neurogym.canvas import Trials

        i = self._i
        values = {k: v[i : i + 1] for k, v in self._block.trials.conditions.items()}
        self._one = Trials(1, values)
        self._situation = self.task.begin(self._one)
        self._response: tuple[int, int] | None = None
        self._index = {period: k for k, period in enumerate(self._block.timeline.periods)}

    def _where(self) -> Step:
        row = self._block.offsets[self._i] + self.t_ind
        last = np.array([self.t_ind == len(self._labels) - 1])
        return Step(self._block.period[row : row + 1], last, self._index)

    def _see(self) -> np.ndarray:
        ob = self._rows[self.t_ind].copy()
        self.task.observe(self._one, self._situation, self._where(), ob[None])
        return ob

    def _end_of_period(self) -> int:
        names, here = self._block.timeline.periods, self._where().period[0]
        return int(self._block.timeline.end[names[here]][self._i])

    # -- what users of NeuroGym look for -----------------------------------------------------------------

    @property
    def trial(self) -> dict[str, Any]:
        """Conditions of the current trial, and the lengths in ms of periods that are drawn."""
        return {**self._block.conditions(self._i)}

    @property
    def gt_now(self) -> int:
        """The right action for the observation that was returned last."""
        if self._block.kind is not None:
            return self._labels[self.t_ind]
        return int(self.task.labels(self._one, self._situation, self._where())[0])

    @property
    def window_open(self) -> bool:
        """Whether responses are asked for in the current step."""
        first, stop = self._block.window[self._i]
        return bool(first <= self.t_ind < stop)

    @property
    def window(self) -> tuple[int, int]:
        """First step of the response window, and the step after it."""
        return tuple(self._block.window[self._i].tolist())

    @property
    def periods(self) -> list[tuple[str, int, int]]:
        """The current trial's periods: (name, first step, step after the last)."""
        return self._block.periods(self._i)

    @property
    def dt(self) -> float:
        """Length of a step in ms."""
        return self.task.dt

    @property
    def timing(self) -> dict[str, Any]:
        """Length of each period, as declared."""
        return type(self.task).param["timing"].serialize(self.task.timing)

    @property
    def rewards(self) -> dict[str, float]:
        """What each outcome earns."""
        return dict(self.task.rewards)

    @property
    def t(self) -> float:
        """Time since the trial's start in ms."""
        return self.t_ind * self.task.dt

    @property
    def tmax(self) -> float:
        """Length of the current trial in ms."""
        return len(self._labels) * self.task.dt

    @property
    def rng(self) -> np.random.Generator:
        """The environment's generator, for wrappers; trials are drawn from the stream's own."""
        return self.np_random

    @property
    def start_ind(self) -> dict[str, int]:
        """First step of each period."""
        return {period: start for period, start, _ in self.periods}

    @property
    def end_ind(self) -> dict[str, int]:
        """Step after the last of each period."""
        return {period: end for period, _, end in self.periods}

    @property
    def start_t(self) -> dict[str, float]:
        """Start of each period in ms."""
        return {period: start * self.task.dt for period, start in self.start_ind.items()}

    @property
    def end_t(self) -> dict[str, float]:
        """End of each period in ms."""
        return {period: end * self.task.dt for period, end in self.end_ind.items()}

    def in_period(self, period: str, t: float | None = None) -> bool:
        """Whether the time t in ms (now, if None) lies in a period."""
        return self.start_t[period] <= (self.t if t is None else t) < self.end_t[period]

    def __str__(self) -> str:
        return f"<{type(self.task).__name__}>"
