"""What each wrapper does to trials: its statistics, and its effect on what is seen and earned."""

import json
from itertools import pairwise

import numpy as np
import pytest

import neurogym as ngym
from neurogym import wrappers
from neurogym.records import trial_table
from neurogym.spec.outcomes import Outcome, Result
from neurogym.spec.schedules import RandomSchedule, SequentialBlockSchedule
from neurogym.trials.catalogue import configure, task_class
from neurogym.trials.stream import Stream


def wrapped(id, *layers, **params):
    return configure(task_class(id), **params).wrapped(*layers)


def conditions_of(task, blocks=16, seed=3):
    """Conditions of many trials, by name."""
    stream = Stream(task, seed)
    each = [stream.blocks(b).trials.conditions for b in range(blocks)]
    return {name: np.concatenate([some[name] for some in each]) for name in each[0]}


def within(hits, p):
    """Whether a share of hits lies within four standard errors of p."""
    hits = np.asarray(hits, bool)
    return abs(hits.mean() - p) < 4 * (p * (1 - p) / hits.size) ** 0.5 + 1e-12


class Observer:
    """Answers rightly with a probability that depends on a condition of the trial."""

    def __init__(self, right):
        self.right = right

    def begin(self, env, rng):
        self._env = env
        truth, n = env.trial["ground_truth"], int(env.action_space.n) - 1
        is_right = rng.random() < self.right(env.trial)
        self._answer = 1 + (truth if is_right else (truth + rng.integers(1, n)) % n)

    def act(self, ob):
        return int(self._answer) if self._env.window_open else 0


# -- labels ----------------------------------------------------------------------------------------


def test_history_follows_its_matrix_by_block():
    matrices = [[[0.9, 0.1], [0.3, 0.7]], [[0.2, 0.8], [0.6, 0.4]]]
    task = wrapped("GoNogo", wrappers.TrialHistory(probs=matrices, block_dur=50))
    told = conditions_of(task, 40)
    truth, block = told["ground_truth"], told["block"]
    assert set(np.diff(np.flatnonzero(np.diff(block)))) == {50}
    for b in (0, 1):
        for before in (0, 1):
            here = (block[1:] == b) & (truth[:-1] == before)
            assert within(truth[1:][here] == 1, matrices[b][before][1])


def test_history_after_an_error_is_another_one():
    env = ngym.make(
        "PerceptualDecisionMaking", stack=[{"TrialHistory": {"probs": 0.9, "after_error": 0.4}}]
    )
    rows = ngym.rollout(env, Observer(lambda trial: 0.5), trials=3000, seed=2)
    truth = np.array([row["conditions"]["ground_truth"] for row in rows])
    correct = np.array([row["correct"] for row in rows[:-1]])
    repeats = truth[1:] == truth[:-1]
    assert within(repeats[correct], 0.9)
    assert within(repeats[~correct], 0.4)


def test_contexts_come_and_go_and_are_replaced():
    layer = wrappers.TrialHistoryEvolution(
        probs=0.85, ctx_dur=20, num_contexts=3, death_prob=0.01, balanced_probs=True
    )
    told = conditions_of(wrapped("PerceptualDecisionMaking", layer, dim_ring=4), 60)
    truth, maps = told["ground_truth"], told["transitions"]
    favoured = np.array([[int(k) - 1 for k in text.split("-")] for text in maps.tolist()])
    assert (np.sort(favoured, axis=1) == np.arange(4)).all()
    hits = truth[1:] == favoured[1:][np.arange(len(truth) - 1), truth[:-1]]
    assert within(hits, 0.85)
    assert (np.diff(np.flatnonzero(maps[1:] != maps[:-1])) % 20 == 0).all()
    generation = told["generation"]
    assert (np.diff(generation) >= 0).all()
    changes = len(truth) / 20
    assert abs(generation[-1] - changes * 0.2) < 4 * (changes * 0.2 * 0.8) ** 0.5
    for g in range(3):
        assert len(set(maps[generation == g].tolist())) <= 3
    fixed = wrappers.TrialHistoryEvolution(predef_tr_mats=True, ctx_dur=10)
    told = conditions_of(wrapped("PerceptualDecisionMaking", fixed, dim_ring=4), 20)
    assert set(told["transitions"].tolist()) == {"1-2-3-4", "2-3-4-1", "4-1-2-3"}


def test_scheduled_attributes_are_those_of_the_block():
    attr = [{"coh": 5, "stimulus": 300}, {"coh": 50}, {"p": [0.1, 0.9]}]
    task = wrapped("PerceptualDecisionMaking", wrappers.ScheduleAttr(attr_list=attr, block_dur=10))
    told = conditions_of(task, 20)
    block = told["block"]
    np.testing.assert_array_equal(block, np.arange(block.size) // 10 % 3)
    assert (told["coh"][block == 0] == 5).all()
    assert (told["coh"][block == 1] == 50).all()
    assert set(told["coh"][block == 2]) == {0, 6.4, 12.8, 25.6, 51.2}
    assert within(told["ground_truth"][block == 2] == 1, 0.9)
    assert within(told["ground_truth"][block != 2] == 1, 0.5)
    env = ngym.make("PerceptualDecisionMaking", stack=wrappers.write(task.stack)).unwrapped
    for trial, steps in ((3, 3), (13, 20), (23, 20)):
        env.reset(seed=1, options={"trial": trial})
        assert env.end_ind["stimulus"] - env.start_ind["stimulus"] == steps


def test_a_schedule_can_be_given_as_such():
    env = ngym.make("PerceptualDecisionMaking")
    blocks = SequentialBlockSchedule(2, [3, 2])
    env = wrappers.ScheduleAttr(env, blocks, [{"coh": 5}, {"coh": 50}])
    rows = ngym.rollout(env, "random", trials=10)
    assert [row["conditions"]["coh"] for row in rows] == [5, 5, 5, 50, 50] * 2
    with pytest.raises(ValueError, match="a schedule of 3 for 2"):
        wrappers.ScheduleEnvs(["GoNogo", "ReadySetGo"], schedule=RandomSchedule(3))


def test_numbers_of_choices_vary_and_history_keeps_to_them():
    stack = [
        wrappers.VariableNch(block_nch=25, blocks_probs=[0.5, 0.3, 0.2], sorted_ch=False),
        wrappers.TrialHistory(probs=0.6),
    ]
    told = conditions_of(wrapped("NAltPerceptualDecisionMaking", *stack, n_ch=4), 40)
    active = [set(text.split("-")) for text in told["active"].tolist()]
    truth = told["ground_truth"]
    assert all(str(t + 1) in some for t, some in zip(truth.tolist(), active, strict=True))
    firsts = np.array([len(some) for some in active])[::25]
    for k, p in ((2, 0.5), (3, 0.3), (4, 0.2)):
        assert within(firsts == k, p)
    full = np.array([len(some) == 4 for some in active])
    inside = full[1:] & full[:-1]
    assert within((truth[1:] == truth[:-1])[inside], 0.6)
    first = wrappers.VariableNch(block_nch=10, prob_12=1.0)
    told = conditions_of(wrapped("NAltPerceptualDecisionMaking", first, n_ch=4), 4)
    assert set(told["active"].tolist()) == {"1-2"}


def test_mappings_change_after_their_time_and_pictures_with_the_session():
    layer = wrappers.VariableMapping(
        mapp_ch_prob=0.05, min_mapp_dur=10, sess_end_prob=0.01, min_sess_dur=100
    )
    told = conditions_of(wrapped("NAltConditionalVisuomotor", layer, n_stims=3), 120)
    session = told["session"]
    lengths = np.diff(np.flatnonzero(np.diff(session)))
    assert lengths.min() >= 100
    assert abs(lengths.mean() - 200) < 4 * (9900 / lengths.size) ** 0.5
    new_pictures = told["pictures"][1:] != told["pictures"][:-1]
    np.testing.assert_array_equal(new_pictures, np.diff(session) > 0)
    lasted = []  # of mappings that began and ended within a session
    for k in range(session[-1]):
        mapping = told["mapping"][session == k]
        lasted += np.diff(np.flatnonzero(mapping[1:] != mapping[:-1])).tolist()
    assert min(lasted) >= 10
    assert 20 < np.mean(lasted) < 32  # 30, but long ones are cut by the session's end


# -- payoffs ---------------------------------------------------------------------------------------


def test_catch_trials_pay_something_else_whatever_the_answer():
    stack = [{"CatchTrials": {"catch_prob": 0.3, "stim_th": 50, "alt_rew": 0.7}}]
    env = ngym.make("PerceptualDecisionMaking", stack=stack)
    rows = ngym.rollout(env, Observer(lambda trial: 0.5), trials=2000)
    catch = np.array([row["conditions"]["catch"] for row in rows], bool)
    weak = np.array([row["conditions"]["coh"] <= 12.8 for row in rows])
    assert not catch[~weak].any()
    assert within(catch[weak], 0.3)
    for row, is_catch in zip(rows, catch, strict=True):
        assert row["reward"] == pytest.approx(0.7 if is_catch else float(row["correct"]))
    assert within([row["correct"] for row, c in zip(rows, catch, strict=True) if c], 0.5)


def test_lapses_replace_the_answer_by_any():
    stack = [{"Lapse": {"rate": 0.4}}]
    env = ngym.make("PerceptualDecisionMaking", dim_ring=4, stack=stack)
    rows = ngym.rollout(env, "oracle", trials=2000)
    lapse = np.array([row["conditions"]["lapse"] for row in rows])
    assert within(lapse > 0, 0.4)
    for row, answer in zip(rows, lapse, strict=True):
        right = row["conditions"]["ground_truth"] + 1
        assert row["response"] == (answer or right)
        assert row["correct"] == (row["response"] == right)
        assert row["reward"] == float(row["correct"])
    assert within([row["correct"] for row in rows], 1 - 0.4 * 3 / 4)
    assert all(within(lapse[lapse > 0] == k, 1 / 4) for k in range(1, 5))


def test_the_time_out_comes_after_errors_alone():
    env = ngym.make("PerceptualDecisionMaking", stack=[{"TimeOut": {"time_out": 400}}])
    rows = ngym.rollout(env, Observer(lambda trial: 0.6), trials=300)
    assert rows[0]["conditions"]["fixation"] == 100
    for before, row in pairwise(rows):
        assert row["conditions"]["fixation"] == (100 if before["correct"] else 500)
        start, stop = trial_table.replay(row).periods[0][1:]
        assert stop - start == (1 if before["correct"] else 5)


# -- observations ----------------------------------------------------------------------------------


def test_noise_that_adapts_holds_performance():
    stack = [{"Noise": {"sigma": 0, "target": 0.75, "step": 0.5, "channels": ["stimulus"]}}]
    env = ngym.make("PerceptualDecisionMaking", cohs=[51.2], stack=stack)
    rows = ngym.rollout(env, "integrator", trials=1500, seed=4)
    assert rows[0]["conditions"]["noise"] == 0
    late = [row["performance"] for row in rows[400:]]
    assert abs(np.mean(late) - 0.75) < 0.04
    assert all(row["conditions"]["noise"] > 1 for row in rows[400:])


def test_pulses_are_on_in_their_periods():
    stack = [{"TTLPulse": {"periods": [["stimulus"], ["fixation", "decision"]]}}]
    env = ngym.make("GoNogo", timing={"fixation": 200}, stack=stack).unwrapped
    env.reset(seed=1)
    names = env.observation_space.name
    first, second = env.ob[:, names["ttl_1"]], env.ob[:, names["ttl_2"]]
    assert first.tolist() == [0] * 2 + [1] * 5 + [0] * 10
    assert second.tolist() == [1] * 2 + [0] * 10 + [1] * 5
    squares = [e for e in env.task.plan.scene.resolve(env.task, env.trial) if "show" in e]
    assert [e["show"] for e in squares] == [names["ttl_1"], names["ttl_2"]]


def test_actions_and_rewards_are_passed_on_across_trials():
    stack = [{"PassReward": {}}, {"PassAction": {"one_hot": True}}]
    env = ngym.make("PerceptualDecisionMaking", stack=stack).unwrapped
    names = env.observation_space.name
    assert env.observation_space.shape == (3 + 1 + 3,)
    ob, _ = env.reset(seed=1)
    assert not ob[3:].any() or ob[names["action"][0]] == 1
    rng, ended = np.random.default_rng(0), 0
    for _ in range(200):
        action = int(rng.integers(3))
        ob, reward, _, _, info = env.step(action)
        assert ob[names["reward"]] == np.float32(reward)
        assert ob[names["action"]].tolist() == [float(a == action) for a in range(3)]
        if info["new_trial"]:
            ended += 1
            again = ngym.make("PerceptualDecisionMaking", stack=stack).unwrapped
            options = {"trial": env.trial_index, "memory": json.loads(json.dumps(env.memory))}
            np.testing.assert_array_equal(again.reset(seed=1, options=options)[0], ob)
    assert ended > 5
    plain = wrappers.PassAction(ngym.make("GoNogo"))
    plain.reset(seed=1)
    assert plain.step(1)[0][-1] == 1


def test_datasets_show_the_right_action_and_its_reward():
    stack = [{"PassAction": {}}, {"PassReward": {}}]
    inputs, targets = ngym.Dataset(
        "PerceptualDecisionMaking", {"stack": stack}, batch_size=3, seq_len=300, seed=2
    )()
    np.testing.assert_array_equal(inputs[1:, :, 3], targets[:-1])
    np.testing.assert_array_equal(inputs[1:, :, 4], targets[:-1] > 0)


# -- staircases ------------------------------------------------------------------------------------


def moves(layer, answers, **params):
    """The levels that a staircase goes through, given whether answers are right."""
    task = wrapped("PerceptualDecisionMaking", layer, **params)
    told, levels = None, []
    for right in answers:
        draw = task.draw(np.random.default_rng(0), 1, {} if told is None else told)
        levels.append(draw.conditions["coh"][0].item())
        result = Result(float(right), Outcome.CORRECT if right else Outcome.ERROR, 1)
        told = task.learn(draw.carried, {"coh": levels[-1]}, result)
    return levels


def test_a_staircase_steps_by_its_rule():
    layer = wrappers.Staircase(start=40, up=1, down=2, steps=[8, 4, 2], step_type="linear")
    # until the first reversal each answer counts; then two right ones are needed
    answers = [1, 1, 0, 1, 1, 0, 1, 1, 1, 1]
    assert moves(layer, answers) == [40, 32, 24, 28, 28, 26, 28, 28, 26, 26]
    layer = wrappers.Staircase(start=40, down=1, up=2, steps=[2], up_weight=2)
    assert moves(layer, [1, 0, 0, 0, 1]) == [40, 20, 80, 80, 100]
    layer = wrappers.Staircase(
        start=10, steps=[5], step_type="linear", low=5, high=15, harder="higher"
    )
    assert moves(layer, [1, 1, 1, 0, 0, 0]) == [10, 15, 15, 15, 10, 5]


def test_a_staircase_of_factors_has_a_floor_from_which_errors_lead_up():
    layer = wrappers.Staircase(start=50, steps=[2.0, 1.5], down=1)
    levels = moves(layer, [1] * 3000 + [0, 0, 1])
    assert levels[20:3001] == [0.1] * 2981  # a thousandth of 100 %
    assert levels[3001:] == pytest.approx([0.15, 0.225])
    assert moves(wrappers.Staircase(start=0.04, down=1), [1, 1, 0]) == pytest.approx([0.04] * 3)
    with pytest.raises(ValueError, match="low = 0: a level of 0 cannot change by a factor"):
        wrapped("PerceptualDecisionMaking", wrappers.Staircase(low=0))
    linear = wrappers.Staircase(start=4, low=0, steps=[3], step_type="linear", down=1)
    assert moves(linear, [1, 1, 1, 0, 0]) == [4, 1, 0, 0, 3]


@pytest.mark.parametrize(
    ("params", "target"),
    [
        (dict(up=1, down=2), 0.7071),
        (dict(up=1, down=3), 0.7937),
        (dict(up=1, down=1, up_weight=3), 0.75),
    ],
)
def test_a_staircase_comes_to_rest_at_its_target(params, target):
    def right(trial):  # a Weibull function with threshold 12 %, slope 1.5 and 2 % lapses
        return 0.5 + 0.48 * (1 - np.exp(-((trial["coh"] / 12) ** 1.5)))

    layer = wrappers.Staircase(start=50, steps=[2, 1.3, 1.1], **params)
    assert layer.target == pytest.approx(target, abs=1e-4)
    env = layer.around(configure(task_class("PerceptualDecisionMaking")))
    rows = ngym.rollout(env, Observer(right), trials=2500, seed=1)
    late = rows[200:]
    assert abs(np.mean([row["correct"] for row in late]) - target) < 0.025
    level = np.exp(np.mean(np.log([row["conditions"]["coh"] for row in late])))
    expected = 12 * (-np.log(1 - (target - 0.5) / 0.48)) ** (1 / 1.5)
    assert abs(np.log(level / expected)) < 0.15
    assert len({row["conditions"]["ground_truth"] for row in rows}) == 2


def test_a_staircase_can_steer_a_period_and_skips_trials_without_an_answer():
    stack = [{"Staircase": {"condition": "stimulus", "start": 800, "steps": [2.0]}}]
    env = ngym.make("PerceptualDecisionMaking", stack=stack).unwrapped
    rows = ngym.rollout(env, "oracle", trials=4)
    assert [row["conditions"]["stimulus"] for row in rows] == [800, 400, 200, 100]
    env.reset(seed=1)
    for _ in range(40):  # nothing is answered
        env.step(0)
    assert env.trial["stimulus"] == 800


# -- shaping ---------------------------------------------------------------------------------------


def test_shaping_leads_from_phase_to_phase():
    stack = [{"Shaping": {"perf_w": 30, "th": 0.8, "short_dur": 2}}]
    task = dict(dt=100, rewards=dict(fail=-1.0, abort=-0.5), stack=stack)
    env = ngym.make("PerceptualDecisionMaking", **task).unwrapped
    rows = ngym.rollout(env, "oracle", trials=200, seed=2)
    phase = np.array([row["conditions"]["phase"] for row in rows])
    np.testing.assert_array_equal(phase, np.minimum(np.arange(200) // 30, 5))
    for row in rows[::15]:
        p, trace = row["conditions"]["phase"], trial_table.replay(row)
        steps = {name: stop - start for name, start, stop in trace.periods}
        stimulus = trace.ob[steps["fixation"] : steps["fixation"] + steps["stimulus"], 1]
        assert steps["stimulus"] == (2 if p < 2 else 20) if p not in (2, 3) else True
        assert 2 <= steps["stimulus"] <= 20
        assert (np.ptp(stimulus) > 0) == (p >= 3)
    poor = ngym.rollout(env, Observer(lambda trial: 0.5), trials=300, seed=2)
    assert all(row["reward"] >= 0 for row in poor)
    assert {row["conditions"]["phase"] for row in poor} == {0, 1}


def test_in_the_first_phase_every_answer_pays_unless_it_is_always_the_same():
    env = ngym.make("PerceptualDecisionMaking", stack=[{"Shaping": {"max_num_reps": 3}}]).unwrapped

    class Left(Observer):
        def begin(self, env, rng):
            self._env, self._answer = env, 2

    rows = ngym.rollout(env, Left(None), trials=12)
    assert [row["reward"] for row in rows] == [1, 1, 1] + [0] * 9
    assert [row["conditions"]["spent"] for row in rows] == [0, 0, 0] + [2] * 9
    assert all(row["conditions"]["ground_truth"] == 0 for row in rows[3:])


def test_in_the_second_phase_a_trial_comes_again_until_it_is_right():
    env = ngym.make("PerceptualDecisionMaking", dim_ring=4, stack=[{"Shaping": {"init_ph": 1}}])
    rows = ngym.rollout(env, Observer(lambda trial: 0.4), trials=300)
    for before, row in pairwise(rows):
        if not before["correct"]:
            assert row["conditions"]["ground_truth"] == before["conditions"]["ground_truth"]


# -- several tasks ---------------------------------------------------------------------------------

TWO = ["PerceptualDecisionMaking", "GoNogo"]


def test_every_observation_is_that_of_the_task_at_hand():
    env = wrappers.ScheduleEnvs(
        [ngym.make(id, dt=50) for id in (*TWO, "ReadySetGo")], order="random", env_input=True
    )
    cue = env.observation_space.name["task"]
    alone = [configure(task_class(id), dt=50) for id in (*TWO, "ReadySetGo")]
    ob, _ = env.reset(seed=5)
    seen = []
    for _ in range(3000):
        task = env.trial["task"]
        assert ob[cue].tolist() == [float(k == task) for k in range(3)]
        assert env.observation_space.contains(ob)
        own = alone[task].plan
        others = set(range(env.observation_space.shape[0])) - set(cue)
        names = env.observation_space.name
        mine = {i for g in own.channels for i in np.atleast_1d(names[g.name]).tolist()}
        assert not ob[sorted(others - mine)].any()
        if env.t_ind == 0:
            np.testing.assert_array_equal(ob, env.ob[0])
            seen.append(task)
        ob = env.step(env.gt_now)[0]
    assert within(np.array(seen) == 0, 1 / 3)
    assert within(np.diff(seen) == 0, 1 / 3)


def test_schedules_can_be_nested():
    inner = wrappers.ScheduleEnvs([ngym.make(id, dt=100) for id in TWO], order="sequential")
    other = ngym.make("ReadySetGo", dt=100)
    env = wrappers.ScheduleEnvs([other, inner], order="sequential", env_input=True)
    sizes = {env.reset(seed=1)[0].shape}
    for _ in range(2000):
        sizes.add(env.step(env.gt_now)[0].shape)
    assert sizes == {env.observation_space.shape}
    tasks = [env.new_trial()["task"] for _ in range(6)]
    assert sorted(tasks[:2]) == [0, 1]
    rows = ngym.rollout(env, "oracle", trials=60)
    assert all(row["performance"] == 1 for row in rows)
    assert {row["conditions"].get("coh") is not None for row in rows} == {True, False}
    again = ngym.make(rows[0]["task"], stack=rows[0]["wrappers"], **rows[0]["params"])
    assert ngym.rollout(again, "oracle", yoke=rows)[7]["conditions"] == rows[7]["conditions"]


def test_members_of_a_schedule_have_noise_of_their_own():
    same = [configure(task_class("PerceptualDecisionMaking"), cohs=[0]) for _ in range(2)]
    task = wrappers.ScheduleEnvs(same[0], same[1:], order="sequential")
    block = Stream(task, 1).blocks(2)
    rows = [block.ob[block.offsets[i] : block.offsets[i + 1], 1:] for i in range(4)]
    assert np.unique(np.concatenate([row[2:20].ravel() for row in rows])).size > 140


def test_a_members_own_blocks_count_its_own_trials():
    biased = wrapped("PerceptualDecisionMaking", wrappers.SideBias(block_dur=5))
    task = wrappers.ScheduleEnvs(biased, ["GoNogo"], order="sequential")
    told = conditions_of(task, 4)
    block = told["block"][told["task"] == 0].astype(int)
    assert set(np.diff(np.flatnonzero(np.diff(block)))) == {5}
    assert all(value is None for value in told["block"][told["task"] == 1])


def test_transfer_goes_on_with_the_last_task():
    env = wrappers.TransferLearning(
        [ngym.make(id, dt=100) for id in (*TWO, "ReadySetGo")],
        num_tr_per_task=[30, 20],
        task_cue=True,
    )
    rows = ngym.rollout(env, "random", trials=120)
    assert [r["conditions"]["task"] for r in rows] == [0] * 30 + [1] * 20 + [2] * 70
    assert env.action_space.n == 4
    assert env.action_space.name == {"fixation": 0, "choice": [1, 2], "go": 3}


def test_one_of_several_is_chosen_by_hand():
    env = wrappers.MultiEnvs([ngym.make(id, dt=100) for id in TWO], env_input=True)
    env.reset(seed=1)
    assert env.trial["task"] == 0
    env.set_i(1)
    ob, _ = env.reset()
    assert env.trial["task"] == 1
    assert ob[env.observation_space.name["task"]].tolist() == [0, 1]
    with pytest.raises(ValueError, match="i = 2: expected one of 0 to 1"):
        env.set_i(2)
    with pytest.raises(TypeError, match="set_i chooses one of several"):
        ngym.make("GoNogo").unwrapped.set_i(0)


# -- dual tasks ------------------------------------------------------------------------------------


def dual(main="GoNogo", other="DelayPairedAssociation", **params):
    return wrappers.Combine(ngym.make(main, dt=100), ngym.make(other, dt=100), **params)


def test_a_dual_task_runs_both_on_one_clock():
    env = dual(onset=300)
    env.reset(seed=1)
    spans = {name: (start, stop) for name, start, stop in env.periods}
    assert spans["stimulus"] == (0, 5)
    assert spans["stim1_2"] == (3, 13)
    assert spans["decision_2"] == (43, 48)
    assert env.window == (10, 48)
    names = env.observation_space.name
    first = ngym.make("GoNogo", dt=100).unwrapped.observation_space.shape[0]
    np.testing.assert_array_equal(env.ob[:3, first:], 0)  # not on yet
    assert env.ob[3:13, names["stimulus_2"]].sum() == 10
    assert env.action_space.name == {"fixation": 0, "go_2": 1, "go": 2, "go & go_2": 3}


def test_each_task_has_its_own_answer_time_and_reward():
    env = dual(onset=300, weights=[1, 10])
    forced = {"ground_truth": 1, "ground_truth_2": 1}
    env.reset(seed=1, options={"conditions": forced})
    rewards, info = [], {"new_trial": False}
    while not info["new_trial"]:
        action = {12: 2, 44: 1}.get(env.t_ind, 0)
        at = env.t_ind
        ob, reward, _, _, info = env.step(action)
        rewards.append(reward)
        if 12 <= at < 44:  # the first task is over: its channels are dark
            assert not ob[:3].any()
    assert len(rewards) == 45
    assert (rewards[12], rewards[44]) == (1, 10)
    one, two = info["parts"]
    assert (one["task"], one["outcome"], one["rt_ms"], one["reward"]) == (
        "GoNogo",
        "correct",
        200,
        1,
    )
    assert (two["outcome"], two["rt_ms"], two["reward"], two["on"]) == ("correct", 100, 1, True)
    assert (info["outcome"], info["rt"], info["response"]) == ("correct", 200, 2)
    assert info["performance"] == 1


def test_what_goes_wrong_in_one_task_is_told():
    env = dual(onset=0)
    env.reset(seed=1, options={"conditions": {"ground_truth": 1, "ground_truth_2": 0}})
    info = {"new_trial": False}
    while not info["new_trial"]:  # the second task's "go" is wrong
        *_, info = env.step({11: 2, 41: 1}.get(env.t_ind, 0))
    assert [part["outcome"] for part in info["parts"]] == ["correct", "error"]
    assert info["performance"] == 0.5
    assert info["outcome"] == "error"


def test_the_mix_of_tasks_has_its_shares():
    env = dual(mix=[0.2, 0.3, 0.5], trial_cue=True)
    rows = ngym.rollout(env, "oracle", trials=800)
    kinds = np.array([row["conditions"]["tasks"] for row in rows])
    for kind, p in (("1", 0.2), ("2", 0.3), ("1+2", 0.5)):
        assert within(kinds == kind, p)
    for row in rows:
        on = [part["on"] for part in row["parts"]]
        assert on == [str(k) in row["conditions"]["tasks"] for k in (1, 2)]
        assert ("sample_2" in row["conditions"]) == on[1]
    env.reset(seed=0)
    cue = env.ob[:, env.observation_space.name["tasks"]]
    assert (cue.sum(axis=1) == 1).all()


def test_a_shared_action_goes_to_the_task_that_asks():
    env = dual(onset=0, share_action_space=True)
    assert env.action_space.n == 2
    env.reset(seed=1, options={"conditions": {"ground_truth": 1, "ground_truth_2": 1}})
    asked = np.flatnonzero(env.gt)
    assert asked.tolist() == [*range(10, 15), *range(40, 45)]
    info = {"new_trial": False}
    while not info["new_trial"]:  # holding still in one task is not broken by the other's answer
        *_, info = env.step(env.gt_now)
    assert [part["rt_ms"] for part in info["parts"]] == [0, 0]
    assert [part["reward"] for part in info["parts"]] == [1, 1]


def test_more_than_two_tasks_can_be_combined():
    others = [{"task": "DelayPairedAssociation"}, {"task": "ReadySetGo"}]
    env = ngym.make("GoNogo", stack=[{"Combine": {"tasks": others, "onset": [200, 500]}}])
    assert env.action_space.n == 2 * 2 * 2
    rows = ngym.rollout(env, "oracle", trials=30)
    assert all(row["performance"] == 1 and len(row["parts"]) == 3 for row in rows)


def test_random_dots_as_a_reaction_time_task_within_a_dual_task():
    dots = wrappers.ReactionTime(ngym.make("PerceptualDecisionMaking", dt=100))
    env = wrappers.Combine(dots, "GoNogo", onset=1000)
    env.reset(seed=1)
    while env.t_ind < 5:
        env.step(0)
    answer = env.gt_now
    ob, *_ = env.step(answer)
    assert not ob[:3].any()  # the dots went off with the answer
    assert env.gt_now != answer


# -- as NeuroGym calls them ------------------------------------------------------------------------


def test_positional_arguments_are_those_of_neurogym():
    env = ngym.make("PerceptualDecisionMaking")
    probs = np.array([[0.7, 0.3], [0.3, 0.7]])
    for made, told in (
        (wrappers.SideBias(env, [[0.9, 0.1], [0.1, 0.9]], (20, 30)),
         {"SideBias": {"probs": [[0.9, 0.1], [0.1, 0.9]], "block_dur": [20, 30]}}),
        (wrappers.TrialHistoryV2(env, probs), {"TrialHistory": {"probs": probs.tolist()}}),
        (wrappers.RandomGroundTruth(env, p=np.array([0.2, 0.8])),
         {"RandomGroundTruth": {"p": [0.2, 0.8]}}),
        (wrappers.Noise(env, 0.3), {"Noise": {"sigma": 0.3}}),
        (wrappers.PassReward(wrappers.PassAction(env)), {"PassReward": {}}),
    ):  # fmt: skip
        assert wrappers.write(made.task.stack)[-1] == told
        assert ngym.rollout(made, "oracle", trials=3)[0]["correct"]
    with pytest.raises(TypeError, match="SideBias takes probs, block_dur"):
        wrappers.SideBias(env, [[1, 0]], 3, 4, 5)


@pytest.mark.parametrize(
    ("task", "stack", "says"),
    [
        ("GoNogo", [{"Combine": {"tasks": []}}], "tasks is empty, expected another task"),
        ("GoNogo", [{"Combine": {"tasks": [{"params": {}}]}}], "names no task"),
        ("GoNogo", [{"Combine": {"tasks": [{"task": "GoNgo"}]}}], "did you mean 'GoNogo-v0'"),
        ("GoNogo", [{"Combine": {"tasks": [{"task": "GoNogo", "par": 1}]}}], "unknown entry"),
        ("GoNogo", [{"Combine": {"tasks": [dict(task="GoNogo", params={"dt": 20})]}}], "unequal"),
        ("GoNogo", [{"Combine": {"mix": [0.5, 0.5]}}], "expected 3 probabilities"),
        ("GoNogo", [{"Combine": {"onset": -5}}], "onset = -5: expected a number of ms"),
        ("GoNogo", [{"Combine": {"weights": [1]}}], "expected 2 numbers"),
        ("GoNogo", [{"Combine": {"tasks": ["Reaching1D"]}}], "depends on what is done"),
        ("GoNogo", [{"PassAction": {}}, {"Combine": {}}], "put PassAction and PassReward around"),
        ("GoNogo", [{"ScheduleEnvs": {}}, {"Combine": {}}], "is several tasks already"),
        ("GoNogo", [{"TransferLearning": {"num_tr_per_task": [1, 2]}}], "expected 1 numbers"),
        ("GoNogo", [{"ScheduleEnvs": {"order": "any"}}], "any"),
        ("GoNogo", [{"MultiEnvs": {"i": 5}}], "i = 5: expected one of 0 to 1"),
        ("GoNogo", [{"TTLPulse": {"periods": [["cue"]]}}], "no period 'cue'"),
        ("GoNogo", [{"TimeOut": {"period": "cue"}}], "no period 'cue'"),
        ("GoNogo", [{"Lapse": {}}], "one answer only"),
        ("GoNogo", [{"Staircase": {}}], "no condition of that kind"),
        ("ReadySetGo", [{"CatchTrials": {"stim_th": 5}}], "with a condition coh"),
        ("ContextDecisionMaking", [{"CatchTrials": {"stim_th": 5}}], "with a condition coh"),
        ("DawTwoStep", [{"CatchTrials": {}}], "no single rule"),
        ("PerceptualDecisionMaking", [{"Staircase": {"condition": "dt"}}], "no condition 'dt'"),
        ("PerceptualDecisionMaking", [{"Staircase": {"start": 101}}], "start = 101"),
        ("PerceptualDecisionMaking", [{"Staircase": {"steps": [0.5]}}], "numbers above 1"),
        ("PerceptualDecisionMaking", [{"ScheduleAttr": {"attr_list": []}}], "is empty"),
        ("PerceptualDecisionMaking", [{"ScheduleAttr": {"attr_list": [{"c": 1}]}}], "unknown cond"),
        ("PerceptualDecisionMaking", [{"ScheduleAttr": {"attr_list": [{"coh": 101}]}}], "not poss"),
        ("PerceptualDecisionMaking", [{"VariableNch": {}}], "no condition active"),
        ("PerceptualDecisionMaking", [{"TrialHistory": {"probs": [[0.5, 0.6], [0, 1]]}}], "sum to"),
        ("PerceptualDecisionMaking", [{"TrialHistory": {"probs": []}}], "probs = []: expected"),
        ("PerceptualDecisionMaking", [{"SideBias": {}}, {"SideBias": {}}], "'block' already"),
        ("NAltPerceptualDecisionMaking", [{"VariableNch": {"blocks_probs": [1]}}], "expected 2"),
    ],
)  # fmt: skip
def test_what_does_not_go_is_refused_in_a_sentence(task, stack, says):
    with pytest.raises(ValueError, match=says.replace("[", r"\[").replace("(", r"\(")):
        ngym.make(task, stack=stack)


def test_a_wrapper_of_ones_own_can_be_named_in_stacks():
    class Twice(wrappers.Wrapper):
        """Pays twice."""

        def change(self, task, plan):
            plan.rewards["correct"] = 2.0

    wrappers.register(Twice)
    try:
        env = ngym.make("GoNogo", stack=[{"Twice": {}}])
        rows = ngym.rollout(env, "oracle", trials=20)
        assert max(row["reward"] for row in rows) == 2
        assert trial_table.replay(rows[0]).rewards.sum() == rows[0]["reward"]
        with pytest.raises(ValueError, match="another wrapper 'Twice'"):
            wrappers.register(type("Twice", (wrappers.Wrapper,), {}))
    finally:
        del wrappers.WRAPPERS["Twice"]
