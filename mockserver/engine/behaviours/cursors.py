"""Opaque cursors: where a page of a list ends, as text.

A cursor holds the sort key of the last row, so it stays right when records are added or removed, that row included. It
also holds a checksum over the list that it belongs to: operation, order and what selects the records. A cursor of
another list is therefore recognized. It refers to no record, so it reveals none that its client has not received.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from mockserver.engine.state.sorted_rows import Row, SortOrder
from mockserver.syntax import strict_json

CHECKSUM_LENGTH = 9


class MalformedCursor(ValueError):
    """The text is not a cursor of this list."""


def write(order: SortOrder, row: Row, list_name: bytes) -> str:
    """The cursor of the place after `row`, in characters that need no escape in a URL (RFC 4648, section 5)."""
    values = [row.record.get(name) for name, _ in order.fields]
    position = strict_json.dump_canonical([row.position, *values])
    return base64.urlsafe_b64encode(_checksum(list_name, position) + position).decode().rstrip("=")


def read(text: str, order: SortOrder, list_name: bytes) -> Row:
    """A row at the place that a cursor stands for. Raises MalformedCursor."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        position = data[CHECKSUM_LENGTH:]
        # The last character has bits to spare: only one notation of a cursor is right.
        is_intact = base64.urlsafe_b64encode(data).decode().rstrip("=") == text
        if not is_intact or data[:CHECKSUM_LENGTH] != _checksum(list_name, position):
            raise MalformedCursor(text)
        arrival, *values = strict_json.parse(position)
    except (binascii.Error, ValueError, TypeError):
        raise MalformedCursor(text) from None
    if type(arrival) is not int or len(values) != len(order.fields):
        raise MalformedCursor(text)
    return Row({name: value for (name, _), value in zip(order.fields, values, strict=True)}, arrival)


def _checksum(list_name: bytes, position: bytes) -> bytes:
    return hashlib.sha256(list_name + b"\0" + position).digest()[:CHECKSUM_LENGTH]
