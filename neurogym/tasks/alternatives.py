"""Choices among any number of alternatives."""

from dataclasses import dataclass

import numpy as np
import param

from neurogym.spec.conditions import Choice, Patterns, Permutation, Subset
from neurogym.spec.layout import Actions, Channels, Evidence, ring
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, Bar, By, Channel, Cross, Disc, Keys, Scene, Text
from neurogym.trials.task import Task

LAMPS, SQUARES = 32, 36  # the most alternatives, and squares of a picture, that the stage has
DARK, YELLOW = "#333333", "#ffe27a"


@dataclass(frozen=True)
class Nth(Channel):
    """The value of the k-th channel of a group."""

    k: int = 0

    def resolve(self, task, conditions, channels):
        """The binding that the player evaluates."""
        binding = super().resolve(task, conditions, channels)
        return {**binding, "channel": binding["channel"] + self.k}


def _there(k):
    return lambda task, conditions: k < task.n_ch


def _on_circle(k, radius, part):
    return By(lambda task, conditions: float(radius * part(ring(task.n_ch)[k])))


def _lamp_radius(task, conditions):
    return min(0.09, 0.24 * float(np.sin(np.pi / task.n_ch)))


def _lamp(k, **how):
    """The lamp of the k-th alternative, in its direction from the centre."""
    x, y = _on_circle(k, 0.29, np.cos), _on_circle(k, 0.29, np.sin)
    return Disc(x=x, y=y, radius=By(_lamp_radius), when=_there(k), **how)


def _tells(task, conditions):
    return task.ob_nch or task.ob_histblock


def _told(task, conditions):
    in_play = conditions["active"].count("-") + 1
    parts = [f"{in_play} in play"] if task.ob_nch else []
    if task.ob_histblock and "block" in conditions:
        parts.append(f"block {conditions['block'] + 1}")
    return ", ".join(parts)


class NAltPerceptualDecisionMaking(Task):
    """Watch lamps flicker, then report the one that was brightest on average."""

    called = "Brightest of n Lamps"
    also = ("multi-alternative", "Hick's law")
    paper = Paper(
        "Decision-making with multiple alternatives",
        "https://doi.org/10.1038/nn.2123",
        "Churchland, Kiani & Shadlen",
        2008,
    )
    tags = ("perceptual", "n-alternative", "supervised")
    differs = (
        "Fixation stays on until the decision, as in all tasks: its end is the cue to answer.",
        "ground_truth counts from 0, as in the other tasks.",
        "coh stands in the trial as it was given, so that trials of any n_ch compare; only what is"
        " shown is scaled by stim_scale and the number of alternatives.",
        "Which choices are in play is the condition active, a string such as '1-3', that stands in"
        " the trial and can be forced; the right one has to be among them, else nothing is right.",
        "A channel blanked by zero_irrelevant_stim keeps its noise, which is the same whatever is"
        " in play.",
    )

    n_ch = param.Integer(3, bounds=(2, LAMPS), doc="number of alternatives")
    cohs = Levels([0, 6.4, 12.8, 25.6, 51.2], bounds=(0, 100), doc="coherences in %")
    stim_scale = param.Number(1.0, bounds=(0, 10), doc="factor on the coherences")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    zero_irrelevant_stim = param.Boolean(
        False, doc="whether channels of choices that are not in play show noise alone"
    )
    ob_nch = param.Boolean(False, doc="whether a channel tells how many choices are in play")
    ob_histblock = param.Boolean(False, doc="whether a channel tells the block, where there is one")
    timing = Timing(fixation=500, stimulus=("truncated_exponential", (330, 80, 1500)), decision=500)
    human = Preset(
        dt=20,
        abort=True,
        n_ch=4,
        zero_irrelevant_stim=True,
        timing=dict(stimulus=("truncated_exponential", (900, 500, 2000)), decision=2000),
    )

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(choice="ring")
    scene = Scene(
        *(_lamp(k, color=DARK, outline=0.012) for k in range(LAMPS)),
        *(
            _lamp(k, color=YELLOW, alpha=Nth("stimulus", 0.6, 0.2, k), during="stimulus")
            for k in range(LAMPS)
        ),
        Text(text=By(_told), y=-0.1, size=0.035, when=_tells),
        Cross(during=("fixation", "stimulus")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def channels(self):
        told = dict(active_choices=self.ob_nch, current_block=self.ob_histblock)
        told = {name: 1 for name, is_told in told.items() if is_told}
        return Channels(fixation=1, stimulus=Evidence(self.n_ch), **told)

    def actions(self):
        return Actions(fixation=1, choice=self.n_ch)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(self.n_ch), doc="the alternative with most evidence"),
            coh=Choice(self.cohs, bounds=(0, 100), unit="%", doc="coherence"),
            active=Subset(self.n_ch, doc="the choices in play, counted from 1"),
        )

    def gain(self) -> float:
        """The more alternatives, the stronger the evidence: a factor on the coherence."""
        return self.stim_scale * (1.84665761 * np.log(self.n_ch) - 0.04102044)

    def paint(self, canvas, trials):
        in_play = self._in_play(trials)
        target = np.arange(self.n_ch) == trials.ground_truth[:, None]
        strength = self.gain() * trials.coh[:, None] / 100
        level = 0.5 + np.where(target, 0.5, -0.5) * strength
        shown = in_play if self.zero_irrelevant_stim else np.ones_like(in_play)
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        canvas.show("stimulus", level * shown, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        if self.ob_nch:
            canvas.show("active_choices", in_play.sum(axis=1))
        if self.ob_histblock:
            canvas.show("current_block", trials.conditions.get("block", np.array(-1)) + 1)
        canvas.answer("choice", trials.ground_truth, during="decision")

    def _in_play(self, trials) -> np.ndarray:
        """Which choices are in play, (trials, n_ch) bool; ValueError if the right one is not."""
        in_play = Subset(self.n_ch).decode(trials.active)
        held = in_play[np.arange(trials.n), trials.ground_truth]
        if not held.all():
            i = np.argmin(held)
            among = ", ".join(map(str, np.flatnonzero(in_play[i])))
            raise ValueError(
                f"active = {str(trials.active[i])!r} leaves out the right answer, ground_truth ="
                f" {trials.ground_truth[i]} (counted from 0): force ground_truth as well, to one"
                f" of {among}"
            )
        return in_play


def _columns(task):
    return int(np.ceil(np.sqrt(task.n_ch)))


def _side(share):
    return By(lambda task, conditions: share * 0.6 / _columns(task))


def _column(k):
    def x(task, conditions):
        n = _columns(task)
        return 0.6 / n * (k % n - (n - 1) / 2)

    return By(x)


def _row(k):
    def y(task, conditions):
        n, rows = _columns(task), -(-task.n_ch // _columns(task))
        return 0.6 / n * ((rows - 1) / 2 - k // n)

    return By(y)


def _square(k, **how):
    """The k-th square of the picture, row by row from the top left."""
    how = {"width": _side(0.92), "height": _side(0.92), "during": "stimulus", **how}
    return Bar(x=_column(k), y=_row(k), when=_there(k), **how)


class NAltConditionalVisuomotor(Task):
    """Find out by trial and error which answer goes with which picture."""

    called = "Conditional Visuomotor Learning"
    also = ("conditional association", "arbitrary visuomotor mapping")
    paper = Paper(
        "Neural activity in the primate prefrontal cortex during associative learning",
        "https://doi.org/10.1016/S0896-6273(00)80658-3",
        "Asaad, Rainer & Miller",
        1998,
    )
    tags = ("conditional", "n-alternative", "supervised")
    differs = (
        "The conditions are picture, mapping and pictures, from which the answer follows; a forced"
        " ground_truth without a stimulus crashed.",
        "Mapping and pictures are drawn from the seed, once, and stand in each trial; they came"
        " from a generator that the seed did not reach.",
        "No picture is empty: it could not be told from no picture.",
        "Fixation stays on until the decision, as in all tasks: its end is the cue to answer.",
    )

    n_stims = param.Integer(2, bounds=(2, 32), doc="number of pictures, and of answers")
    n_ch = param.Integer(10, bounds=(2, SQUARES), doc="number of squares of a picture")
    stim_scale = param.Number(1.0, bounds=(0.01, 10), doc="contrast of the pictures")
    sigma = param.Number(0.1, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=500, stimulus=500, delay=1000, decision=500)
    human = Preset(
        dt=20, abort=True, n_stims=4, n_ch=9, timing=dict(stimulus=700, delay=400, decision=2500)
    )

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(choice="ring")
    scene = Scene(
        *(_square(k, color=DARK) for k in range(SQUARES)),
        *(_square(k, color=BLUE, alpha=Nth("stimulus", 0.9, 0.05, k)) for k in range(SQUARES)),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def check(self):
        if self.n_stims >= 2**self.n_ch:
            raise ValueError(f"n_stims = {self.n_stims}: too many for n_ch = {self.n_ch} squares")

    def channels(self):
        return Channels(fixation=1, stimulus=self.n_ch)

    def actions(self):
        return Actions(fixation=1, choice=self.n_stims)

    def conditions(self):
        n = self.n_stims
        return dict(
            picture=Choice(range(n), doc="which of the pictures"),
            mapping=Permutation(n, doc="each picture's answer, counted from 1"),
            pictures=Patterns(n, self.n_ch, doc="which squares of each picture are bright"),
        )

    def paint(self, canvas, trials):
        n, each = self.n_stims, np.arange(trials.n)
        bright = Patterns(n, self.n_ch).decode(trials.pictures)[each, trials.picture]
        answer = Permutation(n).decode(trials.mapping)[each, trials.picture]
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        level = 0.5 + np.where(bright, 0.5, -0.5) * self.stim_scale
        canvas.show("stimulus", level, during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", answer, during="decision")
