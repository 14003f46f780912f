"""Frames of a task's scene as arrays, for agents that see pixels: `render_mode="rgb_array"`.

They show what a person's screen shows in the same step, drawn by numpy alone. A frame follows from
the trial and the step: dots, too, come from the seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurogym.envs.task_env import ClosedEnv, EchoClosedEnv, EchoEnv, TaskEnv
from neurogym.spec.scene import value
from neurogym.trials.task import Task

GREY = 128.0
SIZE = 128  # px
HZ = 60.0  # dots in a frame are as many as on a screen of that rate
LONGEST = 250.0  # ms between two frames of a set of dots, after which it is drawn anew
FLASH = 50.0  # ms
HEARD = ("tone", "noise", "clicks")  # elements that are not drawn

# A pixel font, 3 x 5: a digit for each row from the top, whose bits are the pixels from the left.
GLYPHS = {
    "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
    "G": "34553", "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447",
    "M": "57755", "N": "65555", "O": "25552", "P": "65644", "Q": "25563", "R": "65655",
    "S": "34216", "T": "72222", "U": "55557", "V": "55552", "W": "55775", "X": "55255",
    "Y": "55222", "Z": "71247", "0": "75557", "1": "26227", "2": "61247", "3": "61216",
    "4": "55711", "5": "74616", "6": "34757", "7": "71222", "8": "75757", "9": "75716",
    "+": "02720", "-": "00700", "−": "00700", "?": "61202", "!": "22202", ".": "00002",
    ",": "00024", ":": "02020", "%": "51245", "=": "07070", "/": "11244", "×": "05250",
    "→": "02721", "←": "02724", "↑": "27222", "↓": "22272", "•": "02700", "'": "22000",
    "<": "12421", ">": "42124",
}  # fmt: skip


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

    def blend(self, cover: np.ndarray, color: Any, alpha: float) -> None:
        """Lay a colour over the picture; `cover` (size, size) says how much of each pixel."""
        share = np.clip(cover * alpha, 0, 1)[..., None]
        self.image += share * (rgb(color) - self.image)

    def inside(self, distance: np.ndarray, px: float) -> np.ndarray:
        """How much of each pixel a shape covers; `distance` to its edge is negative inside."""
        return np.clip(0.5 - distance * px, 0, 1)


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


def _polygon(x, y, corners):
    """Signed distance to a polygon's edge."""
    edges = list(zip(corners, np.roll(corners, -1, axis=0), strict=True))
    away = np.min([_segment(x, y, a, b) for a, b in edges], axis=0)
    crossed = [
        ((a[1] > y) != (b[1] > y)) & (x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1] + 1e-30) + a[0])
        for a, b in edges
    ]
    return np.where(np.logical_xor.reduce(crossed), -away, away)


def _box(x, y, width, height):
    """Signed distance to the edge of a rectangle, nearly."""
    return np.maximum(np.abs(x) - width / 2, np.abs(y) - height / 2)


def _corners(radii, rotation=0.0):
    """Corners of a polygon, the first of them up."""
    angles = np.pi / 2 + rotation + np.arange(len(radii)) * 2 * np.pi / len(radii)
    return np.asarray(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _turned(x, y, angle):
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _arc(x, y, e):
    """Signed distance to the edge of a part of a ring."""
    turn = (np.arctan2(y, x) - e["start"]) % (2 * np.pi)
    ring = np.abs(np.hypot(x, y) - e["radius"]) - e["width"] / 2
    return np.where(turn <= e["stop"] - e["start"] + 1e-9, ring, np.maximum(ring, 1.0))


def _triangle(x, y, e):
    """A marker whose tip points to the centre of its ring."""
    x, y = _turned(x, y, e["angle"] + np.pi / 2)
    tip = np.array([(0, 0.6), (-0.42, -0.4), (0.42, -0.4)])
    return _polygon(x, y, tip * e["size"])


def _edge(x, y, outline, distance):
    return distance if outline is None else np.abs(distance) - outline / 2


SHAPES = {
    "cross": lambda x, y, e: np.minimum(
        _box(x, y, e["size"], e["width"]), _box(x, y, e["width"], e["size"])
    ),
    "disc": lambda x, y, e: _edge(x, y, e["outline"], np.hypot(x, y) - e["radius"]),
    "polygon": lambda x, y, e: _edge(
        x, y, e["outline"], _polygon(x, y, _corners([e["radius"]] * e["sides"], e["rotation"]))
    ),
    "star": lambda x, y, e: _polygon(
        x, y, _corners([e["radius"], 0.42 * e["radius"]] * e["points"])
    ),
    "bar": lambda x, y, e: _box(*_turned(x, y, e["angle"]), e["width"], e["height"]),
    "arc": _arc,
    "pointer": lambda x, y, e: (
        _segment(x, y, (0, 0), (e["length"] * np.cos(e["angle"]), e["length"] * np.sin(e["angle"])))
        - e["width"] / 2
    ),
}


class Painter:
    """Draws a task's trials, step by step."""

    def __init__(self, task: Task, size: int):
        self.task, self.size, self._grid = task, size, Grid(size)
        self._key: Any = None
        self._elements: list[dict[str, Any]] = []
        self._dots: dict[int, tuple[int, list[np.ndarray], np.random.Generator]] = {}

    def frame(self, env: TaskEnv, row: np.ndarray) -> np.ndarray:
        """The picture of the step that an environment is in, (size, size, 3) uint8.

        `row` are the channels, and after them what graded actions are.
        """
        key = env.drawn_trial
        if key != self._key:
            self._key, self._dots = key, {}
            self._elements = self.task.plan.scene.resolve(self.task, env.trial)
        grid, now = self._grid, env.t_ind
        grid.clear()
        spans = {name: (start, stop) for name, start, stop in env.periods}
        if not self._elements:
            self._bars(grid, row)
        for k, element in enumerate(self._elements):
            since = _since(element, spans, now, row)
            if since is None:
                continue
            e = {name: value(field, row) for name, field in element.items()}
            if e["alpha"] > 0:
                self._draw(grid, k, e, (now - since) * self.task.dt, now - since)
        return np.clip(np.rint(grid.image), 0, 255).astype(np.uint8)

    def _draw(self, grid: Grid, k: int, e: Mapping[str, Any], ms: float, steps: int) -> None:
        j, n = e.get("panel") or (0, 1)
        x, y, px = (grid.x - (j + 0.5) / n + 0.5) * n, grid.y * n, self.size / n
        inside_panel = np.abs(x) <= 0.5
        x, y = x - e["x"], y - e["y"]
        kind = e["kind"]
        if kind in SHAPES:
            if kind == "disc" and e.get("rate") and ms % (1000 / e["rate"]) >= FLASH:
                return
            cover = grid.inside(SHAPES[kind](x, y, e), px)
            grid.blend(cover * inside_panel, e["color"], e["alpha"])
        elif kind == "marker":
            x, y = x - e["radius"] * np.cos(e["angle"]), y - e["radius"] * np.sin(e["angle"])
            triangle = e["shape"] == "triangle"
            away = _triangle(x, y, e) if triangle else np.hypot(x, y) - e["size"] / 2
            grid.blend(grid.inside(away, px) * inside_panel, e["color"], e["alpha"])
        elif kind == "text":
            grid.blend(
                _text(x, y, str(e["text"]), e["size"]) * inside_panel, e["color"], e["alpha"]
            )
        elif kind in ("grating", "plaid"):
            _waves(grid, x, y, px, e, ms)
        elif kind == "dots":
            self._cloud(grid, k, x, y, px, e, steps)
        elif kind not in HEARD:
            raise TypeError(f"frames cannot show a {kind!r}")

    def _cloud(self, grid, k, x, y, px, e, steps) -> None:
        """Random-dot motion in the step that is so many after the first one."""
        field = self._field(k, e, steps)
        radius = e["aperture"] / 2
        shown = field[np.hypot(*(field - 0.5).T) < 0.5]
        places = (shown - 0.5) * e["aperture"]
        colors = e.get("colors") or (e["color"], e["color"])
        first = round(len(places) * e["color_share"]) if e.get("colors") else len(places)
        for color, some in ((colors[0], places[:first]), (colors[1], places[first:])):
            cover = _spots(x, y, some, e["dot"], px)
            cover *= np.hypot(x, y) < radius + 0.5 / px
            grid.blend(cover, color, e["alpha"] * float(np.clip(e["contrast"], 0, 1)))

    def _field(self, k: int, e: Mapping[str, Any], steps: int) -> np.ndarray:
        """Where the dots are, (n, 2) in a unit square: moved on from step to step."""
        n = max(1, round(e["density"] / HZ * 4 / np.pi))
        sets = e["lifetime"] if e["lifetime"] * self.task.dt <= LONGEST else 1
        done, fields, rng = self._dots.get(k, (-1, [], None))
        if done > steps or rng is None:
            rng = np.random.default_rng([*self._key[:2], k])
            done, fields = -1, [rng.random((n, 2)) for _ in range(sets)]
        way = np.array([np.cos(e["direction"]), np.sin(e["direction"])])
        way *= np.sign(e["coherence"]) or 1.0
        far = e["speed"] / e["aperture"] * self.task.dt * sets / 1000
        for step in range(done + 1, steps + 1):
            if step < sets:
                continue  # as they were drawn
            field = fields[step % sets]
            moves = rng.random(n) < abs(e["coherence"]) / 100
            anew = rng.random((n, 2))
            fields[step % sets] = np.where(moves[:, None], (field + far * way) % 1, anew)
        self._dots[k] = steps, fields, rng
        return fields[steps % sets]

    def _bars(self, grid: Grid, row: np.ndarray) -> None:
        """A bar for each channel, of tasks without a scene."""
        shown = row[: len(self.task.plan.channels)]
        top, n = max(1.0, float(np.abs(shown).max())), len(shown)
        for i, level in enumerate(shown.tolist()):
            x, height = (i + 0.5) / n * 0.8 - 0.4, level / top * 0.4
            away = _box(grid.x - x, grid.y - height / 2, 0.56 / n, abs(height))
            grid.blend(grid.inside(away, self.size), "#f5f5f5", 1.0)


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


def _since(element, spans, now, row) -> int | None:
    """The step in which an element came on; None if it is not on."""
    if element["show"] is not None and not row[element["show"]] > 0.5:
        return None
    if element["during"] is None:
        return 0
    on = [spans[name] for name in element["during"] if name in spans]
    at = [start for start, stop in on if start <= now < stop]
    if not at:
        return None
    first = min(at)
    while earlier := [start for start, stop in on if start < first <= stop and stop > start]:
        first = min(earlier)
    return first


def _waves(grid, x, y, px, e, ms) -> None:
    """A grating, or two of them."""
    spread = [0.0] if e["kind"] == "grating" else [-e["spread"], e["spread"]]
    phase = e["phase"] - 2 * np.pi * e["hz"] * ms / 1000
    waves = [
        np.sin(2 * np.pi * e["frequency"] * (x * np.cos(a) + y * np.sin(a)) + phase)
        for a in (e["angle"] + s for s in spread)
    ]
    r = np.hypot(x, y) / (e["size"] / 2)
    fade = np.clip((r - 1 + e["soft"]) / e["soft"], 0, 1) if e["soft"] > 0 else 0 * r
    shown = np.where(r < 1, 0.5 + 0.5 * np.cos(np.pi * fade), 0.0)
    contrast = e["contrast"]
    if e["ramp"] > 0:
        edge = min(ms, e["lasts"] - ms if e["lasts"] > 0 else np.inf) / e["ramp"]
        contrast *= 0.5 - 0.5 * np.cos(np.pi * np.clip(edge, 0, 1))
    level = GREY + 127.5 * contrast * np.mean(waves, axis=0) * shown
    cover = ((r < 1) * e["alpha"])[..., None]
    grid.image += cover * (level[..., None] - grid.image)


def _text(x, y, text, size):
    """How much of each pixel a line of text covers."""
    dot = size * 0.75 / 5
    column = np.floor(x / dot + (4 * len(text) - 1) / 2).astype(int)
    row = np.floor(2.5 - y / dot).astype(int)
    within = (row >= 0) & (row < 5) & (column >= 0) & (column < 4 * len(text))
    bits = np.zeros((5, 4 * len(text) + 1))
    for i, letter in enumerate(text.upper()):
        for r, digit in enumerate(GLYPHS.get(letter, "00000" if letter == " " else "77777")):
            bits[r, 4 * i : 4 * i + 3] = [int(digit) >> shift & 1 for shift in (2, 1, 0)]
    return np.where(within, bits[np.clip(row, 0, 4), np.clip(column, 0, 4 * len(text))], 0.0)


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
        kinds = {
            (0, 0): RenderedEnv, (1, 0): RenderedClosedEnv,
            (0, 1): RenderedEchoEnv, (1, 1): RenderedEchoClosedEnv,
        }  # fmt: skip
        return kinds[task.closed, bool(task.plan.echoes)]

    def of(self, task: Task) -> TaskEnv:
        """A fresh environment like this one, of another task."""
        return RenderedEnv(task, self.render_mode, self._painter.size)

    @property
    def drawn_trial(self) -> tuple[int, int, str]:
        """What the trial's picture depends on."""
        return self._stream.seed, self.trial_index, repr(self.trial)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """As for any task; the first frame is that of the first observation."""
        self._shown, info = super().reset(seed=seed, options=options)
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
