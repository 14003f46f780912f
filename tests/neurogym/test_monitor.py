"""Monitor keeps the very trials that were stepped through, and disturbs none of them."""

import copy
import io
import subprocess
import sys
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import FrameStackObservation, TransformReward

import neurogym as ngym
from neurogym.envs.episodes import as_trials
from neurogym.envs.task_env import TaskEnv
from neurogym.records import files, trial_table
from neurogym.records.database import Store
from neurogym.subjects.monitor import Identity, Monitor

OWN = ("uid", "run_id", "subject", "created_utc")  # columns in which two recordings differ
TASKS = ["PerceptualDecisionMaking", "GoNogo", "DawTwoStep", "Reaching1D", "ReadySetGo"]


class Sides(ngym.PeriodEnv):
    """A classic task; `terminal` ends the episode with each trial."""

    def __init__(self, dt=100, terminal=False, actions=None):
        super().__init__(dt=dt)
        self.terminal = terminal
        self.timing = {"fixation": 200, "decision": 300}
        self.observation_space = ngym.spaces.Box(-9, 9, shape=(2,), dtype=np.float32)
        self.action_space = actions or ngym.spaces.Discrete(3)

    def _new_trial(self, **kwargs):
        trial = {"ground_truth": int(self.rng.choice([1, 2])), "coh": 5.0, **kwargs}
        self.add_period(["fixation", "decision"])
        self.add_ob(trial["ground_truth"], "fixation", where=0)
        self.add_randn(0, 0.1)
        self.set_groundtruth(trial["ground_truth"], "decision")
        return trial

    def _step(self, action):
        over, reward = False, -0.1 if np.any(action) else 0.0
        if self.in_period("decision") and np.any(action):
            over, reward = True, float(np.array_equal(action, self.gt_now))
            self.performance = reward
        return self.ob_now, reward, over and self.terminal, False, {"new_trial": over}


if "MonitoredSides-v0" not in gym.registry:
    gym.register("MonitoredSides-v0", Sides, disable_env_checker=True)


def made(id):
    if id == "Sides":
        return gym.make("MonitoredSides-v0")
    return as_trials(gym.make(id)) if id == "CartPole-v1" else ngym.make(id)


def play(env, trials, seed=3, agent="random"):
    """Step an agent through trials without a reset between them, as a rollout seeds it."""
    policy, inner = ngym.agent(agent), as_trials(env)
    ob, _ = env.reset(seed=seed)
    for _ in range(trials):
        policy.begin(inner, np.random.default_rng([seed, seed, inner.trial_index]))
        over = False
        while not over:
            ob, _, terminated, _, info = env.step(policy.act(ob))
            over = info["new_trial"]
        if terminated:
            ob, _ = env.reset()


def watched(env="GoNogo", trials=0, **kwargs):
    """A monitored environment in which some trials were played."""
    env = Monitor(made(env) if isinstance(env, str) else env, **{"verbose": False, **kwargs})
    if trials:
        play(env, trials)
    return env


def shared(rows):
    return [{k: v for k, v in row.items() if k not in OWN} for row in rows]


# -- rows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [*TASKS, "Sides", "CartPole-v1"])
def test_rows_are_those_of_an_independent_rollout(id):
    env = watched(id, 25)
    assert shared(env.rows) == shared(ngym.rollout(made(id), "random", 25, seed=3))
    assert env.num_trials == 25
    assert len({row["uid"] for row in env.rows}) == 25


@pytest.mark.parametrize("id", TASKS)
def test_recorded_rows_replay_to_the_same_outcome(id):
    for row in watched(id, 12).rows:
        again = trial_table.outcome_of(trial_table.replay(row))
        assert again == {name: row[name] for name in again}


def test_parameters_and_wrappers_of_the_task_stand_in_the_rows():
    stack = [{"Noise": {"sigma": 0.3}}, {"ReactionTime": {"urgency": -0.01}}]
    env = watched(ngym.make("PerceptualDecisionMaking", dt=20, stack=stack), 5)
    assert shared(env.rows) == shared(
        ngym.rollout("PerceptualDecisionMaking", "random", 5, seed=3, dt=20, stack=stack)
    )
    assert env.rows[0]["params"] == {"dt": 20}
    env.unwrapped.task.sigma = 0.5
    play(env, 2)
    assert env.rows[-1]["params"] == {"dt": 20, "sigma": 0.5}
    assert len({row["run_id"] for row in env.rows}) == 2


class Persist(ngym.wrappers.Wrapper):
    """After an error the same answer is right again."""

    def draw(self, task, draw, last):
        if last is not None and last[1] == 0:
            draw.conditions["ground_truth"][:] = last[0]
        return last

    def learn(self, task, last, trial, result):
        return [int(trial["ground_truth"]), int(result.correct)]


def test_trials_that_depend_on_those_before_them_can_be_replayed():
    task = Persist(ngym.make("PerceptualDecisionMaking")).task
    env = watched(TaskEnv(task), 12)
    assert shared(env.rows) == shared(ngym.rollout(task, "random", 12, seed=3))
    assert [row["memory"] for row in env.rows] == [
        {},
        *({"Persist": [r["conditions"]["ground_truth"], int(r["correct"])]} for r in env.rows[:-1]),
    ]
    for row in env.rows:
        again = trial_table.outcome_of(trial_table.replay(row, TaskEnv(task)))
        assert again == {name: row[name] for name in again}
    found = watched(TaskEnv(task)).evaluate_policy(12, seed=3)
    assert shared(found["rows"]) == shared(env.rows)


def test_it_changes_nothing_of_what_the_environment_returns():
    bare, env = made("GoNogo"), watched()
    for seed, options in [(1, None), (None, None), (1, {"trial": 4, "conditions": {}})]:
        one, two = (e.reset(seed=seed, options=options) for e in (bare, env))
        np.testing.assert_array_equal(one[0], two[0])
        for action in [0, 1, 0, 0, 1, 1] * 9:
            one, two = bare.step(action), env.step(action)
            np.testing.assert_array_equal(one[0], two[0])
            np.testing.assert_equal(one[1:], two[1:])


def test_the_environment_checker_finds_no_fault_and_a_spec_makes_it_again():
    env = watched(interval=7)
    with pytest.warns(UserWarning, match="is different from the unwrapped version"):
        check_env(env, skip_render_check=True)
    again = gym.make(env.spec)
    assert isinstance(again, Monitor)
    assert (again.interval, again.verbose) == (7, False)


def test_forced_conditions_and_the_trial_number_are_those_of_the_trial():
    env = watched()
    env.reset(seed=5, options={"trial": 7, "conditions": {"ground_truth": 0}})
    while not env.rows:
        env.step(0)
    (row,) = env.rows
    assert (row["seed"], row["trial_index"], row["forced"]) == (5, 7, {"ground_truth": 0})
    assert row["conditions"]["ground_truth"] == 0
    assert row["outcome"] == "withheld"


def test_without_a_seed_rows_replay_all_the_same():
    env = watched()
    env.reset()
    ends = [env.step(0)[4]["new_trial"] for _ in range(60)]
    assert len(env.rows) == sum(ends) > 2
    assert len({row["seed"] for row in env.rows}) == 1
    for row in env.rows:
        assert trial_table.outcome_of(trial_table.replay(row))["conditions"] == row["conditions"]
    seed = env.rows[0]["seed"]
    env.reset()  # goes on, as without the monitor
    while env.rows[-1]["flags"]:
        env.step(0)
    assert env.rows[-1]["seed"] == seed


def test_a_monitor_that_comes_within_a_trial_starts_with_the_next():
    bare = made("GoNogo")
    bare.reset(seed=2)
    bare.step(0)
    env = watched(bare)
    while not env.rows:
        env.step(0)
    assert env.rows[0]["trial_index"] == 1
    assert env.rows[0]["seed"] == 2


def test_a_trial_begun_by_hand_is_not_mixed_with_the_one_before():
    env = watched()
    env.reset(seed=2)
    env.step(1)
    env.unwrapped.new_trial(ground_truth=1)
    while not env.rows:
        env.step(0)
    (row,) = env.rows
    assert row["actions"] == []
    assert row["forced"] == {"ground_truth": 1}
    assert row["trial_index"] == 1


def test_runs_end_where_the_seed_changes_or_a_trial_comes_again():
    env = watched(trials=3)
    play(env, 2)
    play(env, 2, seed=4)
    runs = [row["run_id"] for row in env.rows]
    assert [runs.index(run) for run in runs] == [0, 0, 0, 3, 3, 5, 5]
    assert len({row["uid"] for row in env.rows}) == 7


def test_actions_that_are_no_numbers_are_kept_as_lists():
    env = watched(Sides(actions=gym.spaces.Box(-1, 1, (2,), np.float64)))
    env.reset(seed=1)
    action = np.zeros(2)
    for value in (0, 0, 0.5):
        action[:] = value
        env.step(action)
    action[:] = 1  # what was done is not changed by it
    (row,) = env.rows
    assert row["actions"] == [[0, [0.0, 0.0]], [1, [0.0, 0.0]], [2, [0.5, 0.5]]]


# -- interrupted trials ----------------------------------------------------------------------------


def test_a_trial_cut_short_is_marked_and_counts_nowhere():
    env = watched(trials=2)
    index = env.unwrapped.trial_index
    conditions = env.unwrapped.trial
    env.step(1)
    env.reset()
    env.reset()  # not begun: nothing is cut short
    *_, row = env.rows
    assert row["flags"] == {"interrupted": "reset"}
    assert row["actions"] == [[0, 1]]
    assert (row["trial_index"], row["conditions"]) == (index, conditions)
    assert {row[name] for name in ("outcome", "correct", "performance", "reward")} == {None}
    assert env.num_trials == 2
    assert len(env.rows) == 3
    assert len(env.data["correct"]) == 2
    while len(env.rows) < 4:
        env.step(0)
    assert env.rows[-1]["actions"] == []
    assert env.rows[-1]["trial_index"] == index + 2


def test_a_refused_reset_leaves_the_trial_as_it_is():
    env = watched()
    env.reset(seed=1)
    env.step(1)
    with pytest.raises(ValueError, match="trial = -1"):
        env.reset(options={"trial": -1})
    while not env.rows:
        env.step(0)
    assert env.rows[0]["actions"] == [[0, 1]]


def test_a_time_limit_within_a_trial_interrupts_it():
    env = watched(ngym.make("GoNogo", max_episode_steps=20))
    env.reset(seed=1)
    for _ in range(20):
        *_, truncated, _ = env.step(0)
    assert truncated
    env.reset()
    assert [bool(row["flags"]) for row in env.rows] == [False, True]


def test_episodes_that_end_with_each_trial():
    env = watched(Sides(terminal=True), 6)
    plain = ngym.rollout(Sides(terminal=True), "random", 6, seed=3)
    assert shared(env.rows) == shared(plain)


# -- saving ----------------------------------------------------------------------------------------


def test_csv_is_written_as_it_goes(tmp_path):
    env = watched(save_dir=tmp_path / "a" / "b", name="go", interval=4)
    file, kept = tmp_path / "a" / "b" / "go.csv", []
    env.reset(seed=3)
    for _ in range(11):
        while not env.step(0)[4]["new_trial"]:
            pass
        kept.append((len(files.read(file)) if file.exists() else 0, len(env.rows)))
    assert kept == [(n // 4 * 4, n % 4) for n in range(1, 12)]
    env.close()
    env.close()
    rows = files.read(file)
    assert env.rows == []
    assert [row["trial_index"] for row in rows] == list(range(11))
    assert {row["subject"] for row in rows} == {"go"}
    whole = watched()
    whole.reset(seed=3)
    while whole.num_trials < 11:
        whole.step(0)
    assert shared(rows) == shared(map(files.plain_row, whole.rows))


def test_steps_are_counted_to_the_step(tmp_path):
    env = watched(save_dir=tmp_path, trigger="step", interval=20)  # a trial of inaction: 15 or 16
    env.reset(seed=3)
    ends, saved = [], []
    for step in range(1, 101):
        if env.step(0)[4]["new_trial"]:
            ends.append(step)
        file = tmp_path / "GoNogo-v0.csv"
        saved.append(len(files.read(file)) if file.exists() else 0)
    assert saved == [sum(end <= step // 20 * 20 for end in ends) for step in range(1, 101)]


def test_a_database_gets_runs_and_rows_once(tmp_path):
    file = tmp_path / "new" / "a.db"
    with watched(save_dir=file, interval=4) as env:
        play(env, 6)
        with Store(file) as store:
            assert len(store.trials()) == 4
        play(env, 3, seed=9)
        env.reset()
    with Store(file) as store:
        rows, runs = store.trials(), store.runs()
    assert [row["trial_index"] for row in rows] == [*range(6), *range(3)]
    assert sorted((run["seed"], run["n_done"], run["n_trials"]) for run in runs) == [
        (3, 6, None),
        (9, 3, None),
    ]
    assert trial_table.outcome_of(trial_table.replay(rows[4]))["reward"] == rows[4]["reward"]


def test_a_later_monitor_appends_to_the_table(tmp_path):
    for seed in (1, 2):
        with watched(save_dir=tmp_path) as env:
            play(env, 3, seed=seed)
    rows = files.read(tmp_path / "GoNogo-v0.csv")
    assert [row["seed"] for row in rows] == [1, 1, 1, 2, 2, 2]
    assert len({row["uid"] for row in rows}) == 6
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"x.csv has other columns than trials"):
        watched(save_dir=tmp_path, name="x")


def test_rows_are_kept_where_saving_fails(tmp_path):
    env = watched(trials=2, save_dir=tmp_path / "a")
    (tmp_path / "a").rmdir()
    with pytest.raises(OSError, match=r"GoNogo-v0\.csv"):
        env.close()
    assert len(env.rows) == 2
    (tmp_path / "a").mkdir()
    env.close()
    assert len(files.read(tmp_path / "a" / "GoNogo-v0.csv")) == 2


def test_interrupted_trials_are_saved_too(tmp_path):
    env = watched(save_dir=tmp_path, interval=3)
    for seed in range(3):  # never to the end of a trial: still not more than three in memory
        env.reset(seed=seed)
        env.step(0)
    env.reset(seed=3)
    assert env.rows == []
    assert not trial_table.finished(files.read(tmp_path / "GoNogo-v0.csv"))


def test_progress_is_told_at_each_interval(tmp_path, capsys):
    env = watched(verbose=True, interval=5)
    play(env, 14)
    lines = capsys.readouterr().out.splitlines()
    history = env.history(5)
    assert lines == [
        f"GoNogo-v0: {5 * (i + 1)} trials, performance {history['performance'][i]:.2f},"
        f" reward {history['reward'][i]:.2f}"
        for i in range(2)
    ]
    env = watched(verbose=True, trigger="step", interval=5)
    env.reset(seed=1)
    for _ in range(5):
        env.step(0)
    assert capsys.readouterr().out == "GoNogo-v0: 0 trials, none since the last line\n"


# -- what was recorded -----------------------------------------------------------------------------


def test_data_is_aligned_with_the_rows():
    env = watched("PerceptualDecisionMaking", 40)
    rows, data = env.rows, env.data
    names = ["trial_index", "response", "correct", "performance", "reward", "rt_ms"]
    assert list(data) == [*names, *rows[0]["conditions"]]
    for i, row in enumerate(rows):
        assert data["response"][i] == (-1 if row["response"] is None else row["response"])
        assert np.isnan(data["rt_ms"][i]) == (row["rt_ms"] is None)
        assert data["coh"][i] == row["conditions"]["coh"]
        assert all(data[name][i] == row[name] for name in ("trial_index", "correct", "reward"))
    answered = data["response"] > 0
    assert answered.any()
    right = data["response"] == data["ground_truth"] + 1
    np.testing.assert_array_equal(right[answered], data["correct"][answered])


def test_data_of_uneven_conditions():
    env = watched(Sides(), 2)
    env.reset(seed=4, options={"conditions": {"reward": 9.0}})
    while env.num_trials < 3:
        env.step(0)
    assert env.data["condition_reward"].tolist() == [None, None, 9.0]
    assert env.data["reward"].dtype == float
    assert watched().data["correct"].shape == (0,)


def test_history_goes_over_saved_trials(tmp_path):
    env, saved = watched(trials=23), watched(trials=23, save_dir=tmp_path, interval=4)
    assert len(saved.rows) < 4
    history = saved.history(10)
    assert history["trial"].tolist() == [10, 20, 23]
    for name in ("performance", "reward"):
        values = [row[name] for row in env.rows]
        means = [np.mean(values[i : i + 10]) for i in (0, 10, 20)]
        np.testing.assert_allclose(history[name], means)
    for name, values in env.history(10).items():
        np.testing.assert_array_equal(values, history[name])
    assert history["reward"].min() < 0
    assert {name: len(values) for name, values in watched().history().items()} == {
        "trial": 0,
        "performance": 0,
        "reward": 0,
    }


def test_the_history_is_drawn_and_saved(tmp_path):
    env = watched(trials=12)
    layout = env.plot_training_history(5, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "GoNogo-v0" in page
    assert "cdn.bokeh.org" not in page.partition("<body>")[0]
    for plot, name in zip(layout.children, ("performance", "reward"), strict=True):
        np.testing.assert_array_equal(plot.renderers[0].data_source.data["y"], env.history(5)[name])
    with pytest.raises(ValueError, match=r"'a.png': expected a name that ends in .html"):
        env.plot_training_history(file="a.png")
    with pytest.raises(ValueError, match="no trial has ended yet"):
        watched().plot_training_history()


def test_a_missing_bokeh_is_told(monkeypatch):
    env = watched(trials=1)
    monkeypatch.setitem(sys.modules, "bokeh.plotting", None)
    with pytest.raises(ImportError, match=r"needs Bokeh: pip install 'neurogym\[app\]'"):
        env.plot_training_history()


# -- evaluation ------------------------------------------------------------------------------------


@pytest.mark.parametrize("agent", [None, "random", "oracle"])
@pytest.mark.parametrize("id", [*TASKS, "Sides"])
def test_an_evaluation_is_a_rollout(id, agent):
    found = watched(id).evaluate_policy(15, agent, seed=8)
    rows = ngym.rollout(made(id), agent or "random", 15, seed=8)
    assert shared(found["rows"]) == shared(rows)
    assert {row["subject"] for row in found["rows"]} == {agent or "random"}
    np.testing.assert_array_equal(found["rewards"], [row["reward"] for row in rows])
    assert found["mean_reward"] == pytest.approx(np.mean([row["reward"] for row in rows]))
    assert found["mean_performance"] == np.mean(found["performances"])


@pytest.mark.parametrize("id", ["GoNogo", "Reaching1D", "Sides", "CartPole-v1"])
def test_training_goes_on_undisturbed_by_an_evaluation(id):
    plain, env = watched(id), watched(id)
    for monitor in (plain, env):
        monitor.reset(seed=6)
    actions = np.random.default_rng(0).integers(plain.action_space.n, size=200)
    for i, action in enumerate(actions.tolist()):
        if i % 50 == 7:
            env.evaluate_policy(3, seed=6 if i > 100 else None)
        one, two = plain.step(action), env.step(action)
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_equal(one[1:], two[1:])
    assert shared(plain.rows) == shared(env.rows)
    assert plain.num_trials == env.num_trials > 0
    assert len(env.data_eval["reward"]) == 3


def test_data_of_the_evaluation_are_aligned():
    env = watched("PerceptualDecisionMaking")
    found = env.evaluate_policy(40, "oracle", seed=2)
    data = env.data_eval
    np.testing.assert_array_equal(data["response"], data["ground_truth"] + 1)
    np.testing.assert_array_equal(data["performance"], found["performances"])
    assert data["trial_index"].tolist() == list(range(40))
    assert env.rows == []
    seeds = {env.evaluate_policy(1)["rows"][0]["seed"] for _ in range(3)}
    assert len(seeds) == 3


class Recurrent:
    """Predicts as Stable-Baselines3 models do, with a state that counts its steps."""

    def __init__(self):
        self.states, self.shapes = [], set()

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        assert episode_start.tolist() == [state is None]
        self.states.append(state)
        self.shapes.add(observation.shape)
        return np.array(0), 0 if state is None else state + 1


def test_a_model_starts_each_evaluation_afresh():
    model, env = Recurrent(), watched()
    for _ in range(2):
        found = env.evaluate_policy(2, model, seed=1)
    assert model.states == [None, *range(29)] * 2  # two trials of 15 steps
    assert {row["subject"] for row in found["rows"]} == {"Recurrent"}


def test_a_model_is_evaluated_under_the_wrappers_that_it_was_trained_under():
    inner = watched(FrameStackObservation(ngym.make("GoNogo"), 3))  # with rows of its own
    env = watched(Identity(TransformReward(inner, lambda reward: 2 * reward), file=io.StringIO()))
    model = Recurrent()
    found = env.evaluate_policy(4, model, seed=1)
    assert model.shapes == {env.observation_space.shape} == {(3, 3)}
    bare = ngym.rollout("GoNogo", Recurrent(), 4, seed=1)
    assert found["rewards"].tolist() == [2 * row["reward"] for row in bare]
    assert inner.rows == []
    assert env.env.file.getvalue() == ""


def test_an_evaluation_with_episodes_shorter_than_trials():
    env = watched(ngym.make("GoNogo", max_episode_steps=20))
    found = env.evaluate_policy(3, seed=1)
    assert len(found["rows"]) == 3
    short = watched(ngym.make("GoNogo", max_episode_steps=2))
    with pytest.raises(RuntimeError, match="episodes end before its trials do"):
        short.evaluate_policy(3)


class Uncopied(Sides):
    def __deepcopy__(self, memo):
        raise TypeError("cannot copy a window")


def test_an_environment_that_cannot_be_copied_is_made_anew_or_refused():
    if "Uncopied-v0" not in gym.registry:
        gym.register("Uncopied-v0", Uncopied, disable_env_checker=True)
    found = watched(gym.make("Uncopied-v0", dt=50)).evaluate_policy(3, seed=1)
    assert shared(found["rows"]) == shared(
        ngym.rollout(gym.make("Uncopied-v0", dt=50), "random", 3, seed=1)
    )
    with pytest.raises(TypeError, match="cannot be copied, to be evaluated apart: cannot copy a w"):
        watched(Uncopied()).evaluate_policy(3)
    stuck = TransformReward(made("GoNogo"), lambda reward: reward)
    stuck.file = io.TextIOWrapper(io.BytesIO())
    with pytest.raises(TypeError, match=r"TransformReward.* cannot be copied, to be evaluated"):
        watched(stuck).evaluate_policy(3)


# -- activations -----------------------------------------------------------------------------------


class Tensor:
    """What torch's tensors have of what is asked of them; not readable before detach and cpu."""

    def __init__(self, values, ready=0):
        self.values, self.ready = values, ready

    @property
    def shape(self):
        return self.values.shape

    def detach(self):
        return Tensor(self.values, self.ready | 1)

    def cpu(self):
        return Tensor(self.values, self.ready | 2)

    def numpy(self):
        assert self.ready == 3
        return self.values


class Module:
    """Hooks as torch's modules have them; the output doubles the input."""

    def __init__(self, wrap=lambda tensor: tensor):
        self.hooks, self.wrap = {}, wrap

    def register_forward_hook(self, hook):
        key = object()
        self.hooks[key] = hook
        return SimpleNamespace(remove=lambda: self.hooks.pop(key))

    def __call__(self, values):
        output = self.wrap(Tensor(2 * np.asarray(values, np.float32)))
        for hook in list(self.hooks.values()):
            assert hook(self, (values,), output) is None
        return output


def observed(env, module, trials, train=lambda: None):
    """Step through trials, each observation shown to the module; returns the observations."""
    seen, obs = [], []
    ob, _ = env.reset(seed=3)
    while len(seen) < trials:
        module(ob[None])
        obs.append(2 * ob)
        ob, *_, info = env.step(0)
        train()
        if info["new_trial"]:
            seen.append(np.array(obs))
            obs = []
    return seen


def test_activations_belong_to_the_steps_of_their_rows():
    env, module = watched(), Module()
    env.record_activations(module, "hidden")

    def train():
        module(np.full((64, 3), 7))

    seen = observed(env, module, 4, train)
    for got, want in zip(env.activations["hidden"], seen, strict=True):
        np.testing.assert_array_equal(got, want)
        assert got.dtype == np.float32
    assert env.activation_rows["hidden"] == env.rows


@pytest.mark.parametrize(
    "wrap",
    [
        lambda tensor: (tensor, (tensor, tensor)),
        lambda tensor: [(Tensor(tensor.values[None]), None)],
        lambda tensor: Tensor(tensor.values[0]),
        lambda tensor: Tensor(tensor.values.reshape(1, 3, 1, 1)),
    ],
)
def test_the_first_tensor_of_one_observation_counts(wrap):
    env, module = watched(), Module(wrap)
    env.record_activations(module, "hidden")
    seen = observed(env, module, 2)
    np.testing.assert_array_equal(env.activations["hidden"][1], seen[1])


def test_a_step_without_output_is_nan():
    env, module = watched(), Module()
    env.reset(seed=3)
    env.step(0)
    env.record_activations(module, "late")  # within a trial
    module(np.ones((1, 2)))
    env.step(0)
    module(np.ones((1, 5)))  # not what it put out before
    env.step(0)
    while not env.rows:
        env.step(0)
    (trace,) = env.activations["late"]
    assert trace.shape == (15, 2)
    assert trace[1].tolist() == [2, 2]
    assert np.isnan(np.delete(trace, 1, axis=0)).all()
    while len(env.rows) < 2:
        env.step(0)
    assert env.activations["late"][1].shape == (15, 0)


def test_what_is_computed_in_place_later_does_not_matter():
    env, module = watched(), Module()
    env.record_activations(module, "hidden")
    env.reset(seed=3)
    for _ in range(15):
        module(np.ones((1, 2))).values[:] = -1
        env.step(0)
    assert (env.activations["hidden"][0] == 2).all()


def test_an_evaluation_is_not_heard():
    env, module = watched(), Module()
    env.record_activations(module, "hidden")

    class Model:
        def predict(self, observation, **kwargs):
            module(np.full((1, 3), 7))
            return 0, None

    env.reset(seed=3)
    while not env.rows:
        module(np.ones((1, 3)))
        env.evaluate_policy(1, Model())
        env.step(0)
    assert (env.activations["hidden"][0] == 2).all()
    assert len(env.activations["hidden"]) == 1


def test_as_many_trials_are_kept_as_asked_for_also_once_saved(tmp_path):
    env, module = watched(save_dir=tmp_path, interval=2), Module()
    env.record_activations(module, "hidden", max_trials=3)
    seen = observed(env, module, 6)
    assert env.rows == []
    assert [row["trial_index"] for row in env.activation_rows["hidden"]] == [3, 4, 5]
    for got, want in zip(env.activations["hidden"], seen[3:], strict=True):
        np.testing.assert_array_equal(got, want)


def test_recording_stops():
    env, module, other = watched(), Module(), Module()
    env.record_activations(module, "hidden")
    env.record_activations(other, "other")
    with pytest.raises(ValueError, match="'hidden' is recorded already"):
        env.record_activations(other, "hidden")
    observed(env, module, 2)
    env.stop_recording()
    assert module.hooks == other.hooks == {}
    observed(env, module, 2)
    assert len(env.activations["hidden"]) == len(env.activation_rows["other"]) == 2
    env.record_activations(module, "hidden")
    env.close()
    assert module.hooks == {}
    assert env.activations["hidden"] == []


# -- bad input -------------------------------------------------------------------------------------


def test_what_makes_no_sense_is_told(tmp_path):
    with pytest.raises(TypeError, match=r"CartPole.*has no trials: Monitor takes .*as_trials"):
        Monitor(gym.make("CartPole-v1"))
    with pytest.raises(TypeError, match=r"Pendulum.*has no trials"):
        Monitor(gym.make("Pendulum-v1"))
    with pytest.raises(ValueError, match=r"unknown trigger 'trails'.*did you mean 'trial'"):
        watched(trigger="trails")
    for interval in (0, -1, 1.5, True, "2"):
        with pytest.raises(ValueError, match=r"interval = .*: expected a whole number from 1"):
            watched(interval=interval)
    with pytest.raises(ValueError, match=r"name = 'a/b': expected the name of a file"):
        watched(name="a/b", save_dir=tmp_path)
    env = watched()
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(ValueError, match="num_trials = 0: expected a whole number from 1"):
        env.evaluate_policy(0)
    with pytest.raises(ValueError, match="window = 0: expected a whole number from 1"):
        env.history(0)
    with pytest.raises(TypeError, match="3 is no agent"):
        env.evaluate_policy(2, 3)
    with pytest.raises(TypeError, match="has no register_forward_hook: expected a torch module"):
        env.record_activations(object(), "a")
    with pytest.raises(ValueError, match="max_trials = 0: expected a whole number from 1"):
        env.record_activations(Module(), "a", max_trials=0)
    env.record_activations(module := Module(lambda tensor: {"a": tensor}), "a")
    with pytest.raises(TypeError, match="has no tensor to record"):
        module(np.ones((1, 2)))


def test_it_loads_nothing_that_it_does_not_need(tmp_path):
    code = (
        "import sys, neurogym, neurogym.subjects.monitor as m\n"
        f"with m.Monitor(neurogym.make('GoNogo'), save_dir={str(tmp_path)!r}) as env:\n"
        "    env.evaluate_policy(2)\n"
        "print([n for n in ('sqlalchemy', 'bokeh', 'torch') if n in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


# -- Identity --------------------------------------------------------------------------------------


def test_identity_prints_each_call_and_changes_nothing(tmp_path, capsys):
    file = tmp_path / "calls.txt"
    bare, env = made("GoNogo"), Identity(made("GoNogo"), "a", file)
    np.testing.assert_array_equal(bare.reset(seed=5)[0], env.reset(seed=5)[0])
    for _ in range(15):
        one, two = bare.step(0), env.step(np.int64(0))
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_equal(one[1:], two[1:])
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "[a] reset(seed=5) -> ob [1. 1. 0.], info {}"
    assert lines[1] == "[a] step(0) -> ob [1. 1. 0.], reward 0, info {'gt': 0, 'new_trial': False}"
    assert "'outcome': 'withheld'" in lines[-1]
    assert len(lines) == 16
    assert capsys.readouterr().out == ""
    short = Identity(gym.make("CartPole-v1", max_episode_steps=1))
    short.reset(options={"low": 0.0, "high": 0.0})
    short.step(1)
    assert capsys.readouterr().out.splitlines() == [
        "[0] reset(options={'low': 0.0, 'high': 0.0}) -> ob [0. 0. 0. 0.], info {}",
        "[0] step(1) -> ob [ 0. 0.195 0. -0.293], reward 1, truncated, info {}",
    ]
    assert isinstance(copy.deepcopy(short), Identity)
