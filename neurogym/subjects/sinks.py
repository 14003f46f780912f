"""Where a monitor puts what it records: files and databases, arrays, activations, a figure."""

from __future__ import annotations

import io
import math
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurogym.figures.saving import save

Row = dict[str, Any]
NOTHING = np.empty(0)


class Probe:
    """What a module put out, by trial."""

    def __init__(self, max_trials: int):
        self.handle: Any = None
        self.steps: list[np.ndarray | None] = []  # of the trial under way
        self.kept: deque[tuple[Row, np.ndarray]] = deque(maxlen=max_trials)
        self._heard: np.ndarray | None = None

    def hear(self, output: Any) -> None:
        """Keep an output if it is that of one observation."""
        while isinstance(output, tuple | list) and output:
            output = output[0]
        if not hasattr(output, "detach"):
            raise TypeError(f"a module with the output {output!r:.80} has no tensor to record")
        *batch, _ = shape = tuple(output.shape) or (1,)
        if math.prod(batch if len(shape) < 4 else shape[:1]) == 1:
            # a copy: the next layer can work in place
            self._heard = np.array(output.detach().cpu().numpy()).ravel()

    def step(self) -> None:
        """The environment was stepped."""
        self.steps.append(self._heard)
        self._heard = None

    def end(self, row: Row, steps: int) -> None:
        """The trial of `row`, of so many steps, is over; recording may have begun within it."""
        first = next((x for x in self.steps if x is not None), NOTHING)
        floats = first.dtype if first.dtype.kind == "f" else np.float32
        trace = np.full((steps, first.size), np.nan, floats)
        for i, heard in enumerate(self.steps, steps - len(self.steps)):
            if heard is not None and heard.size == first.size:
                trace[i] = heard
        self.kept.append((row, trace))
        self.steps.clear()


class CsvFile:
    """A table to which rows are appended."""

    def __init__(self, folder: Path, name: str):
        if name != Path(name).name:
            raise ValueError(f"name = {name!r}: expected the name of a file, without folders")
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.csv"
        if self._is_begun() and self._conditions() is None:
            raise ValueError(f"{self.path} has other columns than trials: choose another name")

    def _is_begun(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0

    def _conditions(self) -> list[str] | None:
        """Those that have columns in the file."""
        from neurogym.records.files import conditions_in

        with open(self.path, encoding="utf-8-sig") as file:
            return conditions_in(file.readline().rstrip("\n"))

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows, all at once, after the header if the file is new.

        Conditions have the columns that the header gives them; JSON holds all of them.
        """
        from neurogym.records.files import write_csv

        table, begun = io.StringIO(), self._is_begun()
        write_csv(rows, table, conditions=self._conditions() if begun else None)
        text = table.getvalue()
        if begun:
            text = text.partition("\n")[2]
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            file.write(text)


class Database:
    """A database to which rows are added with their runs."""

    def __init__(self, path: Path):
        self.path = path
        self.write([])  # what cannot be opened is told now

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows; connections are not left open."""
        from neurogym.records.database import Store, run_of

        runs: dict[str, list[Row]] = {}
        for row in rows:
            runs.setdefault(row["run_id"], []).append(row)
        with Store(self.path) as store:
            for own in runs.values():
                store.add_run(run_of(own, n_trials=None))
            store.add_trials(rows)


def sink(save_dir: str | Path, name: str) -> CsvFile | Database:
    """Where rows go: a database if the path ends in .db, else a CSV file in that folder."""
    path = Path(save_dir).expanduser()
    return Database(path) if path.suffix == ".db" else CsvFile(path, name)


def arrays(rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Rows of finished trials as arrays (trials,); see `Monitor.data`."""
    data = {
        "trial_index": np.array([row["trial_index"] for row in rows], int),
        "response": np.array([-1 if r["response"] is None else r["response"] for r in rows], int),
        "correct": np.array([row["correct"] for row in rows], bool),
        "performance": np.array([row["performance"] for row in rows], float),
        "reward": np.array([row["reward"] for row in rows], float),
        "rt_ms": np.array([row["rt_ms"] for row in rows], float),  # None becomes NaN
    }
    names = dict.fromkeys(name for row in rows for name in row["conditions"])
    conditions = {
        f"condition_{name}" if name in data else name: _array(
            [row["conditions"].get(name) for row in rows]
        )
        for name in names
    }
    return {**data, **conditions}


def _array(values: list[Any]) -> np.ndarray:
    """An array with an entry a trial; of objects where they have no common shape or type."""
    if any(value is None for value in values) or len({np.shape(value) for value in values}) > 1:
        out = np.empty(len(values), object)
        out[:] = values
        return out
    return np.array(values)


def drawn(history: Mapping[str, np.ndarray], title: str, file: str | Path | None) -> Any:
    """A training history as a Bokeh layout, performance above reward; saved to an HTML file."""
    try:
        from bokeh.layouts import column
        from bokeh.plotting import figure
    except ModuleNotFoundError as error:
        raise ImportError(
            "plot_training_history needs Bokeh: pip install 'neurogym[app]'", name=error.name
        ) from error
    plots = []
    for name in ("performance", "reward"):
        plot = figure(
            height=240, sizing_mode="stretch_width", x_axis_label="trial", y_axis_label=name
        )
        plot.line(history["trial"], history[name])
        plot.scatter(history["trial"], history[name], size=5)  # a single window is no line
        plots.append(plot)
    plots[0].title, plots[1].x_range = title, plots[0].x_range
    layout = column(plots, sizing_mode="stretch_width")
    if file is not None:
        save(layout, file)
    return layout
