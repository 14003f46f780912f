"""Where the files lie that the browser loads."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
PLAYER_JS, PLAYER_CSS = ASSETS / "player.js", ASSETS / "player.css"
