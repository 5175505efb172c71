"""The collections of an OpenAPI file (`--stateful`), in the ways in which documents write them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.cli.main import main
from tests.conftest import Serve
from tests.documents.shapes import INTEGER, TEXT, array_of, content, crud, document, operation, record

Keep = Callable[[dict[str, Any]], FlaskClient]
THING = record(id=TEXT, label=TEXT)


@pytest.fixture
def keep(serve: Serve) -> Keep:
    """A client of a document with state."""
    return lambda described: serve(described, stateful=True)


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
        ("/services/{serviceKey}", ["serviceName", "id", "label"], "id"),
        ("/services/{serviceRef}", ["id", "service_id", "label"], "service_id"),
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


def test_a_body_may_change_what_only_the_record_declares_as_read_only(keep: Keep) -> None:
    status = {"type": "string", "enum": ["open", "sent"]}
    order = record(id=TEXT, status={**status, "readOnly": True}, label=TEXT)
    paths = crud("/orders", "/orders/{id}", order)
    paths["/orders/{id}"]["patch"]["requestBody"] = content({**record(status=status), "required": []})
    client = keep(document(paths))
    client.post("/orders", json={"id": "a", "label": "x"})
    assert client.get("/orders/a").get_json() == {"id": "a", "status": "open", "label": "x"}
    assert client.put("/orders/a", json={"id": "a", "status": "sent", "label": "y"}).get_json()["status"] == "open"
    assert client.patch("/orders/a", json={"status": "sent"}).get_json()["status"] == "sent"
    assert client.get("/orders/a").get_json() == {"id": "a", "status": "sent", "label": "y"}


def test_objects_and_items_of_a_body_get_what_only_the_server_adds(keep: Keep) -> None:
    place, line = record(street=TEXT), record(sku=TEXT, count=INTEGER)
    order = record(
        id=TEXT, lines=array_of(record(id=INTEGER, sku=TEXT, count=INTEGER)), place=record(id=TEXT, street=TEXT)
    )
    body = record(id=TEXT, lines=array_of(line), place=place)
    paths = crud("/orders", "/orders/{id}", {**order, "required": ["id", "lines"]})
    for path, method in (("/orders", "post"), ("/orders/{id}", "put"), ("/orders/{id}", "patch")):
        paths[path][method]["requestBody"] = content({**body, "required": []})
    client = keep(document(paths))
    lines = [{"sku": "a", "count": 2}, {"sku": "b", "count": 1}]
    sent = {"id": "x", "lines": lines, "place": {"street": "s"}}
    responses = [
        client.post("/orders", json=sent),
        client.get("/orders/x"),
        client.put("/orders/x", json=sent),
        client.patch("/orders/x", json={"lines": lines}),
    ]
    for response in responses:
        kept: Any = response.get_json()
        keys = [line.pop("id") for line in kept["lines"]]
        assert len(set(keys)) == 2
        assert (kept["lines"], kept["place"]["street"], bool(kept["place"]["id"])) == (lines, "s", True)
    client.post("/orders", json={**sent, "id": "y"})
    first, second = (client.get(f"/orders/{key}").get_json() for key in ("x", "y"))
    assert first["lines"][0]["id"] != second["lines"][0]["id"]


def test_records_are_created_beyond_the_bounds_of_a_path_parameter(keep: Keep) -> None:
    paths = crud("/orders", "/orders/{id}", {**record(id=INTEGER, label=TEXT), "required": ["label"]})
    client = keep(document(paths, id={**INTEGER, "minimum": 1, "maximum": 4}))
    keys = [client.post("/orders", json={"label": "new"}).json["id"] for _ in range(3)]
    assert client.post("/orders", json={"id": 0, "label": "new"}).status_code == 201
    assert keys == [4, 5, 6]
    assert [client.get(f"/orders/{key}").status_code for key in keys] == [200, 422, 422]


@pytest.mark.parametrize("key", [INTEGER, TEXT, {**TEXT, "format": "uuid"}])
def test_the_key_of_a_removed_record_is_not_given_to_another(keep: Keep, key: Any) -> None:
    paths = crud("/things", "/things/{id}", {**record(id=key, label=TEXT), "required": ["id", "label"]})
    paths["/things"]["post"]["requestBody"] = content(record(label=TEXT))
    client = keep(document(paths, id=key))
    created: list[Any] = [thing["id"] for thing in client.get("/things").json or ()]
    for _ in range(3):
        created.append(client.post("/things", json={"label": "new"}).json["id"])
        assert client.delete(f"/things/{created[-1]}").status_code == 204
    assert len(set(created)) == 6


def test_no_number_is_given_again_where_the_first_keys_are_high(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", {**record(id=INTEGER, label=TEXT), "required": ["id", "label"]})
    paths["/things"]["post"]["requestBody"] = content({**record(id=INTEGER, label=TEXT), "required": ["label"]})
    client = keep(document(paths, id=INTEGER))
    client.post("/things", json={"id": 700, "label": "old"})
    created: list[Any] = []
    for _ in range(3):
        created.append(client.post("/things", json={"label": "new"}).json["id"])
        client.delete(f"/things/{created[-1]}")
    assert created == [701, 702, 703]


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


NEW = {"id": "new", "label": "new"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (TEXT, "new"),
        (record(id=TEXT), {"id": "new"}),
        (record(thing_id=TEXT), {"thing_id": "new"}),
        (record(thingId=TEXT), {"thingId": "new"}),
        (record(data=record(id=TEXT)), {"data": {"id": "new"}}),
        ({**record(id=TEXT), "additionalProperties": False}, {"id": "new"}),
        (record(success={"const": True}), {"success": True}),
        (record(success={"const": True}, id=TEXT), {"success": True, "id": "new"}),
    ],
)
@pytest.mark.parametrize("status", [200, 201])
def test_a_creation_may_respond_with_the_key_or_something_else(
    keep: Keep, schema: Any, expected: Any, status: int
) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things"]["post"] = operation(body=THING, status=status, schema=schema)
    client = keep(document(paths))
    created = client.post("/things", json=NEW)
    assert created.status_code == status
    assert created.json == expected
    assert client.get("/things/new").json == NEW


@pytest.mark.parametrize("schema", [INTEGER, record(id=INTEGER), record(thingId=INTEGER)])
def test_the_key_that_the_server_has_chosen_is_in_the_response(keep: Keep, schema: Any) -> None:
    paths = crud("/things", "/things/{id}", record(id=INTEGER, label=TEXT))
    paths["/things"]["post"] = operation(body=record(label=TEXT), status=201, schema=schema)
    client = keep(document(paths, id=INTEGER))
    created: Any = client.post("/things", json={"label": "new"}).json
    key = next(iter(created.values())) if isinstance(created, dict) else created
    assert client.get(f"/things/{key}").json == {"id": key, "label": "new"}


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_creation_may_respond_with_a_location_alone(keep: Keep, status: int) -> None:
    paths = crud("/things", "/things/{id}", THING)
    location = {"Location": {"schema": TEXT}}
    paths["/things"]["post"] = operation(body=THING, status=status, headers=location)
    client = keep(document(paths))
    created = client.post("/things", json=NEW)
    assert created.status_code == status
    assert created.data == b""
    assert client.get(created.headers["Location"]).json == NEW


def test_a_creation_that_is_only_accepted_creates_nothing(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things"]["post"] = operation(body=THING, status=202, schema=record(job=TEXT))
    assert state(keep(document(paths))) == {}


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_may_respond_with_something_else(keep: Keep, method: str) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things/{id}"][method] = operation(body=THING, schema=record(changed={"const": True}))
    client = keep(document(paths))
    client.post("/things", json=NEW)
    changed = client.open("/things/new", method=method, json={**NEW, "label": "changed"})
    assert changed.json == {"changed": True}
    assert client.get("/things/new").json == {"id": "new", "label": "changed"}


@pytest.mark.parametrize(
    ("statuses", "created", "replaced"), [((200, 201), 201, 200), ((201,), 201, 201), ((201, 204), 201, 204)]
)
def test_a_put_creates_where_a_201_is_declared(
    keep: Keep, statuses: tuple[int, ...], created: int, replaced: int
) -> None:
    paths = crud("/things", "/things/{id}", THING)
    put = paths["/things/{id}"]["put"] = operation(body=THING, status=statuses[0], schema=THING)
    for status in statuses[1:]:
        put["responses"] |= operation(status=status, schema=None if status == 204 else THING)["responses"]
    client = keep(document(paths))
    first = client.put("/things/new", json=NEW)
    assert first.status_code == created
    assert first.json == NEW
    assert first.headers["Location"] == "/things/new"
    assert client.put("/things/new", json={**NEW, "label": "other"}).status_code == replaced
    assert client.get("/things/new").json == {**NEW, "label": "other"}
    assert NEW | {"label": "other"} in (client.get("/things").json or ())


def test_a_put_that_creates_takes_the_key_from_the_path(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things/{id}"]["put"] = operation(body=record(label=TEXT), status=201, schema=THING)
    assert keep(document(paths)).put("/things/a%20b", json={"label": "x"}).json == {"id": "a b", "label": "x"}


def test_a_put_creates_nothing_where_no_201_is_declared(keep: Keep) -> None:
    client = keep(document(crud("/things", "/things/{id}", THING)))
    assert client.put("/things/new", json=NEW).status_code == 404
    assert client.get("/things/new").status_code == 404


@pytest.mark.parametrize(("name", "status"), [("If-Match", 412), ("If-None-Match", 201)])
def test_a_put_that_creates_may_have_a_condition(keep: Keep, name: str, status: int) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things/{id}"]["put"] = operation(body=THING, status=201, schema=THING)
    client = keep(document(paths))
    assert client.put("/things/new", json=NEW, headers={name: "*"}).status_code == status
    assert client.get("/things/new").status_code == (200 if status == 201 else 404)


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_post_on_a_record_changes_it(keep: Keep, media_type: str) -> None:
    paths = crud("/things", "/things/{id}", record(id=TEXT, label=TEXT, size=TEXT))
    post = paths["/things/{id}"]["post"] = operation(schema=record(id=TEXT, label=TEXT, size=TEXT))
    post["requestBody"] = content({"type": "object", "properties": {"label": TEXT, "size": TEXT}}, media_type)
    client = keep(document(paths))
    client.post("/things", json={**NEW, "size": "small"})
    sent: Any = {"json": {"size": "big"}} if "json" in media_type else {"data": {"size": "big"}}
    assert client.post("/things/new", **sent).json == {**NEW, "size": "big"}
    assert client.get("/things/new").json == {**NEW, "size": "big"}
    assert client.post("/things/none", **sent).status_code == 404


def test_a_post_on_a_record_may_change_it_by_the_query(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things/{id}"]["post"] = operation(schema=THING, parameters=[("label", TEXT)])
    client = keep(document(paths))
    client.post("/things", json=NEW)
    assert client.post("/things/new?label=changed").json == {"id": "new", "label": "changed"}
    assert client.get("/things/new").json == {"id": "new", "label": "changed"}


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_key_may_be_in_the_body(keep: Keep, method: str) -> None:
    paths = crud("/things", "/things/{id}", THING)
    del paths["/things/{id}"]["put"], paths["/things/{id}"]["patch"]
    paths["/things"][method] = operation(body=THING, schema=THING)
    client = keep(document(paths))
    client.post("/things", json=NEW)
    changed = {"id": "new", "label": "changed"}
    assert client.open("/things", method=method, json=changed).json == changed
    assert client.get("/things/new").json == changed
    assert client.open("/things", method=method, json={"id": "none", "label": "x"}).status_code == 404


def test_a_body_without_the_key_is_refused(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things"]["put"] = operation(body={**THING, "required": []}, schema=THING)
    refused = keep(document(paths)).put("/things", json={"label": "x"})
    assert refused.status_code == 422
    assert (refused.json or {})["violations"] == [
        {
            "location": "body",
            "pointer": "/id",
            "keyword": "required",
            "message": '"id" is missing, which names the record',
        }
    ]


FILE = {"type": "string", "format": "binary"}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (record(label=TEXT, file=FILE), {"label": "new"}),
        (record(label=TEXT, url=FILE), {"label": "new"}),
        (record(label=TEXT, size=TEXT, file=FILE), {"label": "new"}),
        (record(file=FILE), {}),
    ],
)
@pytest.mark.parametrize("media_types", [["multipart/form-data"], ["application/json", "multipart/form-data"]])
def test_a_form_with_a_file_creates_a_record(
    keep: Keep, body: dict[str, Any], kept: dict[str, Any], media_types: list[str]
) -> None:
    photo = {**record(id=TEXT, label=TEXT, url={"type": "string", "format": "uri"}), "additionalProperties": False}
    paths = crud("/photos", "/photos/{id}", {"$ref": "#/components/schemas/Photo"})
    post = paths["/photos"]["post"] = operation(status=201, schema={"$ref": "#/components/schemas/Photo"})
    schemas = {"application/json": photo, "multipart/form-data": body}
    post["requestBody"] = {"content": {name: {"schema": schemas[name]} for name in media_types}}
    del paths["/photos/{id}"]["patch"]
    client = keep({**document(paths), "components": {"schemas": {"Photo": photo}}})
    sent = {
        name: (io.BytesIO(b"\x89PNG\xff\x00"), "a.png") if schema == FILE else "new"
        for name, schema in body["properties"].items()
    }
    created = client.post("/photos", data=sent, content_type="multipart/form-data")
    assert created.status_code == 201, created.text
    thing: Any = created.json
    assert {name: thing[name] for name in kept} == kept
    assert client.get(f"/photos/{thing['id']}").json == thing
    assert thing in (client.get("/photos").json or ())


def test_a_contract_of_such_collections_passes_the_check(tmp_path: Path) -> None:
    paths = crud("/things", "/thing/{thingRef}", THING, "*/*")
    paths["/things"]["post"] = operation(body=THING, status=201, schema=record(id=TEXT))
    paths["/things"]["put"] = operation(body=THING, schema=THING)
    paths["/thing/{thingRef}"]["put"] = operation(body=THING, status=201, schema=THING)
    paths |= crud("/boxes", "/boxes/{boxNumber}", THING)
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document(paths, boxNumber=INTEGER)))
    contract = load_contract(file, stateful=True)
    assert list(contract.inferred) == ["thing", "boxes"]
    checker = ContractChecker(contract)
    assert [*checker.steps()]
    assert checker.findings == []


def nested(parameter: str = "projectId", schema: Any = THING) -> dict[str, dict[str, Any]]:
    """Projects, and the tasks of each, which do not say whose they are."""
    paths = crud("/projects", f"/projects/{{{parameter}}}", THING)
    return paths | crud(f"/projects/{{{parameter}}}/tasks", f"/projects/{{{parameter}}}/tasks/{{taskId}}", schema)


@pytest.fixture(params=["projectId", "id", "project_id", "project"])
def tasks(request: pytest.FixtureRequest, keep: Keep) -> FlaskClient:
    """A client of projects `a` and `b` with tasks, whose records have no field for the project."""
    closed = {**THING, "additionalProperties": False}
    client = keep(document(nested(request.param, closed)))
    for name in ("a", "b"):
        assert client.post("/projects", json={"id": name, "label": name}).status_code == 201
    return client


def test_records_may_lack_the_field_of_their_owner(tasks: FlaskClient) -> None:
    walk(tasks, "/projects/a/tasks", "id", NEW)


def test_records_that_lack_the_field_of_their_owner_are_found_below_it_alone(tasks: FlaskClient) -> None:
    tasks.post("/projects/a/tasks", json=NEW)
    assert tasks.get("/projects/a/tasks").json == [NEW]
    assert tasks.get("/projects/b/tasks").json == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/projects/b/tasks/new"),
        ("PATCH", "/projects/b/tasks/new"),
        ("DELETE", "/projects/b/tasks/new"),
        ("GET", "/projects/none/tasks"),
        ("POST", "/projects/none/tasks"),
    ],
)
def test_below_another_owner_or_none_they_are_unknown(tasks: FlaskClient, method: str, path: str) -> None:
    tasks.post("/projects/a/tasks", json=NEW)
    body = {"PATCH": {"label": "x"}, "POST": NEW}.get(method)
    assert tasks.open(path, method=method, json=body).status_code == 404


def test_records_that_lack_the_field_of_their_owner_are_removed_with_it(tasks: FlaskClient) -> None:
    tasks.post("/projects/a/tasks", json=NEW)
    assert tasks.delete("/projects/a").status_code == 204
    assert all(task["id"] != "new" for task in state(tasks)["tasks"])


def test_the_control_api_shows_whose_a_record_is(keep: Keep) -> None:
    client = keep(document(nested()))
    client.post("/projects", json={"id": "a", "label": "a"})
    client.post("/projects/a/tasks", json=NEW)
    assert state(client)["tasks"][-1] == {**NEW, "projectId": "a"}
    assert client.put("/__mock/state/tasks/put", json={"id": "put", "label": "x", "projectId": "a"}).status_code == 201
    assert client.get("/projects/a/tasks/put").json == {"id": "put", "label": "x"}


def test_the_first_records_of_every_level_belong_together(keep: Keep) -> None:
    paths = nested()
    paths |= crud(
        "/projects/{projectId}/tasks/{taskId}/notes", "/projects/{projectId}/tasks/{taskId}/notes/{noteId}", THING
    )
    client = keep(document(paths))
    records = state(client)
    owners = {task["id"]: task["projectId"] for task in records["tasks"]}
    assert {note["projectId"] for note in records["notes"]} <= set(owners.values())
    for note in records["notes"]:
        assert note["projectId"] == owners[note["taskId"]]
        shown = {name: note[name] for name in ("id", "label")}
        assert client.get(f"/projects/{note['projectId']}/tasks/{note['taskId']}/notes/{note['id']}").json == shown


def test_hidden_owners_are_recorded_and_written_to_a_directory(keep: Keep, tmp_path: Path) -> None:
    client = keep(document(nested()))
    client.post("/projects", json={"id": "a", "label": "a"})
    client.post("/projects/a/tasks", json=NEW)
    recording = tmp_path / "recorded.yaml"
    recording.write_text(client.get("/__mock/recording").text)
    again = create_app(tmp_path / "openapi.json", stateful=True, scenario=str(recording)).test_client()
    assert again.get("/projects/a/tasks").json == [NEW]
    result = CliRunner().invoke(main, ["init", "--from", str(tmp_path / "openapi.json"), str(tmp_path / "written")])
    assert result.exit_code == 0, result.output
    written = create_app(tmp_path / "written").test_client()
    written.post("/projects", json={"id": "a", "label": "a"})
    assert written.post("/projects/a/tasks", json=NEW).json == NEW
    assert written.get("/projects/a/tasks").json == [NEW]


def test_hidden_owners_pass_the_check(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document(nested(schema={**THING, "additionalProperties": False}))))
    contract = load_contract(file, stateful=True)
    assert contract.inferred["tasks"].startswith("tasks: /projects/{projectId}/tasks, key id, owned by projects;")
    checker = ContractChecker(contract)
    assert [*checker.steps()]
    assert checker.findings == []


@pytest.fixture
def pets(keep: Keep) -> FlaskClient:
    """A client of a store in the form of the well-known example: no list of all pets, and the key in the body."""
    status = {"type": "string", "enum": ["available", "sold"]}
    pet = {
        "type": "object",
        "required": ["name"],
        "properties": {"id": INTEGER, "name": TEXT, "status": status},
    }
    paths = {
        "/pet": {"put": operation(body=pet, schema=pet), "post": operation(body=pet, schema=pet)},
        "/pet/findByStatus": {"get": operation(schema=array_of(pet), parameters=[("status", status)])},
        "/pet/{petId}": {
            "get": operation(schema=pet),
            "post": operation(schema=pet, parameters=[("name", TEXT), ("status", TEXT)]),
            "delete": operation(status=200),
        },
    }
    return keep(document(paths, petId=INTEGER))


PET = {"id": 77, "name": "Rex", "status": "available"}


def test_the_store_keeps_pets(pets: FlaskClient) -> None:
    assert pets.post("/pet", json=PET).json == PET
    assert pets.put("/pet", json={**PET, "status": "sold"}).json == {**PET, "status": "sold"}
    assert pets.get("/pet/77").json == {**PET, "status": "sold"}
    assert pets.post("/pet/77?name=Max").json == {**PET, "name": "Max", "status": "sold"}
    assert pets.delete("/pet/77").status_code == 200
    assert pets.get("/pet/77").status_code == 404


def test_what_declares_errors_alone_succeeds(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    errors = {"responses": {"400": {"description": "bad"}, "404": {"description": "none"}}}
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"label": TEXT}}}}
    item = paths["/things/{id}"]
    item["delete"] = {"operationId": "remove", **errors}
    item["post"] = {"operationId": "change", "requestBody": {"content": form}, **errors}
    client = keep(document(paths))
    client.post("/things", json={"id": "new", "label": "a"})
    changed = client.post("/things/new", data={"label": "b"})
    assert changed.status_code == 200
    assert changed.json == {"id": "new", "label": "b"}
    assert client.delete("/things/new").status_code == 204
    assert client.delete("/things/new").status_code == 404


def test_the_store_finds_pets_by_their_status(pets: FlaskClient) -> None:
    pets.post("/pet", json=PET)
    listed: Any = pets.get("/pet/findByStatus?status=available").json
    assert PET in listed
    assert {pet["status"] for pet in listed} == {"available"}
    assert PET not in (pets.get("/pet/findByStatus?status=sold").json or ())


@pytest.mark.parametrize("path", ["/things/search", "/things/find", "/things/filter"])
def test_a_search_lists_records(keep: Keep, path: str) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths[path] = {"get": operation(schema=array_of(THING), parameters=[("q", TEXT)])}
    client = keep(document(paths))
    client.post("/things", json={"id": "new", "label": "unmistakable"})
    assert client.get(f"{path}?q=unmistakable").json == [{"id": "new", "label": "unmistakable"}]


def test_a_search_by_what_records_do_not_have_responds_as_without_state(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things/findByColor"] = {"get": operation(schema=array_of(THING), parameters=[("color", TEXT)])}
    client = keep(document(paths))
    client.post("/things", json=NEW)
    assert NEW not in (client.get("/things/findByColor?color=red").json or ())


@pytest.mark.parametrize(
    ("collection", "item"),
    [
        ("/things.json", "/things/{id}.json"),
        ("/things", "/things({id})"),
        ("/things", "/thing/{id}/"),
        ("/things/", "/things/{id}/"),
    ],
)
def test_the_location_of_a_created_record_is_the_path_that_reads_it(keep: Keep, collection: str, item: str) -> None:
    client = keep(document(crud(collection, item, THING)))
    created = client.post(collection, json={"id": "a b", "label": "x"})
    assert created.status_code == 201
    assert client.get(created.headers["Location"]).json == {"id": "a b", "label": "x"}


def test_a_new_record_is_created_now_whatever_other_times_it_may_have(keep: Keep) -> None:
    stamp = {"type": "string", "format": "date-time"}
    schema = record(id=TEXT, label=TEXT, created_at=stamp) | {"required": ["id", "created_at"]}
    schema["properties"] |= {"started_at": stamp, "closed_at": stamp}
    paths = crud("/things", "/things/{id}", schema)
    paths["/things"]["post"]["requestBody"] = content(record(label=TEXT))
    client = keep(document(paths))
    now = client.get("/__mock/clock").get_json()["now"]
    assert client.post("/things", json={"label": "x"}).get_json()["created_at"] == now


def test_several_created_records_have_no_location(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things/bulk"] = {"post": operation(body=array_of(THING), status=201, schema=array_of(THING))}
    created = keep(document(paths)).post("/things/bulk", json=[{"id": "a", "label": "x"}])
    assert created.status_code == 201
    assert "Location" not in created.headers


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_required_write_only_member_is_not_sent(keep: Keep, version: str) -> None:
    user = record(id=TEXT, password={"type": "string", "writeOnly": True})
    client = keep(document(crud("/users", "/users/{id}", user)) | {"openapi": version})
    new = {"id": "a", "password": "secret"}
    responses = [client.post("/users", json=new), client.get("/users/a"), client.put("/users/a", json=new)]
    assert [(response.status_code, response.get_json()) for response in responses] == [
        (201, {"id": "a"}),
        (200, {"id": "a"}),
        (200, {"id": "a"}),
    ]
    assert client.post("/users", json={"id": "b"}).status_code == 422


def test_members_that_are_write_only_are_not_sent_at_any_depth(keep: Keep) -> None:
    secret = {"type": "string", "writeOnly": True}
    user = {**record(id=TEXT, password=secret, card=record(pin=secret, owner=TEXT)), "required": ["id"]}
    user["example"] = {"id": "a", "password": "leak", "card": {"pin": "leak", "owner": "Ann"}}
    client = keep(document(crud("/users", "/users/{id}", user)))
    new = {"id": "b", "password": "leak", "card": {"pin": "leak", "owner": "Bob"}}
    created, first = client.post("/users", json=new), client.get("/users/a")
    assert [created.get_json(), first.get_json()] == [
        {"id": "b", "card": {"owner": "Bob"}},
        {"id": "a", "card": {"owner": "Ann"}},
    ]
    assert "leak" not in client.get("/users").text


def test_a_member_that_only_some_alternatives_have_write_only_is_sent_by_the_others(keep: Keep) -> None:
    secret = {"type": "string", "writeOnly": True}
    card, bank = (
        record(id=TEXT, kind={"const": kind}, number=number) for kind, number in (("card", secret), ("bank", TEXT))
    )
    client = keep(document(crud("/methods", "/methods/{id}", {"oneOf": [card, bank]})))
    for kind, shown in (("card", {}), ("bank", {"number": "1"})):
        method = {"id": kind, "kind": kind, "number": "1"}
        assert client.post("/methods", json=method).get_json() == {"id": kind, "kind": kind, **shown}
        assert client.get(f"/methods/{kind}").get_json() == {"id": kind, "kind": kind, **shown}


def test_items_of_a_list_are_sent_without_their_write_only_members(keep: Keep) -> None:
    card = {**record(id=TEXT, owner=TEXT, pin={"type": "string", "writeOnly": True}), "required": ["id"]}
    paths = crud("/users", "/users/{id}", record(id=TEXT, cards=array_of(card)))
    paths["/users/{id}/cards"] = {"post": operation(status=201, body=card, schema=card)}
    paths["/users/{id}/cards/{cardId}"] = {"get": operation(schema=card), "patch": operation(body=card, schema=card)}
    client = keep(document(paths))
    new = {"id": "1", "owner": "Ann", "pin": "leak"}
    client.post("/users", json={"id": "a", "cards": []})
    responses = [
        client.post("/users/a/cards", json=new),
        client.get("/users/a/cards/1"),
        client.patch("/users/a/cards/1", json=new),
    ]
    assert [response.get_json() for response in responses] == [{"id": "1", "owner": "Ann"}] * 3


@pytest.mark.parametrize(("label", "expected"), [({"type": ["string", "null"]}, {"id": "a"}), (TEXT, None)])
def test_null_in_a_merge_patch_removes_a_member_that_the_body_may_leave_out(
    keep: Keep, label: dict[str, Any], expected: Any
) -> None:
    schema = {**record(id=TEXT, label=TEXT), "required": ["id"]}
    paths = crud("/things", "/things/{id}", schema)
    paths["/things/{id}"]["patch"] = operation(body={**record(label=label), "required": []}, schema=schema)
    client = keep(document(paths))
    client.post("/things", json={"id": "a", "label": "x"})
    changed = client.patch("/things/a", json={"label": None})
    assert changed.status_code == (200 if expected else 422)
    assert client.get("/things/a").get_json() == (expected or {"id": "a", "label": "x"})


def test_a_required_member_is_not_removed_by_null(keep: Keep) -> None:
    paths = crud("/things", "/things/{id}", THING)
    paths["/things/{id}"]["patch"] = operation(body=record(label={"type": ["string", "null"]}), schema=THING)
    client = keep(document(paths))
    client.post("/things", json={"id": "a", "label": "x"})
    assert client.patch("/things/a", json={"label": None}).get_json() == {"id": "a", "label": "x"}


def test_a_list_whose_records_a_put_without_a_body_adds_keeps_no_state(keep: Keep) -> None:
    paths = crud("/users", "/users/{userId}", THING)
    paths["/users/{userId}/roles"] = {"get": operation(schema=array_of(THING))}
    paths["/users/{userId}/roles/{roleId}"] = {"put": operation(status=204), "delete": operation(status=204)}
    client = keep(document(paths))
    assert state(client).keys() == {"users"}
    assert client.put("/users/a/roles/b").status_code == 204
    assert client.delete("/users/a/roles/b").status_code == 204
