"""The catalogue as data: what is told of each task, its picture, its datasheet."""

from __future__ import annotations

import json
import sys
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

import neurogym
from app.player.messages import sentence, title
from app.state import StudioState
from neurogym.docs import info
from neurogym.figures.stills import screens, timeline
from neurogym.trials.catalogue import all_envs, task_class

ON_CARD = 4  # screens: of more, nobody could read what is on them
LECTURE = (  # what a first lecture would show
    "PerceptualDecisionMaking-v0", "GoNogo-v0", "DelayMatchSample-v0", "ReadySetGo-v0",
    "DawTwoStep-v0", "PostDecisionWager-v0",
)  # fmt: skip
PLAIN = ("Null-v0", "Nothing-v0")  # building blocks of other tasks: the last
PICTURED = (
    "The picture and the time course are those of people (preset human)."
    " The tables below are those of agents (preset agent), as far as they do not say otherwise."
)


def listed() -> str:
    """All tasks, as JSON: those of a first lecture come first, building blocks last."""
    known = list(all_envs())
    first = [task for task in LECTURE if task in known]
    last = [task for task in PLAIN if task in known]
    between = [task for task in known if task not in (*first, *last)]
    told = [{**entry(task), "lecture": task in first} for task in (*first, *between, *last)]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def entry(task: str) -> dict[str, Any]:
    """What a card shows of a task, and by what else it is found."""
    cls = task_class(task)
    if cls is None:
        told = sentence(StudioState(task=task).env()) or "A gymnasium environment."
        return dict(id=task, title=title(task), sentence=told, tags=["environment"], also=[])
    paper = cls.paper
    cited = [paper.authors, str(paper.year), paper.title] if paper else []
    return dict(
        id=task, title=title(task), sentence=cls.sentence(), tags=list(cls.tags),
        also=[*cls.also, *cited],
    )  # fmt: skip


def stamp() -> str:
    """What the pictures and datasheets follow from: the library's files, and those of own tasks."""
    root = Path(neurogym.__file__).parent
    modules = [cls.__module__ for cls in map(task_class, all_envs()) if cls is not None]
    own = (getattr(sys.modules.get(name), "__file__", None) for name in modules)
    files = {*root.rglob("*.py"), *(Path(name) for name in own if name)}
    return " ".join(f"{file}:{file.stat().st_mtime_ns}" for file in sorted(files))


@cache
def picture(task: str, most: int | None = None) -> str:
    """The screens of a task's typical trial, at most so many; drawn once a process."""
    ident = f"{task.replace('.', '-')}-{most}"
    try:
        return screens(StudioState(task=task).env(), ident, most)
    except (TypeError, ValueError) as error:  # such as an environment that nobody can play
        return f"<p>No picture: {escape(str(error))}</p>"


def course(task: str) -> str:
    """The time course of a task as a person plays it."""
    return timeline(StudioState(task=task, preset="human").env()) if task_class(task) else ""


def datasheet(task: str) -> str:
    """A task's picture, its time course, and all that it declares, as HTML."""
    told = info.datasheet(info.facts(task)).partition("\n\n")[2]
    text = MarkdownIt("commonmark", {"html": False}).enable("table").render(told)
    whose = f"<p class=whose>{PICTURED}</p>" if task_class(task) else ""
    return f'<div class="picture">{picture(task)}</div><div>{course(task)}</div>{whose}{text}'
