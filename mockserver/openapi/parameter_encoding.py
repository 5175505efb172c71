"""Encodes values as text by their declared style and `explode` (OpenAPI 3.1, section 4.8.12).

The reverse of `parameter_decoding`. Requests use all of it, responses the headers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from mockserver.openapi.model import ParameterStyle
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import is_json

_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}
_HEADER_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}


def encode_query(notation: ParameterStyle, value: Any) -> str:
    """A parameter as a part of the query string; empty if an array or object is."""
    name = notation.name
    if notation.style == "querystring" and not isinstance(value, dict | list):
        return _percent_encode(_to_text(notation, value))
    if notation.style == "querystring" and notation.media is not None:
        return _percent_encode(strict_json.dump(value).decode())
    if _is_one_text(notation, value):
        return f"{_percent_encode(name)}={_percent_encode(_to_text(notation, value))}"
    if notation.style == "deepObject":
        return "&".join(_encode_deep_object(name, value))
    if notation.explode:
        pairs = [(name, item) for item in value] if isinstance(value, list) else list(value.items())
        return "&".join(f"{_percent_encode(key)}={_encode_item(notation.items, item)}" for key, item in pairs)
    return f"{_percent_encode(name)}={_join(notation, value, _DELIMITERS.get(notation.style, ','), None)}"


def encode_path(notation: ParameterStyle, value: Any) -> str:
    """A parameter as the text that takes the place of its name in a path."""
    equals = "=" if notation.explode else None
    if _is_one_text(notation, value):
        text = _percent_encode(_to_text(notation, value))
    elif notation.style == "simple" or notation.style in _DELIMITERS:
        return _join(notation, value, _DELIMITERS.get(notation.style, ","), equals)
    elif notation.style == "matrix" and notation.explode:
        pairs = [(notation.name, item) for item in value] if isinstance(value, list) else value.items()
        return "".join(_encode_matrix(name, _percent_encode(_scalar_to_text(item))) for name, item in pairs)
    else:
        text = _join(notation, value, "." if notation.style == "label" and notation.explode else ",", equals)
    if notation.style == "matrix":
        return _encode_matrix(notation.name, text)
    return f".{text}" if notation.style == "label" else text


def _encode_matrix(name: str, text: str) -> str:
    """A name and an encoded value; an empty value is a name alone (RFC 6570, section 3.2.7)."""
    return f";{_percent_encode(name)}={text}" if text else f";{_percent_encode(name)}"


def encode_cookie(notation: ParameterStyle, value: Any) -> str:
    """A parameter as the value of a cookie, percent-encoded."""
    if _is_one_text(notation, value):
        return quote(_to_text(notation, value))
    if isinstance(value, list):
        return quote(",".join(map(_scalar_to_text, value)))
    equals = "=" if notation.explode else ","
    return quote(",".join(f"{name}{equals}{_scalar_to_text(member)}" for name, member in value.items()))


def encode_header(notation: ParameterStyle, value: Any) -> str:
    """A value as the text of a header: JSON in ASCII if it is declared by a JSON media type, else by its style."""
    if notation.media is not None and is_json(notation.media):
        return json.dumps(value, separators=(",", ":"))
    return to_field_value(_encode_header_value(notation, value))


def _encode_header_value(notation: ParameterStyle, value: Any) -> str:
    """A value in the style of a header, which is `simple` unless an extension says otherwise."""
    delimiter = _HEADER_DELIMITERS.get(notation.style, "," if notation.items is not None else None)
    if delimiter is None or not isinstance(value, list):
        return encode_simple(value, explode=notation.explode)
    return delimiter.join(
        encode_simple(item) if notation.items is None else _encode_header_value(notation.items, item) for item in value
    )


def to_field_value(text: str) -> str:
    """A text as the characters that stand for the octets of a header's value (RFC 9110, section 5.5).

    Text beyond Latin-1 is written in UTF-8, which recipients pass on as it is.
    """
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode("latin-1")
    return text


def encode_simple(value: Any, *, explode: bool = False) -> str:
    """A value in the style `simple`, as one line.

    What is nested in an array or object is written in the same way, so it cannot be told apart when it is read.
    """
    if isinstance(value, dict):
        pairs = [(name, encode_simple(member)) for name, member in value.items()]
        value = [f"{name}={text}" for name, text in pairs] if explode else [part for pair in pairs for part in pair]
    text = ",".join(map(encode_simple, value)) if isinstance(value, list) else _scalar_to_text(value)
    return " ".join(text.split())


def _encode_deep_object(name: str, value: Any) -> Iterator[str]:
    """Each scalar in an object or array, its name being the path to it in brackets."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _encode_deep_object(f"{name}[{key}]", member)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encode_deep_object(f"{name}[{index}]", item)
    else:
        yield f"{_percent_encode(name)}={_percent_encode(_scalar_to_text(value))}"


def _encode_item(notation: ParameterStyle | None, item: Any) -> str:
    """An item of an array, by the notation that its items have if they are arrays too."""
    if notation is None or not isinstance(item, list):
        return _percent_encode(_scalar_to_text(item))
    return _join(notation, item, _DELIMITERS.get(notation.style, ","), None)


def _join(notation: ParameterStyle, value: list[Any] | dict[str, Any], delimiter: str, equals: str | None) -> str:
    if isinstance(value, list):
        return delimiter.join(_encode_item(notation.items, item) for item in value)
    pairs = [(_percent_encode(name), _percent_encode(_scalar_to_text(member))) for name, member in value.items()]
    return delimiter.join(f"{name}{delimiter if equals is None else equals}{text}" for name, text in pairs)


def _is_one_text(notation: ParameterStyle, value: Any) -> bool:
    """Whether a value is written without delimiters."""
    return notation.media is not None or not isinstance(value, list | dict)


def _to_text(notation: ParameterStyle, value: Any) -> str:
    is_content = notation.media is not None and is_json(notation.media)
    return strict_json.dump(value).decode() if is_content else _scalar_to_text(value)


def _scalar_to_text(value: Any) -> str:
    """The text of a scalar. Styles define none for what is nested in an array or object, which is written as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return strict_json.dump(value).decode() if isinstance(value, list | dict) else str(value)


def _percent_encode(text: str) -> str:
    return quote(text, safe="")
