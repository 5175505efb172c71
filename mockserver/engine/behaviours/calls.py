"""What an operation is called with, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from mockserver.contract.behaviour import ResultKind
from mockserver.schemas.record_lists import ListedRecords

# Query parameters by the relation of their page to that of the request.
Pages = Mapping[str, Mapping[str, Any]]


class OperationCall(Struct, frozen=True):
    """A request that does not violate the contract: its parameters by location and name, and its body.

    `assigned` are members of the record that it writes, in place of those that the server would choose. Unless it
    `may_subscribe`, its values are no part of the URL of a webhook.
    """

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    cookies: Mapping[str, Any] = field(default_factory=dict)
    assigned: Mapping[str, Any] = field(default_factory=dict)
    may_subscribe: bool = True


class OperationResult(Struct, frozen=True):
    """What an operation responds with: `value` is JSON.

    `key` is that of a record that was created; `total` is the number of records in a list, before paging.
    `pages` are the query parameters of its other pages, by their relation to it. `listed` are the records of a list
    that are shown as the state has them.
    """

    value: Any
    kind: ResultKind = ResultKind.RETURNED
    key: Any = None
    total: int | None = None
    pages: Pages | None = None
    listed: ListedRecords | None = None
