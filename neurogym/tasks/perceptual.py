"""Decisions from noisy evidence."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels, Evidence, ring
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import (
    BLUE,
    GO,
    ORANGE,
    PINK,
    TEAL,
    Arc,
    By,
    Cross,
    Disc,
    Dots,
    Keys,
    Mix,
    Scene,
    Text,
)
from neurogym.trials.task import Task


def cosine_ring(n: int, at: np.ndarray, coherence: np.ndarray) -> np.ndarray:
    """Evidence on n directions for the `at`-th, (trials,), of a coherence in %: (trials, n)."""
    theta = ring(n)
    return 0.5 + coherence[:, None] / 200 * np.cos(theta - theta[at][:, None])


class PerceptualDecisionMaking(Task):
    """Watch noisy motion, then report its direction."""

    also = (
        "random dot kinematogram",
        "RDK",
        "RDM",
        "random dots motion",
        "evidence accumulation",
        "drift diffusion",
        "DDM",
    )
    paper = Paper(
        "The analysis of visual motion: a comparison of neuronal and psychophysical performance",
        "https://doi.org/10.1523/JNEUROSCI.12-12-04745.1992",
        "Britten, Shadlen, Newsome & Movshon",
        1992,
    )
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "Fixation stays on until the decision, not only during the fixation period: its end is the"
        " cue to answer, which nothing showed when there is a delay.",
        "The coherences may be given as an array; an empty list is an error, not the default.",
    )

    dim_ring = param.Integer(2, bounds=(2, 64), doc="number of directions, evenly spaced")
    cohs = Levels([0, 6.4, 12.8, 25.6, 51.2], bounds=(0, 100), doc="motion coherences in %")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=100, stimulus=2000, delay=0, decision=100)
    human = Preset(
        dt=20, abort=True, timing=dict(fixation=500, stimulus=800, delay=200, decision=1500)
    )

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(choice="ring")
    scene = Scene(
        Dots(evidence="stimulus", during="stimulus"),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def channels(self):
        return Channels(fixation=1, stimulus=Evidence(self.dim_ring))

    def actions(self):
        return Actions(fixation=1, choice=self.dim_ring)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(self.dim_ring), doc="index of the direction"),
            coh=Choice(self.cohs, bounds=(0, 100), unit="%", doc="motion coherence"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        evidence = cosine_ring(self.dim_ring, trials.ground_truth, trials.coh)
        canvas.show("stimulus", evidence, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")


class Roitman02(PerceptualDecisionMaking):
    """Watch noisy motion, and report its direction as soon as you know it."""

    id = "perceptualdecisionmaking.roitman02-v0"
    called = "Random Dots, Reaction Time"
    paper = Paper(
        "Response of neurons in the lateral intraparietal area during a combined visual"
        " discrimination reaction time task",
        "https://doi.org/10.1523/JNEUROSCI.22-21-09475.2002",
        "Roitman & Shadlen",
        2002,
    )
    differs = (
        *PerceptualDecisionMaking.differs,
        "A response counts from the first step of the stimulus on, and its time is told; the first"
        " step was dead, and the time always 0.",
    )

    cohs = Levels([0, 3.2, 6.4, 12.8, 25.6, 51.2], bounds=(0, 100), doc="motion coherences in %")
    sources = {"cohs": "paper", "timing": "NeuroGym", "sigma": "NeuroGym"}
    presets = {"neurogym": Preset(cohs=[0, 6.4, 12.8, 25.6, 51.2])}
    timing = Timing(fixation=100, stimulus=2000)
    human = Preset(dt=20, abort=True, timing=dict(fixation=("uniform", (500, 1000)), stimulus=3000))
    rule = FirstResponse("stimulus", hold="fixation")
    scene = Scene(Dots(evidence="stimulus", during="stimulus"), Cross())

    def paint(self, canvas, trials):
        canvas.show("fixation", 1)
        evidence = cosine_ring(self.dim_ring, trials.ground_truth, trials.coh)
        canvas.show("stimulus", evidence, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="stimulus")


def _two_answers(task, conditions):
    return task.dim_ring == 2


def _more_answers(task, conditions):
    return task.dim_ring != 2


def _cue(task, conditions):
    names = ("motion", "colour") if task.dim_ring == 2 else ("left patch", "right patch")
    return names[conditions["context"]]


def _cue_color(task, conditions):
    return (TEAL, PINK)[conditions["context"]]


class ContextDecisionMaking(Task):
    """Two features of the dots point somewhere; follow the one that the word names."""

    also = ("context-dependent decision", "colour and motion", "color motion")
    paper = Paper(
        "Context-dependent computation by recurrent dynamics in prefrontal cortex",
        "https://doi.org/10.1038/nature12742",
        "Mante, Sussillo, Shenoy & Newsome",
        2013,
    )
    tags = ("perceptual", "context dependent", "two-alternative", "supervised")
    differs = (
        "Fixation stays on until the decision: after a delay of random length nothing else tells"
        " when to answer, and answering throughout the delay was the only reliable policy.",
        "ground_truth and other_choice count from 0, as in the other tasks.",
        "Channels are the groups stimulus_mod1 and stimulus_mod2, not stim1_mod1, stim2_mod1, ...",
        "A wrong answer earns rewards['fail'], 0 by default; the key was missing.",
        "The context changes from trial to trial and is told, as in the paper; by default it was"
        " the same in all trials, which is the preset neurogym.",
    )
    sources = {
        "use_expl_context": "a cue as in the paper; that it is drawn in each trial is our choice",
        "cohs": "NeuroGym, about the paper's", "timing": "NeuroGym",
    }  # fmt: skip
    presets = {"neurogym": Preset(use_expl_context=False)}

    use_expl_context = param.Boolean(
        True, doc="whether the context changes from trial to trial, and channels tell it"
    )
    impl_context_modality = param.Integer(
        0, bounds=(0, 1), doc="the relevant modality when the context is not told (0: first)"
    )
    dim_ring = param.Integer(2, bounds=(2, 64), doc="number of directions, evenly spaced")
    cohs = Levels([5, 15, 50], bounds=(0, 100), doc="coherences of each modality in %")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(
        fixation=300,
        stimulus=750,
        delay=("truncated_exponential", (600, 300, 3000)),
        decision=100,
    )
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(
            fixation=700,
            stimulus=1000,
            delay=("truncated_exponential", (300, 200, 1000)),
            decision=2000,
        ),
    )

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(choice="ring")
    scene = Scene(
        Text(text=By(_cue), color=By(_cue_color), y=0.42, size=0.055),
        Arc(radius=0.35, width=0.01, color=By(_cue_color)),
        Disc(x=0.44, radius=0.035, color=BLUE, when=_two_answers),
        Disc(x=-0.44, radius=0.035, color=ORANGE, when=_two_answers),
        Dots(
            evidence="stimulus_mod1", during="stimulus", when=_two_answers, colors=(BLUE, ORANGE),
            color_share=Mix("stimulus_mod2", (0.5, -0.5), 0.5),  # blue speaks for right
        ),
        Dots(
            evidence="stimulus_mod1", during="stimulus", when=_more_answers, x=-0.25, aperture=0.42,
        ),
        Dots(
            evidence="stimulus_mod2", during="stimulus", when=_more_answers, x=0.25, aperture=0.42,
        ),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def channels(self):
        told = self.use_expl_context
        evidence = [
            Evidence(self.dim_ring, gate=f"context{i + 1}")
            if told
            else (Evidence(self.dim_ring) if i == self.impl_context_modality else self.dim_ring)
            for i in range(2)
        ]
        context = dict(context1=1, context2=1) if told else {}
        return Channels(fixation=1, stimulus_mod1=evidence[0], stimulus_mod2=evidence[1], **context)

    def actions(self):
        return Actions(fixation=1, choice=self.dim_ring)

    def conditions(self):
        contexts = (0, 1) if self.use_expl_context else (self.impl_context_modality,)
        choice = range(self.dim_ring)
        coherence = dict(bounds=(0, 100), unit="%")
        return dict(
            context=Choice(contexts, doc="the relevant modality"),
            ground_truth=Choice(choice, doc="where the relevant modality points"),
            other_choice=Choice(choice, doc="where the other modality points"),
            coh_1=Choice(self.cohs, **coherence, doc="coherence of the first modality"),
            coh_2=Choice(self.cohs, **coherence, doc="coherence of the second modality"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        for modality, coherence in enumerate((trials.coh_1, trials.coh_2)):
            relevant = trials.context == modality
            points = np.where(relevant, trials.ground_truth, trials.other_choice)
            channel = f"stimulus_mod{modality + 1}"
            canvas.show(channel, cosine_ring(self.dim_ring, points, coherence), during="stimulus")
            canvas.noise(channel, self.sigma, during="stimulus")
            if self.use_expl_context:
                canvas.show(f"context{modality + 1}", relevant)
        canvas.answer("choice", trials.ground_truth, during="decision")
