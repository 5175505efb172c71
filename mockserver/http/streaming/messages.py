"""Messages of a stream as text: server-sent events as the WHATWG's HTML standard (section 9.2) has them."""

from __future__ import annotations

from typing import Protocol

from mockserver.contract.model import Record, Resource
from mockserver.engine.events.feed import Event
from mockserver.errors import Violation
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
    """The events of a resource as text/event-stream, which `media` declares."""

    def __init__(self, resource: Resource, media: MediaType | None) -> None:
        self._resource, self._media = resource, media
        item = media.item if media is not None else None
        # In OpenAPI 3.2, the data of an event is text; a schema that describes it as JSON is understood, too.
        self._is_text = item is not None and item.shape.member("data").types == {"string"}

    def opening(self, present: str | None) -> list[bytes]:
        """`retry`, and the event `ready`."""
        retry = f"retry: {RETRY}\n"
        return [f"{retry}\n".encode() if present is None else f"{retry}{_message(present, 'ready', '{}')}".encode()]

    def event(self, event: Event, record: Record) -> tuple[bytes, list[Violation]]:
        """An event with the record as its data."""
        name, text = event.change.name, strict_json.dump(record).decode()
        return _message(event.id, name, text).encode(), self.violations(event.id, name, record)

    def violations(self, identity: str, name: str, record: Record) -> list[Violation]:
        """Where the record of an event violates its schema, or the whole event that of the items of the stream."""
        validator = self._resource.validator
        violations = [] if validator.is_valid(record) else validator.violations(record, "body")
        item_schema = self._media.item if self._media is not None else None
        if item_schema is None:
            return violations
        data = strict_json.dump(record).decode() if self._is_text else record
        item = {"id": identity, "event": name, "data": data}
        if not item_schema.validator.is_valid(item):
            violations += item_schema.validator.violations(item, "body")
        if item_schema.data is not None and not item_schema.data.is_valid(record):
            violations += item_schema.data.violations(record, "body")
        return violations

    def reset(self, present: str | None, reason: str) -> bytes:
        """The event `reset`."""
        return _message(present, "reset", strict_json.dump({"reason": reason}).decode()).encode()


def _message(identity: str | None, name: str, data: str) -> str:
    line = f"id: {identity}\n" if identity is not None else ""
    return f"{line}event: {name}\ndata: {data}\n\n"
