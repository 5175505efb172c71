"""Samples of binary bodies: a minimal valid file of a media type, or bytes that are derived from a seed."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping

from mockserver.syntax.media_types import essence

LENGTH = 64
# Images of one pixel, a document of one empty page, an empty archive.
MINIMAL_FILES: Mapping[str, bytes] = {
    "image/png": b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
    "image/gif": b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "application/zip": b"PK\x05\x06" + bytes(18),
    "application/pdf": (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    ),
}


def generate_bytes(kind: str, seed: str) -> bytes:
    """The minimal file of a media type if there is one, else bytes that are derived from the seed."""
    return MINIMAL_FILES.get(essence(kind)) or hashlib.shake_128(seed.encode()).digest(LENGTH)
