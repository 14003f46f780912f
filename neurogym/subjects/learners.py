"""Choices learned from what they earned: bandits, and games against an opponent."""

from __future__ import annotations

from math import exp

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.parameters import Probability
from neurogym.subjects.many import Due
from neurogym.subjects.policy import Delayed, wait_ms
from neurogym.subjects.practice import declared, practice
from neurogym.trials.task import Task


class Learner(Delayed):
    """Chooses once a trial, whatever is shown, and learns from what that earned.

    The base of agents for tasks in which the answer is to be found out: what is seen is the same in
    all trials, and the first response ends the trial. A subclass has `forget(n)`, `probabilities()`
    and `learn(choice, reward)`. The response comes when the window has been open for the
    non-decision time. ValueError for other tasks.
    """

    lapse = Probability(0.0, doc="share of trials with a random choice")

    def forget(self, n: int) -> None:
        """Know nothing of n options, as at a run's start."""
        raise TypeError(f"{type(self).__name__} forgets nothing")

    def probabilities(self) -> list[float]:
        """With which chance each option is chosen, up to a factor."""
        raise TypeError(f"{type(self).__name__} chooses nothing")

    def learn(self, choice: int, reward: float) -> None:
        """An option, from 0, was chosen and earned so much."""
        raise TypeError(f"{type(self).__name__} learns nothing")

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Choose, for the trial that begins."""
        self._know(env)
        self._env = env
        opens, closes = env.window
        wait = wait_ms(rng, *self._delay((closes - opens) * self._dt))
        weights = [1.0] * self._n if rng.random() < self._lapse else self.probabilities()
        left, self._choice = rng.random() * sum(weights), self._n - 1
        for k, weight in enumerate(weights):
            left -= weight
            if left < 0:
                self._choice = k
                break
        late = -int(-wait // self._dt)
        self._step = min(opens + late, closes - 1)
        self._earned, self._done = 0.0, False

    def act(self, ob: np.ndarray) -> int:
        """Nothing until the response is due, then the choice."""
        return 1 + self._choice if self._env.t_ind == self._step else 0

    def respond(self) -> Due:
        """When it responds in this trial, and how."""
        return self._step, 1 + self._choice

    def receive(self, reward: float, ended: bool) -> None:
        """Learn, once the trial is over."""
        self._earned += reward
        if ended:
            self.learn(self._choice, self._earned)

    def _read(self, env: HasTrials) -> None:
        task = to_find_out(env, type(self).__name__)
        self._n, self._dt = task.plan.actions.size - 1, float(env.dt)
        self._lapse, self._delay = self.lapse, self.delay()  # params are slow to read
        self._rewards = dict(task.plan.rewards)
        self.forget(self._n)


def to_find_out(env: HasTrials, agent: str) -> Task:
    """The task of an environment in which the answer has to be found out; ValueError for others."""
    task = declared(env, agent)
    plan = task.plan
    refuse = f"{env} is nothing for {agent}: "
    if task.closed or plan.actions.graded or plan.rule is None or plan.table.shape[1] > 1:
        raise ValueError(f"{refuse}it chooses once in a trial, one of several actions")
    if plan.actions.size < 3:
        raise ValueError(f"{refuse}there is no choice between two options or more")
    if not (plan.learns or any(condition.carries for condition in plan.conditions.values())):
        raise ValueError(f"{refuse}nothing goes on from one trial to the next")
    known = practice(task)
    for extreme in (np.maximum, np.minimum):
        seen = extreme.reduceat(known.clean, known.starts, axis=0)
        if (seen != seen[0]).any():
            raise ValueError(f"{refuse}what is shown tells the trials apart, and it does not look")
    return task


class QLearner(Learner):
    """Learns by a delta rule what each option is worth, and chooses by softmax.

    The value of the chosen option moves by alpha * (reward - value), those of the others by
    decay * (initial - value). An option is chosen in proportion to
    exp(beta * value + stickiness if it was the last choice), as in Sutton & Barto 1998, Daw 2011.
    """

    alpha = Probability(0.3, doc="learning rate")
    beta = param.Number(5.0, bounds=(0, 50), doc="inverse temperature of the softmax")
    stickiness = param.Number(0.0, bounds=(-5, 5), doc="added to the last choice in the softmax")
    decay = Probability(0.0, doc="rate at which options that are not chosen are forgotten")
    initial = param.Number(0.0, bounds=(-1, 1), doc="what an option is worth at first")

    def forget(self, n):
        self._set = self.alpha, self.beta, self.stickiness, self.decay, self.initial
        self.values, self.last = [self.initial] * n, -1

    def probabilities(self):
        _, beta, stickiness, _, _ = self._set
        top = max(self.values)
        return [
            exp(max(beta * (value - top) + (stickiness if k == self.last else 0.0), -700.0))
            for k, value in enumerate(self.values)
        ]

    def learn(self, choice, reward):
        alpha, _, _, decay, initial = self._set
        for k, value in enumerate(self.values):
            if k == choice:
                self.values[k] = value + alpha * (reward - value)
            elif decay:
                self.values[k] = value + decay * (initial - value)
        self.last = choice


class WinStayLoseShift(Learner):
    """Repeats what earned something and leaves what did not, for any of the other options.

    A choice wins if it earned more than the mean of the rewards `correct` and `fail`. The first is
    random (Nowak & Sigmund 1993, with probabilities as in Worthy et al. 2013).
    """

    win_stay = Probability(0.9, doc="chance to repeat a choice that won")
    lose_shift = Probability(0.7, doc="chance to leave a choice that lost")

    def forget(self, n):
        rewards = self._rewards
        self._set = self.win_stay, self.lose_shift
        self._won = (rewards.get("correct", 1.0) + rewards.get("fail", 0.0)) / 2
        self._stay: tuple[int, float] | None = None  # the last choice, the chance to repeat it

    def probabilities(self):
        if self._stay is None:
            return [1.0] * self._n
        last, stay = self._stay
        others = (1 - stay) / (self._n - 1)
        return [stay if k == last else others for k in range(self._n)]

    def learn(self, choice, reward):
        win_stay, lose_shift = self._set
        self._stay = choice, win_stay if reward > self._won else 1 - lose_shift
