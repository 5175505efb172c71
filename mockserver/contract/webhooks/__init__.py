"""Webhooks: which changes of records are sent, to which URL, and what the body is."""
