"""Writes a JSON value as an XML document, as its schemas say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.openapi.xml.layout import ITEM_NAME, ROOT_NAME, XmlLayout, XmlName
from mockserver.syntax import strict_json
from mockserver.syntax.xml_elements import XSI, cdata, encode_name, escape, escape_attribute

# How members that no schema declares are named: attributes, and the text beside elements.
ATTRIBUTE_MARK, TEXT_NAME = "@", "#text"
# What the prefix of an attribute begins with whose namespace has none.
ATTRIBUTE_PREFIX = "ns"
NIL = XmlName("nil", XSI, "xsi")
# Namespaces by prefix, as they apply within an element; that of the empty prefix is the default one.
Scope = Mapping[str, str]


def write(value: Any, layout: XmlLayout, encoding: str) -> str:
    """The XML document of a value, whose declaration names the `encoding`."""
    layout = choose_alternatives(layout, value)
    name = XmlName(layout.root_name or ROOT_NAME, layout.name.namespace, layout.name.prefix)
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{_element(name, value, layout, {}, None)}'


def choose_alternatives(layout: XmlLayout, value: Any) -> XmlLayout:
    """The layout, with its alternatives decided by which of them the value matches."""
    while layout.alternatives:
        matching = (chosen for branch, chosen in layout.alternatives if layout.matches(branch, value))
        chosen = next(matching, None)
        if chosen is None:
            break
        layout = chosen
    return layout


def scalar_text(value: Any) -> str:
    """A string, number or boolean as text; null is empty."""
    return value if isinstance(value, str) else "" if value is None else strict_json.dump(value).decode()


def _item_name(items: XmlLayout, parent: str | None) -> XmlName:
    """The name of an item: its own, else that of the element that it is in or of the member that it belongs to.

    An item of an array that is the root itself is named like its component.
    """
    item_name = items.name
    local = item_name.local or (parent if parent is not None else items.root_name or ITEM_NAME)
    return XmlName(local, item_name.namespace, item_name.prefix)


def _element(name: XmlName, value: Any, layout: XmlLayout, scope: Scope, item_parent: str | None) -> str:
    """An element with the value; `item_parent` names the items of an array that have no name; None for the root."""
    tag, declarations, scope = _qualify(name, scope)
    attributes, content = declarations, ""
    if value is None:
        nil, declared, _ = _qualify(NIL, scope)
        attributes += [(nil, "true"), *declared]
    elif isinstance(value, dict):
        more, content = _object(value, layout, scope)
        attributes += more
    elif isinstance(value, list):
        content = "".join(_items(value, layout, scope, item_parent))
    else:
        content = escape(scalar_text(value))
    written = "".join(f' {key}="{escape_attribute(text)}"' for key, text in dict(attributes).items())
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def _object(value: Mapping[str, Any], layout: XmlLayout, scope: Scope) -> tuple[list[tuple[str, str]], str]:
    """The attributes and the content of the element of an object."""
    attributes: list[tuple[str, str]] = []
    pieces: list[str] = []
    declared = [name for name in layout.names if name in value]
    for name in [*declared, *(name for name in value if name not in layout.names)]:
        member, is_declared = value[name], name in layout.names
        member_layout = layout.member(name)
        is_scalar = not isinstance(member, dict | list)
        if is_declared and member_layout.is_attribute and not isinstance(member, dict):
            if member is not None:
                # Of its namespace, as far as that has no prefix of its own.
                prefix = f"{ATTRIBUTE_PREFIX}{len(attributes)}"
                attributes += _attribute(name, member, member_layout, scope, prefix)
        elif is_declared and member_layout.is_text and is_scalar:
            pieces.append(cdata(scalar_text(member)) if member_layout.is_cdata else escape(scalar_text(member)))
        elif not is_declared and is_scalar and name.startswith(ATTRIBUTE_MARK) and len(name) > 1:
            attributes.append((_undeclared_attribute(name[1:]), scalar_text(member)))
        elif not is_declared and is_scalar and name == TEXT_NAME:
            pieces.append(escape(scalar_text(member)))
        else:
            pieces += _member(name, member, member_layout, scope)
    return attributes, "".join(pieces)


def _member(name: str, value: Any, layout: XmlLayout, scope: Scope) -> Iterator[str]:
    """The elements of a member of an object."""
    layout = choose_alternatives(layout, value)
    if isinstance(value, list) and not layout.is_wrapped:
        yield from _items(value, layout, scope, name)
        return
    xml_name = layout.name
    local = xml_name.local or name
    yield _element(XmlName(local, xml_name.namespace, xml_name.prefix), value, layout, scope, local)


def _items(values: list[Any], layout: XmlLayout, scope: Scope, parent: str | None) -> Iterator[str]:
    for index, value in enumerate(values):
        items = choose_alternatives(layout.item(index), value)
        name = _item_name(items, parent)
        yield _element(name, value, items, scope, name.local)


def _attribute(name: str, value: Any, layout: XmlLayout, scope: Scope, usual: str) -> list[tuple[str, str]]:
    """The attribute of a member, after the declaration of its namespace, whose prefix is the `usual` one by default.

    The items of an array are separated by spaces.
    """
    xml_name = layout.name
    text = " ".join(map(scalar_text, value)) if isinstance(value, list) else scalar_text(value)
    prefix = xml_name.prefix or (usual if xml_name.namespace is not None else None)
    key, declarations, _ = _qualify(XmlName(xml_name.local or name, xml_name.namespace, prefix), scope)
    return [*declarations, (key, text)]


def _undeclared_attribute(name: str) -> str:
    """The name of an attribute that comes from a value: it declares no namespace."""
    return encode_name(name) if name != "xmlns" else "_x0078_mlns"


def _qualify(name: XmlName, scope: Scope) -> tuple[str, list[tuple[str, str]], Scope]:
    """A name as it is written, the declaration that its namespace needs in a scope, and the scope with that."""
    local = encode_name(name.local or "")
    if name.namespace is None:
        # A prefix may be declared further out; without a namespace, it would not be well-formed.
        return f"{name.prefix}:{local}" if name.prefix in scope and name.prefix else local, [], scope
    prefix = encode_name(name.prefix) if name.prefix else ""
    tag = f"{prefix}:{local}" if prefix else local
    if scope.get(prefix) == name.namespace:
        return tag, [], scope
    declaration = f"xmlns:{prefix}" if prefix else "xmlns"
    return tag, [(declaration, name.namespace)], {**scope, prefix: name.namespace}
