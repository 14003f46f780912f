"""Learning what is worth choosing."""

import numpy as np

from neurogym.spec.conditions import Flips, Uniform
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import BLUE, GO, INK, ORANGE, Cross, Keys, Polygon, Scene, Star
from neurogym.trials.task import Task


class DawTwoStep(Task):
    """Choose twice: the first choice mostly leads to its own pair, the second may pay."""

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
        Polygon(sides=6, radius=0.14, x=-0.25, color=INK, show="options"),
        Star(points=5, radius=0.15, x=0.25, color=INK, show="options"),
        Polygon(sides=3, radius=0.15, x=-0.25, color=BLUE, show="state1"),
        Polygon(sides=4, radius=0.15, x=0.25, color=BLUE, show="state1"),
        Polygon(sides=5, radius=0.15, x=-0.25, color=ORANGE, show="state2"),
        Polygon(sides=8, radius=0.14, x=0.25, rotation=np.pi / 8, color=ORANGE, show="state2"),
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

    def begin(self, trials):
        return dict(state=np.zeros(trials.n, int), first=np.zeros(trials.n, int))

    def labels(self, trials, state, step):
        to_rich = [np.where(trials.rich == 0, self.p1, 1 - self.p1),
                   np.where(trials.rich == 1, self.p2, 1 - self.p2)]  # fmt: skip
        first = 1 + (to_rich[1] > to_rich[0])
        choice = np.where(step.during("stage1"), first, 1 + trials.better)
        return np.where(step.during("fixation"), 0, choice)

    def react(self, trials, state, step, action):
        stage1, waiting = step.during("stage1"), step.during("fixation")
        chose = (action > 0) & ~waiting
        best = self.labels(trials, state, step) == action
        common = trials.way < np.where(action == 1, self.p1, self.p2)
        arrived = np.where(common, action, 3 - action)
        state["state"] = np.where(stage1 & chose, arrived, state["state"])
        state["first"] = np.where(stage1 & chose, best, state["first"])

        rich = (state["state"] == trials.rich + 1) & (action == trials.better + 1)
        paid = trials.luck < np.where(rich, self.high_reward_p, self.low_reward_p)
        right = (state["first"] == 1) & best
        missed, chosen = step.closing & ~chose & ~waiting, chose & ~stage1
        earned = np.where(paid, self.rewards["correct"], self.rewards["fail"])
        outcome = np.where(right, Outcome.CORRECT, Outcome.ERROR)
        return Effect(
            reward=np.where(chosen, earned, np.where(missed, self.rewards["abort"], 0.0)),
            ends=chosen | missed,
            performance=np.where(chosen, right, 0.0),
            outcome=np.where(missed, Outcome.MISS, np.where(chosen, outcome, Outcome.NONE)),
            responds=chose & stage1,
            skip=chose & stage1,
        )

    def observe(self, trials, state, step, ob):
        second = step.during("stage2")
        ob[:, 2] = second & (state["state"] == 1)
        ob[:, 3] = second & (state["state"] == 2)
