"""Records that other records show: the `author` of a post is one of the users, and `author_id` says which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.records import matches_schema
from mockserver.dataclass import dataclass
from mockserver.schemas.shapes import Shape
from mockserver.syntax.words import normalize, singular_forms

# The record of a resource with a key, as clients see it; None where there is none.
FindRecord = Callable[[Resource, Any], Record | None]


@dataclass(frozen=True, slots=True)
class EmbeddedField:
    """A field that shows a record of `target`, or several; `key_field` holds their keys, if there is such a field."""

    name: str
    target: Resource
    is_list: bool
    key_field: str | None

    def shown(self, record: Record, shown: Sequence[Record]) -> dict[str, Any]:
        """The record with these in the field, and their keys beside it."""
        keys = [other[self.target.local_key] for other in shown]
        changed = {**record, self.name: list(shown) if self.is_list else shown[0]}
        if self.key_field is not None and self.key_field in record:
            changed[self.key_field] = keys if self.is_list else keys[0]
        return changed


def embedded_fields(contract: Contract, resource: Resource) -> list[EmbeddedField]:
    """The fields of a resource that have the schema of another one, alone or in a list."""
    by_schema = _resources_by_schema(contract)
    return list(_embedded(resource, by_schema))


def embed_records(contract: Contract, records: Mapping[str, list[Record]], kept: Mapping[str, int]) -> None:
    """Replace, in place, what generated records show of other resources by records of these, where that is valid.

    The first `kept` records of a resource are not generated.
    """
    by_schema = _resources_by_schema(contract)
    for name, rows in records.items():
        resource = contract.resources[name]
        for field in _embedded(resource, by_schema) if len(rows) > kept[name] else ():
            others = [field.target.visible(record) for record in records[field.target.name]]
            for number in range(kept[name], len(rows)):
                value = rows[number].get(field.name)
                if others and value:
                    count = min(len(value), len(others)) if field.is_list else 1
                    shown = [others[(number + turn) % len(others)] for turn in range(count)]
                    changed = field.shown(rows[number], shown)
                    rows[number] = changed if matches_schema(resource, changed) else rows[number]


def follow_keys(
    fields: Sequence[EmbeddedField], resource: Resource, record: Record, before: Record, find_record: FindRecord
) -> Record:
    """The record with what it shows by the keys that differ from those `before`, unless the client has sent it."""
    for field in fields:
        keys = record.get(field.key_field) if field.key_field is not None else None
        is_changed = keys is not None and keys != before.get(field.key_field or "")
        if not is_changed or field.name not in record or record[field.name] != before.get(field.name):
            continue
        shown = [find_record(field.target, key) for key in (keys if isinstance(keys, list) else [keys])]
        existing = [other for other in shown if other is not None]
        if len(existing) == len(shown) and (existing or field.is_list):
            changed = field.shown(record, existing)
            record = changed if matches_schema(resource, changed) else record
    return record


def _resources_by_schema(contract: Contract) -> dict[str, Resource]:
    """The resources by the address of the schema that only their records have."""
    by_address: dict[str, list[Resource]] = {}
    for resource in contract.resources.values():
        if resource.key and not resource.single and resource.local_key not in resource.hidden:
            for address in _addresses(resource.shape):
                by_address.setdefault(address, []).append(resource)
    return {address: resources[0] for address, resources in by_address.items() if len(resources) == 1}


def _embedded(resource: Resource, by_schema: Mapping[str, Resource]) -> Iterator[EmbeddedField]:
    for field, types in resource.fields.items():
        is_list = "array" in types
        shape = resource.shape.member(field).items if is_list else resource.shape.member(field)
        targets = {by_schema[address].name: by_schema[address] for address in _addresses(shape) if address in by_schema}
        if len(targets) == 1 and resource.name not in targets:
            target = next(iter(targets.values()))
            ending = normalize(target.local_key) + ("s" if is_list else "")
            names = {f"{form}{ending}" for form in singular_forms(field)}
            candidates = [name for name in resource.fields if normalize(name) in names]
            beside = [name for name in candidates if ("array" in resource.fields[name]) == is_list]
            yield EmbeddedField(field, target, is_list, beside[0] if beside else None)


def _addresses(shape: Shape) -> set[str]:
    return {schema.address for schema, is_branch in shape.schemas() if not is_branch and "properties" in schema.value}
