"""One request that is passed on to the upstream: what to send, what its client gets, and what is recorded of it.

A front end carries it out: it sends `head` and the body, calls `receive` with the head of the response, adds each
part of its body to `response_copy`, and calls `finish` at last. Where there is no response, it sends what `fail`
returns. Where `is_buffered` is set after `receive`, it collects the body and sends what `patched` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.upstream import Upstream
from mockserver.engine.journal import BODY_KEPT, REQUEST_BODY_KEPT, LoggedMessage
from mockserver.errors import ENDING, Refusal, Violation
from mockserver.http import pipeline
from mockserver.http.exchange import SANDBOX_HEADER, Exchange, PassedOn, PreparedRequest, Selection
from mockserver.http.gateway.decoding import VALIDATED_LIMIT, patch_json
from mockserver.http.gateway.request_head import accepts_trailers, forwarded_head
from mockserver.http.gateway.response_head import OF_BYTES, returned_headers, returned_trailers
from mockserver.http.gateway.validation import validate_request, validate_response
from mockserver.http.messages import Response
from mockserver.http.request import guard, selection
from mockserver.http.request_log import line_of
from mockserver.http.response import cors
from mockserver.http.response.responses import merge_vary
from mockserver.http.service import ReceivedResponse
from mockserver.refusals import UpstreamFailed
from mockserver.syntax import strict_json
from mockserver.syntax.http.content_codings import Undecodable, decode_content
from mockserver.syntax.http.statuses import BODILESS

SELECTED = (selection.SCENARIO_HEADER.lower(), SANDBOX_HEADER.lower())
NO_CONTENT = b""
CONTINUE = 100


class ReturnedHead(Struct, frozen=True):
    """The head of a response for its client. `length` is None where only the end of the body will show it.

    `headers` have none that frame the body. Without `has_content`, no body follows.
    """

    status: int
    phrase: str
    headers: Sequence[tuple[str, str]]
    length: int | None
    has_content: bool


class BodyCopy:
    """The first `beginning_size` bytes of a body that passes, or all of it if it is not longer than `limit` bytes."""

    def __init__(self, limit: int, beginning_size: int) -> None:
        self._limit, self._beginning_size, self._kept, self.size = limit, beginning_size, bytearray(), 0

    def add(self, part: bytes) -> None:
        """Count and copy a part."""
        self.size += len(part)
        if self.size <= self._limit:
            self._kept += part
        elif len(self._kept) < self._beginning_size:
            self._kept += part[: self._beginning_size - len(self._kept)]
        elif len(self._kept) > self._beginning_size:
            self._kept = self._kept[: self._beginning_size]

    @property
    def whole(self) -> bytes | None:
        """The body; None if it is longer than what is kept."""
        return bytes(self._kept) if self.size == len(self._kept) else None

    @property
    def beginning(self) -> bytes:
        """What the journal keeps of it."""
        return bytes(self._kept[: self._beginning_size])


class Passing:
    """A request to the upstream, and the response to it. `delay` is in milliseconds.

    `body` is that of the request, where it is complete; None where it is still coming. A front end that reads and sends
    trailers says that it `passes_trailers`; a client of HTTP/1.0 gets none.
    """

    def __init__(self, passed_on: PassedOn, *, passes_trailers: bool = False, is_http_1_0: bool = False) -> None:
        exchange = passed_on.exchange
        upstream = exchange.service.contract.upstream
        assert upstream is not None
        assert exchange.delivery is not None
        self.upstream: Upstream = upstream
        self.delay, self.delivery = passed_on.delay, exchange.delivery
        self.request = exchange.request
        self._exchange, self._override = exchange, passed_on.override
        self._service = exchange.service
        self.body = exchange.request.sent_body if passed_on.override is not None else None
        patches = passed_on.override is not None and passed_on.override.patches
        self._is_http_1_0 = is_http_1_0
        self._returns_trailers = passes_trailers and not (patches or is_http_1_0) and accepts_trailers(exchange.request)
        self.head = forwarded_head(
            upstream,
            exchange.request,
            is_validated=exchange.operation is not None,
            # What is changed or recorded, or gets another status.
            is_whole=patches or exchange.service.on_exchange is not None or self._has_status,
            is_foreign=guard.is_by_foreign_page(exchange.service, exchange.request),
            accepts_trailers=self._returns_trailers,
            announces_trailers=passes_trailers
            and self.body is None
            and exchange.request.header("Transfer-Encoding") is not None,
        )
        is_whole = exchange.operation is not None or exchange.service.on_exchange is not None
        self.request_copy, self.response_copy = (
            BodyCopy(VALIDATED_LIMIT if is_whole else kept, kept) for kept in (REQUEST_BODY_KEPT, BODY_KEPT)
        )
        if self.body is not None:
            self.request_copy.add(self.body)
        self.is_buffered = self.is_reset = False
        # Called, from any thread, with another response where the sandbox is reset.
        self.on_reset: Callable[[Response], None] | None = None
        self.delivery.release = self._release
        # The head of the response as it came, with addresses on this server, and as the client gets it.
        self._received: tuple[int, Sequence[tuple[str, str]]] = 0, ()
        self._returned: Sequence[tuple[str, str]] = ()
        self._sent = Response(0)
        self._is_finished = False

    @property
    def _has_status(self) -> bool:
        return self._override is not None and self._override.status is not None

    def receive(self, status: int, phrase: str, headers: Sequence[tuple[str, str]], length: int | None) -> ReturnedHead:
        """The head of the response for its client. `length` is that of the body, None where it is not known."""
        self._received = status, headers
        override, method = self._override, self.request.method
        has_content = method != "HEAD" and status not in BODILESS
        self.is_buffered = override is not None and override.patches and has_content
        self._returned = tuple(returned_headers(self.upstream, self.request, headers))
        response = Response(status, headers=list(self._returned))
        response.remove_headers(("content-length", *SELECTED))
        if override is not None:
            response.status = override.status or status
            if override.patches:
                response.remove_headers(OF_BYTES)
                length = None
            response.replace_headers(override.headers)
            phrase = phrase if response.status == status else ""
        if self._returns_trailers and length is None and has_content:
            response.headers += [(name, value) for name, value in headers if name.lower() == "trailer"]
        self._add_own_headers(response)
        self._sent = response
        if response.status in BODILESS and method != "HEAD":
            return ReturnedHead(response.status, phrase, response.headers, length if status == 304 else 0, False)
        return ReturnedHead(
            response.status, phrase, response.headers, length if has_content or method == "HEAD" else 0, has_content
        )

    def receive_interim(self, status: int, phrase: str, headers: Sequence[tuple[str, str]]) -> ReturnedHead | None:
        """The head of an interim response for the client; None if it gets none.

        HTTP/1.0 has none (RFC 9110, section 15.2), and the 100 that a client expects was sent by this server.
        """
        if self._is_http_1_0 or (status == CONTINUE and self.request.header("Expect") is not None):
            return None
        response = Response(status, headers=list(returned_headers(self.upstream, self.request, headers)))
        response.remove_headers(("content-length", *SELECTED))
        return ReturnedHead(status, phrase, response.headers, None, has_content=False)

    def returned_trailers(self, trailers: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """The trailers of the response for the client, if it reads them."""
        return returned_trailers(self._received[1], trailers) if self._returns_trailers else ()

    def patched(self, body: bytes) -> Response:
        """The response with the override's patch applied to its body, recorded. Of one that is not JSON, a refusal."""
        assert self._override is not None
        coding = next((value for name, value in self._received[1] if name.lower() == "content-encoding"), None)
        try:
            self._sent.body = patch_json(decode_content(body, coding, VALIDATED_LIMIT), self._override.patch)
        except (Undecodable, strict_json.MalformedJSON) as error:
            reason = f"the override patches its body, which is not JSON: {error}"
            return self.fail(UpstreamFailed(self.upstream.address.url, reason))
        if self._sent.status in BODILESS:
            self._sent.body = NO_CONTENT
        self.finish()
        return self._sent

    def fail(self, refusal: Refusal) -> Response:
        """The response in place of the upstream's, recorded."""
        # Frames that its traceback refers to hold bodies.
        refusal.__context__ = None
        response = pipeline.refuse_exchange(self._exchange, refusal.with_traceback(None))
        pipeline.add_headers(self._exchange, response)
        self._sent = response
        self._finish(LoggedMessage.received(tuple(response.headers), response.body), None, [])
        self._hand_over(getattr(refusal, "reason", refusal.detail))
        return response

    def finish(self, broken: str | None = None) -> None:
        """Record the exchange. `broken` says why the response did not come to its end.

        It raises nothing: the client has the response already.
        """
        if self._is_finished:
            return
        sent = LoggedMessage.received(tuple(self._sent.headers), self._sent.body or self.response_copy.beginning)
        size = len(self._sent.body) if self.is_buffered else self.response_copy.size
        try:
            drift = self._validate_response() if broken is None else []
        except ENDING:
            raise
        except BaseException as error:
            pipeline.log_failure(self.request.method, self.request.path, error)
            drift = []
        self._finish(replace(sent, size=size), broken, drift)
        self._hand_over(broken or ReceivedResponse(self._received[0], self._returned, self.response_copy.whole))

    def abandon(self) -> None:
        """Record that the client went away before the response was complete."""
        if not self._is_finished:
            self._sent.status = self._sent.status or 499
            self.finish("the client closed the connection before the response was complete")

    def _validate_response(self) -> list[Violation]:
        operation, (status, headers) = self._exchange.operation, self._received
        if operation is None:
            return []
        return validate_response(operation, self.request.method, status, headers, self.response_copy.whole)

    def _hand_over(self, received: ReceivedResponse | str) -> None:
        """Give the exchange to whoever listens: of the response as it came, only addresses are changed."""
        listener = self._service.on_exchange
        if listener is None:
            return
        body = self.request_copy.whole
        request = self.request.with_body(body or b"")
        request.too_large = body is None
        try:
            listener(request, received)
        except ENDING:
            raise
        except BaseException as error:
            pipeline.log_failure(request.method, request.path, error)

    def _release(self, response: Response) -> None:
        self.is_reset = True
        if self.on_reset is not None:
            self.on_reset(response)

    def _add_own_headers(self, response: Response) -> None:
        """Say what was selected; and who may read the response, unless the upstream says so."""
        exchange, request = self._exchange, self.request
        chosen = exchange.selection
        response.headers += [
            (selection.SCENARIO_HEADER, chosen.scenario),
            (SANDBOX_HEADER, chosen.sandbox.name),
        ]
        vary = pipeline.VARY if exchange.operation is not None else None
        if request.header("Origin") is not None and response.header("Access-Control-Allow-Origin") is None:
            response.headers += cors.headers(self._service, request, response)
            vary = vary or ("Vary", "Origin")
        if vary is not None:
            response.set_header("Vary", merge_vary(response.headers, vary))

    def _finish(self, sent: LoggedMessage, broken: str | None, drift: Sequence[Violation]) -> None:
        """Enter the exchange into the journal, unless the sandbox was reset meanwhile."""
        self._is_finished, self.on_reset = True, None
        former, service = self._exchange, self._service
        self.delivery.delivered()
        # These refer to each other, and would stay, with the bodies, until the next collection.
        former.delivery = None
        if broken is not None:
            former.add_notice(broken)
        copy = self.request_copy
        received = replace(former.prepared.logged, body=copy.beginning, size=copy.size)

        def attempt(refusal: Refusal | None) -> Exchange:
            exchange = Exchange(service, former.prepared, former.began)
            exchange.override, exchange.refusal = former.override, former.refusal
            exchange.violations, exchange.notices = former.violations or violations, former.notices
            exchange.invalid_status = former.invalid_status
            if refusal is not None or former.prepared.choice is None:
                return exchange
            exchange.sandbox = pipeline.find_sandbox(service, former.prepared, former.prepared.choice)
            chosen = former.selection
            exchange.selected = Selection(exchange.sandbox, chosen.scenario, chosen.via, chosen.ignored)
            entry = pipeline.journal_entry(exchange, self._sent)
            entry = replace(
                entry,
                request=received,
                response=sent,
                drift=tuple(drift),
                code=_code(former),
                parameters=entry.parameters or parameters,
            )
            exchange.sandbox.journal.add(entry)
            return exchange

        try:
            violations, parameters = self._validate_request()
            exchange = former if self.is_reset else service.sandboxes.transact(attempt)
        except ENDING:
            raise
        except BaseException as error:
            pipeline.log_failure(self.request.method, self.request.path, error)
            exchange = former
        if service.request_log is not None:
            service.request_log(line_of(exchange, self._sent))

    def _validate_request(self) -> tuple[Sequence[Violation], Mapping[str, Any]]:
        """Where the request violates the contract, if it was kept as a whole, and its parameters if it does not."""
        prepared, body = self._exchange.prepared, self.request_copy.whole
        if prepared.route.operation is None or body is None:
            return (), {}
        whole = PreparedRequest(self.request.with_body(body), prepared.logged, prepared.route)
        return validate_request(self._service, whole), whole.parameters


def _code(exchange: Exchange) -> str | None:
    return exchange.refusal.code if exchange.refusal is not None else None
