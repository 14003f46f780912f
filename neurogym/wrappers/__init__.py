"""Wrappers: what modifies a task, for every consumer of it.

A wrapper is Parameterized. `ReactionTime(env, urgency=-0.01)` gives an environment of the modified
task, `ReactionTime(task, ...)` the task, `ReactionTime(urgency=-0.01)` the wrapper alone, to be put
around a task by `task.wrapped(...)`. The same as JSON is a line of a stack, innermost first:
`[{"ReactionTime": {"urgency": -0.01}}, ...]`. Where two wrappers set the same thing the outer wins.
"""

from typing import TYPE_CHECKING

from neurogym.moved import beside
from neurogym.spec.later import later
from neurogym.wrappers import library  # noqa: F401 - stacks can name them
from neurogym.wrappers.adaptive import Shaping, Staircase, TimeOut
from neurogym.wrappers.base import Wrapper
from neurogym.wrappers.labels import (
    RandomGroundTruth,
    ScheduleAttr,
    SideBias,
    TrialHistory,
    TrialHistoryEvolution,
    TrialHistoryV2,
    VariableMapping,
    VariableNch,
)
from neurogym.wrappers.observations import Noise, PassAction, PassReward, TTLPulse
from neurogym.wrappers.questplus import QuestPlus
from neurogym.wrappers.responses import CatchTrials, Lapse, MissTrialReward, ReactionTime
from neurogym.wrappers.several import Combine, MultiEnvs, ScheduleEnvs, TransferLearning
from neurogym.wrappers.stack import WRAPPERS, Stack, fitting, read, register, write

if TYPE_CHECKING:
    from neurogym.envs.constant_info import ConstantInfo
    from neurogym.subjects.monitor import Identity, Monitor

__all__ = [
    "WRAPPERS",
    "CatchTrials",
    "Combine",
    "ConstantInfo",
    "Identity",
    "Lapse",
    "MissTrialReward",
    "Monitor",
    "MultiEnvs",
    "Noise",
    "PassAction",
    "PassReward",
    "QuestPlus",
    "RandomGroundTruth",
    "ReactionTime",
    "ScheduleAttr",
    "ScheduleEnvs",
    "Shaping",
    "SideBias",
    "Stack",
    "Staircase",
    "TTLPulse",
    "TimeOut",
    "TransferLearning",
    "TrialHistory",
    "TrialHistoryEvolution",
    "TrialHistoryV2",
    "VariableMapping",
    "VariableNch",
    "Wrapper",
    "fitting",
    "read",
    "register",
    "write",
]
__getattr__ = beside(
    __name__,
    later(  # these wrap environments, not tasks
        __name__,
        {
            "ConstantInfo": "neurogym.envs.constant_info:ConstantInfo",
            "Identity": "neurogym.subjects.monitor:Identity",
            "Monitor": "neurogym.subjects.monitor:Monitor",
        },
    ),
)
