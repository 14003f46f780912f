"""The studio: choose, configure, play, compare, data; one page, one address."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import panel as pn
import panel_material_ui as pmui
import param

from app.pages.choose import Choose
from app.pages.compare import Compare
from app.pages.configure import Configure
from app.pages.data import Data
from app.pages.play import Play
from app.shell import Browser, Navigation, frame, words
from app.state import VIEWS, StudioState, arguments_of, read_query
from neurogym.records.database import Store
from neurogym.registry import load_named

ONWARD = ("play", "compare")
THEMES = {"dark": True, "default": False, "light": False}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """What a view is called, how it is made, and whether its pictures are for one theme alone."""

    name: str
    make: Callable[[Any], Any]
    themed: bool = False


PAGES = {
    "choose": View("Choose", lambda studio: Choose(studio.choice, studio.go)),
    "configure": View("Configure", lambda studio: Configure(studio.choice, studio.go)),
    "play": View("Play", lambda studio: Play(studio.choice, studio.store, studio.go)),
    "compare": View(
        "Compare",
        lambda studio: Compare(studio.choice, studio.store, studio.go, studio.page.dark_theme),
        themed=True,
    ),
    "data": View("Data", lambda studio: Data(studio.choice, studio.store, studio.go)),
}


def store() -> Store:
    """The database, opened once a process."""
    return pn.state.as_cached("neurogym-store", Store)


class Studio(param.Parameterized):
    """The page of one session. Only the view that is shown is in the document.

    What is shown follows from `place` and `told`, the address and the links from the choice.

    Args:
        arguments: the entries of the address, as a server has them.
        problems: sentences to show above the first view.
    """

    place = param.Tuple(("choose", 0), doc="the view that is shown, and how many were before it")
    told = param.List([], doc="sentences above the view")

    def __init__(
        self, arguments: dict[str, list[bytes]] | None = None, problems: Sequence[str] = ()
    ):
        super().__init__()
        self.store = store()
        self.choice = StudioState()
        theme, told = self._read(arguments or {})
        self.theme = {"theme": theme} if theme else {}
        self.told = [*problems, *told]
        self.browser = Browser()
        self.navigation = Navigation(
            self._leave, self._visit, names={view: PAGES[view].name for view in VIEWS},
            view=self.choice.param.view, margin=(4, 4),
        )  # fmt: skip
        notes = pn.Column(
            objects=pn.bind(self._notes, self.param.told), sizing_mode="stretch_width"
        )
        self.page = frame("NeuroGym", self.browser, bool(theme), header=[self.navigation])
        if theme:
            self.page.dark_theme = THEMES[theme]
        self.place = (self.choice.view, 0)
        shown = pn.bind(self._shown, self.param.place)
        body = pn.Column(objects=shown, sizing_mode="stretch_width", margin=(0, 14))
        self.page.main = [notes, body]
        self._write_address()
        self.choice.param.watch(self._write_address, list(self.choice.query_parameters()))
        self.page.param.watch(self._new_theme, "dark_theme")

    # -- the address -----------------------------------------------------------------------------

    def _read(self, arguments: dict[str, list[bytes]]) -> tuple[str, list[str]]:
        """Choose what an address says; the theme it names, and what of it cannot be taken."""
        entries, told = read_query(arguments)
        theme = entries.pop("theme", "").lower()
        if theme and theme not in THEMES:
            told.append(f"theme = {theme[:40]!r} in the address: allowed are 'dark', 'light'")
            theme = ""
        choice, more = StudioState.from_address(entries)
        try:
            self._take_run(choice)
        except ValueError as error:
            more.append(str(error))
            choice.param.update(run="", view="choose")
        self.choice.become(choice)
        return theme, [*told, *more]

    def _take_run(self, choice: StudioState) -> None:
        """A run that is named in the address brings its own task and parameters."""
        if not choice.run:
            return
        run = self.store.run(choice.run)
        if run is None:
            raise ValueError(f"there is no run {choice.run[:40]!r} in the database")
        choice.take(run)

    def _visit(self, search: str) -> None:
        """Show what Back or Forward has led to."""
        _, self.told = self._read(arguments_of(search))
        self.place = (self.choice.view, self.place[1] + 1)

    def _write_address(self, *events: Any) -> None:
        self.navigation.address = "?" + urlencode({**self.choice.query(), **self.theme})

    # -- views -----------------------------------------------------------------------------------

    def go(self, view: str) -> None:
        """Show another view, or the same one anew."""
        self.choice.view = view
        self.place = (view, self.place[1] + 1)

    def _leave(self, view: str) -> None:
        """Follow a link, but not onward while the forms refuse something and say so.

        What was told belongs to the view that is left.
        """
        if view in ONWARD and self.choice.refused.told:
            return
        self.told = []
        self.go(view)

    def _shown(self, place: tuple[str, int]) -> list[Any]:
        try:
            return [PAGES[place[0]].make(self)]
        except ValueError as error:
            return [pmui.Alert(object=words(str(error)), severity="error", margin=20)]

    def _notes(self, told: list[str]) -> list[Any]:
        lines = map(words, told)
        text = "\n".join(f"- {line}" for line in lines) if len(told) > 1 else "".join(lines)
        return [pmui.Alert(object=text, severity="warning", margin=(8, 24))] if told else []

    def _new_theme(self, event: Any) -> None:
        """Keep in the address what is not as the browser likes it; draw what is for one theme."""
        if self.theme or self.browser.dark != event.new:
            self.theme = {"theme": "dark" if event.new else "light"}
            self._write_address()
        if PAGES[self.choice.view].themed:
            self.go(self.choice.view)


def serve() -> None:
    """Make the page of this session and serve it."""
    config: Any = pn.config
    config.theme = "default"  # Panel itself would fail at a theme that is no text
    pn.extension("tabulator", notifications=True)
    try:
        pn.state.as_cached("neurogym-tasks", load_named)
        problems = []
    except Exception as error:  # whatever the code of others raises
        log.exception("the tasks of NEUROGYM_TASKS were not loaded")
        problems = [f"The tasks of NEUROGYM_TASKS were not loaded: {error}"]
    studio = Studio(dict(pn.state.session_args), problems)
    studio.page.servable(title="NeuroGym")
