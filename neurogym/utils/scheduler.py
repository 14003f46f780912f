"""Schedules; see `neurogym.spec.schedules`."""

from neurogym.spec.schedules import (
    RandomBlockSchedule,
    RandomSchedule,
    Schedule,
    SequentialBlockSchedule,
    SequentialSchedule,
)

__all__ = [
    "RandomBlockSchedule",
    "RandomSchedule",
    "Schedule",
    "SequentialBlockSchedule",
    "SequentialSchedule",
]
