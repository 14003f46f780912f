"""The studio: views of one choice, which stands in the address. Light ones are app/light's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app import address, process
from app.pages.compare import Compare
from app.pages.configure import Configure
from app.pages.data import Data
from app.shell import Browser, Navigation, frame, words
from app.state import VIEWS, StudioState

NO_LIGHT = "This view comes with the folder: panel serve app, or neurogym serve."
ONWARD = ("play", "compare")


@dataclass(frozen=True)
class View:
    """How a view is made, and whether its pictures are for one theme alone."""

    make: Callable[[Any], Any]
    themed: bool = False


PAGES = {
    "configure": View(lambda studio: Configure(studio.choice, studio.go)),
    "compare": View(
        lambda studio: Compare(studio.choice, studio.store, studio.go, studio.page.dark_theme),
        themed=True,
    ),
    "data": View(lambda studio: Data(studio.choice, studio.store, studio.go)),
}


class Studio(param.Parameterized):
    """The page of one session. Only the view that is shown is in the document.

    What is shown follows from `place` and `told`, the address and the links from the choice.

    Args:
        arguments: the entries of the address, as a server has them.
        problems: sentences to show above the first view.
    """

    place = param.Tuple(("configure", 0), doc="the view that is shown, and how many were before it")
    told = param.List([], doc="sentences above the view")

    def __init__(
        self, arguments: dict[str, list[bytes]] | None = None, problems: Sequence[str] = ()
    ):
        super().__init__()
        self.store = process.store()
        self.choice = StudioState()
        theme = self._read(arguments or {}, problems)
        self.theme = {"theme": theme} if theme else {}
        self.browser = Browser()
        self.navigation = Navigation(
            self._leave, self._visit, names=VIEWS,
            view=self.choice.param.view, margin=(4, 4),
        )  # fmt: skip
        notes = pn.Column(
            objects=pn.bind(self._notes, self.param.told), sizing_mode="stretch_width"
        )
        self.page = frame("NeuroGym", self.browser, bool(theme), header=[self.navigation])
        if theme:
            self.page.dark_theme = address.THEMES[theme]
        self.place = (self.choice.view, 0)
        shown = pn.bind(self._shown, self.param.place)
        body = pn.Column(objects=shown, sizing_mode="stretch_width", margin=(0, 14))
        self.page.main = [notes, body]
        self._write_address()
        self.choice.param.watch(self._write_address, list(self.choice.query_parameters()))
        self.page.param.watch(self._new_theme, "dark_theme")

    # -- the address -----------------------------------------------------------------------------

    def _read(self, arguments: dict[str, list[bytes]], problems: Sequence[str] = ()) -> str:
        """Choose what an address says, tell what of it cannot be taken; the theme it names."""
        asked = address.read(arguments, self.store, problems)
        self.choice.become(asked.choice)
        self.told = list(asked.told)
        return asked.theme

    def _visit(self, search: str) -> None:
        """Show what Back or Forward has led to."""
        self._read(address.arguments_of(search))
        self._show(self.choice.view)

    def _write_address(self, *events: Any) -> None:
        self.navigation.address = address.write(self.choice, **self.theme)

    # -- views -----------------------------------------------------------------------------------

    def go(self, view: str) -> None:
        """Show another view, or the same one anew."""
        if view in PAGES:
            self.choice.view = view
        self._show(view)

    def _show(self, view: str) -> None:
        """Show a view here, or leave for the page that has it."""
        if view in PAGES:
            self.place = (view, self.place[1] + 1)
        else:
            self.navigation.leave(address.write(self.choice, **self.theme, view=view))

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
            if place[0] not in PAGES:
                raise ValueError(NO_LIGHT)
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
    studio = Studio(dict(pn.state.session_args), process.problems())
    studio.page.servable(title="NeuroGym")
