"""Steps of many trials in a loop: run as it stands, on lists, or compiled, on arrays.

These functions stand below those of a program, in its text; see `neurogym.loops.many`. Trials are
laid out as rows, one a step. Of a row, `told` holds `TOLD`, `aims` what is right where actions are
graded; of a trial, `conditions` holds what the program reads, `follow` the row after its last. Of
each of n environments, `at` is the row that it is in, `states` what the program keeps, and `times`
when it first responded, in ms from the opening of the response window, or NaN.
"""

from __future__ import annotations

from typing import Any

# `after`: the row after the period's last; `late`: steps since responses were first asked for
TOLD = ("period", "since", "steps", "last", "after", "trial", "late")

NAN = float("nan")

# functions of the program: `enter_` writes what begin gives into a state, `chosen_` tells what is
# done rightly, given the best action and, where actions are graded, what is right
enter_: Any = None
best_: Any = None
react_: Any = None
observe_: Any = None
chosen_: Any = None


def act(actions, at, states, times, told, aims, conditions, follow, number, dt, gt, reward, ended,
        performance, rt, index):  # fmt: skip
    """Act in each environment and go to its next row; returns how many trials ended.

    A trial that ends is followed by the next one, which begins. What is told of the step goes into
    `gt` and what comes after it, (n,) each; `performance` and `rt` are set where a trial ended.
    """
    count = 0
    for e in range(len(at)):
        k = at[e]
        row, aim, state = told[k], aims[k], states[e]
        trial = row[5]
        known = conditions[trial]
        last = row[3] != 0
        gt[e] = best_(known, state, row[0], row[1], row[2], last, aim)
        earned, ends, how, _, responds, _, skip = react_(
            known, state, row[0], row[1], row[2], last, aim, actions[e]
        )
        reward[e] = earned
        index[e] = number[trial]
        if responds and times[e] != times[e]:
            times[e] = row[6] * dt
        following = row[4] if skip else k + 1
        if ends or following >= follow[trial]:
            ended[e], performance[e], rt[e] = True, how, times[e]
            following = follow[trial]
            times[e] = NAN
            enter_(conditions[trial + 1], state)
            count += 1
        at[e] = following
    return count


def start(which, at, states, times, told, conditions):
    """Begin the trials in which some environments are."""
    for e in range(len(at)):
        if which[e]:
            times[e] = NAN
            enter_(conditions[told[at[e]][5]], states[e])


def look(at, states, told, aims, conditions, ob):
    """Add to painted observations (n, C) what the states show."""
    for e in range(len(at)):
        k = at[e]
        row = told[k]
        observe_(conditions[row[5]], states[e], row[0], row[1], row[2], row[3] != 0, aims[k], ob[e])


def label(at, states, told, aims, conditions, gt):
    """The best actions, (n,)."""
    for e in range(len(at)):
        k = at[e]
        row = told[k]
        gt[e] = best_(conditions[row[5]], states[e], row[0], row[1], row[2], row[3] != 0, aims[k])


def play(first, follow, state, told, aims, conditions, ob, gt, reward, rows, stops, performance,
         outcome, response):  # fmt: skip
    """Play trials rightly, one after the other; returns how many rows were gone through.

    Which these are goes into `rows`, what was right and earned in each into `gt` and `reward`; what
    states show is added to `ob` in place. Of each trial `stops` tells how many rows were gone
    through by its end, and `performance`, `outcome` and `response` how it ended.
    """
    n = 0
    for t in range(len(first)):
        known, k, on = conditions[t], first[t], True
        enter_(known, state)
        response[t] = 0
        while on:
            row, aim = told[k], aims[k]
            last = row[3] != 0
            observe_(known, state, row[0], row[1], row[2], last, aim, ob[k])
            right = int(best_(known, state, row[0], row[1], row[2], last, aim))
            earned, ends, how, result, responds, answer, skip = react_(
                known, state, row[0], row[1], row[2], last, aim, chosen_(right, aim)
            )
            rows[n], gt[n], reward[n] = k, right, earned
            n += 1
            if responds and response[t] == 0:
                response[t] = right if answer < 0 else answer
            k = row[4] if skip else k + 1
            on = not (ends or k >= follow[t])
            if not on:
                performance[t], outcome[t] = how, result
        stops[t] = n
    return n
