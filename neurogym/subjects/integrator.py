"""Decisions from evidence that is accumulated to a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.layout import Group
from neurogym.spec.parameters import Probability
from neurogym.subjects.many import NEVER, Many
from neurogym.subjects.policy import Delayed, wait_ms
from neurogym.subjects.practice import Practice, practice
from neurogym.trials.task import Task

UNHURRIED = 450.0  # ms: what a decision without evidence takes on average, if there is the time
SHARE = 4  # it is no more than 1 / SHARE of the time in which evidence has to lead to a response
EASY = 6.0  # drift x bound / noise variance where it is easiest, at most: own noise sees to it
FORESEEN = 0.65  # the share of trials whose first half of evidence is to point to the answer
HARD = 1.5  # and at least, if longer decisions can bring it there


@dataclass(frozen=True)
class Scale:
    """What a task suggests to one who knows it: bound (level x ms) and noise (level x sqrt(ms))."""

    bound: float
    noise: float


class Integrator(Delayed):
    """Accumulates evidence for each answer to a bound, then responds.

    In each step the evidence of each answer, less the mean over answers, times `drift` and dt, is
    added to that answer's accumulator (units: level x ms). The first to reach the bound is the
    choice; without one, the largest is when the evidence ends. The response follows the
    non-decision time after both the commitment and the opening of the response window, in the
    window's last step at the latest. With two answers and `leak`, `collapse` and `urgency` 0 this
    is the diffusion model (Ratcliff 1978). Works on every task with two or more evidence channels,
    one for each answer, else raises ValueError.

    Where `bound` is None it is the square root of the time that a decision without any evidence is
    to take on average, times the noise: 450 ms, or a quarter of the time that there is if that is
    less, longer if even the easiest trials would be hard (`EASY`, `HARD`). Where evidence comes in
    parts, one answer's after the other's, it decides when all of it was there. `noise` is then as
    much as the task's own noise lacks for errors in all but the easiest trials. All this follows
    from trials that are imagined from the task's declaration, and is our choice. With a bound that
    is given there is no noise but the task's and what is given. Periods in which evidence channels
    hold nothing but noise do not count.

    The bound falls with the time t (s) since the evidence began: it is
    bound * exp(-collapse * t) - bound * urgency * t, and not below a hundredth of itself.
    """

    drift = param.Number(1.0, bounds=(0, 20), doc="gain on the evidence")
    caution = param.Number(1.0, bounds=(0.1, 5), doc="factor on the bound that the task suggests")
    bound = param.Number(
        None, bounds=(0.1, 1000), allow_None=True,
        doc="evidence at which it commits, level x ms; None: what the task suggests",
    )  # fmt: skip
    collapse = param.Number(0.0, bounds=(0, 10), doc="rate at which the bound decays, 1/s")
    urgency = param.Number(0.0, bounds=(0, 5), doc="share of the bound that is lost each second")
    leak = param.Number(0.0, bounds=(0, 50), doc="loss of what was accumulated, 1/s")
    noise = param.Number(
        None, bounds=(0, 20), allow_None=True,
        doc="SD of its own noise, level x sqrt(ms); None: what the task lacks, 0 with a bound",
    )  # fmt: skip
    lapse = Probability(0.0, doc="share of trials with a random answer")

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Clear the accumulators."""
        self._know(env)
        self._env = env
        opens, closes = env.window
        self._x = np.zeros((1, self._size))
        self._choice: int | None = None
        self._shown = 0  # steps with evidence
        self._spans = [span for name, *span in env.periods if name in self._informs]
        self._wait, self._lapsed, self._ties, self._guess = self._chances(
            rng, (closes - opens) * self._dt
        )
        self._rng = rng

    def act(self, ob: np.ndarray) -> int:
        """Nothing until the response is due, then the choice."""
        env = self._env
        opens, closes = env.window
        now = env.t_ind
        is_open, last = opens <= now < closes, now == closes - 1
        if self._choice is None:
            evidence = self._evidence_in(ob[None])
            inside = self._all or any(start <= now < stop for start, stop in self._spans)
            shown = inside and bool(evidence.any())
            if shown:
                self._integrate(self._x, evidence, lambda: self._rng.standard_normal(self._size))
                self._shown += 1
            bound = self._bounds(np.array([self._shown]))
            if (self._x >= bound[:, None]).any() or (is_open and not shown):
                self._choice = int(self._largest(self._x, self._ties)[0])
        if is_open and (self._choice is not None or last):
            if self._wait <= 0 or last:
                return self._answer()
            self._wait -= self._dt
        return 0

    def _answer(self) -> int:
        choice = self._choice
        if choice is None:
            choice = int(self._largest(self._x, self._ties)[0])
        return self._first + (self._guess if self._lapsed else choice)

    # -- many trials at once -----------------------------------------------------------------------

    def play_many(self, trials: Many) -> tuple[np.ndarray, np.ndarray]:
        """The steps and actions (n,) of its responses in trials of the task that it began with."""
        n, size, dt = trials.n, self._size, self._dt
        opens, closes = trials.window.T
        evidence = self._evidence_in(trials.ob)
        is_on = np.asarray(evidence.any(axis=1))
        shown = trials.padded(is_on if self._all else is_on & trials.during(self._informs))
        windows = ((closes - opens) * dt).tolist()
        told = [self._chances(rng, ms) for rng, ms in zip(trials.rngs, windows, strict=True)]
        waits, lapsed, ties, guesses = (np.array(column) for column in zip(*told, strict=True))
        counts = shown.sum(axis=1)
        drawn = np.cumsum(counts) - counts
        own = np.zeros((0, size))
        if self._noise:
            pairs = zip(trials.rngs, counts.tolist(), strict=True)
            own = np.concatenate([rng.standard_normal((m, size)) for rng, m in pairs])
        x, seen = np.zeros((n, size)), np.zeros(n, int)
        choice, chosen = np.full(n, -1), np.full(n, shown.shape[1] + 1)  # and the step
        for step in range(shown.shape[1]):
            going, rows = trials.at(step)
            which = choice[going] < 0
            going, rows = going[which], rows[which]
            if not going.size:
                continue
            on = shown[going, step]
            if (adding := going[on]).size:
                moved, at = x[adding], drawn[adding] + seen[adding]
                self._integrate(moved, evidence[rows[on]], lambda at=at: own[at])
                x[adding] = moved
                seen[adding] += 1
            over = (x[going] >= self._bounds(seen[going])[:, None]).any(axis=1)
            is_open = (opens[going] <= step) & (step < closes[going])
            commits = going[over | (is_open & ~on)]
            choice[commits] = self._largest(x[commits], ties[commits])
            chosen[commits] = step
        late = choice < 0
        choice[late] = self._largest(x[late], ties[late])
        delays = np.ceil(np.maximum(waits, 0) / dt - 1e-9).astype(int)
        steps = np.minimum(np.maximum(chosen, opens) + delays, closes - 1)
        steps[closes <= opens] = NEVER
        return steps, self._first + np.where(lapsed, guesses, choice)

    # -- the model ---------------------------------------------------------------------------------

    def _chances(self, rng: np.random.Generator, ms: float) -> tuple[float, bool, np.ndarray, int]:
        """What chance decides before a trial: non-decision time, lapse, ties, a random answer."""
        wait = wait_ms(rng, *self._delay(ms))
        lapsed = bool(rng.random() < self._lapse)
        return wait, lapsed, rng.random(self._size), int(rng.integers(self._size))

    def _integrate(self, x: np.ndarray, evidence: np.ndarray, normal: Any) -> None:
        """Add a step's evidence (n, size) to accumulators, in place; `normal` gives (n, size)."""
        dt = self._dt
        gain = self._drift * (evidence - evidence.mean(axis=1, keepdims=True)) * dt
        x += gain - self._leak * dt * x
        if self._noise:
            x += self._noise * dt**0.5 * normal()

    def _bounds(self, seen: np.ndarray) -> np.ndarray:
        """The bound after so many steps with evidence, (n,)."""
        t = seen * (self._dt / 1000)
        if np.isinf(self._bound):
            return np.full(len(seen), np.inf)
        bound = self._bound * (np.exp(-self._collapse * t) - self._urge * t)
        return np.maximum(bound, self._bound / 100)

    @staticmethod
    def _largest(x: np.ndarray, ties: np.ndarray) -> np.ndarray:
        return np.argmax(x + 1e-9 * ties, axis=1)

    def _evidence_in(self, ob: np.ndarray) -> np.ndarray:
        """The evidence in observations (S, C), summed over groups that count: (S, size)."""
        return gathered(ob, self._evidence, self._size)

    # -- what it knows of the task -----------------------------------------------------------------

    def _read(self, env: HasTrials) -> None:
        """Read the task's declaration, once for each run; ValueError if it has no evidence."""
        task = env.declared
        plan = task.plan if task else None
        groups = [g for g in plan.channels if g.evidence] if plan else []
        sizes = {group.size for group in groups}
        choices = [g for g in plan.actions if g.size in sizes and g.size > 1] if plan else []
        if task is None or plan is None or len(sizes) != 1 or not choices:
            raise ValueError(
                f"{env} gives no evidence to integrate: the integrator needs two or more evidence"
                " channels, one for each answer"
            )
        self._evidence = [(g, plan.channels[g.gate].start if g.gate else None) for g in groups]
        self._first, self._size = choices[0].start, choices[0].size
        self._dt = float(env.dt)
        self._all = bool(task.tasks)
        self._informs = () if self._all else informative(task, self._evidence, self._size)
        # params are slow to read
        self._drift, self._leak, self._lapse = self.drift, self.leak / 1000, self.lapse
        self._delay = self.delay()
        self._collapse, self._urge = self.collapse, self.urgency
        if self.bound is None:
            scale = scale_of(task, self._evidence, self._size, self._informs)
            self._bound, self._noise = self.caution * scale.bound, scale.noise
        else:
            self._bound, self._noise = self.bound, 0.0
        if self.noise is not None:
            self._noise = self.noise


def gathered(
    ob: np.ndarray, evidence: list[tuple[Group, int | None]], size: int
) -> np.ndarray:  # fmt: skip
    """Evidence groups of observations (S, C), summed where their gates are on: (S, size)."""
    out = np.zeros((len(ob), size))
    for group, gate in evidence:
        part = ob[:, group.slice]
        out += part if gate is None else np.where(ob[:, gate, None] > 0.5, part, 0)
    return out


def informative(task: Task, evidence: list[tuple[Group, int | None]], size: int) -> tuple[str, ...]:
    """The periods that show more than noise in the evidence of some trial, by name."""
    known = practice(task)
    trials = Many(known.batch, range(known.batch.n), float(task.dt), ())
    shown = gathered(known.clean, evidence, size).any(axis=1)
    return tuple(name for name in task.plan.timing if (shown & trials.during([name])).any())


def scale_of(
    task: Task, evidence: list[tuple[Group, int | None]], size: int, informs: tuple[str, ...]
) -> Scale:
    """The bound and the noise that go with a task's evidence, noise and times; see `Integrator`."""
    if task.tasks:
        return Scale(40.0, 0.0)
    known, dt = practice(task), float(task.dt)
    shown = gathered(known.batch.ob, evidence, size)
    trials = Many(known.batch, range(known.batch.n), dt, ())
    is_on = shown.any(axis=1) & trials.during(informs)
    clean = np.where(is_on[:, None], gathered(known.clean, evidence, size), 0) * dt
    ms = known.by_trial(is_on.astype(float)) * dt
    sums = known.by_trial(clean)
    margins = np.diff(np.sort(sums, axis=1), axis=1)[:, -1]  # of the best over the second
    drift = float(np.quantile(margins / 2 / np.maximum(ms, dt), 0.9))
    residual = shown[is_on] * dt - clean[is_on]
    residual -= residual.mean(axis=1, keepdims=True)
    variance = float((residual**2).mean()) / dt * size / (2 * (size - 1)) if is_on.any() else 0.0

    opens, closes = known.batch.window.T
    trial, step = known.batch.trial, known.batch.step
    inside = is_on & (step >= opens[trial]) & (step < closes[trial])
    time = float(np.median(ms[ms > 0])) if (ms > 0).any() else dt
    most = time
    if inside.any():  # the response ends the evidence
        window = float(np.median(closes - opens)) * dt
        most = time = max(time - min(300.0, window / 3), dt) / SHARE
    else:
        time /= SHARE
    mean = min(UNHURRIED, time)
    more = np.log2(size) ** 0.5  # the best of many is further away from a mistake
    if drift > 0 and variance > 0:
        mean = max(mean, min(variance * (more * HARD / drift) ** 2, most))
    noise = max(variance**0.5, drift * mean**0.5 / (more * EASY))
    own = (2 * max(noise**2 - variance, 0.0)) ** 0.5
    if _comes_in_parts(known, clean, is_on, sums, margins > 1e-6 * margins.max(initial=0)):
        return Scale(np.inf, own)
    return Scale(max(noise * mean**0.5, 1e-3), own)


def _comes_in_parts(
    known: Practice, clean: np.ndarray, is_on: np.ndarray, sums: np.ndarray, clear: np.ndarray
) -> bool:
    """Whether the first half of the evidence says nothing, as where two are shown in turn."""
    counts = np.cumsum(is_on)
    before = counts[known.starts] - is_on[known.starts]
    half = np.searchsorted(counts, before + (known.by_trial(is_on.astype(int)) + 1) // 2)
    so_far = np.cumsum(clean, axis=0)
    early = so_far[half] - so_far[known.starts] + clean[known.starts]
    same = early.argmax(axis=1) == sums.argmax(axis=1)
    return bool(clear.any() and same[clear].mean() < FORESEEN)
