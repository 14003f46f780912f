"""A task's transition as a program: functions of numbers alone, with all that is known filled in.

The methods of a task speak of `self`, a trial, a state and a step. In the program these are rows of
numbers: `c_` the trial's conditions, `s_` the state, and of the step `p_` the number of its period,
`since_` and `steps_` (steps since the period's first, and how many it has), `last_` (whether it is
the trial's last one) and `aim_` (what is right, where actions are graded).
"""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from neurogym.loops.reading import (
    METHODS,
    NUMERIC,
    Said,
    body,
    constants,
    dynamic,
    meaning,
    names_in,
    said,
)

RECORDS = ("trial", "state", "step")
ROWS = ("c_", "s_", "p_", "since_", "steps_", "last_", "aim_")
EFFECT = ("reward", "ends", "performance", "outcome", "responds", "response", "skip")
USUAL = {"reward": 0.0, "ends": False, "performance": 0.0, "outcome": 0, "responds": False,
         "response": -1, "skip": False}  # fmt: skip
STEP = {"since": "since_", "steps": "steps_", "last": "last_", "aim": "aim_"}


@dataclass
class Program:
    """Functions in an order in which each calls earlier ones alone, and what they look up.

    `functions` are syntax trees; `tables` are rows of numbers by name. `conditions` are the names
    of what `c_` holds, `fields` those of `s_`.
    """

    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    tables: dict[str, tuple[float, ...]] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The functions as Python."""
        tree = ast.Module(list(self.functions.values()), [])
        return ast.unparse(ast.fix_missing_locations(tree))


def program(task: Any) -> Program:
    """The program of a closed task; `reading.Unfit` if its parts do not go together."""
    maker = Maker(task)
    maker.begin()
    for name in ("best", "react", "observe"):
        if (method := maker.method(name)) is not None:
            maker.function(name, method)
    return maker.made


class Maker:
    """Makes the program of a task."""

    def __init__(self, task: Any):
        self.task, self.made = task, Program()
        self.periods = {name: i for i, name in enumerate(task.plan.timing)}

    def method(self, name: str, above: type | None = None) -> tuple[Said, type] | None:
        """A method of the task, or that of the classes above one; None where nobody gives it."""
        mro = type(self.task).__mro__
        for cls in mro[mro.index(above) + 1 if above else 0 :]:
            found = vars(cls).get(name)
            if found is not None:
                given = said(found)
                return replace(given, node=copy.deepcopy(given.node)), cls
        return None

    def begin(self) -> None:
        """The state's fields, and the function that gives what they are at first."""
        fields: dict[str, ast.expr] = {}
        if method := self.method("begin"):
            self._fields(*method, fields)
        self.made.fields = list(fields)
        value = ast.Tuple(list(fields.values()), ast.Load())
        self.add("begin", ["c_"], [ast.Return(value)])

    def _fields(self, method: Said, cls: type, into: dict[str, ast.expr]) -> None:
        *before, last = body(method.node)
        if before or not isinstance(last, ast.Return):
            raise method.unfit(method.node, "expected one `return dict(...)`")
        lower = Lowering(self, method, cls, {"trial"})
        value = last.value
        pairs: list[tuple[ast.expr | None, ast.expr]]
        if isinstance(value, ast.Dict):
            pairs = list(zip(value.keys, value.values, strict=True))
        elif isinstance(value, ast.Call) and not value.args:
            pairs = [(ast.Constant(k.arg) if k.arg else None, k.value) for k in value.keywords]
        else:
            raise method.unfit(last, "expected `return dict(...)`")
        for key, entry in pairs:
            if key is None:  # **super().begin(trial)
                above = self.method("begin", cls)
                if above is None or not ast.unparse(entry).startswith("super().begin("):
                    raise method.unfit(entry, f"`**{ast.unparse(entry)}`")
                self._fields(*above, into)
            else:
                into[ast.literal_eval(key)] = lower.visit(entry)

    def add(self, name: str, arguments: Sequence[str], statements: list[ast.stmt]) -> str:
        """Add a function; returns its name, which ends in _ as no name of an author does."""
        name = f"{name}_"
        told = ast.arguments(
            posonlyargs=[], args=[ast.arg(a) for a in arguments], kwonlyargs=[], kw_defaults=[],
            defaults=[],
        )  # fmt: skip
        self.made.functions[name] = ast.FunctionDef(
            name, told, statements or [ast.Pass()], [], lineno=1, col_offset=0
        )
        return name

    def function(self, name: str, method: tuple[Said, type | None]) -> str:
        """Add what a method, or a function of numbers, says."""
        given, cls = method
        arguments = [a for a in given.arguments if a != "self"]
        records = [a for a in arguments if a in RECORDS]
        own = [a for a in arguments if a not in records]
        if f"{name}_" in self.made.functions:
            return f"{name}_"
        lower = Lowering(self, given, cls, set(records))
        statements = [s for line in body(given.node) for s in lower.statement(line)]
        rows = ROWS if records or cls else ()
        return self.add(name, [*rows, *own], statements)

    def table(self, values: Iterable[float]) -> str:
        """The name of a row of numbers that is looked up."""
        row = tuple(values)
        for name, known in self.made.tables.items():
            if known == row:
                return name
        name = f"table{len(self.made.tables)}"
        self.made.tables[name] = row
        return name

    def condition(self, name: str) -> int:
        """The place of a condition among those that the program reads."""
        if name not in self.made.conditions:
            self.made.conditions.append(name)
        return self.made.conditions.index(name)


def name(text: str, store: bool = False) -> ast.Name:
    """A name."""
    return ast.Name(text, ast.Store() if store else ast.Load())


def at(row: str, place: ast.expr | int, ctx: ast.expr_context | None = None) -> ast.Subscript:
    """An entry of a row."""
    where = ast.Constant(place) if isinstance(place, int) else place
    return ast.Subscript(name(row), where, ctx or ast.Load())


class Lowering(ast.NodeTransformer):
    """Replaces what a method speaks of by rows of numbers, and what is known by its value."""

    def __init__(self, maker: Maker, method: Said, cls: type | None, records: set[str]):
        self.maker, self.method, self.cls = maker, method, cls
        self.records = records
        self.own = dynamic(method)
        self.counters = {
            part.target.id for part in ast.walk(method.node)
            if isinstance(part, ast.For) and isinstance(part.target, ast.Name)
        }  # fmt: skip
        self.names = {**method.names, "self": maker.task}
        self.constants = constants(method)
        for text, value in self.constants.items():
            self.names[text] = self.value(value)

    # -- what is known ---------------------------------------------------------------------------

    def known(self, node: ast.AST) -> bool:
        """Whether an expression can be worked out now."""
        return not (names_in(node) & self.own)

    def value(self, node: Any) -> Any:
        """What an expression is worth; errors name its line."""
        try:
            return eval(compile(ast.Expression(node), self.method.file, "eval"), self.names)
        except Exception as error:
            raise self.method.unfit(node, f"`{ast.unparse(node)[:60]}` failed: {error}:") from error

    def number(self, node: ast.AST) -> ast.expr:
        """An expression that can be worked out, as a number."""
        value = self.value(node)
        if isinstance(value, bool | np.bool_):
            return ast.Constant(bool(value))
        if isinstance(value, int | np.integer):
            return ast.Constant(int(value))
        if isinstance(value, float | np.floating) and math.isfinite(value):
            return ast.Constant(float(value))
        raise self.method.unfit(node, f"`{ast.unparse(node)[:60]}` is {value!r:.60}, no number:")

    def row(self, node: ast.expr) -> tuple[str, tuple[int, ...]]:
        """A table of what an expression holds, and its shape."""
        try:
            values = np.asarray(self.value(node), float)
        except (TypeError, ValueError):
            values = np.zeros(())
        if not values.ndim:
            raise self.method.unfit(node, f"`{ast.unparse(node)[:60]}` holds no numbers:")
        flat = values.ravel().tolist()
        exact = [int(v) if v == int(v) else v for v in flat]
        return self.maker.table(exact), values.shape

    # -- statements ------------------------------------------------------------------------------

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """What a statement becomes."""
        done = self.visit(node)
        return done if isinstance(done, list) else [done]

    def _block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [s for line in statements for s in self.statement(line)]

    def visit_If(self, node: ast.If) -> Any:
        """One branch alone, where it is known which."""
        if self.known(node.test):
            return self._block(node.body if self.value(node.test) else node.orelse) or [ast.Pass()]
        return ast.If(self.visit(node.test), self._block(node.body), self._block(node.orelse))

    def visit_For(self, node: ast.For) -> ast.stmt:
        """A loop over whole numbers."""
        call = node.iter
        assert isinstance(call, ast.Call)
        over = ast.Call(name("range"), [self.visit(a) for a in call.args], [])
        return ast.For(node.target, over, self._block(node.body), [], lineno=1)

    def visit_Assign(self, node: ast.Assign) -> Any:
        """One assignment each."""
        if isinstance(node.value, ast.Tuple):
            targets = node.targets[0]
            assert isinstance(targets, ast.Tuple)
            pairs = zip(targets.elts, node.value.elts, strict=True)
            used = {name for value in node.value.elts for name in names_in(value)}
            if used & {ast.unparse(t).partition(".")[0] for t in targets.elts}:
                raise self.method.unfit(node, "a swap: write one assignment a line;")
            return [self._assign(t, value) for t, value in pairs if not self._constant(t)]
        return [self._assign(t, node.value) for t in node.targets if not self._constant(t)]

    def _constant(self, target: ast.expr) -> bool:
        return isinstance(target, ast.Name) and target.id in self.constants

    def _assign(self, target: ast.expr, value: ast.expr) -> ast.stmt:
        return ast.Assign([self.visit(target)], self.visit(value), lineno=1)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        """`x += y` as `x = x + y`."""
        target, now = self.visit(node.target), self._loaded(node.target)
        return ast.Assign([target], ast.BinOp(now, node.op, self.visit(node.value)), lineno=1)

    def _loaded(self, target: ast.expr) -> ast.expr:
        copied: ast.expr = ast.parse(ast.unparse(target), mode="eval").body
        done: ast.expr = self.visit(copied)
        return done

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        """A number, or the parts of an effect."""
        value = node.value
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "Effect":
            return ast.Return(self._effect(value))
        if value is None:
            return ast.Return(None)
        return ast.Return(self.visit(value))

    def _effect(self, call: ast.Call) -> ast.expr:
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if call.args or (extra := set(given) - set(EFFECT)):
            what = "values without a name" if call.args else ", ".join(sorted(map(str, extra)))
            raise self.method.unfit(call, f"Effect: {what}; allowed are {', '.join(EFFECT)}:")
        parts = [
            self.visit(given[part]) if part in given else ast.Constant(usual)
            for part, usual in USUAL.items()
        ]
        return ast.Tuple(parts, ast.Load())

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """A call for what it does."""
        return ast.Expr(self.visit(node.value))

    # -- expressions -----------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> Any:
        """What is known becomes a number."""
        is_set = isinstance(getattr(node, "ctx", None), ast.Store)
        is_one = isinstance(node, ast.expr) and not isinstance(node, ast.Tuple)
        if is_one and not is_set and self.known(node):
            return self.number(node)
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A number of one's own."""
        if node.id in self.records:
            raise self.method.unfit(node, f"`{node.id}` as a whole")
        return name(node.id, isinstance(node.ctx, ast.Store))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """A condition, a field of the state, something of the step, a channel."""
        root = node.value
        assert isinstance(root, ast.Name)
        if root.id == "trial":
            return at("c_", self._condition(node))
        if root.id == "state":
            fields = self.maker.made.fields
            if node.attr not in fields:
                told = f"the state has no {node.attr!r}; begin gives {', '.join(fields) or 'none'}"
                raise self.method.unfit(node, f"{told}:")
            return at("s_", fields.index(node.attr), node.ctx)
        if root.id == "step":
            if node.attr == "closing":
                after = ast.BinOp(name("since_"), ast.Add(), ast.Constant(1))
                return ast.Compare(after, [ast.Eq()], [name("steps_")])
            if node.attr not in STEP:
                told = ", ".join(["during", "closing", *STEP])
                raise self.method.unfit(node, f"step.{node.attr}; a step has {told}:")
            return name(STEP[node.attr])
        group = self._group(node)
        if group.size != 1:
            raise self.method.unfit(node, f"`{ast.unparse(node)}` has {group.size} channels:")
        return at("ob", group.start, node.ctx)

    def _condition(self, node: ast.Attribute) -> int:
        plan = self.maker.task.plan
        if node.attr not in plan.conditions and node.attr not in plan.timing:
            told = ", ".join([*plan.conditions, *plan.timing])
            raise self.method.unfit(node, f"a trial has no {node.attr!r}, but {told}:")
        return self.maker.condition(node.attr)

    def _group(self, node: ast.Attribute) -> Any:
        channels = self.maker.task.plan.channels
        try:
            return channels[node.attr]
        except (KeyError, ValueError) as error:
            raise self.method.unfit(node, f"{error}:") from None

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """An entry of a table, of a group of channels, of an action, of what is right."""
        place = node.slice
        if self.known(node.value):
            table, shape = self.row(node.value)
            return at(table, self._place(node, shape))
        if isinstance(node.value, ast.Attribute) and ast.unparse(node.value).startswith("ob."):
            start = self._group(node.value).start
            offset = ast.BinOp(ast.Constant(start), ast.Add(), self._whole(place))
            return at("ob", offset, node.ctx)
        row = self.visit(node.value)
        if not isinstance(row, ast.Name):
            raise self.method.unfit(node, f"`{ast.unparse(node)[:60]}`")
        return ast.Subscript(row, self._whole(place), ast.Load())

    def _whole(self, node: ast.expr) -> ast.expr:
        """A place: a whole number, which a field of the state may hold as another kind."""
        place: ast.expr = self.visit(node)
        if isinstance(place, ast.Constant):
            return place
        counts = {part.id for part in ast.walk(place) if isinstance(part, ast.Name)}
        return place if counts and counts <= self.counters else ast.Call(name("int"), [place], [])

    def _place(self, node: ast.Subscript, shape: tuple[int, ...]) -> ast.expr:
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if len(places) != len(shape):
            raise self.method.unfit(node, f"expected {len(shape)} places, not {len(places)}:")
        whole = self._whole(places[0])
        for size, place in zip(shape[1:], places[1:], strict=True):
            row = ast.BinOp(whole, ast.Mult(), ast.Constant(size))
            whole = ast.BinOp(row, ast.Add(), self._whole(place))
        return whole

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """`a in (...)` as one of several equalities."""
        if not any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            compared = [self.visit(part) for part in node.comparators]
            return ast.Compare(self.visit(node.left), node.ops, compared)
        if len(node.ops) > 1:
            raise self.method.unfit(node, f"`{ast.unparse(node)[:60]}`")
        left = self.visit(node.left)
        within: ast.expr = ast.BoolOp(
            ast.Or(),
            [ast.Compare(left, [ast.Eq()], [ast.Constant(v)])
             for v in np.asarray(self.value(node.comparators[0])).tolist()],
        )  # fmt: skip
        return ast.UnaryOp(ast.Not(), within) if isinstance(node.ops[0], ast.NotIn) else within

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A number of numbers, the question for a period, or a function of the same kind."""
        called = ast.unparse(node.func)
        if called == "step.during":
            return self._during(node)
        meant = meaning(node.func, self.names)
        for text, function in NUMERIC.items():
            if meant is function:
                return ast.Call(name(text), [self.visit(a) for a in node.args], [])
        above = called.startswith("super().")
        if called.startswith("self.") or above:
            wanted = called.rpartition(".")[2]
            method = self.maker.method(wanted, self.cls if above else None)
            if method is None:
                raise self.method.unfit(node, f"there is no {called}:")
            given, cls = method
            text = wanted if not above and wanted in METHODS else f"{wanted}_of_{cls.__name__}"
            return self._calling(node, self.maker.function(text, method), given, bound=True)
        given = said(meant)
        given = replace(given, node=copy.deepcopy(given.node))
        return self._calling(node, self.maker.function(given.name, (given, None)), given)

    def _calling(self, node: ast.Call, text: str, given: Said, bound: bool = False) -> ast.expr:
        """A call of a function of the program."""
        wanted = [a for a in given.arguments if a != "self"]
        told = dict(zip(wanted, node.args, strict=False))
        told.update((str(keyword.arg), keyword.value) for keyword in node.keywords)
        if set(told) != set(wanted):
            raise self.method.unfit(node, f"{text}: expected {', '.join(wanted)};")
        records = [a for a in wanted if a in RECORDS]
        rows = [name(row) for row in ROWS] if bound or records else []
        own = [name("ob") if a == "ob" else self.visit(told[a]) for a in wanted if a not in records]
        return ast.Call(name(text), [*rows, *own], [])

    def _during(self, node: ast.Call) -> ast.expr:
        tests: list[ast.expr] = []
        for part in node.args:
            period = self.value(part)
            if period not in self.maker.periods:
                told = ", ".join(self.maker.periods)
                raise self.method.unfit(node, f"there is no period {period!r}, but {told}:")
            number = ast.Constant(self.maker.periods[period])
            tests.append(ast.Compare(name("p_"), [ast.Eq()], [number]))
        return tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
