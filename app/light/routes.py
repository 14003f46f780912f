"""The routes of the light pages, beside Panel's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bokeh.server import urls
from panel.io.server import DocHandler
from tornado.web import HTTPError, RequestHandler, authenticated

from app import process
from app.address import Address
from app.light import files, pages, runs
from app.light.headers import answer, protect
from app.light.socket import PlayerSocket
from neurogym.trials.catalogue import all_envs

APP = Path(__file__).parents[1]
LIGHT = ("choose", "play")  # views
FOREVER = "public, max-age=31536000, immutable"


class StudioHandler(DocHandler):
    """The studio's address: views that are light are answered here, the others by Panel."""

    @authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Send the page of the view that the address asks for."""
        if "token" in self.request.query_arguments:
            self.redirect(self.request.path + without_token(self.request.query_arguments))
            return
        protect(self, light=False)
        asked = self._asked()
        if asked is None or asked.choice.view not in LIGHT:
            panel: Any = super().get(*args, **kwargs)
            await panel
            return
        if asked.choice.view == "choose":
            answer(self, pages.choose(asked, bool(self.request.query)))
        else:
            answer(self, pages.play(asked, bare=False))

    def _asked(self) -> Address | None:
        """What the address says; None for an app that is not the studio."""
        if self.application_context.url != f"/{APP.name}":
            return None
        return runs.asked(self.request.query)


class PlayHandler(RequestHandler):
    """The page of those who take part: a stage, and no way to anything else."""

    def get(self) -> None:
        """Send the page."""
        answer(self, pages.play(runs.asked(self.request.query), bare=True))


def without_token(arguments: dict[str, list[bytes]]) -> str:
    """A query without the token, which is in a cookie by now: addresses are copied."""
    rest = {name: given for name, given in arguments.items() if name != "token"}
    return f"?{urlencode(rest, doseq=True)}" if rest else ""


class FileHandler(RequestHandler):
    """What is the same for all: files, pictures, datasheets."""

    def get(self, folder: str, name: str) -> None:
        """Send a file; what carries the version of this process is kept for ever."""
        process.problems()
        file = self._file(folder, name)
        protect(self)
        current = self.get_query_argument("v", "") == files.version()
        self.set_header("Cache-Control", FOREVER if current else "no-cache")
        self.set_header("Content-Type", file.kind)
        self.set_header("Vary", "Accept-Encoding")
        packs = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if packs:
            self.set_header("Content-Encoding", "gzip")
        self.finish(file.packed if packs else file.body)

    def _file(self, folder: str, name: str) -> files.File:
        if not folder and name in files.ONCE:
            return files.once(name)
        task, _, kind = name.rpartition(".")
        if task in all_envs() and (folder, kind) == ("picture/", "svg"):
            return files.picture(task)
        if task in all_envs() and (folder, kind) == ("datasheet/", "html"):
            return files.datasheet(task)
        raise HTTPError(404)


ROUTES: list[Any] = [
    (r"/play", PlayHandler),
    (r"/neurogym/socket", PlayerSocket),
    (r"/neurogym/(picture/|datasheet/|)(.+)", FileHandler),
]


def install() -> None:
    """Add the routes to those that Bokeh gives a server; more than once changes nothing."""
    per_app: list[Any] = urls.per_app_patterns
    top: list[Any] = urls.toplevel_patterns
    per_app[:] = [(path, StudioHandler if kind is DocHandler else kind) for path, kind in per_app]
    top += [route for route in ROUTES if route not in top]
