"""What there is: tasks by tag, one task in detail, its wrappers, and a picture of a few trials.

Run it as it is; it needs the library alone, and Bokeh for the picture.
"""

import neurogym as ngym
from neurogym.utils import plot_env
from neurogym.wrappers import Monitor, TrialHistory, fitting


def tasks_with(tag: str) -> list[str]:
    """The ids of all tasks with a tag."""
    return ngym.all_envs(tag=tag)


def lengths(id: str, **params) -> dict[str, float]:
    """Mean, SD, 95th percentile and maximum of a task's trials, in steps."""
    return ngym.make(id, **params).unwrapped.trial_length_stats(num_trials=500)


def wrappers_for(id: str) -> list[str]:
    """The wrappers that fit a task with their defaults."""
    return [name for name, why in fitting(ngym.make(id).unwrapped.declared).items() if not why]


def monitored(trials: int = 200) -> dict[str, float]:
    """How an agent at random does in random dots whose answers repeat, as Monitor keeps it."""
    env = TrialHistory(ngym.make("PerceptualDecisionMaking", dt=100), 0.9)
    monitor = Monitor(env, name="random", verbose=False)
    told = monitor.evaluate_policy(num_trials=trials, model="random", seed=1)
    truth = monitor.data_eval["ground_truth"]
    return {
        "performance": told["mean_performance"],
        "repeats": float((truth[1:] == truth[:-1]).mean()),
    }


if __name__ == "__main__":
    ngym.info.show_all_tags()
    ngym.info.show_info("GoNogo")
    print("working memory:", ", ".join(tasks_with("working memory")))
    print("around GoNogo:", ", ".join(wrappers_for("GoNogo")))
    print("steps in a trial:", lengths("GoNogo", timing={"fixation": ("uniform", (100, 900))}))
    print("at random:", monitored())
    plot_env("GoNogo", num_trials=4, model="oracle", fname="browse.html")
