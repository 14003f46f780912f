"""What is true of every page: who listens or uses keys finds their way, Back leads back."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from neurogym import rollout
from neurogym.records.database import Store
from neurogym.records.trial_table import new_run_id, utc_now
from tests.ui.driver import LOADED as LOADED_PAGE
from tests.ui.driver import answer, open_task, run_of, state

NAMES = ("Choose", "Configure", "Play", "Compare", "Data")
LOADED = {  # what is there when a view is
    "choose": "h3:has-text('Go / No-go')",
    "configure": "text=Take it along",
    "play": ".neurogym[data-state=ready], .neurogym[data-state=done]",
    "compare": ".bk-Figure",
    "data": ".tabulator-row, text=No run has been played yet",
    "evidence": ".bk-Figure",
}
IS_DARK = """(dark) => (Math.max(...getComputedStyle(document.body).backgroundColor
    .match(/\\d+/g).slice(0, 3).map(Number)) < 60) === dark"""
PATIENCE = 120_000  # ms: on a busy machine the first view of a kind takes long
MARKUP = "<b>*lea*</b><img src=x onerror=alert(1)>"


def show(page, server, view, query=""):
    """Open a view, and wait until all of it is there."""
    named = "" if view == "evidence" else f"task=PerceptualDecisionMaking&view={view}&"
    go(page, server, f"{named}{query}", "evidence" if view == "evidence" else "app")
    there(page, view)


def go(page, server, query, path="app"):
    """Open an address, and wait until its widgets take what a person does."""
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server.url.removesuffix('app')}{path}?{query}")
    page.wait_for_function(LOADED_PAGE)


def there(page, view):
    first, *others = LOADED[view].split(", ")
    found = page.locator(first)
    for other in others:
        found = found.or_(page.locator(other))
    found.first.wait_for()


@pytest.fixture
def played(server):
    """A run whose subject is markup."""
    rows, run = (
        rollout("PerceptualDecisionMaking", "oracle", 4, seed=1, preset="human"),
        new_run_id(),
    )
    who = dict(run_id=run, subject_kind="human", subject=MARKUP)
    with Store(server.database) as store:
        about = dict(task=rows[0]["task"], params=rows[0]["params"], seed=1, n_trials=4)
        how = dict(wrappers=[], settings={"feedback": True}, created_utc=utc_now())
        store.add_run(who | about | how)
        store.add_trials([{**row, **who, "uid": f"{run}-{row['trial_index']}-0"} for row in rows])
    return run


# -- names, keys, colours --------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", LOADED)
def test_nothing_serious_is_in_the_way_of_those_who_listen(page, server, played, view, theme):
    show(page, server, view, f"theme={theme}")
    if view == "data":
        page.get_by_text(played).click()
        page.get_by_text("late_frames").wait_for()
    page.wait_for_function(IS_DARK, arg=theme == "dark")
    assert serious(page) == []
    expect(page.locator("h1")).to_have_count(1)


def serious(page):
    """What axe-core finds to be serious."""
    return [
        (rule["id"], node["html"][:200])
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def test_the_views_are_reached_by_tab_and_the_focus_is_seen(page, server):
    show(page, server, "data")
    page.keyboard.press("Tab")
    reached = []
    for _ in range(8):
        name, width = page.evaluate("""() => {
          let at = document.activeElement;
          while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          const {outlineStyle, outlineWidth} = getComputedStyle(at);
          return [at.textContent, outlineStyle === "none" ? 0 : parseFloat(outlineWidth)];
        }""")
        if name in NAMES:
            assert width >= 2
            reached.append(name)
        if name == "Play":
            page.keyboard.press("Enter")
            break
        page.keyboard.press("Tab")
    assert reached == ["Choose", "Configure", "Play"]
    page.wait_for_url(re.compile("view=play"))


@pytest.mark.parametrize("view", ["data", "evidence"])
@pytest.mark.parametrize(
    ("likes", "named", "dark"),
    [("dark", "", True), ("light", "", False), ("dark", "theme=light", False),
     ("light", "theme=dark", True)],
)  # fmt: skip
def test_the_page_is_dark_for_those_who_like_it(page, server, view, likes, named, dark):
    page.emulate_media(color_scheme=likes)
    show(page, server, view, named)
    page.wait_for_function(IS_DARK, arg=dark)


def test_a_theme_that_is_chosen_stays(page, server):
    show(page, server, "data")
    page.get_by_role("button", name="Toggle theme").click()
    page.wait_for_url(re.compile("theme=dark"))
    page.reload()
    expect(page.locator(".mui-dark").first).to_be_visible()


# -- Back and Forward ------------------------------------------------------------------------------


def test_back_and_forward_lead_through_the_views(page, server):
    show(page, server, "data")
    page.get_by_role("link", name="Configure", exact=True).click()
    there(page, "configure")
    page.wait_for_url(re.compile("view=configure"))
    configured = page.url
    page.get_by_role("link", name="Play", exact=True).click()
    run = run_of(page)
    page.get_by_role("link", name="Compare", exact=True).click()
    there(page, "compare")
    for view in ("play", "configure", "data"):
        page.go_back()
        there(page, view)
        page.wait_for_url(re.compile(f"view={view}"))
    for view in ("configure", "play"):
        page.go_forward()
        there(page, view)
    assert run_of(page) == run  # which this tab has begun, though nothing of it is stored
    page.evaluate("history.go(-2)")
    there(page, "data")
    page.go_forward()
    there(page, "configure")
    page.wait_for_url(configured)
    page.reload()
    there(page, "configure")
    assert page.url == configured
    page.go_back()
    there(page, "data")


def test_a_change_within_a_view_is_no_step_back(page, server):
    show(page, server, "data")
    page.get_by_role("link", name="Configure", exact=True).click()
    there(page, "configure")
    page.get_by_text("agents", exact=True).click()
    page.wait_for_url(re.compile("preset=agent"))
    page.go_back()
    there(page, "data")


# -- addresses -------------------------------------------------------------------------------------

ODD = {
    "not UTF-8": ("task=GoNogo&subject=M%FCller", "subject=M%C3%BCller", ["not UTF-8", "Müller"]),
    "a theme that is not UTF-8": ("task=GoNogo&theme=%FC", "task=GoNogo-v0", ["allowed are"]),
    "of a recruiter": (
        "task=GoNogo&PROLIFIC_PID=5f&utm_source=mail&seed=3", "seed=3",
        ["Not used from the address: PROLIFIC_PID, utm_source"],
    ),
    "a slip": ("task=GoNogo&sed=3", "task=GoNogo-v0", ["sed. Did you mean seed?"]),
    "one wrong value": ("task=GoNogo&seed=abc&trials=7", "trials=7", ["seed = 'abc'"]),
    "one wrong parameter": (
        "task=PerceptualDecisionMaking&params=%7B%22sigma%22:2.5,%22dim_ring%22:1%7D",
        "sigma%22%3A\\+2.5", ["dim_ring"],
    ),
    "a bad escape": ("task=GoNogo&subject=100%zz", "subject=100%25zz", []),
    "twice": ("task=GoNogo&seed=1&seed=2", "task=GoNogo-v0", ["seed stands in the address 2"]),
    "empty": ("task=GoNogo&seed=&subject=", "task=GoNogo-v0", []),
    "another case": ("Task=GoNogo&VIEW=Compare", "view=compare", []),
    "very long": (f"task=GoNogo&subject={'a' * 5000}", "task=GoNogo-v0", ["at most 100"]),
    "unknown task": ("task=GoNog&seed=4", "seed=4", ["did you mean 'GoNogo-v0'?"]),
    "markup": (
        "task=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "view=(choose|data)", ["<img src=x"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_an_odd_address_keeps_what_is_known_and_tells_the_rest(page, server, case):
    query, kept, told = ODD[case]
    go(page, server, query if "view" in query.lower() else f"view=data&{query}")
    page.wait_for_url(re.compile(kept))
    for words in told:
        expect(page.get_by_role("alert")).to_contain_text(words)
    if not told:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("img[src=x]")).to_have_count(0)


@pytest.mark.parametrize("view", ["data", "compare", "play"])
def test_what_others_typed_is_text(page, server, played, view):
    page.on("dialog", lambda dialog: page.problems.append(dialog.message))
    go(page, server, f"run={played}&view={view}")
    there(page, view)
    if view != "play":
        expect(page.get_by_text(MARKUP).first).to_be_visible()
    expect(page.locator("img[src=x]")).to_have_count(0)


# -- after a run -----------------------------------------------------------------------------------


def test_the_end_of_a_run_leads_on(page, server):
    open_task(page, server, "GoNogo", 1)
    run, client = run_of(page), page.context.new_cdp_session(page)
    while answer(page, client, "Space"):
        pass
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 2
    page.get_by_role("button", name="Play again").click()
    page.wait_for_url(re.compile("seed=2&trials=1"))
    state(page, "ready")
    assert run_of(page) != run
    page.go_back()  # a new run is no step
    page.go_forward()
    go(page, server, f"run={run}&view=play")
    state(page, "done")
    page.get_by_role("button", name="Compare with an agent").click()
    there(page, "compare")
    assert run in page.url


# -- saved pictures --------------------------------------------------------------------------------


def colors(image, box):
    """The share of each colour in a part of a picture."""
    part = np.asarray(image.convert("RGB").crop(box)).reshape(-1, 3)
    found, n = np.unique(part, axis=0, return_counts=True)
    return {tuple(map(int, color)): k / len(part) for color, k in zip(found, n, strict=True)}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_raster_holds_its_names_and_its_key(page, server, played, theme):
    show(page, server, "compare", f"theme={theme}")
    go(page, server, f"run={played}&view=compare&theme={theme}")
    page.get_by_text("4 trials, 100% correct").first.wait_for()
    figure = page.locator(".bk-GridPlot").bounding_box()
    with page.expect_download() as download:
        page.get_by_title("Save as PNG").first.click()
    assert download.value.suggested_filename == "raster.png"
    image = Image.open(download.value.path())
    ratio = image.width / figure["width"]
    assert image.height > figure["height"] * ratio + 20  # the key stands below
    ground = image.convert("RGB").getpixel((2, 2))
    assert (max(ground) < 60) == (theme == "dark")
    key = colors(image, (0, int(figure["height"] * ratio), image.width, image.height))
    for hue in ((47, 127, 209), (224, 123, 40)):  # right and left
        assert key.get(hue)
    head = page.get_by_text(MARKUP).first.bounding_box()
    left, top = (head[k] - figure[k] for k in ("x", "y"))
    box = [int(v * ratio) for v in (left, top, left + head["width"], top + head["height"])]
    assert colors(image, box)[ground] < 0.95  # a name is written there


def test_saved_vectors_say_all_that_the_page_says(page, server, played):
    go(page, server, f"run={played}&view=compare")
    page.get_by_label("save pictures as SVG").click()
    page.get_by_title("Save as SVG").first.wait_for()
    with page.expect_download() as download:
        page.get_by_title("Save as SVG").first.click()
    text = download.value.path().read_text("utf-8")
    said = ("&lt;b&gt;*lea*", "4 trials, 100% correct", "right", "left", "responses", "correct",
            "stimulus, in each row")  # fmt: skip
    for words in said:
        assert words in text
    page.get_by_label("save pictures as SVG").click()
    page.get_by_title("Save as PNG").first.wait_for()
    with page.expect_download() as download:
        page.get_by_title("Save as PNG").nth(1).click()
    assert download.value.suggested_filename == "choices.png"
    found = colors(Image.open(download.value.path()), (0, 300, 400, 420))
    assert found.get((232, 131, 58))  # the person's sign


# -- names -----------------------------------------------------------------------------------------


def test_the_stage_and_the_figures_say_the_same(page, server, played):
    go(page, server, f"run={played}&view=play")
    state(page, "ready", "done")
    keys = page.evaluate("""() => [...window.__player.querySelectorAll('.hint .name')]
        .map((node) => node.textContent)""")
    assert sorted(keys) == ["left", "right"]
    page.get_by_role("link", name="Compare", exact=True).click()
    there(page, "compare")
    for name in keys:
        expect(page.get_by_text(re.compile(f"■ {name}")).first).to_be_visible()
    assert page.get_by_text("choice 1").count() == 0


def test_a_constant_panel_is_narrow(page, server, played):
    go(page, server, f"run={played}&view=compare")
    there(page, "compare")
    widths = [box.bounding_box()["width"] for box in page.locator(".bk-GridPlot .bk-Figure").all()]
    whole = page.locator(".bk-GridPlot").bounding_box()["width"]
    assert widths[0] < whole / 6
