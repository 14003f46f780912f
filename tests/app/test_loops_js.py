"""Closed tasks do in the browser what they do in Python: for one trial, and for many."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import neurogym as ngym
from app.player import messages
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.outcomes import Outcome
from neurogym.trials.catalogue import configure, task_class
from neurogym.wrappers import MultiEnvs, ScheduleEnvs
from tests.acting import idle, some
from tests.structure import TASKS

PLAY = Path(__file__).parents[1] / "js" / "loop.js"
CLOSED = [id for id in TASKS if task_class(id).closed]
WAYS = ("random", "mostly right", "held", "idle")
FEW = 6  # trials of each task, preset and way; 200 in the long run


def daw(**params):
    return ngym.make("DawTwoStep", dt=100, **params)


TURNS = {  # tasks of which one is on in each trial
    "closed alone": lambda: ScheduleEnvs([daw(), ngym.make("LeverPress", dt=100)]),
    "with an open one": lambda: ScheduleEnvs(
        [ngym.make("PerceptualDecisionMaking", dt=100), ngym.make("Reaching1D", dt=100), daw()],
        env_input=True,
    ),
    "chosen": lambda: MultiEnvs([ngym.make("GoNogo", dt=100), daw()], i=1),
    "nested": lambda: ScheduleEnvs(
        [MultiEnvs([ngym.make("GoNogo", dt=100), daw()], i=1),
         ngym.make("Reaching1D", dt=100), ngym.make("LeverPressWithPoke", dt=100)]
    ),
}  # fmt: skip


def actor(env, way, rng):
    """One who plays a trial."""
    held = some(env.action_space, rng)
    return {
        "random": lambda ob: some(env.action_space, rng),
        "mostly right": lambda ob: (
            env.gt_now if rng.random() < 0.9 else some(env.action_space, rng)
        ),
        "held": lambda ob: held,
        "idle": lambda ob: idle(env.task),
    }[way]


def played(task, way, trials, seed=5):
    """Trials as the browser gets them, with what was done; and what Python says of each."""
    env, rng = TaskEnv(task), np.random.default_rng(7)
    programs, rest = messages.stage(env)["programs"], np.asarray(idle(task)).tolist()
    for index in range(trials):
        first = trial_table.begin(env, seed, index)
        told = messages.trial(env, f"r-{index}-0", index, 0, first)
        if "loop" not in told:
            continue  # a trial of an open task, which has a table
        loop = {k: np.asarray(v).tolist() for k, v in told["loop"].items()}
        frames, program = np.asarray(env.ob, float).ravel().tolist(), programs[loop["program"]]
        best = []
        act = actor(env, way, rng)

        def noted(ob, act=act, best=best):
            best.append(np.asarray(env.gt_now).tolist())
            return act(ob)

        trace = trial_table.run_trial(env, noted, first)
        actions = dict(zip(trace.steps.tolist(), np.asarray(trace.actions).tolist(), strict=True))
        message = dict(program=program, loop=loop, frames=frames, actions=actions, rest=rest)
        yield message, trace, best


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["agent", "human"])
@pytest.mark.parametrize("id", CLOSED)
def test_a_trial_is_the_same_in_the_browser(node, request, id, kind, way):
    trials = 200 if request.config.getoption("--all") else FEW
    compare(node, list(played(configure(task_class(id), kind), way, trials)))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TURNS)
def test_tasks_that_take_turns_are_the_same_in_the_browser(node, request, name, way):
    trials = 200 if request.config.getoption("--all") else 3 * FEW
    given = list(played(TURNS[name]().unwrapped.task, way, trials))
    assert {len(message["loop"]["channels"]) for message, *_ in given}
    compare(node, given)


def test_a_turn_is_told_with_the_numbers_of_the_whole():
    """Of what a task has of its own some channels and actions have other numbers in the whole."""
    task = TURNS["nested"]().unwrapped.task
    loops = [message["loop"] for message, *_ in played(task, "idle", 60)]
    turns = {loop["program"]: loop for loop in loops}
    assert sorted(turns) == [0, 1, 2]
    assert any(turn["channels"] != list(range(len(turn["channels"]))) for turn in turns.values())
    for turn in turns.values():
        back = [turn["own_action"][action] for action in turn["action"]]
        assert back == list(range(len(back)))


def compare(node, given):
    """Play trials in node: all is as Python says."""
    lines = "\n".join(json.dumps(message) for message, _, _ in given)
    done = subprocess.run([node, str(PLAY)], input=lines, capture_output=True, text=True,
                          check=True)  # fmt: skip
    for (_, trace, best), line in zip(given, done.stdout.splitlines(), strict=True):
        check(json.loads(line), trace, best)


def check(told, trace, best):
    """What node told of a trial is what Python says of it."""
    assert told["step"] == trace.steps.tolist()
    np.testing.assert_allclose(told["ob"], trace.ob.ravel(), atol=1e-6)  # float32
    np.testing.assert_allclose(told["reward"], trace.rewards, atol=1e-9)
    assert told["best"] == best
    end = trial_table.outcome_of(trace)
    assert (told["outcome"], told["response"]) == (
        int(Outcome[end["outcome"].upper()]), end["response"],
    )  # fmt: skip
    assert told["performance"] == pytest.approx(trace.end["performance"], abs=1e-9)
