"""Still pictures: well-formed, of every task, and they follow the timing."""

import re
from xml.etree import ElementTree

import gymnasium as gym
import numpy as np
import pytest

import neurogym as ngym
from app.light.catalogue import ON_CARD, picture
from app.state import StudioState
from neurogym.envs.episodes import as_trials
from neurogym.envs.task_env import TaskEnv
from neurogym.figures.stills import screens, timeline
from neurogym.spec.parameters import Preset, Timing
from neurogym.spec.primitives import BOX
from neurogym.tasks.withholding import GoNogo

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text):
    """The picture as the browser reads it, where the name space goes without saying."""
    assert "nan" not in text.lower()
    assert "inf" not in re.sub("[a-z]*info[a-z]*", "", text.lower())
    return ElementTree.fromstring(text.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))


def numbers(root, tag, name):
    return [float(node.get(name)) for node in root.iter(SVG + tag) if node.get(name)]


@pytest.fixture
def choice(task_id, preset):
    return StudioState(task=task_id, preset=preset)


def test_screens_show_each_period(choice):
    env = choice.env()
    root = parsed(screens(env, "x"))
    shown = [node.text for node in root.iter(SVG + "text")]
    lasting = {name for name, start, stop in env.periods if stop > start}
    assert lasting & set(shown) == {name for name in choice.build().timing if name in shown}
    assert len(lasting & set(shown)) >= len(lasting) - 1
    assert all(width >= 0 for width in numbers(root, "rect", "width"))
    assert root.get("aria-label") == "Screens of a trial"


def test_a_cards_picture_has_few_screens_and_its_text_can_be_read(task_id):
    root = parsed(picture(task_id, ON_CARD))
    wide, tall = map(float, root.get("viewBox").split()[2:])
    px = min(300 / wide, 136 / tall)  # of the smallest card
    frames = [node for node in root.iter(SVG + "rect") if node.get("class") == "edge"]
    assert 1 <= len(frames) <= ON_CARD
    for node in root.iter(SVG + "text"):
        assert float(node.get("font-size")) * px >= 6, node.text


def test_screens_that_show_most_are_chosen():
    env = StudioState(task="PulseDecisionMaking-v0").env()
    every, some = (parsed(screens(env, "x", most)) for most in (None, 4))
    periods = [node.text for node in every.iter(SVG + "text")]
    chosen = [node.text for node in some.iter(SVG + "text")]
    assert chosen == [name for name in periods if name in chosen]
    assert len(chosen) == 4 < len(periods)
    shapes = [
        len(list(root.iter(SVG + "circle"))) / n for root, n in ((every, len(periods)), (some, 4))
    ]
    assert shapes[1] > shapes[0]


def test_faint_patterns_are_not_those_that_are_drawn():
    env = StudioState(task="SpatialSuppressMotion-v0").env()
    screens(env, "x")
    assert env.trial["contrast"] > 0.5


def test_two_pictures_on_a_page_do_not_clip_each_other(choice):
    clips = [re.findall('id="([^"]+)"', screens(choice.env(), ident)) for ident in ("a", "b")]
    assert not set(clips[0]) & set(clips[1])


def test_a_timeline_has_a_bar_a_period(choice):
    task = choice.build()
    root = parsed(timeline(choice.env()))
    titles = [node.text for node in root.iter(SVG + "title")]
    assert [text.partition(":")[0] for text in titles] == list(task.timing)
    for text, duration in zip(titles, task.timing.values(), strict=True):
        assert str(duration) in text
        assert f"at dt {task.dt:g} ms" in text
    widths, left = numbers(root, "rect", "width"), numbers(root, "rect", "x")
    assert all(width >= 0 for width in widths)
    assert max(x + w for x, w in zip(left, widths, strict=True)) <= 690


def test_a_timeline_follows_the_timing(choice):
    task = choice.build()
    period, ms = next((p, d.bounds[1]) for p, d in task.timing.items() if d.bounds[1])
    before = timeline(choice.env()), screens(choice.env(), "x")
    choice.change("timing", {period: ms + 13 * task.dt})
    after = timeline(choice.env())
    assert after != before[0]
    steps = int(ms / task.dt + 1e-9)
    assert f"{max(steps, 1) + 13} steps" in after or f"{steps + 13} steps" in after
    choice.change("timing", {period: ["uniform", [ms, ms + 700]]})
    assert f"{ms:g}-{ms + 700:g} ms" in timeline(choice.env())
    parsed(timeline(choice.env()))
    parsed(screens(choice.env(), "x"))


def test_a_picture_follows_the_timing():
    choice = StudioState(task="GoNogo-v0")
    assert ">fixation<" in screens(choice.env(), "x")
    choice.change("timing", {"fixation": 0})
    assert ">fixation<" not in screens(choice.env(), "x")


def test_what_dt_makes_of_a_length_is_told():
    choice = StudioState(
        task="GoNogo-v0", params={"dt": 100, "timing": {"delay": 250, "fixation": 30}}
    )
    text = timeline(choice.env())
    assert "delay: 250 ms; at dt 100 ms: 2 steps = 200 ms" in text
    assert "fixation: 30 ms; at dt 100 ms: 1 steps = 100 ms" in text


class Odd(GoNogo):
    """A period whose name reads like markup."""

    timing = Timing({"fixation": 0, "stimulus": 500, "<b>&": 200, "delay": 0, "decision": 500})
    human = Preset()


def test_names_are_escaped():
    env = TaskEnv(Odd())
    assert "<b>&" in [node.text for node in parsed(screens(env, "x")).iter(SVG + "text")]
    assert "<b>&" in [node.text for node in parsed(timeline(env)).iter(SVG + "text")]


def test_an_environment_without_a_scene_is_shown_as_bars():
    env = as_trials(gym.make("CartPole-v1"))
    root = parsed(screens(env, "cart"))
    assert [node.text for node in root.iter(SVG + "text")] == ["episode"]
    bars = [node for node in root.iter(SVG + "rect") if node.get("fill") == "#f5f5f5"]
    assert len(bars) == 4


class Endless(gym.Env):
    """Nothing ever happens."""

    observation_space = gym.spaces.Box(-1, 1, (2,))
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        return np.zeros(2, np.float32), 0.0, False, False, {}


def test_an_episode_without_an_end_is_told():
    with pytest.raises(ValueError, match="its trials may have no end"):
        screens(as_trials(Endless()), "x")


def dual(*tasks, **how):
    others = [{"task": f"{task}-v0", "preset": "human"} for task in tasks]
    stack = [{"Combine": {"tasks": others, **how}}]
    return ngym.make("GoNogo", preset="human", stack=stack).unwrapped


@pytest.mark.parametrize("how", [{}, {"mix": [0.5, 0.4, 0.1]}], ids=["all", "mixed"])
def test_two_tasks_are_shown_side_by_side(how):
    root = parsed(screens(dual("DelayPairedAssociation", **how), "x"))
    frames = [node for node in root.iter(SVG + "rect") if node.get("fill") == "#808080"]
    assert 4 <= len(frames) <= 8
    assert {node.get("width") for node in frames} == {"160"}
    shown = [(node.get("x"), node.text) for node in root.iter(SVG + "text") if node.text]
    assert {text for x, text in shown if x == "4"} == {"fixation", "stimulus", "delay", "decision"}
    assert {"stim1", "stim2", "decision"} <= {text for x, text in shown if x == "84"}


def test_a_task_that_is_over_is_shown_no_more():
    env = dual("DelayPairedAssociation", onset=10_000)
    root = parsed(screens(env, "x"))
    panels = [
        {node.get("transform").split()[0] for node in group.iter(SVG + "g") if node.get("transform")
         and "scale" in node.get("transform")}
        for group in root.iter(SVG + "g") if group.get("clip-path")
    ]  # fmt: skip
    assert all(len(places) == 1 for places in panels)
    assert len(set.union(*panels)) == 2


def test_a_picture_shows_the_speaker_of_a_sound():
    env = StudioState(task="ToneDetection-v0").env()
    text = screens(env, "x")
    parsed(text)
    periods = [name for name, start, stop in env.periods if stop > start]
    box = " ".join(f"{8 * x:.2f},{-8 * y:.2f}" for x, y in BOX)  # of a size of 0.08
    assert text.count(box) == len(periods) - 1  # of the tone; not to decide
