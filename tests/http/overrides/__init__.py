"""Overrides over HTTP."""
