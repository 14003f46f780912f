"""The widget of a parameter.

What a parameter can be follows from its `param` declaration: class, default, bounds and doc. Where
it can be several things, such as a number or a matrix, a menu says which of them it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app.forms.controls import labelled, refuse, short
from app.forms.editors import (
    SMALL,
    TIGHT,
    Around,
    Between,
    Chance,
    Editor,
    Fixed,
    Flag,
    Matrices,
    Matrix,
    NameRows,
    Names,
    Nothing,
    Number,
    Numbers,
    Pick,
    Row,
    Rows,
    Settings,
    Text,
    Told,
)


def kinds_of(parameter: param.Parameter, value: Any) -> list[type[Editor]]:
    """The editors of a parameter, the first that fits for each value."""
    auto = [Nothing] if parameter.allow_None or parameter.default is None else []
    kinds = [*auto, *_kinds(parameter, parameter.doc or "")]
    rest = [] if any(kind.fits(value) for kind in kinds) else [Numbers, Matrix, Matrices, Editor]
    return [*kinds, *(kind for kind in rest if kind.fits(value))][: len(kinds) + 1]


def _kinds(parameter: param.Parameter, doc: str) -> list[type[Editor]]:
    if isinstance(parameter, param.Boolean):
        return [Flag]
    if isinstance(parameter, param.Selector):
        return [Pick]
    if isinstance(parameter, param.Number):
        return [Number]
    if isinstance(parameter, param.String):
        return [Text]
    if isinstance(parameter, param.List):
        return _list_kinds(parameter, doc)
    if "(low, high)" in doc:
        return [Fixed, Between, Chance]
    hinted = "matrix" in doc or parameter.default is None
    several = hinted or "list" in doc
    return [Number, *([Numbers] if several else []), *([Matrix, Matrices] if hinted else [])]


def _list_kinds(parameter: param.List, doc: str) -> list[type[Editor]]:
    item = parameter.item_type if isinstance(parameter.item_type, tuple) else (parameter.item_type,)
    if str in item:
        return [Names]
    if dict in item:
        return [Settings]
    if list in item:
        return [NameRows] if Names.fits(_flat(parameter.default)) else [Matrix]
    if "prob" in f"{parameter.name} {doc}":
        return [Matrix if Matrix.fits(parameter.default) or "by block" in doc else Row]
    return [Matrix] if Matrix.fits(parameter.default) else [Numbers]


def _flat(value: Any) -> list[Any]:
    return [item for part in value or [] for item in part]


class Field(pn.viewable.Viewer):
    """A parameter's widgets; what they say is offered to `take`, which answers with an error.

    `take(value)` returns None if the value was taken. An error stands beside the widgets until a
    value is taken.
    """

    def __init__(
        self,
        key: str,
        parameter: param.Parameter,
        value: Any,
        around: Around,
        take: Callable[[Any], Exception | None],
        special: type[Editor] | None = None,
    ):
        super().__init__()
        self.key, self.parameter, self.take = key, parameter, take
        self.told = Told(key, parameter, around, self._changed)
        self.kinds = [special] if special else kinds_of(parameter, value)
        self.error = ""
        self.note = pmui.Typography(
            "", variant="caption", color="error", visible=False, margin=(0, 10)
        )
        self.menu = pmui.Select(
            label=labelled(key), description=parameter.doc or "", width=146,
            options={kind.name: kind.name for kind in self.kinds}, **SMALL,
        )  # fmt: skip
        self.body = pmui.FlexBox(margin=0, gap="0px", sizing_mode=None, styles=TIGHT)
        self._use(next(kind for kind in self.kinds if kind.fits(value)), value)
        self.menu.param.watch(self._other_kind, "value")

    def _use(self, kind: type[Editor], value: Any) -> None:
        self.kind, self.editor = kind, kind(value, self.told)
        with param.parameterized.discard_events(self.menu):
            self.menu.value = kind.name
        wide = isinstance(self.editor, Rows | Row)
        widgets = self.editor.widgets
        self.body.objects = [pmui.Column(*widgets, margin=0, styles=TIGHT)] if wide else widgets

    def _other_kind(self, event: Any) -> None:
        """Begin with a value of the new kind that can be taken, if there is one."""
        kind = next(kind for kind in self.kinds if kind.name == event.new)
        if kind is self.kind:
            return
        try:
            before = self.editor.read()
        except ValueError:
            before = self.parameter.default
        starts, error = kind.starts(self.told, before), None
        for value in starts:
            error = self.take(value)
            if error is None:
                break
        self._use(kind, value if error is None else starts[0])
        self.refuse(error if error is None else self.take(starts[0]))

    def _changed(self) -> None:
        try:
            value = self.editor.read()
        except ValueError as error:
            self.refuse(error)
            return
        self.refuse(self.take(value))

    def refuse(self, error: Exception | None) -> None:
        """Say beside the widgets why a value is not taken, or clear what was said."""
        self.error = "" if error is None else short(error)
        widgets = self.editor.widgets
        beside = bool(widgets) and hasattr(widgets[0], "error_state")
        if beside:
            refuse(widgets[0], error)
        self.note.param.update(object=self.error, visible=bool(self.error) and not beside)

    @property
    def value(self) -> Any:
        """What the widgets say; ValueError for what cannot be a value."""
        return self.editor.read()

    def __panel__(self) -> pn.viewable.Viewable:
        row = [self.menu, self.body] if len(self.kinds) > 1 else [self.body]
        row = pmui.FlexBox(*row, margin=0, gap="0px", sizing_mode=None, styles=TIGHT)
        return pmui.Column(row, self.note, margin=0, styles=TIGHT)
