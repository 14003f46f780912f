"""Subjects that are programs, by name: those that come with the library, and one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.parameters import unknown
from neurogym.subjects.detector import SignalDetector
from neurogym.subjects.integrator import Integrator
from neurogym.subjects.learners import QLearner, WinStayLoseShift
from neurogym.subjects.policy import Policy, start_run
from neurogym.subjects.policy import has as _callable
from neurogym.subjects.simple import Model, Oracle, RandomAgent
from neurogym.subjects.timer import IntervalObserver
from neurogym.subjects.two_step import TwoStepLearner
from neurogym.subjects.wagerer import ConfidenceObserver

AGENTS: dict[str, type[Policy]] = {
    "random": RandomAgent,
    "oracle": Oracle,
    "integrator": Integrator,
    "q-learner": QLearner,
    "win-stay-lose-shift": WinStayLoseShift,
    "two-step": TwoStepLearner,
    "signal-detection": SignalDetector,
    "confidence": ConfidenceObserver,
    "interval": IntervalObserver,
}
# those that behave as people do, the more particular ones first
OBSERVERS = (
    "confidence", "two-step", "q-learner", "win-stay-lose-shift", "interval", "signal-detection",
    "integrator",
)  # fmt: skip


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


def fits(spec: str | Policy | Any, env: HasTrials) -> bool:
    """Whether an agent can play an environment whose trial has begun: one given as `agent` is."""
    policy: Any = agent(spec)
    try:
        start_run(policy, env, 0)
        policy.begin(env, np.random.default_rng(0))
    except ValueError:
        return False
    return True


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
