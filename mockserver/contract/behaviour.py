"""What stands behind an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mockserver.documents.tree import Node

Kind = Literal["list", "read", "create", "replace", "update", "delete", "transition"]
KINDS: tuple[Kind, ...] = ("list", "read", "create", "replace", "update", "delete", "transition")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What stands behind an operation: `kind` applied to `resource`.

    `items` and `total` name the members of a list's envelope, `item` that of a record's; `envelope` is its schema if
    there are others too. `body` names the member that a request holds the record in. `limit`, `offset`, `page` and
    `sort` name the query parameters of a list, `filters` those that ask for a field's value. `path` says which field a
    path parameter is, where that has another name.
    """

    kind: Kind
    resource: str
    transition: str | None = None
    items: str | None = None
    total: str | None = None
    limit: str | None = None
    offset: str | None = None
    sort: str | None = None
    page: str | None = None
    first_page: int = 1
    filters: tuple[str, ...] = ()
    item: str | None = None
    envelope: Node | None = None
    body: str | None = None
    path: Mapping[str, str] = field(default_factory=dict)

    def field_of(self, parameter: str) -> str:
        """The field that a path parameter is."""
        return self.path.get(parameter, parameter)
