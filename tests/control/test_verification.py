"""`POST /__mock/verify`: what was expected, what came, and what came closest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app
from mockserver.control import expectations, verification
from mockserver.engine import journal
from mockserver.http.request import bodies, compared_content
from tests.conftest import MakeContract

RETRY_7 = {"operation": "retryJob", "where": {"job_id": "job-7"}}


def verify(client: FlaskClient, *expect: dict[str, Any], **options: Any) -> Any:
    return client.post("/__mock/verify", json={"expect": list(expect), **options})


def failed(client: FlaskClient, *expect: dict[str, Any], **options: Any) -> Any:
    response = verify(client, *expect, **options)
    assert response.status_code == 409, response.json
    assert response.json["code"] == "verify-failed"
    return response.json


@pytest.mark.parametrize(
    "expectation",
    [
        {"operation": "listJobs"},
        {"operation": "listJobs", "times": 2},
        {"operation": "listJobs", "times": {"at_least": 1, "at_most": 3}},
        {"operation": "listJobs", "times": {"at_most": 2}},
        {"operation": "cancelJob", "times": 0},
        {"operation": "cancelJob", "times": {"at_most": 1}},
        {"operation": "listJobs", "where": {"status": "failed"}, "times": 1},
        {"operation": "listJobs", "where": {"limit": 5}, "times": 1},
        {"operation": "listJobs", "where": {"limit": "5"}, "times": 1},
        {"method": "GET", "path": "/admin/jobs", "times": 2},
        {"method": "get", "path": "/admin/jobs", "times": 2},
        {"path": "/nowhere", "status": 404},
        {"path": "/nowhere", "status": "4XX"},
        {"path": "/nowhere", "status": "404"},
        {**RETRY_7, "status": 200, "times": 1.0},
        {"operation": "retryJob", "body": {"const": None}, "times": 1},
        {"operation": "retryJob", "body": {"required": ["reason"]}, "times": 0},
        {"operation": "retryJob", "headers": {"idempotency-key": "k-1", "X-Absent": None}, "times": 1},
        {"operation": "retryJob", "headers": {"Idempotency-Key": {"pattern": "^k-"}}, "cookies": {"theme": "dark"}},
        {"operation": "listJobs", "headers": {"Idempotency-Key": {"pattern": "^k-"}}, "times": 0},
        {"operation": "retryJob", "headers": {"Authorization": "Bearer abc"}, "times": 1},
        {"operation": "listJobs", "cookies": {"theme": None}, "times": 2},
        {"operation": "retryJob", "cookies": {"view": '{"a": 1, "b": 2}'}, "times": 1},
    ],
)
def test_an_expectation_holds(client: FlaskClient, expectation: dict[str, Any]) -> None:
    client.get("/admin/jobs")
    client.get("/admin/jobs?status=failed&limit=5")
    headers = {"Idempotency-Key": "k-1", "Authorization": "Bearer abc", "Cookie": 'theme=dark; view={"a": 1, "b": 2}'}
    client.post("/admin/jobs/job-7/retry", headers=headers)
    client.get("/nowhere")
    response = verify(client, expectation)
    assert response.status_code == 200, response.json
    assert response.json["verified"] is True
    assert response.json["expectations"][0]["satisfied"] is True


def test_a_failed_expectation_says_what_came_closest(client: FlaskClient) -> None:
    client.get("/admin/jobs")
    client.post("/admin/jobs/job-6/retry")
    problem = failed(client, RETRY_7)
    assert problem["detail"] == "1 of 1 expectation failed: retryJob with job_id=job-7 at least once, came never."
    (result,) = problem["expectations"]
    assert result["count"] == 0
    assert [request["number"] for request in result["closest"]] == [2, 1]
    assert result["closest"][0]["path"] == "/admin/jobs/job-6/retry"
    assert result["closest"][0]["differences"] == [
        {"part": "where", "name": "job_id", "expected": "job-7", "actual": "job-6"}
    ]


def test_a_failed_expectation_is_written_with_its_parameters_as_json(client: FlaskClient) -> None:
    where = {"status": {"enum": ["failed"]}, "limit": 5, "type": None}
    detail = failed(client, {"operation": "listJobs", "where": where})["detail"]
    assert 'listJobs with limit=5, status={"enum":["failed"]}, type=null at least once' in detail


def test_the_differences_between_headers_show_no_secrets(client: FlaskClient) -> None:
    client.get("/admin/jobs", headers={"Authorization": "Bearer abc", "X-Plan": "gold", "Cookie": "sid=5"})
    expected = {"operation": "listJobs", "headers": {"Authorization": "Bearer abd", "X-Plan": {"pattern": "^s"}}}
    problem = failed(client, {**expected, "cookies": {"sid": 6}})
    assert problem["detail"] == (
        "1 of 1 expectation failed: listJobs with headers and cookies as expected at least once, came never."
    )
    assert problem["expectations"][0]["closest"][0]["differences"] == [
        {"part": "header", "name": "Authorization", "expected": "Bearer abd", "actual": "[redacted]"},
        {"part": "header", "name": "X-Plan", "expected": {"pattern": "^s"}, "actual": "gold"},
        {"part": "cookie", "name": "sid", "expected": 6, "actual": "[redacted]"},
    ]


def test_too_many_requests_fail_an_expectation(client: FlaskClient) -> None:
    client.get("/admin/jobs")
    client.get("/admin/jobs")
    problem = failed(client, {"operation": "listJobs", "times": 1}, {"operation": "listJobs", "times": {"at_most": 1}})
    assert problem["detail"] == (
        "2 of 2 expectations failed: listJobs exactly once, came 2 times; listJobs at most once, came 2 times."
    )
    assert [result["requests"] for result in problem["expectations"]] == [[1, 2], [1, 2]]


def test_only_requests_of_the_same_sandbox_count(client: FlaskClient) -> None:
    client.get("/admin/jobs", headers={"X-Mock-Sandbox": "other"})
    failed(client, {"operation": "listJobs"})


def test_bodies_are_judged_by_a_json_schema(make_contract: MakeContract) -> None:
    client = create_app(make_contract()).test_client()
    client.post("/jobs", json={"owner_id": 1})
    assert (
        verify(client, {"operation": "createJob", "body": {"properties": {"owner_id": {"const": 1}}}}).status_code
        == 200
    )
    problem = failed(client, {"operation": "createJob", "body": {"properties": {"owner_id": {"type": "string"}}}})
    (difference,) = problem["expectations"][0]["closest"][0]["differences"]
    assert difference["part"] == "body"
    assert difference["pointer"] == "/owner_id"
    assert difference["keyword"] == "type"


@pytest.mark.parametrize(
    ("content_type", "data", "value"),
    [
        ("application/json", b'{"password": "x"}', {"password": "x"}),
        ("application/x-www-form-urlencoded", b"a=1&b=%C3%BC&c=", {"a": "1", "b": "\u00fc", "c": ""}),
        ("text/plain", b"hello", "hello"),
    ],
)
def test_bodies_are_judged_as_they_came(client: FlaskClient, content_type: str, data: bytes, value: Any) -> None:
    client.post("/nowhere", data=data, content_type=content_type)
    assert verify(client, {"path": "/nowhere", "body": {"const": value}}).status_code == 200


NOTES = """
openapi: 3.1.0
info: {title: Notes, version: "1"}
paths:
  /notes:
    post:
      operationId: addNote
      requestBody:
        content:
          application/x-www-form-urlencoded: {schema: &note {type: object, properties: {n: {type: integer}, tags: {type: array, items: {type: string}}}}}
          application/xml: {schema: *note}
          text/plain: {schema: {type: string}}
      responses: {"204": {description: Added}}
"""


@pytest.mark.parametrize(
    ("content_type", "data", "value"),
    [
        ("application/x-www-form-urlencoded", b"n=5&tags=a&tags=b", {"n": 5, "tags": ["a", "b"]}),
        ("application/xml", b"<note><n>5</n><tags>a</tags><tags>b</tags></note>", {"n": 5, "tags": ["a", "b"]}),
        ("text/plain", b"5", "5"),
    ],
)
def test_bodies_are_read_as_overrides_see_them(tmp_path: Path, content_type: str, data: bytes, value: Any) -> None:
    (tmp_path / "notes.yaml").write_text(NOTES)
    client = create_app(tmp_path / "notes.yaml").test_client()
    condition = {"body": {"const": value}}
    client.post("/__mock/overrides", json={"operation": "addNote", "match": condition, "status": 503})
    assert client.post("/notes", data=data, content_type=content_type).status_code == 503
    assert verify(client, {"operation": "addNote", **condition}).status_code == 200


def test_a_form_that_was_refused_is_read_as_it_came(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text(NOTES)
    client = create_app(tmp_path / "notes.yaml").test_client()
    assert client.post("/notes", data={"n": "x"}).status_code == 422
    assert verify(client, {"operation": "addNote", "body": {"const": {"n": "x"}}}).status_code == 200


def test_a_body_is_parsed_once_for_all_expectations(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []

    def parse(body: bytes, content_type: str) -> Any:
        parsed.append(body)
        return compared_content.parse_body(body, content_type)

    monkeypatch.setattr(expectations, "parse_body", parse)
    for number in range(3):
        client.post("/nowhere", json=number)
    assert verify(client, *[{"path": "/nowhere", "body": {"type": "integer"}}] * 20).status_code == 200
    assert parsed == [b"0", b"1", b"2"]


def test_of_many_other_bodies_the_newest_are_explained(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "EXPLAINED_BODIES", 4)
    for text in ("a", 1, 2, 3, 4):
        client.post("/nowhere", json=text)
    problem = failed(client, {"path": "/nowhere", "body": {"type": "string", "minLength": 2}})
    closest = problem["expectations"][0]["closest"]
    assert [request["number"] for request in closest] == [5, 4, 3]
    assert [request["differences"][0]["keyword"] for request in closest] == ["type"] * 3


def test_explanations_end_when_they_have_taken_too_much_work(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "EXPLANATION_STEPS", 1)
    client.post("/nowhere", json=1)
    wrong = {"path": "/nowhere", "body": {"type": "string"}}
    results = failed(client, wrong, wrong)["expectations"]
    messages = [result["closest"][0]["differences"][0]["message"] for result in results]
    assert messages == ["1 is not of type string", "it does not match its schema"]


def test_a_body_that_is_nested_too_deeply_is_a_text(client: FlaskClient) -> None:
    text = '{"a":' * 500 + "1" + "}" * 500
    client.post("/nowhere", data=text, content_type="application/json")
    assert verify(client, {"path": "/nowhere", "body": {"const": text}}).status_code == 200
    assert client.get("/__mock/requests").json["requests"][0]["request"]["body"] == text


def test_requests_in_order(client: FlaskClient) -> None:
    client.get("/admin/jobs")
    client.post("/admin/jobs/job-7/retry")
    client.get("/admin/jobs")
    jobs, retry = {"operation": "listJobs", "times": {"at_least": 1}}, RETRY_7
    assert verify(client, jobs, retry, jobs, in_order=True).status_code == 200
    problem = failed(client, jobs, jobs, retry, in_order=True)
    assert problem["expectations"][2]["reason"] == "not in order: it should have come after request 3"
    assert verify(client, jobs, jobs, retry).status_code == 200


def test_a_body_that_is_not_kept_whole_never_passes(client: FlaskClient) -> None:
    client.post("/nowhere", json={"text": "x" * journal.REQUEST_BODY_KEPT})
    for times in ({"at_least": 1}, 0, 1):
        problem = failed(client, {"path": "/nowhere", "body": True, "times": times})
        assert problem["expectations"][0]["reason"] == (
            "the journal keeps only a part of the body of request 1 (32,780 bytes), which may have matched"
        )
    assert verify(client, {"path": "/nowhere", "times": 1}).status_code == 200


def test_what_a_full_journal_dropped_never_passes(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 3)
    for _ in range(4):
        client.get("/admin/jobs")
    assert verify(client, {"operation": "listJobs"}).status_code == 200
    problem = failed(client, {"operation": "listJobs", "times": 3}, {"operation": "getJob", "times": 0})
    assert [result["reason"] for result in problem["expectations"]] == [
        "the journal no longer has 1 earlier request, which may have matched"
    ] * 2


def test_requests_that_were_cleared_are_not_missing(client: FlaskClient) -> None:
    client.get("/admin/jobs")
    client.delete("/__mock/requests")
    client.get("/admin/jobs")
    assert verify(client, {"operation": "listJobs", "times": 1}).status_code == 200
    listing: Any = client.get("/__mock/requests").json
    assert listing.keys() == {"requests", "total", "seen"}


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({"expect": []}, "/expect", None),
        ({"expect": [{"times": 1}]}, "/expect/0", None),
        ({"expect": [{"path": "/x"}], "path": "/x"}, "",
         '"path" is not declared here. Known: expect, in_order, wait.'),
        ({"expect": [{"operation": "retryjob"}]}, "/expect/0/operation",
         'there is no operation "retryjob". Did you mean "retryJob"?'),
        ({"expect": [{"operation": "post /admin/jobs/{id}/retry"}]}, "/expect/0/operation",
         'there is no operation "post /admin/jobs/{id}/retry". Did you mean "retryJob"?'),
        ({"expect": [{"operation": "getJob", "where": {"job": 1}}]}, "/expect/0/where/job",
         'there is no parameter "job". Did you mean "job_id"?'),
        ({"expect": [{"path": "/x", "where": {"id": 1}}]}, "/expect/0/where",
         "needs `operation`: parameters belong to an operation"),
        ({"expect": [{"operation": "getJob", "times": -1}]}, "/expect/0/times", None),
        ({"expect": [{"operation": "getJob", "times": 1.5}]}, "/expect/0/times", None),
        ({"expect": [{"operation": "getJob", "times": {"at_least": 2, "at_most": 1}}]}, "/expect/0/times",
         "at least 2 and at most 1 cannot both hold"),
        ({"expect": [{"operation": "getJob", "body": {"type": 5}}]}, "/expect/0/body/type", None),
        ({"expect": [{"operation": "retryJob", "body": {"reason": "late"}}]}, "/expect/0/body/reason", None),
        ({"expect": [{"operation": "getJob", "body": {"$ref": "http://127.0.0.1:1/x"}}]}, "/expect/0/body/$ref", None),
        ({"expect": [{"operation": "getJob", "body": {"$ref": "#/no"}}]}, "/expect/0/body/$ref", None),
        ({"expect": [{"operation": "getJob", "status": "6XX"}]}, "/expect/0/status", None),
        ({"expect": [{"operation": "getJob", "headers": {"X": {"type": 5}}}]}, "/expect/0/headers/X/type", None),
        ({"expect": [{"operation": "getJob", "where": {"job_id": {"is": 5}}}]}, "/expect/0/where/job_id/is", None),
        ({"expect": [{"path": "/admin/jobs?limit=5", "times": 0}]}, "/expect/0/path",
         "a path has no query: name the operation, and its query parameters in `where`"),
    ],
)  # fmt: skip
def test_an_expectation_that_cannot_be_read_is_refused(
    client: FlaskClient, body: dict[str, Any], pointer: str, message: str | None
) -> None:
    response = client.post("/__mock/verify", json=body)
    assert response.status_code == 422
    assert response.json["code"] == "invalid-request"
    assert response.json["violations"][0]["pointer"] == pointer
    if message is not None:
        assert response.json["violations"][0]["message"] == message


@pytest.mark.parametrize(("count", "status"), [(1, 409), (2, 422)])
def test_the_forms_and_xml_that_are_read_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, status: int
) -> None:
    operation = {
        "operationId": "send",
        "requestBody": {"content": {"application/x-www-form-urlencoded": {}}},
        "responses": {"204": {"description": "done"}},
    }
    path = tmp_path / "openapi.json"
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"post": operation}}}
    path.write_text(json.dumps(document))
    client = create_app(path).test_client()
    for _ in range(count):
        assert client.post("/x", data={"a": "1"}).status_code == 204
    monkeypatch.setattr(expectations, "reading_bytes", lambda *_: 300_000_000)
    response = verify(client, {"operation": "send", "body": {"required": ["b"]}})
    assert response.status_code == status
    if status == 409:
        difference = response.json["expectations"][0]["closest"][0]["differences"][0]
        assert difference["message"] == "it does not match its schema"


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (b"a=1&b=2", "application/x-www-form-urlencoded", 1_500),
        (b"--B\r\n\r\n\r\n--B--", "multipart/form-data", 5_000),
        (b"<a><b/></a>", "application/xml", 6_000),
        (b"<a>&", "application/octet-stream", 0),
    ],
)
def test_the_time_to_read_a_body_is_known_by_its_parts(data: bytes, kind: str, size: int) -> None:
    assert bodies.reading_bytes(data, kind) == size
