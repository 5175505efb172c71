"""The request of a delivery: its body, and its headers with the signature of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.runtime_expressions import Absent
from mockserver.contract.webhooks.expressions import write_body
from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.clock import wall
from mockserver.engine.deliveries.delivery import WebhookDelivery
from mockserver.errors import Refusal, Violation, summarize_violations
from mockserver.http.webhooks.hops import HOPS_HEADER
from mockserver.http.webhooks.sending import CannotSend, OutgoingRequest
from mockserver.syntax import strict_json
from mockserver.version import __version__


class SignedMessage(Struct, frozen=True):
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
    # It is forgotten where the delivery is cancelled meanwhile.
    body = state.body
    if body is None:
        body = state.body = _write_body(delivery, strict=strict)
    # Receivers compare it with their own clock, so it is not the run's.
    message = SignedMessage(state.id, wall() // 1_000, body)
    headers = [
        *([("Content-Type", state.content_type)] if state.content_type else ()),
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


def body_of(webhook: Webhook, content: Mapping[str, Any]) -> tuple[Any, list[Violation]]:
    """The body for an event in the form of `as_json`, and where it violates what the document declares."""
    try:
        body = write_body(webhook.body, content)
    except Absent:
        body = None
    validator = webhook.validator
    return body, [] if validator is None or validator.is_valid(body) else validator.violations(body, "body")


def _write_body(delivery: WebhookDelivery, *, strict: bool) -> bytes:
    try:
        content = delivery.content()
    except Refusal as refusal:
        raise CannotSend(f"{refusal.code}: {refusal.detail}", is_final=True) from None
    if content is None:
        raise CannotSend("the process that was to send it has ended, and its event is forgotten", is_final=True)
    body, violations = body_of(delivery.webhook, content)
    if strict and violations:
        raise CannotSend(summarize_violations("contract-violation: the body", violations), is_final=True)
    return strict_json.dump(body)
