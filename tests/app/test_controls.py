"""The form of a task in Configure: what does not fit is told and not taken; the rest follows."""

import panel_material_ui as pmui
import pytest

import app.forms.controls as controls
from app.forms.controls import number, numbers, written
from app.pages.configure import Configure
from app.shell import words
from app.state import StudioState
from neurogym.spec.durations import Duration

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

TASK = "GoNogo-v0"


@pytest.fixture
def view():
    return opened()


def opened(task=TASK, **state):
    return Configure(StudioState(task=task, view="configure", **state), lambda view: None)


def field(view, *key):
    return view.form.fields[key if len(key) > 1 else key[0]]


def text(view, *key):
    return field(view, *key).editor.widgets[0]


# -- parameters ------------------------------------------------------------------------------------


def test_a_value_that_fits_is_taken_and_all_that_is_shown_follows(view):
    before = view.picture.object, view.line.object
    text(view, "timing", "stimulus").value = "900"
    text(view, "rewards", "miss").value = "-1"
    params = {"timing": {"stimulus": 900.0}, "rewards": {"miss": -1.0}}
    assert view.choice.params == params
    assert "45 steps = 900 ms" in view.line.object
    assert view.line.object != before[1]
    assert "'stimulus': 900" in view.python.object
    assert view.text.value == view.choice.python()


def test_a_refused_value_stays_and_nothing_goes_on_until_it_is_taken(view):
    choice, head = view.choice, view.main.objects[0]
    play = head.objects[1]
    number = text(view, "dt")
    for wrong, says in (
        ("abc", "expected a number, not 'abc'"),
        ("", "expected a number, but the field is empty"),
        ("0", "must be greater than 0, not 0."),
        ("nan", "expected a number, not 'nan'"),
        ("0.01", "at most 20,000"),
    ):
        number.value = wrong
        assert (number.value, number.error_state, play.disabled) == (wrong, True, True)
        assert says in number.helper_text
        assert words(f"dt: {number.helper_text}") in view.stuck.object
        assert view.stuck.visible
        assert choice.params == {}
    number.value = "25"
    assert (number.helper_text, number.error_state, play.disabled) == ("", False, False)
    assert not view.stuck.visible
    assert choice.params == {"dt": 25}


def test_what_belongs_to_the_run_is_refused_alike(view):
    forms = {widget.label: widget for widget in view.main.select(pmui.TextInput)}
    for wrong, says in (
        ("", "expected a whole number, but the field is empty"),
        ("2.5", "expected a whole number, not 2.5"),
        ("0", "must be at least 1, not 0."),
    ):
        forms["trials"].value = wrong
        assert says in forms["trials"].helper_text
        assert view.choice.trials == 20
        assert view.choice.refused.told["run"]
    forms["trials"].value = "7"
    assert (view.choice.trials, view.choice.refused.told) == (7, {})
    assert "trials=7" in view.python.object


def test_levels_are_text():
    view = opened("PerceptualDecisionMaking-v0")
    widget = text(view, "cohs")
    assert widget.value == "0, 6.4, 12.8, 25.6, 51.2"
    widget.value = "5; 10 20,"
    assert view.choice.params == {"cohs": [5.0, 10.0, 20.0]}
    for wrong, word in [("5, ten", "'ten' is not a number"), ("", "at least 1"), ("1, 200", "200")]:
        widget.value = wrong
        assert word in widget.helper_text
        assert view.choice.params == {"cohs": [5.0, 10.0, 20.0]}


def test_what_clashes_only_with_another_parameter_is_told():
    view = opened("Reaching1D-v0", preset="agent")
    text(view, "speed").value = "45"
    assert "cannot stop within" in text(view, "speed").helper_text
    assert view.choice.params == {}


def test_rewards(view):
    text(view, "rewards", "correct").value = "7.5"
    text(view, "rewards", "miss").value = "-2"
    assert view.choice.params == {"rewards": {"correct": 7.5, "miss": -2.0}}
    for wrong, says in (
        ("", "field is empty"),
        ("1e308", "expected a number from"),
        ("much", "'much'"),
    ):
        text(view, "rewards", "correct").value = wrong
        assert says in text(view, "rewards", "correct").helper_text
    text(view, "rewards", "correct").value = "1"
    assert view.choice.params == {"rewards": {"miss": -2.0}}


def test_a_page_that_is_left_follows_nothing(view):
    text(view, "dt").value = "x"
    shown, choice = view.line.object, view.choice
    choice.view = "choose"
    assert choice.refused.told == {}
    choice.change("timing", {"stimulus": 900})
    assert view.line.object == shown
    choice.view = "configure"
    again = Configure(choice, lambda view: None)
    assert text(again, "timing", "stimulus").value == "900"


# -- words and numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("1", [1]),
        ("1, 2.5 10", [1, 2.5, 10]),
        (" 1;2 ,, 3", [1, 2, 3]),
        ("-1e3", [-1000]),
    ],
)
def test_numbers(text, values):
    assert numbers(text) == values


@pytest.mark.parametrize("text", ["a", "1, b", "1.2.3", "1-2", "1,,x"])
def test_no_numbers(text):
    with pytest.raises(ValueError, match="is not a number: expected some, as in 5, 15, 50"):
        numbers(text)


@pytest.mark.parametrize("value", [0, 1, -2.5, 1e-4, 12345, 1234567, 10**12, 1e30, 0.25])
def test_a_number_is_read_as_it_is_written(value):
    assert number(written(value)) == value
    assert type(number("3")) is int


@pytest.mark.parametrize("text", ["", " ", "a", "nan", "inf", "1,5", "--1"])
def test_no_number(text):
    with pytest.raises(ValueError, match="expected a number"):
        number(text)


def test_the_first_sentence_of_an_error_is_told():
    try:
        Duration.parse(["gauss", [1, 2]], "delay")
    except ValueError as error:
        text = controls.short(error)
    assert text == "unknown kind 'gauss'."


def test_a_widget_without_room_for_an_error_is_left_alone():
    controls.refuse(pmui.Switch(), ValueError("no"))
    controls.refuse(pmui.Switch(), None)


# -- periods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "task", ["GoNogo-v0", "IntervalDiscrimination-v0", "PulseDecisionMaking-v0"]
)
def test_every_kind_of_length_can_be_chosen(task):
    view = opened(task)
    for period, first in view.choice.bare().timing.items():
        line = field(view, "timing", period)
        kinds = list(line.menu.options)
        assert {"constant", "uniform", "one of", "exponential"} <= set(kinds)
        at_first = line.kind.name
        for kind in [*kinds, at_first]:
            line.menu.value = kind
            assert not line.error, (kind, line.error)
            assert line.kind.name == kind
        assert view.choice.bare().timing[period].kind == first.kind


def test_a_kind_that_follows_another_period_comes_back_as_it_was():
    view = opened("ReadySetGo-v0")
    line = field(view, "timing", "production")
    assert line.menu.value == "multiple of"
    assert text(view, "timing", "production").value == "2"
    line.menu.value = "uniform"
    assert view.choice.params == {}  # what is offered first leaves no time for the interval
    for widget, ms in zip(line.editor.widgets, ("1500", "2500"), strict=True):
        widget.value = ms
    assert view.choice.params == {"timing": {"production": ["uniform", [1500.0, 2500.0]]}}
    line.menu.value = "multiple of"
    assert view.choice.params == {}
    text(view, "timing", "production").value = "3"
    assert view.choice.params == {"timing": {"production": ["times", ["measure", 3.0]]}}


def test_numbers_of_each_kind_are_taken(view):
    line = field(view, "timing", "delay")

    def say(kind, *texts):
        line.menu.value = kind
        for typed, given in zip(line.editor.widgets, texts, strict=False):
            typed.value = given
        return view.choice.params.get("timing", {}).get("delay")

    assert say("constant", "250") == 250
    assert say("uniform", "100", "300") == ["uniform", [100, 300]]
    assert say("one of", "100, 150 400") == ["choice", [100, 150, 400]]
    spec = ["truncated_exponential", [200, 100, 900]]
    assert say("exponential", "200", "100", "900") == spec
    assert say("constant", "400") is None


def test_lengths_that_cannot_be_are_told_and_left_out(view):
    line, number = field(view, "timing", "delay"), text(view, "timing", "delay")
    for wrong, word in [("-5", "not negative"), ("", "field is empty"), ("1e9", "steps of dt")]:
        number.value = wrong
        assert number.error_state
        assert word in number.helper_text
        assert view.choice.params == {}
    number.value = "40"
    assert not number.error_state
    line.menu.value = "uniform"
    taken = view.choice.params
    line.editor.widgets[0].value = "5000"
    assert "low exceeds high" in line.editor.widgets[0].helper_text
    assert view.choice.params == taken
    line.menu.value = "one of"
    taken = view.choice.params
    for wrong, word in [("1, x", "'x' is not a number"), ("", "'choice' takes")]:
        line.editor.widgets[0].value = wrong
        assert word in line.editor.widgets[0].helper_text
        assert view.choice.params == taken


def test_a_slider_and_its_number_move_each_other(view):
    number, slider = field(view, "timing", "stimulus").editor.widgets
    assert slider.label == "stimulus, ms"
    slider.value = 620.0
    assert number.value == "620"
    assert view.choice.params == {"timing": {"stimulus": 620.0}}
    number.value = "4000"
    assert (slider.value, slider.end) == (4000.0, 4000.0)
    number.value = "-1"
    assert number.error_state
    assert slider.value == 4000.0


def test_a_refused_kind_can_be_left_again():
    view = opened(params={"dt": 0.2})
    line = field(view, "timing", "decision")
    line.menu.value = "exponential"  # up to ten times as long: too many steps
    assert "at most 20,000" in line.error
    assert view.choice.params == {"dt": 0.2}
    line.menu.value = "constant"
    assert not line.error
    assert view.choice.params == {"dt": 0.2}
