"""The stack editor: every wrapper has its widgets, and what does not fit is told beside them."""

import param
import pytest

from app.forms.editors import Around
from app.forms.fields import Field, editors_of
from app.forms.stack import StackEditor
from app.pages.configure import Configure
from app.shell import words
from app.state import StudioState
from neurogym.spec.parameters import (
    BlockLength,
    Name,
    NameLists,
    Names,
    Onsets,
    Probabilities,
    Probability,
    ProbabilityRows,
    Settings,
    Transitions,
)
from neurogym.wrappers import WRAPPERS, fitting, read
from neurogym.wrappers.several import Several

# panel-material-ui gives Panel both the old and the new name of a button's style
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

TASK = "PerceptualDecisionMaking-v0"
BIAS = {"SideBias": {"block_dur": [2, 3]}}
REACTION = {"ReactionTime": {"urgency": -0.01}}


class Calls:
    """A stack editor, and what it makes of a choice."""

    def __init__(self, stack=(), task=TASK, preset="human"):
        self.choice = StudioState(task=task, preset=preset)
        self.choice.restack([line if isinstance(line, tuple) else (line, True) for line in stack])
        self.editor = StackEditor(self.choice)

    @property
    def cards(self):
        return self.editor.cards

    def names(self):
        return [(next(iter(line)), on) for line, on in self.choice.stack]


def click(button):
    button.clicks += 1


# -- every wrapper ---------------------------------------------------------------------------------


@pytest.mark.each_played
def test_every_wrapper_that_fits_can_be_added_and_its_widgets_say_its_parameters(task_id):
    calls = Calls(task=task_id)
    reasons = fitting(calls.choice.build())
    assert calls.editor.add.options == [name for name, why in reasons.items() if not why]
    for name in calls.editor.add.options:
        calls.choice.wrap([])
        calls.editor.draw()
        calls.editor.add.value = name
        assert not calls.editor.add.error_state, calls.editor.add.helper_text
        (card,), (wrapper,) = calls.cards, read(calls.choice.wrappers)
        before = calls.choice.wrappers
        assert set(card.fields) == {key for key in wrapper.param if key != "name"}
        for key, field in card.fields.items():
            assert field.value == getattr(wrapper, key), (name, key)
            assert field.kind.name != "JSON", (name, key)
            field._changed()
            assert field.error == "", (name, key)
        assert calls.choice.wrappers == before


def test_what_does_not_fit_is_told_with_the_reason():
    calls = Calls(task="DawTwoStep-v0")
    text = calls.editor.why.object
    assert "ReactionTime" not in calls.editor.add.options
    assert "no first response decides its trials" in text
    n = len(WRAPPERS) - len(calls.editor.add.options)
    assert f"{n} others do not fit, and why" in text
    assert "<details" in text
    assert "open" not in text.partition("<summary")[0]


@pytest.mark.parametrize("name", [n for n, cls in WRAPPERS.items() if issubclass(cls, Several)])
def test_other_tasks_get_the_chosen_preset(name):
    for preset in ("human", "agent"):
        calls = Calls(preset=preset)
        calls.editor.add.value = name
        ((_, params),) = calls.choice.wrappers[0].items()
        assert [told["preset"] for told in params["tasks"]] == [preset]
        assert {task.dt for task in calls.choice.build().tasks} == {calls.choice.bare().dt}


# -- off, order, remove ----------------------------------------------------------------------------


def test_off_and_on_keeps_the_parameters():
    calls = Calls([BIAS, REACTION])
    calls.cards[0].switch.value = False
    assert calls.names() == [("SideBias", False), ("ReactionTime", True)]
    assert calls.choice.wrappers == [REACTION]
    assert calls.cards[0].fields["block_dur"].value == [2, 3]
    calls.cards[0].fields["block_dur"].editor.widgets[0].value = "1"
    calls.cards[0].switch.value = True
    assert calls.choice.wrappers == [{"SideBias": {"block_dur": [1, 3]}}, REACTION]


def test_a_wrapper_that_cannot_be_turned_on_says_so_and_stays_off():
    two = {"SideBias": {"block_dur": 5}}
    calls = Calls([BIAS, (two, False)])
    calls.cards[1].switch.value = True
    assert calls.cards[1].told.visible
    assert words("'block'") in calls.cards[1].told.object
    assert calls.cards[1].switch.value is False
    assert calls.choice.stack == [(BIAS, True), (two, False)]


def test_wrappers_are_moved_and_removed():
    calls = Calls([BIAS, (REACTION, False), {"Noise": {}}])
    assert [b.disabled for b in calls.cards[0].buttons] == [True, False, False]
    assert [b.disabled for b in calls.cards[2].buttons] == [False, True, False]
    click(calls.cards[1].buttons[0])
    assert calls.names() == [("ReactionTime", False), ("SideBias", True), ("Noise", True)]
    click(calls.cards[0].buttons[1])
    click(calls.cards[1].buttons[1])
    assert calls.names() == [("SideBias", True), ("Noise", True), ("ReactionTime", False)]
    click(calls.cards[0].buttons[2])
    assert calls.names() == [("Noise", True), ("ReactionTime", False)]
    assert [card.i for card in calls.cards] == [0, 1]


def test_a_move_that_does_not_go_is_told_and_changes_nothing():
    second = {"ScheduleEnvs": {"tasks": [{"task": "GoNogo-v0", "preset": "human"}]}}
    calls = Calls([REACTION, second])
    before = calls.choice.stack
    click(calls.cards[0].buttons[1])
    assert words("does not fit PerceptualDecisionMaking + GoNogo") in calls.cards[0].told.object
    assert calls.choice.stack == before


# -- errors ----------------------------------------------------------------------------------------


def test_an_error_stands_beside_its_widget_and_nothing_is_changed():
    calls = Calls([BIAS, REACTION])
    card, before = calls.cards[1], calls.choice.wrappers
    for key, wrong, word in (
        ("urgency", "100", "at most 10"),
        ("urgency", "", "expected a number"),
        ("stimulus", "fixation", "nothing comes before fixation"),
    ):
        widget = card.fields[key].editor.widgets[0]
        good, widget.value = widget.value, wrong
        assert word in widget.helper_text
        assert widget.error_state
        assert list(calls.choice.refused.told.values()) == [{key: widget.helper_text}]
        assert calls.choice.wrappers == before
        widget.value = good
        assert not widget.error_state
        assert calls.choice.refused.told == {}
    assert calls.choice.wrappers == before


def test_what_waits_is_taken_along_with_what_it_waits_for():
    tasks = [{"task": "GoNogo-v0", "preset": "human"}]
    calls = Calls([{"TransferLearning": {"tasks": tasks}}])
    (card,) = calls.cards
    trials = card.fields["num_tr_per_task"]
    trials.editor.widgets[0].value = "100, 50"  # of three tasks, but there are two
    assert "expected 1" in trials.editor.widgets[0].helper_text
    assert calls.choice.wrappers == [{"TransferLearning": {"tasks": tasks}}]
    click(card.fields["tasks"].editor.column.objects[-1])
    ((_, params),) = calls.choice.wrappers[0].items()
    assert len(params["tasks"]) == 2
    assert params["num_tr_per_task"] == [100, 50]
    assert trials.error == ""


def test_lists_of_an_entry_a_task_follow_the_tasks():
    calls = Calls()
    calls.editor.add.value = "TransferLearning"
    click(calls.cards[0].fields["tasks"].editor.column.objects[-1])
    ((_, params),) = calls.choice.wrappers[0].items()
    assert [told["preset"] for told in params["tasks"]] == ["human", "human"]
    assert calls.cards[0].fields["num_tr_per_task"].value == [100, 100]
    calls.cards[0].fields["tasks"].editor._remove(0)
    assert calls.cards[0].fields["num_tr_per_task"].value == [100]


def test_a_removed_last_task_is_told():
    calls = Calls()
    calls.editor.add.value = "MultiEnvs"
    field, before = calls.cards[0].fields["tasks"], calls.choice.wrappers
    field.editor._remove(0)
    assert "tasks is empty" in field.error
    assert calls.choice.wrappers == before


def test_another_task_drops_the_parameters_of_the_one_before():
    told = {"task": "GoNogo-v0", "preset": "human", "params": {"timing": {"delay": 100}}}
    calls = Calls([{"ScheduleEnvs": {"tasks": [told]}}])
    field = calls.cards[0].fields["tasks"]
    assert field.value == [told]
    field.editor.parts[0][0].value = "ReadySetGo-v0"
    assert field.value == [{"task": "ReadySetGo-v0", "preset": "human"}]
    assert field.error == ""
    assert calls.choice.build().tasks[1].label == "ReadySetGo"


# -- kinds of values -------------------------------------------------------------------------------

AROUND = Around(
    ("fixation", "stimulus"), ("fixation", "stimulus", "decision"), ("coh",), 3, 1, "human"
)


class Made(param.Parameterized):
    flag = param.Boolean(True)
    which = param.Selector(default="b", objects=["a", "b"])
    share = Probability(0.5)
    small = param.Number(0.1, bounds=(0, 100))
    count = param.Integer(3, bounds=(0, 10))
    maybe = param.Number(None, bounds=(0, 1), allow_None=True)
    period = Name(of="period")
    word = param.String("x")
    channels = Names(None, of="channel")
    levels = param.List([1.5, 2])
    p = Probabilities(None)
    probs = ProbabilityRows([[0.2, 0.3, 0.5]])
    block_dur = BlockLength(5)
    history = Transitions(0.8)
    onset = Onsets(800)
    attrs = Settings([{}])
    signals = NameLists([], of="period")
    odd = param.Parameter({"a": [1]})


def field(key, value=None, refuse=()):
    taken = []

    def take(new):
        if new in refuse:
            return ValueError("refused")
        taken.append(new)
        return None

    parameter = Made.param[key]
    made = Field(key, parameter, parameter.default if value is None else value, AROUND, take)
    made.taken = taken
    return made


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("flag", ["yes or no"]),
        ("share", ["number"]),
        ("maybe", ["auto", "number"]),
        ("channels", ["auto", "some"]),
        ("levels", ["list"]),
        ("p", ["auto", "probabilities"]),
        ("probs", ["matrix"]),
        ("block_dur", ["trials", "range", "probability"]),
        ("history", ["number", "list", "matrix", "matrices"]),
        ("onset", ["number", "list"]),
        ("attrs", ["lines"]),
        ("signals", ["lists"]),
        ("odd", ["JSON"]),
    ],
)
def test_kinds_follow_from_the_declaration(key, kinds):
    parameter = Made.param[key]
    found = [kind.name for kind in editors_of(parameter, parameter.default)]
    assert [name for name in found if name in kinds] == kinds
    made = field(key)
    assert made.value == parameter.default
    for name in kinds:
        if made.menu:
            made.menu.value = name
        assert made.kind.name == name
        assert made.kind.fits(made.value)
        assert made.error == ""


def test_sliders_stand_where_both_bounds_are_near():
    assert [len(field(key).editor.widgets) for key in ("share", "count", "small")] == [2, 2, 1]
    made = field("share")
    number, slider = made.editor.widgets
    slider.value_throttled = 0.25
    assert number.value == "0.25"
    number.value = "0.75"
    assert slider.value == 0.75
    assert made.taken == [0.25, 0.75]


def test_names_are_those_that_the_task_has():
    assert list(field("period").editor.widgets[0].options.values()) == [*AROUND.periods, ""]
    made = field("channels")
    made.menu.value = "some"
    assert made.editor.widgets[0].options == list(AROUND.channels)
    assert field("word").editor.widgets[0].value == "x"


def test_rows_of_probabilities_tell_their_sum():
    made = field("probs")
    line = made.editor.parts[0][0]
    assert line.sum.object == "Σ = 1"
    line.cells[0].value = "0.5"
    assert line.sum.object == "Σ = 1.3"
    assert line.sum.color == "error"
    assert made.taken[-1] == [[0.5, 0.3, 0.5]]
    two = field("history", [[0.5, 0.5], [0.1, 0.9]])
    two.editor.parts[0][0].cells[0].value = "0.7"  # the other one follows
    assert two.taken == [[[0.7, 0.3], [0.1, 0.9]]]
    made.editor._add()
    assert len(made.taken[-1]) == 2


def test_a_matrix_has_a_row_and_a_column_an_answer():
    made = field("history")
    made.menu.value = "matrix"
    assert [len(row) for row in made.value] == [3, 3, 3]
    assert all(sum(row) == pytest.approx(1) for row in made.value)


def test_many_numbers_are_text():
    long = [[0.1] * 10]
    made = field("probs", long)
    assert made.value == long
    made.editor.parts[0][0].cells[0].value = "1, x"
    assert "'x' is not a number" in made.error


def test_lengths_of_blocks():
    made = field("block_dur", 0.1)
    assert made.kind.name == "probability"
    made.menu.value = "trials"
    made.menu.value = "range"
    assert made.taken == [10, [5, 15]]
    made.editor.widgets[1].value = ""
    assert "expected a whole number" in made.error


def test_the_first_start_that_is_taken_is_used():
    made = field("p", refuse=([1 / 3] * 3, [1.0]))
    made.menu.value = "probabilities"
    assert made.value == [1 / 2] * 2 or len(made.value) in (2, 7)
    assert made.error == ""


def test_lines_of_settings():
    made = field("attrs", [{"coh": 5}, {"decision": 300, "coh": 2.5}])
    text = made.editor.widgets[0]
    assert text.value == "coh = 5\ndecision = 300, coh = 2.5"
    for wrong, word in (("coh 5", "expected name = value"), ("cho = 5", "did you mean 'coh'?")):
        text.value = wrong
        assert word in made.error
    text.value = "coh = high"
    assert made.taken == [[{"coh": "high"}]]


# -- the page around it ----------------------------------------------------------------------------


def test_the_page_follows_the_stack_at_once():
    view = Configure(StudioState(task=TASK), lambda view: None)
    assert "1500 ms" in view.line.object
    view.stack.add.value = "ReactionTime"
    assert "0 steps = 0 ms (was 1500 ms)" in view.line.object
    assert "'ReactionTime'" in view.python.object
    view.stack.add.value = "ScheduleEnvs"
    assert view.line.object.count(">decision<") == 2
    assert ">GoNogo<" in view.line.object
    assert "space" in view.keys.object
    assert "left" in view.keys.object
    view.stack.cards[1].switch.value = False
    assert ">GoNogo<" not in view.line.object


def test_choices_follow_what_is_inside():
    calls = Calls([{"ScheduleEnvs": {}}, {"TTLPulse": {"periods": [["stimulus"]]}}])
    first = calls.cards[1].fields["periods"]
    assert "ready" not in first.editor.names
    calls.cards[0].fields["tasks"].editor.parts[0][0].value = "ReadySetGo-v0"
    assert "ready" in calls.cards[1].fields["periods"].editor.names


def test_a_preset_says_what_it_dropped():
    choice = StudioState(task=TASK)
    choice.wrap([BIAS, {"ReactionTime": {"from_step": 20}}])
    view = Configure(choice, lambda view: None)
    view._set_preset("agent")
    assert choice.wrappers == [BIAS]
    assert "ReactionTime does not fit" in view.dropped
    view._set_preset("human")
    assert view.dropped == ""


def test_parameters_of_the_first_task_are_set_under_several():
    choice = StudioState(task=TASK)
    choice.wrap([{"ScheduleEnvs": {}}])
    view = Configure(choice, lambda view: None)
    choice.change("sigma", 2)
    assert choice.settings()["sigma"] == 2
    assert "stimulus" in view.line.object
