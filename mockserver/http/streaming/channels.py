"""Opens a channel: the opening handshake of a WebSocket (RFC 6455, section 4.2), and what is sent from then on."""

from __future__ import annotations

import base64
import binascii
import hashlib
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from mockserver.contract.model import Channel, Record
from mockserver.contract.runtime_expressions import Absent, RequestValues, fill
from mockserver.contract.webhooks.expressions import write_body
from mockserver.engine.behaviours.streaming import EventSelection
from mockserver.engine.events.feed import Event, as_json
from mockserver.engine.journal import Entry, LoggedMessage
from mockserver.engine.state.row_conditions import OneOf
from mockserver.errors import Refusal, Violation
from mockserver.http.exchange import Exchange, PreparedRequest
from mockserver.http.messages import MESSAGE, Request, Response
from mockserver.http.streaming.event_stream import EventStream
from mockserver.http.streaming.opening import SWITCHING_PROTOCOLS, last_event_id
from mockserver.http.streaming.streams import Stream
from mockserver.refusals import BadHandshake, NoWebSocket, UpgradeRequired
from mockserver.schemas.reading_work import ReadingWork
from mockserver.schemas.validators import Validator
from mockserver.syntax import strict_json
from mockserver.syntax.http.header_names import TOKEN
from mockserver.syntax.instants import format_instant

VERSION = "13"
# RFC 6455, section 1.3.
ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY_BYTES = 16


class ChannelMessages:
    """The events of a resource as JSON: in the form of `declared`, a message with references, if there is one."""

    def __init__(self, validator: Validator, declared: Any) -> None:
        self._validator, self._declared = validator, declared

    def opening(self, present: str | None) -> list[bytes]:
        """The message `ready`, unless the contract declares the messages: its clients do not know this one."""
        return (
            []
            if present is None or self._declared is not None
            else [strict_json.dump({"event": "ready", "id": present})]
        )

    def event(self, event: Event, record: Record) -> tuple[bytes, list[Violation]]:
        """An event with its record."""
        violations = [] if self._validator.is_valid(record) else self._validator.violations(record, "body")
        content: Any = as_json(event, record)
        if self._declared is not None:
            try:
                content = write_body(self._declared, content)
            except Absent:
                content = None
        return strict_json.dump(content), violations

    def reset(self, present: str | None, reason: str) -> bytes:  # noqa: ARG002 - it is that of the close frame
        """The message `reset`."""
        return b"" if self._declared is not None else strict_json.dump({"event": "reset", "id": present})


class ClientMessages:
    """How a channel responds to a message of its client: by the first reply that matches, else by its handler.

    `exchange` is that of the request that has opened the channel; `opened_by` is the request, where it has a handler.
    """

    def __init__(self, channel: Channel, exchange: Exchange, opened_by: PreparedRequest | None) -> None:
        self._channel, self._opened_by = channel, opened_by
        self._request, self._selection = exchange.request, exchange.selection
        self.service, self.has_handler = exchange.service, opened_by is not None

    def reply_to(self, text: str) -> bytes | None:
        """The reply to a message; one that is not JSON is matched as text. None where nothing matches.

        Raises TooMuchToMatch.
        """
        message, work = _read(text) if self._channel.replies else None, ReadingWork()
        for reply in self._channel.replies:
            if reply.match.matches(message, work):
                with suppress(Absent):
                    return strict_json.dump(fill(reply.message, self._values(message)))
                return None
        return None

    def _values(self, message: Any) -> RequestValues:
        """The values for expressions in a reply: the message as the body, and the request that opened the channel."""
        request, selection = self._request, self._selection
        now = format_instant(selection.sandbox.now(selection.scenario))
        return RequestValues(MESSAGE, {}, dict(request.args.items()), request.header, message, request.url, now)

    def log(self, text: str, reply: bytes | None) -> None:
        """Have the journal list a message that no handler responds to. Raises UnknownScenario and StoreUnavailable."""
        body, request = text.encode(), self._request
        received, sent = LoggedMessage.received(request.logged.headers, body), LoggedMessage.sent((), reply or b"")
        name, scenario = self._selection.sandbox.name, self._selection.scenario

        def add(refusal: Refusal | None) -> None:
            sandbox = self.service.sandboxes.find(name) if refusal is None else None
            if sandbox is None:
                return
            sandbox.journal.add(
                Entry(
                    sandbox.journal.count + 1, sandbox.now(scenario), scenario, self._channel.operation.id, MESSAGE,
                    self._channel.path, request.query, 204 if reply is None else 200, 0.0, received, sent,
                )
            )  # fmt: skip

        self.service.sandboxes.transact(add)

    def to_handler(self, text: str) -> PreparedRequest:
        """A message as a request to the handler."""
        prepared = self._opened_by
        assert prepared is not None
        assert prepared.call is not None
        body = text.encode()
        logged = LoggedMessage.received(prepared.logged.headers, body)
        call = replace(prepared.call, body=_read(text))
        return replace(prepared, request=prepared.request.as_message(body), logged=logged, call=call, samples={})


def open_channel(exchange: Exchange, channel: Channel) -> Response:
    """The response to a request for a channel. Raises NoWebSocket, UpgradeRequired, BadHandshake and StreamLimit."""
    service, request = exchange.service, exchange.request
    if not request.breaks_connections:
        message = f"{channel.path} is a channel, which only `mockserver serve` can open; this is another WSGI server."
        raise NoWebSocket(message)
    accept = accept_key(channel, request)
    service.streams.require_room()
    stream = Stream(service.streams)
    if channel.resource is not None:
        resource = service.contract.resources[channel.resource]
        conditions = tuple(OneOf.of(name, value) for name, value in channel.where.items())
        selection = EventSelection(resource, conditions)
        messages = ChannelMessages(resource.validator, channel.message)
        stream = EventStream(exchange, selection, messages, last_event_id(request))
    has_handler = service.handler_of(channel.operation) is not None
    opened_by = _with_scenario(exchange.prepared, exchange.selection.scenario) if has_handler else None
    stream.client_messages = ClientMessages(channel, exchange, opened_by)
    headers = [("Sec-WebSocket-Accept", accept)]
    # Browsers close a connection for which the server accepts none of the subprotocols that they offer.
    if subprotocol := first_subprotocol(request):
        headers.append(("Sec-WebSocket-Protocol", subprotocol))
    return Response(SWITCHING_PROTOCOLS, headers=headers, stays_open=True, stream=stream)


def accept_key(channel: Channel, request: Request) -> str:
    """The value of Sec-WebSocket-Accept. Raises UpgradeRequired and BadHandshake."""
    offers = {text.strip().lower() for text in (request.header("Upgrade") or "").split(",")}
    options = {text.strip().lower() for text in (request.header("Connection") or "").split(",")}
    is_offered = "websocket" in offers and "upgrade" in options and request.method == "GET"
    if not is_offered or request.header("Sec-Websocket-Version") != VERSION:
        raise UpgradeRequired(channel.path)
    key = request.header("Sec-Websocket-Key")
    try:
        is_valid = len(base64.b64decode(key or "", validate=True)) == KEY_BYTES
    except binascii.Error:
        is_valid = False
    if key is None or not is_valid:
        raise BadHandshake(key)
    digest = hashlib.sha1(f"{key}{ACCEPT_SUFFIX}".encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def first_subprotocol(request: Request) -> str | None:
    """The first subprotocol that a client offers."""
    offers = (text.strip() for text in (request.header("Sec-Websocket-Protocol") or "").split(","))
    return next(filter(TOKEN.fullmatch, offers), None)


def _read(text: str) -> Any:
    """A message as JSON, or as it is where it is none."""
    try:
        return strict_json.parse(text.encode())
    except strict_json.MalformedJSON:
        return text


def _with_scenario(prepared: PreparedRequest, scenario: str) -> PreparedRequest:
    """The request that has opened a channel: the scenario that it has selected stays so."""
    assert prepared.choice is not None
    return replace(prepared, choice=replace(prepared.choice, scenario=scenario))
