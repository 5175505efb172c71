"""Requests and responses as plain values, passed between a front end (Flask or the HTTP server) and the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.sansio.request import Request as SansIORequest

from mockserver.engine.journal import LoggedMessage
from mockserver.errors import Violation
from mockserver.syntax.http.cookies import split_cookies

if TYPE_CHECKING:
    from mockserver.engine.journal import Entry
    from mockserver.http.cache_validity import CacheValidity
    from mockserver.http.exchange import PassedOn
    from mockserver.http.request_log import RequestLine
    from mockserver.http.streaming.streams import Stream

RETRY_MILLISECONDS = 20
# The JSON values of a body: so many are read and validated in less than a second, during which nothing else happens.
# Where larger bodies are accepted, there is one for every so many bytes of the largest.
JSON_VALUE_LIMIT, BYTES_PER_VALUE = 250_000, 40
# Stands for the method of a message on a channel.
MESSAGE = "MESSAGE"
SAFE_METHODS = ("GET", "HEAD")
IF_MATCH, IF_NONE_MATCH = "If-Match", "If-None-Match"
# The server has dealt with these itself.
UNLOGGED = ("Content-Length", "Transfer-Encoding")
# The values of one header for which the headers with them are kept.
VARIANT_LIMIT = 64
# What a path has unencoded in an address (RFC 3986, section 3.3), and the `%` of what is encoded in a request's path.
PATH_CHARACTERS = "/%:@!$&'()*+,;=~"


class Address(NamedTuple):
    """Where a request goes: the path below `root_path`, and what a base address selects."""

    root_path: str
    path: str
    sandbox: str | None = None
    scenario: str | None = None


class RequestHeaders(dict[str, str]):
    """Headers by name, and what follows from them alone: clients send the same ones again and again."""

    @cached_property
    def parsed(self) -> Headers:
        """The headers as Werkzeug reads them."""
        return Headers(list(self.items()))

    @cached_property
    def logged(self) -> LoggedMessage:
        """What the journal keeps of a request with these headers and no body."""
        return LoggedMessage.received(tuple(pair for pair in self.items() if pair[0] not in UNLOGGED), b"")

    @cached_property
    def is_conditional(self) -> bool:
        """Whether they hold a condition on what a change is made to (RFC 9110, section 13.1)."""
        return IF_MATCH in self or IF_NONE_MATCH in self

    @cached_property
    def _variants(self) -> dict[tuple[str, str], RequestHeaders]:
        return {}

    def with_value(self, name: str, value: str) -> RequestHeaders:
        """The same headers with another value of one: each test sends the same ones, with a sandbox of its own."""
        variants = self._variants
        variant = variants.get((name, value))
        if variant is None:
            if len(variants) >= VARIANT_LIMIT:
                variants.clear()
            variant = variants[name, value] = RequestHeaders({**self, name: value})
        return variant


class Request(SansIORequest):
    """A complete request. Headers of the same name are joined, and `-` and `_` in header names are the same.

    `path` is decoded except for percent-encoded separators (see `request.addressing`); `match_path` is the same with
    every slash that was sent. `scheme` is http or https. `target` is the path and query as sent. `body` is
    decompressed once the request is validated, and `sent_body` is as it came. `base_sandbox` and
    `base_scenario` come from a base address. `prefix` is the part of `root_path` that a proxy has removed from the
    path, and `sent_host` the Host that this server was sent, where a proxy names another. `too_large` says that the
    body exceeded the limit and was dropped. `breaks_connections` says whether the front end can deliver faults that
    need access to the socket. `value_limit` is how many JSON values the body may have. `by_name` has the headers by
    names of the form that `header_name` gives. Where requests are passed on, `raw_headers` are the lines as they were
    sent, and `client` the address of the client.
    """

    def __init__(
        self,
        method: str,
        address: Address,
        query_string: bytes,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        scheme: str = "http",
        target: str = "",
        too_large: bool = False,
        breaks_connections: bool = False,
        raw_headers: Sequence[tuple[bytes, bytes]] = (),
        client: str | None = None,
    ) -> None:
        root_path, path, self.base_sandbox, self.base_scenario = address
        values = headers if isinstance(headers, RequestHeaders) else RequestHeaders(headers)
        super().__init__(method, scheme, None, root_path, path, query_string, values.parsed, client)
        self.raw_headers = raw_headers
        self.match_path, self.target, self.body, self.sent_body = path, target, body, body
        self.too_large, self.breaks_connections = too_large, breaks_connections
        self.prefix, self.sent_host = "", values.get("Host", "")
        self.value_limit = JSON_VALUE_LIMIT
        self.by_name = values
        self.query = query_string.decode("latin-1")

    def header(self, name: str) -> str | None:
        """The value of a header; its name is case-insensitive."""
        return self.by_name.get(header_name(name))

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies. Werkzeug leaves out those with spaces or quotes, which browsers send."""
        return ImmutableMultiDict(split_cookies(self.header("Cookie") or ""))

    def with_header(self, name: str, value: str) -> Request:
        """The same request with another value of one header."""
        return self._changed(by_name=self.by_name.with_value(name, value))

    def at_address(self, prefix: str, scheme: str, host: str | None) -> Request:
        """The same request below `prefix`, with another scheme and, unless it is None, another host."""
        other = self.with_header("Host", host) if host is not None else self._changed()
        other.prefix, other.root_path, other.scheme = prefix, prefix + self.root_path, scheme
        other.headers = other.by_name.parsed
        return other

    def with_body(self, body: bytes) -> Request:
        """The same request with a body that has come since."""
        return self._changed(body=body, sent_body=body)

    def with_decoded_body(self, body: bytes) -> Request:
        """The same request with its body as it was before it was compressed."""
        return self._changed(body=body)

    def as_get(self) -> Request:
        """A GET of the same address with the same headers."""
        return self._changed(method="GET", body=b"", too_large=False)

    def as_message(self, body: bytes) -> Request:
        """A message of the client that has opened a channel by this request."""
        return self._changed(method=MESSAGE, body=body)

    def _changed(self, **members: Any) -> Request:
        """The same request with other values of these members. (`copy` takes several times as long.)"""
        other = Request.__new__(Request)
        other.__dict__ = {**self.__dict__, **members}
        return other

    @property
    def logged(self) -> LoggedMessage:
        """What the journal keeps of the request."""
        kept = self.by_name.logged
        return kept.with_body(self.body) if self.body else kept


def join_headers(headers: Iterable[tuple[str, str]]) -> RequestHeaders:
    """Headers by name; the values of a repeated header are joined (RFC 9110, section 5.3)."""
    values = RequestHeaders()
    for name, value in headers:
        key = header_name(name)
        separator = "; " if key == "Cookie" else ", "
        values[key] = f"{values[key]}{separator}{value}" if key in values else value
    return values


@lru_cache(maxsize=1024)
def header(name: str, value: str) -> tuple[str, str]:
    """A header of a response: cached, since thousands of journal entries refer to the same ones."""
    return name, value


@lru_cache(maxsize=1024)
def header_name(name: str) -> str:
    """A header name in the form that `Request` uses: capitalized words that are joined by hyphens."""
    return "-".join(part.capitalize() for part in name.replace("_", "-").split("-"))


class Delivery(Struct, eq=False):
    """How to send a response that is delayed (`delay`, in milliseconds), that waits or that is spoiled (`fault`).

    A response that waits is sent once `retry` returns one without a delivery, and after `delay` at the latest; until
    then `retry` is called every RETRY_MILLISECONDS. It returns None where nothing can have changed.

    The front end calls `delivered` once it has sent or dropped the response. Where it can send another response
    instead of a delayed one, it sets `release`; `replacement` builds that other response. It calls `ended` where a wait
    ends without what it waits for, with the other response if one is sent.
    """

    delay: int
    fault: str | None
    replacement: Callable[[], Response]
    on_delivered: list[Callable[[], None]] = field(default_factory=list)
    release: Callable[[Response], None] | None = None
    retry: Callable[[], Response | None] | None = None
    ended: Callable[[Response | None], None] | None = None

    def delivered(self) -> None:
        """Call each function in `on_delivered` once."""
        actions, self.on_delivered, self.release = self.on_delivered, [], None
        for action in actions:
            action()


class Response(Struct, eq=False):
    """A response, from its creation until it is sent.

    `headers` are in the order in which they are sent; `fixed` are the names, in lower case, of those that the contract
    or an override has set, so the server leaves them as they are. `violations` lists where the response violates the
    contract. `delivery` is set if the response is delayed or spoiled. With a `validity`, the same request gets the same
    response as long as it holds, and `entry` is its journal entry. With an `upstream`, the response is the upstream's,
    which the front end requests (see `passing`); such a response has a delivery, too. Where it `stays_open`, its length
    is not known, and the front end goes on with what it reads from the `stream`; to HEAD there is none.
    `unheld` lists where the declaration of an error could not be kept: a refusal is sent all the same. What
    `is_immutable` is the same for every request, whatever it selects. `line` is what was logged of it.
    """

    status: int
    body: bytes = b""
    media_type: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    delivery: Delivery | None = None
    validity: CacheValidity | None = None
    entry: Entry | None = None
    upstream: PassedOn | None = None
    fixed: Collection[str] = ()
    unheld: Sequence[Violation] = ()
    stays_open: bool = False
    stream: Stream | None = None
    is_immutable: bool = False
    line: RequestLine | None = None

    @property
    def is_sent_later(self) -> bool:
        """Whether the front end has more to do than to send the response at once."""
        return self.delivery is not None or self.stream is not None

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        lower = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower), None)

    def set_header(self, name: str, value: str) -> None:
        """Set a header; it replaces all headers of the same name."""
        lower = name.lower()
        positions = [number for number, (key, _) in enumerate(self.headers) if key.lower() == lower]
        if not positions:
            self.headers.append(header(name, value))
            return
        self.headers[positions[0]] = name, value
        for number in reversed(positions[1:]):
            del self.headers[number]

    def set_headers(self, headers: Mapping[str, str]) -> None:
        """Set headers; each replaces all headers of the same name."""
        for name, value in headers.items():
            self.set_header(name, value)

    def replace_headers(self, headers: Mapping[str, Sequence[str]]) -> None:
        """Set headers, each of them to one or more values, which are sent on lines of their own."""
        replaced = {name.lower(): (name, values) for name, values in headers.items()}
        kept: dict[str, int] = {}
        remaining: list[tuple[str, str]] = []
        for pair in self.headers:
            lower = pair[0].lower()
            if lower in kept:
                continue
            if lower in replaced:
                kept[lower] = len(remaining)
            remaining.append(pair)
        for lower, (name, values) in replaced.items():
            added = [(name, value) for value in values]
            if lower in kept:
                remaining[kept[lower]] = added.pop(0)
            remaining += added
        self.headers = remaining

    def add_headers(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Add the headers that the contract or an override has not set."""
        self.headers += [pair for pair in pairs if pair[0].lower() not in self.fixed] if self.fixed else pairs

    def remove_headers(self, names: Container[str]) -> None:
        """Remove the headers with these names, which are in lower case."""
        self.headers = [pair for pair in self.headers if pair[0].lower() not in names]
