"""Trials of subjects, played again as arrays, and which of them goes to which row of a raster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurogym.records import trial_table
from neurogym.spec.parameters import unknown

Row = Mapping[str, Any]
OUTCOMES = ("correct", "withheld", "error", "miss", "early", "none")
CUES = "cues"  # the panel of single channels
MAX_IMAGE_ROWS = 1600  # beyond that, neighbouring channels share a sub-row: no screen shows more


@dataclass(frozen=True)
class Channels:
    """Channels that are drawn in one panel."""

    name: str
    columns: tuple[int, ...]
    labels: tuple[str, ...]


def runs(values: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """The stretches of equal values above 0: (value, first, stop)."""
    edges = np.flatnonzero(np.diff(values)) + 1
    for first, stop in zip([0, *edges], [*edges, len(values)], strict=True):
        if len(values) and values[first] > 0:
            yield int(values[first]), int(first), int(stop)


class RasterData:
    """The trials of one subject, played again: arrays by trial, in the order of the rows.

    Positions are played steps: a period that was cut short takes as many as were played.

    Args:
        rows: rows of one task with one set of parameters; interrupted trials are left out.

    Attributes:
        rows: the n rows that were played to their end.
        ob, gt, actions: lists of (T_i, C), (T_i,) and (T_i,).
        graded, aims: lists of (T_i, k), the numbers that were done and that were right, where
            actions are graded; [] for others.
        numbers: the k numbers by group.
        length: (n,) steps that were played.
        spans: for each trial {period: (first step, stop)}, of the periods that came; stop is as
            planned if the trial ended before it.
        window: (n, 2) first step of the response window and its stop, as planned.
        planned: for each trial the labels (steps,), also of the steps after the response where they
            do not depend on what was done.
        response: (n,) the step of the response; -1 without.
        early: (n,) the step of the first action before the window; -1 without.
        env: the environment in which the trials were played; None without trials.
        parts: the tasks that are combined in a trial; [] for others.

    Raises:
        ValueError: for rows of several tasks or parameters.
    """

    def __init__(self, rows: Sequence[Row]):
        self.rows = trial_table.finished(rows)
        self.n = len(self.rows)
        self.ob: list[np.ndarray] = []
        self.gt: list[np.ndarray] = []
        self.actions: list[np.ndarray] = []
        self.graded: list[np.ndarray] = []
        self.aims: list[np.ndarray] = []
        self.spans: list[dict[str, tuple[int, int]]] = []
        self.planned: list[np.ndarray] = []
        self.window = np.zeros((self.n, 2), int)
        self.response = np.full(self.n, -1)
        self.early = np.full(self.n, -1)
        self.dt, self.answers = 1.0, dict[int, str]()
        self.channels: tuple[Channels, ...] = ()
        self.numbers: tuple[Channels, ...] = ()
        self.env: Any = None
        self.parts: list[Part] = []
        if self.n:
            self._check_alike()
            self.env = env = trial_table.env_of(self.rows[0])
            self.parts = parts_of(env, self.n)
            for i, row in enumerate(self.rows):
                self._replay(i, row, env)
            self.dt, self.answers = float(env.dt), answer_names(env)
            self.channels = _channels(env, self.ob[0].shape[1])
            self.numbers = _numbers(env) if self.graded else ()
        self.length = np.array([len(actions) for actions in self.actions], int)

    def _check_alike(self) -> None:
        first = self.rows[0]
        for row in self.rows:
            if any(row[name] != first[name] for name in ("task", "params", "wrappers")):
                raise ValueError(
                    f"rows of one subject come from one task with one set of parameters, but trial"
                    f" {row['uid']} is {row['task']} with {row['params']}, and trial {first['uid']}"
                    f" is {first['task']} with {first['params']}"
                )

    def _replay(self, i: int, row: Row, env: Any) -> None:
        trial_table.begin(env, row["seed"], row["trial_index"], row["forced"], row["memory"])
        window, labels = getattr(env, "window", (0, 0)), _labels(env)
        trace = trial_table.replay(row, env)
        gt = np.asarray(_number(trace.gt, trace.rest))
        gt = gt.astype(int) if gt.ndim == 1 and gt.dtype.kind in "iuf" else np.full(len(gt), -1)
        self.ob.append(trace.ob.reshape(len(trace.ob), -1))
        self.gt.append(gt)
        actions = _number(trace.actions, trace.rest).astype(int)
        self.actions.append(actions)
        if np.ndim(trace.rest):
            self.graded.append(trace.actions.astype(float))
            self.aims.append(trace.gt.astype(float))
        spans = {}
        for name, start, stop in trace.periods:
            first, last = _played(trace, start, stop)
            if first < min(last, len(gt)):
                spans[name] = first, last
        self.spans.append(spans)
        self.window[i] = _played(trace, *window)
        closed = labels is None or self.window[i, 0] >= self.window[i, 1]
        self.planned.append(gt if labels is None or closed else np.append(gt, labels[len(gt) :]))
        before = np.flatnonzero(trace.acted[: self.window[i, 0]])
        self.early[i] = before[0] if before.size else -1
        answered = trace.acted if np.ndim(trace.rest) else actions == row["response"]
        self.response[i] = self._response(row, answered, self.window[i, 0], trace.dt)
        for part, told in zip(self.parts, row["parts"], strict=False):
            part.read(i, told, trace)

    @staticmethod
    def _response(row: Row, answered: np.ndarray, opened: int, dt: float) -> int:
        """The step of the answer: of those that gave it (T,), the nearest to the response time."""
        if row["response"] is None:
            return -1
        there = np.flatnonzero(answered)
        if not there.size:
            return -1
        if row["rt_ms"] is None or np.isnan(row["rt_ms"]):
            return int(there[-1])
        return int(there[np.argmin(np.abs(there - opened - row["rt_ms"] / dt))])

    # -- which trial, in which order --------------------------------------------------------------

    @cached_property
    def keys(self) -> list[str]:
        """What makes a trial the same as another subject's."""
        same = ("task", "params", "wrappers", "seed", "trial_index", "forced", "memory")
        return [
            json.dumps([row[k] for k in same], sort_keys=True, default=str) for row in self.rows
        ]

    @property
    def told(self) -> bool:
        """Whether `gt` and `actions` tell which answer it is, not only that there is one."""
        return not self.numbers or len(self.answers) == 1

    @property
    def periods(self) -> list[str]:
        """Names of the periods that came in any trial, in their order."""
        return list(dict.fromkeys(name for spans in self.spans for name in spans))

    @property
    def conditions(self) -> list[str]:
        """Names of the conditions of any trial, and of those that the task has."""
        task = getattr(self.env, "task", None)
        own = task.plan.conditions if task is not None else ()
        return list(dict.fromkeys([*(n for row in self.rows for n in row["conditions"]), *own]))

    def zero(self, align: str) -> np.ndarray:
        """The step that is time 0 in each trial, (n,); -1 in those in which it never came."""
        if align == "start":
            return np.zeros(self.n, int)
        if align == "response":
            return self.response
        return np.array([spans.get(align, (-1,))[0] for spans in self.spans], int)

    def order(self, sort: str) -> np.ndarray:
        """The trials from the top row down, (n,); those without the value come last."""
        return np.array(sorted(range(self.n), key=lambda i: self._rank(i, sort)), int)

    def _rank(self, i: int, sort: str) -> tuple:
        row = self.rows[i]
        if sort == "order":
            return ()
        if sort == "outcome":
            return (OUTCOMES.index(row["outcome"]),)
        value = row["rt_ms"] if sort == "rt" else row["conditions"].get(sort)
        if isinstance(value, bool | int | float | np.number) and not np.isnan(value):
            return 0, float(value)
        return (2,) if value is None or value != value else (1, str(value))

    # -- arrays -----------------------------------------------------------------------------------

    def image(
        self, channels: Channels, order: np.ndarray, zero: np.ndarray
    ) -> tuple[np.ndarray, float, float]:
        """A picture of some channels: float32 (trials x sub-rows, steps), top row first.

        NaN where a trial is over, has not begun, or has no zero. Also the time of the left edge and
        the width, in ms.
        """
        there = zero >= 0
        lead = int(zero[there].max(initial=0))
        width = int((self.length - zero + lead)[there].max(initial=1))
        pool = max(1, -(-len(order) * len(channels.columns) // MAX_IMAGE_ROWS))
        pool = pool if channels.name != CUES else 1
        starts = np.arange(0, len(channels.columns), pool)
        sizes = np.diff([*starts, len(channels.columns)])[:, None]
        picture = np.full((len(order), len(starts), width), np.nan, np.float32)
        for rank, i in enumerate(order):
            if there[i]:
                at = lead - zero[i]
                level = self.ob[i][:, channels.columns].T
                level = np.add.reduceat(level, starts, axis=0) / sizes if pool > 1 else level
                picture[rank, :, at : at + self.length[i]] = level
        return picture.reshape(-1, width), -lead * self.dt, width * self.dt

    def is_routine(self, channels: Channels) -> bool:
        """Whether some channels are at the same levels in each period of all trials."""
        levels: dict[str, set[bytes]] = {}
        for ob, spans in zip(self.ob, self.spans, strict=True):
            for name, (first, stop) in spans.items():
                told = {row.tobytes() for row in ob[first:stop, list(channels.columns)]}
                levels.setdefault(name, set()).update(told)
        return all(len(told) <= 1 for told in levels.values())

    def range(self, channels: Channels) -> tuple[float, float]:
        """Levels between which colours vary: most of those that occur; symmetric if about 0."""
        levels = np.concatenate([ob[:, channels.columns].ravel() for ob in self.ob[:200]])
        levels = levels[np.isfinite(levels) & (levels != 0)]
        if not levels.size:
            return 0.0, 1.0
        low, high = np.percentile(levels, (2, 98)).tolist()
        if low < -0.25 * abs(high):
            return -max(-low, high), max(-low, high)
        return 0.0, high


class Part:
    """One of the tasks that are combined in a trial: which of its actions are which, and when.

    Attributes:
        split: (actions,) its own action of each of the whole's.
        apart: whether it has actions of its own; else all tasks share one set.
        response: (n,) the step of its response; -1 without.
        last: (n,) the last played step of its window.
    """

    def __init__(self, name: str, answers: dict[int, str], split: np.ndarray, apart: bool, n: int):
        self.name, self.answers, self.split, self.apart = name, answers, split, apart
        self.window: tuple[str, ...] = ()  # the whole's periods in which it asks for a response
        self.response, self.last = np.full(n, -1), np.full(n, -1)

    def own(self, values: np.ndarray) -> np.ndarray:
        """Its own action in each step (T,); -1 where there is none."""
        return np.where(values >= 0, self.split[values], -1)

    def read(self, i: int, told: Mapping[str, Any], trace: trial_table.Trace) -> None:
        """Find the step of the response in a trial, the nearest to the response time."""
        ends = [stop for name, _, stop in trace.periods if name in self.window]
        played = np.searchsorted(trace.steps, max(ends, default=trace.steps[-1] + 1))
        self.last[i] = max(int(played) - 1, 0)
        if told["response"] is None:
            return
        there = np.flatnonzero(self.own(trace.actions) == told["response"])
        if not there.size:
            return
        opened = [start for name, start, _ in trace.periods if name in self.window]
        if not opened or told["rt_ms"] is None:
            self.response[i] = there[-1]
            return
        late = trace.steps[there] - min(opened) - told["rt_ms"] / trace.dt
        self.response[i] = there[np.argmin(np.abs(late))]


def parts_of(env: Any, n: int) -> list[Part]:
    """The tasks that an environment combines, for n trials."""
    found = []
    for member in env.declared.together if env.declared else ():
        answers, apart = member.task.answer_names(), not env.declared.shared
        part = Part(member.task.label, answers, member.own_action, apart, n)
        rule = member.task.plan.rule
        part.window = tuple(member.periods[name] for name in rule.periods) if rule else ()
        found.append(part)
    return found


def _played(trace: trial_table.Trace, start: int, stop: int) -> tuple[int, int]:
    """Planned steps as played ones; what was left at the trial's end counts as planned.

    A trial of one period, such as an episode, lasts as long as it lasts. Of steps that were not
    reached, both are the number of played steps.
    """
    steps = trace.steps
    first, last = (int(k) for k in np.searchsorted(steps, (start, stop)))
    if len(trace.periods) == 1 or first == len(steps):
        return first, len(steps)
    return first, last + max(0, stop - 1 - int(steps[-1]))


def _number(values: Any, rest: Any) -> Any:
    """Actions as numbers (T,): of graded ones (T, k) whether something was done."""
    return (values != rest).any(axis=1).astype(int) if np.ndim(rest) else values


def _labels(env: Any) -> np.ndarray | None:
    """The trial's labels, as numbers, if they are the same whatever is done."""
    task = env.declared
    if task is not None and task.closed and not task.foreseen:
        return None
    labels = _number(getattr(env, "gt", None), env.idle_action)
    if not isinstance(labels, np.ndarray) or labels.ndim != 1 or labels.dtype.kind not in "iu":
        return None
    return labels.astype(int)


def _names(space: Any, size: int) -> dict[str, list[int]]:
    """Names to indices, as far as a space has any; {} if they do not fit."""
    names = {
        k: np.atleast_1d(v).astype(int).tolist() for k, v in getattr(space, "name", {}).items()
    }
    fits = all(0 <= i < size for indices in names.values() for i in indices)
    return names if fits and len(getattr(space, "shape", ()) or ()) <= 1 else {}


def answer_names(env: Any) -> dict[int, str]:
    """Actions but the first, and what they are called; of graded ones the kinds of answers."""
    if env.declared:
        return env.declared.answer_names()
    n = int(getattr(env.action_space, "n", 1))
    out = {k: f"action {k}" for k in range(1, n)}
    for name, indices in _names(env.action_space, n).items():
        for position, k in enumerate(indices, 1):
            if k:
                out[k] = name if len(indices) == 1 else f"{name} {position}"
    return out


def _channels(env: Any, size: int) -> tuple[Channels, ...]:
    """Channels by panel: the single ones together first, then each larger group."""
    names = _names(env.observation_space, size)
    rest = sorted(set(range(size)) - {i for indices in names.values() for i in indices})
    if rest:
        names["other" if names else "observation"] = rest
    single = {name: indices[0] for name, indices in names.items() if len(indices) == 1}
    panels = [Channels(CUES, tuple(single.values()), tuple(single))] if single else []
    spoken = _spoken_for(env)
    for name, indices in names.items():
        if len(indices) > 1:
            labels = spoken.get(name) or tuple(f"{name} {k + 1}" for k in range(len(indices)))
            panels.append(Channels(name, tuple(indices), labels))
    return tuple(panels)


def _spoken_for(env: Any) -> dict[str, tuple[str, ...]]:
    """Which answers the channels of a group of evidence speak for, by the group's name."""
    if not env.declared or np.ndim(env.idle_action):
        return {}
    plan, names = env.declared.plan, env.declared.answer_names()
    choices = {g.size: [names[k] for k in range(g.start, g.stop)] for g in plan.actions if g.start}
    return {
        group.name: tuple(choices[group.size])
        for group in plan.channels
        if group.evidence and group.size in choices
    }


def _numbers(env: Any) -> tuple[Channels, ...]:
    """The numbers of a graded action by group: those of one have the same bounds."""
    return tuple(
        Channels(group.name, tuple(range(group.start, group.stop)), tuple(group.labels))
        for group in env.task.plan.actions
    )


@dataclass
class Arranged:
    """A subject's trials, in the rows where they are drawn."""

    data: RasterData
    order: np.ndarray
    zero: np.ndarray
    yoked: bool  # the same trials as the others, in the same rows
    note: str = ""


def arrange(groups: Sequence[RasterData], align: str, sort: str) -> list[Arranged]:
    """Which trial goes to which row, and where its time 0 is.

    Subjects who faced the same trials share the order of the first one, so that rows correspond: a
    trial that has no time 0 is left out if that is so for all of them, else its row is empty.

    Raises:
        ValueError: for what no subject's trials can be aligned to or sorted by.
    """
    periods = [name for data in groups for name in data.periods]
    conditions = [name for data in groups for name in data.conditions]
    for what, value, allowed in (
        ("alignment", align, ["start", *periods, "response"]),
        ("order", sort, ["order", "rt", "outcome", *conditions]),
    ):
        if value not in allowed:
            raise ValueError(unknown(what, [value], dict.fromkeys(allowed)))
    orders = [data.order(sort) for data in groups]
    zeros = [data.zero(align) for data in groups]
    places = [dict(zip(data.keys, range(data.n), strict=True)) for data in groups]
    yoked = all(len(p) == data.n for p, data in zip(places, groups, strict=True)) and all(
        place.keys() == places[0].keys() for place in places
    )
    if yoked:
        first = [groups[0].keys[i] for i in orders[0]]
        orders = [np.array([place[key] for key in first], int) for place in places]
        keep = np.any([zero[o] >= 0 for zero, o in zip(zeros, orders, strict=True)], axis=0)
        orders = [order[keep] for order in orders]
    else:
        orders = [order[zero[order] >= 0] for order, zero in zip(orders, zeros, strict=True)]
    out = [Arranged(*item, yoked) for item in zip(groups, orders, zeros, strict=True)]
    for item in out:
        item.note = _note(item, align)
    if not yoked:
        out[-1].note = " ".join([out[-1].note, "Not the same trials: rows do not correspond."])
    return out


def _note(item: Arranged, align: str) -> str:
    """What is not drawn."""
    lacking = int((item.zero < 0).sum())
    if not lacking:
        return ""
    empty = int((item.zero[item.order] < 0).sum())
    what = "a response" if align == "response" else f"the period {align}"
    parts = [(lacking - empty, "left out"), (empty, "empty rows")]
    told = ", ".join(f"{n} {how}" for n, how in parts if n)
    return f"{lacking} of {item.data.n} trials never came to {what}: {told}."
