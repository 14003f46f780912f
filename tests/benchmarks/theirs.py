"""NeuroGym's own side of the comparison: a worker in an environment of its own, asked by lines.

`step ID n`, `many ID envs n` or `data ID n` is answered with the CPU seconds that it took, each one
`step()`, one of all, or a batch; `ids` with what there is. It knows no module of ours.
"""

import contextlib
import io
import json
import sys
import warnings
from time import process_time

import gymnasium as gym

warnings.filterwarnings("ignore")  # of an older gymnasium, about itself
with contextlib.redirect_stdout(io.StringIO()):
    from neurogym.envs.registration import ALL_EXTENDED_ENVS

    import neurogym

made = {}


def kept(key, make):
    if key not in made:
        made[key] = make()
    return made[key]


def env_of(id):
    env = neurogym.make(id).unwrapped
    env.reset(seed=1)
    return env, [env.action_space.sample() for _ in range(1000)]


def many_of(id, n):
    envs = gym.vector.SyncVectorEnv([lambda: neurogym.make(id).unwrapped] * n)
    envs.reset(seed=1)
    return envs, [envs.action_space.sample() for _ in range(100)]


def timed(work, items, n):
    start = process_time()
    for i in range(n):
        work(items[i % len(items)])
    return (process_time() - start) / n


def answer(what, id, *sizes):
    *sizes, n = map(int, sizes)
    if what == "data":
        data = kept((what, id), lambda: neurogym.Dataset(id, batch_size=16, seq_len=100))
        filled = max(1, data._cache_len // data.seq_len - 1)  # batches from one fill to the next
        return timed(lambda _: data(), [0], -(-n // filled) * filled)
    envs, actions = kept((what, id, *sizes), lambda: (many_of if sizes else env_of)(id, *sizes))
    return timed(envs.step, actions, n)


for line in sys.stdin:
    words = line.split()
    try:
        told = sorted(ALL_EXTENDED_ENVS) if words == ["ids"] else answer(*words)
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
    print(json.dumps(told), flush=True)
