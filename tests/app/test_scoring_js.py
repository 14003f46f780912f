"""The browser scores a trial as Python does."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import neurogym as ngym
from app.player import messages
from neurogym.records import trial_table
from neurogym.spec.outcomes import Outcome
from neurogym.wrappers import ScheduleEnvs
from tests.conftest import TASKS

SCORE = Path(__file__).parents[1] / "js" / "score.js"


def acts(env, seed):
    """Ways to play: at random, rightly, one action held, nothing."""
    rng = np.random.default_rng(seed)
    n = int(env.action_space.n)
    return {
        "random": lambda ob: int(rng.integers(n)) if rng.random() < 0.1 else 0,
        "oracle": lambda ob: int(env.gt_now),
        "held": lambda ob: seed % (n - 1) + 1,
        "idle": lambda ob: 0,
    }


def turns():
    """An open task and a closed one: trials of the former have a table."""
    return ScheduleEnvs(
        [ngym.make("PerceptualDecisionMaking", dt=100), ngym.make("DawTwoStep", dt=100)]
    )


def cases_of(task_id, env, trials=3):
    """Trials of a task as the player gets them, what was done, and what Python says of it."""
    for index in range(trials):
        for name in ("random", "oracle", "held", "idle"):
            first = trial_table.begin(env, 5, index)
            message = messages.trial(env, f"r-{index}-0", index, 0, first)
            if "loop" in message:
                continue  # it has a program, not a table
            told = {key: message.get(key) for key in TOLD if key in message}
            trace = trial_table.run_trial(env, acts(env, index)[name], first)
            truth = trial_table.outcome_of(trace)
            yield (task_id, name, index), told | {"T": message["T"]}, truth, int(trace.steps[-1])


TOLD = ("kind", "reward", "outcome", "ends", "next", "response", "shape", "parts", "shared")


def test_the_browser_scores_as_python(node):
    cases = [case for id in TASKS for case in cases_of(id, ngym.make(id).unwrapped)]
    cases += cases_of("turns", turns().unwrapped, 12)
    given = [dict(trial=told, actions=truth["actions"]) for _, told, truth, _ in cases]
    text = json.dumps(given, default=lambda array: array.tolist())
    done = subprocess.run([node, SCORE], input=text, capture_output=True, text=True, check=True)
    scores = json.loads(done.stdout)
    assert len({task for (task, _, _), *_ in cases}) > 50
    assert len({index for (task, _, index), *_ in cases if task == "turns"}) > 3
    for (case, _, truth, last), score in zip(cases, scores, strict=True):
        assert (score["ended"], score["step"]) == (True, last), case
        assert score["response"] == truth["response"], case
        assert Outcome(score["outcome"]).name.lower() == truth["outcome"], case
        assert score["reward"] == pytest.approx(truth["reward"], abs=1e-4), case
