"""A mock API server that serves from files, keeps state, and never breaks the contract."""

__version__ = "0.1.0"
