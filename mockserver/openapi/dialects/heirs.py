"""The schemas that inherit from one with a discriminator by `allOf` (OpenAPI 3.1, section 4.8.25.3).

They say nothing about which values are valid for it; but a value that is generated for it is one of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from mockserver.openapi.linking import Linked, TypedLocation
from mockserver.syntax import json_pointer

# The place of a schema that has a name, or is a file: a property whose schema has an `allOf` is not an heir.
NAMED = re.compile(r"(/(components/schemas|\$defs|definitions)/[^/]+)?")
# Of a larger family, a part is enough.
FAMILY_LIMIT = 200


class Heirs:
    """The heirs of each schema of linked documents."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked
        # By the `id()` of a schema, those that have it in their `allOf`.
        self._children: dict[int, list[TypedLocation]] | None = None

    def with_mapping(self, schema: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
        """The schema, whose discriminator's `mapping` has the address of each heir under the name that it goes by.

        One with alternatives stays as it is: these are what its values may be. `written` is the same schema before
        normalization.
        """
        declared = schema.get("discriminator")
        if not isinstance(declared, dict) or not {"oneOf", "anyOf"}.isdisjoint(schema):
            return schema
        heirs = self._find(written)
        if not heirs:
            return schema
        mapping = declared.get("mapping")
        names = {_last_segment(target): name for name, target in mapping.items()} if isinstance(mapping, dict) else {}
        addresses = {names.get(_last_segment(address), _last_segment(address)): address for address in heirs}
        return {**schema, "discriminator": {**declared, "mapping": addresses}}

    def _find(self, written: dict[str, Any]) -> list[str]:
        """The addresses of the heirs of a schema, and of theirs."""
        if self._children is None:
            self._children = defaultdict(list)
            for location in self._linked.schemas.values():
                is_named = NAMED.fullmatch(location.pointer) and isinstance(location.value, dict)
                parts = location.value.get("allOf") if is_named else None
                for part in parts if isinstance(parts, list) else ():
                    if (target := self._linked.targets.get(id(part))) is not None:
                        self._children[id(target)].append(location)
        addresses = dict[str, None]()
        pending = [written]
        for schema in pending:
            for heir in self._children.get(id(schema), ()):
                address = f"{heir.uri}#{json_pointer.to_fragment(heir.pointer)}"
                if address not in addresses and len(addresses) < FAMILY_LIMIT:
                    addresses[address] = None
                    pending.append(heir.value)
        return list(addresses)


def _last_segment(reference: Any) -> str:
    return str(reference).removesuffix("#").rpartition("/")[2]
