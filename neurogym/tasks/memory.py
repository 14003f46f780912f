"""Comparing what is seen with what was seen before."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import (
    BLUE,
    GO,
    ORANGE,
    PINK,
    Cross,
    Disc,
    Dots,
    Keys,
    Polygon,
    Scene,
    Star,
)
from neurogym.tasks.perceptual import cosine_ring
from neurogym.trials.task import Task

VIOLET = "#9a7bff"


def second_of_pair(sample, go):
    """The second stimulus, 0 or 1: the partner of the first on go trials, else the other one."""
    return np.where(go, sample, 1 - sample)


def _first(k):
    return lambda task, conditions: conditions["sample"] == k


def _second(k):
    def shown(task, conditions):
        return second_of_pair(conditions["sample"], conditions["ground_truth"] == 1) == k

    return shown


class DelayPairedAssociation(Task):
    """Press at the green cross after disc and star or square and triangle; else do nothing."""

    called = "Delayed Paired Association"
    also = ("paired associates", "delayed paired association")
    paper = Paper(
        "Active information maintenance in working memory by a sensory cortex",
        "https://doi.org/10.7554/eLife.43191",
        "Zhang, Yan, Wang, Fan et al.",
        2019,
    )
    tags = ("perceptual", "working memory", "go-no-go", "supervised")
    differs = (
        "The conditions are ground_truth and sample, the first stimulus; the second follows from"
        " them. Forcing the pair left the label, and forcing the label left the pair, as drawn.",
        "A withheld no-go counts as correct: performance 1 (it was reset to 0).",
        "A response before the decision is too early and costs rewards['abort']; it had no effect.",
        "There is no sigma; it was taken but nothing was noisy.",
    )

    rewards = Rewards(abort=-0.1, correct=1.0, fail=-1.0, miss=0.0, withheld=0.0)
    timing = Timing(
        fixation=0, stim1=1000, delay_btw_stim=1000, stim2=1000, delay_aft_stim=1000, decision=500
    )
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(
            fixation=500, stim1=500, delay_btw_stim=700, stim2=500, delay_aft_stim=400,
            decision=1200,
        ),
    )  # fmt: skip

    rule = FirstResponse(
        "decision", hold=("fixation", "stim1", "delay_btw_stim", "stim2", "delay_aft_stim")
    )
    keys = Keys(go=("Space",))
    scene = Scene(
        Disc(radius=0.17, color=BLUE, during="stim1", when=_first(0)),
        Polygon(radius=0.22, sides=4, rotation=np.pi / 4, color=ORANGE, during="stim1",
                when=_first(1)),
        Star(radius=0.22, color=PINK, during="stim2", when=_second(0)),
        Polygon(radius=0.22, sides=3, color=VIOLET, during="stim2", when=_second(1)),
        Cross(during=("fixation", "stim1", "delay_btw_stim", "stim2", "delay_aft_stim")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, stimulus=4)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="1: a pair (go), 0: no pair (no-go)"),
            sample=Choice((0, 1), doc="the first stimulus"),
        )

    def paint(self, canvas, trials):
        go, each = trials.ground_truth == 1, np.arange(4)
        second = 2 + second_of_pair(trials.sample, go)
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        canvas.show("stimulus", each == trials.sample[:, None], during="stim1")
        canvas.show("stimulus", each == second[:, None], during="stim2")
        canvas.answer("go", when=go, during="decision")


def tested_direction(direction, ground_truth, dim_ring):
    """Where the test points: as the sample on match trials (0), else the opposite way."""
    return (direction + np.where(ground_truth == 0, 0, dim_ring // 2)) % dim_ring


class DelayMatchSample(Task):
    """Dots move, and after a delay move again: report whether the direction was the same."""

    called = "Delayed Match to Sample"
    also = ("delayed match to sample", "DMS", "n-back", "1-back")
    paper = Paper(
        "Neural mechanisms of visual working memory in prefrontal cortex of the macaque",
        "https://doi.org/10.1523/JNEUROSCI.16-16-05154.1996",
        "Miller, Erickson & Desimone",
        1996,
    )
    tags = ("perceptual", "working memory", "two-alternative", "supervised")
    differs = (
        "ground_truth counts from 0 (0: match), as in the other tasks.",
        "The condition direction, an index on the ring, stands for the angle sample_theta.",
        "dim_ring is even: on an odd ring no channel stands for the opposite direction.",
        "The key test_theta of a trial is gone: the test follows from direction and ground_truth.",
    )

    dim_ring = param.Integer(2, bounds=(2, 64), doc="number of directions, evenly spaced; even")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=300, sample=500, delay=1000, test=500, decision=900)
    human = Preset(
        dt=20,
        abort=True,
        dim_ring=8,
        timing=dict(fixation=500, sample=600, delay=1000, test=600, decision=2000),
    )

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys({"choice": ["match", "non-match"]}, choice=("KeyF", "KeyJ"))
    scene = Scene(
        Dots(evidence="stimulus", during="sample"),
        Dots(evidence="stimulus", during="test"),
        Cross(during=("fixation", "sample", "delay", "test")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def check(self):
        if self.dim_ring % 2:
            raise ValueError(f"dim_ring = {self.dim_ring}: expected an even number of directions")

    def channels(self):
        return Channels(fixation=1, stimulus=self.dim_ring)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="0: match, 1: non-match"),
            direction=Choice(range(self.dim_ring), doc="index of the sample's direction"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        tested = tested_direction(trials.direction, trials.ground_truth, self.dim_ring)
        full = np.full(trials.n, 100.0)
        for period, direction in (("sample", trials.direction), ("test", tested)):
            canvas.show("stimulus", cosine_ring(self.dim_ring, direction, full), during=period)
        canvas.noise("stimulus", self.sigma, during=("sample", "test"))
        canvas.answer("choice", trials.ground_truth, during="decision")
