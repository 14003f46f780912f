"""Every wrapper on every task that it fits, and every pair that can be stacked."""

import itertools
import json
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import neurogym as ngym
from neurogym import measures, records, wrappers
from neurogym.envs import TaskEnv
from neurogym.registry import configure, task_class
from neurogym.vector import TaskVectorEnv

SETTINGS = {
    "ReactionTime": dict(from_step=1, urgency=-0.01),
    "SideBias": dict(block_dur=[3, 6]),
    "TrialHistory": dict(probs=0.7),
    "Noise": dict(sigma=0.3),
    "RandomGroundTruth": dict(p=[0.8, 0.2]),
    "MissTrialReward": dict(r_miss=-1.0),
}


def stacks():
    """(task, stack): each fitting wrapper, with defaults and otherwise, and each fitting pair."""
    for id in ngym.all_envs():
        task = task_class(id)()
        fitting = [name for name, why in wrappers.fitting(task).items() if not why]
        for name in fitting:
            yield id, [{name: {}}]
            yield id, [{name: SETTINGS[name]}]
        for pair in itertools.permutations(fitting, 2):
            stack = [{name: SETTINGS[name]} for name in pair]
            try:
                task.wrapped(*wrappers.read(stack))
            except ValueError:
                continue  # told why; the ones that must not stack are tested below
            yield id, stack


STACKS = list(stacks())


def named(case):
    id, stack = case
    return (
        f"{id}-{'-'.join(next(iter(line)) + '+' * bool(line[next(iter(line))]) for line in stack)}"
    )


@pytest.fixture(params=STACKS, ids=named)
def case(request):
    return request.param


@pytest.fixture
def env(case):
    id, stack = case
    return ngym.make(id, stack=stack).unwrapped


def test_the_environment_keeps_its_promises(case):
    id, stack = case
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(ngym.make(id, stack=stack).unwrapped)


def test_the_oracle_earns_all(env):
    rows = ngym.rollout(env, "oracle", trials=40, seed=3)
    assert all(row["performance"] == 1 for row in rows)
    other = ngym.rollout(env, "random", trials=40, seed=3)
    assert sum(r["reward"] for r in rows) > sum(r["reward"] for r in other)


def test_many_environments_equal_single_ones(case):
    id, stack = case
    many = ngym.make_vec(id, 4, stack=stack)
    assert isinstance(many, TaskVectorEnv)
    single = [ngym.make(id, stack=stack).unwrapped for _ in range(4)]
    first = [env.reset(seed=9 + i)[0] for i, env in enumerate(single)]
    np.testing.assert_array_equal(many.reset(seed=9)[0], first)
    rng = np.random.default_rng(2)
    for _ in range(300):
        right = np.array([env.gt_now for env in single])
        some = rng.integers(many.single_action_space.n, size=4)
        action = np.where(rng.random(4) < 0.6, right, some)
        ob, reward, _, _, info = many.step(action)
        steps = [env.step(int(a)) for env, a in zip(single, action, strict=True)]
        np.testing.assert_array_equal(ob, [step[0] for step in steps])
        np.testing.assert_allclose(reward, [step[1] for step in steps])
        np.testing.assert_array_equal(info["gt"], [step[4]["gt"] for step in steps])
        np.testing.assert_array_equal(info["new_trial"], [s[4]["new_trial"] for s in steps])


def test_datasets_hold_the_same_trials(case):
    id, stack = case
    task = configure(task_class(id)).wrapped(*wrappers.read(stack))
    inputs, targets, details = ngym.Dataset(task, batch_size=1, seq_len=400, seed=5, details=True)()
    env = TaskEnv(task)
    for number in np.unique(details["trial"])[:-1][:8]:
        rows = details["trial"][:, 0] == number
        env.reset(seed=5, options={"trial": int(number)})
        np.testing.assert_array_equal(inputs[rows, 0], env.ob)
        np.testing.assert_array_equal(targets[rows, 0], env.gt)
        first, stop = env.window
        np.testing.assert_array_equal(
            np.flatnonzero(details["mask"][rows, 0]), np.arange(first, stop)
        )


def test_rows_carry_the_stack_and_replay(case, env):
    id, stack = case
    rows = ngym.rollout(env, "random", trials=10, seed=8)
    assert wrappers.write(wrappers.read(rows[0]["wrappers"])) == rows[0]["wrappers"]
    json.dumps(rows)
    for row in rows:
        assert records.outcome_of(records.replay(row))["reward"] == pytest.approx(row["reward"])
    yoked = ngym.rollout(id, "oracle", yoke=rows, stack=stack)
    assert [row["conditions"] for row in yoked] == [row["conditions"] for row in rows]
    with pytest.raises(ValueError, match="same samples"):
        ngym.rollout(id, "oracle", yoke=rows)


def test_the_stage_follows(env):
    env.reset(seed=1)
    json.dumps(env.task.plan.scene.resolve(env.task, env.trial))


# -- what each does --------------------------------------------------------------------------------


def test_reaction_time_opens_the_window_with_the_evidence():
    timing = {"fixation": 200, "stimulus": 1000, "delay": 300}
    plain = ngym.make("PerceptualDecisionMaking", timing=timing)
    env = wrappers.ReactionTime(plain)
    env.reset(seed=1)
    assert env.periods == [
        ("fixation", 0, 2), ("stimulus", 2, 12), ("delay", 12, 12), ("decision", 12, 12),
    ]  # fmt: skip
    assert env.window == (2, 12)
    answer = env.trial["ground_truth"] + 1
    assert env.gt.tolist() == [0, 0] + [answer] * 10
    env.step(0), env.step(0), env.step(0)
    *_, info = env.step(answer)
    assert info["new_trial"]
    assert info["rt"] == 100
    assert info["outcome"] == "correct"


def test_reaction_time_covers_the_delay_when_it_does_not_end_on_the_stimulus():
    timing = {"stimulus": 500, "delay": 300, "decision": 200}
    env = ngym.make(
        "PerceptualDecisionMaking",
        timing=timing,
        stack=[{"ReactionTime": {"end_on_stimulus": False, "from_step": 2}}],
    ).unwrapped
    env.reset(seed=1)
    answer = env.trial["ground_truth"] + 1
    assert env.window == (3, 11)
    assert env.gt.tolist() == [0, 0, 0] + [answer] * 8
    for _ in range(3):  # fixation, and two steps of evidence in which nothing counts yet
        _, reward, _, _, info = env.step(0 if env.t_ind == 0 else 3 - answer)
        assert (reward, info["new_trial"]) == (0, False)
    for _ in range(7):
        _, _, _, _, info = env.step(0)
    *_, info = env.step(0)
    assert info["outcome"] == "miss"
    assert np.isnan(info["rt"])


def test_urgency_is_added_in_the_window_alone():
    env = ngym.make(
        "PerceptualDecisionMaking", stack=[{"ReactionTime": {"urgency": -0.25}}]
    ).unwrapped
    env.reset(seed=1)
    rewards = [env.step(0)[1] for _ in range(4)]
    assert rewards == [0, -0.25, -0.25, -0.25]
    assert env.step(env.gt_now)[1] == 0.75


def test_an_integrator_is_slower_where_the_evidence_is_weak():
    env = ngym.make("PerceptualDecisionMaking", dt=20, stack=[{"ReactionTime": {}}])
    rows = ngym.rollout(env, "integrator", trials=600, agent_params=dict(non_decision=200.0))
    times = [point.value for point in measures.chronometric(rows, "coh")]
    assert times == sorted(times, reverse=True)
    assert times[0] > times[-1] + 300


def test_side_bias_has_its_blocks_and_its_bias():
    task = configure(task_class("PerceptualDecisionMaking")).wrapped(
        wrappers.SideBias(probs=[[0.9, 0.1], [0.1, 0.9]], block_dur=25)
    )
    stream = ngym.stream.Stream(task, 4)
    trials = [stream.blocks(b).trials.conditions for b in range(12)]
    block = np.concatenate([t["block"] for t in trials])
    truth = np.concatenate([t["ground_truth"] for t in trials])
    lengths = np.diff(np.flatnonzero(np.diff(block)))
    assert set(lengths) == {25}
    assert np.flatnonzero(np.diff(block))[0] == 24  # the first block is as long as the others
    for b, share in ((0, 0.1), (1, 0.9)):
        here = truth[block == b]
        assert abs(here.mean() - share) < 4 * (0.09 / here.size) ** 0.5


def test_a_switching_probability_gives_geometric_blocks():
    task = configure(task_class("GoNogo")).wrapped(wrappers.SideBias(block_dur=0.1))
    stream = ngym.stream.Stream(task, 4)
    block = np.concatenate([stream.blocks(b).trials.conditions["block"] for b in range(20)])
    lengths = np.diff(np.flatnonzero(np.diff(block)))
    assert abs(lengths.mean() - 10) < 4 * (90 / lengths.size) ** 0.5


def test_trial_history_has_its_matrix():
    matrix = [[0.7, 0.3], [0.1, 0.9]]
    task = configure(task_class("GoNogo")).wrapped(wrappers.TrialHistory(probs=matrix))
    stream = ngym.stream.Stream(task, 1)
    truth = np.concatenate([stream.blocks(b).trials.conditions["ground_truth"] for b in range(20)])
    for before in (0, 1):
        following = truth[1:][truth[:-1] == before]
        share, p = following.mean(), matrix[before][1]
        assert abs(share - p) < 4 * (p * (1 - p) / following.size) ** 0.5


def test_noise_has_its_size_and_comes_on_top():
    plain = ngym.make("GoNogo", dt=25).unwrapped
    noisy = wrappers.Noise(plain, sigma=2.0, channels=["fixation", "go"])
    plain.reset(seed=2), noisy.reset(seed=2)
    rest = []
    for _ in range(400):
        assert plain.trial == noisy.trial
        rest.append(noisy.ob - plain.ob)
        plain.new_trial(), noisy.new_trial()
    rest = np.concatenate(rest)
    assert not rest[:, 1].any()
    assert rest[:, [0, 2]].std() == pytest.approx(2 / 25**0.5, rel=0.02)


def test_a_miss_earns_what_it_is_told_to():
    env = ngym.make("PerceptualDecisionMaking", stack=[{"MissTrialReward": {"r_miss": -2}}])
    env = env.unwrapped
    env.reset(seed=1)
    info = {"new_trial": False}
    while not info["new_trial"]:
        _, reward, _, _, info = env.step(0)
    assert (reward, info["outcome"]) == (-2, "miss")


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "stack", "says"),
    [
        ("DawTwoStep", [{"ReactionTime": {}}], "does not fit DawTwoStep: no first response"),
        ("PerceptualDecisionMaking", [{"ReactionTime": {"stimulus": "cue"}}], "no period 'cue'"),
        ("PerceptualDecisionMaking", [{"ReactonTime": {}}], "did you mean 'ReactionTime'"),
        ("PerceptualDecisionMaking", [{"ReactionTime": {"speed": 1}}], "unknown parameter 'speed'"),
        ("PerceptualDecisionMaking", {"ReactionTime": {}}, "a stack is a list"),
        ("PerceptualDecisionMaking", ["ReactionTime"], "a line of a stack"),
        ("PerceptualDecisionMaking", [{"ReactionTime": 3}], "are a dict"),
        ("PerceptualDecisionMaking", [{"SideBias": {"probs": [[0.5, 0.6]]}}], "sum to 1"),
        ("PerceptualDecisionMaking", [{"SideBias": {"block_dur": 0}}], "block_dur = 0"),
        ("PerceptualDecisionMaking", [{"SideBias": {"block_dur": [5, 2]}}], "block_dur"),
        ("PerceptualDecisionMaking", [{"RandomGroundTruth": {"p": [1.0]}}], "expected 2"),
        ("PerceptualDecisionMaking", [{"TrialHistory": {"probs": 1.5}}], "a probability"),
        ("PerceptualDecisionMaking", [{"Noise": {"channels": ["x"]}}], "unknown channel"),
        ("Reaching1D", [{"Noise": {}}], "depend on the actions"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(task, stack, says):
    with pytest.raises(ValueError, match=says.replace("[", r"\[")):
        ngym.make(task, stack=stack)


def test_what_is_no_task_is_refused():
    with pytest.raises(TypeError, match="declared task"):
        wrappers.ReactionTime(gym.make("CartPole-v1"))
