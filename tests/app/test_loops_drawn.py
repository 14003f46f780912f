"""Closed tasks with any parameters: one trial, many on lists, and the browser do the same."""

import json
import subprocess

import param
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from neurogym.envs.task_env import TaskEnv
from neurogym.spec.parameters import Levels, Rewards, Timing
from neurogym.trials.catalogue import task_class
from tests.app.test_loops_js import CLOSED, PLAY, WAYS, check, played
from tests.neurogym.test_vector import compare

LONGEST = 400  # steps of a trial: longer ones take long, and show no more
FEW, MANY = 6, 60  # examples of each task, in short and at length


def number(low, high):
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


def values(task, name, parameter):
    """The values that a parameter of a task can have."""
    default = getattr(task, name)
    if isinstance(parameter, Timing):
        return st.fixed_dictionaries(
            {}, optional={period: number(0, 25 * float(task.dt)) for period in default}
        )
    if isinstance(parameter, Rewards):
        return st.fixed_dictionaries({}, optional={key: number(-10, 10) for key in default})
    if isinstance(parameter, Levels):
        low, high = parameter.level_bounds or (-1, 1)
        return st.lists(number(low, high), min_size=1, max_size=4)
    if isinstance(parameter, param.Boolean):
        return st.booleans()
    if isinstance(parameter, param.Selector):
        return st.sampled_from(parameter.objects)
    assert isinstance(parameter, param.Number), f"what can {name} of {task.label} be?"
    low, high = (default / 4, default * 4) if name == "dt" else parameter.bounds
    whole = isinstance(parameter, param.Integer)
    return st.integers(low, high) if whole else number(low, high)


def parameters(task):
    """Some parameters of a task, the others as they are by default."""
    own = {name: p for name, p in task.param.objects().items() if name != "name"}
    return st.fixed_dictionaries(
        {}, optional={name: values(task, name, parameter) for name, parameter in own.items()}
    )


@pytest.fixture(scope="module")
def browser_of(node):
    """What plays a trial in node, which is started once."""
    with subprocess.Popen(
        [node, str(PLAY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def play(message):
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield play
        process.stdin.close()


def made(cls, params):
    """A task with these parameters; those that do not go together are no example."""
    try:
        task = cls(**params)
        env = TaskEnv(task)
        env.reset(seed=1)
    except ValueError:
        assume(False)
    assume(len(env.ob) <= LONGEST)
    return task


@pytest.mark.parametrize("id", CLOSED)
def test_whatever_the_parameters_a_trial_is_the_same_everywhere(browser_of, request, id):
    every = request.config.getoption("--all")
    cls = task_class(id)

    @settings(
        max_examples=MANY if every else FEW, derandomize=not every, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(parameters(cls()), st.sampled_from(WAYS), st.integers(0, 2**31 - 1))
    def same(params, way, seed):
        task = made(cls, params)
        for message, trace, best in played(task, way, 2, seed):
            check(browser_of(message), trace, best)
        compare(task, steps=60, n=2, seed=seed)

    same()
