"""Requests of Flask as requests of the pipeline, and responses of the pipeline as responses of Flask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge

from mockserver.engine.clock import Sleep
from mockserver.http.messages import RETRY_MILLISECONDS, Delivery, Request, Response, header_name
from mockserver.http.request import addressing
from mockserver.http.response.responses import wire_headers
from mockserver.server.delayed_send import TIMEOUT_MILLISECONDS
from mockserver.server.wsgi_bridge import BUFFERED
from mockserver.syntax.http.header_names import ADDRESSES
from mockserver.web.streams import read_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class FlaskResponse(flask.Response):
    """A response of the pipeline, or of an upstream."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """The headers as they are sent. An address that is not valid, such as `http://[`, is left as it is."""
        try:
            return super().get_wsgi_headers(environ)
        except ValueError:
            addresses = [pair for pair in self.headers if pair[0].lower() in ADDRESSES]
            for name in ADDRESSES:
                self.headers.remove(name)
            headers = super().get_wsgi_headers(environ)
            headers.extend(addresses)
            return headers


def from_flask(request: flask.Request, *, reads_body: bool = True) -> Request:
    """Convert a request of Flask to one of the pipeline; with `reads_body`, with its body."""
    environ = request.environ
    root_path = environ.get("SCRIPT_NAME", "")
    target = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    path = addressing.decode_wsgi_path(environ.get("PATH_INFO", ""), target, root_path)
    too_large, body = False, b""
    try:
        body = request.get_data(cache=False) if reads_body else b""
    except RequestEntityTooLarge:
        too_large = True
    return Request(
        request.method,
        addressing.resolve(path, root_path),
        request.query_string,
        _headers(environ),
        body,
        scheme=request.scheme,
        target=target,
        too_large=too_large,
        client=request.remote_addr,
    )


def _headers(environ: Mapping[str, str]) -> dict[str, str]:
    """The headers in a WSGI environ; those of Flask omit an empty Content-Type."""
    names = {name: name.removeprefix("HTTP_") for name in environ if name[:5] == "HTTP_" or name == "CONTENT_TYPE"}
    return {header_name(plain): environ[name].strip(" \t") for name, plain in names.items()}


def to_flask(response: Response, sleep: Sleep) -> flask.Response:
    """Convert a response to one of Flask: a delay sleeps in the request's thread; a fault closes the connection."""
    delivery = response.delivery
    if delivery is not None and delivery.retry is not None:
        response = _wait(response, delivery, delivery.retry, sleep)
        delivery = None
    elif delivery is not None:
        sleep((delivery.delay or (TIMEOUT_MILLISECONDS if delivery.fault == "timeout" else 0)) / 1_000)
        delivery.delivered()
    body: bytes | Iterator[bytes] = response.body
    if delivery is not None and delivery.fault is not None:
        body = _break_off(response.body, delivery)
    elif response.stream is not None:
        body = read_stream(response.body, response.stream, is_buffered=BUFFERED in flask.request.environ)
    sent = FlaskResponse(body, response.status)
    sent.headers.clear()
    sent.headers.extend(wire_headers(response))
    return sent


def _wait(response: Response, delivery: Delivery, retry: Callable[[], Response | None], sleep: Sleep) -> Response:
    """The response once it need not wait, or when its time is over; meanwhile the request's thread sleeps."""
    released: list[Response] = []
    delivery.release = released.append
    for _ in range(-(-delivery.delay // RETRY_MILLISECONDS)):
        sleep(RETRY_MILLISECONDS / 1_000)
        if released:
            if delivery.ended is not None:
                delivery.ended(released[0])
            return released[0]
        later = retry()
        if later is not None:
            response = later
            if later.delivery is None:
                break
            later.delivery.delivered()
    else:
        if delivery.ended is not None:
            delivery.ended(None)
    delivery.delivered()
    return response


def _break_off(body: bytes, delivery: Delivery) -> Iterator[bytes]:
    """Yield half of the body, then raise an error that makes the WSGI server close the connection."""
    yield body[: len(body) // 2]
    raise ConnectionAbortedError(f"an override injects the fault {delivery.fault}")
