"""Find a Chromium for the browser tests, or install one; prints which."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from neurogym.figures.chromium import installed


def find() -> str | None:
    """The path of an installed browser: NEUROGYM_CHROMIUM, the PATH, or Playwright's own."""
    if path := installed():
        return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def install() -> None:
    """Debian's package where that can be had, else Playwright's own build."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "chromium"],
        ):
            subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
        if find():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if not find():
        print("no Chromium found: installing one", flush=True)
        install()
    browser = find()
    print(f"browser: {browser}")
    sys.exit(0 if browser else "no browser could be found or installed")
