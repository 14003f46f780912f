"""What code written for NeuroGym 2 asks for: names, arguments, idioms."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import neurogym as ngym
from neurogym import moved
from neurogym.registry import full_id
from neurogym.spec.outcomes import Outcome
from neurogym.utils import plotting, tasktools
from neurogym.utils.ngym_random import random_number_fn, random_number_name
from neurogym.wrappers import ConstantInfo, Monitor, Noise, PassReward, ReactionTime, ScheduleEnvs

# by module of NeuroGym 2.3.1 what users import from it; "-": a sentence says what to write instead
NAMES = {
    "neurogym": "make register info spaces Dataset random envs core utils wrappers -Config",
    "neurogym.core": "TrialEnv PeriodEnv TrialWrapper env_string InvalidOperationError -OBNOW"
    " -BaseEnv -EnvMeta -METADATA_DEF_KEYS",
    "neurogym.envs": "get_collection make register all_envs all_tags",
    "neurogym.envs.registration": "ALL_ENVS ALL_NATIVE_ENVS ALL_COLLECTIONS_ENVS ALL_EXTENDED_ENVS"
    " all_envs all_tags make register -ALL_CONTRIB_ENVS -ALL_PSYCHOPY_ENVS",
    "neurogym.envs.collections": "get_collection",
    "neurogym.envs.collections.yang19": "go rtgo dlygo anti rtanti dlyanti dm1 dm2 ctxdm1 ctxdm2"
    " multidm dlydm1 dlydm2 ctxdlydm1 ctxdlydm2 multidlydm dms dnms dmc dnmc -_Reach -_DMFamily"
    " -_DelayMatch1DResponse -_MultiModalityStimulus",
    "neurogym.envs.collections.perceptualdecisionmaking": "roitman02 ibl20",
    "neurogym.envs.collections.priors": "priors_v0",
    "neurogym.envs.native.annubes": "AnnubesEnv",
    "neurogym.envs.native.antireach": "AntiReach",
    "neurogym.envs.native.bandit": "Bandit",
    "neurogym.envs.native.contextdecisionmaking": "ContextDecisionMaking",
    "neurogym.envs.native.dawtwostep": "DawTwoStep",
    "neurogym.envs.native.delaycomparison": "DelayComparison",
    "neurogym.envs.native.delaymatchcategory": "DelayMatchCategory",
    "neurogym.envs.native.delaymatchsample": "DelayMatchSample DelayMatchSampleDistractor1D",
    "neurogym.envs.native.delaypairedassociation": "DelayPairedAssociation",
    "neurogym.envs.native.detection": "Detection",
    "neurogym.envs.native.dualdelaymatchsample": "DualDelayMatchSample",
    "neurogym.envs.native.economicdecisionmaking": "EconomicDecisionMaking",
    "neurogym.envs.native.gonogo": "GoNogo",
    "neurogym.envs.native.hierarchicalreasoning": "HierarchicalReasoning",
    "neurogym.envs.native.intervaldiscrimination": "IntervalDiscrimination",
    "neurogym.envs.native.multisensory": "MultiSensoryIntegration",
    "neurogym.envs.native.null": "Null",
    "neurogym.envs.native.perceptualdecisionmaking": "PerceptualDecisionMaking PulseDecisionMaking"
    " PerceptualDecisionMakingDelayResponse",
    "neurogym.envs.native.postdecisionwager": "PostDecisionWager",
    "neurogym.envs.native.probabilisticreasoning": "ProbabilisticReasoning",
    "neurogym.envs.native.reaching": "Reaching1D Reaching1DWithSelfDistraction",
    "neurogym.envs.native.reachingdelayresponse": "ReachingDelayResponse",
    "neurogym.envs.native.readysetgo": "ReadySetGo MotorTiming OneTwoThreeGo",
    "neurogym.envs.native.spatialsuppressmotion": "SpatialSuppressMotion",
    "neurogym.envs.native.tonedetection": "ToneDetection",
    "neurogym.envs.contrib.anglereproduction": "AngleReproduction",
    "neurogym.envs.contrib.changingenvironment": "ChangingEnvironment",
    "neurogym.envs.contrib.cv_learning": "CVLearning",
    "neurogym.envs.contrib.ibl": "IBL IBL_Block",
    "neurogym.envs.contrib.leverpress": "LeverPress LeverPressWithPoke LeverPressWithPokeRest"
    " ContextSwitch -FullInput",
    "neurogym.envs.contrib.matchingpenny": "MatchingPenny",
    "neurogym.envs.contrib.memoryrecall": "MemoryRecall",
    "neurogym.envs.contrib.pneumostomeopening": "Pneumostomeopening",
    "neurogym.utils": "TruncExp plot_env plot_psychometric RandomSchedule SequentialBlockSchedule"
    " SequentialSchedule info spaces",
    "neurogym.utils.data": "Dataset",
    "neurogym.utils.info": "show_all_tasks show_all_wrappers show_all_tags show_info",
    "neurogym.utils.ngym_random": "TruncExp trunc_exp random_number_fn random_number_name",
    "neurogym.utils.plotting": "plot_env run_env visualize_run -plot_env_1dbox -plot_env_3dbox"
    " -plot_rew_across_training -put_together_files -order_by_suffix",
    "neurogym.utils.psychometric": "plot_psychometric -probit",
    "neurogym.utils.scheduler": "BaseSchedule SequentialSchedule RandomSchedule"
    " SequentialBlockSchedule RandomBlockSchedule",
    "neurogym.utils.spaces": "Box Discrete",
    "neurogym.utils.tasktools": "circular_dist divide get_idx get_periods_idx minmax_number to_map",
    "neurogym.wrappers": "Monitor Noise PassAction PassReward RandomGroundTruth ReactionTime"
    " ScheduleAttr ScheduleEnvs SideBias TrialHistoryV2 ALL_WRAPPERS all_wrappers",
    "neurogym.wrappers.block": "RandomGroundTruth ScheduleAttr MultiEnvs ScheduleEnvs"
    " TrialHistoryV2",
    "neurogym.wrappers.monitor": "Monitor",
    "neurogym.wrappers.noise": "Noise",
    "neurogym.wrappers.pass_action": "PassAction",
    "neurogym.wrappers.pass_reward": "PassReward",
    "neurogym.wrappers.reaction_time": "ReactionTime",
    "neurogym.wrappers.side_bias": "SideBias",
}
GONE = (
    "neurogym.config", "neurogym.config.base", "neurogym.config.config",
    "neurogym.config.components", "neurogym.config.components.agent",
    "neurogym.config.components.env", "neurogym.config.components.monitor",
    "neurogym.config.components.plot", "neurogym.envs.psychopy",
    "neurogym.envs.psychopy.psychopy_env", "neurogym.utils.decorators", "neurogym.utils.functions",
    "neurogym.utils.logging", "neurogym.wrappers.components",
    "neurogym.wrappers.components.modules.lstm", "neurogym.wrappers.components.probes.activation",
)  # fmt: skip


@pytest.mark.parametrize("module", NAMES)
def test_names_of_neurogym_are_there_or_tell_what_to_write(module):
    found = importlib.import_module(module)
    for name in NAMES[module].split():
        if name[0] != "-":
            assert getattr(found, name) is not None
            continue
        with pytest.raises(AttributeError, match=rf"{module}.{name[1:]} is no more: \w"):
            getattr(found, name[1:])
        with pytest.raises(ImportError):
            exec(f"from {module} import {name[1:]}")


@pytest.mark.parametrize("module", GONE)
def test_modules_that_are_no_more_tell_what_to_write(module):
    with pytest.raises(ImportError, match=r"is no more: \w"):
        importlib.import_module(module)


def test_the_tables_are_under_test_and_point_to_what_there_is():
    assert {*moved.GONE} <= {*GONE} | {
        f"{module}.{name[1:]}" for module, names in NAMES.items() for name in names.split()
        if name[0] == "-"
    } | {"neurogym.config.config"}  # fmt: skip
    for module, held in moved.HELD.items():
        for name in held:
            assert moved.of(module, name) is not None
    for path in re.findall(r"docs/[a-z-]+\.md", " ".join(moved.GONE.values())):
        assert (Path(__file__).parents[2] / path).is_file()


def test_a_name_that_neither_has_is_told_with_those_that_there_are():
    with pytest.raises(AttributeError, match=r"no attribute 'Nope': it has .*PeriodEnv"):
        importlib.import_module("neurogym.core").Nope  # noqa: B018
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("neurogym.envs.native.nope")


def test_a_class_of_a_task_makes_its_environment():
    from neurogym.envs.collections.yang19 import go
    from neurogym.envs.native.gonogo import GoNogo
    from neurogym.envs.native.readysetgo import ReadySetGo

    env = GoNogo(20, timing={"delay": 600})
    assert isinstance(env, GoNogo)
    assert not isinstance(env, ReadySetGo)
    assert (env.dt, env.timing["delay"]) == (20, 600)
    assert go(dim_ring=8).declared.dim_ring == 8
    with pytest.raises(TypeError, match="by name"):
        GoNogo(20, {"correct": 1})
    with pytest.raises(TypeError, match=r"subclass neurogym\.registry\.task_class\('GoNogo-v0'\)"):
        type("Mine", (GoNogo,), {})


def test_all_tasks_and_wrappers_are_listed_as_neurogym_does():
    from neurogym.envs.registration import ALL_COLLECTIONS_ENVS, ALL_ENVS, ALL_NATIVE_ENVS

    from neurogym.wrappers import ALL_WRAPPERS

    assert set(ALL_ENVS) == {*ALL_NATIVE_ENVS, *ALL_COLLECTIONS_ENVS} <= set(ngym.all_envs())
    assert ALL_ENVS["GoNogo-v0"].startswith("neurogym.tasks.")
    assert "yang19.go-v0" in ALL_COLLECTIONS_ENVS
    assert ALL_WRAPPERS["Noise"] == "neurogym.wrappers.observations:Noise"
    assert ngym.all_envs(collections=False) == [i for i in ngym.all_envs() if "." not in i]
    with pytest.raises(TypeError, match="takes no contrib: they are among"):
        ngym.all_envs(contrib=True)
    paper = "go rtgo dlygo anti rtanti dlyanti dm1 dm2 ctxdm1 ctxdm2 multidm dlydm1 dlydm2"
    paper += " ctxdlydm1 ctxdlydm2 multidlydm dms dnms dmc dnmc"
    assert ngym.get_collection("yang19") == [f"yang19.{name}-v0" for name in paper.split()]


def test_info_knows_neurogyms_ids_of_wrappers(capsys):
    for name in ("Monitor-v0", "TrialHistoryV2-v0", "PassReward"):
        assert ngym.info.show_info(name)
    assert ngym.core.env_string(ngym.make("GoNogo"), short=True) == "<GoNogo>"
    assert "fixation" in ngym.core.env_string(ngym.make("GoNogo"))


def test_what_make_gives_has_what_the_task_has():
    env = ngym.make("PerceptualDecisionMaking")
    assert env.new_trial(coh=51.2)["coh"] == 51.2
    assert env.ob.shape[0] == env.gt.shape[0]
    assert full_id("GoNogo") == env.spec.id.replace("PerceptualDecisionMaking", "GoNogo")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda e: Noise(e, std_noise=0.1), r"sigma = std_noise \* sqrt\(dt\)"),
        (lambda e: Noise(e, perf_th=0.7), "give target"),
        (lambda e: Monitor(e, config="c.toml"), "give name, save_dir"),
        (lambda e: Monitor(e, plot_create=True), "plot_training_history"),
        (lambda e: Monitor(e, nonsense=True), "unexpected keyword argument 'nonsense'"),
        (lambda e: ngym.Dataset(e, cache_len=10), "leave it out"),
        (lambda e: ngym.Dataset(e, nonsense=10), "unexpected keyword"),
        (lambda e: plotting.plot_env(e, plot_config=1), "fig_kwargs"),
        (lambda e: plotting.visualize_run([[0.0]], [0], states=1), "record_activations"),
        (lambda e: ScheduleEnvs([e, "ReadySetGo"], schedule=lambda: 0), "order=, block_dur="),
        (lambda e: ngym.register(), "register needs an id"),
    ],
)
def test_old_arguments_are_told_what_stands_for_them(call, told):
    with pytest.raises(TypeError, match=told):
        call(ngym.make("GoNogo"))


def test_old_arguments_that_are_taken():
    env = ngym.make("PerceptualDecisionMaking")
    task = ReactionTime(env, -0.1).declared
    assert task.wrappers[0].settings() == {"urgency": -0.1}
    assert ReactionTime(env, -0.1, False).declared.wrappers[0].end_on_stimulus is False
    data = ngym.Dataset("GoNogo", seq_len=10, max_batch=2)
    assert sum(1 for _ in data) == 2
    assert [next(data)[0].shape, next(data)[0].shape] == [(10, 1, 3)] * 2
    with pytest.raises(StopIteration):
        next(data)
    assert next(data)  # the count starts anew
    assert ngym.Dataset("GoNogo", seq_len=10, max_batch=None)()
    with pytest.raises(AttributeError, match="all sequences are of one, `env`"):
        data.envs  # noqa: B018
    box = ngym.spaces.Box(-1, 1, shape=(3,), name={"fixation": 0, "stimulus": np.array([1, 2])})
    assert box.name == {"fixation": 0, "stimulus": [1, 2]}
    with pytest.raises(ValueError, match="outside"):
        ngym.spaces.Box(-1, 1, shape=(2,), name={"stimulus": np.array([1, 2])})
    with pytest.raises(ValueError, match="figsize is matplotlib's; give width"):
        plotting.plot_env(env, num_steps=5, fig_kwargs={"figsize": (8, 2)})


def test_one_task_can_be_scheduled():
    env = ScheduleEnvs([ngym.make("GoNogo")], env_input=True)
    assert env.reset(seed=0)[0].shape == (4,)


def test_several_tasks_tell_which_one_is_on():
    env = ScheduleEnvs([ngym.make("GoNogo"), ngym.make("AntiReach")])
    for _ in range(6):
        env.reset()
        assert env.i_env == env.trial["task"]
    assert [str(inner) for inner in env.envs] == ["<GoNogo>", "<AntiReach>"]
    for name in ("envs", "i_env"):
        with pytest.raises(AttributeError, match="is one task"):
            getattr(ngym.make("GoNogo"), name)


def test_an_evaluation_tells_its_arrays(capsys):
    monitor = Monitor(ngym.make("GoNogo"), verbose=False)
    told = monitor.evaluate_policy(num_trials=5, verbose=True)
    assert "5 trials, performance" in capsys.readouterr().out
    assert len(told["performances"]) == len(monitor.data_eval["response"]) == 5
    with pytest.raises(KeyError, match=r"unknown array 'action'.*'response' is the answer"):
        monitor.data_eval["action"]


@pytest.mark.parametrize(
    ("params", "hint"),
    [
        ({"timing": {"response": 500}}, "did you mean 'decision'"),
        ({"timing": {"stim": 500}}, "did you mean 'stimulus'"),
        ({"rewards": {"wrong": -1}}, "did you mean 'fail'"),
        ({"timing": {"fixations": 500}}, "did you mean 'fixation'"),
    ],
)
def test_a_period_or_reward_that_there_is_not_is_told_with_the_one_that_may_be_meant(params, hint):
    with pytest.raises(ValueError, match=hint):
        ngym.make("PerceptualDecisionMaking", **params)


def test_an_unknown_parameter_can_be_dropped_as_a_type_error():
    """As code does that hands the same arguments to many tasks."""
    with pytest.raises(TypeError, match="unknown parameter 'nonsense'"):
        ngym.make("GoNogo", nonsense=1)
    with pytest.raises(ValueError, match="unknown parameter 'nonsense'"):
        ngym.make("GoNogo", nonsense=1)


def test_random_numbers_by_name():
    rng = np.random.default_rng(0)
    draw = random_number_fn("truncated_exponential", (300, 100, 500), rng)
    drawn = [draw() for _ in range(500)]
    assert 100 <= min(drawn) < max(drawn) <= 500
    assert 100 <= random_number_fn("uniform", (100, 200), rng)() <= 200
    assert random_number_fn("choice", [5, 7], np.random.RandomState(0))() in (5, 7)
    assert random_number_fn("constant", 300, rng)() == 300
    assert random_number_name("uniform", (100, 200)) == "100-200 ms"
    with pytest.raises(ValueError, match="unknown distribution 'gamma'"):
        random_number_fn("gamma", (1, 2), rng)


def test_small_functions():
    assert tasktools.circular_dist(np.array([0.5, -0.5, 2 * np.pi - 0.5])) == pytest.approx(0.5)
    assert (tasktools.divide(1, 0), tasktools.divide(1, 2)) == (0, 0.5)
    assert tasktools.to_map("a", "b") == tasktools.to_map(["a", "b"]) == {"a": 0, "b": 1}
    t, steps = tasktools.get_periods_idx(10, {"fixation": (0, 20), "tmax": 30})
    assert t.tolist() == [0, 10, 20, 30]
    assert steps == {"fixation": [0, 1]}
    assert tasktools.minmax_number("choice", [300, 100]) == (100, 300)


def test_a_run_as_arrays():
    run = plotting.run_env("GoNogo", num_trials=3, model="oracle", seed=1)
    ends = run["perf"] >= 0
    assert ends.sum() == 3
    assert run["perf"][ends].tolist() == [1, 1, 1]
    assert (run["actions"] == run["gt"])[ends].all()
    assert set(run["actions_end_of_trial"][~ends]) == {-1}
    assert len(run["ob"]) == len(run["rewards"]) == len(ends)


def test_wrappers_of_one_name_are_one():
    assert importlib.import_module("neurogym.wrappers.pass_reward").PassReward is PassReward


@pytest.mark.parametrize("id", ["PerceptualDecisionMaking", "Reaching1D", "ReachingDelayResponse"])
def test_infos_can_have_the_same_keys_in_each_step(id):
    env = ConstantInfo(ngym.make(id))
    infos = [env.reset(seed=0)[1]]
    while not infos[-1]["new_trial"]:
        infos.append(env.step(env.unwrapped.gt_now)[-1])
    kinds = [{k: type(v) for k, v in info.items()} | {"n": [*info["trial"]]} for info in infos]
    assert all(kind.keys() == kinds[0].keys() for kind in kinds)
    assert all(kind["trial"] == kinds[0]["trial"] and kind["n"] == kinds[0]["n"] for kind in kinds)
    assert infos[-1]["performance"] == 1
    assert list(Outcome)[infos[-1]["outcome"]] is Outcome.CORRECT
    assert np.isnan(infos[1]["performance"])
    assert not np.isnan(list(infos[-1]["trial"].values())).any()
    assert np.isnan(list(infos[1]["trial"].values())).all()


KEYS = {  # of a trial in NeuroGym 2.3.1, by task
    "AngleReproduction": "ground_truth1 ground_truth2",
    "AntiReach": "anti ground_truth",
    "Bandit": "p rewards",
    "CVLearning": "coh ground_truth sigma",
    "ChangingEnvironment": "coh ground_truth side",
    "ContextDecisionMaking": "coh_1 coh_2 context ground_truth other_choice",
    "DelayComparison": "ground_truth v1 v2 vpair",
    "DelayMatchCategory": "ground_truth sample_category",
    "DelayMatchSample": "ground_truth sample_theta test_theta",
    "DelayMatchSampleDistractor1D": "ground_truth sample test1 test2 test3",
    "DelayPairedAssociation": "ground_truth pair",
    "Detection": "ground_truth",
    "DualDelayMatchSample": "ground_truth1 ground_truth2 sample1 sample2 test1 test2 test_order",
    "EconomicDecisionMaking": "juice offer",
    "GoNogo": "ground_truth",
    "HierarchicalReasoning": "interval long_interval pro_choice rule stimulus",
    "IntervalDiscrimination": "duration1 duration2 ground_truth",
    "MatchingPenny": "opponent_action",
    "MotorTiming": "production production_ind",
    "MultiSensoryIntegration": "coh coh_prop ground_truth",
    "OneTwoThreeGo": "interval",
    "PerceptualDecisionMaking": "coh ground_truth",
    "PerceptualDecisionMakingDelayResponse": "coh ground_truth sigma",
    "PostDecisionWager": "coh ground_truth wager",
    "ProbabilisticReasoning": "ground_truth locs log_odd shapes",
    "PulseDecisionMaking": "ground_truth pulse1 pulse2",
    "Reaching1D": "ground_truth",
    "Reaching1DWithSelfDistraction": "ground_truth",
    "ReachingDelayResponse": "ground_truth",
    "ReadySetGo": "gain measure production",
    "SpatialSuppressMotion": "contrast diameter direction ground_truth",
    "ToneDetection": "ground_truth",
    "yang19.dm1": "theta1 theta2 stim_period coh1_mod1",
    "yang19.dms": "ground_truth sample_theta test_theta",
}


@pytest.mark.parametrize("name", KEYS)
def test_each_key_of_a_trial_is_there_or_what_differs_tells_of_it(name):
    env = ngym.make(name)
    env.reset(seed=1)
    there = {*env.trial, *env.declared.plan.conditions}
    told = " ".join(type(env.declared.root).differs)
    assert [k for k in KEYS[name].split() if k not in there and k not in told] == []
