"""Producing and comparing intervals."""

import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Timing
from neurogym.spec.rules import Interval
from neurogym.spec.scene import BLUE, ORANGE, Cross, Disc, Keys, Scene
from neurogym.trials.task import Task


class ReadySetGo(Task):
    """Two flashes mark an interval; press so that the same interval follows the second flash."""

    also = ("time interval reproduction", "interval production", "RSG")
    paper = Paper(
        "Flexible sensorimotor computations through rapid reconfiguration of cortical dynamics",
        "https://doi.org/10.1016/j.neuron.2018.05.020",
        "Remington, Narain, Hosseini & Jazayeri",
        2018,
    )
    tags = ("timing", "go-no-go", "supervised")
    differs = (
        "The label stands at the step that earns most; it came one set-length late.",
        "Forcing measure (a length in ms) changes the trial; it changed the record only.",
        "A response before the production period is too early and costs rewards['abort'], not only"
        " during fixation.",
    )

    gain = param.Number(1.0, bounds=(0.1, 5), doc="interval to produce / interval measured")
    prod_margin = param.Number(0.2, bounds=(0.01, 1), doc="tolerance, as a share of the interval")
    dt = param.Number(80, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    timing = Timing(
        fixation=100,
        ready=83,
        measure=("uniform", (800, 1500)),
        set=83,
        production=("times", ("measure", 2)),
    )
    starts_with = {"measure": "ready"}
    human = Preset(
        dt=20,
        abort=True,
        timing=dict(fixation=800, ready=100, measure=("uniform", (500, 1100)), set=100),
    )

    rule = Interval("production", since="set", hold=("fixation", "ready", "measure", "set"))
    marks = ("ready", "set")
    keys = Keys(go=("Space",))
    scene = Scene(
        Disc(radius=0.14, color=BLUE, during="ready", x=-0.25),
        Disc(radius=0.14, color=ORANGE, during="set", x=0.25),
        Disc(radius=0.14, outline=0.006, x=-0.25, alpha=0.5),
        Disc(radius=0.14, outline=0.006, x=0.25, alpha=0.5),
        Cross(),
    )

    def channels(self):
        return Channels(fixation=1, ready=1, set=1)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        return dict(gain=Choice([self.gain], bounds=(0.1, 5), doc="produced / measured interval"))

    def stretch(self, trials):
        return dict(production=trials.gain)

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, canvas.timeline.before("production"))
        canvas.show("ready", 1, during="ready")
        canvas.show("set", 1, during="set")
        canvas.due("go", canvas.timeline.shown_ms("measure") * trials.gain)
