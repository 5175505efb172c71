"""The envelopes of lists and records: an object around them, with counts and other members."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Self

from msgspec import Struct

from mockserver import generate
from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract, Record, Resource
from mockserver.documents.nodes import Node
from mockserver.errors import CannotGenerate
from mockserver.schemas.properties import declared_properties
from mockserver.schemas.shapes import ALL_TYPES, Shape
from mockserver.syntax import words
from mockserver.syntax.member_path import MemberPath, member_at, with_member

# Members, as `words.normalize` writes them, that lead to the next page and to the one before.
NEXT = re.compile(r"(odata)?next(page)?(url|link|uri|href|cursor|token)?")
PREVIOUS = re.compile(r"prev(ious)?(page)?(url|link|uri|href|cursor|token)?")
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
# Members with the length of the whole list.
TOTALS = (
    "total", "total_count", "total_items", "total_results", "total_elements", "total_records", "total_size",
    "total_hits", "total_entries", "total_rows", "record_count", "odata_count",
)  # fmt: skip


class Page(Struct, frozen=True):
    """Which part of a list an envelope holds: `size` records of `total`, after the first `offset`.

    Pages are counted from `first_page`, records from `first_offset`. `parameters` are the names of those that page,
    by their role. `goes_back` if further pages are those before it.
    """

    total: int
    offset: int
    size: int
    limit: int | None
    first_page: int
    goes_back: bool = False
    first_offset: int = 0
    parameters: Mapping[str, str] = NO_PARAMETERS

    @classmethod
    def whole(cls, total: int) -> Self:
        """The only page of a list that is not paged."""
        return cls(total, 0, total, None, 1)

    @property
    def has_next(self) -> bool:
        """Whether there are more records in the direction of the pages."""
        return self.offset > 0 if self.goes_back else self.offset + self.size < self.total

    def named_values(self) -> dict[str, Any]:
        """The values of members with the usual names."""
        limit, offset = self.limit or max(self.total, 1), self.offset + self.first_offset
        pages, number = -(-self.total // limit), self.number
        values: dict[str, Any] = dict.fromkeys(TOTALS, self.total)
        values |= dict.fromkeys(("count", "size", "returned", "number_of_elements", "items_per_page"), self.size)
        values |= {"offset": offset, "start_index": self.offset + 1, "number": number}
        values |= {"from": self.offset + 1, "to": self.offset + self.size}
        values |= dict.fromkeys(("limit", "per_page", "page_size", "max_results"), limit)
        values |= dict.fromkeys(("page", "current_page", "page_number", "page_index"), number)
        values |= dict.fromkeys(("pages", "total_pages", "page_count", "last_page"), pages)
        values |= dict.fromkeys(("next_page",), number + 1) | dict.fromkeys(("prev_page", "previous_page"), number - 1)
        values |= dict.fromkeys(("has_more", "has_next", "has_next_page", "more"), self.has_next)
        values |= dict.fromkeys(("has_previous", "has_prev", "has_previous_page", "has_prev_page"), self.offset > 0)
        values |= dict.fromkeys(("last", "is_last", "is_last_page"), not self.has_next)
        values |= dict.fromkeys(("first", "is_first", "is_first_page"), not self.offset) | {"empty": not self.size}
        # Members named like the parameters say what was asked for; only `count` is a number of records everywhere.
        by_role = {"limit": limit, "offset": offset, "page": number}
        names = {self.parameters[role]: value for role, value in by_role.items() if role in self.parameters}
        return values | {name: value for name, value in names.items() if words.normalize(name) != "count"}

    @property
    def number(self) -> int:
        """The number of the page."""
        return self.offset // (self.limit or max(self.total, 1)) + self.first_page

    def relations(self) -> dict[str, dict[str, int]]:
        """The parameters of the pages that a page leads to, by their relation to it; none where it is the only one."""
        if not self.limit:
            return {}
        end = max(0, self.total - 1) // self.limit
        numbers = {"first": 0, "prev": self.number - self.first_page - 1, "next": self.number - self.first_page + 1}
        offsets = {"first": 0, "prev": max(0, self.offset - self.limit), "next": self.offset + self.limit}
        present = {"first", *(["prev"] if self.offset else []), *(["next"] if self.has_next else []), "last"}
        if "page" in self.parameters:
            name, pages = self.parameters["page"], {**numbers, "last": end}
            return {relation: {name: pages[relation] + self.first_page} for relation in pages if relation in present}
        if "offset" in self.parameters:
            name, starts = self.parameters["offset"], {**offsets, "last": end * self.limit}
            return {
                relation: {name: starts[relation] + self.first_offset} for relation in starts if relation in present
            }
        return {}


SINGLE_RECORD = Page.whole(1)


def complete_envelope(
    contract: Contract, schema: Node | None, members: Mapping[MemberPath, Any], page: Page, seed: str
) -> dict[str, Any]:
    """An envelope with these members and the others of its schema: counts by their names, the rest generated.

    Only `members` without a schema, and where nothing can be generated.
    """
    envelope = _generate(contract, schema, members, page, seed) if schema is not None else {}
    for path, value in members.items():
        envelope = with_member(envelope, path, value)
    if schema is None:
        return envelope
    is_valid = contract.schemas.validator(schema).is_valid
    if not page.has_next:
        envelope = _without_links(envelope, NEXT, is_valid)
    if not page.offset:
        envelope = _without_links(envelope, PREVIOUS, is_valid)
    return envelope


def _generate(
    contract: Contract, schema: Node, members: Mapping[MemberPath, Any], page: Page, seed: str
) -> dict[str, Any]:
    """The members of an envelope's schema, with all objects on the way to `members`."""
    known_values = {**page.named_values(), **{path[-1]: value for path, value in members.items()}}
    generator = generate.Generator.seeded(
        contract.documents, contract.schemas, seed, known_values=known_values, from_examples=False
    )
    try:
        envelope: dict[str, Any] = generator.generate(schema)
        for path in members:
            below = schema
            for depth, name in enumerate(path[:-1], start=1):
                below = declared_properties(below)[name]
                if not isinstance(member_at(envelope, path[:depth]), dict):
                    envelope = with_member(envelope, path[:depth], generator.generate(below))
    except (CannotGenerate, KeyError):
        return {}
    return envelope


def wrap_record(contract: Contract, behaviour: Behaviour, record: Any, seed: str) -> dict[str, Any]:
    """A record, or a member of it, in its envelope."""
    return complete_envelope(contract, behaviour.envelope_schema, {behaviour.item: record}, SINGLE_RECORD, seed)


def show_key(contract: Contract, schema: Node, resource: Resource, record: Record, seed: str) -> Any:
    """What a response of this schema says of a record in place of the record: its key, alone or in a member.

    The key has the name of its field, or that with the resource's in front: `id`, `pet_id`. Other members are
    generated. The key itself where nothing can be.
    """
    key, is_valid = record[resource.local_key], contract.schemas.validator(schema).is_valid
    bare = next((value for value in (key, str(key)) if is_valid(value)), None)
    if bare is not None and Shape.from_schema(schema).types != ALL_TYPES:
        return bare
    names = {resource.local_key, "id", "key"}
    names |= {
        singular + name for singular in words.singular_forms(resource.name) for name in (resource.local_key, "id")
    }
    generator = generate.Generator.seeded(
        contract.documents, contract.schemas, seed, known_values=dict.fromkeys(names, key), from_examples=False
    )
    try:
        return generator.generate(schema)
    except CannotGenerate:
        return key


def _without_links(envelope: dict[str, Any], names: re.Pattern[str], is_valid: Callable[[Any], bool]) -> dict[str, Any]:
    """The envelope without the links of these names, or with null in their place, whichever is valid.

    The links may also be members of an object in the envelope.
    """
    for name, value in list(envelope.items()):
        if isinstance(value, dict):
            for inner in value:
                if names.fullmatch(words.normalize(inner)):
                    rest = {other: link for other, link in value.items() if other != inner}
                    candidates = {**envelope, name: rest}, {**envelope, name: {**value, inner: None}}
                    envelope = next((candidate for candidate in candidates if is_valid(candidate)), envelope)
        elif names.fullmatch(words.normalize(name)):
            rest = {other: member for other, member in envelope.items() if other != name}
            candidates = {**envelope, name: None}, rest
            envelope = next((candidate for candidate in candidates if is_valid(candidate)), envelope)
    return envelope
