"""Applies an override to a response: another response, a delay, or a fault."""

from __future__ import annotations

import html
import re
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from mockserver import generate
from mockserver.contract.model import Override
from mockserver.contract.runtime_expressions import Absent, RequestValues, fill, fill_text
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.state.seeded_draws import draw_between
from mockserver.http.exchange import Exchange, Selection
from mockserver.http.messages import Delivery, Response
from mockserver.http.request.compared_content import ReadContent
from mockserver.http.response import cors
from mockserver.http.response.negotiation import declared_media
from mockserver.http.response.problems import refuse
from mockserver.http.response.responses import build_response
from mockserver.http.response.samples import SampleSpec, repaired_example, required_headers
from mockserver.openapi.content import find_example
from mockserver.openapi.model import Operation
from mockserver.openapi.parameter_encoding import to_field_value
from mockserver.refusals import Injected, ResetWhileHeld
from mockserver.syntax import strict_json
from mockserver.syntax.http.charsets import as_utf_8
from mockserver.syntax.http.media_types import EVENT_STREAM, essence, is_json, is_markup
from mockserver.syntax.http.statuses import FIRST_ERROR
from mockserver.syntax.instants import format_instant
from mockserver.syntax.merge_patch import merge_patch

# What ends a line would end the header, and other control characters would have clients refuse the response.
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")


class HeldResponse:
    """A response that is held back, registered with its sandbox: a reset of the sandbox sends another one instead.

    So does a reset of the scenario's run, if there is a `scenario`.
    """

    def __init__(self, delivery: Delivery, sandbox: Sandbox, scenario: str) -> None:
        self.scenario = scenario
        self._delivery, self._sandbox = delivery, sandbox
        sandbox.hold(self)
        delivery.on_delivered.append(self._forget)

    def release(self) -> None:
        """Send the replacement now."""
        if self._delivery.release is not None:
            self._delivery.release(self._delivery.replacement())

    def _forget(self) -> None:
        self._sandbox.forget_held(self)


def fill_template(exchange: Exchange, override: Override) -> Override:
    """The override with the runtime expressions in what it sends replaced by what they read of the request."""
    if not override.is_template:
        return override
    prepared, content = exchange.prepared, exchange.content
    call, request = prepared.call, exchange.request
    path, query = (call.path, call.query) if call is not None else (prepared.parameters, prepared.parameters)
    now = format_instant(exchange.selection.run.timeline.now)
    values = RequestValues(request.method, path, query, partial(_header_text, content), content.body, request.url, now)
    body = patch = None
    patches = False
    with suppress(Absent):
        if isinstance(override.body, str) and is_markup(override.media_type or ""):
            body = fill_text(override.body, values, html.escape)
        else:
            body = fill(override.body, values)
    with suppress(Absent):
        patch = fill(override.patch, values)
        patches = override.patches
    headers = {
        name: tuple(to_field_value(_CONTROL_CHARACTERS.sub(" ", fill_text(text, values)).strip()) for text in texts)
        for name, texts in override.headers.items()
    }
    assigned = fill(override.assigned, values)
    return replace(override, body=body, patches=patches, patch=patch, headers=headers, assigned=assigned)


def _header_text(content: ReadContent, name: str) -> str | None:
    value = content.header(name)
    return None if value is None else as_utf_8(value)


def hold_back(exchange: Exchange, override: Override, delay: int) -> Delivery | None:
    """The delivery of a response that an override delays (in milliseconds) or spoils; None for any other response."""
    if not delay and override.fault is None:
        return None
    if override.fault is not None:
        exchange.add_notice(
            f"fault {override.fault}"
            if exchange.request.breaks_connections
            else f"this WSGI server cannot deliver {override.fault}: the connection is closed early instead"
        )
    return _held(exchange, delay, override.fault)


def delay_by_setting(exchange: Exchange) -> None:
    """Delay the response as every response of the API is, unless an override delays or spoils it already."""
    delay, sandbox = exchange.service.delay, exchange.sandbox
    if delay is not None and sandbox is not None and exchange.selected is not None and exchange.delivery is None:
        exchange.delivery = _held(exchange, draw_between(*delay, "delay", sandbox.journal.count), None)


def _held(exchange: Exchange, delay: int, fault: str | None) -> Delivery:
    selection = exchange.selection
    delivery = Delivery(delay, fault, partial(reset_while_held, exchange, exchange.operation, selection))
    HeldResponse(delivery, selection.sandbox, selection.scenario)
    return delivery


def replacement_response(exchange: Exchange, operation: Operation, override: Override, seed: int) -> Response | None:
    """The response that the override declares; None if it uses the operation's example or schema. Raises NoExample."""
    service, success = exchange.service, operation.success()
    status = override.status if override.status is not None else success[0] if success is not None else 200
    declared = operation.response(status)
    value, media_type = override.body, override.media_type
    example = find_example(declared, override.example or "") if declared is not None else None
    if override.example is not None and example is not None:
        documents, schemas = service.contract.documents, service.contract.schemas
        generator = generate.Generator.seeded(documents, schemas, f"{operation.id}/{override.example}")
        media_type = example[0].name
        value = repaired_example(generator, example[0], override.example, example[1])
    elif override.example is not None:
        return None
    elif media_type is None:
        if status >= FIRST_ERROR:
            return refuse(service, operation, Injected(status), accept=exchange.request.header("Accept"))
        # What is sent with a status that is not declared, nobody can know.
        return None if operation.names_status(status) else Response(status)
    headers: list[tuple[str, str]] = []
    if declared is not None and operation.names_status(status):
        contract, call, spec = service.contract, exchange.prepared.call, SampleSpec(status, declared)
        assert call is not None
        headers = required_headers(contract, operation, call, seed, spec, override.headers)
    response = build_response(operation, status, value, media_type, headers)
    # As without an override: clients connect again where a stream of events ends.
    response.stays_open = example is not None and essence(media_type or "") == EVENT_STREAM
    if status >= FIRST_ERROR and (declared is None or declared_media(declared, media_type) is None):
        response.violations.clear()
    names = {name.lower() for name in override.headers}
    response.violations = [
        violation
        for violation in response.violations
        if violation.location != "header" or (violation.name or "").lower() not in names
    ]
    return response


def amend(exchange: Exchange, operation: Operation, override: Override, response: Response) -> Response:
    """The normal response with the patch of an override, if that is a success, and with its headers."""
    if override.patches and not override.upstream and response.status < FIRST_ERROR and not response.stays_open:
        if response.media_type is not None and is_json(response.media_type):
            value = merge_patch(strict_json.parse_fast(response.body), override.patch)
            # The tag was that of the body without the patch.
            headers = [pair for pair in response.headers if pair[0].lower() != "etag"]
            response = build_response(operation, response.status, value, response.media_type, headers)
        else:
            exchange.add_notice("the response is not JSON, so the patch of the override was not applied")
    response.replace_headers(override.headers)
    return response


def reset_while_held(exchange: Exchange, operation: Operation | None, selection: Selection) -> Response:
    """The response that is sent in place of a held one when its sandbox is reset."""
    response = refuse(exchange.service, operation, ResetWhileHeld())
    names = {"X-Mock-Scenario": selection.scenario, "X-Mock-Sandbox": selection.sandbox.name}
    response.set_headers({"Content-Type": response.media_type or "", **names})
    response.headers += cors.headers(exchange.service, exchange.request, response)
    return response
