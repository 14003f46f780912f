"""Where modules of earlier versions, and names of NeuroGym 2, are now.

`MOVED` are modules of our own that have another place; `HELD` what modules of NeuroGym 2 held, and
what stands for it; `GONE` what nothing stands for, and what to write instead. All three are read
when somebody asks, so that importing the library loads none of it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

MOVED = {
    "agents": "subjects.agents", "block": "trials.batch", "canvas": "spec.canvas",
    "chromium": "figures.chromium", "classic": "envs.classic", "combined": "wrappers.simultaneous",
    "composite": "wrappers.joint", "conditions": "spec.conditions", "data": "envs.dataset",
    "drawing": "figures.trace_plot", "episodes": "envs.episodes", "export": "records.files",
    "figures.fits": "analysis.fits", "fits": "analysis.fits", "info": "docs.info",
    "layout": "spec.layout", "look": "figures.style", "measures": "records.measures",
    "monitor": "subjects.monitor", "parameters": "spec.parameters", "pictures": "figures.stills",
    "psychometric": "figures.psychometric", "recording": "subjects.sinks", "render": "envs.pixels",
    "rollout": "subjects.rollout", "rules": "spec.rules", "runs": "subjects.play",
    "saving": "figures.saving", "sb3": "envs.sb3", "scene": "spec.scene",
    "schedules": "spec.schedules", "sheets": "docs.datasheets", "spaces": "spec.spaces",
    "store": "records.database", "stream": "trials.stream", "switched": "wrappers.alternating",
    "task": "trials.task", "timing": "spec.durations", "vector": "envs.vector",
}  # fmt: skip


_CLASSIC = "neurogym.envs.classic:"
_REGISTRY = "neurogym.registry:"
_WRAPPERS = "neurogym.wrappers:"

# by NeuroGym's file the classes of tasks in it, which stand for environments
TASKS = {
    "native": {
        "annubes": "AnnubesEnv", "antireach": "AntiReach", "bandit": "Bandit",
        "contextdecisionmaking": "ContextDecisionMaking", "dawtwostep": "DawTwoStep",
        "delaycomparison": "DelayComparison", "delaymatchcategory": "DelayMatchCategory",
        "delaymatchsample": "DelayMatchSample DelayMatchSampleDistractor1D",
        "delaypairedassociation": "DelayPairedAssociation", "detection": "Detection",
        "dualdelaymatchsample": "DualDelayMatchSample",
        "economicdecisionmaking": "EconomicDecisionMaking", "gonogo": "GoNogo",
        "hierarchicalreasoning": "HierarchicalReasoning",
        "intervaldiscrimination": "IntervalDiscrimination",
        "multisensory": "MultiSensoryIntegration", "null": "Null",
        "perceptualdecisionmaking": "PerceptualDecisionMaking PulseDecisionMaking"
        " PerceptualDecisionMakingDelayResponse",
        "postdecisionwager": "PostDecisionWager",
        "probabilisticreasoning": "ProbabilisticReasoning",
        "reaching": "Reaching1D Reaching1DWithSelfDistraction",
        "reachingdelayresponse": "ReachingDelayResponse",
        "readysetgo": "ReadySetGo MotorTiming OneTwoThreeGo",
        "spatialsuppressmotion": "SpatialSuppressMotion", "tonedetection": "ToneDetection",
    },
    "contrib": {
        "anglereproduction": "AngleReproduction", "changingenvironment": "ChangingEnvironment",
        "cv_learning": "CVLearning", "ibl": "IBL IBL_Block",
        "leverpress": "LeverPress LeverPressWithPoke LeverPressWithPokeRest ContextSwitch",
        "matchingpenny": "MatchingPenny", "memoryrecall": "MemoryRecall",
        "pneumostomeopening": "Pneumostomeopening",
    },
}  # fmt: skip
COLLECTIONS = {
    "yang19": "go rtgo dlygo anti rtanti dlyanti dm1 dm2 ctxdm1 ctxdm2 multidm dlydm1 dlydm2"
    " ctxdlydm1 ctxdlydm2 multidlydm dms dnms dmc dnmc",
    "perceptualdecisionmaking": "roitman02 ibl20",
    "priors": "priors_v0",
}

# "module:name" is that name; "id:..." a class, and "make:..." a function, that makes a task's
# environment; "value:module:name" what that function returns
HELD: dict[str, dict[str, str]] = {
    "neurogym": {
        "random": "neurogym.utils.ngym_random", "ngym_random": "neurogym.utils.ngym_random",
        "core": "neurogym.core", "envs": "neurogym.envs",
        "all_wrappers": "neurogym.docs.info:all_wrappers",
    },
    "neurogym.core": {
        "TrialEnv": f"{_CLASSIC}TrialEnv", "PeriodEnv": f"{_CLASSIC}PeriodEnv",
        "TrialWrapper": "neurogym.envs.trial_wrapper:TrialWrapper",
        "env_string": "neurogym.docs.info:env_string",
        "InvalidOperationError": "builtins:RuntimeError",
        "trunc_exp": "neurogym.utils.ngym_random:trunc_exp",
    },
    "neurogym.envs": {name: f"{_REGISTRY}{name}" for name in (
        "all_envs", "all_tags", "get_collection", "make", "register",
    )},
    "neurogym.envs.registration": {
        **{name: f"{_REGISTRY}{name}" for name in ("all_envs", "all_tags", "make", "register")},
        "get_collection": f"{_REGISTRY}get_collection",
        **{name: "value:neurogym.docs.info:sources" for name in ("ALL_ENVS", "ALL_EXTENDED_ENVS")},
        "ALL_NATIVE_ENVS": "value:neurogym.docs.info:sources_alone",
        "ALL_COLLECTIONS_ENVS": "value:neurogym.docs.info:sources_of_collections",
    },
    "neurogym.envs.collections": {"get_collection": f"{_REGISTRY}get_collection"},
    "neurogym.wrappers": {
        "ALL_WRAPPERS": "value:neurogym.docs.info:sources_of_wrappers",
        "all_wrappers": "neurogym.docs.info:all_wrappers",
    },
    "neurogym.wrappers.block": {name: f"{_WRAPPERS}{name}" for name in (
        "MultiEnvs", "RandomGroundTruth", "ScheduleAttr", "ScheduleEnvs", "TrialHistoryV2",
    )},
    "neurogym.wrappers.monitor": {"Monitor": f"{_WRAPPERS}Monitor"},
    "neurogym.wrappers.noise": {"Noise": f"{_WRAPPERS}Noise"},
    "neurogym.wrappers.pass_action": {"PassAction": f"{_WRAPPERS}PassAction"},
    "neurogym.wrappers.pass_reward": {"PassReward": f"{_WRAPPERS}PassReward"},
    "neurogym.wrappers.reaction_time": {"ReactionTime": f"{_WRAPPERS}ReactionTime"},
    "neurogym.wrappers.side_bias": {"SideBias": f"{_WRAPPERS}SideBias"},
    "neurogym.utils": {
        "RandomSchedule": "neurogym.utils.scheduler:RandomSchedule",
        "random": "neurogym.utils.ngym_random", "info": "neurogym.docs.info",
        "spaces": "neurogym.spec.spaces",
    },
    "neurogym.utils.data": {"Dataset": "neurogym.envs.dataset:Dataset"},
    "neurogym.utils.info": {name: f"neurogym.docs.info:{name}" for name in (
        "all_wrappers", "show_all_tags", "show_all_tasks", "show_all_wrappers", "show_info",
    )},
    "neurogym.utils.random": {
        name: f"neurogym.utils.ngym_random:{name}"
        for name in ("TruncExp", "random_number_fn", "random_number_name", "trunc_exp")
    },
    "neurogym.utils.psychometric": {
        "plot_psychometric": "neurogym.utils.plotting:plot_psychometric",
    },
    "neurogym.utils.spaces": {name: f"neurogym.spec.spaces:{name}" for name in (
        "Box", "Dict", "Discrete", "MultiBinary", "MultiDiscrete", "Space", "Tuple", "flatdim",
        "flatten", "unflatten",
    )},
    **{
        f"neurogym.envs.{kind}.{file}": {name: f"id:{name}-v0" for name in names.split()}
        for kind, files in TASKS.items() for file, names in files.items()
    },
    **{f"neurogym.envs.{kind}": {} for kind in TASKS},
    **{
        f"neurogym.envs.collections.{name}": {
            task: f"make:{name}.{task}-v0" for task in tasks.split()
        }
        for name, tasks in COLLECTIONS.items()
    },
}  # fmt: skip
PACKAGES = ("neurogym.envs.native", "neurogym.envs.contrib", "neurogym.envs.collections")

_SETTINGS = (
    "there is no configuration: settings are arguments, such as Monitor(env, name=, save_dir=,"
    " trigger=, interval=, verbose=)"
)
_PROBES = "activity is recorded by Monitor(env).record_activations(module, name)"
_SCREEN = (
    "a person plays every task in the browser, and make(id, render_mode='rgb_array') or pixels=True"
    " gives frames of what is seen"
)
_OWN_TASK = "write it in a class of your own: ngym.Task or ngym.PeriodEnv, docs/adding-a-task.md"

# a module, or a name of one: what to write instead
GONE: dict[str, str] = {
    "neurogym.config": _SETTINGS,
    "neurogym.Config": _SETTINGS,
    "neurogym.config.config": _SETTINGS,
    "neurogym.config.base": _SETTINGS,
    "neurogym.config.components": _SETTINGS,
    "neurogym.wrappers.components": _PROBES,
    "neurogym.envs.psychopy": _SCREEN,
    "neurogym.utils.logging": "nothing is logged: functions return or print what they have to say",
    "neurogym.utils.decorators": "no error is suppressed during tests",
    "neurogym.utils.functions": "use pathlib.Path.mkdir(parents=True, exist_ok=True) and datetime",
    "neurogym.core.OBNOW": "return self.ob_now from _step",
    "neurogym.core.BaseEnv": "subclass ngym.TrialEnv, or gymnasium.Env",
    "neurogym.core.EnvMeta": "a TrialEnv needs no metaclass, and may have an empty timing",
    "neurogym.core.METADATA_DEF_KEYS": "what a task declares is neurogym.docs.info.facts(id)",
    "neurogym.envs.registration.ALL_CONTRIB_ENVS": "contributed tasks are among ngym.all_envs()",
    "neurogym.envs.registration.ALL_PSYCHOPY_ENVS": _SCREEN,
    "neurogym.utils.plotting.plot_env_1dbox": "use plot_env, or visualize_run with arrays",
    "neurogym.utils.plotting.plot_env_3dbox": "make(id, pixels=True) gives frames: docs/pixels.md",
    "neurogym.utils.plotting.plot_rew_across_training": "use Monitor(env).plot_training_history()",
    "neurogym.utils.plotting.put_together_files": (
        "Monitor(env, save_dir=folder) writes one table, <name>.csv, and appends to it"
    ),
    "neurogym.utils.plotting.order_by_suffix": (
        "Monitor writes one table, in which rows stand in their order; else"
        " sorted(names, key=lambda name: int(name.rsplit('_', 1)[-1].split('.')[0]))"
    ),
    "neurogym.utils.psychometric.probit": (
        "curves are fitted by neurogym.figures.fits and plot_psychometric"
    ),
    "neurogym.envs.contrib.leverpress.FullInput": (
        "wrappers are in neurogym.wrappers; ngym.TrialWrapper is the base of one's own"
    ),
    **{
        f"neurogym.envs.collections.yang19.{name}": _OWN_TASK
        for name in ("_Reach", "_DMFamily", "_DelayMatch1DResponse", "_MultiModalityStimulus")
    },
}  # fmt: skip


class Moved(ModuleType):
    """A module under its old name; what it is asked for, the module that has it now gives."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(_place(self.__name__)), name)

    def __dir__(self) -> list[str]:
        return dir(importlib.import_module(_place(self.__name__)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`ngym.rollout(...)`, also after `import neurogym.rollout`."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


def _place(name: str) -> str:
    return f"neurogym.{MOVED[name.removeprefix('neurogym.')]}"


class Held(ModuleType):
    """A module of NeuroGym 2: what `HELD` and `GONE` say of it."""

    def __getattr__(self, name: str) -> Any:
        return of(self.__name__, name)

    def __dir__(self) -> list[str]:
        return sorted(HELD[self.__name__])


def beside(package: str, own: Callable[[str], Any]) -> Callable[[str], Any]:
    """A package's `__getattr__`, which knows NeuroGym's names beside its own."""

    def load(name: str) -> Any:
        held = name in HELD.get(package, ()) or f"{package}.{name}" in GONE
        return of(package, name) if held else own(name)

    return load


def nothing(package: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package that has no names of its own to load."""

    def load(name: str) -> Any:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return beside(package, load)


def of(module: str, name: str) -> Any:
    """What stands for a name of NeuroGym's; AttributeError says what to write instead."""
    full, held = f"{module}.{name}", HELD.get(module, {})
    if full in GONE:
        raise AttributeError(f"{full} is no more: {GONE[full]}")
    if name not in held:
        known = f": it has {', '.join(sorted(held))}" if held and name[:2] != "__" else ""
        raise AttributeError(f"module {module!r} has no attribute {name!r}{known}")
    kind, _, rest = held[name].partition(":")
    if kind == "id":
        return _made_by_class(name, rest)
    if kind == "make":
        return _made_by_function(name, rest)
    if kind == "value":
        place, _, function = rest.partition(":")
        return getattr(importlib.import_module(place), function)()
    value = importlib.import_module(kind)
    return getattr(value, rest) if rest else value


_CLASSES: dict[str, type] = {}


def _made_by_class(name: str, id: str) -> type:
    """A class whose call gives the environment of a task, and whose instances those are."""
    if id not in _CLASSES:

        class Meta(type):
            def __call__(cls, *args: Any, **params: Any) -> Any:
                if args:
                    params = {"dt": args[0], **params}
                if len(args) > 1:
                    raise TypeError(f"{name} takes its parameters by name, not {args[1:]!r}")
                return importlib.import_module("neurogym.registry").make(id, **params)

            def __instancecheck__(cls, env: Any) -> bool:
                task = getattr(env, "declared", None)
                return task is not None and type(task.root).own_id() == id

        def refuse(cls: type, **kwargs: Any) -> None:
            raise TypeError(
                f"{name} makes environments of {id}, which is declared: subclass"
                f" neurogym.registry.task_class({id!r}), or write ngym.PeriodEnv anew"
            )

        told = {"__init_subclass__": classmethod(refuse), "__doc__": f"The environment of {id}."}
        _CLASSES[id] = Meta(name, (), told)
    return _CLASSES[id]


def _made_by_function(name: str, id: str) -> Callable[..., Any]:
    def make(**params: Any) -> Any:
        return importlib.import_module("neurogym.registry").make(id, **params)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"The environment of {id}."
    return make


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of `MOVED` and `HELD`, and tells of those in `GONE`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module that moved."""
        package, _, name = fullname.partition(".")
        if package != "neurogym" or not (name in MOVED or fullname in HELD or fullname in GONE):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname in PACKAGES)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """What stands for the module; what is missing in its new place is told at once."""
        if spec.name in GONE:
            raise ImportError(f"{spec.name} is no more: {GONE[spec.name]}", name=spec.name)
        if spec.name in HELD:
            return Held(spec.name, f"What NeuroGym 2 has in {spec.name}, from where it is now.")
        new = importlib.import_module(_place(spec.name))
        named = getattr(new, spec.name.rpartition(".")[2], None)  # `rollout`: it is called as that
        told = named.__doc__ if callable(named) else f"Moved to {_place(spec.name)}."
        return Moved(spec.name, told)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: the module is run in its new place."""


sys.meta_path.append(Finder())
