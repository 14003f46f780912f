"""Widgets for declared parameters; a value that does not fit is said beside the widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app.state import StudioState
from neurogym.spec.durations import Duration
from neurogym.spec.parameters import Levels, Rewards, Timing

KINDS = {
    "constant": "constant",
    "uniform": "uniform",
    "choice": "one of",
    "truncated_exponential": "exponential",
    "times": "multiple of",
    "until": "until",
}
FIELDS = {
    "constant": ("ms",),
    "uniform": ("from, ms", "to, ms"),
    "truncated_exponential": ("mean, ms", "from, ms", "to, ms"),
    "times": ("factor",),
    "until": ("end at, ms",),
}
NARROW = dict(width=118, margin=(4, 6))


def refuse(widget: Any, error: Exception | None) -> None:
    """Say beside a widget why its value does not fit, or clear what was said."""
    if hasattr(widget, "error_state"):
        text = "" if error is None else short(error)
        widget.param.update(error_state=error is not None, helper_text=text)
    elif error is not None and pn.state.notifications is not None:
        pn.state.notifications.error(short(error))


def short(error: Exception) -> str:
    """The first sentence of an error, without the name of the class that raised it."""
    return str(error).partition(" Allowed: ")[0].replace("StudioState.", "")


def labelled(name: str) -> str:
    """A parameter's name as a label."""
    return name.replace("_", " ")


class Form:
    """Widgets for the parameters of the chosen task, but for timing and rewards."""

    def __init__(self, choice: StudioState, changed: Callable[[], None]):
        self.choice, self.changed = choice, changed
        self.task = choice.bare()
        special = (Timing, Rewards)
        names = [n for n in self.task.param if n != "name"]
        names = [n for n in names if not isinstance(self.task.param[n], special)]
        self.widgets = {name: self._widget(name) for name in names}

    def _widget(self, name: str) -> pn.viewable.Viewable:
        parameter, value = self.task.param[name], getattr(self.task, name)
        common = dict(label=labelled(name), description=parameter.doc, margin=(6, 8))
        wide = dict(sizing_mode="stretch_width", size="small")
        if isinstance(parameter, param.Boolean):
            widget = pmui.Switch(value=value, **common)
        elif isinstance(parameter, param.Integer):
            widget = pmui.IntInput(value=value, **common, **wide)
        elif isinstance(parameter, param.Number):
            widget = pmui.FloatInput(value=value, **common, **wide)
        elif isinstance(parameter, param.Selector):
            options = list(parameter.objects)
            widget = pmui.Select(value=value, options=options, **common, **wide)
        elif isinstance(parameter, Levels):
            text = ", ".join(f"{level:g}" for level in value)
            widget = pmui.TextInput(value=text, **common, **wide)
        else:
            widget = pmui.LiteralInput(value=value, **common, **wide)
        widget.param.watch(lambda event: self._set(name, widget, event.new), "value")
        return widget

    def _set(self, name: str, widget: Any, value: Any) -> None:
        try:
            if isinstance(self.task.param[name], Levels):
                value = numbers(value)
            self.choice.change(name, value)
        except (ValueError, TypeError) as error:
            refuse(widget, error)
            return
        refuse(widget, None)
        self.changed()


def numbers(text: str) -> list[float]:
    """Numbers from "1, 2.5 10"; ValueError tells which part is none."""
    parts = text.replace(",", " ").replace(";", " ").split()
    out = []
    for part in parts:
        try:
            out.append(float(part))
        except ValueError:
            raise ValueError(f"{part!r} is not a number: expected some, as in 5, 15, 50") from None
    return out


class RewardsForm:
    """A number for each outcome."""

    def __init__(self, choice: StudioState, changed: Callable[[], None]):
        self.choice, self.changed = choice, changed
        rewards = choice.bare().rewards
        self.widgets = {name: self._widget(name, value) for name, value in rewards.items()}

    def _widget(self, name: str, value: float) -> pmui.FloatInput:
        widget = pmui.FloatInput(
            value=value, step=0.1, label=labelled(name), size="small", **NARROW
        )
        widget.param.watch(lambda event: self._set(name, widget, event.new), "value")
        return widget

    def _set(self, name: str, widget: pmui.FloatInput, value: float | None) -> None:
        try:
            if value is None:
                raise ValueError("expected a number")
            self.choice.change("rewards", {**self._now(), name: value})
        except ValueError as error:
            refuse(widget, error)
            return
        refuse(widget, None)
        self.changed()

    def _now(self) -> dict[str, float]:
        return dict(self.choice.params.get("rewards", {}))


class PeriodRow(pn.viewable.Viewer):
    """One period's length: its kind, and the numbers in ms that belong to it."""

    def __init__(
        self, choice: StudioState, period: str, duration: Duration, changed: Callable[[], None]
    ):
        super().__init__()
        self.choice, self.period, self.changed = choice, period, changed
        self.duration = self.first = duration
        options = {label: kind for kind, label in KINDS.items() if self._offers(kind)}
        self.kind = pmui.Select(
            label=period, value=duration.kind, options=options, size="small", width=150,
            margin=(4, 6),
        )  # fmt: skip
        self.kind.param.watch(self._new_kind, "value")
        self.fields = pmui.Row(margin=0, sizing_mode="stretch_width")
        self._show_fields()

    def _offers(self, kind: str) -> bool:
        """A multiple of another period is offered only where it is one already."""
        return kind not in ("times", "until") or self.duration.kind == kind

    def _show_fields(self) -> None:
        duration = self.duration
        if duration.kind == "choice":
            text = ", ".join(f"{ms:g}" for ms in duration.args)
            widget = pmui.TextInput(label="ms", value=text, size="small", margin=(4, 6))
            widgets = [widget]
        elif duration.kind == "constant":
            widgets = self._with_slider(duration.args[0])
        else:
            args = duration.args[1:] if duration.kind == "times" else duration.args
            widgets = [
                pmui.FloatInput(label=label, value=value, size="small", **NARROW)
                for label, value in zip(FIELDS[duration.kind], args, strict=True)
            ]
        self.inputs = [widget for widget in widgets if not isinstance(widget, pmui.FloatSlider)]
        for widget in self.inputs:
            widget.param.watch(self._new_numbers, "value")
        self.fields.objects = widgets

    def _with_slider(self, ms: float) -> list[Any]:
        """A number, and a slider that moves it."""
        number = pmui.FloatInput(
            label="ms", value=ms, step=10, format="0[.]0", size="small", width=140, margin=(4, 6)
        )
        slider = pmui.FloatSlider(
            label="", value=ms, start=0, end=max(2000, 500 * -(-2 * ms // 500)), step=10,
            show_value=False, size="small", sizing_mode="stretch_width", margin=(2, 16),
        )  # fmt: skip
        for name in ("value", "value_throttled"):  # the last of a quick move comes as the second
            slider.param.watch(lambda event: number.param.update(value=event.new), name)
        number.param.watch(lambda event: self._follow(slider, event.new), "value")
        return [number, slider]

    def _follow(self, slider: pmui.FloatSlider, ms: float | None) -> None:
        if ms is not None and ms >= 0 and ms != slider.value:
            slider.param.update(value=ms, end=max(slider.end, ms))

    def _new_kind(self, event: Any) -> None:
        """Start from numbers that resemble the length before."""
        low, high = self.duration.bounds
        high = min(high, 10 * max(low, 100))  # what follows from other periods has no bound
        middle = (low + high) / 2
        args = {
            "constant": middle,
            "uniform": ("uniform", (low, high if high > low else 2 * max(low, 100))),
            "choice": sorted({low, middle, high}),
            "truncated_exponential": (
                "truncated_exponential", (middle, low, max(high, 3 * middle, low + 100))
            ),
        }  # fmt: skip
        if event.new == self.duration.kind:  # back from one that was refused
            refuse(self.kind, None)
        elif self._apply(args.get(event.new, self.first.spec), self.kind):
            self._show_fields()

    def _new_numbers(self, event: Any) -> None:
        kind, widgets = self.duration.kind, self.inputs
        values = [widget.value for widget in widgets]
        if kind == "choice":
            try:
                spec: Any = ("choice", numbers(values[0]))
            except ValueError as error:
                refuse(event.obj, error)
                return
        elif any(value is None for value in values):
            refuse(event.obj, ValueError("expected a number"))
            return
        elif kind in ("constant", "until"):
            spec = values[0] if kind == "constant" else (kind, values[0])
        elif kind == "times":
            spec = (kind, (self.duration.args[0], values[0]))
        else:
            spec = (kind, tuple(values))
        self._apply(spec, event.obj)

    def _apply(self, spec: Any, widget: Any) -> bool:
        """Whether the length was taken; if not, why not stands beside the widget."""
        now = dict(self.choice.params.get("timing", {}))
        try:
            self.choice.change("timing", {**now, self.period: spec})
            self.duration = Duration.parse(spec, self.period)
        except ValueError as error:
            refuse(widget, error)
            return False
        for field in [self.kind, *self.inputs]:
            refuse(field, None)
        self.changed()
        return True

    def __panel__(self) -> pn.viewable.Viewable:
        return pmui.Row(self.kind, self.fields, sizing_mode="stretch_width", margin=0)
