"""Which keys give which answers, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

KEY = (
    '<span style="white-space:nowrap"><kbd style="border:1px solid currentColor;'
    'border-bottom-width:2px;border-radius:5px;padding:0 6px;font:inherit;font-size:13px">{}</kbd>'
    " {}</span>"
)
QUIET = '<span style="opacity:.7">{}</span>'


def keys_line(env: Any) -> str:
    """The keys of a task as HTML; of one that switches between tasks, those of each."""
    if env.declared is None:
        return ""
    try:
        lines = [
            (task.label, _told(keys, [member.task.label for member in task.together]))
            for task, keys in env.declared.key_lines()
        ]
    except ValueError as error:
        return f'<span style="font-size:14px">No keys: {escape(str(error))}</span>'
    same = all(told == lines[0][1] for _, told in lines)
    lines = [("", lines[0][1])] if same else lines
    parts = [f"{QUIET.format(escape(name) + ':') if name else ''} {told}" for name, told in lines]
    text = " &emsp; ".join(parts)
    return f'<div style="font-size:14px;line-height:2">{QUIET.format("keys:")} {text}</div>'


def _told(keys: Mapping[str, Any], parts: list[str]) -> str:
    """Keys and what they answer; those of several tasks at once, task by task."""
    found: dict[int, list[str]] = {}
    for key in keys["keys"]:
        told = KEY.format(escape(key["label"]), escape(key["name"]))
        found.setdefault(key.get("part", 0), []).append(told)
    dial = keys["dial"]
    if dial:
        turn = KEY.format("← →", "turn") + " &ensp; " + KEY.format("space", "answer")
        found.setdefault(dial.get("part", 0), []).append(turn)
    texts = {part: " &ensp; ".join(told) for part, told in sorted(found.items())}
    if len(texts) < 2:
        return "".join(texts.values())
    return " &emsp; ".join(
        f"{QUIET.format(escape(parts[part]) + ':')} {text}" for part, text in texts.items()
    )
