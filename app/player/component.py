"""The stage in the page: a component that passes messages between player.js and a Session."""

from __future__ import annotations

from typing import Any

from panel.custom import JSComponent

from app.assets import PLAYER_CSS, PLAYER_JS, module
from app.player.network import send_at_once
from app.player.session import Session

send_at_once()


class Player(JSComponent):
    """Shows the trials of a run and takes the keys; see docs/player.md for the messages."""

    _esm = module(PLAYER_JS)
    _stylesheets = [PLAYER_CSS.read_text(encoding="utf-8")]  # noqa: RUF012 - Panel declares it so

    def __init__(self, session: Session | None = None, **params: Any):
        super().__init__(**params)
        self.session = session

    def attach(self, session: Session) -> None:
        """Play another run from now on."""
        self.session = session
        session.receive({"type": "ready"})

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message to the browser."""
        self._send_msg(message)

    def _handle_msg(self, message: Any) -> None:
        if self.session is not None:
            self.session.receive(message)
