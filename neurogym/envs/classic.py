"""Tasks written the classic way: subclass `PeriodEnv`, give `new_trial` and `_step`."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from neurogym.envs.has_trials import HasTrials, read_options
from neurogym.spec.durations import ROUNDING, Duration, to_steps
from neurogym.spec.outcomes import Outcome
from neurogym.spec.parameters import unknown

OPEN_END = 10_000  # ms after which a trial without periods ends
RIGHT = 0.5  # the performance from which a trial counts as answered correctly


class Kind(type):
    """Lets `isinstance(env, TrialEnv)` tell environments with trials, also of declared tasks."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        named = cls.__module__ == __name__
        return named and isinstance(instance, HasTrials) and instance.declared is not None


class TrialEnv(HasTrials, metaclass=Kind):
    """A task whose author draws and paints each trial, and says what each action earns.

    A subclass sets `observation_space` and `action_space`, and what it wants of `timing` and
    `rewards`. `new_trial(**kwargs)` (or `_new_trial`) lays out a trial with `add_period`, `add_ob`,
    `set_ob`, `add_randn` and `set_groundtruth`; it returns the trial's conditions, a dict, or puts
    them into `self.trial`. `_step(action)` returns (ob, reward, done, info) or gymnasium's five
    values; `self.ob_now` as ob stands for the observation that comes next. With `new_trial` in info
    True the trial ends, with `done` the episode. A trial that the task does not end is over after
    its last step, which earns `r_tmax` on top. Where trials are not painted, the first observation
    is what `_step` would show after action 0.

    Random numbers come from `self.rng`, a `RandomState`. It is seeded anew for each trial, from the
    seed of `reset` and the trial's number, as are entries of `timing` that have a method `seed`.
    `reset(seed=s, options={"trial": k, "conditions": {...}})` therefore gives trial k under seed s,
    as playing up to it does, provided that trials do not depend on those before them. What
    `__init__` draws is not seeded.

    `info` holds `new_trial` and, where the task sets one, `gt`: the label of the observation that
    was answered. When a trial ends it also holds

    - `trial`: the conditions of the trial that ended, and `performance`;
    - `response`: the action other than 0 by which the trial ended, or -1;
    - `rt`: ms from the start of the period "decision" (of the trial, if it has none) to the
      response, NaN without one;
    - `outcome`: with a response "correct" (performance of 0.5 or more), "early" (before "decision";
      there is then no `response` or `rt`) or "error"; without one "withheld" (all labels were 0),
      "correct", "miss" or, without labels, "none". Where actions are not discrete, "correct" or
      "error" by the performance.

    ValueError for unknown names of periods, channels and actions, for a forced condition that the
    trial does not take over, and for a dt (ms) that is not positive.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - gymnasium's own declaration is mutable

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        cls.metadata = {"render_modes": [], **cls.metadata}
        own = [name for name in ("new_trial", "_new_trial") if name in vars(cls)]
        if len(own) == 1:
            drawn = vars(cls)[own[0]]
            for name, method in (("_new_trial", drawn), ("new_trial", _public(drawn))):
                setattr(cls, name, method)

    def __init__(
        self, dt: float = 100, num_trials_before_reset: int = 10_000_000, r_tmax: float = 0
    ):
        super().__init__()
        if not np.isfinite(dt) or dt <= 0:
            raise ValueError(f"dt = {dt!r}: expected a positive number of ms")
        self.dt, self.r_tmax, self.num_tr_exp = dt, r_tmax, num_trials_before_reset
        self.rng = np.random.RandomState()  # not a Generator: classic tasks call randint, rand
        self.timing: dict[str, Any] = {}
        self.rewards: dict[str, float] = {}
        self.trial: dict[str, Any] = {}
        self.forced: Mapping[str, Any] = {}
        self.performance: float = 0.0
        self.num_tr = self.t_ind = 0
        self.trial_index = -1
        self.start_ind: dict[str, int] = {}
        self.end_ind: dict[str, int] = {}
        self.start_t: dict[str, float] = {}
        self.end_t: dict[str, float] = {}
        self.ob: np.ndarray | None = None
        self.gt: np.ndarray | None = None
        self._default_ob_value: float | None = None
        self._drawing = False
        # mangled, since authors choose names of their own
        self.__end = 0  # steps until the last period ends
        self.__open_end: float = OPEN_END
        self.__now: Any = None  # the placeholder that ob_now gave in this step
        self.__asked: bool | None = (
            None  # whether `_step` gave a label other than 0; None: no label
        )
        self.__names: dict[str, None] = {}  # all periods that there ever were, in order
        self.__seed: int | None = None
        self.__next = 0
        self.__playing = False
        self.__top: Any = None  # the outermost wrapper of trials, which begins each
        self.__ended: dict[str, Any] | None = None  # while the next one is begun

    # -- what an author gives --------------------------------------------------------------------

    def _new_trial(self, **kwargs: Any) -> dict[str, Any] | None:
        raise NotImplementedError(f"{type(self).__name__} defines no new_trial")

    def _step(self, action: Any) -> tuple:
        raise NotImplementedError(f"{type(self).__name__} defines no _step")

    def post_step(
        self, ob: Any, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Change what `step` returns, and the observation that `reset` returns."""
        return ob, reward, terminated, truncated, info

    # -- gymnasium -------------------------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        no_step: bool = True,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin a trial; returns its first observation and an empty info.

        A seed goes back to trial 0; without one the next trial begins. `options` are `trial`, the
        number of the trial, and `conditions`, keywords for `new_trial`; ValueError for any other.
        NeuroGym's `no_step` is taken, here and as an option: a reset never plays a step.
        """
        super().reset(seed=seed)
        index, conditions = read_options(options)
        if seed is not None or self.__seed is None:
            self.__seed = int(self.np_random_seed if seed is None else seed)
            self.__next = 0
        if index is not None:
            self.__next = index
        self.num_tr = 0
        self.__begin(conditions)
        return self.post_step(self.__opening(), 0.0, False, False, {"new_trial": False})[0], {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act on the observation returned last; see the class for what is returned.

        Raises ResetNeeded before the first trial and after the end of an episode.
        """
        if not self.__playing:
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode")
        self.__now, gt = None, self.gt_now
        ob, reward, terminated, truncated, info = _five(self._step(action))
        info = {"new_trial": False, **info}
        if gt is not None:
            info.setdefault("gt", gt)
        if self.gt is None and "gt" in info:
            self.__asked = bool(self.__asked or np.any(info["gt"]))
        over, placeholder = terminated or truncated, ob is self.__now and ob is not None
        ended = bool(info["new_trial"]) or over  # by the task
        timeout = not ended and self.t_ind + 1 >= self.__steps
        info["new_trial"] = ended or timeout
        if info["new_trial"]:
            info.update(self.__result(action, ended))
        if over:
            self.__playing = False
        elif info["new_trial"]:
            self.__ended = info
            try:
                self.__begin({})
            finally:
                self.__ended = None
        else:
            self.t_ind += 1
        self.__now = None
        ob = self.__row() if placeholder else _own(ob, self.observation_space)
        reward = _number(reward) + (self.r_tmax if timeout else 0.0)
        return self.post_step(ob, reward, terminated, truncated, info)

    def __result(self, action: Any, ended: bool) -> dict[str, Any]:
        """What `info` says of the trial that is over; `ended` by the task, not by its length."""
        discrete = isinstance(self.action_space, spaces.Discrete)
        first, right = self.window[0], bool(self.performance >= RIGHT)
        responded = bool(discrete and ended and action != 0)
        early = responded and self.t_ind < first and not right
        asked = self.__asked if self.gt is None else bool(self.gt.any())
        if not discrete:
            outcome = Outcome.CORRECT if right else Outcome.ERROR
        elif responded:
            wrong = Outcome.EARLY if early else Outcome.ERROR
            outcome = Outcome.CORRECT if right else wrong
        elif asked is False:
            outcome = Outcome.WITHHELD
        else:
            missed = Outcome.MISS if asked else Outcome.NONE
            outcome = Outcome.CORRECT if right else missed
        counts = responded and not early
        return {
            "trial": {name: _plain(value) for name, value in self.trial.items()},
            "performance": float(self.performance),
            "rt": float((self.t_ind - first) * self.dt) if counts else float("nan"),
            "response": int(action) if counts else -1,
            "outcome": outcome.name.lower(),
        }

    def __row(self) -> Any:
        """The current observation, a copy of the trial's."""
        if self.ob is None:
            return blank(self.observation_space)
        row = self.ob[min(self.t_ind, len(self.ob) - 1)]
        return row.astype(self.observation_space.dtype)

    def __opening(self) -> Any:
        """A trial's first observation.

        Of one that is not painted it is what `_step` shows to who does nothing, found on a copy.
        """
        if self.ob is None and (probe := _copied(self)) is not None:
            ob, _, terminated, truncated, info = _five(probe._step(blank(self.action_space)))
            over = terminated or truncated or info.get("new_trial")
            if ob is not probe.__now and not over:
                return _own(ob, self.observation_space)
        return self.__row()

    # -- trials ----------------------------------------------------------------------------------

    def set_top(self, wrapper: Any) -> None:
        """Let a wrapper begin the trials from now on: see `neurogym.TrialWrapper`."""
        self.__top = wrapper

    def under(self, wrapper: Any, env: gym.Env) -> gym.Env:
        """An environment, of which this is the innermost, under one of the library's wrappers.

        TypeError for a wrapper that is for declared tasks only.
        """
        from neurogym.envs.around import around

        return around(wrapper, env)

    def stacked(self, env: gym.Env, stack: Any) -> gym.Env:
        """The same under the wrappers of a stack."""
        from neurogym.envs.around import stacked

        return stacked(env, stack)

    @property
    def upcoming(self) -> tuple[int, int]:
        """The seed of the stream, and the number of the trial that comes next."""
        if self.__seed is None:
            self.__seed = int(self.np_random_seed)
        return self.__seed, self.__next

    @property
    def ended(self) -> Mapping[str, Any] | None:
        """While the next trial is begun by `step`: the info of the one that ended; else None."""
        return self.__ended

    def __getattr__(self, name: str) -> Any:
        if name == "seed":  # gymnasium's checker warns of environments that have it
            raise AttributeError(f"{self}: seed(s) was replaced by reset(seed=s), which seeds all")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __begin(self, conditions: Mapping[str, Any]) -> None:
        (self if self.__top is None else self.__top).new_trial(**conditions)

    def new_trial(self, **kwargs: Any) -> dict[str, Any]:
        """Begin the next trial, with conditions forced; returns its conditions.

        Raises ValueError if the task does not honour a forced condition, or the trial has no steps.
        """
        if self._drawing:  # super().new_trial() in a task's own
            return {}
        if self.__seed is None:
            self.__seed = int(self.np_random_seed)
        self.__clear()
        self.__seed_trial()
        self.trial_index, self.forced = self.__next, kwargs
        self.__next += 1
        self._drawing = True
        try:
            trial = self._new_trial(**kwargs)
        finally:
            self._drawing = False
        if trial is not None:
            self.trial = trial
        self.__now = None
        self.__check_trial()
        self.num_tr += 1
        self.__playing = True
        return self.trial

    def __clear(self) -> None:
        for times in (self.start_ind, self.end_ind, self.start_t, self.end_t):
            times.clear()
        self.ob = self.gt = self.__now = self.__asked = None
        self.trial, self.performance = {}, 0.0
        self.t_ind = self.__end = 0
        self.__playing = False

    def __seed_trial(self) -> None:
        """Give the trial random numbers that depend on the seed and its number alone."""
        own = np.random.SeedSequence(self.__seed, spawn_key=(self.__next,))
        self.rng.seed(own.generate_state(4))  # in place: timing lambdas may hold it
        seeded = [d for d in self.timing.values() if callable(getattr(d, "seed", None))]
        for i, duration in enumerate(seeded):
            child = np.random.SeedSequence(self.__seed, spawn_key=(self.__next, i))
            duration.seed(int(child.generate_state(1)[0]))

    def __check_trial(self) -> None:
        task = type(self).__name__
        if not isinstance(self.trial, Mapping):
            raise TypeError(f"{task}: the trial is {self.trial!r}, expected a dict of conditions")
        taken = inspect.signature(self._new_trial).parameters if self.forced else ()
        if missing := [name for name in self.forced if name not in (*self.trial, *taken)]:
            raise ValueError(f"{task}: {unknown('condition', missing, self.trial)}")
        for name, value in self.forced.items():
            if name in self.trial and not _same(self.trial[name], value):
                raise ValueError(
                    f"{task}: {name} = {value!r} was forced, but the trial has"
                    f" {self.trial[name]!r}; new_trial(**kwargs) has to use it"
                )
        if self.__steps == 0:
            raise ValueError(f"{task}: the trial has no steps; all its periods have length 0")

    def trial_length_stats(self, num_trials: int = 10_000) -> dict[str, float]:
        """Mean, std, percentile_95 and max of the trials' lengths in steps, if nothing ends them.

        Looks at the first trials of the stream; the environment stays as it is.
        """
        probe, state = copy.deepcopy(self), self.rng.get_state()
        probe.__next, lengths = 0, np.empty(num_trials)
        for i in range(num_trials):
            probe.new_trial()
            lengths[i] = probe.__steps
        self.rng.set_state(state)  # a lambda in the copy's timing still draws from ours
        return {
            "mean": float(lengths.mean()),
            "std": float(lengths.std()),
            "percentile_95": float(np.percentile(lengths, 95)),
            "max": float(lengths.max()),
        }

    # -- periods ---------------------------------------------------------------------------------

    def add_period(
        self,
        period: str | Sequence[str],
        duration: Any = None,
        before: str | None = None,
        after: str | float | None = None,
        last_period: bool = False,
    ) -> None:
        """Place a period, or several that follow one another.

        Args:
            period: Its name, or a list of names: the first is placed, the others follow it.
            duration: In ms, or None for what `timing` says; for a list of names a list. It is
                rounded down to whole steps, and is at least one step unless it is 0.
            before: The period at whose start it ends.
            after: The period at whose end it starts, or the time of its start in ms. With neither
                it starts with the trial.
            last_period: Of no effect; older tasks give it.

        Raises:
            ValueError: For unknown names, and a period that would start before the trial.
            RuntimeError: If observations or labels were painted already.
        """
        if self.ob is not None or self.gt is not None:
            raise RuntimeError(f"add_period({period!r}): add all periods before painting the trial")
        if isinstance(period, str):
            self.__place(period, duration, before, after)
            return
        durations = [None] * len(period) if duration is None else duration
        if not isinstance(durations, Sequence) or len(durations) != len(period):
            raise ValueError(
                f"duration = {duration!r}: expected {len(period)}, one for each period"
            )
        if before is not None:
            raise ValueError(f"before = {before!r}: expected only with a single period")
        for name, length in zip(period, durations, strict=True):
            self.__place(name, length, None, after)
            after = name

    def __place(self, period: str, duration: Any, before: str | None, after: Any) -> None:
        if before is not None and after is not None:
            raise ValueError(f"period {period!r}: give before or after, not both")
        start = self.__end if before is not None else self.__start(after)
        spec = self.__timing(period) if duration is None else duration
        steps = self.__draw(spec, period, start)
        if before is not None:
            start = self.__present(before)[0] - steps
        if start < 0:
            raise ValueError(f"period {period!r} would start at {start * self.dt:g} ms")
        stop = start + steps
        self.start_ind[period], self.end_ind[period] = start, stop
        self.start_t[period], self.end_t[period] = start * self.dt, stop * self.dt
        self.__end = max(self.end_ind.values())
        self.__names[period] = None

    def __start(self, after: str | float | None) -> int:
        if after is None:
            return 0
        if isinstance(after, str):
            return self.__present(after)[1]
        return int(np.floor(after / self.dt + ROUNDING))

    def __present(self, period: str) -> tuple[int, int]:
        """First step of one of the trial's periods, and the step after its last."""
        if period not in self.start_ind:
            raise ValueError(unknown("period", [period], self.start_ind))
        return self.start_ind[period], self.end_ind[period]

    def __timing(self, period: str) -> Any:
        if period not in self.timing:
            raise ValueError(unknown("timing entry", [period], self.timing))
        return self.timing[period]

    def __draw(self, spec: Any, period: str, start: int) -> int:
        """Draw a duration, in steps, of a period that starts at a step."""
        if callable(spec):
            spec = np.asarray(spec()).item()
        elif isinstance(spec, np.ndarray) and spec.ndim == 0:
            spec = spec.item()
        duration = Duration.parse(spec, period)
        if duration.kind == "times":
            self.__present(duration.args[0])
        lengths: dict[str, Any] = {
            name: self.end_t[name] - self.start_t[name] for name in self.start_t
        }
        rng: Any = _Draws(self.rng)
        ms = duration.draw(rng, 1, np.array([start * self.dt]), lengths)
        return int(to_steps(np.ravel(ms)[0], self.dt))

    def sample_time(self, period: str) -> float:
        """Draw the length of a timing entry in ms, a multiple of dt.

        An entry is whatever `neurogym.spec.durations.Duration` reads, or a function of no arguments
        that gives a length in ms; `("until", t)` counts from the end of the last period.
        """
        return self.__draw(self.__timing(period), period, self.__end) * self.dt

    def in_period(self, period: str, t: float | None = None) -> bool:
        """Whether the time t in ms (now, if None) lies in a period.

        False for a period that the trial lacks; ValueError for one that is unknown to the task.
        """
        if period not in self.start_ind:
            known = dict.fromkeys([*self.timing, *self.__names])
            if period not in known:
                raise ValueError(unknown("period", [period], known))
            return False
        step = self.t_ind if t is None else np.floor(t / self.dt + ROUNDING)
        return bool(self.start_ind[period] <= step < self.end_ind[period])

    # -- painting --------------------------------------------------------------------------------

    def view_ob(self, period: str | None = None) -> np.ndarray:
        """The trial's observations, (T, *observation shape), or a period's; writing paints them."""
        if self.ob is None:
            space = self.observation_space
            if space.shape is None or space.dtype is None:
                raise TypeError(f"a trial of {space} cannot be painted: return ob in _step")
            fill = self._default_ob_value or 0
            self.ob = np.full((self.__steps, *space.shape), fill, space.dtype)
        return self.ob[self.__rows(period)]

    def add_ob(
        self,
        value: float | np.ndarray | Callable[[np.ndarray], np.ndarray],
        period: str | Iterable[str] | None = None,
        where: Any = None,
    ) -> None:
        """Add to the observations.

        Args:
            value: A number; an array that broadcasts to (steps, channels); or a function that makes
                one from the current values.
            period: A period, several, or None for the whole trial.
            where: A channel's name in `observation_space.name`, or an index, list or range on the
                last axis; None for all channels.

        Raises:
            ValueError: For unknown names, and values of another shape.
        """
        self.__paint(period, where, value, keep=True)

    def set_ob(
        self,
        value: float | np.ndarray | Callable[[np.ndarray], np.ndarray],
        period: str | Iterable[str] | None = None,
        where: Any = None,
    ) -> None:
        """Set the observations to 0, then do as `add_ob` does, with the same arguments."""
        self.__paint(period, where, value, keep=False)

    def add_randn(
        self,
        mu: float | np.ndarray = 0,
        sigma: float | np.ndarray = 1,
        period: str | Iterable[str] | None = None,
        where: Any = None,
    ) -> None:
        """Add mu and normal noise of SD sigma in each step; the other arguments as of `add_ob`."""
        self.__paint(period, where, lambda ob: mu + sigma * self.rng.randn(*ob.shape), keep=True)

    def __paint(self, period: Any, where: Any, value: Any, keep: bool) -> None:
        index = (..., slice(None) if where is None else self.__channels(where))
        for name in [period] if period is None or isinstance(period, str) else period:
            block = self.view_ob(name)
            if not keep:
                block[index] = 0
            block[index] += value(block[index]) if callable(value) else value

    def __channels(self, where: Any) -> Any:
        names = getattr(self.observation_space, "name", {})
        if isinstance(where, str):
            if where not in names:
                raise ValueError(unknown("channel", [where], names))
            where = names[where]
        return list(where) if isinstance(where, range) else where

    def __rows(self, period: str | None) -> slice:
        return slice(None) if period is None else slice(*self.__present(period))

    def view_groundtruth(self, period: str | None = None) -> np.ndarray:
        """The trial's labels, (T, *action shape), or a period's; writing sets them."""
        if self.gt is None:
            space = self.action_space
            if space.shape is None or space.dtype is None:
                raise TypeError(f"actions of {space} cannot be labelled: put gt into info in _step")
            self.gt = np.zeros((self.__steps, *space.shape), space.dtype)
        return self.gt[self.__rows(period)]

    def set_groundtruth(
        self, value: Any, period: str | Iterable[str] | None = None, where: str | None = None
    ) -> None:
        """Set the labels: the right action in each step, 0 where none is set.

        Args:
            value: A label, or an array that broadcasts to (steps, *action shape). A label of a
                discrete action that is not whole is kept: `gt` becomes an array of floats.
            period: A period, several, or None for the whole trial.
            where: A name in `action_space.name`; value is then a position among its actions.

        Raises:
            ValueError: For unknown names, and values of another shape.
        """
        if where is not None:
            names = getattr(self.action_space, "name", {})
            if where not in names:
                raise ValueError(unknown("action", [where], names))
            value = np.atleast_1d(names[where])[value]
        gt, value = self.view_groundtruth(), np.asarray(value)
        if gt.dtype.kind in "iu" and value.dtype.kind == "f" and (value % 1 != 0).any():
            self.gt = gt.astype(float)
        for name in [period] if period is None or isinstance(period, str) else period:
            self.view_groundtruth(name)[...] = value

    # -- the present -----------------------------------------------------------------------------

    @property
    def ob_now(self) -> Any:
        """The current observation, read-only; returned by `_step` it stands for the next one."""
        if self.__now is None:
            self.__now = self.__row()
            if isinstance(self.__now, np.ndarray):
                self.__now.flags.writeable = False
        return self.__now

    @property
    def gt_now(self) -> Any:
        """The label of the current observation, a number or an array; None if none is set."""
        if self.gt is None:
            return None
        label = self.gt[self.t_ind]
        return label.copy() if isinstance(label, np.ndarray) else label.item()

    @property
    def t(self) -> float:
        """Time since the trial's start in ms."""
        return self.t_ind * self.dt

    @property
    def __steps(self) -> int:
        """Length of the current trial."""
        return self.__end if self.start_ind else int(to_steps(self.__open_end, self.dt))

    @property
    def tmax(self) -> float:
        """Length of the current trial in ms: the end of its last period.

        A trial without periods lasts 10 s; a task may assign another length.
        """
        return self.__steps * self.dt

    @tmax.setter
    def tmax(self, ms: float) -> None:
        if self.start_ind:
            self.__end = int(to_steps(ms, self.dt))
        else:
            self.__open_end = ms

    @property
    def periods(self) -> list[tuple[str, int, int]]:
        """The trial's periods by their start: (name, first step, step after the last)."""
        listed = [(name, start, self.end_ind[name]) for name, start in self.start_ind.items()]
        return sorted(listed, key=lambda entry: entry[1:])

    @property
    def window(self) -> tuple[int, int]:
        """First step of the period "decision" and the step after it; else those of the trial."""
        return self.__present("decision") if "decision" in self.start_ind else (0, self.__steps)

    @property
    def window_open(self) -> bool:
        """Whether responses are asked for in the current step."""
        first, stop = self.window
        return first <= self.t_ind < stop

    def __str__(self) -> str:
        return f"<{type(self).__name__}>"


class PeriodEnv(TrialEnv):
    """A task whose trials are made of periods; all that it does is in `TrialEnv`."""


class _Draws:
    """A RandomState with the names of a Generator that durations are drawn by."""

    def __init__(self, rng: np.random.RandomState):
        self.uniform, self.random, self.integers = rng.uniform, rng.random_sample, rng.randint


def _plain(value: Any) -> Any:
    """A condition on its own: a Python value in place of a numpy scalar, a copy of an array."""
    if isinstance(value, np.generic):
        return value.item()
    return value.copy() if isinstance(value, np.ndarray) else value


def _same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f")


def _public(drawn: Callable) -> Callable:
    """The new_trial of a class: the bookkeeping around what draws the trial runs once."""

    @functools.wraps(TrialEnv.new_trial)
    def new_trial(self: TrialEnv, **kwargs: Any) -> dict[str, Any] | None:
        if self._drawing:  # super().new_trial() of a subclass
            return drawn(self, **kwargs)
        return TrialEnv.new_trial(self, **kwargs)

    return new_trial


def _copied(env: TrialEnv) -> TrialEnv | None:
    """A copy; None of one that holds what cannot be copied, such as an open file."""
    try:
        return copy.deepcopy(env)
    except TypeError:
        return None


def _five(returned: tuple) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
    if not isinstance(returned, tuple) or len(returned) not in (4, 5):
        raise ValueError(
            f"_step returned {returned!r}: expected (ob, reward, done, info) or (ob, reward,"
            " terminated, truncated, info)"
        )
    ob, reward, terminated, *truncated, info = returned
    return ob, reward, bool(terminated), bool(truncated and truncated[0]), info


def _number(reward: Any) -> float:
    """A reward as a number, also where it is an array of one."""
    if isinstance(reward, int | float):
        return float(reward)
    try:
        return float(np.asarray(reward, float).item())
    except (TypeError, ValueError) as error:
        raise ValueError(f"_step returned the reward {reward!r}: expected a number") from error


def _own(ob: Any, space: spaces.Space) -> Any:
    """A task's own observation, as a copy of the space's type and shape."""
    if not isinstance(space, spaces.Box):
        return copy.deepcopy(ob)
    return np.broadcast_to(np.asarray(ob, space.dtype), space.shape).copy()


def blank(space: spaces.Space) -> Any:
    """The observation of a task that paints none: zeros, or what is nearest to them."""
    if isinstance(space, spaces.Box):
        return np.clip(np.zeros(space.shape, space.dtype), space.low, space.high)
    if isinstance(space, spaces.Discrete):
        return space.dtype.type(space.start)
    if isinstance(space, spaces.Dict):
        return {name: blank(part) for name, part in space.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(map(blank, space))
    if isinstance(space, spaces.MultiBinary | spaces.MultiDiscrete):
        return np.zeros(space.shape, space.dtype) + getattr(space, "start", 0)
    raise TypeError(f"{space} has no blank observation: paint the trial in new_trial")
