"""What cannot be shown or answered is refused when the task is made, or lasts a step."""

import re

import pytest

import neurogym as ngym
from neurogym.trials.catalogue import task_class

DTS = (1, 7, 20, 100, 110, 200, 500)  # ms a step
NAMES_ITSELF = re.compile(r"\bdt\b.*\bexpected\b|\bdt\b.*\bcannot\b", re.S)


def refused_or_perfect(task_id, trials=6, **params):
    """Whether the task is refused, or else the oracle does all of it right."""
    try:
        env = ngym.make(task_id, **params)
    except ValueError as error:
        told = str(error)
        return bool(NAMES_ITSELF.search(told)) and any(
            re.search(rf"\b{name}\b", told) for name in task_class(task_id).param
        )
    rows = ngym.rollout(env, "oracle", trials=trials, seed=2)
    return all(row["correct"] and row["performance"] == 1 for row in rows)


@pytest.mark.each_structure
def test_at_any_dt_a_task_is_refused_or_can_be_done(task_id):
    for dt in DTS:
        assert refused_or_perfect(task_id, dt=dt), f"dt = {dt}"


@pytest.mark.each_structure
def test_with_short_periods_a_task_is_refused_or_can_be_done(task_id):
    dt = 100
    names = list(task_class(task_id).param["timing"].default)
    for ms in (0.5 * dt, dt):
        for short in ([name] for name in names):
            timing = dict.fromkeys(short, ms)
            assert refused_or_perfect(task_id, 4, dt=dt, timing=timing), timing
        assert refused_or_perfect(task_id, 4, dt=dt, timing=dict.fromkeys(names, ms)), ms


@pytest.mark.parametrize("id", ["GoNogo", "HierarchicalReasoning", "DualTask", "Reaching1D"])
def test_a_window_without_a_step_is_refused(id):
    task = task_class(id)
    for period in task.window or (task.rule.asks[0][-1],):
        with pytest.raises(ValueError, match=rf"timing\['{period}'\] = 0 ms can be 0 steps"):
            ngym.make(id, timing={period: 0})


@pytest.mark.parametrize(
    "params",
    [dict(dt=200), dict(dt=110), dict(dt=100, timing=dict(study=50, recall=50)),
     dict(dt=30, timing=dict(study=("uniform", (30, 200)), recall=100))],
)  # fmt: skip
def test_no_pattern_falls_between_the_steps(params):
    rows = ngym.rollout("MemoryRecall", "oracle", trials=100, seed=2, **params)
    assert all(row["correct"] for row in rows)


def test_every_item_lasts_as_long_as_the_timing_says_or_a_step():
    for dt, ms, steps in ((20, 100, 5), (30, 100, 3), (200, 100, 1)):
        env = ngym.make("MemoryRecall", dt=dt, timing=dict(study=ms, recall=ms)).unwrapped
        env.reset(seed=1)
        (_, start, stop), (_, _, end) = env.periods
        assert end == steps * env.trial["length"]
        patterns = env.ob[start:stop, :10].reshape(-1, steps, 10)
        assert (patterns == patterns[:, :1]).all()
        assert (patterns[1:, 0] != patterns[:-1, 0]).any(axis=1).all()


@pytest.mark.parametrize(
    ("id", "params", "says"),
    [
        ("Pneumostomeopening", dict(dt=200), "7 steps of dt = 200 ms: expected at least 10 steps"),
        ("LeverPress", dict(timing=dict(press=300)), "3 steps .* at least 4 steps"),
        ("LeverPressWithPoke", dict(n_press=20, timing=dict(work=2000)), "n_press = 20"),
        ("LeverPressWithPokeRest", dict(slowness=10), "at least 114 steps"),  # 9 / 0.8 * 10, + 1
        ("Reaching1D", dict(speed=1), "at least 28 steps"),  # (pi - pi / 8) / 0.1
        ("MemoryRecall", dict(timing=dict(study=("uniform", (50, 90)))), "never below dt = 100"),
    ],
)  # fmt: skip
def test_too_few_steps_are_refused(id, params, says):
    with pytest.raises(ValueError, match=says):
        ngym.make(id, **params)


def test_a_change_that_leaves_no_time_is_refused_before_the_next_trials():
    task = task_class("Pneumostomeopening")()
    task.dt = 200
    with pytest.raises(ValueError, match="at least 10 steps"):
        task.plan  # noqa: B018
    task.dt = 150
    assert task.plan.dt == 150


def test_a_period_that_lasts_until_some_time_is_what_is_left_then():
    timing = dict(fixation=("uniform", (0, 300)), stimulus=200, decision=("until", 900))
    env = ngym.make("PerceptualDecisionMaking", timing=timing)
    assert all(row["correct"] for row in ngym.rollout(env, "oracle", trials=20))
    with pytest.raises(ValueError, match=r"timing\['decision'\] = until 500 ms can be 0 steps"):
        ngym.make("PerceptualDecisionMaking", timing={**timing, "decision": ("until", 500)})
