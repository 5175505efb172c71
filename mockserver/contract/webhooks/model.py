"""A webhook as it is declared."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.runtime_expressions import RequestValues
from mockserver.contract.webhooks.expressions import UrlTemplate, evaluate_request
from mockserver.schemas.validators import Validator

SECRET_PREFIX = "whsec_"


class Webhook(Struct, frozen=True):
    """Which changes of records are sent, and how.

    `events` holds the resources and the names of their changes. The part of `url` that is about a request is evaluated
    by the operations in `subscribed_by`, by operationId, or, if there are none, by each that creates a record. `body`
    may contain references to the event, and `validator` is for it, where the document declares the webhook. `secret` is
    the key of the signature.
    """

    name: str
    events: frozenset[tuple[str, str]]
    url: UrlTemplate
    body: Any
    secret: bytes | None = None
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    validator: Validator | None = None
    subscribed_by: frozenset[str] = frozenset()


def subscriptions_by(operation: str, resource: str, webhooks: Iterable[Webhook], *, creates: bool) -> tuple[str, ...]:
    """The expressions that an operation evaluates, for the record of a resource that it creates or changes."""
    expressions = (
        webhook.url.of_request
        for webhook in webhooks
        if any(name == resource for name, _ in webhook.events)
        and (operation in webhook.subscribed_by if webhook.subscribed_by else creates)
    )
    return tuple(dict.fromkeys(text for texts in expressions for text in texts))


def subscriptions_of(operation: str, behaviour: Behaviour, webhooks: Iterable[Webhook]) -> tuple[str, ...]:
    """The expressions that an operation with a behaviour evaluates."""
    return subscriptions_by(operation, behaviour.resource, webhooks, creates=behaviour.kind == "create")


def subscribe(expressions: Iterable[str], request: RequestValues) -> Mapping[str, str]:
    """The value of each expression that has one."""
    values = {text: evaluate_request(text, request) for text in expressions}
    return {text: value for text, value in values.items() if value is not None}


def read_secret(text: str) -> bytes:
    """The key of a secret such as `whsec_bW9jay1zZWNyZXQ=` (Standard Webhooks). Raises ValueError."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key or not text.startswith(SECRET_PREFIX):
        raise ValueError(f"a secret is {SECRET_PREFIX} and a key in base64, such as whsec_bW9jay1zZWNyZXQ=")
    return key
