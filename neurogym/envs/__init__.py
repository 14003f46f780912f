"""How trials are stepped: one environment, many at once, data sets, classic tasks."""

from neurogym.envs.task_env import ECHO, NAMES, TaskEnv, graded, parts_of
from neurogym.moved import nothing

__all__ = ["ECHO", "NAMES", "TaskEnv", "graded", "parts_of"]
__getattr__ = nothing(__name__)
