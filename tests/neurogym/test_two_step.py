"""The two-step task tells learners apart that know the ways from those that do not."""

import numpy as np
import pytest

import neurogym as ngym

RUNS, TRIALS = 60, 201  # as long as in the paper


def softmax(rng, values, inverse_temperature=5.0):
    """1 or 2, the likelier the better."""
    p = 1 / (1 + np.exp(inverse_temperature * (values[0] - values[1])))
    return 1 + int(rng.random() < p)


class ModelFree:
    """TD(1): what the end of a trial paid goes to the first choice, whatever the way there."""

    def __init__(self, rate=0.3):
        self.rate, self.first, self.second = rate, np.full(2, 0.5), np.full((2, 2), 0.5)

    def at_first(self):
        return self.first

    def learn(self, first, state, second, reward):
        self.first[first] += self.rate * (reward - self.first[first])
        self.second[state, second] += self.rate * (reward - self.second[state, second])


class ModelBased(ModelFree):
    """What the second options paid, and where the first ones mostly lead."""

    p_common = 0.7

    def at_first(self):
        best = self.second.max(axis=1)
        return self.p_common * best + (1 - self.p_common) * best[::-1]


def interaction(kind, **params):
    """How much more reward makes stay after common than after rare ways."""
    env = ngym.make("DawTwoStep", **params).unwrapped
    stays = {(way, paid): [] for way in (True, False) for paid in (True, False)}
    for run in range(RUNS):
        rng, learner, before = np.random.default_rng(run), kind(), None
        env.reset(seed=run)
        for _ in range(TRIALS):
            env.step(0)
            first = softmax(rng, learner.at_first())
            ob, *_ = env.step(first)
            state = int(ob[3] == 1)
            second = softmax(rng, learner.second[state])
            _, reward, _, _, info = env.step(second)
            assert info["new_trial"]
            if before:
                stays[before[1:]].append(first == before[0])
            before = first, state == first - 1, reward == 1
            learner.learn(first - 1, state, second - 1, reward)
    stay = {how: np.mean(each) for how, each in stays.items()}
    n = sum(1 / len(each) for each in stays.values())
    effect = stay[True, True] - stay[True, False] - (stay[False, True] - stay[False, False])
    return effect, np.sqrt(0.25 * n)


def test_with_walks_only_who_knows_the_ways_cares_for_them():
    effect, se = interaction(ModelFree)
    assert effect == pytest.approx(0, abs=3 * se)
    effect, _ = interaction(ModelBased)
    assert effect == pytest.approx(0.24, abs=4 * se)


def test_with_flips_a_model_free_learner_comes_to_care():
    effect, se = interaction(ModelFree, preset="neurogym")
    assert effect > 0.2 > 6 * se


def test_walks_go_on_through_a_run_and_stay_between_their_bounds():
    env = ngym.make("DawTwoStep").unwrapped
    env.reset(seed=3)
    names = [f"chance{at}{k}" for at in (1, 2) for k in (1, 2)]
    trials = [env.new_trial() for _ in range(TRIALS)]
    values = np.array([[trial[name] for name in names] for trial in trials])
    assert (values >= 0.25).all()
    assert (values <= 0.75).all()
    steps = np.diff(values, axis=0)
    assert np.abs(steps).max() < 5 * 0.025
    assert steps.std() == pytest.approx(0.025, rel=0.1)
    assert np.abs(np.corrcoef(steps.T) - np.eye(4)).max() < 0.3  # each for itself
