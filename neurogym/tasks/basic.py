"""The smallest tasks, and one that can be made into many."""

import numpy as np
import param

from neurogym.spec.conditions import Choice, Flips
from neurogym.spec.layout import Actions, Channels, Evidence
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Probability, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, ORANGE, By, Cross, Disc, Keys, Polygon, Scene, Text
from neurogym.tasks.alternatives import DARK, YELLOW, Nth
from neurogym.tasks.contrast import SIDES
from neurogym.trials.task import Task

DONDERS = Paper(
    "On the speed of mental processes",
    "https://doi.org/10.1016/0001-6918(69)90065-1",
    "Donders",
    1969,
)


class Null(Task):
    """Press the key when the light comes on."""

    paper = DONDERS
    tags = ("go-no-go", "supervised")
    differs = (
        "It is the smallest whole task, with one cue and one answer; it was a stub of one channel"
        " and one action, whose observation was no array. The paper is our choice.",
    )

    timing = Timing(wait=("uniform", (100, 500)), light=100)
    human = Preset(dt=20, abort=True, timing=dict(wait=("uniform", (700, 2000)), light=1500))
    rule = FirstResponse("light", hold="wait")
    keys = Keys(press=("Space",))
    scene = Scene(Disc(color=DARK, during="wait"), Disc(color=YELLOW, during="light"))

    def channels(self):
        return Channels(light=1)

    def actions(self):
        return Actions(fixation=1, press=1)

    def conditions(self):
        return dict(ground_truth=Choice((1,), doc="always 1: press"))

    def paint(self, canvas, trials):
        canvas.show("light", 1, during="light")
        canvas.answer("press", during="light")


class Nothing(Task):
    """Do nothing at all: whoever presses the key is not paid."""

    paper = DONDERS
    tags = ("go-no-go",)
    differs = (
        "To wait through a trial of some length pays, by rewards['withheld'], and is correct; each"
        " step was a trial. The paper is our choice. It was removed from NeuroGym in 2020.",
    )

    rewards = Rewards(abort=0.0, fail=0.0, withheld=1.0)
    timing = Timing(fixation=100, decision=("uniform", (200, 600)))
    human = Preset(dt=20, timing=dict(fixation=500, decision=("uniform", (1000, 3000))))
    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(press=("Space",))
    scene = Scene(Cross(during="fixation"), Cross(color=GO, during="decision"))

    def channels(self):
        return Channels(fixation=1)

    def actions(self):
        return Actions(fixation=1, press=1)

    def conditions(self):
        return dict(ground_truth=Choice((0,), doc="always 0: wait"))

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")


def _is_second(task, c):
    return (c["ground_truth"] + c["context"]) % 2 == 1


def _is_first(task, c):
    return not _is_second(task, c)


class ContextSwitch(Task):
    """Each of two shapes wants one of two keys; find out which, and notice when that changes."""

    also = ("reversal learning", "task switching", "set shifting")
    paper = Paper(
        "Neural activity in the primate prefrontal cortex during associative learning",
        "https://doi.org/10.1016/S0896-6273(00)80658-3",
        "Asaad, Rainer & Miller",
        1998,
    )
    tags = ("two-alternative", "context dependent", "supervised")
    differs = (
        "It could not be stepped. The context flips between trials, not within one, and stands in"
        " the trial's conditions; p_switch is a parameter.",
        "A fixation step comes first, and action 0 is to choose neither, as in the other tasks.",
        "The paper is our choice; none was named.",
    )

    p_switch = Probability(0.1, doc="chance, in each trial, that the rule is the other one")
    timing = Timing(fixation=100, decision=100)
    human = Preset(dt=20, abort=True, timing=dict(fixation=700, decision=3000))
    rule = FirstResponse("decision", hold="fixation")
    keys = Keys({"choice": ["left", "right"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        Disc(radius=0.16, color=BLUE, during="decision", when=_is_first),
        Polygon(radius=0.2, sides=3, color=ORANGE, during="decision", when=_is_second),
        Cross(during="fixation"),
    )

    def channels(self):
        return Channels(fixation=1, stimulus=2)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the right key: 0 left, 1 right"),
            context=Flips(self.p_switch, doc="0: the first shape wants left, 1: it wants right"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        shape = (trials.ground_truth + trials.context) % 2
        canvas.show("stimulus", np.arange(2) == shape[:, None], during="decision")
        canvas.answer("choice", trials.ground_truth, during="decision")


def _lamp(k, **how):
    return Disc(x=SIDES[k], radius=0.15, **how)


SHORT = ("truncated_exponential", (500, 200, 800))


class GenTask(Task):
    """Two lights flicker, one after the other: report the one that was brighter."""

    called = "Brighter of Two Lights"
    also = ("vibrotactile", "flutter", "delayed comparison")
    paper = Paper(
        "Neuronal correlates of parametric working memory in the prefrontal cortex",
        "https://doi.org/10.1038/20939",
        "Romo, Brody, Hernández & Lemus",
        1999,
    )
    tags = ("perceptual", "two-alternative", "delayed response", "supervised")
    differs = (
        "simultaneous_stim shows both streams in both stimulus periods; it had no effect.",
        "stimEv is named stim_scale, as in the other tasks, and noise is told as sigma:"
        " sigma = sqrt(200 * noise).",
        "With gng the first light asks to wait and the second to press; what was to be withheld did"
        " not count.",
        "The decision lasts 500 ms, so that its end tells no more than its begin; its length was"
        " drawn.",
        "The paper is our choice; none was named. It was removed from NeuroGym in 2020.",
    )

    cohs = Levels([0, 6.4, 12.8, 25.6, 51.2], bounds=(0, 100), doc="coherences in %")
    stim_scale = param.Number(1.0, bounds=(0, 10), doc="factor on the coherences")
    sigma = param.Number(2**0.5, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    simultaneous_stim = param.Boolean(False, doc="whether both streams are on in both periods")
    gng = param.Boolean(False, doc="whether it is a go/no-go task: the second light means go")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=0.0, withheld=1.0)
    timing = Timing(
        fixation=SHORT, stim1=SHORT, delay_btw_stim=SHORT, stim2=SHORT, delay_aft_stim=SHORT,
        decision=500,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True, timing=dict(stim1=1000, stim2=1000, decision=2500), cohs=[12.8, 25.6, 80]
    )

    rule = FirstResponse("decision", hold="fixation")
    scene = Scene(
        *(_lamp(k, color=DARK, outline=0.012) for k in (0, 1)),
        *(
            _lamp(k, color=YELLOW, alpha=Nth("stimulus", 0.5, 0.25, k), during=f"stim{period + 1}",
                  when=lambda task, c, on=k == period: on or task.simultaneous_stim)
            for k in (0, 1)
            for period in (0, 1)
        ),
        Cross(during=("fixation", "stim1", "delay_btw_stim", "stim2", "delay_aft_stim")),
        Text(text=By(lambda task, c: "press if right" if task.gng else "?"), size=0.07, color=GO,
             during="decision"),
    )  # fmt: skip

    @property
    def keys(self) -> Keys:
        """One key, or two."""
        if self.gng:
            return Keys({"choice": ["right was brighter"]}, choice=("Space",))
        return Keys({"choice": ["left", "right"]}, choice=("ArrowLeft", "ArrowRight"))

    def channels(self):
        return Channels(fixation=1, stimulus=Evidence(2))

    def actions(self):
        return Actions(fixation=1, choice=1 if self.gng else 2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the stronger stream: 0 the first, 1 the second"),
            coh=Choice(self.cohs, bounds=(0, 100), unit="%", doc="coherence"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        sign = np.where(np.arange(2) == trials.ground_truth[:, None], 1, -1)
        level = 0.5 + sign * trials.coh[:, None] * self.stim_scale / 200
        for k in (0, 1):
            shown = np.ones(2) if self.simultaneous_stim else np.arange(2) == k
            canvas.show("stimulus", level * shown, during=f"stim{k + 1}")
            canvas.noise("stimulus", self.sigma, during=f"stim{k + 1}")
        if self.gng:
            canvas.answer("choice", when=trials.ground_truth == 1, during="decision")
        else:
            canvas.answer("choice", trials.ground_truth, during="decision")
