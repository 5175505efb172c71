from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from mockserver.http.pipeline import respond
from mockserver.http.request.addressing import build_request

PREFLIGHT = {
    "Origin": "https://app.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-mock-scenario, content-type",
}


def test_a_preflight_of_the_mocked_api_succeeds_for_any_origin(client: FlaskClient) -> None:
    for path in ("/admin/jobs/job-7/retry", "/nowhere"):
        response = client.options(path, headers=PREFLIGHT)
        assert response.status_code == 204
        assert response.data == b""
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert response.headers["Access-Control-Allow-Methods"] == "POST"
        assert response.headers["Access-Control-Allow-Headers"] == "x-mock-scenario, content-type"
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_preflight_allows_a_public_site_to_call_a_local_address_if_it_asks(client: FlaskClient) -> None:
    asked = {**PREFLIGHT, "Access-Control-Request-Private-Network": "true"}
    assert client.options("/admin/jobs", headers=asked).headers["Access-Control-Allow-Private-Network"] == "true"
    assert "Access-Control-Allow-Private-Network" not in client.options("/admin/jobs", headers=PREFLIGHT).headers
    assert "Access-Control-Allow-Private-Network" not in client.options("/__mock/reset", headers=asked).headers


def test_an_answer_may_be_read_with_its_headers(client: FlaskClient) -> None:
    response = client.get("/admin/jobs", headers={"Origin": "https://app.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "X-Mock-Scenario" in response.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_refusals_and_304_may_be_read_too(client: FlaskClient) -> None:
    origin = {"Origin": "https://app.example"}
    tag = client.get("/admin/jobs").headers["ETag"]
    for response in (
        client.get("/nowhere", headers=origin),
        client.get("/admin/jobs", headers={**origin, "X-Mock-Scenario": "nope"}),
        client.get("/admin/jobs", headers={**origin, "If-None-Match": tag}),
    ):
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"


def test_credentials_are_for_allowed_hosts_only(client: FlaskClient) -> None:
    response = client.get("/admin/jobs", headers={"Origin": "http://localhost:3000"})
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_preflight_of_the_control_api_is_refused_to_a_foreign_origin(client: FlaskClient) -> None:
    assert client.options("/__mock/reset", headers=PREFLIGHT).status_code == 403
    own = {**PREFLIGHT, "Origin": "http://localhost:3000"}
    response = client.options("/__mock/reset", headers=own)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_without_an_origin_there_are_no_cors_headers(client: FlaskClient) -> None:
    response = client.get("/admin/jobs")
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_what_is_sent_in_place_of_a_held_response_may_be_read_too(app: Flask, client: FlaskClient) -> None:
    client.post("/__mock/overrides", json={"operation": "getJob", "delay": "60s"})
    request = build_request("GET", "/admin/jobs/job-7", {"Host": "localhost", "Origin": "https://app.example"})
    delivery = respond(app.extensions["mockserver"], request).delivery
    assert delivery is not None
    headers = dict(delivery.replacement().headers)
    delivery.delivered()
    assert headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert headers["Access-Control-Expose-Headers"] == "Date, X-Mock-Code, X-Mock-Sandbox, X-Mock-Scenario"
