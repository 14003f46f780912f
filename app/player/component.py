"""The stage in the page: a component that passes messages between player.js and a Session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from panel.custom import JSComponent

from app.assets import PLAYER_CSS, PLAYER_JS, module
from app.player.network import send_at_once
from app.player.session import Session

send_at_once()


class Player(JSComponent):
    """Shows the trials of a run and takes the keys; see docs/player.md for the messages.

    `follow` takes the name of what a person wants to do when the run is over.
    """

    _esm = module(PLAYER_JS)
    _stylesheets = [PLAYER_CSS.read_text(encoding="utf-8")]  # noqa: RUF012 - Panel declares it so

    def __init__(
        self,
        session: Session | None = None,
        follow: Callable[[str], None] = lambda step: None,
        **params: Any,
    ):
        super().__init__(**params)
        self.session, self.follow = session, follow

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message to the browser."""
        self._send_msg(message)

    def _handle_msg(self, message: Any) -> None:
        if isinstance(message, dict) and message.get("type") == "next":
            self.follow(str(message.get("step")))
        elif self.session is not None:
            self.session.receive(message)
