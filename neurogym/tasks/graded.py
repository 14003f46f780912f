"""Reports on a continuous scale."""

import param

from neurogym.spec.conditions import Uniform
from neurogym.spec.layout import Channels, Graded, Span
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import BLUE, GO, ORANGE, Bar, By, Controls, Cross, Disc, Hand, Press, Scene
from neurogym.trials.task import Task

TRACK = 0.8  # width on the stage of the span of positions
NOWHERE = -0.5  # what the channel and the action say of the position when there is none


class ReachingDelayResponse(Task):
    """Remember where the spot was; when the track lights up, move your marker there and confirm."""

    also = ("memory-guided saccade", "oculomotor delayed response", "ODR")
    paper = Paper(
        "Mnemonic coding of visual space in the monkey's dorsolateral prefrontal cortex",
        "https://doi.org/10.1152/jn.1989.61.2.331",
        "Funahashi, Bruce & Goldman-Rakic",
        1989,
    )
    tags = (
        "perceptual",
        "delayed response",
        "continuous action space",
        "multidimensional action space",
        "supervised",
    )
    differs = (
        "The paper is our choice, of the paradigm's kind; none was named.",
        "A response in the delay is too early and costs rewards['abort'], as one in the stimulus;"
        " it cost nothing.",
        "An answer within the tolerance counts as correct, for the record; the reward falls with"
        " the distance as before. rewards['fail'], which nothing earned, is gone.",
        "Positions lie between -2 and 2, and lowbound below highbound; others left the spaces.",
    )

    lowbound = param.Number(0.0, bounds=(-2, 0.4), doc="least position of the spot")
    highbound = param.Number(1.0, bounds=(0.6, 2), doc="greatest position of the spot")
    tolerance = param.Number(0.1, bounds=(0.001, 1), doc="distance at which an answer is correct")
    rewards = Rewards(abort=-0.1, correct=1.0, miss=-0.5)
    timing = Timing(stimulus=500, delay=("choice", (0, 1000, 2000)), decision=500)
    human = Preset(
        dt=20, abort=True, timing=dict(stimulus=700, delay=("choice", (500, 1500)), decision=5000)
    )

    closed = True
    foreseen = True
    window = ("decision",)
    scene = Scene(
        Bar(width=TRACK, height=0.012, alpha=0.35),
        Bar(width=TRACK, height=0.012, color=GO, during="decision"),
        Disc(x=By(lambda task, c: task.on_track(c["ground_truth"])), radius=0.04, color=ORANGE,
             during="stimulus"),
        Cross(y=0.2, during=("stimulus", "delay")),
        Disc(x=By(lambda task, c: task.marker), radius=0.04, color=BLUE, during="decision"),
    )  # fmt: skip

    @property
    def keys(self) -> Controls:
        """The marker starts in the middle of the track."""
        span, middle = self.highbound - self.lowbound, (self.highbound + self.lowbound) / 2
        return Controls(
            Press("ArrowLeft", "left", "move", {"position": -span / 2}),
            Press("ArrowRight", "right", "move", {"position": span / 2}),
            Press("Space", "answer", "hold", {"gate": 1}),
            start={"position": middle},
            point={"position": ("x", span / TRACK, middle)},
            click="Space",
            only="Space",
        )

    @property
    def marker(self):
        """Where the person's marker is on the stage."""
        scale = TRACK / (self.highbound - self.lowbound)
        return Hand("position", scale, -scale * (self.highbound + self.lowbound) / 2)

    def on_track(self, position: float) -> float:
        """Where a position is on the stage."""
        return TRACK * ((position - self.lowbound) / (self.highbound - self.lowbound) - 0.5)

    def channels(self):
        return Channels(go=1, stimulus=1)

    def actions(self):
        low, high = min(-1, self.lowbound), max(2, self.highbound)
        return Graded(gate=Span(-1, 1, rest=-1), position=Span(low, high, rest=NOWHERE))

    def conditions(self):
        return dict(ground_truth=Uniform(self.lowbound, self.highbound, doc="the spot's position"))

    def paint(self, canvas, trials):
        canvas.show("stimulus", trials.ground_truth, during="stimulus")
        canvas.show("stimulus", NOWHERE, during=("delay", "decision"))
        canvas.show("go", 1, during="decision")
        canvas.aim("gate", 1, during="decision")
        canvas.aim("position", trials.ground_truth, during="decision")

    def react(self, trial, state, step, action):
        rewards, asked = self.plan.rewards, step.during("decision")
        if action[0] <= 0:
            missed = rewards["miss"] if step.last else 0.0
            return Effect(reward=missed, outcome=Outcome.MISS if step.last else Outcome.NONE)
        if not asked:
            return Effect(reward=rewards["abort"], ends=self.abort, outcome=Outcome.EARLY)
        distance = abs(action[1] - step.aim[1])
        worth = 1 / (1 + distance) ** 2
        return Effect(
            reward=rewards["correct"] * worth,
            ends=True,
            performance=worth,
            outcome=Outcome.CORRECT if distance <= self.tolerance else Outcome.ERROR,
            responds=True,
            response=1,
        )
