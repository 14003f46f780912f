"""Who plays: agents, rollouts, and what watches them."""

from neurogym.subjects.agents import (
    AGENTS,
    ConfidenceObserver,
    Integrator,
    IntervalObserver,
    Model,
    Oracle,
    Policy,
    QLearner,
    RandomAgent,
    SignalDetector,
    TwoStepLearner,
    WinStayLoseShift,
    agent,
    fits,
    register_agent,
)

__all__ = [
    "AGENTS",
    "ConfidenceObserver",
    "Integrator",
    "IntervalObserver",
    "Model",
    "Oracle",
    "Policy",
    "QLearner",
    "RandomAgent",
    "SignalDetector",
    "TwoStepLearner",
    "WinStayLoseShift",
    "agent",
    "fits",
    "register_agent",
]
