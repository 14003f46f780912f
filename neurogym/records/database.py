"""Where runs and their trials are kept: SQLite by default, any other database by its URL."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

from neurogym.records import flat, trial_table
from neurogym.records.files import KINDS, MAX_INTEGER, checked, plain_row
from neurogym.spec.parameters import plain, unknown

try:
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.schema import CreateIndex, CreateTable
except ModuleNotFoundError as error:
    raise ImportError(
        "databases need SQLAlchemy: pip install 'neurogym[app]'", name=error.name
    ) from error

VERSION = 6
ADDED: dict[int, dict[str, str | None]] = {  # columns by version, and what is in them
    2: {"memory": "{}", "parts": "[]"}, 3: {"periods": "[]"}, 4: {"pace": None}, 5: {"keys": "{}"},
    6: {
        "produced_ms": None, "answers": "[]", "shared_noise": None, "start_ms": None,
        "iti_ms": None, "screen": "{}",
    },
}  # fmt: skip
AT_ONCE = 500  # rows that are fetched together
WAIT_MS = 10_000  # how long a writer waits for another one

_TYPES = {
    "text": sa.Text,
    "integer": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
    "json": sa.JSON,
}
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

RUN_COLUMNS: dict[str, str] = {
    "run_id": "the run's id",
    "task": "task id",
    "params": "parameters that differ from the task's defaults (JSON)",
    "wrappers": "stack of wrappers (JSON)",
    "seed": "seed of the stream of trials",
    "n_trials": "how many trials were asked for; empty for no end",
    "subject_kind": "human or agent",
    "subject": "pseudonym, or the agent's name and parameters",
    "settings": "what else the run was started with (JSON)",
    "created_utc": "when the run began, ISO 8601",
}
_RUN_KINDS = {
    **{name: KINDS.get(name, "text") for name in RUN_COLUMNS},
    "n_trials": "integer",
    "settings": "json",
}
_RUN_DEFAULTS: dict[str, Any] = {"params": {}, "wrappers": [], "settings": {}}
_REQUIRED = ("run_id", "task")


def _columns(kinds: Mapping[str, str], required: tuple[str, ...]) -> list[sa.Column[Any]]:
    return [
        sa.Column(name, _TYPES[kind], nullable=kind != "json" and name not in required)
        for name, kind in kinds.items()
        if name != "run_id"
    ]


def _number() -> sa.Column[Any]:
    """The order of insertion."""
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("number", big, primary_key=True, autoincrement=True)


_METADATA = sa.MetaData()
_META = sa.Table(
    "meta",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
)
_RUNS = sa.Table(
    "runs",
    _METADATA,
    _number(),
    sa.Column("run_id", sa.Text, nullable=False, unique=True),
    *_columns(_RUN_KINDS, _REQUIRED),
    sqlite_autoincrement=True,
)
_TRIALS = sa.Table(
    "trials",
    _METADATA,
    _number(),
    sa.Column("finished", sa.Boolean, nullable=False),
    sa.Column(
        "run_id",
        sa.ForeignKey(_RUNS.c.run_id, ondelete="CASCADE"),
        nullable=False,
    ),
    *_columns(KINDS, ("uid", "task")),
    sa.UniqueConstraint("uid"),
    # a run's trials; and summaries can be read from the index alone
    sa.Index("trials_of_run", "run_id", "finished", "rt_ms", "correct", "created_utc"),
    sqlite_autoincrement=True,
)
_DELETED = sa.Table(
    "deleted_runs",
    _METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("deleted_utc", sa.Text, nullable=False),
)


class Store:
    """Runs and their trials in a database; a trial is written once, whatever is sent again.

    Threads of a process can share a store; each process makes its own. What a method wrote is
    committed when it returns. A store is a context manager; leaving it closes its connections.

    Args:
        url: a database URL, or the path of an SQLite file. None takes the environment variable
            NEUROGYM_DB, or else `default_path()`. Folders are made as needed.
        create: whether to make an SQLite file that is not there; FileNotFoundError otherwise.
        wait_ms: how long a writer waits for another one, in an SQLite file.

    Raises ValueError for a database of another kind, or of a later version than this one.
    """

    def __init__(
        self,
        url: str | Path | sa.URL | None = None,
        *,
        create: bool = True,
        wait_ms: int = WAIT_MS,
    ):
        self.url = database_url(url)
        self._insert = _INSERT[self.url.get_backend_name()]
        if self._is_sqlite:
            _prepare_file(Path(self.url.database or ""), create)
        self._engine = _engine(self.url)
        try:
            if self._is_sqlite:
                sa.event.listen(self._engine, "connect", partial(_set_pragmas, wait_ms))
            self._create()
            if self._is_sqlite:
                self._watch()
        except BaseException:
            self.close()
            raise

    @property
    def _is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def __repr__(self) -> str:
        return f"Store({self.url.render_as_string()!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a closed store opens new ones when it is used."""
        self._engine.dispose()

    # -- schema ----------------------------------------------------------------------------------

    def _create(self) -> None:
        names = sa.inspect(self._engine).get_table_names()
        if "meta" in names:
            self._upgrade()
            self._check_version()
        elif {"runs", "trials"} & set(names):
            raise ValueError(f"{self!r} has tables of another kind: expected those of neurogym")
        if set(_METADATA.tables) <= set(names):
            return
        with self._engine.begin() as connection:
            if not self._is_sqlite:  # IF NOT EXISTS alone lets two processes collide
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(20_230_814)))
            for table in _METADATA.sorted_tables:  # "meta" first: others are taken for strangers
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))
            mark = self._insert(_META).values(id=1, version=VERSION)
            connection.execute(mark.on_conflict_do_nothing())
        self._check_version()

    def _watch(self) -> None:
        """From now on a file that is gone is an error, not a new and empty database.

        A connection to a file that was deleted or replaced would go on writing to nowhere.
        """
        path = Path(self.url.database or "")

        def connect(*_: Any) -> None:
            _place(path)

        def connected(_connection: Any, record: Any) -> None:
            record.info["place"] = _place(path)

        def checkout(_connection: Any, record: Any, _proxy: Any) -> None:
            if record.info["place"] != _place(path):
                raise sa.exc.DisconnectionError

        self._engine.dispose()
        sa.event.listen(self._engine, "do_connect", connect)
        sa.event.listen(self._engine, "connect", connected)
        sa.event.listen(self._engine, "checkout", checkout)

    def _upgrade(self) -> None:
        """Add the columns that tables of earlier versions lack, version by version."""
        with self._engine.connect() as connection:
            if connection.scalar(sa.select(_META.c.version)) == VERSION:
                return  # nothing is written, so that a locked database can be opened
        with self._engine.begin() as connection:
            for version, columns in ADDED.items():
                earlier = sa.update(_META).where(_META.c.version == version - 1)
                if not connection.execute(earlier.values(version=version)).rowcount:
                    continue
                for name, empty in columns.items():
                    kind = _TRIALS.c[name].type.compile(self._engine.dialect)
                    usual = "" if empty is None else f" DEFAULT '{empty}' NOT NULL"
                    add = f"ALTER TABLE trials ADD COLUMN {name} {kind}{usual}"
                    connection.execute(sa.text(add))

    def _check_version(self) -> None:
        with self._engine.connect() as connection:
            found = connection.scalar(sa.select(_META.c.version))
        if found is not None and found != VERSION:
            raise ValueError(
                f"{self!r} has version {found} of the tables: this neurogym expects {VERSION}"
            )

    # -- runs ------------------------------------------------------------------------------------

    def add_run(self, run: Mapping[str, Any]) -> None:
        """Write a run; `RUN_COLUMNS` has its keys, those not given are empty.

        The same run again changes nothing (`created_utc` may differ); another one under a known
        run_id raises ValueError, and so do unknown keys and a seed above 2**63 - 1. A run that was
        deleted is there again, and no deleted one any more.
        """
        values = _plain_run(run)
        statement = self._insert(_RUNS).values(values).on_conflict_do_nothing()
        with self._engine.begin() as connection:
            connection.execute(statement)
            connection.execute(sa.delete(_DELETED).where(_DELETED.c.run_id == values["run_id"]))
            found = self._run(connection, values["run_id"]) or {}
        differ = [name for name in values if name != "created_utc" and values[name] != found[name]]
        if differ:
            raise ValueError(
                f"run {values['run_id']!r} is there already with other {', '.join(differ)}"
            )

    def run(self, run_id: str) -> dict[str, Any] | None:
        """A run as it was added, or None."""
        with self._engine.connect() as connection:
            return self._run(connection, run_id)

    def _run(self, connection: sa.Connection, run_id: str) -> dict[str, Any] | None:
        columns = [_RUNS.c[name] for name in RUN_COLUMNS]
        row = connection.execute(sa.select(*columns).where(_RUNS.c.run_id == run_id)).first()
        return dict(row._mapping) if row else None

    def runs(self, *, limit: int | None = None, **filters: Any) -> list[dict[str, Any]]:
        """Runs, the newest first, each with what its finished trials came to.

        Filters are columns' values, such as `task="GoNogo-v0"`. The keys are those of
        `RUN_COLUMNS`, n_done, accuracy (0 to 1), median_rt_ms, pace and last_utc; the last four
        are None without trials.
        """
        allowed = [name for name, kind in _RUN_KINDS.items() if kind != "json"]
        if extra := [name for name in filters if name not in allowed]:
            raise ValueError(unknown("filter", extra, allowed))
        chosen = sa.select(_RUNS.c.run_id).where(*_equal(_RUNS, filters))
        done = _done(_TRIALS.c.run_id.in_(chosen)).subquery()
        columns = [_RUNS.c[name] for name in RUN_COLUMNS]
        statement = (
            sa.select(
                *columns,
                sa.func.coalesce(done.c.n_done, 0).label("n_done"),
                *(done.c[name] for name in ("accuracy", "median_rt_ms", "pace", "last_utc")),
            )
            .outerjoin_from(_RUNS, done, _RUNS.c.run_id == done.c.run_id)
            .where(*_equal(_RUNS, filters))
            .order_by(_RUNS.c.created_utc.desc(), _RUNS.c.number.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(statement)]

    def summary(self, run_id: str) -> dict[str, Any]:
        """n_done, accuracy (0 to 1), median_rt (ms), pace and reward of a run's finished trials.

        The reward is the sum. Without any, n_done is 0 and the others are None.
        """
        with self._engine.connect() as connection:
            row = connection.execute(_done_of_run(), {"asked": run_id}).first()
        if row is None:
            others = ("accuracy", "median_rt", "pace", "reward")
            return {"n_done": 0, **dict.fromkeys(others)}
        return {
            "n_done": row.n_done,
            "accuracy": row.accuracy,
            "median_rt": row.median_rt_ms,
            "pace": row.pace,
            "reward": row.reward,
        }

    def delete_run(self, run_id: str) -> bool:
        """Delete a run with its trials, and remember its id; whether there was one."""
        mark = self._insert(_DELETED).values(run_id=run_id, deleted_utc=trial_table.utc_now())
        with self._engine.begin() as connection:
            statement = sa.delete(_RUNS).where(_RUNS.c.run_id == run_id)
            if not connection.execute(statement).rowcount:
                return False
            connection.execute(mark.on_conflict_do_nothing())
            return True

    def was_deleted(self, run_id: str) -> bool:
        """Whether there was such a run, which was deleted and not added again."""
        asked = sa.select(_DELETED.c.run_id).where(_DELETED.c.run_id == run_id)
        with self._engine.connect() as connection:
            return connection.scalar(asked) is not None

    # -- trials ----------------------------------------------------------------------------------

    def add_trial(self, row: Mapping[str, Any]) -> bool:
        """Write a trial; True if it is new, False if its uid was there already.

        Raises ValueError if its run was not added, and for columns and values of no kind.
        """
        return self.add_trials([row]) == 1

    def add_trials(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write trials, all or none; returns how many are new. Errors as in `add_trial`."""
        values = [_plain_trial(row) for row in rows]
        if not values:
            return 0
        statement = self._insert(_TRIALS).on_conflict_do_nothing().returning(_TRIALS.c.uid)
        with self._known_run(values), self._engine.begin() as connection:
            return len(connection.execute(statement, values).all())

    @contextmanager
    def _known_run(self, values: list[dict[str, Any]]) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError:
            for run_id in {row["run_id"] for row in values}:
                if self.run(run_id) is None:
                    message = f"no run {run_id!r}: add_run comes before its trials"
                    raise ValueError(message) from None
            raise

    def trials(
        self,
        run_id: str | None = None,
        task: str | None = None,
        subject_kind: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Rows in the form of `trial_table.empty_row`, in the order in which they were written."""
        return list(self.each_trial(run_id, task, subject_kind, subject, limit))

    def each_trial(
        self,
        run_id: str | None = None,
        task: str | None = None,
        subject_kind: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The same rows, one after the other: they need not all fit into memory."""
        filters = dict(run_id=run_id, task=task, subject_kind=subject_kind, subject=subject)
        return self._each(trial_table.COLUMNS, filters, limit)

    def condition_names(
        self,
        run_id: str | None = None,
        task: str | None = None,
        subject_kind: str | None = None,
        subject: str | None = None,
    ) -> list[str]:
        """The conditions that such rows have as columns in CSV, read without keeping the rows."""
        filters = dict(run_id=run_id, task=task, subject_kind=subject_kind, subject=subject)
        rows = self._each(["conditions"], filters, None)
        return flat.names(row["conditions"] for row in rows)

    def _each(
        self, columns: Iterable[str], filters: Mapping[str, str | None], limit: int | None
    ) -> Iterator[dict[str, Any]]:
        given = {name: value for name, value in filters.items() if value is not None}
        statement = sa.select(*(_TRIALS.c[name] for name in columns))
        statement = statement.where(*_equal(_TRIALS, given))
        statement = statement.order_by(_TRIALS.c.number).limit(limit)
        with self._engine.connect() as connection:
            found = connection.execution_options(yield_per=AT_ONCE).execute(statement)
            for row in found:
                yield dict(row._mapping)


# -- runs ---------------------------------------------------------------------------------------


def run_of(rows: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """The run that rows belong to, such as those of a rollout; `more` sets other `RUN_COLUMNS`."""
    if len({row["run_id"] for row in rows}) != 1:
        raise ValueError("expected rows of one run")
    shared = {name: rows[0][name] for name in RUN_COLUMNS if name in trial_table.COLUMNS}
    return {**shared, "n_trials": len(rows), **more}


def _plain_run(run: Mapping[str, Any]) -> dict[str, Any]:
    if extra := [name for name in run if name not in RUN_COLUMNS]:
        raise ValueError(unknown("column of runs", extra, RUN_COLUMNS))
    given = {name: plain(value) for name, value in run.items() if value is not None}
    full = {
        **dict.fromkeys(RUN_COLUMNS),
        **_RUN_DEFAULTS,
        "created_utc": trial_table.utc_now(),
        **given,
    }
    values = {name: checked(name, value, _RUN_KINDS[name]) for name, value in full.items()}
    return _check(values, _REQUIRED, "run")


def _plain_trial(row: Mapping[str, Any]) -> dict[str, Any]:
    values = _check(plain_row(row), ("uid", "run_id", "task"), "trial")
    return {**values, "finished": trial_table.is_finished(values)}


def _check(values: dict[str, Any], required: tuple[str, ...], what: str) -> dict[str, Any]:
    if missing := [name for name in required if not values[name]]:
        raise ValueError(f"a {what} without {', '.join(missing)}")
    if values["seed"] is not None and values["seed"] < 0:
        raise ValueError(f"seed = {values['seed']}: expected 0 to {MAX_INTEGER}")
    return values


# -- queries ------------------------------------------------------------------------------------


def _equal(table: sa.Table, values: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in values.items()]


def _done(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """By run: run_id, n_done, accuracy, median_rt_ms, pace, reward, last_utc of finished trials."""
    trials = _TRIALS.c
    run_id = trials.run_id
    order = sa.func.row_number().over(partition_by=run_id, order_by=trials.rt_ms)
    n = sa.func.count().over(partition_by=run_id)
    ranked = (
        sa.select(run_id, trials.rt_ms, (order * 2).label("twice"), n.label("n"))
        .where(where, trials.finished, trials.rt_ms.is_not(None))
        .subquery()
    )
    middle = (  # one trial, or the two about the middle
        sa.select(ranked.c.run_id, sa.func.avg(ranked.c.rt_ms).label("median_rt_ms"))
        .where(ranked.c.twice.between(ranked.c.n, ranked.c.n + 2))
        .group_by(ranked.c.run_id)
        .subquery()
    )
    hit = sa.case((trials.correct.is_(True), 1.0), (trials.correct.is_(False), 0.0))
    return (
        sa.select(
            run_id,
            sa.func.count().label("n_done"),
            sa.func.avg(sa.cast(hit, sa.Double)).label("accuracy"),
            sa.func.max(middle.c.median_rt_ms).label("median_rt_ms"),
            sa.func.avg(trials.pace).label("pace"),
            sa.func.sum(trials.reward).label("reward"),
            sa.func.max(trials.created_utc).label("last_utc"),
        )
        .outerjoin_from(_TRIALS, middle, run_id == middle.c.run_id)
        .where(where, trials.finished)
        .group_by(run_id)
    )


@cache
def _done_of_run() -> sa.Select[Any]:
    """The same of the run `asked`; made once, as making it costs more than what it does."""
    return _done(_TRIALS.c.run_id == sa.bindparam("asked"))


# -- places -------------------------------------------------------------------------------------


def default_path() -> Path:
    """data/neurogym.db in the checkout, or in the current folder if neurogym was installed."""
    checkout = Path(__file__).resolve().parents[2]
    home = checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()
    return home / "data" / "neurogym.db"


def database_url(url: str | Path | sa.URL | None = None) -> sa.URL:
    """The URL of a database given as in `Store`; ValueError if it is none that a store takes."""
    parsed = url if isinstance(url, sa.URL) else _parsed(url)
    if (kind := parsed.get_backend_name()) not in _INSERT:
        raise ValueError(unknown("database", [kind], _INSERT))
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError(
            f"{parsed}: a store needs a file, as threads do not share memory databases"
        )
    return parsed


def _parsed(url: str | Path | None) -> sa.URL:
    given = str(url or os.environ.get("NEUROGYM_DB") or default_path())
    if "://" not in given:
        return sa.URL.create("sqlite", database=str(Path(given).expanduser().absolute()))
    try:
        return sa.make_url(given)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError(
            "the database URL cannot be read: expected such as sqlite:////folder/file.db or"
            " postgresql://user:password@host/name"
        ) from None


def _engine(url: sa.URL) -> sa.Engine:
    compact = partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return sa.create_engine(url, json_serializer=compact, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{url.get_backend_name()} needs a driver: pip install {error.name}", name=error.name
        ) from error


def _prepare_file(path: Path, create: bool) -> None:
    if not create and not path.is_file():
        raise FileNotFoundError(f"no database {path}")
    path.parent.mkdir(parents=True, exist_ok=True)


def _place(path: Path) -> tuple[int, int]:
    """What a file is known by, whatever its name; OSError if it is gone."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _set_pragmas(wait_ms: int, connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={wait_ms}")
    _enter_wal(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _enter_wal(cursor: sqlite3.Cursor) -> None:
    """SQLite refuses the switch at once, whatever the timeout, while another one is at it."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
        time.sleep(0.005)
