"""Producing and comparing intervals."""

from typing import ClassVar

import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Timing
from neurogym.spec.rules import Interval
from neurogym.spec.scene import BLUE, ORANGE, By, Cross, Disc, Keys, Scene, Text
from neurogym.trials.task import Task


def _wanted(task, conditions):
    gain = conditions["gain"]
    return "just as long" if gain == 1 else f"{gain:g} times as long"


class ReadySetGo(Task):
    """Two flashes mark an interval; press when as long a one, or 1.5 times it, has followed.

    Intervals are counted from onset to onset: the one that is shown from that of the first flash to
    that of the second, the one that is produced from that of the second flash to the response.
    """

    also = ("time interval reproduction", "interval production", "RSG")
    paper = Paper(
        "Flexible sensorimotor computations through rapid reconfiguration of cortical dynamics",
        "https://doi.org/10.1016/j.neuron.2018.05.020",
        "Remington, Narain, Hosseini & Jazayeri",
        2018,
    )
    tags = ("timing", "go-no-go", "supervised")
    differs = (
        "Intervals of 500 to 1000 ms and two gains, 1 and 1.5, of which a channel tells, as in the"
        " paper; NeuroGym's are the preset neurogym: 800 to 1500 ms, and one gain of 1.",
        "The label stands at the step that earns most; it came one set-length late.",
        "Forcing measure (a length in ms) changes the trial; it changed the record only.",
        "A response before the production period is too early and costs rewards['abort'], not only"
        " during fixation.",
    )

    gain = Levels([1, 1.5], bounds=(0.1, 5), doc="interval to produce / interval measured")
    prod_margin = param.Number(0.2, bounds=(0.01, 1), doc="tolerance, as a share of the interval")
    dt = param.Number(80, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    timing = Timing(
        fixation=100,
        ready=83,
        measure=("uniform", (500, 1000)),
        set=83,
        production=("times", ("measure", 2)),
    )
    starts_with = {"measure": "ready"}
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(fixation=800, ready=100, set=100),
    )
    presets: ClassVar = {"neurogym": Preset(gain=1, timing=dict(measure=("uniform", (800, 1500))))}
    sources: ClassVar = {
        "gain": "paper", "measure": "paper", "prod_margin": "NeuroGym", "dt": "NeuroGym",
        "fixation": "NeuroGym", "ready": "NeuroGym", "set": "NeuroGym",
        "production": "our choice: twice as long as the interval to produce",
    }  # fmt: skip

    rule = Interval("production", since="set", hold=("fixation", "ready", "measure", "set"))
    marks = ("ready", "set")
    keys = Keys(go=("Space",))
    scene = Scene(
        Disc(radius=0.14, color=BLUE, during="ready", x=-0.25),
        Disc(radius=0.14, color=ORANGE, during="set", x=0.25),
        Disc(radius=0.14, outline=0.006, x=-0.25, alpha=0.5),
        Disc(radius=0.14, outline=0.006, x=0.25, alpha=0.5),
        Text(text=By(_wanted), y=0.3, size=0.07, when=lambda task, c: len(task.gain) > 1),
        Cross(),
    )

    def check(self):
        least, most = (f(self.timing["measure"].bounds) for f in (min, max))
        shown = max(self.dt, least // self.dt * self.dt)
        tolerance = self.rule.tolerance(self)
        self.check_due((shown, max(most, shown)), tolerance, "prod_margin", self.gain)

    def channels(self):
        cue = dict(gain=1) if len(self.gain) > 1 else {}
        return Channels(fixation=1, ready=1, set=1, **cue)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        return dict(gain=Choice(self.gain, bounds=(0.1, 5), doc="produced / measured interval"))

    def stretch(self, trials):
        return dict(production=trials.gain)

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("production"))
        canvas.show("ready", 1, during="ready")
        canvas.show("set", 1, during="set")
        if len(self.gain) > 1:
            canvas.show("gain", trials.gain)
        canvas.due("go", canvas.timeline.shown_ms("measure") * trials.gain)
