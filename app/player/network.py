"""A mend of Bokeh's server that play depends on."""

from typing import Any

from bokeh.server.views.ws import WSHandler


def send_at_once() -> None:
    """Switch off Nagle's algorithm on the websocket.

    Bokeh writes a message as several small frames; Nagle and the delayed acknowledgement hold the
    later ones back for 40 ms, ten times what a step in lockstep takes otherwise.
    """
    if getattr(WSHandler, "sends_at_once", False):
        return
    handler: Any = WSHandler  # a class that is changed here
    plain_open = handler.open

    def open_at_once(self):
        self.set_nodelay(True)
        return plain_open(self)

    handler.open, handler.sends_at_once = open_at_once, True
