"""Which part may import which, read from the source: layers only look down."""

import ast
import importlib
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import neurogym
import neurogym.wrappers
from neurogym.moved import MOVED
from neurogym.tasks.families import FAMILIES
from neurogym.trials.catalogue import classes_of

ROOT = Path(__file__).parents[1]
PACKAGES = ("neurogym", "app", "dashboards")
# from the lowest to the highest; CONTRIBUTING.md draws them
LAYERS = (
    "neurogym.moved",
    "neurogym.spec", "neurogym.loops", "neurogym.trials", "neurogym.wrappers", "neurogym.tasks",
    "neurogym.envs", "neurogym.records", "neurogym.analysis", "neurogym.figures",
    "neurogym.subjects", "neurogym.registry", "neurogym.docs", "neurogym.utils", "neurogym",
    "neurogym.serve",
    "neurogym.cli", "neurogym.__main__",
    "app.assets", "app.clipboard", "app.theme", "app.shell", "app.work", "app.state",
    "app.address", "app.process", "app.doubts", "app.plots", "app.player", "app.alone",
    "app.light", "app.forms", "app.pages", "app.studio",
    "app.main", "app.app_hooks", "app.auth", "app", "dashboards",
)  # fmt: skip
HEAVY = ("panel", "bokeh", "torch", "matplotlib", "scipy", "sqlalchemy", "pandas", "PIL")


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources():
    return {module_of(path): path for name in PACKAGES for path in (ROOT / name).rglob("*.py")}


SOURCES = sources()


def imports(path, known):
    """The modules of `known` that a file imports anywhere: late, and for annotations, too.

    A package's own list of names is a face of what lies below it: whoever imports a name from a
    package looks at all of it.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide where they point"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in known or node.module in known:
                    yield full if full in known else node.module


def layer_of(module):
    faces = ("neurogym", "app")
    names = [
        layer for layer in LAYERS
        if module == layer or (module.startswith(f"{layer}.") and layer not in faces)
    ]  # fmt: skip
    assert names, f"{module} lies in no layer: add it to LAYERS"
    return LAYERS.index(max(names, key=len))


def test_the_reader_of_imports_finds_them_all(tmp_path):
    path = tmp_path / "some.py"
    path.write_text(
        "import a.b\nfrom x import y\ndef f():\n    from c import d\n"
        "if TYPE_CHECKING:\n    from e import F\n"
    )
    assert sorted(imports(path, {"a.b", "c", "c.d", "e", "z"})) == ["a.b", "c.d", "e"]


@pytest.mark.parametrize("module", SOURCES)
def test_a_layer_only_looks_down(module):
    path, own = SOURCES[module], layer_of(module)
    face = path.name == "__init__.py"
    for found in imports(path, SOURCES):
        below = layer_of(found) < own or (layer_of(found) == own and found != module)
        assert below or face, f"{module} imports {found}, which lies above it"


def test_no_imports_go_in_a_circle():
    graph = {
        module: set(imports(path, SOURCES)) - {module}
        for module, path in SOURCES.items()
        if path.name != "__init__.py"
    }
    assert len(graph) > 100
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_all_layers_are_there():
    assert {LAYERS[layer_of(module)] for module in SOURCES} == {*LAYERS}


def test_only_faces_name_what_lies_above_them():
    """A name that a package gives out later (`later`) is a string: nobody inside asks for it."""
    for module, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "later"
            assert not called or path.name == "__init__.py", module


KINDS = {"ClosedEnv", "Combined", "Composite", "EpisodeEnv", "Switched", "TaskEnv", "TrialEnv"}


def test_nobody_asks_which_kind_of_task_or_environment_there_is():
    """They answer for themselves: see `HasTrials`, and the questions that a `Task` answers."""
    for module, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
                asked = {name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)}
                assert not asked & KINDS, f"{module}: {ast.unparse(node)}"


def test_importing_the_library_loads_nothing_heavy():
    code = f"import sys, neurogym; print([m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == "[]"
    assert not run.stderr


def test_importing_the_library_loads_no_family_of_tasks_and_nothing_that_draws_or_records():
    code = "import sys, neurogym; print(*(m for m in sys.modules if m.startswith('neurogym.')))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[1] for name in run.stdout.split()}
    assert loaded == {"loops", "moved", "registry", "spec", "tasks", "trials"}
    assert run.stdout.count("neurogym.tasks.") == 1  # which families there are


def test_all_tasks_that_families_declare_are_known_and_no_others():
    declared = {}
    for family, ids in FAMILIES.items():
        module = importlib.import_module(f"neurogym.tasks.{family}")
        assert sorted(cls.own_id() for cls in classes_of(module)) == sorted(ids), family
        declared |= dict.fromkeys(ids)
    files = {p.stem for p in (ROOT / "neurogym" / "tasks").glob("*.py")} - {"__init__", "families"}
    without = {name for name in files if name not in FAMILIES}
    for name in without:
        assert not list(classes_of(importlib.import_module(f"neurogym.tasks.{name}"))), name
    assert set(declared) <= set(neurogym.all_envs())


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
    if isinstance(node, ast.If):
        return getattr(node.test, "id", "") == "TYPE_CHECKING" and all(map(is_name_list, node.body))
    return isinstance(node, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_a_list_of_names(package):
    for path in (ROOT / package).rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert body, f"{path} says nothing of what it is"
        assert isinstance(body[0], ast.Expr), f"{path} has no docstring"
        assert all(map(is_name_list, body)), f"{path} is more than a list of names"


def test_all_names_are_there():
    for face in (neurogym, neurogym.wrappers):
        assert sorted(face.__all__) == face.__all__ or face is neurogym.wrappers
        assert all(hasattr(face, name) for name in face.__all__)


@pytest.mark.parametrize("name", sorted({*MOVED} - {"sb3"}))  # tests/agents has that one
def test_a_module_is_found_under_its_old_name(name):
    old = importlib.import_module(f"neurogym.{name}")
    new = importlib.import_module(f"neurogym.{MOVED[name]}")
    own = [k for k, value in vars(new).items() if getattr(value, "__module__", "") == new.__name__]
    assert own
    assert all(getattr(old, key) is getattr(new, key) for key in own)
    assert set(own) <= set(dir(old))


def test_a_function_keeps_its_name_beside_its_old_module():
    importlib.import_module("neurogym.rollout")
    assert neurogym.rollout("GoNogo", "oracle", trials=1)[0]["correct"]
