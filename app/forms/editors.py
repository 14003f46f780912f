"""Widgets for values of any kind: switch, number, names, rows of numbers, lengths of blocks."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app.forms.controls import labelled, number, numbers, written
from app.forms.layout import TIGHT, WIDE, column, flow
from app.shell import words
from app.state import presets_of
from neurogym.spec.conditions import Choice as OneOf
from neurogym.spec.parameters import (
    BlockLength,
    Name,
    NameLists,
    ProbabilityRows,
    Transitions,
    plain,
    real,
    unknown,
)
from neurogym.spec.parameters import Names as NamesOf
from neurogym.spec.schedules import Lengths
from neurogym.trials.catalogue import all_envs, full_id, task_class
from neurogym.trials.task import Task

SMALL = dict(size="small", margin=(6, 6))
UNSEEN = [".MuiFormLabel-root { display: none }"]  # a name for those who listen
ROOM = {"flex": "1 1 120px"}
MANY = 8  # numbers in a row: beyond that rows are text
SLIDER = 100  # whole numbers on a slider, at most


@dataclass(frozen=True)
class Around:
    """What parameters can refer to: the task that they belong to or are put around, the preset."""

    channels: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    answers: int = 2
    tasks: int = 1
    preset: str = "agent"

    @classmethod
    def of(cls, task: Task, preset: str) -> Around:
        """What a task has."""
        plan = task.plan
        truth = plan.conditions.get("ground_truth")
        several = isinstance(truth, OneOf) and len(truth.values) > 1
        return cls(
            tuple(plan.channels.names), tuple(plan.timing), tuple(plan.conditions),
            len(getattr(truth, "values", ())) if several else max(plan.actions.size - 1, 2),
            len(task.tasks) or 1, preset,
        )  # fmt: skip

    def names(self, of: Sequence[str]) -> tuple[str, ...]:
        """The names of channels, periods or conditions that there are."""
        return tuple(name for kind in of for name in getattr(self, f"{kind}s"))


# -- one value of one kind -------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What an editor is told: the parameter, what it can refer to, and whom to tell of changes.

    `error` and `dt` are references to parameters: why the value is not taken ("" if it is), and the
    step in ms by which lengths are rounded (None where nothing is). `first` is the value at first.
    """

    key: str
    parameter: param.Parameter
    around: Around
    changed: Callable[[], None]
    error: Any = ""
    dt: Any = None
    label: str = ""
    wide: bool = False
    first: Any = None

    @property
    def doc(self) -> str:
        """What the parameter means."""
        return self.parameter.doc or ""

    @property
    def name(self) -> str:
        """The parameter's name as a label."""
        return self.label or labelled(self.key)

    def look(self, width: int) -> dict[str, Any]:
        """Label, description and size of a widget."""
        size: dict[str, Any] = {"styles": WIDE} if self.wide else {"width": width}
        return dict(label=self.name, description=self.doc, **SMALL, **size)

    def says(self, hint: Any = "") -> dict[str, Any]:
        """What makes a widget show the error, or else a hint, a reference too."""
        told = pn.bind(lambda error, hint: error or hint, self.error, hint)
        return dict(helper_text=told, error_state=pn.bind(bool, self.error))


class Editor:
    """Widgets for a value of one kind; the base of all.

    `name` stands in the menu of kinds, `fits` says which values are of the kind, and `starts`
    suggests some to begin with, when there was another kind of value before. A kind with `always`
    False is offered only where a value of the kind is, or is the default. `beside` says whether a
    widget of it shows the error.
    """

    name = ""
    always = True
    beside = True

    def __init__(self, value: Any, told: Told):
        self.told = told
        self.widgets: list[Any] = []
        self.make(value)

    @staticmethod
    def fits(value: Any) -> bool:
        """Whether a value is of this kind."""
        return True

    @staticmethod
    def starts(told: Told, before: Any) -> list[Any]:
        """Values to begin with; the first that can be taken is."""
        return [before]

    def make(self, value: Any) -> None:
        """Set `widgets`."""
        raise TypeError(f"{type(self).__name__} makes no widgets")

    def read(self) -> Any:
        """The value; ValueError for what cannot be one."""
        return self.widgets[0].value

    def listen(self, widget: Any, name: str = "value") -> Any:
        """A widget whose changes are told."""
        widget.param.watch(lambda event: self.told.changed(), name)
        return widget


class Typed:
    """A text field for a value: as long as its first text stands, its first value does, exactly."""

    def __init__(self, value: Any, parse: Callable[[str], Any], text: str, **look: Any):
        self.first, self.text, self.parse = value, text, parse
        self.widget = pmui.TextInput(value=text, **look)

    def read(self) -> Any:
        """The value; ValueError for a text that is none."""
        text = self.widget.value or ""
        return self.first if text == self.text else self.parse(text)


class Json(Editor):
    """A value of any kind, as JSON."""

    name = "JSON"
    always = False

    def make(self, value):
        text = json.dumps(plain(value), default=str)
        look = {**self.told.look(260), **self.told.says()}
        self.typed = Typed(value, self._parse, text, **look)
        self.widgets = [self.listen(self.typed.widget)]

    def _parse(self, text: str) -> Any:
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{text!r} is not JSON: {error}") from None
        tuples = isinstance(self.told.parameter, param.Tuple) and isinstance(value, list)
        return tuple(value) if tuples else value

    def read(self):
        return self.typed.read()


class Nothing(Editor):
    """None: what that means is said in the doc."""

    name = "auto"
    beside = False
    fits = staticmethod(lambda value: value is None)
    starts = staticmethod(lambda told, before: [None])

    def make(self, value):
        self.widgets = []

    def read(self):
        return None


class Flag(Editor):
    """True or false."""

    name = "yes or no"
    beside = False
    fits = staticmethod(lambda value: isinstance(value, bool))

    def make(self, value):
        look = dict(label=self.told.name, description=self.told.doc, size="small", margin=8)
        self.widgets = [self.listen(pmui.Switch(value=value, **look))]


class Pick(Editor):
    """One of some things."""

    name = "one of"

    def make(self, value):
        look = {**self.told.look(160), **self.told.says()}
        self.widgets = [self.listen(pmui.Select(value=value, options=self.options(value), **look))]

    def options(self, value: Any) -> dict[str, Any]:
        """Labels and what they stand for."""
        objects = self.told.parameter.objects
        return dict(zip(map(str, objects), objects, strict=True))


class Named(Pick):
    """One of the names that there are."""

    name = "name"
    fits = staticmethod(lambda value: isinstance(value, str))

    def options(self, value):
        parameter = self.told.parameter
        assert isinstance(parameter, Name)
        names = [*self.told.around.names(parameter.of), value, parameter.default]
        return {name or "auto": name for name in dict.fromkeys(names)}


class Text(Editor):
    """Text."""

    name = "text"
    fits = staticmethod(lambda value: isinstance(value, str))
    starts = staticmethod(lambda told, before: [told.parameter.default or ""])

    def make(self, value):
        look = {**self.told.look(160), **self.told.says()}
        self.widgets = [self.listen(pmui.TextInput(value=value, **look))]


class Number(Editor):
    """A number, with a slider where both bounds are within reach."""

    name = "number"
    fits = staticmethod(real)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest that it can be; None where there is no such."""
        low, high = getattr(self.told.parameter, "bounds", None) or (None, None)
        return low, high

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are taken."""
        return isinstance(self.told.parameter, param.Integer)

    @staticmethod
    def starts(told, before):
        low, high = getattr(told.parameter, "bounds", None) or (None, None)
        both = low is not None and high is not None
        middle = [(low + high) / 2, 0.75 * high] if both else []
        first = before[0] if isinstance(before, list) and before else None
        found = [first, told.parameter.default, *middle, 1, 0, 10, 50, 100, low, high]
        numbers = [value for value in found if real(value)]
        whole = isinstance(told.parameter, param.Integer)
        return [round(value) for value in numbers] if whole else numbers

    def make(self, value):
        look = {**self.told.look(132), **self.told.says()}
        self.typed = self.field(value, self.whole, **look)
        self.widgets = [self.typed.widget]
        if self._slides():
            low, high = self.bounds
            step = 1 if self.whole else self._step(value)
            self.widgets.append(slider(self.typed, low, high, step, self.told.name, 120))

    def field(self, value: Any, whole: bool, **look: Any) -> Typed:
        """A field for a number."""
        typed = Typed(value, lambda text: number(text, whole), written(value), **look)
        self.listen(typed.widget)
        return typed

    def _slides(self) -> bool:
        low, high = self.bounds
        if low is None or high is None or high - low > SLIDER or (self.whole and high - low < 2):
            return False
        default = self.told.parameter.default
        near = default is None or (high - low <= 1 and default == low)
        return self.whole or near or abs(default) >= (high - low) / 50

    @staticmethod
    def _step(value: float) -> float:
        size = 10.0 ** math.floor(math.log10(abs(value))) if value else 0.1
        return min(size / 10, 10.0) if size > 0.1 else size / 10 if size < 0.1 else 0.01

    def read(self):
        value = self.typed.read()
        typed = isinstance(self.told.parameter, param.Number)
        return int(value) if not typed and float(value).is_integer() else value


def slider(
    typed: Typed, low: float, high: float, step: float, name: str, width: int | None
) -> pmui.FloatSlider:
    """A slider that moves a field's number, and is moved by it; without a width it stretches."""
    now = typed.first
    size: dict[str, Any] = {"width": width} if width else {"styles": ROOM}
    widget = pmui.FloatSlider(
        label=name, value=min(max(now, low), high), start=low, end=high, step=step,
        show_value=False, size="small", margin=(10, 16), stylesheets=UNSEEN, **size,
    )  # fmt: skip

    def follow(event: Any) -> None:
        try:
            value = typed.read()
        except ValueError:
            return  # the field says so
        if low <= value and (value <= high or width is None):
            widget.param.update(value=value, end=max(widget.end, value))

    def lead(event: Any) -> None:
        typed.widget.value = written(event.new)

    typed.widget.param.watch(follow, "value")
    for name in ("value", "value_throttled") if width is None else ("value_throttled",):
        widget.param.watch(lead, name)  # the last of a quick move comes as the second
    return widget


class Numbers(Editor):
    """A list of numbers as text."""

    name = "list"
    fits = staticmethod(lambda value: isinstance(value, list) and all(map(real, value)))

    @staticmethod
    def starts(told, before):
        one = before if real(before) else 1
        sizes = [told.around.tasks, told.around.tasks + 1, told.around.answers, 2, 3, 4]
        return [[one] * n for n in dict.fromkeys([1, *sizes])]

    def make(self, value):
        look = {**self.told.look(190), **self.told.says()}
        self.typed = Typed(value, self._parse, written(value), **look)
        self.widgets = [self.listen(self.typed.widget)]

    @staticmethod
    def _parse(text: str) -> list[float]:
        return [int(v) if v.is_integer() else v for v in numbers(text)]

    def read(self):
        return self.typed.read()


class Names(Editor):
    """Some of the names that there are."""

    name = "some"
    beside = False
    fits = staticmethod(NamesOf.takes)

    @staticmethod
    def starts(told, before):
        names = told.around.names(told.parameter.of)
        return [*([name] for name in names), list(names)]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that there are."""
        parameter = self.told.parameter
        assert isinstance(parameter, NamesOf)
        return self.told.around.names(parameter.of)

    def make(self, value):
        self.widgets = [self.listen(self.choice(value, self.told.name, self.told.doc))]

    def choice(self, value: list[str], label: str, doc: str = "") -> pmui.MultiChoice:
        """A widget for some of the names."""
        return pmui.MultiChoice(
            value=value, options=list(dict.fromkeys([*self.names, *value])), width=260,
            label=label, description=doc, margin=(6, 6),
        )  # fmt: skip

    def read(self):
        return list(self.widgets[0].value)


class Rows(Editor):
    """Some parts of one kind, one below the other, with buttons to add and to remove one."""

    name = "lists"
    more = "add another"
    beside = False

    def make(self, value):
        self.parts: list[Any] = []
        self.column = column(styles=TIGHT)
        self.widgets = [self.column]
        self.show(value)

    def show(self, value: Sequence[Any]) -> None:
        """Draw a row for each part."""
        self.parts = []
        rows = [self._row(k, part) for k, part in enumerate(value)]
        self.column.objects = [self.caption(), *rows, *self.foot()]

    def caption(self) -> pn.viewable.Viewable:
        """The parameter's name and what it means."""
        doc = f" · {self.told.doc}" if self.told.doc else ""
        return pmui.Typography(
            words(f"{self.told.name}{doc}"), variant="caption", margin=(4, 6, 0, 8),
            sx={"opacity": 0.75},
        )  # fmt: skip

    def foot(self) -> list[pn.viewable.Viewable]:
        """What stands below the rows."""
        add = pmui.Button(label=self.more, icon="add", variant="text", size="small", margin=(0, 4))
        add.on_click(lambda event: self._add())
        return [add]

    def _row(self, k: int, part: Any) -> pn.viewable.Viewable:
        widgets = self.row(k, part)
        self.parts.append(widgets)
        remove = pmui.IconButton(
            icon="close", size="small", description=f"remove {self.what} {k + 1}", margin=(8, 0)
        )
        remove.on_click(lambda event: self._remove(k))
        return flow(*widgets, remove)

    what = "row"

    def row(self, k: int, part: Any) -> list[Any]:
        """The widgets of a part."""
        raise TypeError(f"{type(self).__name__} does not say what a row is")

    def part(self, widgets: list[Any]) -> Any:
        """A part from its widgets."""
        raise TypeError(f"{type(self).__name__} does not say what a row is")

    def another(self) -> Any:
        """A part to begin with."""
        raise TypeError(f"{type(self).__name__} does not say what a new row is")

    def read(self):
        return [self.part(widgets) for widgets in self.parts]

    def _add(self) -> None:
        self.show([*self.read(), self.another()])
        self.told.changed()

    def _remove(self, k: int) -> None:
        parts = self.read()
        del parts[k]
        self.show(parts)
        self.told.changed()


class NameRows(Rows, Names):
    """Lists of names."""

    name = "lists"
    what = "list"
    fits = staticmethod(NameLists.takes)
    starts = staticmethod(lambda told, before: [[part] for part in Names.starts(told, before)])
    make = Rows.make
    read = Rows.read

    def row(self, k, part):
        return [self.listen(self.choice(part, f"{self.told.name} {k + 1}"))]

    def part(self, widgets):
        return list(widgets[0].value)

    def another(self):
        return list(self.names[:1])


class Settings(Editor):
    """Dicts of names and values, one a line: "coh = 5, ground_truth = 1"."""

    name = "lines"
    fits = staticmethod(
        lambda value: (
            isinstance(value, list)
            and all(isinstance(line, dict) for line in value)
            and not any(isinstance(v, list | dict) for line in value for v in line.values())
        )
    )
    starts: Any = staticmethod(lambda told, before: [[{}]])

    def make(self, value):
        text = "\n".join(
            ", ".join(f"{k} = {json.dumps(v)}" for k, v in line.items()) for line in value
        )
        widget = pmui.TextAreaInput(
            value=text, rows=max(len(value), 2), auto_grow=True,
            placeholder="coh = 5, ground_truth = 1", **self.told.look(300), **self.told.says(),
        )  # fmt: skip
        self.widgets = [self.listen(widget)]

    def read(self):
        return [self._line(line) for line in (self.widgets[0].value or "").split("\n")]

    def _line(self, text: str) -> dict[str, Any]:
        line, possible = {}, (*self.told.around.conditions, *self.told.around.periods)
        for part in filter(str.strip, text.split(",")):
            name, equals, value = (word.strip() for word in part.partition("="))
            if not equals:
                raise ValueError(f"{part.strip()!r}: expected name = value, name = value")
            if name not in possible:
                raise ValueError(unknown("condition or period", [name], possible))
            try:
                line[name] = json.loads(value)
            except json.JSONDecodeError:
                line[name] = value
        return line


# -- rows of numbers -------------------------------------------------------------------------------


class Line(pn.viewable.Viewer):
    """A row of number fields, and their sum if they are probabilities."""

    def __init__(self, values: Sequence[float], editor: Editor, sums: bool, name: str):
        super().__init__()
        self.changed, self.quiet = editor.told.changed, False
        self.text = len(values) > MANY
        if self.text:
            self.fields = [
                Typed(list(values), numbers, written(list(values)), width=420, label=name, **SMALL)
            ]
        else:
            self.fields = [
                Typed(
                    value, number, written(value), width=84, label=f"{name}{k}", size="small",
                    margin=(4, 3),
                )
                for k, value in enumerate(values, 1)
            ]  # fmt: skip
        self.cells = [typed.widget for typed in self.fields]
        self.sum = pmui.Typography("", variant="body2", margin=(10, 6), visible=sums)
        for k, cell in enumerate(self.cells):
            cell.param.watch(lambda event, k=k: self._set(k), "value")
        self._tell()

    def _set(self, k: int) -> None:
        """Of two probabilities that sum to 1 the other one follows."""
        if self.quiet:
            return
        if len(self.cells) == 2 and self.sum.visible:
            self._complete(k)
        self._tell()
        self.changed()

    def _complete(self, k: int) -> None:
        try:
            value = self.fields[k].read()
        except ValueError:
            return  # told with the whole row
        if 0 <= value <= 1:
            self.quiet = True
            self.cells[1 - k].value = written(round(1 - value, 10))
            self.quiet = False

    def _tell(self) -> None:
        try:
            total = sum(self.read())
        except ValueError:
            total = math.nan
        good = abs(total - 1) < 1e-8
        self.sum.param.update(object=f"Σ = {total:.4g}", color="success" if good else "error")

    def read(self) -> list[float]:
        """The numbers; ValueError where one is missing."""
        return self.fields[0].read() if self.text else [typed.read() for typed in self.fields]

    def __panel__(self) -> pn.viewable.Viewable:
        return flow(*self.cells, self.sum)


def sums_to_one(rows: Sequence[Sequence[float]]) -> bool:
    """Whether all rows look like probabilities."""
    return bool(rows) and all(row and abs(sum(row) - 1) < 1e-8 for row in rows)


class Row(Editor):
    """Probabilities."""

    name = "probabilities"
    beside = False
    fits = Numbers.fits

    @staticmethod
    def starts(told, before):
        around = told.around
        sizes = [around.answers, around.tasks, 2 ** (around.tasks + 1) - 1, *range(2, 9)]
        return [[1 / n] * n for n in dict.fromkeys(sizes)]

    def make(self, value):
        self.line = Line(value, self, True, "")
        self.widgets = [Rows.caption(self), self.line]

    def read(self):
        return self.line.read()


class Matrix(Rows):
    """Rows of numbers, such as probabilities: one for each block, or from answer to answer."""

    name = "matrix"
    more, what = "add a row", "row"
    fits = staticmethod(
        lambda value: isinstance(value, list) and len(value) > 0 and all(map(Numbers.fits, value))
    )

    @staticmethod
    def starts(told, before):
        n = told.around.answers
        stay = before if real(before) and 0 < before < 1 else 0.8
        rest = round((1 - stay) / (n - 1), 10)
        square = [[stay if i == k else rest for i in range(n)] for k in range(n)]
        return [square, [[1 / k] * k for k in range(2, n + 1)], [[1 / n] * n]]

    def make(self, value):
        parameter = self.told.parameter
        self.sums = sums_to_one(value) or isinstance(parameter, ProbabilityRows | Transitions)
        self.square = isinstance(parameter, Transitions)  # else a row for each block
        super().make(value)

    def _row(self, k, part):
        if self.square:
            self.parts.append(self.row(k, part))
            return self.parts[-1][0]
        return super()._row(k, part)

    def row(self, k, part):
        return [Line(part, self, self.sums, f"{k + 1}, ")]

    def foot(self):
        return [] if self.square else super().foot()

    def part(self, widgets):
        return widgets[0].read()

    def another(self):
        return self.read()[-1] if self.parts else [1 / self.told.around.answers] * (
            self.told.around.answers
        )  # fmt: skip


class Matrices(Rows):
    """Several matrices, one for each block."""

    name = "matrices"
    more, what = "add a matrix", "matrix"
    fits = staticmethod(
        lambda value: isinstance(value, list) and len(value) > 0 and all(map(Matrix.fits, value))
    )

    @staticmethod
    def starts(told, before):
        first = before if Matrix.fits(before) else Matrix.starts(told, before)[0]
        return [[first, [row[1:] + row[:1] for row in first]]]

    def row(self, k, part):
        return [
            pmui.Typography(f"{k + 1}", variant="caption", margin=(10, 2)),
            Lines(
                [
                    Line(row, self, sums_to_one(part), f"{k + 1}, {i}, ")
                    for i, row in enumerate(part, 1)
                ]
            ),
        ]

    def part(self, widgets):
        return widgets[1].read()

    def another(self):
        return self.read()[-1]


class Lines(pn.viewable.Viewer):
    """Lines of cells as one thing."""

    def __init__(self, lines: list[Line]):
        super().__init__()
        self.lines = lines

    def read(self) -> list[list[float]]:
        """A list for each line."""
        return [line.read() for line in self.lines]

    def __panel__(self) -> pn.viewable.Viewable:
        return column(*self.lines, margin=(0, 0, 8, 0))


# -- lengths of blocks -----------------------------------------------------------------------------


def mean_length(value: Any) -> float:
    """The mean number of trials in a block."""
    if BlockLength.exponential(value):
        return Lengths(value).mean
    if isinstance(value, list):
        return sum(value) / len(value)
    return 1 / value if 0 < value < 1 else value


class Fixed(Number):
    """A number of trials."""

    name = "trials"
    fits = staticmethod(lambda value: real(value) and value >= 1)
    starts = staticmethod(lambda told, before: [max(round(mean_length(before)), 1)])

    def make(self, value):
        look = {**self.told.look(110), **self.told.says(), "label": "trials"}
        self.typed = self.field(value, True, **look)
        self.widgets = [self.typed.widget]


class Fields(Editor):
    """Some numbers, each with a name of its own."""

    labels: tuple[str, ...] = ()
    whole = False
    width = 110

    def make(self, value):
        parts = [self.told.says(), *({} for _ in self.labels[1:])]
        look = dict(width=self.width, **SMALL)
        self.fields = [
            Typed(
                part, lambda text: number(text, self.whole), written(part), label=label, **look,
                **says,
            )
            for part, label, says in zip(self.parts(value), self.labels, parts, strict=True)
        ]  # fmt: skip
        self.widgets = [self.listen(typed.widget) for typed in self.fields]

    def parts(self, value: Any) -> Sequence[float]:
        """The numbers of a value."""
        return value

    def whole_of(self, parts: list[float]) -> Any:
        """The value of some numbers."""
        return parts

    def read(self):
        return self.whole_of([typed.read() for typed in self.fields])


class Between(Fields):
    """A number of trials between two."""

    name = "range"
    labels, whole = ("from, trials", "to, trials"), True
    fits = staticmethod(
        lambda value: isinstance(value, list) and len(value) == 2 and all(map(real, value))
    )

    @staticmethod
    def starts(told, before):
        mean = mean_length(before)
        return [[max(round(mean / 2), 1), max(round(1.5 * mean), 2)]]


class Chance(Number):
    """A probability with which a block ends at each trial."""

    name = "probability"
    fits = staticmethod(lambda value: real(value) and 0 < value < 1)
    starts = staticmethod(lambda told, before: [round(1 / max(mean_length(before), 1.25), 4)])

    def make(self, value):
        look = {**self.told.look(132), **self.told.says(), "label": "chance of an end"}
        self.typed = self.field(value, False, **look)
        self.widgets = [self.typed.widget]


# -- other tasks -----------------------------------------------------------------------------------


class TaskRows(Rows):
    """The other tasks of a wrapper that brings some in: a task and a preset each."""

    name = "tasks"
    more, what = "add another task", "task"

    def row(self, k, told):
        ids = [id for id in all_envs() if task_class(id)]
        task = pmui.Select(
            label=f"task {k + 2}", value=full_id(told["task"]), searchable=True, width=250,
            options={_name(id): id for id in ids}, **SMALL,
        )  # fmt: skip
        preset = pmui.Select(
            label="preset", value=told.get("preset", "agent"), width=110,
            options={called: name for name, called in presets_of(told["task"]).items()}, **SMALL,
        )  # fmt: skip
        task.param.watch(lambda event: _offer(preset, event.new), "value")
        kept = {key: v for key, v in told.items() if key in ("params", "stack") and v}
        note = ", ".join(f"{key} {value}" for key, value in kept.items())
        also = pmui.Typography(words(note), variant="caption", margin=(12, 4), visible=bool(note))
        return [self.listen(task), self.listen(preset), also, _Kept(told)]

    def part(self, widgets):
        task, preset, _, kept = widgets
        same = task.value == full_id(kept.told["task"])  # parameters go with the task
        told = dict(kept.told) if same else {"task": task.value}
        if preset.value != "agent" or "preset" in kept.told:
            told["preset"] = preset.value
        return told

    def another(self):
        used = {full_id(told["task"]) for told in self.read()}
        ids = ["GoNogo-v0", *(id for id in all_envs() if task_class(id))]
        task = next((id for id in ids if id not in used), ids[0])
        preset = self.told.around.preset
        return {"task": task, "preset": preset if preset in presets_of(task) else "agent"}


def _offer(preset: Any, task: str) -> None:
    """Offer the presets of a task; the chosen one stays if that task has it."""
    names = presets_of(task)
    value = preset.value if preset.value in names else "agent"
    preset.param.update(options={names[name]: name for name in names}, value=value)


def _name(id: str) -> str:
    return id.removesuffix("-v0")


class _Kept(pn.viewable.Viewer):
    """What a row holds beside its widgets; nothing is shown."""

    def __init__(self, told: Mapping[str, Any]):
        super().__init__()
        self.told = told

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Spacer(width=0, height=0)
