"""The response of an operation with a behaviour: what that returns, in the form that the operation declares."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from mockserver.contract.behaviour import Behaviour, ResultKind, kinds_of, success_of, usual_success
from mockserver.engine.behaviours.calls import OperationResult, Pages
from mockserver.http import sample_responses
from mockserver.http.exchange import Exchange
from mockserver.http.messages import PATH_CHARACTERS, Response
from mockserver.http.response.negotiation import concrete_media_type, declared_media, negotiate
from mockserver.http.response.page_links import link_header, page_addresses, with_links
from mockserver.http.response.responses import build_response
from mockserver.http.response.samples import SampleSpec, required_headers
from mockserver.openapi.content import holds_value
from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.openapi.parameter_decoding import validate_header
from mockserver.syntax.http.media_types import is_json
from mockserver.syntax.http.statuses import BODILESS
from mockserver.syntax.words import normalize

TOTAL_HEADERS = ("xtotalcount", "xtotal", "totalcount")
# Longer addresses are not understood everywhere (RFC 9110, section 4.1).
LOCATION_LIMIT = 8_000


def respond(exchange: Exchange, operation: Operation, behaviour: Behaviour) -> Response:
    """Carry out the behaviour of an operation; the response. Raises its Refusal."""
    prepared = exchange.prepared
    media_type = prepared.accepted
    if media_type is None:
        media_type = prepared.accepted = _success_type(exchange, operation, behaviour)
    call = prepared.call
    assert call is not None
    if exchange.override is not None and exchange.override.override.assigned:
        call = replace(call, assigned=exchange.override.override.assigned)
    result = exchange.service.behaviours.perform(exchange.run, operation, call)
    if result.pages is not None:
        result = replace(result, value=_with_links(exchange, behaviour, result.value, result.pages))
    status, declared = success_of(operation, result.kind)
    headers: list[tuple[str, str]] = []
    if declared is not None and (declared.headers or result.kind is ResultKind.CREATED):
        headers = _headers(exchange, operation, result, SampleSpec(status, declared))
    if declared is not None and not _accepts(declared, status, media_type, result):
        response = sample_responses.respond(exchange, operation, status)
        response.set_headers(dict(headers))
        return response
    if declared is not None and not declared.media and result.kind is not ResultKind.RETURNED:
        return build_response(operation, status, None, None, headers)
    return build_response(operation, status, result.value, media_type, headers, result.listed)


def _success_type(exchange: Exchange, operation: Operation, behaviour: Behaviour) -> str | None:
    """The media type of a success, negotiated before anything changes. Raises NotAcceptable.

    Records are written as JSON, or as XML by their schema.
    """
    success = usual_success(operation, behaviour.kind)
    if success is None or not success[1].media:
        return "application/json" if success is None or operation.method != "DELETE" else None
    media = success[1].media
    if len(media) > 1:
        media = {name: entry for name, entry in media.items() if holds_value(name, entry)} or media
    accept = exchange.request.header("Accept")
    name = negotiate(accept, media, operation)
    return concrete_media_type(accept, name, media[name]) if name is not None and "*" in name else name


def _accepts(declared: DeclaredResponse, status: int, media_type: str | None, result: OperationResult) -> bool:
    """Whether the result may be sent; else the declared response has another form: it is not JSON, for example."""
    if media_type is None or status in BODILESS:
        return True
    if is_json(media_type) and result.kind is not ResultKind.DELETED:
        return True
    media = declared_media(declared, media_type)
    if media is None or not holds_value(media_type, media):
        return is_json(media_type)
    if result.kind is not ResultKind.DELETED or media.validator is None:
        return True
    is_other = isinstance(result.value, dict) and bool(media.shape.names) and media.shape.names.isdisjoint(result.value)
    return not is_other and media.validator.is_valid(result.value)


def _headers(
    exchange: Exchange, operation: Operation, result: OperationResult, spec: SampleSpec
) -> list[tuple[str, str]]:
    """Where a created record is, how many records a list has, and the other headers that are required."""
    pairs = list[tuple[str, str]]()
    if result.kind is ResultKind.CREATED and _is_readable(exchange, operation):
        location = _location(exchange, operation, spec.declared, result.key)
        if len(location) <= LOCATION_LIMIT:
            pairs.append(("Location", location))
    if result.total is not None:
        names = [header.name for header in spec.declared.headers]
        pairs += [(name, str(result.total)) for name in names if normalize(name) in TOTAL_HEADERS]
    declared = next((header for header in spec.declared.headers if header.name.lower() == "link"), None)
    if declared is not None and result.pages:
        link = link_header(page_addresses(exchange.request, result.pages))
        pairs += [(declared.name, link)] if link is not None and not validate_header(declared, link) else []
    present = [name for name, _ in pairs]
    contract, call = exchange.service.contract, exchange.call
    return pairs + required_headers(contract, operation, call, exchange.seed, spec, present)


def _with_links(exchange: Exchange, behaviour: Behaviour, envelope: Any, pages: Pages) -> Any:
    """The envelope of a list with the addresses of its other pages."""
    if behaviour.envelope_schema is None:
        return envelope
    cursor = behaviour.selection.cursor
    kept = cursor.next if cursor is not None else None
    is_valid = exchange.service.contract.schemas.validator(behaviour.envelope_schema).is_valid
    return with_links(envelope, page_addresses(exchange.request, pages), is_valid, kept)


def _is_readable(exchange: Exchange, operation: Operation) -> bool:
    """Whether an operation returns the record alone that this one creates, so that its address leads somewhere."""
    behaviours = exchange.service.contract.behaviours
    created = behaviours[operation.id]
    return created.kind != "create_all" and "read" in kinds_of(behaviours, created.resource)


def _location(exchange: Exchange, operation: Operation, declared: DeclaredResponse, key: Any) -> str:
    """The address of a created record: relative, unless the declared header has to be absolute."""
    request = exchange.request
    if key is None:
        return quote(f"{request.root_path}{request.path}", safe=PATH_CHARACTERS)
    collection, item = request.path.rstrip("/"), quote(str(key), safe="")
    behaviour = exchange.service.behaviour_of(operation)
    if behaviour is not None and behaviour.item_path is not None:
        # The last segments of the path are those of the operation; what precedes them is the prefix of a server.
        template = operation.route.rstrip("/").split("/")[1:]
        segments = collection.split("/")
        sent = dict(zip(template, segments[-len(template) :], strict=True))
        item_path = [sent.get(part, part) for part in behaviour.item_path[:-1]]
        collection = "/".join([*segments[: -len(template)], *item_path])
        before, _, rest = behaviour.item_path[-1].partition("{")
        item = f"{before}{item}{rest.partition('}')[2]}"
    # Of the percent-encoded characters, the path has only those left that would otherwise be separators.
    collection = quote(f"{request.root_path}{collection}", safe=PATH_CHARACTERS)
    location = f"{collection}/{item}"
    header = next((header for header in declared.headers if header.name.lower() == "location"), None)
    fits = header is None or not validate_header(header, location)
    return location if fits else request.host_url.rstrip("/") + location
