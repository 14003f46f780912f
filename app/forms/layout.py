"""Rows and columns of forms. They are Bokeh's own: of Material's each costs as much as a widget."""

from __future__ import annotations

from typing import Any

import panel as pn

TIGHT = {"width": "fit-content", "max-width": "100%", "flex": "0 1 auto"}  # no wider than needed
WIDE = {"flex": "1 1 200px", "min-width": "0"}  # all the room that there is, or a line of its own
FLOW = {"flex-wrap": "wrap", "align-items": "flex-start", "gap": "0px"}
SHEET = """
:host {background: var(--mui-palette-background-paper, var(--panel-surface-color, #fff));
  border-radius: 10px; padding-bottom: 10px; box-shadow: 0 1px 3px rgb(0 0 0 / 22%);
  border: 1px solid color-mix(in srgb, currentColor 10%, transparent)}
"""


def column(*objects: Any, styles: Any = None, **look: Any) -> pn.Column:
    """Some things one below the other."""
    return pn.Column(*objects, styles=styles or {}, **{"margin": 0, **look})


def flow(*objects: Any, styles: Any = TIGHT, **look: Any) -> pn.Row:
    """Some things side by side, as many as have room."""
    return pn.Row(*objects, styles={**FLOW, **styles}, **{"margin": 0, **look})
