"""The stage: a person plays the run that was chosen."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app.player.component import Player
from app.player.messages import title
from app.player.session import Session
from app.shell import heading
from app.state import GUEST, StudioState
from neurogym.records.database import Store
from neurogym.records.files import write_csv
from neurogym.records.trial_table import new_run_id, utc_now

NEXT = {"compare": "Compare with an agent", "again": "Play again", "data": "See the data"}
UNSEEN = {"position": "absolute", "width": "1px", "height": "1px", "overflow": "hidden",
          "clip-path": "inset(50%)"}  # fmt: skip


def start_run(store: Store, choice: StudioState) -> dict[str, Any]:
    """The run that the choice names, or a new one that is written down and named in the choice."""
    known = store.run(choice.run) if choice.run else None
    if known and known["subject_kind"] == "human":
        return known
    run = dict(
        run_id=new_run_id(),  # an agent's run is played by a person as a run of its own
        task=choice.task,
        params=choice.settings(),
        wrappers=choice.wrappers,
        seed=choice.seed,
        n_trials=choice.trials,
        subject_kind="human",
        subject=choice.subject or GUEST,
        settings={**choice.pace(), "choice": choice.query()},
        created_utc=utc_now(),
    )
    store.add_run(run)
    choice.run = run["run_id"]
    return run


def how_it_went(summary: dict[str, Any], planned: int) -> str:
    """Trials, accuracy and median response time in one line."""
    parts = [f"{summary['n_done']} of {planned} trials"]
    if summary["accuracy"] is not None:
        parts.append(f"{summary['accuracy']:.0%} correct")
    if summary["median_rt"] is not None:
        parts.append(f"median RT {summary['median_rt']:.0f} ms")
    return " · ".join(parts)


class Play(pn.viewable.Viewer):
    """The player, how it goes, and what can be done next."""

    summary = param.Dict({}, doc="of the run so far: n_done, accuracy, median_rt")

    def __init__(self, choice: StudioState, store: Store, go: Callable[[str], None]):
        super().__init__()
        self.choice, self.store, self.go = choice, store, go
        self.run = start_run(store, choice)
        self._sum_up()
        self.player = Player(follow=self._follow, sizing_mode="stretch_both", min_height=380)
        self.player.session = Session(
            store, self.run, self.player.tell, self._sum_up, list(NEXT.items())
        )
        nothing = pn.bind(lambda summary: not summary["n_done"], self.param.summary)
        line = pn.bind(how_it_went, self.param.summary, self.run["n_trials"])
        look = dict(variant="outlined", margin=(4, 6))
        self.count = pmui.Typography(line, variant="body1", margin=(12, 12))
        self.again = pmui.Button(label="New run", icon="replay", **look)
        self.again.on_click(lambda event: self._new_run())
        self.file = pmui.FileDownload(
            callback=self._csv, filename=f"{self.run['run_id']}.csv", label="Download CSV",
            embed=False, auto=True, disabled=nothing, **look,
        )  # fmt: skip
        self.compare = pmui.Button(
            label="Compare", icon="stacked_line_chart", disabled=nothing, **look
        )
        self.compare.on_click(lambda event: self.go("compare"))

    def _follow(self, step: str) -> None:
        """Do what a person asks for when the run is over."""
        if step == "again":
            self._new_run()
        elif step in NEXT and self.summary["n_done"]:
            self.go(step)

    def _new_run(self) -> None:
        """The same task with the next seed: other trials."""
        self.choice.param.update(seed=(self.choice.seed + 1) % 2**31, run="")
        self.go("play")

    def _sum_up(self, row: dict[str, Any] | None = None) -> None:
        self.summary = self.store.summary(self.run["run_id"])

    def _csv(self) -> io.StringIO:
        file = io.StringIO()
        write_csv(self.store.trials(run_id=self.run["run_id"]), file)
        file.seek(0)
        return file

    def __panel__(self) -> pn.viewable.Viewable:
        bar = pmui.FlexBox(
            self.count, self.again, self.file, self.compare, align_items="center", margin=0,
            sizing_mode="stretch_width", gap="0px",
        )  # fmt: skip
        stage = pn.Column(
            self.player, sizing_mode="stretch_width", css_classes=["stage"],
            styles={"height": "calc(100vh - 150px)", "min-height": "420px"}, margin=0,
        )  # fmt: skip
        return pmui.Column(
            heading(f"Play: {title(self.run['task'])}", styles=UNSEEN), stage, bar,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
