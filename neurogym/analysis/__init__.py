"""Numbers that papers report, from rows of the trial table."""

from neurogym.analysis.choices import by_block, history, repetition, share_of, stay
from neurogym.analysis.detection import Detection, detection
from neurogym.analysis.fits import Fit, fit
from neurogym.analysis.kernels import Kernel, kernel
from neurogym.analysis.regressions import line, produced, production, search_slope
from neurogym.analysis.times import (
    conditional_accuracy,
    delta_plot,
    histogram,
    times,
    vincentiles,
)
from neurogym.records.measures import Point, chronometric, psychometric, summary, wilson

__all__ = [
    "Detection",
    "Fit",
    "Kernel",
    "Point",
    "by_block",
    "chronometric",
    "conditional_accuracy",
    "delta_plot",
    "detection",
    "fit",
    "histogram",
    "history",
    "kernel",
    "line",
    "produced",
    "production",
    "psychometric",
    "repetition",
    "search_slope",
    "share_of",
    "stay",
    "summary",
    "times",
    "vincentiles",
    "wilson",
]
