"""What the real page draws: the rows that the server sent, step by step."""

import json

from playwright.sync_api import expect

from tests.ui.driver import open_task, picture, state, visit


def test_the_agents_view_follows_the_rows(page, server):
    open_task(page, server, "GoNogo", 1, params=json.dumps({"timing": {"fixation": 3000}}))
    page.get_by_role("button", name="Agent's view").click()
    shown = [picture(page, period) for period in ("fixation", "stimulus", "delay", "decision")]
    assert len(set(shown)) >= 3
    assert shown[0] != shown[1] != shown[3]
    state(page, "feedback", "done")


def test_a_card_opens_the_datasheet_of_its_task(page, server):
    visit(page, f"{server.url}?view=choose")
    page.get_by_label("Search tasks").fill("plaid")
    button = page.get_by_role("button", name="Datasheet")
    expect(button).to_have_count(1)
    button.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("Spatial Suppression of Motion").wait_for()
    for told in (
        "Tadin, Lappin, Gilroy", "Conditions", "Differs from NeuroGym",
        "those of people (preset human)", "those of agents (preset agent)",
    ):  # fmt: skip
        sheet.get_by_text(told).first.wait_for()
    assert sheet.locator("svg").count() >= 2
