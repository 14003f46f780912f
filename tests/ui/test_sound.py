"""Sound in a real browser: when it is heard, what shows it, and who may mute it."""

import numpy as np
import pytest

from neurogym.spec.primitives import is_lit
from neurogym.spec.scene import Clicks, Tone
from tests.ui.driver import answer, run_of, state
from tests.ui.harness import config, drawn, trial
from tests.ui.test_dual import begin as begin_both
from tests.ui.test_dual import joint, task_of

LONG = {"answer": 150}
SIGN = {"x": 0, "y": 0.3, "size": 0.1, "color": "#ff0000"}


def tone(during=("decision",), **changes):
    """A tone and its sign, in some periods."""
    when = {} if during is None else {"during": list(during)}
    own = {name: changes.pop(name) for name in ("show", "panel") if name in changes}
    return drawn(Tone(**SIGN | changes), **when, **own)


CLICKS = drawn(Clicks(**SIGN, times=[0, 100, 137.5]), during=["decision"])

# Notes each edge of a sound on the audio clock, and each first frame of a period on the page's, in
# ms; `offsets` is what the page's clock is ahead, frame by frame.
SPY = """() => {
  window.edges = [];
  window.shown = [];
  window.offsets = [];
  const look = () => {
    requestAnimationFrame(look);
    const {contextTime, performanceTime} = window.ctx?.getOutputTimestamp() ?? {};
    if (contextTime) window.offsets.push(performanceTime - 1000 * contextTime);
  };
  look();
  const curve = AudioParam.prototype.setValueCurveAtTime;
  AudioParam.prototype.setValueCurveAtTime = function (values, at, seconds) {
    window.edges.push({
      from: values[0], to: values.at(-1), at: 1000 * at, made: performance.now(), seconds,
    });
    return curve.call(this, values, at, seconds);
  };
  for (const Kind of [OscillatorNode, AudioBufferSourceNode]) {
    const start = Kind.prototype.start;
    Kind.prototype.start = function (at) {
      window.ctx = this.context;
      window.source = this;
      window.started = {kind: Kind.name, at: 1000 * at};
      this.addEventListener("ended", () => (window.ended = performance.now()));
      return start.call(this, at);
    };
  }
  const target = AudioParam.prototype.setTargetAtTime;
  AudioParam.prototype.setTargetAtTime = function (value, at, constant) {
    window.target = {value, constant, at: performance.now()};
    return target.call(this, value, at, constant);
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (...given) {
    window.ctx = this.context;
    if (given[0] === this.context.destination) window.out = this;
    return connect.apply(this, given);
  };
  const seen = () => {
    const {period, uid} = window.ui().dataset;
    window.shown.push({period, uid, at: document.timeline.currentTime});
  };
  new MutationObserver(seen).observe(window.ui(), {attributeFilter: ["data-period"]});
}"""


@pytest.fixture
def ears(bench):
    """The bench, with what it sounds noted."""
    bench.run(SPY)
    return bench


def heard(bench, at):
    """When what is scheduled for a time of the audio clock is heard, on the page's clock."""
    return at + np.median(bench.run("window.offsets"))


FEW = 5  # ms


def seen(bench, record, ms):
    """When the frame is seen that is due so long after a trial's first, if none is late."""
    first = next(one["at"] for one in bench.run("window.shown") if one["period"])
    frame = 1000 / record["refresh_hz"]
    return first + (np.round(ms / frame) + 1) * frame


def shown(bench, period):
    """Stamp of the frame that showed a period first."""
    return next(one["at"] for one in bench.run("window.shown") if one["period"] == period)


def test_a_tone_is_on_while_its_period_is(ears):
    play = trial(0, wait=50, answer=30, scene=tone())
    play["periods"] = [["fixation", 0, 50], ["decision", 50, 65], ["after", 65, 80]]
    ears.begin(play)
    record = ears.record("r1-0-0")
    frame = 1000 / record["refresh_hz"]
    on, off = ears.run("window.edges")
    assert (on["from"], on["to"], off["from"], off["to"]) == (0, 0.5, 0.5, 0)
    for edge, period, ms in ((on, "decision", 1000), (off, "after", 1300)):
        assert edge["seconds"] == pytest.approx(0.005)
        at = heard(ears, edge["at"])
        assert at == pytest.approx(seen(ears, record, ms), abs=FEW)
        late = shown(ears, period) + frame - at
        assert late == pytest.approx(0, abs=FEW) or (late > 0 and record["late_frames"])
        assert edge["made"] < at - 20  # ahead of it, not when it was due
    assert record["flags"] == {"sound": True}
    assert ears.run("window.started.kind") == "OscillatorNode"
    assert not ears.errors


def test_a_level_follows_its_channel(ears):
    level = {"channel": 1, "scale": 0.5, "offset": 0}
    play = trial(0, wait=40, answer=10, scene=tone(None, level=level))
    play["frames"] = [v for k in range(50) for v in (1, (0, 0.4, 1.0, -2, 9)[k // 10], 0)]
    ears.begin(play)
    record = ears.record("r1-0-0")
    edges = ears.run("window.edges")
    assert [edge["to"] for edge in edges] == pytest.approx([0.2, 0.5, 0, 1, 0])
    due = [seen(ears, record, ms) for ms in (200, 400, 600, 800, 1000)]
    assert [heard(ears, edge["at"]) for edge in edges] == pytest.approx(due, abs=FEW)


def test_a_channel_switches_a_sound(ears):
    play = trial(0, wait=40, answer=10, scene=tone(None, show=2))
    play["frames"] = [v for k in range(50) for v in (1, 0, float(20 <= k < 30))]
    ears.begin(play)
    record = ears.record("r1-0-0")
    due = [seen(ears, record, ms) for ms in (400, 600)]
    at = [heard(ears, edge["at"]) for edge in ears.run("window.edges")]
    assert at == pytest.approx(due, abs=FEW)


def test_clicks_come_from_one_buffer(ears):
    ears.begin(trial(0, wait=30, answer=30, scene=CLICKS))
    record = ears.record("r1-0-0")
    assert ears.run("window.started.kind") == "AudioBufferSourceNode"
    at = heard(ears, ears.run("window.started.at"))
    assert at == pytest.approx(seen(ears, record, 600), abs=FEW)
    rate, samples = ears.run("[window.ctx.sampleRate, [...window.source.buffer.getChannelData(0)]]")
    loud = np.flatnonzero(np.abs(samples) > 1e-6)
    starts = loud[np.diff(loud, prepend=-1000) > 100]
    assert starts.tolist() == pytest.approx([0, 0.1 * rate, 0.1375 * rate], abs=1)


RENDER = """async ([rate, seconds]) => {
  const sound = await import("/sound.js");
  const Kind = window.AudioContext;
  const offline = new OfflineAudioContext(2, seconds * 44100, 44100);
  const visible = (element, row, active) => active.includes("decision");
  const sounds = new sound.Sounds(window.player.rng, visible, () => {});
  sounds.Kind = function () {
    return Object.assign(offline, {resume: async () => {}, getOutputTimestamp: () => ({})});
  };
  sounds.open();
  Object.defineProperty(offline, "state", {get: () => window.rendering ? "x" : "running"});
  const clicks = {kind: "sound", source: "clicks", ear: "left", rate, times: null};
  const element = {...clicks, during: ["decision"]};
  const read = [["rate", () => rate], ["level", () => 0.8]];
  const on = {row: [], active: ["decision"], hidden: null};
  const trial = {
    scene: {items: [{element, read, seed: 1}]}, seen: [], active: ["decision"], ahead: () => on,
  };
  sounds.begin(trial);
  sounds.frame(trial, performance.now() - 10, 1000 / 60);
  const done = await offline.startRendering();
  return [[...done.getChannelData(0)], [...done.getChannelData(1)]];
}"""


def test_regular_clicks_in_one_ear_keep_their_rate(bench):
    left, right = np.array(bench.run(RENDER, [20, 5]))
    loud = np.flatnonzero(np.abs(left) > 1e-4)
    starts = loud[np.diff(loud, prepend=-1000) > 400]
    assert len(starts) == pytest.approx(100, abs=1)
    assert np.diff(starts) / 44.1 == pytest.approx(50, abs=0.1)
    assert (starts[-1] - starts[0]) / 44.1 == pytest.approx(50 * (len(starts) - 1), abs=0.2)
    assert np.abs(left).max() <= 0.25
    assert np.abs(right).max() < 1e-6


@pytest.mark.parametrize(
    ("stop", "flags"),
    [
        ("key", {}),
        ("Escape", {"interrupted": "pause"}),
        ("hidden", {"hidden": 1, "interrupted": "hidden"}),
        ("blur", {"blur": 1, "sound": False}),
    ],
)
def test_a_sound_stops_at_once(ears, stop, flags):
    ears.begin(trial(0, wait=30, **LONG, scene=tone()), feedback=None)
    onset = ears.onset("r1-0-0")
    ears.wait("window.edges.length && 1000 * window.ctx.currentTime > window.edges[0].at + 60")
    code = {
        "hidden": """() => {
          Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
          window.stopped = performance.now();
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        "blur": """() => {
          window.stopped = performance.now();
          window.dispatchEvent(new Event("blur"));
        }""",
    }
    if stop in code:
        ears.run(code[stop])
    else:
        ears.run(
            "() => addEventListener('keydown', () => (window.stopped = performance.now()), true)"
        )
        if stop == "key":
            ears.tap("KeyF", onset + 300)
        else:
            ears.page.keyboard.press(stop)
    ears.wait("window.ended")
    target, stopped = ears.run("[window.target, window.stopped]")
    assert (target["value"], target["constant"]) == (0, 0.001)
    assert target["at"] == pytest.approx(stopped, abs=20)
    record = ears.record("r1-0-0")
    assert record["flags"] == {"sound": True} | flags
    assert len(ears.run("window.edges")) == 1


def test_mute_silences_and_is_remembered(ears):
    button = ears.page.locator("[data-tool=sound]")
    ears.begin(trial(0, wait=30, answer=20, scene=tone()), trial(1, wait=500, scene=tone()))
    ears.record("r1-0-0")
    ears.running("r1-1-0")
    assert button.inner_text() == "Sound on"
    ears.page.keyboard.press("KeyM")
    ears.wait("window.ui().dataset.sound === 'muted'")
    ears.wait("window.out.gain.value < 1e-3")
    assert button.inner_text() == "Muted"
    ears.page.keyboard.press("Escape")
    assert ears.record("r1-1-0")["flags"]["sound"] is False
    ears.open()
    ears.deliver(config(run="r2"), trial(0, wait=60, run="r2", scene=tone()))
    ears.page.get_by_text("muted at this browser").wait_for()
    assert ears.data("sound") == "muted"
    button.click()
    assert ears.data("sound") == "waiting"
    ears.page.keyboard.press("Space")
    assert ears.record("r2-0-0")["flags"] == {"sound": True}


def test_m_is_what_prints_m(ears):
    ears.begin(trial(0, wait=500, scene=tone()))
    ears.running("r1-0-0")
    ears.tap("KeyM", prints=",")
    assert ears.data("sound") == "on"
    ears.tap("Semicolon", prints="m")
    assert ears.data("sound") == "muted"
    ears.tap("KeyM", prints="ь")  # a Russian keyboard
    assert ears.data("sound") == "on"


def test_a_task_keeps_its_key(ears):
    keys = [{"code": "KeyM", "label": "M", "action": 1, "name": "there"}]
    ears.begin(trial(0, wait=2, **LONG, scene=tone()), keys=keys)
    onset = ears.onset("r1-0-0")
    ears.tap("KeyM", onset + 30)
    record = ears.record("r1-0-0")
    assert (record["response"], record["flags"]["sound"]) == (1, True)
    assert ears.data("sound") == "on"


def test_without_sounds_there_is_no_button_and_no_flag(ears):
    ears.begin(trial(0))
    assert ears.record("r1-0-0")["flags"] == {}
    assert not ears.page.locator("[data-tool=sound]").is_visible()
    assert ears.run("window.ctx") is None


RED = """() => {
  const canvas = window.ui().querySelector("canvas");
  const {width, height} = canvas;
  const side = Math.min(width, height);
  const [left, top] = [Math.round((width - side) / 2), Math.round((height - side) / 2)];
  const {data} = canvas.getContext("2d").getImageData(left, top, side, side);
  const found = [];
  for (let i = 0; i < data.length; i += 4) {
    const [x, y] = [(i / 4) % side, Math.floor(i / 4 / side)];
    if (data[i] === 255 && data[i + 1] === 0) found.push([x, y]);
  }
  return {side, found};
}"""


def sign(bench, **changes):
    """Where the sign of a sound is drawn: x and y of its pixels, as fractions of the stage."""
    bench.begin(trial(0, wait=500, scene=tone(None, **changes)))
    bench.running("r1-0-0")
    shot = bench.wait(f"(() => {{ const s = ({RED})(); return s.found.length && s; }})()")
    shot = shot.json_value()
    x, y = (np.array(shot["found"]).T + 0.5) / shot["side"]
    return x - 0.5, 0.5 - y


@pytest.mark.parametrize(("level", "right"), [(0, -0.005), (0.5, 0.037), (1.0, 0.067)])
def test_the_waves_of_the_sign_go_as_far_as_the_level(bench, level, right):
    x, y = sign(bench, level=level, x=0.2)
    assert x.min() == pytest.approx(0.2 - 0.055, abs=0.004)
    assert x.max() == pytest.approx(0.2 + right, abs=0.01)
    assert y.mean() == pytest.approx(0.3, abs=0.004)


def test_the_sign_of_a_left_ear_looks_left(bench):
    x, _ = sign(bench, level=1.0, ear="left")
    assert x.min() == pytest.approx(-0.067, abs=0.01)


def test_clicks_are_seen_as_flashes_of_the_waves(bench):
    code = "([flash, ms]) => window.player.isLit(flash, ms)"
    for clicks, at, expected in (
        (Clicks(times=[0, 300]), (0, 79, 81, 299, 301), [1, 1, 0, 0, 1]),
        (Clicks(rate=10), (0, 49, 51, 99, 101), [1, 1, 0, 0, 1]),
    ):
        flash = drawn(clicks)[-1]["flash"]
        assert [bench.run(code, [flash, ms]) for ms in at] == expected
        assert [is_lit(ms, **flash) for ms in at] == expected


@pytest.mark.parametrize("failure", ["undefined", "class { constructor() { throw Error('x'); } }"])
def test_a_browser_without_sound_says_so_and_shows_the_sign(bench, failure):
    bench.page.add_init_script(f"window.AudioContext = window.webkitAudioContext = {failure};")
    bench.open()
    bench.deliver(config(), trial(0, wait=100, scene=tone(None)))
    if failure == "undefined":
        bench.page.get_by_text("This browser has no sound.").wait_for()
    bench.page.keyboard.press("Space")
    bench.running("r1-0-0")
    bench.wait(f"({RED})().found.length > 50")
    assert bench.page.locator("[data-tool=sound]").inner_text() == "No sound"
    assert bench.data("sound") == "none"
    assert bench.record("r1-0-0")["flags"] == {"sound": False}
    assert not bench.errors


def test_a_lockstep_trial_sounds(ears):
    ears.run(
        """() => {
          window.world = ({uid, k}) => ({
            uid, k: k + 1, ob: Float32Array.of(1, 0, 0), reward: 0, outcome: 0, ends: k === 24,
            active: [k >= 9 && k < 14 ? "decision" : "fixation"], window: false,
          });
        }"""
    )
    play = trial(0, wait=5, answer=25, scene=tone())
    for name in ("kind", "reward", "outcome", "ends", "next", "response", "shape"):
        del play[name]
    ears.begin(play | {"frames": [1.0, 0.0, 0.0], "dt": 50}, mode="lockstep")
    flags = ears.record("r1-0-0")["flags"]
    on, off = ears.run("window.edges")
    assert (on["to"], off["to"]) == (0.5, 0)
    assert 150 < off["at"] - on["at"] < 1000
    assert flags["sound"] is True


def test_a_sound_ends_with_its_task(ears):
    heard = tone(None, show=0, panel=[0, 2])
    first = task_of(0, trial(0, wait=2, answer=100))
    play = joint(0, first, task_of(1, trial(0, wait=20, answer=100))) | {"scene": heard}
    begin_both(ears, play)
    ears.running("r1-0-0")
    ears.wait("window.edges.length && 1000 * window.ctx.currentTime > window.edges[0].at + 60")
    assert not ears.run("window.ended")
    ears.tap("KeyF")
    ears.wait("window.ended")
    assert ears.data("state") == "running"
    assert ears.run("window.target.value") == 0
    assert len(ears.run("window.edges")) == 1


@pytest.mark.parametrize("mute", [False, True])
def test_the_trial_table_tells_whether_sound_was_on(page, server, mute):
    page.goto(f"{server.url}?task=ToneDetection&trials=2&view=play")
    state(page, "ready")
    if mute:
        page.keyboard.press("KeyM")
    page.keyboard.press("Space")
    run, client = run_of(page), page.context.new_cdp_session(page)
    while answer(page, client, "Digit1"):
        pass
    rows = server.rows(run_id=run)
    assert [row["flags"]["sound"] for row in rows] == [not mute] * 2
    assert not any("mismatch" in row["flags"] for row in rows)
    assert rows[0]["onset_ms"] in [onset for _, onset, _ in rows[0]["periods"]]
    assert all(shown > 0 for _, _, shown in rows[0]["periods"])


def test_a_page_that_stalls_as_a_sound_begins_goes_on(ears):
    ears.run(
        """() => {
          const make = AudioContext.prototype.createOscillator;
          AudioContext.prototype.createOscillator = function () {
            const start = performance.now();
            while (performance.now() - start < 400);
            return make.call(this);
          };
        }"""
    )
    level = {"channel": 1, "scale": 1, "offset": 0}
    play = trial(0, wait=40, answer=10, scene=tone(None, level=level))
    play["frames"] = [v for k in range(50) for v in (1, 0.3 + 0.4 * (k % 2), 0)]
    ears.begin(play)
    flags = ears.record("r1-0-0")["flags"]
    assert flags["sound"] is True
    assert flags["late_sounds"] >= 1
    assert len(ears.run("window.edges")) > 10
    assert not ears.errors
