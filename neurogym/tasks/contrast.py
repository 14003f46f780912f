"""Comparing contrasts."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels, Evidence
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import By, Cross, Disc, Keys, Scene
from neurogym.trials.task import Task

SIDES = (-0.3, 0.3)


def _level(k):
    """How bright the k-th side is in the step that is on the screen."""
    return By(
        lambda task, conditions: {
            "channel": task.plan.channels["stimulus"].start + k,
            "scale": 0.6,
            "offset": 0.2,
        }
    )


PAPER = Paper(
    "Standardized and reproducible measurement of decision-making in mice",
    "https://doi.org/10.7554/eLife.63711",
    "The International Brain Laboratory",
    2021,
)
RIG = "paper, and the rig's public code (iblrig)"
CONTRASTS = (0, 6.25, 12.5, 25, 100)  # %


def contrasts(levels, zero_half: bool) -> Choice:
    """The condition coh: each level as likely, but 0 half as likely if asked for."""
    weights = np.where(np.asarray(levels) == 0, 0.5 if zero_half else 1.0, 1.0)
    return Choice(
        levels, weights / weights.sum(), bounds=(0, 100), unit="%", doc="difference of contrast"
    )


class IBL(Task):
    """Two lights flicker, left and right: choose the brighter one, whenever you are sure."""

    called = "IBL Task"
    also = ("International Brain Lab", "contrast discrimination")
    paper = PAPER
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "Choices are scored: correct or fail. Every one earned `correct`, and it could not be"
        " stepped at all.",
        "A trial has a fixation period and a stimulus, during which the choice is made, as in the"
        " experiments, and action 0 is to choose neither; it was one step with two actions.",
        "The trials follow the seed, none is left out, and the conditions can be forced.",
        "Contrasts are those of the rig, 0 among them; NeuroGym's are the preset neurogym.",
        "A person sees two lights that flicker about a middle, one brighter by the contrast; in"
        " the rig there is one grating, of that contrast, on one side.",
        "It has tags. The paper is that of the task; it was one on the laboratory.",
    )
    sources = {
        "cohs": RIG, "zero_half": RIG, "fixation": f"{RIG}: the quiescent period",
        "stimulus": "NeuroGym's step, made longer; the rig waits for a minute", "sigma": "NeuroGym",
    }  # fmt: skip
    presets = {
        "neurogym": Preset(
            cohs=[1.6, 3.2, 6.4, 12.8, 25.6, 51.2], timing=dict(fixation=100, stimulus=500)
        )
    }

    cohs = Levels(list(CONTRASTS), bounds=(0, 100), doc="differences of contrast in %")
    zero_half = param.Boolean(
        True, doc="whether 0 is half as likely as another contrast: its sides look the same"
    )
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=0.0)
    timing = Timing(fixation=("truncated_exponential", (350, 400, 700)), stimulus=500)
    human = Preset(dt=20, abort=True, timing=dict(stimulus=4000))

    rule = FirstResponse("stimulus", hold="fixation")
    keys = Keys({"choice": ["left", "right"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        *(Disc(x=x, radius=0.15, outline=0.012, color="#333333") for x in SIDES),
        *(
            Disc(x=x, radius=0.15, color="#ffe27a", alpha=_level(k), during="stimulus")
            for k, x in enumerate(SIDES)
        ),
        Cross(during="fixation"),
    )

    def channels(self):
        return Channels(fixation=1, stimulus=Evidence(2))

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the side of higher contrast: 0 left, 1 right"),
            coh=contrasts(self.cohs, self.zero_half),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        sign = np.where(np.arange(2) == trials.ground_truth[:, None], 1, -1)
        canvas.show("stimulus", 0.5 + sign * trials.coh[:, None] / 200, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="stimulus")
