"""People and agents on the same noise: what a page draws holds the samples that agents get."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import neurogym as ngym
from app.player import encoding, messages
from app.player.session import scored
from app.state import StudioState
from neurogym.records import trial_table

OBSERVER = Path(__file__).parents[1] / "js" / "observer.js"
TRIALS, TAU = 240, 300.0
EDGE = 3  # steps at the borders: the first frames show dots that have not moved yet
STUDIES = {  # what is looked at, the channels that speak for right and left, and the keys of both
    "PerceptualDecisionMaking-v0": dict(looks="motion", channels=(1, 2), answers=(2, 1), when=0),
    "IBL-v0": dict(looks="light", channels=(2, 1), answers=(1, 2), when=600),
}


def run_of(task, n, **params):
    """A run as the studio makes it."""
    choice = StudioState(task=task, preset="human")
    return dict(
        run_id="r1", task=task, params=choice.settings() | params, wrappers=[], seed=5, n_trials=n,
        subject_kind="human", subject="lea", settings={},
    )  # fmt: skip


def still(primitive):
    """Dots as they were when only agents had noise: their coherence is that of the trial, 0."""
    return primitive | ({"direction": 0, "coherence": 0} if primitive["kind"] == "dots" else {})


def observed(node, run, change=lambda primitive: primitive, **how):
    """Rows of trials that an observer of the page's frames played, and what it saw in each."""
    env, lines = trial_table.env_of(run), []
    config = {"mode": "open", "run": run["run_id"], "dial": None}
    for index in range(run["n_trials"]):
        first = trial_table.begin(env, run["seed"], index)
        told = messages.trial(env, f"r1-{index}-0", index, 0, first)
        told["scene"] = [change(primitive) for primitive in told["scene"]]
        lines.append(encoding.dumps({"trial": told, "config": config, **how}))
    given = "\n".join(lines)
    done = subprocess.run([node, str(OBSERVER)], input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [scored(run, env, one["record"] | {"view": "scene"}) for one in found], found


def by_steps(saw, start, steps, dt, hz):
    """What was seen in each step, (steps,): the mean of the frames whose middle is in it."""
    stamps, values = np.array(saw).T
    step = np.floor((stamps - start + 500 / hz) / dt).astype(int)
    return np.array([values[step == k].mean() for k in range(steps)])


def kernels(run, rows, found, channels, answers, hz, steps=30):
    """The psychophysical kernels by what was drawn, and by what `replay` gives, (steps,) each."""
    env = trial_table.env_of(run)
    drawn, given = [], []
    for row, one in zip(rows, found, strict=True):
        trace = trial_table.replay(row, env)
        start = trace.onset("stimulus")
        right, left = (trace.ob[start : start + steps, channel] for channel in channels)
        given.append(right - left)
        drawn.append(by_steps(one["saw"], one["t0"] + start * trace.dt, steps, trace.dt, hz))
    chose = np.array([row["response"] == answers[1] for row in rows])
    assert 0.3 < chose.mean() < 0.7
    return [
        np.mean(np.array(evidence)[chose], axis=0) - np.mean(np.array(evidence)[~chose], axis=0)
        for evidence in (drawn, given)
    ]


def alike(node, task, hz, change=lambda primitive: primitive):
    """The correlation of both kernels of an observer of a task's frames; and its rows."""
    how = dict(STUDIES[task])
    channels, run = how.pop("channels"), run_of(task, TRIALS, cohs=[0])
    rows, found = observed(node, run, change, hz=hz, tau=TAU, during="stimulus", **how)
    drawn, given = kernels(run, rows, found, channels, how["answers"], hz)
    return np.corrcoef(drawn[EDGE:-EDGE], given[EDGE:-EDGE])[0, 1], given, rows


@pytest.mark.parametrize(
    ("task", "hz"),
    [("PerceptualDecisionMaking-v0", 60), ("PerceptualDecisionMaking-v0", 144), ("IBL-v0", 60)],
)
def test_the_kernel_of_what_was_drawn_is_that_of_the_replayed_samples(node, task, hz):
    r, given, rows = alike(node, task, hz)
    assert r >= 0.9
    assert given[EDGE:10].mean() > 1.7 * abs(given[20:].mean())  # as it weighs them: primacy
    assert all(row["shared_noise"] is True for row in rows)
    assert all("mismatch" not in row["flags"] for row in rows)


def test_dots_of_another_generator_have_no_kernel_in_the_samples(node):
    r, given, _ = alike(node, "PerceptualDecisionMaking-v0", 60, still)
    assert r < 0.6
    assert abs(given).mean() < 0.06


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_a_double_pass_agrees_as_often_as_theory_says(noise):
    """Two decision variables with Gaussian noise, that of the stimulus in both, correlate by its
    share of the variance, rho; their signs agree in 1/2 + arcsin(rho) / pi of trials."""
    how = dict(agent_params=dict(noise=noise, bound=1000, non_decision=0))
    task = ngym.make("PerceptualDecisionMaking", cohs=[0], timing=dict(stimulus=500)).unwrapped
    first = ngym.rollout(task, "integrator", trials=1500, seed=1, **how)
    again = ngym.rollout(task, "integrator", yoke=first, seed=2, **how)
    agreement = np.mean([a["response"] == b["response"] for a, b in zip(first, again, strict=True)])
    rho = 1 / (1 + noise**2)
    assert agreement == pytest.approx(0.5 + np.arcsin(rho) / np.pi, abs=0.04)
    other = ngym.rollout(task, "integrator", trials=1500, seed=3, **how)
    chance = np.mean([a["response"] == b["response"] for a, b in zip(first, other, strict=True)])
    assert chance == pytest.approx(0.5, abs=0.04)


# -- what rows say ------------------------------------------------------------------------------


def row_of(node, task, view, wrappers=(), **params):
    """A row of a trial that was shown in a view."""
    run = run_of(task, 1, **params) | {"wrappers": list(wrappers)}
    how = dict(hz=60, looks="light", tau=TAU, during="stimulus", answers=(1, 1), when=1e9)
    _, (one,) = observed(node, run, **how)
    told = {} if view is None else {"view": view}
    return scored(run, trial_table.env_of(run), one["record"] | told)


@pytest.mark.parametrize(
    ("task", "view", "shared"),
    [
        ("PerceptualDecisionMaking-v0", "scene", True),
        ("PerceptualDecisionMaking-v0", None, True),  # a page of an earlier version
        ("AnnubesEnv-v0", "scene", False),
        ("AnnubesEnv-v0", "both", False),
        ("AnnubesEnv-v0", "channels", True),
        ("GoNogo-v0", "scene", None),
        ("GoNogo-v0", "channels", None),
    ],
)
def test_a_row_tells_whether_what_was_shown_held_the_noise(node, task, view, shared):
    assert row_of(node, task, view)["shared_noise"] is shared


def test_without_noise_there_is_none_to_share(node):
    assert row_of(node, "PerceptualDecisionMaking-v0", "scene", sigma=0)["shared_noise"] is None


def test_noise_that_a_wrapper_adds_where_nothing_shows_it_is_not_shared(node):
    added = [{"Noise": {"channels": ["fixation"], "sigma": 1.0}}]
    row = row_of(node, "PerceptualDecisionMaking-v0", "scene", added)
    assert row["shared_noise"] is False
    row = row_of(node, "PerceptualDecisionMaking-v0", "channels", added)
    assert row["shared_noise"] is True


def test_a_view_that_there_is_not_is_refused(node):
    with pytest.raises(ValueError, match="view = 'upside down': allowed are scene, channels, both"):
        row_of(node, "GoNogo-v0", "upside down")
