"""What a function of `handlers.py` works with, and how it is called."""
