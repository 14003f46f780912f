"""Plaids and searches: what is seen, and what an answer earns."""

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym.tasks.displays import seen_as
from neurogym.trials.catalogue import task_class
from neurogym.trials.stream import Stream
from tests.sampling import ALPHA, as_often, shares

MS = np.arange(0, 400, 4.0)


@pytest.mark.parametrize("contrast", [0.05, 0.99])
def test_what_is_seen_is_a_distribution_that_becomes_right(contrast):
    for truth in range(4):
        seen = seen_as(MS, np.full(MS.size, contrast), np.full(MS.size, truth))
        np.testing.assert_allclose(seen.sum(axis=1), 1)
        assert (seen >= 0).all()
        assert seen[-1].argmax() == truth
        wrong = seen[:, truth ^ 1] > seen[:, truth] + 0.01
        assert wrong.any() == (contrast > 0.5)  # the strong one seems to go back at first


def test_dt_does_not_change_the_label():
    fine, coarse = (
        ngym.make("SpatialSuppressMotion-v0", dt=dt, tied=True).unwrapped for dt in (5, 50)
    )
    for env in (fine, coarse):
        env.reset(seed=1, options={"conditions": {"contrast": 0.99, "ground_truth": 2}})
    np.testing.assert_array_equal(fine.gt[::10], coarse.gt)


def test_an_answer_after_the_plaid_earns_what_it_shares_with_the_label():
    env = ngym.make("SpatialSuppressMotion", tied=True, timing={"response": 500}).unwrapped
    for said, outcome in ((2, "correct"), (3, "error"), (0, "error")):
        env.reset(seed=1, options={"conditions": {"contrast": 0.99, "ground_truth": 2}})
        info = {"new_trial": False}
        while not info["new_trial"]:
            asked, label = env.in_period("response"), env.gt_now
            *_, reward, _, _, info = env.step(np.eye(4)[said] * asked)
        assert reward == pytest.approx(label[said])
        assert (info["outcome"], info["response"]) == (outcome, said + 1)


def test_size_and_contrast_are_crossed():
    task = task_class("SpatialSuppressMotion-v0")()
    trials = Stream(task, 3).blocks(0, 12).trials
    table = np.array([
        [np.sum((trials.size == s) & (trials.contrast == c)) for c in task.contrasts]
        for s in task.sizes
    ])  # fmt: skip
    assert stats.chisquare(table.ravel()).pvalue > ALPHA
    env = ngym.make("SpatialSuppressMotion-v0").unwrapped
    for size in (1, 4, 8):
        for contrast in (0.03, 0.92):
            env.reset(seed=1, options={"conditions": {"size": size, "contrast": contrast}})
            cells = env.ob[0].reshape(4, 8)
            assert np.count_nonzero(cells.max(axis=0)) == size
            assert cells.max() == pytest.approx(contrast)
            assert cells.max(axis=1).argmax() == env.trial["ground_truth"]
            (plaid,) = (e for e in task.scene.resolve(task, env.trial) if e["kind"] == "waves")
            assert plaid["contrast"] == contrast
            assert plaid["size"] == pytest.approx({1: 0.16, 4: 0.16 * 5 ** (3 / 7), 8: 0.8}[size])


def test_an_observer_with_surround_suppression_shows_its_interaction():
    """Larger is faster where contrast is low, and slower where it is high: Tadin et al. (2003)."""
    env = ngym.make("SpatialSuppressMotion-v0").unwrapped

    def needed(size, contrast):
        """Time until evidence reaches a bound: all that drives, divided by what surrounds."""
        env.reset(seed=1, options={"conditions": {"size": size, "contrast": contrast}})
        drive = env.ob[0].reshape(4, 8).max(axis=0)
        return (1 + 4 * drive[2:].sum() ** 2) / drive.sum()

    low, high = [[needed(size, c) for size in (1, 2, 4, 8)] for c in (0.03, 0.92)]
    assert (np.diff(low) < 0).all()
    assert low[-1] < 0.5 * low[0]
    assert (np.diff(high[1:]) > 0).all()
    assert high[-1] > 2 * high[0]


def test_every_distractor_differs_and_the_target_does_not():
    task = task_class("VisualSearch-v0")()
    env = ngym.make("VisualSearch-v0").unwrapped
    env.reset(seed=2)
    for _ in range(200):
        ob = env.ob[env.start_ind["decision"], 6:].reshape(4, 5)
        sample = env.ob[env.start_ind["sample"], 1:6]
        same = np.isclose(ob, sample).all(axis=1)
        assert np.flatnonzero(same).tolist() == [env.trial["ground_truth"]]
        assert ((ob[:, 2:] >= 0) & (ob[:, 2:] <= 1)).all()
        differs = ~np.isclose(ob, sample)
        by_color, by_angle = differs[:, 2:].any(axis=1), differs[:, :2].any(axis=1)
        both = np.delete(by_color & by_angle, env.trial["ground_truth"])
        assert both.all() if env.trial["popout"] else not both.any()
        env.new_trial()
    np.testing.assert_allclose(np.sort(np.abs(task.centers()), axis=None), 0.5)


def searched(**params):
    """What is seen of the bars in many trials, (n, items, 5), the target's place, the sample."""
    task = task_class("VisualSearch-v0")(n_items=8, set_sizes=[3, 5, 8], **params)
    block = Stream(task, 3).blocks(0, 10)
    at = block.offsets[:-1]
    bars = block.ob[at + block.timeline.start["decision"], 6:].reshape(block.n, 8, 5)
    return block.trials, bars, block.ob[at + block.timeline.start["sample"], 1:6]


def test_a_pop_out_has_one_that_differs_and_a_search_has_both_kinds_of_others():
    told, bars, sample = searched()
    there = bars.any(axis=2)
    np.testing.assert_array_equal(there.sum(axis=1), told.set_size)
    assert shares(told.set_size, {3: 1 / 3, 5: 1 / 3, 8: 1 / 3})
    assert as_often(told.popout.sum(), told.n, 0.5)
    for row in range(told.n):
        others = np.delete(bars[row], told.ground_truth[row], axis=0)
        others = others[others.any(axis=1)]
        differs = ~np.isclose(others, sample[row])
        angle, color = differs[:, :2].any(axis=1), differs[:, 2:].any(axis=1)
        if told.popout[row]:
            np.testing.assert_allclose(others, np.tile(others[:1], (len(others), 1)), atol=1e-6)
            assert angle.all()
            assert color.all()
        else:
            assert (angle != color).all()
            assert abs(2 * color.sum() - len(color)) <= 1  # half and half


def test_set_size_slows_a_serial_search_and_no_pop_out():
    """Treisman & Gelade (1980): half a step an item for a conjunction, none for a feature."""
    told, bars, sample = searched()
    rng, steps = np.random.default_rng(0), np.zeros(told.n)
    for row in range(told.n):
        seen = np.flatnonzero(bars[row].any(axis=1))
        looks = bars[row, seen]
        same = np.isclose(looks[:, None], looks, atol=1e-6).all(axis=2).sum(axis=1)
        if np.sort(same).tolist() == [1, *[len(seen) - 1] * (len(seen) - 1)]:
            # one differs from all others, which are alike: it is seen at once
            assert seen[same.argmin()] == told.ground_truth[row]
            steps[row] = 1
            continue
        for k in rng.permutation(len(seen)):
            steps[row] += 1
            if np.allclose(looks[k], sample[row], atol=1e-5):
                break
    for popout, slope in ((1, 0.0), (0, 0.5)):
        here = told.popout == popout
        fit = stats.linregress(told.set_size[here].astype(float), steps[here])
        assert abs(fit.slope - slope) <= np.nan_to_num(4 * fit.stderr) + 1e-9
    assert (steps[told.popout == 1] == 1).all()


def test_others_of_the_preset_neurogym_differ_in_either_at_random():
    told, bars, sample = searched(p_popout=0.0, balanced=False)
    color = [
        (~np.isclose(np.delete(bars[k], told.ground_truth[k], 0), sample[k]))[:, 2:].any(axis=1)
        [np.delete(bars[k], told.ground_truth[k], 0).any(axis=1)].mean()
        for k in range(told.n)
    ]  # fmt: skip
    assert {0.0, 1.0} < set(color)
    with pytest.raises(
        ValueError, match=r"set_sizes = \[6.0\]: expected whole numbers up to n_items"
    ):
        ngym.make("VisualSearch", set_sizes=[4, 6])


@pytest.mark.parametrize(("off", "outcome"), [(0.09, "correct"), (0.11, "error")])
def test_a_place_is_hit_within_the_tolerance(off, outcome):
    env = ngym.make("VisualSearch-v0", n_items=5).unwrapped
    for trial in range(10):
        env.reset(seed=trial)
        info, way = {"new_trial": False}, np.array([0.6, 0.8]) * off
        while not info["new_trial"]:
            asked = env.in_period("decision")
            *_, reward, _, _, info = env.step(env.gt_now + way * asked)
        assert (reward, info["outcome"]) == (float(outcome == "correct"), outcome)


def test_a_move_before_the_decision_is_too_early():
    env = ngym.make("VisualSearch-v0", abort=True).unwrapped
    env.reset(seed=1)
    *_, reward, _, _, info = env.step([0.5, 0.5])
    assert (reward, info["outcome"]) == (pytest.approx(-0.1), "early")
