"""Where the files lie that the browser loads, and how its modules become one text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
PLAYER_JS, PLAYER_CSS = ASSETS / "player.js", ASSETS / "player.css"

NAME = r"[A-Za-z_$][\w$]*"
WORD = re.compile(r"(?<![\w$.])(import|export|await)(?![\w$])(?!\s*:)")
LIST = r"\{([^{}]*)\}"
IMPORT = re.compile(rf"import\s*(?:{LIST}|\*\s*as\s+({NAME}))\s*from\s*(['\"])([^'\"]*)\3\s*;")
EXPORT = re.compile(
    rf"export\s+(?=(?:async\s+)?function\b\s*\*?\s*({NAME})|class\s+({NAME})|const\s+({NAME})\s*=)"
)
EXPORTS = re.compile(rf"export\s*{LIST}\s*;")
ITEM = re.compile(rf"({NAME})(?:\s+as\s+({NAME}))?")
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/")
TAKEN = "import {a, b as c} from, import * as a from"
GIVEN = "export function, export class, export const NAME =, export {a, b as c};"


class BundleError(SyntaxError):
    """A module has a statement that the bundler does not take."""


@dataclass
class Module:
    """A file without its imports and exports: what it takes from others, and what it gives."""

    path: Path
    text: str
    bindings: list[tuple[Path, str]] = field(default_factory=list)
    exports: dict[str, str] = field(default_factory=dict)


def module(path: Path) -> str:
    """An ES module as one text, with all that it imports; each file is a function of its own.

    Raises BundleError, with the file and line, for a statement that cannot be bundled.
    """
    order: dict[Path, Module] = {}
    collect(path.resolve(), order, ())
    root = Path(os.path.commonpath([file.parent for file in order]))
    key = {file: f'bundled["{file.relative_to(root).as_posix()}"]' for file in order}
    parts = ["const bundled = {};"]
    for file, read in order.items():
        head = "\n".join(f"const {names} = {key[other]};" for other, names in read.bindings)
        given = ", ".join(f"{outer}: {inner}" for outer, inner in read.exports.items())
        parts.append(f"{key[file]} = (() => {{\n{head}\n{read.text}\nreturn {{{given}}};\n}})();")
    names = list(order[path.resolve()].exports)
    outer = [f"const entry_{name} = {key[path.resolve()]}.{name};" for name in names]
    listed = ", ".join(f"entry_{name} as {name}" for name in names)
    return "\n".join([*parts, *outer, f"export {{{listed}}};", ""])


def collect(path: Path, order: dict[Path, Module], above: tuple[Path, ...]) -> Module:
    """Read a file after all that it imports, each once."""
    if path in order:
        return order[path]
    read, wanted = parse(path)
    for other, names, line in wanted:
        if other in (*above, path):
            raise fault(path, line, f"imports {other.name}, which imports this file")
        given = collect(other, order, (*above, path)).exports
        for name in names:
            if name not in given:
                raise fault(path, line, f"{other.name} has no {name}; it gives {sorted(given)}")
    order[path] = read
    return read


def parse(path: Path) -> tuple[Module, list[tuple[Path, list[str], int]]]:
    """A file's text without imports and exports; what it wants: file, names and line."""
    text = path.read_text(encoding="utf-8")
    bare = code_of(text)
    read, wanted, cuts = Module(path, text), [], []
    for found in WORD.finditer(bare):
        at, word = found.start(), found[1]
        line = text.count("\n", 0, at) + 1
        deep = depth(bare, at) > 0
        if word == "await":
            if not deep:
                raise fault(path, line, "await outside of functions cannot be bundled")
        elif word == "import" and not deep and (match := IMPORT.match(text, at)):
            other = beside(path, match[4], line)
            names = items(path, line, match[1] or "")
            taken = ", ".join(f"{outer}: {inner}" for outer, inner in names)
            read.bindings.append((other, match[2] or f"{{{taken}}}"))
            wanted.append((other, [outer for outer, _ in names], line))
            cuts.append(match.span())
        elif word == "export" and not deep and (match := EXPORT.match(text, at)):
            name = match[1] or match[2] or match[3]
            read.exports[name] = name
            cuts.append(match.span())
        elif word == "export" and not deep and (match := EXPORTS.match(text, at)):
            read.exports |= {outer: inner for inner, outer in items(path, line, match[1])}
            cuts.append(match.span())
        else:
            source = text[at:].splitlines()[0]
            allowed = TAKEN if word == "import" else GIVEN
            raise fault(path, line, f"{source!r} cannot be bundled; allowed: {allowed}")
    read.text = without(text, cuts)
    return read, wanted


def fault(path: Path, line: int, problem: str) -> BundleError:
    """The error that names file and line."""
    return BundleError(f"{path.name}:{line}: {problem}")


def beside(path: Path, source: str, line: int) -> Path:
    """The file that an import names."""
    other = (path.parent / source).resolve()
    if not source.startswith(("./", "../")) or not source.endswith(".js") or not other.is_file():
        raise fault(path, line, f"there is no file {source!r}; allowed: './NAME.js'")
    return other


def items(path: Path, line: int, text: str) -> list[tuple[str, str]]:
    """Pairs of what stands before and after `as`."""
    pairs = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        match = ITEM.fullmatch(item)
        if match is None or "default" in match.groups():
            raise fault(path, line, f"{item!r} cannot be bundled; allowed: NAME, NAME as OTHER")
        pairs.append((match[1], match[2] or match[1]))
    return pairs


def without(text: str, cuts: list[tuple[int, int]]) -> str:
    """The text without some spans; the lines keep their numbers."""
    for first, last in reversed(cuts):
        text = text[:first] + "\n" * text.count("\n", first, last) + text[last:]
    return text


def depth(bare: str, at: int) -> int:
    """How many brackets are open at a place."""
    before = bare[:at]
    return sum(map(before.count, "{([")) - sum(map(before.count, "})]"))


def code_of(text: str) -> str:
    """The text with blanks for comments, strings and regular expressions; places stay the same."""
    out = list(text)
    for first, last in literals(text):
        out[first:last] = [c if c == "\n" else " " for c in text[first:last]]
    return "".join(out)


def literals(text: str) -> Iterator[tuple[int, int]]:
    """Spans of what is no code. What stands in the ${} of a template is code."""
    braces: list[int] = []  # open ones in each template that we are in
    at, last = 0, ""
    while at < len(text):
        c, end = text[at], at + 1
        if text.startswith("//", at):
            end = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif text.startswith("/*", at):
            end = text.index("*/", at) + 2
        elif c in "'\"":
            end = quoted(text, at)
        elif c == "`" or (c == "}" and braces and braces[-1] == 0):
            if c == "}":
                braces.pop()
            end = template(text, at + 1)
            if text[end - 2 : end] == "${":
                braces.append(0)
        elif c == "/" and (last in "(,=:[!&|?{};>" or ends_word(text, at)):
            match = REGEX.match(text, at)
            end = match.end() if match else end
        elif c in "{}" and braces:
            braces[-1] += 1 if c == "{" else -1
        if end > at + 1 or c == "`":
            yield at, end
        if not text.startswith(("//", "/*"), at) and not c.isspace():
            last = c
        at = end


def ends_word(text: str, at: int) -> bool:
    """Whether a value must follow here, so that a slash begins a regular expression."""
    return re.search(r"\b(?:return|typeof|case)\s*$", text[max(0, at - 12) : at]) is not None


def quoted(text: str, at: int) -> int:
    """The place after a string."""
    end = at + 1
    while text[end] != text[at]:
        end += 2 if text[end] == "\\" else 1
    return end + 1


def template(text: str, at: int) -> int:
    """The place after a piece of a template: after its end, or after the next ${."""
    while text[at] != "`" and not text.startswith("${", at):
        at += 2 if text[at] == "\\" else 1
    return at + (1 if text[at] == "`" else 2)
