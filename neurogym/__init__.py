"""Cognitive tasks that a person plays in the browser and an agent plays in Python."""

from typing import TYPE_CHECKING

from neurogym import moved
from neurogym.registry import load, register, unregister
from neurogym.spec.later import later
from neurogym.trials.catalogue import all_envs, all_tags, get_collection, make, make_vec
from neurogym.trials.task import Task

if TYPE_CHECKING:
    from neurogym import utils, wrappers
    from neurogym.docs import info
    from neurogym.envs.classic import PeriodEnv, TrialEnv
    from neurogym.envs.dataset import Dataset
    from neurogym.envs.trial_wrapper import TrialWrapper
    from neurogym.records.trial_table import replay
    from neurogym.spec import spaces
    from neurogym.subjects.agents import agent, register_agent
    from neurogym.subjects.rollout import rollout

__all__ = [
    "Dataset",
    "PeriodEnv",
    "Task",
    "TrialEnv",
    "TrialWrapper",
    "agent",
    "all_envs",
    "all_tags",
    "get_collection",
    "info",
    "load",
    "make",
    "make_vec",
    "register",
    "register_agent",
    "replay",
    "rollout",
    "spaces",
    "unregister",
    "utils",
    "wrappers",
]
__version__ = "3.0.0.dev0"
__getattr__ = moved.beside(
    __name__,
    later(
        __name__,
        {
            "Dataset": "neurogym.envs.dataset:Dataset",
            "PeriodEnv": "neurogym.envs.classic:PeriodEnv",
            "TrialEnv": "neurogym.envs.classic:TrialEnv",
            "TrialWrapper": "neurogym.envs.trial_wrapper:TrialWrapper",
            "agent": "neurogym.subjects.agents:agent",
            "info": "neurogym.docs.info",
            "register_agent": "neurogym.subjects.agents:register_agent",
            "replay": "neurogym.records.trial_table:replay",
            "rollout": "neurogym.subjects.rollout:rollout",
            "spaces": "neurogym.spec.spaces",
            "utils": "neurogym.utils",
            "wrappers": "neurogym.wrappers",
        },
    ),
)
