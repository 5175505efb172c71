"""Whether an operation does to a collection what its method suggests, judged by its body and its response.

What is inferred of an operation is a part of its entry in `resources.yaml`; None stands for an operation that does not
fit.
"""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.contract.inference.collection import Collection
from mockserver.contract.inference.envelopes import (
    WRAPPERS,
    Entry,
    add_list,
    envelope_entry,
    find_record_schema,
    list_envelope,
    record_examples,
    resolve,
)
from mockserver.contract.inference.list_selection import infer_selection
from mockserver.contract.selecting_parameters import query_parameters, selecting_parameters
from mockserver.documents.nodes import Node
from mockserver.openapi.content import holds_value, json_media_type
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import words
from mockserver.syntax.http.media_types import EVENT_STREAM, FORMS, is_json, may_be_json
from mockserver.syntax.sort_parameters import read_order

# The names of query parameters that page a list, by their role.
PAGING: Mapping[str, tuple[str, ...]] = {
    "limit": (
        "limit", "perpage", "pagesize", "pagelimit", "itemsperpage", "resultsperpage", "maxresults", "take", "top",
    ),
    "offset": ("offset", "pageoffset", "skip", "startat", "startindex"),
    "page": ("page", "pagenumber", "pagenum", "pageno", "pageindex"),
}  # fmt: skip
# These page only beside another parameter that pages, and where no field has their name.
AMBIGUOUS_LIMITS = ("size", "count", "max", "rows", "num")
AMBIGUOUS_OFFSETS = ("start",)
# Those of parameters that sort it, and that say in which direction.
SORTS = ("sort", "sortby", "orderby", "ordering", "sortfield", "sortcolumn")
SORT_DIRECTIONS = ("order", "direction", "sortorder", "sortdirection", "sortdir", "orderdirection", "dir")
JSON_PATCH = "json-patch"
ACCEPTED = 202

NO_JSON = MediaType("", None, None, {})


def json_response(success: tuple[int, DeclaredResponse] | None) -> MediaType | None:
    """The JSON of a response, or its XML: None without a body, `NO_JSON` if the body is something else."""
    if success is None or not success[1].media:
        return None
    media = success[1].media
    candidates = [name for name in media if is_json(name)] or [name for name in media if may_be_json(name)]
    candidates = candidates or [name for name, entry in media.items() if holds_value(name, entry)]
    return media[candidates[0]] if candidates else NO_JSON


def has_success(operation: Operation) -> bool:
    """Whether an operation declares a response of success."""
    return operation.success() is not None


def infer_response(operation: Operation, status: int, collection: Collection) -> Entry | None:
    """The entry of an operation that responds with the record, without a body, or declares its errors alone.

    Records then have to match the schema of the response, too.
    """
    media_type = json_response(operation.success(status))
    if media_type is NO_JSON:
        return None
    if media_type is None or media_type.schema is None:
        return {}
    record = find_record_schema(media_type.schema, collection.segment, collection.is_compatible)
    if record is None:
        return None
    schema, member = record
    collection.schemas[schema.address] = schema
    collection.examples += record_examples(media_type, member)
    return envelope_entry(member)


def infer_body(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation whose body, as JSON, XML or a form, has members of the record."""
    media_types = operation.body.media if operation.body is not None else {}
    names = set(map(words.normalize, collection.shape.names))
    for name, media_type in media_types.items():
        shape = media_type.shape
        if JSON_PATCH in name or not _may_hold_record(name, media_type) or "object" not in shape.types:
            continue
        if not names.isdisjoint(map(words.normalize, shape.names)) or not shape.names:
            return {}
        wrappers = (*WRAPPERS, *words.singular_forms(collection.segment))
        members = [member for member in shape.names if words.normalize(member) in wrappers]
        if len(members) == 1 and not names.isdisjoint(map(words.normalize, shape.member(members[0]).names)):
            return {"body": members[0]}
    is_patched = operation.method == "PATCH" and any(JSON_PATCH in name for name in media_types)
    return {} if is_patched else None


def _may_hold_record(name: str, media_type: MediaType) -> bool:
    return may_be_json(name) or name in FORMS or holds_value(name, media_type)


def infer_creation(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that creates a record; any body will do if the response has the record's schema."""
    body = infer_body(operation, collection)
    if body is None and _accepts_object(operation):
        media_type = json_response(operation.success(201))
        schema = media_type.schema if media_type is not None else None
        body = {} if schema is not None and _is_record(schema, collection) else None
    return _with_response(body, operation, 201, collection)


def infer_change(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation whose body replaces or changes a record."""
    return _with_response(infer_body(operation, collection), operation, 200, collection)


def infer_post_update(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of a POST on a record that changes it: it has members of the record and returns the record.

    Where only errors are declared, the response is not known, and the members are enough. Without a body, parameters of
    the query have the names of fields.
    """
    is_in_query = operation.body is None and query_parameters(operation).keys() & collection.shape.names
    body = {} if is_in_query else infer_body(operation, collection) if operation.body is not None else None
    media_type = json_response(operation.success(200))
    if body is None or (has_success(operation) and (media_type is None or media_type.schema is None)):
        return None
    response = infer_response(operation, 200, collection)
    return {**body, **response} if response is not None else None


def sends_key(operation: Operation, collection: Collection) -> bool:
    """Whether the body of an operation says which record it is about."""
    body = infer_body(operation, collection)
    media = json_media_type(operation.body)
    if body is None or media is None:
        return False
    shape = media.shape.member(body["body"]) if "body" in body else media.shape
    return bool(shape.member(collection.key).types & collection.shape.member(collection.key).types) and (
        collection.key in shape.names
    )


def _with_response(body: Entry | None, operation: Operation, status: int, collection: Collection) -> Entry | None:
    """The entry of an operation with what its response is: the record, nothing, or what holds the key alone."""
    if body is None:
        return None
    has_key_alone = _answers_at_once(operation, status) and not _returns_record(operation, status, collection)
    response = {"returns": "key"} if has_key_alone else infer_response(operation, status, collection)
    return {**body, **response} if response is not None else None


def _is_record(schema: Node, collection: Collection) -> bool:
    """Whether a schema is that of the record, or has all of its members."""
    is_whole = collection.shape.names <= Shape.from_schema(schema).names
    return schema.address in collection.schemas or (is_whole and collection.is_compatible(schema))


def returns_record(operation: Operation, collection: Collection) -> bool:
    """Whether an operation responds with the whole record."""
    media_type = json_response(operation.success(200))
    if media_type is None or media_type.schema is None:
        return False
    record = find_record_schema(media_type.schema, collection.segment, collection.is_compatible)
    return record is not None and _is_record(record[0], collection)


def _returns_record(operation: Operation, status: int, collection: Collection) -> bool:
    """Whether a response has the record, and not its key alone or something else."""
    media_type = json_response(operation.success(status))
    if media_type is None or media_type.schema is None:
        return True
    record = find_record_schema(media_type.schema, collection.segment, collection.is_compatible)
    names = collection.shape.names - {collection.key}
    return record is not None and (not names or not names.isdisjoint(Shape.from_schema(record[0]).names))


def _answers_at_once(operation: Operation, status: int) -> bool:
    """Whether an operation has done what it does when it responds, in JSON; a 202 says that it has not."""
    success = operation.success(status)
    media_type = json_response(success)
    return success is not None and success[0] != ACCEPTED and media_type is not None and media_type is not NO_JSON


def _accepts_object(operation: Operation) -> bool:
    media_types = operation.body.media if operation.body is not None else {}
    shapes = [media_type.shape for name, media_type in media_types.items() if _may_hold_record(name, media_type)]
    return not media_types or any("object" in shape.types for shape in shapes)


def infer_list(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that lists the records."""
    media_type = json_response(operation.success(200))
    if media_type is None or media_type.schema is None:
        return None
    listed = add_list(media_type.schema, collection)
    if listed is None:
        return None
    member, _ = listed
    envelope = list_envelope(media_type.schema, member).get("envelope")
    for rows in record_examples(media_type, member):
        collection.examples += rows if isinstance(rows, list) else []
    shape = Shape.from_schema(media_type.schema) if envelope is not None else None
    selection = infer_selection(operation, shape, collection.shape, collection.key, member or "")
    paging = _infer_paging(operation, collection.shape) | selection.pop("paging", {})
    paging |= _infer_sort(operation, collection.shape)
    if "cursor" in paging or "before" in paging:
        # A page that is numbered, too, would count from the cursor.
        paging.pop("page", None)
    entry = {"envelope": envelope} if envelope is not None else {}
    return entry | ({"paging": paging} if paging else {}) | selection


def infer_stream(operation: Operation, collection: Collection) -> Entry | None:
    """The entry of an operation that sends the records as the data of events, whose name is any or always the same."""
    success = operation.success(200)
    media = success[1].media.get(EVENT_STREAM) if success is not None and operation.method == "GET" else None
    data = _find_data_schema(media) if media is not None else None
    schema = resolve(data) if data is not None else None
    if media is None or schema is None or not collection.key or not collection.is_compatible(schema):
        return None
    event = media.item.shape.member("event") if media.item is not None else Shape()
    constants = [node.value["const"] for node in event.unconditional() if "const" in node.value]
    names = constants or event.enum_values
    if names is not None and (len(names) != 1 or not isinstance(names[0], str)):
        return None
    collection.schemas[schema.address] = schema
    return {"message": {"event": names[0]}} if names else {}


def _find_data_schema(media: MediaType) -> Node | None:
    """The schema of the data of events: in `itemSchema`, where it may be JSON in a text, or that of the media type."""
    if media.item is None:
        return media.schema
    nodes = media.item.shape.member("data").unconditional()
    texts = [node.child("contentSchema") for node in nodes if isinstance(node.value.get("contentSchema"), dict)]
    return next(iter(texts or [node for node in nodes if "object" in Shape.from_schema(node).types]), None)


def selects(operation: Operation, collection: Collection) -> bool:
    """Whether the query of an operation selects records, by a field of its parameter's name or by a search."""
    shape = collection.shape
    selection = infer_selection(operation, None, shape, collection.key)
    names = selecting_parameters(operation).keys() & shape.names
    is_field = any(shape.member(name).types - COMPOUND - {"null"} for name in names)
    return is_field or "search" in selection or "filters" in selection


def _infer_paging(operation: Operation, record: Shape) -> dict[str, str]:
    parameters = selecting_parameters(operation).values()
    names = {words.normalize(entry.name): entry.name for entry in parameters if "integer" in entry.notation.shape.types}
    by_role = {role: next((names[name] for name in usual if name in names), None) for role, usual in PAGING.items()}
    paging = {role: name for role, name in by_role.items() if name is not None}
    fields = set(map(words.normalize, record.names))
    for role, ambiguous in (("limit", AMBIGUOUS_LIMITS), ("offset", AMBIGUOUS_OFFSETS)):
        if paging and role not in paging:
            parameter = next((names[name] for name in ambiguous if name in names and name not in fields), None)
            paging |= {role: parameter} if parameter is not None else {}
    return paging


def _infer_sort(operation: Operation, record: Shape) -> dict[str, str]:
    """The parameters that sort a list; of values that a parameter lists, each must be one to sort by."""
    query = {words.normalize(name): entry for name, entry in query_parameters(operation).items()}
    query = {name: entry for name, entry in query.items() if entry.name not in record.names}
    sort = next((query[name] for name in SORTS if name in query), None)
    if sort is None:
        return {}
    shape = sort.notation.shape.items if sort.notation.shape.types == {"array"} else sort.notation.shape
    listed = [field for value in shape.enum_values or [] for field in read_order(str(value), frozenset(record.names))]
    if "string" not in shape.types or any(field.name not in record.names for field in listed):
        return {}
    order = next((query[name].name for name in SORT_DIRECTIONS if name in query), None)
    return {"sort": sort.name, **({"order": order} if order is not None else {})}
