"""Several answers in one trial: each has its own onset and response time."""

import numpy as np
import pytest

import neurogym as ngym
from neurogym.records import trial_table
from neurogym.subjects.monitor import Monitor


class Late:
    """Does what is right so many ms after the onset of each period in which an answer is due."""

    def __init__(self, **after):
        self.after = after

    def begin(self, env, rng):
        self.env = env

    def act(self, ob):
        env = self.env
        for name, start, stop in env.periods:
            if start <= env.t_ind < stop and name in self.after:
                waited = (env.t_ind - start) * env.dt >= self.after[name]
                return int(env.gt_now) if waited else 0
        return 0


def test_the_response_time_is_that_of_the_last_answer_whatever_lies_before_it():
    agent = Late(rule_target=300, decision=200)
    rows = ngym.rollout("HierarchicalReasoning", agent, 50, seed=1, dt=10)
    assert {row["rt_ms"] for row in rows} == {200.0}  # delays differ from trial to trial
    for row in rows:
        first, last = row["answers"]
        assert (first["name"], first["rt_ms"]) == ("rule_target", 300)
        assert (last["name"], last["rt_ms"]) == ("decision", 200)
        assert last["response"] == row["response"]
        assert first["correct"]
        assert last["correct"]
    wait = ngym.make("HierarchicalReasoning", dt=10)
    monitored = Monitor(wait)
    ob, _ = monitored.reset(seed=1)
    agent.begin(wait.unwrapped, None)
    while monitored.num_trials < 5:
        ob, *_ = monitored.step(agent.act(ob))
    names = ("rt_ms", "answers", "response")
    for row, other in zip(monitored.rows, rows, strict=False):
        assert [row[name] for name in names] == [other[name] for name in names]


@pytest.mark.parametrize("agent", ["oracle", "random"])
def test_each_answer_of_a_dual_task_is_right_or_wrong_by_itself(agent):
    seen = set()
    for row in ngym.rollout("DualTask", agent, 60, seed=2):
        conditions, answers = row["conditions"], {a["name"]: a for a in row["answers"]}
        due = {
            "gng": conditions["distractor"] == conditions["block_trial"] // 1000 % 2,
            "decision": conditions["ground_truth"] == 1,
        }
        for name, answer in answers.items():
            assert answer["correct"] == (due[name] == (answer["response"] is not None))
            assert (answer["rt_ms"] is None) == (answer["response"] is None)
        seen.add(tuple(answer["correct"] for answer in answers.values()))
        assert row["correct"] == (len(answers) == 2 and all(a["correct"] for a in answers.values()))
    assert seen == {(True, True)} if agent == "oracle" else len(seen) == 4


def test_two_steps_tell_the_way_and_both_choices():
    agent = Late(stage1=120, stage2=340)
    rows = ngym.rollout("DawTwoStep", agent, 400, seed=3, preset="human", dt=20)
    env, common = ngym.make("DawTwoStep", preset="human", dt=20).unwrapped, []
    for row in rows:
        first, second = row["answers"]
        assert (row["response"], row["rt_ms"]) == (first["response"], 120)
        assert (first["rt_ms"], second["rt_ms"]) == (120, 340)
        led = int(trial_table.replay(row, env).ob[-1, 3]) + 1
        assert first["state"] == led
        assert first["transition"] == ("common" if led == first["response"] else "rare")
        common.append(first["transition"] == "common")
        chance = row["conditions"][f"chance{led}{second['response']}"]
        assert row["reward"] == float(row["conditions"]["luck"] < chance)
    assert np.mean(common) == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / 400))


def test_answers_of_tasks_that_take_turns_have_the_actions_of_the_whole():
    stack = [{"ScheduleEnvs": {"tasks": [{"task": "DawTwoStep"}], "block_dur": 1}}]
    rows = ngym.rollout("PerceptualDecisionMaking", "oracle", 12, seed=1, stack=stack)
    several = [row for row in rows if row["answers"]]
    assert 0 < len(several) < len(rows)
    for row in several:
        assert [answer["name"] for answer in row["answers"]] == ["stage1", "stage2"]
        assert row["answers"][0]["response"] == row["response"]
        assert row["answers"][0]["transition"] in ("common", "rare")


def test_each_pattern_that_is_recalled_is_an_answer():
    for agent, right in (("oracle", True), ("random", False)):
        for row in ngym.rollout("MemoryRecall", agent, 20, seed=1, p_recall=0.2):
            names = [answer["name"] for answer in row["answers"]]
            length = row["conditions"]["length"]
            assert names == [f"pattern {k + 1}" for k in range(max(1, int(0.2 * length)))]
            assert all(answer["correct"] == right for answer in row["answers"])


def test_other_trials_have_no_answers():
    assert ngym.rollout("GoNogo", "oracle", 2)[0]["answers"] == []
