"""Widgets for the length of a period, one kind of length each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn

from app.forms.controls import numbers, written
from app.forms.editors import SMALL, Editor, Fields, Number, Told, Typed, slider
from neurogym.spec.durations import Duration, to_steps

LONG = 2000  # ms: where a slider ends, at least


def of_kind(kind: str) -> Callable[[Any], bool]:
    """What tells whether a length is of a kind."""
    return staticmethod(lambda value: value is not None and Duration.parse(value).kind == kind)


def resembling(before: Any) -> tuple[float, float, float]:
    """Least, middle and greatest ms of a length; what follows from other periods has no bound."""
    low, high = Duration.parse(before).bounds
    high = min(high, 10 * max(low, 100))
    return low, (low + high) / 2, high


def rounded(read: Callable[[], Any]) -> Callable[[str, float | None], str]:
    """What dt makes of the lengths that a field says, if that is something else."""

    def told(text: str, dt: float | None) -> str:
        try:
            value = read()
            given = [float(ms) for ms in (value if isinstance(value, list) else [value])]
            if dt is None or not given or min(given) < 0:
                return ""
            made = [steps * dt for steps in to_steps(given, dt).tolist()]
        except ValueError:  # the field says why
            return ""
        same = all(abs(a - b) < 1e-6 * dt for a, b in zip(given, made, strict=True))
        return "" if same else f"{written(made)} ms at dt {dt:g}"

    return told


def tell_rounding(editor: Editor, typed: Typed) -> None:
    """Let a field say what dt makes of its lengths, unless it says why they are not taken."""
    hint = pn.bind(rounded(typed.read), typed.widget.param.value, editor.told.dt)
    typed.widget.param.update(**editor.told.says(hint))


class Constant(Number):
    """The same in each trial, with a slider."""

    name = "constant"
    fits = of_kind("constant")
    starts = staticmethod(lambda told, before: [resembling(before)[1]])

    def make(self, value):
        ms = Duration.parse(value).args[0]
        self.typed = self.field(ms, False, label="ms", width=140, **SMALL)
        tell_rounding(self, self.typed)
        end = max(LONG, 500 * -(-2 * ms // 500))
        name = f"{self.told.name}, ms"
        self.widgets = [self.typed.widget, slider(self.typed, 0, end, 10, name, None)]

    def read(self):
        return self.typed.read()


class OneOf(Editor):
    """One of some lengths."""

    name = "one of"
    fits = of_kind("choice")
    starts = staticmethod(lambda told, before: [["choice", sorted(set(resembling(before)))]])

    def make(self, value):
        first = list(Duration.parse(value).args)
        self.typed = Typed(first, numbers, written(first), label="ms", width=260, **SMALL)
        tell_rounding(self, self.typed)
        self.widgets = [self.listen(self.typed.widget)]

    def read(self):
        return ["choice", self.typed.read()]


class _Numbers(Fields):
    """A kind of length with some numbers."""

    kind = ""
    width = 118

    def parts(self, value):
        return Duration.parse(value).args

    def whole_of(self, parts):
        return [self.kind, parts]


class Uniform(_Numbers):
    """Any between two."""

    name = kind = "uniform"
    labels = ("from, ms", "to, ms")
    fits = of_kind("uniform")

    @staticmethod
    def starts(told, before):
        low, _, high = resembling(before)
        return [["uniform", [low, high if high > low else 2 * max(low, 100)]]]


class Exponential(_Numbers):
    """Exponential between two, with a mean."""

    name, kind = "exponential", "truncated_exponential"
    labels = ("mean, ms", "from, ms", "to, ms")
    fits = of_kind("truncated_exponential")

    @staticmethod
    def starts(told, before):
        low, middle, high = resembling(before)
        return [["truncated_exponential", [middle, low, max(high, 3 * middle, low + 100)]]]


class _Following(_Numbers):
    """A kind of length that follows from other periods: offered only where it is declared."""

    always = False

    @classmethod
    def first(cls, told: Told, before: Any) -> list[Any]:
        """The length as it was at first."""
        return [value for value in (told.first, told.parameter.default) if cls.fits(value)]

    starts = first


class Until(_Following):
    """Until some time after the trial's start."""

    name = kind = "until"
    labels = ("end at, ms",)
    fits = of_kind("until")


class Times(_Following):
    """A multiple of an earlier period's length."""

    name, kind = "multiple of", "times"
    labels = ("factor",)
    fits = of_kind("times")

    def parts(self, value):
        self.period, factor = Duration.parse(value).args
        return [factor]

    def whole_of(self, parts):
        return ["times", [self.period, *parts]]
