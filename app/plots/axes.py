"""What figures of several subjects share: how each is drawn, axes, points, the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    NoOverlap,
    Range1d,
    Whisker,
)
from bokeh.plotting import figure

from app.plots.legend import Legend, Piece
from app.plots.style import Look
from neurogym.records import measures

Row = Mapping[str, Any]
PERSON = ("#e8833a", "#b85c12", "#f2b183")
AGENTS = ("#2f72d6", "#0d4480", "#5fb0e8", "#6d7fe3")
AGENTS_ON_DARK = ("#4f93ee", "#a5cff7", "#2f6cc0", "#8f9cf0")
SHAPES = {"square": "■", "triangle": "▲", "diamond": "◆", "inverted_triangle": "▼"}


@dataclass(frozen=True)
class Style:
    """How a subject is drawn."""

    title: str
    color: str
    shape: str
    sign: str


def styles_of(groups: Sequence[tuple[str, Sequence[Row]]], dark: bool) -> list[Style]:
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
    names: Mapping[float, str] = field(default_factory=dict)  # of levels that are no numbers

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
        room = (0.25 if self.names else 0.07) * self.width
        fig.x_range = Range1d(
            low - room, high + room, reset_start=low - room, reset_end=high + room
        )
        fig.xaxis.ticker = FixedTicker(ticks=self.levels.tolist())
        told = {level: f"{level:.4g}" for level in self.levels.tolist()} | dict(self.names)
        fig.xaxis.major_label_overrides = told
        fig.xaxis.major_label_policy = NoOverlap(min_distance=4)
        fig.xaxis.axis_label = self.label


def blank(look: Look, title: str, axis: Axis, y: str, low: float, high: float) -> Any:
    """A figure without anything in it; y runs from `low` to `high`."""
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


def draw(
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


def key_of(styles: Sequence[Style], told: Sequence[str], look: Look) -> Legend:
    """The subjects, below the figures, where they hide nothing."""
    entries = [
        (Piece(style.sign, style.color, 17, True), Piece(f" {style.title}", look.ink, 14),
         Piece(f" {note}", look.quiet))
        for style, note in zip(styles, told, strict=True)
    ]  # fmt: skip
    return Legend(entries, look.ink, (4, 0, 0, 64))
