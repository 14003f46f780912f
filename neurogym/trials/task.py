"""What an author writes: a task as a declaration, from which everything else is derived."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import param

from neurogym.loops.reading import check
from neurogym.loops.running import Loop, Transition
from neurogym.spec.canvas import Canvas, LevelCanvas, Trials, in_order
from neurogym.spec.conditions import Condition, Learned, State
from neurogym.spec.durations import to_steps
from neurogym.spec.figures import Figure
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Result, Results
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing, UnknownName, unknown
from neurogym.spec.plan import Estimate, Modifier, Plan, numbered
from neurogym.spec.primitives import rebound
from neurogym.spec.rules import Rule
from neurogym.spec.scene import Keys, Scene, Sound
from neurogym.trials.batch import Draw, PaintedBatch, Sheet, TrialBatch


def in_words(id: str) -> str:
    """An id in words: "PerceptualDecisionMaking-v0" is "Perceptual Decision Making"."""
    name = id.rpartition("-v")[0] or id
    if "." in name:  # of a collection
        return name.replace(".", " · ").replace("_", " ")
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z0-9])(?=[A-Z][a-z])", " ", name)
    return spaced.replace("_", " ").strip()


def _carried(values: np.ndarray, told: Any) -> Any:
    """What the next draw of a condition is told, as JSON."""
    return values[-1].item() if told is None else told


@dataclass(frozen=True)
class Member:
    """How a task's own names and numbers are called in the whole."""

    task: Task
    channels: np.ndarray  # (C_j,) the whole's channel of each of its own
    periods: dict[str, str]
    conditions: dict[str, str]
    action: np.ndarray  # (A_j,) the whole's action for each of its own
    own_action: np.ndarray  # (A,) what an action of the whole is to it; 0: nothing
    has_action: np.ndarray  # (A,) bool: whether an action of the whole is one of its own
    suffix: str = ""

    def own(self, trial: Mapping[str, Any]) -> dict[str, Any]:
        """A trial's conditions under the task's own names."""
        names = {**self.conditions, **self.periods}
        return {own: trial[name] for own, name in names.items() if trial.get(name) is not None}

    def redrawn(self, primitive: Mapping[str, Any]) -> dict[str, Any]:
        """A primitive of the task's scene, with the whole's channels and periods."""
        out = rebound(primitive, lambda channel: int(self.channels[channel]))
        if "show" in out:
            out["show"] = int(self.channels[out["show"]])
        if "press" in out:
            action, how = out["press"]
            out["press"] = [int(self.action[action]), how]
        if "during" in out:
            out["during"] = [self.periods[period] for period in out["during"]]
        return out


@dataclass(frozen=True)
class Turn:
    """A trial that is of one task alone: that task, its own batch, and how the whole calls it."""

    task: Task
    block: TrialBatch
    place: int  # of the trial in the task's own batch
    channels: np.ndarray  # (C_j,) the whole's channel of each of its own
    action: np.ndarray  # (A_j,) the whole's action for each of its own
    own_action: np.ndarray  # (A,) what an action of the whole is to it

    @property
    def rows(self) -> slice:
        """The trial's rows in the task's own batch."""
        start, stop = self.block.offsets[self.place : self.place + 2].tolist()
        return slice(start, stop)

    def within(self, member: Member) -> Turn:
        """The same, as the whole calls it of which the task is a member."""
        return replace(
            self,
            channels=member.channels[self.channels],
            action=member.action[self.action],
            own_action=self.own_action[member.own_action],
        )


class Task(param.Parameterized):
    """A cognitive task, declared; the base of all tasks.

    A subclass states its parameters as `param` declarations, `timing` (ms by period, in order),
    `rewards`, and as class attributes `paper`, `tags`, `also`, `rule`, `scene`, `keys`, `human` (a
    preset that a person can play), `presets` (others, by name: `{"neurogym": Preset(...)}`) and
    `sources` (where values come from, by the name of a parameter, period, reward or condition). Its
    methods give the channels, actions and conditions, and paint a block of trials. The first line
    of its docstring is the sentence shown everywhere.

    A task whose observations depend on the actions sets `closed = True` and says in place of a rule
    what a step does, in one trial, as plain Python on numbers that can be translated:

    - `begin(self, trial)` returns dict(...), the numbers of which the state consists;
    - `react(self, trial, state, step, action)` changes the state and returns an `Effect(...)`;
    - `best(self, trial, state, step)` returns the best action (where actions are graded, the
      canvas' aims are right, and there is none);
    - `observe(self, trial, state, step, ob)` adds what the state shows to the painted channels.

    `trial.coh` is a condition, `state.angle` a field, `step.during("reach")`, `step.closing` (the
    period's last step), `step.last` (the trial's), `step.since` and `step.steps` (steps since the
    period's first, and how many it has) and `step.aim[k]` (what is right) tell of the step, and
    `ob.target[k]` is a channel. All other methods work on n trials at once.

    An unknown parameter raises ValueError, a value out of bounds param's ValueError, and a change
    of a parameter takes effect with the next block of trials.
    """

    dt = param.Number(100, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    timing = Timing()
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0)
    abort = param.Boolean(False, doc="whether a response that comes too early ends the trial")

    id: ClassVar[str] = ""  # of the class itself; its name and -v0 if empty
    paper: ClassVar[Paper | None] = None
    tags: ClassVar[tuple[str, ...]] = ()
    called: ClassVar[str] = ""  # its name in words, where the class's own does not tell
    also: ClassVar[tuple[str, ...]] = ()  # other names, by which people look for it
    differs: ClassVar[tuple[str, ...]] = ()  # from NeuroGym 2.3, one line each
    human: ClassVar[Preset] = Preset()
    presets: ClassVar[Mapping[str, Preset]] = {}  # others than "agent" and "human", by name
    sources: ClassVar[Mapping[str, str]] = {}  # where values come from: "paper", "our choice" ...
    rule: ClassVar[Rule | None] = None
    scene: ClassVar[Scene] = Scene()
    keys: ClassVar[Keys] = Keys()
    unshared: ClassVar[Mapping[str, str]] = {}  # channels whose noise a person is not shown: why
    starts_with: ClassVar[dict[str, str]] = {}  # a period: the one before it, with which it begins
    closed: ClassVar[bool] = False
    between: ClassVar[str] = " / "  # stands between the names of several tasks
    foreseen: ClassVar[bool] = False  # closed, but a block's rows tell what there is to see
    hold_keys: ClassVar[bool] = False  # an action lasts while its key is down
    feedback: ClassVar[str] = "outcome"  # what a person is told after a trial; or "reward"
    figures: ClassVar[tuple[Figure, ...]] = ()  # what Compare shows; if none, what follows from it
    answers: ClassVar[tuple[str, ...]] = ("response",)  # graded actions: what a response can be
    marks: ClassVar[tuple[str, ...]] = ()  # the channels whose onsets begin and end an interval
    # that is to be produced
    window: ClassVar[
        tuple[str, ...]
    ] = ()  # of closed tasks: periods in which responses are asked for
    asked: ClassVar[tuple[str, ...]] = ()  # and those in which each takes an answer of its own
    since: ClassVar[str] = ""  # and with whose onset a produced interval begins

    def __init__(self, **params: Any):
        allowed = [name for name in self.param if name != "name"]
        if extra := [name for name in params if name not in allowed and name != "name"]:
            raise UnknownName(f"{type(self).__name__}: {unknown('parameter', extra, allowed)}")
        try:
            super().__init__(**params)  # type: ignore[no-untyped-call]  # param has no types
        except ValueError as error:
            raise ValueError(self.named(error)) from None
        self.wrappers: tuple[Modifier, ...] = ()
        self._plan: Plan | None = None
        self._loop: Loop | None = None
        self._changes = 0
        self._check_window()
        self.check()
        self.param.watch(self._forget, allowed)

    @classmethod
    def named(cls, error: ValueError) -> str:
        """What param says of a value, with the class that people know in place of a base's."""
        bases = "|".join(base.__name__ for base in cls.__mro__)
        return re.sub(rf"'({bases})\.(\w+)'", rf"'{cls.__name__}.\2'", str(error))

    def _forget(self, *_events: Any) -> None:
        self._plan = self._loop = None
        self._changes += 1

    def __getstate__(self) -> dict[str, Any]:
        """All but what follows from the parameters."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[no-untyped-call]
        return {**state, "_plan": None, "_loop": None}

    def __copy__(self) -> Task:
        return self.copy()

    @property
    def version(self) -> Hashable:
        """Another one after each change of a parameter: until then trials stay the same."""
        return self._changes

    def wrapped(self, *wrappers: Modifier) -> Task:
        """The same task with more wrappers around it; ValueError for one that does not fit."""
        task = self.copy()
        for wrapper in wrappers:
            task = wrapper.around(task)
        return task

    def copy(self) -> Task:
        """A task with the same parameters and wrappers."""
        task = type(self)(**self.settings())
        task.wrappers = self.wrappers
        return task

    def within(self, wrapper: Modifier) -> Task:
        """The same task with one more wrapper, which is not asked whether it fits."""
        task = self.copy()
        task.wrappers = (*task.wrappers, wrapper)
        return task.checked()

    def checked(self) -> Task:
        """The task itself, once it is known that all of its parts go together."""
        self.plan  # noqa: B018 - a wrapper that does not fit the others raises ValueError
        return self

    @property
    def label(self) -> str:
        """The task's name."""
        return type(self).__name__

    @property
    def rule_states(self) -> int:
        """How many states the rule has, which a trial goes through."""
        return self.plan.table.shape[1]

    @property
    def root(self) -> Task:
        """The task that an id stands for, under all wrappers."""
        return self

    @property
    def stack(self) -> tuple[Any, ...]:
        """All wrappers around the root, the innermost first."""
        return self.wrappers

    # -- what an author gives --------------------------------------------------------------------

    def check(self) -> None:
        """Raise ValueError for parameters that do not go together."""

    def needs(self, period: str, steps: int, why: str) -> None:
        """For `check`: raise ValueError unless a period has so many steps in every trial."""
        duration = self.timing[period]
        ms = self._shortest(period)
        has = int(to_steps(ms, self.dt))
        if has < steps:
            raise ValueError(
                f"timing[{period!r}] = {duration} can be {has} steps of dt = {self.dt:g} ms:"
                f" expected at least {steps} steps, {steps * self.dt:g} ms; {why}"
            )

    def check_due(
        self,
        intervals: tuple[float, float],
        tolerance: Callable[[float], float],
        share: str,
        gains: Sequence[float] = (1.0,),
    ) -> None:
        """For `check`: raise ValueError unless intervals of a length in ms can be produced.

        `intervals` are the shortest and the longest one, each of which is to be produced times each
        of `gains`, which lengthen the window. An interval begins with the period `since`, ends in
        the window's only one, and may be off by `tolerance` ms, which the parameter `share` sets.
        """
        window = self.rule.periods[0] if self.rule else self.window[0]
        since = self.rule.since if self.rule else self.since
        least = intervals[0] * min(gains)
        if self.dt > 2 * tolerance(least):
            raise ValueError(
                f"dt = {self.dt:g} ms: expected at most {2 * tolerance(least):g} ms, so that a step"
                f" ends the shortest interval, {least:g} ms, within {share} ="
                f" {getattr(self, share):g} of it"
            )
        names, dt = list(self.timing), self.dt
        before = names[names.index(since) : names.index(window)]
        lead = dt * sum(int(to_steps(self.timing[p].bounds[1], dt)) for p in before)
        if lead > least + tolerance(least):
            raise ValueError(
                f"timing[{since!r}] = {self.timing[since]}: {window} can begin {lead:g} ms after"
                f" {since}, at dt = {dt:g} ms; expected at most {least:g} ms, the shortest interval"
            )
        grows = self.timing[window].kind == "times"  # with the interval
        for gain, ms in itertools.product(gains, set(intervals)):
            due, longer = ms * gain, gain * (ms / intervals[0] if grows else 1.0)
            steps = int(np.ceil((due - tolerance(due) - lead) / dt)) + 1
            self.needs(
                window, int(np.ceil(steps / longer)), f"an interval of {due:g} ms ends in it"
            )

    def _check_window(self) -> None:
        """Raise ValueError where there is no step in which an answer that is asked for counts."""
        rule = self.rule
        for periods in rule.asks if rule else ():
            if not set(periods) <= set(self.timing):
                continue  # declared otherwise: the plan tells
            last = periods[-1]
            before = sum(int(to_steps(self._shortest(p), self.dt)) for p in periods[:-1])
            least = (rule.dead_steps if rule else 0) + 1 - before
            if least > 0:
                self.needs(last, least, "an answer is asked for in it")

    def _shortest(self, period: str) -> float:
        """The least length of a period in ms, as far as the timing alone can tell."""
        duration = self.timing[period]
        if duration.kind == "times":
            of, factor = duration.args
            return self._shortest(of) * factor if of in self.timing else 0.0
        if duration.kind == "until":
            return max(float(duration.args[0]) - self._latest(period), 0.0)
        low, high = duration.bounds
        drawn = duration.kind in ("uniform", "truncated_exponential")  # never just the bound
        return float(low or (min(1.0, high) if drawn else 0.0))

    def _latest(self, period: str) -> float:
        """When a period begins at the latest, in ms, after others that follow one another."""
        latest = 0.0
        for name, duration in self.timing.items():
            if name == period:
                break
            if duration.kind == "until":
                latest = float(duration.args[0])
                continue
            of, factor = duration.args if duration.kind == "times" else (name, 1.0)
            latest += self.timing[of].bounds[1] * factor if of in self.timing else 0.0
        return latest

    def channels(self) -> Channels:
        """The observation channels."""
        raise TypeError(f"{type(self).__name__} declares no channels")

    def actions(self) -> Actions:
        """The actions; action 0 is to do nothing."""
        raise TypeError(f"{type(self).__name__} declares no actions")

    def conditions(self) -> dict[str, Condition]:
        """What differs from trial to trial, by name."""
        return {}

    def built_in(self) -> Sequence[Modifier]:
        """Wrappers that are a part of the task, such as blocks in which one side is likelier."""
        return ()

    def stretch(self, trials: Trials) -> dict[str, np.ndarray]:
        """Factors (n,) by which conditions lengthen periods, by period."""
        return {}

    def paint(self, canvas: Canvas, trials: Trials) -> None:
        """Show, add noise and answer, period by period."""
        raise TypeError(f"{type(self).__name__} paints nothing")

    @property
    def loop(self) -> Loop:
        """Closed tasks: what steps do, for one trial and for many."""
        if self._loop is None:
            self._loop = Transition(self)
        return self._loop

    def slots(
        self, periods: Sequence[tuple[str, int, int]], trial: Mapping[str, Any]
    ) -> list[tuple[str, int, int]]:
        """Where each of several answers of a trial is asked for: name, first step, step after."""
        rule = self.plan.rule
        names = rule.asked if rule else self.asked
        return [period for period in periods if period[0] in names]

    def tell(self, trial: Mapping[str, Any], answers: list[dict[str, Any]]) -> None:
        """Add to a trial's answers, in place, what else is known of them, such as what followed."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if taken := [name for name in ("agent", "human") if name in cls.presets]:
            raise ValueError(f"{cls.__name__}: presets has {taken[0]!r}, which stands for itself")
        check(cls)

    @property
    def hidden_noise(self) -> Mapping[str, str]:
        """The channels whose noise a person is not shown, and why."""
        return self.unshared

    # -- several tasks as one: what a single task answers ------------------------------------------

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks of which this one consists; none if it is a single one."""
        return ()

    @property
    def together(self) -> tuple[Member, ...]:
        """The tasks that can be on at once in a trial, and how they are called in the whole."""
        return ()

    @property
    def travels(self) -> bool:
        """Whether a trial can be told whole before it is played: its table, or its program."""
        return not self.closed or self.foreseen or self.loop.one is not None

    def turn(self, block: TrialBatch, i: int) -> Turn:
        """The single task that the i-th trial of a batch is of."""
        channels, actions = np.arange(self.plan.channels.size), np.arange(self.plan.actions.size)
        return Turn(self, block, i, channels, actions, actions)

    def leaves(self, shift: int = 0) -> list[tuple[Task, int]]:
        """All single tasks, and how many steps into a trial each begins."""
        return [(self, shift)]

    def key_lines(self) -> list[tuple[Task, dict[str, Any]]]:
        """The resolved keys of each task that a trial can be."""
        return [(self, self.plan.keys.resolve(self.plan.actions))]

    def all_keys(self) -> dict[str, Any]:
        """The resolved `keys`, and the `dial` or None, that some trial has."""
        return self.plan.keys.resolve(self.plan.actions)

    @property
    def has_sound(self) -> bool:
        """Whether there is something to hear in some of its trials."""
        return any(isinstance(element, Sound) for element in self.scene.elements)

    def added_conditions(self) -> list[str]:
        """The conditions that wrappers added to the task's own."""
        names = self.plan.conditions
        own = type(self)(**self.settings()).plan.conditions if self.wrappers else names
        return [name for name in names if name not in own]

    def set_i(self, i: int) -> None:
        """Choose the task of the trials to come, of those under `MultiEnvs`, counted from 0."""
        raise TypeError(f"{self.label} is one task: set_i chooses one of several under MultiEnvs")

    def parts(self, trials: Trials, state: dict[str, np.ndarray]) -> dict[str, np.ndarray] | None:
        """Of several tasks at once: how each went, arrays (n, tasks).

        `on` (whether the trial has it), performance, outcome, response, reward and rt (ms).
        """
        return None

    def keys_in(self, trial: Mapping[str, Any]) -> dict[str, Any] | None:
        """The keys of one trial, resolved; None if they are those of all trials."""
        return None

    def answer_names(self) -> dict[int, str]:
        """All actions but the first, or the kinds of graded answers: what keys and figures say."""
        if self.plan.actions.graded:
            return dict(enumerate(self.answers, 1))
        return self.plan.keys.answers(self.plan.actions)

    # -- what follows ----------------------------------------------------------------------------

    def base_plan(self) -> Plan:
        """The plan without what wrappers change."""
        return Plan(
            self.channels(), self.actions(), self.conditions(), dict(self.timing),
            dict(self.rewards), self.rule, self.scene, self.keys, float(self.dt), self.abort,
            self.param.values(),
        )  # fmt: skip

    @property
    def plan(self) -> Plan:
        """Channels, actions, conditions and the payoff table, compiled."""
        if self._plan is None:
            if self._changes:  # since it was made, when all was looked at
                self._check_window()
                self.check()
            plan = self.base_plan()
            plan.wrappers = (*self.built_in(), *self.wrappers)
            for key, wrapper in numbered(plan.wrappers).items():
                wrapper.change(self, plan)
                if wrapper.draws:
                    plan.layers[key] = wrapper
                if wrapper.pays:
                    plan.pays[key] = wrapper
            parts = [c for c in plan.conditions.values() if c.learns] + list(plan.layers.values())
            first = next((i for i, part in enumerate(parts) if part.learns), len(parts))
            if first < len(parts):
                plan.settles = not self.tasks and all(part.settles for part in parts[first:])
                plan.learns = True
            clash = set(plan.conditions) & set(plan.timing)
            if clash:
                raise ValueError(f"{sorted(clash)} name both a condition and a period")
            if plan.rule:
                plan.table = plan.rule.table(plan)
            self._plan = plan
        return self._plan

    @classmethod
    def own_id(cls) -> str:
        """The id under which the class is registered by itself."""
        return vars(cls).get("id") or f"{cls.__name__}-v0"

    @classmethod
    def title(cls, id: str = "") -> str:
        """The task's name in words, registered under an id if not its own."""
        return vars(cls).get("called") or in_words(id or cls.own_id())

    @classmethod
    def sentence(cls) -> str:
        """What the subject does, in one sentence."""
        return (cls.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")

    @classmethod
    def preset_names(cls) -> tuple[str, ...]:
        """The names that `preset` takes: "agent", "human" and those of `presets`."""
        return ("human", "agent", *cls.presets)

    @classmethod
    def preset(cls, name: str = "agent") -> dict[str, Any]:
        """Parameters of a preset: "agent" (the defaults), "human", or one of `presets`."""
        presets = {"human": cls.human, "agent": Preset(), **cls.presets}
        if name not in presets:
            raise ValueError(unknown("preset", [name], presets))
        return dict(presets[name])

    def settings(self) -> dict[str, Any]:
        """The parameters that differ from the defaults, as JSON; `type(self)(**it)` is equal."""
        values = {}
        for name, value in self.param.values().items():
            parameter = self.param[name]
            if name == "name" or value == type(self).param[name].default:
                continue
            if isinstance(parameter, Timing | Rewards):
                default = type(self).param[name].default
                changed = {k: v for k, v in value.items() if v != default[k]}
                is_timing = isinstance(parameter, Timing)
                value = Timing.serialize(changed) if is_timing else changed
            values[name] = list(value) if isinstance(value, tuple) else value
        return values

    def check_forced(self, fixed: Mapping[str, Any]) -> None:
        """Raise ValueError unless each entry is a condition, or a period's length, that can be."""
        conditions, timing = self.plan.conditions, self.plan.timing
        if extra := [name for name in fixed if name not in conditions and name not in timing]:
            raise ValueError(
                f"{type(self).__name__}: {unknown('condition', extra, [*conditions, *timing])}"
            )
        for name, value in fixed.items():
            values = np.asarray(value).ravel().tolist()
            if name in conditions:
                wrong = [v for v in values if not conditions[name].allows(v)]
                allowed = str(conditions[name])
            else:
                wrong = [v for v in values if not (isinstance(v, Real) and 0 <= float(v) < np.inf)]
                allowed = "a length in ms, not negative"
            if wrong:
                raise ValueError(f"{name} = {wrong[0]!r} is not possible: allowed are {allowed}")

    def laid_out(
        self, draws: Sequence[Draw], fixed: Mapping[str, Any] | None, place: int | None
    ) -> tuple[int, dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
        """How many trials some draws have, and their conditions and lengths, what is forced too."""
        n = sum(draw.n for draw in draws)
        conditions, ms, more = Draw.joined(draws)
        if fixed:
            self._force(fixed, conditions, ms, n, place)
            more = {period: extra for period, extra in more.items() if period not in fixed}
        return n, conditions, ms, more

    def _force(
        self,
        fixed: Mapping[str, Any],
        conditions: dict[str, np.ndarray],
        ms: dict[str, np.ndarray],
        n: int,
        place: int | None,
    ) -> None:
        """Force conditions and lengths of n trials, or of one, in place; ValueError for others."""
        self.check_forced(fixed)
        for name, value in fixed.items():
            into = conditions if name in conditions else ms
            forced = np.broadcast_to(np.asarray(value), (n,))
            if name not in conditions:
                forced = forced.astype(float)
            if place is not None:
                one, forced = forced[place], into.get(name, np.full(n, np.nan))
                wide = np.result_type(forced, np.asarray(one)) if forced.dtype != object else object
                forced = forced.astype(wide)
                forced[place] = one
            into[name] = forced

    def draw(self, rng: np.random.Generator, n: int, last: Mapping[str, Any]) -> Draw:
        """Draw what differs among n trials, given what the trial before them carries on."""
        drawn = {
            name: condition.draw_on(rng, n, last.get(name))
            for name, condition in self.plan.conditions.items()
        }
        timing = self.plan.timing
        ms = {p: duration.sample(rng, n) for p, duration in timing.items() if duration.is_random}
        kept = [k for k, condition in self.plan.conditions.items() if condition.carries]
        known = {name: last[name] for name, _ in self.plan.learned if name in last}
        conditions = {name: values for name, (values, _) in drawn.items()}
        draw = Draw(rng, n, conditions, ms, known)
        for key, wrapper in self.plan.layers.items():
            draw.carried[key] = wrapper.draw(self, draw, last.get(key))
        draw.carried.update((k, _carried(conditions[k], drawn[k][1])) for k in kept)
        return draw

    def chances(self, rng: np.random.Generator, n: int, last: Mapping[str, Any]) -> Draw:
        """What chance gives n trials, whatever is learned in them: see `settle`."""
        plan, draw = self.plan, Draw(rng, n, {}, {}, {})
        for name, condition in plan.conditions.items():
            if isinstance(condition, Learned):
                draw.luck[name] = condition.chance(rng, n)
                draw.conditions[name] = np.zeros(n)
                continue
            draw.conditions[name], after = condition.draw_on(rng, n, last.get(name))
            if condition.carries:
                draw.carried[name] = _carried(draw.conditions[name], after)
        for period, duration in plan.timing.items():
            if duration.is_random:
                draw.ms[period] = duration.sample(rng, n)
        for key, wrapper in plan.layers.items():
            if wrapper.learns:
                draw.luck[key] = wrapper.chance(self, draw)
            else:
                draw.carried[key] = wrapper.draw(self, draw, last.get(key))
        draw.own = rng.integers(2**64, size=(n, 4), dtype=np.uint64)
        return draw

    def at_first(self, n: int) -> dict[str, State]:
        """What is known in n sequences of trials before their first ones, by who learns it."""
        known = {name: condition.at_first(n) for name, condition in self.plan.learned}
        return known | {key: wrapper.at_first(self, n) for key, wrapper in self.plan.following}

    def settle(self, draw: Draw, states: Mapping[str, State]) -> None:
        """Set what follows from what was learned, in place: a trial of each of n sequences."""
        for name, condition in self.plan.learned:
            draw.conditions[name] = condition.settle(draw.luck[name], states[name])
        for key, wrapper in self.plan.following:
            wrapper.settle(self, draw, draw.luck[key], states[key])

    def follow(
        self, states: Mapping[str, State], trials: Mapping[str, np.ndarray], results: Results
    ) -> dict[str, State]:
        """What is known in n sequences after trials with some conditions, (n,) each, ended."""
        known = {
            name: condition.follow(states[name], trials, results)
            for name, condition in self.plan.learned
        }
        return known | {
            key: wrapper.follow(self, states[key], trials, results)
            for key, wrapper in self.plan.following
        }

    def learn(
        self, carried: Mapping[str, Any], trial: Mapping[str, Any], result: Result
    ) -> dict[str, Any]:
        """What the next draw is told, given how a trial with some conditions ended."""
        after = dict(carried)
        for name, condition in self.plan.conditions.items():
            if not condition.learns:
                continue
            after[name] = condition.learn(after.get(name), trial, result)
        return after | self._learned_by_wrappers(after, trial, result)

    def estimates(self, memory: Mapping[str, Any]) -> list[Estimate]:
        """What wrappers that follow the subject know, given what the next trial is told."""
        told = [
            wrapper.estimate(self, memory[key])
            for key, wrapper in self.plan.following
            if memory.get(key) is not None
        ]
        return [estimate for estimate in told if estimate is not None]

    def _learned_by_wrappers(
        self, carried: Mapping[str, Any], trial: Mapping[str, Any], result: Result
    ) -> dict[str, Any]:
        """What wrappers that follow the subject carry on."""
        return {
            key: wrapper.learn(self, carried[key], trial, result)
            for key, wrapper in self.plan.following
        }

    def painted(
        self,
        draws: Sequence[Draw],
        fixed: Mapping[str, Any] | None = None,
        place: int | None = None,
    ) -> Sheet[Any]:
        """Paint the trials of some draws; see `block`."""
        n, conditions, ms, more = self.laid_out(draws, fixed, place)
        trials = Trials(n, conditions)
        stretch = {p: f for p, f in self.stretch(trials).items() if p not in (fixed or {})}
        timing = self.plan.timing
        timeline = in_order(timing, ms, self.starts_with, stretch, n, self.dt, more)
        canvas = LevelCanvas(timeline, self.plan.channels, self.plan.actions)
        self.paint(canvas, trials)
        for wrapper in self.plan.wrappers:
            wrapper.paint(self, canvas, trials)
        varied = {
            period: length
            for period, length in timeline.ms.items()
            if timing[period].is_random or period in draws[0].ms or period in draws[0].more
        }
        return Sheet(canvas, Trials(n, {**conditions, **varied}), draws)

    def expanded(self, sheet: Sheet[Any]) -> TrialBatch:
        """The rows of trials that `painted` gave."""
        return PaintedBatch(self, sheet.canvas, sheet.trials, sheet.draws)

    def block(
        self,
        draws: Sequence[Draw],
        fixed: Mapping[str, Any] | None = None,
        place: int | None = None,
    ) -> TrialBatch:
        """The trials of some draws, end to end.

        `fixed` forces conditions or periods' lengths: a value, or (n,) values; with `place` in that
        trial alone. That changes nothing else: the other conditions and, where lengths allow, the
        noise stay what they would have been.
        """
        return self.expanded(self.painted(draws, fixed, place))
