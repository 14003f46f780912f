"""What a row tells: rewards as one writes them, conditions as columns."""

import csv
import io

import numpy as np
import pytest

import neurogym as ngym
from neurogym.records import files, flat
from neurogym.records.database import Store, run_of
from neurogym.records.trial_table import COLUMNS, empty_row, total


@pytest.mark.parametrize(
    ("rewards", "sum"),
    [
        (np.float32([0.1]), 0.1),
        (np.float32([0.1] * 7), 0.7),
        (np.float32([0.1, 0.2, -0.3]), 0.0),
        (np.float32([0.1234567, 10]), 10.1234567),
        ([0.5 * float(np.float32(0.1))], 0.05),  # weighted in double precision
        ([-0.4928011146407615, 1.0], 0.5071988853592385),  # no number of single precision
        ([1e300], 1e300),
        ([np.inf, 1], np.inf),
        ([], 0.0),
    ],
)
def test_rewards_add_up_as_they_are_written(rewards, sum):
    assert total(rewards) == sum


@pytest.mark.parametrize(
    ("id", "tenths"), [("GoNogo", 10), ("DualDelayMatchSample", 10), ("Bandit", 10)]
)
def test_rewards_of_rows_have_no_tails(id, tenths):
    rewards = {row["reward"] for row in ngym.rollout(id, "random", trials=40, seed=1)}
    assert len(rewards) > 3
    assert rewards == {round(reward, 1) for reward in rewards}


def test_rewards_of_parts_have_no_tails():
    stack = [{"Combine": {"tasks": [{"task": "PerceptualDecisionMaking"}]}}]
    rows = ngym.rollout("GoNogo", "random", trials=20, seed=1, stack=stack)
    rewards = {part["reward"] for row in rows for part in row["parts"]}
    assert len(rewards) > 3
    assert rewards == {round(reward, 1) for reward in rewards}


# -- conditions as columns -------------------------------------------------------------------------

MIXED = [
    {"coh": 6.4, "side": "=left", "known": True, "correct": 1, "sequence": [1, 2]},
    {"coh": None, "side": "", "correct": 0, "sequence": [], "conditions.odd": -1, "+plus": 2},
    {"coh": 1e-9, "late": 3, "extra": None},
]
NAMES = ["coh", "side", "known", "correct", "conditions.odd", "+plus", "late"]
HEADER = [*COLUMNS, "coh", "side", "known", "conditions.correct", "conditions.conditions.odd"]


def mixed():
    return [
        empty_row(uid=f"r-{i}-0", run_id="r", task="t", conditions=conditions)
        for i, conditions in enumerate(MIXED)
    ]


def written(rows, **how):
    file = io.StringIO()
    files.write_csv(rows, file, **how)
    return file.getvalue()


def read_back(text, tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return files.read(path)


@pytest.mark.parametrize("raw", [False, True])
def test_conditions_of_one_value_are_columns_and_rows_come_back(tmp_path, raw):
    text = written(mixed(), raw=raw)
    (header, *table) = csv.reader(io.StringIO(text))
    assert header == [*HEADER, "+plus" if raw else "'+plus", "late"]
    left = "=left" if raw else "'=left"
    assert table[0][len(COLUMNS) :] == ["6.4", left, "true", "1", "", "", ""]
    assert table[1][len(COLUMNS) :] == ["", "", "", "0", "-1", "2", ""]
    assert read_back(text, tmp_path) == mixed()


def test_columns_of_conditions_never_hide_one_another():
    names = ["a", "correct", "conditions.correct", "conditions.a", "conditions.conditions.a"]
    columns = [flat.column_of(name) for name in names]
    assert [flat.condition_of(column) for column in columns] == names
    assert not set(columns) & set(COLUMNS)


def test_a_task_s_rows_come_back(tmp_path):
    rows = ngym.rollout("PerceptualDecisionMaking", "integrator", trials=20, preset="human")
    text = written(rows)
    table = list(csv.DictReader(io.StringIO(text)))
    assert [float(line["coh"]) for line in table] == [row["conditions"]["coh"] for row in rows]
    assert {line["ground_truth"] for line in table} == {"0", "1"}
    assert read_back(text, tmp_path) == [files.plain_row(row) for row in rows]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",6.4,", ",12.8,", "coh = '12.8', but the row's conditions, as JSON, say 6.4"),
        (",6.4,", ",loud,", "coh = 'loud'"),
        (",known,", ",knwon,", "have no 'knwon'"),
        (",late\n", ",lat\n", "have no 'lat'"),
        (",6.4,", ",,", "coh = ''"),
        ("uid,run_id,task", "uid,run_id,tsak", "tsak = 't'"),
    ],
)
def test_columns_that_say_something_else_are_refused(tmp_path, old, new, told):
    text = written(mixed())
    assert old in text
    with pytest.raises(ValueError, match=told):
        read_back(text.replace(old, new, 1), tmp_path)


def test_a_column_of_nothing_is_refused(tmp_path):
    text = written([empty_row(uid="r-0-0", run_id="r", task="t")])
    lines = text.splitlines()
    with pytest.raises(ValueError, match="unknown column 'cohh'"):
        read_back(f"{lines[0]},cohh\n{lines[1]},\n", tmp_path)


def test_a_database_knows_its_columns_ahead(tmp_path):
    rows = mixed()
    with Store(tmp_path / "a.db") as store:
        store.add_run(run_of(rows))
        store.add_trials(rows)
        assert store.condition_names() == store.condition_names(run_id="r") == NAMES
        assert store.condition_names(task="other") == []
        streamed = written(store.each_trial(), conditions=store.condition_names())
    assert streamed == written(rows)


def test_columns_that_are_named_ahead_are_those_that_there_are(tmp_path):
    """A trial that comes while rows are written may have another condition: JSON holds it."""
    text = written(mixed(), conditions=["coh", "sequence"])
    (header, *table) = csv.reader(io.StringIO(text))
    assert header == [*COLUMNS, "coh", "sequence"]
    assert [line[-1] for line in table] == ["", "", ""]
    assert read_back(text, tmp_path) == mixed()
