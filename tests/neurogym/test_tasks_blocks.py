"""Tasks with blocks and history: what follows what, as often as it is told."""

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym.trials.catalogue import task_class
from neurogym.trials.stream import Stream
from tests.sampling import ALPHA, as_often, shares


def drawn(task_id, n=6000, **params):
    stream = Stream(task_class(task_id)(**params), 5)
    parts, number = [], 0
    while number < n:
        draw = stream.draw(len(parts))
        parts.append(draw.conditions)
        number += draw.n
    return {name: np.concatenate([part[name] for part in parts])[:n] for name in parts[0]}


def runs(values):
    """Lengths of runs of equal values, the last one left out."""
    edges = np.flatnonzero(np.diff(values)) + 1
    return np.diff(np.concatenate([[0], edges]))


IBLS = ("perceptualdecisionmaking.ibl20-v0", "IBL_Block-v0")
UNBIASED = 2


@pytest.mark.parametrize("id", IBLS)
def test_ninety_trials_without_a_bias_then_sides_in_turn(id):
    trials = drawn(id, 30_000)
    blocks, truth = trials["block"], trials["ground_truth"]
    assert (blocks[:90] == UNBIASED).all()
    assert (blocks[90:] != UNBIASED).all()
    starts = np.flatnonzero(np.diff(blocks[90:])) + 91
    order = blocks[starts]
    assert (order[1:] == 1 - order[:-1]).all()
    for block in (0, 1):
        here = truth[blocks == block]
        assert as_often((here == block).sum(), here.size, 0.8)
    first = [task_stream(id, seed).draw(0).conditions["ground_truth"] for seed in range(60)]
    assert as_often(np.sum(first), np.size(first), 0.5)


def task_stream(id, seed, **params):
    return Stream(task_class(id)(**params), seed)


@pytest.mark.parametrize("id", IBLS)
def test_lengths_of_blocks_are_exponential_from_20_to_99(id):
    lengths = runs(drawn(id, 60_000)["block"])[1:]
    law = stats.truncexpon(80 / 60, loc=20, scale=60)  # the rig's code draws again from 100 on
    assert (lengths.min(), lengths.max()) == (20, 99)
    edges = np.array([20, 30, 40, 50, 60, 70, 80, 90, 100])
    counts, _ = np.histogram(lengths, edges)
    assert stats.chisquare(counts, lengths.size * np.diff(law.cdf(edges))).pvalue > ALPHA
    mean = law.mean() - 0.5  # rounded down
    assert abs(lengths.mean() - mean) < 4 * law.std() / lengths.size**0.5


@pytest.mark.parametrize("id", ["IBL-v0", *IBLS])
def test_contrasts_are_those_of_the_rig_and_0_comes_half_as_often(id):
    trials = drawn(id)
    stated = {0.0: 1 / 9, 6.25: 2 / 9, 12.5: 2 / 9, 25.0: 2 / 9, 100.0: 2 / 9}
    assert shares(trials["coh"], stated)
    assert task_class(id).paper.link.endswith("eLife.63711")


@pytest.mark.parametrize("id", IBLS)
def test_where_nothing_is_seen_the_block_tells_the_side_in_four_of_five_trials(id):
    """What the task is about: a prior that is worth most where the evidence is weak."""
    trials = drawn(id, 30_000)
    blank, truth = trials["coh"] == 0, trials["ground_truth"]
    late = blank & (trials["block"] != UNBIASED)
    assert as_often((truth == trials["block"])[late].sum(), late.sum(), 0.8)
    # who knows not the block but what was right last does better than chance, and worse than that
    again = (truth[1:] == truth[:-1])[late[1:]]
    stay = 0.8**2 + 0.2**2
    switched = (np.diff(trials["block"]) != 0)[late[1:]].mean()
    expected = (1 - switched) * stay + switched * 2 * 0.8 * 0.2
    assert as_often(again.sum(), again.size, expected)


def test_blocks_as_neurogym_has_them_are_a_preset():
    preset = task_class(IBLS[0]).preset("neurogym")
    trials = drawn(IBLS[0], **preset)
    assert set(runs(trials["block"])) == {90}
    assert shares(trials["coh"], dict.fromkeys((0, 6.4, 12.8, 25.6, 51.2), 0.2))
    trials = drawn(IBLS[1], **task_class(IBLS[1]).preset("neurogym"))
    assert set(runs(trials["block"])) == {200}
    for block, p in enumerate((0.2, 0.8, 0.5)):
        here = trials["ground_truth"][trials["block"] == block]
        assert here.size > 500
        assert as_often((here == 1).sum(), here.size, p)


def test_blocks_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="block_least = 200: expected at most block_most"):
        ngym.make("IBL_Block", block_least=200)


@pytest.mark.parametrize("id", ["RDM_hist-v0", "Priors-v0"])
def test_sides_repeat_as_often_as_their_block_says(id):
    trials = drawn(id, rep_prob=[0.3, 0.9], block_dur=100)
    assert set(runs(trials["block"])) == {100}
    again = trials["ground_truth"][1:] == trials["ground_truth"][:-1]
    for block, p in enumerate((0.3, 0.9)):
        here = again[trials["block"][1:] == block]
        assert as_often(here.sum(), here.size, p)


def test_the_streams_of_priors_have_their_means_and_noise():
    task = task_class("Priors-v0")(stim_ev=0.5, sigma=5.0)
    block = Stream(task, 3).blocks(0, 6)
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))
    on = block.period == 0
    truth, less = block.trials.ground_truth[trial], block.trials.difference[trial]
    for side in (0, 1):
        mean = 1 - (truth != side) * less
        rest = (block.ob[:, 1 + side] - mean)[on]
        assert abs(rest.mean()) < 4 * rest.std() / rest.size**0.5
        assert stats.kstest(rest / 0.5, "norm").pvalue > ALPHA
        assert not block.ob[~on, 1 + side].any()
    assert 0 <= less.min() < 0.02 < 0.48 < less.max() <= 0.5


def test_priors_v0_shows_what_was_done_and_earned_and_keeps_to_what_is_in_play():
    env = ngym.make("priors.priors_v0", n_ch=5, block_nch=20).unwrapped
    names = env.observation_space.name
    assert {"action", "reward"} < set(names)
    ob, _ = env.reset(seed=2)
    rng, last, sizes = np.random.default_rng(0), (0, 0.0), set()
    for _ in range(3000):
        assert ob[names["action"]] == last[0]
        assert ob[names["reward"]] == np.float32(last[1])
        action = env.gt_now if rng.random() < 0.8 else int(rng.integers(6))
        active = [int(k) for k in env.trial["active"].split("-")]
        assert env.trial["ground_truth"] + 1 in active
        sizes.add(len(active))
        ob, reward, *_ = env.step(action)
        last = action, reward
    assert sizes == {2, 3, 4, 5}


def test_what_mostly_follows_does():
    trials = drawn("priors.priors_v0-v0", n_ch=3, block_nch=10_000, prob_12=0.0, probs=0.9)
    follows = [[int(k) - 1 for k in text.split("-")] for text in trials["transitions"]]
    in_play = np.array([text.count("-") + 1 for text in trials["active"]])
    truth, hits = trials["ground_truth"], []
    for k in range(1, truth.size):
        if in_play[k] == 3:
            hits.append(follows[k][truth[k - 1]] == truth[k])
    assert not hits or as_often(sum(hits), len(hits), 0.9)
    assert len(hits) in (0, truth.size - 1)


def test_collections_hold_them():
    assert "perceptualdecisionmaking.ibl20-v0" in ngym.get_collection("perceptualdecisionmaking")
    assert ngym.get_collection("priors") == ["priors.priors_v0-v0"]
    with pytest.raises(ValueError, match="p_block"):
        ngym.make("perceptualdecisionmaking.ibl20", p_blok=0.7)
