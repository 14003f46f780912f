"""Inputs that nobody meant: right ones with something changed. An error is a sentence, or nothing.

With --all other seeds, and ten times as many.
"""

import copy
import json
import logging
import random
import string
import time
from types import SimpleNamespace

import pytest

import neurogym as ngym
from app import address, alone, process
from app.light import pages
from app.light.socket import PlayerSocket
from app.state import StudioState
from neurogym.cli import main
from neurogym.records import files, trial_table
from neurogym.records.database import Store
from tests.app.test_session import Player, make_run

N = 300  # inputs of a kind
STRANGE = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 10**400, 1e15, 1e30, 1e308, -1e-9, 1e-9, 0.5,
    float("nan"), float("inf"), "", "x", "0", "é\x00\ud800", "x" * 5000, "<b>",
    "'; DROP TABLE runs", [], {}, [[]], [None], [1] * 5000, {"a": {}}, {"": None}, [{}], "run1",
]  # fmt: skip


@pytest.fixture(params=range(2))
def rng(request, pytestconfig):
    """Random numbers; `many` tells how often."""
    whole = pytestconfig.getoption("--all")
    rng = random.Random(time.time_ns() if whole else request.param)
    rng.many = N * 10 if whole else N
    return rng


@pytest.fixture
def store(tmp_path, monkeypatch):
    with Store(tmp_path / "trials.db") as store:
        monkeypatch.setattr(process, "store", lambda: store)
        yield store


@pytest.fixture(autouse=True)
def no_surprises(caplog):
    """Whatever comes, nothing fails: an error is answered, not logged with its trace."""
    yield
    assert [r.getMessage()[:500] for r in caplog.records if r.levelno >= logging.ERROR] == []


def changed(rng, value, depth=0):
    """A value with something in it changed."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        out = dict(value)
        name = rng.choice(list(out))
        how = rng.random()
        if how < 0.15:
            del out[name]
        elif how < 0.25:
            out[rng.choice(["x", "type", "uid", "", "<b>"])] = rng.choice(STRANGE)
        else:
            out[name] = changed(rng, out[name], depth + 1)
        return out
    if isinstance(value, list | tuple) and value and rng.random() < 0.7:
        out = list(value)
        at = rng.randrange(len(out))
        how = rng.random()
        if how < 0.2:
            del out[at]
        elif how < 0.4:
            out += [copy.deepcopy(out[at])] * rng.choice([1, 1, 50])
        else:
            out[at] = changed(rng, out[at], depth + 1)
        return out
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.5:
        return rng.choice([value + 1, -value, value * 10**9, str(value), [value]])
    return copy.deepcopy(rng.choice(STRANGE))


def garbled(rng, text):
    """A text with some letters changed, missing or doubled."""
    letters = list(text)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(letters) + 1)
        how = rng.random()
        if how < 0.3:
            del letters[at : at + rng.choice([1, 3, 20])]
        elif how < 0.6:
            letters[at:at] = rng.choice(
                [*string.punctuation, "é", "\x00", "9" * 20, "[" * 200, "\n"]
            )
        else:
            letters[at:at] = letters[at : at + rng.choice([1, 10])]
    return "".join(letters)


def refusal(read, *arguments):
    """The sentence by which something is refused, or "": no other error is one."""
    try:
        read(*arguments)
    except ValueError as error:
        return str(error)
    return ""


# -- messages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["GoNogo-v0", "MatchingPenny-v0"])
def test_messages(store, rng, task):
    player = Player(store, make_run(store, task, n=4))
    player.hear = lambda message: None
    config, trial, *_ = player.ready()
    player.config = config
    record = player.record(trial)
    right = [
        record, {"type": "resume", "have": [trial["uid"], "x"]}, {"type": "ready"},
        {"type": "act", "uid": trial["uid"], "k": 0, "action": 1}, {"type": "more"},
    ]  # fmt: skip
    for _ in range(rng.many // 2):
        message = rng.choice([record, record, *right])
        for _ in range(rng.choice([1, 1, 2, 4])):
            message = changed(rng, message)
        player.say(**message) if isinstance(message, dict) else player.session.receive(message)
    env = trial_table.env_of(player.session.run)
    rows = store.trials()
    for row in trial_table.finished(rows):
        truth = trial_table.outcome_of(trial_table.replay(row, env))
        assert {name: row[name] for name in ("response", "outcome", "reward", "actions")} == {
            name: truth[name] for name in ("response", "outcome", "reward", "actions")
        }
    assert len({row["trial_index"] for row in trial_table.finished(rows)}) == len(
        trial_table.finished(rows)
    )
    assert {row["run_id"] for row in rows} <= {"run1"}


class Line(PlayerSocket):
    """A socket without a browser."""

    def __init__(self):
        self.ws_connection, self.told, self.closed = SimpleNamespace(), [], 0

    def write_message(self, message):
        self.told.append(json.loads(message))

    def close(self):
        self.closed += 1


def test_texts_at_the_socket(store, rng):
    line = Line()
    ready = {"type": "ready", "key": "k" * 32, "address": "?task=GoNogo-v0&trials=3", "run": None}
    line.on_message(json.dumps(ready))
    trial = next(message for message in line.told if message["type"] == "trial")
    right = [
        ready, {**ready, "type": "resume", "have": [trial["uid"]]}, {"type": "csv"},
        {"type": "act", "uid": trial["uid"], "k": 0, "action": 1}, {"type": "ping"},
        {"type": "record", "uid": trial["uid"], "run": trial["uid"][:12], "index": 0, "attempt": 0},
    ]  # fmt: skip
    for _ in range(rng.many):
        text = json.dumps(rng.choice(right))
        text = (
            garbled(rng, text) if rng.random() < 0.5 else json.dumps(changed(rng, json.loads(text)))
        )
        line.on_message(text if rng.random() < 0.9 else text.encode("utf-8", "replace"))
    assert store.trials() == []
    assert store.runs() == []


# -- addresses and files ---------------------------------------------------------------------------

CHOICE = {
    "task": "PerceptualDecisionMaking-v0", "preset": "human", "seed": 3, "trials": 5,
    "feedback_ms": 300, "wrappers": [{"Noise": {"sigma": 0.1}}, {"ReactionTime": {}}],
    "params": {"dt": 20, "cohs": [3.2, 12.8], "timing": {"delay": ["uniform", [1, 9]]}},
}  # fmt: skip


def test_addresses(store, rng):
    for _ in range(rng.many // 2):
        choice = {**CHOICE, "view": "play", "subject": "ada", "theme": "dark"}
        for _ in range(rng.choice([1, 2])):
            choice = changed(rng, choice)
        entries = choice.items() if isinstance(choice, dict) else [("task", choice)]
        written = ((name, v if isinstance(v, str) else json.dumps(v)) for name, v in entries)
        query = "&".join(f"{name}={text}" for name, text in written)
        query = garbled(rng, query) if rng.random() < 0.3 else query
        query = query.encode("latin1", "replace").decode("latin1")
        asked = address.read(address.arguments_of(query), store)
        assert pages.choose(asked, True)
        assert pages.play(asked, bare=rng.random() < 0.5)
    assert store.runs() == []


def test_toml(rng):
    right = StudioState._read(copy.deepcopy(CHOICE)).toml()
    for _ in range(rng.many // 2):
        assert len(refusal(StudioState.from_toml, garbled(rng, right))) <= 1100
    for name in CHOICE:
        for value in STRANGE:
            text = json.dumps(value) if isinstance(value, str | int) else "5"
            told = refusal(StudioState.from_toml, f'task = "GoNogo-v0"\n{name} = {text}\n')
            assert len(told) <= 1100


LINES = [
    ["list"], ["list", "--tag", "perceptual"], ["info", "GoNogo"], ["info", "Noise", "--json"],
    ["rollout", "GoNogo", "--trials", "2", "--out", "-", "--param", "dt=100", "--seed", "1"],
    ["rollout", "GoNogo", "--trials", "1", "--out", "-", "--wrapper", 'Noise={"sigma": 0.1}'],
    ["export", "--db", "none.db"], ["import", "none.json"], ["page", "GoNogo", "--out", "none.txt"],
]  # fmt: skip


def test_command_lines(rng, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(rng.many // 3):
        line = list(rng.choice(LINES))
        at = rng.randrange(len(line))
        how = rng.random()
        if how < 0.2:
            del line[at]
        elif how < 0.5:
            line[at] = str(rng.choice(STRANGE))[:3000].replace("\x00\ud800", "")
        else:
            line[at] = garbled(rng, line[at])
        if line[:1] not in (
            [word] for word in ("list", "info", "rollout", "export", "import", "page")
        ):
            continue
        code = main(line)
        told = capsys.readouterr().err
        assert code in (0, 1, 2), line
        assert code == 0 or len(told.splitlines()) == 1, (line, told)


@pytest.mark.parametrize("form", files.FORMATS)
def test_files_of_rows(rng, form, tmp_path):
    file = tmp_path / f"rows.{form}"
    rows = ngym.rollout("GoNogo", "random", trials=2)
    (files.write_csv if form == "csv" else files.write_json)(rows, file)
    right = file.read_text(encoding="utf-8")
    for _ in range(rng.many):
        file.write_text(garbled(rng, right), encoding="utf-8", newline="")
        refusal(lambda: [files.plain_row(row) for row in files.read(file)])


def test_what_a_page_gave_out(rng, store):
    player = Player(store, make_run(store, n=2))
    _, trial, *_ = player.ready()
    told = {
        "format": alone.FORMAT, "version": 1, "records": [player.record(trial)],
        "run": {**player.session.run, "run_id": "run1"},
    }  # fmt: skip
    assert len(alone.rows_of(json.dumps(told))[1]) == 1
    for _ in range(rng.many):
        text = json.dumps(changed(rng, changed(rng, told)))
        refusal(alone.rows_of, garbled(rng, text) if rng.random() < 0.2 else text)
