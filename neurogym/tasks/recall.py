"""Saying what was seen: patterns, and a colour on a wheel."""

import colorsys
from dataclasses import dataclass

import numpy as np
import param

from neurogym.spec.conditions import Bits, Choice, Order
from neurogym.spec.durations import to_steps
from neurogym.spec.layout import Actions, Channels, Graded, Span, ring
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import (
    GO,
    ORANGE,
    Bar,
    By,
    Controls,
    Cross,
    Disc,
    Hand,
    Keys,
    Marker,
    Press,
    Scene,
    Text,
    cap,
)
from neurogym.trials.task import Task

# a key for each cell, as many as a person can have
KEYS = tuple(f"Digit{k % 10}" for k in range(1, 11)) + tuple(f"Key{c}" for c in "QWERTYUIOP")


def _side(task):
    """The side of a pattern's cell on the stage."""
    return min(0.11, 0.9 / task.stim_dim)


def _place(i):
    """Where the i-th cell is, from left to right."""
    return lambda task: _side(task) * (i - (task.stim_dim - 1) / 2)


def _of(value):
    """What a function of the task alone gives."""
    return By(lambda task, conditions: value(task))


def _cell(i):
    """The i-th cell of the pattern that is shown, and of the one that is answered."""

    def lit(binding):
        """How bright the cell is: 0 for the lower of its values, 1 for the higher."""
        return _of(lambda task: binding(1 / (1 - task.low), -task.low / (1 - task.low)))

    at = dict(x=_of(_place(i)), when=lambda task, conditions: i < task.stim_dim)
    side = dict.fromkeys(("width", "height"), _of(lambda task: 0.9 * _side(task)))
    return (
        Bar(**at, **side, y=0.1, color="#3d3d3d"),
        Bar(**at, **side, y=0.1, alpha=lit(lambda *how: _Shown(i, *how))),
        Bar(**at, **side, y=-0.15, color="#3d3d3d", during="recall"),
        Bar(
            **at, **side, y=-0.15, color=GO, during="recall",
            alpha=lit(lambda *how: Hand(f"pattern {i + 1}", *how)),
        ),
        Text(
            **at, text=cap(KEYS[i]), y=-0.25, size=_of(lambda task: 0.4 * _side(task)),
            during="recall",
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Shown:
    """The value of one of the pattern's channels."""

    index: int
    scale: float
    offset: float

    def resolve(self, task, conditions, channels):
        start = channels["pattern"].start + self.index
        return {"channel": start, "scale": self.scale, "offset": self.offset}


class MemoryRecall(Task):
    """Remember the patterns marked by a bar; when one comes back damaged, enter all of it."""

    also = ("Hopfield network", "pattern completion")
    paper = Paper(
        "Neural networks and physical systems with emergent collective computational abilities",
        "https://doi.org/10.1073/pnas.79.8.2554",
        "Hopfield",
        1982,
    )
    tags = ("working memory", "associative memory", "continuous action space",
            "multidimensional action space", "supervised")  # fmt: skip
    differs = (
        "The paper is our choice, the classic of recall from a damaged cue; none was named.",
        "The closer the answer, the higher the reward: correct * (1 - mean error / span) for each"
        " pattern. The reward grew with the error.",
        "A channel recall tells when answers are asked for; the two parts looked alike.",
        "A trial has two periods, study and recall, in which each pattern lasts as long as timing"
        " says. With the default, a step each, as before; the answer in its last step counts.",
        "At least one pattern is asked for; with a small p_recall there was none. p_recall is at"
        " most 0.5: more cannot be marked than are shown.",
        "store_signal_dim is the number of channels that carry the mark; it was ignored.",
        "To do nothing is to answer in the middle between a cell's two values.",
        "t_distribution is gone: only 'uniform' worked. dt is 100 ms, as elsewhere; it was 1.",
    )

    stim_dim = param.Integer(10, bounds=(2, 64), doc="cells of a pattern; a person has keys for 20")
    store_signal_dim = param.Integer(1, bounds=(1, 64), doc="channels that carry the mark")
    t_min = param.Integer(15, bounds=(2, 200), doc="fewest patterns, shown and asked for together")
    t_max = param.Integer(25, bounds=(2, 200), doc="most patterns, shown and asked for together")
    p_recall = param.Number(0.1, bounds=(0, 0.5), doc="share of them that are asked for")
    chance = param.Number(0.7, bounds=(0.5, 1), doc="chance to guess a damaged cell right")
    balanced = param.Boolean(True, doc="cells are -1 or 1, damaged 0; else 0 or 1, damaged flipped")
    rewards = Rewards(correct=1.0)
    timing = Timing(study=100, recall=100)
    human = Preset(
        dt=50, stim_dim=4, t_min=4, t_max=6, p_recall=0.2, timing=dict(study=1200, recall=6000)
    )

    closed = True
    foreseen = True
    window = asked = ("recall",)
    scene = Scene(
        *(element for i in range(len(KEYS)) for element in _cell(i)),
        Bar(y=0.24, width=0.5, height=0.03, color=ORANGE, show="store"),
        Text(text="remember", y=0.31, size=0.05, color=ORANGE, show="store"),
        Text(text="what was it?", y=0.31, size=0.05, color=GO, during="recall"),
    )

    @property
    def low(self):
        """The lower value of a cell; the higher one is 1."""
        return -1.0 if self.balanced else 0.0

    @property
    def keys(self) -> Controls:
        """Each cell has a key that turns it on and off; a person has all of them off at first."""
        cells = [f"pattern {i + 1}" for i in range(self.stim_dim)]
        presses = (
            Press(code, f"cell {i}", "toggle", {cell: 1})
            for i, (code, cell) in enumerate(zip(KEYS, cells, strict=False), 1)
        )
        return Controls(*presses, start=dict.fromkeys(cells, self.low))

    def check(self):
        if self.t_max < self.t_min:
            raise ValueError(f"t_max = {self.t_max} is below t_min = {self.t_min}")
        for period in ("study", "recall"):
            if self.timing[period].kind != "constant" and self.timing[period].bounds[0] < self.dt:
                raise ValueError(
                    f"timing[{period!r}] = {self.timing[period]}: expected a length that is never"
                    f" below dt = {self.dt:g} ms, for that is how long a pattern lasts at least"
                )
            self.needs(period, 1, "a pattern lasts a step at least")

    def channels(self):
        return Channels(pattern=self.stim_dim, store=self.store_signal_dim, recall=1)

    def actions(self):
        return Graded(pattern=Span(self.low, 1.0, size=self.stim_dim, rest=(self.low + 1) / 2))

    def conditions(self):
        asked = int(self._asked(self.t_max))
        hurt = 2 * (1 - self.chance) if self.balanced else 1 - self.chance
        return dict(
            length=Choice(range(self.t_min, self.t_max + 1), doc="patterns, shown and asked for"),
            patterns=Bits(self.t_max * self.stim_dim, doc="the cells of all patterns"),
            order=Order(self.t_max, doc="the first of these that are shown are asked for, so"),
            damage=Bits(asked * self.stim_dim, hurt, doc="cells damaged when asked for"),
        )

    def _asked(self, length):
        """How many patterns are asked for."""
        return np.maximum(1, np.asarray(self.p_recall * np.asarray(length), int))

    def slots(self, periods, trial):
        """Each pattern that is asked for takes an answer of its own."""
        items = int(self._asked(trial["length"]))
        ((first, stop),) = ((first, stop) for name, first, stop in periods if name == "recall")
        edges = [first - k * (first - stop) // items for k in range(items + 1)]
        return [(f"pattern {k + 1}", *edges[k : k + 2]) for k in range(items)]

    def tell(self, trial, answers):
        """An answer is right if all of its cells are nearer to the pattern's than to the other."""
        for answer in answers:
            off = np.abs(np.subtract(answer["response"], answer["right"]))
            answer["correct"] = bool((off < (1 - self.low) / 2).all())

    def stretch(self, trials):
        asked = self._asked(trials.length)
        counts = dict(study=np.asarray(trials.length) - asked, recall=asked)
        return {period: count * self._whole(period) for period, count in counts.items()}

    def _whole(self, period):
        """The factor that makes of a pattern's time whole steps, so that none falls between."""
        duration = self.timing[period]
        ms = duration.bounds[0]
        whole = to_steps(ms, self.dt) * self.dt / ms if duration.kind == "constant" and ms else 1.0
        return float(whole)

    def _marked(self, trials):
        """Which of the patterns are asked for, in turn, (n, most): those after the last are -1."""
        asked = self._asked(trials.length)
        order = self.plan.conditions["order"].decode(trials.order)
        shown = order < (np.asarray(trials.length) - asked)[:, None]
        rank = np.cumsum(shown, axis=1) - 1
        marked = np.full((trials.n, asked.max()), -1)
        trial, place = np.nonzero(shown & (rank < asked[:, None]))
        marked[trial, rank[trial, place]] = order[trial, place]
        return marked

    def paint(self, canvas, trials):
        n, dim, conditions = trials.n, self.stim_dim, self.plan.conditions
        bits = conditions["patterns"].decode(trials.patterns).reshape(n, -1, dim)
        clean = np.where(bits, 1.0, self.low)
        asked, marked = self._asked(trials.length), self._marked(trials)
        hurt = conditions["damage"].decode(trials.damage).reshape(n, -1, dim)
        flagged = np.zeros((n, self.t_max), bool)
        trial, place = np.nonzero(marked >= 0)
        flagged[trial, marked[trial, place]] = True

        def item(period, count):
            steps = canvas.timeline.end[period] - canvas.timeline.start[period]
            return lambda trial, ms: (
                (np.rint(ms / self.dt).astype(int) * count[trial]) // steps[trial]
            )

        studied = item("study", np.asarray(trials.length) - asked)
        recalled = item("recall", asked)

        def damaged(trial, ms):
            k = recalled(trial, ms)
            pattern, wrong = clean[trial, marked[trial, k]], hurt[trial, k]
            return np.where(wrong, 0.0 if self.balanced else 1 - pattern, pattern)

        def wanted(trial, ms):
            return clean[trial, marked[trial, recalled(trial, ms)]]

        canvas.trace("pattern", lambda trial, ms: clean[trial, studied(trial, ms)], "study")
        canvas.trace("store", lambda trial, ms: flagged[trial, studied(trial, ms)][:, None],
                     "study")  # fmt: skip
        canvas.trace("pattern", damaged, "recall")
        canvas.show("recall", 1, during="recall")
        canvas.aim("pattern", wanted, during="recall")

    def begin(self, trial):
        return dict(right=0.0, acted=False)

    def react(self, trial, state, step, action):
        if not step.during("recall"):
            return Effect(performance=0.0, outcome=Outcome.MISS)
        asked, dim, span = max(1, int(self.p_recall * trial.length)), self.stim_dim, 1 - self.low
        rest, acts, hits, error = self.plan.actions.rest, False, 0, 0.0
        for k in range(dim):
            off = abs(action[k] - step.aim[k])
            error += off
            hits += off < span / 2
            acts = acts or action[k] != rest[k]
        state.acted = state.acted or acts
        # the answer to an item is the action of the last of its steps
        counts = (step.since + 1) * asked // step.steps > step.since * asked // step.steps
        if counts:
            state.right += hits / dim
        share = state.right / asked
        how = Outcome.CORRECT if share > 1 - 1e-9 else Outcome.ERROR
        return Effect(
            reward=self.plan.rewards["correct"] * (1 - error / dim / span) if counts else 0.0,
            performance=share,
            outcome=how if state.acted else Outcome.MISS,
            responds=counts and acts,
            response=1,
        )


@dataclass(frozen=True)
class OnWheel(FirstResponse):
    """The first response in the window ends the trial and earns the more, the closer it is.

    The actions after the first lie on a circle. At a distance d, of at most half of the circle, a
    response earns correct * (1 - d / half) and has performance 1 - d / half; it counts as correct
    within the task's `tolerance` (degrees).
    """

    def table(self, plan):
        table, n = super().table(plan), plan.actions.size
        places = np.arange(n - 1)
        away = np.abs(places[:, None] - places)
        away = np.minimum(away, n - 1 - away) / ((n - 1) / 2)
        for half in (0, 2 + n):
            rows = np.s_[half + 3 : half + 2 + n, 0, 1:]
            table.performance[rows] = 1 - away
            table.reward[rows] = plan.rewards.get("correct", 1.0) * (1 - away) + self.urgency
            near = away * 180 <= plan.parameters["tolerance"] + 1e-9
            table.outcome[rows] = np.where(near, Outcome.CORRECT, Outcome.ERROR)
        return table

    def sentence(self, plan):
        return (
            f"{super().sentence(plan)} A response earns the more, the closer it is; within"
            f" {plan.parameters['tolerance']:g}° it counts as correct."
        )


PLACES, TUNED = 8, 8  # places of items, and colour-tuned channels at each
RADIUS = 0.27


def hue(angle: float) -> str:
    """The colour at an angle of the wheel."""
    red, green, blue = colorsys.hls_to_rgb(angle / (2 * np.pi) % 1, 0.6, 0.75)
    return "#" + "".join(f"{round(255 * part):02x}" for part in (red, green, blue))


def _item(place):
    """An item at a place, and the mark that asks for it."""
    angle = float(ring(PLACES)[place])
    at = dict(x=RADIUS * float(np.cos(angle)), y=RADIUS * float(np.sin(angle)))

    def among(task, conditions):
        return place in task.items(conditions)

    def asked(task, conditions):
        return place == next(iter(task.items(conditions)))

    color = By(lambda task, conditions: hue(task.items(conditions)[place]))
    return (
        Disc(**at, radius=0.055, color=color, during="stimulus", when=among),
        Disc(**at, radius=0.055, outline=0.006, during="decision", when=among, alpha=0.5),
        Disc(**at, radius=0.065, outline=0.014, during="decision", when=asked),
    )


class DelayEstimation(Task):
    """Remember the colours; then say on the wheel which one was at the marked place."""

    id = "delayestimation-v0"
    called = "Delayed Estimation"
    also = ("continuous report", "colour wheel", "color wheel", "visual short-term memory")
    paper = Paper(
        "Discrete fixed-resolution representations in visual working memory",
        "https://doi.org/10.1038/nature06860",
        "Zhang & Luck",
        2008,
    )
    tags = ("visual working memory", "perceptual", "supervised")
    differs = (
        "It could not be stepped.",
        "Each of the eight places has colour channels of its own, eight that are tuned to evenly"
        " spaced colours; the colours were summed over places, so that several items could not be"
        " told apart.",
        "The label is an index on the wheel of dim_ring answers; it was in degrees.",
        "Errors are counted round the circle, and performance is 1 - error / 180°; it was 1 for all"
        " answers. An answer within tolerance counts as correct.",
        "rewards['miss'] stands for rewards['noresp'].",
    )

    dim_ring = param.Integer(180, bounds=(8, 360), step=4, doc="answers on the wheel")
    sigma = param.Number(1.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    tolerance = param.Number(15.0, bounds=(0, 180), doc="error in degrees that is still correct")
    dt = param.Number(50, bounds=(0, None), inclusive_bounds=(False, True), doc="ms a step")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=0.0, miss=-0.1)
    timing = Timing(stimulus=100, delay=900, decision=2000)
    human = Preset(
        dt=20, abort=True, dim_ring=72, timing=dict(stimulus=500, delay=900, decision=6000)
    )

    rule = OnWheel("decision", hold=("stimulus", "delay"))
    unshared = {
        "stimulus": "colours are shown as they are, as in the paper: the noise stands for that of"
        " seeing them"
    }
    keys = Keys(choice="ring")
    scene = Scene(
        *(
            Marker(radius=0.42, angle=float(angle), size=0.052, color=hue(float(angle)),
                   during="decision")
            for angle in ring(72)
        ),
        *(element for place in range(PLACES) for element in _item(place)),
        Cross(during=("stimulus", "delay")),
        Cross(color=GO, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, stimulus=PLACES * TUNED, probe=PLACES)

    def actions(self):
        return Actions(fixation=1, choice=self.dim_ring)

    def conditions(self):
        return dict(
            ground_truth=Choice(range(self.dim_ring), doc="the colour asked for, on the wheel"),
            set_size=Choice(range(1, PLACES + 1), doc="number of items"),
            places=Order(PLACES, doc="where the items are; the first is asked for"),
            others=Order(PLACES - 1, doc="the others' colours, in steps of 45° from the first"),
        )

    def items(self, conditions) -> dict[int, float]:
        """Of one trial: the angle of the colour at each place, the one asked for first."""
        order = self.plan.conditions
        places = order["places"].decode(np.array([conditions["places"]]))[0]
        others = order["others"].decode(np.array([conditions["others"]]))[0]
        first = ring(self.dim_ring)[conditions["ground_truth"]]
        angles = first + np.append(0, (others + 1) * np.pi / 4)
        count = conditions["set_size"]
        return dict(zip(places[:count].tolist(), angles[:count].tolist(), strict=True))

    def paint(self, canvas, trials):
        decode = self.plan.conditions
        places = decode["places"].decode(trials.places)
        steps = np.pad(decode["others"].decode(trials.others) + 1, ((0, 0), (1, 0)))
        angles = ring(self.dim_ring)[trials.ground_truth][:, None] + steps * np.pi / 4
        there = np.arange(PLACES) < np.asarray(trials.set_size)[:, None]
        tuned = np.exp(2 * (np.cos(angles[..., None] - ring(TUNED)) - 1)) * there[..., None]
        shown = np.zeros((trials.n, PLACES, TUNED), np.float32)
        np.put_along_axis(shown, places[..., None], tuned, axis=1)
        canvas.show("fixation", 1, during=("stimulus", "delay"))
        canvas.show("stimulus", shown.reshape(trials.n, -1), during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.show("probe", places[:, :1] == np.arange(PLACES), during="decision")
        canvas.answer("choice", trials.ground_truth, during="decision")
