"""QUEST+ and staircases: what they show next, and what they find."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.records import trial_table
from neurogym.spec.forms import FORMS, with_lapses
from neurogym.spec.outcomes import Outcome, Result, Results
from neurogym.trials.catalogue import configure, task_class
from neurogym.wrappers import QuestPlus, Staircase
from tests.neurogym.test_wrapper_effects import Observer

TASK = "PerceptualDecisionMaking"


@pytest.fixture(scope="module")
def dots():
    return configure(task_class(f"{TASK}-v0"))


def played(layer, task, shares, trials, rng):
    """The state of n observers after some trials; `shares(levels)` (n,) tells how often right."""
    n = shares(np.array([50.0])).size
    state = layer.at_first(task, n)
    for _ in range(trials):
        right = rng.random(n) < shares(state["level"])
        outcome = np.where(right, Outcome.CORRECT, Outcome.ERROR)
        results = Results(right.astype(float), outcome, np.ones(n, int))
        state = layer.follow(task, state, {"coh": state["level"]}, results)
    return state


def weibull(threshold, slope=2.0, lapse=0.04):
    return lambda x: with_lapses(FORMS["weibull"](x, threshold, 1 / slope), 0.5, lapse, 0.5)


# -- QUEST+ ----------------------------------------------------------------------------------------


def slow(grid, right, wrong):
    """The posterior and the level of least expected entropy, by their definitions."""
    posterior = np.ones(grid.threshold.size)
    for g in range(grid.threshold.size):
        for x in range(grid.levels.size):
            posterior[g] *= grid.share[g, x] ** right[x] * (1 - grid.share[g, x]) ** wrong[x]
    posterior /= posterior.sum()
    expected = []
    for x in range(grid.levels.size):
        entropy = 0.0
        for likelihood in (grid.share[:, x], 1 - grid.share[:, x]):
            p = float((posterior * likelihood).sum())
            after = posterior * likelihood / p
            entropy -= p * float((after * np.log(np.maximum(after, 1e-300))).sum())
        expected.append(entropy)
    return posterior, np.array(expected)


@pytest.mark.parametrize("form", list(FORMS))
def test_the_next_level_is_that_of_the_least_expected_entropy(dots, form):
    layer = QuestPlus(form=form, levels=9, slopes=[1.0, 3.0], lapses=[0.0, 0.05], low=2, high=90)
    grid, rng = layer.grid(dots), np.random.default_rng(0)
    assert grid.share.shape == (9 * 2 * 2, 9)
    for _ in range(10):
        right, wrong = rng.integers(0, 6, (2, 9))
        posterior, expected = slow(grid, right, wrong)
        found = grid.posterior(right[None], wrong[None])
        np.testing.assert_allclose(found[0], posterior, atol=1e-12)
        before = -(posterior * np.log(np.maximum(posterior, 1e-300))).sum()
        np.testing.assert_allclose(grid.information(found)[0], before - expected, atol=1e-9)
        assert grid.best(found)[0] == grid.levels[np.argmin(np.round(expected, 9))]


def test_fifty_trials_find_the_threshold_as_well_as_the_package_questplus(dots):
    """questplus 2023.1: an error of 0.229 in ln threshold (60 runs, the same grid and observer)."""
    rng, n = np.random.default_rng(3), 150
    threshold = np.exp(rng.uniform(np.log(4), np.log(40), n))
    layer = QuestPlus(low=1.6)
    state = played(layer, dots, weibull(threshold), 50, rng)
    grid = layer.grid(dots)
    middle, sd = grid.mean(grid.posterior(state["right"], state["wrong"]))
    error = middle - np.log(threshold)
    assert np.sqrt(np.mean(error**2)) < 0.25
    assert abs(error.mean()) < 0.08
    assert np.mean(np.abs(error) < 1.96 * sd) > 0.9
    constant = QuestPlus(low=1.6, levels=3)  # levels that tell little find less
    poor = played(constant, dots, weibull(threshold), 50, rng)
    grid = constant.grid(dots)
    middle, _ = grid.mean(grid.posterior(poor["right"], poor["wrong"]))
    assert np.sqrt(np.mean((middle - np.log(threshold)) ** 2)) > 0.25


def test_the_estimate_of_a_run_is_near_the_truth_and_replays():
    layer = QuestPlus(low=1.0, max_trials=60)
    env = layer.around(configure(task_class(f"{TASK}-v0")))
    share = weibull(12.0)
    rows = ngym.rollout(env, Observer(lambda trial: share(trial["coh"])), trials=100, seed=1)
    assert len(rows) == 60  # it came to its end
    (found,) = env.estimates(after(env, rows[-1]))
    assert found.condition == "coh"
    assert found.interval[0] < 12 < found.interval[1]
    assert abs(np.log(found.threshold / 12)) < 0.5
    assert found.over
    assert str(found).startswith("threshold of coh: ")
    again = ngym.rollout(env, "random", yoke=rows)
    assert [row["conditions"] for row in again] == [row["conditions"] for row in rows]
    assert len({row["conditions"]["coh"] for row in rows}) > 4


def after(task, row):
    """What the trial after a row is told."""
    result = Result(row["performance"], Outcome[row["outcome"].upper()], row["response"] or 0)
    return task.learn(row["memory"], row["conditions"], result)


def test_the_harder_side_can_be_the_higher_one(dots):
    layer = QuestPlus(harder="higher", form="logistic", low=0, high=100, slopes=[8.0])
    grid = layer.grid(dots)
    assert (np.diff(grid.share, axis=1) <= 1e-9).all()
    rng = np.random.default_rng(2)

    def share(x):
        return 0.5 + 0.5 * FORMS["logistic"](-np.broadcast_to(x, 40), -35, 3.0)

    state = played(layer, dots, share, 60, rng)
    middle, _ = grid.mean(grid.posterior(state["right"], state["wrong"]))
    assert middle.mean() == pytest.approx(35, abs=4)


def test_it_ends_when_the_threshold_is_known(dots):
    layer = QuestPlus(max_sd=0.3)
    rng, over = np.random.default_rng(5), []
    for trials in (5, 80):
        state = played(layer, dots, weibull(np.array([12.0])), trials, rng)
        over.append(layer.estimate(dots, {k: v[0].tolist() for k, v in state.items()}).over)
    assert over == [False, True]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        (dict(low=0), "give a low"),
        (dict(slopes=[]), "slopes"),
        (dict(lapses=[0.7]), "from 0 to 0"),
        (dict(low=50, high=20), "low = 50"),
        (dict(form="probit"), "probit"),
    ],
)
def test_bad_settings_are_told(dots, params, told):
    with pytest.raises(ValueError, match=told):
        dots.wrapped(QuestPlus(**params))


# -- staircases ------------------------------------------------------------------------------------


def told_of(layer, task, answers):
    """The estimate after some answers."""
    state = layer.at_first(task, 1)
    for right in answers:
        outcome = np.array([Outcome.CORRECT if right else Outcome.ERROR])
        results = Results(np.array([float(right)]), outcome, np.ones(1, int))
        state = layer.follow(task, state, {"coh": state["level"]}, results)
    return layer.estimate(task, {k: v[0].tolist() for k, v in state.items()})


def test_a_threshold_is_the_mean_of_pairs_of_reversals(dots):
    layer = Staircase(start=40, down=1, steps=[4], step_type="linear", discard=0)
    # 40 36 32, wrong 36, right 32 28, wrong 32: reversals at 32, 36, 28
    found = told_of(layer, dots, [1, 1, 0, 1, 1, 0])
    assert found.threshold == pytest.approx((32 + 36) / 2)
    assert "3 reversals, 2 of which count" in found.told
    found = told_of(layer, dots, [1, 1, 0, 1, 1, 0, 1])
    assert found.threshold == pytest.approx((32 + 36 + 28 + 32) / 4)
    ratio = Staircase(start=64, down=1, steps=[2], discard=1)
    found = told_of(ratio, dots, [1, 0, 1, 0])  # 64 32 | 64 | 32 | 64: the first is not counted
    assert found.threshold == pytest.approx((64 * 32) ** 0.5)
    assert np.isnan(told_of(ratio, dots, [1, 1]).threshold)
    assert "not known yet" in str(told_of(ratio, dots, [1, 1]))


def test_reversals_find_the_target_of_the_rule(dots):
    rng, threshold = np.random.default_rng(4), np.full(60, 12.0)
    layer = Staircase(start=50, down=2, steps=[1.6, 1.25])
    share = weibull(threshold, lapse=0.0)
    state = played(layer, dots, share, 150, rng)
    found = [
        layer.estimate(dots, {k: v[i].tolist() for k, v in state.items()}).threshold
        for i in range(60)
    ]
    at = share(np.full(60, np.exp(np.mean(np.log(found)))))[0]
    assert at == pytest.approx(layer.target, abs=0.02)


def test_it_ends_after_reversals_or_trials(dots):
    answers = [1, 0] * 5
    assert not told_of(Staircase(down=1), dots, answers).over
    assert told_of(Staircase(down=1, max_reversals=9), dots, answers).over
    assert not told_of(Staircase(down=1, max_reversals=10), dots, answers).over
    assert told_of(Staircase(down=1, max_trials=10), dots, answers).over


def test_at_its_bounds_it_says_so(dots):
    layer = Staircase(start=20, low=10, down=1, steps=[2], step_type="ratio")
    assert "2 times it was at its lowest level" in told_of(layer, dots, [1, 1, 1]).told
    assert "level" not in told_of(layer, dots, [1, 0, 1]).told


def test_a_memory_of_an_earlier_version_can_be_read(dots):
    old = {"level": 12.5, "right": 1, "wrong": 0, "way": 1, "reversals": 3}
    task = dots.wrapped(Staircase())
    env = ngym.make(TASK, stack=[{"Staircase": {}}]).unwrapped
    trial_table.begin(env, 1, 5, memory={"Staircase": old})
    assert env.trial["coh"] == 12.5
    assert task.learn({"Staircase": old}, {"coh": 12.5}, Result(0.0, Outcome.ERROR, 1))
