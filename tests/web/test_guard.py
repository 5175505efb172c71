from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver import Contract, create_app

HOSTS = ["localhost", "localhost:4080", "app.localhost:1", "127.0.0.1:80", "127.9.9.9", "[::1]:4080", "LOCALHOST"]
FOREIGN = [
    "evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "notlocalhost",
    "",
    "[::2]",
    "[bad",
    "127.0.0.1.evil.example",
]


@pytest.mark.parametrize("host", HOSTS)
def test_the_control_api_answers_to_names_of_this_machine(client: FlaskClient, host: str) -> None:
    assert client.get("/__mock/state", environ_overrides={"HTTP_HOST": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_any_other_host_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/__mock/state", environ_overrides={"HTTP_HOST": host})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden-host")
    assert "--allow-host" in answer.json["detail"]


def test_the_mocked_api_and_health_answer_to_any_host(client: FlaskClient) -> None:
    for path in ("/admin/jobs", "/__mock/health"):
        assert client.get(path, environ_overrides={"HTTP_HOST": "evil.example"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost.evil.example", "file://localhost", "http://[bad"])  # fmt: skip
def test_a_foreign_origin_is_refused(client: FlaskClient, origin: str) -> None:
    answer = client.post("/__mock/reset", headers={"Origin": origin})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden-origin")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_origin_on_this_machine_may_call_and_read(client: FlaskClient) -> None:
    answer = client.post("/__mock/reset", headers={"Origin": "http://localhost:5173"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_without_an_origin_fetch_metadata_decides(client: FlaskClient) -> None:
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert client.get("/__mock/state", headers=cross).json["code"] == "forbidden-origin"
    assert client.get("/__mock/", headers={**cross, "Sec-Fetch-Mode": "navigate"}).status_code == 200
    assert client.get("/__mock/state", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("kind", "data"),
    [(FORM, b""), (FORM, b"scope=all"), (MULTIPART, b""), (MULTIPART, b"--x--"), ("text/plain", b'{"scope": "all"}')],
)
def test_what_a_form_can_send_is_refused(client: FlaskClient, kind: str, data: bytes) -> None:
    answer = client.post("/__mock/reset", data=data, content_type=kind)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden-origin")


def test_a_host_that_was_allowed_may_call(built_in: Contract) -> None:
    client = create_app(built_in, allow_hosts=["Mock"]).test_client()
    answer = client.get(
        "/__mock/state", environ_overrides={"HTTP_HOST": "mock:8000"}, headers={"Origin": "http://mock:3000"}
    )
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "http://mock:3000")


@pytest.fixture
def locked(built_in: Contract) -> Flask:
    return create_app(built_in, token="secret")


def test_with_a_token_the_control_api_asks_for_it_and_not_for_the_host(locked: Flask) -> None:
    client, foreign = locked.test_client(), {"HTTP_HOST": "mock.example"}
    refused = client.post("/__mock/reset", environ_overrides=foreign)
    assert (refused.status_code, refused.json["code"]) == (401, "token-required")
    assert "WWW-Authenticate" in refused.headers
    wrong = client.post("/__mock/reset", headers={"X-Mock-Token": "secre\xe9"}, environ_overrides=foreign)
    assert wrong.status_code == 401
    right = client.post("/__mock/reset", headers={"X-Mock-Token": "secret"}, environ_overrides=foreign)
    assert right.status_code == 200
    assert client.get("/__mock/health", environ_overrides=foreign).status_code == 200
    assert client.get("/admin/jobs", environ_overrides=foreign).status_code == 200


def test_no_detour_leads_past_the_guard(client: FlaskClient, locked: Flask) -> None:
    for path in (
        "/__mock/in/a/__mock/state",
        "/__mock/in/a@empty/__mock/state",
        "/%5F_mock/state",
        "/__mock/in/a/__mock/in/b/__mock/state",
    ):
        assert locked.test_client().get(path).status_code in (401, 404)
        assert client.get(path, environ_overrides={"HTTP_HOST": "evil.example"}).status_code in (403, 404)


def test_an_environment_variable_is_no_header(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_X_MOCK_SCENARIO", "empty")
    monkeypatch.setenv("HTTP_PROXY", "http://evil.example")
    assert client.get("/admin/jobs").headers["X-Mock-Scenario"] == "baseline"
