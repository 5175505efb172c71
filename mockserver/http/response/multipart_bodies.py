"""Multipart bodies (RFC 2046, section 5.1): an array is a part for each item, an object a form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.http.response.binary_samples import MINIMAL_FILES
from mockserver.openapi.model import Encoding, MediaType, PartEncodings
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import JSON, OCTETS, essence

TEXT = "text/plain; charset=utf-8"
# What is sent of a range that an encoding declares.
CONCRETE = {"image/*": "image/png", "audio/*": "audio/wav", "text/*": TEXT, "application/*": JSON}
NOT_ENCODED = Encoding()


def write(value: Sequence[Any] | Mapping[str, Any], media_type: str, media: MediaType | None) -> tuple[bytes, str]:
    """The body, and its Content-Type with the boundary, which follows from the content."""
    parts = list[tuple[list[str], bytes]]()
    if isinstance(value, Mapping):
        for name, member in value.items():
            encoding = media.encoding.get(name, NOT_ENCODED) if media is not None else NOT_ENCODED
            disposition = f'Content-Disposition: form-data; name="{_quoted(name)}"'
            parts += [_part(item, encoding, disposition) for item in (member if isinstance(member, list) else [member])]
    else:
        encodings = media.parts if media is not None and media.parts is not None else PartEncodings()
        parts = [_part(item, encodings.at(index)) for index, item in enumerate(value)]
    boundary = "part-" + hashlib.sha256(b"\0".join(content for _, content in parts)).hexdigest()[:32]
    pieces = list[bytes]()
    for headers, content in parts:
        pieces += [
            f"--{boundary}\r\n".encode(),
            *(f"{line}\r\n".encode() for line in headers),
            b"\r\n",
            content,
            b"\r\n",
        ]
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()]), f"{media_type}; boundary={boundary}"


def _part(value: Any, encoding: Encoding, *headers: str) -> tuple[list[str], bytes]:
    """The headers and the content of a part; without a declared type, as OpenAPI has it (3.2, section 4.15.1)."""
    default = JSON if isinstance(value, dict | list) else TEXT
    kind = encoding.kinds[0] if encoding.kinds else default
    kind = CONCRETE.get(kind, OCTETS) if "*" in kind else kind
    if essence(kind) in MINIMAL_FILES:
        # No JSON is such a file.
        content = MINIMAL_FILES[essence(kind)]
    else:
        is_text = isinstance(value, str) and essence(kind) != JSON
        content = value.encode() if is_text else strict_json.dump(value)
    return [*headers, f"Content-Type: {kind}"], content


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
