"""Ratios of our times to what they could be at best, each measured in one run.

`python -m tests.benchmarks.bench`, or this file by its path; `--help` lists the options.
docs/performance.md says what the columns mean and what was found.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time

import gymnasium as gym
import numpy as np

import neurogym as ngym
from neurogym.trials.catalogue import full_id, task_class
from neurogym.trials.stream import FIRST, MOST
from tests.acting import some
from tests.benchmarks import neurogym2

SEQ_LEN = 100
FULL = sum(FIRST << i for i in range((MOST // FIRST).bit_length()))  # trials until blocks are large
Work = Callable[[], object]


class Empty(gym.Env):
    """A step() that does nothing: what Python and the interface cost."""

    def __init__(self, n_channels: int):
        self.ob = np.zeros(n_channels, np.float32)

    def step(self, action):
        return self.ob, 0.0, False, False, {}


class Constant(Empty):
    """The same with the two entries that our info has in every step."""

    def step(self, action):
        return self.ob, 0.0, False, False, {"new_trial": False, "gt": 0}


def seconds(work: Work, times: int) -> float:
    """CPU seconds of one call."""
    start = process_time()
    for _ in range(times):
        work()
    return (process_time() - start) / times


def rounds(works: dict[str, tuple[Work, int]], n: int) -> dict[str, list[float]]:
    """Times of each in n rounds, taken in turn, so that a busy machine hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(n):
        for name, (work, times) in works.items():
            found[name].append(seconds(work, times))
    return found


def ratio(found: dict[str, list[float]], over: str, under: str) -> float:
    """The median of the rounds' ratios."""
    return median(a / b for a, b in zip(found[over], found[under], strict=True))


def cycle(items: list) -> Callable[[], object]:
    """The items, again and again."""
    i = -1

    def following():
        nonlocal i
        i = i + 1 if i + 1 < len(items) else 0
        return items[i]

    return following


def bench_dataset(id: str, batch: int, n: int, scale: float) -> tuple[float, float]:
    """Steps per second, and speed relative to normals for the same array; fills are included."""
    dataset = ngym.Dataset(id, batch_size=batch, seq_len=SEQ_LEN, seed=1)
    rng = np.random.default_rng(1)
    shape = dataset()[0].shape
    times = max(1, int(scale * 4 * (1 << 16) / (SEQ_LEN * batch)))  # four fills
    seconds(dataset, times)
    found = rounds(
        {
            "ours": (dataset, times),
            "normals": (lambda: rng.standard_normal(shape, np.float32), times),
        },
        n,
    )
    return SEQ_LEN * batch / median(found["ours"]), ratio(found, "normals", "ours")


def stepper(env: gym.Env, actions: list[int]) -> Work:
    """Take all the actions."""
    step = env.step

    def work():
        for action in actions:
            step(action)

    return work


def bench_step(id: str, n: int, scale: float) -> tuple[float, float, float]:
    """Steps per second of one environment, and step() over the two that do nothing."""
    env = ngym.make(id).unwrapped
    env.reset(seed=1, options={"trial": FULL})
    rng, size = np.random.default_rng(1), env.observation_space.shape[0]
    count = int(scale * (8000 if env.task.closed else 40_000))  # refills fall into every round
    actions = [some(env.action_space, rng) for _ in range(count)]
    envs = {"ours": env, "empty": Empty(size), "constant": Constant(size)}
    stepper(env, actions)()
    found = rounds({name: (stepper(each, actions), 1) for name, each in envs.items()}, n)
    over = (ratio(found, "ours", name) for name in ("empty", "constant"))
    return count / median(found["ours"]), *over


class Loop:
    """Scalar environments stepped in a plain loop; observations and rewards are stacked."""

    def __init__(self, envs: list[gym.Env]):
        self.envs = envs

    def step(self, actions):
        results = [env.step(a) for env, a in zip(self.envs, actions.tolist(), strict=True)]
        obs, rewards, _, _, infos = zip(*results, strict=True)
        return np.stack(obs), np.array(rewards), infos


def bench_vector(id: str, num_envs: int, n: int, scale: float) -> dict[str, float]:
    """Steps per second of all, and the speed relative to SyncVectorEnv and to a plain loop."""
    rng = np.random.default_rng(1)
    vector = ngym.make_vec(id, num_envs=num_envs).unwrapped
    sync = gym.vector.SyncVectorEnv([lambda: ngym.make(id).unwrapped for _ in range(num_envs)])
    loop = Loop([ngym.make(id).unwrapped for _ in range(num_envs)])
    sync.reset(seed=1)
    for envs in (sync.envs, loop.envs):  # spread over their blocks: some refill in each round
        for i, env in enumerate(envs):
            env.reset(seed=i, options={"trial": FULL + i * MOST // num_envs})
    length = len(loop.envs[0].gt)
    many = max(1, int(scale * 1.2 * MOST * length))  # a refill of all in each round
    few = max(1, int(scale * (20 if loop.envs[0].task.closed else 8 * length)))
    space = vector.single_action_space
    batches = np.array([[some(space, rng) for _ in range(num_envs)] for _ in range(1000)])
    actions = cycle(list(batches))
    vector.reset(seed=1)
    seconds(lambda: vector.step(actions()), many)
    found = rounds(
        {
            "vector": (lambda: vector.step(actions()), many),
            "sync": (lambda: sync.step(actions()), few),
            "loop": (lambda: loop.step(actions()), few),
        },
        n,
    )
    return {
        "rate": num_envs / median(found["vector"]),
        "sync": ratio(found, "sync", "vector"),
        "loop": ratio(found, "loop", "vector"),
    }


STACKS = {
    "ReactionTime": [{"ReactionTime": {}}],
    "SideBias, ReactionTime, CatchTrials": [
        {"SideBias": {}}, {"ReactionTime": {}}, {"CatchTrials": {}},
    ],
    "SideBias, TrialHistory, ReactionTime": [
        {"SideBias": {}}, {"TrialHistory": {}}, {"ReactionTime": {}},
    ],
    "SideBias, ReactionTime, Noise": [{"SideBias": {}}, {"ReactionTime": {}}, {"Noise": {}}],
    "PassAction, PassReward": [{"PassAction": {}}, {"PassReward": {}}],
    "ScheduleEnvs": [{"ScheduleEnvs": {}}],
    "Combine": [{"Combine": {}}],
    "Staircase": [{"Staircase": {}}],
}  # fmt: skip


def bench_stack(id: str, stack: list, num_envs: int, n: int, scale: float) -> tuple[float, ...]:
    """Speed of a stack relative to the bare task: Dataset, one environment, many in one."""
    data, envs, many = {}, {}, {}
    rng = np.random.default_rng(1)
    for name, params in (("bare", {}), ("stack", {"stack": stack})):
        data[name] = ngym.Dataset(id, params, batch_size=16, seq_len=SEQ_LEN, seed=1)
        envs[name] = ngym.make(id, **params).unwrapped
        many[name] = ngym.make_vec(id, num_envs=num_envs, **params).unwrapped
        envs[name].reset(seed=1), many[name].reset(seed=1)
    times = max(1, int(scale * 2 * (1 << 16) / (SEQ_LEN * 16)))  # two fills
    steps, vector_steps = int(scale * 20_000), int(scale * 2000)
    works = {}
    for name in ("bare", "stack"):
        one, batches = envs[name], rng.integers(3, size=(500, num_envs))
        works[f"{name} data"] = data[name], times
        actions, rows = cycle(rng.integers(3, size=1000).tolist()), cycle(list(batches))
        works[f"{name} step"] = (lambda one=one, a=actions: one.step(a())), steps
        works[f"{name} many"] = (lambda v=many[name], r=rows: v.step(r())), vector_steps
        data[name]()
    found = rounds(works, n)
    return tuple(ratio(found, f"bare {what}", f"stack {what}") for what in ("data", "step", "many"))


def report_stacks(id: str, n: int, scale: float, num_envs: int) -> list[str]:
    """The table of stacks, line by line."""
    lines = [
        f"Stacks on {id}, speed relative to the bare task",
        "",
        f"| stack | Dataset 16 | step() | vector {num_envs} |",
        "|---|---|---|---|",
    ]
    for name, stack in STACKS.items():
        data, step, many = bench_stack(id, stack, num_envs, n, scale)
        lines.append(f"| {name} | {data:.2f} | {step:.2f} | {many:.2f} |")
        print(lines[-1], file=sys.stderr)
    return lines


def bench_import(n: int) -> float:
    """Seconds that `import neurogym` adds to a fresh process, at best."""

    def best(code: str) -> float:
        taken = []
        for _ in range(n):
            start = perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            taken.append(perf_counter() - start)
        return min(taken)

    return best("import neurogym") - best("pass")


def report(ids: list[str], n: int, scale: float, num_envs: int) -> list[str]:
    """The table, line by line."""
    lines = [
        f"{n} rounds; Dataset of {SEQ_LEN} rows a sequence; {num_envs} environments in one",
        "",
        "| task | Dataset 16 | of normals | Dataset 256 | of normals | step() | over empty |"
        " with our info |"
        f" vector {num_envs} | over Sync | over a loop |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for id in ids:
        small, large = (bench_dataset(id, batch, n, scale) for batch in (16, 256))
        one, many = bench_step(id, n, scale), bench_vector(id, num_envs, n, scale)
        lines.append(
            f"| {id} | {rate(small[0])} | {small[1]:.3g} | {rate(large[0])} | {large[1]:.3g}"
            f" | {rate(one[0])} | {one[1]:.1f} | {one[2]:.1f}"
            f" | {rate(many['rate'])} | {many['sync']:.3g} | {many['loop']:.3g} |"
        )
        print(lines[-1], file=sys.stderr)
    return lines


def rate(per_second: float) -> str:
    return f"{per_second / 1e6:.3g} M/s"


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ids", nargs="*", help="tasks (all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--envs", type=int, default=64, help="environments stepped together")
    parser.add_argument("--stacks", action="store_true", help="stacks of wrappers instead")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual work a round")
    parser.add_argument("--neurogym", action="store_true", help="beside NeuroGym 2.2.0 instead")
    options = parser.parse_args(argv)
    ids = [full_id(id) for id in options.ids]
    if options.neurogym:
        lines = neurogym2.report(ids, options.rounds, options.scale, options.envs)
        print("\n".join(lines))
        return
    if options.stacks:
        id = (ids or ["PerceptualDecisionMaking-v0"])[0]
        print("\n".join(report_stacks(id, options.rounds, options.scale, options.envs)))
        return
    ids = ids or [id for id in ngym.all_envs() if task_class(id)]
    lines = report(ids, options.rounds, options.scale, options.envs)
    lines += ["", f"import neurogym: {bench_import(max(1, options.rounds)):.2f} s"]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
