"""Adding up evidence that comes in pieces."""

from itertools import permutations
from typing import ClassVar

import numpy as np
import param

from neurogym.spec.conditions import Choice, Condition, Permutation, Uniform
from neurogym.spec.layout import Actions, Channels, Evidence
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import (
    BLUE,
    GO,
    ORANGE,
    By,
    Cross,
    Disc,
    Dots,
    Keys,
    Polygon,
    Scene,
    Text,
)
from neurogym.tasks.alternatives import YELLOW, Nth
from neurogym.tasks.perceptual import cosine_ring
from neurogym.trials.task import Task

LEFT_RIGHT = ("ArrowLeft", "ArrowRight")


SENSES = ("first", "second")


def _shows(sense):
    return lambda task, c: task.split or c["modality"] in (sense, "both")


class MultiSensoryIntegration(Task):
    """Dots move one way, in one patch or in both of them: report the way.

    Each of two senses gives evidence of its own, alone in a third of the trials each and together
    in the rest. Who adds up what both say has in these a d' of sqrt(d1^2 + d2^2): that is the
    benefit to be measured. Where a sense is absent its channels are silent, without noise.
    """

    called = "Multisensory Integration"
    also = ("cue combination", "multisensory", "multimodal")
    paper = Paper(
        "Multisensory decision-making in rats and humans",
        "https://doi.org/10.1523/JNEUROSCI.4998-11.2012",
        "Raposo, Sheppard, Schrater & Churchland",
        2012,
    )
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "Trials have one sense alone, the other, or both, as in the paper, each with the coherence"
        " coh; both were always there and shared it, so that nothing could be gained by adding them"
        " up: the preset neurogym, or split.",
        "Only the stimuli are noisy; the fixation channel had noise too.",
        "A wrong answer earns rewards['fail'], 0 by default; the key was missing.",
        "The paper is one that has such a task; none was named.",
        "A person sees two patches of dots, in place of two senses.",
        "The key coh_prop of a trial is gone: modality says which senses there are; with split, "
        "how they share.",
    )

    dim_ring = param.Integer(2, bounds=(2, 64), doc="number of directions, evenly spaced")
    cohs = Levels([5, 15, 50], bounds=(0, 100), doc="coherences of each sense in %")
    second = param.Number(1.0, bounds=(0, 1), doc="coherence of the second sense / of the first")
    split = param.Boolean(
        False, doc="whether both senses are always there and share a coherence at random"
    )
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=300, stimulus=750, decision=100)
    human = Preset(
        dt=20,
        abort=True,
        cohs=[10, 20, 40, 80],
        timing=dict(fixation=700, stimulus=1200, decision=2000),
    )
    presets: ClassVar = {"neurogym": Preset(split=True)}
    sources: ClassVar = {
        "modality": "paper", "second": "our choice: both senses as reliable", "cohs": "NeuroGym",
        "sigma": "NeuroGym", "fixation": "NeuroGym", "stimulus": "NeuroGym",
        "decision": "NeuroGym", "coh": "of dots, in place of the paper's rates: NeuroGym",
    }  # fmt: skip

    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(choice="ring")
    scene = Scene(
        *(
            Dots(evidence=f"stimulus_mod{k}", x=x, aperture=0.42, during="stimulus",
                 when=_shows(sense))
            for k, x, sense in ((1, -0.25, "first"), (2, 0.25, "second"))
        ),
        Cross(during=("fixation", "stimulus")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def channels(self):
        both = Evidence(self.dim_ring)
        return Channels(fixation=1, stimulus_mod1=both, stimulus_mod2=both)

    def actions(self):
        return Actions(fixation=1, choice=self.dim_ring)

    def conditions(self):
        if self.split:
            which = dict(coh_prop=Uniform(0, 1, doc="share of it that the first sense has"))
        else:
            which = dict(modality=Choice((*SENSES, "both"), doc="which senses give evidence"))
        return dict(
            ground_truth=Choice(range(self.dim_ring), doc="index of the direction"),
            coh=Choice(self.cohs, bounds=(0, 100), unit="%", doc="coherence, of the first sense"
                       if not self.split else "coherence of both together"),
            **which,
        )  # fmt: skip

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        if self.split:
            there = np.ones((2, trials.n), bool)
            shares = np.stack([trials.coh_prop, 1 - trials.coh_prop])
        else:
            there = np.stack([np.isin(trials.modality, (sense, "both")) for sense in SENSES])
            shares = np.array([[1.0], [self.second]]) * there
        for k in range(2):
            evidence = cosine_ring(self.dim_ring, trials.ground_truth, trials.coh * shares[k])
            shown = np.where(there[k][:, None], evidence, 0.0)
            canvas.show(f"stimulus_mod{k + 1}", shown, during="stimulus")
            canvas.noise(f"stimulus_mod{k + 1}", self.sigma * there[k], during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")


BINS = 6  # the most that there are periods for
CUES = tuple(f"cue{k + 1}" for k in range(BINS))


class Trains(Condition):
    """Which pulses come on two sides, "110100-010000": on the side with more of them, the other.

    On one side each of n pulses comes with the first probability, on the other with the second.
    """

    def __init__(self, n: int, p: tuple[float, float], *, unit: str = "", doc: str = ""):
        self.n, self.p, self.unit, self.doc = n, np.asarray(p, float), unit, doc

    def draw(self, rng, n, last):
        on = rng.random((n, 2, self.n)) < self.p[:, None]
        count = on.sum(axis=2)
        swapped = count[:, 1] + rng.uniform(-0.1, 0.1, n) > count[:, 0]
        on[swapped] = on[swapped, ::-1]
        return np.array(["-".join("".join(map(str, side)) for side in x) for x in on.astype(int)])

    def allows(self, value):
        sides = value.split("-") if isinstance(value, str) else []
        written = all(len(side) == self.n and set(side) <= {"0", "1"} for side in sides)
        return written and len(sides) == 2 and sides[0].count("1") >= sides[1].count("1")

    @staticmethod
    def decode(values: np.ndarray) -> np.ndarray:
        """Which pulses come, (trials, 2, n) bool: on the side with more of them, the other."""
        return np.array([[[c == "1" for c in s] for s in v.split("-")] for v in values.tolist()])

    def __str__(self):
        return (
            f"two patterns of {self.n} pulses such as '{'1' * self.n}-{'0' * self.n}', the first"
            " with as many of them as the second, or more"
        )


class PulseDecisionMaking(Task):
    """Count the flashes on both sides, then report the side that had more of them."""

    also = ("Poisson clicks", "accumulating towers", "flash accumulation", "Brunton")
    paper = Paper(
        "Sources of noise during accumulation of evidence in unrestrained and voluntarily"
        " head-restrained rats",
        "https://doi.org/10.7554/eLife.11308",
        "Scott, Constantinople, Erlich, Tank & Brody",
        2015,
    )
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "The pulses and the side that has more of them (ground_truth) can be forced; a forced pulse"
        " changed what was recorded, not what was shown.",
        "There are six bins at most, each with a cue and a bin of its own in timing; n_bin leaves"
        " out the last ones.",
        "A cue is shown for one step at least; at dt above 10 ms there was none.",
        "Fixation is of random length, 100 to 300 ms, so that the first pulse cannot be foretold;"
        " it was 500 ms.",
        "The keys pulse1 and pulse2 of a trial are pulses, one text for both sides.",
    )

    dt = param.Number(10, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    p_pulse = Levels([0.3, 0.7], bounds=(0, 1), doc="chance of a pulse on either side")
    n_bin = param.Integer(6, bounds=(1, BINS), doc="number of bins, each with a cue at its start")
    timing = Timing(
        fixation=("uniform", (100, 300)), cue1=10, bin1=240, cue2=10, bin2=240,
        cue3=10, bin3=240, cue4=10, bin4=240, cue5=10, bin5=240, cue6=10, bin6=240, decision=500,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True,
        timing=dict(
            fixation=("uniform", (500, 900)), cue1=100, bin1=200, cue2=100, bin2=200,
            cue3=100, bin3=200, cue4=100, bin4=200, cue5=100, bin5=200,
            cue6=100, bin6=200, decision=2500,
        ),
    )  # fmt: skip

    rule = FirstResponse("decision", hold=tuple(timing.default)[:-1])
    keys = Keys({"choice": ["left", "right"]}, choice=LEFT_RIGHT)
    scene = Scene(
        *(Disc(x=x, radius=0.13, outline=0.006, alpha=0.6) for x in (-0.3, 0.3)),
        *(
            Disc(x=x, radius=0.13, color=YELLOW, alpha=Nth("stimulus", k=k), during=CUES)
            for k, x in enumerate((-0.3, 0.3))
        ),
        Cross(during=tuple(timing.default)[:-1]),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def check(self):
        if len(self.p_pulse) != 2:
            raise ValueError(f"p_pulse = {self.p_pulse}: expected two chances, one for each side")
        for cue in CUES[: self.n_bin]:
            if self.timing[cue].bounds[0] == 0:
                raise ValueError(f"{cue} can last 0 ms; n_bin says how many bins there are")

    def channels(self):
        return Channels(fixation=1, stimulus=Evidence(2))

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the side with more pulses: 0 left, 1 right"),
            pulses=Trains(self.n_bin, self.p_pulse, doc="pulses of that side, and of the other"),
        )

    def stretch(self, trials):
        none = np.zeros(trials.n)
        return {f"{part}{k + 1}": none for k in range(self.n_bin, BINS) for part in ("cue", "bin")}

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        on = Trains.decode(trials.pulses)
        on = np.where(trials.ground_truth[:, None, None] == 1, on[:, ::-1], on)
        for k in range(self.n_bin):
            canvas.show("stimulus", on[:, :, k], during=CUES[k])
        canvas.answer("choice", trials.ground_truth, during="decision")


PLACES = ((-0.2, 0.2), (0.2, 0.2), (-0.2, -0.2), (0.2, -0.2))
SHOWS = tuple(f"stimulus{j}" for j in range(len(PLACES)))  # the periods in which a shape appears


class Shapes(Condition):
    """Which shapes come, by how much they speak for the right answer, counted from 1: "10-3-5-7".

    Each of `n` shapes is any of those with `weights`, which ascend and are symmetric about 0. An
    answer is right with the odds of 10 to the sum of what speaks for it.
    """

    def __init__(self, n: int, weights: np.ndarray, *, unit: str = "", doc: str = ""):
        self.n, self.weights, self.unit, self.doc = n, weights, unit, doc

    def draw(self, rng, n, last):
        rank = rng.integers(self.weights.size, size=(n, self.n))
        right = rng.random(n) < 1 / (1 + 10.0 ** -self.weights[rank].sum(axis=1))
        rank = np.where(right[:, None], rank, self.weights.size - 1 - rank)
        return np.array(["-".join(map(str, row)) for row in (rank + 1).tolist()])

    def allows(self, value):
        ranks = value.split("-") if isinstance(value, str) else []
        allowed = {str(k + 1) for k in range(self.weights.size)}
        return len(ranks) == self.n and set(ranks) <= allowed

    @staticmethod
    def decode(values: np.ndarray) -> np.ndarray:
        """The shapes' ranks, counted from 0: (trials, n)."""
        return np.array([[int(rank) - 1 for rank in value.split("-")] for value in values.tolist()])

    def __str__(self):
        one = "-".join(map(str, range(1, self.n + 1)))
        return f"{self.n} of the numbers 1 to {self.weights.size}, such as {one!r}"


def _comes(place, show):
    """In trials where the place is that of the `show`-th shape."""

    def when(task, c):
        return show < task.n_loc and c["locs"].split("-")[show] == str(place + 1)

    return when


def _weight(task, c, show):
    """What the `show`-th shape of a trial says; above 0 it speaks for right."""
    rank = int(c["shapes"].split("-")[show]) - 1
    return float(task.weights()[rank] * (1 if c["ground_truth"] == 1 else -1))


def _sides(show):
    """The stronger the weight, the more corners."""

    def sides(task, c):
        strengths = sorted({abs(weight) for weight in task.shape_weight})
        return 3 + strengths.index(abs(_weight(task, c, show)))

    return By(sides)


def _color(show):
    return By(lambda task, c: BLUE if _weight(task, c, show) > 0 else ORANGE)


def _number(show):
    return By(lambda task, c: f"{abs(_weight(task, c, show)):g}")


def _shape(place, show):
    """The `show`-th shape, if it is at a place: itself and its number."""
    x, y = PLACES[place]
    how = dict(x=x, y=y, during=SHOWS[show:], when=_comes(place, show))
    return (
        Polygon(radius=0.13, sides=_sides(show), color=_color(show), **how),
        Text(text=_number(show), size=0.055, color="#111111", **how),
    )


class ProbabilisticReasoning(Task):
    """Shapes count for the side of their colour, by their number: bet on the likelier side."""

    also = ("weather prediction", "log likelihood ratio")
    paper = Paper(
        "Probabilistic reasoning by neurons",
        "https://doi.org/10.1038/nature05852",
        "Yang & Shadlen",
        2007,
    )
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "The condition ground_truth, the side that wins, comes first and can be forced; shapes are"
        " drawn to fit it, with the same chances, and recorded by how much they speak for it.",
        "shape_weight has to be symmetric: each shape has one that says the opposite.",
        "There are four shapes at most, as there are periods for; n_loc leaves out the last ones.",
        "A person sees what each shape is worth.",
        "The key log_odd of a trial is gone: it is the sum of what the shapes say.",
    )

    shape_weight = Levels(
        [-10, -0.9, -0.7, -0.5, -0.3, 0.3, 0.5, 0.7, 0.9, 10],
        bounds=(-10, 10),
        doc="what each shape says: log10 of the odds that the second answer is right",
    )
    n_loc = param.Integer(4, bounds=(1, len(PLACES)), doc="number of shapes in a trial")
    timing = Timing(
        fixation=500, stimulus0=500, stimulus1=500, stimulus2=500, stimulus3=500,
        delay=("uniform", (450, 550)), decision=500,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True,
        timing=dict(
            stimulus0=900, stimulus1=900, stimulus2=900, stimulus3=1200, delay=500, decision=3000
        ),
    )  # fmt: skip

    rule = FirstResponse("decision", hold=tuple(timing.default)[:-1])
    keys = Keys({"choice": ["left", "right"]}, choice=LEFT_RIGHT)
    scene = Scene(
        Disc(x=-0.44, radius=0.045, color=ORANGE),
        Disc(x=0.44, radius=0.045, color=BLUE),
        *(one for place in range(4) for show in range(4) for one in _shape(place, show)),
        Cross(during=tuple(timing.default)[:-1]),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def check(self):
        weights = self.weights()
        if not np.allclose(weights, -weights[::-1]):
            raise ValueError(f"shape_weight = {self.shape_weight} is not symmetric about 0")

    def weights(self) -> np.ndarray:
        """The weights of the shapes in ascending order."""
        return np.sort(self.shape_weight)

    def channels(self):
        n = len(self.shape_weight)
        return Channels(fixation=1, **{f"loc{i}": n for i in range(self.n_loc)})

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        places = range(1, self.n_loc + 1)
        orders = ["-".join(map(str, order)) for order in permutations(places)]
        return dict(
            ground_truth=Choice((0, 1), doc="the side that wins: 0 left, 1 right"),
            shapes=Shapes(self.n_loc, self.weights(), doc="the shapes by what they say for it"),
            locs=Choice(orders, doc="where they appear, one after the other"),
        )

    def stretch(self, trials):
        return {show: np.zeros(trials.n) for show in SHOWS[self.n_loc :]}

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        n, each = len(self.shape_weight), np.arange(trials.n)
        rank = Shapes.decode(trials.shapes)
        rank = np.where(trials.ground_truth[:, None] == 1, rank, n - 1 - rank)
        shape = np.argsort(self.shape_weight, kind="stable")[rank]
        turn = np.argsort(Permutation(self.n_loc).decode(trials.locs), axis=1)  # by place
        for place in range(self.n_loc):
            now = turn[:, place]
            there = np.arange(n) == shape[each, now][:, None]
            for j, period in enumerate(SHOWS[: self.n_loc]):
                canvas.show(f"loc{place}", there & (now <= j)[:, None], during=period)
        canvas.answer("choice", trials.ground_truth, during="decision")
