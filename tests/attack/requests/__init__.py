"""Requests that are malformed, ambiguous or unusual."""
