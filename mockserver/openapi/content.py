"""Media types and examples of a declared body or response, and what the schema of a media type says about a body."""

from __future__ import annotations

from itertools import islice
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.errors import Violation
from mockserver.openapi.model import Body, DeclaredResponse, MediaType
from mockserver.openapi.parameter_decoding import decode_scalar
from mockserver.openapi.xml.reading import read
from mockserver.schemas.shapes import COMPOUND
from mockserver.syntax.http.media_types import charset_of, essence, is_json, is_xml_data, may_be_json
from mockserver.syntax.xml_elements import MalformedXML, TooManyElements, UnknownEncoding, decode


class BodyValue(Struct, frozen=True):
    """The value of a body that its schema describes.

    `violations` are those of the syntax; `is_readable` says whether there is a value all the same.
    """

    value: Any
    violations: list[Violation] = field(default_factory=list)
    is_readable: bool = True


# The invalid items of a sequence that are explained.
INVALID_LIMIT = 20
# Media types of JSON that describe an error or a change, and not the thing itself.
SPECIAL = ("problem", "json-patch")


def json_media_type(declared: DeclaredResponse | Body | None) -> MediaType | None:
    """The declared media type that holds JSON values, which XML does too if its schema describes it.

    That is JSON; a problem document, a patch, a range such as `*/*` or XML only if there is no other, in this order.
    None where nothing is declared.
    """
    if declared is None:
        return None
    media_types = [media_type for media_type in declared.media.values() if is_json(media_type.name)]
    media_types = media_types or [media_type for media_type in declared.media.values() if may_be_json(media_type.name)]
    media_types = media_types or [entry for entry in declared.media.values() if holds_value(entry.name, entry)]
    return min(media_types, key=lambda media_type: any(part in media_type.name for part in SPECIAL), default=None)


def holds_value(kind: str, media: MediaType) -> bool:
    """Whether a body sent as `kind`, declared as `media`, is a JSON value: in JSON, or by its schema in XML."""
    return is_json(kind) or (media.xml is not None and is_xml_data(kind))


def validate_body(kind: str, media: MediaType, value: Any) -> list[Violation]:
    """Where a body in the media type `kind` violates what is declared as `media`; see `body_value` for its value."""
    body = body_value(kind, media, value) if media.validator is not None else None
    if body is None or media.validator is None:
        return []
    return body.violations + (media.validator.violations(body.value, "body") if body.is_readable else [])


def item_violations(media: MediaType, items: list[Any]) -> list[Violation]:
    """Where the items of a sequence violate `itemSchema`, and all of them the schema."""
    violations = list[Violation]()
    if media.validator is not None and "array" in media.shape.types:
        violations += media.validator.violations(items, "body")
    validator = media.item.validator if media.item is not None else None
    if validator is None and "array" not in media.shape.types:
        # A schema that allows no arrays is that of each item.
        validator = media.validator
    if validator is None:
        return violations
    invalid = (index for index, item in enumerate(items) if not validator.is_valid(item))
    for number, index in enumerate(islice(invalid, INVALID_LIMIT + 1)):
        if number == INVALID_LIMIT:
            more = f"more items than these {number} are invalid"
            return [*violations, Violation("body", "", "more", more)]
        violations += [
            replace(violation, pointer=f"/{index}{violation.pointer}")
            for violation in validator.violations(items[index], "body")
        ]
    return violations


def is_valid(kind: str, media: MediaType, value: Any) -> bool:
    """Whether a body matches what is declared as `media`; see `body_value` for its value."""
    body = body_value(kind, media, value) if media.validator is not None else None
    if body is None or media.validator is None:
        return True
    return not body.violations and media.validator.is_valid(body.value)


def body_value(kind: str, media: MediaType, value: Any) -> BodyValue | None:
    """The value that the schema of a media type describes, of a body that is sent as `kind`; None if it describes none.

    `value` is JSON, or the text or bytes of a body. Plain text that is described as a number or a boolean is
    validated as that, and XML as the value that it stands for if its schema describes that. A body in another syntax,
    such as PDF, is validated by a schema that describes it as a string.
    """
    if may_be_json(kind):
        return BodyValue(value)
    if holds_value(kind, media):
        return _xml_value(kind, media, value) if isinstance(value, str | bytes) else BodyValue(value)
    if essence(kind) == "text/plain" and isinstance(value, str) and not media.shape.types & COMPOUND:
        return BodyValue(decode_scalar(value, media.shape.types))
    return BodyValue(value) if media.shape.types - {"null"} == {"string"} else None


def _xml_value(kind: str, media: MediaType, document: str | bytes) -> BodyValue | None:
    assert media.xml is not None
    try:
        text = decode(document, charset_of(kind)) if isinstance(document, bytes) else document
        return BodyValue(*read(text, media.xml))
    except TooManyElements:
        return None
    except (MalformedXML, UnknownEncoding) as error:
        return BodyValue(None, [Violation("body", "", "content", f"the body is not XML: {error}")], is_readable=False)


def example_values(media: MediaType) -> list[Any]:
    """The examples of a media type as JSON values; one that is an XML document as what it stands for."""
    return [value for name in media.examples for value in example_value(media, name)]


def example_value(media: MediaType, name: str) -> list[Any]:
    """The example of that name as a JSON value, if it is one or stands for one."""
    example = media.examples[name]
    if media.xml is None or not is_xml_data(media.name):
        return [example]
    body = body_value(media.name, media, example)
    return [body.value] if body is not None and body.is_readable else []


def find_example(declared: DeclaredResponse, name: str) -> tuple[MediaType, Any] | None:
    """The declared example of that name, and its media type."""
    for media_type in declared.media.values():
        if name in media_type.examples:
            return media_type, media_type.examples[name]
    return None
