"""What every answer says to a browser: load nothing from elsewhere, guess no types."""

from __future__ import annotations

import os

from tornado.web import RequestHandler

FRAMES = "NEUROGYM_FRAMES"  # origins whose pages may show ours in a frame, with blanks between
_POLICY = (
    "default-src 'self'; script-src {script}; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src {connect};"
    " worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self' {frames}"
)
_LIGHT = dict(script="'self'", connect="'self' ws: wss:")
_PANEL = dict(  # its pages hold scripts of their own, and make modules
    script="'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
    connect="'self' ws: wss: blob: data:",
)


def protect(handler: RequestHandler, light: bool = True) -> None:
    """Set the headers of a page or a file; pages of Panel need more rights than light ones."""
    frames = os.environ.get(FRAMES, "")
    policy = _POLICY.format(**(_LIGHT if light else _PANEL), frames=frames).strip()
    handler.set_header("Content-Security-Policy", policy)
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "same-origin")


def answer(handler: RequestHandler, page: str) -> None:
    """Send a page, which is made for this visitor."""
    protect(handler)
    handler.set_header("Cache-Control", "no-store")
    handler.finish(page)
