"""Samples of binary bodies: a minimal valid file of a media type, or bytes that are derived from a seed."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping

from mockserver.syntax.http.media_types import essence

LENGTH = 64
# A grey pixel, in the baseline form of JPEG: a quantization table of ones, a Huffman table with one code for the level
# and one for the end of the block, and a scan with both codes.
JPEG = (
    bytes.fromhex("ffd8 ffdb 0043 00")
    + b"\x01" * 64
    + bytes.fromhex("ffc0 000b 08 0001 0001 01 01 11 00")
    + b"".join(b"\xff\xc4\x00\x14" + table + b"\x01" + bytes(16) for table in (b"\x00", b"\x10"))
    + bytes.fromhex("ffda 0008 01 01 00 00 3f 00 3f ffd9")
)
# No samples, of one channel with 8 bits, 8,000 in a second.
WAVE = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0"
# Images of one pixel, a document of one empty page, an empty archive, silence.
MINIMAL_FILES: Mapping[str, bytes] = {
    **dict.fromkeys(("image/jpeg", "image/jpg"), JPEG),
    "image/webp": b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="),
    **dict.fromkeys(("audio/wav", "audio/x-wav", "audio/wave"), WAVE),
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
