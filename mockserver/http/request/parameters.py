"""Requests judged by the contract: parameters and body, read and validated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from flask import Request

from mockserver.engine.behaviours.behaviours import OperationCall
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.http import bodies, notices
from mockserver.http.addressing import parameter as path_text
from mockserver.http.selection import header_key
from mockserver.http.service import Service
from mockserver.openapi import parameter_decoding
from mockserver.openapi.model import Body, Operation, Parameter
from mockserver.openapi.parameter_decoding import OWN
from mockserver.refusals import BodyTooLarge, InvalidRequest, UnexpectedBody, UnsupportedMediaType
from mockserver.syntax.media_types import FORMS, JSON, essence, is_json

STORING = ("create", "replace", "update")
DECODE: Mapping[str, Callable[[str], str]] = {
    "path": path_text,
    "query": parameter_decoding.plain,
    "header": str,
    "cookie": unquote,
}


def read_call(mock: Service, operation: Operation, request: Request, arguments: Mapping[str, str]) -> OperationCall:
    """Read and judge a request; `arguments` are the path parameters as Flask matched them.

    Raises InvalidRequest with every violation, or what is wrong with the body.
    """
    if operation.deprecated:
        notices.add(f"the operation {operation.id} is deprecated")
    found: list[Violation] = []
    query = read_query(request)
    values = read_parameters(operation, request, arguments, query, found)
    if query and (mock.behaviour_of(operation) is not None or mock.is_control(operation)):
        found += _unknown(operation, query)
    body = _body(mock, operation, request, found)
    if found:
        raise InvalidRequest(found)
    return OperationCall(values["path"], values["query"], body)


def read_parameters(
    operation: Operation,
    request: Request,
    arguments: Mapping[str, str],
    query: Mapping[str, list[str]],
    found: list[Violation],
) -> dict[str, dict[str, Any]]:
    """The values of the parameters by location and name; what is wrong with them goes to `found`."""
    values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    if not operation.parameters:
        return values
    path = dict(zip(operation.path_names, arguments.values(), strict=True))
    for one in operation.parameters:
        location = one.location
        told = _gathered(operation, one, request, query) if one.gathers else None
        if told is None and (texts := _texts(one, request, path, query)):
            told = (None, []) if texts == [""] and one.may_be_empty else _judged(one, texts)
        if told is not None:
            found += told[1]
            values[location][one.name] = told[0]
        elif one.required:
            message = f"the {location} parameter {quote(one.name)} is required and missing"
            found.append(Violation(location, "", "required", message, one.name))
        elif one.default is not None:
            values[location][one.name] = one.default
        if told is not None and one.deprecated:
            notices.add(f"the {location} parameter {quote(one.name)} is deprecated")
    return values


def _judged(one: Parameter, texts: list[str]) -> tuple[Any, list[Violation]]:
    return parameter_decoding.judge(one, texts, DECODE[one.location])


def read_query(request: Request) -> dict[str, list[str]]:
    """The parameters by name, their values as sent."""
    found: dict[str, list[str]] = {}
    if not request.query_string:
        return found
    for piece in request.query_string.decode("latin-1").split("&"):
        if piece:
            name, _, text = piece.partition("=")
            found.setdefault(parameter_decoding.plain(name), []).append(text)
    return found


def _texts(one: Parameter, request: Request, path: Mapping[str, str], query: Mapping[str, list[str]]) -> list[str]:
    if one.location == "query":
        return query.get(one.name, [])
    if one.location == "path":
        return [path[one.name]] if one.name in path else []
    if one.location == "header":
        text = request.environ.get(header_key(one.name))
        return [text] if text is not None else []
    return request.cookies.getlist(one.name)


def _gathered(
    operation: Operation, one: Parameter, request: Request, query: Mapping[str, list[str]]
) -> tuple[Any, list[Violation]] | None:
    sent = query if one.location == "query" else dict(request.cookies.lists())
    return parameter_decoding.gather(one, sent, _names(operation, one.location), DECODE[one.location])


def _names(operation: Operation, location: str) -> set[str]:
    """The names that are declared for themselves, those of credentials included."""
    own = {one.name for one in operation.parameters if one.location == location}
    return own | {one.name for way in operation.security for one in way if one.location == location}


def _unknown(operation: Operation, query: Mapping[str, list[str]]) -> list[Violation]:
    known = _names(operation, "query")
    gathering = [one.notation for one in operation.parameters if one.gathers and one.location == "query"]
    return [
        Violation("query", "", "unknown", f"{quote(name)} is no query parameter.{did_you_mean(name, known)}", name)
        for name in query
        if name not in known
        and not name.startswith(OWN)
        and not any(parameter_decoding.steps(one, name, known) for one in gathering)
    ]


def _body(mock: Service, operation: Operation, request: Request, found: list[Violation]) -> Any:
    data = _data(mock, request)
    if operation.body is None:
        _check_empty(mock, operation, request, data)
        return None
    value, media = bodies.read(operation.body, request, data, found)
    if media is not None:
        behaviour = mock.behaviour_of(operation)
        if behaviour is not None and behaviour.kind in STORING:
            _check_storable(operation.body, request)
        notices.of_body(value, media.shape)
    return value


def _check_storable(body: Body, request: Request) -> None:
    """Refuse a body that is declared, and of which no record can be made. Raises UnsupportedMediaType."""
    kind = essence(request.headers.get("Content-Type", JSON))
    storable = [name for name in body.media if is_json(name) or name in FORMS]
    if storable and not (is_json(kind) or kind in FORMS):
        raise UnsupportedMediaType(kind, storable)


def _data(mock: Service, request: Request) -> bytes:
    if "CONTENT_LENGTH" not in request.environ and "HTTP_TRANSFER_ENCODING" not in request.environ:
        return b""
    length = request.content_length
    if length is not None and length > mock.body_limit:
        raise BodyTooLarge(mock.body_limit)
    return request.get_data()


def _check_empty(mock: Service, operation: Operation, request: Request, data: bytes) -> None:
    """Where no body is declared, clients still send an empty one; anything else is a mistake that we know of."""
    if not data or (mock.behaviour_of(operation) is None and not mock.is_control(operation)):
        return
    if request.mimetype and not is_json(request.mimetype):
        raise UnexpectedBody(operation.id)
    if bodies.parse(data) not in ({}, None):
        raise UnexpectedBody(operation.id)
