"""Thousands of odd inputs: each is answered, none by a traceback; no row in the table is wrong."""

import contextlib
import io
import json
import logging
import string

import numpy as np
import pytest

from app import address, process
from app.light import pages, runs
from app.light.socket import PlayerSocket
from app.player.session import KEPT, LATER, Session
from app.state import StudioState
from neurogym import cli
from neurogym.records import files, trial_table
from neurogym.records.database import Store
from tests.benchmarks.load import played

VALUES = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 1e308, 0.5, "", "x", "1", "=1+1", "<b>x</b>", "\x00",
    "ä" * 300, [], [[]], [0, 1], {}, {"a": 1}, [None] * 50, {"type": "ready"},
]  # fmt: skip


@pytest.fixture
def rng(request):
    """Seeded; with --all by the hour."""
    more = request.config.getoption("--all")
    return np.random.default_rng(int(trial_table.utc_now()[:13].replace("-", "").replace("T", ""))
                                 if more else 20_261_128)  # fmt: skip


@pytest.fixture
def many(request):
    return 10 if request.config.getoption("--all") else 1


@pytest.fixture
def store(tmp_path, monkeypatch):
    with Store(tmp_path / "trials.db") as store:
        monkeypatch.setattr(process, "store", lambda: store)
        yield store


@pytest.fixture(autouse=True)
def nothing_failed(caplog):
    yield
    failed = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert failed == [], failed[0].getMessage()[:2000] + str(failed[0].exc_info)


def mutated(rng, value, depth=0):
    """The value with something in it changed."""
    if rng.random() < 0.25 or not isinstance(value, dict | list) or not value or depth > 4:
        return VALUES[rng.integers(len(VALUES))]
    if isinstance(value, list):
        at = int(rng.integers(len(value)))
        return [*value[:at], mutated(rng, value[at], depth + 1), *value[at + 1 :]]
    key = list(value)[rng.integers(len(value))]
    if rng.random() < 0.2:
        return {k: v for k, v in value.items() if k != key}
    return {**value, key: mutated(rng, value[key], depth + 1)}


def is_sound(row):
    """Whether a stored row replays to what it says."""
    if not trial_table.is_finished(row):
        return row["outcome"] is None
    truth = trial_table.outcome_of(trial_table.replay(row))
    same = ("response", "outcome", "correct", "conditions")
    return all(row[name] == truth[name] for name in same)


def test_messages_of_a_session(store, rng, many):
    told = []
    begun = runs.begun("task=GoNogo-v0&trials=60&seed=3&view=play", "o" * 32)
    session = Session(
        store, begun.run, told.append, owner="o" * 32, envs=runs.envs,
        adopt=lambda run_id, query: runs.adopted(run_id, query, "o" * 32),
    )  # fmt: skip
    session.receive({"type": "ready"})
    for _ in range(1500 * many):
        trials = [message for message in told if message["type"] == "trial"]
        right = {**played(trials[-1]), "run": begun.run["run_id"], "address": begun.address}
        known = [right, {"type": "resume", "have": [right["uid"]]}, {"type": "act", "uid": "x",
                 "k": 0, "action": 1}, {"type": "more"}, {"type": "ready"}]  # fmt: skip
        message = mutated(rng, known[int(rng.choice(5, p=[0.8, 0.05, 0.05, 0.05, 0.05]))])
        before = len(told)
        session.receive(message)
        answers = told[before:]
        assert not {KEPT, LATER} & {answer.get("message") for answer in answers}, message
        json.dumps([a for a in answers if a["type"] in ("ack", "error")])
        del told[: max(0, len(told) - 50)]
        if not any(a["type"] == "trial" for a in told):
            session.receive({"type": "ready"})
            if not any(a["type"] == "trial" for a in told):
                break  # all trials were played in spite of all
    rows = store.trials(run_id=begun.run["run_id"])
    assert all(map(is_sound, rows))
    done = [row["trial_index"] for row in trial_table.finished(rows)]
    assert len(set(done)) == len(done)


class Wire(PlayerSocket):
    """A socket without a browser."""

    def __init__(self):
        self.told, self.ws_connection = [], None

    def tell(self, message):
        self.told.append(message)


def test_texts_of_the_socket(store, rng, many):
    wire = Wire()
    hello = {"type": "ready", "key": "k" * 32, "address": "?task=GoNogo-v0&view=play", "run": None}
    for _ in range(400 * many):
        text = json.dumps(mutated(rng, hello))
        if rng.random() < 0.3:
            at = int(rng.integers(len(text)))
            text = text[:at] + chr(int(rng.integers(1, 0xD7FF))) + text[at + 1 :]
        wire.on_message(text)
    wire.on_message("[" * 100_000)
    wire.on_message(json.dumps(hello))
    assert wire.told[-1]["type"] == "trial"
    assert not {KEPT, LATER} & {message.get("message") for message in wire.told}
    assert store.runs() == []


NAMES = ("task", "view", "preset", "seed", "trials", "params", "wrappers", "off", "subject", "run",
         "theme", "iti_ms", "utm_source")  # fmt: skip
TEXTS = (
    "GoNogo-v0", "PerceptualDecisionMaking", "play", "data", "human", "-1", "1e30", "1e-9", "NaN",
    "[]", "{}", "null", '{"dt":1e-9}', '{"timing":{"fixation":1e15}}', '{"timing":5}',
    '{"sigma":-3}', '[{"ReactionTime":{}}]', '[{"SideBias":{"probs":[' + "0.5," * 5000 + "0.5]}}]",
    '[{"X":{}}]', "[" * 3000, "<b id=tag>x</b>", "\x00", "%", "ü", "9" * 400, '{"cohs":[]}',
)  # fmt: skip


def test_addresses(store, rng, many):
    for _ in range(250 * many):
        given = {
            str(name): [TEXTS[int(rng.integers(len(TEXTS)))].encode()]
            for name in rng.choice(NAMES, size=rng.integers(1, 5), replace=False)
        }
        said = address.read(given, store)
        for page in (pages.choose(said, True), pages.play(said, True), pages.play(said, False)):
            assert "<b id=tag>" not in page
    assert store.runs() == []


def test_files_of_tasks(rng, many):
    right = StudioState(task="PerceptualDecisionMaking-v0", params={"sigma": 2.0}).toml()
    letters = string.printable + "ä=[]{}\"'"
    for _ in range(300 * many):
        text = list(right)
        for _ in range(int(rng.integers(1, 4))):
            text[int(rng.integers(len(text)))] = letters[int(rng.integers(len(letters)))]
        with contextlib.suppress(ValueError):
            StudioState.from_toml("".join(text))


WORDS = (
    "list", "info", "rollout", "export", "import", "page", "GoNogo", "Null", "--trials", "--seed",
    "--out", "-", "--param", "dt=0", "dt=1e-9", 'timing={"fixation":1e15}', "--agent", "oracle",
    "--tag", "x", "10" * 30, "-5", "3", "--preset", "human", "--wrapper", "Lapse", "--db",
    "no.db", "--format", "csv", "--task", "--run", "=", "",
)  # fmt: skip


def test_command_lines(rng, many, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(150 * many):
        words = [str(word) for word in rng.choice(WORDS, size=rng.integers(1, 7))]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main(words)
            except SystemExit as end:
                code = end.code
        assert code in (0, 1, 2), words
        assert "Traceback" not in err.getvalue(), words


def test_files_of_rows(rng, many, tmp_path):
    import neurogym as ngym

    rows = ngym.rollout("GoNogo", "random", trials=3)
    for form, write in (("csv", files.write_csv), ("json", files.write_json)):
        file = tmp_path / f"a.{form}"
        write(rows, file)
        right = file.read_text("utf-8")
        for _ in range(150 * many):
            text = list(right)
            for _ in range(int(rng.integers(1, 6))):
                text[int(rng.integers(len(text)))] = string.printable[int(rng.integers(100))]
            file.write_text("".join(text), "utf-8")
            with contextlib.suppress(ValueError):
                files.read(file)
