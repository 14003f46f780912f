"""The gymnasium environment of a task: trials follow one another, one action a step of dt ms."""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.envs.attributes import Attributes
from neurogym.envs.has_trials import About, Asked
from neurogym.spec.canvas import Trials
from neurogym.spec.outcomes import Outcome, Payoffs, Result
from neurogym.spec.parameters import unknown
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


def nested(column: list[Any]) -> bool:
    """Whether a condition's values are lists, which would be shared with whoever gets them."""
    return bool(column) and isinstance(column[0], list)


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


class Now:
    """Where an environment is: what changes from step to step and from trial to trial."""

    __slots__ = (
        "conditions",
        "count",
        "echo",
        "i",
        "k",
        "next",
        "number",
        "pay",
        "performance",
        "response",
        "state",
    )  # fmt: skip

    def __init__(self) -> None:
        self.k = 0  # the row in the block
        self.pay: Any = None  # what actions earn, by row, in the rule's state
        self.i = self.number = -1  # the trial's place in the block, and its number
        self.next, self.count = 0, 0  # number of the trial that follows; trials since the reset
        self.performance = 0.0
        self.conditions: Any = None  # of a closed task, as its program reads them
        self.state: Any = None
        self.response: tuple[int, float] | None = None  # the first one, of a closed task
        self.echo: list[Any] = [0, 0.0]  # what was done last, and what it earned


def lock(block: TrialBatch) -> None:
    """Let nobody write into the trials that are stored: rows that are handed out are views."""
    for array in (block.ob, block.gt):
        array.flags.writeable = False


class TaskEnv(Attributes):
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

    Observations, `ob` and `gt` are read-only; copy them to change them. Parameters of the task are
    attributes too: a change takes effect with the next trial. AttributeError for unknown ones.
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

    def __init__(self, task: Task):
        self._hold(task)
        self._graded = task.plan.actions.graded
        if self._graded:
            space: Any = self.action_space
            self._bounds = list(zip(space.low.tolist(), space.high.tolist(), strict=True))
        self._actions = frozenset(() if self._graded else range(task.plan.actions.size))
        self._trials: Stream | None = None  # from the first reset on
        self._now = Now()  # apart, since attributes that can be set by anybody are slow
        self._batch: TrialBatch | None = None
        self._carried: dict[str, Any] = {}  # what the next trial is told of those before it
        self._memory: dict[str, Any] = {}  # and what this one was told
        self._rests: Any = None  # what doing nothing earns in the rows of a batch
        self._forced: Mapping[str, Any] = NO_CONDITIONS
        self._top: Any = None  # the outermost wrapper of trials, which begins each

    # -- gymnasium -------------------------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        no_step: bool = True,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a trial; returns its first row (C,) and an empty info.

        NeuroGym's `no_step` is taken, here and as an option: a reset never plays a step.

        ValueError for an unknown option, a trial that is no whole number from 0, a condition or a
        period's length in ms that the task cannot honour, and a memory that is no dict.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        index, conditions = options.pop("trial", None), options.pop("conditions", {})
        memory = options.pop("memory", None)
        options.pop("no_step", no_step)
        if "step_fn" in options:
            raise ValueError(
                "options['step_fn']: reset plays no step here; a wrapper changes the first"
                " observation in its own reset"
            )
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
            self._now.next = int(index)
        if index is not None or memory is not None:
            self._recall(memory or {})
        else:
            self._now.echo = [0, 0.0]  # nothing was done yet in these trials
        self._now.count = 0
        self._now.performance = 0.0
        self._begin_on_top(conditions)
        return self._first(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act on the current observation; see the class for what is returned.

        The action is a whole number, or (k,) numbers where it is graded. ValueError for one outside
        the action space, gymnasium's ResetNeeded before the first reset.
        """
        now = self._now
        k = now.k
        try:
            reward, event = now.pay[k][action]
        except (KeyError, TypeError):
            return TaskEnv.step(self, self._read(action))
        gt = self._labels[k]
        if event is not None:
            ends, state, performance, outcome, response = event
            if ends:
                rt = (k - self._opened_at()) * self._dt if response else NAN
                return self._finish(reward, gt, response, rt, outcome, performance)
            now.pay = self._pays[state]
        now.k = k = k + 1
        return self._rows[k], reward, False, False, {"new_trial": False, "gt": gt}

    def rest(self, step: int) -> list[float]:
        """Do nothing until a step of the trial, or until something would happen; returns rewards.

        For open tasks without channels that show what was done, before anything was done in the
        trial: there it is the same as so many steps.
        """
        earned, eventful = self._resting()
        now = self._here
        k, stop = now.k, self._offsets[now.i] + step
        stop = max(min(stop, eventful[bisect_left(eventful, k)]), k)  # a last row is eventful
        now.k = stop
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
        now = self._now
        now.performance = performance
        info: dict[str, Any] = {
            "new_trial": True,
            "gt": gt,
            "trial": self._told() if self._plain else self.trial,
            "performance": performance,
            "rt": rt,
            "response": int(response) if response else -1,
            "outcome": NAMES[outcome],
        }
        i = now.i + 1
        if self._plain and i < self._n and not self._forced and self._is_next() and not self._top:
            now.i, now.k = i, self._offsets[i]
            now.number = now.next
            now.next += 1
            now.count += 1
            self._start()
            return self._row(), reward, False, False, info
        if parts := self._parts():
            info["parts"] = parts_of(self.task, parts)
        if self.task.plan.learns:
            result = Result.of((performance, outcome, response), parts, 0)
            self._carried = self.task.learn(self._carried, info["trial"], result)
        self._begin_on_top(NO_CONDITIONS)
        return self._row(), reward, False, False, info

    def _told(self) -> dict[str, Any]:
        """The trial's conditions where each trial has all of them."""
        return dict(zip(self._names, self._values[self._now.i], strict=False))

    def _is_next(self) -> bool:
        """Whether the next trial follows in the block, and nothing changed since that was drawn."""
        now = self._now
        return now.number == now.next - 1 and self.task.version == self._version

    def _opened_at(self) -> int:
        """The row from which the response time counts."""
        i = self._now.i
        return self._offsets[i] + self._opened[i]

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
        return self._specified(TaskEnv(task))

    def _specified(self, env: TaskEnv) -> TaskEnv:
        """With what gymnasium makes it of: as this one, with parameters and wrappers of its own."""
        if self.spec is not None:
            about, kept = env.about, ("render_mode", "render_size")
            env.spec = copy.copy(gym.spec(about.task))
            given = {name: self.spec.kwargs[name] for name in kept if name in self.spec.kwargs}
            stack = {"stack": about.wrappers} if about.wrappers else {}
            env.spec.kwargs = {**env.spec.kwargs, **given, **about.params, **stack}
        return env

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
        self._trials, self._batch = Stream(self.task, int(seed)), None
        self._now.next, self._now.pay = 0, None
        self._recall({})

    def _recall(self, memory: Mapping[str, Any]) -> None:
        """Go on as after the trials that a memory tells of."""
        if not isinstance(memory, Mapping):
            raise ValueError(f"memory = {memory!r}: expected a dict, as `env.memory` gives it")
        known = copy.deepcopy(dict(memory))
        self._now.echo = known.pop(ECHO, [0, 0.0])
        self._carried = known

    @property
    def memory(self) -> dict[str, Any]:
        """What the current trial was told of those before it, as JSON; {} if trials stand alone."""
        return copy.deepcopy(self._memory)

    def estimates(self, memory: Mapping[str, Any]) -> list[Estimate]:
        return self.task.estimates(memory)

    def new_trial(self, **conditions: Any) -> dict[str, Any]:
        """Begin the next trial, conditions or periods' lengths forced; returns its conditions."""
        self._begin(conditions)
        return self.trial

    def set_top(self, wrapper: Any) -> None:
        """Let a wrapper begin the trials from now on: see `neurogym.TrialWrapper`."""
        self._top = wrapper

    @property
    def upcoming(self) -> tuple[int, int]:
        """The seed of the stream, and the number of the trial that comes next."""
        if self._trials is None:
            self._restart(self.np_random_seed)
        return self._stream.seed, self._now.next

    def _begin_on_top(self, conditions: Mapping[str, Any]) -> None:
        if self._top is None:
            self._begin(conditions)
        else:
            self._top.new_trial(**conditions)

    def _begin(self, conditions: Mapping[str, Any]) -> None:
        if self._trials is None:
            self._restart(self.np_random_seed)
        now = self._now
        self._memory = {ECHO: now.echo} if self.task.plan.echoes else {}
        if self.task.plan.learns:
            self._memory.update(self._carried)
            block, draw = self._stream.one(now.next, self._carried, conditions)
            self._carried, i = draw.carried, 0
            self._open(block)
        else:
            i = self._find(conditions)
        self._forced = dict(conditions)
        now.i, now.number = i, now.next
        now.next += 1
        now.count += 1
        now.k = self._offsets[i]
        self._start()

    def _find(self, conditions: Mapping[str, Any]) -> int:
        """Open the block that holds the next trial; returns the trial's place in it."""
        block, now = self._batch, self._now
        i = now.i + 1
        same = block is not None and i < block.n and now.number == now.next - 1
        if conditions or self._forced or not same or self.task.version != self._version:
            block, i = self._stream.find(now.next, conditions, self._ahead(block, conditions))
            self._open(block)
        return i

    def _ahead(self, before: TrialBatch | None, conditions: Mapping[str, Any]) -> int:
        """How many blocks to paint at once: several small ones where trials follow one another."""
        now = self._now
        if before is None or conditions or self._forced or before.n < MOST:
            return 1
        if now.number != now.next - 1 or now.i + 1 < before.n:
            return 1
        return min(16, max(1, ROWS * before.n // (len(before.ob) * MOST)))

    def _open(self, block: TrialBatch) -> None:
        """Keep what trials read of a block as Python lists: numpy scalars are slow."""
        if block is self._batch:
            return
        lock(block)
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
            or any(None in column or nested(column) for column in self._columns.values())
        )  # fmt: skip

    def _read_payoffs(self, block: TrialBatch) -> None:
        """Keep what actions earn in a block, by rule state and row."""
        payoffs, kind = block.paid
        self._pays = [rows.take(kind).tolist() for rows in payoffs.cells(kind)]

    def _start(self) -> None:
        """Go to the first rule state."""
        self._now.pay = self._pays[0]

    def _row(self) -> np.ndarray:
        """The current row, (C,)."""
        return self._rows[self._now.k]

    def _first(self) -> np.ndarray:
        """The current row as it is shown, (C,)."""
        self._here  # noqa: B018 - before the first trial it says so
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

    @property
    def i_env(self) -> int:
        """Which of several tasks the current trial is of, from 0; AttributeError for one task."""
        if "task" not in self.task.plan.conditions:
            raise AttributeError(f"{self} is one task: it has no i_env")
        return int(self.trial["task"])

    @property
    def envs(self) -> list[TaskEnv]:
        """A fresh environment of each of several tasks; AttributeError for one task."""
        if not self.task.tasks:
            raise AttributeError(f"{self} is one task: it has no envs")
        return [TaskEnv(task) for task in self.task.tasks]

    def set_i(self, i: int) -> None:
        """Choose the task of the trials to come, of those under `MultiEnvs`, counted from 0."""
        self.task.set_i(i)

    # -- what users of NeuroGym look for ---------------------------------------------------------

    @property
    def trial(self) -> dict[str, Any]:
        """Conditions of the current trial, and the lengths in ms of periods that are drawn."""
        i = self._here.i
        values = {name: column[i] for name, column in self._columns.items()}
        return {name: copy.deepcopy(v) for name, v in values.items() if v is not None}

    @property
    def gt_now(self) -> int | np.ndarray:
        """The right action for the observation that was returned last; (k,) where it is graded."""
        k = self._here.k
        return self._labels[k]

    @property
    def window_open(self) -> bool:
        """Whether responses are asked for in the current step."""
        first, stop = self._block.window[self._now.i]
        return bool(first <= self.t_ind < stop)

    @property
    def window(self) -> tuple[int, int]:
        """First step of the response window, and the step after it."""
        return tuple(self._block.window[self._now.i].tolist())

    @property
    def periods(self) -> list[tuple[str, int, int]]:
        """The current trial's periods: (name, first step, step after the last)."""
        return self._block.periods(self._now.i)

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
    def ob(self) -> np.ndarray:
        """The current trial's observations, (T, C); in closed tasks without what actions change."""
        return self._block.ob[self._span]

    @property
    def has_noise(self) -> bool:
        """Whether some channel of the current trial carries noise."""
        return bool(self._block.with_noise[self._here.i])

    @property
    def noisy(self) -> np.ndarray:
        """Which channels of the current trial carry noise in which steps, (T, C) bool."""
        return self._block.noisy(self._here.i)

    @property
    def gt(self) -> np.ndarray:
        """The current trial's right actions, (T,), or (T, k) where they are graded."""
        return self._block.gt[self._span]

    @property
    def _here(self) -> Now:
        """Where the environment is, once it is in a trial."""
        if self._batch is None:
            raise gym.error.ResetNeeded(f"{self}: call reset() first")
        return self._now

    @property
    def _span(self) -> slice:
        """The current trial's rows in the block."""
        i = self._here.i
        return slice(*self._offsets[i : i + 2])

    @property
    def payoffs(self) -> tuple[np.ndarray, Payoffs]:
        """The kind of each of the current trial's steps, (T,), and the table of what they earn."""
        payoffs, kind = self._block.paid
        return kind[self._span].copy(), payoffs

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
        return block.of_members(self._now.i)

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
        return self._opened[self._here.i]

    @property
    def turn(self) -> Turn:
        """The single task that the current trial is of, of those that take turns, or the task."""
        return self.task.turn(self._block, self._now.i)

    @property
    def opening(self) -> np.ndarray | None:
        return self._first() if self.t_ind == 0 else None

    @property
    def leaps(self) -> bool:
        return not (self.task.closed or self.task.tasks or self.task.plan.echoes)

    @property
    def place(self) -> tuple[TrialBatch, int]:
        """The batch that holds the current trial, and the trial's place in it."""
        return self._block, self._now.i

    @property
    def live(self) -> list[bool]:
        """Of several tasks at once: which of them are on in the current step, and not over."""
        return []

    @property
    def forced(self) -> Mapping[str, Any]:
        """The conditions and lengths that were forced upon the current trial."""
        return dict(self._forced)

    @property
    def trial_index(self) -> int:
        """Number of the current trial in its stream; -1 before the first."""
        return self._now.number

    @property
    def num_tr(self) -> int:
        """How many trials have begun since the reset."""
        return self._now.count

    @property
    def performance(self) -> float:
        """That of the trial that ended last, 0 to 1; 0 after a reset."""
        return self._now.performance

    @property
    def t_ind(self) -> int:
        """Steps since the trial's start."""
        now = self._here
        return now.k - self._offsets[now.i]

    @property
    def t(self) -> float:
        """Time since the trial's start in ms."""
        return self.t_ind * self._dt

    @property
    def tmax(self) -> float:
        """Length of the current trial in ms."""
        rows = self._span
        return (rows.stop - rows.start) * self._dt

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
        return {period: start * self._dt for period, start in self.start_ind.items()}

    @property
    def end_t(self) -> dict[str, float]:
        """End of each period in ms."""
        return {period: end * self._dt for period, end in self.end_ind.items()}

    def in_period(self, period: str, t: float | None = None) -> bool:
        """Whether the time t in ms (now, if None) lies in a period.

        False for a period that the trial lacks; ValueError for one that is unknown to the task.
        """
        start = self.start_t
        if period not in start:
            if period not in self.task.plan.timing:
                raise ValueError(unknown("period", [period], self.task.plan.timing))
            return False
        return start[period] <= (self.t if t is None else t) < self.end_t[period]

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self._batch is not None:
            lock(self._batch)  # copies of arrays can be written into

    def __str__(self) -> str:
        return f"<{self.task.label}>"


class ClosedEnv(TaskEnv):
    """The environment of a task whose observations depend on the actions."""

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        if type(action) is not int or action not in self._actions or self._batch is None:
            action = self._known(action)
        now, loop = self._now, self._loop
        k, conditions, state = now.k, now.conditions, now.state
        where = self._where[k]
        if (best := loop.best) is None:
            gt = self._labels[k].copy()
        else:
            gt = int(best(conditions, state, *where))
        reward, ends, performance, outcome, responds, response, skip = loop.effect(
            conditions, state, *where, action
        )
        if responds and now.response is None:
            answer = action if response < 0 else response
            now.response = answer, (k - self._opened_at()) * self._dt
        k = self._after[k] if skip else k + 1
        if ends or k >= self._offsets[now.i + 1]:
            response, rt = now.response or (0, NAN)
            return self._finish(float(reward), gt, response, rt, int(outcome), float(performance))
        now.k, row = k, self._rows[k]
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
        super().__setstate__(state)
        if self._batch is not None:
            self._follow(self._batch)

    def _read_payoffs(self, block: TrialBatch) -> None:
        """There are none: the task itself says what actions earn."""

    def _start(self) -> None:
        """Begin the trial's state anew."""
        now = self._now
        now.conditions = self._each[now.i]
        now.state = list(self._loop.start(now.conditions))
        now.response = None

    def _row(self) -> np.ndarray:
        now = self._now
        row, show = self._rows[now.k], self._loop.show
        if show is None:
            return row
        row = row.copy()
        show(now.conditions, now.state, *self._where[now.k], row)
        return row

    @property
    def loop_told(self) -> dict[str, Any]:
        return told_of(self.turn)

    @property
    def gt_now(self) -> int | np.ndarray:
        now = self._here
        best = self._loop.best
        if best is None:
            return self._block.gt[now.k].copy()
        return int(best(now.conditions, now.state, *self._where[now.k]))

    @property
    def gt(self) -> np.ndarray:
        """The labels of a trial that is played by them, (T,); rows that are not reached have 0."""
        rows, loop = self._span, self._loop
        if (best := loop.best) is None:
            return super().gt
        conditions, k = self._now.conditions, rows.start
        state, gt = list(loop.start(conditions)), np.zeros(rows.stop - rows.start, np.int64)
        ends = False
        while not ends and k < rows.stop:
            gt[k - rows.start] = action = int(best(conditions, state, *self._where[k]))
            _, ends, *_, skip = loop.effect(conditions, state, *self._where[k], action)
            k = self._after[k] if skip else k + 1
        return gt


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
        now = self._now
        gt, k = self.gt_now, now.k
        effect = self.task.loop.react(self._one, self._situation, self._where(), np.array([action]))
        reward, done, performance, outcome, responds, skip = (
            np.ravel(getattr(effect, name))[0].item()
            for name in ("reward", "ends", "performance", "outcome", "responds", "skip")
        )
        if responds and now.response is None:
            answer = action if effect.response is None else np.ravel(effect.response)[0]
            rt = (k - self._opened_at()) * self._dt
            now.response = int(answer), rt if effect.rt is None else np.ravel(effect.rt)[0].item()
        following = self._end_of_period(k) if skip else k + 1
        if done or following >= self._offsets[now.i + 1]:
            response, rt = now.response or (0, NAN)
            return self._finish(float(reward), gt, response, rt, int(outcome), float(performance))
        now.k = following
        return self._row(), float(reward), False, False, {"new_trial": False, "gt": gt}

    def _read_payoffs(self, block: TrialBatch) -> None:
        """There are none: the task itself says what actions earn."""

    def _start(self) -> None:
        """Begin the trial's state anew."""
        i = self._now.i
        values = {k: v[i : i + 1] for k, v in self._block.trials.conditions.items()}
        self._one = Trials(1, values)
        self._situation = self.task.loop.begin(self._one)
        self._now.response = None
        self._index = {period: k for k, period in enumerate(self._block.timeline.periods)}

    def _where(self) -> Step:
        return self._where_at(self._now.k)

    def _where_at(self, k: int) -> Step:
        closing = np.array([k == self._end_of_period(k) - 1])
        last = np.array([k == self._offsets[self._now.i + 1] - 1])
        rows = {name: values[k : k + 1] for name, values in self._block.columns.items()}
        return Step(self._block.period[k : k + 1], closing, last, self._index, rows)

    def _end_of_period(self, k: int) -> int:
        """The first row after the period that a row is in."""
        return int(self._block.period_end[k]) + 1

    def _row(self) -> np.ndarray:
        row = self._rows[self._now.k].copy()
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
        self._here  # noqa: B018 - before the first trial it says so
        label = self.task.loop.labels(self._one, self._situation, self._where())[0]
        return label.copy() if self._graded else int(label)

    @property
    def gt(self) -> np.ndarray:
        """The labels of a trial that is played by them, (T,); rows that are not reached have 0."""
        rows, loop = self._span, self.task.loop
        if self._graded or self.task.foreseen:
            return super().gt
        situation, k, ends = loop.begin(self._one), rows.start, False
        gt = np.zeros(rows.stop - rows.start, np.int64)
        while not ends and k < rows.stop:
            where = self._where_at(k)
            action = loop.labels(self._one, situation, where)
            gt[k - rows.start] = action[0]
            effect = loop.react(self._one, situation, where, action)
            ends = bool(np.ravel(effect.ends)[0])
            k = self._end_of_period(k) if np.ravel(effect.skip)[0] else k + 1
        return gt

    @property
    def live(self) -> list[bool]:
        rows = self._block.columns.get("live")
        return [] if rows is None else (rows[self._here.k] & ~self._situation["over"][0]).tolist()


class Echoing(TaskEnv):
    """The environment of a task that shows what was done last, and what it earned."""

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act on the current observation; the next one also shows the action and its reward."""
        ob, reward, terminated, truncated, info = super().step(action)
        echo = self._now.echo = [0 if self._graded else int(action), reward]
        if info["new_trial"]:
            self._memory = {**self._memory, ECHO: echo}
        return self._echoed(ob), reward, terminated, truncated, info

    def _echoed(self, row: np.ndarray) -> np.ndarray:
        row, (action, reward) = row.copy(), self._now.echo
        for echo in self.task.plan.echoes:
            echo.show(row[None], np.array([action]), np.array([reward]))
        return row

    def _first(self) -> np.ndarray:
        return self._echoed(super()._first())


class EchoEnv(Echoing, TaskEnv):
    """`Echoing`, of a task with a payoff table."""


class EchoClosedEnv(Echoing, ClosedEnv):
    """`Echoing`, of a task whose observations depend on the actions."""


class EchoJointEnv(Echoing, JointEnv):
    """`Echoing`, of several tasks of which one at least depends on the actions."""
