"""The `callbacks` of operations (OpenAPI 3.1, section 4.8.18) that no webhook takes the place of."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct

from mockserver.contract.runtime_expressions import reads_request
from mockserver.contract.webhooks.expressions import UrlTemplate
from mockserver.contract.webhooks.model import Webhook
from mockserver.contract.webhooks.reader import declared_headers
from mockserver.documents.nodes import Node, Unresolved
from mockserver.documents.source import Report
from mockserver.errors import quote
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import MediaType, Operation
from mockserver.openapi.object_types import METHODS
from mockserver.openapi.operations import OperationReader
from mockserver.schemas.validators import Schemas
from mockserver.syntax import json_pointer

_DOTTED = re.compile(r"(\$(?:request|response)\.body)((?:\.[\w-]+)+)")
_OF_RESPONSE = re.compile(r"\$response\.(?:header\..+|body(?:#(?:/.*)?)?)", re.DOTALL)


class Callback(Struct, frozen=True):
    """A request that is sent after an operation has succeeded; `media` is the content of its body, if it has one."""

    webhook: Webhook
    media: MediaType | None = None


Callbacks = Mapping[str, tuple[Callback, ...]]


def callback_names(callbacks: Callbacks) -> set[str]:
    """The names of all callbacks."""
    return {callback.webhook.name for of_operation in callbacks.values() for callback in of_operation}


def read_callbacks(
    document: Node, operations: Mapping[str, Operation], webhooks: Container[str], schemas: Schemas, report: Report
) -> Callbacks:
    """The callbacks by operationId, without those that are declared as `webhooks`."""
    reader = OperationReader(schemas, report)
    callbacks = dict[str, tuple[Callback, ...]]()
    for operation in operations.values():
        declared = list(_declared_callbacks(document, operation))
        of_operation = [
            callback
            for name, text, item in declared
            if name not in webhooks and (url := _read_url(item, text, operation, report)) is not None
            for callback in _read(name, url, item, reader)
        ]
        if of_operation:
            callbacks[operation.id] = tuple(of_operation)
    return callbacks


def _declared_callbacks(document: Node, operation: Operation) -> Iterator[tuple[str, str, Node]]:
    """The name, the URL and the path item of each callback of an operation."""
    with suppress(Unresolved, LookupError, TypeError):
        item = document.child("paths", operation.path).resolve()
        method = operation.method.lower()
        node = item.child(method) if method in item.value else item.child("additionalOperations", operation.method)
        callbacks = node.get("callbacks")
        for name, callback in callbacks.members() if callbacks is not None else ():
            for url, path_item in callback.members():
                if not url.startswith("x-") and isinstance(path_item.value, dict):
                    yield name, url, path_item


def _read_url(item: Node, text: str, operation: Operation, report: Report) -> UrlTemplate | None:
    """The URL with its expressions; None, and a warning, if an expression is not valid."""
    template = UrlTemplate.parse(text)
    parts = list(template.parts)
    for number, written in enumerate(template.expressions):
        expression = _complete(written, operation)
        if expression is None:
            message = f"{quote(written)} is not a runtime expression, such as $request.body#/url: nothing is sent"
            report.warn(item.source, item.pointer, message, "expression")
            return None
        if expression != written:
            message = f"{quote(written)} is not a runtime expression; it is read as {quote(expression)}"
            report.warn(item.source, item.pointer, message, "expression")
        parts[2 * number + 1] = expression
    return UrlTemplate(text, tuple(parts))


def _complete(text: str, operation: Operation) -> str | None:
    """The runtime expression for a text; None if it is none.

    Documents of some frameworks have names of parameters or members of the body instead (`$callback_url`), and paths
    with dots (`$request.body.order.id`).
    """
    is_of_response = _OF_RESPONSE.fullmatch(text) is not None or text == "$statusCode"
    if is_of_response or text in ("$method", "$url") or reads_request(text):
        return text
    if (dotted := _DOTTED.fullmatch(text)) is not None:
        return f"{dotted[1]}#{dotted[2].replace('.', '/')}"
    name = text.removeprefix("$")
    for parameter in operation.parameters:
        if parameter.name == name and parameter.location in ("path", "query", "header"):
            return f"$request.{parameter.location}.{name}"
    media = json_media_type(operation.body)
    return f"$request.body#/{json_pointer.escape(name)}" if media is not None and name in media.shape.names else None


def _read(name: str, url: UrlTemplate, item: Node, reader: OperationReader) -> Iterator[Callback]:
    for method in METHODS:
        if isinstance(item.value.get(method), dict):
            node = item.child(method)
            media_types = body.media if (body := reader.read_sent_body(node)) is not None else {}
            media = json_media_type(body) or next(iter(media_types.values()), None)
            headers = tuple(declared_headers(item, node))
            validator = media.validator if media is not None else None
            yield Callback(
                Webhook(name, frozenset(), url, None, method=method.upper(), headers=headers, validator=validator),
                media,
            )
