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

from app.clipboard import copying
from app.doubts import doubts
from app.forms.layout import column, flow
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
HOVER = """
.tabulator-row.tabulator-selectable:hover {color: inherit !important; background-color:
  color-mix(in srgb, #2f5fb3 22%, var(--mui-palette-background-paper, #fff)) !important}
"""
ROW, HEAD, MOST = 40, 80, 440  # px: a row, the names and filters above them, a table


class Data(pn.viewable.Viewer):
    """The runs of the database; a click on one shows its trials.

    Downloads and deletions are of the runs that are ticked, or else of those that the filters show.
    """

    runs = param.List([], doc="the rows of the table")
    picked = param.Dict(None, allow_None=True, doc="the run whose trials are shown")
    known = param.Boolean(True, doc="whether its task is known here")
    asked = param.List([], doc="ids of the runs that are about to be deleted")

    def __init__(self, choice: StudioState, store: Store, go: Callable[[str], None]):
        super().__init__()
        self.choice, self.store, self.go = choice, store, go
        self.empty = pmui.Switch(
            label="show runs without a finished trial", value=False, size="small", margin=(6, 12)
        )
        self.empty.param.watch(lambda event: self._read(), "value")
        self.table = table([], RUNS, "checkbox")
        self.table.on_click(self._clicked)
        self.file = self._download(self.chosen, "trials.csv")
        self.delete = pmui.Button(
            label="Delete", icon="delete", variant="outlined", color="error", size="small",
            margin=(6, 8),
        )  # fmt: skip
        self.delete.on_click(lambda event: self._ask(self.chosen()))
        self.table.param.watch(self._count, ["selection", "filters", "value"])
        self.confirm = pn.Column(objects=pn.bind(self._confirmation, self.param.asked), margin=0)
        self.one = self._download(lambda: [(self.picked or {})["run_id"]], "run.csv")
        self.one.label = "Download this run as CSV"
        self.look = pmui.Button(
            label="Compare", variant="contained", size="small", margin=(6, 8),
            disabled=self.param.known.rx.not_(),
        )  # fmt: skip
        self.look.on_click(lambda event: self.go("compare"))
        self._read()
        if self.store.run(choice.run) if choice.run else None:
            self._pick(choice.run)

    def _read(self) -> None:
        """Read the runs anew."""
        everyone = self.store.runs()
        self.runs = [run for run in everyone if run["n_done"] or self.empty.value]
        self.table.value = frame_of(self.runs, RUNS)
        self.table.height = _height(len(self.runs))
        self.table.selection = []

    def _clicked(self, event: Any) -> None:
        if event.row is not None and event.row < len(self.runs):
            self._pick(self.runs[event.row]["run_id"])

    # -- which runs ------------------------------------------------------------------------------

    def shown(self) -> list[str]:
        """Ids of the runs that the filters leave, in the order of the table."""
        return self.table.current_view["run_id"].tolist()

    def chosen(self) -> list[str]:
        """Ids of the runs that are ticked; if none is, of all that are shown."""
        ticked = [self.runs[i]["run_id"] for i in self.table.selection if i < len(self.runs)]
        return ticked or self.shown()

    def _count(self, *events: Any) -> None:
        n, all_shown = len(self.chosen()), len(self.shown()) == len(self.runs)
        which = "selected" if self.table.selection else "" if all_shown else "shown"
        what = f"{n} {which} run{'s' if n != 1 else ''}".replace("  ", " ")
        self.file.param.update(label=f"Download {what} as CSV", disabled=n == 0)
        self.delete.param.update(label=f"Delete {what}", disabled=n == 0)

    def _download(self, which: Callable[[], Sequence[str]], name: str) -> Any:
        return pmui.FileDownload(
            callback=lambda: self._csv(which()), filename=name, label=name, embed=False, auto=True,
            variant="outlined", size="small", margin=(6, 8),
        )  # fmt: skip

    def _csv(self, run_ids: Sequence[str]) -> io.StringIO:
        file = io.StringIO()
        write_csv([row for run_id in run_ids for row in self.store.trials(run_id=run_id)], file)
        file.seek(0)
        return file

    # -- deleting --------------------------------------------------------------------------------

    def _ask(self, run_ids: list[str]) -> None:
        self.asked = run_ids

    def _confirmation(self, asked: list[str]) -> list[pn.viewable.Viewable]:
        """The second question before runs are deleted."""
        if not asked:
            return []
        trials = sum(len(self.store.trials(run_id=run_id)) for run_id in asked)
        what = f"{len(asked)} run{'s' if len(asked) != 1 else ''} with {trials} trials"
        yes = pmui.Button(label=f"Delete {what} for good", color="error", size="small", margin=6)
        yes.on_click(lambda event: self._delete(asked))
        no = pmui.Button(label="Keep them", variant="outlined", size="small", margin=6)
        no.on_click(lambda event: self._ask([]))
        told = f"Delete {what}? They cannot be brought back: download them first."
        return [pmui.Alert(object=told, severity="warning", margin=(4, 10)), pn.Row(yes, no)]

    def _delete(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            self.store.delete_run(run_id)
        self.asked = []
        if self.picked and self.picked["run_id"] in run_ids:
            self.picked = None
        if self.choice.run in run_ids:
            self.choice.run = ""
        self._read()

    # -- one run ---------------------------------------------------------------------------------

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
        """The run that was picked: its name, what can be done with it, its trials."""
        if run is None:
            return []
        copy = pmui.Button(
            label=f"Copy id {run['run_id']}", icon="content_copy", variant="text", size="small",
            margin=(6, 8),
        )  # fmt: skip
        copy.js_on_click(args={"id": run["run_id"]}, code=copying("id"))
        name = pmui.Typography(_name(run), variant="h6", margin=(8, 12))
        trials = self.store.trials(run_id=run["run_id"])
        told = doubts(trials)
        flags = [pmui.Typography(told, variant="body2", margin=(0, 12))] if told else []
        line = flow(name, copy, self.one, self.look, sizing_mode="stretch_width", styles={})
        return [line, *flags, table(trials, TRIALS)]

    def _hint(self, runs: list[Any]) -> str:
        if not runs:
            return "No run has been played yet."
        return "Click on a run to see its trials; tick some to download or delete them."

    def __panel__(self) -> pn.viewable.Viewable:
        wide: Any = dict(sizing_mode="stretch_width")
        return column(
            heading("Data", margin=(8, 10)),
            pn.pane.HTML(pn.bind(self._hint, self.param.runs), margin=(0, 12)),
            flow(self.file, self.delete, self.empty, styles={}, **wide),
            self.confirm,
            self.table,
            column(objects=pn.bind(self._trials, self.param.picked), **wide),
            **wide,
        )


def frame_of(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame of what is shown of them."""
    cells = [{key: _cell(row.get(key), key) for key in columns} for row in rows]
    return pd.DataFrame(cells, columns=list(columns))


def _height(rows: int) -> int:
    return min(HEAD + ROW * max(rows, 1) + 12, MOST)


def table(
    rows: Sequence[dict[str, Any]], columns: Sequence[str], selectable: Any = 1
) -> pn.widgets.Tabulator:
    """Rows that can be sorted and filtered; many of them scroll."""
    filters = {key: {"type": "input", "func": "like", "placeholder": "filter"} for key in columns}
    return pn.widgets.Tabulator(
        frame_of(rows, columns), header_filters=filters, selectable=selectable,
        height=_height(len(rows)), stylesheets=[HOVER], **TABLE,
    )  # fmt: skip


def _name(run: dict[str, Any]) -> str:
    return words(f"{run['task']} · {run['subject']} · seed {run['seed']}")


def _cell(value: Any, key: str) -> Any:
    """JSON as text, numbers as far as one reads them, and a pace with what it means."""
    if key == "pace" and value is not None:
        return f"{value:.2f} slower than declared" if slower(value) else f"{value:.2f}"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return round(value, 3) if isinstance(value, float) else value
