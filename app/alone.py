"""A run in one file: a page that plays it without a server, and what comes back from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.assets import ASSETS, PLAYER_CSS, module
from app.player import messages
from app.player.encoding import dumps
from app.player.session import AHEAD, scored
from app.state import GUEST
from neurogym.envs.has_trials import HasTrials
from neurogym.records import flat, trial_table
from neurogym.records.trial_table import COLUMNS, new_run_id
from neurogym.spec.parameters import from_json, plain

FORMAT = "neurogym-run"
STEPS = {"csv": "Save as CSV", "json": "Save as JSON", "again": "Play again"}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
html, body {{margin: 0; height: 100%}}
#stage {{display: block; height: 100vh; height: 100dvh}}
</style>
<script>
if (location.pathname.includes("/publix/")) document.write('<script src="jatos.js"><\\/script>');
</script>
</head>
<body>
<div id="stage"></div>
<script type="application/json" id="run">{run}</script>
<script type="text/plain" id="look">{look}</script>
<script type="module">
{code}
</script>
</body>
</html>
"""


def page(
    task: str,
    params: Mapping[str, Any] | None = None,
    wrappers: Sequence[Mapping[str, Any]] = (),
    trials: int = 20,
    seed: int = 0,
    subject: str = GUEST,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """A page, as HTML, that plays a run of a task by itself and loads nothing.

    Args:
        task: id of the task.
        params: parameters that differ from its defaults.
        wrappers: the stack, as JSON.
        trials: how many there are.
        seed: seed of their stream.
        subject: whose run it is called.
        settings: `feedback` (a boolean), `feedback_ms` and `iti_ms`, as runs have them.

    Raises:
        ValueError: if the task's trials cannot travel, and why.
    """
    run: dict[str, Any] = dict(
        task=task, params=dict(params or {}), wrappers=list(wrappers), seed=seed, n_trials=trials,
        subject_kind="human", subject=subject, settings=dict(settings or {}),
    )  # fmt: skip
    env = trial_table.env_of(run)
    if why := stays(env):
        raise ValueError(f"{task} cannot be put in a page: {why}; serve it (neurogym serve)")
    name, told, conditions = new_run_id(), [], []
    for index in range(trials):
        first = trial_table.begin(env, seed, index)
        told.append(messages.trial(env, f"{name}-{index}-0", index, 0, first))
        conditions.append(plain(env.trial))
    config = {**messages.config(env, run, list(STEPS.items())), "preload": AHEAD}
    held = dict(
        run=run, config=config, trials=told, conditions=conditions, columns=list(COLUMNS),
        flat={flat.column_of(each): each for each in flat.names(conditions)}, page=name,
    )  # fmt: skip
    return PAGE.format(
        title=_text(config["title"]),
        run=dumps(held).replace("<", "\\u003c"),
        look=PLAYER_CSS.read_text("utf-8"),
        code=module(ASSETS / "alone.js").replace("</script", "<\\/script"),
    )


def is_page(path: Path) -> bool:
    """Whether a file is empty, or is a page that was written here."""
    with open(path, "rb") as file:
        start = file.read(20_000).decode("utf-8", "replace")
    return not start or '<script type="application/json" id="run">' in start


def stays(env: HasTrials) -> str:
    """Why a page cannot hold the trials of an environment; empty where it can."""
    if messages.is_lockstep(env):
        return "what its steps do is known to Python alone"
    if messages.is_adaptive(env):
        return "its trials depend on those before them, so that they cannot be drawn beforehand"
    return ""


def rows_of(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The run that a page gave out as JSON, and the rows of its trials, scored anew.

    What JATOS collected, a line a trial, is read alike. Raises ValueError, with what is wrong, for
    anything else, and for records that do not fit the run.
    """
    parts = [_part(part) for part in _documents(text)]
    runs = {part["run"]["run_id"] for part in parts}
    if len(runs) != 1:
        raise ValueError(f"expected one run, but there are {len(runs)}: {sorted(runs)}")
    run = parts[0]["run"]
    records = {record["uid"]: record for part in parts for record in part["records"]}
    try:
        env = trial_table.env_of(run)
    except (ValueError, TypeError, OverflowError, KeyError, IndexError) as error:
        raise ValueError(f"{run['task']} cannot be made: {error}") from error
    rows = [scored(run, env, record) for record in records.values()]
    done = [row["trial_index"] for row in trial_table.finished(rows)]
    if len(set(done)) < len(done):
        raise ValueError(f"the run {run['run_id']!r} has a trial that was finished twice")
    return run, rows


def _documents(text: str) -> list[Any]:
    """The JSON document that a text is, or those of its lines."""
    try:
        return [from_json(text)]
    except ValueError:
        pass
    try:
        parts = [from_json(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise ValueError(f"this is no run that a page gave out: {error}") from None
    if not parts:
        raise ValueError("this is no run that a page gave out: it is empty")
    return parts


RUN = {"run_id": str, "task": str, "params": dict, "wrappers": list, "seed": int,
       "n_trials": int, "subject": str, "settings": dict, "created_utc": str}  # fmt: skip


def _part(document: Any) -> dict[str, Any]:
    """A document once it is known to be a run, or a part of one."""
    told = document if isinstance(document, dict) else {}
    if told.get("format") != FORMAT:
        raise ValueError(f"this is no run that a page gave out: expected format = {FORMAT!r}")
    if told.get("version") != 1:
        raise ValueError(f"version = {told.get('version')!r}: this neurogym reads version 1")
    run, records = told.get("run"), told.get("records")
    if not isinstance(run, dict) or not isinstance(records, list):
        raise ValueError("a run and its records are missing")
    for name, kind in RUN.items():
        if not isinstance(run.get(name), kind) or isinstance(run[name], bool):
            raise ValueError(f"run: {name} = {run.get(name)!r:.80}: expected {kind.__name__}")
    for record in records:
        if not isinstance(record, dict) or not isinstance(record.get("uid"), str):
            raise ValueError(f"a record without a uid: {record!r:.80}")
    kept = {name: run[name] for name in RUN}
    return {"run": {**kept, "subject_kind": "human"}, "records": records}


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
