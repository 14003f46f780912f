"""The library's wrappers around tasks written the classic way.

Around a declared task a wrapper edits the declaration. A classic task has none: what a wrapper
draws becomes keywords of `new_trial`, what it shows, pays or asks for is changed step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from types import SimpleNamespace
from typing import Any, NoReturn

import gymnasium as gym
import numpy as np
from gymnasium import spaces as gym_spaces

from neurogym.envs.switching import Switching
from neurogym.envs.trial_wrapper import TrialWrapper, trials_of
from neurogym.spec import spaces
from neurogym.spec.conditions import Choice, Condition, Uniform, told
from neurogym.spec.durations import Duration
from neurogym.spec.outcomes import Outcome, Result
from neurogym.spec.parameters import unknown
from neurogym.trials.batch import Draw
from neurogym.trials.catalogue import make
from neurogym.wrappers.base import Wrapper
from neurogym.wrappers.stack import read

ANY = np.inf  # bounds of a condition of which only the task itself knows what it can be
OWN = 1000  # stands before the layer in the seed of what a wrapper draws


def around(wrapper: Any, env: Any) -> gym.Env:
    """An environment of classic tasks under a wrapper; of several tasks, for those that take them.

    TypeError for a wrapper that is for declared tasks only, ValueError for a task that it does not
    fit.
    """
    kind = _kind(wrapper, KINDS)
    if kind is Switching:
        given = env if isinstance(env, list | tuple) else [env, *map(_made, wrapper.tasks)]
        return Switching([make(e) if isinstance(e, str) else e for e in given], wrapper)
    if kind is None:
        name, label = type(wrapper).__name__, str(env)
        raise TypeError(
            f"{name} is for declared tasks (subclasses of ngym.Task), and {label} is not one. What"
            f" fits tasks written the classic way: {', '.join(KINDS)}; for all else there is"
            " ngym.TrialWrapper"
        )
    made: gym.Env = kind(env, wrapper)
    return made


def stacked(env: gym.Env, stack: Any) -> gym.Env:
    """An environment under the wrappers of a stack, the innermost first."""
    for wrapper in read(stack):
        env = around(wrapper, env)
    return env


def _kind(wrapper: Wrapper, kinds: Mapping[str, Any]) -> Any:
    """What stands for a wrapper's class, or for the class from which it was derived."""
    return next((kinds[c.__name__] for c in type(wrapper).__mro__ if c.__name__ in kinds), None)


def _made(told: Mapping[str, Any]) -> gym.Env:
    stack = {"stack": told["stack"]} if told.get("stack") else {}
    return make(told["task"], **told.get("params", {}), **stack)


class Library(TrialWrapper):
    """One of the library's wrappers, around a classic task."""

    def __init__(self, env: gym.Env, wrapper: Wrapper):
        self.wrapper: Any = wrapper  # each kind has parameters of its own
        self._name = str(getattr(env, "unwrapped", env)).strip("<>")
        self._check(env, trials_of(type(wrapper).__name__, env))
        super().__init__(env)

    def _check(self, env: gym.Env, trials: Any) -> None:
        """Raise ValueError for a task that this does not fit."""

    def _refuse(self, why: str) -> NoReturn:
        """Raise the ValueError that says why the task does not fit."""
        refuse: Callable[[Any, str], NoReturn] = self.wrapper.refuse
        refuse(SimpleNamespace(label=self._name), why)

    @property
    def settings(self) -> dict[str, Any]:
        return self.wrapper.settings()

    @property
    def _label(self) -> str:
        return type(self.wrapper).__name__

    def __str__(self) -> str:
        return f"<{type(self.wrapper).__name__}{self.trials}>"


# -- what trials are asked for ---------------------------------------------------------------------


def seen_in(trials: Any) -> tuple[dict[str, Any], list[str]]:
    """The conditions of a first trial, and its periods; those of a copy."""
    probe = trials.twin()
    probe.reset(seed=0)
    return dict(probe.trial), [name for name, *_ in probe.periods]


class Declared:
    """As much of a declaration as a classic task tells: its conditions."""

    closed, foreseen, tasks = False, False, ()

    def __init__(self, label: str, trials: Any, conditions: dict[str, Condition]):
        self.label, self.dt = label, float(trials.dt)
        timing: dict[str, Duration] = {}
        self.plan: Any = SimpleNamespace(conditions=conditions, timing=timing, rule=None)

    def check_forced(self, fixed: Mapping[str, Any]) -> None:
        """Raise ValueError for a condition that the task does not have."""
        if extra := [name for name in fixed if name not in self.plan.conditions]:
            raise ValueError(f"{self.label}: {unknown('condition', extra, self.plan.conditions)}")


def conditions_of(trials: Any) -> dict[str, Condition]:
    """What can be asked for: the answers in `choices`, and what the first trial has."""
    found: dict[str, Condition] = {}
    for name, value in seen_in(trials)[0].items():
        number = isinstance(value, Real | np.number) and not isinstance(value, bool)
        found[name] = Uniform(-ANY, ANY) if number else Choice([value])
    choices = getattr(trials, "choices", None)
    if choices is not None and "ground_truth" in found and len(choices):
        found["ground_truth"] = Choice(choices)
    return found


class Drawing(Library):
    """A wrapper that draws conditions: they are keywords of the task's `new_trial`."""

    def _check(self, env: gym.Env, trials: Any) -> None:
        conditions = conditions_of(trials)
        self._view: Any = Declared(self._name, trials, conditions)
        self._own = set(conditions)
        self._fits(trials)
        change: Any = self.wrapper.change  # what it is given tells as much as a task does
        change(self._view, self._view.plan)
        self._layer = getattr(trials, "_layer", 0) + 1
        self._at: tuple[int, int] | None = None  # the trial that is told `last`
        self._last_drawn: Any = None  # what the current trial's draw carries on
        self._now: tuple[Any, Any] = (None, None)  # the current trial, and what it was told
        self._added: dict[str, Any] = {}

    def _fits(self, trials: Any) -> None:
        """Raise ValueError for a task without the conditions."""
        try:
            self.wrapper.check(self._view)
        except ValueError as error:
            if "ground_truth" not in str(error) or hasattr(trials, "choices"):
                raise
            hint = "A classic task tells them in self.choices, and in trial['ground_truth']."
            raise ValueError(f"{error} {hint}") from None

    @property
    def _learns(self) -> bool:
        """Whether trials depend on how those before them ended."""
        return self.wrapper.learns

    @property
    def memory(self) -> Mapping[str, Any]:
        if not self._learns:
            return self.trials.memory
        return {**self.trials.memory, self._key: self._now[1]}

    @property
    def _key(self) -> str:
        """Under which its part of a memory stands."""
        return f"{type(self.wrapper).__name__}_{self._layer}"

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Begin a trial; the option `memory` is `env.memory` of that trial."""
        options = dict(options or {})
        memory = dict(options.pop("memory", None) or {})
        self._told = memory.pop(self._key, None)
        self._jumps = options.get("trial") is not None
        if memory:
            options["memory"] = memory
        try:
            return self.env.reset(seed=seed, options=options)
        finally:
            self._told, self._jumps = None, False

    _told: Any = None
    _jumps: bool = False

    def new_trial(self, **kwargs: Any) -> dict[str, Any]:
        trials, coming = self.trials, self.trials.upcoming
        draw, after = self._draw(coming, self._last(coming))
        values = {name: told({name: value})[name] for name, value in draw.conditions.items()}
        asked = {
            name: value for name, value in values.items()
            if name in self._own and value is not None
        }  # fmt: skip
        self._added = {name: value for name, value in values.items() if name not in self._own}
        self._at = (coming[0], coming[1] + 1)
        self._last_drawn = after
        trial = trials.new_trial(**{**asked, **kwargs})
        return {**trial, **self._added}

    def _last(self, coming: tuple[int, int]) -> Any:
        """What the coming trial is told of those before it."""
        if self._learns:
            last = self._told if self._jumps or coming != self._at else self._learned()
        elif coming == self._at:
            last = self._last_drawn
        elif coming == self._now[0]:
            last = self._now[1]  # the same trial again
        else:
            last = None
            for number in range(coming[1]):
                _, last = self._draw((coming[0], number), last)
        self._now = coming, last
        return last

    def _learned(self) -> Any:
        ended = self.trials.ended
        if ended is None:  # the trial was cut short, and taught nothing
            return self._last_drawn
        response = max(int(ended["response"]), 0)
        result = Result(float(ended["performance"]), Outcome[ended["outcome"].upper()], response)
        return self.wrapper.learn(
            self._view, self._last_drawn, {**ended["trial"], **self._added}, result
        )

    def _draw(self, coming: tuple[int, int], last: Any) -> tuple[Draw, Any]:
        seed, number = coming
        rng = np.random.default_rng(
            np.random.SeedSequence(seed, spawn_key=(number, OWN + self._layer))
        )
        conditions = {
            name: c.draw(rng, 1, None) if name not in self._own else np.full(1, None)
            for name, c in self._view.plan.conditions.items()
        }
        draw = Draw(rng, 1, conditions, {}, {})
        return draw, self.wrapper.draw(self._view, draw, last) if self.wrapper.draws else None

    @property
    def trial(self) -> Mapping[str, Any]:
        """The current trial's conditions, and those that the wrapper added."""
        return {**self.trials.trial, **self._added}

    @property
    def ended(self) -> Any:
        """As of the task, with the conditions that the wrapper added."""
        return self._telling(self.trials.ended, self._added)

    def _telling(self, info: Any, added: Mapping[str, Any]) -> Any:
        return info and {**info, "trial": {**info["trial"], **added}}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        added = self._added
        ob, reward, terminated, truncated, info = self.env.step(action)
        if info["new_trial"]:
            info = self._telling(info, added)
        return ob, reward, terminated, truncated, info


class Climbing(Drawing):
    """`Staircase`: of a classic task nobody knows where levels begin."""

    def _fits(self, trials: Any) -> None:
        if not self.wrapper.condition or self.wrapper.start is None:
            self._refuse(
                "it does not tell its levels: give condition, start, and low where steps are"
                " factors"
            )
        super()._fits(trials)


class Catching(Drawing):
    """`CatchTrials`: what ends such a trial earns something else."""

    def _fits(self, trials: Any) -> None:
        if self.wrapper.stim_th is not None:
            self._refuse("stim_th is for declared tasks, whose coherences are known")

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        ob, reward, terminated, truncated, info = super().step(action)
        if info["new_trial"] and info["trial"]["catch"]:
            reward = float(self.wrapper.alt_rew)
        return ob, reward, terminated, truncated, info


class Lapsing(Drawing):
    """`Lapse`: an answer is any one, whatever was meant."""

    def _fits(self, trials: Any) -> None:
        n = discrete(self, trials)
        if n < 3:
            self._refuse("it has one answer only")
        self._view.plan.actions = SimpleNamespace(size=n)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        lapse = self._added["lapse"]
        return super().step(lapse if lapse and action != 0 and self.window_open else action)


# -- what is observed ------------------------------------------------------------------------------


def row_of_channels(wrapper: Library, trials: Any) -> gym_spaces.Box:
    """The space of observations; refuses one that is no row of channels."""
    space = trials.observation_space
    if not isinstance(space, gym_spaces.Box) or len(space.shape) != 1:
        wrapper._refuse(f"its observations are {space}, not a row of channels")
    return space


def discrete(wrapper: Library, trials: Any) -> int:
    """How many actions there are; refuses what is not one of several."""
    if not isinstance(trials.action_space, gym_spaces.Discrete):
        wrapper._refuse(f"its actions are {trials.action_space}, not one of several")
    return int(trials.action_space.n)


def wider(space: gym_spaces.Box, **more: int) -> spaces.Box:
    """A space with more channels at the end."""
    size, names = space.shape[0], dict(getattr(space, "name", {}))
    for name, width in more.items():
        names[name] = size if width == 1 else list(range(size, size + width))
        size += width
    free = np.full(size - space.shape[0], np.inf)
    with np.errstate(over="ignore"):  # bounds beyond float32 become infinite
        low = np.append(space.low, -free).astype(np.float32)
        high = np.append(space.high, free).astype(np.float32)
    return spaces.Box(low, high, name=names, dtype=np.float32)


class Echoing(Library):
    """`PassAction` and `PassReward`: channels show what was done, or earned, last."""

    to_be_played = True
    _what = "reward"

    def _check(self, env: gym.Env, trials: Any) -> None:
        space, self._size = row_of_channels(self, env), 1
        if self._what == "action" and (n := discrete(self, trials)) and self._one_hot:
            self._size = n
        if self._what in getattr(space, "name", {}):
            self._refuse(f"it has a channel {self._what!r} already")
        self._shown = np.zeros(self._size, np.float32)

    def __init__(self, env: gym.Env, wrapper: Any):
        self._one_hot = getattr(wrapper, "one_hot", False)
        super().__init__(env, wrapper)
        self.observation_space = wider(row_of_channels(self, self.env), **{self._what: self._size})

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        ob, info = self.env.reset(seed=seed, options=options)
        self._shown = np.zeros(self._size, np.float32)
        return self._with(ob), info

    def _with(self, ob: Any) -> np.ndarray:
        return np.concatenate([ob, self._shown], dtype=np.float32)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        ob, reward, terminated, truncated, info = self.env.step(action)
        value = reward if self._what == "reward" else int(action)
        shown = np.arange(self._size) == value if self._one_hot else np.array([value])
        self._shown = shown.astype(np.float32)
        return self._with(ob), reward, terminated, truncated, info

    @property
    def ob(self) -> np.ndarray | None:
        """The trial's observations (T, C); what is done in it is not known yet, and 0."""
        ob = self.trials.ob
        if ob is None:
            return None
        return np.concatenate([ob, np.zeros((len(ob), self._size))], axis=1, dtype=np.float32)


class EchoingActions(Echoing):
    """`PassAction`."""

    _what = "action"


class Adding(Library):
    """A wrapper that adds to observations, or changes some, row by row of the trial."""

    _rows: np.ndarray | None = None  # (T, C) of the current trial

    def _laid_out(self) -> np.ndarray:
        """What is added to each row of the trial that has begun."""
        raise NotImplementedError

    def new_trial(self, **kwargs: Any) -> dict[str, Any]:
        trial = super().new_trial(**kwargs)
        self._rows = self._laid_out()
        return trial

    def _seen(self, ob: Any, rows: np.ndarray) -> np.ndarray:
        """Observations with what is added to them."""
        return np.asarray(ob + rows, np.float32)

    def _with(self, ob: Any) -> Any:
        assert self._rows is not None  # a trial has begun
        return self._seen(ob, self._rows[min(self.t_ind, len(self._rows) - 1)])

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        ob, info = super().reset(seed=seed, options=options)
        return self._with(ob), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        ob, *rest = super().step(action)
        return self._with(ob), *rest

    @property
    def ob(self) -> np.ndarray | None:
        """The trial's observations (T, C)."""
        ob = self.trials.ob
        return None if ob is None or self._rows is None else self._seen(ob, self._rows[: len(ob)])


class Noisy(Adding, Drawing):
    """`Noise`."""

    def _check(self, env: gym.Env, trials: Any) -> None:
        space, wrapper = row_of_channels(self, env), self.wrapper
        named = getattr(wrapper, "channels", None)
        names = getattr(space, "name", {})
        if extra := [name for name in named or () if name not in names]:
            raise ValueError(f"{self._name}: {unknown('channel', extra, names)}")
        self._columns = np.zeros(space.shape, bool)
        for name in named or ():
            self._columns[names[name]] = True
        self._columns |= named is None
        super()._check(env, trials)

    def _fits(self, trials: Any) -> None:
        """There is no task that it would not fit."""

    def __init__(self, env: gym.Env, wrapper: Any):
        super().__init__(env, wrapper)
        space = self.env.observation_space
        name = {"name": space.name} if hasattr(space, "name") else {}
        self.observation_space = spaces.Box(-np.inf, np.inf, shape=space.shape, **name)

    def _draw(self, coming: tuple[int, int], last: Any) -> tuple[Draw, Any]:
        draw, after = super()._draw(coming, last)
        self._rng_of_noise = draw.rng
        return draw, after

    def _laid_out(self) -> np.ndarray:
        wrapper: Any = self.wrapper
        sigma = wrapper.sigma if wrapper.target is None else self._added["noise"]
        steps = self.most_steps or 1
        noise = self._rng_of_noise.standard_normal((steps, self._columns.size))
        return noise * self._columns * sigma / np.sqrt(self.dt)


class Pulsing(Adding):
    """`TTLPulse`."""

    def _check(self, env: gym.Env, trials: Any) -> None:
        space, periods = row_of_channels(self, env), seen_in(trials)[1]
        known = list(dict.fromkeys([*getattr(trials, "timing", {}), *periods]))
        asked = self.wrapper.periods or [periods[-1:]]
        if extra := [name for names in asked for name in names if name not in known]:
            raise ValueError(f"TTLPulse: {unknown('period', extra, known)}")
        self._signals = {f"ttl_{k}": names for k, names in enumerate(asked, 1)}
        if taken := [name for name in self._signals if name in getattr(space, "name", {})]:
            self._refuse(f"it has a channel {taken[0]!r} already")

    def __init__(self, env: gym.Env, wrapper: Any):
        super().__init__(env, wrapper)
        space = row_of_channels(self, self.env)
        self.observation_space = wider(space, **dict.fromkeys(self._signals, 1))

    def _laid_out(self) -> np.ndarray:
        on = np.zeros((self.most_steps or 1, len(self._signals)))
        for name, start, stop in self.periods:
            for k, names in enumerate(self._signals.values()):
                on[start:stop, k] += name in names
        return np.minimum(on, 1)

    def _seen(self, ob: Any, rows: np.ndarray) -> np.ndarray:
        return np.concatenate([ob, rows], axis=-1, dtype=np.float32)


# -- what is asked for, and paid -------------------------------------------------------------------


class Missing(Library):
    """`MissTrialReward`."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        ob, reward, terminated, truncated, info = self.env.step(action)
        if info["new_trial"] and info["outcome"] == "miss":
            reward = float(self.wrapper.r_miss)
        return ob, reward, terminated, truncated, info


class Reacting(Library):
    """`ReactionTime`: moves the start of the period "decision" to that of the evidence."""

    def _check(self, env: gym.Env, trials: Any) -> None:
        stimulus = self.wrapper.stimulus
        known = seen_in(trials)[1]
        for period in (stimulus, "decision"):
            if period not in known:
                self._refuse(f"its trials have no period {period!r}, but {', '.join(known)}")
        if known.index(stimulus) >= known.index("decision"):
            self._refuse(f"{stimulus} does not come before decision")

    def new_trial(self, **kwargs: Any) -> dict[str, Any]:
        trial = super().new_trial(**kwargs)
        wrapper, task = self.wrapper, self.task
        stimulus: str = wrapper.stimulus
        dt, start, end = task.dt, task.start_ind, task.end_ind
        label = (
            None if task.gt is None else task.gt[min(start["decision"], len(task.gt) - 1)].copy()
        )
        begin = start[stimulus] + wrapper.from_step
        stop = end[stimulus] if wrapper.end_on_stimulus else end["decision"]
        if begin >= stop:
            raise ValueError(
                f"ReactionTime: {stimulus} has {end[stimulus] - start[stimulus]} steps of {dt:g} ms"
                f" in {self._name}, and from_step = {begin - start[stimulus]} leaves none for a"
                " response"
            )
        for index, times, at in ((start, task.start_t, begin), (end, task.end_t, stop)):
            index["decision"], times["decision"] = at, at * dt
        if label is not None:
            task.gt[begin:stop] = label
        if wrapper.end_on_stimulus:
            task.tmax = stop * dt
            task.ob = task.ob if task.ob is None else task.ob[:stop]
            task.gt = task.gt if task.gt is None else task.gt[:stop]
        names = getattr(task.observation_space, "name", {})
        if not wrapper.fixation_cue and "fixation" in names and task.ob is not None:
            task.ob[begin:stop, names["fixation"]] = 0
        return trial

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        urgency = self.wrapper.urgency if self.window_open else 0.0
        ob, reward, *rest = self.env.step(action)
        return ob, float(reward) + urgency, *rest


KINDS: dict[str, Any] = {
    "PassAction": EchoingActions, "PassReward": Echoing, "Noise": Noisy, "TTLPulse": Pulsing,
    "ReactionTime": Reacting, "MissTrialReward": Missing, "CatchTrials": Catching,
    "Lapse": Lapsing, "RandomGroundTruth": Drawing, "SideBias": Drawing, "TrialHistory": Drawing,
    "TrialHistoryEvolution": Drawing, "ScheduleAttr": Drawing, "Staircase": Climbing,
    "ScheduleEnvs": Switching, "MultiEnvs": Switching, "TransferLearning": Switching,
}  # fmt: skip
