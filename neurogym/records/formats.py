"""Trials as other programs take them: pyddm, hssm, psignifit, pandas. docs/data.md describes each.

Each is a table of plain cells, for CSV or a data frame. Times are seconds where the program wants
seconds. What a program could only misread is an error; what has no place in its table is left out
and counted.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from neurogym.envs.has_trials import HasTrials
from neurogym.records import flat
from neurogym.records.files import KINDS, File, guarded, opened, plain_row
from neurogym.records.trial_table import COLUMNS, arguments, env_of, is_finished
from neurogym.spec.outcomes import Outcome
from neurogym.spec.parameters import unknown

Row = Mapping[str, Any]
CODINGS = ("answer", "accuracy")
MISSING = -999.0  # what hssm takes for a response time that is missing
ANSWER = "ground_truth"
SCALARS = [name for name in COLUMNS if KINDS[name] != "json"]
FORMATS = ("pandas", "pyddm", "hssm", "psignifit")


def pandas(rows: Iterable[Row], known: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """For `pandas.read_csv`: columns that hold one value, then conditions; booleans are 1 and 0.

    `known` are names of conditions, where rows are not to be gathered for them.
    """
    rows, names = _with_names(rows, known)
    for row in rows:
        full = plain_row(row)
        told = {name: full[name] for name in SCALARS}
        told |= {flat.column_of(name): _scalar(full["conditions"].get(name)) for name in names}
        yield {k: int(v) if isinstance(v, bool) else v for k, v in told.items()}


def pyddm(
    rows: Iterable[Row],
    conditions: Sequence[str] | None = None,
    coding: str = "answer",
    known: Sequence[str] | None = None,
    left_out: Counter[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """For `pyddm.Sample.from_pandas_dataframe(df, "rt", "choice")`.

    rt in s; choice 1 or 0; both None where there was no response; then the conditions.

    Args:
        rows: trials of tasks with two choices.
        conditions: those that are told; else all that have one value, but lengths of periods.
        coding: "answer": 1 is the second answer, that of ground truth 1; "accuracy": 1 is correct.
        known: names of all conditions, where rows are not to be gathered for them.
        left_out: counts what is left out, by reason.

    Raises ValueError for a task without two choices, a condition that there is not, and one that a
    trial lacks.
    """
    for row, rt, up, told in _decisions(rows, conditions, coding, known, left_out):
        yield {"rt": rt, "choice": up, **_beside({"subject": row["subject"]}, told, "rt", "choice")}


def hssm(
    rows: Iterable[Row],
    conditions: Sequence[str] | None = None,
    coding: str = "answer",
    missing: bool = False,
    known: Sequence[str] | None = None,
    left_out: Counter[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """For `hssm.HSSM(data=df)`: participant_id, rt in s, response 1 or -1, and the conditions.

    Trials without a response are left out, or with `missing` have -999 as rt and response, which
    hssm takes with `missing_data=True` alone. Other arguments and errors are those of `pyddm`.
    """
    for row, rt, up, told in _decisions(rows, conditions, coding, known, left_out):
        if rt is None and not missing:
            _count(left_out, "without a response")
            continue
        given = (MISSING, int(MISSING)) if rt is None else (rt, 1 if up else -1)
        own = dict(zip(("participant_id", "rt", "response"), (row["subject"], *given), strict=True))
        yield _beside(own, told)


def psignifit(
    rows: Iterable[Row],
    level: str | None = None,
    known: Sequence[str] | None = None,
    left_out: Counter[str] | None = None,
) -> list[dict[str, Any]]:
    """For `psignifit.psignifit(df.to_numpy(), experiment_type="2AFC")`: level, correct and n.

    `level` is the condition; else the one that has more than two numbers. Trials without a response
    do not count. Raises ValueError for a task without two choices, trials of several subjects, of
    several tasks or parameters, and a condition that is no number, or not named where many are.
    """
    asked = None if level is None else [level]
    found: list[tuple[dict[str, Any], bool]] = []
    of: set[tuple[str, ...]] = set()
    for row, rt, right, told in _decisions(rows, asked, "accuracy", known, left_out):
        of.add((str(row["subject"]), row["task"], str(arguments(row))))
        if len(of) > 1:
            raise ValueError(f"psignifit fits one subject, task and setting, not {_differ(of)}")
        if rt is None:
            _count(left_out, "without a response")
        else:
            found.append((told, bool(right)))
    name = _level([told for told, _ in found], level)
    levels = np.array([told[name] for told, _ in found], float)
    hits = np.array([right for _, right in found])
    return [
        {"level": float(x), "correct": int(hits[levels == x].sum()), "n": int((levels == x).sum())}
        for x in np.unique(levels)
    ]


def write(form: str, rows: Iterable[Row], file: File, *, raw: bool = False, **how: Any) -> int:
    """Write rows as one of `FORMATS`, as CSV, and return how many lines that were.

    `how` is what the format takes. ValueError for what it does not, and if nothing is left.
    """
    if form not in FORMATS:
        raise ValueError(unknown("format", [form], FORMATS))
    make: Callable[..., Iterable[dict[str, Any]]] = globals()[form]
    count = 0
    with TemporaryFile("w+", encoding="utf-8", newline="") as whole:  # half a table is none
        table = csv.writer(whole, lineterminator="\n")
        for count, line in enumerate(make(rows, **how), 1):
            if count == 1:
                table.writerow([guarded(name, raw) for name in line])
            table.writerow([_cell(value, raw) for value in line.values()])
        if not count:
            raise ValueError(f"there is no trial that {form} could take")
        whole.seek(0)
        with opened(file, "w") as out:
            shutil.copyfileobj(whole, out)
    return count


# -- two choices -----------------------------------------------------------------------------------


def two_choices(env: HasTrials) -> tuple[int, int]:
    """The two actions that answer in a task's trials; ValueError, and why, if there are not two."""
    task = env.declared
    if task is None:
        raise ValueError("it declares no actions")
    if task.together:
        raise ValueError("it is several tasks at once")
    actions = task.plan.actions
    if actions.graded:
        raise ValueError("its actions are numbers")
    if task.closed:
        raise ValueError("its trials answer to each action, so that no one action decides")
    labels = [label for i, label in enumerate(actions.labels) if i != env.idle_action]
    if len(labels) != 2:
        raise ValueError(f"its answers are {', '.join(labels)}")
    return actions.index(labels[0]), actions.index(labels[1])


def _decisions(
    rows: Iterable[Row],
    conditions: Sequence[str] | None,
    coding: str,
    known: Sequence[str] | None,
    left_out: Counter[str] | None,
) -> Iterator[tuple[Row, float | None, int | None, dict[str, Any]]]:
    """Of each trial that asked for a decision: the row, RT in s, whether it was the upper one."""
    if coding not in CODINGS:
        raise ValueError(unknown("coding", [coding], CODINGS))
    rows, names = _with_names(rows, known)
    if conditions is not None:
        if extra := [name for name in conditions if name not in names]:
            raise ValueError(unknown("condition", extra, names))
        names = conditions
    tasks: dict[tuple[str, str], tuple[tuple[int, int], set[str]]] = {}
    count = partial(_count, left_out)
    for row in rows:
        key = row["task"], str(arguments(row))
        if key not in tasks:
            tasks[key] = _task(row)
        (_, second), lengths = tasks[key]
        answered = not row["outcome"] or Outcome[row["outcome"].upper()].is_answer
        if not is_finished(row):
            count("interrupted")
        elif row["response"] is None and row["outcome"] != "miss":
            count("without a decision" if row["outcome"] != "early" else "answered too early")
        elif row["response"] is not None and not answered:
            count("answered too early")
        elif row["response"] is not None and (row["rt_ms"] is None or row["rt_ms"] < 0):
            count("without a possible response time")
        else:
            told = _told(row, [n for n in names if conditions is not None or n not in lengths])
            if row["response"] is None:
                yield row, None, None, told
                continue
            up = row["response"] == second if coding == "answer" else row["correct"]
            yield row, row["rt_ms"] / 1000, int(up), told


def _task(row: Row) -> tuple[tuple[int, int], set[str]]:
    """The two actions that answer in a row's task, and the names of its periods."""
    env = env_of(row)
    try:
        return two_choices(env), set(env.declared.timing) if env.declared else set()
    except ValueError as error:
        raise ValueError(f"{row['task']} has no two choices: {error}") from error


def _told(row: Row, names: Sequence[str]) -> dict[str, Any]:
    told = {name: _scalar(row["conditions"].get(name)) for name in names}
    if lacking := [name for name, value in told.items() if value is None]:
        have = [name for name, value in told.items() if value is not None]
        raise ValueError(
            f"the trial {row['uid']} has no condition {lacking[0]!r}, as others have: name those"
            f" that all trials have, such as {', '.join(have) or 'none'}, or trials of one task"
        )
    return told


def _beside(own: dict[str, Any], told: Mapping[str, Any], *taken: str) -> dict[str, Any]:
    """Conditions beside columns of their own; one that has such a name gets a longer one."""
    clash = {*own, *taken}
    return own | {f"{flat.PREFIX}{n}" if n in clash else n: value for n, value in told.items()}


def _level(conditions: Sequence[Mapping[str, Any]], asked: str | None) -> str:
    """The condition that psignifit takes as the level."""
    values: dict[str, set[Any]] = {}
    for each in conditions:
        for name, value in each.items():
            values.setdefault(name, set()).add(value)
    numeric = [
        name
        for name, found in values.items()
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in found)
    ]
    if not conditions:
        raise ValueError("there is no trial with a response")
    if asked is not None:
        if asked not in numeric:
            raise ValueError(unknown("level", [asked], numeric))
        return asked
    many = [name for name in numeric if len(values[name]) > 2 and name != ANSWER]
    if len(many) != 1:
        which = ", ".join(many or numeric) or "none is a number"
        raise ValueError(f"name the condition that is the level: {which}")
    return many[0]


def _differ(of: Iterable[tuple[str, ...]]) -> str:
    one, other = sorted(of)
    return next(f"{a} and {b}" for a, b in zip(one, other, strict=True) if a != b)


# -- cells -----------------------------------------------------------------------------------------


def _with_names(
    rows: Iterable[Row], known: Sequence[str] | None
) -> tuple[Iterable[Row], Sequence[str]]:
    """Rows, and the conditions that they tell; rows are gathered where those are not known."""
    if known is not None:
        return rows, known
    rows = list(rows)
    return rows, flat.names(row["conditions"] for row in rows)


def _scalar(value: Any) -> Any:
    return None if isinstance(value, list | dict) else value


def _count(left_out: Counter[str] | None, why: str) -> None:
    if left_out is not None:
        left_out[why] += 1


def _cell(value: Any, raw: bool) -> Any:
    if value is None:
        return ""
    return guarded(value, raw) if isinstance(value, str) else repr(value)
