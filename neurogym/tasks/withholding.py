"""Tasks in which doing nothing can be the answer."""

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, ORANGE, Cross, Disc, Keys, Polygon, Scene
from neurogym.trials.task import Task


def _is_go(task, conditions):
    return conditions["ground_truth"] == 1


def _is_nogo(task, conditions):
    return conditions["ground_truth"] == 0


class GoNogo(Task):
    """After a blue disc press when the cross turns green; after an orange square do nothing."""

    called = "Go / No-go"
    also = ("go/no-go", "response inhibition")
    paper = Paper(
        "On the speed of mental processes",
        "https://doi.org/10.1016/0001-6918(69)90065-1",
        "Donders",
        1969,
    )
    tags = ("delayed response", "go-no-go", "supervised")
    differs = (
        "A withheld no-go counts as correct: performance 1 (it was reset to 0).",
        "The paper is the one that introduced the paradigm (a translation; first published 1868);"
        " the one named before is on paired association.",
        "A response before the decision is too early and costs rewards['abort']; it had no effect.",
    )

    rewards = Rewards(abort=-0.1, correct=1.0, fail=-0.5, miss=-0.5, withheld=0.0)
    timing = Timing(fixation=0, stimulus=500, delay=500, decision=500)
    human = Preset(
        dt=20, abort=True, timing=dict(fixation=500, stimulus=500, delay=400, decision=1000)
    )

    rule = FirstResponse("decision", hold=("fixation", "stimulus", "delay"))
    keys = Keys(go=("Space",))
    scene = Scene(
        Disc(radius=0.16, color=BLUE, during="stimulus", when=_is_go),
        Polygon(radius=0.2, sides=4, rotation=0.7853981634, color=ORANGE, during="stimulus",
                when=_is_nogo),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, nogo=1, go=1)

    def actions(self):
        return Actions(fixation=1, go=1)

    def conditions(self):
        return dict(ground_truth=Choice((0, 1), doc="1: go, 0: no-go"))

    def paint(self, canvas, trials):
        go = trials.ground_truth == 1
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        canvas.show("go", go, during="stimulus")
        canvas.show("nogo", ~go, during="stimulus")
        canvas.answer("go", when=go, during="decision")
