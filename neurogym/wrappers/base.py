"""What every wrapper is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import param

from neurogym.canvas import Canvas, Trials
from neurogym.conditions import Choice
from neurogym.envs import TaskEnv
from neurogym.parameters import unknown
from neurogym.task import Plan, Task


class Wrapper(param.Parameterized):
    """Modifies a task; the base of all wrappers.

    `check` raises ValueError for a task that it does not fit, and says which tasks it fits.
    `change` edits what is known before any trial: channels, conditions, timing, rewards, rule,
    scene. `draw` sets conditions of trials, `paint` edits what the task painted.
    """

    def __new__(cls, target: gym.Env | Task | None = None, /, **params: Any) -> Any:
        wrapper = super().__new__(cls)
        if target is None:
            return wrapper
        wrapper.__init__(**params)
        if isinstance(target, Task):
            return target.wrapped(wrapper)
        env = target.unwrapped if isinstance(target, gym.Env) else None
        if not isinstance(env, TaskEnv):
            raise TypeError(
                f"{cls.__name__} wraps a declared task or its environment, not {target!r}"
            )
        return TaskEnv(env.task.wrapped(wrapper))

    def __init__(self, **params: Any):
        allowed = [name for name in self.param if name != "name"]
        if extra := [name for name in params if name not in allowed]:
            raise ValueError(f"{type(self).__name__}: {unknown('parameter', extra, allowed)}")
        super().__init__(**params)

    def check(self, task: Task) -> None:
        """Raise ValueError for a task that this does not fit."""

    def change(self, task: Task, plan: Plan) -> None:
        """Edit what is known before any trial, in place."""

    def draw(
        self,
        task: Task,
        rng: np.random.Generator,
        n: int,
        conditions: dict[str, np.ndarray],
        last: Any,
    ) -> Any:
        """Set conditions of n trials, in place; what is returned is `last` in the next draw."""
        return None

    def paint(self, task: Task, canvas: Canvas, trials: Trials) -> None:
        """Edit what the task painted."""

    def settings(self) -> dict[str, Any]:
        """The parameters that differ from the defaults, in JSON form."""
        own = self.param.values()
        default = type(self).param
        return {k: v for k, v in own.items() if k != "name" and v != default[k].default}

    def refuse(self, task: Task, why: str) -> None:
        """Raise the ValueError that says why a task does not fit, and what this is for."""
        purpose = (type(self).__doc__ or "").partition("\n\n")[2].partition("\n\n")[0]
        needs = " ".join(purpose.split())
        raise ValueError(
            f"{type(self).__name__} does not fit {type(task).__name__}: {why}. {needs}"
        )


def needs_ground_truth(wrapper: Wrapper, task: Task) -> int:
    """The number of choices of a task with a `ground_truth` that is one of several."""
    condition = task.plan.conditions.get("ground_truth")
    if not isinstance(condition, Choice) or len(condition.values) < 2:
        wrapper.refuse(task, "it has no condition ground_truth that is one of several values")
    return len(condition.values)


def probabilities(name: str, values: Sequence, n: int) -> np.ndarray:
    """Check that these are n probabilities that sum to 1; ValueError otherwise."""
    array = np.asarray(values, float)
    if array.shape != (n,) or (array < 0).any() or abs(array.sum() - 1) > 1e-8:
        raise ValueError(f"{name} = {values!r}: expected {n} probabilities that sum to 1")
    return array
