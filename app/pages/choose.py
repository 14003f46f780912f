"""The catalogue: tasks with their sentence, tags and screens; search."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from html import escape

import panel as pn
import panel_material_ui as pmui

from app.player.messages import title
from app.shell import heading, words
from app.state import StudioState
from neurogym.docs import info
from neurogym.figures.stills import screens, timeline
from neurogym.trials.catalogue import all_envs, task_class

GRID = {
    "display": "grid",
    "grid-template-columns": "repeat(auto-fill, minmax(min(330px, 100%), 1fr))",
    "gap": "18px",
    "padding": "6px 10px 24px",
}
ON_CARD = 4  # screens: of more, nobody could read what is on them
FACE = """<div class="picture">{picture}</div><h3>{title}</h3><p>{sentence}</p>
<div class="tags">{tags}</div>"""
CARD_CSS = """
.picture {height: 150px; padding: 14px 14px 0}
h3 {font-size: 1.12rem; font-weight: 600; margin: 8px 16px 2px}
p {font-size: .92rem; line-height: 1.4; margin: 0 16px; min-height: 2.8em; opacity: .85}
.tags {margin: 6px 12px 10px; height: 24px; overflow: hidden}
.tags span {display: inline-block; font-size: .76rem; line-height: 20px; padding: 0 9px;
  margin: 1px 3px; border-radius: 11px; opacity: .8;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent)}
"""
PICTURED = (
    "The picture and the time course are those of people (preset human)."
    " The tables below are those of agents (preset agent), as far as they do not say otherwise."
)
SHEET_CSS = """
.whose {font-size: .88rem; opacity: .8; margin: 10px 0 0}
.picture {height: 170px; margin: 4px 0 14px}
.picture svg {max-width: 100%; max-height: 100%}
h2 {font-size: 1.05rem; margin: 18px 0 6px}
table {border-collapse: collapse; width: 100%; font-size: .9rem}
table, th, td {border: none !important}
th, td {text-align: left; padding: 4px 14px 4px 0; vertical-align: top}
tr {border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent)}
li {margin: 3px 0}
"""


@cache
def picture(task: str, most: int | None = None) -> str:
    """The screens of a task's typical trial, at most so many; drawn once a process."""
    ident = f"{task.replace('.', '-')}-{most}"
    try:
        return screens(StudioState(task=task).env(), ident, most)
    except (TypeError, ValueError) as error:  # such as an environment that nobody can play
        return f"<p>No picture: {error}</p>"


@cache
def course(task: str) -> str:
    """The time course of a task as a person plays it."""
    return timeline(StudioState(task=task, preset="human").env()) if task_class(task) else ""


def about(task: str) -> tuple[str, tuple[str, ...]]:
    """A task's sentence and tags."""
    cls = task_class(task)
    return (cls.sentence(), cls.tags) if cls else ("A gymnasium environment.", ("environment",))


class Choose(pn.viewable.Viewer):
    """Cards of all tasks; a click picks one."""

    def __init__(self, choice: StudioState, go: Callable[[str], None]):
        super().__init__()
        self.choice, self.go = choice, go
        self.search = pmui.TextInput(
            label="Search tasks",
            placeholder="motion, timing, go-no-go ...",
            max_width=360,
            sizing_mode="stretch_width",
            size="small",
        )
        self.cards = {task: self._card(task) for task in all_envs()}
        found = pn.bind(self._found, self.search.param.value_input)
        self.grid = pn.Column(objects=found, sizing_mode="stretch_width", styles=GRID)
        self.sheet = pmui.Dialog(
            width_option="md", show_close_button=True, close_on_click=True, scroll="paper"
        )

    def _found(self, text: str) -> list[pn.viewable.Viewable]:
        """The cards of the tasks that tell all words of a text."""
        wanted = text.lower().split()
        found = [
            card
            for task, card in self.cards.items()
            if all(
                word in " ".join((task, title(task), *map(str, about(task)))).lower()
                for word in wanted
            )
        ]
        none = f"No task for “{words(text)}”. All tasks: clear the search."
        return found or [pmui.Typography(none, margin=20)]

    def _card(self, task: str) -> pn.viewable.Viewable:
        sentence, tags = about(task)
        small = dict(size="small", margin=(0, 6, 10, 6))
        play = pmui.Button(label="Play", icon="play_arrow", variant="contained", **small)
        configure = pmui.Button(label="Configure", variant="text", **small)
        datasheet = pmui.Button(label="Datasheet", variant="text", **small)
        play.on_click(lambda event: self._pick(task, "play"))
        configure.on_click(lambda event: self._pick(task, "configure"))
        datasheet.on_click(lambda event: self._tell(task))
        face = FACE.format(
            picture=picture(task, ON_CARD),
            title=escape(title(task)),
            sentence=escape(sentence),
            tags="".join(f"<span>{escape(tag)}</span>" for tag in tags),
        )
        return pmui.Paper(
            pn.pane.HTML(face, sizing_mode="stretch_width", margin=0, stylesheets=[CARD_CSS]),
            pmui.Row(play, configure, datasheet, margin=(0, 8)),
            elevation=1, margin=0, sizing_mode="stretch_width",
        )  # fmt: skip

    def _tell(self, task: str) -> None:
        """Open the datasheet of a task: its picture, its time course, and all that it declares."""
        declared = task_class(task) is not None
        face = f'<div class="picture">{picture(task)}</div><div>{course(task)}</div>'
        face += f"<p class=whose>{PICTURED}</p>" if declared else ""
        self.sheet.title = title(task)
        self.sheet.objects = [
            pn.pane.HTML(face, sizing_mode="stretch_width", stylesheets=[SHEET_CSS]),
            pn.pane.Markdown(
                info.datasheet(info.facts(task)).partition("\n\n")[2],
                sizing_mode="stretch_width", renderer="markdown-it",
                stylesheets=[SHEET_CSS],
            ),
        ]  # fmt: skip
        self.sheet.open = True

    def _pick(self, task: str, view: str) -> None:
        self.choice.pick(task)
        self.go(view)

    def __panel__(self) -> pn.viewable.Viewable:
        return pmui.Column(
            pn.FlexBox(
                heading("Choose a task", margin=(8, 10)),
                self.search,
                justify_content="space-between",
                sizing_mode="stretch_width",
            ),
            self.grid,
            self.sheet,
            sizing_mode="stretch_width",
        )
