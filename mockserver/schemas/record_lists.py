"""Validates lists of records of which few have changed since the last time: each record once.

Records are immutable, so one that was valid is valid. This holds where a schema says of a list only what each of its
items is; any other list is validated as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.documents.nodes import Node, Unresolved
from mockserver.schemas.keywords import DESCRIBING

if TYPE_CHECKING:
    from mockserver.schemas.validators import Validator

# The records of which it is remembered that they are valid; at the limit, all are forgotten.
VALID_LIMIT = 2_000
# What the schema of a list, and that of the object around it, may say.
LIST_KEYWORDS = DESCRIBING | {"type", "items"}
OBJECT_KEYWORDS = DESCRIBING | {"type", "properties", "required", "additionalProperties", "unevaluatedProperties"}


class ListedRecords(NamedTuple):
    """Records as the state has them, and the member of a value that holds their list; None where the list is all."""

    member: str | None
    records: Sequence[Mapping[str, Any]]


class RecordListValidator:
    """Validates values with a list of records; `whole` validates the value, and `item` one record."""

    def __init__(self, whole: Validator, item: Validator) -> None:
        self._whole, self._item = whole, item
        # By identity: of two records that are equal one may be another object, which is validated again.
        self._valid_records: dict[int, Mapping[str, Any]] = {}

    def is_valid(self, value: Any, listed: ListedRecords) -> bool:
        """Whether a value is valid that holds these records."""
        valid_records, records = self._valid_records, listed.records
        for record in [record for record in records if id(record) not in valid_records]:
            if not self._item.is_valid(record):
                return False
            if len(valid_records) >= VALID_LIMIT:
                valid_records.clear()
            valid_records[id(record)] = record
        return self._whole.is_valid([] if listed.member is None else {**value, listed.member: []})


def list_validator(validator: Validator, member: str | None) -> RecordListValidator | None:
    """What validates a value of this schema whose `member` is a list of records; None if that is not the same."""
    if validator.is_bound:
        return None
    try:
        node: Node | None = validator.node
        if member is not None:
            node = _member_of(node, "properties", OBJECT_KEYWORDS)
            node = node.get(member) if node is not None else None
        item = _member_of(node, "items", LIST_KEYWORDS)
    except Unresolved:
        return None
    return RecordListValidator(validator, validator.schemas.validator(item)) if item is not None else None


def _member_of(node: Node | None, name: str, keywords: frozenset[str]) -> Node | None:
    """The member of a schema, if the schema has no other keywords than these."""
    schema = node.resolve() if node is not None else None
    if schema is None or not isinstance(schema.value, dict) or name not in schema.value:
        return None
    is_plain = all(keyword in keywords or keyword.startswith("x-") for keyword in schema.value)
    return schema.child(name) if is_plain else None
