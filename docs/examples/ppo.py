"""PPO learns go/no-go from rewards; it remembers the cue since it sees the last steps at once.

Needs Stable-Baselines3 (`pip install -e '.[agents]'`); takes about 15 s.
"""

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv, VecFrameStack

from neurogym.envs.sb3 import vec_env


def environments(n: int, seed: int) -> VecEnv:
    """Trials as episodes, of 15 steps at most; all that was seen in a trial is an observation."""
    return VecFrameStack(vec_env("GoNogo", n, seed=seed, trials=1), n_stack=15)


def train(steps: int = 60_000) -> PPO:
    """A model that learned for so many steps."""
    env = environments(16, seed=1)
    model = PPO("MlpPolicy", env, n_steps=128, batch_size=512, learning_rate=1e-3, seed=1)
    return model.learn(steps)


def performance(model: PPO, trials: int = 500) -> float:
    """Share of trials with the right answer, over fresh ones."""
    env, done = environments(16, seed=1000), []
    ob = env.reset()
    while len(done) < trials:
        actions, _ = model.predict(ob, deterministic=True)
        ob, _, _, infos = env.step(actions)
        done += [info["performance"] for info in infos if info["new_trial"]]
    return float(np.mean(done))


if __name__ == "__main__":
    print(f"untrained: {performance(train(0)):.0%} right")
    print(f"trained: {performance(train()):.0%} right")
