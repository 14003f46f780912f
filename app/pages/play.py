"""The stage: a person plays the run that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.player.component import Player
from app.player.session import Session
from app.state import StudioState
from neurogym.records.database import Store
from neurogym.records.trial_table import new_run_id, utc_now

GUEST = "guest"


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
        settings={"feedback": choice.feedback, "choice": choice.query()},
        created_utc=utc_now(),
    )
    store.add_run(run)
    choice.run = run["run_id"]
    return run


class Play(pn.viewable.Viewer):
    """The player, and how it goes: trials, accuracy, median response time."""

    def __init__(self, choice: StudioState, store: Store, go: Callable[[str], None]):
        super().__init__()
        self.choice, self.store, self.go = choice, store, go
        self.run = start_run(store, choice)
        self.player = Player(sizing_mode="stretch_both", min_height=380)
        self.player.session = Session(store, self.run, self.player.tell, self._stored)
        self.count = pmui.Typography("", variant="body1", margin=(8, 12))
        self.again = pmui.Button(label="New run", icon="replay", variant="text", margin=(4, 4))
        self.again.on_click(self._new_run)
        self.compare = pmui.Button(
            label="Compare", icon="stacked_line_chart", variant="outlined",
            margin=(4, 10),
        )  # fmt: skip
        self.compare.on_click(lambda event: self.go("compare"))
        self._show()

    def _new_run(self, event: Any) -> None:
        """The same task with the next seed: other trials."""
        self.choice.param.update(seed=(self.choice.seed + 1) % 2**31, run="")
        self.go("play")

    def _stored(self, row: dict[str, Any]) -> None:
        self._show()

    def _show(self) -> None:
        done = self.store.summary(self.run["run_id"])
        self.compare.disabled = not done["n_done"]
        parts = [f"{done['n_done']} of {self.run['n_trials']} trials"]
        if done["accuracy"] is not None:
            parts.append(f"{done['accuracy']:.0%} correct")
        if done["median_rt"] is not None:
            parts.append(f"median RT {done['median_rt']:.0f} ms")
        self.count.object = " · ".join(parts)

    def __panel__(self) -> pn.viewable.Viewable:
        bar = pmui.Row(
            self.count, pn.layout.HSpacer(), self.again, self.compare,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        stage = pn.Column(
            self.player, sizing_mode="stretch_width", css_classes=["stage"],
            styles={"height": "calc(100vh - 150px)", "min-height": "420px"}, margin=0,
        )  # fmt: skip
        return pmui.Column(stage, bar, sizing_mode="stretch_width", margin=0)
