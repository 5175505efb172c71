"""The request of a delivery: its body, and its headers with the signature of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from mockserver.contract.webhooks.expressions import Absent, write_body
from mockserver.engine.clock import wall
from mockserver.engine.deliveries.delivery import WebhookDelivery
from mockserver.errors import Refusal, summarize_violations
from mockserver.http.webhooks.hops import HOPS_HEADER
from mockserver.http.webhooks.sending import CannotSend, OutgoingRequest
from mockserver.syntax import strict_json
from mockserver.version import __version__


class SignedMessage(NamedTuple):
    """What a signature is about (Standard Webhooks, "Signature scheme"); `timestamp` is in seconds since 1970."""

    id: str
    timestamp: int
    body: bytes

    def signature(self, key: bytes) -> str:
        """The value of `webhook-signature`."""
        content = f"{self.id}.{self.timestamp}.".encode() + self.body
        return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def compose(delivery: WebhookDelivery, *, strict: bool) -> OutgoingRequest:
    """The request of the next attempt. Raises CannotSend where the body violates the schema, if that is `strict`."""
    webhook, state = delivery.webhook, delivery.state
    if state.body is None:
        state.body = _write_body(delivery, strict=strict)
    # Receivers compare it with their own clock, so it is not the run's.
    message = SignedMessage(state.id, wall() // 1_000, state.body)
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", f"mockserver/{__version__}"),
        *webhook.headers,
        ("webhook-id", message.id),
        ("webhook-timestamp", str(message.timestamp)),
        ("X-Mock-Sandbox", delivery.sandbox),
        (HOPS_HEADER, str(state.hops + 1)),
    ]
    if webhook.secret is not None:
        headers.append(("webhook-signature", message.signature(webhook.secret)))
    return OutgoingRequest(webhook.method, state.url, tuple(headers), message.body)


def _write_body(delivery: WebhookDelivery, *, strict: bool) -> bytes:
    webhook = delivery.webhook
    try:
        content = delivery.content()
        if content is None:
            raise CannotSend("the process that was to send it has ended, and its event is forgotten", is_final=True)
        body = write_body(webhook.body, content)
    except Absent:
        body = None
    except Refusal as refusal:
        raise CannotSend(f"{refusal.code}: {refusal.detail}", is_final=True) from None
    if strict and webhook.validator is not None and not webhook.validator.is_valid(body):
        violations = webhook.validator.violations(body, "body")
        raise CannotSend(summarize_violations("contract-violation: the body", violations), is_final=True)
    return strict_json.dump(body)
