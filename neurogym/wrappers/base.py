"""What every wrapper is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import gymnasium as gym
import numpy as np
import param

from neurogym.spec.canvas import Canvas, Trials
from neurogym.spec.conditions import Choice, Condition, State, single, state_of, told
from neurogym.spec.outcomes import Payoffs, Result, Results
from neurogym.spec.parameters import plain, unknown
from neurogym.spec.plan import Estimate, Plan
from neurogym.trials.batch import Draw
from neurogym.trials.task import Task
from neurogym.wrappers.layers import again, changed_within, layers_of


class Wrapper(param.Parameterized):
    """Modifies a task; the base of all wrappers. What a wrapper does not need, it leaves out.

    Around an environment it changes the task in it; gymnasium wrappers beneath are built anew
    around that, and TypeError is raised for those that would no longer do what they did.

    `check` raises ValueError for a task that it does not fit, and says which tasks it fits.
    `change` edits what is known before any trial: channels, conditions, timing, rewards, rule,
    scene. `draw` sets conditions of trials, `paint` edits what the task painted. `forms` gives the
    payoff table other forms, `form` says which of them each trial has. `learn` is told how each
    trial ended; a task around which a wrapper learns draws its trials one by one. That is a good
    deal faster where the wrapper gives `at_first`, `chance`, `settle` and `follow` in their place.
    """

    def __new__(cls, target: gym.Env | Task | None = None, /, *args: Any, **params: Any) -> Any:
        wrapper: Any = super().__new__(cls)
        if target is None:
            return wrapper
        if callable(under := getattr(getattr(target, "unwrapped", None), "under", None)):
            wrapper.__init__(*args, **params)
            return under(wrapper, target)  # a classic task says itself how it is wrapped
        task, env = task_of(cls.__name__, target)
        wrapper.__init__(*args, **params)
        wrapped = task.wrapped(wrapper)
        if env is None:
            return wrapped
        layers, name = layers_of(target), cls.__name__
        within = changed_within(task, wrapped) if layers else frozenset()
        return again(layers, env.of(wrapped), within, name)

    def __init__(self, *args: Any, **params: Any):
        allowed = [name for name in self.param if name != "name"]
        if len(args) > len(allowed):
            raise TypeError(f"{type(self).__name__} takes {', '.join(allowed)}, not {args!r}")
        params = {k: plain(v) for k, v in [*zip(allowed, args, strict=False), *params.items()]}
        if extra := [name for name in params if name not in allowed]:
            raise ValueError(f"{type(self).__name__}: {unknown('parameter', extra, allowed)}")
        super().__init__(**params)

    # -- what an author gives --------------------------------------------------------------------

    def check(self, task: Task) -> None:
        """Raise ValueError for a task that this does not fit."""

    def change(self, task: Task, plan: Plan) -> None:
        """Edit what is known before any trial, in place."""

    def draw(self, task: Task, draw: Draw, last: Any) -> Any:
        """Set conditions and lengths of the n trials of a draw, in place.

        What is returned, as JSON, is `last` in the next draw; None in the first one.
        """
        if not self.settles:
            return None
        state = state_of(last, self.at_first(task, 1))
        each = {name: np.repeat(values, draw.n, axis=0) for name, values in state.items()}
        self.settle(task, draw, self.chance(task, draw), each)
        return told(state)

    def learn(self, task: Task, last: Any, trial: Mapping[str, Any], result: Result) -> Any:
        """What the next `draw` is told as `last`, as JSON, given how a trial ended."""
        if not self.settles:
            return last
        state = state_of(last, self.at_first(task, 1))
        return told(self.follow(task, state, single(trial), Results.of(result)))

    # of those that learn, for n sequences of trials side by side

    def at_first(self, task: Task, n: int) -> State:
        """What is known in n sequences before their first trials, (n,) arrays by name."""
        return {}

    def chance(self, task: Task, draw: Draw) -> np.ndarray:
        """What chance gives each trial of a draw, (n, ...), whatever will be learned."""
        return np.zeros(draw.n)

    def settle(self, task: Task, draw: Draw, luck: np.ndarray, last: State) -> None:
        """Set conditions and lengths of a trial of each sequence, in place; see `chance`."""

    def follow(
        self, task: Task, last: State, trials: Mapping[str, np.ndarray], results: Results
    ) -> State:
        """What is known after trials with some conditions, (n,) each, ended."""
        return last

    def estimate(self, task: Task, last: Mapping[str, Any]) -> Estimate | None:
        """What is known of the subject, given what the next trial is told; None if nothing is."""
        return None

    def paint(self, task: Task, canvas: Canvas, trials: Trials) -> None:
        """Edit what the task painted."""

    def forms(self, task: Task, payoffs: Payoffs) -> list[Payoffs]:
        """Other forms of the payoff table."""
        return []

    def form(self, task: Task, trials: Trials) -> np.ndarray:
        """Which form each trial has, (n,): 0 the table as it is, k the k-th of `forms`."""
        return np.zeros(trials.n, np.int64)

    # -- what follows ----------------------------------------------------------------------------

    def around(self, task: Task) -> Task:
        """A task with this wrapper around it; ValueError if it does not fit."""
        self.check(task)
        return task.within(self)

    @property
    def draws(self) -> bool:
        """Whether it has a part in drawing trials."""
        return type(self).draw is not Wrapper.draw or self.settles

    @property
    def paints(self) -> bool:
        """Whether it edits what the task painted."""
        return type(self).paint is not Wrapper.paint

    @property
    def settles(self) -> bool:
        """Whether chance comes first, and what was learned is settled then."""
        return type(self).settle is not Wrapper.settle and type(self).draw is Wrapper.draw

    @property
    def pays(self) -> bool:
        """Whether it gives payoffs other forms."""
        return type(self).forms is not Wrapper.forms

    @property
    def learns(self) -> bool:
        """Whether trials depend on how those before them ended."""
        return type(self).learn is not Wrapper.learn or self.settles

    def settings(self) -> dict[str, Any]:
        """The parameters that differ from the defaults, in JSON form."""
        own = self.param.values()
        default = type(self).param
        return {k: v for k, v in own.items() if k != "name" and v != default[k].default}

    def refuse(self, task: Task, why: str) -> NoReturn:
        """Raise the ValueError that says why a task does not fit, and what this is for."""
        purpose = (type(self).__doc__ or "").partition("\n\n")[2].partition("\n\n")[0]
        needs = " ".join(purpose.split())
        raise ValueError(f"{type(self).__name__} does not fit {task.label}: {why}. {needs}")


def task_of(name: str, target: Any) -> tuple[Task, Any]:
    """The declared task, and the environment as which it came, or None; `name` is who asks."""
    if isinstance(target, Task):
        return target, None
    env = target.unwrapped if isinstance(target, gym.Env) else None
    task = getattr(env, "task", None)
    if not isinstance(task, Task):
        many = isinstance(target, gym.vector.VectorEnv)
        hint = f": write make_vec(id, n, stack=[{{{name!r}: {{}}}}])" if many else ""
        raise TypeError(f"{name} wraps a declared task or its environment, not {target!r}{hint}")
    return task, env


def needs_ground_truth(wrapper: Wrapper, task: Task) -> int:
    """The number of choices of a task with a `ground_truth` that is one of several."""
    condition = task.plan.conditions.get("ground_truth")
    if not isinstance(condition, Choice) or len(condition.values) < 2:
        wrapper.refuse(task, "it has no condition ground_truth that is one of several values")
    return len(condition.values)


def add_condition(wrapper: Wrapper, task: Task, plan: Plan, name: str, kind: Condition) -> None:
    """Add a condition to a plan; refuse a task that has one of that name."""
    if name in plan.conditions or name in plan.timing:
        wrapper.refuse(task, f"it has a condition or period {name!r} already")
    plan.conditions[name] = kind


def probabilities(name: str, values: Sequence, n: int) -> np.ndarray:
    """Check that these are n probabilities that sum to 1; ValueError otherwise."""
    array = np.asarray(values, float)
    if array.shape != (n,) or (array < 0).any() or abs(array.sum() - 1) > 1e-8:
        raise ValueError(f"{name} = {values!r}: expected {n} probabilities that sum to 1")
    return array
