"""gymnasium wrappers beneath ours: what they did they still do, or they are refused by name."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import wrappers as standard

import neurogym as ngym
from neurogym import wrappers
from neurogym.trials.task import Task
from neurogym.wrappers.stack import WRAPPERS

SEED = 5
STEPS = 7

# -- what stands around, and how it shows in a run -------------------------------------------------


class Shouting(gym.Wrapper):
    """One of somebody's own, without parameters."""

    def step(self, action):
        ob, reward, terminated, truncated, info = super().step(action)
        return ob, reward, terminated, truncated, {**info, "heard": True}


class Adding(gym.Wrapper):
    """One of somebody's own, with a parameter that nobody knows."""

    def __init__(self, env, more=1.0):
        super().__init__(env)
        self.more = more

    def step(self, action):
        ob, reward, *rest = super().step(action)
        return ob, reward + self.more, *rest


LAYERS = {
    "TimeLimit": lambda env: standard.TimeLimit(env, STEPS),
    "Autoreset": standard.Autoreset,
    "PassiveEnvChecker": standard.PassiveEnvChecker,
    "RecordEpisodeStatistics": standard.RecordEpisodeStatistics,
    "TransformReward": lambda env: standard.TransformReward(env, lambda reward: 100 * reward + 1),
    "ClipReward": lambda env: standard.ClipReward(env, 0.5, 0.6),
    "NormalizeReward": standard.NormalizeReward,
    "TransformObservation": lambda env: standard.TransformObservation(
        env, lambda ob: ob + 1000, env.observation_space
    ),
    "FlattenObservation": standard.FlattenObservation,
    "DelayObservation": lambda env: standard.DelayObservation(env, 2),
    "FrameStackObservation": lambda env: standard.FrameStackObservation(env, 3),
    "NormalizeObservation": standard.NormalizeObservation,
    "TransformAction": lambda env: standard.TransformAction(env, lambda a: 0, env.action_space),
    "StickyAction": lambda env: standard.StickyAction(env, 0.5),
    "Monitor": lambda env: wrappers.Monitor(env, verbose=False),
    "Identity": lambda env: wrappers.Identity(env, id="x"),
    "Shouting": Shouting,
    "Adding": lambda env: Adding(env, 7.0),
}


FITS = {
    "VariableNch": "NAltPerceptualDecisionMaking",
    "VariableMapping": "NAltConditionalVisuomotor",
}


def target(wrapper):
    """A task that a wrapper fits."""
    return ngym.make(FITS.get(wrapper, "PerceptualDecisionMaking"))


def names(env):
    found = []
    while isinstance(env, gym.Wrapper):
        found.append(type(env).__name__)
        env = env.env
    return found


def run(env):
    """What some steps give, with the actions of the inner task."""
    told = [env.reset(seed=SEED)[0]]
    for k in range(STEPS):
        told.append(env.step(1 if k == STEPS - 1 else 0)[:4])
    return told


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_beneath_acts_as_around_or_is_refused_by_name(wrapper, layer, capsys):
    ours = WRAPPERS[wrapper]
    inner = ours(target(wrapper))
    beneath = LAYERS[layer](target(wrapper))
    try:
        both = ours(beneath)
    except TypeError:
        with pytest.raises(TypeError, match=rf"lost.*{layer}\({wrapper}\(env"):
            ours(beneath)
        return
    assert type(beneath).__name__ in names(both)
    assert isinstance(both.unwrapped.task, Task)
    assert both.unwrapped.about == inner.unwrapped.about
    assert repr(run(both)) == repr(run(LAYERS[layer](inner)))


def test_what_must_not_be_refused_is_not():
    kept = {
        "PassReward": ["TimeLimit", "RecordEpisodeStatistics", "Monitor", "Autoreset"],
        "SideBias": [name for name in LAYERS if name != "Adding"],
        "Noise": ["TransformReward", "ClipReward", "NormalizeReward", "StickyAction", "TimeLimit"],
        "PassAction": ["TransformReward", "TimeLimit"],
    }
    for wrapper, layers in kept.items():
        for layer in layers:
            WRAPPERS[wrapper](LAYERS[layer](ngym.make("PerceptualDecisionMaking")))


def test_what_must_be_refused_is():
    lost = {
        "PassReward": ["TransformReward", "FrameStackObservation", "Shouting"],
        "PassAction": ["StickyAction"],
        "Noise": ["FrameStackObservation", "DelayObservation"],
        "SideBias": ["Adding"],
    }
    for wrapper, layers in lost.items():
        for layer in layers:
            with pytest.raises(TypeError, match=f"{layer}.*lost"):
                WRAPPERS[wrapper](LAYERS[layer](ngym.make("PerceptualDecisionMaking")))


def test_a_limit_by_make_stays_and_gymnasium_can_make_it_again():
    env = wrappers.PassReward(ngym.make("GoNogo", max_episode_steps=STEPS))
    env.reset(seed=SEED)
    assert [env.step(0)[3] for _ in range(STEPS)] == [False] * (STEPS - 1) + [True]
    assert env.spec.max_episode_steps == STEPS
    again = gym.make(env.spec)
    assert repr(run(again)) == repr(run(env))
    plain = wrappers.PassReward(ngym.make("GoNogo", dt=50))
    assert gym.make(plain.spec).unwrapped.about == plain.about


def test_frames_are_still_given():
    env = ngym.make("PerceptualDecisionMaking", render_mode="rgb_array", render_size=16)
    env = wrappers.SideBias(standard.TimeLimit(env, STEPS))
    env.reset(seed=SEED)
    assert env.render_mode == "rgb_array"
    assert env.render().shape == (16, 16, 3)


def test_what_a_layer_has_learned_or_recorded_is_not_lost():
    env = standard.NormalizeReward(ngym.make("PerceptualDecisionMaking"))
    run(env)
    wrapped = wrappers.SideBias(env)
    assert wrapped.return_rms.count == env.return_rms.count > 1
    monitor = wrappers.Monitor(ngym.make("PerceptualDecisionMaking"), verbose=False)
    run(monitor)
    with pytest.raises(TypeError, match="recorded steps"):
        wrappers.SideBias(monitor)


def test_layers_of_the_other_tasks_are_refused():
    other = ngym.make("GoNogo", max_episode_steps=3)
    for together in (wrappers.ScheduleEnvs, wrappers.Combine):
        with pytest.raises(TypeError, match="put TimeLimit around"):
            together(ngym.make("PerceptualDecisionMaking"), other)


def test_a_data_set_does_not_leave_out_what_changes_observations():
    env = LAYERS["TransformObservation"](ngym.make("PerceptualDecisionMaking"))
    with pytest.raises(TypeError, match="without what TransformObservation does"):
        ngym.Dataset(env)
    limited = ngym.make("PerceptualDecisionMaking", max_episode_steps=3)
    assert np.shape(ngym.Dataset(limited, batch_size=2, seq_len=10, seed=1)()[0]) == (10, 2, 3)
