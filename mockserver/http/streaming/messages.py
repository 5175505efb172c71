"""Messages of a stream as text: server-sent events as the WHATWG's HTML standard (section 9.2) has them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from mockserver.contract.behaviour import EventMessage
from mockserver.contract.model import Record, Resource
from mockserver.contract.runtime_expressions import Absent
from mockserver.contract.webhooks.expressions import write_body
from mockserver.engine.events.feed import Event, as_json
from mockserver.errors import Violation
from mockserver.http.response.text_bodies import LINE_END
from mockserver.openapi.model import MediaType
from mockserver.syntax import strict_json

# After how many milliseconds a client connects again.
RETRY = 1_000
COMMENT = b":\n\n"


class MessageFormat(Protocol):
    """How the messages of a stream are written."""

    def opening(self, present: str | None) -> list[bytes]:
        """What a stream begins with: with the present id, from which a client can continue later.

        Without one, the events follow from which the client has continued.
        """

    def event(self, event: Event, record: Record) -> tuple[bytes, list[Violation]]:
        """An event whose record clients see like this, and where it violates the contract."""

    def reset(self, present: str | None, reason: str) -> bytes:
        """The message that the history does not continue: from the present id on, it does. Nothing if it has none."""


class ServerSentEvents:
    """The events of a resource as text/event-stream, which `media` declares, in the form of `declared`."""

    def __init__(self, resource: Resource, media: MediaType | None, declared: EventMessage | None = None) -> None:
        self._resource, self._media, self._declared = resource, media, declared or EventMessage()
        item = media.item if media is not None else None
        # In OpenAPI 3.2, the data of an event is text; a schema that describes it as JSON is understood, too.
        self._is_text = item is not None and item.shape.member("data").types == {"string"}

    def opening(self, present: str | None) -> list[bytes]:
        """`retry`, and the event `ready`."""
        retry = f"retry: {RETRY}\n"
        return [f"{retry}\n".encode() if present is None else f"{retry}{_message(present, 'ready', '{}')}".encode()]

    def event(self, event: Event, record: Record) -> tuple[bytes, list[Violation]]:
        """An event as it is declared; its data that is no text is JSON."""
        content = as_json(event, record)
        name, data = self._fill(content)
        return _message(event.id, name, _as_text(data)).encode(), self.violations(content)

    def violations(self, content: Mapping[str, Any]) -> list[Violation]:
        """Where the record of an event violates its schema, or the whole event that of the items of the stream.

        `content` is the event in the form of `as_json`.
        """
        record, validator = content["record"], self._resource.validator
        violations = [] if validator.is_valid(record) else validator.violations(record, "body")
        item_schema = self._media.item if self._media is not None else None
        if item_schema is None:
            return violations
        name, data = self._fill(content)
        item = {"id": content["id"], "event": name, "data": _as_text(data) if self._is_text else data}
        if not item_schema.validator.is_valid(item):
            violations += item_schema.validator.violations(item, "body")
        if item_schema.data is not None and not item_schema.data.is_valid(data):
            violations += item_schema.data.violations(data, "body")
        return violations

    def _fill(self, content: Mapping[str, Any]) -> tuple[str, Any]:
        """The name and the data of an event; its own name, or null, where its record lacks what they refer to."""
        name, data = content["event"], None
        with suppress(Absent):
            name = str(write_body(self._declared.event, content))
        with suppress(Absent):
            data = write_body(self._declared.data, content)
        return name, data

    def reset(self, present: str | None, reason: str) -> bytes:
        """The event `reset`."""
        return _message(present, "reset", strict_json.dump({"reason": reason}).decode()).encode()


def _as_text(data: Any) -> str:
    return data if isinstance(data, str) else strict_json.dump(data).decode()


def _message(identity: str | None, name: str, data: str) -> str:
    line = f"id: {identity}\n" if identity is not None else ""
    # The name may have a text of a record.
    return (
        f"{line}event: {' '.join(LINE_END.split(name))}\n"
        + "".join(f"data: {text}\n" for text in LINE_END.split(data))
        + "\n"
    )
