"""All that is public says what it promises, and what a user calls says how it can fail."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import neurogym as ngym
from neurogym.loops.reading import METHODS

ROOT = Path(__file__).parents[1]
PAGES = ("app.main", "neurogym.__main__")  # these do their work when they are imported
EXTRAS = ("neurogym.envs.sb3",)  # it needs what the tests' extra does not install
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("neurogym", "app")
    for path in sorted((ROOT / package).rglob("*.py"))
]
FILES = [
    *ROOT.glob("dashboards/*.py"), *ROOT.glob("docs/examples/*.py"),
    *(ROOT / f"{name.replace('.', '/')}.py" for name in EXTRAS),
]  # fmt: skip


def public(names):
    return [name for name in names if not name.startswith("_")]


def described(cls, name):
    """Whether a member has a docstring, or a base has one for it.

    What a task says of a step is described where tasks are.
    """
    if issubclass(cls, ngym.Task) and name in METHODS:
        return f"`{name}(self" in inspect.getdoc(ngym.Task)
    return any(inspect.getdoc(vars(base)[name]) for base in cls.__mro__ if name in vars(base))


def is_member(value):
    """Whether it is a method, a property or the like, and not a value."""
    kinds = (property, classmethod, staticmethod)
    return inspect.isfunction(value) or isinstance(value, kinds) or hasattr(value, "attrname")


def undescribed(module):
    """What a module defines, is public, and has no docstring."""
    if not module.__doc__:
        yield module.__name__
    for name in public(vars(module)):
        item = vars(module)[name]
        own = getattr(item, "__module__", None) == module.__name__
        if not own or not (inspect.isclass(item) or inspect.isfunction(item)):
            continue
        if not vars(item).get("__doc__", item.__doc__):
            yield f"{module.__name__}.{name}"
        if inspect.isclass(item):
            members = [key for key in public(vars(item)) if is_member(vars(item)[key])]
            yield from (f"{name}.{key}" for key in members if not described(item, key))


@pytest.mark.parametrize("name", sorted({*MODULES} - {*PAGES, *EXTRAS}))
def test_all_that_is_public_has_a_docstring(name):
    assert list(undescribed(importlib.import_module(name))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_functions_of_a_page_have_a_docstring(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    nodes = [node for node in tree.body if isinstance(node, kinds) and public([node.name])]
    assert all(map(ast.get_docstring, [tree, *nodes]))


FAILS = {  # what a user calls, and the errors that its docstring names
    "make": "ValueError", "make_vec": "ValueError", "register": "ValueError",
    "unregister": "ValueError", "load": "FileNotFoundError", "all_envs": "ValueError",
    "get_collection": "ValueError", "Dataset": "ValueError", "rollout": "ValueError",
    "replay": "ValueError", "agent": "ValueError", "register_agent": "ValueError",
    "TrialEnv": "ValueError",
}  # fmt: skip


@pytest.mark.parametrize("name", FAILS)
def test_what_a_user_calls_says_how_it_fails(name):
    assert FAILS[name] in inspect.getdoc(getattr(ngym, name))
