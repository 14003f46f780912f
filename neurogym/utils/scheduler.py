"""Schedules; see `neurogym.schedules`."""

from neurogym.schedules import (
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
