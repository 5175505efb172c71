from __future__ import annotations

from typing import Any

import pytest

from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import Source
from mockserver.schemas.directions import Direction
from mockserver.schemas.graph import CURRENT_DRAFT, MERGED_URI, ReachedSchemas, SchemaGraph
from mockserver.schemas.validators import Schemas

API = f"{BASE_URI}api.json"
FILE = f"{BASE_URI}file.json"
SCHEMAS = f"{API}#/components/schemas"
TEXT = {"type": "string"}
ORDER = {
    "allOf": [{"properties": {"id": {"type": "string", "readOnly": True}}}, {"type": "object", "required": ["id"]}]
}


def documents(schemas: dict[str, Any], file: Any = True) -> Documents:
    api = {"openapi": "3.1.0", "paths": {"/a": {"get": {"summary": "readOnly"}}}, "components": {"schemas": schemas}}
    return Documents({API: Source("api.json", str(api), api), FILE: Source("file.json", "", file)})


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"{SCHEMAS}/{name}"}


def selected(graph: SchemaGraph, *names: str) -> dict[str, Any]:
    return graph.select([f"{SCHEMAS}/{name}" for name in names]).documents


def test_of_an_openapi_document_only_what_a_schema_leads_to_is_selected() -> None:
    schemas = {"A": {"items": reference("B")}, "B": {"not": reference("C")}, "C": TEXT, "D": TEXT}
    graph = SchemaGraph(documents(schemas), "")
    assert selected(graph, "A") == {API: {"components": {"schemas": {name: schemas[name] for name in "ABC"}}}}


def test_of_another_file_only_what_a_schema_leads_to_is_selected() -> None:
    file = {"$defs": {"A": {"items": {"$ref": f"{FILE}#/$defs/B"}}, "B": TEXT, "C": TEXT}}
    graph = SchemaGraph(documents({"A": {"$ref": f"{FILE}#/$defs/A"}}, file=file), "")
    assert selected(graph, "A")[MERGED_URI][FILE]["$defs"].keys() == {"A", "B"}


def test_another_file_with_anchors_is_selected_as_a_whole() -> None:
    file = {"$defs": {"A": TEXT, "B": {"$anchor": "b", **TEXT}}}
    graph = SchemaGraph(documents({"A": {"$ref": f"{FILE}#/$defs/A"}}, file=file), "")
    assert selected(graph, "A")[FILE] is file


def test_a_part_of_another_file_applies_to_a_direction_as_the_schema_around_it_does() -> None:
    schemas = Schemas(documents({}, file={"$defs": {"Order": ORDER}})).for_direction("request")
    assert schemas.compile(f"{FILE}#/$defs/Order/allOf/1").is_valid({}) is True


def test_documents_are_merged_into_one_with_the_references_between_them() -> None:
    graph = SchemaGraph(documents({"A": {"items": {"$ref": f"{FILE}#/$defs/B"}}}, file={"$defs": {"B": TEXT}}), "")
    selection = graph.select([f"{SCHEMAS}/A"])
    merged = f"{MERGED_URI}#/file:~1~1~1file.json/$defs/B"
    items = selection.documents[MERGED_URI][API]["components"]["schemas"]["A"]["items"]
    assert items == {"$ref": merged}
    assert selection.adjust({"$ref": f"{FILE}#/$defs/B"}) == {"$ref": merged}


@pytest.mark.parametrize(
    "file",
    [
        {"$schema": "http://json-schema.org/draft-07/schema#", **TEXT},
        {"$dynamicAnchor": "node", **TEXT},
        {"$defs": {"A": {"$anchor": "a"}}},
    ],
)
def test_a_file_with_a_draft_or_anchors_of_its_own_stays_a_document(file: Any) -> None:
    graph = SchemaGraph(documents({"A": {"$ref": f"{FILE}#"}}, file=file), "")
    assert selected(graph, "A")[FILE] is file


def test_the_current_draft_is_no_reason_to_keep_a_file_apart() -> None:
    file = {"$schema": CURRENT_DRAFT, **TEXT}
    schemas = Schemas(documents({"A": {"items": {"$ref": f"{FILE}#"}}}, file=file))
    assert MERGED_URI in SchemaGraph(schemas.documents, "").select([f"{SCHEMAS}/A"]).documents
    compiled = schemas.compile(f"{SCHEMAS}/A")
    assert [compiled.is_valid([value]) for value in ("a", 1)] == [True, False]


@pytest.mark.parametrize("names", [("A", "A/items"), ("A/items", "A")])
def test_a_schema_inside_another_one_is_selected_once(names: tuple[str, ...]) -> None:
    schema = {"items": TEXT, "type": "array"}
    graph = SchemaGraph(documents({"A": schema}), "")
    assert selected(graph, *names) == {API: {"components": {"schemas": {"A": schema}}}}


def test_the_members_of_arrays_are_found_by_their_index() -> None:
    compiled = Schemas(documents({"A": {"anyOf": [TEXT, {"type": "null"}]}})).compile(f"{SCHEMAS}/A/anyOf/1")
    assert [compiled.is_valid(value) for value in ("a", None)] == [False, True]


@pytest.mark.parametrize("address", [f"{SCHEMAS}/X", f"{BASE_URI}other.json", f"{SCHEMAS}/A/items/0"])
def test_a_reference_that_leads_nowhere_selects_nothing(address: str) -> None:
    assert SchemaGraph(documents({"A": TEXT}), "").select([address]) == ReachedSchemas({}, 0)


def test_schemas_that_lead_to_each_other_are_selected_once_each() -> None:
    schemas = {"A": {"items": reference("B")}, "B": {"items": reference("A")}}
    assert SchemaGraph(documents(schemas), "").select([f"{SCHEMAS}/A"]).size == 4


@pytest.mark.parametrize(("direction", "is_valid"), [("", False), ("request", True), ("response", False)])
@pytest.mark.parametrize("place", ["Order", "Order/allOf/1"])
def test_a_part_applies_to_a_direction_as_the_schema_around_it_does(
    direction: Direction, is_valid: bool, place: str
) -> None:
    schemas = Schemas(documents({"Order": ORDER})).for_direction(direction)
    assert schemas.compile(f"{SCHEMAS}/{place}").is_valid({}) == is_valid


def test_a_direction_that_changes_nothing_has_the_same_schemas() -> None:
    schemas = Schemas(documents({"Order": ORDER}))
    assert schemas.for_direction("response") is schemas
    assert schemas.for_direction("request") is not schemas
    assert schemas.for_direction("request").for_direction("request") is schemas.for_direction("request")


def test_a_violation_is_explained_where_other_schemas_have_been_selected_meanwhile() -> None:
    schemas = {"A": {"items": {"properties": {"b": reference("B")}}}, "B": {"type": "array", "items": reference("C")}, "C": TEXT}  # fmt: skip
    root = documents(schemas).root(API).child("components", "schemas")
    compiled = Schemas(root.documents)
    inner, outer = compiled.validator(root.child("B")), compiled.validator(root.child("A"))
    assert [violation.pointer for violation in inner.violations([5], "body")] == ["/0"]
    assert [violation.pointer for violation in outer.violations([{"b": [5]}], "body")] == ["/0/b/0"]
