"""What the browser loads, and what it is told of sounds."""

import re

import pytest

import neurogym as ngym
from app import compiled
from app.assets import PLAYER_JS, module
from app.choice import Choice

PAIRS = {"task": "DelayPairedAssociation-v0"}
TONE = {"task": "ToneDetection-v0", "params": {"dt": 100}}


def test_the_player_is_one_text():
    text = module(PLAYER_JS)
    assert not re.search(r"^import |\bimport\(|\bfrom \"", text, re.MULTILINE)
    assert text.count("class Sounds") == text.count("class Player") == 1
    assert re.search(r"^export class Player", text, re.MULTILINE)
    assert not re.search(r"^export class Sounds", text, re.MULTILINE)


@pytest.mark.parametrize("task", ["ToneDetection-v0", "AnnubesEnv-v0", "GoNogo-v0"])
def test_the_player_knows_whether_there_is_something_to_hear(task):
    told = compiled.stage(Choice(task=task).env())
    assert told.get("sound", False) == (task != "GoNogo-v0")


def test_one_of_several_tasks_may_sound():
    for others, heard in (([PAIRS], False), ([TONE], True)):
        env = ngym.make("GoNogo", dt=100, stack=[{"Combine": {"tasks": others}}])
        assert compiled.stage(env.unwrapped).get("sound", False) is heard
