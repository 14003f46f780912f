"""Tasks of a user's own file: in the catalogue, played by keys, stored and compared."""

import re

import pytest
from playwright.sync_api import expect

from neurogym.records import trial_table
from neurogym.registry import load
from tests.ui.driver import press, run_of, state, visit
from tests.ui.harness import trial
from tests.ui.server import ROOT, Server

TASKS = '''
"""Tasks of a lab."""

import gymnasium as gym
import numpy as np

import neurogym as ngym
from neurogym.spec.conditions import Choice
from neurogym.spec.layout import Actions, Channels, Evidence
from neurogym.spec.parameters import Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import Keys
from neurogym.spec.parameters import Preset
from neurogym.trials.task import Task


class Louder(Task):
    """Press the arrow of the larger bar."""

    timing = Timing(fixation=200, decision=2000)
    human = Preset(dt=20, timing=dict(fixation=300, decision=2000))
    rule = FirstResponse("decision", hold="fixation")
    keys = Keys(choice="ring")

    def channels(self):
        return Channels(fixation=1, loudness=Evidence(2))

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(side=Choice((0, 1), doc="the larger bar"))

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="fixation")
        levels = np.where(np.arange(2) == trials.side[:, None], 1.0, 0.4)
        canvas.show("loudness", levels, during="decision")
        canvas.answer("choice", trials.side, during="decision")


class Classic(ngym.PeriodEnv):
    """Choose the channel that is on."""

    def __init__(self, dt=100, level=1.0):
        super().__init__(dt=dt)
        self.timing = {"fixation": 300, "decision": 3000}
        names = {"fixation": 0, "stimulus": [1, 2]}
        self.observation_space = ngym.spaces.Box(-np.inf, np.inf, shape=(3,), name=names)
        self.action_space = ngym.spaces.Discrete(3, name={"fixation": 0, "choice": [1, 2]})
        self.level = level

    def new_trial(self, **kwargs):
        trial = {"ground_truth": int(self.rng.randint(2))}
        trial.update(kwargs)
        self.add_period(["fixation", "decision"])
        self.add_ob(1, "fixation", where="fixation")
        self.add_ob(self.level, "decision", where=1 + trial["ground_truth"])
        self.set_groundtruth(1 + trial["ground_truth"], "decision")
        return trial

    def _step(self, action):
        reward, new_trial = 0.0, False
        if self.in_period("decision") and action:
            new_trial = True
            reward = float(action == self.gt_now)
            self.performance = reward
        return self.ob_now, reward, False, {"new_trial": new_trial}


ngym.register("Classic-v0", Classic)
ngym.register("CartPole-v1")
'''
IDS = ["CartPole-v1", "Classic-v0", "Louder-v0"]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server that was given the file."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "lab.py").write_text(TASKS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROGYM_TASKS", str(folder / "lab.py"))
        server = Server(folder)
    server.warm()
    yield server
    server.kill()
    ours = str(ROOT / "app")
    assert [line for line in server.lines if ours in line and "File" in line] == []


@pytest.fixture(scope="module")
def known(own):
    """The same tasks here, to play rows again."""
    load(own.folder / "lab.py")


def answer_each(page, client, key):
    """Press a key in the response window of each trial, until the run is over."""
    while True:
        page.wait_for_function(
            "() => { const d = window.__player.dataset; return d.state === 'done' ||"
            " (d.state === 'running' && d.onset && d.uid !== window.__answered); }"
        )
        if page.evaluate("window.__player.dataset.state") == "done":
            return
        page.evaluate("window.__answered = window.__player.dataset.uid")
        press(client, key)


def play(page, own, task):
    visit(page, f"{own.url}?task={task}&trials=2&view=play&subject=lea")
    state(page, "ready")
    page.keyboard.press("Space")
    state(page, "running")
    return run_of(page), page.context.new_cdp_session(page)


def compare(page, agent):
    page.get_by_role("button", name="Compare").last.click()
    page.wait_for_selector(".bk-Figure")
    page.wait_for_selector("text=2 trials, ")
    assert page.get_by_role("combobox").first.inner_text() == agent
    assert page.locator("text=lea").count()
    assert page.locator("text=cannot play").count() == 0
    assert page.locator("text=failed").count() == 0


def test_they_are_in_the_catalogue(page, own):
    visit(page, own.url)
    for name in ("Cart Pole", "Classic", "Louder"):
        card = page.locator(".picture + h3", has_text=re.compile(f"^{name}$"))
        card.scroll_into_view_if_needed()
        expect(card.locator("xpath=preceding-sibling::div").locator("svg")).to_have_count(1)
    page.wait_for_selector("text=Press the arrow of the larger bar.")


@pytest.mark.parametrize("task", IDS)
def test_they_are_configured(page, own, task):
    visit(page, f"{own.url}?task={task}&view=configure")
    code = page.locator("code").first
    code.wait_for()
    assert f"ngym.load('{own.folder / 'lab.py'}')" in code.inner_text()
    assert f"ngym.make('{task}'" in code.inner_text()
    seed = page.get_by_role("textbox", name=re.compile("^seed"))
    seed.fill("77")
    seed.press("Tab")
    page.wait_for_url(re.compile("seed=77"))
    assert page.locator(".MuiAlert-root:visible").count() == 0


def test_a_declared_task_without_a_scene_is_played_and_compared(page, own, known):
    run, client = play(page, own, "Louder")
    answer_each(page, client, "ArrowRight")
    rows = own.rows(run_id=run)
    assert [row["trial_index"] for row in rows] == [0, 1]
    for row in rows:
        assert row["flags"] == {}
        assert row["response"] == 1
        assert row["outcome"] == ("correct" if row["conditions"]["side"] == 0 else "error")
        assert 0 < row["rt_ms"] < 2000
        assert trial_table.outcome_of(trial_table.replay(row))["reward"] == row["reward"]
    compare(page, "integrator")


def test_a_classic_task_is_played_and_compared(page, own, known):
    run, client = play(page, own, "Classic")
    page.wait_for_selector("kbd:has-text('←') + .name:has-text('choice 1')")
    answer_each(page, client, "ArrowLeft")  # down and up within a step
    rows = own.rows(run_id=run)
    assert [row["trial_index"] for row in rows] == [0, 1]
    for row in rows:
        assert "mismatch" not in row["flags"]
        assert row["response"] == 1
        right = row["conditions"]["ground_truth"] == 0
        assert (row["outcome"], row["reward"]) == (("correct", 1) if right else ("error", 0))
        assert 0 < row["rt_ms"] < 3000
        assert trial_table.outcome_of(trial_table.replay(row))["outcome"] == row["outcome"]
    compare(page, "oracle")


def test_a_classic_tasks_parameters_stand_in_the_address(page, own):
    visit(page, f'{own.url}?task=Classic&view=configure&params={{"level":0.5}}')
    page.locator("code", has_text="level=0.5").first.wait_for()
    visit(page, f'{own.url}?task=Classic&view=configure&params={{"lvl":0.5}}')
    page.wait_for_selector("text=Classic-v0 cannot be used with {'lvl': 0.5}")


def test_an_environment_of_gymnasium_is_played_and_compared(page, own, known):
    visit(page, f"{own.url}?task=CartPole-v1&trials=2&view=play&subject=lea")
    state(page, "ready")
    page.wait_for_selector("text=This environment corresponds to the version of the cart-pole")
    page.wait_for_selector("text=Without a key: action 0.")
    page.keyboard.press("Space")
    state(page, "running")
    run = run_of(page)
    page.keyboard.down("Space")
    state(page, "done")  # who holds a key does not last long
    page.keyboard.up("Space")
    rows = own.rows(run_id=run)
    assert [row["trial_index"] for row in rows] == [0, 1]
    for row in rows:
        assert "mismatch" not in row["flags"]
        assert len(row["actions"]) >= 3
        assert row["response"] is None
        assert row["outcome"] == "none"
        trace = trial_table.replay(row)
        assert trial_table.outcome_of(trace)["reward"] == row["reward"] > 0
        ((name, _, ms),) = row["periods"]
        assert name == "episode"
        assert row["pace"] == pytest.approx(ms / (len(trace.steps) * trace.dt))
    compare(page, "random")


# -- records that the server does not take ---------------------------------------------------------

SERVED = "void (indexedDB.open('neurogym').onsuccess = (e) => { window.db = e.target.result; })"
COUNT = "(uid) => window.records().filter((record) => record.uid === uid).length"
KEPT = """() => new Promise((done) => {
  window.db.transaction("outbox").objectStore("outbox").getAllKeys().onsuccess =
    (e) => done(e.target.result);
})"""


def refused(bench, uid, keep):
    """Play a trial whose record is refused; whether the browser keeps it."""
    bench.run("window.acks = false")
    bench.begin(trial(0), trial(1))
    bench.tap("KeyF", bench.onset(uid) + 10)
    bench.record(uid)
    sent = bench.run(COUNT, uid)
    bench.deliver({"type": "ack", "uid": uid, "refused": "the wrong one", "keep": keep})
    assert bench.data("outbox") == "0"
    bench.run(SERVED)
    bench.wait("window.db")
    bench.onset("r1-1-0")
    bench.run("window.player.TIMES.resend = 0")
    before = bench.run("window.sent.length")
    bench.wait(f"window.sent.slice({before}).filter((m) => m.type === 'ping').length > 0")
    assert bench.run(COUNT, uid) == sent
    return uid in bench.run(KEPT)


def test_a_refused_record_leaves_the_outbox_and_is_told(bench):
    assert refused(bench, "r1-0-0", keep=False) is False
    bench.page.get_by_text("An answer was not stored: the wrong one").first.wait_for()


def test_a_record_for_another_server_is_not_sent_again_by_this_page(bench):
    assert refused(bench, "r1-0-0", keep=True) is True
    bench.open()
    bench.wait("window.records().some((record) => record.uid === 'r1-0-0')")
