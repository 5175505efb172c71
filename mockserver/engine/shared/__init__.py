"""Sandboxes whose state is kept in Redis, shared by several processes or hosts (`--store`)."""
