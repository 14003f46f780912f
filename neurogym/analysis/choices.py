"""What choices depend on: levels, blocks, and what was chosen and earned before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neurogym.analysis.fits import Fit, fit
from neurogym.analysis.regressions import Weights, logistic, matches
from neurogym.records.measures import Point, levels, proportion, psychometric, wilson
from neurogym.records.trial_table import finished

Row = Mapping[str, Any]


def share_of(
    rows: Sequence[Row],
    condition: str,
    answer: int,
    signed_by: str | None = None,
    where: Mapping[str, Any] | None = None,
) -> list[Point]:
    """The share of one action of all responses over a condition, such as of the sure option.

    `where` picks trials by their conditions, such as {"wager": 1}: those in which the option was
    offered. Intervals are Wilson's; KeyError for a condition that a row lacks.
    """
    rows = [row for row in finished(rows) if row["response"] is not None and matches(row, where)]
    return proportion(levels(rows, condition, signed_by), [r["response"] == answer for r in rows])


@dataclass(frozen=True)
class BlockCurve:
    """The choices in one kind of block."""

    block: Any
    points: list[Point]
    fit: Fit | str


def by_block(
    rows: Sequence[Row], condition: str, block: str, signed_by: str, answer: int
) -> list[BlockCurve]:
    """A signed psychometric curve for each value of the condition `block`.

    The threshold of each is its bias. KeyError for a condition that a row lacks.
    """
    rows = finished(rows)
    found = []
    for value in sorted({row["conditions"][block] for row in rows}):
        here = [row for row in rows if row["conditions"][block] == value]
        points = psychometric(here, condition, signed_by, answer)
        found.append(BlockCurve(value, points, fit(points, signed=True)))
    return found


# -- what came before ------------------------------------------------------------------------------


def choice(row: Row) -> int | None:
    """The action that was chosen; the first one of a trial with several answers."""
    answer: int | None = row["answers"][0]["response"] if row["answers"] else row["response"]
    return answer


def pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Trials and those that followed them in the same run, both finished and answered."""
    for before, after in pairwise(rows):
        together = before["run_id"] == after["run_id"]
        next_one = after["trial_index"] == before["trial_index"] + 1
        both = len(finished([before, after])) == 2
        if together and next_one and both and None not in (choice(before), choice(after)):
            yield before, after


def _share(hits: Sequence[bool], level: float) -> Point:
    k, n = sum(hits), len(hits)
    return Point(level, k / n if n else float("nan"), *wilson(k, n), n)


@dataclass(frozen=True)
class Stay:
    """How often the first choice was repeated after each kind of trial; nan where there is none."""

    common_rewarded: Point
    rare_rewarded: Point
    common_unrewarded: Point
    rare_unrewarded: Point

    @property
    def interaction(self) -> float:
        """Reward x transition: 0 of a model-free learner that looks at rewards alone."""
        rewarded = self.common_rewarded.value - self.rare_rewarded.value
        return rewarded - (self.common_unrewarded.value - self.rare_unrewarded.value)

    @property
    def reward_effect(self) -> float:
        """The main effect of reward: 0 of a learner who only knows the transitions."""
        rewarded = self.common_rewarded.value + self.rare_rewarded.value
        return (rewarded - self.common_unrewarded.value - self.rare_unrewarded.value) / 2


def stay(rows: Sequence[Row]) -> Stay:
    """Stay probabilities of a two-step task (Daw et al. 2011).

    The transition of a trial, "common" or "rare", is that of the first of its `answers`; it was
    rewarded if it earned more than 0. https://doi.org/10.1016/j.neuron.2011.02.027. ValueError for
    rows that tell no transition.
    """
    kinds: dict[tuple[str, bool], list[bool]] = {
        (way, paid): [] for paid in (True, False) for way in ("common", "rare")
    }
    for before, after in pairs(rows):
        way = before["answers"][0].get("transition") if before["answers"] else None
        if way not in ("common", "rare"):
            raise ValueError(f"trial {before['uid']} tells no transition: it is no two-step task")
        kinds[way, before["reward"] > 0].append(choice(before) == choice(after))
    return Stay(*(_share(hits, float(k)) for k, hits in enumerate(kinds.values())))


def repetition(rows: Sequence[Row]) -> dict[str, Point]:
    """How often a choice is made again: "after correct" and "after error" trials."""
    found: dict[str, list[bool]] = {"after correct": [], "after error": []}
    for before, after in pairs(rows):
        kind = "after correct" if before["correct"] else "after error"
        found[kind].append(choice(before) == choice(after))
    return {name: _share(hits, float(k)) for k, (name, hits) in enumerate(found.items())}


def history(
    rows: Sequence[Row],
    answers: tuple[int, int],
    lags: int = 3,
    condition: str | None = None,
    signed_by: str | None = None,
) -> Weights | str:
    """What the choice between two actions depends on: bias, stimulus, and the choices before.

    A logistic regression of the second action on, for each lag, the choice that was made so many
    trials before where it was right ("correct 1": 1 the second action, -1 the first) and where it
    was wrong ("error 1"), as in Busse et al. (2011), https://doi.org/10.1523/JNEUROSCI.6689-10.2011,
    and on the signed level of a condition, over its greatest, where one is given. Trials whose
    predecessors are not all there are left out. ValueError for lags below 1.
    """
    if lags < 1:
        raise ValueError(f"lags = {lags!r}: expected 1 or more")
    sides = dict(zip(answers, (-1.0, 1.0), strict=True))
    known = {(row["run_id"], row["trial_index"]): row for row in finished(rows)}
    x, y, places = [], [], []
    for (run, index), row in known.items():
        past = [known.get((run, index - lag)) for lag in range(1, lags + 1)]
        there = [r for r in (row, *past) if r is not None and choice(r) in sides]
        if len(there) <= lags:
            continue
        told = [(sides[choice(r) or 0], bool(r["correct"])) for r in there[1:]]
        right = [side if correct else 0.0 for side, correct in told]
        wrong = [0.0 if correct else side for side, correct in told]
        x.append([1.0, *right, *wrong])
        y.append(sides[choice(row) or 0] > 0)
        places.append(row)
    numbers = range(1, lags + 1)
    names = ["bias", *(f"correct {k}" for k in numbers), *(f"error {k}" for k in numbers)]
    told_all = np.array(x).reshape(-1, len(names))
    used = [k for k in range(len(names)) if not len(x) or told_all[:, k].any()]
    told_all, names = told_all[:, used], [names[k] for k in used]
    if condition is not None and places:
        level = levels(places, condition, signed_by)
        most = float(np.abs(level).max()) or 1.0
        told_all, names = np.column_stack([told_all, level / most]), [*names, condition]
    return logistic(told_all, np.array(y), names)
