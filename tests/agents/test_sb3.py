"""Stable-Baselines3 takes every task; its vectorised environment is so many scalar ones."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    VecCheckNan,
    VecEnv,
    VecMonitor,
    VecNormalize,
)

import neurogym as ngym
from neurogym.envs.sb3 import TaskVecEnv, vec_env
from neurogym.wrappers import Combine, PassReward
from tests.acting import some

N, SEED = 3, 5
SAMPLE = [
    "GoNogo-v0",  # a payoff table
    "PerceptualDecisionMakingDelayResponse-v0",
    "DawTwoStep-v0",  # observations depend on actions
    "ReachingDelayResponse-v0",  # graded actions
    "MatchingPenny-v0",  # the task learns
    "Reaching1D-v0",
]
IDS = pytest.mark.parametrize("id", ngym.all_envs())
SOME = pytest.mark.parametrize("id", SAMPLE)
ECHOES = [{"PassAction": {}}, {"PassReward": {}}]
STAIRCASE = [{"Staircase": {}}, {"PassReward": {}}]
torch.set_num_threads(1)


def same(ours, theirs, steps, chance=0.4):
    """Step both with the same actions, random ones and right ones; returns episodes and trials."""
    rng, space = np.random.default_rng(0), ours.action_space
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    ours.seed(SEED)
    theirs.seed(SEED)
    ob = ours.reset()
    np.testing.assert_array_equal(ob, theirs.reset())
    assert ob.dtype == np.float32
    episodes = trials = 0
    for _ in range(steps):
        for name in ("trial", "trial_index"):
            assert ours.get_attr(name) == theirs.get_attr(name)
        right = theirs.get_attr("gt_now")
        np.testing.assert_array_equal(ours.get_attr("gt_now"), right)
        actions = np.array([some(space, rng) if rng.random() < chance else a for a in right])
        before, kept = ob, ob.copy()
        (ob, reward, done, infos), wanted = ours.step(actions), theirs.step(actions)
        np.testing.assert_array_equal(before, kept)  # arrays are fresh
        for got, want in zip((ob, reward, done), wanted, strict=False):
            np.testing.assert_array_equal(got, want)
            assert got.dtype == want.dtype
        for mine, other in zip(infos, wanted[-1], strict=True):
            shared = set(mine) & set(other)
            assert shared >= {"gt", "new_trial", "TimeLimit.truncated"}
            assert ("terminal_observation" in mine) == ("terminal_observation" in other)
            assert ("performance" in mine) == ("performance" in other)
            for key in shared:
                np.testing.assert_array_equal(mine[key], other[key])
            trials += mine["new_trial"]
        episodes += done.sum()
    return episodes, trials


def scalars(id, **params):
    return DummyVecEnv([lambda: ngym.make(id, **params)] * N)


@SOME
def test_it_is_so_many_scalar_envs(id):
    ours = vec_env(id, N)
    assert isinstance(ours, TaskVecEnv)
    episodes, trials = same(ours, scalars(id), 300)
    assert episodes == 0
    assert trials > 5


@SOME
@pytest.mark.parametrize("limit", [7, 40])
def test_episodes_are_cut_as_those_of_scalar_envs(id, limit):
    episodes, _ = same(
        vec_env(id, N, max_episode_steps=limit), scalars(id, max_episode_steps=limit), 400
    )
    assert episodes == 400 // limit * N


@pytest.mark.parametrize("stack", [ECHOES, STAIRCASE])
def test_so_are_those_of_wrapped_tasks(stack):
    params = dict(stack=stack, max_episode_steps=30)
    same(vec_env("PerceptualDecisionMaking", N, **params),
         scalars("PerceptualDecisionMaking", **params), 400)  # fmt: skip


def test_episodes_of_trials_leave_none_out():
    whole, cut = vec_env("GoNogo", N, seed=SEED), vec_env("GoNogo", N, seed=SEED, trials=2)
    np.testing.assert_array_equal(whole.reset(), cut.reset())
    ended = np.zeros(N, int)
    for _ in range(200):
        (ob, _, done, _), (other, _, over, infos) = (e.step(np.ones(N, int)) for e in (whole, cut))
        np.testing.assert_array_equal(ob, other)
        assert not done.any()
        ended += [info["new_trial"] for info in infos]
        wanted = [info["new_trial"] and n % 2 == 0 for info, n in zip(infos, ended, strict=True)]
        assert over.tolist() == wanted
        for i in np.flatnonzero(over):
            np.testing.assert_array_equal(infos[i]["terminal_observation"], other[i])
            assert not infos[i]["TimeLimit.truncated"]
    assert ended.min() > 10


def test_time_can_be_up_before_the_trials_are():
    env = vec_env("GoNogo", 1, seed=1, trials=1, max_episode_steps=4)
    env.reset()
    infos = [env.step(np.zeros(1, int))[-1][0] for _ in range(8)]
    assert [info["TimeLimit.truncated"] for info in infos] == [False, False, False, True] * 2


def test_monitor_and_evaluation_see_episodes(tmp_path):
    env = VecMonitor(
        VecCheckNan(vec_env("GoNogo", N, seed=1, trials=1), raise_exception=True),
        str(tmp_path / "log"), info_keywords=("performance", "rt"),
    )  # fmt: skip
    env.reset()
    found = []
    for _ in range(100):
        found += [i["episode"] for i in env.step(np.zeros(N, int))[-1] if "episode" in i]
    assert found
    assert {e["l"] for e in found} <= {*range(1, 60)}
    assert {e["performance"] for e in found} == {0.0, 1.0}

    class Right:
        def predict(self, ob, state=None, episode_start=None, deterministic=True):
            return np.array(env.get_attr("gt_now")), None

    mean, _ = evaluate_policy(Right(), env, n_eval_episodes=20)
    assert 0 < mean <= 1
    env.close()
    assert len((tmp_path / "log.monitor.csv").read_text().splitlines()) > len(found) + 20


def test_attributes_and_methods():
    env = vec_env("GoNogo", N, dt=50)
    with pytest.raises(gym.error.ResetNeeded):
        env.get_attr("trial")
    env.reset()
    assert env.get_attr("dt") == [50] * N
    assert env.get_attr("timing", 1) == [ngym.make("GoNogo").unwrapped.timing]
    assert env.get_attr("render_mode") == [None] * N
    assert env.get_attr("spec", [0])[0].id == "GoNogo-v0"
    assert env.has_attr("rewards")
    assert not env.has_attr("action_masks")
    with pytest.raises(AttributeError, match=r"unknown attribute 'trail': .*did you mean 'trial'"):
        env.get_attr("trail")
    with pytest.raises(AttributeError, match="make another one"):
        env.set_attr("dt", 20)
    lengths = env.env_method("trial_length_stats", 10, indices=[0, 2])
    assert [length["max"] for length in lengths] == [30.0] * 2
    with pytest.raises(AttributeError, match=r"unknown method 'stop': allowed are 'trial_length"):
        env.env_method("stop")
    assert env.env_is_wrapped(gym.Wrapper) == [False] * N


def test_seeds():
    one, other = vec_env("GoNogo", N, seed=1), vec_env("GoNogo", N)
    first = one.reset()
    assert other.seed(1) == [1, 2, 3]
    np.testing.assert_array_equal(first, other.reset())
    for _ in range(30):
        np.testing.assert_array_equal(*(e.step(np.zeros(N, int))[0] for e in (one, other)))
    one.seed(1)
    np.testing.assert_array_equal(first, one.reset())
    assert vec_env("GoNogo", N).reset().shape == first.shape
    one.set_options({"trial": 3})
    with pytest.raises(ValueError, match="a vec_env takes none"):
        one.reset()


def dual():
    return Combine(ngym.make("GoNogo"), ngym.make("DelayPairedAssociation"), onset=300)


def test_what_it_takes():
    task = ngym.make("GoNogo")
    for given in (task, task.unwrapped, task.unwrapped.task):
        np.testing.assert_array_equal(
            vec_env(given, N, seed=1).reset(), vec_env("GoNogo", N, seed=1).reset()
        )
    same(vec_env(dual(), N), DummyVecEnv([dual] * N), 200)
    assert vec_env(PassReward(task), N).reset().shape[1] == vec_env(task, N).reset().shape[1] + 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("GoNogo", 0), "n = 0: expected a whole number from 1"),
        (("GoNogo", 1.5), "n = 1.5: expected"),
        (("GoNogo", None), "n = None: expected"),
        (("GoNogo", 2, dict(trials=0)), "trials = 0: expected"),
        (("GoNogo", 2, dict(max_episode_steps=-1)), "max_episode_steps = -1: expected"),
        (("GoNogo", 2, dict(seed=1.5)), "seed = 1.5: expected a whole number from 0"),
        (("GoNogo", 2, dict(seed=-1)), "seed = -1: expected"),
        (("GoNoGo", 2), "did you mean 'GoNogo"),
        (("GoNogo", 2, dict(stimulus=3)), "stimulus"),
        ((ngym.make("GoNogo"), 2, dict(dt=20)), "taken with an id only"),
        ((ngym.make("GoNogo", max_episode_steps=9), 2), "would be left out"),
    ],
)
def test_what_it_refuses(arguments, why):
    id, n, params = (*arguments, {})[:3]
    with pytest.raises(ValueError, match=why):
        vec_env(id, n, **params)


def test_it_refuses_what_is_no_task():
    with pytest.raises(TypeError, match="is no task id"):
        vec_env(gym.make("CartPole-v1").unwrapped, 2)


class Classic(ngym.PeriodEnv):
    def __init__(self, dt=100):
        super().__init__(dt=dt)
        self.timing = {"fixation": 200, "decision": 300}
        self.observation_space = ngym.spaces.Box(-9, 9, shape=(2,), dtype=np.float32)
        self.action_space = ngym.spaces.Discrete(3)

    def new_trial(self, **kwargs):
        trial = {"side": self.rng.choice([1, 2]), **kwargs}
        self.add_period(["fixation", "decision"])
        self.add_ob(trial["side"])
        self.set_groundtruth(trial["side"], "decision")
        return trial

    def _step(self, action):
        right = self.in_period("decision") and action == self.gt_now
        return self.ob_now, float(right), False, {"new_trial": right, "gt": self.gt_now}


def test_other_environments_are_stepped_one_by_one():
    ngym.register("ClassicForSB3-v0", Classic)
    env = vec_env("ClassicForSB3", N, seed=1, dt=50, trials=2)
    assert isinstance(env, VecEnv)
    assert env.get_attr("dt") == [50] * N
    env.reset()
    over = [env.step(np.array(env.get_attr("gt_now")))[2] for _ in range(50)]
    assert np.sum(over, axis=0).min() > 3
    assert vec_env("ClassicForSB3", N, max_episode_steps=4).reset().shape == (N, 2)


ADVICE = "We recommend you to use a symmetric and normalized Box action space"


@IDS
def test_the_checker_finds_nothing(id):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ADVICE)  # a place or a time goes from 0 to 1
        check_env(ngym.make(id))


def learn(algorithm, policy, id):
    env = VecMonitor(vec_env(id, 8, seed=1, max_episode_steps=20))
    model = algorithm(policy, env, n_steps=32, batch_size=64, n_epochs=2, seed=1)
    before = [p.detach().clone() for p in model.policy.parameters()]
    model.learn(512)
    assert model.num_timesteps == 512
    assert len(model.ep_info_buffer) > 10
    after = list(model.policy.parameters())
    assert all(torch.isfinite(p).all() for p in after)
    assert any((p != old).any() for p, old in zip(after, before, strict=True))
    rows = ngym.rollout(id, model, trials=3, seed=1)
    assert len(rows) == 3


def test_a_model_learns_the_same_as_from_scalar_envs():
    params = dict(stack=[{"PassReward": {}}], max_episode_steps=20)
    learned = []
    for env in (vec_env("GoNogo", N, **params), scalars("GoNogo", **params)):
        model = PPO("MlpPolicy", VecNormalize(env), n_steps=64, batch_size=64, seed=1).learn(400)
        learned.append([p.detach().numpy() for p in model.policy.parameters()])
    for ours, theirs in zip(*learned, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@IDS
def test_ppo_learns(id):
    learn(PPO, "MlpPolicy", id)


@SOME
def test_a_recurrent_policy_learns(id):
    learn(RecurrentPPO, "MlpLstmPolicy", id)


class LearnsInItsState:
    """A recurrent model whose state is that of a Q-learner: it sees what it did and earned last."""

    def predict(self, ob, state=None, episode_start=None, deterministic=True):
        if state is None or episode_start[0]:
            state, self.rng = np.zeros(2), np.random.default_rng(0)
        action, reward = ob[0, -2:]
        values = state.copy()
        if action > 0:
            values[int(action) - 1] += 0.4 * (reward - values[int(action) - 1])
        if ob[0, 0] > 0.5:
            return np.array([0]), values
        p = 1 / (1 + np.exp(-6 * (values[1] - values[0])))
        return np.array([1 + (self.rng.random() < p)]), values


def test_a_learner_in_the_state_earns_in_evaluate_policy_what_it_earns_in_a_rollout():
    env = vec_env("Bandit", 1, seed=3, trials=1500, stack=ECHOES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is not in a Monitor
        (earned,), (steps,) = evaluate_policy(
            LearnsInItsState(), env, n_eval_episodes=1, return_episode_rewards=True
        )

    class One(LearnsInItsState):
        def predict(self, ob, **how):
            action, state = super().predict(ob[None], **how)
            return action[0], state

    rows = ngym.rollout("Bandit", One(), 1500, seed=3, stack=ECHOES)
    assert earned == sum(row["reward"] for row in rows)
    assert steps > 1500
    assert np.mean([row["performance"] for row in rows]) > 0.65  # chance is .5
