"""The player's modules become one text, and what cannot is told."""

import re

import pytest

from app.assets import ASSETS, PLAYER_JS, BundleError, code_of, module, parse


@pytest.fixture
def bundle(tmp_path):
    """Bundle some files, of which the first is `main`."""

    def run(main, **others):
        for name, text in {"main": main, **others}.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
        return module(tmp_path / "main.js")

    return run


ALONE, MOUNT = ASSETS / "alone.js", ASSETS / "mount.js"  # have the player in them


@pytest.mark.parametrize(
    ("entry", "lacks", "gives"),
    [
        (PLAYER_JS, {ALONE, MOUNT}, "{entry_render as render}"),
        (ALONE, set(), "{}"),
        (ASSETS / "pages" / "play.js", {ALONE}, "{}"),
    ],
)
def test_the_player_is_one_text(entry, lacks, gives):
    text = module(entry)
    assert not re.search(r"\bimport\b", code_of(text))
    for file in ASSETS.glob("*.js"):
        assert text.count(f'bundled["{file.name}"] = ') == (file not in lacks)
    assert re.findall(r"^export (.+);$", text, re.MULTILINE) == [gives]


@pytest.mark.parametrize(
    "file",
    sorted(
        file
        for file in ASSETS.rglob("*.js")
        if file.name != "save.js"  # is a function of Panel's
    ),
    ids=lambda file: file.stem,
)
def test_what_a_file_imports_is_used(file):
    read, wanted = parse(file)
    for _, names, _ in wanted:
        for name in names:
            assert re.search(rf"\b{name}\b", read.text), name


def test_imports_over_lines_and_aliases(bundle):
    text = bundle(
        'import {\n  a,\n  b as c,\n} from "./one.js";\nimport * as two from "./two.js";\n'
        "export function render() { return a + c + two.a; }",
        one="export const a = 1;\nconst hidden = 2;\nexport {hidden as b};",
        two="export const a = 3;\nconst hidden = 4;",
    )
    assert "const {a: a, b: c} = bundled" in text
    assert "const two = bundled" in text
    assert "return {a: a, b: hidden};" in text
    assert "import" not in text


def test_names_of_different_files_cannot_clash(bundle):
    text = bundle(
        'import {a} from "./one.js";\nimport {b} from "./two.js";\nexport const render = a + b;',
        one="const same = 1;\nexport const a = same;",
        two="const same = 2;\nexport const b = same;",
    )
    assert len(re.findall(r"= \(\(\) => \{\n(?:(?!\}\)\(\);)[\s\S])*const same", text)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        'import a from "./one.js";',
        'import a, {b} from "./one.js";',
        'import "./one.js";',
        'import {default as a} from "./one.js";',
        'import {a} from "one";',
        'import {a} from "./missing.js";',
        'import {absent} from "./one.js";',
        'import {a} from "./one.js"',
        'export default function () {}',
        'export {a} from "./one.js";',
        'export * from "./one.js";',
        "export let changing = 1;",
        "export const {a} = {a: 1};",
        'const later = () => import("./one.js");',
        "const where = import.meta.url;",
        "await 1;",
        'import {x} from "./back.js";',
    ],
)  # fmt: skip
def test_what_cannot_be_bundled_is_told_with_file_and_line(bundle, statement):
    files = {"one": "export const a = 1;", "back": 'import {y} from "./main.js";\n'}
    with pytest.raises(BundleError, match=r"^(main\.js:3|back\.js:1): "):
        bundle(f"\n\n{statement}\n", **files)


def test_texts_and_comments_are_no_statements(bundle):
    text = bundle(
        "// import x from y\n/* export default */ const s = 'import z';\n"
        'const t = `export default ${`import(${"q"})`} import`;\n'
        "const r = /import [\"'`/]/.test(s);\nconst o = {import: 1}; o.import;\n"
        "export async function render() { await 1; return t + r; }"
    )
    assert text.endswith("export {entry_render as render};\n")


def test_code_in_a_template_is_code(bundle):
    with pytest.raises(BundleError, match=r"^main\.js:1: "):
        bundle('const t = `a${import("./one.js")}`;')
