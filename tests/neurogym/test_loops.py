"""Closed tasks: what their methods may say, and what is told where they say something else."""

import math
import re

import numpy as np
import param
import pytest

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.loops.reading import Unfit
from neurogym.loops.wire import wire
from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Outcome
from neurogym.spec.parameters import Timing
from neurogym.spec.plan import Effect

WORTHS = np.array([[0.25, 0.5], [1.0, 2.0]])


def doubled(x, times):
    """A number, doubled some times."""
    for _ in range(times):
        x *= 2
    return x


class Climb(ngym.Task):
    """Climb up the steps of a tower; the flag on top pays."""

    steps = param.Integer(3, bounds=(1, 9), doc="steps of the tower")
    timing = Timing(wait=200, climb=1000)
    closed = True
    window = ("climb",)

    def channels(self):
        return Channels(height=4, flag=1)

    def actions(self):
        return Actions(rest=1, up=1, down=1)

    def conditions(self):
        return dict(wind=Choice((0, 1), doc="whether it blows"))

    def paint(self, canvas, trials):
        canvas.show("flag", 0.5, during="climb")

    def begin(self, trial):
        return dict(height=0, best=0.0)

    def best(self, trial, state, step):
        return 1 if step.during("climb") else 0

    def observe(self, trial, state, step, ob):
        ob.height[min(state.height, 3)] = 1.0
        ob.flag += state.best

    def react(self, trial, state, step, action):
        top, rewards = self.steps, self.plan.rewards
        if step.during("wait") or action not in (1, 2):
            return Effect(outcome=Outcome.MISS)
        state.height = max(state.height + (1 if action == 1 else -1), 0)
        state.best = max(state.best, state.height / top)
        done = state.height >= top
        worth = doubled(WORTHS[trial.wind, 1], 2) if done else 0.0
        return Effect(
            reward=worth * rewards["correct"], ends=done, performance=state.best,
            outcome=Outcome.CORRECT if done else Outcome.ERROR, responds=True,
        )  # fmt: skip


def test_what_one_writes_is_what_is_played():
    env = TaskEnv(Climb())
    for wind in (0, 1):
        ob, _ = env.reset(seed=1, options={"conditions": {"wind": wind}})
        assert ob.tolist() == [1, 0, 0, 0, 0]
        rows, rewards = [], []
        info = {"new_trial": False}
        while not info["new_trial"]:
            ob, reward, _, _, info = env.step(env.gt_now)
            rows.append(ob.tolist())
            rewards.append(reward)
        assert rows[1] == [1, 0, 0, 0, 0.5]
        np.testing.assert_allclose(rows[3], [0, 0, 1, 0, 0.5 + 2 / 3], rtol=1e-6)
        assert rewards == [0, 0, 0, 0, 4 * WORTHS[wind, 1]]
        assert (info["outcome"], info["rt"], info["performance"]) == ("correct", 0.0, 1.0)


def test_a_parameter_that_changes_is_in_the_next_trial():
    task = Climb()
    env = TaskEnv(task)
    env.reset(seed=1)
    task.steps = 1
    env.new_trial()
    taken = 0
    while not env.step(env.gt_now)[4]["new_trial"]:
        taken += 1
    assert taken == 2


def test_what_is_known_before_a_trial_is_filled_in():
    text = TaskEnv(Climb(steps=5)).task.loop.one.program.text()
    assert "s_[0] >= 5" in text
    assert "self" not in text
    assert wire(Climb().loop.one.program)["tables"] == {"table0": [0.25, 0.5, 1, 2]}


def make(**methods):
    """A closed task with other methods."""
    return type("Other", (Climb,), methods)


def while_loop(self, trial, state, step, action):
    while action:
        action -= 1
    return Effect()


def comprehension(self, trial, state, step, action):
    return Effect(reward=sum([action * k for k in range(3)]))


def array_function(self, trial, state, step, action):
    return Effect(reward=np.sin(action))


def unknown_step(self, trial, state, step, action):
    return Effect(ends=step.first)


def unknown_state(self, trial, state, step, action):
    state.width = 3
    return Effect()


def unknown_condition(self, trial, state, step, action):
    return Effect(reward=trial.cho)


def unknown_period(self, trial, state, step, action):
    return Effect(ends=step.during("climbing"))


def unknown_effect(self, trial, state, step, action):
    return Effect(rewards=1)


def no_number(self, trial, state, step, action):
    return Effect(reward=self.timing)


def other_attribute(self, trial, state, step, action):
    self.height = action
    return Effect()


def as_a_whole(self, trial, state, step, action):
    return Effect(reward=abs(state))


def several_channels(self, trial, state, step, ob):
    ob.height = 1


def unknown_channel(self, trial, state, step, ob):
    ob.hight[0] = 1


def other_arguments(self, trial, state, action):
    return Effect()


AT_ONCE = {  # when the class is made
    while_loop: "While `while action", comprehension: "`sum(...)` cannot be translated",
    array_function: "`np.sin(...)` cannot be translated", other_attribute: "to set `self.height`",
    other_arguments: "expected react(self, trial, state, step, action)",
}  # fmt: skip
LATER = {  # when it is known what there is
    unknown_step: "a step has during, closing", unknown_state: "begin gives height, best",
    unknown_condition: "a trial has no 'cho', but wind", no_number: "no number",
    unknown_period: "there is no period 'climbing', but wait, climb",
    unknown_effect: "rewards; allowed are reward, ends", as_a_whole: "`state` as a whole",
}  # fmt: skip
SHOWN = {several_channels: "has 4 channels", unknown_channel: "hight"}


@pytest.mark.parametrize("function", AT_ONCE, ids=lambda f: f.__name__)
def test_what_cannot_be_said_is_told_when_the_class_is_made(function):
    with pytest.raises(Unfit, match=re.escape(AT_ONCE[function])) as error:
        make(react=function)
    line = int(re.search(r"test_loops\.py:(\d+): ", str(error.value))[1])
    first = function.__code__.co_firstlineno
    assert first <= line <= first + 4
    assert f"in {function.__name__}" in str(error.value)


@pytest.mark.parametrize("function", {**LATER, **SHOWN}, ids=lambda f: f.__name__)
def test_names_that_are_not_there_are_told_with_those_that_are(function):
    cls = make(**{"observe" if function in SHOWN else "react": function})
    with pytest.raises(Unfit, match=re.escape({**LATER, **SHOWN}[function])):
        TaskEnv(cls()).reset(seed=1)


def test_a_method_without_a_text_is_told():
    scope = {"Effect": Effect}
    exec("def react(self, trial, state, step, action):\n    return Effect()\n", scope)
    with pytest.raises(Unfit, match="its text is not in a file"):
        make(react=scope["react"])


def test_numbers_are_those_of_python():
    """Signs of remainders, floors, chains, and/or/not: as Python has them, also for many."""

    def react(self, trial, state, step, action):
        a = action - 1.5
        low = -1 < a <= 0.5 and action != 2
        return Effect(reward=a % 1.2 + a // 0.7 + (-a) ** 2 + math.floor(a) + int(a) + low)

    def expected(action):
        a = action - 1.5
        low = -1 < a <= 0.5 and action != 2
        return a % 1.2 + a // 0.7 + (-a) ** 2 + math.floor(a) + int(a) + low

    env = TaskEnv(make(react=react)())
    env.reset(seed=1)
    for action in (0, 1, 2):
        assert env.step(action)[1] == expected(action)
