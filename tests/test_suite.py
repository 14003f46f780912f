"""What the tests promise of themselves: costly ones meet every structure, and none is left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurogym.trials.catalogue import task_class
from tests.structure import TASKS, classes, cost, representatives, structure

ROOT = Path(__file__).parents[1]
SKIPS = """
import pytest

from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport
"""
WAYS = {
    "a test": "import pytest\n\ndef test_it():\n    pytest.skip('no browser')\n",
    "a file": "import pytest\n\npytest.importorskip('no_such_module')\n",
}


def test_each_task_is_of_one_structure_and_the_cheapest_stands_for_it():
    found = classes()
    assert sorted(id for ids in found.values() for id in ids) == sorted(TASKS)
    for kind, ids in found.items():
        tasks = [task_class(id)() for id in ids]
        assert {structure(task) for task in tasks} == {kind}
        assert cost(tasks[0]) == min(map(cost, tasks))
    assert representatives() == [ids[0] for ids in found.values()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ci", [False, True])
def test_what_is_skipped_has_failed_on_ci(tmp_path, way, ci):
    (tmp_path / "conftest.py").write_text(SKIPS)
    (tmp_path / "test_it.py").write_text(WAYS[way])
    env = {**os.environ, "CI": "true", "PYTHONPATH": str(ROOT)}
    if not ci:
        del env["CI"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ("on CI nothing may be skipped" in done.stdout) == ci
    assert (" skipped" in done.stdout.splitlines()[-1]) != ci
    assert (done.returncode in (1, 2)) == ci
