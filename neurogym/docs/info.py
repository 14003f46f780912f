"""What tasks and wrappers declare, as text or JSON: for the command line, notebooks and docs."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import param

from neurogym import tasks, wrappers
from neurogym.envs.task_env import TaskEnv
from neurogym.spec.parameters import Levels, Timing, plain
from neurogym.trials.catalogue import (
    all_envs,
    all_tags,
    declared,
    declared_class,
    full_id,
    make,
    task_class,
)
from neurogym.trials.noise import shared_in
from neurogym.trials.task import Task
from neurogym.wrappers import WRAPPERS, fitting

WIDTH = 96
WATCHING = ("ConstantInfo", "Identity", "Monitor")


def facts(what: str | gym.Env | Task) -> dict[str, Any]:
    """What a task or wrapper declares, in JSON form.

    `what` is an id, the name of a wrapper, a task or an environment; ValueError for an unknown id.
    """
    if isinstance(what, gym.Env):
        what = getattr(what.unwrapped, "declared", None) or what
    if isinstance(what, Task):
        return _of_task(what.label, type(what.root))
    if isinstance(what, gym.Env):
        return _of_env(str(what.spec.id if what.spec else what), what)
    name = what.removesuffix("-v0")
    name = "TrialHistory" if name == "TrialHistoryV2" else name
    if name in WRAPPERS:
        return _of_wrapper(name)
    if name in WATCHING:
        return _of_watcher(name)
    id = full_id(what)
    cls = task_class(id)
    return _of_task(id, cls) if cls else _of_env(id, make(id))


def show_info(what: str | gym.Env | Task) -> str:
    """Print, and return, what a task or wrapper declares."""
    return _told(page(facts(what)))


def show_all_tasks(tag: str | None = None) -> str:
    """Print, and return, a line for each task, or for those with a tag."""
    return _told("\n".join(f"{id}: {_sentence(id)}" for id in all_envs(tag)))


def show_all_tags() -> str:
    """Print, and return, each tag with the tasks that have it."""
    return _told("\n".join(f"{tag}: {', '.join(all_envs(tag))}" for tag in all_tags()))


def all_wrappers() -> list[str]:
    """Sorted names of all wrappers."""
    return sorted([*WRAPPERS, *WATCHING])


def env_string(env: gym.Env, short: bool = False) -> str:
    """What an environment's task declares, as text; its name in <> if short."""
    return str(env.unwrapped) if short else page(facts(env))


def sources() -> dict[str, str]:
    """By id of a declared task the module and the class that declare it."""
    return {id: f"{cls.__module__}:{cls.__name__}" for id, cls in declared().items()}


def sources_alone() -> dict[str, str]:
    """The same, of tasks that belong to no collection."""
    return {id: place for id, place in sources().items() if "." not in id}


def sources_of_collections() -> dict[str, str]:
    """The same, of tasks that belong to a collection."""
    return {id: place for id, place in sources().items() if "." in id}


def sources_of_wrappers() -> dict[str, str]:
    """By name of a wrapper the module and the class."""
    classes = {name: getattr(wrappers, name) for name in all_wrappers()}
    return {name: f"{cls.__module__}:{cls.__name__}" for name, cls in classes.items()}


def show_all_wrappers() -> str:
    """Print, and return, a line for each wrapper."""
    return _told("\n".join(f"{name}: {paragraphs(cls)[0]}" for name, cls in WRAPPERS.items()))


def catalogue() -> str:
    """All tasks of the library as a table in Markdown, collections below the others."""
    declared = _own()
    groups: dict[str, list[str]] = {}
    for id in sorted(declared, key=lambda id: "." in id):
        groups.setdefault(id.partition(".")[0] if "." in id else "", []).append(id)
    parts = []
    for name, ids in groups.items():
        rows = [_row(id, declared_class(id)) for id in ids]
        table = "\n".join(["| id | what the subject does | paper |", "|---|---|---|", *rows])
        parts.append(f"## {name}\n\n{table}" if name else table)
    return "\n\n".join(parts) + "\n"


def _own() -> list[str]:
    """The ids of the library's own tasks."""
    classes = {id: task_class(id) for id in all_envs()}
    return [id for id, cls in classes.items() if cls and cls.__module__.startswith(tasks.__name__)]


def page_of_tasks() -> str:
    """The page docs/tasks.md: `neurogym list --markdown > docs/tasks.md`."""
    about = f"There are {len(_own())}. `neurogym info ID` tells all about one of them."
    return f"# Tasks\n\n{about}\n\n{catalogue()}"


def _row(id: str, cls: type[Task]) -> str:
    paper = cls.paper
    link = f"[{paper.authors} ({paper.year})]({paper.link})" if paper else ""
    return _without_tags(f"| `{id}` | {cls.sentence()} | {link} |")


def _told(text: str) -> str:
    print(text)
    return text


def _sentence(id: str) -> str:
    cls = task_class(id)
    return cls.sentence() if cls else "A gymnasium environment."


def _of_task(id: str, cls: type[Task]) -> dict[str, Any]:
    """What a declaration says, in JSON form."""
    task = cls()
    plan = task.plan
    own = [name for name in cls.param if name not in ("name", "timing", "rewards")]
    timing = cls.param["timing"].default
    human, presets = cls.preset("human"), {name: dict(p) for name, p in cls.presets.items()}
    return {
        "id": id,
        "sentence": cls.sentence(),
        "tags": list(cls.tags),
        "paper": str(cls.paper) if cls.paper else None,
        "rule": plan.rule.sentence(plan) if plan.rule else None,
        "parameters": {name: _parameter(cls.param[name]) for name in own},
        "timing": Timing.serialize(timing),
        "timing_text": {period: str(duration) for period, duration in timing.items()},
        "rewards": dict(cls.param["rewards"].default),
        "channels": plan.channels.names,
        "actions": plan.actions.names,
        "conditions": {
            name: {"values": str(c), "unit": c.unit, "doc": c.doc}
            for name, c in plan.conditions.items()
        },
        "differs": list(cls.differs),
        "human": human,
        "presets": presets,
        "sources": dict(cls.sources),
        "noise": _noise(cls),
    }


LOOKED_AT = 12  # trials


def _noise(cls: type[Task]) -> dict[str, str]:
    """Of each noisy group of channels, in the preset for a person: what one is shown of it."""
    env = TaskEnv(cls(**cls.preset("human")))
    found: dict[str, list[tuple[float, int]]] = {}
    for index in range(LOOKED_AT):
        env.reset(seed=1, options={"trial": index})
        for name, told in shared_in(env).items():
            found.setdefault(name, []).append(told)
    return {
        group.name: _shown(found[group.name], group.size, cls.unshared.get(group.name))
        for group in env.task.plan.channels
        if group.name in found
    }


def _shown(trials: Sequence[tuple[float, int]], size: int, why: str | None) -> str:
    """How much of a group's noise is shown, in words; of each trial the share, and the channels."""
    shares, counts = zip(*trials, strict=True)
    most = max(counts)
    if max(shares) == 0:
        text = "not shown"
    elif min(shares) == 1:
        text = "shared: a person is shown the very samples that an agent gets"
    else:
        text = "shared in part: a person is shown some of the very samples that an agent gets"
    if 0 < most < size:
        text += f", in a trial those of {most} of {size} channels"
    return f"{text} ({why})" if why else text


def paragraphs(cls: type[Any]) -> list[str]:
    """The paragraphs of a docstring, the first of which is one sentence."""
    return [" ".join(part.split()) for part in (cls.__doc__ or "").strip().split("\n\n")]


def _of_wrapper(name: str) -> dict[str, Any]:
    """What a wrapper declares, and which tasks it fits, in JSON form."""
    cls = WRAPPERS[name]
    sentence, *about = paragraphs(cls)
    declared = [id for id in all_envs() if task_class(id)]
    return {
        "id": name,
        "sentence": sentence,
        "tags": [],
        "about": about,
        "parameters": {n: _parameter(cls.param[n]) for n in cls.param if n != "name"},
        "fits": [id for id in declared if not fitting(declared_class(id)(), [name])[name]],
    }


def _of_watcher(name: str) -> dict[str, Any]:
    """What a wrapper of environments, which only watches, says of itself."""
    cls = getattr(wrappers, name)
    sentence, *about = paragraphs(cls)
    return {
        "id": name,
        "sentence": sentence,
        "tags": [],
        "about": about,
        "parameters": {},
        "fits": all_envs(),
    }


def _parameter(declared: param.Parameter) -> dict[str, Any]:
    """The default, what is allowed (null where that is any value), and the doc of a parameter."""
    facts = {
        "default": declared.default,
        "bounds": None,
        "inclusive": [True, True],
        "choices": None,
        "doc": declared.doc,
    }
    if isinstance(declared, Levels):
        facts["bounds"] = declared.level_bounds
    elif isinstance(declared, param.Number):
        facts |= {"bounds": declared.bounds, "inclusive": declared.inclusive_bounds}
    elif isinstance(declared, param.Selector):
        facts["choices"] = list(declared.objects)
    return facts


def _of_env(id: str, env: gym.Env) -> dict[str, Any]:
    doc = paragraphs(type(env.unwrapped))
    return {
        "id": id,
        "sentence": doc[0],
        "tags": [],
        "channels": str(env.observation_space),
        "actions": str(env.action_space),
    }


def page(facts: dict[str, Any]) -> str:
    """The facts as text."""
    parts = [f"{facts['id']}\n{_wrapped(facts['sentence'])}"]
    if facts["tags"]:
        parts.append(_wrapped(f"tags: {', '.join(facts['tags'])}"))
    for title, lines in _sections(facts):
        if lines:
            parts.append(f"{title}\n" + "\n".join(_wrapped(line, "  ") for line in lines))
    return "\n\n".join(parts)


def datasheet(facts: dict[str, Any]) -> str:
    """The facts as a page in Markdown, with tables; no text in it is markup of HTML."""
    return _without_tags(_datasheet(facts))


def _without_tags(markdown: str) -> str:
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", markdown)


def _datasheet(facts: dict[str, Any]) -> str:
    parts = [f"# {facts['id']}", facts["sentence"]]
    if facts["tags"]:
        parts.append(", ".join(facts["tags"]))
    if "timing_text" not in facts:
        for title, lines in _sections(facts):
            parts.append(f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines))
        return "\n\n".join(parts) + "\n"
    if facts["paper"]:
        parts.append(f"Paper: {facts['paper']}")
    if facts["rule"]:
        parts.append(facts["rule"])
    tables: dict[str, tuple[Any, Any]] = {
        "Timing": (("period", "ms"), facts["timing_text"].items()),
        "Rewards": (("for", "earns"), [(k, f"{v:g}") for k, v in facts["rewards"].items()]),
        "Channels": (("index", "what an agent sees"), _places(facts["channels"])),
        "Actions": (("index", "what it can do"), _places(facts["actions"])),
        "Conditions": (
            ("name", "values", "unit", "what it is"),
            [(k, c["values"], c["unit"], c["doc"]) for k, c in facts["conditions"].items()],
        ),
        "Parameters": (
            ("name", "default", "allowed", "what it is"),
            [
                (k, _short(p["default"]), _allowed(p).strip(" []"), _joined(p["doc"]))
                for k, p in facts["parameters"].items()
            ],
        ),
        "Noise": (("channels", "what a person is shown of it"), facts["noise"].items()),
        "Where values come from": (("value", "source"), facts["sources"].items()),
        "Preset for a person (human)": (
            ("name", "value"), [(k, _short(v)) for k, v in facts["human"].items()],
        ),
        **{
            f"Preset {name}": (("name", "value"), [(k, _short(v)) for k, v in preset.items()])
            for name, preset in facts["presets"].items()
        },
    }  # fmt: skip
    parts += [f"## {title}\n\n{_table(*t)}" for title, t in tables.items() if t[1]]
    if facts["differs"]:
        differs = "\n".join(f"- {line}" for line in facts["differs"])
        parts.append(f"## Differs from NeuroGym 2.3\n\n{differs}")
    return "\n\n".join(parts) + "\n"


def _places(names: dict[str, Any]) -> list[tuple[str, str]]:
    """Indices and names of channels or actions."""
    found = (_indices(*item).partition(": ") for item in names.items())
    return [(at, name) for at, _, name in found]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _sections(facts: dict[str, Any]) -> list[tuple[str, list[str]]]:
    if "fits" in facts:
        return [
            ("What it does", facts["about"]),
            ("Parameters", [_assignment(*item) for item in facts["parameters"].items()]),
            ("Fits", [", ".join(facts["fits"])]),
        ]
    if "parameters" not in facts:
        return [("Observations", [facts["channels"]]), ("Actions", [facts["actions"]])]
    return [
        ("Paper", [facts["paper"]] if facts["paper"] else []),
        ("Parameters", [_assignment(*item) for item in facts["parameters"].items()]),
        ("Timing", [f"{name}: {text}" for name, text in facts["timing_text"].items()]),
        ("Rewards", [f"{name}: {value:g}" for name, value in facts["rewards"].items()]),
        ("Channels", [_indices(*item) for item in facts["channels"].items()]),
        ("Actions", [_indices(*item) for item in facts["actions"].items()]),
        ("Conditions", [_condition(*item) for item in facts["conditions"].items()]),
        ("Noise", [f"{name}: {text}" for name, text in facts["noise"].items()]),
        ("Differences from NeuroGym", [f"- {line}" for line in facts["differs"]]),
        ("Where values come from", [f"{name}: {text}" for name, text in facts["sources"].items()]),
        ("Preset for a person (human)", _preset(facts["human"])),
        *((f"Preset {name}", _preset(preset)) for name, preset in facts["presets"].items()),
    ]


def _preset(preset: dict[str, Any]) -> list[str]:
    return [f"{name} = {_short(value)}" for name, value in preset.items()]


def _assignment(name: str, facts: dict[str, Any]) -> str:
    doc = f": {_joined(facts['doc'])}" if facts["doc"] else ""
    return f"{name} = {_short(facts['default'])}{_allowed(facts)}{doc}"


def _joined(doc: str | None) -> str:
    """A doc on one line."""
    return " ".join((doc or "").split())


def _allowed(facts: dict[str, Any]) -> str:
    if facts["choices"]:
        return f" [one of {', '.join(map(_short, facts['choices']))}]"
    if not facts["bounds"]:
        return ""
    low, high = facts["bounds"]
    above = "from" if facts["inclusive"][0] else "above"
    below = "to" if facts["inclusive"][1] else "below"
    span = [f"{above} {low:.6g}"] if low is not None else []
    span += [f"{below} {high:.6g}"] if high is not None else []
    return f" [{' '.join(span)}]" if span else ""


def _indices(name: str, at: int | list[int]) -> str:
    return f"{at}: {name}" if isinstance(at, int) else f"{at[0]} to {at[-1]}: {name}"


def _condition(name: str, facts: dict[str, Any]) -> str:
    unit = f" {facts['unit']}" if facts["unit"] else ""
    doc = f": {facts['doc']}" if facts["doc"] else ""
    return f"{name}{doc} ({facts['values']}{unit})"


def _short(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )
