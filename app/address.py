"""What an address of the studio says: the choice, the theme, and what of it cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from app.state import StudioState, shortened
from neurogym.records.database import Store

THEMES = {"dark": True, "default": False, "light": False}


@dataclass(frozen=True)
class Address:
    """What an address says; `told` has a sentence for each part of it that cannot be taken."""

    choice: StudioState
    theme: str
    told: tuple[str, ...]
    subject: str = ""  # that the address itself names


def read(
    arguments: Mapping[str, Sequence[bytes]], store: Store, problems: Sequence[str] = ()
) -> Address:
    """Read the entries of an address, as a server has them.

    A run that is named in it brings its own task and parameters. `problems` are told first.
    """
    entries, told = read_query(dict(arguments))
    theme = entries.pop("theme", "").lower()
    if theme and theme not in THEMES:
        told.append(f"theme = {theme[:40]!r} in the address: allowed are 'dark', 'light'")
        theme = ""
    choice, more = StudioState.from_address(entries)
    subject = choice.subject
    try:
        more += _take_run(choice, store)
    except ValueError as error:
        more.append(str(error))
        choice.param.update(run="", view="choose")
    return Address(choice, theme, (*problems, *told, *more), subject)


def arguments_of(search: str) -> dict[str, list[bytes]]:
    """The entries of a query, "?" first, as a server has them."""
    found = parse_qs(search.removeprefix("?"), keep_blank_values=True, encoding="latin1")
    return {name: [text.encode("latin1") for text in texts] for name, texts in found.items()}


def read_query(arguments: Mapping[str, Sequence[bytes]]) -> tuple[dict[str, str], list[str]]:
    """The entries of a query as text, and a sentence for each that was not as it should be.

    Known entries are found in any case. Bytes that are no UTF-8 are read as Windows-1252; of an
    entry that is there more than once the first one counts; an empty one is none.
    """
    entries, told = {}, []
    known = {*StudioState.query_parameters(), "theme"}
    for name, values in arguments.items():
        key = name.lower() if name.lower() in known and name.lower() not in arguments else name
        values = [value for value in values if value]
        if not values:
            continue
        try:
            entries[key] = values[0].decode()
        except UnicodeDecodeError:
            entries[key] = values[0].decode("cp1252", "replace")
            text = shortened(entries[key], 60)
            told.append(f"{key} in the address is not UTF-8: it is read as “{text}”.")
        if len(set(values)) > 1:
            told.append(f"{key} stands in the address {len(values)} times: the first one counts.")
    return entries, told


def _take_run(choice: StudioState, store: Store) -> list[str]:
    """Choose what the run was played with that an address names; what is told of it.

    Two names for one player are one too many: who is named beside a run gets one of his own.
    """
    if not choice.run:
        return []
    run, subject = store.run(choice.run), choice.subject
    if run is None:
        raise ValueError(f"there is no run {choice.run[:40]!r} in the database")
    choice.take(run)
    if not subject or run["subject"] == subject:
        return []
    choice.param.update(run="", subject=subject)
    return [
        f"The run {run['run_id']} is not one of {subject!r}: a new run with the same settings"
        " begins."
    ]


def write(choice: StudioState, theme: str = "", **changes: str) -> str:
    """The query, with its question mark, that says a choice; some entries changed."""
    shown = {"theme": theme} if theme else {}
    return "?" + urlencode({**choice.query(), **changes, **shown})
