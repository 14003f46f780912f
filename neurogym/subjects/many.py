"""Trials played without a step for each observation, where a task and its subject allow for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from neurogym.envs.has_trials import HasTrials
from neurogym.records.trial_table import Trace
from neurogym.subjects.policy import has, receiver
from neurogym.trials.batch import TrialBatch

NEVER = -1  # the step of a response that does not come
Due = tuple[int, int] | None  # the step of the only action, and the action; None: there is none


class Many:
    """Trials of one task, end to end, as far as a subject may look at them.

    n trials; trial i owns the rows offsets[i]:offsets[i + 1] of `ob` (S, C), one row a step of `dt`
    ms. `window` (n, 2) is the first step in which responses are asked for, and the step after the
    last; `rngs` are the trials' generators, n of them. `play_many` looks at no row after the one in
    which it responds.
    """

    def __init__(
        self, batch: TrialBatch, places: range, dt: float, rngs: Sequence[np.random.Generator]
    ):
        first, stop = places.start, places.stop
        edges = batch.offsets[first : stop + 1]
        self.n, self.dt, self.rngs = len(places), dt, rngs
        self.ob = batch.ob[edges[0] : edges[-1]]
        self.offsets = edges - edges[0]
        self.length = np.diff(edges)  # (n,) steps
        self.window = batch.window[first:stop]
        self._timeline, self._places = batch.timeline, slice(first, stop)

    def starts(self, period: str) -> np.ndarray:
        """The first step of a period, (n,)."""
        return self._timeline.start[period][self._places]

    def during(self, periods: Iterable[str]) -> np.ndarray:
        """Which rows lie in one of some periods, (S,) bool."""
        trial = np.repeat(np.arange(self.n), self.length)
        step = np.arange(len(self.ob)) - self.offsets[trial]
        inside = np.zeros(len(self.ob), bool)
        for name in periods:
            end = self._timeline.end[name][self._places]
            inside |= (step >= self.starts(name)[trial]) & (step < end[trial])
        return inside

    def at(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """The trials that have a step, (m,), and their rows, (m,)."""
        trials = np.flatnonzero(self.length > step)
        return trials, self.offsets[trials] + step

    def padded(self, values: np.ndarray) -> np.ndarray:
        """Values of rows (S, ...) as (n, T, ...), 0 after a trial's end."""
        out = np.zeros((self.n, int(self.length.max(initial=0)), *values.shape[1:]), values.dtype)
        steps = np.arange(out.shape[1])
        out[steps < self.length[:, None]] = values
        return out


class Shortcut:
    """Plays trials of an open task in leaps: an agent says when it acts, and how.

    `fits` tells whether this gives what single steps would: the task shows nothing that depends on
    actions, and the agent has `play_many` or `respond`.
    """

    def __init__(self, env: HasTrials, policy: Any, rng_of: Callable[[int], np.random.Generator]):
        self.env, self.policy, self.rng_of = env, policy, rng_of
        self._dt, self._receive = float(env.dt), receiver(policy)
        self._known: dict[int, Due] = {}  # by the number of the trial
        self._of: TrialBatch | None = None

    @staticmethod
    def fits(env: HasTrials, policy: Any) -> bool:
        """Whether an agent can play an environment in leaps."""
        return env.leaps and (has(policy, "play_many") or has(policy, "respond"))

    def play(self, index: int, most: int) -> Trace:
        """Play the trial that begun, number `index`, of at most so many that follow."""
        if has(self.policy, "play_many"):
            due = self._foreseen(index, most)
        else:
            self.policy.begin(self.env, self.rng_of(index))
            due = self.policy.respond()
        return leap(self.env, due, self._dt, self._receive)

    def _foreseen(self, index: int, most: int) -> Due:
        """What the agent does in a trial, found out for all of its block."""
        block, place = self.env.place
        if block is not self._of or index not in self._known:
            alone = bool(self.env.forced)  # the block's others are not what they will be
            places = range(place, place + 1 if alone else min(block.n, place + most))
            rngs = [self.rng_of(index + k - place) for k in places]
            trials = Many(block, places, self._dt, rngs)
            steps, actions = self.policy.play_many(trials)
            pairs = zip(np.asarray(steps).tolist(), np.asarray(actions).tolist(), strict=True)
            self._known = {
                index + k: None if step == NEVER else (step, action)
                for k, (step, action) in enumerate(pairs)
            }
            self._of = block
        return self._known[index]


def leap(
    env: HasTrials, due: Due, dt: float, receive: Callable[[float, bool], None] | None
) -> Trace:
    """Play the trial that `env` has begun: nothing, but for one action, if any, at its step."""
    periods, idle = env.periods, env.idle_action
    obs, gts, asked = env.ob, env.gt, env.asked
    at, action = due if due is not None else (len(obs), idle)
    rewards: list[float] = []
    info: dict[str, Any] = {}
    actions = np.zeros(len(obs), np.int64)
    while not info.get("new_trial"):
        if len(rewards) <= at:
            rewards += env.rest(at)
            if receive:
                for earned in rewards:
                    receive(earned, False)
        now = env.t_ind
        actions[now] = action if now == at else idle
        _, reward, _, _, info = env.step(int(actions[now]))
        rewards.append(float(reward))
        if receive:
            receive(float(reward), bool(info["new_trial"]))
    n = len(rewards)
    earned_each = np.array(rewards)
    return Trace(
        obs[:n],
        gts[:n],
        actions[:n],
        earned_each,
        np.arange(n),
        list(periods),
        dt,
        info,
        idle,
        asked,
    )
