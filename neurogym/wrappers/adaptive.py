"""Wrappers that follow the subject: what comes next depends on how trials ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import param

from neurogym.spec.conditions import Choice, Condition, Uniform
from neurogym.spec.outcomes import Outcome, Payoffs
from neurogym.spec.parameters import Name, Numbers, Probability
from neurogym.spec.plan import Estimate
from neurogym.spec.rules import FirstResponse
from neurogym.trials.batch import Draw
from neurogym.trials.task import Task
from neurogym.wrappers.base import Wrapper, add_condition, needs_ground_truth
from neurogym.wrappers.labels import in_play

LONGEST = 60_000.0  # ms of a period
FLOOR = 1e-3  # of the highest level: where factors end that could go on to 0
JUDGED = np.isin(list(Outcome), (Outcome.CORRECT, Outcome.ERROR, Outcome.WITHHELD))


def span(condition: Condition | None) -> tuple[float, float] | None:
    """The numbers to which a condition can be set; None if it is not one of that kind."""
    if isinstance(condition, Uniform):
        return condition.low, condition.high
    if isinstance(condition, Choice) and condition.bounds:
        return condition.bounds
    return None


class Steered(Wrapper):
    """Sets a condition, or the length of a period, by how trials ended; the base of those here."""

    condition = Name(
        of=("condition", "period"),
        doc="the condition, or period, that follows the subject; the first that can if empty",
    )
    harder: Any = param.Selector(
        default="lower", objects=["lower", "higher"], doc="the harder side"
    )
    low = param.Number(
        None, allow_None=True,
        doc="lowest level; the condition's own if None, but above 0 where ratios count",
    )  # fmt: skip
    high = param.Number(None, allow_None=True, doc="highest level; the condition's own if None")
    max_trials = param.Integer(
        0, bounds=(0, 10**6), doc="ends after so many answered trials; 0: never"
    )

    def _name(self, task: Task) -> str:
        """The condition or period that is steered; "" if there is none."""
        if self.condition:
            return self.condition
        free = (n for n, c in task.plan.conditions.items() if isinstance(c, Choice) and span(c))
        return next(free, "")

    def check(self, task):
        own = self._own(task)
        if own is None:
            free = [name for name, c in task.plan.conditions.items() if span(c)]
            what = f"{self.condition!r}" if self.condition else "of that kind"
            self.refuse(
                task,
                f"it has no condition {what}; those that can be any number:"
                f" {', '.join(free) or 'none'}; periods: {', '.join(task.plan.timing)}",
            )
        low, high = self._span(task)
        if not own[0] <= low < high <= own[1]:
            raise ValueError(
                f"low = {low:g}, high = {high:g}: expected {own[0]:g} <= low < high <= {own[1]:g}"
            )

    def _own(self, task: Task) -> tuple[float, float] | None:
        """The bounds of what is steered."""
        name = self._name(task)
        if name in task.plan.timing and task.plan.timing[name].kind not in ("times", "until"):
            return float(task.dt), LONGEST
        return span(task.plan.conditions.get(name))

    def _span(self, task: Task) -> tuple[float, float]:
        lowest, highest = self._own(task) or (0.0, np.inf)
        low = lowest if self.low is None else self.low
        return low, highest if self.high is None else self.high

    def settle(self, task, draw, luck, last):
        name = self._name(task)
        into = draw.ms if name in task.plan.timing else draw.conditions
        into[name] = last["level"]


class Staircase(Steered):
    """A condition, such as coherence, becomes harder after right and easier after wrong answers.

    Fits tasks with a condition that can be any number between two bounds.

    After `down` right answers in a row the level goes one step to the harder side, after `up` wrong
    ones one step to the easier side; until the first reversal each answer moves it. A step is a
    factor (`step_type` "ratio") or a difference ("linear"); `steps` lists the sizes, one for each
    reversal so far, the last one for all that follow. Factors lead down to `low`, or to a
    thousandth of `high` where the condition could be 0; from there errors lead up again. Steps to
    the easier side are `up_weight` times as large. The level comes to rest where the answer is
    right with probability `target`:
    Levitt (1971), https://doi.org/10.1121/1.1912375; weighted: Kaernbach (1991),
    https://doi.org/10.3758/BF03214307. Trials without an answer change nothing.
    """

    start = param.Number(None, allow_None=True, doc="first level; the easiest one drawn if None")
    up = param.Integer(1, bounds=(1, 10), doc="wrong answers before it becomes easier")
    down = param.Integer(2, bounds=(1, 10), doc="right answers in a row before it becomes harder")
    up_weight = param.Number(1.0, bounds=(0.1, 10), doc="easier steps, relative to harder ones")
    steps = Numbers(
        [2.0, 1.41, 1.41, 1.41, 1.19], limits=(0, None), doc="sizes of steps, by reversal"
    )
    step_type: Any = param.Selector(
        default="ratio", objects=["ratio", "linear"], doc="factor or sum"
    )
    max_reversals = param.Integer(
        0, bounds=(0, 10**6), doc="ends after so many reversals; 0: never"
    )
    discard = param.Integer(
        2, bounds=(0, 1000), doc="first reversals that the estimate does not count"
    )

    def check(self, task):
        super().check(task)
        low, high = self._span(task)
        if not low <= self._start(task) <= high:
            raise ValueError(f"start = {self.start!r}: expected a number from {low:g} to {high:g}")
        least = 1 if self.step_type == "ratio" else 0
        if not self.steps or min(self.steps) <= least:
            raise ValueError(f"steps = {self.steps!r}: expected some numbers above {least}")
        if self.step_type == "ratio" and low <= 0:
            raise ValueError(
                f"low = {low:g}: a level of 0 cannot change by a factor, from it no error leads up;"
                " expected a number above 0, or step_type='linear'"
            )

    def _span(self, task):
        low, high = super()._span(task)
        if self.low is None and self.step_type == "ratio" and low <= 0 < high < np.inf:
            floor = FLOOR * high
            return floor if self.start is None or self.start <= 0 else min(floor, self.start), high
        return low, high

    def _start(self, task: Task) -> float:
        if self.start is not None:
            return float(self.start)
        name, bounds = self._name(task), self._span(task)
        if name in task.plan.timing:
            bounds = task.plan.timing[name].bounds
        levels = getattr(task.plan.conditions.get(name), "values", np.array(bounds))
        easiest = levels.max() if self.harder == "lower" else levels.min()
        return float(np.clip(easiest, *self._span(task)))

    @property
    def target(self) -> float:
        """The probability of a right answer at which the level comes to rest (up = 1)."""
        return (self.up_weight / (1 + self.up_weight)) ** (1 / self.down)

    def at_first(self, task, n):
        names = ("right", "wrong", "way", "reversals", "judged", "cut")
        counts = {k: np.zeros(n, np.int64) for k in names}
        # sums of the levels at reversals: of pairs, and of the one that has no partner yet
        sums = {"turns": np.zeros(n), "half": np.zeros(n)}
        return {"level": np.full(n, self._start(task)), **counts, **sums}

    def follow(self, task, last, trials, results):
        judged = JUDGED[results.outcome]
        right = np.where(results.correct, last["right"] + 1, 0)
        wrong = np.where(results.correct, 0, last["wrong"] + 1)
        first = last["reversals"] == 0
        harder = right >= np.where(first, 1, self.down)
        easier = wrong >= np.where(first, 1, self.up)
        way = harder * 1 - easier * 1
        turned = (last["way"] != 0) & (way != last["way"]) & (way != 0) & judged
        reversals = last["reversals"] + turned
        step = np.array(self.steps)[np.minimum(reversals, len(self.steps) - 1)]
        level = self._moved(task, last["level"], way, step)
        after = dict(level=level, right=0, wrong=0, way=way, reversals=reversals)
        moved = {k: np.where(way != 0, after[k], last[k]) for k in after}
        moved.update((k, np.where(way != 0, 0, n)) for k, n in (("right", right), ("wrong", wrong)))
        moved["judged"] = last["judged"] + 1
        moved["cut"] = last["cut"] + ((way != 0) & (level == last["level"]))
        moved["turns"], moved["half"] = self._turns(last, turned, reversals)
        return {k: np.where(judged, moved[k], last[k]) for k in last}

    def _turns(self, last: Any, turned: np.ndarray, reversals: np.ndarray) -> Any:
        """Sums of the levels at reversals that count: of pairs, of the one without a partner."""
        level = last["level"]
        level = np.log(np.maximum(level, 1e-12)) if self.step_type == "ratio" else level
        counted = reversals - self.discard
        first = turned & (counted > 0) & (counted % 2 == 1)
        second = turned & (counted > 0) & (counted % 2 == 0)
        turns = last["turns"] + np.where(second, last["half"] + level, 0.0)
        return turns, np.where(first, level, np.where(second, 0.0, last["half"]))

    def estimate(self, task, last):
        counted = max(0, last["reversals"] - self.discard) // 2 * 2
        mean = last["turns"] / counted if counted else np.nan
        at = float(np.exp(mean)) if self.step_type == "ratio" else float(mean)
        told = f"{last['reversals']} reversals, {counted} of which count"
        if last["cut"]:
            low, high = self._span(task)
            side = "lowest" if last["level"] - low < high - last["level"] else "highest"
            told += f"; {last['cut']} times it was at its {side} level and could not go on"
        ends = ((self.max_trials, "judged"), (self.max_reversals, "reversals"))
        over = any(0 < most <= last[name] for most, name in ends)
        return Estimate(self._name(task), at, None, told, over, {"target": self.target})

    def _moved(self, task: Task, level: Any, way: np.ndarray, step: np.ndarray) -> np.ndarray:
        low, high = self._span(task)
        up = way if self.harder == "higher" else -way
        up = up * np.where(way < 0, self.up_weight, 1.0)
        moved = level * step**up if self.step_type == "ratio" else level + up * step
        return np.clip(moved, low, high)


class TimeOut(Wrapper):
    """After a trial that was not answered rightly the next one starts later.

    Fits every declared task.

    The first period, or the one named by `period`, lasts `time_out` ms longer.
    """

    time_out = param.Number(1000.0, bounds=(0, 60_000), doc="ms")
    period = Name(of="period", doc="the period that lasts longer; the first one if empty")

    def _period(self, task: Task) -> str:
        return self.period or next(iter(task.plan.timing))

    def check(self, task):
        timing = task.plan.timing
        if self.period and self.period not in timing:
            raise ValueError(
                f"TimeOut: no period {self.period!r}; the periods are {', '.join(timing)}"
            )

    def at_first(self, task, n):
        return {"late": np.zeros(n, bool)}

    def settle(self, task, draw, luck, last):
        draw.more[self._period(task)] = np.where(last["late"], self.time_out, 0.0)

    def follow(self, task, last, trials, results):
        return {"late": ~results.correct}


@dataclass
class Curriculum:
    """What a task makes of `Shaping`: worked out once."""

    first_phase: int
    repeats: int  # the same answers in a row that still pay
    share: float  # of right answers that ends a phase,
    trials: int  # over which it is counted
    short: float  # ms of a short period
    values: np.ndarray  # of the condition ground_truth
    first: int  # the action that is the first answer
    periods: dict[str, float]  # that are shortened: their usual ms, where these are not drawn

    def choose(
        self, draw: Draw, allowed: np.ndarray, pick: np.ndarray, again: np.ndarray,
        spent: np.ndarray,
    ) -> None:  # fmt: skip
        """Repeat a trial's right answer, and let none be right that does not pay."""
        rows, k = np.arange(draw.n), len(self.values)
        truth = draw.conditions["ground_truth"]
        repeats = (again >= 0) & allowed[rows, again]
        truth = np.where(repeats, self.values[again], truth)
        place = spent - self.first
        out = (spent > 0) & (place >= 0) & (place < k)
        left = allowed & ~(out[:, None] & (np.arange(k) == place[:, None]))
        count = left.sum(axis=1)
        nth = (pick * count).astype(np.int64)
        other = self.values[(left.cumsum(axis=1) > nth[:, None]).argmax(axis=1)]
        replaced = out & (count > 0) & (truth == self.values[np.where(out, place, 0)])
        draw.conditions["ground_truth"] = np.where(replaced, other, truth)

    def shorten(self, draw: Draw, lucks: np.ndarray, phase: np.ndarray) -> None:
        """Make all periods but the last as short as a phase asks for."""
        for (name, usual), luck in zip(self.periods.items(), lucks.T, strict=True):
            full = draw.ms.get(name, usual)
            short = np.minimum(full, self.short)
            mid = short + np.where(phase < 2, 0.0, luck) * (full - short)
            draw.ms[name] = np.where(phase > 3, full, mid)


class Shaping(Wrapper):
    """Leads up to a task in phases, from one to the next when performance suffices.

    Fits tasks with one right answer of several, which the first response gives.

    0: every answer pays, unless the same one was given more than `max_num_reps` times in a row.
    1: the right answer pays; after a wrong one the same trial comes again, until it is right.
    2: periods of any length between the shortest and the full one, no errors repeated.
    3: noise is on. 4: all periods are full. 5: errors and early responses cost what they cost.
    In phases 0 and 1 all periods but the last are `short_dur` steps, noise is off up to phase 2,
    and nothing costs anything before phase 5. A phase ends when the share of right answers in
    `perf_w` trials is `th` or more; repeated trials do not count. The condition `phase` tells it.
    """

    init_ph = param.Integer(0, bounds=(0, 5), doc="the first phase")
    max_num_reps = param.Integer(3, bounds=(1, 100), doc="the same answers in a row that still pay")
    short_dur = param.Integer(2, bounds=(1, 100), doc="steps of a short period")
    th = Probability(0.8, doc="share of right answers that ends a phase")
    perf_w = param.Integer(1000, bounds=(1, 10**6), doc="trials over which that is counted")

    def check(self, task):
        needs_ground_truth(self, task)
        if not isinstance(task.plan.rule, FirstResponse):
            self.refuse(task, "no first response decides its trials")
        if self._first(task) is None:
            self.refuse(task, "it has no action for each right answer")

    def _first(self, task: Task) -> int | None:
        """The action that is the first answer; the others follow it."""
        n = needs_ground_truth(self, task)
        return next((g.start for g in task.plan.actions if g.size == n and g.start), None)

    def change(self, task, plan):
        add_condition(self, task, plan, "phase", Choice(range(6), doc="phase of shaping"))
        spent = Choice(range(plan.actions.size), doc="the answer that pays no more; 0: all do")
        add_condition(self, task, plan, "spent", spent)

    def _curriculum(self, task: Task) -> Curriculum:
        plan = task.plan
        if self not in plan.known:
            timing = list(plan.timing.items())[:-1]
            truth: Any = plan.conditions["ground_truth"]
            plan.known[self] = Curriculum(
                self.init_ph, self.max_num_reps, self.th, self.perf_w, self.short_dur * plan.dt,
                truth.values, self._first(task) or 0,
                {name: d.bounds[0] for name, d in timing if d.kind not in ("times", "until")},
            )  # fmt: skip
        curriculum: Curriculum = plan.known[self]
        return curriculum

    def at_first(self, task, n):
        counts = {k: np.zeros(n, np.int64) for k in ("n", "right", "same", "answer")}
        return {"phase": np.full(n, self.init_ph), **counts, "again": np.full(n, -1)}

    def chance(self, task, draw):
        k = len(self._curriculum(task).values)
        luck = draw.rng.random((draw.n, 1 + len(self._curriculum(task).periods)))
        mask = in_play(task, draw)
        return np.hstack([np.ones((draw.n, k)) if mask is None else mask, luck])

    def settle(self, task, draw, luck, last):
        told, phase, again = self._curriculum(task), last["phase"], last["again"]
        k = len(told.values)
        spent = np.where((phase == 0) & (last["same"] >= told.repeats), last["answer"], 0)
        if spent.any() or (again >= 0).any():
            told.choose(draw, luck[:, :k] > 0, luck[:, k], again, spent)
        draw.conditions["phase"], draw.conditions["spent"] = phase, spent
        told.shorten(draw, luck[:, k + 1 :], phase)

    def paint(self, task, canvas, trials):
        noisy = (np.asarray(trials.phase) >= 3).astype(np.float32)
        canvas.dampen(noisy)

    def forms(self, task, payoffs):
        free = payoffs.copy()
        free.reward = np.maximum(free.reward, 0)
        every = self._paying(task, free, 0)
        return [free, every, *(self._paying(task, free, a) for a in range(1, payoffs.shape[2]))]

    def _paying(self, task: Task, payoffs: Payoffs, but: int) -> Payoffs:
        """The table in which every answer pays, but for one."""
        other = payoffs.copy()
        answers = payoffs.response > 0
        pays = answers & (payoffs.response != but)
        other.reward[pays] = task.plan.rewards.get("correct", 1.0)
        other.outcome[pays], other.performance[pays] = Outcome.CORRECT, 1.0
        spent = answers & ~pays
        other.reward[spent], other.outcome[spent], other.performance[spent] = 0, Outcome.ERROR, 0
        return other

    def form(self, task, trials):
        phase, spent = np.asarray(trials.phase), np.asarray(trials.spent)
        values = task.plan.conditions["ground_truth"].values
        right = self._first(task) + np.searchsorted(values, trials.ground_truth)
        spent = np.where(spent == right, 0, spent)  # what is right pays in any case
        return np.where(phase == 5, 0, np.where(phase == 0, 2 + spent, 1))

    def follow(self, task, last, trials, results):
        how, response, phase = self._curriculum(task), results.response, last["phase"]
        same = np.where(response == last["answer"], last["same"] + 1, 1)
        same = np.where(response > 0, same, last["same"])
        counts = last["again"] < 0
        n, right = last["n"] + counts, last["right"] + (counts & results.correct)
        values = how.values
        order = np.argsort(values)
        at = order[np.searchsorted(values, trials["ground_truth"], sorter=order)]
        again = np.where((phase == 1) & ~results.correct, at, -1)
        full = n >= how.trials
        on = full & (right >= how.share * n) & (phase < 5)
        told = dict(
            phase=phase + on, n=np.where(full, 0, n), right=np.where(full, 0, right),
            same=np.where(on, 0, same), answer=np.where(response > 0, response, last["answer"]),
            again=np.where(on, -1, again),
        )  # fmt: skip
        return told
