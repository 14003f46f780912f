"""Choices among offers, and a way out of a choice."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.figures import Choices, ShareOfAnswer, TimeDistribution
from neurogym.spec.layout import Actions, Channels, Evidence
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Rewards, Timing
from neurogym.spec.rules import Worth
from neurogym.spec.scene import (
    BLUE,
    GO,
    ORANGE,
    By,
    Cross,
    Disc,
    Dots,
    Keys,
    Scene,
    Text,
)
from neurogym.tasks.perceptual import cosine_ring
from neurogym.trials.task import Task


class PostDecisionWager(Task):
    """Report where the dots moved, or take the blue spot, if it is there: less, but for sure."""

    also = ("post-decision wagering", "confidence", "opt out", "sure bet")
    paper = Paper(
        "Representation of confidence associated with a decision by neurons in the parietal cortex",
        "https://doi.org/10.1126/science.1169405",
        "Kiani & Shadlen",
        2009,
    )
    tags = ("perceptual", "two-alternative", "delayed response", "confidence", "supervised")
    differs = (
        "A choice is compared with its own label; choices counted from 1 and labels from 0, so that"
        " nobody could earn anything on half of the trials.",
        "Noise is on the stimulus alone, not on the fixation and sure channels too.",
        "What the sure choice earns is rewards['sure'], 0.8 as in the paper; 0.7 times the reward"
        " was written over it (the preset neurogym). It is neither right nor wrong.",
        "The sure choice where it is not offered costs rewards['abort'].",
        "The tags two-alternative and supervised are added.",
    )
    sources = {"sure": "paper: about 80 % of the reward", "cohs": "paper", "timing": "NeuroGym"}
    presets = {"neurogym": Preset(rewards=dict(sure=0.7))}

    cohs = Levels([0, 3.2, 6.4, 12.8, 25.6, 51.2], bounds=(0, 100), doc="motion coherences in %")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, sure=0.8)
    timing = Timing(
        fixation=100,
        stimulus=("truncated_exponential", (180, 100, 900)),
        pre_sure=("uniform", (500, 750)),
        delay=("truncated_exponential", (1350, 1200, 1800)),
        decision=100,
    )
    starts_with = {"delay": "pre_sure"}
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(
            fixation=700, stimulus=("truncated_exponential", (300, 150, 900)), decision=2500
        ),
    )

    rule = Worth("decision", hold="fixation", aside="sure")
    feedback = "reward"
    figures = (
        Choices(where={"wager": 0}), ShareOfAnswer(3, "coh", {"wager": 1}), TimeDistribution()
    )  # fmt: skip
    keys = Keys({"sure": ["sure reward"]}, choice="ring", sure=("ArrowDown",))
    scene = Scene(
        Disc(x=0.4, radius=0.045, color=ORANGE),
        Disc(x=-0.4, radius=0.045, color=ORANGE),
        Dots(evidence="stimulus", during="stimulus"),
        Disc(y=-0.3, radius=0.045, color=BLUE, show="sure"),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def channels(self):
        return Channels(fixation=1, stimulus=Evidence(2), sure=1)

    def actions(self):
        return Actions(fixation=1, choice=2, sure=1)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(2), doc="index of the direction"),
            coh=Choice(self.cohs, bounds=(0, 100), unit="%", doc="motion coherence"),
            wager=Choice((0, 1), doc="whether the sure reward is offered"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        evidence = cosine_ring(2, trials.ground_truth, trials.coh)
        canvas.show("stimulus", evidence, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.show("sure", trials.wager, during=("delay", "decision"))
        canvas.show("sure", 0, during="pre_sure")
        rewards = self.plan.rewards
        right = np.arange(2) == trials.ground_truth[:, None]
        canvas.worth("choice", np.where(right, rewards["correct"], rewards["fail"]))
        canvas.worth("sure", np.where(trials.wager == 1, rewards["sure"], rewards["abort"]))
        canvas.answer("choice", trials.ground_truth, during="decision")


OFFERS = ((0, 1), (1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (2, 0))  # of B, of A
JUICES = (BLUE, ORANGE)  # A, B


def _written(offer):
    return "{}B:{}A".format(*offer)


def _options(task, offer, ground_truth):
    """What each option is: (juice, amount), juice 0 is A."""
    b, a = OFFERS[[_written(o) for o in OFFERS].index(offer)]
    better, other = ((0, a), (1, b)) if a * task.ratio >= b else ((1, b), (0, a))
    return (better, other) if ground_truth == 0 else (other, better)


def _option(side):
    return lambda task, c: _options(task, c["offer"], c["ground_truth"])[side]


def _drops(side):
    """Up to six drops of juice, in two columns."""
    option = _option(side)
    for k in range(6):
        yield Disc(
            x=(2 * side - 1) * 0.26 + (k % 2 - 0.5) * 0.12,
            y=0.12 - 0.12 * (k // 2),
            radius=0.045,
            color=By(lambda task, c: JUICES[option(task, c)[0]]),
            during=("offer_on", "decision"),
            when=lambda task, c, k=k: k < option(task, c)[1],
        )


class EconomicDecisionMaking(Task):
    """Choose between two amounts of juice; a drop of blue is worth more than two of orange."""

    also = ("economic choice", "juice", "neuroeconomics")
    paper = Paper(
        "Neurons in the orbitofrontal cortex encode economic value",
        "https://doi.org/10.1038/nature04676",
        "Padoa-Schioppa & Assad",
        2006,
    )
    tags = ("perceptual", "value-based")
    differs = (
        "The label is the option that is worth more; there was none.",
        "ground_truth says which option is worth more, and with the offer which juice is where;"
        " juice said the latter.",
        "How much better A is than B is the parameter ratio; it was fixed at 2.2.",
        "On a person's screen the offers stay during the choice.",
    )

    ratio = param.Number(2.2, bounds=(1, 10), doc="worth of a unit of juice A / of juice B")
    rewards = Rewards(abort=-0.1, correct=0.22)
    timing = Timing(fixation=1500, offer_on=("uniform", (1000, 2000)), decision=750)
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(fixation=700, offer_on=("uniform", (800, 1500)), decision=3000),
    )

    rule = Worth("decision", hold=("fixation", "offer_on"))
    feedback = "reward"
    keys = Keys(
        {"choice1": ["left"], "choice2": ["right"]},
        choice1=("ArrowLeft",),
        choice2=("ArrowRight",),
    )
    scene = Scene(
        *_drops(0),
        *_drops(1),
        Text(text="nothing", x=-0.26, size=0.045, during=("offer_on", "decision"),
             when=lambda task, c: _option(0)(task, c)[1] == 0),
        Text(text="nothing", x=0.26, size=0.045, during=("offer_on", "decision"),
             when=lambda task, c: _option(1)(task, c)[1] == 0),
        Cross(during=("fixation", "offer_on")),
        Text(text="?", size=0.1, color=GO, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, a1=1, b1=1, a2=1, b2=1, n1=1, n2=1)

    def actions(self):
        return Actions(fixation=1, choice1=1, choice2=1)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(2), doc="the option that is worth more"),
            offer=Choice([_written(offer) for offer in OFFERS], doc="amounts of juices B and A"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        pairs = zip(trials.offer.tolist(), trials.ground_truth.tolist(), strict=True)
        options = np.array([_options(self, offer, truth) for offer, truth in pairs])
        for k in (0, 1):
            juice, amount = options[:, k].T
            canvas.show(f"a{k + 1}", juice == 0, during="offer_on")
            canvas.show(f"b{k + 1}", juice == 1, during="offer_on")
            canvas.show(f"n{k + 1}", amount / 5, during="offer_on")
            unit = self.plan.rewards["correct"] / np.where(juice == 0, 1, self.ratio)
            canvas.worth(f"choice{k + 1}", amount * unit)
        canvas.answer("choice1", trials.ground_truth, during="decision")
