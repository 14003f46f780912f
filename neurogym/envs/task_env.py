"""The gymnasium environment of a task: trials follow one another, one action a step of dt ms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.envs.has_trials import About, Asked, HasTrials
from neurogym.spec.canvas import Trials
from neurogym.spec.outcomes import Outcome, Payoffs, Result
from neurogym.spec.plan import Estimate, Step
from neurogym.trials.batch import TrialBatch
from neurogym.trials.stream import MOST, Stream
from neurogym.trials.task import Task, Turn
from neurogym.wrappers.joint import widened
from neurogym.wrappers.stack import write as written

NAN = float("nan")
NAMES = [outcome.name.lower() for outcome in Outcome]


ROWS = 8192  # painted at a time, about, where trials follow one another
FOLLOWS = ("_loop", "_each", "_where", "_labels", "_after")  # of closed tasks: from the batch
ECHO = "echo"  # the key of what echoes show, in a memory
NO_CONDITIONS: Mapping[str, Any] = {}


def graded(action: Any, space: Any) -> np.ndarray:
    """A graded action, or many, as float32 (..., k); ValueError if it lies outside the space."""
    try:
        values = np.asarray(action, np.float32)
    except (TypeError, ValueError):
        values = np.empty(0, np.float32)
    low, high = space.low, space.high
    inside = values.shape[-1:] == low.shape and bool(((low <= values) & (values <= high)).all())
    if not inside:
        raise ValueError(
            f"action {action!r}: expected {low.size} numbers, from {low.tolist()} to"
            f" {high.tolist()}"
        )
    return values


def _asks(task: Task) -> tuple[Any, Any]:
    """The periods in which a task asks for several answers, and the one from which it counts."""
    rule = task.plan.rule
    return (rule.asked, rule.since) if rule else (task.asked, task.since)


def parts_of(task: Task, parts: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """How each of several tasks went in one trial, as JSON; arrays (1, tasks)."""
    told = []
    for j, name in enumerate(member.task.label for member in task.together):
        on, performance, outcome, response, reward, rt = (
            parts[key][0, j].item()
            for key in ("on", "performance", "outcome", "response", "reward", "rt")
        )
        how = Outcome(outcome)
        told.append(
            {
                "task": name,
                "on": on,
                "outcome": how.name.lower(),
                "correct": how.is_correct,
                "performance": performance,
                "response": response or None,
                "reward": reward,
                "rt_ms": rt if response else None,
            }
        )
    return told


class TaskEnv(HasTrials):
    """A declared task as a gymnasium environment.

    `reset(seed=s)` returns the first row of trial 0 of the stream with seed s; `reset()` goes on to
    the next trial. `reset(seed=s, options={"trial": k, "conditions": {...}})` goes to trial k, with
    conditions forced; where trials depend on what was done in those before them, the option
    `memory`, which is `env.memory` during a trial and a column of its row, tells what that was.
    `step(action)` answers the observation returned by the call before it, and
    returns the next one; at a trial's end that is row 0 of the next trial. Episodes never
    terminate.

    `info` holds `gt`, the right action for the observation that was answered, and `new_trial`; when
    a trial ends also `trial` (conditions of the trial that ended), `performance` (0 to 1), `rt` (ms
    from the opening of the response window; NaN without a response), `response` (the action, or -1)
    and `outcome` ("correct", "error", "miss", "withheld", "early" or "none").
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - gymnasium's own declaration is mutable

    def __new__(cls, task: Task | None = None, *args: Any, **kwargs: Any) -> TaskEnv:
        """An environment whose `step` is that of the task's kind; None: while it is copied."""
        return super().__new__(cls if task is None else cls.kind(task))

    @classmethod
    def kind(cls, task: Task) -> type[TaskEnv]:
        """The class that steps a task: see `ClosedEnv` and `Echoing`."""
        if cls is not TaskEnv:
            return cls
        echoes = bool(task.plan.echoes)
        if not task.closed:
            return EchoEnv if echoes else TaskEnv
        if task.loop.one:
            return EchoClosedEnv if echoes else ClosedEnv
        return EchoJointEnv if echoes else JointEnv

    _k: int
    _pay: Any

    def __init__(self, task: Task):
        self.task = task
        self.observation_space = task.plan.channels.space()
        self.action_space = task.plan.actions.space()
        self.num_tr = 0
        self.performance = 0.0
        self._graded = task.plan.actions.graded
        if self._graded:
            space: Any = self.action_space
            self._bounds = list(zip(space.low.tolist(), space.high.tolist(), strict=True))
        self._actions = frozenset(() if self._graded else range(task.plan.actions.size))
        self._trials: Stream | None = None  # from the first reset on
        self._next, self.trial_index = 0, -1
        self._batch: TrialBatch | None = None
        self._i = self._i_is = -1  # the trial's place in the block, and its number
        self._carried: dict[str, Any] = {}  # what the next trial is told of those before it
        self._memory: dict[str, Any] = {}  # and what this one was told
        self._rests: Any = None  # what doing nothing earns in the rows of a batch
        self._response: tuple[int, float] | None = None  # of a closed task: its first
        self.forced: Mapping[str, Any] = NO_CONDITIONS

    # -- gymnasium -------------------------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a trial; returns its first row (C,) and an empty info.

        ValueError for an unknown option, a trial that is no whole number from 0, a condition or a
        period's length in ms that the task cannot honour, and a memory that is no dict.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        index, conditions = options.pop("trial", None), options.pop("conditions", {})
        memory = options.pop("memory", None)
        if options:
            raise ValueError(
                f"unknown reset options {sorted(options)}: allowed are 'trial', 'conditions' and"
                " 'memory'"
            )
        again = index is not None and self._trials is not None and self._trials.seed == seed
        if (seed is not None or self._trials is None) and not again:
            self._restart(self.np_random_seed if seed is None else seed)
        if index is not None:
            if not isinstance(index, int | np.integer) or index < 0:
                raise ValueError(f"trial = {index!r}: expected a whole number from 0")
            self._next = int(index)
        if index is not None or memory is not None:
            self._recall(memory or {})
        else:
            self._echo = [0, 0.0]  # nothing was done yet in these trials
        self.num_tr = 0
        self.performance = 0.0
        self._begin(conditions)
        return self._first(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act on the current observation; see the class for what is returned.

        The action is a whole number, or (k,) numbers where it is graded. ValueError for one outside
        the action space, gymnasium's ResetNeeded before the first reset.
        """
        try:
            k = self._k
            reward, event = self._pay[k][action]
        except (KeyError, TypeError, AttributeError):
            return TaskEnv.step(self, self._read(action))
        gt = self._labels[k]
        if event is not None:
            ends, state, performance, outcome, response = event
            if ends:
                rt = (k - self._opened_at()) * self._dt if response else NAN
                return self._finish(reward, gt, response, rt, outcome, performance)
            self._pay = self._pays[state]
        self._k = k = k + 1
        return self._rows[k], reward, False, False, {"new_trial": False, "gt": gt}

    def rest(self, step: int) -> list[float]:
        """Do nothing until a step of the trial, or until something would happen; returns rewards.

        For open tasks without channels that show what was done, before anything was done in the
        trial: there it is the same as so many steps.
        """
        earned, eventful = self._resting()
        k, stop = self._k, self._offsets[self._i] + step
        stop = max(min(stop, eventful[bisect_left(eventful, k)]), k)  # a last row is eventful
        self._k = stop
        rewards: list[float] = earned[k:stop].tolist()
        return rewards

    def _resting(self) -> tuple[np.ndarray, list[int]]:
        """What doing nothing earns in each row of the block, and the rows where it is an event."""
        if self._rests is None or self._rests[0] is not self._batch:
            payoffs, kind = self._block.paid
            events = payoffs.ends[:, 0, 0] | (payoffs.next[:, 0, 0] != 0)
            rows = np.flatnonzero(events.take(kind)).tolist()
            self._rests = self._batch, payoffs.reward[:, 0, 0].take(kind).astype(float), rows
        return self._rests[1], self._rests[2]

    def _finish(
        self, reward: float, gt: Any, response: int, rt: float, outcome: int, performance: float
    ) -> tuple:
        """End the trial; `response` was the answer (0: none)."""
        self.performance = performance
        info: dict[str, Any] = {
            "new_trial": True,
            "gt": gt,
            "trial": self._told() if self._plain else self.trial,
            "performance": performance,
            "rt": rt,
            "response": int(response) if response else -1,
            "outcome": NAMES[outcome],
        }
        i = self._i + 1
        if self._plain and i < self._n and not self.forced and self._is_next():
            self._i, self._k = i, self._offsets[i]
            self._i_is = self.trial_index = self._next
            self._next += 1
            self.num_tr += 1
            self._start()
            return self._row(), reward, False, False, info
        if parts := self._parts():
            info["parts"] = parts_of(self.task, parts)
        if self.task.plan.learns:
            result = Result.of((performance, outcome, response), parts, 0)
            self._carried = self.task.learn(self._carried, info["trial"], result)
        self._begin(NO_CONDITIONS)
        return self._row(), reward, False, False, info

    def _told(self) -> dict[str, Any]:
        """The trial's conditions where each trial has all of them."""
        return dict(zip(self._names, self._values[self._i], strict=False))

    def _is_next(self) -> bool:
        """Whether the next trial follows in the block, and nothing changed since that was drawn."""
        return self._i_is == self._next - 1 and self.task.version == self._version

    def _opened_at(self) -> int:
        """The row from which the response time counts."""
        return self._offsets[self._i] + self._opened[self._i]

    def _read(self, action: Any) -> int | np.ndarray:
        """The action in an array of no dimension, or graded; all else that came here is refused."""
        if self._batch is None:
            raise gym.error.ResetNeeded("call reset() before step()")
        if self._graded:
            return graded(action, self.action_space)
        if isinstance(action, np.ndarray) and action.ndim == 0 and action.item() in self._actions:
            return action.item()
        raise ValueError(f"action {action!r} is not one of 0 to {len(self._actions) - 1}") from None

    def of(self, task: Task) -> TaskEnv:
        """A fresh environment like this one, of another task."""
        return TaskEnv(task)

    @property
    def _stream(self) -> Stream:
        if self._trials is None:
            raise gym.error.ResetNeeded(f"{self}: call reset() first")
        return self._trials

    @property
    def _block(self) -> TrialBatch:
        """The batch that holds the current trial."""
        if self._batch is None:
            raise gym.error.ResetNeeded(f"{self}: call reset() first")
        return self._batch

    # -- trials ----------------------------------------------------------------------------------

    def _restart(self, seed: int) -> None:
        self._trials, self._next, self._batch = Stream(self.task, int(seed)), 0, None
        self._recall({})

    def _recall(self, memory: Mapping[str, Any]) -> None:
        """Go on as after the trials that a memory tells of."""
        if not isinstance(memory, Mapping):
            raise ValueError(f"memory = {memory!r}: expected a dict, as `env.memory` gives it")
        self._carried = {key: told for key, told in memory.items() if key != ECHO}
        self._echo = memory.get(ECHO, [0, 0.0])

    @property
    def memory(self) -> dict[str, Any]:
        """What the current trial was told of those before it, as JSON; {} if trials stand alone."""
        return self._memory

    def estimates(self, memory: Mapping[str, Any]) -> list[Estimate]:
        return self.task.estimates(memory)

    def new_trial(self, **conditions: Any) -> dict[str, Any]:
        """Begin the next trial, conditions or periods' lengths forced; returns its conditions."""
        self._begin(conditions)
        return self.trial

    def _begin(self, conditions: Mapping[str, Any]) -> None:
        if self._trials is None:
            self._restart(self.np_random_seed)
        self._memory = {ECHO: self._echo} if self.task.plan.echoes else {}
        if self.task.plan.learns:
            self._memory.update(self._carried)
            block, draw = self._stream.one(self._next, self._carried, conditions)
            self._carried, i = draw.carried, 0
            self._open(block)
        else:
            i = self._find(conditions)
        self._i, self._i_is = i, self._next
        self.trial_index, self.forced = self._next, conditions
        self._next += 1
        self.num_tr += 1
        self._k = self._offsets[i]
        self._start()

    def _find(self, conditions: Mapping[str, Any]) -> int:
        """Open the block that holds the next trial; returns the trial's place in it."""
        block, i = self._batch, self._i + 1
        same = block is not None and i < block.n and self._i_is == self._next - 1
        if conditions or self.forced or not same or self.task.version != self._version:
            block, i = self._stream.find(self._next, conditions, self._ahead(block, conditions))
            self._open(block)
        return i

    def _ahead(self, before: TrialBatch | None, conditions: Mapping[str, Any]) -> int:
        """How many blocks to paint at once: several small ones where trials follow one another."""
        if before is None or conditions or self.forced or before.n < MOST:
            return 1
        if self._i_is != self._next - 1 or self._i + 1 < before.n:
            return 1
        return min(16, max(1, ROWS * before.n // (len(before.ob) * MOST)))

    def _open(self, block: TrialBatch) -> None:
        """Keep what trials read of a block as Python lists: numpy scalars are slow."""
        if block is self._batch:
            return
        self._read_payoffs(block)
        self._batch, self._version, self._dt = block, self.task.version, float(self.task.dt)
        self._offsets, self._labels = block.offsets.tolist(), block.gt.tolist()
        self._rows = block.ob  # most trials end early: a list would hold rows that nobody sees
        self._opened = block.counted.tolist()
        self._columns = {k: v.tolist() for k, v in block.trials.conditions.items()}
        self._names, self._n = tuple(self._columns), block.n
        self._values = list(zip(*self._columns.values(), strict=True)) or [()] * block.n
        plan = self.task.plan
        self._plain = not (
            plan.learns or plan.echoes or self.task.tasks
            or any(None in column for column in self._columns.values())
        )  # fmt: skip

    def _read_payoffs(self, block: TrialBatch) -> None:
        """Keep what actions earn in a block, by rule state and row."""
        payoffs, kind = block.paid
        self._pays = [rows.take(kind).tolist() for rows in payoffs.cells(kind)]

    def _start(self) -> None:
        """Go to the first rule state."""
        self._pay = self._pays[0]

    def _row(self) -> np.ndarray:
        """The current row, (C,)."""
        return self._rows[self._k]

    def _first(self) -> np.ndarray:
        """The first row of a trial, (C,)."""
        return self._row()

    def _parts(self) -> dict[str, np.ndarray] | None:
        """How each of several tasks went."""
        return None

    def trial_length_stats(self, num_trials: int = 10_000) -> dict[str, float]:
        """Mean, std, percentile_95 and max of the lengths of so many trials, in steps.

        They are those of a stream of its own, and as long as nobody answers.
        """
        if num_trials < 1:
            raise ValueError(f"num_trials = {num_trials}: expected at least 1")
        stream, number = Stream(self.task, 0), 0
        lengths: list[np.ndarray] = []
        while sum(length.size for length in lengths) < num_trials:
            lengths.append(stream.blocks(number).timeline.length)
            number += 1
        length = np.concatenate(lengths)[:num_trials]
        return {
            "mean": float(length.mean()),
            "std": float(length.std()),
            "percentile_95": float(np.percentile(length, 95)),
            "max": float(length.max()),
        }

    def set_i(self, i: int) -> None:
        """Choose the task of the trials to come, of those under `MultiEnvs`, counted from 0."""
        self.task.set_i(i)

    # -- what users of NeuroGym look for ---------------------------------------------------------

    @property
    def trial(self) -> dict[str, Any]:
        """Conditions of the current trial, and the lengths in ms of periods that are drawn."""
        i = self._i
        values = {name: column[i] for name, column in self._columns.items()}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def gt_now(self) -> int | np.ndarray:
        """The right action for the observation that was returned last; (k,) where it is graded."""
        return self._labels[self._k]

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
    def declared(self) -> Task:
        """The declared task."""
        return self.task

    @property
    def about(self) -> About:
        root = self.task.root
        return About(type(root).own_id(), root.settings(), written(self.task.stack))

    @property
    def version(self) -> Hashable:
        return self.task.version

    @property
    def idle_action(self) -> int | np.ndarray:
        return self.task.plan.actions.rest

    def twin(self) -> TaskEnv:
        return TaskEnv(self.task)

    @property
    def dt(self) -> float:
        """Length of a step in ms."""
        return self.task.dt

    @property
    def timing(self) -> dict[str, Any]:
        """Length of each period, as declared."""
        return type(self.task).param["timing"].serialize(self.task.plan.timing)

    @property
    def rewards(self) -> dict[str, float]:
        """What each outcome earns."""
        return dict(self.task.plan.rewards)

    @property
    def ob(self) -> np.ndarray:
        """The current trial's observations, (T, C); in closed tasks without what actions change."""
        return self._block.ob[self._offsets[self._i] : self._offsets[self._i + 1]]

    @property
    def has_noise(self) -> bool:
        """Whether some channel of the current trial carries noise."""
        return bool(self._block.with_noise[self._i])

    @property
    def noisy(self) -> np.ndarray:
        """Which channels of the current trial carry noise in which steps, (T, C) bool."""
        return self._block.noisy(self._i)

    @property
    def gt(self) -> np.ndarray:
        """The current trial's right actions, (T,), or (T, k) where they are graded."""
        return self._block.gt[self._offsets[self._i] : self._offsets[self._i + 1]]

    @property
    def payoffs(self) -> tuple[np.ndarray, Payoffs]:
        """The kind of each of the current trial's steps, (T,), and the table of what they earn."""
        start, stop = self._offsets[self._i : self._i + 2]
        payoffs, kind = self._block.paid
        return kind[start:stop], payoffs

    @property
    def loop_told(self) -> dict[str, Any]:
        """What a closed task's program reads of the current trial; {} if it has none.

        `conditions`, a list; and of each step, (T,), the number of its `period`, `since` and
        `steps` (steps since that began, and how many it has), and `aim` (T * k,) where actions are
        graded.
        """
        return {}

    @property
    def parts(self) -> list[tuple[TrialBatch, int] | None]:
        """Of several tasks at once: each one's own block, and the current trial's place in it.

        None for a task that the trial lacks.
        """
        if not self.task.together:
            return []
        block: Any = self._block  # that of several tasks
        return block.of_members(self._i)

    @property
    def asked(self) -> Asked | None:
        """What the current trial asks for beside one response; None of several tasks at once."""
        if not (self.task.tasks or any(_asks(self.task))):
            return None
        turn = self.turn
        task, block, i = turn.task, turn.block, turn.place
        several, since = _asks(task)
        if task.together or not (several or since):
            return None
        slots: Sequence[tuple[str, int, int]] = ()
        if several:
            trial = {name: column[i] for name, column in block.trials.conditions.items()}
            slots = task.slots(block.periods(i), trial)
        due = None if block.due is None or not since else float(block.due[i])
        return Asked(turn, slots, since, due, self.counted)

    @property
    def counted(self) -> int:
        """The step from which the response time counts."""
        return self._opened[self._i]

    @property
    def turn(self) -> Turn:
        """The single task that the current trial is of, of those that take turns, or the task."""
        return self.task.turn(self._block, self._i)

    @property
    def opening(self) -> np.ndarray | None:
        return self._first() if self.t_ind == 0 else None

    @property
    def leaps(self) -> bool:
        return not (self.task.closed or self.task.tasks or self.task.plan.echoes)

    @property
    def place(self) -> tuple[TrialBatch, int]:
        """The batch that holds the current trial, and the trial's place in it."""
        return self._block, self._i

    @property
    def live(self) -> list[bool]:
        """Of several tasks at once: which of them are on in the current step, and not over."""
        return []

    @property
    def t_ind(self) -> int:
        """Steps since the trial's start."""
        return self._k - self._offsets[self._i]

    @property
    def t(self) -> float:
        """Time since the trial's start in ms."""
        return self.t_ind * self.task.dt

    @property
    def tmax(self) -> float:
        """Length of the current trial in ms."""
        return len(self.gt) * self.task.dt

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
        return f"<{self.task.label}>"


class ClosedEnv(TaskEnv):
    """The environment of a task whose observations depend on the actions."""

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        if type(action) is not int or action not in self._actions or self._batch is None:
            action = self._known(action)
        k, conditions, state, loop = self._k, self._conditions, self._state, self._loop
        where = self._where[k]
        if (best := loop.best) is None:
            gt = self._labels[k].copy()
        else:
            gt = int(best(conditions, state, *where))
        reward, ends, performance, outcome, responds, response, skip = loop.effect(
            conditions, state, *where, action
        )
        if responds and self._response is None:
            answer = action if response < 0 else response
            self._response = answer, (k - self._opened_at()) * self._dt
        k = self._after[k] if skip else k + 1
        if ends or k >= self._offsets[self._i + 1]:
            response, rt = self._response or (0, NAN)
            return self._finish(float(reward), gt, response, rt, int(outcome), float(performance))
        self._k, row = k, self._rows[k]
        if (show := loop.show) is not None:
            row = row.copy()
            show(conditions, state, *self._where[k], row)
        return row, float(reward), False, False, {"new_trial": False, "gt": gt}

    def _known(self, action: Any) -> Any:
        """The action as a Python number, or a list of them where it is graded."""
        if self._graded and type(action) is np.ndarray and self._batch is not None:
            values = action.astype(np.float32, copy=False).tolist() if action.ndim == 1 else []
            if len(values) == len(self._bounds):
                for value, (low, high) in zip(values, self._bounds, strict=True):
                    if not low <= value <= high:
                        break
                else:
                    return values
        try:
            if action in self._actions and self._batch is not None:
                return int(action)
        except TypeError:  # a list, or an array
            pass
        action = self._read(action)
        return action.tolist() if self._graded else action

    def _open(self, block: TrialBatch) -> None:
        if block is self._batch:
            return
        super()._open(block)
        self._follow(block)

    def _follow(self, block: TrialBatch) -> None:
        """Keep what the program reads of each trial and each row of a batch."""
        loop = self.task.loop.one
        assert loop is not None  # `kind` has asked
        self._loop = loop
        self._each = loop.conditions(block.trials)
        self._where = loop.where(block)
        self._labels = block.gt  # arrays, where actions are graded
        self._after = (block.period_end + 1).tolist()

    def __getstate__(self) -> dict[str, Any]:
        """All but what follows from the batch."""
        return {k: v for k, v in vars(self).items() if k not in FOLLOWS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self._batch is not None:
            self._follow(self._batch)

    def _read_payoffs(self, block: TrialBatch) -> None:
        """There are none: the task itself says what actions earn."""

    def _start(self) -> None:
        """Begin the trial's state anew."""
        self._conditions = self._each[self._i]
        self._state = list(self._loop.start(self._conditions))
        self._response = None

    def _row(self) -> np.ndarray:
        row, show = self._rows[self._k], self._loop.show
        if show is None:
            return row
        row = row.copy()
        show(self._conditions, self._state, *self._where[self._k], row)
        return row

    @property
    def loop_told(self) -> dict[str, Any]:
        return told_of(self.turn)

    @property
    def gt_now(self) -> int | np.ndarray:
        best = self._loop.best
        if best is None:
            return self._block.gt[self._k].copy()
        return int(best(self._conditions, self._state, *self._where[self._k]))


def told_of(turn: Turn) -> dict[str, Any]:
    """What a closed task's program reads of a trial: see `TaskEnv.loop_told`."""
    loop, rows, columns = turn.task.loop.one, turn.rows, turn.block.columns
    assert loop is not None  # it is a closed task
    told = dict(
        conditions=[float(value) for value in loop.conditions(turn.block.trials)[turn.place]],
        period=turn.block.period[rows].astype(np.uint8),
        since=columns["since"][rows].astype(np.uint16),
        steps=columns["steps"][rows].astype(np.uint16),
    )
    return {**told, "aim": columns["aim"][rows].astype(np.float32).ravel()} if loop.graded else told


class JointEnv(TaskEnv):
    """The environment of several tasks of which one at least depends on the actions."""

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        try:
            known = action in self._actions and self._batch is not None
        except TypeError:  # a list, or an array
            known = False
        if not known:
            action = self._read(action)
        gt, k = self.gt_now, self._k
        effect = self.task.loop.react(self._one, self._situation, self._where(), np.array([action]))
        reward, done, performance, outcome, responds, skip = (
            np.ravel(getattr(effect, name))[0].item()
            for name in ("reward", "ends", "performance", "outcome", "responds", "skip")
        )
        if responds and self._response is None:
            answer = action if effect.response is None else np.ravel(effect.response)[0]
            rt = (k - self._opened_at()) * self._dt
            self._response = int(answer), rt if effect.rt is None else np.ravel(effect.rt)[0].item()
        following = self._end_of_period() if skip else k + 1
        if done or following >= self._offsets[self._i + 1]:
            response, rt = self._response or (0, NAN)
            return self._finish(float(reward), gt, response, rt, int(outcome), float(performance))
        self._k = following
        return self._row(), float(reward), False, False, {"new_trial": False, "gt": gt}

    def _read_payoffs(self, block: TrialBatch) -> None:
        """There are none: the task itself says what actions earn."""

    def _start(self) -> None:
        """Begin the trial's state anew."""
        i = self._i
        values = {k: v[i : i + 1] for k, v in self._block.trials.conditions.items()}
        self._one = Trials(1, values)
        self._situation = self.task.loop.begin(self._one)
        self._response = None
        self._index = {period: k for k, period in enumerate(self._block.timeline.periods)}

    def _where(self) -> Step:
        k = self._k
        closing = np.array([k == self._end_of_period() - 1])
        last = np.array([k == self._offsets[self._i + 1] - 1])
        rows = {name: values[k : k + 1] for name, values in self._block.columns.items()}
        return Step(self._block.period[k : k + 1], closing, last, self._index, rows)

    def _end_of_period(self) -> int:
        """The first row after the current period."""
        return int(self._block.period_end[self._k]) + 1

    def _row(self) -> np.ndarray:
        row = self._rows[self._k].copy()
        self.task.loop.observe(self._one, self._situation, self._where(), row[None])
        return row

    def _parts(self) -> dict[str, np.ndarray] | None:
        return self.task.parts(self._one, self._situation)

    @property
    def loop_told(self) -> dict[str, Any]:
        if not self.task.travels or self.task.together or not (turn := self.turn).task.closed:
            return {}
        return told_of(turn)

    @property
    def payoffs(self) -> tuple[np.ndarray, Payoffs]:
        turn = self.turn
        payoffs, kind = turn.block.paid
        size = self.task.plan.actions.size
        return kind[turn.rows], widened(payoffs, turn.action, size, payoffs.shape[1])

    @property
    def gt_now(self) -> int | np.ndarray:
        label = self.task.loop.labels(self._one, self._situation, self._where())[0]
        return label.copy() if self._graded else int(label)

    @property
    def live(self) -> list[bool]:
        rows = self._block.columns.get("live")
        return [] if rows is None else (rows[self._k] & ~self._situation["over"][0]).tolist()


class Echoing(TaskEnv):
    """The environment of a task that shows what was done last, and what it earned."""

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act on the current observation; the next one also shows the action and its reward."""
        ob, reward, terminated, truncated, info = super().step(action)
        self._echo = [0 if self._graded else int(action), reward]
        if info["new_trial"]:
            self._memory = {**self._memory, ECHO: self._echo}
        return self._echoed(ob), reward, terminated, truncated, info

    def _echoed(self, row: np.ndarray) -> np.ndarray:
        row, (action, reward) = row.copy(), self._echo
        for echo in self.task.plan.echoes:
            echo.show(row[None], np.array([action]), np.array([reward]))
        return row

    def _first(self) -> np.ndarray:
        return self._echoed(self._row())


class EchoEnv(Echoing, TaskEnv):
    """`Echoing`, of a task with a payoff table."""


class EchoClosedEnv(Echoing, ClosedEnv):
    """`Echoing`, of a task whose observations depend on the actions."""


class EchoJointEnv(Echoing, JointEnv):
    """`Echoing`, of several tasks of which one at least depends on the actions."""
