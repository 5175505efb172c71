"""JSON Schema: validators, error messages, readOnly and writeOnly by direction, and the types that a schema allows."""
