"""What the oracle and chance earn is what follows from the rules, worked out here on its own."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.spec.rules import FirstResponse
from tests.acting import some, worth

CRITICAL = stats.norm.isf(1e-6)
N = 200


def trials(task, n=N):
    """An environment at the start of each of n trials in a row, with the first observation."""
    env = TaskEnv(task)
    first = env.reset(seed=3)[0]
    for k in range(n):
        yield env, first
        if k < n - 1:
            first = env._first()


def earned_in(env, first, act):
    """What is earned in the trial that begins."""
    return trial_table.run_trial(env, act, first).rewards.sum()


def steps(env, *names):
    """Which of the trial's steps are in some periods, (T,) bool."""
    inside = np.zeros(len(env.gt), bool)
    for name, start, stop in env.periods:
        inside[start:stop] |= name in names
    return inside


def check_mean(differences):
    """What was earned less what was expected is 0, on average."""
    d = np.asarray(differences)
    error = d.std(ddof=1) / d.size**0.5
    assert abs(d.mean()) <= max(CRITICAL * error, 1e-4)  # what is rarer may not have come


# -- the oracle ------------------------------------------------------------------------------------


def reaching(task, away, n):
    """What a pointer earns in n steps that turns to where it belongs, `away` rad from it at first.

    It turns as long as that brings it closer.
    """
    turn, away, earned = task.speed * task.dt / 1000, abs(away), 0.0
    for _ in range(n):
        if away > turn / 2:
            away = abs(away - turn)
        earned += max(task.rewards["correct"] - away, task.rewards["fail"])
    return earned


def apart(a, b):
    return abs((a - b + np.pi) % (2 * np.pi) - np.pi)


def reproduction(task, trial, env):
    """The second reach begins where the first one ended: somewhere close to its target."""
    first, second = trial["ground_truth1"], trial["ground_truth2"]
    turn = task.speed * task.dt / 1000
    signed = first % (2 * np.pi) - np.pi
    made = np.sign(signed) * turn * np.ceil(max(abs(signed) / turn - 0.5, 0))
    n = [int(steps(env, f"go{k}").sum()) for k in (1, 2)]
    return reaching(task, signed, n[0]) + reaching(task, apart(np.pi + made, second), n[1])


def due_ms(task, trial, env):
    """When the response is due, after the start of the period that the rule counts from."""
    if "targets" in task.param:
        return task.targets[trial["ground_truth"]]
    first, second = ("ready", "set") if "measure" in task.timing else ("s1", "s2")
    starts = {name: start for name, start, _ in env.periods}
    return (starts[second] - starts[first]) * task.dt * trial["gain"]


def interval(task, trial, env):
    """At the step that is closest to the due time."""
    rule, due = task.rule, due_ms(task, trial, env)
    starts = {name: start for name, start, _ in env.periods}
    first, stop = env.window
    off = np.abs((np.arange(first, stop) - starts[rule.since]) * task.dt - due).min()
    within = task.prod_margin * due + rule.slack
    return task.rewards["correct"] * max(0.1, (1 - off / within) ** 1.5)


def juice(task, trial, env):
    b, a = (int(part[:-1]) for part in trial["offer"].split(":"))
    unit = task.rewards["correct"]
    return max(a * unit, b * unit / task.ratio)


def two_step(task, trial, env):
    """The first choice leads to the better state as often as it can, the second is its best."""
    here, there = (max(pair) for pair in chances(task, trial))
    first, second = (p * a + (1 - p) * b for p, a, b in
                     ((task.p1, here, there), (task.p2, there, here)))  # fmt: skip
    return max(first, second)


def chances(task, trial):
    """What each option of each state pays, on average."""
    if "rich" in trial:
        low, high = task.low_reward_p, task.high_reward_p
        good = trial["rich"], trial["better"]
        return [[high if (at, k) == good else low for k in (0, 1)] for at in (0, 1)]
    return [[trial[f"chance{at}{k}"] for k in (1, 2)] for at in (1, 2)]


def snail(task, trial, env):
    """All acts by skin under training; else up to the surface, and air from there on."""
    if trial["training"]:
        return task.n_acts * task.rewards["trained_skin"]
    up, rewards = trial["start"], task.rewards
    return up * rewards["swim"] + (task.n_acts - up) * rewards["pneumostome"]


def thirsty(task, trial, env):
    """Four presses, then rest until a drink is worth all of it, then a poke."""
    reach = max(task.n_press, int(np.ceil(9 * 100 * task.slowness / trial["rate"] / task.dt)))
    time, effort = (reach + 1) * task.rewards["time"], (task.n_press + 1) * task.rewards["effort"]
    return task.rewards["correct"] + time + effort


def asked(task, length):
    return max(1, int(task.p_recall * length))


BEST = {
    "AngleReproduction": reproduction,
    "Bandit": lambda task, trial, env: task.p[0],
    "DawTwoStep": two_step,
    "DualDelayMatchSample": lambda task, trial, env: 2 * task.rewards["correct"],
    "DualTask": lambda task, trial, env: (
        (trial["ground_truth"] == 1) + (trial["distractor"] == trial["block_trial"] // 1000 % 2)
    ),
    "EconomicDecisionMaking": juice,
    "LeverPress": lambda task, trial, env: task.rewards["correct"],
    "LeverPressWithPoke": lambda task, trial, env: 1 + (task.n_press + 1) * task.rewards["time"],
    "LeverPressWithPokeRest": thirsty,
    "MemoryRecall": lambda task, trial, env: asked(task, trial["length"]),
    "MotorTiming": interval, "OneTwoThreeGo": interval, "ReadySetGo": interval,
    "Pneumostomeopening": snail,
    "Reaching1D": lambda task, trial, env: reaching(
        task, apart(np.pi, trial["ground_truth"]), int(steps(env, "reach").sum())
    ),
}  # fmt: skip
BEST["Reaching1DWithSelfDistraction"] = BEST["Reaching1D"]
BY_CHANCE = ("Bandit", "DawTwoStep")  # what is earned differs from what is expected


def due(task, trial, env):
    """One right answer, or none where none is asked for."""
    rewards, answered = task.plan.rewards, np.any(env.gt != env.task.plan.actions.rest)
    if task.plan.actions.graded or answered:
        return rewards["correct"]
    return rewards.get("withheld", 0.0)


def test_the_oracle_earns_what_the_rules_say(task_id, task):
    name, differences = task_id.rpartition("-v")[0], []
    for env, first in trials(task, 1000 if task_id.startswith("Bandit") else N):
        expected = BEST.get(name, due)(task, env.trial, env)
        earned = earned_in(env, first, lambda _, env=env: env.gt_now)
        differences.append(earned - expected)
    if name in BY_CHANCE:
        check_mean(differences)
    else:
        np.testing.assert_allclose(differences, 0, atol=2e-6)


# -- chance, where a rule says what is earned ------------------------------------------------------


def first_response(task, env):
    """What any action, with equal chance at each step, earns where the first response counts."""
    rule, pay, n = task.rule, task.plan.rewards, task.plan.actions.size
    respond = (n - 1) / n
    held = steps(env, *([rule.hold] if isinstance(rule.hold, str) else rule.hold))
    opened, gt = steps(env, *rule.periods), env.gt
    opened[: env.window[0]] = False  # and the dead steps
    alive, worth = 1.0, 0.0
    for k in range(len(gt)):
        if opened[k]:
            others = (n - 2) / (n - 1) if n > 1 else 0
            right = pay.get("correct", 1.0) / (n - 1) + pay.get("fail", 0.0) * others
            worth += alive * rule.urgency
            worth += alive * respond * (right if gt[k] else pay.get("fail", 0.0))
            alive *= 1 - respond
            if k == len(gt) - 1:
                worth += alive * pay.get("miss" if gt[k] else "withheld", 0.0)
        elif held[k]:
            worth += alive * respond * pay.get("abort", 0.0)
            alive *= 1 - respond if task.abort else 1
    return worth


def test_chance_earns_what_the_rules_say(task, preset):
    if task.closed:
        return
    rng, differences = np.random.default_rng(8), []
    plain = type(task.plan.rule) is FirstResponse and not task.plan.pays
    for env, first in trials(task):
        expected = worth(env, np.mean)
        if plain:
            assert expected == pytest.approx(first_response(task, env), abs=1e-5)
        earned = earned_in(env, first, lambda _, space=env.action_space: some(space, rng))
        differences.append(earned - expected)
    check_mean(differences)


# -- chance, where what is seen depends on what is done --------------------------------------------


def lever(task, trial, env):
    """Half of the steps of the wait are early presses; then all of the first presses have to be."""
    early = steps(env, "wait").sum() / 2 * task.rewards["abort"]
    return early + 0.5**task.n_press * task.rewards["correct"]


def poke(task, trial, env, drink=None):
    """Any of three actions in each step; how many presses are missing goes down to 0.

    `drink` tells what a poke earns after so many steps of work.
    """
    pay = task.rewards
    each, act = pay["time"], 2 / 3 * pay.get("effort", 0.0)
    worth, left = act * steps(env, "rest").sum(), np.zeros(task.n_press + 2)
    left[task.n_press] = 1.0
    for k in range(steps(env, "work").sum()):
        worth += left.sum() * (each + act)
        worth += left[0] / 3 * (drink(k) if drink else pay["correct"])
        left[:-1] = left[:-1] * 2 / 3 + left[1:] / 3
    return worth


def poke_when_thirsty(task, trial, env):
    """What a drink is worth grows from -8, by the trial's rate each 100 ms, up to all of it."""

    def drink(k):
        ms = k * task.dt / task.slowness
        return task.rewards["correct"] * float(np.clip(trial["rate"] * ms / 100 - 8, 0, 1))

    return poke(task, trial, env, drink)


def any_two_steps(task, trial, env):
    """Any of two choices in time, and again; each state and option is as likely to be reached."""
    missed = [(1 / 3) ** steps(env, stage).sum() for stage in ("stage1", "stage2")]
    here, there = np.mean(chances(task, trial), axis=1)
    paid = ((task.p1 + 1 - task.p2) * here + (task.p2 + 1 - task.p1) * there) / 2
    late = missed[0] + (1 - missed[0]) * missed[1]
    return late * task.rewards["abort"] + (1 - late) * paid


def any_acts(task, trial, env):
    """Four acts and rest, each as often, until all acts are done or time is up."""
    pay, trained = task.rewards, "trained_" if trial["training"] else ""
    worth, at = 0.0, {(trial["start"], task.n_acts): 1.0}
    for _ in range(steps(env, "pond").sum()):
        after = dict.fromkeys(at, 0.0)
        for (depth, left), p in at.items():
            if not left:
                continue
            air = pay[f"{trained}pneumostome"] if depth == 0 else 0.0
            worth += p / 5 * (air + pay[f"{trained}skin"] + 2 * pay["swim"])
            after[depth, left] += p / 5
            for there in (depth, depth, max(depth - 1, 0), min(depth + 1, 3)):
                after[there, left - 1] = after.get((there, left - 1), 0.0) + p / 5
        at = after
    return worth


def walk(task, targets):
    """A pointer that turns one way, the other or not at all, from pi; a target for each step."""
    turn, worth, p = task.speed * task.dt / 1000, 0.0, np.ones(1)
    for target in targets:
        p = np.convolve(p, np.ones(3) / 3)
        places = np.pi + turn * np.arange(-(p.size // 2), p.size // 2 + 1)
        away = apart(places, target)
        worth += p @ np.maximum(task.rewards["correct"] - away, task.rewards["fail"])
    return worth


def any_walk(*goals):
    """Chance of a pointer with goals: the period and the condition that tells the angle."""

    def worth(task, trial, env):
        angles = [[trial[name]] * int(steps(env, period).sum()) for period, name in goals]
        return walk(task, [angle for some in angles for angle in some])

    return worth


def any_output(task, trial, env):
    """The output of a step is above 0.95 once in twenty steps."""
    due = trial.get("interval")
    if due is None:
        due = (480 + 80 * trial["place"], 800 + 100 * trial["place"])[trial["prior"]]
    k, flash = np.arange(steps(env, "production").sum()), steps(env, "set").sum()
    right = np.abs((flash + k) * task.dt - due) <= max(task.target_threshold * due, task.dt / 2)
    return task.rewards["correct"] * (0.95**k * 0.05)[right].sum()


def any_reach(task, trial, env):
    """The gate is open in half of the steps, the position anywhere from -1 to 2."""
    pay, g = task.rewards, trial["ground_truth"]
    close = sum(1 - 1 / (1 + span) for span in (g + 1, 2 - g)) / 3  # the mean of 1 / (1 + d)^2
    missed = 0.5 ** steps(env, "decision").sum()
    early = steps(env, "stimulus", "delay").sum() / 2 * pay["abort"]
    return early + (1 - missed) * close * pay["correct"] + missed * pay["miss"]


def any_place(task, trial, env):
    """Places in a square with side 2; one within 0.1 of the middle says nothing."""
    pay, says = task.rewards, 1 - np.pi * 0.1**2 / 4
    missed = (1 - says) ** steps(env, "decision").sum()
    hit = np.pi * task.tolerance**2 / 4 / says
    early = steps(env, "fixation", "sample", "delay").sum() * says * pay["abort"]
    answered = hit * pay["correct"] + (1 - hit) * pay["fail"]
    return early + (1 - missed) * answered + missed * pay["miss"]


@cache
def overlap(*seen):
    """What anything that is said has in common with what is seen, over many sayings."""
    said = np.random.default_rng(1).random((10_000, 4))
    said /= np.maximum(said.sum(axis=1, keepdims=True), 1)
    return np.minimum(said, seen).sum(axis=1).mean() / sum(seen)


def any_saying(task, trial, env):
    """The overlap with what is seen, in equal parts over the steps."""
    return np.mean([overlap(*seen) for seen in env.gt[steps(env, "stimulus")].tolist()])


CHANCE = {
    "AngleReproduction": any_walk(("go1", "ground_truth1"), ("go2", "ground_truth2")),
    "CueSetGo": any_output,
    "DawTwoStep": any_two_steps,
    "LeverPress": lever,
    "LeverPressWithPoke": poke,
    "LeverPressWithPokeRest": poke_when_thirsty,
    "MemoryRecall": lambda task, trial, env: asked(task, trial["length"]) / 2,
    "Pneumostomeopening": any_acts,
    "Reaching1D": any_walk(("reach", "ground_truth")),
    "Reaching1DWithSelfDistraction": any_walk(("reach", "ground_truth")),
    "ReachingDelayResponse": any_reach,
    "ReadySetGo_DoublePrior": any_output,
    "ReadySetGo_SinglePrior": any_output,
    "SpatialSuppressMotion": any_saying,
    "VisualSearch": any_place,
}


def test_chance_earns_what_the_rules_of_closed_tasks_say(task_id, task):
    if not task.closed:
        return
    rng, differences = np.random.default_rng(8), []
    for env, first in trials(task, 300):
        expected = CHANCE[task_id.rpartition("-v")[0]](task, env.trial, env)
        earned = earned_in(env, first, lambda _, space=env.action_space: some(space, rng))
        differences.append(earned - expected)
    check_mean(differences)
