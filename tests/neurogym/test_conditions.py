"""Conditions that arrange things: what is drawn, what can be forced, and how it is read."""

import numpy as np
import pytest

from neurogym.spec.conditions import Patterns, Permutation, Runs, Subset


def draws(condition, n=5, last=None, seed=0):
    return condition.draw(np.random.default_rng(seed), n, last)


def test_a_subset_is_drawn_as_all_of_them():
    condition = Subset(12)
    values = draws(condition)
    assert values.tolist() == ["1-2-3-4-5-6-7-8-9-10-11-12"] * 5
    assert condition.decode(values).all()
    assert not condition.carries
    assert str(Subset(4)) == "2 or more of the numbers 1 to 4 in order, such as '1-2'"


def test_runs_go_on_where_they_were():
    condition, rng = Runs(3, 4, 6), np.random.default_rng(2)
    parts, last = [], None
    for n in (1, 3, 7, 200, 1):
        values, last = condition.draw_on(rng, n, last)
        parts.append(values)
    values = np.concatenate(parts)
    lengths = np.diff(np.flatnonzero(np.diff(values)))
    assert set(lengths) == {4, 5, 6}
    assert all(type(told) is int for told in last)
    assert str(condition) == "0 to 2, for 4 to 6 trials each"
    assert condition.allows(2)
    assert not condition.allows(3)


def test_a_subset_is_read_thing_by_thing():
    found = Subset(10).decode(np.array(["1-10", "2-3-4", "1-10"]))
    assert found.dtype == bool
    assert [np.flatnonzero(row).tolist() for row in found] == [[0, 9], [1, 2, 3], [0, 9]]


@pytest.mark.parametrize(
    ("condition", "allowed", "refused"),
    [
        (
            Subset(4, least=2),
            ["1-2", "2-4", "1-2-3-4"],
            ["", "1", "2-1", "1-1", "0-1", "4-5", "1-02", "1--2", " 1-2", "1-2-", "1-²", 1, None],
        ),
        (Subset(3, least=1), ["1", "3", "1-3"], ["4", "-1"]),
        (Permutation(3), ["1-2-3", "3-1-2"], ["1-2", "1-2-2", "0-1-2", "1-2-3-4", "", 123, None]),
        (
            Patterns(2, 3),
            ["001-100", "111-110"],
            ["000-001", "001-001", "01-100", "001", "001-010-100", "001-002", "", 1100, None],
        ),
    ],
)
def test_only_what_makes_sense_can_be_forced(condition, allowed, refused):
    assert all(condition.allows(value) for value in allowed)
    assert all(condition.allows(np.str_(value)) for value in allowed)
    assert not any(condition.allows(value) for value in refused)
    assert len(condition.decode(np.array(allowed))) == len(allowed)


@pytest.mark.parametrize("condition", [Permutation(12), Patterns(5, 4), Patterns(3, 63)])
def test_an_arrangement_is_drawn_once_and_kept(condition):
    assert condition.carries
    first = draws(condition)
    assert len(set(first.tolist())) == 1
    assert condition.allows(first[0])
    assert draws(condition, 3, first[-1].item(), seed=9).tolist() == first[:3].tolist()
    assert draws(condition, 3, first[-1], seed=9).tolist() == first[:3].tolist()
    assert len({draws(condition, 1, seed=seed)[0] for seed in range(20)}) > 10


def test_a_permutation_is_read_from_0():
    condition = Permutation(11)
    values = np.array(["11-1-2-3-4-5-6-7-8-9-10", "1-2-3-4-5-6-7-8-9-10-11"])
    assert condition.decode(values).tolist() == [[10, *range(10)], list(range(11))]
    assert str(Permutation(3)) == "the numbers 1 to 3 in any order, such as '3-2-1'"


def test_patterns_are_read_bit_by_bit():
    condition = Patterns(2, 3)
    found = condition.decode(np.array(["011-100", "111-001", "011-100"]))
    assert found.dtype == bool
    assert found.shape == (3, 2, 3)
    assert found.astype(int)[1].tolist() == [[1, 1, 1], [0, 0, 1]]
    np.testing.assert_array_equal(found[0], found[2])
    assert str(condition) == "2 different patterns of 3 bits with a 1 in each: 001-010"
    assert str(Patterns(6, 3)).endswith("001-010-011-100-..., 6 of them")


def test_all_patterns_of_few_bits_can_be_drawn():
    assert sorted(draws(Patterns(7, 3), 1)[0].split("-")) == [f"{k:03b}" for k in range(1, 8)]
    with pytest.raises(ValueError, match="no 8 different patterns of 3 bits"):
        Patterns(8, 3)
