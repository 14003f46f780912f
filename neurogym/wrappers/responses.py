"""Wrappers that change when a response counts, and what it earns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.durations import Duration, to_steps
from neurogym.spec.outcomes import Payoffs
from neurogym.spec.parameters import Name, Probability
from neurogym.spec.rules import FirstResponse
from neurogym.trials.task import Task
from neurogym.wrappers.base import Wrapper, add_condition


class ReactionTime(Wrapper):
    """The subject may answer as soon as the evidence is there.

    Fits tasks with a period of evidence before a decision that the first response makes, such as
    PerceptualDecisionMaking.

    The response window opens with the period `stimulus`, or `from_step` steps later, and lasts
    until the decision closes, or, with `end_on_stimulus`, until the stimulus ends; labels follow.
    Each step of the window adds `urgency` to the reward. What is left of the stimulus is not shown
    after the response: the trial ends with it.
    """

    stimulus = Name("stimulus", of="period", doc="the period with which the window opens")
    end_on_stimulus = param.Boolean(True, doc="the window closes when the stimulus ends")
    from_step = param.Integer(0, bounds=(0, 100), doc="steps of evidence before a response counts")
    urgency = param.Number(
        0.0, bounds=(-10, 10), doc="added to the reward of each step of the window"
    )
    fixation_cue = param.Boolean(True, doc="fixation stays on while the evidence is there")

    def __init__(self, *args: Any, **params: Any):
        if args and isinstance(args[0], int | float) and not isinstance(args[0], bool):
            names = ("urgency", "end_on_stimulus")  # the order in which NeuroGym has them
            params, args = {**dict(zip(names, args, strict=False)), **params}, args[2:]
        super().__init__(*args, **params)

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

        low, _ = timing[self.stimulus].bounds
        if self.end_on_stimulus and 0 < to_steps(low, task.dt) <= self.from_step:
            self.refuse(
                task,
                f"its {self.stimulus} can be as short as {low:g} ms, and from_step ="
                f" {self.from_step} leaves no step of {task.dt:g} ms for a response",
            )

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


def needs_table(wrapper: Wrapper, task: Task) -> None:
    """Refuse tasks in which no table says what actions earn."""
    if task.plan.rule is None:
        wrapper.refuse(task, "no single rule says what its actions earn")


class CatchTrials(Wrapper):
    """Pays something else on some trials, whatever the answer.

    Fits tasks in which a rule says what a response earns.

    A share `catch_prob` of trials are catch trials; with `stim_th` only of those whose `coh` is not
    above that percentile of the coherences. What ends a catch trial earns `alt_rew`; its label
    stays. The condition `catch` tells it.
    """

    catch_prob = Probability(0.1, doc="share of catch trials")
    stim_th = param.Number(
        None, bounds=(0, 100), allow_None=True, doc="percentile of coh up to which; all if None"
    )
    alt_rew = param.Number(0.0, bounds=(-100, 100), doc="what a catch trial earns")

    def check(self, task):
        needs_table(self, task)
        if self.stim_th is not None and "coh" not in task.plan.conditions:
            self.refuse(task, "stim_th is for tasks with a condition coh")

    def change(self, task, plan):
        p = [1 - self.catch_prob, self.catch_prob]
        add_condition(self, task, plan, "catch", Choice((0, 1), p, doc="1: a catch trial"))

    def draw(self, task, draw, last):
        if self.stim_th is not None:
            levels = task.plan.conditions["coh"].values
            weak = draw.conditions["coh"] <= np.percentile(levels, self.stim_th)
            draw.conditions["catch"] = draw.conditions["catch"] * weak

    def forms(self, task, payoffs):
        other = payoffs.copy()
        other.reward[other.ends] = self.alt_rew
        return [other]

    def form(self, task, trials):
        return np.asarray(trials.catch)


class Lapse(Wrapper):
    """On a share of trials a response is any one, whatever was meant.

    Fits tasks in which a rule says what a response earns, and there are two answers or more.

    A lapse replaces the answer that was given by one drawn at random: its response, outcome and
    reward are those of that one. The condition `lapse` tells which one, 0 for no lapse.
    """

    rate = Probability(0.1, doc="share of trials with a lapse")

    def check(self, task):
        needs_table(self, task)
        if task.plan.actions.size < 3:
            self.refuse(task, "it has one answer only")

    def change(self, task, plan):
        n = plan.actions.size - 1
        p = [1 - self.rate, *[self.rate / n] * n]
        lapse = Choice(range(n + 1), p, doc="the answer that is given; 0: as meant")
        add_condition(self, task, plan, "lapse", lapse)

    def forms(self, task, payoffs):
        return [self._always(payoffs, answer) for answer in range(1, payoffs.shape[2])]

    def _always(self, payoffs: Payoffs, answer: int) -> Payoffs:
        """The table in which every answer is the same one."""
        other = payoffs.copy()
        given = payoffs.response > 0
        for name in Payoffs.FIELDS:
            table = getattr(payoffs, name)
            getattr(other, name)[given] = np.broadcast_to(table[:, :, answer, None], table.shape)[
                given
            ]
        return other

    def form(self, task, trials):
        return np.asarray(trials.lapse)
