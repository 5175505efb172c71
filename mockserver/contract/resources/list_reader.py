"""Reads how a list in `resources.yaml` compares, searches and pages by cursor, with every name in it checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.lists import (
    OPERATORS,
    ORDERING,
    Comparison,
    CursorPaging,
    ListSelection,
    Operator,
    Search,
)
from mockserver.contract.model import Resource
from mockserver.contract.selecting_parameters import has_listed_numbers, have_common_type, is_instant
from mockserver.documents.source import Report, Source
from mockserver.errors import did_you_mean, quote, unknown_name
from mockserver.openapi.model import Parameter
from mockserver.schemas.member_shapes import candidate_paths, find_path, item_shape, member_shape
from mockserver.schemas.shapes import Shape
from mockserver.syntax import json_pointer, words
from mockserver.syntax.member_path import MemberPath

TEXT_TYPES = frozenset({"string", "integer", "number"})


class ListReader(Struct):
    """Reads the entry at `pointer`; `query` are the operation's query parameters, `response` the shape of its body."""

    source: Source
    report: Report
    pointer: str
    resource: Resource
    query: Mapping[str, Parameter]
    response: Shape

    def read(self, entry: Mapping[str, Any]) -> ListSelection:
        """What the entry declares; a mistake is reported and left out."""
        filters, searches = entry.get("filters", {}), entry.get("search", {})
        paging = entry.get("paging", {})
        return ListSelection(
            tuple(comparison for name, part in filters.items() if (comparison := self._comparison(name, part))),
            tuple(search for name, fields in searches.items() if (search := self._search(name, fields))),
            self._cursor(paging, entry.get("envelope")) if paging.keys() & {"cursor", "before"} else None,
        )

    def read_envelope(self, entry: Mapping[str, Any]) -> dict[str, MemberPath]:
        """The members of the envelope by their roles, such as `items`; a mistake is reported."""
        return {
            role: self._check_member(json_pointer.append(self.pointer, "envelope", role), name)
            for role, name in entry.get("envelope", {}).items()
        }

    def _check_member(self, pointer: str, name: str) -> MemberPath:
        """The path of a member of the response, such as `meta.next`; one that is not declared is a mistake."""
        path = find_path(self.response, name)
        if path is None:
            declared = candidate_paths(self.response, name)
            message = f"the schema of the response has no member {quote(name)}.{did_you_mean(name, declared)}"
            self._add(pointer, message, "unknown-name")
        return path or (name,)

    def _comparison(self, name: str, entry: Mapping[str, Any]) -> Comparison | None:
        pointer = json_pointer.append(self.pointer, "filters", name)
        op: Operator | None = next((op for op in OPERATORS if op == entry.get("op", "eq")), None)
        if op is None:
            message = unknown_name("operator", entry["op"], OPERATORS)
            self._add(f"{pointer}/op", message, "unknown-name")
        parameter = self._parameter(pointer, name)
        path = self._field(f"{pointer}/field", entry.get("field", name))
        if op is None or parameter is None or path is None:
            return None
        field, shape = item_shape(member_shape(self.resource.shape, path)), parameter.notation.shape
        if op in ORDERING and shape.types == {"array"}:
            self._add(f"{pointer}/op", f"{op} compares with one value, and {quote(name)} is an array of them")
            return None
        value = item_shape(shape)
        as_numbers = op == "in" and shape.types != {"array"} and has_listed_numbers(field, value)
        if not (have_common_type(field, value) or as_numbers) or (
            op == "prefix" and "string" not in field.types & value.types
        ):
            message = f"{quote(name)} and the field {quote('.'.join(path))} have different types: they never compare"
            self._add(f"{pointer}/field", message)
            return None
        as_instants = op != "prefix" and (is_instant(field) or ("string" in field.types and is_instant(value)))
        return Comparison(name, path, op, as_instants, as_numbers)

    def _search(self, name: str, fields: Iterable[str]) -> Search | None:
        pointer = json_pointer.append(self.pointer, "search", name)
        parameter = self._parameter(pointer, name)
        if parameter is not None and "string" not in item_shape(parameter.notation.shape).types:
            self._add(pointer, f"{quote(name)} must be a string to be searched for")
        paths = list[MemberPath]()
        for index, field in enumerate(fields):
            path = self._field(f"{pointer}/{index}", field)
            if path is not None and not item_shape(member_shape(self.resource.shape, path)).types & TEXT_TYPES:
                self._add(f"{pointer}/{index}", f"the field {quote(field)} has no text to search in")
            paths += [path] if path is not None else []
        return Search(name, tuple(paths)) if parameter is not None else None

    def _cursor(self, paging: Mapping[str, str], envelope: Mapping[str, str] | None) -> CursorPaging:
        pointer = f"{self.pointer}/paging"
        members: dict[str, MemberPath] = {}
        for role in ("next", "more"):
            if role in paging and envelope is None:
                message = f"{quote(paging[role])} is a member of an envelope, which `envelope` has to declare"
                self._add(f"{pointer}/{role}", message)
            elif role in paging:
                members[role] = self._check_member(f"{pointer}/{role}", paging[role])
        cursor = CursorPaging(paging.get("cursor"), paging.get("before"), members.get("next"), members.get("more"))
        if cursor.by_key and not self.resource.key:
            message = f"{self.resource.name} has no key to be a cursor; name the member `next` of the envelope"
            self._add(pointer, message)
        if cursor.before is not None and "next" in paging:
            self._add(f"{pointer}/before", "pages before a cursor need cursors that are keys, without `next`")
        allowed = _key_types(self.resource) if cursor.by_key else frozenset({"string"})
        for role in ("cursor", "before"):
            parameter = self.query.get(paging.get(role, ""))
            if parameter is not None and not parameter.notation.shape.types & allowed:
                self._add(f"{pointer}/{role}", f"{quote(parameter.name)} cannot hold a cursor: {_names(allowed)}")
        if cursor.next is not None and "string" not in member_shape(self.response, cursor.next).types:
            self._add(f"{pointer}/next", f"{quote('.'.join(cursor.next))} cannot hold a cursor, which is a string")
        return cursor

    def _parameter(self, pointer: str, name: str) -> Parameter | None:
        if name not in self.query:
            message = unknown_name("query parameter", name, self.query)
            self._add(pointer, message, "unknown-name")
        return self.query.get(name)

    def _field(self, pointer: str, name: str) -> MemberPath | None:
        path = find_path(self.resource.shape, name)
        if path is None:
            declared = candidate_paths(self.resource.shape, name)
            self._add(pointer, unknown_name("field", name, declared), "unknown-name")
        elif any(derived.name == path[0] for derived in self.resource.derived):
            self._add(pointer, f"{quote(path[0])} is computed on reading, so records cannot be selected by it")
            return None
        return path

    def _add(self, pointer: str, message: str, code: str = "invalid") -> None:
        self.report.add(self.source, pointer, message, code)


def read_counting(paging: Mapping[str, str], query: Mapping[str, Parameter]) -> tuple[int, int]:
    """The number of the first page, and that of the first record, as the parameters that `paging` names have them."""
    page, offset = query.get(paging.get("page", "")), query.get(paging.get("offset", ""))
    first_page = 0 if page is not None and _counts_from(page, 0) else 1
    return first_page, 1 if offset is not None and _is_one_based(offset) else 0


def _counts_from(parameter: Parameter, number: int) -> bool:
    """Whether the default or the minimum of a parameter says that pages or records are counted from a number."""
    minimums = [part.value["minimum"] for part in parameter.notation.shape.unconditional() if "minimum" in part.value]
    return parameter.default == number or (parameter.default is None and number in minimums)


def _is_one_based(offset: Parameter) -> bool:
    """Whether the first record has the offset 1, as the `startIndex` of SCIM does (RFC 7644, section 3.4.2.4)."""
    is_index = words.normalize(offset.name) == "startindex" and not _counts_from(offset, 0)
    return is_index or _counts_from(offset, 1)


def _key_types(resource: Resource) -> frozenset[str]:
    # A key that is a number may come as text, too.
    return (resource.shape.member(resource.local_key).types if resource.key else frozenset()) | {"string"}


def _names(types: Iterable[str]) -> str:
    return f"it must be {' or '.join(sorted(types))}"
