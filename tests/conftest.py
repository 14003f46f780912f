"""Every declared task is put to every test that asks for a `task_id`."""

import pytest

from neurogym.trials import catalogue
from tests.ui.driver import page  # noqa: F401 - fixture
from tests.ui.harness import bench, browser, context, site  # noqa: F401 - one browser for all
from tests.ui.server import server  # noqa: F401 - fixture

TASKS = [id for id in catalogue.all_envs() if catalogue.task_class(id)]
PRESETS = ["agent", "human"]


def pytest_generate_tests(metafunc):
    for name, values in (("task_id", TASKS), ("preset", PRESETS)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values)


@pytest.fixture
def task(request, task_id):
    """The task of `task_id`, with the parameters of `preset` if the test asks for one."""
    named = "preset" in request.fixturenames
    preset = request.getfixturevalue("preset") if named else "agent"
    return catalogue.configure(catalogue.task_class(task_id), preset)
