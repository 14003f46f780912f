"""The smallest tasks, and the one that can be made into many."""

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym.trials.catalogue import task_class
from neurogym.trials.stream import Stream


def block_of(id, blocks=6, **params):
    block = Stream(task_class(id)(**params), 3).blocks(0, blocks)
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))
    return block, trial


def test_to_do_nothing_pays_and_to_press_does_not():
    for agent_row, wanted in (
        (ngym.rollout("Nothing", "oracle", trials=3), ("withheld", 1.0)),
        (ngym.rollout("Null", "oracle", trials=3), ("correct", 1.0)),
    ):
        assert {(row["outcome"], row["reward"]) for row in agent_row} == {wanted}
    env = ngym.make("Nothing").unwrapped
    env.reset(seed=1)
    env.step(0)
    _, reward, _, _, info = env.step(1)
    assert (reward, info["outcome"]) == (0.0, "error")


def test_the_context_says_which_shape_wants_which_key():
    block, trial = block_of("ContextSwitch-v0", p_switch=0.3)
    shown = block.ob[:, 1:].argmax(axis=1)[block.period == 1]
    at = trial[block.period == 1]
    context, truth = block.trials.context[at], block.trials.ground_truth[at]
    np.testing.assert_array_equal(np.where(context == 0, shown, 1 - shown), truth)
    flips = int((np.diff(block.trials.context) != 0).sum())
    assert stats.binomtest(flips, block.n - 1, 0.3).pvalue > 1e-4


@pytest.mark.parametrize("together", [False, True])
def test_the_streams_come_one_by_one_or_together(together):
    block, trial = block_of("GenTask-v0", sigma=0.0, simultaneous_stim=together)
    names = block.timeline.periods
    sign = np.where(block.trials.ground_truth == 1, 1, -1)[trial]
    second = 0.5 + sign * block.trials.coh[trial] / 200
    for k, period in enumerate(("stim1", "stim2")):
        here = block.period == names.index(period)
        both = np.stack([1 - second, second], axis=1)[here]
        if not together:
            both[:, 1 - k] = 0
        np.testing.assert_allclose(block.ob[here, 1:], both, atol=1e-6)


def test_periods_can_be_switched_off():
    off = {"stim2": 0, "delay_btw_stim": 0, "delay_aft_stim": 0}
    rows = ngym.rollout("GenTask", "oracle", trials=5, timing=off, simultaneous_stim=True)
    assert all(row["performance"] == 1 for row in rows)
    periods = ngym.replay(rows[0]).periods
    assert [name for name, start, stop in periods if stop > start] == [
        "fixation", "stim1", "decision",
    ]  # fmt: skip


def test_as_a_go_nogo_task_the_first_light_is_to_be_waited_out():
    rows = ngym.rollout("GenTask", "oracle", trials=40, gng=True)
    for row in rows:
        go = row["conditions"]["ground_truth"] == 1
        assert row["outcome"] == ("correct" if go else "withheld")
        assert row["reward"] == 1.0
