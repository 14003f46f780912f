"""Trial rasters: what subjects saw, did and earned; one trial a row, subject above subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.layouts import column, gridplot
from bokeh.models import (
    ColumnDataSource,
    Div,
    FixedTicker,
    HoverTool,
    LinearAxis,
    LinearColorMapper,
    NoOverlap,
    Range1d,
    SaveTool,
)
from bokeh.models.layouts import LayoutDOM
from bokeh.plotting import figure

from app.plots.legend import Entry, Legend, Piece, line, save_tool, swatch
from app.plots.raster_data import CUES, Arranged, Channels, Part, RasterData, arrange, runs
from app.plots.strips import Strip, strips
from app.plots.style import Look
from neurogym.figures.style import HUES, STRIP_HUES, mix
from neurogym.figures.trace_plot import step_lines
from neurogym.records import measures

Row = Mapping[str, Any]
Scales = Mapping[str, tuple[float, float]]  # the least and the greatest of groups of numbers

TOP, BOTTOM, LEFT, GAP = 46, 46, 58, 13  # px around a frame
TOOLS = "xpan,xwheel_zoom,box_zoom,reset,save"


class _Subject:
    """The figures of one subject's row."""

    def __init__(
        self,
        title: str,
        item: Arranged,
        look: Look,
        x_range: Range1d,
        *,
        sort: str,
        titled: bool,
        lowest: bool,
        backend: str,
    ):
        self.item, self.data, self.look, self.backend = item, item.data, look, backend
        self.n = len(item.order)
        self.x_range, self.y_range = x_range, Range1d(self.n + 0.5, 0.5)
        rings = any(len(channels.columns) > 8 for channels in self.data.channels)
        lanes = sum(len(group.columns) for group in self.data.numbers)
        row, most = (max(12 * lanes, 24), 640) if lanes else (12 if rings else 8, 420)
        self.height = int(np.clip(row * self.n, 160, most))
        self.titled, self.top = titled, TOP if titled else 4
        self.lowest, self.bottom = lowest, BOTTOM if lowest else GAP
        self.names: dict[int, str] = {}
        self.label = "trial" if sort == "order" else f"trials by {sort}"
        room = self.height // 7 - len(self.label)
        self.name = title if len(title) <= room else f"{title[: max(room, 1) - 1]}…"
        self.colors = look.actions(self.data.answers)
        self.part_colors = look.parts(self.data.parts)
        self.places = [(y, i) for y, i in enumerate(item.order, 1) if item.zero[i] >= 0]
        self.source = ColumnDataSource(self._trials())
        self.edges = ColumnDataSource(self._edges())
        self.marks = self._marks()

    def ms(self, i: int, step: float) -> float:
        """Time of a step of a trial on the x axis."""
        return float(step - self.item.zero[i]) * self.data.dt

    def span(self) -> tuple[float, float]:
        """Times between which trials went on."""
        columns = self.source.data
        return min(columns["left"], default=0.0), max(columns["right"], default=1.0)

    # -- what is drawn ----------------------------------------------------------------------------

    def _trials(self) -> dict[str, list]:
        columns: dict[str, list] = {}
        for y, i in self.places:
            row, data = self.data.rows[i], self.data
            end = max(data.length[i], data.window[i, 1])
            rt = row["rt_ms"]
            response = row["response"]
            entry = dict(
                y=y,
                left=self.ms(i, 0),
                right=self.ms(i, data.length[i]),
                right_planned=self.ms(i, end),
                reward=row["reward"] or 0.0,
                trial=_place(i, row["trial_index"]),
                conditions=", ".join(f"{k} {_short(v)}" for k, v in row["conditions"].items()),
                response="none" if response is None else data.answers.get(response, str(response)),
                outcome=row["outcome"] or "",
                rt="" if rt is None or np.isnan(rt) else f"{rt:.0f} ms",
                earned=f"{row['reward'] or 0.0:g}",
                parts="; ".join(map(_part_told, row["parts"])),
            )
            for key, value in entry.items():
                columns.setdefault(key, []).append(value)
        return columns or {"y": [], "left": [], "right": [], "right_planned": [], "reward": []}

    def _edges(self) -> dict[str, list[float]]:
        """Onsets of periods as vertical lines; equal ones of neighbouring rows are one line."""
        lines: dict[tuple[str, float], list[list[float]]] = {}
        for y, i in self.places:
            for name, (first, _) in self.data.spans[i].items():
                parts = lines.setdefault((name, self.ms(i, first)), [])
                if first and parts and parts[-1][1] == y - 0.5:
                    parts[-1][1] = y + 0.5
                elif first:
                    parts.append([y - 0.5, y + 0.5])
        flat = [(x, top, stop) for (_, x), parts in lines.items() for top, stop in parts]
        x, y0, y1 = map(list, zip(*flat, strict=True)) if flat else ([], [], [])
        return {"x": x, "y0": y0, "y1": y1}

    # -- panels -----------------------------------------------------------------------------------

    def periods(self) -> Iterator[tuple[str, float, float]]:
        """The periods of all trials: name, and first and last time."""
        for _, i in self.places:
            for name, (first, stop) in self.data.spans[i].items():
                yield name, self.ms(i, first), self.ms(i, stop)

    def figure(self, title: str, first: bool = False, x_range: Range1d | None = None) -> Any:
        """An empty panel."""
        fig = figure(
            height=self.height + self.top + self.bottom,
            sizing_mode="stretch_width",
            min_width=90,
            x_range=x_range or self.x_range,
            y_range=self.y_range,
            tools=TOOLS,
            toolbar_location=None,
            title=title if self.titled else "",
            output_backend=self.backend,
            min_border_top=self.top,
            min_border_bottom=self.bottom,
            min_border_left=LEFT if first else GAP,
            min_border_right=GAP,
        )
        fig.yaxis.visible, fig.xaxis.visible = first, self.lowest
        fig.yaxis.axis_label = (
            f"{self.name}, {self.label}" if first else None
        )  # saved pictures need it
        return fig

    def finish(self, fig: Any, timed: bool = True, names: Mapping[float, str] | None = None) -> Any:
        """Add what all panels have: edges of periods, and names of periods, or others, on top."""
        if timed:
            fig.xaxis.axis_label = "time (ms)"
            fig.xaxis.ticker.desired_num_ticks = 5
            fig.segment("x", "y0", "x", "y1", source=self.edges, color=self.look.ink, alpha=0.4)
        self.look.dress(fig)
        if self.titled:
            told = names or (self.names if timed else {0: " "})
            fig.add_layout(self._named(told), "above")
        return fig

    def _named(self, names: Mapping[float, str]) -> LinearAxis:
        """The names of the periods, above the frame; those that would collide are left out."""
        return LinearAxis(
            ticker=FixedTicker(ticks=list(names)),
            major_label_overrides=dict(names),
            major_label_policy=NoOverlap(min_distance=6),
            major_label_text_color=self.look.quiet,
            major_label_text_font_size=self.look.small,
            major_label_standoff=2,
            major_tick_line_color=None,
            axis_line_color=None,
        )

    def rows(
        self,
        fig: Any,
        left: str = "left",
        right: str = "right",
        more: Sequence[tuple] = (),
        tall: float = 1.0,
    ) -> None:
        """A faint bar for each trial, which also carries the hover, and more of it."""
        bars = fig.hbar(
            "y", tall, right, left, source=self.source, color=self.look.ink, fill_alpha=0.06,
            line_color=None,
        )  # fmt: skip
        parts = [("tasks", "@parts")] if self.data.parts else []
        tips = [("trial", "@trial"), ("conditions", "@conditions"), ("response", "@response"),
                ("outcome", "@outcome"), ("rt", "@rt"), *parts, ("reward", "@earned")]  # fmt: skip
        tips = [*tips[:1], *more, *tips[2:]] if more else tips
        fig.add_tools(HoverTool(renderers=[bars], tooltips=tips, point_policy="follow_mouse"))

    def observed(
        self, channels: Channels, first: bool, limits: tuple[float, float], narrow: bool = False
    ) -> Any:
        """The panel of some channels; in a narrow one periods have no names."""
        fig = self.figure(_title(channels), first)
        picture, x, width = self.data.image(channels, self.item.order, self.item.zero)
        low, high = limits
        palette = self.look.diverging if low < 0 else self.look.sequential
        if channels.name == CUES and low >= 0:
            picture, palette = self._tinted(picture, high, len(channels.columns))
            low, high = 0, len(channels.columns)
        mapper = LinearColorMapper(palette=palette, low=low, high=high, nan_color="#00000000")
        self.rows(fig)
        fig.image(image=[picture], x=x, y=0.5, dw=width, dh=self.n, color_mapper=mapper)
        self.finish(fig, names={0: " "} if narrow else None)
        if narrow:
            fig.below[0].ticker.desired_num_ticks = 2
        return fig

    def _tinted(self, picture: np.ndarray, high: float, n: int) -> tuple[np.ndarray, list[str]]:
        """Levels as 0 to 1 plus the number of the channel, and a palette with a hue for each."""
        levels = picture.reshape(-1, n, picture.shape[1])
        levels = np.clip(levels / high, 0, 0.999) + np.arange(n)[:, None]
        palette = [c for hue in self.look.cues(n) for c in mix([f"{hue}00", f"{hue}ff"], 64)]
        return levels.reshape(picture.shape).astype(np.float32), palette

    def responses(self, first: bool) -> Any:
        """The panel of what was right and what was done."""
        fig = self.figure("responses", first)
        self.rows(fig, right="right_planned")
        self._bars(fig, self._windows(), 1.0, 0.08)
        lanes = len(self.data.parts) or 1
        tall = 1 / lanes if self._apart else 1.0
        self._bars(fig, self._labels(), tall, 0.24)
        self._bars(fig, self._acts(), 0.4 * tall, 0.9)
        size = float(np.clip(0.85 * self.height / max(self.n * lanes, 1), 4, 11))
        edge = self.look.page if size > 5 else None
        for shape, marks in self.marks.items():
            x, y, color = map(list, zip(*marks, strict=True))
            lines, mark = shape in ("miss", "error"), MARKS[shape]
            fig.scatter(
                x,
                y,
                size=size * mark.scale,
                marker=mark.shape,
                line_color=color if lines else edge,
                fill_color=None if lines else color,
                line_width=size / 4.5 if lines else 0.75,
            )
        return self.finish(fig)

    def _bars(self, fig: Any, bars: list[tuple], height: float, alpha: float) -> None:
        if bars:
            y, left, right, color = map(list, zip(*bars, strict=True))
            fig.hbar(y, height, right, left, fill_color=color, fill_alpha=alpha, line_color=None)

    def _windows(self) -> list[tuple]:
        ink, window = self.look.ink, self.data.window
        return [
            (y, self.ms(i, window[i, 0]), self.ms(i, window[i, 1]), ink) for y, i in self.places
        ]

    def graded(self, scales: Scales) -> Any:
        """The panel of graded actions: what was done and what was right, a lane a number."""
        fig = self.figure("action")
        self.rows(fig, tall=ROW)
        labels = [label for group in self.data.numbers for label in group.labels]
        inks = [self.look.ink] * len(labels)
        colors = self.look.numbers(len(labels), self.data.answers)
        x, right = self._lanes(self.data.aims, scales)
        step_lines(fig, x, right, [f"right {label}" for label in labels], inks, **RIGHT)
        x, done = self._lanes(self.data.graded, scales)
        step_lines(fig, x, done, labels, colors, line_width=2)
        return self.finish(fig)

    def _lanes(self, values: list[np.ndarray], scales: Scales) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (T_i, k) of the trials as one line a number: x (n,) and y (n, k), with gaps."""
        low, high = np.repeat(
            [scales[group.name] for group in self.data.numbers],
            [len(group.columns) for group in self.data.numbers],
            axis=0,
        ).T
        k = len(low)
        middle, tall = ROW * ((np.arange(k) + 0.5) / k - 0.5), ROW * LANE / k
        gap = np.full((1, k), np.nan)
        x: list[Any] = [[np.nan]]
        y = [gap]
        for place, i in self.places:
            held = np.append(values[i], values[i][-1:], axis=0)
            x += [self.ms(i, 0) + np.arange(len(held)) * self.data.dt, [np.nan]]
            y += [place + middle + tall * (0.5 - (held - low) / (high - low)), gap]
        return np.concatenate(x), np.concatenate(y)

    @property
    def _apart(self) -> bool:
        """Whether each of several tasks has actions, and so bars, of its own."""
        return any(part.apart for part in self.data.parts)

    def _labels(self) -> list[tuple]:
        return self._stretches(self.data.planned)

    def _acts(self) -> list[tuple]:
        return self._stretches(self.data.actions)

    def _stretches(self, values: list[np.ndarray]) -> list[tuple]:
        """Bars of equal actions; of several tasks each has a lane of its own."""
        if not self._apart:
            return self._stretched(values, self.colors if self.data.told else {}, 0.0)
        return [
            bar
            for j, part in enumerate(self.data.parts)
            for bar in self._stretched(
                [part.own(v) for v in values], self.part_colors[j], self.lane(j)
            )
        ]

    def _stretched(self, values: list[np.ndarray], colors: dict, lane: float) -> list[tuple]:
        return [
            (y + lane, self.ms(i, first), self.ms(i, stop), colors.get(value, self.look.quiet))
            for y, i in self.places
            for value, first, stop in runs(values[i])
        ]

    def lane(self, j: int) -> float:
        """Where the lane of the j-th of several tasks lies in a row, from its middle."""
        return (j + 0.5) / len(self.data.parts) - 0.5

    def _part_marks(self) -> dict[str, list[tuple]]:
        """Markers of each of several tasks, in its lane: (x, y, colour)."""
        marks: dict[str, list[tuple]] = {}
        for y, i in self.places:
            told = self.data.rows[i]["parts"]
            for j, (part, how) in enumerate(zip(self.data.parts, told, strict=False)):
                if how["on"]:
                    kind, step = self._part_mark(i, part, how)
                    color = self.part_colors[j].get(how["response"], self.look.quiet)
                    mark = (self.ms(i, step + 0.5), y + self.lane(j), color)
                    marks.setdefault(kind, []).append(mark)
        marks.pop("none", None)
        return marks

    def _part_mark(self, i: int, part: Part, how: Mapping[str, Any]) -> tuple[str, int]:
        """The kind of a task's marker, and its step."""
        outcome, step = how["outcome"], int(part.response[i])
        if outcome == "early":
            done = np.flatnonzero(part.own(self.data.actions[i]) > 0)
            return "early", int(done[-1]) if done.size else int(self.data.length[i]) - 1
        if step >= 0:
            return outcome if outcome in ("correct", "error") else "other", step
        return outcome if outcome in ("miss", "withheld") else "none", int(part.last[i])

    def _marks(self) -> dict[str, list[tuple]]:
        """Markers by what they tell: (x, y, colour)."""
        if self.data.parts:
            return self._part_marks()
        marks: dict[str, list[tuple]] = {}
        data, grey = self.data, self.look.quiet
        for y, i in self.places:
            row = data.rows[i]
            if data.early[i] >= 0:
                done = int(data.actions[i][data.early[i]])
                color = self.colors.get(done, grey) if data.told else grey
                marks.setdefault("early", []).append((self.ms(i, data.early[i] + 0.5), y, color))
            if data.response[i] >= 0:
                kind = row["outcome"] if row["outcome"] in ("correct", "error") else "other"
                color = self.colors.get(row["response"], grey)
                marks.setdefault(kind, []).append((self.ms(i, data.response[i] + 0.5), y, color))
            elif row["outcome"] in ("miss", "withheld"):
                at = self.ms(i, min(data.window[i, 1], data.length[i]) - 0.5)
                marks.setdefault(row["outcome"], []).append((at, y, grey))
        return marks

    def strips(self, strips: Sequence[Strip]) -> Any:
        """The panel of what wrappers did: blocks as coloured cells, levels as traces."""
        fig = self.figure("blocks & levels", x_range=Range1d(0, len(strips)))
        source = self.source.data
        source["zero"], source["all"] = [0] * len(source["y"]), [len(strips)] * len(source["y"])
        tips = []
        for k, strip in enumerate(strips):
            values = [self.data.rows[i]["conditions"].get(strip.name) for _, i in self.places]
            source[f"strip {k}"] = ["" if v is None else _short(v) for v in values]
            tips.append((strip.name, f"@{{strip {k}}}"))
        self.rows(fig, "zero", "all", tips)
        for k, strip in enumerate(strips):
            values = [self.data.rows[i]["conditions"].get(strip.name) for _, i in self.places]
            self._strip(fig, strip, k, values)
        fig.xaxis.ticker = FixedTicker(ticks=[])
        names = {k + 0.5: strip.name for k, strip in enumerate(strips)}
        return self.finish(fig, timed=False, names=names)

    def _strip(self, fig: Any, strip: Strip, k: int, values: list[Any]) -> None:
        told = [(y, v) for (y, _), v in zip(self.places, values, strict=True) if v is not None]
        if strip.values:
            colors = self.look.strip(strip, k)
            cells = _merged(told)
            fig.quad(
                left=k + 0.1, right=k + 0.9, top=[y for y, _, _ in cells], line_color=None,
                bottom=[y for _, y, _ in cells], fill_color=[colors[v] for *_, v in cells],
            )  # fmt: skip
            return
        y = [y for y, _ in told]
        x = [k + 0.14 + 0.72 * strip.place(v) for _, v in told]
        fig.line(x, y, color=self.look.ink, line_width=1.25, alpha=0.55)
        size = float(np.clip(0.5 * self.height / max(self.n, 1), 2, 6))
        fig.scatter(x, y, size=size, color=self.look.ink, line_color=None)

    def reward(self, x_range: Range1d) -> Any:
        """The panel of what each trial earned."""
        fig = self.figure("reward", x_range=x_range)
        rewards = self.source.data["reward"]
        good, bad = ("#5fb38a", "#d77a7a") if self.look.dark else ("#3f9e74", "#c75050")
        self.source.data["shade"] = [good if r > 0 else bad for r in rewards]
        fig.hbar("y", 0.8, "reward", 0, source=self.source, color="shade", line_color=None)
        self.source.data["low"] = [x_range.start] * len(rewards)
        self.source.data["high"] = [x_range.end] * len(rewards)
        self.rows(fig, "low", "high")
        most = float(f"{max([0.0, *rewards], key=abs):.3g}")
        apart = abs(most) > 0.3 * (x_range.end - x_range.start)  # or their numbers would overlap
        fig.xaxis.ticker = FixedTicker(ticks=sorted({0.0, most if apart else 0.0}))
        return self.finish(fig, timed=False)


RIGHT = dict(line_width=1.25, line_dash=[4, 3])  # lines of what was right
NARROW = "170px"  # a panel that is the same in all trials
MOST_TOLD = 4  # channels of a group that are named one by one
ROW, LANE = 0.9, 0.76  # of a row, that lanes fill; of a lane, that lines fill


@dataclass(frozen=True)
class Mark:
    """How a kind of response is drawn and told."""

    shape: str
    sign: str
    text: str
    scale: float = 1.0


MARKS = dict(
    correct=Mark("circle", "●", "correct"),
    error=Mark("x", "✕", "error", 1.15),
    early=Mark("triangle", "▲", "too early", 1.25),
    miss=Mark("circle", "○", "miss"),
    withheld=Mark("circle", "●", "rightly withheld"),
    other=Mark("diamond", "◆", "response", 1.2),
)


def _merged(told: Sequence[tuple[int, Any]]) -> list[tuple[float, float, Any]]:
    """Rows and values as stretches of equal ones: (top, bottom, value)."""
    out: list[tuple[float, float, Any]] = []
    for y, value in told:
        if out and out[-1][1] == y - 0.5 and out[-1][2] == value:
            out[-1] = (out[-1][0], y + 0.5, value)
        else:
            out.append((y - 0.5, y + 0.5, value))
    return out


def strip_width(strips: Sequence[Strip]) -> int:
    """The width in px of the panel of some strips: their names stand above them."""
    names = max(34, *(7 * len(strip.name) + 10 for strip in strips))
    return max(len(strips) * names, 112) + 2 * GAP


def _part_told(part: Mapping[str, Any]) -> str:
    """How one of several tasks went."""
    if not part["on"]:
        return f"{part['task']}: not in this trial"
    rt = "" if part["rt_ms"] is None else f", {part['rt_ms']:.0f} ms"
    return f"{part['task']}: {part['outcome']}{rt}"


def _place(i: int, index: int) -> str:
    """Which trial it was, and of which number if they were not played in their order."""
    return f"{i + 1}" if i == index else f"{i + 1}, which is number {index + 1} of its seed"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _title(channels: Channels) -> str:
    """The name of a panel, and which channels are in it."""
    if channels.name == CUES:
        return CUES if len(channels.labels) > 1 else channels.labels[0]
    names = ", ".join(channels.labels)
    short = len(channels.labels) <= MOST_TOLD and len(names) <= 24
    return f"{channels.name}: {names if short else f'1 to {len(channels.labels)}'}"


def raster(
    groups: Sequence[tuple[str, Sequence[Row]]],
    *,
    align: str = "start",
    sort: str = "order",
    dark: bool = False,
    svg: bool = False,
) -> LayoutDOM:
    """Trials of one or more subjects, one subject above the other.

    Args:
        groups: (title, rows of the trial table), drawn from the top down. Trials are played again
            from their rows; interrupted ones are left out.
        align: what is time 0: "start", "response", or a period's onset.
        sort: rows by "order", "rt", "outcome", or a condition.
        dark: for a dark page; the background is transparent in both cases.
        svg: draw vectors, and save as such.

    Raises:
        ValueError: if no trial was finished, for an `align` or `sort` that no trial has, and for
            subjects with rows of several tasks or parameters.
    """
    told = [(title, RasterData(rows)) for title, rows in groups]
    drawn = [(title, data) for title, data in told if data.n]
    if not drawn:
        raise ValueError("there is no trial to draw: none was finished")
    look = Look(dark, svg)
    items = arrange([data for _, data in drawn], align, sort)
    x_range, reward_range = Range1d(0, 1), Range1d(0, 1)
    subjects = [
        _Subject(
            title,
            item,
            look,
            x_range,
            sort=sort,
            titled=align == "response" or _is_titled(items, k),
            lowest=k == len(items) - 1,
            backend="svg" if svg else "canvas",
        )
        for k, ((title, _), item) in enumerate(zip(drawn, items, strict=True))
    ]
    _fit_time(x_range, subjects)
    _name_periods(subjects, x_range.end)
    _fit(reward_range, [r for subject in subjects for r in subject.source.data["reward"]])
    told_of = strips([(data.env, data.rows) for _, data in drawn])
    scales = _ranges([data for _, data in drawn])
    grid: list[list[LayoutDOM]] = []
    width = _first_width(items)
    heads = [
        _heading(title, data, subject.item.note, look)
        for (title, data), subject in zip(drawn, subjects, strict=True)
    ]
    for (_, data), subject, head in zip(drawn, subjects, heads, strict=True):
        grid.append([head.model])
        panels = [
            subject.observed(
                channels, k == 0, _limits(channels, items), narrow=k == 0 and width == NARROW
            )
            for k, channels in enumerate(data.channels)
        ]
        if data.numbers:
            panels.append(subject.graded(scales))
        added = [subject.strips(told_of)] if told_of else []
        grid.append([*panels, subject.responses(not panels), *added, subject.reward(reward_range)])
    empty = [f"{title}: no finished trials." for title, data in told if not data.n]
    key = _legend(subjects, look, empty, told_of, scales)
    return _layout(grid, heads, key, look, width, told_of)


def _first_width(items: Sequence[Arranged]) -> str:
    """How wide the first panel is, which has the labels of the trials, too.

    Cues that are the same in all trials need little room.
    """
    told = [item.data for item in items]
    if not any(channels.name == CUES for data in told for channels in data.channels):
        return "1.12fr"
    return NARROW if all(data.is_routine(data.channels[0]) for data in told) else "0.95fr"


def _limits(channels: Channels, items: Sequence[Arranged]) -> tuple[float, float]:
    """Levels between which a panel's colours vary, the same for all subjects."""
    ranges = [item.data.range(c) for item in items for c in item.data.channels if c == channels]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _ranges(told: Sequence[RasterData]) -> dict[str, tuple[float, float]]:
    """The least and the greatest in each group of numbers, the same for all subjects."""
    groups: dict[str, list[np.ndarray]] = {}
    for data in told:
        for group in data.numbers:
            values = [v[:, group.columns].ravel() for v in (*data.graded, *data.aims)]
            groups.setdefault(group.name, []).extend(values)
    found = {}
    for name, values in groups.items():
        low, high = (float(f(np.concatenate(values))) for f in (np.nanmin, np.nanmax))
        found[name] = low, high if high > low else low + 1
    return found


def _is_titled(items: Sequence[Arranged], k: int) -> bool:
    """Whether the k-th subject's panels need titles: those above it do not say the same."""
    above = items[k - 1] if k else None
    return not (above and above.yoked and above.data.channels == items[k].data.channels)


def _fit_time(x_range: Range1d, subjects: Sequence[_Subject]) -> None:
    """Show all that was played; what was planned after a response can be panned to."""
    spans = [subject.span() for subject in subjects]
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    x_range.start, x_range.end = first, last + 0.03 * (last - first)
    x_range.reset_start, x_range.reset_end = x_range.start, x_range.end


def _name_periods(subjects: Sequence[_Subject], end: float) -> None:
    """Give each titled subject the names by the median time of their middle, as far as it shows."""
    for k, subject in enumerate(subjects):
        below = next((j for j in range(k + 1, len(subjects)) if subjects[j].titled), None)
        same = subjects[k:below]
        times: dict[str, list[float]] = {}
        for name, first, last in (period for other in same for period in other.periods()):
            if first < end:
                times.setdefault(name, []).append((first + min(last, end)) / 2)
        for name, middles in times.items():
            at = round(float(np.median(middles)))
            subject.names[at] = f"{subject.names[at]}, {name}" if at in subject.names else name


def _fit(x_range: Range1d, rewards: Sequence[float]) -> None:
    low, high = min([0.0, *rewards]), max([0.0, *rewards])
    room = 0.06 * (high - low) or 1.0
    x_range.start, x_range.end = low - room, high + room
    x_range.reset_start, x_range.reset_end = x_range.start, x_range.end


def _heading(title: str, data: RasterData, note: str, look: Look) -> Legend:
    found = measures.summary(data.rows)
    rt = f", median RT {found['median_rt_ms']:.0f} ms" if found["median_rt_ms"] is not None else ""
    numbers = f"{data.n} trials, {found['accuracy']:.0%} correct{rt}."
    entries = [(Piece(title, size=16, bold=True),), (Piece(numbers, look.quiet),)]
    entries += [(Piece(note, look.quiet),)] if note else []
    return Legend(entries, look.ink, (10, 0, 0, 8))


def _action_swatches(subjects: Sequence[_Subject], look: Look) -> list[Entry]:
    """Which colour is which action; of several tasks, task by task."""
    data = next((s.data for s in subjects if s.data.parts), None)
    if data is not None:
        return [
            _named(part.name, [swatch([colors[k]], name) for k, name in part.answers.items()])
            for part, colors in zip(data.parts, look.parts(data.parts), strict=True)
        ]
    answers = {k: name for subject in subjects for k, name in subject.data.answers.items()}
    colors = look.actions(answers)
    if len(answers) > len(HUES):
        return [swatch([colors[k] for k in answers], "actions")]
    return [swatch([colors[k]], name) for k, name in answers.items()]


def _named(name: str, entries: Sequence[Entry]) -> Entry:
    """Several entries under one name."""
    return (Piece(f"{name}:"), *(p for entry in entries for p in (Piece(" "), *entry)))


def _strip_swatches(strip: Strip, k: int, look: Look) -> Entry:
    """What the colours of a strip, or its two ends, stand for."""
    if not strip.values:
        scale = ", logarithmic" if strip.log else ""
        return (Piece(f"{strip.name}: trace from {strip.low:.3g} to {strip.high:.3g}{scale}"),)
    colors = look.strip(strip, k)
    if len(colors) > len(STRIP_HUES):
        return (Piece(f"{strip.name}: {len(colors)} values"),)
    told = [swatch([color], _short(value)) for value, color in colors.items()]
    return _named(strip.name, told)


def _number_lines(subjects: Sequence[_Subject], look: Look, scales: Scales) -> list[Entry]:
    """Which line is which number of a graded action, and between what it runs."""
    data = next((s.data for s in subjects if s.data.numbers), None)
    if data is None:
        return []
    labels = [label for group in data.numbers for label in group.labels]
    colors = dict(zip(labels, look.numbers(len(labels), data.answers), strict=True))
    entries = []
    for group in data.numbers:
        lines = [piece for label in group.labels for piece in line(colors[label], f"{label} ")]
        between = "from {:.3g} to {:.3g}".format(*scales[group.name])
        entries.append((*lines, Piece(between)))
    return [*entries, line(look.ink, "the correct action", dashed=True)]


def _legend(
    subjects: Sequence[_Subject],
    look: Look,
    empty: Sequence[str],
    told_of: Sequence[Strip],
    scales: Scales,
) -> Legend:
    """Which colour is which action and cue, and which marker which outcome, of those that occur."""
    entries: list[Entry] = [(Piece(f"{text} {mark.text}"),) for text, mark in _seen(subjects)]
    entries += _action_swatches(subjects, look)
    told = any(subject.data.told for subject in subjects)
    right = "shaded: the correct answer" if told else "shaded: when an answer is right"
    entries.append((Piece(right),))
    entries += _number_lines(subjects, look, scales)
    cues = {c.labels: None for s in subjects for c in s.data.channels if c.name == CUES}
    for labels in cues:
        if len(labels) > 1:
            hues = look.cues(len(labels))
            entries += [swatch([hue], label) for label, hue in zip(labels, hues, strict=True)]
    for channels, limits in _scales(subjects).items():
        entries += [_scale(channels, limits, look), *_rows_of(channels)]
    entries += [_strip_swatches(strip, k, look) for k, strip in enumerate(told_of)]
    entries += [(Piece(text),) for text in empty]
    return Legend(entries, look.quiet)


def _seen(subjects: Sequence[_Subject]) -> list[tuple[str, Mark]]:
    """The markers that are drawn."""
    seen = {kind for subject in subjects for kind in subject.marks}
    return [(mark.sign, mark) for kind, mark in MARKS.items() if kind in seen]


def _scales(subjects: Sequence[_Subject]) -> dict[Channels, tuple[float, float]]:
    """The larger groups of channels, and the levels between which their colours vary."""
    items = [subject.item for subject in subjects]
    groups = {c for s in subjects for c in s.data.channels if c.name != CUES}
    return {c: _limits(c, items) for c in sorted(groups, key=lambda c: c.columns)}


def _scale(channels: Channels, limits: tuple[float, float], look: Look) -> Entry:
    """A bar of colours between two levels."""
    low, high = limits
    colors = tuple((look.diverging if low < 0 else look.sequential)[::16])
    bar = Piece(kind="scale", colors=colors)
    return Piece(f"{channels.name} {low:.2g} "), bar, Piece(f" {high:.2g}")


def _rows_of(channels: Channels) -> list[Entry]:
    """Which channel is where in a trial's row, if that can be told in a line."""
    if len(channels.labels) > MOST_TOLD:
        return []
    return [(Piece(f"{channels.name}, in each row from the top: {', '.join(channels.labels)}"),)]


def _layout(
    grid: list[list[LayoutDOM]],
    heads: Sequence[Legend],
    key: Legend,
    look: Look,
    first: str,
    told_of: Sequence[Strip],
) -> LayoutDOM:
    """The panels in a grid, the key below; `first` is how wide the first panel is."""
    plot = gridplot(
        grid,
        merge_tools=True,
        sizing_mode="stretch_width",
        toolbar_options=dict(logo=None, active_scroll=None),
    )
    width = max(len(row) for row in grid)
    narrow = [*([f"{strip_width(told_of)}px"] if told_of else []), "110px"]
    weights = ["1fr"] * (width - len(narrow) - 1) + ["1.15fr"]
    weights[0] = first
    children = []
    for item, y, x in plot.children:
        last = y % 2 and x >= len(grid[y]) - len(narrow)
        span = width if isinstance(item, Div) else 1
        children.append((item, y, x + width - len(grid[y]) if last else x, 1, span))
    plot.children = children
    plot.cols = [*weights, *narrow]
    saves = [k for k, tool in enumerate(plot.toolbar.tools) if isinstance(tool, SaveTool)]
    for k in saves:
        plot.toolbar.tools[k] = save_tool(plot, "raster", look, key, heads)
    return column(plot, key.model, sizing_mode="stretch_width", min_width=150 * width)
