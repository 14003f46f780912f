"""Learners of two-step tasks: model-based, model-free, and mixtures of both."""

from __future__ import annotations

from math import exp

import numpy as np
import param

from neurogym.envs.has_trials import HasTrials
from neurogym.spec.parameters import Probability
from neurogym.subjects.policy import Delayed, wait_ms
from neurogym.subjects.practice import declared
from neurogym.trials.task import Task


class TwoStepLearner(Delayed):
    """Chooses twice a trial by values that it learned with a model of the ways, and without.

    The hybrid learner of Daw et al. 2011 with its seven parameters; `w` is 1 for a purely
    model-based learner, 0 for a purely model-free one, SARSA(lambda). With Q1 and Q2 the values of
    first and second choices, r the reward, a and b the choices and s the second state:

    - Q2(s, b) moves by alpha2 * (r - Q2(s, b)) =: alpha2 * d2;
    - Q1(a) moves by alpha1 * (Q2(s, b) - Q1(a)) + alpha1 * lambda_ * d2;
    - a first choice is worth w * sum over s of P(s | a) * max Q2(s, .) + (1 - w) * Q1(a);
    - first choices are made in proportion to exp(beta1 * (worth + p if it is the last one)), second
      ones to exp(beta2 * Q2).

    P(s | a) is (1 + how often a led to s) over its sum: the paper's subjects are taken to know
    early which way is the common one. States are told apart by what is shown. For tasks with two
    choices in a row whose values go on from trial to trial; ValueError for others. Defaults are
    about the paper's medians.
    """

    alpha1 = Probability(0.54, doc="learning rate of first choices")
    alpha2 = Probability(0.42, doc="learning rate of second choices")
    beta1 = param.Number(5.2, bounds=(0, 50), doc="inverse temperature of first choices")
    beta2 = param.Number(3.7, bounds=(0, 50), doc="inverse temperature of second choices")
    lambda_ = Probability(0.57, doc="eligibility: share of the second error that the first learns")
    w = Probability(0.39, doc="weight of the model: 1 is model-based, 0 is model-free")
    p = param.Number(0.11, bounds=(-1, 1), doc="perseveration: added to the last first choice")

    def begin(self, env: HasTrials, rng: np.random.Generator) -> None:
        """Be ready for the first choice."""
        self._know(env)
        self._env = env
        dt = self._dt
        bounds = {name: (start, stop) for name, start, stop in env.periods}
        self._stages = [bounds[name] for name in self._asked]
        self._opens = [
            min(start + -int(-wait_ms(rng, *self._delay((stop - start) * dt)) // dt), stop - 1)
            for start, stop in self._stages
        ]
        self._luck = [rng.random(), rng.random()]
        self._first = self._second = -1
        self._state, self._earned = -1, 0.0

    def act(self, ob: np.ndarray) -> int:
        """The choice of the stage, once it is due."""
        now = self._env.t_ind
        if self._first < 0:
            if now < self._opens[0]:
                return 0
            self._first = self._chosen(self.first_weights(), self._luck[0])
            return 1 + self._first
        if now < self._opens[1]:
            return 0
        self._state = self._state_of(ob)
        self._second = self._chosen(self.second_weights(self._state), self._luck[1])
        return 1 + self._second

    def receive(self, reward: float, ended: bool) -> None:
        """Learn, once the trial is over and both choices were made."""
        self._earned += reward
        if ended and self._second >= 0:
            self.learn(self._first, self._state, self._second, self._earned)

    # -- the model -------------------------------------------------------------------------------

    def forget(self, n: int) -> None:
        """Know nothing of n options a stage."""
        self._set = (
            self.alpha1, self.alpha2, self.beta1, self.beta2, self.lambda_, self.w, self.p
        )  # fmt: skip
        self._n, self._last = n, -1
        self.first: list[float] = [0.0] * n  # model-free values
        self.second: list[list[float]] = []  # by state
        self.ways: list[list[int]] = [[] for _ in range(n)]  # how often each led to each state
        self._seen: dict[bytes, int] = {}

    def first_weights(self) -> list[float]:
        """With which chance each first option is chosen, up to a factor."""
        _, _, beta, _, _, w, p = self._set
        best = [max(values) for values in self.second]
        worth = []
        for a, value in enumerate(self.first):
            counts = self.ways[a]
            total = sum(counts) + len(counts)
            model = sum((1 + c) * b for c, b in zip(counts, best, strict=True)) / (total or 1)
            worth.append(w * model + (1 - w) * value + (p if a == self._last else 0.0))
        return softmax(beta, worth)

    def second_weights(self, state: int) -> list[float]:
        """The same of second options."""
        return softmax(self._set[3], self.second[state])

    def learn(self, first: int, state: int, second: int, reward: float) -> None:
        """Both choices and the state between them, counted from 0, earned so much."""
        alpha1, alpha2, _, _, lambda_, _, _ = self._set
        value = self.second[state][second]
        error = reward - value
        self.first[first] += alpha1 * (value - self.first[first] + lambda_ * error)
        self.second[state][second] = value + alpha2 * error
        self.ways[first][state] += 1
        self._last = first

    @staticmethod
    def _chosen(weights: list[float], luck: float) -> int:
        left = luck * sum(weights)
        for k, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return k
        return len(weights) - 1

    def _state_of(self, ob: np.ndarray) -> int:
        """The number of the state that is shown."""
        key = (ob > 0.5).tobytes()
        if key not in self._seen:
            self._seen[key] = len(self._seen)
            self.second.append([0.0] * self._n)
            for counts in self.ways:
                counts.append(0)
        return self._seen[key]

    # -- what it knows of the task -----------------------------------------------------------------

    def _read(self, env: HasTrials) -> None:
        task = with_two_steps(env)
        self._asked, self._dt, self._delay = task.window, float(env.dt), self.delay()
        self.forget(task.plan.actions.size - 1)


def with_two_steps(env: HasTrials) -> Task:
    """The task of an environment if it has two choices in a row to learn; ValueError for others."""
    task = declared(env, "TwoStepLearner")
    plan = task.plan
    learned = any(condition.carries for condition in plan.conditions.values())
    two = task.closed and len(task.window) == 2 and not plan.actions.graded
    if not (two and learned and task.feedback == "reward" and plan.actions.size > 2):
        raise ValueError(
            f"{env} is nothing for TwoStepLearner: it plays tasks with two choices in a row, whose"
            " values go on from trial to trial"
        )
    return task


def softmax(beta: float, values: list[float]) -> list[float]:
    """Chances in proportion to exp(beta * value), up to a factor."""
    top = max(values)
    return [exp(max(beta * (value - top), -700.0)) for value in values]
