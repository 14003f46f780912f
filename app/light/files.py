"""What is the same for all visitors: made once a process, sent with a name that changes with it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from app.assets import ASSETS, PLAYER_CSS, module
from app.light import catalogue

KINDS = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True)
class File:
    """A text that is sent as it stands, and its type."""

    text: str
    kind: str

    @cached_property
    def body(self) -> bytes:
        """The bytes."""
        return self.text.encode()

    @cached_property
    def packed(self) -> bytes:
        """The bytes, by gzip."""
        return gzip.compress(self.body, 6, mtime=0)


PAGES = ASSETS / "pages"
ONCE: dict[str, Callable[[], str]] = {
    "catalogue.js": lambda: module(PAGES / "catalogue.js"),
    "play.js": lambda: module(PAGES / "play.js"),
    "still.js": lambda: module(PAGES / "still.js"),
    "light.css": lambda: (PAGES / "light.css").read_text("utf-8"),
    "player.css": lambda: PLAYER_CSS.read_text("utf-8"),
    "tasks.json": catalogue.listed,
}


@cache
def once(name: str) -> File:
    """A file by its name; KeyError if there is none."""
    return File(ONCE[name](), KINDS[name.rpartition(".")[2]])


@cache
def picture(task: str) -> File:
    """A card's picture."""
    return File(catalogue.picture(task, catalogue.ON_CARD), KINDS["svg"])


@cache
def datasheet(task: str) -> File:
    """A task's datasheet, a part of a page."""
    return File(catalogue.datasheet(task), KINDS["html"])


@cache
def version() -> str:
    """A name for what the files of this process hold."""
    texts = "".join(once(name).text for name in sorted(ONCE))
    return hashlib.sha256(f"{texts}{catalogue.stamp()}".encode()).hexdigest()[:12]


def address(name: str) -> str:
    """Where a page finds a file: relative to the page, so that a server may have a prefix."""
    return f"neurogym/{name}?v={version()}"
