"""How figures look: colours and type, on a light or a dark page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

HUES = ("#2f7fd1", "#e07b28", "#1d9e74", "#c65fa5", "#8a6fd1", "#b8a11c")  # told apart by all eyes
STRIP_HUES = (
    "#7f9bd1",
    "#e3bd79",
    "#8fbf92",
    "#d48f9b",
    "#a795cc",
    "#7dbdc2",
    "#c4ad88",
    "#98a4b0",
)


def mix(colors: Sequence[str], n: int = 256) -> list[str]:
    """So many colours (#rrggbbaa) between some."""
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5, 7)] for c in colors], float)
    at = np.linspace(0, len(stops) - 1, n)
    mixed = np.stack([np.interp(at, np.arange(len(stops)), column) for column in stops.T], axis=1)
    return ["#" + "".join(f"{v:02x}" for v in row) for row in np.rint(mixed).astype(int)]


def wheel(n: int) -> list[str]:
    """So many hues of one lightness, around the OKLCH wheel."""
    hue = np.arange(n) * 2 * np.pi / n + 4.4
    a, b, light = 0.13 * np.cos(hue), 0.13 * np.sin(hue), 0.68
    lms = np.stack([
        light + 0.3963377774 * a + 0.2158037573 * b,
        light - 0.1055613458 * a - 0.0638541728 * b,
        light - 0.0894841775 * a - 1.2914855480 * b,
    ]) ** 3  # fmt: skip
    to_rgb = [[4.0767416621, -3.3077115913, 0.2309699292],
              [-1.2684380046, 2.6097574011, -0.3413193965],
              [-0.0041960863, -0.7034186147, 1.7076147010]]  # fmt: skip
    rgb = np.clip(np.array(to_rgb) @ lms, 0, 1)
    rgb = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    return ["#" + "".join(f"{v:02x}" for v in c) for c in np.rint(rgb.T * 255).astype(int)]


@dataclass(frozen=True)
class Look:
    """Colours and type of the figures on a light or a dark page."""

    dark: bool = False
    svg: bool = False
    small = "12px"

    @property
    def ink(self) -> str:
        """Text and marks."""
        return "#e4e7eb" if self.dark else "#24292f"

    @property
    def quiet(self) -> str:
        """Text that stands back."""
        return "#a3abb5" if self.dark else "#5d6670"

    @property
    def page(self) -> str:
        """About what the page's background is."""
        return "#181a1d" if self.dark else "#ffffff"

    def actions(self, answers: Mapping[int, str]) -> dict[int, str]:
        """A colour for each action; none is grey."""
        hues = HUES if len(answers) <= len(HUES) else wheel(len(answers))
        return {0: self.quiet, **dict(zip(answers, hues, strict=False))}

    @property
    def sequential(self) -> list[str]:
        """Colours of levels from 0 up; 0 is the page."""
        if self.dark:
            return mix(["#2a788e00", "#23708fb0", "#35b0a4f0", "#f3f1b0ff"])
        return mix(["#cfe3ef00", "#8fc1dcd0", "#2f7fb5ff", "#0b2d5bff"])

    @property
    def diverging(self) -> list[str]:
        """Colours of levels on both sides of 0, which is the page; the lower side stands back."""
        below = ["#c98b5ab0", "#c98b5a58", "#c98b5a00"] if self.dark else (
            ["#b9804fa0", "#c99b7160", "#c99b7100"]
        )  # fmt: skip
        return [*mix(below, 128), *self.sequential[::2]]

    def dress(self, fig: Any) -> None:
        """Make a figure's axes, grid and text quiet."""
        fig.background_fill_color = fig.border_fill_color = None
        fig.outline_line_color = None
        fig.grid.grid_line_color = None
        fig.title.text_color, fig.title.text_font_size = self.ink, "13px"
        for axis in fig.axis:
            axis.axis_line_color = axis.minor_tick_line_color = None
            axis.major_tick_line_color = self.quiet
            axis.major_tick_in, axis.major_tick_out = 0, 4
            axis.major_label_text_color = axis.axis_label_text_color = self.quiet
            axis.major_label_text_font_size = axis.axis_label_text_font_size = self.small
            axis.axis_label_text_font_style = "normal"
