"""A run as a browser plays it, without a browser: what is sent, scored, stored and refused."""

import copy
import logging
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import param
import pytest
import sqlalchemy as sa

import neurogym as ngym
from app.player import messages, reading
from app.player.messages import title
from app.player.session import AHEAD, KEPT, Session, scored
from app.state import StudioState
from neurogym.records import measures, trial_table
from neurogym.records.database import Store
from neurogym.spec.outcomes import Outcome
from neurogym.trials.task import in_words
from neurogym.wrappers import WRAPPERS, Wrapper

N = 6
STEPPED = "CartPole-v1"  # each of its steps is asked for: what an action does it alone knows


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "trials.db") as store:
        yield store


@pytest.fixture(autouse=True)
def no_surprises(caplog):
    """Whatever a browser sends, the server does not fail."""
    yield
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


@pytest.fixture(autouse=True, scope="module")
def stepped(known_tasks):
    ngym.register(STEPPED)


def make_run(store, task="GoNogo-v0", run_id="run1", n=N, **changes):
    choice = StudioState(task=task, preset="human")
    run = dict(
        run_id=run_id, task=task, params=choice.settings(), wrappers=[], seed=11, n_trials=n,
        subject_kind="human", subject="lea", settings={"feedback": True},
        created_utc=trial_table.utc_now(),
    ) | changes  # fmt: skip
    store.add_run(run)
    return run


def asked(trial, pressed, onset):
    """What a page tells of several answers, each 3.5 ms into its step."""
    start, answers = onset - trial["counted"] * trial["dt"], []
    for name, first, stop in trial["asked"]["slots"]:
        at = [k for k, action in pressed if first <= k < stop]
        times = dict(onset_ms=start + first * trial["dt"], key_ms=None, rt_ms=None)
        if at:
            times["key_ms"] = start + at[0] * trial["dt"] + 3.5
            times["rt_ms"] = times["key_ms"] - times["onset_ms"]
        answers.append(dict(name=name, **times))
    return dict(answers=answers)


def untimed(row):
    """A row without what the browser measures and steps cannot tell."""
    times = ("rt_ms", "onset_ms", "key_ms")
    answers = [{k: v for k, v in told.items() if k not in times} for told in row["answers"]]
    return {**row, "rt_ms": None, "produced_ms": None, "answers": answers}


def shown(trial, cut_off=False):
    """The periods of a trial as a screen shows them."""
    dt = trial["dt"]
    begun = 1000.25 - dt * trial["counted"] if "asked" in trial else 900.5
    told = [
        [name, begun + dt * first, dt * (last - first)] for name, first, last in trial["periods"]
    ]
    return [[name, onset, None if cut_off else ms] for name, onset, ms in told]


class Player:
    """A browser that speaks the protocol of docs/player.md; `policy(trial, k)` gives actions."""

    def __init__(self, store, run, policy=None):
        self.policy = policy or (lambda trial, k: int(k == trial["window"][0] + 3))
        self.inbox, self.config, self.queue, self.acks, self.problems = [], None, [], {}, []
        self.over, self.rows, self.sent = False, [], []
        self.session = Session(store, run, self.inbox.append, self.rows.append)

    def say(self, **message):
        """Send a message, and take in all that comes back; returns it."""
        self.sent.append(message)
        self.session.receive(message)
        answers = list(self.inbox)
        self.inbox.clear()
        for answer in answers:
            self.hear(answer)
        return answers

    def hear(self, message):
        kind = message["type"]
        if kind == "config":
            self.config, self.queue, self.over = message, [], False
        elif kind == "trial":
            self.queue.append(message)
        elif kind == "ack":
            assert message["uid"] not in self.acks
            self.acks[message["uid"]] = message
        elif kind == "error":
            self.problems.append(message["message"])
        self.over |= kind == "done"

    def ready(self, **more):
        return self.say(type="ready", run=self.session.run["run_id"], **more)

    def record(self, trial, interrupted=None):
        """Play a trial; returns its record."""
        flags = {"interrupted": interrupted} if interrupted else {}
        if interrupted:
            played = dict(response=None, outcome=0, reward=0, at=None, actions=[[1, 1]])
        else:
            play = self._open if self.config["mode"] == "open" else self._lockstep
            play = self._joint if "parts" in trial else self._closed if "loop" in trial else play
            played = play(trial)
        at, onset = played.pop("at"), 1000.25
        key = None if at is None else onset + (at - trial["counted"]) * trial["dt"] + 3.5
        if played.get("parts"):
            lead = next(part for part in played["parts"] if part)
            onset, key = lead["onset_ms"], lead["key_ms"]
        periods = shown(trial, cut_off=bool(interrupted))
        if "asked" in trial:
            played |= asked(trial, played["actions"], onset)
            begun = [start for name, start, _ in periods if name == trial["asked"]["since"]]
            played["produced_ms"] = key - begun[0] if begun and key else None
        return dict(
            type="record", uid=trial["uid"], index=trial["index"], attempt=trial["attempt"],
            run=self.config["run"], onset_ms=onset, key_ms=key, rt_ms=key and key - onset,
            origin_ms=1.7e12, frames=90, late_frames=0, refresh_hz=60.0, flags=flags,
            periods=periods, **played,
        )  # fmt: skip

    def _open(self, trial):
        """Score with the payoff table that was sent."""
        _, states, actions = trial["shape"]
        pressed, state, answer, total, outcome = [], 0, None, 0.0, 0
        for k in range(trial["T"]):
            action = self.policy(trial, k)
            if action:
                pressed.append([k, action])
            i = (int(trial["kind"][k]) * states + state) * actions + action
            total += float(trial["reward"][i])
            outcome = int(trial["outcome"][i])
            if trial["response"][i] and answer is None:
                answer = int(trial["response"][i]), k, outcome
            state = int(trial["next"][i])
            if trial["ends"][i]:
                break
        response, at, earlier = answer or (None, None, 0)
        return dict(
            actions=pressed, response=response, at=at, outcome=outcome or earlier, reward=total
        )

    def _closed(self, trial):
        """A closed loop, as Python plays it."""
        env = trial_table.env_of(self.session.run)
        hand, memory = self.config.get("hand"), self.session.told[trial["uid"]]
        first = trial_table.begin(env, self.session.run["seed"], trial["index"], memory=memory)

        def act(ob):
            pressed = self.policy(trial, env.t_ind)
            return (hand["high"] if pressed else hand["rest"]) if hand else pressed

        trace = trial_table.run_trial(env, act, first)
        truth = trial_table.outcome_of(trace)
        at = None
        if truth["response"] is not None:
            at = trial["counted"] + round(truth["rt_ms"] / trial["dt"])
        played = {name: truth[name] for name in ("actions", "response", "reward")}
        return dict(played, outcome=int(Outcome[truth["outcome"].upper()]), at=at)

    def _joint(self, trial):
        """Several tasks at once, as Python plays them; each key comes 3.5 ms into its step."""
        env = trial_table.env_of(self.session.run)
        first = trial_table.begin(env, self.session.run["seed"], trial["index"])
        trace = trial_table.run_trial(env, lambda ob: self.policy(trial, env.t_ind), first)
        truth, parts = trial_table.outcome_of(trace), []
        for part, own in zip(trial["parts"], truth["parts"], strict=True):
            onset = part["on"] and 1000.25 + trial["dt"] * (part["at"] + part["window"][0])
            key = None if own["rt_ms"] is None else onset + own["rt_ms"] + 3.5
            told = dict(onset_ms=onset, key_ms=key, rt_ms=key and key - onset)
            told |= dict(response=own["response"], reward=own["reward"])
            told |= dict(outcome=int(Outcome[own["outcome"].upper()]))
            parts.append(told if part["on"] else None)
        names = ("actions", "response", "reward")
        outcome = int(Outcome[truth["outcome"].upper()])
        played = {name: truth[name] for name in names}
        return dict(played, outcome=outcome, parts=parts, at=None)

    def _lockstep(self, trial):
        k, pressed, total, outcome, at = 0, {}, 0.0, 0, None
        hand, response = self.config.get("hand"), None
        while True:
            action = self.policy(trial, k)
            if action:
                pressed[k] = action = hand["high"] if hand else action
            elif hand:
                action = hand["rest"]
            (obs,) = self.say(type="act", uid=trial["uid"], k=k, action=action)
            assert obs["type"] == "obs"
            assert obs["ob"].dtype == np.float32
            total += obs["reward"]
            outcome = obs["outcome"] or outcome
            step = obs.get("response_step", k if obs["outcome"] in (2, 3) else None)
            if step is not None and at is None and pressed.get(step):
                at, response = step, obs["response"] if hand else pressed[step]
            if obs["ends"]:
                break
            assert obs["k"] > k
            k = obs["k"]
        return dict(
            actions=[list(pair) for pair in pressed.items()], at=at, outcome=outcome,
            reward=total, response=response,
        )  # fmt: skip

    def play(self, n=None):
        """Play some trials, or all."""
        while self.queue and n != 0:
            self.say(**self.record(self.queue.pop(0)))
            n = n and n - 1


def finished(store, run_id="run1"):
    return trial_table.finished(store.trials(run_id=run_id))


def all_once(store, n=N, run_id="run1"):
    rows = store.trials(run_id=run_id)
    assert sorted(row["trial_index"] for row in trial_table.finished(rows)) == list(range(n))
    assert not [row["flags"]["mismatch"] for row in rows if "mismatch" in row["flags"]]
    return rows


@pytest.fixture
def player(store):
    player = Player(store, make_run(store))
    player.ready()
    return player


# -- a run from start to end -----------------------------------------------------------------------


def policies(seed):
    rng = np.random.default_rng(seed)
    return {
        "answers": None,
        "never": lambda trial, k: 0,
        "too early": lambda trial, k: int(k == 2),
        "at random": lambda trial, k: int(rng.random() < 0.05),
        "without rest": lambda trial, k: 1,
        "in the last step": lambda trial, k: int(k == trial["window"][1] - 1),
    }


@pytest.mark.each_played
@pytest.mark.parametrize("policy", policies(0))
def test_a_run_is_played_scored_and_stored(store, task_id, policy):
    run = make_run(store, task_id)
    player = Player(store, run, policies(1)[policy])
    config, *trials = player.ready()
    assert (config["type"], config["n_done"], config["n_trials"]) == ("config", 0, N)
    ahead = config["mode"] == "open" and not messages.is_adaptive(ngym.make(task_id).unwrapped)
    assert len(trials) == config["preload"] == (AHEAD if ahead else 1)
    player.play()
    assert player.over
    assert player.problems == []
    rows = all_once(store)
    assert [row["trial_index"] for row in rows] == list(range(N))
    assert [row["uid"] for row in player.rows] == [row["uid"] for row in rows]
    assert [player.acks[row["uid"]]["n_done"] for row in rows] == list(range(1, N + 1))
    for row in rows:
        assert set(row) == set(trial_table.COLUMNS)
        assert (row["subject"], row["subject_kind"], row["seed"]) == ("lea", "human", 11)
        assert (row["rt_ms"] is None) == (row["key_ms"] is None) == (row["response"] is None)
        truth = trial_table.outcome_of(trial_table.replay(row))
        assert untimed({**row, **truth}) == untimed(row)


def test_the_answers_of_a_person_and_an_agent_are_worth_the_same(store, task_id):
    player = Player(store, make_run(store, task_id))
    player.ready()
    player.play()
    for row in finished(store):
        actions = dict(map(tuple, row["actions"]))
        env = trial_table.env_of(row)
        first = trial_table.begin(env, row["seed"], row["trial_index"], memory=row["memory"])
        rest = env.idle_action
        act = lambda ob, e=env, a=actions, r=rest: a.get(e.t_ind, r)  # noqa: E731
        trace = trial_table.run_trial(env, act, first)
        assert trial_table.outcome_of(trace)["reward"] == pytest.approx(row["reward"])


def test_a_session_made_anew_goes_on_where_the_last_one_stopped(store, task_id):
    run = make_run(store, task_id)
    first = Player(store, run)
    first.ready()
    first.play(3)
    again = Player(store, run)
    config, *trials = again.ready()
    assert config["n_done"] == 3
    assert [trial["index"] for trial in trials] == list(range(3, 3 + len(trials)))
    again.play()
    assert again.over
    all_once(store)
    config, done = Player(store, run).ready()
    assert (config["n_done"], done) == (N, {"type": "done"})


@pytest.mark.parametrize("have", [None, [], ["run1-2-0", "run1-3-0"], "run1-2-0", [None, 5], 7])
def test_ready_in_mid_run_sends_all_that_is_open(store, player, have):
    player.play(2)
    config, *trials = player.ready(have=have)
    assert config["n_done"] == 2
    assert [trial["uid"] for trial in trials] == [f"run1-{i}-0" for i in (2, 3, 4, 5)]
    player.play()
    assert player.over
    all_once(store)


def test_ready_twice_begins_a_trial_in_lockstep_anew(store):
    player = Player(store, make_run(store, STEPPED, n=2))
    _, trial = player.ready()
    for k in range(5):
        player.say(type="act", uid=trial["uid"], k=k, action=1)
    _, again = player.ready()
    assert again["uid"] == trial["uid"]
    np.testing.assert_array_equal(again["frames"], trial["frames"])
    player.play()
    assert player.over
    all_once(store, 2)


@pytest.mark.parametrize("id", ["GoNogo-v0", "MatchingPenny-v0"])
def test_what_got_lost_on_the_way_is_sent_again(store, id):
    player = Player(store, make_run(store, id))
    player.ready()
    while not player.over:
        player.play()
        lost = player.session.sent
        player.queue.clear()  # nothing came
        assert [m.get("uid") for m in player.say(type="more") if m["type"] == "trial"] == [*lost]
        player.over = not player.queue
    assert player.say(type="more") == [{"type": "done"}]
    all_once(store)


# -- trials that depend on how those before them ended ---------------------------------------------


class Harder(Wrapper):
    """Coherence goes down after each right answer, up after each other one."""

    steps = param.List([2, 4, 8, 16, 32])

    def draw(self, task, draw, last):
        at = self.at(last)
        draw.conditions["coh"] = np.full(draw.n, float(self.steps[at]))
        return at

    def learn(self, task, last, trial, result):
        return max(0, min(len(self.steps) - 1, last + (-1 if result.correct else 1)))

    def at(self, last):
        return len(self.steps) - 1 if last is None else last


@pytest.fixture
def harder(monkeypatch):
    """A stack that learns."""
    monkeypatch.setitem(WRAPPERS, "Harder", Harder)
    return dict(task="PerceptualDecisionMaking-v0", wrappers=[{"Harder": {}}])


def always_right(session):
    """A policy that knows."""

    def act(trial, k):
        opened = trial["window"][0]
        return int(session().env.gt[opened]) if k == opened + 3 else 0

    return act


def adaptive(store, run):
    player = Player(store, run)
    player.policy = always_right(lambda: player.session)
    player.ready()
    return player


def test_each_of_several_answers_has_the_stamps_of_a_person(store):
    player = Player(store, make_run(store, "HierarchicalReasoning-v0"))
    player.policy = lambda trial, k: next(
        (1 + 2 * (name == "decision") for name, first, stop in trial["asked"]["slots"]
         if k == first + 4), 0,
    )  # fmt: skip
    player.ready()
    player.play()
    for row in all_once(store):
        assert row["flags"] == {}
        first, last = row["answers"]
        for answer in (first, last):
            assert answer["rt_ms"] == answer["key_ms"] - answer["onset_ms"] == 4 * 20 + 3.5
        assert (last["response"], last["rt_ms"], last["key_ms"], last["onset_ms"]) == (
            row["response"], row["rt_ms"], row["key_ms"], row["onset_ms"],
        )  # fmt: skip
        assert first["onset_ms"] < first["key_ms"] < last["onset_ms"]


@pytest.mark.parametrize("off", [0, 40])
def test_a_produced_interval_is_that_from_the_shown_onset_to_the_key(store, off):
    player = Player(store, make_run(store, "ReadySetGo-v0"))
    player.policy = lambda trial, k: int(k == trial["window"][0] + 30)
    player.ready()
    record = player.record(player.queue.pop(0))
    record["produced_ms"] += off
    player.say(**record)
    (row,) = store.trials(run_id="run1")
    onset = next(onset for name, onset, _ in row["periods"] if name == "set")
    assert row["produced_ms"] == row["key_ms"] - onset
    seen = {"produced_ms": row["produced_ms"] + off}
    assert row["flags"] == ({"mismatch": seen} if off else {})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda record: record["answers"][0].update(key_ms=None), "mismatch"),
        (lambda record: record["answers"][1].update(onset_ms=None), "mismatch"),
        (lambda record: record["answers"][0].update(key_ms=9e6), "implausible"),
        (lambda record: record["answers"][0].update(name="rule"), "refused"),
        (lambda record: record.pop("answers"), None),
    ],
)
def test_stamps_of_answers_that_cannot_be_are_told(store, change, told, caplog):
    player = Player(store, make_run(store, "HierarchicalReasoning-v0"))
    player.policy = lambda trial, k: int(
        any(k == first + 4 for _, first, _ in trial["asked"]["slots"])
    )
    player.ready()
    record = player.record(player.queue.pop(0))
    change(record)
    player.say(**record)
    rows = store.trials(run_id="run1")
    if told == "refused":
        assert rows == []
        assert "there is none with the name 'rule_target'" in caplog.text
        return
    assert len(rows) == 1
    assert set(rows[0]["flags"]) == ({told} if told else set())


def coherences(rows):
    return [row["conditions"]["coh"] for row in rows]


def test_a_run_that_learns_is_sent_trial_by_trial(store, harder):
    player = adaptive(store, make_run(store, **harder))
    assert player.config["preload"] == len(player.queue) == 1
    player.play()
    assert player.over
    rows = all_once(store)
    assert coherences(rows) == [32, 16, 8, 4, 2, 2]
    assert rows[0]["memory"] == {}
    assert all(row["memory"] for row in rows[1:])
    for row in rows:
        truth = trial_table.outcome_of(trial_table.replay(row))
        assert untimed({**row, **truth}) == untimed(row)
    player = adaptive(store, make_run(store, **harder, run_id="run2"))
    player.policy = lambda trial, k: 0
    player.play()
    assert coherences(all_once(store, run_id="run2")) == [32] * N


@pytest.mark.parametrize("anew", [False, True], ids=["reload", "restart"])
def test_a_run_that_learns_goes_on_where_it_stopped(store, harder, anew):
    run = make_run(store, **harder)
    player = adaptive(store, run)
    player.play(2)
    late = player.record(player.queue[0])  # it waits in the outbox, sent before `ready`
    if anew:
        player = Player(store, run)
        player.policy = always_right(lambda: player.session)
        player.config = {"run": run["run_id"], "mode": "open"}
    player.say(**late)
    del player.acks[late["uid"]]
    player.ready()
    player.say(**late)  # and comes once more
    player.play()
    assert coherences(all_once(store)) == [32, 16, 8, 4, 2, 2]


def test_a_run_ends_with_what_follows_the_subject(store):
    stack = [{"Staircase": {"max_trials": 3}}]
    run = make_run(store, "PerceptualDecisionMaking-v0", n=9, wrappers=stack)
    player = adaptive(store, run)
    player.play()
    assert player.over
    assert [row["trial_index"] for row in finished(store)] == [0, 1, 2]


def test_an_interrupted_trial_that_learns_comes_again_as_things_are_then(store, harder):
    player = adaptive(store, make_run(store, **harder))
    player.play(1)
    player.say(**player.record(player.queue.pop(0), "pause"))
    player.play()
    rows = all_once(store)
    assert [row["trial_index"] for row in rows] == [0, 1, 2, 3, 4, 5, 1]
    assert coherences(rows) == [32, 16, 16, 8, 4, 2, 2]
    assert rows[1]["memory"] == rows[2]["memory"] != rows[6]["memory"]


def test_a_late_record_of_another_run_that_learns_is_scored_with_its_own_memory(store, harder):
    player = adaptive(store, make_run(store, **harder))
    player.play(3)
    late = player.record(player.queue[0])
    other = Player(store, make_run(store, run_id="run2"))
    other.say(**late)
    assert coherences(finished(store)) == [32, 16, 8, 4]
    assert "mismatch" not in finished(store)[-1]["flags"]


def test_what_was_done_and_earned_is_shown_in_the_next_trial(store):
    stack = [{"PassAction": {}}, {"PassReward": {}}]
    run = make_run(store, "PerceptualDecisionMaking-v0", wrappers=stack)
    player = adaptive(store, run)
    assert player.config["preload"] == 1
    trial = player.queue[0]
    assert [echo["what"] for echo in trial["echo"]] == ["action", "reward"]
    assert trial["echo_first"] == [0, 0]
    player.play(1)
    (row,) = finished(store)
    assert row["correct"]
    assert player.queue[0]["echo_first"] == [row["response"], row["reward"]]
    assert player.queue[0]["frames"].shape[1] == max(e["start"] for e in trial["echo"]) + 1
    player.play()
    for row in all_once(store):
        assert trial_table.replay(row).ob[0, -2:].tolist() == row["memory"]["echo"]


def test_the_response_need_not_be_the_key(store):
    """Half of the answers are lapses."""
    task, stack = "PerceptualDecisionMaking-v0", [{"Lapse": {"rate": 0.5}}]
    player = Player(store, make_run(store, task, wrappers=stack, n=12))
    player.ready()
    player.play()
    rows = all_once(store, 12)
    assert {(row["actions"][0][1], row["response"]) for row in rows} == {(1, 1), (1, 2)}


def test_each_trial_has_the_keys_of_its_task(store):
    others = [
        {"task": "NAltPerceptualDecisionMaking-v0", "preset": "human", "params": {"n_ch": 4}},
        {"task": "PerceptualDecisionMaking-v0", "preset": "human", "params": {"dim_ring": 16}},
    ]
    stack = [{"ScheduleEnvs": {"tasks": others, "order": "sequential"}}]
    player = Player(store, make_run(store, wrappers=stack))
    config, *trials = player.ready()
    names = {key["code"]: key["name"] for key in config["keys"]}
    assert set(names) == {"Space", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"}
    assert [len(trial["keys"]) for trial in trials[:3]] == [1, 4, 0]
    assert trials[0]["keys"][0]["code"] == "Space"
    assert [bool(trial["dial"]) for trial in trials[:3]] == [False, False, True]
    names = ("Go / No-go", "Brightest of n Lamps", "Perceptual Decision Making")
    assert config["title"] == " / ".join(names)
    player.play()
    all_once(store)


def test_where_rewards_are_told_what_was_right_is_not(store):
    player = Player(store, make_run(store, task="Bandit-v0"))
    config, *_ = player.ready()
    assert (config["earns"], config["feedback"]) == (True, "reward")
    player.play()
    last = list(player.acks.values())[-1]
    assert last["accuracy"] is None
    rewards = [row["reward"] for row in store.trials(run_id=player.session.run["run_id"])]
    assert last["reward"] == pytest.approx(sum(rewards))
    assert last["reward"] > 0


# -- several tasks at once -------------------------------------------------------------------------


def dual(store, policy=None, **how):
    pairs = {"task": "DelayPairedAssociation-v0", "preset": "human"}
    stack = [{"Combine": {"tasks": [pairs], **how}}]
    player = Player(store, make_run(store, wrappers=stack))
    player.policy = policy or both
    player.ready()
    return player


def both(trial, k):
    """The response of each task two steps into its window."""
    own = [p["at"] + p["window"][0] + 2 if p["on"] else None for p in trial["parts"]]
    return 2 * (k == own[0]) + (k == own[1])


@pytest.mark.parametrize("policy", policies(0))
@pytest.mark.parametrize("how", [{}, {"mix": [0.3, 0.3, 0.4]}], ids=["all", "mixed"])
def test_a_dual_task_is_played_scored_and_stored(store, policy, how):
    player = dual(store, policies(1)[policy] or both, **how)
    assert player.config["mode"] == "open"
    assert player.config["preload"] == AHEAD
    titles = [part["title"] for part in player.config["parts"]]
    assert titles == ["Go / No-go", "Delayed Paired Association"]
    assert player.config["title"] == " + ".join(titles)
    assert [(c["name"], c["part"]) for c in player.config["channels"]] == [
        ("fixation", 0), ("nogo", 0), ("go", 0), ("fixation", 1), ("stimulus", 1),
    ]  # fmt: skip
    assert {key["code"]: key["part"] for key in player.config["keys"]} == {"KeyF": 0, "KeyJ": 1}
    player.play()
    assert player.problems == []
    for row in all_once(store):
        truth = trial_table.outcome_of(trial_table.replay(row))
        for part, true in zip(row["parts"], truth["parts"], strict=True):
            assert {**part, **true, "rt_ms": 0} == {**part, "rt_ms": 0}
            if true["rt_ms"] is None:
                assert part["rt_ms"] is part["key_ms"] is None
            else:
                assert part["rt_ms"] == part["key_ms"] - part["onset_ms"] == true["rt_ms"] + 3.5
        lead = next(part for part in row["parts"] if part["on"])
        assert (row["onset_ms"], row["rt_ms"]) == (lead["onset_ms"], lead["rt_ms"])


@pytest.mark.parametrize(
    ("j", "change"),
    [
        (0, {"outcome": 4}),
        (1, {"response": None}),
        (1, {"reward": 7}),
        (1, {"rt_ms": 1.0}),
        (0, None),
    ],
)
def test_a_part_that_the_browser_saw_otherwise_is_flagged(store, j, change):
    player = dual(store)
    record = player.record(player.queue.pop(0))
    record["parts"][j] = change and record["parts"][j] | change
    player.say(**record)
    (row,) = finished(store)
    assert list(row["flags"]["mismatch"]) == ["parts"]
    assert row["parts"][1]["rt_ms"] == pytest.approx(40 + 3.5)


@pytest.mark.parametrize("parts", ["absent", None, [], [{}, {}], [None], [1, 2], "ab"])
def test_a_record_of_a_dual_task_without_its_parts_is_refused(store, parts):
    player = dual(store)
    record = player.record(player.queue.pop(0)) | {"parts": parts}
    if parts == "absent":
        del record["parts"]
    ack, *_ = player.say(**record)
    assert "refused" in ack
    assert finished(store) == []


# -- trials that were broken off -------------------------------------------------------------------


def test_an_interrupted_trial_comes_again_at_the_end(store, player):
    for reason in ("hidden", "reload"):
        player.say(**player.record(player.queue.pop(0), reason))
    order = []
    while player.queue:
        order.append(player.queue[0]["uid"])
        player.play(1)
    assert order == [*(f"run1-{i}-0" for i in (2, 3, 4, 5)), "run1-0-1", "run1-1-1"]
    rows = all_once(store)
    broken = [row for row in rows if not trial_table.is_finished(row)]
    assert [row["flags"]["interrupted"] for row in broken] == ["hidden", "reload"]
    for row in broken:
        twin = next(r for r in finished(store) if r["trial_index"] == row["trial_index"])
        assert row["conditions"] == twin["conditions"] != {}
        assert row["actions"] == [[1, 1]]
        for name in ("response", "outcome", "correct", "reward", "rt_ms", "key_ms"):
            assert row[name] is None


def test_a_trial_can_be_interrupted_time_and_again(store, player):
    for attempt in range(4):
        trials = [trial for trial in player.queue if trial["index"] == 5] or [None]
        while trials[0] is None:
            player.play(1)
            trials = [trial for trial in player.queue if trial["index"] == 5] or [None]
        assert trials[0]["attempt"] == attempt
        player.queue.remove(trials[0])
        player.say(**player.record(trials[0], "pause"))
    player.play()
    assert player.over
    assert len(all_once(store)) == N + 4
    again = Player(store, player.session.run)
    assert again.ready()[-1] == {"type": "done"}


def test_an_interrupted_trial_in_lockstep_comes_again(store):
    player = Player(store, make_run(store, STEPPED, n=3))
    player.ready()
    trial = player.queue.pop(0)
    for k in range(3):
        player.say(type="act", uid=trial["uid"], k=k, action=0)
    player.say(**player.record(trial, "stop"))
    player.play()
    assert player.over
    assert len(all_once(store, 3)) == 4


def test_an_interruption_of_a_trial_that_was_finished_elsewhere_does_not_open_it(store, player):
    trial = copy.deepcopy(player.queue[0])
    player.play()
    late = player.record(trial | {"uid": "run1-0-1", "attempt": 1}, "reload")
    answers = player.say(**late)
    assert [answer["type"] for answer in answers] == ["ack", "done"]
    assert len(all_once(store)) == N + 1


# -- records that come twice, late, or for another run ---------------------------------------------


def test_records_sent_twice_are_stored_once(store, player):
    for _ in range(N):
        record = player.record(player.queue.pop(0))
        player.say(**record)
        del player.acks[record["uid"]]
        ack, *_ = player.say(**record)
        assert ack["type"] == "ack"
        assert "refused" not in ack
    assert player.over
    assert len(player.rows) == N
    all_once(store)


def test_records_out_of_order(store, player):
    player.say(**player.record(player.queue.pop(2)))
    player.say(**player.record(player.queue.pop(0)))
    player.play()
    rows = all_once(store)
    assert [row["trial_index"] for row in rows][:2] == [2, 0]


def test_a_record_that_waited_for_a_new_session(store, player):
    waiting = [player.record(trial) for trial in player.queue]
    again = Player(store, player.session.run)
    for record in waiting:
        again.say(**record)
    config, *trials = again.ready()
    assert config["n_done"] == AHEAD
    assert [trial["index"] for trial in trials] == [4, 5]
    again.play()
    all_once(store)


def test_a_record_of_another_run_is_stored_there(store, player):
    other = Player(store, make_run(store, "PerceptualDecisionMaking-v0", "run2"))
    other.ready()
    record = other.record(other.queue[0])
    ack, *_ = player.say(**record)
    assert (ack["type"], ack["n_done"]) == ("ack", 1)
    assert finished(store, "run1") == []
    row = finished(store, "run2")[0]
    assert row["task"] == "PerceptualDecisionMaking-v0"
    assert "mismatch" not in row["flags"]
    assert player.rows == []
    player.play()
    all_once(store)


def test_a_record_of_a_run_that_is_not_here_is_kept_by_the_browser(store, player):
    record = player.record(player.queue[0]) | {"run": "gone", "uid": "gone-0-0"}
    (ack,) = player.say(**record)
    assert (ack["type"], ack["uid"], ack["keep"]) == ("ack", "gone-0-0", True)
    assert "there is no run 'gone' in this database" in ack["refused"]
    player.play()
    all_once(store)


def test_a_record_of_a_task_that_is_not_here_is_kept_by_the_browser(store, player):
    lost = make_run(store, run_id="lost")
    with sqlite3.connect(store.url.database) as database:
        database.execute("update runs set task = 'Gone-v0' where run_id = 'lost'")
    database.close()
    record = player.record(player.queue[0]) | {"run": lost["run_id"], "uid": "lost-0-0"}
    (ack,) = player.say(**record)
    assert ack["keep"] is True
    assert "Gone-v0" in ack["refused"]


def test_a_record_for_an_agents_run_is_refused(store, player):
    make_run(store, run_id="agent1", subject_kind="agent", subject="oracle")
    record = player.record(player.queue[0]) | {"run": "agent1", "uid": "agent1-0-0"}
    (ack,) = player.say(**record)
    assert (ack["refused"], ack["keep"]) == ("the run 'agent1' is an agent's", False)
    assert store.trials(run_id="agent1") == []


def test_two_sessions_on_one_run_store_each_trial_once(store):
    run = make_run(store)
    a, b = Player(store, run), Player(store, run)
    a.ready()
    b.ready()
    for _ in range(3):
        a.play(1)
        b.play(1)
    a.say(**a.record(a.queue.pop(0), "hidden"))
    a.play()
    b.play()
    assert a.over
    assert b.over
    all_once(store)


def test_a_session_sees_what_another_one_broke_off(store):
    run = make_run(store, n=2)
    a, b = Player(store, run), Player(store, run)
    a.ready()
    b.ready()
    a.say(**a.record(a.queue.pop(0), "reload"))
    b.play()  # its own record of that attempt comes too late
    assert b.over
    assert len(all_once(store, 2)) == 3


def test_a_second_result_of_a_trial_is_refused(store, player):
    stale = player.record(player.queue[0]) | {"uid": "run1-0-1", "attempt": 1}
    player.play()
    ack, *_ = player.say(**stale)
    assert ack["refused"] == "trial 0 of the run 'run1' was played already"
    assert ack["keep"] is False
    all_once(store)


# -- what cannot be --------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
DELETED = object()
SCREEN = {
    "stage": [900.0, 600.5],
    "window": [1280.0, 720.0],
    "screen": [1920.0, 1080.0],
    "ratio": 1.25,
}
FORGED = {
    "no index": dict(index=DELETED),
    "no attempt": dict(attempt=DELETED),
    "no run": dict(run=DELETED),
    "no actions": dict(actions=DELETED),
    "no outcome": dict(outcome=DELETED),
    "no reward": dict(reward=DELETED),
    "no response": dict(response=DELETED),
    "no flags": dict(flags=DELETED),
    "no onset": dict(onset_ms=DELETED),
    "no frames": dict(frames=DELETED),
    "the index of another trial": dict(index=1),
    "another attempt": dict(attempt=1),
    "the uid of another trial": dict(uid="run1-1-0"),
    "the uid of another attempt": dict(uid="run1-0-1"),
    "the uid of another run": dict(uid="run2-0-0"),
    "a free uid": dict(uid="x"),
    "a padded uid": dict(uid="run1-00-0"),
    "a negative index": dict(index=-1, uid="run1--1-0"),
    "an index beyond the run": dict(index=N, uid=f"run1-{N}-0"),
    "an index of text": dict(index="0"),
    "an index of NaN": dict(index=NAN),
    "an endless index": dict(index=INF),
    "no number as index": dict(index=None),
    "a true index": dict(index=False),
    "a negative attempt": dict(attempt=-1, uid="run1-0--1"),
    "a run that is no text": dict(run=5),
    "a run that is a list": dict(run=["run1"]),
    "actions of text": dict(actions="1"),
    "actions of nothing": dict(actions=None),
    "an action without a step": dict(actions=[1]),
    "an action of three": dict(actions=[[1, 1, 1]]),
    "a negative step": dict(actions=[[-1, 1]]),
    "a huge step": dict(actions=[[10**9, 1]]),
    "a step after the end": dict(actions=[[119, 1], [120, 1]]),
    "a step of text": dict(actions=[["1", 1]]),
    "a step of NaN": dict(actions=[[NAN, 1]]),
    "a step of nothing": dict(actions=[[None, 1]]),
    "half a step": dict(actions=[[1.5, 1]]),
    "two actions in a step": dict(actions=[[1, 1], [1, 0]]),
    "an unknown action": dict(actions=[[1, 2]]),
    "a negative action": dict(actions=[[1, -1]]),
    "an action of text": dict(actions=[[1, "go"]]),
    "an action of NaN": dict(actions=[[1, NAN]]),
    "an action of nothing": dict(actions=[[1, None]]),
    "an unknown outcome": dict(outcome=6),
    "an outcome of text": dict(outcome="correct"),
    "an outcome of nothing": dict(outcome=None),
    "a reward of NaN": dict(reward=NAN),
    "a reward of text": dict(reward="1"),
    "a response of text": dict(response="go"),
    "a negative response": dict(response=-1),
    "an onset of NaN": dict(onset_ms=NAN),
    "an endless key": dict(key_ms=INF),
    "an onset of text": dict(onset_ms="12"),
    "a true rate": dict(refresh_hz=True),
    "a list as origin": dict(origin_ms=[1]),
    "negative frames": dict(frames=-1),
    "half a frame": dict(frames=1.5),
    "frames of nothing": dict(late_frames=None),
    "late frames of no rate": dict(refresh_hz=None),
    "no periods": dict(periods=DELETED),
    "periods of nothing": dict(periods=None),
    "periods of text": dict(periods="fixation"),
    "a period alone": dict(periods=["fixation"]),
    "a period without a length": dict(periods=[["fixation", 5.0]]),
    "a strange period": dict(periods=[["fixatoin", 5.0, 5.0]]),
    "a period of no name": dict(periods=[[None, 5.0, 5.0]]),
    "a period of several names": dict(periods=[[["fixation"], 5.0, 5.0]]),
    "a period without an onset": dict(periods=[["fixation", None, 5.0]]),
    "an onset of text in a period": dict(periods=[["fixation", "5", 5.0]]),
    "a period of NaN": dict(periods=[["fixation", 5.0, NAN]]),
    "an endless period": dict(periods=[["fixation", 5.0, INF]]),
    "a period shorter than none": dict(periods=[["fixation", 5.0, -1.0]]),
    "flags of nothing": dict(flags=None),
    "flags of text": dict(flags="interrupted"),
    "a flag of text": dict(flags={"early": "often"}),
    "a flag of nothing": dict(flags={"interrupted": None}),
    "an empty reason": dict(flags={"interrupted": ""}),
    "a flag of ours": dict(flags={"mismatch": 1}),
    "a negative flag": dict(flags={"blur": -1}),
    "a flag that there is not": dict(flags={"blurred": 1}),
    "a thousand flags": dict(flags=dict.fromkeys(map(str, range(1000)), 1)),
    "a count beyond all": dict(flags={"blur": 10**12}),
    "a reason that there is not": dict(flags={"interrupted": "x" * 1000}),
    "what only Python says": dict(flags={"implausible": 1}),
    "more actions than steps": dict(actions=[[1, 1]] * 10_000),
    "more periods than there can be": dict(periods=[["fixation", 5.0, 5.0]] * 10_000),
    "a number beyond all": dict(onset_ms=10**400),
    "a start of text": dict(start_ms="1"),
    "an endless pause": dict(iti_ms=INF),
    "a screen of text": dict(screen="large"),
    "a screen of nothing": dict(screen=None),
    "a screen without a ratio": dict(screen={**SCREEN, "ratio": None}),
    "a screen of more": dict(screen={**SCREEN, "colours": 24}),
    "a screen without a window": dict(screen={"stage": [1, 1], "screen": [1, 1], "ratio": 1}),
    "a stage with one side": dict(screen={**SCREEN, "stage": [900]}),
    "a stage of three sides": dict(screen={**SCREEN, "stage": [900, 600, 300]}),
    "a stage of NaN": dict(screen={**SCREEN, "stage": [900, NAN]}),
    "a stage below nothing": dict(screen={**SCREEN, "stage": [900, -1]}),
    "a screen as large as a town": dict(screen={**SCREEN, "screen": [900, 1e6]}),
    "a ratio beyond all": dict(screen={**SCREEN, "ratio": 1e6}),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_record_is_refused_and_the_run_goes_on(store, player, case, caplog):
    record = player.record(player.queue.pop(0)) | FORGED[case]
    record = {name: value for name, value in record.items() if value is not DELETED}
    ack, *_ = player.say(**record)
    assert (ack["type"], ack["uid"], ack["keep"]) == ("ack", record["uid"], False)
    assert ack["refused"]
    assert store.trials() == []
    assert player.rows == []
    assert record["uid"] in caplog.text
    player.acks.clear()
    if record["uid"] == "run1-0-0":  # its trial comes again, under a uid that was never played
        uids = [trial["uid"] for trial in player.queue]
        assert "run1-0-1" in (*uids, *map(player.session.uid, player.session.queue))
    else:
        player.say(**player.record(player.queue.pop(0)))
        player.ready()
    player.play()
    assert player.over
    all_once(store)
    again = Player(store, player.session.run)
    assert again.ready()[-1] == {"type": "done"}


def test_the_start_the_pause_before_it_and_the_screen_are_stored(store, player):
    told = dict(start_ms=900.5, iti_ms=512.345, screen=SCREEN)
    player.say(**player.record(player.queue.pop(0)) | told)
    (row,) = store.trials()
    assert {name: row[name] for name in told} == told
    assert row["flags"] == {}


def test_a_page_of_an_earlier_version_does_not_tell_them(store, player):
    record = player.record(player.queue.pop(0))
    assert not {"start_ms", "iti_ms", "screen"} & set(record)
    player.say(**record)
    (row,) = store.trials()
    assert (row["start_ms"], row["iti_ms"], row["screen"]) == (None, None, {})


@pytest.mark.parametrize(
    ("told", "strange"), [(dict(iti_ms=-1.0), "iti_ms"), (dict(start_ms=901.0), "start_ms")]
)
def test_no_trial_begins_after_its_periods_or_before_the_end_of_another(
    store, player, told, strange
):
    player.say(**player.record(player.queue.pop(0)) | told)
    (row,) = store.trials()
    assert row["flags"] == {"implausible": [strange]}


def test_the_periods_that_were_shown_are_stored(store, task_id):
    player = Player(store, make_run(store, task_id))
    _, trial, *_ = player.ready()
    record = player.record(player.queue.pop(0))
    player.say(**record)
    (row,) = store.trials()
    assert row["periods"] == record["periods"] == shown(trial)
    assert len(row["periods"]) == len(trial["periods"])


def test_an_interrupted_period_has_no_length(store, player):
    player.say(**player.record(player.queue.pop(0), "pause"))
    (row,) = store.trials()
    assert row["periods"]
    assert {ms for _, _, ms in row["periods"]} == {None}


def slow(record, factor):
    """A record whose periods lasted longer."""
    periods = [[name, onset, ms * factor] for name, onset, ms in record["periods"]]
    return record | {"periods": periods}


def test_a_run_that_was_slower_than_declared_says_so(store, player):
    for factor in (1.0, 1.5):
        player.say(**slow(player.record(player.queue.pop(0)), factor))
    paces = [row["pace"] for row in store.trials()]
    assert paces == pytest.approx([1.0, 1.5])  # of the periods that no answer cut short
    assert [ack["slower"] for ack in player.acks.values()] == [0, 25]
    player.say(**player.record(player.queue.pop(0), "pause"))
    assert store.trials()[-1]["pace"] is None


def test_the_pace_of_an_episode_counts_the_steps_that_it_had(store):
    player = Player(store, make_run(store, STEPPED, n=1), policy=lambda trial, k: k % 2)
    player.ready()
    record = player.record(player.queue.pop(0))
    steps = 1 + max(message["k"] for message in player.sent if message["type"] == "act")
    assert steps < 500
    player.say(**record | {"periods": [["episode", 5.0, steps * 20 * 1.1]]})
    (row,) = store.trials()
    assert row["pace"] == pytest.approx(1.1)
    assert next(iter(player.acks.values()))["slower"] == 10


def test_closed_tasks_that_take_turns_travel(store):
    stack = [{"ScheduleEnvs": {"tasks": [{"task": "GoNogo-v0"}], "order": "sequential"}}]
    player = Player(store, make_run(store, "DawTwoStep-v0", n=2 * AHEAD, wrappers=stack))
    player.ready()
    assert player.config["mode"] == "open"
    assert ["loop" in trial for trial in player.queue] == [True, False] * (AHEAD // 2)
    player.play()
    all_once(store, 2 * AHEAD)


def test_a_strange_period_is_told_with_those_that_there_are(player):
    record = player.record(player.queue.pop(0))
    ack, *_ = player.say(**record | {"periods": [["fixatoin", 1.0, 2.0]]})
    assert "unknown period 'fixatoin': allowed are 'fixation'" in ack["refused"]
    assert "did you mean 'fixation'?" in ack["refused"]


def test_a_refresh_rate_may_be_unknown(store, player):
    record = player.record(player.queue.pop(0))
    record |= {"refresh_hz": None, "late_frames": None, "flags": {"refresh_changed": True}}
    player.say(**record)
    (row,) = store.trials()
    assert (row["refresh_hz"], row["late_frames"]) == (None, None)
    assert row["flags"] == {"refresh_changed": True}


def test_a_true_record_after_a_forged_one_is_taken(store, player):
    record = player.record(player.queue.pop(0))
    player.say(**record | {"reward": None, "actions": None})
    del player.acks[record["uid"]]
    ack, *_ = player.say(**record)
    assert "refused" not in ack
    player.play()
    assert player.over
    all_once(store)


@pytest.mark.parametrize("message", [
    None, 5, "ready", [], {}, {"type": None}, {"type": "recrod"}, {"type": ["ready"]},
    {"type": "x" * 100_000}, {"type": "record", "uid": "x" * 100_000},
    {"type": "record"}, {"type": "record", "uid": None}, {"type": "record", "uid": ["a"]},
    {"type": "act"}, {"type": "act", "uid": "run1-0-0"},
    {"type": "act", "uid": "run1-0-0", "k": "0"},
])  # fmt: skip
def test_a_message_that_cannot_be_read_is_told(store, player, message):
    player.session.receive(message)
    (answer,) = player.inbox
    assert answer["type"] == "error"
    assert answer["message"]
    player.inbox.clear()
    player.play()
    all_once(store)


def test_an_unknown_message_names_the_known_ones(player):
    (answer,) = player.say(type="recrod")
    assert "unknown message 'recrod'" in answer["message"]
    assert "did you mean 'record'?" in answer["message"]


FAULTS = {
    "a full disk": sa.exc.OperationalError("INSERT", {}, Exception("disk is full")),
    "a locked database": sa.exc.OperationalError("INSERT", {}, Exception("database is locked")),
    "a read-only database": sa.exc.OperationalError("INSERT", {}, Exception("readonly database")),
    "a damaged database": sa.exc.DatabaseError("SELECT", {}, Exception("malformed")),
    "a file that is gone": FileNotFoundError(2, "No such file", "trials.db"),
}


@pytest.mark.parametrize("method", ["run", "trials", "add_run", "add_trial", "summary"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_database_that_fails_for_a_while_loses_and_doubles_nothing(
    store, player, monkeypatch, caplog, fault, method
):
    player.session.written = False
    record = player.record(player.queue.pop(0))

    def fails(*args, **kwargs):
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(store, method, fails)
        for answer in [*player.say(**record), *player.say(type="resume", have=[])]:
            if answer["type"] == "error":
                assert answer["later"]
                assert re.fullmatch(r"[\w ,;.]+", answer["message"])
                assert "INSERT" not in answer["message"]
    if method in ("add_run", "add_trial"):
        assert str(fault) in caplog.text
        assert store.trials() == []
    caplog.clear()
    player.acks.clear()
    again = Player(store, player.session.run)
    again.config = player.config
    again.say(type="resume", have=[record["uid"]])
    again.say(**record)
    again.play()
    assert again.over
    assert len(all_once(store)) == N


def test_a_database_that_was_deleted_is_not_begun_anew(store, player, caplog):
    path = Path(store.url.database)
    record = player.record(player.queue.pop(0))
    kept = path.rename(path.with_suffix(".away"))
    (answer,) = player.say(**record)
    assert answer == {"type": "error", "message": KEPT, "later": True}
    assert not path.exists()
    kept.rename(path)
    caplog.clear()
    player.say(**record)
    player.play()
    all_once(store)


def test_a_trial_that_nobody_was_sent_is_refused(store):
    player = Player(store, make_run(store, n=20))
    player.ready()
    trial = player.queue[0]
    ack, *_ = player.say(**player.record(trial | {"uid": "run1-15-0", "index": 15}))
    assert (ack["refused"], ack["keep"]) == ("trial 15 was not sent yet", True)
    attempt = 2**31
    forged = trial | {"uid": f"run1-0-{attempt}", "attempt": attempt}
    ack, *_ = player.say(**player.record(forged, "pause"))
    assert "was not sent yet" in ack["refused"]
    player.acks.clear()
    player.play()
    assert player.over
    all_once(store, 20)


STRANGE = {
    "rt_ms": dict(key_ms=10_000_000.0, rt_ms=10_000_000.0 - 1000.25),
    "onset_ms": dict(onset_ms=9e6, key_ms=9e6 + 63.5),
    "frames": dict(frames=0),
    "refresh_hz": dict(refresh_hz=5e4),
    "rt_ms key_ms": dict(key_ms=900.25, rt_ms=-100.0),
}


@pytest.mark.parametrize("names", STRANGE)
def test_what_cannot_have_been_measured_is_stored_and_named(store, player, names):
    for change in ({}, STRANGE[names]):
        player.say(**player.record(player.queue.pop(0)) | change)
    sound, strange = store.trials()
    assert "implausible" not in sound["flags"]
    assert strange["flags"] == {"implausible": names.split()}
    assert measures.quality(store.trials())["implausible"] == 1


@pytest.mark.parametrize("action", [[[0.0, 0.0]] * 2, [10**400, 0], [None, 0], "00", [0.0] * 10**5])
def test_a_graded_action_that_cannot_be_is_told(store, action):
    space = gym.spaces.Box(-1, 1, (2,), np.float32)
    env = SimpleNamespace(action_space=space)
    with pytest.raises(ValueError, match="action") as told:
        reading.action(action, env)
    assert len(str(told.value)) < 200


def test_a_row_that_the_database_does_not_take_stays_in_the_browser(store, player):
    trial = player.queue.pop(0)
    store.delete_run("run1")
    ack, *_ = player.say(**player.record(trial))
    assert ack["keep"] is True
    assert "the run was deleted on the server" in ack["refused"]


@pytest.mark.parametrize("back", ["goes on", "ready", "resume", "another run"])
def test_a_deleted_run_does_not_come_back_with_what_a_browser_still_has(store, player, back):
    player.say(**player.record(player.queue.pop(0)))
    waiting = [player.record(player.queue.pop(0)) for _ in range(3)]
    assert store.delete_run("run1")
    other = player
    if back == "another run":
        other = Player(store, make_run(store, run_id="run2"))
        other.session.adopt = lambda run_id, address: player.session.run
    elif back != "goes on":
        other = Player(store, player.session.run)
    if back == "resume":
        other.say(type="resume", have=[record["uid"] for record in waiting])
    elif back != "goes on":
        other.ready()
    for record in waiting:
        other.say(**record)
        ack = other.acks[record["uid"]]
        assert ack["keep"] is True
        assert ack["refused"].startswith("the run was deleted on the server. The answer is kept")
    assert store.run("run1") is None
    assert store.trials() == []
    assert other.over == (back != "another run")  # nothing to go on with
    store.add_run(player.session.run)  # who wants it back adds it
    again = Player(store, player.session.run)
    again.ready()
    assert "refused" not in again.say(**waiting[0])[0]
    assert [row["uid"] for row in store.trials()] == [waiting[0]["uid"]]


# -- what was tampered with ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tampered", "flag"),
    [
        (dict(reward=100.0), {"reward": 100.0}),
        (dict(response=None), {"response": None}),
        (dict(outcome=5), {"outcome": "withheld"}),
        (dict(outcome=0, reward=-3), {"outcome": "none", "reward": -3.0}),
        (dict(rt_ms=1.0), {"rt_ms": 1.0}),
        (dict(rt_ms=None), {"rt_ms": None}),
    ],
)
def test_what_was_tampered_with_is_flagged_and_python_is_believed(store, player, tampered, flag):
    record = player.record(player.queue.pop(0))
    player.say(**record | tampered)
    (row,) = store.trials()
    assert row["flags"] == {"mismatch": flag}
    env = trial_table.env_of(row)
    truth = scored(player.session.run, env, record)
    for name in ("reward", "response", "outcome", "correct", "rt_ms", "actions"):
        assert row[name] == truth[name]


def test_actions_that_were_tampered_with_are_flagged(store, player):
    record = player.record(player.queue.pop(0))
    player.say(**record | {"actions": []})
    (row,) = store.trials()
    assert set(row["flags"]["mismatch"]) >= {"response", "outcome"}
    assert row["rt_ms"] is None
    assert row["key_ms"] is None


def test_other_flags_are_kept(store, player):
    flags = {"early": 2, "repeat": 1, "blur": 1, "hidden": 0, "resize": True}
    player.say(**player.record(player.queue.pop(0)) | {"flags": flags})
    assert store.trials()[0]["flags"] == flags


def test_action_0_needs_no_listing(store, player):
    record = player.record(player.queue.pop(0))
    player.say(**record | {"actions": [*record["actions"], [3, 0]]})
    assert store.trials()[0]["actions"] == record["actions"]


def test_a_response_time_belongs_to_a_response(store):
    player = Player(store, make_run(store, n=2), lambda trial, k: 0)
    player.ready()
    record = player.record(player.queue.pop(0)) | {"key_ms": 1500.0, "rt_ms": 499.75}
    player.say(**record)
    assert store.trials()[0]["rt_ms"] is None
    assert store.trials()[0]["key_ms"] is None


def test_a_response_time_is_that_of_the_stamps(store, player):
    player.play()
    for row in finished(store):
        assert row["rt_ms"] == row["key_ms"] - row["onset_ms"] == 63.5


# -- steps in lockstep -----------------------------------------------------------------------------


@pytest.fixture
def stepping(store):
    player = Player(store, make_run(store, STEPPED, n=2))
    player.ready()
    return player


def act(player, k, action=0, uid="run1-0-0"):
    return player.say(type="act", uid=uid, k=k, action=action)


def test_an_act_that_comes_twice_or_late_changes_nothing(stepping):
    (first,) = act(stepping, 0, 1)
    assert first["k"] == 1
    assert act(stepping, 0, 1) == []
    assert act(stepping, 5, 1) == []
    assert act(stepping, 1, 1, uid="run1-1-0") == []
    (second,) = act(stepping, 1, 0)
    assert second["k"] == 2


def test_an_act_after_the_end_changes_nothing(stepping):
    trial = stepping.queue.pop(0)
    record = stepping.record(trial)
    assert act(stepping, 0) == []
    assert act(stepping, 0, uid=None) == []
    stepping.say(**record)
    assert act(stepping, 0) == []
    stepping.play()
    assert stepping.over


@pytest.mark.parametrize("action", [3, -1, 10**9, 0.5, NAN, None, "1", [1], True])
def test_an_action_that_cannot_be_is_told_and_not_taken(stepping, action):
    (answer,) = act(stepping, 0, action)
    assert answer["type"] == "error"
    assert "action" in answer["message"]
    (obs,) = act(stepping, 0, 1)
    assert obs["k"] == 1


def test_an_open_trial_takes_no_steps(player):
    assert act(player, 0) == []


# -- threads ---------------------------------------------------------------------------------------


def test_calls_from_several_threads(store, player):
    trials = {trial["uid"]: trial for trial in player.queue}
    seen, lock = set(), threading.Lock()

    def browser(_):
        while True:
            with lock:
                fresh = [uid for uid in trials if uid not in seen]
                if not fresh:
                    return
                seen.add(fresh[0])
            record = player.record(trials[fresh[0]])
            for _ in range(3):
                player.session.receive(record)
            player.session.receive({"type": "ping"})
            with lock:
                trials.update({m["uid"]: m for m in player.inbox if m["type"] == "trial"})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(browser, range(6)))
    for uid in set(trials) - seen:
        player.session.receive(player.record(trials[uid]))
    all_once(store)
    assert len(player.rows) == N
    assert {"type": "done"} in player.inbox


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("PerceptualDecisionMaking-v0", "Perceptual Decision Making"),
        ("Reaching1D-v0", "Reaching 1D"),
        ("Reaching1DWithSelfDistraction-v0", "Reaching 1D With Self Distraction"),
        ("CVLearning-v0", "CV Learning"),
        ("IBL_Block-v0", "IBL Block"),
        ("priors.priors_v0-v0", "priors · priors v0"),
        ("CartPole-v1", "Cart Pole"),
        ("my_task-v0", "my task"),
        ("plain", "plain"),
    ],
)
def test_ids_in_words(id, words):
    assert in_words(id) == words


def test_a_task_says_what_it_is_called_in_words():
    class Coded(ngym.Task):
        called = "The plain name"

    assert Coded.title() == "The plain name"
    assert type("Recoded", (Coded,), {}).title() == "Recoded"  # it is not what it derives from
    assert title("CVLearning-v0") == "Learning Random Dots"
    assert title("yang19.ctxdlydm1-v0") == "Context Delayed Decision, Outer Ring (Yang 2019)"


def test_a_person_is_told_to_wait_for_the_cross_where_one_has_to():
    def told(task, **params):
        return messages.stage(ngym.make(task, preset="human", **params).unwrapped)["instruction"]

    assert told("PerceptualDecisionMaking").endswith("direction. Answer once the cross is green.")
    assert "green" not in told("PerceptualDecisionMaking", stack=[{"ReactionTime": {}}])
    for waits_for_nothing in ("Detection", "GenTask", "AnnubesEnv", "VisualSearch"):
        assert "green" not in told(waits_for_nothing)
    assert told("GoNogo").count("green") == 1


def test_every_task_has_a_title():
    assert all(title(id) for id in ngym.all_envs())


def test_a_row_tells_the_keys_that_were_in_force(player, store):
    player.say(**player.record(player.queue.pop(0)), keys={"1": "ö", "2": "space"})
    player.say(**player.record(player.queue.pop(0)))
    assert [row["keys"] for row in store.trials()] == [{"1": "ö", "2": "space"}, {}]


@pytest.mark.parametrize(
    "keys", [["F"], {"1": ""}, {"1": 5}, {"go": "F"}, {"1": "x" * 99}, {"1": "\n"},
             {str(k): "x" for k in range(999)}],
)  # fmt: skip
def test_odd_keys_are_refused(player, store, keys):
    record = player.record(player.queue.pop(0))
    player.say(**record, keys=keys)
    assert "keys" in player.acks[record["uid"]]["refused"]
    assert store.trials() == []
