"""Flashes and clicks: what single events tell of a rate, and what else does not."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.spec.primitives import is_lit


def trials(n=300, **params):
    env = ngym.make("CustomRaposoTask", preset="human", **params).unwrapped
    for k in range(n):
        env.reset(seed=4, options={"trial": k})
        yield env, env.trial, env.task.plan.scene.resolve(env.task, env.trial)


def flashes(shown):
    return [p["flash"] for p in shown if (p.get("flash") or {}).get("ms") == 0]


def clicks(shown):
    return [p["times"] for p in shown if p["kind"] == "sound"]


def test_who_counts_is_right_in_each_modality_and_both_tell_the_same():
    seen = set()
    for env, trial, shown in trials():
        rate = float(env.task.rate(trial["ground_truth"], trial["away"]))
        trains = [flash["times"] for flash in flashes(shown)] + clicks(shown)
        assert len(trains) == {"visual": 2, "auditory": 1, "both": 3}[trial["modality"]]
        assert all(train == trains[0] for train in trains)
        assert len(trains[0]) == rate  # the stimulus lasts a second
        assert (len(trains[0]) > env.task.boundary) == trial["ground_truth"]
        seen.add((trial["modality"], rate))
    assert len(seen) == 3 * 8


def test_events_are_irregular_and_never_too_close_for_a_screen():
    gaps = {"few": [], "many": []}
    for env, trial, _ in trials():
        times = env.task.times(trial)
        assert times.min() >= 0
        assert times.max() <= 1000 - 40
        assert np.diff(times).min() >= 40 - 1e-9
        gaps["many" if trial["ground_truth"] else "few"].append(np.diff(times))
    for each in gaps.values():
        spread = np.concatenate(each)
        assert spread.std() / spread.mean() > 0.25  # of a metronome: 0


@pytest.mark.parametrize("hz", [60, 75, 120, 144])
def test_light_tells_nothing_and_counting_all(hz):
    """Each frame is as light as any other: what differs is how often light changes its place."""
    frame, light, changes, rates = 1000 / hz, [], [], []
    for env, trial, shown in trials(120):
        if trial["modality"] == "auditory":
            continue
        spots = [p for p in shown if (p.get("flash") or {}).get("ms") == 0]
        areas = [
            2 * np.pi * p["radius"] * p["stroke"] if p["stroke"] else np.pi * p["radius"] ** 2
            for p in spots
        ]
        at = np.arange(0, 1000, frame) + frame / 2
        lit = np.array([[is_lit(ms, **p["flash"], frame=frame) for ms in at] for p in spots])
        light.append((lit * np.array(areas)[:, None]).sum(axis=0))
        changes.append((np.diff(lit[0].astype(int)) == 1).sum() + lit[0, 0])
        rates.append(float(env.task.rate(trial["ground_truth"], trial["away"])))
    light = np.array(light)
    np.testing.assert_allclose(light, light[0, 0])  # in every frame of every trial
    assert changes == rates


def test_clicks_have_no_sign_that_could_be_seen():
    for _, trial, shown in trials(40):
        if trial["modality"] == "auditory":
            during = [
                p for p in shown if "stimulus" in p.get("during", ()) and p["kind"] != "sound"
            ]
            assert all(p["alpha"] == 0 or p["color"] == "#4a4a4a" for p in during)


def test_rates_that_cannot_be_shown_are_refused():
    with pytest.raises(ValueError, match=r"rates = .* cannot be 40 ms apart"):
        ngym.make("CustomRaposoTask", rates=[10, 30])


@pytest.mark.parametrize("hz", [60, 75, 120, 144])
def test_pulses_can_be_counted_at_any_refresh_rate(hz):
    """A step is shown by the frames whose middle lies in it: all pulses are, each apart."""
    env = ngym.make("PulseDecisionMaking", preset="human").unwrapped
    for trial in range(30):
        env.reset(seed=2, options={"trial": trial})
        frames = np.arange(int(env.tmax * hz / 1000)) * 1000 / hz + 500 / hz
        shown = env.ob[np.minimum((frames / env.dt).astype(int), len(env.ob) - 1), 1:3] > 0.5
        rises = (np.diff(shown.astype(int), axis=0) == 1).sum(axis=0)
        sides = [side.count("1") for side in env.trial["pulses"].split("-")]
        assert rises.tolist() == (sides[::-1] if env.trial["ground_truth"] else sides)
