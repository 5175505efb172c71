"""Reads the content of bodies, responses, headers and parameters: media types, schemas, examples, encodings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.documents.nodes import Documents, Node, Unresolved
from mockserver.documents.source import Report, Source
from mockserver.errors import quote
from mockserver.openapi.examples import JSON_AS_TEXT, DeclaredExample, is_json_text
from mockserver.openapi.linking import REFERENCE_AS_EXAMPLE
from mockserver.openapi.model import Encoding, Header, ItemSchema, MediaType, ParameterStyle, PartEncodings
from mockserver.openapi.object_types import ITEM_SCHEMAS
from mockserver.openapi.parameter_decoding import COLLECTION_FORMAT, COLLECTION_STYLES, STYLES
from mockserver.openapi.xml.layout import Layouts, body_layout
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Schemas, Validator
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import MULTIPART, declared_media_types, is_json, is_multipart, is_xml_data

WRAPPED_EXAMPLE = "the example is served with its member value: write the value itself, or examples: {NAME: {value: …}}"
EXAMPLE_MEMBERS = {"value", "summary", "description"}
# The maximum number of arrays inside each other that one text can hold.
ITEM_DEPTH_LIMIT = 8
# A response header of this name is ignored (OpenAPI 3.1, section 4.8.17.1).
IGNORED_RESPONSE_HEADERS = {"content-type"}


# The schema of a parameter that is declared without one.
_TEXT_URI = "file:///text"
TEXT = Documents({_TEXT_URI: Source("text", "", {"type": "string"})}).root(_TEXT_URI)
ANY_TEXT = Schemas(TEXT.documents).validator(TEXT)


class ContentReader(Struct, frozen=True):
    """Reads what operations contain in several places; the examples of media types are listed in `examples`."""

    schemas: Schemas
    report: Report
    examples: list[DeclaredExample] = field(default_factory=list)
    _layouts: dict[Schemas, Layouts] = field(default_factory=dict)
    # What several operations refer to is read once.
    _contents: dict[tuple[str, str, Schemas], Mapping[str, MediaType]] = field(default_factory=dict)
    _headers: dict[tuple[str, str], tuple[Header, ...]] = field(default_factory=dict)

    def find_media_type(self, node: Node) -> tuple[str | None, Node]:
        """The media type of a parameter or header that is declared by `content`, and the node with its schema."""
        has_content = isinstance(node.value, dict) and "content" in node.value
        media_types = list_members(node.child("content"), self.report) if has_content else []
        return media_types[0] if media_types else (None, node)

    def read_style(
        self, name: str, location: str, declared: Mapping[str, Any], shape: Shape, media_type: str | None = None
    ) -> ParameterStyle:
        """How a parameter or header is written; the default style is the first one of its location."""
        style = declared.get("style", STYLES[location][0])
        explode = bool(declared.get("explode", style in ("form", "cookie")))
        if delimited := COLLECTION_STYLES.get(str(declared.get(COLLECTION_FORMAT))):
            style, explode = delimited, False
        return ParameterStyle(
            name, location, style, explode, shape, media_type, _read_item_style(name, location, shape)
        )

    def read_headers(self, node: Node) -> tuple[Header, ...]:
        """The `headers` of a response or of a part."""
        if not isinstance(node.value, dict) or not node.value.get("headers"):
            return ()
        place = node.uri, node.pointer
        if place not in self._headers:
            self._headers[place] = tuple(
                self._read_header(name, header)
                for name, header in list_members(node.child("headers"), self.report)
                if name.lower() not in IGNORED_RESPONSE_HEADERS
            )
        return self._headers[place]

    def _read_header(self, name: str, node: Node) -> Header:
        declared = node.value if isinstance(node.value, dict) else {}
        media_type, content = self.find_media_type(node)
        schema = resolve_schema(content, self.report)
        validator = self.schemas.validator(schema) if schema is not None else None
        style = {member: declared[member] for member in ("explode", COLLECTION_FORMAT) if member in declared}
        notation = self.read_style(name, "header", style, Shape.from_schema(schema), media_type)
        examples = {label: example.value for label, example in self.find_examples(content).items()}
        return Header(name, bool(declared.get("required")), schema, validator, notation, examples)

    def read_content(self, node: Node, schemas: Schemas) -> Mapping[str, MediaType]:
        """The `content` of a body or response, by media type."""
        if not isinstance(node.value, dict) or not isinstance(node.value.get("content"), dict):
            return {}
        place = node.uri, node.pointer, schemas
        if place not in self._contents:
            members = list_members(node.child("content"), self.report)
            self._contents[place] = {
                media_type: self._read_media_type(media_type, member, schemas)
                for name, member in members
                for media_type in self._read_media_types(name, member)
            }
        return self._contents[place]

    def _read_media_types(self, name: str, node: Node) -> list[str]:
        """The media types of an entry; its name is one unless the document has a mistake there."""
        names = declared_media_types(name)
        if names != [name.strip().lower()] and name != "*":
            message = f"{quote(name)} is not a media type; it is read as {' and '.join(names)}"
            self.report.add(node.source, node.pointer, message, "media-type")
        return names

    def _read_media_type(self, name: str, node: Node, schemas: Schemas) -> MediaType:
        schema = resolve_schema(node, self.report)
        validator = schemas.validator(schema) if schema is not None else None
        examples, shape = self.find_examples(node), Shape.from_schema(schema)
        if is_json(name):
            for example in examples.values():
                self._check_notation(example, validator, shape)
            examples = {label: _parsed(_referenced(example, shape), shape) for label, example in examples.items()}
        values = {label: example.value for label, example in examples.items()}
        encodings, item = self._read_encodings(node, shape), self._read_item(node, schemas)
        xml = None
        if is_xml_data(name) or name == MULTIPART or "*" in name:
            xml = body_layout(schema, self._layouts.setdefault(schemas, Layouts(schemas)))
        located, parts = node if examples else None, self._read_parts(name, node, shape, item)
        media = MediaType(name, schema, validator, values, encodings, shape, located, item, xml, parts)
        self.examples.extend(DeclaredExample(example, media, label) for label, example in examples.items())
        return media

    def _read_item(self, node: Node, schemas: Schemas) -> ItemSchema | None:
        """The `itemSchema` of a media type, or the extension of that name."""
        schemas_of_items = (resolve_schema(node, self.report, name) for name in ITEM_SCHEMAS)
        schema = next(filter(None, schemas_of_items), None)
        if schema is None:
            return None
        shape = Shape.from_schema(schema)
        content = [
            data.child("contentSchema")
            for data in shape.member("data").unconditional()
            if isinstance(data.value, dict) and "contentSchema" in data.value
        ]
        data_validator = schemas.validator(content[0]) if content else None
        return ItemSchema(schema, schemas.validator(schema), shape, data_validator)

    def find_examples(self, node: Node) -> dict[str, Node]:
        """The examples of a media type, a parameter or a header by name; the single `example` is named so."""
        declared = node.value if isinstance(node.value, dict) else {}
        examples = {"example": node.child("example")} if "example" in declared else {}
        for label, example in list_members(node.child("examples"), self.report) if "examples" in declared else ():
            for member in ("value", "dataValue", "serializedValue"):
                if isinstance(example.value, dict) and member in example.value:
                    examples[label] = example.child(member)
                    break
        return examples

    def _check_notation(self, example: Node, validator: Validator | None, shape: Shape) -> None:
        """Warn about an example that is a reference, in a member `value`, or JSON in quotes, but is served as it is."""
        value = example.value
        if isinstance(value, dict) and {"value"} <= value.keys() <= EXAMPLE_MEMBERS and "value" not in shape.names:
            self.report.warn(example.source, example.pointer, WRAPPED_EXAMPLE, "example-notation")
        if isinstance(value, dict) and value.keys() == {"$ref"}:
            self.report.warn(example.source, example.pointer, REFERENCE_AS_EXAMPLE, "example-notation")
        elif not example.pointer.endswith("/serializedValue") and is_json_text(value):
            is_text = validator is None or "string" in shape.types
            message = f"the example is text; {JSON_AS_TEXT}" if is_text else JSON_AS_TEXT
            if validator is None or not is_text:
                self.report.warn(example.source, example.pointer, message, "example-notation")

    def _read_encodings(self, node: Node, shape: Shape) -> Mapping[str, Encoding]:
        if not isinstance(node.value, dict) or not isinstance(node.value.get("encoding"), dict):
            return {}
        members = list_members(node.child("encoding"), self.report)
        return {name: self._read_encoding(name, encoding, shape) for name, encoding in members}

    def _read_parts(self, name: str, node: Node, shape: Shape, item: ItemSchema | None) -> PartEncodings | None:
        """The encodings of a multipart body that is an array of parts."""
        prefix = list_items(node, "prefixEncoding", self.report)
        following = resolve_member(node, "itemEncoding", self.report)
        is_array = bool(prefix) or following is not None or item is not None or shape.types - {"null"} == {"array"}
        if not is_multipart(name) or not is_array:
            return None
        encodings = [self._read_encoding("", encoding, shape) for encoding in (*prefix, following) if encoding]
        return PartEncodings(tuple(encodings[: len(prefix)]), *encodings[len(prefix) :])

    def _read_encoding(self, name: str, node: Node, shape: Shape) -> Encoding:
        declared = node.value if isinstance(node.value, dict) else {}
        listed = str(declared.get("contentType", "")).split(",")
        media_types = tuple(media_type.strip() for media_type in listed if media_type.strip())
        notation = None
        if not declared.keys().isdisjoint(("style", "explode", "allowReserved")):
            style = declared.get("style", "form")
            notation = self.read_style(name, "query", declared, shape.member(name))
            if style not in STYLES["query"]:
                message = f"{quote(style)} is not a valid style of a form field; valid: {', '.join(STYLES['query'])}"
                self.report.add(node.source, f"{node.pointer}/style", message, "style")
                notation = None
        return Encoding(media_types, self.read_headers(node), notation)


def _referenced(example: Node, shape: Shape) -> Node:
    """What an example refers to in a file that has been read, as many tools resolve it; else the example itself.

    Where the schema has a member `$ref`, it is a value.
    """
    value = example.value
    if not (isinstance(value, dict) and value.keys() == {"$ref"} and isinstance(value["$ref"], str)):
        return example
    try:
        target = example.documents.resolve(urljoin(example.uri, value["$ref"]))
    except (Unresolved, ValueError):
        return example
    if "$ref" in shape.names:
        return example
    has_value = isinstance(target.value, dict) and "value" in target.value and "/examples/" in target.pointer
    return target.child("value") if has_value else target


def _parsed(example: Node, shape: Shape) -> Node:
    """An example in JSON that is written as it is sent, as the value that it stands for.

    That is a `serializedValue` (OpenAPI 3.2, section 4.19), and a text where the schema allows none.
    """
    is_serialized = example.pointer.endswith("/serializedValue") or "string" not in shape.types
    if not is_serialized or not isinstance(example.value, str):
        return example
    try:
        return replace(example, value=strict_json.parse(example.value.encode()))
    except (strict_json.MalformedJSON, UnicodeEncodeError):
        return example


def _read_item_style(name: str, location: str, shape: Shape, depth: int = 0) -> ParameterStyle | None:
    """How the items of an array are written, where the extension of Swagger 2.0 says so."""
    if "array" not in shape.types or depth > ITEM_DEPTH_LIMIT:
        return None
    formats = [str(schema.value.get(COLLECTION_FORMAT)) for schema in shape.items.unconditional()]
    style = next((COLLECTION_STYLES[name] for name in formats if name in COLLECTION_STYLES), None)
    if style is None:
        return None
    below = _read_item_style(name, location, shape.items, depth + 1)
    return ParameterStyle(name, location, style, explode=False, shape=shape.items, items=below)


def list_members(node: Node, report: Report) -> list[tuple[str, Node]]:
    """The members of an object, each with its reference resolved; none, and an error, if one cannot be."""
    try:
        return list(node.members())
    except Unresolved as error:
        report.add(node.source, node.pointer, str(error), "dangling")
        return []


def list_items(owner: Node, name: str, report: Report) -> list[Node]:
    """The items of the array `name`, each with its reference resolved; none, and an error, if one cannot be."""
    if not isinstance(owner.value, dict) or name not in owner.value:
        return []
    try:
        return list(owner.child(name).items())
    except Unresolved as error:
        report.add(owner.source, f"{owner.pointer}/{name}", str(error), "dangling")
        return []


def resolve_member(node: Node, name: str, report: Report) -> Node | None:
    """The member `name`, with its reference resolved; None, and an error, if it cannot be."""
    try:
        return node.get(name)
    except Unresolved as error:
        report.add(node.source, f"{node.pointer}/{name}", str(error), "dangling")
        return None


def resolve_schema(owner: Node, report: Report, name: str = "schema") -> Node | None:
    """The schema of a parameter, header or media type, its reference resolved if nothing beside it counts."""
    if not isinstance(owner.value, dict) or name not in owner.value:
        return None
    schema = owner.child(name)
    try:
        schema.resolve()
        return schema.resolve_plain_ref()
    except Unresolved as error:
        report.add(owner.source, schema.pointer, str(error), "dangling")
        return None
