"""Ids come and go, in neurogym and in gymnasium."""

import gymnasium as gym
import pytest

import neurogym as ngym
from neurogym import registry
from neurogym.envs.classic import PeriodEnv
from neurogym.tasks.withholding import GoNogo


@pytest.fixture
def own():
    yield "Own-v0"
    if "Own-v0" in ngym.all_envs():
        ngym.unregister("Own-v0")


class Mine(GoNogo):
    """A task of a user."""


class Again(GoNogo):
    """The same task, written anew."""


@pytest.mark.parametrize("entry", [Mine, PeriodEnv])
def test_an_id_is_taken_back_here_and_in_gymnasium(own, entry):
    ngym.register(own, entry)
    assert own in ngym.all_envs()
    assert own in gym.registry
    with pytest.raises(ValueError, match="'Own-v0' is registered already"):
        ngym.register(own, Again)
    ngym.unregister("Own")
    assert own not in ngym.all_envs()
    assert own not in gym.registry
    ngym.register(own, Again)
    assert isinstance(ngym.make("Own").unwrapped.task, Again)


def test_an_id_that_is_not_known_cannot_be_taken_back():
    with pytest.raises(ValueError, match="unknown task 'Gonog': allowed are"):
        ngym.unregister("Gonog")


def test_files_that_the_environment_names_are_loaded_once(tmp_path, monkeypatch, own):
    lines = "import neurogym as ngym\nfrom neurogym.tasks.withholding import GoNogo\n"
    (tmp_path / "own.py").write_text(f'{lines}class Own(GoNogo):\n    "A task of a user."\n')
    monkeypatch.setenv("NEUROGYM_TASKS", f" {tmp_path / 'own.py'}, ,json.decoder")
    assert registry.load_named() == [own]
    assert registry.load_named() == []
    monkeypatch.delenv("NEUROGYM_TASKS")
    assert registry.load_named() == []
