"""A wrapper that uses all of canvas, timeline and batch works alone and around several tasks."""

import numpy as np
import param
import pytest

import neurogym as ngym
from neurogym import wrappers
from neurogym.envs.task_env import TaskEnv
from neurogym.envs.vector import TaskVectorEnv
from neurogym.spec.canvas import Canvas
from neurogym.wrappers import Wrapper


class Everything(Wrapper):
    """Uses whatever it may ask a canvas and a timeline for."""

    seen = param.Dict({})

    def check(self, task):
        """Fits all."""

    def change(self, task, plan):
        from neurogym.spec.layout import Channels

        plan.channels = Channels(**plan.channels.sizes, extra=2)

    def paint(self, task, canvas, trials):
        line, n = canvas.timeline, canvas.n
        assert trials.n == n == line.n == len(line.length)
        first, last = line.periods[0], line.periods[-1]
        assert line.steps.shape == canvas.answers.shape == (n, len(line.periods))
        assert line.before(last) == tuple(line.periods[:-1])
        assert line.index(None) == list(range(len(line.periods)))
        assert set(line.index([first, last])) >= {0, len(line.periods) - 1}
        for period in line.periods:
            has = line.has(period)
            shown = (line.end[period] - line.start[period]) * line.dt
            np.testing.assert_array_equal(line.shown_ms(period), shown)
            assert (line.start[period][has] <= line.end[period][has]).all()
            assert (line.end[period] <= line.length).all()
            assert np.shape(line.ms[period]) in ((), (n,))
        canvas.show("extra", 0.5)
        canvas.show("extra", np.tile([1.0, 2.0], (n, 1)), during=first)
        canvas.trace("extra", lambda trial, ms: np.stack([trial, ms], axis=1), last)
        canvas.noise("extra", 0.0)
        canvas.noise("extra", np.full(n, 0.1), during=last)
        canvas.dampen(np.zeros(n))
        with pytest.raises(ValueError, match="unknown period 'nap'"):
            canvas.show("extra", 1, during="nap")
        with pytest.raises(ValueError, match="`answer` says which is right"):
            canvas.aim(canvas.actions.labels[0], 1, first)
        group = next(g for g in canvas.actions if g.start)
        canvas.worth(group.name, 0.25)
        canvas.due(group.name, np.full(n, 100.0))
        canvas.answers[:] = canvas.answers.copy()
        canvas.answer(group.name, 0, last, when=np.arange(n) % 2 == 0)
        canvas.label(np.zeros(n, np.int64), first)


def dots(**params):
    return ngym.make("PerceptualDecisionMaking", **params)


AROUND = {
    "alone": dots,
    "Combine": lambda: wrappers.Combine(dots(), ngym.make("GoNogo"), onset=300),
    "shared": lambda: wrappers.Combine(dots(), ngym.make("GoNogo"), share_action_space=True),
    "mix": lambda: wrappers.Combine(dots(), ngym.make("GoNogo"), mix=[0.3, 0.3, 0.4]),
    "MultiEnvs": lambda: wrappers.MultiEnvs([dots(), ngym.make("GoNogo")]),
    "ScheduleEnvs": lambda: wrappers.ScheduleEnvs([dots(), ngym.make("GoNogo")], env_input=True),
    "nested": lambda: wrappers.ScheduleEnvs(
        [wrappers.Combine(dots(), ngym.make("GoNogo")), ngym.make("ReadySetGo", dt=100)]
    ),
    "closed": lambda: wrappers.ScheduleEnvs([dots(), ngym.make("DawTwoStep")]),
}


@pytest.mark.parametrize("name", AROUND)
def test_all_of_the_interface_works(name):
    task = Everything(AROUND[name]()).unwrapped.task
    plain = AROUND[name]().unwrapped.task
    blocks = [t.block([t.draw(np.random.default_rng(1), 30, {})]) for t in (task, plain)]
    whole, before = blocks
    line, extra = whole.timeline, task.plan.channels["extra"].slice
    np.testing.assert_array_equal(whole.offsets, before.offsets)
    noise_off = np.ptp(whole.ob[:, extra], axis=0)
    assert (noise_off > 0).all()
    first, last = line.periods[0], line.periods[-1]
    for i in range(whole.n):
        rows = slice(*whole.offsets[i : i + 2])
        step = np.arange(whole.offsets[i + 1] - whole.offsets[i])
        expected = np.full((len(step), 2), 0.5, np.float32)
        if line.has(first)[i]:
            expected[(step >= line.start[first][i]) & (step < line.end[first][i])] = 1, 2
        if line.has(last)[i]:
            within = (step >= line.start[last][i]) & (step < line.end[last][i])
            expected[within, 0] += i
            expected[within, 1] += (step[within] - line.start[last][i]) * line.dt
        np.testing.assert_allclose(whole.ob[rows, extra], expected)
        names = [name for name, _, _ in whole.periods(i)]
        assert names == [p for p in line.periods if line.has(p)[i]]
    S = len(whole.ob)
    for array in (whole.gt, whole.period, whole.since, whole.period_end, whole.trial, whole.step):
        assert array.shape == (S,)
    names = np.array(line.periods)
    on = whole.period >= 0
    assert on.all() or name == "mix"  # the second task alone begins later
    ends = np.stack([line.end[p] for p in names])[whole.period, whole.trial]
    starts = ends - line.steps.T[whole.period, whole.trial]
    np.testing.assert_array_equal(whole.since[on], (whole.step - starts)[on])
    last_row = whole.period_end - whole.offsets[whole.trial]
    np.testing.assert_array_equal(last_row[on], ends[on] - 1)
    assert whole.window.shape == (whole.n, 2)


@pytest.mark.parametrize("name", AROUND)
def test_it_is_stepped_alike_in_one_and_in_many(name):
    task = Everything(AROUND[name]()).unwrapped.task
    env, envs = TaskEnv(task), TaskVectorEnv(task, 1)
    ob, _ = env.reset(seed=2)
    obs, _ = envs.reset(seed=[2])
    rng = np.random.default_rng(0)
    for _ in range(200):
        np.testing.assert_array_equal(ob, obs[0])
        action = int(rng.integers(env.action_space.n)) if rng.random() < 0.5 else env.gt_now
        ob, reward, _, _, info = env.step(action)
        obs, rewards, _, _, infos = envs.step(np.array([action]))
        assert reward == pytest.approx(rewards[0])
        assert info["gt"] == infos["gt"][0]


class Answer(Wrapper):
    """Another answer is right, in trials that have one."""

    action = param.String("choice 1")
    during = param.String("decision")

    def paint(self, task, canvas, trials):
        name, _, k = self.action.rpartition(" ") if " " in self.action else (self.action, "", "1")
        if name in canvas.actions.groups:
            canvas.answer(name, int(k) - 1, self.during)
        else:
            canvas.answer(self.action, 0, self.during)


def answered(env, trials=20):
    """How trials end in which the right action is done."""
    env.reset(seed=3)
    ends = []
    while len(ends) < trials:
        _, _, _, _, info = env.step(env.unwrapped.gt_now)
        if info["new_trial"]:
            ends.append(info)
    return ends


def test_answers_of_the_whole_are_those_of_the_tasks():
    one_sided = answered(Answer(dots(), "choice 2"))
    assert {info["response"] for info in one_sided} == {2}
    assert {info["outcome"] for info in one_sided} == {"correct"}
    switched = answered(Answer(AROUND["ScheduleEnvs"](), "choice 2"), 40)
    told = {info["trial"]["task"]: set() for info in switched}
    for info in switched:
        told[info["trial"]["task"]].add((info["response"], info["outcome"]))
    assert told[0] == {(2, "correct")}
    # go/no-go has no such action: it is left as it is
    assert {outcome for _, outcome in told[1]} == {"correct", "withheld"}
    both = AROUND["Combine"]()
    for info in answered(Answer(both, "go_2", "decision_2")):
        assert info["parts"][1]["outcome"] == "correct"
        assert info["parts"][0]["correct"]


def test_worth_of_what_tasks_earn_together_is_refused():
    class Both(Wrapper):
        """Says what two answers are worth together."""

        def paint(self, task, canvas, trials):
            canvas.worth("choice 1 & go_2", 1.0)

    with pytest.raises(ValueError, match="what several tasks earn together"):
        Both(AROUND["Combine"]()).reset(seed=1)


def test_the_interface_is_all_abstract():
    assert Canvas.__abstractmethods__ == {
        "aim", "dampen", "due_at", "label", "noise", "show", "trace", "worth_at"
    }  # fmt: skip
