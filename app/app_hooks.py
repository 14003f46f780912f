"""Bokeh runs this when it makes the app, before the server: so the light pages are served too."""

from app.light.routes import install

install()
