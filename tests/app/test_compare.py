"""Compare lets any agent play, also those of a user, with a widget for each parameter."""

import param
import pytest

import neurogym as ngym
from app.pages.compare import Compare, _pace
from app.pages.data import _cell
from app.state import StudioState
from neurogym.records.database import Store
from neurogym.subjects import AGENTS

pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant'")  # panel_material_ui gives both


@pytest.fixture
def eager():
    @ngym.register_agent("eager")
    class Eager(param.Parameterized):
        """Does one thing from some step on."""

        action = param.Integer(1, bounds=(0, 3), doc="what it does")
        after = param.Number(0.0, bounds=(0, 2000), doc="ms of the trial")
        loud = param.Boolean(False)
        mood = param.Selector(default="good", objects=["good", "bad"])
        gains = param.List([1.0, 2.0])

        def begin(self, env, rng):
            self.env = env

        def act(self, ob):
            return self.action if self.env.t_ind * self.env.dt >= self.after else 0

    yield Eager
    del AGENTS["eager"]


@pytest.fixture
def compare(tmp_path, eager):
    choice = StudioState(task="GoNogo-v0", trials=4)
    with Store(tmp_path / "a.db") as store:
        compare = Compare(choice, store, lambda view: None)
        compare.job.future.result(60)  # nothing here takes turns: one piece of work at a time
        yield compare


def test_a_run_that_was_slower_than_declared_is_told_under_the_figures():
    rows = ngym.rollout("GoNogo-v0", "oracle", trials=2)
    assert _pace(rows) == _pace([row | {"pace": 1.01} for row in rows]) == ""
    assert "25 % slower than declared" in _pace([row | {"pace": 1.25} for row in rows])


def test_data_marks_runs_that_were_slower():
    told = [_cell(pace, "pace") for pace in (1.123, 1.01, None)]
    assert told == ["1.12 slower than declared", "1.01", None]


def choose(compare, name):
    compare.agent.value = name
    compare.job.future.result(60)


def test_an_agent_of_ones_own_is_listed_and_plays(compare):
    assert list(compare.agent.options) == ["random", "oracle", "signal-detection", "eager"]
    assert "eager" in AGENTS
    choose(compare, "eager")
    assert [(row["subject"], row["outcome"]) for row in compare.agents] == [("Eager", "early")] * 4
    assert {*compare.form.fields} == {"action", "after", "gains", "loud", "mood"}
    assert len(compare.settings.objects) == 5


def test_each_parameter_of_an_agent_has_a_field_and_is_checked(compare):
    choose(compare, "eager")
    for name, value in (("loud", True), ("mood", "bad"), ("gains", [3.0])):
        assert compare.form.set(name, value) is None
        compare.job.future.result(60)
        assert compare.own[name] == value
    assert "mood=bad" in compare.agents[0]["subject"]
    (after,) = compare.form.fields["after"].editor.widgets[:1]
    after.value = "three"
    assert "number" in compare.form.fields["after"].error
    assert "after" not in compare.own
    after.value = "30"
    compare.job.future.result(60)
    assert compare.own["after"] == 30
    assert not compare.form.fields["after"].error
    assert isinstance(compare.form.set("action", 9), ValueError)
    assert "action" not in compare.own


@pytest.mark.parametrize("name", ["random", "oracle"])
def test_the_agents_of_the_library_play(compare, name):
    choose(compare, name)
    assert len(compare.agents) == 4
    assert compare.pictures


ECHOES = [{"PassReward": {}}, {"PassAction": {}}]


@pytest.fixture
def page(tmp_path):
    """Compare, of a choice."""
    with Store(tmp_path / "b.db") as store:

        def made(**choice):
            compare = Compare(StudioState(**choice), store, lambda view: None)
            compare.job.future.result(60)
            return compare

        yield made


@pytest.mark.parametrize(
    ("task", "offered"),
    [
        ("Bandit-v0", ["q-learner", "win-stay-lose-shift"]),
        ("DawTwoStep-v0", ["two-step"]),
        ("PostDecisionWager-v0", ["confidence", "integrator"]),
        ("ReadySetGo-v0", ["interval"]),
        ("GoNogo-v0", ["signal-detection"]),
        ("PerceptualDecisionMaking-v0", ["integrator"]),
        ("DelayMatchSample-v0", []),
    ],
)
def test_agents_are_offered_where_they_fit_and_an_observer_is_chosen(page, task, offered):
    compare = page(task=task, trials=3)
    names = [name for name in compare.agent.options if name in AGENTS]
    assert {*names} == {"random", "oracle", *offered}
    assert compare.agent.value == (offered[0] if offered else "oracle")
    assert len(compare.agents) == 3
    assert {*compare.form.fields} == {key for key in compare.policy.param if key != "name"}


def test_a_learner_learns_in_compare_what_it_learns_in_a_rollout(page):
    compare = page(task="Bandit-v0", trials=800, preset="agent", seed=3, wrappers=ECHOES)
    compare.agent.value = "q-learner"
    compare.job.future.result(60)
    right = [row["correct"] for row in compare.agents]
    rows = ngym.rollout("Bandit", "q-learner", 800, seed=3, stack=ECHOES)
    assert right == [row["correct"] for row in rows]
    assert sum(right) / 800 > 0.65
    assert compare.form.set("alpha", 0.0) is None
    compare.job.future.result(60)
    assert sum(row["correct"] for row in compare.agents) / 800 < 0.6
