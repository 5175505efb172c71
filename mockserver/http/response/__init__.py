"""Builds responses: bodies in the declared media types, samples, problems and headers."""
