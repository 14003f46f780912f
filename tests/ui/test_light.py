"""Links are personal: who shares an address shares no run; a page comes back as it was."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.driver import answer, open_task, run_of, state
from tests.ui.server import Server

QUERY = "task=GoNogo&trials=3&view=play&subject=anna"


@pytest.fixture
def strangers(browser):
    """A second browser, with a storage of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(120_000)
    yield context
    context.close()


@pytest.fixture
def own(tmp_path):
    """A server that may be killed."""
    server = Server(tmp_path)
    yield server
    server.kill()


def play(page):
    """Answer all trials of a page that is ready."""
    client = page.context.new_cdp_session(page)
    page.keyboard.press("Space")
    while answer(page, client, "Space"):
        pass
    page.get_by_text("All answers are saved.").wait_for()


def test_two_browsers_at_one_address_play_two_runs(page, strangers, server):
    page.goto(f"{server.url}?{QUERY}")
    state(page, "ready")
    play(page)
    page.wait_for_url(re.compile("run="))
    shared, mine = page.url, run_of(page)
    other = strangers.new_page()
    other.goto(shared)
    state(other, "ready")  # not "done": these are no trials of hers
    play(other)
    theirs = run_of(other)
    assert theirs != mine
    subjects = [[row["subject"] for row in server.rows(run_id=run)] for run in (mine, theirs)]
    assert subjects == [["anna"] * 3, ["guest"] * 3]
    page.reload()
    state(page, "done")
    assert run_of(page) == mine


def test_opening_writes_nothing_and_a_reload_keeps_the_run(page, server):
    page.goto(f"{server.url}?{QUERY}")
    state(page, "ready")
    run = run_of(page)
    page.reload()
    state(page, "ready")
    assert run_of(page) == run
    assert "run=" not in page.url
    page.keyboard.press("Space")
    state(page, "running")
    page.reload()
    state(page, "ready")
    assert run_of(page) == run
    page.wait_for_url(re.compile(f"run={run}"))  # the trial that was interrupted is stored
    play(page)
    rows = server.rows(run_id=run)
    assert [row["flags"].get("interrupted") for row in rows] == ["reload", None, None, None]


def test_a_server_that_comes_back_finds_the_page_as_it_was(page, own):
    open_task(page, own, "GoNogo", 4)
    run, client = run_of(page), page.context.new_cdp_session(page)
    page.evaluate("window.marker = true")
    assert answer(page, client, "Space")
    own.kill()
    for _ in range(3):  # these travelled ahead
        assert answer(page, client, "Space")
    own.start()
    while answer(page, client, "Space"):
        pass
    page.get_by_text("All answers are saved.").wait_for()
    assert page.evaluate("window.marker")
    rows = own.rows(run_id=run)
    assert sorted(row["trial_index"] for row in rows) == [0, 1, 2, 3]
    page.problems[:] = [told for told in page.problems if "ERR_CONNECTION_REFUSED" not in told]


def test_those_who_take_part_see_a_stage_and_nothing_else(page, server):
    page.goto(f"{server.url.removesuffix('app')}play?task=GoNogo&trials=1&PROLIFIC_PID=x")
    state(page, "ready")
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    play(page)
    expect(page.get_by_role("button", name="Compare")).to_have_count(0)
    page.goto(f"{server.url.removesuffix('app')}play?task=NoSuch")
    expect(page.get_by_role("alert")).to_contain_text("leads to nothing that can be played")
    expect(page.locator("#stage")).to_have_count(0)


def test_a_tag_shows_its_tasks_and_the_theme_stays(page, server):
    page.goto(server.url)
    page.wait_for_function("document.documentElement.dataset.ready")
    page.get_by_role("button", name="timing", exact=True).first.click()
    expect(page.locator("[role=status]")).to_contain_text("of 80 tasks")
    expect(page.get_by_role("heading", name="Perceptual Decision Making")).to_have_count(0)
    page.get_by_role("button", name="timing: show all tags").click()
    page.get_by_role("heading", name="A first lecture").wait_for()
    page.get_by_role("button", name="Toggle theme").click()
    page.wait_for_url(re.compile("theme=dark"))
    page.get_by_role("link", name="Play Go / No-go").click()
    state(page, "ready")
    assert "theme=dark" in page.url
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
