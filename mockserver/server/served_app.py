"""What a connection serves: the pipeline of a service, or any WSGI application, each called with parsed requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.engine.clock import wall
from mockserver.errors import ENDING
from mockserver.handlers.threads import StepThreads
from mockserver.http import pipeline
from mockserver.http.caches import CachedResponse
from mockserver.http.exchange import PreparedRequest
from mockserver.http.messages import Request, Response
from mockserver.http.pipeline import log_failure
from mockserver.http.request import addressing
from mockserver.http.request_log import RequestLine
from mockserver.http.response.responses import wire_headers
from mockserver.http.service import BODY_LIMIT, Service
from mockserver.server import wsgi_bridge
from mockserver.server.rejections import REJECTIONS, rejection
from mockserver.server.response_turns import ResponseTurns
from mockserver.server.streams import StreamLoop
from mockserver.server.uploads import Uploads
from mockserver.syntax.http.statuses import BODILESS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def current_service(app: WSGIApplication) -> Callable[[], Service | None]:
    """How to get at the service behind an application, which a reload replaces; None for an application not ours."""
    if hasattr(app, "current_service"):
        current: Callable[[], Service | None] = app.current_service
        return current
    service: Service | None = getattr(app, "extensions", {}).get("mockserver")
    return lambda: service


class ServedApp(Struct, frozen=True):
    """The application, the service behind it if there is one, and the limit of bodies in bytes.

    `threads` handle the requests that call Python of a contract, and `streams` the responses that stay open. `uploads`
    are the bodies that are not complete, and `turns` those of the connections that respond.
    """

    app: WSGIApplication
    current_service: Callable[[], Service | None]
    streams: StreamLoop
    body_limit: int = BODY_LIMIT
    threads: StepThreads = field(default_factory=StepThreads)
    uploads: Uploads = field(default_factory=Uploads)
    turns: ResponseTurns = field(default_factory=ResponseTurns)

    @classmethod
    def of(cls, app: WSGIApplication, body_limit: int | None = None) -> ServedApp:
        """An application, with the service behind it if it is ours, whose limit applies unless one is given."""
        find_service = current_service(app)
        if body_limit is None:
            service = find_service()
            body_limit = service.body_limit if service is not None else BODY_LIMIT
        # A contract that was reloaded is switched to before streams of the former one are read.
        return cls(app, find_service, StreamLoop(find_service), body_limit)

    def declares(self, method: bytes) -> bool:
        """Whether any operation has a method."""
        service = self.current_service()
        return service is not None and method.decode("latin-1") in service.router.methods

    def log_rejection(self, code: str, method: bytes, target: bytes) -> None:
        """Write the line of a request that was rejected; of an invalid one, method and target may be unknown."""
        service = self.current_service()
        if service is not None and service.request_log is not None:
            status, _, detail = REJECTIONS[code]
            shown = (method.decode(), target.decode("latin-1")) if target else ("-", "-")
            service.request_log(RequestLine(wall(), *shown, status, 0.0, code=code, reason=detail))


class ParsedRequest(Struct, frozen=True):
    """A request that is complete; of one that is too large, only how much it would have been."""

    method: str
    version: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    too_large: int = 0


class RepeatableRequest(Protocol):
    """A request that is known by its bytes when it comes again."""

    def remember(self, raw: bytes) -> None:
        """Remember the request by its bytes."""


class EncodedResponse(Struct, frozen=True):
    """A response as it is sent, and its request."""

    service: Service
    prepared: PreparedRequest
    response: Response
    head: bytes
    body: bytes

    @property
    def has_content(self) -> bool:
        """Whether the response has content, or may have (RFC 9110, section 6.4.1)."""
        return self.prepared.request.method != "HEAD" and self.response.status not in BODILESS

    def remember(self, raw: bytes) -> None:
        """Remember the request by its bytes, and the response."""
        self.service.prepared.add(raw, self.prepared)
        self.remember_response(raw)

    def remember_response(self, raw: bytes) -> None:
        """Remember the response to a request by its bytes, if it can be sent again."""
        remember_response(self.service, raw, self.response, self.head, self.body)


def remember_response(service: Service, raw: bytes, response: Response, head: bytes, body: bytes) -> None:
    """Remember the response to a request by its bytes, if it can be sent again."""
    validity, entry = response.validity, response.entry
    # What is cached is sent with the date of the moment.
    if validity is not None and entry is not None and not wsgi_bridge.has_date(head):
        # Transitions that had happened before the first response are not reported again.
        entry = replace(entry, fired=()) if entry.fired else entry
        service.responses.add(raw, CachedResponse(head, body, validity, entry, response.line))


def respond(service: Service, prepared: PreparedRequest) -> tuple[Response, bytes, bytes]:
    """The pipeline's response to a request, and its head and body as they are sent. Raises StillSettling."""
    response = pipeline.respond_in_turns(service, prepared)
    try:
        return response, *_encode(prepared.request, response)
    except wsgi_bridge.BadResponse as error:
        return Response(500), *failure(prepared.request.method, prepared.request.path, error)


def encode(request: Request, response: Response) -> tuple[bytes, bytes]:
    """Head and body of a response, as they are sent."""
    try:
        return _encode(request, response)
    except wsgi_bridge.BadResponse as error:
        return failure(request.method, request.path, error)


def _encode(request: Request, response: Response) -> tuple[bytes, bytes]:
    is_head = request.method == "HEAD"
    without_length = is_head or response.stays_open
    head = wsgi_bridge.head(response.status, wire_headers(response), response.body, to_head=without_length)
    return head, b"" if is_head else response.body


def call_wsgi(app: WSGIApplication, constant: dict[str, Any], request: ParsedRequest) -> tuple[bytes, bytes]:
    """The response of a WSGI application: its head and body. `constant` is the environ of the connection."""
    environ = wsgi_bridge.environ(
        constant, request.method, request.version, request.target, request.headers, request.body
    )
    if request.too_large:
        environ["CONTENT_LENGTH"] = str(request.too_large)
    try:
        head, body = wsgi_bridge.call(app, environ)
    except ENDING:
        raise
    except BaseException as error:
        return failure(request.method, environ["PATH_INFO"], error)
    return head, b"" if request.method == "HEAD" else body


def failure(method: str, path: str, error: BaseException) -> tuple[bytes, bytes]:
    """The response to a request that something failed at: its head and body. The log has the error."""
    log_failure(method, path, error)
    head, body = rejection("internal-error")
    return head, b"" if method == "HEAD" else body


def as_message(request: ParsedRequest, constant: dict[str, Any]) -> Request:
    """A parsed request as the pipeline has it. `constant` is the environ of the connection."""
    return addressing.build_request(
        request.method,
        request.target.decode("latin-1"),
        wsgi_bridge.read_headers(tuple(request.headers)),
        request.body,
        scheme=constant["wsgi.url_scheme"],
        too_large=bool(request.too_large),
        breaks_connections=True,
        raw_headers=request.headers,
        client=constant["REMOTE_ADDR"] or None,
    )
