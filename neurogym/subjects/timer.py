"""Intervals that are measured and made again, by an observer that knows which ones there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.subjects.many import NEVER, Many
from neurogym.subjects.policy import Knowing
from neurogym.subjects.practice import Practice, declared, practice

NOWHERE = -1  # the step of a mark that did not come


@dataclass(frozen=True)
class Context:
    """Trials that look alike but for their interval: what is shown, and what is known of them."""

    shown: np.ndarray  # (C,) as the interval ends
    intervals: np.ndarray  # (k,) ms, those that it can be
    gain: float  # the interval to produce, as a share of the measured one


class IntervalObserver(Knowing, param.Parameterized):
    """Measures an interval with noise, estimates it in the light of those that there are, makes it.

    The measurement of an interval t is normal with SD w_measure * t. The estimate is the mean of
    the intervals that occur, weighted by how likely each gives that measurement (the Bayes least
    squares estimate), so that what it produces is drawn towards their mean, the more the less
    precise it measures. Without `prior` the measurement is taken as it is. What is produced for an
    estimate e is gain * e, normal with SD w_produce times that (Jazayeri & Shadlen 2010). A
    response waits for the window to open; one that would come after it does not come.

    For tasks that declare by `marks` which onsets bound the interval; ValueError for others. Which
    intervals there are, and what is to be made of them, it has from imagined trials, for each
    context that channels tell apart.
    """

    w_measure = param.Number(0.1, bounds=(0, 1), doc="Weber fraction of measuring: SD / interval")
    w_produce = param.Number(0.06, bounds=(0, 1), doc="Weber fraction of producing: SD / interval")
    prior = param.Boolean(True, doc="whether it goes by which intervals there are")

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Nothing was seen yet."""
        self._know(env)
        self._env, self._window = env, env.window
        self._normals = rng.standard_normal(2)
        self._marks = [NOWHERE, NOWHERE]
        self._before = np.zeros(2, bool)
        self._due = NEVER

    def act(self, ob: np.ndarray) -> int | np.ndarray:
        """Nothing until the interval is over, then a response."""
        now = self._env.t_ind
        on = ob[self._channels] > self._levels
        rises = on & ~self._before
        self._before = on
        if self._marks[1] == NOWHERE:
            if self._marks[0] == NOWHERE:
                if rises[0]:
                    self._marks[0] = now
            elif rises[1]:
                self._marks[1] = now
                self._due = self._when(ob, tuple(self._marks), self._window, self._normals)
        return self._press if now == self._due else self._idle

    def play_many(self, trials: Many) -> tuple[np.ndarray, np.ndarray]:
        """The steps and actions (n,) of its responses in trials of the task that it began with."""
        begins, ends = self._found(trials, trials.ob)
        steps = [
            NEVER
            if end == NOWHERE
            else self._when(trials.ob[row + end], (begin, end), window, rng.standard_normal(2))
            for row, begin, end, window, rng in zip(
                trials.offsets[:-1].tolist(), begins.tolist(), ends.tolist(),
                trials.window.tolist(), trials.rngs, strict=True,
            )
        ]  # fmt: skip
        return np.array(steps), np.full(trials.n, self._press)

    # -- the model -------------------------------------------------------------------------------

    def _when(
        self,
        ob: np.ndarray,
        marks: Sequence[int],
        window: Sequence[int],
        normals: np.ndarray,
    ) -> int:
        """The step of the response, given the steps that bound the interval, and the window."""
        (begin, end), (opens, closes) = marks, window
        context = self._contexts[0]
        if len(self._contexts) > 1:
            context = min(self._contexts, key=lambda one: float(((one.shown - ob) ** 2).sum()))
        interval = (end - begin) * self._dt
        measured = interval * (1 + self._set[0] * float(normals[0]))
        produced = context.gain * float(self.estimate(np.array([measured]), context)[0])
        produced *= 1 + self._set[1] * float(normals[1])
        step = max(end + round(produced / self._dt), opens)
        return step if step < closes else NEVER

    def estimate(self, measured: np.ndarray, context: Context) -> np.ndarray:
        """Estimates of intervals in ms, (n,), from measurements (n,)."""
        w, _, prior = self._set
        if not prior or not w:
            return measured
        sd = w * context.intervals
        log = -(((measured[:, None] - context.intervals) / sd) ** 2) / 2 - np.log(sd)
        weight = np.exp(log - log.max(axis=1, keepdims=True))
        return (weight * context.intervals).sum(axis=1) / weight.sum(axis=1)

    def _found(self, trials: Many, ob: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The steps at which the interval begins and ends, (n,) each; NOWHERE without."""
        on = trials.padded(ob[:, self._channels] > self._levels)  # (n, T, 2)
        before = np.zeros_like(on)
        before[:, 1:] = on[:, :-1]
        rises = on & ~before
        begins = np.where(rises[:, :, 0].any(axis=1), rises[:, :, 0].argmax(axis=1), NOWHERE)
        later = rises[:, :, 1] & (np.arange(on.shape[1]) > begins[:, None])
        later &= (begins != NOWHERE)[:, None]
        return begins, np.where(later.any(axis=1), later.argmax(axis=1), NOWHERE)

    # -- what it knows of the task -----------------------------------------------------------------

    def _read(self, env: HasTrials) -> None:
        task = declared(env, "IntervalObserver")
        if not task.marks:
            raise ValueError(
                f"{env} is nothing for IntervalObserver: it declares no marks, the channels whose"
                " onsets bound an interval that is to be produced"
            )
        plan = task.plan
        self._set = self.w_measure, self.w_produce, self.prior
        self._dt = float(env.dt)
        self._channels = [plan.channels[name].start for name in task.marks]
        known = practice(task)
        self._levels = known.clean[:, self._channels].max(axis=0) / 2
        self._idle = plan.actions.rest
        self._contexts = self._learned(known, plan)

    def _learned(self, known: Practice, plan: Any) -> list[Context]:
        """Which intervals there are in which contexts; which action responds, too."""
        trials = Many(known.batch, range(known.batch.n), self._dt, ())
        begins, ends = self._found(trials, known.clean)
        if plan.actions.graded:
            self._press = plan.actions.high.copy()
            right = known.batch.gt[:, 0] >= plan.actions.high[0]
        else:
            right = known.batch.gt > 0
            self._press = int(known.batch.gt.max())
        asked = trials.padded(right)
        good = (ends != NOWHERE) & asked.any(axis=1)
        due = (asked.argmax(axis=1) - ends)[good] * self._dt
        intervals = (ends - begins)[good] * self._dt
        shown = known.clean[trials.offsets[:-1][good] + ends[good]]
        looks, which = np.unique(shown, axis=0, return_inverse=True)
        which = which.ravel()
        return [
            Context(
                look, intervals[which == k], float(np.median((due / intervals)[which == k]))
            )
            for k, look in enumerate(looks)
        ]  # fmt: skip
