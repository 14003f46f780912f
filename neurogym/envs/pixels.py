"""Frames of a task's scene as arrays, for agents that see pixels: `render_mode="rgb_array"`.

They show what a person's screen shows in the same step. A frame follows from the trial and the
step: dots, too, come from the seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from neurogym.envs.task_env import (
    ClosedEnv,
    EchoClosedEnv,
    EchoEnv,
    EchoJointEnv,
    JointEnv,
    TaskEnv,
)
from neurogym.spec.light import about_background, shade
from neurogym.spec.primitives import (
    SQUARE,
    TURN,
    channels_of,
    envelope,
    is_bound,
    is_lit,
    is_there,
    path,
    value,
)
from neurogym.trials.task import Task

GREY = 128.0
SIZE = 128  # px
HZ = 60.0  # dots in a frame are as many as on a screen of that rate
LONGEST = 250.0  # ms between two frames of a set of dots, after which it is drawn anew
FINE = 4  # text is drawn so many times larger
LOOKS = ("color", "alpha", "during", "show", "flash", "where", "press")  # not of a shape
MOTION = {"direction", "coherence", "speed", "aperture"}  # of dots
KEPT = 512  # covers of shapes that a painter remembers
OTHER_FONTS = ("DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf", "Helvetica.ttc")


class Grid:
    """A square picture being drawn, in stage units: x to the right and y up from its centre."""

    def __init__(self, size: int):
        self.size = size
        at = (np.arange(size) + 0.5) / size - 0.5
        self.x, self.y = np.meshgrid(at, -at)
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.image = np.full((self.size, self.size, 3), GREY)

    def blend(self, cover: Cover | None, color: Any, alpha: float) -> None:
        """Lay a colour over the picture where something covers it."""
        if cover is not None:
            rows, columns, much = cover
            part = self.image[rows, columns]
            part += np.clip(much * alpha, 0, 1)[..., None] * (rgb(color) - part)


Cover = tuple[slice, slice, np.ndarray]  # how much of each pixel of a part of the picture


def cropped(much: np.ndarray) -> Cover | None:
    """The part of a picture that is covered at all."""
    rows, columns = np.flatnonzero(much.any(axis=1)), np.flatnonzero(much.any(axis=0))
    if not rows.size:
        return None
    across = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return *across, much[across].copy()


@lru_cache(maxsize=256)
def rgb(color: str) -> np.ndarray:
    """Red, green and blue of "#rrggbb" or "#rgb", from 0 to 255."""
    digits = color.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) != 6:
        raise ValueError(f"colour {color!r}: expected one such as '#4aa3ff'")
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)], float)


def _segment(x, y, a, b):
    """Distance to the line from a to b."""
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-12), 0, 1)
    return np.hypot(x - ax - along * dx, y - ay - along * dy)


def _crossings(x, y, corners):
    """Signed distance to a polygon's edge."""
    edges = list(zip(corners, np.roll(corners, -1, axis=0), strict=True))
    away = np.min([_segment(x, y, a, b) for a, b in edges], axis=0)
    crossed = [
        ((a[1] > y) != (b[1] > y)) & (x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1] + 1e-30) + a[0])
        for a, b in edges
    ]
    return np.where(np.logical_xor.reduce(crossed), -away, away)


def _sides(x, y, corners):
    """Signed distance to the lines along a convex polygon's sides; None if it is not convex."""
    along = np.roll(corners, -1, axis=0) - corners
    along = along / np.maximum(np.hypot(*along.T), 1e-12)[:, None]
    after = np.roll(along, -1, axis=0)
    bends = along[:, 0] * after[:, 1] - along[:, 1] * after[:, 0]
    if (bends.min() < -1e-9 and bends.max() > 1e-9) or len(corners) < 3:
        return None
    turns = np.arctan2(bends, (along * after).sum(axis=1)).sum()
    if abs(abs(turns) - TURN) > 1e-6:
        return None
    out = np.sign(turns)
    return np.max(
        [
            out * (dy * (x - a) - dx * (y - b))
            for (a, b), (dx, dy) in zip(corners, along, strict=True)
        ],
        axis=0,
    )


def _turned(x, y, angle):
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _thin(px, *extents):
    """The most of a pixel that something so wide and high covers."""
    return float(np.prod([min(1.0, abs(extent) * px) for extent in extents]))


def _line(away, width, px):
    """How much of each pixel a line covers that is so far away."""
    return np.clip(0.5 + (width / 2 - away) * px, 0, _thin(px, width))


def _path(x, y, e, px):
    corners = np.array(e["points"]) * (e["width"], e["height"])
    stroke = e["stroke"]
    if not e["closed"]:
        away = np.min([_segment(x, y, a, b) for a, b in pairwise(corners)], axis=0)
        return _line(away, stroke, px)
    away = _sides(x, y, corners)
    if away is None:
        away = _crossings(x, y, corners)
    if stroke is not None:
        return _line(np.abs(away), stroke, px)
    return np.clip(0.5 - away * px, 0, _thin(px, *np.ptp(corners, axis=0)))


def _circle(x, y, e, px):
    distance, radius, stroke = np.hypot(x, y), max(e["radius"], 0.0), e["stroke"]
    if stroke is None:
        return np.clip(0.5 + (radius - distance) * px, 0, _thin(px, 2 * radius, 2 * radius))
    away, (start, stop) = np.abs(distance - radius), (e["start"], e["stop"])
    if stop - start < TURN - 1e-9:
        half = max(stop - start, 0.0) / 2
        off = np.abs((np.arctan2(y, x) - start - half + np.pi) % TURN - np.pi)
        ends = np.array([(np.cos(a), np.sin(a)) for a in (start, stop)]) * radius
        if e["round"]:
            far = np.min([np.hypot(x - a, y - b) for a, b in ends], axis=0)
            return _line(np.where(off <= half, away, far), stroke, px)
        past = distance * np.sin(np.clip(off - half, -np.pi / 2, np.pi / 2))
        return _line(away, stroke, px) * np.clip(0.5 - past * px, 0, 1)
    return _line(away, stroke, px)


def _letters(x, y, e, px):
    """Letters in the font that Pillow carries, drawn finely, then averaged."""
    drawing, images = _pillow()
    size, step = e["size"] * px * FINE, x[0, 1] - x[0, 0]
    font = _font(size, e["text"])
    at = np.array([-x[0, 0] / step + 0.5, y[0, 0] / step + 0.5]) * FINE + (0, e["drop"] * size)
    box = np.array(font.getbbox(e["text"], anchor="ms")).reshape(2, 2) + at
    (left, top), (right, bottom) = np.clip(
        [box[0] // FINE - 1, box[1] // FINE + 2], 0, len(x)
    ).astype(int)
    much = np.zeros_like(x)
    if right > left and bottom > top:
        image = images.new("L", ((right - left) * FINE, (bottom - top) * FINE))
        drawing.Draw(image).text(
            tuple(at - np.array([left, top]) * FINE), e["text"], fill=255, font=font, anchor="ms"
        )
        fine = np.asarray(image, float).reshape(bottom - top, FINE, right - left, FINE)
        much[top:bottom, left:right] = fine.mean(axis=(1, 3)) / 255
    return much


def _pillow() -> tuple[Any, Any]:
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise ImportError('text in frames needs Pillow: pip install "neurogym[app]"') from error
    return ImageDraw, Image


@lru_cache(maxsize=64)
def _font(size: float, text: str) -> Any:
    """The font that Pillow carries, or, for letters that it lacks, one of the system's."""
    from PIL import ImageFont

    size = max(size, 1.0)
    found = ImageFont.load_default(size)
    if not (missing := _lacking(found, text)):
        return found
    for name in OTHER_FONTS:
        try:
            found = ImageFont.truetype(name, size)
        except OSError:
            continue
        if not _lacking(found, text):
            return found
    raise ValueError(f"text {text!r}: no font was found that has {missing}")


def _lacking(font: Any, text: str) -> str:
    """The letters of a text that a font shows as the sign of what it lacks."""
    unknown = bytes(font.getmask("\uffff"))
    return "".join(
        letter for letter in dict.fromkeys(text) if bytes(font.getmask(letter)) == unknown
    )


SHAPES = {"path": _path, "circle": _circle, "text": _letters}


class Painter:
    """Draws a task's trials, step by step."""

    def __init__(self, task: Task, size: int):
        self.task, self.size, self._grid = task, size, Grid(size)
        self._key: Any = None
        self._shown: list[tuple[dict[str, Any], list[str]]] = []  # with the fields that are bound
        self._covers: dict[Any, Cover | None] = {}
        self._dots: dict[int, tuple[int, list[np.ndarray], np.random.Generator]] = {}
        self._rows: np.ndarray | None = None

    def frame(self, env: RenderedEnv, row: np.ndarray) -> np.ndarray:
        """The picture of the step that an environment is in, (size, size, 3) uint8.

        `row` are the channels, and after them what graded actions are.
        """
        if env.drawn_trial != self._key:
            self.begin(env.drawn_trial, self.task.plan.scene.resolve(self.task, env.trial), env.ob)
        return self.draw({name: (a, b) for name, a, b in env.periods}, env.t_ind, row)

    def begin(
        self, key: Any, primitives: Sequence[Mapping[str, Any]], rows: np.ndarray | None = None
    ) -> None:
        """Take over what a trial shows; dots follow from its `key`, (seed, index, ...).

        `rows` (T, C), if they are known ahead, tell how dots moved in steps that are not drawn.
        """
        self._key, self._dots, self._rows = key, {}, rows
        self._shown = [
            (
                {f: v if is_bound(v) else _frozen(v) for f, v in p.items()},
                [f for f in p if is_bound(p[f])],
            )
            for p in primitives
        ]

    def draw(self, spans: Mapping[str, tuple[int, int]], now: int, row: np.ndarray) -> np.ndarray:
        """The picture of a step, (size, size, 3) uint8; `spans` are the periods in steps."""
        grid = self._grid
        grid.clear()
        if not self._shown:
            self._bars(grid, row)
        for k, (primitive, bound) in enumerate(self._shown):
            since = _since(primitive, spans, now, row)
            if since is None:
                continue
            e = {**primitive, **{name: value(primitive[name], row) for name in bound}}
            if _visible(e, (now - since) * self.task.dt, self.task.dt):
                self._draw(grid, k, e, now, since)
        return np.clip(np.rint(grid.image), 0, 255).astype(np.uint8)

    def _draw(self, grid: Grid, k: int, e: Mapping[str, Any], now: int, since: int) -> None:
        kind, ms = e["kind"], (now - since) * self.task.dt
        if kind in SHAPES:
            grid.blend(self._cover(grid, e), e["color"], e["alpha"])
        elif kind == "waves":
            x, y, px, inside = self._panel(grid, e)
            _waves(grid, x - e["x"], y - e["y"], inside, e, ms)
        elif kind == "dots":
            x, y, px, _ = self._panel(grid, e)
            self._cloud(grid, k, x - e["x"], y - e["y"], px, e, now, since)
        elif kind != "sound":
            raise TypeError(f"frames cannot show a {kind!r}")

    def _panel(self, grid: Grid, e: Mapping[str, Any]) -> tuple:
        """Where each pixel is on a primitive's stage, pixels a stage, and those that are on it."""
        if "panel" not in e:
            return grid.x, grid.y, self.size, None
        j, n = e["panel"]
        x = (grid.x - (j + 0.5) / n + 0.5) * n
        return x, grid.y * n, self.size / n, np.abs(x) <= 0.5

    def _cover(self, grid: Grid, e: Mapping[str, Any]) -> Cover | None:
        """How much of each pixel a shape covers; remembered, for most are the same for long."""
        key = tuple(v for f, v in e.items() if f not in LOOKS)
        if key not in self._covers:
            while len(self._covers) >= KEPT:
                del self._covers[next(iter(self._covers))]
            x, y, px, inside = self._panel(grid, e)
            x, y = x - e["x"], y - e["y"]
            if e.get("turn"):
                x, y = _turned(x, y, e["turn"])
            much = SHAPES[e["kind"]](x - e.get("along", 0.0), y, e, px)
            self._covers[key] = cropped(much if inside is None else much * inside)
        return self._covers[key]

    def _cloud(self, grid, k, x, y, px, e, now, since) -> None:
        """Random-dot motion in a step, of dots that came on in another one."""
        field = self._field(k, e, now, since)
        radius = e["aperture"] / 2
        shown = field[np.hypot(*(field - 0.5).T) < 0.5]
        places = (shown - 0.5) * e["aperture"]
        first = round(len(places) * float(np.clip(e["color_share"], 0, 1)))
        for color, some in zip(e["colors"], (places[:first], places[first:]), strict=True):
            cover = _spots(x, y, some, e["dot"], px)
            cover *= np.hypot(x, y) < radius + 0.5 / px
            grid.blend(cropped(cover), shade(color, e["contrast"]), e["alpha"])

    def _field(self, k: int, e: Mapping[str, Any], now: int, since: int) -> np.ndarray:
        """Where the dots are, (n, 2) in a unit square: moved on from step to step."""
        steps = now - since
        n = max(1, round(e["density"] / HZ * 4 / np.pi))
        sets = e["lifetime"] if e["lifetime"] * self.task.dt <= LONGEST else 1
        done, fields, rng = self._dots.get(k, (-1, [], None))
        if done > steps or rng is None:
            rng = np.random.default_rng([*self._key[:2], k])
            done, fields = -1, [rng.random((n, 2)) for _ in range(sets)]
        for step in range(done + 1, steps + 1):
            if step < sets:
                continue  # as they were drawn
            then = e if step == steps else self._before(k, e, since + step)
            share = abs(then["coherence"]) / 100  # beyond 1 all dots move, and so much farther
            far = then["speed"] / then["aperture"] * self.task.dt * sets / 1000 * max(1.0, share)
            way = np.array([np.cos(then["direction"]), np.sin(then["direction"])])
            way *= far * (np.sign(then["coherence"]) or 1.0)
            field = fields[step % sets]
            moves = rng.random(n) < share
            anew = rng.random((n, 2))
            fields[step % sets] = np.where(moves[:, None], (field + way) % 1, anew)
        self._dots[k] = steps, fields, rng
        return fields[steps % sets]

    def _before(self, k: int, e: Mapping[str, Any], at: int) -> Mapping[str, Any]:
        """What a primitive was in a step before the one that is drawn."""
        primitive, bound = self._shown[k]
        if self._rows is None or at >= len(self._rows):
            return e
        row = self._rows[at]
        known = [f for f in MOTION & {*bound} if max(channels_of(primitive[f])) < row.size]
        return {**e, **{name: value(primitive[name], row) for name in known}}

    def _bars(self, grid: Grid, row: np.ndarray) -> None:
        """A bar for each channel, of tasks without a scene."""
        shown = row[: len(self.task.plan.channels)]
        top, n = max(1.0, float(np.abs(shown).max())), len(shown)
        for i, level in enumerate(shown.tolist()):
            x, height = (i + 0.5) / n * 0.8 - 0.4, level / top * 0.4
            bar = path(SQUARE, 0.56 / n, abs(height))
            grid.blend(
                cropped(_path(grid.x - x, grid.y - height / 2, bar, self.size)), "#f5f5f5", 1.0
            )


def _spots(x, y, places, diameter, px):
    """How much of each pixel small discs at some places (n, 2) cover."""
    cover = np.zeros_like(x)
    reach = max(diameter / 2 * px, 0.5)  # px; a smaller disc is as faint as it is small
    strength = min(1.0, (diameter * px) ** 2)
    near = np.arange(-np.ceil(reach + 1), np.ceil(reach + 1) + 1)
    column = ((places[:, 0] - x[0, 0]) / (x[0, 1] - x[0, 0]))[:, None, None]
    row = ((places[:, 1] - y[0, 0]) / (y[1, 0] - y[0, 0]))[:, None, None]
    columns, rows = np.broadcast_arrays(np.rint(column) + near, np.rint(row) + near[:, None])
    spot = np.clip(reach + 0.5 - np.hypot(columns - column, rows - row), 0, 1) * strength
    there = (np.minimum(rows, columns) >= 0) & (np.maximum(rows, columns) < len(x))
    at = rows[there].astype(int), columns[there].astype(int)
    np.maximum.at(cover, at, spot[there])
    return cover


def _since(e, spans, now, row) -> int | None:
    """The step in which something came on; None if it is not on."""
    if "show" in e and not row[e["show"]] > 0.5:
        return None
    if "during" not in e:
        return 0
    on = [spans[name] for name in e["during"] if name in spans]
    at = [start for start, stop in on if start <= now < stop]
    if not at:
        return None
    first = min(at)
    while earlier := [start for start, stop in on if start < first <= stop and stop > start]:
        first = min(earlier)
    return first


def _frozen(field: Any) -> Any:
    return tuple(map(_frozen, field)) if isinstance(field, list) else field


def _visible(e, ms, frame) -> bool:
    """Whether something that is on is seen, so many ms after it came on, in a frame that long."""
    return is_there(e) and ("flash" not in e or is_lit(ms, **e["flash"], frame=frame))


def _waves(grid, x, y, inside, e, ms) -> None:
    """The mean of sine waves, in a round window."""
    phase = e["phase"] - TURN * e["hz"] * ms / 1000
    waves = [
        np.sin(TURN * e["frequency"] * (x * np.cos(a) + y * np.sin(a)) + phase) for a in e["angles"]
    ]
    r = np.hypot(x, y) / (e["size"] / 2)
    fade = np.clip((r - 1 + e["soft"]) / e["soft"], 0, 1) if e["soft"] > 0 else 0 * r
    shown = np.where(r < 1, 0.5 + 0.5 * np.cos(np.pi * fade), 0.0)
    contrast = e["contrast"] * envelope(e, ms)
    level = about_background(contrast * np.mean(waves, axis=0) * shown)
    window = (r < 1) if inside is None else (r < 1) & inside
    cover = (window * min(e["alpha"], 1.0))[..., None]
    grid.image += cover * (level[..., None] - grid.image)


class RenderedEnv(TaskEnv):
    """The environment of a task that also gives frames: `render()` is what a person would see.

    Frames are (render_size, render_size, 3) uint8.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, task: Task, render_mode: str = "rgb_array", render_size: int = SIZE):
        if render_mode not in self.metadata["render_modes"]:
            raise ValueError(f"render_mode = {render_mode!r}: allowed is 'rgb_array'")
        if not (isinstance(render_size, int | np.integer) and 8 <= render_size <= 2048):
            raise ValueError(f"render_size = {render_size!r}: expected pixels from 8 to 2048")
        super().__init__(task)
        self.render_mode, self._painter = render_mode, Painter(task, int(render_size))
        self.metadata = {**self.metadata, "render_fps": 1000 / task.dt}
        self._shown: np.ndarray | None = None
        self._did = np.atleast_1d(task.plan.actions.rest) if self._graded else np.zeros(0)

    @classmethod
    def kind(cls, task: Task) -> type[TaskEnv]:
        if cls is not RenderedEnv:
            return cls
        return RENDERED[TaskEnv.kind(task)]

    def of(self, task: Task) -> TaskEnv:
        """A fresh environment like this one, of another task."""
        return self._specified(RenderedEnv(task, str(self.render_mode), self._painter.size))

    @property
    def drawn_trial(self) -> tuple[int, int, str]:
        """What the trial's picture depends on."""
        return self._stream.seed, self.trial_index, repr(self.trial)

    def reset(
        self,
        *,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        no_step: bool = True,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """As for any task; the first frame is that of the first observation."""
        self._shown, info = super().reset(seed=seed, options=options, no_step=no_step)
        return self._shown, info

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """As for any task; the next frame is that of the observation that follows."""
        told = super().step(action)
        self._shown = told[0]
        if self._graded:
            self._did = np.asarray(action, np.float32)
        return told

    def render(self) -> np.ndarray:
        """The frame of the observation that was given last."""
        if self._shown is None:
            raise ValueError("call reset() before render()")
        return self._painter.frame(self, np.concatenate([self._shown, self._did]))


class RenderedClosedEnv(RenderedEnv, ClosedEnv):
    """`RenderedEnv`, of a task whose observations depend on the actions."""


class RenderedEchoEnv(RenderedEnv, EchoEnv):
    """`RenderedEnv`, of a task that shows what was done last."""


class RenderedEchoClosedEnv(RenderedEnv, EchoClosedEnv):
    """`RenderedEnv`, of a task that is both."""


class RenderedJointEnv(RenderedEnv, JointEnv):
    """`RenderedEnv`, of several tasks of which one at least depends on the actions."""


class RenderedEchoJointEnv(RenderedEnv, EchoJointEnv):
    """`RenderedEnv`, of several such tasks that show what was done last."""


RENDERED: dict[type[TaskEnv], type[TaskEnv]] = {
    TaskEnv: RenderedEnv, EchoEnv: RenderedEchoEnv, ClosedEnv: RenderedClosedEnv,
    EchoClosedEnv: RenderedEchoClosedEnv, JointEnv: RenderedJointEnv,
    EchoJointEnv: RenderedEchoJointEnv,
}  # fmt: skip
