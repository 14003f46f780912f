"""The views of the studio."""
