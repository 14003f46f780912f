"""What tasks are alike in: a costly test is put to the cheapest task of each structure.

A structure follows from what a task declares, so that a new task joins its kind by being there, and
one that is built as none before stands for itself.
"""

from __future__ import annotations

import functools

from neurogym.spec.scene import Sound
from neurogym.trials.batch import Sheet
from neurogym.trials.catalogue import all_envs, task_class
from neurogym.trials.stream import Stream
from neurogym.trials.task import Task

TASKS = [id for id in all_envs() if task_class(id)]  # before any test adds its own


def structure(task: Task) -> tuple[str, ...]:
    """How a task is built, in words: the same for tasks that run through the same code."""
    cls, plan, sheet = type(task), task.plan, _painted(task)
    flow = "foreseen" if task.foreseen else "closed" if task.closed else "open"
    tells = {
        "graded": plan.actions.graded,
        "joint": bool(getattr(task, "members", ())),
        "learns": plan.learns,
        "echoes": bool(plan.echoes),
        "sound": any(isinstance(element, Sound) for element in task.scene.elements),
        "held keys": task.hold_keys,
        "dial": bool(plan.keys.resolve(plan.actions).get("dial")),
        "wrapped": bool(task.built_in()),
        "together": bool(task.starts_with),
        "stretched": cls.stretch is not Task.stretch,
        "noise": bool(sheet.canvas.noises),
    }
    rule = type(task.rule).__name__ if task.rule else "no rule"
    return (flow, rule, *(word for word, holds in tells.items() if holds))


UNSEEN = {"noise", "wrapped", "stretched", "learns"}  # the player does the same with and without


def cost(task: Task) -> float:
    """About what a trial costs: its steps, each with its channels."""
    return float(_painted(task).canvas.timeline.length.mean()) * (20 + task.plan.channels.size)


def _painted(task: Task) -> Sheet:
    return task.painted([Stream(task, 1).draw(0)])


@functools.cache
def classes() -> dict[tuple[str, ...], list[str]]:
    """The ids of the tasks of each structure, the cheapest first."""
    found: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    for id in TASKS:
        task = task_class(id)()
        found.setdefault(structure(task), []).append((cost(task), id))
    return {kind: [id for _, id in sorted(tasks)] for kind, tasks in sorted(found.items())}


def representatives() -> list[str]:
    """The cheapest task of each structure."""
    return [ids[0] for ids in classes().values()]


def played() -> list[str]:
    """A task of each structure that the player tells from others."""
    seen: dict[tuple[str, ...], str] = {}
    for kind, ids in classes().items():
        seen.setdefault(tuple(word for word in kind if word not in UNSEEN), ids[0])
    return list(seen.values())
