"""Named channels and actions: which index means what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurogym.spec import spaces
from neurogym.spec.parameters import unknown


@dataclass(frozen=True)
class Evidence:
    """So many channels, the k-th of which speaks for the k-th answer of the choice.

    `gate` names a one-entry channel that must be on for this evidence to count.
    """

    size: int
    gate: str | None = None


@dataclass(frozen=True)
class Span:
    """So many numbers between two bounds; `rest` is what they are when nothing is done."""

    low: float
    high: float
    size: int = 1
    rest: float = 0.0

    def __post_init__(self) -> None:
        if not self.low <= self.rest <= self.high or self.low == self.high:
            raise ValueError(
                f"rest = {self.rest:g} does not lie between {self.low:g} and {self.high:g}"
            )


@dataclass(frozen=True)
class Group:
    """Neighbouring channels or actions under one name."""

    name: str
    start: int
    size: int
    evidence: bool = False
    gate: str | None = None

    @property
    def stop(self) -> int:
        """The index after the last."""
        return self.start + self.size

    @property
    def slice(self) -> slice:
        """The indices of the group."""
        return slice(self.start, self.stop)

    @property
    def spec(self) -> int | Evidence:
        """What a layout is told of this group."""
        return Evidence(self.size, self.gate) if self.evidence else self.size

    @property
    def labels(self) -> list[str]:
        """One name an entry."""
        if self.size == 1:
            return [self.name]
        return [f"{self.name} {i + 1}" for i in range(self.size)]


class Groups:
    """An ordered set of groups that fill the indices 0..size-1."""

    what = "group"

    def __init__(self, /, **sizes: int | Evidence):
        self.groups: dict[str, Group] = {}
        self.size = 0
        for name, spec in sizes.items():
            evidence = spec if isinstance(spec, Evidence) else None
            size = int(spec.size if isinstance(spec, Evidence) else spec)
            if size < 1:
                raise ValueError(f"{self.what} {name!r} needs at least one entry, not {spec!r}")
            gate = evidence.gate if evidence else None
            self.groups[name] = Group(name, self.size, size, evidence is not None, gate)
            self.size += size

    def __getitem__(self, name: str) -> Group:
        if name not in self.groups:
            raise ValueError(unknown(self.what, [name], self.groups))
        return self.groups[name]

    def __contains__(self, name: str) -> bool:
        return name in self.groups

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups.values())

    def __len__(self) -> int:
        return self.size

    @property
    def labels(self) -> list[str]:
        """One name an index."""
        return [label for group in self for label in group.labels]

    def index(self, label: str) -> int:
        """The index that has a name."""
        labels = self.labels
        if label not in labels:
            raise ValueError(unknown(self.what, [label], labels))
        return labels.index(label)

    @property
    def sizes(self) -> dict[str, int | Evidence]:
        """What a layout with the same groups is told."""
        return {group.name: group.spec for group in self}

    @property
    def names(self) -> dict[str, int | list[int]]:
        """Names to indices, in the form that the spaces carry."""
        return {g.name: g.start if g.size == 1 else list(range(g.start, g.stop)) for g in self}


class Channels(Groups):
    """What an agent observes: `Channels(fixation=1, stimulus=Evidence(2))`."""

    what = "channel"

    def space(self) -> spaces.Box:
        """The observation space, float32."""
        return spaces.Box(
            -spaces.BOUND, spaces.BOUND, self.names, shape=(self.size,), dtype=np.float32
        )


class Actions(Groups):
    """What an agent can do; action 0 is to do nothing: `Actions(fixation=1, choice=2)`."""

    what = "action"
    rest: int | np.ndarray = 0  # the action that does nothing

    def space(self) -> spaces.Discrete | spaces.Box:
        """The action space."""
        return spaces.Discrete(self.size, self.names)

    @property
    def graded(self) -> bool:
        """Whether an action is some numbers, not one of several."""
        return isinstance(self, Graded)


class Graded(Actions):
    """Actions of numbers: `Graded(gate=Span(-1, 1, rest=-1), position=Span(0, 1))`.

    `rest` (k,) is the action that does nothing.
    """

    def __init__(self, /, **spans: Span):
        super().__init__(**{name: span.size for name, span in spans.items()})
        sizes = [span.size for span in spans.values()]
        self.low, self.high, self.rest = (
            np.repeat([getattr(span, name) for span in spans.values()], sizes).astype(np.float32)
            for name in ("low", "high", "rest")
        )

    def space(self) -> spaces.Box:
        """The action space, float32."""
        return spaces.Box(self.low, self.high, self.names, dtype=np.float32)


def ring(n: int) -> np.ndarray:
    """Angles of n evenly spaced directions in radians, 0 to the right, counter-clockwise: (n,)."""
    return np.arange(n) * (2 * np.pi / n)
