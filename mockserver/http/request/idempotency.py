"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repeated POST gets the first response again."""

from __future__ import annotations

import hashlib
import re

from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.http.messages import Request, Response
from mockserver.refusals import BadIdempotencyKey

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
LENGTH_LIMIT = 255
# A string of RFC 8941, section 3.3.3; many clients send the key without quotes.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
_BARE = re.compile(r"[!#-+\--~]+")


def read_key(request: Request) -> str | None:
    """The idempotency key of a POST request, if it has one. Raises BadIdempotencyKey."""
    text = request.header(HEADER) if request.method == "POST" else None
    if text is None:
        return None
    quoted = _QUOTED.fullmatch(text)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text if _BARE.fullmatch(text) else ""
    if not 0 < len(key) <= LENGTH_LIMIT:
        raise BadIdempotencyKey(text, LENGTH_LIMIT)
    return key


def digest(request: Request) -> str:
    """A hash of method, path, query and body; requests with the same digest are the same request."""
    parts = "\n".join((request.method, request.path, request.query))
    return hashlib.sha256(parts.encode() + b"\n" + request.body).hexdigest()


def store(response: Response, request_digest: str) -> StoredResponse:
    """The response to store for an idempotency key."""
    return StoredResponse(request_digest, response.status, response.body, response.media_type, tuple(response.headers))


def replay(stored: StoredResponse) -> Response:
    """The stored response, with the header that marks it as replayed."""
    return Response(stored.status, stored.body, stored.media_type, [*stored.headers, (REPLAYED, "true")])
