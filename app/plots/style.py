"""What the app's figures add to how figures look: colours of tasks, strips and cues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.plots.raster_data import Part
from app.plots.strips import Strip
from neurogym.figures import style
from neurogym.figures.style import STRIP_HUES
from neurogym.figures.trace_plot import hues

CUE_HUES = ("#7d8b99", "#9a6fc4", "#2aa198", "#b58a1b", "#c2588c", "#6a8f2f")


class Look(style.Look):
    """Colours and type of the app's figures on a light or a dark page."""

    def parts(self, parts: Sequence[Part]) -> list[dict[int, str]]:
        """A colour for each action of each of several tasks."""
        every = [(j, k) for j, part in enumerate(parts) for k in part.answers]
        colors = dict(zip(every, hues(len(every)), strict=False))
        return [{k: colors[j, k] for k in part.answers} for j, part in enumerate(parts)]

    def numbers(self, n: int, answers: Mapping[int, str]) -> list[str]:
        """A colour for each of n numbers: that of its answer if they match, else another."""
        if n == len(answers):
            return [self.actions(answers)[k] for k in answers]
        first = len(answers)
        return list(hues(first + n)[first : first + n])

    def strip(self, strip: Strip, k: int) -> dict[Any, str]:
        """A colour for each value of the k-th strip."""
        own = STRIP_HUES[2 * k % len(STRIP_HUES) :] + STRIP_HUES[: 2 * k % len(STRIP_HUES)]
        return {value: own[i % len(own)] for i, value in enumerate(strip.values)}

    def cues(self, n: int) -> list[str]:
        """A hue for each of n single channels."""
        return [CUE_HUES[k % len(CUE_HUES)] for k in range(n)]
