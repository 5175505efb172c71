"""A client of the control API, for tests in Python. It imports nothing of the server."""
