"""The HTML of light pages: a frame like the studio's, and what is shown in it."""

from __future__ import annotations

from html import escape

from app import address
from app.address import Address
from app.light.files import address as at
from app.state import VIEWS

THEMED = {"dark": "dark", "light": "light", "default": "light"}
FRAME = """<!doctype html>
<html lang="en" data-theme="{theme}" data-address="{address}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>NeuroGym</title>
<link rel="stylesheet" href="{css}">
<link rel="preload" as="fetch" crossorigin href="{tasks}" id="tasks">
<script type="module" src="{js}"></script>
</head>
<body>
<header><a class="home" href="app">NeuroGym</a><nav aria-label="Views">{links}</nav>
<button type="button" class="theme" aria-label="Toggle theme" title="Toggle theme"></button>
</header>
<main>{notes}{main}</main>
</body>
</html>
"""
CATALOGUE = """<div class="head"><h1>Choose a task</h1>
<label class="search"><span>Search tasks</span>
<input type="search" placeholder="motion, two-step, Newsome …" autocomplete="off"></label></div>
<p class="quiet" role="status" aria-live="polite"></p>
<div class="tags picked" role="group" aria-label="Tag"></div>
<section class="cards"></section>
<dialog aria-labelledby="sheet-title"><h2 id="sheet-title"></h2>
<button type="button" class="close" aria-label="Close">✕</button>
<div class="sheet"></div></dialog>"""


def choose(asked: Address, given: bool) -> str:
    """The catalogue; `given`: whether the address had entries, which are put in order then."""
    told = [escape(line) for line in asked.told]
    items = "".join(f"<li>{line}</li>" for line in told) if len(told) > 1 else "".join(told)
    body = f"<ul>{items}</ul>" if len(told) > 1 else items
    return FRAME.format(
        theme=THEMED.get(asked.theme, ""),
        address=escape(address.write(asked.choice, asked.theme)) if given else "",
        links="".join(_link(view, asked) for view in VIEWS),
        notes=f'<div class="note" role="alert">{body}</div>' if told else "",
        main=CATALOGUE,
        css=at("light.css"),
        js=at("catalogue.js"),
        tasks=at("tasks.json"),
    )


def _link(view: str, asked: Address) -> str:
    query = escape(address.write(asked.choice, asked.theme, view=view))
    here = ' aria-current="page"' if view == asked.choice.view else ""
    return f'<a href="{query}"{here}>{VIEWS[view]}</a>'
