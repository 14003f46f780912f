"""Networks for perceptual decisions, as in a course: task, data, training, choices, activity.

Needs PyTorch (`pip install -e '.[agents]'`); takes about 10 s.
"""

import numpy as np
from supervised_pytorch import Net, fit

import neurogym as ngym
from neurogym.records import measures
from neurogym.utils import plot_env, plot_psychometric
from neurogym.wrappers import Monitor

TASK, COHERENCES = "PerceptualDecisionMaking", [0, 6.4, 12.8, 25.6, 51.2]
PARAMS = {"dt": 50, "cohs": COHERENCES, "timing": {"stimulus": 500, "decision": 100}}


def train(batches: int = 300, units: int = 32) -> Net:
    """A small network that learned the task from batches of labelled trials."""
    dataset = ngym.Dataset(TASK, PARAMS, batch_size=32, seq_len=60, seed=1, details=True)
    return fit(dataset, batches, units)


def played(net: Net, trials: int = 600) -> tuple[list[dict], list[np.ndarray]]:
    """The rows of trials that the network plays, and its activity in each, (T, units)."""
    monitor = Monitor(ngym.make(TASK, **PARAMS), name="net", verbose=False)
    monitor.record_activations(net.rnn, "rnn", max_trials=trials)
    ob, _ = monitor.reset(seed=2)
    while monitor.num_trials < trials:
        net.begin(monitor, None)
        over = False
        while not over:
            ob, *_, info = monitor.step(net.act(ob))
            over = info["new_trial"]
    return monitor.activation_rows["rnn"], monitor.activations["rnn"]


def evidence(row: dict) -> float:
    """The motion coherence of a trial in %, negative for motion that asks for choice 2."""
    return row["conditions"]["coh"] * (1 if row["conditions"]["ground_truth"] == 0 else -1)


def choices(rows: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """The evidence of each trial, and whether choice 1 was made; NaN without a choice."""
    made = [np.nan if row["response"] is None else row["response"] == 1 for row in rows]
    return np.array([evidence(row) for row in rows]), np.array(made, float)


def activity_by_condition(
    rows: list[dict], activity: list[np.ndarray], steps: int = 12
) -> dict[float, np.ndarray]:
    """Mean activity (steps, units) of the trials with each evidence, in their first steps."""
    found = {}
    for level in sorted({evidence(row) for row in rows}):
        some = [a[:steps] for row, a in zip(rows, activity, strict=True) if evidence(row) == level]
        found[level] = np.mean([a for a in some if len(a) == steps], axis=0)
    return found


def choice_axis(means: dict[float, np.ndarray]) -> np.ndarray:
    """The direction (units,) in which the activity of the two strongest conditions differs."""
    axis = means[max(means)][-1] - means[min(means)][-1]
    return axis / np.linalg.norm(axis)


if __name__ == "__main__":
    net = train()
    rows, activity = played(net)
    for point in measures.psychometric(rows, "coh"):
        print(f"coherence {point.level:4.1f} %: {point.value:.0%} right")
    means = activity_by_condition(rows, activity)
    axis = choice_axis(means)
    for level, mean in means.items():
        print(f"evidence {level:+6.1f} %: {mean[-1] @ axis:+.2f} along the axis of choice")
    plot_env(ngym.make(TASK, **PARAMS), num_trials=4, model=net, fname="course_trials.html")
    plot_psychometric(*choices(rows), title="choices", fname="course_choices.html")
