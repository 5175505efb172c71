"""Records that other records show: the `author` of a post is one of the users, and `author_id` says which."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.records import matches_schema
from mockserver.schemas.shapes import Shape
from mockserver.syntax.words import normalize, singular_forms

# The record of a resource with a key, as clients see it; None where there is none.
FindRecord = Callable[[Resource, Any], Record | None]
# Records that show each other would grow with each change: one of more values is shown without what it shows itself.
VALUES_LIMIT = 2_000


class EmbeddedField(Struct, frozen=True):
    """A field that shows a record of `target`, or several; `key_field` holds their keys, if there is such a field.

    `omitted` are the declared members of a record that it does not show, `nested` those that show others themselves.
    """

    name: str
    target: Resource
    is_list: bool
    key_field: str | None
    omitted: frozenset[str]
    nested: frozenset[str]

    def shown(self, resource: Resource, record: Record, shown: Sequence[Record]) -> Record:
        """The record with these in the field, and their keys beside it; the record itself where that is not valid."""
        keys = [other[self.target.local_key] for other in shown]
        for value in self.values(shown):
            changed = {**record, self.name: value}
            if self.key_field is not None and self.key_field in record:
                changed[self.key_field] = keys if self.is_list else keys[0]
            if matches_schema(resource, changed):
                return changed
        return record

    def values(self, shown: Sequence[Record]) -> Iterator[Any]:
        """Candidates for the value of the field: these records with all declared members, then without nested ones."""
        for omitted in (self.omitted, self.omitted | self.nested):
            parts = [{name: value for name, value in other.items() if name not in omitted} for other in shown]
            if _has_few_values(parts):
                yield parts if self.is_list else parts[0]

    def cleared(self, resource: Resource, record: Record) -> Record:
        """The record that shows none, as far as that is valid."""
        empty = {**record, self.name: [] if self.is_list else None}
        without = {name: value for name, value in record.items() if name != self.name}
        return next((changed for changed in (empty, without) if matches_schema(resource, changed)), record)


def embedded_fields(contract: Contract, resource: Resource) -> list[EmbeddedField]:
    """The fields of a resource that have the schema of another one, alone or in a list."""
    by_schema = _resources_by_schema(contract)
    return list(_embedded(resource, by_schema))


def embed_records(contract: Contract, records: Mapping[str, list[Record]], kept: Mapping[str, int]) -> None:
    """Replace, in place, what generated records show of other resources by records of these, where that is valid.

    The first `kept` records of a resource are not generated.
    """
    by_schema = _resources_by_schema(contract)
    fields = {name: list(_embedded(contract.resources[name], by_schema)) for name in records}
    for name in _targets_first(fields):
        resource, rows = contract.resources[name], records[name]
        for field in fields[name] if len(rows) > kept[name] else ():
            others = [field.target.visible(record) for record in records[field.target.name]]
            for number in range(kept[name], len(rows)):
                value = rows[number].get(field.name)
                if others and value:
                    count = min(len(value), len(others)) if field.is_list else 1
                    shown = [others[(number + turn) % len(others)] for turn in range(count)]
                    rows[number] = field.shown(resource, rows[number], shown)


def _targets_first(fields: Mapping[str, Sequence[EmbeddedField]]) -> Iterator[str]:
    """The names of the resources, each after those whose records it shows, as far as they do not show each other."""
    visited: set[str] = set()
    for first in fields:
        stack = [(first, False)]
        while stack:
            name, is_done = stack.pop()
            if is_done:
                yield name
            elif name not in visited:
                visited.add(name)
                stack.append((name, True))
                stack += [(field.target.name, False) for field in fields[name]]


def follow_keys(
    fields: Sequence[EmbeddedField],
    resource: Resource,
    record: Record,
    before: Record,
    find_record: FindRecord,
    added: Container[str],
) -> Record:
    """The record with what it shows by the keys that differ from those `before`, unless the client has sent it.

    Of the fields that it lacks, it gets those in `added`.
    """
    for field in fields:
        keys = record.get(field.key_field) if field.key_field is not None else None
        is_changed = keys != before.get(field.key_field or "")
        is_shown = field.name in record or (field.name in added and keys is not None)
        if not is_changed or not is_shown or record.get(field.name) != before.get(field.name):
            continue
        if keys is None:
            record = field.cleared(resource, record)
            continue
        shown = [find_record(field.target, key) for key in (keys if isinstance(keys, list) else [keys])]
        existing = [other for other in shown if other is not None]
        if len(existing) == len(shown) and (existing or field.is_list):
            record = field.shown(resource, record, existing)
    return record


def _resources_by_schema(contract: Contract) -> dict[str, Resource]:
    """The resources by the address of the schema that their records have."""
    by_address: dict[str, list[Resource]] = {}
    for resource in contract.resources.values():
        if resource.key and not resource.single and resource.local_key not in resource.hidden:
            for address in _addresses(resource.shape):
                by_address.setdefault(address, []).append(resource)
    return {
        address: resources[0] for address in by_address if len(resources := _main(address, by_address[address])) == 1
    }


def _main(address: str, resources: Sequence[Resource]) -> Sequence[Resource]:
    """The resource that is called like a schema, of several whose records have it: `users` for `User`."""
    if len(resources) == 1:
        return resources
    name = normalize(address.rpartition("/")[2])
    return [resource for resource in resources if name in singular_forms(normalize(resource.name))]


def _embedded(resource: Resource, by_schema: Mapping[str, Resource]) -> Iterator[EmbeddedField]:
    for field, target, is_list in _showing(resource, by_schema):
        ending = normalize(target.local_key) + ("s" if is_list else "")
        names = {f"{form}{ending}" for form in singular_forms(field)}
        candidates = [name for name in resource.fields if normalize(name) in names]
        beside = [name for name in candidates if ("array" in resource.fields[name]) == is_list]
        shape = resource.shape.member(field).items if is_list else resource.shape.member(field)
        nested = frozenset(name for name, _, _ in _showing(target, by_schema))
        omitted = target.shape.names - shape.names
        yield EmbeddedField(field, target, is_list, beside[0] if beside else None, omitted, nested)


def _showing(resource: Resource, by_schema: Mapping[str, Resource]) -> Iterator[tuple[str, Resource, bool]]:
    """Each field that shows records, of which resource, and whether several."""
    for field, types in resource.fields.items():
        is_list = "array" in types
        shape = resource.shape.member(field).items if is_list else resource.shape.member(field)
        addresses = _addresses(shape) or _addresses_unless_null(shape)
        targets = {by_schema[address].name: by_schema[address] for address in addresses if address in by_schema}
        if len(targets) == 1 and resource.name not in targets:
            yield field, next(iter(targets.values())), is_list


def _addresses(shape: Shape) -> set[str]:
    return {schema.address for schema, is_branch in shape.schemas() if not is_branch and "properties" in schema.value}


def _addresses_unless_null(shape: Shape) -> set[str]:
    """The address of the only schema of an object among branches, the other one of which is for null."""
    addresses = {schema.address for schema, _ in shape.schemas() if "properties" in schema.value}
    return addresses if len(addresses) == 1 and shape.types == {"object", "null"} else set()


def _has_few_values(value: Any) -> bool:
    """Whether a value consists of no more JSON values than are shown."""
    remaining, stack = VALUES_LIMIT, [value]
    while stack and remaining:
        remaining -= 1
        part = stack.pop()
        if isinstance(part, dict | list):
            stack += part.values() if isinstance(part, dict) else part
    return not stack
