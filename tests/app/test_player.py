"""What the browser is told of sounds."""

import pytest

import neurogym as ngym
from app.player import messages
from app.state import StudioState

PAIRS = {"task": "DelayPairedAssociation-v0"}
TONE = {"task": "ToneDetection-v0", "params": {"dt": 100}}


@pytest.mark.parametrize("task", ["ToneDetection-v0", "AnnubesEnv-v0", "GoNogo-v0"])
def test_the_player_knows_whether_there_is_something_to_hear(task):
    told = messages.stage(StudioState(task=task).env())
    assert told.get("sound", False) == (task != "GoNogo-v0")


def test_one_of_several_tasks_may_sound():
    for others, heard in (([PAIRS], False), ([TONE], True)):
        env = ngym.make("GoNogo", dt=100, stack=[{"Combine": {"tasks": others}}])
        assert messages.stage(env.unwrapped).get("sound", False) is heard
