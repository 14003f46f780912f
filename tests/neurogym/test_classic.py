import copy
import math
import pickle
import re
import runpy
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

import neurogym as ngym
from neurogym import PeriodEnv, TrialEnv, registry
from neurogym.envs.episodes import EpisodeEnv, as_trials
from neurogym.envs.task_env import TaskEnv

TEMPLATE = """
from gymnasium import spaces
import neurogym as ngym

class YourTask(ngym.PeriodEnv):
    metadata = {}

    def __init__(self, dt=100, timing=None, extra_input_param=None):
        super().__init__(dt=dt)
        self.timing = {"fixation": 200, "decision": 300}
        if timing:
            self.timing.update(timing)
        self.observation_space = spaces.Box(-1, 1, shape=(2,), dtype="float32")
        self.action_space = spaces.Discrete(3)

    def new_trial(self, **kwargs):
        self.add_period(["fixation", "decision"])
        self.add_ob(1, "fixation", where=0)
        self.set_groundtruth(2, "decision")

    def _step(self, action):
        new_trial, done, reward = False, False, 0
        obs, gt = self.ob_now, self.gt_now
        if self.in_period("decision") and action != 0:
            new_trial = True
            reward = float(action == gt)
            self.performance = reward
        return RETURNED
"""
OLD = "obs, reward, done, {'new_trial': new_trial, 'gt': gt}"
NEW = "obs, reward, done, False, {'new_trial': new_trial, 'gt': gt}"


@pytest.fixture(params=[OLD, NEW], ids=["four values", "five values"])
def template(request):
    scope = {}
    exec(TEMPLATE.replace("RETURNED", request.param), scope)
    return scope["YourTask"]


class Motion(PeriodEnv):
    metadata = {  # noqa: RUF012
        "paper_link": "https://www.jneurosci.org/content/12/12/4745",
        "tags": ["perceptual", "two-alternative", "supervised"],
    }

    def __init__(self, dt=100, rewards=None, timing=None, cohs=None, sigma=1.0, dim_ring=2):
        super().__init__(dt=dt)
        self.cohs = [0, 6.4, 12.8, 25.6, 51.2] if cohs is None else cohs
        self.sigma = sigma / np.sqrt(dt)
        self.rewards = {"abort": -0.1, "correct": 1.0, "fail": 0.0, **(rewards or {})}
        self.timing = {"fixation": 100, "stimulus": 2000, "delay": 0, "decision": 100}
        self.timing.update(timing or {})
        self.abort = False
        self.theta = np.linspace(0, 2 * np.pi, dim_ring + 1)[:-1]
        self.choices = np.arange(dim_ring)
        name = {"fixation": 0, "stimulus": range(1, dim_ring + 1)}
        self.observation_space = ngym.spaces.Box(
            -1e6, 1e6, shape=(1 + dim_ring,), dtype=np.float32, name=name
        )
        name = {"fixation": 0, "choice": list(range(1, dim_ring + 1))}
        self.action_space = ngym.spaces.Discrete(1 + dim_ring, name=name)

    def _new_trial(self, **kwargs):
        trial = {
            "ground_truth": self.rng.choice(self.choices),
            "coh": self.rng.choice(self.cohs),
        }
        trial.update(kwargs)
        evidence = np.cos(self.theta - self.theta[trial["ground_truth"]]) * trial["coh"] / 200 + 0.5
        self.add_period(["fixation", "stimulus", "delay", "decision"])
        self.add_ob(1, period=["fixation", "stimulus", "delay"], where="fixation")
        self.add_ob(evidence, "stimulus", where="stimulus")
        self.add_randn(0, self.sigma, "stimulus", where="stimulus")
        self.set_groundtruth(trial["ground_truth"], period="decision", where="choice")
        return trial

    def _step(self, action):
        new_trial, reward, gt = False, 0, self.gt_now
        if self.in_period("fixation") and action != 0:
            new_trial, reward = self.abort, self.rewards["abort"]
        elif self.in_period("decision") and action != 0:
            new_trial = True
            reward = self.rewards["correct" if action == gt else "fail"]
            self.performance = action == gt
        return self.ob_now, reward, False, False, {"new_trial": new_trial, "gt": gt}


gym.register("ClassicMotion-v0", Motion)


class Sketch(PeriodEnv):
    """Lays out a trial by a function that is passed in."""

    def __init__(self, draw, dt=100, actions=None, step=None, **timing):
        super().__init__(dt=dt)
        self.draw, self.act = draw, step
        self.timing = timing
        name = {"fixation": 0, "stimulus": [1, 2]}
        self.observation_space = ngym.spaces.Box(-10, 10, name, shape=(3,), dtype=np.float32)
        self.action_space = actions or ngym.spaces.Discrete(3, name={"choice": [1, 2]})

    def new_trial(self, **kwargs):
        return self.draw(self, **kwargs)

    def _step(self, action):
        if self.act:
            return self.act(self, action)
        return self.ob_now, 0, False, {"new_trial": False}


def finish(env, policy=lambda env: 0):
    """Play until the trial ends: the last step's values, and how many steps there were."""
    for n in range(1, 100_000):
        returned = env.step(policy(env.unwrapped))
        if returned[4]["new_trial"]:
            return *returned, n
    raise AssertionError("the trial does not end")


def oracle(env):
    return env.gt_now


# -- the template ----------------------------------------------------------------------------------


def test_template_runs(template):
    env = template(timing={"fixation": 400})
    ob, info = env.reset(seed=0)
    np.testing.assert_array_equal(ob, [1, 0])
    assert info == {}
    ob, reward, terminated, truncated, info, n = finish(env, oracle)
    assert (reward, terminated, truncated, n) == (1.0, False, False, 5)
    assert info == {
        "new_trial": True, "gt": 2, "trial": {}, "performance": 1.0,
        "rt": 0.0, "response": 2, "outcome": "correct",
    }  # fmt: skip
    np.testing.assert_array_equal(ob, [1, 0])  # row 0 of the next trial


def test_template_passes_gymnasium(template):
    gym.register("ClassicTemplate-v0", template)
    try:
        check_env(gym.make("ClassicTemplate-v0").unwrapped)
    finally:
        del gym.registry["ClassicTemplate-v0"]


def test_done_of_four_values_ends_the_episode():
    def draw(env):
        env.add_period("all", 500)

    env = Sketch(draw, step=lambda env, a: (env.ob_now, 1, env.t_ind == 2, {}))
    env.reset(seed=0)
    assert not env.step(0)[2]
    env.step(0)
    _, _, terminated, truncated, info = env.step(0)
    assert (terminated, truncated, info["new_trial"]) == (True, False, True)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    env.reset()
    assert env.trial_index == 1


def test_wrong_number_of_values():
    env = Sketch(lambda env: env.add_period("all", 500), step=lambda env, a: (0, 0, {}))
    with pytest.raises(ValueError, match="expected \\(ob, reward, done, info\\)"):
        env.reset(seed=0)  # nothing is painted: it shows what its steps show


def test_a_subclass_can_call_the_new_trial_it_overrides():
    class Base(Sketch):
        def new_trial(self, **kwargs):
            self.add_period("a", 200)
            self.trial = {"x": 1}

    class Old(Base):
        def new_trial(self, **kwargs):
            super().new_trial(**kwargs)
            self.add_period("b", 300, after="a")
            self.trial["y"] = 2

    class Mixed(Motion):
        def new_trial(self, **kwargs):
            return {**super().new_trial(**kwargs), "extra": 0}

    env = Old(None)
    env.reset(seed=0)
    assert env.new_trial() == {"x": 1, "y": 2}
    assert (env.num_tr, env.trial_index, env.tmax) == (2, 1, 500)
    env = Mixed()
    env.reset(seed=0)
    assert set(env.trial) == {"ground_truth", "coh", "extra"}
    assert env.num_tr == 1


# -- gymnasium and seeds ---------------------------------------------------------------------------


def test_check_env():
    check_env(gym.make("ClassicMotion-v0", timing={"stimulus": ("uniform", (200, 400))}).unwrapped)


def test_registers_like_any_environment():
    ngym.register("ClassicMotionTwo-v0", Motion)
    try:
        env = ngym.make("ClassicMotionTwo", dt=50)
        env.reset(seed=1)
        assert env.unwrapped.dt == 50
        rows = ngym.rollout("ClassicMotionTwo", "oracle", trials=3)
        assert [row["outcome"] for row in rows] == ["correct"] * 3
    finally:
        registry.unregister("ClassicMotionTwo-v0")


def play(env, n, policy=lambda env: 0):
    rows, ends = [env.reset(seed=7)[0]], []
    for _ in range(n):
        ob, *_, info = env.step(policy(env))
        rows.append(ob)
        if info["new_trial"]:
            ends.append(info)
    return np.array(rows), ends


TIMING = {"stimulus": ("truncated_exponential", (300, 100, 900)), "delay": [100, 200, 400]}


def test_seeded():
    rows, ends = play(Motion(timing=TIMING), 200)
    again, _ = play(Motion(timing=TIMING), 200)
    np.testing.assert_array_equal(rows, again)
    assert len({(e["trial"]["ground_truth"], e["trial"]["coh"]) for e in ends}) > 3
    env = Motion(timing=TIMING)
    env.reset(seed=8)
    assert not np.array_equal(env.ob, rows[: len(env.ob)])


def test_any_trial_can_be_drawn_alone():
    streamed, jumping = Motion(timing=TIMING), Motion(timing=TIMING)
    streamed.reset(seed=3)
    for k in range(12):
        first, _ = jumping.reset(seed=3, options={"trial": k})
        np.testing.assert_array_equal(jumping.ob, streamed.ob)
        np.testing.assert_array_equal(first, streamed.ob[0])
        assert jumping.trial == streamed.trial
        assert jumping.trial_index == streamed.trial_index == k
        finish(streamed, lambda env: env.rng.randint(3))  # what a step draws has no effect on k + 1


def test_a_timing_object_with_a_seed_method_is_seeded():
    class TruncExp:
        def __init__(self, mean, low, high):
            self.mean, self.low, self.high = mean, low, high
            self.seed(None)

        def seed(self, seed):
            self.rng = np.random.RandomState(seed)

        def __call__(self):
            while True:
                x = self.rng.exponential(self.mean)
                if self.low <= x < self.high:
                    return x

    a, b = (Motion(timing={"stimulus": TruncExp(500, 200, 2000)}) for _ in range(2))
    a.reset(seed=5)
    lengths = [finish(a)[-1] for _ in range(10)]
    b.reset(seed=5, options={"trial": 6})
    assert finish(b)[-1] == lengths[6]
    assert len(set(lengths)) > 3


def test_reset_goes_on_and_plays_no_action():
    env = Motion()
    env.reset(seed=0)
    assert (env.t_ind, env.num_tr, env.trial_index) == (0, 1, 0)
    env.step(0)
    ob, info = env.reset()
    assert (env.t_ind, env.num_tr, env.trial_index, info) == (0, 1, 1, {})
    np.testing.assert_array_equal(ob, [1, 0, 0])


def test_reset_leaves_the_action_space_alone():
    env = Motion()
    env.action_space.seed(4)
    drawn = []
    for _ in range(20):
        env.reset(seed=0)
        drawn.append(env.action_space.sample())
    env.action_space.seed(4)
    assert drawn == [env.action_space.sample() for _ in range(20)]


def test_refused_before_reset_and_for_wrong_options():
    env = Motion()
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(ValueError, match=r"unknown reset option 'trail'.*mean 'trial'"):
        env.reset(options={"trail": 3})
    with pytest.raises(ValueError, match="whole number from 0"):
        env.reset(options={"trial": -1})
    with pytest.raises(ValueError, match="dt = 0"):
        Motion(dt=0)


def test_numbers_left_over_do_not_reach_the_next_trial():
    def draw(env):
        env.add_period("all", 100)
        return {"z": env.rng.randn()}  # drawn in pairs, the other one is kept

    env = Sketch(draw)
    env.reset(seed=0)
    env.new_trial()
    streamed = env.trial
    env.reset(seed=0, options={"trial": 1})
    assert env.trial == streamed


def test_new_trial_before_reset_and_rng_in_init():
    class Early(Sketch):
        def __init__(self):
            super().__init__(lambda env: env.add_period("all", 100))
            self.mapping = self.rng.randint(3)

    env = Early()
    env.new_trial()
    assert isinstance(env.rng, np.random.RandomState)
    assert env.num_tr == 1
    assert not hasattr(env, "seed")


def test_copies_and_pickles():
    env = Motion(timing=TIMING)
    env.reset(seed=1)
    for other in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        other.new_trial()
        env.reset(seed=1, options={"trial": 1})
        np.testing.assert_array_equal(env.ob, other.ob)
        env.reset(seed=1)


# -- what a step says ------------------------------------------------------------------------------


def test_info_tells_of_the_trial_that_ended():
    env = Motion()
    env.reset(seed=2)
    trials = []
    for k in range(8):
        conditions = dict(env.trial)
        *_, info, n = finish(env, oracle)
        assert info["trial"] == conditions
        assert info["response"] == conditions["ground_truth"] + 1
        assert (info["performance"], info["outcome"], info["rt"], n) == (1.0, "correct", 0.0, 22)
        assert env.trial is not info["trial"]
        assert [type(value) for value in info["trial"].values()] == [int, float]
        assert env.trial_index == k + 1
        trials.append(conditions)
    assert len({str(t) for t in trials}) > 1


def test_label_belongs_to_the_observation_that_was_answered():
    env = Motion(timing={"stimulus": 300})
    ob, _ = env.reset(seed=2)
    painted, labels = env.ob.copy(), env.gt.copy()
    for row, label in zip(painted, labels, strict=True):
        np.testing.assert_array_equal(ob, row)
        assert env.gt_now == label
        ob, _, _, _, info = env.step(0)
        assert info["gt"] == label
        assert type(info["gt"]) is int
    assert info["new_trial"]


@pytest.mark.parametrize(
    ("policy", "outcome", "response", "rt"),
    [
        (lambda env: env.gt_now, "correct", 1, 0.0),
        (lambda env: env.gt_now and 3 - env.gt_now, "error", 2, 0.0),
        (lambda env: 1 if env.t >= 600 else 0, "correct", 1, 200.0),
        (lambda env: 0, "miss", -1, math.nan),
        (lambda env: 1, "early", -1, math.nan),
    ],
)
def test_outcomes(policy, outcome, response, rt):
    env = Motion(timing={"stimulus": 300, "decision": 300}, cohs=[100])
    env.abort = True
    env.reset(seed=0, options={"conditions": {"ground_truth": 0}})
    *_, info, _ = finish(env, policy)
    assert (info["outcome"], info["response"]) == (outcome, response)
    assert info["performance"] == (outcome == "correct")
    assert isinstance(info["rt"], float)
    assert info["rt"] == rt or (math.isnan(info["rt"]) and math.isnan(rt))


def test_withheld_and_the_performance_set_in_new_trial():
    def draw(env):
        env.add_period(["fixation", "decision"], [100, 200])
        env.performance = 0.75
        env.set_groundtruth(0)

    env = Sketch(draw)
    env.reset(seed=0)
    for _ in range(3):
        *_, info, _ = finish(env)
        assert (info["outcome"], info["performance"], info["response"]) == ("withheld", 0.75, -1)


def test_labels_that_only_step_gives():
    def outcome(label):
        env = Sketch(
            lambda env: env.add_period("all", 300),
            step=lambda env, a: (env.ob_now, 0, False, {} if label is None else {"gt": label}),
        )
        env.reset(seed=0)
        return finish(env)[4]["outcome"]

    assert [outcome(1), outcome(0), outcome(None)] == ["miss", "withheld", "none"]


def test_performance_starts_at_zero():
    env = Motion()
    env.reset(seed=0)
    assert finish(env, oracle)[4]["performance"] == 1
    assert finish(env)[4]["performance"] == 0
    finish(env, oracle)
    env.reset()
    assert env.performance == 0


def test_time_running_out_earns_r_tmax():
    env = Motion()
    env.r_tmax = -2
    env.reset(seed=0)
    assert finish(env)[1] == -2
    assert finish(env, oracle)[1] == 1


def test_returned_observations_are_copies():
    env = Motion()
    ob, _ = env.reset(seed=0)
    ob += 5
    np.testing.assert_array_equal(env.ob[0], [1, 0, 0])
    ob, *_ = env.step(0)
    before = env.ob.copy()
    ob[:] = 9
    np.testing.assert_array_equal(env.ob, before)


def test_own_observations():
    def own(env, action):
        ob = env.ob_now.copy()
        ob[2] = 7
        return ob, 0, False, {}

    env = Sketch(lambda env: env.add_period("all", 300), step=own)
    first, _ = env.reset(seed=0)
    np.testing.assert_array_equal(first, [0, 0, 7])  # nothing is painted: what its steps show
    ob, *_ = env.step(0)
    np.testing.assert_array_equal(ob, [0, 0, 7])
    assert ob.dtype == np.float32
    env = Sketch(lambda env: env.add_period("all", 300), step=lambda env, a: env.ob_now.fill(1))
    with pytest.raises(ValueError, match="read-only"):
        env.reset(seed=0)


def test_what_cannot_be_copied_begins_with_zeros(tmp_path):
    def own(env, action):
        return np.full(3, 7.0), 0, False, {}

    env = Sketch(lambda env: env.add_period("all", 300), step=own)
    with open(tmp_path / "log", "w") as env.log:
        np.testing.assert_array_equal(env.reset(seed=0)[0], [0, 0, 0])
        np.testing.assert_array_equal(env.step(0)[0], [7, 7, 7])


def test_post_step_has_the_last_word():
    class Doubled(Motion):
        def post_step(self, ob, reward, terminated, truncated, info):
            return 2 * ob, reward, terminated, truncated, info

    env = Doubled(timing={"fixation": 300})
    np.testing.assert_array_equal(env.reset(seed=0)[0], [2, 0, 0])
    np.testing.assert_array_equal(env.step(0)[0], [2, 0, 0])
    np.testing.assert_array_equal(env.ob[0], [1, 0, 0])


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(2, 3, (2,)),
        spaces.Discrete(3, start=5),
        spaces.MultiDiscrete([2, 3]),
        spaces.MultiBinary(3),
        spaces.Dict(a=spaces.Discrete(2), b=spaces.Tuple([spaces.Box(0, 1)])),
    ],
)
def test_first_observation_of_a_task_that_paints_none(space):
    env = Sketch(lambda env: None)
    env.observation_space = space
    assert env.reset(seed=0)[0] in space


def test_a_task_without_periods():
    env = Sketch(
        lambda env: {"k": env.num_tr},
        step=lambda env, a: (env.ob_now, 1, False, {"new_trial": env.t_ind == 3}),
    )
    env.reset(seed=0)
    assert (env.tmax, env.window, env.periods) == (10_000, (0, 100), [])
    *_, info, n = finish(env, lambda env: 1)
    assert (n, info["trial"], info["rt"], info["response"]) == (4, {"k": 0}, 300.0, 1)
    env.tmax = 500
    env.act = None
    env.reset()
    assert finish(env)[-1] == 5


def test_observations_that_a_task_puts_together_itself():
    def draw(env):
        env.ob = np.ones((4, 3))
        env.gt = np.array([0, 0, 1, 1])
        env.tmax = 400

    env = Sketch(draw, step=lambda env, a: (env.ob_now, 0, False, {}))
    assert env.reset(seed=0)[0] in env.observation_space
    env.act = lambda env, a: (0, 0, False, {})  # a number for all channels
    assert env.step(0)[0] in env.observation_space
    assert finish(env)[-2]["outcome"] == "miss"


def test_an_author_can_choose_names():
    class Named(Motion):
        def __init__(self):
            super().__init__()
            self._seed = self._end = self._next = self._steps = self._row = self._names = "mine"

        def _draw(self):
            return "mine"

    env = Named()
    env.reset(seed=0)
    assert finish(env, oracle)[4]["outcome"] == "correct"
    assert env._seed == env._end == env._draw() == "mine"


# -- periods ---------------------------------------------------------------------------------------


def test_a_dt_that_does_not_divide_drops_no_step():
    env = Sketch(lambda env: env.add_period("all"), dt=8.3, all=300)
    env.reset(seed=0)
    assert len(env.view_ob()) == 36
    assert finish(env)[-1] == 36
    env = Sketch(lambda env: env.add_period(["a", "b"]), dt=0.1, a=30, b=20)
    env.reset(seed=0)
    assert env.start_ind["b"] == 300
    assert len(env.view_ob()) == 500
    assert finish(env)[-1] == 500


def test_overlapping_periods_and_before():
    def draw(env):
        env.add_period("stimulus", 400)
        env.add_period("cue", 250, after=120)
        env.add_period("decision", 300, after="stimulus")
        env.add_period("warning", 200, before="decision", last_period=True)
        env.add_ob(1, "cue", where=0)
        env.add_ob(2, ["stimulus", "warning"], where="stimulus")

    env = Sketch(draw)
    env.reset(seed=0)
    assert env.periods == [
        ("stimulus", 0, 4), ("cue", 1, 3), ("warning", 2, 4), ("decision", 4, 7)
    ]  # fmt: skip
    assert env.window == (4, 7)
    assert (env.start_t["cue"], env.end_t["cue"], env.tmax) == (100, 300, 700)
    assert env.ob[:, 0].tolist() == [0, 1, 1, 0, 0, 0, 0]
    assert env.ob[:, 2].tolist() == [2, 2, 4, 4, 0, 0, 0]
    inside = []
    for _ in range(7):
        inside.append((env.in_period("cue"), env.in_period("warning"), env.window_open))
        env.step(0)
    assert inside == [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 0, 1)]
    assert env.in_period("cue", 299)
    assert not env.in_period("cue", t=300)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [
        (300, {300}),
        (np.int64(300), {300}),
        (np.float32(350), {300}),
        (np.array(300), {300}),
        (40, {100}),
        (0, {0}),
        (("constant", 200), {200}),
        ((200, 400), {200, 400}),
        (np.array([200, 400]), {200, 400}),
        (["choice", [200, 400]], {200, 400}),
        (("uniform", (200, 400)), {200, 300}),
        (("truncated_exponential", [200, 100, 400]), {100, 200, 300}),
        (("truncated_exponential", 100), set(range(100, 3000, 100))),
        (("until", 700), {600}),
        (("times", ("first", 3)), {300}),
        (lambda: 250, {200}),
        (lambda: RNG.choice([100, 300]), {100, 300}),
        (lambda: np.array([200.0]), {200}),
    ],
)
def test_durations(spec, allowed):
    def draw(env):
        env.add_period(["first", "second"])

    env = Sketch(draw, first=100, second=spec)
    seen = set()
    for k in range(60):
        env.reset(seed=k)
        assert env.start_ind["second"] == 1
        seen.add(env.end_t["second"] - env.start_t["second"])
    assert seen <= allowed if len(allowed) > 3 else seen == allowed


def test_sample_time():
    env = Sketch(lambda env: env.add_period("a", 300), b=np.int64(250), c=("until", 1000))
    env.reset(seed=0)
    assert (env.sample_time("b"), env.sample_time("c")) == (200, 700)


@pytest.mark.parametrize("spec", ["soon", -5, ("uniform", 3), lambda: -1, lambda: math.nan])
def test_durations_that_are_none(spec):
    env = Sketch(lambda env: env.add_period("a"), a=spec)
    with pytest.raises(ValueError, match=r"timing\['a'\] = .* is not a duration"):
        env.reset(seed=0)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda env: env.add_period("stimlus"), "unknown timing entry 'stimlus'.*'stimulus'"),
        (lambda env: env.add_period("b", 100, after="stimlus"), "unknown period 'stimlus'"),
        (lambda env: env.add_period("b", 100, before="c"), "unknown period 'c'"),
        (lambda env: env.add_period("b", 500, before="stimulus"), "would start at -500 ms"),
        (lambda env: env.add_period("b", 500, after=-1), "would start at -100 ms"),
        (lambda env: env.add_period("b", 1, before="stimulus", after=0), "before or after"),
        (lambda env: env.add_period(["b", "c"], [1]), "expected 2"),
        (lambda env: env.add_period(["b", "c"], 100), "expected 2"),
        (lambda env: env.add_period(["b", "c"], [1, 1], before="stimulus"), "single period"),
        (lambda env: env.add_period("b", ("times", ("d", 2))), "unknown period 'd'"),
        (lambda env: env.add_ob(1, "decison"), "unknown period 'decison'"),
        (lambda env: env.add_ob(1, where="fixatoin"), "unknown channel.*mean 'fixation'"),
        (lambda env: env.set_groundtruth(0, where="chioce"), "unknown action.*mean 'choice'"),
        (lambda env: env.in_period("stim"), "unknown period 'stim'"),
    ],
)
def test_mistakes_are_named(draw, message):
    def laid_out(env):
        env.add_period("stimulus")
        draw(env)

    with pytest.raises(ValueError, match=message):
        Sketch(laid_out, stimulus=200).reset(seed=0)


def test_no_period_after_painting_and_no_empty_trial():
    def draw(env):
        env.add_period("a", 100)
        env.add_ob(1)
        env.add_period("b", 100)

    with pytest.raises(RuntimeError, match="before painting"):
        Sketch(draw).reset(seed=0)
    with pytest.raises(ValueError, match="no steps"):
        Sketch(lambda env: env.add_period("a", 0)).reset(seed=0)


def test_nothing_stays_from_an_earlier_trial():
    def draw(env):
        env.add_period("a", 300)
        if env.num_tr == 0:
            env.add_period("b", 300, after="a")
            env.add_ob(1)
            env.set_groundtruth(2)
            env.trial = {"x": 1}

    env = Sketch(draw)
    env.reset(seed=0)
    assert env.in_period("b", 400)
    ob, *_, info, _ = finish(env)
    assert info["gt"] == 2
    assert (env.gt, env.gt_now, env.ob, env.trial) == (None, None, None, {})
    np.testing.assert_array_equal(ob, [0, 0, 0])
    assert not env.in_period("b", 400)
    assert (env.tmax, list(env.start_ind)) == (300, ["a"])
    assert "gt" not in env.step(0)[4]


# -- painting --------------------------------------------------------------------------------------


def test_painting():
    def draw(env):
        env.add_period(["a", "b"], [200, 200])
        env.add_ob(1)
        env.add_ob([1, 2], "a", where="stimulus")
        env.add_ob(np.arange(2)[:, None], "b", where=[0, 1])
        env.set_ob(5, "b", where=2)
        env.add_ob(lambda ob: ob * 10, "a", where=range(1))
        env.view_ob("b")[1, 1] = -1

    env = Sketch(draw)
    env.reset(seed=0)
    assert env.ob.tolist() == [[11, 2, 3], [11, 2, 3], [1, 1, 5], [2, -1, 5]]
    assert env.ob.dtype == np.float32


def test_noise():
    def draw(env):
        env.add_period(["a", "b"], [1e6, 1e6])
        env.add_randn(2, 3, "b", where="stimulus")

    env = Sketch(draw)
    env.reset(seed=0)
    assert not env.view_ob("a").any()
    assert not env.ob[:, 0].any()
    noise = env.view_ob("b")[:, 1:]
    assert noise.mean() == pytest.approx(2, abs=0.1)
    assert noise.std() == pytest.approx(3, abs=0.1)


def test_labels():
    def draw(env):
        env.add_period(["a", "b"], [200, 200])
        env.set_groundtruth(1, "b", where="choice")

    env = Sketch(draw)
    env.reset(seed=0)
    assert env.gt.tolist() == [0, 0, 2, 2]
    assert env.view_groundtruth("b").tolist() == [2, 2]
    assert env.gt.dtype == np.int64


def test_labels_keep_their_fraction():
    def draw(env):
        env.add_period("a", 300)
        env.set_groundtruth([0.25, 0.5], "a") if boxed else env.set_groundtruth(0.25, "a")

    boxed = True
    env = Sketch(draw, actions=spaces.Box(-1, 1, (2,)))
    env.reset(seed=0)
    np.testing.assert_array_equal(env.gt_now, [0.25, 0.5])
    *_, info, _ = finish(env)
    np.testing.assert_array_equal(info["gt"], [0.25, 0.5])
    assert (info["outcome"], info["response"]) == ("error", -1)
    boxed = False
    env = Sketch(draw)
    env.reset(seed=0)
    assert env.gt_now == 0.25


# -- forcing ---------------------------------------------------------------------------------------


def test_forcing():
    env = Motion()
    for k in range(5):
        conditions = {"ground_truth": 1, "coh": 51.2}
        env.reset(seed=0, options={"trial": k, "conditions": conditions})
        assert env.trial == env.forced == conditions
    assert env.new_trial(coh=0)["coh"] == 0
    finish(env)
    assert env.forced == {}


def test_a_condition_that_cannot_be_forced():
    env = Motion()
    env.reset(seed=0)
    sketch = Sketch(lambda env, **kwargs: env.add_period("a", 100) or {"side": 0})
    with pytest.raises(ValueError, match=r"unknown condition 'sdie'.*mean 'side'"):
        sketch.new_trial(sdie=1)
    with pytest.raises(ValueError, match="side = 1 was forced, but the trial has 0"):
        sketch.new_trial(side=1)
    sketch.new_trial(side=0)

    class Named(Sketch):
        def new_trial(self, side=None):
            self.add_period("a", 100)
            return {"ground_truth": side}

    assert Named(None).new_trial(side=1) == {"ground_truth": 1}


def test_trial_length_stats():
    env = Motion(dt=30)
    env.reset(seed=0)
    before = env.rng.get_state()[1].copy(), env.trial, env.num_tr, env.trial_index
    assert env.trial_length_stats(5) == {"mean": 72, "std": 0, "percentile_95": 72, "max": 72}
    after = env.rng.get_state()[1], env.trial, env.num_tr, env.trial_index
    np.testing.assert_array_equal(before[0], after[0])
    assert before[1:] == after[1:]
    env = Sketch(lambda env: env.add_period("a"), a=[100, 300])
    stats = env.trial_length_stats(num_trials=400)
    assert stats["mean"] == pytest.approx(2, abs=0.2)
    assert stats["max"] == 3


def test_trial_env_is_enough():
    class Bare(TrialEnv):
        def __init__(self):
            super().__init__(dt=10, num_trials_before_reset=5, r_tmax=1)
            self.observation_space, self.action_space = spaces.Discrete(2), spaces.Discrete(2)

        def _new_trial(self, **kwargs):
            self.add_period("decision", 50)
            return {}

        def _step(self, action):
            return 1, 0, False, {}

    env = Bare()
    assert env.reset(seed=0)[0] in env.observation_space
    ob, reward, *_, n = finish(env)
    assert (ob, reward, n, str(env)) == (1, 1, 5, "<Bare>")


# -- any gymnasium environment ---------------------------------------------------------------------


def episode(env, n):
    rows, ends = [env.reset(seed=11)[0]], []
    for k in range(n):
        ob, _, terminated, truncated, info = env.step(k % 2)
        assert not terminated
        assert not truncated
        rows.append(ob)
        if info["new_trial"]:
            ends.append((k, info))
    return np.array(rows), ends


def test_cartpole_as_trials():
    env = as_trials(gym.make("CartPole-v1"))
    assert isinstance(env, EpisodeEnv)
    rows, ends = episode(env, 300)
    again, _ = episode(as_trials(gym.make("CartPole-v1")), 300)
    np.testing.assert_array_equal(rows, again)
    assert rows.dtype == np.float32
    assert len(ends) > 3
    at, info = ends[1]
    assert {k: info[k] for k in ("trial", "performance", "response", "outcome")} == {
        "trial": {}, "performance": 1.0, "response": -1, "outcome": "none"
    }  # fmt: skip
    assert math.isnan(info["rt"])
    first, _ = env.reset(seed=11, options={"trial": 2})
    np.testing.assert_array_equal(first, rows[at + 1])
    assert env.trial_index == 2
    assert (env.dt, env.periods, env.window) == (20, [("episode", 0, 500)], (0, 500))
    assert (env.window_open, env.gt_now, env.trial, env.forced) == (True, None, {}, {})
    env.reset()
    assert env.trial_index == 3


def test_episodes_that_are_cut_off():
    env = as_trials(gym.make("CartPole-v1", max_episode_steps=3))
    assert env.periods == [("episode", 0, 3)]
    _, ends = episode(env, 9)
    assert [k for k, _ in ends] == [2, 5, 8]


def test_discrete_observations_become_one_hot():
    class Steps(gym.Env):
        observation_space = spaces.Discrete(3, start=1)
        action_space = spaces.Discrete(2, start=4)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return 1, {}

        def step(self, action):
            assert action in self.action_space
            return 3, -1.0, True, False, {"given": action}

    env = as_trials(Steps())
    assert env.reset(seed=0)[0].tolist() == [1, 0, 0]
    *_, info = env.step(1)
    assert (info["given"], info["performance"]) == (5, 0.0)
    assert (env.dt, env.periods) == (100, [("episode", 0, 1)])
    assert env.reset()[0] in env.observation_space


def test_spaces_that_have_no_trials():
    class Pair(gym.Env):
        observation_space = spaces.Tuple([spaces.Discrete(2)])
        action_space = spaces.Discrete(2)

    with pytest.raises(TypeError, match="expected a Box or a Discrete space"):
        as_trials(Pair())
    with pytest.raises(TypeError, match="expected a Discrete space"):
        as_trials(gym.make("Pendulum-v1"))


def test_episodes_refuse_what_they_cannot_do():
    env = as_trials(gym.make("CartPole-v1"))
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(ValueError, match="unknown condition 'coh'"):
        env.reset(options={"conditions": {"coh": 1}})
    with pytest.raises(ValueError, match="unknown period 'fixation'"):
        env.in_period("fixation")


def test_environments_with_trials_pass_unchanged():
    env = ngym.make("PerceptualDecisionMaking")
    assert as_trials(env) is env.unwrapped
    assert isinstance(as_trials(env), TaskEnv)
    env = gym.make("ClassicMotion-v0")
    assert as_trials(env) is env.unwrapped
    env = as_trials(gym.make("CartPole-v1"))
    assert as_trials(gym.wrappers.TransformReward(env, float)) is env


# -- the docs --------------------------------------------------------------------------------------


def test_the_guide_to_adding_a_task_runs(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "adding-a-task.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    try:
        guide = tmp_path / "guide.py"
        guide.write_text("\n".join(blocks), encoding="utf-8")
        runpy.run_path(str(guide), run_name="guide")
    finally:
        for id in ("Brighter-v0", "YourTask-v0", "Climb-v0"):
            registry.unregister(id)
    assert len(blocks) == 6


class Unpainted(ngym.TrialEnv):
    """Shows in each step how much time has passed, and pays with an array of one."""

    def __init__(self):
        super().__init__(dt=100)
        self.observation_space = ngym.spaces.Box(-np.inf, np.inf, shape=(2,), dtype=np.float32)
        self.action_space = ngym.spaces.Discrete(2)
        self.steps = 0

    def new_trial(self, **kwargs):
        self.add_period("wait", 500)
        self.offset = int(self.rng.randint(1, 100))
        return {"offset": self.offset}

    def _step(self, action):
        self.steps += 1
        ob = np.array([self.offset, self.rng.rand()])
        return ob, np.array([0.5]), False, {"new_trial": False}


def test_a_trial_that_is_not_painted_begins_with_what_its_steps_show():
    env, again = Unpainted(), Unpainted()
    first, _ = env.reset(seed=3)
    assert first[0] == env.trial["offset"] > 0
    assert env.steps == 0  # no step was played
    np.testing.assert_array_equal(first, again.reset(seed=3)[0])
    np.testing.assert_array_equal(env.step(0)[0], first)  # the random numbers are those of the step
    assert first in env.observation_space
