"""What a process of the server has once: its database, and the tasks of its user."""

from __future__ import annotations

import logging
from functools import cache

import panel as pn

from neurogym.records.database import Store
from neurogym.registry import load_named

WAIT_MS = 500  # for a locked database: all who play wait along, and records are sent again

log = logging.getLogger(__name__)


def store() -> Store:
    """The database, opened once a process."""
    return pn.state.as_cached("neurogym-store", lambda: Store(wait_ms=WAIT_MS))


@cache
def problems() -> tuple[str, ...]:
    """Load the tasks that NEUROGYM_TASKS names, once; what was wrong with them."""
    try:
        load_named()
    except Exception as error:  # whatever the code of others raises
        log.exception("the tasks of NEUROGYM_TASKS were not loaded")
        return (f"The tasks of NEUROGYM_TASKS were not loaded: {error}",)
    return ()
