"""Overrides: what they answer, when they match, and what becomes of the operation."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Contract, create_app
from mockserver.engine import overrides
from tests.conftest import MakeContract, Serve


def add(client: FlaskClient, **override: Any) -> str:
    response = client.post("/__mock/overrides", json=override)
    assert response.status_code == 201, response.json
    assert response.headers["Location"] == f"/__mock/overrides/{response.json['id']}"
    result: str = response.json["id"]
    return result


def statuses(client: FlaskClient, path: str = "/admin/jobs/job-7", times: int = 1) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_the_newest_that_matches_and_is_not_used_up_counts(client: FlaskClient) -> None:
    add(client, operation="getJob", status=500)
    add(client, operation="getJob", status=503, times=2)
    assert statuses(client, times=4) == [503, 503, 500, 500]


def test_where_compares_path_and_query_parameters(client: FlaskClient) -> None:
    add(client, operation="getJob", status=500, where={"job_id": "job-7"})
    add(client, operation="listJobs", status=500, where={"limit": 5})
    assert statuses(client) == [500]
    assert statuses(client, "/admin/jobs/job-1") == [200]
    assert statuses(client, "/admin/jobs?limit=5") == [500]
    assert statuses(client, "/admin/jobs?limit=6") == [200]


def test_a_status_without_a_body_is_a_problem_in_the_declared_form(client: FlaskClient, small: Contract) -> None:
    add(client, operation="getJob", status=418)
    response = client.get("/admin/jobs/job-7")
    assert response.status_code == 418
    assert response.json["code"] == "injected"
    assert response.json["status"] == 418
    other = create_app(small).test_client()
    add(other, operation="getJob", status=404)
    assert other.get("/jobs/a").json == {"error": "no such job"}


def test_a_body_and_headers_are_sent_as_they_are(client: FlaskClient) -> None:
    body = {"jobs": [], "total": 7}
    add(client, operation="listJobs", body=body, headers={"X-Total": "7"})
    response = client.get("/admin/jobs")
    assert response.status_code == 200
    assert response.json == body
    assert response.headers["X-Total"] == "7"


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection"])
def test_headers_that_frame_the_answer_are_refused(client: FlaskClient, name: str) -> None:
    response = client.post("/__mock/overrides", json={"operation": "getJob", "headers": {name: "5"}})
    assert response.status_code == 422
    assert response.json["violations"][0]["pointer"] == f"/headers/{name}"
    assert client.get("/__mock/overrides").json == {"overrides": []}


def test_headers_alone_are_added_to_the_normal_answer(client: FlaskClient) -> None:
    add(client, operation="getJob", headers={"Deprecation": "true"})
    response = client.get("/admin/jobs/job-7")
    assert response.json["id"] == "job-7"
    assert response.headers["Deprecation"] == "true"


def test_a_declared_example_is_sent_by_its_name(client: FlaskClient) -> None:
    add(client, operation="listCourses", example="one")
    assert client.get("/tutor/courses").json == {"courses": [{"id": "course-algebra", "title": "Algebra I"}]}


def test_without_commit_the_operation_is_not_carried_out_and_with_it_it_is(client: FlaskClient) -> None:
    add(client, operation="retryJob", status=503, times=1)
    assert client.post("/admin/jobs/job-7/retry").status_code == 503
    assert client.get("/admin/jobs/job-7").json["status"] == "failed"
    add(client, operation="retryJob", status=503, times=1, commit=True)
    assert client.post("/admin/jobs/job-7/retry").status_code == 503
    assert client.get("/admin/jobs/job-7").json["status"] == "queued"
    assert client.post("/admin/jobs/job-7/retry").status_code == 200


def test_a_body_that_breaks_the_contract_is_sent_only_where_it_is_meant_to(client: FlaskClient) -> None:
    refused = client.post("/__mock/overrides", json={"operation": "getJob", "body": {"id": 7}})
    assert refused.status_code == 422
    assert refused.json["code"] == "invalid-request"
    assert {item["pointer"] for item in refused.json["violations"]} == {"/body", "/body/id"}
    hints = [item["message"].endswith("; add violate: true to send it anyway") for item in refused.json["violations"]]
    assert hints == [True] + [False] * (len(hints) - 1)
    add(client, operation="getJob", body={"id": 7}, violate=True)
    assert client.get("/admin/jobs/job-7").json == {"id": 7}


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("text/html", "<html>Bad gateway</html>", b"<html>Bad gateway</html>"),
        ("text/html; charset=iso-8859-1", "grün", "grün".encode("latin-1")),
        ("text/plain", "{}", b"{}"),
        ("application/x-www-form-urlencoded", {"a": "b c"}, b"a=b+c"),
        ("application/json", "text", b'"text"'),
        ("application/vnd.gateway+json", {"a": 1}, b'{"a":1}'),
    ],
)
@pytest.mark.parametrize("extra", [{}, {"violate": True}], ids=["valid", "violate"])
def test_a_body_of_an_error_is_written_in_its_own_media_type(
    client: FlaskClient, content_type: str, body: Any, data: bytes, extra: dict[str, Any]
) -> None:
    add(client, operation="listJobs", status=502, headers={"Content-Type": content_type}, body=body, **extra)
    response = client.get("/admin/jobs")
    assert response.status_code == 502
    assert response.headers.getlist("Content-Type") == [content_type]
    assert response.data == data


def test_text_beyond_ascii_says_that_it_is_utf_8(client: FlaskClient) -> None:
    add(client, operation="listJobs", status=502, headers={"Content-Type": "text/html"}, body="grün")
    response = client.get("/admin/jobs")
    assert response.headers.getlist("Content-Type") == ["text/html; charset=utf-8"]
    assert response.data == "grün".encode()


def test_a_media_type_that_is_not_declared_for_a_success_is_sent_only_where_it_is_meant_to(client: FlaskClient) -> None:
    override = {"operation": "getJob", "headers": {"Content-Type": "text/html"}, "body": "<p>"}
    refused = client.post("/__mock/overrides", json=override)
    assert [entry["pointer"] for entry in refused.json["violations"]] == ["/headers/Content-Type"]
    add(client, **override, violate=True)
    response = client.get("/admin/jobs/job-7")
    assert response.status_code == 200
    assert response.content_type == "text/html"
    assert response.data == b"<p>"


@pytest.mark.parametrize("status", [200, 202, 204, 205, 299, 301, 304, 418, 451, 500, 599])
@pytest.mark.parametrize("body", [{}, {"body": {"a": 1}}], ids=["empty", "body"])
def test_any_status_is_sent_where_it_may_violate_the_contract(
    client: FlaskClient, status: int, body: dict[str, Any]
) -> None:
    add(client, operation="getJob", status=status, violate=True, **body)
    response = client.get("/admin/jobs/job-7")
    assert response.status_code == status
    if status in (204, 205, 304):
        assert response.data == b""
    elif body:
        assert response.get_json(force=True) == body["body"]
    elif status in (202, 299, 301):
        assert response.data == b""


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/svg+xml", "text/csv"])
def test_a_text_is_sent_as_the_type_that_is_declared_in_place_of_json(serve: Serve, kind: str) -> None:
    responses = {"200": {"description": "A file", "content": {kind: {"schema": {"type": "string"}}}}}
    paths = {"/a": {"get": {"operationId": "getA", "responses": responses}}}
    client = serve({"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": paths})
    assert client.post("/__mock/overrides", json={"operation": "getA", "body": "a;b"}).status_code == 201
    response = client.get("/a")
    assert response.content_type.partition(";")[0] == kind
    assert response.text == "a;b"


@pytest.mark.parametrize("status", [204, 205])
def test_a_body_for_a_status_without_content_is_refused(serve: Serve, status: int) -> None:
    responses = {str(status): {"description": "done"}}
    paths = {"/a": {"get": {"operationId": "getA", "responses": responses}}}
    client = serve({"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": paths})
    response = client.post("/__mock/overrides", json={"operation": "getA", "status": status, "body": {}})
    assert [(entry["pointer"], entry["keyword"]) for entry in response.json["violations"]] == [("/body", "content")]


def test_a_status_and_times_may_be_written_as_json_schema_allows(client: FlaskClient) -> None:
    name = add(client, operation="getJob", status=404.0, times=1.0)
    assert statuses(client, times=2) == [404, 200]
    listed = client.get("/__mock/overrides").text
    assert listed == f'{{"overrides":[{{"id":"{name}","used":1,"operation":"getJob","status":404,"times":1}}]}}'


def test_uses_without_a_limit_are_counted_too(client: FlaskClient) -> None:
    name = add(client, operation="getJob", status=503)
    statuses(client, times=2)
    listed = client.get("/__mock/overrides").json["overrides"]
    assert listed == [{"id": name, "used": 2, "operation": "getJob", "status": 503}]
    client.post("/__mock/reset")
    assert client.get("/__mock/overrides").json["overrides"] == []


def test_uses_are_counted_and_go_back_with_the_clock(client: FlaskClient) -> None:
    client.post("/__mock/clock", json={"advance": "1s"})
    name = add(client, operation="getJob", status=503, times=1)
    client.post("/__mock/clock", json={"advance": "1s"})
    assert statuses(client, times=2) == [503, 200]
    listed = client.get("/__mock/overrides").json["overrides"]
    assert listed == [{"id": name, "used": 1, "operation": "getJob", "status": 503, "times": 1}]
    client.post("/__mock/clock", json={"undo": 1})
    assert statuses(client, times=2) == [503, 200]
    client.post("/__mock/clock", json={"rewind": "2s"})
    assert client.get("/__mock/overrides").json == {"overrides": []}


def test_overrides_belong_to_their_run_and_go_with_a_reset(client: FlaskClient) -> None:
    add(client, operation="getJob", status=503)
    assert client.get("/admin/jobs/job-7", headers={"X-Mock-Sandbox": "other"}).status_code == 200
    client.post("/__mock/reset")
    assert statuses(client) == [200]


OUTAGE = {"X-Mock-Scenario": "outage"}


def test_one_that_was_added_can_be_removed_once(client: FlaskClient) -> None:
    first = client.post("/__mock/overrides", json={"operation": "getJob", "status": 500}).json["id"]
    assert client.delete(f"/__mock/overrides/{first}").status_code == 204
    assert client.delete(f"/__mock/overrides/{first}").json["code"] == "unknown-override"


def test_one_of_the_scenario_cannot_be_removed(client: FlaskClient) -> None:
    refusal: Any = client.delete("/__mock/overrides/scenario-1", headers=OUTAGE).json
    assert refusal["code"] == "unknown-override"
    assert "is one of the scenario" in refusal["detail"]


def test_all_that_were_added_are_removed_together_and_those_of_the_scenario_stay(client: FlaskClient) -> None:
    for status in (500, 502):
        client.post("/__mock/overrides", json={"operation": "getJob", "status": status}, headers=OUTAGE)
    assert client.delete("/__mock/overrides", headers=OUTAGE).status_code == 204
    assert client.get("/admin/jobs/job-7", headers=OUTAGE).status_code == 503
    assert len(client.get("/__mock/overrides", headers=OUTAGE).json["overrides"]) == 8


@pytest.mark.parametrize(
    ("override", "pointer", "keyword"),
    [
        ({"operation": "gtJob", "status": 500}, "/operation", "operation"),
        ({"operation": "getJob"}, "", "required"),
        ({"operation": "getJob", "status": 500, "times": 0}, "/times", "minimum"),
        ({"operation": "getJob", "fault": "explode"}, "/fault", "enum"),
        ({"operation": "getJob", "status": 201}, "/status", "responses"),
        ({"operation": "getJob", "status": 99}, "/status", "minimum"),
        ({"operation": "getJob", "delay": "soon"}, "/delay", "pattern"),
        ({"operation": "getJob", "delay": "5x"}, "/delay", "duration"),
        ({"operation": "getJob", "delay": 200}, "/delay", "anyOf"),
        ({"operation": "getJob", "delay": {"uniform": ["3s", "1s"]}}, "/delay", "duration"),
        ({"operation": "getJob", "status": 500, "where": {"job": "x"}}, "/where/job", "parameter"),
        ({"operation": "getJob", "example": "nope"}, "/example", "example"),
        ({"operation": "getJob", "headers": {"X-A": "a\r\nb"}}, "/headers/X-A", "pattern"),
        ({"operation": "getJob", "body": {}, "example": "queued"}, "", "not"),
        ({"operation": "getJob", "staus": 500}, "", "additionalProperties"),
        ({"operation": "getJob", "status": 200, "patch": {"status": "failed"}}, "/patch", "patch"),
        ({"operation": "streamJobs", "patch": {"status": "failed"}}, "/patch", "patch"),
    ],
)
def test_an_override_that_cannot_be_is_refused(
    client: FlaskClient, override: dict[str, Any], pointer: str, keyword: str
) -> None:
    response = client.post("/__mock/overrides", json=override)
    assert response.status_code == 422
    assert response.json["code"] == "invalid-request"
    result = [(item["pointer"], item["keyword"]) for item in response.json["violations"]]
    assert (pointer, keyword) in result or (keyword == "required" and (pointer, "anyOf") in result)
    assert client.get("/__mock/overrides").json == {"overrides": []}


def test_the_message_about_a_delay_without_a_unit_says_how_durations_are_written(client: FlaskClient) -> None:
    response = client.post("/__mock/overrides", json={"operation": "getJob", "delay": 200})
    assert response.json["violations"][0]["message"] == '200 has no unit; write "200ms" or "200s"'


def test_a_run_holds_so_many_and_no_more(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides, "OVERRIDE_LIMIT", 2)
    for _ in range(2):
        add(client, operation="getJob", status=500)
    response = client.post("/__mock/overrides", json={"operation": "getJob", "status": 500})
    assert response.status_code == 429
    assert response.json["code"] == "override-limit"
    assert response.json["limit"] == 2


def test_a_mistake_in_the_responses_of_a_scenario_is_reported_with_its_pointer(
    problems: Any, make_contract: MakeContract
) -> None:
    text = "fixtures: small\nresponses:\n  - {operation: getJob, status: 500}\n  - {operation: getJb, status: 500}\n"
    assert problems(**{"scenarios/baseline.yaml": text}) == [
        'scenarios/baseline.yaml:4 /responses/1/operation: there is no operation "getJb". Did you mean "getJob"?'
    ]


def test_where_finds_a_parameter_that_was_not_sent(client: FlaskClient) -> None:
    add(client, operation="listJobs", status=500, where={"session_id": None})
    assert statuses(client, "/admin/jobs") == [500]
    assert statuses(client, "/admin/jobs?session_id=session-3") == [200]


def test_where_compares_a_repeated_parameter_as_a_whole(client: FlaskClient) -> None:
    add(client, operation="listJobs", status=500, where={"status": ["failed", "queued"]})
    assert statuses(client, "/admin/jobs?status=failed&status=queued") == [500]
    assert statuses(client, "/admin/jobs?status=failed") == [200]
    assert statuses(client, "/admin/jobs") == [200]


def test_a_text_in_where_is_no_parameter_that_was_not_sent(client: FlaskClient) -> None:
    add(client, operation="listJobs", status=500, where={"session_id": "None"})
    assert statuses(client, "/admin/jobs") == [200]


def test_commit_with_times_lets_so_many_requests_through(client: FlaskClient) -> None:
    add(client, operation="getJob", status=500)
    add(client, operation="getJob", commit=True, times=2)
    assert statuses(client, times=3) == [200, 200, 500]


def test_set_gives_a_new_record_its_key_and_other_members(small: Contract) -> None:
    client = create_app(small).test_client()
    add(client, operation="createJob", times=1, set={"id": "job-9", "note": "set"})
    expected = {"id": "job-9", "owner_id": 1, "status": "queued", "note": "set"}
    created: Any = client.post("/jobs", json={"owner_id": 1, "note": "sent"}).json
    assert created.items() >= expected.items()
    assert client.get("/jobs/job-9").json == created


def test_what_is_set_may_be_what_the_request_sent(small: Contract) -> None:
    client = create_app(small).test_client()
    note = "{$request.header.X-User} at {$now}"
    add(
        client,
        operation="createJob",
        set={"id": "job-{$request.body#/owner_id}", "note": note, "x": "{$request.body#/x}"},
    )
    created: Any = client.post("/jobs", json={"owner_id": 1}, headers={"X-User": "ann"}).json
    assert created == client.get("/jobs/job-1").json
    assert created["note"] == "ann at 2026-01-01T00:00:10.000Z"
    assert "x" not in created
    assert "note: 'ann at" in client.get("/__mock/recording").text


def test_a_key_to_set_that_is_taken_is_left_out(small: Contract) -> None:
    client = create_app(small).test_client()
    add(client, operation="createJob", set={"id": "job-9"})
    keys = [client.post("/jobs", json={"owner_id": 1}).json["id"] for _ in range(2)]
    assert keys[0] == "job-9"
    assert keys[1] not in ("job-9", None)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_set_changes_members_of_a_record_that_is_changed(small: Contract, method: str) -> None:
    client = create_app(small).test_client()
    add(client, operation="updateJob", set={"note": "set", "id": "other"})
    add(client, operation="replaceJob", set={"note": "set", "id": "other"})
    job: Any = client.get("/jobs/a").json
    assert getattr(client, method)("/jobs/a", json={**job, "note": "sent"}).json["note"] == "set"
    assert client.get("/jobs/a").json["note"] == "set"
    assert client.get("/jobs/other").status_code == 404


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"operation": "getJob", "set": {"id": 1}}, "only a POST, PUT or PATCH writes a record, so name such an operation instead of \"getJob\""),
        ({"operation": "*", "set": {"id": 1}}, "only a POST, PUT or PATCH writes a record, so name such an operation instead of \"*\""),
        ({"operation": "createJob", "status": 500, "set": {"id": 1}}, "a replaced response writes no record; add commit: true, or leave the status and the body out"),
    ],
)  # fmt: skip
def test_set_needs_an_operation_that_writes(small: Contract, entry: dict[str, Any], message: str) -> None:
    response = create_app(small).test_client().post("/__mock/overrides", json=entry)
    assert [(error["pointer"], error["message"]) for error in response.json["violations"]] == [("/set", message)]


def test_nothing_optional_is_added_to_a_record_with_set_members(make_contract: MakeContract) -> None:
    def add_stamp(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["created_at"] = {
            "type": "string",
            "format": "date-time",
            "readOnly": True,
        }

    client = create_app(make_contract(add_stamp)).test_client()
    add(client, operation="createJob", times=1, set={"id": "job-9"})
    body = {"owner_id": 1, "updated_at": "2026-01-01T00:00:10.000Z"}
    created: list[Any] = [client.post("/jobs", json=body).json for _ in range(2)]
    assert ["created_at" in record for record in created] == [False, True]


def test_commit_alone_is_no_override_and_the_message_says_what_is_missing(client: FlaskClient) -> None:
    response = client.post("/__mock/overrides", json={"operation": "getJob", "commit": True})
    message = 'one of "status", "headers", "body", "body_base64", "example", "delay", "fault", "upstream", "patch", "cut_after", "commit" and "times", "set" is required'
    assert [entry["message"] for entry in response.json["violations"]] == [message]


def test_several_are_added_at_once_of_which_the_first_is_tried_first(client: FlaskClient) -> None:
    add(client, operation="getJob", status=500)
    entries = [{"operation": "getJob", "status": status, "times": 1} for status in (503, 429)]
    response = client.post("/__mock/overrides", json=entries)
    assert response.status_code == 201, response.json
    added = response.json["overrides"]
    assert [entry["status"] for entry in added] == [503, 429]
    assert client.get("/__mock/overrides").json["overrides"][:2] == added
    assert statuses(client, times=3) == [503, 429, 500]


def test_of_several_either_all_are_added_or_none(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"operation": "getJob", "status": 500}
    response = client.post("/__mock/overrides", json=[entry, {**entry, "status": 201}])
    assert response.status_code == 422
    assert [violation["pointer"] for violation in response.json["violations"]] == ["/1/status"]
    monkeypatch.setattr(overrides, "OVERRIDE_LIMIT", 2)
    assert client.post("/__mock/overrides", json=[entry] * 3).status_code == 429
    many = {"operation": "getJob", "status": 500, "match": {"body": {"enum": list(range(6_000))}}}
    response = client.post("/__mock/overrides", json=[many, many])
    assert response.json["violations"][0]["pointer"] == "/1/match"
    assert client.get("/__mock/overrides").json == {"overrides": []}


def test_a_patch_changes_the_normal_response(client: FlaskClient) -> None:
    normal: Any = client.get("/admin/jobs/job-7").json
    add(client, operation="getJob", patch={"status": "running", "attempts": None}, headers={"X-Patched": "yes"})
    response = client.get("/admin/jobs/job-7")
    assert response.json == {**normal, "status": "running"}
    assert response.headers["X-Patched"] == "yes"
    assert client.get("/admin/jobs/job-7", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert client.get("/admin/jobs/job-99").status_code == 404
    client.delete("/__mock/overrides")
    assert client.get("/admin/jobs/job-7").json == normal


def test_a_patch_that_breaks_the_contract_is_sent_only_where_it_is_meant_to(client: FlaskClient) -> None:
    add(client, operation="getJob", patch={"status": 5})
    response = client.get("/admin/jobs/job-7")
    assert response.status_code == 500
    assert response.json["code"] == "contract-violation"
    add(client, operation="getJob", patch={"status": 5}, violate=True)
    assert client.get("/admin/jobs/job-7").json["status"] == 5


def test_a_patch_of_a_response_without_a_body_is_refused(small_client: FlaskClient) -> None:
    response = small_client.post("/__mock/overrides", json={"operation": "deleteJob", "patch": {"note": "x"}})
    assert [violation["message"] for violation in response.json["violations"]] == [
        "a patch needs a response with a body; the operation responds 204"
    ]


def test_the_tag_of_a_patched_response_is_the_one_that_if_match_compares(small: Contract) -> None:
    client = create_app(small).test_client()
    normal = client.get("/jobs/a").headers["ETag"]
    add(client, operation="getJob", patch={"note": "patched"})
    patched = client.get("/jobs/a").headers["ETag"]
    statuses = [
        client.patch("/jobs/a", json={"note": "x"}, headers={"If-Match": tag}).status_code for tag in (normal, patched)
    ]
    assert statuses == [412, 200]


def test_the_tag_of_a_response_that_replaces_the_normal_one_is_compared_too(small: Contract) -> None:
    client = create_app(small).test_client()
    job: Any = client.get("/jobs/a").json
    normal = client.get("/jobs/a").headers["ETag"]
    add(client, operation="getJob", body={**job, "note": "replaced"})
    replaced = client.get("/jobs/a").headers["ETag"]
    statuses = [
        client.patch("/jobs/a", json={"note": "x"}, headers={"If-Match": tag}).status_code for tag in (normal, replaced)
    ]
    assert statuses == [412, 200]


FILES = {
    "openapi": "3.1.0",
    "info": {"title": "Files", "version": "1"},
    "paths": {
        "/photo": {"get": {"operationId": "getPhoto", "responses": {"200": {"description": "ok", "content": {"image/png": {}}}}}},
        "/job": {"get": {"operationId": "getJob", "responses": {"200": {"description": "ok", "content": {"application/json": {}}}}}},
    },
}  # fmt: skip


def test_a_body_in_base64_is_sent_as_bytes_in_the_declared_media_type(serve: Serve) -> None:
    client = serve(FILES)
    add(client, operation="getPhoto", body_base64="iVBORw==")
    response = client.get("/photo")
    assert response.data == b"\x89PNG"
    assert response.content_type == "image/png"
    add(client, operation="getJob", body_base64="ew==", violate=True, headers={"Content-Type": "application/json"})
    response = client.get("/job")
    assert response.data == b"{"
    assert response.content_type == "application/json"


@pytest.mark.parametrize(
    ("entry", "pointer", "message"),
    [
        ({"body_base64": "x"}, "/body_base64", "is not valid Base64: Invalid base64-encoded string"),
        ({"body_base64": "iVBORw==", "body": "x"}, "", None),
        ({"body_base64": "iVBORw==", "headers": {"Content-Type": "image/gif"}}, "/headers/Content-Type", None),
        ({"operation": "getJob", "body_base64": "ew==", "headers": {"Content-Type": "application/json"}}, "/body_base64",
         "the operation declares JSON: write the value as `body`; violate: true sends other bytes"),
    ],
)  # fmt: skip
def test_a_body_in_base64_that_cannot_be_is_refused(
    serve: Serve, entry: dict[str, Any], pointer: str, message: str | None
) -> None:
    response = serve(FILES).post("/__mock/overrides", json={"operation": "getPhoto", **entry})
    assert response.status_code == 422
    (violation,) = response.json["violations"]
    assert violation["pointer"] == pointer
    assert message is None or violation["message"].startswith(message)
