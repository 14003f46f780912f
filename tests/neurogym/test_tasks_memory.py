"""Comparing, matching, timing and detecting: what is shown, asked for and earned."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.tasks.comparison import DelayComparison
from neurogym.tasks.detection import AnnubesEnv, Detection, ToneDetection
from neurogym.tasks.intervals import IntervalDiscrimination, MotorTiming, OneTwoThreeGo
from neurogym.tasks.matching import (
    DelayMatchCategory,
    DelayMatchSampleDistractor1D,
    DualDelayMatchSample,
)
from neurogym.trials.catalogue import configure, task_class
from neurogym.wrappers import SideBias, Staircase
from tests.sampling import as_often, block_of, check_normal, played


def in_period(block, period, name):
    """The observations of a period's first step, (n, C)."""
    first = np.unique(np.repeat(np.arange(block.n), np.diff(block.offsets))[period == name],
                      return_index=True)[1]  # fmt: skip
    return block.ob[period == name][first]


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
    told = block.trials
    assert ((second > first) == (told.ground_truth != told.order)).all()
    assert abs(told.ground_truth.mean() - 0.5) < 4 * 0.5 / block.n**0.5


def test_neither_colour_nor_turn_tells_which_interval_is_longer():
    block, period, trial = block_of(IntervalDiscrimination(), 40)
    told = block.trials
    first, second = (block.timeline.shown_ms(name) for name in ("stim1", "stim2"))
    blue_longer = told.ground_truth == 0
    for share in (blue_longer, told.order == 0, second > first):
        assert as_often(share.sum(), block.n, 0.5)
    for order in (0, 1):  # who names the first or the second, and who names a colour, guess
        here = told.order == order
        assert as_often(blue_longer[here].sum(), here.sum(), 0.5)
    for k, name in enumerate(("stim1", "stim2")):
        rows = period == name
        seen = block.ob[rows, 1:3].argmax(axis=1)
        np.testing.assert_array_equal(seen, np.abs(told.order - k)[trial[rows]])
    # who compares the lengths is right whatever the colours
    longer = np.where(second > first, 1 - told.order, told.order)
    np.testing.assert_array_equal(longer, told.ground_truth)


def test_the_blue_disc_is_first_always_in_the_preset_neurogym():
    task = configure(task_class("IntervalDiscrimination"), "neurogym")
    block, period, _ = block_of(task, 4)
    for name, channel in (("stim1", 1), ("stim2", 2)):
        assert (block.ob[period == name, channel] == 1).all()
    first, second = (block.timeline.shown_ms(name) for name in ("stim1", "stim2"))
    np.testing.assert_array_equal(second > first, block.trials.ground_truth == 1)


def test_the_second_interval_follows_from_answer_and_ratio():
    task = IntervalDiscrimination(dt=1)
    for truth, order, factor in ((0, 0, 1 / 3), (1, 0, 3), (0, 1, 3), (1, 1, 1 / 3)):
        block, _, _ = block_of(task, 1, ground_truth=truth, order=order, ratio=3.0)
        line = block.timeline
        np.testing.assert_allclose(line.ms["stim2"], line.ms["stim1"] * factor)


def test_the_label_follows_intervals_that_are_forced():
    task = IntervalDiscrimination(dt=20)
    for first, second, answer in ((200, 400, 2), (400, 200, 1)):
        for truth in (0, 1):
            for order, label in ((0, answer), (1, 3 - answer)):
                told = dict(ground_truth=truth, order=order)
                trace = played(task, lambda env: 0, stim1=first, stim2=second, **told)
                assert trace.gt[-1] == label


def test_a_ratio_that_dt_cannot_show_is_refused():
    env = ngym.make("IntervalDiscrimination")
    with pytest.raises(ValueError, match=r"ratio = 1\.05 is not possible"):
        env.reset(seed=1, options={"conditions": {"ratio": 1.05}})


@pytest.mark.parametrize("which", [0, 1])
def test_motor_timing_pays_by_the_distance_from_the_interval(which):
    task = MotorTiming(dt=20)
    target = (800, 1500)[which]
    best = played(task, lambda env: env.gt_now, ground_truth=which)
    assert best.rewards.sum() == pytest.approx(1)
    assert best.end["rt"] == target - 40  # from the end of the flash, whose onset counts
    for off in (100, -100):
        steps = (target - 40 + off) // 20
        trace = played(task, at("production", 1, steps), ground_truth=which)
        graded = max(0.1, (1 - 100 / (0.2 * target + 25)) ** 1.5)
        assert trace.rewards.sum() == pytest.approx(graded)
        assert trace.end["performance"] == 1
    late = played(task, at("production", 1, (target + 360) // 20), ground_truth=which)
    assert late.rewards.sum() == 0
    assert late.end["outcome"] == "error"


def test_of_two_moments_that_earn_the_same_the_first_is_labelled():
    env = ngym.make("ReadySetGo", dt=100, gain=1.5).unwrapped
    for measure in (300, 500, 700):  # 1.5 times of which lies between two steps
        env.reset(seed=1, options={"conditions": {"measure": measure}})
        (label,) = np.flatnonzero(env.gt)
        kind, payoffs = env.payoffs
        earned = payoffs.reward[kind, 0, 1]
        assert earned[label] == earned[label + 1] == earned.max()


def test_intervals_come_in_blocks():
    rows = ngym.rollout(
        SideBias(ngym.make("MotorTiming"), [[1, 0], [0, 1]], block_dur=4), "oracle", trials=12
    )
    order = [row["conditions"]["ground_truth"] for row in rows]
    assert order in ([0] * 4 + [1] * 4 + [0] * 4, [1] * 4 + [0] * 4 + [1] * 4)
    assert all(row["performance"] == 1 for row in rows)


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
        assert start["s2"] - start["s1"] == start["s3"] - start["s2"] == interval
        assert trace.steps[-1] * 10 - start["s3"] == interval
        assert trace.rewards.sum() == pytest.approx(1)
        assert (trace.gt > 0).sum() == 1
    wide = played(task, lambda env: env.gt_now, interval1=600, gain=1.5)
    assert wide.end["rt"] == 900 - 100  # from the end of the third flash


def test_a_press_before_the_third_flash_is_too_early():
    for abort in (False, True):
        trace = played(OneTwoThreeGo(abort=abort), at("interval2", 1))
        assert trace.rewards[trace.actions > 0].tolist() == [pytest.approx(-0.1)]
        assert (trace.end["outcome"] == "early") == abort


# -- matching --------------------------------------------------------------------------------------


def test_categories_can_be_told_from_the_channels_and_the_label_follows_them():
    task = DelayMatchCategory(sigma=0, dim_ring=5)
    block, period, _ = block_of(task)
    angle = 2 * np.pi * np.arange(5) / 5
    half = {}
    for name in ("sample", "test"):
        shown = in_period(block, period, name)[:, 1:] - 0.5
        half[name] = shown @ np.sin(angle) < 0  # the lower half
        np.testing.assert_allclose(shown.max(axis=1), 0.45, atol=0.06)
    assert (half["sample"] == block.trials.sample_category).all()
    assert ((half["sample"] != half["test"]) == block.trials.ground_truth).all()
    assert (block.gt[period == "test"] > 0).all()
    assert not block.gt[period != "test"].any()


def test_two_channels_are_too_few_for_categories():
    with pytest.raises(ValueError, match="dim_ring"):
        DelayMatchCategory(dim_ring=2)


@pytest.mark.parametrize("distance", [5, 60, 180])
def test_one_test_is_at_the_sample_and_the_others_at_a_distance(distance):
    task = DelayMatchSampleDistractor1D(sigma=0)
    block, period, _ = block_of(task, 3, distance=distance)
    sample = in_period(block, period, "sample")[:, 1:]
    for k in range(3):
        test = in_period(block, period, f"test{k + 1}")[:, 1:]
        cosine = (test * sample).sum(axis=1) / 16
        match = block.trials.ground_truth == k
        np.testing.assert_allclose(cosine, np.where(match, 1, np.cos(np.deg2rad(distance))), 1e-5)
        label = in_period_label(block, period, f"test{k + 1}")
        assert (label == match).all()


def in_period_label(block, period, name):
    """The label of a period's first step, (n,)."""
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))[period == name]
    return block.gt[period == name][np.unique(trial, return_index=True)[1]]


def test_the_other_tests_lie_to_both_sides():
    task = DelayMatchSampleDistractor1D(sigma=0)
    seen = set()
    for sides in range(4):
        block, period, _ = block_of(
            task, 1, sides=sides, direction=0.0, distance=90, ground_truth=0
        )
        shown = (in_period(block, period, f"test{k}")[0, 1:] for k in (2, 3))
        seen.add(tuple(int(np.argmax(levels)) for levels in shown))
    assert seen == {(8, 8), (8, 24), (24, 8), (24, 24)}


def test_only_the_matching_test_is_answered():
    task = DelayMatchSampleDistractor1D()
    right = played(task, at("test2", 1), ground_truth=1)
    assert (right.rewards.sum(), right.end["outcome"], right.end["rt"]) == (1, "correct", 1500)
    for period, outcome in (("delay1", "early"), ("test1", "error"), ("delay2", "error")):
        wrong = played(task, at(period, 1), ground_truth=1)
        assert (wrong.rewards.sum(), wrong.end["outcome"]) == (-1, outcome)
        assert len(wrong.steps) < 30
    for truth in range(3):
        missed = played(task, lambda env: 0, ground_truth=truth)
        assert (missed.rewards.sum(), missed.end["outcome"]) == (0, "miss")
        assert missed.end["performance"] == 0
    early = played(task, at("sample", 1), ground_truth=1)
    assert early.rewards.sum() == pytest.approx(-0.1)
    assert len(early.steps) == 53


def test_what_matches_can_be_biased():
    env = SideBias(ngym.make("DelayMatchSampleDistractor1D"), [[0.8, 0.1, 0.1]])
    rows = ngym.rollout(env, "oracle", trials=200)
    first = np.mean([row["conditions"]["ground_truth"] == 0 for row in rows])
    assert first > 0.65
    assert all(row["performance"] == 1 for row in rows)


def test_dual_match_shows_each_sample_its_cue_and_its_test():
    task = DualDelayMatchSample(sigma=0)
    block, period, _ = block_of(task, 3)
    c = block.trials.conditions
    sample = in_period(block, period, "sample")
    for k, truth in enumerate(("ground_truth", "ground_truth2")):
        tested = np.where(c["test_order"] == 0, k, 1 - k)
        cue, test = (in_period(block, period, f"{what}{k + 1}") for what in ("cue", "test"))
        for j in (0, 1):
            now, two = tested == j, slice(1 + 2 * j, 3 + 2 * j)
            assert (cue[:, 5 + j] == now).all()
            assert not test[~now, two].any()
            same = (test[now, two] == sample[now, two]).all(axis=1)
            assert (same == (c[truth][now] == 0)).all()
        assert (in_period_label(block, period, f"test{k + 1}") == 1 + c[truth]).all()
    assert (sample[:, 1] == (c["sample1"] == 0)).all()


def test_only_the_stimuli_of_dual_match_are_noisy():
    block, period, _ = block_of(DualDelayMatchSample(), 1)
    assert set(np.unique(block.ob[:, [0, 5, 6]])) == {0, 1}
    assert (block.ob[:, 0] == ~np.isin(period, ["test1", "test2"])).all()


@pytest.mark.parametrize(
    ("first", "second", "reward", "outcome"),
    [
        (1, 2, 2, "correct"),
        (2, 2, 1, "error"),
        (1, 1, 1, "error"),
        (2, 1, 0, "error"),
        (0, 2, 1, "error"),
        (1, 0, 1, "miss"),
        (0, 0, 0, "miss"),
    ],
)
def test_both_answers_of_dual_match_have_to_be_right(first, second, reward, outcome):
    task = DualDelayMatchSample()
    act = either(at("test1", first), at("test2", second))
    trace = played(task, act, ground_truth=0, ground_truth2=1)
    assert trace.rewards.sum() == reward
    assert trace.end["outcome"] == outcome
    assert trace.end["performance"] == (outcome == "correct")


def test_the_first_response_in_a_test_counts_and_pays_once():
    task = DualDelayMatchSample()
    held = played(
        task, either(*(at("test1", 1, k) for k in range(5)), at("test2", 2)),
        ground_truth=0, ground_truth2=1,
    )  # fmt: skip
    assert held.rewards.sum() == 2
    act = either(at("test1", 2), at("test1", 1, 2), at("test2", 2))
    corrected = played(task, act, ground_truth=0, ground_truth2=1)
    assert corrected.rewards.sum() == 1
    assert corrected.end["performance"] == 0
    act = either(at("test1", 1), at("cue2", 1), at("test2", 2))
    between = played(task, act, ground_truth=0, ground_truth2=1)
    assert between.rewards.sum() == pytest.approx(1.9)
    ended = played(DualDelayMatchSample(abort=True), act, ground_truth=0, ground_truth2=1)
    assert ended.end["outcome"] == "early"


# -- detecting -------------------------------------------------------------------------------------


def test_noise_does_not_tell_whether_a_stimulus_comes():
    task = Detection(dt=20, strengths=[0.4])
    block, period, trial = block_of(task)
    watched = period != "fixation"
    for truth in (0, 1):
        here = watched & (block.trials.ground_truth[trial] == truth)
        clean = 0.4 * truth * (period == "stimulus")
        check_normal((block.ob[:, 1] - clean)[here], 1 / 20**0.5)
    go = block.trials.ground_truth[trial] == 1
    assert (block.gt == (go & np.isin(period, ["stimulus", "decision"]))).all()
    assert not block.ob[~watched, 1].any()


def test_detection_pays_what_is_seen_in_time():
    task = Detection()
    cases = [
        (1, at("stimulus", 1), 1, "correct", 1),
        (1, at("decision", 1, 2), 1, "correct", 1),
        (1, at("delay", 1), -1, "early", 0),
        (1, lambda env: 0, -1, "miss", 0),
        (0, lambda env: 0, 0, "withheld", 1),
        (0, at("stimulus", 1), -1, "error", 0),
        (0, at("delay", 1), -1, "early", 0),
    ]
    for truth, act, reward, outcome, performance in cases:
        trace = played(task, act, ground_truth=truth)
        assert trace.rewards.sum() == reward
        assert trace.end["outcome"] == outcome
        assert trace.end["performance"] == performance
    assert played(task, at("decision", 1, 2), ground_truth=1).end["rt"] == 300


def test_no_answer_is_right_where_there_is_no_time_for_a_stimulus():
    forced = dict(stimulus=0, decision=0, ground_truth=1)
    trace = played(Detection(), lambda env: 0, **forced)
    assert trace.end["outcome"] == "withheld"
    assert not trace.gt.any()


def test_the_tone_comes_when_it_should():
    task = ToneDetection(dt=10, sigma=0)
    for truth, onset in enumerate((None, 500, 1000, 1500)):
        trace = played(task, lambda env: env.gt_now, ground_truth=truth)
        on = np.flatnonzero(trace.ob[:, 1]) * 10
        assert on.tolist() == ([] if onset is None else list(range(onset, onset + 50, 10)))
        assert trace.rewards.sum() == 1
        assert trace.end["outcome"] == ("withheld" if onset is None else "correct")
        assert np.flatnonzero(trace.gt).size == bool(truth)
    missed = played(task, lambda env: 0, ground_truth=2)
    assert missed.rewards.sum() == pytest.approx(-0.1)


def test_annubes_shows_one_modality_or_both_in_noise():
    task = AnnubesEnv(audiovisual=0.5, noise_std=0.05, tau=50, catch_prob=0.25)
    block, period, trial = block_of(task)
    c = {name: values[trial] for name, values in block.trials.conditions.items()}
    on = period == "stimulus"
    for column, modality in ((2, "v"), (3, "a")):
        there = (c["ground_truth"] == 1) & np.isin(c["modality"], [modality, "va"])
        a = 100 / 50
        check_normal((block.ob[:, column] - there * c["intensity"])[on], 0.05 * (2 * a) ** 0.5 / a)
    assert not block.ob[~on].any()
    share = block.trials.ground_truth.mean()
    assert abs(share - 0.75) < 4 * (0.75 * 0.25 / block.n) ** 0.5
    assert set(np.unique(block.trials.modality)) == {"v", "a", "va"}


def test_annubes_decides_with_the_first_response():
    cases = [(1, 1, 1, 1), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 1)]
    for truth, action, reward, performance in cases:
        trace = played(AnnubesEnv(), at("stimulus", action, 3), ground_truth=truth)
        assert (trace.rewards.sum(), trace.end["performance"]) == (reward, performance)


def test_annubes_needs_a_modality():
    with pytest.raises(ValueError, match="visual, auditory and audiovisual are 0"):
        AnnubesEnv(visual=0, auditory=0)
    rows = ngym.rollout("AnnubesEnv", "oracle", trials=20, auditory=0)
    assert {row["conditions"]["modality"] for row in rows} == {"v"}
