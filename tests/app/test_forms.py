"""The one maker of forms, over all that declares parameters: tasks, wrappers and agents."""

import json
import math

import panel_material_ui as pmui
import param
import pytest

from app.forms import fields as forms
from app.forms.editors import Around, Editor, Line
from app.forms.fields import EDITORS, Field, Form, editors_of
from app.state import Refused, StudioState
from neurogym.spec.durations import Duration
from neurogym.spec.parameters import Entries, Levels, Numbers, Timing, plain
from neurogym.subjects.agents import AGENTS
from neurogym.trials.catalogue import all_envs, task_class
from neurogym.wrappers import WRAPPERS
from tests.structure import representatives

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

AROUND = Around(("fixation", "stimulus"), ("fixation", "stimulus"), ("coh", "ground_truth"), 3)
IDS = [id for id in all_envs() if task_class(id)]


def declared():
    """Everything that a form can be made of, by name."""
    return {**{id: task_class(id) for id in IDS}, **WRAPPERS, **AGENTS}


def make(name):
    return declared()[name]()


class Taken(dict):
    """Takes values that the parameters take, and keeps them."""

    def __init__(self, thing):
        super().__init__()
        self.thing = thing

    def __call__(self, changes):
        try:
            for key, value in changes.items():
                name, entry = key if isinstance(key, tuple) else (key, None)
                now = getattr(self.thing, name)
                setattr(self.thing, name, value if entry is None else {**now, entry: value})
        except (ValueError, TypeError) as error:
            return error
        self.update(changes)
        return None


def held(thing, key):
    """What a parameter, or an entry of one, holds, as JSON."""
    value = getattr(thing, key[0])[key[1]] if isinstance(key, tuple) else getattr(thing, key)
    return plain(value.spec if isinstance(value, Duration) else value)


@pytest.fixture
def form(thing):
    """The form of a task, wrapper or agent; in the short run of one task of each structure."""
    made = make(thing)
    return Form(made, Taken(made), AROUND)


def pytest_generate_tests(metafunc):
    if "thing" in metafunc.fixturenames:
        every = metafunc.config.getoption("--all")
        tasks = IDS if every else representatives()
        metafunc.parametrize("thing", [*tasks, *WRAPPERS, *AGENTS])


def inputs(field):
    """The text fields of a parameter."""
    found = []
    for widget in getattr(field.editor, "cells", field.editor.widgets):
        found += widget.cells if isinstance(widget, Line) else [widget]
    return [widget for widget in found if type(widget) is pmui.TextInput]


# -- all parameters --------------------------------------------------------------------------------


def test_every_parameter_has_a_widget_that_says_its_value(form):
    thing = form.take.thing
    names = {key if isinstance(key, str) else key[0] for key in form.fields}
    assert names == set(thing.param) - {"name"}
    for key, field in form.fields.items():
        assert field.value == held(thing, key), key
        assert field.kind.name != "JSON", key
        assert field.told.name
        assert field.error == ""


def test_every_value_goes_round(form):
    """Widget -> parameter -> another widget, for each kind of value that there is."""
    thing, taken = form.take.thing, form.take
    for key, field in form.fields.items():
        for kind in field.kinds:
            before = held(thing, key)
            if field.menu:
                field.menu.value = kind.name
            if field.error:  # what this task can take is not the parameter's to say
                continue
            field._changed()
            assert field.error == ""
            value = field.value
            assert kind.fits(value)
            assert held(thing, key) == value or (value is None and before is None)
            twin = Field(field.key, field.parameter, value, AROUND, lambda value: None)
            assert (twin.value, twin.kind) == (value, field.kind)
    assert set(taken) >= {key for key, field in form.fields.items() if len(field.kinds) > 1}


def test_a_bad_text_is_refused_in_a_sentence_and_stays(form):
    for key, field in form.fields.items():
        before = held(form.take.thing, key)
        if field.kind.name in ("text", "lines"):
            continue  # any text is one, or will be a condition's value
        for widget in inputs(field)[:1]:
            good, widget.value = widget.value, "much"
            assert widget.value == "much"
            assert "much" in field.error
            assert " parameter '" not in field.error
            assert widget.error_state or not field.kind.beside
            assert widget.helper_text == field.error or not field.kind.beside
            assert form.refused.told == {"": {field.told.name: field.error}}
            assert held(form.take.thing, key) == before
            widget.value = good
            assert (field.error, form.refused.told) == ("", {})


def beyond(parameter):
    """Values out of a parameter's bounds."""
    if isinstance(parameter, Levels):
        bounds = parameter.level_bounds
    elif isinstance(parameter, Numbers):
        bounds = parameter.limits
    else:
        bounds = parameter.bounds if isinstance(parameter, param.Number) else None
    low, high = bounds or (None, None)
    return [*([low - 1] if low is not None else []), *([high + 1] if high is not None else [])]


def test_a_number_out_of_bounds_is_refused_and_says_which(form):
    tried = 0
    for field in form.fields.values():
        for wrong in beyond(field.parameter):
            if abs(wrong) > 1e15 or not inputs(field):
                continue
            widget = inputs(field)[0]
            good, widget.value = widget.value, str(wrong)
            assert any(text in field.error for text in (f"{wrong:.10g}", str(wrong)))
            widget.value = good
            tried += 1
    assert tried or not any(beyond(field.parameter) for field in form.fields.values())


def kinds(thing):
    form = Form(thing, Taken(thing), AROUND)
    return {
        key: ([kind.__name__ for kind in field.kinds], list(map(type, field.editor.widgets)))
        for key, field in form.fields.items()
    }


def test_words_make_no_widget(thing, monkeypatch):
    """What is said of a parameter changes no form."""
    made = make(thing)
    before = kinds(made)
    for key in made.param:
        if key != "name":
            monkeypatch.setattr(made.param[key], "doc", "")
    assert kinds(made) == before


def test_each_type_of_parameter_has_its_editors():
    types = [
        each for each in vars(forms.types).values()
        if isinstance(each, type) and issubclass(each, param.Parameter)
    ]  # fmt: skip
    for each in types:
        if not issubclass(each, Entries) and each is not forms.types.Checked:
            assert any(
                cls in EDITORS for cls in each.__mro__[: each.__mro__.index(param.Parameter)]
            )


# -- parameters of other kinds ---------------------------------------------------------------------


class Other(param.Parameterized):
    pair = param.Tuple((1, 2))
    table = param.Dict({"a": [1]})
    words = param.List(["a", "b"])
    anything = param.Parameter({"b": 1})
    several = param.ListSelector(default=["a"], objects=["a", "b"])


def test_what_has_no_type_of_its_own_is_json():
    other = Other()
    taken = Taken(other)
    form = Form(other, taken)
    for key, text, value in (
        ("pair", "[3, 4]", (3, 4)),
        ("table", '{"b": 2}', {"b": 2}),
        ("words", '["c"]', ["c"]),
        ("anything", "null", None),
        ("several", '["b"]', ["b"]),
    ):
        (widget,) = form.fields[key].editor.widgets
        assert json.loads(widget.value) == plain(getattr(other, key))
        widget.value = "[1,"
        assert "is not JSON" in form.fields[key].error
        widget.value = text
        assert form.fields[key].error == ""
        assert getattr(other, key) == value
    form.fields["several"].editor.widgets[0].value = '["c"]'
    assert "c" in form.fields["several"].error


def test_a_value_of_no_known_kind_is_json():
    parameter = param.List(["a"], label="x")
    assert editors_of(parameter, [1, 2])[0].name == "list"
    assert [kind.name for kind in editors_of(parameter, {"odd": 1})][-1] == "JSON"
    assert issubclass(editors_of(Levels([1]), "odd")[-1], Editor)


# -- what waits ------------------------------------------------------------------------------------


class Ordered(param.Parameterized):
    low = param.Integer(1, bounds=(0, 100))
    high = param.Integer(5, bounds=(0, 100))


class InOrder(Taken):
    """Takes values with low below high."""

    def __call__(self, changes):
        new = {"low": self.thing.low, "high": self.thing.high, **changes}
        if new["low"] >= new["high"]:
            return ValueError(f"low = {new['low']} is not below high = {new['high']}")
        return super().__call__(changes)


def test_a_value_waits_for_one_that_it_fits_together_with():
    thing, refused = Ordered(), Refused()
    form = Form(thing, InOrder(thing), refused=refused, name="f")
    low, high = (form.fields[key].editor.widgets[0] for key in ("low", "high"))
    low.value = "50"
    assert "low = 50 is not below high = 5" in low.helper_text
    assert refused.told == {"f": {"low": form.fields["low"].error}}
    high.value = "60"
    assert (thing.low, thing.high) == (50, 60)
    assert refused.told == {}
    low.value = "70"
    low.value = "x"  # what waited is no more
    high.value = "80"
    assert (thing.low, thing.high) == (50, 80)
    assert form.fields["low"].error == "expected a whole number, not 'x'"


def test_a_form_that_is_closed_says_nothing_more():
    thing, refused = Ordered(), Refused()
    form = Form(thing, InOrder(thing), refused=refused, name="f")
    form.fields["low"].editor.widgets[0].value = ""
    assert refused.told == {"f": {"low": "expected a whole number, but the field is empty"}}
    form.close()
    form.fields["low"].editor.widgets[0].value = "y"
    assert refused.told == {}


# -- figures ---------------------------------------------------------------------------------------


def test_a_long_number_is_kept_to_the_last_digit_while_its_text_stands():
    class Long(param.Parameterized):
        x = param.Number(math.pi)

    thing = Long()
    form = Form(thing, Taken(thing))
    widget = form.fields["x"].editor.widgets[0]
    assert widget.value == "3.14159"
    assert form.fields["x"].value == math.pi
    widget.value = "2"
    widget.value = "3.14159"
    assert thing.x == math.pi


@pytest.mark.parametrize(
    ("text", "dt", "says"),
    [
        ("650", 20, "640 ms at dt 20"),
        ("640", 20, ""),
        ("5", 20, "20 ms at dt 20"),
        ("0", 20, ""),
        ("0.3", 0.1, ""),
        ("500", 8.3, "498 ms at dt 8.3"),
        ("nothing", 20, "expected a number, not 'nothing'"),
    ],
)
def test_what_dt_makes_of_a_length_is_told(text, dt, says):
    field = Field("a", Timing(a=100).entry("a"), 100, AROUND, lambda value: None, dt=dt)
    field.editor.widgets[0].value = text
    assert field.editor.widgets[0].helper_text == says


def test_what_dt_makes_follows_dt():
    class Clock(param.Parameterized):
        dt = param.Number(20)

    clock = Clock()
    field = Field("a", Timing(a=650).entry("a"), 650, AROUND, lambda value: None, dt=clock.param.dt)
    (number, _) = field.editor.widgets
    assert number.helper_text == "640 ms at dt 20"
    clock.dt = 50
    assert number.helper_text == ""
    clock.dt = 100
    assert number.helper_text == "600 ms at dt 100"


def test_no_name_of_the_code_is_in_what_is_told():
    choice = StudioState(task="PerceptualDecisionMaking-v0")
    for change, says in (({"dt": 0}, "must be greater than 0, not 0."), ({"cohs": []}, "at least")):
        with pytest.raises(ValueError, match="parameter") as error:
            choice.change_all(change)
        assert forms.short(error.value).startswith(says) or says in forms.short(error.value)
        assert "parameter '" not in forms.short(error.value)
