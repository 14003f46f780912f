"""Presets by name, and where values come from."""

import json

import pytest

import neurogym as ngym
from app.state import StudioState
from neurogym.cli import main
from neurogym.docs.info import datasheet, facts, page
from neurogym.spec.parameters import Preset
from neurogym.tasks.withholding import GoNogo
from neurogym.trials.catalogue import task_class
from tests.structure import TASKS

OURS = "WithPresets-v0"


class WithPresets(GoNogo):
    """Go or do not go."""

    human = Preset(dt=20)
    presets = {"neurogym": Preset(dt=50, timing={"stimulus": 700})}  # noqa: RUF012 - as authors do
    sources = {"timing": "our choice", "stimulus": "paper"}  # noqa: RUF012


@pytest.fixture(autouse=True)
def known():
    ngym.register(OURS, WithPresets)
    yield
    ngym.unregister(OURS)


def test_a_preset_of_a_name_gives_its_values():
    task = ngym.make("WithPresets", preset="neurogym").unwrapped.task
    assert (task.dt, str(task.timing["stimulus"])) == (50, "700 ms")
    assert WithPresets.preset_names() == ("human", "agent", "neurogym")
    task = ngym.make("WithPresets", preset="neurogym", timing={"stimulus": 300}).unwrapped.task
    assert (task.dt, str(task.timing["stimulus"])) == (50, "300 ms")


def test_another_name_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"unknown preset 'neurogm'.*did you mean 'neurogym'"):
        ngym.make("WithPresets", preset="neurogm")
    with pytest.raises(ValueError, match="unknown preset 'neurogym'"):
        ngym.make("GoNogo", preset="neurogym")


@pytest.mark.parametrize("name", ["human", "agent"])
def test_a_name_that_all_tasks_have_is_not_given_again(name):
    with pytest.raises(ValueError, match=f"presets has {name!r}"):
        type("Again", (GoNogo,), {"__doc__": "Go.", "presets": {name: Preset()}})


@pytest.mark.parametrize("form", [datasheet, page])
def test_the_datasheet_tells_presets_and_sources(form):
    text = form(facts("WithPresets"))
    assert "Preset neurogym" in text
    assert '{"stimulus": 700}' in text
    assert "Where values come from" in text
    assert "our choice" in text


def test_the_command_line_takes_it(tmp_path, capsys):
    out = tmp_path / "rows.json"
    line = ["rollout", "WithPresets", "--trials", "2", "--preset", "neurogym", "--out", str(out)]
    assert main(line) == 0
    assert json.loads(out.read_text())[0]["params"]["dt"] == 50
    file = tmp_path / "page.html"
    assert main(["page", "WithPresets", "--preset", "neurogm", "--out", str(file)]) == 2
    assert "did you mean 'neurogym'" in capsys.readouterr().err


def test_the_studio_has_it_for_this_task_alone():
    choice = StudioState.from_query({"task": "WithPresets", "preset": "neurogym"})
    assert choice.bare().dt == 50
    assert StudioState.from_query(choice.query()).preset == "neurogym"
    choice.pick("GoNogo")
    assert choice.preset == "human"
    kept, told = StudioState.from_address({"task": "GoNogo", "preset": "neurogym", "seed": "3"})
    assert (kept.preset, kept.seed) == ("human", 3)
    assert "unknown preset 'neurogym'" in told[0]


def test_other_tasks_of_a_stack_keep_theirs_if_they_lack_it():
    tasks = [{"task": "GoNogo-v0", "preset": "human"}, {"task": OURS, "preset": "human"}]
    choice = StudioState(task=OURS, wrappers=[{"ScheduleEnvs": {"tasks": tasks}}])
    choice.switch("neurogym")
    ((_, params),) = choice.wrappers[0].items()
    assert [told["preset"] for told in params["tasks"]] == ["human", "neurogym"]


@pytest.mark.parametrize("id", TASKS)
def test_sources_are_of_values_that_there_are(id):
    cls = task_class(id)
    task = cls()
    names = {*cls.param, *task.timing, *task.rewards, *task.plan.conditions}
    assert set(cls.sources) <= names, "a parameter, period, reward or condition"
