"""Figures of runs and of choices, in rows that share time; what `neurogym.utils.plotting` draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurogym.figures.style import HUES, STRIP_HUES, Look, wheel
from neurogym.records.runs import Run

try:
    from bokeh.layouts import gridplot
    from bokeh.models import (
        BasicTicker,
        BasicTickFormatter,
        ColorBar,
        FixedTicker,
        HoverTool,
        Legend,
        LegendItem,
        LinearColorMapper,
        NoOverlap,
        Range1d,
        Title,
    )
    from bokeh.plotting import figure
except ModuleNotFoundError as error:
    raise ImportError("plots need Bokeh: pip install 'neurogym[app]'", name=error.name) from error

TOOLS = "xpan,xwheel_zoom,box_zoom,reset,save"
WIDTH, RIGHT = 960, 150  # px: of a picture, and beside its frames
CHARACTER, ENTRY = 6.6, 21  # px: the width of a letter, and the height of an entry of a legend
RIGHT_COLOR, DONE, EARNED, LOST = "#1d9e74", "#24292f", "#2f7fd1", "#e07b28"
Items = list[tuple[str, list[Any]]]


class Sheet:
    """The rows of a run's picture."""

    def __init__(self, run: Run, *, legend: bool, fig_kwargs: Mapping[str, Any]):
        self.run, self.legend, self.look = run, legend, Look()
        self.kwargs = dict(fig_kwargs)
        self.width = int(self.kwargs.pop("width", WIDTH))
        self.steps = len(run.ob)
        self.step = run.dt or 1.0
        self.edges = np.arange(self.steps + 1) * self.step
        self.x_range = Range1d(0, self.edges[-1], bounds=(0, self.edges[-1]))
        written = [*(run.channels or []), *(run.answers or [])]
        self.left = int(np.clip(max(map(len, written), default=0) * CHARACTER + 44, 84, 230))
        self.right = RIGHT if legend else 24
        self.rows: list[Any] = []

    def row(self, label: str, height: int, low: float, high: float) -> Any:
        """An empty frame of a height in px, below those that there are."""
        fig = new_figure(**{
            "frame_width": self.width - self.left - self.right,
            "frame_height": height,
            "x_range": self.x_range,
            "y_range": Range1d(low, high),
            "tools": TOOLS,
            "active_drag": "box_zoom",
            "title": "",
            "min_border_left": self.left,
            "min_border_right": self.right,
            "min_border_top": 4,
            "min_border_bottom": 4,
            **self.kwargs,
        })  # fmt: skip
        fig.xaxis.visible = False
        self.look.dress(fig)
        if label:
            title = Title(
                text=label, text_font_style="normal", text_font_size="13px",
                text_color=self.look.quiet, standoff=2,
            )  # fmt: skip
            fig.add_layout(title, "above")
        fig.outline_line_color, fig.outline_line_alpha = self.look.quiet, 0.25
        self._boundaries(fig)
        self.rows.append(fig)
        return fig

    def _boundaries(self, fig: Any) -> None:
        run = self.run
        starts = set(run.trial_starts or [])
        onsets = {first for _, first, _ in run.periods or []} - starts
        for name, at, alpha in (("onsets", onsets, 0.18), ("trials", starts, 0.55)):
            x = np.array(sorted(at)) * self.step
            fig.vspan(
                x=x, line_color=self.look.quiet, line_alpha=alpha, level="underlay", name=name
            )

    def explain(self, fig: Any, items: Items, place: str = "right", **style: Any) -> None:
        """What is what, beside a frame."""
        if not self.legend:
            return
        legend = Legend(
            items=[LegendItem(label=label, renderers=drawn) for label, drawn in items],
            border_line_color=None,
            background_fill_alpha=0,
            label_text_color=self.look.quiet,
            label_text_font_size=self.look.small,
            location="top_left",
            **{
                "ncols": -(-len(items) * ENTRY // fig.frame_height),  # as many as it takes
                "glyph_width": 18,
                "spacing": 1,
                "padding": 0,
                "margin": 4,
                **style,
            },
        )
        fig.add_layout(legend, place)

    def lines(self, fig: Any, values: np.ndarray, names: Sequence[str], **style: Any) -> list[Any]:
        """A step line for each column of values (T, k), named alike."""
        held = np.append(values, values[-1:], axis=0)
        return step_lines(fig, self.edges, held, names, hues(len(names)), **style)

    def bands(self, fig: Any, values: np.ndarray, names: Sequence[str]) -> list[Any]:
        """A pale band where each column of values (T, k) lies."""
        tall, drawn = 0.06 * (fig.y_range.end - fig.y_range.start), []
        for column, name, hue in zip(values.T, names, hues(len(names)), strict=False):
            first, stop = stretches(column)
            there = np.isfinite(column[first])
            first, stop = first[there], stop[there]
            band = fig.hbar(
                y=column[first], left=self.edges[first], right=self.edges[stop], height=tall,
                fill_color=hue, fill_alpha=0.35, line_color=None, name=f"ground truth of {name}",
            )  # fmt: skip
            drawn.append(band)
        return drawn

    # -- rows ------------------------------------------------------------------------------------

    def periods(self) -> None:
        """A strip of coloured periods, and their names above it."""
        periods = self.run.periods or []
        names = list(dict.fromkeys(name for name, _, _ in periods))
        if not names or not self.legend:
            return
        fig = self.row("", 12, 0, 1)
        fig.yaxis.visible, items = False, []
        for k, name in enumerate(names):
            own = [(first, stop) for period, first, stop in periods if period == name]
            first, stop = np.array(own).T
            bars = fig.hbar(
                y=0.5, height=1, left=self.edges[first], right=self.edges[stop], line_color=None,
                fill_color=STRIP_HUES[k % len(STRIP_HUES)], name=f"period {name}",
            )  # fmt: skip
            items.append((name, [bars]))
        fits = (self.width - self.left) // int(max(map(len, names)) * CHARACTER + 44)
        self.explain(
            fig, items, "above", orientation="horizontal", ncols=max(1, min(fits, len(names))),
            spacing=14, glyph_height=12, glyph_width=12, margin=0, padding=2,
        )  # fmt: skip

    def observations(self) -> None:
        """A row a channel, levels as colours."""
        ob, names = self.run.ob.astype(float), self.run.channels or []
        n = ob.shape[1]
        fig = self.row("observation", int(np.clip(26 * n, 80, 280)), n, 0)
        most = float(np.nanmax(np.abs(ob), initial=0)) or 1.0
        below = bool((ob < 0).any())
        mapper = LinearColorMapper(
            palette=self.look.diverging if below else self.look.sequential,
            low=-most if below else 0,
            high=most,
            nan_color="#00000000",
        )
        image = fig.image(
            image=[ob.T], x=0, y=0, dw=self.edges[-1], dh=n, color_mapper=mapper,
            name="observations", level="image",
        )  # fmt: skip
        named(fig.yaxis[0], np.arange(n) + 0.5, names)
        fig.add_tools(HoverTool(renderers=[image], tooltips=[("level", "@image{0.000}")]))
        if self.legend:
            bar = ColorBar(
                color_mapper=mapper,
                width=10,
                ticker=BasicTicker(desired_num_ticks=3),
                major_label_text_color=self.look.quiet,
                major_label_text_font_size="11px",
                major_tick_line_color=None,
                background_fill_alpha=0,
                padding=4,
            )
            fig.add_layout(bar, "right")

    def traces(self, labels: Sequence[str]) -> None:
        """A line a channel."""
        ob = self.run.ob.astype(float)
        fig = self.row("observation", int(np.clip(ENTRY * len(labels), 130, 420)), *room(ob))
        lines = self.lines(fig, ob, labels)
        self.explain(fig, [(line.name, [line]) for line in lines])

    def choices(self) -> None:
        """Which action was taken, a dark line, and which was right, a pale one."""
        run, gt = self.run, self.run.gt
        names = run.answers or []
        n = len(names)
        fig = self.row("action", int(np.clip(24 * n, 84, 240)), -0.5, n - 0.5)
        items: Items = []
        if gt is not None:
            first, stop = stretches(gt)
            there = np.flatnonzero(gt[first] >= 0)
            first, stop = first[there], stop[there]
            bars = fig.hbar(
                y=gt[first], left=self.edges[first], right=self.edges[stop], height=0.66,
                fill_color=RIGHT_COLOR, fill_alpha=0.3, line_color=None, name="ground truth",
            )  # fmt: skip
            items.append(("ground truth", [bars]))
        line = fig.step(
            self.edges, np.append(run.actions, run.actions[-1:]), mode="after", line_color=DONE,
            line_width=0.8, line_alpha=0.35, name="action",
        )  # fmt: skip
        first, stop = stretches(run.actions)
        held = run.actions[first]
        done = fig.segment(
            x0=self.edges[first], x1=self.edges[stop], y0=held, y1=held, line_color=DONE,
            line_width=2.5,
        )  # fmt: skip
        named(fig.yaxis[0], np.arange(n), names)
        self.explain(fig, [("action", [done, line]), *items])

    def graded(self) -> None:
        """A line for each number of an action, and a wide pale one for what was right."""
        run, names = self.run, self.run.answers or []
        actions = run.actions.astype(float)
        both = actions if run.gt is None else np.concatenate([actions, run.gt.astype(float)])
        fig = self.row("action", int(np.clip(30 * len(names), 120, 280)), *room(both))
        items: Items = []
        if run.gt is not None:
            items = [("ground truth", self.bands(fig, run.gt.astype(float), names))]
        lines = self.lines(fig, actions, names)
        self.explain(fig, [(line.name, [line]) for line in lines] + items)

    def rewards(self) -> None:
        """A bar a step."""
        rewards = np.asarray(self.run.rewards, float)
        fig = self.row("reward", 74, *room(np.append(rewards, 0.0)))
        middle = self.edges[:-1] + self.step / 2
        fig.ray(x=0, y=0, length=0, angle=0, line_color=self.look.quiet, line_alpha=0.4)
        bars = fig.vbar(
            x=middle, width=self.step, bottom=0, top=rewards, name="reward", line_color=None,
            fill_color=np.where(rewards < 0, LOST, EARNED).tolist(),
        )  # fmt: skip
        fig.add_tools(HoverTool(renderers=[bars], tooltips=[("reward", "@top")]))
        fig.yaxis.ticker.desired_num_ticks = 3

    def performances(self) -> None:
        """A dot at each trial's end, and their mean so far."""
        performance = np.asarray(self.run.performance, float)
        ends = np.flatnonzero(np.isfinite(performance))
        if not ends.size:
            return
        values, x = performance[ends], self.edges[ends] + self.step / 2
        low, high = min(0.0, values.min()), max(1.0, values.max())
        fig = self.row("performance", 74, low - 0.12, high + 0.12)
        mean = np.cumsum(values) / np.arange(1, len(values) + 1)
        line = fig.step(x, mean, mode="after", line_color=EARNED, line_alpha=0.6, name="mean")
        dots = fig.scatter(x, values, size=7, color=DONE, line_color=None, name="performance")
        fig.yaxis.ticker = FixedTicker(ticks=[0, 0.5, 1])
        self.explain(fig, [("trial", [dots]), (f"mean so far, {mean[-1]:.2f}", [line])])

    def finish(self) -> Any:
        """All rows as one layout, with time below the last."""
        last = self.rows[-1]
        last.xaxis.visible = True
        last.xaxis.axis_label = "time (ms)" if self.run.dt else "step"
        last.xaxis.formatter = BasicTickFormatter(use_scientific=False)
        title = self.rows[0].title
        title.text, title.text_font_size, title.standoff = self.run.name, "16px", 4
        self.rows[0].margin = (8, 0, 0, 0)
        for fig in self.rows:
            fig.toolbar.logo = None
        return gridplot(
            self.rows, ncols=1, toolbar_location="right",
            toolbar_options={"logo": None, "autohide": True},
        )  # fmt: skip


def new_figure(**kwargs: Any) -> Any:
    """A Bokeh figure; ValueError for what it does not take."""
    try:
        return figure(**kwargs)
    except (AttributeError, ValueError) as error:
        raise ValueError(f"fig_kwargs do not suit a Bokeh figure: {error}") from error


def step_lines(
    fig: Any,
    x: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    colors: Sequence[str],
    **style: Any,
) -> list[Any]:
    """A step line for each column of values (n, k), held from each x to the next; NaN are gaps."""
    return [
        fig.step(
            x, column, mode="after", line_color=color, name=name, **{"line_width": 1.6, **style}
        )
        for column, name, color in zip(values.T, names, colors, strict=False)
    ]


def hues(n: int) -> Sequence[str]:
    """A colour for each of n lines."""
    return HUES if n <= len(HUES) else wheel(n)


def named(axis: Any, places: np.ndarray, names: Sequence[str]) -> None:
    """Put names at places of an axis; those that would collide are left out."""
    at = [float(place) for place in places]
    axis.ticker = FixedTicker(ticks=at)
    axis.major_label_overrides = dict(zip(at, names, strict=True))
    axis.major_label_policy = NoOverlap(min_distance=2)


def room(values: np.ndarray) -> tuple[float, float]:
    """Limits of an axis that shows all finite values."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    margin = 0.1 * ((high - low) or 1.0)
    return low - margin, high + margin


def stretches(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where equal values begin, and where they stop."""
    first = np.append(0, np.flatnonzero(np.diff(values)) + 1)
    return first, np.append(first[1:], len(values))


def draw(
    run: Run, *, legend: bool, ob_traces: Sequence[str] | None, fig_kwargs: Mapping[str, Any]
) -> Any:
    """A run as a Bokeh layout."""
    sheet = Sheet(run, legend=legend, fig_kwargs=fig_kwargs)
    sheet.periods()
    if ob_traces:
        sheet.traces(ob_traces)
    else:
        sheet.observations()
    if run.actions.ndim > 1:
        sheet.graded()
    else:
        sheet.choices()
    if run.rewards is not None:
        sheet.rewards()
    if run.performance is not None:
        sheet.performances()
    return sheet.finish()
