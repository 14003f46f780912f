"""Put wrappers around the chosen task: add, set, reorder, remove."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app.choice import Choice
from app.controls import labelled, refuse, short
from neurogym.wrappers import Wrapper, fitting, read

SMALL = dict(size="small", margin=(4, 6))


class StackEditor(pn.viewable.Viewer):
    """The stack of wrappers, innermost first; each change is checked against the task at once."""

    def __init__(self, choice: Choice, changed: Callable[[], None]):
        super().__init__()
        self.choice, self.changed = choice, changed
        self.add = pmui.Select(label="add a wrapper", width=230, **SMALL)
        self.add.param.watch(self._add, "value")
        self.why = pmui.Typography("", variant="body2", margin=(2, 14), sx={"opacity": 0.75})
        self.lines = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._show()

    def _show(self) -> None:
        """Draw the stack, and offer what fits around it; the rest tells why it does not."""
        reasons = fitting(self.choice.build())
        self.add.param.update(options=["", *(n for n, why in reasons.items() if not why)], value="")
        told = [why for why in reasons.values() if why]
        self.why.object = "  \n".join(why.partition(". ")[0] + "." for why in told)
        wrappers = read(self.choice.wrappers)
        self.lines.objects = [self._line(i, wrapper) for i, wrapper in enumerate(wrappers)]

    def _line(self, i: int, wrapper: Wrapper) -> pn.viewable.Viewable:
        name = type(wrapper).__name__
        sentence = (type(wrapper).__doc__ or "").partition("\n\n")[0]
        buttons = [
            pmui.IconButton(icon=icon, size="small", description=text, margin=2)
            for icon, text in (
                ("arrow_upward", "further in"),
                ("arrow_downward", "further out"),
                ("close", "remove"),
            )
        ]
        buttons[0].on_click(lambda event: self._move(i, i - 1))
        buttons[1].on_click(lambda event: self._move(i, i + 1))
        buttons[2].on_click(lambda event: self._remove(i))
        head = pmui.Row(
            pmui.Typography(f"{i + 1} · {name}", variant="subtitle2", margin=(6, 6, 0, 14)),
            pmui.Typography(sentence, variant="body2", margin=(6, 6, 0, 0)),
            pn.layout.HSpacer(),
            *buttons,
            sizing_mode="stretch_width",
            align="center",
        )
        fields = [self._field(i, wrapper, key) for key in wrapper.param if key != "name"]
        return pmui.Column(head, pmui.FlexBox(*fields, margin=(0, 8)), sizing_mode="stretch_width")

    def _field(self, i: int, wrapper: Wrapper, key: str) -> Any:
        parameter, value = wrapper.param[key], getattr(wrapper, key)
        common = dict(label=labelled(key), description=parameter.doc, **SMALL)
        if isinstance(parameter, param.Boolean):
            widget: Any = pmui.Switch(value=value, **common)
        elif isinstance(parameter, param.Integer):
            widget = pmui.IntInput(value=value, width=150, **common)
        elif isinstance(parameter, param.Number):
            widget = pmui.FloatInput(value=value, width=150, step=0.01, **common)
        elif isinstance(parameter, param.String):
            widget = pmui.TextInput(value=value, width=150, **common)
        else:
            widget = pmui.LiteralInput(value=value, width=230, **common)
        widget.param.watch(lambda event: self._set(i, key, widget, event.new), "value")
        return widget

    def _stack(self) -> list[dict[str, dict[str, Any]]]:
        return [
            {name: dict(params) for name, params in line.items()} for line in self.choice.wrappers
        ]

    def _add(self, event: Any) -> None:
        if event.new:
            self._try([*self._stack(), {event.new: {}}], self.add)

    def _remove(self, i: int) -> None:
        stack = self._stack()
        del stack[i]
        self._try(stack, self.add)

    def _move(self, i: int, to: int) -> None:
        stack = self._stack()
        if 0 <= to < len(stack):
            stack.insert(to, stack.pop(i))
            self._try(stack, self.add)

    def _set(self, i: int, key: str, widget: Any, value: Any) -> None:
        stack = self._stack()
        (params,) = stack[i].values()
        params[key] = list(value) if isinstance(value, tuple) else value
        self._try(stack, widget, redraw=False)

    def _try(
        self, stack: list[dict[str, dict[str, Any]]], widget: Any, redraw: bool = True
    ) -> None:
        """Take a stack over, or say beside a widget why it is not possible."""
        try:
            self.choice.wrap(stack)
        except (ValueError, TypeError) as error:
            refuse(widget, ValueError(short(error)))
            return
        refuse(widget, None)
        if redraw:
            self._show()
        self.changed()

    def __panel__(self) -> pn.viewable.Viewable:
        return pmui.Column(self.lines, self.add, self.why, sizing_mode="stretch_width", margin=0)
