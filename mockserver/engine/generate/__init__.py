"""Values for JSON Schemas: from examples, constants and defaults where there are any, else made up, seeded."""
