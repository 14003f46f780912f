"""Cognitive tasks that a person plays in the browser and an agent plays in Python."""

from neurogym import info, spaces, utils, wrappers
from neurogym.agents import agent
from neurogym.classic import PeriodEnv, TrialEnv
from neurogym.data import Dataset
from neurogym.records import replay
from neurogym.registry import (
    all_envs,
    all_tags,
    get_collection,
    load,
    make,
    make_vec,
    register,
)
from neurogym.rollout import rollout
from neurogym.task import Task

__all__ = [
    "Dataset",
    "PeriodEnv",
    "Task",
    "TrialEnv",
    "agent",
    "all_envs",
    "all_tags",
    "get_collection",
    "info",
    "load",
    "make",
    "make_vec",
    "register",
    "replay",
    "rollout",
    "spaces",
    "utils",
    "wrappers",
]
__version__ = "3.0.0.dev0"
