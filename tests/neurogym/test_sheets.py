"""Datasheets as files."""

import re
from xml.etree import ElementTree

import pytest

from neurogym.cli import main
from neurogym.trials.catalogue import all_envs, task_class

SVG = "{http://www.w3.org/2000/svg}"
TASKS = [id for id in all_envs() if task_class(id)]


def test_every_task_has_a_page_with_pictures(tmp_path, capsys):
    folder = tmp_path / "new" / "sheets"
    assert main(["datasheets", str(folder)]) == 0
    assert capsys.readouterr().out == f"{3 * len(TASKS) + 1} files in {folder}\n"
    index = (folder / "README.md").read_text("utf-8")
    for id in TASKS:
        assert f"[`{id}`]({id}.md)" in index
        page = (folder / f"{id}.md").read_text("utf-8")
        assert page.startswith(f"# {id}\n")
        assert "## Conditions" in page
        pictures = re.findall(r"\]\((\S+\.svg)\)", page)
        assert len(pictures) == 2
        for name in pictures:
            root = ElementTree.parse(folder / name).getroot()
            assert root.tag == f"{SVG}svg"
            words = [text.text for text in root.iter(f"{SVG}text")]
            assert any(period in words for period in task_class(id)().timing)


def test_some_tasks_can_be_named(tmp_path, capsys):
    assert main(["datasheets", str(tmp_path), "GoNogo"]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "README.md", "GoNogo-v0.md", "GoNogo-v0-screens.svg", "GoNogo-v0-times.svg",
    }  # fmt: skip
    assert main(["datasheets", str(tmp_path), "GoNoga"]) == 2
    assert "did you mean 'GoNogo-v0'?" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["file", "file/under"])
def test_a_folder_that_cannot_be_is_told(tmp_path, capsys, where):
    (tmp_path / "file").write_text("")
    assert main(["datasheets", str(tmp_path / where), "GoNogo"]) == 1
    assert "file" in capsys.readouterr().err
