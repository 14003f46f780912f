"""A run of trials played by a person: what comes next, what came back, and what it was worth."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app import compiled
from neurogym import records
from neurogym.envs import TaskEnv
from neurogym.episodes import as_trials
from neurogym.registry import make
from neurogym.rules import Outcome
from neurogym.store import Store

AHEAD = 4  # trials that wait in the browser
SCORED = ("response", "outcome", "reward")


class Session:
    """One run: sends trials, takes records, scores them with the env that agents step, stores them.

    All progress lies in the store: a session made anew for a run goes on where that stopped.
    A trial that was interrupted is stored as such and played again at the end, as the next attempt.

    Args:
        store: where rows are written, as each trial ends.
        run: a row of the store's runs.
        send: takes a message for the browser.
        stored: called with the row after each new one.
    """

    def __init__(
        self,
        store: Store,
        run: Mapping[str, Any],
        send: Callable[[dict[str, Any]], None],
        stored: Callable[[dict[str, Any]], None] = lambda row: None,
    ):
        self.store, self.run, self.send, self.stored = store, run, send, stored
        self.env = as_trials(make(run["task"], **run["params"]))
        self.judge = as_trials(make(run["task"], **run["params"]))
        self.lockstep = compiled.is_lockstep(self.env)
        self._lock = threading.RLock()
        self._live: str | None = None  # the trial that is stepped in lockstep
        self._load()

    def _load(self) -> None:
        rows = self.store.trials(run_id=self.run["run_id"])
        done = {row["trial_index"] for row in records.finished(rows)}
        self.n_done = len(done)
        self.attempts = {index: 0 for index in range(self.run["n_trials"])}
        for row in rows:
            self.attempts[row["trial_index"]] += 1
        open_ = [index for index in self.attempts if index not in done]
        self.queue = sorted(open_, key=lambda index: self.attempts[index])
        self.sent: list[str] = []

    # -- messages --------------------------------------------------------------------------------

    def receive(self, message: Mapping[str, Any]) -> None:
        """Answer a message of the player."""
        answers = {
            "ready": self._ready,
            "record": self._record,
            "act": self._act,
            "ping": lambda message: self.send({"type": "pong"}),
            "stop": lambda message: None,
        }
        with self._lock:
            try:
                answers[message["type"]](message)
            except (ValueError, KeyError) as error:
                self.send({"type": "error", "message": f"{type(error).__name__}: {error}"})
                raise

    def config(self) -> dict[str, Any]:
        """What the player is told at the start."""
        run, settings = self.run, self.run["settings"]
        declared = isinstance(self.env, TaskEnv)
        how = self.env.task.feedback if declared else "reward"
        return dict(
            type="config",
            run=run["run_id"],
            n_trials=run["n_trials"],
            n_done=self.n_done,
            title=title(run["task"]),
            mode="lockstep" if self.lockstep else "open",
            view=settings.get("view", "scene"),
            feedback=how if settings.get("feedback", True) else None,
            feedback_ms=700,
            iti_ms=500,
            preload=self.ahead,
            remap=True,
            task=run["task"],
            **compiled.stage(self.env),
        )

    @property
    def ahead(self) -> int:
        """How many trials wait in the browser."""
        return 1 if self.lockstep else AHEAD

    def _ready(self, message: Mapping[str, Any]) -> None:
        self._load()
        have = set(message.get("have") or ())
        if self.lockstep:
            have.clear()  # its env is gone: the trial begins anew
        self.queue = [index for index in self.queue if self.uid(index) not in have]
        self.sent = [uid for uid in have if uid.startswith(self.run["run_id"])]
        self.send(self.config())
        self._send_ahead()

    def uid(self, index: int) -> str:
        """The id of a trial's next attempt."""
        return f"{self.run['run_id']}-{index}-{self.attempts[index]}"

    def _send_ahead(self) -> None:
        while self.queue and len(self.sent) < self.ahead:
            index = self.queue.pop(0)
            uid = self.uid(index)
            first = records.begin(self.env, self.run["seed"], index)
            self.sent.append(uid)
            self._live = uid
            self.send(compiled.trial(self.env, uid, index, self.attempts[index], first))
        if not self.queue and not self.sent:
            self.send({"type": "done"})

    def _act(self, message: Mapping[str, Any]) -> None:
        """A step of a trial in lockstep; one that came twice, or too late, changes nothing."""
        uid, k = message["uid"], int(message["k"])
        if uid != self._live or k != self.env.t_ind:
            return
        opened = self.env.window
        ob, reward, _, _, info = self.env.step(int(message["action"]))
        answer = compiled.shown(self.env, uid, ob)
        answer.update(reward=float(reward), ends=bool(info["new_trial"]), outcome=0)
        if info["new_trial"]:
            self._live = None
            outcome = int(Outcome[info["outcome"].upper()])
            answer.update(k=k + 1, active=[], window=False, outcome=outcome)
            if info["response"] >= 0 and opened:
                answer["response_step"] = round(opened[0] + info["rt"] / float(self.env.dt))
        self.send(answer)

    def _record(self, message: Mapping[str, Any]) -> None:
        """Score and store a trial, once; then send the next one."""
        uid = message["uid"]
        known = message["run"] == self.run["run_id"]
        run = self.run if known else self.store.run(message["run"])
        if run is None:
            raise ValueError(f"the run {message['run']!r} of the record {uid!r} is not known here")
        judge = self.judge if known else as_trials(make(run["task"], **run["params"]))
        row = scored(run, judge, message)
        new = self.store.add_trial(row)
        if known and new:
            self._note(row)
        if known and uid in self.sent:
            self.sent.remove(uid)
        self.send({"type": "ack", "uid": uid, **self.store.summary(run["run_id"])})
        if known and new:
            self.stored(row)
        if known:
            self._send_ahead()

    def _note(self, row: Mapping[str, Any]) -> None:
        index = row["trial_index"]
        self.attempts[index] += 1
        if records.is_finished(row):
            self.n_done += 1
            self.queue = [waiting for waiting in self.queue if waiting != index]
        elif index not in self.queue:
            self.queue.append(index)


def title(task: str) -> str:
    """A task's name in words: "PerceptualDecisionMaking-v0" is "Perceptual Decision Making"."""
    name = task.rpartition("-v")[0] or task
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name).replace("_", " ").strip()


def scored(run: Mapping[str, Any], env: Any, message: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a record: what the browser measured, scored anew by the env that agents step."""
    flags = dict(message.get("flags") or {})
    row = records.empty_row(
        uid=message["uid"],
        run_id=run["run_id"],
        task=run["task"],
        params=run["params"],
        wrappers=run["wrappers"],
        seed=run["seed"],
        trial_index=int(message["index"]),
        subject_kind="human",
        subject=run["subject"],
        actions=[[int(step), int(action)] for step, action in message["actions"]],
        onset_ms=message.get("onset_ms"),
        origin_ms=message.get("origin_ms"),
        frames=message.get("frames"),
        late_frames=message.get("late_frames"),
        refresh_hz=message.get("refresh_hz"),
        flags=flags,
        created_utc=records.utc_now(),
    )
    if "interrupted" in flags:
        row["conditions"] = _conditions(env, run["seed"], row["trial_index"])
        return row
    trace = records.replay(row, env)
    truth = records.outcome_of(trace)
    seen = {
        "response": message.get("response"),
        "outcome": Outcome(int(message["outcome"])).name.lower(),
        "reward": float(message["reward"]),
    }
    if wrong := {name: seen[name] for name in SCORED if not _same(seen[name], truth[name])}:
        flags["mismatch"] = wrong
    row.update(truth, actions=row["actions"], flags=flags)
    row["rt_ms"] = message.get("rt_ms") if truth["response"] is not None else None
    row["key_ms"] = message.get("key_ms") if truth["response"] is not None else None
    return row


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, atol=1e-4))
    return a == b


def _conditions(env: Any, seed: int, index: int) -> dict[str, Any]:
    records.begin(env, seed, index)
    return dict(env.trial)
