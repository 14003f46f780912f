"""What the README shows runs, and says what there is."""

import re
import subprocess
import sys
from pathlib import Path

import neurogym as ngym
from neurogym.wrappers import WRAPPERS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_eight_lines_run(capsys):
    lines = [line for line in BLOCKS[0].splitlines() if line.strip() and "import" not in line]
    assert len(lines) <= 8
    exec(compile(BLOCKS[0], "README", "exec"), {})
    assert re.fullmatch(r"\d+ of 200\n", capsys.readouterr().out)


PLAY_OWN = """
import sys
import neurogym as ngym
(id_,) = ngym.load(sys.argv[1])
assert all(row["correct"] for row in ngym.rollout(id_, "oracle", trials=20))
env = ngym.make(id_).unwrapped
env.reset(seed=1)
assert env.task.scene.resolve(env.task, env.trial)
"""


def test_the_task_of_ones_own_runs(tmp_path):
    file = tmp_path / "longer_line.py"
    file.write_text(BLOCKS[1], encoding="utf-8")
    subprocess.run([sys.executable, "-c", PLAY_OWN, file], check=True)  # keeps this registry as is


def test_the_page_on_wrappers_runs(capsys):
    text = (ROOT / "docs" / "wrappers.md").read_text(encoding="utf-8")
    scope = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "wrappers.md", "exec"), scope)
    assert capsys.readouterr().out.splitlines()[-1] in ("{25.6, 51.2}", "{51.2, 25.6}")
    assert all(f"| `{name}` |" in text for name in WRAPPERS)


def test_the_page_on_plots_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "plotting.md").read_text(encoding="utf-8")
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), {})
    assert (tmp_path / "oracle.html").exists()


def test_the_page_of_tasks_is_up_to_date():
    """It is written by `neurogym list --markdown > docs/tasks.md`."""
    assert (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8") == ngym.info.page_of_tasks()


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
