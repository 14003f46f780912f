"""Does what is tested match what was seen before?"""

import numpy as np
import param

from neurogym.spec.conditions import Choice, Uniform
from neurogym.spec.layout import Actions, Channels, ring
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Rewards, Timing
from neurogym.spec.rules import Answers, FirstResponse, Spot
from neurogym.spec.scene import (
    BLUE,
    GO,
    INK,
    ORANGE,
    Arc,
    Bar,
    Bump,
    By,
    Cross,
    Disc,
    Dots,
    Keys,
    Marker,
    Mix,
    Scene,
)
from neurogym.trials.task import Task


def category_angle(category, place):
    """An angle in the upper (0) or lower (1) half of the circle, `place` of the way through it."""
    return (category + place) * np.pi


class DelayMatchCategory(Task):
    """Dots move twice: report whether both times they went to the same side of the line."""

    called = "Delayed Match to Category"
    also = ("delayed match to category", "DMC")
    paper = Paper(
        "Experience-dependent representation of visual categories in parietal cortex",
        "https://doi.org/10.1038/nature05078",
        "Freedman & Assad",
        2006,
    )
    tags = ("perceptual", "working memory", "two-alternative", "supervised")
    differs = (
        "dim_ring is 3 or more, and 16 by default: two channels, at the ends of the line between"
        " the categories, respond alike to both, so that the task could not be learned.",
        "ground_truth counts from 0 (0: match); it was a text.",
        "The places of sample and test within their categories are conditions, and can be forced.",
        "A person sees the line between the categories; it was learned from feedback.",
    )

    dim_ring = param.Integer(16, bounds=(3, 64), doc="number of directions, evenly spaced")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=500, sample=650, first_delay=1000, test=650)
    human = Preset(dt=20, abort=True, timing=dict(test=2500))

    rule = FirstResponse("test", hold="fixation")
    keys = Keys({"choice": ["match", "non-match"]}, choice=("KeyF", "KeyJ"))
    scene = Scene(
        *(Bar(x=x, width=0.14, height=0.012, color=INK) for x in (-0.39, 0.39)),
        Dots(evidence="stimulus", during="sample"),
        Dots(evidence="stimulus", during="test"),
        Cross(during=("fixation", "sample", "first_delay")),
        Cross(color=GO, size=0.08, width=0.014, during="test"),
    )

    def channels(self):
        return Channels(fixation=1, stimulus=self.dim_ring)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        place = "of the way through its half of the circle"
        return dict(
            ground_truth=Choice((0, 1), doc="0: match, 1: non-match"),
            sample_category=Choice((0, 1), doc="0: the sample goes up, 1: down"),
            sample_place=Uniform(0, 1, doc=f"the sample's direction, {place}"),
            test_place=Uniform(0, 1, doc=f"the test's direction, {place}"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("test"))
        tested = (trials.sample_category + trials.ground_truth) % 2
        for period, category, place in (
            ("sample", trials.sample_category, trials.sample_place),
            ("test", tested, trials.test_place),
        ):
            away = ring(self.dim_ring) - category_angle(category, place)[:, None]
            canvas.show("stimulus", 0.5 + 0.5 * np.cos(away), during=period)
        canvas.noise("stimulus", self.sigma, during=("sample", "test"))
        canvas.answer("choice", trials.ground_truth, during="test")


def tested_angles(conditions):
    """Where the three tests are, (..., 3) rad: the one that matches, the others beside it."""
    match, sides = np.asarray(conditions["ground_truth"]), np.asarray(conditions["sides"])
    away = np.deg2rad(np.asarray(conditions["distance"], float))
    order = np.arange(3)
    nth = order - (order > match[..., None])  # among the others: 0 or 1
    sign = np.where(sides[..., None] >> nth & 1, 1, -1)
    away = np.where(order == match[..., None], 0, sign * away[..., None])
    return np.asarray(conditions["direction"])[..., None] + away


class DelayMatchSampleDistractor1D(Task):
    """Remember where the spot is, and press as soon as it comes back to the same place."""

    called = "Delayed Match to Sample with Distractors"
    also = ("delayed match to sample", "n-back", "distractors", "ABBA")
    paper = Paper(
        "Neural mechanisms of visual working memory in prefrontal cortex of the macaque",
        "https://doi.org/10.1523/JNEUROSCI.16-16-05154.1996",
        "Miller, Erickson & Desimone",
        1996,
    )
    tags = ("perceptual", "working memory", "two-alternative", "supervised")
    differs = (
        "ground_truth counts from 0: the test that matches.",
        "The other tests lie at a distance from the sample, a condition; they were anywhere, and"
        " could hardly be told from it.",
        "sigma is the noise of the stimulus; it was taken but nothing was noisy.",
        "Fixation stays on until the first test; only its begin was shown.",
        "A response in the first delay ends the trial as too early; it earns fail as before.",
        "The keys sample, test1, test2 and test3 of a trial are direction, distance and sides.",
    )

    dim_ring = param.Integer(32, bounds=(4, 64), doc="number of channels around the ring")
    distances = Levels(
        [45, 90, 135, 180], bounds=(5, 180), unit="°", doc="distances of the other tests"
    )
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=-1.0, miss=0.0)
    timing = Timing(
        fixation=300, sample=500, delay1=1000, test1=500, delay2=1000, test2=500, delay3=1000,
        test3=500,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True, distances=[25, 50, 100],
        timing=dict(
            fixation=500, sample=600, delay1=700, test1=1000, delay2=600, test2=1000, delay3=600,
            test3=1000,
        ),
    )  # fmt: skip

    rule = Spot(
        ("test1", "delay2", "test2", "delay3", "test3"),
        hold=("fixation", "sample"),
        alarm=("delay1",),
    )
    keys = Keys({"match": ["same place"]}, match=("Space",))
    scene = Scene(
        Arc(radius=0.36, width=0.006, color=INK, alpha=0.35),
        Marker(radius=0.36, angle=Bump("stimulus"), size=0.1, color=BLUE, during="sample"),
        *(
            Marker(radius=0.36, angle=Bump("stimulus"), size=0.1, color=ORANGE, during=f"test{k}")
            for k in (1, 2, 3)
        ),
        Cross(during=("fixation", "sample", "delay1")),
        Cross(color=GO, size=0.08, width=0.014,
              during=("test1", "delay2", "test2", "delay3", "test3")),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, stimulus=self.dim_ring)

    def actions(self):
        return Actions(fixation=1, match=1)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(3), doc="which of the three tests matches"),
            direction=Uniform(0, 2 * np.pi, unit="rad", doc="where the sample is"),
            distance=Choice(
                self.distances, bounds=(5, 180), unit="°", doc="from the sample to other tests"
            ),
            sides=Choice(range(4), doc="to which sides the others lie: bit 0 and bit 1"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("test1"))
        tests = tested_angles(trials.conditions)
        for period, angle in (
            ("sample", trials.direction),
            *((f"test{k + 1}", tests[:, k]) for k in range(3)),
        ):
            away = ring(self.dim_ring) - angle[:, None]
            canvas.show("stimulus", np.cos(away), during=period)
            canvas.noise("stimulus", self.sigma, during=period)
        for k in range(3):
            canvas.answer("match", during=f"test{k + 1}", when=trials.ground_truth == k)


SIDES = (-0.26, 0.26)  # of the two stimuli


def dual_tests(conditions):
    """Of the two stimuli: what is tested (0 or 1), and the answer: two lists of arrays (n,)."""
    order = np.asarray(conditions["test_order"])
    truths = [np.asarray(conditions[name]) for name in ("ground_truth", "ground_truth2")]
    answers = [np.where(order == j, truths[0], truths[1]) for j in (0, 1)]
    samples = [np.asarray(conditions[name]) for name in ("sample1", "sample2")]
    return [(samples[j] + answers[j]) % 2 for j in (0, 1)], answers


def _bar(j, tilt, **how):
    """A bar at the place of stimulus j, whose `tilt` is 0 if it is upright, 1 if it is level.

    It is as long as its channel is above the other one.
    """

    def length(task, c):
        sign = 1 - 2 * int(tilt(c))
        return Mix(f"stimulus{j + 1}", (0.1 * sign, -0.1 * sign), 0.18)

    angle = By(lambda task, c: int(tilt(c)) * np.pi / 2)
    look = dict(x=SIDES[j], width=0.06, color=(BLUE, ORANGE)[j])
    return Bar(height=By(length), angle=angle, **look, **how)


def _sample_tilt(j):
    return lambda c: c[f"sample{j + 1}"]


def _test_tilt(j):
    return lambda c: dual_tests(c)[0][j]


def _now(j, which):
    """Whether stimulus j is the one that is tested first (0) or second (1)."""
    return lambda task, c: (c["test_order"] == j) == (which == 0)


class DualDelayMatchSample(Task):
    """Remember two bars; then say of the circled one, and later of the other, if it is the same."""

    called = "Dual Delayed Match to Sample"
    also = ("delayed match to sample", "retro-cue")
    paper = Paper(
        "Reactivation of latent working memories with transcranial magnetic stimulation",
        "https://doi.org/10.1126/science.aah7011",
        "Rose, LaRocque, Riggall, Gosseries et al.",
        2016,
    )
    tags = ("perceptual", "working memory", "two-alternative", "supervised")
    differs = (
        "The first response in each test counts; the first test paid anew in every step.",
        "performance is 1 if both answers are right; one of them was enough.",
        "ground_truth and ground_truth2 are the answers in the order of the tests, and count from 0"
        " (0: match); they went by stimulus.",
        "Fixation is off in the tests, where answers are asked for.",
        "Only the stimuli are noisy; fixation and cues were too.",
        "The keys test1 and test2 of a trial are gone: tests follow from the samples and the "
        "answers; ground_truth1 is ground_truth.",
    )

    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=0.0)
    timing = Timing(
        fixation=500, sample=500, delay1=500, cue1=500, test1=500, delay2=500, cue2=500, test2=500
    )
    human = Preset(
        dt=20, abort=True,
        timing=dict(sample=800, delay1=700, cue1=600, test1=1600, delay2=600, cue2=600, test2=1600),
    )  # fmt: skip

    rule = Answers(
        ("test1", "delay2", "cue2", "test2"),
        asked=("test1", "test2"),
        hold=("fixation", "sample", "delay1", "cue1", "delay2", "cue2"),
    )
    keys = Keys({"choice": ["match", "non-match"]}, choice=("KeyF", "KeyJ"))
    unshared = dict.fromkeys(
        ("stimulus1", "stimulus2"),
        "in a test the bar that is tested is shown alone: there is nothing where the other one was",
    )
    scene = Scene(
        *(_bar(j, _sample_tilt(j), during="sample") for j in (0, 1)),
        *(
            _bar(j, _test_tilt(j), during=f"test{k + 1}", when=_now(j, k))
            for j in (0, 1)
            for k in (0, 1)
        ),
        *(
            Disc(x=SIDES[j], radius=0.2, outline=0.01, during=(f"cue{k + 1}", f"test{k + 1}"),
                 when=_now(j, k))
            for j in (0, 1)
            for k in (0, 1)
        ),
        Cross(during=("fixation", "sample", "delay1", "cue1", "delay2", "cue2")),
        Cross(color=GO, size=0.08, width=0.014, during=("test1", "test2")),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, stimulus1=2, stimulus2=2, cue1=1, cue2=1)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the first test: 0: match, 1: non-match"),
            ground_truth2=Choice((0, 1), doc="the second test: 0: match, 1: non-match"),
            sample1=Choice((0, 1), doc="the first stimulus, 0: upright, 1: level"),
            sample2=Choice((0, 1), doc="the second stimulus"),
            test_order=Choice((0, 1), doc="the stimulus that is tested first"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1)
        canvas.show("fixation", 0, during=("test1", "test2"))
        tested, _ = dual_tests(trials.conditions)
        for j, sample in enumerate((trials.sample1, trials.sample2)):
            channel, first = f"stimulus{j + 1}", trials.test_order == j
            shown = np.stack([sample == 0, sample == 1], axis=1)
            test = np.stack([tested[j] == 0, tested[j] == 1], axis=1)
            canvas.show(channel, shown, during="sample")
            for k, now in enumerate((first, ~first)):
                canvas.show(channel, test * now[:, None], during=f"test{k + 1}")
                canvas.show(f"cue{j + 1}", now, during=f"cue{k + 1}")
            canvas.noise(channel, self.sigma, during=("sample", "test1", "test2"))
        canvas.answer("choice", trials.ground_truth, during="test1")
        canvas.answer("choice", trials.ground_truth2, during="test2")
