"""Entry point of `panel serve app`."""

from app.studio import serve

serve()
