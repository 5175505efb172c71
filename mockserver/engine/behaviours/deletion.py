"""The fields that say that a record has been deleted."""

from __future__ import annotations

from mockserver.contract.effects import DATE_LENGTH
from mockserver.contract.model import Record, Resource
from mockserver.contract.records import matches_schema
from mockserver.syntax import words
from mockserver.syntax.instants import format_instant

# Their names, normalized.
TIMES = ("deletedat", "deletedon", "deleteddate", "removedat")
FLAGS = ("isdeleted", "deleted", "isremoved")


def is_deletion_time(name: str) -> bool:
    """Whether a field holds when its record was deleted."""
    return words.normalize(name) in TIMES


def is_deletion_flag(name: str) -> bool:
    """Whether a field says whether its record has been deleted."""
    return words.normalize(name) in FLAGS


def as_deleted(resource: Resource, record: Record, at: int) -> Record:
    """The record marked as deleted at an instant, in those fields for which the mark is valid."""
    text, types = format_instant(at), resource.fields
    for name in [name for name in types if is_deletion_time(name) or is_deletion_flag(name)]:
        values = (text, text[:DATE_LENGTH], at // 1_000) if is_deletion_time(name) else (True,)
        changes = ({**record, name: value} for value in values)
        record = next((changed for changed in changes if matches_schema(resource, changed)), record)
    return record
