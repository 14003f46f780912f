"""Many trials at once, and whether they are what chance gives."""

import numpy as np
from scipy import stats

from neurogym.envs.task_env import TaskEnv
from neurogym.records import trial_table
from neurogym.trials.stream import Stream

ALPHA = 1e-4  # of one test; the seeds are fixed, so that a test fails always or never


def block_of(task, blocks=12, seed=5, **fixed):
    """Many trials as one block, with the period and the trial of each row."""
    block = Stream(task, seed).blocks(0, blocks, fixed)
    trial = np.repeat(np.arange(block.n), np.diff(block.offsets))
    return block, np.array(block.timeline.periods)[block.period], trial


def played(task, act, trial=0, seed=3, **conditions):
    """The trace of one trial; `act(env)` gives the actions."""
    env = TaskEnv(task)
    ob = env.reset(seed=seed, options={"trial": trial, "conditions": conditions})[0]
    return trial_table.run_trial(env, lambda _: act(env), ob)


def check_normal(values, sd, alpha=ALPHA):
    """Independent normal values with mean 0 and this spread, a number or one for each."""
    z = values / sd
    assert abs(np.mean(z)) < stats.norm.isf(alpha / 2) / z.size**0.5
    low, high = stats.chi2.ppf([alpha / 2, 1 - alpha / 2], z.size)
    assert low < np.sum(z**2) < high


def as_often(count, n, p, alpha=ALPHA):
    """Whether so many of n independent trials are what chance p gives."""
    return stats.binomtest(int(count), int(n), p).pvalue > alpha


def shares(values, expected, alpha=ALPHA):
    """Whether values come as often as told: {value: share}, which sum to 1."""
    found, counts = np.unique(values, return_counts=True)
    at = dict(zip(found.tolist(), counts.tolist(), strict=True))
    if not set(at) <= {value for value, share in expected.items() if share > 0}:
        return False
    likely = {value: share * len(values) for value, share in expected.items() if share > 0}
    if len(likely) == 1:
        return True
    return stats.chisquare([at.get(v, 0) for v in likely], list(likely.values())).pvalue > alpha
