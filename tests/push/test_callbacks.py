"""Callbacks of the OpenAPI document: sent once an operation has succeeded, without a declaration in `resources.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, create_app
from mockserver.http.webhooks.outbox import IN_FLIGHT_LIMIT, RECEIVER_LIMIT
from tests.documents.broken import load
from tests.push.conftest import Api, deliveries
from tests.push.receiver import Receiver
from tests.redis_server import RedisServer

ADDRESS = "{$request.body#/callback_url}"
EVENT = {
    "type": "object",
    "required": ["id", "subscriptionId", "topic", "kind"],
    "properties": {
        "id": {"type": "integer"},
        "subscriptionId": {"type": "integer"},
        "topic": {"type": "string"},
        "kind": {"const": "event"},
    },
}
Start = Callable[..., Api]


def subscribing_document(callbacks: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A document whose operation POST /subscriptions/{id} declares these callbacks, by name and URL."""
    operation = {
        "operationId": "subscribe",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"201": {"description": "ok", "headers": {"X-Token": {"schema": {"const": "t"}, "required": True}}, "content": {"application/json": {"example": {"id": 7, "next": {"page": 2}}}}}},
        "callbacks": callbacks,
        **members,
    }  # fmt: skip
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/subscriptions/{id}": {"post": operation}}}  # fmt: skip


def post_of(schema: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    media = {} if schema is None else {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    return {"post": {"responses": {"200": {"description": "ok"}}, **media, **members}}


@pytest.fixture
def start(tmp_path: Path, make_api: Callable[..., Api]) -> Iterator[Start]:
    """Starts a server of a document with these callbacks."""
    with ExitStack() as servers:

        def started(callbacks: dict[str, Any], store: str | None = None, **members: Any) -> Api:
            app = create_app(load(tmp_path, subscribing_document(callbacks, **members)), store=store)
            return make_api(servers.enter_context(BackgroundServer(app, "127.0.0.1")).url)

        yield started


def subscribe(api: Api, receiver: Receiver, query: str = "", **members: Any) -> Any:
    return api.post(f"/subscriptions/5{query}", {"callback_url": receiver.url, **members})


def test_a_callback_is_sent_with_the_values_of_the_request_and_the_response(start: Start, receiver: Receiver) -> None:
    api = start({"changed": {ADDRESS: post_of(EVENT)}})
    assert subscribe(api, receiver, topic="news")["id"] == 7
    hook = receiver.next()
    assert hook.method == "POST"
    assert hook.body == {"id": 7, "subscriptionId": 7, "topic": "news", "kind": "event"}
    assert hook.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("expressions", "target"),
    [
        ("/a?id={$response.body#/id}&page={$response.body#/next/page}", "/a?id=7&page=2"),
        ("/{$request.path.id}/{$statusCode}?m={$method}", "/5/201?m=POST"),
        ("/a?t={$response.header.X-Token}", "/a?t=t"),
        ("/a?topic={$request.body#/topic}", "/a?topic=a%20b%2Fc"),
    ],
)
def test_expressions_in_the_address_are_replaced(
    start: Start, receiver: Receiver, expressions: str, target: str
) -> None:
    subscribe(start({"changed": {ADDRESS + expressions: post_of()}}), receiver, topic="a b/c")
    assert receiver.next().target == target


def test_each_address_and_method_of_each_callback_is_requested(start: Start, receiver: Receiver) -> None:
    header = {"name": "X-Kind", "in": "header", "schema": {"const": "k"}}
    methods = {**post_of(), "put": {"parameters": [header], "responses": {}}}
    callbacks = {"first": {f"{ADDRESS}/a": methods, f"{ADDRESS}/b": post_of()}, "second": {f"{ADDRESS}/c": post_of()}}
    subscribe(start(callbacks), receiver)
    hooks = [receiver.next() for _ in range(4)]
    assert sorted((hook.method, hook.target) for hook in hooks) == [
        ("POST", "/a"), ("POST", "/b"), ("POST", "/c"), ("PUT", "/a"),
    ]  # fmt: skip
    assert [hook.headers["x-kind"] for hook in hooks if hook.method == "PUT"] == ["k"]


def test_a_callback_is_listed_and_attempted_once(start: Start, receiver: Receiver) -> None:
    receiver.statuses = [500]
    api = start({"changed": {ADDRESS: post_of()}})
    subscribe(api, receiver)
    hook = receiver.next()
    assert deliveries(api, "failed") == [
        {
            "id": hook.headers["webhook-id"],
            "webhook": "changed",
            "resource": None,
            "event": "subscribe",
            "key": None,
            "url": receiver.url,
            "status": "failed",
            "attempts": [{"at": "2026-01-01T00:00:00.000Z", "status": 500}],
            "next_attempt": None,
        }
    ]
    query = "webhook=changed&event=subscribe&status=failed"
    assert api.call("GET", f"/__mock/deliveries?{query}")["total"] == 1


def test_a_callback_is_not_sent_to_other_hosts(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    api.post("/subscriptions/5", {"callback_url": "http://192.0.2.1/"})
    assert "--allow-webhook 192.0.2.1" in deliveries(api, "failed")[0]["attempts"][0]["error"]
    assert "the webhook changed is not sent: 192.0.2.1 has the address 192.0.2.1" in caplog.text


def test_a_receiver_that_does_not_respond_holds_up_no_callback_to_another(start: Start, receiver: Receiver) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    with Receiver() as silent:
        silent.gate.clear()
        for _ in range(2):
            subscribe(api, silent)
        silent.next()
        subscribe(api, receiver)
        receiver.next()
        silent.gate.set()
        silent.next()


def test_a_receiver_that_does_not_respond_is_sent_few_callbacks_at_a_time(start: Start, receiver: Receiver) -> None:
    api = start({"changed": {f"{ADDRESS}/{{$request.body#/number}}": post_of()}})
    with Receiver() as silent:
        silent.gate.clear()
        for number in range(IN_FLIGHT_LIMIT + 1):
            subscribe(api, silent, number=number)
        subscribe(api, receiver, number=0)
        receiver.next()
        assert len(silent.times) <= RECEIVER_LIMIT
        silent.gate.set()
        numbers = {int(silent.next().target[1:]) for _ in range(IN_FLIGHT_LIMIT + 1)}
        assert numbers == set(range(IN_FLIGHT_LIMIT + 1))


def test_no_callback_is_sent_without_success_or_an_address(start: Start, receiver: Receiver) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    api.post("/subscriptions/x", {"callback_url": receiver.url})
    api.post("/__mock/overrides", {"operation": "subscribe", "status": 503, "times": 1})
    subscribe(api, receiver)
    api.post("/subscriptions/5", {"callback_url": None})
    assert api.call("GET", "/__mock/deliveries")["total"] == 0


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("{$callback_url}/a/{$request.body.order.id}", "/a/9"),
        ("{callback_url}/{$response.body.next.page}/{id}", "/2/5"),
    ],
)
def test_what_frameworks_write_in_place_of_expressions_is_read(
    start: Start, receiver: Receiver, url: str, target: str
) -> None:
    members = {"callback_url": {"type": "string"}, "order": {"type": "object"}}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": members}}}}
    subscribe(start({"changed": {url: post_of()}}, requestBody=body), receiver, order={"id": 9})
    assert receiver.next().target == target


@pytest.mark.parametrize(("origin", "count"), [("https://example.com", 0), ("null", 0), ("http://localhost:5173", 1)])
def test_a_page_of_another_site_causes_no_callback(start: Start, receiver: Receiver, origin: str, count: int) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    body = {"callback_url": receiver.url}
    headers = {**api.headers, "Origin": origin}
    assert requests.post(f"{api.url}/subscriptions/5", json=body, headers=headers, timeout=30).status_code == 201
    assert api.call("GET", "/__mock/deliveries")["total"] == count


def test_a_name_that_leads_to_this_machine_makes_no_page_trusted(start: Start, receiver: Receiver) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    headers = {**api.headers, "Host": "rebound.example:80", "Origin": "http://rebound.example:80"}
    body = {"callback_url": receiver.url}
    assert requests.post(f"{api.url}/subscriptions/5", json=body, headers=headers, timeout=30).status_code == 201
    assert api.call("GET", "/__mock/deliveries")["total"] == 0


def test_a_receiver_that_does_not_respond_holds_up_no_other(start: Start, receiver: Receiver) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    with Receiver() as silent:
        silent.gate.clear()
        subscribe(api, silent)
        silent.next()
        subscribe(api, receiver)
        receiver.next()
        assert [entry["url"] for entry in deliveries(api, "delivered")] == [receiver.url]
        silent.gate.set()


@pytest.mark.parametrize("scope", ["run", "sandbox"])
def test_a_reset_cancels_callbacks(start: Start, receiver: Receiver, scope: str) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    receiver.gate.clear()
    subscribe(api, receiver)
    receiver.next()
    api.post("/__mock/reset", {"scope": scope})
    assert len(deliveries(api, "cancelled")) == 1
    receiver.gate.set()


def test_callbacks_of_requests_to_several_processes_are_each_sent(
    start: Start, receiver: Receiver, redis: RedisServer
) -> None:
    apis = [start({"changed": {ADDRESS: post_of()}}, store=redis.url) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: subscribe(apis[number % 2], receiver), range(40)))
    assert len({receiver.next().headers["webhook-id"] for _ in range(40)}) == 40
    assert len(deliveries(apis[0], "delivered", times=40)) == 40


@pytest.mark.parametrize("url", ["http://user:hunter2@127.0.0.1:99999/", f"http://127.0.0.1:1/{'a' * 100_000}"])
def test_the_list_of_callbacks_has_no_password_and_no_long_address(start: Start, url: str) -> None:
    api = start({"changed": {ADDRESS: post_of()}})
    api.post("/subscriptions/5", {"callback_url": url})
    listed = str(deliveries(api, "failed"))
    assert "hunter2" not in listed
    assert len(listed) < 10_000


def test_an_unknown_expression_is_a_warning(tmp_path: Path) -> None:
    contract = load(tmp_path, subscribing_document({"changed": {"{$request.boddy#/url}": post_of()}}))
    assert [warning.code for warning in contract.warnings] == ["expression"]


@pytest.mark.parametrize("kind", ["application/json", "image/png"])
def test_a_store_lists_callbacks_too(start: Start, receiver: Receiver, redis: RedisServer, kind: str) -> None:
    parts = {"schema": {"type": "array", "minItems": 1}, "itemEncoding": {"contentType": kind}}
    api = start({"changed": {ADDRESS: post_of(requestBody={"content": {"multipart/mixed": parts}})}}, store=redis.url)
    subscribe(api, receiver)
    hook = receiver.next()
    assert f"Content-Type: {kind}".encode() in hook.raw
    listed = deliveries(api, "delivered")
    assert [(entry["id"], entry["event"]) for entry in listed] == [(hook.headers["webhook-id"], "subscribe")]


def test_callbacks_of_requests_at_the_same_time_to_processes_with_a_store_are_all_sent(
    start: Start, receiver: Receiver, redis: RedisServer
) -> None:
    callbacks = {"changed": {ADDRESS: post_of()}}
    apis = [start(callbacks, store=redis.url) for _ in range(2)] * 8
    with ThreadPoolExecutor(len(apis)) as clients:
        list(clients.map(lambda api: subscribe(api, receiver), apis * 2))
    assert len({receiver.next().headers["webhook-id"] for _ in range(32)}) == 32
