"""Set a task's parameters, timing and rewards, and the run's length and seed."""

from __future__ import annotations

import io
from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.forms.controls import Form, PeriodRow, RewardsForm, refuse
from app.forms.stack import StackEditor
from app.player.keys import keys_line
from app.player.session import title
from app.shell import heading
from app.state import PRESETS, StudioState
from neurogym.figures.stills import screens, timeline

COPY = "navigator.clipboard.writeText(source.data.value)"


class Configure(pn.viewable.Viewer):
    """Widgets for the whole choice; what they say is checked at once and stands in the address."""

    def __init__(self, choice: StudioState, go: Callable[[str], None]):
        super().__init__()
        self.choice, self.go = choice, go
        self.picture = pn.pane.HTML(sizing_mode="stretch_width", height=190, margin=(8, 14))
        self.keys = pn.pane.HTML(sizing_mode="stretch_width", margin=(0, 14))
        self.line = pn.pane.HTML(sizing_mode="stretch_width", margin=(8, 14))
        self.dropped = ""  # which wrappers did not go with the preset, and why
        self.code = pn.pane.Markdown(sizing_mode="stretch_width", margin=(0, 14))
        self.text = pmui.TextAreaInput(visible=False)
        self.copy = pmui.Button(
            label="Copy as Python", icon="content_copy", variant="outlined", size="small"
        )
        self.copy.js_on_click(args={"source": self.text}, code=COPY)
        self.main = pmui.Column(sizing_mode="stretch_width")
        self.stack: StackEditor | None = None
        self._build()

    # -- what the page shows ---------------------------------------------------------------------

    def _build(self) -> None:
        left = pmui.Column(self._run_card(), *self._task_cards(), sizing_mode="stretch_width")
        right = pmui.Column(
            *self._timing_cards(), *self._wrapper_cards(), self._take_card(),
            sizing_mode="stretch_width",
        )  # fmt: skip
        self.main.objects = [
            self._head(),
            pmui.Grid(
                pmui.Grid(left, size={"xs": 12, "md": 4}),
                pmui.Grid(right, size={"xs": 12, "md": 8}),
                container=True, spacing=1, sizing_mode="stretch_width",
            ),
        ]  # fmt: skip
        self._refresh()

    def _head(self) -> pn.viewable.Viewable:
        play = pmui.Button(label="Play", icon="play_arrow", variant="contained", size="large")
        play.on_click(lambda event: self.go("play"))
        declared = self.choice.declared
        sentence = declared.sentence() if declared else "A gymnasium environment."
        paper = declared.paper if declared else None
        link = f"{paper.authors} ({paper.year}). [{paper.title}]({paper.link})" if paper else ""
        words = pmui.Column(
            heading(title(self.choice.task), margin=(6, 10, 0, 10)),
            pmui.Typography(sentence, variant="body1", margin=(0, 10)),
            pn.pane.Markdown(link, margin=(0, 10), styles={"font-size": "13px"}),
            sizing_mode="stretch_width",
        )
        return pmui.Row(words, play, sizing_mode="stretch_width", align="center")

    def _run_card(self) -> pn.viewable.Viewable:
        choice, wide = self.choice, dict(sizing_mode="stretch_width", size="small", margin=(6, 8))
        preset = pmui.RadioButtonGroup(
            label="Preset", value=choice.preset, margin=(6, 8), size="small",
            options={"people": "human", "agents": "agent"},
            description="Parameters to start from: agents do with windows of a single step.",
        )  # fmt: skip
        preset.param.watch(lambda event: self._set_preset(event.new), "value")
        fields: list[Any] = [preset] if choice.declared else []
        if self.dropped:
            fields.append(pmui.Alert(self.dropped, severity="warning", margin=(4, 8)))
        for name, widget in {
            "trials": pmui.IntInput(label="trials", value=choice.trials, **wide),
            "seed": pmui.IntInput(label="seed", value=choice.seed, **wide),
            "subject": pmui.TextInput(label="player (a pseudonym)", value=choice.subject, **wide),
            "feedback": pmui.Switch(
                label="feedback after each trial", value=choice.feedback, margin=(6, 8)
            ),
        }.items():
            widget.param.watch(lambda event, n=name: self._set(n, event), "value")
            fields.append(widget)
        return card("Run", *fields)

    def _task_cards(self) -> list[pn.viewable.Viewable]:
        if not self.choice.declared:
            return [card("Task", pmui.Typography("This environment declares no parameters."))]
        form = Form(self.choice, self._refresh_all)
        rewards = RewardsForm(self.choice, self._refresh_all)
        return [
            card("Task", *form.widgets.values()),
            card("Rewards", pmui.FlexBox(*rewards.widgets.values())),
        ]

    def _timing_cards(self) -> list[pn.viewable.Viewable]:
        if not self.choice.declared:
            return [card("A trial", self.picture, self.keys)]
        rows = [
            PeriodRow(self.choice, period, duration, self._refresh_all)
            for period, duration in self.choice.bare().timing.items()
        ]
        return [card("A trial", self.picture, self.keys), card("Timing", self.line, *rows)]

    def _wrapper_cards(self) -> list[pn.viewable.Viewable]:
        if not self.choice.declared:
            return []
        self.stack = StackEditor(self.choice, self._refresh)
        return [card("Wrappers", self.stack)]

    def _take_card(self) -> pn.viewable.Viewable:
        toml = pmui.FileDownload(
            callback=lambda: io.StringIO(self.choice.toml()), filename="task.toml",
            label="Download as TOML", variant="outlined", size="small", embed=False, auto=True,
        )  # fmt: skip
        file = pmui.FileInput(
            label="Open a TOML file", accept=".toml", variant="outlined", size="small", margin=0,
        )  # fmt: skip
        file.param.watch(lambda event: self._open(event.new), "value")
        self.told = pmui.Alert("", severity="error", visible=False, margin=(4, 8))
        return card(
            "Take it along",
            pmui.FlexBox(self.copy, toml, file, gap="10px", margin=(4, 8)),
            self.told,
            self.code,
            self.text,
        )

    # -- changes ---------------------------------------------------------------------------------

    def _set(self, name: str, event: Any) -> None:
        try:
            if event.new is None:
                raise ValueError("expected a whole number")
            self.choice.param.update(**{name: event.new, "run": ""})
        except ValueError as error:
            refuse(event.obj, error)
            return
        refuse(event.obj, None)
        self._refresh_code()

    def _open(self, content: bytes | None) -> None:
        """Take over what a file says; if anything in it does not fit, nothing."""
        if not content:
            return
        try:
            self.choice.adopt(StudioState.from_toml(content.decode()))
        except UnicodeDecodeError:
            self.told.param.update(object="This is not a TOML file: it is not text.", visible=True)
        except ValueError as error:
            self.told.param.update(object=f"The file was not taken: {error}", visible=True)
        else:
            self._build()

    def _set_preset(self, preset: str) -> None:
        if preset not in PRESETS:
            return
        told = self.choice.switch(preset)
        why = "Dropped, because they do not fit this preset: "
        self.dropped = why + " ".join(told) if told else ""
        self._build()

    def _refresh_all(self) -> None:
        """The task itself has changed: what can be around it may have, too."""
        if self.stack:
            self.stack.refresh()
        self._refresh()

    def _refresh(self) -> None:
        env = self.choice.env()
        try:
            self.picture.object = screens(env, "configure")
        except ValueError as error:
            self.picture.object = f"<p>No picture: {escape(str(error))}</p>"
        self.keys.object = keys_line(env)
        if self.choice.declared:
            self.line.object = timeline(env)
        self._refresh_code()

    def _refresh_code(self) -> None:
        text = self.choice.python()
        self.code.object = f"```python\n{text}```"
        self.text.value = text

    def __panel__(self) -> pn.viewable.Viewable:
        return self.main


def card(name: str, *objects: Any) -> pn.viewable.Viewable:
    """A titled sheet."""
    return pmui.Paper(
        pmui.Typography(name, variant="subtitle1", margin=(10, 14, 2, 14), sx={"fontWeight": 600}),
        *objects,
        elevation=1, sizing_mode="stretch_width", margin=8,
        styles={"padding-bottom": "10px"},
    )  # fmt: skip
