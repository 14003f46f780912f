"""Learning from what choices earn."""

import numpy as np
import param

from neurogym.spec.conditions import Runs, Switches, Uniform
from neurogym.spec.layout import Actions, Channels, ring
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Probability, Rewards, Timing
from neurogym.spec.rules import Worth
from neurogym.spec.scene import BLUE, GO, ORANGE, PINK, TEAL, By, Cross, Disc, Keys, Scene, Text
from neurogym.trials.task import Task

ARMS = 8  # the most that there can be
COLORS = (BLUE, ORANGE, TEAL, PINK, "#ffe27a", "#c792ea", "#f07178", "#d0d0d0")


def _there(k):
    return lambda task, conditions: k < task.n


def _at(k, part):
    return By(lambda task, conditions: float(0.32 * part(ring(task.n)[k])))


class Bandit(Task):
    """Choose one of the arms: each pays now and then, one of them more often than the others."""

    also = ("multi-armed bandit", "reinforcement learning", "explore exploit")
    paper = Paper(
        "Prefrontal cortex as a meta-reinforcement learning system",
        "https://doi.org/10.1038/s41593-018-0147-8",
        "Wang, Kurth-Nelson, Kumaran, Tirumala, Soyer, Leibo, Hassabis & Botvinick",
        2018,
    )
    tags = ("n-alternative",)
    differs = (
        "p is (0.75, 0.25); under (0.5, 0.5) no arm is better than another, nothing can be learned;"
        " it goes round from the best arm on, and further arms have its last chance.",
        "Which arm is best is the condition best: any, for an episode of so many trials; or, with"
        " p_switch, any at the start and another one with that probability a trial. It can be"
        " forced.",
        "The label is the arm that pays most often, and performance 1 means that it was chosen;"
        " there was no label, and performance was always 0.",
        "The condition luck decides what pays: the arms whose chance is above it.",
        "rewards says what an arm earns that pays (correct) or does not (fail); it was an array"
        " of what each arm pays when it does.",
        "A fixation period of random length comes first; its end is the cue to choose. Action 0 is"
        " to choose no arm, as in the other tasks. A trial was one step.",
    )

    sources = {
        "episode": "paper: chances stay for an episode, of 100 trials",
        "p": "paper: one of its bandits, of 75 and 25 %; it draws chances anew in each episode",
        "n": "paper", "p_switch": "our choice: a restless bandit", "timing": "our choice",
    }  # fmt: skip
    presets = {"neurogym": Preset(p=[0.5, 0.5]), "restless": Preset(p_switch=0.02)}

    n = param.Integer(2, bounds=(2, ARMS), doc="number of arms")
    p = Levels([0.75, 0.25], bounds=(0, 1), doc="chance that an arm pays, from the best arm on")
    episode = param.Integer(
        100, bounds=(1, 10**6), doc="trials with the same chances, then any arm is the best"
    )
    p_switch = Probability(
        0.0, doc="chance, in each trial, that another arm becomes the best; then without episodes"
    )
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=0.0)
    timing = Timing(fixation=("uniform", (100, 500)), decision=100)
    human = Preset(
        dt=20, abort=True, n=4, timing=dict(fixation=("uniform", (400, 700)), decision=4000)
    )

    rule = Worth("decision", hold="fixation")
    feedback = "reward"
    keys = Keys(choice="ring")
    scene = Scene(
        *(
            Disc(x=_at(k, np.cos), y=_at(k, np.sin), radius=0.09, color=color, when=_there(k))
            for k, color in enumerate(COLORS)
        ),
        Cross(during="fixation"),
        Text(text="?", size=0.1, color=GO, during="decision"),
    )

    def check(self):
        if len(self.p) > self.n:
            raise ValueError(f"p has {len(self.p)} chances, but there are n = {self.n} arms")
        if self.p[0] < max(self.p):
            raise ValueError(f"p = {self.p} does not begin with its highest chance: the best arm's")

    def channels(self):
        return Channels(fixation=1)

    def actions(self):
        return Actions(fixation=1, choice=self.n)

    def conditions(self):
        return dict(
            best=(
                Switches(self.n, self.p_switch, doc="the arm that pays most often")
                if self.p_switch
                else Runs(
                    self.n, self.episode, self.episode, any=True, doc="the arm that pays most often"
                )
            ),
            luck=Uniform(0, 1, doc="the arms whose chance is above it would pay"),
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        chances = np.array([*self.p, *[self.p[-1]] * (self.n - len(self.p))])
        arms = (np.arange(self.n) - trials.best[:, None]) % self.n
        pays = trials.luck[:, None] < chances[arms]
        rewards = self.plan.rewards
        canvas.worth("choice", np.where(pays, rewards["correct"], rewards["fail"]))
        canvas.answer("choice", trials.best, during="decision")
