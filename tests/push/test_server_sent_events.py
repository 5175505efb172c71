"""Server-sent events over real sockets: what a client receives, and from where it can continue."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, Client, ContractError, create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.http.streaming.event_stream import EventStream
from mockserver.server import streams
from tests.conftest import MakeContract
from tests.push.conftest import STREAM, Api
from tests.push.reader import Message, Reader

MakeApi = Callable[..., Api]
QUEUED = {"id": "job-7", "session_id": "session-3", "type": "transcription", "status": "queued", "updated_at": "2026-01-15T09:00:00.000Z"}  # fmt: skip
CANCELLED = QUEUED | {"status": "cancelled", "updated_at": "2026-01-15T09:00:00.001Z"}


def opened(api: Api, path: str = STREAM) -> Reader:
    reader = api.open(path)
    assert reader.next() == Message("0-6d7194ca", "ready", {})
    return reader


def names(messages: list[Message]) -> list[tuple[str, Any]]:
    return [(message.event, message.data.get("id")) for message in messages]


def test_a_stream_begins_with_the_time_to_connect_again_and_the_present_id(api: Api) -> None:
    assert api.open().block() == "retry: 1000\nid: 0-6d7194ca\nevent: ready\ndata: {}"


def test_the_head_says_that_nothing_may_be_kept_or_held_back(api: Api) -> None:
    head = opened(api).head
    names = ("content-type", "cache-control", "x-accel-buffering", "transfer-encoding", "content-length", "etag")
    assert [head.get(name) for name in names] == [
        "text/event-stream; charset=utf-8", "no-cache, no-transform", "no", "chunked", None, None,
    ]  # fmt: skip


def test_each_change_is_an_event_with_the_record_as_clients_see_it(api: Api) -> None:
    reader = opened(api)
    api.post("/admin/jobs/job-7/retry")
    api.post("/admin/jobs/job-7/cancel")
    assert reader.take(2) == [
        Message("1-ac149771", "retry", QUEUED),
        Message("3-40dfb9c1", "cancel", CANCELLED),
    ]


def test_a_silent_stream_sends_comments_and_keeps_its_sandbox_in_use(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    in_use: list[EventStream] = []
    monkeypatch.setattr(streams, "COMMENT_SECONDS", 0.01)
    monkeypatch.setattr(EventStream, "keep_in_use", lambda self: in_use.append(self))
    reader = opened(api)
    assert [reader.block() for _ in range(3)] == [":"] * 3
    assert len(in_use) >= 2


def test_a_repeat_and_a_refusal_are_no_events(api: Api) -> None:
    reader = opened(api)
    for action in ("retry", "retry", "cancel", "cancel", "retry"):
        api.post(f"/admin/jobs/job-7/{action}")
    api.post("/admin/jobs/job-1/cancel")
    assert names(reader.take(3)) == [("retry", "job-7"), ("cancel", "job-7"), ("cancel", "job-1")]


def test_the_control_api_puts_and_deletes(api: Api) -> None:
    reader = opened(api)
    api.call("PUT", "/__mock/state/jobs/job-7", QUEUED)
    api.call("DELETE", "/__mock/state/jobs/job-7")
    assert [(message.event, message.data) for message in reader.take(2)] == [("put", QUEUED), ("delete", QUEUED)]


def test_advancing_the_clock_sends_all_that_fell_due_in_order(make_api: MakeApi, server: BackgroundServer) -> None:
    api = make_api(server.url, "stuck-queue")
    reader = api.open()
    reader.next()
    fired = api.post("/__mock/clock", {"advance": "3h"})["fired"]
    expected = [(entry["transition"], entry["key"]) for entry in fired if entry["resource"] == "jobs"]
    assert names(reader.take(len(expected))) == expected


@pytest.mark.parametrize("last_id", ["1-ac149771", "0-6d7194ca"])
def test_a_client_continues_after_the_event_that_it_has_received(api: Api, last_id: str) -> None:
    api.post("/admin/jobs/job-7/retry")
    api.post("/admin/jobs/job-7/cancel")
    received = [message.event for message in api.open(last_id=last_id).take(2 - int(last_id[0]))]
    assert received == ["retry", "cancel"][int(last_id[0]) :]


def test_the_query_continues_like_the_header_which_is_newer(api: Api) -> None:
    api.post("/admin/jobs/job-7/retry")
    api.post("/admin/jobs/job-7/cancel")
    first = api.open(f"{STREAM}?last_event_id=0-6d7194ca").take(2)
    second = api.open(f"{STREAM}?last_event_id=0-6d7194ca", last_id="1-ac149771").take(1)
    assert [[message.event for message in messages] for messages in (first, second)] == [
        ["retry", "cancel"],
        ["cancel"],
    ]


@pytest.mark.parametrize(
    "last_id", ["x", "1-00000000", "99-6d7194ca", "0-ac149771", "-1-6d7194ca", "1" * 400, "1-AC149771"]
)
def test_an_unknown_id_is_a_reset_to_the_present(api: Api, last_id: str) -> None:
    api.post("/admin/jobs/job-7/retry")
    reader = api.open(last_id=last_id)
    api.post("/admin/jobs/job-7/cancel")
    reset, cancel = reader.take(2)
    assert reset.id == "2-94aaf47a"
    assert reset.event == "reset"
    assert list(reset.data) == ["reason"]
    assert cancel.event == "cancel"


def test_an_id_is_valid_again_once_the_history_has_it_again(api: Api) -> None:
    api.post("/admin/jobs/job-7/retry")
    api.post("/__mock/reset")
    assert api.open(last_id="1-ac149771").take(1)[0].event == "reset"
    api.post("/admin/jobs/job-7/retry")
    reader = api.open(last_id="1-ac149771")
    api.post("/admin/jobs/job-7/cancel")
    assert reader.take(1)[0].event == "cancel"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/__mock/clock", {"undo": 1}),
        ("POST", "/__mock/clock", {"rewind": "10s"}),
        ("POST", "/__mock/reset", None),
        ("DELETE", "/__mock/sandboxes/{sandbox}", None),
    ],
)  # fmt: skip
def test_a_history_that_begins_anew_ends_the_stream(api: Api, method: str, path: str, body: Any) -> None:
    api.post("/__mock/clock", {"advance": "1m"})
    api.post("/admin/jobs/job-7/retry")
    reader = opened_at(api)
    api.call(method, path.format(sandbox=api.headers["X-Mock-Sandbox"]), body)
    assert [(message.id, message.event) for message in reader.rest()] == [("0-6d7194ca", "reset")]


def opened_at(api: Api) -> Reader:
    reader = api.open()
    reader.next()
    return reader


def test_a_stream_that_ends_leaves_the_connection_to_the_next_request(api: Api) -> None:
    reader = opened(api)
    api.post("/admin/jobs/job-7/retry")
    api.post("/__mock/clock", {"undo": 1})
    reader.rest()
    reader.socket.sendall(b"GET /admin/jobs/job-7 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert reader.socket.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=failed", ["retry"]),
        ("status=cancelled", ["cancel"]),
        ("status=queued", ["retry", "cancel"]),
        ("type=transcription", ["retry", "cancel"]),
        ("session_id=session-3&status=failed&status=cancelled", ["retry", "cancel"]),
    ],
)
def test_an_event_is_sent_if_the_record_matches_before_or_after_it(api: Api, query: str, expected: list[str]) -> None:
    reader = opened(api, f"{STREAM}?{query}")
    api.post("/admin/jobs/job-7/retry")
    api.post("/admin/jobs/job-7/cancel")
    api.post("/__mock/clock", {"undo": 1})
    assert [message.event for message in reader.rest()] == [*expected, "reset"]


def test_two_sandboxes_never_meet(make_api: MakeApi, server: BackgroundServer) -> None:
    one, other = make_api(server.url, sandbox="push-one"), make_api(server.url, sandbox="push-other")
    reader = opened(one)
    other.post("/admin/jobs/job-7/retry")
    one.post("/admin/jobs/job-1/cancel")
    assert names(reader.take(1)) == [("cancel", "job-1")]


def test_head_is_answered_without_a_stream(api: Api) -> None:
    response = requests.head(api.url + STREAM, headers=api.headers, timeout=10)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"Accept": "application/json"}, STREAM, 406),
        ({"Accept": "text/event-stream"}, STREAM, 200),
        ({}, f"{STREAM}?status=nothing", 422),
        ({}, f"{STREAM}?limit=1", 422),
    ],
)
def test_a_request_that_violates_the_contract_opens_nothing(
    api: Api, headers: dict[str, str], path: str, status: int
) -> None:
    assert api.open(path, **headers).status == status


def test_the_journal_counts_the_events_of_a_stream_that_has_ended(api: Api) -> None:
    reader = opened(api)
    assert "messages" not in api.call("GET", "/__mock/requests")["requests"][0]
    api.post("/admin/jobs/job-7/retry")
    api.post("/__mock/clock", {"undo": 1})
    reader.rest()
    entries = [entry for entry in api.call("GET", "/__mock/requests")["requests"] if entry["operation"] == "streamJobs"]
    assert [(entry["path"], entry["status"], entry["messages"]) for entry in entries] == [(STREAM, 200, 1)]


def test_dropped_streams_lose_nothing(make_api: MakeApi, server: BackgroundServer) -> None:
    api = make_api(server.url, "dropped-stream")
    reader = api.open()
    last_id = reader.take(1)[0].id
    fired = api.post("/__mock/clock", {"advance": "1h"})["fired"]
    sizes, received = [], list[Message]()
    for _ in range(3):
        messages = reader.rest()
        sizes.append(len(messages))
        received += messages
        reader = api.open(last_id=received[-1].id)
    assert last_id.startswith("0-")
    assert sizes == [3, 3, 3]
    assert names(received) == [(entry["transition"], entry["key"]) for entry in fired][:9]


def with_stream(item: Any = None, transition: str = "") -> Callable[[dict[str, Any]], None]:
    """Add a stream of jobs to the small contract, with a schema of its items, and another transition."""

    def change(files: dict[str, Any]) -> None:
        media = {"schema": {"type": "string"}} | ({"itemSchema": item} if item is not None else {})
        add_events(files, "streamJobs", media)
        resources = files["schemas/resources.yaml"]
        resources["operations"]["streamJobs"] = {"stream": "jobs"}
        if transition:
            lifecycle = resources["resources"]["jobs"]["lifecycle"]
            lifecycle["transitions"][transition] = {"from": "queued", "to": "running"}

    return change


def with_message(message: Any, item: Any = None) -> Callable[[dict[str, Any]], None]:
    """Add a stream of jobs whose events have a declared form."""

    def change(files: dict[str, Any]) -> None:
        with_stream(item)(files)
        files["schemas/resources.yaml"]["operations"]["streamJobs"]["message"] = message

    return change


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"event": "message"}, ["event: message", "data: {RECORD}"]),
        ({"event": "$resource", "data": {"kind": "$event", "id": "$key"}}, ["event: jobs", 'data: {"kind":"cancel","id":"a"}']),
        ({"data": "$record.status"}, ["event: cancel", "data: cancelled"]),
        ({"data": "one\ntwo"}, ["event: cancel", "data: one", "data: two"]),
        ({"data": "a\u2028b\x0cc\n"}, ["event: cancel", "data: a\u2028b\x0cc", "data: "]),
        ({"event": "$record.none", "data": "$record.none"}, ["event: cancel", "data: null"]),
    ],
)  # fmt: skip
def test_events_have_the_form_that_is_declared(
    make_contract: MakeContract, make_api: MakeApi, message: Any, expected: list[str]
) -> None:
    contract = load_contract(make_contract(with_message(message)))
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        api = make_api(server.url, contract.default_scenario)
        reader = api.open("/events")
        reader.block()
        record = json.dumps(api.post("/jobs/a/cancel"), separators=(",", ":"))
        lines = reader.block().split("\n")
        assert lines[1:] == [line.replace("{RECORD}", record) for line in expected]


@pytest.mark.parametrize(("name", "is_valid"), [("job", True), ("jobs", False)])
def test_a_declared_event_is_validated_by_the_schema_of_items(
    make_contract: MakeContract, name: str, is_valid: bool
) -> None:
    data = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    item = {"type": "object", "properties": {"event": {"const": "job"}, "data": data}}
    message = {"event": name, "data": {"kind": "$event"}}
    checker = ContractChecker(load_contract(make_contract(with_message(message, item))))
    for _ in checker.steps():
        pass
    assert checker.passed is is_valid


def test_an_event_cannot_refer_to_nothing(make_contract: MakeContract) -> None:
    with pytest.raises(ContractError, match="refers to nothing"):
        load_contract(make_contract(with_message({"data": {"a": "$recrod"}})))


def add_events(files: dict[str, Any], name: str, media: dict[str, Any]) -> None:
    response = {"200": {"description": "events", "content": {"text/event-stream": media}}}
    files["schemas/openapi.yaml"]["paths"]["/events"] = {"get": {"operationId": name, "responses": response}}


def test_writes_of_clients_are_named_by_their_kind(make_contract: MakeContract, make_api: MakeApi) -> None:
    contract = load_contract(make_contract(with_stream()))
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        api = make_api(server.url, contract.default_scenario)
        reader = api.open("/events")
        reader.next()
        key = api.post("/jobs", {"owner_id": 1})["id"]
        record = api.call("GET", f"/jobs/{key}")
        api.call("PATCH", f"/jobs/{key}", {})
        api.call("PUT", f"/jobs/{key}", record)
        api.call("DELETE", f"/jobs/{key}")
        assert [message.event for message in reader.take(4)] == ["create", "update", "replace", "delete"]


@pytest.mark.parametrize("name", ["open", "error", "message", "ready", "reset"])
def test_a_transition_of_a_streamed_resource_has_no_name_of_another_event(
    make_contract: MakeContract, name: str
) -> None:
    with pytest.raises(ContractError, match=f'cannot be named "{name}"'):
        load_contract(make_contract(with_stream(transition=name)))


def test_an_event_that_violates_the_schema_of_items_is_recorded_and_ends_the_stream(
    make_contract: MakeContract, make_api: MakeApi
) -> None:
    item = {"type": "object", "properties": {"event": {"enum": ["cancel"]}}}
    contract = load_contract(make_contract(with_stream(item)))
    with BackgroundServer(create_app(contract), "127.0.0.1") as server:
        api = make_api(server.url, contract.default_scenario)
        reader = api.open("/events")
        reader.next()
        api.post("/jobs", {"owner_id": 1})
        assert reader.rest() == []
        violations = api.call("GET", "/__mock/violations")["violations"]
        assert [(entry["operation"], entry["violations"][0]["pointer"]) for entry in violations] == [
            ("streamJobs", "/event")
        ]


@pytest.mark.parametrize("is_overridden", [False, True])
def test_a_plain_example_stays_open(make_contract: MakeContract, is_overridden: bool) -> None:
    media = {"example": "data: 1\n\ndata: 2\n\n"}
    contract = load_contract(make_contract(lambda files: add_events(files, "events", media)))
    app = create_app(contract)
    with BackgroundServer(app, "127.0.0.1") as server:
        if is_overridden:
            Client(server.url).override("events", example="example")
        reader = Reader(server.url, "/events")
        assert [reader.block(), reader.block()] == ["data: 1", "data: 2"]
        assert len(app.extensions["mockserver"].streams) == 1
        reader.close()


@pytest.mark.parametrize(
    "path",
    [f"/__mock/in/{{sandbox}}@dropped-stream{STREAM}", f"{STREAM}?__sandbox={{sandbox}}&__scenario=dropped-stream"],
)
def test_an_address_selects_for_clients_that_cannot_send_headers(server: BackgroundServer, path: str) -> None:
    with Reader(server.url, path.format(sandbox="push-address")) as reader:
        head = reader.head
        assert head["x-mock-sandbox"] == "push-address"
        assert head["x-mock-scenario"] == "dropped-stream"


@pytest.mark.parametrize(("scenario", "status"), [("forbidden", 403), ("outage", 503), ("baseline", 200)])
def test_overrides_respond_to_streams_too(
    make_api: MakeApi, server: BackgroundServer, scenario: str, status: int
) -> None:
    assert make_api(server.url, scenario).open().status == status


def test_a_delay_holds_the_stream_back(api: Api) -> None:
    api.post("/__mock/overrides", {"operation": "streamJobs", "delay": "50ms", "headers": {"X-Own": "1"}})
    reader = opened(api)
    api.post("/admin/jobs/job-7/retry")
    assert reader.head["x-own"] == "1"
    assert reader.take(1)[0].event == "retry"


def test_another_active_scenario_does_not_move_a_stream(server: BackgroundServer) -> None:
    sandbox = {"X-Mock-Sandbox": "push-active"}
    with Reader(server.url, STREAM, sandbox) as reader:
        reader.next()
        requests.put(f"{server.url}/__mock/scenario", json={"name": "empty"}, headers=sandbox, timeout=10)
        baseline = sandbox | {"X-Mock-Scenario": "baseline"}
        requests.post(f"{server.url}/admin/jobs/job-7/retry", headers=baseline, timeout=10)
        assert [message.event for message in reader.take(1)] == ["retry"]
