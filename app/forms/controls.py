"""Words and numbers beside widgets: labels, what was typed, and why it is not taken."""

from __future__ import annotations

import math
import re
from typing import Any

import panel as pn

EXACT = 2**53  # whole numbers up to here are floats of the same value
WHERE = r"^(\w+ parameter '[\w.]+' |rewards\[.*?\] = |timing\[.*?\] = .* is not a duration: )"


def refuse(widget: Any, error: Exception | None) -> None:
    """Say beside a widget why its value does not fit, or clear what was said."""
    if hasattr(widget, "error_state"):
        text = "" if error is None else short(error)
        widget.param.update(error_state=error is not None, helper_text=text)
    elif error is not None and pn.state.notifications is not None:
        pn.state.notifications.error(short(error))


def short(error: Exception) -> str:
    """The first sentence of an error, without what says which parameter of which class it is."""
    text = str(error).partition(" Allowed: ")[0]
    return re.sub(WHERE, "", text)


def labelled(name: str) -> str:
    """A parameter's name as a label."""
    return name.replace("_", " ")


def number(text: str, whole: bool = False) -> float:
    """The number that a text is; ValueError tells what it is instead."""
    kind = "a whole number" if whole else "a number"
    if not text.strip():
        raise ValueError(f"expected {kind}, but the field is empty")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"expected {kind}, not {text.strip()!r}") from None
    if not math.isfinite(value):
        raise ValueError(f"expected {kind}, not {text.strip()!r}")
    if whole and not value.is_integer():
        raise ValueError(f"expected a whole number, not {text.strip()}")
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def numbers(text: str) -> list[float]:
    """Numbers from "1, 2.5 10"; ValueError tells which part is none."""
    parts = text.replace(",", " ").replace(";", " ").split()
    out = []
    for part in parts:
        try:
            out.append(float(part))
        except ValueError:
            raise ValueError(f"{part!r} is not a number: expected some, as in 5, 15, 50") from None
    return out


def written(value: float | list[float] | None) -> str:
    """A number, or some, as text for a person: six figures do."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(written, value))
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.15g}"
