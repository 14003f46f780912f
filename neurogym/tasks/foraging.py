"""Working for a reward: levers, and a snail that has to breathe."""

import math

import param

from neurogym.spec.conditions import Choice, Flips, Uniform
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import BLUE, GO, ORANGE, Bar, Channel, Cross, Disc, Keys, Scene, Text
from neurogym.tasks.alternatives import Nth
from neurogym.trials.task import Task

OPERANT = Paper(
    "Tonic dopamine: opportunity costs and the control of response vigor",
    "https://doi.org/10.1007/s00213-006-0502-4",
    "Niv, Daw, Joel & Dayan",
    2007,
)
STEP = 100  # ms, the step of the tasks as they were
DRUNK = 8.0  # how far thirst is below 0 after a drink
SLOWEST = 0.8  # rate at which thirst grows


def _lever(**how):
    """A lever on its stand, which goes down while it is pressed."""
    return (
        Bar(x=-0.25, y=-0.06, width=0.2, height=0.03, released="press", **how),
        Bar(x=-0.25, y=-0.1, width=0.2, height=0.03, angle=-0.4, pressed="press", **how),
        Bar(x=-0.33, y=-0.13, width=0.03, height=0.14, **how),
    )


def _port(**how):
    """A port, which is filled while it is poked."""
    port = dict(x=0.25, y=-0.08, color=BLUE, **how)
    return (
        Disc(radius=0.09, outline=0.014, **port),
        Disc(radius=0.07, pressed="poke", **port),
    )


class LeverPress(Task):
    """When the lamp lights up, press the lever four times, without a pause, to be paid."""

    also = ("Skinner box", "fixed ratio", "operant chamber")
    paper = OPERANT
    tags = ("operant conditioning", "steps action space")
    differs = (
        "It has trials: a wait of random length, and the presses after the lamp lights up; a trial"
        " ends with the last press or where the chain is broken. It went on without end, and could"
        " not be stepped.",
        "A chain is broken by a pause of `patience` ms, one step by default. n_press can be set.",
        "Rewards, dt and the wait are parameters. It pays 1, not 10; a press in the wait costs"
        " rewards['abort'], -1 as before. The paper is our choice; none was named.",
    )

    n_press = param.Integer(4, bounds=(1, 20), doc="presses that are to be made in a row")
    patience = param.Number(100, bounds=(1, 10_000), doc="longest pause between two presses in ms")
    rewards = Rewards(abort=-1.0, correct=1.0, fail=0.0)
    timing = Timing(wait=("truncated_exponential", (200, 100, 1000)), press=2000)
    human = Preset(dt=20, patience=700, timing=dict(wait=("uniform", (700, 2500)), press=8000))

    closed = True
    window = ("press",)
    keys = Keys(press=("Space",))
    scene = Scene(
        *_lever(),
        Disc(x=0.25, y=0.12, radius=0.07, color="#333333"),
        Disc(x=0.25, y=0.12, radius=0.07, color="#ffe27a", during="press"),
        Cross(y=0.12, during="wait", size=0.03),
    )

    def check(self):
        self.needs("press", self.n_press, f"n_press = {self.n_press} presses take a step each")

    def channels(self):
        return Channels(lamp=1)

    def actions(self):
        return Actions(wait=1, press=1)

    def conditions(self):
        return dict(ground_truth=Choice((1,), doc="always 1: press"))

    def paint(self, canvas, trials):
        canvas.show("lamp", 1, during="press")

    def begin(self, trial):
        return dict(pressed=0, pause=0)

    def best(self, trial, state, step):
        return 1 if step.during("press") else 0

    def react(self, trial, state, step, action):
        rewards = self.plan.rewards
        if not step.during("press"):
            if action == 0:
                return Effect(outcome=Outcome.MISS if step.last else Outcome.NONE)
            return Effect(reward=rewards["abort"], ends=self.abort, outcome=Outcome.EARLY)
        if action == 1:
            state.pressed += 1
            state.pause = 0
        else:
            state.pause += 1
        done = state.pressed >= self.n_press
        broken = state.pause * self.dt >= max(self.patience, self.dt) or (step.last and not done)
        pressed = state.pressed > 0
        failed = Outcome.ERROR if pressed or not broken else Outcome.MISS
        return Effect(
            reward=rewards["correct"] if done else rewards["fail"] if broken else 0.0,
            ends=done or broken,
            performance=float(done),
            outcome=Outcome.CORRECT if done else failed,
            responds=action == 1,
        )


class LeverPressWithPoke(Task):
    """Press the lever four times, at any pace, then poke the port to be paid."""

    paper = OPERANT
    tags = ("operant conditioning", "steps action space")
    differs = (
        "It has trials: after a rest of some length the lever and the port are there, until a poke"
        " is paid. It went on without end, and could not be stepped.",
        "Time costs rewards['time'] a step, so that to be quick pays; what paid was the rate.",
        "Action 0 is to do nothing, as in the other tasks, then poke and press.",
        "n_press, dt and the time are parameters. The paper is our choice; none was named.",
    )

    n_press = param.Integer(4, bounds=(1, 20), doc="presses before a poke is paid")
    observe_state = param.Boolean(False, doc="whether the channel tells how many are missing")
    rewards = Rewards(correct=1.0, time=-0.01, miss=0.0)
    timing = Timing(rest=("uniform", (100, 500)), work=2500)
    human = Preset(
        dt=20, observe_state=True, rewards=dict(time=-0.001),
        timing=dict(rest=("uniform", (500, 1500)), work=10_000),
    )  # fmt: skip

    closed = True
    window = ("work",)
    feedback = "reward"
    keys = Keys(poke=("ArrowRight",), press=("ArrowLeft",))
    scene = Scene(
        *_lever(during="work"), *_port(during="work"),
        Text(text="press", x=-0.25, y=0.05, size=0.04, during="work"),
        Text(text="poke", x=0.25, y=0.05, size=0.04, during="work"),
        Cross(during="rest"),
        *(
            Disc(x=-0.36 + 0.05 * k, y=0.14, radius=0.016, color=ORANGE,
                 alpha=Channel("left", 1.0, -0.001 - k), when=lambda task, c: task.observe_state)
            for k in range(8)
        ),
    )  # fmt: skip

    def check(self):
        self.needs(
            "work", self.n_press + 1,
            f"n_press = {self.n_press} presses and the poke take a step each",
        )  # fmt: skip

    def channels(self):
        return Channels(left=1)

    def actions(self):
        return Actions(rest=1, poke=1, press=1)

    def conditions(self):
        return dict(ground_truth=Choice((1,), doc="always 1: a poke is to be paid"))

    def paint(self, canvas, trials):
        canvas.show("left", 1, during="work")

    def begin(self, trial):
        return dict(left=self.n_press)

    def observe(self, trial, state, step, ob):
        if self.observe_state:
            ob.left *= state.left

    def best(self, trial, state, step):
        if not step.during("work"):
            return 0
        return 2 if state.left > 0 else 1

    def react(self, trial, state, step, action):
        rewards = self.plan.rewards
        if not step.during("work"):
            return Effect(outcome=Outcome.MISS)
        paid = action == 1 and state.left == 0
        if action == 2:
            state.left = max(state.left - 1, 0)
        earned = rewards["correct"] if paid else rewards["miss"] if step.last else 0.0
        return Effect(
            reward=earned + rewards["time"],
            ends=paid,
            performance=float(paid),
            outcome=Outcome.CORRECT if paid else Outcome.MISS,
            responds=action > 0,
        )


class LeverPressWithPokeRest(LeverPressWithPoke):
    """Press the lever four times, wait until you are thirsty, then poke the port to drink."""

    differs = (
        *LeverPressWithPoke.differs,
        "A trial begins right after a drink. Thirst grows steadily within a trial, at a rate that"
        " is drawn for it (a condition), whatever dt is; the rate was drawn in each step.",
        "The channel thirst shows what a drink would be worth, as before.",
    )

    rewards = Rewards(correct=2.0, effort=-0.1, time=-0.01, miss=0.0)
    timing = Timing(rest=("uniform", (100, 500)), work=3000)
    human = Preset(
        dt=50, observe_state=True, slowness=4.0, rewards=dict(time=-0.001),
        timing=dict(rest=("uniform", (500, 1500)), work=12_000),
    )  # fmt: skip
    slowness = param.Number(1.0, bounds=(0.1, 20), doc="how much slower thirst grows")
    keys = Keys(poke=("ArrowRight",), press=("ArrowLeft",))
    scene = Scene(
        *LeverPressWithPoke.scene.elements,
        Text(text="thirst", y=-0.3, size=0.035),
        Bar(y=-0.37, width=0.5, height=0.05, color="#333333"),
        Bar(y=-0.37, width=Channel("thirst", 0.5), height=0.05, color=GO),
    )

    def check(self):
        super().check()
        dry = math.ceil((DRUNK + 1) * STEP * self.slowness / (SLOWEST * self.dt))
        self.needs("work", dry + 1, f"thirst with slowness = {self.slowness:g} grows for as long")

    def channels(self):
        return Channels(left=1, thirst=1)

    def conditions(self):
        return {
            **super().conditions(),
            "rate": Uniform(SLOWEST, 1.2, doc="how fast thirst grows, 1 each 100 ms"),
        }

    def begin(self, trial):
        return {**super().begin(trial), "steps": 0}

    def thirst(self, trial, state):
        """What a drink is worth now, from 0 to 1; it was -8 after the last one."""
        ms = state.steps * self.dt / self.slowness
        return min(max(trial.rate * ms / STEP - DRUNK, 0.0), 1.0)

    def observe(self, trial, state, step, ob):
        super().observe(trial, state, step, ob)
        ob.thirst = self.thirst(trial, state)

    def best(self, trial, state, step):
        if not step.during("work"):
            return 0
        if state.left > 0:
            return 2
        return 1 if step.last or self.thirst(trial, state) >= 1 else 0

    def react(self, trial, state, step, action):
        rewards, thirst = self.plan.rewards, self.thirst(trial, state)
        effort = rewards["effort"] if action > 0 else 0.0
        if not step.during("work"):
            return Effect(reward=effort, outcome=Outcome.MISS)
        state.steps += 1
        paid = action == 1 and state.left == 0
        if action == 2:
            state.left = max(state.left - 1, 0)
        drunk = rewards["correct"] * thirst
        earned = drunk if paid else rewards["miss"] if step.last else 0.0
        return Effect(
            reward=earned + effort + rewards["time"],
            ends=paid,
            performance=thirst if paid else 0.0,
            outcome=Outcome.CORRECT if paid else Outcome.MISS,
            responds=action > 0,
        )


REST, BREATHE, SKIN, UP, DOWN = range(5)
DEPTHS = 4
OXYGEN, BREATH = 10, 5  # at the start of a trial, and what air gives


def _snail(k):
    """The snail at the k-th depth, 0 at the surface."""
    alpha = Nth("depth", 1.0, 0.0, k)
    y = 0.22 - 0.17 * k
    return (
        Disc(y=y, radius=0.055, color=ORANGE, alpha=alpha),
        Disc(x=0.06, y=y - 0.02, radius=0.028, color="#ffd9a8", alpha=alpha),
    )


class Pneumostomeopening(Task):
    """You are a snail in a pond: breathe, swim up or down, and find out what pays."""

    called = "Pneumostome Opening"
    also = ("operant conditioning of snails",)
    paper = Paper(
        "Operant conditioning of aerial respiratory behaviour in Lymnaea stagnalis",
        "https://doi.org/10.1242/jeb.199.3.683",
        "Lukowiak, Ringseis, Spencer, Wildering & Syed",
        1996,
    )
    tags = (
        "operant conditioning", "learning", "Lymnaea Stagnalis", "associative learning",
        "aerial respiratory behaviour", "hypoxia", "molluscan model", "system", "snail",
    )  # fmt: skip
    differs = (
        "It has trials of n_acts acts, from a depth that is drawn; it went on to its death, and was"
        " not restored by reset.",
        "Air is breathed at the surface alone; it was breathed at any depth.",
        "Whether air is punished is the hidden condition training, which flips between trials;"
        " sessions were set by hand, and the first one was always on.",
        "An act without a breath costs one unit of oxygen; swimming divided it by a power of the"
        " total time, which killed at once.",
        "Up is up. The depth is one-hot, a channel tells the oxygen, and action 0 is to rest.",
    )

    n_acts = param.Integer(10, bounds=(1, 10), doc="acts in a trial")
    p_switch = Probability(0.02, doc="chance, in each trial, that training begins or ends")
    rewards = Rewards(
        pneumostome=1.0, skin=0.5, swim=0.1, trained_pneumostome=-1.0, trained_skin=1.0
    )
    timing = Timing(pond=1500)
    human = Preset(dt=50, timing=dict(pond=15_000))

    closed = True
    window = ("pond",)
    feedback = "reward"
    keys = Keys(
        {"breathingpneumostome": ["breathe air"], "breathingskin": ["breathe by skin"]},
        breathingpneumostome=("KeyF",), breathingskin=("KeyJ",), up=("ArrowUp",),
        down=("ArrowDown",),
    )  # fmt: skip
    scene = Scene(
        Bar(y=-0.12, width=0.9, height=0.7, color="#5d7f99"),
        Bar(y=0.24, width=0.9, height=0.012, color="#cfe6f5"),
        *(element for k in range(DEPTHS) for element in _snail(k)),
        Text(text="oxygen", x=0.34, y=0.42, size=0.035),
        Bar(x=0.34, y=0.36, width=Channel("oxygen", 0.2), height=0.04, color=GO),
    )

    def check(self):
        self.needs("pond", self.n_acts, f"n_acts = {self.n_acts} acts take a step each")

    def channels(self):
        return Channels(depth=DEPTHS, oxygen=1)

    def actions(self):
        return Actions(rest=1, breathingpneumostome=1, breathingskin=1, up=1, down=1)

    def conditions(self):
        return dict(
            start=Choice(range(DEPTHS), doc="depth at which the trial begins, 0 at the surface"),
            training=Flips(self.p_switch, doc="1: air is punished"),
        )

    def paint(self, canvas, trials):
        """What there is to see depends on what was done."""

    def air(self, trial):
        """What a breath of air earns."""
        rewards = self.plan.rewards
        return rewards["trained_pneumostome"] if trial.training == 1 else rewards["pneumostome"]

    def skin(self, trial):
        """What breathing by skin earns."""
        rewards = self.plan.rewards
        return rewards["trained_skin"] if trial.training == 1 else rewards["skin"]

    def by_air(self, trial, depth, left):
        """What can be earned with so many acts at the surface, once one is there."""
        way_up = min(depth, left)
        return way_up * self.plan.rewards["swim"] + (left - way_up) * self.air(trial)

    def most(self, trial, depth, left):
        """What can be earned with so many acts, by air, by skin or by swimming."""
        others = max(self.skin(trial), self.plan.rewards["swim"])
        return max(self.by_air(trial, depth, left), left * others)

    def begin(self, trial):
        return dict(depth=trial.start, oxygen=OXYGEN, left=self.n_acts, earned=0.0)

    def observe(self, trial, state, step, ob):
        ob.depth[state.depth] = 1.0
        ob.oxygen = state.oxygen / OXYGEN

    def best(self, trial, state, step):
        swim, skin = self.plan.rewards["swim"], self.skin(trial)
        if self.by_air(trial, state.depth, state.left) >= state.left * max(skin, swim):
            return UP if state.depth > 0 else BREATHE
        return SKIN if skin >= swim else UP

    def react(self, trial, state, step, action):
        reward, breath = 0.0, -1
        if action == BREATHE and state.depth == 0:
            reward, breath = self.air(trial), BREATH
        elif action == SKIN:
            reward, breath = self.skin(trial), 1
        elif action == UP:
            reward = self.plan.rewards["swim"]
            state.depth = max(state.depth - 1, 0)
        elif action == DOWN:
            reward = self.plan.rewards["swim"]
            state.depth = min(state.depth + 1, DEPTHS - 1)
        if action != REST:
            state.oxygen = min(state.oxygen + breath, 2 * OXYGEN)
            state.left -= 1
        state.earned += reward
        most = self.most(trial, trial.start, self.n_acts)
        best = state.earned >= most - 1e-9
        share = min(max(state.earned / most, 0.0), 0.99) if most > 0 else 0.99
        failed = Outcome.MISS if state.left == self.n_acts else Outcome.ERROR
        return Effect(
            reward=reward,
            ends=state.left == 0 or (state.oxygen <= 0 and state.left > 0),
            performance=1.0 if best else share,
            outcome=Outcome.CORRECT if best and state.left < self.n_acts else failed,
            responds=action != REST,
        )
