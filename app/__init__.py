"""The Panel app: `panel serve app` runs main.py."""
