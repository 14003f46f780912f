"""What there is to doubt in trials, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurogym.records.measures import quality

SAID = {
    "implausible": "with a value that no screen and keys can give",
    "mismatch": "that the browser scored otherwise than Python",
    "late": "with late frames",
    "interrupted": "broken off",
}


def doubts(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many trials are flagged, and for what; empty if none is."""
    found = quality(rows)
    told = [f"{found[name]} {why}" for name, why in SAID.items() if found[name]]
    return f"Of {len(rows)} trials: {', '.join(told)}. See their flags." if told else ""
