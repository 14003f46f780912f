import numpy as np
import pytest
from bokeh.models import Plot, Scatter
from scipy.special import expit

from app.plots.curves import (
    Fit,
    binned,
    conditions_for,
    curves,
    fit,
    mirrored,
    second_answer,
)
from neurogym.records import measures
from neurogym.subjects.rollout import rollout


@pytest.fixture(scope="module")
def person():
    rows = rollout("PerceptualDecisionMaking", "integrator", 80, seed=3, preset="human")
    return [{**row, "subject_kind": "human"} for row in rows]


@pytest.fixture(scope="module")
def intervals():
    return rollout("ReadySetGo", "oracle", 40, seed=3)


def shown(layout, figure):
    """The points of each subject: level as told, and value, low, high and n."""
    title = ("Choices", "Response times")[figure]
    (plot,) = (plot for plot in layout.select({"type": Plot}) if plot.title.text == title)
    renderers = [r for r in plot.renderers if isinstance(r.glyph, Scatter)]
    data = [r.data_source.data for r in renderers]
    columns = ("level", "y", "low", "high", "n")
    return [list(zip(*(d[c] for c in columns), strict=True)) for d in data]


def told(points):
    return [(f"{q.level:.4g}", q.value, q.low, q.high, q.n) for q in points]


def test_conditions_are_numeric_with_more_than_two_levels(person, intervals):
    assert conditions_for(person) == ["coh"]
    assert conditions_for(intervals) == ["measure"]
    assert conditions_for(rollout("GoNogo", "oracle", 20)) == ["ground_truth"]
    assert conditions_for([]) == []
    ring = rollout("PerceptualDecisionMaking", "oracle", 60, dim_ring=4)
    assert conditions_for(ring) == ["coh", "ground_truth"]


def test_words_and_lists_are_no_levels(person):
    odd = [{**row, "conditions": {"word": "a", "several": [1], "nan": np.nan}} for row in person]
    for k, row in enumerate(odd):
        row["conditions"]["word"] = "abc"[k % 3]
    assert conditions_for(odd) == []
    assert curves([("odd", odd)]) is None
    with pytest.raises(ValueError, match="word"):
        curves([("odd", odd)], "word")


def test_points_are_those_of_measures(person):
    agent = rollout("PerceptualDecisionMaking", "oracle", yoke=person, preset="human")
    layout = curves([("person", person), ("oracle", agent)])
    groups = (person, agent)
    signed = [measures.psychometric(rows, "coh", "ground_truth", 2) for rows in groups]
    # action 2 is "left": on the figure, as on the stage, right is to the right
    assert shown(layout, 0) == [told(mirrored(points)) for points in signed]
    (plot,) = (p for p in layout.select({"type": Plot}) if p.title.text == "Choices")
    assert plot.yaxis[0].axis_label == "share of right"
    assert plot.xaxis[0].axis_label.split() == ["←", "left", "coh", "(%)", "right", "→"]
    for points in signed:
        for before, after in zip(points, mirrored(points)[::-1], strict=True):
            assert (after.level, after.value) == (-before.level, 1 - before.value)
            assert after.low <= after.value <= after.high
    times = [measures.chronometric(rows, "coh") for rows in groups]
    assert shown(layout, 1) == [told(points) for points in times]


def test_continuous_conditions_are_binned_for_all_subjects_alike(intervals):
    other = rollout("ReadySetGo", "random", yoke=intervals)
    rows, others = binned([intervals, other], "measure")
    levels = {row["conditions"]["measure"] for row in rows}
    assert 2 <= len(levels) <= 6
    assert levels == {row["conditions"]["measure"] for row in others}
    for level in levels:
        inside = [
            before["conditions"]["measure"]
            for before, after in zip(intervals, rows, strict=True)
            if after["conditions"]["measure"] == level
        ]
        assert level == pytest.approx(np.mean(inside))
    layout = curves([("oracle", intervals), ("random", other)])
    expected = [told(measures.psychometric(group, "measure")) for group in (rows, others)]
    assert shown(layout, 0) == expected


def test_levels_are_signed_for_two_answers_only(person):
    assert second_answer([person], "coh") == 2
    assert second_answer([person], "ground_truth") is None
    assert second_answer([rollout("GoNogo", "oracle", 20)], "ground_truth") is None
    ring = rollout("PerceptualDecisionMaking", "oracle", 60, dim_ring=4)
    assert second_answer([ring], "coh") is None
    wrong = [{**row, "correct": False} for row in person]
    assert second_answer([wrong], "coh") is None


def test_a_fit_finds_bias_width_and_lapse():
    x, n = np.array([-50, -25, -12, -6, 0, 6, 12, 25, 50.0]), 4000
    shares = 0.05 + 0.9 * expit((x - 3) / 8)  # a tenth of the trials are answered at random
    points = [measures.Point(a, b, 0, 1, n) for a, b in zip(x, shares, strict=True)]
    found = fit(points, signed=True)
    assert isinstance(found, Fit)
    assert (found.threshold, found.width) == pytest.approx((3, 8), abs=0.1)
    assert found.lapse == pytest.approx(0.1, abs=0.01)
    np.testing.assert_allclose(found(x), shares, atol=0.005)


def test_the_legend_tells_the_fit_and_escapes_titles(person):
    few = person[:10]
    layout = curves([("me & you", person), ("few", few)])
    text = layout.children[1].text
    assert "me &amp; you" in text
    assert "bias" in text
    assert "too few levels or trials" in text


def test_interrupted_trials_do_not_count(person):
    cut = [{**row, "flags": {"interrupted": "blur"}, "correct": None} for row in person[:30]]
    points = shown(curves([("person", [*cut, *person[30:]])]), 0)[0]
    assert sum(point[-1] for point in points) == sum(
        row["response"] is not None for row in person[30:]
    )
    assert curves([("person", cut)]) is None


def test_nothing_gives_none():
    assert curves([]) is None
    assert curves([("nobody", [])]) is None
    assert curves([("nobody", [])], "coh") is None


@pytest.mark.each_structure
def test_every_task_has_curves_or_none(task_id):
    person = rollout(task_id, "random", 30, seed=1, preset="human")
    groups = [
        ("random", person),
        ("oracle", rollout(task_id, "oracle", yoke=person, preset="human")),
    ]
    rows = [row for _, group in groups for row in group]
    assert (curves(groups) is None) == (not conditions_for(rows))
    for condition in conditions_for(rows):
        assert curves(groups, condition, dark=True) is not None


# -- wrappers --------------------------------------------------------------------------------------


def test_conditions_that_only_some_trials_have_are_levels_there():
    stack = [{"ScheduleEnvs": {"tasks": [{"task": "GoNogo"}, {"task": "ReadySetGo"}]}}]
    rows = rollout("PerceptualDecisionMaking", "oracle", 90, seed=3, stack=stack)
    assert conditions_for(rows)[0] == "coh"
    assert conditions_for(rows)[-1] == "task"  # what wrappers add comes last
    with_none = [{**row, "conditions": {"coh": None, **row["conditions"]}} for row in rows]
    (kept,) = binned([with_none], "coh")
    assert {row["conditions"]["task"] for row in kept} == {0}
    assert conditions_for(with_none) == conditions_for(rows)
    for condition in conditions_for(rows):
        assert curves([("a", rows)], condition) is not None
    assert shown(curves([("a", rows)]), 0) == shown(curves([("a", with_none)]), 0)


def test_words_of_wrappers_are_no_levels():
    stack = [{"Combine": {"tasks": [{"task": "GoNogo"}], "mix": [0.3, 0.3, 0.4]}}]
    rows = rollout("PerceptualDecisionMaking", "oracle", 60, seed=3, stack=stack)
    assert "tasks" not in conditions_for(rows)
    assert curves([("a", rows)]) is not None
