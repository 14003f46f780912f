"""What is chosen: address, file and Python give it back the same; what is wrong is refused."""

import contextlib
import json
import tomllib
from urllib.parse import parse_qsl, urlencode

import numpy as np
import param
import pytest

import neurogym as ngym
from app.address import arguments_of, read_query
from app.player.session import Session
from app.state import MAX_STEPS, VIEWS, StudioState
from neurogym import registry
from neurogym.records import trial_table
from neurogym.records.database import Store
from neurogym.spec.parameters import Levels, Rewards, Timing

TASK = "PerceptualDecisionMaking-v0"
FILE = (
    "task", "preset", "params", "wrappers", "off", "seed", "trials", "feedback", "feedback_ms",
    "iti_ms",
)  # fmt: skip


def said(choice, names=None):
    names = names or [name for name in StudioState.param if name != "name"]
    return {name: getattr(choice, name) for name in names}


def through_the_address(choice):
    return StudioState.from_query(
        dict(parse_qsl(urlencode(choice.query()), keep_blank_values=True))
    )


def some_value(rng, parameter, now):
    """A value that fits a parameter; it may clash with others."""
    low, high = getattr(parameter, "bounds", None) or (None, None)
    low = 0.0 if low is None else low
    if isinstance(parameter, Timing):
        period = str(rng.choice(list(now)))
        a, b = sorted(rng.integers(1, 60, 2).tolist())
        lengths = [20 * a, ["uniform", [20 * a, 20 * b]], ["choice", [20 * a, 20 * b + 20]]]
        return {period: lengths[rng.integers(3)]}
    if isinstance(parameter, Rewards):
        return {str(rng.choice(list(now))): round(float(rng.normal()), 3)}
    if isinstance(parameter, Levels):
        bottom, top = parameter.level_bounds or (0, 100)
        return np.round(rng.uniform(bottom, top, rng.integers(1, 5)), 2).tolist()
    if isinstance(parameter, param.Boolean):
        return bool(rng.integers(2))
    if isinstance(parameter, param.Integer):
        return int(rng.integers(low, min(high, low + 20) + 1))
    if isinstance(parameter, param.Number):
        return round(float(rng.uniform(max(low, 0.02), 40 if high is None else high)), 3)
    if isinstance(parameter, param.Selector):
        return parameter.objects[rng.integers(len(parameter.objects))]
    return now


def changed(task_id, preset, rng, times=6):
    """A choice with random changes, and how many of them were taken."""
    choice, taken = StudioState(task=task_id, preset=preset), 0
    names = [name for name in choice.declared.param if name != "name"]
    for name in rng.choice(names, times):
        task = choice.build()
        try:
            choice.change(name, some_value(rng, task.param[name], getattr(task, name)))
            taken += 1
        except ValueError:
            assert choice.build().settings() == task.settings()
    return choice, taken


@pytest.fixture(params=range(2))
def rng(request):
    return np.random.default_rng(request.param)


# -- the address -----------------------------------------------------------------------------------


@pytest.mark.each_structure
def test_the_address_gives_back_any_choice(task_id, preset, rng):
    choice, taken = changed(task_id, preset, rng)
    assert taken
    more = dict(seed=int(rng.integers(2**31)), trials=int(rng.integers(1, 10_000)))
    more |= dict(
        feedback=bool(rng.integers(2)),
        feedback_ms=int(rng.integers(60_000)),
        iti_ms=0,
        subject=str(rng.choice(["", "Łucja & co = 1%", "7"])),
    )
    choice.param.update(view=str(rng.choice(list(VIEWS))), **more)
    again = through_the_address(choice)
    assert said(again) == said(choice)
    assert again.query() == choice.query()
    assert again.build().settings() == choice.build().settings()


@pytest.mark.each_structure
def test_a_file_gives_back_any_choice(task_id, preset, rng):
    choice, _ = changed(task_id, preset, rng)
    choice.param.update(seed=int(rng.integers(2**31)), trials=7, feedback=False)
    content = tomllib.loads(choice.toml())
    assert content == said(choice, FILE)
    again = StudioState.from_toml(choice.toml())
    assert said(again, FILE) == said(choice, FILE)
    assert again.build().settings() == choice.build().settings()


def test_a_run_stands_for_all_that_it_was_played_with():
    choice = StudioState(task=TASK, run="abc", params={"sigma": 2}, seed=5, view="play")
    assert choice.query() == {"task": TASK, "view": "play", "run": "abc"}


@pytest.mark.parametrize(
    ("query", "view"),
    [
        ({}, "choose"),
        ({"seed": "3"}, "choose"),
        ({"task": "GoNogo"}, "configure"),
        ({"task": "GoNogo", "trials": "3"}, "configure"),
        ({"task": "GoNogo", "view": "choose"}, "choose"),
        ({"run": "abc"}, "play"),
    ],
)
def test_the_view_that_an_address_means(query, view):
    assert StudioState.from_query(query).view == view


def test_what_is_as_in_the_preset_is_dropped_from_the_address():
    params = {"abort": True, "sigma": 1, "timing": {"fixation": 500, "stimulus": 900}}
    choice = StudioState.from_query({"task": TASK, "params": json.dumps(params)})
    assert choice.params == {"timing": {"stimulus": 900.0}}


WRONG = {
    "unknown key": (
        {"sed": "1"},
        ["entry of the address 'sed'", "did you mean 'seed'?", "'trials'"],
    ),
    "unknown task": ({"task": "GoNog"}, ["unknown task 'GoNog'", "did you mean 'GoNogo-v0'?"]),
    "no task": ({"task": ""}, ["unknown task ''", "'GoNogo-v0'"]),
    "unknown view": ({"view": "chose"}, ["unknown view 'chose'", "did you mean 'choose'?"]),
    "unknown preset": ({"preset": "monkey"}, ["unknown preset 'monkey'", "'human', 'agent'"]),
    "no JSON": ({"params": "{sigma: 1}"}, ["params = '{sigma: 1}'", "is not JSON"]),
    "seed, no JSON": ({"seed": "one"}, ["seed = 'one'", "is not JSON"]),
    "params, no object": ({"params": "[1]"}, ["expected a JSON object"]),
    "seed of text": ({"seed": '"1"'}, ["seed", "must be an integer"]),
    "seed of a fraction": ({"seed": "1.5"}, ["seed", "must be an integer"]),
    "seed below": ({"seed": "-1"}, ["seed", "must be at least 0"]),
    "seed null": ({"seed": "null"}, ["seed", "must be an integer"]),
    "trials below": ({"trials": "0"}, ["trials", "must be at least 1"]),
    "trials above": ({"trials": "10001"}, ["trials", "must be at most 10000"]),
    "feedback": ({"feedback": "1"}, ["feedback", "must be True or False"]),
    "pause below": ({"iti_ms": "-1"}, ["iti_ms", "must be at least 0"]),
    "no pause": ({"feedback_ms": "null"}, ["feedback_ms", "must be an integer"]),
}
WRONG_PARAMS = {
    "unknown parameter": ({"sigm": 1}, ["unknown parameter 'sigm'", "did you mean 'sigma'?"]),
    "preset": ({"preset": "human"}, ["unknown parameter 'preset'", "'sigma'"]),
    "name": ({"name": "x"}, ["unknown parameter 'name'", "'sigma'"]),
    "cls": ({"cls": 1}, ["unknown parameter 'cls'"]),
    "below": ({"sigma": -1}, ["sigma", "must be at least 0"]),
    "above": ({"dim_ring": 65}, ["dim_ring", "must be at most 64"]),
    "a fraction": ({"dim_ring": 2.5}, ["dim_ring", "must be an integer"]),
    "dt zero": ({"dt": 0}, ["dt", "must be greater than 0"]),
    "dt endless": ({"dt": float("inf")}, ["dt = inf", "expected finite numbers"]),
    "no number": ({"sigma": float("nan")}, ["sigma = nan", "expected finite numbers"]),
    "dt true": ({"dt": True}, ["dt = True: expected a number"]),
    "null": ({"sigma": None}, ["sigma = None", "expected finite numbers"]),
    "text": ({"sigma": "loud"}, ["sigma", "numeric"]),
    "number for a switch": ({"abort": 1}, ["abort", "must be True or False"]),
    "text for a list": ({"cohs": "5"}, ["cohs", "must be a list"]),
    "nothing in a list": ({"cohs": []}, ["cohs", "length must be at least 1"]),
    "text in a list": ({"cohs": ["high"]}, ["cohs", "must be instances of <class 'float'>"]),
    "out of bounds in a list": ({"cohs": [120]}, ["cohs: [120.0] out of bounds (0, 100)"]),
    "NaN in a list": ({"cohs": [float("nan")]}, ["cohs = [nan]", "expected finite numbers"]),
    "list for a dict": ({"rewards": [1]}, ["rewards is a dict, not [1]"]),
    "number for timing": ({"timing": 5}, ["timing is a dict, not 5"]),
    "unknown reward": ({"rewards": {"corect": 1}}, ["unknown reward 'corect'", "'correct'?"]),
    "text as reward": ({"rewards": {"fail": "x"}}, ["rewards['fail'] = 'x' is not a number"]),
    "unknown period": (
        {"timing": {"delya": 1}},
        ["unknown period 'delya'", "did you mean 'delay'?"],
    ),
    "negative": ({"timing": {"delay": -1}}, ["timing['delay'] = -1", "not negative"]),
    "endless": ({"timing": {"delay": float("inf")}}, ["timing['delay'] = inf", "finite"]),
    "unknown kind": (
        {"timing": {"delay": ["gauss", [1, 2]]}},
        ["unknown kind 'gauss'", "'uniform'"],
    ),
    "turned round": ({"timing": {"delay": ["uniform", [2, 1]]}}, ["low exceeds high"]),
    "unknown partner": (
        {"timing": {"delay": ["times", ["stimlus", 2]]}},
        ["unknown earlier period 'stimlus'", "did you mean 'stimulus'?"],
    ),
    "later partner": (
        {"timing": {"delay": ["times", ["decision", 2]]}},
        ["'fixation', 'stimulus'"],
    ),
    "too early": ({"timing": {"delay": ["until", 100]}}, ["until 100 ms but starts at 1300 ms"]),
    "no trial": (
        {"timing": dict.fromkeys(["fixation", "stimulus", "delay", "decision"], 0)},
        ["timing['decision'] = 0 ms", "expected at least 1 steps"],
    ),
    "too long": ({"timing": {"delay": 1e9}}, ["steps of dt", f"at most {MAX_STEPS:,}"]),
    "too fine": ({"dt": 1e-6}, ["steps of dt", "a period cannot have as many"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_entry_is_refused_and_told(case):
    query, words = WRONG[case]
    with pytest.raises(ValueError, match=r"\w") as caught:
        StudioState.from_query(query)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("case", WRONG_PARAMS)
def test_a_wrong_parameter_is_refused_and_changes_nothing(case):
    params, words = WRONG_PARAMS[case]
    with pytest.raises(ValueError, match=r"\w") as caught:
        StudioState.from_query({"task": TASK, "params": json.dumps(params)})
    assert all(word in str(caught.value) for word in words), str(caught.value)
    choice = StudioState(task=TASK, params={"sigma": 2.0}, run="abc")
    (name, value), before = *params.items(), said(choice)
    with pytest.raises(ValueError, match=r"\w"):
        choice.change(name, value)
    assert said(choice) == before


# -- changes ---------------------------------------------------------------------------------------


@pytest.mark.each_structure
def test_params_are_json_and_relative_to_the_preset(task_id, preset, rng):
    choice, _ = changed(task_id, preset, rng, times=8)
    assert json.loads(json.dumps(choice.params, allow_nan=False)) == choice.params
    base, now = StudioState(task=task_id, preset=preset).build(), choice.build()
    for name, value in choice.params.items():
        assert getattr(now, name) != getattr(base, name)
        if isinstance(value, dict):
            assert all(getattr(now, name)[key] != getattr(base, name)[key] for key in value)


@pytest.mark.each_structure
def test_the_presets_own_value_leaves_nothing_behind(task_id, preset, rng):
    choice, _ = changed(task_id, preset, rng)
    base = StudioState(task=task_id, preset=preset).build()
    while names := list(choice.params):
        for name in names:  # one may have to wait for another, with which it would clash
            value = getattr(base, name)
            with contextlib.suppress(ValueError):
                choice.change(name, Timing.serialize(value) if name == "timing" else value)
                assert name not in choice.params
        assert len(choice.params) < len(names)


def test_a_change_ends_the_run_and_a_task_takes_no_params_along():
    choice = StudioState(task=TASK, run="abc")
    choice.change("sigma", 3)
    assert (choice.params, choice.run) == ({"sigma": 3}, "")
    choice.param.update(run="abc")
    choice.pick("GoNogo")
    assert said(choice, ["task", "params", "run", "preset"]) == {
        "task": "GoNogo-v0", "params": {}, "run": "", "preset": "human",
    }  # fmt: skip


@pytest.mark.each_structure
def test_settings_make_the_same_task_anywhere(task_id, preset, rng):
    choice, _ = changed(task_id, preset, rng)
    stored = json.loads(json.dumps(choice.settings()))
    task = ngym.make(task_id, **stored).unwrapped.task
    assert task.param.values() | {"name": ""} == choice.build().param.values() | {"name": ""}


# -- wrappers --------------------------------------------------------------------------------------

BIAS = {"SideBias": {"block_dur": [2, 3]}}
REACTION = {"ReactionTime": {"urgency": -0.01}}
SECOND = {"ScheduleEnvs": {"tasks": [{"task": "GoNogo-v0", "preset": "human"}]}}


def stacked(stack, **params):
    choice = StudioState(task=TASK, **params)
    choice.restack(stack)
    return choice


def test_a_wrapper_that_is_off_is_kept_apart_with_its_place():
    stack = [(BIAS, False), (REACTION, True), (SECOND, False)]
    choice = stacked(stack)
    assert choice.stack == stack
    assert choice.wrappers == choice.arguments()["stack"] == [REACTION]
    assert [line["at"] for line in choice.off] == [0, 2]
    assert "SideBias" not in choice.python()
    assert list(choice.build().plan.layers) == []
    for again in (through_the_address(choice), StudioState.from_toml(choice.toml())):
        assert again.stack == stack
    other = StudioState()
    other.adopt(choice)
    assert other.stack == stack
    other.pick("GoNogo")
    assert other.stack == []


def test_parameters_are_the_chosen_tasks_under_any_stack():
    choice = stacked([(REACTION, True), (SECOND, True)])
    choice.change("sigma", 2)
    assert choice.params == {"sigma": 2}
    assert choice.bare().sigma == choice.settings()["sigma"] == 2
    assert through_the_address(choice).params == choice.params
    assert through_the_address(choice).wrappers == [REACTION, SECOND]
    assert StudioState.from_toml(choice.toml()).stack == choice.stack
    long = {"task": "GoNogo-v0", "params": {"timing": {"delay": 1e9}}}
    with pytest.raises(ValueError, match="steps of dt"):
        choice.wrap([{"ScheduleEnvs": {"tasks": [long]}}])
    assert choice.wrappers == [REACTION, SECOND]


def test_python_with_a_stack_plays_the_same_trials(capsys):
    choice = stacked([(BIAS, True), (REACTION, True), (SECOND, True)], trials=3)
    names = {}
    exec(choice.python(), names)
    assert capsys.readouterr().out == "3 of 3 correct\n"
    assert names["rows"][0]["wrappers"] == choice.wrappers == [BIAS, REACTION, SECOND]


def test_a_stack_with_nothing_in_it_is_json_in_a_file():
    stack = [{"SideBias": {"block_dur": 3}}, {"Noise": {"channels": None, "sigma": 0.2}}]
    choice = stacked([(line, False) for line in stack])
    choice.off[1]["Noise"]["channels"] = None
    content = tomllib.loads(choice.toml())
    assert json.loads(content["off"]) == choice.off
    assert StudioState.from_toml(choice.toml()).stack[0] == choice.stack[0]


def test_a_preset_keeps_what_still_fits():
    late = {"ReactionTime": {"from_step": 20}}  # more steps than agents have
    choice = stacked([(BIAS, True), (late, True), (REACTION, False), (SECOND, True)])
    (told,) = choice.switch("agent")
    assert told.startswith("ReactionTime does not fit PerceptualDecisionMaking: its stimulus can")
    second = {"ScheduleEnvs": {"tasks": [{"task": "GoNogo-v0", "preset": "agent"}]}}
    assert choice.stack == [(BIAS, True), (REACTION, False), (second, True)]
    assert choice.switch("human") == []
    assert choice.stack == [(BIAS, True), (REACTION, False), (SECOND, True)]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"wrappers": "x"}, ["wrappers = 'x'", "is not JSON"]),
        ({"wrappers": "{}"}, ["expected a JSON list"]),
        ({"wrappers": "[5]"}, ["wrapper 1", "{name: parameters}"]),
        ({"wrappers": '[{"SideBias": {}}, {"Sidebias": {}}]'}, ["wrapper 2", "'SideBias'?"]),
        ({"wrappers": '[{"SideBias": []}]'}, ["parameters of SideBias are a dict"]),
        ({"wrappers": '[{"SideBias": {"prob": 1}}]'}, ["SideBias", "did you mean 'probs'?"]),
        ({"wrappers": '[{"SideBias": {"probs": 1}}]'}, ["wrapper 1", "probs = 1: expected rows"]),
        ({"wrappers": '[{"SideBias": {"probs": [0.5]}}]'}, ["probs = [0.5]", "sum to 1"]),
        ({"wrappers": '[{"SideBias": {"probs": [["a", 1]]}}]'}, ["probs", "'a'"]),
        ({"wrappers": '[{"ScheduleEnvs": {"tasks": 5}}]'}, ["ScheduleEnvs", "5"]),
        ({"wrappers": '[{"ScheduleEnvs": {"tasks": [{"task": "x"}]}}]'}, ["unknown task 'x'"]),
        ({"wrappers": '[{"ReactionTime": {}, "off": true}]'}, ["wrapper 1", "{name: parameters}"]),
        ({"off": '[{"SideBias": {}}]'}, ["'at'", "its place"]),
        ({"off": '[{"SidBias": {}, "at": 0}]'}, ["wrapper 1", "did you mean 'SideBias'?"]),
    ],
)
def test_a_wrong_stack_is_told_in_a_sentence(query, words):
    with pytest.raises(ValueError, match=r"\w") as caught:
        StudioState.from_query({"task": TASK, **query})
    assert all(word in str(caught.value) for word in words), str(caught.value)


# -- runs ------------------------------------------------------------------------------------------


def run_row(**changes):
    return dict(
        run_id="r", task="GoNogo-v0", params={"dt": 20.0}, wrappers=[], seed=3, n_trials=5,
        subject_kind="human", subject="lea", settings={"feedback": False, "iti_ms": 20},
        created_utc="",
    ) | changes  # fmt: skip


def test_a_run_is_taken_with_all_that_belongs_to_it():
    choice = StudioState()
    choice.take(run_row())
    assert said(choice, [*FILE, "subject", "run"]) == dict(
        task="GoNogo-v0", preset="agent", params={"dt": 20.0}, wrappers=[], off=[], seed=3,
        trials=5, feedback=False, feedback_ms=700, iti_ms=20, subject="lea", run="r",
    )  # fmt: skip


def test_an_agents_run_names_no_person_and_may_be_endless_or_long():
    choice = StudioState()
    for n in (None, 200_000):
        choice.take(run_row(subject_kind="agent", subject="oracle", n_trials=n, seed=2**63 - 1))
        assert (choice.subject, choice.trials, choice.seed) == ("", 10_000, 2**63 - 1)


def test_the_run_of_a_task_that_is_not_here_changes_nothing():
    choice = StudioState()
    before = said(choice)
    with pytest.raises(ValueError, match="unknown task 'Gone-v0'"):
        choice.take(run_row(task="Gone-v0"))
    assert said(choice) == before


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("task = ", ["not a TOML file", "end of document"]),
        ("", ["names no task", TASK]),
        ('task = "GoNog"', ["did you mean 'GoNogo-v0'?"]),
        ("task = 5", ["unknown task 5"]),
        (f'task = "{TASK}"\ntrails = 3', ["entry of the file 'trails'", "did you mean 'trials'?"]),
        (f'task = "{TASK}"\ntrials = 0', ["trials", "at least 1"]),
        (f'task = "{TASK}"\ntrials = "3"', ["trials", "must be an integer"]),
        (f'task = "{TASK}"\npreset = "x"', ["preset", "'human', 'agent'"]),
        (f'task = "{TASK}"\nparams = 3', ["params", "dict"]),
        (f'task = "{TASK}"\n[params]\nsigm = 3', ["did you mean 'sigma'?"]),
        (f'task = "{TASK}"\n[params]\nsigma = nan', ["sigma = nan"]),
        (f'task = "{TASK}"\n[params]\nsigma = 2020-01-01', ["sigma = datetime.date(2020, 1, 1)"]),
    ],
)
def test_a_wrong_file_is_refused_and_told(text, words):
    with pytest.raises(ValueError, match=r"\w") as caught:
        StudioState.from_toml(text)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_file_leaves_who_plays_and_what_is_shown():
    choice = StudioState(subject="lea", view="configure", run="abc")
    choice.adopt(StudioState.from_toml('task = "GoNogo"\nseed = 9\n[params]\ndt = 10.0\n'))
    assert said(choice, ["task", "seed", "params", "subject", "view", "run"]) == dict(
        task="GoNogo-v0", seed=9, params={"dt": 10.0}, subject="lea", view="configure", run=""
    )


# -- Python ----------------------------------------------------------------------------------------


def app_plays(choice, folder):
    """Conditions and samples of the trials that a Session of the choice sends."""
    run = run_row(
        task=choice.task, params=choice.settings(), seed=choice.seed, n_trials=choice.trials
    )
    with Store(folder / "trials.db") as store:
        store.add_run(run)
        session = Session(store, run, lambda message: None)
        for index in range(choice.trials):
            trial_table.begin(session.env, run["seed"], index)
            yield session.env.trial, np.array(session.env.ob)


@pytest.mark.each_structure
def test_python_plays_the_trials_of_the_app(task_id, preset, rng, tmp_path, capsys):
    choice, _ = changed(task_id, preset, rng)
    choice.param.update(trials=3, seed=int(rng.integers(1000)))
    names = {}
    exec(choice.python(), names)
    assert capsys.readouterr().out.endswith(" of 3 correct\n")
    rows = names["rows"]
    assert names["env"].unwrapped.task.settings() == choice.settings() == rows[0]["params"]
    sent = list(app_plays(choice, tmp_path))
    env = names["env"].unwrapped
    if env.task.plan.learns:  # the trials that follow depend on the answers
        rows, sent = rows[:1], sent[:1]
    assert [row["conditions"] for row in rows] == [conditions for conditions, _ in sent]
    for row, (_, ob) in zip(rows, sent, strict=True):
        trial_table.begin(env, row["seed"], row["trial_index"])
        np.testing.assert_array_equal(env.ob, ob)
    np.testing.assert_array_equal(names["ob"], trial_table.begin(env, choice.seed, 0))


# -- environments of other kinds -------------------------------------------------------------------


class Plain(ngym.PeriodEnv):
    """Two periods, declared the classic way."""

    def __init__(self, dt=100, sigma=0.0):
        super().__init__(dt=dt)
        self.timing = {"fixation": 200, "decision": 300}
        self.observation_space = ngym.spaces.Box(-np.inf, np.inf, shape=(1,))
        self.action_space = ngym.spaces.Discrete(2)

    def new_trial(self):
        self.add_period(["fixation", "decision"])
        self.add_ob(1)
        self.set_groundtruth(1, "decision")
        return {"level": int(self.rng.randint(4))}

    def _step(self, action):
        done = action == 1 and self.in_period("decision")
        self.performance = float(done)
        return self.ob_now, float(done), False, {"new_trial": done}


@pytest.fixture
def plain():
    """An id of a classic task, known during the test."""
    ngym.register("Plain-v0", Plain)
    yield "Plain-v0"
    registry.unregister("Plain-v0")


def test_an_environment_of_another_kind_is_chosen_as_well(plain, capsys):
    choice = StudioState.from_query({"task": "Plain", "params": '{"dt": 50}', "trials": "2"})
    assert choice.declared is None
    assert said(through_the_address(choice)) == said(choice)
    assert said(StudioState.from_toml(choice.toml()), FILE) == said(choice, FILE)
    assert choice.settings() == {"dt": 50}
    names = {}
    exec(choice.python(), names)
    assert capsys.readouterr().out == "2 of 2 correct\n"
    assert names["env"].unwrapped.dt == 50


def test_an_environment_that_cannot_be_made_is_told(plain):
    with pytest.raises(ValueError, match=r"Plain-v0 cannot be used with \{'dtt': 5\}: .*'dtt'"):
        StudioState.from_query({"task": "Plain", "params": '{"dtt": 5}'})
    with pytest.raises(ValueError, match="expected finite numbers"):
        StudioState.from_query({"task": "Plain", "params": '{"dt": null}'})
    ngym.register("Pendulum-v1")
    with pytest.raises(ValueError, match="expected a Discrete space"):
        StudioState.from_query({"task": "Pendulum-v1"})


# -- addresses that others wrote -------------------------------------------------------------------


def read(query):
    entries, told = read_query(arguments_of(f"?{query}"))
    choice, more = StudioState.from_address(entries)
    return choice, [*told, *more]


ODD = {
    "seed=3&PROLIFIC_PID=5f": (dict(seed=3), ["Not used from the address: PROLIFIC_PID."]),
    "sed=3": (dict(seed=1), ["sed. Did you mean seed?"]),
    "seed=abc&trials=7": (dict(seed=1, trials=7), ["seed = 'abc'"]),
    "task=GoNog&seed=4&params=%7B%22dt%22:5%7D": (
        dict(seed=4, params={}, view="choose"), ["did you mean 'GoNogo-v0'?"],
    ),
    "params=%7B%22sigma%22:2.5,%22dim_ring%22:1,%22x%22:1%7D": (
        dict(params={"sigma": 2.5}), ["must be at least 2", "unknown parameter 'x'"],
    ),
    "subject=M%FCller": (dict(subject="Müller"), ["not UTF-8: it is read as “Müller”"]),
    "subject=a%00b": (dict(subject=""), ["characters that can be printed"]),
    f"subject={'a' * 5000}": (dict(subject=""), ["at most 100 characters"]),
    "seed=2&seed=3": (dict(seed=2), ["seed stands in the address 2 times"]),
    "Seed=2&VIEW=Data&feedback=False": (dict(seed=2, view="data", feedback=False), []),
    "seed=&task=": (dict(seed=1), []),
}  # fmt: skip


@pytest.mark.parametrize("query", ODD)
def test_of_an_odd_address_what_is_known_is_kept_and_the_rest_told(query):
    wanted, words = ODD[query]
    choice, told = read(query)
    assert said(choice, list(wanted)) == wanted
    assert len(told) == len(words)
    assert all(part in text for part, text in zip(words, told, strict=True)), told
    assert all(len(text) < 320 for text in told)


def test_a_sound_address_tells_nothing():
    choice = StudioState(task=TASK, params={"sigma": 2.0}, seed=5, view="compare", subject="lea")
    again, told = StudioState.from_address(choice.query())
    assert told == []
    assert said(again) == said(choice)
