"""Reads `webhooks:` of `resources.yaml`, with what the OpenAPI document says of each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.model import Resource
from mockserver.contract.webhooks.expressions import DEFAULT_BODY, UrlTemplate, find_body_mistakes
from mockserver.contract.webhooks.model import Webhook, read_secret
from mockserver.documents.nodes import Node, Unresolved
from mockserver.documents.source import FileReport
from mockserver.errors import did_you_mean, quote
from mockserver.openapi.content import json_media_type
from mockserver.openapi.examples import find_broken
from mockserver.openapi.model import Body, Operation
from mockserver.openapi.object_types import METHODS
from mockserver.openapi.operations import OperationReader
from mockserver.schemas.validators import Schemas
from mockserver.syntax import json_pointer, strict_json

# The list of deliveries keeps their URLs.
URL_LIMIT = 8_192
# The names of changes that are not transitions: of records with a key, and of entries of a log.
RECORD_CHANGES, LOG_CHANGES = ("create", "update", "replace", "delete", "put"), ("append",)
# What every delivery has, whatever the document declares.
OWN_HEADERS = ("content-type", "content-length", "host", "webhook-id", "webhook-timestamp", "webhook-signature")


class _Declared(Struct, frozen=True):
    """What the document says of a webhook: `url` is that of a callback, and `operations` those that declare it."""

    node: Node
    url: str | None
    operations: tuple[str, ...]


class WebhooksReader(Struct):
    """Reads the file of `report`, whose form has been validated; the OpenAPI document is `document`."""

    document: Node
    schemas: Schemas
    report: FileReport

    def read(self, operations: Mapping[str, Operation], resources: Mapping[str, Resource]) -> dict[str, Webhook]:
        """The webhooks by name."""
        webhooks: dict[str, Webhook] = {}
        entries = self.report.source.data.get("webhooks", {})
        declared = self._find_declared(operations) if entries else {}
        for name, entry in entries.items():
            pointer = json_pointer.append("/webhooks", name)
            events = frozenset(
                event
                for number, text in enumerate(entry["on"])
                if (event := self._read_event(f"{pointer}/on/{number}", text, resources)) is not None
            )
            of_document = declared.get(name)
            url = self._read_url(pointer, entry, of_document)
            body = entry.get("body", DEFAULT_BODY)
            for place, message in find_body_mistakes(body):
                self.report.add(f"{pointer}/body{place}", message)
            subscribing = of_document.operations if of_document is not None else ()
            if url is None:
                continue
            webhook = Webhook(
                name, events, url, body, self._read_secret(pointer, entry), subscribed_by=frozenset(subscribing)
            )
            webhooks[name] = webhook if of_document is None else self._with_declared(webhook, of_document.node)
        return webhooks

    def _find_declared(self, operations: Mapping[str, Operation]) -> dict[str, _Declared]:
        """The webhooks and the callbacks of the document by name."""
        declared: dict[str, _Declared] = {}
        with suppress(Unresolved):
            node = self.document.get("webhooks")
            for name, item in node.members() if node is not None else ():
                declared[name] = _Declared(item, None, ())
        for operation in operations.values():
            with suppress(Unresolved, LookupError, TypeError):
                item = self.document.child("paths", operation.path).resolve()
                node = item.child(operation.method.lower()).get("callbacks")
                for name, callback in node.members() if node is not None else ():
                    urls = [(url, path_item) for url, path_item in callback.members() if not url.startswith("x-")]
                    if urls and name not in declared:
                        declared[name] = _Declared(urls[0][1], urls[0][0], (operation.id,))
                    elif urls and declared[name].url is not None:
                        declared[name] = replace(declared[name], operations=(*declared[name].operations, operation.id))
        return declared

    def _read_event(self, pointer: str, text: str, resources: Mapping[str, Resource]) -> tuple[str, str] | None:
        # A resource may have dots in its name; a transition has none.
        name, _, change = text.rpartition(".")
        if not self.report.check_name(pointer, "resource", name, resources):
            return None
        resource = resources[name]
        lifecycle = resource.lifecycle
        transitions = tuple(lifecycle.transitions) if lifecycle is not None else ()
        changes = (*transitions, *RECORD_CHANGES) if resource.key else LOG_CHANGES
        if change not in changes:
            message = f"{name} has no change {quote(change)}.{did_you_mean(change, changes)}"
            self.report.add(pointer, message, "unknown-name")
            return None
        return name, change

    def _read_url(self, pointer: str, entry: Mapping[str, Any], declared: _Declared | None) -> UrlTemplate | None:
        text = entry.get("to", declared.url if declared is not None else None)
        if text is None:
            message = "needs `to`: a URL, or a runtime expression such as {$request.body#/callback_url}"
            self.report.add(pointer, message)
            return None
        place = f"{pointer}/to" if "to" in entry else pointer
        url = UrlTemplate.parse(text)
        for message in url.mistakes():
            self.report.add(place, message)
        if not url.expressions and (reason := find_url_error(text)):
            self.report.add(place, f"{quote(text)} {reason}")
        return url

    def _read_secret(self, pointer: str, entry: Mapping[str, Any]) -> bytes | None:
        if "secret" in entry:
            try:
                return read_secret(entry["secret"])
            except ValueError as error:
                self.report.add(f"{pointer}/secret", str(error))
        return None

    def _with_declared(self, webhook: Webhook, item: Node) -> Webhook:
        """The webhook with the method, the headers and the schema of the document."""
        method = next((name for name in METHODS if isinstance(item.value.get(name), dict)), None)
        if method is None:
            return webhook
        node = item.child(method)
        reader = OperationReader(self.schemas, self.report.contract_report)
        body = reader.read_sent_body(node)
        self.report.contract_report.errors += find_broken(reader.examples, is_repaired=False)
        return Webhook(
            webhook.name, webhook.events, webhook.url, webhook.body, webhook.secret, method.upper(),
            tuple(declared_headers(item, node)), _validator(body), webhook.subscribed_by,
        )  # fmt: skip


def find_url_error(url: str) -> str | None:
    """Why nothing can be sent to a URL, as a predicate; None where something can."""
    if len(url) > URL_LIMIT:
        return f"is longer than {URL_LIMIT:,} characters"
    if any(character <= " " or character in "\x7f\\" for character in url):
        return "is not a URL: it contains white space, a backslash or a control character"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"is not a URL: {error}"
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return "is not a URL that begins with http:// or https://"
    return None


def _validator(body: Body | None) -> Any:
    media = json_media_type(body)
    return media.validator if media is not None else None


def declared_headers(item: Node, node: Node) -> list[tuple[str, str]]:
    """The headers that the document declares, where it says by an example or by the schema what their value is."""
    headers: dict[str, tuple[str, str]] = {}
    with suppress(Unresolved):
        for owner in (item, node):
            declared = owner.get("parameters")
            for parameter in declared.items() if declared is not None else ():
                value = _value(parameter)
                if isinstance(parameter.value, dict) and parameter.value.get("in") == "header" and value is not None:
                    name = str(parameter.value.get("name"))
                    if name.lower() not in OWN_HEADERS:
                        text = value if isinstance(value, str) else strict_json.dump(value).decode()
                        headers[name.lower()] = name, text
    return list(headers.values())


def _value(parameter: Node) -> Any:
    if not isinstance(parameter.value, dict):
        return None
    if "example" in parameter.value:
        return parameter.value["example"]
    examples = parameter.get("examples")
    for _, example in examples.members() if examples is not None else ():
        return example.value.get("value") if isinstance(example.value, dict) else None
    schema = parameter.get("schema")
    members = schema.value if schema is not None and isinstance(schema.value, dict) else {}
    for name in ("const", "default", "example"):
        if name in members:
            return members[name]
    values = members.get("enum") or members.get("examples")
    return values[0] if isinstance(values, list) else None
