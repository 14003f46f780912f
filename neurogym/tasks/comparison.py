"""Comparing two magnitudes, one after the other."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, ORANGE, Channel, Cross, Disc, Keys, Scene
from neurogym.trials.task import Task

RADIUS = Channel("stimulus", 0.16, 0.11)  # 0.19 to 0.27 without noise


class DelayComparison(Task):
    """Two discs, one after the other: report which one was larger."""

    called = "Delayed Comparison"
    also = ("parametric working memory", "delayed comparison", "vibrotactile", "flutter")
    paper = Paper(
        "Neuronal population coding of parametric working memory",
        "https://doi.org/10.1523/JNEUROSCI.1875-10.2010",
        "Barak, Tsodyks & Romo",
        2010,
    )
    tags = ("perceptual", "working memory", "two-alternative", "supervised")
    differs = (
        "ground_truth counts from 0 (0: the first was larger), as in the other tasks.",
        "The pairs of vpairs are given as lows, the smaller values, and diffs, what the larger ones"
        " are above them: the difference is a condition of its own, which a staircase can follow.",
        "Only the stimulus is noisy; the fixation channel had noise too.",
        "A person compares the sizes of discs, in place of vibrations.",
        "The delay is the paper's 3 s; it was 1 s, as in the preset neurogym.",
        "The keys v1 and v2 of a trial are gone: the two values follow from low, diff and "
        "ground_truth.",
    )
    sources = {
        "delay": "paper", "stimulus1": "paper", "stimulus2": "paper", "lows": "NeuroGym",
        "diffs": "paper: 8 Hz; others for people are our choice",
        "fixation": "NeuroGym", "decision": "NeuroGym",
        "sigma": "NeuroGym; for people our choice, as sizes tremble with it",
    }  # fmt: skip
    presets = {"neurogym": Preset(timing=dict(delay=1000))}

    lows = Levels([10, 14, 18, 22, 26], bounds=(1, 1000), doc="smaller values of the pairs")
    diffs = Levels([8], bounds=(0.1, 100), doc="differences between the values of a pair")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=500, stimulus1=500, delay=3000, stimulus2=500, decision=100)
    human = Preset(dt=20, abort=True, sigma=0.3, diffs=[1, 2, 4, 8], timing=dict(decision=2500))

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys({"choice": ["first", "second"]}, choice=("KeyF", "KeyJ"))
    scene = Scene(
        Disc(radius=RADIUS, color=BLUE, during="stimulus1"),
        Disc(radius=RADIUS, color=ORANGE, during="stimulus2"),
        Cross(during=("fixation", "stimulus1", "delay", "stimulus2")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def channels(self):
        return Channels(fixation=1, stimulus=1)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="0: the first is larger, 1: the second"),
            low=Choice(self.lows, doc="value of the smaller stimulus"),
            diff=Choice(self.diffs, bounds=(0.1, 100), doc="what the larger one is above it"),
        )

    def paint(self, canvas, trials):
        low, span = min(self.lows), max(self.lows) + max(self.diffs) - min(self.lows)
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        for which, period in enumerate(("stimulus1", "stimulus2")):
            value = trials.low + np.where(trials.ground_truth == which, trials.diff, 0)
            canvas.show("stimulus", (1 + (value - low) / span) / 2, during=period)
        canvas.noise("stimulus", self.sigma, during=("stimulus1", "stimulus2"))
        canvas.answer("choice", trials.ground_truth, during="decision")
