from itertools import pairwise

import numpy as np
import pytest

from neurogym.spec.schedules import (
    Lengths,
    RandomBlockSchedule,
    RandomSchedule,
    Schedule,
    SequentialBlockSchedule,
    SequentialSchedule,
)


def drawn(schedule, count, piece=256, seed=1):
    """Indices of so many trials, drawn in pieces."""
    rng, parts, last = np.random.default_rng(seed), [], None
    while sum(map(len, parts)) < count:
        part, last = schedule.draw(rng, piece, last)
        parts.append(part)
    return np.concatenate(parts)[:count]


def block_lengths(index):
    """Lengths of the blocks, but for the last one, which may be cut."""
    edges = np.flatnonzero(np.diff(index)) + 1
    return np.diff([0, *edges])


def within(count, n, p):
    """Whether a count of n lies within four standard deviations of its mean."""
    return abs(count - n * p) < 4 * (n * p * (1 - p)) ** 0.5


@pytest.mark.parametrize("piece", [1, 7, 256])
@pytest.mark.parametrize("block_dur", [1, 5])
def test_sequential_goes_round_and_once_stays_with_the_last(piece, block_dur):
    expected = np.arange(40) // block_dur
    found = drawn(Schedule(3, "sequential", block_dur), 40, piece)
    np.testing.assert_array_equal(found, expected % 3)
    found = drawn(Schedule(3, "once", block_dur), 40, piece)
    np.testing.assert_array_equal(found, np.minimum(expected, 2))


@pytest.mark.parametrize("piece", [1, 13, 256])
def test_random_repeats_as_often_as_chance_and_switch_never(piece):
    index = drawn(Schedule(4, "random"), 6000, piece)
    assert all(within((index == i).sum(), 6000, 1 / 4) for i in range(4))
    assert within((np.diff(index) == 0).sum(), 5999, 1 / 4)
    index = drawn(Schedule(4, "switch"), 6000, piece)
    assert (np.diff(index) != 0).all()
    steps = np.diff(index) % 4
    assert all(within((steps == k).sum(), 5999, 1 / 3) for k in (1, 2, 3))
    assert all(abs((index == i).mean() - 1 / 4) < 0.03 for i in range(4))


def test_block_lengths_are_fixed_uniform_or_geometric():
    for piece in (3, 256):
        assert set(block_lengths(drawn(Schedule(3, "switch", 20), 4000, piece))) == {20}
        lengths = block_lengths(drawn(Schedule(3, "switch", (3, 9)), 30_000, piece))
        assert set(lengths) == set(range(3, 10))
        assert all(within((lengths == k).sum(), lengths.size, 1 / 7) for k in range(3, 10))
        lengths = block_lengths(drawn(Schedule(3, "switch", 0.1), 30_000, piece))
        assert abs(lengths.mean() - 10) < 4 * (90 / lengths.size) ** 0.5
        assert within((lengths == 1).sum(), lengths.size, 0.1)
    assert [Lengths(spec).mean for spec in (20, (3, 9), 0.1)] == [20, 6, 10]


def test_each_can_have_a_length_of_its_own():
    index = drawn(Schedule(3, "sequential", block_lens=[2, 3, 4]), 18, 5)
    assert index.tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2] * 2
    index = drawn(Schedule(2, "switch", block_lens=[90, 40]), 5000)
    assert set(block_lengths(index)[1:].tolist()) == {90, 40}


def test_it_can_be_called_and_starts_anew():
    schedule = SequentialSchedule(3)
    assert [schedule() for _ in range(4)] == [0, 1, 2, 0]
    assert (schedule.i, schedule.total_count) == (0, 4)
    schedule.reset()
    assert schedule() == 0
    schedule = RandomSchedule(5, seed=3)
    first = [schedule() for _ in range(50)]
    assert any(a == b for a, b in pairwise(first))
    schedule.reset()
    assert [schedule() for _ in range(50)] == first
    schedule.seed(4)
    assert [schedule() for _ in range(50)] != first
    schedule = SequentialBlockSchedule(2, [3, 1])
    assert [schedule() for _ in range(8)] == [0, 0, 0, 1, 0, 0, 0, 1]
    schedule = RandomBlockSchedule(3, [4, 4, 4], seed=1)
    assert set(block_lengths(np.array([schedule() for _ in range(200)]))) == {4}


def test_exponential_lengths_have_their_mean():
    spec = ("truncated_exponential", (60, 20, 100))
    lengths, rng = Lengths(spec), np.random.default_rng(0)
    drawn = np.array([lengths.draw(rng) for _ in range(20_000)])
    assert (drawn.min(), drawn.max()) == (20, 99)
    assert abs(drawn.mean() - lengths.mean) < 4 * drawn.std() / drawn.size**0.5
    assert lengths.mean == pytest.approx(20 + 60 - 80 / np.expm1(80 / 60) - 0.5, abs=0.1)
    same = Lengths(("truncated_exponential", (60, 30, 30)))
    assert {same.draw(rng) for _ in range(9)} == {30}
    assert same.mean == 30


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Schedule(2, block_dur=("truncated_exponential", (60, 0, 100))), "block_dur"),
        (lambda: Schedule(2, block_dur=("truncated_exponential", (60, 20))), "block_dur"),
        (lambda: Schedule(0), "n = 0: expected a whole number from 1"),
        (lambda: Schedule(2, "any"), "unknown order 'any'"),
        (lambda: Schedule(2, block_dur=0), "block_dur = 0: expected a number of trials"),
        (lambda: Schedule(2, block_dur=(5, 2)), "block_dur"),
        (lambda: Schedule(2, block_dur=1.5), "block_dur"),
        (lambda: Schedule(2, block_dur=True), "block_dur"),
        (lambda: Schedule(2, block_dur="long"), "block_dur"),
        (lambda: Schedule(3, block_lens=[1, 2]), "expected 3 numbers of trials"),
        (lambda: Schedule(2, block_lens=[1, 0]), "block_lens = 0"),
    ],
)
def test_bad_schedules_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
