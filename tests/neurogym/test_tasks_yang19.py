"""The twenty tasks of Yang et al. (2019)."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym import wrappers
from neurogym.spec.layout import ring
from neurogym.trials.catalogue import configure, task_class
from neurogym.trials.stream import Stream

ALL = ngym.get_collection("yang19")
REACH = [f"yang19.{name}-v0" for name in ("go", "anti", "dlygo", "dlyanti", "rtgo", "rtanti")]
DECIDE = [f"yang19.{name}-v0" for name in ("dm1", "dm2", "ctxdm1", "ctxdm2", "multidm")]
DELAYED = [id.replace("dm", "dlydm") for id in DECIDE]
MATCH = [f"yang19.{name}-v0" for name in ("dms", "dnms", "dmc", "dnmc")]


def blocks(id, count=8, **params):
    task = configure(task_class(id), **params)
    return task, Stream(task, 3).blocks(4, count)


def within(hits, p):
    hits = np.asarray(hits, bool)
    return abs(hits.mean() - p) < 4 * (p * (1 - p) / hits.size) ** 0.5


def mean_ring(block, period, modality):
    """Mean of each channel of a modality in a period, by trial: (n, 16)."""
    line, columns = block.timeline, slice(1 + 16 * modality, 17 + 16 * modality)
    rows = [
        block.ob[block.offsets[i] + line.start[period][i] : block.offsets[i] + line.end[period][i]]
        for i in range(block.n)
    ]
    return np.array([row[:, columns].mean(axis=0) for row in rows])


def test_there_are_twenty_of_one_shape():
    assert sorted(ALL) == sorted([*REACH, *DECIDE, *DELAYED, *MATCH])
    for id in ALL:
        env = ngym.make(id)
        assert env.observation_space.shape == (33,)
        assert env.action_space.n == 17
        assert id in ngym.all_envs("supervised")
        assert ngym.rollout(env, "oracle", trials=1)[0]["task"] == id
    with pytest.raises(ValueError, match=r"unknown collection .yang.: .*did you mean .yang19."):
        ngym.get_collection("yang")


@pytest.mark.parametrize("id", REACH)
def test_the_spot_is_at_the_answer_or_opposite(id):
    _task, block = blocks(id)
    told = block.trials
    period = "decision" if "rt" in id else "stimulus"
    for modality in (0, 1):
        here = told.modality == modality
        level = mean_ring(block, period, modality)
        assert not level[~here].any()
        away = 8 if "anti" in id else 0
        np.testing.assert_array_equal(
            level[here].argmax(axis=1), (told.ground_truth[here] + away) % 16
        )
        assert level[here].max() == pytest.approx(0.8)
    assert within(told.modality == 1, 0.5)
    assert within(told.modality[1:] == told.modality[:-1], 0.5)
    neighbours = np.sort(mean_ring(block, period, 0)[told.modality == 0][0])[::-1]
    expected = 0.8 * np.exp(-(((ring(16)[1]) / (np.pi / 8)) ** 2) / 2)
    assert neighbours[1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("id", [*DECIDE, *DELAYED])
def test_the_answer_is_where_what_counts_is_stronger(id):
    task, block = blocks(id, 8, sigma=0)
    told, n = block.trials, block.n
    other = (told.ground_truth + told.offset) % 16
    total = np.zeros((n, 2))
    for modality in (0, 1):
        periods = ("stim1", "stim2") if "dly" in id else ("stimulus",)
        level = sum(mean_ring(block, period, modality) for period in periods)
        if not task.given[modality]:
            assert not level.any()
        apart = np.minimum(told.offset, 16 - told.offset) > 4  # bumps that do not overlap
        at = np.stack([level[np.arange(n), told.ground_truth], level[np.arange(n), other]], axis=1)
        if task.relevant[modality]:
            total += at
    assert apart.sum() > 200
    assert (total[apart, 0] > total[apart, 1]).all()
    if "ctx" in id:
        level = sum(mean_ring(block, period, int(task.relevant[0])) for period in periods)
        favours = level[np.arange(n), told.ground_truth] > level[np.arange(n), other]
        assert within(favours[apart], 0.5)


def test_noise_is_where_the_evidence_is():
    for id, noisy in (("yang19.dm1-v0", ["stimulus"]), ("yang19.dlydm2-v0", ["stim1", "stim2"])):
        _, block = blocks(id)
        names, period = block.timeline.periods, block.period
        for i, name in enumerate(names):
            values = block.ob[period == i][:, 1:]
            is_noisy = np.unique(values).size > 100
            assert is_noisy == (name in noisy)
    assert block.ob[period == names.index("stim1")][:, 1:17].std() == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("id", MATCH)
def test_match_or_not_decides_whether_to_answer(id):
    task, block = blocks(id, 12, sigma=0)
    told, _n = block.trials, block.n
    test = task.tested(told.conditions)
    if "dmc" in id or "dnmc" in id:
        same = told.direction // 8 == test // 8
        assert all(within(test == k, 1 / 16) for k in range(16))
    else:
        same = told.direction == test
        assert ((told.direction - test) % 8 == 0).all()
    np.testing.assert_array_equal(same, told.ground_truth == 0)
    label = np.array([block.gt[stop - 1] for stop in block.offsets[1:]])
    go = same if id in (MATCH[0], MATCH[2]) else ~same
    np.testing.assert_array_equal(label, np.where(go, test + 1, 0))
    for modality in (0, 1):
        here = told.modality == modality
        seen = mean_ring(block, "test", modality)[here].argmax(axis=1)
        np.testing.assert_array_equal(seen, test[here])


def test_all_twenty_can_be_trained_on_at_once():
    env = wrappers.ScheduleEnvs([ngym.make(id) for id in ALL], order="random", env_input=True)
    assert env.observation_space.shape == (53,)
    assert env.action_space.n == 17
    inputs, targets, _more = ngym.Dataset(env, batch_size=8, seq_len=400, seed=1, details=True)()
    cue = inputs[:, :, 33:]
    assert (cue.sum(axis=2) == 1).all()
    assert (cue.sum(axis=(0, 1)) > 0).all()
    assert set(np.unique(targets)) == set(range(17))
    rows = ngym.rollout(env, "oracle", trials=100)
    assert all(row["performance"] == 1 for row in rows)
    assert len({row["conditions"]["task"] for row in rows}) == 20


def test_odd_rings_and_single_strengths_are_refused():
    with pytest.raises(ValueError, match="an even number has opposite directions"):
        ngym.make("yang19.go", dim_ring=15)
    with pytest.raises(ValueError, match="two different strengths"):
        ngym.make("yang19.dlydm1", cohs=[0.5])
