"""Programs that run: for one trial, and for those of a batch, trial by trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from neurogym.loops.many import plain
from neurogym.loops.program import EFFECT, Program, program
from neurogym.spec.canvas import Trials
from neurogym.spec.plan import Effect, Step

NO_AIM = (0.0,)


class Loop(Protocol):
    """What steps of a closed task do to n trials; the state is a dict of arrays (n, ...)."""

    @property
    def one(self) -> Transition | None:
        """What it does to a single trial; None: that is one of n."""

    def begin(self, trials: Trials) -> dict[str, np.ndarray]:
        """The state at the start of n trials."""

    def react(
        self, trials: Trials, state: dict[str, np.ndarray], step: Step, action: np.ndarray
    ) -> Effect:
        """Apply actions, (n,) or (n, k), to the state, in place, and say what they earned."""

    def labels(self, trials: Trials, state: dict[str, np.ndarray], step: Step) -> np.ndarray:
        """The best actions, (n,), or (n, k) where they are graded."""

    def observe(
        self, trials: Trials, state: dict[str, np.ndarray], step: Step, ob: np.ndarray
    ) -> None:
        """Add to painted observations (n, C), in place, what the state shows."""


class Transition:
    """What a closed task does in a step, made from the methods of its class.

    `start(c_)` gives the state of one trial as a tuple, `effect` the entries of `EFFECT`, `best` an
    action, and `show` writes into a row. The methods of `Loop` do the same for n trials; their
    state has `c` (n, conditions) and `s` (n, fields).
    """

    def __init__(self, task: Any):
        self.graded = task.plan.actions.graded
        self._run(program(task))

    def _run(self, program: Program) -> None:
        self.program = program
        made = plain(program.text(), tuple(program.tables.items()))
        self.start, self.effect = made["begin_"], made["react_"]
        self.best, self.show = made.get("best_"), made.get("observe_")

    def __copy__(self) -> Transition:
        return self  # nothing in it changes

    def __deepcopy__(self, memo: dict[int, Any]) -> Transition:
        return self

    def __getstate__(self) -> tuple[Program, bool]:
        """The program alone: functions that were made of a text belong to one process."""
        return self.program, self.graded

    def __setstate__(self, state: tuple[Program, bool]) -> None:
        self.graded = state[1]
        self._run(state[0])

    @property
    def one(self) -> Transition | None:
        """The transition itself."""
        return self

    def conditions(self, trials: Trials) -> list[tuple[Any, ...]]:
        """What the program reads of each trial's conditions."""
        columns = [np.asarray(trials.conditions[name]) for name in self.program.conditions]
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return list(rows) if columns else [()] * trials.n

    def where(self, block: Any) -> list[tuple[Any, ...]]:
        """What the program is told of each row of a batch: period, since, steps, last, aim."""
        rows = block.columns
        aim = rows["aim"].tolist() if self.graded else [NO_AIM] * len(block.ob)
        columns = (block.period, rows["since"], rows["steps"], block.last)
        return list(zip(*(column.tolist() for column in columns), aim, strict=True))

    # -- for n trials ----------------------------------------------------------------------------

    def begin(self, trials: Trials) -> dict[str, np.ndarray]:
        """The state at the start of n trials."""
        names = self.program.conditions
        columns = [np.asarray(trials.conditions[name], float) for name in names]
        c = np.stack(columns, axis=1) if names else np.zeros((trials.n, 0))
        s = np.array([self.start(row) for row in c.tolist()], float)
        return {"c": c, "s": s.reshape(trials.n, len(self.program.fields))}

    def _rows(self, state: Mapping[str, np.ndarray], step: Step) -> zip:
        """The arguments that all functions have, trial by trial, as Python numbers."""
        n = len(state["c"])
        aim = step.rows["aim"].tolist() if self.graded else [NO_AIM] * n
        columns = (step.period, step.since, step.steps, step.last)
        return zip(state["c"].tolist(), state["s"].tolist(),
                   *(column.tolist() for column in columns), aim, strict=True)  # fmt: skip

    def react(
        self, trials: Trials, state: dict[str, np.ndarray], step: Step, action: np.ndarray
    ) -> Effect:
        """Apply actions, (n,) or (n, k), to the state, in place, and say what they earned."""
        after, told = [], []
        for rows, chosen in zip(self._rows(state, step), action.tolist(), strict=True):
            told.append(self.effect(*rows, chosen))
            after.append(rows[1])
        if self.program.fields:
            state["s"][:] = after
        how = dict(zip(EFFECT, map(np.array, zip(*told, strict=True)), strict=True))
        if not self.graded:
            how["response"] = np.where(how["response"] < 0, action, how["response"])
        return Effect(**how)

    def labels(self, trials: Trials, state: dict[str, np.ndarray], step: Step) -> np.ndarray:
        """The best actions, (n,), or (n, k) where they are graded."""
        if self.best is None:
            return step.rows["aim"]
        return np.array([self.best(*rows) for rows in self._rows(state, step)], np.int64)

    def observe(
        self, trials: Trials, state: dict[str, np.ndarray], step: Step, ob: np.ndarray
    ) -> None:
        """Add to painted observations (n, C), in place, what the state shows."""
        if self.show is not None:
            for rows, row in zip(self._rows(state, step), ob, strict=True):
                self.show(*rows, row)
