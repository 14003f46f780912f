"""Wrappers: what modifies a task, for every consumer of it.

A wrapper is Parameterized. `ReactionTime(env, urgency=-0.01)` gives an environment of the modified
task, `ReactionTime(task, ...)` the task, `ReactionTime(urgency=-0.01)` the wrapper alone, to be put
around a task by `task.wrapped(...)`. The same as JSON is a line of a stack, innermost first:
`[{"ReactionTime": {"urgency": -0.01}}, ...]`. Where two wrappers set the same thing the outer wins.
"""

from neurogym.wrappers.base import Wrapper
from neurogym.wrappers.labels import RandomGroundTruth, SideBias, TrialHistory
from neurogym.wrappers.observations import Noise
from neurogym.wrappers.responses import MissTrialReward, ReactionTime
from neurogym.wrappers.stack import WRAPPERS, Stack, fitting, read, write

__all__ = [
    "WRAPPERS",
    "MissTrialReward",
    "Noise",
    "RandomGroundTruth",
    "ReactionTime",
    "SideBias",
    "Stack",
    "TrialHistory",
    "Wrapper",
    "fitting",
    "read",
    "write",
]
