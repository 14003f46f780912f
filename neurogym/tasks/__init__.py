"""The task library: one family a file. Every Task class in it is registered as <name>-v0."""
