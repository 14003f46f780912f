"""What tasks of learning from what choices earn draw, show and pay."""

import json

import numpy as np
import pytest
from scipy import stats

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.layout import ring
from neurogym.tasks.games import MatchingPenny, biases, chance_of_right
from neurogym.tasks.learning import Bandit
from neurogym.trials.stream import Stream
from neurogym.wrappers import SideBias
from tests.sampling import ALPHA, as_often, shares

CRITICAL = stats.norm.isf(ALPHA / 2)


def blocks(task, count=12, **fixed):
    return Stream(task, 5).blocks(0, count, fixed)


# -- Bandit ----------------------------------------------------------------------------------------


def earned(task, choose, trials=1500):
    """The reward and the performance of each trial, and the best arm."""
    env = TaskEnv(task)
    env.reset(seed=4)
    found = []
    for _ in range(trials):
        best, total, done = env.trial["best"], 0.0, False
        while not done:
            action = choose(best) if env.gt_now else 0
            _, reward, _, _, info = env.step(action)
            total, done = total + reward, info["new_trial"]
        found.append((total, info["performance"], best))
    return np.array(found)


@pytest.mark.parametrize(("away", "chance"), [(0, 0.8), (1, 0.5), (2, 0.1), (3, 0.1)])
def test_each_arm_pays_as_often_as_its_chance_says(away, chance):
    task = Bandit(n=4, p=[0.8, 0.5, 0.1], p_switch=0.2)
    reward, performance, best = earned(task, lambda best: 1 + (best + away) % 4).T
    assert set(reward) == {0.0, 1.0}
    assert as_often(reward.sum(), len(reward), chance)
    assert (performance == (away == 0)).all()
    assert set(best) == {0, 1, 2, 3}


def test_luck_decides_for_all_arms_alike():
    env = ngym.make("Bandit", p=[0.75, 0.25])
    for luck, pays in ((0.1, (1, 1)), (0.5, (1, 0)), (0.9, (0, 0))):
        for best in (0, 1):
            for arm in (0, 1):
                forced = dict(luck=luck, best=best)
                env.reset(seed=1, options={"trial": 3, "conditions": forced})
                while not env.unwrapped.gt_now:
                    env.step(0)
                _, reward, _, _, info = env.step(arm + 1)
                assert reward == pays[int(arm != best)]
                assert info["performance"] == (arm == best)
                assert info["response"] == arm + 1


def test_another_arm_becomes_the_best_as_often_as_it_should():
    best = blocks(Bandit(n=3, p_switch=0.1)).trials.best
    steps = np.diff(best) % 3
    assert as_often((steps > 0).sum(), len(steps), 0.1)
    assert as_often((steps == 1).sum(), (steps > 0).sum(), 0.5)


def test_the_best_arm_stays_for_an_episode_and_any_comes_next():
    best = blocks(Bandit(n=3, episode=20), 40).trials.best[:9200].reshape(-1, 20)
    assert (best == best[:, :1]).all()
    assert shares(best[:, 0], dict.fromkeys(range(3), 1 / 3))
    again = best[1:, 0] == best[:-1, 0]
    assert as_often(again.sum(), again.size, 1 / 3)
    default = blocks(Bandit(), 40).trials.best
    assert set(np.flatnonzero(np.diff(default)) % 100) == {99}


def test_who_learns_does_better_late_in_an_episode_than_early():
    """What the task is about: chances are found out, and hold for an episode."""
    trials = blocks(Bandit(), 60).trials
    best, luck = (v[: trials.n // 100 * 100].reshape(-1, 100) for v in (trials.best, trials.luck))
    won = np.zeros((len(best), 2))
    tried, right = np.zeros((len(best), 2)), np.zeros(best.shape, bool)
    for k in range(100):  # tries both twice, then takes the one that paid more often
        rate = won / np.maximum(tried, 1)
        arm = np.where(k < 4, k % 2, rate.argmax(axis=1))
        rows = np.arange(len(best))
        right[:, k] = arm == best[:, k]
        tried[rows, arm] += 1
        won[rows, arm] += luck[:, k] < np.where(right[:, k], 0.75, 0.25)
    assert as_often(right[:, :4].sum(), 4 * len(best), 0.5)
    assert right[:, 60:].mean() > 0.85


def test_chances_that_do_not_go_with_the_arms_are_refused():
    with pytest.raises(ValueError, match="p has 3 chances, but there are n = 2 arms"):
        Bandit(p=[0.5, 0.3, 0.2])
    with pytest.raises(ValueError, match="does not begin with its highest chance"):
        Bandit(p=[0.3, 0.5])


# -- Reaching1DWithSelfDistraction -----------------------------------------------------------------


def test_arm_and_target_are_on_the_same_channels():
    env = ngym.make("Reaching1DWithSelfDistraction", strength=0.4).unwrapped
    target, theta = 1.0, ring(32)
    ob, _ = env.reset(seed=1, options={"trial": 0, "conditions": {"ground_truth": target}})
    painted = env.ob.copy()
    angle = np.pi
    done = False
    while not done:
        shown = np.cos(theta - angle)
        if env.in_period("reach"):
            shown = shown + 0.4 * np.cos(theta - target)
            angle -= {0: 0, 1: -1, 2: 1}[env.gt_now] * env.task.speed * env.dt / 1000
        np.testing.assert_allclose(ob, shown, atol=1e-5)
        np.testing.assert_array_equal(env.ob, painted)
        ob, _, _, _, info = env.step(env.gt_now)
        done = info["new_trial"]
        painted = painted if not done else env.ob
    assert info["performance"] == 1


def test_the_spot_on_the_screen_is_where_the_arm_is():
    env = ngym.make("Reaching1DWithSelfDistraction", preset="human").unwrapped
    ob, _ = env.reset(seed=2)
    for _ in range(40):
        period = "reach" if env.in_period("reach") else "fixation"
        spots = [
            element
            for element in env.task.scene.resolve(env.task, env.trial)
            if element.get("during") == [period] and isinstance(element["x"], dict)
        ]
        x, y = (
            ob[b["channel"]] * b["scale"] + b["offset"] for b in (spots[0][k] for k in ("x", "y"))
        )
        angle = env._now.state[0]
        assert (x, y) == pytest.approx((0.36 * np.cos(angle), 0.36 * np.sin(angle)), abs=1e-5)
        ob, *_ = env.step(env.gt_now)


def test_a_ring_that_has_no_quarters_is_refused():
    with pytest.raises(ValueError, match="dim_ring = 30 is not a multiple of 4"):
        ngym.make("Reaching1DWithSelfDistraction", dim_ring=30)


# -- HierarchicalReasoning -------------------------------------------------------------------------


def begin(env, trial=0, **conditions):
    return env.reset(seed=6, options={"trial": trial, "conditions": conditions})[0]


@pytest.mark.parametrize("rule", [0, 1])
@pytest.mark.parametrize("truth", [0, 1])
@pytest.mark.parametrize("delay", [530, 770, 930, 1170])
def test_the_interval_that_is_shown_decides(rule, truth, delay):
    env = ngym.make("HierarchicalReasoning", dt=10).unwrapped
    begin(env, rule=rule, ground_truth=truth, delay=delay)
    at = {name: slice(start, stop) for name, start, stop in env.periods}
    assert at["delay"].stop - at["delay"].start == delay / 10
    flashed = truth if (delay > 850) == (rule == 1) else 1 - truth
    for period in ("flash1", "flash2"):
        assert (env.ob[at[period], 3 + flashed] == 1).all()
        assert not env.ob[at[period], 4 - flashed].any()
    assert (env.gt[at["rule_target"]] == 1 + rule).all()
    assert (env.gt[at["decision"]] == 3 + truth).all()
    labelled = set(np.flatnonzero(env.gt))
    assert labelled == {*range(len(env.gt))[at["rule_target"]], *range(len(env.gt))[at["decision"]]}


@pytest.mark.parametrize("named", [True, False, None])
@pytest.mark.parametrize("answered", [True, False, None])
def test_rule_and_answer_have_to_be_right(named, answered):
    env = ngym.make("HierarchicalReasoning").unwrapped
    begin(env, 3)
    rewards, done = [], False
    while not done:
        gt, action = env.gt_now, 0
        if gt in (1, 2) and named is not None:
            action = gt if named else 3 - gt
        elif gt > 2 and answered is not None:
            action = gt if answered else 7 - gt
        _, reward, _, _, info = env.step(action)
        rewards.append(reward)
        done = info["new_trial"]
    right = bool(named and answered)
    assert sum(rewards) == info["performance"] == right
    how = "miss" if answered is None else "correct" if right else "error"
    assert info["outcome"] == how
    assert np.isnan(info["rt"]) == (answered is None)


def test_the_rule_changes_after_10_to_20_trials():
    rule = blocks(ngym.make("HierarchicalReasoning").unwrapped.task, 60).trials.rule
    changes = np.flatnonzero(np.diff(rule)) + 1
    runs = np.diff(changes)
    assert shares(runs, dict.fromkeys(range(10, 21), 1 / 11))
    again = Stream(ngym.make("HierarchicalReasoning").unwrapped.task, 5)
    whole, parts = again.blocks(0, 12).trials.rule, [again.blocks(k).trials.rule for k in range(12)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    with pytest.raises(ValueError, match="run_least = 30: expected at most run_most = 20"):
        ngym.make("HierarchicalReasoning", run_least=30)


# -- ChangingEnvironment ---------------------------------------------------------------------------


@pytest.mark.parametrize("cue", [False, True])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("context", [0, 1])
def test_evidence_label_and_cue_follow_side_and_context(cue, side, context):
    env = ngym.make("ChangingEnvironment", cxt_cue=cue, sigma=0, stim_scale=0.5).unwrapped
    begin(env, ground_truth=side, context=context, coh=40)
    at = {name: slice(start, stop) for name, start, stop in env.periods}
    names = env.observation_space.name
    left, right = names["stimulus"]
    strong, weak = (left, right) if side == 0 else (right, left)
    np.testing.assert_allclose(env.ob[at["stimulus"], strong], 0.6)
    np.testing.assert_allclose(env.ob[at["stimulus"], weak], 0.4)
    fixation = env.ob[:, names["fixation"]]
    assert fixation[: at["decision"].start].all()
    assert not fixation[at["decision"]].any()
    assert not env.ob[at["fixation"]][:, [left, right]].any()
    assert (env.gt[at["decision"]] == 1 + side + 2 * context).all()
    if cue:
        assert (env.ob[:, names["context"]] == [context == 0, context == 1]).all()
    assert ("context" in names) == cue


def test_the_context_changes_as_often_as_it_should():
    task = ngym.make("ChangingEnvironment", cxt_ch_prob=0.12).unwrapped.task
    changes = np.diff(blocks(task).trials.context) != 0
    assert as_often(changes.sum(), len(changes), 0.12)


def test_the_pair_of_the_other_context_is_wrong():
    env = ngym.make("ChangingEnvironment").unwrapped
    begin(env, ground_truth=1, context=0)
    while not env.gt_now:
        env.step(0)
    _, reward, _, _, info = env.step(4)
    assert (reward, info["outcome"]) == (0.0, "error")


def test_a_side_bias_is_one_of_the_stimulus_too():
    task = SideBias(probs=[[0.9, 0.1]], block_dur=50).around(
        ngym.make("ChangingEnvironment", sigma=0, cohs=[50]).unwrapped.task
    )
    drawn = blocks(task)
    side = drawn.trials.ground_truth
    assert as_often((side == 0).sum(), drawn.n, 0.9)
    at = drawn.offsets[:-1] + drawn.timeline.start["stimulus"]
    np.testing.assert_array_equal(drawn.ob[at, 1:].argmax(axis=1), side)


# -- IBL -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [0, 1])
def test_the_brighter_side_is_right_at_any_time(side):
    env = ngym.make("IBL", sigma=0, timing={"fixation": 100}).unwrapped
    begin(env, ground_truth=side, coh=51.2)
    np.testing.assert_allclose(env.ob[1:, 1 + side], 0.756)
    np.testing.assert_allclose(env.ob[1:, 2 - side], 0.244)
    for wait in (0, 3):
        for choice in (0, 1):
            begin(env, ground_truth=side)
            env.step(0)
            for _ in range(wait):
                env.step(0)
            _, reward, _, _, info = env.step(1 + choice)
            assert reward == info["performance"] == (choice == side)
            assert info["rt"] == 100 * wait


def test_the_noise_of_a_step_has_the_sd_that_it_should():
    block = blocks(ngym.make("IBL").unwrapped.task, ground_truth=0, coh=12.8)
    noise = block.ob[block.period == 1, 1:] - [0.564, 0.436]
    low, high = stats.chi2.ppf([ALPHA / 2, 1 - ALPHA / 2], noise.size)
    assert low < ((noise / 0.1) ** 2).sum() < high
    assert abs(noise.mean()) < CRITICAL * 0.1 / noise.size**0.5


def test_one_side_is_likelier_in_blocks_under_a_side_bias():
    pairs = [[0.2, 0.8], [0.8, 0.2], [0.5, 0.5]]
    task = SideBias(probs=pairs, block_dur=100).around(ngym.make("IBL").unwrapped.task)
    trials = blocks(task, 16).trials
    for block, (left, _) in enumerate(pairs):
        here = trials.ground_truth[trials.block == block]
        assert len(here) > 300
        assert as_often((here == 0).sum(), len(here), left)


# -- MatchingPenny ---------------------------------------------------------------------------------


def match(choose, trials=400, seed=1, **params):
    """What each trial earns, and where the opponent goes; `choose(k, history)` gives 0 or 1."""
    env = TaskEnv(MatchingPenny(**params))
    env.reset(seed=seed)
    earned, went = [], []
    for k in range(trials):
        went.append(env.trial["ground_truth"])
        env.step(0)
        _, reward, *_ = env.step(1 + choose(k, env.trial["history"]))
        earned.append(reward)
    return np.array(earned), np.array(went)


def win_stay(k, history):
    """The side that was paid, and the other one after a loss."""
    return 0 if not history else int(history[-1] in "30")


@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_a_bias_is_tested_like_a_coin(alpha):
    found = biases(60, alpha)
    for n in (1, 2, 5, 17, 60):
        for heads in range(n + 1):
            unlike = stats.binomtest(heads, n).pvalue < alpha
            assert found[n, heads] == pytest.approx((heads / n - 0.5) * unlike)


def chance(history, *how):
    """The opponent's, after one history, told beside another."""
    alone, first = chance_of_right([history], *how, 70), chance_of_right([history, "3"], *how, 70)
    assert alone[0] == first[0]
    return alone[0]


def test_the_opponent_goes_against_the_strongest_bias():
    assert chance("", 4, True, 0.05) == 0.5
    assert chance("01201", 4, True, 0.05) == 0.5
    assert chance("1" * 20, 0, False, 0.05) == 0.0
    assert chance("0" * 20, 4, True, 0.05) == 1.0
    assert chance("1" * 20, 4, True, 0.0) == 0.5
    mixed = "1" * 15 + "0" * 5
    assert chance(mixed, 0, False, 0.05) == pytest.approx(0.25)
    turns = "01" * 35  # no bias but that each answer follows the other; more than a word of them
    assert chance(turns, 0, False, 0.05) == 0.5
    assert chance(turns, 1, False, 0.05) == 1.0
    assert chance(turns[1:], 1, False, 0.05) == 1.0
    assert chance(turns[:-1], 1, False, 0.05) == 0.0
    after_a_win = "2" + "0312" * 12  # stays after a win, shifts after a loss
    first, second = (chance(after_a_win, 1, outcomes, 0.05) for outcomes in (0, 1))
    assert abs(second - 0.5) > abs(first - 0.5)


@pytest.mark.parametrize("order", [0, 3])
def test_the_opponent_counts_what_followed_on_the_same_answers(order):
    rng = np.random.default_rng(2)
    for n in (1, 5, 64, 65, 130):
        history = "".join(map(str, rng.choice(4, size=n, p=[0.1, 0.3, 0.2, 0.4])))
        strongest = 0.0
        for answers in (["01"[int(d) % 2] for d in history], list(history)):
            for back in range(min(order, n) + 1):
                follow = [
                    int(history[i]) % 2
                    for i in range(back, n)
                    if answers[i - back : i] == answers[n - back :]
                ]
                heads, total = sum(follow), len(follow)
                if total and stats.binomtest(heads, total).pvalue < 0.2:
                    strongest = max(strongest, heads / total - 0.5, key=abs)
        found = chance_of_right([history], order, True, 0.2, 130)[0]
        assert found == pytest.approx(0.5 - strongest)


@pytest.mark.parametrize(
    "choose", [lambda k, h: 1, lambda k, h: k % 2, lambda k, h: int(k % 3 == 0), win_stay]
)
def test_whoever_can_be_foreseen_loses(choose):
    earned, _ = match(choose)
    assert earned[100:].mean() < 0.2


def test_a_coin_earns_half_and_cannot_be_foreseen():
    rng = np.random.default_rng(3)
    earned, _ = match(lambda k, history: int(rng.integers(2)), 1500)
    assert as_often(earned.sum(), len(earned), 0.5)


def test_the_first_algorithm_does_not_see_what_is_done_after_a_win():
    blind, _ = match(win_stay, outcomes=False)
    seen, _ = match(win_stay)
    assert seen[100:].mean() < blind[100:].mean()


def test_without_a_level_it_throws_a_coin():
    earned, went = match(lambda k, history: 1, 1500, alpha=0.0)
    assert as_often(went.sum(), len(went), 0.5)
    assert as_often(earned.sum(), len(earned), 0.5)


def test_it_does_not_beat_itself_as_the_one_before_did():
    """The opposite of the running mean earned every time."""
    state = dict(mean=0.0)

    def against_the_mean(k, history):
        if history:
            state["mean"] += 0.2 * (int(history[-1]) % 2 - state["mean"])
        return 1 - round(state["mean"])

    earned, _ = match(against_the_mean)
    assert earned[100:].mean() < 0.5


def test_the_history_holds_the_last_answers_and_shows_the_opponents_choice():
    env = TaskEnv(MatchingPenny(span=5))
    ob, _ = env.reset(seed=2)
    history, shown = "", [0, 0]
    rng = np.random.default_rng(1)
    for k in range(30):
        assert env.trial["history"] == history
        assert ob[1:].tolist() == shown
        assert env.memory == json.loads(json.dumps(env.memory))
        went, answer = env.trial["ground_truth"], int(rng.integers(2))
        env.step(0)
        if k % 7 == 6:
            ob, reward, _, _, info = env.step(0)
            assert (reward, info["outcome"]) == (0.0, "miss")
            continue
        ob, reward, _, _, info = env.step(1 + answer)
        assert reward == info["performance"] == (answer == went)
        history = (history + str(answer + 2 * (answer == went)))[-5:]
        shown = [went == 0, went == 1]


def test_a_side_bias_decides_in_place_of_the_opponent():
    env = SideBias(ngym.make("MatchingPenny"), [[1.0, 0.0]]).unwrapped
    env.reset(seed=3)
    for _ in range(20):
        assert env.trial["ground_truth"] == 0
        env.step(0)
        env.step(1)
    assert env.trial["history"] == "2" * 20


def test_sequences_of_a_dataset_are_games_of_their_own():
    inputs, targets = ngym.Dataset("MatchingPenny", batch_size=3, seq_len=40, seed=7)()
    env = ngym.make("MatchingPenny").unwrapped
    for i in range(3):
        ob, _ = env.reset(seed=7 + i)
        for row, target in zip(inputs[:, i], targets[:, i], strict=True):
            np.testing.assert_array_equal(row, ob)
            assert target == env.gt_now
            ob, *_ = env.step(env.gt_now)


def test_a_game_can_be_replayed_and_yoked():
    rows = ngym.rollout("MatchingPenny", "random", trials=30, seed=4)
    for row in rows:
        found = trial_table.outcome_of(trial_table.replay(json.loads(json.dumps(row))))
        assert found == {name: row[name] for name in found}
    yoked = ngym.rollout("MatchingPenny", "oracle", yoke=rows)
    assert [row["conditions"] for row in yoked] == [row["conditions"] for row in rows]
