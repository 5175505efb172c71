"""Responses that stay open: the events of a run, as server-sent events and as messages of a WebSocket."""
