"""Keys for new records."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from mockserver.contract.model import Resource


def make_uuid(seed: str) -> str:
    """A UUID that depends on the seed alone."""
    return str(UUID(int=random.Random(seed).getrandbits(128), version=4))


class KeyGenerator:
    """Generates keys like an example: `job-8` after `job-7`, the next integer, another UUID.

    Without `example`, the schema's examples show what a key looks like.
    """

    def __init__(self, resource: Resource, example: Any = None) -> None:
        key = resource.local_key
        shape = resource.shape.member(key)
        self._is_uuid = any(schema.value.get("format") == "uuid" for schema, _ in shape.schemas())
        types = resource.fields[key] if key in resource.hidden else shape.types
        self._is_integer = types == {"integer"}
        if not isinstance(example, str):
            example = next((value for value in shape.examples if isinstance(value, str)), "")
        numbered = re.fullmatch(r"(.*?)\d+", example, re.DOTALL)
        self._prefix = numbered[1] if numbered else f"{resource.name}-"
        self._resource_name = resource.name

    def key(self, number: int, is_taken: Callable[[Any], bool]) -> Any:
        """The first key from `number` upwards that is free."""
        while is_taken(key := self._numbered(number)):
            number += 1
        return key

    def _numbered(self, number: int) -> Any:
        if self._is_integer:
            return number
        if self._is_uuid:
            return make_uuid(f"{self._resource_name}/{number}")
        return f"{self._prefix}{number}"
