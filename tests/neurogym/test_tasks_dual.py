"""A go/no-go task in the delay of another one."""

import numpy as np
import pytest

import neurogym as ngym


def play(env, presses):
    """One trial, with a press in the first step of some periods: its reward, and how it ended."""
    info, total = {"new_trial": False}, 0.0
    while not info["new_trial"]:
        at = [name for name in presses if env.t_ind == env.start_ind[name]]
        *_, reward, _, _, info = env.step(int(bool(at)))
        total += reward
    return total, info


REWARDS = {"abort": -0.25, "correct": 1, "fail": -1, "miss": -0.5, "withheld": 0.125}


@pytest.mark.parametrize("gng", [False, True])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("presses", [(), ("gng",), ("decision",), ("gng", "decision")])
def test_both_answers_count(gng, last, presses):
    env = ngym.make("DualTask-v0", rewards=REWARDS).unwrapped
    forced = {"ground_truth": int(last), "distractor": int(not gng), "block_trial": 0}
    env.reset(seed=1, options={"conditions": forced})
    earned, info = play(env, presses)
    did = {"gng": "gng" in presses, "decision": "decision" in presses}
    meant = {"gng": gng, "decision": last}
    names = {(True, True): "correct", (True, False): "fail", (False, True): "miss",
             (False, False): "withheld"}  # fmt: skip
    assert earned == sum(REWARDS[names[did[p], meant[p]]] for p in did)
    right = did == meant
    assert info["performance"] == float(right)
    if right:
        assert info["outcome"] == ("correct" if last else "withheld")
    else:
        assert info["outcome"] == ("miss" if last and not did["decision"] else "error")


def test_meanings_change_by_block():
    env = ngym.make("DualTask-v0", block_dur=2, sigma=0).unwrapped
    env.reset(seed=2)
    seen = []
    for trial in range(8):
        assert env.trial["block_trial"] == trial
        ob = env.ob.max(axis=0)
        sample, distractor, test = (ob[k : k + 2].argmax() for k in (0, 2, 4))
        match = env.trial["ground_truth"] == (sample == test)
        asks = distractor == (env.gt[env.start_ind["gng"]] == 0)
        seen.append((int(match), int(asks)))
        env.new_trial()
    assert seen[0::2] == seen[1::2]
    assert len(set(seen)) == 4


def test_without_the_second_task_its_periods_are_left_out():
    env = ngym.make("DualTask-v0", do_gng_task=False).unwrapped
    env.reset(seed=3)
    lasting = [name for name, start, stop in env.periods if stop > start]
    assert not {"distraction", "gng"} & set(lasting)
    assert play(env, ())[1]["outcome"] in ("withheld", "miss")


def test_a_false_move_costs():
    env = ngym.make("DualTask-v0", rewards=REWARDS, abort=True).unwrapped
    env.reset(seed=1)
    assert play(env, ("delay1",))[0] == REWARDS["abort"]


def test_rates_of_the_multisensory_task():
    env = ngym.make("CustomRaposoTask-v0", sigma=0).unwrapped
    for modality, there in (("visual", [1, 0]), ("auditory", [0, 1]), ("both", [1, 1])):
        forced = {"modality": modality, "ground_truth": 1, "away": 3.5}
        env.reset(seed=1, options={"conditions": forced})
        up, down = env.ob[env.start_ind["stimulus"], :4].reshape(2, 2)
        np.testing.assert_allclose(up, 0.2 + 1.2 * np.array(there))
        np.testing.assert_allclose(down, 0.2 + 0.4 * np.array(there))
    with pytest.raises(ValueError, match="as many above as below"):
        ngym.make("CustomRaposoTask-v0", rates=[8, 9, 12])
