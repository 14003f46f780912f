"""Schedules; see `neurogym.spec.schedules`."""

from neurogym.spec.schedules import (
    RandomBlockSchedule,
    RandomSchedule,
    Schedule,
    SequentialBlockSchedule,
    SequentialSchedule,
)

BaseSchedule = Schedule  # as NeuroGym calls it

__all__ = [
    "BaseSchedule",
    "RandomBlockSchedule",
    "RandomSchedule",
    "Schedule",
    "SequentialBlockSchedule",
    "SequentialSchedule",
]
