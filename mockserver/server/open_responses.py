"""Begins responses that stay open: streams as bodies, and channels as WebSockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mockserver.http.messages import Response
from mockserver.http.streaming.opening import SWITCHING_PROTOCOLS
from mockserver.server.streams import ResponseWriter

if TYPE_CHECKING:
    from mockserver.server.protocol import Protocol


def begin(
    connection: Protocol, response: Response, head: bytes, body: bytes, on_done: Callable[[], None]
) -> ResponseWriter | None:
    """Begin to send a stream: what writes it to this connection, or None where the connection has another protocol now.

    `head` lacks the headers of framing and the empty line after them. `on_done` is called once the response has ended.
    """
    assert response.stream is not None
    if response.status == SWITCHING_PROTOCOLS:
        # Only contracts with channels need the library of WebSockets.
        from mockserver.server.web_socket import upgrade

        upgrade(connection, response.stream, head)
        return None
    writer = ResponseWriter(connection, response.stream, on_done)
    writer.begin(head, body)
    return writer
