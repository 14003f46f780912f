"""Comparing intervals of time, and producing them."""

from typing import ClassVar

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse, Interval
from neurogym.spec.scene import BLUE, GO, ORANGE, By, Cross, Disc, Keys, Scene, Text
from neurogym.trials.task import Task

LEAST, MOST = 1.01, 10.0  # how many times as long as the other an interval can be


def _comes(first):
    """Trials in which the blue (0) or the orange (1) disc comes first."""
    return lambda task, conditions: conditions["order"] == first


class IntervalDiscrimination(Task):
    """A blue and an orange disc light up, in either order: report which one was on for longer."""

    also = ("duration discrimination", "time perception")
    paper = Paper(
        "Feature- and order-based timing representations in the frontal cortex",
        "https://doi.org/10.1016/j.neuron.2009.06.018",
        "Genovesio, Tsujimoto & Wise",
        2009,
    )
    tags = ("timing", "working memory", "delayed response", "two-alternative", "supervised")
    differs = (
        "The conditions are ground_truth and ratio, from which the second interval follows: it was"
        " drawn by itself, so that neither it nor the answer could be forced.",
        "No two intervals are the same: a ratio is at least what makes one step of difference. At"
        " dt 80 every fourth pair was a tie, labelled as if the second were longer.",
        "Either disc comes first, and the answer is a disc: neither its colour nor its turn tells"
        " which is longer. Channels stim1 and stim2 stand for the discs. The preset neurogym has"
        " the same disc first always.",
        "ground_truth counts from 0 (0: blue was longer); the actions are one group, choice.",
        "The keys duration1 and duration2 of a trial are gone: they follow from stim1, ratio, "
        "order and ground_truth.",
    )
    sources = {
        "either_order": "paper", "order": "paper",
        "timing": "NeuroGym", "ratios": "NeuroGym; others for people are our choice",
    }  # fmt: skip
    presets = {"neurogym": Preset(either_order=False)}

    either_order = param.Boolean(True, doc="whether either disc can come first, or the blue one")
    dt = param.Number(80, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    ratios = Levels([1.5, 2], bounds=(LEAST, MOST), doc="longer interval / shorter one")
    timing = Timing(
        fixation=300, stim1=("uniform", (300, 600)), delay1=("uniform", (800, 1500)),
        stim2=("times", ("stim1", 1)), delay2=500, decision=300,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True, ratios=[1.15, 1.3, 1.6, 2],
        timing=dict(
            fixation=500, stim1=("uniform", (500, 900)), delay1=("uniform", (700, 1000)),
            delay2=400, decision=2500,
        ),
    )  # fmt: skip

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys({"choice": ["blue", "orange"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        *(
            Disc(
                radius=0.15, color=color, x=x, during=f"stim{1 + (k != first)}", when=_comes(first)
            )
            for k, (color, x) in enumerate(((BLUE, -0.25), (ORANGE, 0.25)))
            for first in (0, 1)
        ),
        Disc(radius=0.15, outline=0.006, x=-0.25, alpha=0.5),
        Disc(radius=0.15, outline=0.006, x=0.25, alpha=0.5),
        Cross(during=("fixation", "stim1", "delay1", "stim2", "delay2")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def channels(self):
        return Channels(fixation=1, stim1=1, stim2=1)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def least_ratio(self) -> float:
        """The ratio below which dt may make two intervals the same."""
        shortest = self.timing["stim1"].bounds[0]
        return max(LEAST, 1 / (1 - self.dt / shortest)) if shortest > self.dt else LEAST

    def conditions(self):
        least = min(self.least_ratio(), MOST)
        ratios = np.maximum(self.ratios, least)
        return dict(
            ground_truth=Choice((0, 1), doc="the disc that is longer: 0 blue, 1 orange"),
            order=Choice(
                (0, 1) if self.either_order else (0,), doc="what comes first: 0 blue, 1 orange"
            ),
            ratio=Choice(ratios, bounds=(least, MOST), doc="longer interval / shorter one"),
        )

    def stretch(self, trials):
        second = trials.ground_truth != trials.order
        return dict(stim2=np.where(second, trials.ratio, 1 / trials.ratio))

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        for k, channel in enumerate(("stim1", "stim2")):
            canvas.show(channel, trials.order == k, during="stim1")
            canvas.show(channel, trials.order != k, during="stim2")
        first, second = (canvas.timeline.shown_ms(period) for period in ("stim1", "stim2"))
        longer = np.where(second > first, 1 - trials.order, trials.order)
        longer = np.where(first == second, trials.ground_truth, longer)  # lengths that are forced
        canvas.answer("choice", longer, during="decision")


def _wanted(task, conditions):
    return f"{task.targets[conditions['ground_truth']] / 1000:g} s"


class MotorTiming(Task):
    """When the circle flashes wait as long as the screen said, then press.

    The interval is counted from the onset of the flash to the response.
    """

    also = ("interval production",)
    paper = Paper(
        "Flexible timing by temporal scaling of cortical responses",
        "https://doi.org/10.1038/s41593-017-0028-6",
        "Wang, Narain, Hosseini & Jazayeri",
        2018,
    )
    tags = ("timing", "go-no-go", "supervised")
    differs = (
        "The interval begins with the onset of the flash, as it is seen; it began with its end.",
        "The set cue lasts one step at least: at dt 80 it had none.",
        "The label stands at the step that earns most; for the long interval it came one early.",
        "A response before the production is too early and costs rewards['abort'], not only during"
        " fixation.",
        "The intervals are a parameter, targets; the time for a response is the same for all.",
        "The condition is ground_truth, as in the other tasks, so that blocks of intervals can be"
        " made of it; it was production_ind.",
    )

    dt = param.Number(80, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    targets = Levels([800, 1500], bounds=(50, 20000), unit="ms", doc="intervals to produce")
    prod_margin = param.Number(0.2, bounds=(0.01, 1), doc="tolerance, as a share of the interval")
    timing = Timing(fixation=500, cue=("uniform", (1000, 3000)), set=50, production=3000)
    human = Preset(
        dt=20, abort=True, timing=dict(fixation=500, cue=("uniform", (900, 1600)), set=100)
    )

    sources: ClassVar = {
        "targets": "paper", "prod_margin": "NeuroGym", "dt": "NeuroGym", "cue": "NeuroGym",
        "set": "NeuroGym", "production": "our choice",
    }  # fmt: skip

    rule = Interval("production", since="set", hold=("fixation", "cue", "set"))
    keys = Keys(go=("Space",))
    scene = Scene(
        Disc(radius=0.14, outline=0.006, alpha=0.5),
        Text(text=By(_wanted), y=0.26, size=0.09, during=("cue", "set")),
        Disc(radius=0.14, color=BLUE, during="set"),
        Cross(during=("fixation", "cue", "set")),
    )

    def check(self):
        targets = min(self.targets), max(self.targets)
        self.check_due(targets, self.rule.tolerance(self), "prod_margin")

    def channels(self):
        return Channels(fixation=1, interval=len(self.targets), set=1)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        which = range(len(self.targets))
        return dict(ground_truth=Choice(which, doc="which of the intervals to produce"))

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("production"))
        told = np.arange(len(self.targets)) == trials.ground_truth[:, None]
        canvas.show("interval", told, during=("cue", "set"))
        canvas.show("set", 1, during="set")
        canvas.due("go", np.array(self.targets)[trials.ground_truth])


def _beat(k, **how):
    """One of four places in a row; the fourth is that of the response."""
    return Disc(radius=0.09, x=-0.36 + 0.24 * k, **how)


class OneTwoThreeGo(Task):
    """Three flashes come in an even beat: press when the fourth one would come.

    The beat is counted from onset to onset, and so is the interval that is produced: from the third
    flash to the response.
    """

    also = ("1-2-3-Go", "rhythm", "synchronisation")
    paper = Paper(
        "Internal models of sensorimotor integration regulate cortical dynamics",
        "https://doi.org/10.1038/s41593-019-0500-6",
        "Egger, Remington, Chang & Jazayeri",
        2019,
    )
    tags = ("timing", "go-no-go", "supervised")
    differs = (
        "The label stands at the step that earns most; it filled the whole response period, of"
        " which most was not rewarded.",
        "The intervals of timing are those of the beat, from onset to onset; they lay between"
        " flashes, so that a beat of 600 ms was one of 700, and with a gain only a part of it was"
        " multiplied.",
        "Forcing interval1 changes the beat; a forced interval changed the reward alone.",
        "The response period begins after the third flash, and holds the last interval and another"
        " one; interval3 and response were periods of their own.",
        "gain, as in ReadySetGo, asks for a multiple of the beat.",
    )

    dt = param.Number(80, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    gain = param.Number(1.0, bounds=(0.5, 3), doc="interval to produce / interval of the beat")
    prod_margin = param.Number(0.2, bounds=(0.01, 1), doc="tolerance, as a share of the interval")
    timing = Timing(
        fixation=("truncated_exponential", (400, 100, 800)),
        target=("truncated_exponential", (1000, 500, 1500)),
        s1=100, interval1=[600, 700, 800, 900, 1000], s2=100, interval2=("times", ("interval1", 1)),
        s3=100, response=("times", ("interval1", 2)),
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True,
        timing=dict(
            fixation=500, target=("uniform", (500, 900))
        ),
    )  # fmt: skip
    sources: ClassVar = {
        "interval1": "paper", "target": "NeuroGym", "fixation": "NeuroGym", "s1": "NeuroGym",
        "prod_margin": "NeuroGym", "gain": "our choice: ReadySetGo's", "dt": "NeuroGym",
    }  # fmt: skip
    starts_with = {"interval1": "s1", "interval2": "s2"}

    rule = Interval(
        "response", since="s3",
        hold=("fixation", "target", "s1", "interval1", "s2", "interval2", "s3"),
    )  # fmt: skip
    keys = Keys(go=("Space",))
    scene = Scene(
        *(_beat(k, color=BLUE, during=f"s{k + 1}") for k in range(3)),
        *(_beat(k, outline=0.006, alpha=0.5) for k in range(3)),
        _beat(3, outline=0.014, color=ORANGE, show="target"),
        Cross(y=-0.25),
    )

    def check(self):
        least, most = (f(self.timing["interval1"].bounds) for f in (min, max))
        shown = max(self.dt, least // self.dt * self.dt)
        tolerance = self.rule.tolerance(self)
        self.check_due((shown, max(most, shown)), tolerance, "prod_margin", [self.gain])

    def channels(self):
        return Channels(fixation=1, stimulus=1, target=1)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        return dict(gain=Choice([self.gain], bounds=(0.5, 3), doc="produced interval / beat"))

    def stretch(self, trials):
        return dict(response=trials.gain)

    def paint(self, canvas, trials):
        canvas.show("fixation", 1)
        canvas.show("stimulus", 1, during=("s1", "s2", "s3"))
        canvas.show("target", 1)
        canvas.show("target", 0, during="fixation")
        canvas.due("go", canvas.timeline.shown_ms("interval1") * trials.gain)
