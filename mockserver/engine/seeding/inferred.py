"""The first records of collections that were inferred from a document: as many as can be generated, or none."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.records import matches_schema
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

    The very first record of a resource is taken from the document's examples.
    """
    existing = records[resource.name]
    generated: list[Record] = []
    for number in range(len(existing) + 1, len(existing) + count + 1):
        used_keys = {record[resource.key] for record in (*existing, *generated)}
        record = _generate(contract, resource, records, used_keys, f"{seed}/{resource.name}/{number}", number)
        if record is None:
            break
        generated.append(record)
    return generated


def _generate(
    contract: Contract,
    resource: Resource,
    records: Mapping[str, list[Record]],
    used_keys: set[Any],
    seed: str,
    number: int,
) -> Record | None:
    """One record, whose key is not in `used_keys`; None where none can be generated."""
    chance = random.Random(seed)
    owners = {field: chance.choice(records[target]) for field, target in resource.references.items() if records[target]}
    references = {field: owner[contract.resources[resource.references[field]].key] for field, owner in owners.items()}
    for field, owner in owners.items():
        # What the owner belongs to, the record belongs to as well.
        above = contract.resources[resource.references[field]].references
        shared = above.keys() & references.keys() & owner.keys() & resource.hidden
        references |= {name: owner[name] for name in shared if above[name] == resource.references[name]}
    hidden = {field: key for field, key in references.items() if field in resource.hidden}
    references = {field: key for field, key in references.items() if field not in hidden}
    known_values = dict(references)
    if _is_numbered(resource):
        known_values[known_key_name(resource)] = _numbered_key(resource, used_keys, number)
    for attempt in range(TRIES):
        attempt_seed = f"{seed}/{attempt}" if attempt else seed
        from_examples = number == 1 and not attempt
        generator = record_generator(contract, resource, attempt_seed, known_values, from_examples=from_examples)
        try:
            record = generator.generate(resource.schema)
            key = known_values.get(known_key_name(resource), record.get(resource.key))
            record = generator.repair(resource.schema, {**record, **references, resource.key: key})
        except CannotGenerate:
            return None
        keeps_references = all(record.get(name) == value for name, value in references.items())
        if record.get(resource.key) not in used_keys and keeps_references and matches_schema(resource, record):
            return in_schema_order(resource, {**record, **hidden})
    return None


def _numbered_key(resource: Resource, used_keys: set[Any], number: int) -> Any:
    numbers = [key for key in used_keys if isinstance(key, int)]
    example = next((key for key in used_keys if isinstance(key, str)), None)
    return KeyGenerator(resource, used_keys.__contains__, example).key(max(numbers) + 1 if numbers else number)


def _is_numbered(resource: Resource) -> bool:
    return words.split(resource.key)[-1:] in NUMBERED or resource.shape.member(resource.key).types == {"integer"}
