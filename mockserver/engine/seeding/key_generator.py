"""Keys for new records."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable
from typing import Any

from mockserver.contract.model import Resource


class KeyGenerator:
    """Makes keys that look like those there are: `job-8` after `job-7`, the next integer, another UUID."""

    def __init__(self, resource: Resource, taken: Callable[[Any], bool], sample: Any = None) -> None:
        shape = resource.shape.member(resource.key)
        self._uuid = any(place.value.get("format") == "uuid" for place, _ in shape.schemas())
        self._integer = shape.types == {"integer"}
        text = sample if isinstance(sample, str) else next((one for one in shape.examples if isinstance(one, str)), "")
        numbered = re.fullmatch(r"(.*?)\d+", text, re.DOTALL)
        self._prefix = numbered[1] if numbered else f"{resource.name}-"
        self._taken = taken
        self._name = resource.name

    def key(self, number: int) -> Any:
        """A key that is not taken, from `number` upwards."""
        while self._taken(key := self._of(number)):
            number += 1
        return key

    def _of(self, number: int) -> Any:
        if self._integer:
            return number
        if self._uuid:
            bits = random.Random(f"{self._name}/{number}").getrandbits(128)
            return str(uuid.UUID(int=bits, version=4))
        return f"{self._prefix}{number}"
