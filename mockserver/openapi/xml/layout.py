"""What the `xml` objects of schemas say about a value and its parts (OpenAPI 3.1, section 4.8.26, and 3.2 likewise)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from msgspec import Struct, field

from mockserver.documents.nodes import Documents, Node
from mockserver.schemas.backtracking import matches_pattern
from mockserver.schemas.shapes import COMPOUND, Shape, types_of
from mockserver.schemas.validators import Schemas
from mockserver.syntax import json_pointer
from mockserver.syntax.xml_elements import encode_name

# The root element of a value whose schema has no name, and an item of an array that is such a root.
ROOT_NAME, ITEM_NAME = "root", "item"
# Where schemas have a name of their own: in components, in definitions, and at the root of a file that has several.
_NAMED = re.compile(r"(?:/components/schemas|/definitions|/\$defs)?/[^/]+")
NULL = frozenset({"null"})
Nodes = tuple[Node, ...]


class XmlName(Struct, frozen=True):
    """The name of an element or attribute, as far as it is declared, and as it is written."""

    local: str | None = None
    namespace: str | None = None
    prefix: str | None = None


class MemberPlace(Struct, frozen=True):
    """Where a member of an object is in XML: it is named `member`, and a repeated element if it `is_repeated`."""

    member: str
    layout: XmlLayout
    is_repeated: bool = False


class Places(Struct):
    """The places of the declared members of an object, by namespace (None: any) and local name."""

    elements: dict[tuple[str | None, str], MemberPlace] = field(default_factory=dict)
    attributes: dict[tuple[str | None, str], MemberPlace] = field(default_factory=dict)
    text: MemberPlace | None = None

    def element(self, namespace: str, name: str) -> MemberPlace | None:
        """The member that an element is about."""
        return self.elements.get((namespace, name)) or self.elements.get((None, name))

    def attribute(self, namespace: str, name: str) -> MemberPlace | None:
        """The member that an attribute is about."""
        return self.attributes.get((namespace, name)) or self.attributes.get((None, name))


class Layouts:
    """The layouts of the values that some schemas describe, each made once, however often and deeply it applies."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self._layouts: dict[tuple[Any, ...], XmlLayout] = {}

    def of(self, required: Iterable[Node] = (), optional: Iterable[Node] = ()) -> XmlLayout:
        """The layout of a value that matches all of the `required` schemas and one of the `optional` ones."""
        required, optional = _distinct(required), _distinct(optional)
        key = _addresses(required), _addresses(optional)
        if key not in self._layouts:
            types = Shape(required, optional).types
            expansion = _expand(required)
            if len(optional) == 1:
                expansion.include(_expand(optional))
            elif optional:
                expansion.groups.append(optional)
            self._layouts[key] = XmlLayout(self, required, types, expansion)
        return self._layouts[key]


class _Expansion(Struct):
    """The schemas that apply in any case, those of them that name the value, and the groups of which one applies."""

    nodes: dict[str, Node] = field(default_factory=dict)
    naming: list[Node] = field(default_factory=list)
    groups: list[Nodes] = field(default_factory=list)

    def include(self, other: _Expansion) -> None:
        self.nodes = {**self.nodes, **other.nodes}
        self.naming = [*self.naming, *other.naming]
        self.groups = [*self.groups, *other.groups]


class XmlLayout:
    """How a value is written in XML: by the schemas in `expansion`, which allow it the `types`.

    Where schemas have alternatives that are not decided yet, `alternatives` has the layout of each.
    """

    def __init__(
        self,
        layouts: Layouts,
        required: Nodes,
        types: frozenset[str],
        expansion: _Expansion,
        decided: frozenset[tuple[str, ...]] = frozenset(),
    ) -> None:
        self.types, self._decided = types, decided
        self._layouts, self._required, self._expansion = layouts, required, expansion

    @cached_property
    def name(self) -> XmlName:
        """The name that the `xml` objects give the value."""
        local, prefix = self._keyword("name"), self._keyword("prefix")
        if isinstance(local, str) and prefix is None and ":" in local:
            prefix, _, local = local.partition(":")
        local = _text(local)
        return XmlName(encode_name(local) if local else local, _text(self._keyword("namespace")), _text(prefix))

    @cached_property
    def root_name(self) -> str | None:
        """The name as a root element: that of the `xml` object, else of the component or file that the schema is."""
        return self.name.local or next(filter(None, map(_component_name, self._expansion.naming)), None)

    @cached_property
    def possible_names(self) -> tuple[XmlName, ...]:
        """The name that the `xml` objects give the value, or the one that each alternative does."""
        if self.name.local is not None or not self.alternatives:
            return (self.name,)
        return tuple(name for _, layout in self.alternatives for name in layout.possible_names)

    @cached_property
    def has_notation(self) -> bool:
        """Whether there is an `xml` object."""
        return any(_xml(node) for node in self._expansion.naming)

    @cached_property
    def is_attribute(self) -> bool:
        """Whether the value is an attribute of the element that it is in."""
        is_declared = self._keyword("nodeType") == "attribute" or self._keyword("attribute") is True
        return bool(is_declared) and "object" not in self.types

    @cached_property
    def is_text(self) -> bool:
        """Whether the value is the text of the element that it is in."""
        return self._keyword("nodeType") in ("text", "cdata") and self.types.isdisjoint(COMPOUND)

    @cached_property
    def is_cdata(self) -> bool:
        """Whether the text is written as a CDATA section."""
        return bool(self._keyword("nodeType") == "cdata")

    @cached_property
    def is_array(self) -> bool:
        """Whether the value is an array, or null."""
        return self.types - NULL == {"array"}

    @cached_property
    def is_wrapped(self) -> bool:
        """Whether the items of an array are in an element of their own."""
        return bool(self._keyword("nodeType") == "element" or self._keyword("wrapped") is True)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the declared members, in the order of the schemas."""
        declared = (node.value.get("properties") for node in self._all_nodes())
        listed = [name for properties in declared if isinstance(properties, dict) for name in properties]
        return tuple(dict.fromkeys(listed))

    @cached_property
    def required_names(self) -> frozenset[str]:
        """The names of the members that an object must have."""
        listed = [node.value.get("required") for node in self._expansion.nodes.values()]
        return frozenset(name for names in listed if isinstance(names, list) for name in names)

    @cached_property
    def has_items(self) -> bool:
        """Whether the items of an array are declared."""
        return any("items" in node.value or "prefixItems" in node.value for node in self._all_nodes())

    @cached_property
    def _members(self) -> dict[str, XmlLayout]:
        return {}

    def member(self, name: str) -> XmlLayout:
        """The layout of a member of an object."""
        if name not in self.names:
            return self._patterned(name) or self.additional
        if name not in self._members:
            self._members[name] = self._below("properties", name)
        return self._members[name]

    @cached_property
    def _has_patterns(self) -> bool:
        return any("patternProperties" in node.value for node in self._all_nodes())

    def _patterned(self, name: str) -> XmlLayout | None:
        """The layout of a member whose name `patternProperties` matches; None for another one."""
        if not self._has_patterns:
            return None
        required, optional = (
            [
                node.child("patternProperties", pattern)
                for node in nodes
                for pattern in node.value.get("patternProperties", ())
                if matches_pattern(pattern, name)
            ]
            for nodes in (self._expansion.nodes.values(), self._optional_nodes)
        )
        return self._layouts.of(required, optional) if required or optional else None

    @cached_property
    def additional(self) -> XmlLayout:
        """The layout of a member that is not declared."""
        return self._below("additionalProperties")

    def item(self, index: int) -> XmlLayout:
        """The layout of an item of an array."""
        prefix = [node for node in self._prefixed if len(node.value["prefixItems"]) > index]
        return self._layouts.of(node.child("prefixItems", index) for node in prefix) if prefix else self.items

    @cached_property
    def _prefixed(self) -> Nodes:
        return tuple(node for node in self._all_nodes() if isinstance(node.value.get("prefixItems"), list))

    @cached_property
    def items(self) -> XmlLayout:
        """The layout of the items of an array that `prefixItems` does not describe."""
        return self._below("items")

    @cached_property
    def places(self) -> Places:
        """Where the declared members of an object are."""
        places = Places()
        for name in self.names:
            layout = self.member(name)
            if layout.is_text:
                places.text = MemberPlace(name, layout)
            elif layout.is_attribute:
                places.attributes[layout.name.namespace, layout.name.local or encode_name(name)] = MemberPlace(
                    name, layout
                )
            elif layout.is_array and not layout.is_wrapped:
                _add_names(places, layout.items, MemberPlace(name, layout, is_repeated=True))
            else:
                _add_names(places, layout, MemberPlace(name, layout))
        return places

    @cached_property
    def alternatives(self) -> tuple[tuple[Node, XmlLayout], ...]:
        """Each schema of which one applies, with the layout of the values to which it does."""
        if not self._expansion.groups:
            return ()
        group, *others = self._expansion.groups
        decided = self._decided | {_addresses(group)}
        return tuple((branch, self._with(branch, others, decided)) for branch in group)

    def is_valid(self, value: Any) -> bool:
        """Whether a value matches the schemas."""
        return all(self.matches(node, value) for node in self._required)

    def matches(self, schema: Node, value: Any) -> bool:
        """Whether a value matches one schema."""
        return self._layouts.schemas.validator(schema).is_valid(value)

    def _with(self, branch: Node, groups: list[Nodes], decided: frozenset[tuple[str, ...]]) -> XmlLayout:
        """The layout where a schema of a group applies; `decided` are the groups for which that is known."""
        expansion = _Expansion(self._expansion.nodes, self._expansion.naming, groups)
        expansion.include(_expand([branch]))
        # A schema may be an alternative of itself.
        expansion.groups = [group for group in expansion.groups if _addresses(group) not in decided]
        required, types = (*self._required, branch), self.types & types_of(branch)
        return XmlLayout(self._layouts, required, types, expansion, decided)

    def _keyword(self, name: str) -> Any:
        """The first value that an `xml` object has for a keyword."""
        objects = (_xml(node) for node in self._expansion.naming)
        return next((declared[name] for declared in objects if name in declared), None)

    def _all_nodes(self) -> Iterator[Node]:
        """Every schema that may apply."""
        yield from self._expansion.nodes.values()
        yield from self._optional_nodes

    @cached_property
    def _optional_nodes(self) -> Nodes:
        nodes: dict[str, Node] = {}
        groups = list(self._expansion.groups)
        while groups:
            expansion = _expand(node for node in groups.pop() if node.address not in nodes)
            nodes |= expansion.nodes
            groups += expansion.groups
        return tuple(nodes.values())

    def _below(self, *tokens: str) -> XmlLayout:
        """The layout of what is at a path below the schemas."""
        required = _children(self._expansion.nodes.values(), tokens)
        return self._layouts.of(required, _children(self._optional_nodes, tokens))


def body_layout(schema: Node | None, layouts: Layouts) -> XmlLayout | None:
    """The layout of XML that a schema describes; None if that describes the document as text, or nothing."""
    layout = layouts.of([schema]) if schema is not None else None
    if layout is None or ("string" in layout.types and not layout.names and not layout.has_notation):
        return None
    return layout


def _add_names(places: Places, named: XmlLayout, place: MemberPlace) -> None:
    """Enter a member by the name of its element, or those that alternatives of it have."""
    for name in named.possible_names:
        places.elements[name.namespace, name.local or encode_name(place.member)] = place


def _children(nodes: Iterable[Node], tokens: tuple[str, ...]) -> Iterator[Node]:
    for node in nodes:
        try:
            below = node.child(*tokens)
        except (KeyError, TypeError, IndexError):
            continue
        if isinstance(below.value, dict):
            yield below


def _expand(schemas: Iterable[Node]) -> _Expansion:
    """The schemas and what they reference and combine."""
    expansion = _Expansion()
    waiting = [(schema, True) for schema in reversed(list(schemas))]
    while waiting:
        node, is_naming = waiting.pop()
        if not isinstance(node.value, dict) or node.address in expansion.nodes:
            continue
        expansion.nodes[node.address] = node
        if is_naming:
            expansion.naming.append(node)
        below: list[tuple[Node, bool]] = []
        if isinstance(node.value.get("$ref"), str):
            below.append((node.documents.resolve(node.value["$ref"]), is_naming))
        parts = _parts(node, "allOf")
        # What a schema extends has a name of its own.
        below += [(part, is_naming and (len(parts) == 1 or "$ref" not in part.value)) for part in parts]
        for keyword in ("oneOf", "anyOf"):
            branches = tuple(part for part in _parts(node, keyword) if types_of(part) != NULL)
            if len(branches) == 1:
                below.append((branches[0], is_naming))
            elif branches:
                expansion.groups.append(branches)
        below += [(node.child(keyword), False) for keyword in ("then", "else") if keyword in node.value]
        waiting += reversed(below)
    return expansion


def _parts(node: Node, keyword: str) -> list[Node]:
    parts = node.value.get(keyword)
    children = [node.child(keyword, index) for index in range(len(parts) if isinstance(parts, list) else 0)]
    return [child for child in children if isinstance(child.value, dict)]


def _distinct(nodes: Iterable[Node]) -> Nodes:
    return tuple({node.address: node for node in nodes}.values())


def _addresses(nodes: Nodes) -> tuple[str, ...]:
    return tuple(node.address for node in nodes)


def _xml(node: Node) -> Mapping[str, Any]:
    declared = node.value.get("xml")
    return declared if isinstance(declared, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _component_name(node: Node) -> str | None:
    """The name of a schema that has one: of a component or a definition, or of the file that it is."""
    if not node.pointer:
        return PurePosixPath(unquote(node.uri)).name.partition(".")[0]
    return json_pointer.split(node.pointer)[-1] if _NAMED.fullmatch(node.pointer) else None


# How a value is written of which nothing is declared.
UNDECLARED = Layouts(Schemas(Documents())).of()
