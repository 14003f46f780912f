"""Decisions under rules that change without notice."""

import numpy as np
import param

from neurogym.conditions import Choice, Flips
from neurogym.layout import Actions, Channels
from neurogym.parameters import Timing
from neurogym.rules import Chain
from neurogym.scene import BLUE, GO, By, Cross, Disc, Keys, Scene, Text
from neurogym.task import Paper, Preset, Task

LEFT, RIGHT = -0.3, 0.3


def _flash(k):
    """How bright the k-th side is: what its channel shows."""
    return By(
        lambda task, conditions: {
            "channel": task.plan.channels["stimulus"].start + k, "scale": 1.0, "offset": 0.0
        }
    )  # fmt: skip


def _boundary(task, conditions):
    return f"short: less than {task.boundary / 1000:g} s between the flashes"


class HierarchicalReasoning(Task):
    """Name the rule, which changes unseen, then follow it: answer on the flashes' side or not."""

    paper = Paper(
        "Hierarchical reasoning by neural circuits in the frontal cortex",
        "https://doi.org/10.1126/science.aav8911",
        "Sarafyazd & Jazayeri",
        2019,
    )
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "The interval that decides is the one that is shown; it was drawn a second time, so that"
        " the label agreed with what was seen at chance.",
        "The boundary between short and long is a parameter, 850 ms; it was 610 ms by mistake. No"
        " interval is 850 ms by default, which is neither.",
        "The condition ground_truth is the side of the right answer, counted from 0; the side of"
        " the flashes follows from it, the rule and the interval. The answer could not be forced.",
        "The rule changes with probability p_switch in each trial; it did after 10 to 20 trials,"
        " which is the same on average, and the lengths did not follow the seed.",
        "The first response in rule_target names the rule; its last step did.",
        "Response times count from the start of rule_target, where the first answer is asked for.",
    )

    boundary = param.Number(850, bounds=(1, 10_000), doc="longer intervals are long, in ms")
    p_switch = param.Magnitude(
        round(1 / 15, 4), doc="chance, in each trial, that the rule is another one"
    )
    timing = Timing(
        fixation=("truncated_exponential", (600, 400, 800)), rule_target=1000,
        fixation2=("truncated_exponential", (600, 400, 900)), flash1=100,
        delay=[530, 610, 690, 770, 930, 1010, 1090, 1170], flash2=100, decision=700,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True,
        timing=dict(
            rule_target=2000, flash1=200, delay=[530, 610, 1090, 1170], flash2=200, decision=2500
        ),
    )  # fmt: skip

    rule = Chain(
        ("rule_target", "decision"), asked=("rule_target", "decision"),
        hold=("fixation", "fixation2", "flash1", "delay", "flash2"),
    )  # fmt: skip
    keys = Keys(
        {"rule": ["if short", "if long"], "choice": ["left", "right"]},
        rule=("KeyF", "KeyJ"),
        choice=("ArrowLeft", "ArrowRight"),
    )
    scene = Scene(
        *(Disc(x=x, radius=0.11, outline=0.006, alpha=0.6) for x in (LEFT, RIGHT)),
        *(
            Disc(x=x, radius=0.11, color=BLUE, alpha=_flash(k), during=("flash1", "flash2"))
            for k, x in enumerate((LEFT, RIGHT))
        ),
        Text(text="Answer on the flashes' side ...", y=0.28, size=0.05, color=GO,
             during="rule_target"),
        Text(text="if short", x=LEFT, size=0.045, during="rule_target"),
        Text(text="if long", x=RIGHT, size=0.045, during="rule_target"),
        Text(text=By(_boundary), y=-0.28, size=0.035, during="rule_target"),
        Cross(during=("fixation", "fixation2", "flash1", "delay", "flash2")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, rule=2, stimulus=2)

    def actions(self):
        return Actions(fixation=1, rule=2, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the right side: 0 left, 1 right"),
            rule=Flips(
                self.p_switch, doc="when to answer on the flashes' side: 0 if short, 1 if long"
            ),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        canvas.show("rule", 1, during="rule_target")
        long = canvas.timeline.ms["delay"] > self.boundary
        flashed = np.where(long == (trials.rule == 1), trials.ground_truth, 1 - trials.ground_truth)
        flash = np.arange(2) == flashed[:, None]
        canvas.show("stimulus", flash, during=("flash1", "flash2"))
        canvas.answer("rule", trials.rule, during="rule_target")
        canvas.answer("choice", trials.ground_truth, during="decision")
