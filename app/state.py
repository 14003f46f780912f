"""What the user has chosen: a task, its parameters, seed and length; as URL, TOML and Python."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import param
import tomli_w

from neurogym.envs.episodes import as_trials
from neurogym.envs.has_trials import HasTrials
from neurogym.envs.task_env import TaskEnv
from neurogym.records.files import MAX_INTEGER
from neurogym.registry import source
from neurogym.spec.parameters import Timing, from_json, shortened, unknown
from neurogym.trials.catalogue import configure, declared_class, full_id, make, task_class
from neurogym.trials.task import Task
from neurogym.wrappers import Wrapper, read, write

Line = Mapping[str, Mapping[str, Any]]  # of a stack: {name: parameters}

LONGEST_NAME = 100  # of a subject
MOST_PARAMS = 50  # that are looked at in an address
MOST_WRAPPERS = 30  # around one another
LONGEST_QUERY = 16_000  # characters of an address
VIEWS = {
    "choose": "Choose",
    "configure": "Configure",
    "play": "Play",
    "compare": "Compare",
    "data": "Data",
}  # and what they are called
PRESETS = {"human": "people", "agent": "agents"}  # of every task, and what they are called
MAX_TRIALS = 10_000
MAX_STEPS = 20_000  # of a trial: more would stall the page
FILE = (  # entries of a TOML file
    "task", "preset", "seed", "trials", "feedback", "feedback_ms", "iti_ms", "wrappers", "off",
    "params",
)  # fmt: skip
GUEST = "guest"  # who plays, if nobody says it
FEEDBACK_MS, ITI_MS = 700, 500  # between trials, unless a run says otherwise
STACKS = ("wrappers", "off")
PACE = ("feedback", "feedback_ms", "iti_ms")  # what a person is told between trials, how long
WITHOUT_TASK = ("seed", "trials", *PACE, "subject")  # entries that stand for themselves
PLACE = "at"  # of a wrapper that is off: its line in the stack, as if all were on


def presets_of(task: str) -> dict[str, str]:
    """What a task's presets are called, by name."""
    cls = task_class(full_id(task))
    return {**PRESETS, **{name: name for name in (cls.presets if cls else ())}}


class Refused(param.Parameterized):
    """What was typed into forms and is not taken; while there is any, nobody goes on."""

    told = param.Dict({}, doc="{form: {field: why it is not taken}}")

    def say(self, form: Any, told: Mapping[str, str]) -> None:
        """Set what a form says."""
        entries = {**self.told, form: dict(told)}
        self.told = {name: said for name, said in entries.items() if said}

    def keep(self, forms: Iterable[Any]) -> None:
        """Forget what all other forms said."""
        kept = list(forms)
        self.told = {name: said for name, said in self.told.items() if name in kept}


class StudioState(param.Parameterized):
    """The state of the studio; it knows no widgets.

    `params` are the task's parameters on top of the preset, as JSON values: every change is checked
    against the task, and a value that does not fit raises ValueError and changes nothing.

    `wrappers` are those that are on, as the library takes them. Those that were turned off are kept
    in `off`, each with its place, and go nowhere but into addresses and files.
    """

    task = param.String("PerceptualDecisionMaking-v0", doc="task id")
    preset = param.String("human", doc="parameters to start from: one of the task's presets")
    params = param.Dict({}, doc="parameters that differ from the preset")
    wrappers = param.List([], doc="stack of wrappers, innermost first: [{name: parameters}]")
    off = param.List(
        [], doc="wrappers that are off: [{name: parameters, 'at': place in the stack}]"
    )
    seed = param.Integer(1, bounds=(0, MAX_INTEGER), doc="seed of the stream of trials")
    trials = param.Integer(20, bounds=(1, MAX_TRIALS), doc="trials in a run")
    feedback = param.Boolean(True, doc="tell after each trial whether the answer was right")
    feedback_ms = param.Integer(FEEDBACK_MS, bounds=(0, 60_000), doc="how long feedback stays, ms")
    iti_ms = param.Integer(ITI_MS, bounds=(0, 60_000), doc="pause before the next trial, ms")
    subject = param.String("", doc="pseudonym of who plays")
    view: Any = param.Selector(default="choose", objects=list(VIEWS), doc="what the studio shows")
    run = param.String("", doc="id of the run being played or looked at")

    def __init__(self, **params: Any):
        super().__init__(**params)
        self.refused = Refused()  # of the forms on the page: no address tells of it

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> StudioState:
        """Read an address's query; ValueError says which entry does not fit and what would."""
        known = set(cls.param) - {"name"}
        if extra := [key for key in query if key not in known]:
            raise ValueError(unknown("entry of the address", extra, sorted(known)))
        values: dict[str, Any] = {}
        for key, text in query.items():
            values[key] = _parse(key, text, cls.param[key])
        if "view" not in values and ("run" in values or "task" in values):
            values["view"] = "play" if "run" in values else "configure"
        return cls._read(values)

    @classmethod
    def from_address(cls, entries: Mapping[str, str]) -> tuple[StudioState, list[str]]:
        """What of an address's query can be taken, and a sentence for each entry that cannot.

        With a task that is not known, all that belongs to it is left out, too.
        """
        known = cls.query_parameters()
        kept: dict[str, str] = {}
        told: list[str] = []
        if extra := [key for key in entries if key not in known]:
            told.append(_unused(extra, known))
        left = {key: entries[key] for key in known if key in entries}
        while left:
            key = next(iter(left))
            for text in _pieces(key, left.pop(key), kept):
                try:
                    cls.from_query({**kept, key: text})
                except ValueError as error:
                    told.append(shortened(str(error)))
                    if key == "task":
                        left = {name: left[name] for name in left if name in WITHOUT_TASK}
                else:
                    kept[key] = text
        return cls.from_query(kept), told

    @classmethod
    def from_toml(cls, text: str) -> StudioState:
        """Read what `toml` wrote; ValueError says which entry does not fit and what would."""
        try:
            return cls._of_file(text)
        except ValueError as error:
            raise ValueError(shortened(str(error), 1000)) from None

    @classmethod
    def _of_file(cls, text: str) -> StudioState:
        try:
            values = tomllib.loads(text)
        except RecursionError:
            raise ValueError("this is not a TOML file: its lists are too deep") from None
        except ValueError as error:
            raise ValueError(f"this is not a TOML file: {error}") from None
        if extra := [key for key in values if key not in FILE]:
            raise ValueError(unknown("entry of the file", extra, FILE))
        if "task" not in values:
            raise ValueError(f'the file names no task: expected such as task = "{cls.task}"')
        for name in STACKS:
            if isinstance(values.get(name), str):
                values[name] = _parse(name, values[name], cls.param[name])
        return cls._read(values)

    @classmethod
    def _read(cls, values: dict[str, Any]) -> StudioState:
        """A choice whose parameters fit its task."""
        choice = cls(**{**values, "task": full_id(values.get("task", cls.task))})
        if choice.declared:
            choice.params = choice._own(choice.bare())
            choice.wrappers = write(wrappers_of(choice.wrappers))
            choice.off = _apart(choice.stack)[1]
        elif choice.preset not in PRESETS:
            raise ValueError(unknown("preset", [choice.preset], PRESETS))
        else:
            _plain(choice.params)
        choice.env().reset(seed=0)
        return choice

    @classmethod
    def query_parameters(cls) -> tuple[str, ...]:
        """The entries of the address."""
        return tuple(name for name in cls.param if name != "name")

    def take(self, run: Mapping[str, Any]) -> None:
        """Choose what a stored run was played with, and the run itself.

        ValueError, and no change, for the run of a task that is not known here.
        """
        person, settings = run["subject_kind"] == "human", run["settings"]
        self.param.update(
            task=full_id(run["task"]), preset="agent", params=dict(run["params"]),
            wrappers=list(run["wrappers"]), off=[],
            seed=run["seed"] or 0, trials=min(run["n_trials"] or MAX_TRIALS, MAX_TRIALS),
            subject=(run["subject"] or "") if person else "", run=run["run_id"],
            **{name: settings.get(name, type(self).param[name].default) for name in PACE},
        )  # fmt: skip

    def become(self, other: StudioState) -> None:
        """Choose all that another choice says."""
        self.param.update(**{name: getattr(other, name) for name in self.query_parameters()})

    def adopt(self, other: StudioState) -> None:
        """Choose what another choice would write to a file; the subject stays."""
        self.param.update(**{name: getattr(other, name) for name in FILE}, run="")

    def query(self) -> dict[str, str]:
        """The address's query that `from_query` reads back; the rest is as by default."""
        out = {"task": self.task}
        own = ("preset", "params", *STACKS, "seed", "trials", *PACE, "subject")
        for name in ("view", "run") if self.run else (*own, "view"):  # a run knows the rest
            value = getattr(self, name)
            if name == "view" or value != type(self).param[name].default:
                out[name] = value if isinstance(value, str) else json.dumps(value)
        return out

    # -- the task --------------------------------------------------------------------------------

    @property
    def declared(self) -> type[Task] | None:
        """The task's declaration; None for environments of another kind."""
        return task_class(self.task)

    def bare(self, **changes: Any) -> Task:
        """The declared task without wrappers, some parameters changed; ValueError for misfits."""
        params, cls = {**self.params, **changes}, declared_class(self.task)
        allowed = [name for name in cls.param if name != "name"]
        if extra := [name for name in params if name not in allowed]:
            raise ValueError(unknown("parameter", extra, allowed))
        _plain({name: value for name, value in params.items() if name != "timing"})
        for name, value in params.items():
            if isinstance(cls.param[name], param.Number) and isinstance(value, bool):
                raise ValueError(f"{name} = {value!r}: expected a number")
        try:
            task = configure(cls, self.preset, **params)
            _check_length(task)
        except (TypeError, OverflowError) as error:
            raise ValueError(str(error)) from None
        return task

    def build(self, **changes: Any) -> Task:
        """The declared task with its wrappers around it, some of its parameters changed."""
        return _wrapped(self.bare(**changes), self.wrappers)

    def inside(self, stack: Sequence[Line]) -> Task:
        """The declared task with another stack around it, such as the inner part of its own."""
        return _wrapped(self.bare(), stack)

    def env(self) -> HasTrials:
        """An environment of the chosen task; ValueError if there cannot be one."""
        if self.declared:
            return TaskEnv(self.build())
        try:
            if self.wrappers:
                raise ValueError("wrappers are for declared tasks")
            return as_trials(make(self.task, **self.params))
        except Exception as error:  # whatever the code of others raises
            given = f" with {self.params}" if self.params else ""
            raise ValueError(f"{self.task} cannot be used{given}: {error}") from error

    def settings(self) -> dict[str, Any]:
        """The parameters that differ from the task's defaults: what a trial's row holds."""
        return self.bare().settings() if self.declared else dict(self.params)

    def pace(self) -> dict[str, Any]:
        """What a person is told between trials, and how long: a part of a run's settings."""
        return {name: getattr(self, name) for name in PACE}

    def arguments(self) -> dict[str, Any]:
        """What `make` takes beside the id."""
        return {**self.settings(), **({"stack": self.wrappers} if self.wrappers else {})}

    def pick(self, task: str) -> None:
        """Choose another task, with the preset as it is if that one has it, else for people."""
        task = full_id(task)
        preset = self.preset if self.preset in presets_of(task) else "human"
        self.param.update(task=task, preset=preset, params={}, wrappers=[], off=[], run="")

    def change(self, name: str, value: Any) -> None:
        """Set one parameter of the task; ValueError and no change if it does not fit."""
        self.change_all({name: value})

    def change_all(self, values: Mapping[str, Any]) -> None:
        """Set some parameters of the task; ValueError and no change if they do not fit."""
        task = self.bare(**values)
        _try(_wrapped(task, self.wrappers))
        self.param.update(params=self._own(task), run="")

    def switch(self, preset: str) -> list[str]:
        """Start from another preset; returns why which wrappers do not go with it and were dropped.

        The other tasks that wrappers bring in get the preset as well, if they had the old one.
        """
        old, stack, told = self.preset, self.stack, []
        self.param.update(preset=preset, params={}, wrappers=[], off=[], run="")
        for line, on in stack:
            line = _with_preset(line, old, preset)
            try:
                self.restack([*self.stack, (line, on)])
            except ValueError as error:
                told.append(str(error))
        return told

    # -- the wrappers ----------------------------------------------------------------------------

    @property
    def stack(self) -> list[tuple[Line, bool]]:
        """All wrappers, innermost first, and whether each is on."""
        lines = [(line, True) for line in self.wrappers]
        for at, line in sorted(map(_placed, self.off), key=lambda placed: placed[0]):
            lines.insert(at, (line, False))
        return lines

    def restack(self, stack: Sequence[tuple[Line, bool]]) -> None:
        """Set all wrappers; ValueError and no change if those that are on do not fit."""
        wrappers, off = _apart(stack)
        task = _wrapped(self.bare(), wrappers)
        _try(task)
        self.param.update(wrappers=write(task.stack), off=off, run="")

    def wrap(self, stack: Sequence[Line]) -> None:
        """Set the wrappers that are on; ValueError and no change if they do not fit."""
        self.restack([(line, True) for line in stack])

    def _own(self, task: Task) -> dict[str, Any]:
        """The parameters of a task that differ from the preset's, as JSON."""
        start = configure(declared_class(self.task), self.preset)
        params: dict[str, Any] = {}
        for name, now in task.param.values().items():
            base = getattr(start, name)
            if name == "name" or now == base:
                continue
            if isinstance(now, dict):
                now = {key: entry for key, entry in now.items() if entry != base[key]}
                if isinstance(task.param[name], Timing):
                    now = Timing.serialize(now)
            params[name] = list(now) if isinstance(now, tuple) else now
        return params

    # -- to take away ----------------------------------------------------------------------------

    def toml(self) -> str:
        """The choice as a TOML file; a stack with a None, which TOML lacks, is JSON in it."""
        values = {name: getattr(self, name) for name in FILE}
        for name in STACKS:
            if _has_none(values[name]):
                values[name] = json.dumps(values[name])
        return tomli_w.dumps(values)

    def python(self) -> str:
        """Lines that run: the same trials, played by an agent."""
        arguments = "".join(f", {key}={value!r}" for key, value in self._as_code().items())
        file = source(self.task)
        lines = [
            "import neurogym as ngym\n",
            *([f"ngym.load({file!r})"] if file else []),
            f"env = ngym.make({self.task!r}{arguments})",
            f"ob, info = env.reset(seed={self.seed})",
            f"rows = ngym.rollout(env, {self.player()!r}, trials={self.trials}, seed={self.seed})",
            "print(sum(row['correct'] for row in rows), 'of', len(rows), 'correct')",
        ]
        return "\n".join(lines) + "\n"

    def player(self) -> str:
        """The agent that plays the task best, of those that need nothing else."""
        env: Any = self.env()
        env.reset(seed=self.seed)
        return "random" if env.gt_now is None else "oracle"

    def _as_code(self) -> dict[str, Any]:
        preset = {"preset": self.preset} if self.declared and self.preset != "agent" else {}
        stack = {"stack": self.wrappers} if self.wrappers else {}
        return {**preset, **self.params, **stack}


def _pieces(key: str, text: str, kept: Mapping[str, str]) -> Iterator[str]:
    """An entry of an address; parameters one after the other, with those that were kept."""
    try:
        params = from_json(text) if key == "params" else None
    except ValueError:
        params = None
    if not isinstance(params, dict):
        yield text
        return
    for name, value in list(params.items())[:MOST_PARAMS]:
        yield json.dumps({**json.loads(kept.get("params", "{}")), name: value})


def _unused(extra: Sequence[str], known: Sequence[str]) -> str:
    """What is said of entries of an address that are none of the studio's."""
    names = [shortened(name, 40) for name in extra]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    hints = [m for name in names[:5] for m in difflib.get_close_matches(name, known, 1, 0.75)]
    hint = f" Did you mean {', '.join(hints)}?" if hints else ""
    return f"Not used from the address: {', '.join(names[:5])}{more}.{hint}"


def _parse(key: str, text: str, parameter: param.Parameter) -> Any:
    """A value from its text in the address."""
    if isinstance(parameter, param.String):
        if len(text) > LONGEST_NAME or not text.isprintable():
            raise ValueError(
                f"{key} = {shortened(text, 40)!r} in the address: expected at most {LONGEST_NAME}"
                " characters that can be printed"
            )
        return text
    if isinstance(parameter, param.Boolean):
        text = text.lower()
    if isinstance(parameter, param.Selector):
        text = text.lower()
        if text not in parameter.objects:
            raise ValueError(unknown(key, [text], parameter.objects))
        return text
    try:
        value = from_json(text)
    except ValueError as error:
        raise ValueError(
            f"{key} = {shortened(text)!r} in the address is not JSON: {error}"
        ) from None
    if isinstance(parameter, param.List) and not isinstance(value, list):
        raise ValueError(f"{key} = {text!r} in the address: expected a JSON list")
    if isinstance(parameter, param.Dict) and not isinstance(value, dict):
        raise ValueError(f"{key} = {text!r} in the address: expected a JSON object")
    return value


def wrappers_of(stack: Sequence[Line]) -> list[Wrapper]:
    """The wrappers of a stack; ValueError says in a sentence which line cannot be read, and why."""
    wrappers = []
    for k, line in enumerate(stack, 1):
        try:
            wrappers += read([line])
        except ValueError as error:
            raise ValueError(f"wrapper {k}: {error}") from None
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"wrapper {k} cannot be {line!r}: {error}") from None
    return wrappers


def _wrapped(task: Task, stack: Sequence[Line]) -> Task:
    """A task with a stack around it; ValueError if it does not fit."""
    if not stack:
        return task
    if len(stack) > MOST_WRAPPERS:
        raise ValueError(f"{len(stack)} wrappers: at most {MOST_WRAPPERS} are possible here")
    for wrapper in wrappers_of(stack):
        name = type(wrapper).__name__
        try:
            task = task.wrapped(wrapper)
        except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
            told = str(error)
            raise ValueError(told if name in told else f"{name}: {told}") from None
    _check_length(task)
    return task


def _try(task: Task) -> None:
    """Begin a trial: some values clash only there."""
    try:
        TaskEnv(task).reset(seed=0)
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError(f"this task cannot be played: {error}") from None


def _apart(stack: Sequence[tuple[Line, bool]]) -> tuple[list[Line], list[Line]]:
    """The lines that are on, and those that are off with their places; both can be read."""
    off = [(at, line) for at, (line, on) in enumerate(stack) if not on]
    told = write(wrappers_of([line for _, line in off]))
    kept: list[Any] = [{**line, PLACE: at} for (at, _), line in zip(off, told, strict=True)]
    return [line for line, on in stack if on], kept


def _placed(line: Any) -> tuple[int, Line]:
    """A line that is off: its place, and the line itself."""
    at = line.get(PLACE) if isinstance(line, Mapping) else None
    if isinstance(at, bool) or not isinstance(at, int) or at < 0:
        raise ValueError(
            f"a wrapper that is off is {{name: parameters, {PLACE!r}: its place}}, not {line!r}"
        )
    return at, {name: params for name, params in line.items() if name != PLACE}


def _with_preset(line: Line, old: str, new: str) -> Line:
    """A line whose other tasks have a new preset, if they had the old one and know the new."""
    ((name, params),) = line.items()
    if "tasks" not in params:
        return line
    tasks = [
        {**told, "preset": new}
        if told.get("preset", "agent") == old and new in presets_of(told["task"])
        else told
        for told in params["tasks"]
    ]
    return {name: {**params, "tasks": tasks}}


def _has_none(value: Any) -> bool:
    """Whether there is a None in lists and dicts."""
    if isinstance(value, list | Mapping):
        return any(map(_has_none, value.values() if isinstance(value, Mapping) else value))
    return value is None


def _plain(params: Mapping[str, Any]) -> None:
    """ValueError for what neither JSON nor TOML can hold."""
    for name, value in params.items():
        try:
            json.dumps(value, allow_nan=False)
            tomli_w.dumps({name: value})
        except (TypeError, ValueError):
            text = (
                f"{name} = {value!r}: expected finite numbers, text, true or false, lists, tables"
            )
            raise ValueError(text) from None


def _check_length(task: Task) -> None:
    """ValueError for trials that are too long to be drawn, and for periods of no known length."""
    if task.tasks:
        for member in task.tasks:
            _check_length(member)
        return
    longest: dict[str, float] = {}
    for period, duration in task.plan.timing.items():
        if duration.kind == "times":
            other, factor = duration.args
            if other not in longest:
                raise ValueError(
                    f"timing[{period!r}]: {unknown('earlier period', [other], longest)}"
                )
            longest[period] = longest[other] * factor
        else:
            until = duration.kind == "until"
            longest[period] = duration.args[0] if until else duration.bounds[1]
    total = sum(longest.values())
    if total / task.dt > MAX_STEPS:
        raise ValueError(
            f"a trial of up to {total:g} ms has {total / task.dt:,.15g} steps of dt ="
            f" {task.dt:g} ms: at most {MAX_STEPS:,} are possible here"
        )
