"""Which figures belong to a task: what a paper about it would show of its subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A figure of several subjects; the base of those here."""


@dataclass(frozen=True)
class Choices(Figure):
    """The psychometric function over a condition; over the first numeric one if it is empty.

    With `where` of the trials that have these conditions alone.
    """

    condition: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MedianTimes(Figure):
    """The chronometric function over a condition; over the first numeric one if it is empty."""

    condition: str = ""


@dataclass(frozen=True)
class TimeDistribution(Figure):
    """Response times of correct answers, and of errors."""


@dataclass(frozen=True)
class YesNo(Figure):
    """Hits, false alarms, d' and criterion.

    The action `answer` is yes, and a trial has the signal if its condition is `signal`.
    """

    condition: str = "ground_truth"
    signal: Any = 1
    answer: int = 1


@dataclass(frozen=True)
class StayProbability(Figure):
    """How often the first choice is repeated, by reward and transition."""


@dataclass(frozen=True)
class ProducedIntervals(Figure):
    """Produced intervals against those that were to be."""


@dataclass(frozen=True)
class ShareOfAnswer(Figure):
    """How often an answer was given over a condition, in trials whose conditions are `where`."""

    answer: int
    condition: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchTimes(Figure):
    """Response times over the number of items, for each value of the condition `by`."""

    condition: str
    by: str = ""


@dataclass(frozen=True)
class BiasByBlock(Figure):
    """The bias of the psychometric function in each block."""

    block: str = "block"
