"""Wrappers that change what is observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import param

from neurogym.spec.conditions import Uniform
from neurogym.spec.layout import Channels
from neurogym.spec.parameters import NameLists, Names, replaced
from neurogym.spec.plan import Echo, Plan
from neurogym.spec.scene import Bar, Scene
from neurogym.wrappers.base import Wrapper, add_condition


def extended(channels: Channels, **more: int) -> Channels:
    """Channels with others after them."""
    return Channels(**channels.sizes, **more)


OLD_NOISE = {
    "std_noise": "it was the SD of a step; give sigma = std_noise * sqrt(dt), as a step gets"
    " sigma / sqrt(dt)",
    "perf_th": "give target, the performance to hold",
    "w": "performance is followed trial by trial: give step, the change of sigma in a trial",
    "step_noise": "give step, the change of sigma in a trial",
}


class Noise(Wrapper):
    """Adds Gaussian noise to all channels, or as much as holds performance at a target.

    Fits every task whose observations do not depend on the actions.

    With a `target`, sigma goes up by step * (performance - target) after each trial, so that it
    comes to rest where performance is the target on average; the condition `noise` tells it.
    """

    sigma = param.Number(0.1, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    channels = Names(None, of="channel", doc="which channels; all if None")
    target = param.Number(None, bounds=(0, 1), allow_None=True, doc="performance to hold; or None")
    step = param.Number(0.05, bounds=(0, 10), doc="change of sigma in a trial, at most")

    def __init__(self, *args: Any, **params: Any):
        replaced("Noise", {k: v for k, v in params.items() if k in OLD_NOISE}, OLD_NOISE)
        super().__init__(*args, **params)

    def check(self, task):
        if task.closed and not task.foreseen:
            self.refuse(task, "its observations depend on the actions")
        for name in self.channels or ():
            task.plan.channels[name]  # raises for an unknown one

    def change(self, task, plan):
        if self.target is not None:
            noise = Uniform(0, 1e3, doc="SD of the added noise, sigma")
            add_condition(self, task, plan, "noise", noise)

    @property
    def draws(self):
        return self.target is not None

    @property
    def learns(self):
        return self.target is not None

    def at_first(self, task, n):
        return {"sigma": np.full(n, float(self.sigma))}

    def settle(self, task, draw, luck, last):
        draw.conditions["noise"] = last["sigma"]

    def follow(self, task, last, trials, results):
        change = self.step * (results.performance - self.target)
        return {"sigma": np.maximum(0.0, last["sigma"] + change)}

    def paint(self, task, canvas, trials):
        sigma = self.sigma if self.target is None else trials.noise
        for name in [None] if self.channels is None else self.channels:
            canvas.noise(name, sigma)


@dataclass(frozen=True)
class Layers:
    """A scene with more elements above it."""

    below: Any
    above: Scene

    def resolve(self, task: Any, conditions: Any) -> list[dict[str, Any]]:
        """The stage of one trial, as JSON."""
        return [*self.below.resolve(task, conditions), *self.above.resolve(task, conditions)]


class TTLPulse(Wrapper):
    """Channels that are on during some periods, as pulses that synchronise other devices are.

    Fits every declared task.

    `periods` lists, for each signal, the periods in which it is on. The channels are `ttl_1`,
    `ttl_2`, ...; on the screen each is a small white square in the lower left corner, which a
    photodiode can watch.
    """

    periods = NameLists([], of="period", doc="for each signal, the names of its periods")

    def _signals(self, plan: Plan) -> dict[str, list[str]]:
        periods = self.periods or [list(plan.timing)[-1:]]
        return {f"ttl_{k}": names for k, names in enumerate(periods, 1)}

    def check(self, task):
        for names in self.periods:
            if extra := [name for name in names if name not in task.plan.timing]:
                known = ", ".join(task.plan.timing)
                raise ValueError(f"TTLPulse: no period {extra[0]!r}; the periods are {known}")

    def change(self, task, plan):
        signals = self._signals(plan)
        if taken := [name for name in signals if name in plan.channels.groups]:
            self.refuse(task, f"it has a channel {taken[0]!r} already")
        plan.channels = extended(plan.channels, **dict.fromkeys(signals, 1))
        squares = [
            Bar(x=-0.46 + 0.06 * k, y=-0.46, width=0.05, height=0.05, show=name, color="#ffffff")
            for k, name in enumerate(signals)
        ]
        plan.scene = Layers(plan.scene, Scene(*squares))

    def paint(self, task, canvas, trials):
        for name, periods in self._signals(task.plan).items():
            canvas.show(name, 1, during=tuple(periods))


class PassAction(Wrapper):
    """A channel shows the last action, also across the border of two trials.

    Fits every declared task whose actions are one of several.

    The channel `action` holds the action's number, or with `one_hot` there is a channel for each.
    Datasets show the right action of the row before.
    """

    one_hot = param.Boolean(False, doc="a channel for each action, instead of its number")

    def check(self, task):
        if task.plan.actions.graded:
            self.refuse(task, "its actions are numbers")

    def change(self, task, plan):
        add_echo(self, task, plan, "action", plan.actions.size if self.one_hot else 1, self.one_hot)


class PassReward(Wrapper):
    """A channel shows the last reward, also across the border of two trials.

    Fits every declared task.

    Datasets show the reward of the right action of the row before.
    """

    def change(self, task, plan):
        add_echo(self, task, plan, "reward", 1, False)


def add_echo(wrapper: Wrapper, task: Any, plan: Any, what: str, size: int, one_hot: bool) -> None:
    """Add the channels of an echo."""
    if what in plan.channels.groups:
        wrapper.refuse(task, f"it has a channel {what!r} already")
    plan.channels = extended(plan.channels, **{what: size})
    plan.echoes.append(Echo(what, plan.channels[what].slice, one_hot))
