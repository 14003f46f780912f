"""A program as JSON, which the browser turns into functions: see assets/loops.js.

An expression is a number or a boolean, a name (text), or a list that begins with what is done:
an operator, "at" (an entry of a row), "?" (one of two), or "call" and a function's name. A
statement is a list, too: "=", "if", "for", "return", "do".
"""

from __future__ import annotations

import ast
from typing import Any

from neurogym.loops.program import Program
from neurogym.loops.reading import OPERATORS

UNARY = {ast.USub: "neg", ast.UAdd: "pos", ast.Not: "not"}


def wire(program: Program) -> dict[str, Any]:
    """The program's functions and tables, as JSON."""
    return {
        "functions": {
            name: {"args": [a.arg for a in node.args.args], "body": block(node.body)}
            for name, node in program.functions.items()
        },
        "tables": {name: list(row) for name, row in program.tables.items()},
    }


def block(statements: list[ast.stmt]) -> list[Any]:
    """Statements, without those that do nothing."""
    return [statement(s) for s in statements if not isinstance(s, ast.Pass)]


def statement(node: ast.stmt) -> list[Any]:
    """A statement."""
    match node:
        case ast.Assign(targets=[target], value=value):
            return ["=", expression(target), expression(value)]
        case ast.If(test=test, body=body, orelse=orelse):
            return ["if", expression(test), block(body), block(orelse)]
        case ast.For(target=ast.Name(id=counter), iter=ast.Call(args=args), body=body):
            return ["for", counter, [expression(a) for a in args], block(body)]
        case ast.Return(value=None):
            return ["return"]
        case ast.Return(value=ast.Tuple(elts=parts)):
            return ["return", ["row", *map(expression, parts)]]
        case ast.Return(value=value) if value:
            return ["return", expression(value)]
        case ast.Expr(value=value):
            return ["do", expression(value)]
    raise TypeError(f"{ast.unparse(node)!r} is no statement of a program")


def expression(node: ast.expr) -> Any:
    """An expression."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=ast.Name(id=row), slice=place):
            return ["at", row, expression(place)]
        case ast.BinOp(left=left, op=op, right=right):
            return [OPERATORS[type(op)], expression(left), expression(right)]
        case ast.UnaryOp(op=op, operand=operand):
            return [UNARY[type(op)], expression(operand)]
        case ast.BoolOp(op=op, values=values):
            return [OPERATORS[type(op)], *map(expression, values)]
        case ast.Compare(left=left, ops=ops, comparators=right):
            sides = [expression(part) for part in (left, *right)]
            pairs = [[OPERATORS[type(op)], *sides[i : i + 2]] for i, op in enumerate(ops)]
            return pairs[0] if len(pairs) == 1 else ["and", *pairs]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return ["?", expression(test), expression(body), expression(orelse)]
        case ast.Call(func=ast.Name(id=name), args=args):
            return ["call", name, *map(expression, args)]
    raise TypeError(f"{ast.unparse(node)!r} is no expression of a program")
