"""What a server adds to what clients send, and to what it lists: keys, fields that are its own, counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract, Record, Resource, SortField
from mockserver.contract.records import matches_schema
from mockserver.documents.tree import Node
from mockserver.engine.seeding.key_generator import KeyGenerator
from mockserver.engine.state.state import State
from mockserver.errors import CannotGenerate
from mockserver.generate.generator import Generator
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.shapes import COMPOUND, Shape, type_of
from mockserver.syntax import words
from mockserver.syntax.instants import format_instant

# Of a record that is made now.
STAMPS = ("created_at", "created", "created_on", "creation_date", "date_created", "created_time", "creation_time",
          "updated_at", "updated", "updated_on", "modified_at", "modified", "last_modified",
          "date_updated")  # fmt: skip
# Where a list goes on, in its envelope, and where it came from.
NEXT = {"next", "nextpage", "nexturl", "nextlink", "nextcursor", "nextpagetoken", "nextpageurl"}
BEFORE = {"prev", "previous", "prevpage", "previouspage", "prevurl", "previousurl", "previouscursor", "prevcursor"}
TRIES = 20


@dataclass(frozen=True, slots=True)
class ServerFields:
    """What the server makes of the bodies of one operation."""

    contract: Contract
    seed: int
    resource: Resource
    operation: Operation
    behaviour: Behaviour

    @property
    def _body(self) -> Shape:
        """What the record is sent as."""
        media = json_media_type(self.operation.body) if self.operation.body is not None else None
        shape = media.shape if media is not None else Shape()
        return shape if self.behaviour.body_member is None else shape.member(self.behaviour.body_member)

    @property
    def owned(self) -> frozenset[str]:
        """The fields that a body does not bring: they are the server's own."""
        body = self._body
        unknown = frozenset() if body.is_open else self.resource.fields.keys() - body.names
        lifecycle = self.resource.lifecycle
        kept = {one.name for one in self.resource.derived} | (
            {lifecycle.field, lifecycle.touch} if lifecycle else set()
        )
        return (self.resource.read_only | unknown) - kept

    @property
    def needed(self) -> set[str]:
        """The fields that a record must have, where a body of known members may leave them out."""
        if self._body.is_open:
            return set()
        return {name for place in self.resource.shape.unconditional() for name in place.value.get("required", ())}

    def taken(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The members of a body that the record can hold: not those that only a body has, or has in another form."""
        declared, found = self._body.names, {}
        for name, value in body.items():
            known = name in self.resource.fields
            if name in self.resource.write_only or (name in declared and not known and self.resource.fields):
                continue
            if known and name in declared and not self._may_be(name, value):
                continue
            found[name] = value
        return found

    def _may_be(self, name: str, value: Any) -> bool:
        """Whether a field is of the type of a value; what has parts must have those that the field has."""
        shape, schemas = self.resource.shape.member(name), self.resource.validator.schemas
        kind = type_of(value)
        if kind not in shape.types and not (kind == "number" and "integer" in shape.types):
            return False
        return kind not in COMPOUND or all(schemas.validator(place).is_valid(value) for place in shape.unconditional())

    def made(self, record: dict[str, Any], state: State, at: int) -> dict[str, Any]:
        """A new record with its key, and with what it must have or is the server's own."""
        key, is_new = self.resource.key, self.resource.key not in record
        if is_new:
            record = {key: next_key(self.resource, state), **record}
        missing = self._missing(record)
        if not missing and matches_schema(self.resource, record):
            return record
        given = self._given(state, at) | {own_key(self.resource): record[key]}
        return self._filled(record, missing, given, is_new, state)

    def _missing(self, record: Record) -> list[str]:
        """The server's own fields that are plain values, and not there."""
        fields, owned = self.resource.fields, self.owned
        return [
            name
            for name in fields
            if name in owned and name not in record and name not in self.resource.write_only
            and not fields[name] & COMPOUND
        ]  # fmt: skip

    def _given(self, state: State, at: int) -> dict[str, Any]:
        """What fields of certain names are: the time as text and in seconds, and records that are there."""
        now = (format_instant(at), at // 1_000)
        found: dict[str, Any] = dict.fromkeys(STAMPS, now)
        for name, target in self.resource.references.items():
            first = state.tables[target].ordered().page(0, 1)
            found |= {name: first[0].record[self.contract.resources[target].key]} if first else {}
        return found

    def _filled(
        self, record: dict[str, Any], missing: list[str], given: Mapping[str, Any], is_new: bool, state: State
    ) -> dict[str, Any]:
        """The record with more in it, none of its own members changed; itself where that does not make it valid."""
        key = self.resource.key
        own = {name: value for name, value in record.items() if not (is_new and name == key)}
        for number in range(TRIES):
            generator = generator_of(self.contract, self.resource, f"{self.seed}/{record[key]}/{number}", given)
            try:
                whole = generator.generate(self.resource.schema)
                more = {name: whole[name] for name in missing if name in whole}
                made = generator.repair(self.resource.schema, {**more, **(record if not number else own)})
            except CannotGenerate:
                return record
            if any(name not in made or made[name] != value for name, value in own.items()):
                return record
            if not is_new or not state.has_record(self.resource.name, made.get(key)):
                return made if matches_schema(self.resource, made) else record
        return record


def next_key(resource: Resource, state: State) -> Any:
    """A key for one more record: the integer after the highest, or one that looks like those there are."""
    table = state.tables[resource.name]
    highest = table.ordered((SortField(resource.key, descending=True),)).page(0, 1)
    number = highest[0].record[resource.key] if highest else 0
    first = table.ordered().page(0, 1)
    sample = first[0].record[resource.key] if first else None
    following = number + 1 if isinstance(number, int) else len(table) + 1
    return KeyGenerator(resource, table.__contains__, sample).key(following)


def generator_of(contract: Contract, resource: Resource, seed: str, given: Mapping[str, Any], **how: Any) -> Generator:
    """What makes values for the records of a resource."""
    how = {"from_examples": False, **how}
    return Generator.seeded(contract.documents, resource.validator.schemas, seed, known_values=given, **how)


def own_key(resource: Resource) -> str:
    """The name under which a generator is given the key: not that of every `id` further down."""
    return "" if resource.key == "id" else resource.key


def in_order(resource: Resource, record: Record) -> Record:
    """The record with its members in the order in which the schema declares them."""
    known = {name: record[name] for name in resource.fields if name in record}
    return known | {name: value for name, value in record.items() if name not in known}


@dataclass(frozen=True, slots=True)
class Counts:
    """Which part of a list an envelope holds: `size` records of `total`, after `offset`."""

    total: int
    offset: int
    size: int
    limit: int | None
    first_page: int

    @property
    def goes_on(self) -> bool:
        """Whether there are more after these."""
        return self.offset + self.size < self.total

    def named(self) -> dict[str, Any]:
        """What members of an envelope are by their names."""
        limit = self.limit or max(self.total, 1)
        pages, page = -(-self.total // limit), self.offset // limit + self.first_page
        found: dict[str, Any] = dict.fromkeys(("total", "total_count", "total_items", "total_results"), self.total)
        found |= dict.fromkeys(("count", "size", "returned"), self.size) | {"offset": self.offset}
        found |= dict.fromkeys(("limit", "per_page", "page_size"), limit)
        found |= dict.fromkeys(("page", "current_page", "page_number"), page)
        found |= dict.fromkeys(("pages", "total_pages", "page_count", "last_page"), pages)
        return found | dict.fromkeys(("has_more", "has_next", "has_next_page", "more"), self.goes_on)


ONE = Counts(1, 0, 1, None, 1)


def envelope(contract: Contract, schema: Node, held: Mapping[str, Any], counts: Counts, seed: str) -> dict[str, Any]:
    """A list's envelope with its other members: counts as they are, the rest made up."""
    generator = Generator.seeded(
        contract.documents, contract.schemas, seed, known_values={**counts.named(), **held}, from_examples=False
    )
    try:
        made: dict[str, Any] = generator.generate(schema)
    except CannotGenerate:
        return dict(held)
    validator = contract.schemas.validator(schema)
    made = {**made, **held}
    ends = ({"next": NEXT} if not counts.goes_on else {}) | ({"before": BEFORE} if not counts.offset else {})
    for ended in ends.values():
        made = _ended(made, ended, validator.is_valid)
    return made


def wrapped(contract: Contract, behaviour: Behaviour, record: Record, seed: str) -> dict[str, Any]:
    """A record in its envelope."""
    held = {behaviour.item or "": record}
    return (
        envelope(contract, behaviour.envelope_schema, held, ONE, seed)
        if behaviour.envelope_schema is not None
        else held
    )


def _ended(made: dict[str, Any], ended: set[str], is_valid: Any) -> dict[str, Any]:
    """Without links that lead nowhere: left out, or null where they must be there; also in an object of links."""
    for name, value in list(made.items()):
        if isinstance(value, dict):
            for inner in value:
                if words.normalize(inner) in ended:
                    rest = {one: other for one, other in value.items() if one != inner}
                    made = _first_valid(made, ({**made, name: rest}, {**made, name: {**value, inner: None}}), is_valid)
        elif words.normalize(name) in ended:
            rest = {one: other for one, other in made.items() if one != name}
            made = _first_valid(made, ({**made, name: None}, rest), is_valid)
    return made


def _first_valid(made: dict[str, Any], others: tuple[dict[str, Any], ...], is_valid: Any) -> dict[str, Any]:
    return next((one for one in others if is_valid(one)), made)
