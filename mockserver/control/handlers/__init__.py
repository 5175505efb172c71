"""The handlers of the control API. Its requests and responses are validated by its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.control.handlers import clock, deliveries, journal, overrides, records, sandboxes, server
from mockserver.http.router import ControlHandler

# By operationId.
HANDLERS: Mapping[str, ControlHandler] = {
    **server.HANDLERS,
    **sandboxes.HANDLERS,
    **records.HANDLERS,
    **clock.HANDLERS,
    **overrides.HANDLERS,
    **journal.HANDLERS,
    **deliveries.HANDLERS,
}
