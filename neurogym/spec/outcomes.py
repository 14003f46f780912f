"""How a trial can end, and what each action earns: tables that all who step trials read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


class Outcome(IntEnum):
    """What an action, or the lack of one, was."""

    NONE = 0
    EARLY = 1
    CORRECT = 2
    ERROR = 3
    MISS = 4
    WITHHELD = 5

    @cached_property
    def is_correct(self) -> bool:
        """The right answer, or rightly none."""
        return self in (Outcome.CORRECT, Outcome.WITHHELD)

    @cached_property
    def is_answer(self) -> bool:
        """A response that was asked for."""
        return self in (Outcome.CORRECT, Outcome.ERROR)


class Payoffs:
    """Arrays of shape (kinds, states, actions).

    reward, ends, performance, outcome, response (the action that counts as the answer; 0: none) and
    next (the rule state that follows). A table that blocks use is not changed any more; tables are
    equal only to themselves.
    """

    FIELDS = ("reward", "ends", "next", "performance", "outcome", "response")

    def __init__(self, kinds: int, actions: int, states: int = 1):
        shape = (kinds, states, actions)
        self.reward = np.zeros(shape)
        self.ends = np.zeros(shape, bool)
        self.performance = np.zeros(shape)
        self.outcome = np.zeros(shape, np.uint8)
        self.response = np.zeros(shape, np.uint16)
        self.next = np.zeros(shape, np.uint8)
        self.next[:] = np.arange(states)[:, None]
        self._cells: list[np.ndarray] = []

    @property
    def shape(self) -> tuple[int, int, int]:
        """(kinds, states, actions)."""
        return self.reward.shape

    def set(
        self,
        where: Any,
        reward: Any = 0.0,
        outcome: Any = Outcome.NONE,
        ends: Any = False,
        performance: Any = None,
    ) -> None:
        """Fill the cells at an index; a correct outcome has performance 1 unless told otherwise."""
        self.reward[where] = reward
        self.outcome[where] = outcome
        self.ends[where] = ends
        right = float(Outcome(outcome).is_correct)
        self.performance[where] = right if performance is None else performance
        answers = np.broadcast_to(np.arange(self.shape[2]), self.shape)
        self.response[where] = answers[where] if Outcome(outcome).is_answer else 0

    def copy(self) -> Payoffs:
        """The same table, to be changed."""
        return Payoffs(0, self.shape[2], self.shape[1]).joined(self)

    def joined(self, other: Payoffs) -> Payoffs:
        """These kinds, then the other's."""
        both = Payoffs(0, self.shape[2], self.shape[1])
        for name in self.FIELDS:
            setattr(both, name, np.concatenate([getattr(self, name), getattr(other, name)]))
        return both

    def cells(self, kinds: np.ndarray) -> list[np.ndarray]:
        """For each state an object array, by kind: by action, (reward, event) as Python values.

        The event is None where the trial simply goes on, else (ends, next state, performance,
        outcome, response). Rows are made for some kinds (n,) at a time, and kept.
        """
        kept = self._cells or [np.full(self.shape[0], None, object) for _ in range(self.shape[1])]
        self._cells = kept
        asked = np.zeros(self.shape[0], bool)
        asked[kinds] = True
        fresh = [kind for kind in np.flatnonzero(asked).tolist() if kept[0][kind] is None]
        tables = [getattr(self, name) for name in self.FIELDS]
        for state in reversed(range(len(kept))):  # with state 0, all of a kind are there
            for kind in fresh:
                columns = (table[kind, state].tolist() for table in tables)
                kept[state][kind] = {
                    action: (reward, (ends, after, *how) if ends or after != state else None)
                    for action, (reward, ends, after, *how) in enumerate(zip(*columns, strict=True))
                }
        return kept


class Kept:
    """The last thing that was made for each asker: blocks of trials often ask for the same."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Any, Any]] = {}

    def get(self, asker: str, key: Any, make: Callable[[], T]) -> T:
        """What was made under an equal key, or what `make` gives."""
        if asker not in self._last or self._last[asker][0] != key:
            self._last[asker] = key, make()
        made: T = self._last[asker][1]
        return made


HOW = ("performance", "outcome", "response")
CORRECT = np.array([outcome.is_correct for outcome in Outcome])
ANSWER = np.array([outcome.is_answer for outcome in Outcome])


class Results:
    """How n trials ended: performance, outcome and response, (n,) each, as `Result` has them."""

    def __init__(self, performance: Any, outcome: Any, response: Any):
        self.performance = np.asarray(performance, float)
        self.outcome, self.response = np.asarray(outcome, int), np.asarray(response, int)

    @classmethod
    def of(cls, result: Result) -> Results:
        """One result, as arrays."""
        return cls([result.performance], [result.outcome], [result.response])

    @cached_property
    def correct(self) -> np.ndarray:
        """Which answers were right, or rightly withheld."""
        return CORRECT[self.outcome]

    @cached_property
    def answered(self) -> np.ndarray:
        """Which trials brought a response that was asked for."""
        return ANSWER[self.outcome]


@dataclass
class Result:
    """How a trial ended."""

    performance: float
    outcome: Outcome
    response: int  # the action that answered; 0 without one
    parts: list[Result] = field(default_factory=list)  # of each task, where several are combined

    @classmethod
    def of(cls, how: Sequence[Any], parts: Mapping[str, np.ndarray] | None, i: int) -> Result:
        """From (performance, outcome, response), and what `Task.parts` tells of trial i."""
        performance, outcome, response = how
        each = (parts[name][i].tolist() for name in HOW) if parts else ()
        return cls(
            float(performance), Outcome(int(outcome)), int(response),
            [cls.of(part, None, 0) for part in zip(*each, strict=True)],
        )  # fmt: skip

    @cached_property
    def correct(self) -> bool:
        """Whether the answer was right, or rightly withheld."""
        return self.outcome.is_correct
