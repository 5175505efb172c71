from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import create_app, load_contract
from tests.attack.scale import some
from tests.conftest import SCENARIOS, MakeContract

BADGES = {
    "none": ("Not processed", "neutral"),
    "queued": ("Queued", "neutral"),
    "running": ("Processing", "info"),
    "succeeded": ("Ready", "success"),
    "failed": ("Failed", "danger"),
    "cancelled": ("Cancelled", "warning"),
}


def body(response: TestResponse) -> Any:
    return response.get_json(force=True)


def badges(client: FlaskClient) -> dict[str, dict[str, str]]:
    result = {}
    for course in body(client.get("/tutor/courses"))["courses"]:
        for session in body(client.get(f"/tutor/courses/{course['id']}/sessions"))["sessions"]:
            result[session["id"]] = session["status_badge"]
    return result


def test_the_list_is_newest_first_with_the_count_before_paging(client: FlaskClient) -> None:
    listed = body(client.get("/admin/jobs?limit=5&offset=2"))
    everything = body(client.get("/admin/jobs"))
    assert listed == {"jobs": everything["jobs"][2:7], "total": everything["total"]}
    order = [(job["updated_at"], job["id"]) for job in everything["jobs"]]
    assert order == sorted(order, key=lambda pair: pair[0], reverse=True)


def test_filters_take_any_of_repeated_values_and_all_of_different_names(client: FlaskClient) -> None:
    result = body(client.get("/admin/jobs?status=failed&status=queued&type=transcription"))
    assert {job["status"] for job in result["jobs"]} == {"failed", "queued"}
    assert {job["type"] for job in result["jobs"]} == {"transcription"}
    of_session = body(client.get("/admin/jobs?session_id=session-3"))
    assert {job["session_id"] for job in of_session["jobs"]} == {"session-3"}


def test_sort_names_fields_with_a_minus_for_descending(client: FlaskClient) -> None:
    jobs = body(client.get("/admin/jobs?sort=status,-id"))["jobs"]
    assert jobs == sorted(sorted(jobs, key=lambda job: job["id"], reverse=True), key=lambda job: job["status"])


def test_retry_shows_at_once_in_the_list_the_job_its_events_and_the_badge(client: FlaskClient) -> None:
    before = body(client.get("/admin/jobs/job-7"))
    response = client.post("/admin/jobs/job-7/retry")
    after = body(response)
    assert response.status_code == 200
    assert after == {**before, "status": "queued", "updated_at": "2026-01-15T09:00:00.000Z"}
    assert body(client.get("/admin/jobs/job-7")) == after
    assert body(client.get("/admin/jobs?limit=1"))["jobs"] == [after]
    event = {"job_id": "job-7", "event_type": "retry", "at": after["updated_at"]}
    assert body(client.get("/admin/jobs/job-7/events"))["events"][-1] == event
    assert badges(client)[before["session_id"]] == {"status": "queued", "label": "Queued", "style": "neutral"}


def test_a_repeat_answers_the_same_bytes_and_changes_nothing(client: FlaskClient) -> None:
    first = client.post("/admin/jobs/job-1/cancel")
    events = client.get("/admin/jobs/job-1/events").data
    second = client.post("/admin/jobs/job-1/cancel")
    assert second.status_code == 200
    assert second.data == first.data
    assert client.get("/admin/jobs/job-1/events").data == events


def test_a_transition_that_is_not_allowed_is_409_with_current_and_allowed(client: FlaskClient) -> None:
    response = client.post("/admin/jobs/job-1/retry")
    assert response.status_code == 409
    assert response.content_type == "application/problem+json"
    assert response.headers["X-Mock-Code"] == "transition-not-allowed"
    problem = body(response)
    assert {name: problem[name] for name in ("code", "current", "allowed")} == {
        "code": "transition-not-allowed", "current": "queued", "allowed": ["start", "cancel"],
    }  # fmt: skip


def test_the_badges_show_all_six_values_with_their_label_and_style(client: FlaskClient) -> None:
    result = badges(client).values()
    assert {badge["status"]: (badge["label"], badge["style"]) for badge in result} == BADGES


@pytest.mark.parametrize("scenario", some(sorted(set(SCENARIOS) - {"outage", "forbidden"}), 4))
def test_every_read_of_every_scenario_keeps_the_contract(client: FlaskClient, scenario: str) -> None:
    headers = {"X-Mock-Scenario": scenario}
    for path in ("/admin/jobs?limit=500", "/tutor/courses"):
        assert client.get(path, headers=headers).status_code == 200
    for course in body(client.get("/tutor/courses", headers=headers))["courses"]:
        response = client.get(f"/tutor/courses/{course['id']}/sessions", headers=headers)
        assert response.status_code == 200
    for job in body(client.get("/admin/jobs?limit=20", headers=headers))["jobs"]:
        assert client.get(f"/admin/jobs/{job['id']}", headers=headers).status_code == 200
        assert client.get(f"/admin/jobs/{job['id']}/events", headers=headers).status_code == 200
    assert body(client.get("/__mock/violations"))["violations"] == []


def test_the_empty_scenario_has_nothing_and_the_large_one_five_thousand_jobs(client: FlaskClient) -> None:
    assert body(client.get("/admin/jobs", headers={"X-Mock-Scenario": "empty"})) == {"jobs": [], "total": 0}
    large = body(client.get("/admin/jobs", headers={"X-Mock-Scenario": "large-queue"}))
    assert len(large["jobs"]) == 100
    assert large["total"] == 5_000


@pytest.mark.parametrize(
    ("query", "violations"),
    [
        ("limit=0", [("limit", "", "minimum")]),
        ("limit=501", [("limit", "", "maximum")]),
        ("limit=abc", [("limit", "", "type")]),
        ("limit=1&limit=2", [("limit", "", "type")]),
        ("status=queued&status=done", [("status", "/1", "enum")]),
        ("offset=-1&sort=name&type=x", [("type", "/0", "enum"), ("sort", "", "pattern"), ("offset", "", "minimum")]),
        ("statsu=failed", [("statsu", "", "unknown")]),
        ("offset=99999999999999999999", [("offset", "", "maximum")]),
    ],
)
def test_a_query_that_breaks_the_contract_is_422_with_each_violation(
    client: FlaskClient, query: str, violations: list[tuple[str, str, str]]
) -> None:
    response = client.get(f"/admin/jobs?{query}")
    assert response.status_code == 422
    problem = body(response)
    assert problem["code"] == "invalid-request"
    result = [(item["name"], item["pointer"], item["keyword"]) for item in problem["violations"]]
    assert result == violations


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"", None, 200, None),
        (b"{}", "application/json", 200, None),
        (b"null", "application/json", 200, None),
        (b" {} ", None, 200, None),
        (b'{"a": 1}', "application/json", 400, "unexpected-body"),
        (b"[]", "application/json", 400, "unexpected-body"),
        (b"a=1", "application/x-www-form-urlencoded", 400, "unexpected-body"),
        (b"{", "application/json", 400, "malformed-body"),
        (b"\xff\xfe", "application/json", 400, "malformed-body"),
        (b"[" * 100_000, "application/json", 400, "malformed-body"),
        (b" " * (11 << 20), "application/json", 413, "body-too-large"),
    ],
)
def test_a_body_where_none_is_declared_passes_only_if_it_says_nothing(
    client: FlaskClient, data: bytes, content_type: str | None, status: int, code: str | None
) -> None:
    response = client.post("/admin/jobs/job-7/retry", data=data, content_type=content_type)
    assert response.status_code == status
    assert response.headers.get("X-Mock-Code") == code


@pytest.mark.parametrize(
    "job_id", ["a%2Fb", "%2e%2e", "%C3%A9", "x" * 10_000, "%00", "%0d%0aX-Evil:1", "%FF", "%252F", " "]
)
def test_an_odd_job_id_is_just_one_that_does_not_exist(client: FlaskClient, job_id: str) -> None:
    response = client.get(f"/admin/jobs/{job_id}", environ_overrides={"RAW_URI": f"/admin/jobs/{job_id}"})
    assert response.status_code == 404
    assert response.headers["X-Mock-Code"] == "unknown-record"


def test_a_job_id_with_a_slash_is_found_by_its_encoded_form(small_client: FlaskClient) -> None:
    response = small_client.get("/jobs/x%2Fy", environ_overrides={"RAW_URI": "/jobs/x%2Fy"})
    assert response.status_code == 200
    assert body(response)["id"] == "x/y"


def test_an_unknown_path_is_404_with_the_nearest_operation_and_why(client: FlaskClient) -> None:
    problem = body(client.get("/admin/job"))
    assert problem["status"] == 404
    assert problem["code"] == "unknown-path"
    assert problem["nearest"][0] == {
        "operation": "listJobs", "method": "GET", "path": "/admin/jobs", "why": "segment 2 is 'jobs', not 'job'",
    }  # fmt: skip


def test_a_wrong_method_is_405_with_allow(client: FlaskClient) -> None:
    response = client.delete("/admin/jobs")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert body(response)["code"] == "method-not-allowed"


def test_options_names_the_methods(client: FlaskClient) -> None:
    response = client.options("/admin/jobs/job-1/retry")
    assert response.status_code == 204
    assert response.headers["Allow"] == "OPTIONS, POST"
    assert response.data == b""


def test_head_is_get_without_the_body(client: FlaskClient) -> None:
    got, headed = client.get("/admin/jobs"), client.head("/admin/jobs")
    assert headed.status_code == 200
    assert headed.data == b""
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control", "Vary"):
        assert headed.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/__mock/nowhere", "/__mock/reset", "/admin/jobs/nope", "/admin/jobs?x=1"]
)
def test_head_of_an_error_has_the_length_that_get_has(client: FlaskClient, path: str) -> None:
    response = client.head(path)
    assert response.status_code >= 400
    assert response.headers["Content-Length"] == client.get(path).headers["Content-Length"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_match_of_a_get_holds_for_the_version_that_it_names(client: FlaskClient, method: str) -> None:
    tag = client.get("/admin/jobs/job-7").headers["ETag"]

    def status(value: str, path: str = "/admin/jobs/job-7") -> int:
        return client.open(path, method=method, headers={"If-Match": value}).status_code

    assert [status(value) for value in (tag, "*", f'"x", {tag}')] == [200, 200, 200]
    assert [status(value) for value in ('"x"', f"W/{tag}")] == [412, 412]
    assert status('"x"', "/admin/jobs/none") == 404
    headers = {"If-Match": '"x"', "If-None-Match": tag}
    assert client.open("/admin/jobs/job-7", method=method, headers=headers).status_code == 412


def test_a_get_has_a_strong_etag_and_says_what_it_varies_by(client: FlaskClient) -> None:
    headers = client.get("/admin/jobs").headers
    assert headers["ETag"].startswith('"')
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Vary"] == "Origin, Cookie, Accept, Prefer, Baggage, X-Mock-Scenario, X-Mock-Sandbox"


@pytest.mark.parametrize("condition", ["{tag}", '"x", W/{tag}', "*"])
def test_a_304_has_no_body_and_repeats_the_headers(client: FlaskClient, condition: str) -> None:
    first = client.get("/admin/jobs")
    again = client.get("/admin/jobs", headers={"If-None-Match": condition.format(tag=first.headers["ETag"])})
    assert again.status_code == 304
    assert again.data == b""
    assert "Content-Length" not in again.headers
    names = ("ETag", "Cache-Control", "Vary", "X-Mock-Scenario", "X-Mock-Sandbox")
    assert {name: again.headers[name] for name in names} == {name: first.headers[name] for name in names}


def test_a_list_that_has_changed_is_sent_again(client: FlaskClient) -> None:
    tag = client.get("/admin/jobs").headers["ETag"]
    client.post("/admin/jobs/job-7/retry")
    assert client.get("/admin/jobs", headers={"If-None-Match": tag}).status_code == 200


def test_accept_is_checked_before_anything_changes(client: FlaskClient) -> None:
    response = client.post("/admin/jobs/job-7/retry", headers={"Accept": "text/csv"})
    assert response.status_code == 406
    assert body(response)["available"] == ["application/json"]
    assert body(client.get("/admin/jobs/job-7"))["status"] == "failed"
    for accept in ("*/*", "application/*;q=0.5", "text/html, application/json;q=0.1"):
        assert client.get("/admin/jobs/job-7", headers={"Accept": accept}).status_code == 200


def test_a_refusal_takes_the_form_that_the_operation_declares(small_client: FlaskClient) -> None:
    response = small_client.get("/jobs/nope")
    assert response.status_code == 404
    assert response.content_type == "application/json"
    assert body(response) == {"error": "no such job"}
    assert response.headers["X-Mock-Code"] == "unknown-record"


def test_a_declared_form_without_an_example_is_generated(make_contract: MakeContract) -> None:
    def without_example(files: dict[str, Any]) -> None:
        response = files["schemas/openapi.yaml"]["paths"]["/jobs/{job_id}"]["get"]["responses"]["404"]
        del response["content"]["application/json"]["example"]

    client = create_app(make_contract(without_example)).test_client()
    assert list(body(client.get("/jobs/nope"))) == ["error"]


def test_a_violation_is_400_where_the_operation_declares_that_and_not_422(make_contract: MakeContract) -> None:
    def declare_400(files: dict[str, Any]) -> None:
        for method in ("get", "post"):
            files["schemas/openapi.yaml"]["paths"]["/jobs"][method]["responses"]["400"] = {"description": "wrong"}

    client = create_app(make_contract(declare_400)).test_client()
    for response in (client.get("/jobs?limit=0"), client.post("/jobs", json={"owner_id": 9})):
        assert response.status_code == 400
        assert body(response)["violations"][0]["location"] in ("query", "body")


def test_a_created_record_is_returned_with_its_address(small_client: FlaskClient) -> None:
    created = small_client.post("/jobs", json={"owner_id": 1})
    job = body(created)
    assert created.status_code == 201
    assert created.headers["Location"] == f"/jobs/{job['id']}"
    assert job == {"id": job["id"], "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:10.000Z"}


def test_an_update_changes_the_members_that_are_sent(small_client: FlaskClient) -> None:
    job = body(small_client.post("/jobs", json={"owner_id": 1}))
    updated = small_client.patch(f"/jobs/{job['id']}", json={"note": "hi"})
    assert body(updated) == {**job, "updated_at": "2026-01-01T00:00:10.001Z", "note": "hi"}


def test_a_replaced_record_has_the_members_that_are_sent_alone(small_client: FlaskClient) -> None:
    job = body(small_client.post("/jobs", json={"owner_id": 1, "note": "hi"}))
    replaced = small_client.put(f"/jobs/{job['id']}", json={"owner_id": 2, "status": "queued"})
    assert body(replaced) == {
        "id": job["id"], "owner_id": 2, "status": "queued", "updated_at": "2026-01-01T00:00:10.001Z",
    }  # fmt: skip


def test_a_removed_record_no_longer_exists(small_client: FlaskClient) -> None:
    removed = small_client.delete("/jobs/a")
    assert removed.status_code == 204
    assert removed.data == b""
    assert small_client.get("/jobs/a").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "json", "status", "code"),
    [
        ("POST", "/jobs", {"owner_id": 9}, 422, "invalid-record"),
        ("POST", "/jobs", {"owner_id": 1, "id": "a"}, 409, "record-exists"),
        ("POST", "/jobs", [], 422, "invalid-request"),
        ("POST", "/jobs", None, 422, "invalid-request"),
        ("PATCH", "/jobs/a", {"status": None}, 422, "invalid-record"),
        ("PATCH", "/jobs/a", {"id": "z"}, 422, "invalid-record"),
        ("PUT", "/jobs/zz", {"owner_id": 1, "status": "done"}, 404, "unknown-record"),
        ("DELETE", "/jobs/zz", None, 404, "unknown-record"),
        ("GET", "/owners/9/jobs", None, 404, "unknown-record"),
        ("GET", "/owners/x/jobs", None, 422, "invalid-request"),
        ("GET", "/jobs?sort=nme", None, 422, "invalid-request"),
    ],
)
def test_a_write_or_read_that_cannot_be_is_refused(
    small_client: FlaskClient, method: str, path: str, json: Any, status: int, code: str
) -> None:
    response = (
        small_client.open(path, method=method, json=json)
        if json is not None
        else small_client.open(path, method=method)
    )
    assert response.status_code == status
    assert response.headers["X-Mock-Code"] == code


def test_an_operation_without_behaviour_answers_from_its_example(small_client: FlaskClient) -> None:
    assert small_client.get("/message?anything=goes").data == b'"hello"'


def test_an_operation_without_an_example_responds_with_a_valid_generated_value(make_contract: MakeContract) -> None:
    def generated(files: dict[str, Any]) -> None:
        media = files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["responses"]["200"]["content"]
        media["application/json"] = {
            "schema": {"type": "object", "required": ["email"], "properties": {"email": {"format": "email"}}}
        }

    client = create_app(make_contract(generated)).test_client()
    first = client.get("/message")
    assert first.status_code == 200
    assert "@" in body(first)["email"]
    assert client.get("/message").data == first.data


def test_a_parameter_in_the_path_decides_a_list(small_client: FlaskClient) -> None:
    assert [job["id"] for job in body(small_client.get("/owners/1/jobs"))] == ["b", "a"]
    assert body(small_client.get("/owners/3/jobs")) == []


def test_a_body_in_an_unknown_content_coding_is_415(small_client: FlaskClient) -> None:
    response = small_client.post(
        "/jobs", data=b"x", content_type="application/json", headers={"Content-Encoding": "br"}
    )
    assert response.status_code == 415
    assert body(response)["code"] == "unsupported-media-type"


def broken(files: dict[str, Any]) -> None:
    """A contract whose job list promises a field that no job has."""
    content = files["schemas/openapi.yaml"]["paths"]["/jobs"]["get"]["responses"]["200"]["content"]
    content["application/json"]["schema"]["items"] = {"allOf": [{"$ref": "job.json"}, {"required": ["priority"]}]}


def test_a_response_that_breaks_the_contract_is_held_back(make_contract: MakeContract) -> None:
    client = create_app(make_contract(broken)).test_client()
    response = client.get("/jobs")
    problem = body(response)
    assert response.status_code == 500
    assert problem["code"] == "contract-violation"
    assert problem["answered"] == 200
    assert problem["violations"][0] == {
        "location": "body", "pointer": "/0", "keyword": "required", "message": '"priority" is required and missing',
    }  # fmt: skip
    assert client.get("/jobs/a").status_code == 200


def test_responses_that_break_the_contract_are_listed_until_the_list_is_cleared(make_contract: MakeContract) -> None:
    client = create_app(make_contract(broken)).test_client()
    client.get("/jobs")
    client.get("/jobs/a")
    listed = body(client.get("/__mock/violations"))["violations"]
    assert [(item["operation"], item["status"], len(item["violations"])) for item in listed] == [("listJobs", 200, 4)]
    assert client.delete("/__mock/violations").status_code == 204
    assert body(client.get("/__mock/violations")) == {"violations": []}


def test_leniently_it_is_sent_with_the_count_of_violations(make_contract: MakeContract) -> None:
    client = create_app(make_contract(broken), strict=False).test_client()
    response = client.get("/jobs")
    assert response.status_code == 200
    assert response.headers["X-Mock-Violations"] == "4"
    assert len(body(response)) == 4
    assert len(body(client.get("/__mock/violations"))["violations"]) == 1


def test_a_status_that_is_not_declared_is_a_violation_too(make_contract: MakeContract) -> None:
    def undeclared(files: dict[str, Any]) -> None:
        files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["responses"]["200"]["headers"] = {
            "X-Rate": {"required": True, "schema": {"type": "integer", "minimum": 5}}
        }

    response = create_app(make_contract(undeclared)).test_client().get("/message")
    assert response.status_code == 200
    assert int(response.headers["X-Rate"]) >= 5


def test_a_contract_may_own_the_addresses_that_we_would_use(make_contract: MakeContract) -> None:
    def own(files: dict[str, Any]) -> None:
        paths = files["schemas/openapi.yaml"]["paths"]
        paths["/"] = paths["/openapi.json"] = paths["/message"]
        paths["/"] = {"get": {**paths["/message"]["get"], "operationId": "root"}}
        paths["/openapi.json"] = {"get": {**paths["/message"]["get"], "operationId": "document"}}

    client = create_app(load_contract(make_contract(own))).test_client()
    assert client.get("/").data == b'"hello"'
    assert client.get("/openapi.json").data == b'"hello"'
