"""Every example script runs, and shows what it says."""

import importlib.util
from pathlib import Path

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
