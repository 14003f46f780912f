"""A declared task's parameters as attributes of its environment, under names that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.conditions import Choice
from neurogym.spec.durations import to_steps
from neurogym.spec.layout import ring
from neurogym.spec.parameters import real, unknown
from neurogym.trials.task import Task

# what tasks of NeuroGym have and declared tasks do not: what stands in its place
INSTEAD = {
    "add_period": "a declared task states its periods as timing = Timing(...)",
    "add_ob": "a declared task paints in paint(canvas, trials): canvas.show(...)",
    "set_ob": "a declared task paints in paint(canvas, trials): canvas.show(...)",
    "add_randn": "a declared task adds noise in paint(canvas, trials): canvas.noise(...)",
    "set_groundtruth": "a declared task labels in paint(canvas, trials): canvas.answer(...)",
    "post_step": "a gymnasium wrapper changes what step returns",
    "r_tmax": "what a trial without an answer earns is an entry of rewards, such as 'miss'",
    "seed": "reset(seed=s) seeds trials, noise and lengths",  # gymnasium warns of who has one
    "num_tr_exp": "episodes end by gymnasium's max_episode_steps",
}


class Parameter:
    """A parameter of the task, as an attribute to be read."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, env: Any, owner: type | None = None) -> Any:
        if env is None:
            return self
        task = env.task
        if self.name not in task.param:
            raise AttributeError(f"{env}: {unknown('attribute', [self.name], task.param)}")
        return fixed(getattr(task, self.name))


class Replaced:
    """What declared tasks do not have: asked for, it says what there is instead."""

    def __init__(self, name: str, instead: str):
        self.name, self.instead = name, instead

    def __get__(self, env: Any, owner: type | None = None) -> Any:
        if env is None:
            return self
        raise AttributeError(f"{env} has no {self.name}: {self.instead}")


class Entries(dict[str, Any]):
    """Timing or rewards of a task: an entry that is set counts from the next trial on."""

    def __init__(self, env: Any, name: str, values: Mapping[str, Any]):
        super().__init__(values)
        self._env, self._name = env, name

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return dict(self)

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def update(self, *args: Any, **more: Any) -> None:
        """Set some entries; ValueError for unknown ones, and values that they cannot have."""
        env, name, given = self._env, self._name, dict(*args, **more)
        before = getattr(env.task, name)
        setattr(env, name, {**before, **given})
        own, told = getattr(env.task, name), getattr(env.task.plan, name)
        if idle := [key for key in given if own[key] != before[key] and told[key] != own[key]]:
            setattr(env, name, before)
            raise ValueError(f"{name}[{idle[0]!r}] is set by a wrapper of {env}: change it there")
        super().update(getattr(env, name))

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The entry, which is there or unknown."""
        if key not in self:
            self.update({key: default})
        return self[key]

    def _stays(self, *_args: Any) -> NoReturn:
        raise TypeError(f"{self._name}: its entries can be changed, not taken away; 0 does without")

    __delitem__ = pop = popitem = clear = _stays


class Attributes(HasTrials):
    """What users of NeuroGym read from a task, and set: it goes to the declared task.

    A parameter that is set takes effect with the next trial. AttributeError for an attribute that
    there is not, with the nearest name; ValueError for a value that the task cannot have, and for
    one that would change the spaces.
    """

    task: Any  # a Task; its parameters are known to its class
    start_ind: Mapping[str, int]
    end_ind: Mapping[str, int]

    def _hold(self, task: Task) -> None:
        """Take a task over: its parameters, its spaces and what is known of it."""
        for name in task.param:
            if name != "name" and not hasattr(Attributes, name):
                # descriptors: with a __getattr__ every other attribute would be read more slowly
                setattr(Attributes, name, Parameter(name))
        cls = type(task.root)
        paper = cls.paper
        told = dict(description=cls.sentence(), tags=list(cls.tags))
        if paper is not None:
            told |= dict(paper_name=paper.title, paper_link=paper.link)
        vars(self).update(
            task=task,
            observation_space=task.plan.channels.space(),
            action_space=task.plan.actions.space(),
            metadata={**type(self).metadata, **told},
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name[0] == "_":
            object.__setattr__(self, name, value)
        elif name in self.task.param and name != "name":
            self._change(name, value)
        elif hasattr(type(self), name) or name in vars(self):
            object.__setattr__(self, name, value)
        else:
            raise AttributeError(f"{self}: {unknown('attribute', [name], self._parameters())}")

    def _parameters(self) -> list[str]:
        return [name for name in self.task.param if name != "name"]

    def _change(self, name: str, value: Any) -> None:
        """Set a parameter of the task, which has to keep its spaces; else it stays as it was."""
        task = self.task
        before = getattr(task, name)
        try:
            setattr(task, name, value)
            task.check()
            spaces = task.plan.channels.space(), task.plan.actions.space()
        except ValueError as error:
            setattr(task, name, before)
            raise ValueError(task.named(error)) from None
        except Exception:
            setattr(task, name, before)
            raise
        if spaces != (self.observation_space, self.action_space):
            setattr(task, name, before)
            raise ValueError(
                f"{name} = {value!r} would change the spaces of {self}: make another environment"
                f" with it, `neurogym.make(id, {name}=...)`"
            )

    def _first(self) -> np.ndarray:
        """The current row as it is shown, (C,)."""
        raise NotImplementedError

    def _restart(self, seed: int) -> None:
        """Go to the first trial of a seed."""
        raise NotImplementedError

    # -- NeuroGym's names ------------------------------------------------------------------------

    @property
    def dt(self) -> float:
        """Length of a step in ms."""
        return self.task.dt

    @property
    def timing(self) -> dict[str, Any]:
        """Length of each period, as declared; set entries count from the next trial on."""
        values = type(self.task).param["timing"].serialize(self.task.plan.timing)
        return Entries(self, "timing", values)

    @property
    def rewards(self) -> dict[str, float]:
        """What each outcome earns; set entries count from the next trial on."""
        return Entries(self, "rewards", self.task.plan.rewards)

    @property
    def choices(self) -> np.ndarray:
        """The values of the condition ground_truth, (n,): what can be right.

        AttributeError if it is not one of several.
        """
        if "choices" in self.task.param:
            return fixed(self.task.choices)
        conditions = self.task.plan.conditions
        truth = conditions.get("ground_truth")
        if not isinstance(truth, Choice):
            raise AttributeError(
                f"{self} has no choices: it has no condition ground_truth that is one of several;"
                f" its conditions are {', '.join(conditions) or 'none'}"
            )
        return fixed(list(truth.values))

    @property
    def theta(self) -> np.ndarray:
        """The directions on the task's ring in rad, (dim_ring,); AttributeError without a ring."""
        if "dim_ring" not in self.task.param:
            raise AttributeError(
                f"{self} has no theta: it has no ring of directions; the parameters are"
                f" {', '.join(self._parameters())}"
            )
        return fixed(ring(self.task.dim_ring))

    @property
    def ob_now(self) -> np.ndarray:
        """The current observation, (C,), read-only."""
        return fixed(self._first())

    def view_ob(self, period: str | None = None) -> np.ndarray:
        """The trial's observations, (T, C), or those of a period, read-only."""
        return self.ob[self._rows_of(period)]

    def view_groundtruth(self, period: str | None = None) -> np.ndarray:
        """The trial's labels, (T,) or (T, k), or those of a period, read-only."""
        return self.gt[self._rows_of(period)]

    def _rows_of(self, period: str | None) -> slice:
        if period is None:
            return slice(None)
        if period not in self.start_ind:
            raise ValueError(unknown("period", [period], self.start_ind))
        return slice(self.start_ind[period], self.end_ind[period])

    def sample_time(self, period: str) -> float:
        """Draw the length of a period in ms, a multiple of dt.

        It comes from the environment's own generator, which trials do not draw from. ValueError for
        an unknown period.
        """
        timing = self.task.plan.timing
        if period not in timing:
            raise ValueError(unknown("period", [period], timing))
        end = np.zeros(1)
        starts: dict[str, np.ndarray] = {}
        lengths: dict[str, np.ndarray] = {}
        for name, duration in timing.items():
            starts[name] = starts.get(self.task.starts_with.get(name, ""), end)
            ms = duration.draw(self.np_random, 1, starts[name], lengths)
            lengths[name] = to_steps(ms, self.dt) * self.dt
            end = starts[name] + lengths[name]
        return float(lengths[period][0])


for _name, _instead in INSTEAD.items():
    setattr(Attributes, _name, Replaced(_name, _instead))


def fixed(value: Any) -> Any:
    """A parameter's value as something that cannot be written into: it would change nothing."""
    if isinstance(value, list) and value and all(map(real, value)):
        value = np.array(value)
    if isinstance(value, np.ndarray):
        value = value.copy() if value.flags.writeable else value
        value.flags.writeable = False
        return value
    return tuple(map(fixed, value)) if isinstance(value, list | tuple) else value
