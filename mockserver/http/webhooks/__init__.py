"""Sends webhooks: the requests that the server itself makes."""
