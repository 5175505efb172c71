"""Converts documents of Swagger 2.0 to OpenAPI 3.0, one module for each part of a document."""
