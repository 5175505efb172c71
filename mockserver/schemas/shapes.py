"""What JSON types a schema allows for a value, its items and its members, which decides how text is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from mockserver.documents.nodes import Node
from mockserver.schemas.backtracking import matches_pattern

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
COMPOUND = frozenset({"array", "object"})
# The keywords by which a schema applies others to the same value, as far as its types are concerned.
COMBINING = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
DEPTH_LIMIT = 20
TYPE_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


class Shape:
    """The types that schemas allow for one value: all of `required` apply to it, and one of `alternatives`.

    All is determined on first use, since few members of a large document are ever looked at.
    """

    __slots__ = (
        "_additional", "_alternatives", "_by_patterns", "_items", "_members", "_names", "_patterns", "_prefix",
        "_required", "_schemas", "_types", "_unconditional",
    )  # fmt: skip

    def __init__(self, required: tuple[Node, ...] = (), alternatives: tuple[Node, ...] = ()) -> None:
        self._required, self._alternatives = required, alternatives
        self._schemas: tuple[tuple[Node, bool], ...] | None = None
        self._unconditional: tuple[Node, ...] | None = None
        self._items: Shape | None = None
        self._prefix: tuple[Shape, ...] | None = None
        self._additional: Shape | None = None
        self._names: frozenset[str] | None = None
        self._members: dict[str, Shape] = {}
        self._patterns: tuple[tuple[str, Node, bool], ...] | None = None
        # By the numbers of the patterns that match.
        self._by_patterns: dict[tuple[int, ...], Shape] = {}
        self._types: frozenset[str] | None = None

    @classmethod
    def from_schema(cls, schema: Node | None) -> Shape:
        """The shape of one schema; of any value without one."""
        return cls((schema,)) if schema is not None else cls()

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that are allowed."""
        if self._types is None:
            types = types_of(self._required[0]) if self._required else ALL_TYPES
            if len(self._required) > 1:
                types = types.intersection(*map(types_of, self._required[1:]))
            if self._alternatives:
                types &= frozenset().union(*map(types_of, self._alternatives))
            self._types = types
        return self._types

    @property
    def items(self) -> Shape:
        """The shape of an array's items."""
        if self._items is None:
            required, alternatives = self._below("items")
            for schema, _ in self.schemas():
                if "prefixItems" in schema.value:
                    alternatives += tuple(_list_schemas(schema.child("prefixItems")))
            self._items = Shape((), required + alternatives) if alternatives else Shape(required)
        return self._items

    def item(self, index: int) -> Shape:
        """The shape of the item of an array at an index, which `prefixItems` may describe."""
        if self._prefix is None:
            listed = [schema.value.get("prefixItems") for schema, _ in self.schemas()]
            count = max((len(items) for items in listed if isinstance(items, list)), default=0)
            self._prefix = tuple(self._prefix_item(number) for number in range(count))
        return self._prefix[index] if index < len(self._prefix) else self.items

    def _prefix_item(self, index: int) -> Shape:
        required: list[Node] = []
        alternatives: list[Node] = []
        for schema, is_branch in self.schemas():
            items = schema.value.get("prefixItems")
            tokens = ("prefixItems", index) if isinstance(items, list) and index < len(items) else ("items",)
            if tokens[0] in schema.value and isinstance((below := schema.child(*tokens)).value, dict):
                (alternatives if is_branch else required).append(below)
        return Shape(tuple(required), tuple(alternatives))

    @property
    def names(self) -> frozenset[str]:
        """The names of the members that are declared for an object."""
        if self._names is None:
            declared = (schema.value.get("properties") for schema, _ in self.schemas())
            self._names = frozenset().union(*(properties for properties in declared if isinstance(properties, dict)))
        return self._names

    @property
    def ordered_names(self) -> list[str]:
        """The same in the order of their schemas: those of alternatives are among them."""
        declared = (schema.value.get("properties") for schema, _ in self.schemas())
        return list(dict.fromkeys(name for names in declared if isinstance(names, dict) for name in names))

    @property
    def is_open(self) -> bool:
        """Whether an object is meant to have members of any name, and does not just fail to forbid them."""
        additional = [schema.value.get("additionalProperties") for schema, _ in self.schemas()]
        if any(value is False for value in additional):
            return False
        return any(value is not None for value in additional) or not self.names

    def member(self, name: str) -> Shape:
        """The shape of an object's member."""
        shape = self._members.get(name)
        if shape is None and name in self.names:
            required, alternatives = self._below("properties", name)
            if required or alternatives:
                shape = self._members[name] = Shape(required, alternatives)
        return shape or self._patterned(name) or self.additional

    def may_have(self, name: str) -> bool:
        """Whether an object may have a member of this name."""
        return name in self.names or self.is_open or self._patterned(name) is not None

    @property
    def patterns(self) -> tuple[tuple[str, Node, bool], ...]:
        """Each pattern of `patternProperties`, its schema, and whether that is in a branch."""
        if self._patterns is None:
            self._patterns = tuple(
                (pattern, below, is_branch)
                for schema, is_branch in self.schemas()
                if isinstance(patterns := schema.value.get("patternProperties"), dict)
                for pattern in patterns
                if isinstance((below := schema.child("patternProperties", pattern)).value, dict)
            )
        return self._patterns

    def _patterned(self, name: str) -> Shape | None:
        """The shape of a member whose name `patternProperties` matches; None for another one."""
        if not self.patterns:
            return None
        matching = tuple(number for number, entry in enumerate(self.patterns) if matches_pattern(entry[0], name))
        if matching and matching not in self._by_patterns:
            schemas = [self.patterns[number][1:] for number in matching]
            self._by_patterns[matching] = Shape(
                tuple(schema for schema, is_branch in schemas if not is_branch),
                tuple(schema for schema, is_branch in schemas if is_branch),
            )
        return self._by_patterns.get(matching)

    @property
    def additional(self) -> Shape:
        """The shape of an object's members whose names are not declared."""
        if self._additional is None:
            self._additional = Shape(*self._below("additionalProperties"))
        return self._additional

    def unconditional(self) -> tuple[Node, ...]:
        """Every schema that applies to the value in any case."""
        if self._unconditional is None:
            # The branches may be many and lead to many more.
            self._unconditional = tuple(_list_unconditional(self._required))
        return self._unconditional

    @property
    def enum_values(self) -> list[Any] | None:
        """The values that an `enum` allows in any case; None without one."""
        enums = [schema.value.get("enum") for schema in self.unconditional()]
        return next((values for values in enums if isinstance(values, list)), None)

    @property
    def examples(self) -> list[Any]:
        """The examples in the schemas."""
        examples: list[Any] = []
        for schema, _ in self.schemas():
            listed = schema.value.get("examples")
            examples += listed if isinstance(listed, list) else []
            examples += [schema.value["example"]] if "example" in schema.value else []
        return examples

    def has_annotation(self, keyword: str) -> bool:
        """Whether a boolean annotation, such as `readOnly`, is true in any of the schemas."""
        return any(schema.value.get(keyword) is True for schema, _ in self.schemas())

    def schemas(self) -> tuple[tuple[Node, bool], ...]:
        """Every schema that may apply to the value itself, and whether it is only one of several branches."""
        if self._schemas is None:
            by_value: dict[int, tuple[Node, bool]] = {}
            for schemas, is_branch in ((self._required, False), (self._alternatives, True)):
                for schema in schemas:
                    _collect_in_place(schema, is_branch, by_value)
            self._schemas = tuple(by_value.values())
        return self._schemas

    def _below(self, *tokens: str) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
        """The schemas at a path below each schema: those that always apply, and those that are in branches."""
        required: list[Node] = []
        alternatives: list[Node] = []
        for schema, is_branch in self.schemas():
            try:
                below = schema.child(*tokens)
            except (KeyError, TypeError, IndexError):
                continue
            if isinstance(below.value, dict):
                (alternatives if is_branch else required).append(below)
        return tuple(required), tuple(alternatives)


def _collect_in_place(schema: Node, is_branch: bool, by_value: dict[int, tuple[Node, bool]]) -> None:
    """Add a schema, and those that apply to the same value because it contains or references them."""
    stack = [(schema, is_branch)]
    while stack:
        node, branch = stack.pop()
        if not isinstance(node.value, dict) or id(node.value) in by_value:
            continue
        by_value[id(node.value)] = node, branch
        if isinstance(node.value.get("$ref"), str):
            stack.append((node.documents.resolve(node.value["$ref"]), branch))
        for keyword in ("allOf", "anyOf", "oneOf"):
            if isinstance(node.value.get(keyword), list):
                parts = _list_schemas(node.child(keyword), resolve=False)
                stack += [(part, branch or keyword != "allOf") for part in parts]
        for keyword in ("then", "else"):
            if keyword in node.value:
                stack.append((node.child(keyword), True))


def _list_unconditional(required: Iterable[Node]) -> Iterator[Node]:
    """Each of these schemas with those that apply to the same value in any case, each schema once."""
    visited: set[int] = set()
    for schema in required:
        stack = [schema]
        while stack:
            node = stack.pop()
            if not isinstance(node.value, dict) or id(node.value) in visited:
                continue
            visited.add(id(node.value))
            yield node
            if isinstance(node.value.get("$ref"), str):
                stack.append(node.documents.resolve(node.value["$ref"]))
            if isinstance(node.value.get("allOf"), list):
                stack += _list_schemas(node.child("allOf"), resolve=False)


def _list_schemas(array: Node, *, resolve: bool = True) -> Iterator[Node]:
    """The schemas in an array."""
    for index in range(len(array.value) if isinstance(array.value, list) else 0):
        schema = array.child(index)
        yield schema.resolve() if resolve else schema


def types_of(schema: Node | None) -> frozenset[str]:
    """The JSON types that a schema allows, as far as `type`, `enum`, `const`, `$ref` and combinations limit them."""
    if schema is not None and isinstance(schema.value, dict) and COMBINING.isdisjoint(schema.value):
        return _own_types(schema.value)
    return TypeSearch().of(schema)


class TypeSearch:
    """Remembers the types of each schema, so that each is searched once, however many lead to it.

    The schemas must not change or be removed meanwhile.
    """

    def __init__(self) -> None:
        self._types: dict[int, frozenset[str]] = {}
        self._is_cut_off = False

    def of(self, schema: Node | None) -> frozenset[str]:
        """The JSON types that a schema allows, like `types_of`."""
        types = self._of(schema, 0)
        if self._is_cut_off:
            # Searches that begin nearer to the end may find out more.
            self._types.clear()
            self._is_cut_off = False
        return types

    def _of(self, schema: Node | None, depth: int) -> frozenset[str]:
        if schema is None or not isinstance(schema.value, dict):
            return ALL_TYPES
        if COMBINING.isdisjoint(schema.value):
            return _own_types(schema.value)
        if depth > DEPTH_LIMIT:
            self._is_cut_off = True
            return ALL_TYPES
        key = id(schema.value)
        if key not in self._types:
            # A schema that includes itself limits nothing.
            self._types[key] = ALL_TYPES
            self._types[key] = self._search(schema, depth + 1)
        return self._types[key]

    def _search(self, schema: Node, depth: int) -> frozenset[str]:
        keywords = schema.value
        types = _own_types(keywords)
        if isinstance(keywords.get("$ref"), str):
            types &= self._of(schema.documents.resolve(keywords["$ref"]), depth)
        if isinstance(keywords.get("allOf"), list):
            types = types.intersection(*(self._of(part, depth) for part in _list_schemas(schema.child("allOf"))))
        for keyword in ("anyOf", "oneOf"):
            if isinstance(keywords.get(keyword), list):
                parts = _list_schemas(schema.child(keyword))
                types &= frozenset().union(*(self._of(part, depth) for part in parts))
        return types | _widened(types)


def _own_types(keywords: Mapping[str, Any]) -> frozenset[str]:
    """The types that `type`, `enum` and `const` allow."""
    types, declared = ALL_TYPES, keywords.get("type")
    if isinstance(declared, str):
        types = _BY_NAME.get(declared, frozenset())
    elif isinstance(declared, list):
        types &= frozenset(name for name in declared if isinstance(name, str)) | _widened(declared)
    for values in (keywords.get("enum"), [keywords["const"]] if "const" in keywords else None):
        if isinstance(values, list):
            types &= frozenset().union(*map(types_of_value, values))
    return types | _widened(types)


def _widened(types: Collection[Any]) -> frozenset[str]:
    """What the types allow besides: every integer is a number."""
    return frozenset({"integer"}) if "number" in types else frozenset()


# The types that each name of `type` allows.
_BY_NAME = {name: frozenset({name}) | _widened({name}) for name in ALL_TYPES}


def types_of_value(value: Any) -> frozenset[str]:
    """The types of a value: one without a fraction is an integer and a number, however it is written."""
    kind = type_of(value)
    if kind == "integer" or (kind == "number" and value.is_integer()):
        return frozenset({"integer", "number"})
    return frozenset({kind})


def type_of(value: Any) -> str:
    """The JSON type of a value; an integer is an `integer`, not a `number`."""
    return "null" if value is None else TYPE_NAMES[type(value)]
