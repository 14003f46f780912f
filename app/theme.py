"""Colours and type of all pages, light and dark."""

from __future__ import annotations

from typing import Any

FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif'
PERSON, AGENT = "#e8833a", "#3b6fd4"

_COMMON: dict[str, Any] = {
    "typography": {"fontFamily": FONTS, "button": {"textTransform": "none"}},
    "shape": {"borderRadius": 10},
}
THEME: dict[str, Any] = {
    "light": {
        **_COMMON,
        "palette": {
            "primary": {"main": "#2f5fb3"},
            "secondary": {"main": PERSON},
            "background": {"default": "#f6f7f9", "paper": "#ffffff"},
        },
    },
    "dark": {
        **_COMMON,
        "palette": {
            "primary": {"main": "#8fb3f5"},
            "secondary": {"main": "#f0a368"},
            "error": {"main": "#f28b82"},
            "background": {"default": "#16181c", "paper": "#1e2127"},
        },
    },
}
