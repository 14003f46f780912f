"""With programs of Debian's: behind nginx, on PostgreSQL, with workers; in `make test-all`."""

import asyncio
import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neurogym import rollout
from neurogym.records.database import Store, run_of
from tests.app.test_auth import Served
from tests.benchmarks import load
from tests.ui.driver import answer, state
from tests.ui.server import free_port

pytestmark = pytest.mark.outside
NGINX = """
pid {folder}/pid; error_log {folder}/error.log; daemon off; worker_processes 1;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location /lab/tasks/ {{
      proxy_pass http://127.0.0.1:{inner}; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
      proxy_set_header Host $host:{port}; proxy_read_timeout 1h;
    }}
  }}
}}
"""


def program(name, *folders):
    """Where a program of Debian's lies."""
    found = shutil.which(name) or next(
        (str(path) for folder in folders for path in sorted(Path("/").glob(f"{folder}/{name}"))), ""
    )
    if not found:
        pytest.fail(f"{name} is not installed: apt install nginx postgresql")
    return found


@pytest.fixture
def behind_nginx(tmp_path):
    """The address of a studio with a path before it."""
    port = free_port()
    served = Served(tmp_path, "--prefix", "lab/tasks", "--allow-origin", f"localhost:{port}",
                    "--allow-origin", f"127.0.0.1:{port}")  # fmt: skip
    (tmp_path / "nginx.conf").write_text(
        NGINX.format(folder=tmp_path, port=port, inner=served.port)
    )
    command = [program("nginx", "usr/sbin"), "-c", str(tmp_path / "nginx.conf")]
    with subprocess.Popen(command) as nginx:
        yield f"http://localhost:{port}/lab/tasks"
        nginx.terminate()
    served.stop()


def test_all_of_the_studio_works_behind_nginx(page, behind_nginx):
    page.goto(f"{behind_nginx}/app")
    page.locator(".card .picture svg").first.wait_for()
    page.get_by_role("link", name="Play Go / No-go").click()
    state(page, "ready")
    page.goto(f"{behind_nginx}/play?task=GoNogo&trials=2")
    state(page, "ready")
    page.keyboard.press("Space")
    client = page.context.new_cdp_session(page)
    while answer(page, client, "Space"):
        pass
    page.get_by_text("All answers are saved.").wait_for()
    page.goto(f"{behind_nginx}/app?view=data")
    page.get_by_text("GoNogo-v0").first.wait_for()
    page.get_by_role("link", name="Choose").click()
    page.get_by_role("heading", name="Choose a task").wait_for()


@pytest.fixture
def postgresql(tmp_path):
    """The URL of an empty database on a server of its own."""
    bins, port, data = "usr/lib/postgresql/*/bin", free_port(), tmp_path / "data"
    as_other = []
    if os.geteuid() == 0:  # it refuses to run as root
        os.chmod(tmp_path, 0o777)
        for folder in tmp_path.parents:
            if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
                os.chmod(folder, 0o755)
        as_other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    quiet = dict(check=True, stdout=subprocess.DEVNULL, cwd="/")
    subprocess.run(
        [*as_other, program("initdb", bins), "-D", data, "-U", "lab", "-A", "trust"], **quiet
    )
    command = [*as_other, program("postgres", bins), "-D", data, "-p", str(port), "-k", tmp_path]
    with subprocess.Popen([*command, "-h", "127.0.0.1"], cwd="/", stderr=subprocess.PIPE) as server:
        for line in server.stderr:
            if b"ready to accept connections" in line:
                break
        yield f"postgresql+psycopg://lab@127.0.0.1:{port}/postgres"
        server.send_signal(signal.SIGINT)
        server.stderr.close()


def test_a_store_on_postgresql_keeps_what_it_is_given(postgresql):
    rows = rollout("PerceptualDecisionMaking", "random", trials=20, seed=3)
    with Store(postgresql) as store:
        store.add_run(run_of(rows))
        assert store.add_trials(rows) == 20
        assert store.add_trials(rows) == 0
        (run,) = store.runs()
        assert run["n_done"] == 20
        assert run["accuracy"] == pytest.approx(sum(row["correct"] for row in rows) / 20)
        (known,) = [store.trials(run_id=run["run_id"])]
        assert [row["conditions"] for row in known] == [row["conditions"] for row in rows]
        assert store.delete_run(run["run_id"])
        assert store.trials() == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_workers_share_players_and_end_together(tmp_path, database, request):
    url = request.getfixturevalue("postgresql") if database == "postgresql" else ""
    server = load.Served(url or str(tmp_path / "trials.db"), workers=2)
    query = "task=GoNogo-v0&trials=50&view=play"
    players = [load.Player(f"http://localhost:{server.port}", query) for _ in range(30)]
    with ThreadPoolExecutor(1) as other:  # the browser's loop runs in this thread
        other.submit(asyncio.run, load.crowd(server, players, within=3, play=8)).result()
    rows = server.rows()
    server.stop()  # which tells of processes that are left
    sent = [uid for player in players for uid in player.sent]
    assert sorted(row["uid"] for row in rows) == sorted(sent)
    assert not [uid for player in players for uid in player.refused]
    assert not [line for line in server.lines if "Traceback" in line]
