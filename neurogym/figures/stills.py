"""Still pictures of a task as SVG: the screens of a trial, and its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import gymnasium as gym
import numpy as np

from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.durations import to_steps
from neurogym.spec.scene import value
from neurogym.trials.task import Task
from neurogym.wrappers.joint import Composite
from neurogym.wrappers.simultaneous import Combined

GREY = "#808080"
SIZE = 100.0  # of a screen, in the picture's units
SMALLEST, LETTER = 10.5, 0.56  # text: its size, and the width of a letter as a share of it


class Screen:
    """The stage of a task in one step, as SVG in a box as high as SIZE.

    Of several tasks at once each has a panel, side by side; `live` tells which of them are on.
    """

    def __init__(
        self, env: gym.Env, ob: np.ndarray, active: list[str], clip: str, live: Sequence[bool] = ()
    ):
        self.ob, self.active, self.clip, self.live = ob, active, clip, live
        scene = env.task.plan.scene.resolve(env.task, env.trial) if isinstance(env, TaskEnv) else []
        self.elements = scene
        self.panels = panels_of(env)
        self.width = width_of(env)
        self.rng = np.random.default_rng(5)
        self.gradients = 0
        self.shapes = self._shapes()

    def svg(self) -> str:
        """The screen with its elements."""
        frame = f'<rect width="{self.width:g}" height="{SIZE:g}" rx="5" fill="{GREY}"/>'
        edges = (self.width * j / self.panels for j in range(1, self.panels))
        lines = [
            f'<path d="M{x:.2f} 0V{SIZE:g}" stroke="#6c6c6c" stroke-width="0.7"/>' for x in edges
        ]
        return f'<g clip-path="url(#{self.clip})">{frame}{"".join(lines + self.shapes)}</g>'

    def _shapes(self) -> list[str]:
        """The elements that are visible."""
        if not self.elements:
            return [self._bars()]
        shown = [e for e in self.elements if self._visible(e)]
        return [self._placed(self._element(e), e.get("panel")) for e in shown]

    def _placed(self, shape: str, panel: Sequence[int] | None) -> str:
        """A shape of one of several tasks, in its panel."""
        if not panel:
            return shape
        j, n = panel
        scale, middle = min(1.0, self.width / n / SIZE), self.width * (j + 0.5) / n
        x, y = middle - scale * SIZE / 2, SIZE * (1 - scale) / 2
        return f'<g transform="translate({x:.2f} {y:.2f}) scale({scale:.3f})">{shape}</g>'

    def _visible(self, e: dict[str, Any]) -> bool:
        on = e["during"] is None or bool(set(e["during"]) & set(self.active))
        on = on and (not e.get("panel") or self.live[e["panel"][0]])
        return on and (e["show"] is None or self.ob[e["show"]] > 0.5)

    def _element(self, element: dict[str, Any]) -> str:
        e = {name: value(field, self.ob) for name, field in element.items()}
        x, y = SIZE / 2 + e["x"] * SIZE, SIZE / 2 - e["y"] * SIZE
        body = getattr(self, f"_{e['kind']}")(e)
        fill = f'fill="{escape(str(e["color"]))}" opacity="{e["alpha"]}"'
        return f'<g transform="translate({x:.2f} {y:.2f})" {fill}>{body}</g>'

    def _cross(self, e):
        s, w = e["size"] * SIZE, max(e["width"] * SIZE, 1.2)
        return (
            f'<rect x="{-s / 2:.2f}" y="{-w / 2:.2f}" width="{s:.2f}" height="{w:.2f}"/>'
            f'<rect x="{-w / 2:.2f}" y="{-s / 2:.2f}" width="{w:.2f}" height="{s:.2f}"/>'
        )

    def _outlined(self, e):
        if e.get("outline") is None:
            return ""
        width = max(e["outline"] * SIZE, 0.8)
        return f'fill="none" stroke="{escape(str(e["color"]))}" stroke-width="{width:.2f}"'

    def _disc(self, e):
        return f'<circle r="{e["radius"] * SIZE:.2f}" {self._outlined(e)}/>'

    def _corners(self, radii: list[float], rotation: float) -> str:
        angles = np.pi / 2 + rotation + np.arange(len(radii)) * 2 * np.pi / len(radii)
        return " ".join(
            f"{r * SIZE * np.cos(a):.2f},{-r * SIZE * np.sin(a):.2f}"
            for r, a in zip(radii, angles, strict=True)
        )

    def _polygon(self, e):
        points = self._corners([e["radius"]] * e["sides"], e["rotation"])
        return f'<polygon points="{points}" {self._outlined(e)}/>'

    def _star(self, e):
        radii = [e["radius"], e["radius"] * 0.45] * e["points"]
        return f'<polygon points="{self._corners(radii, 0.0)}"/>'

    def _bar(self, e):
        w, h = e["width"] * SIZE, e["height"] * SIZE
        turn = -np.degrees(e["angle"])
        box = f'x="{-w / 2:.2f}" y="{-h / 2:.2f}" width="{w:.2f}" height="{h:.2f}"'
        return f'<rect {box} transform="rotate({turn:.1f})"/>'

    def _arc(self, e):
        color = escape(str(e["color"]))
        r, w = e["radius"] * SIZE, max(e["width"] * SIZE, 0.8)
        return f'<circle r="{r:.2f}" fill="none" stroke="{color}" stroke-width="{w:.2f}"/>'

    def _pointer(self, e):
        length, w = e["length"] * SIZE, e["width"] * SIZE
        x, y = length * np.cos(e["angle"]), -length * np.sin(e["angle"])
        color = escape(str(e["color"]))
        return (
            f'<line x2="{x:.2f}" y2="{y:.2f}" stroke="{color}" stroke-width="{w:.2f}"'
            f' stroke-linecap="round"/>'
        )

    def _marker(self, e):
        r = e["radius"] * SIZE
        x, y, size = r * np.cos(e["angle"]), -r * np.sin(e["angle"]), e["size"] * SIZE
        if e["shape"] == "triangle":  # its tip points to the centre
            tip = ((0, 0.6), (-0.42, -0.4), (0.42, -0.4))
            points = " ".join(f"{a * size:.2f},{b * size:.2f}" for a, b in tip)
            turn = 90 - np.degrees(e["angle"])
            place = f"translate({x:.2f} {y:.2f}) rotate({turn:.1f})"
            return f'<polygon points="{points}" transform="{place}"/>'
        return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{size / 2:.2f}"/>'

    def _speaker(self, e):
        """The sign of a sound: a speaker, and waves that go as far as the level."""
        level, color = float(np.clip(e["level"], 0, 1)), escape(str(e["color"]))
        n = int(np.ceil(3 * level))
        waves = "".join(
            f'<path d="M{-0.1 + r * 0.732:.3f} {-r * 0.682:.3f}A{r:.3f} {r:.3f} 0 0 1'
            f' {-0.1 + r * 0.732:.3f} {r * 0.682:.3f}" fill="none" stroke="{color}"'
            ' stroke-width="0.09" stroke-linecap="round"/>'
            for r in (0.17 + 0.6 * level * i / n for i in range(1, n + 1))
        )
        body = "-0.55,-0.18 -0.35,-0.18 -0.05,-0.45 -0.05,0.45 -0.35,0.18 -0.55,0.18"
        size = e["size"] * SIZE
        across = -size if e["ear"] == "left" else size
        scale = f'transform="scale({across:.2f} {size:.2f})"'
        return f'<g {scale} class="sound"><polygon points="{body}"/>{waves}</g>'

    _tone = _noise = _clicks = _speaker

    def _text(self, e):
        text, size = str(e["text"]), e["size"] * SIZE
        fits = 1.9 * SIZE * (0.5 - abs(e["x"])) / (LETTER * max(len(text), 1))
        size = max(size, min(max(1.3 * size, SMALLEST), fits))
        middle = SIZE / 2 - e["y"] * SIZE
        shift = np.clip(middle, size / 2, SIZE - size / 2) - middle
        return (
            f'<text font-size="{size:.2f}" text-anchor="middle" y="{shift:.2f}" dy="0.35em">'
            f"{escape(text)}</text>"
        )

    def _dots(self, e):
        n, radius = 46, e["aperture"] * SIZE / 2
        r, a = radius * np.sqrt(self.rng.random(n)), self.rng.uniform(0, 2 * np.pi, n)
        colors = e.get("colors") or (e["color"], e["color"])
        first = self.rng.random(n) < e["color_share"]
        return "".join(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.95" fill="{colors[0 if f else 1]}"/>'
            for x, y, f in zip(r * np.cos(a), r * np.sin(a), first, strict=True)
        )

    def _grating(self, e):
        return self._stripes(e, e["angle"], 1.0)

    def _plaid(self, e):
        left, right = e["angle"] - e["spread"], e["angle"] + e["spread"]
        return self._stripes(e, left, 1.0) + self._stripes(e, right, 0.5)

    def _stripes(self, e, angle: float, opacity: float) -> str:
        """A sine wave in a round window, whose edge is sharp here."""
        self.gradients += 1
        id, length = f"{self.clip}-{self.gradients}", SIZE / e["frequency"]
        x, y = length * np.cos(angle), -length * np.sin(angle)
        levels = [round(128 + 127 * e["contrast"] * np.sin(k * np.pi / 4)) for k in range(9)]
        stops = "".join(
            f'<stop offset="{k / 8:g}" stop-color="rgb({v},{v},{v})"/>'
            for k, v in enumerate(levels)
        )
        return (
            f'<linearGradient id="{id}" gradientUnits="userSpaceOnUse" spreadMethod="repeat" x1="0"'
            f' y1="0" x2="{x:.3f}" y2="{y:.3f}">{stops}</linearGradient>'
            f'<circle r="{e["size"] * SIZE / 2 * (1 - e["soft"] / 2):.2f}" fill="url(#{id})"'
            f' opacity="{opacity:g}"/>'
        )

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


def panels_of(env: gym.Env) -> int:
    """How many tasks are on the screen at once."""
    joint = isinstance(env, TaskEnv) and isinstance(env.task, Combined)
    return len(env.task.tasks) if joint else 1


def width_of(env: gym.Env) -> float:
    """Of a screen: several panels make it wider."""
    n = panels_of(env)
    return SIZE if n == 1 else SIZE * 0.8 * n


def begin(env: gym.Env) -> np.ndarray:
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


def _is_answered_late(env: gym.Env) -> bool:
    """Whether there is a label, after which no more than one period begins."""
    if not isinstance(env, TaskEnv) or env.task.closed:
        return True
    labelled = np.flatnonzero(env.gt)
    return bool(labelled.size) and sum(start > labelled[0] for _, start, _ in env.periods) < 2


def _is_faint(env: gym.Env) -> bool:
    """Whether something has a contrast that a small picture does not show."""
    if not isinstance(env, TaskEnv):
        return False
    elements = env.task.plan.scene.resolve(env.task, env.trial)
    contrasts = [e["contrast"] for e in elements if "contrast" in e]
    return any(np.isscalar(contrast) and contrast < FAINT for contrast in contrasts)


def _typical(
    env: gym.Env,
) -> tuple[trial_table.Trace, list[tuple[list[str], int]], list[Sequence[bool]]]:
    """A trial as the oracle plays it, its moments, and which of several tasks are on in each step.

    A moment is a label for each panel, and a place in the trace.
    """
    first, live = begin(env), []
    steps = iter(range(max(LONGEST, *(stop for _, _, stop in env.periods), 0)))

    def act(ob: np.ndarray) -> Any:
        if next(steps, None) is None:
            raise ValueError("its trials may have no end")
        live.append(env.live if isinstance(env, TaskEnv) else ())
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
    env: TaskEnv, trace: trial_table.Trace, live: list[Sequence[bool]]
) -> list[tuple[list[str], int]]:
    """The middle of stretches in which no task's period changes: those that show most of them."""
    own = [{whole: name for name, whole in m.periods.items()} for m in env.task.members]
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


def screens(env: gym.Env, ident: str, most: int | None = None) -> str:
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


def timeline(env: gym.Env) -> str:
    """The periods of a trial in proportion, with what dt makes of each; random parts pale.

    Of several tasks each has rows of its own. What wrappers changed is told, and a line runs under
    the periods in which a response counts.
    """
    groups = _groups(env.task, 0.0)
    total = max((start + high for *_, spans in groups for start, _, high in spans.values()))
    scale, y, rows = 560 / max(total, env.task.dt), 8, []
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


def _groups(task: Task, shift: float) -> list[tuple[Task, str, dict]]:
    """Each task's name and periods: (start, least length, greatest length) in ms."""
    if not isinstance(task, Composite):
        return [(task, task.label, _spans(task, shift))]
    onsets = getattr(task, "onsets", [0] * len(task.tasks))
    return [
        group
        for member, onset in zip(task.tasks, onsets, strict=True)
        for group in _groups(member, shift + onset * task.dt)
    ]


def _spans(task: Task, shift: float) -> dict[str, tuple[float, float, float]]:
    env, spans, total = TaskEnv(task), {}, shift
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
