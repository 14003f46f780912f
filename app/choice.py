"""What the user has chosen: a task, its parameters, seed and length; as URL, TOML and Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import param
import tomli_w

from neurogym.envs import TaskEnv
from neurogym.episodes import as_trials
from neurogym.parameters import Timing, unknown
from neurogym.registry import configure, full_id, make, task_class
from neurogym.task import Task

VIEWS = ("choose", "configure", "play", "compare", "data")
PRESETS = ("human", "agent")
MAX_TRIALS = 10_000


class Choice(param.Parameterized):
    """The state of the studio; it knows no widgets.

    `params` are the task's parameters on top of the preset, as JSON values: every change is checked
    against the task, and a value that does not fit raises ValueError and changes nothing.
    """

    task = param.String("PerceptualDecisionMaking-v0", doc="task id")
    preset = param.Selector(default="human", objects=PRESETS, doc="parameters to start from")
    params = param.Dict({}, doc="parameters that differ from the preset")
    seed = param.Integer(1, bounds=(0, 2**31 - 1), doc="seed of the stream of trials")
    trials = param.Integer(20, bounds=(1, MAX_TRIALS), doc="trials in a run")
    feedback = param.Boolean(True, doc="tell after each trial whether the answer was right")
    subject = param.String("", doc="pseudonym of who plays")
    view = param.Selector(default="choose", objects=VIEWS, doc="what the studio shows")
    run = param.String("", doc="id of the run being played or looked at")

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Choice:
        """Read an address's query; ValueError says which entry does not fit and what would."""
        known = set(cls.param) - {"name"}
        if extra := [key for key in query if key not in known]:
            raise ValueError(unknown("entry of the address", extra, sorted(known)))
        values: dict[str, Any] = {}
        for key, text in query.items():
            values[key] = _read(key, text, cls.param[key])
        values["task"] = full_id(values.get("task", cls.task))
        if "trials" in values and "view" not in values and "task" in query:
            values["view"] = "configure"
        choice = cls(**values)
        choice.env()  # the parameters fit the task
        return choice

    @classmethod
    def query_parameters(cls) -> tuple[str, ...]:
        """The entries of the address."""
        return tuple(name for name in cls.param if name != "name")

    def take(self, run: Mapping[str, Any]) -> None:
        """Choose what a stored run was played with, and the run itself."""
        self.param.update(
            task=run["task"], preset="agent", params=dict(run["params"]), seed=run["seed"],
            trials=run["n_trials"], subject=run["subject"] or "", run=run["run_id"],
            feedback=run["settings"].get("feedback", True),
        )  # fmt: skip

    def query(self) -> dict[str, str]:
        """The address's query that `from_query` reads back; what is as by default is left out."""
        out = {"task": self.task}
        own = ("preset", "params", "seed", "trials", "feedback", "subject")
        for name in ("view", "run") if self.run else (*own, "view"):  # a run knows the rest
            value = getattr(self, name)
            if value != type(self).param[name].default:
                out[name] = value if isinstance(value, str) else json.dumps(value)
        return out

    # -- the task --------------------------------------------------------------------------------

    @property
    def declared(self) -> type[Task] | None:
        """The task's declaration; None for environments of another kind."""
        return task_class(self.task)

    def build(self, **changes: Any) -> Task:
        """The declared task, some parameters changed; ValueError for values that do not fit."""
        return configure(self.declared, self.preset, **{**self.params, **changes})

    def env(self) -> gym.Env:
        """An environment of the chosen task."""
        if self.declared:
            return TaskEnv(self.build())
        return as_trials(make(self.task, **self.params))

    def settings(self) -> dict[str, Any]:
        """The parameters that differ from the task's defaults: what a trial's row holds."""
        return self.build().settings() if self.declared else dict(self.params)

    def pick(self, task: str) -> None:
        """Choose another task, with its preset as it is."""
        self.param.update(task=full_id(task), params={}, run="")

    def change(self, name: str, value: Any) -> None:
        """Set one parameter of the task; ValueError and no change if it does not fit."""
        task = self.build(**{name: value})
        start = configure(self.declared, self.preset)
        now, base = getattr(task, name), getattr(start, name)
        params = {key: old for key, old in self.params.items() if key != name}
        if isinstance(now, dict):
            changed = {key: entry for key, entry in now.items() if entry != base[key]}
            is_timing = isinstance(task.param[name], Timing)
            value = Timing.serialize(changed) if is_timing else changed
            if changed:
                params[name] = value
        elif now != base:
            params[name] = now
        self.param.update(params=params, run="")

    # -- to take away ----------------------------------------------------------------------------

    def toml(self) -> str:
        """The choice as a TOML file."""
        content = dict(task=self.task, preset=self.preset, seed=self.seed, trials=self.trials)
        return tomli_w.dumps({**content, "feedback": self.feedback, "params": self.params})

    def python(self) -> str:
        """Lines that run: the same trials, played by an agent."""
        arguments = "".join(f", {key}={value!r}" for key, value in self._as_code().items())
        return (
            "import neurogym as ngym\n\n"
            f"env = ngym.make({self.task!r}{arguments})\n"
            f"ob, info = env.reset(seed={self.seed})\n"
            f"rows = ngym.rollout(env, 'oracle', trials={self.trials}, seed={self.seed})\n"
            "print(sum(row['correct'] for row in rows), 'of', len(rows), 'correct')\n"
        )

    def _as_code(self) -> dict[str, Any]:
        preset = {"preset": self.preset} if self.declared and self.preset != "agent" else {}
        return {**preset, **self.params}


def _read(key: str, text: str, parameter: param.Parameter) -> Any:
    """A value from its text in the address."""
    if isinstance(parameter, param.String):
        return text
    if isinstance(parameter, param.Selector):
        if text not in parameter.objects:
            raise ValueError(unknown(key, [text], parameter.objects))
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{key} = {text!r} in the address is not JSON: {error}") from None
    if isinstance(parameter, param.Dict) and not isinstance(value, dict):
        raise ValueError(f"{key} = {text!r} in the address: expected a JSON object")
    return value
