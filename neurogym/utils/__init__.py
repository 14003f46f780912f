"""Small helpers under the names that NeuroGym gives them."""

from neurogym.moved import nothing
from neurogym.utils.ngym_random import TruncExp, trunc_exp
from neurogym.utils.plotting import plot_env, plot_psychometric, visualize_run
from neurogym.utils.scheduler import (
    RandomBlockSchedule,
    RandomSchedule,
    SequentialBlockSchedule,
    SequentialSchedule,
)

__all__ = [
    "RandomBlockSchedule",
    "RandomSchedule",
    "SequentialBlockSchedule",
    "SequentialSchedule",
    "TruncExp",
    "plot_env",
    "plot_psychometric",
    "trunc_exp",
    "visualize_run",
]
__getattr__ = nothing(__name__)
