"""Rates of flashes and clicks."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import GO, By, Clicks, Cross, Disc, Keys, Scene
from neurogym.trials.task import Task

TAU = 100.0  # ms, of the noise
BASELINE = 0.2


def _has(modality):
    return lambda task, conditions: conditions["modality"] in (modality, "both")


def _rate(task, conditions):
    return float(task.rate(conditions["ground_truth"], conditions["away"]))


class RaposoTask(Task):
    """Are the flashes, or the clicks, fast or slow? Both of them have the same rate."""

    id = "CustomRaposoTask-v0"
    called = "Flashes and Clicks"
    paper = Paper(
        "A category-free neural population supports evolving demands during decision-making",
        "https://doi.org/10.1038/nn.3865",
        "Raposo, Kaufman & Churchland",
        2014,
    )
    tags = ("perceptual", "two-alternative", "multisensory", "supervised")
    differs = (
        "The paper is our choice, of the paradigm's kind; none was named.",
        "It has an answer of its own period, decision; it asked in the stimulus, or in the one step"
        " of a variant for reinforcement learning.",
        "The modality is 'visual', 'auditory' or 'both'; rates are a parameter, even about"
        " their mean, the boundary; a trial has the distance from it (away) and the side.",
        "Noise is added in the stimulus alone, and not cut off at zero.",
    )

    rates = Levels([9, 10, 11, 12, 13, 14, 15, 16], bounds=(1, 40), doc="events a second")
    sigma = param.Number(
        round(0.01 * (2 * TAU) ** 0.5, 4), bounds=(0, 100),
        doc="noise SD; a step gets sigma / sqrt(dt)",
    )  # fmt: skip
    timing = Timing(fixation=100, stimulus=1000, decision=100)
    human = Preset(dt=20, abort=True, timing=dict(fixation=600, stimulus=1000, decision=2500))

    rule = FirstResponse("decision", hold="fixation")
    unshared = dict.fromkeys(
        ("visual_up", "auditory_up", "visual_down", "auditory_down"),
        "flashes and clicks are events: the noise of a rate has no place in a single one",
    )
    keys = Keys({"choice": ["slow", "fast"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        Disc(radius=0.16, rate=By(_rate), during="stimulus", when=_has("visual")),
        Clicks(rate=By(_rate), during="stimulus", when=_has("auditory")),
        Cross(during="fixation"),
        Cross(color="#4a4a4a", during="stimulus"),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def check(self):
        away = np.sort(np.asarray(self.rates) - self.boundary)
        if 0 in away or not np.allclose(away, -away[::-1]):
            raise ValueError(
                f"rates = {list(self.rates)}: expected as many above as below their mean, as far"
                " from it"
            )

    @property
    def boundary(self):
        """The rate between slow and fast."""
        return float(np.mean(self.rates))

    def rate(self, ground_truth, away):
        """Events a second."""
        return self.boundary + np.where(np.asarray(ground_truth) == 1, away, -np.asarray(away))

    def channels(self):
        return Channels(visual_up=1, auditory_up=1, visual_down=1, auditory_down=1, start=1)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        far = sorted({rate - self.boundary for rate in self.rates if rate > self.boundary})
        return dict(
            ground_truth=Choice((0, 1), doc="0: slow, 1: fast"),
            away=Choice(far, bounds=(0, far[-1]), unit="1/s", doc="distance from the boundary"),
            modality=Choice(("visual", "auditory", "both"), doc="what has the rate"),
        )

    def paint(self, canvas, trials):
        low, high = min(self.rates), max(self.rates)
        rate = self.rate(trials.ground_truth, trials.away)
        up = 0.4 + 0.8 * (rate - low) / (high - low)
        down = 0.4 + 0.8 * (high - rate) / (high - low)
        for modality in ("visual", "auditory"):
            there = np.isin(trials.modality, (modality, "both"))
            for way, level in (("up", up), ("down", down)):
                channel = f"{modality}_{way}"
                canvas.show(channel, BASELINE)
                canvas.show(channel, BASELINE + np.where(there, level, 0.0), during="stimulus")
                canvas.noise(channel, self.sigma, during="stimulus")
        canvas.show("start", 1, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")
