"""The smallest tasks, and the one that can be made into many."""

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.trials.catalogue import configure, task_class
from neurogym.trials.stream import Stream
from tests import sampling


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


def test_speeded_four_in_five_trials_are_go_and_the_stimulus_asks_at_once():
    task = configure(task_class("GoNogo"), "speeded")
    block, period, trial = sampling.block_of(task, 12)
    go = block.trials.ground_truth == 1
    assert sampling.as_often(go.sum(), block.n, 0.8)
    on = period == "decision"
    np.testing.assert_array_equal(block.ob[on, 2] == 1, go[trial[on]])
    np.testing.assert_array_equal(block.ob[on, 1] == 1, ~go[trial[on]])
    assert not block.ob[~on, 1:].any()
    for row in ngym.rollout(TaskEnv(task), Presses(), 40):
        assert row["correct"] == row["conditions"]["ground_truth"]  # errors of commission alone
        assert row["rt_ms"] == 0  # counted from the stimulus
    with pytest.raises(ValueError, match="expected 0 ms if speeded"):
        ngym.make("GoNogo", speeded=True)


class Presses:
    """Presses as soon as it is asked to, whatever it sees: prepotent."""

    def begin(self, env, rng):
        self.env = env

    def act(self, ob):
        return int(self.env.t_ind >= self.env.window[0])


def test_as_a_go_nogo_task_the_first_light_is_to_be_waited_out():
    rows = ngym.rollout("GenTask", "oracle", trials=40, gng=True)
    for row in rows:
        go = row["conditions"]["ground_truth"] == 1
        assert row["outcome"] == ("correct" if go else "withheld")
        assert row["reward"] == 1.0
