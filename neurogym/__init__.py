"""Cognitive tasks that a person plays in the browser and an agent plays in Python."""

from neurogym import spaces
from neurogym.registry import all_envs, all_tags, make, make_vec, register

__all__ = ["all_envs", "all_tags", "make", "make_vec", "register", "spaces"]
__version__ = "3.0.0.dev0"
