"""The journal: what it keeps, what it hides, what it says of requests that nothing matched; and the verdict."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app
from mockserver.control import journal_json
from mockserver.engine import journal
from mockserver.syntax.redaction import REDACTED
from tests.conftest import MakeContract


def entries(client: FlaskClient, query: str = "", **headers: str) -> list[dict[str, Any]]:
    response = client.get(f"/__mock/requests{query}", headers=headers)
    assert response.status_code == 200, response.json
    result: list[dict[str, Any]] = response.json["requests"]
    return result


def verdict(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/__mock/verdict")
    result: dict[str, Any] = response.json or {}
    assert response.status_code == (409 if "code" in result else 200)
    return result


def test_an_entry_contains_the_request_and_the_response(client: FlaskClient) -> None:
    client.post("/admin/jobs/job-7/retry?__note=x", headers={"X-Trace": "1"}, json={})
    (entry,) = entries(client)
    assert entry.pop("milliseconds") > 0
    request, response = entry.pop("request"), entry.pop("response")
    assert entry == {
        "number": 1, "at": "2026-01-15T09:00:00.000Z", "scenario": "baseline", "operation": "retryJob",
        "method": "POST", "path": "/admin/jobs/job-7/retry", "query": "__note=x", "status": 200, "violations": [],
        "fired": [{"resource": "jobs", "key": "job-7", "transition": "retry", "at": "2026-01-15T09:00:00.000Z"}],
    }  # fmt: skip
    assert request["headers"]["X-Trace"] == "1"
    assert request["headers"]["Content-Type"] == "application/json"
    assert request["body"] == {}
    assert request["size"] == 2
    assert response["headers"]["X-Mock-Scenario"] == "baseline"
    assert response["body"]["status"] == "queued"


def test_newest_come_first_in_pages_and_the_control_api_is_left_out(client: FlaskClient) -> None:
    for number in range(1, 6):
        client.get(f"/admin/jobs/job-{number}")
        client.get("/__mock/state")
        client.get("/")
        client.get("/openapi.json")
    assert [item["path"][-1] for item in entries(client, "?limit=2&offset=1")] == ["4", "3"]
    response = client.get("/__mock/requests?limit=1").json
    assert response["total"] == 5
    assert response["seen"] == 5
    assert len(response["requests"]) == 1


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("?operation=getJob", [4, 1]),
        ("?operation=getJob&operation=listJobs", [4, 2, 1]),
        ("?status=404", [5, 4, 3]),
        ("?status=2XX", [2, 1]),
        ("?status=2XX&operation=listJobs", [2]),
        ("?unmatched=true", [5, 3]),
        ("?unmatched=true&status=405", []),
    ],
)
def test_filters(client: FlaskClient, query: str, numbers: list[int]) -> None:
    for path in ("/admin/jobs/job-7", "/admin/jobs", "/admin/job", "/admin/jobs/none", "/nowhere"):
        client.get(path)
    assert [item["number"] for item in entries(client, query)] == numbers


@pytest.mark.parametrize(
    "query", ["?status=none", "?status=600", "?limit=0", "?unmatched=2", "?operatoin=getJob", "?operation=none"]
)
def test_a_filter_that_cannot_be_is_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"/__mock/requests{query}")
    assert response.status_code == 422
    assert response.json["code"] == "invalid-request"


def test_each_sandbox_has_a_journal_that_a_reset_clears(client: FlaskClient) -> None:
    client.get("/admin/jobs", headers={"X-Mock-Sandbox": "one"})
    client.get("/admin/jobs", headers={"X-Mock-Sandbox": "two", "X-Mock-Scenario": "empty"})
    assert [item["scenario"] for item in entries(client, **{"X-Mock-Sandbox": "two"})] == ["empty"]
    client.post("/__mock/reset", headers={"X-Mock-Sandbox": "two"})
    assert entries(client, **{"X-Mock-Sandbox": "two"}) == []
    assert len(entries(client, **{"X-Mock-Sandbox": "one"})) == 1


def test_deleting_the_requests_forgets_them_and_numbers_go_on(client: FlaskClient) -> None:
    client.get("/nowhere")
    assert client.delete("/__mock/requests").status_code == 204
    assert entries(client) == []
    assert verdict(client)["verdict"] == "passed"
    client.get("/admin/jobs")
    assert entries(client)[0]["number"] == 2


def test_fired_transitions_are_in_the_entry_of_the_next_request(client: FlaskClient) -> None:
    headers = {"X-Mock-Scenario": "fails-then-recovers"}
    client.post("/__mock/clock", json={"advance": "5s"}, headers=headers)
    client.get("/admin/jobs", headers=headers)
    client.get("/admin/jobs", headers=headers)
    after, first = entries(client)
    assert {item["transition"] for item in first["fired"]} == {"start"}
    assert after["fired"] == []
    assert first["at"] == "2026-01-15T09:00:05.000Z"


def test_secrets_are_redacted_wherever_they_stand(make_contract: MakeContract) -> None:
    client = create_app(make_contract()).test_client(use_cookies=False)
    headers = {"Authorization": "Bearer s3", "Cookie": "id=s3", "X-Api-Key": "s3", "X-CSRF-Token": "s3", "X-Kept": "k3"}
    body = {"id": "n", "owner_id": 1, "login": {"password": "s3", "accessToken": "s3", "name": "k3"}}
    client.post("/jobs?api_key=s3&%70assword=s3&page=k3", headers=headers, json=body)
    client.post("/jobs", data='{"password": "s3\\"s3", "token":"s3', content_type="application/json")
    client.post("/jobs", data="password=s3&name=k3", content_type="application/x-www-form-urlencoded")
    text = client.get("/__mock/requests").text
    assert "s3" not in text
    assert text.count("k3") == 4
    assert text.count(REDACTED) == 11


def test_secrets_are_redacted_where_messages_quote_them(tmp_path: Path) -> None:
    text, number = {"type": "string", "minLength": 9}, {"type": "integer"}
    schema = {
        "type": "object",
        "properties": {"password": text, "keys": {"type": "object", "properties": {"token": number}}},
    }
    error = {"type": "object", "properties": {"message": {"type": "string"}}}
    api = {
        "openapi": "3.1.0",
        "info": {"title": "Users", "version": "1"},
        "paths": {"/users": {"post": {
            "operationId": "addUser",
            "parameters": [{"name": "api_key", "in": "query", "schema": text}],
            "requestBody": {"content": {kind: {"schema": schema} for kind in (
                "application/json", "application/x-www-form-urlencoded",
            )}},
            "responses": {"204": {"description": "ok"}, "422": {"description": "no", "content": {"application/json": {"schema": error}}}},
        }}},
    }  # fmt: skip
    (tmp_path / "api.json").write_text(json.dumps(api))
    client = create_app(tmp_path / "api.json").test_client()
    client.post("/users?api_key=s3", json={"password": "s3", "keys": {"token": "s3"}})
    client.post("/users", data="password=s3", content_type="application/x-www-form-urlencoded")
    listed = client.get("/__mock/requests").text
    assert "s3" not in listed
    assert '\\"[redacted]\\" is shorter than 9 characters' in listed
    assert "s3" not in client.get("/__mock/verdict").text


def test_a_long_body_is_cut(make_contract: MakeContract) -> None:
    client = create_app(make_contract()).test_client()
    client.post("/jobs", json={"note": "x" * 40_000})
    request = entries(client)[0]["request"]
    assert len(request["body"]) == journal.REQUEST_BODY_KEPT
    assert request["size"] == 40_012


def test_the_bodies_after_the_first_megabytes_of_a_listing_are_cut(
    make_contract: MakeContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_json, "SHOWN_BYTES", 10_000)
    client = create_app(make_contract()).test_client()
    for _ in range(3):
        client.post("/jobs", json={"note": "x" * 8_000})
    bodies = [entry["request"]["body"] for entry in entries(client)]
    assert [body if isinstance(body, dict) else len(body) for body in bodies] == [
        {"note": "x" * 8_000},
        {"note": "x" * 8_000},
        journal.BODY_KEPT,
    ]


def test_an_unmatched_request_says_what_is_near_and_why_it_is_not_that(client: FlaskClient) -> None:
    client.put("/admin/jobs/job-7/retry")
    client.get("/admin/job/job-7")
    path, method = entries(client, "?unmatched=true")
    assert method["status"] == 405
    assert method["nearest"][0]["why"] == "its method is POST, not PUT"
    assert path["nearest"][0] == {
        "operation": "getJob", "method": "GET", "path": "/admin/jobs/{job_id}", "why": "segment 2 is 'jobs', not 'job'",
    }  # fmt: skip


def test_an_invalid_request_is_logged_with_its_violations(client: FlaskClient) -> None:
    client.get("/admin/jobs?limit=none")
    client.get("/admin/jobs", headers={"X-Mock-Scenario": "none"})
    scenario, limit = entries(client)
    assert limit["status"] == 422
    assert limit["violations"][0]["name"] == "limit"
    assert scenario["status"] == 400
    assert scenario["scenario"] is None
    assert scenario["at"] is None


def test_an_entry_names_the_override_that_responded(client: FlaskClient) -> None:
    name = client.post("/__mock/overrides", json={"operation": "getJob", "status": 503}).json["id"]
    client.get("/admin/jobs/job-7")
    assert entries(client)[0]["override"] == name


def test_the_journal_is_bounded_and_unmatched_requests_are_not_pushed_out(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 5)
    client.get("/nowhere")
    for _ in range(10):
        client.get("/admin/jobs/job-7")
    response = client.get("/__mock/requests").json
    assert response["total"] == 5
    assert response["seen"] == 11
    assert entries(client, "?unmatched=true")[0]["path"] == "/nowhere"
    assert verdict(client)["unmatched"][0]["path"] == "/nowhere"


def test_a_verdict_passes_where_nothing_speaks_against_it(client: FlaskClient) -> None:
    assert verdict(client) == {"verdict": "passed", "requests": 0}
    client.get("/admin/jobs")
    client.get("/admin/jobs/none")
    client.get("/favicon.ico")
    client.options("/admin/jobs")
    client.options("/nowhere", headers={"Origin": "http://x.test", "Access-Control-Request-Method": "GET"})
    client.get("/__mock/none")
    client.post("/__mock/overrides", json={"operation": "getJob", "status": 503})
    client.get("/admin/jobs/job-7")
    assert verdict(client) == {"verdict": "passed", "requests": 5}


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("GET", "/admin/jobs?limit=none", {}, "invalid-request"),
    ("GET", "/admin/jobs?status=bogus", {}, "invalid-request"),
    ("GET", "/admin/jobs", {"headers": {"Accept": "text/plain"}}, "not-acceptable"),
    ("GET", "/admin/jobs", {"headers": {"X-Mock-Scenario": "none"}}, "unknown-scenario"),
    ("GET", "/none", {"headers": {"X-Mock-Scenario": "none"}}, "unknown-scenario"),
    ("GET", "/admin/jobs", {"headers": {"X-Mock-Sandbox": "a/b"}}, "bad-sandbox"),
    ("POST", "/admin/jobs/job-7/retry", {"json": {"a": 1}}, "unexpected-body"),
    ("POST", "/admin/jobs/job-7/retry", {"headers": {"Idempotency-Key": "ä"}}, "bad-idempotency-key"),
]


@pytest.mark.parametrize(("method", "path", "options", "code"), REFUSED)
def test_a_verdict_fails_by_a_request_that_violated_the_contract(
    client: FlaskClient, method: str, path: str, options: dict[str, Any], code: str
) -> None:
    client.open(path, method=method, **options)
    result = verdict(client)
    assert [(item["method"], item["code"]) for item in result["refused"]] == [(method, code)]
    assert result["detail"] == "1 request violated the contract."
    assert result["unmatched"] == []


@pytest.mark.parametrize(("method", "path", "options", "code"), REFUSED)
def test_a_verdict_ignores_the_codes_that_are_allowed(
    client: FlaskClient, method: str, path: str, options: dict[str, Any], code: str
) -> None:
    client.open(path, method=method, **options)
    assert client.get(f"/__mock/verdict?allow=malformed-body&allow={code}").json == {
        "verdict": "passed", "requests": 1
    }  # fmt: skip


def test_a_verdict_fails_by_a_code_that_is_not_allowed(client: FlaskClient) -> None:
    client.get("/admin/jobs?limit=none")
    assert client.get("/__mock/verdict?allow=malformed-body").status_code == 409


def test_a_code_that_a_verdict_does_not_know_is_refused(client: FlaskClient) -> None:
    response = client.get("/__mock/verdict?allow=invalid-requst")
    assert response.status_code == 422
    assert response.json["code"] == "invalid-request"


@pytest.mark.parametrize(
    "path",
    [
        "/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png", "/apple-touch-icon-120x120.png",
        "/.well-known/appspecific/com.chrome.devtools.json", "/.well-known/traffic-advice", "/assets/index-4f.js.map",
        "/favicon.ico?__scenario=none",
    ],
)  # fmt: skip
def test_a_verdict_ignores_what_browsers_request_on_their_own(client: FlaskClient, path: str) -> None:
    client.get(path)
    assert verdict(client) == {"verdict": "passed", "requests": 1}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/favicon.ico"), ("GET", "/favicon.icon"), ("GET", "/a/favicon.ico"), ("GET", "/map")]
)
def test_a_verdict_fails_by_what_browsers_do_not_request_on_their_own(
    client: FlaskClient, method: str, path: str
) -> None:
    client.open(path, method=method)
    assert [item["path"] for item in verdict(client)["unmatched"]] == [path]


def test_what_browsers_request_does_not_push_out_what_makes_a_verdict_fail(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 3)
    client.get("/nowhere")
    for _ in range(5):
        client.get("/favicon.ico")
        client.options("/admin/jobs")
    assert [item["path"] for item in verdict(client)["unmatched"]] == ["/nowhere"]


def test_clearing_the_journal_forgets_refused_requests(client: FlaskClient) -> None:
    client.get("/admin/jobs?limit=none")
    client.delete("/__mock/requests")
    assert verdict(client)["verdict"] == "passed"


def test_an_error_is_in_the_journal_with_its_code(client: FlaskClient) -> None:
    for path in ("/admin/jobs", "/admin/jobs/none", "/nowhere"):
        client.get(path)
    assert [item.get("code") for item in entries(client)] == ["unknown-path", "unknown-record", None]


def test_a_verdict_fails_by_a_request_that_nothing_matched(client: FlaskClient) -> None:
    client.get("/admin/job")
    result = verdict(client)
    assert result["code"] == "verdict-failed"
    assert result["detail"] == "1 request matched no operation."
    assert result["unmatched"][0]["path"] == "/admin/job"
    assert result["violations"] == []
    assert result["unused_overrides"] == []


def test_a_verdict_fails_by_an_override_that_was_never_used(client: FlaskClient) -> None:
    client.post("/__mock/overrides", json={"operation": "getJob", "status": 503}, headers={"X-Mock-Scenario": "empty"})
    client.get("/admin/jobs/job-7")
    (unused,) = verdict(client)["unused_overrides"]
    (closest,) = unused.pop("closest")
    assert unused == {"scenario": "empty", "id": "override-1", "operation": "getJob", "status": 503}
    assert closest["differences"] == [{"part": "scenario", "expected": "empty", "actual": "baseline"}]
    client.get("/admin/jobs/job-7", headers={"X-Mock-Scenario": "empty"})
    assert verdict(client)["verdict"] == "passed"


def test_a_reused_override_id_counts_from_zero(client: FlaskClient) -> None:
    client.post("/__mock/overrides", json={"operation": "getJob", "status": 503})
    client.get("/admin/jobs/job-7")
    client.post("/__mock/clock", json={"undo": 1})
    client.post("/__mock/overrides", json={"operation": "listJobs", "status": 503})
    assert [item["id"] for item in verdict(client)["unused_overrides"]] == ["override-1"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_verdict_fails_by_an_answer_that_broke_the_contract(make_contract: MakeContract, strict: bool) -> None:
    def broken(files: dict[str, Any]) -> None:
        responses = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}/cancel"]["post"]["responses"]
        responses["200"]["content"]["application/json"]["schema"] = {"required": ["priority"]}

    client = create_app(make_contract(broken), strict=strict).test_client()
    client.post("/jobs/a/cancel")
    result = verdict(client)
    reported = result["violations"][0]
    assert result["detail"] == "1 response violated the contract."
    assert reported["status"] == 200
    assert reported["number"] == 1
    assert entries(client)[0]["violations"] == reported["violations"]
    assert client.get("/__mock/violations").json["violations"] == result["violations"]
    client.delete("/__mock/violations")
    assert verdict(client)["verdict"] == "passed"


def test_a_violation_that_an_override_declares_does_not_count(client: FlaskClient) -> None:
    client.post("/__mock/overrides", json={"operation": "getJob", "body": {"no": "job"}, "violate": True})
    assert client.get("/admin/jobs/job-7").json == {"no": "job"}
    assert verdict(client)["verdict"] == "passed"


def test_entries_are_listed_briefly_and_fetched_by_number(client: FlaskClient) -> None:
    for number in range(1, 4):
        client.get(f"/admin/jobs/job-{number}")
    brief = entries(client, "?brief=true")
    assert [item["number"] for item in brief] == [3, 2, 1]
    assert not any("request" in item or "response" in item for item in brief)
    (entry,) = entries(client, "?number=2")
    assert entry["path"] == "/admin/jobs/job-2"
    assert entry["response"]["body"]["id"] == "job-2"
    assert entries(client, "?number=4") == []


def test_an_unused_override_names_the_requests_that_came_closest(client: FlaskClient) -> None:
    match = {"headers": {"X-Plan": "gold"}}
    entry = {"operation": "getJob", "where": {"job_id": "job-7"}, "match": match, "status": 503}
    assert client.post("/__mock/overrides", json=entry).status_code == 201
    client.get("/admin/jobs")
    client.get("/admin/jobs/job-6", headers={"X-Plan": "gold"})
    client.get("/admin/jobs/job-7")
    (unused,) = verdict(client)["unused_overrides"]
    assert [(request["number"], request["differences"]) for request in unused["closest"]] == [
        (3, [{"part": "header", "name": "X-Plan", "expected": "gold", "actual": None}]),
        (2, [{"part": "where", "name": "job_id", "expected": "job-7", "actual": "job-6"}]),
    ]


def test_an_unused_override_names_the_requests_that_another_override_responded_to(client: FlaskClient) -> None:
    for status in (500, 503):
        assert client.post("/__mock/overrides", json={"operation": "*", "status": status}).status_code == 201
    client.get("/admin/jobs/job-6")
    (unused,) = verdict(client)["unused_overrides"]
    (closest,) = unused["closest"]
    assert unused["id"] == "override-1"
    assert closest["override"] == "override-2"
    assert closest["differences"] == []


def test_without_requests_to_its_operation_an_unused_override_names_none(client: FlaskClient) -> None:
    assert client.post("/__mock/overrides", json={"operation": "getJob", "status": 500}).status_code == 201
    client.get("/admin/jobs")
    (unused,) = verdict(client)["unused_overrides"]
    assert "closest" not in unused


def test_requests_that_several_threads_respond_to_have_different_numbers(make_contract: MakeContract) -> None:
    app = create_app(make_contract())

    def request(_: int) -> None:
        client = app.test_client()
        for _ in range(40):
            client.post("/jobs/a/cancel")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(request, range(4)))
    finally:
        sys.setswitchinterval(interval)
    listed: Any = app.test_client().get("/__mock/requests?limit=1000").json
    assert sorted(entry["number"] for entry in listed["requests"]) == list(range(1, 161))
    assert listed["seen"] == 160
