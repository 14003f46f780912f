"""The program of a closed task for many trials: compiled by numba where it is there, else Python.

numba is used if it is installed (`pip install 'neurogym[fast]'`) and the environment variable
NEUROGYM_COMPILED is not 0. What it compiled is kept in a folder of the user's: see `folder`.
"""

from __future__ import annotations

import ast
import copy
import functools
import hashlib
import importlib.util
import inspect
import math
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from neurogym.loops import kernels
from neurogym.loops.program import ROWS, Program, at
from neurogym.loops.reading import NUMERIC

NAMES = ("act", "start", "look", "label", "play")
KEPT = 256  # programs that stay in the cache
PATIENCE = 1.0  # seconds until it is told that something is being compiled
MATH = sorted(name for name in NUMERIC if hasattr(math, name))
EFFECT_KINDS = "fbfibib"  # the parts of an effect: floats, booleans, whole numbers
HEADER = f"""\
import numpy as np
from math import {", ".join(MATH)}
from numba import njit

compiled = njit(cache={{cache}}, nogil=True, boundscheck=True)
NAN = float("nan")
"""


def wanted() -> bool:
    """Whether programs are compiled."""
    return os.environ.get("NEUROGYM_COMPILED") != "0" and has_numba()


@functools.cache
def has_numba() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def folder() -> Path:
    """Where compiled programs are kept."""
    if given := os.environ.get("NEUROGYM_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "neurogym" / "compiled"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "neurogym" / "compiled"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neurogym/compiled"


class Kernels:
    """The functions of `neurogym.loops.kernels` for one program.

    `compiled` tells that they take arrays, which `given` leaves as they are; else it makes lists of
    them, in which Python is faster. `shows` tells whether there is something for `look` to do, and
    `fields` how many numbers a state has.
    """

    act: Callable[..., int]
    start: Callable[..., None]
    look: Callable[..., None]
    label: Callable[..., None]
    play: Callable[..., int]

    def __init__(self, program: Program, graded: bool, name: str, compiled: bool):
        self.program, self.graded, self.name, self.compiled = program, graded, name, compiled
        self.shows = "observe_" in program.functions
        self.labels = "best_" in program.functions
        self.fields = len(program.fields)
        self.plain = plain(text(program, graded), tuple(program.tables.items()))
        for name in NAMES:
            setattr(self, name, functools.partial(self._first, name) if compiled
                    else self.plain[name])  # fmt: skip

    def __reduce__(self) -> tuple[Any, ...]:
        """Made again: functions belong to one process."""
        return kernels_of, (self.program, self.graded, self.name, self.compiled)

    def given(self, values: np.ndarray) -> Any:
        """An array as the functions take it."""
        return values if self.compiled else values.tolist()

    def room(self, n: int, *usual: Any) -> tuple[Any, ...]:
        """Room for n entries of several kinds each, filled with what is usual."""
        return tuple(np.full(n, u) if self.compiled else [u] * n for u in usual)

    def states(self, n: int) -> Any:
        """Room for the states of n trials."""
        return self.given(np.zeros((n, self.fields)))

    def conditions(self, columns: Mapping[str, np.ndarray], n: int) -> np.ndarray:
        """What the program reads of the conditions of n trials, (n, conditions)."""
        out = np.zeros((n, max(1, len(self.program.conditions))))
        for i, name in enumerate(self.program.conditions):
            out[:, i] = columns[name]
        return out

    def aims(self, rows: Mapping[str, np.ndarray], n: int) -> np.ndarray:
        """What is right in n rows where actions are graded, (n, k)."""
        return np.asarray(rows["aim"], float) if self.graded else np.zeros((n, 1))

    @functools.cached_property
    def _typed(self) -> ModuleType:
        return typed(self.program, self.graded, self.name)

    def _first(self, name: str, *args: Any) -> Any:
        """The first call compiles, and tells of it where that takes long."""
        told = threading.Timer(PATIENCE, self._tell)
        told.daemon = True
        told.start()
        try:
            function = getattr(self._typed, name)
            out = function(*args)
        except Exception as error:
            from numba.core.errors import NumbaError

            if not isinstance(error, NumbaError):
                raise
            function = self.plain[name]
            why = str(error).strip().splitlines()
            warnings.warn(
                f"{self.name}: numba cannot compile {name}, which runs in Python: "
                + " ".join(why[:6]),
                stacklevel=3,
            )
            out = function(*args)
        finally:
            told.cancel()
        setattr(self, name, function)
        return out

    def _tell(self) -> None:
        if sys.stderr.isatty():
            print(f"compiling {self.name} ...", file=sys.stderr, flush=True)


def kernels_of(program: Program, graded: bool, name: str, compiled: bool | None = None) -> Kernels:
    """The kernels of a program; compiled if that is wanted."""
    compiled = wanted() if compiled is None else compiled and has_numba()
    key = program.text(), tuple(program.tables.items()), graded, compiled
    if key not in _known:
        if len(_known) >= KEPT:
            _known.pop(next(iter(_known)))
        _known[key] = Kernels(program, graded, name, compiled)
    return _known[key]


_known: dict[Any, Kernels] = {}


@functools.lru_cache(maxsize=KEPT)
def plain(text: str, tables: tuple[tuple[str, tuple[float, ...]], ...]) -> dict[str, Any]:
    """The functions of a text, as Python."""
    names: dict[str, Any] = {**NUMERIC, **dict(tables), "NAN": float("nan")}
    exec(compile(text, "<steps>", "exec"), names)
    return names


# -- texts -----------------------------------------------------------------------------------------


def text(program: Program, graded: bool, typed: bool = False) -> str:
    """The program's functions, what stands for those it lacks, and the kernels."""
    rows = ", ".join(ROWS)
    made = [_entering(program.functions["begin_"])]
    made += [copy.deepcopy(node) for name, node in program.functions.items() if name != "begin_"]
    lacking = {"best_": f"def best_({rows}):\n    return 0",
               "observe_": f"def observe_({rows}, ob):\n    pass"}  # fmt: skip
    parts = [node for name, node in lacking.items() if name not in program.functions]
    parts.append(f"def chosen_(right, aim):\n    return {'aim' if graded else 'right'}")
    for node in made:
        parts.append(ast.unparse(ast.fix_missing_locations(Typed().visit(node) if typed else node)))
    parts += [inspect.getsource(getattr(kernels, name)) for name in NAMES]
    between = "\n\n@compiled\n" if typed else "\n\n"
    return between + between.join(part.strip() for part in parts) + "\n"


def _entering(begin: ast.FunctionDef) -> ast.FunctionDef:
    """The function that gives a state as one that writes into it."""
    returned = begin.body[-1]
    assert isinstance(returned, ast.Return)
    assert isinstance(returned.value, ast.Tuple)
    body: list[ast.stmt] = [
        ast.Assign([at("s_", i, ast.Store())], copy.deepcopy(value), lineno=1)
        for i, value in enumerate(returned.value.elts)
    ]
    arguments = copy.deepcopy(begin.args)
    arguments.args.append(ast.arg("s_"))
    return ast.FunctionDef("enter_", arguments, body or [ast.Pass()], [], lineno=1, col_offset=0)


class Typed(ast.NodeTransformer):
    """Makes a function say the same in one kind of number at each place."""

    def visit_Return(self, node: ast.Return) -> ast.Return:
        """Each part of an effect is of one kind."""
        self.generic_visit(node)
        if not isinstance(node.value, ast.Tuple):
            return node
        parts = zip(EFFECT_KINDS, node.value.elts, strict=True)
        return ast.Return(ast.Tuple([_as(kind, part) for kind, part in parts], ast.Load()))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """There is no float(True) in numba, and no range of floats."""
        self.generic_visit(node)
        called = ast.unparse(node.func)
        if called == "float":
            return _as("f", node.args[0])
        if called == "range":
            return ast.Call(node.func, [_as("i", part) for part in node.args], [])
        return node


def _as(kind: str, value: ast.expr) -> ast.expr:
    if kind == "f":
        return ast.BinOp(ast.Constant(1.0), ast.Mult(), value)
    if kind == "i":
        return ast.Call(ast.Name("int", ast.Load()), [value], [])
    return ast.Compare(value, [ast.NotEq()], [ast.Constant(0)])


# -- compiled --------------------------------------------------------------------------------------


def typed(program: Program, graded: bool, name: str) -> ModuleType:
    """The module that numba compiles, function by function, when they are first called."""
    tables = "".join(
        f"{name} = np.array({list(map(float, row))})\n" for name, row in program.tables.items()
    )
    body = tables + text(program, graded, typed=True)
    known = hashlib.sha256(f"{sys.version}{_numba()}{HEADER}{body}".encode()).hexdigest()[:24]
    file = f"{''.join(c for c in name if c.isalnum())}_{known}.py"
    try:
        return _module(folder() / file, HEADER.format(cache=True) + body)
    except (OSError, RuntimeError):  # nothing can be kept there, or numba finds no place for it
        own = Path(tempfile.mkdtemp(prefix="neurogym-"))  # of this process, and nobody else's
        return _module(own / file, HEADER.format(cache=False) + body)


def _numba() -> str:
    import numba

    return str(numba.__version__)


def _module(path: Path, text: str) -> ModuleType:
    """A file as a module; it is written unless it is there."""
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        path.parent.mkdir(parents=True, exist_ok=True)
        _forget_old(path.parent)
        own = path.with_suffix(f".{os.getpid()}")
        own.write_text(text, encoding="utf-8")
        own.replace(path)
    spec = importlib.util.spec_from_file_location(f"neurogym_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # numba asks for it when it reads its cache
    spec.loader.exec_module(module)
    return module


def _forget_old(where: Path) -> None:
    """Leave the latest programs alone in a cache."""
    files = sorted(where.glob("*.py"), key=lambda file: file.stat().st_mtime)
    for file in files[: max(0, len(files) - KEPT)]:
        for made in [file, *where.glob(f"__pycache__/{file.stem}*")]:
            with suppress(OSError):
                made.unlink()
