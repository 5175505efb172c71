"""Media types and examples of a declared body or response."""

from __future__ import annotations

from typing import Any

from mockserver.openapi.model import Body, DeclaredResponse, MediaType
from mockserver.syntax.media_types import is_json


def json_media_type(declared: DeclaredResponse | Body) -> MediaType | None:
    """The declared media type that is JSON, a problem document only if there is no other."""
    media_types = [media_type for media_type in declared.media.values() if is_json(media_type.name)]
    return min(media_types, key=lambda media_type: "problem" in media_type.name, default=None)


def find_example(declared: DeclaredResponse, name: str) -> tuple[MediaType, Any] | None:
    """The declared example of that name, and its media type."""
    for media_type in declared.media.values():
        if name in media_type.examples:
            return media_type, media_type.examples[name]
    return None
