"""Rates of flashes and clicks."""

from types import MappingProxyType
from typing import ClassVar

import numpy as np
import param

from neurogym.spec.conditions import Choice, Condition
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import GO, Arc, By, Clicks, Cross, Disc, Keys, Scene, Text
from neurogym.trials.task import Task

TAU = 100.0  # ms, of the noise
BASELINE = 0.2
GAP = 40.0  # ms, the least between two events: more than two frames at 60 Hz
FINE = 1000  # steps in which the place of an event is drawn
SPOT, RING = 0.16, 0.26  # radii; a ring as large as the spot gives as much light


WORDS = {"visual": "watch", "auditory": "listen", "both": "watch and listen"}


def _is(modality):
    return lambda task, conditions: conditions["modality"] == modality


def _has(modality):
    return lambda task, conditions: conditions["modality"] in (modality, "both")


def _times(task, conditions):
    return task.times(conditions).tolist()


class Places(Condition):
    """Where each of n events falls, as a number of three digits: "034-871-..."."""

    def __init__(self, n: int, *, unit: str = "", doc: str = ""):
        self.n, self.unit, self.doc = n, unit, doc

    def draw(self, rng, n, last):
        drawn = rng.integers(FINE, size=(n, self.n))
        return np.array(["-".join(f"{place:03d}" for place in row) for row in drawn])

    def allows(self, value):
        parts = value.split("-") if isinstance(value, str) else []
        return len(parts) == self.n and all(len(p) == 3 and p.isdecimal() for p in parts)

    def __str__(self):
        return f"{self.n} numbers from 000 to {FINE - 1}, joined by -"


class RaposoTask(Task):
    """Are the flashes, or the clicks, many or few? Where there are both, they come together.

    A person sees and hears single events, as many as the trial's rate says, at irregular times: a
    flash lasts one frame, and at any refresh rate from 60 Hz on all of them are shown, each apart
    from the others. In that frame a ring around goes dark, which gives as much light as the flash:
    so how light the screen is on average tells nothing. An agent is given the rate.
    """

    id = "CustomRaposoTask-v0"
    called = "Flashes and Clicks"
    paper = Paper(
        "A category-free neural population supports evolving demands during decision-making",
        "https://doi.org/10.1038/nn.3865",
        "Raposo, Kaufman & Churchland",
        2014,
    )
    tags = ("perceptual", "two-alternative", "multisensory", "supervised")
    differs = (
        "The paper is our choice, of the paradigm's kind; none was named.",
        "A person is shown irregular trains of brief events, as in the paper; it had no scene.",
        "It has an answer of its own period, decision; it asked in the stimulus, or in the one step"
        " of a variant for reinforcement learning.",
        "The modality is 'visual', 'auditory' or 'both'; rates are a parameter, even about"
        " their mean, the boundary; a trial has the distance from it (away) and the side.",
        "Noise is added in the stimulus alone, and not cut off at zero.",
    )

    rates = Levels([9, 10, 11, 12, 13, 14, 15, 16], bounds=(1, 40), doc="events a second")
    sigma = param.Number(
        round(0.01 * (2 * TAU) ** 0.5, 4), bounds=(0, 100),
        doc="noise SD; a step gets sigma / sqrt(dt)",
    )  # fmt: skip
    timing = Timing(fixation=100, stimulus=1000, decision=100)
    human = Preset(dt=20, abort=True, timing=dict(fixation=600, stimulus=1000, decision=2500))
    sources: ClassVar = {
        "rates": "NeuroGym; about the boundary of 12.5 a second that the paper has",
        "stimulus": "paper", "modality": "paper", "sigma": "NeuroGym",
        "places": "our choice: any times with at least 40 ms between them; the paper mixes a short"
        " and a long interval",
    }  # fmt: skip

    rule = FirstResponse("decision", hold="fixation")
    unshared = dict.fromkeys(
        ("visual_up", "auditory_up", "visual_down", "auditory_down"),
        "flashes and clicks are events: the noise of a rate has no place in a single one",
    )
    keys = Keys({"choice": ["few", "many"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        Disc(radius=SPOT, times=By(_times), during="stimulus", when=_has("visual")),
        Arc(
            radius=RING,
            width=SPOT**2 / (2 * RING),
            times=By(_times),
            dark=True,
            during="stimulus",
            when=_has("visual"),
        ),
        Clicks(times=By(_times), alpha=0, during="stimulus", when=_has("auditory")),
        *(
            Text(text=words, y=0.3, size=0.07, during="fixation", when=_is(modality))
            for modality, words in WORDS.items()
        ),
        Cross(during="fixation"),
        Cross(
            color="#4a4a4a", during="stimulus", when=_is("auditory")
        ),  # else it would lie on light
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )

    def check(self):
        away = np.sort(np.asarray(self.rates) - self.boundary)
        if 0 in away or not np.allclose(away, -away[::-1]):
            raise ValueError(
                f"rates = {list(self.rates)}: expected as many above as below their mean, as far"
                " from it"
            )

        lasts, most = self._lasts({}), self.count(max(self.rates))
        if most * GAP > lasts:
            raise ValueError(
                f"rates = {list(self.rates)}: {most} events in a stimulus of {lasts:g} ms cannot be"
                f" {GAP:g} ms apart, so that all are seen; expected at most {lasts // GAP:g}"
            )

    def _lasts(self, conditions):
        """How long the stimulus is, in ms."""
        return float(conditions.get("stimulus", self.timing["stimulus"].bounds[0]))

    def count(self, rate, conditions=MappingProxyType({})):
        """How many events there are at a rate."""
        return round(float(rate) * self._lasts(conditions) / 1000)

    def times(self, conditions):
        """When the events of a trial come, in ms since the stimulus came on, (count,)."""
        n = self.count(self.rate(conditions["ground_truth"], conditions["away"]), conditions)
        places = np.array(list(map(int, conditions["places"].split("-")[:n])), float)
        room = max(self._lasts(conditions) - places.size * GAP, 0.0)
        return np.sort(places) / FINE * room + GAP * np.arange(places.size)

    @property
    def boundary(self):
        """The rate between slow and fast."""
        return float(np.mean(self.rates))

    def rate(self, ground_truth, away):
        """Events a second."""
        return self.boundary + np.where(np.asarray(ground_truth) == 1, away, -np.asarray(away))

    def channels(self):
        return Channels(visual_up=1, auditory_up=1, visual_down=1, auditory_down=1, start=1)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def _most(self):
        """The most events that there can be."""
        longest = min(self.timing["stimulus"].bounds[1], 1000 * FINE)
        return max(1, int(np.ceil(max(self.rates) * longest / 1000)))

    def conditions(self):
        far = sorted({rate - self.boundary for rate in self.rates if rate > self.boundary})
        return dict(
            ground_truth=Choice((0, 1), doc="0: slow, 1: fast"),
            away=Choice(far, bounds=(0, far[-1]), unit="1/s", doc="distance from the boundary"),
            modality=Choice(("visual", "auditory", "both"), doc="what has the rate"),
            places=Places(
                self._most(), doc="where a person's events fall, of as many as there are"
            ),
        )

    def paint(self, canvas, trials):
        low, high = min(self.rates), max(self.rates)
        rate = self.rate(trials.ground_truth, trials.away)
        up = 0.4 + 0.8 * (rate - low) / (high - low)
        down = 0.4 + 0.8 * (high - rate) / (high - low)
        for modality in ("visual", "auditory"):
            there = np.isin(trials.modality, (modality, "both"))
            for way, level in (("up", up), ("down", down)):
                channel = f"{modality}_{way}"
                canvas.show(channel, BASELINE)
                canvas.show(channel, BASELINE + np.where(there, level, 0.0), during="stimulus")
                canvas.noise(channel, self.sigma, during="stimulus")
        canvas.show("start", 1, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")
