"""Channels: the opening handshake of WebSockets, their messages, and how they are closed (RFC 6455)."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from mockserver import BackgroundServer, Client, ContractError, create_app, load_contract
from tests.conftest import MakeContract, write_contract

CHANNELS = {
    "/live": {
        "stream": "jobs",
        "where": {"owner_id": 1},
        "reply": [
            {"match": {"const": "ping"}, "send": "pong"},
            {"match": {"type": "object", "required": ["subscribe"]}, "send": {"subscribed": True}},
            {"match": {"type": "object"}, "send": {"subscribed": False}},
        ],
    },
    "/echo": {"reply": [{"send": "anything"}]},
    "/own": {
        "stream": "jobs",
        "message": {"type": "job.$event", "kind": "$event", "job": {"id": "$record.id", "none": "$record.none"}},
        "reply": [
            {
                "match": {"required": ["id"]},
                "send": {"ack": "{$request.body#/id}", "text": "at {$now} for {$request.query.user}"},
            },
            {"match": {"const": "echo"}, "send": "{$request.body}"},
            {"send": "{$request.body#/none}"},
        ],
    },
}
HANDSHAKE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip
CANCELLED = {"id": "a", "owner_id": 1, "status": "cancelled", "updated_at": "2026-01-01T00:00:10.001Z"}


def add_channels(files: dict[str, Any]) -> None:
    files["schemas/resources.yaml"]["channels"] = CHANNELS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    root = write_contract(tmp_path_factory.mktemp("channels") / "contract", add_channels)
    with BackgroundServer(create_app(load_contract(root)), "127.0.0.1") as server:
        yield server


@pytest.fixture
def open_channel(server: BackgroundServer, request: pytest.FixtureRequest) -> Iterator[Callable[..., ClientConnection]]:
    with ExitStack() as connections:

        def opened(path: str = "/live", sandbox: str = "", **options: Any) -> ClientConnection:
            headers = {"X-Mock-Sandbox": sandbox or sandbox_of(request)}
            address = server.url.replace("http", "ws") + path
            connection: ClientConnection = connect(address, additional_headers=headers, **options)
            return connections.enter_context(connection)

        yield opened


def sandbox_of(request: pytest.FixtureRequest) -> str:
    return f"channel-{abs(hash(request.node.nodeid))}"


@pytest.fixture
def post(server: BackgroundServer, request: pytest.FixtureRequest) -> Callable[..., Any]:
    headers = {"X-Mock-Sandbox": sandbox_of(request)}
    return lambda path, body=None: requests.post(server.url + path, json=body, headers=headers, timeout=10)


def closing(connection: ClientConnection) -> int | None:
    """The close code that the server sends."""
    try:
        while True:
            connection.recv(10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else None


def test_a_channel_sends_the_events_of_the_records_that_it_selects(open_channel: Any, post: Any) -> None:
    channel = open_channel()
    ready = json.loads(channel.recv(10))
    post("/jobs/x%2Fy/cancel")
    post("/jobs/a/cancel")
    event = json.loads(channel.recv(10))
    assert ready == {"event": "ready", "id": ready["id"]}
    assert event == {
        "id": event["id"],
        "event": "cancel",
        "resource": "jobs",
        "key": "a",
        "at": CANCELLED["updated_at"],
        "record": CANCELLED,
    }


def test_a_client_continues_after_the_event_that_it_has_received(open_channel: Any, post: Any) -> None:
    first = json.loads(open_channel().recv(10))["id"]
    post("/jobs/a/cancel")
    assert json.loads(open_channel(f"/live?last_event_id={first}").recv(10))["event"] == "cancel"


def test_an_unknown_id_is_a_reset_to_the_present(open_channel: Any, post: Any) -> None:
    channel = open_channel("/live?last_event_id=7-00000000")
    post("/jobs/a/cancel")
    reset, event = (json.loads(channel.recv(10)) for _ in range(2))
    assert reset == {"event": "reset", "id": reset["id"]}
    assert event["event"] == "cancel"


def test_a_history_that_begins_anew_closes_the_channel(open_channel: Any, post: Any) -> None:
    channel = open_channel()
    ready = json.loads(channel.recv(10))
    post("/__mock/reset")
    assert json.loads(channel.recv(10)) == {"event": "reset", "id": ready["id"]}
    assert closing(channel) == 1012


@pytest.mark.parametrize(
    ("offered", "accepted"), [(["graphql-transport-ws", "chat"], "graphql-transport-ws"), ([], None)]
)
def test_the_first_subprotocol_that_a_client_offers_is_accepted(
    open_channel: Any, offered: list[str], accepted: str | None
) -> None:
    assert open_channel(subprotocols=offered or None).subprotocol == accepted


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("ping", "pong"), ('"ping"', "pong"), ('{"subscribe": 1}', {"subscribed": True}), ("{}", {"subscribed": False}),
    ],
)  # fmt: skip
def test_the_first_reply_that_matches_a_message_responds(open_channel: Any, message: str, reply: Any) -> None:
    channel = open_channel()
    channel.recv(10)
    channel.send(message)
    assert json.loads(channel.recv(10)) == reply


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ('{"id": 7}', {"ack": 7, "text": "at 2026-01-01T00:00:10.000Z for ada"}),
        ("echo", "echo"),
    ],
)
def test_a_reply_has_parts_of_the_message(open_channel: Any, message: str, reply: Any) -> None:
    channel = open_channel("/own?user=ada")
    # Nothing is sent of what the message does not have.
    channel.send("[]")
    channel.send(message)
    assert json.loads(channel.recv(10)) == reply


def test_messages_that_no_handler_gets_are_in_the_journal(
    open_channel: Any, server: BackgroundServer, request: pytest.FixtureRequest
) -> None:
    channel = open_channel("/own?user=ada")
    channel.send("unknown")
    channel.send('{"id": 7}')
    channel.recv(10)
    with Client(server.url, sandbox_of(request)) as mock:
        entries = mock.wait_for("/own", times=2, method="MESSAGE")
        mock.verify({"operation": "/own", "method": "MESSAGE", "body": {"required": ["id"]}, "times": 1})
        mock.verdict()
    assert [(entry["request"]["body"], entry["status"]) for entry in entries] == [({"id": 7}, 200), ("unknown", 204)]
    assert entries[0]["response"]["body"]["ack"] == 7


def test_declared_messages_are_the_only_ones(open_channel: Any, post: Any) -> None:
    channel = open_channel("/own")
    post("/jobs/a/cancel")
    assert json.loads(channel.recv(10)) == {"type": "job.$event", "kind": "cancel", "job": {"id": "a"}}
    post("/__mock/reset", {})
    assert closing(channel) == 1012


def test_a_message_in_fragments_is_one_message(open_channel: Any) -> None:
    channel = open_channel("/echo")
    channel.send(["a", "b", "c"])
    channel.send("d")
    assert [channel.recv(10) for _ in range(2)] == ['"anything"'] * 2


def test_a_message_that_nothing_matches_has_no_reply(open_channel: Any) -> None:
    channel = open_channel()
    channel.recv(10)
    channel.send("nothing")
    channel.send("ping")
    assert json.loads(channel.recv(10)) == "pong"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"\x81\x82\0\0\0\0\xff\xff", 1007),  # text that is not UTF-8
        (b"\x82\x81\0\0\0\0x", 1003),  # a binary message
        (b"\x81\x01x", 1002),  # not masked
        (b"\x83\x80\0\0\0\0", 1002),  # an unknown kind of frame
        (b"\xc1\x80\0\0\0\0", 1002),  # a reserved bit
        (b"\x80\x80\0\0\0\0", 1002),  # a continuation of nothing
        (b"\x09\x80\0\0\0\0", 1002),  # a ping in fragments
        (b"\x81\xff\0\0\0\0\0\x10\0\x01\0\0\0\0", 1009),  # more than 1 MiB
        (b"\x88\x82\0\0\0\0\x03\xe8", 1000),  # the client closes
        (b"\x88\x81\0\0\0\0\x03", 1002),  # a close frame with half a code
    ],
)
def test_what_breaks_the_protocol_gets_the_close_code_of_the_rfc(open_channel: Any, frames: bytes, code: int) -> None:
    channel = open_channel("/echo")
    channel.socket.sendall(frames)
    assert closing(channel) == code


def test_a_ping_is_answered(open_channel: Any) -> None:
    assert open_channel("/echo").ping(b"x").wait(10)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Upgrade": None}, 426, "upgrade-required"),
        ({"Connection": None}, 426, "upgrade-required"),
        ({"Upgrade": "h2c"}, 426, "upgrade-required"),
        ({"Sec-WebSocket-Version": "8"}, 426, "upgrade-required"),
        ({"Sec-WebSocket-Key": None}, 400, "bad-handshake"),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, 400, "bad-handshake"),
        ({"X-Mock-Scenario": "none"}, 400, "unknown-scenario"),
        ({"X-Mock-Sandbox": "a b"}, 400, "bad-sandbox"),
    ],
)
def test_a_handshake_that_is_not_valid_is_refused(
    server: BackgroundServer, changes: dict[str, str | None], status: int, code: str
) -> None:
    headers = {name: value for name, value in (HANDSHAKE | changes).items() if value is not None}
    response = requests.get(f"{server.url}/live", headers=headers, timeout=10)
    assert response.status_code == status
    assert response.json()["code"] == code


def test_an_offer_in_http_1_0_is_ignored(server: BackgroundServer) -> None:
    place = urlsplit(server.url)
    head = f"GET /live HTTP/1.0\r\nHost: {place.netloc}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        connection.sendall(f"{head}\r\n".encode())
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 426 ")


def test_426_says_what_to_upgrade_to(server: BackgroundServer) -> None:
    headers = requests.get(f"{server.url}/live", timeout=10).headers
    assert headers["Upgrade"] == "websocket"
    assert headers["Sec-WebSocket-Version"] == "13"


def test_an_upgrade_to_another_path_is_the_plain_request(server: BackgroundServer) -> None:
    response = requests.get(f"{server.url}/jobs/a", headers=HANDSHAKE, timeout=10)
    assert response.status_code == 200
    assert response.json()["id"] == "a"


def test_another_path_cannot_be_opened(open_channel: Any) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_channel("/none")
    assert refused.value.response.status_code == 404


def test_another_wsgi_server_says_that_it_cannot(make_contract: MakeContract) -> None:
    client = create_app(load_contract(make_contract(add_channels))).test_client()
    response = client.get("/live", headers=HANDSHAKE)
    assert response.status_code == 501
    assert response.json["code"] == "no-websocket"


def test_the_journal_has_the_channel_with_its_number_of_events(
    server: BackgroundServer, open_channel: Any, post: Any, request: pytest.FixtureRequest
) -> None:
    channel = open_channel()
    post("/jobs/a/cancel")
    post("/__mock/clock", {"undo": 1})
    closing(channel)
    headers = {"X-Mock-Sandbox": sandbox_of(request)}
    entries = requests.get(f"{server.url}/__mock/requests", headers=headers, timeout=10).json()["requests"]
    entry = next(entry for entry in entries if entry["path"] == "/live")
    assert entry["status"] == 101
    assert entry["operation"] == "/live"
    assert entry["messages"] == 1


def test_the_end_of_the_server_is_told(tmp_path: Path) -> None:
    contract = load_contract(write_contract(tmp_path / "contract", add_channels))
    server = BackgroundServer(create_app(contract), "127.0.0.1")
    with server, connect(server.url.replace("http", "ws") + "/echo") as channel:
        server.stop()
        assert closing(channel) == 1001


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ({"stream": "job"}, 'there is no resource "job". Did you mean "jobs"?'),
        ({"stream": "jobs", "where": {"owner": 1}}, 'there is no field "owner"'),
        ({"reply": [{"match": {"type": 1}, "send": 1}]}, "is not a JSON Schema"),
        ({"reply": [{"send": {"id": "{$request.boddy#/id}"}}]}, '"$request.boddy#/id" is not a runtime expression.'),
        ({"stream": "jobs", "message": {"a": "$recrod"}}, '"$recrod" refers to nothing'),
        ({"message": {"a": 1}}, '"stream" is required'),
    ],
)
def test_a_mistake_in_a_channel_is_an_error(make_contract: MakeContract, channel: Any, message: str) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["channels"] = {"/live": channel}

    with pytest.raises(ContractError) as error:
        load_contract(make_contract(change))
    assert any(problem.message.startswith(message) for problem in error.value.problems)


HANDLERS = """
from mockserver import handler

@handler("/chat")
def chat(call, records):
    if call.body == "silence":
        return None
    if call.body == "fail":
        raise ValueError(call.body)
    job = records.jobs.fire(call.body["cancel"], "cancel")
    return {"cancelled": job["id"]}
"""


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[tuple[BackgroundServer, ClientConnection]]:
    def change(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["channels"] = {
            "/chat": {"stream": "jobs", "reply": [{"match": {"const": "ping"}, "send": "pong"}]}
        }

    contract = load_contract(write_contract(tmp_path / "contract", change, **{"handlers.py": HANDLERS}))
    server = BackgroundServer(create_app(contract), "127.0.0.1")
    with server, connect(server.url.replace("http", "ws") + "/chat") as channel:
        channel.recv(10)
        yield server, channel


def test_the_handler_of_a_channel_responds_to_messages_in_their_order(
    chat: tuple[BackgroundServer, ClientConnection],
) -> None:
    _, channel = chat
    for message in ("silence", '{"cancel": "a"}', "fail"):
        channel.send(message)
    received = [json.loads(channel.recv(10)) for _ in range(3)]
    events = [message for message in received if "resource" in message and "id" in message]
    replies = [message for message in received if message not in events]
    assert [(event["event"], event["key"]) for event in events] == [("cancel", "a")]
    assert replies[0] == {"cancelled": "a"}
    assert replies[1]["code"] == "handler-failed"


def test_a_reply_comes_before_the_handler(chat: tuple[BackgroundServer, ClientConnection]) -> None:
    _, channel = chat
    channel.send("ping")
    assert json.loads(channel.recv(10)) == "pong"


def test_a_message_to_a_handler_is_in_the_journal(chat: tuple[BackgroundServer, ClientConnection]) -> None:
    server, channel = chat
    channel.send('{"cancel": "a"}')
    channel.recv(10)
    channel.recv(10)
    entries = requests.get(f"{server.url}/__mock/requests", timeout=10).json()["requests"]
    entry = next(entry for entry in entries if entry["method"] == "MESSAGE")
    assert entry["operation"] == "/chat"
    assert entry["request"]["body"] == {"cancel": "a"}
    assert entry["response"]["body"] == {"cancelled": "a"}
