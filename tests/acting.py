"""Actions for tests, whatever kind a task's actions are of."""

import numpy as np


def graded(space):
    """Whether actions are some numbers."""
    return bool(space.shape)


def some(space, rng):
    """Any action."""
    if graded(space):
        return rng.uniform(space.low, space.high).astype(np.float32)
    return int(rng.integers(space.n))


def constants(space, most=6):
    """Actions to take again and again."""
    if graded(space):
        return [space.low, space.high, (space.low + space.high) / 2]
    return list(range(min(most, int(space.n))))


def worth(env, over):
    """What the trial that begins is worth by its payoff table, `over` (np.max, np.mean) actions.

    Dynamic programming, backwards from the trial's last step.
    """
    kinds, pay = env.payoffs
    assert pay.ends[kinds[-1]].all()
    after = np.zeros(pay.shape[1])  # of each rule state in the next step
    for kind in kinds[::-1]:
        later = np.where(pay.ends[kind], 0.0, after[pay.next[kind]])
        after = over(pay.reward[kind] + later, axis=1)
    return after[0]


def idle(task, n=None):
    """The action that does nothing; of so many environments together, if told how many."""
    rest = task.plan.actions.rest
    return rest if n is None else np.repeat(np.array(rest)[None], n, axis=0)


def wrong(space):
    """Actions that there are not, and what a part of the error says."""
    if graded(space):
        far = np.full(space.shape, 1e9)
        given = (0, 0.5, None, "left", far, far * np.nan, np.zeros(space.shape[0] + 1), [["a"]])
        return given, f"expected {space.shape[0]} numbers, from "
    n = int(space.n)
    given = (-1, n, 10**6, 0.5, float("nan"), "left", None, np.int64(-1), np.array(-1), [0, 1],
             np.array([0, 1]))  # fmt: skip
    return given, f"is not one of 0 to {n - 1}"
