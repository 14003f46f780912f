"""Learning what is worth choosing."""

import numpy as np

from neurogym.spec.conditions import Flips, Uniform
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import BLUE, GO, INK, ORANGE, Cross, Disc, Keys, Polygon, Scene, Star
from neurogym.trials.task import Task


def _option(k, shape, radius, **how):
    """The k-th option; the chosen one goes to the top of the screen, as in the paper."""
    x = -0.25 if k == 1 else 0.25
    return (
        shape(x=x, radius=radius, **how),
        shape(y=0.35, radius=0.6 * radius, chosen=f"choice {k}", **how),
        Disc(y=0.35, radius=0.12, outline=0.008, color=GO, chosen=f"choice {k}", show=how["show"]),
    )


class DawTwoStep(Task):
    """Choose twice: the first choice mostly leads to its own pair, the second may pay."""

    called = "Two-Step Task"
    also = ("two-step", "two-stage", "model-based and model-free", "reinforcement learning")
    paper = Paper(
        "Model-based influences on humans' choices and striatal prediction errors",
        "https://doi.org/10.1016/j.neuron.2011.02.027",
        "Daw, Gershman, Seymour, Dayan & Dolan",
        2011,
    )
    tags = ("two-alternative", "value")
    differs = (
        "There is a real second choice, as in the paper: reward depends on the state and on the"
        " option chosen in it; it was paid on arrival.",
        "rich and better (which state, and which option of a state, pays more) flip slowly across"
        " trials and are in the trial's conditions; conditions can be forced.",
        "A fixation step comes first, and the first pair of options has a channel of its own.",
        "A choice that is not made in time ends the trial and costs rewards['abort'].",
    )

    p1 = Probability(0.8, doc="chance that the first option leads to state 1")
    p2 = Probability(0.8, doc="chance that the second option leads to state 2")
    p_switch = Probability(0.025, doc="chance, in each trial, that the richer state changes")
    high_reward_p = Probability(0.9, doc="chance of reward: better option of the richer state")
    low_reward_p = Probability(0.1, doc="chance of reward of the other options")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0)
    timing = Timing(fixation=100, stage1=100, stage2=100)
    human = Preset(dt=50, timing=dict(fixation=500, stage1=4000, stage2=4000))

    closed = True
    window = ("stage1", "stage2")
    feedback = "reward"
    keys = Keys({"choice": ["left", "right"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        *_option(1, Polygon, sides=6, radius=0.14, color=INK, show="options"),
        *_option(2, Star, points=5, radius=0.15, color=INK, show="options"),
        *_option(1, Polygon, sides=3, radius=0.15, color=BLUE, show="state1"),
        *_option(2, Polygon, sides=4, radius=0.15, color=BLUE, show="state1"),
        *_option(1, Polygon, sides=5, radius=0.15, color=ORANGE, show="state2"),
        *_option(2, Polygon, sides=8, radius=0.14, rotation=np.pi / 8, color=ORANGE, show="state2"),
        Cross(color=GO, size=0.04),
    )

    def channels(self):
        return Channels(fixation=1, options=1, state1=1, state2=1)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            rich=Flips(self.p_switch, doc="the richer state: 0 or 1"),
            better=Flips(self.p_switch, doc="the better option of a state: 0 or 1"),
            way=Uniform(0, 1, doc="decides the transition"),
            luck=Uniform(0, 1, doc="decides the reward"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        canvas.show("options", 1, during="stage1")

    def begin(self, trial):
        return dict(state=0, first=False)

    def best(self, trial, state, step):
        if step.during("fixation"):
            return 0
        if step.during("stage2"):
            return 1 + trial.better
        first = self.p1 if trial.rich == 0 else 1 - self.p1
        second = self.p2 if trial.rich == 1 else 1 - self.p2
        return 2 if second > first else 1

    def react(self, trial, state, step, action):
        if step.during("fixation"):
            return Effect()
        if action == 0:
            late = step.closing
            return Effect(
                reward=self.rewards["abort"] if late else 0.0, ends=late,
                outcome=Outcome.MISS if late else Outcome.NONE,
            )  # fmt: skip
        best = action == self.best(trial, state, step)
        if step.during("stage1"):
            common = trial.way < (self.p1 if action == 1 else self.p2)
            state.state = action if common else 3 - action
            state.first = best
            return Effect(responds=True, skip=True)
        rich = state.state == trial.rich + 1 and action == trial.better + 1
        paid = trial.luck < (self.high_reward_p if rich else self.low_reward_p)
        right = state.first and best
        return Effect(
            reward=self.rewards["correct"] if paid else self.rewards["fail"], ends=True,
            performance=float(right), outcome=Outcome.CORRECT if right else Outcome.ERROR,
        )  # fmt: skip

    def observe(self, trial, state, step, ob):
        if step.during("stage2"):
            ob.state1 = state.state == 1
            ob.state2 = state.state == 2
