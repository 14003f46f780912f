"""What the browser loads, and what it is told of sounds."""

import re

import pytest

import neurogym as ngym
from app.assets import ASSETS, EXPORT, IMPORT, PLAYER_JS, module
from app.player import messages
from app.state import StudioState

PAIRS = {"task": "DelayPairedAssociation-v0"}
TONE = {"task": "ToneDetection-v0", "params": {"dt": 100}}


def test_the_player_is_one_text():
    text = module(PLAYER_JS)
    assert not re.search(r"^import |\bimport\(|\bfrom \"", text, re.MULTILINE)
    for file in ASSETS.glob("*.js"):
        own = re.search(
            r"^(?:export )?(?:class|function) (\w+)", file.read_text("utf-8"), re.MULTILINE
        )
        assert (
            len(re.findall(rf"^(?:export )?(?:class|function) {own[1]}\b", text, re.MULTILINE)) == 1
        )
    assert re.findall(r"^export (.+?)\(", text, re.MULTILINE) == ["function render"]


def test_what_a_file_imports_is_there_and_used():
    texts = {file.stem: file.read_text("utf-8") for file in ASSETS.glob("*.js")}
    for name, text in texts.items():
        for names, other in IMPORT.findall(text):
            assert set(names.split(", ")) <= set(EXPORT.findall(texts[other])), (name, other)
            for imported in names.split(", "):  # and none is taken in vain
                assert len(re.findall(rf"\b{imported}\b", text)) > 1, (name, imported)


@pytest.mark.parametrize("task", ["ToneDetection-v0", "AnnubesEnv-v0", "GoNogo-v0"])
def test_the_player_knows_whether_there_is_something_to_hear(task):
    told = messages.stage(StudioState(task=task).env())
    assert told.get("sound", False) == (task != "GoNogo-v0")


def test_one_of_several_tasks_may_sound():
    for others, heard in (([PAIRS], False), ([TONE], True)):
        env = ngym.make("GoNogo", dt=100, stack=[{"Combine": {"tasks": others}}])
        assert messages.stage(env.unwrapped).get("sound", False) is heard
