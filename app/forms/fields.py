"""The one maker of forms: which widgets a parameter has follows from its type, and from it alone.

`EDITORS` says which editors there are for a type of parameter; a type that is not in it has those
of the class that it derives from. Where there are several, a menu says which of them it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app.forms.controls import short
from app.forms.editors import (
    SMALL,
    Around,
    Between,
    Chance,
    Editor,
    Fixed,
    Flag,
    Json,
    Matrices,
    Matrix,
    Named,
    NameRows,
    Names,
    Nothing,
    Number,
    Numbers,
    Pick,
    Row,
    Rows,
    Settings,
    TaskRows,
    Text,
    Told,
)
from app.forms.layout import TIGHT, WIDE, column, flow
from app.forms.lengths import Constant, Exponential, OneOf, Times, Uniform, Until
from app.shell import words
from app.state import Refused
from neurogym.spec import parameters as types
from neurogym.spec.durations import Duration

Key = str | tuple[str, str]  # of a field: a parameter, or one entry of it
Take = Callable[[Mapping[Key, Any]], Exception | None]

EDITORS: dict[type[param.Parameter], tuple[type[Editor], ...]] = {
    param.Parameter: (Json,),
    param.Boolean: (Flag,),
    param.Number: (Number,),
    param.Selector: (Pick,),
    param.ListSelector: (Json,),
    param.String: (Text,),
    param.List: (Numbers, Json),
    types.Levels: (Numbers,),
    types.Numbers: (Numbers,),
    types.Probabilities: (Row,),
    types.ProbabilityRows: (Matrix,),
    types.Transitions: (Number, Numbers, Matrix, Matrices),
    types.Onsets: (Number, Numbers),
    types.BlockLength: (Fixed, Between, Chance, Json),
    types.BlockLengths: (Numbers, Json),
    types.Name: (Named,),
    types.Names: (Names,),
    types.NameLists: (NameRows,),
    types.Settings: (Settings, Json),
    types.Tasks: (TaskRows,),
    types.Length: (Constant, Uniform, OneOf, Exponential, Times, Until),
}


def editors_of(parameter: param.Parameter, value: Any) -> list[type[Editor]]:
    """The editors of a parameter, the first that fits for each value."""
    known = next(EDITORS[cls] for cls in type(parameter).__mro__ if cls in EDITORS)
    auto: list[type[Editor]] = (
        [Nothing] if parameter.allow_None or parameter.default is None else []
    )
    kinds = [*auto, *(kind for kind in known if kind.always)]
    odd = [v for v in (value, parameter.default) if not any(kind.fits(v) for kind in kinds)]
    kinds += [kind for kind in known if not kind.always and any(map(kind.fits, odd))]
    return kinds if any(kind.fits(value) for kind in kinds) else [*kinds, Json]


class Field(pn.viewable.Viewer):
    """A parameter's widgets; what they say is offered to `take`, which answers with an error.

    `take(value)` returns None if the value was taken. A value that is not taken stays as it was
    typed, with a sentence beside it, `error`, until a value is taken.
    """

    error = param.String("", doc="why what the widgets say is not taken")
    kind = param.Parameter(doc="the editor that is shown")

    def __init__(
        self,
        key: str,
        parameter: param.Parameter,
        value: Any,
        around: Around,
        take: Callable[[Any], Exception | None],
        label: str = "",
        wide: bool = False,
        dt: Any = None,
    ):
        super().__init__()
        self.key, self.parameter, self.take = key, parameter, take
        self.told = Told(
            key, parameter, around, self._changed, self.param.error, dt, label, wide, value
        )
        self.last = value
        self.kinds = editors_of(parameter, value)
        self.menu = self._menu() if len(self.kinds) > 1 else None
        beside = WIDE if self.menu else {"width": "100%"}
        self.body = flow(styles=beside if wide else TIGHT)
        self._use(next(kind for kind in self.kinds if kind.fits(value)), value)

    def _menu(self) -> Any:
        menu = pmui.Select(
            label=self.told.name, description=self.parameter.doc or "", width=146,
            options={kind.name: kind.name for kind in self.kinds}, **SMALL,
        )  # fmt: skip
        menu.param.watch(self._other_kind, "value")
        return menu

    def _use(self, kind: type[Editor], value: Any) -> None:
        self.editor = kind(value, self.told)
        self.kind = kind
        if self.menu:
            with param.parameterized.discard_events(self.menu):
                self.menu.value = kind.name
        widgets = self.editor.widgets
        tall = isinstance(self.editor, Rows | Row)
        self.body.objects = [column(*widgets, styles=TIGHT)] if tall else widgets

    def _other_kind(self, event: Any) -> None:
        """Begin with a value of the new kind that can be taken, if there is one."""
        kind = next(kind for kind in self.kinds if kind.name == event.new)
        if kind is self.kind:
            return
        starts = kind.starts(self.told, self.last)
        for value in starts:
            if self.take(value) is None:
                self._use(kind, value)
                self.settle(value)
                return
        self._use(kind, starts[0])
        self._changed()

    def _changed(self) -> None:
        try:
            value = self.editor.read()
        except ValueError as error:
            self.refuse(error)
            return
        why = self.take(value)
        if why is None:
            self.settle(value)
        else:
            self.refuse(why)

    def settle(self, value: Any) -> None:
        """A value was taken: what was said of others is past."""
        self.last = value
        self.refuse(None)

    def refuse(self, error: Exception | None) -> None:
        """Say beside the widgets why a value is not taken, or clear what was said."""
        self.error = "" if error is None else short(error)

    @property
    def value(self) -> Any:
        """What the widgets say; ValueError for what cannot be a value."""
        return self.editor.read()

    def _shown(self, error: str, kind: Any) -> list[Any]:
        """The line of widgets, and below it what is wrong, where they do not tell it themselves."""
        if not error or kind.beside:
            return [self.line]
        note = pmui.Typography(words(error), variant="caption", color="error", margin=(0, 10))
        return [self.line, note]

    def __panel__(self) -> pn.viewable.Viewable:
        look: Any = {"sizing_mode": "stretch_width"} if self.told.wide else {"styles": TIGHT}
        self.line = flow(self.menu, self.body, **look) if self.menu else self.body
        return column(objects=pn.bind(self._shown, self.param.error, self.param.kind), **look)


class Form:
    """A field for each parameter of something declared: a task, a wrapper, an agent, a state.

    `take(changes)` is offered values by key and returns None, or the error if they are not taken;
    `more(key, value)` gives other changes to try then. A value that is not taken waits in its
    field: it is offered again with each other change, since it may fit together with that one.

    What is refused is told to `refused` under the name of this form.
    """

    def __init__(
        self,
        declared: param.Parameterized,
        take: Take,
        around: Around | None = None,
        *,
        names: Iterable[str] | None = None,
        labels: Mapping[str, str] | None = None,
        wide: bool = False,
        dt: Any = None,
        more: Callable[[Key, Any], list[dict[Key, Any]]] = lambda key, value: [],
        refused: Refused | None = None,
        name: Any = "",
    ):
        self.take, self.more, self.around = take, more, around or Around()
        self.refused, self.name = refused or Refused(), name
        self.labels, self.wide, self.dt = labels or {}, wide, dt
        self.waiting: set[Key] = set()
        self.fields: dict[Key, Field] = {}
        self.refused.say(name, {})
        for each in names or [key for key in declared.param if key != "name"]:
            self._add(each, declared.param[each], getattr(declared, each))

    def _add(self, name: str, parameter: param.Parameter, value: Any) -> None:
        if not isinstance(parameter, types.Entries):
            self.fields[name] = self._field(name, name, parameter, value)
            return
        for key, entry in value.items():
            now = entry.spec if isinstance(entry, Duration) else entry
            self.fields[name, key] = self._field((name, key), key, parameter.entry(key), now)

    def _field(self, key: Key, name: str, parameter: param.Parameter, value: Any) -> Field:
        is_length = isinstance(parameter, types.Length)
        field = Field(
            name, parameter, value, self.around, lambda new: self.set(key, new),
            self.labels.get(name, ""), is_length or (self.wide and isinstance(key, str)),
            self.dt if is_length else None,
        )  # fmt: skip
        field.param.watch(self._tell, "error")
        return field

    def part(self, name: str) -> list[Field]:
        """The fields of the entries of one parameter."""
        return [field for key, field in self.fields.items() if key[0] == name]

    def alone(self) -> list[Field]:
        """The fields of parameters that are no entries of one."""
        return [field for key, field in self.fields.items() if isinstance(key, str)]

    def set(self, key: Key, value: Any) -> Exception | None:
        """Take a value for a parameter, with all that waits, or else alone."""
        waiting = self._readable(self.waiting - {key})
        tries = [{**waiting, key: value}, {key: value}] if waiting else [{key: value}]
        errors = []
        for changes in [*tries, *self.more(key, value)]:
            error = self.take(changes)
            if error is None:
                self._taken(changes)
                return None
            errors.append(error)
        self.waiting.add(key)
        told = {self.fields[k].error for k in waiting}
        return next((error for error in errors if short(error) not in told), errors[0])

    def close(self) -> None:
        """Tell no more of what is refused: other fields have taken the place of these."""
        self.refused.say(self.name, {})
        self.refused = Refused()

    def _taken(self, changes: Mapping[Key, Any]) -> None:
        for key in self.waiting & set(changes):
            self.waiting.remove(key)
            self.fields[key].settle(changes[key])

    def _readable(self, keys: Iterable[Key]) -> dict[Key, Any]:
        """What fields say, but for those that say nothing that could be a value."""
        values = {}
        for key in keys:
            try:
                values[key] = self.fields[key].value
            except ValueError:
                continue  # its field says so already
        return values

    def _tell(self, event: Any) -> None:
        told = {field.told.name: field.error for field in self.fields.values() if field.error}
        self.refused.say(self.name, told)
