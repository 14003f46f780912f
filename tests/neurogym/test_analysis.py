"""What papers report, against SciPy, published formulas and simulated subjects that are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, special, stats

import neurogym as ngym
from neurogym import analysis
from neurogym.analysis.choices import by_block, history, repetition, share_of, stay
from neurogym.analysis.detection import Detection, detection
from neurogym.analysis.fits import MOST_LAPSE, Fit, fit
from neurogym.analysis.kernels import average, kernel
from neurogym.analysis.regressions import line, logistic, production, search_slope
from neurogym.analysis.times import (
    conditional_accuracy,
    delta_plot,
    histogram,
    vincentiles,
    vincentized,
)
from neurogym.records import trial_table
from neurogym.records.measures import Point, proportion
from neurogym.spec.forms import FORMS, form_of, with_lapses

SIGNED = np.array([-50, -25, -12, -6, 0, 6, 12, 25, 50.0])
UNSIGNED = np.array([0, 3.2, 6.4, 12.8, 25.6, 51.2])
SETS = 50


def row(index=0, run="a", **values):
    given = {"correct": True, "outcome": "correct", "response": 1, "reward": 1.0, "rt_ms": 400.0}
    return trial_table.empty_row(run_id=run, trial_index=index, **{**given, **values})


def points(levels, shares, n, rng):
    return [
        Point(float(x), k / n, 0, 1, n)
        for x, k in zip(levels, rng.binomial(n, shares), strict=True)
    ]


def covers(inside, runs, wanted=0.95):
    """Whether a share of runs is that within Monte-Carlo error; intervals may be a bit wider."""
    error = 4 * (wanted * (1 - wanted) / runs) ** 0.5
    return wanted - error - 0.01 < inside / runs < min(wanted + error + 0.02, 1.0)


# -- psychometric functions ------------------------------------------------------------------------


def test_forms_are_those_of_scipy():
    x = np.linspace(0, 40, 9)
    np.testing.assert_allclose(FORMS["logistic"](x, 12, 3), special.expit((x - 12) / 3), atol=1e-12)
    np.testing.assert_allclose(FORMS["normal"](x, 12, 3), stats.norm.cdf(x, 12, 3), atol=1e-12)
    scale = 12 / np.log(2) ** (1 / 1.7)
    expected = stats.weibull_min.cdf(x, 1.7, scale=scale)
    np.testing.assert_allclose(FORMS["weibull"](x, 12, 1 / 1.7), expected, atol=1e-12)
    for form in FORMS.values():
        assert form(12.0, 12, 0.4) == pytest.approx(0.5)
        assert form(form.level(0.8, 12, 0.4), 12, 0.4) == pytest.approx(0.8)
    with pytest.raises(ValueError, match="did you mean 'weibull'"):
        form_of("weibul")


@pytest.mark.parametrize("name", ["logistic", "normal"])
def test_a_slope_is_that_of_the_curve_at_its_threshold(name):
    form, step = FORMS[name], 1e-5
    rise = (form(3 + step, 3, 2.0) - form(3 - step, 3, 2.0)) / (2 * step)
    assert form.slope(2.0) == pytest.approx(float(rise), rel=1e-6)


def cases(rng, signed):
    """Data sets and the curve from which they come: levels, form, threshold, width, lapse."""
    for _ in range(SETS):
        if signed:
            form = FORMS[("logistic", "normal")[rng.integers(2)]]
            yield SIGNED, form, rng.normal(0, 5), rng.uniform(4, 12), rng.uniform(0, 0.2)
        else:
            yield UNSIGNED, FORMS["weibull"], rng.uniform(5, 20), rng.uniform(0.4, 1), 0.05


@pytest.mark.parametrize("signed", [True, False])
def test_no_curve_that_scipy_finds_is_likelier(signed):
    rng, same = np.random.default_rng(1), 0
    for x, form, threshold, width, lapse in cases(rng, signed):
        guess = 0.0 if signed else 0.5
        shares = with_lapses(form(x, threshold, width), guess, lapse, 0.5)
        told = points(x, shares, 60, rng)
        found = fit(told, signed, 0.5, form=form.name)
        k = np.array([q.value * q.n for q in told])

        def loss(values, form=form, x=x, k=k, guess=guess):
            threshold = np.exp(values[0]) if form.log else values[0]
            p = with_lapses(form(x, threshold, np.exp(values[1])), guess, values[2], 0.5)
            p = np.clip(p, 1e-9, 1 - 1e-9)
            return -(k * np.log(p) + (60 - k) * np.log(1 - p)).sum()

        at = np.log(threshold) if form.log else threshold
        bounds = [(None, None), (None, 5), (0, MOST_LAPSE)]
        best = optimize.minimize(loss, [at, np.log(width), lapse], bounds=bounds)
        ours = np.log(found.threshold) if form.log else found.threshold
        reached = loss([ours, np.log(found.width), found.lapse])
        assert reached < best.fun + 0.01
        if reached > best.fun - 0.001 and not found.steep:  # it may stop on a lower hill
            same += 1
            assert ours == pytest.approx(best.x[0], abs=0.05 if form.log else 0.5)
    assert same > 0.8 * SETS


def test_thresholds_are_those_of_psignifit():
    """Of 50 simulated data sets, as psignifit 4.3 finds them (2AFC, Weibull, MAP)."""
    told = json.loads((Path(__file__).parent / "psignifit.json").read_text())
    assert len(told) == SETS
    ours, theirs, truth = [], [], []
    for *k, threshold, true in told:
        shares = [Point(x, hits / 60, 0, 1, 60) for x, hits in zip(UNSIGNED[1:], k, strict=True)]
        found = fit(shares, False, 0.5)
        ours.append(np.log(found.threshold))
        theirs.append(np.log(threshold))
        truth.append(np.log(true))
    ours, theirs, truth = map(np.array, (ours, theirs, truth))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.975
    assert np.mean(np.abs(ours - theirs)) < 0.1
    assert np.std(ours - truth) < np.std(theirs - truth) + 0.01


@pytest.mark.parametrize(
    ("name", "x", "threshold", "width", "lapse", "signed"),
    [
        ("logistic", SIGNED, 3, 8, 0.1, True),
        ("normal", SIGNED, 3, 10, 0.1, True),
        ("weibull", UNSIGNED, 8, 0.7, 0.06, False),
    ],
)
def test_intervals_cover(name, x, threshold, width, lapse, signed, request):
    runs = 400 if request.config.getoption("--all") else 120
    rng, form = np.random.default_rng(len(name)), FORMS[name]
    shares = with_lapses(form(x, threshold, width), 0.0 if signed else 0.5, lapse, 0.5)
    truth = {"threshold": threshold, "slope": form.slope(width), "lapse": lapse}
    inside = dict.fromkeys(truth, 0)
    for _ in range(runs):
        found = fit(points(x, shares, 80, rng), signed, 0.5, form=name)
        for key, value in truth.items():
            low, high = found.intervals[key]
            inside[key] += low - 1e-9 <= value <= high + 1e-9
    assert covers(inside["threshold"], runs)
    assert covers(inside["slope"], runs)
    assert (
        inside["lapse"] / runs > 0.85
    )  # it is cut at 0, so that its interval is an approximate one


def test_steep_subjects_are_fitted_and_their_threshold_lies_between_two_levels():
    rng, form = np.random.default_rng(5), FORMS["logistic"]
    shares = with_lapses(form(SIGNED, 2.0, 0.3), 0.0, 0.02, 0.5)
    steep = [fit(points(SIGNED, shares, 40, rng), True) for _ in range(60)]
    assert all(isinstance(found, Fit) for found in steep)
    ends = np.array([found.intervals["threshold"] for found in steep])
    assert np.mean((ends[:, 0] < 2.0) & (ends[:, 1] > 2.0)) > 0.9
    assert np.ptp(ends, axis=1).max() < 13
    slopes = np.array([found.intervals["slope"] for found in steep])
    assert (slopes[:, 1] == np.inf).all()
    assert slopes[:, 0].min() > 0.05


def test_a_step_has_its_threshold_in_the_middle():
    told = [Point(float(k), float(v), 0, 1, 50) for k, v in enumerate([0, 0, 1, 1])]
    found = fit(told, signed=True)
    assert found.steep
    assert found.threshold == pytest.approx(1.5, abs=0.05)
    np.testing.assert_allclose(found(np.arange(4.0)), [0, 0, 1, 1], atol=0.01)
    assert found.deviance < 0.1


@pytest.mark.parametrize(
    ("values", "n", "reason"),
    [
        ([1, 1, 1, 1], 50, "no rise"),
        ([0.5, 0.55, 0.5, 0.5], 20, "no rise"),
        ([0.9, 0.8, 0.6, 0.5], 50, "shares fall"),
        ([0.6, 0.7, 0.8, 0.9], 5, "4 and 20, of 3 and 30"),
        ([0.5, 0.9], 50, "too few"),
    ],
)
def test_what_cannot_be_fitted_is_told_truly(values, n, reason):
    told = [Point(float(k), v, 0, 1, n) for k, v in enumerate(values)]
    assert reason in fit(told, False, 0.5)


def test_lapse_means_the_same_signed_unsigned_and_for_any_number_of_answers():
    """Trials that are answered at random, by a subject who is asked in either way."""
    rng, lapse = np.random.default_rng(3), 0.2
    for n in (2, 4):
        level = rng.choice(UNSIGNED, 40_000)
        truth = rng.integers(n, size=level.size)
        seen = rng.random(level.size) < FORMS["weibull"](level, 6, 0.5)
        answer = np.where(seen, truth, rng.integers(n, size=level.size))
        random = rng.random(level.size) < lapse
        answer = np.where(random, rng.integers(n, size=level.size), answer)
        unsigned = fit(proportion(level, answer == truth), False, 1 / n)
        assert unsigned.lapse == pytest.approx(lapse, abs=0.02)
        assert unsigned.low == pytest.approx(1 / n)
        assert unsigned.high == pytest.approx(1 - lapse * (1 - 1 / n), abs=0.02)
        if n == 2:
            signed = fit(proportion(level * (2 * truth - 1), answer == 1), True)
            assert signed.lapse == pytest.approx(lapse, abs=0.03)
            assert (signed.low, 1 - signed.high) == pytest.approx((0.1, 0.1), abs=0.02)


def test_a_free_guess_finds_false_alarms():
    shares = with_lapses(FORMS["weibull"](UNSIGNED, 8, 0.5), 0.15, 0.0, 0.5)
    told = [Point(x, p, 0, 1, 4000) for x, p in zip(UNSIGNED, shares, strict=True)]
    found = fit(told, False, 0.5, free_guess=True)
    assert found.guess == pytest.approx(0.15, abs=0.02)
    low, high = found.intervals["guess"]
    assert low < 0.15 < high < 0.25


def test_a_level_is_where_the_curve_has_that_share():
    shares = with_lapses(FORMS["weibull"](UNSIGNED, 8, 0.7), 0.5, 0.04, 0.5)
    told = [Point(x, p, 0, 1, 2000) for x, p in zip(UNSIGNED, shares, strict=True)]
    found = fit(told, False, 0.5)
    assert found(found.level(0.816)) == pytest.approx(0.816)
    with pytest.raises(ValueError, match=r"runs from 0\.5 to 0\.9"):
        found.level(0.995)
    with pytest.raises(ValueError, match="levels from 0 on"):
        fit([Point(x, 0.5, 0, 1, 40) for x in (-1, 0, 1)], False, form="weibull")
    with pytest.raises(ValueError, match=r"chance = 1\.5"):
        fit(told, False, 1.5)


# -- signal detection ------------------------------------------------------------------------------


def test_d_prime_and_criterion_are_those_of_the_log_linear_formulas():
    found = Detection(hits=20, signals=20, false_alarms=0, noises=30)
    hit, alarm = 20.5 / 21, 0.5 / 31
    assert found.d_prime == pytest.approx(stats.norm.ppf(hit) - stats.norm.ppf(alarm))
    assert found.criterion == pytest.approx(-(stats.norm.ppf(hit) + stats.norm.ppf(alarm)) / 2)
    many = Detection(8000, 10_000, 2000, 10_000)  # the tables' d' for rates of .8 and .2
    assert (many.d_prime, many.criterion) == (pytest.approx(1.683, abs=0.001), pytest.approx(0))
    assert many.ln_beta == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="21 hits of 20"):
        Detection(21, 20, 0, 30)
    with pytest.raises(ValueError, match="expected 'd_prime'"):
        found.interval("beta")


def test_intervals_of_d_prime_cover_and_the_correction_leaves_little_bias():
    rng, d, c, n, runs = np.random.default_rng(2), 1.5, 0.3, 80, 800
    hits = rng.binomial(n, stats.norm.cdf(d / 2 - c), runs)
    alarms = rng.binomial(n, stats.norm.cdf(-d / 2 - c), runs)
    found = [Detection(int(h), n, int(f), n) for h, f in zip(hits, alarms, strict=True)]
    for name, truth in (("d_prime", d), ("criterion", c)):
        ends = np.array([each.interval(name) for each in found])
        assert covers(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).sum(), runs)
        assert np.mean([getattr(each, name) for each in found]) == pytest.approx(truth, abs=0.04)


def test_rows_of_a_yes_no_task_are_counted():
    told = [(1, 1), (1, 1), (1, None), (0, 1), (0, None), (0, None)]
    rows = [
        row(k, conditions={"ground_truth": truth}, response=response)
        for k, (truth, response) in enumerate(told)
    ]
    rows += [row(9, conditions={"ground_truth": 1}, flags={"interrupted": "blur"})]
    rows += [row(10, conditions={"ground_truth": 1}, outcome="early")]
    found = detection(rows)
    assert (found.hits, found.signals, found.false_alarms, found.noises) == (2, 3, 1, 3)


# -- response times --------------------------------------------------------------------------------


def timed(values, correct=True, **conditions):
    return [
        row(k, rt_ms=float(v), correct=correct, conditions=conditions) for k, v in enumerate(values)
    ]


def test_a_histogram_holds_correct_answers_and_errors_apart():
    rng = np.random.default_rng(0)
    right, wrong = rng.lognormal(6, 0.3, 300), rng.lognormal(6.3, 0.3, 60)
    rows = [*timed(right), *timed(wrong, False), row(rt_ms=None, response=None, correct=False)]
    found = histogram(rows, bin_ms=50)
    assert np.diff(found.edges) == pytest.approx(50)
    assert (found.correct.sum(), found.errors.sum()) == (300, 60)
    expected = np.histogram(right, found.edges)[0]
    assert (found.correct == expected).all()
    assert 5 < histogram(rows).correct.size <= 45
    with pytest.raises(ValueError, match="no response time"):
        histogram([])
    with pytest.raises(ValueError, match="above 0"):
        histogram(rows, bin_ms=-1)


def test_vincentiles_are_means_of_parts_and_keep_the_shape_of_subjects():
    np.testing.assert_allclose(vincentized(np.arange(10), 5), [0.5, 2.5, 4.5, 6.5, 8.5])
    np.testing.assert_allclose(vincentized([1, 2, 3], 2), [4 / 3, 8 / 3])  # 2 counts in both
    rng = np.random.default_rng(1)
    samples = [shift + rng.gamma(2, 60, 4000) for shift in (200, 600)]
    found = vincentiles([timed(sample) for sample in samples], 5)
    alone = [vincentized(sample, 5) for sample in samples]
    np.testing.assert_allclose(found, np.mean(alone, axis=0))
    assert np.diff(found).max() < 250  # pooled times would have a gap of 400 in them
    quintile = stats.gamma(2, scale=60).expect(lb=0, ub=stats.gamma(2, scale=60).ppf(0.2)) / 0.2
    assert found[0] - 400 == pytest.approx(quintile, rel=0.1)
    assert np.isnan(vincentiles([[]], 4)).all()


def test_a_delta_plot_rises_where_an_effect_scales_times_and_is_flat_where_it_shifts_them():
    base = np.random.default_rng(2).lognormal(6, 0.3, 2000)
    for hard, slope in ((base + 40, 0.0), (base * 1.1, 0.1 / 1.05)):
        rows = [*timed(base, kind=0), *timed(hard, kind=1)]
        x, y = delta_plot([rows], "kind", 0, 1, 5)
        assert np.polyfit(x, y, 1)[0] == pytest.approx(slope, abs=1e-6)


def test_accuracy_by_time_has_all_trials():
    rows = [*timed(range(100, 200), False), *timed(range(200, 400))]
    found = conditional_accuracy(rows, 3)
    assert [point.value for point in found] == [0, 1, 1]
    assert sum(point.n for point in found) == 300
    with pytest.raises(ValueError, match="n = 0"):
        conditional_accuracy(rows, 0)


# -- choices ---------------------------------------------------------------------------------------


def test_the_share_of_the_sure_option_is_of_trials_that_offer_it():
    told = [(0.0, 1, 3), (0.0, 1, 1), (0.0, 0, 2), (50.0, 1, 2), (50.0, 1, None)]
    rows = [
        row(k, conditions={"coh": coh, "wager": wager}, response=response)
        for k, (coh, wager, response) in enumerate(told)
    ]
    found = share_of(rows, "coh", 3, where={"wager": 1})
    assert [(q.level, q.value, q.n) for q in found] == [(0, 0.5, 2), (50, 0, 1)]


def two_step(learner, trials=4000, seed=0):
    """Rows of a subject of the two-step task, with chances of reward that do not change."""
    rng, rows, choice = np.random.default_rng(seed), [], 1
    for k in range(trials):
        common = rng.random() < 0.7
        paid = rng.random() < 0.5
        rows.append(
            row(
                k, response=1, reward=float(paid),
                answers=[{"response": choice, "transition": "common" if common else "rare"}],
            )
        )  # fmt: skip
        stays = rng.random() < learner(common, paid)
        choice = choice if stays else 3 - choice
    return rows


def test_stay_probabilities_tell_model_free_from_model_based():
    free = stay(two_step(lambda common, paid: 0.8 if paid else 0.5))
    assert free.reward_effect == pytest.approx(0.3, abs=0.04)
    assert free.interaction == pytest.approx(0, abs=0.06)
    based = stay(two_step(lambda common, paid: 0.8 if paid == common else 0.5))
    assert based.reward_effect == pytest.approx(0, abs=0.04)
    assert based.interaction == pytest.approx(0.6, abs=0.06)
    assert based.common_rewarded.low < 0.8 < based.common_rewarded.high
    with pytest.raises(ValueError, match="no transition"):
        stay([row(0), row(1)])


def test_trials_follow_each_other_within_a_run_only():
    rows = [row(0), row(1), row(2, response=None), row(3, correct=False), row(4, response=2)]
    rows += [row(5, run="b"), row(0, run="c"), row(2, run="c")]
    found = repetition(rows)
    assert (found["after correct"].n, found["after correct"].value) == (1, 1)
    assert (found["after error"].n, found["after error"].value) == (1, 0)


def test_history_finds_the_weights_of_a_subject():
    rng, weights = np.random.default_rng(4), {"bias": 0.3, "correct 1": 0.8, "error 1": -0.5}
    rows, before = [], (0.0, 0.0)
    for k in range(6000):
        truth, level = int(rng.integers(2)), float(rng.choice([0.0, 0.5, 1.0]))
        drive = 2.0 * level * (2 * truth - 1) + weights["bias"]
        drive += weights["correct 1"] * before[0] + weights["error 1"] * before[1]
        second = rng.random() < special.expit(drive)
        right = second == truth
        before = (1.0 if second else -1.0) * right, (1.0 if second else -1.0) * (not right)
        told = {"ground_truth": truth, "coh": level}
        rows.append(row(k, response=1 + int(second), correct=bool(right), conditions=told))
    found = history(rows, (1, 2), 2, "coh", "ground_truth")
    expected = {**weights, "coh": 2.0, "correct 2": 0.0, "error 2": 0.0}
    for name, value, error in zip(found.names, found.values, found.errors, strict=True):
        assert value == pytest.approx(expected[name], abs=4 * error), name
        assert error < 0.12
    with pytest.raises(ValueError, match="lags = 0"):
        history(rows, (1, 2), 0)


def test_a_logistic_regression_is_that_of_scipy_and_is_refused_where_there_is_none():
    rng = np.random.default_rng(6)
    x = np.column_stack([np.ones(300), rng.normal(size=(300, 2))])
    for _ in range(SETS):
        y = rng.random(300) < special.expit(x @ rng.normal(size=3))
        found = logistic(x, y, ("a", "b", "c"))
        loss = lambda w, y=y: np.logaddexp(0, -(2 * y - 1) * (x @ w)).sum()  # noqa: E731
        np.testing.assert_allclose(found.values, optimize.minimize(loss, np.zeros(3)).x, atol=1e-3)
    assert "tell all" in logistic(x, x[:, 1] > 0, "abc")
    assert "follow from" in logistic(x[:, [0, 1, 1]], y, "abc")
    assert "too few" in logistic(x[:2], y[:2], "abc")
    with pytest.raises(ValueError, match="2 names"):
        logistic(x, y, "ab")


def test_a_bias_is_found_in_each_block():
    rng, rows = np.random.default_rng(8), []
    for k in range(4000):
        block, truth = int(rng.integers(2)), int(rng.integers(2))
        coh = float(rng.choice([0.0, 6.0, 12.0, 25.0]))
        level = coh * (2 * truth - 1)
        second = rng.random() < special.expit((level - (-6, 6)[block]) / 5)
        told = {"ground_truth": truth, "coh": coh, "block": block}
        rows.append(row(k, response=1 + int(second), conditions=told))
    first, second = by_block(rows, "coh", "block", "ground_truth", 2)
    assert (first.block, second.block) == (0, 1)
    assert (first.fit.threshold, second.fit.threshold) == pytest.approx((-6, 6), abs=1.2)


# -- lines -----------------------------------------------------------------------------------------


def test_a_line_is_that_of_scipy():
    rng = np.random.default_rng(9)
    for _ in range(SETS):
        x = rng.uniform(0, 10, 30)
        y = 2 + 0.5 * x + rng.normal(size=30)
        found, theirs = line(x, y), stats.linregress(x, y)
        half = stats.t.ppf(0.975, 28) * theirs.stderr
        assert (found.slope, found.intercept) == pytest.approx((theirs.slope, theirs.intercept))
        assert found.slope_interval == pytest.approx((theirs.slope - half, theirs.slope + half))
        other = stats.t.ppf(0.975, 28) * theirs.intercept_stderr
        assert found.intercept_interval[1] == pytest.approx(theirs.intercept + other)
    assert "too few" in line([1, 1, 1], [1, 2, 3])


def test_produced_intervals_regress_to_the_mean_and_error_is_bias_and_variability():
    rng = np.random.default_rng(10)
    samples = np.repeat([500.0, 600, 700, 800, 900], 200)
    made = 700 + 0.6 * (samples - 700) + rng.normal(0, 30, samples.size)
    rows = [
        row(k, conditions={"measure": s / 1.5, "gain": 1.5}, produced_ms=m)
        for k, (s, m) in enumerate(zip(samples, made, strict=True))
    ]
    found = production([*rows, row(9999, conditions={})], "measure", "gain")
    low, high = found.line.slope_interval
    assert low < found.line.slope < high < low + 0.1
    assert found.line.slope == pytest.approx(0.6, abs=0.03)
    assert found.indifference == pytest.approx(700, abs=10)
    assert found.variability == pytest.approx(30, abs=2)
    total = np.mean((made - samples) ** 2)
    assert found.bias**2 + found.variability**2 == pytest.approx(total, rel=0.01)


def test_a_search_slope_is_in_ms_an_item():
    rows = []
    for present in (0, 1):
        for n in (4, 8, 16):
            for k in range(20):
                told = {"set_size": n, "present": present}
                rt = 450.0 + (25 if present else 50) * n + (-1) ** k * 10
                rows.append(row(k, conditions=told, rt_ms=rt))
        rows.append(row(99, conditions={"set_size": 4, "present": present}, correct=False))
    for present, slope in ((1, 25), (0, 50)):
        found = search_slope(rows, where={"present": present})
        assert found.slope == pytest.approx(slope)
        assert found.intercept == pytest.approx(450)
        assert found.n == 60


# -- kernels ---------------------------------------------------------------------------------------


def test_a_kernel_has_the_shape_of_the_weights():
    rng, weights = np.random.default_rng(11), np.array([2.0, 1.5, 1.0, 0.5, 0.0])
    strength = rng.choice([-0.5, 0.0, 0.5], 6000)
    evidence = rng.normal(size=(6000, 5)) + strength[:, None]
    chosen = evidence @ weights + rng.normal(size=6000) > 0
    evidence[rng.random(6000) < 0.3, 4] = np.nan  # cut off
    found = average(evidence, chosen, strength, 100.0)
    assert np.corrcoef(found.weight, weights)[0, 1] > 0.99
    assert found.weight[4] == pytest.approx(0, abs=4 * found.error[4])
    assert found.ms.tolist() == [0, 100, 200, 300, 400]
    assert found.n[4] < found.n[0] == 6000


def test_the_kernel_of_rows_tells_when_an_agent_looked():
    """An agent that is told of the first half of a stimulus alone."""

    class Early:
        def begin(self, env, rng):
            self.env, self.total, self.rng = env, 0.0, rng

        def act(self, ob):
            if not self.env.window_open:
                self.total += (ob[2] - ob[1]) * (self.env.t_ind < 11)
                return 0
            return 1 + (self.total > 0)

    rows = ngym.rollout("PerceptualDecisionMaking", Early(), 400, seed=1, cohs=[6.4])
    found = kernel(rows, "stimulus", (1, 2), (1, 2))
    first, second = found.weight[:9], found.weight[11:]
    assert (first > 0).all()
    assert first.mean() > 5 * found.error[:9].mean() / np.sqrt(first.size)
    assert abs(second.mean()) < 4 * found.error[11:].mean() / np.sqrt(second.size)
    with pytest.raises(ValueError, match="no period 'stimulu'"):
        kernel(rows, "stimulu", (1, 2), (1, 2))
    with pytest.raises(ValueError, match="no channels 'light'"):
        kernel(rows, "stimulus", ("light", "fixation"), (1, 2))
    with pytest.raises(ValueError, match="never given"):
        kernel(rows, "stimulus", (1, 2), (1, 7))


def test_names_are_those_that_papers_use():
    assert sorted(analysis.__all__) == analysis.__all__
    assert all(hasattr(analysis, name) for name in analysis.__all__)


def test_the_page_on_analysis_runs_and_names_all_there_is(capsys):
    text = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text(encoding="utf-8")
    exec(text.partition("```python\n")[2].partition("```")[0], {})
    assert "lapse 0." in capsys.readouterr().out
    functions = [name for name in analysis.__all__ if name[0].islower()]
    assert [name for name in functions if f"`{name}" not in text] == ["line", "produced"]
