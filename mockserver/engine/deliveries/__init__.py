"""Deliveries of webhooks: what is to be sent, when, and what has become of it."""
