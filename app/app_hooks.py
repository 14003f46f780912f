"""Bokeh runs this when it makes the app, before the server: so the light pages are served too."""

from bokeh.settings import settings

from app.light.routes import install

settings.perform_error_diagnostics = False  # signatures of callbacks: a sixth of a page's cost
install()
