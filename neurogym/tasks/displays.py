"""Tasks whose point is the picture: moving dots, plaids, and bars to search for."""

import math

import numpy as np
import param

from neurogym.spec.conditions import Bits, Choice, Order, Uniform
from neurogym.spec.figures import Choices, SearchTimes, TimeDistribution
from neurogym.spec.layout import Channels, Graded, Span
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Probability, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import BLUE, GO, Bar, By, Controls, Cross, Disc, Hand, Plaid, Press, Scene
from neurogym.tasks.perceptual import PerceptualDecisionMaking
from neurogym.trials.task import Task


class RandomDotMotion(PerceptualDecisionMaking):
    """Watch a cloud of moving dots, then report the direction of those that move together."""

    also = ("random dot kinematogram", "RDK", "RDM", "random dots motion", "coherent motion")
    paper = PerceptualDecisionMaking.paper
    tags = PerceptualDecisionMaking.tags
    differs = (
        "It needs no PsychoPy: agents get the channels of PerceptualDecisionMaking, or the dots as"
        " pixels (render_mode='rgb_array'); a person sees the dots in the browser.",
        "Dots move in the direction of the label; all but the first moved in another one.",
        "There is a fixation mark, which turns green when an answer is asked for.",
        "Pixels follow the seed. win_kwargs is gone; stim_scale too: give cohs instead.",
    )

    dt = param.Number(16, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    human = Preset(dt=20, abort=True, timing=dict(fixation=500, stimulus=1000, decision=1500))


LEFT, RIGHT, UP, DOWN = range(4)
HEADINGS = np.array([np.pi, 0.0, np.pi / 2, -np.pi / 2])  # where left, right, up and down are
NAMES = ("left", "right", "up", "down")
SIZES = 8
FRAME = 1000 / 120  # ms
FAINT, STRONG = 0.05, 0.99
# What people, and the model that was fitted to them, said of the motion: frame, and probability of
# the direction and of its opposite, which is seen at first in what is large and strong.
FRAMES = (6, 7, 8, 9, 12, 14, 17, 20, 27, 35)
SEEN = {
    STRONG: (
        (0.249, 0.249, 0.249, 0.249, 0.27, 0.32, 0.4583, 0.65, 0.85, 0.96),
        (0.249, 0.249, 0.29, 0.31, 0.4, 0.475, 0.4167, 0.3083, 0.075, 0.04),
    ),
    FAINT: (
        (0.249, 0.25, 0.26, 0.2583, 0.325, 0.45, 0.575, 0.875, 0.933, 0.99),
        (0.249, 0.25, 0.26, 0.2583, 0.267, 0.1417, 0.1167, 0.058, 0.016, 0.003),
    ),
}


def seen_as(ms: np.ndarray, contrast: np.ndarray, ground_truth: np.ndarray) -> np.ndarray:
    """Probabilities of left, right, up and down some ms after the onset: (n, 4)."""
    frame, strong = np.asarray(ms) / FRAME, np.asarray(contrast) > 0.5
    correct, opposite = (
        np.where(strong, *(np.interp(frame, FRAMES, SEEN[c][k]) for c in (STRONG, FAINT)))
        for k in (0, 1)
    )
    out = np.repeat(((1 - correct - opposite) / 2)[:, None], 4, axis=1)
    rows = np.arange(len(out))
    out[rows, ground_truth] = correct
    out[rows, ground_truth ^ 1] = opposite
    return out


def overlap(said, seen):
    """What two distributions over 4 directions share, from 0 to 1; too much said is scaled down."""
    whole, shared, all_seen = 0.0, 0.0, 0.0
    for k in range(4):
        whole += said[k]
        all_seen += seen[k]
    for k in range(4):
        shared += min(said[k] / max(whole, 1.0), seen[k])
    return shared / max(all_seen, 1e-9)  # 0 where nothing is to be said


def largest(values):
    """The first of 4 places where most is."""
    best = 0
    for k in range(1, 4):
        if values[k] > values[best]:
            best = k
    return best


def _diameter(task, conditions):
    """Of a pattern: the largest is five times as wide as the smallest."""
    size = conditions.get("size", SIZES if conditions["contrast"] > 0.5 else 1)
    return float(0.16 * 5 ** ((size - 1) / (SIZES - 1)))


class SpatialSuppressMotion(Task):
    """Say where the pattern moves: if it is strong, it is harder the larger it is.

    Size and contrast are crossed: where the contrast is high, larger patterns have to be there for
    longer to be seen to move (surround suppression), where it is low, shorter (summation). What
    length is needed can be found with `Staircase(condition="stimulus")`.
    """

    called = "Spatial Suppression of Motion"
    also = ("centre-surround", "surround suppression")
    paper = Paper(
        "Perceptual consequences of centre-surround antagonism in visual motion processing",
        "https://doi.org/10.1038/nature01800",
        "Tadin, Lappin, Gilroy & Blake",
        2003,
    )
    tags = ("perceptual", "plaid", "motion", "center-surround", "continuous action space",
            "multidimensional action space", "supervised")  # fmt: skip
    differs = (
        "One task stands for the three under this name: agents get the 32 channels (4 directions,"
        " 8 sizes), or pixels by render_mode='rgb_array'; a person sees the plaid.",
        "The curves of the label are of ms, so that any dt gives the same; they were of frames.",
        "Probabilities sum to 1 in each step; two were negative at the end.",
        "What is said earns its overlap with the label, in equal parts over the stimulus; it earned"
        " nothing. An answer in the period response, which is for people as fixation is, earns as"
        " much again.",
        "Size and contrast are crossed, as in the paper, and the label is the direction. The preset"
        " neurogym (tied) has small faint and large strong patterns alone, and what people say"
        " that they see is the label.",
        "The directions are left, right, up and down; the channels' angles had them turned.",
        "The key diameter of a trial is size.",
    )
    sources = {
        "contrasts": "about the range of the paper, 3 to 92 %, in steps of our choice; contrast is"
        " Michelson's, of luminance on an sRGB screen",
        "sizes": "the widths have a range of five to one, as NeuroGym's; the paper's is wider",
        "ground_truth": "NeuroGym: four directions and a plaid; in the paper two and a grating",
        "stimulus": "NeuroGym; 150 ms for people is our choice",
        "tied": "paper",
    }
    presets = {"neurogym": Preset(tied=True)}

    tied = param.Boolean(
        False, doc="whether size follows contrast, and the label is what people then see"
    )
    contrasts = Levels(
        [0.03, 0.06, 0.12, 0.24, 0.48, 0.92], bounds=(0.01, 1), doc="contrasts, unless tied"
    )
    sizes = Levels([1, 2, 4, 6, 8], bounds=(1, SIZES), doc="sizes, from 1 to 8, unless tied")
    dt = param.Number(8.3, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    rewards = Rewards(correct=1.0)
    timing = Timing(fixation=0, stimulus=300, response=0)
    human = Preset(
        dt=50, contrasts=[0.06, 0.24, 0.92], sizes=[1, 4, 8],
        timing=dict(fixation=600, stimulus=150, response=3000),
    )  # fmt: skip

    closed = True
    foreseen = True
    window = ("stimulus", "response")
    answers = NAMES
    keys = Controls(
        *(
            Press(f"Arrow{name.title()}", name, "hold", {f"direction {k}": 1})
            for k, name in enumerate(NAMES, 1)
        ),
        once=True,
    )
    scene = Scene(
        Plaid(
            angle=By(lambda task, c: float(HEADINGS[c["ground_truth"]])),
            contrast=By(lambda task, c: c["contrast"]),
            size=By(_diameter), frequency=13.0, hz=8.0, soft=0.5, ramp=30.0, during="stimulus",
        ),
        Cross(during="fixation"),
        Cross(color=GO, size=0.08, width=0.014, during="response"),
    )  # fmt: skip

    def channels(self):
        return Channels(stimulus=4 * SIZES)

    def actions(self):
        return Graded(direction=Span(0, 1, size=4))

    def check(self):
        if any(size % 1 for size in self.sizes):
            raise ValueError(f"sizes = {self.sizes}: expected whole numbers from 1 to {SIZES}")

    def conditions(self):
        direction = Choice(range(4), doc="direction: left, right, up, down")
        if self.tied:
            contrast = Choice((FAINT, STRONG), doc="contrast; a strong pattern is large")
            return dict(ground_truth=direction, contrast=contrast)
        sizes = [int(size) for size in self.sizes]
        return dict(
            ground_truth=direction,
            contrast=Choice(self.contrasts, bounds=(0.01, 1), doc="contrast of luminance"),
            size=Choice(sizes, doc="how many of the 8 sizes it covers"),
        )

    def paint(self, canvas, trials):
        contrast = np.asarray(trials.contrast)
        away = HEADINGS - HEADINGS[trials.ground_truth][:, None]
        tuned = contrast[:, None] / 2 * (1 + np.cos(away))
        tied_size = np.where(contrast > 0.5, SIZES, 1)
        reached = tied_size if self.tied else np.asarray(trials.size)
        cells = tuned[..., None] * (np.arange(SIZES) < reached[:, None, None])
        canvas.show("stimulus", cells.reshape(trials.n, -1), during="stimulus")
        if not self.tied:
            right = np.arange(4) == np.asarray(trials.ground_truth)[:, None]
            canvas.aim("direction", right, during=("stimulus", "response"))
            return
        length = canvas.timeline.shown_ms("stimulus")

        def seen(start):
            return lambda trial, ms: seen_as(
                ms + start[trial], contrast[trial], trials.ground_truth[trial]
            )

        canvas.aim("direction", seen(np.zeros(trials.n)), during="stimulus")
        canvas.aim("direction", seen(length), during="response")

    def begin(self, trial):
        return dict(earned=0.0)

    def react(self, trial, state, step, action):
        shared, asked = overlap(action, step.aim), step.during("response")
        said = max(action[0], action[1], action[2], action[3]) > 0
        part = shared / max(step.steps, 1) if step.during("stimulus") else 0.0
        state.earned += part
        given, chosen = asked and said, largest(action)
        so_far = 0.0 if asked else math.floor(state.earned * 1e6 + 0.5) / 1e6
        right = Outcome.CORRECT if chosen == largest(step.aim) else Outcome.ERROR
        return Effect(
            reward=self.plan.rewards["correct"] * (shared if given else part),
            ends=given,
            performance=shared if given else so_far,
            outcome=right if said else Outcome.MISS,
            responds=given or (step.last and said),
            response=1 + chosen,
        )


TRACK = 0.45  # on the stage, what 1 is for the task
LENGTH = 0.13
COLORS = ("red", "green", "blue")
FEATURES = 5  # of a bar: the double angle's cosine and sine, and three colours


def _css(color) -> str:
    """A colour, each part from -1 (dark) to 1."""
    levels = np.clip(np.round(127.5 * (np.asarray(color) + 1)), 0, 255).astype(int)
    return "#" + "".join(f"{level:02x}" for level in levels.tolist())


def _bar(k):
    """The k-th bar of the array."""

    def there(task, conditions):
        return k < task.n_items and bool(task.present(conditions, k))

    def look(which):
        return By(lambda task, conditions: task.look(conditions, k)[which])

    def at(axis):
        return By(lambda task, conditions: TRACK * float(task.centers()[k, axis]))

    return Bar(x=at(0), y=at(1), angle=look(0), color=look(1), width=LENGTH, height=0.022,
               during="decision", when=there)  # fmt: skip


class VisualSearch(Task):
    """Remember the bar; then find the same one among others, go there, and confirm.

    In pop-out trials all others are alike and differ in colour and in orientation; in the others
    each shares one of the two with the target, so that it takes a search for their conjunction.
    """

    also = ("feature search", "pop-out", "conjunction search", "set size", "attention")
    paper = Paper(
        "Top-down versus bottom-up control of attention in the prefrontal and posterior parietal"
        " cortices",
        "https://doi.org/10.1126/science.1138071",
        "Buschman & Miller",
        2007,
    )
    tags = ("perceptual", "visual search", "working memory", "continuous action space",
            "multidimensional action space", "supervised")  # fmt: skip
    differs = (
        "It needs no PsychoPy: agents get channels (of each bar its double angle's cosine and sine"
        " and its colour), or pixels by render_mode='rgb_array'.",
        "n_items bars stand evenly on a circle, with the default where they stood; target_centers"
        " and the look of the lines (length, line_width, win_kwargs) are gone.",
        "The condition ground_truth is the index of the target's place; it was the place itself.",
        "A colour's change that would leave the range goes the other way; cut off, it could leave a"
        " distractor that looked like the target.",
        "A response in the sample or delay is too early, as one in the fixation.",
        "Angles are drawn from half a turn: a bar looks the same turned by a half.",
        "Half of the trials are pop-out, as in the paper, and in the others half of the distractors"
        " differ in colour and half in orientation. NeuroGym's, in which each of them differs in"
        " either at random, so that all can in the same, are the preset neurogym.",
        "Fewer bars than there are places can be shown: set_sizes.",
    )
    sources = {
        "p_popout": "paper: both searches, there in blocks; interleaved and even is our choice",
        "balanced": "our choice, so that there is a conjunction in each trial",
        "set_sizes": "paper: 4; 3, 5 and 8 for people are our choice, for slopes",
        "timing": "NeuroGym", "delta_angle": "NeuroGym", "delta_color": "NeuroGym",
    }  # fmt: skip
    presets = {"neurogym": Preset(p_popout=0.0, balanced=False)}

    n_items = param.Integer(4, bounds=(2, 8), doc="places for bars to search among")
    set_sizes = Levels([4], bounds=(2, 8), doc="how many bars there are, at most n_items")
    p_popout = Probability(0.5, doc="chance of a trial in which all other bars are alike")
    balanced = param.Boolean(
        True, doc="whether half of the others differ in colour, or each in either at random"
    )
    delta_angle = param.Number(
        round(0.2 * np.pi, 4), bounds=(0, np.pi / 2), doc="how far distractors are turned, in rad"
    )
    delta_color = Levels(
        [0.2, -0.1, -0.1], bounds=(-1, 1), doc="how distractors' colours differ, in some order"
    )
    tolerance = param.Number(0.1, bounds=(0.01, 0.5), doc="distance that is still on the target")
    dt = param.Number(16, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=0.0)
    timing = Timing(fixation=500, sample=1000, delay=500, decision=500)
    human = Preset(
        dt=50, abort=True, n_items=8, set_sizes=[3, 5, 8], tolerance=0.25,
        delta_color=[0.7, -0.7, -0.4], delta_angle=1.2, timing=dict(decision=6000),
    )  # fmt: skip

    closed = True
    foreseen = True
    window = ("decision",)
    keys = Controls(
        Press("ArrowLeft", "left", "move", {"x": -1.2}),
        Press("ArrowRight", "right", "move", {"x": 1.2}),
        Press("ArrowUp", "up", "move", {"y": 1.2}),
        Press("ArrowDown", "down", "move", {"y": -1.2}),
        Press("Space", "answer", "hold", {}),
        point={"x": ("x", 1 / TRACK, 0.0), "y": ("y", 1 / TRACK, 0.0)},
        click="Space",
        only="Space",
    )
    scene = Scene(
        Cross(during=("fixation", "delay")),
        Bar(angle=By(lambda task, c: c["angle"]), width=LENGTH, height=0.022, during="sample",
            color=By(lambda task, c: _css([c[name] for name in COLORS]))),
        *(_bar(k) for k in range(8)),
        Disc(x=Hand("x", TRACK), y=Hand("y", TRACK), radius=0.03, outline=0.006, color=BLUE,
             during="decision"),
        Disc(x=Hand("x", TRACK), y=Hand("y", TRACK), radius=0.06, outline=0.014, color=BLUE,
             during="decision", chosen="answer"),
    )  # fmt: skip

    figures = (SearchTimes("set_size", "popout"), Choices("set_size"), TimeDistribution())

    def check(self):
        if len(self.delta_color) != len(COLORS):
            raise ValueError(f"delta_color = {self.delta_color}: expected 3 numbers from -1 to 1")
        sizes = [size for size in self.set_sizes if size % 1 or size > self.n_items]
        if sizes:
            raise ValueError(
                f"set_sizes = {sizes}: expected whole numbers up to n_items = {self.n_items}"
            )

    def centers(self) -> np.ndarray:
        """Where the bars are, (n_items, 2)."""
        angles = np.pi / 4 + np.arange(self.n_items) * 2 * np.pi / self.n_items
        return np.sqrt(0.5) * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def channels(self):
        return Channels(go=1, sample=FEATURES, items=FEATURES * self.n_items)

    def actions(self):
        return Graded(x=Span(-1, 1), y=Span(-1, 1))

    def conditions(self):
        others = self.n_items - 1
        return dict(
            ground_truth=Choice(range(self.n_items), doc="index of the target's place"),
            angle=Uniform(0, np.pi, unit="rad", doc="orientation of the bar"),
            **{name: Uniform(0, 1, doc=f"how {name} the bar is") for name in COLORS},
            popout=Choice((0, 1), (1 - self.p_popout, self.p_popout), doc="1: others are alike"),
            set_size=Choice([int(size) for size in self.set_sizes], doc="number of bars"),
            spread=Order(others, doc="the first of these distractors are there"),
            by_color=Bits(others, doc="which distractors differ in colour, not in orientation; if"
                                      " balanced, that of the first one there alternates"),
            turned=Bits(others, doc="which way distractors are turned"),
            **{f"order{k + 1}": Order(3, doc=f"which colour of distractor {k + 1} changes how")
               for k in range(others)},
        )  # fmt: skip

    def there(self, conditions, n: int) -> np.ndarray:
        """Which places have a bar, (n, items) bool, of n trials' conditions."""
        rank = self._ranks(conditions)
        place = np.asarray(conditions["ground_truth"], int)[:, None]
        shown = np.ones((n, self.n_items), bool)
        few = rank < np.asarray(conditions["set_size"], int)[:, None] - 1
        np.put_along_axis(shown, self._slots(place), few, axis=1)
        return shown

    def _one(self, conditions):
        """Of one trial: which places have a bar, and the angles and colours there."""

        def made():
            one = {name: np.array([value]) for name, value in conditions.items()}
            return self.there(one, 1)[0], *(each[0] for each in self.looks(one, 1))

        return self.plan.kept.get("look", repr(conditions), made)

    def present(self, conditions, k: int) -> bool:
        """Whether there is a bar at the k-th place in one trial."""
        return bool(self._one(conditions)[0][k])

    def _slots(self, place) -> np.ndarray:
        """The places of the distractors, (n, items - 1): all but the target's."""
        others = np.arange(self.n_items - 1)
        return others + (others >= place)

    def _ranks(self, conditions) -> np.ndarray:
        """Which of the distractors is the how many-th, (n, items - 1)."""
        order = self.plan.conditions["spread"].decode(np.asarray(conditions["spread"]))
        return np.argsort(order, axis=1)

    def looks(self, conditions, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Angles (n, items) and colours (n, items, 3) by place, of n trials' conditions."""
        plan, others = self.plan.conditions, self.n_items - 1
        target = np.stack([np.asarray(conditions[name], float) for name in COLORS], axis=1)
        by_color = plan["by_color"].decode(conditions["by_color"])
        popout = np.asarray(conditions["popout"])[:, None] == 1
        if self.balanced:
            by_color = by_color[:, :1] ^ (self._ranks(conditions) % 2 == 1)
        turns = plan["turned"].decode(conditions["turned"])
        sign = np.where(np.where(popout, turns[:, :1], turns), 1, -1)
        angle = np.asarray(conditions["angle"], float)
        turned = angle[:, None] + np.where(by_color & ~popout, 0, sign * self.delta_angle)
        orders = [plan[f"order{k + 1}"].decode(conditions[f"order{k + 1}"]) for k in range(others)]
        order = np.stack(orders, axis=1)
        order = np.where(popout[..., None], order[:, :1], order)
        deltas = np.asarray(self.delta_color)[order]
        changed = target[:, None] + deltas
        changed = np.where((changed < 0) | (changed > 1), target[:, None] - deltas, changed)
        recolored = (by_color | popout)[..., None]
        colors = np.where(recolored, np.clip(changed, 0, 1), target[:, None])
        place = np.asarray(conditions["ground_truth"], int)[:, None]
        slots = self._slots(place)
        angles, all_colors = np.empty((n, self.n_items)), np.empty((n, self.n_items, 3))
        np.put_along_axis(angles, place, angle[:, None], axis=1)
        np.put_along_axis(angles, slots, turned, axis=1)
        np.put_along_axis(all_colors, place[..., None], target[:, None], axis=1)
        np.put_along_axis(all_colors, slots[..., None], colors, axis=1)
        return angles, all_colors

    def look(self, conditions, k: int) -> tuple[float, str]:
        """The angle and the colour of one trial's bar at the k-th place."""
        _, angles, colors = self._one(conditions)
        return float(angles[k]), _css(colors[k])

    def paint(self, canvas, trials):
        angles, colors = self.looks(trials.conditions, trials.n)
        bars = np.concatenate(
            [np.cos(2 * angles)[..., None], np.sin(2 * angles)[..., None], colors], axis=2
        )
        bars = bars * self.there(trials.conditions, trials.n)[..., None]
        place = np.asarray(trials.ground_truth, int)
        canvas.show("sample", bars[np.arange(trials.n), place], during="sample")
        canvas.show("items", bars.reshape(trials.n, -1), during="decision")
        canvas.show("go", 1, during="decision")
        for axis, name in enumerate(("x", "y")):
            canvas.aim(name, self.centers()[place, axis], during="decision")

    def react(self, trial, state, step, action):
        rewards, centers = self.plan.rewards, self.centers()
        if action[0] ** 2 + action[1] ** 2 <= 0.01:
            missed = rewards["miss"] if step.last else 0.0
            return Effect(reward=missed, outcome=Outcome.MISS)
        if not step.during("decision"):
            return Effect(reward=rewards["abort"], ends=self.abort, outcome=Outcome.EARLY)
        nearest, least = 0, 10.0
        for k in range(self.n_items):
            away = math.hypot(centers[k, 0] - action[0], centers[k, 1] - action[1])
            if away < least:
                nearest, least = k, away
        place = trial.ground_truth
        away = math.hypot(centers[place, 0] - action[0], centers[place, 1] - action[1])
        hit = away < self.tolerance
        return Effect(
            reward=rewards["correct"] if hit else rewards["fail"],
            ends=True,
            performance=float(hit),
            outcome=Outcome.CORRECT if hit else Outcome.ERROR,
            responds=True,
            response=1 + nearest,
        )

    @property
    def answers(self):
        """What a response can be: the place that is closest to it."""
        return tuple(f"place {k + 1}" for k in range(self.n_items))
