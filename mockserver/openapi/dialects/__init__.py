"""Translates what is particular to the schemas of OpenAPI, and of older drafts, to JSON Schema 2020-12."""
