"""Figures that only the studio draws."""
