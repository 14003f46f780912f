"""One of several tasks in each trial, as one task."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from neurogym.loops.running import Loop
from neurogym.spec.canvas import Trials
from neurogym.spec.conditions import Choice
from neurogym.spec.durations import Duration
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Payoffs
from neurogym.spec.plan import Effect, Step
from neurogym.trials.batch import TrialBatch
from neurogym.trials.task import Task
from neurogym.wrappers.joint import (
    Composite,
    Joined,
    JointPlan,
    JointScene,
    Member,
    by_cells,
    by_name,
    cells,
    columns,
    mapped,
    same,
    shared,
    typed,
    unchanged,
    widened,
)


class Switched(Composite):
    """One of several tasks in each trial.

    Channels, actions, conditions and periods of the same name are shared, and so padded: a task
    leaves the channels that it does not have at 0, and actions that it does not have do nothing.
    The condition `task` tells which one it is, counted from 0.
    """

    def __init__(self, wrapper: Any, tasks: Sequence[Task], schedule: Any, cue: bool):
        self.schedule, self.cue = schedule, cue
        super().__init__(wrapper, tasks)

    def copy(self) -> Task:
        tasks = [task.copy() for task in self.tasks]
        task = type(self)(self.wrapper, tasks, self.schedule, self.cue)
        task.wrappers = self.wrappers
        return task

    def set_i(self, i: int) -> None:
        """Choose the task of the trials to come, where that is done by hand."""
        wrapper: Any = self.wrapper
        self.wrapper, self.schedule = wrapper.choosing(i)
        self._forget()

    def key_lines(self):
        return [line for task in self.tasks for line in task.key_lines()]

    def all_keys(self):
        each = [mapped(member.task.all_keys(), member.action) for member in self.members]
        keys: dict[str, dict[str, Any]] = {}
        for key in (key for own in each for key in own["keys"]):
            known = keys.setdefault(key["code"], {**key, "name": ""})
            names = [*filter(None, known["name"].split(" / ")), key["name"]]
            known["name"] = " / ".join(dict.fromkeys(names))
        dials = [own["dial"] for own in each if own["dial"]]
        return dict(keys=list(keys.values()), dial=dials[0] if dials else None)

    @property
    def closed(self) -> bool:
        return any(task.closed for task in self.tasks)

    @property
    def travels(self) -> bool:
        return all(task.travels and not task.together for task in self.tasks)

    def turn(self, block, i):
        parts = zip(self.members, block.of_members(i), strict=True)
        member, (own, place) = next((member, has) for member, has in parts if has)
        return member.task.turn(own, place).within(member)

    @property
    def rule_states(self) -> int:
        return max(task.rule_states for task in self.tasks)

    @property
    def window(self) -> tuple[str, ...]:
        return ()

    def base_plan(self) -> JointPlan:
        plans = [task.plan for task in self.tasks]
        channels, cue = Channels(**shared([plan.channels for plan in plans])), None
        if self.cue:
            names = ("task", *(f"task_{k}" for k in range(2, 100)))  # one of a nested schedule's
            cue = next(name for name in names if name not in channels.groups)
            channels = Channels(**channels.sizes, **{cue: len(plans)})
        actions = Actions(**shared([plan.actions for plan in plans]))
        timing: dict[str, Duration] = {}
        for plan in plans:
            timing = {**plan.timing, **timing}
        timing = {name: timing[name] for plan in plans for name in plan.timing}
        members = tuple(
            Member(
                task,
                columns(plan.channels, channels),
                unchanged(plan.timing),
                {k: f"{k}_{j}" if k in timing or k == "task" else k for k in plan.conditions},
                *by_name(plan.actions, actions),
            )
            for j, (task, plan) in enumerate(zip(self.tasks, plans, strict=True), 1)
        )
        conditions: dict[str, list] = {}
        for member, plan in zip(members, plans, strict=True):
            for own, name in member.conditions.items():
                conditions.setdefault(name, []).append(plan.conditions[own])
        told = {name: same(kinds, len(plans)) for name, kinds in conditions.items()}
        which = Choice(range(len(plans)), doc="which of the tasks the trial has, from 0")
        return JointPlan(
            channels, actions, {"task": which, **told},
            timing, dict(plans[0].rewards), None, JointScene(), plans[0].keys,
            dt=float(self.dt), learns=any(plan.learns for plan in plans),
            members=members, cue=cue,
        )  # fmt: skip

    def choose(self, draw, last):
        draw.conditions["task"], last = self.schedule.draw(draw.rng, draw.n, last)
        return last

    def on(self, conditions):
        return np.asarray(conditions["task"])[:, None] == np.arange(len(self.tasks))

    def join(self, batch):
        rows_n = batch.trial.size
        ob = np.zeros((rows_n, self.plan.channels.size), np.float32)
        gt, kind = np.zeros((2, rows_n), np.int64)
        window, counted = np.zeros((batch.n, 2), np.int64), np.zeros(batch.n, np.int64)
        tables: list[tuple[Payoffs, Member]] = []
        told = self._blank_columns(rows_n) if self.closed else {}
        for j, (member, (here, own)) in enumerate(zip(self.members, batch.parts, strict=True)):
            if own is None:
                continue
            rows = batch.places(here, own)
            ob[rows[:, None], member.channels] = own.ob
            gt[rows] = member.action[own.gt]
            window[here], counted[here] = own.window, own.counted
            if self.closed:
                for name, values in self._columns_of(own).items():
                    told[f"{j} {name}"][rows] = values
            else:
                kind[rows] = own.kind + sum(table.shape[0] for table, _ in tables)
                tables.append((own.payoffs, member))
        if self.plan.cue:
            cue = self.plan.channels[self.plan.cue]
            ob[:, cue.slice] = self.on(batch.trials.conditions)[batch.trial]
        if self.closed:
            return Joined(ob, gt, window, counted, told)
        return Joined(ob, gt, window, counted, payoffs=self._table(tables), kind=kind)

    def _table(self, tables: list[tuple[Payoffs, Member]]) -> Payoffs:
        """The tables of all tasks, one after the other; blocks often share one, so it is kept."""

        def joined() -> Payoffs:
            size = self.plan.actions.size
            wide = [
                widened(table, member.action, size, self.rule_states) for table, member in tables
            ]
            return functools.reduce(Payoffs.joined, wide)

        return self.plan.kept.get("tasks", [table for table, _ in tables], joined)

    def keys_in(self, trial):
        member = self.members[int(trial["task"])]
        told = member.task.keys_in(member.own(trial))
        keys = told or member.task.plan.keys.resolve(member.task.plan.actions)
        return mapped(keys, member.action)

    # -- closed tasks ----------------------------------------------------------------------------

    @property
    def loop(self) -> InTurns:
        """What steps do."""
        return InTurns(self)

    @staticmethod
    def _columns_of(own: TrialBatch) -> Mapping[str, np.ndarray]:
        """What steps are told of a task: also what its table says, if it is none of the closed."""
        return {"gt": own.gt, **cells(own)} if own.payoffs else own.columns

    def _blank_columns(self, rows: int) -> dict[str, np.ndarray]:
        """All columns that there are, whichever tasks a batch has."""
        shapes = self.plan.kept.get("columns", None, self._all_columns)
        return {name: np.zeros((rows, *shape), kind) for name, (shape, kind) in shapes.items()}

    def sample(self, j: int) -> TrialBatch:
        """A trial of the j-th task."""
        task = self.members[j].task
        return task.block([task.draw(np.random.default_rng(0), 1, {})])

    def _all_columns(self) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        """Shape and kind of each column that blocks have, whichever tasks are in them."""
        told: dict[str, Any] = {}
        for j in range(len(self.members)):
            own = self._columns_of(self.sample(j))
            told |= {f"{j} {name}": (v.shape[1:], v.dtype) for name, v in own.items()}
        return told

    def some(self, j: int, trials: Trials, here: np.ndarray) -> Trials:
        """Some trials, which are of the j-th task, as its own."""
        whole = self.member_trials(j, trials).conditions
        return Trials(here.size, {k: typed(v[here].tolist()) for k, v in whole.items()})


class InTurns(Loop):
    """What steps do where each trial is of one of several tasks."""

    @property
    def one(self):
        """None: each task has a program of its own, or a table."""
        return None

    def __init__(self, task: Switched):
        self.task = task

    def begin(self, trials):
        states: dict[str, np.ndarray] = {}
        for j, member in enumerate(self.task.members):
            here = np.flatnonzero(np.asarray(trials.task) == j)
            some = self.task.some(j, trials, here) if here.size else self.task.sample(j).trials
            own = member.task.loop.begin(some) if member.task.closed else {}
            own = own if member.task.closed else {"state": np.zeros(some.n, np.int64)}
            for name, values in own.items():
                state = np.zeros((trials.n, *values.shape[1:]), values.dtype)
                if here.size:
                    state[here] = values
                states[f"{j} {name}"] = state
        return states

    def _each(self, trials: Trials, state: dict, step: Step) -> Iterable[tuple]:
        """For each task its trials, and their conditions, states and steps."""
        names = list(self.task.plan.timing)
        for j, member in enumerate(self.task.members):
            here = np.flatnonzero(np.asarray(trials.task) == j)
            if not here.size:
                continue
            own = {k.partition(" ")[2]: v[here] for k, v in state.items() if k.startswith(f"{j} ")}
            rows = {
                k.partition(" ")[2]: v[here] for k, v in step.rows.items() if k.startswith(f"{j} ")
            }
            plan = member.task.plan
            index = {period: i for i, period in enumerate(plan.timing)}
            back = np.full(len(names) + 1, -1)  # where no period is on, too
            for own_name, name in member.periods.items():
                back[names.index(name)] = index[own_name]
            here_step = Step(
                back[step.period[here]], step.closing[here], step.last[here], index, rows
            )
            yield j, member.task, here, self.task.some(j, trials, here), own, here_step

    def react(self, trials, state, step, action):
        n, fields = trials.n, ("reward", "ends", "performance", "outcome", "responds", "skip")
        response = action.copy()
        effect = Effect(
            *(np.zeros(n, float if f in ("reward", "performance") else np.int64) for f in fields)
        )
        for j, task, here, some, own, where in self._each(trials, state, step):
            chosen = self.task.members[j].own_action[action[here]]
            told = (
                task.loop.react(some, own, where, chosen)
                if task.closed
                else by_cells(own, where, chosen)
            )
            for name in fields:
                getattr(effect, name)[here] = getattr(told, name)
            if told.response is not None:
                response[here] = self.task.members[j].action[told.response]
            for name, values in own.items():
                state[f"{j} {name}"][here] = values
        for name in ("ends", "responds", "skip"):
            setattr(effect, name, getattr(effect, name).astype(bool))
        effect.response = response
        return effect

    def observe(self, trials, state, step, ob):
        for j, task, here, some, own, where in self._each(trials, state, step):
            if task.closed:
                seen = ob[here][:, self.task.members[j].channels]
                task.loop.observe(some, own, where, seen)
                ob[here[:, None], self.task.members[j].channels] = seen

    def labels(self, trials, state, step):
        labels = np.zeros(trials.n, np.int64)
        for j, task, here, some, own, where in self._each(trials, state, step):
            right = task.loop.labels(some, own, where) if task.closed else where.rows["gt"]
            labels[here] = self.task.members[j].action[right]
        return labels
