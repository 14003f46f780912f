"""The page of the data: downloads and deletions are of the runs that one sees or has ticked."""

import csv

import pytest

import neurogym as ngym
from app.pages.compare import Compare
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


DOUBTFUL = [
    {"flags": {"implausible": ["rt_ms"]}}, {"flags": {"implausible": ["key_ms"], "mismatch": {}}},
    {"late_frames": 3}, {"flags": {"interrupted": "pause"}, "outcome": None, "correct": None}, {},
]  # fmt: skip
TOLD = (
    "Of 5 trials: 2 with a value that no screen and keys can give, 1 that the browser scored"
    " otherwise than Python, 1 with late frames, 1 broken off. See their flags."
)


@pytest.fixture
def doubtful(store):
    """A person's run some of whose trials are flagged."""
    rows = ngym.rollout("GoNogo-v0", "oracle", trials=5)
    rows = [
        {**row, "subject_kind": "human", **more} for row, more in zip(rows, DOUBTFUL, strict=True)
    ]
    store.add_run(run_of(rows))
    store.add_trials(rows)
    return rows


def texts(parts):
    return [part.object for part in parts if isinstance(getattr(part, "object", None), str)]


def test_flags_are_told_in_words_beside_the_trials(store, doubtful):
    data = Data(StudioState(view="data"), store, lambda view: None)
    told = data._trials(store.run(doubtful[0]["run_id"]))
    assert TOLD in texts(told)
    sound = data._trials(next(run for run in store.runs() if run["subject"] == "anna"))
    assert len(sound) == len(told) - 1


def test_flags_are_told_in_words_in_compare(store, doubtful):
    choice = StudioState(view="compare")
    choice.take(store.run(doubtful[0]["run_id"]))
    page = Compare(choice, store, lambda view: None)
    try:
        told = TOLD.replace("5 trials", "4 trials").replace(", 1 broken off", "")
        assert told in texts(page.__panel__().objects)
    finally:
        page._stop()
