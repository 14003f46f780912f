"""A person at the page, for tests: wait for a state, press a key."""

import re

import pytest
from playwright.sync_api import TimeoutError

FIND = """
  const find = (root) => {
    for (const el of root.querySelectorAll("*")) {
      if (el.matches(".neurogym[data-state]")) return el;
      const found = el.shadowRoot && find(el.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  if (!window.__player?.isConnected) window.__player = find(document);
"""
IN_STATE = f"""([states]) => {{
  {FIND}
  return window.__player && states.includes(window.__player.dataset.state);
}}
"""


@pytest.fixture
def page(context):
    page = context.new_page()
    page.problems = []
    page.outside = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.problems.append(m.text))
    page.on("request", lambda request: leaves(request.url) and page.outside.append(request.url))
    yield page
    assert page.problems == []
    assert page.outside == []


def leaves(url):
    return not re.match(r"(http|ws)://(localhost|127\.0\.0\.1):|data:|blob:|about:|file:", url)


def state(page, *states):
    page.wait_for_function(IN_STATE, arg=[list(states)])
    return page.evaluate("window.__player.dataset.state")


def run_of(page):
    found = f"() => {{ {FIND} return window.__player?.dataset.run; }}"
    return page.wait_for_function(found).json_value()


def press(client, key, seconds=None):
    code = {"Space": 32, "ArrowLeft": 37, "ArrowRight": 39}.get(key) or ord(key[-1])
    stamp = {"timestamp": seconds} if seconds else {}
    event = {"code": key, "key": " " if key == "Space" else key, "windowsVirtualKeyCode": code}
    client.send("Input.dispatchKeyEvent", {"type": "keyDown", **event, **stamp})
    client.send("Input.dispatchKeyEvent", {"type": "keyUp", **event, **stamp})


def open_task(page, server, task, trials, **query):
    more = "".join(f"&{key}={value}" for key, value in query.items())
    page.goto(f"{server.url}?task={task}&trials={trials}&view=play{more}")
    state(page, "ready")
    page.keyboard.press("Space")
    state(page, "running")


def keys_shown(page):
    """The codes of the keys on the screen; a dial's end with the one that answers."""
    hints = "[...window.__player.querySelectorAll('.hints [data-code]')]"
    return page.evaluate(f"{hints}.map((hint) => hint.dataset.code)")


ASKED = f"""() => {{
  {FIND}
  const {{state, uid, onset}} = window.__player?.dataset ?? {{}};
  if (state === "running") return onset && uid !== window.__answered && state;
  return ["done", "paused", "ready"].includes(state) && state;
}}"""


def asked(page):
    """Wait until a trial asks for an answer, or the run is over or pauses; which of these it is."""
    try:
        now = page.wait_for_function(ASKED).json_value()
    except TimeoutError:
        told = page.evaluate("({...window.__player?.dataset, answered: window.__answered})")
        pytest.fail(f"the player is stuck: {told}")
    return now


def answer(page, client, key, after_ms=200):
    """Press a key so long after the window's onset; False when the run is over."""
    while (now := asked(page)) in ("paused", "ready"):
        page.keyboard.press("Space")  # a busy machine can lose the server for a moment
        page.wait_for_function("(was) => window.__player?.dataset.state !== was", arg=now)
    if now == "done":
        return False
    onset = page.evaluate(
        "() => { const d = window.__player.dataset; window.__answered = d.uid;"
        " return performance.timeOrigin + Number(d.onset); }"
    )
    press(client, key, (onset + after_ms) / 1000)
    return True


NEXT_PERIOD = """(before) => {
  const {state, uid, period} = window.__player.dataset;
  if (state !== "running" || uid !== window.__answered) return "over";
  return period !== before && period;
}"""


def period_after(page):
    """The period that follows in the trial that was answered; None once the trial is over."""
    before = page.evaluate("window.__player.dataset.period")
    period = page.wait_for_function(NEXT_PERIOD, arg=before).json_value()
    return None if period == "over" else period


LOADED = "() => document.documentElement.dataset.ready || window.Bokeh?.documents[0]?.is_idle"


def visit(page, url):
    """Open an address, and wait until its widgets take what a person does."""
    page.goto(url)
    page.wait_for_function(LOADED)
    page.wait_for_selector("header button >> nth=0")


PICTURE = """(period) => {
  if (window.__player.dataset.period !== period) return null;
  const canvas = window.__player.querySelector("canvas");
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
  let sum = 1;
  for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i]) % 1000000007;
  return sum;
}"""


def picture(page, period):
    """A number for what is drawn once a period is on: equal pictures have the same."""
    return page.wait_for_function(PICTURE, arg=period).json_value()
