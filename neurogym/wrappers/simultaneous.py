"""Several tasks at once in a trial, on one clock, as one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np

from neurogym.loops.running import Loop
from neurogym.spec.conditions import Choice
from neurogym.spec.durations import Duration, to_steps
from neurogym.spec.layout import Actions, Channels, Evidence, Groups
from neurogym.spec.outcomes import Outcome
from neurogym.spec.plan import Effect
from neurogym.spec.scene import cap
from neurogym.trials.task import Task
from neurogym.wrappers.base import Wrapper
from neurogym.wrappers.joint import (
    FIELDS,
    Composite,
    Joined,
    JointPlan,
    JointScene,
    Member,
    by_name,
    cells,
    columns,
    mapped,
    shared,
)

CORRECT = np.array([outcome.is_correct for outcome in Outcome])

# of two tasks that ask for the same key, the left one takes the left hand's, the others the right's
LEFT_HAND = {"ArrowLeft": "KeyA", "ArrowRight": "KeyD", "ArrowUp": "KeyW", "ArrowDown": "KeyS",
             "Space": "KeyF"}  # fmt: skip
RIGHT_HAND = {"Space": "KeyJ"}


def subsets(m: int) -> list[str]:
    """Which of m tasks a trial can have: "1", "2", ..., "1+2", ...; all of them come last."""
    sets = [s for size in range(1, m + 1) for s in combinations(range(1, m + 1), size)]
    return ["+".join(map(str, s)) for s in sets]


class Combined(Composite):
    """Several tasks at once in a trial, on one clock; the k-th begins `onsets[k]` ms into it.

    Names of the second task's channels, actions, conditions and periods end in `_2`, those of the
    third in `_3`. The condition `tasks` tells which tasks a trial has, such as "1+2". A trial is
    over when all of its tasks are; the channels of a task that is over, or not on yet, are 0.

    Actions are products (index a_1 * n_2 + a_2 for two tasks), or, `shared`, those of the tasks
    themselves: then an action goes to the first task whose right action is not 0 at the moment,
    or else to the first that is on.

    The reward is the sum of the tasks', each times its weight; the performance their mean. The
    response, its time and its outcome are those of the first task; the outcome is that of the first
    task that went wrong. `parts` tells them of each task.
    """

    foreseen = True
    between = " + "
    closed = True

    def __init__(
        self,
        wrapper: Wrapper,
        tasks: Sequence[Task],
        onsets: Sequence[float],
        mix: Sequence[float] | None,
        shared: bool,
        cue: bool,
        weights: Sequence[float],
    ):
        self.how: dict[str, Any] = dict(
            onsets=onsets, mix=mix, shared=shared, cue=cue, weights=weights
        )
        self.shared, self.cue, self.weights = shared, cue, [float(w) for w in weights]
        self.types = subsets(len(tasks))
        self.mix = mix
        if any(task.closed for task in tasks):
            closed = next(task for task in tasks if task.closed)
            raise ValueError(
                f"{type(wrapper).__name__}: what is seen in {closed.label} depends on what is done;"
                " only tasks whose trials are fixed beforehand can be combined"
            )
        if several := [task.label for task in tasks if task.tasks]:
            raise ValueError(
                f"{type(wrapper).__name__}: {several[0]} is several tasks already: list all tasks"
                f" of one {type(wrapper).__name__}, and put ScheduleEnvs and the like around it"
            )
        super().__init__(wrapper, tasks)
        self.onsets = [int(to_steps(ms, self.dt)) for ms in onsets]

    def copy(self) -> Task:
        task = type(self)(self.wrapper, [task.copy() for task in self.tasks], **self.how)
        task.wrappers = self.wrappers
        return task

    @property
    def together(self) -> tuple[Member, ...]:
        return self.members

    @property
    def between_names(self) -> str:
        """What stands between the names that tasks have for one action."""
        return super().between_names if self.shared else " & "

    # -- the plan --------------------------------------------------------------------------------

    def base_plan(self) -> JointPlan:
        plans = [task.plan for task in self.tasks]
        suffixes = ["", *(f"_{j + 2}" for j in range(len(plans) - 1))]
        groups: dict[str, int | Evidence] = {}
        for plan, suffix in zip(plans, suffixes, strict=True):
            for group in plan.channels:
                own = group.spec
                if isinstance(own, Evidence) and own.gate:
                    own = replace(own, gate=own.gate + suffix)
                groups[group.name + suffix] = own
        if self.cue:
            groups["tasks"] = len(self.types)
        channels = Channels(**groups)
        actions, own_actions = self._actions([plan.actions for plan in plans], suffixes)
        members = tuple(
            Member(
                task, columns(task.plan.channels, channels, suffix),
                {name: name + suffix for name in task.plan.timing},
                {name: name + suffix for name in task.plan.conditions}, *own, suffix,
            )
            for task, suffix, own in zip(self.tasks, suffixes, own_actions, strict=True)
        )  # fmt: skip
        conditions: dict[str, Any] = {
            "tasks": Choice(self.types, self._chances(), doc="which of the tasks the trial has")
        }
        timing: dict[str, Duration] = {}
        for plan, suffix in zip(plans, suffixes, strict=True):
            conditions |= {name + suffix: c for name, c in plan.conditions.items()}
            for name, duration in plan.timing.items():
                if duration.kind == "times":
                    period, factor = duration.args
                    duration = Duration("times", (period + suffix, factor))
                timing[name + suffix] = duration
        return JointPlan(
            channels, actions, conditions, timing, dict(plans[0].rewards), None, SideBySide(),
            JointKeys(self), dt=float(self.dt), learns=any(plan.learns for plan in plans),
            members=members, cue="tasks" if self.cue else None,
        )  # fmt: skip

    def _chances(self) -> list[float]:
        if self.mix is None:
            return [0.0] * (len(self.types) - 1) + [1.0]
        return list(self.mix)

    def _actions(
        self, each: Sequence[Actions], suffixes: Sequence[str]
    ) -> tuple[Actions, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
        """The actions of the whole, and how they relate to those of each task: see `Member`."""
        if self.shared:
            actions = Actions(**shared(each))
            return actions, [by_name(own, actions) for own in each]
        sizes = [len(own) for own in each]
        split = np.array(list(product(*map(range, sizes))))
        names = [
            [label + suffix for label in own.labels]
            for own, suffix in zip(each, suffixes, strict=True)
        ]
        groups: dict[str, int] = {}
        for chosen in split.tolist():
            told = [names[j][a] for j, a in enumerate(chosen) if a]
            groups[" & ".join(told) if told else each[0].labels[0]] = 1
        strides = [int(np.prod(sizes[j + 1 :])) for j in range(len(sizes))]
        every = np.ones(len(split), bool)
        return Actions(**groups), [
            (np.arange(size) * stride, split[:, j], every)
            for j, (size, stride) in enumerate(zip(sizes, strides, strict=True))
        ]

    # -- trials ----------------------------------------------------------------------------------

    def choose(self, draw, last):
        draw.conditions["tasks"] = self.plan.conditions["tasks"].draw(draw.rng, draw.n, None)
        return None

    def on(self, conditions):
        has = np.array(
            [[str(j + 1) in kind.split("+") for j in range(len(self.tasks))] for kind in self.types]
        )
        where = {kind: i for i, kind in enumerate(self.types)}
        return has[[where[str(kind)] for kind in np.asarray(conditions["tasks"]).tolist()]]

    def shifts(self):
        return self.onsets

    def join(self, batch):
        rows_n, m = batch.trial.size, len(self.members)
        ob = np.zeros((rows_n, self.plan.channels.size), np.float32)
        live, label = np.zeros((rows_n, m), bool), np.zeros((rows_n, m), np.int64)
        late, told = np.full((rows_n, m), np.nan), {}
        first, stop = np.full(batch.n, np.iinfo(np.int64).max), np.zeros(batch.n, np.int64)
        parts = zip(self.members, self.onsets, batch.parts, strict=True)
        for j, (member, onset, (here, own)) in enumerate(parts):
            if own is None:
                own_shape = (rows_n, 1, len(member.task.plan.actions))
                told |= {f"{j} {name}": np.zeros(own_shape) for name in FIELDS}
                continue
            rows = batch.places(here, own, onset)
            ob[rows[:, None], member.channels] = own.ob
            live[rows, j], label[rows, j] = True, own.gt
            late[rows, j] = (own.step - own.counted[own.trial]) * self.dt
            for name, values in cells(own).items():
                column = np.zeros((rows_n, *values.shape[1:]), values.dtype)
                column[rows] = values
                told[f"{j} {name}"] = column
            first[here] = np.minimum(first[here], own.window[:, 0] + onset)
            stop[here] = np.maximum(stop[here], own.window[:, 1] + onset)
        told |= {"live": live, "label": label, "late": late}
        gt = self._labels(label, batch.trial) if self.shared else self.as_one(label)
        if self.plan.cue:
            cue = self.plan.channels[self.plan.cue]
            kinds = np.asarray(batch.trials.tasks)[:, None] == np.array(self.types)
            ob[:, cue.slice] = kinds[batch.trial]
        return Joined(ob, gt, np.stack([first, stop], axis=1), first, told)

    def as_one(self, each: np.ndarray) -> np.ndarray:
        """The action of the whole that consists of one of each task, (S, tasks): (S,)."""
        return sum(member.action[each[:, j]] for j, member in enumerate(self.members))

    def _labels(self, label: np.ndarray, trial: np.ndarray) -> np.ndarray:
        """Right actions (S,) of shared actions: the first task's, until it is answered."""
        gt, answered = np.zeros(len(label), np.int64), np.zeros(len(label), bool)
        for j, member in enumerate(self.members):
            asked = label[:, j] > 0
            taken = asked & ((gt == 0) | answered)
            gt[taken] = member.action[label[taken, j]]
            rows = np.flatnonzero(asked)
            begins = np.full(trial[-1] + 1, len(label))
            np.minimum.at(begins, trial[rows], rows)
            answered |= np.arange(len(label)) > begins[trial]
        return gt

    # -- steps -----------------------------------------------------------------------------------

    @property
    def loop(self) -> AtOnce:
        """What steps do."""
        return AtOnce(self)

    def parts(self, trials, state):
        names = ("performance", "outcome", "response", "reward", "rt")
        return {"on": self.on(trials.conditions), **{name: state[name] for name in names}}


class AtOnce(Loop):
    """What steps do where several tasks are on at once."""

    @property
    def one(self):
        """None: the tasks of some trials can have no program."""
        return None

    def __init__(self, task: Combined):
        self.task = task

    def begin(self, trials):
        shape = trials.n, len(self.task.tasks)
        state = {name: np.zeros(shape, np.int64) for name in ("state", "outcome", "response")}
        state |= {name: np.zeros(shape) for name in ("performance", "reward")}
        return {**state, "over": ~self.task.on(trials.conditions), "rt": np.full(shape, np.nan)}

    def _taken(self, state: Mapping, rows: Mapping, action: np.ndarray) -> np.ndarray:
        """What each task is told was done, (n, tasks)."""
        each = np.stack([member.own_action[action] for member in self.task.members], axis=1)
        if not self.task.shared:
            return each
        live = rows["live"] & ~state["over"]
        asked = live & (rows["label"] > 0)
        goes = np.where(asked.any(axis=1), asked.argmax(axis=1), live.argmax(axis=1))
        return each * (np.arange(len(self.task.tasks)) == goes[:, None])

    def react(self, trials, state, step, action):
        rows, live = step.rows, step.rows["live"] & ~state["over"]
        each, every = self._taken(state, rows, action), np.arange(trials.n)
        reward, answers = np.zeros(trials.n), np.zeros(live.shape, bool)
        for j, weight in enumerate(self.task.weights):
            at = every, state["state"][:, j], each[:, j]
            told = {name: rows[f"{j} {name}"][at] for name in FIELDS}
            now = live[:, j]
            ended = now & (told["ends"] > 0)
            answers[:, j] = now & (told["response"] > 0)
            reward += weight * told["reward"] * now
            state["reward"][:, j] += told["reward"] * now
            state["state"][:, j] = np.where(now, told["next"], state["state"][:, j])
            state["over"][:, j] |= ended
            for name, value, when in (
                ("outcome", told["outcome"], ended),
                ("performance", told["performance"], ended),
                ("response", told["response"], answers[:, j]),
                ("rt", rows["late"][:, j], answers[:, j]),
            ):
                state[name][:, j] = np.where(when, value, state[name][:, j])
        on = self.task.on(trials.conditions)
        lead = on.argmax(axis=1)
        wrong = on & ~CORRECT[state["outcome"]]
        told = np.where(wrong.any(axis=1), wrong.argmax(axis=1), lead)
        return Effect(
            reward=reward,
            ends=state["over"].all(axis=1),
            performance=(state["performance"] * on).sum(axis=1) / on.sum(axis=1),
            outcome=state["outcome"][every, told],
            responds=answers[every, lead],
            rt=rows["late"][every, lead],
        )

    def observe(self, trials, state, step, ob):
        for member, over in zip(self.task.members, state["over"].T, strict=True):
            ob[np.flatnonzero(over)[:, None], member.channels] = 0

    def labels(self, trials, state, step):
        label = step.rows["label"] * (step.rows["live"] & ~state["over"])
        if not self.task.shared:
            return self.task.as_one(label)
        each = [member.action[label[:, j]] for j, member in enumerate(self.task.members)]
        mapped_ = np.stack(each, axis=1)
        return mapped_[np.arange(trials.n), (label > 0).argmax(axis=1)]


class SideBySide(JointScene):
    """The scenes of all tasks, each in a panel of its own."""

    def resolve(self, task: Combined, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
        on = task.on({name: np.array([value]) for name, value in conditions.items()})[0]
        return [
            {**primitive, "panel": [j, len(task.tasks)]}
            for j in np.flatnonzero(on).tolist()
            for primitive in task.scene_of(conditions, j)
        ]


class JointKeys:
    """The keys of all tasks; where two ask for the same one, each hand gets its own."""

    def __init__(self, task: Combined):
        self.task = task

    def answers(self, actions: Groups) -> dict[int, str]:
        """What all actions but the first are called."""
        return {action: name for action, name in enumerate(actions.labels) if action}

    def resolve(self, actions: Groups) -> dict[str, Any]:
        """`keys`, each also with the `part` that it belongs to; and `dial`, or None."""
        keys: list[dict[str, Any]] = []
        taken: set[str] = set()
        dial = None
        members = self.task.members
        each = [m.task.plan.keys.resolve(m.task.plan.actions) for m in members]
        codes = [{key["code"] for key in own["keys"]} for own in each]
        for j, own in enumerate(each):
            others = set().union(*(c for i, c in enumerate(codes) if i != j))
            if own["dial"]:
                if dial or others & {"ArrowLeft", "ArrowRight", "Space"}:
                    raise ValueError(
                        f"{self.task.label}: the dial of {self.task.tasks[j].label} needs the"
                        " arrows, which another task uses: a person cannot play both"
                    )
                dial = {**mapped(own, members[j].action)["dial"], "part": j}
            hand = LEFT_HAND if j == 0 else RIGHT_HAND
            for key in mapped(own, members[j].action)["keys"]:
                code = key["code"]
                if not self.task.shared:
                    code = hand.get(code, code) if code in others else code
                    while code in taken:
                        code = _free(taken)
                elif code in taken:
                    continue  # the same action of another task
                taken.add(code)
                label = cap(code) if code != key["code"] else key["label"]
                keys.append({**key, "code": code, "label": label, "part": j})
        return {"keys": keys, "dial": dial}


def _free(taken: set[str]) -> str:
    """A key that no task uses."""
    return next(code for code in (f"Key{c}" for c in "JKLUIONMHGTRE") if code not in taken)
