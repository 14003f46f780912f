"""The command `neurogym`: look tasks up, let agents play them, export rows, serve the app."""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
import io
import json
import os
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import neurogym
from neurogym import serve
from neurogym.docs.datasheets import write as write_sheets
from neurogym.docs.info import datasheet, facts, page, page_of_tasks, paragraphs
from neurogym.records import formats
from neurogym.records.files import FORMATS, MAX_INTEGER, is_export, write_csv, write_json
from neurogym.registry import load, load_named
from neurogym.serve import app_folder, tasks_source, whole
from neurogym.spec.parameters import from_json, plain, shortened, unknown
from neurogym.subjects.agents import AGENTS, agent
from neurogym.subjects.rollout import rollout
from neurogym.trials.catalogue import all_envs, configure, full_id, make, task_class
from neurogym.wrappers import WRAPPERS, read

MOST_TRIALS = 10_000_000  # of a rollout: their rows are kept until it ends

EXAMPLES = """\
examples:
  neurogym list --tag perceptual
  neurogym info PerceptualDecisionMaking
  neurogym datasheets sheets
  neurogym list --wrappers
  neurogym rollout GoNogo --agent oracle --trials 20 --out -
  neurogym export --format csv --task GoNogo --out trials.csv
  neurogym page GoNogo --out gonogo.html
  neurogym serve --open

`neurogym COMMAND --help` says more about a command.
"""
ROLLOUT_EXAMPLES = """\
examples:
  neurogym rollout GoNogo --agent random --trials 20 --out -
  neurogym rollout PerceptualDecisionMaking --preset human --agent integrator \\
      --agent-param bound=60 --param 'cohs=[3, 12, 48]' --param 'timing={"stimulus": 1000}' \\
      --out integrator.csv
  neurogym rollout PerceptualDecisionMaking --agent integrator --wrapper ReactionTime \\
      --wrapper 'Staircase={"down": 3}' --out staircase.csv
  neurogym rollout GoNogo --trials 500 --seed 7 --out agents.db
  neurogym rollout GoNogo --tasks my_agents.py --agent mine --out mine.csv
"""
EXPORT_EXAMPLES = """\
examples:
  neurogym export > trials.csv
  neurogym export --format json --task GoNogo --out gonogo.json
  neurogym export --db agents.db --run 0123456789ab --out run.csv
  neurogym export --task PerceptualDecisionMaking --for pyddm --condition coh --out dots.csv
  neurogym export --task PerceptualDecisionMaking --subject mia --for psignifit --out mia.csv
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 for bad input, 1 for other failures."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        arguments = _parser().parse_args(argv)
        if "own" in arguments:
            _load_own(arguments.own)
        code = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # --help and --version
        return int(end.code or 0)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except (
        BrokenPipeError
    ):  # the reader of our output has seen enough; the flush at exit must not fail
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except FileNotFoundError as error:
        return _fail(_of_system(error), 2)
    except (ValueError, OverflowError) as error:
        return _fail(str(error), 2)
    except OSError as error:
        return _fail(_of_system(error), 1)
    except ImportError as error:
        return _fail(str(error), 1)
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "sqlalchemy":
            return _fail(f"the database failed: {getattr(error, 'orig', None) or error}", 1)
        raise


def _fail(message: str, code: int) -> int:
    print("neurogym: error:", " ".join(shortened(message, 5000).split()), file=sys.stderr)
    return code


def _of_system(error: OSError) -> str:
    if error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


# -- arguments ----------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="neurogym",
        description="Cognitive tasks that a person plays in the browser and an agent in Python.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"neurogym {neurogym.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    def command(run: Callable, name: str, text: str, epilog: str | None = None) -> _Parser:
        sub = commands.add_parser(
            name,
            help=text[0].lower() + text[1:].rstrip("."),
            description=text,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    _list_arguments(command(_list, "list", "List the tasks."))
    _info_arguments(command(_info, "info", "Say what a task is and what it takes."))
    _datasheets_arguments(command(_datasheets, "datasheets", "Write pages with pictures."))
    _rollout_arguments(
        command(_rollout, "rollout", "Let an agent play and write its trials.", ROLLOUT_EXAMPLES)
    )
    _export_arguments(command(_export, "export", "Write stored trials to a file.", EXPORT_EXAMPLES))
    _page_arguments(command(_page, "page", "Write a run to one file that plays by itself."))
    _import_arguments(command(_import, "import", "Store what people played in such a file."))
    served = command(_serve, "serve", "Serve the web app.", serve.EXAMPLES)
    _add_db(served)
    serve.add_arguments(served)
    return parser


def _list_arguments(parser: _Parser) -> None:
    _add_own(parser)
    parser.add_argument("--tag", help="only tasks with this tag")
    parser.add_argument("--wrappers", action="store_true", help="wrappers instead of tasks")
    parser.add_argument("--markdown", action="store_true", help="the page docs/tasks.md")


def _info_arguments(parser: _Parser) -> None:
    _add_own(parser)
    parser.add_argument("id", metavar="ID", help="a task or wrapper, such as GoNogo or Staircase")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--markdown", action="store_true", help="a datasheet in Markdown")


def _datasheets_arguments(parser: _Parser) -> None:
    _add_own(parser)
    parser.add_argument("folder", type=Path, help="where a page for each task is written")
    parser.add_argument("ids", nargs="*", metavar="ID", help="tasks (all)")


def _rollout_arguments(parser: _Parser) -> None:
    _add_own(parser)
    parser.add_argument("id", metavar="ID", help="a task, such as GoNogo")
    parser.add_argument(
        "--agent",
        default="oracle",
        metavar="NAME",
        help=f"{', '.join(AGENTS)}, or one that --tasks registers (%(default)s)",
    )
    parser.add_argument("--trials", type=lambda text: whole(text, 1, MOST_TRIALS), default=100,
                        help="how many (%(default)s)")  # fmt: skip
    parser.add_argument("--seed", type=_seed, default=0, help="of the trials (%(default)s)")
    parser.add_argument(
        "--preset",
        help="human: the parameters of a person's task; or another that `neurogym info` lists",
    )
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the task; the value is JSON, or else text; can be repeated",
    )
    parser.add_argument(
        "--wrapper",
        action="append",
        default=[],
        metavar="NAME[=PARAMS]",
        help="a wrapper, with its parameters as JSON; can be repeated, the innermost first",
    )
    parser.add_argument(
        "--agent-param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the agent; can be repeated",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="a .csv or .json file; earlier trials in it are overwritten; a .db file or a database"
        " URL, to which the run is added; - for CSV on the standard output",
    )
    _add_force(parser, "trials")


def _export_arguments(parser: _Parser) -> None:
    parser.add_argument("--format", choices=FORMATS, help="that of FILE's name, or else csv")
    parser.add_argument(
        "--for",
        dest="program",
        choices=formats.FORMATS,
        help="CSV as this program takes it; but for pandas, of tasks with two choices",
    )
    parser.add_argument(
        "--coding",
        choices=formats.CODINGS,
        help="pyddm and hssm: the upper choice is the second answer (default), or a right one",
    )
    parser.add_argument(
        "--condition",
        action="append",
        metavar="NAME",
        help="pyddm and hssm: a condition that is told, rather than all; can be repeated",
    )
    parser.add_argument(
        "--level", metavar="NAME", help="psignifit: the condition that is the level"
    )
    parser.add_argument(
        "--missing",
        action="store_true",
        default=None,
        help="hssm: trials without a response, too, as it takes them with missing_data=True",
    )
    _add_db(parser)
    parser.add_argument("--run", dest="run_id", metavar="ID", help="only this run")
    parser.add_argument("--task", metavar="ID", help="only this task")
    parser.add_argument("--subject", metavar="NAME", help="only this person or agent")
    parser.add_argument(
        "--out",
        default="-",
        metavar="FILE",
        help="the file; an earlier export is overwritten; - for the standard output (default)",
    )
    _add_force(parser, "such export")
    parser.add_argument(
        "--raw",
        action="store_true",
        help="CSV without the apostrophe before text that a spreadsheet would run",
    )


def _page_arguments(parser: _Parser) -> None:
    parser.add_argument("id", help="a task, as `neurogym list` names it; -v0 may be left out")
    parser.add_argument("--preset", default="human", help="human (default), agent, or another that"
                        " `neurogym info` lists")  # fmt: skip
    parser.add_argument("--param", action="append", default=[], metavar="NAME=JSON",
                        help="a parameter of the task; can be repeated")  # fmt: skip
    parser.add_argument("--wrapper", action="append", default=[], metavar="NAME[=JSON]",
                        help="a wrapper around it, the innermost first")  # fmt: skip
    parser.add_argument("--trials", type=lambda text: whole(text, 1, 5000), default=20,
                        help="(%(default)s)")  # fmt: skip
    parser.add_argument("--seed", type=_seed, default=0, help="seed of the trials (%(default)s)")
    parser.add_argument("--subject", default="guest", help="whose run it is called (%(default)s)")
    parser.add_argument("--out", required=True, metavar="FILE",
                        help="the page, NAME.html; an earlier page is overwritten")  # fmt: skip
    _add_force(parser, "such page")
    _add_own(parser)


def _import_arguments(parser: _Parser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE",
                        help="JSON that a page gave out, or that JATOS collected")  # fmt: skip
    parser.add_argument("--subject", help="whose run it is, in place of what the page says")
    _add_db(parser)
    _add_own(parser)


def _add_own(parser: _Parser) -> None:
    parser.add_argument(
        "--tasks",
        action="append",
        default=[],
        dest="own",
        metavar="FILE",
        help="a Python file or module with tasks, agents or wrappers of your own, beside those that"
        " NEUROGYM_TASKS names; can be repeated",
    )


def _add_force(parser: _Parser, what: str) -> None:
    parser.add_argument("--force", action="store_true", help=f"write over a file that is no {what}")


def _add_db(parser: _Parser) -> None:
    parser.add_argument(
        "--db",
        metavar="URL",
        help="database URL or SQLite file (NEUROGYM_DB, or else data/neurogym.db)",
    )


def _seed(text: str) -> int:
    return whole(text, 0, MAX_INTEGER)


def _load_own(given: Sequence[str]) -> None:
    """Load what NEUROGYM_TASKS names, and what `--tasks` does."""
    load_named()
    for source in given:
        load(tasks_source(source))


def _assigned(option: str, pairs: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"{option} {pair!r}: expected NAME=VALUE")
        if name in values:
            raise ValueError(f"{option} {name} is given twice")
        try:
            values[name] = from_json(text)
        except json.JSONDecodeError:
            values[name] = text
        except ValueError as error:
            raise ValueError(f"{option} {name}: {error}") from None
    return values


def _stack(wrappers: Sequence[str]) -> list[dict[str, Any]]:
    """A stack from NAME or NAME=PARAMS; ValueError says what is wrong with which."""
    stack = []
    for text in wrappers:
        name, _, params = text.partition("=")
        try:
            stack.append({name: from_json(params or "{}")})
        except ValueError as error:
            raise ValueError(f"--wrapper {name}: {params:.200} is not JSON: {error}") from None
    read(stack)
    return stack


def _known_id(id: str) -> str:
    """The full id; the error is shorter than that of `make`, which lists all tasks."""
    try:
        return full_id(id)
    except ValueError:
        stems = {known.rpartition("-v")[0].lower(): known for known in all_envs()}
        close = difflib.get_close_matches(id.rpartition("-v")[0].lower() or id.lower(), stems, 1)
        hint = f"did you mean {stems[close[0]]!r}? " if close else ""
        raise ValueError(f"unknown task {id!r}: {hint}`neurogym list` shows all") from None


# -- list and info ------------------------------------------------------------------------------


def _list(arguments: argparse.Namespace) -> int:
    rows: list[tuple[str, ...]] = []
    if sum(map(bool, (arguments.wrappers, arguments.tag, arguments.markdown))) > 1:
        raise ValueError("give either --wrappers, --tag or --markdown")
    if arguments.markdown:
        print(page_of_tasks(), end="")
        return 0
    if arguments.wrappers:
        rows = [(name, paragraphs(cls)[0]) for name, cls in WRAPPERS.items()]
    for id in all_envs(arguments.tag) if not arguments.wrappers else ():
        cls = task_class(id)
        rows.append((id, cls.sentence() if cls else "", ", ".join(cls.tags if cls else ())))
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    return 0


def _info(arguments: argparse.Namespace) -> int:
    told = facts(arguments.id if arguments.id in WRAPPERS else _known_id(arguments.id))
    if arguments.json:
        print(json.dumps(plain(told), indent=2, ensure_ascii=False))
    else:
        print((datasheet if arguments.markdown else page)(told))
    return 0


def _datasheets(arguments: argparse.Namespace) -> int:
    ids = [_known_id(id) for id in arguments.ids]
    if extra := [id for id in ids if task_class(id) is None]:
        raise ValueError(f"{extra[0]!r} is no declared task: there is no datasheet of it")
    files = write_sheets(arguments.folder, ids or all_envs())
    print(f"{len(files)} files in {arguments.folder}")
    return 0


# -- rollout and export -------------------------------------------------------------------------


def _rollout(arguments: argparse.Namespace) -> int:
    id = _known_id(arguments.id)
    write = _writer(arguments.out, arguments.force)
    params = _assigned("--param", arguments.param)
    if arguments.preset:
        params["preset"] = arguments.preset
    agent_params = _assigned("--agent-param", arguments.agent_param)
    _check(lambda: agent(arguments.agent, **agent_params))
    _check_task(id, params)
    if stack := _stack(arguments.wrapper):
        params["stack"] = stack
    rows = rollout(
        id,
        arguments.agent,
        arguments.trials,
        seed=arguments.seed,
        agent_params=agent_params,
        **params,
    )
    write(rows)
    print(_line(rows, arguments.out), file=sys.stderr)
    return 0


def _check_task(id: str, params: dict[str, Any]) -> None:
    """Checked here first: gymnasium and `rollout` have arguments of their own."""
    cls = task_class(id)
    if cls is None:
        _check(lambda: make(id, **params).close())
        return
    _check_names(cls.__name__, params, ["preset", *cls.param])
    _check(lambda: configure(cls, **params))


def _check_names(owner: str, params: dict[str, Any], allowed: Iterable[str]) -> None:
    allowed = [name for name in allowed if name != "name"]
    if extra := [name for name in params if name not in allowed]:
        raise ValueError(f"{owner}: {unknown('parameter', extra, allowed)}")


def _check(make_one: Callable[[], Any]) -> None:
    """What a constructor does not take is the user's mistake, whichever error it raises."""
    try:
        make_one()
    except TypeError as error:
        raise ValueError(str(error)) from error


def _writer(out: str, force: bool) -> Callable[[list[dict[str, Any]]], None]:
    """How rows get to where `--out` says; ValueError if it says nothing that is known."""
    suffix = Path(out).suffix.lower()
    if out == "-":
        return lambda rows: write_csv(rows, sys.stdout)
    if "://" in out or suffix == ".db":
        from neurogym.records.database import database_url

        url = database_url(out)
        return lambda rows: _store_rows(rows, url)
    if suffix.lstrip(".") not in FORMATS:
        raise ValueError(f"--out {out}: expected a name that ends in .csv, .json or .db, or -")
    if not Path(out).absolute().parent.is_dir():  # known before the agent has played for hours
        raise ValueError(f"--out {out}: there is no such folder")
    _check_file(out, force, partial(is_export, form=suffix[1:]), f"{suffix[1:].upper()} of trials")
    return lambda rows: (write_csv if suffix == ".csv" else write_json)(rows, out)


def _store_rows(rows: list[dict[str, Any]], url: Any) -> None:
    from neurogym.records.database import Store, run_of

    with Store(url) as store:
        store.add_run(run_of(rows))
        store.add_trials(rows)


def _line(rows: list[dict[str, Any]], out: str) -> str:
    correct = statistics.fmean(row["correct"] for row in rows)
    reward = statistics.fmean(row["reward"] for row in rows)
    times = [row["rt_ms"] for row in rows if row["rt_ms"] is not None]
    rt = f"{statistics.median(times):.0f} ms" if times else "none"
    first = rows[0]
    return (
        f"{first['task']}, {first['subject']}, seed {first['seed']}: {len(rows)} trials,"
        f" {correct:.1%} correct, median RT {rt}, mean reward {reward:.3g};"
        f" run {first['run_id']} -> {'standard output' if out == '-' else out}"
    )


def _export(arguments: argparse.Namespace) -> int:
    from neurogym.records.database import Store

    form = arguments.format or Path(arguments.out).suffix.lower().lstrip(".") or "csv"
    if form not in FORMATS:
        raise ValueError(f"--out {arguments.out}: name a --format, {' or '.join(FORMATS)}")
    how = _asked_of_program(arguments, form)
    _check_target(arguments, arguments.program or form)
    with Store(arguments.db, create=False) as store:
        runs = store.runs()
        known = {run["run_id"] for run in runs}
        if arguments.run_id is not None and arguments.run_id not in known:
            raise ValueError(f"no run {arguments.run_id!r} among the {len(known)} that are stored")
        task = _stored_task(arguments.task, runs)
        which = dict(run_id=arguments.run_id, task=task, subject=_stored_subject(arguments, runs))
        rows = _Counted(store.each_trial(**which))
        file = sys.stdout if arguments.out == "-" else arguments.out
        names = store.condition_names(**which) if form == "csv" else []
        if arguments.program:
            formats.write(arguments.program, rows, file, raw=arguments.raw, known=names, **how)
        elif form == "csv":
            write_csv(rows, file, raw=arguments.raw, conditions=names)
        else:
            write_json(rows, file)
    left_out: Counter[str] = how.get("left_out", Counter())
    if arguments.out != "-" or left_out:
        told = "".join(f"; {n} left out: {why}" for why, n in left_out.items())
        print(f"{rows.n - left_out.total()} trials -> {arguments.out}{told}", file=sys.stderr)
    return 0


def _asked_of_program(arguments: argparse.Namespace, form: str) -> dict[str, Any]:
    """What the format of a program is told; ValueError for what it does not take."""
    program = arguments.program
    taken = {"pyddm": ("coding", "condition"), "hssm": ("coding", "condition", "missing"),
             "psignifit": ("level",)}.get(program, ())  # fmt: skip
    for name in ("coding", "condition", "level", "missing"):
        if getattr(arguments, name) is not None and name not in taken:
            raise ValueError(f"--{name} is not for {program or 'exports of all columns'}")
    if program and form != "csv":
        raise ValueError(f"--for {program} is CSV: --format json does not go with it")
    given = dict(coding=arguments.coding, conditions=arguments.condition, level=arguments.level,
                 missing=arguments.missing)  # fmt: skip
    how = {name: value for name, value in given.items() if value is not None}
    return {**how, "left_out": Counter()} if program not in (None, "pandas") else how


class _Counted:
    """Rows that are counted as they pass, on a terminal for all to see."""

    def __init__(self, rows: Iterable[dict[str, Any]]):
        self.rows, self.n, self.seen = rows, 0, sys.stderr.isatty()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            yield row
            self.n += 1
            if self.seen and self.n % 1000 == 0:
                print(f"\r{self.n:,} trials", end="", file=sys.stderr, flush=True)
        if self.seen and self.n >= 1000:
            print("\r", end="", file=sys.stderr, flush=True)


def _check_target(arguments: argparse.Namespace, form: str) -> None:
    """ValueError rather than to write over what is no export."""
    from neurogym.records.database import database_url

    out, db = Path(arguments.out), Path(database_url(arguments.db).database or "")
    if arguments.out == "-" or not out.is_file():
        return
    if db.is_file() and out.samefile(db):
        raise ValueError(f"--out {out} is the database itself")
    what = f"{form.upper()} of trials" if form in FORMATS else f"table for {form}"
    _check_file(out, arguments.force, partial(is_export, form=form), what)


def _check_file(out: str | Path, force: bool, is_own: Callable[[Path], bool], what: str) -> None:
    """ValueError rather than to write over a file that is not the command's own."""
    path = Path(out)
    if path.is_file() and not force and not is_own(path):
        raise ValueError(f"--out {out}: there is a file that is no {what}; --force writes over it")


def _stored_task(id: str | None, runs: list[dict[str, Any]]) -> str | None:
    """The task's id in the database, which may hold tasks that are not registered here."""
    if id is None:
        return None
    stored = sorted({run["task"] for run in runs})
    for candidate in (id, f"{id}-v0"):
        if candidate in stored:
            return candidate
    raise ValueError(unknown("stored task", [id], stored))


def _stored_subject(arguments: argparse.Namespace, runs: list[dict[str, Any]]) -> str | None:
    stored = sorted({run["subject"] for run in runs if run["subject"]})
    if arguments.subject is not None and arguments.subject not in stored:
        raise ValueError(unknown("subject", [arguments.subject], stored))
    return arguments.subject


# -- runs in one file -----------------------------------------------------------------------------


def _page(arguments: argparse.Namespace) -> int:
    if Path(arguments.out).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--out {arguments.out}: expected a name that ends in .html")
    id, params = _known_id(arguments.id), _assigned("--param", arguments.param)
    stack = _stack(arguments.wrapper)
    if cls := task_class(id):
        _check_task(id, {**params, "preset": arguments.preset})
        params = configure(cls, arguments.preset, **params).settings()
    elif arguments.preset not in ("human", "agent"):
        raise ValueError(f"--preset {arguments.preset}: {id} declares no presets")
    _check_file(arguments.out, arguments.force, _alone().is_page, "run in one file")
    text = _alone().page(id, params, stack, arguments.trials, arguments.seed, arguments.subject)
    Path(arguments.out).write_text(text, encoding="utf-8")
    size = f"{len(text) / 1000:.0f} kB"
    print(f"{id}: {arguments.trials} trials, {size} -> {arguments.out}", file=sys.stderr)
    return 0


def _alone() -> Any:
    """The part of the app that makes pages and reads what comes back from them."""
    app_folder()
    return importlib.import_module("app.alone")


def _import(arguments: argparse.Namespace) -> int:
    from neurogym.records.database import Store

    for file in arguments.files:
        try:
            run, rows = _alone().rows_of(Path(file).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from error
        if arguments.subject:
            run["subject"] = arguments.subject
            rows = [{**row, "subject": arguments.subject} for row in rows]
        with Store(arguments.db) as store:
            known = store.run(run["run_id"])
            if known is None:
                store.add_run(run)
            elif any(known[name] != run[name] for name in ("task", "params", "wrappers", "seed")):
                raise ValueError(f"{file}: the run {run['run_id']!r} is stored as another one")
            new = sum(store.add_trial(row) for row in rows)
        print(f"{file}: {new} of {len(rows)} trials are new; run {run['run_id']}", file=sys.stderr)
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    return serve.run(arguments)
