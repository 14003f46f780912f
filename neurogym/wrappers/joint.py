"""Several tasks as one: what those that switch between tasks and those that combine them share."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurogym.spec.canvas import Canvas, Timeline, Trials
from neurogym.spec.conditions import Condition
from neurogym.spec.layout import Evidence, Group, Groups
from neurogym.spec.outcomes import Payoffs, Result
from neurogym.spec.plan import Effect, Plan, Step
from neurogym.trials.batch import Draw, Sheet, TrialBatch
from neurogym.trials.task import Member, Task
from neurogym.wrappers.base import Wrapper


@dataclass(eq=False)
class JointPlan(Plan):
    """The plan of several tasks as one."""

    members: tuple[Member, ...] = ()
    cue: str | None = None  # the channels that tell which task it is


@dataclass
class Part:
    """What one task has in some trials of the whole."""

    member: Member
    here: np.ndarray  # the trials that have it
    found: Sheet[Any] | None  # None if no trial has it
    shift: int = 0  # steps from the trial's start to the task's

    @property
    def sheet(self) -> Sheet[Any]:
        """What was painted of the trials that have it."""
        if self.found is None:
            raise ValueError(f"no trial has {self.member.task.label}")
        return self.found


class JointTimeline(Timeline):
    """When periods of n trials start and end that do not all have the same ones.

    Those that a trial lacks start and end with it. Periods of tasks that are on at once overlap.
    """

    def __init__(self, names: Sequence[str], parts: Sequence[Part], n: int, dt: float):
        length = np.zeros(n, np.int64)
        for part in parts:
            if part.found:
                own = part.shift + part.sheet.canvas.timeline.length
                length[part.here] = np.maximum(length[part.here], own)
        start = {name: length.copy() for name in names}
        end = {name: length.copy() for name in names}
        ms = {name: np.full(n, np.nan) for name in names}
        steps = np.zeros((n, len(names)), np.int64)
        at = {name: i for i, name in enumerate(names)}
        segments: dict[str, list[int]] = {name: [i] for name, i in at.items()}
        self._has = {name: np.zeros(n, bool) for name in names}
        for part in parts:
            if part.found is None:
                continue
            own, here = part.sheet.canvas.timeline, part.here
            for name, whole in part.member.periods.items():
                start[whole][here] = own.start[name] + part.shift
                end[whole][here] = own.end[name] + part.shift
                ms[whole][here] = own.ms[name]
                steps[here, at[whole]] = own.steps[:, own.periods.index(name)]
                self._has[whole][here] = own.has(name)
                covered = [at[part.member.periods[own.periods[i]]] for i in own.segments[name]]
                segments[whole] = sorted({*segments[whole], *covered})
        super().__init__(dt, ms, start, end, steps, length, segments)

    def has(self, period: str) -> np.ndarray:
        return self._has[period]


class JointCanvas(Canvas):
    """What wrappers around several tasks paint on.

    What is shown comes on top of what the tasks show. Right actions, when they are due and what
    they are worth go to those tasks that have such an action; it changes nothing for the others.
    """

    def __init__(self, plan: JointPlan, parts: Sequence[Part], n: int):
        self.channels, self.actions, self.n = plan.channels, plan.actions, n
        self.timeline = JointTimeline(list(plan.timing), parts, n, plan.dt)
        self._parts = [part for part in parts if part.found]
        self._strokes: list[tuple[Any, ...]] = []
        self.noises: list[tuple[slice, Any, np.ndarray]] = []

    @cached_property
    def answers(self) -> np.ndarray:
        """The right actions of all tasks, as the whole's, by trial and period: (n, P)."""
        answers = np.zeros((self.n, len(self.timeline.periods)), np.int64)
        for part in self._parts:
            own = part.member.action[part.sheet.canvas.answers]
            answers[self._cells(part)] = own
        self._before = answers.copy()
        return answers

    def _cells(self, part: Part) -> tuple[np.ndarray, ...]:
        """Where a task's trials and periods are in the whole's, in the task's order."""
        names = [part.member.periods[p] for p in part.sheet.canvas.timeline.periods]
        return np.ix_(part.here, np.array([self.timeline.periods.index(name) for name in names]))

    def show(self, channel, level, during=None):
        self.timeline.index(during)
        self._strokes.append((self._columns(channel), during, self._level(channel, level), False))

    def trace(self, channel, function, during):
        self.timeline.index(during)
        self._strokes.append((self._columns(channel), during, function, True))

    def noise(self, channel, sigma, during=None):
        self.timeline.index(during)
        sd = np.broadcast_to(np.asarray(sigma, np.float32), (self.n,))
        if sd.any():
            sd = sd / np.float32(self.timeline.dt**0.5)
            self.noises.append((self._columns(channel), during, sd))

    def dampen(self, factor):
        factor = np.broadcast_to(np.asarray(factor, np.float32), (self.n,))
        self.noises = [(columns, during, sd * factor) for columns, during, sd in self.noises]
        for part in self._parts:
            part.sheet.canvas.dampen(factor[part.here])

    def label(self, action, during):
        for i in self.timeline.index(during):
            self.answers[:, i] = action

    def aim(self, action, value, during, when=True):
        raise ValueError("actions are one of several here: `answer` says which is right")

    def due_at(self, action, after_ms):
        for part in self._parts:
            if part.member.own_action[action]:
                own = int(part.member.own_action[action])
                part.sheet.canvas.due_at(own, after_ms[part.here])

    def worth_at(self, action, earns):
        those = [part for part in self._parts if part.member.own_action[action]]
        if len({id(part.member) for part in those}) > 1 and self._at_once(those):
            raise ValueError(
                f"{self.actions.labels[action]!r} is what several tasks earn together: say what the"
                " action of each of them is worth"
            )
        for part in those:
            own = int(part.member.own_action[action])
            part.sheet.canvas.worth_at(own, earns[part.here])

    def _at_once(self, parts: Sequence[Part]) -> bool:
        """Whether some trial has several of these."""
        return bool((np.bincount(np.concatenate([part.here for part in parts])) > 1).any())

    def finish_answers(self) -> None:
        """Hand the right actions that were changed on to the tasks."""
        if "answers" not in vars(self) or np.array_equal(self.answers, self._before):
            return
        for part in self._parts:
            own, cells_ = part.sheet.canvas.answers, self._cells(part)
            said = self.answers[cells_]
            new = said != self._before[cells_]
            if not ((said >= 0) & (said < self.actions.size)).all():
                raise ValueError(f"answers are actions from 0 to {self.actions.size - 1}")
            known = part.member.has_action[said]
            own[:] = np.where(new & known, part.member.own_action[said], own)

    def draw_on(self, batch: JointBatch) -> None:
        """Put what was shown into the rows of a batch, in the order in which it was shown."""
        for columns, during, what, added in self._strokes:
            if added:
                rows, ms = self._since(batch, during)
                batch.ob[rows, columns] += what(batch.trial[rows], ms)
            else:
                rows = batch.rows(during)
                batch.ob[rows, columns] = what[batch.trial[rows]]

    def _since(self, batch: JointBatch, during: Any) -> tuple[np.ndarray, np.ndarray]:
        """The rows of some periods, each once, and ms since the period began."""
        names = (during,) if isinstance(during, str) else tuple(during)
        since = np.full(batch.trial.size, -1)
        for name in names:
            rows = np.flatnonzero(batch.rows(name) & (since < 0))
            since[rows] = batch.step[rows] - self.timeline.start[name][batch.trial[rows]]
        rows = np.flatnonzero(since >= 0)
        return rows, since[rows] * self.timeline.dt


@dataclass
class JointSheet(Sheet[JointCanvas]):
    """Trials of several tasks that are painted, and not yet expanded to rows."""

    parts: Sequence[Part]


@dataclass
class Joined:
    """What tasks make of the rows of their batches: the arrays of the whole's, over its rows."""

    ob: np.ndarray
    gt: np.ndarray
    window: np.ndarray
    counted: np.ndarray
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    payoffs: Payoffs | None = None
    kind: np.ndarray | None = None


class JointBatch(TrialBatch):
    """Trials of several tasks, put together from batches of each."""

    def __init__(self, task: Composite, sheet: JointSheet, parts: Sequence[Part]):
        super().__init__(task, sheet.trials, sheet.canvas.timeline)
        sheet.canvas.finish_answers()
        self.parts = [
            (part.here, part.member.task.expanded(part.sheet) if part.found else None)
            for part in parts
        ]
        self._named = [(part.member.periods, part.shift) for part in parts]
        self._joined = task.join(self)
        self.ob = self._joined.ob
        self._noises = sheet.canvas.noises
        sheet.canvas.draw_on(self)
        self._add_noise(sheet.canvas.noises, sheet.draws)

    @property
    def gt(self) -> np.ndarray:
        return self._joined.gt

    @property
    def window(self) -> np.ndarray:
        return self._joined.window

    @property
    def counted(self) -> np.ndarray:
        return self._joined.counted

    @property
    def columns(self) -> dict[str, np.ndarray]:
        return self._joined.columns

    @cached_property
    def _judged(self) -> tuple[Payoffs | None, np.ndarray | None]:
        payoffs, kind = self._joined.payoffs, self._joined.kind
        return (None, None) if payoffs is None or kind is None else self._varied(payoffs, kind)

    def of_members(self, i: int) -> list[tuple[TrialBatch, int] | None]:
        """Of each task its own batch, and where the i-th trial is in it; None if it lacks it."""
        found: list[tuple[TrialBatch, int] | None] = []
        for trials, own in self.parts:
            place = int(np.searchsorted(trials, i))
            has = own is not None and place < trials.size and trials[place] == i
            found.append((own, place) if has and own is not None else None)
        return found

    def places(self, trials: np.ndarray, batch: TrialBatch, shift: int = 0) -> np.ndarray:
        """The rows here of each row of a member's batch, whose trials are some of these."""
        lengths = np.diff(batch.offsets)
        first = np.repeat(self.offsets[trials] + shift - batch.offsets[:-1], lengths)
        return first + np.arange(len(batch.ob))

    @cached_property
    def with_noise(self) -> np.ndarray:
        found = np.zeros(self.n, bool)
        for here, own in self.parts:
            if own is not None:
                found[here] |= own.with_noise
        for _, during, by_trial in self._noises:
            on = np.bincount(self.trial, self.rows(during), self.n) > 0
            found |= (by_trial > 0) & on
        return found

    def noisy(self, i: int) -> np.ndarray:
        rows = slice(*self.offsets[i : i + 2].tolist())
        noisy = np.zeros((rows.stop - rows.start, self.ob.shape[1]), bool)
        for j, has in enumerate(self.of_members(i)):
            if has is not None:
                own, shift = has[0].noisy(has[1]), self._named[j][1]
                noisy[shift : shift + len(own), self.task.members[j].channels] |= own
        for columns, during, by_trial in self._noises:
            if by_trial[i] > 0:
                noisy[self.rows(during)[rows], columns] = True
        return noisy

    def rows(self, during: str | Sequence[str] | None) -> np.ndarray:
        """Which rows some periods cover, (S,) bool."""
        if during is None:
            return np.ones(self.trial.size, bool)
        names = (during,) if isinstance(during, str) else tuple(during)
        line, trial, step = self.timeline, self.trial, self.step
        inside = [(step >= line.start[p][trial]) & (step < line.end[p][trial]) for p in names]
        return np.any(inside, axis=0)

    @cached_property
    def _in_periods(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`period`, `since` and `period_end`, of the first task that is on in each row."""
        names, since = self.timeline.periods, self.step.copy()
        period, end = np.full(self.trial.size, -1), self.offsets[1:][self.trial] - 1
        parts = zip(self._named, self.parts, strict=True)
        for (own_names, shift), (here, own) in reversed(list(parts)):
            if own is not None:
                rows = self.places(here, own, shift)
                index = np.array([names.index(own_names[p]) for p in own.timeline.periods])
                period[rows], since[rows] = index[own.period], own.since
                end[rows] = rows[own.period_end]
        return period, since, end

    @property
    def period(self) -> np.ndarray:
        """The index of each row's period, (S,)."""
        return self._in_periods[0]

    @property
    def since(self) -> np.ndarray:
        """Steps since the start of each row's period, (S,)."""
        return self._in_periods[1]

    @property
    def period_end(self) -> np.ndarray:
        """The row with which each row's period ends, (S,)."""
        return self._in_periods[2]

    def _add_noise(self, noises: Sequence[tuple], draws: Sequence[Draw]) -> None:
        edges = self.offsets[np.cumsum([0] + [draw.n for draw in draws])]
        for columns, during, by_trial in noises:
            sd = by_trial[self.trial] * self.rows(during)
            rows, width = np.flatnonzero(sd), columns.stop - columns.start
            for draw, start, stop in zip(draws, edges[:-1], edges[1:], strict=True):
                here = rows[(rows >= start) & (rows < stop)]
                z = draw.rng.standard_normal((here.size, width), dtype=np.float32)
                self.ob[here, columns] += z * sd[here, None]


class Composite(Task):
    """Several tasks as one task; the base of those that say how."""

    def __init__(self, wrapper: Wrapper, tasks: Sequence[Task]):
        self.wrapper, self._tasks = wrapper, tuple(tasks)
        self._planned_for: Hashable = None
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
    def tasks(self) -> tuple[Task, ...]:
        return self._tasks

    @property
    def label(self) -> str:
        return " + ".join(task.label for task in self.tasks)

    @property
    def root(self) -> Task:
        return self.tasks[0].root

    @property
    def stack(self) -> tuple[Any, ...]:
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
    def hidden_noise(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for member in self.members:
            own, whole = member.task.plan.channels, self.plan.channels
            for name, why in member.task.hidden_noise.items():
                at = int(member.channels[own[name].start]) if name in own.groups else -1
                found |= {group.name: why for group in whole if group.start == at}
        return found

    @property
    def version(self) -> Hashable:
        return super().version, *(task.version for task in self.tasks)

    @property
    def plan(self) -> JointPlan:
        """The plan of the whole, compiled; anew when a parameter of one of the tasks changed."""
        if self._planned_for != self.version:
            self._plan, self._planned_for = None, self.version
        plan = super().plan
        assert isinstance(plan, JointPlan)
        return plan

    @property
    def members(self) -> tuple[Member, ...]:
        """The tasks, and how they are called in the whole."""
        return self.plan.members

    def added_conditions(self) -> list[str]:
        of_tasks = {name for member in self.members for name in member.conditions.values()}
        deeper = [
            member.conditions[name]
            for member in self.members
            for name in member.task.added_conditions()
        ]
        own = (name for name in self.plan.conditions if name not in of_tasks)
        return list(dict.fromkeys([*own, *deeper]))

    @property
    def has_sound(self) -> bool:
        return any(task.has_sound for task in self.tasks)

    def leaves(self, shift: int = 0) -> list[tuple[Task, int]]:
        return [
            leaf
            for task, later in zip(self.tasks, self.shifts(), strict=True)
            for leaf in task.leaves(shift + later)
        ]

    @property
    def split(self) -> np.ndarray:
        """What each action is to each of the tasks, (A, tasks)."""
        return np.stack([member.own_action for member in self.members], axis=1)

    @property
    def between_names(self) -> str:
        """What stands between the names that tasks have for one action."""
        return " / "

    def answer_names(self) -> dict[int, str]:
        told: dict[int, dict[str, None]] = {}
        for member in self.members:
            own = member.task.answer_names()
            for k, action in enumerate(member.own_action.tolist()):
                if action > 0:
                    told.setdefault(k, {})[own[action]] = None
        return {k: self.between_names.join(names) for k, names in sorted(told.items())}

    # -- what each kind says -----------------------------------------------------------------------

    def choose(self, draw: Draw, last: Any) -> Any:
        """Set the condition that says which tasks a trial has; returns what is carried on."""
        raise TypeError(f"{type(self).__name__} does not say which tasks there are")

    def on(self, conditions: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which tasks each trial has, (n, m) bool."""
        raise TypeError(f"{type(self).__name__} does not say which tasks there are")

    def join(self, batch: JointBatch) -> Joined:
        """The rows of the whole, from the trials that each task has and its batch of them."""
        raise TypeError(f"{type(self).__name__} does not say how tasks go together")

    def shifts(self) -> Sequence[int]:
        """How many steps after the trial's start each task begins."""
        return [0] * len(self.tasks)

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
        return after | self._learned_by_wrappers(after, trial, result)

    def painted(
        self,
        draws: Sequence[Draw],
        fixed: Mapping[str, Any] | None = None,
        place: int | None = None,
    ) -> JointSheet:
        n, conditions, ms, more = self.laid_out(draws, fixed, place)
        on = self.on(conditions)
        parts = [
            self._part(j, on[:, j], draws, (conditions, ms, more), shift)
            for j, shift in enumerate(self.shifts())
        ]
        self._tell_redrawn(conditions, parts)
        trials = Trials(n, {**conditions, **self._varied_lengths(n, parts)})
        canvas = JointCanvas(self.plan, parts, n)
        for wrapper in self.wrappers:
            wrapper.paint(self, canvas, trials)
        return JointSheet(canvas, trials, draws, parts)

    def expanded(self, sheet: Any) -> TrialBatch:
        return JointBatch(self, sheet, sheet.parts)

    def _part(
        self,
        j: int,
        on: np.ndarray,
        draws: Sequence[Draw],
        laid_out: tuple[Mapping, Mapping, Mapping],
        shift: int,
    ) -> Part:
        """The trials that a task has, painted."""
        conditions, ms, more = laid_out
        member, first = self.members[j], 0
        own: list[Draw] = []
        part: Draw | None
        for draw in draws:
            here = np.flatnonzero(on[first : first + draw.n])
            drawn, part = draw.parts[j]
            if not np.array_equal(here, drawn):  # which tasks there are was forced
                seeds: Any = draw.rng.bit_generator.seed_seq
                key = (*seeds.spawn_key, 1 + j)
                rng = np.random.default_rng(np.random.SeedSequence(seeds.entropy, spawn_key=key))
                part = member.task.draw(rng, here.size, {}) if here.size else None
            elif part and part.n:
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
        return Part(member, np.flatnonzero(on), member.task.painted(own) if own else None, shift)

    def _tell_redrawn(self, conditions: dict[str, np.ndarray], parts: Sequence[Part]) -> None:
        """Put what was drawn anew, since a trial was forced to have a task, into its conditions."""
        for part in parts:
            for own, name in part.member.conditions.items() if part.found else ():
                if any(value is None for value in conditions[name][part.here]):
                    told = conditions[name].tolist()
                    values = part.sheet.trials.conditions[own].tolist()
                    for i, value in zip(part.here, values, strict=True):
                        told[i] = value
                    conditions[name] = typed(told)

    def _varied_lengths(self, n: int, parts: Sequence[Part]) -> dict[str, np.ndarray]:
        """Lengths in ms of the periods that are drawn, under the whole's names."""
        found: dict[str, list] = {}
        for part in parts:
            lengths = part.sheet.trials.conditions if part.found else {}
            for name in [name for name in part.member.periods if name in lengths]:
                column = found.setdefault(part.member.periods[name], [None] * n)
                for i, value in zip(part.here.tolist(), lengths[name].tolist(), strict=True):
                    column[i] = value
        return {name: typed(column) for name, column in found.items()}

    def member_trials(self, j: int, block: JointBatch | Trials) -> Trials:
        """Conditions of all trials under a task's own names; those that lack it have None."""
        trials = block if isinstance(block, Trials) else block.trials
        names = {**self.members[j].conditions, **self.members[j].periods}
        given = {k: trials.conditions[v] for k, v in names.items() if v in trials.conditions}
        return Trials(trials.n, given)

    def scene_of(self, conditions: Mapping[str, Any], j: int) -> list[dict[str, Any]]:
        """What a task shows in one trial."""
        member = self.members[j]
        shown = member.task.plan.scene.resolve(member.task, member.own(conditions))
        return [member.redrawn(primitive) for primitive in shown]


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


def by_name(own: Groups, whole: Groups) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The actions of a `Member` whose actions have the same names in the whole."""
    action = columns(own, whole)
    own_action, has_action = np.zeros(len(whole), np.int64), np.zeros(len(whole), bool)
    own_action[action], has_action[action] = np.arange(len(action)), True
    return action, own_action, has_action


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
        responds=told["response"] > 0, response=told["response"],
    )  # fmt: skip
