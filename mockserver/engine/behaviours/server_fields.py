"""What a server adds to the records that clients send: the key, and the fields that are its own."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Set
from functools import cached_property, partial
from typing import Any

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.effects import DATE_LENGTH
from mockserver.contract.model import Contract, Record, Resource, SortField
from mockserver.contract.records import fit_key, matches_schema, record_key, with_plain_keys
from mockserver.contract.runtime_expressions import body_members
from mockserver.contract.webhooks.model import subscriptions_of
from mockserver.engine.behaviours.agreement import may_agree, with_agreement
from mockserver.engine.behaviours.new_records import as_objects, empty_values
from mockserver.engine.seeding.embedding import EmbeddedField, embedded_fields, follow_keys
from mockserver.engine.seeding.key_generator import KeyGenerator
from mockserver.engine.seeding.record_generator import known_key_name, record_generator
from mockserver.engine.state.sorted_rows import Row, sort_order
from mockserver.engine.state.state import State
from mockserver.errors import CannotGenerate
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.properties import declared_properties
from mockserver.schemas.shapes import COMPOUND, Shape, type_of
from mockserver.syntax import words
from mockserver.syntax.http.media_types import FORMS
from mockserver.syntax.instants import format_instant
from mockserver.syntax.merge_patch import merge_patch

# Fields with these names get the time at which the record is created.
STAMPS = ("created_at", "created", "created_on", "creation_date", "date_created", "created_time", "creation_time",
          "updated_at", "updated", "updated_on", "modified_at", "modified", "last_modified",
          "date_updated")  # fmt: skip
# Those that have it, too, where a record must have them: it has been sent when it is created.
MOMENTS = ("sent_at", "date_sent", "posted_at", "submitted_at", "placed_at", "ordered_at", "order_date", "uploaded_at",
           "added_at", "joined_at", "registered_at", "requested_at", "enrolled_at", "subscribed_at", "booked_at",
           "purchased_at", "purchase_date", "reported_at", "recorded_at", "logged_at", "invited_at", "commented_at",
           "opened_at", "applied_at", "timestamp")  # fmt: skip
STAMP_NAMES = frozenset(map(words.normalize, STAMPS))
# Those with these words get the time at which it is changed, too.
UPDATE_WORDS = frozenset({"updated", "modified"})
# Integers from here on are times in milliseconds since 1970, not in seconds.
FIRST_MILLISECONDS = 100_000_000_000
# How many records are generated to find one that is valid and whose key is free.
TRIES = 20


class ServerFields:
    """The fields of a resource that the server sets, where a body is sent to one operation or a handler creates it.

    `owned` are the fields that a body does not bring, and `read_only` those that it may have and that stay as they are.
    `needed` are those that a record must have and that the body of the operation may leave out; empty where the body
    may have members that are not declared.
    """

    def __init__(
        self,
        contract: Contract,
        resource: Resource,
        operation: Operation | None = None,
        behaviour: Behaviour | None = None,
    ) -> None:
        self._contract, self._resource = contract, resource
        self._body = body = _body_shape(operation, behaviour)
        # Members of the body that are fields in another spelling: `DateSent` is `date_sent`.
        self._respelled = words.find_respelled(body.names, resource.fields.keys() - resource.hidden)
        self._brought = brought = body.names | set(self._respelled.values())
        # A body that declares a member without `readOnly` is there to change it, such as the status of an order.
        writable = {
            self._respelled.get(name, name) for name in body.names if not body.member(name).has_annotation("readOnly")
        }
        self.read_only = resource.read_only - (writable - {*resource.key_fields, resource.key})
        lifecycle = resource.lifecycle
        undeclared = frozenset() if body.is_open else resource.fields.keys() - brought - resource.hidden
        set_elsewhere = {field.name for field in resource.derived_fields}
        set_elsewhere |= {lifecycle.field, lifecycle.touch or ""} if lifecycle is not None else set()
        media = operation.body.media.values() if operation is not None and operation.body is not None else ()
        shapes = [_record_shape(entry.shape, behaviour) for entry in media]
        # What a body declares in each of the media types in which it is an object.
        self._declared = body.names.intersection(*(shape.names for shape in shapes if "object" in shape.types))
        # What only a body declares, in any of its media types.
        self._body_only = frozenset[str]().union(*(shape.names for shape in shapes)) - resource.fields.keys()
        texts = {name for name in resource.fields if not _is_file(resource.shape.member(name))}
        self._files = {name for name in body.names & texts if _is_file(body.member(name))}
        self._never_stored = resource.write_only | resource.hidden | self._files
        # The content of a file in one media type, a text such as its address in another.
        self._file_or_text = {name for shape in shapes for name in shape.names & texts if _is_file(shape.member(name))}
        self.owned = (self.read_only | undeclared | self._files) - set_elsewhere
        required = (name for schema in resource.shape.unconditional() for name in schema.value.get("required", ()))
        self._always = always = frozenset(required)
        self.needed = frozenset() if body.is_open else always
        stamps = {name for name in resource.fields if words.normalize(name) in STAMP_NAMES}
        simple = {name for name, types in resource.fields.items() if not types & COMPOUND}
        subscriptions: tuple[str, ...] = ()
        if operation is not None and behaviour is not None:
            subscriptions = subscriptions_of(operation.id, behaviour, contract.webhooks.values())
        # What clients subscribe with is read, even where the schema of the body does not name it.
        self._body_only = self._body_only.union(*map(body_members, subscriptions)) - resource.fields.keys()
        self._first_states = dict(_first_states(resource))
        kept = self.read_only | set_elsewhere | {resource.local_key}
        self._defaults = dict(body_defaults(body, (body.names & resource.fields.keys()) - kept))
        touch = lifecycle.touch if lifecycle is not None else None
        times = sorted((stamps & simple) - {touch})
        self._update_times = [name for name in times if UPDATE_WORDS.intersection(words.split(name))]
        self._may_agree = may_agree(resource.fields)
        self._empty = self._list_empty(always - stamps - self._first_states.keys() - set_elsewhere)
        set_here = always | stamps | self._first_states.keys()
        self._completed = ((self.owned & set_here & simple) | resource.fill) - resource.write_only

    def storable_members(self, body: Mapping[str, Any], seed: str, *, is_patch: bool = False) -> dict[str, Any]:
        """The members of a body that the record can have.

        Left out are those that only the body has, or that the body has with another type. Objects and arrays get what
        they lack, such as the `id` of each item. In a merge patch, null removes a field that need not be there, and an
        object may be a part of one: `merged` says what it leads to.
        """
        declared, fields, members = self._declared, self._resource.fields, dict[str, Any]()
        for sent, value in (body if is_patch else {**self._defaults, **body}).items():
            name = self._respelled.get(sent, sent)
            is_field = name in fields
            if name != sent and name in body:
                continue
            if name in self._never_stored or (name in self._body_only and fields):
                continue
            removes = is_patch and value is None and name not in self._always
            is_part = is_patch and isinstance(value, dict) and "object" in self._resource.shape.member(name).types
            if is_field and sent in declared and not (removes or is_part) and not self._fits(name, value):
                if self._may_show(name, value):
                    members[name] = value
                    continue
                value = self._completed_value(name, value, seed)
                if value is None:
                    continue
            if name in self._file_or_text and not self._is_valid(name, value):
                continue
            members[name] = value
        return members

    def merged(self, record: Record, patch: Mapping[str, Any]) -> dict[str, Any]:
        """The record with a merge patch of storable members applied, without objects that no field can hold then."""
        changed: dict[str, Any] = merge_patch(record, patch)
        for name, value in patch.items():
            if isinstance(value, dict) and name in self._brought and not self._is_valid(name, changed[name]):
                if name in record:
                    changed[name] = record[name]
                else:
                    del changed[name]
        return changed

    def _fits(self, name: str, value: Any) -> bool:
        """Whether a field can have a value of this type; an array or object must also be valid for the field."""
        shape = self._resource.shape.member(name)
        value_type = type_of(value)
        if value_type not in shape.types and not (value_type == "number" and "integer" in shape.types):
            return False
        return value_type not in COMPOUND or self._is_valid(name, value)

    def _completed_value(self, name: str, value: Any, seed: str) -> Any:
        """An object or array with what the field requires besides; None if that is not all that it lacks."""
        schema = declared_properties(self._resource.schema).get(name)
        if schema is None or type_of(value) not in COMPOUND & self._resource.shape.member(name).types:
            return None
        generator = record_generator(self._contract, self._resource, f"{seed}/{name}", {})
        value = as_objects(value, self._resource.shape.member(name).items)
        try:
            completed = generator.repair(schema, value, name)
        except CannotGenerate:
            return None
        return completed if _keeps(completed, value) and self._is_valid(name, completed) else None

    def _is_valid(self, name: str, value: Any) -> bool:
        shape, schemas = self._resource.shape.member(name), self._resource.validator.schemas
        return all(schemas.validator(schema).is_valid(value) for schema in shape.unconditional())

    def _list_empty(self, names: Set[str]) -> dict[str, Any]:
        """The values of fields of these names in a new record that say nothing."""
        resource = self._resource
        referring = resource.links.keys() | resource.references.keys() | resource.owner_fields
        others = referring | resource.fill | resource.write_only | {resource.local_key}
        return dict(empty_values(resource, names - others, self._is_valid))

    def with_update_time(self, record: Any, before: Record, at: int) -> Any:
        """A record with the time at which it was changed, in fields such as `updated_at` that it had before.

        A time that the client has sent stays, unless it is what the record had before.
        """
        if not self._update_times or not isinstance(record, dict) or record == before:
            return record
        times: dict[str, Any] = {}
        for name in self._update_times:
            previous = before.get(name)
            if name in before and record.get(name, previous) == previous:
                texts, seconds = (format_instant(at), format_instant(at)[:DATE_LENGTH]), at // 1_000
                is_long = type(previous) is int and previous >= FIRST_MILLISECONDS
                candidates = (*texts, at if is_long else seconds)
                times[name] = next((value for value in candidates if self._is_valid(name, value)), previous)
        return {**record, **times}

    def complete(self, record: dict[str, Any], state: State, at: int, seed: int) -> dict[str, Any]:
        """A new record with a key, with the server's own fields, with what it must have, and with what it shows."""
        return dict(self.with_followed(self._completed_record(record, state, at, seed), {}, state))

    def _completed_record(self, record: dict[str, Any], state: State, at: int, seed: int) -> dict[str, Any]:
        resource, key = self._resource, self._resource.local_key
        is_new_key = key not in record
        if is_new_key:
            record = dict(with_plain_keys(resource, {key: next_key(resource, state, record), **record}))
        missing = self._missing_fields(record)
        if not missing and matches_schema(resource, record):
            return record
        known_values = self._known_values(state, at) | {known_key_name(resource): record[key]}
        hidden = {name: value for name, value in record.items() if name in resource.hidden}
        visible = dict(resource.visible(record))
        # Nothing has happened to a new record: it has no time of its deletion, for example.
        empty = {name: value for name, value in self._empty.items() if name not in visible}
        completed = self._generate(visible, hidden, missing, empty, known_values, is_new_key, state, seed)
        return dict(with_plain_keys(resource, completed | hidden))

    def _missing_fields(self, record: Record) -> list[str]:
        """The fields that a new record lacks: what it must have, stamps, and those that `fill` names."""
        return [name for name in self._resource.fields if name in self._completed and name not in record]

    def _known_values(self, state: State, at: int) -> dict[str, Any]:
        """Values for fields of certain names: the time (as text, and as a number), and records to refer to."""
        text = format_instant(at)
        values: dict[str, Any] = dict.fromkeys((*STAMPS, *MOMENTS), (text, text[:DATE_LENGTH], at // 1_000))
        rows = state.tables[self._resource.name].ordered().page(0, 1)
        for name, value in rows[0].record.items() if rows else ():
            if type(value) is int and value >= FIRST_MILLISECONDS and words.normalize(name) in STAMP_NAMES:
                values[name] = at
        values |= self._first_states
        for name, target in {**self._resource.links, **self._resource.references}.items():
            first = state.tables[target].ordered().page(0, 1)
            if first:
                values[name] = first[0].record[self._contract.resources[target].key]
        return values

    @cached_property
    def _embedded(self) -> list[EmbeddedField]:
        return embedded_fields(self._contract, self._resource)

    def with_followed(self, record: Record, before: Record, state: State) -> Record:
        """The record with what it shows of other resources, by the keys in it that have changed."""
        if not self._embedded:
            return record
        # What records need not show, a record gets if the others show it.
        first = state.tables[self._resource.name].ordered().page(0, 1)
        added = first[0].record.keys() if first else frozenset(field.name for field in self._embedded)
        added = added if first or self._contract.inferred else frozenset[str]()
        return follow_keys(self._embedded, self._resource, record, before, partial(_find_shown, state), added)

    def _may_show(self, name: str, value: Any) -> bool:
        """Whether a value that a field cannot have is the key of what it shows, or a list of keys."""
        keys = value if isinstance(value, list) else [value]
        shows = any(field.name == name and field.is_list == isinstance(value, list) for field in self._embedded)
        return shows and None not in map(record_key, keys)

    def with_shown_keys(self, record: Record, before: Record, state: State) -> Record:
        """The record with shown records in place of their keys; a field with an unknown key keeps its former value."""
        for field in self._embedded:
            value = record.get(field.name)
            if not self._may_show(field.name, value) or self._is_valid(field.name, value):
                continue
            types = field.target.fields[field.target.local_key]
            keys = [fit_key(types, key) for key in (value if isinstance(value, list) else [value])]
            shown = [row for key in keys if (row := _find_shown(state, field.target, key)) is not None]
            values = field.values(shown) if len(shown) == len(keys) else iter(())
            valid = [value for value in values if self._is_valid(field.name, value)][:1]
            valid = valid or ([before[field.name]] if field.name in before else [])
            without = {name: member for name, member in record.items() if name != field.name}
            record = {**without, field.name: valid[0]} if valid else without
        return record

    def with_agreement(self, record: Any, before: Record, sent: Container[str]) -> Any:
        """A record whose counts, amounts and the like follow a change, if they agreed with it before.

        Those that the client has `sent` stay.
        """
        follows = self._may_agree and isinstance(record, dict)
        return with_agreement(record, before, sent, self._is_valid) if follows else record

    def _with_shown(self, record: dict[str, Any], own_members: Mapping[str, Any], state: State) -> dict[str, Any]:
        """A new record with what it shows of other resources, by the keys in it, else the first one that there is."""
        for field in self._embedded:
            if record.get(field.name) is None or field.name in own_members or field.is_list:
                continue
            first = state.tables[field.target.name].ordered().page(0, 1)
            if first and (field.key_field is None or field.key_field not in own_members):
                shown = [field.target.visible(first[0].record)]
                record = dict(field.shown(self._resource, record, shown))
        # What the client has sent is as good as changed.
        before = {name: value for name, value in record.items() if name not in own_members}
        return dict(self.with_followed(record, before, state))

    def _generate(
        self,
        record: dict[str, Any],
        hidden: Mapping[str, Any],
        missing: list[str],
        empty: Mapping[str, Any],
        known_values: Mapping[str, Any],
        is_new_key: bool,
        state: State,
        seed: int,
    ) -> dict[str, Any]:
        """The record with generated members added, and none of its own changed; those in `empty` have these values.

        The record itself where no try makes it valid. The `hidden` members are those that it has besides.
        """
        resource, key = self._resource, self._resource.local_key
        full_key = {**record, **hidden}.get(resource.key)
        own_members = {name: value for name, value in record.items() if not (is_new_key and name == key)}
        for number in range(TRIES):
            generator = record_generator(self._contract, resource, f"{seed}/{full_key}/{number}", known_values)
            try:
                generated = generator.generate(resource.schema)
                added = {name: generated[name] for name in missing if name in generated}
                # After the first try, the key may be another one.
                members = own_members if number else record
                completed = generator.repair(resource.schema, {**added, **empty, **members})
                generator.add_up(resource.schema, completed, kept=own_members)
                generator.agree(resource.schema, completed, kept=own_members)
                completed = self._with_shown(completed, own_members, state)
            except CannotGenerate:
                return record
            # Another try may take the branch of the schema that the record's own members are of.
            if any(name not in completed or completed[name] != value for name, value in own_members.items()):
                continue
            new_key = with_plain_keys(resource, {**completed, **hidden}).get(resource.key)
            if not is_new_key or not state.has_record(resource.name, new_key):
                return completed if matches_schema(resource, completed) else record
        return record


def _first_states(resource: Resource) -> Iterator[tuple[str, Any]]:
    """The fields for a state or status, each with the value of a new record: its default, else its first."""
    for name in resource.fields:
        shape = resource.shape.member(name)
        if words.names_state(name) and shape.enum_values:
            defaults = [schema.value["default"] for schema in shape.unconditional() if "default" in schema.value]
            yield name, next((value for value in defaults if value in shape.enum_values), shape.enum_values[0])


def body_defaults(body: Shape, names: Set[str]) -> Iterator[tuple[str, Any]]:
    """The default of each of these members of a body: what a server assumes if it is not sent.

    That is how OpenAPI 3.0.4, section 4.7.24.1, defines `default`.
    """
    for name in sorted(names):
        schemas = body.member(name).unconditional()
        yield from ((name, schema.value["default"]) for schema in schemas if "default" in schema.value)


def _body_shape(operation: Operation | None, behaviour: Behaviour | None) -> Shape:
    """The shape of a record in the operation's request body; of any value without one."""
    body = operation.body if operation is not None else None
    media = json_media_type(body)
    if media is None and body is not None:
        media = next((entry for name, entry in body.media.items() if name in FORMS), None)
    return _record_shape(media.shape if media is not None else Shape(), behaviour)


def _record_shape(shape: Shape, behaviour: Behaviour | None) -> Shape:
    """The shape of a record in a body of this shape."""
    member = behaviour.body_member if behaviour is not None else None
    shape = shape if member is None else shape.member(member)
    return shape.items if behaviour is not None and behaviour.kind in ("create_all", "replace_all") else shape


def _keeps(completed: Any, sent: Any) -> bool:
    """Whether a value has what was sent, apart from members that it cannot have; not if it has nothing of it."""
    if isinstance(sent, dict) and isinstance(completed, dict):
        common = sent.keys() & completed.keys()
        return (bool(common) or not sent) and all(_keeps(completed[name], sent[name]) for name in common)
    if isinstance(sent, list) and isinstance(completed, list):
        return len(completed) == len(sent) and all(map(_keeps, completed, sent))
    return type(completed) is type(sent) and bool(completed == sent)


def _is_file(shape: Shape) -> bool:
    """Whether a value is the content of a file."""
    return any(schema.value.get("format") == "binary" for schema, _ in shape.schemas())


def next_key(resource: Resource, state: State, record: Record) -> Any:
    """A key for one more record: the integer after the highest, or a text like the other keys.

    A key that is unique only below an owner is the next one there. No number is used again after its record was
    removed, as in databases.
    """
    table, key = state.tables[resource.name], resource.local_key
    owners = {name: record.get(name) for name in resource.unique_within}
    if owners:
        # Among the records of an owner, no key comes before null, and an array comes after all of them.
        rows = table.ordered(sort_order(tuple(SortField(name) for name in (*owners, key))))
        bounds = [{**owners, key: bound} for bound in (None, list[Any]())]
        start, end = (rows.count_before(Row(bound, 0)) for bound in bounds)
        highest = rows.page(end - 1, 1) if end > start else []
    else:
        highest = table.ordered(sort_order((SortField(key, descending=True),))).page(0, 1)
        start, end = 0, table.next_position - 1
    highest_key = highest[0].record[key] if highest else 0
    first = highest if owners and highest else table.ordered().page(0, 1)
    example = first[0].record[key] if first else None
    number = end - start + 1
    if isinstance(highest_key, int):
        last_number = table.last_number(tuple(map(record_key, owners.values()))) + 1
        number = last_number if owners else max(last_number, number)

    def is_taken(local_key: Any) -> bool:
        return with_plain_keys(resource, {**owners, key: local_key}).get(resource.key) in table

    return KeyGenerator(resource, example).key(number, is_taken)


def _find_shown(state: State, resource: Resource, key: Any) -> Record | None:
    row = state.tables[resource.name].get(record_key(key))
    return resource.visible(row.record) if row is not None else None


def in_schema_order(resource: Resource, record: Record) -> Record:
    """The record with its members in the order in which the schema declares them, and then the others."""
    declared = {name: record[name] for name in resource.fields if name in record}
    return declared | {name: value for name, value in record.items() if name not in declared}
