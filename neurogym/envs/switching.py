"""One of several environments with trials in each trial: of classic tasks, or mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces as gym_spaces

from neurogym.envs.has_trials import read_options
from neurogym.envs.trial_wrapper import ONLY_LOOK_ON, TrialWrapper, trials_of
from neurogym.spec import spaces
from neurogym.spec.schedules import Schedule

AHEAD = 256  # trials whose tasks are drawn at a time
MEMBER, ORDER = 2000, 3000  # stand in the seeds of each task, and of their order


class Switching(TrialWrapper):
    """`ScheduleEnvs`, `MultiEnvs` and `TransferLearning` around environments.

    Spaces of the same shape are taken as they are. Others are joined by the names of their entries
    where all have names: channels that a task lacks are 0, actions that it lacks do nothing.

    Trial k under a seed is the same however it is reached; each task has a seed of its own. The
    condition `task` tells which one it is, from 0.

    TypeError for what has no trials, ValueError for spaces that cannot be joined, and for a task
    under `set_i` that there is not.
    """

    def __init__(self, envs: Sequence[gym.Env], wrapper: Any):
        name = type(wrapper).__name__
        members = [_bare(env) for env in envs]
        self._members = [trials_of(name, env) for env in members]
        if len({float(member.dt) for member in self._members}) > 1:
            raise ValueError(f"{name}: the tasks have different dt")
        self.envs, self.wrapper, self.i_env = members, wrapper, getattr(wrapper, "i", 0)
        self._at_first = self._members[self.i_env]
        self._own_label = f"{name}({', '.join(str(env.unwrapped) for env in members)})"
        self._schedule = _schedule(wrapper, len(members))
        self._order: list[int] = []
        self._rest: Any = None  # what the schedule goes on with
        self._seed: int | None = None
        self._next = 0
        self.trial_index, self.num_tr = -1, 0
        self._counts = [0] * len(members)  # the number of each task's next trial
        self._begun: dict[int, Any] = {}
        self._opening: Any = None
        self._ended: dict[str, Any] | None = None
        self._top: Any = self
        self._layer = 1 + max(getattr(member, "_layer", 0) for member in self._members)
        super().__init__(members[self.i_env])
        self._join(getattr(wrapper, "env_input", False) or getattr(wrapper, "task_cue", False))

    def _join(self, cue: bool) -> None:
        """Work out the whole's spaces, and where each task's channels and actions stand in it."""
        observed = [env.observation_space for env in self.envs]
        acted = [env.action_space for env in self.envs]
        self._columns, names, size = joined(observed, "observations")
        self._actions, actions, count = joined(acted, "actions")
        self._cue = len(self.envs) if cue else 0
        if self._columns is None and not self._cue:
            self.observation_space = observed[0]
        else:
            if size is None:
                raise ValueError(f"{self}: a cue takes rows of channels, not {observed[0]}")
            if self._cue:
                names["task"] = list(range(size, size + self._cue))
            self.observation_space = spaces.Box(
                -np.inf, np.inf, shape=(size + self._cue,), dtype=np.float32, name=names
            )
        self.action_space = (
            acted[0] if self._actions is None else spaces.Discrete(int(count or 0), name=actions)
        )

    # -- trials ----------------------------------------------------------------------------------

    @property
    def trials(self) -> Any:
        return self._members[self.i_env]

    @property
    def spec(self) -> Any:
        """That of the task which was the first; each of `envs` has its own."""
        return self._innermost.spec

    @property
    def _innermost(self) -> Any:
        return self._at_first.unwrapped

    def set_top(self, wrapper: Any) -> None:
        self._top = wrapper

    def set_i(self, i: int) -> None:
        """Choose the task of the trials to come, counted from 0, under `MultiEnvs`.

        TypeError where a schedule chooses.
        """
        self.wrapper, _ = self.wrapper.choosing(i)

    @property
    def upcoming(self) -> tuple[int, int]:
        """The seed, and the number of the trial that comes next."""
        if self._seed is None:
            self._restart(None)
        assert self._seed is not None
        return self._seed, self._next

    @property
    def ended(self) -> Mapping[str, Any] | None:
        """While the next trial is begun by `step`: the info of the one that ended; else None."""
        return self._ended

    def _restart(self, seed: int | None) -> None:
        chance: Any = np.random.SeedSequence(seed).entropy
        self._seed = int(chance)
        self._order, self._rest, self._next = [], None, 0
        self._forget()

    def _forget(self) -> None:
        self._counts, self._begun = [0] * len(self.envs), {}

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Begin a trial; as of a classic task, with the options `trial` and `conditions`."""
        index, conditions = read_options(options)
        if seed is not None or self._seed is None:
            self._restart(seed)
        if index is not None and index != self._next:
            self._forget()
            self._next = index
            for number in range(index):
                self._counts[self._choice(number)] += 1
        self.num_tr = 0
        self._top.new_trial(**conditions)
        return self._opening, {}

    def new_trial(self, **kwargs: Any) -> dict[str, Any]:
        seed, number = self.upcoming
        self.i_env = i = self._choice(number)
        self.env = self.envs[i]
        if kwargs or i not in self._begun:
            own = np.random.SeedSequence(seed, spawn_key=(MEMBER, i)).generate_state(1)
            options = {"trial": self._counts[i], "conditions": kwargs}
            if i in self._begun and self.trials.memory:
                options["memory"] = dict(self.trials.memory)
            first, _ = self.env.reset(seed=int(own[0]), options=options)
        else:
            first = self._begun.pop(i)
        self._begun.pop(i, None)
        self._opening = self._seen(first)
        self.trial_index, self._next = number, number + 1
        self.num_tr += 1
        return dict(self.trial)

    def _choice(self, number: int) -> int:
        """The task of a trial."""
        if self._schedule is None:
            return int(self.wrapper.i)
        while len(self._order) <= number:
            place = len(self._order) // AHEAD
            chance = np.random.SeedSequence(self.upcoming[0], spawn_key=(ORDER, place))
            index, self._rest = self._schedule.draw(
                np.random.default_rng(chance), AHEAD, self._rest
            )
            self._order += index.tolist()
        return self._order[number]

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        i = self.i_env
        ob, reward, terminated, truncated, info = self.env.step(self._own(i, action))
        if self._actions is not None and info.get("gt") is not None:
            info = {**info, "gt": int(self._actions[i][info["gt"]])}
        if not info["new_trial"]:
            return self._seen(ob), reward, terminated, truncated, info
        info = {**info, "trial": {**info["trial"], "task": i}}
        self._counts[i] += 1
        if terminated or truncated:
            return self._seen(ob), reward, terminated, truncated, info
        self._begun[i] = ob
        self._ended = info
        try:
            self._top.new_trial()
        finally:
            self._ended = None
        return self._opening, reward, terminated, truncated, info

    # -- a task's channels and actions in the whole ----------------------------------------------

    def _seen(self, ob: Any, i: int | None = None) -> Any:
        """Observations, (C,) or (T, C), of a task as the whole shows them."""
        if self._columns is None and not self._cue:
            return ob
        i = self.i_env if i is None else i
        columns = slice(0, np.shape(ob)[-1]) if self._columns is None else self._columns[i]
        shape = (*np.shape(ob)[:-1], *(self.observation_space.shape or ()))
        out = np.zeros(shape, np.float32)
        out[..., columns] = ob
        if self._cue:
            out[..., shape[-1] - self._cue + i] = 1
        return out

    def _own(self, i: int, action: Any) -> Any:
        if self._actions is None:
            return action
        if not self.action_space.contains(np.int64(action)):
            raise ValueError(f"action {action!r} is not one of {self.action_space}")
        place = np.flatnonzero(self._actions[i] == action)
        return int(place[0]) if place.size else 0

    @property
    def ob(self) -> np.ndarray | None:
        """The trial's observations (T, C)."""
        ob = self.trials.ob
        return ob if ob is None else self._seen(ob)

    @property
    def gt(self) -> np.ndarray | None:
        """The trial's labels (T,)."""
        gt = self.trials.gt
        return gt if gt is None or self._actions is None else self._actions[self.i_env][gt]

    @property
    def gt_now(self) -> Any:
        """The label of the current observation."""
        gt = self.trials.gt_now
        return gt if gt is None or self._actions is None else int(self._actions[self.i_env][gt])

    @property
    def trial(self) -> dict[str, Any]:
        """The current trial's conditions, and its task."""
        return {**self.trials.trial, "task": self.i_env}

    @property
    def to_be_played(self) -> bool:
        return any(member.to_be_played for member in self._members) or super().to_be_played

    @property
    def stream_seed(self) -> int:
        return self.upcoming[0]

    @property
    def memory(self) -> Mapping[str, Any]:
        return {}

    @property
    def settings(self) -> dict[str, Any]:
        return self.wrapper.settings()

    @property
    def _label(self) -> str:
        return type(self.wrapper).__name__

    @property
    def _told_of(self) -> Any:
        return self._members[0]

    def __str__(self) -> str:
        return f"<{self._own_label}>"


def _bare(env: gym.Env) -> gym.Env:
    while isinstance(env, ONLY_LOOK_ON):
        env = env.env
    return env


def _schedule(wrapper: Any, n: int) -> Schedule | None:
    """Which task comes next; None: it is chosen by hand."""
    if hasattr(wrapper, "num_tr_per_task"):
        lens = wrapper.num_tr_per_task
        if len(lens) != n - 1:
            raise ValueError(
                f"num_tr_per_task = {lens!r}: expected {n - 1} numbers of trials for {n} tasks, the"
                " last of which goes on for ever"
            )
        return Schedule(n, "once", block_lens=[*lens, 1])
    if hasattr(wrapper, "order"):
        return Schedule(n, wrapper.order, wrapper.block_dur, wrapper.block_lens)
    wrapper.choosing(wrapper.i)  # raises for a task that there is not
    return None


def joined(given: Sequence[Any], what: str) -> tuple[list[np.ndarray] | None, dict, int | None]:
    """Where each space's entries stand in the whole, or None; the whole's names, and its size.

    The size is None where the spaces are neither rows of channels nor one of several actions.
    """
    sizes = [_size(space) for space in given]
    names = [dict(getattr(space, "name", {})) for space in given]
    if len(set(sizes)) == 1 and (sizes[0] or all(space == given[0] for space in given)):
        return None, names[0], sizes[0]
    if not all(sizes) or not all(names):
        listed = ", ".join(map(str, given))
        raise ValueError(
            f"the tasks' {what} differ ({listed}): they are joined by the names of their entries,"
            " which ngym.spaces.Box and Discrete take as name={...}"
        )
    widths: dict[str, int] = {}
    for name, index in ((n, i) for own in names for n, i in own.items()):
        widths[name] = max(widths.get(name, 0), np.size(index))
    ends = np.cumsum([0, *widths.values()])
    starts = dict(zip(widths, ends.tolist(), strict=False))
    places = []
    for own, size in zip(names, sizes, strict=True):
        place = np.full(size or 0, -1)
        for name, index in own.items():
            place[np.atleast_1d(index)] = starts[name] + np.arange(np.size(index))
        if (place < 0).any():
            raise ValueError(f"the tasks' {what} differ, and not all entries of {own} have names")
        places.append(place)
    whole = {
        name: starts[name] if width == 1 else list(range(starts[name], starts[name] + width))
        for name, width in widths.items()
    }
    return places, whole, int(ends[-1])


def _size(space: Any) -> int | None:
    if isinstance(space, gym_spaces.Discrete):
        return int(space.n)
    if isinstance(space, gym_spaces.Box) and len(space.shape) == 1:
        return int(space.shape[0])
    return None
