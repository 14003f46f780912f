"""The studio: choose, configure, play, compare, data; one page, one address."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

import panel as pn
import panel_material_ui as pmui

from app.pages.choose import Choose
from app.pages.compare import Compare
from app.pages.configure import Configure
from app.pages.data import Data
from app.pages.play import Play
from app.state import VIEWS, StudioState
from app.theme import THEME
from neurogym.records.database import Store
from neurogym.registry import load_named

NAMES = {
    "choose": "Choose",
    "configure": "Configure",
    "play": "Play",
    "compare": "Compare",
    "data": "Data",
}
ONWARD = ("play", "compare")
NARROW = "@media (max-width: 640px)"
TABS = {
    "& .MuiToggleButton-root": {
        "color": "rgba(255,255,255,.86)", "border": "none", "borderRadius": "8px", "px": 1.6,
        "fontSize": "0.95rem", NARROW: {"px": 0.9, "fontSize": "0.85rem"},
    },
    "& .MuiToggleButton-root:hover": {"backgroundColor": "rgba(255,255,255,.14)"},
    "& .MuiToggleButton-root.Mui-selected, & .MuiToggleButton-root.Mui-selected:hover": {
        "color": "#1d3f7a", "backgroundColor": "#fff !important", "fontWeight": 600,
    },
}  # fmt: skip
PAGE = {
    "& .MuiAppBar-root": {"backgroundColor": "#274b8f", "backgroundImage": "none", "color": "#fff"},
    "& .MuiAppBar-root .MuiTypography-root": {NARROW: {"display": "none"}},
}


log = logging.getLogger(__name__)


def store() -> Store:
    """The database, opened once a process."""
    return pn.state.as_cached("neurogym-store", Store)


class Studio:
    """The page of one session. Only the view that is shown is in the document."""

    def __init__(self, query: dict[str, str] | None = None, problem: str = ""):
        self.store = store()
        self.problem = problem
        query = dict(query or {})
        self.theme = {"theme": query.pop("theme")} if "theme" in query else {}  # Panel reads it
        try:
            self.choice = StudioState.from_query(query)
            self._take_run()
        except ValueError as error:
            self.choice, self.problem = StudioState(), str(error)
        self.tabs = pmui.RadioButtonGroup(
            value=self.choice.view,
            options={NAMES[view]: view for view in VIEWS},
            size="small",
            margin=(6, 10),
            sx=TABS,
        )
        self.body = pn.Column(sizing_mode="stretch_width", margin=(0, 14))
        self.page = pmui.Page(
            title="NeuroGym", header=[self.tabs], main=[self.body], theme_config=THEME,
            sx=PAGE,
        )  # fmt: skip
        self._show(self.choice.view)
        self.tabs.param.watch(self._turn, "value")
        self.page.param.watch(self._new_theme, "dark_theme")
        self.choice.param.watch(self._write_address, list(self.choice.query_parameters()))

    def _take_run(self) -> None:
        """A run that is named in the address brings its own task and parameters."""
        if not self.choice.run:
            return
        run = self.store.run(self.choice.run)
        if run is None:
            raise ValueError(f"there is no run {self.choice.run!r} in the database")
        self.choice.take(run)

    def go(self, view: str) -> None:
        """Show another view."""
        if self.tabs.value == view:
            self._show(view)
        else:
            self.tabs.value = view

    def _turn(self, event: Any) -> None:
        """Show the view that was asked for; what goes on waits for what the forms refuse."""
        if event.new in ONWARD and self.choice.refused.told:
            self.tabs.value = self.choice.view
        elif event.new != self.choice.view:
            self._show(event.new)

    def _show(self, view: str) -> None:
        self.choice.view = view
        try:
            shown = self._make(view)
        except ValueError as error:
            shown = pmui.Alert(str(error), severity="error", margin=20)
        notes = [pmui.Alert(self.problem, severity="error", margin=12)] if self.problem else []
        self.problem = ""
        self.body.objects = [*notes, shown]

    def _new_theme(self, event: Any) -> None:
        """Pictures are drawn for a light or a dark page; all else follows by itself."""
        if self.choice.view == "compare":
            self._show("compare")

    def _make(self, view: str) -> Any:
        choice, base = self.choice, self.store
        if view == "choose":
            return Choose(choice, self.go)
        if view == "configure":
            return Configure(choice, self.go)
        if view == "play":
            return Play(choice, base, self.go)
        if view == "compare":
            return Compare(choice, base, self.go, dark=self.page.dark_theme)
        return Data(choice, base, self.go)

    def _write_address(self, *events: Any) -> None:
        if pn.state.location is not None:
            pn.state.location.search = "?" + urlencode({**self.choice.query(), **self.theme})


def serve() -> None:
    """Make the page of this session and serve it."""
    pn.extension("tabulator", notifications=True)
    query = {key: values[0].decode() for key, values in pn.state.session_args.items()}
    try:
        pn.state.as_cached("neurogym-tasks", load_named)
        problem = ""
    except Exception as error:  # whatever the code of others raises
        log.exception("the tasks of NEUROGYM_TASKS were not loaded")
        problem = f"The tasks of NEUROGYM_TASKS were not loaded: {error}"
    studio = Studio(query, problem)
    pn.state.onload(studio._write_address)
    studio.page.servable(title="NeuroGym")
