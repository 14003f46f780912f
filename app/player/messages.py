"""A trial in the form that the player takes: see docs/player.md."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import gymnasium as gym
import numpy as np

from app.state import FEEDBACK_MS, GUEST, ITI_MS
from neurogym.envs.has_trials import HasTrials
from neurogym.envs.task_env import ECHO, TaskEnv
from neurogym.loops.wire import wire
from neurogym.spec.layout import Group
from neurogym.spec.outcomes import Payoffs
from neurogym.spec.scene import GO, Cross, cap
from neurogym.trials.catalogue import task_class
from neurogym.trials.task import Task, in_words

KEYS_OF_PLAIN_ENVS = (
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "ArrowDown",
    "KeyA",
    "KeyS",
    "KeyD",
    "KeyF",
)
WAIT = "Answer once the cross is green."
LONGEST = 100_000  # steps of an episode whose environment sets no end to it


def is_lockstep(env: HasTrials) -> bool:
    """Whether the browser has to ask what each step does: a trial cannot travel ahead."""
    return env.declared is None or not env.declared.travels


def ends_at_once(env: HasTrials) -> bool:
    """Whether an answer that ends a trial does not wait for the end of its step."""
    return travels(env) and not env.loop_told


def travels(env: HasTrials) -> TypeGuard[TaskEnv]:
    """Whether all that a trial needs is known when it begins."""
    return not is_lockstep(env)


def is_adaptive(env: HasTrials) -> bool:
    """Whether a trial can be sent only when the one before it is over."""
    plan = env.declared.plan if env.declared else None
    return bool(plan and (plan.learns or plan.echoes))


def config(
    env: HasTrials, run: Mapping[str, Any], steps: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """What the player is told of a run; `steps`: what can be done when it is over."""
    settings = run["settings"]
    how = "reward" if earns(env) else "outcome"
    return dict(
        type="config",
        n_trials=run["n_trials"],
        title=title(run["task"], env),
        mode="lockstep" if is_lockstep(env) else "open",
        view=settings.get("view", "scene"),
        feedback=how if settings.get("feedback", True) else None,
        earns=earns(env),
        feedback_ms=settings.get("feedback_ms", FEEDBACK_MS),
        iti_ms=settings.get("iti_ms", ITI_MS),
        remap=True,
        task=run["task"],
        who="" if run["subject"] == GUEST else run["subject"],
        next=[dict(step=step, text=text) for step, text in steps],
        **stage(env),
    )


def earns(env: HasTrials) -> bool:
    """Whether a person is told what answers earn, in place of which were right."""
    return env.declared is None or env.declared.feedback == "reward"


def stage(env: HasTrials) -> dict[str, Any]:
    """What the player needs to know of a task before its first trial."""
    if task := env.declared:
        channels = [_channel(task, group) for group in task.plan.channels]
        told = dict(channels=channels, hold=task.hold_keys, instruction=_instruction(task))
        told |= task.all_keys()
        if task.has_sound:
            told["sound"] = True
        if task.together:
            told["parts"] = [
                dict(title=member.task.title(), instruction=_instruction(member.task))
                for member in task.together
            ]
            several: Any = task  # has what several tasks at once have
            told["shared"] = several.shared
        if task.travels and (closed := _closed(task)):
            told["programs"] = [wire(one.program) for one in (t.loop.one for t in closed) if one]
        return told
    return dict(
        channels=_named_channels(env.observation_space),
        hold=True,
        instruction=f"{sentence(env)} {_idle(env.action_space)}".strip(),
        keys=_plain_keys(env.action_space),
        dial=None,
    )


def _instruction(task: Task) -> str:
    """What one does, and that one waits for the cross that opens the window, if one does."""
    told, rule = task.sentence(), task.plan.rule
    if task.tasks or not rule or any(words in told for words in ("green", "as soon as")):
        return told
    opens = rule.periods[0]
    waits = list(task.plan.timing).index(opens) > 1  # there is more to see before than the fixation
    crosses = (element for element in task.scene.elements if isinstance(element, Cross))
    if waits and any(cross.color == GO and _first(cross.during) == opens for cross in crosses):
        return f"{told} {WAIT}"
    return told


def _first(during: str | tuple[str, ...] | None) -> str | None:
    return during[0] if isinstance(during, tuple) else during


def _closed(task: Task) -> list[Task]:
    """The single tasks, of all that a trial can be of, whose observations depend on actions."""
    return [leaf for leaf, _ in task.leaves() if leaf.closed]


def _channel(task: Task, group: Group) -> dict[str, Any]:
    """A group of channels; of several tasks at once under its own task's name for it."""
    told = dict(name=group.name, start=group.start, size=group.size)
    for j, member in enumerate(task.together):
        if group.start in member.channels:
            told |= dict(name=group.name.removesuffix(member.suffix), part=j)
    return told


def title(task: str, env: HasTrials | None = None) -> str:
    """A task's name in words; those of several tasks at once."""
    whole = env.declared if env else None
    if whole and whole.tasks:
        return whole.between.join(part.title() for part in whole.tasks)
    cls = task_class(task)
    return cls.title(task) if cls else in_words(task)


def most_steps(env: HasTrials) -> int:
    """How many steps the trial that `env` has begun can have."""
    if env.most_steps is None:
        return LONGEST
    return env.most_steps


def sentence(env: HasTrials) -> str:
    """What one does in an environment: the first sentence of its docstring that is no heading."""
    if env.declared:
        return env.declared.sentence()
    paragraphs = re.split(r"\n\s*\n", type(env.unwrapped).__doc__ or "")
    texts = [" ".join(p.split()) for p in paragraphs if not p.strip().startswith("#")]
    text = next(filter(None, texts), "")
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)|[*`]", lambda link: link[1] or "", text)  # Markdown
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)[0]


def _idle(space: gym.Space) -> str:
    """What happens without a key."""
    names = _action_names(space)
    return f"Without a key: {names.get(0, 'action 0')}."


def _action_names(space: gym.Space) -> dict[int, str]:
    """The names that some actions have."""
    names: dict[int, str] = {}
    for name, index in (getattr(space, "name", None) or {}).items():
        indices = np.atleast_1d(index).tolist()
        many = len(indices) > 1
        names |= {int(a): f"{name} {i}" if many else name for i, a in enumerate(indices, 1)}
    return names


def _named_channels(space: gym.Space) -> list[dict[str, Any]]:
    size = int(np.prod(space.shape or ()))
    names = getattr(space, "name", None) or {"observation": list(range(size))}
    channels = []
    for name, index in names.items():
        indices = np.atleast_1d(index)
        channels.append(dict(name=name, start=int(indices[0]), size=len(indices)))
    return channels


def _plain_keys(space: gym.Space) -> list[dict[str, Any]]:
    """Keys for actions that nobody has given any: action 0 is what no key gives."""
    if not isinstance(space, gym.spaces.Discrete):
        raise TypeError(f"actions of {space}: expected a Discrete space")
    labels = _action_names(space)
    n = int(space.n) - 1
    codes = ("Space",) if n == 1 else KEYS_OF_PLAIN_ENVS
    if n > len(codes):
        raise ValueError(f"{n} actions but {len(codes)} keys: declare keys in a Task for this one")
    return [
        dict(code=code, label=cap(code), action=i, name=labels.get(i, f"action {i}"))
        for i, code in enumerate(codes[:n], 1)
    ]


def trial(env: HasTrials, uid: str, index: int, attempt: int, first: np.ndarray) -> dict[str, Any]:
    """The message for the trial that `env` has begun, whose first row is `first`."""
    task, conditions = env.declared, env.trial
    message: dict[str, Any] = dict(
        type="trial",
        uid=uid,
        index=index,
        attempt=attempt,
        dt=float(env.dt),
        T=most_steps(env),
        periods=[list(period) for period in env.periods],
        window=list(env.window) if env.window else None,
        frames=np.ascontiguousarray(first[None], np.float32),
        scene=task.plan.scene.resolve(task, conditions) if task else [],
        seed=zlib.crc32(uid.encode()),
    )
    if asked := env.asked:
        slots = [list(slot) for slot in asked.slots]
        message["asked"] = dict(slots=slots, since=asked.since or None, due=asked.due)
    if (counted := env.counted) is not None and message["window"]:
        message["counted"] = counted
    if keys := task.keys_in(conditions) if task else None:
        message.update(keys)
    return message | _ahead(env) if travels(env) else message


def _ahead(env: TaskEnv) -> dict[str, Any]:
    """All rows of a trial, and what each action earns in them, or what the program is told."""
    told: dict[str, Any] = dict(frames=np.ascontiguousarray(env.ob, np.float32))
    if (noisy := np.flatnonzero(env.noisy.any(axis=0))).size:
        told["noisy"] = noisy.astype(np.uint16)
    if env.task.plan.echoes:
        told |= _echoes(env)
    if env.parts:
        whole: Any = env.task  # has what several tasks at once have
        return told | dict(parts=_parts(env, whole), shared=whole.shared)
    if loop := env.loop_told:
        return told | dict(loop=loop | _called(env))
    return told | _table(*env.payoffs)


def _called(env: TaskEnv) -> dict[str, Any]:
    """Which program a trial goes by, and how the whole calls its channels and actions."""
    turn = env.turn
    program = [leaf is turn.task for leaf in _closed(env.task)].index(True)
    told = dict(program=program, hold=turn.task.hold_keys)
    if turn.task is env.task:
        return told
    names = dict(channels=turn.channels, own_action=turn.own_action, action=turn.action)
    return told | {name: values.astype(np.uint16) for name, values in names.items()}


def _parts(env: TaskEnv, task: Any) -> list[dict[str, Any]]:
    """Each of several tasks at once, as a trial of its own that begins at a step of the whole."""
    parts = []
    for j, (member, has) in enumerate(zip(task.together, env.parts, strict=True)):
        part = dict(
            on=has is not None,
            at=task.onsets[j],
            action=member.own_action.astype(np.uint16),
            weight=task.weights[j],
        )
        if has:
            block, place = has
            kind, payoffs = block.kind, block.payoffs
            assert kind is not None  # closed tasks come in lockstep
            assert payoffs is not None
            start, stop = block.offsets[place : place + 2].tolist()
            window = block.window[place].tolist()
            part |= dict(
                T=stop - start,
                window=window if window[1] > window[0] else None,
                counted=int(block.counted[place]),
                gt=block.gt[start:stop].astype(np.uint16),
                channels=member.channels.tolist(),
                periods=list(member.periods.values()),
                **_table(kind[start:stop], payoffs),
            )
        parts.append(part)
    return parts


def _echoes(env: TaskEnv) -> dict[str, Any]:
    """Channels that show the last action and reward; those of the trial before come first."""
    told = [
        dict(what=e.what, start=e.columns.start, size=_width(e.columns), one_hot=e.one_hot)
        for e in env.task.plan.echoes
    ]
    return dict(echo=told, echo_first=list(env.memory[ECHO]))


def _width(columns: slice) -> int:
    return columns.stop - columns.start


def _table(kind: np.ndarray, payoffs: Payoffs) -> dict[str, Any]:
    """The payoffs of the kinds that occur in the trial."""
    used, kind = np.unique(kind, return_inverse=True)
    _, states, actions = payoffs.shape
    return dict(
        kind=kind.astype(np.uint16),
        reward=payoffs.reward[used].ravel().astype(np.float32),
        outcome=payoffs.outcome[used].ravel(),
        ends=payoffs.ends[used].ravel().astype(np.uint8),
        next=payoffs.next[used].ravel(),
        response=payoffs.response[used].ravel(),
        shape=[len(used), states, actions],
    )


def shown(env: HasTrials, uid: str, ob: np.ndarray) -> dict[str, Any]:
    """The row that is on the screen next, in lockstep."""
    at = env.t_ind
    return dict(
        type="obs",
        uid=uid,
        k=at,
        ob=np.ascontiguousarray(ob, np.float32),
        active=[name for name, start, stop in env.periods if start <= at < stop],
        window=bool(env.window_open),
    )
