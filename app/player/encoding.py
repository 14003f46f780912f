"""Messages as JSON: arrays are text that the page reads back (`revive` in assets/tools.js)."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from neurogym.spec.parameters import plain


def dumps(value: Any) -> str:
    """JSON of a message that may hold arrays; ValueError for numbers that JSON has not."""
    return json.dumps(value, default=_array, allow_nan=False, separators=(",", ":"))


def _array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        kind = {"bool": "uint8"}.get(value.dtype.name, value.dtype.name)
        data = np.ascontiguousarray(value, kind).tobytes()
        return {"array": kind, "data": base64.b64encode(data).decode()}
    return plain(value)
