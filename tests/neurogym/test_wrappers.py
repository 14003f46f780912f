"""Every wrapper on each structure of tasks that it fits, and pairs that can be stacked."""

import collections
import itertools
import json
import warnings
import zlib

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import neurogym as ngym
from neurogym import wrappers
from neurogym.envs.task_env import TaskEnv
from neurogym.envs.vector import TaskVectorEnv
from neurogym.records import measures, trial_table
from neurogym.trials.catalogue import configure, task_class
from neurogym.trials.stream import Stream
from tests.acting import some
from tests.structure import TASKS, classes

OTHER = {"task": "DelayPairedAssociation-v0"}
SETTINGS = {
    "ReactionTime": dict(from_step=1, urgency=-0.01, end_on_stimulus=False),
    "Combine": dict(tasks=[OTHER], onset=200, mix=[0.3, 0.3, 0.4], share_action_space=True,
                    trial_cue=True, weights=[1, 2]),
    "SideBias": dict(block_dur=[3, 6]),
    "TrialHistory": dict(probs=[0.7, 0.2], after_error=0.4, block_dur=0.2),
    "TrialHistoryEvolution": dict(ctx_dur=[2, 5], death_prob=0.1, balanced_probs=True),
    "ScheduleAttr": dict(attr_list=[{}, {}], order="switch"),
    "ScheduleEnvs": dict(tasks=[OTHER, {"task": "Reaching1D-v0"}, {"task": "ReadySetGo-v0"}],
                         order="switch", block_dur=[1, 3], env_input=True),
    "MultiEnvs": dict(i=1, env_input=True),
    "TransferLearning": dict(num_tr_per_task=[5], task_cue=True),
    "Staircase": dict(up_weight=3, down=1, steps=[1.5]),
    "QuestPlus": dict(form="normal", levels=7, slopes=[2.0], lapses=[0.02], low=5),
    "TimeOut": dict(time_out=300),
    "CatchTrials": dict(catch_prob=0.4, alt_rew=0.25),
    "MissTrialReward": dict(r_miss=-1.0),
    "Lapse": dict(rate=0.4),
    "Noise": dict(sigma=0.3, target=0.75, step=0.2),
    "TTLPulse": {},
    "PassAction": dict(one_hot=True),
    "PassReward": {},
    "RandomGroundTruth": {},
    "VariableNch": dict(block_nch=[2, 4], sorted_ch=False, prob_12=0.2),
    "VariableMapping": dict(mapp_ch_prob=0.2, min_mapp_dur=1, sess_end_prob=0.1, min_sess_dur=2),
    "Shaping": dict(perf_w=4, th=0.5, max_num_reps=1),
}  # fmt: skip
SMALL = {"delayestimation-v0": dict(dim_ring=36)}  # some wrappers' tables go with its third power
# the first of these on which a pair can be stacked is where it is tested
FIRST = ["PerceptualDecisionMaking-v0", "NAltPerceptualDecisionMaking-v0",
         "NAltConditionalVisuomotor-v0", *TASKS]  # fmt: skip


def pytest_generate_tests(metafunc):
    """Every wrapper on each structure of tasks, and some of the pairs; with --all, all."""
    every = metafunc.config.getoption("--all")
    if "single" in metafunc.fixturenames:
        groups = [[id] for id in TASKS] if every else classes().values()
        cases = [(list(ids), stack) for ids in groups for stack in stacks(ids[0], every)]
        metafunc.parametrize("single", cases, ids=map(named, cases))
    if "pair" in metafunc.fixturenames:
        both = itertools.permutations(wrappers.WRAPPERS, 2)
        pairs = [pair for pair in both if every or one_in(6, *pair)]
        cases = [[{name: SETTINGS[name]} for name in pair] for pair in pairs]
        metafunc.parametrize("pair", cases, ids=map(words, cases))


def stacks(id, every):
    """Each wrapper alone: with its defaults or with what differs from them, or with either."""
    for name in wrappers.WRAPPERS:
        both = [{}, SETTINGS[name]] if SETTINGS[name] else [{}]
        for params in both if every else [both[one_in(2, id, name) % len(both)]]:
            yield [{name: params}]


def one_in(n, *words):
    """Whether the short run has this, one in n: always the same ones."""
    return zlib.crc32(" ".join(words).encode()) % n == 0


def words(stack):
    return "-".join(name + "+" * bool(params) for line in stack for name, params in line.items())


def named(case):
    ids, stack = case
    return f"{ids[0]}-{words(stack)}"


def stacked(id, stack):
    """The task under a stack; None if it does not fit, as the wrappers say."""
    try:
        return task_class(id)(**SMALL.get(id, {})).wrapped(*wrappers.read(stack))
    except ValueError:
        return None


def first_of(ids, stack):
    """The first of some tasks on which these can be stacked, and those; None if there is none."""
    return next(((id, stack) for id in ids if stacked(id, stack)), None)


def make(case):
    id, stack = case
    return ngym.make(id, stack=stack, **SMALL.get(id, {})).unwrapped


def mixed(env, rng):
    """The right action mostly, else any."""
    return env.gt_now if rng.random() < 0.7 else some(env.action_space, rng)


def test_every_wrapper_fits_a_task_and_every_task_takes_some():
    assert set(SETTINGS) == set(wrappers.WRAPPERS)
    for name, params in SETTINGS.items():
        assert first_of(FIRST, [{name: {}}]) or first_of(FIRST, [{name: params}])
    for id in TASKS:
        assert any(stacked(id, [{name: {}}]) for name in wrappers.WRAPPERS)


# -- what holds for each ---------------------------------------------------------------------------


def a_seed_gives_the_same_trials_again(case, steps):
    def played(seed):
        env, rng = make(case), np.random.default_rng(1)
        told = [env.reset(seed=seed)[0].tolist()]
        for _ in range(steps):
            ob, reward, _, _, info = env.step(mixed(env, rng))
            assert env.observation_space.contains(ob)
            told.append([ob.tolist(), reward, repr(info)])
        return told

    assert played(3) == played(3)


def the_oracle_earns_all(case, trials):
    env = make(case)
    rows = ngym.rollout(env, "oracle", trials=trials, seed=3)
    meant = [row for row in rows if not row["conditions"].get("lapse")]
    assert meant
    assert all(row["performance"] == 1 for row in meant)
    played = [meant, ngym.rollout(env, "random", yoke=meant)]
    best, other = (
        [r["reward"] for r in rows if not r["conditions"].get("catch")] for rows in played
    )
    assert sum(best) >= sum(other)


def many_environments_equal_single_ones(case, envs, steps):
    id, stack = case
    many = ngym.make_vec(id, envs, stack=stack, **SMALL.get(id, {}))
    assert isinstance(many, TaskVectorEnv)
    single = [make(case) for _ in range(envs)]
    first = [env.reset(seed=9 + i)[0] for i, env in enumerate(single)]
    np.testing.assert_array_equal(many.reset(seed=9)[0], first)
    rng = np.random.default_rng(2)
    told, ours = collections.defaultdict(list), collections.defaultdict(list)
    for _ in range(steps):
        action = np.array([mixed(env, rng) for env in single])
        ob, reward, _, _, info = many.step(action)
        each = [env.step(a) for env, a in zip(single, action, strict=True)]
        told["ob"].append([step[0] for step in each])
        ours["ob"].append(np.array(ob))
        told["reward"].append([step[1] for step in each])
        ours["reward"].append(np.array(reward))
        for name, none in (("gt", None), ("new_trial", None), ("rt", np.nan), ("performance", 0)):
            told[name].append(np.array([step[4].get(name, none) for step in each], float))
            ours[name].append(np.array(info.get(name, told[name][-1]), float))
    np.testing.assert_array_equal(ours.pop("ob"), told.pop("ob"))
    for name in told:
        np.testing.assert_allclose(ours[name], told[name], atol=1e-6)


def datasets_hold_the_same_trials(case, sequences, rows):
    id, stack = case
    task = stacked(id, stack)
    data = ngym.Dataset(task, batch_size=sequences, seq_len=rows, seed=5, details=True)
    batches = [data(), data()]
    inputs, targets = (np.concatenate([batch[k] for batch in batches]) for k in (0, 1))
    trial = np.concatenate([batch[2]["trial"] for batch in batches])
    env, follows = TaskEnv(task), task.plan.learns or bool(task.plan.echoes)
    for column in range(sequences):
        memory, seed = {}, 5 + column if follows else 5
        for number in dict.fromkeys(trial[:, column].tolist()):
            here = trial[:, column] == number
            if number == trial[-1, column]:
                break  # it may be cut
            first = trial_table.begin(env, seed, int(number), memory=memory)
            ob, gt = env.ob, env.gt
            if follows or (task.closed and not task.foreseen):
                trace = trial_table.run_trial(env, lambda ob: env.gt_now, first)
                ob, gt, memory = trace.ob, trace.gt, env.memory
            np.testing.assert_array_equal(inputs[here, column], ob)
            np.testing.assert_array_equal(targets[here, column], gt)


def told_of(row):
    """What a trial was told of those before it, but for what the subject itself did in them."""
    return {name: value for name, value in row["memory"].items() if name != "echo"}


def rows_carry_the_stack_and_replay(case, trials):
    id, stack = case
    rows = ngym.rollout(make(case), "random", trials=trials, seed=8)
    assert wrappers.write(wrappers.read(rows[0]["wrappers"])) == rows[0]["wrappers"]
    for row in json.loads(json.dumps(rows, allow_nan=False)):
        again = trial_table.outcome_of(trial_table.replay(row))
        assert again == {name: row[name] for name in again}
    yoked = ngym.rollout(id, "oracle", yoke=rows, stack=stack, **SMALL.get(id, {}))
    assert [row["conditions"] for row in yoked] == [row["conditions"] for row in rows]
    assert list(map(told_of, yoked)) == list(map(told_of, rows))
    with pytest.raises(ValueError, match="same samples"):
        ngym.rollout(id, "oracle", yoke=rows, **SMALL.get(id, {}))


def the_stage_follows(case):
    env = make(case)
    env.reset(seed=1)
    for _ in range(4):
        scene = env.task.plan.scene.resolve(env.task, env.trial)
        json.dumps(scene, allow_nan=False)
        periods = {name for name, _, _ in env.periods}
        assert all(set(element.get("during", ())) <= periods for element in scene)
        env.new_trial()


def the_environment_keeps_its_promises(case):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*symmetric and normalized")  # advice, no complaint
        check_env(make(case))


def test_a_wrapper_holds_on_each_structure_of_tasks(single):
    if case := first_of(*single):  # elsewhere it was refused
        the_environment_keeps_its_promises(case)
        a_seed_gives_the_same_trials_again(case, 60)
        the_oracle_earns_all(case, 16)
        many_environments_equal_single_ones(case, 2, 100)
        datasets_hold_the_same_trials(case, 2, 100)
        rows_carry_the_stack_and_replay(case, 4)
        the_stage_follows(case)


def test_two_that_can_be_stacked_hold_together(pair):
    if case := first_of(FIRST, pair):
        a_seed_gives_the_same_trials_again(case, 40)
        the_oracle_earns_all(case, 12)
        many_environments_equal_single_ones(case, 2, 60)
        datasets_hold_the_same_trials(case, 1, 80)
        rows_carry_the_stack_and_replay(case, 3)
        the_stage_follows(case)


# -- what each does --------------------------------------------------------------------------------


def test_reaction_time_opens_the_window_with_the_evidence():
    timing = {"fixation": 200, "stimulus": 1000, "delay": 300}
    plain = ngym.make("PerceptualDecisionMaking", timing=timing)
    env = wrappers.ReactionTime(plain)
    env.reset(seed=1)
    assert env.periods == [
        ("fixation", 0, 2), ("stimulus", 2, 12), ("delay", 12, 12), ("decision", 12, 12),
    ]  # fmt: skip
    assert env.window == (2, 12)
    answer = env.trial["ground_truth"] + 1
    assert env.gt.tolist() == [0, 0] + [answer] * 10
    env.step(0), env.step(0), env.step(0)
    *_, info = env.step(answer)
    assert info["new_trial"]
    assert info["rt"] == 100
    assert info["outcome"] == "correct"


def test_reaction_time_covers_the_delay_when_it_does_not_end_on_the_stimulus():
    timing = {"stimulus": 500, "delay": 300, "decision": 200}
    env = ngym.make(
        "PerceptualDecisionMaking",
        timing=timing,
        stack=[{"ReactionTime": {"end_on_stimulus": False, "from_step": 2}}],
    ).unwrapped
    env.reset(seed=1)
    answer = env.trial["ground_truth"] + 1
    assert env.window == (3, 11)
    assert env.gt.tolist() == [0, 0, 0] + [answer] * 8
    for _ in range(3):  # fixation, and two steps of evidence in which nothing counts yet
        _, reward, _, _, info = env.step(0 if env.t_ind == 0 else 3 - answer)
        assert (reward, info["new_trial"]) == (0, False)
    for _ in range(7):
        _, _, _, _, info = env.step(0)
    *_, info = env.step(0)
    assert info["outcome"] == "miss"
    assert np.isnan(info["rt"])


def test_urgency_is_added_in_the_window_alone():
    env = ngym.make(
        "PerceptualDecisionMaking", stack=[{"ReactionTime": {"urgency": -0.25}}]
    ).unwrapped
    env.reset(seed=1)
    rewards = [env.step(0)[1] for _ in range(4)]
    assert rewards == [0, -0.25, -0.25, -0.25]
    assert env.step(env.gt_now)[1] == 0.75


def test_an_integrator_is_slower_where_the_evidence_is_weak():
    env = ngym.make("PerceptualDecisionMaking", dt=20, stack=[{"ReactionTime": {}}])
    rows = ngym.rollout(env, "integrator", trials=600, agent_params=dict(non_decision=200.0))
    times = [point.value for point in measures.chronometric(rows, "coh")]
    assert times == sorted(times, reverse=True)
    assert times[0] > times[-1] + 200


def test_side_bias_has_its_blocks_and_its_bias():
    task = configure(task_class("PerceptualDecisionMaking")).wrapped(
        wrappers.SideBias(probs=[[0.9, 0.1], [0.1, 0.9]], block_dur=25)
    )
    stream = Stream(task, 4)
    trials = [stream.blocks(b).trials.conditions for b in range(12)]
    block = np.concatenate([t["block"] for t in trials])
    truth = np.concatenate([t["ground_truth"] for t in trials])
    lengths = np.diff(np.flatnonzero(np.diff(block)))
    assert set(lengths) == {25}
    assert np.flatnonzero(np.diff(block))[0] == 24  # the first block is as long as the others
    for b, share in ((0, 0.1), (1, 0.9)):
        here = truth[block == b]
        assert abs(here.mean() - share) < 4 * (0.09 / here.size) ** 0.5


def test_a_switching_probability_gives_geometric_blocks():
    task = configure(task_class("GoNogo")).wrapped(wrappers.SideBias(block_dur=0.1))
    stream = Stream(task, 4)
    block = np.concatenate([stream.blocks(b).trials.conditions["block"] for b in range(20)])
    lengths = np.diff(np.flatnonzero(np.diff(block)))
    assert abs(lengths.mean() - 10) < 4 * (90 / lengths.size) ** 0.5


def test_trial_history_has_its_matrix():
    matrix = [[0.7, 0.3], [0.1, 0.9]]
    task = configure(task_class("GoNogo")).wrapped(wrappers.TrialHistory(probs=matrix))
    stream = Stream(task, 1)
    truth = np.concatenate([stream.blocks(b).trials.conditions["ground_truth"] for b in range(20)])
    for before in (0, 1):
        following = truth[1:][truth[:-1] == before]
        share, p = following.mean(), matrix[before][1]
        assert abs(share - p) < 4 * (p * (1 - p) / following.size) ** 0.5


def test_noise_has_its_size_and_comes_on_top():
    plain = ngym.make("GoNogo", dt=25).unwrapped
    noisy = wrappers.Noise(plain, sigma=2.0, channels=["fixation", "go"])
    plain.reset(seed=2), noisy.reset(seed=2)
    rest = []
    for _ in range(400):
        assert plain.trial == noisy.trial
        rest.append(noisy.ob - plain.ob)
        plain.new_trial(), noisy.new_trial()
    rest = np.concatenate(rest)
    assert not rest[:, 1].any()
    assert rest[:, [0, 2]].std() == pytest.approx(2 / 25**0.5, rel=0.02)


def test_noise_comes_also_where_actions_are_numbers():
    plain = ngym.make("ReachingDelayResponse", dt=25).unwrapped
    noisy = wrappers.Noise(plain, sigma=2.0)
    plain.reset(seed=2), noisy.reset(seed=2)
    rest = []
    for _ in range(100):
        rest.append(noisy.ob - plain.ob)
        plain.new_trial(), noisy.new_trial()
    assert np.concatenate(rest).std() == pytest.approx(2 / 25**0.5, rel=0.02)


def test_a_miss_earns_what_it_is_told_to():
    env = ngym.make("PerceptualDecisionMaking", stack=[{"MissTrialReward": {"r_miss": -2}}])
    env = env.unwrapped
    env.reset(seed=1)
    info = {"new_trial": False}
    while not info["new_trial"]:
        _, reward, _, _, info = env.step(0)
    assert (reward, info["outcome"]) == (-2, "miss")


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "stack", "says"),
    [
        ("DawTwoStep", [{"ReactionTime": {}}], "does not fit DawTwoStep: no first response"),
        ("PerceptualDecisionMaking", [{"ReactionTime": {"stimulus": "cue"}}], "no period 'cue'"),
        ("PerceptualDecisionMaking", [{"ReactonTime": {}}], "did you mean 'ReactionTime'"),
        ("PerceptualDecisionMaking", [{"ReactionTime": {"speed": 1}}], "unknown parameter 'speed'"),
        ("PerceptualDecisionMaking", {"ReactionTime": {}}, "a stack is a list"),
        ("PerceptualDecisionMaking", ["ReactionTime"], "a line of a stack"),
        ("PerceptualDecisionMaking", [{"ReactionTime": 3}], "are a dict"),
        ("PerceptualDecisionMaking", [{"SideBias": {"probs": [[0.5, 0.6]]}}], "sum to 1"),
        ("PerceptualDecisionMaking", [{"SideBias": {"block_dur": 0}}], "block_dur = 0"),
        ("PerceptualDecisionMaking", [{"SideBias": {"block_dur": [5, 2]}}], "block_dur"),
        ("PerceptualDecisionMaking", [{"RandomGroundTruth": {"p": [1.0]}}], "expected 2"),
        ("PerceptualDecisionMaking", [{"TrialHistory": {"probs": 1.5}}], "a probability"),
        ("PerceptualDecisionMaking", [{"Noise": {"channels": ["x"]}}], "unknown channel"),
        ("Reaching1D", [{"Noise": {}}], "depend on the actions"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(task, stack, says):
    with pytest.raises(ValueError, match=says.replace("[", r"\[")):
        ngym.make(task, stack=stack)


def test_what_is_no_task_is_refused():
    with pytest.raises(TypeError, match="declared task"):
        wrappers.ReactionTime(gym.make("CartPole-v1"))
