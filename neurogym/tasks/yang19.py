"""The twenty tasks of Yang et al. (2019): two rings of stimuli, one ring of answers.

The defaults are what the authors' public code (gyyang/multitask, task.py) draws for training.
"""

import numpy as np
import param

from neurogym.spec.conditions import Choice, Condition, Uniform
from neurogym.spec.layout import Actions, Channels, Evidence, ring
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, INK, ORANGE, Arc, Bar, By, Cross, Keys, Marker, Scene
from neurogym.tasks.alternatives import Nth
from neurogym.trials.task import Task

PAPER = Paper(
    "Task representations in neural networks trained to perform many cognitive tasks",
    "https://doi.org/10.1038/s41593-018-0310-2",
    "Yang, Joglekar, Song, Newsome & Wang",
    2019,
)
RADII, COLORS = (0.39, 0.28), (BLUE, ORANGE)  # of the two modalities
FULL = 0.8  # the level of a stimulus of strength 1
NOISE = 0.1414  # the authors' 0.01 sqrt(2 tau / dt) a step, at tau = 100 ms
CODE = "authors' code"
SHARED = {
    "dim_ring": "NeuroGym; the authors have 32 units a ring and any direction",
    "sigma": f"{CODE}: SD 0.01 sqrt(200 / dt) a step",
    "noise_always": CODE,
    "dt": "NeuroGym; the authors train at 20 ms",
    "fixation": f"{CODE}; that it ends where an answer is asked for is our choice where it stays"
    " on there (reaction-time and matching tasks)",
    "decision": CODE,
}
VALUES = (
    "The defaults are those of the authors' code, NeuroGym's are the preset neurogym: other"
    " timing, coherences, distances and noise.",
)


def bump(n: int, at: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """A Gaussian bump on a ring of n directions, (trials, n)."""
    angle = ring(n)
    away = np.abs((angle - angle[at][:, None] + np.pi) % (2 * np.pi) - np.pi)
    return FULL * np.asarray(strength)[:, None] * np.exp(-((away / (np.pi / 8)) ** 2) / 2)


class EitherSign(Condition):
    """A number whose size lies between two bounds, positive or negative with equal chance."""

    def __init__(self, low: float, high: float, *, unit: str = "", doc: str = ""):
        self.low, self.high, self.unit, self.doc = float(low), float(high), unit, doc

    def draw(self, rng, n, last):
        return rng.uniform(self.low, self.high, size=n) * rng.choice((-1, 1), size=n)

    def allows(self, value):
        return isinstance(value, int | float) and abs(value) <= self.high

    def __str__(self):
        return f"{-self.high:g} to {self.high:g}"


def _one(conditions):
    """The conditions of one trial as those of a block, (1,) each."""
    return {name: np.array([value]) for name, value in conditions.items()}


class _Ring(Task):
    """What the twenty tasks share."""

    paper = PAPER
    dim_ring = param.Integer(16, bounds=(4, 64), doc="number of directions around the rings")
    sigma = param.Number(NOISE, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    noise_always = param.Boolean(
        True, doc="whether the rings are noisy all the time, or only where a stimulus can be"
    )
    rule = FirstResponse("decision", hold="fixation")
    unshared = dict.fromkeys(
        ("stimulus_mod1", "stimulus_mod2"),
        "a spot is as large as the channel at its place says; nothing is shown where no spot is",
    )
    keys = Keys(choice="ring")
    evidence = False  # whether the rings speak for the answer of the same index

    def check(self):
        if self.dim_ring % 2:
            raise ValueError(f"dim_ring = {self.dim_ring}: an even number has opposite directions")

    def channels(self):
        size = Evidence(self.dim_ring) if self.evidence else self.dim_ring
        return Channels(fixation=1, stimulus_mod1=size, stimulus_mod2=size)

    def actions(self):
        return Actions(fixation=1, choice=self.dim_ring)

    def _directions(self, doc):
        return Choice(range(self.dim_ring), doc=doc)

    def _opposite(self, at, when):
        return np.where(when, (at + self.dim_ring // 2) % self.dim_ring, at)

    def _noisy(self, canvas, during):
        """Noise on both rings, period by period: what comes first does not hang on what follows."""
        periods = canvas.timeline.periods if self.noise_always else during
        for period in periods:
            for modality in (1, 2):
                canvas.noise(f"stimulus_mod{modality}", self.sigma, during=period)

    def _apart(self, distance):
        """The steps round the ring that are so many degrees, from the least to the greatest."""
        if len(distance) != 2 or distance[0] > distance[1]:
            raise ValueError(f"distance = {distance}: expected the least and the greatest, degrees")
        degrees = np.arange(1, self.dim_ring) * 360 / self.dim_ring
        steps = 1 + np.flatnonzero((degrees >= distance[0]) & (degrees <= distance[1]))
        if not steps.size:
            raise ValueError(
                f"distance = {distance}: none of the dim_ring = {self.dim_ring} directions, which"
                f" are {360 / self.dim_ring:g} degrees apart, is so far from another"
            )
        return steps.tolist()


def _rings(*stimuli, boundary=False):
    """Two rings, stimuli on them, and a cross that turns green when an answer is asked for."""
    tilt = By(lambda task, c: -np.pi / task.dim_ring)  # between two directions
    line = (Bar(width=0.9, height=0.004, angle=tilt, color=INK, alpha=0.6),) if boundary else ()
    rings = (
        Arc(radius=radius, width=0.006, color=color, alpha=0.45)
        for radius, color in zip(RADII, COLORS, strict=True)
    )
    return Scene(
        *line,
        *rings,
        *stimuli,
        Cross(),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )


def _spot(modality, angle, during, when=None):
    """A spot that is as large as the channel at its place says: 0.075 for a strength of 1."""

    def size(task, c):
        place = round(angle(task, c) / (2 * np.pi) * task.dim_ring) % task.dim_ring
        return Nth(f"stimulus_mod{modality + 1}", 0.055 / FULL, 0.02, place)

    return Marker(
        radius=RADII[modality], angle=By(angle), size=By(size), color=COLORS[modality],
        during=during, when=when,
    )  # fmt: skip


def _in(modality, of="modality"):
    return lambda task, c: c.get(of, c["modality"]) == modality


# -- go where it is, or opposite ------------------------------------------------------------------


def _target(task, c):
    opposite = np.pi if task.anti else 0.0
    return float(ring(task.dim_ring)[int(c["ground_truth"])] + opposite)


def _stays(modality):
    return lambda task, c: task.stays and c["modality"] == modality


class _Reach(_Ring):
    """Answer in the direction of the spot."""

    tags = ("perceptual", "steps action space", "supervised")
    differs = (
        *VALUES,
        "The modality is drawn with equal chance in each trial; it alternated strictly.",
        "Timing can be changed in all six; the delayed ones discarded it.",
    )
    sources = {**SHARED, "stimulus": CODE, "stays": CODE, "modality": CODE}

    anti = param.Boolean(False, doc="the answer is opposite to the stimulus")
    stays = param.Boolean(True, doc="whether the spot stays on until the answer")
    timing = Timing(
        fixation=("uniform", (300, 700)), stimulus=("uniform", (500, 1500)), delay=0, decision=500
    )
    human = Preset(
        dt=20, abort=True,
        timing=dict(fixation=500, stimulus=("uniform", (500, 1500)), delay=0, decision=3000),
    )  # fmt: skip
    presets = {"neurogym": Preset(sigma=0.0, stays=False, timing=dict(fixation=500, stimulus=500))}
    scene = _rings(
        *(_spot(m, _target, "stimulus", _in(m)) for m in (0, 1)),
        *(_spot(m, _target, ("delay", "decision"), _stays(m)) for m in (0, 1)),
    )

    def shown(self):
        """The periods in which the spot is there."""
        return ("stimulus", "delay", "decision") if self.stays else ("stimulus",)

    def conditions(self):
        return dict(
            ground_truth=self._directions("index of the answer's direction"),
            modality=Choice((0, 1), doc="the ring on which the stimulus is"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        at = self._opposite(trials.ground_truth, self.anti)
        for modality in (0, 1):
            there = (trials.modality == modality).astype(float)
            canvas.show(
                f"stimulus_mod{modality + 1}", bump(self.dim_ring, at, there), during=self.shown()
            )
        self._noisy(canvas, self.shown())
        canvas.answer("choice", trials.ground_truth, during="decision")


class Go(_Reach):
    """When the cross turns green answer where the spot is."""

    id, called = "yang19.go-v0", "Go (Yang 2019)"


class Anti(_Reach):
    """When the cross turns green answer opposite to where the spot is."""

    id, called = "yang19.anti-v0", "Anti (Yang 2019)"
    anti = param.Boolean(True, doc="the answer is opposite to the stimulus")


class DelayGo(_Reach):
    """Remember the spot, and answer where it was when the cross turns green."""

    id, called = "yang19.dlygo-v0", "Delayed Go (Yang 2019)"
    stays = param.Boolean(False, doc="whether the spot stays on until the answer")
    timing = Timing(
        fixation=[300, 500, 700], stimulus=[200, 400, 600], delay=[200, 400, 800, 1600],
        decision=500,
    )  # fmt: skip
    human = Preset(dt=20, abort=True, timing=dict(decision=3000))
    presets = {"neurogym": Preset(sigma=0.0, timing=dict(fixation=500, stimulus=500, delay=500))}
    sources = {**_Reach.sources, "delay": CODE}


class DelayAnti(DelayGo):
    """Remember the spot, and answer opposite to it when the cross turns green."""

    id, called = "yang19.dlyanti-v0", "Delayed Anti (Yang 2019)"
    anti = param.Boolean(True, doc="the answer is opposite to the stimulus")


class ReactionGo(_Reach):
    """Answer where the spot is, as soon as it appears."""

    id, called = "yang19.rtgo-v0", "Reaction Go (Yang 2019)"
    timing = Timing(fixation=("uniform", (500, 2500)), decision=500)
    human = Preset(dt=20, abort=True, timing=dict(decision=3000))
    presets = {"neurogym": Preset(sigma=0.0, timing=dict(fixation=500))}
    sources = {**SHARED, "modality": CODE}
    scene = _rings(*(_spot(m, _target, "decision", _in(m)) for m in (0, 1)))

    def shown(self):
        return ("decision",)


class ReactionAnti(ReactionGo):
    """Answer opposite to the spot, as soon as it appears."""

    id, called = "yang19.rtanti-v0", "Reaction Anti (Yang 2019)"
    anti = param.Boolean(True, doc="the answer is opposite to the stimulus")


# -- which of two is stronger ---------------------------------------------------------------------


def _first(task, c):
    return float(ring(task.dim_ring)[int(c["ground_truth"])])


def _second(task, c):
    return float(ring(task.dim_ring)[(int(c["ground_truth"]) + int(c["offset"])) % task.dim_ring])


def _given(modality):
    return lambda task, c: task.given[modality]


class _Compare(_Ring):
    """Two spots: answer in the direction of the stronger one."""

    tags = ("perceptual", "context dependent", "supervised")
    differs = (
        *VALUES,
        "ground_truth, offset and agrees make a trial and can be forced; keywords were ignored.",
        "Fixation stays on until the decision: its end was the stimulus' begin, and nothing told"
        " when to answer.",
        "Where both modalities count and would balance, they agree: a tie has no right answer.",
        "Strengths are means +- cohs; cohs were differences around 0.5, or strengths in pairs.",
        "The keys theta1, theta2 and stim_period of a trial are ground_truth, offset and "
        "stimulus; coh1_mod1 and the like follow from mean_1, coh_1 and those of the other ring.",
    )
    sources = {**SHARED, "distance": CODE, "means": CODE, "cohs": CODE, "in_pairs": CODE}
    evidence = True
    relevant = (True, True)  # which modalities count
    given = (True, True)  # and which are shown
    shared = False  # whether both have the same mean and coherence, of which each has a share

    means = Levels([0.8, 1.2], bounds=(0.1, 2), doc="mean strength of two spots: least, greatest")
    cohs = Levels(
        [0.01, 0.02, 0.04, 0.08], bounds=(0.001, 1), doc="how far strengths are from their mean"
    )
    in_pairs = param.Boolean(
        False, doc="whether cohs are strengths, of which a trial has two, and there are no means"
    )
    distance = Levels(
        [90, 270], bounds=(1, 359), doc="degrees from one spot to the other: least, greatest"
    )

    def check(self):
        super().check()
        self._apart(self.distance)
        if len(self.means) != 2 or self.means[0] > self.means[1]:
            raise ValueError(f"means = {self.means}: expected the least and the greatest mean")
        if self.in_pairs and len(set(self.cohs)) < 2:
            raise ValueError(
                f"cohs = {self.cohs}: expected two different strengths or more with in_pairs"
            )
        if self.in_pairs and self.shared:
            raise ValueError("in_pairs = True: expected False with shared, where there are means")
        if not self.in_pairs and max(self.cohs) > self.means[0]:
            raise ValueError(
                f"cohs = {self.cohs}: expected at most the least of means, {self.means[0]:g}:"
                " strengths are not negative"
            )

    def channels(self):
        size = [Evidence(self.dim_ring) if r else self.dim_ring for r in self.relevant]
        return Channels(fixation=1, stimulus_mod1=size[0], stimulus_mod2=size[1])

    def conditions(self):
        told = dict(
            ground_truth=self._directions("index of the stronger stimulus' direction"),
            offset=Choice(self._apart(self.distance), doc="steps from there to the other stimulus"),
        )
        if self.shared:
            split = [EitherSign(0.2, 0.8, doc=f"how much more of the {which} the first modality has"
                                " than the second, as a share of it")
                     for which in ("right spot", "other spot")]  # fmt: skip
            return {**told, **self._levels(""), "split_right": split[0], "split_other": split[1]}
        if all(self.given):
            told["agrees"] = Choice((0, 1), doc="1: both modalities speak for the same answer")
        for modality in (0, 1):
            if self.given[modality]:
                told |= self._levels(f"_{modality + 1}")
        return told

    def _levels(self, suffix):
        """How strong the spots of a modality are."""
        where = {"": "", "_1": ", first modality", "_2": ", second modality"}[suffix]
        if self.in_pairs:
            levels = sorted(set(self.cohs))
            pairs = [f"{b:g}>{a:g}" for i, a in enumerate(levels) for b in levels[i + 1 :]]
            return {f"pair{suffix}": Choice(pairs, doc=f"the two strengths{where}")}
        bounds = dict(bounds=(0.001, self.means[0]))
        return {
            f"mean{suffix}": Uniform(*self.means, doc=f"mean strength of the two spots{where}"),
            f"coh{suffix}": Choice(self.cohs, **bounds, doc=f"distance from the mean{where}"),
        }

    def _strong_and_weak(self, conditions, modality):
        """The stronger and the weaker strength in a modality: two arrays (n,)."""
        suffix = "" if self.shared else f"_{modality + 1}"
        if self.in_pairs:
            names, which = np.unique(conditions[f"pair{suffix}"], return_inverse=True)
            values = np.array([[float(v) for v in name.split(">")] for name in names.tolist()])
            return values[which.ravel()].T
        mean, coh = (np.asarray(conditions[f"{name}{suffix}"]) for name in ("mean", "coh"))
        return mean + coh, mean - coh

    def favoured(self, conditions):
        """Whether each modality speaks for the right answer: two arrays (n,) of bool."""
        always = np.full(np.shape(conditions["ground_truth"]), True)
        if self.shared or not all(self.given):
            return always, always
        agrees = np.asarray(conditions["agrees"]) == 1
        if self.relevant == (True, True):
            one, two = (np.subtract(*self._strong_and_weak(conditions, m)) for m in (0, 1))
            return agrees | (one >= two), agrees | (two >= one)
        return tuple(always if r else agrees for r in self.relevant)

    def strengths(self, conditions, modality):
        """Strength of the right spot, and of the other one, in a modality: two arrays (n,)."""
        strong, weak = self._strong_and_weak(conditions, modality)
        favoured = self.favoured(conditions)[modality]
        right, other = np.where(favoured, strong, weak), np.where(favoured, weak, strong)
        if self.shared:
            sign = 0.5 if modality == 0 else -0.5
            right = right * (1 + sign * np.asarray(conditions["split_right"]))
            other = other * (1 + sign * np.asarray(conditions["split_other"]))
        return right, other


class _Decide(_Compare):
    """Two spots at once: answer in the direction of the stronger one."""

    timing = Timing(fixation=("uniform", (100, 400)), stimulus=[400, 800, 1600], decision=500)
    human = Preset(
        dt=20, abort=True, cohs=[0.1, 0.2, 0.4],
        timing=dict(fixation=("uniform", (500, 900)), decision=3000),
    )  # fmt: skip
    presets = {
        "neurogym": Preset(
            sigma=1.0, noise_always=False, means=[0.5, 0.5], cohs=[0.04, 0.08, 0.16, 0.32],
            distance=[1.0, 359.0],
            timing=dict(fixation=("uniform", (200, 500)), stimulus=500, decision=200),
        )
    }  # fmt: skip
    sources = {**_Compare.sources, "stimulus": CODE}

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        other = (trials.ground_truth + trials.offset) % self.dim_ring
        for modality in (0, 1):
            if self.given[modality]:
                right, wrong = self.strengths(trials.conditions, modality)
                level = bump(self.dim_ring, trials.ground_truth, right)
                level = level + bump(self.dim_ring, other, wrong)
                canvas.show(f"stimulus_mod{modality + 1}", level, during="stimulus")
        self._noisy(canvas, ("stimulus",))
        canvas.answer("choice", trials.ground_truth, during="decision")


_PAIRS = _rings(
    *(_spot(m, angle, "stimulus", _given(m)) for m in (0, 1) for angle in (_first, _second))
)


class DecideFirst(_Decide):
    """Two spots on the outer ring: answer in the direction of the larger one."""

    id, called = "yang19.dm1-v0", "Decision, Outer Ring (Yang 2019)"
    relevant, given, scene = (True, False), (True, False), _PAIRS
    presets = {
        "neurogym": Preset(
            _Decide.presets["neurogym"],
            timing=dict(fixation=("uniform", (200, 500)), stimulus=[200, 400, 600], decision=200),
        )
    }


class DecideSecond(_Decide):
    """Two spots on the inner ring: answer in the direction of the larger one."""

    id, called = "yang19.dm2-v0", "Decision, Inner Ring (Yang 2019)"
    relevant, given, scene = (False, True), (False, True), _PAIRS


class ContextFirst(_Decide):
    """Two spots on each ring: answer in the direction of the larger one on the outer ring."""

    id, called = "yang19.ctxdm1-v0", "Context Decision, Outer Ring (Yang 2019)"
    relevant, scene = (True, False), _PAIRS


class ContextSecond(_Decide):
    """Two spots on each ring: answer in the direction of the larger one on the inner ring."""

    id, called = "yang19.ctxdm2-v0", "Context Decision, Inner Ring (Yang 2019)"
    relevant, scene = (False, True), _PAIRS


SPLIT = "whether both modalities have one mean and coherence, unequally split, or each its own"
SPLITS = {"shared": CODE, "split_right": CODE, "split_other": CODE}


class DecideBoth(_Decide):
    """Two spots on each ring: answer in the direction that is larger over both rings."""

    id, called = "yang19.multidm-v0", "Decision over Both Rings (Yang 2019)"
    shared = param.Boolean(True, doc=SPLIT)
    scene = _PAIRS
    presets = {"neurogym": Preset(_Decide.presets["neurogym"], shared=False)}
    sources = {**_Decide.sources, **SPLITS}


class _DelayDecide(_Compare):
    """Two spots, one after the other: answer in the direction of the stronger one."""

    tags = ("perceptual", "working memory", "context dependent", "supervised")

    cohs = Levels(
        [0.08, 0.16, 0.32], bounds=(0.001, 1), doc="how far strengths are from their mean"
    )
    timing = Timing(
        fixation=[200, 400, 600], stim1=[200, 400, 600], delay=[200, 400, 800, 1600],
        stim2=[200, 400, 600], delay2=("uniform", (100, 300)), decision=500,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True, cohs=[0.16, 0.32, 0.64],
        timing=dict(fixation=("uniform", (500, 900)), stim1=600, stim2=600, decision=3000),
    )  # fmt: skip
    presets = {
        "neurogym": Preset(
            sigma=1.0, noise_always=False, in_pairs=True, cohs=[0.3, 0.6, 1.0],
            distance=[1.0, 359.0],
            timing=dict(fixation=("uniform", (200, 500)), stim1=500, delay=1000, stim2=500,
                        delay2=0, decision=200),
        )
    }  # fmt: skip
    sources = {
        **_Compare.sources, **dict.fromkeys(("stim1", "delay", "stim2", "delay2", "order"), CODE)
    }  # fmt: skip

    def conditions(self):
        order = Choice((0, 1), doc="0: the right answer's spot comes first")
        return {**super().conditions(), "order": order}

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        other = (trials.ground_truth + trials.offset) % self.dim_ring
        for modality in (0, 1):
            if not self.given[modality]:
                continue
            right, wrong = self.strengths(trials.conditions, modality)
            for period, comes in (("stim1", 0), ("stim2", 1)):
                now = trials.order == comes
                at = np.where(now, trials.ground_truth, other)
                level = bump(self.dim_ring, at, np.where(now, right, wrong))
                canvas.show(f"stimulus_mod{modality + 1}", level, during=period)
        self._noisy(canvas, ("stim1", "stim2"))
        canvas.answer("choice", trials.ground_truth, during="decision")


def _timed_spot(modality, right, comes):
    """A spot that is shown in one of the two periods, in trials where it comes then."""
    period = f"stim{comes + 1}"

    def when(task, c):
        return task.given[modality] and (c["order"] == comes) == right

    return _spot(modality, _first if right else _second, period, when)


_SEQUENCE = _rings(
    *(_timed_spot(m, right, comes) for m in (0, 1) for right in (True, False) for comes in (0, 1))
)


class DelayDecideFirst(_DelayDecide):
    """Two spots on the outer ring, one after the other: answer where the larger one was."""

    id, called = "yang19.dlydm1-v0", "Delayed Decision, Outer Ring (Yang 2019)"
    relevant, given, scene = (True, False), (True, False), _SEQUENCE


class DelayDecideSecond(_DelayDecide):
    """Two spots on the inner ring, one after the other: answer where the larger one was."""

    id, called = "yang19.dlydm2-v0", "Delayed Decision, Inner Ring (Yang 2019)"
    relevant, given, scene = (False, True), (False, True), _SEQUENCE


class DelayContextFirst(_DelayDecide):
    """Spots on both rings, twice: answer where the larger one on the outer ring was."""

    id, called = "yang19.ctxdlydm1-v0", "Context Delayed Decision, Outer Ring (Yang 2019)"
    relevant, scene = (True, False), _SEQUENCE


class DelayContextSecond(_DelayDecide):
    """Spots on both rings, twice: answer where the larger one on the inner ring was."""

    id, called = "yang19.ctxdlydm2-v0", "Context Delayed Decision, Inner Ring (Yang 2019)"
    relevant, scene = (False, True), _SEQUENCE


class DelayDecideBoth(_DelayDecide):
    """Spots on both rings, twice: answer where they were larger over both rings."""

    id, called = "yang19.multidlydm-v0", "Delayed Decision over Both Rings (Yang 2019)"
    shared = param.Boolean(True, doc=SPLIT)
    scene = _SEQUENCE
    presets = {"neurogym": Preset(_DelayDecide.presets["neurogym"], shared=False)}
    sources = {**_DelayDecide.sources, **SPLITS}


# -- match to sample ------------------------------------------------------------------------------


def _sample_at(task, c):
    return float(ring(task.dim_ring)[int(c["direction"])])


def _test_at(task, c):
    return float(ring(task.dim_ring)[int(task.tested(_one(c))[0])])


def _tested_in(modality):
    return _in(modality, "test_modality")


def _still_tested(modality):
    there = _tested_in(modality)
    return lambda task, c: task.stays and there(task, c)


_MATCHED = (
    *(_spot(m, _sample_at, "sample", _in(m)) for m in (0, 1)),
    *(_spot(m, _test_at, "test", _tested_in(m)) for m in (0, 1)),
    *(_spot(m, _test_at, "decision", _still_tested(m)) for m in (0, 1)),
)


class _Match(_Ring):
    """Compare two spots, and answer at the second one, or do nothing."""

    tags = ("perceptual", "working memory", "go-no-go", "supervised")
    differs = (
        *VALUES,
        "The second spot is there until the answer, which is asked for at once; with stays=False"
        " and a period test it goes before.",
        "A withheld answer is correct where no answer is right; it had performance 0.",
        "Fixation stays on until the decision: its end is the cue to answer.",
        "The modality is drawn with equal chance for each spot; it alternated strictly.",
        "ground_truth is 0 for a match and 1 for a non-match; it was a text.",
        "The keys sample_theta and test_theta of a trial are direction and offset, places on the "
        "ring.",
    )
    sources = {
        **SHARED, **dict.fromkeys(("sample", "delay", "test", "stays", "modality"), CODE),
        "same_modality": CODE,
    }  # fmt: skip

    stays = param.Boolean(True, doc="whether the second spot stays on until the answer")
    same_modality = param.Boolean(False, doc="whether both spots are on the same ring")
    timing = Timing(
        fixation=[200, 400, 600], sample=[200, 400, 600], delay=[200, 400, 800, 1600], test=0,
        decision=500,
    )  # fmt: skip
    human = Preset(dt=20, abort=True, timing=dict(fixation=500, sample=500, decision=2000))
    presets = {
        "neurogym": Preset(
            sigma=1.0, noise_always=False, stays=False, same_modality=True,
            timing=dict(fixation=300, sample=500, delay=1000, test=500, decision=900),
        )
    }  # fmt: skip
    go_on_match = True
    scene = _rings(*_MATCHED)

    def check(self):
        super().check()
        if not self.stays:
            self.needs("test", 1, "without stays the second spot is shown in it alone")

    def conditions(self):
        told = dict(
            ground_truth=Choice((0, 1), doc="0: match, 1: non-match"),
            direction=self._directions("index of the sample's direction"),
            modality=Choice((0, 1), doc="the ring on which the sample is"),
        )
        if not self.same_modality:
            told["test_modality"] = Choice((0, 1), doc="the ring on which the second spot is")
        return told

    def tested(self, conditions):
        """Index of the test's direction, (n,)."""
        differs = np.asarray(conditions["ground_truth"]) == 1
        away = np.where(differs, np.asarray(conditions["offset"]), 0)
        return (np.asarray(conditions["direction"]) + away) % self.dim_ring

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        test, told = self.tested(trials.conditions), trials.conditions
        late = ("test", "decision") if self.stays else ("test",)
        rings = (("sample", trials.direction, trials.modality),
                 (late, test, told.get("test_modality", trials.modality)))  # fmt: skip
        for modality in (0, 1):
            for periods, at, where in rings:
                there = (where == modality).astype(float)
                level = bump(self.dim_ring, at, there)
                canvas.show(f"stimulus_mod{modality + 1}", level, during=periods)
        self._noisy(canvas, ("sample", *late))
        go = (trials.ground_truth == 0) == self.go_on_match
        canvas.answer("choice", test, during="decision", when=go)


class _MatchPlace(_Match):
    """Compare where two spots are."""

    sources = {**_Match.sources, "distance": CODE}
    distance = Levels(
        [20, 340], bounds=(1, 359), doc="degrees between spots that differ: least, greatest"
    )
    human = Preset(_Match.human, distance=[60.0, 300.0])
    presets = {"neurogym": Preset(_Match.presets["neurogym"], distance=[180.0, 180.0])}

    def check(self):
        super().check()
        self._apart(self.distance)

    def conditions(self):
        steps = Choice(self._apart(self.distance), doc="steps to the second spot if they differ")
        return {**super().conditions(), "offset": steps}


class MatchSample(_MatchPlace):
    """If the second spot is where the first was answer there, else do nothing."""

    id, called = "yang19.dms-v0", "Match to Sample (Yang 2019)"


class NonMatchSample(_MatchPlace):
    """If the second spot is elsewhere than the first answer there, else do nothing."""

    id, called = "yang19.dnms-v0", "Non-Match to Sample (Yang 2019)"
    go_on_match = False


class MatchCategory(_Match):
    """If both spots are on the same side of the line answer at the second, else do nothing."""

    id, called = "yang19.dmc-v0", "Match to Category (Yang 2019)"
    differs = (
        *_Match.differs,
        "Both halves of the ring have the same size; one direction belonged to both, so that 6 % of"
        " trials were labelled wrongly.",
    )
    timing = Timing(
        fixation=[200, 400, 600], sample=[200, 400, 600], delay=[200, 400, 800, 1600], test=0,
        decision=[200, 400, 600],
    )  # fmt: skip
    scene = _rings(*_MATCHED, boundary=True)

    def conditions(self):
        places = Choice(range(self.dim_ring // 2), doc="place of the test in its half of the ring")
        return dict(**super().conditions(), place=places)

    def tested(self, conditions):
        half = self.dim_ring // 2
        side = np.asarray(conditions["direction"]) // half
        differs = np.asarray(conditions["ground_truth"])
        return (side + differs) % 2 * half + np.asarray(conditions["place"])


class NonMatchCategory(MatchCategory):
    """If the spots are on different sides of the line answer at the second, else do nothing."""

    id, called = "yang19.dnmc-v0", "Non-Match to Category (Yang 2019)"
    go_on_match = False
