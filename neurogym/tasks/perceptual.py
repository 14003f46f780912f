"""Decisions from noisy evidence."""

import numpy as np
import param

from neurogym.conditions import Choice
from neurogym.layout import Actions, Channels, Evidence, ring
from neurogym.parameters import Levels, Timing
from neurogym.rules import FirstResponse
from neurogym.scene import (
    BLUE,
    GO,
    ORANGE,
    AngleOf,
    Bar,
    Cross,
    Disc,
    Dots,
    Keys,
    Marker,
    Of,
    Scene,
)
from neurogym.task import Paper, Preset, Task

COHERENCES = [0, 6.4, 12.8, 25.6, 51.2]


def cosine_ring(n: int, at: np.ndarray, coherence: np.ndarray) -> np.ndarray:
    """Evidence on n directions for the `at`-th, (trials,), of a coherence in %: (trials, n)."""
    theta = ring(n)
    return 0.5 + coherence[:, None] / 200 * np.cos(theta - theta[at][:, None])


class PerceptualDecisionMaking(Task):
    """Watch noisy motion, then report its direction."""

    paper = Paper(
        "The analysis of visual motion: a comparison of neuronal and psychophysical performance",
        "https://www.jneurosci.org/content/12/12/4745",
        "Britten, Shadlen, Newsome & Movshon",
        1992,
    )
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "The fixation channel stays on until the decision, so the moment to answer can be seen.",
        "The response window has a length that people can use in the human preset.",
    )

    dim_ring = param.Integer(2, bounds=(2, 64), doc="number of directions, evenly spaced")
    cohs = Levels(COHERENCES, bounds=(0, 100), unit="%", doc="motion coherences in %")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=100, stimulus=2000, delay=0, decision=100)
    human = Preset(
        dt=20, abort=True, timing=dict(fixation=500, stimulus=800, delay=200, decision=1500)
    )

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(choice="ring")
    scene = Scene(
        Cross(during=("fixation", "stimulus", "delay")),
        Dots(direction=AngleOf("ground_truth"), coherence=Of("coh"), during="stimulus"),
        Cross(color=GO, during="decision", size=0.08, width=0.012),
    )

    def channels(self):
        return Channels(fixation=1, stimulus=Evidence(self.dim_ring))

    def actions(self):
        return Actions(fixation=1, choice=self.dim_ring)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(self.dim_ring), doc="direction of the motion"),
            coh=Choice(self.cohs, bounds=(0, 100), unit="%", doc="motion coherence"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        evidence = cosine_ring(self.dim_ring, trials.ground_truth, trials.coh)
        canvas.show("stimulus", evidence, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")
