"""The twenty tasks of Yang et al. (2019): two rings of stimuli, one ring of answers."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
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
BARE = dict.fromkeys(
    ("stimulus_mod1", "stimulus_mod2"),
    "a spot is as large as the channel at its place says; a ring without spots shows no noise",
)


def bump(n: int, at: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """A Gaussian bump on a ring of n directions, (trials, n)."""
    angle = ring(n)
    away = np.abs((angle - angle[at][:, None] + np.pi) % (2 * np.pi) - np.pi)
    return FULL * np.asarray(strength)[:, None] * np.exp(-((away / (np.pi / 8)) ** 2) / 2)


class _Ring(Task):
    """What the twenty tasks share."""

    paper = PAPER
    dim_ring = param.Integer(16, bounds=(4, 64), doc="number of directions around the rings")
    rule = FirstResponse("decision", hold="fixation")
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


def _spot(modality, angle, during, when=None, size=None):
    return Marker(
        radius=RADII[modality], angle=By(angle), size=By(size or (lambda task, c: 0.075)),
        color=COLORS[modality], during=during, when=when,
    )  # fmt: skip


def _at(task, angle):
    """The channel that stands for an angle."""
    return round(angle / (2 * np.pi) * task.dim_ring) % task.dim_ring


def _live_spot(modality, angle, during, when=None, least=0.03, grows=0.09):
    """A spot whose size follows the channel at its place; it `grows` so much for strength 1."""

    def size(task, c):
        channel = f"stimulus_mod{modality + 1}"
        return Nth(channel, grows / FULL, least, _at(task, angle(task, c)))

    return _spot(modality, angle, during, when, size)


def _in(modality):
    return lambda task, c: c["modality"] == modality


# -- go where it is, or opposite ------------------------------------------------------------------


def _target(task, c):
    opposite = np.pi if task.anti else 0.0
    return float(ring(task.dim_ring)[int(c["ground_truth"])] + opposite)


class _Reach(_Ring):
    """Answer in the direction of the spot."""

    tags = ("perceptual", "steps action space", "supervised")
    differs = (
        "The modality is drawn with equal chance in each trial; it alternated strictly.",
        "Timing can be changed in all six; the delayed ones discarded it.",
    )

    anti = param.Boolean(False, doc="the answer is opposite to the stimulus")
    timing = Timing(fixation=500, stimulus=500, delay=0, decision=500)
    human = Preset(
        dt=20, abort=True, timing=dict(fixation=500, stimulus=600, delay=0, decision=3000)
    )
    shown = "stimulus"
    scene = _rings(*(_spot(m, _target, "stimulus", _in(m)) for m in (0, 1)))

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
                f"stimulus_mod{modality + 1}", bump(self.dim_ring, at, there), during=self.shown
            )
        canvas.answer("choice", trials.ground_truth, during="decision")


class Go(_Reach):
    """When the cross turns green answer where the spot was."""

    id = "yang19.go-v0"


class Anti(_Reach):
    """When the cross turns green answer opposite to where the spot was."""

    id = "yang19.anti-v0"
    anti = param.Boolean(True, doc="the answer is opposite to the stimulus")


class DelayGo(_Reach):
    """Remember the spot, and answer where it was when the cross turns green."""

    id = "yang19.dlygo-v0"
    timing = Timing(fixation=500, stimulus=500, delay=500, decision=500)
    human = Preset(
        dt=20, abort=True, timing=dict(fixation=500, stimulus=600, delay=1000, decision=3000)
    )


class DelayAnti(DelayGo):
    """Remember the spot, and answer opposite to it when the cross turns green."""

    id = "yang19.dlyanti-v0"
    anti = param.Boolean(True, doc="the answer is opposite to the stimulus")


class ReactionGo(_Reach):
    """Answer where the spot is, as soon as it appears."""

    id = "yang19.rtgo-v0"
    timing = Timing(fixation=500, decision=500)
    human = Preset(dt=20, abort=True, timing=dict(fixation=("uniform", (500, 1000)), decision=3000))
    shown = "decision"
    scene = _rings(*(_spot(m, _target, "decision", _in(m)) for m in (0, 1)))


class ReactionAnti(ReactionGo):
    """Answer opposite to the spot, as soon as it appears."""

    id = "yang19.rtanti-v0"
    anti = param.Boolean(True, doc="the answer is opposite to the stimulus")


# -- which of two is stronger ---------------------------------------------------------------------


def _favours(task, c, modality):
    """Whether a modality speaks for the right answer in a trial."""
    one = {name: np.array([value]) for name, value in c.items()}
    return bool(task.favoured(one)[modality][0])


def _first(task, c):
    return float(ring(task.dim_ring)[int(c["ground_truth"])])


def _second(task, c):
    return float(ring(task.dim_ring)[(int(c["ground_truth"]) + int(c["offset"])) % task.dim_ring])


class _Compare(_Ring):
    """Two spots: answer in the direction of the stronger one."""

    tags = ("perceptual", "context dependent", "supervised")
    evidence = True
    unshared = BARE
    relevant = (True, True)  # which modalities count
    given = (True, True)  # and which are shown

    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")

    def channels(self):
        size = [Evidence(self.dim_ring) if r else self.dim_ring for r in self.relevant]
        return Channels(fixation=1, stimulus_mod1=size[0], stimulus_mod2=size[1])

    def _common(self):
        return dict(
            ground_truth=self._directions("index of the stronger stimulus' direction"),
            offset=Choice(range(1, self.dim_ring), doc="steps from there to the other stimulus"),
            agrees=Choice((0, 1), doc="1: both modalities speak for the same answer"),
        )

    def weight(self, conditions):
        """How much stronger the stronger stimulus is in each modality: two arrays (n,)."""
        raise TypeError("a comparison says how strong its stimuli are")

    def favoured(self, conditions):
        """Whether each modality speaks for the right answer: two arrays (n,) of bool."""
        agrees, (one, two) = np.asarray(conditions["agrees"]) == 1, self.weight(conditions)
        if self.relevant == (True, True):
            return agrees | (one >= two), agrees | (two >= one)
        return tuple(np.full(agrees.shape, True) if r else agrees for r in self.relevant)


class _Decide(_Compare):
    """Two spots at once: answer in the direction of the stronger one."""

    differs = (
        "ground_truth, offset and agrees make a trial and can be forced; keywords were ignored.",
        "Fixation stays on until the decision: its end was the stimulus' begin, and nothing told"
        " when to answer.",
        "Where both modalities count and would balance, they agree: a tie has no right answer.",
    )

    cohs = Levels([0.08, 0.16, 0.32, 0.64], bounds=(0.01, 1), doc="difference of the strengths")
    timing = Timing(fixation=("uniform", (200, 500)), stimulus=500, decision=200)
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(fixation=("uniform", (500, 900)), stimulus=1200, decision=3000),
    )

    def conditions(self):
        level = dict(bounds=(0.01, 1))
        return dict(
            **self._common(),
            coh_1=Choice(self.cohs, **level, doc="difference of strengths, first modality"),
            coh_2=Choice(self.cohs, **level, doc="difference of strengths, second modality"),
        )

    def weight(self, conditions):
        return np.asarray(conditions["coh_1"]), np.asarray(conditions["coh_2"])

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        other = (trials.ground_truth + trials.offset) % self.dim_ring
        strengths, favoured = self.weight(trials.conditions), self.favoured(trials.conditions)
        for modality in (0, 1):
            channel = f"stimulus_mod{modality + 1}"
            canvas.noise(channel, self.sigma, during="stimulus")
            if self.given[modality]:
                half = np.where(favoured[modality], 0.5, -0.5) * strengths[modality]
                level = bump(self.dim_ring, trials.ground_truth, 0.5 + half)
                level = level + bump(self.dim_ring, other, 0.5 - half)
                canvas.show(channel, level, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")


def _given(modality):
    return lambda task, c: task.given[modality]


_PAIRS = _rings(
    *(_live_spot(m, angle, "stimulus", _given(m)) for m in (0, 1) for angle in (_first, _second))
)


class DecideFirst(_Decide):
    """Two spots on the outer ring: answer in the direction of the larger one."""

    id = "yang19.dm1-v0"
    timing = Timing(fixation=("uniform", (200, 500)), stimulus=(200, 400, 600), decision=200)
    relevant, given, scene = (True, False), (True, False), _PAIRS


class DecideSecond(_Decide):
    """Two spots on the inner ring: answer in the direction of the larger one."""

    id = "yang19.dm2-v0"
    relevant, given, scene = (False, True), (False, True), _PAIRS


class ContextFirst(_Decide):
    """Two spots on each ring: answer in the direction of the larger one on the outer ring."""

    id = "yang19.ctxdm1-v0"
    relevant, scene = (True, False), _PAIRS


class ContextSecond(_Decide):
    """Two spots on each ring: answer in the direction of the larger one on the inner ring."""

    id = "yang19.ctxdm2-v0"
    relevant, scene = (False, True), _PAIRS


class DecideBoth(_Decide):
    """Two spots on each ring: answer in the direction that is larger over both rings."""

    id = "yang19.multidm-v0"
    scene = _PAIRS


class _DelayDecide(_Compare):
    """Two spots, one after the other: answer in the direction of the stronger one."""

    tags = ("perceptual", "working memory", "context dependent", "supervised")
    differs = _Decide.differs

    cohs = Levels([0.3, 0.6, 1.0], bounds=(0.05, 1), doc="strengths of stimuli")
    timing = Timing(
        fixation=("uniform", (200, 500)), stim1=500, delay=1000, stim2=500, decision=200
    )
    human = Preset(
        dt=20, abort=True,
        timing=dict(fixation=("uniform", (500, 900)), stim1=700, stim2=700, decision=3000),
    )  # fmt: skip

    def check(self):
        super().check()
        if len(set(self.cohs)) < 2:
            raise ValueError(f"cohs = {self.cohs}: expected two different strengths or more")

    def conditions(self):
        levels = sorted(set(self.cohs))
        pairs = [f"{b:g}>{a:g}" for i, a in enumerate(levels) for b in levels[i + 1 :]]
        return dict(
            **self._common(),
            order=Choice((0, 1), doc="0: the stronger stimulus comes first"),
            pair_1=Choice(pairs, doc="the two strengths in the first modality"),
            pair_2=Choice(pairs, doc="the two strengths in the second modality"),
        )

    def strengths(self, conditions, modality):
        """The stronger and the weaker strength in a modality: two arrays (n,)."""
        pairs = np.asarray(conditions[f"pair_{modality + 1}"])
        names, which = np.unique(pairs, return_inverse=True)
        values = np.array([[float(v) for v in name.split(">")] for name in names.tolist()])
        return values[which.ravel()].T

    def weight(self, conditions):
        each = (self.strengths(conditions, modality) for modality in (0, 1))
        return tuple(strong - weak for strong, weak in each)

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        other = (trials.ground_truth + trials.offset) % self.dim_ring
        favoured = self.favoured(trials.conditions)
        for modality in (0, 1):
            channel = f"stimulus_mod{modality + 1}"
            strong, weak = self.strengths(trials.conditions, modality)
            right = np.where(favoured[modality], strong, weak)
            wrong = np.where(favoured[modality], weak, strong)
            for period, comes in (("stim1", 0), ("stim2", 1)):
                canvas.noise(channel, self.sigma, during=period)
                now = trials.order == comes
                at = np.where(now, trials.ground_truth, other)
                level = bump(self.dim_ring, at, np.where(now, right, wrong))
                canvas.show(channel, level * self.given[modality], during=period)
        canvas.answer("choice", trials.ground_truth, during="decision")


def _timed_spot(modality, right, comes):
    """A spot that is shown in one of the two periods, in trials where it comes then."""
    period = f"stim{comes + 1}"

    def when(task, c):
        return task.given[modality] and (c["order"] == comes) == right

    return _live_spot(modality, _first if right else _second, period, when)


_SEQUENCE = _rings(
    *(_timed_spot(m, right, comes) for m in (0, 1) for right in (True, False) for comes in (0, 1))
)


class DelayDecideFirst(_DelayDecide):
    """Two spots on the outer ring, one after the other: answer where the larger one was."""

    id = "yang19.dlydm1-v0"
    relevant, given, scene = (True, False), (True, False), _SEQUENCE


class DelayDecideSecond(_DelayDecide):
    """Two spots on the inner ring, one after the other: answer where the larger one was."""

    id = "yang19.dlydm2-v0"
    relevant, given, scene = (False, True), (False, True), _SEQUENCE


class DelayContextFirst(_DelayDecide):
    """Spots on both rings, twice: answer where the larger one on the outer ring was."""

    id = "yang19.ctxdlydm1-v0"
    relevant, scene = (True, False), _SEQUENCE


class DelayContextSecond(_DelayDecide):
    """Spots on both rings, twice: answer where the larger one on the inner ring was."""

    id = "yang19.ctxdlydm2-v0"
    relevant, scene = (False, True), _SEQUENCE


class DelayDecideBoth(_DelayDecide):
    """Spots on both rings, twice: answer where they were larger over both rings."""

    id = "yang19.multidlydm-v0"
    scene = _SEQUENCE


# -- match to sample ------------------------------------------------------------------------------


def _match_spot(modality, angle, during):
    return _live_spot(modality, angle, during, _in(modality), least=0.02, grows=0.065)


def _sample_at(task, c):
    return float(ring(task.dim_ring)[int(c["direction"])])


def _test_at(task, c):
    one = {name: np.array([value]) for name, value in c.items()}
    return float(ring(task.dim_ring)[int(task.tested(one)[0])])


class _Match(_Ring):
    """Compare two spots, and answer at the second one, or do nothing."""

    tags = ("perceptual", "working memory", "go-no-go", "supervised")
    differs = (
        "A withheld answer is correct where no answer is right; it had performance 0.",
        "Fixation stays on until the decision: its end is the cue to answer.",
        "The modality is drawn with equal chance in each trial; it alternated strictly.",
        "ground_truth is 0 for a match and 1 for a non-match; it was a text.",
    )

    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=300, sample=500, delay=1000, test=500, decision=900)
    human = Preset(dt=20, abort=True, timing=dict(fixation=500, delay=800, decision=2500))
    go_on_match = True
    unshared = BARE
    scene = _rings(
        *(_match_spot(m, _sample_at, "sample") for m in (0, 1)),
        *(_match_spot(m, _test_at, "test") for m in (0, 1)),
    )

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="0: match, 1: non-match"),
            direction=self._directions("index of the sample's direction"),
            modality=Choice((0, 1), doc="the ring on which the stimuli are"),
        )

    def tested(self, conditions):
        """Index of the test's direction, (n,)."""
        differs = np.asarray(conditions["ground_truth"]) == 1
        return self._opposite(np.asarray(conditions["direction"]), differs)

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        test = self.tested(trials.conditions)
        for modality in (0, 1):
            channel = f"stimulus_mod{modality + 1}"
            there = (trials.modality == modality).astype(float)
            for period, at in (("sample", trials.direction), ("test", test)):
                canvas.show(channel, bump(self.dim_ring, at, there), during=period)
                canvas.noise(channel, self.sigma, during=period)
        go = (trials.ground_truth == 0) == self.go_on_match
        canvas.answer("choice", test, during="decision", when=go)


class MatchSample(_Match):
    """If the second spot is where the first was answer there, else do nothing."""

    id = "yang19.dms-v0"


class NonMatchSample(_Match):
    """If the second spot is opposite to the first answer there, else do nothing."""

    id = "yang19.dnms-v0"
    go_on_match = False


class MatchCategory(_Match):
    """If both spots are on the same side of the line answer at the second, else do nothing."""

    id = "yang19.dmc-v0"
    differs = (
        *_Match.differs,
        "Both halves of the ring have the same size; one direction belonged to both, so that 6 % of"
        " trials were labelled wrongly.",
    )
    scene = _rings(
        *(_match_spot(m, _sample_at, "sample") for m in (0, 1)),
        *(_match_spot(m, _test_at, "test") for m in (0, 1)),
        boundary=True,
    )

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

    id = "yang19.dnmc-v0"
    go_on_match = False
