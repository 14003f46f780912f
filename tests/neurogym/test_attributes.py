"""What users of NeuroGym read from an environment and set, and that it cannot be spoiled."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest

import neurogym as ngym
from neurogym import wrappers
from neurogym.trials.catalogue import task_class
from tests.acting import some

SEED = 3
BEFORE = ("t", "t_ind", "tmax", "trial", "gt_now", "ob_now", "ob", "gt", "periods", "window",
          "window_open", "start_t", "end_ind", "payoffs", "turn")  # fmt: skip


def made(task_id, **params):
    return ngym.make(task_id, **params).unwrapped


def played(env, n=25):
    """What n steps give, with some actions."""
    ob, _ = env.reset(seed=SEED, options={"trial": 0})
    rng, told = np.random.default_rng(1), [ob]
    for _ in range(n):
        told.append(env.step(some(env.action_space, rng)))
    return told


def spoil(thing):
    """Write into whatever can be written into."""
    if isinstance(thing, np.ndarray):
        if thing.flags.writeable:
            thing[...] = np.zeros((), thing.dtype)
    elif isinstance(thing, dict):
        for value in thing.values():
            spoil(value)
        thing.clear()
    elif isinstance(thing, list | tuple):
        for value in thing:
            spoil(value)
        if isinstance(thing, list):
            thing.clear()


# -- what is handed out ----------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [False, True])
def test_nobody_changes_a_trial_by_what_he_got(task_id, copied):
    env, honest = made(task_id), made(task_id)
    env.reset(seed=SEED)
    if copied:
        env = pickle.loads(pickle.dumps(env))
    spoil(played(env))
    env.reset(seed=SEED, options={"trial": 0})
    spoil([getattr(env, name) for name in ("ob", "gt", "trial", "memory", "forced", "periods")])
    spoil([env.ob_now, env.view_ob(), env.view_groundtruth(), *env.payoffs[:1]] if not
          env.task.closed else [env.ob_now])  # fmt: skip
    assert repr(played(env)) == repr(played(honest))


@pytest.mark.each_structure
def test_nobody_changes_the_trials_of_many_or_of_a_data_set(task_id):
    def steps(envs):
        told, rng = [envs.reset(seed=SEED)], np.random.default_rng(1)
        for _ in range(12):
            action = np.stack([some(envs.single_action_space, rng) for _ in range(3)])
            told.append(envs.step(action))
            spoiled = copy.deepcopy(told[-1])
            if envs is bad:
                spoil(told[-1])
            told[-1] = spoiled
        return told

    bad, good = (ngym.make_vec(task_id, 3) for _ in range(2))
    assert repr(steps(bad)) == repr(steps(good))
    tags = task_class(task_id).tags
    if "supervised" in tags:
        bad, good = (ngym.Dataset(task_id, batch_size=2, seq_len=20, seed=SEED) for _ in range(2))
        for _ in range(4):
            one, other = bad(), good()
            assert all((a == b).all() for a, b in zip(one, other, strict=True))
            spoil(list(one))


def test_an_observation_says_that_it_cannot_be_written_into():
    env = made("PerceptualDecisionMaking")
    ob, _ = env.reset(seed=SEED)
    with pytest.raises(ValueError, match="read-only"):
        ob *= 0
    with pytest.raises(ValueError, match="read-only"):
        copy.deepcopy(env).ob[:] = 0


# -- parameters ------------------------------------------------------------------------------------


def test_every_parameter_is_an_attribute(task_id):
    env = made(task_id)
    for name, value in env.task.param.values().items():
        if name not in ("name", "timing", "rewards"):
            got = getattr(env, name)
            assert got == value if not np.ndim(got) else list(got) == list(value), name
    assert env.metadata["tags"] == list(type(env.task).tags)
    assert isinstance(env, ngym.TrialEnv)
    with pytest.raises(AttributeError, match="did you mean 'timing'"):
        env.timeing = 1
    with pytest.raises(AttributeError):
        env.no_such_thing  # noqa: B018


def test_an_entry_of_timing_counts_from_the_next_trial_on(task_id):
    env = made(task_id)
    env.reset(seed=1)
    for period in env.timing:
        change = {period: 3 * env.dt}
        try:
            expected = made(task_id, timing=change)
            expected.reset(seed=SEED)
        except ValueError:
            continue
        fresh = made(task_id)
        fresh.reset(seed=1)
        fresh.timing.update(change)
        assert repr(played(fresh)) == repr(played(expected)), period


def test_rewards_count_from_the_next_trial_on_and_are_the_declared_ones(task_id):
    env = made(task_id)
    env.reset(seed=1)
    change = {key: round(value - 0.7, 3) for key, value in env.rewards.items()}
    expected = made(task_id, rewards=change)
    for key, value in change.items():
        env.rewards[key] = value
    assert dict(env.rewards) == change
    assert repr(played(env, 60)) == repr(played(expected, 60))
    for told in played(env, 60)[1:]:
        assert isinstance(told[1], float)
        near = [value for value in change.values() if abs(value - told[1]) < 1e-6]
        assert not near or told[1] in near


def test_what_is_set_takes_effect_or_is_refused():
    env = made("PerceptualDecisionMaking")
    env.reset(seed=SEED)
    env.sigma = 0
    env.new_trial()
    assert len(np.unique(env.ob[:, 1])) <= 2  # no noise
    env.cohs = [100]
    assert env.new_trial()["coh"] == 100
    with pytest.raises(ValueError, match="would change the spaces"):
        env.dim_ring = 8
    with pytest.raises(ValueError, match=r"PerceptualDecisionMaking\.dim_ring"):
        env.dim_ring = -1
    assert env.dim_ring == 2
    with pytest.raises(ValueError, match="did you mean 'stimulus'"):
        env.timing["stimulos"] = 3
    with pytest.raises(ValueError, match="not a duration"):
        env.timing["stimulus"] = lambda: 3
    with pytest.raises(TypeError, match="changed, not taken away"):
        del env.timing["stimulus"]
    with pytest.raises(ValueError, match="read-only"):
        env.cohs[0] = 5
    assert type(copy.deepcopy(env.timing)) is type(pickle.loads(pickle.dumps(env.rewards))) is dict
    with pytest.raises(AttributeError):
        env.trial = {}


def test_a_change_in_mid_trial_leaves_the_trial_as_it_was():
    env = made("PerceptualDecisionMaking")
    env.reset(seed=SEED)
    times = env.tmax, env.start_t
    env.dt = 50
    assert (env.tmax, env.start_t) == times
    env.new_trial()
    assert env.start_ind["decision"] == 2 * times[1]["decision"] / 100


def test_an_entry_that_a_wrapper_sets_is_refused():
    env = wrappers.ReactionTime(made("PerceptualDecisionMaking"))
    for period, length in env.timing.items():
        own = env.task.timing[period]
        if own != env.task.plan.timing[period]:
            with pytest.raises(ValueError, match="set by a wrapper"):
                env.timing[period] = own.args[0] + 100
        else:
            env.timing[period] = length


def test_names_that_stand_for_something_else_say_so():
    env = made("GoNogo")
    with pytest.raises(AttributeError, match="rewards"):
        env.r_tmax  # noqa: B018
    with pytest.raises(AttributeError, match="no ring"):
        env.theta  # noqa: B018
    with pytest.raises(AttributeError, match="ground_truth"):
        made("DawTwoStep").choices  # noqa: B018
    ring = made("yang19.go")
    np.testing.assert_allclose(ring.theta, np.arange(16) * np.pi / 8)
    assert ring.choices.tolist() == list(range(16))


# -- seeds and times -------------------------------------------------------------------------------


def test_who_seeds_is_told_how(task_id):
    with pytest.raises(AttributeError, match=r"has no seed: reset\(seed=s\) seeds trials"):
        made(task_id).seed(SEED)


def test_no_step_is_taken():
    for given in (dict(no_step=True), dict(options={"no_step": True})):
        ob, _ = made("GoNogo").reset(seed=SEED, **given)
        assert (ob == made("GoNogo").reset(seed=SEED)[0]).all()
    with pytest.raises(ValueError, match="step_fn"):
        made("GoNogo").reset(options={"step_fn": None})


def test_sample_time_is_within_bounds_and_a_multiple_of_dt(task_id):
    env = made(task_id)
    env.reset(seed=SEED)
    before = played(env)
    for period, duration in env.task.plan.timing.items():
        low, high = duration.bounds
        for _ in range(5):
            ms = env.sample_time(period)
            assert low - env.dt < ms <= max(high, env.dt) + 1e-6
            assert ms / env.dt == pytest.approx(round(ms / env.dt))
    assert repr(before) == repr(played(env))
    with pytest.raises(ValueError, match="unknown period"):
        env.sample_time("nap")


@pytest.mark.parametrize("name", BEFORE)
@pytest.mark.parametrize("task_name", ["GoNogo", "DawTwoStep", "Reaching1D"])
def test_before_the_first_trial_one_sentence_is_told(name, task_name):
    with pytest.raises(gym.error.ResetNeeded, match=r"call reset\(\) first"):
        getattr(made(task_name), name)


def test_in_period_knows_the_periods():
    env = made("PerceptualDecisionMaking")
    with pytest.raises(gym.error.ResetNeeded):
        env.in_period("fixation")
    env.reset(seed=SEED)
    assert env.in_period("fixation")
    assert not env.in_period("decision")
    with pytest.raises(ValueError, match="unknown period"):
        env.in_period("nap")


def test_what_we_ship_as_random_lengths_is_a_timing():
    env = made("GoNogo", timing={"fixation": ngym.utils.TruncExp(600, 400, 700)})
    assert env.timing["fixation"] == ["truncated_exponential", [600, 400, 700]]
    lengths = [env.new_trial() and env.end_t["fixation"] for _ in range(200)]
    assert 400 <= min(lengths) < max(lengths) <= 700
    with pytest.raises(ValueError, match=r"\('uniform', \(300, 500\)\) in place of lambda"):
        made("GoNogo", timing={"fixation": lambda: 3})


# -- labels ----------------------------------------------------------------------------------------


def test_labels_are_those_of_a_trial_that_is_played_by_them(task_id):
    env = made(task_id)
    _, _ = env.reset(seed=SEED)
    for _ in range(4):
        gt, index, seen = env.gt, env.trial_index, []
        assert len(gt) == len(env.ob)
        while env.trial_index == index:
            label = env.gt_now
            np.testing.assert_array_equal(label, gt[env.t_ind])
            seen.append(label)
            env.step(label)
    supervised = "supervised" in env.metadata["tags"]
    labels = np.concatenate([(env.gt, env.new_trial())[0].ravel() for _ in range(60)])
    assert not supervised or np.any(labels)


def test_to_do_nothing_is_nothing_to_learn():
    assert "supervised" not in made("Nothing").metadata["tags"]
