"""Intervals that are produced: all counted from onset to onset."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.records.trial_table import replay

DT = 10  # ms
SINCE = {
    "ReadySetGo": "set", "MotorTiming": "set", "OneTwoThreeGo": "s3", "CueSetGo": "set",
    "ReadySetGo_SinglePrior": "set", "ReadySetGo_DoublePrior": "set",
}  # fmt: skip
SHOWN = {  # the two events between which the interval is shown
    "ReadySetGo": ("ready", "set"), "OneTwoThreeGo": ("s1", "s2"),
    "ReadySetGo_SinglePrior": ("ready", "set"), "ReadySetGo_DoublePrior": ("ready", "set"),
}  # fmt: skip


class At:
    """Responds so many ms after the onset of a period."""

    def __init__(self, since, ms):
        self.since, self.ms = since, ms

    def begin(self, env, rng):
        self.env, (self.start,) = env, [s for name, s, _ in env.periods if name == self.since]

    def act(self, ob):
        now = (self.env.t_ind - self.start) * self.env.dt == self.ms
        return np.full(1, now, np.float32) if np.ndim(self.env.idle_action) else int(now)


@pytest.mark.parametrize("id", SINCE)
def test_the_oracle_produces_what_was_shown_from_onset_to_onset(id, preset):
    env = ngym.make(id, preset=preset, dt=DT).unwrapped
    for trial, row in enumerate(ngym.rollout(env, "oracle", 12, seed=3)):
        env.reset(seed=3, options={"trial": trial})
        starts = {name: start * DT for name, start, _ in env.periods}
        conditions, due = row["conditions"], env.asked.due
        if id in SHOWN:
            first, second = SHOWN[id]
            assert due == (starts[second] - starts[first]) * conditions.get("gain", 1)
        elif id == "MotorTiming":
            assert due == env.task.targets[conditions["ground_truth"]]
        assert conditions.get("interval", due) == due
        assert row["produced_ms"] == pytest.approx(due, abs=DT / 2)
        assert row["rt_ms"] == row["produced_ms"] - (env.window[0] * DT - starts[SINCE[id]])
        assert row["correct"]


@pytest.mark.parametrize("id", SINCE)
def test_what_was_produced_is_the_time_from_the_onset_to_the_response(id):
    for ms in (600, 1000):
        for row in ngym.rollout(id, At(SINCE[id], ms), 5, seed=1, dt=DT):
            assert row["produced_ms"] == ms


def test_an_agent_that_plays_in_leaps_produces_as_one_that_goes_step_by_step():
    rows = ngym.rollout("ReadySetGo", "interval", 20, seed=1, dt=DT)
    env = ngym.make("ReadySetGo", dt=DT).unwrapped
    for row in rows:
        again = replay(row, env)
        starts = {name: start for name, start, _ in again.periods}
        if row["response"]:
            ((step, _),) = row["actions"]
            assert row["produced_ms"] == (step - starts["set"]) * DT


def test_without_a_response_nothing_was_produced():
    assert ngym.rollout("ReadySetGo", At("set", 10**6), 2)[0]["produced_ms"] is None
    assert ngym.rollout("GoNogo", "oracle", 2)[0]["produced_ms"] is None


def test_the_papers_priors_and_gains_and_those_of_neurogym():
    ours = ngym.rollout("ReadySetGo", "oracle", 200, seed=1)
    theirs = ngym.rollout("ReadySetGo", "oracle", 50, seed=1, preset="neurogym")
    for rows, low, high, gains in ((ours, 500, 1000, {1, 1.5}), (theirs, 800, 1500, {1})):
        measures = [row["conditions"]["measure"] for row in rows]
        assert low <= min(measures) < max(measures) <= high
        assert {row["conditions"]["gain"] for row in rows} == gains
    for gain, rows in ((1.5, ours), (1, theirs)):
        env = ngym.make("ReadySetGo", **rows[0]["params"]).unwrapped
        assert ("gain" in env.task.plan.channels.names) == (gain == 1.5)  # the cue
    assert ngym.make("ReadySetGo", gain=1.5).unwrapped.task.gain == [1.5]


class Timer:
    """Measures with a noise that grows with the interval, and produces what it takes it for."""

    weber = 0.12

    def __init__(self, bayesian):
        self.bayesian = bayesian

    def begin(self, env, rng):
        self.env = env
        starts = {name: start for name, start, _ in env.periods}
        shown = (starts["set"] - starts["ready"]) * env.dt
        measured = shown * (1 + self.weber * rng.standard_normal())
        grid = np.arange(500, 1001, 5.0)
        if self.bayesian:  # the mean of what it can have been, given what intervals there are
            likely = np.exp(-0.5 * ((measured - grid) / (self.weber * grid)) ** 2) / grid
            measured = (grid * likely).sum() / likely.sum()
        wanted = max(measured * env.trial["gain"], 100)
        self.at = starts["set"] + round(wanted / env.dt)

    def act(self, ob):
        return int(self.env.t_ind >= max(self.at, self.env.window[0]))


def test_an_observer_who_knows_the_prior_regresses_to_its_mean_at_both_gains():
    slopes = {}
    for bayesian in (False, True):
        rows = ngym.rollout("ReadySetGo", Timer(bayesian), 600, seed=5, dt=DT)
        for gain in (1, 1.5):
            own = [row for row in rows if row["conditions"]["gain"] == gain]
            shown = [row["conditions"]["measure"] for row in own]
            produced = [row["produced_ms"] / gain for row in own]
            slopes[bayesian, gain] = np.polyfit(shown, produced, 1)[0]
    for gain in (1, 1.5):
        assert slopes[False, gain] == pytest.approx(1, abs=0.15)
        assert slopes[True, gain] < 0.8
