import csv
import importlib.machinery
import importlib.util
import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

import neurogym
from neurogym import cli, registry, serve
from neurogym.cli import main
from neurogym.records import files, trial_table
from neurogym.records.database import Store
from neurogym.subjects import AGENTS
from neurogym.trials.catalogue import all_envs, task_class
from neurogym.wrappers import WRAPPERS

TASKS = all_envs()  # before any test adds its own


@pytest.fixture
def run(capsys):
    def run(*arguments, code=0):
        assert main(list(arguments)) == code
        out, err = capsys.readouterr()
        if code:
            assert out == ""
            assert err.startswith("neurogym: error: ")
            assert err.count("\n") == 1
        return out, err

    return run


# -- list and info ---------------------------------------------------------------------------------


def test_wrappers_are_listed_and_told(run):
    assert [line.split()[0] for line in run("list", "--wrappers")[0].splitlines()] == [*WRAPPERS]
    for name, cls in WRAPPERS.items():
        text = run("info", name)[0]
        assert all(parameter in text for parameter in cls.param if parameter != "name")
        facts = json.loads(run("info", name, "--json")[0])
        assert facts["sentence"] in " ".join(text.split())
        assert facts["fits"]
    assert "GoNogo-v0" not in json.loads(run("info", "Staircase", "--json")[0])["fits"]
    assert "give either" in run("list", "--wrappers", "--tag", "value", code=2)[1]


def test_wrappers_go_around_what_is_rolled_out(run, tmp_path):
    file = tmp_path / "rows.json"
    staircase = 'Staircase={"down": 3}'
    wrapped = ("--wrapper", staircase, "--wrapper", "ReactionTime")
    run("rollout", "PerceptualDecisionMaking", *wrapped, "--trials", "5", "--out", str(file))
    rows = files.read(file)
    assert rows[0]["wrappers"] == [{"Staircase": {"down": 3}}, {"ReactionTime": {}}]
    assert rows[4]["memory"]["Staircase"]["level"] == rows[4]["conditions"]["coh"]
    wrong = ("--trials", "1", "--out", "-")
    for given, says in (
        ("Staircas", "did you mean 'Staircase'"),
        ("Staircase={", "is not JSON"),
        ("Staircase", "does not fit GoNogo"),
    ):
        assert says in run("rollout", "GoNogo", "--wrapper", given, *wrong, code=2)[1]


def test_list_has_a_line_a_task(run):
    lines = run("list")[0].splitlines()
    assert [line.split()[0] for line in lines] == all_envs()
    starts = {line.index(task_class(line.split()[0]).sentence()) for line in lines}
    assert len(starts) == 1


def test_list_by_tag(run):
    lines = run("list", "--tag", "value")[0].splitlines()
    assert [line.split()[0] for line in lines] == all_envs("value")
    assert "unknown tag 'valu'" in run("list", "--tag", "valu", code=2)[1]


@pytest.mark.parametrize("id", all_envs())
def test_info_tells_what_the_task_declares(run, id):
    cls, text = task_class(id), run("info", id)[0]
    squeezed = " ".join(text.split())
    assert cls.sentence() in squeezed
    for line in (*cls.differs, str(cls.paper)):
        assert " ".join(line.split()) in squeezed
    declared = set(cls.param) - {"name", "timing", "rewards"}
    for name in (*declared, *cls().plan.conditions, *cls().timing, *cls().rewards):
        assert name in text
    assert max(map(len, text.splitlines())) <= 110
    facts = json.loads(run("info", id, "--json")[0])
    assert facts["id"] == id
    assert set(facts["parameters"]) == declared
    assert cls(timing=facts["timing"], rewards=facts["rewards"]).settings() == {}
    assert cls(**facts["human"]).settings() == cls(**cls.human).settings()


def test_info_takes_short_ids_and_says_what_is_allowed(run):
    text = run("info", "PerceptualDecisionMaking")[0]
    assert "dt = 100 [above 0]: ms a step" in text
    assert "dim_ring = 2 [from 2 to 64]: number of directions" in text
    assert "1 to 2: choice" in text


@pytest.mark.parametrize("id", ["gonogo", "Gonogo-v0", "GoNog", "GoNogo-v7"])
def test_an_unknown_id_suggests_the_nearest(run, id):
    assert f"unknown task {id!r}: did you mean 'GoNogo-v0'?" in run("info", id, code=2)[1]


def test_an_id_like_no_other(run):
    assert "did you mean" not in run("info", "zzzzzz", code=2)[1]


# -- what is one's own -----------------------------------------------------------------------------

OWN = """
import param
import neurogym as ngym
from neurogym.tasks.withholding import GoNogo


class Mine(GoNogo):
    "The same again."


@ngym.register_agent("eager")
class Eager(param.Parameterized):
    action = param.Integer(1, bounds=(0, 1))

    def begin(self, env, rng):
        pass

    def act(self, ob):
        return self.action
"""


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "lab_of_mine.py"
    file.write_text(OWN, encoding="utf-8")
    yield str(file)
    registry.unregister("Mine-v0")
    AGENTS.pop("eager")


def test_agents_and_tasks_of_ones_own_are_known_to_the_command_line(run, own):
    args = ("--agent", "eager", "--trials", "3", "--out", "-")
    err = run("rollout", "Mine", *args, "--tasks", own)[1]
    assert err.startswith("Mine-v0, eager, seed 0: 3 trials, ")
    err = run("rollout", "GoNogo", *args, "--agent-param", "action=0", "--tasks", own)[1]
    assert "eager (action=0)" in err
    assert "action" in run("rollout", "GoNogo", *args, "--agent-param", "action=2", code=2)[1]
    args = ("--agent", "eagre", "--out", "-")
    assert "did you mean 'eager'" in run("rollout", "GoNogo", *args, code=2)[1]


def test_the_command_line_reads_what_the_environment_names(run, own, monkeypatch):
    monkeypatch.setenv("NEUROGYM_TASKS", f"{own}, json.decoder")
    assert "The same again." in run("list")[0]
    assert "The same again." in run("info", "Mine")[0]
    monkeypatch.setenv("NEUROGYM_TASKS", "none.py")
    assert "there is no file none.py with tasks" in run("list", code=2)[1]
    monkeypatch.delenv("NEUROGYM_TASKS")
    assert "--tasks x.py: " in run("list", "--tasks", "x.py", code=2)[1]


# -- rollout ---------------------------------------------------------------------------------------


def test_a_rollout_goes_to_every_kind_of_file(run, tmp_path):
    args = ("rollout", "GoNogo", "--trials", "7", "--seed", "3", "--agent", "random", "--out")
    err = run(*args, str(tmp_path / "a.csv"))[1]
    assert err.count("\n") == 1
    assert err.startswith("GoNogo-v0, random, seed 3: 7 trials, ")
    run(*args, str(tmp_path / "a.json"))
    run(*args, str(tmp_path / "a.db"))
    (tmp_path / "b.csv").write_text(run(*args, "-")[0], "utf-8", newline="")
    with Store(tmp_path / "a.db") as store:
        stored = store.trials()
        assert [(r["n_done"], r["n_trials"], r["subject"]) for r in store.runs()] == [
            (7, 7, "random")
        ]
    own = {"uid", "run_id", "created_utc"}
    results = [files.read(tmp_path / name) for name in ("a.csv", "a.json", "b.csv")]
    plays = [
        [{k: v for k, v in row.items() if k not in own} for row in rows]
        for rows in (stored, *results)
    ]
    assert plays[0] == plays[1] == plays[2] == plays[3]
    assert [row["trial_index"] for row in stored] == list(range(7))


def test_a_rollout_takes_presets_and_parameters(run, tmp_path):
    path = tmp_path / "a.json"
    err = run(
        "rollout", "PerceptualDecisionMaking-v0", "--agent", "integrator", "--preset", "human",
        "--trials", "3", "--param", "cohs=[3, 12]", "--param", 'timing={"stimulus": 1000}',
        "--agent-param", "bound=60", "--out", str(path),
    )[1]  # fmt: skip
    assert "integrator (bound=60)" in err
    row = files.read(path)[0]
    human = dict(task_class("PerceptualDecisionMaking").human)
    timing = {**human["timing"], "stimulus": 1000}
    assert row["params"] == {**human, "cohs": [3.0, 12.0], "timing": timing}
    assert len(trial_table.replay(row).actions) > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--agent", "oracl"], "did you mean 'oracle'?"),
        (["--agent", "integrator"], "gives no evidence"),
        (["--agent-param", "bound=3"], "Oracle: unknown parameter 'bound'"),
        (["--agent", "integrator", "--agent-param", "bound=-3"], "must be at least 0.1"),
        (["--param", "dtt=3"], "GoNogo: unknown parameter 'dtt'"),
        (["--param", "trials=3"], "GoNogo: unknown parameter 'trials'"),
        (["--param", "timing=3"], "timing is a dict, not 3"),
        (["--param", 'timing={"x": 3}'], "unknown period 'x'"),
        (["--param", "dt=-1"], "greater than 0"),
        (["--param", "dt=soon"], "only takes numeric values"),
        (["--param", "dt"], "expected NAME=VALUE"),
        (["--param", "dt=1", "--param", "dt=2"], "dt is given twice"),
        (["--preset", "humn"], "did you mean 'human'?"),
        (["--trials", "0"], "expected an integer from 1"),
        (["--trials", "x"], "expected an integer from 1"),
        (["--seed", "-1"], "from 0 to"),
        (["--seed", str(2**63)], "from 0 to"),
        (["--out", "a.txt"], "ends in .csv, .json or .db"),
        (["--out", "/no/such/folder/a.csv"], "no such folder"),
        (["--out", "mysql://host/name"], "unknown database 'mysql'"),
    ],
)
def test_bad_input_takes_one_line_and_code_2(run, arguments, message):
    out = [] if "--out" in arguments else ["--out", "-"]
    assert message in run("rollout", "GoNogo", *arguments, *out, code=2)[1]


# -- export ----------------------------------------------------------------------------------------


@pytest.fixture
def db(tmp_path, run):
    path = str(tmp_path / "a.db")
    for id in ("GoNogo", "ReadySetGo", "GoNogo"):
        run("rollout", id, "--trials", "2", "--out", path)
    return path


def test_export_gives_all_rows_or_some(run, db, tmp_path):
    with Store(db) as store:
        rows, first = store.trials(), store.runs()[-1]["run_id"]
    out = tmp_path / "rows.json"
    assert "6 trials" in run("export", "--db", db, "--out", str(out))[1]
    assert files.read(out) == rows
    assert json.loads(run("export", "--format", "json", "--db", db)[0]) == rows
    run("export", "--format", "csv", "--db", db, "--task", "GoNogo", "--out", str(out) + ".csv")
    assert files.read(f"{out}.csv") == [row for row in rows if row["task"] == "GoNogo-v0"]
    run("export", "--format", "json", "--db", db, "--run", first, "--out", str(out))
    assert files.read(out) == rows[:2]


@pytest.mark.parametrize("form", files.FORMATS)
@pytest.mark.parametrize("text", ["import numpy\n", "[1, 2]\n", "a,b\n1,2\n"])
def test_export_writes_over_exports_alone(run, db, tmp_path, form, text):
    out = tmp_path / f"mine.{form}"
    out.write_text(text)
    told = run("export", "--db", db, "--out", str(out), code=2)[1]
    assert "--force writes over it" in told
    assert out.read_text() == text
    for more in (["--force"], []):
        run("export", "--db", db, "--out", str(out), *more)
    assert len(files.read(out)) == 6


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["rollout", "GoNogo", "--trials", "2"], "mine.csv"),
        (["rollout", "GoNogo", "--trials", "2"], "mine.json"),
        (["page", "GoNogo", "--trials", "2"], "mine.html"),
    ],
)
def test_rollout_and_page_write_over_their_own_alone(run, tmp_path, command, name):
    out, text = tmp_path / name, "<!doctype html>\n<p>[1, 2]</p>\n"
    out.write_text(text)
    told = run(*command, "--out", str(out), code=2)[1]
    assert "there is a file that is no" in told
    assert "--force writes over it" in told
    assert out.read_text() == text
    for more in (["--force"], []):
        run(*command, "--out", str(out), *more)
        assert out.read_text("utf-8") != text
    out.write_text("")
    run(*command, "--out", str(out))


@pytest.mark.parametrize("more", [[], ["--force"]])
def test_export_does_not_write_over_the_database_that_it_reads(run, db, more):
    told = run("export", "--db", db, "--format", "csv", "--out", db, *more, code=2)[1]
    assert "is the database itself" in told
    with Store(db) as store:
        assert len(store.trials()) == 6


def test_export_guards_text_that_a_spreadsheet_would_run(run, db, tmp_path):
    with Store(db) as store:
        row = store.trials()[0]
        subjects = ["=1+1", "+1", "-1", "@a", "\t=", "\r=", "'=1", "''-", "'plain", "ada"]
        for i, subject in enumerate(subjects):
            store.add_trial(row | {"uid": f"{row['run_id']}-{90 + i}-0", "subject": subject})
        store.add_trial(row | {"uid": "last", "reward": -1.5})
        rows = store.trials()
    out = tmp_path / "rows.csv"
    run("export", "--db", db, "--out", str(out))
    assert files.read(out) == rows

    def cells(path):
        with path.open(encoding="utf-8", newline="") as file:
            return [(row["subject"], row["reward"]) for row in csv.DictReader(file)]

    guarded = [subject for subject, _ in cells(out)][6:-1]
    assert guarded == [f"'{name}" for name in subjects[:-2]] + subjects[-2:]
    assert cells(out)[-1][1] == "-1.5"
    run("export", "--db", db, "--raw", "--out", str(out))
    assert [subject for subject, _ in cells(out)][6:-1] == subjects


def test_export_streams(run, db, tmp_path, monkeypatch):
    """No more rows are held than are fetched together."""
    fetched, written = [], []
    plain_row = files.plain_row
    monkeypatch.setattr("neurogym.records.database.AT_ONCE", 2)
    each = Store.each_trial

    def watched(*args, **kwargs):
        for row in each(*args, **kwargs):
            fetched.append(row["uid"])
            yield row

    def wrote(row):
        written.append(len(fetched))
        return plain_row(row)

    monkeypatch.setattr(Store, "each_trial", watched)
    monkeypatch.setattr(files, "plain_row", wrote)
    for form in files.FORMATS:
        fetched.clear()
        written.clear()
        run("export", "--db", db, "--out", str(tmp_path / f"rows.{form}"))
        assert written == [1, 2, 3, 4, 5, 6]


LONG = "9" * 5000
DEEP = "[" * 5000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trials", "1" + "0" * 30], "expected an integer from 1 to"),
        (["--param", "dt=1e-9"], "more than 1,000,000 steps of dt = 1e-09 ms"),
        (["--param", "dt=1" + "0" * 400], "too large"),
        (["--param", "dt=1e308"], "a step lasts at most"),
        (["--param", 'timing={"delay": 1e15}'], "more than 1,000,000 steps"),
        (["--param", f"dt={DEEP}"], "more than 32 within one another"),
        (["--param", f"dt={LONG}"], "a number is too long"),
        (["--wrapper", f"Noise={DEEP}"], "is not JSON"),
        (["--wrapper", 'Noise={"sigma": ' + str([0.1] * 5000) + "}"], "sigma"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_sizes_that_cannot_be_are_told(run, arguments, message):
    told = run("rollout", "GoNogo", "--trials", "1", "--out", "-", *arguments, code=2)[1]
    assert message in told
    assert len(told) < 6000
    assert len(told.splitlines()) == 1


def test_export_takes_the_database_of_the_environment(run, db, monkeypatch):
    monkeypatch.setenv("NEUROGYM_DB", db)
    assert len(run("export")[0].splitlines()) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "x"], "no run 'x' among the 3"),
        (["--task", "GoNog"], "unknown stored task 'GoNog'"),
        (["--out", "rows.xlsx"], "name a --format"),
        (["--format", "xlsx"], "invalid choice"),
        (["--out", "/no/such/folder/a.csv"], "/no/such/folder/a.csv: No such file"),
    ],
)
def test_export_refuses_what_is_not_there(run, db, arguments, message):
    assert message in run("export", "--db", db, *arguments, code=2)[1]


def test_failures_of_the_database(run, tmp_path):
    assert "no database" in run("export", "--db", str(tmp_path / "none.db"), code=2)[1]
    (tmp_path / "text.db").write_text("this is no database, only a long enough text " * 99)
    err = run("export", "--db", str(tmp_path / "text.db"), code=1)[1]
    assert "file is not a database" in err


# -- serve -----------------------------------------------------------------------------------------


@pytest.fixture
def app(tmp_path, monkeypatch):
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "main.py").write_text("import panel as pn\npn.pane.Str('ready').servable()\n")
    find = importlib.util.find_spec
    spec = importlib.machinery.PathFinder.find_spec("app", [str(tmp_path)])
    monkeypatch.setattr(
        cli.importlib.util, "find_spec", lambda name: spec if name == "app" else find(name)
    )
    return folder


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def served(monkeypatch, app):
    calls = []
    monkeypatch.setattr(serve, "_run", lambda command, env: calls.append((command, env)) or 7)
    return calls


def options(command, name):
    return [command[i + 1] for i, word in enumerate(command) if word == name]


def test_serve_runs_panel_on_the_app(run, served, app, port, capsys):
    assert main(["serve", "--port", str(port), "--db", "study.db", "--open"]) == 7
    assert capsys.readouterr().out.splitlines()[0] == f"http://127.0.0.1:{port}/app"
    (command, env), = served  # fmt: skip
    assert command[:5] == [sys.executable, "-m", "panel", "serve", str(app)]
    assert options(command, "--address") == ["127.0.0.1"]
    assert options(command, "--port") == [str(port)]
    assert options(command, "--allow-websocket-origin") == [
        f"127.0.0.1:{port}",
        f"localhost:{port}",
    ]
    assert command[-1] == "--show"
    assert env["NEUROGYM_DB"] == "study.db"


def test_serve_to_the_network_allows_our_names_and_those_given(served, port):
    main([
        "serve", "--port", str(port), "--address", "0.0.0.0",
        "--allow-origin", "lab.example.org", "--allow-origin", "proxy.example.org:443",
    ])  # fmt: skip
    command = served[0][0]
    origins = options(command, "--allow-websocket-origin")
    assert {
        f"127.0.0.1:{port}",
        f"{socket.gethostname().lower()}:{port}",
        f"lab.example.org:{port}",
        "proxy.example.org:443",
    } <= set(origins)
    assert "*" not in origins
    assert "--show" not in command


def test_serve_to_the_network_asks_for_a_token_unless_told(served, port, capsys, tmp_path):
    def told(*options):
        del served[:]
        main(["serve", "--port", str(port), "--address", "0.0.0.0", *options])
        ((command, env),) = served
        return command, env, capsys.readouterr().out

    command, env, out = told()
    assert options(command, "--auth-module")[0].endswith("auth.py")
    first, second = env["NEUROGYM_TOKEN"], told()[1]["NEUROGYM_TOKEN"]
    assert len(first) >= 20
    assert first != second
    assert f"/app?token={first}" in out
    assert "play?task=GoNogo" in out
    assert told("--token", "a b")[1]["NEUROGYM_TOKEN"] == "a b"
    (tmp_path / "secret").write_text("hush\nmore\n")
    command, env, out = told("--password-file", str(tmp_path / "secret"))
    assert env["NEUROGYM_TOKEN"] == "hush"
    assert "hush" not in out
    assert "hush" not in " ".join(command)
    command, env, out = told("--no-auth")
    assert "--auth-module" not in command
    assert "NEUROGYM_TOKEN" not in env
    assert "Everyone who reaches these addresses sees all data" in out


def test_serve_hands_on_what_a_server_needs(served, port, tmp_path):
    pem = [str(tmp_path / name) for name in ("cert.pem", "key.pem")]
    for file in pem:
        open(file, "w").close()
    frames = ("--allow-frame", "https://a.example", "--allow-frame", "https://b.example")
    more = ("--prefix", "/lab/", "--workers", "2", "--certificate", *pem, *frames)
    main(["serve", "--port", str(port), *more])
    ((command, env),) = served
    assert options(command, "--prefix") == ["/lab"]
    assert options(command, "--num-procs") == ["2"]
    assert options(command, "--ssl-certfile") + options(command, "--ssl-keyfile") == pem
    assert env["NEUROGYM_FRAMES"] == "https://a.example https://b.example"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--token", " "), "expected a text"),
        (("--password-file", "none.txt"), "no such file"),
        (("--certificate", "none.pem", "no.key"), "no such file"),
        (("--allow-frame", "'self'; x"), "expected https://NAME"),
        (("--workers", "0"), "from 1 to 64"),
        (("--token", "a", "--no-auth"), "not allowed with"),
    ],
)
def test_serve_refuses_what_it_cannot_use(run, served, given, told):
    assert told in run("serve", *given, code=2)[1]
    assert served == []


def test_serve_says_what_is_in_its_way(run, served, app, port, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        err = run("serve", "--port", str(port), code=1)[1]
        assert f"cannot listen at 127.0.0.1:{port}" in err
    assert "from 1 to 65535" in run("serve", "--port", "0", code=2)[1]
    assert "unknown database" not in run("serve", "--db", "sqlite://", code=2)[1]
    (app / "main.py").unlink()
    assert "no app/main.py" in run("serve", code=1)[1]
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    assert "the app is not installed" in run("serve", code=1)[1]
    assert served == []


def test_serve_hands_tasks_on(served, port, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    both = ["--tasks", "mine.py", "--tasks", "json.decoder"]
    assert main(["serve", "--port", str(port), *both]) == 7
    assert served[0][1]["NEUROGYM_TASKS"] == f"{tmp_path / 'mine.py'},json.decoder"
    monkeypatch.setenv("NEUROGYM_TASKS", "other.py")
    main(["serve", "--port", str(port)])
    assert served[1][1]["NEUROGYM_TASKS"] == "other.py"


@pytest.mark.parametrize("given", ["none.py", "no_such_module", "a,b.py"])
def test_serve_says_which_tasks_are_not_there(run, served, given):
    assert f"--tasks {given}: " in run("serve", "--tasks", given, code=2)[1]
    assert served == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_serve_answers_and_stops_when_told(app, port):
    with subprocess.Popen(
        [sys.executable, "-m", "neurogym", "serve", "--port", str(port)],
        cwd=app.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        lines = iter(server.stdout.readline, "")
        assert next(line for line in lines if "Starting Bokeh server with process" in line)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
            assert page.url == f"http://127.0.0.1:{port}/app"
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0


# -- the command itself ----------------------------------------------------------------------------


def test_help_has_examples_that_parse(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("list", "info", "rollout", "export", "serve"):
        assert f"  neurogym {command}" in text
        assert main([command, "--help"]) == 0
        capsys.readouterr()
    for line in text.splitlines():
        if line.startswith("  neurogym "):
            cli._parser().parse_args(line.split()[1:])


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"neurogym {neurogym.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["lits"], ["info"], ["list", "--taag", "x"]])
def test_a_wrong_command_takes_one_line(run, arguments):
    assert "--help" in run(*arguments, code=2)[1]


def test_an_interrupt_takes_one_line(run, monkeypatch):
    def interrupt(*_args, **_params):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "rollout", interrupt)
    assert "interrupted" in run("rollout", "GoNogo", "--out", "-", code=130)[1]


def test_a_defect_of_ours_is_not_hidden(monkeypatch):
    def fail(*_args, **_params):
        raise RuntimeError("a defect")

    monkeypatch.setattr(cli, "rollout", fail)
    with pytest.raises(RuntimeError, match="a defect"):
        main(["rollout", "GoNogo", "--out", "-"])


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "neurogym", "list"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == all_envs()


def test_a_reader_that_has_seen_enough_gets_no_traceback():
    code = "import sys; from neurogym.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["rollout", "GoNogo", "--trials", "2000", "--agent", "random", "--out", "-"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline().startswith("uid,")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 1


def test_every_task_and_wrapper_has_a_datasheet(capsys):
    for id in [*TASKS, "Staircase"]:
        assert main(["info", id, "--markdown"]) == 0
        sheet = capsys.readouterr().out
        assert sheet.startswith(f"# {id}\n")
        tables = [block.splitlines() for block in sheet.split("\n\n") if block.startswith("| ")]
        for head, line, *rows in tables:
            assert set(line) <= set("|- ")
            assert rows
            for row in rows:
                assert row.replace("\\|", "").count("|") == head.count("|"), row


def test_a_datasheet_tells_all_that_is_declared(capsys):
    main(["info", "PerceptualDecisionMaking", "--markdown"])
    sheet = capsys.readouterr().out
    for line in (
        "| stimulus | 2000 ms |",
        "| correct | 1 |",
        "| 1 to 2 | choice |",
        "| dim_ring | 2 | from 2 to 64 | number of directions, evenly spaced |",
        "| coh | 0.0, 6.4, 12.8, 25.6, 51.2 (any from 0 to 100) | % | motion coherence |",
        "10.1523/JNEUROSCI.12-12-04745.1992",
        "The first response in decision ends the trial.",
    ):
        assert line in sheet
