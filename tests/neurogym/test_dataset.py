"""Batches are the trials of the stream, whole and in order, whatever is drawn at a time."""

import sys
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest

import neurogym as ngym
from neurogym.envs import dataset
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.trials.catalogue import task_class

SEED = 3


def trial_of(env, trial, **conditions):
    """Observations and labels of one trial, played by its labels."""
    options = {"trial": trial, "conditions": conditions}
    first, _ = env.reset(seed=SEED, options=options)
    trace = trial_table.run_trial(env, lambda ob: env.gt_now, first)
    if env.task.closed and not env.task.foreseen:
        return trace.ob, trace.gt, env
    env.reset(seed=SEED, options=options)
    return env.ob, env.gt, env


def streams_apart(task):
    """Whether each sequence has a stream of its own, for which test_wrappers.py stands in."""
    return task.plan.learns or bool(task.plan.echoes)


def sequences(dataset, batches, **conditions):
    """What is served, sequence by sequence: inputs, targets and details, (rows, ...)."""
    parts = [dataset(**conditions) for _ in range(batches)]
    inputs, targets = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    details = {k: np.concatenate([part[2][k] for part in parts]) for k in parts[0][2]}
    return [
        (inputs[:, b], targets[:, b], {k: v[:, b] for k, v in details.items()})
        for b in range(inputs.shape[1])
    ]


def check(dataset, env, batches=30, **conditions):
    """Every row of every sequence is the row of the trial that it says; returns trial numbers."""
    seen = []
    for inputs, targets, details in sequences(dataset, batches, **conditions):
        starts = np.flatnonzero(details["start"])
        assert starts[0] == 0
        for start, stop in zip(starts, [*starts[1:], len(inputs)], strict=True):
            number = details["trial"][start]
            ob, gt, _ = trial_of(env, int(number), **conditions)
            length = stop - start
            assert length == len(ob) if stop < len(inputs) else length <= len(ob)
            assert (details["trial"][start:stop] == number).all()
            np.testing.assert_array_equal(inputs[start:stop], ob[:length])
            np.testing.assert_array_equal(targets[start:stop], gt[:length])
            seen.append(int(number))
    return seen


@pytest.fixture
def small_fills(monkeypatch):
    monkeypatch.setattr(dataset, "FILL", 64)


@pytest.mark.usefixtures("small_fills")
def test_rows_are_the_trials_of_the_stream_and_none_is_lost(task):
    if streams_apart(task):
        return
    dataset = ngym.Dataset(task, batch_size=3, seq_len=17, seed=SEED, details=True)
    seen = check(dataset, TaskEnv(task), batches=12 if task.closed else 30)
    assert len(set(seen)) == len(seen)
    pooled = dataset._pool["trial"].tolist()
    assert {*seen, *pooled} == set(range(dataset._source.trial))


def test_the_size_of_a_fill_changes_no_trial(task, monkeypatch):
    wide = ngym.Dataset(task, batch_size=1, seq_len=50, seed=SEED)
    whole = [wide() for _ in range(6)]
    monkeypatch.setattr(dataset, "FILL", 10)
    narrow = ngym.Dataset(task, batch_size=1, seq_len=50, seed=SEED)
    for inputs, targets in whole:
        again = narrow()
        np.testing.assert_array_equal(inputs, again[0])
        np.testing.assert_array_equal(targets, again[1])


@pytest.mark.usefixtures("small_fills")
def test_arrays_kept_from_earlier_stay_as_they_are(task_id):
    dataset = ngym.Dataset(task_id, batch_size=2, seq_len=20, seed=SEED, details=True)
    kept = [dataset() for _ in range(5)]
    copies = [(a.copy(), b.copy(), {k: v.copy() for k, v in c.items()}) for a, b, c in kept]
    for _ in range(10):
        dataset()
    for (a, b, c), (x, y, z) in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(a, x)
        np.testing.assert_array_equal(b, y)
        assert all(np.array_equal(c[name], z[name]) for name in c)
        a[:] = 0  # what is served is the caller's
    fresh = ngym.Dataset(task_id, batch_size=2, seq_len=20, seed=SEED)
    for _ in range(5):
        fresh()
    assert np.isfinite(fresh()[0]).all()


@pytest.mark.usefixtures("small_fills")
def test_conditions_are_honoured_on_every_call(task):
    if streams_apart(task):
        return
    env = TaskEnv(task)
    env.reset(seed=99)
    name, value = next(iter(env.trial.items()))
    dataset = ngym.Dataset(task, batch_size=2, seq_len=15, seed=SEED, details=True)
    dataset()
    seen = check(dataset, env, batches=12, **{name: value})
    assert min(seen) > 0  # no trial comes twice
    free = check(dataset, env, batches=12)
    assert not set(seen) & set(free)
    with pytest.raises(ValueError, match="unknown condition 'nothing'"):
        dataset(nothing=1)


def test_details_say_what_a_row_is(task, preset):
    if streams_apart(task):
        return
    dataset = ngym.Dataset(task, batch_size=2, seq_len=60, seed=SEED, details=True)
    env = TaskEnv(task)
    for inputs, targets, details in sequences(dataset, 4):
        assert details["mask"].dtype == details["start"].dtype == bool
        assert inputs.dtype == np.float32
        assert targets.dtype == (np.float32 if task.plan.actions.graded else np.int64)
        starts = np.flatnonzero(details["start"])
        for start, stop in pairwise(starts):
            ob, _, _ = trial_of(env, int(details["trial"][start]))
            env.reset(seed=SEED, options={"trial": int(details["trial"][start])})
            if not task.closed:  # whose periods can be cut short
                first, end = env.window
                inside = (np.arange(len(ob)) >= first) & (np.arange(len(ob)) < end)
                np.testing.assert_array_equal(details["mask"][start:stop], inside)
            assert details["mask"][start:stop].any()


def test_shapes_seeds_and_iteration(task_id):
    make = lambda **kwargs: ngym.Dataset(task_id, batch_size=4, seq_len=30, **kwargs)  # noqa: E731
    env = ngym.make(task_id)
    n = env.observation_space.shape[0]
    inputs, targets = make(seed=1)()
    assert inputs.shape == (30, 4, n)
    assert targets.shape == (30, 4, *env.action_space.shape)
    first = make(seed=1, batch_first=True)()
    np.testing.assert_array_equal(first[0], inputs.swapaxes(0, 1))
    np.testing.assert_array_equal(first[1], targets.swapaxes(0, 1))
    dataset = make(seed=1)
    dataset()
    dataset.seed(1)
    np.testing.assert_array_equal(next(dataset)[0], inputs)
    assert len(list(make(seed=1, max_batch=3))) == 3
    fresh = [ngym.Dataset(task_id, batch_size=32, seq_len=200)()[0] for _ in range(2)]
    assert not np.array_equal(*fresh)


def test_parameters_reach_the_task(task_id):
    cls = task_class(task_id)
    produces = bool(cls.since or getattr(cls.rule, "since", ""))  # takes longer than 30 steps
    period, step = list(cls().timing)[0 if produces else -1], cls().dt
    dataset = ngym.Dataset(
        task_id, {"timing": {period: 30 * step}}, seq_len=100, seed=SEED, details=True
    )
    assert dataset.env.timing[period] == 30 * step
    env = ngym.make(task_id, timing={period: 30 * step}).unwrapped
    assert streams_apart(env.task) or check(dataset, env, batches=2)
    with pytest.raises(ValueError, match="are taken with an id only"):
        ngym.Dataset(cls(), {"dt": 10})
    for wrong in (dict(batch_size=0), dict(seq_len=-1), dict(batch_size=1.5)):
        with pytest.raises(ValueError, match="expected a whole number from 1"):
            ngym.Dataset(task_id, **wrong)
    with pytest.raises(TypeError, match="no task id, Task or gymnasium environment"):
        ngym.Dataset(3)


FOLLOWING = {
    "Staircase": ("PerceptualDecisionMaking", [{"Staircase": {"down": 2}}]),
    # the ground truth does not tell the answer, and what is expected is often wrong
    "Staircase of another answer": ("DelayMatchSample", [{"Staircase": {"condition": "delay"}}]),
    "TimeOut": ("GoNogo", [{"TimeOut": {}}]),
    "Shaping": ("PerceptualDecisionMaking", [{"Shaping": {"perf_w": 7, "max_num_reps": 1}}]),
    "Shaping and PassAction": ("CVLearning", [{"PassAction": {}}]),
    "an opponent": ("MatchingPenny", []),
    "one under a bias": ("MatchingPenny", [{"SideBias": {"probs": [[0.7, 0.3]]}}]),
}


@pytest.mark.parametrize("name", FOLLOWING)
def test_sequences_are_those_of_one_who_is_always_right(name):
    id, stack = FOLLOWING[name]
    data = ngym.Dataset(ngym.make(id, stack=stack), batch_size=3, seq_len=70, seed=SEED)
    batches = [data() for _ in range(5)]
    env = ngym.make(id, stack=stack).unwrapped
    for i in range(3):
        ob, _ = env.reset(seed=SEED + i)
        for inputs, targets in batches:
            for row, target in zip(inputs[:, i], targets[:, i], strict=True):
                np.testing.assert_array_equal(row, ob)
                assert target == env.gt_now
                ob, *_ = env.step(env.gt_now)


def test_played_trials_end_as_they_do_for_one_who_is_always_right(task):
    data = ngym.Dataset(task, batch_size=1, seq_len=60, seed=SEED, played=True, details=True)
    env = TaskEnv(task)
    ob, info = env.reset(seed=SEED)
    start = True
    for _ in range(2):
        inputs, targets, details = data()
        for row, target, first, asked in zip(
            inputs[:, 0], targets[:, 0], details["start"][:, 0], details["mask"][:, 0], strict=True
        ):
            np.testing.assert_array_equal(row, ob)
            np.testing.assert_array_equal(target, env.gt_now)
            assert (first, asked) == (start, env.window_open)
            ob, *_, info = env.step(env.gt_now)
            start = info["new_trial"]


class Classic(ngym.PeriodEnv):
    """A task written the classic way."""

    def __init__(self):
        super().__init__(dt=100)
        self.observation_space = gym.spaces.Box(0, 1, (1,), np.float32)
        self.action_space = gym.spaces.Discrete(2)


def test_played_needs_to_know_how_trials_end():
    with pytest.raises(ValueError, match="no declared task"):
        ngym.Dataset(Classic(), played=True)


def test_tensors_need_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="tensors need PyTorch: pip install"):
        ngym.Dataset("GoNogo", tensors=True)


def test_what_is_forced_is_learned_from():
    forced = dict(ground_truth=1)
    stack = [{"Shaping": {"perf_w": 7, "max_num_reps": 2}}]
    data = ngym.Dataset(
        ngym.make("PerceptualDecisionMaking", stack=stack), batch_size=2, seq_len=60, seed=SEED
    )
    inputs, targets = data(**forced)
    env = ngym.make("PerceptualDecisionMaking", stack=stack).unwrapped
    for i in range(2):
        env.reset(seed=SEED + i)
        ob, _ = env.reset(seed=SEED + i, options={"trial": 0, "conditions": forced})
        for row, target in zip(inputs[:, i], targets[:, i], strict=True):
            np.testing.assert_array_equal(row, ob)
            assert target == env.gt_now
            ob, _, _, _, info = env.step(env.gt_now)
            if info["new_trial"]:
                options = {"trial": env.trial_index, "conditions": forced, "memory": env.memory}
                ob, _ = env.reset(seed=SEED + i, options=options)
