"""Python of a contract: what `handlers.py` is written with, how it is imported, and the threads that it runs on."""
