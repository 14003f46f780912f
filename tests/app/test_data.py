"""The page of the data: downloads and deletions are of the runs that one sees or has ticked."""

import csv

import pytest

import neurogym as ngym
from app.pages.data import Data
from app.state import StudioState
from neurogym.records.database import Store, run_of


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "a.db") as store:
        for subject, task in (("anna", "GoNogo-v0"), ("bert", "GoNogo-v0"), ("anna", "Null-v0")):
            rows = [{**row, "subject": subject} for row in ngym.rollout(task, "oracle", trials=2)]
            store.add_run(run_of(rows))
            store.add_trials(rows)
        store.add_run({"run_id": "empty", "task": "GoNogo-v0", "subject_kind": "human"})
        yield store


@pytest.fixture
def data(store):
    return Data(StudioState(view="data"), store, lambda view: None)


def click(button):
    button.param.trigger("clicks")


def downloaded(widget):
    return list(csv.DictReader(widget.callback()))


def ids(store):
    return [run["run_id"] for run in store.runs()]


def test_runs_without_a_finished_trial_are_hidden_until_asked_for(data):
    assert "empty" not in data.shown()
    assert len(data.runs) == 3
    data.empty.value = True
    assert "empty" in data.shown()


def test_a_download_obeys_filter_and_selection(data):
    assert data.file.label == "Download 3 runs as CSV"
    assert len(downloaded(data.file)) == 6
    data.table.filters = [{"field": "subject", "type": "like", "value": "anna"}]
    assert data.file.label == "Download 2 shown runs as CSV"
    assert {row["subject"] for row in downloaded(data.file)} == {"anna"}
    data.table.selection = [1]
    assert data.file.label == "Download 1 selected run as CSV"
    assert {row["run_id"] for row in downloaded(data.file)} == {data.runs[1]["run_id"]}


def test_deleting_is_asked_twice_and_takes_what_was_ticked(data, store):
    before = ids(store)
    data.table.selection = [0]
    gone = data.runs[0]["run_id"]
    data._pick(gone)
    click(data.delete)
    assert ids(store) == before
    alert, buttons = data.confirm.objects
    assert "1 run with 2 trials" in alert.object
    click(buttons[1])  # keep
    assert data.confirm.objects == []
    assert ids(store) == before
    click(data.delete)
    click(data.confirm.objects[1][0])
    assert ids(store) == [run for run in before if run != gone]
    assert store.trials(run_id=gone) == []
    assert (data.picked, data.choice.run, data.confirm.objects) == (None, "", [])
    assert gone not in data.shown()


def test_with_nothing_to_see_nothing_can_be_downloaded_or_deleted(data):
    data.table.filters = [{"field": "subject", "type": "like", "value": "nobody"}]
    assert data.file.disabled
    assert data.delete.disabled


def test_a_run_that_is_picked_shows_its_id_and_trials(data):
    one = data.runs[2]["run_id"]
    data._pick(one)
    head, rows = data._trials(data.picked)
    assert any(getattr(part, "label", "") == f"Copy id {one}" for part in head)
    assert len(rows.value) == 2
    assert {row["run_id"] for row in downloaded(data.one)} == {one}
