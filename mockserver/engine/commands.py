"""Commands: what changes a run. `at` (milliseconds since 1970) is when a command was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.model import Override, Record
from mockserver.engine.state.idempotency_keys import StoredResponse


class Fire(Struct, frozen=True):
    """Fire a transition of a record; `body` is that of the request, where the transition has effects that read it.

    `subscription` is kept with the record: what webhooks need of the request.
    """

    resource: str
    key: Any
    transition: str
    at: int
    body: Any = None
    subscription: Mapping[str, str] | None = None


class Put(Struct, frozen=True):
    """Create or replace a record.

    With `touch`, a client writes it: it is stamped as by a transition, and it enters another state only by one, whose
    effects may read `body`. With `partial`, the client has sent only the members that it changes. `subscription` is
    kept with the record: what webhooks need of the request.
    """

    resource: str
    key: Any
    record: Record
    at: int
    touch: bool = False
    body: Any = None
    partial: bool = False
    subscription: Mapping[str, str] | None = None


class Remove(Struct, frozen=True):
    """Remove a record, its log, and the records it owns."""

    resource: str
    key: Any
    at: int


class AddOverride(Struct, frozen=True):
    """Add an override, in front of the others."""

    override: Override
    at: int


class RemoveOverride(Struct, frozen=True):
    """Remove an override, or all that were added where `id` is None."""

    id: str | None
    at: int


class UseOverride(Struct, frozen=True):
    """Count a use of an override that has a limited number of them."""

    id: str
    at: int


class DrawOverride(Struct, frozen=True):
    """Count a draw of an override that responds to a share of the requests."""

    id: str
    at: int


class KeepResponse(Struct, frozen=True):
    """Store the response of an operation under an idempotency key."""

    key: str
    response: StoredResponse
    at: int


class Transaction(Struct, frozen=True):
    """Several changes of records that a handler made, of which either all are made or none."""

    commands: tuple[Fire | Put | Remove, ...]
    at: int


Command = Fire | Put | Remove | AddOverride | RemoveOverride | UseOverride | DrawOverride | KeepResponse | Transaction


class Fired(Struct, frozen=True):
    """A transition that was fired, and its stamp."""

    resource: str
    key: Any
    transition: str
    at: int
