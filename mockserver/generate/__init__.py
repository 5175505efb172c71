"""Values for JSON Schemas: from examples, constants and defaults where given, otherwise generated from a seed."""
