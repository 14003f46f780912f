"""The figures that belong to each task, with people and agents in one, and a table of the fits."""

import re

import numpy as np
import pytest
from bokeh.models import CustomAction, Div, Plot, Scatter

import neurogym as ngym
from app.plots.paper import DRAW, due_and_produced, figures_of, followed, paper
from neurogym import analysis
from neurogym.records import trial_table
from neurogym.spec import figures as kinds

DOTS = "PerceptualDecisionMaking"


def subjects(task, agent="integrator", trials=150, **more):
    """A person and an agent on the same trials; the person answers like the agent named."""
    person = ngym.rollout(task, agent, trials, seed=3, preset="human", **more)
    rows = ngym.rollout(task, "oracle", yoke=person, preset="human", **more)
    return [("P07", [{**row, "subject_kind": "human"} for row in person]), ("oracle", rows)]


def plots(layout):
    return {plot.title.text: plot for plot in layout.select({"type": Plot})}


def shown(plot):
    """By subject, in their order: the points, (level as told, value, n)."""
    data = [r.data_source.data for r in plot.renderers if isinstance(r.glyph, Scatter)]
    return [list(zip(d["level"], d["y"], d["n"], strict=True)) for d in data if "level" in d]


def table(layout):
    """The text of the table of fits: a list of lines, each a list of cells."""
    (div,) = (div for div in layout.select({"type": Div}) if "fits" in div.css_classes)
    lines = re.findall(r"<tr>(.*?)</tr>", div.text)
    return [
        [re.sub("<.*?>", "", cell).strip() for cell in re.findall(r"<t[dh].*?>(.*?)</t[dh]>", line)]
        for line in lines
    ]


@pytest.fixture(scope="module")
def dots():
    return subjects(DOTS)


def test_dots_have_choices_times_and_their_distribution(dots):
    layout = paper(dots)
    assert set(plots(layout)) == {"Choices", "Response times", "RT distribution"}
    choices = plots(layout)["Choices"]
    assert choices.yaxis[0].axis_label == "share of right"  # as on the stage
    assert len(shown(choices)) == 2


def test_the_table_tells_what_the_fit_found_with_intervals(dots):
    lines = table(paper(dots))
    assert lines[0] == ["choices over coh (%), logistic", "bias", "slope", "lapse"]
    assert [line[0] for line in lines[1:3]] == ["● P07", "■ oracle"]
    points = analysis.psychometric(dots[0][1], "coh", "ground_truth", 1)
    mirrored = [analysis.Point(-q.level, q.value, q.low, q.high, q.n) for q in points]
    found = analysis.fit(mirrored, signed=True)
    low, high = found.intervals["threshold"]
    value, first, last = map(float, re.findall(r"-?[\d.]+", lines[1][1]))
    assert (value, first, last) == pytest.approx((found.threshold, low, high), abs=0.06)
    assert lines[2][2].startswith("above ")  # the oracle is as steep as can be


def test_a_saved_figure_holds_names_and_fits(dots):
    layout = paper([("me & <you>", dots[0][1]), dots[1]], svg=True)
    for plot in plots(layout).values():
        (save,) = (tool for tool in plot.tools if isinstance(tool, CustomAction))
        told = ["".join(piece["text"] for piece in entry) for entry in save.callback.args["key"]]
        assert {"● me & <you>", "■ oracle"} <= set(told)
        assert save.callback.args["svg"]
        if plot.title.text == "Choices":
            assert sum(text.startswith("bias ") for text in told) == 2
            assert sum(text.startswith("lapse ") for text in told) == 2
    assert "me &amp; &lt;you&gt;" in layout.select_one({"css_classes": ["fits"]}).text or any(
        "me &amp; &lt;you&gt;" in div.text for div in layout.select({"type": Div})
    )


def test_go_no_go_has_d_prime():
    groups = subjects("GoNogo", "signal-detection")
    layout = paper(groups)
    assert set(plots(layout)) == {"Detection", "RT distribution"}
    found = analysis.detection(groups[0][1])
    assert table(layout)[1][1].startswith(f"{found.d_prime:.2f} (")
    (alarms, hits), _ = shown(plots(layout)["Detection"])
    assert (alarms[1], hits[1]) == (
        found.false_alarms / found.noises,
        found.hits / found.signals,
    )


def test_two_step_has_stay_probabilities():
    groups = subjects("DawTwoStep", "two-step")
    layout = paper(groups)
    found = analysis.stay(groups[0][1])
    first = shown(plots(layout)["Stay probability"])[0]
    assert first[0][1:] == (found.common_rewarded.value, found.common_rewarded.n)
    assert f"{found.interaction:+.2f}" in table(layout)[1]


def test_produced_intervals_are_drawn_over_those_that_were_due():
    groups = subjects("ReadySetGo", "interval", 60)
    env = trial_table.env_of(groups[1][1][0])
    due, made = due_and_produced(groups[1][1], env)
    assert np.abs(due - made).max() <= env.dt  # the oracle's are right
    due, made = due_and_produced(groups[0][1], env)
    layout = paper(groups)
    assert "Produced intervals" in plots(layout)
    slope = analysis.line(due, made).slope
    assert table(layout)[1][1].startswith(f"{slope:.3g} (")
    for row in groups[0][1]:
        assert trial_table.outcome_of(trial_table.replay(row))["produced_ms"] == row["produced_ms"]


def test_wagers_have_the_share_of_the_sure_option_and_choices_without_it():
    groups = subjects("PostDecisionWager", "confidence")
    layout = paper(groups)
    assert {"Choices", "P(sure reward)"} < set(plots(layout))
    found = analysis.share_of(groups[0][1], "coh", 3, where={"wager": 1})
    assert shown(plots(layout)["P(sure reward)"])[0] == [
        (f"{q.level:.4g}", q.value, q.n) for q in found
    ]
    without = [row for row in groups[0][1] if not row["conditions"]["wager"]]
    n = sum(row["response"] is not None for row in without)
    assert sum(point[2] for point in shown(plots(layout)["Choices"])[0]) == n


def test_blocks_have_their_bias():
    stack = [{"SideBias": {"block_dur": 40, "probs": [[0.8, 0.2], [0.2, 0.8]]}}]
    groups = subjects(DOTS, "integrator", 160, stack=stack)
    layout = paper(groups)
    assert "Blocks" in plots(layout)
    assert any("bias in block 0" in line for line in table(layout))


def test_search_times_are_drawn_over_items():
    _, rows = subjects(DOTS, trials=60)[0]
    rows = [
        {**row, "conditions": {"items": 4 * (1 + k % 3), "present": k % 2}, "correct": True,
         "rt_ms": 400.0 + 30 * 4 * (1 + k % 3) + k % 5}
        for k, row in enumerate(rows)
    ]  # fmt: skip
    env, draw = trial_table.env_of(rows[0]), DRAW[kinds.SearchTimes]
    from app.plots.axes import styles_of
    from app.plots.style import Look

    kind = kinds.SearchTimes("items", "present")
    drawn = draw(kind, [rows], styles_of([("me", rows)], False), env, Look())
    assert {*drawn.fits[0]} == {"present 0", "present 1"}
    for told in drawn.fits[0].values():
        assert float(told.split()[0]) == pytest.approx(30, abs=1)


@pytest.mark.parametrize("wrapper", ["Staircase", "QuestPlus"])
def test_what_followed_the_subject_is_told(wrapper):
    stack = [{wrapper: {"low": 1.6}}]
    rows = ngym.rollout(DOTS, "integrator", 40, seed=2, stack=stack)
    (told,) = followed(rows, trial_table.env_of(rows[0]))
    assert told.startswith("threshold of coh: ")
    text = "".join(div.text for div in paper([("me", rows)]).select({"type": Div}))
    assert told in text


def test_all_kinds_of_figures_can_be_drawn():
    every = {kind for kind in vars(kinds).values() if isinstance(kind, type)}
    assert set(DRAW) == {k for k in every if issubclass(k, kinds.Figure)} - {kinds.Figure}


def test_nothing_gives_none(dots):
    assert paper([]) is None
    assert paper([("nobody", [])]) is None
    cut = [{**row, "flags": {"interrupted": "blur"}} for row in dots[0][1]]
    assert paper([("me", cut)]) is None
    assert paper([("me", cut), dots[1]]) is not None


@pytest.mark.each_structure
def test_every_task_has_figures_or_none(task_id):
    person = ngym.rollout(task_id, "random", 30, seed=1, preset="human")
    oracle = ngym.rollout(task_id, "oracle", yoke=person, preset="human")
    layout = paper([("random", person), ("oracle", oracle)], dark=True)
    kinds_of_it = figures_of(trial_table.env_of(person[0]), [*person, *oracle])
    assert kinds_of_it
    assert layout is None or plots(layout)
