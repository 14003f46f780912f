"""Psychometric and chronometric curves of several subjects over a condition of the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.layouts import row as side_by_side
from bokeh.models import ColumnDataSource, HoverTool, Range1d, Whisker
from bokeh.models.layouts import LayoutDOM
from bokeh.plotting import figure
from scipy.optimize import minimize
from scipy.special import expit

from app.raster import Look
from neurogym import measures, records
from neurogym.parameters import unknown

Row = Mapping[str, Any]
PERSON = ("#e8833a", "#b85c12", "#f2b183")
AGENTS = ("#3b7dd8", "#0b4f8a", "#58b4e0", "#7a8fe0", "#1f9bb0")
SHAPES = ("square", "triangle", "diamond", "inverted_triangle", "hex")
ANSWER = "ground_truth"
MAX_LEVELS, BINS = 8, 6  # a condition with more levels is binned


# -- which condition -------------------------------------------------------------------------------
def _number(value: Any) -> bool:
    return isinstance(value, bool | int | float | np.number | np.bool_) and bool(np.isfinite(value))


def _numeric(rows: Sequence[Row]) -> dict[str, int]:
    """The conditions that are numbers wherever they occur, and how many levels they have."""
    values: dict[str, set] = {}
    for row in records.finished(rows):
        for name, value in row["conditions"].items():
            values.setdefault(name, set()).add(value if np.isscalar(value) else None)
    return {name: len(found) for name, found in values.items() if all(map(_number, found))}


def conditions_for(rows: Sequence[Row]) -> list[str]:
    """The numeric conditions over which a curve can be drawn, the right answer last.

    Those with more than two levels; if there is none, those with two.
    """
    levels = _numeric(rows)
    names = [name for name, n in levels.items() if n > 2]
    names = names or [name for name, n in levels.items() if n == 2]
    return sorted(names, key=lambda name: name == ANSWER)


def binned(groups: Sequence[Sequence[Row]], condition: str) -> list[list[Row]]:
    """The finished rows that have the condition; a continuous one is replaced by its bin's mean.

    Bins are quantiles of all groups together; there are as many as leave about five trials in each,
    from 2 to 6.
    """
    kept = [[r for r in records.finished(rows) if condition in r["conditions"]] for rows in groups]
    values = np.array([row["conditions"][condition] for rows in kept for row in rows], float)
    distinct = np.unique(values)
    if distinct.size <= MAX_LEVELS:
        return kept
    bins = int(np.clip(min(len(values), 5 * distinct.size) // (5 * len(groups)), 2, BINS))
    edges = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    which = np.searchsorted(edges, values, side="right")
    means = iter(np.array([values[which == b].mean() for b in range(bins)])[which].tolist())
    return [
        [{**row, "conditions": {**row["conditions"], condition: next(means)}} for row in rows]
        for rows in kept
    ]


def second_answer(groups: Sequence[Sequence[Row]], condition: str) -> int | None:
    """The action that is right where the ground truth is 1, in tasks with two answers.

    None where levels cannot be signed by the answer: with other answers, negative levels, or no
    right response to either side that would tell which action is which.
    """
    rows = [row for group in groups for row in records.finished(group)]
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


# -- the fit ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fit:
    """A logistic function with lapses: low + (1 - low - lapse) / (1 + exp(-(x - middle) / width)).

    Where the curve runs from answer to answer (signed), half of the lapses lie on either side.
    """

    middle: float
    width: float
    lapse: float
    low: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The curve at x."""
        return _logistic(x, self.middle, self.width, self.lapse, self.low)


def _logistic(x, middle, width, lapse, low):
    return low + (1 - low - lapse) * expit((np.asarray(x, float) - middle) / width)


def fit(points: Sequence[measures.Point], signed: bool, chance: float = 0.0) -> Fit | str:
    """Fit a psychometric function by maximum likelihood; or tell in a few words why not.

    Args:
        points: shares at 4 levels or more, of 40 trials or more.
        signed: share of the second answer over signed levels; else share of correct answers.
        chance: where the curve starts if it is not signed.
    """
    x, p, n = (
        np.array([getattr(q, name) for q in points], float) for name in ("level", "value", "n")
    )
    if len(points) < 4 or n.sum() < 40:
        return "too few trials for a fit"
    span, gap = np.ptp(x), np.diff(np.sort(x)).min()

    def curve(values: np.ndarray) -> Fit:
        middle, log_width, lapse = values
        low = lapse / 2 if signed else chance
        return Fit(float(middle), float(np.exp(log_width)), lapse / 2 if signed else lapse, low)

    def loss(values: np.ndarray) -> float:
        share = np.clip(curve(values)(x), 1e-6, 1 - 1e-6)
        return float(-(n * (p * np.log(share) + (1 - p) * np.log(1 - share))).sum())

    narrow, wide = np.log(gap / 20), np.log(span * 3)
    bounds = [(x.min() - span / 2, x.max() + span / 2), (narrow, wide), (0, 0.4)]
    starts = [
        (np.median(x), np.log(span * s), lapse) for s in (0.05, 0.2) for lapse in (0.02, 0.15)
    ]
    tries = [minimize(loss, start, bounds=bounds, method="L-BFGS-B") for start in starts]
    best = min((t for t in tries if np.isfinite(t.fun)), key=lambda t: t.fun, default=None)
    if best is None or not best.success:
        return "no fit: it did not converge"
    if best.x[1] > wide - 0.01:
        return "no fit: no rise"
    if best.x[1] < narrow + 0.01 or ((p <= 0) | (p >= 1)).all():
        return "no fit: a step or flat"
    return curve(best.x)


# -- figures ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Style:
    """How a subject is drawn."""

    title: str
    color: str
    shape: str


def _styles(groups: Sequence[tuple[str, Sequence[Row]]]) -> list[Style]:
    """People are warm discs, agents blue and of other shapes."""
    out, people, agents = [], 0, 0
    for title, rows in groups:
        if any(row["subject_kind"] == "human" for row in rows):
            out.append(Style(title, PERSON[people % len(PERSON)], "circle"))
            people += 1
        else:
            out.append(Style(title, AGENTS[agents % len(AGENTS)], SHAPES[agents % len(SHAPES)]))
            agents += 1
    return out


def _figure(look: Look, title: str, x: str, y: str, x_range: Range1d, y_range: Range1d) -> Any:
    fig = figure(
        height=340,
        sizing_mode="stretch_width",
        min_width=260,
        title=title,
        x_range=x_range,
        y_range=y_range,
        x_axis_label=x,
        y_axis_label=y,
        tools="pan,wheel_zoom,box_zoom,reset,save",
        active_scroll=None,
        toolbar_location="above",
        min_border_left=64,
        min_border_right=16,
    )
    fig.toolbar.logo = None
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
    label: str,
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
        "x", "y", source=source, size=10, marker=style.shape, color=style.color, line_color=None,
        legend_label=label,
    )  # fmt: skip
    tips = [("", style.title), ("level", "@level"), ("value", "@value"), ("95 %", "@interval"),
            ("n", "@n")]  # fmt: skip
    fig.add_tools(HoverTool(renderers=[dots], tooltips=tips))


def _told(style: Style, fitted: Fit | str, signed: bool) -> str:
    if isinstance(fitted, str):
        return f"{style.title} ({fitted})"
    lapse = fitted.lapse + (fitted.low if signed else 0)
    middle = "bias" if signed else "midpoint"
    return f"{style.title} ({middle} {fitted.middle:.2g}, lapse {lapse:.0%})"


def _legend(fig: Any, look: Look, location: str) -> None:
    legend = fig.legend[0]
    legend.location, legend.click_policy = location, "hide"
    legend.background_fill_color, legend.background_fill_alpha = look.page, 0.7
    legend.border_line_color = None
    legend.label_text_color, legend.label_text_font_size = look.ink, "13px"
    legend.spacing, legend.padding, legend.margin = 0, 4, 4


def _span(points: Sequence[Sequence[measures.Point]]) -> tuple[float, float]:
    levels = [q.level for group in points for q in group]
    return min(levels), max(levels) - min(levels) or 1.0


def _around(low: float, width: float) -> Range1d:
    ends = low - 0.07 * width, low + 1.07 * width
    return Range1d(*ends, reset_start=ends[0], reset_end=ends[1])


def _dodge(k: int, n: int, width: float) -> float:
    """How far the k-th of n subjects is moved to the side."""
    return (k - (n - 1) / 2) * 0.012 * width


def curves(
    groups: Sequence[tuple[str, Sequence[Row]]], condition: str | None = None, *, dark: bool = False
) -> LayoutDOM | None:
    """Choices and response times of subjects over a condition, with 95 % intervals.

    Where there are two answers, on the left the share of the second one over the level, which is
    negative where the first one is right; else the share of correct answers. On the right the
    median response time of correct answers.

    Args:
        groups: (title, rows of the trial table).
        condition: one of `conditions_for`; the first of them if None.
        dark: for a dark page; the background is transparent in both cases.

    Returns:
        None if there is no trial, or no numeric condition with two levels.

    Raises:
        ValueError: for a condition that no trial has, or that is not a number.
    """
    everything = [row for _, rows in groups for row in records.finished(rows)]
    possible = conditions_for(everything)
    if condition is None:
        condition = next(iter(possible), None)
    elif everything and condition not in _numeric(everything):
        raise ValueError(unknown("numeric condition", [condition], _numeric(everything)))
    if condition is None or not everything:
        return None
    rows = binned([rows for _, rows in groups], condition)
    present = [k for k, group in enumerate(rows) if group]
    styles = [_styles(groups)[k] for k in present]
    rows = [rows[k] for k in present]
    look = Look(dark)
    figures = [_choices(rows, styles, condition, look), _times(rows, styles, condition, look)]
    return side_by_side([f for f in figures if f], sizing_mode="stretch_width", spacing=16)


def _choices(rows: list[list[Row]], styles: list[Style], condition: str, look: Look) -> Any:
    """The psychometric figure."""
    second = second_answer(rows, condition)
    signed = second is not None
    by = {"signed_by": ANSWER, "answer": second} if signed else {}
    points = [measures.psychometric(group, condition, **by) for group in rows]
    chance = 0.0 if signed else _chance(rows)
    low, width = _span(points)
    y = Range1d(-0.03, 1.03, reset_start=-0.03, reset_end=1.03)
    x_label = f"{condition}, negative where answer 1 is right" if signed else condition
    y_label = "share of answer 2" if signed else "share correct"
    fig = _figure(look, "Choices", x_label, y_label, _around(low, width), y)
    x = np.linspace(low, low + width, 200)
    for k, (found, style) in enumerate(zip(points, styles, strict=True)):
        fitted = fit(found, signed, chance)
        label = _told(style, fitted, signed)
        if isinstance(fitted, Fit):
            fig.line(x, fitted(x), color=style.color, line_width=1.5, legend_label=label)
        _draw(fig, found, style, _dodge(k, len(rows), width), label, (100, " %"))
    fig.yaxis.formatter.use_scientific = False
    _legend(fig, look, "bottom_right")
    return fig


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
    low, width = _span(points)
    top = 1.08 * max(q.high for found in points for q in found) or 1.0
    y = Range1d(0, top, reset_start=0, reset_end=top)
    label = "median RT of correct answers (ms)"
    fig = _figure(look, "Response times", condition, label, _around(low, width), y)
    for k, (found, style) in enumerate(zip(points, styles, strict=True)):
        _draw(fig, found, style, _dodge(k, len(rows), width), style.title, (1, " ms"))
    fig.legend.visible = False
    return fig
