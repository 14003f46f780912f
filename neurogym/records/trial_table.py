"""The trial table: one row a trial, the same columns for people and agents.

A row holds all that is needed to regenerate its trial, sample by sample: task, params, seed, trial
index and forced conditions; `replay` does so. Times are ms; JSON columns are dicts and lists here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from neurogym.envs.episodes import as_trials
from neurogym.envs.has_trials import Asked, HasTrials
from neurogym.spec.outcomes import Outcome
from neurogym.trials.catalogue import make

COLUMNS: dict[str, str] = {
    "uid": "unique: <run>-<trial>-<attempt>",
    "run_id": "the run: one subject, one task, one set of parameters, one seed",
    "task": "task id",
    "params": "parameters that differ from the task's defaults (JSON)",
    "wrappers": "stack of wrappers (JSON)",
    "seed": "seed of the stream of trials",
    "trial_index": "number of the trial in the stream, from 0",
    "subject_kind": "human or agent",
    "subject": "pseudonym, or the agent's name and parameters",
    "conditions": "the trial's conditions, and drawn lengths of periods in ms (JSON)",
    "forced": "those of them that were forced (JSON)",
    "memory": "what the trial was told of those before it, where it depends on them (JSON)",
    "actions": "list of [step, action]; nothing was done in all other steps (JSON)",
    "response": "the action that answered; empty without a response",
    "outcome": "correct, error, miss, withheld, early or none; interrupted trials have none",
    "correct": "whether the answer was right; empty for interrupted trials",
    "performance": "0 to 1",
    "reward": "sum over the trial",
    "parts": "of each task, where several are combined: response, outcome, reward ... (JSON)",
    "rt_ms": "response time from the opening of its window, of several answers its own; or empty",
    "produced_ms": "the interval that was produced, onset to onset; empty where none is asked for",
    "answers": "of a trial with several: name, response, correct, rt_ms, onset_ms, key_ms (JSON)",
    "shared_noise": "whether what was shown held the channels' own noise; empty without any",
    "start_ms": "stamp of the trial's first frame, ms since origin_ms",
    "iti_ms": "from the end of the trial before to the first frame; empty in the first",
    "onset_ms": "frame stamp of the opening of the window, ms since origin_ms",
    "key_ms": "stamp of the key press, ms since origin_ms",
    "origin_ms": "the browser's time origin, ms since 1970",
    "frames": "frames drawn in the trial",
    "late_frames": "frames that came later than 1.2 refresh periods; empty if those are unknown",
    "refresh_hz": "measured refresh rate; empty if it could not be measured",
    "periods": "list of [period, onset, ms shown] as it was on the screen; no ms if cut off (JSON)",
    "pace": "ms that periods were shown / ms that they should have been; above 1 is slower",
    "screen": "sizes of stage, window and screen in CSS pixels, pixels a CSS pixel (JSON)",
    "keys": "what was on the key of each action, as the person may have remapped it (JSON)",
    "flags": "what else happened (JSON)",
    "created_utc": "when the row was made, ISO 8601",
}
JSON_COLUMNS = (
    "params", "wrappers", "conditions", "forced", "memory", "actions", "parts", "answers", "screen",
    "periods", "keys", "flags",
)  # fmt: skip

SINGLE = 2.0**-24  # relative error of single precision


def new_run_id() -> str:
    """A fresh id for a run."""
    return secrets.token_hex(6)


def utc_now() -> str:
    """Now, ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def empty_row(**values: Any) -> dict[str, Any]:
    """A row with all columns, None where nothing is given; ValueError for one that there is not."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row.update(
        params={}, wrappers=[], conditions={}, forced={}, memory={}, actions=[], parts=[],
        answers=[], screen={}, periods=[], keys={}, flags={},
    )  # fmt: skip
    if extra := set(values) - set(row):
        raise ValueError(f"no such columns: {sorted(extra)}")
    return {**row, **values}


@dataclass
class Trace:
    """A trial as it went: what was seen, what was done, what it earned; T steps, C channels."""

    ob: np.ndarray  # (T, C)
    gt: np.ndarray  # (T,) right actions; -1 where the task has none; (T, k) if they are graded
    actions: np.ndarray  # (T,), or (T, k) if they are graded
    rewards: np.ndarray  # (T,)
    steps: np.ndarray  # (T,) position in the planned trial; it jumps where a period was cut short
    periods: list[tuple[str, int, int]]  # as planned: (name, first step, step after the last)
    dt: float
    end: dict[str, Any]  # the info of the last step
    rest: Any = 0  # the action that does nothing
    asked: Asked | None = None  # what was asked for beside one response

    @property
    def acted(self) -> np.ndarray:
        """Whether something was done in each step, (T,) bool."""
        done = self.actions != self.rest
        return done.any(axis=1) if done.ndim > 1 else done

    def onset(self, period: str) -> int | None:
        """The first step, of those that were played, in which a period is on."""
        for name, start, stop in self.periods:
            if name == period:
                inside = np.flatnonzero((self.steps >= start) & (self.steps < stop))
                return int(inside[0]) if inside.size else None
        return None


def run_trial(
    env: HasTrials,
    act: Any,
    first: np.ndarray,
    receive: Callable[[float, bool], None] | None = None,
) -> Trace:
    """Play the trial that `env` has begun: `act(ob)` gives each step's action.

    `first` is its first observation, (C,). `receive` is told of each step what it earned, and
    whether the trial ended with it. ValueError for an action that there is not.
    """
    periods, dt, endless = env.periods, float(env.dt), env.most_steps is None
    asked = env.asked
    ob = first
    info: Mapping[str, Any] = {}
    rows: tuple[list[Any], ...] = ([], [], [], [], [])
    while not info.get("new_trial"):
        at, action = env.t_ind, act(ob)
        following, reward, _, _, info = env.step(action)
        if receive:
            receive(float(reward), bool(info.get("new_trial")))
        gt = info.get("gt")
        step = (ob, -1 if gt is None else gt, action, reward, at)
        for column, value in zip(rows, step, strict=True):
            column.append(value)
        ob = following
    if endless and periods:  # the last one went on for as long as the trial did
        periods = [*periods[:-1], (*periods[-1][:2], at + 1)]
    obs = np.array(rows[0], np.float32)
    gts, actions, rewards, steps = (np.array(column) for column in rows[1:])
    rest = env.idle_action
    return Trace(obs, gts, actions, rewards, steps, list(periods), dt, dict(info), rest, asked)


def begin(
    env: HasTrials,
    seed: int,
    index: int,
    forced: Mapping[str, Any] | None = None,
    memory: Mapping[str, Any] | None = None,
) -> np.ndarray:
    """Reset `env` to trial `index` of the stream with a seed; returns its first observation, (C,).

    ValueError for a forced condition, or a period's length in ms, that the task cannot honour.
    """
    options: dict[str, Any] = {"trial": index, "conditions": dict(forced or {})}
    if memory:
        options["memory"] = dict(memory)
    return env.reset(seed=seed, options=options)[0]


def total(rewards: Sequence[float] | np.ndarray) -> float:
    """The sum of rewards (n,), as one writes it: payoff tables hold single precision.

    What that makes of 0.1, 0.10000000149, counts as 0.1, also where it was weighted or summed
    already; other numbers count as they are.
    """
    given = np.asarray(rewards, float)
    given = given[given != 0]
    if not np.isfinite(given).all():
        return float(given.sum())
    return float(sum(map(_written, given.tolist())))


@lru_cache(4096)  # tasks pay the same again and again
def _written(reward: float) -> Decimal:
    """A reward as one writes it."""
    with np.errstate(over="ignore"):  # beyond single precision
        single = np.float32(reward)
    if float(single) == reward:
        return Decimal(str(single))
    short = f"{reward:.5g}"
    close = abs(float(short) - reward) <= SINGLE * abs(reward)
    return Decimal(short if close else repr(reward))


def outcome_of(trace: Trace) -> dict[str, Any]:
    """The columns that a played trial fills."""
    end = trace.end
    done = np.flatnonzero(trace.acted)
    responded = end["response"] >= 0
    return {
        "conditions": end["trial"],
        "actions": [[int(trace.steps[i]), trace.actions[i].tolist()] for i in done],
        "response": int(end["response"]) if responded else None,
        "outcome": end["outcome"],
        "correct": Outcome[end["outcome"].upper()].is_correct,
        "performance": float(end["performance"]),
        "parts": [
            {**part, "reward": total([part["reward"]])} if "reward" in part else part
            for part in end.get("parts", [])
        ],
        "reward": total(trace.rewards),
        "rt_ms": float(end["rt"]) if responded else None,
        "produced_ms": produced(trace),
        "answers": answers(trace),
    }


def answers(trace: Trace) -> list[dict[str, Any]]:
    """Each of several answers, of those that were asked for before the trial ended, as JSON.

    `name` says which, `response` what was done first (None: nothing), `correct` whether that, or
    rightly nothing, was right, and `rt_ms` when it was, from the onset of its own period. Graded
    answers are those of the last step, as lists. The stamps are a person's; see `person_answers`.
    """
    told: list[dict[str, Any]] = []
    if trace.asked is None:
        return told
    for name, first, stop in trace.asked.slots:
        inside = np.flatnonzero((trace.steps >= first) & (trace.steps < stop))
        if not inside.size:
            continue
        if trace.actions.ndim > 1:
            how = _graded(trace, inside)
        else:
            how = _first(trace, inside, inside[trace.asked.is_own(trace.actions[inside])])
        told.append({"name": name, **how, "onset_ms": None, "key_ms": None})
    trace.asked.tell(told)
    return told


def _first(trace: Trace, inside: np.ndarray, done: np.ndarray) -> dict[str, Any]:
    """The first answer in some steps, of which some were answers, and when it came."""
    if not done.size:
        right = not (trace.gt[inside] > 0).any()
        return {"response": None, "correct": bool(right), "rt_ms": None}
    i = done[0]
    return {
        "response": int(trace.actions[i]),
        "correct": bool(trace.actions[i] == trace.gt[i]),
        "rt_ms": float((trace.steps[i] - trace.steps[inside[0]]) * trace.dt),
    }


def _graded(trace: Trace, inside: np.ndarray) -> dict[str, Any]:
    """What was answered in the last of some steps, and when it was first other than before them."""
    now = trace.actions[inside]
    before = (
        trace.actions[inside[0] - 1] if inside[0] else np.broadcast_to(trace.rest, now[0].shape)
    )
    changed = np.flatnonzero((now != before).any(axis=1))
    return {
        "response": now[-1].tolist(),
        "correct": None,
        "rt_ms": float(changed[0] * trace.dt) if changed.size else None,
        "right": trace.gt[inside[-1]].tolist(),
    }


def produced(trace: Trace) -> float | None:
    """The interval that was produced, ms from the onset with which it begins; None without one."""
    asked = trace.asked
    start = asked.start(trace.periods) if asked else None
    if asked is None or start is None or trace.end["response"] < 0:
        return None
    return float(trace.end["rt"] + (asked.counted - start) * trace.dt)


def env_of(row: Mapping[str, Any]) -> HasTrials:
    """The environment in which a row's trial was played."""
    return as_trials(make(row["task"], **arguments(row)))


def arguments(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `make` takes beside the id, for a row or a run: parameters and wrappers."""
    stack = {"stack": list(row["wrappers"])} if row["wrappers"] else {}
    return {**row["params"], **stack}


def replay(row: Mapping[str, Any], env: HasTrials | None = None) -> Trace:
    """Play a row's trial again with its own actions, on the very same samples.

    `env`, if it is given, is one of the row's task and parameters; it is made anew otherwise.
    Arrays of the trace have a row a step. ValueError for a task that is not known here.
    """
    env = env or env_of(row)
    first = begin(env, row["seed"], row["trial_index"], row["forced"], row["memory"])
    actions, rest = dict(map(tuple, row["actions"])), env.idle_action
    return run_trial(env, lambda ob: actions.get(env.t_ind, rest), first)


def is_finished(row: Mapping[str, Any]) -> bool:
    """Whether the trial was played to its end."""
    return "interrupted" not in row["flags"]


def finished(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of trials that were played to their end."""
    return [row for row in rows if is_finished(row)]
