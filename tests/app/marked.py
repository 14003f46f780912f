"""Tasks, wrappers and agents whose every text holds a tag, for NEUROGYM_TASKS."""

TAG = "<b id=tag>x</b>"
TASKS = '''
"""<b id=tag>x</b>"""
import numpy as np
import param

import neurogym as ngym
from neurogym.spec import Actions, Channels, Choice, FirstResponse, Timing
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset
from neurogym.spec.scene import Keys, Text
from neurogym.wrappers import Wrapper, register

TAG = "<b id=tag>x</b>"


class Marked(ngym.Task):
    """Press <b id=tag>x</b> the key.

    <b id=tag>x</b> and more.
    """

    paper = Paper(authors=f"{TAG} et al.", year=2001, title=TAG, link=f"https://example.org/{TAG}")
    tags = (TAG,)
    also = (TAG,)
    timing = Timing({"fixation": 200, TAG: 400, "decision": 1000}, doc=TAG)
    human = Preset(dt=20)
    rule = FirstResponse("decision", hold="fixation")
    word = param.String(TAG, doc=TAG)
    which = param.Selector(default=TAG, objects=[TAG, "other"], doc=TAG)

    def channels(self):
        return Channels(**{"fixation": 1, TAG: 2})

    def actions(self):
        return Actions(**{"fixation": 1, TAG: 2})

    def conditions(self):
        return {"ground_truth": Choice((0, 1), doc=TAG), "named": Choice((TAG, "other"), doc=TAG)}

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        canvas.show(TAG, trials.ground_truth[:, None] == (0, 1), during=TAG)
        canvas.answer(TAG, trials.ground_truth, during="decision")


class Tagged(Wrapper):
    """Does <b id=tag>x</b> nothing."""

    word = param.String(TAG, doc=TAG)


class Refusing(Wrapper):
    """Never <b id=tag>x</b> fits."""

    def check(self, task):
        self.refuse(task, f"it has {TAG}")


register(Tagged)
register(Refusing)
ngym.register("Marked-v0", Marked)


@ngym.register_agent(TAG)
class Agent(param.Parameterized):
    """<b id=tag>x</b>"""

    word = param.String(TAG, doc=TAG)

    def begin(self, env, rng):
        pass

    def act(self, ob):
        return 1
'''
