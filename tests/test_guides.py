"""The guides for those who write agents, pages, tasks and wrappers run as they stand."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import panel_material_ui as pmui
import pytest
from bokeh.models import Plot

from neurogym.subjects import AGENTS

ROOT = Path(__file__).parents[1]
DASHBOARDS = sorted((ROOT / "dashboards").glob("*.py"))


def blocks(name, language="python"):
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def served(monkeypatch):
    """The pages that files serve."""
    pages = []
    monkeypatch.setattr(pmui.Page, "servable", lambda page, **kwargs: pages.append(page))
    return pages


def test_the_page_on_agents_runs(capsys):
    try:
        exec("\n".join(blocks("docs/agents.md")), {"__name__": "guide"})
    finally:
        AGENTS.pop("first-look", None)
    told = capsys.readouterr().out
    assert "integrator (bound=60) " in told
    assert int(re.search(r"^(\d+) of 50$", told, re.MULTILINE)[1]) > 30  # chance is 25


def test_the_page_on_agents_names_those_that_there_are():
    text = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    for name, cls in AGENTS.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        told = re.findall(r"`(\w+)`", line.rpartition(" | ")[2])
        assert set(told) == set(cls.param) - {"name"}


def test_the_page_on_lecture_pages_runs(served, tmp_path):
    (page,) = blocks("docs/lecture-pages.md")
    (tmp_path / "noise.py").write_text(page, encoding="utf-8")
    runpy.run_path(str(tmp_path / "noise.py"))
    assert served[0].title == "Noise"
    assert list(served[0].get_root().select({"type": Plot}))


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_each_lecture_page_is_served_and_shows_something(served, path):
    scope = runpy.run_path(str(path))
    assert scope["__doc__"].startswith("Lecture page: ")
    assert list(served[0].get_root().select({"type": Plot}))


def test_what_contributing_shows_runs(tmp_path):
    """In a process of its own, which keeps this registry as it is."""
    code = "\n".join(blocks("CONTRIBUTING.md"))
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True)


def test_contributing_names_each_command_and_each_package():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (picture,) = blocks("CONTRIBUTING.md", "text")
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert all(f"make {name}" in text for name in {*targets} - {"help", "clean"})
    folders = [
        path.parent for top in ("neurogym", "app") for path in (ROOT / top).glob("*/__init__.py")
    ]
    assert all(f"{folder.name}/" in picture for folder in folders)
