"""How an inferred list pages by cursor, searches and compares, judged by the usual names of its query parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.inference.envelopes import find_member
from mockserver.contract.inference.periods import period_filters
from mockserver.contract.selecting_parameters import (
    are_values_of,
    has_listed_numbers,
    have_common_type,
    is_instant,
    selecting_parameters,
)
from mockserver.openapi.model import Operation, Parameter
from mockserver.schemas.member_shapes import find_path, member_shape
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import words
from mockserver.syntax.amounts import amount_member

CURSORS = ("cursor", "after", "startingafter", "pagetoken", "nexttoken", "pagecursor")
# These hold a record's key where the envelope has no cursor for the next page.
KEY_CURSORS = ("startingafter", "after")
KEY_CURSORS_BACK = ("endingbefore", "before")
NEXT = ("nextcursor", "nextpagetoken", "nexttoken")
MORE = ("hasmore", "hasnextpage", "hasnext")
SEARCHES = ("q", "query", "search")
# What a parameter's name has before or after the name of a field, as words, and how it compares then.
PREFIXES: Mapping[tuple[str, ...], str] = {("min",): "gte", ("max",): "lte", ("since",): "gt"}
SUFFIXES: Mapping[tuple[str, ...], str] = {
    ("gte",): "gte", ("gt",): "gt", ("lte",): "lte", ("lt",): "lt", ("min",): "gte", ("max",): "lte",
    ("after",): "gt", ("since",): "gte", ("before",): "lt", ("until",): "lte", ("from",): "gte", ("to",): "lte",
    ("in",): "in", ("eq",): "eq", ("ne",): "ne", ("neq",): "ne",
    ("prefix",): "prefix", ("starts", "with"): "prefix", ("startswith",): "prefix",
}  # fmt: skip
# What has these after the name of a field looks for words in it.
CONTAINS = ("like", "ilike", "contains", "icontains", "containsi")
# Of texts, these compare dates alone: `to_address` is not a bound of `address`.
BOUNDS = ("gt", "gte", "lt", "lte")
# The member of an item by which clients select it.
NAME = "name"
# The member of a record that holds its fields in JSON:API.
ATTRIBUTES = "attributes"
# What a list may be called besides the name of its items, and the members by which an object is meant.
LIST_WORDS = ("list", "names")
# Parameters that say how a list is returned, and not which records.
PRESENTATION = ("order", "sort", "field", "include", "expand", "embed")
# Parameters that say which part of a list is returned: `page` does not compare with `page_id`.
PAGING = ("page", "limit", "offset", "cursor", "size", "count", "start", *SEARCHES)
KEYS = (*words.KEY_NAMES, "username", "login")
# A field of this name with one of these ends is meant too: `created_after` is about `created_at`.
TIME_ENDS = ("at", "on", "date", "time")


def infer_selection(
    operation: Operation, envelope: Shape | None, record: Shape, key: str, items: str = ""
) -> dict[str, Any]:
    """The parts `paging` (of cursors), `search` and `filters` of a list's entry in `resources.yaml`.

    `envelope` is the shape of the response unless that is an array, `record` that of an item, which the member `items`
    holds.
    """
    query = selecting_parameters(operation)
    texts = [name for name in sorted(record.names) if record.member(name).types - {"null"} == {"string"}]
    plain = [name for name in texts if name != key and _is_searched(record.member(name))]
    searches = {name: plain for name in query if words.normalize(name) in SEARCHES and _is_text(query[name])}
    compared = {
        name: parameter
        for name, parameter in query.items()
        if name not in record.names or record.member(name).types - {"null"} == {"object"}
    }
    fields = _fields_by_words(record) if compared else {}
    filters = {
        name: {"field": field, "op": op}
        for name, parameter in compared.items()
        for field, op in _comparison(name, parameter, record, key, fields)
    }
    filters |= {
        name: {"field": field, "op": op}
        for name, parameter in query.items()
        if name in record.names
        for field, op in _list_comparison(name, parameter, record)
    }
    paging = _infer_cursor(query, envelope, record, key, items)
    bounds = {name: query[name] for name in query if name not in (*filters, *searches, *paging.values())}
    filters |= dict(period_filters(bounds, record))
    parts = {
        "paging": paging,
        "search": (searches if plain else {}) | dict(_field_searches(compared, record, fields)),
        "filters": filters,
    }
    return {name: part for name, part in parts.items() if part}


def _field_searches(
    compared: Mapping[str, Parameter], record: Shape, fields: Mapping[tuple[str, ...], str]
) -> Iterator[tuple[str, list[str]]]:
    """The parameters that look for words in one field: `title_like`, `title[contains]`."""
    for name, parameter in compared.items():
        *parts, last = _without_filter(words.split(name)) or [""]
        field = fields.get(tuple(parts)) if last in CONTAINS and _is_text(parameter) else None
        path = find_path(record, field) if field is not None else None
        if field is not None and path is not None and member_shape(record, path).types - {"null"} == {"string"}:
            yield name, [field]


def _infer_cursor(
    query: Mapping[str, Parameter], envelope: Shape | None, record: Shape, key: str, items: str
) -> dict[str, str]:
    names = {words.normalize(name): name for name in query}
    following = find_member(envelope, NEXT, "string", items) if envelope is not None else None
    more = find_member(envelope, MORE, "boolean", items) if envelope is not None else None
    paging = {"more": more} if more is not None else {}
    cursor = next((names[name] for name in CURSORS if name in names), None)
    if cursor is not None and following is not None and _is_text(query[cursor]):
        return {"cursor": cursor, "next": following, **paging}
    key_types = record.member(key).types | {"string"}
    roles = {"cursor": KEY_CURSORS, "before": KEY_CURSORS_BACK}
    by_key = {
        role: names[name]
        for role, usual in roles.items()
        for name in usual
        if name in names and query[names[name]].notation.shape.types & key_types
    }
    # Alone, `before` and `after` may as well be times.
    is_by_key = more is not None or "startingafter" in names
    return {**by_key, **paging} if by_key and is_by_key else {}


def _comparison(
    name: str, parameter: Parameter, record: Shape, key: str, fields: Mapping[tuple[str, ...], str]
) -> Iterator[tuple[str, str]]:
    """The field that a parameter compares with, and how, where its name says so. `fields` are by their words."""
    parts, parameter_shape = tuple(_without_filter(words.split(name))), parameter.notation.shape
    if words.normalize(name) == words.normalize(key) + "s" and _can_compare(record.member(key), parameter_shape, "in"):
        yield key, "in"
        return
    candidates = [(parts, "eq")]
    candidates += [(parts[len(start) :], op) for start, op in PREFIXES.items() if parts[: len(start)] == start]
    candidates += [(parts[: -len(end)], op) for end, op in SUFFIXES.items() if parts[-len(end) :] == end]
    for rest, op in candidates:
        for end in ((), *((end,) for end in TIME_ENDS if op in BOUNDS)):
            field = fields.get((*rest, *end)) if rest else None
            path = find_path(record, field) if field is not None else None
            if field is not None and path is not None and _can_compare(member_shape(record, path), parameter_shape, op):
                yield field, op
                return
    yield from ((field, "eq") for field in _fields_about(words.normalize(name), record, parameter_shape))


def _without_filter(parts: list[str]) -> list[str]:
    """The words of a name such as `filter[title]`, without the first one."""
    return parts[1:] if parts[:1] in (["filter"], ["filters"]) else parts


def _fields_about(name: str, record: Shape, parameter_shape: Shape) -> Iterator[str]:
    """The field that a parameter names by one of its items, or by the key of what it holds, where there is only one.

    `tags` and `tagList` for `tag`, and `author.username` or `authorId` for `author`.
    """
    candidates: list[str] = []
    for field in sorted(record.names) if name not in PRESENTATION else ():
        if _is_reference(field, name) and _can_compare(record.member(field), parameter_shape, "eq"):
            candidates += [field] if _formats(record.member(field)) == _formats(parameter_shape) else []
            continue
        shape, plain = record.member(field), "".join(part for part in words.split(field) if part not in LIST_WORDS)
        if (
            shape.types - {"null"} == {"array"}
            and name in words.singular_forms(plain)
            and name != words.normalize(field)
        ):
            candidates += [field] if _can_compare(shape.items, parameter_shape, "eq") else []
        elif shape.types - {"null"} == {"object"} and name == words.normalize(field):
            keys = [inner for inner in sorted(shape.names) if words.normalize(inner) in KEYS]
            candidates += [f"{field}.{key}" for key in keys if _can_compare(shape.member(key), parameter_shape, "eq")]
    if len(candidates) == 1:
        yield candidates[0]


def _is_reference(field: str, name: str) -> bool:
    """Whether a field holds the key of what a parameter is called: `category_id` for `category`."""
    parts = words.split(field)
    return bool(parts) and parts[-1] in KEYS and "".join(parts[:-1]) == name and name not in PAGING


def _formats(shape: Shape) -> set[object]:
    return {schema.value["format"] for schema in shape.unconditional() if "format" in schema.value}


def _list_comparison(name: str, parameter: Parameter, record: Shape) -> Iterator[tuple[str, str]]:
    """What a parameter is compared with where the field of its name is an array: its items, or their names; and how."""
    field, parameter_shape = record.member(name), parameter.notation.shape
    if field.types - {"null"} != {"array"}:
        return
    are_objects = field.items.types - {"null"} == {"object"}
    path, item = (f"{name}.{NAME}", field.items.member(NAME)) if are_objects else (name, field.items)
    op = "in" if "string" in parameter_shape.types else "eq"
    is_scalar = item.types.isdisjoint(COMPOUND)
    if is_scalar and find_path(record, path) is not None and _can_compare(item, parameter_shape, op):
        yield path, op


def _fields_by_words(record: Shape) -> dict[tuple[str, ...], str]:
    """The fields, and the members of those that are objects, by the words of their names.

    `category_id` stands for the `id` of a `category`, `title` for that of the `attributes`, and `price` for the number
    of an amount with a currency.
    """
    fields: dict[tuple[str, ...], str] = {}
    nested = [(outer, inner) for outer in sorted(record.names) for inner in sorted(record.member(outer).names)]
    for outer, inner in nested:
        outer_words = words.split(outer) if outer != ATTRIBUTES else []
        fields[(*outer_words, *words.split(inner))] = f"{outer}.{inner}"
    amounts = {field: amount_member(record.member(field).names) for field in record.names}
    plain = {field: f"{field}.{amount}" if amount is not None else field for field, amount in amounts.items()}
    return {**fields, **{tuple(words.split(field)): path for field, path in plain.items()}}


def _can_compare(field: Shape, parameter_shape: Shape, op: str) -> bool:
    """Whether values of a parameter may be compared with those of a field."""
    if parameter_shape.types == {"array"} and op not in BOUNDS:
        parameter_shape = parameter_shape.items
    if parameter_shape.types & COMPOUND or not (
        have_common_type(field, parameter_shape) or (op == "in" and has_listed_numbers(field, parameter_shape))
    ):
        return False
    if op == "eq":
        return are_values_of(parameter_shape, field)
    is_text = "string" in parameter_shape.types and "string" in field.types
    return op not in BOUNDS or not is_text or is_instant(field) or is_instant(parameter_shape)


def _is_text(parameter: Parameter) -> bool:
    return "string" in parameter.notation.shape.types and not parameter.notation.shape.types & COMPOUND


def _is_searched(shape: Shape) -> bool:
    """Whether clients see a text, and it is neither one of few values nor in a format."""
    is_coded = any({"enum", "const", "format"} & schema.value.keys() for schema in shape.unconditional())
    return not is_coded and not shape.has_annotation("writeOnly")
