"""Games against an opponent who learns."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import param

from neurogym.spec.conditions import Choice, Learned
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import BLUE, GO, ORANGE, Cross, Disc, Keys, Scene, Text
from neurogym.trials.task import Task

# a history has a digit for each answer: 0 left and 1 right, and 2 more if it was paid
PAID = 2
WENT = {"": (0, 0), "2": (1, 0), "1": (1, 0), "3": (0, 1), "0": (0, 1)}  # the opponent, then


@cache
def biases(most: int, alpha: float) -> np.ndarray:
    """By how much more than half of n answers went right, given that k did: [n, k], n <= most.

    0 where so many do not differ from a fair coin at the level `alpha`, tested on both sides.
    """
    told, chance = np.zeros((most + 1, most + 1)), np.ones(1)
    for n in range(1, most + 1):
        chance = (np.append(chance, 0) + np.append(0, chance)) / 2
        tail = np.cumsum(chance)
        k = np.arange(n + 1)
        p = np.minimum(1.0, 2 * tail[np.minimum(k, n - k)])
        told[n, : n + 1] = np.where(p < alpha, k / n - 0.5, 0.0)
    return told


def planes(histories: Sequence[str], most: int) -> np.ndarray:
    """Which answers were given, were to the right, were paid: (3, words, n), a bit for each.

    The lowest bit of the first word is the last answer.
    """
    width = -(-most // 64) * 64
    text = "".join([history.rjust(width) for history in histories])
    codes = np.frombuffer(text.encode(), np.uint8).reshape(-1, width)[:, ::-1]
    bits = np.stack([codes >> 4, codes, codes >> 1]) & 1  # digits are 48 to 51, a blank is 32
    words = np.packbits(bits, axis=-1, bitorder="little").view(np.uint64)
    return np.ascontiguousarray(words.swapaxes(1, 2))


def chance_of_right(
    histories: Sequence[str], order: int, outcomes: bool, alpha: float, most: int
) -> np.ndarray:
    """With which chance the opponent goes right, after each of some histories of answers.

    It looks how often the subject went right after what it did last: its last 0, 1, ... `order`
    answers, and if `outcomes` also with what these earned. Of those that differ from a coin at the
    level `alpha` it takes the one that does most, and goes the other way as often. A history has
    `most` answers at most.
    """
    told = planes(histories, most)
    given, right = told[0], told[1]
    back = np.arange(1, order + 1, dtype=np.uint64)[:, None, None, None]
    carried = np.concatenate([told[:, 1:], np.zeros_like(told[:, :1])], axis=1)
    before = (told >> back) | (carried << (64 - back))  # [n - 1]: n answers earlier
    last = (told[:, :1] >> (back - 1)) & 1
    like = ~(before ^ -last)
    alike = before[:, 0] & like[:, 1]  # those that followed on an answer like the n-th last
    kinds = [alike, alike & like[:, 2]] if outcomes else [alike]
    rows = [given[None], *(np.bitwise_and.accumulate(kind, axis=0) for kind in kinds)]
    followed = np.concatenate(rows) & given
    n, k = (
        np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in (followed, followed & right)
    )
    bias = biases(most, alpha)[n, k]
    return 0.5 - bias[np.abs(bias).argmax(axis=0), np.arange(len(histories))]


class History(Learned):
    """The subject's last answers, oldest first, and what came of them."""

    def __init__(self, span: int, *, doc: str):
        self.span, self.doc = span, doc
        self._after: tuple[Any, list[str]] = None, []  # the last results, and what came of them

    def at_first(self, n):
        return {"answers": np.full(n, "", object)}

    def settle(self, luck, last):
        return last["answers"]

    def after(self, trials, results) -> list[str]:
        """The histories once trials are over; one without an answer leaves no trace."""
        if self._after[0] is not results:
            digits = results.response - 1 + PAID * results.correct
            told = zip(
                trials["history"].tolist(), digits.tolist(), results.answered.tolist(), strict=True
            )
            span = self.span
            self._after = results, [f"{h}{d}"[-span:] if asked else h for h, d, asked in told]
        return self._after[1]

    def follow(self, last, trials, results):
        return {"answers": np.array(self.after(trials, results), object)}

    def allows(self, value):
        return isinstance(value, str) and len(value) <= self.span and set(value) <= set("0123")

    def __str__(self):
        return (
            f"up to {self.span} digits, one an answer: 0 left or 1 right in vain, 2 left or 3 right"
            " and paid"
        )


class Opponent(Learned, Choice):
    """Where the opponent goes: 0 left, 1 right."""

    def __init__(self, history: History, order: int, outcomes: bool, alpha: float, *, doc: str):
        super().__init__((0, 1), doc=doc)
        self.history, self.how = history, (order, outcomes, alpha, history.span)

    def at_first(self, n):
        return {"right": np.full(n, 0.5)}

    def chance(self, rng, n):
        return rng.random(n)

    def settle(self, luck, last):
        return (luck < last["right"]).astype(np.int64)

    def follow(self, last, trials, results):
        return {"right": chance_of_right(self.history.after(trials, results), *self.how)}


def _went(side):
    """Whether the opponent went there in the trial before."""

    def went(task, conditions):
        return bool(WENT[conditions["history"][-1:]][side])

    return went


class MatchingPenny(Task):
    """Choose the side that the computer chooses too; it tries to foresee where you go."""

    called = "Matching Pennies"
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
        "The key opponent_action of a trial is ground_truth.",
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
        canvas.show("opponent", [WENT[history[-1:]] for history in trials.history.tolist()])
        canvas.answer("choice", trials.ground_truth, during="decision")
