"""Intervals that are produced by an output which grows to a threshold."""

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Channels, Graded, Span
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import (
    BLUE,
    GO,
    ORANGE,
    Bar,
    Channel,
    Controls,
    Cross,
    Disc,
    Hand,
    Press,
    Scene,
)
from neurogym.trials.task import Task

THRESHOLD = 0.95  # of the output: what counts as a response
PULSE = 0.4

SOHN = Paper(
    "Bayesian computation through cortical latent dynamics",
    "https://doi.org/10.1016/j.neuron.2019.06.012",
    "Sohn, Narain, Meirhaeghe & Jazayeri",
    2019,
)
DIFFERS = (
    "The interval is counted from onset to onset: that between the flashes from the first one's to"
    " the second one's, that which is produced from the last flash's to the response. They lay"
    " between the flashes, whose lengths so added to what was to be measured.",
    "The first step at which the output reaches 0.95 is the response: it ends the trial, and is"
    " right within target_threshold of the interval; right steps were paid one by one.",
    "A response before the production is too early and costs rewards['abort']; an output of 0.05"
    " or less was paid there.",
    "Conditions are drawn, not gone through in order; training and scenario are gone, since one"
    " can be forced. One env holds all intervals; there was one for each.",
    "The label is 0 before the production, then grows with time (target_ramp) and is 1 from the"
    " interval on; it was not defined outside of some periods.",
    "Lengths are those of the periods: wait_time is timing['wait']. dt is 10 ms, not 1.",
    "The paper is our choice; none was named.",
)


class _Production(Task):
    """Produces an interval; the base of the tasks here."""

    tags = ("timing", "continuous action space", "supervised")
    differs = DIFFERS

    dt = param.Number(10, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    target_threshold = param.Number(
        0.05, bounds=(0.001, 1), doc="tolerance, as a share of the interval"
    )
    target_ramp = param.Boolean(True, doc="whether the label grows to the threshold, or jumps")
    input_noise = param.Number(
        0.0, bounds=(0, 10), doc="noise of the cue, as a share of it; a step gets 1 / sqrt(dt)"
    )
    rewards = Rewards(abort=0.0, correct=1.0, fail=0.0, miss=0.0)

    closed = True
    foreseen = True
    window = ("production",)
    since = "set"
    keys = Controls(Press("Space", "now", "hold", {"output": 1}))

    def check(self):
        intervals = self.intervals()
        self.check_due((min(intervals), max(intervals)), self.tolerance, "target_threshold")

    def tolerance(self, interval):
        """How many ms a response may be off."""
        return max(self.target_threshold * interval, self.dt / 2)

    def intervals(self):
        """All intervals that are drawn, in ms."""
        raise TypeError(f"{type(self).__name__} has no intervals")

    def channels(self):
        return Channels(cue=1, pulse=1)

    def actions(self):
        return Graded(output=Span(0, 1))

    def cue(self, trials):
        """The level of the cue in each trial, (n,)."""
        raise TypeError(f"{type(self).__name__} has no cue")

    def interval(self, trial):
        """The interval to produce, in ms: of a trial, or (n,) of n."""
        return trial.interval

    def paint(self, canvas, trials):
        names, cue = canvas.timeline.periods, self.cue(trials)
        after = tuple(names[1:])  # the burn-in is over
        canvas.show("cue", cue, during=after)
        canvas.noise("cue", self.input_noise * np.abs(cue), during=after)
        for pulse in ("ready", "set"):
            if pulse in names:
                canvas.show("pulse", PULSE, during=pulse)
        interval = canvas.due_ms = np.asarray(self.interval(trials), float)
        line = canvas.timeline
        before = (line.start["production"] - line.start["set"]) * self.dt  # ms of the flash

        def output(trial, ms):
            share = (before[trial] + ms + self.dt / 2) / interval[trial]
            ramp = np.minimum(share, 1) * (THRESHOLD - 0.01) if self.target_ramp else 0.0
            return np.where(share >= 1, 1.0, ramp)[:, None]

        canvas.aim("output", output, during="production")

    def begin(self, trial):
        return dict(waited=0)  # steps since the onset of the last flash

    def react(self, trial, state, step, action):
        rewards, waited = self.plan.rewards, state.waited
        if step.during("set", "production"):
            state.waited += 1
        if action[0] < THRESHOLD:
            missed = rewards["miss"] if step.last else 0.0
            return Effect(reward=missed, outcome=Outcome.MISS if step.last else Outcome.NONE)
        if not step.during("production"):
            return Effect(reward=rewards["abort"], ends=self.abort, outcome=Outcome.EARLY)
        interval = self.interval(trial)
        off = abs(waited * self.dt - interval)
        right = off <= self.tolerance(interval)
        return Effect(
            reward=rewards["correct"] if right else rewards["fail"],
            ends=True,
            performance=float(right),
            outcome=Outcome.CORRECT if right else Outcome.ERROR,
            responds=True,
            response=1,
        )


def _flash(during, x, color):
    return Disc(x=x, y=0.12, radius=0.1, color=color, during=during)


def _output():
    """The bar that the person fills."""
    return (
        Bar(y=-0.3, width=0.5, height=0.03, alpha=0.25),
        Bar(y=-0.3, width=Hand("output", 0.5), height=0.03, color=GO),
    )


class CueSetGo(_Production):
    """The height of the bar tells how long to wait after the flash: then press."""

    also = ("cued interval production", "time production", "CSG")
    paper = Paper(
        "Flexible timing by temporal scaling of cortical responses",
        "https://doi.org/10.1038/s41593-017-0028-6",
        "Wang, Narain, Hosseini & Jazayeri",
        2018,
    )

    input_noise = param.Number(
        0.01, bounds=(0, 10), doc="noise of the cue, as a share of it; a step gets 1 / sqrt(dt)"
    )
    timing = Timing(burn=50, wait=100, set=20, production=2030)
    human = Preset(
        dt=20, abort=True, target_threshold=0.2, timing=dict(burn=300, wait=700, set=100)
    )
    scene = Scene(
        Bar(x=-0.4, y=0.05, width=0.06, height=0.5, alpha=0.2),
        Bar(x=-0.4, y=0.05, width=0.06, height=Channel("cue"), color=ORANGE),
        Cross(y=0.12, during=("burn", "wait", "production")),
        _flash("set", 0.0, BLUE),
        *_output(),
    )

    def intervals(self):
        return (720, 760, 800, 840, 880, 1420, 1460, 1500, 1540, 1580)

    def conditions(self):
        return dict(
            interval=Choice(
                self.intervals(), bounds=(200, 2000), unit="ms", doc="the interval to produce"
            )
        )

    def cue(self, trials):
        return 0.3 / 950 * (self.interval(trials) - 700) + 0.2


SECOND = 1000  # ms: the length of `estimation` if the interval is as long


class _ReadySetGo(_Production):
    """Two flashes mark the interval to produce."""

    paper = SOHN
    marks = ("pulse", "pulse")
    differs = (
        *DIFFERS,
        "timing['estimation'] is how long the interval between the flashes is, if the interval to"
        " produce is 1000 ms: another value makes it another share of that.",
    )

    scene = Scene(
        Bar(x=-0.4, y=0.05, width=0.06, height=0.5, alpha=0.2),
        Bar(x=-0.4, y=0.05, width=0.06, height=Channel("cue"), color=ORANGE),
        Cross(y=0.12),
        _flash("ready", -0.15, BLUE),
        _flash("set", 0.15, ORANGE),
        *_output(),
    )

    starts_with = {"estimation": "ready"}

    def stretch(self, trials):
        return dict(estimation=self.interval(trials) / SECOND)


class ReadySetGo_SinglePrior(_ReadySetGo):
    """Two flashes mark an interval: press so that the same interval follows the second one."""

    timing = Timing(burn=50, wait=50, ready=20, estimation=SECOND, set=20, production=1200)
    human = Preset(
        dt=20, abort=True, target_threshold=0.2,
        timing=dict(burn=300, wait=500, ready=100, set=100, production=2000),
    )  # fmt: skip

    def intervals(self):
        return (480, 560, 640, 720, 800)

    def conditions(self):
        return dict(
            interval=Choice(
                self.intervals(), bounds=(200, 1100), unit="ms", doc="the interval to produce"
            )
        )

    def cue(self, trials):
        return np.full(trials.n, 0.3)


PRIORS = np.array([(480.0, 560, 640, 720, 800), (800, 900, 1000, 1100, 1200)])  # ms


class ReadySetGo_DoublePrior(_ReadySetGo):
    """Two flashes mark an interval, short or long as the bar tells: press to make it again."""

    timing = Timing(burn=50, wait=50, ready=20, estimation=SECOND, set=20, production=1700)
    human = Preset(
        dt=20, abort=True, target_threshold=0.2,
        timing=dict(burn=300, wait=500, ready=100, set=100, production=2500),
    )  # fmt: skip

    def conditions(self):
        return dict(
            prior=Choice((0, 1), doc="which intervals there are: 0 short ones, 1 long ones"),
            place=Choice(range(5), doc="which of them it is, the shortest first"),
        )

    def intervals(self):
        return tuple(PRIORS.ravel())

    def interval(self, trial):
        return PRIORS[trial.prior, trial.place]

    def cue(self, trials):
        return np.where(trials.prior == 0, 0.3, 0.4)
