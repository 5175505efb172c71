"""`GET /__mock/requests` with `times` and `wait`, and `POST /__mock/verify` with `wait`."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from mockserver import BackgroundServer, create_app
from mockserver.control.filter_names import EXPLAINED_LIMIT
from mockserver.server import delayed_send
from tests.cli.test_main import SECONDS
from tests.test_faults import wait_until_held


class Waiter:
    """A request that waits, in a thread of its own."""

    def __init__(self, server: BackgroundServer, sandbox: str, query: str = "", body: Any = None) -> None:
        path = f"requests?{query}" if body is None else "verify"
        self.url, self.headers, self.body = f"{server.url}/__mock/{path}", {"X-Mock-Sandbox": sandbox}, body
        self.response: Any = None
        self.thread = threading.Thread(target=self._wait)
        self.thread.start()

    def _wait(self) -> None:
        method = "GET" if self.body is None else "POST"
        self.response = requests.request(method, self.url, json=self.body, headers=self.headers, timeout=SECONDS)

    def result(self) -> Any:
        self.thread.join(SECONDS)
        return self.response


def get(server: BackgroundServer, sandbox: str, path: str) -> Any:
    return requests.get(server.url + path, headers={"X-Mock-Sandbox": sandbox}, timeout=SECONDS)


def test_the_response_comes_as_soon_as_enough_requests_match(own: BackgroundServer, own_app: Flask) -> None:
    waiter = Waiter(own, "enough", "operation=getJob&times=2&wait=30s")
    wait_until_held(own_app, "enough")
    get(own, "enough", "/admin/jobs/job-1")
    get(own, "enough", "/admin/jobs")
    assert waiter.response is None
    get(own, "enough", "/admin/jobs/job-1")
    response = waiter.result()
    assert response.status_code == 200
    assert response.json()["total"] == 2
    wait_until_held(own_app, "enough", 0)


def test_requests_that_came_before_count(own: BackgroundServer) -> None:
    get(own, "before", "/admin/jobs/job-1")
    assert Waiter(own, "before", "operation=getJob&wait=30s").result().json()["total"] == 1


def test_a_wait_that_ends_without_the_requests_says_what_came(own: BackgroundServer, own_app: Flask) -> None:
    waiter = Waiter(own, "timeout", "operation=retryJob&times=2&wait=150ms")
    wait_until_held(own_app, "timeout")
    get(own, "timeout", "/admin/jobs")
    response = waiter.result()
    assert response.status_code == 408
    problem = response.json()
    assert problem["code"] == "wait-timeout"
    assert problem["times"] == 2
    assert problem["total"] == 0
    assert [request["operation"] for request in problem["requests"]] == ["listJobs"]


JOB_1 = {"operation": "getJob", "where": {"job_id": "job-1"}}


def test_a_verification_waits_until_all_expectations_hold(own: BackgroundServer, own_app: Flask) -> None:
    waiter = Waiter(own, "verify", body={"expect": [JOB_1, {"operation": "listJobs"}], "wait": "30s"})
    wait_until_held(own_app, "verify")
    get(own, "verify", "/admin/jobs/job-2")
    get(own, "verify", "/admin/jobs")
    assert waiter.response is None
    get(own, "verify", "/admin/jobs/job-1")
    assert waiter.result().json()["verified"] is True
    wait_until_held(own_app, "verify", 0)


def test_a_verification_that_waits_in_vain_says_what_came_last(own: BackgroundServer, own_app: Flask) -> None:
    waiter = Waiter(own, "vain", body={"expect": [JOB_1], "wait": "150ms"})
    wait_until_held(own_app, "vain")
    get(own, "vain", "/admin/jobs/job-2")
    response = waiter.result()
    assert response.status_code == 409
    assert response.json()["expectations"][0]["closest"][0]["path"] == "/admin/jobs/job-2"


def test_a_verification_does_not_wait_where_too_many_requests_came(own: BackgroundServer) -> None:
    get(own, "many", "/admin/jobs/job-1")
    expect = [{**JOB_1, "times": 0}, {"operation": "listJobs"}]
    assert Waiter(own, "many", body={"expect": expect, "wait": "60s"}).result().status_code == 409


@pytest.mark.parametrize("wait", ["5", "61s"])
def test_a_verification_refuses_a_wrong_wait(client: FlaskClient, wait: str) -> None:
    response = client.post("/__mock/verify", json={"expect": [JOB_1], "wait": wait})
    assert response.status_code == 422
    assert [violation["pointer"] for violation in response.json["violations"]] == ["/wait"]


def test_without_wait_the_response_comes_at_once(client: FlaskClient) -> None:
    client.get("/admin/jobs")
    assert client.get("/__mock/requests?times=1").status_code == 200
    assert client.get("/__mock/requests?times=2").json["code"] == "wait-timeout"


@pytest.mark.parametrize("reset", ["reset", "delete"])
def test_a_reset_or_removal_of_the_sandbox_ends_the_wait(own: BackgroundServer, own_app: Flask, reset: str) -> None:
    waiter = Waiter(own, reset, "wait=30s")
    wait_until_held(own_app, reset)
    headers = {"X-Mock-Sandbox": reset}
    if reset == "reset":
        requests.post(f"{own.url}/__mock/reset", headers=headers, timeout=SECONDS)
    else:
        requests.delete(f"{own.url}/__mock/sandboxes/{reset}", timeout=SECONDS)
    response = waiter.result()
    assert response.status_code == 503
    assert response.json()["code"] == "reset-while-held"


def test_a_client_that_goes_away_leaves_nothing_behind(
    own: BackgroundServer, own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delayed_send, "GONE_SECONDS", 0.1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{own.url}/__mock/requests?wait=30s", headers={"X-Mock-Sandbox": "gone"}, timeout=0.1)
    wait_until_held(own_app, "gone", 0)


def test_a_server_that_stops_ends_the_wait() -> None:
    app = create_app()
    with BackgroundServer(app, "127.0.0.1") as server:
        failures: list[Exception] = []

        def wait() -> None:
            try:
                requests.get(f"{server.url}/__mock/requests?wait=30s", timeout=SECONDS)
            except requests.exceptions.ConnectionError as error:
                failures.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        wait_until_held(app, "default")
    thread.join(SECONDS)
    assert len(failures) == 1


def test_waiting_holds_up_nobody(own: BackgroundServer, own_app: Flask) -> None:
    waiters = [Waiter(own, "many", "operation=cancelJob&wait=30s") for _ in range(20)]
    wait_until_held(own_app, "many", 20)
    get(own, "many", "/admin/jobs")
    requests.post(f"{own.url}/admin/jobs/job-1/cancel", headers={"X-Mock-Sandbox": "many"}, timeout=SECONDS)
    assert {waiter.result().status_code for waiter in waiters} == {200}


def test_under_another_wsgi_server_the_thread_sleeps_until_the_requests_came() -> None:
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            app.test_client().get("/admin/jobs")

    app = create_app(sleep=sleep)
    response = app.test_client().get("/__mock/requests?operation=listJobs&wait=10s")
    assert response.status_code == 200
    assert len(naps) == 3
    assert app.test_client().get("/__mock/requests?operation=getJob&wait=1s").json["code"] == "wait-timeout"
    assert len(naps) == 3 + 50
    assert not app.extensions["mockserver"].sandboxes.get("default").held_responses


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ("wait=10h", "wait", "must be at most 60s"),
        ("wait=soon", "wait", "'soon' is not a valid duration; write 30s, 1h30m or PT30S"),
        ("wait=1s&operation=retryjob", "operation", 'there is no operation "retryjob". Did you mean "retryJob"?'),
        ("times=-1", "times", None),
        ("times=0&wait=1s", "times", None),
        ("times=1001", "times", None),
        ("times=x", "times", None),
    ],
)
def test_a_wait_that_cannot_be_read_is_refused(client: FlaskClient, query: str, name: str, message: str | None) -> None:
    response = client.get(f"/__mock/requests?{query}")
    assert response.status_code == 422
    (violation,) = response.json["violations"]
    assert violation["name"] == name
    if message is not None:
        assert violation["message"] == message


def test_an_operation_that_the_contract_does_not_have_is_refused(client: FlaskClient) -> None:
    response = client.get("/__mock/requests?operation=getJob&operation=retryjob&operation=retryjob")
    assert response.status_code == 422
    assert [violation["message"] for violation in response.json["violations"]] == [
        'there is no operation "retryjob". Did you mean "retryJob"?'
    ]


def test_few_of_many_unknown_operations_are_explained(client: FlaskClient) -> None:
    response = client.get("/__mock/requests?" + "&".join(f"operation=o{number}" for number in range(3_000)))
    assert len(response.json["violations"]) == EXPLAINED_LIMIT


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("method=POST", [3]),
        ("method=GET&method=POST", [4, 3, 2, 1]),
        ("path=/admin/jobs", [2, 1]),
        ("code=unknown-path", [4]),
        ("code=invalid-request&status=4XX", [2]),
    ],
)
def test_the_journal_is_filtered(client: FlaskClient, query: str, numbers: list[int]) -> None:
    client.get("/admin/jobs")
    client.get("/admin/jobs?limit=none")
    client.post("/admin/jobs/job-7/retry")
    client.get("/nowhere")
    assert [entry["number"] for entry in client.get(f"/__mock/requests?{query}").json["requests"]] == numbers
