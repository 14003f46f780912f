"""Our speed beside that of NeuroGym 2.2.0, which gets an environment of its own.

`python -m tests.benchmarks.bench --neurogym` runs it. In each round ours and theirs take turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np

import neurogym as ngym
from neurogym.envs.pool import AHEAD
from neurogym.trials.catalogue import task_class
from tests.acting import some

PINNED = (
    "neurogym==2.2.0", "gymnasium==0.29.1", "numpy==2.1.3", "scipy==1.14.1", "matplotlib==3.9.4",
)  # fmt: skip
STEPS, TOGETHER, BATCHES = 3000, 60, 30  # of theirs in a round: steps, steps of all, batches
OWN_STEPS, OWN_BATCHES = 30_000, 160  # of ours: blocks are drawn, and filled, within each round


class Theirs:
    """A process that runs NeuroGym."""

    def __init__(self, python: str):
        worker = Path(__file__).with_name("theirs.py")
        self.process = subprocess.Popen(
            [python, str(worker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, cwd=tempfile.gettempdir(),
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        )  # fmt: skip

    def ask(self, *words: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(*words, file=self.process.stdin, flush=True)
        while line := self.process.stdout.readline():
            if line.startswith(("[", '"')) or line[0].isdigit():  # not what a library prints
                return json.loads(line)
        raise RuntimeError("NeuroGym's process ended")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def installed(where: Path) -> str:
    """The Python of an environment with NeuroGym; made if it is not there."""
    python = where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(where, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINNED], check=True)
    return str(python)


def turns(work, items, n: int) -> float:
    """CPU seconds of one call, of n."""
    start = process_time()
    for i in range(n):
        work(items[i % len(items)])
    return (process_time() - start) / n


def compared(
    theirs: Theirs, ours, items, own: int, n: int, rounds: int, *words: Any
) -> tuple[float, float, float] | None:
    """Median seconds of ours and theirs, and the median ratio; None where theirs cannot."""
    if isinstance(theirs.ask(*words, max(1, n // 10)), str):
        return None
    turns(ours, items, own)
    pairs = [(turns(ours, items, own), theirs.ask(*words, n)) for _ in range(rounds)]
    us, them = (median(column) for column in zip(*pairs, strict=True))
    return us, them, median(b / max(a, 1e-12) for a, b in pairs)


def report(ids: list[str], rounds: int, scale: float, num_envs: int) -> list[str]:
    """The table, line by line."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        theirs = Theirs(installed(Path(os.environ.get("NEUROGYM2_VENV") or Path(folder) / "venv")))
        known = [id for id in theirs.ask("ids") if id in ngym.all_envs() and task_class(id)]
        if lacking := [id for id in ids if id not in known]:
            raise ValueError(f"NeuroGym 2.2.0 has no {', '.join(lacking)}")
        lines = [
            f"Beside NeuroGym 2.2.0, {rounds} rounds: us ours, theirs, times as fast",
            "",
            f"| task | `step()` | | | {num_envs} at once | | | a batch of 16 × 100 | | |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]
        gains: list[list[float]] = [[], [], []]
        for id in [id for id in known if not ids or id in ids]:
            env, many = ngym.make(id).unwrapped, ngym.make_vec(id, num_envs=num_envs).unwrapped
            data = ngym.Dataset(id, batch_size=16, seq_len=100, seed=1)
            env.reset(seed=1, options={"trial": 2000}), many.reset(seed=1)
            for _ in range(200):  # blocks grow at first
                many.step(many.action_space.sample())
            one = [some(env.action_space, rng) for _ in range(1000)]
            space = many.single_action_space
            rows = [np.array([some(space, rng) for _ in range(num_envs)]) for _ in range(100)]
            n = [max(2, int(scale * n)) for n in (STEPS, TOGETHER, BATCHES)]
            refill = 1.1 * AHEAD * len(env.gt)
            own = [max(2, int(scale * n)) for n in (OWN_STEPS, refill, OWN_BATCHES)]
            found = (
                compared(theirs, env.step, one, own[0], n[0], rounds, "step", id),
                compared(theirs, many.step, rows, own[1], n[1], rounds, "many", id, num_envs),
                compared(theirs, lambda _, d=data: d(), [0], own[2], n[2], rounds, "data", id),
            )
            cells = []
            for told, kept in zip(found, gains, strict=True):
                if told is None:
                    cells.append("– | – | –")
                    continue
                us, them, gain = told
                kept.append(gain)
                cells.append(f"{us * 1e6:.3g} | {them * 1e6:.3g} | {gain:.3g}")
            lines.append(f"| {id.removesuffix('-v0')} | {' | '.join(cells)} |")
            print(lines[-1], file=sys.stderr, flush=True)
        theirs.close()
    for word, find in (("median", median), ("least", min)):
        cells = [f"| | {find(kept):.3g}" if kept else "| | –" for kept in gains]
        lines.append(f"| {word} | {' | '.join(cells)} |")
    return lines
