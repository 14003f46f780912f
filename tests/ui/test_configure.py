"""Setting a task up in the real page: pictures, address, file and code follow what is typed."""

import json
import re
from urllib.parse import parse_qs, quote, urlparse

import pytest
from playwright.sync_api import expect

from app.state import StudioState
from tests.ui.driver import state, visit

TASK = "GoNogo-v0"


@pytest.fixture
def view(page, server):
    """The page, on which GoNogo is set up."""
    open_view(page, f"{server.url}?task={TASK}&view=configure")
    return page


def open_view(page, url):
    visit(page, url)
    page.wait_for_selector("svg[aria-label='Timeline of a trial']")
    page.wait_for_selector("svg[aria-label='Screens of a trial']")


def note(page, text):
    """Wait for what stands at the end of a line of the timeline."""
    page.locator("svg text.note", has_text=text).first.wait_for()


def query(page):
    """What the address says."""
    said = {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}
    return {**said, "params": json.loads(said.get("params", "{}"))}


def address_says(page, **params):
    page.wait_for_url(lambda url: query(page)["params"] == params)


def field(page, i, label="ms"):
    return page.get_by_role("textbox", name=re.compile(f"^{re.escape(label)}")).nth(i)


def enter(box, text):
    """Type, as a person does: what the box shows changes when it is entered."""
    box.click()
    box.press("ControlOrMeta+a")
    box.press("Delete")
    box.page.keyboard.type(text)
    box.press("Tab")


def pick(page, period, kind):
    """Choose the kind of a period's length."""
    page.get_by_role("combobox", name=re.compile(period)).click()
    page.get_by_role("menuitem", name=kind, exact=True).click()


def test_typing_a_length_moves_the_picture_and_the_address(view):
    before = (
        view.locator("svg[aria-label='Timeline of a trial'] rect").nth(2).get_attribute("width")
    )
    enter(field(view, 1), "900")
    address_says(view, timing={"stimulus": 900})
    note(view, "45 steps = 900 ms")
    after = view.locator("svg[aria-label='Timeline of a trial'] rect").nth(2).get_attribute("width")
    assert float(after) > float(before)
    assert "'stimulus': 900" in view.locator("code").first.inner_text()
    enter(field(view, 1), "500")
    address_says(view)
    note(view, "25 steps = 500 ms")


def stimulus(page):
    return query(page)["params"].get("timing", {}).get("stimulus", 0)


def test_dragging_a_length_moves_the_picture_and_the_address(view):
    thumb = view.get_by_role("slider", name="stimulus, ms")
    box = thumb.locator("xpath=ancestor::*[contains(@class, 'MuiSlider-root')]").bounding_box()
    y = box["y"] + box["height"] / 2
    view.mouse.move(box["x"] + box["width"] * 0.25, y)
    view.mouse.down()
    view.mouse.move(box["x"] + box["width"] * 0.4, y, steps=4)
    view.wait_for_url(re.compile("stimulus"))  # the slider has taken hold
    view.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    view.mouse.up()
    view.wait_for_url(lambda url: stimulus(view) > 950)
    ms = stimulus(view)
    assert ms <= 1050
    note(view, f"{ms / 20:g} steps = {ms:g} ms")
    assert float(field(view, 1).input_value()) == ms


def test_a_length_of_chance(view):
    pick(view, "delay", "uniform")
    view.wait_for_url(re.compile("uniform"))
    low, high = query(view)["params"]["timing"]["delay"][1]
    assert low < high
    note(view, f"steps = {low:g}-{high:g} ms")
    enter(field(view, 0, "to, ms"), "1000")
    address_says(view, timing={"delay": ["uniform", [low, 1000]]})
    note(view, f"steps = {low:g}-1000 ms")


def test_a_bad_value_is_told_beside_its_widget_and_left_out(view):
    enter(field(view, 1), "-5")
    told = view.locator(".MuiFormHelperText-root", has_text="not negative")
    told.wait_for()
    assert query(view)["params"] == {}
    enter(field(view, 1), "700")
    address_says(view, timing={"stimulus": 700})
    told.wait_for(state="detached")
    trials = view.get_by_role("textbox", name=re.compile("^trials"))
    enter(trials, "0")
    view.locator(".MuiFormHelperText-root", has_text="must be at least 1").wait_for()
    assert "trials" not in query(view)


def type_over(box, text):
    """Select all and type, without leaving the field."""
    box.press("ControlOrMeta+a")
    box.press("Delete")
    box.page.keyboard.type(text)


def test_what_is_typed_after_enter_counts(view):
    box = field(view, 1)
    box.click()
    for first, then in (("650", "700"), ("700", "900")):
        type_over(box, first)
        box.press("Enter")
        address_says(view, timing={"stimulus": int(first)})
        type_over(box, then)
        box.press("Tab")
        address_says(view, timing={"stimulus": int(then)})
        expect(box).to_have_value(then)
        box.click()
    for wrong, says in (
        ("nothing", "expected a number, not 'nothing'"),
        ("", "expected a number, but the field is empty"),
    ):
        type_over(box, "640")
        box.press("Enter")
        address_says(view, timing={"stimulus": 640})
        type_over(box, wrong)
        box.press("Tab")
        view.locator(".MuiFormHelperText-root", has_text=says).wait_for()
        expect(box).to_have_value(wrong)
        box.click()
    type_over(box, "12.5")
    box.press("Enter")
    address_says(view, timing={"stimulus": 12.5})
    view.locator(".MuiFormHelperText-root", has_text="20 ms at dt 20").wait_for()


def test_a_length_that_dt_rounds_says_so(view):
    enter(field(view, 1), "650")
    hint = view.locator(".MuiFormHelperText-root", has_text="640 ms at dt 20")
    hint.wait_for()
    note(view, "32 steps = 640 ms")
    enter(view.get_by_role("textbox", name=re.compile("^dt")), "10")
    hint.wait_for(state="detached")
    note(view, "65 steps = 650 ms")


def test_nothing_goes_on_beside_a_refused_value(view):
    onward = [
        view.get_by_role("button", name=name).last
        for name in ("Play", "Copy as Python", "Download as TOML")
    ]
    dt = view.get_by_role("textbox", name=re.compile("^dt"))
    reward = view.get_by_role("textbox", name=re.compile("^correct"))
    trials = view.get_by_role("textbox", name=re.compile("^trials"))
    for box, good, wrong, says in (
        (dt, "20", "abc", "dt: expected a number, not 'abc'"),
        (dt, "20", "0", "dt: must be greater than 0, not 0"),
        (reward, "1", "1e308", "correct: 1e+308: expected a number from"),
        (trials, "20", "", "trials: expected a whole number, but the field is empty"),
    ):
        enter(box, wrong)
        view.locator(".MuiAlert-root:visible", has_text=says).wait_for()
        expect(box).to_have_value(wrong)
        told = view.locator(".MuiAlert-root:visible").inner_text()
        assert not re.search(r"parameter|Task\.", told)
        for button in onward:
            expect(button).to_be_disabled()
        before = view.url
        view.locator("header").get_by_role("link", name="Play").click()
        here = view.locator("header").get_by_role("link", name="Configure")
        expect(here).to_have_attribute("aria-current", "page")
        assert view.url == before
        enter(box, good)
        view.locator(".MuiAlert-root:visible").wait_for(state="hidden")
        for button in onward:
            expect(button).to_be_enabled()


NAMELESS = """() => {
  const found = [];
  const visit = (root) => {
    for (const el of root.querySelectorAll("*")) {
      if (el.shadowRoot) visit(el.shadowRoot);
      if (!el.matches("button, input, textarea, [role=combobox], [role=slider]")) continue;
      if (el.getAttribute("aria-hidden") === "true" || !el.getClientRects().length) continue;
      const by = (el.getAttribute("aria-labelledby") ?? "").split(" ");
      const names = [
        el.getAttribute("aria-label"), el.closest("label")?.innerText, el.innerText, el.title,
        ...by.map((id) => id && el.getRootNode().getElementById(id)?.innerText),
        ...[...(el.labels ?? [])].map((label) => label.innerText),
      ];
      if (!names.some((name) => name?.trim())) found.push(el.outerHTML.slice(0, 200));
    }
  };
  visit(document);
  return found;
}"""


def test_every_control_has_a_name(page, server):
    stack = [{"TrialHistory": {"probs": [[0.7, 0.3], [0.4, 0.6]]}}, {"Staircase": {}}]
    query = f"task=PerceptualDecisionMaking&view=configure&wrappers={quote(json.dumps(stack))}"
    open_view(page, f"{server.url}?{query}")
    page.locator("text=2 · Staircase").wait_for()
    assert page.evaluate(NAMELESS) == []


def test_the_preset_gives_other_parameters(view):
    enter(field(view, 1), "900")
    address_says(view, timing={"stimulus": 900})
    view.get_by_role("button", name="agents").click()
    view.wait_for_url(re.compile("preset=agent"))
    address_says(view)
    note(view, "5 steps = 500 ms")  # at dt 100
    dt = view.get_by_role("textbox", name=re.compile("^dt"))
    expect(dt).to_have_value(re.compile(r"^100(\.0)?$"))
    assert "preset" not in view.locator("code").first.inner_text()
    view.get_by_role("button", name="people").click()
    note(view, "25 steps = 500 ms")
    view.wait_for_url(lambda url: "preset" not in query(view))


def test_python_on_the_clipboard_runs(view, capsys):
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(field(view, 1), "640")
    address_says(view, timing={"stimulus": 640})
    enter(view.get_by_role("textbox", name=re.compile("^trials")), "3")
    view.wait_for_url(re.compile("trials=3"))
    view.locator("code", has_text="trials=3").first.wait_for()
    view.get_by_role("button", name="Copy as Python").click()
    view.wait_for_function("navigator.clipboard.readText().then((t) => t.includes('trials=3'))")
    text = view.evaluate("navigator.clipboard.readText()")
    assert text == StudioState.from_query(parse_flat(view.url)).python()
    names = {}
    exec(text, names)
    assert capsys.readouterr().out == "3 of 3 correct\n"
    assert names["rows"][0]["params"]["timing"]["stimulus"] == 640


def parse_flat(url):
    return {key: values[0] for key, values in parse_qs(urlparse(url).query).items()}


def test_a_link_on_the_clipboard_is_the_stage_alone(view):
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(view.get_by_role("textbox", name=re.compile("^trials")), "3")
    view.wait_for_url(re.compile("trials=3"))
    view.get_by_role("button", name="Copy link to play").click()
    view.wait_for_function("navigator.clipboard.readText().then((t) => t.includes('/play?'))")
    link = view.evaluate("navigator.clipboard.readText()")
    assert "view=" not in link
    other = view.context.new_page()
    other.goto(link)
    state(other, "ready")
    expect(other.locator(".counter")).to_have_text("1 / 3")
    expect(other.get_by_role("navigation")).to_have_count(0)


def test_a_file_is_written_and_opened(view, server, tmp_path):
    enter(field(view, 1), "640")
    address_says(view, timing={"stimulus": 640})
    enter(view.get_by_role("textbox", name=re.compile("^correct")), "3")
    address_says(view, timing={"stimulus": 640}, rewards={"correct": 3})
    with view.expect_download() as download:
        view.get_by_role("button", name="Download as TOML").click()
    path = tmp_path / "task.toml"
    download.value.save_as(path)
    assert download.value.suggested_filename == "task.toml"
    choice = StudioState.from_toml(path.read_text())
    assert choice.params == {"timing": {"stimulus": 640}, "rewards": {"correct": 3}}

    open_view(view, f"{server.url}?task=ReadySetGo&view=configure&subject=lea")
    view.locator("input[type=file]").set_input_files(path)
    view.wait_for_url(re.compile(TASK))
    note(view, "32 steps = 640 ms")
    view.wait_for_selector("text=Go / No-go")
    assert query(view)["subject"] == "lea"
    assert query(view)["params"] == choice.params


def test_a_file_that_does_not_fit_is_told_and_nothing_is_lost(view):
    enter(field(view, 1), "640")
    address_says(view, timing={"stimulus": 640})
    files = view.locator("input[type=file]")
    for content, words in (
        (b'task = "GoNogo"\ntrials = 0\n', "must be at least 1"),
        (b"\xff\xfe\x00", "it is not text"),
        (b'task = "GoNog"\n', "did you mean 'GoNogo-v0'?"),
    ):
        files.set_input_files({"name": "x.toml", "mimeType": "text/plain", "buffer": content})
        view.locator(".MuiAlert-root:visible", has_text=words).wait_for()
        assert query(view)["params"] == {"timing": {"stimulus": 640}}
    assert field(view, 1).input_value() == "640"
    good = b'task = "GoNogo"\n[params]\ndt = 10\n'
    files.set_input_files({"name": "x.toml", "mimeType": "text/plain", "buffer": good})
    address_says(view, dt=10)
    view.locator(".MuiAlert-root:visible").wait_for(state="hidden")


def test_the_address_shows_the_same_elsewhere(view, browser):
    enter(field(view, 1), "640")
    pick(view, "delay", "exponential")
    view.wait_for_url(re.compile("exponential"))
    enter(view.get_by_role("textbox", name=re.compile("^miss")), "-2")
    view.wait_for_url(re.compile("miss"))
    enter(view.get_by_role("textbox", name=re.compile("^seed")), "99")
    view.wait_for_url(re.compile("seed=99"))
    enter(view.get_by_role("textbox", name=re.compile("^player")), "Łucja & co")
    view.wait_for_url(lambda url: query(view).get("subject") == "Łucja & co")
    shown = shows(view)
    other = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        twin = other.new_page()
        open_view(twin, view.url)
        expect(twin.get_by_role("textbox")).to_have_count(len(shown[0]))
        twin.locator("code", has_text="seed=99").first.wait_for()
        assert shows(twin) == shown
        assert query(twin) == query(view)
    finally:
        other.close()


def shows(page):
    """All that is typed into the page, the timeline and the code."""
    timeline = page.locator("svg[aria-label='Timeline of a trial'] text").all_inner_texts()
    boxes = [box.input_value() for box in page.get_by_role("textbox").all()]
    return boxes, timeline, page.locator("code").first.inner_text()
