"""Observers: they behave like people, and their parameters can be told from their trials."""

import itertools
import math
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import optimize, stats

import neurogym as ngym
from neurogym.envs.task_env import TaskEnv
from neurogym.spec.parameters import Timing
from neurogym.subjects import agent, fits
from neurogym.tasks.perceptual import PerceptualDecisionMaking, cosine_ring
from neurogym.trials.catalogue import task_class

NORMAL = NormalDist()


def column(rows, name):
    """A column, or a condition, as an array; NaN where there is none."""
    values = [row[name] if name in row else row["conditions"][name] for row in rows]
    return np.array([np.nan if value is None else value for value in values], float)


def fitted(loss, start, bounds):
    """Maximum likelihood: estimates and their standard errors, from the curvature of -log L."""
    found = optimize.minimize(loss, start, bounds=bounds, method="L-BFGS-B").x
    step = 1e-3 * np.array([high - low for low, high in bounds])
    low, high = np.array(bounds).T
    found = np.clip(found, low + 2 * step, high - 2 * step)
    k = len(found)
    curved, eye = np.zeros((k, k)), np.diag(step)
    for i in range(k):
        for j in range(k):
            a, b = eye[i], eye[j]
            curved[i, j] = (
                loss(found + a + b)
                - loss(found + a - b)
                - loss(found - a + b)
                + loss(found - a - b)
            ) / (4 * step[i] * step[j])
    return found, np.sqrt(np.diag(np.linalg.inv(curved)))


def assert_recovered(loss, true, start, bounds, precise):
    """Each estimate lies within four standard errors of the truth, which are small enough."""
    found, errors = fitted(loss, start, bounds)
    assert (np.abs(found - true) < 4 * errors).all(), (found, errors)
    assert (errors < precise).all(), errors


# -- which agent fits which task ------------------------------------------------------------------

ONLY = {
    "q-learner": {"Bandit-v0", "MatchingPenny-v0"},
    "win-stay-lose-shift": {"Bandit-v0", "MatchingPenny-v0"},
    "two-step": {"DawTwoStep-v0"},
    "signal-detection": {"AnnubesEnv-v0", "Detection-v0", "GoNogo-v0"},
    "confidence": {"PostDecisionWager-v0"},
    "interval": {"ReadySetGo-v0", "ReadySetGo_SinglePrior-v0", "ReadySetGo_DoublePrior-v0"},
}


@pytest.mark.parametrize("name", ONLY)
def test_an_observer_plays_the_tasks_that_are_for_it_and_refuses_others(name, task_id):
    env = TaskEnv(task_class(task_id)())
    env.reset(seed=0)
    assert fits(name, env) == (task_id in ONLY[name])
    if task_id not in ONLY[name]:
        with pytest.raises(ValueError, match=rf"{env} .*{type(agent(name)).__name__}"):
            ngym.rollout(env, name, 1)


# -- leaps ----------------------------------------------------------------------------------------

PLAYS = [
    ("PerceptualDecisionMaking", "integrator", {}),
    ("PerceptualDecisionMaking", "integrator", dict(noise=1.0, lapse=0.2, collapse=1.0, leak=2.0)),
    ("perceptualdecisionmaking.roitman02", "integrator", dict(urgency=0.3)),
    ("NAltPerceptualDecisionMaking", "integrator", {}),
    ("yang19.multidlydm", "integrator", {}),
    ("PulseDecisionMaking", "integrator", {}),
    ("CVLearning", "integrator", {}),
    ("PostDecisionWager", "confidence", dict(lapse=0.1)),
    ("Detection", "signal-detection", dict(lapse=0.3)),
    ("GoNogo", "signal-detection", dict(d_prime=1.0)),
    ("Bandit", "q-learner", dict(lapse=0.1)),
    ("MatchingPenny", "win-stay-lose-shift", {}),
    ("ReadySetGo", "interval", {}),
]


def in_steps(policy):
    """The same agent, without what makes leaps."""
    names = ("start_run", "begin", "act", "receive")
    return SimpleNamespace(**{n: getattr(policy, n) for n in names if hasattr(policy, n)})


def what_was_done(rows):
    names = ("conditions", "actions", "response", "outcome", "reward", "rt_ms", "performance")
    return [[row[name] for name in names] for row in rows]


@pytest.mark.parametrize(("id", "name", "params"), PLAYS)
def test_leaps_lead_where_single_steps_lead(id, name, params, preset):
    one, two = (
        ngym.rollout(id, policy, 60, seed=4, preset=preset)
        for policy in (agent(name, **params), in_steps(agent(name, **params)))
    )
    assert what_was_done(one) == what_was_done(two)
    some = ngym.rollout(id, agent(name, **params), 25, seed=4, preset=preset)
    assert what_was_done(some) == what_was_done(one)[:25]


def test_in_leaps_the_environment_is_stepped_once_a_trial(monkeypatch):
    steps = []
    step = TaskEnv.step
    monkeypatch.setattr(TaskEnv, "step", lambda env, action: steps.append(1) or step(env, action))
    ngym.rollout("PerceptualDecisionMaking", "integrator", 50, seed=4)
    assert len(steps) == 50


# -- the integrator -------------------------------------------------------------------------------


def test_an_integrator_behaves_like_a_person_wherever_there_is_evidence(task, task_id, preset):
    if not any(group.evidence for group in task.plan.channels):
        return
    rows = ngym.rollout(task_id, "integrator", 600, seed=2, preset=preset)
    levels = [row["conditions"].get("coh") for row in rows]
    right = column(rows, "correct")
    if None in levels or len(set(levels)) < 3:
        assert 0.6 < right.mean() <= 1
    else:
        easy = right[np.array(levels) == max(levels)]
        assert easy.mean() > 0.75
        assert right[np.array(levels) == min(levels)].mean() < easy.mean()
    env = TaskEnv(task_class(task_id)(**task_class(task_id).preset(preset)))
    env.reset(seed=0)
    window = (env.window[1] - env.window[0]) * env.dt
    times = column(rows, "rt_ms")
    assert not np.isnan(times).any()
    if window >= 1000:
        assert (times >= window - env.dt).mean() < 0.06
        assert stats.skew(times) > 0.4
        assert 150 < np.median(times) < 1000
        if env.dt <= 20:
            assert np.unique(times, return_counts=True)[1].max() < 0.25 * len(times)


def test_constants_that_fit_one_task_do_not_fit_others():
    found = ngym.rollout(
        "perceptualdecisionmaking.roitman02", "integrator", 600, seed=2,
        agent_params=dict(bound=40.0),
    )  # fmt: skip
    times = column(found, "rt_ms")[column(found, "coh") == 0]
    assert (times >= 1900).mean() > 0.3  # half of all decisions without evidence at the deadline


class Reaction(PerceptualDecisionMaking):
    """Report the direction as soon as it is clear: the evidence lasts until the response."""

    timing = Timing(fixation=200, decision=8000)

    def paint(self, canvas, trials):
        evidence = cosine_ring(self.dim_ring, trials.ground_truth, trials.coh)
        canvas.show("stimulus", evidence, during="decision")
        canvas.noise("stimulus", self.sigma, during="decision")
        canvas.answer("choice", trials.ground_truth, during="decision")


def reactions(trials=3000, coh=3.2, **params):
    task = Reaction(dt=10, cohs=[coh])
    params = dict(bound=20.0, non_decision=0.0) | params
    return ngym.rollout(task, "integrator", trials, seed=5, agent_params=params)


def test_with_a_bound_it_is_the_diffusion_model():
    """Accuracy and mean time of Wald's test; steps overshoot the bound by .583 SD (Siegmund)."""
    v, c = 3.2 / 200, 0.5**0.5
    bound = 20 + 0.583 * c * 10**0.5
    k = v * bound / c**2
    rows = reactions()
    right, times = column(rows, "correct"), column(rows, "rt_ms")
    p = 1 / (1 + np.exp(-2 * k))
    assert abs(right.mean() - p) < 4 * (p * (1 - p) / len(rows)) ** 0.5
    assert abs(times.mean() - bound / v * np.tanh(k)) < 4 * times.std() / len(rows) ** 0.5
    first, last = np.quantile(times, (0.3, 0.7))  # right as often early as late
    assert abs(right[times < first].mean() - right[times > last].mean()) < 0.08


def test_its_own_noise_adds_to_that_of_the_task():
    v, c = 12.8 / 200, (0.5 + 4 / 2) ** 0.5
    k = v * (20 + 0.583 * c * 10**0.5) / c**2
    p = 1 / (1 + np.exp(-2 * k))
    right = column(reactions(coh=12.8, noise=2.0), "correct")
    assert abs(right.mean() - p) < 4 * (p * (1 - p) / len(right)) ** 0.5


def test_a_bound_that_falls_makes_slow_decisions_worse_and_ends_them():
    for params in (dict(collapse=2.0), dict(urgency=1.0)):
        rows = reactions(**params)
        right, times = column(rows, "correct"), column(rows, "rt_ms")
        assert times.mean() < 0.8 * column(reactions(1000), "rt_ms").mean()
        assert right[times < np.quantile(times, 0.3)].mean() > (
            right[times > np.quantile(times, 0.7)].mean() + 0.05
        )
    assert column(reactions(urgency=2.0), "rt_ms").max() <= 510  # the bound is gone after .5 s


def test_the_task_sets_the_bound_and_caution_multiplies_it():
    found = [
        ngym.rollout(
            "perceptualdecisionmaking.roitman02", "integrator", 600, seed=1, preset="human",
            agent_params=dict(caution=caution),
        )
        for caution in (0.5, 1.0, 2.0)
    ]  # fmt: skip
    times, right = ([column(rows, name).mean() for rows in found] for name in ("rt_ms", "correct"))
    assert times[0] < times[1] < times[2]
    assert right[0] < right[1] < right[2]
    noisier, same = (
        column(ngym.rollout(Reaction(dt=10, sigma=sigma), "integrator", 800, seed=1), "correct")
        for sigma in (1.0, 0.1)
    )
    assert abs(noisier.mean() - same.mean()) < 0.06  # in units of the noise that there is


# -- learners -------------------------------------------------------------------------------------


def test_a_q_learner_is_recovered():
    true = dict(alpha=0.35, beta=4.0, stickiness=0.5)
    rows = ngym.rollout("Bandit", "q-learner", 4000, seed=2, agent_params=true)
    choices = [row["response"] - 1 for row in rows]
    rewards = [row["reward"] for row in rows]

    def loss(parameters):
        alpha, beta, stickiness = parameters
        values, last, total = [0.0, 0.0], -1, 0.0
        for choice, reward in zip(choices, rewards, strict=True):
            other = 1 - choice
            sticky = stickiness * ((last == choice) - (last == other))
            total += np.logaddexp(0, -beta * (values[choice] - values[other]) - sticky)
            values[choice] += alpha * (reward - values[choice])
            last = choice
        return total

    bounds = [(0.01, 0.99), (0.1, 20), (-3, 3)]
    assert_recovered(loss, [*true.values()], [0.2, 2.0, 0.0], bounds, [0.06, 0.5, 0.15])


def test_a_q_learner_finds_the_best_arm_and_a_faster_one_follows_its_changes():
    slow, fast, none = (
        column(
            ngym.rollout("Bandit", "q-learner", 3000, seed=2, agent_params=dict(alpha=alpha)),
            "correct",
        ).mean()
        for alpha in (0.02, 0.3, 0.0)
    )
    assert fast > slow + 0.1
    assert abs(none - 0.5) < 4 * 0.5 / 3000**0.5


def test_win_stay_lose_shift_is_recovered():
    true = dict(win_stay=0.85, lose_shift=0.6)
    for id in ("Bandit", "MatchingPenny"):
        rows = ngym.rollout(id, "win-stay-lose-shift", 1500, seed=2, agent_params=true)
        stays = np.diff(column(rows, "response")) == 0
        won = column(rows, "reward")[:-1] > 0.5
        for found, p in ((stays[won], 0.85), (~stays[~won], 0.6)):
            assert abs(found.mean() - p) < 4 * (p * (1 - p) / len(found)) ** 0.5


def test_an_opponent_beats_who_repeats_what_won():
    params = dict(win_stay=1.0, lose_shift=1.0)
    rows = ngym.rollout("MatchingPenny", "win-stay-lose-shift", 1000, agent_params=params)
    assert column(rows, "correct").mean() < 0.4


# -- two steps ------------------------------------------------------------------------------------


def two_steps(trials, **params):
    rows = ngym.rollout("DawTwoStep", "two-step", trials, seed=3, agent_params=params)
    first, second = (np.array([row["actions"][k][1] - 1 for row in rows]) for k in (0, 1))
    common = column(rows, "way") < 0.7
    state = np.where(common, first, 1 - first)
    return first, state, second, column(rows, "reward"), common


@pytest.mark.parametrize(("w", "low", "high"), [(0.0, -0.06, 0.06), (1.0, 0.15, 0.5)])
def test_only_a_model_makes_reward_and_transition_interact(w, low, high):
    """Daw et al. 2011, figure 2: who has no model repeats what was rewarded, rare or common."""
    learner = dict(w=w, lambda_=1.0, p=0.0, beta1=5.0, beta2=5.0, alpha1=0.5, alpha2=0.5)
    first, _, _, reward, common = two_steps(8000, **learner)
    stays, paid, common = np.diff(first) == 0, reward[:-1] > 0.5, common[:-1]
    p = {(r, c): stays[(paid == r) & (common == c)].mean() for r in (0, 1) for c in (0, 1)}
    interaction = (p[1, 1] - p[1, 0]) - (p[0, 1] - p[0, 0])
    assert low < interaction < high
    if w == 0:
        assert p[1, 1] + p[1, 0] > p[0, 1] + p[0, 0] + 0.1


def test_the_seven_parameters_are_recovered():
    true = dict(alpha1=0.5, alpha2=0.4, beta1=5.0, beta2=4.0, lambda_=0.6, w=0.7, p=0.15)
    trials = list(zip(*(x.tolist() for x in two_steps(2500, **true)[:4]), strict=True))

    def loss(parameters):
        alpha1, alpha2, beta1, beta2, lambda_, w, p = parameters
        free, seconds, ways = [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]], [[1, 1], [1, 1]]
        last, total = -1, 0.0
        for a, s, b, reward in trials:
            best = [max(values) for values in seconds]
            worth = [
                w * (way[0] * best[0] + way[1] * best[1]) / (way[0] + way[1])
                + (1 - w) * free[k] + p * (last == k)
                for k, way in enumerate(ways)
            ]  # fmt: skip
            value = seconds[s][b]
            total += softplus(beta1 * (worth[1 - a] - worth[a]))
            total += softplus(beta2 * (seconds[s][1 - b] - value))
            free[a] += alpha1 * (value - free[a] + lambda_ * (reward - value))
            seconds[s][b] = value + alpha2 * (reward - value)
            ways[a][s] += 1
            last = a
        return total

    bounds = [(0.02, 0.98), (0.02, 0.98), (0.2, 20), (0.2, 20), (0.02, 0.98), (0.02, 0.98), (-1, 1)]
    start = [0.3, 0.3, 3.0, 3.0, 0.4, 0.4, 0.0]
    precise = [0.15, 0.06, 0.7, 0.5, 0.3, 0.15, 0.05]
    assert_recovered(loss, [*true.values()], start, bounds, precise)


def softplus(x):
    """log(1 + exp(x)), of a number."""
    return x if x > 30 else math.log1p(math.exp(x))


# -- signal detection -----------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", [-0.4, 0.0, 0.5])
@pytest.mark.parametrize("d_prime", [1.0, 2.0])
@pytest.mark.parametrize("id", ["GoNogo", "AnnubesEnv"])
def test_d_prime_and_criterion_are_recovered(id, d_prime, criterion, preset):
    params = dict(stim_intensities=[0.9], audiovisual=0.0) if id == "AnnubesEnv" else {}
    rows = ngym.rollout(
        id, "signal-detection", 3000, seed=6, preset=preset, **params,
        agent_params=dict(d_prime=d_prime, criterion=criterion),
    )  # fmt: skip
    there, responds = column(rows, "ground_truth") == 1, ~np.isnan(column(rows, "response"))
    z, variance = [], 0.0
    for group in (there, ~there):
        p = responds[group].mean()
        z.append(NORMAL.inv_cdf(p))
        variance += p * (1 - p) / group.sum() / NORMAL.pdf(z[-1]) ** 2  # Gourevitch & Galanter 1967
    assert abs(z[0] - z[1] - d_prime) < 4 * variance**0.5
    assert abs(-(z[0] + z[1]) / 2 - criterion) < 2 * variance**0.5


def test_a_detector_detects_more_of_what_is_stronger_and_errs_both_ways():
    rows = ngym.rollout("Detection", "signal-detection", 3000, seed=6, preset="human")
    there = column(rows, "ground_truth") == 1
    hits = np.array([row["outcome"] == "correct" for row in rows])
    strength = column(rows, "strength")
    weak, middle, strong = (hits[there & (strength == level)].mean() for level in (0.4, 0.7, 1.0))
    assert weak < middle < strong
    assert strong > 0.75
    assert {row["outcome"] for row in rows} == {"correct", "miss", "early", "error", "withheld"}
    times = column(rows, "rt_ms")[there & hits]
    assert 250 < np.median(times) < 450


def test_noise_in_the_channels_sets_the_limit():
    """Where channels allow for less than d_prime, the observer is as good as they allow."""
    task = dict(auditory=0.0, stim_intensities=[0.9], noise_std=1.0, catch_prob=0.5)
    ideal = 0.9 * 1000**0.5 / (2 * 100) ** 0.5  # level x square root of its ms / noise
    found = {}
    for d_prime in (1.0, 3.0, 10.0):
        params = dict(d_prime=d_prime)
        rows = ngym.rollout("AnnubesEnv", "signal-detection", 2000, agent_params=params, **task)
        found[d_prime] = column(rows, "correct")
    assert (found[3.0] == found[10.0]).all()
    assert found[1.0].mean() + 0.05 < found[3.0].mean() < NORMAL.cdf(ideal / 2)


# -- confidence -----------------------------------------------------------------------------------


def wagers(trials=4000, **params):
    rows = ngym.rollout(
        "PostDecisionWager", "confidence", trials, seed=7, preset="human", agent_params=params
    )
    return rows, column(rows, "wager") == 1, column(rows, "response") == 3


def test_the_sure_option_is_taken_where_it_is_offered_and_evidence_is_weak_or_short():
    rows, offered, sure = wagers()
    assert not sure[~offered].any()
    coh, length = column(rows, "coh"), column(rows, "stimulus")
    levels = np.unique(coh)
    taken = [sure[offered & (coh == level)].mean() for level in levels]
    assert all(a > b - 0.05 for a, b in itertools.pairwise(taken))
    assert taken[0] > taken[-1] + 0.35
    middle = offered & (coh > 0) & (coh < 20)
    assert sure[middle & (length < 300)].mean() > sure[middle & (length > 400)].mean() + 0.05


def test_choices_are_better_where_the_sure_option_was_waived():
    """Kiani & Shadlen 2009, figure 2: not the coherence alone, but the evidence of the trial."""
    rows, offered, sure = wagers()
    right, coh = column(rows, "correct"), column(rows, "coh")
    for level in (3.2, 6.4):
        waived, never = (right[group & (coh == level)] for group in (offered & ~sure, ~offered))
        assert waived.mean() > never.mean() + 0.03


def test_noise_and_threshold_are_recovered():
    true = dict(noise=1.5, threshold=0.8)
    rows, offered, sure = wagers(1500, **true)
    env = ngym.make("PostDecisionWager", preset="human").unwrapped
    x, ms = [], []
    for row in rows:
        ob = ngym.replay(row, env).ob[:, env.task.plan.channels["stimulus"].slice]
        x.append(10 * (ob[:, 1] - ob[:, 0]).sum())  # dt / 2
        ms.append(20 * ob.any(axis=1).sum())
    x, ms, right_one = np.array(x), np.array(ms), column(rows, "response") == 2
    levels = np.array(env.task.cohs) / 200
    prior = (levels**2).mean() ** 0.5

    def loss(parameters):
        noise, threshold = parameters
        c = (0.5 + noise**2 / 2) ** 0.5
        edge = NORMAL.inv_cdf(threshold) * c / prior * np.sqrt(c**2 + prior**2 * ms)
        edge = np.where(offered, edge, 0)
        sd = noise * np.sqrt(ms / 2)
        above, below = stats.norm.sf((edge - x) / sd), stats.norm.cdf((-edge - x) / sd)
        p = np.where(sure, 1 - above - below, np.where(right_one, above, below))
        return -np.log(np.maximum(p, 1e-12)).sum()

    bounds = [(0.1, 5), (0.51, 0.99)]
    assert_recovered(loss, [*true.values()], [0.5, 0.7], bounds, [0.15, 0.02])


def test_by_default_it_is_sure_enough_where_the_sure_option_pays_less():
    right = []
    for sure in (0.55, 0.95):
        rows = ngym.rollout(
            "PostDecisionWager", "confidence", 1500, seed=7, preset="human", rewards={"sure": sure}
        )
        taken = column(rows, "response") == 3
        right.append(taken[column(rows, "wager") == 1].mean())
    assert right[0] + 0.2 < right[1]


# -- intervals ------------------------------------------------------------------------------------


def produced(trials=4000, **params):
    """Measured and produced intervals, ms, onset to onset."""
    timing = dict(ready=20, set=20, measure=[600, 700, 800, 900, 1000])
    rows = ngym.rollout(
        "ReadySetGo",
        "interval",
        trials,
        seed=8,
        dt=5,
        gain=[1],
        timing=timing,
        agent_params=params,
    )
    made = column(rows, "produced_ms")
    return column(rows, "measure")[~np.isnan(made)], made[~np.isnan(made)]


SAMPLES = np.array([600.0, 700, 800, 900, 1000])


def bayes(measured, w):
    """Estimates (...,) of intervals that are one of SAMPLES, from measurements."""
    weight = stats.norm.pdf(np.asarray(measured)[..., None], SAMPLES, w * SAMPLES)
    return (weight * SAMPLES).sum(axis=-1) / weight.sum(axis=-1)


def test_what_is_produced_is_drawn_towards_the_mean_as_much_as_theory_says():
    """The mean production of an interval is the mean Bayes estimate of its measurements."""
    for w in (0.05, 0.15):
        samples, made = produced(w_measure=w)
        normal = NORMAL_NODES
        for sample in SAMPLES:
            expected = bayes(sample * (1 + w * normal), w).mean()
            these = made[samples == sample]
            assert abs(these.mean() - expected) < 4 * these.std() / len(these) ** 0.5 + 3
    samples, made = produced(w_measure=0.15, prior=False)
    assert abs(np.polyfit(samples, made, 1)[0] - 1) < 0.05


NORMAL_NODES = stats.norm.ppf((np.arange(400) + 0.5) / 400)


def test_weber_fractions_are_recovered():
    true = dict(w_measure=0.12, w_produce=0.07)
    samples, made = produced(**true)

    def loss(parameters):
        w_measure, w_produce = parameters
        total = 0.0
        for sample in SAMPLES:
            estimates = bayes(sample * (1 + w_measure * NORMAL_NODES), w_measure)
            these = made[samples == sample][:, None]
            p = stats.norm.pdf(these, estimates, w_produce * estimates).mean(axis=1)
            total -= np.log(p).sum()
        return total

    bounds = [(0.05, 0.3), (0.04, 0.3)]
    assert_recovered(loss, [*true.values()], [0.2, 0.2], bounds, [0.01, 0.005])


def test_the_gain_is_read_from_its_channel():
    rows = ngym.rollout("ReadySetGo", "interval", 1500, seed=8, dt=10, gain=[1, 1.5])
    ratio, gain = column(rows, "produced_ms") / column(rows, "measure"), column(rows, "gain")
    for each in (1, 1.5):
        assert abs(np.nanmean(ratio[gain == each]) / each - 1) < 0.03


def test_each_context_has_its_own_prior():
    """With two overlapping priors the same interval is made longer among long ones."""
    made = {}
    for prior, place in ((0, 4), (1, 0)):  # 800 ms, the longest of the short and shortest of long
        env = ngym.make("ReadySetGo_DoublePrior", preset="human", timing=dict(burn=20, wait=20))
        rows = [
            row
            for row in ngym.rollout(env, "interval", 250, seed=1, agent_params={"w_measure": 0.15})
            if (row["conditions"]["prior"], row["conditions"]["place"]) == (prior, place)
        ]
        made[prior] = column(rows, "rt_ms")
    assert np.nanmean(made[0]) + 40 < np.nanmean(made[1])


# -- with others -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "name"), [("RDM_hist", "integrator"), ("GoNogo", "signal-detection")]
)
def test_a_yoked_observer_does_what_it_does_in_trials_of_its_own(id, name):
    rows = ngym.rollout(id, name, 60, seed=4)
    again = ngym.rollout(id, name, yoke=[*rows[20:40], *rows[:20], rows[50]], seed=4)
    assert what_was_done(again) == what_was_done([*rows[20:40], *rows[:20], rows[50]])


def test_a_yoked_observer_faces_what_was_forced():
    rows = ngym.rollout("PerceptualDecisionMaking", "integrator", 40, seed=4, preset="human")
    forced = [row | {"forced": {"coh": 51.2}} for row in rows]
    found = ngym.rollout("PerceptualDecisionMaking", "integrator", yoke=forced, preset="human")
    assert {row["conditions"]["coh"] for row in found} == {51.2}
    assert column(found, "correct").mean() > 0.9


def test_an_integrator_plays_tasks_in_turn_and_under_wrappers():
    id = "PerceptualDecisionMaking"
    for stack in (
        [{"Noise": {"sigma": 1.0}}],
        [{"ReactionTime": {}}],
        [{"Staircase": {}}],
        [{"PassReward": {}}],
        [{"MultiEnvs": {"tasks": [{"task": "RandomDotMotion-v0"}]}}],
    ):
        rows = ngym.rollout(id, "integrator", 60, seed=1, stack=stack)
        assert len(rows) == 60
        assert column(rows, "correct").mean() > 0.6
