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

from app.forms.controls import labelled, numbers
from neurogym.spec.conditions import Choice as OneOf
from neurogym.spec.parameters import unknown
from neurogym.trials.catalogue import all_envs, full_id, task_class
from neurogym.trials.task import Task

SMALL = dict(size="small", margin=(6, 6))
TIGHT = {"width": "fit-content", "max-width": "100%", "flex": "0 1 auto"}  # no wider than needed
BARE = {"& .MuiIconButton-root": {"display": "none"}}  # number inputs without buttons
MANY = 8  # numbers in a row: beyond that rows are text
PRESETS = {"people": "human", "agents": "agent"}
SLIDER = 100  # whole numbers on a slider, at most


@dataclass(frozen=True)
class Around:
    """What a wrapper's parameters can refer to: the task that it is put around, and the preset."""

    channels: tuple[str, ...]
    periods: tuple[str, ...]
    conditions: tuple[str, ...]
    answers: int
    tasks: int
    preset: str

    @classmethod
    def of(cls, task: Task, preset: str) -> Around:
        """What a task has."""
        plan = task.plan
        truth = plan.conditions.get("ground_truth")
        several = isinstance(truth, OneOf) and len(truth.values) > 1
        return cls(
            tuple(plan.channels.names), tuple(plan.timing), tuple(plan.conditions),
            len(truth.values) if several else max(plan.actions.size - 1, 2),
            len(task.tasks) or 1, preset,
        )  # fmt: skip

    def names(self, doc: str) -> tuple[str, ...] | None:
        """The names of which a parameter's doc speaks."""
        kinds = ("channel", self.channels), ("period", self.periods), ("condition", self.conditions)
        return next((names for word, names in kinds if word in doc), None)


# -- one value of one kind -------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What an editor is told: the parameter, what it can refer to, and whom to tell of changes."""

    key: str
    parameter: param.Parameter
    around: Around
    changed: Callable[[], None]

    @property
    def doc(self) -> str:
        """What the parameter means."""
        return self.parameter.doc or ""

    @property
    def look(self) -> dict[str, Any]:
        """Label and description of a widget."""
        return dict(label=labelled(self.key), description=self.doc, **SMALL)


class Editor:
    """Widgets for a value of one kind; the base of all.

    `name` stands in the menu of kinds, `fits` says which values are of the kind, and `starts`
    suggests some to begin with, when there was another kind of value before.
    """

    name = "JSON"

    def __init__(self, value: Any, told: Told):
        self.told, self.value_ = told, value
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
        widget = pmui.LiteralInput(value=value, width=260, **self.told.look)
        self.widgets = [self.listen(widget)]

    def read(self) -> Any:
        """The value; ValueError for what cannot be one."""
        return self.widgets[0].value

    def listen(self, widget: Any, name: str = "value") -> Any:
        """A widget whose changes are told."""
        widget.param.watch(lambda event: self.told.changed(), name)
        return widget


class Nothing(Editor):
    """None: what that means is said in the doc."""

    name = "auto"
    fits = staticmethod(lambda value: value is None)
    starts = staticmethod(lambda told, before: [None])

    def make(self, value):
        self.widgets = []

    def read(self):
        return None


class Flag(Editor):
    """True or false."""

    name = "yes or no"
    fits = staticmethod(lambda value: isinstance(value, bool))

    def make(self, value):
        self.widgets = [self.listen(pmui.Switch(value=value, **{**self.told.look, "margin": 8}))]


class Pick(Editor):
    """One of some things."""

    name = "one of"

    def make(self, value):
        parameter = self.told.parameter
        options = dict(zip(map(str, parameter.objects), parameter.objects, strict=True))
        widget = pmui.Select(value=value, options=options, width=160, **self.told.look)
        self.widgets = [self.listen(widget)]


class Text(Editor):
    """Text; where the doc speaks of channels, periods or conditions, one of those there are."""

    name = "text"
    fits = staticmethod(lambda value: isinstance(value, str))
    starts = staticmethod(lambda told, before: [told.parameter.default or ""])

    def make(self, value):
        names = self.told.around.names(self.told.doc)
        if names is None:
            widget: Any = pmui.TextInput(value=value, width=160, **self.told.look)
        else:
            names = list(dict.fromkeys([*names, value, self.told.parameter.default]))
            options = {name or "auto": name for name in names if name is not None}
            widget = pmui.Select(value=value, options=options, width=160, **self.told.look)
        self.widgets = [self.listen(widget)]


def real(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Number(Editor):
    """A number, with a slider where both bounds are within reach."""

    name = "number"
    fits = staticmethod(real)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest that it can be; None where there is no such."""
        low, high = getattr(self.told.parameter, "bounds", None) or (None, None)
        return low, high

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
        whole, (low, high) = isinstance(self.told.parameter, param.Integer), self.bounds
        kind = pmui.IntInput if whole else pmui.FloatInput
        step = 1 if whole else self._step(value)
        number = kind(value=value, step=step, width=132, **self.told.look)
        self.widgets = [self.listen(number)]
        if self._slides(whole):
            self.widgets.append(self._slider(number, value, low, high, step, whole))

    def _slides(self, whole: bool) -> bool:
        low, high = self.bounds
        if low is None or high is None or high - low > SLIDER or (whole and high - low < 2):
            return False
        default = self.told.parameter.default
        near = default is None or (high - low <= 1 and default == low)
        return whole or near or abs(default) >= (high - low) / 50

    @staticmethod
    def _slider(
        number: Any, value: float, low: float, high: float, step: float, whole: bool
    ) -> Any:
        kind = pmui.IntSlider if whole else pmui.FloatSlider
        slider = kind(
            label="", value=min(max(value, low), high), start=low, end=high, step=step, width=120,
            show_value=False, size="small", margin=(10, 16),
        )  # fmt: skip
        slider.param.watch(lambda event: number.param.update(value=event.new), "value_throttled")
        number.param.watch(
            lambda event: (
                slider.param.update(value=min(max(event.new, low), high))
                if event.new is not None
                else None
            ),
            "value",
        )
        return slider

    @staticmethod
    def _step(value: float) -> float:
        size = 10.0 ** math.floor(math.log10(abs(value))) if value else 0.1
        return min(size / 10, 10.0) if size > 0.1 else size / 10 if size < 0.1 else 0.01

    def read(self):
        value = self.widgets[0].value
        if value is None:
            raise ValueError("expected a number")
        typed = isinstance(self.told.parameter, param.Number)
        return int(value) if not typed and float(value).is_integer() else value


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
        text = ", ".join(f"{number:g}" for number in value)
        self.widgets = [self.listen(pmui.TextInput(value=text, width=190, **self.told.look))]

    def read(self):
        return [int(v) if v.is_integer() else v for v in numbers(self.widgets[0].value)]


class Names(Editor):
    """Some of the names that there are."""

    name = "some"
    fits = staticmethod(
        lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value)
    )

    @staticmethod
    def starts(told, before):
        names = told.around.names(told.doc) or ()
        return [*([name] for name in names), list(names)]

    def make(self, value):
        self.names = self.told.around.names(self.told.doc)
        self.widgets = [self.listen(self._choice(value, self.told.look))]

    def _choice(self, value: list[str], look: Mapping[str, Any]) -> Any:
        if self.names is None:
            return pmui.TextInput(value=", ".join(value), width=190, **look)
        options = list(dict.fromkeys([*self.names, *value]))
        look = {name: entry for name, entry in look.items() if name != "size"}
        return pmui.MultiChoice(value=value, options=options, width=260, **look)

    def read(self):
        return self._read(self.widgets[0])

    @staticmethod
    def _read(widget: Any) -> list[str]:
        if isinstance(widget, pmui.TextInput):
            return [part.strip() for part in widget.value.split(",") if part.strip()]
        return list(widget.value)


class Rows(Editor):
    """Some parts of one kind, one below the other, with buttons to add and to remove one."""

    name = "lists"
    more = "add another"

    def make(self, value):
        self.parts: list[Any] = []
        self.column = pmui.Column(margin=0, styles=TIGHT)
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
            f"{labelled(self.told.key)}{doc}", variant="caption", margin=(4, 6, 0, 8),
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
        return pmui.FlexBox(*widgets, remove, margin=0, gap="0px", sizing_mode=None, styles=TIGHT)

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

    what = "list"
    fits = staticmethod(lambda value: isinstance(value, list) and all(map(Names.fits, value)))
    starts = staticmethod(lambda told, before: [[part] for part in Names.starts(told, before)])

    def make(self, value):
        self.names = self.told.around.names(self.told.doc)
        Rows.make(self, value)

    def row(self, k, part):
        look = dict(label=f"{k + 1}", **SMALL)
        return [self.listen(self._choice(part, look))]

    def part(self, widgets):
        return self._read(widgets[0])

    def another(self):
        return list(self.names[:1]) if self.names else []

    read = Rows.read


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
    starts = staticmethod(lambda told, before: [[{}]])

    def make(self, value):
        text = "\n".join(
            ", ".join(f"{k} = {json.dumps(v)}" for k, v in line.items()) for line in value
        )
        widget = pmui.TextAreaInput(
            value=text, width=300, rows=max(len(value), 2), auto_grow=True,
            placeholder="coh = 5, ground_truth = 1", **self.told.look,
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
    """A row of number inputs, and their sum if they are probabilities."""

    def __init__(self, values: Sequence[float], editor: Editor, sums: bool):
        super().__init__()
        self.changed, self.quiet = editor.told.changed, False
        self.text = len(values) > MANY
        if self.text:
            written = ", ".join(f"{value:.10g}" for value in values)
            self.cells = [pmui.TextInput(value=written, width=420, label="", **SMALL)]
        else:
            self.cells = [
                pmui.FloatInput(
                    value=value, step=0.05, format="0[.][0000]", width=78, label="", size="small",
                    margin=(2, 3), sx=BARE,
                )
                for value in values
            ]  # fmt: skip
        self.sum = pmui.Typography("", variant="body2", margin=(10, 6), visible=sums)
        for k, cell in enumerate(self.cells):
            cell.param.watch(lambda event, k=k: self._set(k, event.new), "value")
        self._tell()

    def _set(self, k: int, value: float | None) -> None:
        """Of two probabilities that sum to 1 the other one follows."""
        if self.quiet:
            return
        if len(self.cells) == 2 and self.sum.visible and value is not None and 0 <= value <= 1:
            self.quiet = True
            self.cells[1 - k].value = round(1 - value, 10)
            self.quiet = False
        self._tell()
        self.changed()

    def _tell(self) -> None:
        try:
            total = sum(self.read())
        except ValueError:
            total = math.nan
        good = abs(total - 1) < 1e-8
        self.sum.param.update(object=f"Σ = {total:.4g}", color="success" if good else "error")

    def read(self) -> list[float]:
        """The numbers; ValueError where one is missing."""
        if self.text:
            return numbers(self.cells[0].value)
        values = [cell.value for cell in self.cells]
        if any(value is None for value in values):
            raise ValueError("expected a number in each cell")
        return values

    def __panel__(self) -> pn.viewable.Viewable:
        return pmui.FlexBox(
            *self.cells, self.sum, margin=0, gap="0px", sizing_mode=None, styles=TIGHT
        )


def sums_to_one(rows: Sequence[Sequence[float]]) -> bool:
    """Whether all rows look like probabilities."""
    return bool(rows) and all(row and abs(sum(row) - 1) < 1e-8 for row in rows)


class Row(Editor):
    """Probabilities."""

    name = "probabilities"
    fits = Numbers.fits

    @staticmethod
    def starts(told, before):
        around = told.around
        sizes = [around.answers, around.tasks, 2 ** (around.tasks + 1) - 1, *range(2, 9)]
        return [[1 / n] * n for n in dict.fromkeys(sizes)]

    def make(self, value):
        self.line = Line(value, self, sums=True)
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
        self.sums = sums_to_one(value) or "prob" in f"{self.told.key} {self.told.doc}"
        self.square = not isinstance(self.told.parameter, param.List)  # else a row for each block
        super().make(value)

    def _row(self, k, part):
        if self.square:
            self.parts.append(self.row(k, part))
            return self.parts[-1][0]
        return super()._row(k, part)

    def row(self, k, part):
        return [Line(part, self, self.sums)]

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
            Lines([Line(row, self, sums_to_one(part)) for row in part]),
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
        return pmui.Column(*self.lines, margin=(0, 0, 8, 0))


# -- lengths of blocks -----------------------------------------------------------------------------


def mean_length(value: Any) -> float:
    """The mean number of trials in a block."""
    if isinstance(value, list):
        return sum(value) / len(value)
    return 1 / value if 0 < value < 1 else value


class Fixed(Number):
    """A number of trials."""

    name = "trials"
    fits = staticmethod(lambda value: real(value) and value >= 1)
    starts = staticmethod(lambda told, before: [max(round(mean_length(before)), 1)])

    def make(self, value):
        look = {**self.told.look, "label": "trials"}
        self.widgets = [self.listen(pmui.IntInput(value=int(value), step=5, width=110, **look))]

    def read(self):
        return int(super().read())


class Between(Editor):
    """A number of trials between two."""

    name = "range"
    fits = staticmethod(
        lambda value: isinstance(value, list) and len(value) == 2 and all(map(real, value))
    )

    @staticmethod
    def starts(told, before):
        mean = mean_length(before)
        return [[max(round(mean / 2), 1), max(round(1.5 * mean), 2)]]

    def make(self, value):
        self.widgets = [
            self.listen(pmui.IntInput(value=int(v), step=5, width=110, label=label, **SMALL))
            for v, label in zip(value, ("from, trials", "to, trials"), strict=True)
        ]

    def read(self):
        values = [widget.value for widget in self.widgets]
        if None in values:
            raise ValueError("expected two numbers of trials")
        return values


class Chance(Number):
    """A probability with which a block ends at each trial."""

    name = "probability"
    fits = staticmethod(lambda value: real(value) and 0 < value < 1)
    starts = staticmethod(lambda told, before: [round(1 / max(mean_length(before), 1.25), 4)])

    def make(self, value):
        look = {**self.told.look, "label": "chance of an end"}
        self.widgets = [self.listen(pmui.FloatInput(value=value, step=0.01, width=132, **look))]


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
            label="preset", value=told.get("preset", "agent"), options=PRESETS, width=110, **SMALL
        )
        kept = {key: v for key, v in told.items() if key in ("params", "stack") and v}
        note = ", ".join(f"{key} {value}" for key, value in kept.items())
        words = pmui.Typography(note, variant="caption", margin=(12, 4), visible=bool(note))
        return [self.listen(task), self.listen(preset), words, _Kept(told)]

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
        return {"task": task, "preset": self.told.around.preset}


def _name(id: str) -> str:
    return id.removesuffix("-v0")


class _Kept(pn.viewable.Viewer):
    """What a row holds beside its widgets; nothing is shown."""

    def __init__(self, told: Mapping[str, Any]):
        super().__init__()
        self.told = told

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Spacer(width=0, height=0)
