from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.attack.scale import combine
from tests.conftest import SCENARIOS

SCENARIO, SANDBOX = "X-Mock-Scenario", "X-Mock-Sandbox"
NAVIGATION = {"Sec-Fetch-Mode": "navigate"}


def chosen(answer: TestResponse) -> tuple[str, str]:
    return answer.headers[SANDBOX], answer.headers[SCENARIO]


def test_the_first_that_names_one_wins(client: FlaskClient) -> None:
    client.put("/__mock/scenario", json={"name": "stuck-queue"}, headers={SANDBOX: "s"})
    cookies = {"Cookie": "mock_scenario=empty; mock_sandbox=c"}
    assert chosen(client.get("/admin/jobs")) == ("default", "baseline")
    assert chosen(client.get("/admin/jobs", headers={SANDBOX: "s"})) == ("s", "stuck-queue")
    assert chosen(client.get("/admin/jobs", headers=cookies)) == ("c", "empty")
    assert chosen(client.get("/admin/jobs?__scenario=baseline&__sandbox=q", headers=cookies)) == ("q", "baseline")
    based = client.get("/__mock/in/b@stuck-queue/admin/jobs?__scenario=empty&__sandbox=q", headers=cookies)
    assert chosen(based) == ("b", "stuck-queue")
    headed = client.get("/__mock/in/b@stuck-queue/admin/jobs", headers={SANDBOX: "h", SCENARIO: "empty"})
    assert chosen(headed) == ("h", "empty")


def test_a_base_address_holds_the_whole_api_again(client: FlaskClient) -> None:
    client.post("/__mock/in/mine/admin/jobs/job-7/retry")
    assert client.get("/__mock/in/mine/admin/jobs/job-7").json["status"] == "queued"
    assert client.get("/admin/jobs/job-7").json["status"] == "failed"
    assert client.get("/__mock/in/mine/__mock/state").json["sandbox"] == "mine"
    assert client.get("/__mock/in/mine/nowhere").status_code == 404


def test_each_pair_of_sandbox_and_scenario_is_a_run_of_its_own(client: FlaskClient) -> None:
    client.post("/admin/jobs/job-7/retry", headers={SANDBOX: "one"})
    client.get("/admin/jobs", headers={SANDBOX: "one", SCENARIO: "empty"})
    assert client.get("/admin/jobs/job-7", headers={SANDBOX: "one"}).json["status"] == "queued"
    assert client.get("/admin/jobs/job-7", headers={SANDBOX: "two"}).json["status"] == "failed"


def test_an_unknown_scenario_is_refused_with_what_there_is(client: FlaskClient) -> None:
    response = client.get("/admin/jobs", headers={SCENARIO: "stuck-quue"})
    assert response.status_code == 400
    assert response.json["code"] == "unknown-scenario"
    assert response.json["available"] == SCENARIOS
    assert response.json["did_you_mean"] == ["stuck-queue"]


@pytest.mark.parametrize("name", ["", "../x", "x" * 65, "a b", "é", "a,b"])
def test_a_malformed_sandbox_name_is_refused_in_every_location(client: FlaskClient, name: str) -> None:
    for response in (
        client.get("/admin/jobs", headers={SANDBOX: name}),
        client.get("/admin/jobs", query_string={"__sandbox": name}),
    ):
        assert response.status_code == 400
        assert response.json["code"] == "bad-sandbox"


def test_a_name_is_never_reflected_raw(client: FlaskClient) -> None:
    response = client.get("/admin/jobs", query_string={"__sandbox": "a\r\nSet-Cookie: x=1"})
    assert response.status_code == 400
    assert b"\r" not in response.data
    assert "Set-Cookie" not in response.headers


def test_a_navigation_keeps_the_choice_in_cookies_and_goes_to_the_clean_address(client: FlaskClient) -> None:
    response = client.get("/admin/jobs?limit=2&__scenario=empty&__sandbox=qa", headers=NAVIGATION)
    assert response.status_code == 303
    assert response.headers["Location"] == "/admin/jobs?limit=2"
    assert sorted(response.headers.getlist("Set-Cookie")) == [
        "mock_sandbox=qa; Path=/; SameSite=Lax", "mock_scenario=empty; Path=/; SameSite=Lax",
    ]  # fmt: skip


def test_without_fetch_metadata_accepting_html_makes_a_navigation(client: FlaskClient) -> None:
    assert client.get("/admin/jobs?__scenario=empty", headers={"Accept": "text/html"}).status_code == 303
    fetched = {"Accept": "text/html, application/json", "Sec-Fetch-Mode": "cors"}
    assert client.get("/admin/jobs?__scenario=empty", headers=fetched).status_code == 200


def test_an_empty_value_removes_the_cookie(client: FlaskClient) -> None:
    response = client.get("/admin/jobs?__scenario=", headers=NAVIGATION)
    assert response.status_code == 303
    assert "mock_scenario=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0" in response.headers["Set-Cookie"]


def test_a_redirect_keeps_the_rest_of_the_query_as_it_was_sent(client: FlaskClient) -> None:
    query = "flag&a=1%2C2&__scenario=empty&b=x+y;z&%5F_sandbox=qa&a="
    response = client.get(f"/admin/jobs?{query}", headers=NAVIGATION)
    assert response.headers["Location"] == "/admin/jobs?flag&a=1%2C2&b=x+y;z&a="
    assert len(response.headers.getlist("Set-Cookie")) == 2


@pytest.mark.parametrize("path", ["//evil.example/x", "/%2F/evil.example", "/\\evil.example"])
def test_a_redirect_never_leads_to_another_host(client: FlaskClient, path: str) -> None:
    response = client.get(
        f"{path}?__scenario=empty", headers=NAVIGATION, environ_overrides={"RAW_URI": f"{path}?__scenario=empty"}
    )
    assert not response.headers.get("Location", "/").startswith(("//", "/\\", "http"))


# Each with the cookies of it that are ignored.
FOREIGN_COOKIES = {
    "mock_scenario=gone; mock_sandbox=a/b": "mock_sandbox, mock_scenario",
    "mock_scenario=gone": "mock_scenario",
    "mock_scenario=": "mock_scenario",
    "mock_scenario=gone; mock_scenario=another": "mock_scenario",
    f"mock_sandbox={'x' * 65}": "mock_sandbox",
    "mock_sandbox=": "mock_sandbox",
}


@pytest.mark.parametrize(
    ("path", "cookie"),
    combine(["/admin/jobs", "/__mock/scenarios", "/__mock/", "/admin/queue", "/nowhere"], FOREIGN_COOKIES),
)
def test_a_cookie_of_another_server_is_ignored_and_kept(client: FlaskClient, path: str, cookie: str) -> None:
    response = client.get(path, headers={"Cookie": cookie})
    assert response.status_code == (404 if path == "/nowhere" else 200)
    assert chosen(response) == ("default", "baseline")
    assert response.headers["X-Mock-Ignored-Cookie"] == FOREIGN_COOKIES[cookie]
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "cookie", ["mock_scenario=gone; mock_scenario=empty", "mock_scenario=empty; mock_scenario=gone"]
)
def test_of_several_cookies_a_valid_one_counts(client: FlaskClient, cookie: str) -> None:
    assert chosen(client.get("/admin/jobs", headers={"Cookie": cookie})) == ("default", "empty")


def test_a_header_is_refused_where_a_cookie_is_ignored(client: FlaskClient) -> None:
    response = client.get("/admin/jobs", headers={"Cookie": "mock_sandbox=a/b", "X-Mock-Scenario": "gone"})
    assert response.status_code == 400
    assert response.json["code"] == "unknown-scenario"


def test_parameters_of_our_own_are_never_the_contracts(client: FlaskClient) -> None:
    assert client.get("/admin/jobs?__scenario=empty&__anything=1").status_code == 200


def test_cookies_select_in_a_browser(app: Flask) -> None:
    browser = app.test_client()
    browser.get("/admin/jobs?__scenario=empty", headers=NAVIGATION)
    assert browser.get("/admin/jobs").json == {"jobs": [], "total": 0}
