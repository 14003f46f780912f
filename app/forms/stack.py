"""Put wrappers around the chosen task: add, set, turn off, reorder, remove."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.forms.controls import refuse, short
from app.forms.editors import Around
from app.forms.fields import Form, Key
from app.forms.layout import column, flow
from app.shell import words
from app.state import Line, StudioState, presets_of, wrappers_of
from neurogym.spec.outcomes import Kept
from neurogym.spec.parameters import Tasks
from neurogym.trials.task import Task
from neurogym.wrappers import WRAPPERS, Wrapper, fitting
from neurogym.wrappers.several import Several


def sentence(cls: type[Wrapper]) -> str:
    """What a wrapper does."""
    return " ".join((cls.__doc__ or "").partition("\n\n")[0].split())


class StackEditor(pn.viewable.Viewer):
    """The stack of wrappers, innermost first; each change is checked against the task at once."""

    def __init__(self, choice: StudioState):
        super().__init__()
        self.choice = choice
        self.cards: list[WrapperCard] = []
        self.offered = Kept()
        self.order = pn.pane.HTML("", margin=(2, 14), sizing_mode="stretch_width")
        self.lines = column(sizing_mode="stretch_width")
        self.add = pmui.AutocompleteInput(
            label="add a wrapper", placeholder="search by name", min_characters=0, restrict=True,
            case_sensitive=False, search_strategy="includes", sizing_mode="stretch_width",
            max_width=420, size="small", margin=(8, 14),
        )  # fmt: skip
        self.add.param.watch(self._add, "value")
        self.why = pn.pane.HTML("", margin=(0, 14, 8, 14), sizing_mode="stretch_width")
        self.draw()

    def draw(self) -> None:
        """Draw the whole stack."""
        refused = self.choice.refused
        refused.keep(name for name in refused.told if not isinstance(name, WrapperCard))
        self.cards = [
            WrapperCard(self, i, line, on) for i, (line, on) in enumerate(self.choice.stack)
        ]
        self.lines.objects = list(self.cards)
        self.offer()

    def refresh(self, after: int = -1) -> None:
        """Draw anew what follows from the task, or from what the wrapper at a place does to it."""
        for card in self.cards[after + 1 :]:
            card.refresh()
        self.offer()

    def offer(self) -> None:
        """Offer what fits around the stack, and tell of the rest why it does not."""
        choice = self.choice
        task = json.dumps([choice.task, choice.preset, choice.params, choice.wrappers])
        reasons = self.offered.get("reasons", task, lambda: fitting(choice.build()))
        self.add.param.update(options=[n for n, why in reasons.items() if not why], value=None)
        self.why.object = _reasons({n: why for n, why in reasons.items() if why})
        self.order.object = _order(self.choice)

    def inside(self, i: int) -> Task:
        """The task around which the wrapper at a place is put."""
        return self.choice.inside([line for line, on in self.choice.stack[:i] if on])

    def _add(self, event: Any) -> None:
        if not event.new:
            return
        line = {event.new: self._start(WRAPPERS[event.new])}
        if self._tried([*self.choice.stack, (line, True)], self.add):
            self.draw()

    def _start(self, cls: type[Wrapper]) -> dict[str, Any]:
        """Parameters to begin with: other tasks get the chosen preset."""
        if not issubclass(cls, Several):
            return {}
        tasks, preset = cls.param["tasks"].default, self.choice.preset
        known = [preset if preset in presets_of(told["task"]) else "agent" for told in tasks]
        return {"tasks": [{**t, "preset": p} for t, p in zip(tasks, known, strict=True)]}

    def _tried(self, stack: list[tuple[Line, bool]], widget: Any) -> bool:
        """Take a stack over, or say beside a widget why that is not possible."""
        error = self.take(stack)
        refuse(widget, error)
        return error is None

    def take(self, stack: list[tuple[Line, bool]]) -> Exception | None:
        """Take a stack over; or nothing changes, and the error is returned."""
        try:
            self.choice.restack(stack)
        except (ValueError, TypeError) as error:
            return error
        return None

    def __panel__(self) -> pn.viewable.Viewable:
        return column(self.order, self.lines, self.add, self.why, sizing_mode="stretch_width")


def _reasons(reasons: Mapping[str, str]) -> str:
    """Which wrappers do not fit, and why, behind a line that opens."""
    if not reasons:
        return ""
    lines = []
    for name, why in reasons.items():
        told = why.partition(": ")[2] or why
        told = told.partition(". ")[0].rstrip(".")
        lines.append(
            f'<li style="margin:3px 0"><span style="font-weight:600;opacity:.65">{escape(name)}'
            f'</span> <span style="opacity:.8">{escape(told)}</span></li>'
        )
    many = "1 other does not fit" if len(reasons) == 1 else f"{len(reasons)} others do not fit"
    return (
        f'<details style="font-size:13px"><summary style="cursor:pointer;opacity:.75">{many},'
        f' and why</summary><ul style="margin:6px 0 0;padding-left:18px">{"".join(lines)}</ul>'
        "</details>"
    )


def _order(choice: StudioState) -> str:
    """The task inside its wrappers, as boxes within boxes."""
    if not choice.stack:
        return '<span style="font-size:13px;opacity:.75">Nothing is around the task.</span>'
    box = (
        "display:inline-flex;align-items:center;gap:6px;border:1.5px solid {};border-radius:9px;"
        "padding:3px 8px;font-size:12.5px;white-space:nowrap;{}"
    )
    name = escape(type(choice.bare()).__name__)
    inner = f'<b style="font-weight:600;padding:2px 0">{name}</b>'
    for line, on in choice.stack:
        ((wrapper, _),) = line.items()
        faded = "" if on else "border-style:dashed;"
        label = f'<span style="opacity:{0.9 if on else 0.45}">{escape(wrapper)}</span>'
        color = "var(--mui-palette-primary-main, #2f5fb3)" if on else "currentColor"
        inner = f'<span style="{box.format(color, faded)}">{inner}{label}</span>'
    return (
        f'<div style="overflow-x:auto;padding:2px 0" role="img" aria-label="Order of wrappers">'
        f"{inner}</div>"
    )


class WrapperCard(pn.viewable.Viewer):
    """One wrapper: what it does, whether it is on, its parameters, and what is wrong with them.

    A value that does not fit yet waits in its widget: it is taken along as soon as it fits together
    with another, such as a third task and the number of trials of the second one.
    """

    def __init__(self, editor: StackEditor, i: int, line: Line, on: bool):
        super().__init__()
        ((self.name_, params),) = line.items()
        self.editor, self.i, self.on, self.params = editor, i, on, dict(params)
        self.form: Any = None
        self.cls = WRAPPERS[self.name_]
        self.told = pmui.Alert("", severity="error", visible=False, margin=(2, 12, 6, 12))
        self.switch = pmui.Switch(
            value=on, label="on" if on else "off", margin=(2, 6, 0, 6), size="small", width=70,
        )  # fmt: skip
        self.switch.param.watch(self._turn, "value")
        self.buttons = [
            pmui.IconButton(icon=icon, size="small", description=text, margin=2)
            for icon, text in (
                ("arrow_upward", "further in"),
                ("arrow_downward", "further out"),
                ("close", "remove"),
            )
        ]
        self.buttons[0].disabled = i == 0
        self.buttons[1].disabled = i == len(editor.choice.stack) - 1
        self.buttons[0].on_click(lambda event: self._move(i - 1))
        self.buttons[1].on_click(lambda event: self._move(i + 1))
        self.buttons[2].on_click(lambda event: self._remove())
        self.body = flow(margin=(0, 8), sizing_mode="stretch_width", styles={})
        self.make()

    def make(self) -> None:
        """Draw the parameters."""
        self.around = self._around()
        wrapper: Any
        (wrapper,) = wrappers_of([{self.name_: self.params}])
        keys = [key for key in wrapper.param if key != "name"]
        keys.sort(key=lambda key: isinstance(wrapper.param[key], Tasks), reverse=True)
        if self.form:
            self.form.close()
        self.form = Form(
            wrapper, self._take, self.around, names=keys, more=self._resized,
            refused=self.editor.choice.refused, name=self,
        )  # fmt: skip
        self.body.objects = list(self.form.fields.values())

    @property
    def fields(self) -> dict[Key, Any]:
        """The fields by parameter."""
        return self.form.fields

    def _around(self) -> Around:
        return Around.of(self.editor.inside(self.i), self.editor.choice.preset)

    def refresh(self) -> None:
        """Draw the parameters anew if what they can refer to has changed."""
        if self._around() != self.around:
            self.make()

    # -- changes ---------------------------------------------------------------------------------

    def _resized(self, key: Key, value: Any) -> list[dict[Key, Any]]:
        """Lists that have an entry for each task follow when a task is added or removed."""
        if key != "tasks":
            return []
        new: dict[Key, Any] = {"tasks": value}
        wrapper: Any
        (wrapper,) = wrappers_of([{self.name_: self.params}])
        before = len(wrapper.tasks)
        for other in self.fields:
            now = getattr(wrapper, str(other))
            if other != "tasks" and isinstance(now, list) and len(now) in (before, before + 1):
                size = len(now) + len(value) - before
                longer: list[Any] = [*now, *[now[-1]] * len(value)]
                new[other] = longer[: max(size, 1)]
        return [new]

    def _take(self, changes: Mapping[Key, Any]) -> Exception | None:
        """Take values over, or say why not; widgets of others that changed are drawn anew."""
        params: dict[Any, Any] = {**self.params, **changes}
        stack = self.editor.choice.stack
        stack[self.i] = ({self.name_: params}, self.on)
        error = self.editor.take(stack)
        if error is not None:
            return self._without_name(error)
        ((_, params),) = self.editor.choice.stack[self.i][0].items()
        self.params = dict(params)
        self.told.visible = False
        if "tasks" in changes and set(changes) - self.form.waiting - {"tasks"}:
            self.make()
        self.editor.refresh(self.i)
        return None

    def _without_name(self, error: Exception) -> Exception:
        text = str(error)
        for start in (f"wrapper {self.i + 1}: ", "wrapper 1: ", f"{self.name_}: "):
            text = text.removeprefix(start)
        return ValueError(text)

    def _turn(self, event: Any) -> None:
        stack = self.editor.choice.stack
        if event.new == self.on:
            return
        line, _ = stack[self.i]
        stack[self.i] = (line, event.new)
        if not self._rearrange(stack):
            self.switch.value = self.on

    def _move(self, to: int) -> None:
        stack = self.editor.choice.stack
        if 0 <= to < len(stack):
            stack.insert(to, stack.pop(self.i))
            self._rearrange(stack)

    def _remove(self) -> None:
        stack = self.editor.choice.stack
        del stack[self.i]
        self._rearrange(stack)

    def _rearrange(self, stack: list[tuple[Line, bool]]) -> bool:
        """Take a stack with other lines over, or say on the card why that is not possible."""
        error = self.editor.take(stack)
        if error is not None:
            self.told.param.update(object=words(short(error)), visible=True)
            return False
        self.editor.draw()
        return True

    def __panel__(self) -> pn.viewable.Viewable:
        title = pmui.Typography(
            words(f"{self.i + 1} · {self.name_}"), variant="subtitle2", margin=(8, 6, 4, 14),
            sx={"fontWeight": 650, "opacity": 1 if self.on else 0.6},
        )  # fmt: skip
        tools = pn.Row(self.switch, *self.buttons, align="center", margin=(0, 4, 0, 8))
        head = pmui.FlexBox(
            title, tools, justify_content="space-between", align_items="center", margin=0, gap="0px"
        )
        told = pmui.Typography(
            words(sentence(self.cls)), variant="body2", margin=(0, 14, 4, 14), sx={"opacity": 0.75}
        )
        return pmui.Paper(
            head, told, self.body, self.told,
            variant="outlined", elevation=0, sizing_mode="stretch_width", margin=(4, 12),
            sx={
                "borderLeft": "4px solid",
                "borderLeftColor": "primary.main" if self.on else "divider",
                "paddingBottom": "6px",
                "& > *": {"opacity": 1 if self.on else 0.85},
            },
        )  # fmt: skip
