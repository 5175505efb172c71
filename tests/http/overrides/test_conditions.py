"""Overrides that ask for more of a request than its parameters: headers, cookies, the body; `*`; a share."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from mockserver import BackgroundServer, ContractError, create_app, load_contract
from tests.conftest import Serve
from tests.contract.orders import write

SECONDS = 20.0


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(write(tmp_path)).test_client(use_cookies=False)


def override(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    response = client.post("/__mock/overrides", json={"operation": "getOrder", "status": 503, **fields})
    assert response.status_code == 201, response.text
    added: dict[str, Any] = response.json or {}
    return added


@pytest.mark.parametrize(
    ("condition", "headers", "matches"),
    [
        ({"X-Plan": "gold"}, {"X-Plan": "gold"}, True),
        ({"x-plan": "gold"}, {"X-PLAN": "gold"}, True),
        ({"X-Plan": "gold"}, {"X-Plan": "Gold"}, False),
        ({"X-Plan": "gold"}, {}, False),
        ({"X-Count": 2}, {"X-Count": "2"}, True),
        ({"X-On": True}, {"X-On": "true"}, True),
        ({"X-Plan": {"pattern": "^g"}}, {"X-Plan": "gold"}, True),
        ({"X-Plan": {"pattern": "^g"}}, {"X-Plan": "silver"}, False),
        ({"X-Plan": {"type": "string"}}, {}, False),
        ({"X-Plan": {"type": "null"}}, {}, True),
        ({"X-Plan": {"pattern": "^g"}}, {}, False),
        ({"X-Plan": {"not": {"pattern": "^g"}}}, {}, True),
        ({"X-Plan": None}, {}, True),
        ({"X-Plan": None}, {"X-Plan": "gold"}, False),
        ({"X-Plan": "gold", "X-Count": "2"}, {"X-Plan": "gold"}, False),
        ({"User-Agent": {"pattern": "Safari"}}, {"User-Agent": "x Safari/1"}, True),
    ],
)
def test_a_header_is_a_value_or_matches_a_schema(
    client: FlaskClient, condition: Any, headers: dict[str, str], matches: bool
) -> None:
    override(client, match={"headers": condition})
    assert client.get("/orders/a", headers=headers).status_code == (503 if matches else 200)


@pytest.mark.parametrize(
    ("cookie", "matches"), [("session=ada", True), ("other=1; session=ada", True), ("session=ben", False), ("", False)]
)
def test_a_cookie_is_a_value(client: FlaskClient, cookie: str, matches: bool) -> None:
    override(client, match={"cookies": {"session": "ada"}})
    assert client.get("/orders/a", headers={"Cookie": cookie}).status_code == (503 if matches else 200)


@pytest.mark.parametrize(
    ("schema", "body", "matches"),
    [
        ({"required": ["reason"]}, {"reason": "x"}, True),
        ({"required": ["reason"]}, {}, False),
        ({"properties": {"user": {"properties": {"name": {"const": "Ada"}}}}}, {"user": {"name": "Ben"}}, False),
        ({"required": ["reason"]}, None, False),
        ({"properties": {"user": {"minLength": 1}}}, {"user": {}}, False),
        ({"properties": {"pattern": {"const": "x"}}}, {}, True),
        ({"anyOf": [{"type": "null"}, {"required": ["reason"]}]}, None, True),
        ({"type": "null"}, None, True),
        (False, {}, False),
    ],
)
def test_a_body_matches_a_schema(client: FlaskClient, schema: Any, body: Any, matches: bool) -> None:
    override(client, operation="cancelOrder", match={"body": schema})
    assert client.post("/orders/a/cancel", json=body).status_code == (503 if matches else 200)


def test_all_conditions_must_hold(client: FlaskClient) -> None:
    override(client, where={"id": "a"}, match={"headers": {"X-Plan": "gold"}, "cookies": {"session": "ada"}})
    both = {"X-Plan": "gold", "Cookie": "session=ada"}
    assert client.get("/orders/a", headers=both).status_code == 503
    assert client.get("/orders/free", headers=both).status_code == 200
    assert client.get("/orders/a", headers={"X-Plan": "gold"}).status_code == 200


def test_vary_names_the_headers_that_were_compared(client: FlaskClient) -> None:
    override(client, match={"headers": {"X-Plan": "gold"}})
    assert "X-Plan" in client.get("/orders/a").headers["Vary"]


def test_caches_of_the_server_keep_requests_with_other_headers_apart(tmp_path: Path) -> None:
    with BackgroundServer(create_app(write(tmp_path))) as server, requests.Session() as session:
        entry = {"operation": "getOrder", "status": 503, "match": {"headers": {"X-Plan": "gold"}}}
        session.post(f"{server.url}/__mock/overrides", json=entry, timeout=SECONDS).raise_for_status()
        statuses = [
            session.get(f"{server.url}/orders/a", headers={"X-Plan": plan}, timeout=SECONDS).status_code
            for plan in ("silver", "silver", "gold", "silver", "gold")
        ]
    assert statuses == [200, 200, 503, 200, 503]


def test_a_star_is_every_operation(client: FlaskClient) -> None:
    override(client, operation="*")
    assert client.get("/orders/a").status_code == 503
    assert client.post("/orders/a/pay").status_code == 503
    assert client.get("/__mock/health").status_code == 200


def test_of_the_newest_that_match_the_first_applies(client: FlaskClient) -> None:
    override(client, operation="*", status=500)
    override(client, match={"headers": {"X-Plan": "gold"}})
    assert client.get("/orders/a").status_code == 500
    assert client.get("/orders/a", headers={"X-Plan": "gold"}).status_code == 503


def statuses(client: FlaskClient, number: int, sandbox: str = "default") -> list[int]:
    headers = {"X-Mock-Sandbox": sandbox}
    return [client.get("/orders/a", headers=headers).status_code for _ in range(number)]


def test_a_share_of_the_requests_is_replaced(client: FlaskClient) -> None:
    override(client, share=0.2)
    assert 140 <= statuses(client, 1_000).count(503) <= 260


def test_the_share_is_drawn_alike_in_each_sandbox_and_after_a_reset(tmp_path: Path) -> None:
    def change(contents: dict[str, Any]) -> None:
        contents["scenarios/baseline.yaml"]["responses"] = [{"operation": "getOrder", "status": 503, "share": 0.5}]

    client = create_app(write(tmp_path, change)).test_client()
    first = statuses(client, 40, "one")
    assert set(first) == {200, 503}
    assert statuses(client, 40, "two") == first
    client.post("/__mock/reset", headers={"X-Mock-Sandbox": "one"})
    assert statuses(client, 40, "one") == first


def test_the_share_is_drawn_for_each_request_of_a_connection(tmp_path: Path) -> None:
    with BackgroundServer(create_app(write(tmp_path))) as server, requests.Session() as session:
        entry = {"operation": "getOrder", "status": 503, "share": 0.5}
        session.post(f"{server.url}/__mock/overrides", json=entry, timeout=SECONDS).raise_for_status()
        drawn = [session.get(f"{server.url}/orders/a", timeout=SECONDS).status_code for _ in range(60)]
    assert 15 <= drawn.count(503) <= 45


def test_a_recording_continues_to_draw_as_the_run_would(client: FlaskClient, tmp_path: Path) -> None:
    override(client, share=0.5)
    statuses(client, 7)
    recording = tmp_path / "recorded.yaml"
    recording.write_text(client.get("/__mock/recording").text)
    continued = create_app(load_contract(tmp_path), scenario=str(recording)).test_client()
    assert statuses(continued, 20) == statuses(client, 20)


def test_a_share_with_times_counts_only_what_it_replaces(client: FlaskClient) -> None:
    override(client, share=0.5, times=3)
    assert statuses(client, 40).count(503) == 3


def test_where_a_share_is_not_drawn_the_next_override_applies(client: FlaskClient) -> None:
    override(client, status=500)
    override(client, share=0.5)
    assert set(statuses(client, 30)) == {500, 503}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"match": {}}, "/match"),
        ({"match": {"header": {"X": "1"}}}, "/match"),
        ({"match": {"headers": {}}}, "/match/headers"),
        ({"match": {"headers": {"X": {"type": "nothing"}}}}, "/match/headers/X/type"),
        ({"match": {"body": {"item": "lamp"}}}, "/match/body/item"),
        ({"match": {"headers": {"X": {"equalTo": "1"}}}}, "/match/headers/X/equalTo"),
        ({"match": {"body": {"$ref": "other.json"}}}, "/match/body/$ref"),
        ({"share": 0}, "/share"),
        ({"share": 1.5}, "/share"),
        ({"operation": "*", "status": 200}, "/status"),
        ({"operation": "*", "where": {"idd": "a"}}, "/where/idd"),
        ({"where": {"id": {"equalTo": "a"}}}, "/where/id/equalTo"),
        ({"where": {"id": {"enum": list(range(10_000))}}}, "/where"),
        ({"operation": "**"}, "/operation"),
    ],
)
def test_a_mistake_is_refused_with_its_place(client: FlaskClient, fields: dict[str, Any], pointer: str) -> None:
    response = client.post("/__mock/overrides", json={"operation": "getOrder", "status": 503, **fields})
    assert response.status_code == 422
    assert [violation["pointer"] for violation in (response.json or {})["violations"]] == [pointer]


def test_a_mistake_in_a_scenario_is_reported_with_its_place(tmp_path: Path) -> None:
    def change(contents: dict[str, Any]) -> None:
        entry = {"operation": "getOrder", "status": 503, "match": {"headers": {"X": {"type": "nothing"}}}}
        contents["scenarios/baseline.yaml"]["responses"] = [entry]

    with pytest.raises(ContractError) as caught:
        load_contract(write(tmp_path, change))
    assert [problem.pointer for problem in caught.value.problems] == ["/responses/0/match/headers/X/type"]


QUERY = {
    "q": {"type": "string"},
    "page": {"type": "integer", "default": 1},
    "tag": {"type": "array", "items": {"type": "string"}},
    "exact": {"type": "boolean"},
}


@pytest.mark.parametrize(
    ("where", "query", "matches"),
    [
        ({"q": {"pattern": "^a"}}, "q=ab", True),
        ({"q": {"pattern": "^a"}}, "q=b", False),
        ({"q": {"pattern": "^a"}}, "", False),
        ({"q": {"type": ["string", "null"], "pattern": "^a"}}, "", True),
        ({"page": {"minimum": 2}}, "page=2", True),
        ({"page": {"minimum": 2}}, "page=1", False),
        ({"tag": {"contains": {"pattern": "^a"}}}, "tag=b&tag=ab", True),
        ({"tag": {"contains": {"pattern": "^a"}}}, "tag=b", False),
        ({"tag": {"contains": {"pattern": "^a"}}}, "", False),
        ({"exact": True}, "exact=true", True),
        ({"exact": "true"}, "exact=true", True),
        ({"exact": 1}, "exact=true", False),
    ],
)
def test_a_parameter_is_a_value_or_matches_a_schema(serve: Serve, where: Any, query: str, matches: bool) -> None:
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in QUERY.items()]
    operation = {"operationId": "list", "parameters": parameters, "responses": {"204": {"description": "ok"}}}
    client = serve({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"get": operation}}})
    expected = {"operation": "list", "where": where}
    assert client.post("/__mock/overrides", json={**expected, "status": 503}).status_code == 201
    assert client.get(f"/x?{query}").status_code == (503 if matches else 204)
    verified = client.post("/__mock/verify", json={"expect": [{**expected, "times": int(matches)}]})
    assert verified.status_code == 200, verified.text


def test_a_file_in_a_form_is_described_by_its_name_type_and_size(serve: Serve) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "photo": {"type": "string"}}}
    operation = {
        "operationId": "add",
        "requestBody": {"content": {"multipart/form-data": {"schema": schema}}},
        "responses": {"204": {"description": "ok"}},
    }
    client = serve({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"post": operation}}})
    photo = {"filename": "a.png", "content_type": "image/png", "size": 3}
    expected = {"const": {"name": "Ada", "photo": photo}}
    override(client, operation="add", match={"body": expected})
    for name, status in (("a.png", 503), ("b.png", 204)):
        form = {"name": "Ada", "photo": (BytesIO(b"abc"), name, "image/png")}
        assert client.post("/x", data=form).status_code == status
    assert client.post("/__mock/verify", json={"expect": [{"operation": "add", "body": expected, "times": 1}]}).json


def test_a_member_of_an_object_in_the_query_is_a_parameter(serve: Serve) -> None:
    page = {"type": "object", "properties": {"size": {"type": "integer", "default": 2}}}
    parameter = {"name": "page", "in": "query", "style": "deepObject", "schema": page}
    operation = {"operationId": "list", "parameters": [parameter], "responses": {"204": {"description": "ok"}}}
    client = serve({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"get": operation}}})
    where = {"operation": "list", "where": {"page[size]": 5}}
    assert client.post("/__mock/overrides", json={**where, "status": 503}).status_code == 201
    targets = ("/x", "/x?page[size]=5", "/x?page[size]=6")
    assert [client.get(target).status_code for target in targets] == [204, 503, 204]
    assert client.post("/__mock/verify", json={"expect": [{**where, "times": 1}]}).status_code == 200
    assert (
        client.post("/__mock/verify", json={"expect": [{"operation": "list", "where": {"page[no]": 1}}]}).status_code
        == 422
    )


def test_a_binary_body_is_the_text_of_its_bytes(serve: Serve) -> None:
    operation = {
        "operationId": "add",
        "requestBody": {"content": {"application/x-protobuf": {"schema": {"type": "object"}}}},
        "responses": {"204": {"description": "ok"}},
    }
    client = serve({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"post": operation}}})
    override(client, operation="add", match={"body": {"pattern": "^\u00e9"}})
    sent = [client.post("/x", data=data, content_type="application/x-protobuf").status_code for data in (b"\xe9", b"e")]
    assert sent == [503, 204]
