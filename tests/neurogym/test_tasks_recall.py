"""Recall of patterns, and colours on a wheel."""

import numpy as np
import pytest

import neurogym as ngym

RNG = np.random.default_rng(4)


def play(env, act):
    """One trial from the start of it: rewards, observations and how it ended."""
    info, rewards, seen = {"new_trial": False}, [], []
    while not info["new_trial"]:
        seen.append(env.ob[env.t_ind].copy())
        *_, reward, _, _, info = env.step(act(env))
        rewards.append(reward)
    return np.array(rewards), np.array(seen), info


@pytest.mark.parametrize("balanced", [True, False])
def test_what_is_asked_for_was_marked_and_is_damaged(balanced):
    env = ngym.make("MemoryRecall-v0", balanced=balanced, p_recall=0.4, chance=0.8).unwrapped
    env.reset(seed=2)
    hurt = []
    for _ in range(40):
        rewards, seen, info = play(env, lambda env: env.gt_now)
        recall = seen[:, -1] > 0
        study, cues = seen[~recall], seen[recall]
        marked = {tuple(row[:10]) for row in study[study[:, 10] > 0]}
        assert len(study) + len(cues) == info["trial"]["length"]
        assert len(cues) == study[:, 10].sum() == int(0.4 * info["trial"]["length"])
        assert rewards.sum() == len(cues)
        assert info["performance"] == 1
        for cue in cues[:, :10]:
            away = min(np.sum(np.asarray(pattern) != cue) for pattern in marked)
            hurt.append(away / 10)
        assert set(np.unique(study[:, :10])) <= ({-1.0, 1.0} if balanced else {0.0, 1.0})
    p = 0.4 if balanced else 0.2
    n = 10 * len(hurt)
    assert abs(np.mean(hurt) - p) < 4 * np.sqrt(p * (1 - p) / n) + (0.02 if not balanced else 0)


def test_the_reward_of_a_recall_falls_with_its_error():
    env = ngym.make("MemoryRecall-v0").unwrapped
    env.reset(seed=3, options={"conditions": {"length": 15}})
    rewards, _, info = play(env, lambda env: 0.5 * env.gt_now)
    assert rewards.sum() == pytest.approx(0.75)  # half a unit away, of a span of two
    assert info["outcome"] == "correct"
    env.reset(seed=3, options={"conditions": {"length": 15}})
    rewards, _, info = play(env, lambda env: -env.gt_now)
    assert (rewards.sum(), info["performance"], info["outcome"]) == (0, 0, "error")
    env.reset(seed=3)
    assert play(env, lambda env: np.zeros(10))[2]["outcome"] == "miss"


def test_the_last_step_of_each_pattern_counts_whatever_dt_is():
    env = ngym.make("MemoryRecall-v0", dt=20, p_recall=0.2, timing={"recall": 200}).unwrapped
    env.reset(seed=5, options={"conditions": {"length": 20}})
    rewards, seen, _ = play(env, lambda env: env.gt_now)
    recall = np.flatnonzero(seen[:, -1] > 0)
    assert np.flatnonzero(rewards).tolist() == [recall[0] + 10 * k - 1 for k in range(1, 5)]


def test_bad_sizes_of_a_recall_are_refused():
    with pytest.raises(ValueError, match="t_max = 10 is below t_min = 12"):
        ngym.make("MemoryRecall-v0", t_min=12, t_max=10)
    with pytest.raises(ValueError, match=r"0\.5"):
        ngym.make("MemoryRecall-v0", p_recall=0.6)


@pytest.mark.parametrize(("away", "outcome"), [(0, "correct"), (7, "correct"), (8, "error")])
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_answer_on_the_wheel_earns_by_its_distance_round_the_circle(away, outcome, sign):
    env = ngym.make("delayestimation-v0").unwrapped
    for truth in (0, 3, 91, 179):
        env.reset(seed=1, options={"conditions": {"ground_truth": truth}})
        answer = 1 + (truth + sign * away) % 180

        def act(env, answer=answer):
            return answer if env.in_period("decision") else 0

        rewards, _, info = play(env, act)
        assert rewards[-1] == pytest.approx(1 - away / 90)
        assert info["performance"] == pytest.approx(1 - away / 90)
        assert info["outcome"] == outcome


def test_the_colour_asked_for_can_be_read_from_the_channels_of_its_place():
    env = ngym.make("delayestimation-v0", sigma=0).unwrapped
    env.reset(seed=6)
    sizes = set()
    for _ in range(60):
        sizes.add(env.trial["set_size"])
        stimulus = env.ob[env.start_ind["stimulus"], 1:65].reshape(8, 8)
        assert (stimulus.any(axis=1)).sum() == env.trial["set_size"]
        place = env.ob[-1, 65:].argmax()
        angle = np.angle(stimulus[place] @ np.exp(2j * np.pi * np.arange(8) / 8))
        off = (angle / (2 * np.pi) * 180 - env.trial["ground_truth"] + 90) % 180 - 90
        assert abs(off) < 1.5
        env.new_trial()
    assert sizes == set(range(1, 9))
