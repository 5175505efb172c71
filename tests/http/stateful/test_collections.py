from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)
from werkzeug.test import TestResponse

from mockserver import create_app
from tests.attack.scale import some
from tests.conftest import MakeContract, Serve
from tests.documents.kennel import write


@pytest.fixture
def kennel(tmp_path: Path) -> FlaskClient:
    """A client of the kennel with state."""
    return create_app(write(tmp_path), stateful=True).test_client(use_cookies=False)


def body(answered: TestResponse) -> Any:
    return answered.get_json()


def ids(answered: TestResponse) -> list[Any]:
    held = body(answered)
    return [item["id"] for item in (held if isinstance(held, list) else held["data"])]


def test_what_is_posted_is_there_with_what_the_server_adds(kennel: FlaskClient) -> None:
    created = kennel.post("/owners", json={"name": "Ada", "password": "secret"})
    assert created.status_code == 201
    assert created.headers["Location"] == "http://localhost/owners/4"
    record = {**body(created), "email": "", "status": ""}
    assert record == {"id": 4, "name": "Ada", "email": "", "status": "", "created_at": "2026-01-01T00:00:00.000Z"}
    assert kennel.get("/owners/4").json == created.json
    assert ids(kennel.get("/owners")) == [1, 2, 3, 4]


def test_members_that_only_a_request_body_declares_are_not_stored(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        body = document["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]
        owner = {"type": "object", "properties": {"name": {"type": "string"}}}
        body["schema"] = {"type": "object", "properties": {
            "name": {"type": "string"}, "owner": {"type": "integer"}, "tags": {"type": "array", "items": owner}}}  # fmt: skip

    client = create_app(write(tmp_path, change), stateful=True).test_client(use_cookies=False)
    created = client.post("/pets", json={"name": "Tom", "owner": 5, "tags": [{"name": "big"}]})
    assert created.status_code == 200, created.text
    assert created.json["name"] == "Tom"
    pet = body(created)
    assert "owner" not in pet
    assert {"name": "big"} not in pet.get("tags", ())
    assert pet["owner_id"] in (1, 2, 3)
    assert body(client.get(f"/pets/{pet['id']}")) == pet


def test_what_is_deleted_is_gone_and_what_it_owned_with_it(kennel: FlaskClient) -> None:
    pet = kennel.post("/pets", json={"id": "0b8a2a2e-3a63-4a0c-8d5c-1f0d7b4b7d10", "name": "Tom", "owner_id": 2}).json
    assert kennel.delete("/owners/2").status_code == 204
    assert kennel.get("/owners/2").status_code == 404
    assert kennel.get(f"/pets/{pet['id']}").status_code == 404
    assert all(item["owner_id"] != 2 for item in body(kennel.get("/pets")))
    assert kennel.delete("/owners/2").status_code == 404


def test_an_unknown_id_gets_the_error_body_that_the_document_declares(kennel: FlaskClient) -> None:
    answered = kennel.get("/owners/77")
    assert answered.status_code == 404
    assert answered.mimetype == "application/json"
    assert list(body(answered)) == ["error"]
    assert answered.headers["X-Mock-Code"] == "unknown-record"


def test_a_removal_responds_with_the_record_where_that_is_declared(kennel: FlaskClient) -> None:
    pet = kennel.get("/pets").json[0]
    assert kennel.delete(f"/pets/{pet['id']}").json == pet
    visit = kennel.post("/owners/1/visits", json={}).json
    assert kennel.delete(f"/owners/1/visits/{visit['id']}").json == {"id": visit["id"], "deleted": True}


def test_put_replaces_and_patch_merges_and_neither_touches_what_is_the_servers(kennel: FlaskClient) -> None:
    before = kennel.get("/owners/1").json
    replaced = kennel.put("/owners/1", json={"name": "Bo"}).json
    assert replaced == {"id": 1, "name": "Bo", "created_at": before["created_at"]}
    assert kennel.patch("/owners/1", json={"status": "gone"}).json == {**replaced, "status": "gone"}
    assert kennel.get("/owners/1").json == {**replaced, "status": "gone"}
    assert kennel.put("/owners/9", json={"name": "Bo"}).status_code == 404


def test_put_leaves_what_a_record_must_have_and_a_body_need_not_bring(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Owner"]["required"] += ["email", "status"]
        put = document["paths"]["/owners/{ownerId}"]["put"]["requestBody"]["content"]["application/json"]
        put["schema"]["properties"]["status"] = {"type": "integer"}

    client = create_app(write(tmp_path, change), stateful=True).test_client(use_cookies=False)
    before = body(client.get("/owners/1"))
    assert body(client.put("/owners/1", json={"name": "Bo", "status": 5})) == {**before, "name": "Bo"}


def test_an_envelope_counts_what_it_holds(kennel: FlaskClient) -> None:
    first, last = kennel.get("/owners?per_page=2").json, kennel.get("/owners?per_page=2&page=2").json
    assert [first[name] for name in ("total", "count", "has_more")] == [3, 2, True]
    assert [last[name] for name in ("total", "count", "has_more")] == [3, 1, False]
    assert [item["id"] for item in (*first["data"], *last["data"])] == [1, 2, 3]
    assert last["next"] is None
    assert "next" not in last["links"]
    assert kennel.get("/owners?page=2").json["data"] == []


def test_parameters_named_like_a_field_filter_where_their_type_fits(kennel: FlaskClient) -> None:
    kennel.patch("/owners/2", json={"status": "gone"})
    removed = kennel.get("/owners?status=gone").json
    assert {item["status"] for item in removed["data"]} == {"gone"}
    assert removed["total"] == len(removed["data"])
    pets = kennel.get("/pets")
    first, *_ = [item["tags"] for item in body(pets) if item.get("tags")]
    tagged = [item for item in body(pets) if first[0] in item.get("tags", ())]
    assert kennel.get(f"/pets?tags=x,{first[0]}").json == tagged
    assert kennel.get("/pets?tags=x").json == []
    both = kennel.get("/pets?species=cat&species=dog")
    assert both.headers["X-Total-Count"] == str(len([item for item in body(pets) if "species" in item]))
    assert kennel.get("/pets?limit=2&offset=1").json == pets.json[1:3]


def test_a_record_that_is_created_below_its_parent_refers_to_it(kennel: FlaskClient) -> None:
    created = kennel.post("/owners/3/visits", json={"reason": "shots"})
    assert created.status_code == 201
    assert created.json["owner_id"] == 3
    assert created.json["reason"] == "shots"


def test_a_nested_record_exists_below_its_parent_alone(kennel: FlaskClient) -> None:
    visit = body(kennel.post("/owners/3/visits", json={"reason": "shots"}))
    assert visit in body(kennel.get("/owners/3/visits"))
    assert visit not in body(kennel.get("/owners/1/visits"))
    assert kennel.get(f"/owners/1/visits/{visit['id']}").status_code == 404


def test_below_a_parent_that_does_not_exist_nothing_is_listed_or_created(kennel: FlaskClient) -> None:
    assert kennel.get("/owners/9/visits").status_code == 404
    assert kennel.post("/owners/9/visits", json={}).status_code == 404


def test_one_collection_may_be_listed_below_another(kennel: FlaskClient) -> None:
    everything = body(kennel.get("/pets"))
    assert kennel.get("/owners/1/pets").json == [item for item in everything if item["owner_id"] == 1]


def test_it_is_reset_and_undone_and_recorded_like_any_other_state(kennel: FlaskClient, tmp_path: Path) -> None:
    before = kennel.get("/owners").json
    kennel.post("/owners", json={"name": "Ada"})
    kennel.delete("/owners/1")
    recording = tmp_path / "made.yaml"
    recording.write_text(kennel.get("/__mock/recording").text)
    assert kennel.post("/__mock/clock", json={"undo": 1}).status_code == 200
    assert ids(kennel.get("/owners")) == [1, 2, 3, 4]
    assert kennel.post("/__mock/reset").status_code == 200
    assert kennel.get("/owners").json == before
    again = create_app(tmp_path / "kennel.json", stateful=True, scenario=str(recording)).test_client(use_cookies=False)
    assert ids(again.get("/owners")) == [2, 3, 4]


def test_sandboxes_and_the_empty_scenario_keep_apart(kennel: FlaskClient) -> None:
    kennel.delete("/owners/1")
    assert ids(kennel.get("/owners", headers={"X-Mock-Sandbox": "other"})) == [1, 2, 3]
    empty = {"X-Mock-Scenario": "empty"}
    assert kennel.get("/owners", headers=empty).json["data"] == []
    assert kennel.post("/owners", json={"name": "Ada"}, headers=empty).json["id"] == 1


def test_operations_that_do_not_fit_answer_with_samples(kennel: FlaskClient) -> None:
    assert kennel.get("/reports/anything").status_code == 200
    assert kennel.delete("/reports/anything").status_code == 204
    assert kennel.get("/reports/anything").status_code == 200


def test_records_are_json_or_xml_by_what_is_accepted(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        content = document["paths"]["/owners/{ownerId}"]["get"]["responses"]["200"]["content"]
        content["application/xml"] = content["application/json"]

    client = create_app(write(tmp_path, change), stateful=True).test_client(use_cookies=False)
    assert client.get("/owners/1", headers={"Accept": "application/json, */*;q=0.1"}).mimetype == "application/json"
    assert client.get("/owners/1", headers={"Accept": "application/xml"}).mimetype == "application/xml"


def test_a_body_that_cannot_become_a_record_is_refused_with_the_accepted_media_types(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        content = document["paths"]["/owners"]["post"]["requestBody"]["content"]
        content["application/yaml"] = {"schema": {"type": "object"}}

    client = create_app(write(tmp_path, change), stateful=True).test_client(use_cookies=False)
    refused = client.post("/owners", data="name: Ada", content_type="application/yaml")
    assert refused.status_code == 415
    assert refused.headers["Accept-Post"] == "application/json"
    assert 'accepts application/json; the request body was sent as "application/yaml"' in refused.json["detail"]
    assert len(ids(client.get("/owners"))) == 3


TEXT = st.text("abc", min_size=1, max_size=5)
NEW = st.fixed_dictionaries({"name": TEXT}, optional={"status": st.sampled_from(["active", "gone"])})


class Owners(RuleBasedStateMachine):
    """Random requests, held against a dictionary."""

    app: Any = None
    keys = Bundle("keys")

    @initialize(target=keys)
    def begin(self) -> Any:
        self.client = self.app.test_client(use_cookies=False)
        self.client.post("/__mock/reset")
        self.model = {item["id"]: item for item in self.client.get("/owners").json["data"]}
        self.latest = max(self.model)
        return multiple(*self.model)

    @rule(target=keys, body=NEW)
    def post(self, body: dict[str, Any]) -> Any:
        created = self.client.post("/owners", json=body).json
        assert created.items() >= body.items()
        # The key of a removed record is not used again.
        self.latest += 1
        assert created["id"] == self.latest
        self.model[created["id"]] = created
        return created["id"]

    @rule(key=keys, body=NEW)
    def put(self, key: int, body: dict[str, Any]) -> None:
        answered = self.client.put(f"/owners/{key}", json=body)
        if key in self.model:
            stored = {name: self.model[key][name] for name in ("id", "created_at")}
            self.model[key] = {**stored, **body}
        self.agrees(answered, key)

    @rule(key=keys, status=st.sampled_from(["active", "gone", None]))
    def patch(self, key: int, status: str | None) -> None:
        answered = self.client.patch(f"/owners/{key}", json={"status": status} if status else {})
        if key in self.model and status:
            self.model[key] = {**self.model[key], "status": status}
        self.agrees(answered, key)

    @rule(key=consumes(keys))
    def delete(self, key: int) -> None:
        answered = self.client.delete(f"/owners/{key}")
        assert answered.status_code == (204 if self.model.pop(key, None) is not None else 404)

    @rule(key=keys)
    def get(self, key: int) -> None:
        self.agrees(self.client.get(f"/owners/{key}"), key)

    @rule(status=st.sampled_from(["", "?status=active", "?status=gone"]))
    def list(self, status: str) -> None:
        wanted = [one for one in self.model.values() if not status or one.get("status") == status.partition("=")[2]]
        answered = self.client.get(f"/owners{status}").json
        assert sorted(answered["data"], key=lambda one: one["id"]) == sorted(wanted, key=lambda one: one["id"])
        assert answered["total"] == len(wanted)

    def agrees(self, answered: TestResponse, key: int) -> None:
        assert (answered.status_code, answered.json if key in self.model else None) == (
            (200, self.model[key]) if key in self.model else (404, None)
        )


def test_any_sequence_of_requests_agrees_with_a_dictionary(tmp_path: Path) -> None:
    Owners.app = create_app(write(tmp_path), stateful=True)
    run_state_machine_as_test(Owners, settings=settings.default)


JOB = {"id": "a", "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:01.000Z"}
CHANGES = [("put", {**JOB, "note": "new"}, 200), ("patch", {"note": "new"}, 200), ("delete", None, 204)]


def change(client: FlaskClient, method: str, content: Any, path: str = "/jobs/a", **headers: str) -> TestResponse:
    extra = {} if content is None else {"json": content}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    response: TestResponse = getattr(client, method)(path, headers=sent, **extra)
    return response


@pytest.mark.parametrize(("method", "content", "status"), CHANGES)
@pytest.mark.parametrize("tag", ['"{}"', '"other", "{}"', "*"])
def test_a_change_with_the_current_tag_is_made(
    small_client: FlaskClient, method: str, content: Any, status: int, tag: str
) -> None:
    current = small_client.get("/jobs/a").headers["ETag"].strip('"')
    assert change(small_client, method, content, If_Match=tag.format(current)).status_code == status


@pytest.mark.parametrize(("method", "content", "status"), CHANGES)
@pytest.mark.parametrize("tag", ['"stale"', 'W/"{}"', '"stale", W/"{}"', "{}x"])
def test_a_change_with_another_tag_is_412_and_not_made(
    small_client: FlaskClient, method: str, content: Any, status: int, tag: str
) -> None:
    before = small_client.get("/jobs/a")
    current = before.headers["ETag"]
    condition = tag.format(current.strip('"'))
    response = change(small_client, method, content, If_Match=condition)
    assert response.status_code == 412
    assert response.json == {
        "type": "about:blank",
        "title": "Precondition Failed",
        "status": 412,
        "detail": f"The condition If-Match: {condition} does not hold: the resource exists, with the entity tag {current}.",
        "code": "precondition-failed",
        "current": current,
    }
    assert small_client.get("/jobs/a").data == before.data


def test_of_two_clients_that_read_the_same_version_one_changes_it(small_client: FlaskClient) -> None:
    tag = small_client.get("/jobs/a").headers["ETag"]
    first = change(small_client, "patch", {"note": "1"}, If_Match=tag)
    second = change(small_client, "patch", {"note": "2"}, If_Match=tag)
    assert first.status_code == 200
    assert second.status_code == 412
    assert small_client.get("/jobs/a").json["note"] == "1"


@pytest.mark.parametrize(("method", "content", "status"), CHANGES)
@pytest.mark.parametrize("tag", ["*", '"{}"', 'W/"{}"'])
def test_what_must_not_exist_is_412_where_it_does(
    small_client: FlaskClient, method: str, content: Any, status: int, tag: str
) -> None:
    current = small_client.get("/jobs/a").headers["ETag"].strip('"')
    response = change(small_client, method, content, If_None_Match=tag.format(current))
    assert response.status_code == 412
    assert response.headers["X-Mock-Code"] == "precondition-failed"


@pytest.mark.parametrize(("method", "content", "status"), CHANGES)
def test_a_change_that_must_not_meet_a_version_meets_another(
    small_client: FlaskClient, method: str, content: Any, status: int
) -> None:
    assert change(small_client, method, content, If_None_Match='"other"').status_code == status


@pytest.mark.parametrize(("method", "content", "status"), CHANGES)
@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
def test_what_is_not_there_is_404_whatever_the_condition(
    small_client: FlaskClient, method: str, content: Any, status: int, name: str
) -> None:
    assert change(small_client, method, content, "/jobs/none", **{name: "*"}).status_code == 404


@pytest.mark.parametrize(
    ("key", "headers", "status"),
    [
        ("new", {"If-None-Match": "*"}, 201),
        ("a", {"If-None-Match": "*"}, 412),
        ("a", {}, 409),
        ("new", {"If-Match": '"stale"'}, 412),
    ],
)
def test_a_create_may_have_conditions(
    small_client: FlaskClient, key: str, headers: dict[str, str], status: int
) -> None:
    assert change(small_client, "post", {"id": key, "owner_id": 1}, "/jobs", **headers).status_code == status


def test_a_condition_counts_before_a_conflict_and_is_not_kept_for_an_idempotency_key(
    small_client: FlaskClient,
) -> None:
    record = {"id": "new", "owner_id": 1}
    headers = {"Idempotency-Key": "k"}
    assert change(small_client, "post", record, "/jobs", If_Match='"stale"', **headers).status_code == 412
    assert change(small_client, "post", record, "/jobs", **headers).status_code == 201


def test_a_condition_is_compared_with_the_tag_that_an_override_gives(small_client: FlaskClient) -> None:
    small_client.post("/__mock/overrides", json={"operation": "getJob", "headers": {"ETag": '"v1"'}})
    assert change(small_client, "patch", {"note": "1"}, If_Match='"v0"').status_code == 412
    assert change(small_client, "patch", {"note": "1"}, If_Match='"v1"').status_code == 200


def test_a_condition_uses_up_no_override_and_moves_no_clock(small_client: FlaskClient) -> None:
    small_client.post("/__mock/overrides", json={"operation": "getJob", "status": 500, "times": 1})
    small_client.post("/__mock/clock", json={"mode": "per-request", "step": "1s"})
    change(small_client, "patch", {"note": "1"}, If_Match="*")
    assert small_client.get("/__mock/overrides").json["overrides"][0]["used"] == 0
    assert small_client.get("/__mock/clock").json["now"] == "2026-01-01T00:00:11.000Z"


@pytest.mark.parametrize(("condition", "status"), [('"stale"', 412), ("current", 200), ("*", 200)])
def test_an_operation_without_state_has_conditions_too(serve: Serve, condition: str, status: int) -> None:
    content = {"application/json": {"example": {"a": 1}}}
    response = {"200": {"description": "x", "content": content}}
    item = {"get": {"responses": response}, "put": {"responses": response}, "post": {"responses": response}}
    client = serve({"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": {"/a": item}})
    tag = client.get("/a").headers["ETag"] if condition == "current" else condition
    assert change(client, "put", None, "/a", If_Match=tag).status_code == status


KEYS = [
    "a?b",
    "a#b",
    "a%b",
    "a%41",
    "a b",
    "ü/x",
    "日本",
    "a\r\nb",
    "a\tb",
    "a:b",
    "a;b",
    "a,b=c",
    "a\\b",
    "a+b",
    "{a}",
    "%2F",
]


def test_a_created_record_refers_to_a_record_that_exists(small_client: FlaskClient) -> None:
    response = small_client.post("/jobs", json={})
    assert response.status_code == 201
    assert response.json["owner_id"] == 1


@pytest.mark.parametrize("key", KEYS)
def test_the_location_of_a_created_record_leads_to_it(small_client: FlaskClient, key: str) -> None:
    created = small_client.post("/jobs", json={"id": key, "owner_id": 1})
    assert created.status_code == 201
    location = created.headers["Location"]
    assert location.isascii()
    assert not set(location) & set(" \r\n\t?#")
    assert small_client.get(location).json == created.json


def test_an_address_that_clients_may_not_understand_is_not_sent(small_client: FlaskClient) -> None:
    sent = [small_client.post("/jobs", json={"id": "a" * size, "owner_id": 1}) for size in (7_000, 9_000)]
    assert [response.status_code for response in sent] == [201, 201]
    assert ["Location" in response.headers for response in sent] == [True, False]


@pytest.mark.parametrize("key", some(KEYS, 5))
def test_the_location_of_a_record_below_another_leads_to_it(tmp_path: Path, key: str) -> None:
    record = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "box": {"type": "string"}}}
    content = {"content": {"application/json": {"schema": record}}}
    many = {"content": {"application/json": {"schema": {"type": "array", "items": record}}}}
    path = [{"name": "box", "in": "path", "required": True, "schema": {"type": "string"}}]
    of_item = [*path, {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    responses = {"200": {"description": "x", **content}}
    paths = {
        "/boxes/{box}/items": {
            "parameters": path,
            "get": {"operationId": "listItems", "responses": {"200": {"description": "x", **many}}},
            "post": {
                "operationId": "createItem",
                "requestBody": content,
                "responses": {"201": {"description": "x", **content}},
            },
        },
        "/boxes/{box}/items/{id}": {"parameters": of_item, "get": {"operationId": "getItem", "responses": responses}},
    }
    resources = {
        "resources": {"items": {"schema": "item.json", "key": "id"}},
        "operations": {
            "listItems": {"list": "items"},
            "createItem": {"create": "items"},
            "getItem": {"read": "items"},
        },
    }
    document = {"openapi": "3.1.0", "info": {"title": "Boxes", "version": "1"}, "paths": paths}
    for name, data in {"openapi.yaml": document, "item.json": record, "resources.yaml": resources}.items():
        file = tmp_path / "schemas" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(data))
    client = create_app(tmp_path).test_client(use_cookies=False)
    created = client.post(f"/boxes/{quote(key, safe='')}/items", json={"id": "i"})
    assert created.status_code == 201
    assert created.json == {"id": "i", "box": key}
    assert client.get(created.headers["Location"]).json == created.json


@pytest.mark.parametrize("target", ["/jobs", "/jobs?limit=2.0", "/jobs?limit=2"])
def test_a_limit_may_be_written_as_json_schema_allows(make_contract: MakeContract, target: str) -> None:
    def change_limit(files: dict[str, Any]) -> None:
        parameters = files["schemas/openapi.yaml"]["paths"]["/jobs"]["get"]["parameters"]
        parameters[1]["schema"] = {"type": "number", "multipleOf": 1, "default": 2.0}

    client = create_app(make_contract(change_limit)).test_client(use_cookies=False)
    assert len(client.get(target).json or ()) == 2
