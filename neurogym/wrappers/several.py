"""Wrappers that bring other tasks in: one of them in each trial, or some of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import param

from neurogym.spec.parameters import (
    BlockLength,
    BlockLengths,
    Numbers,
    Onsets,
    Probabilities,
    Tasks,
    plain,
    unknown,
)
from neurogym.spec.schedules import ORDERS, Schedule, needs_schedule
from neurogym.trials.catalogue import configure, declared_class, full_id, is_adopted, make
from neurogym.trials.task import Task
from neurogym.wrappers.alternating import Switched
from neurogym.wrappers.base import Wrapper, probabilities, task_of
from neurogym.wrappers.layers import layers_of, name_of
from neurogym.wrappers.simultaneous import Combined, subsets
from neurogym.wrappers.stack import read, write

ENTRIES = ("task", "params", "stack", "preset")


class Several(Wrapper):
    """Puts other tasks beside the one that it wraps; the base of those that say how.

    `tasks` lists the others: ids, tasks, environments, or as JSON `{"task": id, "params": {...},
    "stack": [...], "preset": "human"}`. They have the first one's dt unless told otherwise.
    """

    tasks = Tasks([{"task": "GoNogo-v0"}], doc="the other tasks")
    alone = False  # whether there may be no other

    def __new__(cls, target: Any = None, /, *args: Any, **params: Any) -> Any:
        if isinstance(target, list | tuple):
            if not target:
                raise ValueError(f"{cls.__name__}: no tasks are given")
            if any(map(_is_classic, target)):
                return cls._of_classic(list(target), args, params)
            params["tasks"], target = list(target[1:]), target[0]
            if isinstance(target, str):
                target = _build({"task": target}, {})
        elif target is not None and any(map(_is_classic, [target, *_others(args, params)])):
            others, args = _others(args, params), args[1:]
            params.pop("tasks", None)
            return cls._of_classic([target, *others], args, params)
        return super().__new__(cls, target, *args, **params)

    @classmethod
    def _of_classic(cls, tasks: list[Any], args: tuple, params: dict[str, Any]) -> Any:
        """Environments of which some are of classic tasks, under the wrapper."""
        tasks = [make(task) if isinstance(task, str) else task for task in tasks]
        wrapper: Any = super().__new__(cls)
        wrapper.__init__(tasks[1:], *args, **params)
        first = next(env.unwrapped for env in tasks if _is_classic(env))
        return first.under(wrapper, tasks)

    def __init__(self, *args: Any, **params: Any):
        if args:
            first, args = args[0], args[1:]
            params["tasks"] = first if isinstance(first, list | tuple) else [first]
        if "tasks" in params:
            params["tasks"] = [_told(task, type(self).__name__) for task in params["tasks"]]
        if args:
            raise TypeError(f"{type(self).__name__} takes tasks by position, not also {args!r}")
        super().__init__(**params)

    def members(self, task: Task) -> list[Task]:
        """The task itself, and the others; ValueError for what cannot be one."""
        if not self.tasks and not self.alone:
            raise ValueError(f"{type(self).__name__}: tasks is empty, expected another task")
        members = [task.copy(), *(_build(told, {"dt": task.dt}) for told in self.tasks)]
        for member in members:
            if member.plan.actions.graded:
                self.refuse(member, "its actions are numbers")
        return members


def _others(args: tuple, params: Mapping[str, Any]) -> list[Any]:
    """The tasks beside the first one, as they were given."""
    given = args[0] if args else params.get("tasks", ())
    return list(given) if isinstance(given, list | tuple) else [given]


def _is_classic(task: Any) -> bool:
    """Whether this is an environment of a task written the classic way, or the id of one."""
    if isinstance(task, str):
        return is_adopted(full_id(task)) and _is_classic(make(task))
    return callable(getattr(getattr(task, "unwrapped", None), "under", None))


def outermost(env: Any) -> Any:
    """The outermost environment that tells what it was made of."""
    while not hasattr(type(env), "about"):
        env = env.env
    return env


def _told(task: Any, name: str) -> dict[str, Any]:
    """A task as JSON."""
    if isinstance(task, str):
        return {"task": task}
    if isinstance(task, Mapping):
        if extra := [key for key in task if key not in ENTRIES]:
            raise ValueError(f"{name}: {unknown('entry of a task', extra, ENTRIES)}")
        if "task" not in task:
            raise ValueError(f"{name}: {dict(task)!r} names no task")
        return plain(task)
    if _is_classic(task):
        about = outermost(task).about
        told = {"task": about.task, "params": about.params}
        return plain({**told, "stack": about.wrappers} if about.wrappers else told)
    declared, _ = task_of(name, task)
    if layers := layers_of(task):
        raise TypeError(
            f"{name} takes the task in {task}, without what {name_of(layers[-1])} does: put"
            f" {name_of(layers[-1])} around {name}(...) instead"
        )
    params = {"dt": declared.dt, **declared.root.settings()}
    told = {"task": type(declared.root).own_id(), "params": params}
    return plain({**told, "stack": write(declared.stack)} if declared.stack else told)


def _build(told: Mapping[str, Any], params: Mapping[str, Any]) -> Task:
    own = {"preset": told["preset"]} if "preset" in told else {}
    task = configure(declared_class(told["task"]), **own, **{**params, **told.get("params", {})})
    return task.wrapped(*read(told.get("stack", [])))


class _Switching(Several):
    """One of several tasks in each trial."""

    def switched(self, task: Task, schedule: Schedule, cue: bool) -> Task:
        """The tasks as one."""
        return Switched(self, self.members(task), schedule, cue).checked()

    def choosing(self, i: int) -> tuple[Several, Chosen]:
        """The same wrapper with another task chosen, and its schedule.

        TypeError if it chooses tasks by itself.
        """
        raise TypeError(f"{type(self).__name__} chooses tasks by itself")


class ScheduleEnvs(_Switching):
    """One of several tasks in each trial, in blocks or at random.

    Fits every declared task whose actions are one of several.

    `order` is "sequential", "once" (sequential, and the last one for ever), "random" (repeats
    included) or "switch" (at random, but another one); `block_dur` is a number of trials, a range
    (low, high), or a probability below 1 with which a block ends at each trial; `block_lens` gives
    each task's blocks a length of its own. Channels and actions of the same name are shared; a task
    leaves channels that it does not have at 0, and actions that it does not have do nothing. The
    condition `task` tells which task a trial has; with `env_input` channels tell it too, one-hot.
    """

    alone = True
    order: Any = param.Selector(default="random", objects=list(ORDERS), doc="which task comes next")
    block_dur = BlockLength(1, doc="trials, (low, high) trials, or a switching probability")
    block_lens = BlockLengths(None, doc="trials in each task's blocks instead")
    env_input = param.Boolean(False, doc="channels tell which task it is")

    def __init__(self, *args: Any, schedule: Schedule | None = None, **params: Any):
        if schedule is not None:
            needs_schedule("ScheduleEnvs", schedule)
            params |= dict(order=schedule.order, block_dur=schedule.block_dur)
            params["block_lens"] = schedule.block_lens
            self._n = schedule.n
        super().__init__(*args, **params)
        if schedule is not None and schedule.n != len(self.tasks) + 1:
            raise ValueError(f"a schedule of {schedule.n} for {len(self.tasks) + 1} tasks")

    def around(self, task):
        n = len(self.tasks) + 1
        schedule = Schedule(n, self.order, self.block_dur, self.block_lens)
        return self.switched(task, schedule, self.env_input)


class Chosen:
    """A schedule in which each trial has the same of n things."""

    def __init__(self, i: int, n: int):
        if isinstance(i, bool) or i not in range(n):
            raise ValueError(f"i = {i!r}: expected one of 0 to {n - 1}")
        self.i = int(i)

    def draw(self, rng: np.random.Generator, count: int, last: Any) -> tuple[np.ndarray, None]:
        """The chosen one, so many times."""
        return np.full(count, self.i), None


class MultiEnvs(_Switching):
    """One of several tasks, which is chosen by hand.

    Fits every declared task whose actions are one of several.

    `env.unwrapped.set_i(i)` chooses the task of the trials to come, counted from 0.
    """

    i = param.Integer(0, bounds=(0, None), doc="which task it is, from 0")
    env_input = param.Boolean(False, doc="channels tell which task it is")

    def around(self, task):
        return self.switched(task, Chosen(self.i, len(self.tasks) + 1), self.env_input)

    def choosing(self, i):
        schedule = Chosen(i, len(self.tasks) + 1)
        return type(self)(**{**self.settings(), "i": schedule.i}), schedule


class TransferLearning(_Switching):
    """Tasks one after another, each for so many trials, the last one for ever.

    Fits every declared task whose actions are one of several.

    Channels and actions of the same name are shared; those that a task does not have are 0, or do
    nothing. With `task_cue` channels tell which task it is, one-hot.
    """

    num_tr_per_task = Numbers([100], limits=(1, None), doc="trials of each task but the last")
    task_cue = param.Boolean(False, doc="channels tell which task it is")

    def around(self, task):
        n, lens = len(self.tasks) + 1, self.num_tr_per_task
        if len(lens) != n - 1:
            raise ValueError(
                f"num_tr_per_task = {lens!r}: expected {n - 1} numbers of trials for {n} tasks,"
                " the last of which goes on for ever"
            )
        return self.switched(task, Schedule(n, "once", block_lens=[*lens, 1]), self.task_cue)


class Combine(Several):
    """Two or more tasks at once in a trial, on one clock: a dual task.

    Fits tasks whose observations do not depend on the actions.

    The second task begins `onset` ms into the trial (a list: one for each other task). `mix` gives
    the probabilities of the first task alone, the second alone, ... and all of them; None is always
    all. Actions are the products of the tasks' actions, or with `share_action_space` one set of
    actions, each going to the first task whose right action is not 0 at the moment. The reward is
    the sum of the tasks' rewards, times `weights`; `info["parts"]` tells outcome, performance,
    reward and response time of each task. The names of the second task's channels, periods and
    conditions end in `_2`; the condition `tasks`, and with `trial_cue` channels, tell which tasks a
    trial has.
    """

    onset = Onsets(800, doc="ms from the trial's start to the other task's; or a list")
    mix = Probabilities(None, doc="probability of each subset; all tasks if None")
    share_action_space = param.Boolean(False, doc="one set of actions for all tasks")
    weights = Numbers(None, doc="factor of each task's reward; 1 if None")
    trial_cue = param.Boolean(False, doc="channels tell which tasks the trial has")

    def around(self, task):
        members = self.members(task)
        n = len(members)
        onsets = self.onset if isinstance(self.onset, list) else [self.onset] * (n - 1)
        real = [isinstance(v, int | float) and not isinstance(v, bool) for v in onsets]
        wrong = [v for v, is_real in zip(onsets, real, strict=True) if not is_real or v < 0]
        if wrong or len(onsets) != n - 1:
            raise ValueError(
                f"onset = {self.onset!r}: expected a number of ms, or one for each of the"
                f" {n - 1} other tasks"
            )
        if self.mix is not None:
            probabilities(f"mix (of {', '.join(subsets(n))})", self.mix, len(subsets(n)))
        weights = self.weights if self.weights is not None else [1.0] * n
        if len(weights) != n:
            raise ValueError(f"weights = {weights!r}: expected {n} numbers")
        return Combined(
            self, members, [0, *onsets], self.mix, self.share_action_space, self.trial_cue, weights
        ).checked()
