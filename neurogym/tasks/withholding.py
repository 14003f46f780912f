"""Tasks in which doing nothing can be the answer."""

import param

from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, ORANGE, Cross, Disc, Keys, Polygon, Scene
from neurogym.trials.task import Task


def _is_go(task, conditions):
    return conditions["ground_truth"] == 1


def _is_nogo(task, conditions):
    return conditions["ground_truth"] == 0


def _seen(which, at_once):
    return lambda task, conditions: task.speeded == at_once and which(task, conditions)


class GoNogo(Task):
    """After a blue disc press when the cross turns green; after an orange square do nothing.

    With `speeded` there is no cross to wait for: press at once.
    """

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

    sources = {
        "p_go": "NeuroGym; the 80 % of the preset speeded are usual where inhibition is measured",
        "timing": "NeuroGym, with a cue and a delay; in the paper, and in the preset speeded, the"
        " stimulus is answered at once",
    }

    p_go = Probability(0.5, doc="chance of a go trial")
    speeded = param.Boolean(
        False, doc="whether the stimulus itself asks for the response, and stays on till then"
    )
    rewards = Rewards(abort=-0.1, correct=1.0, fail=-0.5, miss=-0.5, withheld=0.0)
    timing = Timing(fixation=0, stimulus=500, delay=500, decision=500)
    human = Preset(
        dt=20, abort=True, timing=dict(fixation=500, stimulus=500, delay=400, decision=1000)
    )
    presets = {
        "speeded": Preset(
            dt=20, abort=True, p_go=0.8, speeded=True,
            timing=dict(fixation=("uniform", (600, 1400)), stimulus=0, delay=0, decision=700),
        )
    }  # fmt: skip

    rule = FirstResponse("decision", hold=("fixation", "stimulus", "delay"))
    keys = Keys(go=("Space",))
    scene = Scene(
        *(
            element
            for during, at_once in (("stimulus", False), ("decision", True))
            for element in (
                Disc(radius=0.16, color=BLUE, during=during, when=_seen(_is_go, at_once)),
                Polygon(radius=0.2, sides=4, rotation=0.7853981634, color=ORANGE, during=during,
                        when=_seen(_is_nogo, at_once)),
            )
        ),
        Cross(during=("fixation", "stimulus", "delay")),
        Cross(color=GO, size=0.08, width=0.014, during="decision",
              when=lambda task, conditions: not task.speeded),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, nogo=1, go=1)

    def actions(self):
        return Actions(fixation=1, go=1)

    def check(self):
        for period in ("stimulus", "delay"):
            if self.speeded and self.timing[period].bounds != (0, 0):
                raise ValueError(
                    f"timing[{period!r}] = {self.timing[period]}: expected 0 ms if speeded, where"
                    " the stimulus comes with the decision"
                )

    def conditions(self):
        p = (1 - self.p_go, self.p_go)
        return dict(ground_truth=Choice((0, 1), p, doc="1: go, 0: no-go"))

    def paint(self, canvas, trials):
        go, during = trials.ground_truth == 1, "decision" if self.speeded else "stimulus"
        canvas.show("fixation", 1, canvas.timeline.before("decision"))
        canvas.show("go", go, during=during)
        canvas.show("nogo", ~go, during=during)
        canvas.answer("go", when=go, during="decision")
