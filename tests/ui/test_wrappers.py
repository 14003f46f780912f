"""Wrappers as a person meets them: put on in Configure, played with known key times, compared."""

import json
from urllib.parse import quote

from neurogym.records import trial_table
from tests.ui.driver import answer, open_task, run_of, state

STACK = [{"SideBias": {"block_dur": [2, 3]}}, {"ReactionTime": {"urgency": -0.01}}]


def test_random_dots_become_a_reaction_time_task(page, server):
    open_task(page, server, "PerceptualDecisionMaking", 8, wrappers=quote(json.dumps(STACK)))
    run, client = run_of(page), page.context.new_cdp_session(page)
    planned = {}
    for i in range(8):
        assert answer(page, client, "ArrowLeft", 150.5 + 40 * i)
        planned[page.evaluate("window.__answered")] = 150.5 + 40 * i
        assert page.evaluate("window.__player.dataset.period") in ("stimulus", "fixation")
        state(page, "feedback", "done")
    state(page, "done")
    rows = server.rows(run_id=run)
    assert len(rows) == 8
    for row in rows:
        assert row["wrappers"] == STACK
        assert "mismatch" not in row["flags"]
        assert abs(row["rt_ms"] - planned[row["uid"]]) < 1
        trace = trial_table.replay(row)
        assert trace.steps[-1] < 65  # the stimulus went off with the response
        assert trial_table.outcome_of(trace)["reward"] == row["reward"]
    assert len({row["conditions"]["block"] for row in rows}) == 2
    page.get_by_role("button", name="Compare").last.click()
    page.wait_for_selector(".bk-Figure")
    page.wait_for_selector("text=8 trials, ")


def test_a_staircase_goes_on_after_a_reload(page, server):
    stack = [{"ReactionTime": {}}, {"Staircase": {"up": 2, "down": 1}}, {"PassReward": {}}]
    # long enough for a trial to be on until the page is gone
    fast = json.dumps({"timing": {"fixation": 100, "stimulus": 20_000}})
    open_task(
        page, server, "PerceptualDecisionMaking", 6, params=fast, wrappers=quote(json.dumps(stack))
    )
    run, client = run_of(page), page.context.new_cdp_session(page)
    for _ in range(3):
        assert answer(page, client, "ArrowLeft", 60.5)
        state(page, "feedback")
        state(page, "running")
    page.reload()
    state(page, "ready")
    page.keyboard.press("Space")
    while answer(page, client, "ArrowLeft", 60.5):
        pass
    rows = server.rows(run_id=run)
    done = [row for row in rows if trial_table.is_finished(row)]
    assert [row["trial_index"] for row in done] == [0, 1, 2, 4, 5, 3]
    env = trial_table.env_of(done[0])
    assert "Staircase" not in done[0]["memory"]
    for row, following in zip(done, [*done[1:], None], strict=True):
        assert "mismatch" not in row["flags"]
        assert trial_table.outcome_of(trial_table.replay(row, env))["reward"] == row["reward"]
        assert following is None or env.memory == following["memory"]
    (broken,) = [row for row in rows if not trial_table.is_finished(row)]
    assert broken["memory"] == done[3]["memory"]
    assert len({row["conditions"]["coh"] for row in done}) >= 3


def test_tasks_take_turns_each_with_its_own_keys(page, server):
    dots = {"task": "PerceptualDecisionMaking-v0", "preset": "human"}
    stack = [{"ScheduleEnvs": {"tasks": [dots], "order": "sequential"}}]
    open_task(page, server, "GoNogo", 3, wrappers=quote(json.dumps(stack)))
    run, client = run_of(page), page.context.new_cdp_session(page)
    for key, caps in (("Space", ["space"]), ("ArrowLeft", ["←", "→"]), ("Space", ["space"])):
        assert answer(page, client, key)
        assert page.locator(".hint kbd").all_inner_texts() == caps
        state(page, "feedback", "done")
    state(page, "done")
    rows = server.rows(run_id=run)
    assert [row["conditions"]["task"] for row in rows] == [0, 1, 0]
    for row in rows:
        assert "mismatch" not in row["flags"]
        assert abs(row["rt_ms"] - 200) < 1
