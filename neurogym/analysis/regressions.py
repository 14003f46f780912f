"""Lines and logistic models that are fitted to trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurogym.records.trial_table import finished

Row = Mapping[str, Any]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x by least squares, with 95 % intervals (Student's)."""

    slope: float
    intercept: float
    slope_interval: Interval
    intercept_interval: Interval
    residual_sd: float
    n: int

    def __call__(self, x: Any) -> np.ndarray:
        """The line at x (n,)."""
        return self.intercept + self.slope * np.asarray(x, float)


def line(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> Line | str:
    """The regression of y (n,) on x (n,); or in a few words why there is none.

    ImportError without SciPy.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.size < 3 or np.ptp(x) == 0:
        return "too few trials or levels for a line"
    try:
        from scipy.stats import t
    except ModuleNotFoundError as error:
        raise ImportError(
            "intervals of a line need SciPy: pip install 'neurogym[app]'", name=error.name
        ) from error
    off = x - x.mean()
    square = float((off**2).sum())
    slope = float((off * y).sum() / square)
    intercept = float(y.mean() - slope * x.mean())
    free = x.size - 2
    sd = float(np.sqrt(((y - intercept - slope * x) ** 2).sum() / free))
    wide = float(t.ppf(0.975, free))
    half = wide * sd / square**0.5
    other = wide * sd * float(np.sqrt(1 / x.size + x.mean() ** 2 / square))
    return Line(slope, intercept, (slope - half, slope + half),
                (intercept - other, intercept + other), sd, int(x.size))  # fmt: skip


@dataclass(frozen=True)
class Production:
    """Intervals that were produced against those that were to be.

    Bias and variability are those of Jazayeri & Shadlen (2010), https://doi.org/10.1038/nn.2590:
    with the same weight for each interval, bias^2 + variance is the mean squared error.
    """

    line: Line
    samples: np.ndarray  # (k,) ms, the intervals that occur
    means: np.ndarray  # (k,) ms, produced on average
    sds: np.ndarray  # (k,) ms; nan of one trial

    @property
    def indifference(self) -> float:
        """The interval that is produced rightly on average, in ms; nan for a slope of 1."""
        slope = self.line.slope
        return self.line.intercept / (1 - slope) if slope != 1 else float("nan")

    @property
    def bias(self) -> float:
        """The root mean square of the mean errors, in ms."""
        return float(np.sqrt(np.mean((self.means - self.samples) ** 2)))

    @property
    def variability(self) -> float:
        """The root mean square of the SDs at each interval, in ms; nan if each came but once."""
        known = self.sds[~np.isnan(self.sds)]
        return float(np.sqrt(np.mean(known**2))) if known.size else float("nan")


def produced(
    rows: Sequence[Row], condition: str, scale: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals that were to be produced, and those that were, in ms: (n,) and (n,).

    The first are the `condition` (a condition or a drawn period in ms), times the condition
    `scale`, such as a gain. Trials without `produced_ms` are left out; KeyError for a condition
    that a row lacks.
    """
    rows = [row for row in finished(rows) if row["produced_ms"] is not None]
    sample = np.array([row["conditions"][condition] for row in rows], float)
    if scale is not None:
        sample = sample * np.array([row["conditions"][scale] for row in rows], float)
    return sample, np.array([row["produced_ms"] for row in rows], float)


def production(rows: Sequence[Row], condition: str, scale: str | None = None) -> Production | str:
    """How produced intervals depend on those that were to be; or in a few words why none is known.

    A slope below 1 is regression towards the mean. See `produced` for the arguments.
    """
    return spread(*produced(rows, condition, scale))


def spread(sample: np.ndarray, made: np.ndarray) -> Production | str:
    """How intervals (n,) that were made depend on those (n,) that were to be; see `production`."""
    found = line(sample, made)
    if isinstance(found, str):
        return found
    levels = np.unique(np.round(sample, 6))
    parts = [made[np.isclose(sample, level)] for level in levels]
    sds = [np.std(part, ddof=1) if part.size > 1 else np.nan for part in parts]
    return Production(found, levels, np.array([part.mean() for part in parts]), np.array(sds))


def search_slope(
    rows: Sequence[Row], condition: str = "set_size", where: Mapping[str, Any] | None = None
) -> Line | str:
    """The line of correct response times over the number of items: its slope is in ms an item.

    `where` picks trials by their conditions, such as {"present": 1}. KeyError for a condition that
    a row lacks.
    """
    rows = [
        row
        for row in finished(rows)
        if row["rt_ms"] is not None and row["correct"] and matches(row, where)
    ]
    return line([row["conditions"][condition] for row in rows], [row["rt_ms"] for row in rows])


def matches(row: Row, where: Mapping[str, Any] | None) -> bool:
    """Whether a row has these conditions; KeyError for one that it lacks."""
    return all(row["conditions"][name] == value for name, value in (where or {}).items())


@dataclass(frozen=True)
class Weights:
    """What a logistic regression found: a weight and its standard error for each regressor."""

    names: tuple[str, ...]
    values: np.ndarray  # (k,)
    errors: np.ndarray  # (k,)


def logistic(x: np.ndarray, y: np.ndarray, names: Sequence[str]) -> Weights | str:
    """Regress choices y (n,) of 0 or 1 on x (n, k), by maximum likelihood.

    Where there is no finite maximum (a regressor that tells all choices, one that repeats another,
    too few trials) the answer is a sentence. ValueError unless there are k names.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.shape[1:] != (len(names),):
        raise ValueError(f"{len(names)} names for x of shape {x.shape}")
    if len(x) <= x.shape[1] or np.ptp(y) == 0:
        return "too few trials for a regression, or one answer only"
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return "no regression: some regressors follow from others"
    weights = np.zeros(x.shape[1])
    for _ in range(60):
        share = 0.5 * (1 + np.tanh(0.5 * (x @ weights)))
        slope = x.T @ (y - share)
        curvature = (x * (share * (1 - share))[:, None]).T @ x
        apart = weights.any() and ((share > 0.5) == (y > 0)).all()
        if apart or np.linalg.cond(curvature) > 1e10:
            return "no regression: the regressors tell all choices"
        step = np.linalg.solve(curvature, slope)
        weights = weights + step * min(1.0, 4 / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    else:
        return "no regression: it did not converge"
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    return Weights(tuple(names), weights, errors)
