import numpy as np
import pytest

import neurogym as ngym
from neurogym.wrappers import WRAPPERS


def test_truncated_exponentials_lie_within_and_have_their_mean():
    length = ngym.utils.TruncExp(300, 80, 1500)
    length.seed(1)
    drawn = np.array([length() for _ in range(20_000)])
    assert 80 <= drawn.min() < 85
    assert 1300 < drawn.max() <= 1500
    span = (1500 - 80) / 300
    mean = 80 + 300 - (1500 - 80) / np.expm1(span)  # of an exponential cut on both sides
    assert abs(drawn.mean() - mean) < 4 * drawn.std() / drawn.size**0.5
    length.seed(1)
    assert length() == drawn[0]
    assert ngym.utils.trunc_exp(np.random.RandomState(0), 5, 1, 9) >= 1
    for wrong in ((0, 1, 2), (300, 5, 2)):
        with pytest.raises(ValueError, match="not a duration"):
            ngym.utils.TruncExp(*wrong)


def test_a_classic_timing_takes_one():
    class Task(ngym.PeriodEnv):
        def __init__(self, dt=10):
            super().__init__(dt=dt)
            self.timing = {"fixation": ngym.utils.TruncExp(100, 50, 300), "decision": 50}
            self.observation_space = ngym.spaces.Box(-1, 1, shape=(1,), dtype=np.float32)
            self.action_space = ngym.spaces.Discrete(2)

        def new_trial(self, **kwargs):
            self.add_period(["fixation", "decision"])
            self.add_ob(1, "fixation")
            self.set_groundtruth(1, "decision")
            return {}

        def _step(self, action):
            return self.ob_now, 0, False, {"new_trial": False, "gt": self.gt_now}

    def lengths(env):
        env.reset(seed=3)
        return [env.new_trial() or env.tmax for _ in range(30)]

    assert lengths(Task()) == lengths(Task())
    assert len(set(lengths(Task()))) > 5


def test_lengths_of_trials_are_counted():
    stats = ngym.make("GoNogo").unwrapped.trial_length_stats(50)
    assert stats == {"mean": 15, "std": 0, "percentile_95": 15, "max": 15}
    env = ngym.make("ContextDecisionMaking").unwrapped
    env.reset(seed=1)
    before = env.trial
    stats = env.trial_length_stats(2000)
    assert env.trial == before
    assert 11 < stats["mean"] < stats["percentile_95"] < stats["max"] <= 41
    with pytest.raises(ValueError, match="at least 1"):
        env.trial_length_stats(0)


def test_info_is_printed_and_returned(capsys):
    told = ngym.info.show_info("GoNogo")
    assert capsys.readouterr().out == told + "\n"
    assert (
        ngym.info.show_info(ngym.make("GoNogo", dt=20)).partition("\n")[2]
        == told.partition("\n")[2]
    )
    assert "Staircase" in ngym.info.show_all_wrappers()
    assert len(ngym.info.show_all_wrappers().splitlines()) == len(WRAPPERS)
    assert len(ngym.info.show_all_tasks().splitlines()) == len(ngym.all_envs())
    assert ngym.info.show_all_tasks("value").startswith(ngym.all_envs("value")[0])
    assert {line.partition(":")[0] for line in ngym.info.show_all_tags().splitlines()} == set(
        ngym.all_tags()
    )
    assert "Differences" in ngym.info.show_info("ReadySetGo")
    with pytest.raises(ValueError, match="did you mean 'GoNogo-v0'"):
        ngym.info.show_info("GoNogoo")
