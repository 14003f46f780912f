"""Text is text: what others say never becomes an element of a page or of a saved file."""

import json
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from markdown_it import MarkdownIt

import neurogym as ngym
from app import address, alone
from app.light import catalogue, pages
from app.player.keys import keys_line
from app.plots.raster import raster
from app.state import StudioState
from neurogym.cli import main
from neurogym.docs.info import datasheet, facts, page_of_tasks
from neurogym.figures.saving import save
from neurogym.figures.stills import screens, timeline
from neurogym.records.database import Store
from neurogym.registry import load, unregister
from neurogym.subjects.agents import AGENTS
from neurogym.wrappers import WRAPPERS
from tests.app.marked import TAG, TASKS


class Elements(HTMLParser):
    """Notes whether a page has the element."""

    found = False

    def handle_starttag(self, tag, attrs):
        self.found |= dict(attrs).get("id") == "tag"


def is_text(html):
    """Whether the tag is told, and is none."""
    assert "<" in html
    elements = Elements()
    elements.feed(html)
    return not elements.found


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The ids of tasks of a user whose texts all have a tag."""
    agents, wrappers = dict(AGENTS), dict(WRAPPERS)
    file = tmp_path_factory.mktemp("marked") / "marked.py"
    file.write_text(TASKS)
    load(str(file))
    yield "Marked-v0"
    unregister("Marked-v0")
    for known, before in ((AGENTS, agents), (WRAPPERS, wrappers)):
        for name in [name for name in known if name not in before]:
            del known[name]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "trials.db") as store:
        yield store


WAYS = {
    "a subject": dict(subject=TAG),
    "a task": dict(task=TAG),
    "a run": dict(run=TAG),
    "a theme": dict(theme=TAG),
    "a view": dict(view=TAG),
    "a seed": dict(seed=TAG),
    "an entry": {TAG: "1"},
    "a parameter": dict(task="GoNogo-v0", params=json.dumps({TAG: 1})),
    "a value": dict(task="GoNogo-v0", params=json.dumps({"dt": TAG})),
    "a period": dict(task="GoNogo-v0", params=json.dumps({"timing": {TAG: 1}})),
    "a length": dict(task="GoNogo-v0", params=json.dumps({"timing": {"delay": TAG}})),
    "a wrapper": dict(task="GoNogo-v0", wrappers=json.dumps([{TAG: {}}])),
    "a wrapper's value": dict(task="GoNogo-v0", wrappers=json.dumps([{"Noise": {"sigma": TAG}}])),
    "own texts": dict(task="Marked-v0", params=json.dumps({"word": TAG + "!"})),
    "own wrapper": dict(task="Marked-v0", wrappers=json.dumps([{"Tagged": {"word": TAG + "!"}}])),
    "what does not fit": dict(task="Marked-v0", wrappers=json.dumps([{"Refusing": {}}])),
}


@pytest.mark.parametrize("query", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("view", ["choose", "play"])
def test_what_an_address_says_is_text_on_light_pages(marked, store, query, view):
    search = "&".join(f"{quote(k)}={quote(v)}" for k, v in {"view": view, **query}.items())
    problems = (f"The tasks were not loaded: {TAG}",)
    asked = address.read(address.arguments_of(search), store, problems)
    for page in (pages.choose(asked, True), pages.play(asked, False), pages.play(asked, True)):
        assert is_text(page)
    assert "&lt;b id=tag&gt;" in pages.choose(asked, True)


@pytest.mark.parametrize("start", ["human", "agent"])
def test_what_a_task_says_is_text_in_pictures_and_datasheets(marked, start):
    env = StudioState(task=marked, preset=start, wrappers=[{"Tagged": {}}]).env()
    env.reset(seed=0)
    for made in (screens(env, "a"), timeline(env), keys_line(env), catalogue.datasheet(marked)):
        assert is_text(made)
    assert "&lt;b id=tag&gt;" in catalogue.datasheet(marked)
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    for text in (datasheet(facts(marked)), datasheet(facts("Tagged")), page_of_tasks()):
        assert is_text(markdown.render(text))


@pytest.mark.parametrize("task", ["Marked-v0", "GoNogo-v0"])
def test_what_a_page_in_one_file_holds_is_text(marked, tmp_path, task):
    out = tmp_path / "page.html"
    stack = {"Marked-v0": ["--wrapper", "Tagged"], "GoNogo-v0": []}[task]
    arguments = ["page", task, "--trials", "2", "--subject", TAG, *stack, "--out", str(out)]
    assert main(arguments) == 0
    page = out.read_text(encoding="utf-8")
    assert is_text(page)
    told = json.loads(page.partition('id="run">')[2].partition("</script>")[0])
    assert told["run"]["subject"] == TAG
    script = f"</script>{TAG}"
    assert script not in alone.page(task, subject=script, trials=1)


def test_what_rows_say_is_text_in_saved_plots(marked, tmp_path):
    rows = ngym.rollout(marked, TAG, trials=3, preset="human")
    file = tmp_path / "<b id=tag>x.html"
    save(raster([(TAG, rows)]), file)
    assert is_text(file.read_text(encoding="utf-8"))


def test_the_files_of_datasheets_hold_text(marked, tmp_path):
    assert main(["datasheets", str(tmp_path), marked]) == 0
    for file in tmp_path.iterdir():
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".md":
            text = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
        assert is_text(text), file.name
