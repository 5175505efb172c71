"""The response of an operation that nothing implements: an example, or a generated value."""

from __future__ import annotations

from contextlib import suppress

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request import parameters, preferences
from mockserver.http.response.samples import default_sample, paired_sample, sample
from mockserver.openapi.model import Operation
from mockserver.refusals import NotAcceptable


def respond(exchange: Exchange, operation: Operation, status: int | None = None) -> Response:
    """An example or a generated value; to a request that is itself an example, the response that belongs to it."""
    service, prepared, seed = exchange.service, exchange.prepared, exchange.seed
    paired = paired_sample(operation, exchange.call) if operation.request_examples and status is None else None
    if paired is not None:
        with suppress(NotAcceptable):
            return sample(service.contract, prepared, seed, paired, strict=service.strict)
    return sample(service.contract, prepared, seed, default_sample(operation, status), strict=service.strict)


def preferred_by_example(exchange: Exchange) -> preferences.Preference | None:
    """The preference for the example of an error whose name the examples of an invalid request have."""
    operation = exchange.operation
    if operation is None or not operation.request_examples:
        return None
    paired = paired_sample(operation, parameters.read_invalid(exchange.prepared))
    return preferences.Preference(example=paired.example) if paired is not None else None
