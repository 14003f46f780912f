"""An agent's steps in an environment, one after the other, as arrays."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.envs.episodes import as_trials
from neurogym.envs.has_trials import HasTrials
from neurogym.records.runs import Run
from neurogym.subjects.agents import Policy, agent
from neurogym.subjects.policy import receiver, start_run
from neurogym.trials.catalogue import full_id, make

MOST_STEPS = 100_000  # in which the trials that are asked for must end


class _Always:
    """The same action, whatever is seen."""

    def __init__(self, action: Any, space: gym.Space):
        try:
            value = np.asarray(action, space.dtype) if space.shape else action
            fits = space.contains(value)
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise ValueError(f"def_act = {action!r}: expected an action of {space}")
        self._action = value

    def begin(self, env: gym.Env, rng: np.random.Generator) -> None:
        """Nothing to do."""

    def act(self, ob: np.ndarray) -> Any:
        """The action."""
        return self._action


class _Chance:
    """Any action of a space, also of one that wrappers changed."""

    def __init__(self, space: gym.Space, seed: int | None):
        self._space = copy.deepcopy(space)  # the environment's own draws stay as they are
        self._space.seed(seed)

    def begin(self, env: gym.Env, rng: np.random.Generator) -> None:
        """Nothing to do."""

    def act(self, ob: np.ndarray) -> Any:
        """A random action."""
        action = self._space.sample()
        return action if np.ndim(action) else action.item()


def play(
    env: gym.Env | str,
    num_steps: int = 200,
    num_trials: int | None = None,
    def_act: Any = None,
    model: Any = None,
    seed: int | None = None,
) -> Run:
    """Let an agent step through an environment, from a reset on; see `neurogym.utils.plot_env`."""
    env, trials = _environment(env)
    policy = _policy(env, def_act, model, seed)
    num_steps = _positive("num_steps", num_steps)
    if num_trials is not None:
        num_trials, num_steps = _positive("num_trials", num_trials), MOST_STEPS

    def chance(trial: int) -> np.random.Generator:  # the same as in a rollout
        return np.random.default_rng(None if seed is None else [seed, seed, trial])

    steps: list[tuple] = []  # ob, action, gt, reward, performance
    starts, periods, ended = [0], [], 0
    ob, _ = env.reset(seed=seed)
    start_run(policy, trials, 0 if seed is None else seed)
    policy.begin(trials, chance(0))
    receive = receiver(policy)
    planned, places = list(trials.planned_periods), []
    while len(steps) < num_steps:
        places.append(trials.t_ind)
        action = policy.act(ob)
        following, reward, terminated, truncated, info = env.step(action)
        is_over = bool(info.get("new_trial"))
        if receive:
            receive(float(reward), is_over)
        performance = info.get("performance", np.nan) if is_over else np.nan
        steps.append((np.ravel(ob), action, info.get("gt"), float(reward), float(performance)))
        if terminated or truncated:
            following, _ = env.reset()
        ob = following
        if not (is_over or terminated or truncated):
            continue
        ended += is_over
        periods += _played(planned, places, starts[-1])
        planned, places = list(trials.planned_periods), []
        if ended == num_trials:
            break
        starts.append(len(steps))
        policy.begin(trials, chance(ended))
    if num_trials is not None and ended < num_trials:
        raise ValueError(f"num_trials = {num_trials}: only {ended} ended within {MOST_STEPS} steps")
    periods += _played(planned, places, starts[-1])
    obs, done, told, rewards, performances = zip(*steps, strict=True)
    actions, gt = _rows(done), _labels(told)
    if gt is not None and gt.shape != actions.shape:
        raise ValueError(f"{env} has labels {gt.shape}, but actions {actions.shape}")
    return Run(
        np.array(obs, np.float32),
        actions,
        gt,
        np.array(rewards),
        np.array(performances),
        [start for start in starts if start < len(steps)],
        periods,
        **names_of(env),
    )


def names_of(env: gym.Env | str) -> dict[str, Any]:
    """What an environment tells of a run in it: dt, channels, answers and name."""
    env, trials = _environment(env)
    space = env.action_space
    own = env.spec.id if env.spec else type(env.unwrapped).__name__
    return {
        "dt": float(trials.dt),
        "channels": labels(env.observation_space, int(np.prod(env.observation_space.shape or ()))),
        "answers": labels(space, int(getattr(space, "n", np.prod(space.shape or (1,))))),
        "name": trials.declared.label if trials.declared else own,
    }


def labels(space: gym.Space, size: int) -> list[str]:
    """A name for each entry of a space; its number where it has none."""
    found = [str(i) for i in range(size)]
    for name, index in getattr(space, "name", {}).items():
        entries = np.atleast_1d(index).tolist()
        for k, i in enumerate(entries, 1):
            if i < size:
                found[i] = name if len(entries) == 1 else f"{name} {k}"
    return found


def _environment(env: Any) -> tuple[gym.Env, HasTrials]:
    """What is stepped, and the trials under its wrappers; see `plot_env` for what is taken."""
    if isinstance(env, str):
        env = make(full_id(env))
    inside = getattr(env, "__dict__", {}).get("envs")
    if not isinstance(env, gym.Env) and isinstance(inside, list) and len(inside) == 1:
        env = inside[0]
    if not isinstance(env, gym.Env):
        raise ValueError(f"{env!r}: expected an id, or one gymnasium environment")
    trials = as_trials(env)
    episodes = getattr(trials, "env", None) is env  # which were made trials
    return (trials if episodes else env), trials


def _policy(env: gym.Env, def_act: Any, model: Any, seed: int | None) -> Policy:
    if def_act is not None and model is not None:
        raise ValueError("give either def_act or model, not both")
    if model is not None:
        return agent(model)
    return (
        _Chance(env.action_space, seed) if def_act is None else _Always(def_act, env.action_space)
    )


def _positive(name: str, value: Any) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError(f"{name} = {value!r}: expected a whole number from 1")
    return int(value)


def _played(
    planned: list[tuple[str, int, int]], places: list[int], start: int
) -> list[tuple[str, int, int]]:
    """The periods that came, in steps of the run; `places` are steps of the trial, as planned."""
    at, came = np.array(places, int), []
    for name, first, stop in planned:
        inside = np.flatnonzero((at >= first) & (at < stop))
        if inside.size:
            came.append((name, start + int(inside[0]), start + int(inside[-1]) + 1))
    return came


def _rows(values: Any) -> np.ndarray:
    """A row a step: (T,), or (T, k) for values of k numbers."""
    values = np.array(values)
    return values.reshape(len(values), -1) if values.ndim > 1 else values


def _labels(gt: tuple) -> np.ndarray | None:
    """Labels as an array; -1, or NaN if they are graded, where there are none."""
    given = next((np.asarray(label) for label in gt if label is not None), None)
    if given is None:
        return None
    none = np.full(given.shape, np.nan) if given.ndim else -1
    return _rows([none if label is None else label for label in gt])
