import itertools

import gymnasium as gym
import numpy as np
import pytest
from bokeh.models import (
    CustomAction,
    Div,
    HoverTool,
    Line,
    Plot,
    Quad,
    Scatter,
    Step,
    WheelZoomTool,
)

import neurogym as ngym
from app.plots.raster import LANE, ROW, raster
from app.plots.raster_data import (
    MAX_IMAGE_ROWS,
    Channels,
    RasterData,
    answer_names,
    arrange,
    runs,
)
from app.plots.strips import strips
from neurogym import registry
from neurogym.records import trial_table
from neurogym.subjects.rollout import rollout


@pytest.fixture(scope="module")
def person():
    return as_human(rollout("PerceptualDecisionMaking", "integrator", 20, seed=3, preset="human"))


@pytest.fixture(scope="module")
def intervals():
    return rollout("ReadySetGo", "oracle", 12, seed=3, preset="human")


@pytest.fixture
def registered():
    """Register environments for one test."""
    ids = []

    def register(id, entry_point):
        ids.append(id)
        ngym.register(id, entry_point)
        return id

    yield register
    for id in ids:
        registry.unregister(id)


def as_human(rows):
    return [{**row, "subject_kind": "human"} for row in rows]


def without_response(row):
    return {**row, "actions": [], "response": None, "rt_ms": None, "outcome": "miss"}


def figures(layout):
    return list(layout.select({"type": Plot}))


def panel(layout, title="blocks & levels"):
    return [plot for plot in figures(layout) if plot.title and plot.title.text == title]


# -- data ------------------------------------------------------------------------------------------


def test_runs_are_stretches_of_equal_positive_values():
    assert list(runs(np.array([0, 1, 1, 2, -1, 0, 2]))) == [(1, 1, 3), (2, 3, 4), (2, 6, 7)]
    assert list(runs(np.zeros(3, int))) == []
    assert list(runs(np.zeros(0, int))) == []


def test_zero_is_the_onset_of_a_period_in_each_trial(intervals):
    data = RasterData(intervals)
    for i, row in enumerate(intervals):
        measure = int(row["conditions"]["measure"] // data.dt)
        assert data.zero("measure")[i] == data.zero("ready")[i]
        assert data.zero("set")[i] - data.zero("ready")[i] == measure
    assert (data.zero("start") == 0).all()


def test_the_response_stands_at_its_step(person, intervals):
    for rows in (person, intervals):
        data = RasterData(rows)
        assert [row["actions"][-1][0] for row in rows] == data.response.tolist()
        assert (data.response == data.length - 1).all()


def test_a_browsers_response_time_finds_the_nearest_step():
    rows = rollout("Reaching1D", "oracle", 4, preset="human")
    held = [row for row in rows if row["response"] is not None]
    late = [{**row, "rt_ms": row["rt_ms"] + 17.3} for row in held]
    assert RasterData(late).response.tolist() == RasterData(held).response.tolist()


def test_an_image_holds_what_was_seen_shifted_to_the_zero(intervals):
    data = RasterData(intervals)
    zero, order = data.zero("set"), data.order("rt")
    cues = data.channels[0]
    picture, left, width = data.image(cues, order, zero)
    n = len(cues.columns)
    assert picture.dtype == np.float32
    assert picture.shape == (len(order) * n, round(width / data.dt))
    assert left == -zero.max() * data.dt
    for place, i in enumerate(order):
        for k, column in enumerate(cues.columns):
            line = picture[place * n + k]
            at = zero.max() - zero[i]
            assert np.isnan(line[:at]).all()
            assert np.isnan(line[at + data.length[i] :]).all()
            np.testing.assert_array_equal(line[at : at + data.length[i]], data.ob[i][:, column])


def test_a_trial_without_zero_is_an_empty_row(intervals):
    data = RasterData([without_response(intervals[0]), *intervals[1:]])
    picture, _, _ = data.image(data.channels[0], np.arange(data.n), data.zero("response"))
    rows = picture.reshape(data.n, -1)
    assert np.isnan(rows[0]).all()
    assert not np.isnan(rows[1]).all()


def test_neighbouring_channels_share_a_row_when_there_are_too_many(monkeypatch, person):
    data = RasterData(person[:2])
    data.ob = [np.tile(np.arange(1600, dtype=np.float32), (len(ob), 1)) for ob in data.ob]
    many = Channels("ring", tuple(range(1600)), ("",) * 1600)
    picture, _, _ = data.image(many, np.arange(2), np.zeros(2, int))
    assert len(picture) == MAX_IMAGE_ROWS
    np.testing.assert_array_equal(picture[:3, 0], [0.5, 2.5, 4.5])


def test_orders(person):
    data = RasterData([*person[:5], without_response(person[5]), *person[6:]])
    rows = data.rows
    assert data.order("order").tolist() == list(range(data.n))
    by_level = [rows[i]["conditions"]["coh"] for i in data.order("coh")]
    assert by_level == sorted(by_level)
    assert data.order("rt")[-1] == 5
    ranks = [("correct", "error", "miss").index(rows[i]["outcome"]) for i in data.order("outcome")]
    assert ranks == sorted(ranks)


def test_orders_are_stable_and_take_words():
    rows = rollout("GoNogo", "oracle", 6)
    for k, row in enumerate(rows):
        row["conditions"] = {"word": ("b", "a", None)[k % 3]}
    assert RasterData(rows).order("word").tolist() == [1, 4, 0, 3, 2, 5]


def test_interrupted_trials_are_left_out(person):
    cut = {**person[0], "flags": {"interrupted": "blur"}, "outcome": None, "correct": None}
    assert RasterData([cut, *person[1:]]).n == len(person) - 1


def test_a_period_that_was_cut_short_takes_the_steps_played():
    rows = rollout("DawTwoStep", "oracle", 5, preset="human")
    data = RasterData(rows)
    for spans in data.spans:
        assert spans["stage1"] == (10, 11)
        assert spans["stage2"][0] == 11


def test_labels_go_on_after_the_response_once_the_window_opened():
    data = RasterData(rollout("PerceptualDecisionMaking", "oracle", 3, preset="human"))
    assert (data.length == 76).all()
    assert (data.window == (75, 150)).all()
    assert all(len(planned) == 150 and (planned[75:] > 0).all() for planned in data.planned)


def test_a_trial_that_ended_early_has_no_window():
    data = RasterData(rollout("GoNogo", "random", 10, preset="human"))
    assert (data.early >= 0).any()
    for i in np.flatnonzero(data.early >= 0):
        assert data.window[i, 0] == data.window[i, 1]
        assert len(data.planned[i]) == data.length[i]


def test_rows_of_two_tasks_are_refused(person, intervals):
    with pytest.raises(ValueError, match="one task with one set of parameters"):
        RasterData([person[0], intervals[0]])


# -- which trial goes to which row -----------------------------------------------------------------


def keys(item):
    return [item.data.keys[i] for i in item.order]


@pytest.mark.parametrize("sort", ["order", "rt", "coh", "outcome"])
def test_the_same_trials_are_in_the_same_rows(person, sort):
    agent = rollout("PerceptualDecisionMaking", "random", yoke=person, preset="human")[::-1]
    first, second = arrange([RasterData(person), RasterData(agent)], "start", sort)
    assert keys(first) == keys(second)
    assert first.order.tolist() == RasterData(person).order(sort).tolist()
    assert first.yoked
    assert not second.note


@pytest.mark.parametrize("change", ["other", "fewer", "twice", "forced"])
def test_other_trials_keep_their_own_order(person, change):
    if change == "other":
        agent = rollout("PerceptualDecisionMaking", "oracle", 20, seed=4, preset="human")
    else:
        agent = rollout("PerceptualDecisionMaking", "oracle", yoke=person, preset="human")
        agent = {
            "fewer": agent[:-1],
            "twice": [*agent, agent[0]],
            "forced": [{**agent[0], "forced": {"coh": 51.2}}, *agent[1:]],
        }[change]
    first, second = arrange([RasterData(person), RasterData(agent)], "start", "coh")
    assert first.order.tolist() == RasterData(person).order("coh").tolist()
    assert second.order.tolist() == RasterData(agent).order("coh").tolist()
    assert not first.yoked
    assert "do not correspond" in second.note


def test_trials_without_the_event_are_left_out_and_counted(person):
    rows = [without_response(person[0]), without_response(person[1]), *person[2:]]
    (alone,) = arrange([RasterData(rows)], "response", "order")
    assert alone.order.tolist() == list(range(2, 20))
    assert alone.note.startswith("2 of 20 trials")
    assert alone.note.endswith("2 left out.")
    other = [without_response(person[0]), *person[1:]]
    first, second = arrange([RasterData(rows), RasterData(other)], "response", "order")
    assert first.order.tolist() == second.order.tolist() == list(range(1, 20))
    assert "1 left out, 1 empty rows" in first.note
    assert "1 of 20" in second.note


def test_unknown_alignments_and_orders_name_those_there_are(person):
    data = RasterData(person)
    with pytest.raises(ValueError, match="decision"):
        arrange([data], "desicion", "order")
    with pytest.raises(ValueError, match="coh"):
        arrange([data], "start", "cohs")


# -- figures ---------------------------------------------------------------------------------------


@pytest.mark.each_structure
def test_every_task_is_drawn(task_id):
    person = as_human(rollout(task_id, "random", 6, seed=1, preset="human"))
    person[2] = {**person[2], "flags": {"interrupted": "blur"}}
    agent = rollout(task_id, "oracle", yoke=person, preset="human")
    groups = [("person", person), ("oracle", agent)]
    data = RasterData(person)
    plots = figures(raster(groups))
    assert len(plots) == 2 * (len(data.channels) + bool(data.numbers) + 2)
    assert sorted(c for panel in data.channels for c in panel.columns) == list(
        range(data.ob[0].shape[1])
    )
    raster(groups, align="response", sort="rt", dark=True)
    for align, sort in zip(data.periods, ["outcome", *data.conditions], strict=False):
        arrange([data, RasterData(agent)], align, sort)


GRADED = [id for id in ngym.all_envs() if ngym.make(id).action_space.shape]


def lines(layout):
    """The lines of each subject's graded actions, from the top down: {name: (x, y)}."""
    panels = [item for item, *_ in layout.children[0].children if isinstance(item, Plot)]
    found = [
        {r.name: (r.data_source.data["x"], r.data_source.data["y"])
         for r in fig.renderers if isinstance(r.glyph, Step)}
        for fig in panels
    ]  # fmt: skip
    return [own for own in found if own]


def numbers_in(line, y, k, lanes, low, high):
    """The times and the numbers of a line in the row at y, told from where in its lane it runs."""
    own = np.abs(line[1] - y) < 0.5
    middle, tall = y + ROW * ((k + 0.5) / lanes - 0.5), ROW * LANE / lanes
    return line[0][own], low + (high - low) * (0.5 - (line[1][own] - middle) / tall)


@pytest.mark.parametrize("task", GRADED)
@pytest.mark.parametrize("align", ["start", "response"])
def test_graded_actions_are_lines_beside_what_was_right(task, align):
    person = as_human(rollout(task, "random", 5, seed=2, preset="human"))
    agent = rollout(task, "oracle", yoke=person, preset="human")
    items = arrange([RasterData(person), RasterData(agent)], align, "order")
    layout = raster([("person", person), ("oracle", agent)], align=align)
    (legend,) = (div.text for div in layout.select({"type": Div}) if "the correct act" in div.text)
    every = [values for item in items for values in (*item.data.graded, *item.data.aims)]
    for drawn, item in zip(lines(layout), items, strict=True):
        labels = item.data.env.task.plan.actions.labels
        assert list(drawn) == [*(f"right {label}" for label in labels), *labels]
        for k, label in enumerate(labels):
            (group,) = (group for group in item.data.numbers if k in group.columns)
            values = np.concatenate(every)[:, group.columns]
            scale = values.min(), values.max()
            assert label in legend
            assert "from {:.3g} to {:.3g}".format(*scale) in legend
            for y, i in enumerate(item.order, 1):
                trace = trial_table.replay(item.data.rows[i])
                times = (np.arange(len(trace.ob) + 1) - item.zero[i]) * trace.dt
                for name, known in ((label, trace.actions), (f"right {label}", trace.gt)):
                    x, numbers = numbers_in(drawn[name], y, k, len(drawn) // 2, *scale)
                    if item.zero[i] < 0:
                        assert not x.size
                        continue
                    np.testing.assert_allclose(x, times)
                    np.testing.assert_allclose(numbers[:-1], known[:, k], atol=1e-5)
                    assert numbers[-1] == numbers[-2]


@pytest.mark.parametrize("task", GRADED)
def test_the_responses_of_graded_actions_are_marked(task):
    rows = rollout(task, "oracle", 8, preset="human")
    data = RasterData(rows)
    answered = [row["response"] is not None for row in rows]
    assert any(answered)
    assert (data.response >= 0).tolist() == answered
    (fig,) = panel(raster([("oracle", rows)]), "responses")
    marks = [r for r in fig.renderers if isinstance(r.glyph, Scatter)]
    assert sum(len(mark.data_source.data["y"]) for mark in marks) >= sum(answered)
    assert data.told == (len(data.answers) == 1)


def test_panels_share_their_axes(person):
    agent = rollout("PerceptualDecisionMaking", "oracle", yoke=person, preset="human")
    layout = raster([("person", person), ("oracle", agent)])
    plots = figures(layout)
    assert len({plot.y_range.id for plot in plots}) == 2
    assert len({plot.x_range.id for plot in plots}) == 2  # time and reward
    assert all(plot.select_one(HoverTool) for plot in plots)
    grid = layout.children[0]
    assert grid.toolbar.active_scroll is None
    assert any(tool.tools[0].__class__ is WheelZoomTool for tool in grid.toolbar.tools[:4]
               if hasattr(tool, "tools"))  # fmt: skip


def test_nothing_to_draw_is_an_error(person):
    with pytest.raises(ValueError, match="no trial to draw"):
        raster([])
    with pytest.raises(ValueError, match="no trial to draw"):
        raster([("nobody", [])])
    layout = raster([("person", person), ("an agent", [])])
    assert "an agent: no finished trials" in layout.children[1].text


def test_titles_are_text(person):
    layout = raster([("<b>me</b>", person)])
    heading = layout.children[0].children[0][0]
    assert "&lt;b&gt;me" in heading.text


class Flashes(ngym.PeriodEnv):
    """A classic task, with names."""

    def __init__(self, dt=100):
        super().__init__(dt=dt)
        self.timing = {"fixation": 300, "decision": 400}
        name = {"fixation": 0, "flash": range(1, 4)}
        self.observation_space = ngym.spaces.Box(-np.inf, np.inf, shape=(4,), name=name)
        self.action_space = ngym.spaces.Discrete(3, name={"fixation": 0, "choice": [1, 2]})

    def _new_trial(self, **kwargs):
        trial = {"ground_truth": int(self.rng.randint(1, 3))}
        self.add_period(["fixation", "decision"])
        self.add_ob(1, "fixation", where="fixation")
        self.set_groundtruth(trial["ground_truth"], period="decision")
        return trial

    def _step(self, action):
        done = self.in_period("decision") and action > 0
        reward = float(done and action == self.gt_now)
        return self.ob_now, reward, False, {"new_trial": done, "gt": self.gt_now}


class Walk(gym.Env):
    """A bare environment without names."""

    observation_space = gym.spaces.Box(-1, 1, (3,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = int(self.np_random.integers(3, 9))
        return self.observation_space.sample() * 0, {}

    def step(self, action):
        self.left -= 1
        return np.full(3, self.left / 10, np.float32), 1.0, self.left == 0, False, {}


def test_classic_tasks_are_drawn(registered):
    id = registered("Flashes-v0", Flashes)
    data = RasterData(rows := rollout(id, "oracle", 5))
    assert [panel.name for panel in data.channels] == ["cues", "flash"]
    assert data.answers == {1: "choice 1", 2: "choice 2"}
    assert data.window.tolist() == [[3, 7]] * 5
    assert len(figures(raster([("oracle", rows)], align="decision"))) == 4


def test_bare_environments_are_drawn(registered):
    id = registered("Walk-v0", Walk)
    data = RasterData(rows := rollout(id, "random", 5))
    assert [panel.name for panel in data.channels] == ["observation"]
    assert all((gt == -1).all() for gt in data.gt)
    assert [spans["episode"] for spans in data.spans] == [(0, n) for n in data.length]
    assert len(figures(raster([("random", rows)], sort="outcome"))) == 3


def test_a_browser_draws_it_and_saves_vectors(tmp_path, person, context):
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    page = tmp_path / "raster.html"
    page.write_text(file_html(raster([("person", person)], svg=True), INLINE, "raster"), "utf-8")
    errors = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: errors.append(error))
    tab.goto(page.as_uri())
    tab.wait_for_function("window.Bokeh?.documents[0]?.is_idle")
    with tab.expect_download() as download:
        tab.get_by_title("Save as SVG").click()
    name, drawn = download.value.suggested_filename, download.value.path().read_text("utf-8")
    assert not errors
    assert name == "raster.svg"
    assert all(word in drawn for word in ("<svg", "responses", "decision", "person, trial"))


# -- wrappers --------------------------------------------------------------------------------------

GO = {"task": "GoNogo-v0", "preset": "human"}
BIAS = {"SideBias": {"block_dur": [3, 5]}}


def wrapped(stack, agent="oracle", n=20, task="PerceptualDecisionMaking"):
    return rollout(task, agent, n, seed=3, preset="human", stack=stack)


def told_of(rows):
    data = RasterData(rows)
    return data, strips([(data.env, data.rows)])


def test_what_wrappers_add_is_a_strip(person):
    second = {"ScheduleEnvs": {"tasks": [GO]}}
    assert told_of(person)[1] == []
    assert told_of(wrapped([{"ReactionTime": {}}]))[1] == []
    for stack, names in (
        ([BIAS], ["block"]),
        ([second], ["task"]),
        ([BIAS, second], ["task", "block"]),
        ([{"Combine": {"tasks": [GO], "mix": [0.3, 0.3, 0.4]}}], ["tasks"]),
        ([{"CatchTrials": {"catch_prob": 0.5}}], ["catch"]),
        ([{"Lapse": {"rate": 0.5}}], ["lapse"]),
    ):
        assert [strip.name for strip in told_of(wrapped(stack))[1]] == names
    blocks = told_of(wrapped([BIAS]))[1][0]
    assert blocks.values == (0, 1)


def test_a_condition_that_follows_the_subject_is_a_level():
    rows = wrapped([{"Staircase": {}}], "integrator", 30)
    data, (level,) = told_of(rows)
    values = [row["conditions"]["coh"] for row in rows]
    assert (level.name, level.values) == ("coh", ())
    assert (level.low, level.high) == (min(values), max(values))
    assert level.log
    assert [level.place(v) for v in (level.low, level.high)] == [0, 1]
    assert len(set(data.keys)) == len(rows)


def test_the_panel_has_a_cell_a_block_and_a_point_a_trial():
    rows = wrapped([BIAS, {"Staircase": {}}], "integrator", 30)
    (fig,) = panel(raster([("a", rows)]))
    (cells,) = (r.glyph for r in fig.renderers if isinstance(r.glyph, Quad))
    blocks = [row["conditions"]["block"] for row in rows]
    changes = sum(a != b for a, b in itertools.pairwise(blocks))
    source = next(r for r in fig.renderers if isinstance(r.glyph, Quad)).data_source
    assert len(source.data["top"]) == changes + 1
    assert cells.right - cells.left == pytest.approx(0.8)
    (line,) = (r for r in fig.renderers if isinstance(r.glyph, Line))
    assert list(line.data_source.data["y"]) == list(range(1, 31))
    assert all(1 < x < 2 for x in line.data_source.data["x"])
    (hover,) = fig.select({"type": HoverTool})
    tips = dict(hover.tooltips)
    names = {name: tips[name].strip("@{}") for name in ("block", "coh")}
    column = fig.renderers[0].data_source.data[names["block"]]
    assert column == [str(block) for block in blocks]


def test_all_subjects_share_the_strips():
    rows = wrapped([{"Staircase": {}}], "integrator", 30)
    stack = rows[0]["wrappers"]
    other = rollout(
        "PerceptualDecisionMaking", "random", yoke=rows, seed=1, preset="human", stack=stack
    )
    a, b = RasterData(rows), RasterData(other)
    assert a.keys == b.keys
    for one, two in zip(a.ob, b.ob, strict=True):
        n = min(len(one), len(two))
        np.testing.assert_array_equal(one[:n], two[:n])
    layout = raster([("a", rows), ("b", other)])
    renderers = [r for fig in figures(layout) for r in fig.renderers]
    first, second = (r.data_source.data["x"] for r in renderers if isinstance(r.glyph, Line))
    assert list(first) == list(second)


def test_trials_that_remember_are_played_again_with_their_memory():
    rows = wrapped([{"Staircase": {}}], "integrator", 20)
    data = RasterData(rows)
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(data.ob[i], trial_table.replay(row).ob)
    again = [{**row, "memory": {}} for row in rows]
    assert RasterData(again).keys != data.keys


def test_each_of_several_tasks_at_once_has_its_lane():
    rows = wrapped([{"Combine": {"tasks": [GO], "onset": 300, "mix": [0.2, 0.2, 0.6]}}], n=30)
    data = RasterData(rows)
    assert [part.name for part in data.parts] == ["PerceptualDecisionMaking", "GoNogo"]
    assert [list(part.answers.values()) for part in data.parts] == [
        ["right", "left"],
        ["go"],
    ]
    for i, row in enumerate(rows):
        for part, told in zip(data.parts, row["parts"], strict=True):
            step = part.response[i]
            assert (step >= 0) == (told["response"] is not None)
            if step >= 0:
                assert part.own(data.actions[i])[step] == told["response"]
    layout = raster([("a", rows)])
    (fig,) = panel(layout, "responses")
    ys = [y for r in fig.renderers if isinstance(r.glyph, Scatter) for y in r.data_source.data["y"]]
    on = sum(told["on"] for row in rows for told in row["parts"])
    assert len(ys) == on
    assert {round(y % 1, 2) for y in ys} == {0.75, 0.25}
    column = fig.renderers[0].data_source.data["parts"]
    assert any("GoNogo: withheld" in text for text in column)
    assert any("PerceptualDecisionMaking: correct, 0 ms" in text for text in column)
    assert any("not in this trial" in text for text in column)


def test_tasks_that_share_actions_are_drawn():
    rows = wrapped([{"Combine": {"tasks": [GO], "share_action_space": True}}], "random")
    assert RasterData(rows).n == len(rows)
    assert panel(raster([("a", rows)]), "responses")


def test_rows_can_be_sorted_by_what_only_some_trials_have():
    rows = wrapped([{"ScheduleEnvs": {"tasks": [GO]}}])
    data = RasterData(rows)
    assert {"task", "coh"} <= set(data.conditions)
    order = data.order("coh")
    lacks = ["coh" not in rows[i]["conditions"] for i in order]
    assert lacks == sorted(lacks)
    assert any(lacks)
    for sort in ("coh", "task", "ground_truth"):
        raster([("a", rows)], sort=sort)


def test_figures_and_keys_say_the_same(task_id):
    env = ngym.make(task_id).unwrapped
    plan, names = env.task.plan, answer_names(env)
    if plan.actions.graded:
        return
    told = plan.keys.resolve(plan.actions)
    assert all(names[key["action"]] == key["name"] for key in told["keys"] if key["action"])
    if told["dial"]:
        assert [names[k] for k in told["dial"]["actions"]] == told["dial"]["names"]


def test_several_tasks_name_their_actions():
    for stack, names in (
        ([{"Combine": {"tasks": [GO]}}], ["go", "right", "right & go", "left", "left & go"]),
        ([{"ScheduleEnvs": {"tasks": [GO]}}], ["right", "left", "go"]),
    ):
        env = ngym.make("PerceptualDecisionMaking", stack=stack).unwrapped
        assert list(answer_names(env).values()) == names


def test_panels_say_which_channels_they_have(person):
    titles = {fig.title.text for fig in figures(raster([("a", person)]))}
    assert {"fixation", "stimulus: right, left", "responses", "reward"} <= titles


def test_a_key_says_what_the_page_says(person):
    layout = raster([("<b>lea</b>", person)])
    (tool,) = [t for t in layout.select(dict(type=CustomAction)) if t.description == "Save as PNG"]
    told = tool.callback.args
    ((_, head),) = told["heads"]
    assert head[0][0]["text"] == "<b>lea</b>"
    assert "% correct" in head[1][0]["text"]
    text = "".join(piece["text"] for entry in told["key"] for piece in entry)
    for word in (
        "correct",
        "■ right",
        "■ left",
        "stimulus",
        "in each row from the top: right, left",
    ):
        assert word in text
    assert any(piece["kind"] == "scale" for entry in told["key"] for piece in entry)
