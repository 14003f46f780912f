"""Frames: what a person sees, for agents that see pixels."""

import sys
from itertools import pairwise
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest

import neurogym as ngym
from neurogym.envs import pixels
from neurogym.envs.pixels import Painter
from neurogym.spec.scene import Dots, Grating, Plaid
from tests.acting import idle


def frames(id, steps, seed=3, size=64, **params):
    """What there is to see in some steps of doing nothing."""
    env = ngym.make(id, render_mode="rgb_array", render_size=size, **params)
    env.reset(seed=seed)
    rest, told = idle(env.unwrapped.task), [env.render()]
    for _ in range(steps - 1):
        env.step(rest)
        told.append(env.render())
    return np.array(told)


def test_every_task_has_frames_that_follow_the_seed(task_id):
    shown = frames(task_id, 50)
    assert shown.shape == (50, 64, 64, 3)
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, frames(task_id, 50))
    assert (shown != 128).any()


def test_a_frame_of_a_step_is_the_same_whether_those_before_it_were_drawn_or_not():
    env = ngym.make("RandomDotMotion-v0", render_mode="rgb_array", render_size=64)
    env.reset(seed=3)
    for _ in range(39):
        env.step(0)
    np.testing.assert_array_equal(env.render(), frames("RandomDotMotion-v0", 40)[-1])


def shift(before, after):
    """By how many pixels a picture moved, (x to the right, y up)."""
    a, b = (f.mean(axis=2) - f.mean() for f in (before, after))
    cross = np.fft.ifft2(np.fft.fft2(b) * np.conj(np.fft.fft2(a))).real
    rows, columns = np.unravel_index(cross.argmax(), cross.shape)
    half, n = len(a) // 2, len(a)
    return (columns + half) % n - half, -((rows + half) % n - half)


@pytest.mark.parametrize(("truth", "way"), [(0, 1), (1, -1)])
def test_dots_move_in_the_direction_of_the_label(truth, way):
    env = ngym.make("RandomDotMotion-v0", cohs=[100], render_mode="rgb_array", render_size=128)
    env.reset(seed=1, options={"conditions": {"ground_truth": truth}})
    told = []
    for _ in range(60):
        env.step(0)
        told.append(env.render())
    moves = [shift(a, b) for a, b in zip(told[10:-3], told[13:], strict=True)]
    expected = way * 0.45 * 3 * 0.016 * 128  # a set of dots comes again after three frames
    x, y = np.median(moves, axis=0)
    assert x == pytest.approx(expected, abs=1)
    assert abs(y) <= 1


@pytest.mark.parametrize(("truth", "way"), [(0, (-1, 0)), (1, (1, 0)), (2, (0, 1)), (3, (0, -1))])
def test_a_plaid_drifts_to_the_label(truth, way):
    env = ngym.make("SpatialSuppressMotion-v0", render_mode="rgb_array", render_size=200)
    forced = {"ground_truth": truth, "contrast": 0.92, "size": 8}
    env.reset(seed=1, options={"conditions": forced})
    told = []
    for _ in range(20):
        told.append(env.render())
        env.step(np.zeros(4))
    x, y = np.mean([shift(a, b) for a, b in pairwise(told[8:])], axis=0)
    assert np.sign([round(x), round(y)]).tolist() == list(way)


def luminance(frame):
    """The light of a screen's pixels, as IEC 61966-2-1 has it, from 0 to 1."""
    v = frame[..., 0] / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def drawn(element, size=256):
    """The picture of one element."""
    painter = Painter(SimpleNamespace(dt=1000), size)
    task = SimpleNamespace(plan=SimpleNamespace(channels=None, timing={}))
    painter.begin((3, 0, ""), element.resolve(task, {}))
    return painter.draw({}, 0, np.zeros(1)).astype(float)


@pytest.mark.parametrize("contrast", [0.05, 0.2, 0.5, 0.99])
@pytest.mark.parametrize("make", [Grating, Plaid])
def test_a_contrast_is_that_of_luminance_about_that_of_the_stage(make, contrast):
    told = luminance(drawn(make(size=0.9, soft=0.0, frequency=8, contrast=contrast)))
    stage = luminance(np.full((1, 1, 3), 128.0))[0, 0]
    inside = np.hypot(*np.meshgrid(*2 * [(np.arange(256) + 0.5) / 256 - 0.5])) < 0.44
    low, high = told[inside].min(), told[inside].max()
    step = 0.5 / 58  # half a pixel value near the stage's is so much of its light
    assert (high - low) / (high + low) == pytest.approx(contrast, abs=step)
    assert told[inside].mean() == pytest.approx(stage, rel=0.01)


@pytest.mark.parametrize("contrast", [0.1, 0.5, 1.0])
def test_the_contrast_of_dots_is_a_share_of_their_light(contrast):
    told = luminance(drawn(Dots(dot=0.1, density=600, contrast=contrast, color="#ffffff")))
    stage = luminance(np.full((1, 1, 3), 128.0))[0, 0]
    assert told.max() == pytest.approx(stage + contrast * (1 - stage), rel=0.02)
    assert told.min() == pytest.approx(stage)


def test_a_pointer_shows_what_was_done_last():
    env = ngym.make("VisualSearch-v0", render_mode="rgb_array", render_size=100)
    env.reset(seed=1)
    while not env.unwrapped.in_period("decision"):
        env.step(np.zeros(2))
    centre = env.render()
    env.step(np.array([0.05, 0.05], np.float32))
    assert (env.render() != centre).any()


def test_pixels_as_observations():
    env = ngym.make("GoNogo-v0", pixels=True, render_size=48)
    assert env.observation_space == gym.spaces.Box(0, 255, (48, 48, 3), np.uint8)
    ob, _ = env.reset(seed=3)
    np.testing.assert_array_equal(ob, frames("GoNogo-v0", 1, size=48)[0])
    assert env.observation_space.contains(env.step(0)[0])


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"render_mode": "human"}, "'rgb_array'"),
        ({"render_mode": "rgb_array", "render_size": 4}, "render_size = 4: expected pixels"),
        ({"pixels": True, "render_size": 0.5}, "render_size = 0.5: expected pixels"),
    ],
)
def test_bad_arguments_are_told(params, error):
    with pytest.raises(ValueError, match=error):
        ngym.make("GoNogo-v0", **params)


def test_many_environments_at_once_give_no_frames():
    for asked in ({"render_mode": "rgb_array"}, {"pixels": True}):
        with pytest.raises(ValueError, match="one environment at a time"):
            ngym.make_vec("GoNogo-v0", 2, **asked)


def test_without_a_reset_there_is_no_frame():
    env = ngym.make("GoNogo-v0", render_mode="rgb_array")
    with pytest.raises((ValueError, gym.error.ResetNeeded), match="reset"):
        env.render()


def test_letters_that_no_font_has_are_told():
    with pytest.raises(ValueError, match="no font was found that has \ue123"):
        pixels._font(20.0, "a\ue123")


def test_text_without_pillow_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="text in frames needs Pillow"):
        frames("ProbabilisticReasoning-v0", 30)
