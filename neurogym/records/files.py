"""Rows of the trial table to and from files: CSV and JSON give back the same rows."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from neurogym.records.trial_table import COLUMNS, JSON_COLUMNS, empty_row
from neurogym.spec.parameters import from_json, plain, unknown

File = str | Path | IO[str]
FORMATS = ("csv", "json")
MAX_INTEGER = 2**63 - 1
FORMULA = re.compile("'*[=+\\-@\t\r]")  # what a spreadsheet runs, guarded or not
GUARDED = re.compile("'+[=+\\-@\t\r]")
BEGINNINGS = {"csv": r"uid,run_id,", "json": r'\[\s*(\{"uid"|\]\s*$)'}

_OTHERS = {
    "integer": ("seed", "trial_index", "response", "frames", "late_frames"),
    "boolean": ("correct", "shared_noise"),
    "number": (
        "performance",
        "reward",
        "rt_ms",
        "produced_ms",
        "start_ms",
        "iti_ms",
        "onset_ms",
        "key_ms",
        "origin_ms",
        "refresh_hz",
        "pace",
    ),
    "json": JSON_COLUMNS,
}  # fmt: skip
# what a column holds: text, integer, number, boolean or json
KINDS: dict[str, str] = dict.fromkeys(COLUMNS, "text") | {
    name: kind for kind, names in _OTHERS.items() for name in names
}


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A full row with each column's kind of value; ValueError for columns and values of no kind."""
    if extra := [name for name in row if name not in COLUMNS]:
        raise ValueError(unknown("column", extra, COLUMNS))
    given = {name: plain(value) for name, value in row.items()}
    full = empty_row(**{name: value for name, value in given.items() if value is not None})
    return {name: checked(name, value, KINDS[name]) for name, value in full.items()}


def checked(name: str, value: Any, kind: str) -> Any:
    """A plain value if it is of a kind, else ValueError; numbers become floats, no text None."""
    if value is None or (kind == "text" and value == ""):
        return None
    if kind == "json" and isinstance(value, dict | list):
        return value
    if kind == "text" and isinstance(value, str):
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in ("integer", "number") and isinstance(value, int | float):
        if kind == "number" and not isinstance(value, bool):
            return float(value)
        if kind == "integer" and not isinstance(value, bool) and value == int(value):
            return _small(name, int(value))
    raise ValueError(f"{name} = {value!r}: expected {'JSON' if kind == 'json' else kind}")


def _small(name: str, value: int) -> int:
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"{name} = {value} is too large: the greatest is 2**63 - 1")
    return value


def write_csv(rows: Iterable[Mapping[str, Any]], file: File, *, raw: bool = False) -> None:
    """Write rows as CSV: a header, JSON in the JSON columns, nothing for None, true and false.

    Text that a spreadsheet would run as a formula gets an apostrophe before it, which `read` takes
    away; `raw` leaves it as it is.
    """
    with _opened(file, "w") as out:
        out.write(_line(COLUMNS))
        for row in rows:
            out.write(_line([_text(name, value, raw) for name, value in plain_row(row).items()]))


def write_json(rows: Iterable[Mapping[str, Any]], file: File) -> None:
    """Write rows as a JSON list of objects, one a line."""
    with _opened(file, "w") as out:
        out.write("[")
        for number, row in enumerate(rows):
            out.write(f"{',' if number else ''}\n{_compact(plain_row(row))}")
        out.write("\n]\n")


def read(file: str | Path) -> list[dict[str, Any]]:
    """The rows in a file that was written here; its name ends in .csv or .json.

    ValueError for a file that holds anything else.
    """
    path = Path(file)
    form = path.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise ValueError(f"{path}: expected a file that ends in .csv or .json")
    with _opened(path, "r") as source:
        try:
            return [plain_row(row) for row in (_listed if form == "json" else _table)(source)]
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{path}: {error}") from error


def _listed(source: IO[str]) -> list[dict[str, Any]]:
    rows = from_json(source.read())
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("expected a list of rows")
    return rows


def _table(source: IO[str]) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(2**31 - 1)  # a long trial's actions exceed the 128 kB that csv allows
    for row in csv.DictReader(source):
        if None in row or None in row.values():
            raise ValueError("a row has more cells, or fewer, than there are columns")
        yield {name: _value(name, text) for name, text in row.items()}


def is_export(path: Path, form: str) -> bool:
    """Whether a file is empty or begins as one that was written here, as CSV or as JSON."""
    with open(path, "rb") as file:
        start = file.read(80).decode("latin-1").removeprefix("ï»¿")
    return not start or bool(re.match(BEGINNINGS[form], start))


def _opened(file: File, mode: str) -> AbstractContextManager[IO[str]]:
    if isinstance(file, str | Path):
        encoding = "utf-8-sig" if mode == "r" else "utf-8"  # spreadsheets add a mark when they save
        return open(file, mode, encoding=encoding, newline="")
    return nullcontext(file)


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # so it quotes both of these
    return line.getvalue().removesuffix("\r\n") + "\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _text(name: str, value: Any, raw: bool) -> str:
    if value is None:
        return ""
    if KINDS[name] != "text":
        return _compact(value)
    return f"'{value}" if not raw and FORMULA.match(value) else value


def _value(name: str, text: str) -> Any:
    if text == "" or KINDS.get(name, "text") == "text":
        return (text[1:] if GUARDED.match(text) else text) or None
    return from_json(text)
