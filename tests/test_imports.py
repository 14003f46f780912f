"""Which part may import which, read from the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "neurogym": {"app", "dashboards", "panel"},
    "app": {"dashboards"},
}
HEAVY = ("panel", "bokeh", "torch", "matplotlib", "scipy", "sqlalchemy", "pandas")


def imports(path):
    """The top-level packages that a file imports anywhere, inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def sources(package):
    return sorted((ROOT / package).rglob("*.py"))


def test_the_reader_of_imports_finds_them(tmp_path):
    path = tmp_path / "some.py"
    path.write_text("import a.b\ndef f():\n    from c.d import e\nfrom . import g\n")
    assert sorted(imports(path)) == ["a", "c"]


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_go_one_way(package):
    files = sources(package)
    assert files
    for path in files:
        assert not set(imports(path)) & FORBIDDEN[package], f"{path} points the wrong way"


def test_importing_the_library_loads_nothing_heavy():
    code = f"import sys, neurogym; print([m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == "[]"
    assert not run.stderr


def test_without_stable_baselines3_its_module_says_what_is_missing():
    code = "import sys; sys.modules['stable_baselines3'] = None; import neurogym.sb3"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode
    assert "ImportError: neurogym.sb3 needs Stable-Baselines3" in run.stderr
    assert "pip install -e '.[agents]'" in run.stderr


def is_name_list(node):
    """An import, a docstring, or names such as __all__ and __version__."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.Assign):
        return all(isinstance(t, ast.Name) and t.id.startswith("__") for t in node.targets)
    return isinstance(node, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("package", ["neurogym", "app", "dashboards"])
def test_a_package_is_a_list_of_names(package):
    for path in (ROOT / package).rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert body, f"{path} says nothing of what it is"
        assert isinstance(body[0], ast.Expr), f"{path} has no docstring"
        assert all(map(is_name_list, body)), f"{path} is more than a list of names"


def test_all_names_are_there():
    import neurogym

    assert sorted(neurogym.__all__) == neurogym.__all__
    assert all(hasattr(neurogym, name) for name in neurogym.__all__)
