"""Values that are known before a response is generated, such as those of the request's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from mockserver.syntax.words import normalize

# An envelope, a list in it, and an item of that.
DEPTH_LIMIT = 3


class KnownValues(Struct, frozen=True):
    """Values by the normalized names of the members that should have them; `id` holds that of the response's own `id`.

    Each may be a tuple of several to choose from.
    """

    by_name: Mapping[str, Any]
    id: tuple[Any, ...] = ()

    @classmethod
    def from_names(cls, values: Mapping[str, Any]) -> KnownValues:
        """Normalize the names; the name `""` stands for the response's own `id`."""
        by_name = {normalize(name): value for name, value in values.items() if name}
        return cls(by_name, (values[""],) if "" in values else ())

    def candidates(self, name: str, depth: int) -> Iterator[Any]:
        """The values that a member of that name may have, each also as text, at a depth of the response."""
        normalized = normalize(name)
        entries = [self.by_name[normalized]] if depth <= DEPTH_LIMIT and normalized in self.by_name else []
        for entry in (*entries, *(self.id if depth == 1 and normalized == "id" else ())):
            for value in entry if isinstance(entry, tuple) else (entry,):
                yield value
                yield str(value)
