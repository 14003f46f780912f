"""Intervals that are produced: when an output counts, and what it earns."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.trials.catalogue import task_class
from neurogym.trials.stream import Stream

IDS = ("CueSetGo-v0", "ReadySetGo_SinglePrior-v0", "ReadySetGo_DoublePrior-v0")


def interval_of(trial):
    from neurogym.tasks.production import PRIORS

    return trial["interval"] if "interval" in trial else PRIORS[trial["prior"], trial["place"]]


def press_at(env, trial, share):
    """Full output from that share of the interval on; how the trial ends."""
    env.reset(seed=3, options={"trial": trial})
    due, start = interval_of(env.trial) * share, env.start_t["set"]
    info = {"new_trial": False}
    while not info["new_trial"]:
        *_, reward, _, _, info = env.step([float(env.t - start >= due - env.dt / 2)])
    return reward, info


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize(
    ("share", "right"), [(0.9, False), (0.97, True), (1.03, True), (1.1, False)]
)
def test_a_response_is_right_near_the_interval(id, share, right):
    env = ngym.make(id).unwrapped
    for trial in range(12):
        reward, info = press_at(env, trial, share)
        assert info["outcome"] == ("correct" if right else "error")
        assert reward == float(right)
        due = interval_of(info["trial"]) * share - 20  # from the end of the flash
        assert info["rt"] == pytest.approx(due, abs=env.dt)


@pytest.mark.parametrize("id", IDS)
def test_an_output_before_the_set_pulse_is_too_early_and_a_low_one_is_none(id):
    env = ngym.make(id, abort=True, rewards={"abort": -0.5, "miss": -0.25}).unwrapped
    env.reset(seed=1)
    _, reward, _, _, info = env.step([1.0])
    assert (reward, info["outcome"]) == (-0.5, "early")
    info, total = {"new_trial": False}, 0.0
    while not info["new_trial"]:
        _, reward, _, _, info = env.step([0.94])
        total += reward
    assert (total, info["outcome"]) == (-0.25, "miss")


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("ramp", [False, True])
def test_the_label_grows_or_jumps_to_the_threshold(id, ramp):
    env = ngym.make(id, target_ramp=ramp).unwrapped
    env.reset(seed=2)
    label, start = env.gt[:, 0], env.start_ind["production"]
    due = env.start_ind["set"] + round(interval_of(env.trial) / env.dt)
    assert not label[:start].any()
    assert (label[due:] == 1).all()
    assert (label[start:due] < 0.95).all()
    if ramp:
        np.testing.assert_allclose(np.diff(label[start:due], 2), 0, atol=1e-6)
        assert label[due - 1] > 0.9
    else:
        assert not label[start:due].any()


def test_the_cue_tells_the_interval_and_the_flashes_mark_it():
    block = Stream(task_class("CueSetGo-v0")(input_noise=0.0), 1).blocks(0, 4)
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))
    on = block.period > 0
    expected = 0.3 / 950 * (block.trials.interval[trial] - 700) + 0.2
    np.testing.assert_allclose(block.ob[on, 0], expected[on], atol=1e-6)
    for id in IDS[1:]:
        env = ngym.make(id).unwrapped
        for k in range(10):
            env.reset(seed=1, options={"trial": k})
            pulses = np.flatnonzero(np.diff(env.ob[:, 1]) > 0) + 1
            gap = env.start_t["set"] - env.start_t["ready"]
            assert gap == pytest.approx(interval_of(env.trial), abs=env.dt)
            assert pulses.tolist() == [env.start_ind["ready"], env.start_ind["set"]]


def test_the_noise_of_the_cue_is_a_share_of_it():
    block = Stream(task_class("CueSetGo-v0")(input_noise=0.5, dt=5), 1).blocks(0, 5)
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))
    cue = 0.3 / 950 * (block.trials.interval[trial] - 700) + 0.2
    rest = ((block.ob[:, 0] - cue) / cue)[block.period > 0]
    assert rest.std() == pytest.approx(0.5 / 5**0.5, rel=0.02)
