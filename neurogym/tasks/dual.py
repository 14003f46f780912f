"""A task in the delay of another one."""

import numpy as np
import param

from neurogym.spec.conditions import Choice, Count
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing
from neurogym.spec.rules import GoNoGos
from neurogym.spec.scene import (
    BLUE,
    GO,
    ORANGE,
    PINK,
    TEAL,
    Arc,
    Cross,
    Disc,
    Keys,
    Polygon,
    Scene,
    Star,
    Text,
)
from neurogym.tasks.alternatives import Nth
from neurogym.tasks.memory import VIOLET, second_of_pair
from neurogym.trials.task import Task

QUIET = ("stim1", "delay1", "distraction", "delay2", "delay3", "stim2", "delay4")


def _is(name, value):
    return lambda task, conditions: conditions[name] == value


def _tests(value):
    return lambda task, conditions: task.tested(conditions) == value


def _rings(value):
    """Whether a distractor asks for a press in this trial's block."""
    return lambda task, c: task.do_gng_task and task.meanings(c["block_trial"])[0] == value


def _pairs(pairing):
    return lambda task, c: task.meanings(c["block_trial"])[1] == pairing


def _sample(value, scale=1.0, **more):
    if value == 0:
        return Disc(radius=0.17 * scale, color=BLUE, **more)
    return Polygon(radius=0.22 * scale, sides=4, rotation=np.pi / 4, color=ORANGE, **more)


def _test(value, scale=1.0, **more):
    if value == 0:
        return Star(radius=0.22 * scale, color=PINK, **more)
    return Polygon(radius=0.22 * scale, sides=3, color=VIOLET, **more)


def _distractor(value, scale=1.0, **more):
    size = dict(radius=0.17 * scale, width=0.045 * scale, color=TEAL)
    return Arc(**size, **more) if value == 0 else Arc(stop=np.pi, **size, **more)


def _clear(channel, k):
    """How clearly the k-th shape is seen: as its channel says."""
    return Nth(channel, 0.8, 0.1, k)


def _legend():
    """What asks for a press in this block, at the lower edge."""
    y, scale = -0.42, 0.26
    for pairing in (0, 1):
        for first in (0, 1):
            x, when = -0.32 + 0.32 * first, _pairs(pairing)
            yield _sample(first, scale, x=x - 0.062, y=y, when=when)
            yield _test(first ^ pairing, scale, x=x + 0.062, y=y, when=when)
    for value in (0, 1):
        yield _distractor(value, scale, x=0.3, y=y, when=_rings(value))
    yield Text(text="press for", y=-0.31, size=0.06, alpha=0.8)


class DualTask(Task):
    """Does the last shape go with the first? Press if so; and press for one ring in between."""

    also = ("dual-task interference", "divided attention")
    paper = Paper(
        "Active information maintenance in working memory by a sensory cortex",
        "https://doi.org/10.7554/eLife.43191",
        "Zhang, Yan, Wang, Fan et al.",
        2019,
    )
    tags = ("perceptual", "working memory", "go-no-go", "dual task", "supervised")
    differs = (
        "It could not be run. All times are in ms, in timing; the gap between trials is left out.",
        "rewards has NeuroGym's names: abort for a false move, correct, fail, withheld, miss. What"
        " a response earns is paid at once, what withholding earns when the window closes.",
        "A trial is correct if both tasks were done right.",
        "Noise is Gaussian with SD sigma / sqrt(dt), where a stimulus is; it was uniform, and"
        " of two parameters one was not used.",
        "The number of a trial in its cycle of four blocks is the condition block_trial.",
    )

    dt = param.Number(200, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    do_gng_task = param.Boolean(True, doc="whether there is a go/no-go task in the delay")
    block_dur = param.Integer(1000, bounds=(1, 10**6), doc="trials until the meanings change")
    sigma = param.Number(0.1, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=-1.0, miss=0.0, withheld=0.0)
    timing = Timing(
        stim1=1000, delay1=3000, distraction=600, delay2=600, gng=400, delay3=7800, stim2=1000,
        delay4=1000, decision=400,
    )  # fmt: skip
    human = Preset(
        dt=20, abort=True,
        timing=dict(
            stim1=700, delay1=700, distraction=500, delay2=400, gng=1000, delay3=900, stim2=700,
            delay4=400, decision=1200,
        ),
    )  # fmt: skip

    rule = GoNoGos("decision", asked=("gng", "decision"), hold=QUIET)
    keys = Keys(go=("Space",))
    scene = Scene(
        *(
            _sample(k, during="stim1", alpha=_clear("sample", k), when=_is("sample", k))
            for k in (0, 1)
        ),
        *(
            _distractor(k, during="distraction", alpha=_clear("distractor", k),
                        when=_is("distractor", k))
            for k in (0, 1)
        ),
        *(_test(k, during="stim2", alpha=_clear("test", k), when=_tests(k)) for k in (0, 1)),
        Cross(during=QUIET),
        Cross(color=GO, size=0.08, width=0.014, during=("gng", "decision")),
        *_legend(),
    )  # fmt: skip

    def channels(self):
        return Channels(sample=2, distractor=2, test=2)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="1: the test goes with the sample (go), 0: no-go"),
            sample=Choice((0, 1), doc="the first stimulus"),
            distractor=Choice((0, 1), doc="the stimulus of the go/no-go task"),
            block_trial=Count(4 * self.block_dur, doc="number of the trial in four blocks"),
        )

    def meanings(self, block_trial):
        """Which distractor means go, and with which test the first sample goes, by block."""
        block = np.asarray(block_trial) // self.block_dur
        return block % 2, block // 2

    def tested(self, conditions):
        """The test: the partner of the sample on go trials, else the other one."""
        partner = conditions["sample"] ^ self.meanings(conditions["block_trial"])[1]
        return second_of_pair(partner, conditions["ground_truth"] == 1)

    def stretch(self, trials):
        if self.do_gng_task:
            return {}
        return dict.fromkeys(("distraction", "gng"), np.zeros(trials.n))

    def paint(self, canvas, trials):
        each = np.arange(2)
        asks, _ = self.meanings(trials.block_trial)
        shown = dict(
            sample=(trials.sample, "stim1"), distractor=(trials.distractor, "distraction"),
            test=(self.tested(trials.conditions), "stim2"),
        )  # fmt: skip
        for channel, (value, period) in shown.items():
            canvas.show(channel, each == np.asarray(value)[:, None], during=period)
            canvas.noise(channel, self.sigma, during=period)
        canvas.answer("go", when=trials.distractor == asks, during="gng")
        canvas.answer("go", when=trials.ground_truth == 1, during="decision")
