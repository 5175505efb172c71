"""Collections inferred from the operations of a bare OpenAPI document (`--stateful`)."""
