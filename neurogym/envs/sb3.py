"""Tasks for Stable-Baselines3: `PPO("MlpPolicy", vec_env("GoNogo", 16))`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker

from neurogym.envs.task_env import TaskEnv, parts_of
from neurogym.envs.vector import TaskVectorEnv
from neurogym.spec.parameters import unknown
from neurogym.trials.catalogue import full_id, make, make_vec, task_class
from neurogym.trials.task import Task

try:
    from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv
except ModuleNotFoundError as error:
    raise ImportError(
        "neurogym.sb3 needs Stable-Baselines3, which the extra .[agents] installs:"
        " pip install -e '.[agents]'"
    ) from error

OWN = ("gt_now", "trial", "trial_index")  # what each env has for itself
SHARED = (
    "action_space", "dt", "metadata", "observation_space", "render_mode", "rewards", "spec", "task",
    "timing",
)  # fmt: skip
METHODS = ("trial_length_stats",)
PLAIN = (OrderEnforcing, PassiveEnvChecker)  # gymnasium's wrappers that only look on


def vec_env(
    id_or_task: str | Task | gym.Env,
    n: int,
    *,
    seed: int | None = None,
    max_episode_steps: int | None = None,
    trials: int | None = None,
    **params: Any,
) -> VecEnv:
    """Make n environments of a task for Stable-Baselines3, stepped together in this process.

    Env i plays the trials of a scalar env that was reset with seed + i. Observations are (n, C)
    float32, rewards (n,) float32, actions (n,) or (n, k). As in the scalar env, trials follow one
    another and episodes do not end, unless one of two arguments makes them end. An env whose
    episode ended begins the next one in the same step: its last observation is then in
    `info["terminal_observation"]`, and `info["TimeLimit.truncated"]` tells whether time was up.

    Args:
        id_or_task: an id (with `params`), a Task, or the environment of one. Ids of other
            environments, such as classic tasks, are taken as well; they are stepped one by one.
        n: number of environments.
        seed: of the first reset; fresh trials if None. Later `seed(s)` counts from the next reset.
        max_episode_steps: episodes are cut (truncated) after so many steps, and the next begins
            with a new trial, as in `ngym.make(id, max_episode_steps=...)`.
        trials: episodes end (terminate) with so many trials, none of which is left out.
        **params: parameters of a task given by id, such as `dt`, `timing` and `stack`.

    Raises:
        ValueError: for numbers out of range, `params` without an id, an unknown id or parameter,
            and an environment in a wrapper of gymnasium, which would be left out.
        TypeError: for an environment that is not one of a declared task.
    """
    limits = dict(max_episode_steps=max_episode_steps, trials=trials)
    _check("n", n)
    for name, value, least in (*((k, v, 1) for k, v in limits.items()), ("seed", seed, 0)):
        if value is not None:
            _check(name, value, least)
    if isinstance(id_or_task, str) and task_class(id_or_task) is None:
        envs: VecEnv = DummyVecEnv([_maker(full_id(id_or_task), params, **limits)] * int(n))
    else:
        envs = TaskVecEnv(_task_envs(id_or_task, int(n), params), **limits)
    if seed is not None:
        envs.seed(int(seed))
    return envs


def _check(name: str, value: Any, least: int = 1) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(f"{name} = {value!r}: expected a whole number from {least}")


def _task_envs(given: Any, n: int, params: dict[str, Any]) -> TaskVectorEnv:
    if isinstance(given, str):
        made = make_vec(given, n, **params).unwrapped
        if not isinstance(made, TaskVectorEnv):
            raise TypeError(f"{given} is no declared task")
        return made
    if params:
        raise ValueError(f"parameters {sorted(params)} are taken with an id only")
    while isinstance(given, PLAIN):
        given = given.env
    if isinstance(given, gym.Wrapper):
        raise ValueError(
            f"{given} would be left out: give the task that is inside, with"
            " neurogym.wrappers, max_episode_steps or the wrappers of Stable-Baselines3"
        )
    given = getattr(given, "declared", None) or given
    if not isinstance(given, Task):
        raise TypeError(f"{given!r} is no task id, Task or environment of a declared task")
    return TaskVectorEnv(given, n)


def _maker(
    id: str, params: dict[str, Any], max_episode_steps: int | None, trials: int | None
) -> Callable[[], gym.Env]:
    def one() -> gym.Env:
        limit = {} if max_episode_steps is None else {"max_episode_steps": max_episode_steps}
        env = make(id, **params, **limit)
        return env if trials is None else TrialLimit(env, trials)

    return one


class TrialLimit(gym.Wrapper):
    """An environment whose episodes end with so many trials."""

    def __init__(self, env: gym.Env, trials: int):
        super().__init__(env)
        self.limit = trials

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        self.done = 0
        return super().reset(**kwargs)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act; terminated is True once all trials were played."""
        ob, reward, terminated, truncated, info = super().step(action)
        self.done += bool(info.get("new_trial", False))
        return ob, float(reward), terminated or self.done >= self.limit, truncated, info


class TaskVecEnv(VecEnv):
    """A `TaskVectorEnv` in the interface of Stable-Baselines3; `vec_env` makes it.

    `get_attr` reads what the scalar env has under the same name: of each env `trial`, `gt_now` and
    `trial_index`, of the task, which all share, `task`, `dt`, `timing`, `rewards`, the spaces and
    `spec`. `env_method` calls `trial_length_stats`. Parameters cannot be set later: make another
    one, and give it to the model with `set_env`.
    """

    def __init__(
        self, envs: TaskVectorEnv, max_episode_steps: int | None = None, trials: int | None = None
    ):
        self.envs, self._one, self.spec = envs, TaskEnv(envs.task), envs.spec
        self._one.spec = envs.spec
        self._max_steps, self._max_trials = max_episode_steps, trials
        self._steps, self._trials = np.zeros((2, envs.num_envs), np.int64)  # in the episode
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> np.ndarray:
        """Begin an episode in each env, (n, C); after `seed(s)` with trial 0 of seed s + i."""
        if given := [options for options in self._options if options]:
            raise ValueError(f"reset options {given[0]}: a vec_env takes none")
        seeds: Any = None if None in self._seeds else self._seeds
        self._reset_seeds()
        self._steps[:] = self._trials[:] = 0
        return self.envs.reset(seed=seeds)[0]

    def step_async(self, actions: np.ndarray) -> None:
        """Take actions, (n,) or (n, k), for the step to come."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Act: observations (n, C), rewards (n,), dones (n,) and an info for each env."""
        ob, reward, _, _, told = self.envs.step(self._actions)
        ended = told["new_trial"]
        self._steps += 1
        self._trials += ended
        terminated, truncated = (
            np.zeros(self.num_envs, bool) if most is None else count >= most
            for count, most in ((self._trials, self._max_trials), (self._steps, self._max_steps))
        )
        done, truncated = terminated | truncated, truncated & ~terminated
        infos = self._infos(told, truncated)
        for i in np.flatnonzero(done).tolist():
            infos[i]["terminal_observation"] = ob[i].copy()
        self._steps[done] = self._trials[done] = 0
        if truncated.any():
            ob = self.envs.reset(options={"reset_mask": truncated})[0]
        return ob, reward.astype(np.float32), done, infos

    def _infos(self, told: dict[str, Any], truncated: np.ndarray) -> list[dict[str, Any]]:
        labels, ended = told["gt"], told["new_trial"]
        infos = [
            {"new_trial": new, "gt": gt, "TimeLimit.truncated": cut}
            for new, gt, cut in zip(
                ended.tolist(),
                labels.tolist() if labels.ndim == 1 else labels.copy(),
                truncated.tolist(),
                strict=True,
            )
        ]
        for i in np.flatnonzero(ended).tolist():
            infos[i].update((key, told[key][i].item()) for key in ("performance", "rt", "index"))
            if "parts" in told:
                parts = {name: values[i : i + 1] for name, values in told["parts"].items()}
                infos[i]["parts"] = parts_of(self.envs.task, parts)
        return infos

    def close(self) -> None:
        """Close the environments."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of some envs (all, if None); AttributeError if there is none such."""
        places = list(self._get_indices(indices))
        if attr_name == "trial":
            trials = self.envs.trials
            return [trials.one(i) for i in places]
        if attr_name in OWN:
            values = getattr(self.envs, attr_name)
            return [values[i].copy() if values.ndim > 1 else values[i].item() for i in places]
        if attr_name not in SHARED:
            raise AttributeError(unknown("attribute", [attr_name], [*OWN, *SHARED]))
        return [getattr(self._one, attr_name) for _ in places]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Raise AttributeError: parameters are given when it is made."""
        raise AttributeError(
            f"{attr_name!r} cannot be set in a vec_env: make another one, and give it to the model"
            " with set_env"
        )

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """What a method of the task returns, once for each env; AttributeError if unknown."""
        if method_name not in METHODS:
            raise AttributeError(unknown("method", [method_name], METHODS))
        method = getattr(self._one, method_name)
        return [method(*method_args, **method_kwargs) for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[gym.Wrapper], indices: Any = None) -> list[bool]:
        """False for each env: what modifies a task is a part of it."""
        return [False for _ in self._get_indices(indices)]
