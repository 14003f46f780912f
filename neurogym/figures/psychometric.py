"""The figure of choices over a condition, with the curve that fits them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurogym.analysis.fits import Fit, fit, outcome
from neurogym.figures.style import HUES, Look
from neurogym.figures.trace_plot import new_figure
from neurogym.records.measures import proportion

try:
    from bokeh.models import ColumnDataSource, HoverTool, Legend, LegendItem, Range1d, Span, Whisker
    from bokeh.plotting import figure
except ModuleNotFoundError as error:
    raise ImportError("plots need Bokeh: pip install 'neurogym[app]'", name=error.name) from error

MOST_LEVELS, BINS = 20, 8  # with more levels than that, so many bins


def empty(title: str, x_label: str, y_label: str, fig_kwargs: Mapping[str, Any]) -> Any:
    """A figure to which curves can be added."""
    look = Look()
    fig = new_figure(**{
        "width": 560,
        "height": 400,
        "title": title,
        "x_axis_label": x_label,
        "y_axis_label": y_label,
        "y_range": Range1d(-0.04, 1.04),
        "tools": "pan,wheel_zoom,box_zoom,reset,save",
        **fig_kwargs,
    })  # fmt: skip
    look.dress(fig)
    fig.toolbar.logo, fig.toolbar.autohide = None, True
    fig.title.text_font_size = "16px"
    fig.axis.axis_line_color = look.quiet
    fig.axis.axis_label_text_font_size = "13px"
    for at, dimension in ((0, "height"), (0.5, "width")):
        guide = Span(location=at, dimension=dimension, line_color=look.quiet, line_alpha=0.3)
        fig.add_layout(guide)
    legend = Legend(border_line_color=None, background_fill_alpha=0, padding=0, margin=4,
                    location="bottom_left", spacing=0, label_text_color=look.quiet,
                    label_text_font_size=look.small)  # fmt: skip
    fig.add_layout(legend, "below")
    return fig


def add(fig: Any, x: np.ndarray, choice: np.ndarray, label: str, bins: int | None) -> None:
    """Add the shares of a choice (n,) over x (n,), their intervals, and the fitted curve."""
    if not isinstance(fig, figure) or not fig.legend:
        raise ValueError(f"ax = {fig!r}: expected a figure that plot_psychometric returned")
    legend = fig.legend[0]
    color = HUES[len(legend.items) % len(HUES)]
    levels = np.unique(x)
    if bins is not None or levels.size > MOST_LEVELS:
        x = binned(x, BINS if bins is None else bins)
    points = proportion(x, choice)
    source = ColumnDataSource({
        "x": [point.level for point in points],
        "y": [point.value for point in points],
        "low": [point.low for point in points],
        "high": [point.high for point in points],
        "n": [point.n for point in points],
    })  # fmt: skip
    whisker = Whisker(source=source, base="x", lower="low", upper="high", line_color=color,
                      line_width=1.5, line_alpha=0.7, upper_head=None, lower_head=None)  # fmt: skip
    fig.add_layout(whisker)
    dots = fig.scatter("x", "y", source=source, size=9, color=color, line_color=None, name="shares")
    tips = [("x", "@x"), ("share", "@y{0.000}"), ("95 %", "@low{0.00} to @high{0.00}"), ("n", "@n")]
    fig.add_tools(HoverTool(renderers=[dots], tooltips=tips))
    fitted = fit(points, signed=True) if points else "no trials"
    drawn: list[Any] = [dots]
    if isinstance(fitted, Fit):
        fine = np.linspace(levels[0], levels[-1], 200)
        drawn.append(fig.line(fine, fitted(fine), color=color, line_width=1.8, name="fit"))
    told = outcome(fitted, True, float(np.ptp(levels)) if levels.size > 1 else 1.0)
    legend.items = [
        *legend.items,
        LegendItem(label=f"{label}: {told}" if label else told, renderers=drawn),
    ]


def binned(x: np.ndarray, bins: int) -> np.ndarray:
    """Each value replaced by the mean of its quantile bin."""
    edges = np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1])
    _, which = np.unique(np.searchsorted(edges, x, side="right"), return_inverse=True)
    return (np.bincount(which, x) / np.bincount(which))[which]
