"""Values that a request gave, for the members of the answer that they are meant for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# An envelope, a list in it, and an item of that.
DEPTH_LIMIT = 3


@dataclass(frozen=True, slots=True)
class KnownValues:
    """Values by the plain form of their names; `own` is what the answer's own `id` is."""

    named: Mapping[str, Any]
    own: tuple[Any, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> KnownValues:
        """Of values by name; `""` names the key of the answer itself, and a tuple holds several to choose from."""
        named = {plain(name): value for name, value in values.items() if name}
        return cls(named, (values[""],) if "" in values else ())

    def values(self, name: str, depth: int) -> Iterator[Any]:
        """What a member of that name may be, so deep in the answer."""
        known = plain(name)
        found = [self.named[known]] if depth <= DEPTH_LIMIT and known in self.named else []
        for one in (*found, *(self.own if depth == 1 and known == "id" else ())):
            for value in one if isinstance(one, tuple) else (one,):
                yield value
                yield str(value)


def plain(name: str) -> str:
    """A name without regard to case and to how its words are joined."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
