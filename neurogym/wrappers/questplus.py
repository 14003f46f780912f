"""QUEST+: the level of each trial is the one that is expected to tell most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import param

from neurogym.spec.conditions import Choice
from neurogym.spec.forms import FORMS, Form, form_of, with_lapses
from neurogym.spec.parameters import Numbers, Probability
from neurogym.spec.plan import Estimate
from neurogym.trials.task import Task
from neurogym.wrappers.adaptive import JUDGED, Steered

SPAN = 100.0  # from the lowest to the highest level, where a logarithm needs one above 0


@dataclass(frozen=True)
class Grid:
    """The psychometric functions that are thought of, and the levels that can be shown."""

    log: bool
    levels: np.ndarray  # (L,)
    threshold: np.ndarray  # (G,)
    slope: np.ndarray  # (G,)
    lapse: np.ndarray  # (G,)
    share: np.ndarray  # (G, L) right answers that each function expects at each level

    @property
    def place(self) -> np.ndarray:
        """The thresholds (G,) on the axis along which they are evenly spaced."""
        return np.log(self.threshold) if self.log else self.threshold

    def posterior(self, right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
        """How likely each function is, (n, G), after so many answers at each level, (n, L) each."""
        log_p = right @ np.log(self.share).T + wrong @ np.log1p(-self.share).T
        p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
        weights: np.ndarray = p / p.sum(axis=1, keepdims=True)
        return weights

    def information(self, posterior: np.ndarray) -> np.ndarray:
        """By how much the entropy of posteriors (n, G) is expected to fall, (n, L), in nats."""
        return _entropy(posterior @ self.share) - posterior @ _entropy(self.share)

    def best(self, posterior: np.ndarray) -> np.ndarray:
        """The most informative level of each posterior, (n,); of equal ones the lowest."""
        gain = np.round(self.information(posterior), 9)  # sums differ in their last digits
        return self.levels[np.argmax(gain, axis=1)]

    def mean(self, posterior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and SD of the threshold's place, (n,) each."""
        middle = posterior @ self.place
        return middle, np.sqrt(np.maximum(posterior @ self.place**2 - middle**2, 0))


def _entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(p) + (1 - p) * np.log1p(-p))


class QuestPlus(Steered):
    """A condition, such as coherence, is set to where the answer tells most about the subject.

    Fits tasks with a condition that can be any number between two bounds.

    Thresholds (as many as `levels`, evenly spaced between `low` and `high`), slopes and lapses make
    a grid of psychometric functions of one form, all equally likely at first; each right or wrong
    answer makes some of them likelier, and the next level is that of which the expected entropy of
    the grid is the least: Watson (2017), https://doi.org/10.1167/17.3.10. The threshold is where
    the form is half way up, a lapse a trial answered at random, as in `neurogym.analysis.fit`;
    levels and thresholds are evenly spaced in logarithms for a Weibull, of which the lowest is a
    hundredth of the highest where the condition's own is 0. Trials without an answer
    change nothing.
    """

    form: Any = param.Selector(default="weibull", objects=list(FORMS), doc="psychometric function")
    levels = param.Integer(31, bounds=(3, 201), doc="levels, and thresholds, that are thought of")
    slopes = Numbers(
        [1.0, 1.5, 2.0, 3.0, 4.5],
        limits=(1e-9, None),
        doc="slopes: exponents of a Weibull, else how often F goes from 0 to 1 within the bounds",
    )
    lapses = Numbers([0.0, 0.02, 0.04, 0.08], limits=(0, 0.5), doc="shares of random answers")
    guess = Probability(
        None, allow_None=True, doc="share right where nothing is seen; 1 / answers if None"
    )
    max_sd = param.Number(
        0.0, bounds=(0, None), doc="ends at this SD of the threshold (of its log); 0: never"
    )

    def _span(self, task):
        low, high = super()._span(task)
        if self.low is None and low <= 0 < high and form_of(self.form).log:
            low = high / SPAN
        return low, high

    def check(self, task):
        super().check(task)
        for name in ("slopes", "lapses"):
            if not getattr(self, name):
                raise ValueError(f"{name} = {getattr(self, name)!r}: expected some numbers")
        low, _ = self._span(task)
        if form_of(self.form).log and low <= 0:
            raise ValueError(
                f"low = {low:g}: the levels of a {self.form} function are above 0; give a low"
            )

    def _chance(self, task: Task) -> float:
        truth = task.plan.conditions.get("ground_truth")
        return 1 / len(truth.values) if isinstance(truth, Choice) else 0.0

    def grid(self, task: Task) -> Grid:
        """The functions and levels for a task."""
        plan = task.plan
        if self not in plan.known:
            plan.known[self] = self._grid(task, form_of(self.form))
        grid: Grid = plan.known[self]
        return grid

    def _grid(self, task: Task, form: Form) -> Grid:
        low, high = self._span(task)
        space = np.geomspace if form.log else np.linspace
        levels = space(low, high, self.levels)
        parts = np.meshgrid(levels, self.slopes, self.lapses, indexing="ij")
        threshold, slope, lapse = (part.ravel() for part in parts)
        width = 1 / slope if form.log else form.steepness * (high - low) / slope
        side = -1.0 if self.harder == "higher" else 1.0
        places, middles = (np.log(v) if form.log else v for v in (levels, threshold))
        distance = side * (places[None, :] - middles[:, None]) / width[:, None]
        chance = self._chance(task)
        guess = chance if self.guess is None else self.guess
        share = with_lapses(form.share(distance), guess, lapse[:, None], chance)
        return Grid(form.log, levels, threshold, slope, lapse, np.clip(share, 1e-6, 1 - 1e-6))

    def at_first(self, task, n):
        grid = self.grid(task)
        counts = {k: np.zeros((n, grid.levels.size), np.int64) for k in ("right", "wrong")}
        prior = np.full((1, grid.threshold.size), 1 / grid.threshold.size)
        return {"level": np.repeat(grid.best(prior), n), **counts}

    def follow(self, task, last, trials, results):
        grid = self.grid(task)
        judged, right = JUDGED[results.outcome], np.asarray(results.correct, bool)
        shown = np.abs(grid.levels[None, :] - self._shown(task, last, trials)[:, None])
        here = np.arange(grid.levels.size) == shown.argmin(axis=1)[:, None]
        after = {
            "right": last["right"] + (here & (judged & right)[:, None]),
            "wrong": last["wrong"] + (here & (judged & ~right)[:, None]),
        }
        level = grid.best(grid.posterior(after["right"], after["wrong"]))
        return {"level": np.where(judged, level, last["level"]), **after}

    def _shown(self, task: Task, last: Any, trials: Any) -> np.ndarray:
        """The levels that were shown, which may have been forced."""
        return np.asarray(trials.get(self._name(task), last["level"]), float)

    def estimate(self, task, last):
        grid = self.grid(task)
        right, wrong = (np.array([last[name]], float) for name in ("right", "wrong"))
        posterior = grid.posterior(right, wrong)
        (middle,), (sd,) = grid.mean(posterior)
        low, high = middle - 1.96 * sd, middle + 1.96 * sd
        ends = (np.exp(low), np.exp(high)) if grid.log else (low, high)
        n = int(right.sum() + wrong.sum())
        over = 0 < self.max_trials <= n or sd <= self.max_sd
        at = float(np.exp(middle)) if grid.log else float(middle)
        told = f"{n} trials"
        if ends[0] < grid.levels[0] or ends[1] > grid.levels[-1]:
            told += ", its interval goes beyond the levels that can be shown"
        slope = float((posterior @ grid.slope)[0])
        lapse = float((posterior @ grid.lapse)[0])
        return Estimate(
            self._name(task), at, (float(ends[0]), float(ends[1])), told, bool(over),
            {"slope": slope, "lapse": lapse},
        )  # fmt: skip
