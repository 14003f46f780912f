"""Levers, the snail, and two directions to reproduce: what is earned for what is done."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.tasks.foraging import BREATHE, DOWN, SKIN, UP


def do(env, actions, **conditions):
    """What actions earn, from the first step of a trial; and how it ended, if it did."""
    options = {"trial": 0, "conditions": conditions}
    env.reset(seed=1, options=options)
    earned = []
    for action in actions:
        _, reward, _, _, info = env.step(action)
        earned.append(reward)
        if info["new_trial"]:
            return earned, info
    return earned, {}


def at_work(task, period, **params):
    env = ngym.make(task, **params).unwrapped
    env.reset(seed=1, options={"trial": 0})
    return env, [0] * env.start_ind[period]


def test_a_chain_of_presses_pays_at_its_end_and_is_broken_by_a_pause():
    env, wait = at_work("LeverPress", "press", patience=200)
    earned, info = do(env, [*wait, 1, 0, 1, 1, 1])
    assert (earned[-1], sum(earned), info["outcome"]) == (1.0, 1.0, "correct")
    earned, info = do(env, [*wait, 1, 1, 0, 0])
    assert (sum(earned), info["outcome"]) == (0.0, "error")
    earned, info = do(env, [*wait, 0, 0])
    assert info["outcome"] == "miss"
    earned, _ = do(env, [1])
    assert earned == [-1.0]


def test_a_poke_is_paid_after_all_presses_only():
    env, rest = at_work("LeverPressWithPoke", "work", n_press=3)
    earned, info = do(env, [*rest, 2, 2, 1, 2, 1])
    assert earned[len(rest) :] == pytest.approx([-0.01] * 4 + [0.99])
    assert (info["outcome"], info["performance"]) == ("correct", 1.0)
    seen = ngym.make("LeverPressWithPoke", observe_state=True, n_press=3).unwrapped
    seen.reset(seed=1, options={"trial": 0})
    for _ in rest:
        ob, *_ = seen.step(0)
    levels = [ob[0]] + [seen.step(2)[0][0] for _ in range(2)]
    assert levels == [3, 2, 1]


def test_a_drink_is_worth_what_one_is_thirsty():
    env, rest = at_work("LeverPressWithPokeRest", "work", rewards={"time": 0.0})
    early, _ = do(env, [*rest, 2, 2, 2, 2, 1], rate=1.0)
    assert sum(early) == pytest.approx(-0.5)
    later, info = do(env, [*rest, 2, 2, 2, 2, *[0] * 5, 1], rate=1.0)
    assert sum(later) == pytest.approx(-0.5 + 2.0)
    assert info["performance"] == 1.0
    between, info = do(env, [*rest, 2, 2, 2, 2, *[0] * 4, 1], rate=1.05)
    assert sum(between) == pytest.approx(-0.5 + 2 * 0.4)
    assert info["performance"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("start", "training", "acts", "worth"),
    [
        (0, 0, [BREATHE] * 10, 10.0),
        (0, 1, [BREATHE] * 10, -10.0),
        (2, 0, [UP, UP, *[BREATHE] * 8], 8.2),
        (2, 0, [BREATHE] * 10, 0.0),  # there is no air down there
        (3, 1, [SKIN] * 10, 10.0),
        (0, 0, [UP, DOWN, *[SKIN] * 8], 4.2),
    ],
)
def test_what_a_snail_earns(start, training, acts, worth):
    env = ngym.make("Pneumostomeopening").unwrapped
    earned, info = do(env, acts, start=start, training=training)
    assert sum(earned) == pytest.approx(worth)
    best = {(0, 0): 10, (0, 1): 10, (2, 0): 8.2, (3, 1): 10}[start, training]
    assert info["performance"] == (1.0 if worth == best else pytest.approx(max(worth, 0) / best))


def test_the_labels_of_the_snail_earn_most_of_all_that_can_be_done():
    rows = ngym.rollout("Pneumostomeopening", "oracle", trials=60)
    many = ngym.rollout("Pneumostomeopening", "random", yoke=rows)
    assert all(a["reward"] >= b["reward"] for a, b in zip(rows, many, strict=True))
    assert {row["outcome"] for row in rows} == {"correct"}


def test_both_directions_have_to_be_reproduced():
    env = ngym.make("AngleReproduction").unwrapped
    for trial in range(10):
        env.reset(seed=3, options={"trial": trial})
        first, info = env.trial["ground_truth1"], {"new_trial": False}
        while not info["new_trial"]:
            asked = env.in_period("go2")
            *_, info = env.step(0 if asked else env.gt_now)  # the second one is left out
        away = abs(first - info["trial"]["ground_truth2"])
        near = min(away, 2 * np.pi - away) <= env.task.tolerance + 0.4
        assert info["performance"] == 0.0 or near
    rows = ngym.rollout("AngleReproduction", "oracle", trials=30)
    assert {row["outcome"] for row in rows} == {"correct"}


def test_a_curriculum_goes_on_when_enough_was_right():
    rows = ngym.rollout("CVLearning", "oracle", trials=220, trials_day=40)
    phases = [row["conditions"]["phase"] for row in rows]
    assert phases[0] == 0
    assert phases == sorted(phases)
    assert phases[-1] == 5
    rows = ngym.rollout("CVLearning", "random", trials=220, trials_day=40)
    assert max(row["conditions"]["phase"] for row in rows) < 5
