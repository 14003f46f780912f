"""Widgets for declared parameters."""
