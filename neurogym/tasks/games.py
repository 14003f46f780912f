"""Games against an opponent who learns."""

from functools import cache
from math import comb

import numpy as np
import param

from neurogym.spec.conditions import Choice, Condition
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, ORANGE, Cross, Disc, Keys, Scene, Text
from neurogym.trials.task import Task

# a history has a digit for each answer: 0 left and 1 right, and 2 more if it was paid
PAID = 2
SIDE = str.maketrans("0123", "0101")
IS = {digit: str.maketrans("0123", "".join("01"[d == digit] for d in "0123")) for digit in "0123"}


@cache
def unlike_a_coin(heads: int, n: int) -> float:
    """How likely a fair coin is to deviate as much from n / 2 heads in n throws, or more."""
    few = min(heads, n - heads)
    return min(1.0, 2 * sum(comb(n, k) for k in range(few + 1)) / 2**n)


def places(digits: str, digit: str) -> int:
    """Where a digit stands: bit i is set if it is the i-th."""
    return int(digits[::-1].translate(IS[digit]) or "0", 2)


def chance_of_right(history: str, order: int, outcomes: bool, alpha: float) -> float:
    """With which chance the opponent goes right, after a history of the subject's answers.

    It looks how often the subject went right after what it did last: its last 0, 1, ... `order`
    answers, and if `outcomes` also with what these earned. Of those that differ from a coin at the
    level `alpha` it takes the one that does most, and goes the other way as often.
    """
    answers, p = history.translate(SIDE), 0.5
    right = places(answers, "1")
    for told in (answers, history) if outcomes else (answers,):
        alike = (1 << len(told)) - 1  # of the answers, those that followed on the last n
        for n in range(min(order, len(told)) + 1):
            if n:
                alike &= places(told, told[-n]) << n
            rights, after = (alike & right).bit_count(), alike.bit_count()
            if after and unlike_a_coin(rights, after) < alpha:
                found = 1 - rights / after
                p = found if abs(found - 0.5) > abs(p - 0.5) else p
    return p


class History(Condition):
    """The subject's last answers, oldest first, and what came of them."""

    carries = True
    learns = True

    def __init__(self, span: int, *, doc: str):
        self.span, self.doc = span, doc

    def draw(self, rng, n, last):
        return np.full(n, last or "")

    def after(self, trial, result) -> str:
        """The history once a trial is over; one without an answer leaves no trace."""
        if not result.outcome.is_answer:
            return trial["history"]
        digit = result.response - 1 + PAID * result.correct
        return f"{trial['history']}{digit}"[-self.span :]

    def learn(self, last, trial, result):
        return self.after(trial, result)

    def allows(self, value):
        return isinstance(value, str) and len(value) <= self.span and set(value) <= set("0123")

    def __str__(self):
        return (
            f"up to {self.span} digits, one an answer: 0 left or 1 right in vain, 2 left or 3 right"
            " and paid"
        )


class Opponent(Choice):
    """Where the opponent goes: 0 left, 1 right."""

    learns = True

    def __init__(self, history: History, order: int, outcomes: bool, alpha: float, *, doc: str):
        super().__init__((0, 1), doc=doc)
        self.history, self.how = history, (order, outcomes, alpha)

    def draw(self, rng, n, last):
        return (rng.random(n) < (0.5 if last is None else last)).astype(int)

    def learn(self, last, trial, result):
        return chance_of_right(self.history.after(trial, result), *self.how)


def _went(side):
    """Whether the opponent went there in the trial before."""

    def went(task, conditions):
        return conditions["history"][-1:] in (("2", "1"), ("3", "0"))[side]

    return went


class MatchingPenny(Task):
    """Choose the side that the computer chooses too; it tries to foresee where you go."""

    also = ("matching pennies", "game theory", "competitive game")
    paper = Paper(
        "Prefrontal cortex and decision making in a mixed-strategy game",
        "https://doi.org/10.1038/nn1209",
        "Barraclough, Conroy & Lee",
        2004,
    )
    tags = ("two-alternative",)
    differs = (
        "The opponent is the one of the paper's second algorithm: it looks for biases in what"
        " follows the last answers and what they earned, and else throws a coin. The one before"
        " always did the opposite of the running mean, so that it could be beaten every time.",
        "order, outcomes, alpha and span take the place of opponent_type and learning_rate;"
        " alpha=0 is a coin, outcomes=False the paper's first algorithm.",
        "The opponent knows the last `span` answers, not all of a session.",
        "What the opponent did in the trial before is shown; it came a trial late.",
        "The subject's answers and the opponent's choice are the conditions history and"
        " ground_truth. Datasets follow a subject who is always right, not an opponent who knows"
        " nothing.",
        "A fixation step comes first, and action 0 is to choose neither, as in the other tasks.",
    )

    order = param.Integer(4, bounds=(0, 8), doc="how many of the last answers it goes by, at most")
    outcomes = param.Boolean(True, doc="whether it also goes by what these earned")
    alpha = Probability(0.05, doc="level at which a bias counts; 0: it throws a coin")
    span = param.Integer(200, bounds=(1, 1000), doc="how many answers it remembers")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=0.0)
    timing = Timing(fixation=100, decision=100)
    human = Preset(dt=20, abort=True, timing=dict(fixation=700, decision=4000))

    rule = FirstResponse("decision", hold="fixation")
    feedback = "reward"
    keys = Keys({"choice": ["left", "right"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        *(Disc(x=x, radius=0.12, color=BLUE) for x in (-0.3, 0.3)),
        *(
            element
            for side, x in enumerate((-0.3, 0.3))
            for element in (
                Disc(x=x, radius=0.155, outline=0.014, color=ORANGE, when=_went(side)),
                Text(text="the computer's last choice", x=x, y=-0.22, size=0.032, color=ORANGE,
                     when=_went(side)),
            )
        ),
        Cross(during="fixation"),
        Text(text="?", size=0.1, color=GO, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, opponent=2)

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        history = History(self.span, doc="the last answers: 0 left, 1 right, 2 more if paid")
        return dict(
            ground_truth=Opponent(
                history, self.order, self.outcomes, self.alpha, doc="where the opponent goes"
            ),
            history=history,
        )

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        last = [history[-1:] for history in trials.history.tolist()]
        canvas.show("opponent", [[d in ("2", "1"), d in ("3", "0")] for d in last])
        canvas.answer("choice", trials.ground_truth, during="decision")
