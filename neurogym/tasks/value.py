"""Learning what is worth choosing."""

from typing import ClassVar

import numpy as np
import param

from neurogym.spec.conditions import Flips, Uniform, Walk
from neurogym.spec.figures import StayProbability, TimeDistribution
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
    """Choose twice: the first choice mostly leads to its own pair, the second may pay.

    The chance of reward of each of the four second options walks by itself, so that who repeats
    whatever was rewarded (model-free) cares nothing for whether the way there was a rare one, and
    who knows the ways (model-based) does. With `walks=False` one option is good at a time, as in
    NeuroGym and many tasks for animals; there even a model-free learner comes to care.
    """

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
        "Each of the four second options has a chance of reward of its own, which walks from trial"
        " to trial, and ways are common in 70% of trials, as in the paper. The preset neurogym has"
        " ways of 80% and one good option, which flips.",
        "What changes across trials is in the trial's conditions, and can be forced.",
        "A fixation step comes first, and the first pair of options has a channel of its own.",
        "A choice that is not made in time ends the trial and costs rewards['abort'].",
    )

    p1 = Probability(0.7, doc="chance that the first option leads to state 1")
    p2 = Probability(0.7, doc="chance that the second option leads to state 2")
    walks = param.Boolean(
        True, doc="whether each option's chance of reward walks, or one option is good at a time"
    )
    walk_sd = param.Number(0.025, bounds=(0, 1), doc="SD of a walk's step from trial to trial")
    walk_low = Probability(0.25, doc="lower end of the walks")
    walk_high = Probability(0.75, doc="upper end of the walks")
    p_switch = Probability(0.025, doc="without walks: chance that the richer state changes")
    high_reward_p = Probability(0.9, doc="without walks: better option of the richer state")
    low_reward_p = Probability(0.1, doc="without walks: chance of reward of the other options")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0)
    timing = Timing(fixation=100, stage1=100, stage2=100)
    human = Preset(dt=50, timing=dict(fixation=500, stage1=2000, stage2=2000))
    presets: ClassVar = {"neurogym": Preset(p1=0.8, p2=0.8, walks=False)}
    sources: ClassVar = {
        "p1": "paper", "p2": "paper", "walks": "paper; without them as in NeuroGym",
        "walk_sd": "paper", "walk_low": "paper", "walk_high": "paper", "p_switch": "NeuroGym",
        "high_reward_p": "NeuroGym", "low_reward_p": "NeuroGym",
        "stage1": "100 ms: our choice, a step; for people 2 s, as in the paper",
        "stage2": "100 ms: our choice, a step; for people 2 s, as in the paper",
        "chance11": "where a walk begins is our choice: anywhere between the bounds",
        "abort": "NeuroGym; in the paper a choice that comes too late earns nothing",
    }  # fmt: skip

    figures = (StayProbability(), TimeDistribution())
    closed = True
    window = asked = ("stage1", "stage2")
    feedback = "reward"
    keys = Keys({"choice": ["left", "right"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        *_option(1, Polygon, sides=6, radius=0.14, color=INK, show="options"),
        *_option(2, Star, points=5, radius=0.15, color=INK, show="options"),
        *_option(1, Polygon, sides=3, radius=0.15, color=BLUE, show="state1"),
        *_option(2, Polygon, sides=4, radius=0.15, color=BLUE, show="state1"),
        *_option(1, Polygon, sides=5, radius=0.15, color=ORANGE, show="state2"),
        *_option(2, Polygon, sides=8, radius=0.14, rotation=np.pi / 8, color=ORANGE, show="state2"),
        Cross(size=0.04, during="fixation"),
        Cross(color=GO, size=0.04, during=("stage1", "stage2")),
    )

    def channels(self):
        return Channels(fixation=1, options=1, state1=1, state2=1)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def check(self):
        if self.walk_low > self.walk_high:
            raise ValueError(f"walk_low = {self.walk_low}: expected at most walk_high, which is"
                             f" {self.walk_high}")  # fmt: skip

    def conditions(self):
        if self.walks:
            changing = {
                f"chance{at}{option}": Walk(
                    self.walk_low, self.walk_high, self.walk_sd,
                    doc=f"chance of reward: state {at}, option {option}",
                )
                for at in (1, 2) for option in (1, 2)
            }  # fmt: skip
        else:
            changing = dict(
                rich=Flips(self.p_switch, doc="the richer state: 0 or 1"),
                better=Flips(self.p_switch, doc="the better option of a state: 0 or 1"),
            )
        return dict(
            **changing,
            way=Uniform(0, 1, doc="decides the transition: below p1 or p2 it is the common one"),
            luck=Uniform(0, 1, doc="decides the reward: below its chance there is one"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        canvas.show("options", 1, during="stage1")

    def begin(self, trial):
        return dict(state=0, first=False)

    def best(self, trial, state, step):
        if step.during("fixation"):
            return 0
        first = self.worth(trial, state, step, 1)
        return 2 if self.worth(trial, state, step, 2) > first else 1

    def worth(self, trial, state, step, action):
        """What a choice pays on average, if the one after it is the best one."""
        if step.during("stage2"):
            return self.chance(trial, state.state, action)
        here = max(self.chance(trial, 1, 1), self.chance(trial, 1, 2))
        there = max(self.chance(trial, 2, 1), self.chance(trial, 2, 2))
        p = self.p1 if action == 1 else 1 - self.p2
        return p * here + (1 - p) * there

    def chance(self, trial, at, option):
        """The chance of reward of an option in a state, both counted from 1."""
        if self.walks:
            first = trial.chance11 if at == 1 else trial.chance21
            second = trial.chance12 if at == 1 else trial.chance22
            return first if option == 1 else second
        else:
            good = at == trial.rich + 1 and option == trial.better + 1
            return self.high_reward_p if good else self.low_reward_p

    def react(self, trial, state, step, action):
        if step.during("fixation"):
            return Effect()
        if action == 0:
            late = step.closing
            return Effect(
                reward=self.rewards["abort"] if late else 0.0, ends=late,
                outcome=Outcome.MISS if late else Outcome.NONE,
            )  # fmt: skip
        other = self.worth(trial, state, step, 3 - action)
        best = self.worth(trial, state, step, action) >= other
        if step.during("stage1"):
            common = trial.way < (self.p1 if action == 1 else self.p2)
            state.state = action if common else 3 - action
            state.first = best
            return Effect(responds=True, skip=True)
        paid = trial.luck < self.chance(trial, state.state, action)
        right = state.first and best
        return Effect(
            reward=self.rewards["correct"] if paid else self.rewards["fail"], ends=True,
            performance=float(right), outcome=Outcome.CORRECT if right else Outcome.ERROR,
        )  # fmt: skip

    @property
    def _ways(self):
        known = self.plan.parameters  # params are slow to read
        return known["p1"], known["p2"]

    def tell(self, trial, answers):
        """Whether the way from the first choice was common or rare, and to which state it led."""
        for answer in answers[:1]:
            chosen, ways = answer["response"], self._ways
            if chosen is not None:
                common = bool(trial["way"] < ways[chosen - 1])
                answer["transition"] = "common" if common else "rare"
                answer["state"] = chosen if common else 3 - chosen

    def observe(self, trial, state, step, ob):
        if step.during("stage2"):
            ob.state1 = state.state == 1
            ob.state2 = state.state == 2
