"""Two tasks at once: scored as Python does, each with its own keys, panel and response time."""

import json
import math
from urllib.parse import quote

import numpy as np
import pytest

import neurogym as ngym
from app.player import messages
from neurogym.records import trial_table
from neurogym.spec.outcomes import Outcome
from neurogym.spec.scene import Disc
from tests.ui.driver import open_task, press, run_of, state
from tests.ui.harness import drawn, trial

PAIRS = {"task": "DelayPairedAssociation-v0", "preset": "human"}
DOTS = {"task": "PerceptualDecisionMaking-v0", "preset": "human"}


def dual(task="GoNogo", *others, **how):
    stack = [{"Combine": {"tasks": list(others), **how}}]
    return ngym.make(task, preset="human", stack=stack).unwrapped


def plain(value):
    """A message as JSON."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name != "frames"}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("task", "others", "how"),
    [
        ("GoNogo", [PAIRS], {}),
        ("GoNogo", [PAIRS], {"mix": [0.3, 0.3, 0.4], "weights": [1.5, 2]}),
        ("PerceptualDecisionMaking", [DOTS], {"onset": 300, "share_action_space": True}),
        ("GoNogo", [PAIRS, DOTS], {"onset": [0, 400], "mix": [0.1] * 6 + [0.4]}),
    ],
    ids=["product", "mixed", "shared", "three"],
)
def test_parts_are_scored_as_python_does(bench, task, others, how):
    env = dual(task, *others, **how)
    rng = np.random.default_rng(4)
    seen = set()
    for index in range(30):
        first = trial_table.begin(env, 5, index)
        message = plain(messages.trial(env, f"r-{index}-0", index, 0, first))
        rate = rng.choice([0, 0.01, 0.03, 0.3])
        given = {
            k: int(a)
            for k, a in enumerate(rng.integers(0, env.action_space.n, message["T"]))
            if a and rng.random() < rate
        }
        trace = trial_table.run_trial(env, lambda ob, given=given: given.get(env.t_ind, 0), first)
        truth = trial_table.outcome_of(trace)
        code = "([trial, actions]) => window.player.scoreParts(trial, new Map(actions))"
        got = bench.run(code, [message, list(given.items())])
        assert got["step"] == trace.steps[-1]
        assert got["reward"] == pytest.approx(truth["reward"])
        assert got["response"] == truth["response"]
        assert Outcome(got["outcome"]).name.lower() == truth["outcome"]
        for part, own in zip(truth["parts"], got["parts"], strict=True):
            assert own["response"] == part["response"]
            assert Outcome(own["outcome"]).name.lower() == part["outcome"]
            assert own["reward"] == pytest.approx(part["reward"])
            seen.add((part["task"], part["outcome"]))
    assert len(seen) >= 4


# -- by keys ---------------------------------------------------------------------------------------


def task_of(j, play, **changes):
    """A trial of its own as the j-th of two tasks, each with one key."""
    names = ("T", "window", "kind", "reward", "outcome", "ends", "next", "response", "shape")
    own = {name: play[name] for name in names}
    action = [[0, 0, 1, 1], [0, 1, 0, 1]][j]
    gt = [0] * play["T"]
    more = {"on": True, "at": 0, "weight": 1, "action": action, "gt": gt, "channels": [j]}
    return own | more | changes


def joint(index, first, second):
    """A disc in each panel, as long as its channel is on; there is no noise."""
    disc = Disc(radius=0.2, color="#ffffff")
    discs = [p for j in (0, 1) for p in drawn(disc, show=j, panel=[j, 2])]
    steps = max(part["at"] + part.get("T", 0) for part in (first, second))
    play = trial(index, scene=discs)
    for name in ("kind", "reward", "outcome", "ends", "next", "response", "shape"):
        del play[name]
    frames = [float(k >= part["at"]) for k in range(steps) for part in (first, second)]
    return play | {"T": steps, "dt": 50, "frames": frames, "parts": [first, second]}


def begin(bench, *plays, **changes):
    keys = [
        {"code": "KeyF", "label": "F", "action": 2, "name": "go", "part": 0},
        {"code": "KeyJ", "label": "J", "action": 1, "name": "match", "part": 1},
    ]
    parts = [{"title": title, "instruction": "Press."} for title in ("Left", "Right")]
    channels = [{"name": c, "start": j, "size": 1, "part": j} for j, c in enumerate("ab")]
    more = {"keys": keys, "parts": parts, "shared": False, "channels": channels}
    bench.begin(*plays, **more | changes)


def onset(bench, uid, j):
    bench.wait(
        f"window.ui().dataset.uid === '{uid}' && JSON.parse(ui().dataset.onsets || '[]')[{j}]"
    )
    bench.origin = bench.run("performance.timeOrigin")
    return bench.run(f"JSON.parse(ui().dataset.onsets)[{j}]")


def half(wait=2, answer=60, **changes):
    return trial(0, wait=wait, answer=answer, actions=2, **changes)


def test_keys_of_two_tasks_in_a_step_go_together(bench):
    play = joint(0, task_of(0, half(answer=3)), task_of(1, half(answer=3))) | {"dt": 1500}
    begin(bench, play)
    at = onset(bench, "r1-0-0", 1)
    bench.tap("KeyF", at + 12)
    bench.tap("KeyF", at + 17)
    bench.tap("KeyJ", at + 23)
    record = bench.record("r1-0-0")
    assert record["actions"] == [[2, 3]]
    assert record["flags"] == {"extra": 1}
    assert (record["response"], record["outcome"], record["reward"]) == (3, 2, 2)
    assert [part["rt_ms"] for part in record["parts"]] == pytest.approx([12, 23], abs=0.2)
    assert record["rt_ms"] == record["parts"][0]["rt_ms"]


LIT = """() => {
  const canvas = window.ui().querySelector("canvas");
  const {width, height} = canvas;
  const at = width >= height ? [[width / 4, height / 2], [(3 * width) / 4, height / 2]]
    : [[width / 2, height / 4], [width / 2, (3 * height) / 4]];
  const ctx = canvas.getContext("2d");
  return at.map(([x, y]) => ctx.getImageData(x, y, 1, 1).data[0] === 255);
}"""


@pytest.mark.parametrize("size", [(1000, 700), (390, 844)], ids=["wide", "high"])
def test_each_task_is_shown_while_it_is_on(bench, size):
    bench.page.set_viewport_size({"width": size[0], "height": size[1]})
    play = joint(0, task_of(0, half()), task_of(1, half(answer=20), at=20))
    begin(bench, play, feedback_ms=60000)
    bench.wait(f"String(({LIT})()) === 'true,false'")  # the second one is not on yet
    assert bench.page.locator(".group.off").inner_text().split() == ["Right", "J", "match"]
    bench.wait(f"String(({LIT})()) === 'true,true'")
    bench.tap("KeyF", onset(bench, "r1-0-0", 0) + 5)
    bench.wait(f"String(({LIT})()) === 'false,true'")
    bench.state("feedback")
    record = bench.record("r1-0-0")
    assert [part["outcome"] for part in record["parts"]] == [2, 4]
    assert (record["outcome"], record["reward"]) == (4, 0.5)
    pills = bench.page.locator(".pill")
    assert pills.all_inner_texts() == ["✓\nCorrect", "–\nToo slow"]
    boxes = [pill.bounding_box() for pill in pills.all()]
    axis, extent = ("x", "width") if size[0] > size[1] else ("y", "height")
    stage = bench.page.locator(".stage").bounding_box()
    middles = [(box[axis] + box[extent] / 2 - stage[axis]) / stage[extent] for box in boxes]
    assert middles == pytest.approx([0.25, 0.75], abs=0.01)
    assert bench.page.get_by_role("status").inner_text() == "Left: Correct. Right: Too slow"


def test_the_agents_view_shows_nothing_of_a_task_that_is_over(bench):
    play = joint(0, task_of(0, half()), task_of(1, half()))
    begin(bench, play, view="channels")
    at = onset(bench, "r1-0-0", 0)
    bench.tap("KeyF", at + 5)
    bench.wait("window.ui().querySelector('.group.off')")
    white = bench.run(
        """() => {
          const canvas = window.ui().querySelector("canvas");
          const {width, height} = canvas;
          const {data} = canvas.getContext("2d").getImageData(0, height / 2, width, 1);
          const found = [];
          for (let x = 0; x < width; x++) if (data[4 * x] === 255) found.push(x / width);
          return found;
        }"""
    )
    assert min(white) > 0.5


def test_a_trial_may_lack_a_task(bench):
    gone = {"on": False, "at": 0, "weight": 1, "action": [0, 0, 1, 1]}
    play = joint(0, gone, task_of(1, half()))
    begin(bench, play)
    at = onset(bench, "r1-0-0", 1)
    bench.tap("KeyF", at + 5)
    bench.tap("KeyJ", at + 9)
    record = bench.record("r1-0-0")
    assert record["flags"] == {"extra": 1}
    assert record["parts"][0] is None
    assert record["rt_ms"] == record["parts"][1]["rt_ms"] == pytest.approx(9, abs=0.2)
    assert (record["response"], record["outcome"]) == (1, 2)


def test_a_dial_is_drawn_and_clicked_in_its_own_panel(bench):
    """Product of one and two answers; the second task's are on the dial."""
    second = trial(0, wait=2, answer=60, actions=3)
    parts = [
        task_of(0, half(), action=[0, 0, 0, 1, 1, 1]),
        task_of(1, second, action=[0, 1, 2, 0, 1, 2]),
    ]
    dial = {"actions": [1, 2], "names": ["right", "left"], "angles": [0, math.pi], "part": 1}
    begin(bench, joint(0, *parts), keys=[], dial=dial)
    onset(bench, "r1-0-0", 1)
    bench.wait("window.ui().dataset.dial")
    box = bench.page.locator(".stage").bounding_box()
    side = min(box["width"] / 2, box["height"])
    x, y = box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2
    bench.page.mouse.click(x + 0.42 * side, y)
    bench.wait("window.ui().querySelector('.group.off')")
    bench.page.keyboard.press("Escape")
    record = bench.record("r1-0-0")
    assert [action for _, action in record["actions"]] == [1]


def test_why_a_session_cannot_begin_is_told(bench):
    sentence = "A person cannot play both."
    bench.deliver({"type": "error", "message": sentence})
    bench.page.get_by_role("dialog").get_by_text(sentence).wait_for()


def test_early_keys_are_early_for_their_own_task(bench):
    play = joint(0, task_of(0, half(wait=2)), task_of(1, half(wait=40)))
    begin(bench, play)
    bench.tap("KeyJ", onset(bench, "r1-0-0", 0) + 5)
    bench.tap("KeyF")
    record = bench.record("r1-0-0")
    assert record["flags"] == {"early": 1}
    assert [part["outcome"] for part in record["parts"]] == [2, 1]
    assert record["parts"][1]["onset_ms"] is None


def test_shared_keys_go_to_the_task_that_asks(bench):
    first, second = half(answer=20), half(wait=10, answer=40)
    parts = [
        task_of(j, play, action=[0, 1], gt=[int(k >= play["window"][0]) for k in range(play["T"])])
        for j, play in enumerate((first, second))
    ]
    keys = [{"code": "KeyF", "label": "F", "action": 1, "name": "go", "part": 0}]
    begin(bench, joint(0, *parts) | {"shared": True}, shared=True, keys=keys)
    at = [onset(bench, "r1-0-0", 0) + 7]
    bench.tap("KeyF", at[0])
    at.append(onset(bench, "r1-0-0", 1) + 11)
    bench.tap("KeyF", at[1])
    record = bench.record("r1-0-0")
    assert [part["rt_ms"] for part in record["parts"]] == pytest.approx([7, 11], abs=0.2)
    assert record["reward"] == 2


# -- in the app ------------------------------------------------------------------------------------


def test_a_dual_task_is_played_with_known_key_times(page, server):
    slow = {"fixation": 200, "decision": 3000}
    pairs = PAIRS | {"params": {"timing": {"decision": 3000, "delay_btw_stim": 100}}}
    stack = [{"Combine": {"tasks": [pairs], "onset": 700}}]
    more = {"params": json.dumps({"timing": slow}), "wrappers": quote(json.dumps(stack))}
    open_task(page, server, "GoNogo", 4, **more)
    run, client, planned = run_of(page), page.context.new_cdp_session(page), {}
    for i in range(4):
        for j, key in enumerate(("KeyF", "KeyJ")):
            at = page.wait_for_function(
                "([i, j]) => { const d = window.__player.dataset;"
                " return d.index === String(i) && JSON.parse(d.onsets || '[]')[j]; }",
                arg=[i, j],
            ).json_value()
            origin = page.evaluate("performance.timeOrigin")
            planned[i, j] = 30.5 + 12 * i + 5 * j
            press(client, key, (origin + at + planned[i, j]) / 1000)
        state(page, "feedback", "done")
    state(page, "done")
    rows = server.rows(run_id=run)
    assert [row["trial_index"] for row in rows] == list(range(4))
    for row in rows:
        assert "mismatch" not in row["flags"]
        assert row["wrappers"] == stack
        for j, part in enumerate(row["parts"]):
            assert part["outcome"] in ("correct", "error")
            assert abs(part["rt_ms"] - planned[row["trial_index"], j]) < 1
        assert row["rt_ms"] == row["parts"][0]["rt_ms"]
        truth = trial_table.outcome_of(trial_table.replay(row))
        assert (truth["outcome"], truth["reward"]) == (row["outcome"], row["reward"])
        assert [p["outcome"] for p in truth["parts"]] == [p["outcome"] for p in row["parts"]]
