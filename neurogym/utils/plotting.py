"""Plots of what an agent saw, did and earned, and of what it chose; drawn by Bokeh.

They are Bokeh figures and layouts: `bokeh.plotting.show(plot)` opens one in the browser, Panel and
notebooks take them as they are, `save` makes files of them. Bokeh and SciPy come with
`pip install 'neurogym[app]'`; ImportError tells so where they are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.figures.saving import form_of, save
from neurogym.moved import nothing
from neurogym.records.runs import Run
from neurogym.spec.parameters import replaced
from neurogym.subjects.agents import Policy
from neurogym.subjects.play import names_of, play

__all__ = ["plot_env", "plot_psychometric", "run_env", "save", "visualize_run"]
__getattr__ = nothing(__name__)
LOOK = "looks are set by fig_kwargs, which goes to each Bokeh figure"
OLD_RUN = {
    "plot_config": LOOK,
    "states": "activity is drawn by Monitor(env).record_activations and your own plot",
    "initial_ob": "row k of ob is what was seen when actions[k] was chosen: put it first in ob",
}


def plot_env(
    env: gym.Env | str,
    num_steps: int = 200,
    num_trials: int | None = None,
    def_act: Any = None,
    model: str | Policy | Any = None,
    name: str | None = None,
    legend: bool = True,
    ob_traces: Sequence[str] | None = None,
    fig_kwargs: Mapping[str, Any] | None = None,
    fname: str | Path | None = None,
    plot_performance: bool = True,
    *,
    seed: int | None = None,
    **old: Any,
) -> Any:
    """Let an agent play, and draw what it saw, did and earned in rows that share time.

    In each step the row of observations shows what the agent saw, the row of actions what it then
    did (dark) and what was right (pale). Lines mark the starts of trials and, fainter, of periods,
    which the strip on top tells by colour. The environment is reset first.

    Args:
        env: an id, a gymnasium environment, or Stable-Baselines3's DummyVecEnv with one in it.
        num_steps: how many steps are played.
        num_trials: how many trials are played instead, to their end.
        def_act: the action of every step. Without it and `model`, actions are random.
        model: what `neurogym.agent` takes: "oracle", a policy, or a model that predicts; a
            recurrent one starts each trial afresh.
        name: the title; that of the task if None.
        legend: whether to tell what is what; without, there is no strip of periods either.
        ob_traces: a label for each channel: draws lines in place of colours.
        fig_kwargs: `width` is that of the whole plot in px; all else goes to each Bokeh figure.
        fname: a file to which the plot is saved, see `save`.
        plot_performance: whether there is a row of performance.
        seed: of the environment and of random actions.
        **old: none; TypeError says what stands for NeuroGym's.

    Returns:
        A Bokeh layout. Its renderers named "observations", "action", "reward" and "performance"
        hold the data: `plot.select_one({"name": "reward"}).data_source.data`.

    Raises:
        ValueError: for what is no environment, both `def_act` and `model`, an action that is none,
            labels that are not one a channel, or trials that never end.
    """
    replaced("plot_env", old, {"plot_config": LOOK})
    if fname is not None:
        form_of(fname)
    run = play(env, num_steps, num_trials, def_act, model, seed)
    run = run if plot_performance else replace(run, performance=None)
    return _drawn(run, name, legend, ob_traces, fig_kwargs, fname)


def run_env(
    env: gym.Env | str,
    num_steps: int = 200,
    num_trials: int | None = None,
    def_act: Any = None,
    model: str | Policy | Any = None,
    *,
    seed: int | None = None,
) -> dict[str, Any]:
    """Let an agent play as `plot_env` does; returns the T steps as arrays.

    `ob` (T, C) is what was seen when each of `actions` was chosen, `gt` what was right then (-1
    without a label), `rewards` what it earned; `perf` is the performance in a trial's last step,
    else -1, and `actions_end_of_trial` the action there, else -1; `trial_starts` are steps.
    """
    run = play(env, num_steps, num_trials, def_act, model, seed)
    assert run.performance is not None  # `play` fills all that it knows
    ends = ~np.isnan(run.performance)
    last = ends if run.actions.ndim == 1 else ends[:, None]
    return {
        "ob": run.ob,
        "actions": run.actions,
        "gt": np.full(len(run.ob), -1) if run.gt is None else run.gt,
        "rewards": run.rewards,
        "perf": np.where(ends, run.performance, -1),
        "actions_end_of_trial": np.where(last, run.actions, -1),
        "trial_starts": run.trial_starts,
    }


def visualize_run(
    ob: Any,
    actions: Any,
    gt: Any = None,
    rewards: Any = None,
    performance: Any = None,
    *,
    env: gym.Env | str | None = None,
    trial_starts: Sequence[int] | None = None,
    periods: Sequence[tuple[str, int, int]] | None = None,
    dt: float | None = None,
    name: str | None = None,
    legend: bool = True,
    ob_traces: Sequence[str] | None = None,
    fig_kwargs: Mapping[str, Any] | None = None,
    fname: str | Path | None = None,
    **old: Any,
) -> Any:
    """Draw T steps that are given as arrays, as `plot_env` does.

    Args:
        ob: (T, C) observations, or (T,) of one channel. Of a batch give one sequence.
        actions: (T,) whole numbers from 0, or (T, k) where an action is k numbers.
        gt: the right actions for these observations, like `actions`; -1, or NaN, where there are
            none.
        rewards: (T,).
        performance: (T,) 0 to 1 in a trial's last step, NaN in all others.
        env: an environment, or its id, which gives names of channels and actions, the length of a
            step, and the title.
        trial_starts: the first step of each trial.
        periods: (name, first step, step after the last) of each period.
        dt: length of a step in ms; without it, and `env`, time is told in steps.
        name: the title.
        legend: whether to tell what is what.
        ob_traces: a label for each channel: draws lines in place of colours.
        fig_kwargs: as in `plot_env`.
        fname: a file to which the plot is saved, see `save`.
        **old: none; TypeError says what stands for NeuroGym's.

    Returns:
        A Bokeh layout.

    Raises:
        ValueError: for arrays whose shapes do not go together, and steps that there are not.
    """
    replaced("visualize_run", old, OLD_RUN)
    if fname is not None:
        form_of(fname)
    ob = _array("ob", ob)
    ob = ob[:, None] if ob.ndim == 1 else ob
    if ob.ndim != 2 or not ob.size:
        raise ValueError(f"ob has the shape {ob.shape}: expected (steps, channels), none of them 0")
    steps = len(ob)
    actions, gt = _actions(steps, actions, gt)
    told: dict[str, Any] = {} if env is None else names_of(env)
    channels = told.pop("channels", None) or [str(k) for k in range(ob.shape[1])]
    answers = told.pop("answers", None) or [str(k) for k in range(_count(actions, gt))]
    if len(channels) != ob.shape[1]:
        raise ValueError(f"ob has {ob.shape[1]} channels, but {env} has {len(channels)}")
    if _count(actions, gt) > len(answers) or (actions.ndim > 1 and actions.shape[1] < len(answers)):
        raise ValueError(
            f"actions or gt have {_count(actions, gt)} actions, but {env} has {len(answers)}"
        )
    if dt is not None:
        if not (isinstance(dt, int | float | np.number) and np.isfinite(dt) and dt > 0):
            raise ValueError(f"dt = {dt!r}: expected a positive number of ms")
        told["dt"] = float(dt)
    run = Run(
        ob,
        actions,
        gt,
        _along("rewards", rewards, steps),
        _along("performance", performance, steps),
        _starts(trial_starts, steps),
        _periods(periods, steps),
        channels=channels,
        answers=answers,
        **told,
    )
    return _drawn(run, name, legend, ob_traces, fig_kwargs, fname)


def plot_psychometric(
    x: Any,
    choice: Any,
    ax: Any = None,
    title: str | None = None,
    legend: str | None = None,
    *,
    bins: int | None = None,
    x_label: str = "evidence",
    y_label: str = "share of choice 1",
    fig_kwargs: Mapping[str, Any] | None = None,
    fname: str | Path | None = None,
) -> Any:
    """Draw how often a choice was made at each level, with 95 % intervals and a fitted curve.

    Intervals are Wilson's. The curve is logistic, with lapses, of which half lie on either side; it
    is fitted by maximum likelihood. The legend tells its bias and lapses, or why there is no fit.

    Args:
        x: (trials,) level of the evidence in each trial, negative for the other choice.
        choice: (trials,) 1 or True where the choice was made, 0 or False where the other one was;
            NaN where there was none, which does not count.
        ax: a figure that an earlier call returned, to which this curve is added.
        title: of the figure; not with `ax`.
        legend: the name of this curve.
        bins: how many quantile bins replace the levels; as they are if None, but 8 bins where there
            are more than 20 levels.
        x_label: of the axis; not with `ax`.
        y_label: of the axis; not with `ax`.
        fig_kwargs: go to the Bokeh figure; not with `ax`.
        fname: a file to which the plot is saved, see `save`.

    Returns:
        A Bokeh figure.

    Raises:
        ValueError: for arrays of other shapes or values, fewer than 2 bins, and an `ax` that is no
            such figure.
    """
    if fname is not None:
        form_of(fname)
    x, choice = _array("x", x), _array("choice", choice)
    if x.ndim != 1 or x.shape != choice.shape:
        raise ValueError(f"x {x.shape} and choice {choice.shape}: expected two of (trials,)")
    if not np.isfinite(x).all():
        raise ValueError("x holds values that are not finite: expected a level for each trial")
    made = np.isfinite(choice)
    if odd := sorted(set(choice[made].tolist()) - {0, 1}):
        raise ValueError(f"choice holds {odd[0]:g}: expected 0 and 1, or NaN without a choice")
    if bins is not None and not (isinstance(bins, int | np.integer) and bins > 1):
        raise ValueError(f"bins = {bins!r}: expected a whole number from 2")
    from neurogym.figures import psychometric

    if ax is None:
        ax = psychometric.empty(title or "", x_label, y_label, fig_kwargs or {})
    psychometric.add(ax, x[made], choice[made] == 1, legend or "", bins)
    if fname is not None:
        save(ax, fname)
    return ax


def _drawn(
    run: Run,
    name: str | None,
    legend: bool,
    ob_traces: Sequence[str] | None,
    fig_kwargs: Mapping[str, Any] | None,
    fname: str | Path | None,
) -> Any:
    if "figsize" in (fig_kwargs or {}):
        raise ValueError("fig_kwargs: figsize is matplotlib's; give width, of the whole plot in px")
    if ob_traces:
        given, channels = ob_traces, run.ob.shape[1]
        if isinstance(given, str) or not all(isinstance(label, str) for label in given):
            raise ValueError(f"ob_traces = {given!r}: expected a list of labels")
        if len(given) != channels:
            raise ValueError(
                f"ob_traces has {len(given)} labels: expected {channels}, one a channel"
            )
    from neurogym.figures import trace_plot

    run = run if name is None else replace(run, name=name)
    plot = trace_plot.draw(run, legend=legend, ob_traces=ob_traces, fig_kwargs=fig_kwargs or {})
    if fname is not None:
        save(plot, fname)
    return plot


# -- arrays that were given ------------------------------------------------------------------------


def _array(name: str, values: Any) -> np.ndarray:
    """Numbers as floats; arrays of torch work too."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} = {values!r:.80}: expected an array of numbers") from error


def _along(name: str, values: Any, steps: int) -> np.ndarray | None:
    if values is None:
        return None
    values = _array(name, values)
    if values.shape != (steps,):
        raise ValueError(f"{name} has the shape {values.shape}: expected ({steps},), one a step")
    return values


def _actions(steps: int, actions: Any, gt: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """(T,) whole numbers if they are that, else (T, k)."""
    actions = _array("actions", actions)
    if actions.ndim not in (1, 2) or len(actions) != steps:
        raise ValueError(
            f"actions have the shape {actions.shape}: expected ({steps},) or ({steps}, k)"
        )
    if gt is not None:
        gt = _array("gt", gt)
        if gt.shape != actions.shape:
            raise ValueError(
                f"gt has the shape {gt.shape}: expected that of actions, {actions.shape}"
            )
    if actions.ndim > 1:
        return actions, gt
    if not (np.isfinite(actions) & (actions >= 0) & (actions % 1 == 0)).all():
        return actions[:, None], gt if gt is None else gt[:, None]
    labels = None if gt is None else np.where(np.isfinite(gt), gt, -1).astype(int)
    return actions.astype(int), labels


def _count(actions: np.ndarray, gt: np.ndarray | None) -> int:
    """How many actions there are at least, or how many numbers make one."""
    if actions.ndim > 1:
        return actions.shape[1]
    return 1 + int(max(actions.max(), -1 if gt is None else gt.max()))


def _starts(starts: Sequence[int] | None, steps: int) -> list[int] | None:
    if starts is None:
        return None
    found = _array("trial_starts", starts)
    if found.ndim != 1 or ((found < 0) | (found >= steps) | (found % 1 != 0)).any():
        raise ValueError(f"trial_starts = {starts!r:.80}: expected steps from 0 to {steps - 1}")
    return found.astype(int).tolist()


def _periods(
    periods: Sequence[tuple[str, int, int]] | None, steps: int
) -> list[tuple[str, int, int]] | None:
    if periods is None:
        return None
    for period in periods:
        if len(period) != 3 or not 0 <= period[1] < period[2] <= steps:
            raise ValueError(
                f"period {period!r}: expected (name, first step, step after the last), steps from 0"
                f" to {steps}"
            )
    return list(periods)
