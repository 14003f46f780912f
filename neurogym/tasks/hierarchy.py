"""Decisions under rules that change without notice."""

import numpy as np
import param

from neurogym.spec.conditions import Choice, Flips, Runs
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Probability, Timing
from neurogym.spec.rules import Chain, FirstResponse
from neurogym.spec.scene import BLUE, GO, PINK, TEAL, By, Cross, Disc, Dots, Keys, Scene, Text
from neurogym.trials.task import Task

LEFT, RIGHT = -0.3, 0.3


def _flash(k):
    """How bright the k-th side is: what its channel shows."""
    return By(
        lambda task, conditions: {
            "channel": task.plan.channels["stimulus"].start + k, "scale": 1.0, "offset": 0.0
        }
    )  # fmt: skip


def _boundary(task, conditions):
    return f"short: < {task.boundary / 1000:g} s"


class HierarchicalReasoning(Task):
    """Name the rule, which changes unseen, then follow it: answer on the flashes' side or not."""

    also = ("rule switching", "counterfactual")
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
        "The rule changes after 10 to 20 trials, as it did, and the lengths follow the seed.",
        "The first response in rule_target names the rule; its last step did.",
        "The response time is that of the last answer, from the start of decision; the column"
        " answers has both, each from the start of its own period.",
        "The keys stimulus, long_interval and pro_choice of a trial are gone: they follow from "
        "delay (the interval), rule and ground_truth.",
    )

    sources = {
        "run_least": "NeuroGym", "run_most": "NeuroGym", "boundary": "paper", "timing": "NeuroGym"
    }  # fmt: skip

    boundary = param.Number(850, bounds=(1, 10_000), doc="longer intervals are long, in ms")
    run_least = param.Integer(10, bounds=(1, 1000), doc="least trials with the same rule")
    run_most = param.Integer(20, bounds=(1, 1000), doc="most trials with the same rule")
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
        Text(text="flashes' side if", y=0.28, size=0.085, color=GO, during="rule_target"),
        Text(text="short", x=LEFT, y=-0.17, size=0.08, during="rule_target"),
        Text(text="long", x=RIGHT, y=-0.17, size=0.08, during="rule_target"),
        Text(text=By(_boundary), y=-0.33, size=0.075, during="rule_target"),
        Cross(during=("fixation", "fixation2", "flash1", "delay", "flash2")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def check(self):
        if self.run_least > self.run_most:
            raise ValueError(
                f"run_least = {self.run_least}: expected at most run_most = {self.run_most}"
            )

    def channels(self):
        return Channels(fixation=1, rule=2, stimulus=2)

    def actions(self):
        return Actions(fixation=1, rule=2, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the right side: 0 left, 1 right"),
            rule=Runs(
                2,
                self.run_least,
                self.run_most,
                doc="when to answer on the flashes' side: 0 if short, 1 if long",
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


CORNERS = tuple((x, y) for y in (0.3, -0.3) for x in (-0.42, 0.42))


def _cued(task, conditions):
    return task.cxt_cue


class ChangingEnvironment(Task):
    """Say where the dots go, with the upper or lower pair: which one counts changes unseen."""

    also = ("change detection", "confidence", "volatility")
    paper = Paper(
        "Hierarchical decision processes that operate over distinct timescales underlie choice and"
        " changes in strategy",
        "https://doi.org/10.1073/pnas.1524685113",
        "Purcell & Kiani",
        2016,
    )
    tags = ("perceptual", "two-alternative", "supervised", "context dependent")
    differs = (
        "ground_truth is the side, counted from 0, and context the pair of answers that counts; if"
        " they are forced, stimulus and label both follow. Only one of them did.",
        "With cxt_cue there are two channels, context, one for each, on in all of the trial; the"
        " cue was erased during fixation and the evidence was one channel off.",
        "Fixation stays on until the decision, as in all tasks: its end is the cue to answer.",
        "The context at the start follows the seed.",
        "The coherences are a parameter, cohs; the channels and actions have names.",
    )

    cohs = Levels([0, 6.4, 12.8, 25.6, 51.2], bounds=(0, 100), doc="motion coherences in %")
    stim_scale = param.Number(1.0, bounds=(0, 10), doc="factor on the coherences")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    cxt_ch_prob = Probability(0.001, doc="chance, in each trial, that the context changes")
    cxt_cue = param.Boolean(False, doc="whether channels tell the context")
    timing = Timing(
        fixation=500, stimulus=("truncated_exponential", (1000, 500, 1500)), decision=500
    )
    human = Preset(
        dt=20, abort=True, cohs=[12.8, 25.6, 51.2, 80], cxt_ch_prob=0.12,
        timing=dict(decision=2500),
    )  # fmt: skip

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(
        {"choice": ["upper left", "upper right", "lower left", "lower right"]},
        choice=("KeyR", "KeyU", "KeyF", "KeyJ"),
    )
    scene = Scene(
        Dots(evidence="stimulus", start=np.pi, during="stimulus"),
        *(Disc(x=x, y=y, radius=0.07, color=(TEAL if y > 0 else PINK), during="decision")
          for x, y in CORNERS),
        Text(text=By(lambda task, c: ("up", "down")[c["context"]]), y=0.4, size=0.05, when=_cued),
        Cross(during=("fixation", "stimulus")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def channels(self):
        cue = dict(context=2) if self.cxt_cue else {}
        return Channels(fixation=1, stimulus=2, **cue)

    def actions(self):
        return Actions(fixation=1, choice=4)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="where the dots go: 0 left, 1 right"),
            context=Flips(self.cxt_ch_prob, doc="which pair of answers counts: 0 upper, 1 lower"),
            coh=Choice(self.cohs, bounds=(0, 100), unit="%", doc="motion coherence"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        if self.cxt_cue:
            canvas.show("context", np.arange(2) == trials.context[:, None])
        sign = np.where(np.arange(2) == trials.ground_truth[:, None], 1, -1)
        evidence = 0.5 + sign * self.stim_scale * trials.coh[:, None] / 200
        canvas.show("stimulus", evidence, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth + 2 * trials.context, during="decision")
