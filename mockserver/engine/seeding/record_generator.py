"""A generator of values for the records of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver import generate
from mockserver.contract.model import Contract, Resource


def record_generator(
    contract: Contract, resource: Resource, seed: str, known_values: Mapping[str, Any], *, from_examples: bool = False
) -> generate.Generator:
    """A generator of records; members with the names of `known_values` get these values where they are valid."""
    schemas = resource.validator.schemas
    return generate.Generator.seeded(
        contract.documents, schemas, seed, known_values=known_values, from_examples=from_examples
    )


def known_key_name(resource: Resource) -> str:
    """The name under which a generator is given the key, so that not every nested `id` gets it as well."""
    return "" if resource.local_key == "id" else resource.local_key
