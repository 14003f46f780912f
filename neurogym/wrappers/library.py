"""The wrappers that come with the library, in the order in which they are listed."""

from neurogym.wrappers.adaptive import Shaping, Staircase, TimeOut
from neurogym.wrappers.labels import (
    RandomGroundTruth,
    ScheduleAttr,
    SideBias,
    TrialHistory,
    TrialHistoryEvolution,
    VariableMapping,
    VariableNch,
)
from neurogym.wrappers.observations import Noise, PassAction, PassReward, TTLPulse
from neurogym.wrappers.questplus import QuestPlus
from neurogym.wrappers.responses import CatchTrials, Lapse, MissTrialReward, ReactionTime
from neurogym.wrappers.several import Combine, MultiEnvs, ScheduleEnvs, TransferLearning
from neurogym.wrappers.stack import register

for wrapper in (
    ReactionTime, Combine, RandomGroundTruth, SideBias, TrialHistory, TrialHistoryEvolution,
    ScheduleAttr, ScheduleEnvs, MultiEnvs, TransferLearning, Staircase, QuestPlus, TimeOut,
    CatchTrials, MissTrialReward, Lapse, Noise, TTLPulse, PassAction, PassReward, VariableNch,
    VariableMapping, Shaping,
):  # fmt: skip
    register(wrapper)
