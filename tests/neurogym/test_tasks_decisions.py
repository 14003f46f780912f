"""Decisions after a delay, from pieces of evidence and by value: what is shown and earned."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.spec.layout import ring
from neurogym.spec.scene import Marker, Polygon
from neurogym.tasks.delayed import AntiReach, PerceptualDecisionMakingDelayResponse
from neurogym.tasks.pulses import (
    CUES,
    MultiSensoryIntegration,
    ProbabilisticReasoning,
    PulseDecisionMaking,
    Shapes,
)
from tests.sampling import ALPHA, as_often, block_of, check_normal, played

# -- after a delay ---------------------------------------------------------------------------------


def test_stim_scale_scales_what_is_shown_and_not_the_condition():
    task = PerceptualDecisionMakingDelayResponse(dt=50, stim_scale=0.5, sigma=0.7)
    block, period, trial = block_of(task)
    c = {name: values[trial] for name, values in block.trials.conditions.items()}
    assert set(block.trials.coh) == {0, 6.4, 12.8, 25.6, 51.2}
    on = period == "stimulus"
    for k in (0, 1):
        sign = np.where(c["ground_truth"] == k, 1, -1)
        clean = (1 + sign * 0.5 * c["coh"] / 100) / 2
        check_normal((block.ob[:, 1 + k] - clean)[on], 0.7 / 50**0.5)
    assert not block.ob[period == "delay", 1:].any()
    assert set(block.ob[period == "delay", 0]) == {1.0}
    assert not block.ob[period == "decision"].any()


@pytest.mark.parametrize("period", ["stimulus", "delay"])
def test_an_answer_has_to_wait_for_the_end_of_the_delay(period):
    def act(env):
        return env.gt_now or int(env.in_period(period) and env.t_ind == env.start_ind[period])

    task = PerceptualDecisionMakingDelayResponse()
    trace = played(task, act)
    assert trace.rewards.sum() == pytest.approx(1 - 0.1)
    assert trace.end["performance"] == 1
    task.abort = True
    trace = played(task, act)
    assert trace.rewards.sum() == pytest.approx(-0.1)
    assert trace.end["outcome"] == "early"


@pytest.mark.parametrize("anti", [True, False])
def test_the_spot_is_opposite_to_the_answer_or_at_it(anti):
    task = AntiReach(anti=anti, interleaved=False)
    block, period, trial = block_of(task, 4)
    shown, truth = block.ob[period == "stimulus", 1:], block.trials.ground_truth[trial]
    at = shown.argmax(axis=1)
    assert ((at - truth[period == "stimulus"]) % 32 == (16 if anti else 0)).all()
    np.testing.assert_allclose(shown[0], np.cos(ring(32) - ring(32)[at[0]]), atol=1e-5)
    assert (block.gt[period == "decision"] == 1 + truth[period == "decision"]).all()
    (marker,) = (e for e in task.scene.elements if isinstance(e, Marker))
    assert np.cos(
        marker.read(task, block.trials.one(0))["angle"] - ring(32)[at[0]]
    ) == pytest.approx(1)


def test_nothing_is_opposite_on_an_odd_ring():
    with pytest.raises(ValueError, match="dim_ring = 5: expected an even number"):
        AntiReach(dim_ring=5)
    assert AntiReach(dim_ring=5, interleaved=False, anti=False).plan.actions.size == 6


def test_pro_and_anti_are_interleaved_and_told_and_a_reflex_is_right_in_pro_alone():
    block, period, trial = block_of(AntiReach(), 12)
    told, on = block.trials, period == "stimulus"
    assert as_often(told.anti.sum(), block.n, 0.5)
    assert as_often((told.anti[1:] == told.anti[:-1]).sum(), block.n - 1, 0.5)
    np.testing.assert_array_equal(block.ob[:, 1], told.anti[trial])
    spot = np.zeros(block.n, int)
    spot[trial[on]] = block.ob[on, 2:].argmax(axis=1)
    np.testing.assert_array_equal(spot == told.ground_truth, told.anti == 0)
    np.testing.assert_array_equal((spot + 16 * told.anti) % 32, told.ground_truth)
    few = AntiReach(p_anti=0.2)
    assert as_often(block_of(few, 12)[0].trials.anti.sum(), block_of(few, 12)[0].n, 0.2)


# -- from pieces of evidence -----------------------------------------------------------------------


def test_the_modalities_share_the_coherence():
    task = MultiSensoryIntegration(dt=50, sigma=0.7, dim_ring=3, split=True)
    block, period, trial = block_of(task)
    c = {name: values[trial] for name, values in block.trials.conditions.items()}
    on = period == "stimulus"
    for start, share in ((1, c["coh_prop"]), (4, 1 - c["coh_prop"])):
        for k in range(3):
            cosine = np.cos(ring(3)[k] - ring(3)[c["ground_truth"]])
            clean = 0.5 + c["coh"] * share / 200 * cosine
            check_normal((block.ob[:, start + k] - clean)[on], 0.7 / 50**0.5)
    assert set(block.ob[period != "decision", 0]) == {1.0}
    assert stats.kstest(block.trials.coh_prop, "uniform").pvalue > ALPHA


def pulses_of(task, **how):
    """How many pulses are shown on each side, (trials, 2), which in each bin, and the answers."""
    block, period, trial = block_of(task, **how)
    shown = np.zeros((block.n, len(CUES), 2))
    for k, cue in enumerate(CUES[: task.n_bin]):
        first = np.unique(trial[period == cue], return_index=True)[1]
        shown[:, k] = block.ob[period == cue, 1:][first]
    return shown.sum(axis=1), shown, block.trials.ground_truth


@pytest.mark.parametrize("dt", [10, 40])
def test_pulses_come_as_often_as_they_should_and_the_label_counts_them(dt):
    count, shown, truth = pulses_of(PulseDecisionMaking(dt=dt, p_pulse=[0.2, 0.6]), blocks=60)
    n = len(truth)
    assert (count[np.arange(n), truth] >= count[np.arange(n), 1 - truth]).all()
    assert as_often(truth.sum(), n, 0.5)
    tied = count[:, 0] == count[:, 1]
    assert as_often(truth[tied].sum(), tied.sum(), 0.5)
    chance = stats.binom.pmf(np.arange(7), 6, 0.2), stats.binom.pmf(np.arange(7), 6, 0.6)
    joint = (np.outer(*chance) + np.outer(*chance[::-1])) / 2
    found = np.zeros((7, 7))
    np.add.at(found, tuple(count.astype(int).T), 1)
    rare = n * joint < 5
    expected = np.append(n * joint[~rare], n * joint[rare].sum())
    observed = np.append(found[~rare], found[rare].sum())
    assert stats.chisquare(observed, expected).pvalue > ALPHA
    for k in range(6):
        for side in (0, 1):
            assert as_often(shown[:, k, side].sum(), n, 0.4)


def test_bins_that_are_left_out_last_no_time():
    task = PulseDecisionMaking(n_bin=2, timing=dict(fixation=200))
    block, period, _ = block_of(task, 2)
    assert set(period) == {"fixation", "cue1", "bin1", "cue2", "bin2", "decision"}
    assert (block.timeline.length == 20 + 2 * 25 + 50).all()


def test_forced_pulses_are_shown_on_the_side_of_the_answer():
    task = PulseDecisionMaking()
    forced = dict(pulses="110100-000010", ground_truth=1)
    count, shown, _ = pulses_of(task, blocks=1, **forced)
    assert (shown[0, :, 1] == [1, 1, 0, 1, 0, 0]).all()
    assert (shown[0, :, 0] == [0, 0, 0, 0, 1, 0]).all()
    assert (count == [1, 3]).all()
    for wrong in ("100000-110000", "1-0", "110100", "110100-00001x"):
        with pytest.raises(ValueError, match=r"pulses = .* is not possible"):
            played(task, lambda env: 0, pulses=wrong)
    with pytest.raises(ValueError, match="cue2 can last 0 ms"):
        PulseDecisionMaking(timing=dict(cue2=0))
    with pytest.raises(ValueError, match="two chances"):
        PulseDecisionMaking(p_pulse=[0.5])


def test_a_side_wins_with_the_odds_that_its_shapes_say():
    task = ProbabilisticReasoning()
    block, _, _ = block_of(task, 120)
    weights = task.weights()
    rank = Shapes.decode(block.trials.shapes)
    truth = block.trials.ground_truth
    shown = np.where(truth[:, None] == 1, rank, 9 - rank)  # the shapes as they are seen
    says = np.round(weights[shown].sum(axis=1), 6)
    assert as_often(truth.sum(), block.n, 0.5)
    for value in np.unique(says):
        here = says == value
        assert as_often(truth[here].sum(), here.sum(), 1 / (1 + 10.0**-value))
    assert stats.chisquare(np.bincount(shown.ravel(), minlength=10)).pvalue > ALPHA
    orders = ["-".join(order) for order in permutations("1234")]
    often = [(block.trials.locs == order).sum() for order in orders]
    assert stats.chisquare(often).pvalue > ALPHA


@pytest.mark.parametrize("truth", [0, 1])
def test_shapes_appear_one_after_the_other_at_their_places(truth):
    task = ProbabilisticReasoning(shape_weight=[0.5, -0.5, -1, 1])
    forced = dict(ground_truth=truth, shapes="4-3-1-4", locs="3-1-2-4")
    trace = played(task, lambda env: env.gt_now, **forced)
    for j, period in enumerate(("stimulus0", "stimulus1", "stimulus2", "stimulus3")):
        row = next(start for name, start, _ in trace.periods if name == period)
        places = trace.ob[row][1:].reshape(4, 4)
        for show, (place, rank) in enumerate(zip((2, 0, 1, 3), (3, 2, 0, 3), strict=True)):
            expected = np.zeros(4)
            if show <= j:
                weight = [-1, -0.5, 0.5, 1][rank] * (1 if truth else -1)
                expected[[0.5, -0.5, -1, 1].index(weight)] = 1
            assert (places[place] == expected).all()
    delay = next(start for name, start, _ in trace.periods if name == "delay")
    assert not trace.ob[delay][1:].any()
    assert trace.gt[-1] == 1 + truth
    assert trace.end["performance"] == 1


def test_the_scene_shows_each_shape_where_its_channel_is():
    task = ProbabilisticReasoning()
    env = TaskEnv(task)
    places = [(-0.2, 0.2), (0.2, 0.2), (-0.2, -0.2), (0.2, -0.2)]
    for trial in range(20):
        env.reset(seed=1, options={"trial": trial})
        elements = task.scene.resolve(task, env.trial)
        shapes = [
            shape
            for e in task.scene.elements
            if isinstance(e, Polygon)
            for shape in e.resolve(task, env.trial)
        ]
        numbers = [e["text"] for e in elements if e["kind"] == "text"]
        assert len(shapes) == len(numbers) == 4
        full = env.ob[env.start_ind["stimulus3"]][1:].reshape(4, 10)
        for shape, number in zip(shapes, numbers, strict=True):
            place = places.index((shape["x"], shape["y"]))
            weight = task.shape_weight[int(full[place].argmax())]
            assert number == f"{abs(weight):g}"
            assert (shape["color"] == "#4aa3ff") == (weight > 0)
            assert len(shape["points"]) == 3 + [0.3, 0.5, 0.7, 0.9, 10].index(abs(weight))
            shown = env.ob[[env.start_ind[p] for p in task.timing][1:5], 1 + 10 * place :]
            assert shown[:, :10].any(axis=1).sum() == len(shape["during"])


def test_shapes_without_an_opposite_are_refused():
    with pytest.raises(ValueError, match="is not symmetric about 0"):
        ProbabilisticReasoning(shape_weight=[-1, 0.5])
    task = ProbabilisticReasoning(n_loc=1)
    assert [p for p in task.timing if task.timing[p].bounds[1] > 0] == list(task.timing)
    trace = played(task, lambda env: env.gt_now)
    assert {name for name, start, stop in trace.periods if stop > start} == {
        "fixation", "stimulus0", "delay", "decision",
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"shapes = .* is not possible"):
        played(task, lambda env: 0, shapes="11")


@pytest.mark.parametrize("task", ["PulseDecisionMaking", "ProbabilisticReasoning", "AntiReach"])
def test_side_blocks_and_histories_fit(task):
    stack = [{"SideBias": {"probs": [[0.9, 0.1], [0.1, 0.9]]}}]
    more = {"dim_ring": 2} if task == "AntiReach" else {}
    rows = ngym.rollout(task, "oracle", trials=12, stack=stack, **more)
    assert all(row["correct"] for row in rows)
