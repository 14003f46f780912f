"""Who may see the studio, and what headers say: asked of a server as `neurogym serve` starts it."""

import contextlib
import http.client
import os
import re
import subprocess
import sys
import urllib.parse

import pytest

from app.auth import _inside
from tests.ui.server import ROOT, free_port

TOKEN = "a token & more"
STUDIO = ("/app", "/app?view=data", "/app?view=configure", "/app?view=play", "/")
OPEN = ("/play?task=GoNogo-v0", "/neurogym/tasks.json", "/neurogym/player.css", "/login")


class Served:
    """`neurogym serve` with some options."""

    def __init__(self, folder, *options):
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "neurogym", "serve", "--port", str(self.port), *options],
            cwd=ROOT, env={**os.environ, "NEUROGYM_DB": str(folder / "t.db")}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if "app running at" in line:
                break

    def ask(self, path, method="GET", body=None, **headers):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(line):
            line.request(method, path, body, headers)
            answer = line.getresponse()
            answer.text = answer.read().decode()
        return answer

    def stop(self):
        self.process.terminate()
        self.process.communicate()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("guarded"), "--token", TOKEN)
    yield served
    served.stop()


@pytest.mark.parametrize("path", STUDIO)
def test_the_studio_asks_for_the_token(guarded, path):
    answer = guarded.ask(path)
    assert answer.status == 302
    assert answer.getheader("Location").removeprefix(".").startswith("/login?next=")


@pytest.mark.parametrize("path", OPEN)
def test_those_who_take_part_are_asked_for_none(guarded, path):
    assert guarded.ask(path).status == 200


def test_the_address_that_is_printed_lets_in_and_loses_the_token(guarded):
    shown = urllib.parse.urlparse(guarded.lines[0])
    answer = guarded.ask(f"{shown.path}?{shown.query}&view=data&seed=3")
    assert answer.status == 302
    assert answer.getheader("Location") == "/app?view=data&seed=3"
    assert guarded.ask(f"{shown.path}?{shown.query}").getheader("Location") == "/app"
    cookie = answer.getheader("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(re.split(r";\s*", cookie))
    assert TOKEN not in cookie
    for path in ("/app", "/app?view=data"):
        assert guarded.ask(path, Cookie=cookie.split(";")[0]).status == 200


@pytest.mark.parametrize("given", ["wrong", "", "a token", TOKEN.upper()])
def test_a_wrong_token_lets_nobody_in(guarded, given):
    query = urllib.parse.urlencode({"token": given})
    assert guarded.ask(f"/app?{query}").status == 302
    assert guarded.ask("/app", Cookie=f"neurogym-studio={given or 'x'}").status == 302


def test_the_form_lets_in_whom_the_token_does(guarded):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    wrong = guarded.ask("/login", "POST", "token=wrong", **kind)
    assert (wrong.status, wrong.getheader("Set-Cookie")) == (403, None)
    assert "That was not it." in wrong.text
    right = urllib.parse.urlencode({"token": TOKEN})
    answer = guarded.ask("/login?next=%2Fapp%3Fview%3Ddata", "POST", right, **kind)
    assert (answer.status, answer.getheader("Location")) == (302, "/app?view=data")
    cookie = answer.getheader("Set-Cookie").split(";")[0]
    assert guarded.ask("/app", Cookie=cookie).status == 200


def test_the_form_leads_to_pages_of_this_server_alone():
    here = "localhost:5006"
    assert _inside("/app?view=data", here) == "/app?view=data"
    assert _inside("http://localhost:5006/app", here) == "/app"
    for odd in ("http://else.example/app", "//else.example", "/\\else.example", "", "javascript:1"):
        assert _inside(odd, here) == "app", odd


def test_panels_socket_is_closed_to_strangers(guarded):
    asks = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    origin = f"http://127.0.0.1:{guarded.port}"
    assert guarded.ask("/app/ws", Origin=origin, **asks).status == 403
    assert guarded.ask("/neurogym/socket", Origin="http://else.example", **asks).status == 403


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory):
    served = Served(
        tmp_path_factory.mktemp("prefixed"), "--prefix", "lab/tasks",
        "--allow-frame", "https://course.example.org",
    )  # fmt: skip
    yield served
    served.stop()


def test_on_this_computer_the_studio_is_open(prefixed):
    assert prefixed.lines[0] == f"http://127.0.0.1:{prefixed.port}/lab/tasks/app"
    assert prefixed.ask("/lab/tasks/app").status == 200
    assert prefixed.ask("/app").status == 404


@pytest.mark.parametrize(
    ("path", "own_scripts"),
    [("app", True), ("app?view=play", True), ("play", True), ("app?view=data", False)],
)
def test_headers_keep_others_out(prefixed, path, own_scripts):
    answer = prefixed.ask(f"/lab/tasks/{path}")
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    policy = dict(
        part.strip().split(" ", 1)
        for part in answer.getheader("Content-Security-Policy").split(";")
    )
    assert policy["frame-ancestors"] == "'self' https://course.example.org"
    assert policy["object-src"] == "'none'"
    assert (policy["script-src"] == "'self'") == own_scripts
    assert "http" not in policy["script-src"]


def test_files_of_a_page_are_found_under_a_prefix_and_kept(prefixed):
    page = prefixed.ask("/lab/tasks/app").text
    (script,) = re.findall(r'<script type="module" src="([^"]+)"', page)
    answer = prefixed.ask(f"/lab/tasks/{script}")
    assert answer.status == 200
    assert "immutable" in answer.getheader("Cache-Control")
    stale = prefixed.ask(f"/lab/tasks/{script.partition('?')[0]}?v=other")
    assert stale.getheader("Cache-Control") == "no-cache"
    for name in ("picture/GoNogo-v0.svg", "datasheet/GoNogo-v0.html", "picture/No-v0.svg", "x.js"):
        found = prefixed.ask(f"/lab/tasks/neurogym/{name}")
        assert found.status == (200 if "GoNogo" in name else 404)
