"""Bokeh figures and layouts as files: a page that needs no network, SVG, or PNG."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neurogym.figures.chromium import installed

FORMATS = (".html", ".svg", ".png")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MS = 30_000  # in which a page must be drawn

# Bokeh's own lists have, besides, the files of all models ever imported, Panel's with them
ALONE = """{% block css_resources %}{% for style in bundle.css_raw %}<style>
{{ style }}
</style>{% endfor %}{% endblock %}
{% block js_resources %}{% for script in bundle.js_raw %}<script>
{{ script }}
</script>{% endfor %}{% endblock %}"""
SHEET = f"""{ALONE}{{% block preamble %}}<style>
html, body {{ margin: 0; background: white }}
</style>{{% endblock %}}"""
READY = "() => globalThis.Bokeh?.documents?.[0]?.is_idle"
NO_TOOLBARS = """() => {
  for (const model of Bokeh.documents[0].all_models) {
    if (model.type == "Toolbar") model.visible = false
  }
}"""
BOX = """() => {
  const {x, y, width, height} = [...Bokeh.index][0].el.getBoundingClientRect()
  return {x, y, width, height}
}"""
TO_SVG = "() => [...Bokeh.index][0].export('svg').ctx.get_serialized_svg(true)"
NO_BROWSER = (
    "SVG and PNG need a Chromium: install one, name it in NEUROGYM_CHROMIUM, or run"
    " `playwright install chromium`"
)


def form_of(path: str | Path) -> str:
    """The suffix of a file to save; ValueError if it is none of `FORMATS`."""
    form = Path(path).suffix.lower()
    if form not in FORMATS:
        raise ValueError(f"{str(path)!r}: expected a name that ends in {', '.join(FORMATS)}")
    return form


def save(plot: Any, path: str | Path) -> None:
    """Write a Bokeh figure or layout to a file, in the form that the name's suffix tells.

    `.html` is a page that zooms and hovers, and needs no network. `.svg` and `.png` (two pixels a
    point) are drawn by a Chromium without a window, driven by Playwright. The folder must exist.

    Raises:
        ValueError: for any other suffix.
        ImportError: without Bokeh, or for a picture without Playwright.
        RuntimeError: for a picture if there is no Chromium.
    """
    form = form_of(path)
    try:
        from bokeh.embed import file_html
        from bokeh.embed.bundle import bundle_for_objs_and_resources
        from bokeh.resources import INLINE
    except ModuleNotFoundError as error:
        sentence = "save needs Bokeh: pip install 'neurogym[app]'"
        raise ImportError(sentence, name=error.name) from error
    page = file_html(
        plot, INLINE, title=Path(path).stem, template=ALONE if form == ".html" else SHEET,
        template_variables={"bundle": bundle_for_objs_and_resources([plot], INLINE)},
        _always_new=form != ".html",
    )  # fmt: skip
    if form == ".html":
        Path(path).write_text(page, encoding="utf-8")
        return
    # where an event loop runs, as in a notebook, Playwright refuses to work in the same thread
    with ThreadPoolExecutor(1) as pool:
        content = pool.submit(_drawn, page, form).result()
    Path(path).write_bytes(content)


def _drawn(html: str, form: str) -> bytes:
    scale = 1 if form == ".svg" else 2
    with tempfile.TemporaryDirectory() as folder, _page(scale) as page:
        file = Path(folder, "plot.html")
        file.write_text(html, encoding="utf-8")
        page.goto(file.as_uri())
        page.wait_for_function(READY, timeout=MS)
        page.evaluate(NO_TOOLBARS)
        page.wait_for_function(READY, timeout=MS)
        if form == ".svg":
            return page.evaluate(TO_SVG).encode()
        return page.screenshot(full_page=True, clip=page.evaluate(BOX))


@contextmanager
def _page(scale: int) -> Iterator[Any]:
    """A page of a browser that loads nothing but files."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError as error:
        raise ImportError(
            "SVG and PNG need Playwright: pip install playwright", name=error.name
        ) from error
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=installed(), args=ARGS)
        except Error as error:
            raise RuntimeError(NO_BROWSER) from error
        try:
            yield browser.new_page(device_scale_factor=scale)
        finally:
            browser.close()
