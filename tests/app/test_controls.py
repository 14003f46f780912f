"""Widgets of declared parameters: all are there, and what does not fit is told and not taken."""

import panel_material_ui as pmui
import param
import pytest

import app.forms.controls as controls
from app.forms.controls import Form, PeriodRow, RewardsForm, numbers
from app.state import StudioState
from neurogym.spec.durations import Duration
from neurogym.spec.parameters import Levels


@pytest.fixture
def choice(task_id, preset):
    return StudioState(task=task_id, preset=preset)


@pytest.fixture
def calls():
    return []


def row(choice, period, calls=None):
    duration = choice.build().timing[period]
    return PeriodRow(choice, period, duration, lambda: None if calls is None else calls.append(1))


# -- parameters ------------------------------------------------------------------------------------


def test_every_parameter_has_a_widget(choice):
    form, rewards = Form(choice, lambda: None), RewardsForm(choice, lambda: None)
    task = choice.build()
    own = [name for name in task.param if name not in ("name", "timing", "rewards")]
    assert list(form.widgets) == own
    for name in own:
        widget, value = form.widgets[name], getattr(task, name)
        if isinstance(task.param[name], Levels):
            assert numbers(widget.value) == value
        else:
            assert widget.value == value
        assert widget.label == name.replace("_", " ")
        assert widget.description == task.param[name].doc
    assert {name: widget.value for name, widget in rewards.widgets.items()} == task.rewards
    rows = [row(choice, period) for period in task.timing]
    assert [r.kind.label for r in rows] == list(task.timing)
    assert [r.kind.value for r in rows] == [d.kind for d in task.timing.values()]


def out_of_bounds(parameter):
    """A value that a parameter does not take; None if it takes all that its widget can give."""
    if isinstance(parameter, Levels):
        return "" if parameter.level_bounds is None else f"{parameter.level_bounds[1] + 1}"
    low, high = getattr(parameter, "bounds", None) or (None, None)
    if isinstance(parameter, param.Number) and low is not None:
        return low - 1
    return None if high is None else high + 1


def test_a_value_out_of_bounds_is_told_and_left_out(choice, calls):
    form, before = Form(choice, lambda: calls.append(1)), dict(choice.params)
    tried = 0
    for name, widget in form.widgets.items():
        wrong, good = out_of_bounds(form.task.param[name]), widget.value
        if wrong is None:
            continue
        widget.value = wrong
        assert widget.error_state
        assert widget.helper_text
        assert "StudioState." not in widget.helper_text
        assert choice.params == before
        assert calls == []
        widget.value = good
        assert not widget.error_state
        assert widget.helper_text == ""
        assert choice.params == before
        calls.clear()
        tried += 1
    assert tried


def test_a_value_that_fits_is_taken(choice, calls):
    form = Form(choice, lambda: calls.append(1))
    form.widgets["dt"].value = choice.build().dt / 2
    form.widgets["abort"].value = not choice.build().abort
    assert set(choice.params) == {"dt", "abort"}
    assert len(calls) == 2


def test_an_empty_number_is_told(choice):
    form = Form(choice, lambda: None)
    form.widgets["dt"].value = None
    assert form.widgets["dt"].error_state
    assert choice.params == {}


def test_levels_are_text():
    choice = StudioState(task="PerceptualDecisionMaking-v0")
    form = Form(choice, lambda: None)
    widget = form.widgets["cohs"]
    assert widget.value == "0, 6.4, 12.8, 25.6, 51.2"
    widget.value = "5; 10 20,"
    assert choice.params == {"cohs": [5.0, 10.0, 20.0]}
    for wrong, word in [("5, ten", "'ten' is not a number"), ("", "at least 1"), ("1, 200", "200")]:
        widget.value = wrong
        assert word in widget.helper_text
        assert choice.params == {"cohs": [5.0, 10.0, 20.0]}


def test_what_clashes_only_with_another_parameter_is_told():
    choice = StudioState(task="Reaching1D-v0", preset="agent")
    form = Form(choice, lambda: None)
    form.widgets["speed"].value = 45.0
    assert "cannot stop within" in form.widgets["speed"].helper_text
    assert choice.params == {}


def test_rewards(choice, calls):
    form = RewardsForm(choice, lambda: calls.append(1))
    before = choice.build().rewards
    names = list(before)[:2]
    given = dict(zip(names, (7.5, -2.0), strict=False))
    for k, name in enumerate(names, 1):
        form.widgets[name].value = given[name]
        assert choice.params == {"rewards": {n: given[n] for n in names[:k]}}
    form.widgets[names[0]].value = None
    assert form.widgets[names[0]].helper_text == "expected a number"
    assert choice.params == {"rewards": given}
    for name in names:
        form.widgets[name].value = before[name]
    assert choice.params == {}
    assert len(calls) == 2 * len(names)


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


def test_the_first_sentence_of_an_error_is_told():
    try:
        Duration.parse(["gauss", [1, 2]], "delay")
    except ValueError as error:
        text = controls.short(error)
    assert text.endswith("is not a duration: unknown kind 'gauss'.")


def test_a_widget_without_room_for_an_error_is_left_alone():
    controls.refuse(pmui.Switch(), ValueError("no"))
    controls.refuse(pmui.Switch(), None)


# -- periods ---------------------------------------------------------------------------------------


def test_every_kind_of_length_can_be_chosen(choice, calls):
    for period, first in choice.build().timing.items():
        line = row(choice, period, calls)
        kinds = list(line.kind.options.values())
        assert {"constant", "uniform", "choice", "truncated_exponential"} <= set(kinds)
        for kind in [*kinds, *reversed(kinds), first.kind]:
            line.kind.value = kind
            assert not line.kind.error_state, line.kind.helper_text
            now = choice.build().timing[period]
            assert now.kind == kind == line.duration.kind
            shown = [widget.label for widget in line.inputs]
            assert shown == list(controls.FIELDS.get(kind, ("ms",)))
    assert len(calls) > 0


def test_a_kind_that_follows_another_period_comes_back_as_it_was():
    choice = StudioState(task="ReadySetGo-v0")
    line = row(choice, "production")
    assert line.kind.value == "times"
    assert [widget.value for widget in line.inputs] == [2.0]
    line.kind.value = "uniform"
    low, high = choice.build().timing["production"].args
    assert 0 <= low < high < float("inf")
    line.kind.value = "times"
    assert choice.params == {}
    line.inputs[0].value = 3.0
    assert choice.params == {"timing": {"production": ["times", ["measure", 3.0]]}}


def test_numbers_of_each_kind_are_taken():
    choice = StudioState(task="GoNogo-v0")
    line = row(choice, "delay")
    line.inputs[0].value = 250.0
    assert choice.params == {"timing": {"delay": 250.0}}
    line.kind.value = "uniform"
    line.inputs[0].value, line.inputs[1].value = 100.0, 300.0
    assert choice.params == {"timing": {"delay": ["uniform", [100.0, 300.0]]}}
    line.kind.value = "choice"
    line.inputs[0].value = "100, 150 400"
    assert choice.params == {"timing": {"delay": ["choice", [100.0, 150.0, 400.0]]}}
    line.kind.value = "truncated_exponential"
    for widget, value in zip(line.inputs, [200.0, 100.0, 900.0], strict=True):
        widget.value = value
    spec = ["truncated_exponential", [200.0, 100.0, 900.0]]
    assert choice.params == {"timing": {"delay": spec}}
    line.kind.value = "constant"
    line.inputs[0].value = 400.0
    assert choice.params == {}


def test_lengths_that_cannot_be_are_told_and_left_out():
    choice = StudioState(task="GoNogo-v0", params={"timing": {"fixation": 300.0}})
    line, before = row(choice, "delay"), {"timing": {"fixation": 300.0}}
    for wrong, word in [
        (-5.0, "not negative"),
        (None, "expected a number"),
        (1e9, "at most 20,000"),
    ]:
        line.inputs[0].value = wrong
        assert line.inputs[0].error_state
        assert word in line.inputs[0].helper_text
        assert choice.params == before
    line.inputs[0].value = 40.0
    assert not line.inputs[0].error_state
    line.kind.value = "uniform"
    taken = choice.params
    line.inputs[0].value = 5000.0
    assert "low exceeds high" in line.inputs[0].helper_text
    assert choice.params == taken
    line.kind.value = "choice"
    taken = choice.params
    for wrong, word in [("1, x", "'x' is not a number"), ("", "'choice' takes")]:
        line.inputs[0].value = wrong
        assert word in line.inputs[0].helper_text
        assert choice.params == taken


def test_a_slider_and_its_number_move_each_other():
    choice = StudioState(task="GoNogo-v0")
    line = row(choice, "stimulus")
    number, slider = line.fields.objects
    slider.value = 620.0
    assert number.value == 620.0
    assert choice.params == {"timing": {"stimulus": 620.0}}
    number.value = 4000.0
    assert (slider.value, slider.end) == (4000.0, 4000.0)
    number.value = -1.0
    assert number.error_state
    assert slider.value == 4000.0


def test_a_refused_kind_can_be_left_again():
    choice = StudioState(task="GoNogo-v0", params={"dt": 0.2})
    line = row(choice, "decision")
    line.kind.value = "truncated_exponential"  # up to ten times as long: too many steps
    assert line.kind.error_state
    assert choice.params == {"dt": 0.2}
    line.kind.value = "constant"
    assert not line.kind.error_state
    assert choice.params == {"dt": 0.2}


def test_one_periods_length_leaves_the_others():
    choice = StudioState(task="GoNogo-v0")
    first, second = row(choice, "stimulus"), row(choice, "delay")
    first.inputs[0].value = 600.0
    second.inputs[0].value = 700.0
    assert choice.params == {"timing": {"stimulus": 600.0, "delay": 700.0}}
    first.inputs[0].value = 500.0
    assert choice.params == {"timing": {"delay": 700.0}}
