"""What tests of the app share."""

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def node():
    """The path of node."""
    path = shutil.which("node")
    if path is None:
        sentence = "There is no node, so that the browser's scoring is not tested: install Node 20."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return path
