"""Pictures of tasks and of what subjects did."""
