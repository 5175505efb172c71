"""What tells the branches of `anyOf` and `oneOf` from each other, which says which one a value was meant for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

# The schemas that are looked at to find the constants of one branch.
IDENTITY_LIMIT = 20
# Compiles, for jsonschema-rs, a schema of the documents, or the schema that has it under a keyword.
CompilePart = Callable[..., Any]


class BranchIdentities:
    """The types and constants of branches; `look_up` returns the schema at an absolute address."""

    def __init__(self, compile_part: CompilePart, look_up: Callable[[str], Any]) -> None:
        self._compile_part, self._look_up = compile_part, look_up
        self._identities: dict[int, dict[str, Any]] = {}

    def is_meant(self, branch: Any, instance: Any) -> bool:
        """Whether a value, and its members, have the types and constants of a branch."""
        return bool(self._compile_part(self.identity(branch, "kind"), "allOf").is_valid(instance))

    def identity(self, branch: Any, subset: str = "") -> Any:
        """What tells a branch from others: its type and constants, those of its members, and which are required.

        The parts of it that are of the `kind` alone say nothing about required members.
        """
        key = id(branch)
        if key not in self._identities:
            parts = list(self._parts_of(branch))
            kinds = [_identity_of(part, ("type", "const"), self._constants) for part in parts]
            all_of = [_identity_of(part, ("type", "const", "enum", "required"), self._constants) for part in parts]
            self._identities[key] = {"kind": kinds, "": all_of[0] if len(all_of) == 1 else {"allOf": all_of}}
        return self._identities[key][subset]

    def _parts_of(self, branch: Any) -> Iterator[Any]:
        """A schema, and those that it applies to the same value by `$ref` and `allOf`."""
        pending = [branch]
        for _ in range(IDENTITY_LIMIT):
            if not pending:
                return
            schema = pending.pop(0)
            yield schema
            if isinstance(schema, dict):
                pending += schema.get("allOf", ())
                if "$ref" in schema:
                    pending.append(self._look_up(schema["$ref"]))

    def _constants(self, schema: Any) -> dict[str, Any]:
        """The constants that a schema, or the one that it refers to, allows."""
        for _ in range(IDENTITY_LIMIT):
            if not isinstance(schema, dict) or "$ref" not in schema:
                break
            schema = self._look_up(schema["$ref"])
        return {name: schema[name] for name in ("const", "enum") if name in schema} if isinstance(schema, dict) else {}


def _identity_of(schema: Any, keywords: Collection[str], constants: Callable[[Any], dict[str, Any]]) -> Any:
    """These keywords of a schema, and the constants of its members."""
    if not isinstance(schema, dict):
        return schema
    identity: dict[str, Any] = {}
    for keyword, argument in schema.items():
        if keyword in keywords:
            identity[keyword] = argument
        elif keyword == "properties":
            members = {name: constants(member) for name, member in argument.items()}
            identity[keyword] = {name: allowed for name, allowed in members.items() if allowed}
    return identity
