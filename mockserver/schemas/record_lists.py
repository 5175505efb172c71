"""Validates and writes lists of records of which few have changed since the last time: each record once.

Records are immutable, so one that was valid is valid, and its JSON stays the same. This holds where a schema says of a
list only what each of its items is; any other list is validated and written as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from mockserver.documents.nodes import Node
from mockserver.schemas.keywords import DESCRIBING
from mockserver.syntax import strict_json

if TYPE_CHECKING:
    from mockserver.schemas.validators import Validator

# The bytes of the records that are kept as JSON for one list; beyond them, all are forgotten.
KEPT_LIMIT = 1_000_000
# What the schema of a list, and that of the object around it, may say.
LIST_KEYWORDS = DESCRIBING | {"type", "items"}
OBJECT_KEYWORDS = DESCRIBING | {"type", "properties", "required", "additionalProperties", "unevaluatedProperties"}


class ListedRecords(Struct, frozen=True):
    """Records as the state has them, and the member of a value that holds their list; None where the list is all."""

    member: str | None
    records: Sequence[Mapping[str, Any]]


class KeptRecords(Struct):
    """Valid records and their JSON, by identity: of two that are equal one may be another object, written again.

    Nothing is taken out: threads that share it would otherwise find the JSON of a record that exists no longer, and
    whose identity another one has.
    """

    records: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    written: dict[int, strict_json.Fragment] = field(default_factory=dict)
    size: int = 0


class RecordListWriter:
    """Writes values with a list of records; `whole` validates the value, and `item` one record."""

    def __init__(self, whole: Validator, item: Validator) -> None:
        self._whole, self._item = whole, item
        self._kept = KeptRecords()

    def write(self, value: Any, listed: ListedRecords) -> bytes | None:
        """A value that holds these records as JSON; None if it is not valid."""
        records, member = listed.records, listed.member
        written = list(map(self._kept.written.get, map(id, records)))
        if not all(written):
            for index in [index for index, fragment in enumerate(written) if fragment is None]:
                if not self._item.is_valid(records[index]):
                    return None
                written[index] = self._keep(records[index])
        if member is None:
            return strict_json.dump(written) if self._whole.is_valid([]) else None
        if not self._whole.is_valid({**value, member: []}):
            return None
        return strict_json.dump({**value, member: written})

    def _keep(self, record: Mapping[str, Any]) -> strict_json.Fragment:
        text = strict_json.dump(record)
        kept = self._kept
        if kept.size + len(text) > KEPT_LIMIT:
            kept = self._kept = KeptRecords()
        kept.size += len(text)
        kept.records[id(record)] = record
        fragment = kept.written[id(record)] = strict_json.Fragment(text)
        return fragment


def list_writer(validator: Validator, member: str | None) -> RecordListWriter | None:
    """What writes values of this schema whose `member` is a list of records; None if more is said of the list."""
    if validator.is_bound:
        return None
    node: Node | None = validator.node
    if member is not None:
        node = _member_of(node, "properties", OBJECT_KEYWORDS)
        node = node.child(member) if node is not None and member in node.value else None
    item = _member_of(node, "items", LIST_KEYWORDS)
    return RecordListWriter(validator, validator.schemas.validator(item)) if item is not None else None


def _member_of(node: Node | None, name: str, keywords: frozenset[str]) -> Node | None:
    """The member of a schema, if the schema has no other keywords than these."""
    schema = node.resolve_plain_ref() if node is not None else None
    if schema is None or not isinstance(schema.value, dict) or name not in schema.value:
        return None
    is_plain = all(keyword in keywords or keyword.startswith("x-") for keyword in schema.value)
    return schema.child(name) if is_plain else None
