"""Psychometric and chronometric curves of several subjects over a condition of the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.layouts import column
from bokeh.layouts import row as side_by_side
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    NoOverlap,
    Range1d,
    Whisker,
)
from bokeh.models.layouts import LayoutDOM
from bokeh.plotting import figure

from app.plots.legend import Legend, Piece, save_tool
from app.plots.raster_data import answer_names
from app.plots.style import Look
from neurogym.analysis.fits import Fit, fit, outcome
from neurogym.records import measures, trial_table
from neurogym.spec.parameters import unknown

Row = Mapping[str, Any]
PERSON = ("#e8833a", "#b85c12", "#f2b183")
AGENTS = ("#2f72d6", "#0d4480", "#5fb0e8", "#6d7fe3")
AGENTS_ON_DARK = ("#4f93ee", "#a5cff7", "#2f6cc0", "#8f9cf0")
SHAPES = {"square": "■", "triangle": "▲", "diamond": "◆", "inverted_triangle": "▼"}
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


# -- figures ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Style:
    """How a subject is drawn."""

    title: str
    color: str
    shape: str
    sign: str


def _styles(groups: Sequence[tuple[str, Sequence[Row]]], dark: bool) -> list[Style]:
    """People are warm discs, agents blue and of other shapes."""
    out, people, agents = [], 0, 0
    blues, shapes = AGENTS_ON_DARK if dark else AGENTS, list(SHAPES.items())
    for title, rows in groups:
        if any(row["subject_kind"] == "human" for row in rows):
            out.append(Style(title, PERSON[people % len(PERSON)], "circle", "●"))
            people += 1
        else:
            out.append(Style(title, blues[agents % len(blues)], *shapes[agents % len(shapes)]))
            agents += 1
    return out


@dataclass(frozen=True)
class Axis:
    """The condition on the x axis: where its levels are, and how they are told."""

    label: str
    levels: np.ndarray

    @property
    def width(self) -> float:
        """From the first level to the last; 1 if there is one only."""
        return float(np.ptp(self.levels)) or 1.0

    def shift(self, k: int, n: int) -> float:
        """How far the k-th of n subjects is moved to the side."""
        gap = np.diff(self.levels).min() if self.levels.size > 1 else 1.0
        return (k - (n - 1) / 2) * min(0.018 * self.width, 0.7 * float(gap) / n)

    def dress(self, fig: Any) -> None:
        """Set the range, with room at both sides, and a tick at each level."""
        low, high = float(self.levels[0]), float(self.levels[-1])
        room = 0.07 * self.width
        fig.x_range = Range1d(
            low - room, high + room, reset_start=low - room, reset_end=high + room
        )
        fig.xaxis.ticker = FixedTicker(ticks=self.levels.tolist())
        fig.xaxis.major_label_overrides = {level: f"{level:.4g}" for level in self.levels.tolist()}
        fig.xaxis.major_label_policy = NoOverlap(min_distance=4)
        fig.xaxis.axis_label = self.label


def _figure(look: Look, title: str, axis: Axis, y: str, low: float, high: float) -> Any:
    fig = figure(
        height=340,
        sizing_mode="stretch_width",
        min_width=260,
        title=title,
        y_range=Range1d(low, high, reset_start=low, reset_end=high),
        y_axis_label=y,
        tools="pan,wheel_zoom,box_zoom,reset",
        active_scroll=None,
        toolbar_location="above",
        min_border_left=64,
        min_border_right=16,
    )
    fig.output_backend = "svg" if look.svg else "canvas"
    fig.toolbar.logo = None
    axis.dress(fig)
    look.dress(fig)
    fig.title.text_font_size = "15px"
    fig.axis.axis_label_text_font_size = "14px"
    fig.axis.axis_line_color = look.quiet
    fig.ygrid.grid_line_color, fig.ygrid.grid_line_alpha = look.quiet, 0.15
    return fig


def _draw(
    fig: Any,
    points: Sequence[measures.Point],
    style: Style,
    shift: float,
    units: tuple[float, str],
) -> None:
    """Points with whiskers and a hover; nothing is between them but the fit."""
    scale, unit = units
    source = ColumnDataSource(
        dict(
            x=[q.level + shift for q in points],
            y=[q.value for q in points],
            low=[q.low for q in points],
            high=[q.high for q in points],
            level=[f"{q.level:.4g}" for q in points],
            value=[f"{q.value * scale:.3g}{unit}" for q in points],
            interval=[f"{q.low * scale:.3g} to {q.high * scale:.3g}{unit}" for q in points],
            n=[q.n for q in points],
        )
    )
    whisker = Whisker(
        source=source, base="x", lower="low", upper="high", line_color=style.color, line_width=1.5,
        line_alpha=0.7, upper_head=None, lower_head=None, level="underlay",
    )  # fmt: skip
    fig.add_layout(whisker)
    dots = fig.scatter(
        "x", "y", source=source, size=10, marker=style.shape, color=style.color, line_color=None
    )  # fmt: skip
    tips = [("", style.title), ("level", "@level"), ("value", "@value"), ("95 %", "@interval"),
            ("n", "@n")]  # fmt: skip
    fig.add_tools(HoverTool(renderers=[dots], tooltips=tips))


def _legend(styles: Sequence[Style], told: Sequence[str], look: Look) -> Legend:
    """The subjects, below the figures, where they hide nothing."""
    entries = [
        (Piece(style.sign, style.color, 17, True), Piece(f" {style.title}", look.ink, 14),
         Piece(f" {note}", look.quiet))
        for style, note in zip(styles, told, strict=True)
    ]  # fmt: skip
    return Legend(entries, look.ink, (4, 0, 0, 64))


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
    styles = [style for style, rows in zip(_styles(groups, dark), kept, strict=True) if rows]
    rows, look = [group for group in kept if group], Look(dark, svg)
    choices, told = _choices(rows, styles, condition, look)
    figures = [fig for fig in (choices, _times(rows, styles, condition, look)) if fig]
    key = _legend(styles, told, look)
    for fig in figures:
        fig.add_tools(save_tool(fig, fig.title.text.lower().replace(" ", "-"), look, key))
    line = side_by_side(figures, sizing_mode="stretch_width", spacing=16)
    return column(line, key.model, sizing_mode="stretch_width")


def _label(row: Row, condition: str) -> tuple[str, dict[int, str]]:
    """The condition with its unit, and the names of the actions."""
    env = trial_table.env_of(row)
    task = getattr(env, "task", None)
    declared = task.plan.conditions.get(condition) if task else None
    unit = declared.unit if declared else "ms" if task and condition in task.plan.timing else ""
    return f"{condition} ({unit})" if unit else condition, answer_names(env)


def _choices(
    rows: list[list[Row]], styles: list[Style], condition: str, look: Look
) -> tuple[Any, list[str]]:
    """The psychometric figure, and what to tell of each subject's fit."""
    second = second_answer(rows, condition)
    signed = second is not None
    by: dict[str, Any] = {"signed_by": ANSWER, "answer": second} if signed else {}
    points = [measures.psychometric(group, condition, **by) for group in rows]
    label, names = _label(rows[0][0], condition)
    if second is not None:
        label += f", below 0 where {names[second]} is wrong"
    axis = Axis(label, np.unique([q.level for found in points for q in found]))
    share = f"share of {names[second]}" if second is not None else "share correct"
    fig = _figure(look, "Choices", axis, share, -0.04, 1.04)
    x, told = np.linspace(axis.levels[0], axis.levels[-1], 200), []
    for k, (found, style) in enumerate(zip(points, styles, strict=True)):
        fitted = fit(found, signed, 0.0 if signed else _chance(rows))
        told.append(outcome(fitted, signed, axis.width))
        if isinstance(fitted, Fit):
            fig.line(x, fitted(x), color=style.color, line_width=1.5)
        _draw(fig, found, style, axis.shift(k, len(rows)), (100, " %"))
    return fig, told


def _chance(rows: list[list[Row]]) -> float:
    """The share of right guesses, if the answer is one of some whole numbers."""
    truths = {row["conditions"].get(ANSWER) for group in rows for row in group}
    if len(truths) > 1 and all(isinstance(t, int | np.integer) for t in truths):
        return 1 / len(truths)
    return 0.0


def _times(rows: list[list[Row]], styles: list[Style], condition: str, look: Look) -> Any:
    """The chronometric figure; None if no one answered right."""
    points = [measures.chronometric(group, condition) for group in rows]
    if not any(points):
        return None
    every = [row for group in rows for row in group]
    axis = Axis(_label(every[0], condition)[0], np.unique(measures.levels(every, condition)))
    top = 1.1 * max(q.high for found in points for q in found) or 100.0
    fig = _figure(look, "Response times", axis, "median RT, correct (ms)", -0.04 * top, top)
    for k, (found, style) in enumerate(zip(points, styles, strict=True)):
        _draw(fig, found, style, axis.shift(k, len(rows)), (1, " ms"))
    return fig
