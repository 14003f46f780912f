"""Noise of channels: each task says whether a person is shown it, and draws it as it is."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.docs.info import facts
from neurogym.envs.pixels import Painter
from neurogym.envs.task_env import TaskEnv
from neurogym.spec.canvas import LevelCanvas
from neurogym.spec.layout import Channels
from neurogym.spec.primitives import channels_of, is_bound, rebound, value
from neurogym.spec.scene import Bump, Disc, Dots, Mix, Pull, Scene
from neurogym.tasks.perceptual import PerceptualDecisionMaking, cosine_ring
from neurogym.trials.catalogue import task_class
from neurogym.trials.noise import drawn, is_shared, shared_in
from neurogym.wrappers import Combine, MultiEnvs, Noise
from tests.structure import TASKS

CLIPPED = 0.05  # of samples, at most
LOOKS = dict.fromkeys(("alpha", "radius", "width", "height", "color_share"), (0, 1))  # can be drawn


def env_of(id, preset="human", **params):
    cls = task_class(id)
    return TaskEnv(cls(**cls.preset(preset) | params))


def at(env, index, seed=1):
    env.reset(seed=seed, options={"trial": index})
    return env


def makes_noise(id, monkeypatch):
    """Whether a task asks for noise, be it none with its parameters; and in which channels."""
    asked = set()
    with monkeypatch.context() as patch:
        patch.setattr(
            LevelCanvas, "noise", lambda self, channel, sigma, during=None: asked.add(channel)
        )
        for preset in ("human", "agent"):
            at(env_of(id, preset), 0)
    return asked


@pytest.mark.parametrize("id", TASKS)
def test_each_task_says_of_its_noise_whether_it_is_shared_or_why_not(id, monkeypatch):
    cls = task_class(id)
    assert set(cls.unshared) <= makes_noise(id, monkeypatch)
    assert all(why[0].islower() and not why.endswith(".") for why in cls.unshared.values())
    told, flags = facts(id)["noise"], set()
    for preset in ("human", "agent", *cls.presets):
        env = env_of(id, preset)
        for index in range(12 if preset == "human" else 4):
            for name, (share, count) in shared_in(at(env, index)).items():
                assert share == 1 or name in cls.unshared, f"{name}: nothing shows its noise"
                assert (share == 0) == (count == 0)
                if preset == "human":
                    assert told[name].startswith("shared") or cls.unshared[name] in told[name]
            flags |= {is_shared(env)} if preset == "human" else set()
    shown = any(text.startswith("shared") for text in told.values())
    assert flags <= ({True, None} if shown else {False, None})
    assert (flags == {None}) == (not told)


@pytest.mark.parametrize("id", TASKS)
def test_what_is_drawn_is_linear_in_the_samples(id):
    env, outside, all_ = env_of(id), 0, 0
    for index in range(8):
        at(env, index)
        noisy, scene = env.noisy, env.task.plan.scene.resolve(env.task, env.trial)
        for p in scene if noisy.any() else ():
            seen = drawn([p], env.periods, env.ob) & noisy
            for name in [name for name in LOOKS if is_bound(p.get(name))]:
                channels = [c for c in channels_of(p[name]) if c < seen.shape[1]]
                rows = np.flatnonzero(seen[:, channels].any(axis=1))
                values = np.array([value(p[name], env.ob[k]) for k in rows])
                low, high = LOOKS[name]
                outside += ((values < low) | (values > high)).sum()
                all_ += values.size
    assert outside <= CLIPPED * all_


@pytest.mark.parametrize("id", [id for id in TASKS if "sigma" in task_class(id).param])
def test_noisy_is_where_there_is_noise(id):
    noisy, quiet = env_of(id), env_of(id, sigma=0)
    for index in range(6):
        differs = at(noisy, index).ob != at(quiet, index).ob
        if noisy.task.plan.learns:
            assert not differs[~noisy.noisy].any()
        np.testing.assert_array_equal(differs, noisy.noisy)
        assert noisy.has_noise == noisy.noisy.any()
        assert not quiet.has_noise
        assert not quiet.noisy.any()


def pair(how, **params):
    names = ("PerceptualDecisionMaking", "GoNogo", "DelayComparison")
    tasks = [ngym.make(name, dt=20, **(params if name != "GoNogo" else {})) for name in names]
    if how == "combine":
        return Combine(tasks[0], tasks[2], onset=300)
    return MultiEnvs(tasks, i=2) if how == "chosen" else Noise(MultiEnvs(tasks), sigma=0.3)


@pytest.mark.parametrize("how", ["combine", "chosen"])
def test_several_tasks_tell_the_noise_of_each(how):
    noisy, quiet = pair(how).unwrapped, pair(how, sigma=0).unwrapped
    for index in range(6):
        differs = at(noisy, index).ob != at(quiet, index).ob
        np.testing.assert_array_equal(differs, noisy.noisy)
        assert noisy.has_noise
        assert noisy.noisy.any()
        assert is_shared(noisy) is True
        assert is_shared(quiet) is None


def test_noise_around_several_tasks_is_told_too():
    env = at(pair("around").unwrapped, 0)
    assert env.noisy.all()
    assert is_shared(env) is False  # the fixation channel shows none
    assert is_shared(env, by_channels=True) is True


def test_rows_of_agents_tell_it_too(tmp_path):
    for sigma, shared in ((1.0, True), (0.0, None)):
        task = PerceptualDecisionMaking(sigma=sigma)
        for agent in ("random", "integrator"):
            rows = ngym.rollout(task, agent, trials=4)
            assert {row["shared_noise"] for row in rows} == {shared}
    assert ngym.rollout("GoNogo", "oracle", trials=1)[0]["shared_noise"] is None


def test_reasons_of_several_tasks_are_told_by_the_names_of_the_whole():
    whole = Combine(ngym.make("AnnubesEnv", dt=20), ngym.make("AnnubesEnv", dt=20)).unwrapped.task
    assert {name.partition("_")[0] for name in whole.hidden_noise} == {"v", "a"}
    assert set(whole.hidden_noise) <= set(whole.plan.channels.groups)


# -- what a scene can follow ---------------------------------------------------------------------


class Planned:
    """What a scene reads of a task."""

    def __init__(self, **groups):
        self.plan = type("Plan", (), {"channels": Channels(**groups), "timing": {}})


@pytest.mark.parametrize("n", [2, 3, 8, 16])
@pytest.mark.parametrize("coherence", [0.0, 6.4, 51.2, 100.0, 250.0])
def test_dots_have_the_coherence_and_direction_of_their_evidence(n, coherence):
    (told,) = Dots(evidence="stimulus").resolve(Planned(fixation=1, stimulus=n), {})
    for k in range(n):
        levels = cosine_ring(n, np.array([k]), np.array([coherence]))[0]
        row = np.concatenate([[1], levels]).astype(np.float32)
        assert value(told["coherence"], row) == pytest.approx(coherence, abs=1e-4)
        if coherence:
            way = np.exp(1j * value(told["direction"], row))
            assert way == pytest.approx(np.exp(2j * np.pi * k / n), abs=1e-4)


def test_the_first_channel_can_stand_for_another_direction():
    (told,) = Dots(evidence="stimulus", start=np.pi).resolve(Planned(stimulus=2), {})
    assert np.cos(value(told["direction"], np.array([1.0, 0.0]))) == pytest.approx(-1)


def test_evidence_leaves_no_other_direction():
    with pytest.raises(ValueError, match="evidence = 'stimulus' gives direction and coherence"):
        Dots(evidence="stimulus", coherence=50)


def test_the_mean_displacement_of_dots_is_linear_beyond_all_bounds():
    """Also where the momentary coherence is above 100 %: (n, 2) places, one set, no aperture."""
    task = PerceptualDecisionMaking(dt=20)
    rows = np.zeros((3, 3), np.float32)
    moved = {}
    for signal in (-2.5, -1.0, -0.3, 0.3, 1.0, 2.5):
        steps = []
        for trial in range(60):
            painter = Painter(task, 16)
            rows[:, 1], rows[:, 2] = 0.5 + signal / 2, 0.5 - signal / 2
            dots = Dots(evidence="stimulus", lifetime=1, density=60000, speed=0.3)
            painter.begin((trial, 0, ""), dots.resolve(task, {}), rows)
            shown, _ = painter._shown[0]
            e = {name: value(field, rows[0]) for name, field in shown.items()}
            before = painter._field(0, e, 0, 0).copy()
            after = painter._field(0, e, 1, 0)
            level = np.abs(after[:, 1] - before[:, 1]) < 1e-9  # those that moved on
            step = (after[level, 0] - before[level, 0] + 0.5) % 1 - 0.5
            steps.append(step.sum() / len(before))
        moved[signal] = np.mean(steps)
    unit = 0.3 / 0.6 * 0.02
    for signal, displacement in moved.items():
        assert displacement == pytest.approx(signal * unit, rel=0.04)


def test_a_mix_is_a_weighted_sum_of_the_channels_of_a_group():
    task = Planned(fixation=1, stimulus=3)
    (told,) = Scene(Disc(radius=Mix("stimulus", (1, 0, -2), 0.5))).resolve(task, {})
    assert value(told["radius"], np.array([9, 0.1, 5, 0.2])) == pytest.approx(0.1 - 0.4 + 0.5)
    assert channels_of(told) == {1, 3}
    assert channels_of(rebound(told, lambda channel: channel + 10)) == {11, 13}
    with pytest.raises(ValueError, match="2 weights for 3 channels 'stimulus'"):
        Disc(radius=Mix("stimulus", (1, 2))).resolve(task, {})


def test_rings_are_followed_by_angle_and_by_length():
    task = Planned(fixation=1, ring=4)
    (told,) = Disc(x=Bump("ring", 0.5), y=Pull("ring", 2.0, 0.1)).resolve(task, {})
    row = np.array([7, 0.0, 0.3, 0.0, 0.0])
    assert value(told["x"], row) == pytest.approx(np.pi / 2 + 0.5)
    assert value(told["y"], row) == pytest.approx(0.3 * 2 / 2 + 0.1)
    assert channels_of(told) == {1, 2, 3, 4}
    moved = rebound(told, lambda channel: channel + 5)
    assert channels_of(moved) == {6, 7, 8, 9}


def test_a_frame_follows_the_samples_of_steps_that_were_not_drawn():
    env, other = (
        ngym.make("PerceptualDecisionMaking", dt=20, cohs=[0], render_mode="rgb_array").unwrapped
        for _ in range(2)
    )
    for each in (env, other):
        each.reset(seed=4)
    for k in range(30):
        env.step(0), other.step(0)
        if k % 7 == 0:
            other.render()
    np.testing.assert_array_equal(env.render(), other.render())
