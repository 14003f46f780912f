"""What the tasks show and pay, by their declarations: levels, noise, chances, rewards."""

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.conditions import Choice
from neurogym.spec.primitives import value
from neurogym.tasks.alternatives import NAltConditionalVisuomotor, NAltPerceptualDecisionMaking
from neurogym.tasks.memory import DelayMatchSample, DelayPairedAssociation
from neurogym.tasks.perceptual import ContextDecisionMaking, PerceptualDecisionMaking
from neurogym.tasks.timing import ReadySetGo
from neurogym.tasks.value import DawTwoStep
from neurogym.tasks.withholding import GoNogo
from neurogym.trials.catalogue import configure, task_class
from neurogym.trials.stream import Stream
from neurogym.wrappers import SideBias
from tests.sampling import as_often

ALPHA = 1e-4
CRITICAL = stats.norm.isf(ALPHA / 2)


def block_of(task, blocks=12, seed=11, **fixed):
    """About 2000 trials as one block, with the period and the trial of each row."""
    block = Stream(task, seed).blocks(0, blocks, fixed)
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))
    return block, np.array(block.timeline.periods)[block.period], trial


def check_mean(values, expected, sd):
    """The mean of independent values does not differ from what it should be."""
    assert abs(np.mean(values) - expected) < CRITICAL * sd / len(values) ** 0.5


def check_sd(values, sd):
    """The spread of independent normal values does not differ from what it should be."""
    ratio = np.sum((values / sd) ** 2)
    low, high = stats.chi2.ppf([ALPHA / 2, 1 - ALPHA / 2], len(values))
    assert low < ratio < high


# -- all tasks -------------------------------------------------------------------------------------


def test_conditions_come_as_often_as_they_should(task, preset):
    block, _, _ = block_of(task)
    told = {} if task.built_in() else task.plan.conditions  # see test_tasks_blocks.py
    for name, condition in told.items():
        values = block.trials.conditions[name]
        if isinstance(condition, Choice) and len(condition.values) > 1:
            counts = [(values == value).sum() for value in condition.values]
            assert sum(counts) == block.n
            p = np.full(len(counts), 1 / len(counts)) if condition.p is None else condition.p
            assert stats.chisquare(counts, p * block.n).pvalue > ALPHA


def test_lengths_come_as_they_are_declared(task, preset):
    block, _, _ = block_of(task)
    told = {} if task.built_in() else task.timing  # a curriculum shortens them
    stretched = task.stretch(block.trials)
    for period, duration in told.items():
        if period in stretched and duration.kind == "constant":
            continue
        ms = block.timeline.ms[period]
        steps = block.timeline.end[period] - block.timeline.start[period]
        if duration.kind == "constant":
            assert set(steps.tolist()) == {int(max(ms // task.dt, ms > 0))}
        if duration.kind == "uniform":
            law = stats.uniform(duration.args[0], duration.args[1] - duration.args[0])
        elif duration.kind == "truncated_exponential":
            mean, low, high = duration.args
            law = stats.truncexpon((high - low) / mean, loc=low, scale=mean)
        else:
            continue
        assert stats.kstest(ms, law.cdf).pvalue > ALPHA
        check_mean(ms, law.mean(), law.std())


@pytest.mark.parametrize("dt", [7, 8.3, 30, 95])
def test_a_dt_that_does_not_divide_gives_every_period_its_steps(task, dt):
    env = TaskEnv(configure(type(task), dt=dt))
    for trial in range(10):
        env.reset(seed=1, options={"trial": trial})
        for period, start, stop in env.periods:
            ms = env._block.timeline.ms[period]
            ms = float(np.broadcast_to(ms, (env._block.n,))[env._now.i])
            if period not in task.starts_with.values() and period not in task.starts_with:
                assert (stop - start) == int(max(np.floor(ms / dt + 1e-6), ms > 0))
        assert env.t == 0
        done, steps = False, 0
        while not done:
            done = env.step(env.gt_now)[-1]["new_trial"]
            steps += 1
        assert steps <= env._block.timeline.length.max()


def test_a_float_dt_loses_no_step():
    env = ngym.make("GoNogo", dt=8.3, timing=dict(stimulus=300, delay=0, decision=300)).unwrapped
    env.reset(seed=0)
    assert len(env.gt) == 72
    steps = 0
    while env.num_tr == 1:
        env.step(0)
        steps += 1
    assert steps == 72


def test_noise_does_not_depend_on_what_is_forced_elsewhere(task):
    """The noise of a trial is a part of its number, like its conditions."""
    name, blocks = next(iter(task.plan.conditions)), 12 if task.plan.learns else 2
    plain, period, _ = block_of(task, blocks)
    values = plain.trials.conditions[name]
    forced, _, _ = block_of(task, blocks, **{name: values[3].item()})
    same = np.repeat(values == values[3], np.diff(plain.offsets))
    if np.array_equal(plain.offsets, forced.offsets):
        np.testing.assert_array_equal(plain.ob[same], forced.ob[same])
    first = plain.ob[: plain.offsets[1]]
    again, _, _ = block_of(task, blocks)
    np.testing.assert_array_equal(first, again.ob[: plain.offsets[1]])
    assert len(period) == len(plain.ob)


# -- perceptual decisions --------------------------------------------------------------------------


@pytest.mark.parametrize("dim_ring", [2, 3, 16])  # noise by column and by row
def test_perceptual_decision_making_shows_evidence_in_noise(dim_ring):
    task = PerceptualDecisionMaking(
        dim_ring=dim_ring, dt=40, sigma=1.5, timing=dict(delay=200, stimulus=400), cohs=[0, 20, 80]
    )
    block, period, trial = block_of(task)
    answer, coh = block.trials.ground_truth[trial], block.trials.coh[trial]
    theta = 2 * np.pi * np.arange(dim_ring) / dim_ring
    clean = 0.5 + coh[:, None] / 200 * np.cos(theta - theta[answer][:, None])
    on = period == "stimulus"
    noise = (block.ob[:, 1:] - clean)[on]
    sd = 1.5 / 40**0.5
    for channel in noise.T:
        check_mean(channel, 0, sd)
        check_sd(channel, sd)
    check_sd((noise[1:] + noise[:-1])[::2].ravel() / 2**0.5, sd)  # independent from step to step
    check_sd((noise[:, 0] + noise[:, 1]) / 2**0.5, sd)  # and from channel to channel
    assert not block.ob[~on, 1:].any()
    np.testing.assert_array_equal(block.ob[:, 0], period != "decision")
    np.testing.assert_array_equal(block.gt, np.where(period == "decision", 1 + answer, 0))


def test_without_sigma_there_is_no_noise():
    block, period, _ = block_of(PerceptualDecisionMaking(sigma=0, cohs=[50]))
    evidence = block.ob[period == "stimulus", 1:]
    assert set(np.unique(evidence).tolist()) == {0.25, 0.75}


def test_contexts_change_from_trial_to_trial_and_who_ignores_them_is_right_in_fewer():
    block, _, trial = block_of(ContextDecisionMaking(sigma=0), 20)
    told = block.trials
    assert as_often(told.context.sum(), block.n, 0.5)
    assert as_often((told.context[1:] != told.context[:-1]).sum(), block.n - 1, 0.5)
    np.testing.assert_array_equal(block.ob[:, 6] == 1, told.context[trial] == 1)
    first = block.offsets[:-1] + block.timeline.start["stimulus"]
    evidence = block.ob[first, 1:5].reshape(-1, 2, 2)
    by_motion = evidence[:, 0].argmax(axis=1) == told.ground_truth
    assert as_often(by_motion.sum(), block.n, 0.75)  # right in its context, by chance in the other
    np.testing.assert_array_equal(by_motion[told.context == 0], True)
    assert as_often(by_motion[told.context == 1].sum(), (told.context == 1).sum(), 0.5)


@pytest.mark.parametrize(
    ("id", "of", "value", "neurogym"),
    [
        ("perceptualdecisionmaking.roitman02", lambda task: 3.2 in task.cohs, True, False),
        ("DelayComparison", lambda task: task.timing["delay"].spec, 3000, 1000),
        ("PostDecisionWager", lambda task: task.rewards["sure"], 0.8, 0.7),
        ("ContextDecisionMaking", lambda task: task.use_expl_context, True, False),
        ("Bandit", lambda task: task.p, [0.75, 0.25], [0.5, 0.5]),
        ("AntiReach", lambda task: task.interleaved, True, False),
    ],
)
def test_values_are_the_papers_and_neurogyms_are_a_preset(id, of, value, neurogym):
    cls = task_class(id)
    assert of(configure(cls)) == value
    assert of(configure(cls, "neurogym")) == neurogym
    assert cls.sources


@pytest.mark.parametrize("told", [False, True])
def test_context_decision_making_shows_two_modalities(told):
    task = ContextDecisionMaking(use_expl_context=told, dt=50, sigma=2.0, impl_context_modality=1)
    block, period, trial = block_of(task)
    conditions = {k: v[trial] for k, v in block.trials.conditions.items()}
    assert set(conditions["context"].tolist()) == ({0, 1} if told else {1})
    on, theta = period == "stimulus", np.array([0, np.pi])
    for modality in (0, 1):
        relevant = conditions["context"] == modality
        at = np.where(relevant, conditions["ground_truth"], conditions["other_choice"])
        coh = conditions[f"coh_{modality + 1}"]
        clean = 0.5 + coh[:, None] / 200 * np.cos(theta - theta[at][:, None])
        columns = slice(1 + 2 * modality, 3 + 2 * modality)
        noise = (block.ob[:, columns] - clean)[on]
        sd = 2 / 50**0.5
        for channel in noise.T:
            check_mean(channel, 0, sd)
            check_sd(channel, sd)
        assert not block.ob[~on, columns].any()
        if told:
            np.testing.assert_array_equal(block.ob[:, 5 + modality], relevant)
    assert block.ob.shape[1] == (7 if told else 5)
    right = 1 + conditions["ground_truth"]
    np.testing.assert_array_equal(block.gt, np.where(period == "decision", right, 0))
    other = np.corrcoef(block.trials.ground_truth, block.trials.other_choice)[0, 1]
    assert abs(other) < CRITICAL / block.n**0.5


# -- withholding -----------------------------------------------------------------------------------


def test_go_and_nogo_come_equally_often_and_withholding_is_right():
    rows = {agent: ngym.rollout("GoNogo", agent, 400, seed=2) for agent in ("oracle", Idle())}
    go = [row["conditions"]["ground_truth"] for row in rows["oracle"]]
    assert stats.binomtest(sum(go), len(go), 0.5).pvalue > ALPHA
    for row in rows["oracle"]:
        is_go = row["conditions"]["ground_truth"] == 1
        assert row["outcome"] == ("correct" if is_go else "withheld")
        assert row["performance"] == 1
        assert row["reward"] == float(is_go)
    idle = next(rows[key] for key in rows if key != "oracle")
    for row in idle:
        is_go = row["conditions"]["ground_truth"] == 1
        assert row["outcome"] == ("miss" if is_go else "withheld")
        assert row["performance"] == float(not is_go)
        assert row["reward"] == (-0.5 if is_go else 0)
        assert row["response"] is None
        assert row["rt_ms"] is None


class Idle:
    """Does nothing, ever."""

    def begin(self, env, rng):
        pass

    def act(self, ob):
        return 0


class Presser:
    """Presses one key at one step."""

    def __init__(self, at, action=1):
        self.at, self.action = at, action

    def begin(self, env, rng):
        self.env = env

    def act(self, ob):
        return self.action if self.env.t_ind == self.at else 0


@pytest.mark.parametrize("abort", [False, True])
def test_an_early_response_costs_and_ends_the_trial_only_if_it_should(abort):
    for row in ngym.rollout("GoNogo", Presser(at=2), 20, abort=abort):
        assert row["reward"] < 0
        assert row["response"] is None
        trace = trial_table.replay(row)
        assert trace.rewards[2] == pytest.approx(-0.1)
        assert len(trace.ob) == (3 if abort else 15)
        assert (row["outcome"] == "early") == abort


def test_response_times_count_from_the_window():
    for at in (10, 11, 14):
        for row in ngym.rollout("GoNogo", Presser(at), 6):
            assert row["rt_ms"] == (at - 10) * 100
            assert row["response"] == 1
            go = row["conditions"]["ground_truth"]
            assert row["outcome"] == ("correct" if go else "error")
            assert row["reward"] == (1.0 if go else -0.5)


# -- timing ----------------------------------------------------------------------------------------


def test_ready_set_go_marks_the_interval_and_pays_by_the_distance():
    task = ReadySetGo(dt=10, gain=1.5, timing=dict(ready=80, set=80))
    env = TaskEnv(task)
    for trial in range(6):
        env.reset(seed=4, options={"trial": trial})
        ready, set_, fixation = env.ob[:, 1], env.ob[:, 2], env.ob[:, 0]
        interval = (np.flatnonzero(set_)[0] - np.flatnonzero(ready)[0]) * 10
        assert interval == np.floor(env.trial["measure"] / 10) * 10
        assert ready.sum() == set_.sum() == 8
        np.testing.assert_array_equal(fixation, np.arange(len(fixation)) < env.window[0])
        due = np.flatnonzero(set_)[0] + interval * 1.5 / 10
        label = np.flatnonzero(env.gt)
        assert label.size == 1
        assert abs(label[0] - due) < 1
        tolerance = 0.2 * interval * 1.5 + 25
        for off in (-60, -30, -12, 0, 12, 30, 60):
            at = int(np.ceil(due)) + off
            if not env.window[0] <= at < env.window[1]:
                continue
            distance = abs(at - due) * 10
            row = ngym.rollout(task, Presser(at), trial + 1, seed=4)[trial]
            graded = max(0.1, max(1 - distance / tolerance, 0) ** 1.5)
            expected = graded if distance <= tolerance else 0.0
            assert row["reward"] == pytest.approx(expected, abs=1e-6)
            assert row["performance"] == float(distance <= tolerance)


# -- two steps -------------------------------------------------------------------------------------


class Chooser:
    """Takes one option first, and one after that."""

    def __init__(self, first, second):
        self.choices = first, second

    def begin(self, env, rng):
        self.env = env

    def act(self, ob):
        if self.env.in_period("stage1"):
            return self.choices[0]
        return self.choices[1] if self.env.in_period("stage2") else 0


@pytest.mark.parametrize("first", [1, 2])
def test_two_step_transitions_and_rewards_have_their_rates(first):
    params = dict(p1=0.7, p2=0.9, walks=False, high_reward_p=0.8, low_reward_p=0.3, p_switch=0.2)
    rows = ngym.rollout("DawTwoStep", Chooser(first, 1), 600, seed=first, **params)
    arrived, paid = [], {True: [], False: []}
    env = ngym.make("DawTwoStep", **params).unwrapped
    for row in rows:
        last = trial_table.replay(row, env).ob[-1]
        assert last[2] + last[3] == 1
        state = 0 if last[2] else 1
        arrived.append(state)
        conditions = row["conditions"]
        rich = conditions["rich"] == state and conditions["better"] == 0
        paid[rich].append(row["reward"] == 1)
        best_first = 1 + (conditions["rich"] == 1)
        alike = conditions["rich"] != state  # both options of the poorer state
        assert row["correct"] == (first == best_first and (alike or conditions["better"] == 0))
    common = arrived.count(first - 1)
    assert stats.binomtest(common, len(rows), 0.7 if first == 1 else 0.9).pvalue > ALPHA
    for rich, chance in ((True, 0.8), (False, 0.3)):
        assert stats.binomtest(sum(paid[rich]), len(paid[rich]), chance).pvalue > ALPHA


def test_a_choice_not_made_in_time_ends_the_trial():
    for row in ngym.rollout("DawTwoStep", Idle(), 5) + ngym.rollout("DawTwoStep", Chooser(1, 0), 5):
        assert row["outcome"] == "miss"
        assert row["reward"] == pytest.approx(-0.1)
        assert not row["correct"]


def carried(task):
    conditions = task.plan.conditions.items()
    return [name for name, condition in conditions if condition.carries and not condition.learns]


def test_carried_conditions_go_on_across_blocks_and_resets(task_id):
    task = task_class(task_id)()
    names = carried(task)
    assert names or task_id != "DawTwoStep-v0"
    played = TaskEnv(task)
    played.reset(seed=8)
    through, reset = [], TaskEnv(type(task)())
    for trial in range(60):
        through.append({name: played.trial[name] for name in names})
        while played.trial_index == trial:
            played.step(played.gt_now)
        reset.reset(seed=8 if trial == 0 else None)
        assert {name: reset.trial[name] for name in names} == through[-1]
    jumped = TaskEnv(type(task)())
    for trial in (59, 3, 31, 8, 0):
        jumped.reset(seed=8, options={"trial": trial})
        assert {name: jumped.trial[name] for name in names} == through[trial]


def test_flips_come_at_their_rate_over_blocks():
    task = DawTwoStep(p_switch=0.1, walks=False)
    block, _, _ = block_of(task, 14)
    for name in ("rich", "better"):
        changes = int((np.diff(block.trials.conditions[name]) != 0).sum())
        assert stats.binomtest(changes, block.n - 1, 0.1).pvalue > ALPHA
    seams = np.cumsum([8, 16, 32, 64, 128, 256])
    never, _, _ = block_of(DawTwoStep(p_switch=0, walks=False), 7)
    always, _, _ = block_of(DawTwoStep(p_switch=1, walks=False), 7)
    assert len(set(never.trials.rich.tolist())) == 1
    assert (np.diff(always.trials.rich)[seams - 1] != 0).all()


def test_what_is_carried_follows_a_changed_parameter():
    env = ngym.make("DawTwoStep").unwrapped
    env.reset(seed=3, options={"trial": 100})
    env.task.walk_sd = 1.0
    fresh = ngym.make("DawTwoStep", walk_sd=1.0).unwrapped
    for trial in (100, 101, 40):
        env.reset(seed=3, options={"trial": trial})
        fresh.reset(seed=3, options={"trial": trial})
        assert env.trial == fresh.trial


# -- reaching --------------------------------------------------------------------------------------


def test_the_arm_turns_by_its_speed_and_the_reward_falls_with_the_distance():
    env = ngym.make("Reaching1D", speed=3.0, dt=50, timing={"reach": 1000}).unwrapped
    env.reset(seed=1, options={"conditions": {"ground_truth": 1.0}})
    angle, theta = np.pi, 2 * np.pi * np.arange(16) / 16
    rng = np.random.default_rng(0)
    done = False
    while not done:
        reach = env.in_period("reach")
        action = int(rng.integers(3))
        shown, reward, _, _, info = env.step(action)
        done = info["new_trial"]
        if reach:
            angle += {0: 0, 1: 0.15, 2: -0.15}[action]
            distance = abs((1.0 - angle + np.pi) % (2 * np.pi) - np.pi)
            assert reward == pytest.approx(max(1 - distance, -0.1))
        else:
            assert reward == 0
        if not done:
            np.testing.assert_allclose(shown[16:], np.cos(theta - angle), atol=1e-5)
            target = np.cos(theta - 1.0) if env.in_period("reach") else np.zeros(16)
            np.testing.assert_allclose(shown[:16], target, atol=1e-5)
    assert info["performance"] == float(distance <= env.task.tolerance)
    with pytest.raises(ValueError, match="cannot stop within tolerance"):
        ngym.make("Reaching1D", speed=50)


def test_an_evidence_channel_is_named_for_its_gate():
    channels = ContextDecisionMaking(use_expl_context=True).plan.channels
    assert [channels[f"stimulus_mod{i}"].gate for i in (1, 2)] == ["context1", "context2"]
    plain = ContextDecisionMaking(use_expl_context=False, impl_context_modality=1).plan.channels
    assert not plain["stimulus_mod1"].evidence
    assert plain["stimulus_mod2"].evidence
    assert GoNogo().plan.channels.names == {"fixation": 0, "nogo": 1, "go": 2}


# -- memory ----------------------------------------------------------------------------------------


def test_paired_association_goes_by_the_pair_however_it_is_forced():
    for fixed in ({}, dict(ground_truth=1), dict(ground_truth=0), dict(sample=0), dict(sample=1)):
        block, period, trial = block_of(DelayPairedAssociation(), 6, **fixed)
        shown = block.ob[:, 1:]
        pairs = []
        for name in ("stim1", "stim2"):
            on = period == name
            assert (shown[on].sum(axis=1) == 1).all()
            first = np.unique(trial[on], return_index=True)[1]
            pairs.append(shown[on][first].argmax(axis=1) + 1)
            np.testing.assert_array_equal(shown[on].argmax(axis=1) + 1, pairs[-1][trial[on]])
        assert not shown[(period != "stim1") & (period != "stim2")].any()
        found = set(zip(*(pair.tolist() for pair in pairs), strict=True))
        go = np.isin(10 * pairs[0] + pairs[1], (13, 24))
        np.testing.assert_array_equal(go, block.trials.ground_truth == 1)
        np.testing.assert_array_equal(block.gt, (period == "decision") & go[trial])
        assert len(found) == (2 if fixed else 4)
        assert found <= {(1, 3), (2, 4), (1, 4), (2, 3)}


@pytest.mark.parametrize("at", [0, 12, 22, 35])
def test_a_response_before_the_decision_is_too_early_in_paired_association(at):
    for row in ngym.rollout("DelayPairedAssociation", Presser(at), 4, abort=True):
        assert row["outcome"] == "early"
        assert row["reward"] == pytest.approx(-0.1)


def test_paired_association_pays_by_the_answer():
    for action, at in ((1, 40), (0, 40)):
        for row in ngym.rollout("DelayPairedAssociation", Presser(at, action), 20, seed=3):
            go = row["conditions"]["ground_truth"] == 1
            expected = {(1, True): ("correct", 1.0), (1, False): ("error", -1.0)}
            expected |= {(0, True): ("miss", 0.0), (0, False): ("withheld", 0.0)}
            assert (row["outcome"], row["reward"]) == expected[action, go]
            assert row["performance"] == (action == go)


@pytest.mark.parametrize("dim_ring", [2, 8])
def test_match_to_sample_shows_the_same_or_the_opposite_direction(dim_ring):
    task = DelayMatchSample(dim_ring=dim_ring, dt=50)
    block, period, trial = block_of(task)
    theta = 2 * np.pi * np.arange(dim_ring) / dim_ring
    angle = theta[block.trials.direction]
    turned = np.where(block.trials.ground_truth == 1, np.pi, 0)
    for name, at in (("sample", angle), ("test", angle + turned)):
        on = period == name
        clean = 0.5 + 0.5 * np.cos(theta - at[trial[on]][:, None])
        noise = (block.ob[on, 1:] - clean).ravel()
        check_mean(noise, 0, 1 / 50**0.5)
        check_sd(noise, 1 / 50**0.5)
    assert not block.ob[(period != "sample") & (period != "test"), 1:].any()
    right = 1 + block.trials.ground_truth[trial]
    np.testing.assert_array_equal(block.gt, np.where(period == "decision", right, 0))


def test_match_to_sample_needs_opposite_directions():
    with pytest.raises(ValueError, match="dim_ring = 3: expected an even number"):
        DelayMatchSample(dim_ring=3)
    env = TaskEnv(DelayMatchSample(dim_ring=8, sigma=0))
    env.reset(seed=1, options={"conditions": dict(ground_truth=1, direction=6)})
    shown = [p for p in env.task.scene.resolve(env.task, env.trial) if p["kind"] == "dots"]
    rows = [env.ob[env.start_ind[p["during"][0]]] for p in shown]
    ways = [value(p["direction"], row) for p, row in zip(shown, rows, strict=True)]
    assert ways == pytest.approx([-0.5 * np.pi, 0.5 * np.pi])


# -- alternatives ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_ch", [2, 3, 10])
def test_the_evidence_of_alternatives_grows_with_their_number(n_ch):
    task = NAltPerceptualDecisionMaking(n_ch=n_ch, stim_scale=0.5, dt=40)
    block, period, trial = block_of(task)
    answer = block.trials.ground_truth[trial]
    factor = {2: 1.238985, 3: 1.987747, 10: 4.211065}[n_ch]
    strength = 0.5 * factor * block.trials.coh[trial] / 100
    assert set(block.trials.coh.tolist()) == {0, 6.4, 12.8, 25.6, 51.2}
    target = np.arange(n_ch) == answer[:, None]
    clean = np.where(target, (1 + strength)[:, None] / 2, (1 - strength)[:, None] / 2)
    on = period == "stimulus"
    noise = (block.ob[:, 1:] - clean)[on].ravel()
    check_mean(noise, 0, 1 / 40**0.5)
    check_sd(noise, 1 / 40**0.5)
    assert not block.ob[~on, 1:].any()
    np.testing.assert_array_equal(block.gt, np.where(period == "decision", 1 + answer, 0))


def test_choices_that_are_not_in_play_can_be_blank_and_counted():
    params = dict(n_ch=4, sigma=0, cohs=[25.6], ob_nch=True, ob_histblock=True)
    fixed = dict(active="1-3-4", ground_truth=2)
    for blank in (False, True):
        task = NAltPerceptualDecisionMaking(zero_irrelevant_stim=blank, **params)
        assert task.plan.channels.names == {
            "fixation": 0, "stimulus": [1, 2, 3, 4], "active_choices": 5, "current_block": 6
        }  # fmt: skip
        block, period, _ = block_of(task, 2, **fixed)
        on = period == "stimulus"
        assert bool(block.ob[on, 2].any()) != blank
        assert (block.ob[on][:, [1, 4]] > 0).all()
        assert (block.ob[on, 3] > block.ob[on, 1]).all()
        assert set(block.ob[:, 5].tolist()) == {3}
        assert set(block.ob[:, 6].tolist()) == {0}
        plain, _, _ = block_of(task, 2)
        assert set(plain.trials.active.tolist()) == {"1-2-3-4"}
        assert set(plain.ob[:, 5].tolist()) == {4}


def test_the_block_of_a_wrapper_is_told_to_those_who_ask():
    task = NAltPerceptualDecisionMaking(n_ch=2, ob_histblock=True)
    env = SideBias(TaskEnv(task), block_dur=5)
    env.reset(seed=2)
    found = set()
    for trial in range(20):
        env.reset(seed=2, options={"trial": trial})
        assert set(env.ob[:, 3].tolist()) == {env.trial["block"] + 1}
        found.add(env.trial["block"])
        shown = env.task.plan.scene.resolve(env.task, env.trial)
        assert f"block {env.trial['block'] + 1}" in [e.get("text") for e in shown]
    assert found == {0, 1}


def test_the_right_answer_is_in_play():
    env = ngym.make("NAltPerceptualDecisionMaking", n_ch=4).unwrapped
    forced = dict(active="1-3", ground_truth=2)
    env.reset(seed=1, options={"trial": 3, "conditions": forced})
    assert {**env.trial, **forced} == env.trial
    with pytest.raises(ValueError, match="force ground_truth as well, to one of 0, 2"):
        env.reset(seed=1, options={"conditions": dict(active="1-3", ground_truth=1)})
    for trial in range(12):  # forced alone, it fits some trials, whatever the others of their block
        env.reset(seed=1, options={"trial": trial})
        options = {"trial": trial, "conditions": dict(active="1-3")}
        if env.trial["ground_truth"] in (0, 2):
            env.reset(seed=1, options=options)
            continue
        with pytest.raises(ValueError, match="force ground_truth as well, to one of 0, 2"):
            env.reset(seed=1, options=options)
    for wrong in ("1", "3-1", "1-1", "1-5", "0-1", "1-2-", "all", 12):
        with pytest.raises(ValueError, match="not possible: allowed are 2 or more of the numbers"):
            env.reset(seed=1, options={"conditions": dict(active=wrong)})


def test_lamps_and_squares_follow_their_channels():
    for task in (NAltPerceptualDecisionMaking(n_ch=5), NAltConditionalVisuomotor()):
        env = TaskEnv(task)
        env.reset(seed=0)
        shown = task.scene.resolve(task, env.trial)
        bound = [e for e in shown if isinstance(e["alpha"], dict)]
        indices = task.plan.channels.names["stimulus"]
        assert [e["alpha"]["channel"] for e in bound] == indices
        places = {(round(e["x"], 6), round(e["y"], 6)) for e in bound}
        assert len(places) == len(indices)
        assert all(abs(x) < 0.4 and abs(y) < 0.4 for x, y in places)


def test_the_answer_follows_from_picture_mapping_and_pictures():
    task = NAltConditionalVisuomotor(n_stims=3, n_ch=4, sigma=0)
    fixed = dict(mapping="3-1-2", pictures="0110-1001-1111")
    block, period, trial = block_of(task, 6, **fixed)
    picture = block.trials.picture[trial]
    on = period == "stimulus"
    bits = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [1, 1, 1, 1]])
    np.testing.assert_array_equal(block.ob[:, 1:], bits[picture] * on[:, None])
    right = np.array([3, 1, 2])[picture]
    np.testing.assert_array_equal(block.gt, np.where(period == "decision", right, 0))
    other, _, _ = block_of(task, 6, **{**fixed, "mapping": "1-2-3"})
    np.testing.assert_array_equal(other.ob, block.ob)
    np.testing.assert_array_equal(other.gt, np.where(period == "decision", 1 + picture, 0))
    faint, _, _ = block_of(NAltConditionalVisuomotor(n_stims=3, n_ch=4, sigma=0, stim_scale=0.5))
    assert set(np.unique(faint.ob[:, 1:]).tolist()) == {0, 0.25, 0.75}


def test_pictures_and_mapping_are_those_of_the_seed():
    task = NAltConditionalVisuomotor(n_stims=4)
    found = set()
    for seed in range(12):
        block = Stream(task, seed).blocks(0, 6)
        for values in (block.trials.mapping, block.trials.pictures):
            assert len(set(values.tolist())) == 1
        again = Stream(task, seed).blocks(5)
        assert again.trials.pictures[0] == block.trials.pictures[0]
        found.add((block.trials.mapping[0], block.trials.pictures[0]))
        patterns = block.trials.pictures[0].split("-")
        assert len(set(patterns)) == 4
        assert all(len(bits) == 10 and "1" in bits for bits in patterns)
    assert len(found) == 12


def test_there_are_not_more_pictures_than_patterns():
    task = NAltConditionalVisuomotor(n_stims=3, n_ch=2)
    env = TaskEnv(task)
    env.reset(seed=0)
    assert set(env.trial["pictures"].split("-")) == {"01", "10", "11"}
    with pytest.raises(ValueError, match="n_stims = 4: too many for n_ch = 2"):
        NAltConditionalVisuomotor(n_stims=4, n_ch=2)
