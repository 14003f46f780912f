"""Stacks as a person edits them in Configure: added by search, set, turned off, moved, removed."""

import json
import re
from urllib.parse import parse_qs, quote, urlparse

from playwright.sync_api import expect

from app.state import StudioState
from tests.ui.driver import visit

TASK = "PerceptualDecisionMaking"


def said(page, name="wrappers"):
    return json.loads(parse_qs(urlparse(page.url).query).get(name, ["[]"])[0])


def address_says(page, *names):
    page.wait_for_url(lambda url: [next(iter(line)) for line in said(page)] == list(names))


def add(page, search, name):
    """Search for a wrapper in the menu, and take it."""
    box = page.get_by_role("combobox", name="add a wrapper")
    box.click()
    box.press_sequentially(search)
    page.get_by_role("option", name=name, exact=True).click()


def card(page, text):
    """A wrapper's card is there."""
    page.locator(f"text={text}").wait_for()


def test_a_stack_is_edited_and_stands_in_the_address(page, server):
    visit(page, f"{server.url}?task={TASK}&view=configure")
    add(page, "react", "ReactionTime")
    address_says(page, "ReactionTime")
    card(page, "1 · ReactionTime")
    page.wait_for_selector("text.note:has-text('0 steps = 0 ms (was 1500 ms)')")
    add(page, "bias", "SideBias")
    card(page, "2 · SideBias")
    page.get_by_role("button", name="further in").nth(1).click()
    card(page, "1 · SideBias")
    card(page, "2 · ReactionTime")
    address_says(page, "SideBias", "ReactionTime")
    page.get_by_role("button", name="remove", exact=True).first.click()
    card(page, "1 · ReactionTime")
    address_says(page, "ReactionTime")
    page.locator("code", has_text="stack=[{'ReactionTime': {}}]").first.wait_for()
    scope = {}
    exec(page.locator("code").first.inner_text(), scope)
    assert scope["rows"][0]["wrappers"] == [{"ReactionTime": {}}]


def test_what_does_not_fit_is_told_behind_a_line_that_opens(page, server):
    visit(page, f"{server.url}?task=DawTwoStep&view=configure")
    reason = page.locator("text=no first response decides its trials")
    page.locator("summary", has_text="others do not fit, and why").wait_for()
    expect(reason.first).to_be_hidden()
    page.locator("summary").click()
    expect(reason.first).to_be_visible()


def test_a_wrong_stack_in_the_address_is_one_sentence(page, server):
    for stack, words in (
        ([{"ReactionTime": {}}], "ReactionTime does not fit DawTwoStep"),
        ([{"Reactiontime": {}}], "did you mean 'ReactionTime'?"),
        ([{"Noise": {"sigma": "loud"}}], "wrapper 1"),
    ):
        visit(page, f"{server.url}?task=DawTwoStep&view=data&wrappers={quote(json.dumps(stack))}")
        alert = page.locator(".MuiAlert-root", has_text=words)
        alert.wait_for()
        assert "\n" not in alert.inner_text().strip()


def test_off_keeps_the_parameters_and_the_place_through_the_address(page, server, browser):
    stack = [{"SideBias": {"block_dur": [2, 3]}}, {"ReactionTime": {}}]
    visit(page, f"{server.url}?task={TASK}&view=configure&wrappers={quote(json.dumps(stack))}")
    card(page, "1 · SideBias")
    page.get_by_role("switch", name="on", exact=True).first.click()
    address_says(page, "ReactionTime")
    assert said(page, "off") == [{"SideBias": {"block_dur": [2, 3]}, "at": 0}]
    page.locator("code", has_text="stack=[{'ReactionTime'").first.wait_for()
    visit(page, page.url)
    card(page, "1 · SideBias")
    expect(page.get_by_role("textbox", name=re.compile("^to, trials"))).to_have_value("3")
    page.get_by_role("switch", name="off", exact=True).click()
    address_says(page, "SideBias", "ReactionTime")
    query = {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}
    assert StudioState.from_query(query).wrappers == stack


def test_an_error_stands_beside_its_widget_and_nothing_changes(page, server):
    stack = [{"ReactionTime": {}}]
    visit(page, f"{server.url}?task={TASK}&view=configure&wrappers={quote(json.dumps(stack))}")
    box = page.get_by_role("textbox", name=re.compile("^urgency"))
    enter(box, "99")
    told = page.locator(".MuiFormHelperText-root", has_text="at most 10")
    told.wait_for()
    assert said(page) == stack
    enter(box, "-0.5")
    told.wait_for(state="detached")
    page.wait_for_url(lambda url: said(page) == [{"ReactionTime": {"urgency": -0.5}}])


def enter(box, text):
    """Type, as a person does: what the box shows changes when it is entered."""
    box.click()
    box.press("ControlOrMeta+a")
    box.page.keyboard.type(text)
    box.press("Tab")


def test_two_tasks_have_their_rows_and_keys(page, server):
    visit(page, f"{server.url}?task={TASK}&view=configure")
    add(page, "sched", "ScheduleEnvs")
    card(page, "1 · ScheduleEnvs")
    line = page.locator("svg[aria-label='Timeline of a trial'] text", has_text="GoNogo")
    line.wait_for()
    page.locator("kbd", has_text="space").wait_for()
    tasks = said(page)[0]["ScheduleEnvs"]["tasks"]
    assert tasks == [{"task": "GoNogo-v0", "preset": "human"}]
    page.get_by_role("button", name="add another task").click()
    page.wait_for_url(lambda url: len(said(page)[0]["ScheduleEnvs"]["tasks"]) == 2)
    page.get_by_role("combobox", name=re.compile("^task 3")).wait_for()
    page.get_by_role("button", name="remove task 1").click()
    page.wait_for_url(lambda url: len(said(page)[0]["ScheduleEnvs"]["tasks"]) == 1)
    line.wait_for(state="detached")


def test_a_preset_keeps_what_fits_and_tells_what_it_drops(page, server):
    stack = [{"SideBias": {"block_dur": 5}}, {"ReactionTime": {"from_step": 20}}]
    visit(page, f"{server.url}?task={TASK}&view=configure&wrappers={quote(json.dumps(stack))}")
    page.get_by_role("button", name="agents").click()
    address_says(page, "SideBias")
    page.locator(".MuiAlert-root", has_text="Dropped, because").wait_for()
    page.locator(".MuiAlert-root", has_text="ReactionTime does not fit").wait_for()
