"""What cannot be trusted, in the real app: text with tags in it, and a database that is locked."""

import json
import sqlite3
from urllib.parse import quote, urlencode

import pytest

import neurogym as ngym
from neurogym.records import trial_table
from neurogym.records.database import Store, run_of
from neurogym.registry import load, unregister
from neurogym.subjects.agents import AGENTS
from neurogym.wrappers import WRAPPERS
from tests.app.marked import TAG, TASKS
from tests.ui.driver import run_of as run_at
from tests.ui.driver import state, visit
from tests.ui.server import Server

FOUND = """() => {
  const found = (root) => root.querySelector("#tag") ? true
    : [...root.querySelectorAll("*")].some((el) => el.shadowRoot && found(el.shadowRoot));
  return found(document);
}"""
PLAYED = "() => { const d = window.__player.dataset; return d.state === 'done'; }"
RUN = "0123456789ab"


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A server whose tasks, runs and rows have a tag wherever there is text."""
    folder = tmp_path_factory.mktemp("marked")
    (folder / "marked.py").write_text(TASKS)
    agents, wrappers = dict(AGENTS), dict(WRAPPERS)
    load(str(folder / "marked.py"))
    rows = ngym.rollout("Marked-v0", TAG, trials=4, preset="human", stack=[{"Tagged": {}}])
    person = [
        row | {"run_id": RUN, "uid": f"{RUN}-{i}-0", "subject_kind": "human", "subject": TAG}
        for i, row in enumerate(rows)
    ]
    strange = [person[0] | {"run_id": TAG, "uid": f"{TAG}-0-0", "task": TAG}]
    with Store(folder / "trials.db") as store:
        for some in (rows, person, strange):
            store.add_run(run_of(some))
            store.add_trials(some)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROGYM_TASKS", str(folder / "marked.py"))
        server = Server(folder)
    server.warm()
    yield server
    server.kill()
    unregister("Marked-v0")
    for known, before in ((AGENTS, agents), (WRAPPERS, wrappers)):
        for name in [name for name in known if name not in before]:
            del known[name]


STACK = json.dumps([{"Tagged": {}}])
BAD = dict(params=json.dumps({"word": 5, TAG: 1, "timing": {TAG: TAG}}), subject=TAG, theme=TAG)
READY = {
    "configure": "text=Take it along",
    "compare": ".bk-Figure",
    "data": ".tabulator-row",
    "choose": "[data-task=Marked-v0]",
    "play": ".neurogym[data-state=ready], .neurogym[data-state=done]",
}


@pytest.mark.parametrize("view", READY)
@pytest.mark.parametrize(
    "more", [dict(wrappers=STACK), BAD, dict(run=RUN)], ids=["own", "bad", "run"]
)
def test_no_text_becomes_an_element(page, marked, view, more):
    query = dict(task="Marked-v0", view=view, **more)
    visit(page, f"{marked.url}?{urlencode(query, quote_via=quote)}")
    page.wait_for_selector(READY[view])
    page.wait_for_function("() => document.readyState === 'complete'")
    if view == "choose":
        page.locator("[data-task=Marked-v0]").get_by_role("button", name="Datasheet").click()
        page.wait_for_selector(".sheet table")
        page.wait_for_selector(".sheet svg")
    if view == "data":
        page.locator(".tabulator-row").first.click()
        page.wait_for_selector("text=Delete")
    if view == "compare":
        page.locator(".bk-Figure canvas, .bk-Figure").first.hover()
    assert page.evaluate(FOUND) is False


def test_a_locked_database_keeps_the_answers_in_the_browser(page, server):
    visit(page, f"{server.url}?task=GoNogo-v0&trials=3&view=play&feedback_ms=0&iti_ms=0")
    state(page, "ready")
    with Store(server.database):
        pass
    lock = sqlite3.connect(server.database, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    page.keyboard.press("Space")
    page.get_by_text("Your answer is kept in this browser").first.wait_for()
    assert "sql" not in page.locator("body").inner_text().lower()
    run = run_at(page)
    assert lock.execute("SELECT count(*) FROM trials WHERE run_id = ?", [run]).fetchone() == (0,)
    lock.execute("ROLLBACK")
    lock.close()
    page.wait_for_function(PLAYED)
    page.wait_for_function("() => window.__player.dataset.outbox === '0'")
    assert page.get_by_text("Your answer is kept in this browser").count() == 0
    rows = server.rows(run_id=run)
    assert sorted(row["trial_index"] for row in trial_table.finished(rows)) == [0, 1, 2]
