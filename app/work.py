"""Long work beside the page: in a thread, with progress, and it can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import panel as pn

POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="neurogym-work")


class Job:
    """One piece of work; `work(job)` runs in a thread, all callbacks in the page's own turn."""

    def __init__(
        self,
        work: Callable[[Job], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ):
        self._work, self._done, self._failed, self._progress = work, done, failed, progress
        self._cancelled = threading.Event()
        self._document = pn.state.curdoc
        self._told = -1
        self.future = POOL.submit(self._run)

    def cancel(self) -> None:
        """Stop the work at its next step; nothing is called back any more."""
        self._cancelled.set()

    def step(self, done: int, total: int) -> bool:
        """Tell how far the work is; True if it is to stop."""
        percent = 100 * done // max(total, 1)
        if percent != self._told:
            self._told = percent
            self._later(lambda: self._progress(done, total))
        return self._cancelled.is_set()

    def _run(self) -> None:
        try:
            result = self._work(self)
        except Exception as error:
            failure = error
            self._later(lambda: self._failed(failure))
        else:
            self._later(lambda: self._done(result))

    def _later(self, call: Callable[[], None]) -> None:
        def unless_cancelled() -> None:
            if not self._cancelled.is_set():
                call()

        if self._document is None:
            unless_cancelled()
        else:
            self._document.add_next_tick_callback(unless_cancelled)
