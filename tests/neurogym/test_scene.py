"""Sounds in a scene, and what answers to keys: what the player is told, and what is refused."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.spec.primitives import is_there, speaker, value
from neurogym.spec.scene import PRESSES, By, Channel, Clicks, Disc, Noise, Of, Scene, Tone
from neurogym.tasks.detection import AnnubesEnv, ToneDetection
from neurogym.trials.catalogue import task_class
from neurogym.wrappers import ScheduleEnvs

ON = dict(ground_truth=1, modality="va", intensity=0.4, strength=0.7)


def resolved(element, task=None, **conditions):
    """What is heard, which comes before its sign."""
    told, *sign = Scene(element).resolve(task or ToneDetection(), ON | conditions)
    assert all(p["kind"] in ("path", "circle") for p in sign)
    return told


def test_a_tone_is_told_with_its_sign():
    told = resolved(Tone(frequency=440, during="tone1", show="stimulus"))
    assert told == {
        "kind": "sound", "source": "sine", "frequency": 440, "level": 0.5, "ear": "both",
        "during": ["tone1"], "show": 1, "color": "#f5f5f5", "alpha": 1.0,
    }  # fmt: skip


def test_a_level_is_a_condition_or_a_channel():
    assert resolved(Tone(level=Of("strength", 0.5)))["level"] == 0.35
    bound = {"channel": 1, "scale": 0.6, "offset": 0.0}
    assert resolved(Noise(level=Channel("stimulus", 0.6)))["level"] == bound


@pytest.mark.parametrize(("ear", "x"), [("left", -0.43), ("right", 0.43), ("both", 0)])
def test_a_sign_is_at_the_side_of_its_ear(ear, x):
    for given, expected in (({}, x), ({"x": 0.1}, 0.1)):
        clicks = Clicks(rate=20, ear=By(lambda task, c: ear), **given)
        _, *sign = Scene(clicks).resolve(ToneDetection(), ON)
        assert {p["x"] for p in sign} == {expected}


def test_times_of_clicks_follow_the_trial():
    clicks = Clicks(times=By(lambda task, c: np.arange(3) * 100 * c["strength"]))
    assert resolved(clicks)["times"] == pytest.approx([0, 70, 140])
    assert resolved(clicks)["rate"] is None
    assert resolved(Clicks(times=[]))["times"] == []


def test_what_answers_to_keys_names_their_actions():
    lever, daw, search = (task_class(id)() for id in ("LeverPress", "DawTwoStep", "VisualSearch"))
    pressed = {e["press"][1] for e in lever.scene.resolve(lever, {}) if "press" in e}
    assert pressed == {"pressed", "released"}
    chosen = [e for e in daw.scene.resolve(daw, {}) if "press" in e]
    assert {(*e["press"], e["show"]) for e in chosen} == {
        (action, "chosen", channel) for action in (1, 2) for channel in (1, 2, 3)
    }
    with pytest.raises(ValueError, match=r"unknown action 'pres'.*did you mean 'press'"):
        Disc(pressed="pres").resolve(lever, {})
    with pytest.raises(ValueError, match=r"unknown key 'x': allowed are 'left', .*'answer'"):
        Disc(chosen="x").resolve(search, {})
    assert Disc(chosen="answer").resolve(search, {})[0]["press"] == [5, "chosen"]


def test_pictures_show_what_is_there_without_a_key():
    there = [is_there({"alpha": 1, "press": [1, how]}) for how in PRESSES]
    assert dict(zip(PRESSES, there, strict=True)) == {
        "pressed": False, "released": True, "chosen": False,
    }  # fmt: skip


def test_a_key_of_a_task_among_others_has_the_number_of_the_whole():
    task = ngym.make("PerceptualDecisionMaking", dt=20)
    whole = ScheduleEnvs([task, ngym.make("LeverPress", dt=20)]).unwrapped.task
    told = whole.plan.scene.resolve(whole, {"task": 1})
    press = whole.plan.actions.index("press")
    assert press > 1
    assert {e["press"][0] for e in told if "press" in e} == {press}


def test_what_cannot_be_heard_is_refused():
    with pytest.raises(ValueError, match="unknown ear 'top'"):
        resolved(Tone(ear="top"))
    with pytest.raises(ValueError, match="clicks need one of them"):
        Clicks()
    with pytest.raises(ValueError, match="clicks need one of them"):
        Clicks(rate=3, times=[1])
    with pytest.raises(ValueError, match="expected ms since the clicks came on"):
        resolved(Clicks(times=[10, -1]))


def test_a_sound_belongs_to_its_trials():
    task = AnnubesEnv()
    told = {
        c: [e.get("source") for e in task.scene.resolve(task, ON | {"modality": c})] for c in "va"
    }
    assert "sine" in told["a"]
    assert "sine" not in told["v"]


@pytest.mark.parametrize("level", [0.0, 0.2, 0.5, 0.9, 1.0, 1.7])
def test_the_waves_of_a_level_that_a_channel_gives_are_those_of_the_same_number(level):
    binding = {"channel": 0, "scale": 2.0, "offset": 0.0}
    row = np.array([level / 2])
    for left in (True, False):
        given, bound = (speaker(0.08, of, left, None, alpha=1.0) for of in (level, binding))
        now = [value(p, row) for p in bound]
        there = [p for p in now if is_there(p)]
        radii, expected = ([p["radius"] for p in ps[1:]] for ps in (there, given))
        assert radii == pytest.approx(expected)
