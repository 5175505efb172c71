"""Sockets: uvicorn with a protocol class that answers inline. Knows WSGI, and nothing of what it serves."""
