"""A recurrent agent learns random dots from rewards; it sees its last action and reward.

Needs sb3-contrib (`pip install -e '.[agents]'`); takes about 40 s.
"""

import numpy as np
from sb3_contrib import RecurrentPPO

import neurogym as ngym
from neurogym.envs.sb3 import vec_env

TASK = "PerceptualDecisionMaking"
PARAMS = {
    "timing": {"stimulus": 500, "decision": 300},
    "stack": [{"PassReward": {}}, {"PassAction": {}}],
}


def train(steps: int = 40_000) -> RecurrentPPO:
    """A model that learned for so many steps."""
    env = vec_env(TASK, 32, seed=1, max_episode_steps=100, **PARAMS)
    model = RecurrentPPO(
        "MlpLstmPolicy", env, n_steps=32, batch_size=512, n_epochs=5, learning_rate=3e-3, seed=1,
        gamma=0.9, policy_kwargs={"lstm_hidden_size": 32},
    )  # fmt: skip
    return model.learn(steps)


def performance(model: RecurrentPPO, trials: int = 400, **params) -> float:
    """Share of trials with the right choice."""
    rows = ngym.rollout(TASK, model, trials=trials, seed=2, **PARAMS, **params)
    return float(np.mean([row["correct"] for row in rows]))


if __name__ == "__main__":
    model = train()
    print(f"all coherences: {performance(model):.0%} right")
    print(f"coherence 51.2 %: {performance(model, cohs=[51.2]):.0%} right")
