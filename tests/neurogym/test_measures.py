"""Measures of a trial table, against what is known of them."""

import gymnasium as gym
import numpy as np
import pytest
from scipy import stats

from neurogym.envs.episodes import as_trials
from neurogym.records import measures, trial_table
from neurogym.records.measures import (
    chronometric,
    lengths,
    levels,
    median_interval,
    pace,
    psychometric,
    slower,
    summary,
    wilson,
)


def row(correct=True, rt=300.0, response=1, reward=1.0, flags=None, **conditions):
    return trial_table.empty_row(
        conditions=conditions,
        correct=correct,
        rt_ms=rt,
        response=response,
        reward=reward,
        flags=flags or {},
    )


# -- intervals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (3, 10), (5, 10), (99, 100), (0, 50)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_is_the_interval_of_the_score_test(k, n, confidence):
    found = wilson(k, n, confidence)
    expected = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert found == pytest.approx(tuple(expected), abs=1e-9)
    assert 0 <= found[0] <= k / n <= found[1] <= 1


def test_nothing_is_known_of_no_trials():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.85])
def test_wilson_covers(p):
    rng, runs = np.random.default_rng(1), 3000
    counts = rng.binomial(60, p, size=runs)
    inside = np.mean([low <= p <= high for low, high in map(wilson, counts, [60] * runs)])
    assert 0.925 < inside < 0.985


@pytest.mark.parametrize("n", [9, 10, 25, 40, 100, 101])
def test_the_interval_of_a_median_covers(n):
    rng, runs = np.random.default_rng(n), 3000
    samples = rng.lognormal(6, 0.5, size=(runs, n))
    truth = np.exp(6)
    inside = np.mean([low <= truth <= high for low, high in map(median_interval, samples)])
    assert inside > 0.95 - 4 * (0.05 * 0.95 / runs) ** 0.5
    below = np.mean([low > truth for low, _ in map(median_interval, samples)])
    above = np.mean([high < truth for _, high in map(median_interval, samples)])
    assert abs(below - above) < 0.02  # as often too high as too low


@pytest.mark.parametrize("n", [6, 7, 30, 101, 1000, 5001])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_interval_of_a_median_is_the_narrowest_that_covers(n, confidence):
    low, high = median_interval(np.arange(n), confidence)
    assert low + high == n - 1
    miss = 2 * stats.binom.cdf(low, n, 0.5)
    wider = 2 * stats.binom.cdf(low + 1, n, 0.5)
    assert miss <= 1 - confidence + 1e-9 or low == 0
    assert wider > 1 - confidence - 1e-9


def test_the_interval_of_few_values_is_their_range():
    assert median_interval([5.0]) == (5.0, 5.0)
    assert median_interval([7.0, 5.0]) == (5.0, 7.0)
    assert median_interval([3.0, 1.0, 2.0]) == (1.0, 3.0)


def test_a_wider_confidence_gives_a_wider_interval():
    values = np.arange(100.0)
    narrow, wide = median_interval(values, 0.8), median_interval(values, 0.99)
    assert wide[0] < narrow[0] < 49.5 < narrow[1] < wide[1]
    assert narrow[0] + narrow[1] == 99
    assert wide[0] + wide[1] == 99


# -- curves ----------------------------------------------------------------------------------------


def observer(trials=4000, seed=0):
    """An observer whose accuracy and response times are known."""
    rng = np.random.default_rng(seed)
    coh = rng.choice([0.0, 10.0, 50.0], size=trials)
    side = rng.integers(2, size=trials)
    right = rng.random(trials) < stats.norm.cdf(coh / 20)
    rt = rng.normal(800 - 5 * coh, 50)
    return [
        row(bool(r), float(t), 1 + int(s if r else 1 - s), coh=float(c), ground_truth=int(s))
        for c, s, r, t in zip(coh, side, right, rt, strict=True)
    ]


def test_a_psychometric_curve_finds_the_observer():
    points = psychometric(observer(), "coh")
    assert [point.level for point in points] == [0, 10, 50]
    assert sum(point.n for point in points) == 4000
    for point in points:
        assert point.low < stats.norm.cdf(point.level / 20) < point.high


def test_a_signed_curve_runs_from_one_answer_to_the_other():
    points = psychometric(observer(), "coh", signed_by="ground_truth", answer=2)
    assert [point.level for point in points] == [-50, -10, 0, 10, 50]
    for point in points:
        assert point.low - 0.01 < stats.norm.cdf(point.level / 20) < point.high + 0.01


def test_a_chronometric_curve_finds_the_observer():
    for correct in (True, False, None):
        for point in chronometric(observer(), "coh", correct):
            assert point.low <= point.value <= point.high
            if point.n > 20:
                assert point.low - 5 < 800 - 5 * point.level < point.high + 5
    n = {c: sum(p.n for p in chronometric(observer(), "coh", c)) for c in (True, False, None)}
    assert n[True] + n[False] == n[None] == 4000


def test_what_counts():
    interrupted = row(correct=None, rt=None, response=None, flags={"interrupted": True}, coh=1)
    silent = row(correct=False, rt=None, response=None, reward=-0.5, coh=1, side=1)
    found = [row(coh=1, side=1), silent, interrupted]
    assert psychometric(found, "coh")[0].n == 2
    assert psychometric(found, "coh", "side", answer=1)[0].n == 1
    assert chronometric(found, "coh", None)[0].n == 1
    assert summary(found) == {
        "n": 2, "accuracy": 0.5, "median_rt_ms": 300.0, "reward": 0.25, "pace": None,
    }  # fmt: skip
    nothing = {"n": 0, "accuracy": None, "median_rt_ms": None, "reward": None, "pace": None}
    assert summary([]) == summary([interrupted]) == nothing
    assert psychometric([], "coh") == chronometric([], "coh") == []
    assert levels(found[:1], "coh", "side").tolist() == [1]
    assert levels([row(coh=3, side=0)], "coh", "side").tolist() == [-3]


def test_points_are_plain_numbers():
    for point in [*psychometric(observer(50), "coh"), *chronometric(observer(50), "coh")]:
        values = (point.level, point.value, point.low, point.high)
        assert all(type(value) is float for value in values)
        assert type(point.n) is int
    assert measures.proportion(np.array([1.0]), [True])[0].value == 1


# -- how long periods were shown -------------------------------------------------------------------


def trace(steps, *periods):
    """A trial that went through some steps of 100 ms."""
    n = len(steps)
    blank = np.zeros((n, 1)), np.zeros(n), np.zeros(n), np.zeros(n)
    return trial_table.Trace(*blank, np.array(steps), list(periods), 100.0, {})


FIXATION, DECISION = ("fixation", 0, 3), ("decision", 3, 9)


def test_a_period_should_last_the_steps_that_were_played_of_it():
    went = trace([0, 1, 2, 3, 4], FIXATION, DECISION, ("late", 9, 12))
    assert lengths(went) == {"fixation": 300, "decision": 200}
    assert lengths(went, cut=True) == {"fixation": 300}
    skipped = trace([0, 3, 4], FIXATION, DECISION)  # the rest of the first was left out
    assert lengths(skipped) == {"fixation": 100, "decision": 200}
    both = trace([0, 1, 2, 3], FIXATION, ("tone", 2, 4))  # they overlap
    assert lengths(both) == {"fixation": 300, "tone": 200}


def test_pace_is_shown_over_declared():
    declared = {"fixation": 300.0, "decision": 200.0}
    assert pace([["fixation", 5, 300], ["decision", 305, 200]], declared) == 1
    assert pace([["fixation", 5, 450], ["decision", 455, 300]], declared) == pytest.approx(1.5)
    assert pace([["fixation", 5, 330], ["decision", 335, 90]], {"fixation": 300.0}) == 1.1
    assert pace([["fixation", 5, 300], ["decision", 305, None]], declared) is None
    assert pace([], declared) is pace([["fixation", 5, 300]], {}) is None


def test_a_run_is_slower_from_a_twentieth_on():
    assert [slower(p) for p in (None, 0.8, 1.0, 1.049, 1.05, 1.234, 3.0)] == [
        0,
        0,
        0,
        0,
        5,
        23,
        200,
    ]
    paces = [row() | {"pace": p} for p in (1.0, None, 1.5)]
    assert summary(paces)["pace"] == 1.25


def test_an_episode_without_end_has_a_length():
    env = as_trials(gym.make("CartPole-v1", max_episode_steps=-1))
    first = trial_table.begin(env, 1, 0)
    went = trial_table.run_trial(env, lambda ob: 0, first)
    assert lengths(went) == {"episode": pytest.approx(len(went.steps) * env.dt)}
