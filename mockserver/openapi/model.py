"""What an OpenAPI document declares: operations with their parameters, bodies and responses."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct, field

from mockserver.documents.nodes import Node
from mockserver.errors import quote, unknown_name
from mockserver.openapi.security import RequiredCredential
from mockserver.openapi.xml.layout import XmlLayout
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.schemas.validators import Validator
from mockserver.syntax.http.statuses import FIRST_ERROR

CHANGING = ("POST", "PUT", "PATCH", "DELETE")


class ParameterStyle(Struct, frozen=True):
    """How a value is written as text: by style and explode (OpenAPI 3.1, section 4.8.12), or as `media` has it.

    The style `querystring` is that of a parameter that is the whole query (OpenAPI 3.2, section 4.12.2).
    `items` is how the items of an array are written, if these are arrays too (Swagger 2.0).
    """

    name: str
    location: str
    style: str
    explode: bool
    shape: Shape
    media: str | None = None
    items: ParameterStyle | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the text is the value, without delimiters or prefixes."""
        is_bare = self.style in ("simple", "form", "cookie")
        return self.media is None and is_bare and self.shape.types.isdisjoint(COMPOUND)


class Header(Struct, frozen=True):
    """A response header, or that of a part of a body, as declared."""

    name: str
    required: bool
    schema: Node | None
    validator: Validator | None
    notation: ParameterStyle
    examples: Mapping[str, Any] = field(default_factory=dict)


class Encoding(Struct, frozen=True):
    """How one field of a form is written: in one of the media types `kinds`, or by a notation."""

    kinds: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()
    notation: ParameterStyle | None = None


class PartEncodings(Struct, frozen=True):
    """How the parts of a multipart body are written by their position (OpenAPI 3.2, section 4.14.5.2)."""

    prefix: tuple[Encoding, ...] = ()
    item: Encoding = field(default_factory=Encoding)

    def at(self, index: int) -> Encoding:
        """How the part at an index is written."""
        return self.prefix[index] if index < len(self.prefix) else self.item


class ItemSchema(Struct, frozen=True):
    """The schema of one item or event of a stream (OpenAPI 3.2, section 4.14), and that of the JSON in its `data`."""

    schema: Node
    validator: Validator
    shape: Shape
    data: Validator | None


class MediaType(Struct, frozen=True):
    """One entry of a `content` map: its schema, if it has one, its examples by name, and what a form's fields are.

    `node` is where it is declared, if it has examples; `matching` says whether an example matches the schema, once
    that is known (`examples.is_matching`). `item` describes each item where the body is a sequence of items (OpenAPI
    3.2, section 4.14.4), such as one event of a stream. `xml` is how JSON values are written where the media type is
    XML, a range that covers it, or a form whose parts may be XML; None where its schema describes no such values.
    `parts` says how the parts of a multipart body are written that have no names; None where they have.
    """

    name: str
    schema: Node | None
    validator: Validator | None
    examples: Mapping[str, Any]
    encoding: Mapping[str, Encoding] = field(default_factory=dict)
    shape: Shape = field(default_factory=Shape)
    node: Node | None = None
    item: ItemSchema | None = None
    xml: XmlLayout | None = None
    parts: PartEncodings | None = None
    matching: dict[str, bool] = field(default_factory=dict)


class DeclaredResponse(Struct, frozen=True):
    """A declared response; `status` is `200`, `2XX` or `default`."""

    status: str
    media: Mapping[str, MediaType]
    headers: tuple[Header, ...]


# The response of a change whose operation declares nothing of success.
UNDECLARED_SUCCESS = 200, DeclaredResponse("200", {}, ())


class Parameter(Struct, frozen=True):
    """A declared parameter; `is_plain` as its notation is. Its `examples` are those that have a name.

    With `has_member_parameters`, the members of the object are sent as parameters of their own: `members` are those of
    a query that are declared, by the name of the member.
    """

    name: str
    location: str
    required: bool
    notation: ParameterStyle
    validator: Validator
    default: Any = None
    has_member_parameters: bool = False
    is_plain: bool = False
    may_be_empty: bool = False
    deprecated: bool = False
    examples: Mapping[str, Any] = field(default_factory=dict)
    members: tuple[tuple[str, Parameter], ...] = ()

    def leaves(self) -> Iterator[Parameter]:
        """The parameters as which it is sent: its members and theirs, or itself without any."""
        if not self.members:
            yield self
        for _, member in self.members:
            yield from member.leaves()


class Body(Struct, frozen=True):
    """A declared request body."""

    required: bool
    media: Mapping[str, MediaType]


class RequestExample(Struct, frozen=True):
    """The values that the examples of one name have for a request, and the response that has an example of that name.

    `parameters` are by location and name; `bodies` are the same body in several media types.
    """

    name: str
    declared: DeclaredResponse
    parameters: Mapping[tuple[str, str], Any]
    bodies: tuple[Any, ...]


class Operation(Struct, frozen=True):
    """A method and path of the OpenAPI document.

    `security` holds the ways to identify oneself, of which one is enough, each with the credentials that it needs.
    It answers below each of `prefixes` too. `request_examples` are those that have a response of the same name.
    """

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, DeclaredResponse]
    security: tuple[tuple[RequiredCredential, ...], ...] = ()
    deprecated: bool = False
    prefixes: tuple[str, ...] = ()
    request_examples: tuple[RequestExample, ...] = ()
    _successes: dict[int | None, tuple[int, DeclaredResponse] | None] = field(default_factory=dict)

    @property
    def route(self) -> str:
        """The path without the query that some documents write into it, which `query` holds, and without a fragment."""
        return route_of(self.path)

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """What a request's query must hold, where the path says so; what a template stands for may be anything."""
        pairs = parse_qsl(self.path.partition("#")[0].partition("?")[2], keep_blank_values=True)
        return tuple((name, value) for name, value in pairs if "{" not in value)

    def parameter_names(self, locations: Container[str] = ("path", "query")) -> list[str]:
        """The names by which conditions know the parameters of the path and the query, and the members of these."""
        declared = [parameter for parameter in self.parameters if parameter.location in locations]
        leaves = (leaf.name for parameter in declared for leaf in parameter.leaves())
        return list(dict.fromkeys([*(parameter.name for parameter in declared), *leaves]))

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names of the path parameters, in the order of the path."""
        return template_names(self.path)

    def response(self, status: int) -> DeclaredResponse | None:
        """The declared response for a status: exact, then its range, then `default` (OpenAPI 3.1, section 4.8.16)."""
        responses = self.responses
        return responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")

    def names_status(self, status: int) -> bool:
        """Whether a status is declared as itself, by its range, or as what success is."""
        success = self.success()
        return bool({str(status), f"{status // 100}XX"} & self.responses.keys()) or (
            success is not None and success[0] == status
        )

    def success(self, preferred: int | None = None) -> tuple[int, DeclaredResponse] | None:
        """The status and response of success: `preferred` if declared, else the lowest 2xx, `2XX`, `default`."""
        if preferred not in self._successes:
            self._successes[preferred] = self._success(preferred)
        return self._successes[preferred]

    def _success(self, preferred: int | None) -> tuple[int, DeclaredResponse] | None:
        for status in (str(preferred), f"{preferred // 100}XX") if preferred is not None else ():
            if preferred is not None and status in self.responses:
                return preferred, self.responses[status]
        exact = sorted(status for status in self.responses if status.isdigit() and status[0] == "2")
        for status in (*exact, "2XX", "default"):
            if status in self.responses:
                number = int(status) if status.isdigit() else (preferred or 200)
                return number, self.responses[status]
        return None

    def status_of(self, declared: DeclaredResponse) -> int:
        """The status with which a declared response is sent: the lowest of its range; of `default`, 200 or 500."""
        success = self.success()
        if success is not None and success[1] is declared:
            return success[0]
        return int(declared.status.replace("X", "0")) if declared.status[0].isdigit() else 500

    def usual(self) -> tuple[int, DeclaredResponse] | None:
        """The status and response of a valid request: success, else the lowest status that is declared.

        Documents often describe the errors of a change alone. Where these have no content, success has none either.
        """
        chosen = self.success() or self.lowest()
        if chosen is None or chosen[0] < FIRST_ERROR or self.method not in CHANGING:
            return chosen
        return chosen if any(declared.media for declared in self.responses.values()) else UNDECLARED_SUCCESS

    def lowest(self) -> tuple[int, DeclaredResponse] | None:
        """The lowest status of a final response that is declared, and its response; an informational one is not."""
        statuses = sorted(status for status in self.responses if status[:1].isdigit() and status[:1] != "1")
        return (int(statuses[0].upper().replace("X", "0")), self.responses[statuses[0]]) if statuses else None


def unknown_operation(name: str, operations: Mapping[str, Operation]) -> str:
    """The sentence about an operation that does not exist. One that is named by its method and path has an id, too."""
    method, _, path = name.strip().partition(" ")
    for operation in operations.values():
        is_same = template_shape(operation.path) == template_shape(path.strip())
        if is_same and operation.method.upper() == method.upper():
            return f"there is no operation {quote(name)}. Did you mean {quote(operation.id)}?"
    return unknown_name("operation", name, operations)


def route_of(path: str) -> str:
    """The part of a declared path by which requests match: without a query or a fragment, which no path has."""
    return path.partition("#")[0].partition("?")[0]


def template_shape(path: str) -> str:
    """A path with its parameters unnamed: paths of the same shape match the same requests."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


@lru_cache(maxsize=4096)
def template_names(path: str) -> tuple[str, ...]:
    """The parameter names in a path template, in order; not those in a query or fragment that is written into it."""
    return tuple(part.partition("}")[0] for part in route_of(path).split("{")[1:])
