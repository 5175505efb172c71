"""Requests judged by the contract: parameters and body, read and validated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Request

from mockserver.contract import jsontext, parameters
from mockserver.contract.model import Operation, Parameter
from mockserver.engine.operations import Call
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.refusals import BodyTooLarge, InvalidRequest, MalformedBody, UnexpectedBody, UnsupportedMediaType
from mockserver.web.addressing import parameter as decode
from mockserver.web.mock import Mock

OWN = "__"


def read_call(mock: Mock, operation: Operation, request: Request, arguments: Mapping[str, str]) -> Call:
    """Read and judge a request; `arguments` are the path parameters as Flask matched them.

    Raises InvalidRequest with every violation, or what is wrong with the body.
    """
    found: list[Violation] = []
    path = {name: decode(text) for name, text in zip(operation.path_names, arguments.values(), strict=True)}
    query = _query(request)
    values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    for one in operation.parameters:
        texts = _texts(one, request, path, query)
        if texts:
            value = parameters.read(one, texts)
            found += one.validator.violations(value, one.location, one.name)
            values[one.location][one.name] = value
        elif one.required:
            message = f"the {one.location} parameter {quote(one.name)} is required and missing"
            found.append(Violation(one.location, "", "required", message, one.name))
        elif one.default is not None:
            values[one.location][one.name] = one.default
    if operation.behaviour is not None or mock.is_control(operation):
        found += _unknown(operation, query)
    body = _body(mock, operation, request, found)
    if found:
        raise InvalidRequest(found)
    return Call(values["path"], values["query"], body)


def _query(request: Request) -> dict[str, list[str]]:
    if not request.query_string:
        return {}
    found: dict[str, list[str]] = {}
    text = request.query_string.decode("latin-1")
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        found.setdefault(name, []).append(value)
    return found


def _texts(one: Parameter, request: Request, path: Mapping[str, str], query: Mapping[str, list[str]]) -> list[str]:
    if one.location == "query":
        return query.get(one.name, [])
    if one.location == "path":
        return [path[one.name]] if one.name in path else []
    if one.location == "header":
        return [request.headers[one.name]] if one.name in request.headers else []
    return request.cookies.getlist(one.name)


def _unknown(operation: Operation, query: Mapping[str, list[str]]) -> list[Violation]:
    known = [one.name for one in operation.parameters if one.location == "query"]
    return [
        Violation("query", "", "unknown", f"{quote(name)} is no query parameter.{did_you_mean(name, known)}", name)
        for name in query
        if name not in known and not name.startswith(OWN)
    ]


def _body(mock: Mock, operation: Operation, request: Request, found: list[Violation]) -> Any:
    data = _data(mock, request)
    if operation.body is None:
        _check_empty(mock, operation, request, data)
        return None
    if not data:
        if operation.body.required:
            found.append(Violation("body", "", "required", "a body is required and missing"))
        return None
    if (coding := request.headers.get("Content-Encoding", "identity").lower()) != "identity":
        raise UnsupportedMediaType(coding, ["a body without Content-Encoding"])
    kind = request.mimetype or "application/json"
    media = _match(operation.body.media, kind)
    if media is None:
        raise UnsupportedMediaType(kind, operation.body.media)
    if not is_json(kind):
        return data
    value = _parse(data)
    if media.validator is not None:
        found += media.validator.violations(value, "body")
    return value


def _data(mock: Mock, request: Request) -> bytes:
    length = request.content_length
    if length is not None and length > mock.body_limit:
        raise BodyTooLarge(mock.body_limit)
    if length == 0 or (length is None and "HTTP_TRANSFER_ENCODING" not in request.environ):
        return b""
    return request.get_data()


def _check_empty(mock: Mock, operation: Operation, request: Request, data: bytes) -> None:
    """Where no body is declared, clients still send an empty one; anything else is a mistake that we know of."""
    if not data or (operation.behaviour is None and not mock.is_control(operation)):
        return
    if request.mimetype and not is_json(request.mimetype):
        raise UnexpectedBody(operation.id)
    if _parse(data) not in ({}, None):
        raise UnexpectedBody(operation.id)


def _parse(data: bytes) -> Any:
    try:
        return jsontext.parse(data)
    except jsontext.MalformedJSON as error:
        raise MalformedBody(str(error)) from None


def _match(media: Mapping[str, Any], kind: str) -> Any:
    """The declared media type for `kind`: exact, then `application/*`, then `*/*`."""
    for name in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        for declared, one in media.items():
            if declared.partition(";")[0].strip() == name:
                return one
    return None


def is_json(kind: str) -> bool:
    """Whether a media type holds JSON (RFC 6838, section 4.2.8, for the suffix)."""
    kind = kind.partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json") or kind.endswith("+json")
