"""Subjects that are programs: random, oracle, a bounded evidence integrator, any trained model."""

from __future__ import annotations

from typing import Any, Protocol

import gymnasium as gym
import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.parameters import Probability, unknown


class Policy(Protocol):
    """Something that plays trials. It is told of each trial's start, then asked once a step.

    What it needs of one trial for the next it keeps itself: `begin` decides what to forget.
    """

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """A trial begins in `env`; random numbers come from `rng` alone.

        ValueError for an environment that this cannot play.
        """

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """The action for an observation (C,): a number, or (k,) where actions are graded."""


class RandomAgent(param.Parameterized):
    """Any action, with equal chance, at each step."""

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Remember which actions there are."""
        self._space: Any = env.action_space
        self._rng = rng

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """A random action."""
        if isinstance(self._space, gym.spaces.Box):
            return self._rng.uniform(self._space.low, self._space.high).astype(np.float32)
        return int(self._rng.integers(self._space.n))


class Oracle(param.Parameterized):
    """Takes the right action at each step, which earns what the rules allow at most."""

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Check that the environment knows what is right."""
        self._env = env
        if env.gt_now is None:
            raise ValueError(f"{env} has no labels: there is no oracle for it")

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """The label."""
        label = self._env.gt_now
        return label if np.ndim(label) else int(label)


class Integrator(param.Parameterized):
    """Accumulates evidence for each answer to a bound, then responds.

    In each step the evidence of each answer, less the mean over answers, times `drift` and dt, is
    added to that answer's accumulator (units: level x ms). The first to reach `bound` is the
    choice; without one, the largest is when the evidence ends. The response follows `non_decision`
    ms after both the commitment and the opening of the response window, in the window's last step
    at the latest. Works on every task with two or more evidence channels, else raises ValueError.
    """

    drift = param.Number(1.0, bounds=(0, 20), doc="gain on the evidence")
    bound = param.Number(40.0, bounds=(0.1, 1000), doc="evidence at which it commits, level x ms")
    leak = param.Number(0.0, bounds=(0, 50), doc="loss of what was accumulated, 1/s")
    noise = param.Number(0.0, bounds=(0, 20), doc="SD of its own noise, level x sqrt(ms)")
    lapse = Probability(0.0, doc="share of trials with a random answer")
    non_decision = param.Number(300.0, bounds=(0, 2000), doc="ms from commitment to response")
    non_decision_sd = param.Number(0.0, bounds=(0, 500), doc="SD of that time from trial to trial")

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Clear the accumulators and find the evidence in the task's channels."""
        plan = env.declared.plan if env.declared else None
        groups = [g for g in plan.channels if g.evidence] if plan else []
        sizes = {group.size for group in groups}
        choices = [g for g in plan.actions if g.size in sizes and g.size > 1] if plan else []
        if plan is None or len(sizes) != 1 or not choices:
            raise ValueError(
                f"{env} gives no evidence to integrate: the integrator needs two or more evidence"
                " channels, one for each answer"
            )
        self._env, self._rng = env, rng
        self._evidence = [
            (g.slice, plan.channels[g.gate].start if g.gate else None) for g in groups
        ]
        self._first, self._size = choices[0].start, choices[0].size
        self._x = np.zeros(self._size)
        self._choice: int | None = None
        self._wait = self.non_decision
        if self.non_decision_sd:
            self._wait = max(0.0, rng.normal(self._wait, self.non_decision_sd))
        self._lapse = rng.random() < self.lapse
        self._setting = self.drift, self.bound, self.leak / 1000, self.noise  # param reads are slow

    def act(self, ob: np.ndarray) -> int:
        """Nothing until the response is due, then the choice."""
        env, dt = self._env, self._env.dt
        is_open, last = env.window_open, env.t_ind == env.window[1] - 1
        if self._choice is None:
            shown = self._integrate(ob, dt)
            if (self._x >= self._setting[1]).any() or (is_open and not shown):
                self._choice = int(np.argmax(self._x + 1e-9 * self._rng.random(self._size)))
        if is_open and (self._choice is not None or last):
            if self._wait <= 0 or last:
                return self._respond()
            self._wait -= dt
        return 0

    def _integrate(self, ob: np.ndarray, dt: float) -> bool:
        """Add this step's evidence; False if there is none."""
        drift, _, leak, noise = self._setting
        evidence = np.zeros(self._size)
        for columns, gate in self._evidence:
            if gate is None or ob[gate] > 0.5:
                evidence += ob[columns]
        shown = bool(evidence.any())
        if shown:
            self._x += drift * (evidence - evidence.mean()) * dt - leak * dt * self._x
            if noise:
                self._x += noise * dt**0.5 * self._rng.standard_normal(self._size)
        return shown

    def _respond(self) -> int:
        choice = self._choice if self._choice is not None else int(np.argmax(self._x))
        return self._first + (int(self._rng.integers(self._size)) if self._lapse else choice)


class Model:
    """A trained model with `predict(observation, ...)`, such as those of Stable-Baselines3."""

    def __init__(self, model: Any, deterministic: bool = True):
        self.model, self.deterministic = model, deterministic

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Forget the state of the last trial."""
        self._state, self._start = None, True

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """The model's action."""
        action, self._state = self.model.predict(
            ob,
            state=self._state,
            episode_start=np.array([self._start]),
            deterministic=self.deterministic,
        )
        self._start = False
        return action if np.ndim(action) else int(action)


AGENTS: dict[str, type[Policy]] = {
    "random": RandomAgent,
    "oracle": Oracle,
    "integrator": Integrator,
}


def register_agent(name: str, cls: type[Policy] | None = None) -> Any:
    """Let a rollout, the command line and the studio name an agent of one's own.

    `cls` is Parameterized, has `begin(env, rng)` and `act(ob)`, and can be made without arguments;
    without `cls` this is a decorator: `@register_agent("my-agent")`. Returns the class. Registering
    the same class again changes nothing; another one under a known name is a ValueError, what is no
    such class or name a TypeError.
    """
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f'register_agent takes a name, as in @register_agent("mine"), not {name!r}')
    if cls is None:
        return lambda cls: register_agent(name, cls)
    parameterized = isinstance(cls, type) and issubclass(cls, param.Parameterized)
    if not parameterized or not (_callable(cls, "begin") and _callable(cls, "act")):
        raise TypeError(
            f"agent {name!r} is {cls!r}: expected a class that derives from param.Parameterized"
            " and has begin(env, rng) and act(ob)"
        )
    if AGENTS.get(name, cls) is not cls:
        raise ValueError(
            f"agent {name!r} is {AGENTS[name].__name__} already: {cls.__name__} needs another name;"
            f" taken are {', '.join(map(repr, AGENTS))}"
        )
    AGENTS[name] = cls
    return cls


def _callable(owner: Any, name: str) -> bool:
    return callable(getattr(owner, name, None))


def agent(spec: str | Policy | Any, **params: Any) -> Policy:
    """An agent by name, with its parameters; or a policy, or a model that predicts, as it is.

    ValueError for an unknown name or parameter and for a value that is out of bounds, TypeError for
    what is no agent.
    """
    if isinstance(spec, str):
        return _by_name(spec, params)
    if not (_callable(spec, "begin") and _callable(spec, "act")) and not hasattr(spec, "predict"):
        raise TypeError(
            f"{spec!r} is no agent: expected a name ({', '.join(AGENTS)}), an object with"
            " begin(env, rng) and act(ob), or a model with predict(ob)"
        )
    if params:
        raise ValueError(f"parameters {sorted(params)} are taken with the name of an agent only")
    return spec if hasattr(spec, "begin") and hasattr(spec, "act") else Model(spec)


def _by_name(name: str, params: dict[str, Any]) -> Policy:
    if name not in AGENTS:
        raise ValueError(unknown("agent", [name], AGENTS))
    cls: Any = AGENTS[name]
    allowed = [key for key in cls.param if key != "name"]
    if extra := [key for key in params if key not in allowed]:
        raise ValueError(f"{cls.__name__}: {unknown('parameter', extra, allowed)}")
    return cls(**params)
