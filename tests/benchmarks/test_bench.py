"""The benchmark runs; how fast things are is not for a test to say."""

import re

import numpy as np

from tests.benchmarks import bench
from tests.structure import TASKS, representatives


def test_it_prints_a_ratio_for_every_task(capsys, request):
    every = request.config.getoption("--all")
    ids = TASKS if every else representatives()
    bench.main([*(ids if not every else []), "--rounds", "1", "--scale", "0.001", "--envs", "2"])
    lines = capsys.readouterr().out.splitlines()
    header = next(line for line in lines if line.startswith("| task"))
    rows = [line for line in lines if line.startswith("| ") and line != header]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == ids
    for row in rows:
        assert row.count("|") == header.count("|")
        assert all(float(cell.removesuffix(" M/s ")) > 0 for cell in row.split("|")[2:-1])
    assert re.fullmatch(r"import neurogym: \d\.\d\d s", lines[-1])


def test_rounds_take_turns_and_the_median_is_of_their_ratios():
    order = []
    works = {name: (lambda name=name: order.append(name), 2) for name in ("a", "b")}
    found = bench.rounds(works, 3)
    assert order == ["a", "a", "b", "b"] * 3
    assert {name: len(times) for name, times in found.items()} == {"a": 3, "b": 3}
    times = {"a": [2.0, 8.0, 9.0], "b": [1.0, 2.0, 9.0]}
    assert bench.ratio(times, "a", "b") == 2.0


def test_what_does_nothing_has_the_interface_of_a_step():
    for env in (bench.Empty(3), bench.Constant(3)):
        ob, reward, terminated, truncated, info = env.step(1)
        assert ob.shape == (3,)
        assert ob.dtype == np.float32
        assert (reward, terminated, truncated) == (0.0, False, False)
        assert set(info) <= {"new_trial", "gt"}
