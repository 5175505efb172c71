"""Sends the callbacks of an operation that has succeeded."""

from __future__ import annotations

import logging
from typing import Any

from mockserver import generate
from mockserver.contract.runtime_expressions import RequestValues, as_text, request_value
from mockserver.contract.webhooks.callbacks import Callback
from mockserver.contract.webhooks.reader import URL_LIMIT
from mockserver.engine.deliveries.delivery import DeliveryState, delivery_id
from mockserver.errors import CannotGenerate
from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request.guard import may_lead_to_requests
from mockserver.http.response import text_bodies
from mockserver.http.response.samples import repaired_example
from mockserver.openapi.model import Operation
from mockserver.syntax import json_pointer, strict_json, words
from mockserver.syntax.http.media_types import JSON, is_json

log = logging.getLogger("mockserver")
OF_RESPONSE, OF_HEADER, OF_BODY = "$response.", "$response.header.", "$response.body"


def send_callbacks(exchange: Exchange, response: Response) -> None:
    """Send the callbacks of an operation once its response has left.

    Pages of other sites may call the API, but must not make the server send requests to other local services.
    """
    operation = exchange.operation
    if operation is None or exchange.prepared.route.is_control or not 200 <= response.status < 300:
        return
    callbacks = exchange.service.contract.callbacks.get(operation.id, ())
    is_repeated = response.header("Idempotency-Replayed") is not None
    if not callbacks or is_repeated or response.upstream is not None or exchange.prepared.call is None:
        return
    if not may_lead_to_requests(exchange.service, exchange.request):
        return
    selection, values = exchange.selection, _request_values(exchange)
    run = selection.begun_run
    now = run.timeline.now if run is not None else selection.sandbox.now(selection.scenario)
    body = _json_body(response)
    # Of requests that are responded to at once, each has another number.
    request_number = response.entry.number if response.entry is not None else selection.sandbox.journal.count
    for number, callback in enumerate(callbacks):
        url = callback.webhook.url.fill(lambda expression: as_text(_value(expression, values, response, body)))
        if url is None:
            continue
        known_values = {**_members(values.body), **_members(body), **_key_of(operation, body)}
        content, content_type = _write_body(exchange, callback, known_values)
        generation = run.generation if run is not None else 0
        name = callback.webhook.name
        state = DeliveryState(
            id=delivery_id(selection.sandbox.name, selection.scenario, generation, name, request_number, number),
            webhook=name,
            resource=None,
            event=operation.id,
            key=None,
            url=url[: URL_LIMIT + 1],  # one that is longer is not sent
            scenario=selection.scenario,
            number=0,
            event_id="",
            hops=exchange.prepared.hops,
            next_attempt=now,
            body=content,
            content_type=content_type,
        )
        selection.sandbox.deliver_once(state, callback.webhook, now)


def _request_values(exchange: Exchange) -> RequestValues:
    call, request = exchange.call, exchange.request
    return RequestValues(request.method, call.path, call.query, request.header, call.body, request.url)


def _json_body(response: Response) -> Any:
    if response.media_type is None or not is_json(response.media_type):
        return None
    try:
        return strict_json.parse(response.body)
    except strict_json.MalformedJSON:
        return None


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _key_of(operation: Operation, body: Any) -> dict[str, Any]:
    """The `id` in the response, by the names that other schemas use for it: `order_id` for `/orders`."""
    literals = [segment for segment in operation.route.split("/") if segment and "{" not in segment]
    if not literals or not isinstance(body, dict) or "id" not in body:
        return {}
    return {f"{name}_id": body["id"] for name in words.singular_forms(literals[-1])}


def _value(expression: str, request: RequestValues, response: Response, body: Any) -> Any:
    """The value of an expression. Raises LookupError."""
    if expression == "$statusCode":
        return response.status
    if expression.startswith(OF_HEADER):
        return response.header(expression.removeprefix(OF_HEADER))
    if expression.startswith(OF_RESPONSE):
        return json_pointer.resolve(body, expression.removeprefix(OF_BODY).removeprefix("#"))
    return request_value(expression, request)


def _write_body(exchange: Exchange, callback: Callback, known_values: dict[str, Any]) -> tuple[bytes, str]:
    """The first example of the body, or a value with the members of the request and the response that it has, too."""
    media = callback.media
    if media is None:
        return b"", ""
    contract = exchange.service.contract
    schemas = media.validator.schemas if media.validator is not None else contract.schemas
    seed = f"{exchange.seed}/{callback.webhook.name}"
    generator = generate.Generator.seeded(contract.documents, schemas, seed, known_values=known_values)
    kind = media.name if "*" not in media.name else JSON
    try:
        value = None
        if media.examples:
            value = repaired_example(generator, media, *next(iter(media.examples.items())))
        elif media.schema is not None:
            value = generator.generate(media.schema)
    except CannotGenerate as error:
        log.warning("the callback %s is sent without a body: %s", callback.webhook.name, error.reason)
        return b"", ""
    content, content_type, _ = text_bodies.write(value, kind, media)
    return content, content_type
