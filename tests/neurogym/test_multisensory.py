"""Two senses are better than one, by as much as an optimal observer can make of them."""

import numpy as np
import pytest
from scipy import stats

from neurogym.tasks.pulses import MultiSensoryIntegration
from neurogym.trials.stream import Stream

COH = 6.0


def decision_variables(task, blocks=30):
    """Of each trial what an optimal observer adds up, by which senses there are and which way."""
    batch = Stream(task, 3).blocks(6, blocks)
    stimulus = batch.period == list(task.timing).index("stimulus")
    first, second = (batch.ob[:, start : start + 2] for start in (1, 3))
    weighted = (first[:, 0] - first[:, 1]) + task.second * (second[:, 0] - second[:, 1])
    sums = np.bincount(batch.trial[stimulus], weighted[stimulus], minlength=batch.n)
    return {
        (sense, way): sums[(batch.trials.modality == sense) & (batch.trials.ground_truth == way)]
        for sense in ("first", "second", "both")
        for way in (0, 1)
    }


def sensitivity(found, sense):
    """d' of the sums, and its standard error."""
    one, other = found[sense, 0], found[sense, 1]
    sd = np.sqrt((one.var() + other.var()) / 2)
    d = (one.mean() - other.mean()) / sd
    return d, np.sqrt(1 / one.size + 1 / other.size + d**2 / (2 * (one.size + other.size)))


@pytest.mark.parametrize("second", [1.0, 0.6])
def test_both_senses_together_have_the_root_of_the_sum_of_squares(second):
    task = MultiSensoryIntegration(dt=50, cohs=[COH], second=second)
    found = decision_variables(task)
    d = {sense: sensitivity(found, sense) for sense in ("first", "second", "both")}
    theory = 2 * COH / 100 * np.sqrt(750 / 2)  # the difference of means / the noise of two channels
    for sense, share in (("first", 1), ("second", second), ("both", np.hypot(1, second))):
        assert d[sense][0] == pytest.approx(share * theory, abs=3.5 * d[sense][1])
    alone = max(d["first"][0], d["second"][0])
    assert d["both"][0] > alone + 3 * d["both"][1]  # the benefit


def test_more_choices_are_right_with_both():
    found = decision_variables(MultiSensoryIntegration(dt=50, cohs=[5]))
    right = {
        sense: np.concatenate([found[sense, 0] > 0, found[sense, 1] < 0]).mean()
        for sense in ("first", "second", "both")
    }
    one = stats.norm.cdf(5 / 100 * np.sqrt(750 / 2))  # of half of d'
    both = stats.norm.cdf(5 / 100 * np.sqrt(750))
    for sense, p in (("first", one), ("second", one), ("both", both)):
        n = sum(found[sense, way].size for way in (0, 1))
        assert right[sense] == pytest.approx(p, abs=3.5 * np.sqrt(p * (1 - p) / n))


def test_a_sense_that_is_absent_is_silent():
    task = MultiSensoryIntegration(dt=50)
    batch = Stream(task, 1).blocks(0, 5)
    for sense, start in (("first", 3), ("second", 1)):
        rows = np.isin(batch.trial, np.flatnonzero(batch.trials.modality == sense))
        assert not batch.ob[rows, start : start + 2].any()


def test_with_a_shared_coherence_nothing_is_gained():
    """NeuroGym's: what one sense loses the other gains, and the sum stays what it is."""
    task = MultiSensoryIntegration(**MultiSensoryIntegration.preset("neurogym"), sigma=0)
    batch = Stream(task, 1).blocks(0, 4)
    stimulus = batch.period == 1
    each = [np.abs(batch.ob[stimulus, k] - batch.ob[stimulus, k + 1]) for k in (1, 3)]
    coh = batch.trials.coh[batch.trial[stimulus]] / 100
    np.testing.assert_allclose(sum(each), coh, atol=1e-6)
    assert np.corrcoef(each[0] / coh, each[1] / coh)[0, 1] < -0.99
