"""The figures that belong to a task, of all subjects together, with a table of what was fitted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from bokeh.layouts import column
from bokeh.layouts import row as side_by_side
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, Div, HoverTool
from bokeh.models.layouts import LayoutDOM

from app.plots.axes import Axis, Style, blank, draw, key_of, styles_of
from app.plots.curves import (
    ANSWER,
    BINS,
    MAX_LEVELS,
    binned,
    choices,
    conditions_for,
    median_times,
    name_of,
    second_answer,
)
from app.plots.legend import Entry, Legend, Piece, save_tool
from app.plots.raster_data import answer_names
from app.plots.style import Look
from neurogym import analysis
from neurogym.analysis.fits import Fit
from neurogym.analysis.regressions import Line, Production, matches, spread
from neurogym.analysis.times import edges
from neurogym.records import trial_table
from neurogym.spec import figures as kinds
from neurogym.spec.outcomes import Outcome, Result

Row = Mapping[str, Any]
Groups = list[list[Row]]
A_LINE = 3  # figures side by side


@dataclass(frozen=True)
class Drawn:
    """A figure, and what was fitted for it: a caption, and by subject names and values."""

    figure: Any
    caption: str = ""
    fits: Sequence[Mapping[str, str] | str] = ()  # a text says why there is none


# -- which figures ---------------------------------------------------------------------------------


def figures_of(env: Any, rows: Sequence[Row]) -> list[kinds.Figure]:
    """The figures that a task declares; or those that follow from what it is."""
    task = env.declared
    if task is not None and task.figures:
        return list(task.figures)
    if any(row["produced_ms"] is not None for row in rows):
        return [kinds.ProducedIntervals(), kinds.TimeDistribution()]
    found: list[kinds.Figure] = []
    if task is not None and "go-no-go" in task.tags and _both(rows):
        found.append(kinds.YesNo())
    if not found or conditions_for(rows) != [ANSWER]:
        found += [kinds.Choices(), kinds.MedianTimes()]
    found.append(kinds.TimeDistribution())
    blocks = {row["conditions"].get("block") for row in rows} - {None}
    if len(blocks) > 1:
        found.append(kinds.BiasByBlock())
    return found


def _both(rows: Sequence[Row]) -> bool:
    return {row["conditions"].get(ANSWER) for row in rows} == {0, 1}


# -- each of them ----------------------------------------------------------------------------------


def _span(value: float, ends: tuple[float, float], unit: str = "") -> str:
    """A value with its interval; an open end is said."""
    low, high = ends
    if np.isinf(high) and not np.isinf(low):
        return f"above {low:.3g}{unit}"
    if np.isinf(low):
        return f"below {high:.3g}{unit}" if not np.isinf(high) else "not known"
    return f"{value:.3g} ({low:.3g} to {high:.3g}){unit}"


def _fit_told(found: Fit | str, signed: bool) -> Mapping[str, str] | str:
    if isinstance(found, str):
        return found
    ends = found.intervals
    lapse = f"{found.lapse:.0%} ({ends['lapse'][0]:.0%} to {ends['lapse'][1]:.0%})"
    return {
        "bias" if signed else "threshold": _span(found.threshold, ends["threshold"]),
        "exponent" if found.form.log else "slope": _span(found.slope, ends["slope"]),
        "lapse": lapse,
    }


def _level(figure: Any, rows: Groups) -> str | None:
    """The condition that a figure names, or the first that has levels."""
    possible = conditions_for([row for group in rows for row in group])
    condition: str = figure.condition
    if condition:
        return condition
    return next(iter(possible), None)


def _over_levels(figure: Any, rows: Groups) -> tuple[str, Groups] | None:
    condition = _level(figure, rows)
    if condition is None:
        return None
    kept = binned(rows, condition)
    return (condition, kept) if all(kept) else None


def _where(rows: Sequence[Row], conditions: Mapping[str, Any]) -> list[Row]:
    return [row for row in rows if matches(row, conditions)]


def _choices(figure: kinds.Choices, rows: Groups, styles: list[Style], env: Any, look: Look):
    told = _over_levels(figure, [_where(group, figure.where) for group in rows])
    if told is None:
        return None
    fig, fits, signed = choices(told[1], styles, told[0], env, look)
    form = "logistic" if signed else "Weibull" if any(_logs(f) for f in fits) else "logistic"
    caption = f"choices over {name_of(env, told[0])}, {form}"
    return Drawn(fig, caption, [_fit_told(found, signed) for found in fits])


def _logs(found: Fit | str) -> bool:
    return isinstance(found, Fit) and found.form.log


def _median_times(figure: Any, rows: Groups, styles: list[Style], env: Any, look: Look):
    told = _over_levels(figure, rows)
    fig = told and median_times(told[1], styles, told[0], env, look)
    return Drawn(fig) if fig else None


def _distribution(figure: Any, rows: Groups, styles: list[Style], env: Any, look: Look):
    every = [row for group in rows for row in group]
    values = analysis.times(every)
    if np.unique(values).size < 3:
        return None
    dt, width = float(env.dt), float(np.diff(analysis.histogram(every).edges)[0])
    bins = edges(values, dt * np.ceil(width / dt))  # agents' times are whole steps
    found = [analysis.histogram(group, bins=bins) for group in rows]
    shares = []
    for group, one in zip(rows, found, strict=True):
        n = max(analysis.times(group).size, 1)
        shares.append((one.edges, one.correct / n, one.errors / n))
    top = 1.15 * max(float(np.max(c)) for _, c, _ in shares)
    low = max(float(np.max(e)) for *_, e in shares)
    axis = Axis("response time (ms)", np.array([bins[0], bins[-1]]))
    fig = blank(look, "RT distribution", axis, "share (errors below 0)",
                -max(1.15 * low, 0.12 * top), top)  # fmt: skip
    fig.xaxis.ticker = _ticks(float(bins[0]), float(bins[-1]))
    fig.xaxis.major_label_overrides = {}
    for (at, right, wrong), style in zip(shares, styles, strict=True):
        for part, sign, alpha in ((right, 1, 1.0), (wrong, -1, 0.75)):
            if part.any():
                x = np.repeat(at, 2)[1:-1]
                y = np.repeat(sign * part, 2)
                x, y = np.r_[x[0], x, x[-1]], np.r_[0, y, 0]
                fig.line(x, y, color=style.color, line_width=2, alpha=alpha)
                source = ColumnDataSource(dict(
                    left=at[:-1], right=at[1:], share=sign * part,
                    told=[f"{value:.1%}" for value in part],
                    which=["correct" if sign > 0 else "errors"] * len(part),
                ))  # fmt: skip
                bars = fig.quad(
                    left="left", right="right", top="share", bottom=0, source=source,
                    fill_color=style.color, fill_alpha=0.12, line_color=None,
                )  # fmt: skip
                tips = [("", style.title), ("@which", "@told"), ("ms", "@left to @right")]
                fig.add_tools(HoverTool(renderers=[bars], tooltips=tips))
    fig.yaxis.formatter = CustomJSTickFormatter(
        code="return String(Number(Math.abs(tick).toPrecision(6)))"
    )
    fig.line([bins[0], bins[-1]], [0, 0], color=look.quiet, line_width=1)
    fits = [_times_told(group) for group in rows]
    return Drawn(fig, "response times", fits)


def _ticks(low: float, high: float) -> list[float]:
    step = next(s for s in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10**9)
                if (high - low) / s <= 6)  # fmt: skip
    return [float(v) for v in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]


def _times_told(group: Sequence[Row]) -> Mapping[str, str] | str:
    told = {}
    for name, correct in (("correct", True), ("errors", False)):
        values = analysis.times(group, correct)
        if values.size:
            quantiles = np.quantile(values, (0.1, 0.5, 0.9))
            told[f"{name}: 10, 50, 90 %"] = "{:.0f}, {:.0f}, {:.0f} ms".format(*quantiles)
    return told or "no response"


def _yes_no(figure: kinds.YesNo, rows: Groups, styles: list[Style], env: Any, look: Look):
    found = [
        analysis.detection(group, figure.condition, figure.signal, figure.answer) for group in rows
    ]
    if not all(one.signals and one.noises for one in found):
        return None
    yes = answer_names(env).get(figure.answer, "yes")
    axis = Axis("", np.array([0.0, 1.0]), {0.0: "no signal", 1.0: "signal"})
    fig = blank(look, "Detection", axis, f"share of {yes}", -0.04, 1.04)
    told = []
    for k, (one, style) in enumerate(zip(found, styles, strict=True)):
        points = [_share(one.false_alarms, one.noises, 0.0), _share(one.hits, one.signals, 1.0)]
        draw(fig, points, style, axis.shift(k, len(rows)), (100, " %"))
        told.append({
            name: "{:.2f} ({:.2f} to {:.2f})".format(getattr(one, key), *one.interval(key))
            for name, key in (("d'", "d_prime"), ("criterion", "criterion"))
        })  # fmt: skip
    return Drawn(fig, "detection, log-linear", told)


def _share(k: int, n: int, level: float) -> analysis.Point:
    return analysis.Point(level, k / n, *analysis.wilson(k, n), n)


def _stay(figure: Any, rows: Groups, styles: list[Style], env: Any, look: Look):
    try:
        found = [analysis.stay(group) for group in rows]
    except ValueError:  # trials that tell no transition
        return None
    names = {0.0: "rewarded,\ncommon", 1.0: "rewarded,\nrare", 2.0: "unrewarded,\ncommon",
             3.0: "unrewarded,\nrare"}  # fmt: skip
    axis = Axis("the trial before", np.arange(4.0), names)
    fig = blank(look, "Stay probability", axis, "share of the same first choice", -0.04, 1.04)
    told = []
    for k, (one, style) in enumerate(zip(found, styles, strict=True)):
        four = (one.common_rewarded, one.rare_rewarded, one.common_unrewarded, one.rare_unrewarded)
        points = [
            analysis.Point(float(at), q.value, q.low, q.high, q.n)
            for at, q in enumerate(four)
            if q.n
        ]
        draw(fig, points, style, axis.shift(k, len(rows)), (100, " %"))
        told.append({
            "reward": f"{one.reward_effect:+.2f}",
            "reward × transition": f"{one.interaction:+.2f}",
        })  # fmt: skip
    return Drawn(fig, "stay probabilities", told)


def _produced(figure: Any, rows: Groups, styles: list[Style], env: Any, look: Look):
    told = [due_and_produced(group, env) for group in rows]
    if not any(sample.size for sample, _ in told):
        return None
    found = [spread(sample, made) for sample, made in told]
    every = np.concatenate([np.concatenate(pair) for pair in told])
    room = 0.06 * float(np.ptp(every)) or 10.0
    samples = np.unique(np.concatenate([sample for sample, _ in told]))
    few = samples if samples.size <= MAX_LEVELS else np.array([samples[0], samples[-1]])
    axis = Axis("interval to produce (ms)", few)
    fig = blank(look, "Produced intervals", axis, "produced (ms)",
                float(every.min()) - room, float(every.max()) + room)  # fmt: skip
    if samples.size > MAX_LEVELS:
        fig.xaxis.ticker = _ticks(*few.tolist())
        fig.xaxis.major_label_overrides = {}
    fig.line(samples, samples, color=look.quiet, line_dash=[4, 4], line_width=1)
    for k, ((sample, made), one, style) in enumerate(zip(told, found, styles, strict=True)):
        shift = axis.shift(k, len(rows))
        points, places = [], sample
        if np.unique(sample).size > MAX_LEVELS:
            places = quantile_means(sample, BINS)
        for level in np.unique(places):
            here = made[places == level]
            half = 1.96 * float(here.std(ddof=1)) / here.size**0.5 if here.size > 1 else 0.0
            mean = float(here.mean())
            points.append(analysis.Point(float(level), mean, mean - half, mean + half, here.size))
        fig.scatter(sample + shift, made, size=4, color=style.color, alpha=0.25, line_color=None)
        if isinstance(one, Production):
            ends = np.array([sample.min(), sample.max()])
            fig.line(ends, one.line(ends), color=style.color, line_width=1.5)
        draw(fig, points, style, shift, (1, " ms"))
    return Drawn(fig, "produced over due intervals", [_production_told(one) for one in found])


def quantile_means(values: np.ndarray, bins: int) -> np.ndarray:
    """Each value (n,) replaced by the mean of its quantile bin."""
    ends = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    _, which = np.unique(np.searchsorted(ends, values, side="right"), return_inverse=True)
    means: np.ndarray = (np.bincount(which, values) / np.bincount(which))[which]
    return means


def _production_told(one: Production | str) -> Mapping[str, str] | str:
    if isinstance(one, str):
        return one
    return {
        "slope": _span(one.line.slope, one.line.slope_interval),
        "right at": f"{one.indifference:.0f} ms",
        "bias": f"{one.bias:.0f} ms",
        "variability": f"{one.variability:.0f} ms",
    }


def due_and_produced(rows: Sequence[Row], env: Any) -> tuple[np.ndarray, np.ndarray]:
    """The intervals in ms that were to be produced, as the labels tell, and those that were."""
    task = env.declared
    since = (getattr(task.plan.rule, "since", "") or task.since) if task else ""
    due, made = [], []
    for row in rows:
        if row["produced_ms"] is None or not since:
            continue
        trial_table.begin(env, row["seed"], row["trial_index"], row["forced"], row["memory"])
        start = next(first for name, first, _ in env.periods if name == since)
        label = np.asarray(env.gt, float).reshape(len(env.gt), -1).max(axis=1)
        label[: env.window[0]] = 0
        due.append(float(np.argmax(label >= label.max()) - start) * float(env.dt))
        made.append(float(row["produced_ms"]))
    return np.array(due), np.array(made)


def _answer(figure: kinds.ShareOfAnswer, rows: Groups, styles: list[Style], env: Any, look: Look):
    told = _over_levels(figure, [_where(group, figure.where) for group in rows])
    if told is None:
        return None
    condition, groups = told
    points = [analysis.share_of(group, condition, figure.answer) for group in groups]
    levels = [q.level for found in points for q in found]
    if not levels:
        return None
    name = answer_names(env)[figure.answer]
    axis = Axis(name_of(env, condition), np.unique(levels))
    fig = blank(look, f"P({name})", axis, f"share of {name}, where offered", -0.04, 1.04)
    for k, (found, style) in enumerate(zip(points, styles, strict=True)):
        draw(fig, found, style, axis.shift(k, len(rows)), (100, " %"))
        x, y = [q.level for q in found], [q.value for q in found]
        fig.line(x, y, color=style.color, line_width=1.5)
    return Drawn(fig)


def _search(figure: kinds.SearchTimes, rows: Groups, styles: list[Style], env: Any, look: Look):
    every = [row for group in rows for row in group]
    values = sorted({row["conditions"][figure.by] for row in every}) if figure.by else [None]
    levels = np.unique([float(row["conditions"][figure.condition]) for row in every])
    axis = Axis(name_of(env, figure.condition), levels)
    drawn, told = [], []
    for group in rows:
        slopes = {}
        for value in values:
            where = {figure.by: value} if figure.by else None
            part = [r for r in group if where is None or r["conditions"][figure.by] == value]
            points = analysis.chronometric(part, figure.condition)
            found = analysis.search_slope(part, figure.condition)
            name = f"{figure.by} {value}" if figure.by else "slope"
            if isinstance(found, Line):
                slopes[name] = f"{_span(found.slope, found.slope_interval)} ms an item"
            drawn.append((points, found, value))
        told.append(slopes or "too few trials for a line")
    highs = [q.high for points, *_ in drawn for q in points]
    if not highs:
        return None
    fig = blank(look, "Search", axis, "median RT, correct (ms)", -0.04 * max(highs),
                1.1 * max(highs))  # fmt: skip
    for k, (points, found, value) in enumerate(drawn):
        style = styles[k // len(values)]
        shift = axis.shift(k // len(values), len(rows))
        draw(fig, points, style, shift, (1, " ms"))
        if isinstance(found, Line):
            dash = [6, 4] if values.index(value) else "solid"
            fig.line(levels, found(levels), color=style.color, line_width=1.5, line_dash=dash)
    return Drawn(fig, "search", told)


def _blocks(figure: kinds.BiasByBlock, rows: Groups, styles: list[Style], env: Any, look: Look):
    every = [row for group in rows for row in group]
    condition = next((c for c in conditions_for(every) if c not in (figure.block, ANSWER)), None)
    second = condition and second_answer(rows, condition)
    if not condition or not second:
        return None
    blocks = sorted({row["conditions"][figure.block] for row in every})
    name = answer_names(env)[second]
    axis = Axis(figure.block, np.array([float(b) for b in blocks]))
    fig = blank(look, "Blocks", axis, f"share of {name}", -0.04, 1.04)
    told: list[Mapping[str, str] | str] = []
    for k, (group, style) in enumerate(zip(rows, styles, strict=True)):
        answered = [row for row in group if row["response"] is not None]
        points = analysis.share_of(answered, figure.block, second)
        draw(fig, points, style, axis.shift(k, len(rows)), (100, " %"))
        found = analysis.by_block(group, condition, figure.block, ANSWER, second)
        biases = {
            f"bias in block {one.block}": _span(one.fit.threshold, one.fit.intervals["threshold"])
            for one in found
            if isinstance(one.fit, Fit)
        }
        told.append(biases or f"blocks: {found[0].fit}")
    return Drawn(fig, f"share of {name} and bias by block", told)


DRAW: dict[type[kinds.Figure], Callable[..., Drawn | None]] = {
    kinds.Choices: _choices,
    kinds.MedianTimes: _median_times,
    kinds.TimeDistribution: _distribution,
    kinds.YesNo: _yes_no,
    kinds.StayProbability: _stay,
    kinds.ProducedIntervals: _produced,
    kinds.ShareOfAnswer: _answer,
    kinds.SearchTimes: _search,
    kinds.BiasByBlock: _blocks,
}


# -- what was followed -----------------------------------------------------------------------------


def followed(rows: Sequence[Row], env: Any) -> list[str]:
    """What staircases and QUEST+ had found after the last of some rows."""
    task, done = env.declared, trial_table.finished(rows)
    if task is None or not done or not task.plan.following:
        return []
    last = done[-1]
    outcome = Outcome[last["outcome"].upper()]
    result = Result(float(last["performance"]), outcome, last["response"] or 0)
    if not last["memory"]:
        return []
    return [str(found) for found in task.estimates(
        task.learn(last["memory"], last["conditions"], result))]  # fmt: skip


# -- all together ----------------------------------------------------------------------------------


def paper(
    groups: Sequence[tuple[str, Sequence[Row]]], *, dark: bool = False, svg: bool = False
) -> LayoutDOM | None:
    """The figures that belong to the task of some subjects, their key, and a table of the fits.

    Which figures those are, the task declares (`Task.figures`); where it does not, they follow from
    what it asks for. Each figure is saved with its key.

    Args:
        groups: (title, rows of the trial table), all of one task.
        dark: for a dark page; the background is transparent in both cases.
        svg: draw vectors, and save as such.

    Returns:
        None if there is no trial, or nothing to draw.
    """
    pairs = [
        (style, trial_table.finished(rows))
        for style, (_, rows) in zip(styles_of(groups, dark), groups, strict=True)
    ]
    pairs = [(style, rows) for style, rows in pairs if rows]
    if not pairs:
        return None
    styles, rows = [style for style, _ in pairs], [list(rows) for _, rows in pairs]
    look, env = Look(dark, svg), trial_table.env_of(rows[0][0])
    every = [row for group in rows for row in group]
    made = [DRAW[type(kind)](kind, rows, styles, env, look) for kind in figures_of(env, every)]
    drawn = [one for one in made if one is not None]
    notes = [followed(group, env) for group in rows]
    if not drawn and not any(notes):
        return None
    key = key_of(styles, ["; ".join(note) for note in notes], look)
    for one in drawn:
        own = _told_with(one, styles, notes, look)
        name = re.sub(r"[^a-z0-9]+", "-", one.figure.title.text.lower()).strip("-")
        one.figure.add_tools(save_tool(one.figure, name, look, own))
    parts: list[LayoutDOM] = [
        side_by_side([one.figure for one in some], sizing_mode="stretch_width", spacing=16)
        for some in _lines(drawn)
    ]
    table = _table(drawn, styles, look)
    parts += [key.model, *([table] if table else [])]
    return column(parts, sizing_mode="stretch_width")


def _told_with(
    one: Drawn, styles: Sequence[Style], notes: Sequence[Sequence[str]], look: Look
) -> Legend:
    """The key of a saved figure: each subject, then what was fitted, word by word."""
    entries: list[Entry] = []
    for k, (style, note) in enumerate(zip(styles, notes, strict=True)):
        told = one.fits[k] if one.fits else ""
        words = [told] if isinstance(told, str) else [f"{n} {v}" for n, v in told.items()]
        entries.append(
            (Piece(style.sign, style.color, 17, True), Piece(f" {style.title}", size=14))
        )
        entries += [(Piece(word, look.quiet),) for word in (*words, *note) if word]
    return Legend(entries, look.ink)


def _lines(drawn: Sequence[Drawn]) -> Iterator[Sequence[Drawn]]:
    """Figures by line: of four, two and two."""
    n = 2 if len(drawn) in (2, 4) else A_LINE
    for first in range(0, len(drawn), n):
        yield drawn[first : first + n]


def _table(drawn: Sequence[Drawn], styles: Sequence[Style], look: Look) -> Div | None:
    """What was fitted: a part for each figure, a line for each subject; intervals are 95 %."""
    parts = []
    for one in drawn:
        if not one.fits:
            continue
        columns = list(dict.fromkeys(
            name for told in one.fits if not isinstance(told, str) for name in told
        ))  # fmt: skip
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        lines = "".join(
            f'<tr><td><span style="color:{style.color}">{style.sign}</span>'
            f" {escape(style.title)}</td>{_cells(told, columns)}</tr>"
            for style, told in zip(styles, one.fits, strict=True)
        )
        parts.append(f"<tr><th>{escape(one.caption)}</th>{head}</tr>{lines}")
    if not parts:
        return None
    css = (
        "table{border-collapse:collapse}th,td{padding:2px 18px 2px 0;text-align:left;"
        "font-weight:400;vertical-align:top}th{color:" + look.quiet + ";padding-top:8px}"
    )
    text = f"<table>{''.join(parts)}</table>"
    return Div(
        text=text, stylesheets=[css], margin=(4, 0, 8, 64), css_classes=["fits"],
        styles={"color": look.ink, "font-size": "13px", "overflow-x": "auto"},
    )  # fmt: skip


def _cells(told: Mapping[str, str] | str, columns: Sequence[str]) -> str:
    if isinstance(told, str):
        return f'<td colspan="{max(len(columns), 1)}">{escape(told)}</td>'
    return "".join(f"<td>{escape(told.get(name, ''))}</td>" for name in columns)
