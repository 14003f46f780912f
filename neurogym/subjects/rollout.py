"""Agents play trials: fresh ones, or the very trials that another subject faced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.envs.episodes import as_trials
from neurogym.envs.has_trials import HasTrials
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.subjects.agents import Policy, agent
from neurogym.trials.catalogue import full_id, make
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
        trials: how many trials of the stream with `seed` it plays (100).
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
    rows = []
    memory: Mapping[str, Any] = {}
    for done, (trial_seed, index, forced, told) in enumerate(plan, 1):
        first = trial_table.begin(env, trial_seed, index, forced, memory if told is None else told)
        memory = dict(env.memory)
        policy.begin(env, np.random.default_rng([seed, trial_seed, index]))
        trace = trial_table.run_trial(env, policy.act, first)
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
                memory=memory,
                subject_kind="agent",
                subject=name,
                created_utc=trial_table.utc_now(),
                **trial_table.outcome_of(trace),
            )
        )
        memory = dict(env.memory)  # of the trial that comes next
        if progress and progress(done, len(plan)):
            break
    return rows


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
