"""Who plays: agents, rollouts, and what watches them."""
