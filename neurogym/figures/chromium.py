"""Finding a Chromium on this machine."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def installed() -> str | None:
    """The path of a browser, NEUROGYM_CHROMIUM or on the PATH; None: the one of Playwright."""
    found = (shutil.which(name) for name in NAMES)
    return os.environ.get("NEUROGYM_CHROMIUM") or next(filter(None, found), None)
