"""Media types and examples of a declared body or response."""

from __future__ import annotations

from typing import Any

from mockserver.openapi.model import Body, DeclaredResponse, MediaType
from mockserver.openapi.parameter_decoding import decode_scalar
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax.media_types import essence, is_json, may_be_json


def json_media_type(declared: DeclaredResponse | Body) -> MediaType | None:
    """The declared media type that is JSON, a problem document or a range such as `*/*` only if there is no other."""
    media_types = [media_type for media_type in declared.media.values() if is_json(media_type.name)]
    media_types = media_types or [media_type for media_type in declared.media.values() if may_be_json(media_type.name)]
    return min(media_types, key=lambda media_type: "problem" in media_type.name, default=None)


def judged_value(name: str, shape: Shape, value: Any) -> tuple[Any] | None:
    """What the schema of a media type is about, in a tuple, for a value that is sent in it; None if about nothing.

    Plain text that is described as a number or a boolean is judged as that. A body in a syntax of its own, such as XML
    or PDF, is judged by a schema that describes it as a string.
    """
    if may_be_json(name):
        return (value,)
    if essence(name) == "text/plain" and isinstance(value, str) and not shape.types & COMPOUND:
        return (decode_scalar(value, shape.types),)
    return (value,) if shape.types - {"null"} == {"string"} else None


def find_example(declared: DeclaredResponse, name: str) -> tuple[MediaType, Any] | None:
    """The declared example of that name, and its media type."""
    for media_type in declared.media.values():
        if name in media_type.examples:
            return media_type, media_type.examples[name]
    return None
