"""What `pip install neurogym` brings."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    built = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))
    return set(zipfile.ZipFile(next(iter(built))).namelist())


def test_the_wheel_says_that_the_library_has_types(shipped):
    assert "neurogym/py.typed" in shipped


@pytest.mark.parametrize("package", ["neurogym", "app", "dashboards"])
def test_the_wheel_holds_every_file_of_a_package(shipped, package):
    files = [path for path in (ROOT / package).rglob("*") if path.is_file()]
    there = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert there - shipped == set()


def test_the_wheel_holds_no_tests(shipped):
    assert not [name for name in shipped if name.startswith("tests/")]
