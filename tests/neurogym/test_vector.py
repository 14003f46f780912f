"""The vectorised environment is so many scalar ones, step for step."""

import re

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import VectorEnv

import neurogym as ngym
from neurogym.envs.dataset import play_rightly
from neurogym.envs.task_env import TaskEnv
from neurogym.envs.vector import TaskVectorEnv
from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Outcome, Payoffs
from neurogym.spec.parameters import Timing
from neurogym.spec.rules import Rule
from neurogym.trials.catalogue import task_class
from neurogym.trials.stream import Stream
from tests.acting import graded, idle, some, wrong
from tests.structure import TASKS

N, SEED = 4, 5


class Twice(Rule):
    """The second press ends the trial; it is right if it is another one than the first."""

    window = "press"

    def table(self, plan):
        table = Payoffs(2, 3, 3)  # on, and the last step; pressed nothing, 1 or 2
        for first in (1, 2):
            table.next[:, 0, first] = first
            for second in (1, 2):
                outcome = Outcome.ERROR if first == second else Outcome.CORRECT
                table.set(np.s_[:, first, second], float(first != second), outcome, True)
        table.ends[1] = True
        table.outcome[1, 0] = Outcome.MISS
        return table

    def judge(self, plan, canvas, segment, last):
        kinds = np.zeros(segment.size, np.int64)
        kinds[last] = 1
        return plan.table, kinds


class Remember(ngym.Task):
    """Press one key, then the other."""

    timing = Timing(press=("uniform", (300, 900)))
    rule = Twice()

    def channels(self):
        return Channels(light=1)

    def actions(self):
        return Actions(rest=1, press=2)

    def conditions(self):
        return dict(level=Choice([0.25, 0.5, 1.0]))

    def paint(self, canvas, trials):
        canvas.show("light", trials.level)
        canvas.noise("light", 1.0)
        canvas.answer("press", 0, during="press")


def nearly(given, wanted):
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-6)


def compare(task, steps, n=N, seed=SEED, chance=0.3, exactly=True):
    """Step both with the same actions, oracle's and random ones; returns trials by env.

    Compiled functions of math can differ in the last digit.
    """
    same = np.testing.assert_array_equal if exactly else nearly
    vector = TaskVectorEnv(task, n)
    scalars = [TaskEnv(type(task)(**task.settings())) for _ in range(n)]
    rng = np.random.default_rng(0)
    ob, info = vector.reset(seed=seed)
    assert info == {}
    np.testing.assert_array_equal(
        ob, [env.reset(seed=seed + i)[0] for i, env in enumerate(scalars)]
    )
    space = vector.single_action_space
    trials = np.zeros(n, int)
    for _ in range(steps):
        actions = np.array(
            [some(space, rng) if rng.random() < chance else env.gt_now for env in scalars]
        )
        numbers = [env.trial_index for env in scalars]
        before, kept = ob, ob.copy()
        ob, reward, terminated, truncated, info = vector.step(actions)
        each = [env.step(action) for env, action in zip(scalars, actions, strict=True)]
        obs, rewards, _, _, infos = zip(*each, strict=True)
        np.testing.assert_array_equal(before, kept)
        same(ob, obs)
        assert ob.dtype == np.float32
        np.testing.assert_allclose(reward, rewards, rtol=0, atol=0 if exactly else 1e-9)
        assert not terminated.any()
        assert not truncated.any()
        ended = [i["new_trial"] for i in infos]
        assert info["new_trial"].tolist() == ended
        np.testing.assert_array_equal(info["gt"], [i["gt"] for i in infos])
        trials += ended
        if any(ended):
            wanted = [i.get("performance", 0.0) for i in infos]
            np.testing.assert_allclose(
                info["performance"], wanted, rtol=0, atol=0 if exactly else 1e-9
            )
            np.testing.assert_array_equal(info["rt"], [i.get("rt", np.nan) for i in infos])
            assert info["index"].tolist() == numbers
    return trials


def test_a_vector_env_is_so_many_scalar_envs(task, preset):
    compare(task, steps=350 if preset == "agent" else 700)


@pytest.mark.parametrize("id", [id for id in TASKS if task_class(id).closed])
def test_it_is_the_same_where_numba_compiles_it(id, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("NEUROGYM_COMPILED", "1")
    task = task_class(id)()
    compare(task, steps=700, exactly=False)
    compiled, python = (played(task, on, monkeypatch) for on in "10")
    for name in ("ob", "gt", "reward", "offsets"):
        nearly(getattr(compiled, name), getattr(python, name))
    for name, values in python.how.items():
        nearly(compiled.how[name], values)


def played(task, compiled, monkeypatch):
    monkeypatch.setenv("NEUROGYM_COMPILED", compiled)
    return play_rightly(Stream(task, 3).blocks(0, 3))


def shortest(task_id):
    """The task with every period as short as it can be: one step, or none.

    Where an interval is to be produced, or a place to be reached, there is time for that.
    """
    cls = task_class(task_id)
    needed = {"production", "reach"} & set(cls().timing)
    timing = {
        p: cls().timing[p] if p in needed or cls().timing[p].kind == "times" else cls().dt
        for p in cls().timing
    }
    return cls(timing=timing, abort=True)


@pytest.mark.each_structure
def test_many_refills_change_nothing(task_id):
    closed, task = task_class(task_id).closed, shortest(task_id)
    length = np.diff(task.block([Stream(task, 0).draw(0)]).offsets).mean()
    steps = max(1500, int(450 * length)) if closed else max(2600, 600 * len(task.timing))
    trials = compare(task, steps, n=3 if closed else 4)
    long = closed or "production" in task.timing
    assert trials.min() > (400 if long else 600)


def kept(task, envs):
    """Bytes of what so many environments have ready after some steps."""
    rng = np.random.default_rng(2)
    vector = TaskVectorEnv(task, envs)
    vector.reset(seed=1)
    for _ in range(50):
        vector.step(rng.integers(vector.single_action_space.n, size=envs))
    return sum(v.nbytes for v in vars(vector._pool).values() if isinstance(v, np.ndarray))


@pytest.mark.parametrize(
    "id", ["IBL-v0", "perceptualdecisionmaking.roitman02-v0", "DawTwoStep-v0", "MatchingPenny-v0"]
)
def test_memory_grows_no_faster_than_the_number_of_environments(id):
    task = task_class(id)()
    assert kept(task, 256) <= 1.1 * 16 * kept(task, 16)


def test_a_rule_with_a_memory_is_the_same_in_both():
    trials = compare(Remember(), steps=1500, chance=0.5)
    assert trials.min() > 100
    env = TaskEnv(Remember())
    env.reset(seed=1)
    assert [env.step(action)[1] for action in (1, 0, 2)] == [0.0, 0.0, 1.0]
    assert env.trial_index == 1
    assert [env.step(action)[1] for action in (2, 2)] == [0.0, 0.0]
    assert env.trial_index == 2
    for action in (3, 4, -1):
        with pytest.raises(ValueError, match="is not one of 0 to 2"):
            env.step(action)


def test_a_reset_without_a_seed_goes_on(task):
    vector, scalars = TaskVectorEnv(task, 3), [TaskEnv(task) for _ in range(3)]
    vector.reset(seed=SEED)
    for i, env in enumerate(scalars):
        env.reset(seed=SEED + i)
    for _ in range(60):
        np.testing.assert_array_equal(vector.reset()[0], [env.reset()[0] for env in scalars])
        ob = vector.step(idle(task, 3))[0]
        np.testing.assert_array_equal(ob, [env.step(idle(task))[0] for env in scalars])


def test_some_envs_begin_anew(task):
    vector, scalars = TaskVectorEnv(task, 3), [TaskEnv(task) for _ in range(3)]
    vector.reset(seed=SEED)
    for i, env in enumerate(scalars):
        env.reset(seed=SEED + i)
    rng = np.random.default_rng(1)
    for _ in range(150):
        mask = rng.random(3) < 0.3
        wanted = [env.step(env.gt_now)[0] for env in scalars]
        np.testing.assert_array_equal(vector.step(vector.gt_now)[0], wanted)
        for i in np.flatnonzero(mask):
            wanted[i] = scalars[i].reset()[0]
        ob, _ = vector.reset(options={"reset_mask": mask})
        np.testing.assert_array_equal(ob, wanted)
        assert vector.trial_index.tolist() == [env.trial_index for env in scalars]


def test_what_a_reset_of_some_refuses():
    env = ngym.make_vec("GoNogo", 2).unwrapped
    mask = np.array([True, False])
    with pytest.raises(gym.error.ResetNeeded):
        env.reset(options={"reset_mask": mask})
    env.reset(seed=1)
    for given in (mask[:1], [0, 1], True):
        with pytest.raises(ValueError, match="expected 2 booleans"):
            env.reset(options={"reset_mask": given})
    with pytest.raises(ValueError, match="a seed starts all"):
        env.reset(seed=1, options={"reset_mask": mask})


def test_a_reset_forgets_what_was_done_last():
    stack = [{"PassAction": {}}, {"PassReward": {}}]
    env = ngym.make("GoNogo", stack=stack)
    vector = ngym.make_vec("GoNogo", 1, stack=stack)
    env.reset(seed=1)
    vector.reset(seed=1)
    for _ in range(5):
        env.step(1)
        vector.step(np.ones(1, int))
        ob, (same,) = env.reset()[0], vector.reset()[0]
        np.testing.assert_array_equal(ob, same)
        assert not ob[-2:].any()


def test_what_a_caller_does_to_its_arrays_is_not_seen():
    env = ngym.make_vec("GoNogo", 2, stack=[{"PassAction": {}}, {"PassReward": {}}])
    env.reset(seed=1)
    actions = np.ones(2, int)
    ob, reward, *_ = env.step(actions)
    actions[:] = 0
    reward[:] = 9
    same = env.reset(options={"reset_mask": np.zeros(2, bool)})[0]
    np.testing.assert_array_equal(ob, same)
    assert ob[:, -2:].all()


def test_seeds_by_env(task):
    one, other = TaskVectorEnv(task, 3), TaskVectorEnv(task, 3)
    one.reset(seed=[7, 8, 9])
    other.reset(seed=7)
    for _ in range(40):
        np.testing.assert_array_equal(one.step(idle(task, 3))[0], other.step(idle(task, 3))[0])
    with pytest.raises(ValueError, match="2 seeds for 3 environments"):
        one.reset(seed=[1, 2])


def test_what_it_refuses(task):
    env = TaskVectorEnv(task, 3)
    with pytest.raises(ValueError, match="expected at least 1"):
        TaskVectorEnv(task, 0)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.zeros(3, int))
    env.reset(seed=1)
    if graded(env.single_action_space):
        given, why = wrong(env.single_action_space)
        for action in given:
            with pytest.raises(ValueError, match=re.escape(why) + "|expected 3 of them"):
                env.step(action if np.ndim(action) == 0 else [action] * 3)
        env.step(idle(task, 3))
        return
    n = int(env.single_action_space.n)
    for given in ([0, 0, n], [-1, 0, 0], np.full(3, 300, np.int64)):
        with pytest.raises(ValueError, match=f"each is one of 0 to {n - 1}"):
            env.step(np.array(given))
    for given in ([0, 0], [0.0, 0.0, 0.0], 0, ["a", "b", "c"], [[0, 0, 0]]):
        with pytest.raises(ValueError, match="expected 3 whole numbers"):
            env.step(np.array(given))
    for kind in (np.int8, np.uint8, np.int32, np.uint64):
        env.step(np.ones(3, kind))
    env.step([0, 1, 0])
    with pytest.raises(ValueError, match="a vector environment has none"):
        env.reset(options={"trial": 3})


def test_gymnasium_makes_it(task_id, preset):
    for env in (
        gym.make_vec(task_id, num_envs=2, preset=preset),
        ngym.make_vec(task_id, num_envs=2, preset=preset),
    ):
        assert isinstance(env, VectorEnv)
        assert isinstance(env.unwrapped, TaskVectorEnv)
        ob, _ = env.reset(seed=1)
        assert ob in env.observation_space
        for _ in range(5):
            env.step(env.action_space.sample())


def test_a_changed_parameter_counts_from_the_next_seed():
    env = ngym.make_vec("GoNogo", num_envs=2).unwrapped
    env.reset(seed=1)
    before = env.step(np.zeros(2, int))[0]
    env.task.timing = {"stimulus": 1000}
    env.reset(seed=1)
    np.testing.assert_array_equal(env.step(np.zeros(2, int))[0], before)
    for _ in range(18):
        assert not env.step(np.zeros(2, int))[-1]["new_trial"].any()
    assert env.step(np.zeros(2, int))[-1]["new_trial"].all()
