"""One network learns the twenty tasks of Yang et al. (2019), told which one by a one-hot input.

Needs PyTorch (`pip install -e '.[agents]'`); takes about 40 s.
"""

from collections import defaultdict

import numpy as np
from supervised_pytorch import Net, fit  # the script beside this one

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.wrappers import ScheduleEnvs

TASKS = ngym.get_collection("yang19")


def all_tasks(dim_ring: int = 4) -> TaskEnv:
    """An environment with a random one of the tasks in each trial; channels `task` say which."""
    envs = [ngym.make(id, dt=100, dim_ring=dim_ring) for id in TASKS]
    return ScheduleEnvs(envs, order="random", env_input=True)


def train(env: TaskEnv, steps: int = 800) -> Net:
    """A network that learned all tasks."""
    return fit(ngym.Dataset(env, batch_size=64, seq_len=80, seed=1, details=True), steps, 128)


def performance(env: TaskEnv, agent: Net | str, trials: int = 1000) -> dict[str, float]:
    """Share of right trials by task."""
    right = defaultdict(list)
    for row in ngym.rollout(env, agent, trials=trials, seed=2):
        right[TASKS[row["conditions"]["task"]]].append(row["correct"])
    return {id: float(np.mean(right[id])) for id in TASKS}


if __name__ == "__main__":
    env = all_tasks()
    trained, chance = performance(env, train(env)), performance(env, "random")
    for id in TASKS:
        print(f"{id:20} {trained[id]:4.0%} right, {chance[id]:3.0%} at random")
