"""A bare page that runs `assets/player.js` with a mock model, and helpers that play the server."""

import functools
import http.server
import threading
from pathlib import Path

import pytest

from neurogym.figures.chromium import installed
from neurogym.spec.scene import Cross

PATIENCE = 120_000  # ms: a state that never comes is an error, one that is late is not
ASSETS = Path(__file__).parents[2] / "assets"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP lan.test 127.0.0.1",  # an address that is not localhost
]

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Player</title>
<style>
html, body { margin: 0; height: 100%; }
#host { display: block; height: 100%; }
#outside { position: fixed; top: -99px }
</style>
<input id="outside" aria-label="outside"><div id="host"></div>
<script type="module">
import * as toolsJs from "/tools.js";
import * as clockJs from "/clock.js";
import * as dotsJs from "/dots.js";
import * as scoringJs from "/scoring.js";
import * as sceneJs from "/scene.js";
import * as channelsJs from "/channels.js";
import * as playerJs from "/player.js";
const modules = [toolsJs, clockJs, dotsJs, scoringJs, sceneJs, channelsJs, playerJs];
const player = Object.assign({}, ...modules);
window.player = player;
const arrays = {
  frames: Float32Array, kind: Uint16Array, reward: Float32Array,
  outcome: Uint8Array, ends: Uint8Array, next: Uint8Array, response: Uint16Array,
};
const root = document.getElementById("host").attachShadow({mode: "open"});
const handlers = window.handlers = {};
window.sent = [];
window.answers = true;   // pings are answered
window.acks = true;      // records are acknowledged
window.world = null;     // lockstep: a function of an act message, returns obs
window.deliver = (message) => {
  const typed = {...message};
  for (const [name, Kind] of Object.entries(arrays)) {
    if (message.type === "trial" && message[name]) typed[name] = Kind.from(message[name]);
  }
  for (const act of handlers["msg:custom"] ?? []) act(typed);
};
const later = (message) => queueMicrotask(() => window.deliver(message));
let stored = 0;
const model = {
  on: (name, act) => (handlers[name] ??= []).push(act),
  send_msg(message) {
    if (window.broken) throw new DOMException("the socket is down", "InvalidStateError");
    window.sent.push(JSON.parse(JSON.stringify(message)));
    if (message.type === "ping" && window.answers) later({type: "pong"});
    if (message.type === "record" && window.acks) {
      stored += message.flags.interrupted ? 0 : 1;
      later({type: "ack", uid: message.uid, n_done: stored, accuracy: 0.75, median_rt: 412});
    }
    if (message.type === "act" && window.world) later({type: "obs", ...window.world(message)});
  },
};
window.mount = async () => {
  for (const name of Object.keys(handlers)) delete handlers[name];
  const style = document.createElement("style");
  style.textContent = await (await fetch("/player.css")).text();
  const el = document.createElement("div");
  el.style.height = "100%";
  root.replaceChildren(style, el);
  el.append(player.render({model, el}));
  for (const act of handlers.after_render) act();
};
window.unmount = () => handlers.remove.forEach((act) => act());
window.records = () => window.sent.filter((message) => message.type === "record");
window.ui = () => root.querySelector(".neurogym");
await window.mount();
</script></html>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.split("?")[0] != "/":
            return super().do_GET()
        body = PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def site():
    """Address of the bare page."""
    handler = functools.partial(Handler, directory=str(ASSETS))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def lan(site):
    """The same where browsers give pages less: plain http that is not localhost."""
    return site.replace("127.0.0.1", "lan.test")


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests."""
    from playwright.sync_api import Error, expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        except Error as error:
            pytest.skip(f"Install Chromium or set NEUROGYM_CHROMIUM: no browser starts. {error}")
        yield browser
        browser.close()


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def bench(context, site):
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 420})  # what is not drawn costs nothing
    return Bench(page, site)


def config(**changes):
    """A two-choice task without pauses."""
    return {
        "type": "config",
        "run": "r1",
        "n_trials": 20,
        "n_done": 0,
        "title": "Which way?",
        "instruction": "Press the key of the side to which the dots move.",
        "mode": "open",
        "hold": False,
        "keys": [
            {"code": "KeyF", "label": "F", "action": 1, "name": "left"},
            {"code": "KeyJ", "label": "J", "action": 2, "name": "right"},
        ],
        "dial": None,
        "channels": [
            {"name": "fixation", "start": 0, "size": 1},
            {"name": "stimulus", "start": 1, "size": 2},
        ],
        "view": "scene",
        "feedback": "outcome",
        "feedback_ms": 0,
        "iti_ms": 0,
        "preload": 4,
        "remap": True,
    } | changes


def drawn(element, **changes):
    """The primitives of an element, each with the changes."""
    return [primitive | changes for primitive in element.resolve(None, {})]


CROSS = drawn(Cross(color="#000000"))


def trial(
    index=0,
    *,
    right=1,
    wait=5,
    answer=20,
    dt=20,
    actions=3,
    withhold=False,
    run="r1",
    attempt=0,
    **changes,
):
    """Fixate for `wait` steps (a key aborts), then answer within `answer` steps (or withhold)."""
    steps = wait + answer
    kind = [0] * wait + [1] * (answer - 1) + [2]
    reward, outcome, ends = [], [], []
    for k in range(3):
        for action in range(actions):
            pays = {0: (-0.1, 1, 1), 1: (1.0, 2, 1) if action == right else (0.0, 3, 1)}
            pays[2] = pays[1]
            row = pays[k] if action else (0.0, 0, 0)
            if k == 2 and action == 0:
                row = (1.0, 5, 1) if withhold else (-0.5, 4, 1)
            reward.append(row[0])
            outcome.append(row[1])
            ends.append(row[2])
    frames = [v for k in range(steps) for v in ((1.0, 0.0, 0.0) if k < wait else (0.0, 0.8, -0.3))]
    return {
        "type": "trial",
        "uid": f"{run}-{index}-{attempt}",
        "index": index,
        "attempt": attempt,
        "dt": dt,
        "T": steps,
        "periods": [["fixation", 0, wait], ["decision", wait, steps]],
        "window": [wait, steps],
        "frames": frames,
        "kind": kind,
        "reward": reward,
        "outcome": outcome,
        "ends": ends,
        "next": [0] * len(ends),
        "shape": [3, 1, actions],
        "response": responses(outcome, actions),
        "scene": CROSS,
        "seed": 7 + index,
    } | changes


def responses(outcome, actions):
    """The action itself wherever it is an answer."""
    return [i % actions if how in (2, 3) else 0 for i, how in enumerate(outcome)]


class Bench:
    """A page with the player; the test is its server."""

    def __init__(self, page, site):
        self.page, self.site = page, site
        self.errors = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.keys = page.context.new_cdp_session(page)
        self.open()

    def open(self):
        self.page.goto(self.site)
        self.wait("window.sent?.some((m) => m.type === 'ready')")

    def wait(self, condition):
        """Wait for a JavaScript condition, looked at in each animation frame."""
        return self.page.wait_for_function(condition)

    def run(self, code, value=None):
        return self.page.evaluate(code, value)

    def deliver(self, *messages):
        for message in messages:
            self.page.evaluate("(message) => window.deliver(message)", message)

    def begin(self, *trials, **changes):
        """Configure, queue the trials and press start."""
        self.deliver(config(**changes), *trials)
        self.page.keyboard.press("Space")

    def data(self, name):
        return self.page.evaluate("(name) => window.ui().dataset[name]", name)

    def state(self, name):
        return self.wait(f"window.ui().dataset.state === '{name}'")

    def running(self, uid):
        self.wait(f"window.ui().dataset.state === 'running' && window.ui().dataset.uid === '{uid}'")

    def onset(self, uid):
        """Stamp of the frame that opened the response window of a trial."""
        self.wait(f"window.ui().dataset.uid === '{uid}' && window.ui().dataset.onset")
        self.origin = self.run("performance.timeOrigin")
        return float(self.data("onset"))

    def key(self, code, at=None, kind="rawKeyDown", repeat=False, prints=None):
        """Press a key at a stamp on the clock of the page; the browser takes the stamp as given.

        `prints` is what the key prints, if the keyboard is no English one.
        """
        sign = code[-1].lower() if prints is None else prints
        event = {"type": kind, "code": code, "key": sign, "autoRepeat": repeat}
        event["windowsVirtualKeyCode"] = ord(code[-1])
        if at is not None:
            event["timestamp"] = (
                self.origin + at
            ) / 1000  # asked for before: a page that stalls tells nothing
        self.keys.send("Input.dispatchKeyEvent", event)

    def tap(self, code, at=None, prints=None):
        self.key(code, at, prints=prints)
        self.key(code, None if at is None else at + 1, "keyUp", prints=prints)

    def now(self):
        self.origin = self.run("performance.timeOrigin")
        return self.page.evaluate("performance.now()")

    def record(self, uid):
        """The record of a trial, once it was sent."""
        found = self.wait(f"window.records().find((record) => record.uid === '{uid}')")
        return found.json_value()


def screen(bench, hz):
    """Give the page a screen whose n-th frame lasts as long as at some rate, and load it anew."""
    bench.page.add_init_script(
        f"""const wait = window.requestAnimationFrame.bind(window);
        let [last, now, n] = [null, 1000, 0];
        window.requestAnimationFrame = (act) => wait((ts) => {{
          if (ts !== last) [last, now, n] = [ts, now + 1000 / ({hz}), n + 1];
          act(now);
        }});"""
    )
    bench.open()
