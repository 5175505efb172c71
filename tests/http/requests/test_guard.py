from __future__ import annotations

from typing import Any

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
    response = client.get("/__mock/state", environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 403
    assert response.json["code"] == "forbidden-host"
    assert "--allow-host" in response.json["detail"]


def test_the_mocked_api_and_health_answer_to_any_host(client: FlaskClient) -> None:
    for path in ("/admin/jobs", "/__mock/health"):
        assert client.get(path, environ_overrides={"HTTP_HOST": "evil.example"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost.evil.example", "file://localhost", "http://[bad"])  # fmt: skip
def test_a_foreign_origin_is_refused(client: FlaskClient, origin: str) -> None:
    response = client.post("/__mock/reset", headers={"Origin": origin})
    assert response.status_code == 403
    assert response.json["code"] == "forbidden-origin"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_an_origin_on_this_machine_may_call_and_read(client: FlaskClient) -> None:
    response = client.post("/__mock/reset", headers={"Origin": "http://localhost:5173"})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


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
    response = client.post("/__mock/reset", data=data, content_type=kind)
    assert response.status_code == 403
    assert response.json["code"] == "forbidden-origin"


def test_a_host_that_was_allowed_may_call(built_in: Contract) -> None:
    client = create_app(built_in, allow_hosts=["Mock"]).test_client()
    response = client.get(
        "/__mock/state", environ_overrides={"HTTP_HOST": "mock:8000"}, headers={"Origin": "http://mock:3000"}
    )
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "http://mock:3000"


@pytest.fixture
def locked(built_in: Contract) -> Flask:
    return create_app(built_in, token="secret")


OTHER_HOST = {"HTTP_HOST": "mock.example"}


@pytest.mark.parametrize("headers", [{}, {"X-Mock-Token": "secre\xe9"}])
def test_with_a_token_the_control_api_refuses_who_does_not_have_it(locked: Flask, headers: dict[str, str]) -> None:
    refused = locked.test_client().post("/__mock/reset", headers=headers, environ_overrides=OTHER_HOST)
    assert refused.status_code == 401
    assert refused.json["code"] == "token-required"
    assert "WWW-Authenticate" in refused.headers


def test_with_a_token_the_host_does_not_matter(locked: Flask) -> None:
    response = locked.test_client().post(
        "/__mock/reset", headers={"X-Mock-Token": "secret"}, environ_overrides=OTHER_HOST
    )
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/__mock/health", "/admin/jobs"])
def test_health_and_the_mocked_api_need_no_token(locked: Flask, path: str) -> None:
    assert locked.test_client().get(path, environ_overrides=OTHER_HOST).status_code == 200


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


NAVIGATE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Accept": "text/html,*/*"}


def cookies_of(answer: Any) -> dict[str, str]:
    """Each cookie that an answer sets, with all that is said of it."""
    return {item.partition("=")[0]: item for item in answer.headers.getlist("Set-Cookie")}


@pytest.mark.parametrize("path", ["/__mock/", "/__mock/docs", "/__mock/in/a@empty/__mock/", "/admin/queue", "/"])
def test_a_page_takes_the_token_into_a_cookie_and_out_of_the_address(locked: Flask, path: str) -> None:
    response = locked.test_client().get(f"{path}?__token=secret&x=1", headers=NAVIGATE)
    assert response.status_code == 303
    assert response.headers["Location"] == f"{path}?x=1"
    cookie = cookies_of(response)["mock_token"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "mock_token=secret"} == set(cookie.split("; "))


def test_the_token_is_accepted_together_with_a_selection(locked: Flask) -> None:
    response = locked.test_client().get("/__mock/?__token=secret&__scenario=empty", headers=NAVIGATE)
    assert response.headers["Location"] == "/__mock/"
    assert set(cookies_of(response)) == {"mock_token", "mock_scenario"}


@pytest.mark.parametrize(
    "path", ["/__mock/?__token=wrong", "/admin/queue?__token=wrong", "/__mock/?__token=", "/__mock/"]
)
def test_a_wrong_or_missing_token_gets_a_page_that_says_what_to_do(locked: Flask, path: str) -> None:
    response = locked.test_client().get(path, headers=NAVIGATE)
    assert response.status_code == 401
    assert response.mimetype == "text/html"
    assert response.headers["X-Mock-Code"] == "token-required"
    assert "--token" in response.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/__mock/?__token=wrong", "/admin/queue?__token=wrong"])
def test_the_page_that_asks_for_the_token_repeats_none_and_keeps_none(locked: Flask, path: str) -> None:
    response = locked.test_client().get(path, headers=NAVIGATE)
    page = response.get_data(as_text=True)
    assert "secret" not in page
    assert "wrong" not in page.replace('id="wrong"', "").replace('aria-describedby="wrong"', "")
    assert "Set-Cookie" not in response.headers
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


def test_a_wrong_token_takes_the_place_of_no_right_one(locked: Flask) -> None:
    headers = {**NAVIGATE, "Cookie": "mock_token=secret"}
    assert locked.test_client().get("/__mock/?__token=wrong", headers=headers).status_code == 401


def test_what_is_no_navigation_brings_no_token_in_its_query(locked: Flask) -> None:
    response = locked.test_client().get("/__mock/state?__token=secret")
    assert response.status_code == 401
    assert response.json["code"] == "token-required"


def test_without_a_token_to_ask_for_the_query_is_cleaned_and_sets_nothing(client: FlaskClient) -> None:
    response = client.get("/__mock/?__token=secret", headers=NAVIGATE)
    assert response.status_code == 303
    assert response.headers["Location"] == "/__mock/"
    assert "Set-Cookie" not in response.headers


OWN = {"Host": "mock.example:4080", "Cookie": "mock_token=secret"}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("GET", NAVIGATE, 200),
        ("GET", {}, 200),
        ("GET", {"Origin": "http://mock.example:4080"}, 200),
        ("POST", {"Origin": "http://mock.example:4080", "Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", {}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": "http://mock.example:3000", "Sec-Fetch-Site": "same-site"}, 403),
        ("POST", {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "same-site"}, 403),
        ("POST", {**NAVIGATE, "Origin": "http://mock.example:3000"}, 403),
        ("GET", {"Origin": "http://mock.example:3000", "Accept": "text/html"}, 403),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
    ],
)
def test_the_cookie_counts_for_pages_of_this_very_origin_alone(
    locked: Flask, method: str, headers: dict[str, str], status: int
) -> None:
    path = "/__mock/reset" if method == "POST" else "/__mock/state"
    response = locked.test_client(use_cookies=False).open(path, method=method, headers={**OWN, **headers})
    assert response.status_code == status, response.json


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        ("mock_token=wrong; mock_token=secret", 200),
        ("mock_token=secret; mock_token=wrong", 200),
        ("mock_token=; other=1; mock_token=secret", 200),
        ("mock_token=wrong; mock_token=wrong", 401),
        ("mock_token=wrong", 401),
        ("mock_token=", 401),
    ],
)
def test_of_several_cookies_the_right_one_counts(locked: Flask, cookie: str, status: int) -> None:
    response = locked.test_client(use_cookies=False).get("/__mock/state", headers={**OWN, "Cookie": cookie})
    assert response.status_code == status


def test_a_name_that_was_pointed_here_brings_no_cookie_and_learns_nothing(locked: Flask) -> None:
    """DNS rebinding: the attacker's page is same-origin with us, and has no cookie of the name we are known by."""
    rebound = {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}
    for method, path in (("POST", "/__mock/reset"), ("GET", "/__mock/state"), ("GET", "/__mock/")):
        assert locked.test_client().open(path, method=method, headers=rebound).status_code == 401


def test_assets_need_no_token_and_hold_none(locked: Flask) -> None:
    client = locked.test_client()
    for path in ("/__mock/assets/0/shared/base.css", "/__mock/in/a/__mock/assets/0/console/console.js"):
        with client.get(path) as asset:
            assert asset.status_code == 200
            assert b"secret" not in asset.data
    assert client.post("/__mock/assets/0/shared/base.css").status_code == 401
    assert client.get("/__mock/assets/../state").status_code in (401, 404)


def test_the_token_is_in_no_journal_and_on_no_page(locked: Flask) -> None:
    client, token = locked.test_client(use_cookies=False), {"X-Mock-Token": "secret"}
    client.get("/admin/jobs?__token=secret&status=failed", headers=NAVIGATE)
    client.get("/admin/job?__token=secret", headers=NAVIGATE)
    client.get("/nowhere?__token=secret", headers={"Cookie": "mock_token=secret"})
    assert client.get("/__mock/requests", headers=token).json["total"] == 3
    for path in ("/__mock/requests", "/__mock/verdict", "/__mock/", "/__mock/docs"):
        assert "secret" not in client.get(path, headers=token).get_data(as_text=True), path


def test_without_pages_a_navigation_gets_the_problem(built_in: Contract) -> None:
    client = create_app(built_in, token="secret", serve_pages=False).test_client()
    assert client.get("/__mock/", headers=NAVIGATE).json["code"] == "token-required"


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="token is empty"):
        create_app(token="")
