"""`GET /__mock/deliveries` with filters, `times` and `wait`, and the client's `wait_for_deliveries`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockserver import Client, ExpectationError
from tests.push.conftest import Api, Pair, deliveries
from tests.push.receiver import Receiver

NEW = {"id": "n", "owner_id": 1}


def webhooks(url: str) -> dict[str, Any]:
    return {
        "cancelled": {"on": ["jobs.cancel"], "to": url, "body": "$key"},
        "changed": {"on": ["jobs.create", "owners.put"], "to": f"{url}/changed", "body": "$key"},
    }


class Waiter:
    """A request that waits, on a thread of its own."""

    def __init__(self, api: Api, query: str) -> None:
        self.response: Any = None
        self._thread = threading.Thread(target=self._wait, args=(api, query))
        self._thread.start()

    def _wait(self, api: Api, query: str) -> None:
        self.response = api.call("GET", f"/__mock/deliveries?{query}")

    def result(self) -> Any:
        self._thread.join()
        return self.response


def keys(listed: Any) -> list[Any]:
    return [delivery["key"] for delivery in listed["deliveries"]]


@pytest.fixture
def api(start: Callable[..., Api], receiver: Receiver) -> Api:
    return start(webhooks(receiver.url))


@pytest.fixture
def delivered(api: Api) -> Api:
    api.post("/jobs/a/cancel")
    deliveries(api, "delivered")
    api.post("/jobs", NEW)
    api.call("PUT", "/__mock/state/owners/7", {"id": 7})
    deliveries(api, "delivered", times=3)
    return api


def test_the_response_comes_as_soon_as_enough_deliveries_match(api: Api, receiver: Receiver) -> None:
    receiver.gate.clear()
    api.post("/jobs/a/cancel")
    waiter = Waiter(api, "status=delivered&wait=30s")
    receiver.next()
    assert waiter.response is None
    receiver.gate.set()
    assert keys(waiter.result()) == ["a"]


def test_a_wait_may_begin_before_anything_has_happened(api: Api) -> None:
    waiter = Waiter(api, "status=delivered&times=2&wait=30s")
    api.post("/jobs/a/cancel")
    api.post("/jobs", NEW)
    assert sorted(keys(waiter.result())) == ["a", "n"]


def test_a_wait_that_ends_without_the_deliveries_says_what_there_is(delivered: Api) -> None:
    problem = delivered.call("GET", "/__mock/deliveries?status=failed&wait=50ms")
    assert problem["status"] == 408
    assert problem["code"] == "wait-timeout"
    assert (
        problem["detail"]
        == "0 of 1 matching deliveries exist. The latest deliveries of the sandbox are in `deliveries`."
    )
    assert problem["times"] == 1
    assert problem["total"] == 0
    assert keys(problem) == [7, "n", "a"]


def test_without_wait_the_response_comes_at_once(delivered: Api) -> None:
    assert delivered.call("GET", "/__mock/deliveries?times=4")["code"] == "wait-timeout"


def test_a_reset_of_the_sandbox_ends_the_wait(api: Api) -> None:
    waiter = Waiter(api, "wait=30s")
    while waiter.response is None:
        api.post("/__mock/reset", {})
    assert waiter.result()["code"] == "reset-while-held"


@pytest.mark.parametrize(
    ("query", "matching"),
    [
        ("", ["a", "n", 7]),
        ("webhook=cancelled", ["a"]),
        ("webhook=changed", ["n", 7]),
        ("webhook=changed&webhook=cancelled", ["a", "n", 7]),
        ("resource=owners", [7]),
        ("event=create", ["n"]),
        ("event=create&event=put", ["n", 7]),
        ("key=7", [7]),
        ("key=n&key=a", ["a", "n"]),
        ("status=delivered", ["a", "n", 7]),
        ("status=failed&status=cancelled", []),
        ("attempts=1", ["a", "n", 7]),
        ("attempts=2", []),
        ("webhook=changed&key=a", []),
    ],
)
def test_deliveries_are_filtered(delivered: Api, query: str, matching: list[Any]) -> None:
    listed = delivered.call("GET", f"/__mock/deliveries?{query}")
    assert keys(listed) == matching
    assert listed["total"] == len(matching)


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ("wait=10h", "wait", "must be at most 60s"),
        ("wait=soon", "wait", "'soon' is not a valid duration; write 30s, 1h30m or PT30S"),
        ("wait=1s&webhook=canceled", "webhook", 'there is no webhook "canceled". Did you mean "cancelled"?'),
        ("times=1&resource=job", "resource", 'there is no resource "job". Did you mean "jobs"?'),
        ("webhook=canceled", "webhook", 'there is no webhook "canceled". Did you mean "cancelled"?'),
        ("event=canceled", "event", None),
        ("status=sent", "status", None),
        ("times=0", "times", None),
        ("times=1001", "times", None),
        ("attempts=-1", "attempts", None),
        ("attempts=x", "attempts", None),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(api: Api, query: str, name: str, message: str | None) -> None:
    problem = api.call("GET", f"/__mock/deliveries?{query}")
    (violation,) = problem["violations"]
    assert problem["code"] == "invalid-request"
    assert violation["name"] == name
    if message is not None:
        assert violation["message"] == message


def test_a_wait_ends_with_what_another_process_delivers(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    first, second = start_pair(webhooks(receiver.url))
    waiter = Waiter(first, "status=delivered&wait=30s")
    second.post("/jobs/a/cancel")
    assert keys(waiter.result()) == ["a"]


@pytest.fixture
def mock(api: Api) -> Iterator[Client]:
    with Client(api.url, api.headers["X-Mock-Sandbox"]) as client:
        yield client


def test_the_client_waits_for_deliveries(api: Api, mock: Client) -> None:
    api.post("/jobs/a/cancel")
    listed = mock.wait_for_deliveries(status="delivered", webhook=["cancelled", "changed"])
    assert [delivery["key"] for delivery in listed] == ["a"]


def test_the_client_filters_deliveries(delivered: Api, mock: Client) -> None:
    assert [delivery["key"] for delivery in mock.deliveries(event="create")] == ["n"]


def test_the_client_raises_with_the_deliveries_that_there_are(delivered: Api, receiver: Receiver, mock: Client) -> None:
    with pytest.raises(ExpectationError) as caught:
        mock.wait_for_deliveries(2, timeout=0.05, status="failed")
    assert str(caught.value) == (
        "Expected 2 deliveries within 0.05 s; 0 matched. The latest deliveries:\n"
        f"  changed: put of 7 (owners) to {receiver.url}/changed -> delivered (200)\n"
        f"  changed: create of n (jobs) to {receiver.url}/changed -> delivered (200)\n"
        f"  cancelled: cancel of a (jobs) to {receiver.url} -> delivered (200)"
    )


def test_the_client_says_where_there_is_no_delivery(mock: Client) -> None:
    with pytest.raises(ExpectationError, match=r"Expected 1 delivery within 0 s; 0 matched.*\n  none"):
        mock.wait_for_deliveries(timeout=0)
