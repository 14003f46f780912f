"""Several tasks as one: what those that switch between tasks and those that combine them share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurogym.spec.canvas import Trials
from neurogym.spec.conditions import Condition
from neurogym.spec.layout import Evidence, Group, Groups
from neurogym.spec.outcomes import Payoffs, Result
from neurogym.spec.parameters import unknown
from neurogym.spec.plan import Effect, Plan, Step
from neurogym.trials.batch import Draw, TrialBatch
from neurogym.trials.task import Task
from neurogym.wrappers.base import Wrapper


class Lines:
    """When each period of n trials of several tasks starts and ends, in steps.

    What a `Timeline` tells, for trials that do not all have the same periods: those that a trial
    lacks start and end with it.
    """

    def __init__(self, n: int, length: np.ndarray, names: Iterable[str], dt: float):
        self.n, self.length, self.dt, self.periods = n, length, dt, list(names)
        self.start = {name: length.copy() for name in self.periods}
        self.end = {name: length.copy() for name in self.periods}
        self.has = {name: np.zeros(n, bool) for name in self.periods}

    def add(
        self, names: Mapping[str, str], trials: np.ndarray, block: TrialBatch, shift: int
    ) -> None:
        """Take over the periods of a member's block, under other names, so many steps later."""
        for own, name in names.items():
            self.start[name][trials] = block.timeline.start[own] + shift
            self.end[name][trials] = block.timeline.end[own] + shift
            self.has[name][trials] = True


class Sheet:
    """What a wrapper can still paint on trials of several tasks: the rows of a block."""

    def __init__(self, block: JointBatch):
        self.block, self.timeline = block, block.timeline
        self.channels, self.actions = block.task.plan.channels, block.task.plan.actions
        self.n = block.n
        self.noises: list[tuple[slice, np.ndarray, np.ndarray]] = []

    def rows(self, during: str | Sequence[str] | None) -> np.ndarray:
        """Which rows some periods cover, (S,) bool."""
        if during is None:
            return np.ones(len(self.block.ob), bool)
        names = (during,) if isinstance(during, str) else tuple(during)
        if extra := [name for name in names if name not in self.timeline.start]:
            raise ValueError(unknown("period", extra, self.timeline.periods))
        trial, step = self.block.trial, self.block.step
        inside = [
            (step >= self.timeline.start[p][trial]) & (step < self.timeline.end[p][trial])
            for p in names
        ]
        return np.any(inside, axis=0)

    def show(self, channel: str, level: Any, during: str | Sequence[str] | None = None) -> None:
        """Set a channel group's level, as `Canvas.show` does."""
        group, rows = self.channels[channel], self.rows(during)
        level = np.asarray(level, np.float32)
        if level.ndim == 1 and group.size == 1:
            level = level[:, None]
        level = np.broadcast_to(level, (self.n, group.size))
        self.block.ob[rows, group.slice] = level[self.block.trial[rows]]

    def noise(
        self, channel: str | None, sigma: Any, during: str | Sequence[str] | None = None
    ) -> None:
        """Add Gaussian noise, as `Canvas.noise` does."""
        sd = np.broadcast_to(np.asarray(sigma, np.float32), (self.n,))
        sd = sd[self.block.trial] * self.rows(during) / np.float32(self.timeline.dt**0.5)
        if sd.any():
            columns = self.channels[channel].slice if channel else slice(0, self.channels.size)
            self.noises.append((columns, np.flatnonzero(sd), sd))


class JointBatch(TrialBatch):
    """Trials of several tasks, put together from blocks of each; what a `TrialBatch` has."""

    def __init__(self, task: Composite, trials: Trials, draws: Sequence[Draw], length: np.ndarray):
        self.task, self.trials, self.n = task, trials, trials.n
        self.offsets = np.concatenate([[0], np.cumsum(length)])
        self.timeline = Lines(self.n, length, task.plan.timing, task.dt)
        self.trial = np.repeat(np.arange(self.n), length)
        self.step = np.arange(self.trial.size) - self.offsets[self.trial]
        self.ob = np.zeros((self.trial.size, task.plan.channels.size), np.float32)
        self.gt = np.zeros(self.trial.size, np.int64)
        self.period = np.zeros(self.trial.size, np.int64)
        self.period_end = self.offsets[1:][self.trial] - 1
        self.window = np.zeros((self.n, 2), np.int64)
        self.columns = {}
        self._judged = None, None

    def places(self, trials: np.ndarray, block: TrialBatch, shift: int = 0) -> np.ndarray:
        """The rows here of each row of a member's block, whose trials are some of these."""
        lengths = np.diff(block.offsets)
        first = np.repeat(self.offsets[trials] + shift - block.offsets[:-1], lengths)
        return first + np.arange(len(block.ob))

    def periods(self, i: int) -> list[tuple[str, int, int]]:
        line = self.timeline
        names = [name for name in line.periods if line.has[name][i]]
        return [(name, int(line.start[name][i]), int(line.end[name][i])) for name in names]

    def finish(self, draws: Sequence[Draw]) -> None:
        """Let the wrappers around the whole paint and pay."""
        sheet = Sheet(self)
        for wrapper in self.task.wrappers:
            wrapper.paint(self.task, sheet, self.trials)
        edges = self.offsets[np.cumsum([0] + [draw.n for draw in draws])]
        for columns, rows, sd in sheet.noises:
            for draw, start, stop in zip(draws, edges[:-1], edges[1:], strict=True):
                here = rows[(rows >= start) & (rows < stop)]
                width = columns.stop - columns.start
                z = draw.rng.standard_normal((here.size, width), dtype=np.float32)
                self.ob[here, columns] += z * sd[here, None]
        if self.payoffs is not None:
            self._judged = self._varied(*self._judged)


@dataclass
class Member:
    """How a task's own names and indices are called in the whole."""

    task: Task
    channels: np.ndarray  # (C_j,) the whole's channel of each of its own
    periods: dict[str, str]
    conditions: dict[str, str]
    suffix: str = ""

    def own(self, trial: Mapping[str, Any]) -> dict[str, Any]:
        """A trial's conditions under the task's own names."""
        names = {**self.conditions, **self.periods}
        return {own: trial[name] for own, name in names.items() if trial.get(name) is not None}

    def redrawn(self, element: Mapping[str, Any]) -> dict[str, Any]:
        """An element of the task's scene, with the whole's channels and periods."""
        out = {}
        for name, value in element.items():
            if isinstance(value, dict) and "channel" in value:
                value = {**value, "channel": int(self.channels[value["channel"]])}
            elif isinstance(value, dict) and "ring" in value:
                first, size = value["ring"]
                value = {"ring": [int(self.channels[first]), size]}
            elif name == "show" and value is not None:
                value = int(self.channels[value])
            elif name == "during" and value is not None:
                value = [self.periods[period] for period in value]
            out[name] = value
        return out


class Composite(Task):
    """Several tasks as one task; the base of those that say how."""

    def __init__(self, wrapper: Wrapper, tasks: Sequence[Task]):
        self.wrapper, self.tasks = wrapper, tuple(tasks)
        self._plans: tuple[Plan, ...] = ()
        dts = {task.dt for task in tasks}
        if len(dts) > 1:
            listed = ", ".join(f"{task.label} {task.dt:g} ms" for task in tasks)
            raise ValueError(
                f"{type(wrapper).__name__}: tasks of unequal dt ({listed}): give all the same dt"
            )
        if echoing := [task.label for task in tasks if task.plan.echoes]:
            raise ValueError(
                f"{type(wrapper).__name__}: {echoing[0]} shows what was done before, which is the"
                f" affair of all tasks: put PassAction and PassReward around"
                f" {type(wrapper).__name__}, not inside"
            )
        super().__init__(dt=tasks[0].dt)

    # -- what a task is asked for ------------------------------------------------------------------

    @property
    def label(self) -> str:
        return " + ".join(task.label for task in self.tasks)

    @property
    def root(self) -> Task:
        return self.tasks[0].root

    @property
    def stack(self) -> tuple[Wrapper, ...]:
        return (*self.tasks[0].stack, self.wrapper, *self.wrappers)

    def copy(self) -> Task:
        task = type(self)(self.wrapper, [task.copy() for task in self.tasks])
        task.wrappers = self.wrappers
        return task

    def sentence(self) -> str:
        return " / ".join(dict.fromkeys(task.sentence() for task in self.tasks))

    @property
    def hold_keys(self) -> bool:
        return any(task.hold_keys for task in self.tasks)

    @property
    def plan(self) -> Plan:
        plans = tuple(task.plan for task in self.tasks)
        if [id(plan) for plan in plans] != [id(plan) for plan in self._plans]:
            self._plan, self._plans = None, plans
        return Task.plan.fget(self)

    # -- what each kind says -----------------------------------------------------------------------

    def choose(self, draw: Draw, last: Any) -> Any:
        """Set the condition that says which tasks a trial has; returns what is carried on."""
        raise TypeError(f"{type(self).__name__} does not say which tasks there are")

    def on(self, conditions: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which tasks each trial has, (n, m) bool."""
        raise TypeError(f"{type(self).__name__} does not say which tasks there are")

    def join(
        self, block: JointBatch, parts: Sequence[tuple[np.ndarray, TrialBatch | None]]
    ) -> None:
        """Fill in the rows, from the trials that each task has and their block."""
        raise TypeError(f"{type(self).__name__} does not say how tasks go together")

    def lengths(self, n: int, parts: Sequence[tuple[np.ndarray, TrialBatch | None]]) -> np.ndarray:
        """How many steps each trial has, (n,)."""
        raise TypeError(f"{type(self).__name__} does not say how long trials are")

    # -- drawing and painting ----------------------------------------------------------------------

    def draw(self, rng: np.random.Generator, n: int, last: Mapping[str, Any]) -> Draw:
        draw = Draw(rng, n, {}, {}, {})
        draw.carried["tasks"] = self.choose(draw, last.get("tasks"))
        found: dict[str, list] = {}
        for j, (member, on) in enumerate(
            zip(self.members, self.on(draw.conditions).T, strict=True)
        ):
            here, told = np.flatnonzero(on), last.get(str(j), {})
            own = (
                member.task.draw(rng, here.size, told) if here.size else Draw(rng, 0, {}, {}, told)
            )
            draw.parts.append((here, own))
            draw.carried[str(j)] = own.carried
            for name, values in own.conditions.items():
                column = found.setdefault(member.conditions[name], [None] * n)
                for i, value in zip(here.tolist(), values.tolist(), strict=True):
                    column[i] = value
        draw.conditions.update({name: typed(column) for name, column in found.items()})
        for name in self.plan.conditions:
            draw.conditions.setdefault(name, typed([None] * n))
        for key, wrapper in self.plan.layers.items():
            draw.carried[key] = wrapper.draw(self, draw, last.get(key))
        return draw

    def learn(
        self, carried: Mapping[str, Any], trial: Mapping[str, Any], result: Result
    ) -> dict[str, Any]:
        after = dict(carried)
        on = self.on({name: np.array([value]) for name, value in trial.items()})[0]
        for j in np.flatnonzero(on).tolist():
            member, how = self.members[j], result.parts[j] if result.parts else result
            if member.task.plan.learns:
                after[str(j)] = member.task.learn(after[str(j)], member.own(trial), how)
        for key, wrapper in self.plan.layers.items():
            if wrapper.learns:
                after[key] = wrapper.learn(self, after[key], trial, result)
        return after

    def block(
        self,
        draws: Sequence[Draw],
        fixed: Mapping[str, Any] | None = None,
        place: int | None = None,
    ) -> TrialBatch:
        n, conditions, ms, more = self.laid_out(draws, fixed, place)
        on = self.on(conditions)
        joined = conditions, ms, more
        parts = [self._part(j, on[:, j], draws, *joined) for j in range(len(self.members))]
        self._tell_redrawn(conditions, parts)
        varied = self._varied_lengths(n, parts)
        trials = Trials(n, {**conditions, **varied})
        block = JointBatch(self, trials, draws, self.lengths(n, parts))
        self.join(block, parts)
        block.finish(draws)
        return block

    def _part(
        self,
        j: int,
        on: np.ndarray,
        draws: Sequence[Draw],
        conditions: Mapping,
        ms: Mapping,
        more: Mapping,
    ) -> tuple[np.ndarray, TrialBatch | None]:
        """The trials that a task has, and its block of them."""
        member, own, first = self.members[j], [], 0
        for draw in draws:
            here = np.flatnonzero(on[first : first + draw.n])
            drawn, part = draw.parts[j]
            if not np.array_equal(here, drawn):  # which tasks there are was forced
                seeds = draw.rng.bit_generator.seed_seq
                key = (*seeds.spawn_key, 1 + j)
                rng = np.random.default_rng(np.random.SeedSequence(seeds.entropy, spawn_key=key))
                part = member.task.draw(rng, here.size, {}) if here.size else None
            elif part.n:
                part = replace(
                    part, conditions=dict(part.conditions), ms=dict(part.ms), more=dict(part.more)
                )
                for name, joint in member.conditions.items():
                    part.conditions[name] = typed(conditions[joint][first + here].tolist())
            if part is not None and part.n:
                for name, joint in member.periods.items():
                    if joint in ms:
                        part.ms[name] = ms[joint][first + here].astype(float)
                    if joint in more:
                        part.more[name] = more[joint][first + here] + part.more.get(name, 0)
                own.append(part)
            first += draw.n
        return np.flatnonzero(on), member.task.block(own) if own else None

    def _tell_redrawn(self, conditions: dict[str, np.ndarray], parts: Sequence[tuple]) -> None:
        """Put what was drawn anew, since a trial was forced to have a task, into its conditions."""
        for member, (here, block) in zip(self.members, parts, strict=True):
            for own, name in member.conditions.items() if block else ():
                if any(value is None for value in conditions[name][here]):
                    told = conditions[name].tolist()
                    for i, value in zip(here, block.trials.conditions[own].tolist(), strict=True):
                        told[i] = value
                    conditions[name] = typed(told)

    def _varied_lengths(self, n: int, parts: Sequence[tuple]) -> dict[str, np.ndarray]:
        """Lengths in ms of the periods that are drawn, under the whole's names."""
        found: dict[str, list] = {}
        for member, (here, block) in zip(self.members, parts, strict=True):
            names = [name for name in member.periods if block and name in block.trials.conditions]
            for name in names:
                column = found.setdefault(member.periods[name], [None] * n)
                values = block.trials.conditions[name].tolist()
                for i, value in zip(here.tolist(), values, strict=True):
                    column[i] = value
        return {name: typed(column) for name, column in found.items()}

    def member_trials(self, j: int, block: JointBatch | Trials) -> Trials:
        """Conditions of all trials under a task's own names; those that lack it have None."""
        trials = block if isinstance(block, Trials) else block.trials
        names = {**self.members[j].conditions, **self.members[j].periods}
        given = {k: trials.conditions[v] for k, v in names.items() if v in trials.conditions}
        return Trials(trials.n, given)

    def scene_of(self, conditions: Mapping[str, Any], j: int) -> list[dict[str, Any]]:
        """A task's elements in one trial."""
        member = self.members[j]
        elements = member.task.plan.scene.resolve(member.task, member.own(conditions))
        return [member.redrawn(element) for element in elements]


def typed(values: list) -> np.ndarray:
    """An array of one kind; of objects where some are None, or of another kind."""
    if len({type(value) for value in values}) > 1 or None in values[:1]:
        out = np.empty(len(values), object)
        out[:] = values
        return out
    return np.array(values)


@dataclass(frozen=True)
class JointScene:
    """The scenes of the tasks that a trial has."""

    def resolve(self, task: Composite, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The stage of one trial, as JSON."""
        on = task.on({name: np.array([value]) for name, value in conditions.items()})[0]
        return [e for j in np.flatnonzero(on).tolist() for e in task.scene_of(conditions, j)]


class Either(Condition):
    """A condition that several tasks have, each in its own way."""

    def __init__(self, kinds: Sequence[Condition]):
        self.kinds = list(kinds)
        self.unit, self.doc = self.kinds[0].unit, self.kinds[0].doc

    def allows(self, value: Any) -> bool:
        return any(kind.allows(value) for kind in self.kinds)

    def __str__(self) -> str:
        return "; or ".join(dict.fromkeys(map(str, self.kinds)))


def same(kinds: Sequence[Condition], tasks: int) -> Condition:
    """One condition for so many tasks: the common one, if all have it and they are alike."""
    first = kinds[0]
    alike = len(kinds) == tasks and all(
        type(kind) is type(first) and str(kind) == str(first) for kind in kinds
    )
    return first if alike else Either(kinds)


def unchanged(names: Iterable[str]) -> dict[str, str]:
    """Names that stay as they are."""
    return {name: name for name in names}


def shared(layouts: Sequence[Groups]) -> dict[str, int | Evidence]:
    """The groups of several layouts by name, each as large as the largest of that name."""
    found: dict[str, Group] = {}
    for group in (group for layout in layouts for group in layout):
        if group.name not in found or group.size > found[group.name].size:
            found[group.name] = group
    return {name: group.spec for name, group in found.items()}


def columns(own: Groups, whole: Groups, suffix: str = "") -> np.ndarray:
    """The whole's index of each of a layout's own: (size,)."""
    return np.concatenate([whole[g.name + suffix].start + np.arange(g.size) for g in own]).astype(
        np.int64
    )


def widened(payoffs: Payoffs, action: np.ndarray, size: int, states: int) -> Payoffs:
    """A table with more actions and rule states; new actions are the same as to do nothing.

    New states are never reached.
    """
    kinds, known, _ = payoffs.shape
    wide = Payoffs(kinds, size, states)
    for name in Payoffs.FIELDS:
        old, new = getattr(payoffs, name), getattr(wide, name)
        new[:, :known] = old[:, :, :1]
        new[:, :known, action] = old
    back = np.concatenate([action, [0]])
    wide.response = back[np.minimum(wide.response, len(action) - 1)].astype(np.uint16)
    return wide


def mapped(keys: Mapping[str, Any], action: np.ndarray) -> dict[str, Any]:
    """Resolved keys whose actions are those of the whole."""
    own = [{**key, "action": int(action[key["action"]])} for key in keys["keys"]]
    dial = keys["dial"]
    if dial:
        dial = {**dial, "actions": [int(action[a]) for a in dial["actions"]]}
    return {"keys": own, "dial": dial}


FIELDS = ("reward", "ends", "performance", "outcome", "response", "next")


def cells(block: TrialBatch) -> dict[str, np.ndarray]:
    """What each action earns in each row and rule state: arrays (S, states, actions)."""
    return {name: getattr(block.payoffs, name)[block.kind] for name in FIELDS}


def by_cells(state: dict[str, np.ndarray], step: Step, action: np.ndarray) -> Effect:
    """Look up what actions do, and go to the next rule states, in place."""
    at = np.arange(len(action)), state["state"], action
    told = {name: step.rows[name][at] for name in FIELDS}
    state["state"][:] = told["next"]
    return Effect(
        told["reward"], told["ends"], told["performance"], told["outcome"],
        responds=told["response"] > 0,
    )  # fmt: skip
