"""Vector environments whose episodes end, and seeds of some, against gymnasium's own."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import neurogym as ngym
from neurogym import wrappers
from neurogym.envs.limits import LimitedVectorEnv
from neurogym.envs.vector import TaskVectorEnv
from tests.acting import some

N, MOST, SEED = 3, 7, 4
STACKS = {
    "echo": [{"PassReward": {}}, {"PassAction": {}}],
    "learns": [{"Staircase": {}}],
    "settles": [{"TrialHistory": {}}],
}


def actions(envs, rng):
    return np.stack([some(envs.single_action_space, rng) for _ in range(envs.num_envs)])


def same(mine, other):
    for one, two in zip(mine[:4], other[:4], strict=True):
        np.testing.assert_array_equal(one, two)


def both(task_id, mode, **params):
    mine = ngym.make_vec(task_id, N, max_episode_steps=MOST, autoreset_mode=mode, **params)
    makes = [lambda: ngym.make(task_id, max_episode_steps=MOST, **params)] * N
    return mine, SyncVectorEnv(makes, autoreset_mode=mode)


def goes_as(mine, other, mode):
    rng = np.random.default_rng(1)
    assert mine.metadata["autoreset_mode"] is mode
    np.testing.assert_array_equal(mine.reset(seed=SEED)[0], other.reset(seed=SEED)[0])
    for _ in range(3 * MOST):
        done = actions(mine, rng)
        ours, theirs = mine.step(done), other.step(done)
        same(ours, theirs)
        if mode is AutoresetMode.SAME_STEP and ours[3].any():
            np.testing.assert_array_equal(
                np.stack(ours[4]["final_obs"]), np.stack(theirs[4]["final_obs"])
            )
            assert ours[4]["_final_obs"].all()
            assert "gt" in ours[4]["final_info"]
        if mode is AutoresetMode.DISABLED and ours[3].any():
            with pytest.raises(gym.error.ResetNeeded, match="0, 1, 2"):
                mine.step(done)
            for envs in (mine, other):
                envs.told = envs.reset(options={"reset_mask": np.array([True] * N)})[0]
            np.testing.assert_array_equal(mine.told, other.told)


@pytest.mark.each_structure
@pytest.mark.parametrize("mode", AutoresetMode)
def test_episodes_end_as_those_of_gymnasium(task_id, mode):
    goes_as(*both(task_id, mode), mode)


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("stack", STACKS)
def test_episodes_under_wrappers_end_as_those_of_gymnasium(stack, mode):
    goes_as(*both("PerceptualDecisionMaking", mode, stack=STACKS[stack]), mode)


@pytest.mark.each_structure
def test_seeds_of_some_are_those_of_gymnasium(task_id):
    seeds_as(task_id)


@pytest.mark.parametrize("stack", STACKS)
def test_seeds_of_some_under_wrappers_are_those_of_gymnasium(stack):
    seeds_as("PerceptualDecisionMaking", stack=STACKS[stack])


def seeds_as(task_id, **params):
    mine = ngym.make_vec(task_id, 4, **params)
    other = SyncVectorEnv([lambda: ngym.make(task_id, **params)] * 4)
    ours, theirs = (envs.reset(seed=[1, None, 5, 5])[0] for envs in (mine, other))
    np.testing.assert_array_equal(ours[[0, 2, 3]], theirs[[0, 2, 3]])
    rng = np.random.default_rng(2)
    for seeds in ([1, 2, 3, 4], [1, None, 5, 5], [None] * 4, [None, 3, None, None]):
        ours, theirs = (envs.reset(seed=seeds)[0] for envs in (mine, other))
        np.testing.assert_array_equal(ours, theirs)
        for _ in range(40):
            done = actions(mine, rng)
            same(mine.step(done), other.step(done))
    with pytest.raises(ValueError, match="2 seeds for 4"):
        mine.reset(seed=[1, None])


def test_a_part_of_the_episodes_can_be_left():
    envs = ngym.make_vec("GoNogo", 2, max_episode_steps=MOST, autoreset_mode="SameStep")
    envs.reset(seed=SEED)
    for _ in range(3):
        envs.step(np.zeros(2, int))
    envs.reset(options={"reset_mask": np.array([True, False])})
    ended = [envs.step(np.zeros(2, int))[3].tolist() for _ in range(MOST)]
    assert ended[3] == [False, True]
    assert ended[MOST - 1] == [True, False]
    envs = ngym.make_vec("GoNogo", 2, max_episode_steps=MOST)
    envs.reset(seed=SEED)
    with pytest.raises(ValueError, match="autoreset_mode='SameStep'"):
        envs.reset(options={"reset_mask": np.array([True, False])})


def test_limits_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="max_episode_steps = 0"):
        ngym.make_vec("GoNogo", 2, max_episode_steps=0)
    with pytest.raises(ValueError, match="allowed are 'NextStep', 'SameStep', 'Disabled'"):
        ngym.make_vec("GoNogo", 2, autoreset_mode="never")
    made = gym.make_vec("GoNogo-v0", num_envs=2, max_episode_steps=20)
    assert isinstance(made, LimitedVectorEnv)
    assert made.spec.id == "GoNogo-v0"
    assert type(ngym.make_vec("GoNogo", 2)) is TaskVectorEnv


def test_no_step_is_taken_by_many():
    envs = ngym.make_vec("GoNogo", 2)
    one, two = (envs.reset(seed=1, options=o)[0] for o in ({"no_step": True}, {}))
    assert (one == two).all()


def test_wrappers_of_tasks_take_no_vector_environment():
    with pytest.raises(TypeError, match="stack"):
        wrappers.PassReward(ngym.make_vec("GoNogo", 2))
