"""A library of tasks that is composed from ours and its own: by subclassing, wrapping, reading."""

import numpy as np
import param
import pytest

import neurogym as ngym
from neurogym.registry import task_class
from neurogym.wrappers import PassReward, ReactionTime, ScheduleEnvs, SideBias

RING = ngym.make("yang19.go").declared.dim_ring  # what ours say is what theirs go by


class Ring(ngym.TrialEnv):
    """A spot on one of two rings; report its direction, or another, after a delay."""

    shift, wait = 0.0, 0

    def __init__(self, dt=100, dim_ring=RING, sigma=0.0, timing=None):
        super().__init__(dt=dt)
        self.timing = {
            "fixation": 300,
            "spot": 300,
            "delay": self.wait,
            "go": 300,
            **(timing or {}),
        }
        self.rewards = {"abort": -0.1, "correct": 1.0}
        self.theta = np.arange(dim_ring) * 2 * np.pi / dim_ring
        self.choices, self.sigma = np.arange(dim_ring), sigma
        rings = {f"ring {k}": range(1 + k * dim_ring, 1 + (k + 1) * dim_ring) for k in (0, 1)}
        self.observation_space = ngym.spaces.Box(
            -np.inf, np.inf, shape=(1 + 2 * dim_ring,), name={"fixation": 0, **rings}
        )
        actions = {"fixation": 0, "choice": range(1, 1 + dim_ring)}
        self.action_space = ngym.spaces.Discrete(1 + dim_ring, name=actions)

    def _new_trial(self, **kwargs):
        trial = {"ground_truth": self.rng.choice(self.choices), "ring": 0, **kwargs}
        seen = self.theta[trial["ground_truth"]]
        trial["answer"] = self.answer(seen)
        self.add_period(["fixation", "spot", "delay", "go"])
        self.add_ob(1, ["fixation", "spot", "delay"], where="fixation")
        self.add_ob(self.bump(seen), "spot", where=f"ring {trial['ring']}")
        self.add_randn(0, self.sigma / np.sqrt(self.dt), "spot")
        self.set_groundtruth(trial["answer"], period="go", where="choice")
        return trial

    def bump(self, theta):
        return np.exp(2 * (np.cos(self.theta - theta) - 1))

    def answer(self, seen):
        return int(np.argmax(self.bump(seen + self.shift)))

    def _step(self, action):
        reward, new = 0.0, False
        if not self.in_period("go"):
            reward = self.rewards["abort"] if action else 0.0
        elif action:
            new, self.performance = True, float(action == self.gt_now)
            reward = self.performance * self.rewards["correct"]
        return self.ob_now, reward, False, False, {"new_trial": new, "gt": self.gt_now}


class Opposite(Ring):
    shift = np.pi


class Remembered(Ring):
    wait = 500


class OppositeRemembered(Opposite, Remembered):
    pass


class Rotated(Remembered):
    """The answer goes round by as much as the delay is long."""

    def _new_trial(self, **kwargs):
        self.shift = 2 * np.pi * (self.sample_time("delay") / 2000)
        return super()._new_trial(**kwargs)


class Modality(ngym.TrialWrapper):
    """Spots are on one ring, or on either."""

    def __init__(self, env, ring=None):
        super().__init__(env)
        self.ring = ring

    def new_trial(self, **kwargs):
        ring = int(self.task.rng.randint(2)) if self.ring is None else self.ring
        return self.env.new_trial(**{"ring": ring, **kwargs})


class SlowGo(task_class("yang19.go-v0")):
    """Go, after a longer fixation."""

    id = "library.slowgo-v0"

    def paint(self, canvas, trials):
        super().paint(canvas, trials)
        canvas.show("fixation", 0.5, during="fixation")


class EasyDots(task_class("PerceptualDecisionMaking-v0")):
    """Random dots that all see."""

    id = "library.easydots-v0"
    cohs = param.List([51.2, 99.0], doc="motion coherences, %")


LIBRARY = {
    "go": lambda: Modality(Ring(), 0),
    "go2": lambda: Modality(Ring(), 1),
    "goeither": lambda: Modality(Ring()),
    "anti": lambda: Modality(Opposite()),
    "dlygo": lambda: Modality(Remembered()),
    "dlyanti": lambda: Modality(OppositeRemembered()),
    "rotated": lambda: Modality(Rotated(timing={"delay": ("choice", [200, 500, 800])})),
    "noisy": lambda: Modality(Ring(sigma=0.5)),
    "small": lambda: Modality(Ring(dim_ring=4, dt=50)),
    "biased": lambda: SideBias(Modality(Ring(dim_ring=2)), block_dur=20),
    "rewarded": lambda: PassReward(Modality(Ring())),
    "slowgo": lambda: ngym.make("library.slowgo", timing={"fixation": 800}),
    "easydots": lambda: ReactionTime(ngym.make("library.easydots")),
    "mixture": lambda: ScheduleEnvs([Modality(Ring()), Modality(Opposite())], env_input=True),
}


@pytest.fixture(autouse=True, scope="module")
def registered():
    for cls in (SlowGo, EasyDots):
        ngym.register(cls.id, cls)
    yield
    for cls in (SlowGo, EasyDots):
        ngym.unregister(cls.id)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_task_of_the_library_is_played_rightly_and_learned_from(name):
    env = LIBRARY[name]()
    rows = ngym.rollout(env, "oracle", trials=15, seed=1)
    assert all(row["correct"] for row in rows)
    inputs, labels = ngym.Dataset(env, batch_size=4, seq_len=40, seed=1)()
    assert inputs.shape == (40, 4, *env.observation_space.shape)
    assert labels.any()


def test_the_whole_library_is_one_task():
    names = ["go", "go2", "anti", "dlygo", "dlyanti", "rotated"]
    env = ScheduleEnvs([LIBRARY[name]() for name in names], env_input=True)
    rows = ngym.rollout(env, "oracle", trials=60, seed=2)
    assert {row["conditions"]["task"] for row in rows} == set(range(6))
    assert all(row["correct"] for row in rows)
    assert env.observation_space.shape == (1 + 2 * RING + 6,)
    assert {len(inner.theta) for inner in env.envs} == {RING}
    rings = {row["conditions"]["task"]: row["conditions"]["ring"] for row in rows[:40]}
    assert (rings[0], rings[1]) == (0, 1)


def test_what_they_read_of_ours_is_there():
    env = ngym.make("yang19.dm1")
    assert env.rewards["correct"] == 1
    assert "stimulus" in env.timing
    assert env.observation_space.name["fixation"] == 0
    assert env.action_space.name["choice"]
    assert env.declared.dim_ring == RING
    assert env.unwrapped is env
    easy = ngym.make("library.easydots")
    easy.reset(seed=1)
    assert easy.trial["coh"] in (51.2, 99.0)
    assert easy.declared.cohs == [51.2, 99.0]
