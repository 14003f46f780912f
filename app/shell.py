"""What surrounds every page: the frame, the links between views, and what the browser is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from app.assets import ASSETS, module
from app.theme import THEME

BLUE = "#274b8f"
NARROW = "@media (max-width: 640px)"
FOCUS = {"outline": "2px solid currentColor", "outlineOffset": "2px"}
FRAME = {
    "& .MuiAppBar-root": {"backgroundColor": BLUE, "backgroundImage": "none", "color": "#fff"},
    "& .MuiAppBar-root .MuiButtonBase-root:focus-visible": FOCUS,
}
HOME = '<a href="{}">NeuroGym</a>'
HOME_CSS = """
a {color: #fff; font-size: 1.35rem; font-weight: 600; text-decoration: none}
a:focus-visible {outline: 2px solid #fff; outline-offset: 3px; border-radius: 4px}
@media (max-width: 640px) {a {display: none}}
"""
HEADING_CSS = "h1 {font-size: 1.5rem; font-weight: 400; line-height: 1.33; margin: 0}"


class Browser(JSComponent):
    """Tells whether the browser likes the dark, and names what components of others leave unnamed.

    Nothing of it is seen.
    """

    dark = param.Boolean(None, allow_None=True, doc="prefers-color-scheme; None: not known yet")

    _esm = module(ASSETS / "pages" / "browser.js")


class Navigation(JSComponent):
    """Links to the views, and the steps that Back and Forward take.

    The browser shows `address`; where that is another view than before, Back leads to that one.
    `go` takes the view of a link, `visit` the query that Back or Forward has led to.
    """

    names = param.Dict({}, doc="what the views are called, by view")
    view = param.String("", doc="the view that is shown")
    address = param.String("", doc="the query of the address: ? and entries")

    _esm = module(ASSETS / "pages" / "navigation.js")
    _stylesheets = [(ASSETS / "pages" / "navigation.css").read_text("utf-8")]  # noqa: RUF012

    def __init__(self, go: Callable[[str], None], visit: Callable[[str], None], **params: Any):
        super().__init__(**params)
        self._go, self._visit = go, visit

    def leave(self, query: str) -> None:
        """Leave for another page of this address."""
        self._send_msg({"type": "leave", "search": query})

    def _handle_msg(self, message: Any) -> None:
        """What is answered before the browser has the page can get lost on its way there."""
        pn.state.onload(lambda: self._answer(message))

    def _answer(self, message: Any) -> None:
        if message["type"] == "go" and message["view"] in self.names:
            self._go(message["view"])
        elif message["type"] == "visit":
            self._visit(str(message["search"]))
            self._send_msg({"type": "visited"})


def frame(title: str, browser: Browser, themed: bool, **params: Any) -> pmui.Page:
    """A page in the colours of all; `themed` if its address says whether it is dark."""
    header = [home(), *params.pop("header", []), browser]
    page = pmui.Page(
        meta_title=title, header=header, theme_config=THEME, sx=FRAME, sidebar_resizable=False,
        **params,
    )  # fmt: skip

    def follow(event: Any) -> None:
        """What is set before the browser has the page can get lost on its way there."""

        def obey() -> None:
            page.dark_theme = event.new

        pn.state.onload(obey)

    if not themed:
        browser.param.watch(follow, "dark")
    return page


def home() -> pn.viewable.Viewable:
    """The name of the studio, which leads to its first page."""
    return pn.pane.HTML(HOME.format("app"), stylesheets=[HOME_CSS], margin=(4, 8, 0, 0))


def heading(text: str, **params: Any) -> pn.viewable.Viewable:
    """The heading of a page."""
    return pn.pane.HTML(f"<h1>{escape(text)}</h1>", stylesheets=[HEADING_CSS], **params)


def words(text: str) -> str:
    """Text for a component that reads Markdown: as it stands, never as markup."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))
