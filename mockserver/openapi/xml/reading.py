"""Reads an XML document as the JSON value that it stands for by its schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from mockserver.errors import Violation, quote
from mockserver.openapi.parameter_decoding import decode_scalar
from mockserver.openapi.xml.layout import NULL, MemberPlace, XmlLayout, XmlName
from mockserver.openapi.xml.writing import ATTRIBUTE_MARK, TEXT_NAME
from mockserver.schemas.shapes import ALL_TYPES, COMPOUND
from mockserver.syntax import json_pointer
from mockserver.syntax.xml_elements import XML_NAMESPACE, XSI, Element, decode_name, parse

# Attributes in these are about the document, and no part of the value.
IGNORED_NAMESPACES = (XML_NAMESPACE, XSI)
LISTED_LIMIT = 100
# The place of a value: that of what it is in, and the names and indexes that lead on from there; empty for the root.
Path = tuple[Any, ...]
BOOLEANS = {"1": "true", "0": "false"}


def read(text: str, layout: XmlLayout) -> tuple[Any, list[Violation]]:
    """The value of an XML document, and where elements are not named as the schemas say.

    What the schemas do not declare becomes a member of its name, an attribute one with `@` before it, and text beside
    elements is `#text`. Raises MalformedXML.
    """
    reader = _Reader()
    root = parse(text)
    value = reader.root(root, layout)
    return value, reader.violations


class _Reader:
    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def root(self, element: Element, layout: XmlLayout) -> Any:
        self._check_name(element, layout.possible_names, ())
        return self._value(element, layout, ())

    def _value(self, element: Element, layout: XmlLayout, path: Path) -> Any:
        if element.is_nil:
            return None
        layout = self._choose_alternatives(element, layout)
        kind = _kind(element, layout)
        if kind == "object":
            return self._object(element, layout, path)
        return self._array(element, layout, path) if kind == "array" else _scalar(element.text, layout)

    def _object(self, element: Element, layout: XmlLayout, path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        places = layout.places
        for (namespace, name), text in element.attributes.items():
            if namespace in IGNORED_NAMESPACES:
                continue
            place = places.attribute(namespace, name)
            marked = f"{ATTRIBUTE_MARK}{decode_name(name)}"
            key, member_layout = (place.member, place.layout) if place is not None else (marked, layout.member(marked))
            members[key] = _attribute(text, member_layout)
        self._add_text(members, element, layout)
        repeated: dict[str, list[Any]] = {}
        for child in element.children:
            place = places.element(child.namespace, child.name) or self._undeclared(child, layout, path)
            if place is None:
                continue
            values = repeated.setdefault(place.member, [])
            member_layout = place.layout.item(len(values)) if place.is_repeated else place.layout
            below = (path, place.member, len(values)) if place.is_repeated else (path, place.member)
            values.append(self._value(child, member_layout, below))
            if place.is_repeated or len(values) > 1:
                members[place.member] = values
            else:
                members[place.member] = values[0]
        for place in places.elements.values():
            if place.is_repeated and place.member in layout.required_names:
                members.setdefault(place.member, [])
        return members

    def _undeclared(self, element: Element, layout: XmlLayout, path: Path) -> MemberPlace | None:
        """The place of an element that no schema declares; None for the wrong element of a declared member."""
        name = decode_name(element.name)
        wrong = next(
            (place for (_, local), place in layout.places.elements.items() if local == element.name),
            None,
        )
        if wrong is None and name not in layout.names:
            member_layout = layout.member(name)
            return MemberPlace(name, member_layout, is_repeated=member_layout.is_array and not member_layout.is_wrapped)
        member = wrong.member if wrong is not None else name
        self._refuse((path, member), f"{_describe(element)} is not {_written(layout, member)}")
        return None

    def _array(self, element: Element, layout: XmlLayout, path: Path) -> list[Any]:
        if element.text.strip():
            self._refuse(path, f"the text {quote(element.text.strip())} is in no element of an item")
        values = []
        for index, child in enumerate(element.children):
            items, below = layout.item(index), (path, index)
            self._check_name(child, items.possible_names, below)
            values.append(self._value(child, items, below))
        return values

    def _add_text(self, members: dict[str, Any], element: Element, layout: XmlLayout) -> None:
        """Add the text beside the elements."""
        place, text = layout.places.text, element.text
        if place is not None and (text or place.member in layout.required_names):
            members[place.member] = _scalar(text, place.layout)
        elif place is None and (stripped := text.strip()):
            members[TEXT_NAME] = stripped

    def _choose_alternatives(self, element: Element, layout: XmlLayout) -> XmlLayout:
        """The layout, with its alternatives decided by which of them the element comes closest to."""
        while layout.alternatives:
            alternatives = (alternative for _, alternative in layout.alternatives)
            layout = min(alternatives, key=partial(self._count_differences, element))
        return layout

    def _count_differences(self, element: Element, layout: XmlLayout) -> tuple[int, int]:
        """How far an element is from a layout: first by what the layout excludes, then by what it does not declare."""
        is_named = layout.name.local in (None, element.name)
        if element.is_nil:
            return int(not is_named), 0
        kind = _kind(element, layout)
        if kind == "scalar":
            is_valid = not element.children and layout.is_valid(_scalar(element.text, layout))
            return int(not is_valid) + int(not is_named), 0
        if kind == "array":
            # Text is in no element of an item, so it is something else rather than an array.
            return int("array" not in layout.types) + 2 * bool(element.text.strip()) + int(not is_named), 0
        places, wrong, unknown = layout.places, int("object" not in layout.types), 0
        present = set()
        values: list[tuple[MemberPlace | None, Callable[[str, XmlLayout], Any], str | None]]
        values = [(places.attribute(*name), _attribute, text) for name, text in element.attributes.items()]
        values += [
            (places.element(child.namespace, child.name), _scalar, child.text if not child.children else None)
            for child in element.children
        ]
        for place, read_text, text in values:
            if place is None:
                unknown += 1
                continue
            present.add(place.member)
            part = place.layout.items if place.is_repeated else place.layout
            if text is not None and part.types.isdisjoint(COMPOUND) and not part.is_valid(read_text(text, part)):
                wrong += 1
        absent = layout.required_names - present - ({places.text.member} if places.text is not None else set())
        return wrong + len(absent) + int(not is_named), unknown

    def _check_name(self, element: Element, names: Iterable[XmlName], path: Path) -> None:
        """Refuse an element that has none of the declared names; a name that is not declared may be any."""
        if any(name.local in (None, element.name) and name.namespace in (None, element.namespace) for name in names):
            return
        expected = " or ".join(_format(name) for name in names)
        self._refuse(path, f"{_describe(element)} is sent, where {expected} is declared")

    def _refuse(self, path: Path, message: str) -> None:
        """Add a violation; of more than are listed, only a note."""
        if len(self.violations) < LISTED_LIMIT:
            self.violations.append(Violation("body", _pointer(path), "xml", message))
        elif len(self.violations) == LISTED_LIMIT:
            message = f"there are more elements than {LISTED_LIMIT} that are not written as declared"
            self.violations.append(Violation("body", "", "more", message))


def _pointer(path: Path) -> str:
    tokens: list[str | int] = []
    while path:
        path, *below = path
        tokens += reversed(below)
    return json_pointer.join(reversed(tokens))


def _kind(element: Element, layout: XmlLayout) -> str:
    """What an element stands for: an object, an array or a scalar."""
    types = layout.types - NULL
    if types in ({"object"}, {"array"}):
        return next(iter(types))
    has_parts = bool(element.children) or any(space not in IGNORED_NAMESPACES for space, _ in element.attributes)
    is_any = types >= ALL_TYPES - NULL
    if has_parts or not types - COMPOUND:
        return "array" if "array" in types and ("object" not in types or (is_any and layout.has_items)) else "object"
    if is_any and (layout.names or layout.has_items):
        return "object" if layout.names else "array"
    return "scalar"


def _scalar(text: str, layout: XmlLayout) -> Any:
    """The value of a text: of the types that are declared, the first that the schemas allow.

    Without a declared type, it is text if that is valid.
    """
    stripped = text.strip()
    if layout.types - NULL == {"boolean"}:
        stripped = BOOLEANS.get(stripped, stripped)
    value = decode_scalar(stripped, layout.types)
    if isinstance(value, str):
        return text if "string" in layout.types else value
    if "string" not in layout.types:
        return value
    first, second = (text, value) if layout.types == ALL_TYPES else (value, text)
    return first if layout.is_valid(first) or not layout.is_valid(second) else second


def _attribute(text: str, layout: XmlLayout) -> Any:
    if layout.is_array:
        return [_scalar(part, layout.item(index)) for index, part in enumerate(text.split())]
    return _scalar(text, layout)


def _describe(element: Element) -> str:
    place = f" in the namespace {quote(element.namespace)}" if element.namespace else ""
    return f"the element <{element.name}>{place}"


def _format(name: XmlName) -> str:
    place = f" in the namespace {quote(name.namespace)}" if name.namespace else ""
    return f"<{name.local or '…'}>{place}"


def _written(layout: XmlLayout, member: str) -> str:
    """How a declared member is written."""
    member_layout = layout.member(member)
    subject = f"how {quote(member)} is written"
    if member_layout.is_text:
        return f"{subject}: that is the text of its parent"
    if member_layout.is_attribute:
        return f"{subject}: that is the attribute {quote(member_layout.name.local or member)}"
    named = member_layout.items if member_layout.is_array and not member_layout.is_wrapped else member_layout
    return f"{subject}: that is {_format(XmlName(named.name.local or member, named.name.namespace))}"
