"""Durations, what dt makes of them, parameters and layouts."""

import math
from itertools import pairwise

import numpy as np
import param
import pytest
from scipy import stats

from neurogym.spec.conditions import Choice, Condition, Flips, Uniform
from neurogym.spec.durations import KINDS, Duration, to_steps
from neurogym.spec.layout import Actions, Channels, Evidence, ring
from neurogym.spec.parameters import Levels, Rewards, Timing, unknown
from neurogym.trials.stream import FIRST, MOST, locate, size_of

N, ALPHA = 20_000, 1e-4


def rng(seed=0):
    return np.random.default_rng(seed)


def drawn(spec, n=N):
    return Duration.parse(spec).draw(rng(), n, np.zeros(n, int), {})


# -- durations -------------------------------------------------------------------------------------


def test_a_constant_is_what_it_says():
    assert drawn(300).tolist() == [300.0] * N
    assert drawn(("constant", 300)).tolist() == [300.0] * N


def test_a_uniform_duration_fills_its_range_evenly():
    ms = drawn(("uniform", (200, 700)))
    assert stats.kstest(ms, stats.uniform(200, 500).cdf).pvalue > ALPHA
    assert 200 <= ms.min() < 201
    assert 699 < ms.max() <= 700


@pytest.mark.parametrize("spec", [[100, 200, 400], ("choice", [100, 200, 400])])
def test_each_choice_is_as_frequent(spec):
    ms = drawn(spec)
    values, counts = np.unique(ms, return_counts=True)
    assert values.tolist() == [100, 200, 400]
    assert stats.chisquare(counts).pvalue > ALPHA


@pytest.mark.parametrize(
    ("mean", "low", "high"), [(600, 300, 3000), (300, 200, 1000), (50, 0, 100)]
)
def test_a_truncated_exponential_has_its_closed_form(mean, low, high):
    ms = drawn(("truncated_exponential", (mean, low, high)))
    law = stats.truncexpon((high - low) / mean, loc=low, scale=mean)
    assert stats.kstest(ms, law.cdf).pvalue > ALPHA
    width = high - low
    expected = low + mean - width / math.expm1(width / mean)
    assert law.mean() == pytest.approx(expected)
    assert abs(ms.mean() - expected) < stats.norm.isf(ALPHA / 2) * law.std() / N**0.5
    assert low <= ms.min()
    assert ms.max() <= high


def test_an_exponential_without_a_maximum_is_cut_far_out():
    duration = Duration.parse(("truncated_exponential", 100))
    assert duration.bounds == (0, pytest.approx(100 * math.log(1e6)))
    ms = drawn(("truncated_exponential", (100, 50)))
    assert abs(ms.mean() - 150) < stats.norm.isf(ALPHA / 2) * 100 / N**0.5


def test_lengths_that_follow_from_others():
    until = Duration.parse(("until", 1000))
    assert until.draw(rng(), 3, np.array([0, 400, 1000]), {}).tolist() == [1000, 600, 0]
    with pytest.raises(ValueError, match="lasts until 1000 ms but starts at 1200 ms"):
        until.draw(rng(), 2, np.array([0, 1200]), {})
    times = Duration.parse(("times", ("measure", 1.5)))
    lengths = times.draw(rng(), 2, np.zeros(2), {"measure": np.array([100.0, 200.0])})
    assert lengths.tolist() == [150, 300]
    with pytest.raises(ValueError, match="'measure', which is none of those before it: 'set'"):
        times.draw(rng(), 2, np.zeros(2), {"set": 3})


SPECS = [
    250,
    [100, 200],
    ("uniform", (1, 2)),
    ("truncated_exponential", (600, 300, 3000)),
    ("until", 900),
    ("times", ("measure", 2)),
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_written_form_reads_back(spec):
    duration = Duration.parse(spec)
    assert Duration.parse(duration.spec) == duration
    assert Duration.parse(duration) is duration
    assert str(duration)
    if duration.is_random:
        low, high = duration.bounds
        assert ((low <= drawn(spec)) & (drawn(spec) <= high)).all()


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        (-1, "finite and not negative"),
        (float("nan"), "finite and not negative"),
        (float("inf"), "finite and not negative"),
        (True, "unknown form"),
        ("long", "unknown form"),
        ([], "unknown form"),
        (None, "unknown form"),
        (lambda: 3, "hides its random numbers from the seed"),
        (("uniform", (5, 3)), "low exceeds high"),
        (("uniform", 5), r"'uniform' takes \('low', 'high'\)"),
        (("choice", []), r"'choice' takes"),
        (("truncated_exponential", (0, 1, 2)), "mean must be positive"),
        (("truncated_exponential", (5, 3, 2)), "min not above max"),
        (("truncated_exponential", ()), "'truncated_exponential' takes"),
        (("truncated_exponential", (1, 2, 3, 4)), "values to unpack|takes"),
        (("gaussian", (5, 3)), "unknown kind 'gaussian'"),
        (("uniform", 1, 2), "two entries"),
        ([100, "x"], "could not convert"),
    ],
)
def test_what_is_no_duration_is_refused_and_the_kinds_are_named(spec, complaint):
    with pytest.raises(ValueError, match=complaint) as error:
        Duration.parse(spec, "delay")
    assert str(error.value).startswith("timing['delay'] = ")
    assert all(repr(kind) in str(error.value) for kind in KINDS)


# -- steps -----------------------------------------------------------------------------------------


def test_lengths_are_rounded_down_but_a_positive_one_is_a_step():
    assert to_steps([0, 1e-9, 1, 79, 80, 159, 160], 80).tolist() == [0, 1, 1, 1, 1, 1, 2]


@pytest.mark.parametrize("dt", [8.3, 0.1, 1 / 3, 16.7, 1000 / 60, 1000 / 144, 7])
def test_a_multiple_of_a_float_dt_is_so_many_steps(dt):
    steps = np.arange(1, 5000)
    assert to_steps(steps * dt, dt).tolist() == steps.tolist()
    assert to_steps(np.cumsum(np.full(300, dt)), dt).tolist() == list(range(1, 301))


def test_8_3_ms_go_36_times_into_300_ms():
    assert to_steps(300, 8.3) == 36


# -- conditions ------------------------------------------------------------------------------------


def test_choices_follow_their_probabilities():
    values = Choice(list("abc"), p=[0.2, 0.0, 0.8]).draw(rng(), N, None)
    assert set(values.tolist()) == {"a", "c"}
    counts = [(values == v).sum() for v in "ac"]
    assert stats.chisquare(counts, [0.2 * N, 0.8 * N]).pvalue > ALPHA
    for wrong in ([0.5, 0.5], [0.5, 0.6, -0.1], [0.2, 0.2, 0.2]):
        with pytest.raises(ValueError, match="expected 3 probabilities that sum to 1"):
            Choice(list("abc"), p=wrong)


def test_a_uniform_condition_fills_its_range():
    values = Uniform(-1, 3).draw(rng(), N, None)
    assert stats.kstest(values, stats.uniform(-1, 4).cdf).pvalue > ALPHA


def test_flips_flip_at_their_rate_and_go_on_from_block_to_block():
    flips, last, parts = Flips(0.1), None, []
    generator = rng()
    for _ in range(200):
        parts.append(flips.draw(generator, 100, last))
        last = parts[-1][-1]
    values = np.concatenate(parts)
    assert set(values.tolist()) == {0, 1}
    changes = int((np.diff(values) != 0).sum())
    assert stats.binomtest(changes, values.size - 1, 0.1).pvalue > ALPHA
    seams = sum(int(a[-1] != b[0]) for a, b in pairwise(parts))
    assert stats.binomtest(seams, 199, 0.1).pvalue > ALPHA
    starts = [int(flips.draw(rng(seed), 1, None)[0]) for seed in range(400)]
    assert stats.binomtest(sum(starts), 400, 0.5).pvalue > ALPHA


def test_what_a_condition_allows():
    assert Choice([0, 2]).allows(2)
    assert not Choice([0, 2]).allows(1)
    assert Choice([0, 2], bounds=(0, 5)).allows(np.float32(3.5))
    assert Uniform(0, 1).allows(1)
    for condition in (Choice([0, 2]), Choice([0, 2], bounds=(0, 5)), Uniform(0, 1), Flips(0.5)):
        for wrong in (6, -1, float("nan"), "a", None, (0, 1)):
            assert not condition.allows(wrong)
    assert Choice(["left", "right"]).allows("left")
    assert str(Choice(range(20))).endswith(", ...")
    with pytest.raises(TypeError, match="does not say"):
        Condition().draw(rng(), 1, None)


# -- parameters ------------------------------------------------------------------------------------


class Holder(param.Parameterized):
    timing = Timing(fixation=100, stimulus=("uniform", (1, 2)))
    rewards = Rewards(correct=1.0, fail=0.0)
    cohs = Levels([1, 2], bounds=(0, 100))


def test_a_part_of_a_dict_changes_that_part():
    holder = Holder(timing={"fixation": 300}, rewards={"fail": -1})
    assert list(holder.timing) == ["fixation", "stimulus"]
    assert holder.timing["fixation"].args == (300,)
    assert holder.timing["stimulus"].kind == "uniform"
    assert holder.rewards == {"correct": 1.0, "fail": -1.0}
    holder.timing = {"stimulus": 5}  # a part of the default, not of what was set before
    assert holder.timing["fixation"].args == (100,)
    assert Timing.serialize(holder.timing) == {"fixation": 100, "stimulus": 5}
    assert Holder(timing=None).timing == Holder.param.timing.default
    assert Holder.timing["fixation"].args == (100,)


def test_parameters_say_what_was_given_and_what_is_allowed():
    with pytest.raises(ValueError, match=r"unknown period 'fixatoin': .*did you mean 'fixation'"):
        Holder(timing={"fixatoin": 3})
    with pytest.raises(ValueError, match=r"unknown reward 'corect': .*did you mean 'correct'"):
        Holder(rewards={"corect": 3})
    with pytest.raises(ValueError, match=r"rewards\['fail'\] = True is not a number"):
        Holder(rewards={"fail": True})
    with pytest.raises(TypeError, match="timing is a dict, not 300"):
        Holder(timing=300)
    with pytest.raises(ValueError, match=r"cohs: \[101.0\] out of bounds \(0, 100\)"):
        Holder(cohs=[3, 101])
    with pytest.raises(ValueError, match="length"):
        Holder(cohs=[])
    assert Holder(cohs=np.array([3, 4])).cohs == [3.0, 4.0]
    assert Holder(cohs=(3, 4)).cohs == [3.0, 4.0]


def test_the_nearest_name_is_suggested():
    text = unknown("tag", ["perceptul"], ["perceptual", "motor"])
    assert text == (
        "unknown tag 'perceptul': allowed are 'perceptual', 'motor'; did you mean 'perceptual'?"
    )
    assert unknown("tag", ["x"], []) == "unknown tag 'x': allowed are none"


# -- layout ----------------------------------------------------------------------------------------


def test_groups_fill_the_indices_in_order():
    channels = Channels(fixation=1, left=Evidence(3, gate="fixation"), right=3)
    assert len(channels) == channels.size == 7
    assert channels.labels[:2] == ["fixation", "left 1"]
    assert channels.names == {"fixation": 0, "left": [1, 2, 3], "right": [4, 5, 6]}
    assert channels["right"].slice == slice(4, 7)
    assert channels["left"].evidence
    assert channels["left"].gate == "fixation"
    assert not channels["right"].evidence
    space = channels.space()
    assert space.shape == (7,)
    assert space.dtype == np.float32
    assert space.name == channels.names
    actions = Actions(fixation=1, choice=2)
    assert actions.space().n == 3
    assert actions.space().name == {"fixation": 0, "choice": [1, 2]}


def test_layouts_refuse_what_they_do_not_know():
    with pytest.raises(ValueError, match=r"unknown channel 'fixaton'.*did you mean 'fixation'"):
        Channels(fixation=1)["fixaton"]
    with pytest.raises(ValueError, match=r"action 'choice' needs at least one entry, not 0"):
        Actions(fixation=1, choice=0)


def test_a_ring_goes_round_counter_clockwise_from_the_right():
    np.testing.assert_allclose(ring(4), [0, np.pi / 2, np.pi, 3 * np.pi / 2])


# -- blocks ----------------------------------------------------------------------------------------


def test_every_trial_has_its_place_in_a_block():
    place = [locate(index) for index in range(3000)]
    expected = [(block, i) for block in range(18) for i in range(size_of(block))]
    assert place == expected[:3000]
    assert size_of(0) == FIRST
    assert size_of(10**6) == MOST
