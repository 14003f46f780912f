"""Trials as pyddm, hssm, psignifit and pandas take them; with --all the real packages read them."""

import csv
import io
import json
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec

import pytest

import neurogym as ngym
from neurogym import cli
from neurogym.records import formats
from neurogym.records.database import Store, run_of
from neurogym.records.trial_table import is_finished
from neurogym.trials.catalogue import make

COHS = [0, 1, 2, 4, 8]
MISSED = dict(response=None, rt_ms=None, outcome="miss", correct=False)
EARLY = dict(response=None, rt_ms=None, outcome="early", correct=False)
BROKEN = dict(response=None, rt_ms=None, outcome=None, correct=None, flags={"interrupted": "pause"})
ODD = {3: MISSED, 7: EARLY, 11: BROKEN, 13: MISSED, 17: dict(rt_ms=None), 19: dict(rt_ms=-5.0)}
LEFT_OUT = {
    "answered too early": 1, "interrupted": 1, "without a possible response time": 2
}  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    """Trials near threshold; in two of them there was no response, four are no decisions."""
    played = ngym.rollout(
        "PerceptualDecisionMaking", "integrator", trials=120, seed=3, preset="human", cohs=COHS,
        agent_params={"bound": 60},
    )  # fmt: skip
    assert all(row["response"] in (1, 2) for row in played)
    return [{**row, **ODD.get(i, {})} for i, row in enumerate(played)]


@pytest.fixture
def database(rows, tmp_path):
    path = tmp_path / "trials.db"
    with Store(path) as store:
        store.add_run(run_of(rows))
        store.add_trials(rows)
    return path


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def decided(rows):
    return [row for i, row in enumerate(rows) if i not in ODD or ODD[i] is MISSED]


@pytest.mark.parametrize("coding", formats.CODINGS)
def test_pyddm_gets_seconds_and_nothing_where_there_was_no_response(rows, coding):
    left_out = Counter()
    told = list(formats.pyddm(rows, coding=coding, left_out=left_out))
    assert left_out == LEFT_OUT
    for line, row in zip(told, decided(rows), strict=True):
        if row["response"] is None:
            assert (line["rt"], line["choice"]) == (None, None)
        else:
            up = row["response"] == 2 if coding == "answer" else row["correct"]
            assert (line["rt"], line["choice"]) == (row["rt_ms"] / 1000, int(up))
        assert line["coh"] == row["conditions"]["coh"]
        assert [*line] == ["rt", "choice", "subject", "ground_truth", "coh"]


def test_hssm_gets_plus_and_minus_one_and_no_nan(rows):
    told = list(formats.hssm(rows, missing=True))
    assert list(formats.hssm(rows)) == [line for line in told if line["rt"] != -999]
    assert [*told[0]] == ["participant_id", "rt", "response", "ground_truth", "coh"]
    for line, row in zip(told, decided(rows), strict=True):
        missed = row["response"] is None
        assert line["response"] == (-999 if missed else 1 if row["response"] == 2 else -1)
        assert line["rt"] == (-999 if missed else row["rt_ms"] / 1000)


def test_psignifit_gets_counts_by_level(rows):
    left_out = Counter()
    told = formats.psignifit(rows, left_out=left_out)
    assert left_out == LEFT_OUT | {"without a response": 2}
    assert [line["level"] for line in told] == COHS
    for line in told:
        level = [r for r in decided(rows) if r["conditions"]["coh"] == line["level"]]
        here = [row for row in level if row["response"]]
        assert line["n"] == len(here)
        assert line["correct"] == sum(row["correct"] for row in here)


def test_pandas_gets_one_value_a_cell(rows):
    told = list(formats.pandas(rows))
    assert len(told) == len(rows)
    assert told[0]["correct"] in (0, 1)
    assert told[11]["correct"] is None
    assert not any(isinstance(value, dict | list | bool) for value in told[0].values())
    assert {"coh", "ground_truth", "rt_ms"} <= set(told[0])


# -- what cannot be told ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "stack", "why"),
    [
        ("GoNogo", [], "its answers are go"),
        ("NAltPerceptualDecisionMaking", [], "its answers are choice"),
        ("PostDecisionWager", [], "sure"),
        ("DawTwoStep", [], "answer to each action"),
        ("ReadySetGo_SinglePrior", [], "its actions are numbers"),
        ("GoNogo", [{"Combine": {"tasks": [{"task": "RandomDotMotion"}]}}], "several tasks"),
    ],
)
def test_a_task_without_two_choices_is_refused(id, stack, why):
    rows = ngym.rollout(id, "random", trials=2, stack=stack)
    for form in ("pyddm", "hssm", "psignifit"):
        with pytest.raises(ValueError, match=rf"{id}-v0 has no two choices: .*{why}"):
            formats.write(form, rows, io.StringIO())


def test_two_offers_are_two_choices():
    assert formats.two_choices(make("EconomicDecisionMaking-v0").unwrapped) == (1, 2)


def test_conditions_are_chosen_and_have_to_be_there(rows):
    assert [*next(formats.pyddm(rows, ["coh"]))] == ["rt", "choice", "subject", "coh"]
    with pytest.raises(ValueError, match="unknown condition 'cohh'"):
        list(formats.pyddm(rows, ["cohh"]))
    some = [{**row, "conditions": {**row["conditions"], "late": 1}} for row in rows[:1]]
    with pytest.raises(ValueError, match=r"has no condition 'late'.*such as ground_truth, coh"):
        list(formats.pyddm([*some, *rows[1:]]))
    with pytest.raises(ValueError, match="unknown coding"):
        list(formats.hssm(rows, coding="right"))


def test_lengths_of_periods_are_told_if_they_are_asked_for():
    rows = ngym.rollout("PerceptualDecisionMakingDelayResponse", "oracle", trials=9)
    assert "delay" in rows[0]["conditions"]
    assert "delay" not in next(formats.pyddm(rows))
    assert next(formats.pyddm(rows, ["delay"]))["delay"] == rows[0]["conditions"]["delay"]


def test_a_condition_that_is_called_like_a_column_gets_a_longer_name(rows):
    more = [{**row, "conditions": {"rt": 1, "response": 2, "subject": 3}} for row in rows]
    assert [*next(formats.pyddm(more))][3:] == ["conditions.rt", "response", "conditions.subject"]
    assert [*next(formats.hssm(more))][3:] == ["conditions.rt", "conditions.response", "subject"]


def test_psignifit_wants_one_subject_and_one_level(rows):
    other = [{**row, "subject": "mia"} for row in rows]
    with pytest.raises(ValueError, match=r"one subject.*not integrator.* and mia"):
        formats.psignifit([*rows, *other])
    two = [{**r, "conditions": {**r["conditions"], "size": i % 3}} for i, r in enumerate(rows)]
    with pytest.raises(ValueError, match="name the condition that is the level: coh, size"):
        formats.psignifit(two)
    assert [line["level"] for line in formats.psignifit(two, "size")] == [0, 1, 2]
    text = [{**row, "conditions": {"coh": "high"}} for row in rows]
    with pytest.raises(ValueError, match="unknown level 'coh'"):
        formats.psignifit(text, "coh")


def test_nothing_is_no_table(rows):
    with pytest.raises(ValueError, match="no trial that pyddm could take"):
        formats.write("pyddm", rows[11:12], io.StringIO())


# -- the command -----------------------------------------------------------------------------------


def export(database, *arguments):
    return cli.main(["export", "--db", str(database), *arguments])


@pytest.mark.parametrize("form", formats.FORMATS)
def test_the_command_writes_each(database, rows, tmp_path, form, capsys):
    out = tmp_path / "out.csv"
    for _ in range(2):  # an earlier one is written over
        assert export(database, "--for", form, "--out", str(out)) == 0
    told = capsys.readouterr().err.splitlines()[-1]
    n = {"pandas": 120, "pyddm": 116}.get(form, 114)
    assert f"{n} trials -> {out}" in told
    assert ("1 left out: interrupted" in told) == (form != "pandas")
    file = io.StringIO()
    formats.write(form, rows, file)
    assert out.read_text("utf-8") == file.getvalue()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--for", "pyddm", "--level", "coh"], "--level is not for pyddm"),
        (["--condition", "coh"], "--condition is not for exports of all columns"),
        (["--for", "psignifit", "--coding", "answer"], "--coding is not for psignifit"),
        (["--for", "pyddm", "--missing"], "--missing is not for pyddm"),
        (["--for", "hssm", "--format", "json"], "--format json does not go with it"),
        (["--for", "hssm", "--subject", "mia"], "unknown subject 'mia'"),
        (["--for", "hssm", "--condition", "cohh"], "unknown condition 'cohh'"),
    ],
)
def test_what_does_not_go_together_is_said(database, tmp_path, arguments, told, capsys):
    out = tmp_path / "out.csv"
    assert export(database, *arguments, "--out", str(out)) == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_no_half_a_table_is_left(database, tmp_path, capsys):
    out = tmp_path / "out.csv"
    rows = ngym.rollout("GoNogo", "random", trials=2)
    with Store(database) as store:
        store.add_run(run_of(rows))
        store.add_trials(rows)
    assert export(database, "--for", "pandas", "--out", str(out)) == 0
    whole = out.read_text("utf-8")
    assert export(database, "--for", "pyddm", "--condition", "coh", "--out", str(out)) == 2
    assert "a file that is no table for pyddm" in capsys.readouterr().err
    assert export(database, "--for", "pyddm", "--out", str(out), "--force") == 2
    assert "GoNogo-v0 has no two choices" in capsys.readouterr().err
    assert out.read_text("utf-8") == whole


# -- the real packages -----------------------------------------------------------------------------

READ = {
    "pandas": """
told = dict(n=len(df), rate=df.groupby("coh")["correct"].mean().tolist(),
            missing=int(df["rt_ms"].isna().sum()))
""",
    "pyddm": """
import pyddm
sample = pyddm.Sample.from_pandas_dataframe(df, "rt", "choice", choice_names=("right", "left"))
model = pyddm.gddm(drift=lambda coh, ground_truth, slope: slope * coh * (2 * ground_truth - 1),
                   bound="b", nondecision=0.1, T_dur=2.0, choice_names=("right", "left"),
                   parameters={"slope": (-5, 5), "b": (0.3, 3)}, conditions=["coh", "ground_truth"])
model.fit(sample, verbose=False, fitting_method="simplex")
told = dict(n=len(sample), undecided=sample.undecided, right=len(sample.choice_upper),
            longest=max(*sample.choice_upper, *sample.choice_lower),
            slope=float(model.get_model_parameters()[0]), names=model.get_model_parameter_names())
""",
    "psignifit": """
import psignifit
fit = psignifit.psignifit(df.to_numpy(), experiment_type="2AFC")
told = dict(threshold=float(fit.parameter_estimate["threshold"]), n=int(df["n"].sum()))
""",
    "hssm": """
import hssm
model = hssm.HSSM(data=df, model="ddm", include=[{"name": "v", "formula": "v ~ 1 + coh"}])
told = dict(n=len(model.data), responses=sorted(map(int, model.data["response"].unique())),
            longest=float(model.data["rt"].max()), shortest=float(model.data["rt"].min()))
""",
}  # fmt: skip


@pytest.mark.packages
@pytest.mark.parametrize("form", formats.FORMATS)
def test_the_package_takes_its_table(rows, tmp_path, form):
    if find_spec(form) is None:
        pytest.skip(f"pip install {form}")
    path = tmp_path / "table.csv"
    formats.write(form, rows, path)
    code = f"import json, pandas as pd; df = pd.read_csv({str(path)!r}){READ[form]}"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(json.dumps(told))"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    answered = [row for row in decided(rows) if row["response"]]
    longest = max(row["rt_ms"] for row in answered) / 1000
    if form == "pandas":
        assert (told["n"], told["missing"]) == (120, sum(row["rt_ms"] is None for row in rows))
        for coh, rate in zip(COHS, told["rate"], strict=True):
            here = [r["correct"] for r in rows if is_finished(r) and r["conditions"]["coh"] == coh]
            assert rate == pytest.approx(sum(here) / len(here))
    elif form == "pyddm":
        assert (told["n"], told["undecided"]) == (116, 2)
        assert told["right"] == sum(row["response"] == 2 for row in answered)
        assert told["longest"] == longest
        assert told["names"][0] == "slope"
        assert told["slope"] > 0.05
    elif form == "psignifit":
        assert told["n"] == 114
        assert COHS[1] < told["threshold"] < COHS[-1]
    else:
        assert (told["n"], told["responses"], told["longest"]) == (114, [-1, 1], longest)
        assert told["shortest"] >= 0
