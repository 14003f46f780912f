"""Every declared task is put to every test that asks for a `task_id`, in short or at length.

A test that costs much is marked `each_structure` and gets one task of each structure, or
`each_played`: one of each that the player tells from others. What people play, the preset "human",
is put to one of each structure in any case. With `--all` every test gets all.
"""

import gc
import os

import pytest

from neurogym.trials import catalogue
from neurogym.trials.catalogue import task_class
from tests.structure import TASKS, played, representatives
from tests.ui.driver import page  # noqa: F401 - fixture
from tests.ui.harness import bench, browser, context, lan, site  # noqa: F401 - one browser for all
from tests.ui.server import server  # noqa: F401 - fixture

PRESETS = ["agent", "human"]
SHORT = {"each_structure": representatives, "each_played": played}


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="every task in every test: `make test-all`")


def pytest_generate_tests(metafunc):
    asked = [name for name in ("task_id", "preset") if name in metafunc.fixturenames]
    if asked == ["preset"]:
        metafunc.parametrize("preset", PRESETS)
    elif asked:
        metafunc.parametrize(asked, cases(metafunc, asked))


def cases(metafunc, asked):
    """The values of what a test asks for, task by task."""
    every = metafunc.config.getoption("--all")
    marked = [name for name in SHORT if metafunc.definition.get_closest_marker(name)]
    ids = SHORT[marked[0]]() if marked and not every else TASKS
    if asked == ["task_id"]:
        return [(id,) for id in ids]
    people = ids if every else representatives()
    more = [(id, name) for id in ids if id in people for name in task_class(id).presets]
    return [(id, "agent") for id in ids] + [(id, "human") for id in ids if id in people] + more


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(config, items):
    """Whatever needs a browser or a server is one group, and comes first: it mostly waits."""
    if not config.getoption("--all"):
        at_length = ("outside", "packages")
        items[:] = [item for item in items if not any(map(item.get_closest_marker, at_length))]
    waits = [item for item in items if {"browser", "server"} & set(item.fixturenames)]
    for item in waits:
        item.add_marker(pytest.mark.xdist_group("browser"))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def pytest_collection_finish():
    """What there is by now stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return on_ci_all_run((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return on_ci_all_run((yield))


def on_ci_all_run(report):
    """A test that is skipped, or a file of them, has failed on CI: it lacks what it needs."""
    if report.skipped and os.environ.get("CI"):
        report.outcome, reason = "failed", report.longrepr[2]
        report.longrepr = f"{report.nodeid}: on CI nothing may be skipped. {reason}"
    return report


@pytest.fixture(autouse=True, scope="module")
def known_tasks():
    """What tests of a file register is forgotten after it: files run in any order."""
    before = set(catalogue.all_envs())
    yield
    for id in set(catalogue.all_envs()) - before:
        catalogue.forget(id)


@pytest.fixture(autouse=True, scope="session")
def in_python():
    """Steps run in Python, but where a test asks for them to be compiled: that takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROGYM_COMPILED", "0")
        yield


@pytest.fixture
def task(request, task_id):
    """The task of `task_id`, with the parameters of `preset` if the test asks for one."""
    named = "preset" in request.fixturenames
    preset = request.getfixturevalue("preset") if named else "agent"
    return catalogue.configure(catalogue.task_class(task_id), preset)
