"""Who plays: agents, rollouts, and what watches them."""

from neurogym.subjects.agents import (
    AGENTS,
    Integrator,
    Model,
    Oracle,
    Policy,
    RandomAgent,
    agent,
    register_agent,
)

__all__ = [
    "AGENTS",
    "Integrator",
    "Model",
    "Oracle",
    "Policy",
    "RandomAgent",
    "agent",
    "register_agent",
]
