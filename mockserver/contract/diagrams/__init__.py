"""Diagrams of lifecycles."""
