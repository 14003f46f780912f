"""Response rules as data: what each action earns at each step, compiled to tables.

A table has a row for every *kind* of step, rule state and action. The scalar environment, the
vector environment, the browser and the docs all read the same table. A trial starts in rule state
0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from neurogym.spec.canvas import LevelCanvas, Timeline
from neurogym.spec.layout import Actions
from neurogym.spec.outcomes import Kept, Outcome, Payoffs


class Paying(Protocol):
    """What a rule reads of a plan: a step's length in ms, actions, rewards, parameters."""

    dt: float
    abort: bool
    actions: Actions
    rewards: dict[str, float]
    parameters: Mapping[str, Any]
    table: Payoffs
    kept: Kept


class Rule:
    """Says when a response is asked for and what each response earns.

    `window` is the period, or periods, in which responses are asked for; `hold` the periods in
    which any action comes too early, costs `rewards["abort"]`, and ends the trial if the task's
    `abort` is set.
    """

    window: str | tuple[str, ...]
    hold: str | tuple[str, ...]
    asked: tuple[str, ...] = ()  # of several answers: the period of each; times count from it
    since: str = ""  # of a produced interval: the period with whose onset it begins
    dead_steps = 0  # steps of the window, at its start, in which a response does not count yet

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods of the window, in order."""
        return (self.window,) if isinstance(self.window, str) else tuple(self.window)

    @property
    def asks(self) -> tuple[tuple[str, ...], ...]:
        """For each answer, the periods in one of which it is asked for."""
        return (self.periods,)

    def dead_rows(self, timeline: Timeline, last: np.ndarray) -> np.ndarray:
        """The rows of the window in which a response does not count yet."""
        opens = last + 1 - timeline.length + timeline.start[self.periods[0]]
        return (opens[:, None] + np.arange(self.dead_steps)).ravel()

    def table(self, plan: Paying) -> Payoffs:
        """The kinds of steps that are the same in every block."""
        raise TypeError(f"{type(self).__name__} gives no table")

    def judge(
        self, plan: Paying, canvas: LevelCanvas, segment: np.ndarray, last: np.ndarray
    ) -> tuple[Payoffs, np.ndarray]:
        """Payoffs of a block, and the kind of each row: (S,).

        `segment` (S,) is each row's index into (trials x periods), `last` (n,) each trial's last
        row.
        """
        raise TypeError(f"{type(self).__name__} judges nothing")

    def _blank(self, plan: Paying, half: int, states: int = 1) -> Payoffs:
        """A table of so many kinds, and of the same again as last steps.

        It says what the first two of them earn: nothing counts, and hold.
        """
        table = Payoffs(2 * half, plan.actions.size, states)
        abort = plan.rewards.get("abort", 0.0)
        for last in (0, half):
            table.set(np.s_[last : last + 2], ends=bool(last))
            early = np.s_[last + 1, :, 1:]
            table.set(early, abort, Outcome.EARLY, bool(last) or plan.abort)
        return table

    def _kinds(self, canvas: LevelCanvas) -> np.ndarray:
        """The kinds of each trial's periods, (n, periods), but for the window."""
        kinds = np.zeros(canvas.answers.shape, np.int64)
        kinds[:, canvas.timeline.index(self.hold)] = 1
        return kinds

    def sentence(self, plan: Paying) -> str:
        """The rule in words, for the docs."""
        raise TypeError(f"{type(self).__name__} has no words")


@dataclass(frozen=True)
class FirstResponse(Rule):
    """The first response in the window ends the trial: right or wrong.

    Where the answer is action 0, no response is right: withholding until the window closes counts
    as correct and earns `rewards["withheld"]` (0 if there is none); elsewhere it is a miss and
    earns `rewards["miss"]` (0 if there is none).
    """

    window: str | tuple[str, ...] = "decision"
    hold: str | tuple[str, ...] = "fixation"
    dead_steps: int = 0
    urgency: float = 0.0  # added to what each step of the window earns

    # kinds: 0 nothing counts, 1 hold, 2 + a window with answer a; the same again for last steps
    def table(self, plan: Paying) -> Payoffs:
        n, get = plan.actions.size, plan.rewards.get
        half = 2 + n
        table = self._blank(plan, half)
        answers = np.arange(1, n)
        for start in (2, half + 2):
            table.set(np.s_[start : start + n, :, 1:], get("fail", 0.0), Outcome.ERROR, True)
            right = (start + answers, slice(None), answers)
            table.set(right, get("correct", 1.0), Outcome.CORRECT, True)
            if start > half:
                table.set(np.s_[start + 1 : start + n, :, 0], get("miss", 0.0), Outcome.MISS, True)
                table.set(np.s_[start, :, 0], get("withheld", 0.0), Outcome.WITHHELD, True)
            table.reward[start : start + n] += self.urgency
        return table

    def judge(
        self, plan: Paying, canvas: LevelCanvas, segment: np.ndarray, last: np.ndarray
    ) -> tuple[Payoffs, np.ndarray]:
        kinds = self._kinds(canvas)
        window = canvas.timeline.index(self.window)
        kinds[:, window] = 2 + canvas.answers[:, window]
        rows = kinds.ravel().take(segment)
        rows[self.dead_rows(canvas.timeline, last)] = 0
        rows[last] += 2 + canvas.actions.size
        return plan.table, rows

    def sentence(self, plan: Paying) -> str:
        held = " or ".join([self.hold] if isinstance(self.hold, str) else self.hold)
        ends = " and ends the trial" if plan.abort else ""
        return (
            f"The first response in {' or '.join(self.periods)} ends the trial. A response during"
            f" {held} is too early: it costs {plan.rewards.get('abort', 0):g}{ends}."
        )


@dataclass(frozen=True)
class Interval(Rule):
    """A single response earns the more, the closer it comes to the moment when it is due.

    The interval is counted from onset to onset: it begins when `since` does and ends with the
    response. The task says by `canvas.due` how long after the start of the period `since` that is.
    With eps the distance in ms and tol = margin * due + `slack`, a response earns
    correct * max(0.1, (1 - eps / tol)^1.5) within the tolerance and `fail` outside of it.
    The label stands at the one step that earns most. `margin` names the task's parameter.
    """

    window: str = "production"
    since: str = "set"
    hold: str | tuple[str, ...] = "fixation"
    slack: float = 25.0
    margin: str = "prod_margin"

    def tolerance(self, task: Any) -> Callable[[float], float]:
        """How many ms a response may be off, given when it is due."""
        return lambda due: getattr(task, self.margin) * due + self.slack

    def table(self, plan: Paying) -> Payoffs:
        return self._blank(plan, 2)

    def judge(
        self, plan: Paying, canvas: LevelCanvas, segment: np.ndarray, last: np.ndarray
    ) -> tuple[Payoffs, np.ndarray]:
        timeline, base, due = canvas.timeline, plan.table, canvas.due_ms
        if due is None:
            raise ValueError(f"{type(self).__name__}: paint() says by canvas.due() when it is due")
        kinds = self._kinds(canvas)
        rows = kinds.ravel().take(segment)
        rows[last] += 2

        lead = timeline.start[self.window] - timeline.start[self.since]  # steps before the window
        steps = timeline.end[self.window] - timeline.start[self.window]
        keys, which = np.unique(np.stack([due, lead]), axis=1, return_inverse=True)
        length = int(steps.max())
        table = self._with_timed(plan, keys, length, canvas)
        offsets = np.concatenate([[0], np.cumsum(timeline.length)])[:-1]
        begin = offsets + timeline.start[self.window]
        inside = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)  # k in window
        at = np.repeat(begin, steps) + inside
        rows[at] = base.shape[0] + np.repeat(which.ravel(), steps) * length + inside
        closing = (timeline.end[self.window] == timeline.length) & (steps > 0)
        rows[last[closing]] += keys.shape[1] * length

        earned = table.reward[:, 0, canvas.due_action].take(rows[at])
        self._label(canvas, at, steps, earned)
        return table, rows

    def _with_timed(
        self, plan: Paying, keys: np.ndarray, length: int, canvas: LevelCanvas
    ) -> Payoffs:
        """The plan's table and the timed kinds; blocks often have the same, so the last is kept."""
        return plan.kept.get(
            "rule", (keys.tobytes(), length, canvas.due_action),
            lambda: plan.table.joined(self._timed(plan, keys[0], keys[1], length, canvas)),
        )  # fmt: skip

    def _timed(
        self,
        plan: Paying,
        due: np.ndarray,
        lead: np.ndarray,
        length: int,
        canvas: LevelCanvas,
    ) -> Payoffs:
        """Kinds for each due time and step in the window; then the same as last steps."""
        produced = (np.arange(length) + lead[:, None]) * plan.dt
        eps, tol = (
            np.abs(produced - due[:, None]),
            plan.parameters[self.margin] * due[:, None] + self.slack,
        )
        within = eps <= tol
        graded = np.maximum(0.1, np.maximum(1 - eps / tol, 0) ** 1.5)
        correct, fail = plan.rewards.get("correct", 1.0), plan.rewards.get("fail", 0.0)
        reward = np.where(within, correct * graded, fail).ravel()
        half, n = reward.size, canvas.actions.size
        timed, go = Payoffs(2 * half, n), canvas.due_action
        timed.set(np.s_[:, :, 1:], fail, Outcome.ERROR, True)
        outcome = np.where(within, Outcome.CORRECT, Outcome.ERROR).ravel()
        for part in (np.s_[:half], np.s_[half:]):
            timed.reward[part, 0, go] = reward
            timed.outcome[part, 0, go] = outcome
            timed.performance[part, 0, go] = within.ravel()
        timed.set(np.s_[half:, :, 0], plan.rewards.get("miss", 0.0), Outcome.MISS, True)
        return timed

    def _label(
        self, canvas: LevelCanvas, at: np.ndarray, steps: np.ndarray, earned: np.ndarray
    ) -> None:
        """Keep for each trial the first of the window's rows, `at`, that earn most."""
        steps = steps[steps > 0]
        first = np.cumsum(steps) - steps
        most = np.repeat(np.maximum.reduceat(earned, first), steps)
        hits = np.flatnonzero(earned == most)
        canvas.label_rows = at[hits[np.searchsorted(hits, first)]], canvas.due_action

    def sentence(self, plan: Paying) -> str:
        return (
            f"One response in {self.window} ends the trial; it earns the more, the closer it comes"
            f" to the due time, counted from the start of {self.since}, within"
            f" {plan.parameters[self.margin]:.0%} of that time + {self.slack:g} ms."
        )


@dataclass(frozen=True)
class Spot(FirstResponse):
    """The first response in the window ends the trial: right while what it is for is there.

    That is in the steps with a label; in others a response is wrong. In the periods `alarm`, before
    the window, it is a false alarm, which earns `fail` and ends the trial as too early. No response
    is a miss in a trial that has labels, and rightly withheld in one that has none.
    """

    alarm: tuple[str, ...] = ()

    # kinds: those of a first response; last steps of trials with labels; alarm, and as last steps
    def table(self, plan: Paying) -> Payoffs:
        first, get = super().table(plan), plan.rewards.get
        n, half = plan.actions.size, 2 + plan.actions.size
        labelled, alarm = first.copy(), Payoffs(3, n)
        for name in Payoffs.FIELDS:
            setattr(labelled, name, getattr(first, name)[half:].copy())
        labelled.set(np.s_[:, :, 0], get("miss", 0.0), Outcome.MISS, True)
        labelled.reward[2:, :, 0] += self.urgency
        alarm.set(np.s_[:, :, 1:], get("fail", 0.0), Outcome.EARLY, True)
        alarm.set(np.s_[1, :, 0], get("withheld", 0.0), Outcome.WITHHELD, True)
        alarm.set(np.s_[2, :, 0], get("miss", 0.0), Outcome.MISS, True)
        return first.joined(labelled).joined(alarm)

    def judge(
        self, plan: Paying, canvas: LevelCanvas, segment: np.ndarray, last: np.ndarray
    ) -> tuple[Payoffs, np.ndarray]:
        table, rows = super().judge(plan, canvas, segment, last)
        half, timeline = 2 + canvas.actions.size, canvas.timeline
        window = timeline.index(self.window)
        there = ((canvas.answers[:, window] > 0) & (timeline.steps[:, window] > 0)).any(axis=1)
        rows[last[there]] += half
        if self.alarm:
            early = np.isin(segment % timeline.steps.shape[1], timeline.index(self.alarm))
            rows[early] = 3 * half
            rows[last] += early[last] * (1 + there)
        return table, rows

    def sentence(self, plan: Paying) -> str:
        words = super().sentence(plan)
        if self.alarm:
            fail = plan.rewards.get("fail", 0)
            words += f" In {' or '.join(self.alarm)} it is a false alarm, which earns {fail:g}."
        return words


@dataclass(frozen=True)
class Answers(Rule):
    """Several answers in one trial: the first response in each of the periods `asked` counts.

    Each earns `correct` or `fail`; the last one ends the trial, which is correct if all of its
    answers were right. Without the last answer the trial is a miss.

    `window` goes from the first of these periods to the last; the response is the last answer,
    whose time counts from the start of its own period.
    """

    window: tuple[str, ...] = ("test1", "test2")
    asked: tuple[str, ...] = ("test1", "test2")
    hold: str | tuple[str, ...] = "fixation"

    @property
    def asks(self) -> tuple[tuple[str, ...], ...]:
        return tuple((period,) for period in self.asked)

    # kinds: 0 nothing counts, 1 hold, 2 + j * actions + a the j-th answer is a; again as last steps
    # states: 0 no answer yet, 2j - 1 the j-th answer was given and all were right, 2j not all were
    def table(self, plan: Paying) -> Payoffs:
        n, k, get = plan.actions.size, len(self.asked), plan.rewards.get
        half = 2 + k * n
        table = self._blank(plan, half, 2 * k - 1)
        for last in (0, half):
            if last:
                table.set(np.s_[last + 2 :], get("miss", 0.0), Outcome.MISS, True)
            for j in range(k):
                for answer in range(n):
                    self._pay(table, last + 2 + j * n + answer, j, answer, get)
        return table

    def _pay(
        self, table: Payoffs, row: int, j: int, answer: int, get: Callable[..., float]
    ) -> None:
        """What responses earn where the j-th answer is asked for: rows of the table, in place."""
        for state in range(min(2 * j + 1, table.shape[1])):
            all_right = state == max(2 * j - 1, 0)
            for action in range(1, table.shape[2]):
                right, at = action == answer, (row, state, action)
                earned = get("correct", 1.0) if right else get("fail", 0.0)
                if j == len(self.asked) - 1:
                    how = Outcome.CORRECT if right and all_right else Outcome.ERROR
                    table.set(at, earned, how, True)
                else:
                    table.reward[at] = earned
                    table.next[at] = 2 * j + (1 if right and all_right else 2)

    def judge(
        self, plan: Paying, canvas: LevelCanvas, segment: np.ndarray, last: np.ndarray
    ) -> tuple[Payoffs, np.ndarray]:
        n, timeline = canvas.actions.size, canvas.timeline
        kinds = self._kinds(canvas)
        for j, period in enumerate(self.asked):
            at = timeline.index(period)
            kinds[:, at] = 2 + j * n + canvas.answers[:, at]
        rows = kinds.ravel().take(segment)
        rows[last] += 2 + len(self.asked) * n
        return plan.table, rows

    def sentence(self, plan: Paying) -> str:
        early = plan.rewards.get("abort", 0)
        return (
            f"The first response in each of {' and '.join(self.asked)} counts, the last one ends"
            f" the trial, and all have to be right. Too early a response costs {early:g}."
        )


@dataclass(frozen=True)
class Worth(FirstResponse):
    """The first response in the window ends the trial and earns what it is worth in that trial.

    The task says by `canvas.worth` what each answer would earn, 0 where it says nothing. The answer
    that the label names counts as right, whatever it earns. The action `aside`, if there is one, is
    neither right nor wrong: its performance is what it earns, from `fail` (0) to `correct` (1).
    """

    aside: str = ""

    # kinds: those of a first response, then the same for each set of worths that occurs
    def judge(
        self, plan: Paying, canvas: LevelCanvas, segment: np.ndarray, last: np.ndarray
    ) -> tuple[Payoffs, np.ndarray]:
        _, rows = super().judge(plan, canvas, segment, last)
        if canvas.worths is None:
            raise ValueError("Worth: paint() says by canvas.worth() what answers are worth")
        sets, which = np.unique(canvas.worths, axis=0, return_inverse=True)
        kinds = plan.table.shape[0]
        trial = segment // canvas.timeline.steps.shape[1]
        return self._with_sets(plan, sets), rows + kinds * (1 + which.ravel()[trial])

    def _with_sets(self, plan: Paying, sets: np.ndarray) -> Payoffs:
        """The table for each set of worths; blocks often have the same, so the last is kept."""

        def made() -> Payoffs:
            table = plan.table
            for worths in sets:
                table = table.joined(self._form(plan, worths))
            return table

        return plan.kept.get("rule", sets.tobytes(), made)

    def _form(self, plan: Paying, worths: np.ndarray) -> Payoffs:
        """The table of a trial whose answers are worth so much, (actions,)."""
        form, get = plan.table.copy(), plan.rewards.get
        answers = form.response > 0
        form.reward[answers] = np.broadcast_to(worths + self.urgency, form.shape)[answers]
        if self.aside:
            action = plan.actions[self.aside].start
            chosen = answers[:, 0, action]
            span = get("correct", 1.0) - get("fail", 0.0)
            share = (worths[action] - get("fail", 0.0)) / span if span else 0.0
            form.outcome[chosen, 0, action] = Outcome.NONE
            form.performance[chosen, 0, action] = np.clip(share, 0, 1)
        return form

    def sentence(self, plan: Paying) -> str:
        aside = f" {self.aside} is neither right nor wrong." if self.aside else ""
        return f"{super().sentence(plan)} What a choice earns differs from trial to trial.{aside}"


@dataclass(frozen=True)
class Chain(Answers):
    """Several answers in one trial, of which only the last one pays, if all of them were right."""

    def _pay(
        self, table: Payoffs, row: int, j: int, answer: int, get: Callable[..., float]
    ) -> None:
        super()._pay(table, row, j, answer, get)
        right = table.outcome[row, :, 1:] == Outcome.CORRECT
        asked_last = j == len(self.asked) - 1
        earned = np.where(right, get("correct", 1.0), get("fail", 0.0)) if asked_last else 0.0
        table.reward[row, :, 1:] = earned

    def sentence(self, plan: Paying) -> str:
        return super().sentence(plan) + " Only the last one pays."


@dataclass(frozen=True)
class GoNoGos(Rule):
    """Several times in one trial it is right to respond, or to withhold, while a period lasts.

    In each of the periods `asked` the first response earns `correct` or `fail`, none at all
    `withheld` or `miss`. A response in the last one ends the trial, which is correct if all was
    done right. Response times count from the start of the window, the last of these periods.
    """

    window: str = "decision"
    asked: tuple[str, ...] = ("gng", "decision")
    hold: str | tuple[str, ...] = "fixation"

    @property
    def asks(self) -> tuple[tuple[str, ...], ...]:
        return tuple((period,) for period in self.asked)

    # kinds: 0 nothing counts, 1 hold; then for the j-th period with answer a an open and a closing
    # step; the same again as last steps
    # states: 0 no response in this period, 1 one was given; 2 and 3 likewise, but not all was right
    def table(self, plan: Paying) -> Payoffs:
        n, k, get = plan.actions.size, len(self.asked), plan.rewards.get
        half = 2 + 2 * k * n
        table = self._blank(plan, half, 4)
        for last in (0, half):
            for j in range(k):
                for answer in range(n):
                    row = last + 2 + 2 * (j * n + answer)
                    for closing in (0, 1):
                        self._pay(table, row + closing, j == k - 1, answer, closing, get)
        table.ends[half:] = True
        return table

    def _pay(
        self,
        table: Payoffs,
        row: int,
        final: bool,
        answer: int,
        closing: int,
        get: Callable[..., float],
    ) -> None:
        """What is earned where `answer` is the right action: a row of the table, in place."""
        for state in range(4):
            answered, wrong = state & 1, state >> 1
            for action in range(table.shape[2]):
                at, right = (row, state, action), action == answer
                if answered or not (action or closing):  # done, or still waiting
                    table.next[at] = 2 * wrong + (0 if closing else answered)
                    continue
                names = ("correct", "fail") if action else ("withheld", "miss")
                earned = get(names[0 if right else 1], 0.0)
                if not final:
                    table.reward[at] = earned
                    table.next[at] = 2 * (wrong or not right) + (0 if closing else 1)
                    continue
                well = Outcome.CORRECT if action else Outcome.WITHHELD
                ill = Outcome.MISS if not action and not right else Outcome.ERROR
                table.set(at, earned, well if right and not wrong else ill, True)

    def judge(
        self, plan: Paying, canvas: LevelCanvas, segment: np.ndarray, last: np.ndarray
    ) -> tuple[Payoffs, np.ndarray]:
        n, timeline = canvas.actions.size, canvas.timeline
        kinds = self._kinds(canvas)
        for j, period in enumerate(self.asked):
            at = timeline.index(period)
            kinds[:, at] = 2 + 2 * (j * n + canvas.answers[:, at])
        rows = kinds.ravel().take(segment)
        rows[last] += 2 + 2 * len(self.asked) * n
        begin = last + 1 - timeline.length
        for period in self.asked:
            closes = (begin + timeline.end[period] - 1)[
                timeline.end[period] > timeline.start[period]
            ]
            rows[closes] += 1
        return plan.table, rows

    def sentence(self, plan: Paying) -> str:
        early = plan.rewards.get("abort", 0)
        return (
            f"In each of {' and '.join(self.asked)} the first response counts, or that there is"
            f" none; all have to be right. Too early a response costs {early:g}."
        )
