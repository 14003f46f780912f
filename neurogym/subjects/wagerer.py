"""Choices with a way out: an observer that knows how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.parameters import Probability
from neurogym.subjects.integrator import gathered
from neurogym.subjects.many import NEVER, Many
from neurogym.subjects.policy import Delayed, wait_ms
from neurogym.subjects.practice import declared, practice

NORMAL = NormalDist()


class ConfidenceObserver(Delayed):
    """Adds up all evidence, and takes the sure option where it is less confident than a threshold.

    With x the evidence for one of two answers against the other (level x ms) after T ms, c^2 the
    variance of its noise a ms and s^2 that of the drift over trials, the chance to be right is
    Phi(|x| s / (c sqrt(c^2 + s^2 T))), as for a Gaussian prior on the drift. Where the sure option
    is offered, as the channel of its name tells, and this chance is below `threshold`, it is taken;
    else the answer is the sign of x. So it is taken more often where evidence is weak or short, and
    where it was offered and waived, choices are better than where it was not (Kiani & Shadlen
    2009). For tasks whose rule sets one action aside, with two channels of evidence; ValueError
    for others.
    """

    threshold = param.Number(
        None, bounds=(0.5, 1), allow_None=True,
        doc="confidence below which it takes the sure option; None: where that pays as much",
    )  # fmt: skip
    noise = param.Number(0.5, bounds=(0, 20), doc="SD of its own noise, level x sqrt(ms)")
    lapse = Probability(0.0, doc="share of trials with a random answer")

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Nothing was seen yet."""
        self._know(env)
        self._env = env
        opens, closes = env.window
        self._told = [self._chances(rng, (closes - opens) * self._dt)]
        self._x, self._steps, self._answer = 0.0, 0, 0
        self._due = self._late((opens, closes), self._told[0][0])

    def act(self, ob: np.ndarray) -> int:
        """Nothing until the response is due, then an answer or the sure option."""
        now = self._env.t_ind
        if now > self._due:
            return 0
        evidence = self._evidence_in(ob[None])
        self._x += float(self._against(evidence)[0])
        self._steps += bool(evidence.any())
        if now < self._due:
            return 0
        offered = np.array([self._offer(ob)])
        x, seen = np.array([self._x]), np.array([self._steps])
        return int(self._answers(x, seen, offered, self._told)[0])

    def play_many(self, trials: Many) -> tuple[np.ndarray, np.ndarray]:
        """The steps and actions (n,) of its responses in trials of the task that it began with."""
        opens, closes = trials.window.T
        windows = ((closes - opens) * self._dt).tolist()
        told = [self._chances(rng, ms) for rng, ms in zip(trials.rngs, windows, strict=True)]
        due = np.array(
            [
                self._late(window, wait)
                for window, (wait, *_) in zip(trials.window.tolist(), told, strict=True)
            ]
        )
        evidence = self._evidence_in(trials.ob)
        at = np.arange(trials.n), np.maximum(due, 0)
        x = np.cumsum(trials.padded(self._against(evidence)), axis=1)[at]
        is_on = np.asarray(evidence.any(axis=1))
        seen = np.cumsum(trials.padded(is_on), axis=1)[at]
        rows = trials.offsets[:-1] + np.maximum(due, 0)
        return due, self._answers(x, seen, self._offer(trials.ob[rows]), told)

    # -- the model -------------------------------------------------------------------------------

    def _chances(self, rng: np.random.Generator, ms: float) -> tuple[float, float, bool, int]:
        """Non-decision time, noise, whether it lapses, and a random answer."""
        wait = wait_ms(rng, *self._delay(ms))
        normal, lapsed = float(rng.standard_normal()), bool(rng.random() < self._lapse)
        return wait, normal, lapsed, int(rng.integers(2))

    def _late(self, window: Sequence[int], wait: float) -> int:
        """The step of the response."""
        opens, closes = window
        if closes <= opens:
            return NEVER
        return min(opens + int(np.ceil(max(wait, 0) / self._dt - 1e-9)), closes - 1)

    def _evidence_in(self, ob: np.ndarray) -> np.ndarray:
        return gathered(ob, self._evidence, 2)

    def _against(self, evidence: np.ndarray) -> np.ndarray:
        """What rows of evidence (S, 2) say for the second answer, level x ms: (S,)."""
        return (evidence[:, 1] - evidence[:, 0]) * (self._dt / 2)

    def _offer(self, ob: np.ndarray) -> Any:
        """Whether the sure option is offered in observations (..., C)."""
        at = self._sure_at
        return np.ones(ob.shape[:-1], bool) if at is None else ob[..., at] > 0.5

    def _answers(
        self, x: np.ndarray, seen: np.ndarray, offered: np.ndarray, told: list[tuple]
    ) -> np.ndarray:
        """Actions, (n,), given the evidence and for how many steps there was some."""
        _, normal, lapsed, guess = (np.array(column) for column in zip(*told, strict=True))
        ms = seen * self._dt
        x = x + self._own * np.sqrt(ms) * normal
        sure = (np.abs(x) < self.criterion(ms)) & offered
        answers = self._first + np.where(lapsed, guess, x > 0)
        return np.where(sure & ~lapsed, self._sure, answers)

    def criterion(self, ms: np.ndarray) -> np.ndarray:
        """The evidence, level x ms, below which it is not confident enough, after so many ms."""
        return self._quantile * self._c / self._s * np.sqrt(self._c**2 + self._s**2 * ms)

    # -- what it knows of the task -----------------------------------------------------------------

    def _read(self, env: HasTrials) -> None:
        task = declared(env, "ConfidenceObserver")
        plan = task.plan
        aside = getattr(plan.rule, "aside", "")
        groups = [g for g in plan.channels if g.evidence and g.size == 2]
        choices = [g for g in plan.actions if g.size == 2]
        if not (aside and groups and choices) or plan.table.shape[1] > 1:
            raise ValueError(
                f"{env} is nothing for ConfidenceObserver: it needs two channels of evidence, one"
                " for each answer, and an action that the rule sets aside"
            )
        self._dt, self._delay, self._lapse = float(env.dt), self.delay(), self.lapse
        self._evidence = [(g, plan.channels[g.gate].start if g.gate else None) for g in groups]
        self._first, self._sure = choices[0].start, plan.actions[aside].start
        self._sure_at = plan.channels[aside].start if aside in plan.channels else None
        self._learn(plan.rewards, aside, practice(task))

    def _learn(self, rewards: dict[str, float], aside: str, known: Any) -> None:
        """How noisy evidence is, how strong, and which confidence is worth as much as the aside."""
        shown, clean = self._evidence_in(known.batch.ob), self._evidence_in(known.clean)
        on = shown.any(axis=1)
        noise = (self._against(shown) - self._against(clean))[on]
        ms = known.by_trial(on.astype(float)) * self._dt
        drifts = known.by_trial(self._against(clean))[ms > 0] / ms[ms > 0]
        self._own = self.noise / 2**0.5
        self._c = (float(noise.var()) / self._dt + self._own**2) ** 0.5
        self._s = float((drifts**2).mean()) ** 0.5
        if not (self._c and self._s):
            raise ValueError("ConfidenceObserver: evidence without noise needs a noise of its own")
        threshold = self.threshold
        if threshold is None:
            correct, fail = rewards.get("correct", 1.0), rewards.get("fail", 0.0)
            share = (rewards.get(aside, 0.0) - fail) / (correct - fail) if correct != fail else 0.5
            threshold = min(max(share, 0.5), 0.999)
        self._quantile = NORMAL.inv_cdf(min(threshold, 1 - 1e-12))
