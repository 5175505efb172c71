"""The state of a run as an immutable value: tables of records, what falls due, idempotency keys."""
