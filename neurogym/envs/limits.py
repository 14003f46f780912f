"""Many environments whose episodes end after so many steps, in gymnasium's ways to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from neurogym.envs.vector import ClosedVectorEnv, TaskVectorEnv
from neurogym.trials.task import Task


class LimitedVectorEnv(TaskVectorEnv):
    """A `TaskVectorEnv` whose episodes are truncated after `max_episode_steps` steps.

    What follows is a new trial, as after a `reset` without seed, `autoreset_mode` says when:

    - NEXT_STEP: the next `step` gives its first observation, whatever the action, and reward 0;
    - SAME_STEP: the same step gives it; `info["final_obs"]` and `info["final_info"]` tell the end;
    - DISABLED: `reset`, with the option `reset_mask` for some; ResetNeeded for a step before that.

    ValueError for a number of steps below 1, an unknown mode, and in NEXT_STEP a `reset_mask` that
    leaves some out, since all episodes have to end together there.
    """

    def __init__(
        self,
        task: Task,
        num_envs: int = 1,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str | None = None,
    ):
        super().__init__(task, num_envs)
        if max_episode_steps is not None and not (
            isinstance(max_episode_steps, int | np.integer) and max_episode_steps > 0
        ):
            raise ValueError(f"max_episode_steps = {max_episode_steps!r}: expected at least 1")
        modes = {mode.value: mode for mode in AutoresetMode}
        mode: Any = AutoresetMode.NEXT_STEP if autoreset_mode is None else autoreset_mode
        mode = modes.get(mode, mode)
        if not isinstance(mode, AutoresetMode):
            raise ValueError(
                f"autoreset_mode = {autoreset_mode!r}: allowed are {', '.join(map(repr, modes))}"
            )
        self.mode, self.most = mode, max_episode_steps or np.inf
        self.metadata = {**self.metadata, "autoreset_mode": self.mode}
        self._steps = np.zeros(num_envs, np.int64)

    @classmethod
    def kind(cls, task: Task) -> type[TaskVectorEnv]:
        closed = TaskVectorEnv.kind(task) is ClosedVectorEnv
        return LimitedClosedVectorEnv if cls is LimitedVectorEnv and closed else cls

    @property
    def _over(self) -> np.ndarray:
        return self._steps >= self.most

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")
        if mask is not None and self.mode is AutoresetMode.NEXT_STEP and not np.all(mask):
            raise ValueError(
                "reset_mask leaves some environments out: with max_episode_steps that needs"
                " autoreset_mode='SameStep' or 'Disabled'"
            )
        told = super().reset(seed=seed, options=options)
        self._steps[slice(None) if mask is None else np.asarray(mask)] = 0
        return told

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        if (over := self._over).any():
            if self.mode is AutoresetMode.DISABLED:
                raise gym.error.ResetNeeded(
                    f"environments {np.flatnonzero(over).tolist()} are over: call reset, with"
                    " options={'reset_mask': ...} for some of them"
                )
            return self._go_on(over)
        ob, reward, terminated, truncated, info = super().step(actions)
        self._steps += 1
        if not (over := self._over).any():
            return ob, reward, terminated, truncated, info
        if self.mode is AutoresetMode.SAME_STEP:
            final = np.full(self.num_envs, None, object)
            for env in np.flatnonzero(over):
                final[env] = ob[env].copy()
            info = {
                **info, "final_info": {name: np.copy(values) for name, values in info.items()},
                "_final_info": over, "final_obs": final, "_final_obs": over.copy(),
            }  # fmt: skip
            ob = self._begin_anew(over)
            self._steps[over] = 0
        return ob, reward, terminated, over.copy(), info

    def _go_on(self, over: np.ndarray) -> tuple:
        """The step after the last: a new trial in all environments, whose episodes end together."""
        no = np.zeros(self.num_envs, bool)
        info = {"gt": np.copy(self.gt_now), "new_trial": no.copy()}
        ob = self._begin_anew(over)
        self._steps[:] = 0
        return ob, np.zeros(self.num_envs), no.copy(), no, info


class LimitedClosedVectorEnv(LimitedVectorEnv, ClosedVectorEnv):
    """`LimitedVectorEnv`, of a task whose observations depend on the actions."""
