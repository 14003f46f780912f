import html
import io
import json
import sqlite3
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from neurogym.records import database, files, trial_table
from neurogym.records.database import Store, database_url, default_path, run_of
from neurogym.subjects.rollout import rollout

RUN = {"run_id": "r", "task": "GoNogo-v0", "subject_kind": "human", "subject": "otter"}
FULL = trial_table.empty_row(
    uid="r-0-0",
    run_id="r",
    task="GoNogo-v0",
    params={"dt": 20.0, "timing": {"stimulus": ["uniform", [100.0, 200.5]]}},
    wrappers=[["Noise", {"std": 0.1}]],
    seed=2**63 - 1,
    trial_index=3,
    subject_kind="human",
    subject='Łucja, "ñ"\nsecond line\rthird →',
    conditions={"ground_truth": 1, "coh": 6.4, "name": "Ω", "none": None, "empty": ""},
    forced={"coh": 6.4},
    actions=[[10, 1], [11, 2]],
    response=1,
    outcome="correct",
    correct=True,
    performance=1.0,
    reward=0.1 + 0.2,
    rt_ms=312.4999999999,
    onset_ms=123456.789,
    key_ms=5e-324,
    origin_ms=1.7e12,
    frames=90,
    late_frames=0,
    refresh_hz=59.94,
    periods=[["fixation", 123000.5, 500.125], ["décision", 123456.789, None]],
    flags={"blur": [1.5, {"x": True}]},
    created_utc="2024-05-06T07:08:09.123Z",
)
EMPTY = trial_table.empty_row(uid="r-1-0", run_id="r", task="GoNogo-v0")
WRONG = {**FULL, "uid": "r-2-0", "correct": False, "response": None, "rt_ms": None}
ROWS = [FULL, EMPTY, WRONG]


def trial(index, run_id="r", **values):
    given = {"uid": f"{run_id}-{index}-0", "run_id": run_id, "task": "T", "trial_index": index}
    return trial_table.empty_row(**{**given, **values})


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "new" / "folder" / "a.db") as store:
        store.add_run(RUN)
        yield store


def pragma(store, name):
    with store._engine.connect() as connection:
        return connection.scalar(sa.text(f"PRAGMA {name}"))


# -- rows ------------------------------------------------------------------------------------------


def test_every_column_has_a_kind():
    assert list(files.KINDS) == list(trial_table.COLUMNS)


def test_rows_of_all_kinds_come_back_as_they_went_in(store):
    assert store.add_trials(ROWS) == 3
    assert store.trials() == ROWS
    kinds = [[type(value) for value in row.values()] for row in store.trials()]
    assert kinds == [[type(value) for value in row.values()] for row in ROWS]


@pytest.mark.parametrize("agent", ["random", "oracle"])
def test_a_rollout_comes_back_and_its_trials_replay(store, agent):
    rows = rollout("PerceptualDecisionMaking", agent, 5, seed=3, cohs=[10, 20], dt=50)
    store.add_run(run_of(rows))
    store.add_trials(rows)
    stored = store.trials(run_id=rows[0]["run_id"])
    assert stored == rows
    assert trial_table.outcome_of(trial_table.replay(stored[2])) == trial_table.outcome_of(
        trial_table.replay(rows[2])
    )


def test_what_json_lacks_is_stored_as_none_and_numpy_as_python(store):
    store.add_trial(
        trial(
            0,
            reward=np.float32(0.5),
            rt_ms=float("nan"),
            onset_ms=float("inf"),
            correct=np.True_,
            response=np.int64(2),
            frames=60.0,
            actions=[(np.int64(3), 1)],
            conditions={"x": np.nan, "y": np.array([1.0, -np.inf]), 3: (1, 2)},
        )
    )
    row = store.trials()[0]
    assert row["conditions"] == {"x": None, "y": [1.0, None], "3": [1, 2]}
    assert row["actions"] == [[3, 1]]
    assert (row["reward"], row["rt_ms"], row["onset_ms"]) == (0.5, None, None)
    assert (row["correct"], row["response"], row["frames"]) == (True, 2, 60)
    assert "nan" not in json.dumps(row).lower()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": 2**63}, "too large"),
        ({"seed": -1}, "expected 0 to"),
        ({"rt_ms": "300"}, "rt_ms = '300': expected number"),
        ({"rt_ms": True}, "expected number"),
        ({"response": 1.5}, "expected integer"),
        ({"correct": 1}, "expected boolean"),
        ({"subject": 7}, "expected text"),
        ({"flags": "blur"}, "expected JSON"),
        ({"uid": None}, "without uid"),
        ({"uid": ""}, "without uid"),
        ({"rt_mss": 300}, "unknown column 'rt_mss'.*did you mean 'rt_ms'"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_of_its_batch_is_written(store, values, message):
    wrong = {**trial(1), **values}
    with pytest.raises(ValueError, match=message):
        store.add_trials([trial(0), wrong])
    assert store.trials() == []


def test_a_trial_without_its_run_is_refused(store):
    with pytest.raises(ValueError, match="no run 'other': add_run comes before its trials"):
        store.add_trials([trial(0), trial(0, "other")])
    assert store.trials() == []


def test_a_trial_is_written_once_whatever_is_sent_again(store):
    assert store.add_trial(trial(0, rt_ms=1.0)) is True
    assert store.add_trial(trial(0, rt_ms=2.0)) is False
    assert store.add_trials([trial(0), trial(1), trial(1)]) == 1
    assert store.add_trials([]) == 0
    assert [row["rt_ms"] for row in store.trials()] == [1.0, None]


def test_trials_come_in_the_order_of_writing_and_can_be_chosen(store):
    store.add_run({**RUN, "run_id": "s"})
    human = dict(subject_kind="human", subject="otter")
    store.add_trials([trial(5), trial(2, "s", **human), trial(0), trial(9, "s", task="U")])
    assert [row["trial_index"] for row in store.trials()] == [5, 2, 0, 9]
    assert [row["trial_index"] for row in store.trials(run_id="s")] == [2, 9]
    assert [row["trial_index"] for row in store.trials(task="T", limit=2)] == [5, 2]
    assert [row["trial_index"] for row in store.trials(**human)] == [2]
    assert store.trials(subject="nobody") == []


def test_more_rows_than_a_statement_takes(store):
    rows = [trial(i) for i in range(3000)]
    assert store.add_trials(rows) == 3000
    assert store.trials() == rows


# -- runs ------------------------------------------------------------------------------------------


def test_a_run_comes_back(store):
    run = {
        **RUN,
        "run_id": "full",
        "params": {"dt": 20},
        "wrappers": [["Noise", {}]],
        "seed": 2**63 - 1,
        "n_trials": 40,
        "settings": {"view": "agent", "pair": (1, 2)},
        "created_utc": "2024-01-01T00:00:00.000Z",
    }
    store.add_run(run)
    assert store.run("full") == {**run, "settings": {"view": "agent", "pair": [1, 2]}}
    assert store.run("nobody's") is None
    assert store.run("r")["params"] == {}
    assert store.run("r")["created_utc"].endswith("Z")


def test_the_same_run_again_changes_nothing_and_another_one_is_refused(store):
    before = store.run("r")
    store.add_run({**RUN, "created_utc": "2030-01-01T00:00:00.000Z"})
    assert store.run("r") == before
    with pytest.raises(ValueError, match=r"run 'r' is there already with other params, seed"):
        store.add_run({**RUN, "seed": 3, "params": {"dt": 5}})
    assert store.run("r") == before


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": 2**63}, "too large"),
        ({"trials": 3}, "unknown column of runs 'trials'"),
        ({"task": None}, "without task"),
        ({"n_trials": "many"}, "expected integer"),
    ],
)
def test_a_wrong_run_is_refused(store, values, message):
    with pytest.raises(ValueError, match=message):
        store.add_run({**RUN, "run_id": "wrong", **values})
    assert store.run("wrong") is None


def test_the_run_of_rows():
    rows = rollout("GoNogo", "random", 3, seed=5, dt=50)
    run = run_of(rows, settings={"preset": "agent"})
    assert (run["n_trials"], run["seed"], run["params"]) == (3, 5, {"dt": 50})
    assert set(run) == set(database.RUN_COLUMNS)
    with pytest.raises(ValueError, match="rows of one run"):
        run_of([*rows, *rollout("GoNogo", "random", 1)])


def test_aggregates_of_a_hand_made_case(store):
    store.add_run({**RUN, "run_id": "even", "task": "U", "created_utc": "2020-01-01T00:00:00.000Z"})
    store.add_run({**RUN, "run_id": "none", "task": "U", "created_utc": "2021-01-01T00:00:00.000Z"})
    answers = [(True, 500.0), (False, 300.0), (True, None), (True, 310.0)]
    times = (f"2024-01-01T00:00:0{i}.000Z" for i in range(9))
    for i, (correct, rt) in enumerate(answers):
        pace = (1.0, None, 1.5, 1.25)[i]
        store.add_trial(
            trial(i, correct=correct, rt_ms=rt, pace=pace, reward=i, created_utc=next(times))
        )
    store.add_trial(
        trial(
            4,
            rt_ms=9.0,
            pace=9.0,
            correct=True,
            flags={"interrupted": "blur"},
            created_utc=next(times),
        )
    )
    store.add_trials([trial(i, "even", rt_ms=rt) for i, rt in enumerate([4.0, 1.0, 3.0, 100.0])])

    assert store.summary("r") == {
        "n_done": 4, "accuracy": 0.75, "median_rt": 310.0, "pace": 1.25, "reward": 6.0,
    }  # fmt: skip
    assert store.summary("even") == {
        "n_done": 4, "accuracy": None, "median_rt": 3.5, "pace": None, "reward": None,
    }  # fmt: skip
    assert store.summary("none") == {
        "n_done": 0, "accuracy": None, "median_rt": None, "pace": None, "reward": None,
    }  # fmt: skip
    listed = store.runs()
    assert [run["run_id"] for run in listed] == ["r", "none", "even"]  # by their date
    keys = ("n_done", "accuracy", "median_rt_ms", "pace", "last_utc")
    assert [tuple(run[key] for key in keys) for run in listed] == [
        (4, 0.75, 310.0, 1.25, "2024-01-01T00:00:03.000Z"),
        (0, None, None, None, None),
        (4, None, 3.5, None, None),
    ]
    assert set(listed[0]) == {*database.RUN_COLUMNS, *keys}


@pytest.mark.parametrize("n", [1, 2, 3, 10, 11])
def test_medians_are_those_of_the_statistics_module(store, n):
    times = np.random.default_rng(n).uniform(100, 900, n).tolist()
    store.add_trials([trial(i, rt_ms=rt) for i, rt in enumerate(times)])
    assert store.summary("r")["median_rt"] == pytest.approx(statistics.median(times), rel=1e-14)


def test_a_run_of_interrupted_trials_alone_has_nothing_done(store):
    store.add_trial(trial(0, flags={"interrupted": True}))
    assert store.summary("r")["n_done"] == 0
    assert store.runs()[0]["n_done"] == 0
    assert len(store.trials()) == 1


def test_runs_are_filtered(store):
    store.add_run({**RUN, "run_id": "s", "subject": "heron", "n_trials": 5})
    assert [run["run_id"] for run in store.runs(subject="heron")] == ["s"]
    assert [run["run_id"] for run in store.runs(n_trials=None)] == ["r"]
    assert [run["run_id"] for run in store.runs(limit=1)] == ["s"]
    assert store.runs(task="GoNogo-v0", subject="nobody") == []
    for wrong in ("taks", "params"):
        with pytest.raises(ValueError, match=f"unknown filter '{wrong}'"):
            store.runs(**{wrong: "x"})


def test_a_deleted_run_can_be_added_again(store):
    run = store.run("r")
    store.delete_run("r")
    store.add_run(run)
    assert store.was_deleted("r") is False
    assert store.delete_run("r") is True
    assert store.was_deleted("r") is True


def test_a_database_from_before_remembers_what_is_deleted_from_now_on(tmp_path):
    path = tmp_path / "old.db"
    with Store(path) as store:
        store.add_run(RUN)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE deleted_runs")
    connection.close()
    with Store(path) as store:
        assert store.delete_run("r")
        assert store.was_deleted("r")


def test_a_deleted_run_takes_its_trials_along(store):
    store.add_run({**RUN, "run_id": "s"})
    store.add_trials([trial(0), trial(0, "s"), trial(1)])
    assert store.was_deleted("r") is False
    assert store.delete_run("r") is True
    assert store.delete_run("r") is False
    assert [store.was_deleted(run) for run in ("r", "s", "never")] == [True, False, False]
    assert [row["run_id"] for row in store.trials()] == ["s"]
    assert [run["run_id"] for run in store.runs()] == ["s"]


# -- databases -------------------------------------------------------------------------------------


def test_sqlite_is_set_up_for_many_writers(store):
    found = {
        name: pragma(store, name)
        for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
    }
    assert found == {
        "journal_mode": "wal",
        "busy_timeout": 10_000,
        "synchronous": 1,
        "foreign_keys": 1,
    }


def test_what_was_written_is_on_disk_at_once_and_survives_reopening(store):
    path = store.url.database
    store.add_trials(ROWS)
    with Store(f"sqlite:///{path}") as other:
        assert other.trials() == ROWS
    store.close()
    with Store(path) as again:
        assert again.trials() == ROWS
        assert again.add_trial(FULL) is False
    assert store.trials() == ROWS  # a closed store opens again


def test_eight_threads_write_each_trial_once(store):
    rows = [trial(i) for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: [store.add_trial(row) for row in rows], range(8)))
    assert np.sum(new, axis=0).tolist() == [1] * 40
    assert sorted(row["trial_index"] for row in store.trials()) == list(range(40))


WRITER = """
import sys
from neurogym.records.trial_table import empty_row
from neurogym.records.database import Store
print("ready", flush=True)
sys.stdin.readline()
with Store(sys.argv[1]) as store:
    store.add_run(dict(run_id="r", task="T"))
    rows = (empty_row(uid=f"r-{i}-0", run_id="r", task="T", trial_index=i) for i in range(60))
    print(sum(store.add_trial(row) for row in rows))
"""


def test_two_processes_make_one_database_and_write_each_trial_once(tmp_path):
    path = tmp_path / "shared.db"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    new = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert sum(new) == 60
    with Store(path) as store:
        assert sorted(row["trial_index"] for row in store.trials()) == list(range(60))
        assert len(store.runs()) == 1


def test_where_the_database_lies(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGYM_DB", str(tmp_path / "env" / "e.db"))
    with Store() as store:
        assert Path(store.url.database) == tmp_path / "env" / "e.db"
    with Store(tmp_path / "given.db") as store:
        assert Path(store.url.database) == tmp_path / "given.db"
    monkeypatch.delenv("NEUROGYM_DB")
    checkout = Path(database.__file__).parents[2]
    assert Path(database_url().database) == checkout / "data" / "neurogym.db"
    monkeypatch.chdir(tmp_path)
    assert Path(database_url("here.db").database) == tmp_path / "here.db"
    installed = tmp_path / "site" / "neurogym" / "records" / "s.py"
    monkeypatch.setattr(database, "__file__", str(installed))
    assert default_path() == tmp_path / "data" / "neurogym.db"


def test_a_postgresql_url_is_kept_and_its_password_not_shown():
    url = database_url("postgresql+psycopg://user:secret@host/name")
    assert url.get_backend_name() == "postgresql"
    assert "secret" not in repr(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://user@host/name", "unknown database 'mysql'"),
        ("postgres://user@host/name", "did you mean 'postgresql'"),
        (sa.make_url("mysql://user@host/name"), "unknown database 'mysql'"),
        ("://", "cannot be read"),
        (":memory://", "cannot be read"),
    ],
)
def test_a_database_that_will_not_do(url, message):
    with pytest.raises(ValueError, match=message):
        Store(url)


def test_a_missing_file_is_made_only_if_wanted(tmp_path):
    with pytest.raises(FileNotFoundError, match="no database"):
        Store(tmp_path / "none.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "version",
    range(1, database.VERSION),
)
def test_tables_of_earlier_versions_are_brought_up_to_date(tmp_path, version):
    lacking = [name for at, names in database.ADDED.items() if at > version for name in names]
    file = tmp_path / "old.db"
    rows = rollout("GoNogo", "oracle", trials=3)
    with Store(file) as store:
        store.add_run(run_of(rows))
        store.add_trials(rows)
        with store._engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE meta SET version = {version}"))
            for name in lacking:
                connection.execute(sa.text(f"ALTER TABLE trials DROP COLUMN {name}"))
    with Store(file) as store:
        assert store.trials() == [files.plain_row(row) for row in rows]
        more = [{**row, "uid": row["uid"] + "-again"} for row in rows]
        assert store.add_trials(more) == 3


def test_a_later_version_and_strange_tables_are_refused(store, tmp_path):
    with store._engine.begin() as connection:
        connection.execute(sa.text("UPDATE meta SET version = 99"))
    with pytest.raises(ValueError, match="version 99 of the tables: this neurogym expects 6"):
        Store(store.url.database)
    strange = sqlite3.connect(tmp_path / "strange.db")
    strange.execute("CREATE TABLE trials (x)")
    strange.close()
    with pytest.raises(ValueError, match="tables of another kind"):
        Store(tmp_path / "strange.db")


def test_the_library_does_without_sqlalchemy():
    code = (
        "import sys; import neurogym; assert 'sqlalchemy' not in sys.modules;"
        " sys.modules['sqlalchemy'] = None; import neurogym.records.database"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == "ImportError: databases need SQLAlchemy: pip install 'neurogym[app]'"


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "json"])
def test_rows_come_back_from_files(tmp_path, form):
    write = getattr(files, f"write_{form}")
    path = tmp_path / f"rows.{form}"
    for rows in (ROWS, [], rollout("ReadySetGo", "random", 3)):
        write(rows, path)
        assert files.read(path) == rows
        text = io.StringIO(newline="")
        write(rows, text)
        assert text.getvalue().encode() == path.read_bytes()


def test_csv_of_a_long_trial_saved_by_a_spreadsheet(tmp_path):
    row = {**EMPTY, "actions": [[step, 1] for step in range(30_000)]}
    files.write_csv([row], tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text("utf-8")
    (tmp_path / "a.csv").write_text(text, "utf-8-sig", newline="")
    assert files.read(tmp_path / "a.csv") == [row]


def test_csv_is_as_documented(tmp_path):
    files.write_csv([{**EMPTY, "correct": False, "flags": {"a": [1, None]}}], tmp_path / "a.csv")
    header, line = (tmp_path / "a.csv").read_text("utf-8").splitlines()
    assert header == ",".join(trial_table.COLUMNS)
    assert line.startswith("r-1-0,r,GoNogo-v0,{},[],,")
    assert '"{""a"":[1,null]}"' in line
    assert ",false," in line


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.csv or \.json"):
        files.read(tmp_path / "rows.txt")


def test_the_doc_lists_every_column():
    doc = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    for columns in (trial_table.COLUMNS, database.RUN_COLUMNS):
        for name, meaning in columns.items():
            assert any(
                line.startswith(f"| `{name}` |")
                and line.endswith(f"| {html.escape(meaning, quote=False)} |")
                for line in doc.splitlines()
            ), name
