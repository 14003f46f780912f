"""What every task draws and paints has the distribution that its declaration states.

With some 80 tasks in two presets and several statistics each, a single test has a level of one in a
hundred thousand.
"""

import itertools

import numpy as np
import pytest
from scipy import stats

from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.conditions import (
    Bits,
    Choice,
    Count,
    Flips,
    Order,
    Permutation,
    Switches,
    Uniform,
    Walk,
)
from neurogym.trials.catalogue import task_class
from tests.sampling import as_often, check_normal, shares

ALPHA = 1e-5
N = 3000
NOISE = ("sigma", "noise_std", "input_noise")  # the parameters that scale noise


def drawn(task, seed=7):
    """N trials of a task in a row; of one whose trials depend on their ends, its own chance."""
    rng = np.random.default_rng(seed)
    if task.plan.learns:
        return {
            name: condition.draw(rng, N, None)
            for name, condition in task.plan.conditions.items()
            if not condition.learns
        }, {p: d.sample(rng, N) for p, d in task.plan.timing.items() if d.is_random}
    draw = task.draw(rng, N, {})
    return draw.conditions, draw.ms


# -- durations -------------------------------------------------------------------------------------


def cdf(duration):
    """The distribution function that a random duration states."""
    if duration.kind == "uniform":
        low, high = duration.args
        return stats.uniform(low, high - low).cdf
    mean, low, high = duration.args
    return stats.truncexpon((high - low) / mean, loc=low, scale=mean).cdf


def test_lengths_of_periods_are_drawn_as_stated(task, preset):
    _, lengths = drawn(task)
    own = {period for period, duration in task.timing.items() if duration.is_random}
    assert own <= set(lengths)
    for period in own:
        duration = task.timing[period]
        if duration.kind == "choice":
            values, counts = np.unique(duration.args, return_counts=True)
            stated = dict(zip(values.tolist(), (counts / counts.sum()).tolist(), strict=True))
            assert shares(lengths[period], stated, ALPHA), period
        elif len(set(duration.args)) > 1:
            assert stats.kstest(lengths[period], cdf(duration)).pvalue > ALPHA, period


# -- conditions ------------------------------------------------------------------------------------


def check_switches(values, p):
    """As many changes as stated, independent of one another."""
    changed = np.diff(values) != 0
    assert as_often(changed.sum(), changed.size, p, ALPHA)
    if 0 < p < 1:
        twice = changed[::2][: changed.size // 2] & changed[1::2]
        assert as_often(twice.sum(), twice.size, p * p, ALPHA)


def check_walk(condition, values):
    """Steps as wide as stated, but where they were reflected, each for itself; all between."""
    assert ((values >= condition.low) & (values <= condition.high)).all()
    near = 4 * condition.sd
    inside = (values[:-1] > condition.low + near) & (values[:-1] < condition.high - near)
    steps = np.diff(values)[inside]
    if steps.size > 20:
        assert stats.kstest(steps, stats.norm(0, condition.sd).cdf).pvalue > ALPHA


def check_condition(condition, values):
    """N values of a condition in a row are what it states; kinds of a single task pass."""
    match condition:
        case Choice():
            options = condition.values.tolist()
            p = condition.p if condition.p is not None else [1 / len(options)] * len(options)
            stated = {}
            for value, share in zip(options, p, strict=True):
                stated[value] = stated.get(value, 0) + share
            assert shares(values, stated, ALPHA)
        case Uniform():
            low, high = condition.low, condition.high
            if low < high:
                assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > ALPHA
        case Walk():
            check_walk(condition, values)
        case Flips() | Switches():
            check_switches(values, condition.p)
        case Count():
            assert (np.diff(values) % condition.n == 1 % condition.n).all()
        case Order():
            places = condition.decode(values)
            stated = {k: 1 / condition.n for k in range(condition.n)}
            assert all(shares(column, stated, ALPHA) for column in places.T)
        case Permutation():
            assert len(set(values.tolist())) == 1
        case Bits():
            bits = condition.decode(values)
            assert all(as_often(column.sum(), N, condition.p, ALPHA) for column in bits.T)


def test_conditions_are_drawn_as_stated(task, preset):
    conditions, _ = drawn(task)
    for name, condition in task.conditions().items():
        if not condition.learns:
            values = conditions[name]
            if task.plan.layers:  # wrappers change what is drawn; blocks have tests of their own
                values = condition.draw(np.random.default_rng(7), N, None)
            check_condition(condition, values)
            assert all(condition.allows(value) for value in values[:200].tolist())


def test_conditions_do_not_depend_on_one_another(task):
    if task.plan.layers or task.plan.learns:
        return
    values = {
        name: np.unique(column, return_inverse=True)[1]
        for name, column in drawn(task)[0].items()
        if not task.plan.conditions[name].carries
    }
    few = [column for column in values.values() if 1 < column.max() + 1 <= 12]
    for one, other in itertools.combinations(few, 2):
        table = np.zeros((one.max() + 1, other.max() + 1))
        np.add.at(table, (one, other), 1)
        assert stats.chi2_contingency(table, correction=False).pvalue > ALPHA


# -- noise -----------------------------------------------------------------------------------------


def noise_sd(task, clean):
    """The SD a step that noise has where there is noise, given what is shown without it."""
    if "noise_std" in task.param:  # of a low-pass filter with the time constant tau
        return np.full_like(clean, task.noise_std * (2 * task.tau / task.dt) ** 0.5)
    if "input_noise" in task.param:  # a share of the cue
        return task.input_noise * np.abs(clean) / task.dt**0.5
    return np.full_like(clean, task.sigma / task.dt**0.5)


def last_phase(task):
    """The task as it is once it has been learned, where it is learned in phases."""
    return type(task)(**{**task.settings(), "init_ph": 4}) if "init_ph" in task.param else task


def painted(task, rng_skip=0, trials=120):
    """A block of trials under one seed; with `rng_skip` its noise is another."""
    rng = np.random.default_rng(11)
    if task.plan.learns:
        draws = [task.draw(rng, 1, {}) for _ in range(trials)]
    else:
        draws = [task.draw(rng, trials, {})]
    rng.standard_normal(rng_skip)
    return task.block(draws)


def without_noise(task):
    quiet = {name: 0.0 for name in NOISE if name in task.param}
    return type(task)(**{**task.settings(), **quiet})


def test_noise_is_white_and_as_strong_as_stated(task, preset):
    task = last_phase(task)
    quiet = without_noise(task)
    block, plain = painted(task), painted(quiet)
    clean = plain.ob.astype(float)
    noise = block.ob - clean
    np.testing.assert_array_equal(painted(quiet, rng_skip=1).ob, plain.ob)  # all chance is in it
    noisy = noise != 0
    assert noisy.any() == any(getattr(task, name, 0) for name in NOISE)
    if not noisy.any():
        return
    z = np.where(noisy, noise / np.where(noisy, noise_sd(task, clean), 1), 0)
    columns = np.flatnonzero(noisy.any(axis=0))
    check_normal(z[noisy], 1, ALPHA)
    values = z[noisy][:5000]  # float32 about a level: fine to a ten-thousandth
    assert stats.kstest(values, stats.norm.cdf).pvalue > ALPHA
    for column in columns:
        one = z[noisy[:, column], column]
        check_normal(one, 1, ALPHA)
        pairs = noisy[1:, column] & noisy[:-1, column]
        check_uncorrelated(z[1:, column][pairs], z[:-1, column][pairs])
    for one, other in itertools.pairwise(columns):
        both = noisy[:, one] & noisy[:, other]
        check_uncorrelated(z[both, one], z[both, other])


def check_uncorrelated(a, b):
    """Products of independent normal values have a sum with variance n."""
    if a.size > 30:
        assert abs((a * b).sum()) < 1.1 * stats.norm.isf(ALPHA / 2) * a.size**0.5


def test_noise_is_where_evidence_is(task, preset):
    """A trial's whole period of a channel is noisy or not, and no signal to fixate or go is."""
    task = last_phase(task)
    block, quiet = painted(task), painted(without_noise(task))
    noisy = block.ob != quiet.ob
    segments = len(block.timeline.periods)
    for group in task.plan.channels:
        here = noisy[:, group.slice]
        for k in range(segments):
            rows = block.period == k
            n = np.bincount(block.trial[rows], minlength=block.n)
            share = np.bincount(block.trial[rows], here[rows].mean(axis=1), minlength=block.n)
            share = share[n > 0] / n[n > 0]
            some = share[share > 0]  # now and then a sample is too small to be seen beside a level
            assert some.size == 0 or (some.mean() > 0.99 and some.min() > 0.4), (
                group.name, block.timeline.periods[k]
            )  # fmt: skip
        if group.name in ("fixation", "go", "choice"):
            assert not here.any()


# -- levels: what a period's steps show, but for noise, of tasks that have no test of their own ----


def motion(c):
    """Two directions: half, and half the coherence more or less."""
    return [0.5 + (1 - 2 * (k ^ c["ground_truth"])) * c["coh"] / 200 for k in (0, 1)]


def heard(name):
    return lambda c: c["intensity"] * (c["ground_truth"] == 1 and name in c["modality"])


def rate(name, way):
    """From 0.4 at the lowest rate to 1.2 at the highest, or the other way round, and 0.2 always."""

    def level(task, c):
        low, high = min(task.rates), max(task.rates)
        share = (task.boundary + (1 if c["ground_truth"] else -1) * c["away"] - low) / (high - low)
        there = c["modality"] in (name, "both")
        return 0.2 + there * (0.4 + 0.8 * (share if way == "up" else 1 - share))

    return level


def told(function):
    return lambda task, c: function(c)


def pair(c):
    """The test that goes with the sample on go trials; from the third block on, the other one."""
    return c["sample"] ^ (c["block_trial"] // 1000 // 2) ^ (c["ground_truth"] == 0)


RING = np.arange(16) * np.pi / 8


def spot(index, strength=1.0):
    """A bump of activity on a ring of 16 directions, as in Yang et al. (2019)."""
    away = np.abs(RING - RING[index % 16])
    away = np.minimum(away, 2 * np.pi - away)
    return 0.8 * strength * np.exp(-((8 * away / np.pi) ** 2) / 2)


def two_spots(modality):
    """The right answer's is the stronger one, unless the other modality counts and disagrees."""

    def level(task, c):
        mean, coh = c[f"mean_{modality}"], c[f"coh_{modality}"]
        if not task.relevant[modality - 1] and not c["agrees"]:
            coh = -coh
        right, other = c["ground_truth"], c["ground_truth"] + c["offset"]
        return spot(right, mean + coh) + spot(other, mean - coh)

    return level


def split_spots(sign):
    """Each spot's strength in one modality is its own, and a share that the other one lacks."""

    def level(task, c):
        right, other = c["mean"] + c["coh"], c["mean"] - c["coh"]
        return spot(c["ground_truth"], right * (1 + sign * c["split_right"] / 2)) + spot(
            c["ground_truth"] + c["offset"], other * (1 + sign * c["split_other"] / 2)
        )

    return level


def first_spot(task, c):
    """The stronger one in trials with order 0; where the right one is, or the other."""
    if c["order"] == 0:
        return spot(c["ground_truth"], c["mean_1"] + c["coh_1"])
    return spot(c["ground_truth"] + c["offset"], c["mean_1"] - c["coh_1"])


def colours(task, c):
    """Eight colour channels at each of eight places; the first place has the colour asked for."""
    places, others = ([int(k) for k in c[name].split("-")] for name in ("places", "others"))
    shown, asked = np.zeros((8, 8)), 2 * np.pi * c["ground_truth"] / 180
    angles = [asked, *(asked + k * np.pi / 4 for k in others)]
    for place, angle in list(zip(places, angles, strict=True))[: c["set_size"]]:
        shown[place - 1] = np.exp(2 * (np.cos(angle - np.arange(8) * np.pi / 4) - 1))
    return shown.ravel()


LEVELS = {  # by task: channels, period, and what they show
    "AnnubesEnv-v0": [("v", "stimulus", told(heard("v"))), ("a", "stimulus", told(heard("a")))],
    "CueSetGo-v0": [("cue", "set", told(lambda c: 0.2 + 0.3 * (c["interval"] - 700) / 950))],
    "CustomRaposoTask-v0": [
        (f"{name}_{way}", "stimulus", rate(name, way))
        for name in ("visual", "auditory")
        for way in ("up", "down")
    ],
    "Detection-v0": [
        ("stimulus", "stimulus", told(lambda c: c["ground_truth"] * c["strength"])),
        ("stimulus", "delay", told(lambda c: 0)),
    ],
    "DualTask-v0": [
        ("sample", "stim1", told(lambda c: np.eye(2)[c["sample"]])),
        ("distractor", "distraction", told(lambda c: np.eye(2)[c["distractor"]])),
        ("test", "stim2", told(lambda c: np.eye(2)[pair(c)])),
    ],
    "PostDecisionWager-v0": [
        ("stimulus", "stimulus", told(motion)), ("sure", "decision", told(lambda c: c["wager"])),
    ],
    "ReadySetGo_DoublePrior-v0": [("cue", "set", told(lambda c: (0.3, 0.4)[c["prior"]]))],
    "ReadySetGo_SinglePrior-v0": [("cue", "set", told(lambda c: 0.3))],
    "ToneDetection-v0": [
        ("stimulus", f"tone{k}", told(lambda c, k=k: c["strength"] * (c["ground_truth"] == k)))
        for k in (1, 2, 3)
    ],
    "delayestimation-v0": [("stimulus", "stimulus", colours)],
    "yang19.dm1-v0": [("stimulus_mod1", "stimulus", two_spots(1))],
    "yang19.ctxdm2-v0": [(f"stimulus_mod{k}", "stimulus", two_spots(k)) for k in (1, 2)],
    "yang19.multidm-v0": [
        (f"stimulus_mod{k + 1}", "stimulus", split_spots(sign)) for k, sign in enumerate((1, -1))
    ],
    "yang19.dlydm1-v0": [("stimulus_mod1", "stim1", first_spot)],
    "yang19.dms-v0": [
        (f"stimulus_mod{k + 1}", "sample",
         told(lambda c, k=k: spot(c["direction"], c["modality"] == k)))
        for k in (0, 1)
    ],
}  # fmt: skip


@pytest.mark.parametrize("id", LEVELS)
def test_levels_are_those_stated(id):
    task = without_noise(task_class(id)())
    env = TaskEnv(task)
    for trial in range(40):
        env.reset(seed=2, options={"trial": trial})
        for channel, period, level in LEVELS[id]:
            start, stop = env.start_ind[period], env.end_ind[period]
            shown = env.ob[start:stop, task.plan.channels[channel].slice]
            stated = np.broadcast_to(level(task, env.trial), shown.shape)
            np.testing.assert_allclose(shown, stated, atol=1e-6)


# -- labels ----------------------------------------------------------------------------------------


def balance(task_id, task):
    """How often each response is right, by the task's description; 0 stands for none."""
    space = task.plan.actions
    n = len(task.answers) if space.graded else space.size - 1
    evenly = {k: 1 / n for k in range(1, n + 1)}
    half = {0: 0.5, **{k: share / 2 for k, share in evenly.items()}}
    told = {
        "AngleReproduction": {0: 0.01, 1: 0.495, 2: 0.495},  # twice there already
        "AnnubesEnv": half,  # catch_prob
        "DelayPairedAssociation": half,
        "Detection": half,
        "DualTask": half,
        "GoNogo": half,
        "HierarchicalReasoning": {3: 0.5, 4: 0.5},  # the reports that follow the rule
        "LeverPressWithPoke": {2: 1.0},  # presses come first
        "LeverPressWithPokeRest": {2: 1.0},
        "Nothing": {0: 1.0},
        # a trained snail breathes by skin, another one swims up unless it is at the surface
        "Pneumostomeopening": {1: 1 / 8, 2: 1 / 2, 3: 3 / 8},
        "PostDecisionWager": {1: 0.5, 2: 0.5},  # the sure one is never the best
        "Reaching1D": {0: 0.1, 1: 0.45, 2: 0.45},  # there already
        "Reaching1DWithSelfDistraction": {0: 0.1, 1: 0.45, 2: 0.45},
        "ToneDetection": {k: 1 / 4 for k in range(4)},
        "priors.priors_v0": {1: 5 / 12, 2: 5 / 12, 3: 1 / 6},  # two or three choices
        "yang19.dms": half, "yang19.dnms": half, "yang19.dmc": half, "yang19.dnmc": half,
    }  # fmt: skip
    return told.get(task_id.rpartition("-v")[0], evenly)


def test_right_responses_are_balanced_as_stated(task_id, task):
    """In a trial of many streams, so that blocks and histories begin in many ways."""
    env, stated, responses = TaskEnv(task), balance(task_id, task), []
    for seed in range(300 if len(stated) > 1 else 20):
        first = env.reset(seed=seed, options={"trial": 5})[0]
        trace = trial_table.run_trial(env, lambda _: env.gt_now, first)
        responses.append(max(trace.end["response"], 0))
    assert shares(responses, stated, ALPHA)
