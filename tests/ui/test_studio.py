"""A person's path through the real page: choose, configure, play, compare, download."""

import json
import re

import pytest
from playwright.sync_api import expect

import neurogym as ngym
from neurogym.records import trial_table
from neurogym.trials.noise import is_shared
from tests.acting import graded
from tests.ui.driver import (
    answer,
    keys_shown,
    open_task,
    period_after,
    press,
    run_of,
    state,
    visit,
)
from tests.ui.server import Proxy, Server, free_port

BUSY = """
setInterval(() => { const t = performance.now(); while (performance.now() - t < 60); }, 140)
"""

TASKS = ngym.all_envs()  # before any test adds its own
TRIALS = 2  # that a person plays of each
BRIEF = 200  # ms, of periods without a response; a long one tests nothing more


def brief(task_id):
    """What shortens a person's trials: timing, and the pauses between them."""
    env = ngym.make(task_id, preset="human").unwrapped
    env.reset(seed=0)
    first, stop = env.window
    open_in = {name for name, start, end in env.periods if start < stop and end > first}
    timing = {
        period: BRIEF
        for period, length in env.task.timing.items()
        if length.kind == "constant" and length.args[0] > BRIEF and period not in open_in
    }
    return dict(params=json.dumps({"timing": timing}), feedback_ms=50, iti_ms=20)


@pytest.mark.each_played
def test_a_person_plays_a_session(page, server, task_id):
    open_task(page, server, task_id, TRIALS, **brief(task_id))
    run, client = run_of(page), page.context.new_cdp_session(page)
    env = ngym.make(task_id).unwrapped
    asked = getattr(env.task.plan.rule, "asked", ())  # more than once
    while answer(page, client, key := keys_shown(page)[-1]):
        # a second choice, and held keys, such as one that moves something
        held = [keys_shown(page)[0], key] if graded(env.action_space) else [key]
        for code in held:
            page.keyboard.down(code)
        while period := period_after(page):
            if period in asked:
                press(client, key)
        for code in held:
            page.keyboard.up(code)
    rows = server.rows(run_id=run)
    assert [row["trial_index"] for row in rows] == list(range(TRIALS))
    for row in rows:
        assert "mismatch" not in row["flags"]
        assert row["outcome"] in ("correct", "error", "withheld", "miss", "early")
        assert row["frames"] > 0
        trace = trial_table.replay(row)
        assert trial_table.outcome_of(trace)["reward"] == pytest.approx(row["reward"])
        env = trial_table.env_of(row)
        trial_table.begin(env, row["seed"], row["trial_index"], memory=row["memory"])
        assert row["shared_noise"] is is_shared(env)
    # a busy machine can let a key come early; some key came in any case
    assert any(row["rt_ms"] is not None or row["outcome"] == "early" for row in rows)
    page.locator(f"text={TRIALS} of {TRIALS} trials").wait_for()


def test_a_person_is_told_how_early_or_late_an_interval_was(page, server):
    open_task(page, server, "ReadySetGo", 1, feedback_ms=5000)
    client = page.context.new_cdp_session(page)
    answer(page, client, keys_shown(page)[-1])  # as soon as the second flash is over
    page.locator(".pill", has_text=re.compile(r"Wrong, \d+ ms early")).wait_for()
    (row,) = server.rows(run_id=run_of(page))
    assert 0 < row["rt_ms"] < row["produced_ms"]
    onsets = {name: onset for name, onset, _ in row["periods"]}
    assert row["produced_ms"] == pytest.approx(row["key_ms"] - onsets["set"])


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_response_times_are_those_of_the_keys(page, server, busy):
    open_task(
        page, server, "GoNogo", 12, params=json.dumps({"timing": {"fixation": 40, "delay": 40}})
    )
    run, client = run_of(page), page.context.new_cdp_session(page)
    if busy:
        page.evaluate(BUSY)
    planned = {}
    for i in range(12):
        wanted = 83.3 + 43.4 * i
        if not answer(page, client, "Space", wanted):
            break
        planned[page.evaluate("window.__answered")] = wanted
    state(page, "done")
    rows = server.rows(run_id=run)
    errors = [row["rt_ms"] - planned[row["uid"]] for row in rows if row["response"] is not None]
    assert len(errors) >= 10
    assert max(map(abs, errors)) < 1
    assert not any("mismatch" in row["flags"] for row in rows)


def test_a_reload_loses_and_doubles_nothing(page, server):
    # long enough for a trial to be on until the page is gone
    open_task(page, server, "GoNogo", 6, params=json.dumps({"timing": {"decision": 20_000}}))
    run, client = run_of(page), page.context.new_cdp_session(page)
    for _ in range(2):
        assert answer(page, client, "Space")
        state(page, "feedback")
        state(page, "running")
    page.reload()
    state(page, "ready")
    assert page.evaluate("Number(window.__player.dataset.nDone)") == 2
    page.keyboard.press("Space")
    while answer(page, client, "Space"):
        pass
    rows = server.rows(run_id=run)
    done = [row for row in rows if trial_table.is_finished(row)]
    assert sorted(row["trial_index"] for row in done) == list(range(6))
    broken = [row for row in rows if not trial_table.is_finished(row)]
    assert [row["flags"]["interrupted"] for row in broken] == ["reload"]


def play_on(page, client):
    """Answer until the run is over, through reloads that the player does by itself."""
    while True:
        now = state(page, "ready", "running", "done")
        if now == "ready":
            page.keyboard.press("Space")
            state(page, "running")
        elif now == "done" or not answer(page, client, "Space"):
            return


def all_once(server, run, n):
    done = [row["trial_index"] for row in server.rows(run_id=run) if trial_table.is_finished(row)]
    assert sorted(done) == list(range(n))


def test_a_cut_websocket_loses_and_doubles_nothing(page, tmp_path):
    port = free_port()
    proxy = Proxy(port)
    server = Server(tmp_path, port, proxy.port)
    try:
        open_task(page, server, "GoNogo", 8)
        run, client = run_of(page), page.context.new_cdp_session(page)
        assert answer(page, client, "Space")
        state(page, "feedback")
        proxy.cut()
        state(page, "running")
        assert answer(page, client, "Space")  # played without a server
        proxy.mend()
        play_on(page, client)
        page.wait_for_selector("text=8 of 8 trials")
        all_once(server, run, 8)
    finally:
        page.problems.clear()  # refused connections are what this test is about
        server.kill()
        proxy.close()


def test_a_killed_and_restarted_server_loses_and_doubles_nothing(page, tmp_path):
    server = Server(tmp_path)
    try:
        open_task(page, server, "GoNogo", 8)
        run, client = run_of(page), page.context.new_cdp_session(page)
        assert answer(page, client, "Space")
        state(page, "feedback")
        server.kill()
        state(page, "running")
        assert answer(page, client, "Space")
        server.start()
        play_on(page, client)
        page.wait_for_selector("text=8 of 8 trials")
        all_once(server, run, 8)
    finally:
        page.problems.clear()
        server.kill()


def test_typing_in_a_widget_never_reaches_the_task(page, server):
    open_task(page, server, "GoNogo", 2)
    run, client = run_of(page), page.context.new_cdp_session(page)
    page.evaluate(
        "() => { const box = document.createElement('input'); box.id = 'note';"
        " box.style.position = 'fixed'; document.body.append(box); box.focus(); }"
    )
    page.keyboard.type("a b c")
    assert page.input_value("#note") == "a b c"
    page.evaluate("document.querySelector('#note').remove()")
    assert page.evaluate("window.__player.dataset.state") == "running"
    while answer(page, client, "Space"):
        pass
    assert not any("early" in row["flags"] for row in server.rows(run_id=run))


def test_the_catalogue_is_searched_and_a_task_picked(page, server):
    visit(page, server.url)
    page.wait_for_selector("h3:has-text('Go / No-go')")
    assert page.locator(".picture + h3").count() == len(TASKS)
    page.get_by_label("Search tasks").press_sequentially("matching penny")
    expect(page.locator(".picture + h3")).to_have_text(["Matching Pennies"])
    page.get_by_role("link", name="Configure Matching Pennies").click()
    page.wait_for_url(re.compile("task=MatchingPenny-v0.*view=configure"))
    page.wait_for_selector("text=Barraclough")


def type_number(field, text):
    """As a person does: the widget drops a value that is pasted before it has the focus."""
    field.click()
    field.press("Control+a")
    field.press_sequentially(text)
    field.press("Tab")


def test_configuring_is_checked_and_stands_in_the_address(page, server):
    visit(page, f"{server.url}?task=PerceptualDecisionMaking&view=configure")
    sigma = page.get_by_role("textbox", name=re.compile("^sigma"))
    type_number(sigma, "-3")
    page.wait_for_selector("text=must be at least 0")
    assert "sigma" not in page.url
    type_number(sigma, "2.5")
    page.wait_for_url(re.compile("sigma"))
    page.wait_for_selector("text=must be at least 0", state="detached")
    url = page.url
    page.goto("about:blank")
    visit(page, url)
    page.wait_for_selector("text=Perceptual Decision Making")
    assert sigma.input_value() == "2.5"
    assert "sigma=2.5" in page.locator("code").first.inner_text()


def test_a_wrong_address_says_what_is_allowed(page, server):
    visit(page, f"{server.url}?task=GoNog&view=data")
    page.wait_for_selector("text=did you mean 'GoNogo-v0'?")
    visit(page, f"{server.url}?run=nosuchrun&view=data")
    page.wait_for_selector("text=there is no run 'nosuchrun'")


def test_compare_and_data_after_a_run(page, server):
    open_task(page, server, "PerceptualDecisionMaking", 4, subject="lea")
    run, client = run_of(page), page.context.new_cdp_session(page)
    while answer(page, client, "ArrowLeft"):
        pass
    page.get_by_role("button", name="Compare").last.click()
    page.wait_for_selector(".bk-Figure")
    page.wait_for_selector("text=4 trials, ")
    assert page.locator("text=lea").count()
    page.get_by_role("combobox").first.click()
    page.get_by_text("oracle", exact=True).click()
    page.wait_for_selector("text=4 trials, 100% correct")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 1 + 4 + 4
    page.get_by_role("link", name="Data").click()
    page.wait_for_selector(f"text={run}")
    page.wait_for_selector("text=PerceptualDecisionMaking-v0 · lea")
