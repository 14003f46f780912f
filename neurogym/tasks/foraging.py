"""Working for a reward: levers, and a snail that has to breathe."""

import numpy as np
import param

from neurogym.spec.conditions import Choice, Flips, Uniform
from neurogym.spec.layout import Actions, Channels
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Probability, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import BLUE, GO, INK, ORANGE, Bar, Channel, Cross, Disc, Keys, Scene, Text
from neurogym.tasks.alternatives import Nth
from neurogym.trials.task import Task

OPERANT = Paper(
    "Tonic dopamine: opportunity costs and the control of response vigor",
    "https://doi.org/10.1007/s00213-006-0502-4",
    "Niv, Daw, Joel & Dayan",
    2007,
)
STEP = 100  # ms, the step of the tasks as they were


def _lever(**how):
    """A lever on its stand."""
    return (
        Bar(x=-0.25, y=-0.06, width=0.2, height=0.03, color=INK, **how),
        Bar(x=-0.33, y=-0.13, width=0.03, height=0.14, color=INK, **how),
    )


def _port(**how):
    return (Disc(x=0.25, y=-0.08, radius=0.09, outline=0.014, color=BLUE, **how),)


class LeverPress(Task):
    """When the lamp lights up, press the lever four times, without a pause, to be paid."""

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

    def channels(self):
        return Channels(lamp=1)

    def actions(self):
        return Actions(wait=1, press=1)

    def conditions(self):
        return dict(ground_truth=Choice((1,), doc="always 1: press"))

    def paint(self, canvas, trials):
        canvas.show("lamp", 1, during="press")

    def begin(self, trials):
        return dict(pressed=np.zeros(trials.n, np.int64), pause=np.zeros(trials.n, np.int64))

    def labels(self, trials, state, step):
        return step.during("press").astype(np.int64)

    def react(self, trials, state, step, action):
        on, press = step.during("press"), action == 1
        state["pressed"] += on & press
        state["pause"] = np.where(on & ~press, state["pause"] + 1, 0)
        done = state["pressed"] >= self.n_press
        broken = (state["pause"] * self.dt >= max(self.patience, self.dt)) | (step.last & ~done)
        rewards = self.plan.rewards
        return Effect(
            reward=np.select(
                [done & on, broken & on, press & ~on],
                [rewards["correct"], rewards["fail"], rewards["abort"]],
            ),
            ends=on & (done | broken) | (press & ~on & self.abort),
            performance=done.astype(float),
            outcome=np.select(
                [done, broken & (state["pressed"] == 0), broken | on, press],
                [Outcome.CORRECT, Outcome.MISS, Outcome.ERROR, Outcome.EARLY],
            ),
            responds=on & press,
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

    def channels(self):
        return Channels(left=1)

    def actions(self):
        return Actions(rest=1, poke=1, press=1)

    def conditions(self):
        return dict(ground_truth=Choice((1,), doc="always 1: a poke is to be paid"))

    def paint(self, canvas, trials):
        canvas.show("left", 1, during="work")

    def begin(self, trials):
        return dict(left=np.full(trials.n, self.n_press))

    def observe(self, trials, state, step, ob):
        if self.observe_state:
            ob[:, 0] *= state["left"]

    def labels(self, trials, state, step):
        return np.where(step.during("work"), np.where(state["left"] > 0, 2, 1), 0)

    def react(self, trials, state, step, action):
        work = step.during("work")
        paid = work & (action == 1) & (state["left"] == 0)
        state["left"] = np.maximum(state["left"] - (work & (action == 2)), 0)
        rewards, late = self.plan.rewards, step.last & ~paid
        earned = np.select([paid, late], [rewards["correct"], rewards["miss"]])
        return Effect(
            reward=earned + np.where(work, rewards["time"], 0.0),
            ends=paid,
            performance=paid.astype(float),
            outcome=np.where(paid, Outcome.CORRECT, Outcome.MISS),
            responds=work & (action > 0),
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

    def channels(self):
        return Channels(left=1, thirst=1)

    def conditions(self):
        return {
            **super().conditions(),
            "rate": Uniform(0.8, 1.2, doc="how fast thirst grows, 1 each 100 ms"),
        }

    def begin(self, trials):
        return {**super().begin(trials), "steps": np.zeros(trials.n, np.int64)}

    def _thirst(self, trials, state):
        """What a drink is worth now, from 0 to 1; it was -8 after the last one."""
        ms = state["steps"] * self.dt / self.slowness
        return np.clip(trials.rate * ms / STEP - 8, 0, 1)

    def observe(self, trials, state, step, ob):
        super().observe(trials, state, step, ob)
        ob[:, 1] = self._thirst(trials, state)

    def labels(self, trials, state, step):
        wait = np.where(self._thirst(trials, state) >= 1, 1, 0)
        best = np.where(state["left"] > 0, 2, np.where(step.last, 1, wait))
        return np.where(step.during("work"), best, 0)

    def react(self, trials, state, step, action):
        effect, thirst = super().react(trials, state, step, action), self._thirst(trials, state)
        paid, rewards = effect.ends, self.plan.rewards
        unfelt = np.where(paid, rewards["correct"] * (1 - thirst), 0.0)
        state["steps"] += step.during("work")
        effect.reward = effect.reward - unfelt + rewards["effort"] * (action > 0)
        effect.performance = np.where(paid, thirst, 0.0)
        return effect


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

    def _worths(self, trials):
        """What an act earns in each trial: (air, skin, swimming)."""
        rewards, trained = self.plan.rewards, np.asarray(trials.training) == 1
        air = np.where(trained, rewards["trained_pneumostome"], rewards["pneumostome"])
        return air, np.where(trained, rewards["trained_skin"], rewards["skin"]), rewards["swim"]

    def _ways(self, trials, depth, left):
        """What can be earned with so many acts: by air, by skin, by swimming."""
        air, skin, swim = self._worths(trials)
        way_up = np.minimum(depth, left)
        ways = way_up * swim + (left - way_up) * air, left * skin, left * swim
        return np.stack(np.broadcast_arrays(*ways))

    def begin(self, trials):
        return dict(
            depth=np.array(trials.start, np.int64),
            oxygen=np.full(trials.n, float(OXYGEN)),
            left=np.full(trials.n, self.n_acts),
            earned=np.zeros(trials.n),
        )

    def observe(self, trials, state, step, ob):
        ob[:, :DEPTHS] = np.arange(DEPTHS) == state["depth"][:, None]
        ob[:, DEPTHS] = state["oxygen"] / OXYGEN

    def labels(self, trials, state, step):
        best = self._ways(trials, state["depth"], state["left"]).argmax(axis=0)
        by_air = np.where(state["depth"] > 0, UP, BREATHE)
        return np.choose(best, [by_air, np.full(trials.n, SKIN), np.full(trials.n, UP)])

    def react(self, trials, state, step, action):
        air, skin, swim = self._worths(trials)
        at_air = (action == BREATHE) & (state["depth"] == 0)
        acted = action != REST
        moved = np.isin(action, (UP, DOWN))
        reward = np.select([at_air, action == SKIN, moved], [air, skin, np.full(trials.n, swim)])
        state["depth"] = np.clip(state["depth"] + (action == DOWN) - (action == UP), 0, DEPTHS - 1)
        gained = np.select([at_air, action == SKIN, acted], [BREATH, 1, -1])
        state["oxygen"] = np.minimum(state["oxygen"] + gained, 2 * OXYGEN)
        state["left"] -= acted
        state["earned"] += reward
        most = self._ways(trials, np.asarray(trials.start), self.n_acts).max(axis=0)
        share = np.where(most > 0, state["earned"] / np.where(most > 0, most, 1), 1.0)
        best = state["earned"] >= most - 1e-9
        dead = (state["oxygen"] <= 0) & (state["left"] > 0)
        return Effect(
            reward=reward,
            ends=(state["left"] == 0) | dead,
            performance=np.where(best, 1.0, np.clip(share, 0, 0.99)),
            outcome=np.select(
                [state["left"] == self.n_acts, best], [Outcome.MISS, Outcome.CORRECT], Outcome.ERROR
            ),
            responds=acted,
        )
