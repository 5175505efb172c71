"""Parameters of requests as a client writes them: by style and explode, the reverse of how they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from mockserver.openapi.model import ParameterStyle
from mockserver.syntax import strict_json

DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


def query(notation: ParameterStyle, value: Any) -> str:
    """A parameter as a part of the query string; empty where its value is."""
    name = notation.name
    if notation.media is not None or not isinstance(value, list | dict):
        return f"{_encoded(name)}={_encoded(_text(notation, value))}"
    if notation.style == "deepObject":
        return "&".join(_deep(name, value))
    if notation.explode:
        pairs = [(name, one) for one in value] if isinstance(value, list) else list(value.items())
        return "&".join(f"{_encoded(key)}={_encoded(_plain(one))}" for key, one in pairs)
    return f"{_encoded(name)}={_joined(value, DELIMITERS.get(notation.style, ','), None)}"


def segment(notation: ParameterStyle, value: Any) -> str:
    """A parameter in the place of its name in a path."""
    equals = "=" if notation.explode else None
    if notation.media is not None or not isinstance(value, list | dict):
        text = _encoded(_text(notation, value))
    elif notation.style == "simple":
        return _joined(value, ",", equals)
    elif notation.style == "matrix" and notation.explode:
        if isinstance(value, list):
            return "".join(f";{_encoded(notation.name)}={_encoded(_plain(one))}" for one in value)
        return ";" + _joined(value, ";", "=")
    else:
        text = _joined(value, "." if notation.style == "label" and notation.explode else ",", equals)
    if notation.style == "matrix":
        return f";{_encoded(notation.name)}={text}"
    return f".{text}" if notation.style == "label" else text


def header(notation: ParameterStyle, value: Any) -> str:
    """A parameter as the text of a header, or of a cookie."""
    if notation.media is not None or not isinstance(value, list | dict):
        return _text(notation, value)
    if isinstance(value, list):
        return ",".join(map(_plain, value))
    return ",".join(f"{key}{'=' if notation.explode else ','}{_plain(one)}" for key, one in value.items())


def _deep(name: str, value: Any) -> Iterator[str]:
    """What lies in an object or an array, each with the way to it in brackets."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _deep(f"{name}[{key}]", one)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _deep(f"{name}[{index}]", one)
    else:
        yield f"{_encoded(name)}={_encoded(_plain(value))}"


def _joined(value: list[Any] | dict[str, Any], delimiter: str, equals: str | None) -> str:
    if isinstance(value, list):
        return delimiter.join(_encoded(_plain(one)) for one in value)
    pairs = [(_encoded(key), _encoded(_plain(one))) for key, one in value.items()]
    return delimiter.join(f"{key}{delimiter if equals is None else equals}{one}" for key, one in pairs)


def _text(notation: ParameterStyle, value: Any) -> str:
    return strict_json.dump(value).decode() if notation.media is not None else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return strict_json.dump(value).decode() if isinstance(value, list | dict) else str(value)


def _encoded(text: str) -> str:
    return quote(text, safe="")
