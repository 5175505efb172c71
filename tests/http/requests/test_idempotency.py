"""Idempotency-Key, as the IETF draft has it."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver.engine.state import idempotency_keys
from mockserver.engine.state.idempotency_keys import NO_KEYS, StoredResponse

RETRY = "/admin/jobs/job-7/retry"


def post(client: FlaskClient, key: str, path: str = RETRY, **options: object) -> TestResponse:
    return client.post(path, headers={"Idempotency-Key": key}, **options)


def replayed(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def test_the_first_answer_is_given_again_whatever_has_happened_since(client: FlaskClient) -> None:
    first = post(client, '"a"')
    client.post("/__mock/state/jobs/job-7/start")
    second = post(client, '"a"')
    assert [replayed(first), replayed(second)] == [False, True]
    assert second.status_code == first.status_code == 200
    assert second.data == first.data
    assert second.content_type == first.content_type
    assert client.get("/admin/jobs/job-7").json["status"] == "running"


def test_a_refusal_of_the_operation_is_given_again_too(client: FlaskClient) -> None:
    first = post(client, "a", "/admin/jobs/job-1/retry")
    client.post("/__mock/state/jobs/job-1/start")
    client.post("/__mock/state/jobs/job-1/fail")
    second = post(client, "a", "/admin/jobs/job-1/retry")
    assert first.status_code == 409
    assert second.status_code == 409
    assert second.data == first.data
    assert second.headers["X-Mock-Code"] == "transition-not-allowed"
    assert replayed(second)


def test_a_quoted_key_and_a_bare_one_are_the_same(client: FlaskClient) -> None:
    post(client, "same")
    assert replayed(post(client, '"same"'))


def test_the_same_body_may_be_compressed_otherwise(client: FlaskClient) -> None:
    post(client, "a", data=b"{}")
    headers = {"Idempotency-Key": "a", "Content-Encoding": "gzip"}
    for compressed_at in (1, 2):
        assert replayed(client.post(RETRY, data=gzip.compress(b"{}", mtime=compressed_at), headers=headers))


@pytest.mark.parametrize("again", [("/admin/jobs/job-9/retry", b""), (f"{RETRY}?__x=1", b""), (RETRY, b"{}")])
def test_a_key_that_was_used_for_another_request_is_refused(client: FlaskClient, again: tuple[str, bytes]) -> None:
    post(client, "a")
    response = post(client, "a", again[0], data=again[1])
    assert response.status_code == 422
    assert response.json["code"] == "idempotency-key-reused"


@pytest.mark.parametrize("key", ["", '"', '"a', 'a"b', "a b", "a, b", "\xe9", '""', "x" * 256])
def test_a_key_that_is_none_is_refused(client: FlaskClient, key: str) -> None:
    response = post(client, key)
    assert (response.status_code, response.json["code"]) in ((400, "bad-idempotency-key"), (422, "invalid-request"))
    assert client.get("/admin/jobs/job-7").json["status"] == "failed"


def test_a_request_refused_before_the_operation_is_not_stored(client: FlaskClient) -> None:
    assert post(client, "a", data=b"{").status_code == 400
    assert post(client, "a").status_code == 200


def test_a_record_that_comes_to_exist_is_found_by_the_same_key(client: FlaskClient) -> None:
    path = "/admin/jobs/job-new/retry"
    assert post(client, "a", path).status_code == 404
    client.put("/__mock/state/jobs/job-new", json=dict(client.get("/admin/jobs/job-7").json or {}, id="job-new"))
    later = post(client, "a", path)
    assert [later.status_code, replayed(later)] == [200, False]


def test_the_response_of_an_override_is_not_stored(client: FlaskClient) -> None:
    client.post("/__mock/overrides", json={"operation": "retryJob", "status": 503, "times": 1})
    assert post(client, "a").status_code == 503
    again = post(client, "a")
    assert again.status_code == 200
    assert replayed(again) is False


def test_after_a_spoiled_commit_the_client_gets_the_answer_it_missed(client: FlaskClient) -> None:
    client.post("/__mock/overrides", json={"operation": "retryJob", "status": 503, "times": 1, "commit": True})
    assert post(client, "a").status_code == 503
    again = post(client, "a")
    assert again.status_code == 200
    assert again.json["status"] == "queued"
    assert replayed(again) is True
    assert len(client.get("/admin/jobs/job-7/events").json["events"]) == 3


def test_keys_belong_to_their_run_and_go_back_with_it(client: FlaskClient) -> None:
    post(client, "a")
    other = client.post(RETRY, headers={"Idempotency-Key": "a", "X-Mock-Sandbox": "other"})
    assert not replayed(other)
    client.post("/__mock/clock", json={"undo": 2})
    assert not replayed(post(client, "a"))


def test_a_key_expires_after_a_day_of_the_runs_clock(client: FlaskClient) -> None:
    post(client, "a")
    client.post("/__mock/clock", json={"advance": "23h59m"})
    assert replayed(post(client, "a"))
    client.post("/__mock/clock", json={"advance": "1m"})
    assert not replayed(post(client, "a"))


def test_only_posts_have_keys(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "not a key at all"}
    assert client.get("/admin/jobs", headers=headers).status_code == 200


def test_the_oldest_key_is_forgotten_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency_keys, "KEY_LIMIT", 2)
    stored, known = StoredResponse("", 200, b"", None, ()), NO_KEYS
    for at, key in enumerate("abc"):
        known = known.add(key, stored, at)
    assert [known.get(key, 3) for key in "abc"] == [None, stored, stored]
