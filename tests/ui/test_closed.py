"""Closed loops in the page: periods last what they say, answers count as the scalar env says."""

import collections
import json
import re

import numpy as np
import pytest

import neurogym as ngym
from app.player import messages
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.outcomes import Outcome
from neurogym.trials.catalogue import configure, task_class
from neurogym.wrappers import ScheduleEnvs
from tests.structure import TASKS
from tests.ui.harness import config, screen

CLOSED = [id for id in TASKS if task_class(id).closed]
KEYS = {  # kinds of keys: one that acts once, one that lasts, some that set numbers
    "once": "DawTwoStep-v0", "lasting": "Reaching1D-v0", "moving": "ReachingDelayResponse-v0",
    "setting": "SpatialSuppressMotion-v0", "in a row": "LeverPress-v0",
}  # fmt: skip


def brief(id, more=0):
    """A task as people play it, its periods short if they can be, and of different lengths."""
    task = configure(task_class(id), "human")
    timing = {period: (3 + i + more) * task.dt for i, period in enumerate(task.timing)}
    while True:
        try:
            return configure(task_class(id), "human", timing=timing)
        except ValueError as error:  # what is asked for takes longer
            (period,) = re.findall(r"timing\['(\w+)'\]", str(error))
            del timing[period]


def told(env, seed, index=0):
    """What the page is told of the task, and of a trial."""
    first = trial_table.begin(env, seed, index)
    given = messages.trial(env, f"r1-{index}-0", index, 0, first)
    plain = json.loads(json.dumps(given, default=lambda array: array.ravel().tolist()))
    return config(**messages.stage(env), iti_ms=0), plain, first


def lengths(env, steps):
    """How long each period is on, ms, where these steps are shown."""
    shown = collections.Counter()
    for step in steps:
        shown.update(name for name, start, stop in env.periods if start <= step < stop)
    return {name: n * env.dt for name, n in shown.items()}


@pytest.mark.parametrize(
    ("id", "hz"), [(id, 60) for id in CLOSED] + [(id, 144) for id in KEYS.values()]
)
def test_each_period_lasts_what_it_says(bench, id, hz):
    env = TaskEnv(brief(id))
    about, trial, first = told(env, 3)
    trace = trial_table.run_trial(env, lambda ob: env.idle_action, first)
    trial_table.begin(env, 3, 0)
    expected = lengths(env, trace.steps.tolist())
    screen(bench, hz)
    bench.deliver(about, trial)
    bench.page.keyboard.press("Space")
    record = bench.record("r1-0-0")
    assert [name for name, _, _ in record["periods"]] == [*expected]
    for name, _, ms in record["periods"]:
        assert abs(ms - expected[name]) <= 1000 / hz + 0.1, name
    onset, last = record["periods"][0][1], record["periods"][-1]
    whole = last[1] + last[2] - onset  # errors do not add up
    assert abs(whole - len(trace.steps) * env.dt) <= 1000 / hz + 0.1
    assert "late_steps" not in record["flags"]


def act_of(record, env):
    """Who does what a record says."""
    done = dict(map(tuple, record["actions"]))
    return lambda ob: np.asarray(done.get(env.t_ind, env.idle_action))


@pytest.mark.parametrize("way", ["tapped", "held", "two at once"])
@pytest.mark.parametrize("id", KEYS.values(), ids=KEYS)
def test_what_keys_did_is_worth_what_python_says(bench, id, way):
    env = TaskEnv(brief(id, more=10))  # time for keys to come on a busy machine
    about, trial, _ = told(env, 5)
    codes = [key["code"] for key in about["keys"]]
    bench.deliver(about, trial)
    bench.page.keyboard.press("Space")
    bench.onset("r1-0-0")
    chosen = codes if way == "two at once" else codes[-1:]
    for code in chosen:
        bench.page.keyboard.down(code)
    if way != "held":
        for code in chosen:
            bench.page.keyboard.up(code)
    record = bench.record("r1-0-0")
    first = trial_table.begin(env, 5, 0)
    trace = trial_table.run_trial(env, act_of(record, env), first)
    truth = trial_table.outcome_of(trace)
    assert record["actions"]
    assert record["reward"] == pytest.approx(truth["reward"], abs=1e-9)
    assert record["response"] == truth["response"]
    assert Outcome(record["outcome"]).name.lower() == truth["outcome"]


SHORT = {"fixation": 60, "stimulus": 60, "delay": 60, "decision": 2000}
TURNS = ("DawTwoStep", "Reaching1D", "PerceptualDecisionMaking")  # once, lasting, and open


def turns():
    """Tasks of which one is on in each trial, in their order."""
    stages = {"fixation": 60, "stage1": 200, "stage2": 200}
    timing = [stages, {"fixation": 60, "reach": 1200}, SHORT]
    tasks = [
        ngym.make(id, preset="human", dt=20, timing=lengths)
        for id, lengths in zip(TURNS, timing, strict=True)
    ]
    return ScheduleEnvs(tasks, order="sequential").unwrapped


@pytest.mark.parametrize("index", range(3), ids=TURNS)
def test_each_of_several_tasks_is_played_as_it_is_alone(bench, index):
    env = turns()
    about, trial, _ = told(env, 5, index)
    assert about["mode"] == "open"
    bench.deliver(about, trial)
    bench.page.keyboard.press("Space")
    bench.onset(trial["uid"])
    bench.page.keyboard.down("ArrowRight")
    record = bench.record(trial["uid"])
    first = trial_table.begin(env, 5, index)
    truth = trial_table.outcome_of(trial_table.run_trial(env, act_of(record, env), first))
    right = next(key["action"] for key in trial["keys"] if key["code"] == "ArrowRight")
    assert {action for _, action in record["actions"]} == {right}
    assert (len(record["actions"]) > 5) == (TURNS[index] == "Reaching1D")  # it alone is held
    assert not [sent for sent in bench.run("window.sent") if sent["type"] == "act"]
    assert record["response"] == truth["response"]
    assert record["reward"] == pytest.approx(truth["reward"], abs=1e-6)
    assert Outcome(record["outcome"]).name.lower() == truth["outcome"]


# -- what is done is seen at once ------------------------------------------------------------------

GREY, INK = [128, 128, 128], [245, 245, 245]
PIXEL = """([x, y]) => {
  const canvas = window.ui().querySelector("canvas");
  const {width, height} = canvas;
  const side = Math.min(width, height);
  const [left, top] = [width / 2 + x * side, height / 2 - y * side].map(Math.round);
  return [...canvas.getContext("2d").getImageData(left, top, 1, 1).data].slice(0, 3);
}"""


def see(bench, place, color):
    """Wait until a colour is at a place of the stage."""
    bench.wait(f"String(({PIXEL})({place})) === String({color})")


def begun(bench, id, **settings):
    env = TaskEnv(configure(task_class(id), "human", **settings))
    about, trial, _ = told(env, 5)
    bench.deliver(about | {"feedback": None}, trial)
    bench.page.keyboard.press("Space")
    bench.onset(trial["uid"])


def test_a_lever_is_down_while_its_key_is(bench):
    begun(bench, "LeverPress-v0", dt=1500, patience=9000)
    end = [-0.16, -0.06]  # of the lever
    see(bench, end, INK)
    bench.page.keyboard.down("Space")
    see(bench, end, GREY)
    bench.page.keyboard.up("Space")
    see(bench, end, INK)
    assert bench.data("state") == "running"  # and all that before the press did anything


def test_what_was_chosen_is_seen_though_the_trial_goes_on_and_is_over(bench):
    bench.run("window.player.TIMES.mark = 1e9")
    begun(bench, "DawTwoStep-v0")
    left, top = [-0.25, 0], [0, 0.35]
    see(bench, left, INK)
    assert bench.run(PIXEL, top) == GREY
    bench.page.keyboard.press("ArrowLeft")
    bench.wait("window.ui().dataset.period === 'stage2'")
    second = bench.run(PIXEL, left)
    assert second not in (INK, GREY)
    assert bench.run(PIXEL, top) == INK  # what was chosen of the first pair
    bench.page.keyboard.press("ArrowLeft")
    bench.record("r1-0-0")
    see(bench, left, GREY)
    assert bench.run(PIXEL, top) == second
    bench.run("window.player.TIMES.mark = 0")
    see(bench, top, GREY)
