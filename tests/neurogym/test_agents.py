"""Agents: how the integrator decides, and what an agent may be."""

from itertools import pairwise
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import param
import pytest

import neurogym as ngym
from neurogym.records.measures import chronometric, psychometric, summary
from neurogym.spec.parameters import Timing
from neurogym.subjects import AGENTS, Integrator, Model, Oracle, RandomAgent, agent
from neurogym.subjects.monitor import Monitor
from neurogym.tasks.perceptual import PerceptualDecisionMaking, cosine_ring
from neurogym.trials.catalogue import task_class


class Reaction(PerceptualDecisionMaking):
    """Report the direction as soon as it is clear: the evidence lasts until the response."""

    timing = Timing(fixation=200, decision=2000)

    def paint(self, canvas, trials):
        evidence = cosine_ring(self.dim_ring, trials.ground_truth, trials.coh)
        canvas.show("fixation", 1, during="fixation")
        canvas.show("stimulus", evidence, during="decision")
        canvas.noise("stimulus", self.sigma, during="decision")
        canvas.answer("choice", trials.ground_truth, during="decision")


def rows(trials=600, task=None, **agent_params):
    """The integrator's trials in the reaction-time task."""
    task = task or Reaction(dt=20, cohs=[0, 6.4, 12.8, 25.6, 51.2])
    params = {"bound": 25.0, "non_decision": 200.0, **agent_params}
    return ngym.rollout(task, "integrator", trials, seed=5, agent_params=params)


def accuracy(found):
    return summary(found)["accuracy"]


def median_rt(found):
    return summary(found)["median_rt_ms"]


def test_accuracy_rises_and_response_time_falls_with_coherence():
    found = rows(1500)
    correct = psychometric(found, "coh")
    times = chronometric(found, "coh", correct=None)
    assert [point.level for point in correct] == [0, 6.4, 12.8, 25.6, 51.2]
    assert correct[0].low < 0.5 < correct[0].high  # no evidence: chance
    assert correct[1].high < correct[3].low
    assert correct[-1].value > 0.97
    assert all(a.value <= b.value + 0.02 for a, b in pairwise(correct[1:]))
    assert all(a.value >= b.value for a, b in pairwise(times))
    assert times[0].low > times[-1].high


def test_a_higher_bound_is_slower_and_more_often_right():
    task = Reaction(dt=20, cohs=[12.8])
    low, high = rows(task=task, bound=8), rows(task=task, bound=30)
    assert accuracy(low) + 0.05 < accuracy(high)
    assert median_rt(low) + 40 < median_rt(high)


def test_drift_speeds_it_up_and_its_own_noise_makes_it_err():
    assert median_rt(rows(drift=3)) < median_rt(rows()) - 40
    assert accuracy(rows(noise=3)) + 0.05 < accuracy(rows())


def test_a_leak_forgets():
    task = PerceptualDecisionMaking(
        dt=20, cohs=[12.8], sigma=1.0, timing=dict(stimulus=2000, decision=600)
    )
    params = dict(task=task, bound=1000.0)
    assert accuracy(rows(leak=20, **params)) + 0.05 < accuracy(rows(**params))


def test_lapses_are_as_frequent_as_they_are_said_to_be():
    task = Reaction(dt=20, cohs=[100], sigma=0.1)
    assert accuracy(rows(200, task)) == 1
    found = psychometric(rows(1000, task, lapse=0.4), "coh")[0]
    assert found.low < 1 - 0.4 / 2 < found.high
    always = psychometric(rows(600, task, lapse=1.0), "coh")[0]
    assert always.low < 0.5 < always.high


def test_the_response_waits_for_the_window_and_the_non_decision_time():
    task = PerceptualDecisionMaking(dt=20, cohs=[51.2], timing=dict(stimulus=1000, decision=800))
    for non_decision in (0.0, 300.0):
        found = rows(60, task, non_decision=non_decision)
        assert {row["rt_ms"] for row in found} == {non_decision}
    late = rows(60, task, non_decision=2000.0)  # in the last step at the latest
    assert {row["rt_ms"] for row in late} == {780.0}
    assert accuracy(late) == 1


@pytest.mark.parametrize("dim_ring", [2, 8])
def test_it_integrates_on_any_ring_and_follows_the_context(dim_ring):
    enough = 0.95 if dim_ring == 2 else 0.6  # neighbours on a larger ring differ less
    params = dict(dim_ring=dim_ring, cohs=[100], dt=20, timing=dict(delay=200, decision=600))
    for context in (0, 1):
        task = task_class("ContextDecisionMaking")(impl_context_modality=context, **params)
        assert accuracy(rows(60, task, bound=100)) > enough
    told = task_class("ContextDecisionMaking")(use_expl_context=True, **params)
    assert accuracy(rows(60, told, bound=100)) > enough


def test_without_evidence_it_says_so(task):
    env = ngym.make(type(task).own_id()).unwrapped
    env.reset(seed=0)
    if any(group.evidence for group in task.plan.channels):
        Integrator().begin(env, np.random.default_rng(0))
    else:
        with pytest.raises(ValueError, match="needs two or more evidence channels"):
            Integrator().begin(env, np.random.default_rng(0))


def test_the_same_seed_makes_the_same_agent(task_id):
    def strip(found):
        return [{k: v for k, v in row.items() if k not in CHANGING} for row in found]

    one, two = (ngym.rollout(task_id, "random", 5, seed=3) for _ in range(2))
    assert strip(one) == strip(two)
    assert strip(one) != strip(ngym.rollout(task_id, "random", 5, seed=4))


CHANGING = ("uid", "run_id", "created_utc")


def test_an_agent_may_be_a_name_a_policy_or_a_model():
    assert isinstance(agent("oracle"), Oracle)
    assert isinstance(agent("random"), RandomAgent)
    assert agent("integrator", bound=7.0).bound == 7
    policy = SimpleNamespace(begin=lambda env, rng: None, act=lambda ob: 0)
    assert agent(policy) is policy
    with pytest.raises(ValueError, match=r"unknown agent 'oracel'.*did you mean 'oracle'"):
        agent("oracel")
    with pytest.raises(TypeError, match="is no agent: expected a name"):
        agent(3)
    with pytest.raises(ValueError, match="bound"):
        Integrator(bound=-1)
    assert {"random", "oracle", "integrator"} < set(AGENTS)


def test_an_agents_parameters_are_checked():
    with pytest.raises(ValueError, match=r"Integrator: unknown parameter 'bund'.*mean 'bound'"):
        agent("integrator", bund=3)
    with pytest.raises(ValueError, match="allowed are none"):
        ngym.rollout("GoNogo", "oracle", 1, agent_params={"bound": 3})
    with pytest.raises(ValueError, match=r"\['bound'\] are taken with the name of an agent only"):
        ngym.rollout("GoNogo", Oracle(), 1, agent_params={"bound": 3})


@pytest.fixture
def lazy():
    """An agent of a user, under a name of its own."""

    @ngym.register_agent("lazy")
    class Lazy(param.Parameterized):
        """Does the same thing at each step."""

        action = param.Integer(0, bounds=(0, 9), doc="what it does")
        why = param.Selector(default="tired", objects=["tired", "bored"])

        def begin(self, env, rng):
            pass

        def act(self, ob):
            return self.action

    yield Lazy
    del AGENTS["lazy"]


@pytest.mark.usefixtures("lazy")
def test_an_agent_of_ones_own_plays_under_its_name():
    found = ngym.rollout("GoNogo", "lazy", 5)
    assert {row["outcome"] for row in found} == {"miss", "withheld"}
    assert found[0]["subject"] == "lazy"
    found = ngym.rollout("GoNogo", "lazy", 9, agent_params=dict(action=1, why="bored"))
    assert {row["response"] for row in found} == {1}
    assert found[0]["subject"] == "lazy (action=1, why=bored)"
    with pytest.raises(ValueError, match="action"):
        agent("lazy", action=10)


def test_what_is_no_agent_is_not_registered(lazy):
    assert ngym.register_agent("lazy", lazy) is lazy
    with pytest.raises(ValueError, match="agent 'lazy' is Lazy already: Oracle needs another"):
        ngym.register_agent("lazy", Oracle)
    with pytest.raises(TypeError, match=r"a name, as in @register_agent\(\"mine\"\), not <class"):
        ngym.register_agent(lazy)
    for wrong in (Model, Remembers, lazy(), type("Half", (param.Parameterized,), {"act": None})):
        with pytest.raises(TypeError, match=r"agent 'other' is .* from param\.Parameterized"):
            ngym.register_agent("other", wrong)
    assert "other" not in AGENTS


class Remembers:
    """Predicts as Stable-Baselines3 models do, with a state that counts its steps."""

    def __init__(self):
        self.states = []

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        assert deterministic
        assert episode_start.shape == (1,)
        assert episode_start[0] == (state is None)
        self.states.append(state)
        return np.array(0), 0 if state is None else state + 1


def test_a_model_keeps_its_state_as_long_as_the_run():
    model = Remembers()
    assert isinstance(agent(model), Model)
    for _ in range(2):
        found = ngym.rollout("GoNogo", model, 2)
    assert model.states == [None, *range(29)] * 2  # two trials of 15 steps each
    assert {row["subject"] for row in found} == {"Remembers"}


def test_a_model_that_was_trained_on_single_trials_can_forget_with_each():
    model = Remembers()
    ngym.rollout("GoNogo", Model(model, lasts="trial"), 2)
    assert model.states == [None, *range(14)] * 2
    with pytest.raises(ValueError, match="lasts = 'ever': expected one of 'run', 'trial'"):
        Model(model, lasts="ever")


def test_where_each_trial_is_an_episode_a_model_begins_anew():
    model = Remembers()
    found = ngym.rollout(gym.make("CartPole-v1"), model, 3)
    assert len(found) == 3
    assert model.states.count(None) == 3


# -- what is remembered ---------------------------------------------------------------------------

ECHOES = [{"PassReward": {}}, {"PassAction": {}}]


class LearnsInItsState:
    """A recurrent model, as Stable-Baselines3 has them, whose state is that of a Q-learner.

    It sees the last reward and action, in its last two channels, and knows the cue by the first.
    """

    def __init__(self, alpha=0.1, beta=6.0):
        self.alpha, self.beta = alpha, beta
        self.rng = np.random.default_rng(0)

    def predict(self, observation, state=None, episode_start=None, deterministic=True):
        ob, values = np.atleast_2d(observation), state
        if values is None or episode_start[0]:
            values = np.zeros(2)
        reward, action = ob[0, -2:]
        if action > 0:
            values = values.copy()
            values[int(action) - 1] += self.alpha * (reward - values[int(action) - 1])
        if ob[0, 0] > 0.5:
            return np.array(0), values
        p = 1 / (1 + np.exp(-self.beta * (values[1] - values[0])))
        return np.array(1 + (self.rng.random() < p)), values


def in_a_plain_loop(model, trials, seed):
    """What the model did in so many trials, as anyone would step it: (response, reward) of each."""
    env = ngym.make("Bandit", stack=ECHOES)
    ob, _ = env.reset(seed=seed)
    state, start, told = None, np.array([True]), []
    while len(told) < trials:
        action, state = model.predict(ob, state=state, episode_start=start)
        start = np.array([False])
        ob, reward, _, _, info = env.step(int(action))
        if info["new_trial"]:
            told.append((info["response"], float(reward), info["performance"]))
    return told


def told_of(rows):
    return [(row["response"], row["reward"], row["performance"]) for row in rows]


def test_a_learner_in_the_state_learns_everywhere_what_it_learns_in_a_plain_loop():
    alone = in_a_plain_loop(LearnsInItsState(), 1500, seed=3)
    best = np.mean([performance for *_, performance in alone])
    assert best > 0.8  # chance is .5
    rows = ngym.rollout("Bandit", LearnsInItsState(), 1500, seed=3, stack=ECHOES)
    assert told_of(rows) == alone
    with Monitor(ngym.make("Bandit", stack=ECHOES), verbose=False) as monitor:
        found = monitor.evaluate_policy(1500, LearnsInItsState(), seed=3)
    assert told_of(found["rows"]) == alone
    forgetful = ngym.rollout(
        "Bandit", Model(LearnsInItsState(), lasts="trial"), 1500, seed=3, stack=ECHOES
    )
    assert summary(forgetful)["accuracy"] < 0.6  # it knows of the last trial alone


def test_what_replays_holds_what_the_agent_was_shown():
    rows = ngym.rollout("Bandit", LearnsInItsState(), 30, seed=3, stack=ECHOES)
    for before, row in pairwise(rows):
        first = ngym.replay(row).ob[0]
        assert first[-2:].tolist() == [before["reward"], before["response"]]


def test_in_a_yoked_run_an_agent_is_told_of_its_own_rewards():
    person = ngym.rollout("Bandit", "oracle", 400, seed=3, stack=ECHOES)
    rows = ngym.rollout("Bandit", LearnsInItsState(), yoke=person, stack=ECHOES)
    assert [row["conditions"] for row in rows] == [row["conditions"] for row in person]
    assert told_of(rows) == in_a_plain_loop(LearnsInItsState(), 400, seed=3)
    assert [row["memory"]["echo"] for row in rows[1:]] == [
        [row["response"], row["reward"]] for row in rows[:-1]
    ]


class Notes:
    """Writes down what it is told."""

    def __init__(self):
        self.told = []

    def start_run(self, env, rng):
        self.told.append(("run", env.trial_index, rng.random()))

    def begin(self, env, rng):
        self.env = env
        self.told.append(("trial", env.trial_index))

    def act(self, ob):
        return int(self.env.gt_now)

    def receive(self, reward, ended):
        self.told.append((reward, ended))


@pytest.mark.parametrize("id", ["GoNogo", "DawTwoStep", "MatchingPenny"])
def test_an_agent_is_told_of_runs_trials_and_rewards(id):
    notes = Notes()
    rows = ngym.rollout(id, notes, 5, seed=2)
    assert [what[0] for what in notes.told].count("run") == 1
    assert notes.told[0][:2] == ("run", 0)
    assert [what[1] for what in notes.told if what[0] == "trial"] == [0, 1, 2, 3, 4]
    earned = [[]]
    for what in notes.told[2:]:
        if what[0] == "trial":
            earned.append([])
        else:
            earned[-1].append(what)
    assert [sum(reward for reward, _ in each) for each in earned] == [row["reward"] for row in rows]
    for each in earned:
        assert [ended for _, ended in each] == [False] * (len(each) - 1) + [True]
    ngym.rollout(id, notes, 1, seed=2)
    assert [what[0] for what in notes.told].count("run") == 2


def test_a_learner_forgets_what_it_learned_in_another_run():
    learner = agent("q-learner")
    one, two = (ngym.rollout("Bandit", learner, 200, seed=1) for _ in range(2))
    assert told_of(one) == told_of(two)


def test_rows_name_the_agent_and_what_differs_from_its_defaults():
    found = ngym.rollout("GoNogo", "oracle", 1)
    assert found[0]["subject"] == "oracle"
    assert found[0]["subject_kind"] == "agent"
    assert rows(1, bound=7.5)[0]["subject"] == "integrator (bound=7.5, non_decision=200)"


def test_a_rollout_reports_its_progress_and_can_be_stopped():
    told = []
    found = ngym.rollout(
        "GoNogo", "oracle", 10, progress=lambda *args: told.append(args) or len(told) == 4
    )
    assert told == [(1, 10), (2, 10), (3, 10), (4, 10)]
    assert len(found) == 4
    with pytest.raises(ValueError, match="trials = 0: expected at least 1"):
        ngym.rollout("GoNogo", "oracle", 0)
    with pytest.raises(ValueError, match="are taken with an id only"):
        ngym.rollout(ngym.make("GoNogo"), "oracle", 1, dt=20)


def test_the_non_decision_time_varies_as_told():
    task = dict(dt=10, timing={"stimulus": 300, "decision": 2000})
    found = ngym.rollout(
        "PerceptualDecisionMaking",
        "integrator",
        trials=400,
        agent_params=dict(non_decision=500.0, non_decision_sd=60.0),
        **task,
    )
    times = np.array([row["rt_ms"] for row in found])
    assert abs(times.mean() - 505) < 5 * 60 / 20  # rounded up to whole steps of 10 ms
    assert 50 < times.std() < 70
