"""Runs and their trials as tables: filter, look at one, download."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from app.state import StudioState
from neurogym.records.database import Store
from neurogym.records.files import write_csv

RUNS = (
    "created_utc",
    "task",
    "subject",
    "n_done",
    "n_trials",
    "accuracy",
    "median_rt_ms",
    "seed",
    "run_id",
)
TRIALS = (
    "trial_index", "conditions", "response", "outcome", "correct", "reward", "rt_ms", "frames",
    "late_frames", "refresh_hz", "flags", "subject", "created_utc",
)  # fmt: skip
TABLE = dict(
    disabled=True, show_index=False, pagination="local", sizing_mode="stretch_width",
    layout="fit_data_fill", header_filters=True, theme="simple", margin=(4, 10),
)  # fmt: skip


class Data(pn.viewable.Viewer):
    """The runs of the database; a click on one shows its trials."""

    def __init__(self, choice: StudioState, store: Store, go: Callable[[str], None]):
        super().__init__()
        self.choice, self.store, self.go = choice, store, go
        self.runs, self.picked = store.runs(), ""
        cells = [{key: _cell(run.get(key)) for key in RUNS} for run in self.runs]
        frame = pd.DataFrame(cells, columns=RUNS)
        self.table = pn.widgets.Tabulator(frame, page_size=8, selectable=1, **TABLE)
        self.table.on_click(lambda event: self._pick(frame["run_id"][event.row]))
        self.trials = pn.widgets.Tabulator(pd.DataFrame(columns=TRIALS), page_size=12, **TABLE)
        self.heading = pmui.Typography("", variant="h6", margin=(8, 12))
        download = dict(variant="outlined", size="small", embed=False, auto=True, margin=(6, 8))
        self.one = pmui.FileDownload(
            callback=lambda: self._csv(run_id=self.picked), filename="run.csv",
            label="Download this run as CSV", **download,
        )  # fmt: skip
        self.all = pmui.FileDownload(
            callback=self._csv,
            filename="trials.csv",
            label="Download all trials as CSV",
            **download,
        )
        self.look = pmui.Button(label="Compare", variant="contained", size="small", margin=(6, 8))
        self.look.on_click(lambda event: self.go("compare"))
        self.detail = pmui.Column(
            pmui.Row(
                self.heading, pn.layout.HSpacer(), self.one, self.look, sizing_mode="stretch_width"
            ),
            self.trials,
            sizing_mode="stretch_width",
            visible=False,
        )
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
        self.picked = run_id
        self.look.disabled = not known
        rows = self.store.trials(run_id=run_id)
        cells = [{key: _cell(row[key]) for key in TRIALS} for row in rows]
        self.trials.value = pd.DataFrame(cells, columns=TRIALS)
        self.heading.object = f"{run['task']} · {run['subject']} · seed {run['seed']}"
        self.detail.visible = True

    def _csv(self, **which: Any) -> io.StringIO:
        file = io.StringIO()
        write_csv(self.store.trials(**which), file)
        file.seek(0)
        return file

    def __panel__(self) -> pn.viewable.Viewable:
        head = pmui.Row(
            pmui.Typography("Data", variant="h5", margin=(8, 10)),
            pn.layout.HSpacer(),
            self.all,
            sizing_mode="stretch_width",
        )
        hint = "Click on a run to see its trials." if self.runs else "No run has been played yet."
        return pmui.Column(
            head,
            pmui.Typography(hint, variant="body2", margin=(0, 12)),
            self.table,
            self.detail,
            sizing_mode="stretch_width",
        )


def _cell(value: Any) -> Any:
    """JSON as text, numbers as far as one reads them."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    return round(value, 3) if isinstance(value, float) else value
