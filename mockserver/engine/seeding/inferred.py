"""The first records of collections that were inferred from a document: as many as can be generated, or none."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

from mockserver.contract.model import SINGLE_KEY, Contract, Record, Resource
from mockserver.contract.records import matches_schema, with_plain_keys
from mockserver.engine.behaviours.deletion import is_deletion_flag, is_deletion_time
from mockserver.engine.behaviours.server_fields import in_schema_order
from mockserver.engine.seeding.key_generator import KeyGenerator
from mockserver.engine.seeding.record_generator import known_key_name, record_generator
from mockserver.errors import CannotGenerate
from mockserver.syntax import words

# The last words of key names whose values are numbered; other keys are generated as fields of their names are.
NUMBERED = (["id"], ["uuid"], ["guid"], ["key"], ["number"])
TRIES = 20


def first_records(
    contract: Contract, resource: Resource, records: Mapping[str, list[Record]], seed: str, count: int
) -> list[Record]:
    """At most `count` records for a resource, in addition to those in `records`.

    The very first record of a resource is taken from the document's examples. A single record is generated for each
    record that its key refers to, however many these are.
    """
    existing = records[resource.name]
    generated: list[Record] = []
    if resource.single:
        used_keys = {record[resource.key] for record in existing}
        for owner in _owners_of_singles(contract, resource, records):
            if owner[resource.key] not in used_keys:
                record = single_record(contract, resource, owner, seed, is_first=not generated)
                generated += [record] if record is not None else []
        return generated
    for number in range(len(existing) + 1, len(existing) + count + 1):
        others = [*existing, *generated]
        record = _generate(contract, resource, records, others, f"{seed}/{resource.name}/{number}", number)
        if record is None:
            break
        generated.append(record)
    return generated


def single_record(
    contract: Contract, resource: Resource, owners: Mapping[str, Any], seed: str, *, is_first: bool = False
) -> Record | None:
    """The single record of a resource with the key and the further fields of `owners`; None if none can be generated.

    The first of several is taken from the document's examples.
    """
    key = owners[resource.key]
    record = _generate_valid(
        contract, resource, f"{seed}/{resource.name}/{key}", dict(owners), is_first=is_first or key == SINGLE_KEY
    )
    return _without_items(contract, resource, record) if record is not None else None


def _without_items(contract: Contract, resource: Resource, record: Record) -> Record:
    """The record with empty lists where the items of these refer to other records: a cart is empty at first."""
    behaviours = [other for other in contract.behaviours.values() if other.resource == resource.name and other.copied]
    members = [behaviour.member for behaviour in behaviours if behaviour.member is not None]
    lists: dict[str, list[Any]] = {member: [] for member in members if member in record}
    if not lists or resource.shape.examples:
        return record
    emptied = {**record, **lists}
    record_generator(contract, resource, "", {}).add_up(resource.schema, emptied, resource.hidden)
    return emptied if matches_schema(resource, emptied) else record


def _owners_of_singles(
    contract: Contract, resource: Resource, records: Mapping[str, list[Record]]
) -> list[dict[str, Any]]:
    """The key of each single record of a resource, with what else it belongs to."""
    target = resource.references.get(resource.key)
    if target is None:
        behaviours = contract.behaviours.items()
        names = [
            other.record_parameters(contract.operations[name].path_names)
            for name, other in behaviours
            if other.resource == resource.name
        ]
        return [{resource.key: SINGLE_KEY}] if not any(names) else []
    key = contract.resources[target].key
    return [{resource.key: owner[key]} | _shared(contract, resource, resource.key, owner) for owner in records[target]]


def _shared(contract: Contract, resource: Resource, field: str, owner: Record) -> dict[str, Any]:
    """What a record belongs to because its `owner`, which `field` refers to, does."""
    above = contract.resources[resource.references[field]].references
    shared = above.keys() & resource.owned_by & owner.keys()
    return {name: owner[name] for name in shared if above[name] == resource.references[name]}


def referring_fields(contract: Contract, resource: Resource, field: str, target: Record) -> dict[str, Any]:
    """The field of a reference, or those that it joins, with the values that refer to the record `target`."""
    names = contract.resources[resource.references[field]].key_fields
    return dict(zip(resource.joined.get(field, (field,)), (target[name] for name in names), strict=True))


def _generate(
    contract: Contract,
    resource: Resource,
    records: Mapping[str, list[Record]],
    others: list[Record],
    seed: str,
    number: int,
) -> Record | None:
    """One record, whose key is not that of one of the `others`; None where none can be generated."""
    # In turn, so that each owner has some.
    owners = {
        field: records[target][(number - 1) % len(records[target])]
        for field, target in resource.references.items()
        if records[target]
    }
    references = {field: owner[contract.resources[resource.references[field]].key] for field, owner in owners.items()}
    for field, owner in owners.items():
        references |= _shared(contract, resource, field, owner)
        if field in resource.joined:
            references |= referring_fields(contract, resource, field, owner)
    if not resource.hidden.intersection(resource.unique_within) <= references.keys():
        # Without an owner, no path leads to it.
        return None
    used_keys = {record[resource.key] for record in others}
    owner = {name: references[name] for name in resource.unique_within if name in references}
    siblings = [record for record in others if all(record.get(name) == value for name, value in owner.items())]
    if resource.local_key not in references and _is_numbered(resource):
        used_locally = {record[resource.local_key] for record in siblings}
        first = len(siblings) + 1 if resource.unique_within else number
        references[resource.local_key] = _numbered_key(resource, used_locally, first)
    links: dict[str, Any] = {}
    for field, target in resource.links.items():
        # What identifies a record below its owner is another one for each of the same owner.
        turn = len(siblings) if field == resource.local_key else number - 1
        if records[target]:
            links[field] = records[target][turn % len(records[target])][contract.resources[target].local_key]
    return _generate_valid(contract, resource, seed, references, used_keys, links, is_first=number == 1)


def _generate_valid(
    contract: Contract,
    resource: Resource,
    seed: str,
    fixed: Mapping[str, Any],
    used_keys: AbstractSet[Any] = frozenset(),
    links: Mapping[str, Any] = MappingProxyType({}),
    *,
    is_first: bool,
) -> Record | None:
    """A record with the `fixed` members, whose key is not in `used_keys`; None where none can be generated.

    It has the values of `links` where it has such members and they are valid.
    """
    hidden = {field: value for field, value in fixed.items() if field in resource.hidden}
    fixed = {field: value for field, value in fixed.items() if field not in hidden}
    key = resource.local_key
    known_values = {known_key_name(resource) if name == key else name: value for name, value in fixed.items()}
    for attempt in range(TRIES):
        attempt_seed = f"{seed}/{attempt}" if attempt else seed
        from_examples = is_first and not attempt
        generator = record_generator(contract, resource, attempt_seed, known_values, from_examples=from_examples)
        try:
            record = generator.generate(resource.schema)
            linked = {name: value for name, value in links.items() if name in record and attempt < TRIES // 2}
            record = _without_deletion(resource, {**record, **linked})
            record = generator.repair(resource.schema, {**record, **fixed})
        except CannotGenerate:
            return None
        kept = fixed.keys() - ({key} - resource.references.keys())
        keeps_fixed = all(record.get(name) == fixed[name] for name in kept)
        record = with_plain_keys(resource, {**record, **hidden})
        is_new = record.get(resource.key) not in (used_keys | {None})
        if keeps_fixed and is_new and matches_schema(resource, record):
            return in_schema_order(resource, record)
    return None


def _without_deletion(resource: Resource, record: Record) -> Record:
    """The record with nothing that says that it has been deleted."""
    changed = dict(record)
    for name in record:
        types = resource.fields.get(name, frozenset())
        if is_deletion_time(name):
            del changed[name]
            changed |= {name: None} if "null" in types else {}
        elif is_deletion_flag(name) and "boolean" in types:
            changed[name] = False
    return changed


def _numbered_key(resource: Resource, used_keys: set[Any], number: int) -> Any:
    numbers = [key for key in used_keys if isinstance(key, int)]
    example = next((key for key in used_keys if isinstance(key, str)), None)
    return KeyGenerator(resource, example).key(max(numbers) + 1 if numbers else number, used_keys.__contains__)


def _is_numbered(resource: Resource) -> bool:
    return (
        resource.local_key in resource.hidden
        or words.split(resource.local_key)[-1:] in NUMBERED
        or resource.shape.member(resource.local_key).types == {"integer"}
    )
