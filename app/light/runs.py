"""Whose run an address means: a browser goes on with its own, and begins one of its own else."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from app import address, process
from app.address import Address
from app.player import messages
from app.player.session import Run
from app.state import GUEST, LONGEST_QUERY, StudioState
from neurogym.envs.has_trials import HasTrials
from neurogym.records import trial_table
from neurogym.records.trial_table import new_run_id, utc_now

RUN_ID = re.compile(r"[0-9a-f]{12}")
KEPT = 64  # environments that sessions share


def owner_of(key: object) -> str | None:
    """What a run says of the browser that it belongs to: nothing that a reader could pose by."""
    if not isinstance(key, str) or len(key) < 16:
        return None
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def asked(query: str) -> Address:
    """What the query of an address says; "?" may be first."""
    query = query.removeprefix("?")
    if len(query) > LONGEST_QUERY:
        told = f"The address is longer than {LONGEST_QUERY:,} characters: nothing of it is read."
        return Address(StudioState(), "", (*process.problems(), told))
    if _names_run(query):
        return address.read(address.arguments_of(query), process.store(), process.problems())
    return _asked(query)


def _names_run(query: str) -> bool:
    """Whether an address names a run: what it means then follows from the database."""
    return any(name.lower() == "run" for name in address.arguments_of(query))


@lru_cache(1000)
def _asked(query: str) -> Address:
    """The same for all who come by one link; what it gives is read and not changed."""
    return address.read(address.arguments_of(query), process.store(), process.problems())


@dataclass(frozen=True)
class Plan:
    """What an address starts: a run without a name, and the addresses of it and the next one."""

    run: dict[str, Any]
    address: str
    again: str

    def begin(self, owner: str | None, run_id: str | None = None) -> dict[str, Any]:
        """A run of it, which the store does not have yet."""
        owned = {"owner": owner} if owner else {}
        return {
            **self.run,
            "run_id": run_id or new_run_id(),
            "settings": {**self.run["settings"], **owned},
            "created_utc": utc_now(),
        }


def plan_of(choice: StudioState, subject: str) -> Plan:
    """The plan of a choice, whatever run it names."""
    own = StudioState()
    own.become(choice)
    own.param.update(run="", subject=subject)
    settings = {**own.pace(), "choice": own.query()}
    run = dict(
        task=own.task, params=own.settings(), wrappers=own.wrappers, seed=own.seed,
        n_trials=own.trials, subject_kind="human", subject=own.subject or GUEST, settings=settings,
    )  # fmt: skip
    again = address.write(own, view="play", seed=str((own.seed + 1) % 2**31))
    return Plan(run, address.write(own, view="play"), again)


@lru_cache(1000)
def _plan(query: str) -> Plan:
    """The same for all who come by one link."""
    choice = asked(query).choice
    return plan_of(choice, choice.subject)


@dataclass(frozen=True)
class Begun:
    """The run that a browser plays, and where a page finds it: by settings, by name, the next."""

    run: dict[str, Any]
    address: str
    named: str
    again: str


def begun(query: str, owner: str | None, wanted: object = None, playing: bool = False) -> Begun:
    """The run that a browser plays at an address.

    It is the one that the address names, or that the browser has begun here (`wanted`), if that
    belongs to this browser or to none; otherwise a new one with the same settings. One that was
    deleted is not begun again, but for who is `playing` it: its session says so.
    """
    query = query.removeprefix("?")
    if not _names_run(query):
        plan = _plan(query)
        return _told(_wanted(plan, owner, wanted, playing) or plan.begin(owner), plan)
    said = asked(query)
    if playing and isinstance(wanted, str) and process.store().was_deleted(wanted):
        plan = plan_of(said.choice, said.subject)
        return _told(plan.begin(owner, wanted), plan)
    named = process.store().run(said.choice.run) if said.choice.run else None
    if named and named["subject_kind"] == "human" and is_of(named, owner):
        return _told(named, plan_of(said.choice, _name(named)))
    plan = plan_of(said.choice, said.subject)
    return _told(plan.begin(owner), plan)


def _wanted(plan: Plan, owner: str | None, run_id: object, playing: bool) -> dict[str, Any] | None:
    """The run that a browser says that it has begun, stored or not."""
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        return None
    known = process.store().run(run_id)
    if known is None:
        gone = not playing and process.store().was_deleted(run_id)
        return None if gone else plan.begin(owner, run_id)
    same = is_of(known, owner) and known["task"] == plan.run["task"]
    return known if same else None


def _told(run: dict[str, Any], plan: Plan) -> Begun:
    named = f"?{urlencode({'task': run['task'], 'view': 'play', 'run': run['run_id']})}"
    return Begun(run, plan.address, named, plan.again)


def _name(run: Run) -> str:
    return "" if run["subject"] == GUEST else run["subject"]


def is_of(run: Run, owner: str | None) -> bool:
    """Whether a browser may go on with a run: its own, or one that is nobody's."""
    return run["settings"].get("owner") in (None, owner)


def adopted(run_id: str, query: str, owner: str | None) -> dict[str, Any] | None:
    """The run of a record that was begun by an address, and of which nothing was stored."""
    if not RUN_ID.fullmatch(run_id) or not query:
        return None
    return _plan(query.removeprefix("?")).begin(owner, run_id)


@lru_cache(KEPT)
def _shared(task: str, arguments: str) -> HasTrials:
    row = json.loads(arguments)
    return trial_table.env_of({"task": task, **row})


def envs(run: Run) -> tuple[HasTrials, HasTrials]:
    """Two environments of a run: where trials travel ahead one does, for all sessions of a kind."""
    key = json.dumps({"params": run["params"], "wrappers": run["wrappers"]}, sort_keys=True)
    env = _shared(run["task"], key)
    if messages.is_lockstep(env):
        return trial_table.env_of(run), env
    return env, env
