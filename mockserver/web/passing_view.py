"""Passes requests on to the upstream under any WSGI server: the request's thread waits, and the body is an iterable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import IO
from urllib.parse import quote

import flask
from werkzeug.wsgi import get_input_stream

from mockserver.engine.clock import Sleep, monotonic
from mockserver.http.exchange import PassedOn
from mockserver.http.gateway.decoding import VALIDATED_LIMIT
from mockserver.http.gateway.passing import Passing, ReturnedHead
from mockserver.http.messages import PATH_CHARACTERS, Request, Response
from mockserver.http.pipeline import prepare_head, respond, respond_prepared
from mockserver.http.service import Service
from mockserver.refusals import UpstreamFailed, UpstreamTimeout
from mockserver.server.upstream.connections import OutgoingBody, UpstreamResponse
from mockserver.server.upstream.loop_thread import UpstreamThread
from mockserver.server.wsgi_bridge import origin_form
from mockserver.web.flask_messages import FlaskResponse, from_flask, to_flask

READ_BYTES = 64 * 1024


class PassingView:
    """The view of every request where there is an upstream."""

    def __init__(self, service: Service, sleep: Sleep) -> None:
        self._service, self._sleep = service, sleep
        self._thread = UpstreamThread()

    def __call__(self, *_: object, **__: object) -> flask.Response:
        """Respond to the current request."""
        head = self._message(reads_body=False)
        prepared = prepare_head(self._service, head)
        if prepared is None:
            response = respond(self._service, self._message(reads_body=True))
            stream = None
        else:
            response = respond_prepared(self._service, prepared)
            # Without the limit of bodies, since this one is never held as a whole.
            stream = get_input_stream(flask.request.environ)
        if response.upstream is None:
            return to_flask(response, self._sleep)
        return self._pass_on(response.upstream, stream)

    def _message(self, *, reads_body: bool) -> Request:
        message = from_flask(flask.request, reads_body=reads_body)
        environ = flask.request.environ
        sent = origin_form(message.target.encode("latin-1", "replace")).decode("latin-1") if message.target else ""
        if not sent:
            path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=PATH_CHARACTERS.replace("%", ""))
            sent = f"{path}?{message.query}" if message.query else path
        message.target = sent.removeprefix(environ.get("SCRIPT_NAME", "")) or "/"
        return message

    def _pass_on(self, passed_on: PassedOn, stream: IO[bytes] | None) -> flask.Response:
        passing, began = Passing(passed_on), monotonic()
        replacements: list[Response] = []
        passing.on_reset = replacements.append
        try:
            upstream_response = self._thread.run(self._request(passing, _outgoing(passing, stream)))
        except (UpstreamFailed, UpstreamTimeout) as refusal:
            return to_flask(passing.fail(refusal), self._sleep)
        received = upstream_response.head
        head = passing.receive(received.status, received.phrase, received.headers, received.length)
        body = PassedBody(self._thread, passing, upstream_response)
        if passing.delay:
            self._sleep(max(0.0, began + passing.delay / 1_000 - monotonic()))
        if replacements:
            body.close()
            return to_flask(replacements[0], self._sleep)
        if passing.is_buffered:
            return to_flask(self._patched(passing, upstream_response, body), self._sleep)
        return _streamed(head, body)

    async def _request(self, passing: Passing, body: OutgoingBody) -> UpstreamResponse:
        return await self._thread.upstreams.request(passing.upstream, passing.head, body)

    def _patched(self, passing: Passing, upstream_response: UpstreamResponse, body: PassedBody) -> Response:
        parts, size = list[bytes](), 0
        try:
            while part := self._thread.run(upstream_response.read()):
                passing.response_copy.add(part)
                parts.append(part)
                size += len(part)
                if size > VALIDATED_LIMIT:
                    reason = f"an override patches its body, which is longer than {VALIDATED_LIMIT} bytes"
                    raise UpstreamFailed(passing.upstream.address.url, reason)
            return passing.patched(b"".join(parts))
        except (UpstreamFailed, UpstreamTimeout) as refusal:
            return passing.fail(refusal)
        finally:
            body.close()


class PassedBody:
    """The body of a response while it comes, for a WSGI server. An error makes the server break the connection."""

    def __init__(self, thread: UpstreamThread, passing: Passing, upstream_response: UpstreamResponse) -> None:
        self._thread, self._passing, self._response = thread, passing, upstream_response

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = self._thread.run(self._response.read())
        except (UpstreamFailed, UpstreamTimeout) as refusal:
            self._passing.finish(f"the response was broken off: {refusal.reason}")
            raise ConnectionAbortedError(refusal.detail) from None
        if not part:
            self._passing.finish()
            raise StopIteration
        self._passing.response_copy.add(part)
        if self._response.head.is_complete:
            # The client may look into the journal as soon as it has this part.
            self._passing.finish()
        return part

    def close(self) -> None:
        """Read no further."""
        self._passing.abandon()
        self._thread.call(self._response.close)


class SentBody:
    """The body of a request as a WSGI server reads it from its client."""

    def __init__(self, passing: Passing, stream: IO[bytes]) -> None:
        self._passing, self._stream = passing, stream

    async def next(self) -> bytes | None:
        """The next part; None at the end."""
        part = await asyncio.get_running_loop().run_in_executor(None, self._stream.read, READ_BYTES)
        self._passing.request_copy.add(part)
        return part or None

    def trailers(self) -> Sequence[tuple[str, str]]:
        """None: WSGI servers do not hand them over."""
        return ()


def _outgoing(passing: Passing, stream: IO[bytes] | None) -> OutgoingBody:
    length = flask.request.environ.get("CONTENT_LENGTH") or ""
    if passing.body is not None or stream is None:
        body = passing.body or b""
        return OutgoingBody(body, is_framed=bool(body) or bool(length))
    if passing.request.header("Transfer-Encoding") is not None:
        return OutgoingBody(source=SentBody(passing, stream))
    if not length or length == "0":
        # Some WSGI servers add an empty length to every request.
        return OutgoingBody(is_framed=length == "0" and passing.head.method not in ("GET", "HEAD", "OPTIONS"))
    return OutgoingBody(source=SentBody(passing, stream), length=int(length))


def _streamed(head: ReturnedHead, body: PassedBody) -> flask.Response:
    status = f"{head.status} {head.phrase}" if head.phrase else head.status
    if head.has_content:
        sent = FlaskResponse(body, status, direct_passthrough=True)
    else:
        for _ in body:  # to its end, so that it is recorded
            pass
        body.close()
        sent = FlaskResponse(b"", status)
    sent.headers.clear()
    sent.headers.extend(head.headers)
    if head.length is not None and head.status not in (204,):
        sent.headers["Content-Length"] = str(head.length)
    return sent
