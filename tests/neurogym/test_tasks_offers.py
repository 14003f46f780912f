"""Choices among offers: what each earns, and what is shown."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.tasks.offers import OFFERS
from tests.sampling import block_of


def played(task, action, n=200, **params):
    env = ngym.make(task, **params).unwrapped
    env.reset(seed=4)
    for _ in range(n):
        periods = env.task.rule.periods
        info, total = {"new_trial": False}, 0.0
        while not info["new_trial"]:
            asked = any(env.in_period(period) for period in periods)
            _, reward, _, _, info = env.step(action if asked else 0)
            total += reward
        yield info, total


def test_the_sure_choice_earns_less_and_only_where_it_is_offered():
    for info, earned in played("PostDecisionWager", 3):
        offered = info["trial"]["wager"]
        assert earned == pytest.approx(0.8 if offered else -0.1)
        assert info["performance"] == pytest.approx(0.8 if offered else 0.0)
        assert (info["response"], info["outcome"]) == (3, "none")
        assert not np.isnan(info["rt"])


def test_the_sure_choice_pays_an_observer_where_it_is_unsure():
    """Kiani & Shadlen (2009): it is taken more often, the weaker and the shorter the motion is."""
    task = ngym.make("PostDecisionWager").unwrapped.task
    block, period, trial = block_of(task, 60)
    on = period == "stimulus"
    steps = np.bincount(trial[on], minlength=block.n)
    more = block.ob[on, 1] - block.ob[on, 2]  # for the first direction
    seen = np.bincount(trial[on], more, block.n) / steps
    sd = task.sigma * (2 / (steps * task.dt)) ** 0.5
    levels = np.array(task.cohs) / 100
    first, second = (
        np.exp(-(((seen[:, None] - sign * levels) / sd[:, None]) ** 2) / 2).sum(axis=1)
        for sign in (1, -1)
    )
    sure_of = np.maximum(first, second) / (first + second)
    takes = sure_of < task.rewards["sure"] / task.rewards["correct"]
    coh, ms = block.trials.coh, steps * task.dt
    by_level = [takes[coh == c].mean() for c in task.cohs]
    assert (np.diff(by_level) < 0.02).all()
    assert by_level[0] > 0.5
    assert by_level[-1] < 0.1
    weak = coh < 10
    assert takes[weak & (ms < 200)].mean() > takes[weak & (ms > 300)].mean()
    right = (second > first) == block.trials.ground_truth
    assert right[~takes].mean() > 0.8 > right[takes].mean()


def test_neurogym_pays_seven_tenths_for_the_sure_choice():
    for info, earned in played("PostDecisionWager", 3, 40, preset="neurogym"):
        assert earned == pytest.approx(0.7 if info["trial"]["wager"] else -0.1)


@pytest.mark.parametrize("choice", [0, 1])
def test_the_other_choices_are_right_or_wrong(choice):
    for info, earned in played("PostDecisionWager", 1 + choice):
        right = info["trial"]["ground_truth"] == choice
        assert earned == float(right)
        assert info["outcome"] == ("correct" if right else "error")


def test_the_sure_channel_is_on_from_its_time_to_the_end_if_it_is_offered():
    env = ngym.make("PostDecisionWager").unwrapped
    for trial in range(40):
        env.reset(seed=1, options={"trial": trial})
        shown = env.ob[:, 3] == 1
        wanted = np.zeros(len(env.gt), bool)
        if env.trial["wager"]:
            wanted[env.end_ind["pre_sure"] :] = True
        np.testing.assert_array_equal(shown, wanted)
        assert env.start_ind["pre_sure"] == env.start_ind["delay"] < env.end_ind["pre_sure"]


@pytest.mark.parametrize("ratio", [1.0, 2.2, 3.5])
def test_each_offer_pays_what_it_shows(ratio):
    unit = np.array([0.22, 0.22 / ratio])  # of juices A and B
    seen = set()
    for choice in (0, 1):
        for info, earned in played("EconomicDecisionMaking", 1 + choice, 300, ratio=ratio):
            trial = info["trial"]
            b, a = (int(part[:-1]) for part in trial["offer"].split(":"))
            worths = sorted((a * unit[0], b * unit[1]), reverse=True)
            right = trial["ground_truth"] == choice
            assert earned == pytest.approx(worths[0 if right else 1], abs=1e-6)
            seen.add((b, a))
    assert seen == set(OFFERS)


def test_amounts_and_juices_are_on_their_channels():
    env = ngym.make("EconomicDecisionMaking").unwrapped
    for trial in range(60):
        env.reset(seed=2, options={"trial": trial})
        b, a = (int(part[:-1]) for part in env.trial["offer"].split(":"))
        row = env.ob[env.start_ind["offer_on"]]
        assert row[0] == 1
        first_is_a = row[1] == 1
        assert row[1:5].tolist() == ([1, 0, 0, 1] if first_is_a else [0, 1, 1, 0])
        assert row[5:] == pytest.approx(np.array([a, b] if first_is_a else [b, a]) / 5)
        assert not env.ob[-1].any()
        assert first_is_a == ((a * 2.2 > b) == (env.trial["ground_truth"] == 0))
