"""Requests that are deliveries of this server's own webhooks."""

from __future__ import annotations

from mockserver.errors import Refusal


class WebhookLoop(Refusal):
    """A webhook leads back to this server: `hops` deliveries in a row have led to this request."""

    code = "webhook-loop"

    def __init__(self, hops: int) -> None:
        super().__init__(
            f"{hops} deliveries of webhooks have led to this request, each by a change that the one before it made. "
            "Send the webhook elsewhere, or for other changes: see `to` and `on` in resources.yaml.",
            hops=hops,
        )
