"""The player in a real browser: stamps, scoring, input, outbox and what is drawn."""

import itertools
import math

import numpy as np
import pytest

from neurogym.spec.scene import Disc, Dots
from tests.ui.harness import CROSS, Bench, config, drawn, responses, screen, trial

LONG = {"answer": 150}  # steps; a slow machine has time to send its key


# -- open trials: time and score -------------------------------------------------------------------


@pytest.mark.parametrize("busy", [False, True])
def test_response_times_are_exact(bench, busy):
    delays = np.random.default_rng(1).uniform(5, 60, 30).round(1)
    if busy:
        bench.run(
            """() => setInterval(() => {
              const start = performance.now();
              while (performance.now() - start < 60);
            }, 140)"""
        )
    bench.begin(*(trial(i, wait=2, **LONG) for i in range(len(delays))))
    late = 0
    for i, delay in enumerate(delays):
        onset = bench.onset(f"r1-{i}-0")
        bench.tap("KeyF", onset + delay)
        record = bench.record(f"r1-{i}-0")
        assert record["rt_ms"] == pytest.approx(delay, abs=1)
        assert record["rt_ms"] == record["key_ms"] - record["onset_ms"]
        assert (record["response"], record["outcome"], record["reward"]) == (1, 2, 1)
        late += record["late_frames"]
    assert late > 0 or not busy
    assert not bench.errors


def test_key_pressed_during_a_stall_counts_at_its_own_time(bench):
    bench.begin(trial(0, wait=2, answer=300))
    onset = bench.onset("r1-0-0")
    bench.run(
        """() => void setTimeout(() => {
          const start = performance.now();
          while (performance.now() - start < 8000);
        })"""
    )
    bench.tap("KeyF", onset + 2)
    record = bench.record("r1-0-0")
    assert record["outcome"] == 2
    assert record["rt_ms"] == pytest.approx(2, abs=0.2)
    assert record["actions"] == [[2, 1]]


@pytest.mark.parametrize(
    ("withhold", "outcome", "reward", "words"),
    [(False, 4, -0.5, "Too slow"), (True, 5, 1, "Well withheld")],
)
def test_no_answer_is_a_miss_or_rightly_withheld(bench, withhold, outcome, reward, words):
    bench.begin(trial(0, withhold=withhold), feedback_ms=60000)
    record = bench.record("r1-0-0")
    assert record["outcome"] == outcome
    assert record["reward"] == pytest.approx(reward)
    assert (record["response"], record["rt_ms"], record["actions"]) == (None, None, [])
    assert bench.page.get_by_role("status").inner_text() == words


def test_wrong_key_is_an_error_and_feedback_may_be_points(bench):
    bench.begin(trial(0, right=2, **LONG), feedback="reward", feedback_ms=60000)
    bench.tap("KeyF", bench.onset("r1-0-0") + 10)
    assert bench.record("r1-0-0")["outcome"] == 3
    assert bench.page.get_by_role("status").inner_text() == "No reward"


def test_a_response_may_differ_from_the_key(bench):
    """A lapse: whatever was pressed, action 2 is what counts."""
    play = trial(0, wait=2, **LONG)
    play["response"] = [2 if action else 0 for action in play["response"]]
    bench.begin(play)
    bench.tap("KeyF", bench.onset("r1-0-0") + 25)
    record = bench.record("r1-0-0")
    assert [a for _, a in record["actions"]] == [1]
    assert record["response"] == 2
    assert record["rt_ms"] == pytest.approx(25, abs=1)


def test_no_feedback_says_nothing(bench):
    bench.begin(trial(0, **LONG), trial(1, wait=500), feedback=None, feedback_ms=60000)
    bench.tap("KeyF", bench.onset("r1-0-0") + 10)
    bench.running("r1-1-0")
    assert bench.page.get_by_role("status").inner_text() == ""


def test_steps_and_onset_follow_the_frames(bench):
    bench.begin(*(trial(i, wait=5, answer=10, dt=30) for i in range(6)))
    records = [bench.record(f"r1-{i}-0") for i in range(6)]
    record = min(records, key=lambda record: record["late_frames"])  # a busy machine drops some
    least = 15 * 30 / 1000 * record["refresh_hz"] - 3
    assert record["frames"] <= 40
    assert record["frames"] >= least or record["late_frames"]
    assert record["refresh_hz"] == pytest.approx(60, abs=6)
    assert record["onset_ms"] > 0
    assert record["origin_ms"] == bench.run("performance.timeOrigin")


def test_early_key_is_an_action_and_a_flag(bench):
    bench.begin(trial(0, wait=1000))
    bench.running("r1-0-0")
    bench.tap("KeyJ")
    record = bench.record("r1-0-0")
    assert record["outcome"] == 1
    assert record["reward"] == pytest.approx(-0.1)
    assert record["flags"] == {"early": 1}
    assert record["actions"][0][1] == 2
    assert (record["response"], record["rt_ms"], record["onset_ms"]) == (None, None, None)


def test_second_key_in_a_step_and_repeats_are_counted_only(bench):
    nothing = trial(0, wait=2, answer=2, dt=800)
    for name in ("ends", "reward", "outcome", "response"):
        nothing[name] = [0] * len(nothing[name])
    bench.begin(nothing)
    onset = bench.onset("r1-0-0")
    bench.key("KeyF", onset + 20)
    bench.key("KeyF", onset + 30, repeat=True)
    bench.key("KeyF", onset + 40, repeat=True)
    bench.key("KeyJ", onset + 50)
    record = bench.record("r1-0-0")
    assert record["actions"] == [[2, 1]]
    assert record["flags"] == {"repeat": 2, "extra": 1}
    assert record["response"] is None


def test_key_after_the_response_counts_only_if_it_has_an_effect(bench):
    """Rule state 1 follows the response and lasts to the end; there only action 2 costs."""
    steps, dt = 8, 400
    table = {"reward": [0, 1, 0, 0, 0, -2], "outcome": [0, 2, 3, 0, 0, 0]}
    table |= {"next": [0, 1, 1, 1, 1, 1], "ends": [0] * 6, "shape": [1, 2, 3], "kind": [0] * steps}
    table["response"] = responses(table["outcome"], 3)
    bench.begin(trial(0, wait=1, answer=steps - 1, dt=dt, **table))
    onset = bench.onset("r1-0-0")
    bench.tap("KeyF", onset + 10)
    bench.wait(f"performance.now() > {onset + 3 * dt}")
    bench.tap("KeyF", onset + 1.5 * dt)
    bench.tap("KeyJ", onset + 2.5 * dt)
    record = bench.record("r1-0-0")
    assert record["flags"] == {"extra": 1}
    assert [a for _, a in record["actions"]] == [1, 2]
    assert (record["response"], record["outcome"], record["reward"]) == (1, 2, -1)
    assert record["rt_ms"] == pytest.approx(10, abs=0.2)


def score(play, actions):
    """The payoff table, read as docs/player.md tells."""
    _, states, n = play["shape"]
    state, reward, outcome, answered, answer = 0, 0.0, 0, 0, None
    for k in range(play["T"]):
        i = (play["kind"][k] * states + state) * n + actions.get(k, 0)
        reward += play["reward"][i]
        outcome = play["outcome"][i]
        if play["response"][i] and answer is None:
            answer, answered = play["response"][i], outcome
        outcome = outcome or answered
        if play["ends"][i]:
            return reward, outcome, k, answer
        state = play["next"][i]
    return reward, outcome, None, answer


def test_scores_agree_with_the_table(bench):
    rng = np.random.default_rng(3)
    for _ in range(40):
        shape = k, s, a = [int(v) for v in rng.integers(1, 5, 3)]
        size, steps = k * s * a, int(rng.integers(1, 30))
        play = {
            "T": steps,
            "shape": shape,
            "kind": rng.integers(0, k, steps).tolist(),
            "reward": rng.integers(-4, 5, size).tolist(),
            "outcome": rng.integers(0, 6, size).tolist(),
            "ends": (rng.random(size) < 0.1).astype(int).tolist(),
            "next": rng.integers(0, s, size).tolist(),
            "response": (rng.integers(0, a, size) * (rng.random(size) < 0.2)).tolist(),
        }
        actions = {int(i): int(rng.integers(0, a)) for i in rng.integers(0, steps, 5)}
        code = "([play, actions]) => window.player.scoreTable(play, new Map(actions))"
        got = bench.run(code, [play, list(actions.items())])
        told = got["reward"], got["outcome"], got["step"], got["response"]
        assert told == score(play, actions)


# -- the screen ------------------------------------------------------------------------------------


@pytest.mark.parametrize("hz", [30, 60, 75, 144])
def test_periods_are_told_as_they_were_shown(bench, hz):
    at = np.cumsum([0, 2, 3, 5, 7, 4])  # steps of 20 ms
    periods = [[f"p{i}", int(at[i]), int(at[i + 1])] for i in range(5)]
    screen(bench, hz)
    bench.begin(trial(0, wait=17, answer=4, periods=periods))
    record = bench.record("r1-0-0")
    names, onsets, shown = zip(*record["periods"], strict=True)
    assert list(names) == ["p0", "p1", "p2", "p3", "p4"]
    frames = (np.array([*onsets, onsets[-1] + shown[-1]]) - onsets[0]) * hz / 1000
    assert frames == pytest.approx(np.ceil(at * 20 * hz / 1000 - 0.5), abs=0.02)
    assert np.diff(onsets) == pytest.approx(shown[:-1], abs=0.01)
    assert record["onset_ms"] == onsets[4]
    assert (record["refresh_hz"], record["late_frames"]) == (hz, 0)


PAINTED = """
window.painted = new Map();
const next = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (act) => next((ts) => {
  act(ts);
  const canvas = window.ui?.()?.querySelector("canvas");
  const middle = canvas?.getContext("2d").getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1);
  window.painted.set(ts, middle ? [...middle.data].slice(0, 3).join() : "");
});"""
EMPTY = "128,128,128"


@pytest.mark.parametrize("feedback", ["outcome", None])
@pytest.mark.parametrize("hz", [60, 75])
def test_onsets_starts_and_pauses_are_those_of_frames_that_were_painted(bench, hz, feedback):
    """What stands in the middle of the screen, frame by frame, tells when each period came on."""
    colours = {"#ff0000": "255,0,0", "#00ff00": "0,255,0", "#0000ff": "0,0,255"}
    periods = [["p0", 0, 3], ["p1", 3, 8], ["p2", 8, 12]]
    scene = [
        disc
        for colour, (name, *_) in zip(colours, periods, strict=True)
        for disc in drawn(Disc(radius=0.25, color=colour), during=[name])
    ]
    screen(bench, hz)
    bench.page.add_init_script(PAINTED)
    bench.open()
    more = {"feedback": feedback, "feedback_ms": 110, "iti_ms": 87}
    plays = [trial(i, wait=8, answer=4, periods=periods, scene=scene) for i in range(3)]
    bench.begin(*plays, **more)
    records = [bench.record(f"r1-{i}-0") for i in range(3)]
    frames = sorted((float(ts), seen) for ts, seen in bench.run("[...window.painted]"))
    changes = [
        (ts, seen) for (_, was), (ts, seen) in itertools.pairwise(frames) if seen != was and was
    ]
    onsets = {seen: [ts for ts, now in changes if now == seen] for _, seen in changes}
    for k, colour in enumerate(colours.values()):
        assert onsets[colour] == [record["periods"][k][1] for record in records]
    assert [record["start_ms"] for record in records] == onsets[colours["#ff0000"]]
    ends = onsets[EMPTY][:2]  # of the first two trials
    begins = onsets[colours["#ff0000"]][1:]
    pauses = [begin - end for end, begin in zip(ends, begins, strict=True)]
    assert [record["iti_ms"] for record in records[1:]] == pytest.approx(pauses, abs=0.001)
    assert records[0]["iti_ms"] is None
    assert pauses == pytest.approx([197 if feedback else 87] * 2, abs=2000 / hz)


def test_the_pause_after_an_interruption_counts_from_it(bench):
    bench.begin(trial(0, wait=2, **LONG), trial(1))
    bench.onset("r1-0-0")
    before = bench.now()
    bench.page.keyboard.press("Escape")
    bench.state("paused")
    after = bench.now()
    bench.page.keyboard.press("Space")
    record = bench.record("r1-1-0")
    assert before <= record["start_ms"] - record["iti_ms"] <= after
    assert record["iti_ms"] >= 400  # after a start the screen is empty for that long


def test_sizes_are_told_in_css_pixels(bench):
    bench.keys.send("Emulation.setDeviceMetricsOverride", {
        "width": 1000, "height": 500, "deviceScaleFactor": 1.5, "mobile": False,
        "screenWidth": 1920, "screenHeight": 1080,
    })  # fmt: skip
    bench.begin(trial(0))
    told = bench.record("r1-0-0")["screen"]
    stage = bench.run(
        "() => { const box = window.ui().querySelector('.stage');"
        " return [box.clientWidth, box.clientHeight]; }"
    )
    assert told == {"stage": stage, "window": [1000, 500], "screen": [1920, 1080], "ratio": 1.5}
    assert bench.run("window.ui().querySelector('canvas').width") == round(stage[0] * 1.5)


@pytest.mark.parametrize("feedback", ["outcome", None])
@pytest.mark.parametrize("hz", [60, 75, 144])
def test_pauses_get_the_frames_nearest_to_their_length(bench, hz, feedback):
    screen(bench, hz)
    more = {"feedback": feedback, "feedback_ms": 110, "iti_ms": 87}
    bench.begin(*(trial(i, answer=3) for i in range(3)), **more)
    periods = [bench.record(f"r1-{i}-0")["periods"] for i in range(3)]
    ms = 87 if feedback is None else 110 + 87
    frames = round(ms * hz / 1000) + (feedback is not None)  # an empty one comes before feedback
    for (*_, (_, onset, shown)), ((_, following, _), *_) in itertools.pairwise(periods):
        assert (following - onset - shown) * hz / 1000 == pytest.approx(frames, abs=0.02)


def test_the_first_trial_waits_for_the_refresh_rate(bench):
    """A screen of 144 Hz, and a person who starts as fast as the page is there."""
    screen(bench, "144")
    bench.begin(trial(0, scene=drawn(Dots(density=6000))), iti_ms=0)
    record = bench.record("r1-0-0")
    assert record["refresh_hz"] == 144
    assert [ms for *_, ms in record["periods"]] == pytest.approx([14 / 0.144, 58 / 0.144], abs=0.1)
    assert bench.run("window.ui().dataset.state") != "ready"


def test_a_refresh_rate_that_changes_is_told(bench):
    screen(bench, "n < 150 ? 144 : 60")
    bench.begin(*(trial(i, wait=1, answer=50) for i in range(4)))
    records = [bench.record(f"r1-{i}-0") for i in range(4)]
    told = [record["flags"].get("refresh_changed", False) for record in records]
    assert sum(told) == 1
    at = told.index(True)
    assert {record["refresh_hz"] for record in records[:at]} <= {144}
    assert {record["refresh_hz"] for record in records[at:]} == {60}


# -- input -----------------------------------------------------------------------------------------


def test_typing_elsewhere_never_reaches_the_task(bench):
    bench.begin(trial(0, wait=2, **LONG))
    bench.onset("r1-0-0")
    field = bench.page.get_by_label("outside")
    field.focus()
    bench.page.keyboard.type("fj fj")
    assert field.input_value() == "fj fj"
    bench.run("document.activeElement.blur()")
    bench.page.keyboard.press("Control+KeyF")
    bench.tap("KeyJ")
    record = bench.record("r1-0-0")
    assert [a for _, a in record["actions"]] == [2]
    assert record["flags"] == {}


def test_keys_between_trials_do_nothing(bench):
    bench.begin(trial(0, **LONG), trial(1), feedback_ms=4000, iti_ms=100)
    bench.tap("KeyF", bench.onset("r1-0-0") + 10)
    bench.state("feedback")
    bench.tap("KeyJ")
    record = bench.record("r1-1-0")
    assert (record["actions"], record["flags"], record["outcome"]) == ([], {}, 4)


def test_pause_interrupts_and_space_resumes(bench):
    bench.begin(trial(0, wait=500), trial(1, wait=2, **LONG))
    bench.running("r1-0-0")
    bench.page.keyboard.press("Escape")
    bench.state("paused")
    record = bench.record("r1-0-0")
    assert record["flags"] == {"interrupted": "pause"}
    assert (record["response"], record["outcome"], record["rt_ms"]) == (None, 0, None)
    bench.page.keyboard.press("Space")
    bench.tap("KeyF", bench.onset("r1-1-0") + 10)
    assert bench.record("r1-1-0")["outcome"] == 2


def test_hidden_page_interrupts(bench):
    bench.begin(trial(0, wait=500))
    bench.running("r1-0-0")
    bench.run(
        """() => {
          Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    bench.state("paused")
    assert bench.record("r1-0-0")["flags"] == {"hidden": 1, "interrupted": "hidden"}


def test_an_answer_counts_though_the_page_is_hidden_at_once(bench):
    """The trial is over with its key, though it leaves the screen in the next frame."""
    bench.begin(trial(0, wait=2, **LONG), trial(1))
    bench.onset("r1-0-0")
    bench.run(
        """() => {
          window.dispatchEvent(new KeyboardEvent("keydown", {code: "KeyF", key: "f"}));
          Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    record = bench.record("r1-0-0")
    assert (record["response"], record["outcome"], record["flags"]) == (1, 2, {})
    assert [ms is None for *_, ms in record["periods"]] == [False, True]
    bench.state("paused")


def test_blur_is_noted_and_pauses_after_the_trial(bench):
    bench.begin(trial(0), trial(1))
    bench.running("r1-0-0")
    bench.run("() => void window.dispatchEvent(new Event('blur'))")
    bench.state("paused")
    record = bench.record("r1-0-0")
    assert record["flags"] == {"blur": 1}
    assert record["outcome"] == 4


def test_key_on_the_screen_is_the_key(bench):
    bench.begin(trial(0, wait=2, **LONG))
    bench.onset("r1-0-0")
    bench.page.get_by_role("button", name="left, key F").click()
    record = bench.record("r1-0-0")
    assert record["response"] == 1
    assert 0 < record["rt_ms"] < 3000


def test_keys_can_be_remapped_but_not_doubled(bench):
    bench.deliver(config(), trial(0, wait=2, **LONG))
    page = bench.page
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("button", name="left").click()
    page.keyboard.press("KeyJ")
    page.get_by_text("J already means “right”.").wait_for()
    page.keyboard.press("KeyA")
    page.get_by_text("“left” is now A.").wait_for()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("Space")
    bench.tap("KeyF", bench.onset("r1-0-0") + 10)
    bench.tap("KeyA", bench.onset("r1-0-0") + 25)
    assert bench.record("r1-0-0")["rt_ms"] == pytest.approx(25, abs=1)
    bench.open()
    bench.deliver(config())
    assert bench.page.get_by_role("dialog").get_by_text("A", exact=True).count() == 1


def test_keys_of_a_french_keyboard(bench):
    """Keys of the task are places; one that was chosen is the letter that it prints."""
    keys = [
        {"code": "KeyA", "label": "A", "action": 1, "name": "left"},
        {"code": "KeyD", "label": "D", "action": 2, "name": "right"},
    ]
    bench.deliver(config(keys=keys), *(trial(i, wait=2, **LONG) for i in range(3)))
    page = bench.page
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("button", name="right").click()
    bench.tap("Semicolon", prints="m")
    page.get_by_text("“right” is now M.").wait_for()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("Space")
    onset = bench.onset("r1-0-0")
    bench.tap("KeyM", onset + 10, prints=",")
    bench.tap("Semicolon", onset + 20, prints="m")
    bench.tap("KeyA", bench.onset("r1-1-0") + 30, prints="q")
    onset = bench.onset("r1-2-0")
    bench.tap("KeyQ", onset + 10, prints="a")
    bench.tap("KeyM", onset + 40, prints="m")  # the keyboard is an English one again
    records = [bench.record(f"r1-{i}-0") for i in range(3)]
    assert [record["response"] for record in records] == [2, 1, 2]
    assert [record["rt_ms"] for record in records] == pytest.approx([20, 30, 40], abs=1)
    assert not page.locator(".hint.down").count()


def test_a_trial_may_have_keys_of_its_own(bench):
    both = [
        {"code": "KeyF", "label": "F", "action": 1, "name": "left / go"},
        {"code": "KeyJ", "label": "J", "action": 2, "name": "right"},
    ]
    go = [{"code": "KeyF", "label": "F", "action": 2, "name": "go"}]
    dial = {"actions": [1, 2], "names": ["a", "b"], "angles": [0, 3]}
    page = bench.page
    bench.deliver(
        config(keys=both),
        trial(0, wait=2, keys=go, dial=None, **LONG),
        trial(1, wait=2, keys=[], dial=dial, **LONG),
        trial(2, wait=2, **LONG),
    )
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("button", name="left / go").click()
    page.keyboard.press("KeyA")
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("Space")
    onset = bench.onset("r1-0-0")
    assert page.locator(".hint").all_inner_texts() == ["A\ngo"]
    bench.tap("KeyJ", onset + 10)
    bench.tap("KeyA", onset + 25)
    assert bench.record("r1-0-0")["response"] == 2
    bench.onset("r1-1-0")
    bench.wait("window.ui().dataset.dial")
    assert page.locator(".hint").count() == 3
    page.keyboard.press("Space")
    assert bench.record("r1-1-0")["response"] in (1, 2)
    bench.tap("KeyA", bench.onset("r1-2-0") + 10)
    assert bench.record("r1-2-0")["response"] == 1
    assert [cap.split()[0] for cap in page.locator(".hint").all_inner_texts()] == ["A", "J"]


def test_dial_turns_confirms_and_takes_clicks(bench):
    n = 16
    names = [f"{360 * i / n:g}°" for i in range(n)]
    angles = [2 * math.pi * i / n for i in range(n)]
    dial = {"actions": list(range(1, n + 1)), "names": names, "angles": angles}
    plays = [trial(i, wait=2, actions=n + 1, right=5, **LONG) for i in range(2)]
    bench.begin(*plays, keys=[], dial=dial)
    bench.onset("r1-0-0")
    bench.wait("window.ui().dataset.dial")
    start = names.index(bench.data("dial"))
    for _ in range(3):
        bench.page.keyboard.press("ArrowLeft")
    bench.wait(f"window.ui().dataset.dial === '{names[(start + 3) % n]}'")
    bench.page.keyboard.press("Space")
    assert bench.record("r1-0-0")["response"] == (start + 3) % n + 1

    bench.onset("r1-1-0")
    box = bench.page.get_by_role("img").bounding_box()
    side = min(box["width"], box["height"])
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    bench.page.mouse.click(x, y - 0.44 * side)
    record = bench.record("r1-1-0")
    assert record["response"] == 5  # straight up
    assert record["outcome"] == 2


def test_held_arrow_keeps_turning_the_dial(bench):
    dial = {"actions": [1, 2, 3], "names": ["a", "b", "c"], "angles": [0, 2, 4]}
    bench.begin(trial(0, wait=2, actions=4, **LONG), keys=[], dial=dial)
    bench.onset("r1-0-0")
    bench.wait("window.ui().dataset.dial")
    names = "abc" * 3
    start = names.index(bench.data("dial"))
    bench.page.keyboard.down("ArrowLeft")
    for step in (1, 2, 3):
        bench.wait(f"window.ui().dataset.dial === '{names[start + step]}'")
    bench.page.keyboard.up("ArrowLeft")


# -- lockstep --------------------------------------------------------------------------------------

WORLD = """(open) => {
  window.world = ({uid, k, action}) => ({
    uid, k: k + 1, ob: Float32Array.of(0, k / 10, 0),
    active: [k + 1 < open ? "fixation" : "decision"], window: k + 1 >= open,
    reward: action === 1 ? 1 : 0,
    outcome: k >= open && action ? (action === 1 ? 2 : 3) : 0,
    ends: (k >= open && action !== 0) || k === 29,
  });
}"""


def lockstep(index=0, **changes):
    play = trial(index, wait=5, answer=25, **{"dt": 50, **changes})
    for name in ("kind", "reward", "outcome", "ends", "next", "response", "shape"):
        del play[name]
    return play | {"frames": [1.0, 0.0, 0.0]}


def test_lockstep_sends_one_action_a_step(bench):
    bench.run(WORLD, 4)
    bench.begin(lockstep(), mode="lockstep")
    onset = bench.onset("r1-0-0")
    assert bench.data("period") == "decision"
    bench.tap("KeyF", onset + 10)
    record = bench.record("r1-0-0")
    acts = bench.run("window.sent.filter((m) => m.type === 'act')")
    assert [a["k"] for a in acts] == list(range(len(acts)))
    answered = [[a["k"], a["action"]] for a in acts if a["action"]]
    assert answered == [[len(acts) - 1, 1]] == record["actions"]
    assert (record["response"], record["outcome"], record["reward"]) == (1, 2, 1)
    assert record["rt_ms"] == pytest.approx(10, abs=0.2)


def test_lockstep_holds_an_action_and_blur_releases_it(bench):
    bench.run(WORLD, 99)
    bench.begin(lockstep(), mode="lockstep", hold=True)
    bench.running("r1-0-0")
    bench.key("KeyJ")
    bench.wait("window.sent.filter((m) => m.type === 'act' && m.action === 2).length >= 3")
    bench.run("() => void window.dispatchEvent(new Event('blur'))")
    record = bench.record("r1-0-0")
    held = [k for k, a in record["actions"] if a == 2]
    assert held == list(range(held[0], held[-1] + 1))
    assert 3 <= len(held) < 29
    assert record["flags"]["blur"] == 1
    assert record["outcome"] == 0


def test_lockstep_holds_a_key_on_the_screen(bench):
    bench.run(WORLD, 99)
    bench.begin(lockstep(), mode="lockstep", hold=True)
    bench.running("r1-0-0")
    bench.page.get_by_role("button", name="right, key J").hover()
    bench.page.mouse.down()
    bench.wait("window.sent.filter((m) => m.type === 'act' && m.action === 2).length >= 3")
    bench.page.mouse.up()
    held = [k for k, a in bench.record("r1-0-0")["actions"] if a == 2]
    assert held == list(range(held[0], held[-1] + 1))
    assert len(held) < 28


def test_lockstep_end_may_name_the_step_of_the_response(bench):
    bench.run(WORLD, 99)
    bench.run(
        """() => {
          const world = window.world;
          let step = null;
          window.world = (act) => {
            if (act.action) step = act.k;
            const ends = step !== null && act.k === step + 2;
            return {...world(act), window: true, outcome: ends ? 2 : 0, ends, response_step: step};
          };
        }"""
    )
    bench.begin(lockstep(), mode="lockstep")
    onset = bench.onset("r1-0-0")
    bench.tap("KeyJ", onset + 10)
    record = bench.record("r1-0-0")
    assert (record["response"], record["outcome"]) == (2, 2)
    assert record["rt_ms"] == pytest.approx(10, abs=0.2)


def test_lockstep_keeps_the_pace_of_steps_that_are_little_longer_than_a_frame(bench):
    bench.run(WORLD, 99)
    bench.run(
        """() => {
          const world = window.world;
          window.acted = [];
          window.world = (act) => (window.acted.push(performance.now()), world(act));
        }"""
    )
    bench.begin(lockstep(dt=20), mode="lockstep")
    bench.record("r1-0-0")
    acted = np.array(bench.run("window.acted"))
    assert np.median(np.diff(acted)) == pytest.approx(20, abs=2)


def test_lockstep_waits_for_a_late_answer(bench):
    bench.begin(lockstep(), mode="lockstep")
    bench.wait("window.sent.some((m) => m.type === 'act')")
    bench.wait("performance.now() > 2500")
    assert bench.run("window.sent.filter((m) => m.type === 'act').length") == 1
    obs = {"type": "obs", "uid": "r1-0-0", "window": False, "reward": 0, "outcome": 0}
    obs |= {"active": ["fixation"]}
    waited = bench.run("performance.now()")
    bench.deliver(obs | {"k": 1, "ob": [1, 0, 0], "ends": False})
    bench.wait("window.sent.some((m) => m.type === 'act' && m.k === 1)")
    bench.deliver(obs | {"k": 2, "ob": [1, 0, 0], "ends": True})
    record = bench.record("r1-0-0")
    assert record["flags"]["late_steps"] >= 1
    assert record["actions"] == []
    ((name, onset, ms),) = record["periods"]  # as long as it was on the screen
    assert name == "fixation"
    assert ms > waited - onset > 10 * 50


def test_who_plays_in_lockstep_is_told_that_it_may_be_slower_and_how_much_it_was(bench):
    bench.deliver(config())
    assert "declared" not in bench.run("window.ui().textContent")
    bench.run("window.acks = false")
    bench.run(WORLD, 4)
    bench.deliver(config(mode="lockstep"), lockstep())
    assert "it may go slower than declared" in bench.run("window.ui().textContent")
    bench.page.keyboard.press("Space")
    bench.record("r1-0-0")
    ack = {"type": "ack", "uid": "r1-0-0", "n_done": 1, "accuracy": 1, "median_rt": 400}
    bench.page.keyboard.press("Escape")
    assert bench.data("overlay") == "paused"
    bench.deliver(ack | {"slower": 12})
    assert "It went 12 % slower than declared" in bench.run("window.ui().textContent")
    bench.deliver({"type": "done"})
    assert bench.data("overlay") == "done"
    assert "It went 12 % slower than declared" in bench.run("window.ui().textContent")
    bench.deliver(ack | {"slower": 0})
    assert "declared" not in bench.run("window.ui().textContent")


# -- nothing is lost -------------------------------------------------------------------------------


def test_records_are_sent_until_acknowledged_and_survive_a_reload(bench):
    bench.run("window.acks = false; window.player.TIMES.resend = 100")
    bench.begin(trial(0, **LONG))
    bench.tap("KeyF", bench.onset("r1-0-0") + 10)
    bench.wait("window.records().length >= 3")
    first = bench.record("r1-0-0")
    bench.page.reload()
    bench.wait("window.sent?.some((m) => m.type === 'ready')")
    sent = bench.run("window.sent.filter((m) => m.type !== 'ping')")
    assert [m["type"] for m in sent[:2]] == ["record", "ready"]
    assert sent[0] == first
    bench.wait("window.ui().dataset.outbox === '0'")
    bench.open()
    assert bench.run("window.records()") == []


def test_a_socket_that_throws_loses_nothing(bench):
    bench.begin(trial(0), trial(1))
    bench.running("r1-0-0")
    bench.run("window.broken = true")
    bench.state("loading")
    assert bench.run("window.records()") == []
    assert bench.data("outbox") == "2"
    bench.run("window.broken = false")
    assert bench.record("r1-0-0")["outcome"] == 4
    bench.wait("window.ui().dataset.outbox === '0'")
    assert not bench.errors


def test_reload_in_a_trial_records_the_interruption(bench):
    bench.begin(trial(0, wait=500))
    bench.running("r1-0-0")
    bench.page.reload()
    record = bench.record("r1-0-0")
    assert record["flags"] == {"interrupted": "reload"}


def test_lost_connection_plays_on_then_waits_for_the_server(bench):
    bench.run("Object.assign(window.player.TIMES, {ping: 100, lost: 300, firstAnswer: 300})")
    bench.begin(trial(0, wait=50))
    bench.run("window.answers = false; window.acks = false")
    bench.page.get_by_text("Offline: answers are kept here").wait_for()
    assert bench.data("state") == "running"
    bench.wait("window.ui().dataset.overlay === 'lost'")
    assert bench.data("outbox") == "1"
    bench.run("window.answers = window.acks = true; window.handlers.back.forEach((act) => act())")
    (resume,) = bench.run("window.sent.filter((m) => m.type === 'resume')")
    assert resume["have"] == ["r1-0-0"]
    bench.wait("window.ui().dataset.overlay !== 'lost' && window.ui().dataset.outbox === '0'")
    assert bench.record("r1-0-0")["outcome"] == 4


def test_a_line_that_is_back_names_what_need_not_come_again(bench):
    bench.begin(trial(0, wait=500), trial(1), trial(2))
    bench.running("r1-0-0")
    bench.run("window.handlers.back.forEach((act) => act())")
    (resume,) = bench.run("window.sent.filter((m) => m.type === 'resume')")
    assert sorted(resume["have"]) == ["r1-0-0", "r1-1-0", "r1-2-0"]
    assert bench.data("state") == "running"


def test_lost_connection_ends_a_lockstep_trial(bench):
    bench.run("Object.assign(window.player.TIMES, {ping: 100, lost: 300, firstAnswer: 300})")
    bench.begin(lockstep(), mode="lockstep")
    bench.wait("window.sent.some((m) => m.type === 'act')")
    bench.run("window.answers = false")
    assert bench.record("r1-0-0")["flags"]["interrupted"] == "reload"
    bench.page.get_by_text("Connection lost").wait_for()
    bench.run("window.deliver({type: 'pong'})")
    bench.wait("window.ui().dataset.overlay === 'paused'")


def test_second_tab_is_refused_until_the_first_is_gone(bench, context, site):
    bench.deliver(config(), trial(0))
    bench.wait("window.ui().dataset.overlay === 'ready'")
    other = Bench(context.new_page(), site)
    other.deliver(config(), trial(0))
    other.page.get_by_text("This session is open in another tab").wait_for()
    other.page.keyboard.press("Space")
    assert other.data("state") == "ready"
    bench.run("window.unmount()")
    other.wait("window.ui().dataset.overlay === 'ready'")
    assert other.run("window.sent.filter((m) => m.type === 'ready').length") == 2


@pytest.mark.parametrize("how", ["removed"])  # others: tests/js/locks.test.js
def test_second_tab_waits_where_browsers_give_no_locks(context, lan, how):
    first = Bench(context.new_page(), lan)
    assert first.run("[window.isSecureContext, navigator.locks === undefined]") == [False, True]
    first.deliver(config(), trial(0))
    first.page.get_by_text("Start – press space").wait_for()  # it has the run
    other = Bench(context.new_page(), lan)
    other.deliver(config(), trial(0))
    other.page.get_by_text("This session is open in another tab").wait_for()
    assert first.data("overlay") == "ready"
    other.page.keyboard.press("Space")
    assert other.data("state") == "ready"
    if how == "removed":
        first.run("window.unmount()")
    elif how == "closed":
        first.page.close()
    else:
        first.page.goto("about:blank")
    other.wait("window.ui().dataset.overlay === 'ready'")


COPY = """async (given) => {
  const {copy} = await import("/pages/copy.js");
  const button = document.createElement("button");
  Object.assign(button, {textContent: "Copy", onclick: () => copy(given)});
  button.style.cssText = "position: fixed; top: 0; left: 0; z-index: 9999";
  document.body.append(button);
}"""
COPIED = "two\nlines, “quoted”"


@pytest.mark.parametrize("where", ["site", "lan"])
def test_text_is_copied_with_and_without_a_clipboard(context, request, where):
    bench = Bench(context.new_page(), request.getfixturevalue(where))
    assert bench.run("navigator.clipboard === undefined") == (where == "lan")
    bench.run(COPY, COPIED)
    bench.page.get_by_role("button", name="Copy").click()
    bench.run("() => { document.body.append(document.createElement('textarea')); }")
    field = bench.page.locator("textarea").last
    field.focus()
    bench.page.keyboard.press("Control+KeyV")
    bench.wait("document.querySelector('textarea').value")
    assert field.input_value() == COPIED


def test_text_that_cannot_be_copied_is_shown_and_marked(context, lan):
    bench = Bench(context.new_page(), lan)
    bench.run("() => { document.execCommand = () => false; }")
    bench.run(COPY, COPIED)
    bench.page.get_by_role("button", name="Copy").click()
    dialog = bench.page.get_by_role("dialog").filter(has_text="Press Ctrl+C")
    field = dialog.get_by_role("textbox", name="Text to copy")
    assert field.input_value() == COPIED
    assert bench.run("() => getSelection().toString() || document.activeElement.value") == COPIED
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")


def test_removal_ends_loop_and_listeners(bench):
    bench.begin(trial(0, wait=500))
    bench.running("r1-0-0")
    bench.run("window.unmount()")
    assert bench.record("r1-0-0")["flags"] == {"interrupted": "reload"}
    count = bench.run("window.sent.length")
    bench.page.keyboard.press("Space")
    bench.tap("KeyF")
    assert bench.run("window.sent.length") == count


def test_new_render_takes_over(bench):
    bench.begin(trial(0, wait=500))
    bench.running("r1-0-0")
    bench.run("async () => { window.unmount(); await window.mount(); }")
    bench.wait("window.sent.filter((m) => m.type === 'ready').length === 2")
    bench.begin(trial(0, attempt=1, wait=2, **LONG))
    bench.tap("KeyF", bench.onset("r1-0-1") + 10)
    assert bench.record("r1-0-1")["outcome"] == 2
    assert set(bench.run("window.records().map((r) => r.attempt)")) == {0, 1}


# -- session ---------------------------------------------------------------------------------------


def test_session_from_start_to_done(bench):
    page = bench.page
    bench.deliver(config(n_trials=1), trial(0, wait=100))
    page.get_by_role("heading", name="Which way?").wait_for()
    page.get_by_role("button", name="Start").click()
    bench.running("r1-0-0")
    assert page.get_by_role("application").get_attribute("aria-label") == "Which way?"
    assert "fixation" in page.get_by_role("img").get_attribute("aria-label")
    bench.record("r1-0-0")
    bench.deliver({"type": "done"})
    bench.state("done")
    page.get_by_text("75 %").wait_for()
    page.get_by_text("412 ms").wait_for()
    page.get_by_text("All answers are saved.").wait_for()
    assert bench.data("nDone") == "1"


def test_stop_asks_and_then_says_so(bench):
    bench.begin(trial(0, wait=500))
    bench.running("r1-0-0")
    bench.page.get_by_role("button", name="Stop").click()
    assert bench.record("r1-0-0")["flags"] == {"interrupted": "stop"}
    bench.page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    bench.wait("window.sent.some((m) => m.type === 'stop')")
    bench.state("done")


def test_config_resets_and_a_trial_is_queued_once(bench):
    bench.begin(trial(0, wait=500))
    bench.running("r1-0-0")
    bench.deliver(config(run="r2"), trial(0, run="r2"), trial(0, run="r2"))
    bench.state("ready")
    bench.page.keyboard.press("Space")
    bench.record("r2-0-0")
    bench.state("loading")
    assert [r["uid"] for r in bench.run("window.records()")] == ["r2-0-0"]


def test_error_is_shown_and_play_goes_on(bench):
    bench.begin(trial(0))
    bench.deliver({"type": "error", "message": "The disk is full."})
    bench.page.locator(".note", has_text="The disk is full.").wait_for()
    assert bench.record("r1-0-0")["outcome"] == 4


# -- what is drawn ---------------------------------------------------------------------------------

PIXELS = """() => {
  const canvas = window.ui().querySelector("canvas");
  const {width, height} = canvas;
  const {data} = canvas.getContext("2d").getImageData(0, height / 2, width, 1);
  return {width, height, data: [...data]};
}"""


def test_scene_is_centred_and_follows_periods_and_channels(bench):
    disc = drawn(Disc(x=0.2, radius=0.05, color="#ff0000"), during=["decision"])
    lamp = drawn(Disc(x=-0.2, radius=0.05, color="#0000ff"), show=0)
    bench.begin(trial(0, wait=500, answer=2, scene=CROSS + disc + lamp), feedback=None)
    bench.running("r1-0-0")
    shot = bench.run(PIXELS)
    row = np.array(shot["data"]).reshape(-1, 4)[:, :3]
    side, centre = min(shot["width"], shot["height"]), (shot["width"] - 1) / 2
    blue = np.flatnonzero((row == [0, 0, 255]).all(1))
    black = np.flatnonzero((row == 0).all(1))
    assert blue.mean() == pytest.approx(centre - 0.2 * side, abs=1)
    assert len(blue) == pytest.approx(0.1 * side, abs=3)
    assert black.mean() == pytest.approx(centre, abs=1)
    assert not (row == [255, 0, 0]).all(1).any()
    assert tuple(row[0]) == (128, 128, 128)


LIT = """(row) => {
  const canvas = window.ui().querySelector("canvas");
  const {width, height} = canvas;
  const side = Math.min(width, height);
  const {data} = canvas.getContext("2d").getImageData(0, height / 2, width, 1);
  const lit = row.map((_, i) => data[4 * Math.round(width / 2 + (0.1 * i - 0.2) * side)] === 255);
  return lit.every((on, i) => on === row[i]);
}"""


def test_channels_echo_the_last_action_and_reward(bench):
    """Discs stand for three actions and the reward; the trial before ended with action 2."""
    discs = [
        primitive
        for i in range(5)
        for primitive in drawn(Disc(x=0.1 * i - 0.2, radius=0.03, color="#ffffff"), show=i)
    ]
    table = {"reward": [0, 1, 0, 0, 0, 0], "outcome": [0, 2, 3, 0, 0, 0], "next": [0, 1, 1] * 2}
    table |= {"ends": [0] * 6, "shape": [1, 2, 3], "kind": [0] * 6, "response": [0] * 6}
    echo = [
        {"what": "action", "start": 1, "size": 3, "one_hot": True},
        {"what": "reward", "start": 4, "size": 1, "one_hot": False},
    ]
    more = {"frames": [0.0] * 30, "scene": discs, "echo": echo, "echo_first": [2, 1.0]}
    bench.begin(trial(0, wait=1, answer=5, dt=1500, **table, **more), feedback=None)
    for shown in ([3, 4], [1]):
        bench.page.wait_for_function(LIT, arg=[i in shown for i in range(5)])
    bench.tap("KeyF")
    for shown in ([2, 4], [1]):
        bench.page.wait_for_function(LIT, arg=[i in shown for i in range(5)])


@pytest.mark.parametrize("empty", [None, []])
def test_agents_view_of_33_channels(bench, empty):
    n = 33
    row = [1.0] + [0.5 + 0.5 * math.cos(2 * math.pi * i / (n - 1)) for i in range(n - 1)]
    groups = [
        {"name": "fixation", "start": 0, "size": 1},
        {"name": "ring", "start": 1, "size": n - 1},
    ]
    play = trial(0, wait=500, answer=1, frames=row * 501, scene=empty)
    bench.begin(play, channels=groups)
    bench.running("r1-0-0")
    shot = bench.run(PIXELS)
    line = np.array(shot["data"]).reshape(-1, 4)[:, 0]
    white = np.flatnonzero(line == 255)
    runs = np.split(white, np.flatnonzero(np.diff(white) > 1) + 1)
    assert len(runs) == 3  # fixation, and both ends of the ring
    assert len(runs[1]) == pytest.approx(len(runs[2]), rel=0.15)


def test_view_is_switched_during_a_trial(bench):
    bench.begin(trial(0, wait=500))
    bench.running("r1-0-0")
    switch = bench.page.get_by_role("button", name="Agent's view")
    switch.click()
    assert switch.get_attribute("aria-pressed") == "true"
    bench.wait(f"({PIXELS})().data.includes(255) && window.ui().dataset.view === 'channels'")
    switch.click()
    assert bench.data("view") == "scene"
    assert bench.data("state") == "running"


TWO_FRAMES = """() => new Promise((go) =>
  requestAnimationFrame(() => requestAnimationFrame(go)))"""


@pytest.mark.parametrize(
    ("given", "clicks", "told"),
    [
        ("scene", 0, "scene"),
        ("channels", 0, "channels"),
        ("scene", 1, "both"),
        ("scene", 2, "both"),
    ],
)
def test_a_record_tells_what_the_trial_was_shown_as(bench, given, clicks, told):
    bench.begin(trial(0, wait=20 + 150 * clicks), trial(1, wait=5), view=given)
    bench.running("r1-0-0")
    for click in range(clicks):
        bench.page.get_by_role("button", name="Agent's view").click()
        view = ("channels", "scene")[click]
        bench.wait(f"({PIXELS})() && window.ui().dataset.view === '{view}'")
        bench.run(
            "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )
    assert bench.record("r1-0-0")["view"] == told
    assert bench.record("r1-1-0")["view"] == ("channels" if clicks == 1 else given)


DOTS = """([seed, n, frames, direction, coherence, speed, period]) => {
  const dots = new window.player.Dots(seed, n);
  const shown = [];
  for (let i = 0; i < frames; i++) {
    const {x, y} = dots.next(i * period, direction, coherence, speed);
    shown.push([[...x], [...y]]);
  }
  return shown;
}"""


def dots(
    bench, seed=1, n=400, frames=60, direction=0.0, coherence=0.0, speed=0.5, period=1000 / 60
):
    shown = bench.run(DOTS, [seed, n, frames, direction, coherence, speed, period])
    return np.array(shown)  # frame, axis, dot


def moves(shown):
    """Displacements from one showing of a set to its next, of the dots that did not wrap."""
    return (shown[3:] - shown[:-3]).transpose(0, 2, 1).reshape(-1, 2)


@pytest.mark.parametrize("coherence", [0, 100, 30])
@pytest.mark.parametrize("direction", [0.0, 0.7, 2.5])
def test_dots_keep_a_uniform_density(bench, coherence, direction):
    shown = dots(bench, n=300, frames=150, coherence=coherence, direction=direction)[30:]
    x, y = shown[:, 0].ravel(), shown[:, 1].ravel()
    assert x.min() >= 0
    assert x.max() < 1
    count, _, _ = np.histogram2d(x, y, bins=5, range=[[0, 1], [0, 1]])
    share = count / count.mean()
    assert np.abs(share - 1).max() < 0.25
    inside = (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.25
    assert inside.mean() == pytest.approx(math.pi / 4, abs=0.02)


@pytest.mark.parametrize("period", [1000 / 60, 1000 / 144])
@pytest.mark.parametrize(("direction", "coherence"), [(0.0, 51.2), (1.9, 25.6), (math.pi, 100)])
def test_dots_move_by_coherence_direction_and_speed(bench, period, direction, coherence):
    speed = 0.4
    step = speed * 3 * period / 1000
    moved = moves(dots(bench, direction=direction, coherence=coherence, speed=speed, period=period))
    aim = step * np.array([math.cos(direction), math.sin(direction)])
    signal = np.linalg.norm(moved - aim, axis=1) < 1e-9
    kept = 1 - abs(aim[0]) - abs(aim[1])  # the others came in at the opposite edge
    assert signal.mean() == pytest.approx(coherence / 100 * kept, abs=0.02)


SCENE = """([element, hz, frames]) => {
  const found = [];
  const ctx = {
    globalAlpha: 1, save() {}, restore() {}, beginPath() {}, moveTo() {}, fill() {},
    arc(x, y) { found.push([this.frame, x, y, this.fillStyle]); },
  };
  const scene = new window.player.Scene([element], 1, new window.player.Refresh(hz));
  for (let i = 0; i < frames; i++) {
    ctx.frame = i;
    scene.draw(ctx, [0], [], (i * 1000) / hz);
  }
  return found;
}"""


@pytest.mark.parametrize("hz", [60, 120])
def test_dots_drawn_give_density_in_the_aperture(bench, hz):
    cloud = Dots(x=0.1, y=-0.1, aperture=0.5, density=6000, speed=0.4, coherence=25,
                 colors=("red", "blue"), color_share=0.25)  # fmt: skip
    found = bench.run(SCENE, [drawn(cloud)[0], hz, 90])
    place = np.array([[x, y] for _, x, y, _ in found])
    assert len(found) / 90 == pytest.approx(6000 / hz, rel=0.05)
    assert np.hypot(*(place - [0.1, -0.1]).T).max() <= 0.25 + 1e-9
    assert np.mean([color == "red" for *_, color in found]) == pytest.approx(0.25, abs=0.03)


def test_dots_at_zero_coherence_do_not_drift(bench):
    moved = moves(dots(bench, coherence=0))
    assert np.abs(moved.mean(0)).max() < 4 * moved.std() / math.sqrt(len(moved))


def test_dots_follow_the_seed(bench):
    assert (dots(bench, seed=5, coherence=30) == dots(bench, seed=5, coherence=30)).all()
    assert (dots(bench, seed=5) != dots(bench, seed=6)).any()


def test_ring_binding_is_the_angle_of_the_population(bench):
    angle = 2.2
    row = [0.0] + [math.cos(2 * math.pi * i / 16 - angle) for i in range(16)]
    code = "(row) => window.player.binding({ring: [1, 16], scale: 1, offset: 0})(row)"
    assert bench.run(code, row) == pytest.approx(angle)
    assert bench.run("window.player.binding({channel: 1, scale: 2, offset: 1})([0, 3])") == 7
