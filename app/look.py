"""What the app's figures add to how figures look: colours of tasks, strips and cues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.added import Strip
from app.played import Part
from neurogym import look
from neurogym.look import STRIP_HUES

CUE_HUES = ("#7d8b99", "#9a6fc4", "#2aa198", "#b58a1b", "#c2588c", "#6a8f2f")


class Look(look.Look):
    """Colours and type of the app's figures on a light or a dark page."""

    def parts(self, parts: Sequence[Part]) -> list[dict[int, str]]:
        """A colour for each action of each of several tasks."""
        every = [(j, k) for j, part in enumerate(parts) for k in part.answers]
        hues = look.HUES if len(every) <= len(look.HUES) else look.wheel(len(every))
        colors = dict(zip(every, hues, strict=False))
        return [{k: colors[j, k] for k in part.answers} for j, part in enumerate(parts)]

    def strip(self, strip: Strip, k: int) -> dict[Any, str]:
        """A colour for each value of the k-th strip."""
        hues = STRIP_HUES[2 * k % len(STRIP_HUES) :] + STRIP_HUES[: 2 * k % len(STRIP_HUES)]
        return {value: hues[i % len(hues)] for i, value in enumerate(strip.values)}

    def cues(self, n: int) -> list[str]:
        """A hue for each of n single channels."""
        return [CUE_HUES[k % len(CUE_HUES)] for k in range(n)]
