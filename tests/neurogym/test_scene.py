"""Sounds in a scene: what the player is told of them, and what is refused."""

import numpy as np
import pytest

from neurogym.spec.primitives import is_there, speaker, value
from neurogym.spec.scene import By, Channel, Clicks, Noise, Of, Scene, Tone
from neurogym.tasks.detection import AnnubesEnv, ToneDetection

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
