"""Answers that have to wait, or go elsewhere than the stimulus says."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels, ring
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import (
    GO,
    ORANGE,
    TEAL,
    Arc,
    By,
    Cross,
    Dots,
    Marker,
    Scene,
    Text,
)
from neurogym.tasks.perceptual import PerceptualDecisionMaking, cosine_ring
from neurogym.trials.task import Task


class PerceptualDecisionMakingDelayResponse(PerceptualDecisionMaking):
    """Watch noisy motion, keep its direction in mind, and report it when the cross turns green."""

    also = ("delayed response",)
    paper = Paper(
        "Discrete attractor dynamics underlies persistent activity in the frontal cortex",
        "https://doi.org/10.1038/s41586-019-0919-7",
        "Inagaki, Fontolan, Romani & Svoboda",
        2019,
    )
    tags = ("perceptual", "delayed response", "two-alternative", "supervised")
    differs = (
        "ground_truth counts from 0, as in the other tasks.",
        "A response during stimulus or delay is too early and costs rewards['abort']: waiting is"
        " what the task is about, and nothing came of not waiting.",
        "A fixation of 300 ms comes first; there was none, and trials ran into one another.",
        "Channels and actions have names, and dim_ring allows for more than two directions.",
        "A person judges moving dots, in place of where a pole touches the whiskers.",
        "The key sigma of a trial is gone: it is a parameter, the same in all trials.",
    )

    stim_scale = param.Number(1.0, bounds=(0, 10), doc="factor on the coherences")
    timing = Timing(
        fixation=300,
        stimulus=1150,
        delay=[300, 500, 700, 900, 1200, 2000, 3200, 4000],
        decision=1500,
    )
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(fixation=500, stimulus=800, delay=[300, 600, 1200, 2000, 3000], decision=2500),
    )

    rule = FirstResponse("decision", hold=("fixation", "stimulus", "delay"))
    scene = Scene(
        Dots(evidence="stimulus", during="stimulus"),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        coherence = self.stim_scale * trials.coh
        evidence = cosine_ring(self.dim_ring, trials.ground_truth, coherence)
        canvas.show("stimulus", evidence, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")


RULES = (TEAL, ORANGE)  # of the ring and the words: towards, opposite


def _rule(task, conditions):
    return int(conditions.get("anti", task.anti))


def _shown_at(task, conditions):
    """Where the spot is, in radians: opposite to the answer, or at it."""
    at = ring(task.dim_ring)[conditions["ground_truth"]]
    return float(at + np.pi * _rule(task, conditions))


def _asked(task, conditions):
    return ("towards the spot", "opposite to the spot")[_rule(task, conditions)]


def _ruled(task, conditions):
    return RULES[_rule(task, conditions)]


class AntiReach(Task):
    """A spot lights up: when the cross turns green answer towards it, or opposite, as is said."""

    also = ("antisaccade", "anti-saccade", "pro and anti")
    paper = Paper(
        "Look away: the anti-saccade task and the voluntary control of eye movement",
        "https://doi.org/10.1038/nrn1345",
        "Munoz & Everling",
        2004,
    )
    tags = ("perceptual", "steps action space", "supervised")
    differs = (
        "Pro and anti trials are interleaved, and a channel tells which it is; a trial that was"
        " forced to the other rule looked the same as those around it. The preset neurogym leaves"
        " one rule, anti.",
        "An odd dim_ring is refused where a trial can be anti: no answer is opposite to another;"
        " and a ring has dim_ring channels always, where some had one too many.",
    )
    sources = {
        "interleaved": "paper: instructed in each trial by the colour of the fixation point",
        "p_anti": "our choice", "dim_ring": "NeuroGym; the paper has two sides",
        "timing": "NeuroGym; in the paper one looks as soon as the spot appears",
    }  # fmt: skip
    presets = {"neurogym": Preset(interleaved=False)}

    interleaved = param.Boolean(True, doc="whether pro and anti trials come in random order")
    p_anti = Probability(0.5, doc="chance of an anti trial, if interleaved")
    anti = param.Boolean(True, doc="whether answers are opposite, if not interleaved")
    dim_ring = param.Integer(32, bounds=(2, 64), doc="number of directions, evenly spaced")
    timing = Timing(fixation=500, stimulus=500, delay=0, decision=500)
    human = Preset(
        dt=20,
        abort=True,
        dim_ring=4,
        timing=dict(fixation=("uniform", (500, 1000)), stimulus=300, decision=2000),
    )

    rule = FirstResponse("decision", hold="fixation")
    scene = Scene(
        Text(text=By(_asked), y=0.43, size=0.05, color=By(_ruled)),
        Arc(radius=0.33, width=0.01, alpha=0.6, color=By(_ruled)),
        Marker(radius=0.33, angle=By(_shown_at), size=0.09, during="stimulus"),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def check(self):
        if (self.interleaved or self.anti) and self.dim_ring % 2:
            raise ValueError(f"dim_ring = {self.dim_ring}: expected an even number of directions")

    def channels(self):
        rule = dict(anti=1) if self.interleaved else {}
        return Channels(fixation=1, **rule, stimulus=self.dim_ring)

    def actions(self):
        return Actions(fixation=1, choice=self.dim_ring)

    def conditions(self):
        directions = range(self.dim_ring)
        told = dict(ground_truth=Choice(directions, doc="index of the answer's direction"))
        if self.interleaved:
            p = (1 - self.p_anti, self.p_anti)
            told["anti"] = Choice((0, 1), p, doc="1: the answer is opposite to the stimulus")
        return told

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        anti = trials.anti if self.interleaved else np.full(trials.n, int(self.anti))
        if self.interleaved:
            canvas.show("anti", anti)
        shown = (ring(self.dim_ring)[trials.ground_truth] + np.pi * anti)[:, None]
        canvas.show("stimulus", np.cos(ring(self.dim_ring) - shown), during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")
