"""What the methods of a closed task may say, and where they say something else.

A transition is plain scalar Python on numbers, so that it can be run as it stands, compiled, and
played in the browser. What it cannot be is told when its class is made.
"""

from __future__ import annotations

import ast
import builtins
import collections
import functools
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, NoReturn

# the methods, and what they are told of; `self` comes first
METHODS = {
    "begin": ("trial",),
    "best": ("trial", "state", "step"),
    "react": ("trial", "state", "step", "action"),
    "observe": ("trial", "state", "step", "ob"),
}
NUMERIC: Mapping[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (abs, min, max, int, float, bool)},
    **{name: getattr(math, name) for name in (
        "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sqrt", "exp", "log", "floor",
        "ceil", "hypot",
    )},
}  # fmt: skip
STATEMENTS = (ast.Assign, ast.AugAssign, ast.If, ast.For, ast.Return, ast.Expr, ast.Pass)
OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.USub: "-", ast.UAdd: "+", ast.Not: "not", ast.And: "and", ast.Or: "or",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
ALLOWED = (
    "assignments, if, for over range(...), return, arithmetic, comparisons, and/or/not, x if y else"
    f" z, {', '.join(NUMERIC)} of math and Python, functions and methods of the same kind, and"
    " whatever can be known before a trial"
)


class Unfit(TypeError):
    """A method says what a transition cannot."""


@dataclass(frozen=True)
class Said:
    """A function as it stands in its file."""

    function: FunctionType
    node: ast.FunctionDef
    file: str

    @property
    def name(self) -> str:
        """What it is called."""
        return self.node.name

    @property
    def arguments(self) -> list[str]:
        """The names of its arguments."""
        return [argument.arg for argument in self.node.args.args]

    @functools.cached_property
    def names(self) -> dict[str, Any]:
        """What the names that it does not set itself stand for."""
        return {**vars(builtins), **_closed_over(self.function)}

    def unfit(self, node: ast.AST, what: str) -> Unfit:
        """The error that names the line and what stands there."""
        line = getattr(node, "lineno", self.node.lineno)
        return Unfit(f"{self.file}:{line}: {what} in {self.function.__qualname__}")


def _closed_over(function: FunctionType) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}


@functools.cache
def said(function: FunctionType) -> Said:
    """A function's syntax; `Unfit` if its text cannot be found."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise Unfit(
            f"{function.__qualname__}: its text is not in a file, so it cannot be translated"
        ) from None
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    node = tree.body[0]
    file = inspect.getsourcefile(function) or "?"
    if not isinstance(node, ast.FunctionDef):
        raise Unfit(f"{file}:{first}: expected a function, not {ast.unparse(node)[:40]!r}")
    return Said(function, node, file)


def check(cls: type) -> None:
    """Raise `Unfit` where a method that a class gives itself cannot be translated."""
    for name, arguments in METHODS.items():
        function = vars(cls).get(name)
        if function is None:
            continue
        if not isinstance(function, FunctionType):
            raise Unfit(f"{cls.__qualname__}.{name}: expected a plain method")
        method = said(function)
        if tuple(method.arguments) != ("self", *arguments):
            told = ", ".join(method.arguments)
            raise method.unfit(method.node, f"{name}({told}): expected {name}(self, "
                                            f"{', '.join(arguments)})")  # fmt: skip
        Grammar(method).visit(method.node)


class Grammar(ast.NodeVisitor):
    """Walks a function and raises at the first thing that is not of the small language."""

    def __init__(self, method: Said):
        self.method = method
        self.own = dynamic(method)

    def visit(self, node: ast.AST) -> None:
        """Check a node and what is in it; what is known before a trial can be anything."""
        if isinstance(node, ast.expr) and self.is_static(node):
            return
        super().visit(node)

    def is_static(self, node: ast.expr) -> bool:
        """Whether an expression names nothing that differs from trial to trial."""
        return not (names_in(node) & self.own)

    def refuse(self, node: ast.AST, what: str) -> NoReturn:
        """Raise the error."""
        raise self.method.unfit(node, f"{what} cannot be translated; allowed are {ALLOWED}:")

    def generic_visit(self, node: ast.AST) -> None:
        """What no method below knows is refused."""
        self.refuse(node, f"{type(node).__name__} `{ast.unparse(node)[:60]}`")

    def _inside(self, node: ast.AST) -> None:
        """Check what is in it."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr | ast.stmt):
                self.visit(child)

    visit_If = visit_IfExp = visit_BoolOp = visit_Return = _inside
    visit_Pass = visit_Name = visit_Constant = _inside

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Its body, without its docstring."""
        for statement in body(node):
            self.visit(statement)

    def visit_Assign(self, node: ast.Assign) -> None:
        """To one name, to a field of the state, to a channel, or to several of these."""
        for target in node.targets:
            self._target(target)
        if isinstance(node.value, ast.Tuple):
            targets = node.targets[0]
            if not (isinstance(targets, ast.Tuple) and len(targets.elts) == len(node.value.elts)):
                self.refuse(node, f"`{ast.unparse(node)[:60]}`")
            self._inside(node.value)
        else:
            self.visit(node.value)

    def _target(self, target: ast.expr) -> None:
        if isinstance(target, ast.Tuple):
            for part in target.elts:
                self._target(part)
        elif not isinstance(target, ast.Name):
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if not (isinstance(root, ast.Name) and root.id in ("state", "ob")):
                self.refuse(target, f"to set `{ast.unparse(target)[:60]}`")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """The same, with an operator."""
        self._target(node.target)
        self._operator(node, node.op)
        self.visit(node.value)

    def visit_For(self, node: ast.For) -> None:
        """Over range(...)."""
        call = node.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                and call.func.id == "range" and isinstance(node.target, ast.Name)
                and not node.orelse):  # fmt: skip
            self.refuse(node, f"`for ... in {ast.unparse(call)[:40]}`")
        for part in [*call.args, *node.body]:
            self.visit(part)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A call of a method of the same kind, such as super().observe(...)."""
        if not isinstance(node.value, ast.Call):
            self.refuse(node, f"`{ast.unparse(node)[:60]}`")
        self.visit(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Arithmetic."""
        self._operator(node, node.op)
        self._inside(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """A sign, or `not`."""
        self._operator(node, node.op)
        self._inside(node)

    def _operator(self, node: ast.AST, op: ast.AST) -> None:
        if type(op) not in OPERATORS:
            self.refuse(node, f"the operator of `{ast.unparse(node)[:60]}`")

    def visit_Compare(self, node: ast.Compare) -> None:
        """Comparisons; `in` of what can be known."""
        for op, right in zip(node.ops, node.comparators, strict=True):
            self._operator(node, op)
            if isinstance(op, ast.In | ast.NotIn) and not self.is_static(right):
                self.refuse(node, f"`{ast.unparse(node)[:60]}`")
        self._inside(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`trial.coh`, `state.angle`, `step.last`, `ob.target`."""
        if not (isinstance(node.value, ast.Name) and node.value.id in ("trial", "state", "step",
                                                                       "ob")):  # fmt: skip
            self.refuse(node, f"`{ast.unparse(node)[:60]}`")

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """An entry of what can be known, of a channel, of actions that are numbers."""
        if isinstance(node.slice, ast.Slice):
            self.refuse(node, f"`{ast.unparse(node)[:60]}`")
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for part in [node.value, *indices]:
            self.visit(part)

    def visit_Call(self, node: ast.Call) -> None:
        """A number of numbers, a step's period, an effect, or a function of the same kind."""
        called = ast.unparse(node.func)
        if isinstance(node.func, ast.Name) and node.func.id in self.own:
            self.refuse(node, f"`{called}(...)`")
        if called not in ("step.during", "dict", "Effect"):
            function = meaning(node.func, self.method.names)
            if function in NUMERIC.values():
                if node.keywords:
                    self.refuse(node, f"`{ast.unparse(node)[:60]}`")
            elif not called.startswith(("self.", "super().")):
                if not isinstance(function, FunctionType):
                    self.refuse(node, f"`{called}(...)`")
                Grammar(said(function)).visit(said(function).node)
        for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if not (isinstance(part, ast.Name) and part.id in ("trial", "state", "step", "ob")):
                self.visit(part)

    def visit_Dict(self, node: ast.Dict) -> None:
        """What `begin` gives."""
        for part in node.values:
            self.visit(part)


def meaning(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """What a name, or an attribute of one, stands for; None if that is not known."""
    if isinstance(node, ast.Attribute):
        return getattr(meaning(node.value, names), node.attr, None)
    return names.get(node.id) if isinstance(node, ast.Name) else None


def body(node: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function, without its docstring."""
    first = node.body[0]
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return node.body[1:] if is_doc else node.body


def assigned(node: ast.AST) -> set[str]:
    """The names that a function sets itself."""
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def constants(method: Said) -> dict[str, ast.expr]:
    """The names that a function sets once, and to what can be known before a trial."""
    given = [
        pair for node in ast.walk(method.node) if isinstance(node, ast.Assign)
        for target in node.targets for pair in _pairs(target, node.value)
    ]  # fmt: skip
    times = collections.Counter(
        part.id
        for part in ast.walk(method.node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    )
    found: dict[str, ast.expr] = {}
    differs = {arg for arg in method.arguments if arg != "self"} | set(times)
    for target, value in given:
        text = target.id if isinstance(target, ast.Name) else ""
        if times[text] == 1 and not names_in(value) & differs:
            found[text] = value
            differs.discard(text)
    return found


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def dynamic(method: Said) -> set[str]:
    """The names in a function that can stand for something else in each step."""
    own = {arg for arg in method.arguments if arg != "self"} | assigned(method.node)
    return own - constants(method).keys()


def names_in(node: ast.AST) -> set[str]:
    """The names that an expression needs from outside of it."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - assigned(node)
