"""What the library says of its tasks and wrappers."""
