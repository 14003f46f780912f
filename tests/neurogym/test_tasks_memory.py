"""Comparing, matching, timing and detecting: what is shown, asked for and earned."""

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym import records
from neurogym.envs import TaskEnv
from neurogym.stream import Stream
from neurogym.tasks.comparison import DelayComparison
from neurogym.tasks.intervals import IntervalDiscrimination, MotorTiming, OneTwoThreeGo
from neurogym.wrappers import Staircase

ALPHA = 1e-4


def block_of(task, blocks=12, seed=5, **fixed):
    """About 2000 trials as one block, with the period and the trial of each row."""
    block = Stream(task, seed).blocks(0, blocks, fixed)
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))
    return block, np.array(block.timeline.periods)[block.period], trial


def check_normal(values, sd):
    """Independent normal values with mean 0 and this spread."""
    assert abs(np.mean(values)) < stats.norm.isf(ALPHA / 2) * sd / values.size**0.5
    low, high = stats.chi2.ppf([ALPHA / 2, 1 - ALPHA / 2], values.size)
    assert low < np.sum((values / sd) ** 2) < high


def in_period(block, period, name):
    """The observations of a period's first step, (n, C)."""
    first = np.unique(np.repeat(np.arange(block.n), np.diff(block.offsets))[period == name],
                      return_index=True)[1]  # fmt: skip
    return block.ob[period == name][first]


def played(task, act, trial=0, seed=3, **conditions):
    """The trace of one trial; `act(env)` gives the actions."""
    env = TaskEnv(task)
    ob = env.reset(seed=seed, options={"trial": trial, "conditions": conditions})[0]
    return records.run_trial(env, lambda _: act(env), ob)


def at(period, action, after=0):
    """Does one thing, so many steps after a period's begin."""

    def act(env):
        start = next(start for name, start, _ in env.periods if name == period)
        return action if env.t_ind == start + after else 0

    return act


def either(*acts):
    """Does what any of several ways to act does."""
    return lambda env: max(act(env) for act in acts)


# -- comparing -------------------------------------------------------------------------------------


def test_delay_comparison_shows_both_values_in_noise():
    task = DelayComparison(dt=50, sigma=0.7, diffs=[4, 8])
    block, period, trial = block_of(task)
    c = {name: values[trial] for name, values in block.trials.conditions.items()}
    for which, name in enumerate(("stimulus1", "stimulus2")):
        on = period == name
        value = c["low"] + c["diff"] * (c["ground_truth"] == which)
        clean = (1 + (value - 10) / 24) / 2
        check_normal((block.ob[:, 1] - clean)[on], 0.7 / 50**0.5)
    assert set(block.ob[period != "decision", 0]) == {1.0}
    assert not block.ob[period == "decision"].any()
    assert (block.gt[period == "decision"] == 1 + c["ground_truth"][period == "decision"]).all()


def test_the_pairs_of_delay_comparison_are_those_of_the_paper():
    block, _, _ = block_of(DelayComparison())
    c = block.trials.conditions
    pairs = {(low + diff, low) for low, diff in zip(c["low"], c["diff"], strict=True)}
    assert pairs == {(18, 10), (22, 14), (26, 18), (30, 22), (34, 26)}


def test_a_staircase_follows_the_difference():
    stack = [{"Staircase": {"condition": "diff", "down": 2, "start": 8}}]
    rows = ngym.rollout("DelayComparison", "oracle", trials=30, stack=stack)
    values = [row["conditions"]["diff"] for row in rows]
    assert values[0] == 8
    assert values[-1] < 4
    assert Staircase(DelayComparison()).plan.conditions["diff"].bounds == (0.1, 100)


# -- intervals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, dict(dt=95), dict(dt=20, ratios=[1.01, 1.2, 3])])
def test_no_two_intervals_are_the_same(params):
    block, _, _ = block_of(IntervalDiscrimination(**params), 24)
    first, second = (block.timeline.shown_ms(name) for name in ("stim1", "stim2"))
    assert (first != second).all()
    assert ((second > first) == block.trials.ground_truth).all()
    assert abs(block.trials.ground_truth.mean() - 0.5) < 4 * 0.5 / block.n**0.5


def test_the_second_interval_follows_from_answer_and_ratio():
    task = IntervalDiscrimination(dt=1)
    for truth, factor in ((0, 1 / 3), (1, 3)):
        block, _, _ = block_of(task, 1, ground_truth=truth, ratio=3.0)
        line = block.timeline
        np.testing.assert_allclose(line.ms["stim2"], line.ms["stim1"] * factor)


def test_the_label_follows_intervals_that_are_forced():
    task = IntervalDiscrimination(dt=20)
    for first, second, answer in ((200, 400, 2), (400, 200, 1)):
        for truth in (0, 1):
            trace = played(task, lambda env: 0, stim1=first, stim2=second, ground_truth=truth)
            assert trace.gt[-1] == answer


def test_a_ratio_that_dt_cannot_show_is_refused():
    env = ngym.make("IntervalDiscrimination")
    with pytest.raises(ValueError, match=r"ratio = 1\.05 is not possible"):
        env.reset(seed=1, options={"conditions": {"ratio": 1.05}})


@pytest.mark.parametrize("which", [0, 1])
def test_motor_timing_pays_by_the_distance_from_the_interval(which):
    task = MotorTiming(dt=20)
    target = (800, 1500)[which]
    best = played(task, lambda env: env.gt_now, production_ind=which)
    assert best.rewards.sum() == pytest.approx(1)
    assert best.end["rt"] == target
    for off in (100, -100):
        steps = (target + off) // 20
        trace = played(task, at("production", 1, steps), production_ind=which)
        graded = max(0.1, (1 - 100 / (0.2 * target + 25)) ** 1.5)
        assert trace.rewards.sum() == pytest.approx(graded)
        assert trace.end["performance"] == 1
    late = played(task, at("production", 1, (target + 400) // 20), production_ind=which)
    assert late.rewards.sum() == 0
    assert late.end["outcome"] == "error"


def test_the_set_cue_is_there_at_any_dt():
    for dt in (10, 80, 200):
        block, period, _ = block_of(MotorTiming(dt=dt), 1)
        on = block.ob[:, 3] == 1
        assert on.sum() == block.n * max(50 // dt, 1)
        assert (period[on] == "set").all()
        assert (block.ob[:, 1:3].sum(axis=1) == np.isin(period, ["cue", "set"])).all()


def test_the_fourth_beat_is_when_the_third_is_followed_by_another_interval():
    task = OneTwoThreeGo(dt=10)
    for interval in (600, 1000):
        trace = played(task, lambda env: env.gt_now, interval1=interval)
        start = {name: first * 10 for name, first, _ in trace.periods}
        assert start["s2"] - start["s1"] == start["s3"] - start["s2"] == interval + 100
        assert trace.steps[-1] * 10 - start["s3"] == interval + 100
        assert trace.rewards.sum() == pytest.approx(1)
        assert (trace.gt > 0).sum() == 1
    wide = played(task, lambda env: env.gt_now, interval1=600, gain=1.5)
    assert wide.end["rt"] == 900


def test_a_press_before_the_third_flash_is_too_early():
    for abort in (False, True):
        trace = played(OneTwoThreeGo(abort=abort), at("interval2", 1))
        assert trace.rewards[trace.actions > 0].tolist() == [pytest.approx(-0.1)]
        assert (trace.end["outcome"] == "early") == abort


# -- matching --------------------------------------------------------------------------------------
