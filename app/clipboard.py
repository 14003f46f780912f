"""Copying from pages of Panel."""

from app.assets import ASSETS

COPY_JS = (ASSETS / "pages" / "copy.js").read_text("utf-8").replace("export async", "async", 1)


def copying(text: str) -> str:
    """JavaScript for `js_on_click` that copies what an expression of JavaScript is."""
    return f"{COPY_JS}\ncopy({text});"
