"""What the real page draws: the rows that the server sent, step by step."""

import json

from tests.ui.driver import open_task, picture, state


def test_the_agents_view_follows_the_rows(page, server):
    open_task(page, server, "GoNogo", 1, params=json.dumps({"timing": {"fixation": 3000}}))
    page.get_by_role("button", name="Agent's view").click()
    shown = [picture(page, period) for period in ("fixation", "stimulus", "delay", "decision")]
    assert len(set(shown)) >= 3
    assert shown[0] != shown[1] != shown[3]
    state(page, "feedback", "done")
