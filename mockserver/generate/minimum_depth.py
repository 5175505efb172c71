"""How deeply the smallest value of a schema is nested: recursion ends soonest along the branch where that is least."""

from __future__ import annotations

from msgspec import Struct, field

from mockserver.documents.nodes import Documents, Node

# More than any nesting: the depth of a schema that requires itself.
ENDLESS = 1_000


class MinimumDepth(Struct, frozen=True):
    """Computes and remembers the least depth of each schema."""

    documents: Documents
    _depths: dict[str, int] = field(default_factory=dict)

    def of(self, node: Node) -> int:
        """The least depth of a value, by what the schema itself requires."""
        if not isinstance(node.value, dict):
            return 0 if node.value else ENDLESS
        if node.address not in self._depths:
            # Until it is computed, so that a schema that requires itself is endless.
            self._depths[node.address] = ENDLESS
            self._depths[node.address] = min(ENDLESS, self._compute(node))
        return self._depths[node.address]

    def _compute(self, node: Node) -> int:
        schema, depths = node.value, [0]
        if isinstance(schema.get("$ref"), str):
            depths.append(self.of(self.documents.resolve(schema["$ref"])))
        for keyword in ("allOf", "oneOf", "anyOf"):
            if isinstance(schema.get(keyword), list) and schema[keyword]:
                branches = [self.of(node.child(keyword, index)) for index in range(len(schema[keyword]))]
                depths.append(max(branches) if keyword == "allOf" else min(branches))
        if isinstance(schema.get("properties"), dict):
            required = schema.get("required")
            for name in required if isinstance(required, list) else ():
                if isinstance(name, str) and name in schema["properties"]:
                    depths.append(1 + self.of(node.child("properties", name)))
        if schema.get("minItems", 0) and "items" in schema:
            depths.append(1 + self.of(node.child("items")))
        return max(depths)
