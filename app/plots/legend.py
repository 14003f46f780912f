"""Headings and keys of figures: on the page as HTML, and drawn into pictures that are saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any

from bokeh.models import CustomAction, CustomJS, Div
from bokeh.models.layouts import LayoutDOM

from app.assets import ASSETS
from app.plots.style import Look

SAVE = (ASSETS / "pages" / "save.js").read_text("utf-8")


@dataclass(frozen=True)
class Piece:
    """A part of an entry: text, a "line", or a "scale" of colours.

    Text without a colour has that of the whole.
    """

    text: str = ""
    color: str = ""
    size: int = 13
    bold: bool = False
    kind: str = "text"
    colors: tuple[str, ...] = ()
    dashed: bool = False

    def html(self) -> str:
        """The piece on a page."""
        if self.kind == "scale":
            bar = f"linear-gradient(90deg, {', '.join(self.colors)})"
            style = f"display:inline-block;width:56px;height:9px;background:{bar}"
        elif self.kind == "line":
            line = f"1px dashed {self.colors[0]}" if self.dashed else f"3px solid {self.colors[0]}"
            style = f"display:inline-block;width:22px;vertical-align:middle;border-top:{line}"
        else:
            style = f"font-size:{self.size}px"
            style += f";color:{self.color}" if self.color else ""
            style += ";font-weight:600" if self.bold else ""
        return f'<span style="{style}">{escape(self.text)}</span>'


Entry = tuple[Piece, ...]  # what stays together on a line


def swatch(colors: Sequence[str], name: str) -> Entry:
    """Coloured squares and what they stand for."""
    return (*(Piece("■", color) for color in colors), Piece(f" {name}"))


def line(color: str, name: str, dashed: bool = False) -> Entry:
    """A piece of a line and what it stands for."""
    return Piece(kind="line", colors=(color,), dashed=dashed), Piece(f" {name}")


@dataclass(frozen=True)
class Legend:
    """Entries in one colour; `model` shows them on a page."""

    entries: Sequence[Entry]
    color: str
    margin: tuple[int, int, int, int] = (6, 0, 0, 8)

    def __post_init__(self):
        shown = " &emsp; ".join(
            f'<span style="display:inline-block">{"".join(piece.html() for piece in entry)}</span>'
            for entry in self.entries
        )
        model = Div(text=shown, styles={"color": self.color, "font-size": "13px"},
                    margin=self.margin)  # fmt: skip
        object.__setattr__(self, "model", model)

    def told(self) -> list[list[dict[str, Any]]]:
        """The entries as what draws them into a saved picture is told."""
        return [
            [asdict(replace(piece, color=piece.color or self.color)) for piece in entry]
            for entry in self.entries
        ]


def save_tool(
    plot: LayoutDOM, name: str, look: Look, key: Legend, heads: Sequence[Legend] = ()
) -> CustomAction:
    """The tool that saves a figure, or a grid of them, as one picture with its headings and key."""
    kind = "SVG" if look.svg else "PNG"
    told = dict(
        plot=plot, name=name, svg=look.svg, page=look.page, key=key.told(),
        heads=[[head.model, head.told()] for head in heads],
    )  # fmt: skip
    action = CustomJS(args=told, code=SAVE)
    return CustomAction(icon="save", description=f"Save as {kind}", callback=action)
