"""Signal detection: how well signals are told from noise, and how readily one says yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, pi, sqrt
from statistics import NormalDist
from typing import Any

from neurogym.records.trial_table import finished

Row = Mapping[str, Any]
NORMAL = NormalDist()


@dataclass(frozen=True)
class Detection:
    """Counts of a yes/no task, and what follows from them in the equal-variance Gaussian model.

    Rates are log-linear: half a trial is added to the hits and false alarms, and one to the signals
    and the trials without, so that d' is finite and less biased (Hautus 1995,
    https://doi.org/10.3758/BF03203619). Standard errors: Gourevitch & Galanter (1967),
    https://doi.org/10.1007/BF02289402, with those rates.
    """

    hits: int
    signals: int
    false_alarms: int
    noises: int

    def __post_init__(self):
        for k, n, what in (
            (self.hits, self.signals, "hits"),
            (self.false_alarms, self.noises, "false alarms"),
        ):
            if not 0 <= k <= n:
                raise ValueError(f"{k} {what} of {n} trials: expected from 0 to {n}")

    @property
    def hit_rate(self) -> float:
        """Log-linear."""
        return (self.hits + 0.5) / (self.signals + 1)

    @property
    def false_alarm_rate(self) -> float:
        """Log-linear."""
        return (self.false_alarms + 0.5) / (self.noises + 1)

    @property
    def _z(self) -> tuple[float, float]:
        return NORMAL.inv_cdf(self.hit_rate), NORMAL.inv_cdf(self.false_alarm_rate)

    @property
    def d_prime(self) -> float:
        """The distance between signal and noise, in SDs: z(hits) - z(false alarms)."""
        hits, alarms = self._z
        return hits - alarms

    @property
    def criterion(self) -> float:
        """From the middle between noise and signal, in SDs; above 0 where one rarely says yes."""
        return -sum(self._z) / 2

    @property
    def ln_beta(self) -> float:
        """The logarithm of the likelihood ratio at the criterion."""
        return self.d_prime * self.criterion

    @property
    def d_prime_se(self) -> float:
        """Standard error of d'."""
        rates = ((self.hit_rate, self.signals), (self.false_alarm_rate, self.noises))
        return sqrt(sum(_variance(rate, n + 1) for rate, n in rates))

    @property
    def criterion_se(self) -> float:
        """Standard error of the criterion."""
        return self.d_prime_se / 2

    def interval(self, name: str = "d_prime", confidence: float = 0.95) -> tuple[float, float]:
        """The normal interval of "d_prime" or "criterion"; ValueError for another name."""
        if name not in ("d_prime", "criterion"):
            raise ValueError(f"{name!r}: expected 'd_prime' or 'criterion'")
        half = NORMAL.inv_cdf(0.5 + confidence / 2) * getattr(self, f"{name}_se")
        middle = getattr(self, name)
        return middle - half, middle + half


def _variance(rate: float, n: int) -> float:
    z = NORMAL.inv_cdf(rate)
    density = exp(-z * z / 2) / sqrt(2 * pi)
    return rate * (1 - rate) / (n * density**2)


def detection(
    rows: Sequence[Row], condition: str = "ground_truth", signal: Any = 1, answer: int = 1
) -> Detection:
    """How often the action `answer` was given with and without the signal.

    A trial is one with the signal if its `condition` is `signal`. Interrupted trials, and answers
    that came too early, do not count. KeyError for a condition that a row lacks.
    """
    rows = [row for row in finished(rows) if row["outcome"] != "early"]
    with_it = [row["response"] == answer for row in rows if row["conditions"][condition] == signal]
    without = [row["response"] == answer for row in rows if row["conditions"][condition] != signal]
    return Detection(sum(with_it), len(with_it), sum(without), len(without))
