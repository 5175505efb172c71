"""The first records of collections that were derived from a document: as many as can be made, none where none can."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.records import matches_schema
from mockserver.engine.behaviours.completion import generator_of, in_order, own_key
from mockserver.engine.seeding.key_generator import KeyGenerator
from mockserver.errors import CannotGenerate
from mockserver.syntax import words

# Keys that end so are numbers, or made like them; others are words, and made as fields of their names are.
NUMBERED = (["id"], ["uuid"], ["guid"], ["key"], ["number"])
TRIES = 20


def first_records(
    contract: Contract, resource: Resource, records: Mapping[str, list[Record]], seed: str, count: int
) -> list[Record]:
    """So many records more, beside those that there are; the first of all is made from the document's examples."""
    known = records[resource.name]
    found: list[Record] = []
    for number in range(len(known) + 1, len(known) + count + 1):
        taken = {one[resource.key] for one in (*known, *found)}
        record = _record(contract, resource, records, taken, f"{seed}/{resource.name}/{number}", number)
        if record is None:
            break
        found.append(record)
    return found


def _record(
    contract: Contract, resource: Resource, records: Mapping[str, list[Record]], taken: set[Any], seed: str, number: int
) -> Record | None:
    chance = random.Random(seed)
    held = {
        field: chance.choice([one[contract.resources[target].key] for one in records[target]])
        for field, target in resource.references.items()
        if records[target]
    }
    given = held | ({own_key(resource): _key(resource, taken, number)} if _is_numbered(resource) else {})
    for attempt in range(TRIES):
        how = {"from_examples": number == 1 and not attempt}
        generator = generator_of(contract, resource, f"{seed}/{attempt}" if attempt else seed, given, **how)
        try:
            made = generator.generate(resource.schema)
            key = given.get(own_key(resource), made.get(resource.key))
            made = generator.repair(resource.schema, {**made, **held, resource.key: key})
        except CannotGenerate:
            return None
        holds = all(made.get(name) == value for name, value in held.items())
        if made.get(resource.key) not in taken and holds and matches_schema(resource, made):
            return in_order(resource, made)
    return None


def _key(resource: Resource, taken: set[Any], number: int) -> Any:
    numbers = [one for one in taken if isinstance(one, int)]
    sample = next((one for one in taken if isinstance(one, str)), None)
    return KeyGenerator(resource, taken.__contains__, sample).key(max(numbers) + 1 if numbers else number)


def _is_numbered(resource: Resource) -> bool:
    return words.split(resource.key)[-1:] in NUMBERED or resource.shape.member(resource.key).types == {"integer"}
