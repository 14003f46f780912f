"""A run of trials played by a person: what comes next, what came back, and what it was worth."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from app.player import messages, reading
from neurogym.envs.has_trials import HasTrials
from neurogym.records import measures, trial_table
from neurogym.records.database import Store
from neurogym.records.files import plain_row
from neurogym.records.measures import lengths, pace, slower
from neurogym.spec.outcomes import Outcome
from neurogym.spec.parameters import unknown
from neurogym.trials.noise import is_shared

AHEAD = 4  # trials that wait in the browser
SPARE = 10  # attempts at a trial that may have been sent and forgotten since
KEPT = (
    "Your answer is kept in this browser; the server cannot store it now. It is sent again by"
    " itself."
)
LATER = "The server cannot go on just now. Your answers are safe; this page tries again by itself."
DELETED = "the run was deleted on the server. The answer is kept in this browser, and not sent"
SCORED = ("response", "outcome", "reward")
MEASURED = ("onset_ms", "key_ms", "rt_ms", "origin_ms", "refresh_hz")

log = logging.getLogger(__name__)


Run = Mapping[str, Any]  # a row of the store's runs


def two_envs(run: Run) -> tuple[HasTrials, HasTrials]:
    """Two environments of a run."""
    return trial_table.env_of(run), trial_table.env_of(run)


class Refused(ValueError):
    """A record that is not stored: never, or with `keep` not in this database."""

    def __init__(self, sentence: str, keep: bool = False):
        super().__init__(sentence)
        self.keep = keep


class Deleted(Refused):
    """A record of a run that was deleted: what a browser still has does not bring it back."""

    def __init__(self) -> None:
        super().__init__(DELETED, keep=True)


class Session:
    """One run: sends trials, takes records, scores them with the env that agents step, stores them.

    All progress lies in the store: a session made anew for a run goes on where that stopped.
    A trial that was interrupted is stored as such and played again at the end, as the next attempt.
    What a browser sends is never trusted: a record that does not fit the run is refused and logged,
    any other message that cannot be read is answered with an error, and the session goes on.

    Args:
        store: where rows are written, as each trial ends.
        run: a row of the store's runs; one that is not there is written with its first trial.
        send: takes a message for the browser.
        stored: called with the row after each new one.
        steps: what can be done when the run is over: pairs of a name for the page and a text.
        owner: who plays: a run that is another one's is not written to.
        adopt: makes the run of a record whose run the store does not know, from the address that
            the record tells; None where there is none.
        envs: gives two environments of a run, one that is played and one that scores; they can be
            one and the same where trials travel ahead.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        send: Callable[[dict[str, Any]], None],
        stored: Callable[[dict[str, Any]], None] = lambda row: None,
        steps: Sequence[tuple[str, str]] = (),
        owner: str | None = None,
        adopt: Callable[[str, str], Run | None] = lambda run_id, address: None,
        envs: Callable[[Run], tuple[HasTrials, HasTrials]] = two_envs,
    ):
        self.steps, self.owner, self.adopt = steps, owner, adopt
        self.store, self.run, self.send, self.stored = store, run, send, stored
        self.envs = envs
        self.env, self.judge = envs(run)
        self.lockstep = messages.is_lockstep(self.env)
        self.adaptive = messages.is_adaptive(self.env)
        self._lock = threading.RLock()
        self._live: str | None = None  # the trial that is stepped in lockstep
        self._read = False  # what the store has of the run, with the first message

    def _load(self) -> None:
        """Read what was played; of a run that is not stored, nothing was."""
        written = self.store.run(self.run["run_id"]) is not None
        rows = self.store.trials(run_id=self.run["run_id"]) if written else []
        memory = memory_after(rows, self.judge)
        self.written, self.memory = written, memory  # what the next trial is told
        self.done, self.attempts, self.queue = progress(self.run, rows)
        self.sent: dict[str, int] = {}  # trials that the browser has, by uid: their index
        self.told: dict[str, dict[str, Any]] = {}  # what those that were sent were told, by uid
        self._read = True

    # -- messages --------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        """Answer a message of the player."""
        answers = {
            "ready": lambda message: self._ready(),
            "record": self._record,
            "act": self._act,
            "more": lambda message: self._send_again(),
            "resume": self._resume,
            "ping": lambda message: self.send({"type": "pong"}),
            "stop": lambda message: None,
        }
        kind = None
        with self._lock:
            try:
                kind = reading.text(message, "type")
                if kind not in answers:
                    raise ValueError(unknown("message", [kind], answers))
                if not self._read and kind not in ("ready", "resume"):  # these read it anyway
                    self._load()
                answers[kind](message)
            except ValueError as error:
                log.warning("%s; the message was %.2000r", error, message)
                self.send({"type": "error", "message": str(error)})
            except Exception:  # such as a full disk: the browser keeps its record
                log.exception("the message was %.2000r", message)
                told = KEPT if kind == "record" else LATER
                self.send({"type": "error", "message": told, "later": True})

    @property
    def is_begun(self) -> bool:
        """Whether the session knows what was played; a database may fail before."""
        return self._read

    def config(self) -> dict[str, Any]:
        """What the player is told at the start."""
        told = messages.config(self.env, self.run, self.steps)
        return {
            **told,
            "run": self.run["run_id"],
            "stored": self.written,
            "n_done": len(self.done),
            "preload": self.ahead,
        }

    @property
    def ahead(self) -> int:
        """How many trials wait in the browser."""
        return 1 if self.lockstep or self.adaptive else AHEAD

    def _ready(self) -> None:
        self._load()
        self.send(self.config())  # it resets the player: what was sent before is gone there
        self._send_ahead()

    def _resume(self, message: Mapping[str, Any]) -> None:
        """Go on with a player that was here before, and still has some trials, or their records."""
        self._load()
        have = reading.field(message, "have")
        for uid in have if isinstance(have, list | tuple) else ():
            index = next((index for index in self.queue if self.uid(index) == uid), None)
            if index is not None:
                self.queue.remove(index)
                self.sent[uid], self.told[uid] = index, self.memory
        self.send({"type": "resumed", **self._so_far(self.run["run_id"])})
        self._send_ahead()

    def _send_again(self) -> None:
        """The player has nothing to play: what was sent last got lost."""
        waiting = list(self.sent.values())
        self.sent = {}
        self.queue = [*waiting, *(index for index in self.queue if index not in waiting)]
        self._send_ahead()

    def uid(self, index: int) -> str:
        """The id of a trial's next attempt."""
        return f"{self.run['run_id']}-{index}-{self.attempts[index]}"

    def _send_ahead(self) -> None:
        if self.adaptive and self.env.over(self.memory):
            self.queue.clear()
        while self.queue and len(self.sent) < self.ahead:
            index = self.queue.pop(0)
            uid = self.uid(index)
            first = trial_table.begin(self.env, self.run["seed"], index, memory=self.memory)
            self.sent[uid], self.told[uid] = index, self.memory
            self._live = uid
            self.send(messages.trial(self.env, uid, index, self.attempts[index], first))
        if not self.queue and not self.sent:
            self.send({"type": "done"})

    def _act(self, message: Mapping[str, Any]) -> None:
        """A step of a trial in lockstep; one that came twice, or too late, changes nothing."""
        uid, k = reading.field(message, "uid"), reading.integer(message, "k", 0)
        if not self.lockstep or self._live is None or uid != self._live or k != self.env.t_ind:
            return
        opened = self.env.window
        action = reading.action(reading.field(message, "action"), self.env)
        ob, reward, _, _, info = self.env.step(action)
        answer = messages.shown(self.env, uid, ob)
        answer.update(reward=float(reward), ends=bool(info["new_trial"]), outcome=0)
        if info["new_trial"]:
            self._live = None
            outcome = int(Outcome[info["outcome"].upper()])
            answer.update(k=k + 1, active=[], window=False, outcome=outcome)
            if info["response"] >= 0 and opened:
                answer["response"] = info["response"]
                answer["response_step"] = round(opened[0] + info["rt"] / float(self.env.dt))
        self.send(answer)

    def _record(self, message: Mapping[str, Any]) -> None:
        """Score and store a trial, once; then send the next one."""
        uid = reading.text(message, "uid")
        try:
            run, judge = self._run_of(message)
            row = scored(run, judge, message, self._told(uid, run, judge))
            self._check_open(run, row)
            self._check_sent(run, row)
            after = dict(judge.memory)
            new = self._stored_new(run, row)
        except ValueError as error:
            self._refuse(uid, message, error)
            return
        known = run is self.run
        self.sent.pop(uid, None)
        if known and new:
            self._note(row)
            if self.adaptive and trial_table.is_finished(row):
                self.memory = after
        elif known and row["trial_index"] not in self.done:
            self._catch_up()
        self.send({"type": "ack", "uid": uid, **self._so_far(run["run_id"])})
        if known:
            self._send_ahead()
            if new:
                self.stored(row)

    def _so_far(self, run_id: str) -> dict[str, Any]:
        """What a run came to until now, and by how many percent it was slower than declared.

        Where what was right is not told, the reward is.
        """
        summary = self.store.summary(run_id)
        pace, reward = summary.pop("pace"), summary.pop("reward")
        if messages.earns(self.env):
            summary |= {"accuracy": None, "reward": reward}
        return {**summary, "slower": slower(pace)}

    def _run_of(self, message: Mapping[str, Any]) -> tuple[Run, Any]:
        """The run that a record belongs to, and an env that scores it."""
        run_id = reading.text(message, "run")
        own = run_id == self.run["run_id"]
        if not (own and self.written) and self.store.was_deleted(run_id):
            raise Deleted
        if own:
            return self.run, self.judge
        run = self.store.run(run_id) or self.adopt(run_id, str(message.get("address", "")))
        if run is None:
            raise Refused(f"there is no run {run_id!r} in this database", keep=True)
        if run["settings"].get("owner") not in (None, self.owner):
            raise Refused(f"the run {run_id!r} is another browser's")
        if run["subject_kind"] != "human":
            raise Refused(f"the run {run_id!r} is an agent's")
        try:
            return run, self.envs(run)[1]
        except Exception as error:  # a task that is not loaded here, or has changed
            raise Refused(f"{run['task']} cannot be made here", keep=True) from error

    def _told(self, uid: str, run: Run, judge: Any) -> dict[str, Any]:
        """What a trial was told of those before it.

        One that another session sent was told what the rows tell: the next trial is sent only when
        the one before it is stored.
        """
        if uid in self.told or not messages.is_adaptive(judge):
            return self.told.get(uid, {})
        rows = self.store.trials(run_id=run["run_id"])
        known = [row["memory"] for row in rows if row["uid"] == uid]
        return known[0] if known else memory_after(rows, judge)

    def _check_open(self, run: Run, row: Mapping[str, Any]) -> None:
        """Refuse a second result of a trial; the same record again is no second one."""
        if not trial_table.is_finished(row):
            return
        index, done = row["trial_index"], self.done
        if run is not self.run or index in done or not row["uid"].endswith("-0"):
            rows = trial_table.finished(self.store.trials(run_id=run["run_id"]))
            done = {other["trial_index"] for other in rows if other["uid"] != row["uid"]}
        if index in done:
            raise Refused(f"trial {index} of the run {run['run_id']!r} was played already")

    def _check_sent(self, run: Run, row: Mapping[str, Any]) -> None:
        """Refuse the record of a trial that nobody can have been sent.

        What an earlier session sent is not known any more: what is next may have been.
        """
        index, attempt = row["trial_index"], int(row["uid"].rpartition("-")[2])
        if run is self.run:
            attempts, queue, sent = self.attempts, self.queue, list(self.sent.values())
        else:
            _, attempts, queue = progress(run, self.store.trials(run_id=run["run_id"]))
            sent = []
        after = queue[: max(0, AHEAD - len(sent))]
        if not attempts[index] and index not in (*sent, *after):
            raise Refused(f"trial {index} was not sent yet", keep=True)
        if attempt > attempts[index] + SPARE:
            raise Refused(f"attempt {attempt} at trial {index} was not sent yet")

    def _stored_new(self, run: Run, row: Mapping[str, Any]) -> bool:
        """Write a row, and before a run's first one the run; whether it is new.

        One that is there already must be the same: nothing else is told to be saved.
        """
        try:
            if run is not self.run or not self.written:
                self.store.add_run(run)
                self.written = True
            new = self.store.add_trial(row)
        except Refused:
            raise
        except ValueError as error:  # the record is sound: its run was deleted, or the like
            if self.store.was_deleted(run["run_id"]):
                raise Deleted from None
            raise Refused(str(error), keep=True) from error
        if not new and not self._is_stored(row):
            raise Refused(f"trial {row['trial_index']} was stored with another answer")
        return new

    def _is_stored(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is in the store as it is; when it was made does not count."""
        known = next(
            other for other in self.store.trials(run_id=row["run_id"]) if other["uid"] == row["uid"]
        )
        given = plain_row(row)
        return all(known[name] == given[name] for name in given if name != "created_utc")

    def _refuse(self, uid: str, message: Mapping[str, Any], error: ValueError) -> None:
        """Tell the browser to drop the record, or to keep it without sending it on."""
        keep = isinstance(error, Refused) and error.keep
        why = error.__cause__  # not the browser's fault, then
        log.warning("refused the record %s: %s; it was %.20000r", uid, error, message, exc_info=why)
        self.send({"type": "ack", "uid": uid, "refused": str(error), "keep": keep})
        if isinstance(error, Deleted) and message.get("run") == self.run["run_id"]:
            self.written, self.sent, self.queue = False, {}, []  # there is nothing to go on with
            self.send({"type": "done"})
        index = self.sent.pop(uid, None)
        if index is not None:
            self.attempts[index] += 1
            if index not in self.done:
                self.queue.append(index)
            self._send_ahead()

    def _note(self, row: Mapping[str, Any]) -> None:
        index = row["trial_index"]
        count(self.attempts, row)
        if trial_table.is_finished(row):
            self.done.add(index)
            self.queue = [waiting for waiting in self.queue if waiting != index]
        elif index not in (*self.done, *self.queue, *self.sent.values()):
            self.queue.append(index)

    def _catch_up(self) -> None:
        """Another session wrote to this run: look again at what is open."""
        sent, told = self.sent, self.told
        self._load()
        self.sent = {uid: index for uid, index in sent.items() if index not in self.done}
        self.told = told
        self.queue = [index for index in self.queue if index not in self.sent.values()]


def count(attempts: dict[int, int], row: Mapping[str, Any]) -> None:
    """Count an attempt at a trial: its uid is given once."""
    index, attempt = row["trial_index"], int(row["uid"].rpartition("-")[2])
    attempts[index] = max(attempts[index], attempt + 1)


def progress(
    run: Run, rows: Sequence[Mapping[str, Any]]
) -> tuple[set[int], dict[int, int], list[int]]:
    """What was finished of a run, how often each trial was tried, and what is open, in order."""
    done = {row["trial_index"] for row in trial_table.finished(rows)}
    attempts = dict.fromkeys(range(run["n_trials"]), 0)
    for row in rows:
        count(attempts, row)
    left = [index for index in attempts if index not in done]
    return done, attempts, sorted(left, key=attempts.__getitem__)


def memory_after(rows: Sequence[Mapping[str, Any]], env: Any) -> dict[str, Any]:
    """What the trial after the rows of a run is told of them, if it is told anything."""
    done = trial_table.finished(rows) if messages.is_adaptive(env) else []
    if not done:
        return {}
    trial_table.replay(done[-1], env)
    return dict(env.memory)


def scored(
    run: Run,
    env: Any,
    message: Mapping[str, Any],
    memory: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """The row of a record: what the browser measured, scored anew by the env that agents step.

    `memory` is what the trial was told of those before it. ValueError if a field is missing or of
    another kind, or does not fit the run.
    """
    index = reading.integer(message, "index", 0, run["n_trials"] - 1)
    uid, attempt = reading.text(message, "uid"), reading.integer(message, "attempt", 0)
    if uid != f"{run['run_id']}-{index}-{attempt}":
        raise ValueError(f"uid {uid!r} does not fit trial {index}, attempt {attempt} of the run")
    flags = reading.flags(message)
    measured = {name: reading.number(message, name) for name in MEASURED}
    measured |= {name: reading.told(message, name) for name in ("start_ms", "iti_ms")}
    rt = measured.pop("rt_ms")
    row = trial_table.empty_row(
        uid=uid,
        run_id=run["run_id"],
        task=run["task"],
        params=run["params"],
        wrappers=run["wrappers"],
        seed=run["seed"],
        trial_index=index,
        subject_kind="human",
        subject=run["subject"],
        frames=reading.integer(message, "frames", 0),
        late_frames=reading.late_frames(message),
        screen=reading.screen(message),
        flags=flags,
        created_utc=trial_table.utc_now(),
        **measured,
    )
    try:
        first = trial_table.begin(env, run["seed"], index, memory=memory)
        row["memory"], row["conditions"] = dict(env.memory), dict(env.trial)
        row["actions"], row["keys"] = reading.actions(message, env), reading.keys(message)
        row["periods"] = reading.periods(message, [name for name, *_ in env.periods])
        view = reading.view(message) or run["settings"].get("view", "scene")
        row["shared_noise"] = is_shared(env, by_channels=view == "channels")
        if not trial_table.is_finished(row):
            row["key_ms"] = None
            return row
        at_once = messages.ends_at_once(env)
        trace = _played(env, first, row["actions"])
        truth = trial_table.outcome_of(trace)
    except Exception as error:
        if isinstance(error, ValueError):
            raise
        raise Refused(f"{run['task']} failed with these actions") from error
    seen = {
        "response": reading.optional(message, "response"),
        "outcome": reading.outcome(message),
        "reward": reading.number(message, "reward"),
    }
    wrong = {name: seen[name] for name in SCORED if not _same(seen[name], truth[name])}
    if truth["parts"]:
        truth["parts"], wrong_parts = _timed_parts(message, truth["parts"])
        wrong |= wrong_parts
    else:  # of several tasks at once each takes its periods from the screen when it is over
        declared = lengths(trace, cut=at_once and bool(trace.acted[-1]))
        row["pace"] = pace(row["periods"], declared)
    if truth["answers"]:
        truth["answers"], wrong_answers = _timed_answers(message, truth["answers"])
        wrong |= wrong_answers
    row.update(truth, actions=row["actions"])
    key, onset, row["rt_ms"] = row["key_ms"], row["onset_ms"], None
    if truth["response"] is None:
        row["key_ms"] = None
    elif key is not None and onset is not None:
        row["rt_ms"] = key - onset
        if rt is None or abs(rt - row["rt_ms"]) > 0.01:
            wrong["rt_ms"] = rt
    if truth["produced_ms"] is not None:
        row["produced_ms"], seen_ms = _produced(row, trace), message.get("produced_ms")
        if not _same(row["produced_ms"], seen_ms):
            wrong["produced_ms"] = seen_ms if isinstance(seen_ms, int | float) else None
    if wrong:
        flags["mismatch"] = wrong
    if strange := measures.implausible(row, len(trace.steps) * trace.dt):
        flags["implausible"] = strange
    return row


def _produced(row: Mapping[str, Any], trace: trial_table.Trace) -> float | None:
    """The interval from the onset with which it begins to the key, as it was on the screen."""
    since = trace.asked.since if trace.asked else ""
    onset = next((onset for name, onset, _ in row["periods"] if name == since), None)
    return None if row["key_ms"] is None or onset is None else row["key_ms"] - onset


def _timed_answers(
    message: Mapping[str, Any], truth: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Each of several answers with the browser's times; and what it saw, if that cannot be.

    A page of an earlier version tells of none: there are no times then.
    """
    if message.get("answers") is None:
        return [{**answer, "rt_ms": None} for answer in truth], {}
    told = {reading.text(seen, "name"): seen for seen in reading.listed(message, "answers", 1000)}
    if missing := [answer["name"] for answer in truth if answer["name"] not in told]:
        raise ValueError(f"answers: there is none with the name {missing[0]!r}")
    timed, wrong = [], []
    for answer in truth:
        seen = told[answer["name"]]
        onset, key = (reading.number(seen, name) for name in ("onset_ms", "key_ms"))
        if answer["response"] is None:
            key = None
        rt = None if key is None or onset is None else key - onset
        timed.append({**answer, "rt_ms": rt, "onset_ms": onset, "key_ms": key})
        graded = "right" in answer  # when numbers change, and keys go down, is not the same
        if onset is None or not (graded or (key is None) == (answer["rt_ms"] is None)):
            wrong.append({"name": answer["name"], "onset_ms": onset, "key_ms": key})
    return timed, {"answers": wrong} if wrong else {}


def _timed_parts(
    message: Mapping[str, Any], truth: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """How each of several tasks went, with the browser's times; and what it saw, if wrongly."""
    told = reading.field(message, "parts")
    if not isinstance(told, list | tuple) or len(told) != len(truth):
        raise ValueError(f"parts = {told!r:.80}: expected a list of {len(truth)}")
    parts: list[dict[str, Any]] = []
    claims: list[Any] = []
    wrong = False
    for true, seen in zip(truth, told, strict=True):
        true = {**true, "rt_ms": None, "onset_ms": None, "key_ms": None}
        parts.append(true)
        claims.append(None)
        if seen is None:
            wrong |= true["on"]
            continue
        onset, key, rt = (reading.number(seen, name) for name in ("onset_ms", "key_ms", "rt_ms"))
        how = {
            "on": True,
            "response": reading.optional(seen, "response"),
            "outcome": reading.outcome(seen),
            "reward": reading.number(seen, "reward"),
        }
        claims[-1] = {**how, "rt_ms": rt}
        wrong |= not all(_same(value, true[name]) for name, value in how.items())
        true["onset_ms"] = onset
        if true["response"] is not None and key is not None and onset is not None:
            true["key_ms"], true["rt_ms"] = key, key - onset
            wrong |= rt is None or abs(rt - true["rt_ms"]) > 0.01
    return parts, {"parts": claims} if wrong else {}


def _played(env: Any, first: np.ndarray, actions: list[list[Any]]) -> trial_table.Trace:
    """The trial that `env` has begun, with a person's actions."""
    given, left = dict(map(tuple, actions)), messages.most_steps(env)
    rest = env.idle_action

    def act(ob: np.ndarray) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError("the trial does not end with these actions")
        return given.get(env.t_ind, rest)

    return trial_table.run_trial(env, act, first)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, atol=1e-4))
    return a == b
