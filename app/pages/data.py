"""Runs and their trials as tables: filter, look at one, download."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from app.shell import heading, words
from app.state import StudioState
from neurogym.records.database import Store
from neurogym.records.files import write_csv
from neurogym.records.measures import slower

RUNS = (
    "created_utc",
    "task",
    "subject",
    "n_done",
    "n_trials",
    "accuracy",
    "median_rt_ms",
    "pace",
    "seed",
    "run_id",
)
TRIALS = (
    "trial_index", "conditions", "response", "outcome", "correct", "reward", "rt_ms", "frames",
    "late_frames", "refresh_hz", "pace", "flags", "subject", "created_utc",
)  # fmt: skip
TABLE = dict(
    disabled=True, show_index=False, sizing_mode="stretch_width", layout="fit_data_fill",
    theme="simple", margin=(4, 10),
)  # fmt: skip
ROW, HEAD, MOST = 31, 66, 420  # px: a row, the names and filters above them, a table


class Data(pn.viewable.Viewer):
    """The runs of the database; a click on one shows its trials."""

    picked = param.Dict(None, allow_None=True, doc="the run whose trials are shown")
    known = param.Boolean(True, doc="whether its task is known here")

    def __init__(self, choice: StudioState, store: Store, go: Callable[[str], None]):
        super().__init__()
        self.choice, self.store, self.go = choice, store, go
        self.runs = store.runs()
        self.table = table(self.runs, RUNS)
        self.table.on_click(lambda event: self._pick(self.runs[event.row]["run_id"]))
        one, download = self.param.picked, dict(variant="outlined", size="small", margin=(6, 8))
        self.heading = pmui.Typography(pn.bind(_name, one), variant="h6", margin=(8, 12))
        self.one = pmui.FileDownload(
            callback=lambda: self._csv(run_id=(self.picked or {})["run_id"]), filename="run.csv",
            label="Download this run as CSV", embed=False, auto=True, **download,
        )  # fmt: skip
        self.all = pmui.FileDownload(
            callback=self._csv, filename="trials.csv", label="Download all trials as CSV",
            embed=False, auto=True, **download,
        )  # fmt: skip
        self.look = pmui.Button(
            label="Compare", variant="contained", size="small", margin=(6, 8),
            disabled=self.param.known.rx.not_(),
        )  # fmt: skip
        self.look.on_click(lambda event: self.go("compare"))
        self.detail = pmui.Column(
            pmui.FlexBox(
                self.heading, pmui.FlexBox(self.one, self.look, margin=0, gap="0px"),
                justify_content="space-between", align_items="center",
                sizing_mode="stretch_width", margin=0,
            ),
            pn.Column(objects=pn.bind(self._trials, one), sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
            visible=one.rx.is_not(None),
        )  # fmt: skip
        if any(run["run_id"] == choice.run for run in self.runs):
            self._pick(choice.run)

    def _pick(self, run_id: str) -> None:
        run = self.store.run(run_id)
        if run is None:
            return
        known = True
        if self.choice.run != run_id:
            try:
                self.choice.take(run)
            except ValueError:  # a task that is not loaded here: its rows are all there is
                known = False
        self.param.update(picked=run, known=known)

    def _trials(self, run: dict[str, Any] | None) -> list[pn.viewable.Viewable]:
        return [table(self.store.trials(run_id=run["run_id"]), TRIALS)] if run else []

    def _csv(self, **which: Any) -> io.StringIO:
        file = io.StringIO()
        write_csv(self.store.trials(**which), file)
        file.seek(0)
        return file

    def __panel__(self) -> pn.viewable.Viewable:
        head = pmui.FlexBox(
            heading("Data", margin=(8, 10)), self.all, justify_content="space-between",
            align_items="center", sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        hint = "Click on a run to see its trials." if self.runs else "No run has been played yet."
        return pmui.Column(
            head,
            pmui.Typography(hint, variant="body2", margin=(0, 12)),
            self.table,
            self.detail,
            sizing_mode="stretch_width",
        )


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pn.widgets.Tabulator:
    """Rows that can be sorted and filtered; many of them scroll."""
    cells = [{key: _cell(row.get(key), key) for key in columns} for row in rows]
    filters = {key: {"type": "input", "func": "like", "placeholder": "filter"} for key in columns}
    return pn.widgets.Tabulator(
        pd.DataFrame(cells, columns=columns), header_filters=filters, selectable=1,
        height=min(HEAD + ROW * max(len(rows), 1) + 12, MOST), **TABLE,
    )  # fmt: skip


def _name(run: dict[str, Any] | None) -> str:
    return words(f"{run['task']} · {run['subject']} · seed {run['seed']}") if run else ""


def _cell(value: Any, key: str) -> Any:
    """JSON as text, numbers as far as one reads them, and a pace with what it means."""
    if key == "pace" and value is not None:
        return f"{value:.2f} slower than declared" if slower(value) else f"{value:.2f}"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return round(value, 3) if isinstance(value, float) else value
