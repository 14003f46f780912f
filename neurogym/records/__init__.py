"""What is kept of trials, by whomever they were played."""

from neurogym.records.trial_table import (
    COLUMNS,
    JSON_COLUMNS,
    Trace,
    arguments,
    empty_row,
    finished,
    is_finished,
    new_run_id,
    outcome_of,
    replay,
    run_trial,
    utc_now,
)

__all__ = [
    "COLUMNS",
    "JSON_COLUMNS",
    "Trace",
    "arguments",
    "empty_row",
    "finished",
    "is_finished",
    "new_run_id",
    "outcome_of",
    "replay",
    "run_trial",
    "utc_now",
]
