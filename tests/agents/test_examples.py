"""The example scripts that need PyTorch or Stable-Baselines3 learn what they say, on a budget."""

import numpy as np
import pytest

from tests.test_examples import EXAMPLES, load
from tests.test_guides import blocks


@pytest.fixture(autouse=True)
def beside_each_other(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)


def test_a_network_learns_random_dots_from_a_dataset(capsys):
    example = load("supervised_pytorch")
    net = example.train(200)
    assert "batch 200: loss" in capsys.readouterr().out
    assert example.accuracy(net, 300) > 0.7  # chance is 0.5, and coherences are low
    assert example.accuracy(net, 200, cohs=[51.2]) > 0.9


def test_ppo_learns_go_nogo():
    example = load("ppo")
    assert example.performance(example.train(0), 300) < 0.7
    assert example.performance(example.train(40_000), 300) > 0.95


def test_a_recurrent_agent_learns_random_dots():
    example = load("recurrent_ppo")
    model = example.train(40_000)
    assert example.performance(model, 200, cohs=[51.2]) > 0.85


def test_one_network_learns_twenty_tasks():
    example = load("multitask_yang19")
    env = example.all_tasks()
    trained = example.performance(env, example.train(env, 400), 600)
    chance = example.performance(env, "random", 600)
    assert len(trained) == 20
    assert np.mean(list(trained.values())) > 0.75
    assert np.mean(list(chance.values())) < 0.35
    assert min(trained[id] - chance[id] for id in trained) > 0.1


def test_a_courses_network_is_trained_tested_and_looked_into():
    example = load("course")
    rows, activity = example.played(example.train(200), 300)
    x, chosen = example.choices(rows)
    assert np.nanmean(chosen[x >= 25]) > 0.9
    assert np.nanmean(chosen[x <= -25]) < 0.1
    means = example.activity_by_condition(rows, activity)
    along = [mean[-1] @ example.choice_axis(means) for mean in means.values()]
    assert len(means) == 9
    assert np.corrcoef(list(means), along)[0, 1] > 0.9


def test_a_network_ignores_the_evidence_that_does_not_count():
    example = load("context")
    chance = example.agreement(example.rows_of("random", 300))
    learned = example.agreement(example.rows_of(example.train(400), 300))
    assert chance["relevant"] == pytest.approx(0.5, abs=0.15)
    assert learned["relevant"] > 0.8
    assert learned["other"] < 0.3


def test_the_network_on_the_page_on_agents_plays():
    (block,) = blocks("docs/agents.md", "python torch")
    scope = {}
    exec(block, scope)
    assert len(scope["rows"]) == 20
    assert scope["rows"][0]["subject"] == "Net"
