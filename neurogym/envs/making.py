"""What gymnasium calls to make a declared task's environments."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from neurogym.envs.task_env import TaskEnv
from neurogym.trials.catalogue import configure, declared_class
from neurogym.wrappers.stack import Stack, read

SIZE = 64  # pixels


def build(
    task_id: str,
    stack: Stack = (),
    *,
    render_mode: str | None = None,
    render_size: int = SIZE,
    pixels: bool = False,
    **params: Any,
) -> gym.Env:
    """The entry point of declared tasks."""
    task = configure(declared_class(task_id), **params).wrapped(*read(stack))
    if not (render_mode or pixels):
        return TaskEnv(task)
    from neurogym.envs.pixels import RenderedEnv

    env = RenderedEnv(task, render_mode or "rgb_array", render_size)
    return gym.wrappers.AddRenderObservation(env, render_only=True) if pixels else env


def build_vector(
    task_id: str,
    num_envs: int = 1,
    stack: Stack = (),
    *,
    max_episode_steps: int | None = None,
    autoreset_mode: gym.vector.AutoresetMode | str | None = None,
    **params: Any,
) -> gym.vector.VectorEnv:
    """The vector entry point of declared tasks."""
    if asked := {"render_mode", "render_size", "pixels"} & set(params):
        raise ValueError(f"{sorted(asked)[0]}: frames are drawn of one environment at a time")
    task = configure(declared_class(task_id), **params).wrapped(*read(stack))
    if max_episode_steps is None and autoreset_mode is None:
        from neurogym.envs.vector import TaskVectorEnv

        return TaskVectorEnv(task, num_envs)
    from neurogym.envs.limits import LimitedVectorEnv

    return LimitedVectorEnv(task, num_envs, max_episode_steps, autoreset_mode)
