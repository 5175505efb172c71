"""The head of a request as it is passed on: target and headers without what is this server's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from urllib.parse import quote, unquote_plus

from msgspec import Struct

from mockserver.contract.upstream import Upstream
from mockserver.http.messages import PATH_CHARACTERS, SAFE_METHODS, Request
from mockserver.openapi.parameter_decoding import RESERVED_PREFIX
from mockserver.syntax.http.header_names import FRAMING, NOT_TRAILERS

# Named here, they concern the neighbours of this server, or are written again for the upstream. A gateway consumes
# proxy credentials (RFC 9110, section 11.7.2), and this server itself has answered `Expect: 100-continue`.
NOT_FORWARDED = FRAMING | {
    "expect", "host", "proxy-authenticate", "proxy-authorization", "via", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto",
}  # fmt: skip
# The content codings that can be decoded, to validate and to patch a body.
DECODABLE = ("gzip", "x-gzip", "deflate", "identity")
# A part of a response, or none, is enough for a client that has an earlier one (RFC 9110, sections 13.1 and 14).
PARTIAL = ("range", "if-range", "if-none-match", "if-modified-since")
_OWN_HEADER = "x-mock-"
_OWN_COOKIE, _OWN_MEMBER = "mock_", "mock-"
_BASE_SEGMENTS = 3
# A longer value is passed on as it is: no request is passed on that often.
_HOPS = re.compile(r"[0-9]{1,18}")

Headers = Iterable[tuple[str, str]]


class ForwardedHead(Struct, frozen=True):
    """A request's head for the upstream, without what frames its body; `target` is ASCII."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]


def forwarded_head(
    upstream: Upstream,
    request: Request,
    *,
    is_validated: bool,
    is_whole: bool,
    is_foreign: bool,
    accepts_trailers: bool,
    announces_trailers: bool,
) -> ForwardedHead:
    """The head of a request for the upstream.

    The response to a request that `is_validated` must be decodable. With `is_whole` it is asked for in full, whatever
    the client has of it. A page of another site (`is_foreign`) does not get to use the credentials of the upstream. The
    trailers of the response are passed on if it `accepts_trailers`, and those of the request if it
    `announces_trailers`.
    """
    headers = list(_end_to_end(_sent_headers(request)))
    if is_validated:
        headers = [pair for name, value in headers if (pair := _with_decodable_codings(name, value)) is not None]
    if is_whole and request.method in SAFE_METHODS:
        headers = [(name, value) for name, value in headers if name.lower() not in PARTIAL]
    address = upstream.address
    if address.authorization is not None and not is_foreign:
        headers = [(name, value) for name, value in headers if name.lower() != "authorization"]
        headers.append(("Authorization", address.authorization))
    if announces_trailers and (announced := request.header("Trailer")) is not None:
        headers.append(("Trailer", announced))
    if accepts_trailers:
        # RFC 9110, section 10.1.4.
        headers += [("Connection", "TE"), ("TE", "trailers")]
    return ForwardedHead(
        request.method,
        forwarded_target(upstream, request),
        [("Host", address.authority), *_without_selection(headers), *_forwarding_headers(upstream, request)],
    )


def forwarded_target(upstream: Upstream, request: Request) -> str:
    """The path and query as they were sent, below the path of the upstream.

    That path replaces a prefix of the document's servers. A base address and the query parameters of this
    server are removed.
    """
    path, question, query = _raw_target(request).partition("?")
    if request.base_sandbox is not None:
        path = "/" + "/".join(path.split("/")[1 + _BASE_SEGMENTS :])
    prefix = upstream.address.path
    if prefix:
        path = prefix + path.removeprefix(upstream.prefix_of(path))
    pieces = query.split("&")
    kept = [piece for piece in pieces if not _is_own_parameter(piece)]
    if len(kept) < len(pieces):
        question, query = ("?" if kept else ""), "&".join(kept)
    return path + question + query


def forwarded_trailers(request: Request, trailers: Iterable[tuple[bytes, bytes]]) -> Sequence[tuple[str, str]]:
    """The trailers of a request for the upstream: without those that change how it is understood."""
    options = connection_options(_sent_headers(request))
    return [
        (_spelling(name.decode("latin-1")), value.decode("latin-1"))
        for name, value in trailers
        if _is_forwarded(name.decode("latin-1").lower(), options | NOT_TRAILERS)
    ]


def accepts_trailers(request: Request) -> bool:
    """Whether the client of a request reads trailers (RFC 9110, section 10.1.4)."""
    members = (request.header("TE") or "").split(",")
    return any(member.partition(";")[0].strip().lower() == "trailers" for member in members)


def connection_options(headers: Headers) -> set[str]:
    """The names of headers that `Connection` says are for the neighbour only (RFC 9110, section 7.6.1)."""
    return {
        option.strip().lower() for name, value in headers if name.lower() == "connection" for option in value.split(",")
    }


def received_by(upstream: Upstream, request: Request) -> bool:
    """Whether `Via` says that this server has passed the request on before (RFC 9110, section 7.6.3)."""
    via = request.header("Via")
    return via is not None and any(upstream.pseudonym in member.split()[1:2] for member in via.split(","))


def _raw_target(request: Request) -> str:
    """The target as it was sent; where a WSGI server does not provide it, the path encoded again."""
    if request.target.startswith("/"):
        return request.target
    path = request.root_path.removeprefix(request.prefix) + request.match_path
    return quote(path, safe=PATH_CHARACTERS) + (f"?{request.query}" if request.query else "")


def _sent_headers(request: Request) -> Sequence[tuple[str, str]]:
    """The headers as they were sent, as far as the front end knows."""
    if not request.raw_headers:
        return tuple(request.by_name.items())
    return [(_spelling(name.decode("latin-1")), value.decode("latin-1")) for name, value in request.raw_headers]


def _spelling(name: str) -> str:
    """A header's name as most programs write it; the parser has put it in lower case."""
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-"))


def _end_to_end(headers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The headers that are meant for the recipient of the request, this server's own not among them."""
    options = connection_options(headers)
    for name, value in headers:
        if _is_forwarded(name.lower(), options):
            yield name, value


def _is_forwarded(lower: str, options: Set[str]) -> bool:
    return not (lower in NOT_FORWARDED or lower in options or lower.replace("_", "-").startswith(_OWN_HEADER))


def _without_selection(headers: Headers) -> Iterator[tuple[str, str]]:
    """Headers without the cookies and members of `baggage` that select a sandbox here."""
    for name, value in headers:
        lower = name.lower()
        if lower == "cookie":
            value = ";".join(piece for piece in value.split(";") if not piece.lstrip().startswith(_OWN_COOKIE)).lstrip()
        elif lower == "baggage":
            value = ",".join(piece for piece in value.split(",") if not piece.lstrip().startswith(_OWN_MEMBER)).lstrip()
        elif lower == "max-forwards" and _HOPS.fullmatch(value):
            value = str(max(0, int(value) - 1))
        if value or lower not in ("cookie", "baggage"):
            yield name, value


def _forwarding_headers(upstream: Upstream, request: Request) -> Iterator[tuple[str, str]]:
    """The headers that say from where the request has come."""
    client, forwarded_for = request.remote_addr, request.header("X-Forwarded-For")
    if client or forwarded_for:
        yield "X-Forwarded-For", ", ".join(filter(None, (forwarded_for, client)))
    via = request.header("Via")
    yield "Via", f"{via}, 1.1 {upstream.pseudonym}" if via else f"1.1 {upstream.pseudonym}"
    if host := request.header("Host"):
        yield "X-Forwarded-Host", host
    yield "X-Forwarded-Proto", request.scheme


def _with_decodable_codings(name: str, value: str) -> tuple[str, str] | None:
    """`Accept-Encoding` with the codings that can be decoded; other headers as they are."""
    if name.lower() != "accept-encoding":
        return name, value
    members = [member.strip() for member in value.split(",")]
    kept = [member for member in members if re.split(r"[;\s]", member.lower(), maxsplit=1)[0] in DECODABLE]
    if not kept and any(member.startswith("*") and not re.search(r"q=0(\.0*)?$", member) for member in members):
        kept = ["gzip", "deflate"]
    return name, ", ".join(kept) or "identity"


def _is_own_parameter(piece: str) -> bool:
    return unquote_plus(piece.partition("=")[0]).startswith(RESERVED_PREFIX)
