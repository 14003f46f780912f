"""Yes or no: detection and go/no-go by a signal-detection observer."""

from __future__ import annotations

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.parameters import Probability
from neurogym.subjects.many import NEVER, Many
from neurogym.subjects.policy import Delayed, wait_ms
from neurogym.subjects.practice import Practice, declared, practice

SURE = 0.95  # the share of imagined trials that signal and no signal must tell apart


class SignalDetector(Delayed):
    """Responds if what it saw, with noise of its own, lies above a criterion.

    It weighs each channel by how much more of it there is in trials with a signal than in those
    without, and sums over as long as signals last. In units of its noise, signals of mean strength
    lie `d_prime` above none, and it responds above d_prime / 2 + criterion, so that hits are as
    frequent as Phi(d_prime / 2 - criterion) and false alarms as Phi(-d_prime / 2 - criterion)
    (Green & Swets 1966). Noise of the channels is a part of its noise: where that alone allows for
    less than `d_prime`, it has none of its own.

    Where the signal ends before responses are asked for, it decides as the window opens. Else it
    watches from the first moment in which a response counts, or is a false alarm, and responds the
    non-decision time after what it saw in the last moments came to lie above the criterion; its own
    noise is one number a trial, and lifts it above from a random moment on. A response that would
    come after the window does not come.

    For tasks with one response, which is right in some trials and in others not; ValueError for
    others, and where channels do not tell by their amount which are which.
    """

    d_prime = param.Number(3.0, bounds=(0.01, 10), doc="distance of signal and none, SD of noise")
    criterion = param.Number(
        0.0, bounds=(-5, 5), doc="above 0: it rather does not respond, SD of noise"
    )
    lapse = Probability(0.0, doc="share of trials in which it responds or not by a coin")

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Nothing was seen yet."""
        self._know(env)
        self._env, self._due = env, NEVER
        self._window = np.array([env.window])
        starts = {name: start for name, start, _ in env.periods}
        self._watch = np.array([starts.get(self._watched, self._window[0, 0])])
        self._seen: list[float] = []
        self._told = [self._chances(rng, float(np.ptp(self._window)) * self._dt)]

    def act(self, ob: np.ndarray) -> int:
        """Nothing, but for a response that is due."""
        self._seen.append(float(self._weighed(ob[None])[0]))
        if self._due == NEVER:
            seen = np.array([self._seen])
            self._due = int(self._decide(seen, self._window, self._watch, self._told)[0])
        return self._go if self._env.t_ind == self._due else 0

    def play_many(self, trials: Many) -> tuple[np.ndarray, np.ndarray]:
        """The steps and actions (n,) of its responses in trials of the task that it began with."""
        opens, closes = trials.window.T
        windows = ((closes - opens) * self._dt).tolist()
        told = [self._chances(rng, ms) for rng, ms in zip(trials.rngs, windows, strict=True)]
        watch = trials.starts(self._watched) if self._watched else opens
        seen = trials.padded(self._weighed(trials.ob))
        steps = self._decide(seen, trials.window, watch, told)
        return steps, np.full(trials.n, self._go)

    # -- the model -------------------------------------------------------------------------------

    def _chances(self, rng: np.random.Generator, ms: float) -> tuple[float, float, float, int]:
        """Non-decision time, noise, when that comes (0 to 1), and -1 or 1 by a coin in a lapse."""
        wait = wait_ms(rng, *self._delay(ms))
        noise, moment = self._own * float(rng.standard_normal()), float(rng.random())
        lapsed, coin = rng.random() < self._lapse, rng.random() < 0.5
        return wait, noise, moment, (1 if coin else -1) if lapsed else 0

    def _weighed(self, ob: np.ndarray) -> np.ndarray:
        """How much signal there is in observations (S, C): (S,)."""
        return (ob * self._weights).sum(axis=1)

    def _decide(
        self, seen: np.ndarray, window: np.ndarray, watch: np.ndarray, told: list[tuple]
    ) -> np.ndarray:
        """The step of each response, (n,), given what was seen (n, T) so far; NEVER for none."""
        waits, noise, moment, coins = (np.array(column) for column in zip(*told, strict=True))
        opens, closes = window.T
        steps = np.arange(seen.shape[1])
        if self._waits:
            at = (self._before(seen, opens) - self._none) / self._span
            yes = (at + noise > self._above)[:, None] & (steps == opens[:, None])
            random = steps == opens[:, None]
        else:
            at = (self._lately(seen, watch) - self._none) / self._span
            begins = (watch + np.floor(moment * (closes - watch)))[:, None]
            lift = np.where(steps >= begins, noise[:, None], np.minimum(noise, 0)[:, None])
            inside = (steps >= watch[:, None]) & (steps < closes[:, None])
            yes = (at + lift > self._above) & inside
            random = steps == begins
        yes = np.where(coins[:, None] == 0, yes, random & (coins[:, None] > 0))
        late = np.ceil(waits / self._dt - 1e-9).astype(int)
        due = np.minimum(yes.argmax(axis=1) + late, closes - 1)
        return np.where(yes.any(axis=1), due, NEVER)

    def _before(self, seen: np.ndarray, opens: np.ndarray) -> np.ndarray:
        """What there was of the signal before the window, (n,)."""
        before = np.arange(seen.shape[1]) < opens[:, None]
        return np.cumsum(np.where(before, seen, 0), axis=1)[:, -1]

    def _lately(self, seen: np.ndarray, watch: np.ndarray) -> np.ndarray:
        """What there was of it in the last moments, since it watches: (n, T)."""
        watched = np.arange(seen.shape[1]) >= watch[:, None]
        total = np.cumsum(np.where(watched, seen, 0), axis=1)
        lag = self._lag
        total[:, lag:] -= total[:, :-lag].copy() if lag < total.shape[1] else 0
        return total

    # -- what it knows of the task -----------------------------------------------------------------

    def _read(self, env: HasTrials) -> None:
        task = declared(env, "SignalDetector")
        plan = task.plan
        refuse = f"{env} is nothing for SignalDetector: "
        if task.closed or plan.actions.graded or plan.rule is None or plan.table.shape[1] > 1:
            raise ValueError(f"{refuse}it plays tasks with one response, one of several actions")
        known = practice(task)
        gt = known.batch.gt
        there = known.by_trial((gt > 0).astype(int)) > 0
        answers = np.unique(gt[gt > 0])
        if len(answers) != 1 or there.all():
            raise ValueError(
                f"{refuse}it plays tasks in which one response is right in some trials, and in"
                " others none"
            )
        self._dt, self._delay, self._lapse = float(env.dt), self.delay(), self.lapse
        alarm = getattr(plan.rule, "alarm", ())
        self._watched = alarm[0] if alarm else ""
        self._go = int(answers[0])
        self._learn(known, there, refuse)

    def _learn(self, known: Practice, there: np.ndarray, refuse: str) -> None:
        """What a signal is, how long it lasts, how noisy it is; and the criterion."""
        batch = known.batch
        peaks = np.maximum.reduceat(known.clean, known.starts, axis=0)
        self._weights = (peaks[there].mean(axis=0) - peaks[~there].mean(axis=0)).astype(float)
        signal = self._weighed(known.clean)
        opens = batch.window[:, 0]
        before = batch.step < opens[batch.trial]
        on = (signal != 0) & there[batch.trial]
        self._waits = not (on & ~before).any()
        self._lag = max(int(np.median(known.by_trial(on.astype(int))[there])), 1)
        total = self._totals(known, signal)
        cuts = (np.sort(total)[1:] + np.sort(total)[:-1]) / 2
        right = ((total > cuts[:, None]) == there).mean(axis=1).max(initial=0.0)
        if right < SURE:
            raise ValueError(
                f"{refuse}no channel has more of something in the trials in which one is to respond"
            )
        self._none = float(total[~there].mean())
        self._span = float(total[there].mean()) - self._none
        noise = self._weighed(known.noise)
        noisy = noise != 0
        rows = float(known.by_trial((noisy & before).astype(int)).mean()) if self._waits else 0.0
        rows = rows if self._waits else float(self._lag)
        sd = (float(noise[noisy].var()) * rows) ** 0.5 / self._span if noisy.any() else 0.0
        self._own = max(self.d_prime**-2 - sd**2, 0.0) ** 0.5
        self._above = 0.5 + self.criterion * max(1 / self.d_prime, sd)

    def _totals(self, known: Practice, signal: np.ndarray) -> np.ndarray:
        """The most of a signal that there is at a moment of each imagined trial, (n,)."""
        trials = Many(known.batch, range(known.batch.n), self._dt, ())
        seen = trials.padded(signal)
        opens, closes = trials.window.T
        if self._waits:
            return self._before(seen, opens)
        watch = trials.starts(self._watched) if self._watched else opens
        steps = np.arange(seen.shape[1])
        inside = (steps >= watch[:, None]) & (steps < closes[:, None])
        return np.where(inside, self._lately(seen, watch), -np.inf).max(axis=1)
