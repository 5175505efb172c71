"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a POST sent again is answered as the first time."""

from __future__ import annotations

import hashlib
import re

from flask import Request

from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.http.responses import Answer
from mockserver.refusals import BadIdempotencyKey

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
ENVIRON = "HTTP_IDEMPOTENCY_KEY"
# A string as RFC 8941, section 3.3.3, has it; many clients send it bare.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
_BARE = re.compile(r"[!#-+\--~]+")
LENGTH_LIMIT = 255


def read_key(request: Request) -> str | None:
    """The key of a POST, if it brings one. Raises BadIdempotencyKey."""
    text = request.environ.get(ENVIRON) if request.method == "POST" else None
    if text is None:
        return None
    quoted = _QUOTED.fullmatch(text)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text if _BARE.fullmatch(text) else ""
    if not 0 < len(key) <= LENGTH_LIMIT:
        raise BadIdempotencyKey(text, LENGTH_LIMIT)
    return key


def digest(request: Request) -> str:
    """What makes two requests the same: method, path, query and body."""
    parts = (request.method, request.path, request.query_string.decode("latin-1"))
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + request.get_data()).hexdigest()


def keep(answered: Answer, request: str) -> StoredResponse:
    """An answer, to be given again."""
    headers = tuple(answered.headers.items())
    return StoredResponse(request, answered.status, answered.body, answered.media_type, headers)


def replay(kept: StoredResponse) -> Answer:
    """The kept answer once more, marked as such."""
    return Answer(kept.status, kept.body, kept.media_type, {**dict(kept.headers), REPLAYED: "true"})
