"""Light and pixels: a screen's pixel values are coded by sRGB, and what contrasts is light.

IEC 61966-2-1: twice the pixel value is about four and a half times the light.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

BACKGROUND = 128  # pixel value of the stage, of 255


def light(pixels: Any) -> np.ndarray:
    """The share of a screen's light at pixel values from 0 to 255."""
    v = np.asarray(pixels, float) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def pixels(light: Any) -> np.ndarray:
    """The pixel values, 0 to 255 and not rounded, at which a screen gives a share of its light."""
    v = np.clip(np.asarray(light, float), 0, 1)
    return 255 * np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)


def about_background(contrast: Any) -> np.ndarray:
    """The pixel values whose light is (1 + contrast) times that of the stage.

    A sine of these, of amplitude c, has Michelson's contrast c, and the stage's mean luminance.
    """
    return pixels(light(BACKGROUND) * (1 + np.asarray(contrast, float)))


@lru_cache(maxsize=256)
def shade(color: str, contrast: float) -> str:
    """A colour "#rrggbb" of which so much is left, from 0 (the stage) to 1, in light."""
    levels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    back, c = light(BACKGROUND), min(max(float(contrast), 0.0), 1.0)
    mixed = np.rint(pixels(back + c * (light(levels) - back))).astype(int)
    return "#" + "".join(f"{level:02x}" for level in mixed.tolist())
