"""Links of a list to its other pages: the header `Link` (RFC 8288), and members of the envelope such as `next`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from mockserver.http.messages import PATH_CHARACTERS, Request
from mockserver.syntax import words
from mockserver.syntax.member_path import MemberPath, member_at, with_member

# Members, as `words.normalize` writes them, that hold the address of a page. A `next_page` may be its number.
LINK = re.compile(r"(?:odata)?(next|prev(?:ious)?|first|last|self)(?:(?:page)?(?:url|link|uri|href))?")
Addresses = Mapping[str, str]


def page_addresses(request: Request, pages: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The absolute address of each page by its relation, and that of the request itself.

    `pages` are the query parameters that each of them has in place of the request's.
    """
    path = quote(f"{request.root_path}{request.path}", safe=PATH_CHARACTERS)
    base = request.host_url.rstrip("/") + path
    sent = parse_qsl(request.query, keep_blank_values=True)
    names = {name for name, _ in sent}

    def address(replaced: Mapping[str, Any]) -> str:
        pairs = [(name, replaced.get(name, value)) for name, value in sent]
        pairs += [(name, value) for name, value in replaced.items() if name not in names]
        return f"{base}?{urlencode(pairs)}" if pairs else base

    own_address = address({})
    only_page = {} if pages else {"first": own_address, "last": own_address}
    return {"self": own_address, **only_page, **{relation: address(replaced) for relation, replaced in pages.items()}}


def link_header(addresses: Addresses) -> str | None:
    """The value of the header `Link`; None where there is one page alone."""
    if addresses.keys().isdisjoint({"next", "prev"}):
        return None
    listed = [relation for relation in ("next", "prev", "first", "last") if relation in addresses]
    return ", ".join(f'<{addresses[relation]}>; rel="{relation}"' for relation in listed)


def with_links(envelope: Any, addresses: Addresses, is_valid: Callable[[Any], bool], kept: MemberPath | None) -> Any:
    """The envelope, in which each member that is a link has its address, as far as its schema allows.

    The links may be in an object of the envelope, and be objects with an `href`. The member `kept` is a cursor.
    """
    if not isinstance(envelope, dict):
        return envelope
    for path, relation in list(_find_links(envelope)):
        address = addresses.get(relation)
        if address is None or path == kept:
            continue
        candidates = (_with_address(envelope, path, address), _with_address(envelope, path, _relative(address)))
        envelope = next(filter(is_valid, candidates), envelope)
    return envelope


def _find_links(envelope: dict[str, Any]) -> Iterator[tuple[MemberPath, str]]:
    """The paths of the members that are links, with their relations."""
    for name, value in envelope.items():
        members: dict[MemberPath, Any] = {(name,): value}
        if isinstance(value, dict):
            members |= {(name, inner): below for inner, below in value.items()}
        for path, member in members.items():
            match = LINK.fullmatch(words.normalize(path[-1]))
            is_link = member is None or isinstance(member, str) or (isinstance(member, dict) and "href" in member)
            if match is not None and is_link:
                yield path, "prev" if match[1] == "previous" else match[1]


def _with_address(envelope: dict[str, Any], path: MemberPath, address: str) -> dict[str, Any]:
    link = member_at(envelope, path)
    return with_member(envelope, path, {**link, "href": address} if isinstance(link, dict) else address)


def _relative(address: str) -> str:
    return "/" + address.partition("://")[2].partition("/")[2]
