"""The twenty tasks of Yang et al. (2019)."""

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym import wrappers
from neurogym.spec.layout import ring
from neurogym.trials.catalogue import configure, task_class
from neurogym.trials.stream import Stream
from tests.sampling import ALPHA

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
    _task, block = blocks(id, sigma=0)
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
        stays = mean_ring(block, "decision", modality)[here]
        assert stays.any() == ("dly" not in id)  # a delayed answer is from memory
    assert within(told.modality == 1, 0.5)
    assert within(told.modality[1:] == told.modality[:-1], 0.5)
    neighbours = np.sort(mean_ring(block, period, 0)[told.modality == 0][0])[::-1]
    expected = 0.8 * np.exp(-(((ring(16)[1]) / (np.pi / 8)) ** 2) / 2)
    assert neighbours[1] == pytest.approx(expected, rel=1e-5)


def peaks(id, **params):
    """How strong the right spot and the other one are, in both modalities: (n, 2, 2)."""
    task, block = blocks(id, 8, sigma=0, **params)
    told, rows = block.trials, np.arange(block.n)
    periods = ("stim1", "stim2") if "dly" in id else ("stimulus",)
    rings = [sum(mean_ring(block, period, m) for period in periods) for m in (0, 1)]
    at = told.ground_truth, (told.ground_truth + told.offset) % 16
    seen = np.stack([[level[rows, place] for place in at] for level in rings])
    return task, told, seen.transpose(2, 0, 1) / 0.8


@pytest.mark.parametrize("id", [*DECIDE, *DELAYED])
def test_the_answer_is_where_what_counts_is_stronger(id):
    task, _told, seen = peaks(id)
    for modality in (0, 1):
        assert seen[:, modality].any() == task.given[modality]
    total = seen[:, list(task.relevant)].sum(axis=1)
    assert (total[:, 0] > total[:, 1]).all()


@pytest.mark.parametrize("id", [*DECIDE, *DELAYED])
def test_strengths_and_distances_are_those_of_the_authors_code(id):
    _task, told, seen = peaks(id)
    degrees = told.offset * 22.5
    assert (degrees.min(), degrees.max()) == (90, 270)
    levels = [0.08, 0.16, 0.32] if "dly" in id else [0.01, 0.02, 0.04, 0.08]
    if "multi" in id:
        whole = seen.mean(axis=1)
        assert (np.abs(seen[:, 0] / whole - 1) > 0.099).all()  # half of 0.2 or more
    else:
        whole = seen[:, 1] if seen[:, 1].any() and not seen[:, 0].any() else seen[:, 0]
    mean, coh = whole.mean(axis=1), np.abs(whole[:, 0] - whole[:, 1]) / 2
    assert stats.kstest(mean, stats.uniform(0.8, 0.4).cdf).pvalue > ALPHA
    nearest = np.array(levels)[np.abs(coh[:, None] - levels).argmin(axis=1)]
    np.testing.assert_allclose(coh, nearest, atol=1e-3)
    assert all(within(nearest == level, 1 / len(levels)) for level in levels)


@pytest.mark.parametrize("id", [id for id in [*DECIDE, *DELAYED] if "ctx" in id])
def test_who_ignores_the_context_is_right_in_three_of_four_trials(id):
    _task, _told, seen = peaks(id)
    difference = np.subtract(*seen.sum(axis=1).T)
    right = np.where(np.abs(difference) < 1e-4, 0.5, difference > 0)  # else a guess
    assert abs(right.mean() - 0.75) < 4 * 0.5 / right.size**0.5


@pytest.mark.parametrize("id", ["yang19.multidm-v0", "yang19.multidlydm-v0"])
def test_one_ring_alone_tells_little_where_both_count(id):
    task, _told, seen = peaks(id)
    rng = np.random.default_rng(1)
    share = 1 + rng.choice((-0.5, 0.5), (2, 10**5)) * rng.uniform(0.2, 0.8, (2, 10**5))
    mean, coh = rng.uniform(0.8, 1.2, 10**5), rng.choice(task.cohs, 10**5)
    expected = np.mean((mean + coh) * share[0] > (mean - coh) * share[1])
    assert expected < 0.85
    for modality in (0, 1):
        assert within(seen[:, modality, 0] > seen[:, modality, 1], expected)


def test_durations_are_those_of_the_authors_code():
    delays, short = [200, 400, 800, 1600], [200, 400, 600]
    timing = {
        "go": dict(fixation=("uniform", 300, 700), stimulus=("uniform", 500, 1500)),
        "dlygo": dict(fixation=[300, 500, 700], stimulus=short, delay=delays),
        "rtgo": dict(fixation=("uniform", 500, 2500)),
        "dm1": dict(fixation=("uniform", 100, 400), stimulus=[400, 800, 1600]),
        "multidm": dict(fixation=("uniform", 100, 400), stimulus=[400, 800, 1600]),
        "ctxdlydm2": dict(fixation=short, stim1=short, delay=delays, stim2=short,
                          delay2=("uniform", 100, 300)),
        "dms": dict(fixation=short, sample=short, delay=delays, test=0, decision=500),
        "dnmc": dict(fixation=short, sample=short, delay=delays, test=0, decision=short),
    }  # fmt: skip
    for name, periods in timing.items():
        have = task_class(f"yang19.{name}")().timing
        for period, spec in periods.items():
            kind, args = (spec[0], spec[1:]) if isinstance(spec, tuple) else ("choice", spec)
            if not isinstance(spec, int):
                assert (have[period].kind, list(have[period].args)) == (kind, list(args))
            else:
                assert have[period].spec == spec


def test_noise_is_on_the_rings_all_the_time_or_where_the_evidence_is():
    for id, noisy in (("yang19.dm1-v0", ["stimulus"]), ("yang19.dlydm2-v0", ["stim1", "stim2"])):
        for preset, sd in (("agent", 0.01 * 2**0.5), ("neurogym", 0.1)):  # at dt = tau
            _, block = blocks(id, preset=preset)
            names, period = block.timeline.periods, block.period
            for i, name in enumerate(names):
                values = block.ob[period == i][:, 1:]
                is_noisy = np.unique(values).size > 100
                assert is_noisy == (preset == "agent" or name in noisy)
            rest = block.ob[period == names.index(noisy[0])]
            rest = rest[:, 1:17] if id == "yang19.dlydm2-v0" else rest[:, 17:]
            assert rest.std() == pytest.approx(sd, rel=0.05)


@pytest.mark.parametrize("upstream", [False, True])
@pytest.mark.parametrize("id", MATCH)
def test_match_or_not_decides_whether_to_answer(id, upstream):
    task, block = blocks(id, 12, preset="neurogym" if upstream else "agent", sigma=0)
    told = block.trials
    test = task.tested(told.conditions)
    away = (test - told.direction) % 16
    if "dmc" in id or "dnmc" in id:
        same = told.direction // 8 == test // 8
        assert all(within(test == k, 1 / 16) for k in range(16))
    else:
        same = away == 0
        others = {8} if upstream else set(range(1, 16))  # 20 to 340 degrees
        assert set(away[~same]) == others
    np.testing.assert_array_equal(same, told.ground_truth == 0)
    label = np.array([block.gt[stop - 1] for stop in block.offsets[1:]])
    go = same if id in (MATCH[0], MATCH[2]) else ~same
    np.testing.assert_array_equal(label, np.where(go, test + 1, 0))
    where = told.conditions.get("test_modality", told.modality)
    for modality in (0, 1):
        here = where == modality
        seen = mean_ring(block, "test" if upstream else "decision", modality)
        np.testing.assert_array_equal(seen[here].argmax(axis=1), test[here])
        assert not seen[~here].any()
        assert mean_ring(block, "decision", modality).any() == (not upstream)
    assert within(where == told.modality, 0.5) != upstream


def test_strengths_of_the_preset_neurogym_are_those_of_neurogym():
    _task, told, seen = peaks("yang19.ctxdm1-v0", preset="neurogym")
    far = np.minimum(told.offset, 16 - told.offset) > 4  # bumps that do not overlap
    np.testing.assert_allclose(seen[far, 0].sum(axis=1), 1, atol=1e-3)
    difference = np.round(np.float64(seen[far, 0, 0] - seen[far, 0, 1]), 2)
    assert set(difference) == {0.08, 0.16, 0.32, 0.64}
    assert set(told.offset) == set(range(1, 16))
    _task, told, seen = peaks("yang19.multidlydm-v0", preset="neurogym")
    far = np.minimum(told.offset, 16 - told.offset) > 4
    assert set(np.round(np.float64(seen[far]), 2).ravel()) == {0.3, 0.6, 1.0}


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
        ngym.make("yang19.dlydm1", in_pairs=True, cohs=[0.5])
    for params, says in (
        (dict(cohs=[0.9]), "at most the least of means, 0.8"),
        (dict(means=[1.2, 0.8]), "the least and the greatest mean"),
        (dict(distance=[10, 20]), "22.5 degrees apart"),
    ):
        with pytest.raises(ValueError, match=says):
            ngym.make("yang19.ctxdm1", **params)
    with pytest.raises(ValueError, match="expected False with shared"):
        ngym.make("yang19.multidm", in_pairs=True)
    with pytest.raises(ValueError, match="without stays the second spot is shown in it alone"):
        ngym.make("yang19.dms", stays=False)
