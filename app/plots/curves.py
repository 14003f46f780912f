"""Psychometric and chronometric curves of several subjects over a condition of the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.layouts import column
from bokeh.layouts import row as side_by_side
from bokeh.models.layouts import LayoutDOM

from app.plots.axes import Axis, Style, blank, draw, key_of, styles_of
from app.plots.legend import save_tool
from app.plots.raster_data import answer_names
from app.plots.style import Look
from neurogym.analysis.fits import Fit, fit, outcome
from neurogym.records import measures, trial_table
from neurogym.records.measures import Point
from neurogym.spec.parameters import unknown

Row = Mapping[str, Any]
ANSWER = "ground_truth"
MAX_LEVELS, BINS = 8, 6  # a condition with more levels is binned


# -- which condition -------------------------------------------------------------------------------
def _number(value: Any) -> bool:
    return isinstance(value, bool | int | float | np.number | np.bool_) and bool(np.isfinite(value))


def _numeric(rows: Sequence[Row]) -> dict[str, int]:
    """The conditions that are numbers wherever they occur, and how many levels they have."""
    values: dict[str, set] = {}
    for row in trial_table.finished(rows):
        for name, value in row["conditions"].items():
            if value is None:
                continue  # not of this trial's task
            values.setdefault(name, set()).add(value if np.isscalar(value) else None)
    return {name: len(found) for name, found in values.items() if all(map(_number, found))}


def conditions_for(rows: Sequence[Row]) -> list[str]:
    """The numeric conditions over which a curve can be drawn, the right answer towards the end.

    Those with more than two levels; if there is none, those with two. What wrappers added, such as
    the block, comes last.
    """
    levels = _numeric(rows)
    names = [name for name, n in levels.items() if n > 2]
    names = names or [name for name, n in levels.items() if n == 2]
    env = trial_table.env_of(rows[0]) if len(names) > 1 else None
    task = env.declared if env else None
    others = set(task.added_conditions()) if task else set()
    return sorted(names, key=lambda name: (name in others, name == ANSWER))


def binned(groups: Sequence[Sequence[Row]], condition: str) -> list[list[Row]]:
    """The finished rows that have the condition; a continuous one is replaced by its bin's mean.

    Bins are quantiles of all groups together; there are as many as leave about five trials in each,
    from 2 to 6.
    """
    kept = [
        [r for r in trial_table.finished(rows) if r["conditions"].get(condition) is not None]
        for rows in groups
    ]
    values = np.array([row["conditions"][condition] for rows in kept for row in rows], float)
    distinct = np.unique(values)
    if distinct.size <= MAX_LEVELS:
        return kept
    bins = int(np.clip(min(len(values), 5 * distinct.size) // (5 * len(groups)), 2, BINS))
    edges = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    which = np.searchsorted(edges, values, side="right")
    _, which = np.unique(which, return_inverse=True)  # equal levels can leave a bin empty
    means = np.array([values[which == b].mean() for b in range(which.max() + 1)])
    means = iter(means[which].tolist())
    return [
        [{**row, "conditions": {**row["conditions"], condition: next(means)}} for row in rows]
        for rows in kept
    ]


def second_answer(groups: Sequence[Sequence[Row]], condition: str) -> int | None:
    """The action that is right where the ground truth is 1, in tasks with two answers.

    None where levels cannot be signed by the answer: with other answers, negative levels, or no
    right response to either side that would tell which action is which.
    """
    rows = [row for group in groups for row in trial_table.finished(group)]
    if condition == ANSWER or any(row["conditions"].get(ANSWER) not in (0, 1) for row in rows):
        return None
    if any(row["conditions"][condition] < 0 for row in rows if condition in row["conditions"]):
        return None
    answers: dict[int, set] = {0: set(), 1: set()}
    for row in rows:
        if row["correct"]:
            answers[row["conditions"][ANSWER]].add(row["response"])
    first, second = answers[0], answers[1]
    if len(first) != 1 or len(second) != 1 or first == second or None in first | second:
        return None
    given = {row["response"] for row in rows} - {None}
    return next(iter(second)) if given <= first | second else None


def curves(
    groups: Sequence[tuple[str, Sequence[Row]]],
    condition: str | None = None,
    *,
    dark: bool = False,
    svg: bool = False,
) -> LayoutDOM | None:
    """Choices and response times of subjects over a condition, with 95 % intervals.

    Where there are two answers, on the left the share of the second one over the level, which is
    negative where the first one is right; else the share of correct answers. On the right the
    median response time of correct answers.

    Args:
        groups: (title, rows of the trial table).
        condition: one of `conditions_for`; the first of them if None.
        dark: for a dark page; the background is transparent in both cases.
        svg: draw vectors, and save as such.

    Returns:
        None if there is no trial, or no numeric condition with two levels.

    Raises:
        ValueError: for a condition that no trial has, or that is not a number.
    """
    everything = [row for _, rows in groups for row in trial_table.finished(rows)]
    possible = conditions_for(everything)
    if condition is None:
        condition = next(iter(possible), None)
    elif everything and condition not in _numeric(everything):
        raise ValueError(unknown("numeric condition", [condition], _numeric(everything)))
    if condition is None or not everything:
        return None
    kept = binned([rows for _, rows in groups], condition)
    styles = [style for style, rows in zip(styles_of(groups, dark), kept, strict=True) if rows]
    rows, look = [group for group in kept if group], Look(dark, svg)
    env = trial_table.env_of(rows[0][0])
    left, fits, signed = choices(rows, styles, condition, env, look)
    width = float(np.ptp(left.xaxis[0].ticker.ticks)) or 1.0
    told = [outcome(fitted, signed, width) for fitted in fits]
    right = median_times(rows, styles, condition, env, look)
    figures = [fig for fig in (left, right) if fig]
    key = key_of(styles, told, look)
    for fig in figures:
        fig.add_tools(save_tool(fig, fig.title.text.lower().replace(" ", "-"), look, key))
    line = side_by_side(figures, sizing_mode="stretch_width", spacing=16)
    return column(line, key.model, sizing_mode="stretch_width")


def name_of(env: Any, condition: str) -> str:
    """A condition with its unit."""
    task = env.declared
    declared = task.plan.conditions.get(condition) if task else None
    unit = declared.unit if declared else "ms" if task and condition in task.plan.timing else ""
    return f"{condition} ({unit})" if unit else condition


def mirrored(points: Sequence[Point]) -> list[Point]:
    """The share of the first answer over levels that have its sign."""
    return [
        Point(-q.level + 0.0, 1 - q.value, 1 - q.high, 1 - q.low, q.n) for q in reversed(points)
    ]


def choices(
    rows: list[list[Row]], styles: list[Style], condition: str, env: Any, look: Look
) -> tuple[Any, list[Fit | str], bool]:
    """The psychometric figure, each subject's fit, and whether levels have the answer's sign."""
    second = second_answer(rows, condition)
    signed = second is not None
    by: dict[str, Any] = {"signed_by": ANSWER, "answer": second} if signed else {}
    points = [measures.psychometric(group, condition, **by) for group in rows]
    label, share = name_of(env, condition), "share correct"
    if second is not None:
        names = answer_names(env)
        ends = [next((names[k] for k in names if k != second), "other"), names[second]]
        if "left" in ends[1] and "right" in ends[0]:  # as on the stage
            points, ends = [mirrored(found) for found in points], ends[::-1]
        label, share = f"← {ends[0]}      {label}      {ends[1]} →", f"share of {ends[1]}"
    axis = Axis(label, np.unique([q.level for found in points for q in found]))
    fig = blank(look, "Choices", axis, share, -0.04, 1.04)
    x, fits = np.linspace(axis.levels[0], axis.levels[-1], 200), []
    for k, (found, style) in enumerate(zip(points, styles, strict=True)):
        fitted = fit(found, signed, None if signed else chance_of(rows))
        fits.append(fitted)
        if isinstance(fitted, Fit):
            fig.line(x, fitted(x), color=style.color, line_width=1.5)
        draw(fig, found, style, axis.shift(k, len(rows)), (100, " %"))
    return fig, fits, signed


def chance_of(rows: list[list[Row]]) -> float:
    """The share of right guesses, if the answer is one of some whole numbers."""
    truths = {row["conditions"].get(ANSWER) for group in rows for row in group}
    if len(truths) > 1 and all(isinstance(t, int | np.integer) for t in truths):
        return 1 / len(truths)
    return 0.0


def median_times(
    rows: list[list[Row]], styles: list[Style], condition: str, env: Any, look: Look
) -> Any:
    """The chronometric figure; None if no one answered right."""
    points = [measures.chronometric(group, condition) for group in rows]
    if not any(points):
        return None
    every = [row for group in rows for row in group]
    axis = Axis(name_of(env, condition), np.unique(measures.levels(every, condition)))
    top = 1.1 * max(q.high for found in points for q in found) or 100.0
    fig = blank(look, "Response times", axis, "median RT, correct (ms)", -0.04 * top, top)
    for k, (found, style) in enumerate(zip(points, styles, strict=True)):
        draw(fig, found, style, axis.shift(k, len(rows)), (1, " ms"))
    return fig
