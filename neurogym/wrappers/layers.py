"""gymnasium wrappers that stand around a task which is wrapped: they are built anew around it.

A wrapper of tasks changes the task itself, so that a gymnasium wrapper beneath it ends up around
it. Where that would make a difference, since both change the same, it is refused.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Iterable
from typing import Any

import gymnasium as gym
from gymnasium import wrappers as standard
from gymnasium.utils import RecordConstructorArgs

from neurogym.trials.task import Task

OBSERVATIONS, ACTIONS, REWARDS = "observations", "actions", "rewards"
ALL = frozenset((OBSERVATIONS, ACTIONS, REWARDS))
WATCHING = (
    standard.OrderEnforcing, standard.PassiveEnvChecker, standard.TimeLimit, standard.Autoreset,
    standard.RecordEpisodeStatistics, standard.RenderCollection, standard.RecordVideo,
    standard.HumanRendering, standard.AddWhiteNoise, standard.ObstructView,
)  # fmt: skip
CHANGING: dict[type, str] = {
    gym.ObservationWrapper: OBSERVATIONS,
    standard.DelayObservation: OBSERVATIONS,
    standard.TimeAwareObservation: OBSERVATIONS,
    standard.FrameStackObservation: OBSERVATIONS,
    standard.NormalizeObservation: OBSERVATIONS,
    gym.ActionWrapper: ACTIONS,
    standard.StickyAction: ACTIONS,
    gym.RewardWrapper: REWARDS,
    standard.NormalizeReward: REWARDS,
}
LEARNED = ("obs_rms", "return_rms")  # running means


def layers_of(env: Any, within: Any = None) -> list[gym.Wrapper]:
    """The gymnasium wrappers around an environment, or the one `within`, the innermost first.

    Without `OrderEnforcing`: the environment of a task itself asks for a reset before a step.
    """
    layers = []
    if getattr(within, "env", None) is env:  # that is around it
        return []
    while isinstance(env, gym.Wrapper) and env is not within:
        layers.append(env)
        env = env.env
    return [layer for layer in reversed(layers) if type(layer) is not standard.OrderEnforcing]


def name_of(layer: gym.Wrapper) -> str:
    """What a layer is called."""
    return type(layer).__name__


def changed_by(layer: gym.Wrapper) -> frozenset[str]:
    """What a gymnasium wrapper may change: all, if it is none that is known."""
    if isinstance(layer, WATCHING) or getattr(layer, "watches", False):
        return frozenset()
    for cls in type(layer).__mro__:
        if cls.__module__.partition(".")[0] != "gymnasium" and {"step", "reset"} & vars(cls).keys():
            return ALL
    found = [what for cls, what in CHANGING.items() if isinstance(layer, cls)]
    return frozenset(found) or ALL


def changed_within(before: Task, after: Task) -> frozenset[str]:
    """What a step gives and takes that differs once a task is wrapped, whatever the trial."""
    if after.tasks or before.tasks:
        return ALL
    old, new = before.plan, after.plan
    found = {ACTIONS if e.what == "action" else REWARDS for e in new.echoes[len(old.echoes) :]}
    if after.stack[-1].paints or old.channels.space() != new.channels.space():
        found.add(OBSERVATIONS)
    if old.actions.space() != new.actions.space():
        found.add(ACTIONS)
    if old.rewards != new.rewards or old.rule != new.rule or old.pays.keys() != new.pays.keys():
        found.add(REWARDS)
    return frozenset(found)


def again(layers: Iterable[gym.Wrapper], env: gym.Env, within: frozenset[str], name: str) -> Any:
    """The layers around another environment, of which a wrapper called `name` changed the task.

    TypeError for a layer that would no longer do what it did.
    """
    for layer in layers:
        both = within & changed_by(layer)
        if both:
            raise TypeError(
                f"{name} changes the task itself, beneath {name_of(layer)}, and the"
                f" {' and '.join(sorted(both))} of both: what {name_of(layer)} did before it would"
                f" be lost. Wrap the task first: {name_of(layer)}({name}(env), ...)"
            )
        env = _one_again(layer, env, name)
    return env


def _one_again(layer: gym.Wrapper, env: gym.Env, name: str) -> gym.Env:
    lost = f"{name} changes the task itself, and {name_of(layer)} around it"
    if getattr(layer, "num_steps", 0):
        raise TypeError(f"{lost} has recorded steps, which would be lost: wrap the task first")
    told = layer._saved_kwargs if isinstance(layer, RecordConstructorArgs) else {}
    given = inspect.signature(type(layer).__init__).parameters.values()
    taken = [p.name for p in given if p.kind is not p.VAR_KEYWORD][2:]  # after self and env
    try:
        if unsaid := [argument for argument in taken if argument not in told]:
            raise TypeError(f"nobody knows its arguments {', '.join(unsaid)}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a folder of videos is there already
            fresh: Any = type(layer)(env, **told)
    except Exception as error:
        raise TypeError(
            f"{lost} cannot be built anew, so that what it does would be lost: {error}. Wrap the"
            f" task first: {name_of(layer)}({name}(env), ...)"
        ) from error
    for mean in LEARNED:
        if hasattr(layer, mean):
            setattr(fresh, mean, copy.deepcopy(getattr(layer, mean)))
    return fresh
