"""Wrappers that watch: one prints each call, one keeps each trial as a row of the trial table.

They can be put around any gymnasium environment and change nothing of what it returns. What itself
imports `neurogym.wrappers` is imported in functions here, so that these wrappers can be exported
from there.
"""

from __future__ import annotations

import reprlib
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from neurogym.envs.episodes import as_trials
from neurogym.envs.has_trials import Asked, HasTrials, copied
from neurogym.spec.parameters import replaced, unknown
from neurogym.subjects.agents import Policy, agent
from neurogym.subjects.policy import receiver, start_run
from neurogym.subjects.sinks import Probe, arrays, drawn, sink
from neurogym.trials.noise import is_shared

Row = dict[str, Any]
Returned = tuple[Any, Any, bool, bool, dict[str, Any]]

TRIGGERS = ("trial", "step")
MAX_SEED = 2**63 - 1  # of the trial table
NOTHING = np.empty(0)
SPARE = 100  # trials that an evaluation may lose to episodes that end within a trial

OLD = {  # what NeuroGym's takes
    "config": "give name, save_dir, trigger, interval and verbose themselves",
    "plot_create": "plots are drawn when asked for: plot_training_history(), utils.plot_env(env)",
    "plot_steps": "plots are drawn when asked for: utils.plot_env(env, num_steps=)",
    "ext": "plots are saved by utils.plotting.save(plot, file), whose name says the form",
    "step_fn": "it steps the environment that it is put around",
    "level": "a line is printed at each interval, unless verbose=False",
    "log_trigger": "give trigger",
    "log_interval": "give interval",
}
OLD_DATA = {
    "action": "'response' is the answer, -1 without one",
    "gt": "the conditions stand under their own names, such as 'ground_truth'",
    "cum_reward": "'reward' is the sum over the trial",
    "cum_rewards": "'reward' is the sum over the trial",
    "trial": "the conditions stand under their own names, such as 'coh'",
    "new_trial": "there is an entry a trial",
}


class Arrays(dict[str, np.ndarray]):
    """Arrays by name, one entry a trial; KeyError says what there is."""

    def __missing__(self, key: str) -> np.ndarray:
        hint = f". {OLD_DATA[key][0].upper()}{OLD_DATA[key][1:]}" if key in OLD_DATA else ""
        raise KeyError(f"{unknown('array', [key], self)}{hint}")


_BRIEF = reprlib.Repr()
_BRIEF.maxdict = _BRIEF.maxlist = _BRIEF.maxtuple = 10
_BRIEF.maxlevel, _BRIEF.maxother = 3, 60


class Watching(gym.Wrapper, RecordConstructorArgs):
    """A wrapper that changes nothing."""

    watches = True


class Identity(Watching):
    """Changes nothing; prints each call, and what came back, on one line.

    Args:
        env: any environment.
        id: stands before each line, to tell several apart.
        file: a path, to which lines are appended, or an open text file; None is stdout.
    """

    def __init__(self, env: gym.Env, id: str = "0", file: str | Path | IO[str] | None = None):
        RecordConstructorArgs.__init__(self, id=id, file=file, _disable_deepcopy=True)
        gym.Wrapper.__init__(self, env)
        self.id, self.file = id, file

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, and print it."""
        ob, info = self.env.reset(seed=seed, options=options)
        given = {"seed": seed, "options": options}
        call = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
        self._print(f"reset({call}) -> ob {_short(ob)}, info {_BRIEF.repr(info)}")
        return ob, info

    def step(self, action: Any) -> Returned:
        """Step the environment, and print it."""
        ob, reward, terminated, truncated, info = self.env.step(action)
        over = ", terminated" * bool(terminated) + ", truncated" * bool(truncated)
        self._print(
            f"step({_short(action)}) -> ob {_short(ob)}, reward {float(reward):g}{over},"
            f" info {_BRIEF.repr(info)}"
        )
        return ob, reward, terminated, truncated, info

    def _print(self, line: str) -> None:
        if not isinstance(self.file, str | Path):
            print(f"[{self.id}] {line}", file=self.file)
            return
        with open(self.file, "a", encoding="utf-8") as out:
            print(f"[{self.id}] {line}", file=out)


class Monitor(Watching):
    """Changes nothing; keeps each trial that is stepped through as a row of the trial table.

    A trial's row is made when it ends, of what was done in it and of what the environment says of
    the trial that ended. A trial that `reset` cuts short becomes a row with
    `flags={"interrupted": "reset"}`, without outcome, and counts nowhere; one that is under way
    when the monitor comes or goes becomes none. Actions and rewards are those that pass the
    monitor: to be replayed, a row's actions have to be those of the task, with no wrapper below
    that changes them. A run (`run_id`) ends where another seed, other parameters or an earlier
    trial follow. If neither the first `reset` nor the environment has a seed that the table can
    hold, the monitor draws one, so that all rows can be replayed.

    Args:
        env: an environment with trials, under any gymnasium wrappers: that of a task, or what
            `neurogym.envs.episodes.as_trials` makes. Wrappers of tasks go below.
        name: of the file, and the `subject` of the rows; None is the task's id, and "agent".
        save_dir: a folder, in which rows are appended to <name>.csv, or a database ending in .db.
            Rows that were saved are no longer kept. None keeps all of them.
        trigger: what `interval` counts, "trial" or "step".
        interval: how many of them lie between two savings, so that a crash loses no more.
        verbose: whether to print a line with mean performance and reward at each interval.

    Raises TypeError for an environment without trials, ValueError for an unknown trigger, an
    interval below 1, a name that is none of a file, and a file that holds something else.
    """

    def __init__(
        self,
        env: gym.Env,
        name: str | None = None,
        save_dir: str | Path | None = None,
        trigger: str = "trial",
        interval: int = 1000,
        verbose: bool = True,
        **old: Any,
    ):
        replaced("Monitor", old, OLD)
        self._trials = _trials_of(env)
        if trigger not in TRIGGERS:
            raise ValueError(unknown("trigger", [trigger], TRIGGERS))
        RecordConstructorArgs.__init__(
            self, name=name, save_dir=save_dir, trigger=trigger, interval=interval, verbose=verbose
        )
        gym.Wrapper.__init__(self, env)
        self.trigger, self.interval = trigger, _positive("interval", interval)
        self.verbose = verbose
        self._about, self._version = _about(self._trials), self._trials.version
        self.name = name or self._about["task"].replace("/", "-")
        self._subject = name or "agent"
        self.sink = None if save_dir is None else sink(save_dir, self.name)
        self.num_steps = 0
        self.data_eval: dict[str, np.ndarray] = {}
        self._rows: list[Row] = []  # not saved yet
        self._performance, self._reward = array("d"), array("d")  # of all finished trials
        self._since = 0  # rows since the last interval
        self._told = 0  # finished trials at the last interval
        self._run: dict[str, Any] = {}
        self._run_id, self._run_index = "", -1
        self._start: Row = {}  # columns that are known when a trial starts
        self._index: int | None = None  # number of the trial under way
        self._whole = False  # whether it was seen from its first step
        self._steps: list[tuple[int, Any, Any, Any]] = []  # its (step, action, reward, gt)
        self._asked: Asked | None = None  # what it asks for beside one response
        self._periods: list[tuple[str, int, int]] = []
        self._discrete = isinstance(self.action_space, spaces.Discrete)
        self._by_step = trigger == "step"
        self._probes: dict[str, Probe] = {}
        self._listening: list[Probe] = []
        self._deaf = False

    # -- gymnasium -------------------------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment; a trial under way is interrupted."""
        cut = dict(self._trials.trial) if self._steps and self._whole else None
        if seed is None and not _is_seeded(self._trials):
            seed = _chance()
        returned = self.env.reset(seed=seed, options=options)
        if cut is not None:
            flags = {"interrupted": "reset"}
            self._record({"conditions": cut, "actions": self._actions(), "flags": flags})
        self._begin()
        return returned

    def step(self, action: Any) -> Returned:
        """Step the environment, and note it."""
        trials = self._trials
        # the trial can have changed without a reset of ours, by a wrapper below or by hand
        if (self._index is None or trials.trial_index != self._index) and not self._begin():
            return self.env.step(action)  # which says that it was not reset
        at = trials.t_ind
        returned = self.env.step(action)
        kept = int(action) if self._discrete else np.array(action).tolist()
        self._steps.append((at, kept, returned[1], returned[4].get("gt")))
        if self._listening:
            for probe in self._listening:
                probe.step()
        if returned[4].get("new_trial"):
            self._finish(*returned[2:])
        self.num_steps += 1
        if self._by_step and self.num_steps % self.interval == 0:
            self._at_interval()
        return returned

    def close(self) -> None:
        """Save the rows that are not saved yet, stop recording, close the environment."""
        self.stop_recording()
        try:
            self.save()
        finally:
            super().close()

    # -- trials ----------------------------------------------------------------------------------

    def _begin(self) -> bool:
        """Take note of the trial that the environment is in; False if it is in none."""
        self._steps.clear()
        for probe in self._listening:
            probe.steps.clear()
        index = self._trials.trial_index
        self._index = index if index >= 0 else None
        if self._index is not None:
            self._whole = self._trials.t_ind == 0
            self._start = self._columns()
            self._asked = self._trials.asked
            self._periods = list(self._trials.periods) if self._asked else []
        return self._index is not None

    def _columns(self) -> Row:
        """The columns that are known when a trial starts; with `_row` all that makes a row."""
        trials = self._trials
        if trials.version != self._version:  # parameters were changed
            self._about, self._version = _about(trials), trials.version
        seed = trials.stream_seed
        return {
            **self._about,
            "seed": seed if seed <= MAX_SEED else None,
            "trial_index": trials.trial_index,
            "forced": dict(trials.forced),
            "memory": dict(trials.memory),
            "shared_noise": is_shared(trials, by_channels=True),
        }

    def _row(self, outcome: Mapping[str, Any]) -> Row:
        """The row of the trial that `_start` and `_steps` tell of."""
        from neurogym.records import trial_table

        start = self._start
        run = {name: start[name] for name in ("task", "params", "wrappers", "seed")}
        if run != self._run or start["trial_index"] <= self._run_index:
            self._run, self._run_id = run, trial_table.new_run_id()
        self._run_index = start["trial_index"]
        return trial_table.empty_row(
            uid=f"{self._run_id}-{self._run_index}-0",
            run_id=self._run_id,
            subject_kind="agent",
            subject=self._subject,
            created_utc=trial_table.utc_now(),
            **start,
            **outcome,
        )

    def _finish(self, terminated: bool, truncated: bool, info: dict[str, Any]) -> None:
        """A trial ended with the last step."""
        if self._whole:
            self._record(self._outcome(info))
        self._begin()
        if terminated or truncated:
            self._index = None  # nothing goes on before a reset

    def _outcome(self, info: dict[str, Any]) -> Row:
        """The columns that the trial that ended fills."""
        from neurogym.records import trial_table

        at, actions, rewards, gt = zip(*self._steps, strict=True)
        trace = trial_table.Trace(
            ob=NOTHING,
            gt=np.array(gt) if self._asked else NOTHING,
            actions=np.array(actions if self._discrete else np.zeros(len(at))),
            rewards=np.array(rewards, float),
            steps=np.array(at),
            periods=self._periods,
            dt=float(self._trials.dt),
            end={**info, "trial": dict(info["trial"])},  # others get this info too
            asked=self._asked if self._discrete else None,
        )
        outcome = trial_table.outcome_of(trace)
        return outcome if self._discrete else {**outcome, "actions": self._actions()}

    def _actions(self) -> list[list[Any]]:
        """The trial's [step, action] so far, those of action 0 left out."""
        return [[at, action] for at, action, *_ in self._steps if action != 0]

    def _record(self, outcome: Mapping[str, Any]) -> None:
        row = self._row(outcome)
        self._rows.append(row)
        if "interrupted" not in row["flags"]:
            self._performance.append(row["performance"])
            self._reward.append(row["reward"])
        for probe in self._listening:
            probe.end(row, len(self._steps))
        self._since += 1
        if not self._by_step and self._since >= self.interval:
            self._at_interval()

    # -- what was recorded -----------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        """The rows that are not saved yet; without `save_dir` all of them."""
        return list(self._rows)

    @property
    def num_trials(self) -> int:
        """How many trials were played to their end, saved or not."""
        return len(self._reward)

    @property
    def data(self) -> dict[str, np.ndarray]:
        """The finished trials among `rows` as arrays, (trials,) each, all in the same order.

        The keys are trial_index, response (-1 without one), correct, performance, reward, rt_ms
        (NaN without a response), and each condition, named condition_<name> if its name is one of
        those.
        """
        from neurogym.records import trial_table

        return Arrays(arrays(trial_table.finished(self._rows)))

    def history(self, window: int = 100) -> dict[str, np.ndarray]:
        """Mean performance and mean reward of each `window` trials, of all that were recorded.

        Returns arrays (windows,): trial, the number of trials up to the window's end, performance
        (0 to 1) and reward (sum over a trial). The last window can be shorter. ValueError for a
        window below 1.
        """
        starts = np.arange(0, self.num_trials, _positive("window", window))
        ends = np.append(starts[1:], self.num_trials)[: len(starts)]
        values = {"performance": np.array(self._performance), "reward": np.array(self._reward)}
        means = {k: np.add.reduceat(v, starts) / (ends - starts) for k, v in values.items()}
        return {"trial": ends, **means}

    def save(self) -> None:
        """Write the rows that are not saved yet; nothing happens without `save_dir`."""
        if self.sink is not None and self._rows:
            self.sink.write(self._rows)
            self._rows.clear()

    def _at_interval(self) -> None:
        self.save()
        if self.verbose:
            print(f"{self.name}: {self._progress()}")
        self._since, self._told = 0, self.num_trials

    def _progress(self) -> str:
        told = f"{self.num_trials} trials"
        if self._told == self.num_trials:
            return f"{told}, none since the last line"
        performance, reward = (
            np.mean(values[self._told :]) for values in (self._performance, self._reward)
        )
        return f"{told}, performance {performance:.2f}, reward {reward:.2f}"

    def plot_training_history(self, window: int = 100, file: str | Path | None = None) -> Any:
        """Draw `history`: performance above reward, a point a window.

        Returns Bokeh's layout of the two figures. `file` saves it as a page, which needs no
        network; its name ends in .html. Raises ValueError for other names and without any trial,
        ImportError without Bokeh.
        """
        if file is not None and Path(file).suffix.lower() != ".html":
            raise ValueError(f"file = {str(file)!r}: expected a name that ends in .html")
        history = self.history(window)
        if not self.num_trials:
            raise ValueError("no trial has ended yet: there is no history to plot")
        return drawn(history, self.name, file)

    # -- evaluation ------------------------------------------------------------------------------

    def evaluate_policy(
        self,
        num_trials: int = 100,
        model: str | Policy | Any = None,
        seed: int | None = None,
        verbose: bool = False,
    ) -> dict[str, Any]:
        """Let a model play fresh trials in an environment of its own, under the same wrappers.

        Neither this environment nor what was recorded changes. The model's state, and what an agent
        learns, last as long as the evaluation. `neurogym.rollout` plays the same trials in the same
        way, but below all gymnasium wrappers, so that a model of what they return could not play
        there.

        Args:
            num_trials: how many trials are played to their end.
            model: what `neurogym.agent` takes: a name, a policy, a model that predicts; None acts
                at random.
            seed: of the trials and of the agent's own chance; None draws one.
            verbose: whether to print a line with mean performance and reward.

        Returns a dict: rows, mean_reward (of the trials' summed rewards), mean_performance, and the
        arrays (trials,) rewards and performances. `data_eval` has the rows as arrays, like `data`.
        Raises ValueError for fewer than 1 trial, TypeError for what is no agent.
        """
        from neurogym.records import trial_table
        from neurogym.subjects.rollout import describe

        chosen = "random" if model is None else model
        policy, seed = agent(chosen), _chance() if seed is None else seed
        num_trials = _positive("num_trials", num_trials)
        twin = _twin(self.env, self._trials)
        with self._not_listening(), Monitor(twin, describe(chosen, policy), verbose=False) as own:
            _play(own, policy, num_trials, seed)
            rows = trial_table.finished(own.rows)
        self.data_eval = Arrays(arrays(rows))
        rewards, performances = self.data_eval["reward"], self.data_eval["performance"]
        if verbose:
            print(f"{self.name}: {own._progress()}")
        return {
            "rows": rows,
            "mean_reward": float(rewards.mean()),
            "mean_performance": float(performances.mean()),
            "rewards": rewards,
            "performances": performances,
        }

    # -- activations -----------------------------------------------------------------------------

    def record_activations(self, module: Any, name: str, max_trials: int = 1000) -> None:
        """Keep what a torch module puts out in each step, of the last `max_trials` trials.

        A step's activation is the last output with a batch size of 1 since the step before: what
        the module computed to choose the action. Batches, such as those of a training update, are
        passed over, and so are all calls during `evaluate_policy`; with several environments in one
        batch nothing is kept. Of a tuple the first tensor counts. It has the shape (units,),
        (1, units), (1, 1, units) or (1, C, H, W).

        Args:
            module: anything with `register_forward_hook`.
            name: the key in `activations` and `activation_rows`.
            max_trials: how many trials are kept; the oldest are dropped.

        Raises TypeError for a module without hooks, ValueError for a name that is recorded already
        and for max_trials below 1.
        """
        if not hasattr(module, "register_forward_hook"):
            raise TypeError(f"{module!r} has no register_forward_hook: expected a torch module")
        if name in self._probes and self._probes[name] in self._listening:
            raise ValueError(f"{name!r} is recorded already: choose another name")
        probe = Probe(_positive("max_trials", max_trials))

        def hear(_module: Any, _inputs: Any, output: Any) -> None:
            if not self._deaf:
                probe.hear(output)

        probe.handle = module.register_forward_hook(hear)
        self._probes[name] = probe
        self._listening.append(probe)

    def stop_recording(self) -> None:
        """Remove all hooks; what was recorded stays."""
        for probe in self._listening:
            probe.handle.remove()
        self._listening.clear()

    @property
    def activations(self) -> dict[str, list[np.ndarray]]:
        """By name an array (T, units) for each trial, the i-th of the i-th row in activation_rows.

        T are the trial's steps; a step without an output is NaN. While recording goes on, and
        nothing is saved, the trials are the last ones of `rows`.
        """
        return {name: [trace for _, trace in probe.kept] for name, probe in self._probes.items()}

    @property
    def activation_rows(self) -> dict[str, list[Row]]:
        """By name the rows of the trials in `activations`, also those that were saved."""
        return {name: [row for row, _ in probe.kept] for name, probe in self._probes.items()}

    @contextmanager
    def _not_listening(self) -> Iterator[None]:
        before, self._deaf = self._deaf, True
        try:
            yield
        finally:
            self._deaf = before


def _trials_of(env: gym.Env) -> HasTrials:
    """The environment of trials under its wrappers."""
    try:
        trials: HasTrials | None = as_trials(env)
    except TypeError:
        trials = None
    if trials is None or getattr(trials, "env", None) is env:  # its episodes were made trials
        raise TypeError(
            f"{env} has no trials: Monitor takes the environment of a task, or"
            " neurogym.envs.episodes.as_trials(env)"
        )
    return trials


def _about(trials: HasTrials) -> Row:
    """The columns that tell the task, as `neurogym.rollout` has them."""
    about = trials.about
    return {"task": about.task, "params": about.params, "wrappers": about.wrappers}


def _is_seeded(trials: HasTrials) -> bool:
    """Whether trials are under way, with a seed that the trial table holds."""
    return trials.trial_index >= 0 and trials.stream_seed <= MAX_SEED


def _chance() -> int:
    return int(np.random.default_rng().integers(2**31))


def _twin(env: Any, trials: HasTrials) -> Any:
    """Another environment of the same trials, under copies of the wrappers that change something.

    TypeError if it can neither be copied nor made anew.
    """
    if env is not trials:
        below = _twin(env.env, trials)
        watches = isinstance(env, Monitor | Identity)
        return below if watches else copied(env, {id(env.env): below})
    return trials.twin()


def _play(monitor: Monitor, policy: Policy, num_trials: int, seed: int) -> None:
    """Play so many trials to their end, from the first of the stream on."""
    ob, _ = monitor.reset(seed=seed)
    start_run(policy, monitor._trials, seed)
    receive = receiver(policy)
    while monitor.num_trials < num_trials:
        if len(monitor._rows) > monitor.num_trials + num_trials + SPARE:
            raise RuntimeError("the environment's episodes end before its trials do")
        trials, over = monitor._trials, False
        policy.begin(trials, np.random.default_rng([seed, seed, trials.trial_index]))
        while not over:
            ob, reward, terminated, truncated, info = monitor.step(policy.act(ob))
            if receive:
                receive(float(reward), bool(info.get("new_trial")))
            over = info.get("new_trial") or terminated or truncated
        if terminated or truncated:
            ob, _ = monitor.reset()


# -- values -------------------------------------------------------------------------------------


def _positive(name: str, value: Any) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError(f"{name} = {value!r}: expected a whole number from 1")
    return int(value)


def _short(value: Any) -> str:
    """An observation or action on one line."""
    if not isinstance(value, np.ndarray):
        return _BRIEF.repr(value.item() if isinstance(value, np.generic) else value)
    text = np.array2string(value, precision=3, threshold=8, edgeitems=3, max_line_width=10**6)
    return " ".join(text.split())
