"""A run in one file: played from the disk, offline, taken away, and scored again in Python."""

import csv
import io
import json

import pytest
from playwright.sync_api import expect

from app.alone import page as page_of
from app.alone import rows_of
from neurogym import cli
from neurogym.records import files, flat, trial_table
from neurogym.records.database import Store
from neurogym.trials.catalogue import configure, task_class
from tests.ui.driver import answer, keys_shown, state, visit

N = 3


def written(tmp_path, id, **changes):
    """The page of a run, as a file."""
    params = configure(task_class(id), "human", **changes).settings()
    path = tmp_path / "run.html"
    path.write_text(page_of(id, params, trials=N, seed=4), encoding="utf-8")
    return path


def open_offline(page, path):
    """Open a file where there is no network, and begin."""
    page.context.set_offline(True)
    page.goto(path.as_uri())
    state(page, "ready")
    page.keyboard.press("Space")
    return page.context.new_cdp_session(page)


def saved(page, name):
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value.path().read_text("utf-8")


@pytest.fixture
def leaves(page):
    """What the page asked for beside itself."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


@pytest.mark.parametrize("id", ["GoNogo-v0", "DawTwoStep-v0", "ReachingDelayResponse-v0"])
def test_a_run_is_played_from_a_file(page, leaves, tmp_path, id, capsys):
    path = written(tmp_path, id)
    client = open_offline(page, path)
    while answer(page, client, keys_shown(page)[-1], 120):
        pass
    page.get_by_text("All answers are saved.").wait_for()
    (own, *others) = {url for url in leaves if not url.startswith(("blob:", "data:"))}
    assert own == path.as_uri()
    assert others == []
    given = tmp_path / "given.json"
    given.write_text(saved(page, "Save as JSON"), encoding="utf-8")
    _, rows = rows_of(given.read_text("utf-8"))
    assert [row["trial_index"] for row in trial_table.finished(rows)] == [*range(N)]
    for row in rows:
        assert "mismatch" not in row["flags"]
        trace = trial_table.replay(row)
        assert trial_table.outcome_of(trace)["reward"] == pytest.approx(row["reward"])
    table = list(csv.DictReader(io.StringIO(saved(page, "Save as CSV"))))
    own = flat.names(row["conditions"] for row in rows)
    assert own
    assert list(table[0]) == [*trial_table.COLUMNS, *own]
    for told, row in zip(table, rows, strict=True):
        for name in ("uid", "task", "outcome"):
            assert told[name] == row[name]
        for name in ("conditions", "params", "actions", "periods", "screen"):
            assert json.loads(told[name]) == row[name]
        assert row["screen"]["ratio"] > 0
        for name in own:
            assert json.loads(told[name]) == row["conditions"][name]
        for name in (
            "reward",
            "rt_ms",
            "start_ms",
            "iti_ms",
            "onset_ms",
            "response",
            "trial_index",
        ):
            assert (float(told[name]) if told[name] else None) == pytest.approx(row[name])

    database = tmp_path / "trials.db"
    for new in (N, 0):
        assert cli.main(["import", str(given), "--db", str(database), "--subject", "lea"]) == 0
        assert f"{new} of {N} trials are new" in capsys.readouterr().err
    with Store(database, create=False) as store:
        stored = store.trials()
    assert [row["uid"] for row in stored] == [row["uid"] for row in rows]
    assert {row["subject"] for row in stored} == {"lea"}


@pytest.mark.parametrize("subject", ["=1+1", "'-1", "'plain"])
def test_text_in_the_page_s_csv_is_none_that_a_spreadsheet_runs(page, tmp_path, subject):
    path = tmp_path / "run.html"
    params = dict(timing={"fixation": 20, "stimulus": 20, "delay": 20, "decision": 60}, dt=20)
    path.write_text(page_of("GoNogo-v0", params, trials=1, seed=3, subject=subject), "utf-8")
    open_offline(page, path)
    page.get_by_text("All answers are saved.").wait_for()
    text = saved(page, "Save as CSV")
    (told,) = csv.DictReader(io.StringIO(text))
    assert told["subject"] == (subject if subject == "'plain" else f"'{subject}")
    assert float(told["reward"]) == -0.5  # a number stays one
    (tmp_path / "run.csv").write_text(text, "utf-8")
    (row,) = files.read(tmp_path / "run.csv")
    assert (row["subject"], row["reward"]) == (subject, -0.5)
    assert row["conditions"]["ground_truth"] == 1


def test_a_reload_goes_on_and_the_interrupted_trial_comes_last(page, tmp_path):
    client = open_offline(page, written(tmp_path, "GoNogo-v0"))
    assert answer(page, client, "Space", 120)
    state(page, "feedback")
    state(page, "running")
    page.reload()
    state(page, "ready")
    assert page.evaluate("Number(window.__player.dataset.nDone)") == 1
    page.keyboard.press("Space")
    while answer(page, client, "Space", 120):
        pass
    _, rows = rows_of(saved(page, "Save as JSON"))
    assert [row["trial_index"] for row in trial_table.finished(rows)] == [0, 2, 1]
    assert [row["flags"].get("interrupted") for row in rows] == [None, "reload", None, None]
    page.get_by_role("button", name="Play again").click()
    state(page, "ready")
    assert page.evaluate("Number(window.__player.dataset.nDone)") == 0


JATOS = """globalThis.jatos = {
  sent: [], ended: 0, onLoad: (act) => setTimeout(act, 50),
  appendResultData: (text) => globalThis.jatos.sent.push(text),
  startNextComponent: () => globalThis.jatos.ended++,
};"""


def test_jatos_gets_each_trial_and_the_end(page, tmp_path):
    html = written(tmp_path, "GoNogo-v0").read_text("utf-8")
    bodies = {"start": ("text/html; charset=utf-8", html), "jatos.js": ("text/javascript", JATOS)}

    def serve(route):
        kind, body = bodies[route.request.url.rpartition("/")[2]]
        route.fulfill(body=body, content_type=kind)

    page.context.route("http://localhost:1/**", serve)
    page.goto("http://localhost:1/publix/abc/start")
    state(page, "ready")
    page.keyboard.press("Space")
    client = page.context.new_cdp_session(page)
    while answer(page, client, "Space", 120):
        pass
    page.wait_for_function("jatos.ended === 1")
    run, rows = rows_of("".join(page.evaluate("jatos.sent")))
    assert run["n_trials"] == len(rows) == N


GOOD = dict(format="neurogym-run", version=1, records=[],
            run=dict(run_id="r", task="GoNogo-v0", params={}, wrappers=[], seed=1, n_trials=2,
                     subject="lea", settings={}, created_utc="2026-01-01T00:00:00Z"))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no run that a page gave out"), ("[]", "expected format"), ("{", "no run"),
        (json.dumps({**GOOD, "version": 2}), "reads version 1"),
        (json.dumps({**GOOD, "records": None}), "missing"),
        (json.dumps({**GOOD, "run": {**GOOD["run"], "seed": "1"}}), "seed = '1': expected int"),
        (json.dumps({**GOOD, "run": {**GOOD["run"], "task": "No-v0"}}), "unknown task"),
        (json.dumps({**GOOD, "records": [{"uid": "r-0-0"}]}), "has no 'index'"),
        (json.dumps({**GOOD, "records": [3]}), "a record without a uid"),
    ],
)  # fmt: skip
def test_what_is_no_run_is_refused_in_a_sentence(tmp_path, capsys, text, says):
    path = tmp_path / "given.json"
    path.write_text(text, encoding="utf-8")
    assert cli.main(["import", str(path), "--db", str(tmp_path / "x.db")]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1


def test_what_cannot_travel_says_why(tmp_path, capsys):
    assert cli.main(["page", "MatchingPenny", "--out", str(tmp_path / "x.html")]) == 2
    assert "its trials depend on those before them" in capsys.readouterr().err
    assert cli.main(["page", "GoNogo", "--out", str(tmp_path / "x.txt")]) == 2
    assert "ends in .html" in capsys.readouterr().err


def test_the_studio_gives_the_page(page, server, tmp_path):
    visit(page, f"{server.url}?task=GoNogo&view=configure&trials={N}&seed=4&iti_ms=20")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as one page").click()
    assert download.value.suggested_filename == "GoNogo-v0.html"
    html = download.value.path().read_text("utf-8")
    assert f'"n_trials":{N}' in html
    assert '"iti_ms":20' in html
    visit(page, f"{server.url}?task=MatchingPenny&view=configure")
    page.get_by_role("button", name="Download as TOML").wait_for()
    expect(page.get_by_role("button", name="Download as one page")).to_have_count(0)


def test_words_of_a_task_are_text(tmp_path):
    html = page_of("GoNogo-v0", {}, trials=1, subject="</script><b>lea")
    assert "<b>lea" not in html
