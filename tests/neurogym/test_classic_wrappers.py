"""The library's wrappers, and one's own, around tasks written the classic way."""

import copy
import itertools
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import neurogym as ngym
from neurogym import wrappers as w

CHANNELS = {"fixation": 0, "stimulus": [1, 2]}
CHOICES = {"fixation": 0, "choice": [1, 2]}


class Lights(ngym.PeriodEnv):
    """One of two lights is on, then one says which; noise-free, with a miss that costs."""

    def __init__(self, dt=100, timing=None, lamps=2, choices=True):
        super().__init__(dt=dt, r_tmax=-0.25)
        self.timing = {"fixation": 200, "stimulus": 300, "decision": 200, **(timing or {})}
        self.rewards = {"abort": -0.1, "correct": 1.0, "fail": 0.0}
        if choices:
            self.choices = list(range(1, lamps + 1))
        self.lamps, self.theta = lamps, np.linspace(0, 2 * np.pi, lamps, endpoint=False)
        lit = list(range(1, lamps + 1))
        self.observation_space = ngym.spaces.Box(
            -np.inf, np.inf, shape=(1 + lamps,), name={"fixation": 0, "stimulus": lit}
        )
        self.action_space = ngym.spaces.Discrete(1 + lamps, name={"fixation": 0, "choice": lit})

    def _new_trial(self, **kwargs):
        trial = {"ground_truth": 1 + int(self.rng.randint(self.lamps)), "coh": 50.0, **kwargs}
        self.add_period(["fixation", "stimulus", "decision"])
        self.add_ob(1, ["fixation", "stimulus"], where="fixation")
        self.add_ob(trial["coh"] / 50, "stimulus", where=trial["ground_truth"])
        self.set_groundtruth(trial["ground_truth"], "decision")
        return trial

    def _step(self, action):
        reward, new = 0.0, False
        if self.in_period("decision") and action:
            new, self.performance = True, float(action == self.trial["ground_truth"])
            reward = self.rewards["correct"] * self.performance
        elif action:
            reward = self.rewards["abort"]
        return self.ob_now, reward, False, False, {"new_trial": new}


WRAPPED = {
    "PassAction": w.PassAction,
    "PassAction one-hot": lambda e: w.PassAction(e, one_hot=True),
    "PassReward": w.PassReward,
    "Noise": w.Noise,
    "Noise to a target": lambda e: w.Noise(e, target=0.7),
    "TTLPulse": lambda e: w.TTLPulse(e, periods=[["stimulus"], ["decision"]]),
    "RandomGroundTruth": lambda e: w.RandomGroundTruth(e, p=[0.9, 0.1]),
    "SideBias": lambda e: w.SideBias(e, [[0.9, 0.1], [0.1, 0.9]], 5),
    "TrialHistory": w.TrialHistory,
    "TrialHistory after errors": lambda e: w.TrialHistoryV2(e, 0.9, after_error=0.1),
    "TrialHistoryEvolution": w.TrialHistoryEvolution,
    "ScheduleAttr": lambda e: w.ScheduleAttr(e, attr_list=[{"coh": 10}, {"coh": 100}]),
    "Staircase": lambda e: w.Staircase(e, "coh", start=50, low=1),
    "ReactionTime": w.ReactionTime,
    "MissTrialReward": w.MissTrialReward,
    "CatchTrials": lambda e: w.CatchTrials(e, catch_prob=0.5),
    "Lapse": lambda e: w.Lapse(e, rate=0.5),
    "ScheduleEnvs": lambda e: w.ScheduleEnvs([e, Lights()], env_input=True),
    "ScheduleEnvs, mixed": lambda e: w.ScheduleEnvs([e, "GoNogo"]),
    "ScheduleEnvs of 2 and 3": lambda e: w.ScheduleEnvs([e, Lights(lamps=3)], env_input=True),
    "MultiEnvs": lambda e: w.MultiEnvs([e, Lights()]),
    "TransferLearning": lambda e: w.TransferLearning([e, Lights()], num_tr_per_task=[3]),
    "several": lambda e: w.PassReward(w.PassAction(w.Noise(w.SideBias(e, block_dur=3)))),
    "around several": lambda e: w.SideBias(w.ScheduleEnvs([e, Lights()]), block_dur=3),
    "within several": lambda e: w.ScheduleEnvs([w.SideBias(e, block_dur=3), w.Noise(Lights())]),
}


def play(env, trials, seed=3, policy=None, start=None):
    """(conditions, reward, observations) of each trial."""
    rng, played = np.random.default_rng(0), []
    options = None if start is None else {"trial": start}
    ob, _ = env.reset(seed=seed, options=options)
    assert ob in env.observation_space
    while len(played) < trials:
        seen, earned, over = [ob], 0.0, False
        while not over:
            action = policy(env) if policy else int(rng.integers(env.action_space.n))
            ob, reward, _, _, info = env.step(action)
            assert ob in env.observation_space
            over, earned = info["new_trial"], earned + reward
            seen.append(ob)
        played.append((info["trial"], earned, np.array(seen[:-1])))
    return played


def oracle(env):
    return env.gt_now


def idle(env):
    return 0


def right(env):
    """Right at once in the window; waits before it."""
    return env.gt_now if env.window_open else 0


@pytest.fixture(params=WRAPPED)
def wrapped(request):
    return WRAPPED[request.param]


def test_trials_are_the_same_under_a_seed_and_pass_gymnasiums_checker(wrapped):
    env, other = wrapped(Lights()), wrapped(Lights())
    for (a, earned, seen), (b, other_earned, other_seen) in zip(
        play(env, 12), play(other, 12), strict=True
    ):
        assert (a, earned) == (b, other_earned)
        assert np.array_equal(seen, other_seen)
    with warnings.catch_warnings():  # of spaces without bounds, and of what is a wrapper
        warnings.simplefilter("ignore", UserWarning)
        check_env(wrapped(Lights()), skip_render_check=True)


def test_a_copy_goes_on_alike(wrapped):
    env = wrapped(Lights())
    play(env, 3)
    for other in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        assert other.trial == env.trial
        assert np.array_equal(other.step(0)[0], copy.deepcopy(env).step(0)[0])


def test_rows_are_found_again_by_themselves(wrapped):
    ngym.register("Lights-v0", Lights)
    try:
        env = wrapped(ngym.make("Lights"))
        for row in ngym.rollout(env, "random", trials=6, seed=4):
            again = ngym.replay(row, wrapped(ngym.make("Lights")))
            assert again.end["trial"] == row["conditions"]
            assert again.rewards.sum() == pytest.approx(row["reward"])
    finally:
        ngym.unregister("Lights-v0")


def test_a_data_set_and_a_monitor_and_a_plot_take_them(wrapped):
    env = wrapped(Lights())
    inputs, labels = ngym.Dataset(env, batch_size=2, seq_len=40, seed=1)()
    assert inputs.shape == (40, 2, *env.observation_space.shape)
    assert labels.shape == (40, 2)
    assert labels.any()
    monitor = w.Monitor(wrapped(Lights()), verbose=False)
    play(monitor, 3)
    assert [row["wrappers"] for row in monitor.rows] == [env.about.wrappers] * 3
    assert ngym.utils.plot_env(wrapped(Lights()), num_trials=2) is not None


def test_what_is_drawn_reaches_the_task():
    truths = [t["ground_truth"] for t, *_ in play(w.RandomGroundTruth(Lights(), p=[1, 0]), 9)]
    assert truths == [1] * 9
    biased = w.SideBias(Lights(), [[1, 0], [0, 1]], 4)
    trials = [t for t, *_ in play(biased, 12)]
    assert [t["ground_truth"] for t in trials] == [1 + t["block"] for t in trials]
    assert all(len({t["block"] for t in trials[k : k + 4]}) == 1 for k in (0, 4, 8))
    levels = [t["coh"] for t, *_ in play(w.ScheduleAttr(Lights(), [{"coh": 10}, {"coh": 100}]), 4)]
    assert levels == [10, 100, 10, 100]
    outer = w.RandomGroundTruth(w.RandomGroundTruth(Lights(), p=[1, 0]), p=[0, 1])
    assert {t["ground_truth"] for t, *_ in play(outer, 5)} == {2}
    repeats = [t["ground_truth"] for t, *_ in play(w.TrialHistory(Lights(), 1.0), 6)]
    assert len(set(repeats)) == 1


def test_what_is_learned_follows_the_subject():
    after = w.TrialHistory(Lights(), 1.0, after_error=0.0)
    truths = [t["ground_truth"] for t, *_ in play(after, 9, policy=idle)]
    assert all(a != b for a, b in itertools.pairwise(truths))
    truths = [t["ground_truth"] for t, *_ in play(after, 9, policy=right)]
    assert len(set(truths)) == 1
    easy = [
        t["coh"]
        for t, *_ in play(w.Staircase(Lights(), "coh", start=50, low=1, down=1), 5, policy=right)
    ]
    assert easy == sorted(easy, reverse=True)
    assert easy[-1] < easy[0]


def test_any_trial_can_be_drawn_alone_where_blocks_came_before():
    env = w.SideBias(Lights(), [[0.9, 0.1], [0.1, 0.9]], 3)
    trials = [t for t, *_ in play(env, 9, policy=idle)]
    assert [t for t, *_ in play(env, 2, policy=idle, start=7)] == trials[7:]
    several = w.ScheduleEnvs([Lights(), Lights(lamps=2)])
    trials = play(several, 9, policy=idle)
    again = play(w.ScheduleEnvs([Lights(), Lights(lamps=2)]), 2, policy=idle, start=7)
    assert [t for t, *_ in again] == [t for t, *_ in trials[7:]]


def test_last_actions_and_rewards_are_seen():
    env = w.PassReward(w.PassAction(Lights()))
    assert env.observation_space.name == {**CHANNELS, "action": 3, "reward": 4}
    assert env.reset(seed=0)[0][3:].tolist() == [0, 0]
    assert env.step(2)[0][3:].tolist() == pytest.approx([2, -0.1])
    for ob, label in zip(*ngym.Dataset(env, seq_len=30, seed=0)(), strict=True):
        assert ob[0, 0] in (0, 1)
        last = label
    assert last.shape == (1,)
    inputs, labels = ngym.Dataset(env, seq_len=60, seed=0)()
    same_trial = inputs[1:, 0, 0] + inputs[1:, 0, 1:3].sum(axis=1) > 0
    assert (inputs[1:, 0, 3] == labels[:-1, 0])[~same_trial].all()


def test_noise_has_its_size_and_is_that_of_the_trial():
    env = w.Noise(Lights(dt=20), sigma=2, channels=["stimulus"])
    plain = Lights(dt=20)
    noise = np.concatenate(
        [a - b for (*_, a), (*_, b) in zip(
            play(env, 300, policy=idle), play(plain, 300, policy=idle), strict=True
        )]
    )  # fmt: skip
    assert not noise[:, 0].any()
    assert noise[:, 1:].std() == pytest.approx(2 / np.sqrt(20), rel=0.03)
    env.reset(seed=5)
    painted = env.ob.copy()
    seen = [env.reset(seed=5)[0]] + [env.step(0)[0] for _ in range(len(painted) - 1)]
    assert np.array_equal(seen, painted)


def test_the_evidence_opens_the_window():
    env = w.ReactionTime(Lights(), urgency=-0.5, fixation_cue=False)
    env.reset(seed=0)
    assert env.periods == [("fixation", 0, 2), ("stimulus", 2, 5), ("decision", 2, 5)]
    assert env.gt.tolist() == [0, 0, *[env.trial["ground_truth"]] * 3]
    assert env.ob[:, 0].tolist() == [1, 1, 0, 0, 0]
    assert env.step(0)[1] == 0
    env.step(0)
    *_, info = env.step(0)
    truth = env.trial["ground_truth"]
    _, reward, _, _, info = env.step(truth)
    assert (reward, info["rt"], info["outcome"]) == (0.5, 100, "correct")
    later = w.ReactionTime(Lights(), from_step=1, end_on_stimulus=False)
    later.reset(seed=0)
    assert later.window == (3, 7)
    with pytest.raises(ValueError, match="its trials have no period 'cue', but fixation, stimulus"):
        w.ReactionTime(Lights(), stimulus="cue")


def test_misses_catch_trials_and_lapses_pay():
    assert {r for _, r, _ in play(Lights(), 3, policy=idle)} == {-0.25}
    assert {r for _, r, _ in play(w.MissTrialReward(Lights(), -2), 3, policy=idle)} == {-2}
    catch = play(w.CatchTrials(Lights(), catch_prob=0.5, alt_rew=7), 60, policy=right)
    assert {(t["catch"], r) for t, r, _ in catch} == {(0, 1.0), (1, 7.0)}
    lapsing = play(w.Lapse(Lights(), rate=0.5), 200, policy=right)
    for trial, reward, _ in lapsing:
        assert reward == (trial["lapse"] in (0, trial["ground_truth"]))
    assert np.mean([t["lapse"] > 0 for t, *_ in lapsing]) == pytest.approx(0.5, abs=0.1)


def test_pulses_follow_the_periods():
    env = w.TTLPulse(Lights(), periods=[["stimulus"], ["fixation", "decision"]])
    ((_, _, seen),) = play(env, 1, policy=idle)
    assert seen[:, 3].tolist() == [0, 0, 1, 1, 1, 0, 0]
    assert seen[:, 4].tolist() == [1, 1, 0, 0, 0, 1, 1]
    with pytest.raises(ValueError, match="TTLPulse: unknown period 'cue'"):
        w.TTLPulse(Lights(), periods=[["cue"]])


def test_several_tasks_show_which_they_are_from_the_first_row_on():
    env = w.ScheduleEnvs([Lights(), Lights(lamps=3)], env_input=True)
    assert env.observation_space.name["task"] == [4, 5]
    assert env.action_space.n == 4
    tasks = set()
    for trial, _, seen in play(env, 20, policy=idle):
        assert (seen[:, 4:].argmax(axis=1) == trial["task"]).all()
        assert seen[0, 0] == 1  # the first row is that of the new trial
        tasks.add(trial["task"])
    assert tasks == {0, 1}
    rewards = [r for _, r, _ in play(env, 20, policy=right)]
    assert rewards == [1] * 20


def test_a_task_is_chosen_by_hand_and_others_come_in_order():
    env = w.MultiEnvs([Lights(), Lights(lamps=2)])
    env.reset(seed=0)
    env.set_i(1)
    assert env.new_trial()["task"] == 1
    assert (env.i_env, env.unwrapped) == (1, env.envs[1])
    with pytest.raises(ValueError, match="expected one of 0 to 1"):
        env.set_i(2)
    with pytest.raises(TypeError, match="chooses tasks by itself"):
        w.ScheduleEnvs([Lights(), Lights()]).set_i(1)
    order = [t["task"] for t, *_ in play(WRAPPED["TransferLearning"](Lights()), 8, policy=idle)]
    assert order == [0, 0, 0, 1, 1, 1, 1, 1]


def test_conditions_are_forced_through_all_of_them():
    env = w.ScheduleEnvs([w.SideBias(Lights(), block_dur=3), Lights()])
    for k in range(4):
        env.reset(seed=1, options={"trial": k, "conditions": {"ground_truth": 2, "coh": 5.0}})
        assert (env.trial["ground_truth"], env.trial["coh"]) == (2, 5)
        assert env.forced == {"ground_truth": 2, "coh": 5.0}


def test_what_does_not_fit_is_told():
    with pytest.raises(TypeError, match=r"Combine is for declared tasks .* there is ngym.TrialWr"):
        w.Combine([Lights(), Lights()])
    with pytest.raises(TypeError, match="Shaping is for declared tasks"):
        w.Shaping(Lights())
    with pytest.raises(ValueError, match="give condition, start"):
        w.Staircase(Lights())
    with pytest.raises(ValueError, match=r"A classic task tells them in self\.choices"):
        w.SideBias(Lights(choices=False))
    with pytest.raises(ValueError, match="joined by the names of their entries"):
        w.ScheduleEnvs([Lights(), Plain()])
    with pytest.raises(ValueError, match="Lights: unknown condition 'side'"):
        w.ScheduleAttr(Lights(), [{"side": 1}, {"side": 2}])
    with pytest.raises(ValueError, match="different dt"):
        w.ScheduleEnvs([Lights(), Lights(dt=50)])
    with pytest.raises(ValueError, match="it has a channel 'reward' already"):
        w.PassReward(w.PassReward(Lights()))


class Plain(Lights):
    """The same without names, and with another channel."""

    def __init__(self):
        super().__init__()
        self.observation_space = ngym.spaces.Box(-np.inf, np.inf, shape=(5,))
        self.action_space = ngym.spaces.Discrete(3)


class EasyFirst(ngym.TrialWrapper):
    """The first trials are strong."""

    def __init__(self, env, trials=2):
        super().__init__(env)
        self.easy = trials

    def new_trial(self, **kwargs):
        _, number = self.upcoming
        return self.env.new_trial(**{"coh": 51.2 if number < self.easy else 6.4, **kwargs})


@pytest.mark.parametrize("make", [Lights, lambda: ngym.make("PerceptualDecisionMaking")])
def test_a_wrapper_of_ones_own_begins_each_trial(make):
    env = EasyFirst(make())
    assert [t["coh"] for t, *_ in play(env, 4)] == [51.2, 51.2, 6.4, 6.4]
    rows = ngym.rollout(env, "oracle", trials=4)
    assert [row["conditions"]["coh"] for row in rows] == [51.2, 51.2, 6.4, 6.4]
    assert all(row["correct"] and row["wrappers"] == [{"EasyFirst": {}}] for row in rows)
    assert ngym.Dataset(env, seq_len=50, seed=0)()[1].any()
    assert env.task is env.unwrapped
    assert env.in_period("fixation")
    assert env.reset(seed=0, options={"conditions": {"coh": 25.6}})
    assert env.trial["coh"] == 25.6
    around = EasyFirst(EasyFirst(make(), 1), 3)
    assert [t["coh"] for t, *_ in play(around, 4)] == [51.2, 51.2, 51.2, 6.4]


def test_a_wrapper_of_ones_own_needs_trials():
    with pytest.raises(TypeError, match="EasyFirst takes an environment with trials"):
        EasyFirst(gym.make("CartPole-v1"))
    with pytest.raises(AttributeError, match="replaced by reset"):
        EasyFirst(Lights()).seed(1)
    with pytest.raises(ValueError, match="a wrapper changes the first observation in its own"):
        Lights().reset(options={"step_fn": None})
    assert Lights().reset(seed=1, options={"no_step": True})[1] == {}


def test_a_stack_is_put_around_a_registered_class():
    ngym.register("Lights-v0", Lights)
    try:
        env = ngym.make("Lights", stack=[{"SideBias": {"block_dur": 3}}, {"PassReward": {}}])
        assert isinstance(env, ngym.TrialWrapper)
        rows = ngym.rollout("Lights", "oracle", trials=3, stack=[{"ReactionTime": {}}])
        assert rows[0]["wrappers"] == [{"ReactionTime": {}}]
        assert ngym.replay(rows[0]).end["rt"] == 0
        many = ngym.make_vec("Lights", 3, stack=[{"PassReward": {}}])
        assert many.reset(seed=1)[0].shape == (3, 4)
        alone = ngym.make("Lights", stack=[{"PassReward": {}}])
        alone.reset(seed=2)
        for action in (0, 2, 1, 0, 0, 1, 2, 1):
            stepped, one = many.step(np.full(3, action)), alone.step(action)
            assert np.array_equal(stepped[0][1], one[0])
            assert stepped[1][1] == one[1]
        ngym.register("CartPole-v1")
        with pytest.raises(ValueError, match="takes no stack"):
            ngym.make("CartPole-v1", stack=[{"PassReward": {}}])
    finally:
        ngym.unregister("Lights-v0")


def test_a_reward_of_one_number_in_an_array_is_that_number():
    class Odd(Lights):
        def _step(self, action):
            ob, _, *rest = super()._step(action)
            return ob, np.array([0.5]), *rest

    env = Odd()
    env.reset(seed=0)
    assert env.step(0)[1] == 0.5
    env._step = lambda action: (env.ob_now, np.zeros(2), False, False, {})
    with pytest.raises(ValueError, match="expected a number"):
        env.step(0)


def test_gymnasiums_wrappers_beneath_are_kept():
    doubled = gym.wrappers.TransformReward(Lights(), lambda reward: 2 * reward)
    env = w.PassReward(gym.wrappers.TimeLimit(doubled, 4))
    env.reset(seed=0)
    ob, reward, *_ = env.step(1)
    assert (reward, ob[3]) == (-0.2, np.float32(-0.2))
    assert [env.step(0)[3] for _ in range(3)] == [False, False, True]


def test_authors_may_name_the_task_themselves():
    class Old(ngym.TrialWrapper):
        def __init__(self, env):
            super().__init__(env)
            self.task = self.unwrapped

        def new_trial(self, **kwargs):
            return self.env.new_trial(ground_truth=self.task.choices[0], **kwargs)

    assert {t["ground_truth"] for t, *_ in play(Old(Lights()), 5)} == {1}


def test_stable_baselines_kind_of_loop_takes_them():
    """Seeds by reset, arrays of one action, float rewards: what its DummyVecEnv asks for."""
    env = w.PassAction(w.ReactionTime(Lights()))
    env.reset(seed=7)
    for _ in range(30):
        ob, reward, terminated, truncated, _info = env.step(np.int64(1))
        assert isinstance(reward, float)
        assert ob.dtype == np.float32
        assert not terminated
        assert not truncated


@pytest.mark.parametrize(
    "entry",
    [
        lambda: w.SideBias(Lights(), block_dur=3),
        lambda: w.ScheduleEnvs([Lights(), Lights()]),
        lambda: EasyFirst(ngym.make("PerceptualDecisionMaking")),
        lambda: w.Noise(w.MultiEnvs([Lights(), Lights()])),
    ],
)
def test_a_wrapper_within_what_an_id_makes_is_told_by_the_id_alone(entry):
    ngym.register("Entry-v0", entry)
    try:
        for row in ngym.rollout("Entry", "random", trials=4, seed=3):
            assert (row["task"], row["wrappers"]) == ("Entry-v0", [])
            assert ngym.replay(row).rewards.sum() == pytest.approx(row["reward"])
        outside = EasyFirst(ngym.make("Entry"))
        assert ngym.rollout(outside, "random", trials=1)[0]["wrappers"] == [{"EasyFirst": {}}]
    finally:
        ngym.unregister("Entry-v0")
