"""Who may see the studio: whoever has the token, or the password, that `neurogym serve` was given.

`panel serve --auth-module` loads this file; NEUROGYM_TOKEN is the token. Pages of those who take
part, their socket and the files of pages ask for none: they show nobody's data but their own.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from typing import Any
from urllib.parse import urlparse

from tornado.web import RequestHandler

from app.light.headers import answer
from app.light.pages import login

TOKEN = "NEUROGYM_TOKEN"
COOKIE = "neurogym-studio"
PATIENCE = 1.0  # s that a wrong guess costs
login_url = "/login"


def _mark() -> str:
    """What the cookie of who was let in says."""
    return hmac.new(os.environ[TOKEN].encode(), b"studio", hashlib.sha256).hexdigest()


def _same(given: str | None, right: str) -> bool:
    return hmac.compare_digest((given or "").encode(), right.encode())


def get_user(handler: Any) -> str | None:
    """Who asks: the experimenter, by a cookie or by the token in the address; else nobody."""
    if _same(handler.get_cookie(COOKIE), _mark()):
        return "experimenter"
    if _same(handler.get_query_argument("token", None), os.environ[TOKEN]):
        let_in(handler)
        return "experimenter"
    return None


def let_in(handler: Any) -> None:
    """Give a browser the cookie, until it is closed."""
    secure = handler.request.protocol == "https"
    handler.set_cookie(COOKIE, _mark(), httponly=True, samesite="Lax", secure=secure, path="/")


class LoginHandler(RequestHandler):
    """Asks for the token or the password."""

    def get(self) -> None:
        """Show the form."""
        answer(self, login(wrong=False))

    async def post(self) -> None:
        """Let in who knows it, to the page that he wanted."""
        if not _same(self.get_body_argument("token", ""), os.environ[TOKEN]):
            await asyncio.sleep(PATIENCE)
            self.set_status(403)
            answer(self, login(wrong=True))
            return
        let_in(self)
        self.redirect(_inside(self.get_query_argument("next", ""), self.request.host))


def _inside(wanted: str, host: str) -> str:
    """A page of this server, as a query of it or a path, never one of another."""
    parsed = urlparse(wanted)
    path = parsed.path
    if parsed.netloc not in ("", host) or not path.startswith("/") or path[1:2] in ("/", "\\"):
        return "app"
    return f"{path}?{parsed.query}" if parsed.query else path
