"""One painter's language: browser, frames and still pictures draw the same of every element."""

import base64
import io
import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import neurogym as ngym
from neurogym.envs.pixels import Painter
from neurogym.figures.stills import SIZE, Pen
from neurogym.spec import scene
from neurogym.spec.layout import Channels
from neurogym.spec.primitives import KINDS, is_there, value
from neurogym.spec.scene import (
    Arc,
    Bar,
    Clicks,
    Cross,
    Disc,
    Dots,
    Element,
    Grating,
    Marker,
    Noise,
    Plaid,
    Pointer,
    Polygon,
    Star,
    Text,
    Tone,
)

ROOT = Path(__file__).parents[2]
PX, COLUMNS = 160, 8
SINCE = 30.0  # ms for which all has been on
ROW = np.array([0.0, 0.7, 0.2, -0.4, 0.9, 0.1, 0.5, 0.3])
HALF = {"channel": 1, "scale": 0.3, "offset": 0.1}
RING = {"ring": [2, 4], "scale": 1.0, "offset": 0.0}
FAR = {"pull": [2, 4], "scale": 0.3, "offset": 0.05}
SUM = {"mix": [[1, 0.5], [3, -0.25]], "scale": 1.0, "offset": -0.1}

VARIED = [
    Cross(), Cross(size=0.5, width=0.1, x=0.1, y=-0.2, color="#ff0000", alpha=0.4),
    Cross(size=HALF, width=0.05), Disc(), Disc(radius=0.3, outline=0.05, x=-0.1, y=0.1),
    Disc(radius=HALF, x=HALF, y=HALF), Disc(radius=FAR, x=SUM),
    Disc(rate=5, color="#00ff00"), Disc(rate=30, alpha=HALF),
    Disc(times=[SINCE - 5]), Disc(times=[SINCE + 69], dark=True), Disc(times=[SINCE + 69]),
    Polygon(), Polygon(radius=0.4, sides=3, rotation=0.3, outline=0.06, y=-0.1),
    Polygon(radius=0.4, sides=6, rotation=RING, color="#ffa033"),
    Star(), Star(radius=0.4, points=7, x=0.05), Star(radius=HALF, points=4),
    Bar(), Bar(width=0.3, height=0.1, angle=0.5, x=0.1, y=0.2), Bar(height=HALF, angle=RING),
    Arc(), Arc(radius=0.3, width=0.08, start=0.5, stop=np.pi), Arc(start=-1, stop=3.4, x=0.1),
    Arc(radius=0.2, width=HALF, stop=1, color="#0000ff"), Arc(times=[SINCE - 5], start=1),
    Arc(times=[SINCE + 69], dark=True, stop=2), Arc(times=[SINCE - 5], dark=True),
    Pointer(), Pointer(length=0.4, width=0.1, angle=2.1, x=0.1, y=-0.1), Pointer(angle=RING),
    Marker(), Marker(radius=0.3, angle=2, size=0.2), Marker(size=0.2, shape="triangle", angle=RING),
    Marker(radius=0.2, angle=4, size=0.3, shape="triangle", x=0.1, y=0.1),
    Text(text="Go"), Text(text="17 < x?", size=0.2, x=0.05, y=0.2), Text(text="H", size=0.6),
    Tone(), Tone(level=0.1, size=0.6, x=0, y=0), Tone(level=HALF, size=0.5, y=0, ear="left"),
    Tone(level=1, size=0.6, ear="right", x=-0.1, y=0.1, frequency=300), Noise(size=0.5, y=0),
    Clicks(rate=2, size=0.5, y=0), Clicks(rate=40, size=0.5, y=0),
    Clicks(times=[99], size=0.5, y=0),
    Dots(), Dots(aperture=0.9, dot=0.03, density=9000, contrast=0.5, x=0.05, alpha=0.8),
    Dots(colors=("#ff0000", "#0000ff"), color_share=0.8, dot=0.03, direction=RING, coherence=50,
         speed=0.2, lifetime=1),
    Dots(evidence="ring", start=0.5, dot=0.02, color_share=SUM, colors=("#ff0000", "#00ff00")),
    Grating(), Grating(size=0.8, frequency=4, angle=RING, phase=1, contrast=0.6, soft=0.5, x=0.05),
    Grating(size=0.6, hz=7, soft=0, alpha=0.5, angle=2), Grating(ramp=100, size=0.6, y=0.1),
    Grating(ramp=50, lasts=60), Plaid(), Plaid(size=0.9, spread=0.4, angle=RING, contrast=HALF),
]  # fmt: skip

DRAW = """async ([cells, row, px, columns, since]) => {
  const rows = Math.ceil(cells.length / columns);
  const size = {width: px * columns, height: px * rows};
  const canvas = Object.assign(document.createElement("canvas"), size);
  const ctx = canvas.getContext("2d", {alpha: false});
  ctx.fillStyle = "#808080";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  cells.forEach((cell, i) => {
    const [x, y] = [(i % columns) * px, Math.floor(i / columns) * px];
    const frames = {interval: 1000 / 60, told: null, middle: (ts) => ts};
    const own = new player.Scene(cell, 3, frames);
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, y, px, px);
    ctx.clip();
    ctx.setTransform(px, 0, 0, -px, x + px / 2, y + px / 2);
    for (const item of own.items) item.since = 0;
    own.draw(ctx, row, [], since);
    ctx.restore();
  });
  return canvas.toDataURL("image/png");
}"""

RASTER = """async ([svg, width, height]) => {
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  return canvas.toDataURL("image/png");
}"""


def primitives(element):
    channels = Channels(fixation=2, ring=4, more=2)
    task = SimpleNamespace(plan=SimpleNamespace(channels=channels, timing={}))
    return element.resolve(task, {})


def parted(url, n):
    """The pictures of a sheet."""
    image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
    sheet = np.asarray(image, float)
    return [sheet[PX * (i // COLUMNS) :, PX * (i % COLUMNS) :][:PX, :PX] for i in range(n)]


def in_browser(bench, cells):
    told = [cells, ROW.tolist(), PX, COLUMNS, SINCE]
    return parted(bench.run(DRAW, told), len(cells))


def as_stills(bench, cells):
    width, height = COLUMNS * SIZE, -(-len(cells) // COLUMNS) * SIZE
    parts = []
    for i, cell in enumerate(cells):
        pen = Pen(f"p{i}", exact=True, ms=SINCE)
        x, y = SIZE * (i % COLUMNS), SIZE * (i // COLUMNS)
        shapes = "".join(pen.draw(primitive, ROW) for primitive in cell)
        parts.append(
            f'<svg x="{x}" y="{y}" width="{SIZE}" height="{SIZE}" overflow="hidden">{shapes}</svg>'
        )
    px = width / SIZE * PX, height / SIZE * PX
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{px[0]}"'
        f' height="{px[1]}" font-family="system-ui, sans-serif" font-weight="500">'
        f'<rect width="{width}" height="{height}" fill="#808080"/>{"".join(parts)}</svg>'
    )
    return parted(bench.run(RASTER, [svg, *px]), len(cells))


def as_frames(cells):
    painter = Painter(SimpleNamespace(dt=SINCE), PX)
    told = []
    for cell in cells:
        painter.begin((3, 0, ""), [p | {"during": ["on"]} for p in cell])
        told.append(painter.draw({"on": (0, 9)}, 1, ROW).astype(float))
    return told


def soft(picture):
    """Without what anti-aliasing makes of edges."""
    padded = np.pad(picture, ((2, 2), (2, 2), (0, 0)), mode="edge")
    n = len(picture)
    return sum(padded[i : i + n, j : j + n] for i in range(5) for j in range(5)) / 25


def box(picture):
    """Where something is to be seen: left, top, right, bottom as shares of the picture."""
    rows, columns = np.nonzero(np.abs(picture - 128).max(axis=2) > 30)
    return np.array([columns.min(), rows.min(), columns.max(), rows.max()]) / PX


def colours(picture):
    """How much of each colour there is."""
    return (picture - 128).mean(axis=(0, 1))


def differ(kinds, a, b):
    """What two pictures of the same disagree in; nothing if they agree."""
    if "text" in kinds:
        (left, top, right, bottom), other = box(a), box(b)
        wide, high = right - left, bottom - top
        off = np.abs(np.array([left, top, right, bottom]) - other)
        room = np.array([0.15 * wide, 0.06 * high] * 2) + 1.6 / PX
        return f"boxes {off.round(3)}" if (off > room).any() else None
    if "dots" in kinds:
        mean, other = colours(a), colours(b)
        far = np.abs(mean - other).max() > 0.12 * np.abs(mean).max() + 0.3
        return f"dots {mean} {other}" if far or np.abs(box(a) - box(b)).max() > 0.05 else None
    off = np.abs(soft(a) - soft(b)).max()
    return f"{off:.0f} of 255" if off > 14 else None


def wrong(cells, told, names):
    """The cells in which two painters disagree."""
    kinds = [{p["kind"] for p in cell} for cell in cells]
    found = []
    for one, other in (("browser", "frames"), ("browser", "stills")):
        for kind, name, a, b in zip(kinds, names, told[one], told[other], strict=True):
            if (why := differ(kind, a, b)) is not None:
                found.append((name, one, other, why))
    return found


def all_three(bench, cells):
    stills = as_stills(bench, cells)
    return {"browser": in_browser(bench, cells), "frames": as_frames(cells), "stills": stills}


def test_every_element_with_all_its_fields_looks_the_same_to_all(bench):
    cells = [primitives(element) for element in VARIED]
    told = all_three(bench, cells)
    assert not wrong(cells, told, VARIED)


def drawable():
    found, left = [], [Element]
    while left:
        left += (under := left.pop().__subclasses__())
        found += [cls for cls in under if not cls.__subclasses__() or cls in (Grating,)]
    return [cls for cls in found if cls.__module__ == scene.__name__]


def home(cls, name):
    """The class that gave a field first."""
    return next(c for c in reversed(cls.__mro__) if name in getattr(c, "__annotations__", {}))


def test_all_elements_and_fields_are_varied():
    for cls in drawable():
        assert any(type(element) is cls for element in VARIED), cls
        for f in fields(cls):
            if f.name in ("during", "show", "when", *scene.PRESSES):
                continue
            own = [element for element in VARIED if isinstance(element, home(cls, f.name))]
            values = [repr(getattr(element, f.name)) for element in own]
            assert len(set(values)) > 1, (cls.__name__, f.name)


def test_the_elements_of_every_task_look_the_same_to_all(bench):
    seen = {}
    for id in ngym.all_envs():
        env = ngym.make(id, preset="human").unwrapped
        ob, _ = env.reset(seed=3)
        row = np.concatenate([ob, np.full(8, 0.4)])  # and what a hand does
        for p in env.task.plan.scene.resolve(env.task, env.trial):
            now = value({name: f for name, f in p.items() if name not in ("during", "show")}, row)
            if on_stage(now):
                seen.setdefault(repr(now), (id, now))
    cells = [[now] for _, now in seen.values()]
    assert len(cells) > 100
    assert not wrong(cells, all_three(bench, cells), list(seen.values()))


def on_stage(e):
    """Whether there is something to be compared."""
    return e["kind"] != "sound" and is_there(e) and 0 not in (e.get("width"), e.get("height"))


DRIFTS = {
    "a length": lambda p: {"width": p["width"] * 1.25} if p["kind"] == "path" else {},
    "a start": lambda p: {"start": p["start"] + 0.2} if p["kind"] == "circle" else {},
    "a size": lambda p: {"size": p["size"] * 1.4} if p["kind"] == "text" else {},
    "a place": lambda p: {"y": p["y"] + 0.08} if p["kind"] != "sound" else {},
    "a density": lambda p: {"density": p["density"] * 0.7} if p["kind"] == "dots" else {},
    "an angle": lambda p: (
        {"angles": [a + 0.1 for a in p["angles"]]} if p["kind"] == "waves" else {}
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drift_of_one_painter_is_found(bench, drift):
    elements = [
        Pointer(length=0.4, width=0.1), Arc(width=0.1, stop=3), Text(text="Go", size=0.3),
        Dots(dot=0.03), Grating(size=0.8, frequency=4),
    ]  # fmt: skip
    cells = [primitives(element) for element in elements]
    moved = [[p | DRIFTS[drift](p) for p in cell] for cell in cells]
    told = all_three(bench, cells)
    assert not wrong(cells, told, elements)
    changed = sum(a != b for a, b in zip(cells, moved, strict=True))
    for other in ("frames", "stills"):
        off = as_frames(moved) if other == "frames" else as_stills(bench, moved)
        found = wrong(cells, told | {other: off}, elements)
        assert len(found) == changed > 0


def test_no_painter_names_an_element():
    names = {cls.__name__.lower() for cls in drawable()} - set(KINDS)
    assert {"cross", "star", "pointer", "plaid"} <= names
    told = "|".join(names)
    word = re.compile(rf"""["'`]({told})["'`]|\b_?({told})\s*[:(]|\b({told.title()})\b""")
    for painter in ("assets/scene.js", "neurogym/envs/pixels.py", "neurogym/figures/stills.py"):
        text = re.sub(r"\bctx\.arc\(", "", (ROOT / painter).read_text())
        assert not word.findall(text), painter
