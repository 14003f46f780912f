"""Is something there?"""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Rewards, Timing
from neurogym.spec.rules import FirstResponse, Spot
from neurogym.spec.scene import (
    BLUE,
    GO,
    ORANGE,
    Channel,
    Cross,
    Disc,
    Keys,
    Noise,
    Of,
    Scene,
    Text,
    Tone,
)
from neurogym.trials.task import Task

DARK, YELLOW = "#333333", "#ffe27a"
HEARD = ("wait1", "tone1", "wait2", "tone2", "wait3", "tone3", "wait4")


class Detection(Task):
    """Press as soon as the flickering lamp lights up; if it never does, do nothing."""

    also = ("signal detection", "yes-no", "vigilance")
    paper = Paper(
        "Detection of tones and their modification by noise in nonhuman primates",
        "https://doi.org/10.1007/s10162-013-0384-1",
        "Dylla, Hrnicek, Rice & Ramachandran",
        2013,
    )
    tags = ("perceptual", "reaction time", "go-no-go", "supervised")
    differs = (
        "Every trial has labels; no-go trials had those of the trial before, or crashed.",
        "The noise is the same with and without a stimulus; it was doubled without.",
        "delay and stim_dur are the periods delay and stimulus, in ms; a delay counted in steps.",
        "The delay is exponential, so that the stimulus is as likely at any moment.",
        "A withheld no-go counts as correct: performance 1 (it was reset to 0).",
        "strength, the level of the stimulus, is a condition, which a staircase can follow.",
        "The paper is one that has such a task; none was named.",
    )

    strengths = Levels([0.5], bounds=(0.01, 10), doc="levels of the stimulus")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=-1.0, miss=-1.0, withheld=0.0)
    timing = Timing(
        fixation=500,
        delay=("truncated_exponential", (400, 100, 1200)),
        stimulus=100,
        decision=500,
    )
    human = Preset(
        dt=20, abort=True, strengths=[0.4, 0.7, 1.0],
        timing=dict(delay=("truncated_exponential", (1200, 400, 4000)), decision=900),
    )  # fmt: skip

    rule = Spot(("stimulus", "decision"), hold="fixation", alarm=("delay",))
    keys = Keys(go=("Space",))
    scene = Scene(
        Disc(radius=0.2, outline=0.012, color=DARK),
        Disc(radius=0.2, color=YELLOW, alpha=Channel("stimulus", 0.5, 0.3),
             during=("delay", "stimulus", "decision")),
        Cross(during="fixation"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, stimulus=1)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="1: a stimulus comes (go), 0: none (no-go)"),
            strength=Choice(self.strengths, bounds=(0.01, 10), doc="level of the stimulus"),
        )

    def paint(self, canvas, trials):
        go = trials.ground_truth == 1
        canvas.show("fixation", 1, during="fixation")
        canvas.show("stimulus", go * trials.strength, during="stimulus")
        canvas.noise("stimulus", self.sigma, during=("delay", "stimulus", "decision"))
        canvas.answer("go", when=go, during=("stimulus", "decision"))


def _lamp(k, **how):
    return Disc(radius=0.11, x=-0.3 + 0.3 * k, **how)


class ToneDetection(Task):
    """A tone in noise makes one of three lamps flash: press its number; if none came, wait."""

    also = ("auditory detection",)
    paper = Paper(
        "Representation of tones in noise in the responses of auditory nerve fibers in cats",
        "https://doi.org/10.1523/JNEUROSCI.05-12-03261.1985",
        "Costalupes",
        1985,
    )
    tags = ("auditory", "perceptual", "supervised", "decision")
    differs = (
        "An answer is asked for, and rewarded, in a decision period after the sound; the label"
        " filled the trial, even before the tone, and nothing was ever earned.",
        "toneTiming and toneDur are periods: wait1, tone1, wait2 ... in ms.",
        "A channel, fixation, tells by its end when to answer.",
        "strength, the level of the tone, is a condition, which a staircase can follow.",
        "Rightly giving no answer earns rewards['withheld'], as much as a right answer.",
        "A person hears a tone of 1 kHz in white noise, its level as noisy as the channel, and sees"
        " it flash, its moment as one of three places.",
    )

    dt = param.Number(50, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    strengths = Levels([1.0], bounds=(0.01, 10), doc="levels of the tone")
    sigma = param.Number(0.2, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=-0.1, withheld=1.0)
    timing = Timing(
        wait1=500, tone1=50, wait2=450, tone2=50, wait3=450, tone3=50, wait4=450, decision=500
    )
    human = Preset(
        dt=20, abort=True, sigma=1.0, strengths=[0.4, 0.7, 1.0],
        timing=dict(
            wait1=900, tone1=100, wait2=900, tone2=100, wait3=900, tone3=100, wait4=300,
            decision=2000,
        ),
    )  # fmt: skip

    rule = FirstResponse("decision", hold=HEARD)
    keys = Keys({"choice": ["first", "second", "third"]}, choice=("Digit1", "Digit2", "Digit3"))
    scene = Scene(
        *(_lamp(k, color=DARK, outline=0.012) for k in range(3)),
        *(
            _lamp(k, color=YELLOW, alpha=Channel("stimulus", 0.5, 0.3),
                  during=(f"wait{k + 1}", f"tone{k + 1}"))
            for k in range(3)
        ),
        *(Text(text=str(k + 1), x=-0.3 + 0.3 * k, y=-0.2, size=0.07) for k in range(3)),
        Noise(level=0.15, alpha=0, during=HEARD),
        Tone(level=Channel("stimulus", 0.6), during=HEARD),
        Cross(y=0.25, during=HEARD),
        Cross(y=0.25, color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, stimulus=1)

    def actions(self):
        return Actions(fixation=1, choice=3)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(4), doc="when the tone comes, 1 to 3; 0: never"),
            strength=Choice(self.strengths, bounds=(0.01, 10), doc="level of the tone"),
        )

    def paint(self, canvas, trials):
        sound = canvas.timeline.before("decision")
        canvas.show("fixation", 1, during=sound)
        for k in (1, 2, 3):
            canvas.show("stimulus", (trials.ground_truth == k) * trials.strength, f"tone{k}")
        canvas.noise("stimulus", self.sigma, during=sound)
        heard = trials.ground_truth > 0
        canvas.answer("choice", trials.ground_truth - heard, when=heard, during="decision")


def _has(modality):
    return lambda task, c: c["ground_truth"] == 1 and modality in c["modality"]


class AnnubesEnv(Task):
    """Press when the disc or the speaker of a tone appears; if neither does, do nothing."""

    called = "Light or Tone"
    also = ("multisensory", "audiovisual detection")
    paper = Paper(
        "Audiovisual integration enhances stimulus detection performance in mice",
        "https://doi.org/10.3389/fnbeh.2018.00231",
        "Meijer, Pie, Dolman, Pennartz & Lansink",
        2018,
    )
    tags = ("n-alternative", "perceptual", "supervised")
    differs = (
        "The first response decides: it earns once, and performance is 1 if it is right, or rightly"
        " withheld. Each step was paid, and one right step of them made the performance 1.",
        "session is the three weights visual, auditory and audiovisual.",
        "All channels of modalities are noisy while a stimulus may be on; only those that had one"
        " were, so that the noise gave it away.",
        "There is no max_sequential, and no iti: a trial ends with its stimulus at the latest, and"
        " the next fixation keeps them apart. Schedules around the task can set the modality.",
        "Trials follow from the seed; they came from a generator of their own.",
        "A person hears a tone of 1 kHz, and sees its speaker, as clear as it is loud.",
        "The paper is one that has such a task; none was named.",
    )

    visual = param.Number(0.5, bounds=(0, 1), doc="weight of trials with a visual stimulus")
    auditory = param.Number(0.5, bounds=(0, 1), doc="weight of trials with an auditory stimulus")
    audiovisual = param.Number(0.0, bounds=(0, 1), doc="weight of trials with both at once")
    stim_intensities = Levels([0.8, 0.9, 1.0], bounds=(0.01, 1), doc="intensities of stimuli")
    catch_prob = param.Number(0.5, bounds=(0, 1), doc="share of trials without a stimulus")
    fix_intensity = param.Number(0.0, bounds=(0, 1), doc="level of the fixation channel")
    noise_std = param.Number(0.01, bounds=(0, 1), doc="SD of the noise of a unit")
    tau = param.Number(100, bounds=(1, 10000), doc="time constant of a unit in ms")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=0.0, withheld=1.0)
    timing = Timing(fixation=500, stimulus=1000)
    human = Preset(
        dt=20, abort=True, audiovisual=0.5, catch_prob=0.3, stim_intensities=[0.1, 0.2, 0.4, 0.8],
        timing=dict(fixation=("uniform", (700, 1500)), stimulus=1200),
    )  # fmt: skip

    rule = FirstResponse("stimulus", hold="fixation")
    unshared = dict.fromkeys(
        ("v", "a"),
        "around nothing at all noise has no place on a screen or in a loudspeaker, which know no"
        " less than nothing",
    )
    keys = Keys({"choice": ["there"]}, choice=("Space",))
    scene = Scene(
        Disc(radius=0.13, x=-0.25, color=BLUE, alpha=Of("intensity"), during="stimulus",
             when=_has("v")),
        Tone(x=0.25, y=0.0, size=0.26, color=ORANGE, level=Of("intensity"),
             alpha=Of("intensity"), during="stimulus", when=_has("a")),
        Cross(during="fixation"),
        Cross(color=GO, size=0.08, width=0.014, during="stimulus"),
    )  # fmt: skip

    def check(self):
        if self.visual + self.auditory + self.audiovisual == 0:
            raise ValueError("visual, auditory and audiovisual are 0: one has to have a weight")

    def channels(self):
        return Channels(fixation=1, start=1, v=1, a=1)

    def actions(self):
        return Actions(fixation=1, choice=1)

    def conditions(self):
        weights = dict(v=self.visual, a=self.auditory, va=self.audiovisual)
        weights = {modality: weight for modality, weight in weights.items() if weight}
        p, share = np.array(list(weights.values())), self.catch_prob
        return dict(
            ground_truth=Choice((0, 1), p=(share, 1 - share), doc="1: a stimulus, 0: a catch"),
            modality=Choice(list(weights), p=p / p.sum(), doc="v: seen, a: heard, va: both"),
            intensity=Choice(self.stim_intensities, bounds=(0.01, 1), doc="of the stimulus"),
        )

    def paint(self, canvas, trials):
        there = trials.ground_truth == 1
        canvas.show("fixation", self.fix_intensity, during="fixation")
        canvas.show("start", 1, during="stimulus")
        for modality in ("v", "a"):
            on = there & np.isin(trials.modality, [modality, "va"])
            canvas.show(modality, on * trials.intensity, during="stimulus")
            canvas.noise(modality, self.noise_std * (2 * self.tau) ** 0.5, during="stimulus")
        canvas.answer("choice", when=there, during="stimulus")
