"""Moving something to a target."""

import math

import numpy as np
import param

from neurogym.spec.conditions import Uniform
from neurogym.spec.layout import Actions, Channels, ring
from neurogym.spec.outcomes import Outcome
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Preset, Rewards, Timing
from neurogym.spec.plan import Effect
from neurogym.spec.scene import (
    BLUE,
    INK,
    ORANGE,
    PINK,
    Arc,
    Bump,
    By,
    Disc,
    Keys,
    Marker,
    Of,
    Pointer,
    Scene,
    Text,
)
from neurogym.trials.task import Task


def signed_distance(angle, to):
    """The shorter way round from one angle to another, in radians: -pi to pi."""
    return (to - angle + math.pi) % (2 * math.pi) - math.pi


class Reaching1D(Task):
    """Turn the pointer to the target and keep it there."""

    called = "Reaching on a Ring"
    also = ("centre-out reaching", "center-out", "BCI")
    paper = Paper(
        "Neuronal population coding of movement direction",
        "https://doi.org/10.1126/science.3749885",
        "Georgopoulos, Schwartz & Kettner",
        1986,
    )
    tags = ("motor", "steps action space")
    differs = (
        "The label is the best action of each step; it was an angle cut to an integer, and the"
        " reward was counted from that angle, not from the target shown.",
        "The arm turns by `speed` (rad/s), whatever dt is; at 0.05 rad a step it could not reach"
        " most targets.",
        "performance is 1 if the arm is within `tolerance` of the target at the end; it was the"
        " mean reward, which no agent could bring to 1.",
        "The arm moves during the reach only.",
    )

    dim_ring = param.Integer(16, bounds=(4, 64), doc="number of channels around the ring")
    speed = param.Number(2 * np.pi, bounds=(0.1, 50), doc="turning speed of the arm in rad/s")
    tolerance = param.Number(
        round(np.pi / 8, 4), bounds=(0.01, np.pi), doc="distance in rad within which it is a hit"
    )
    rewards = Rewards(correct=1.0, fail=-0.1)
    timing = Timing(fixation=500, reach=500)
    human = Preset(dt=50, speed=3.0, tolerance=0.2, timing=dict(fixation=700, reach=2500))

    closed = True
    hold_keys = True
    window = ("reach",)
    keys = Keys(
        {"left": ["turn left"], "right": ["turn right"]}, left=("ArrowLeft",), right=("ArrowRight",)
    )
    scene = Scene(
        Arc(radius=0.36, width=0.012, color=INK, alpha=0.35),
        Marker(radius=0.36, angle=Of("ground_truth"), size=0.09, color=ORANGE, during="reach"),
        Pointer(length=0.33, width=0.028, angle=Bump("self"), color=BLUE),
        Disc(radius=0.03, color=INK),
    )

    def check(self):
        step = self.speed * self.dt / 1000
        if step / 2 > self.tolerance:
            raise ValueError(
                f"the arm turns {step:.3g} rad a step (speed {self.speed:g} x dt {self.dt:g} ms):"
                f" it cannot stop within tolerance = {self.tolerance:g} rad of every target"
            )
        steps = max(1, math.ceil((math.pi - self.tolerance) / step - 1e-9))
        for period in self.window:
            self.needs(
                period, steps,
                f"the arm turns {step:.3g} rad a step (speed = {self.speed:g}), and the farthest"
                f" targets are pi away, less tolerance = {self.tolerance:g} rad",
            )  # fmt: skip

    def channels(self):
        return Channels(target=self.dim_ring, self=self.dim_ring)

    def actions(self):
        return Actions(fixation=1, left=1, right=1)

    def conditions(self):
        return dict(ground_truth=Uniform(0, 2 * np.pi, unit="rad", doc="angle of the target"))

    def paint(self, canvas, trials):
        target = np.cos(ring(self.dim_ring) - trials.ground_truth[:, None])
        canvas.show("target", target, during="reach")

    def begin(self, trial):
        return dict(angle=math.pi)

    def turned(self, angle, action):
        """Where the arm is after an action."""
        turn = self.speed * self.dt / 1000
        return (angle + (turn if action == 1 else -turn if action == 2 else 0.0)) % (2 * math.pi)

    def towards(self, away):
        """The action that leads closer to what lies so far away."""
        if abs(away) <= self.speed * self.dt / 2000:
            return 0
        return 1 if away > 0 else 2

    def best(self, trial, state, step):
        if not step.during("reach"):
            return 0
        return self.towards(signed_distance(state.angle, trial.ground_truth))

    def react(self, trial, state, step, action):
        reach = step.during("reach")
        if reach:
            state.angle = self.turned(state.angle, action)
        distance = abs(signed_distance(state.angle, trial.ground_truth))
        hit = distance <= self.tolerance
        return Effect(
            reward=max(self.rewards["correct"] - distance, self.rewards["fail"]) if reach else 0.0,
            performance=float(hit),
            outcome=Outcome.CORRECT if hit else Outcome.ERROR,
            responds=reach and action > 0,
        )

    def observe(self, trial, state, step, ob):
        for k in range(self.dim_ring):
            ob.self[k] = math.cos(ring(self.dim_ring)[k] - state.angle)


TRACK = 0.36  # radius of the circle on which the spots are


def _spot(quarter, part, reach):
    """A coordinate of the arm: what a channel shows there, less what the target adds to it."""

    def coordinate(task, conditions):
        channel = task.plan.channels["ring"].start + quarter * task.dim_ring // 4
        added = task.strength * part(conditions["ground_truth"]) if reach else 0.0
        return {"channel": channel, "scale": TRACK, "offset": -TRACK * float(added)}

    return By(coordinate)


def _target(part):
    return By(lambda task, conditions: TRACK * float(part(conditions["ground_truth"])))


def _arm(reach):
    x, y = _spot(0, np.cos, reach), _spot(1, np.sin, reach)
    return Disc(x=x, y=y, radius=0.05, during="reach" if reach else "fixation")


class Reaching1DWithSelfDistraction(Reaching1D):
    """Move your bright spot round the circle to the faint one, and keep it there.

    The arm's own signal is on the same channels as the target's, and stronger.
    """

    called = "Reaching on a Ring, Distracted"
    paper = Reaching1D.paper
    tags = ("motor", "steps action space")
    differs = (
        *Reaching1D.differs,
        "The paper is that of Reaching1D, from which the task derives; none was named.",
        "The channels are one named group, ring; how strong the target is beside the arm is the"
        " parameter strength; it was fixed at 0.3.",
        "The arm is added to a copy of what is painted; the buffer of the trial was changed.",
        "dim_ring is a parameter, a multiple of 4; it was fixed at 32.",
        "A person sees the two signals as spots of the same form, at their places.",
    )

    dim_ring = param.Integer(
        32, bounds=(4, 64), step=4, doc="number of channels around the ring, a multiple of 4"
    )
    strength = param.Number(
        0.3, bounds=(0.01, 10), doc="how strong the target's signal is; that of the arm is 1"
    )

    scene = Scene(
        Arc(radius=TRACK, width=0.012, color=INK, alpha=0.25),
        Disc(
            x=_target(np.cos),
            y=_target(np.sin),
            radius=0.05,
            alpha=By(lambda task, conditions: min(1.0, task.strength)),
            during="reach",
        ),
        _arm(reach=False),
        _arm(reach=True),
        Disc(radius=0.02, color=INK),
    )

    def check(self):
        super().check()
        if self.dim_ring % 4:
            raise ValueError(f"dim_ring = {self.dim_ring} is not a multiple of 4")

    def channels(self):
        return Channels(ring=self.dim_ring)

    def paint(self, canvas, trials):
        away = ring(self.dim_ring) - trials.ground_truth[:, None]
        canvas.show("ring", self.strength * np.cos(away), during="reach")

    def observe(self, trial, state, step, ob):
        for k in range(self.dim_ring):
            ob.ring[k] += math.cos(ring(self.dim_ring)[k] - state.angle)


class AngleReproduction(Reaching1D):
    """Remember two directions, then turn the pointer to the first, and after it to the second."""

    also = ("orientation reproduction", "serial reproduction")
    paper = Paper(
        "Visual perception as retrospective Bayesian decoding from high- to low-level features",
        "https://doi.org/10.1073/pnas.1706906114",
        "Ding, Cueva, Tsodyks & Qian",
        2017,
    )
    tags = ("perceptual", "working memory", "delayed response", "steps action space")
    differs = (
        "It could not be stepped. The label is the best action of each step, not an angle cut to an"
        " integer.",
        "The pointer turns by `speed` (rad/s), whatever dt is, and in the two response periods"
        " alone; at 0.05 rad a step about half of the directions could not be reached.",
        "performance is 1 if the pointer is within `tolerance` of both at the end of their periods;"
        " it was the mean reward, which no agent could bring to 1.",
        "The channels have names: stimulus, self, go1, go2.",
    )

    timing = Timing(fixation=500, stim1=500, delay1=500, stim2=500, delay2=500, go1=1000, go2=1000)
    human = Preset(
        dt=50, speed=3.0, tolerance=0.3,
        timing=dict(stim1=800, delay1=600, stim2=800, delay2=600, go1=3000, go2=3000),
    )  # fmt: skip

    window = ("go1", "go2")
    scene = Scene(
        Arc(radius=0.36, width=0.012, color=INK, alpha=0.35),
        *(
            Marker(radius=0.36, angle=Of(f"ground_truth{k}"), size=0.09, color=color,
                   during=f"stim{k}")
            for k, color in ((1, ORANGE), (2, PINK))
        ),
        *(
            Text(text=text, y=0.45, size=0.09, color=color, during=periods)
            for text, color, periods in (
                ("first", ORANGE, ("stim1", "go1")), ("second", PINK, ("stim2", "go2")),
            )
        ),
        Pointer(length=0.33, width=0.028, angle=Bump("self"), color=BLUE, during=("go1", "go2")),
        Disc(radius=0.03, color=INK),
    )  # fmt: skip

    def channels(self):
        return Channels(stimulus=self.dim_ring, self=self.dim_ring, go1=1, go2=1)

    def conditions(self):
        angle = Uniform(0, 2 * np.pi, unit="rad", doc="the first direction")
        other = Uniform(0, 2 * np.pi, unit="rad", doc="the second direction")
        return dict(ground_truth1=angle, ground_truth2=other)

    def paint(self, canvas, trials):
        for k, angle in enumerate((trials.ground_truth1, trials.ground_truth2), 1):
            shown = np.cos(ring(self.dim_ring) - angle[:, None])
            canvas.show("stimulus", shown, during=f"stim{k}")
            canvas.show(f"go{k}", 1, during=f"go{k}")

    def begin(self, trial):
        return {**super().begin(trial), "first": False}

    def away(self, trial, state, step):
        """How far the pointer is from the direction that is asked for."""
        second = step.during("go2")
        return signed_distance(state.angle, trial.ground_truth2 if second else trial.ground_truth1)

    def best(self, trial, state, step):
        if not step.during("go1", "go2"):
            return 0
        return self.towards(self.away(trial, state, step))

    def react(self, trial, state, step, action):
        asked = step.during("go1", "go2")
        if asked:
            state.angle = self.turned(state.angle, action)
        distance = abs(self.away(trial, state, step))
        there = distance <= self.tolerance
        if step.during("go1") and step.closing:
            state.first = there
        both = there and state.first
        return Effect(
            reward=max(self.rewards["correct"] - distance, self.rewards["fail"]) if asked else 0.0,
            performance=float(both),
            outcome=Outcome.CORRECT if both else Outcome.ERROR,
            responds=asked and action > 0,
        )
