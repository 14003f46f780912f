"""Agents play trials: fresh ones, or the very trials that another subject faced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.envs.episodes import as_trials
from neurogym.envs.has_trials import HasTrials
from neurogym.envs.task_env import ECHO, TaskEnv
from neurogym.records import trial_table
from neurogym.subjects.agents import Policy, agent
from neurogym.subjects.many import Shortcut
from neurogym.subjects.policy import receiver, start_run
from neurogym.trials.catalogue import full_id, make
from neurogym.trials.noise import is_shared
from neurogym.trials.task import Task


def rollout(
    task: str | Task | gym.Env,
    agent_: str | Policy | Any = "oracle",
    trials: int | None = None,
    *,
    yoke: Sequence[Mapping[str, Any]] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], bool | None] | None = None,
    agent_params: Mapping[str, Any] | None = None,
    **params: Any,
) -> list[dict[str, Any]]:
    """Let an agent play; returns rows of the trial table.

    Args:
        task: an id (with `params`), a Task, or an environment.
        agent_: the name of an agent, a policy, or a model that predicts: see docs/agents.md.
        trials: how many trials of the stream with `seed` it plays (100); fewer where a staircase or
            QUEST+ comes to its end before.
        yoke: rows of another subject: the agent plays those trials instead, the same samples in the
            same order. Their task and parameters must be those of `task`.
        seed: of the trials (not when yoked) and of the agent's own chance.
        progress: called with (done, total) after each trial; a True stops the rollout.
        agent_params: parameters of an agent given by name.
        **params: parameters of a task given by id.

    Raises:
        ValueError: for an unknown task, agent or parameter, a task that the agent cannot play,
            fewer than 1 trial, `trials` beside `yoke`, and rows of another task or parameters.
        TypeError: for what is no agent.
    """
    env = _environment(task, params)
    id, settings, stack = _about(env, task, params)
    policy = agent(agent_, **(agent_params or {}))
    if yoke is not None and trials is not None:
        raise ValueError("give either trials or yoke, not both")
    plan = _plan(100 if trials is None else trials, yoke, seed, id, settings, stack)
    run_id, name = trial_table.new_run_id(), describe(agent_, policy)
    play = Player(env, policy, seed)
    rows = []
    for done, (trial_seed, index, forced, told) in enumerate(plan, 1):
        outcome = play.trial(trial_seed, index, forced, told, len(plan) - done + 1)
        rows.append(
            trial_table.empty_row(
                uid=f"{run_id}-{index}-0" if yoke is None else f"{run_id}-{done - 1}-0",
                run_id=run_id,
                task=id,
                params=settings,
                wrappers=stack,
                seed=trial_seed,
                trial_index=index,
                forced=dict(forced),
                memory=play.memory,
                subject_kind="agent",
                subject=name,
                created_utc=trial_table.utc_now(),
                **outcome,
            )
        )
        if progress and progress(done, len(plan)):
            break
        if yoke is None and env.over(env.memory):
            break
    return rows


class Player:
    """Plays the trials of one run, one after the other, with one agent.

    `memory` is what the last trial that began was told of those before it.
    """

    memory: Mapping[str, Any] = {}

    def __init__(self, env: HasTrials, policy: Policy, seed: int):
        self.env, self.policy, self.seed = env, policy, seed
        self._receive = receiver(policy)
        self._leaps: Shortcut | None = None
        self._after: Mapping[str, Any] | None = None  # of the trial that comes next; None: a start

    def trial(
        self, seed: int, index: int, forced: Mapping[str, Any], told: Mapping[str, Any] | None,
        left: int,
    ) -> dict[str, Any]:  # fmt: skip
        """Play a trial, of `left` that are to come; returns the columns that it fills.

        `told` is what another subject was told there of the trials before it; None: its own.
        """
        env, policy = self.env, self.policy
        first = self._next(index, forced, told)
        if first is None:
            first = trial_table.begin(env, seed, index, forced, self._told(told))
        self.memory, shared = dict(env.memory), is_shared(env, by_channels=True)
        if self._after is None:
            start_run(policy, env, self.seed)
            if Shortcut.fits(env, policy):
                self._leaps = Shortcut(env, policy, self._rng)
        self._seed = seed
        if self._leaps:
            trace = self._leaps.play(index, left)
        else:
            policy.begin(env, self._rng(index))
            trace = trial_table.run_trial(env, policy.act, first, self._receive)
        self._after = dict(env.memory)
        return {**trial_table.outcome_of(trace), "shared_noise": shared}

    def _next(self, index: int, forced: Mapping[str, Any], told: Any) -> np.ndarray | None:
        """The first observation of a trial that has begun as the one before it ended, (C,)."""
        if self._after is None or told is not None or forced or self.env.trial_index != index:
            return None
        return self.env.opening

    def _rng(self, index: int) -> np.random.Generator:
        """The agent's own chance in a trial."""
        return np.random.default_rng([self.seed, self._seed, index])

    def _told(self, told: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """What a trial is told: what channels show of the last action and reward is its own."""
        own = self._after or {}
        if told is None:
            return own
        return {**told, ECHO: own.get(ECHO, [0, 0.0])} if ECHO in told else told


def _environment(task: Any, params: dict[str, Any]) -> HasTrials:
    if isinstance(task, str):
        return as_trials(make(full_id(task), **params))
    if params:
        raise ValueError(f"parameters {sorted(params)} are taken with an id only")
    return TaskEnv(task) if isinstance(task, Task) else as_trials(task)


def _about(
    env: HasTrials, task: Any, params: dict[str, Any]
) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """The id, parameters and wrappers that rows tell; an id is that by which it was asked for."""
    about = env.about
    if isinstance(task, str):
        given = {name: value for name, value in params.items() if name != "stack"}
        own = about.params if env.declared else given
        return full_id(task), own, about.wrappers
    return about.task, about.params, about.wrappers


def _plan(trials, yoke, seed, id, settings, stack) -> list[tuple]:
    """(seed, trial index, forced conditions, memory) of each trial; its own memory if None."""
    if yoke is None:
        if trials < 1:
            raise ValueError(f"trials = {trials}: expected at least 1")
        return [(seed, index, {}, None) for index in range(trials)]
    for row in yoke:
        if (row["task"], row["params"], row["wrappers"]) != (id, settings, stack):
            raise ValueError(
                f"the trial {row['uid']} was {row['task']} with {trial_table.arguments(row)}: an"
                f" agent in {id} with {settings} and wrappers {stack} would not face the same"
                " samples"
            )
    names = ("seed", "trial_index", "forced", "memory")
    return [tuple(row[name] for name in names) for row in trial_table.finished(yoke)]


def describe(spec: Any, policy: Any) -> str:
    """The name of an agent, with the parameters that differ from its defaults."""
    name = spec if isinstance(spec, str) else type(getattr(policy, "model", policy)).__name__
    if not hasattr(policy, "param"):
        return name
    own = policy.param.values()
    changed = {k: v for k, v in own.items() if k != "name" and v != type(policy).param[k].default}
    listed = ", ".join(f"{key}={_short(value)}" for key, value in changed.items())
    return f"{name} ({listed})" if listed else name


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
