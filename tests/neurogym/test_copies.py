"""Copies of whatever has trials go on with the very same ones, here and in another process."""

import copy
import multiprocessing
import pickle

import cloudpickle
import numpy as np
import pytest

import neurogym as ngym
from neurogym import wrappers
from neurogym.envs.vector import TaskVectorEnv
from neurogym.trials.catalogue import task_class

SEED = 4
WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "cloudpickle": lambda thing: cloudpickle.loads(cloudpickle.dumps(thing)),
}


def dots():
    return ngym.make("PerceptualDecisionMaking")


STACKS = {
    "combine": lambda: wrappers.Combine(dots(), ngym.make("GoNogo"), mix=[0.3, 0.3, 0.4]),
    "multi": lambda: wrappers.MultiEnvs([dots(), ngym.make("GoNogo")]),
    "schedule": lambda: wrappers.ScheduleEnvs([dots(), ngym.make("DawTwoStep")], block_dur=2),
    "echo": lambda: wrappers.PassReward(wrappers.PassAction(dots())),
    "staircase": lambda: wrappers.Staircase(dots()),
    "shaping": lambda: wrappers.Shaping(dots()),
    "blocks": lambda: wrappers.TrialHistory(dots()),
    "reaction time": lambda: wrappers.ReactionTime(dots()),
    "pulse": lambda: wrappers.TTLPulse(dots(), [["decision"]]),
}


class Classic(ngym.PeriodEnv):
    """Say which light was on."""

    def __init__(self, dt=100):
        super().__init__(dt=dt)
        self.timing = {"light": ("uniform", (200, 600)), "decision": 200}
        self.observation_space = ngym.spaces.Box(-np.inf, np.inf, shape=(2,), dtype=np.float32)
        self.action_space = ngym.spaces.Discrete(3)

    def new_trial(self):
        trial = {"ground_truth": int(self.rng.choice([1, 2]))}
        self.add_period(["light", "decision"])
        self.add_ob(np.eye(2)[trial["ground_truth"] - 1], "light")
        self.add_randn(0, 1)
        self.set_groundtruth(trial["ground_truth"], "decision")
        return trial

    def _step(self, action):
        ends = self.in_period("decision")
        return self.ob_now, float(action == self.gt_now), False, {"new_trial": ends}


def stepped(env, n, rng):
    """What n steps give, right actions with probability 0.7."""
    told = []
    for _ in range(n):
        own = env.unwrapped
        right = own.gt_now if hasattr(env.action_space, "low") or rng.random() < 0.7 else None
        action = int(rng.integers(env.action_space.n)) if right is None else right
        ob, reward, _, _, info = env.step(action)
        told.append((ob.tobytes(), reward, repr(info.get("trial"))))
    return told


def stepped_many(envs, n, rng):
    space, told = envs.single_action_space, []
    for _ in range(n):
        low = [space.low] * envs.num_envs if hasattr(space, "low") else None
        action = rng.integers(space.n, size=envs.num_envs) if low is None else np.stack(low)
        ob, reward, _, _, info = envs.step(action)
        told.append((ob.tobytes(), reward.tobytes(), repr(info["gt"])))
    return told


def batches(data, n, rng):
    return [[part.tobytes() for part in data()] for _ in range(n)]


def goes_on(thing, run, way, played):
    """A copy, after some steps, gives what the original gives; whoever comes first."""
    run(thing, played, np.random.default_rng(1))
    copied = WAYS[way](thing)
    assert run(copied, 40, np.random.default_rng(2)) == run(thing, 40, np.random.default_rng(2))
    assert copied is not thing


def everything(task, way):
    """An environment, many in one, a data set and the task itself, fresh and in mid-trial."""
    for played in (0, 13):
        env, envs = ngym.envs.TaskEnv(task), TaskVectorEnv(task, 2)
        env.reset(seed=SEED)
        envs.reset(seed=SEED)
        goes_on(env, stepped, way, played)
        goes_on(envs, stepped_many, way, played)
        data = ngym.Dataset(task.copy(), batch_size=2, seq_len=30, seed=SEED)
        goes_on(data, lambda data, n, rng: batches(data, n // 13, rng), way, played)
    copied = WAYS[way](task)
    assert copied.settings() == task.settings()
    blocks = [t.block([t.draw(np.random.default_rng(0), 3, {})]) for t in (task, copied)]
    np.testing.assert_array_equal(blocks[0].ob, blocks[1].ob)
    whole = WAYS[way](blocks[0])
    for name in ("ob", "gt", "period", "since", "period_end", "window", "offsets", "kind"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(blocks[1], name))


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_task_goes_on(task_id, way):
    everything(task_class(task_id)(), way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STACKS)
def test_a_copy_of_a_stack_goes_on(name, way):
    everything(STACKS[name]().unwrapped.task, way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("played", [0, 5])
def test_a_copy_of_a_classic_task_goes_on(way, played):
    env = Classic()
    env.reset(seed=SEED)
    goes_on(env, stepped, way, played)


def test_a_change_after_a_copy_changes_one_of_both():
    env = dots().unwrapped
    env.reset(seed=SEED)
    copied = copy.deepcopy(env)
    copied.task.sigma = 0.0
    copied.new_trial()
    env.new_trial()
    assert len(np.unique(copied.ob[:, 1])) < len(np.unique(env.ob[:, 1])) / 2  # no noise
    assert env.task.sigma == 1.0
    assert copied.task.plan is not env.task.plan


def in_another_process(told):
    return [stepped(pickle.loads(env), 40, np.random.default_rng(2)) for env in told]


def test_environments_go_on_in_a_spawned_process():
    envs = [ngym.make(id) for id in ngym.all_envs()] + [make() for make in STACKS.values()]
    for env in envs:
        env.reset(seed=SEED)
        stepped(env, 13, np.random.default_rng(1))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(in_another_process, ([pickle.dumps(env) for env in envs],))
    assert there == [stepped(env, 40, np.random.default_rng(2)) for env in envs]
