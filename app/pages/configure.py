"""Set a task's parameters, timing and rewards, and the run's length and seed."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import gymnasium as gym
import panel as pn
import panel_material_ui as pmui
import param

from app import alone
from app.clipboard import copying
from app.forms.editors import Around
from app.forms.fields import Form, Key
from app.forms.layout import SHEET, column, flow
from app.forms.stack import StackEditor
from app.player.keys import keys_line
from app.player.messages import title
from app.shell import heading, words
from app.state import GUEST, Refused, StudioState, presets_of
from neurogym.envs.has_trials import HasTrials
from neurogym.figures.stills import screens, timeline
from neurogym.spec.paper import Paper

NO_COPY = ".copybtn { display: none }"  # it has no name, and there is a button that has
SIDES = """
:host {display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 2fr)}
@media (max-width: 899px) {:host {grid-template-columns: minmax(0, 1fr)}}
"""
TITLE = "h2 {font-size: 1rem; font-weight: 600; line-height: 1.75; margin: 0}"
LINK = f"""
const query = new URLSearchParams(location.search);
for (const name of ["view", "theme"]) query.delete(name);
{copying("new URL(`play?${query}`, location.href).href")}
"""
COPY = copying("source.data.value")


RUN = {
    "trials": "trials",
    "seed": "seed",
    "subject": "player (a pseudonym)",
    "feedback": "feedback after each trial",
}


def _travels(env: Any) -> bool:
    """Whether a page can hold the trials."""
    return not alone.stays(env)


def _dt(env: Any) -> Any:
    """How long a step is, in ms."""
    return env.dt


class Configure(pn.viewable.Viewer):
    """Widgets for the whole choice; what they say is checked at once and stands in the address.

    All that is shown beside the widgets derives from `env` and `code`, which follow the choice as
    long as the page is shown.
    """

    following = param.ClassSelector(class_=StudioState, doc="the choice, while this is shown")
    env = param.ClassSelector(class_=gym.Env, doc="an environment of the choice")
    code = param.String(doc="lines of Python that do the same")
    dropped = param.String(doc="which wrappers did not go with the preset, and why")
    problem = param.String(doc="why a file was not opened")

    def __init__(self, choice: StudioState, go: Callable[[str], None]):
        super().__init__(following=choice)
        self.choice, self.go = choice, go
        choice.refused = Refused()  # a page that is gone hears nothing of the next one
        self.refused = choice.refused.param.told
        self._follow()
        self._make_panes()
        self.main = column(sizing_mode="stretch_width")
        self.stack: StackEditor | None = None
        self._build()

    # -- what follows from the choice ------------------------------------------------------------

    @param.depends(
        "following.task", "following.preset", "following.params", "following.wrappers", watch=True
    )
    def _follow(self) -> None:
        self.env = self.choice.env()
        self.code = self.choice.python()

    @param.depends("following.seed", "following.trials", watch=True)
    def _write(self) -> None:
        self.code = self.choice.python()

    @param.depends("following.view", watch=True)
    def _leave(self) -> None:
        """A page that is shown no more follows nothing."""
        if self.choice.view != "configure":
            self.choice.refused = Refused()
            self.following = None

    def _make_panes(self) -> None:
        wide, env = dict(sizing_mode="stretch_width"), self.param.env
        self.picture = pn.pane.HTML(pn.bind(picture, env), height=190, margin=(8, 14), **wide)
        self.keys = pn.pane.HTML(pn.bind(keys_line, env), margin=(0, 14), **wide)
        self.line = pn.pane.HTML(pn.bind(course, env), margin=(8, 14), **wide)
        python = pn.bind("```python\n{}```".format, self.param.code)
        self.python = pn.pane.Markdown(python, margin=(0, 14), stylesheets=[NO_COPY], **wide)
        self.text = pmui.TextAreaInput(value=self.param.code, label="the code", visible=False)
        self.stuck = pmui.Alert(
            object=pn.bind(waits, self.refused),
            visible=pn.bind(bool, self.refused), severity="warning", margin=(4, 10),
        )  # fmt: skip

    def _onward(self, cls: Any, **look: Any) -> Any:
        """A button that goes on with the choice: not while there is something that is refused."""
        return cls(disabled=pn.bind(bool, self.refused), **look)

    # -- what the page shows ---------------------------------------------------------------------

    def _build(self) -> None:
        wide = dict(sizing_mode="stretch_width")
        left = column(self._run_card(), *self._task_cards(), **wide)
        right = column(*self._timing_cards(), *self._wrapper_cards(), self._take_card(), **wide)
        sides = column(left, right, stylesheets=[SIDES], **wide)
        self.main.objects = [self._head(), self.stuck, sides]

    def _head(self) -> pn.viewable.Viewable:
        play = self._onward(
            pmui.Button, label="Play", icon="play_arrow", variant="contained", size="large"
        )
        play.on_click(lambda event: self.go("play"))
        declared = self.choice.declared
        sentence = declared.sentence() if declared else "A gymnasium environment."
        paper = declared.paper if declared else None
        cited = paper_link(paper) if paper else ""
        about = column(
            heading(title(self.choice.task), margin=(6, 10, 0, 10)),
            pmui.Typography(words(sentence), variant="body1", margin=(0, 10)),
            pn.pane.HTML(cited, margin=(0, 10), styles={"font-size": "13px"}),
            sizing_mode="stretch_width",
        )
        return pn.Row(about, play, sizing_mode="stretch_width", align="center")

    def _run_card(self) -> pn.viewable.Viewable:
        choice = self.choice
        preset = pmui.RadioButtonGroup(
            label="Preset", value=choice.preset, margin=(6, 8), size="small",
            options={called: name for name, called in presets_of(choice.task).items()},
            description="Parameters to start from: agents do with windows of a single step.",
        )  # fmt: skip
        preset.param.watch(lambda event: self._set_preset(event.new), "value")
        dropped = pmui.Alert(
            object=pn.bind(words, self.param.dropped), visible=pn.bind(bool, self.param.dropped),
            severity="warning", margin=(4, 8),
        )  # fmt: skip
        form = self._form(choice, self._set, names=RUN, labels=RUN, wide=True, name="run")
        return card("Run", *([preset] if choice.declared else []), dropped, *form.alone())

    def _form(self, declared: param.Parameterized, take: Any, **more: Any) -> Form:
        return Form(declared, take, refused=self.choice.refused, **more)

    def _task_cards(self) -> list[pn.viewable.Viewable]:
        if not self.choice.declared:
            return [card("Task", pmui.Typography("This environment declares no parameters."))]
        task = self.choice.bare()
        self.form = self._form(
            task, self._change, around=Around.of(task, self.choice.preset), wide=True, name="task",
            dt=pn.bind(_dt, self.param.env),
        )  # fmt: skip
        return [
            card("Task", *self.form.alone()),
            card("Rewards", flow(*self.form.part("rewards"))),
        ]

    def _timing_cards(self) -> list[pn.viewable.Viewable]:
        cards = [card("A trial", self.picture, self.keys)]
        if self.choice.declared:
            cards.append(card("Timing", self.line, *self.form.part("timing")))
        return cards

    def _wrapper_cards(self) -> list[pn.viewable.Viewable]:
        if not self.choice.declared:
            return []
        self.stack = StackEditor(self.choice)
        return [card("Wrappers", self.stack)]

    def _take_card(self) -> pn.viewable.Viewable:
        copy = self._onward(
            pmui.Button, label="Copy as Python", icon="content_copy", variant="outlined", margin=0,
            size="small",
        )  # fmt: skip
        copy.js_on_click(args={"source": self.text}, code=COPY)
        link = self._onward(
            pmui.Button, label="Copy link to play", icon="link", variant="outlined", margin=0,
            size="small",
        )  # fmt: skip
        link.js_on_click(code=LINK)
        toml = self._onward(
            pmui.FileDownload, callback=lambda: io.StringIO(self.choice.toml()),
            filename="task.toml", label="Download as TOML", variant="outlined", size="small",
            embed=False, auto=True, margin=0,
        )  # fmt: skip
        page = self._onward(
            pmui.FileDownload, callback=self._page, filename=f"{self.choice.task}.html",
            label="Download as one page", variant="outlined", size="small", embed=False, auto=True,
            margin=0, visible=pn.bind(_travels, self.param.env),
        )  # fmt: skip
        file = pmui.FileInput(
            label="Open a TOML file", accept=".toml", variant="outlined", size="small", margin=0,
        )  # fmt: skip
        file.param.watch(lambda event: self._open(event.new), "value")
        told = pmui.Alert(
            object=pn.bind(words, self.param.problem), visible=pn.bind(bool, self.param.problem),
            severity="error", margin=(4, 8),
        )  # fmt: skip
        ways = flow(copy, link, toml, page, file, styles={"gap": "10px"}, margin=(4, 8))
        return card("Take it along", ways, told, self.python, self.text)

    def _page(self) -> io.StringIO:
        """The run as a file that plays by itself."""
        choice = self.choice
        return io.StringIO(alone.page(
            choice.task, choice.settings(), choice.wrappers, choice.trials, choice.seed,
            choice.subject or GUEST, choice.pace(),
        ))  # fmt: skip

    # -- changes ---------------------------------------------------------------------------------

    def _set(self, changes: Mapping[Key, Any]) -> Exception | None:
        """Set what belongs to the run, or say why not."""
        try:
            self.choice.param.update({str(key): value for key, value in changes.items()}, run="")
        except ValueError as error:
            return error
        return None

    def _change(self, changes: Mapping[Key, Any]) -> Exception | None:
        """Set parameters of the task, or say why not."""
        try:
            self.choice.change_all(nested(self.choice.params, changes))
        except (ValueError, TypeError) as error:
            return error
        if self.stack:
            self.stack.refresh()  # what can be around the task may have changed with it
        return None

    def _open(self, content: bytes | None) -> None:
        """Take over what a file says; if anything in it does not fit, nothing."""
        if not content:
            return
        try:
            self.choice.adopt(StudioState.from_toml(content.decode()))
        except UnicodeDecodeError:
            self.problem = "This is not a TOML file: it is not text."
        except ValueError as error:
            self.problem = f"The file was not taken: {error}"
        else:
            self.problem = ""
            self._build()

    def _set_preset(self, preset: str) -> None:
        if preset not in presets_of(self.choice.task):
            return
        with param.parameterized.batch_call_watchers(self.choice):
            told = self.choice.switch(preset)
        why = "Dropped, because they do not fit this preset: "
        self.dropped = why + " ".join(told) if told else ""
        self._build()

    def __panel__(self) -> pn.viewable.Viewable:
        return self.main


def course(env: HasTrials) -> str:
    """The time course of a trial; of what declares no periods there is none."""
    return timeline(env) if env.declared else ""


def picture(env: HasTrials) -> str:
    """The screens of a trial, or why there are none."""
    try:
        return screens(env, "configure")
    except ValueError as error:
        return f"<p>No picture: {escape(str(error))}</p>"


def paper_link(paper: Paper) -> str:
    """A paper, as HTML."""
    title = escape(paper.title)
    if paper.link.startswith(("https://", "http://")):
        title = f'<a href="{escape(paper.link)}">{title}</a>'
    return f"{escape(paper.authors)} ({escape(str(paper.year))}). {title}"


def reasons(told: Mapping[Any, Mapping[str, str]]) -> str:
    """Why one cannot go on: what is not taken, and where."""
    said = [f"{name}: {why}" for fields in told.values() for name, why in fields.items()]
    return f"Play waits for a value that can be taken. {' · '.join(said)}" if said else ""


def waits(told: Mapping[Any, Mapping[str, str]]) -> str:
    """The same for a component that reads Markdown."""
    return words(reasons(told))


def nested(now: Mapping[str, Any], changes: Mapping[Key, Any]) -> dict[str, Any]:
    """Changes of parameters, and of entries beside those that are set now."""
    values: dict[str, Any] = {}
    for key, value in changes.items():
        if isinstance(key, str):
            values[key] = value
            continue
        name, entry = key
        values.setdefault(name, dict(now.get(name, {})))[entry] = value
    return values


def card(name: str, *objects: Any) -> pn.viewable.Viewable:
    """A titled sheet."""
    title = pn.pane.HTML(f"<h2>{escape(name)}</h2>", margin=(10, 14, 2, 14), stylesheets=[TITLE])
    return column(
        title, *objects, sizing_mode="stretch_width", margin=8, stylesheets=[SHEET],
    )  # fmt: skip
