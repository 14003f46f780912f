"""What every task promises; a new one is put to it by being there."""

import json
import re
import warnings

import gymnasium as gym
import numpy as np
import param
import pytest
from gymnasium.utils.env_checker import check_env

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.conditions import Choice
from neurogym.spec.parameters import Levels, Rewards, Timing
from neurogym.spec.primitives import KINDS, rebound
from neurogym.trials.catalogue import task_class
from tests.acting import constants, graded, idle, some, worth, wrong

SEED = 20


def begin(env, trial, seed=SEED, memory=None, **conditions):
    options = {"trial": trial, "conditions": conditions, "memory": memory}
    return env.reset(seed=seed, options=options)[0]


def play(env, trial, act, seed=SEED, memory=None, **conditions):
    """The trace of one trial; `act(ob)` gives the actions."""
    return trial_table.run_trial(env, act, begin(env, trial, seed, memory, **conditions))


def label(env):
    return lambda ob: env.gt_now


def same(a, b):
    """Whether two traces are the same trial, played the same."""
    return (
        all(
            np.array_equal(getattr(a, name), getattr(b, name))
            for name in ("ob", "gt", "actions", "rewards", "steps")
        )
        and a.periods == b.periods
        and repr(a.end) == repr(b.end)
    )


def actor(kind, rng, env):
    """A way to act: the label, chance, a mix of both, or always the same action."""
    space = env.action_space
    ways = {
        "oracle": label(env),
        "random": lambda ob: some(space, rng),
        "mixed": lambda ob: env.gt_now if rng.random() < 0.8 else some(space, rng),
    }
    return ways[kind] if isinstance(kind, str) else lambda ob: kind


# -- the environment -------------------------------------------------------------------------------


def test_gymnasium_finds_nothing_to_complain_about(task_id, preset):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*symmetric and normalized")  # advice, no complaint
        # a trial that ends in the first step has rt NaN, which the checker finds unlike itself
        given = dict(preset=preset, abort=False)
        check_env(gym.make(task_id, **given).unwrapped, skip_render_check=True)
        check_env(ngym.make(task_id, **given).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("kind", ["oracle", "random"])
def test_a_seed_gives_the_same_trials_again(task, kind):
    def traces(seed):
        env, rng = TaskEnv(task), np.random.default_rng(1)
        first, found = env.reset(seed=seed)[0], []
        for _ in range(12):
            found.append(trial_table.run_trial(env, actor(kind, rng, env), first))
            first = env._first()
        return found

    one, again, other = traces(3), traces(3), traces(4)
    assert all(same(a, b) for a, b in zip(one, again, strict=True))
    assert not all(same(a, b) for a, b in zip(one, other, strict=True))


def test_reset_returns_row_0_and_plays_nothing(task):
    env = TaskEnv(task)
    first, info = env.reset(seed=SEED)
    assert info == {}
    assert env.t_ind == 0
    assert env.t == 0
    assert env.num_tr == 1
    assert env.trial_index == 0
    if not task.closed:
        np.testing.assert_array_equal(first, env.ob[0])
    again, _ = env.reset()
    assert env.t_ind == 0
    assert env.trial_index == 1
    np.testing.assert_array_equal(again, begin(env, 1))


@pytest.mark.parametrize("trial", [1, 7, 8, 9, 23, 24, 60])
def test_a_trial_is_the_same_however_it_is_reached(task, trial):
    env = TaskEnv(task)
    env.reset(seed=SEED)
    while env.trial_index < trial:
        env.step(env.gt_now)
    memory = env.memory  # of how the trials before it ended, where that matters
    stepped = trial_table.run_trial(env, label(env), env._first())
    fresh = TaskEnv(task)
    assert same(stepped, play(fresh, trial, label(fresh), memory=memory))
    assert same(stepped, play(env, trial, label(env), memory=memory))


def test_observations_lie_in_the_space_and_are_not_written_to(task, preset):
    env, rng = TaskEnv(task), np.random.default_rng(0)
    ob, _ = env.reset(seed=SEED)
    kept = []
    act = actor("mixed", rng, env)
    for _ in range(300):
        assert ob in env.observation_space
        assert ob.dtype == np.float32
        kept.append((ob, ob.copy()))
        ob, reward, terminated, truncated, _ = env.step(act(ob))
        assert isinstance(reward, float)
        assert terminated is False
        assert truncated is False
    for ob, copy in kept:
        np.testing.assert_array_equal(ob, copy)


def test_periods_follow_one_another(task, preset):
    env = TaskEnv(task)
    for trial in range(30):
        begin(env, trial)
        covered, starts = 0, {}
        for name, start, stop in env.periods:
            partner = task.starts_with.get(name)
            assert start == (starts[partner] if partner else covered)
            assert stop >= covered >= start
            starts[name], covered = start, stop
        assert covered == len(env.ob) == len(env.gt) > 0
        first, stop = env.window
        assert 0 <= first < stop <= covered
        assert env.tmax == covered * task.dt


def test_labels_are_actions(task, preset):
    env = TaskEnv(task)
    for trial in range(30):
        gt = play(env, trial, label(env)).gt
        assert gt.dtype == (np.float32 if graded(env.action_space) else np.int64)
        assert all(value in env.action_space for value in gt)


def test_info_belongs_to_the_step_that_was_answered(task, preset):
    env, rng = TaskEnv(task), np.random.default_rng(1)
    env.reset(seed=SEED)
    act = actor("mixed", rng, env)
    for _ in range(30):
        conditions, window, number = env.trial, env.window, env.trial_index
        opened = env.counted
        responses, done = [], False
        while not done:
            gt, at, action = env.gt_now, env.t_ind, act(None)
            responses.append((at, action))
            _, _, _, _, info = env.step(action)
            assert np.array_equal(info["gt"], gt)
            done = info["new_trial"]
        assert set(info) == {"new_trial", "gt", "trial", "performance", "rt", "response", "outcome"}
        assert info["trial"] == conditions
        assert 0 <= info["performance"] <= 1
        assert env.trial_index == number + 1
        if info["response"] < 0:
            assert np.isnan(info["rt"])
        else:
            at = info["rt"] / task.dt + opened
            if graded(env.action_space):
                assert 1 <= info["response"] <= len(task.answers)
            else:
                assert (pytest.approx(at), info["response"]) in responses
            assert window[0] <= round(at) < window[1]


def test_a_step_needs_a_reset(task):
    with pytest.raises(gym.error.ResetNeeded):
        TaskEnv(task).step(0)


def test_a_wrong_action_is_refused_and_a_numpy_number_is_not(task):
    env, other = TaskEnv(task), TaskEnv(task)
    env.reset(seed=SEED)
    other.reset(seed=SEED)
    given, why = wrong(env.action_space)
    for action in given:
        with pytest.raises(ValueError, match=re.escape(why)):
            env.step(action)
    right_one = idle(task).tolist() if graded(env.action_space) else 1
    kinds = (np.array,) if graded(env.action_space) else (np.int64, np.int8, np.uint8, np.array)
    for kind in kinds:
        left, right = env.step(kind(right_one)), other.step(right_one)
        np.testing.assert_array_equal(left[0], right[0])
        assert repr(left[1:]) == repr(right[1:])


def test_reset_refuses_what_it_does_not_know(task):
    env = TaskEnv(task)
    with pytest.raises(ValueError, match="'trial', 'conditions'"):
        env.reset(seed=1, options={"trail": 3})
    with pytest.raises(ValueError, match="whole number from 0"):
        env.reset(seed=1, options={"trial": -1})


# -- what is earned --------------------------------------------------------------------------------


def test_the_oracle_is_right_and_no_simple_agent_earns_more(task, preset):
    env = TaskEnv(task)

    lucky = task.closed and not task.plan.actions.graded
    trials = 60 if lucky else 20  # where luck pays, it has to even out

    def earned(kind):
        act = actor(kind, np.random.default_rng(2), env)
        traces = [play(env, trial, act) for trial in range(trials)]
        return np.mean([t.rewards.sum() for t in traces]), [t.end["performance"] for t in traces]

    best, performance = earned("oracle")
    assert performance == [1.0] * trials
    chance = earned("random")[0]
    assert best > chance or (best == chance and task.plan.learns)  # a first phase may pay all
    for action in constants(env.action_space):
        assert best >= earned(action)[0]


def test_no_sequence_of_actions_earns_more_than_the_labels(task, preset):
    if task.closed:
        assert task.rule is None
        return
    env = TaskEnv(task)
    for trial in range(12):
        earned = play(env, trial, label(env)).rewards.sum()
        begin(env, trial)
        assert earned == pytest.approx(worth(env, np.max), abs=1e-6)


# -- forcing ---------------------------------------------------------------------------------------


def candidates(env, name):
    """Values that a condition takes or can be forced to."""
    condition = env.task.plan.conditions[name]
    drawn = []
    for trial in range(40):
        begin(env, trial)
        drawn.append(env.trial[name])
    bounds = getattr(condition, "bounds", None) or ()
    return sorted({*drawn[:8], min(drawn), max(drawn), *bounds})


def test_a_forced_condition_changes_the_trial_and_no_other_condition(task):
    env = TaskEnv(task)
    for name in task.conditions():  # blocks of wrappers are told, not shown
        values = candidates(env, name)
        changed = []
        for trial in range(4):
            plain = play(env, trial, label(env))
            drawn = plain.end["trial"]
            for value in values:
                forced = play(env, trial, label(env), **{name: value})
                assert forced.end["trial"] == {**drawn, name: value}
                if value == drawn[name]:
                    assert same(forced, plain)
                else:
                    replayed = iter(plain.actions)
                    again = play(env, trial, lambda ob: next(replayed, idle(task)), **{name: value})  # noqa: B023
                    changed.append(not (same(forced, plain) and same(again, plain)))
        assert any(changed) or len(values) == 1


def test_a_forced_condition_is_for_one_trial(task):
    env = TaskEnv(task)
    plain = [play(env, trial, label(env)) for trial in range(3)]
    name = next(iter(task.plan.conditions))
    first = begin(env, 0, **{name: candidates(TaskEnv(task), name)[0]})
    trial_table.run_trial(env, label(env), first)
    for trial in (1, 2):
        if task.plan.learns or task.plan.echoes:  # what was forced may be remembered
            fresh = TaskEnv(task)
            plain[trial] = play(fresh, trial, label(fresh), memory=env.memory)
        assert same(trial_table.run_trial(env, label(env), env._first()), plain[trial])


def test_forcing_what_is_not_possible_says_what_is(task):
    env = TaskEnv(task)
    env.reset(seed=SEED)
    names = [*task.plan.conditions, *task.timing]
    with pytest.raises(ValueError, match="unknown condition 'nothing'") as error:
        begin(env, 0, nothing=1)
    assert all(repr(name) in str(error.value) for name in names)
    for name, condition in task.plan.conditions.items():
        for value in (1e9, -1, float("nan"), "nonsense", None):
            with pytest.raises(ValueError, match=f"^{name} = .*not possible: allowed are") as error:
                begin(env, 0, **{name: value})
            assert str(condition) in str(error.value)
    for period in task.timing:
        for value in (-1, float("nan"), float("inf"), "long", None):
            with pytest.raises(ValueError, match=f"{period} = .* a length in ms, not negative"):
                begin(env, 0, **{period: value})


def test_a_forced_length_is_the_length(task, preset):
    env = TaskEnv(task)
    for period in task.timing:
        for steps in (40, 60):
            plain = begin(env, 2)
            conditions = env.trial
            forced = begin(env, 2, **{period: steps * task.dt})
            at = {name: stop - start for name, start, stop in env.periods}
            assert at[period] == steps
            changed = {k: v for k, v in env.trial.items() if conditions[k] != v}
            assert set(changed) <= set(task.timing)
            if task.timing[period].is_random:
                assert changed[period] == steps * task.dt
            if period != env.periods[0][0]:
                np.testing.assert_array_equal(forced, plain)


def test_a_response_window_of_no_length_can_be_forced():
    env = ngym.make("ReadySetGo").unwrapped
    for trial in range(8):
        trace = play(env, trial, label(env), production=0)
        assert not trace.gt.any()
        assert trace.end["outcome"] == "none"


def test_a_conditions_stretch_leaves_a_forced_length_alone():
    env = ngym.make("ReadySetGo").unwrapped
    begin(env, 0, production=1600, gain=2.0)
    assert env.end_t["production"] - env.start_t["production"] == 1600


# -- what is shown ---------------------------------------------------------------------------------


def variants(task):
    """The task, and ones that differ from it by a parameter at the edge of what is allowed."""
    yield task
    for name, parameter in task.param.objects().items():
        bounds = getattr(parameter, "bounds", None)
        if not isinstance(parameter, param.Number) or name == "dt" or bounds is None:
            continue
        for value in bounds:
            if value is None or value == getattr(task, name):
                continue
            try:
                other = type(task)(**{**task.settings(), name: value})
            except ValueError as error:  # one parameter may not go with another
                if name not in str(error):
                    raise
            else:
                yield other


def test_scene_and_keys_are_json_of_what_there_is(task, preset):
    for variant in variants(task):
        env, plan = TaskEnv(variant), variant.plan
        for trial in range(6):
            begin(env, trial)
            resolved = variant.scene.resolve(variant, env.trial)
            for element in json.loads(json.dumps(resolved, allow_nan=False)):
                assert element["kind"] in KINDS
                assert set(element.get("during", ())) <= set(variant.timing)
                assert 0 <= element.get("show", 0) < plan.channels.size
                hand = plan.actions.size if plan.actions.graded else 0
                bound = []
                rebound(element, lambda channel, bound=bound: bound.append(channel))
                assert all(0 <= channel < plan.channels.size + hand for channel in bound)
                for value in element.values():
                    if isinstance(value, dict) and "ring" in value:
                        start, size = value["ring"]
                        assert 0 <= start < start + size <= plan.channels.size
        resolved = json.loads(json.dumps(variant.keys.resolve(plan.actions), allow_nan=False))
        codes = [key["code"] for key in resolved["keys"]]
        dial = resolved["dial"] or {"actions": [], "names": [], "angles": []}
        assert len(set(codes)) == len(codes)
        assert len(dial["actions"]) == len(dial["names"]) == len(dial["angles"])
        reached = [key["action"] for key in resolved["keys"]] + dial["actions"]
        if plan.actions.graded:
            moved = {i for _, changes in resolved["hand"]["presses"] for i, _ in changes}
            assert moved == set(range(min(plan.actions.size, 20)))  # more keys nobody can have
            assert np.array(resolved["hand"]["start"], np.float32) in plan.actions.space()
        else:
            assert sorted(reached) == list(range(1, plan.actions.size))
        assert all(key["label"] and key["name"] for key in resolved["keys"])


def test_a_person_can_play_it(task_id):
    task = task_class(task_id)(**task_class(task_id).preset("human"))
    env = TaskEnv(task)
    assert task_class(task_id).human
    assert task.dt <= 50
    for trial in range(100):
        begin(env, trial)
        first, stop = env.window
        assert (stop - first) * task.dt >= 300


def test_it_says_what_it_is_and_where_it_comes_from(task_id):
    cls = task_class(task_id)
    assert cls.paper.title
    assert cls.paper.authors
    assert 1850 < cls.paper.year < 2100
    assert cls.paper.link.startswith("https://")
    assert str(cls.paper.year) in str(cls.paper)
    assert cls.sentence().endswith(".")
    assert cls.sentence() != ngym.Task.sentence()
    assert "\n" not in cls.sentence()
    assert cls.tags
    assert all(task_id in ngym.all_envs(tag) for tag in cls.tags)
    task = cls()
    assert all(condition.doc for condition in task.plan.conditions.values())
    if task.rule:
        assert task.rule.sentence(task.plan).endswith(".")


# -- parameters ------------------------------------------------------------------------------------


def values_of(task):
    return {k: v for k, v in task.param.values().items() if k != "name"}


def test_settings_give_the_task_back(task, preset):
    for variant in variants(task):
        settings = json.loads(json.dumps(variant.settings(), allow_nan=False))
        assert values_of(type(task)(**settings)) == values_of(variant)
    produced = bool(task.since or (task.rule and task.rule.since))  # has to be answered in time
    names = list(task.timing)[: 1 if produced else None]
    try:
        changed = type(task)(timing={p: ["uniform", [5000, 6000]] for p in names}, dt=7)
    except ValueError as error:  # what cannot be answered in time
        if "timing[" not in str(error):
            raise
    else:
        settings = json.loads(json.dumps(changed.settings()))
        assert values_of(type(task)(**settings)) == values_of(changed)
    assert type(task)().settings() == {}


def outside(parameter):
    """Values that a parameter does not take."""
    if isinstance(parameter, Timing):
        first = next(iter(parameter.default))
        yield from ({"nope": 100}, {first: -1}, {first: "long"}, {first: float("nan")}, 100)
    elif isinstance(parameter, Rewards):
        first = next(iter(parameter.default))
        yield from ({"nope": 1}, {first: "much"}, {first: None}, 1)
    elif isinstance(parameter, Levels):
        low, high = parameter.level_bounds
        yield from ([], [low - 1], [high + 1], ["much"], "3")
    elif isinstance(parameter, param.Number):
        low, high = parameter.bounds
        yield from ([low - 1] if low is not None else []) + ([high + 1] if high is not None else [])
        yield from ("much", None)
    else:
        yield from ("perhaps", None)


def test_every_parameter_has_a_doc_and_bounds_that_hold(task_id):
    cls = task_class(task_id)
    parameters = {k: p for k, p in cls.param.objects().items() if k != "name"}
    for name, parameter in parameters.items():
        assert parameter.doc
        assert isinstance(parameter, Timing | Rewards | Levels | param.Number | param.Boolean)
        task = cls()
        for value in outside(parameter):
            with pytest.raises((ValueError, TypeError)):
                cls(**{name: value})
            before = values_of(task)
            with pytest.raises((ValueError, TypeError)):
                setattr(task, name, value)
            assert values_of(task) == before


def test_an_unknown_parameter_is_refused_with_a_suggestion(task_id):
    with pytest.raises(ValueError, match=r"unknown parameter 'timng'.*did you mean 'timing'"):
        ngym.make(task_id, timng={})
    with pytest.raises(ValueError, match=r"unknown preset 'humn'.*did you mean 'human'"):
        ngym.make(task_id, preset="humn")
    with pytest.raises(ValueError, match=r"unknown task .*did you mean"):
        ngym.make(task_id.removesuffix("-v0") + "s")


def test_every_edge_of_a_parameter_can_be_played(task, preset):
    for variant in variants(task):
        env, rng = TaskEnv(variant), np.random.default_rng(0)
        for trial in range(2):
            for kind in ("oracle", "random"):
                trace = play(env, trial, actor(kind, rng, env))
                assert np.isfinite(trace.ob).all()
                assert np.isfinite(trace.rewards).all()


def test_a_changed_parameter_counts_from_the_next_trial(task):
    env = TaskEnv(task)
    env.reset(seed=SEED)
    last, steps = list(task.timing)[-1], env.window[1] + 20
    task.timing = {last: steps * task.dt}
    assert env.window[1] < steps
    while env.trial_index < 1:
        env.step(idle(task))
    assert env.periods[-1][2] - env.periods[-1][1] == steps
    fresh = TaskEnv(type(task)(**task.settings()))
    ours = trial_table.run_trial(env, label(env), env._first())
    assert same(ours, play(fresh, 1, label(fresh)))


def test_no_channel_or_action_goes_without_a_name(task, preset):
    env = TaskEnv(task)
    for space, size in ((env.observation_space, env.observation_space.shape[0]),
                        (env.action_space, task.plan.actions.size)):  # fmt: skip
        indices = np.concatenate([np.atleast_1d(index) for index in space.name.values()])
        assert sorted(indices.tolist()) == list(range(size))


def test_choices_that_are_drawn_can_be_forced(task, preset):
    for condition in task.conditions().values():
        drawn = condition.draw(np.random.default_rng(0), 200, None)
        assert drawn.shape == (200,)
        assert all(condition.allows(value) for value in drawn.tolist())
        if isinstance(condition, Choice):
            assert set(drawn.tolist()) <= set(condition.values.tolist())


# -- rows ------------------------------------------------------------------------------------------

AGENTS = {"oracle": {}, "random": {}, "integrator": dict(bound=20.0, noise=1.0, lapse=0.1)}


def rows_of(task_id, preset, agent, trials=10):
    try:
        return ngym.rollout(
            task_id, agent, trials, seed=SEED, preset=preset, agent_params=AGENTS[agent]
        )
    except ValueError as error:  # not every task gives evidence
        if agent != "integrator" or "no evidence" not in str(error):
            raise
        return []


@pytest.mark.parametrize("agent", AGENTS)
def test_a_row_replays_to_what_it_says(task_id, preset, agent):
    for row in rows_of(task_id, preset, agent):
        assert set(row) == set(trial_table.COLUMNS)
        again = json.loads(json.dumps(row, allow_nan=False))
        found = trial_table.outcome_of(trial_table.replay(again))
        assert json.loads(json.dumps(found)) == {name: again[name] for name in found}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_yoked_agent_sees_the_very_samples(task_id, preset, agent):
    rows = rows_of(task_id, preset, agent)
    yoked = ngym.rollout(task_id, "oracle", yoke=rows, preset=preset) if rows else []
    assert len(yoked) == len(rows)
    env = ngym.make(task_id, preset=preset).unwrapped
    for mine, other in zip(rows, yoked, strict=True):
        assert other["conditions"] == mine["conditions"]
        assert other["performance"] == 1
        one, two = trial_table.replay(mine, env), trial_table.replay(other, env)
        assert one.periods == two.periods
        together = min(len(one.ob), len(two.ob))
        own = np.ones(one.ob.shape[1], bool)  # what each did and earned itself is shown to it
        for echo in env.task.plan.echoes:
            own[echo.columns] = False
        if env.task.closed:  # what is seen depends on what is done
            unlike = one.actions[:together] != two.actions[:together]
            differ = np.flatnonzero(unlike.reshape(together, -1).any(axis=1))
            together = int(differ[0]) + 1 if differ.size else together
        np.testing.assert_array_equal(one.ob[:together, own], two.ob[:together, own])
        np.testing.assert_array_equal(one.gt[:together], two.gt[:together])


def test_a_yoked_agent_takes_over_what_was_forced_and_refuses_other_parameters(task_id):
    env = ngym.make(task_id).unwrapped
    rows = rows_of(task_id, "agent", "random", trials=4)
    period = next(p for p in env.task.timing if env.task.timing[p].kind == "constant")
    for row in rows:
        row["forced"] = {period: 9 * env.dt}
    rows[0]["flags"] = {"interrupted": True}
    yoked = ngym.rollout(task_id, "oracle", yoke=rows)
    assert [row["trial_index"] for row in yoked] == [1, 2, 3]
    for row in yoked:
        assert row["forced"] == {period: 9 * env.dt}
        lengths = {name: stop - start for name, start, stop in trial_table.replay(row).periods}
        assert lengths[period] == 9
    with pytest.raises(ValueError, match="would not face the same samples"):
        ngym.rollout(task_id, "oracle", yoke=rows[1:], dt=env.dt / 2)
    with pytest.raises(ValueError, match="either trials or yoke"):
        ngym.rollout(task_id, "oracle", 3, yoke=rows)
