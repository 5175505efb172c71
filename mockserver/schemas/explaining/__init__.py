"""Says where a value violates its schema, and why, in words. Imported only when there is something to explain."""
