"""The HTML of light pages: a frame like the studio's, and what is shown in it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app import address
from app.address import Address
from app.light.files import address as at
from app.player.messages import title
from app.state import VIEWS

THEMED = {"dark": "dark", "light": "light", "default": "light"}
FRAME = """<!doctype html>
<html lang="en" data-theme="{theme}" {about}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<link rel="stylesheet" href="{css}">
{head}<script type="module" src="{js}"></script>
</head>
<body>
{header}<main class="{kind}">{notes}{main}</main>
</body>
</html>
"""
HEADER = """<header><a class="home" href="app">NeuroGym</a><nav aria-label="Views">{links}</nav>
<button type="button" class="theme" aria-label="Toggle theme" title="Toggle theme"></button>
</header>
"""
LIST = '<link rel="preload" as="fetch" crossorigin href="{tasks}" id="tasks">\n'
CATALOGUE = """<div class="head"><h1>Choose a task</h1>
<label class="search"><span>Search tasks</span>
<input type="search" placeholder="motion, two-step, Newsome …" autocomplete="off"></label></div>
<p class="quiet" role="status" aria-live="polite"></p>
<div class="tags picked" role="group" aria-label="Tag"></div>
<section class="cards"></section>
<dialog aria-labelledby="sheet-title"><h2 id="sheet-title"></h2>
<button type="button" class="close" aria-label="Close">✕</button>
<div class="sheet"></div></dialog>"""


LOST = "This link leads to nothing that can be played. Please tell whoever sent it to you."
STAGE = """<h1 class="hidden">Play: {title}</h1>
<div id="stage" data-look="{look}" data-socket="neurogym/socket"></div>
"""
NEXT = """<div class="next"><span class="count" role="status"></span>
<button type="button" class="again" disabled>New run</button>
<button type="button" class="file" disabled>Download CSV</button>
<button type="button" class="compare" disabled>Compare</button></div>
"""


def choose(asked: Address, given: bool) -> str:
    """The catalogue; `given`: whether the address had entries, which are put in order then."""
    shown = address.write(asked.choice, asked.theme) if given else ""
    return _page(
        asked.theme, "catalogue", "NeuroGym", CATALOGUE, head=LIST.format(tasks=at("tasks.json")),
        about=f'data-address="{escape(shown)}"', told=asked.told, header=_header(asked),
    )  # fmt: skip


def play(asked: Address, bare: bool) -> str:
    """The page of a run; a bare one has nothing but the stage."""
    name = escape(title(asked.choice.task))
    stage = STAGE.format(title=name, look=at("player.css")) + ("" if bare else NEXT)
    if not bare:
        return _page(asked.theme, "play", name, stage, told=asked.told, header=_header(asked))
    if asked.choice.view == "choose":  # what there is to play is not known
        return _page(
            asked.theme, "play", "NeuroGym", "", about="data-bare", told=(LOST, *asked.told)
        )
    return _page(asked.theme, "play", name, stage, about="data-bare")


LOGIN = """<form method="post" class="login"><h1>NeuroGym</h1>
<label><span>Token or password</span><input type="password" name="token" required autofocus
autocomplete="current-password"></label>{wrong}<button class="main">Open the studio</button>
<p>The token stands where the server was started. Links of participants need none.</p></form>
"""
WRONG = '<p role="alert" class="wrong">That was not it.</p>'


def login(wrong: bool) -> str:
    """The page that asks for the token."""
    form = LOGIN.format(wrong=WRONG if wrong else "")
    return _page("", "still", "NeuroGym", form)


def _page(
    theme: str, kind: str, name: str, main: str, *, head: str = "", about: str = "",
    told: Sequence[str] = (), header: str = "",
) -> str:  # fmt: skip
    return FRAME.format(
        theme=THEMED.get(theme, ""), about=about, title=name, css=at("light.css"),
        js=at(f"{kind}.js"), head=head, header=header, kind=kind, notes=_notes(told), main=main,
    )  # fmt: skip


def _header(asked: Address) -> str:
    return HEADER.format(links="".join(_link(view, asked) for view in VIEWS))


def _notes(told: Sequence[str]) -> str:
    if not told:
        return ""
    lines = [escape(line) for line in told]
    body = lines[0] if len(lines) == 1 else f"<ul><li>{'</li><li>'.join(lines)}</li></ul>"
    return f'<div class="note" role="alert">{body}</div>'


def _link(view: str, asked: Address) -> str:
    query = escape(address.write(asked.choice, asked.theme, view=view))
    here = ' aria-current="page"' if view == asked.choice.view else ""
    return f'<a href="{query}"{here}>{VIEWS[view]}</a>'
