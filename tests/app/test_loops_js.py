"""Closed tasks do in the browser what they do in Python: for one trial, and for many."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from neurogym.envs.task_env import TaskEnv
from neurogym.loops.wire import wire
from neurogym.records import trial_table
from neurogym.spec.outcomes import Outcome
from neurogym.trials.catalogue import configure, task_class
from tests.acting import idle, some
from tests.structure import TASKS

PLAY = Path(__file__).parents[1] / "js" / "loop.js"
CLOSED = [id for id in TASKS if task_class(id).closed]
WAYS = ("random", "mostly right", "held", "idle")
FEW = 6  # trials of each task, preset and way; 200 in the long run


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


def played(task, way, trials):
    """Trials as the browser gets them, with what was done; and what Python says of each."""
    env, rng = TaskEnv(task), np.random.default_rng(7)
    program, rest = wire(task.loop.one.program), np.asarray(idle(task)).tolist()
    for index in range(trials):
        first = trial_table.begin(env, 5, index)
        loop = {k: np.asarray(v).tolist() for k, v in env.loop_told.items()}
        frames = np.asarray(env.ob, float).ravel().tolist()
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
    task = configure(task_class(id), kind)
    trials = 200 if request.config.getoption("--all") else FEW
    given = list(played(task, way, trials))
    lines = "\n".join(json.dumps(message) for message, _, _ in given)
    done = subprocess.run([node, str(PLAY)], input=lines, capture_output=True, text=True,
                          check=True)  # fmt: skip
    for (_, trace, best), line in zip(given, done.stdout.splitlines(), strict=True):
        told = json.loads(line)
        assert told["step"] == trace.steps.tolist()
        np.testing.assert_allclose(told["ob"], trace.ob.ravel(), atol=1e-6)  # float32
        np.testing.assert_allclose(told["reward"], trace.rewards, atol=1e-9)
        assert told["best"] == best
        end = trial_table.outcome_of(trace)
        assert (told["outcome"], told["response"]) == (
            int(Outcome[end["outcome"].upper()]), end["response"],
        )  # fmt: skip
        assert told["performance"] == pytest.approx(trace.end["performance"], abs=1e-9)
