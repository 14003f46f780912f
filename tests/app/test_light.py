"""Light pages: whose run an address means, what is sent to all, and what an answer's page says."""

import gzip
import json
import re
from pathlib import Path

import pytest

from app import address, process
from app.light import catalogue, files, pages, runs
from app.player.session import Session
from neurogym.records.database import Store
from neurogym.trials.catalogue import all_envs, task_class

ANNA, BERT = (runs.owner_of(name * 8) for name in ("anna", "bert"))
QUERY = "task=GoNogo-v0&trials=3&seed=5&subject=anna&view=play"


@pytest.fixture
def store(tmp_path, monkeypatch):
    with Store(tmp_path / "trials.db") as store:
        monkeypatch.setattr(process, "store", lambda: store)
        yield store


def play(store, begun, owner, n=1):
    """Interrupt some trials of a run: its rows; what is told of them."""
    told = []
    session = Session(
        store, begun.run, told.append, owner=owner, envs=runs.envs,
        adopt=lambda run_id, query: runs.adopted(run_id, query, owner),
    )  # fmt: skip
    session.receive({"type": "ready"})
    trials = [message for message in told if message["type"] == "trial"][:n]
    for trial in trials:
        session.receive(record(trial, begun))
    return [message for message in told if message["type"] == "ack"]


def record(trial, begun, **changes):
    return dict(
        type="record", uid=trial["uid"], index=trial["index"], attempt=trial["attempt"],
        run=begun.run["run_id"], onset_ms=None, key_ms=None, rt_ms=None, origin_ms=1.7e12,
        frames=3, late_frames=0, refresh_hz=60.0, flags={"interrupted": "pause"}, periods=[],
        actions=[], response=None, outcome=0, reward=0, address=begun.address,
    ) | changes  # fmt: skip


# -- whose run -------------------------------------------------------------------------------------


def test_opening_a_page_writes_nothing_and_the_first_trial_writes_the_run(store):
    begun = runs.begun(QUERY, ANNA)
    assert store.runs() == []
    (ack,) = play(store, begun, ANNA)
    assert "refused" not in ack
    (run,) = store.runs()
    assert (run["subject"], run["seed"], run["n_trials"]) == ("anna", 5, 3)
    assert run["settings"]["owner"] == ANNA
    assert "anna" * 8 not in json.dumps(run)


def test_a_run_goes_on_in_the_browser_that_began_it(store):
    begun = runs.begun(QUERY, ANNA)
    play(store, begun, ANNA)
    assert runs.begun(begun.named, ANNA).run["run_id"] == begun.run["run_id"]
    assert runs.begun(QUERY, ANNA, begun.run["run_id"]).run["run_id"] == begun.run["run_id"]


def test_one_that_was_begun_and_not_stored_keeps_its_name(store):
    begun = runs.begun(QUERY, ANNA)
    again = runs.begun(QUERY, ANNA, begun.run["run_id"])
    assert again.run["run_id"] == begun.run["run_id"]
    for odd in ("x" * 12, "../../etc/pw", 7, None, ["a"], "A" * 12):
        assert runs.begun(QUERY, ANNA, odd).run["run_id"] != odd


def test_a_deleted_run_is_not_begun_again(store):
    begun = runs.begun(QUERY, ANNA)
    play(store, begun, ANNA)
    gone = begun.run["run_id"]
    assert store.delete_run(gone)
    for query in (QUERY, begun.named):
        assert runs.begun(query, ANNA, gone).run["run_id"] != gone
        playing = runs.begun(query, ANNA, gone, playing=True)  # whose page has its trials
        assert playing.run["run_id"] == gone


@pytest.mark.parametrize("who", [BERT, None])
def test_a_shared_address_starts_a_run_of_ones_own_with_the_same_settings(store, who):
    begun = runs.begun(QUERY, ANNA)
    play(store, begun, ANNA)
    for query, wanted in ((begun.named, None), (QUERY, begun.run["run_id"])):
        other = runs.begun(query, who, wanted).run
        assert other["run_id"] != begun.run["run_id"]
        same = ("task", "params", "wrappers", "seed", "n_trials")
        assert [other[name] for name in same] == [begun.run[name] for name in same]
    assert runs.begun(begun.named, who).run["subject"] == "guest"  # nobody plays as anna unsaid


def test_who_is_named_beside_a_run_gets_one_of_his_own(store):
    begun = runs.begun(QUERY, ANNA)
    play(store, begun, ANNA)
    query = f"{begun.named.removeprefix('?')}&subject=bert"
    told = address.read(address.arguments_of(query), store).told
    assert any("not one of 'bert'" in line for line in told)
    other = runs.begun(query, BERT).run
    assert (other["subject"], other["run_id"] == begun.run["run_id"]) == ("bert", False)
    same = f"{begun.named.removeprefix('?')}&subject=anna"
    assert runs.begun(same, ANNA).run["run_id"] == begun.run["run_id"]


@pytest.mark.parametrize("name", ["RUN", "Run", "%72un"])
def test_an_address_that_names_a_run_is_read_anew_however_it_is_written(store, name):
    query = f"{name}=0123456789ab&view=play"
    assert any("there is no run" in line for line in runs.asked(query).told)
    store.add_run({**runs.begun(QUERY, ANNA).run, "run_id": "0123456789ab"})
    assert runs.asked(query).told == ()
    assert runs.begun(query, ANNA).run["run_id"] == "0123456789ab"


def test_a_run_that_is_nobodys_is_his_who_comes(store):
    begun = runs.begun(QUERY, None)
    play(store, begun, None)
    assert runs.begun(begun.named, BERT).run["run_id"] == begun.run["run_id"]


def test_a_record_of_anothers_run_is_refused(store):
    begun = runs.begun(QUERY, ANNA)
    play(store, begun, ANNA)
    told = []
    session = Session(store, runs.begun(QUERY, BERT).run, told.append, owner=BERT)
    session.receive({"type": "ready"})
    session.receive(record(dict(uid=f"{begun.run['run_id']}-1-0", index=1, attempt=0), begun))
    ack = next(message for message in told if message["type"] == "ack")
    assert "another browser's" in ack["refused"]
    assert not ack["keep"]
    assert len(store.trials()) == 1


def test_a_record_whose_run_is_not_there_brings_it(store):
    """Such as after a crash of the browser, or of the database, before anything was stored."""
    lost = runs.begun(QUERY, ANNA)
    told = []
    session = Session(
        store, runs.begun("task=GoNogo-v0&view=play", ANNA).run, told.append, owner=ANNA,
        adopt=lambda run_id, query: runs.adopted(run_id, query, ANNA),
    )  # fmt: skip
    session.receive(record(dict(uid=f"{lost.run['run_id']}-1-0", index=1, attempt=0), lost))
    (ack,) = told
    assert "refused" not in ack
    (run,) = store.runs()
    assert (run["run_id"], run["subject"], run["seed"]) == (lost.run["run_id"], "anna", 5)


def test_a_known_uid_that_holds_something_else_is_never_acknowledged(store):
    begun, told = runs.begun(QUERY, ANNA), []
    session = Session(store, begun.run, told.append, owner=ANNA)
    session.receive({"type": "ready"})
    trial = next(message for message in told if message["type"] == "trial")
    for frames, fits in ((3, True), (3, True), (4, False), (3, True)):
        told.clear()
        session.receive(record(trial, begun, frames=frames))
        ack = next(message for message in told if message["type"] == "ack")
        assert ("refused" not in ack) == fits
    assert "stored with another answer" in str(ack) or len(store.trials()) == 1


def test_a_player_that_is_back_gets_what_it_does_not_have(store):
    begun, told = runs.begun(QUERY, ANNA), []
    Session(store, begun.run, told.append, owner=ANNA).receive({"type": "ready"})
    trials = [message for message in told if message["type"] == "trial"]
    assert len(trials) == 3
    again = Session(store, begun.run, told.append, owner=ANNA)
    told.clear()
    have = [trials[1]["uid"], "nonsense", f"{begun.run['run_id']}-77-0", trials[2]["uid"]]
    again.receive({"type": "resume", "have": have})
    assert [message["type"] for message in told] == ["resumed", "trial"]
    assert told[1]["uid"] == trials[0]["uid"]
    for trial in trials:  # each is taken, those that it was told of and the one that came
        told.clear()
        again.receive(record(trial, begun))
        assert "refused" not in next(message for message in told if message["type"] == "ack")


def test_environments_are_shared_by_runs_of_a_kind():
    first, other = (runs.begun(QUERY.replace("=5", f"={k}"), ANNA).run for k in (5, 6))
    assert runs.envs(first)[0] is runs.envs(other)[1]
    foreign = {"task": "GoNogo-v0", "params": {"dt": 50.0}, "wrappers": []}
    assert runs.envs(foreign)[0] is not runs.envs(first)[0]


# -- the catalogue ---------------------------------------------------------------------------------


def test_the_list_has_each_task_once_those_of_a_lecture_first():
    told = json.loads(files.once("tasks.json").text)
    assert sorted(task["id"] for task in told) == sorted(all_envs())
    assert [task["id"] for task in told if task["lecture"]] == list(catalogue.LECTURE)
    assert [task["lecture"] for task in told] == sorted(
        (task["lecture"] for task in told), reverse=True
    )
    assert [task["id"] for task in told[-2:]] == list(catalogue.PLAIN)


def test_other_names_are_told_once(task_id):
    names = [name.lower() for name in task_class(task_id).also]
    assert len(set(names)) == len(names)
    assert all(names)


def test_a_file_is_sent_as_it_stands_or_packed():
    for name in files.ONCE:
        file = files.once(name)
        assert gzip.decompress(file.packed) == file.body == file.text.encode()
        assert "http://" not in re.sub(r"http://www.w3.org/\S+", "", file.text)


def test_a_first_visit_of_the_catalogue_is_small():
    sent = [files.once(name).packed for name in ("catalogue.js", "light.css", "tasks.json")]
    assert sum(map(len, sent)) < 60_000


def test_what_an_address_says_is_text(store):
    evil = "<img src=x onerror=alert(1)>"
    for query in (f"task={evil}", f"run={evil}", f"view=play&subject={evil}", f"{evil}=1"):
        said = address.read(address.arguments_of(query), store)
        for page in (pages.choose(said, given=True), pages.play(said, bare=False)):
            assert "<img" not in page
            assert "onerror=alert(1)>" not in page


@pytest.mark.parametrize("name", ["choose", "play"])
def test_a_page_loads_nothing_from_elsewhere(store, name):
    said = address.read({}, store)
    page = pages.choose(said, given=False) if name == "choose" else pages.play(said, bare=True)
    loaded = re.findall(r'(?:src|href|data-look|data-socket)="([^"]*)"', page)
    outside = [each for each in loaded if not each.startswith(("neurogym/", "data:,", "?", "app"))]
    assert outside == []
    assert "<script>" not in page  # the pages' policy forbids what stands in them


def test_the_hooks_are_where_bokeh_looks_for_them():
    root = Path(pages.__file__).parents[1]
    assert (root / "app_hooks.py").is_file()
    assert not (root / "server_lifecycle.py").exists()
