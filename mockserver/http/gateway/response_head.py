"""The headers of the upstream's response as its client gets them: addresses of the upstream become this server's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from mockserver.contract.upstream import PORTS, Upstream, UpstreamAddress
from mockserver.http.gateway.request_head import connection_options
from mockserver.http.messages import PATH_CHARACTERS, Request
from mockserver.syntax.http.address_headers import replace_addresses
from mockserver.syntax.http.header_names import HOP_BY_HOP, NOT_TRAILERS

# What the host of the upstream says of itself would hold for this one: browsers remember for a year that `localhost` is
# reached by https alone (RFC 6797), and where else it is (RFC 7838).
OF_HOST = {"alt-svc", "strict-transport-security"}
NOT_RETURNED = HOP_BY_HOP | OF_HOST | {"proxy-authenticate", "proxy-authentication-info"}
Headers = Sequence[tuple[str, str]]

# Headers about the bytes of a body, which no longer hold for one that is patched.
OF_BYTES = frozenset(
    ("accept-ranges", "content-digest", "content-encoding", "content-length", "content-md5", "content-range", "digest",
     "etag", "last-modified", "repr-digest")
)  # fmt: skip


def returned_headers(upstream: Upstream, request: Request, headers: Headers) -> Iterator[tuple[str, str]]:
    """The headers of a response of the upstream to `request`, without those that are for the neighbour only."""
    own_prefix = _own_prefix(upstream, request)
    options = connection_options(headers) - {"content-length"}
    for name, value in headers:
        lower = name.lower()
        if lower in NOT_RETURNED or lower in options:
            continue
        if lower == "set-cookie":
            value = own_cookie(upstream.address, own_prefix, value)
        yield name, replace_addresses(name, value, partial(own_location, upstream.address, request, own_prefix))


def returned_trailers(headers: Headers, trailers: Headers) -> Headers:
    """The trailers of a response with these headers for the client, without those that change how it is understood."""
    options = connection_options(headers) | NOT_TRAILERS
    return [pair for pair in trailers if pair[0].lower() not in options and not pair[0].lower().startswith("x-mock-")]


def own_location(address: UpstreamAddress, request: Request, own_prefix: str, value: str) -> str:
    """An address on the upstream as the same on this server, below the path `own_prefix`; others as they are.

    What is on the upstream's origin but not below its path cannot be requested here, so its address is made absolute.
    """
    try:
        parts = urlsplit(value)
        port = parts.port or PORTS.get(parts.scheme or address.scheme)
    except ValueError:
        return value
    if parts.netloc:
        is_upstream = (parts.scheme or address.scheme, _host(parts.hostname), port) == (
            address.scheme, address.host, address.port,
        )  # fmt: skip
        if not is_upstream:
            return value
        # Of the text, so that its percent-encoding stays.
        rest = value.partition("//")[2]
        end = next((index for index, character in enumerate(rest) if character in "/?#"), len(rest))
        rest = rest[end:]
        rest = rest if rest.startswith("/") else f"/{rest}"
    elif value.startswith("/") and not parts.scheme:
        rest = value
    else:
        return value
    path = address.path
    if path and not _is_below(rest, path):
        return address.origin + rest
    below = rest[len(path) :]
    below = own_prefix + (below if below.startswith("/") else f"/{below}")
    # Two slashes at its start would make it the name of another host.
    is_absolute = parts.netloc or below.startswith("//")
    return request.host_url.rstrip("/") + below if is_absolute else below


def own_cookie(address: UpstreamAddress, own_prefix: str, value: str) -> str:
    """A `Set-Cookie` of the upstream as this server's: for its host, and for the path below `own_prefix`."""
    pair, *attributes = value.split(";")
    kept = [pair]
    # The path of one with this prefix must be `/` (draft-ietf-httpbis-rfc6265bis, section 4.1.3.2).
    is_of_host = pair.lstrip().lower().startswith("__host-")
    for attribute in attributes:
        name, _, text = attribute.partition("=")
        lower, text = name.strip().lower(), text.strip()
        if lower == "domain" and _is_domain_of(text.lstrip(".").lower(), address.host):
            continue
        if lower == "path" and text.startswith("/") and not is_of_host:
            attribute = f" Path={_own_cookie_path(address.path, own_prefix, text)}"
        kept.append(attribute)
    return ";".join(kept)


def _own_prefix(upstream: Upstream, request: Request) -> str:
    """The path on this server that corresponds to the upstream's path: base address and prefix of the request."""
    root = quote(request.root_path, safe=PATH_CHARACTERS)
    return root + upstream.prefix_of(request.match_path) if upstream.address.path else root


def _own_cookie_path(path: str, own_prefix: str, text: str) -> str:
    if path and not _is_below(text, path):
        # A cookie for a part of the upstream's path that is above it, such as `/`, is sent to all of it.
        return own_prefix or "/"
    return own_prefix + text[len(path) :] or "/"


def _is_below(text: str, path: str) -> bool:
    return text == path or (text.startswith(path) and text[len(path)] in "/?#")


def _host(name: str | None) -> str | None:
    if name is None or ":" in name:
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _is_domain_of(domain: str, host: str) -> bool:
    """Whether a host is in a domain (RFC 6265, section 5.1.3)."""
    return host == domain or host.endswith(f".{domain}")
