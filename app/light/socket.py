"""The line between a light page's player and its session."""

from __future__ import annotations

import io
import logging
from typing import Any

from bokeh.server.views.ws import WSHandler
from tornado.websocket import WebSocketHandler

from app import process
from app.light import runs
from app.player.encoding import dumps
from app.player.session import LATER, Session
from neurogym.records.files import write_csv
from neurogym.spec.parameters import from_json

LONGEST = 1 << 20  # bytes of a message
STEPS = {"compare": "Compare with an agent", "again": "Play again", "data": "See the data"}

log = logging.getLogger(__name__)


class PlayerSocket(WebSocketHandler):
    """Takes a player's messages, as JSON. The first one, "ready" or "resume", begins a session."""

    session: Session | None = None

    @property
    def max_message_size(self) -> int:
        """Bytes; the socket of whoever sends more is closed."""
        return LONGEST

    def open(self, *args: str, **kwargs: str) -> None:
        """Send each message at once: steps in lockstep are small and urgent."""
        self.set_nodelay(True)

    def on_message(self, message: str | bytes) -> None:
        """Answer a message; what cannot be read is told."""
        try:
            told = from_json(message)
        except ValueError as error:
            log.warning("a message that cannot be read: %s; it was %.200r", error, message)
            self.tell({"type": "error", "message": f"the message cannot be read: {error}"})
            return
        kind = told.get("type") if isinstance(told, dict) else None
        if kind in ("ready", "resume"):
            self._begin(told)
        if kind == "ping":
            self.tell({"type": "pong"})
        elif kind == "csv" and self.session:
            self._give_csv()
        elif self.session:
            self.session.receive(told)
            if not self.session.is_begun:
                self._leave()
        elif kind not in ("ready", "resume"):  # it was broken off: the page has to say who plays
            self._leave()

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message; who is gone asks again when he is back."""
        if self.ws_connection is not None:
            self.write_message(dumps(message))

    def _begin(self, told: dict[str, Any]) -> None:
        """Begin the session of the run that the page asks for."""
        owner, query = runs.owner_of(told.get("key")), told.get("address")
        self.session = None
        try:
            query = query if isinstance(query, str) else ""
            playing = told["type"] == "resume"
            begun = runs.begun(query, owner, told.get("run"), playing)
            self.session = Session(
                process.store(), begun.run, self._tell_of_run, steps=list(STEPS.items()),
                owner=owner, adopt=lambda run_id, query: runs.adopted(run_id, query, owner),
                envs=runs.envs,
            )  # fmt: skip
            self.addresses = dict(address=begun.address, named=begun.named, again=begun.again)
        except ValueError as error:
            self.tell({"type": "error", "message": str(error)})
        except Exception:  # such as a database that is locked: the page asks again
            log.exception("no session at %.500r", query)
            self.tell({"type": "error", "message": LATER, "later": True})
            self._leave()

    def _leave(self) -> None:
        """End the line: the page comes back after a while, and says again what it has."""
        self.session = None
        if self.ws_connection is not None:
            self.close()

    def _tell_of_run(self, message: dict[str, Any]) -> None:
        """A session's message; the first one tells where the run is found."""
        more = self.addresses if message["type"] == "config" else {}
        self.tell({**message, **more})

    def _give_csv(self) -> None:
        assert self.session is not None
        file = io.StringIO()
        try:
            write_csv(process.store().trials(run_id=self.session.run["run_id"]), file)
        except Exception:
            log.exception("no rows of the run %s", self.session.run["run_id"])
            self.tell({"type": "error", "message": LATER, "later": True})
            return
        self.tell({"type": "csv", "text": file.getvalue()})

    def check_origin(self, origin: str) -> bool:
        """Whether a page may connect: those that Bokeh's own socket would let in."""
        bokeh: Any = WSHandler
        return bool(bokeh.check_origin(self, origin))
