"""Plots hold the very arrays of a run, and files of them need nothing else."""

import asyncio
import re
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from xml.etree import ElementTree

import gymnasium as gym
import numpy as np
import panel as pn
import pytest
from bokeh.models import Legend, Plot, Title
from bokeh.resources import INLINE

import neurogym as ngym
from neurogym.figures import saving
from neurogym.records import measures
from neurogym.subjects import play
from neurogym.utils.plotting import plot_env, plot_psychometric, save, visualize_run
from neurogym.wrappers import Combine, PassReward

DOTS, REACHING = "PerceptualDecisionMaking-v0", "ReachingDelayResponse-v0"


def data(plot, name):
    return plot.select_one({"name": name}).data_source.data


def level(line):
    """What a step line shows in each step; its last value stands twice."""
    assert line["y"][-1] == line["y"][-2] or np.isnan(line["y"][-1])
    return line["y"][:-1]


def legends(plot):
    return [item.label.value for legend in plot.select({"type": Legend}) for item in legend.items]


def plots(layout):
    return [fig for fig, _, _ in layout.children]


def titles(layout):
    return {t.text for fig in plots(layout) for t in [fig.title, *fig.select({"type": Title})]} - {
        ""
    }


# -- runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("agent", ["oracle", "integrator"])
def test_a_run_is_a_rollout(agent):
    run = play.play(DOTS, num_trials=5, model=agent, seed=3)
    rows = ngym.rollout(DOTS, agent, 5, seed=3)
    traces = [ngym.replay(row) for row in rows]
    for name in ("ob", "gt", "actions", "rewards"):
        played = np.concatenate([getattr(trace, name) for trace in traces])
        np.testing.assert_array_equal(getattr(run, name), played)
    starts = np.cumsum([0] + [len(trace.ob) for trace in traces])
    assert run.trial_starts == starts[:-1].tolist()
    ends = np.flatnonzero(np.isfinite(run.performance))
    assert ends.tolist() == (starts[1:] - 1).tolist()
    assert run.performance[ends].tolist() == [row["performance"] for row in rows]
    first = [(name, a, b) for name, a, b in traces[0].periods if a < b]
    assert run.periods[: len(first)] == first
    assert run.channels == ["fixation", "stimulus 1", "stimulus 2"]
    assert run.answers == ["fixation", "choice 1", "choice 2"]


def test_periods_are_those_that_came():
    run = play.play(REACHING, num_steps=60, model="oracle", seed=1)
    for name, first, stop in run.periods:
        assert 0 <= first < stop <= 60
        assert (run.ob[first:stop, 0] == (name == "decision")).all()  # the go signal
    assert sum(stop - first for _, first, stop in run.periods) == 60


def test_chance_is_seeded_and_leaves_the_environment_alone():
    env = ngym.make("GoNogo")
    env.action_space.seed(5)
    expected = [env.action_space.sample() for _ in range(5)]
    env.action_space.seed(5)
    first, again = (play.play(env, 50, seed=2) for _ in range(2))
    np.testing.assert_array_equal(first.actions, again.actions)
    np.testing.assert_array_equal(first.ob, again.ob)
    assert set(first.actions) == {0, 1}
    assert [env.action_space.sample() for _ in range(5)] == expected


def test_an_action_of_every_step():
    assert (play.play("GoNogo", 40, def_act=1).actions == 1).all()
    graded = play.play(REACHING, 40, def_act=[-1, 0.5]).actions
    np.testing.assert_array_equal(graded, np.tile(np.float32([-1, 0.5]), (40, 1)))
    for id, wrong in (("GoNogo", 2), ("GoNogo", "go"), (REACHING, [0, 9]), (REACHING, 0)):
        with pytest.raises(ValueError, match=re.escape(f"def_act = {wrong!r}: expected an action")):
            play.play(id, 40, def_act=wrong)


def test_a_recurrent_model_keeps_its_state_from_trial_to_trial():
    class Recurrent:
        def __init__(self):
            self.starts, self.states = [], []

        def predict(self, ob, state=None, episode_start=None, deterministic=False):
            assert deterministic
            self.starts.append(bool(episode_start[0]))
            self.states.append(state)
            return np.array(0), (state or 0) + 1

    model = Recurrent()
    run = play.play("GoNogo", 40, model=model)
    assert run.trial_starts == [0, 15, 30]
    assert np.flatnonzero(model.starts).tolist() == [0]
    assert model.states == [None, *range(1, 40)]


def test_environments_of_all_kinds_are_taken():
    class Venv:  # as Stable-Baselines3's
        def __init__(self, *envs):
            self.envs = list(envs)

    assert play.play(Venv(ngym.make("GoNogo")), 20).name == "GoNogo"
    assert play.play(PassReward(ngym.make("GoNogo")), 20).ob.shape == (20, 4)
    episodes = play.play(gym.make("CartPole-v1"), num_trials=2, seed=1)
    assert len(episodes.trial_starts) == 2
    assert episodes.gt is None
    assert episodes.periods == []
    assert episodes.name == "CartPole-v1"
    assert play.play(gym.make("FrozenLake-v1"), 20).ob.shape == (20, 16)
    for wrong in (Venv(ngym.make("GoNogo"), ngym.make("GoNogo")), ngym.make_vec("GoNogo", 2), 3):
        with pytest.raises(ValueError, match="expected an id, or one gymnasium environment"):
            play.play(wrong)


def test_a_classic_task_is_played():
    class Sides(ngym.PeriodEnv):
        def __init__(self, dt=50):
            super().__init__(dt=dt)
            self.timing = {"fixation": 100, "decision": 150}
            self.observation_space = ngym.spaces.Box(
                -1, 1, {"cross": 0, "side": 1}, shape=(2,), dtype=np.float32
            )
            self.action_space = ngym.spaces.Discrete(3, {"wait": 0, "go": [1, 2]})

        def new_trial(self, **kwargs):
            self.add_period(["fixation", "decision"])
            self.add_ob(1, "fixation", where="cross")
            self.set_groundtruth(1, "decision")
            return {}

        def _step(self, action):
            return self.ob_now, 0.0, False, {"new_trial": False}

    run = play.play(Sides(), num_trials=2, model="oracle")
    assert run.gt.tolist() == run.actions.tolist() == [0, 0, 1, 1, 1] * 2
    assert run.periods[:2] == [("fixation", 0, 2), ("decision", 2, 5)]
    assert (run.channels, run.answers) == (["cross", "side"], ["wait", "go 1", "go 2"])


def test_runs_that_cannot_be_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="either def_act or model"):
        play.play("GoNogo", def_act=0, model="oracle")
    for wrong in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match=f"num_steps = {wrong}: expected a whole number"):
            play.play("GoNogo", wrong)
    with pytest.raises(ValueError, match="unknown agent 'orcale'"):
        play.play("GoNogo", model="orcale")
    monkeypatch.setattr(play, "MOST_STEPS", 20)
    with pytest.raises(ValueError, match="num_trials = 9: only 1 ended within 20 steps"):
        play.play("GoNogo", num_trials=9, def_act=0)


# -- pictures --------------------------------------------------------------------------------------


def test_a_plot_holds_the_run():
    run = play.play(DOTS, seed=4)
    plot = plot_env(DOTS, seed=4)
    image = data(plot, "observations")
    np.testing.assert_array_equal(image["image"][0], run.ob.T)
    glyph = plot.select_one({"name": "observations"}).glyph
    assert (glyph.x, glyph.dw) == (0, 200 * 100)
    action = data(plot, "action")
    np.testing.assert_array_equal(level(action), run.actions)
    np.testing.assert_array_equal(action["x"], np.arange(201) * 100)
    truth = data(plot, "ground truth")
    lengths = np.rint((truth["right"] - truth["left"]) / 100).astype(int)
    np.testing.assert_array_equal(np.repeat(truth["y"], lengths), run.gt)
    reward = data(plot, "reward")
    np.testing.assert_array_equal(reward["top"], run.rewards)
    np.testing.assert_array_equal(reward["x"], np.arange(200) * 100 + 50)
    ends = np.flatnonzero(np.isfinite(run.performance))
    performance = data(plot, "performance")
    np.testing.assert_array_equal(performance["y"], run.performance[ends])
    np.testing.assert_array_equal(performance["x"], ends * 100 + 50)
    means = data(plot, "mean")["y"]
    assert means[-1] == pytest.approx(run.performance[ends].mean())
    for fig in plots(plot):
        np.testing.assert_array_equal(data(fig, "trials")["x"], np.array(run.trial_starts) * 100)
    decisions = data(plot, "period decision")
    expected = [(a * 100, b * 100) for name, a, b in run.periods if name == "decision"]
    assert list(zip(decisions["left"], decisions["right"], strict=True)) == expected


def test_rows_share_time_and_frames():
    figures = plots(plot_env(DOTS, 60, seed=1))
    assert len(figures) == 5
    assert len({fig.x_range.id for fig in figures}) == 1
    assert (
        len({(fig.frame_width, fig.min_border_left, fig.min_border_right) for fig in figures}) == 1
    )
    assert [fig.xaxis.visible for fig in figures] == [False] * 4 + [True]
    assert figures[-1].xaxis.axis_label == "time (ms)"
    assert all(fig.toolbar.logo is None for fig in figures)
    assert figures[1].yaxis[0].major_label_overrides == {
        0.5: "fixation", 1.5: "stimulus 1", 2.5: "stimulus 2"
    }  # fmt: skip


def test_graded_actions_are_lines():
    run = play.play(REACHING, 80, seed=2)
    plot = plot_env(REACHING, 80, seed=2)
    for k, name in enumerate(["gate", "position"]):
        np.testing.assert_array_equal(level(data(plot, name)), run.actions[:, k].astype(float))
        truth = data(plot, f"ground truth of {name}")
        lengths = np.rint((truth["right"] - truth["left"]) / 100).astype(int)
        np.testing.assert_array_equal(np.repeat(truth["y"], lengths), run.gt[:, k].astype(float))
    assert {"gate", "position", "ground truth"} <= set(legends(plot))


def test_traces_are_labelled_lines():
    run = play.play(DOTS, 60, seed=1)
    plot = plot_env(DOTS, 60, seed=1, ob_traces=["fix", "left", "right"])
    for k, name in enumerate(["fix", "left", "right"]):
        np.testing.assert_array_equal(level(data(plot, name)), run.ob[:, k].astype(float))
    assert {"fix", "left", "right"} <= set(legends(plot))
    with pytest.raises(ValueError, match="ob_traces has 2 labels: expected 3"):
        plot_env(DOTS, 60, ob_traces=["a", "b"])
    with pytest.raises(ValueError, match="ob_traces = 'abc': expected a list"):
        plot_env(DOTS, 60, ob_traces="abc")


def test_legend_name_and_figures_can_be_chosen():
    plot = plot_env(DOTS, 60, name="My run", legend=False, fig_kwargs={"width": 700})
    assert not list(plot.select({"type": Legend}))
    assert {"My run", "observation", "action", "reward"} <= titles(plot)
    figures = plots(plot)
    assert {f.frame_width + f.min_border_left + f.min_border_right for f in figures} == {700}
    with pytest.raises(ValueError, match=r"figsize is matplotlib's; give width"):
        plot_env(DOTS, 20, fig_kwargs={"figsize": (12, 4)})


@pytest.mark.each_structure
def test_every_task_can_be_drawn(task_id):
    env = ngym.make(task_id)
    size = int(np.prod(env.observation_space.shape))
    plot = plot_env(env, 40, seed=1)
    assert np.shape(data(plot, "observations")["image"][0]) == (size, 40)


def test_several_tasks_at_once_are_drawn():
    dual = Combine(ngym.make(DOTS), ngym.make("GoNogo"), onset=300)
    plot = plot_env(dual, num_trials=2, seed=1)
    assert "decision_2" in legends(plot)


# -- arrays ----------------------------------------------------------------------------------------


def test_given_arrays_are_drawn_as_a_run_is():
    run = play.play(DOTS, 60, seed=1)
    plot = visualize_run(
        run.ob, run.actions, run.gt, run.rewards, run.performance,
        env=DOTS, trial_starts=run.trial_starts, periods=run.periods,
    )  # fmt: skip
    same = plot_env(DOTS, 60, seed=1)
    assert titles(plot) == titles(same)
    for name in ("observations", "action", "ground truth", "reward", "performance"):
        one, other = data(plot, name), data(same, name)
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])


def test_arrays_alone_are_told_in_steps():
    plot = visualize_run([0, 1, 2], [0, 2, 1], [-1, np.nan, 3])
    figures = plots(plot)
    assert len(figures) == 2
    assert figures[-1].xaxis.axis_label == "step"
    assert list(figures[1].yaxis[0].major_label_overrides.values()) == ["0", "1", "2", "3"]
    assert data(plot, "ground truth")["y"].tolist() == [3]
    np.testing.assert_array_equal(data(plot, "observations")["image"][0], [[0, 1, 2]])
    assert plots(visualize_run([0, 1], [0, 1], dt=20))[-1].xaxis.axis_label == "time (ms)"


def test_numbers_that_are_no_actions_are_lines():
    plot = visualize_run(np.zeros((4, 2)), [0.5, -1, 2, 0], gt=[0.5, 0.5, np.nan, 1])
    np.testing.assert_array_equal(level(data(plot, "0")), [0.5, -1, 2, 0])
    assert data(plot, "ground truth of 0")["y"].tolist() == [0.5, 1]


OB = np.zeros((5, 3))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ((np.zeros((5, 2, 3)), np.zeros(5)), r"ob has the shape \(5, 2, 3\): expected \(steps, ch"),
        ((np.zeros((0, 3)), []), r"ob has the shape \(0, 3\)"),
        (("abc", [0]), "ob = 'abc': expected an array of numbers"),
        ((OB, np.zeros(4)), r"actions have the shape \(4,\): expected \(5,\) or \(5, k\)"),
        (
            (OB, np.zeros(5), np.zeros(6)),
            r"gt has the shape \(6,\): expected that of actions",
        ),
        ((OB, np.zeros(5), None, np.zeros(3)), r"rewards has the shape \(3,\): expected \(5,\)"),
        ((OB, np.zeros(5), None, None, [1]), r"performance has the shape \(1,\)"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(given, match):
    with pytest.raises(ValueError, match=match):
        visualize_run(*given)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"trial_starts": [0, 5]}, r"trial_starts = \[0, 5\]: expected steps from 0 to 4"),
        ({"periods": [("a", 3, 3)]}, r"period \('a', 3, 3\): expected"),
        ({"periods": [("a", 3, 6)]}, "steps from 0 to 5"),
        ({"dt": 0}, "dt = 0: expected a positive number of ms"),
        ({"env": "ReachingDelayResponse-v0"}, "ob has 3 channels, but .* has 2"),
        ({"env": DOTS, "gt": [0, 1, 2, 3, 0]}, "have 4 actions, but .* has 3"),
    ],
)
def test_what_goes_with_arrays_is_checked(given, match):
    with pytest.raises(ValueError, match=match):
        visualize_run(OB, np.zeros(5), **given)


# -- choices ---------------------------------------------------------------------------------------


def choices(n=900, bias=6.0, width=8.0, lapse=0.06, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.choice([-51.2, -25.6, -12.8, -6.4, 0, 6.4, 12.8, 25.6, 51.2], n)
    chance = lapse / 2 + (1 - lapse) / (1 + np.exp(-(x - bias) / width))
    return x, rng.random(n) < chance


def test_shares_have_their_intervals_and_a_fit():
    x, choice = choices()
    plot = plot_psychometric(x, choice, title="Dots", legend="me")
    shares = data(plot, "shares")
    for k, at in enumerate(np.unique(x)):
        here = choice[x == at]
        low, high = measures.wilson(int(here.sum()), here.size)
        told = [shares[name][k] for name in ("x", "y", "low", "high", "n")]
        assert told == pytest.approx([at, here.mean(), low, high, here.size])
    fitted = data(plot, "fit")
    middle = np.interp(0.5, fitted["y"], fitted["x"])
    assert abs(middle - 6) < 2.5
    assert 0 <= fitted["y"][0] < 0.08
    assert re.fullmatch(r"me: bias \d+(\.\d+)?, lapse \d+%", legends(plot)[0])
    assert plot.title.text == "Dots"


def test_curves_share_a_figure():
    plot = plot_psychometric(*choices(), legend="one")
    assert plot_psychometric(*choices(bias=-10, seed=2), plot, legend="other") is plot
    assert [label.partition(":")[0] for label in legends(plot)] == ["one", "other"]
    assert len({glyph.glyph.fill_color for glyph in plot.select({"name": "shares"})}) == 2
    with pytest.raises(ValueError, match="expected a figure that plot_psychometric returned"):
        plot_psychometric(*choices(), "axes")


@pytest.mark.parametrize(
    ("x", "choice", "why"),
    [
        ([], [], "no trials"),
        ([1, 2], [np.nan, np.nan], "no trials"),
        ([-1, 1] * 40, [0, 1] * 40, "too few levels or trials for a fit"),
        (np.tile(np.arange(8), 20), np.ones(160), "no fit: no rise"),
    ],
)
def test_a_curve_that_cannot_be_fitted_says_why(x, choice, why):
    plot = plot_psychometric(x, choice)
    assert legends(plot)[0].startswith(why)
    assert plot.select_one({"name": "fit"}) is None


def test_trials_without_a_choice_do_not_count():
    shares = data(plot_psychometric([1, 1, 2, 2], [1, np.nan, 0, 1]), "shares")
    assert (shares["y"], shares["n"]) == ([1, 0.5], [1, 2])


def test_many_levels_are_binned():
    x = np.random.default_rng(0).normal(size=800)
    choice = x > 0
    shares = data(plot_psychometric(x, choice), "shares")
    assert shares["n"] == [100] * 8
    assert shares["x"][0] == pytest.approx(np.sort(x)[:100].mean())
    assert len(data(plot_psychometric(x, choice, bins=3), "shares")["x"]) == 3


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (dict(x=[1, 2], choice=[1]), r"x \(2,\) and choice \(1,\): expected two of \(trials,\)"),
        (dict(x=[1, np.nan], choice=[1, 0]), "x holds values that are not finite"),
        (dict(x=[1, 2], choice=[1, 2]), "choice holds 2: expected 0 and 1"),
        (dict(x=[1, 2], choice=["left", "right"]), "expected an array of numbers"),
        (dict(x=[1, 2], choice=[1, 0], bins=1), "bins = 1: expected a whole number from 2"),
    ],
)
def test_choices_that_are_none_are_refused(given, match):
    with pytest.raises(ValueError, match=match):
        plot_psychometric(**given)


# -- files -----------------------------------------------------------------------------------------


class Loads(HTMLParser):
    """What a page would fetch."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("src", "href")]


def test_a_page_needs_no_network(tmp_path, context):
    pn.extension("tabulator")  # wants files of a server, in any page
    assert INLINE.js_files
    assert INLINE.css_files
    file = tmp_path / "run.html"
    plot_env(DOTS, 40, fname=file)
    assert Loads(file.read_text(encoding="utf-8")).found == []
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function(saving.READY)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert errors == []


@pytest.fixture
def plot(browser):
    """A plot, if there is a browser to draw it."""
    return plot_env(DOTS, 40, seed=1, name="Dots & more")


def test_a_picture_has_two_pixels_a_point(plot, tmp_path):
    save(plot, tmp_path / "run.PNG")
    png = (tmp_path / "run.PNG").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert width == 2 * 960
    assert 800 < height < 1200


def test_an_svg_has_the_words(plot, tmp_path):
    save(plot, str(tmp_path / "run.svg"))
    root = ElementTree.parse(tmp_path / "run.svg").getroot()
    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Dots & more", "fixation", "choice 2", "ground truth", "time (ms)"} <= words
    assert {fig.output_backend for fig in plot.select({"type": Plot})} == {"canvas"}


def test_pictures_are_drawn_while_an_event_loop_runs(plot, tmp_path):
    async def notebook():
        save(plot, tmp_path / "run.png")

    with ThreadPoolExecutor(1) as pool:  # the browser of other tests has a loop in this thread
        pool.submit(lambda: asyncio.run(notebook())).result()
    assert (tmp_path / "run.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", ["run.pdf", "run", "run.svgz"])
def test_other_names_are_refused_before_a_run(name, monkeypatch):
    monkeypatch.setattr("neurogym.utils.plotting.play", None)
    for make in (
        lambda: save(None, name),
        lambda: plot_env(DOTS, fname=name),
        lambda: visualize_run([0], [0], fname=name),
        lambda: plot_psychometric([0], [0], fname=name),
    ):
        with pytest.raises(ValueError, match=f"'{name}': expected a name that ends in .html, .svg"):
            make()


def test_what_is_missing_is_told(monkeypatch, tmp_path):
    plot = plot_psychometric([1], [1])
    monkeypatch.setenv("NEUROGYM_CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(RuntimeError, match="SVG and PNG need a Chromium: install one"):
        save(plot, tmp_path / "a.svg")
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(ImportError, match="need Playwright: pip install playwright"):
        save(plot, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("missing", "match"),
    [("bokeh.plotting", "plots need Bokeh: pip install")],
)
def test_extras_that_are_missing_are_told(monkeypatch, missing, match):
    for name in ("trace_plot", "psychometric", "fits"):
        monkeypatch.delitem(sys.modules, f"neurogym.figures.{name}", raising=False)
        monkeypatch.delattr(f"neurogym.figures.{name}", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=match):
        plot_psychometric([1], [1])
