"""From schemas to the constraints on one value: references are followed, one branch of each choice is taken."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct, field

from mockserver.documents.nodes import Documents, Node, Unresolved
from mockserver.generate.constraints import TYPES, Constraints, Nodes, object_at
from mockserver.schemas.equality import equality_key
from mockserver.schemas.shapes import types_of

# The type that a keyword implies in a schema without `type`.
IMPLIED_TYPES = {
    "properties": "object", "required": "object", "additionalProperties": "object", "patternProperties": "object",
    "minProperties": "object", "maxProperties": "object", "propertyNames": "object", "dependentRequired": "object",
    "dependentSchemas": "object", "unevaluatedProperties": "object",
    "items": "array", "prefixItems": "array", "minItems": "array", "maxItems": "array", "uniqueItems": "array",
    "contains": "array", "unevaluatedItems": "array",
    "pattern": "string", "format": "string", "minLength": "string", "maxLength": "string",
    "contentEncoding": "string", "contentMediaType": "string",
    "minimum": "number", "maximum": "number", "exclusiveMinimum": "number", "exclusiveMaximum": "number",
    "multipleOf": "number",
}  # fmt: skip
# The place of a schema that has a name, which a discriminator may refer to.
NAMED_SCHEMA = re.compile(r"/(?:components/schemas|\$defs)/[^/]+$")
ChooseBranch = Callable[[Sequence[Node]], Node]


class ConstraintCollector(Struct):
    """Collects the constraints of schemas; `choose` picks the branch of each `oneOf` and `anyOf`.

    With `inherits`, it also picks one of the schemas that inherit from one with a discriminator.
    `has_chosen` says whether anything was left to choose: if not, the same schemas always have these constraints.
    `trail`, in the methods, holds the addresses of the named schemas that led to a schema.
    """

    documents: Documents
    rng: random.Random
    choose: ChooseBranch
    inherits: bool = False
    has_chosen: bool = False
    _constraints: Constraints = field(default_factory=Constraints)
    _seen: set[str] = field(default_factory=set)

    def collect(self, nodes: Nodes) -> Constraints:
        """The constraints on a value of all these schemas."""
        self._constraints.address = nodes[0].address if nodes else ""
        for node in nodes:
            self._add(node, (node.address,) if NAMED_SCHEMA.search(node.pointer) else ())
        self._infer_types()
        return self._constraints

    def _add(self, node: Node, trail: tuple[str, ...]) -> None:
        if node.address in self._seen:
            return
        self._seen.add(node.address)
        if node.value is False:
            self._constraints.types = frozenset()
        if not isinstance(node.value, dict):
            return
        self._constraints.parts.append(node)
        self._add_types(node.value)
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(node.value.get(keyword), str):
                self._add_reference(node.value[keyword], trail)
        for part in _items(node, "allOf"):
            self._add(part, trail)
        self._add_branches(node, trail)
        self._add_conditions(node, trail)
        negated = node.value.get("not")
        if isinstance(negated, dict) and negated.keys() == {"not"}:
            self._add(node.child("not", "not"), trail)
        self._rule_out(negated)

    def _add_reference(self, reference: str, trail: tuple[str, ...]) -> None:
        try:
            target = self.documents.resolve(reference)
        except Unresolved:
            return
        self._constraints.references.append(target.address)
        self._add(target, (*trail, target.address))

    def _add_types(self, schema: Mapping[str, Any]) -> None:
        constraints = self._constraints
        declared = schema.get("type")
        if isinstance(declared, str | list):
            names = [declared] if isinstance(declared, str) else declared
            types = frozenset(name for name in names if isinstance(name, str))
            constraints.types &= types | {"integer"} if "number" in types else types
        for values in (schema.get("enum"), [schema["const"]] if "const" in schema else None):
            if isinstance(values, list):
                before = constraints.allowed
                keys = {equality_key(value) for value in values}
                constraints.allowed = (
                    values if before is None else [value for value in before if equality_key(value) in keys]
                )

    def _add_branches(self, node: Node, trail: tuple[str, ...]) -> None:
        chosen = None
        for keyword in ("oneOf", "anyOf"):
            if branches := self._possible_branches(node, keyword):
                self.has_chosen = True
                chosen = self.choose(branches)
                self._add(chosen, trail)
        discriminator = node.value.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(discriminator.get("propertyName"), str):
            target = chosen.value.get("$ref") if chosen is not None and isinstance(chosen.value, dict) else None
            self._add_hint(discriminator, trail, target if chosen is not None else self._add_heir(discriminator, trail))

    def _add_heir(self, discriminator: Mapping[str, Any], trail: tuple[str, ...]) -> str | None:
        """Add one of the schemas that inherit from one, unless one of these has led here; returns its address."""
        mapping = discriminator.get("mapping")
        heirs = []
        for address in mapping.values() if isinstance(mapping, dict) else ():
            with suppress(Unresolved):
                heirs.append(self.documents.resolve(str(address)))
        self.has_chosen = self.has_chosen or bool(heirs)
        if not heirs or not self.inherits or any(heir.address in trail for heir in heirs):
            return None
        chosen = self.choose(heirs).address
        self._add_reference(chosen, trail)
        return chosen

    def _possible_branches(self, node: Node, keyword: str) -> list[Node]:
        """The branches that allow one of the types so far; all of them where none does."""
        branches = [branch for branch in _items(node, keyword) if branch.value is not False]
        return [branch for branch in branches if types_of(branch) & self._constraints.types] or branches

    def _add_hint(self, discriminator: Mapping[str, Any], trail: tuple[str, ...], target: str | None) -> None:
        """Note the discriminator's value for the branch that was chosen, or for the schema that led here."""
        mapping = discriminator.get("mapping") if isinstance(discriminator.get("mapping"), dict) else {}
        values = {_schema_name(str(reference)): value for value, reference in (mapping or {}).items()}
        candidates = [target] if target is not None else [*reversed(trail[:-1]), *trail[-1:]]
        names = [_schema_name(candidate) for candidate in candidates]
        hint = next((values[name] for name in names if name in values), None)
        if hint is None and target is None:
            hint = next(iter(values.values()), None)
        if hint is None and names:
            hint = names[0]
        if hint is not None:
            self._constraints.hints.setdefault(discriminator["propertyName"], hint)

    def _add_conditions(self, node: Node, trail: tuple[str, ...]) -> None:
        schema = node.value
        if "if" in schema and ("then" in schema or "else" in schema):
            self.has_chosen = True
            outcomes = ("then", "else") if self.rng.random() < 0.5 else ("else", "then")
            outcome = next((keyword for keyword in outcomes if schema.get(keyword, True) is not False), outcomes[0])
            if outcome == "then":
                self._add(node.child("if"), trail)
            if outcome in schema:
                self._add(node.child(outcome), trail)
        for name in object_at(node, "dependentSchemas"):
            self.has_chosen = True
            if name in self._constraints.required or self.rng.random() < 0.5:
                self._constraints.forced.append(name)
                self._add(node.child("dependentSchemas", name), trail)
            else:
                self._constraints.absent.add(name)

    def _rule_out(self, negated: Any) -> None:
        """Apply a `not` of a single `type` or `required` member; any other one is left to trial and error."""
        if not isinstance(negated, dict) or len(negated) != 1:
            return
        if "type" in negated:
            types = negated["type"] if isinstance(negated["type"], list) else [negated["type"]]
            self._constraints.types -= frozenset([*types, "integer"] if "number" in types else types)
        elif isinstance(negated.get("required"), list) and len(negated["required"]) == 1:
            self._constraints.absent.add(negated["required"][0])

    def _infer_types(self) -> None:
        """Narrow the types to those that the keywords imply, where no `type`, `enum` or `const` does."""
        constraints = self._constraints
        if constraints.types == frozenset(TYPES) and constraints.allowed is None:
            implied = {
                IMPLIED_TYPES[keyword]
                for part in constraints.parts
                for keyword in part.value
                if keyword in IMPLIED_TYPES
            }
            constraints.types = frozenset(implied) or constraints.types


def _items(node: Node, keyword: str) -> Iterator[Node]:
    items = node.value.get(keyword)
    return (node.child(keyword, index) for index in range(len(items))) if isinstance(items, list) else iter(())


def _schema_name(reference: str) -> str:
    return reference.removesuffix("#").rpartition("/")[2]
