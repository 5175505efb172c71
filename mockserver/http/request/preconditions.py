"""Conditional requests (RFC 9110, section 13): those that hold only for one version of a resource, or for none."""

from __future__ import annotations

from werkzeug.http import parse_etags, unquote_etag

from mockserver.http.messages import IF_MATCH, IF_NONE_MATCH, Request
from mockserver.refusals import PreconditionFailed


def check(request: Request, tag: str) -> None:
    """Compare the conditions with the current entity tag, in the order of section 13.2.2. Raises PreconditionFailed.

    What a POST creates is another resource than its target, so `If-None-Match` is not about that (see `creates`).
    """
    check_match(request, tag)
    if_none_match = request.header(IF_NONE_MATCH)
    if if_none_match is not None and request.method != "POST":
        if parse_etags(if_none_match).contains_weak(unquote_etag(tag)[0] or ""):
            raise PreconditionFailed(IF_NONE_MATCH, if_none_match, tag)


def check_match(request: Request, tag: str) -> None:
    """Compare `If-Match` with the current entity tag, strongly (section 13.1.1). Raises PreconditionFailed."""
    if_match = request.header(IF_MATCH)
    if if_match is not None:
        tags, (opaque, is_weak) = parse_etags(if_match), unquote_etag(tag)
        if not (tags.star_tag or (not is_weak and tags.is_strong(opaque or ""))):
            raise PreconditionFailed(IF_MATCH, if_match, tag)


def creates(request: Request) -> bool:
    """Whether a request may only create: it must not find what it would create."""
    if_none_match = request.header(IF_NONE_MATCH)
    return if_none_match is not None and parse_etags(if_none_match).star_tag
