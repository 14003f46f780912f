"""Datasheets as files: a page in Markdown for each task, with pictures beside it."""

from __future__ import annotations

from pathlib import Path

from neurogym.docs.info import datasheet, facts, page_of_tasks
from neurogym.envs.episodes import as_trials
from neurogym.figures.stills import screens, timeline
from neurogym.trials.catalogue import make, task_class


def standalone(svg: str) -> str:
    """A picture of a page as a file of its own."""
    root = '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" '
    return svg.replace(' font-family="inherit"', "").replace("<svg ", root, 1) + "\n"


def write(folder: Path, ids: list[str]) -> list[Path]:
    """Write the pages of some declared tasks, as a person plays them, and one that lists all tasks.

    The folder is made if it is not there; returns the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index, files = page_of_tasks(), []

    def keep(name: str, text: str) -> None:
        files.append(folder / name)
        files[-1].write_text(text, encoding="utf-8")

    for id in filter(task_class, ids):
        head, _, rest = datasheet(facts(id)).partition("\n\n")
        env, shown = as_trials(make(id, preset="human")), []
        for name, svg in (("screens", screens(env, "screen")), ("times", timeline(env))):
            keep(f"{id}-{name}.svg", standalone(svg))
            shown.append(f"![{name} as a person has them]({id}-{name}.svg)")
        keep(f"{id}.md", "\n\n".join([head, *shown, rest]))
        index = index.replace(f"`{id}`", f"[`{id}`]({id}.md)")
    keep("README.md", index)
    return files
