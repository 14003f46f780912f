"""Networks learn in a short, seeded training what the page on learning says, on a budget."""

import pytest

from tests.benchmarks import learning
from tests.benchmarks.learning import Greedy, Plan, Recurrent, best, blind, by_reward, score


def share(id, made, plan):
    """Where a network stands between the best blind answer, 0, and an ideal observer, 1."""
    low, high = blind(id, plan, 100), best(id, plan)
    return (score(id, made, plan) - low) / (high - low)


@pytest.mark.parametrize(
    ("id", "batches", "least"),
    [("PerceptualDecisionMaking", 400, 0.85), ("AntiReach", 600, 0.9), ("Detection", 400, 0.85)],
)
def test_a_network_learns_from_labels(id, batches, least):
    plan = Plan(batches)
    assert share(id, Greedy(learning.supervised(id, plan)), plan) > least


def test_an_untrained_network_is_no_better_than_a_blind_answer():
    plan = Plan(1)
    assert share("AntiReach", Greedy(learning.supervised("AntiReach", plan)), plan) < 0.1


def test_a_network_learns_from_rewards():
    plan = Plan(steps=80_000)
    assert share("GoNogo", Recurrent(by_reward("GoNogo", plan)), plan) > 0.85
