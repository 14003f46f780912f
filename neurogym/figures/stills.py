"""Still pictures of a task as SVG: the screens of a trial, and its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from neurogym.envs.has_trials import HasTrials
from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.durations import to_steps
from neurogym.spec.light import BACKGROUND, light, pixels, shade
from neurogym.spec.primitives import TURN, envelope, is_lit, is_there, value
from neurogym.trials.task import Task

GREY = "#808080"
SIZE = 100.0  # of a screen, in the picture's units
THINNEST, STEADY = 1.0, 46  # of a line; and dots in a cloud, so that a small picture shows them
CODED = pixels(light(BACKGROUND) * np.linspace(0, 2, 97)) / 255
TRANSFER = "".join(
    f'<feFunc{part} type="table" tableValues="{" ".join(f"{v:.4f}" for v in CODED)}"/>'
    for part in "RGB"
)  # from twice the stage's light to a screen's pixel values
SMALLEST, LETTER = 10.5, 0.56  # text: its size, and the width of a letter as a share of it


class Pen:
    """Draws primitives as SVG, in a stage of SIZE around (SIZE / 2, SIZE / 2).

    It draws for small pictures: no line or text is too small to be seen, clouds are of a few large
    dots, and all that flashes, drifts or fades is shown as it is at its fullest. An `exact` one
    draws what there is to see `ms` after all came on.
    """

    def __init__(self, ident: str, exact: bool = False, ms: float = 0.0):
        self.ident, self.exact, self.ms = ident, exact, ms
        self.rng = np.random.default_rng(5)
        self.defined = 0

    def draw(self, primitive: dict[str, Any], row: np.ndarray) -> str:
        """A primitive in a step; nothing if it is not to be seen."""
        e = {name: value(field, row) for name, field in primitive.items()}
        if not hasattr(self, f"_{e['kind']}") or not self._visible(e):
            return ""
        x, y = SIZE / 2 + e["x"] * SIZE, SIZE / 2 - e["y"] * SIZE
        place = f"translate({x:.2f} {y:.2f})"
        if e.get("turn"):
            place += f" rotate({-np.degrees(e['turn']):.2f})"
        if e.get("along"):
            place += f" translate({e['along'] * SIZE:.2f} 0)"
        color, alpha = escape(str(e["color"])), float(np.clip(e["alpha"], 0, 1))
        body = getattr(self, f"_{e['kind']}")(e)
        return f'<g transform="{place}" fill="{color}" opacity="{alpha:g}">{body}</g>'

    def _visible(self, e) -> bool:
        dark = self.exact and "flash" in e and not is_lit(self.ms, **e["flash"])
        return is_there(e) and not dark

    def _wide(self, size: float) -> float:
        """A length that can be seen, in the picture's units."""
        size = abs(size) * SIZE
        return size if self.exact or not size else max(size, THINNEST)

    def _stroke(self, e, round_ends: bool) -> str:
        if e["stroke"] is None:
            return ""
        cap = ' stroke-linecap="round"' if round_ends else ""
        color = escape(str(e["color"]))
        return f' fill="none" stroke="{color}" stroke-width="{self._wide(e["stroke"]):.2f}"{cap}'

    def _path(self, e):
        points = np.array(e["points"]) * (e["width"], -e["height"]) * SIZE
        if e["stroke"] is None and not self.exact:
            extent = np.ptp(points, axis=0)
            points *= np.where(extent > 0, np.maximum(THINNEST / np.maximum(extent, 1e-9), 1), 1)
        corners = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        end = "Z" if e["closed"] else ""
        return f'<path d="M{corners}{end}"{self._stroke(e, not e["closed"])}/>'

    def _circle(self, e):
        r, start, stop = max(e["radius"], 0) * SIZE, e["start"], e["stop"]
        stroke = self._stroke(e, e["round"])
        if stop - start >= TURN - 1e-9:
            return f'<circle r="{r:.2f}"{stroke}/>'
        if stop <= start:
            return ""
        ends = [f"{r * np.cos(a):.2f} {-r * np.sin(a):.2f}" for a in (start, stop)]
        far = int(stop - start > np.pi)
        return f'<path d="M{ends[0]}A{r:.2f} {r:.2f} 0 {far} 0 {ends[1]}"{stroke}/>'

    def _text(self, e):
        text, size, shift = e["text"], e["size"] * SIZE, 0.0
        if not self.exact:
            fits = 1.9 * SIZE * (0.5 - abs(e["x"])) / (LETTER * max(len(text), 1))
            size = max(size, min(max(1.3 * size, SMALLEST), fits))
            middle = SIZE / 2 - e["y"] * SIZE
            shift = np.clip(middle, size / 2, SIZE - size / 2) - middle
        return (
            f'<text font-size="{size:.2f}" text-anchor="middle" y="{shift:.2f}"'
            f' dy="{e["drop"]:g}em">{escape(text)}</text>'
        )

    def _dots(self, e):
        radius, n, dot = e["aperture"] * SIZE / 2, STEADY, 0.95
        if self.exact:
            n, dot = max(1, round(e["density"] / 60)), e["dot"] * SIZE / 2
        r, a = radius * np.sqrt(self.rng.random(n)), self.rng.uniform(0, TURN, n)
        first = self.rng.random(n) < e["color_share"]
        colors = [shade(color, e["contrast"]) for color in e["colors"]]
        dots = "".join(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{dot:.2f}" fill="{colors[0 if f else 1]}"/>'
            for x, y, f in zip(r * np.cos(a), r * np.sin(a), first, strict=True)
        )
        return f"<g>{dots}</g>"

    def _waves(self, e):
        """Sine waves, one over the other, in a round window.

        They are laid over one another as light, of which 127.5 is the stage's, and then coded.
        """
        contrast, phase = e["contrast"], e["phase"]
        if self.exact:
            phase -= TURN * e["hz"] * self.ms / 1000
            contrast *= envelope(e, self.ms)
        r, window = e["size"] * SIZE / 2, self._window(e)
        waves = "".join(
            self._wave(e, angle, contrast, phase, r, 1 / (k + 1))
            for k, angle in enumerate(e["angles"])
        )
        name = self._name()
        coded = (
            f'<filter id="{name}-light" color-interpolation-filters="sRGB">'
            f"<feComponentTransfer>{TRANSFER}</feComponentTransfer></filter>"
        )
        return (
            f'{window}{coded}<g filter="url(#{name}-light)"><circle r="{r:.2f}" fill="{GREY}"/>'
            f'<g mask="url(#{name})">{waves}</g></g>'
        )

    def _name(self, new: bool = False) -> str:
        self.defined += new
        return f"{self.ident}-{self.defined}"

    def _wave(self, e, angle, contrast, phase, r, opacity) -> str:
        length = SIZE / e["frequency"]
        x, y = length * np.cos(angle), -length * np.sin(angle)
        late = -phase / TURN
        levels = np.rint(127.5 * (1 + contrast * np.sin(np.arange(17) * np.pi / 8))).astype(int)
        stops = "".join(
            f'<stop offset="{k / 16:g}" stop-color="rgb({v},{v},{v})"/>'
            for k, v in enumerate(np.clip(levels, 0, 255))
        )
        id = f"{self._name()}-{angle:.4f}".replace(".", "-")
        return (
            f'<linearGradient id="{id}" gradientUnits="userSpaceOnUse" spreadMethod="repeat"'
            f' x1="{late * x:.3f}" y1="{late * y:.3f}" x2="{(late + 1) * x:.3f}"'
            f' y2="{(late + 1) * y:.3f}">{stops}</linearGradient>'
            f'<circle r="{r:.2f}" fill="url(#{id})" opacity="{opacity:g}"/>'
        )

    def _window(self, e) -> str:
        """A mask that fades as the window does; colours are linear in it."""
        self._name(new=True)
        soft, n = float(np.clip(e["soft"], 0, 1)), 8
        edge = [(1 - soft + soft * k / n, 0.5 + 0.5 * np.cos(np.pi * k / n)) for k in range(n + 1)]
        stops = "".join(
            f'<stop offset="{at:.4f}" stop-color="#fff" stop-opacity="{much:.4f}"/>'
            for at, much in (edge if soft > 0 else [(0, 1)])
        )
        name, r = self._name(), e["size"] * SIZE / 2
        box = f'x="{-r:.2f}" y="{-r:.2f}" width="{2 * r:.2f}" height="{2 * r:.2f}"'
        return (
            f'<radialGradient id="{name}-fade" gradientUnits="userSpaceOnUse" cx="0" cy="0"'
            f' r="{r:.2f}">{stops}</radialGradient><mask id="{name}" maskUnits="userSpaceOnUse"'
            f' {box}><circle r="{r:.2f}" fill="url(#{name}-fade)"/></mask>'
        )


class Screen:
    """The stage of a task in one step, as SVG in a box as high as SIZE.

    Of several tasks at once each has a panel, side by side; `live` tells which of them are on.
    """

    def __init__(
        self,
        env: HasTrials,
        ob: np.ndarray,
        active: list[str],
        clip: str,
        live: Sequence[bool] = (),
    ):
        self.ob, self.active, self.clip, self.live = ob, active, clip, live
        task = env.declared
        self.scene = task.plan.scene.resolve(task, env.trial) if task else []
        self.panels = panels_of(env)
        self.width = width_of(env)
        self.pen = Pen(clip)
        self.shapes = self._shapes()

    def svg(self) -> str:
        """The screen and what is on it."""
        frame = f'<rect width="{self.width:g}" height="{SIZE:g}" rx="5" fill="{GREY}"/>'
        edges = (self.width * j / self.panels for j in range(1, self.panels))
        lines = [
            f'<path d="M{x:.2f} 0V{SIZE:g}" stroke="#6c6c6c" stroke-width="0.7"/>' for x in edges
        ]
        return f'<g clip-path="url(#{self.clip})">{frame}{"".join(lines + self.shapes)}</g>'

    def _shapes(self) -> list[str]:
        """What is visible."""
        if not self.scene:
            return [self._bars()]
        shown = ((e, self.pen.draw(e, self.ob)) for e in self.scene if self._visible(e))
        return [self._placed(shape, e.get("panel")) for e, shape in shown if shape]

    def _placed(self, shape: str, panel: Sequence[int] | None) -> str:
        """A shape of one of several tasks, in its panel."""
        if not panel:
            return shape
        j, n = panel
        scale, middle = min(1.0, self.width / n / SIZE), self.width * (j + 0.5) / n
        x, y = middle - scale * SIZE / 2, SIZE * (1 - scale) / 2
        return f'<g transform="translate({x:.2f} {y:.2f}) scale({scale:.3f})">{shape}</g>'

    def _visible(self, e: dict[str, Any]) -> bool:
        on = "during" not in e or bool(set(e["during"]) & set(self.active))
        on = on and ("panel" not in e or self.live[e["panel"][0]])
        return on and ("show" not in e or self.ob[e["show"]] > 0.5)

    def _bars(self) -> str:
        """A bar for each channel, for tasks without a scene."""
        ob = np.ravel(self.ob)[:24]
        top = max(1.0, float(np.abs(ob).max()))
        w = 80 / len(ob)
        return "".join(
            f'<rect x="{10 + i * w:.2f}" y="{50 - max(v, 0) / top * 36:.2f}" width="{w * 0.7:.2f}"'
            f' height="{abs(v) / top * 36 + 0.6:.2f}" fill="#f5f5f5"/>'
            for i, v in enumerate(ob.tolist())
        )


FAINT = 0.1  # contrast
LONGEST = 2000  # steps of an episode that doing nothing may never end
MOST = 8  # screens of several tasks at once


def panels_of(env: HasTrials) -> int:
    """How many tasks are on the screen at once."""
    return len(env.declared.together) or 1 if env.declared else 1


def width_of(env: HasTrials) -> float:
    """Of a screen: several panels make it wider."""
    n = panels_of(env)
    return SIZE if n == 1 else SIZE * 0.8 * n


def begin(env: HasTrials) -> np.ndarray:
    """Begin the trial that is shown: one that shows most, if there is one soon.

    Of several tasks that is one that has all; else one with an answer, which ends it late, and
    nothing too faint for a small picture.
    """
    joint = panels_of(env) > 1
    for index in range(3, 60 if joint else 12):
        first = trial_table.begin(env, seed=7, index=index)
        if all(env.parts) if joint else _is_answered_late(env) and not _is_faint(env):
            return first
    return trial_table.begin(env, seed=7, index=3)


def _is_answered_late(env: HasTrials) -> bool:
    """Whether there is a label, after which no more than one period begins."""
    if env.declared is None or env.declared.closed or env.gt is None:
        return True
    labelled = np.flatnonzero(env.gt)
    return bool(labelled.size) and sum(start > labelled[0] for _, start, _ in env.periods) < 2


def _is_faint(env: HasTrials) -> bool:
    """Whether something has a contrast that a small picture does not show."""
    task = env.declared
    if task is None:
        return False
    shown = task.plan.scene.resolve(task, env.trial)
    contrasts = [e["contrast"] for e in shown if "contrast" in e]
    return any(isinstance(contrast, int | float) and contrast < FAINT for contrast in contrasts)


def _typical(
    env: HasTrials,
) -> tuple[trial_table.Trace, list[tuple[list[str], int]], list[Sequence[bool]]]:
    """A trial as the oracle plays it, its moments, and which of several tasks are on in each step.

    A moment is a label for each panel, and a place in the trace.
    """
    first = begin(env)
    live: list[Sequence[bool]] = []
    steps = iter(range(max(LONGEST, *(stop for _, _, stop in env.periods), 0)))

    def act(ob: np.ndarray) -> Any:
        if next(steps, None) is None:
            raise ValueError("its trials may have no end")
        live.append(env.live)
        return 0 if env.gt_now is None else env.gt_now

    trace = trial_table.run_trial(env, act, first)
    picks = _periods(trace) if panels_of(env) == 1 else _moments(env, trace, live)
    begin(env)
    return trace, picks, live


def _periods(trace: trial_table.Trace) -> list[tuple[list[str], int]]:
    """The middle of each period."""
    picks = []
    for name, start, stop in trace.periods:
        inside = np.flatnonzero((trace.steps >= start) & (trace.steps < stop))
        if inside.size:
            picks.append(([name], int(inside[(inside.size - 1) // 2])))
    return picks


def _moments(
    env: HasTrials, trace: trial_table.Trace, live: list[Sequence[bool]]
) -> list[tuple[list[str], int]]:
    """The middle of stretches in which no task's period changes: those that show most of them."""
    together = env.declared.together if env.declared else ()
    own = [{whole: name for name, whole in m.periods.items()} for m in together]
    told = []
    for k, on in zip(trace.steps.tolist(), live, strict=True):
        active = [name for name, start, stop in trace.periods if start <= k < stop]
        told.append(
            [" ".join(own[j][p] for p in active if on[j] and p in own[j]) for j in range(len(own))]
        )
    edges = [0, *(i for i in range(1, len(told)) if told[i] != told[i - 1]), len(told)]
    spans = [(a, b) for a, b in pairwise(edges) if any(told[a])]
    chosen: list[tuple[int, int]] = []
    shown: set[tuple[int, str]] = {(j, "") for j in range(len(own))}
    while spans and len(chosen) < MOST:
        best = max(spans, key=lambda s: (len({*enumerate(told[s[0]])} - shown), s[1] - s[0]))
        spans.remove(best)
        chosen.append(best)
        shown |= {*enumerate(told[best[0]])}
    return [(told[a], (a + b - 1) // 2) for a, b in sorted(chosen)]


def _telling(drawn: Sequence[Screen], most: int) -> list[int]:
    """So many screens at most, in their order: those that show most, first of what is new."""
    chosen: list[int] = []
    shown: set[str] = set()
    while len(chosen) < min(most, len(drawn)):
        rest = [i for i in range(len(drawn)) if i not in chosen]
        best = max(rest, key=lambda i: (len({*drawn[i].shapes} - shown), len(drawn[i].shapes)))
        chosen.append(best)
        shown |= {*drawn[best].shapes}
    return sorted(chosen)


def screens(env: HasTrials, ident: str, most: int | None = None) -> str:
    """The screens of a typical trial, one a period, in a cascade; at most so many, if told."""
    trace, picks, live = _typical(env)
    drawn = []
    for _, at in picks:
        k = trace.steps[at]
        active = [p for p, start, stop in trace.periods if start <= k < stop]
        seen = np.append(trace.ob[at], trace.actions[at]) if np.ndim(trace.rest) else trace.ob[at]
        drawn.append(Screen(env, seen, active, f"clip-{ident}", live[at]))
    told = _telling(drawn, most or len(drawn))
    wide = width_of(env)
    step, down = (wide + 4, 8) if wide == SIZE else (wide + 8, 0)
    columns = len(told) if wide == SIZE else 4
    across, rows = min(columns, len(told)) - 1, (len(told) - 1) // max(columns, 1)
    width = wide + step * max(across, 0) + 10
    height = SIZE + down * max(across, 0) + 22 + (SIZE + 22) * rows
    parts = []
    for i, chosen in enumerate(told):
        names = picks[chosen][0]
        label = "".join(
            f'<text x="{4 + wide * j / len(names):g}" y="{SIZE + 11}" font-size="{SMALLEST}"'
            f' fill="currentColor">{escape(name)}</text>'
            for j, name in enumerate(names)
        )
        edge = f'<rect width="{wide:g}" height="{SIZE:g}" rx="5" fill="none" class="edge"/>'
        row, column = divmod(i, columns)
        x, y = 5 + column * step, 5 + column * down + row * (SIZE + 22)
        picture = drawn[chosen].svg()
        parts.append(f'<g transform="translate({x:g} {y:g})">{picture}{edge}{label}</g>')
    box = f'<rect width="{wide:g}" height="{SIZE:g}" rx="5"/>'
    clip = f'<clipPath id="clip-{ident}">{box}</clipPath>'
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Screens of a trial"'
        ' preserveAspectRatio="xMidYMid meet" style="width:100%;height:100%"><style>.edge{stroke:'
        "var(--panel-background-color,#fff);stroke-width:1.6}</style>"
        f"<defs>{clip}</defs>{''.join(parts)}</svg>"
    )


COLORS = ("#9db4c0", "#5c8fd6", "#b8a6d9", "#6fbf8b", "#e2a65b", "#d77a7a", "#7fb9c9", "#c9b36c")


def timeline(env: HasTrials) -> str:
    """The periods of a trial in proportion, with what dt makes of each; random parts pale.

    Of several tasks each has rows of its own. What wrappers changed is told, and a line runs under
    the periods in which a response counts.
    """
    if env.declared is None:
        raise ValueError(f"{env} declares no periods")
    groups = _groups(env.declared)
    total = max((start + high for *_, spans in groups for start, _, high in spans.values()))
    scale, y, rows = 560 / max(total, env.dt), 8, []
    for task, label, spans in groups:
        if len(groups) > 1:
            rows.append(f'<text x="8" y="{y + 15}" font-weight="600">{escape(label)}</text>')
            y += 26
        for i, (name, span) in enumerate(spans.items()):
            rows.append(_period(task, name, span, scale, y, COLORS[i % len(COLORS)]))
            y += 30
    if any(_asked(task) for task, *_ in groups):
        y += 16
        rows.append(
            f'<rect x="120" y="{y - 9}" width="26" height="3" rx="1.5" fill="currentColor"'
            f' opacity="0.55"/><text x="154" y="{y - 3}" class="note">a response counts</text>'
        )
    return (
        f'<svg viewBox="0 0 900 {y + 8}" role="img" aria-label="Timeline of a trial"'
        ' style="width:100%" font-size="14" fill="currentColor" font-family="inherit">'
        "<style>.note{opacity:.75;font-size:13px}</style>" + "".join(rows) + "</svg>"
    )


def _groups(task: Task) -> list[tuple[Task, str, dict[str, Any]]]:
    """Each task's name and periods: (start, least length, greatest length) in ms."""
    return [(own, own.label, _spans(own, shift * task.dt)) for own, shift in task.leaves()]


def _spans(task: Task, shift: float) -> dict[str, tuple[float, float, float]]:
    env, total = TaskEnv(task), shift
    spans: dict[str, tuple[float, float, float]] = {}
    trial_table.begin(env, seed=1, index=0)
    for name, duration in task.plan.timing.items():
        partner = task.starts_with.get(name)
        low, high = duration.bounds
        if duration.kind in ("times", "until"):
            low = high = (env.end_ind[name] - env.start_ind[name]) * env.dt
        low, high = (float(to_steps(ms, task.dt)) * task.dt for ms in (low, high))
        start = spans[partner][0] if partner else total
        spans[name] = start, low, high
        total = max(total, start + high)
    return spans


def _asked(task: Task) -> Sequence[str]:
    """The periods in which a response counts."""
    rule = task.plan.rule
    return getattr(rule, "asked", rule.periods) if rule else task.window


def _period(task: Task, name: str, span: tuple, scale: float, y: float, color: str) -> str:
    """A row of the timeline."""
    start, low, high = span
    x, w, more = 120 + start * scale, low * scale, (high - low) * scale
    given, before = str(task.plan.timing[name]), str(task.timing.get(name, ""))
    steps = f"{low / task.dt:g}" if low == high else f"{low / task.dt:g}-{high / task.dt:g}"
    ms = f"{low:g}" if low == high else f"{low:g}-{high:g}"
    note = f"{steps} steps = {ms} ms"
    title = f"<title>{escape(name)}: {escape(given)}; at dt {task.dt:g} ms: {note}</title>"
    if given != before:
        note += f" (was {before})" if before else " (new)"
    counts = ""
    if name in _asked(task) and high:
        counts = (
            f'<rect x="{x:.1f}" y="{y + 22}" width="{w + more:.1f}" height="3" rx="1.5"'
            ' fill="currentColor" opacity="0.55"/>'
        )
    return (
        f'<g>{title}<text x="112" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{x:.1f}" y="{y}" width="{max(w, 1.5):.1f}" height="20" rx="3"'
        f' fill="{color}"/>'
        f'<rect x="{x + w:.1f}" y="{y}" width="{more:.1f}" height="20" rx="3" fill="{color}"'
        f' opacity="0.45"/>{counts}'
        f'<text x="696" y="{y + 15}" class="note">{escape(note)}</text></g>'
    )
