"""Reads `schemas/resources.yaml`: resources, the behaviours of operations on them, and channels."""
