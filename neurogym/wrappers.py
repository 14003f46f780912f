"""Wrappers: what modifies a task, for every consumer of it.

A wrapper is Parameterized. `ReactionTime(env, urgency=-0.01)` gives an environment of the modified
task, `ReactionTime(task, ...)` the task, `ReactionTime(urgency=-0.01)` the wrapper alone, to be put
around a task by `task.wrapped(...)`. The same as JSON is a line of a stack, innermost first:
`[{"ReactionTime": {"urgency": -0.01}}, ...]`. Where two wrappers set the same thing the outer wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import param

from neurogym.canvas import Canvas, Trials
from neurogym.conditions import Choice
from neurogym.envs import TaskEnv
from neurogym.parameters import unknown
from neurogym.rules import FirstResponse
from neurogym.task import Plan, Task
from neurogym.timing import Duration


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


def _needs_ground_truth(wrapper: Wrapper, task: Task) -> int:
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


class ReactionTime(Wrapper):
    """The subject may answer as soon as the evidence is there.

    Fits tasks with a period of evidence before a decision that the first response makes, such as
    PerceptualDecisionMaking.

    The response window opens with the period `stimulus`, or `from_step` steps later, and lasts
    until the decision closes, or, with `end_on_stimulus`, until the stimulus ends; labels follow.
    Each step of the window adds `urgency` to the reward. What is left of the stimulus is not shown
    after the response: the trial ends with it.
    """

    stimulus = param.String("stimulus", doc="the period with which the window opens")
    end_on_stimulus = param.Boolean(True, doc="the window closes when the stimulus ends")
    from_step = param.Integer(0, bounds=(0, 100), doc="steps of evidence before a response counts")
    urgency = param.Number(
        0.0, bounds=(-10, 10), doc="added to the reward of each step of the window"
    )
    fixation_cue = param.Boolean(True, doc="fixation stays on while the evidence is there")

    def check(self, task):
        rule, timing = task.plan.rule, task.plan.timing
        if not isinstance(rule, FirstResponse):
            self.refuse(task, "no first response decides its trials")
        if self.stimulus not in timing:
            self.refuse(task, f"it has no period {self.stimulus!r}, but {', '.join(timing)}")
        periods = list(timing)
        if periods.index(self.stimulus) >= periods.index(rule.periods[0]):
            self.refuse(task, f"{self.stimulus} does not come before {rule.periods[0]}")
        held = (rule.hold,) if isinstance(rule.hold, str) else rule.hold
        if not periods.index(self.stimulus):
            self.refuse(task, f"nothing comes before {self.stimulus}")
        if not any(periods.index(p) < periods.index(self.stimulus) for p in held):
            self.refuse(task, "no period before the evidence is to be waited for")

    def _window(self, plan):
        periods = list(plan.timing)
        first, last = periods.index(self.stimulus), periods.index(plan.rule.periods[-1])
        return tuple(periods[first : last + 1])

    def change(self, task, plan):
        window = self._window(plan)
        held = (plan.rule.hold,) if isinstance(plan.rule.hold, str) else plan.rule.hold
        plan.rule = replace(
            plan.rule,
            window=window,
            hold=tuple(period for period in held if period not in window),
            dead_steps=self.from_step,
            urgency=self.urgency,
        )
        if self.end_on_stimulus:
            for period in window[1:]:
                plan.timing[period] = Duration("constant", (0.0,))

    def paint(self, task, canvas, trials):
        window = canvas.timeline.index(task.plan.rule.window)
        answers = canvas.answers[:, window[-1]].copy()
        for segment in window:
            canvas.answers[:, segment] = answers
        if not self.fixation_cue and "fixation" in task.plan.channels.names:
            canvas.show("fixation", 0, during=task.plan.rule.window)


class RandomGroundTruth(Wrapper):
    """Draws the right answer with given probabilities.

    Fits tasks whose condition ground_truth is one of several values.
    """

    p = param.List(None, allow_None=True, doc="probability of each value; equal if None")

    def check(self, task):
        n = _needs_ground_truth(self, task)
        if self.p is not None:
            probabilities("p", self.p, n)

    def change(self, task, plan):
        old = plan.conditions["ground_truth"]
        plan.conditions["ground_truth"] = Choice(old.values, self.p, unit=old.unit, doc=old.doc)


class SideBias(Wrapper):
    """Blocks in which some answers are right more often than others.

    Fits tasks whose condition ground_truth is one of several values.

    `block_dur` is a number of trials, a range (low, high) from which each block's length is drawn,
    or a probability below 1 with which a block ends at each trial. The next block is another one,
    each with equal chance. The condition `block` tells the block.
    """

    probs = param.List([[0.8, 0.2], [0.2, 0.8]], doc="by block, the probability of each answer")
    block_dur = param.Parameter(200, doc="trials, (low, high) trials, or a switching probability")

    def check(self, task):
        n = _needs_ground_truth(self, task)
        if not self.probs:
            raise ValueError("SideBias: probs is empty, expected a row of probabilities a block")
        for i, row in enumerate(self.probs):
            probabilities(f"probs[{i}]", row, n)
        low, high = self._range()
        if not 0 < low <= high:
            raise ValueError(
                f"block_dur = {self.block_dur!r}: expected a number of trials, (low, high) trials,"
                " or a probability below 1"
            )
        if "block" in task.plan.conditions:
            self.refuse(task, "it has a condition 'block' already")

    def _range(self) -> tuple[float, float]:
        dur = self.block_dur
        if isinstance(dur, bool) or not isinstance(dur, int | float | list | tuple | np.number):
            return 0, 0
        low, high = dur if isinstance(dur, list | tuple) and len(dur) == 2 else (dur, dur)
        whole = float(low).is_integer() and float(high).is_integer()
        return (low, high) if whole or (low == high and 0 < low < 1) else (0, 0)

    def change(self, task, plan):
        plan.conditions["block"] = Choice(range(len(self.probs)), doc="the block of side bias")

    def draw(self, task, rng, n, conditions, last):
        size = len(self.probs)
        block, left = last or (int(rng.integers(size)), self._length(rng))
        order, lengths, drawn = [block], [left], left
        while drawn < n:
            if size > 1:  # another one: a step of 1 to size - 1 around the circle
                block = (block + 1 + int(rng.integers(size - 1))) % size
            left = self._length(rng)
            order.append(block)
            lengths.append(left)
            drawn += left
        blocks = np.repeat(order, lengths)[:n]
        p = np.cumsum(self.probs, axis=1)[:, :-1]
        values = task.plan.conditions["ground_truth"].values
        picked = (rng.random(n)[:, None] >= p.take(blocks, axis=0)).sum(axis=1)
        conditions["block"], conditions["ground_truth"] = blocks, values[picked]
        return block, drawn - n

    def _length(self, rng: np.random.Generator) -> int:
        low, high = self._range()
        return int(rng.geometric(low)) if low < 1 else int(rng.integers(low, high + 1))


class TrialHistory(Wrapper):
    """The right answer depends on the right answer of the trial before.

    Fits tasks whose condition ground_truth is one of several values.
    """

    probs = param.Parameter(
        0.8, doc="probability of a repetition, or a matrix: row previous, column next answer"
    )

    def check(self, task):
        n = _needs_ground_truth(self, task)
        for i, row in enumerate(self._matrix(n)):
            probabilities(f"probs[{i}]", row, n)

    def _matrix(self, n: int) -> np.ndarray:
        probs = np.asarray(self.probs, float)
        if probs.ndim == 0:
            if not 0 <= probs <= 1:
                raise ValueError(f"probs = {self.probs!r}: expected a probability")
            rest = (1 - probs) / (n - 1)
            return np.where(np.eye(n, dtype=bool), probs, rest)
        if probs.shape != (n, n):
            raise ValueError(f"probs of shape {probs.shape}: expected ({n}, {n}), or a number")
        return probs

    def draw(self, task, rng, n, conditions, last):
        values = task.plan.conditions["ground_truth"].values
        steps = np.cumsum(self._matrix(len(values)), axis=1)[:, :-1]
        at = int(rng.integers(len(values))) if last is None else last
        # for each trial, what would follow each of the answers; then one walk through it
        following = (rng.random(n)[:, None, None] >= steps).sum(axis=2).tolist()
        picked = [at := options[at] for options in following]
        conditions["ground_truth"] = values[picked]
        return at


class Noise(Wrapper):
    """Adds Gaussian noise to all channels.

    Fits every task whose observations do not depend on the actions.
    """

    sigma = param.Number(0.1, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    channels = param.List(None, allow_None=True, item_type=str, doc="which channels; all if None")

    def check(self, task):
        if task.closed:
            self.refuse(task, "its observations depend on the actions")
        for name in self.channels or ():
            task.plan.channels[name]  # raises for an unknown one

    def paint(self, task, canvas, trials):
        for group in task.plan.channels:
            if self.channels is None or group.name in self.channels:
                canvas.noise(group.name, self.sigma)


class MissTrialReward(Wrapper):
    """A trial without the response that was asked for earns something of its own.

    Fits tasks in which a response is asked for and can be missed.
    """

    r_miss = param.Number(-0.5, bounds=(-100, 100), doc="what a miss earns")

    def check(self, task):
        if task.plan.rule is None:
            self.refuse(task, "it has no response window that could be missed")

    def change(self, task, plan):
        plan.rewards["miss"] = float(self.r_miss)


WRAPPERS: dict[str, type[Wrapper]] = {
    cls.__name__: cls
    for cls in (ReactionTime, RandomGroundTruth, SideBias, TrialHistory, Noise, MissTrialReward)
}

Stack = Sequence[Wrapper | Mapping[str, Mapping[str, Any]]]


def read(stack: Stack) -> list[Wrapper]:
    """Wrappers from a stack, innermost first; ValueError says what is wrong with which line."""
    if isinstance(stack, str | Mapping) or not isinstance(stack, Sequence):
        raise ValueError(f"a stack is a list such as [{{'ReactionTime': {{}}}}], not {stack!r}")
    wrappers = []
    for line in stack:
        if isinstance(line, Wrapper):
            wrappers.append(line)
            continue
        if not isinstance(line, Mapping) or len(line) != 1:
            raise ValueError(f"a line of a stack is {{name: parameters}}, not {line!r}")
        ((name, params),) = line.items()
        if name not in WRAPPERS:
            raise ValueError(unknown("wrapper", [name], WRAPPERS))
        if not isinstance(params, Mapping):
            raise ValueError(f"the parameters of {name} are a dict, not {params!r}")
        wrappers.append(WRAPPERS[name](**params))
    return wrappers


def write(wrappers: Sequence[Wrapper]) -> list[dict[str, dict[str, Any]]]:
    """The JSON form that `read` reads back."""
    return [{type(wrapper).__name__: wrapper.settings()} for wrapper in wrappers]


def fitting(task: Task) -> dict[str, str]:
    """For each wrapper, why it does not fit a task; empty where it does."""
    reasons = {}
    for name, cls in WRAPPERS.items():
        try:
            task.wrapped(cls())
        except ValueError as error:
            reasons[name] = str(error)
        else:
            reasons[name] = ""
    return reasons
