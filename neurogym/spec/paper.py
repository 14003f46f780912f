"""The publication that a task comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """The publication that a task comes from."""

    title: str
    link: str
    authors: str = ""
    year: int | None = None

    def __str__(self) -> str:
        who = f"{self.authors} ({self.year}). " if self.authors else ""
        return f"{who}{self.title}. {self.link}"
