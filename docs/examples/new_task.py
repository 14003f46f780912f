"""A new task in both ways of writing one: which of three flickering lights is the odd one?

Needs the library alone; takes a second. `NEUROGYM_TASKS=docs/examples/new_task.py panel serve app`
puts both into the studio.
"""

import numpy as np
import param
from gymnasium.utils.env_checker import check_env

import neurogym as ngym
from neurogym.spec import Actions, Channels, Choice, Evidence, FirstResponse, Rewards, Timing


class OddLight(ngym.Task):
    """Watch three flickering lights, then report the one that is brighter than the others."""

    contrast = param.Number(0.1, bounds=(0, 1), doc="how much brighter the odd light is")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    timing = Timing(fixation=200, stimulus=("uniform", (400, 1200)), decision=300)
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0)
    rule = FirstResponse("decision", hold=("fixation", "stimulus"))

    def channels(self):
        """Fixation cross, and three lights."""
        return Channels(fixation=1, lights=Evidence(3))

    def actions(self):
        """Wait, or choose a light."""
        return Actions(fixation=1, choice=3)

    def conditions(self):
        """What is drawn for each trial."""
        return dict(ground_truth=Choice(range(3), doc="the odd light"))

    def paint(self, canvas, trials):
        """Levels by period, for all trials at once; `trials.ground_truth` is (n,)."""
        lights = 0.5 + self.contrast * np.eye(3)[trials.ground_truth]
        canvas.show("fixation", 1, during=("fixation", "stimulus"))
        canvas.show("lights", lights, during="stimulus")
        canvas.noise("lights", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")


class ClassicOddLight(ngym.PeriodEnv):
    """The same for NeuroGym's own interface, trial by trial and step by step."""

    metadata = {"paper_link": None, "paper_name": None}  # noqa: RUF012

    def __init__(self, dt=100, contrast=0.1, sigma=1.0):
        super().__init__(dt=dt)
        self.contrast, self.sigma = contrast, sigma / np.sqrt(dt)
        self.timing = {"fixation": 200, "stimulus": ("uniform", (400, 1200)), "decision": 300}
        self.rewards = {"abort": -0.1, "correct": 1.0, "fail": 0.0}
        name = {"fixation": 0, "lights": [1, 2, 3]}
        self.observation_space = ngym.spaces.Box(-100, 100, name, shape=(4,), dtype=np.float32)
        self.action_space = ngym.spaces.Discrete(4, name={"fixation": 0, "choice": [1, 2, 3]})

    def new_trial(self, **kwargs):
        """Draw and paint a trial; conditions can be forced."""
        trial = {"ground_truth": self.rng.choice(3), **kwargs}
        lights = 0.5 + self.contrast * np.eye(3)[trial["ground_truth"]]
        self.add_period(["fixation", "stimulus", "decision"])
        self.add_ob(1, ["fixation", "stimulus"], where="fixation")
        self.add_ob(lights, "stimulus", where="lights")
        self.add_randn(0, self.sigma, "stimulus", where="lights")
        self.set_groundtruth(trial["ground_truth"] + 1, "decision")
        return trial

    def _step(self, action):
        reward, new_trial = 0.0, False
        if action != 0 and self.in_period("decision"):
            new_trial, self.performance = True, float(action == self.gt_now)
            reward = self.rewards["correct" if self.performance else "fail"]
        elif action != 0:
            reward = self.rewards["abort"]
        return self.ob_now, reward, False, {"new_trial": new_trial, "gt": self.gt_now}


ngym.register("OddLight-v0", OddLight)
ngym.register("ClassicOddLight-v0", ClassicOddLight)


def right(id: str, agent: str, trials: int = 500) -> float:
    """Share of trials that an agent answers rightly."""
    return float(np.mean([row["correct"] for row in ngym.rollout(id, agent, trials=trials)]))


if __name__ == "__main__":
    for id, agents in (
        ("OddLight-v0", ["oracle", "integrator", "random"]),
        ("ClassicOddLight-v0", ["oracle", "random"]),
    ):
        check_env(ngym.make(id).unwrapped)
        for agent in agents:
            print(f"{id}, {agent}: {right(id, agent):.0%} right")
        dataset = ngym.Dataset(id, {"dt": 20}, batch_size=16, seq_len=100, seed=1)
        inputs, labels = dataset()
        print(f"{id}: inputs {inputs.shape}, labels {labels.shape} of 0 to {labels.max()}")
