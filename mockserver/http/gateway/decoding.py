"""Bodies of the upstream as JSON, so that they can be validated and patched."""

from __future__ import annotations

from typing import Any

from mockserver.syntax import strict_json
from mockserver.syntax.merge_patch import merge_patch

# Bytes of a body, decoded or not, that are validated or patched.
VALIDATED_LIMIT = 10 * 1024 * 1024
STRICT_BYTES = 64 * 1024


def parse_json(body: bytes) -> Any:
    """A JSON body; one over STRICT_BYTES is read less strictly, but fast. Raises strict_json.MalformedJSON."""
    return strict_json.parse(body) if len(body) <= STRICT_BYTES else strict_json.parse_fast(body)


def patch_json(body: bytes, patch: Any) -> bytes:
    """A JSON body with a merge patch applied. Raises strict_json.MalformedJSON."""
    value = merge_patch(parse_json(body), patch)
    try:
        return strict_json.dump(value)
    except UnicodeEncodeError:
        raise strict_json.MalformedJSON("it contains a lone surrogate, which is not a valid character") from None
