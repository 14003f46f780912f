"""Wrappers that change when a response counts, and what it earns."""

from __future__ import annotations

from dataclasses import replace

import param

from neurogym.rules import FirstResponse
from neurogym.timing import Duration, to_steps
from neurogym.wrappers.base import Wrapper


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
