"""Every example script runs, and shows what it says."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_random_dots_are_a_reaction_time_task_and_two_tasks_are_learned_at_once():
    example = load("two_claims")
    times = [point.value for point in example.reaction_times(400)]
    assert times == sorted(times, reverse=True)
    assert times[0] > times[-1] + 500
    learned = example.two_tasks_at_once(100)
    assert list(learned) == ["GoNogo", "DelayPairedAssociation"]
    assert min(learned.values()) > 0.9


def test_a_new_task_is_written_both_ways_played_and_put_in_a_dataset():
    run = subprocess.run(  # keeps this registry as is
        [sys.executable, "-W", "error", EXAMPLES / "new_task.py"],
        cwd=EXAMPLES.parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    right = {
        (id, agent): int(share)
        for id, agent, share in re.findall(r"(\w+)-v0, (\w+): (\d+)% right", run.stdout)
    }
    assert right["OddLight", "oracle"] == right["ClassicOddLight", "oracle"] == 100
    assert right["OddLight", "integrator"] > 85
    for id in ("OddLight", "ClassicOddLight"):
        assert right[id, "random"] == pytest.approx(33, abs=8)
        assert f"{id}-v0: inputs (100, 16, 4), labels (100, 16) of 0 to 3" in run.stdout


def test_what_there_is_can_be_browsed():
    example = load("browse")
    assert "DelayMatchSample-v0" in example.tasks_with("working memory")
    assert {"ReactionTime", "PassReward"} <= {*example.wrappers_for("GoNogo")}
    found = example.lengths("GoNogo", timing={"fixation": ("uniform", (100, 900))})
    assert found["max"] - found["mean"] == pytest.approx(3.5, abs=0.3)  # of 1 to 8 steps
    told = example.monitored(300)
    assert told["repeats"] == pytest.approx(0.9, abs=0.05)
    assert told["performance"] < 0.5


def test_the_page_names_every_example():
    page = (EXAMPLES.parent / "examples.md").read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f"python docs/examples/{path.name}" in page
