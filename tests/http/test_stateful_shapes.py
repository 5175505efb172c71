"""The collections of an OpenAPI file (`--stateful`), in the ways in which documents write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app
from tests.documents.shapes import INTEGER, TEXT, content, crud, document, operation, record

Keep = Callable[[dict[str, Any]], FlaskClient]
THING = record(id=TEXT, label=TEXT)


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """A client of a document with state."""

    def serve(described: dict[str, Any]) -> FlaskClient:
        file = tmp_path / "shapes.json"
        file.write_text(json.dumps(described))
        return create_app(file, stateful=True).test_client(use_cookies=False)

    return serve


def state(client: FlaskClient) -> dict[str, list[Any]]:
    """The records of each collection."""
    records: dict[str, list[Any]] = (client.get("/__mock/state").json or {})["records"]
    return records


def walk(client: FlaskClient, collection: str, key: str, new: dict[str, Any], item: str | None = None) -> None:
    """Create, find, change and remove a record of a collection whose list is an array."""
    item = item or collection
    before: Any = client.get(collection).json
    created = client.post(collection, json=new)
    assert created.status_code == 201, created.text
    thing: Any = created.json
    path = f"{item}/{thing[key]}"
    assert created.headers["Location"].removeprefix("http://localhost") == path
    assert client.get(path).json == thing
    assert client.get(collection).json == [*before, thing]
    changed = client.patch(path, json={"label": "changed"})
    assert changed.json == {**thing, "label": "changed"}
    assert client.put(path, json=thing).json == thing
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(collection).json == before


@pytest.mark.parametrize(
    ("item", "fields", "key"),
    [
        ("/services/{serviceIdentifier}", ["id", "label"], "id"),
        ("/services/{serviceIdentifier}", ["name", "label"], "name"),
        ("/services/{serviceIdentifier}", ["id", "name", "label"], "id"),
        ("/services/{service_ref}", ["uuid", "label"], "uuid"),
        ("/services/{identifier}", ["service_id", "label"], "service_id"),
        ("/services/{slug}", ["id", "label"], "id"),
        ("/services/{id}", ["serviceCode", "label"], "serviceCode"),
        ("/services/{service}", ["code", "label"], "code"),
    ],
)
def test_a_key_may_have_another_name_than_its_parameter(keep: Keep, item: str, fields: list[str], key: str) -> None:
    schema = record(**dict.fromkeys(fields, TEXT))
    client = keep(document(crud("/services", item, schema)))
    walk(client, "/services", key, {name: f"new-{name}" for name in fields})


def test_an_envelope_with_a_code_is_not_the_record(keep: Keep) -> None:
    paths = crud("/services", "/services/{serviceRef}", THING)
    envelope = record(code=TEXT, data=record(id=TEXT, label=TEXT))
    paths["/services/{serviceRef}"]["get"] = operation(schema=envelope)
    client = keep(document(paths))
    created: Any = client.post("/services", json={"id": "a", "label": "A"}).json
    assert client.get("/services/a").json["data"] == created


@pytest.mark.parametrize(
    ("parameter", "field"),
    [
        (INTEGER, TEXT),
        (TEXT, INTEGER),
        ({"type": "number"}, TEXT),
        ({"type": "number"}, {"type": "number"}),
        ({"type": "number"}, INTEGER),
        ({"type": "integer", "minimum": 1}, TEXT),
        ({"oneOf": [INTEGER, TEXT]}, INTEGER),
        ({"oneOf": [INTEGER, TEXT]}, TEXT),
        (INTEGER, {"type": ["integer", "null"]}),
    ],
)
def test_a_key_may_be_a_number_on_one_side_and_a_text_on_the_other(keep: Keep, parameter: Any, field: Any) -> None:
    schema = record(id=field, label=TEXT)
    client = keep(document(crud("/things", "/things/{id}", schema), id=parameter))
    things: Any = client.get("/things").json
    assert len(things) == 3
    assert [client.get(f"/things/{thing['id']}").json for thing in things] == things
    walk(client, "/things", "id", {"id": "77" if field == TEXT else 77, "label": "new"})


def test_a_new_record_gets_a_key_that_a_path_for_integers_can_name(keep: Keep) -> None:
    schema = {**record(id=TEXT, label=TEXT), "required": ["id", "label"]}
    paths = crud("/things", "/things/{id}", schema)
    paths["/things"]["post"]["requestBody"] = content(record(label=TEXT))
    walk(keep(document(paths, id=INTEGER)), "/things", "id", {"label": "new"})


def test_an_owner_may_be_a_number_on_one_side_and_a_text_on_the_other(keep: Keep) -> None:
    note = record(id=INTEGER, thing_id=TEXT, label=TEXT)
    paths = crud("/things", "/things/{thingId}", record(id=TEXT, label=TEXT))
    paths |= crud("/things/{thingId}/notes", "/things/{thingId}/notes/{id}", note)
    client = keep(document(paths, thingId=INTEGER, id=INTEGER))
    created: Any = client.post("/things/1/notes", json={"id": 77, "thing_id": "1", "label": "new"}).json
    assert created["thing_id"] == "1"
    assert created in (client.get("/things/1/notes").json or ())
    assert created not in (client.get("/things/2/notes").json or ())
    assert client.get("/things/1/notes/77").json == created
    assert client.get("/things/2/notes/77").status_code == 404


@pytest.mark.parametrize(
    ("collection", "item"),
    [
        ("/things", "/thing/{id}"),
        ("/thing", "/things/{id}"),
        ("/v1/categories", "/v1/category/{categoryId}"),
        ("/boxes", "/box/{box}"),
        ("/people", "/person/{personId}"),
    ],
)
def test_singular_and_plural_may_be_apart(keep: Keep, collection: str, item: str) -> None:
    client = keep(document(crud(collection, item, THING)))
    assert len(state(client)) == 1
    walk(client, collection, "id", {"id": "new", "label": "new"}, item.rpartition("/")[0])


@pytest.mark.parametrize("media_type", ["*/*", "application/*"])
def test_responses_may_be_declared_for_any_media_type(keep: Keep, media_type: str) -> None:
    client = keep(document(crud("/things", "/things/{id}", THING, media_type)))
    walk(client, "/things", "id", {"id": "new", "label": "new"})
    assert client.get("/things").mimetype == "application/json"
