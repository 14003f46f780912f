"""Rows of the trial table to and from files: CSV and JSON give back the same rows."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from neurogym.records import flat
from neurogym.records.trial_table import COLUMNS, JSON_COLUMNS, empty_row
from neurogym.spec.parameters import from_json, plain, unknown

File = str | Path | IO[str]
FORMATS = ("csv", "json")
MAX_INTEGER = 2**63 - 1
FORMULA = re.compile("'*[=+\\-@\t\r]")  # what a spreadsheet runs, guarded or not
GUARDED = re.compile("'+[=+\\-@\t\r]")
BEGINNINGS = {  # of files, by format; formats.py writes those that other programs take
    "csv": r"uid,run_id,", "json": r'\[\s*(\{"uid"|\]\s*$)', "pandas": r"uid,run_id,",
    "pyddm": r"rt,choice,", "hssm": r"participant_id,rt,response", "psignifit": r"level,correct,n",
}  # fmt: skip

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


def write_csv(
    rows: Iterable[Mapping[str, Any]],
    file: File,
    *,
    raw: bool = False,
    conditions: Sequence[str] | None = None,
) -> None:
    """Write rows as CSV: a header, JSON in the JSON columns, nothing for None, true and false.

    After the columns of the trial table, conditions that are one value each have columns of their
    own (`flat.column_of`): those that `conditions` names, or else those of the rows, which are
    gathered for it. Text that a spreadsheet would run as a formula gets an apostrophe before it,
    which `read` takes away; `raw` leaves it as it is.
    """
    if conditions is None:
        rows = list(rows)
        conditions = flat.names(plain(row.get("conditions") or {}) for row in rows)
    with opened(file, "w") as out:
        named = [guarded(flat.column_of(name), raw) for name in conditions]
        out.write(_line([*COLUMNS, *named]))
        for row in rows:
            full = plain_row(row)
            cells = [_text(value, KINDS[name], raw) for name, value in full.items()]
            own = (full["conditions"].get(name) for name in conditions)
            cells += ["" if isinstance(v, list | dict) else _text(v, _kind(v), raw) for v in own]
            out.write(_line(cells))


def conditions_in(header: str) -> list[str] | None:
    """The conditions that have columns in a table with a header; None if it is no trial table."""
    columns = next(csv.reader([header]), [])
    n = len(COLUMNS)
    return [flat.condition_of(_bare(c)) for c in columns[n:]] if columns[:n] == [*COLUMNS] else None


def write_json(rows: Iterable[Mapping[str, Any]], file: File) -> None:
    """Write rows as a JSON list of objects, one a line."""
    with opened(file, "w") as out:
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
    with opened(path, "r") as source:
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
    table = csv.DictReader(source)
    others = [name for name in table.fieldnames or () if name not in COLUMNS]
    unseen = {flat.condition_of(_bare(name)): name for name in others}
    for row in table:
        if None in row or None in row.values():
            raise ValueError("a row has more cells, or fewer, than there are columns")
        told = {name: _value(name, text) for name, text in row.items() if name in COLUMNS}
        conditions = told.get("conditions") or {}
        for name in others:
            _check_flat(name, row[name], conditions)
        for condition in set(unseen).intersection(conditions):
            del unseen[condition]
        yield told
    if unseen:
        raise ValueError(unknown("column", list(unseen.values()), COLUMNS))


def _check_flat(column: str, text: str, conditions: Any) -> None:
    """ValueError if the column of a condition says something else than the JSON does."""
    name = flat.condition_of(_bare(column))
    value = conditions.get(name) if isinstance(conditions, dict) else None
    if text == "" and (value in (None, "") or isinstance(value, list | dict)):
        return
    if not isinstance(conditions, dict) or name not in conditions:
        raise ValueError(f"{column} = {text!r}: the row's conditions, as JSON, have no {name!r}")
    try:
        found = _bare(text) if isinstance(value, str) else from_json(text)
    except ValueError:
        found = text
    if found != value:
        raise ValueError(
            f"{column} = {text!r}, but the row's conditions, as JSON, say {value!r}: that is what"
            " counts, so change it there, too"
        )


def is_export(path: Path, form: str) -> bool:
    """Whether a file is empty or begins as one that was written here, in that format."""
    with open(path, "rb") as file:
        start = file.read(80).decode("latin-1").removeprefix("ï»¿")
    return not start or bool(re.match(BEGINNINGS[form], start))


def opened(file: File, mode: str) -> AbstractContextManager[IO[str]]:
    """A file that is named, to be closed, or one that is open, to be left so."""
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


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else "json"


def _text(value: Any, kind: str, raw: bool) -> str:
    if value is None:
        return ""
    return guarded(value, raw) if kind == "text" else _compact(value)


def guarded(text: str, raw: bool = False) -> str:
    """Text that no spreadsheet runs; as it is with `raw`."""
    return f"'{text}" if not raw and FORMULA.match(text) else text


def _bare(text: str) -> str:
    return text[1:] if GUARDED.match(text) else text


def _value(name: str, text: str) -> Any:
    if text == "" or KINDS[name] == "text":
        return _bare(text) or None
    return from_json(text)
