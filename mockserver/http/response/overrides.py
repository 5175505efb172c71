"""Applies an override to a response: another response, a delay, or a fault."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mockserver import generate
from mockserver.contract.model import Override
from mockserver.engine.sandboxes import Sandbox
from mockserver.http.exchange import Exchange
from mockserver.http.messages import Delivery, Response
from mockserver.http.response.problems import refuse
from mockserver.http.response.responses import build_response
from mockserver.http.response.samples import repaired_example
from mockserver.openapi.content import find_example, json_media_type
from mockserver.openapi.model import Operation
from mockserver.refusals import Injected, ResetWhileHeld

if TYPE_CHECKING:
    from mockserver.http.service import Service

REFUSALS_FROM = 400


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


def hold_back(exchange: Exchange, override: Override, delay: int) -> Delivery | None:
    """The delivery of a response that an override delays (in milliseconds) or spoils; None for any other response."""
    if not delay and override.fault is None:
        return None
    operation, selection = exchange.operation, exchange.selection
    assert operation is not None
    if override.fault is not None and not exchange.request.breaks_connections:
        exchange.add_notice(f"this WSGI server cannot deliver {override.fault}: the connection is closed early instead")
    replacement = partial(reset_while_held, exchange.service, operation, selection.sandbox, selection.scenario)
    delivery = Delivery(delay, override.fault, replacement)
    HeldResponse(delivery, selection.sandbox, selection.scenario)
    return delivery


def replacement_response(service: Service, operation: Operation, override: Override) -> Response | None:
    """The response that the override declares; None if it uses the operation's example or schema."""
    chosen = operation.success()
    status = override.status if override.status is not None else chosen[0] if chosen is not None else 200
    declared = operation.response(status)
    if override.example is not None and declared is not None:
        example = find_example(declared, override.example)
        if example is None:
            return None
        documents, schemas = service.contract.documents, service.contract.schemas
        generator = generate.Generator.seeded(documents, schemas, f"{operation.id}/{override.example}")
        value = repaired_example(generator, example[0], override.example, example[1])
        return build_response(operation, status, value, example[0].name)
    if override.has_body:
        media = json_media_type(declared) if declared is not None else None
        media_type = media.name if media is not None else "application/json"
        response = build_response(operation, status, override.body, media_type)
        if declared is None or override.violate:
            response.violations.clear()
        return response
    if status >= REFUSALS_FROM:
        return refuse(service, operation, Injected(status))
    return None


def reset_while_held(service: Service, operation: Operation, sandbox: Sandbox, scenario: str) -> Response:
    """The response that is sent in place of a held one when its sandbox is reset."""
    response = refuse(service, operation, ResetWhileHeld())
    response.set_headers(
        {"Content-Type": response.media_type or "", "X-Mock-Scenario": scenario, "X-Mock-Sandbox": sandbox.name}
    )
    return response
