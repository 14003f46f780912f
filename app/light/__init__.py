"""Light pages: static files and a socket, with nothing of Panel, for those who choose and play."""
