"""Any sequence of calls gets the recorded responses, and a summary says what could not be kept."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask, Response, request
from msgspec.structs import replace

from mockserver import create_app, load_contract
from mockserver.recorder.directory import AlreadyExists
from mockserver.recorder.exchanges import BODY_LIMIT, RecordedExchange
from mockserver.recorder.recording import Recording
from tests.attack.scale import combine, rounds
from tests.recorder.backend import Call, answer, backend, content, document, path_parameter, record, write_document

GET, POST, PUT, PATCH, DELETE = "GET", "POST", "PUT", "PATCH", "DELETE"


def random_calls(seed: int) -> list[Call]:
    chance = random.Random(seed)
    names, keys = ["Eve", "Zoe", "Bad"], ["pet-x", "pet-b", "pet-000", "pet-919"]
    calls: list[Call] = []
    client = backend().test_client()
    while len(calls) < 15:
        key, name = chance.choice(keys), chance.choice(names)
        call = chance.choice([
            Call(GET, "/pets"), Call(GET, f"/pets?limit={chance.randint(1, 3)}"), Call(GET, "/pets?species=dog"), Call(GET, f"/pets/{key}"),
            Call(POST, "/pets", {"name": name}), Call(PATCH, f"/pets/{key}", {"name": name}), Call(DELETE, f"/pets/{key}"),
            Call(GET, "/search?q=a"), Call(POST, "/search", {"a": name}),
        ])  # fmt: skip
        if client.get(f"/pets/{key}").status_code == 200 or call.method not in (PATCH, DELETE):
            client.open(call.path, method=call.method, json=call.json)
            calls.append(call)
    return calls


@pytest.mark.parametrize("seed", range(rounds(4, 25)))
def test_any_calls_get_the_recorded_responses(tmp_path: Path, seed: int) -> None:
    calls = random_calls(seed)
    recorded = record(tmp_path, calls)
    assert recorded.replay(calls) == recorded.replies


@pytest.mark.parametrize(
    ("sort", "seed"), combine(["-created_at", "created_at", "name", "-name", "-id"], range(rounds(2, 4)))
)
def test_lists_keep_their_order(tmp_path: Path, seed: int, sort: str) -> None:
    calls = random_calls(seed)
    recorded = record(tmp_path, calls, app=backend(sort))
    assert recorded.replay(calls) == recorded.replies


@pytest.mark.parametrize(
    ("sort", "written"), [("", "{schema: pets.json, key: id}"), ("-created_at", '{schema: pets.json, key: id, sort: ["-created_at"]}'), ("name", "{schema: pets.json, key: id, sort: [name]}")],
)  # fmt: skip
def test_the_order_of_lists_is_declared(tmp_path: Path, sort: str, written: str) -> None:
    calls = [
        Call(GET, "/pets"),
        *(Call(POST, "/pets", {"name": name}) for name in ("Zoe", "Bea", "Lea")),
        Call(GET, "/pets"),
    ]
    recorded = record(tmp_path, calls, app=backend(sort))
    assert f"pets: {written}\n" in (recorded.directory / "schemas/resources.yaml").read_text()
    assert "listPets" not in (recorded.directory / "scenarios/baseline.yaml").read_text()


NOTE = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {"id": {"type": "integer"}, "text": {"type": "string"}, "list_id": {"type": "integer"}},
}
NESTED = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "paths": {
        "/lists": {
            "get": {"operationId": "lists", "responses": answer({"type": "array", "items": {"$ref": "#/components/schemas/List"}})},
            "post": {"operationId": "addList", "requestBody": content({"type": "object"}), "responses": answer({"$ref": "#/components/schemas/List"}, "201")},
        },
        "/lists/{list_id}": {
            "parameters": [path_parameter("list_id", "integer")],
            "get": {"operationId": "getList", "responses": answer({"$ref": "#/components/schemas/List"})},
        },
        "/lists/{list_id}/notes": {
            "parameters": [path_parameter("list_id", "integer")],
            "get": {"operationId": "notes", "responses": answer({"type": "array", "items": {"$ref": "#/components/schemas/Note"}})},
            "post": {"operationId": "addNote", "requestBody": content({"type": "object"}), "responses": {"201": {"description": "added"}}},
        },
        "/lists/{list_id}/notes/{id}": {
            "parameters": [path_parameter("list_id", "integer"), path_parameter("id", "integer")],
            "get": {"operationId": "getNote", "responses": answer({"$ref": "#/components/schemas/Note"})},
            "put": {"operationId": "putNote", "requestBody": content({"type": "object"}), "responses": answer({"$ref": "#/components/schemas/Note"})},
            "delete": {"operationId": "deleteNote", "responses": {"204": {"description": "gone"}}},
        },
    },
    "components": {"schemas": {"Note": NOTE, "List": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "title": {"type": "string"}}}}},
}  # fmt: skip


def notes_backend(*, says_location: bool) -> Flask:
    app = Flask("notes")
    lists = {5: {"id": 5, "title": "five"}, 3: {"id": 3, "title": "three"}}
    notes: dict[int, dict[str, Any]] = {70: {"id": 70, "text": "old", "list_id": 5}}

    @app.get("/lists")
    def all_lists() -> Any:
        return list(lists.values())

    @app.get("/lists/<int:key>")
    def get_list(key: int) -> Any:
        return lists[key]

    @app.get("/lists/<int:key>/notes")
    def all_notes(key: int) -> Any:
        return [note for note in notes.values() if note["list_id"] == key]

    @app.post("/lists/<int:key>/notes")
    def add(key: int) -> Any:
        number = max(notes) + 13
        notes[number] = {"id": number, **request.json, "list_id": key}
        return "", 201, {"Location": f"http://localhost/lists/{key}/notes/{number}"} if says_location else {}

    @app.get("/lists/<int:key>/notes/<int:number>")
    def get_note(key: int, number: int) -> Any:
        return notes.get(number, ("", 404))

    @app.put("/lists/<int:key>/notes/<int:number>")
    def put(key: int, number: int) -> Any:
        notes[number] = {"id": number, **request.json, "list_id": key}
        return notes[number]

    @app.delete("/lists/<int:key>/notes/<int:number>")
    def delete(key: int, number: int) -> Any:
        return ("", 204) if notes.pop(number, None) else ("", 404)

    return app


@pytest.mark.parametrize("says_location", [True, False])
@pytest.mark.parametrize(
    "calls",
    [
        [Call(GET, "/lists"), Call(GET, "/lists/5/notes"), Call(POST, "/lists/5/notes", {"text": "new"}), Call(GET, "/lists/5/notes/83"), Call(GET, "/lists/5/notes")],
        [Call(GET, "/lists"), Call(POST, "/lists/5/notes", {"text": "a"}), Call(POST, "/lists/3/notes", {"text": "b"}), Call(GET, "/lists/5/notes"), Call(GET, "/lists/3/notes")],
        [Call(GET, "/lists"), Call(PUT, "/lists/5/notes/70", {"text": "x"}), Call(GET, "/lists/5/notes/70"), Call(DELETE, "/lists/5/notes/70"), Call(GET, "/lists/5/notes/70")],
        [Call(GET, "/lists/5/notes"), Call(GET, "/lists/5/notes/70"), Call(DELETE, "/lists/5/notes/70"), Call(GET, "/lists/5/notes")],
        [Call(GET, "/lists"), Call(PUT, "/lists/5/notes/1", {"text": "upsert"}), Call(GET, "/lists/5/notes/1"), Call(GET, "/lists/5/notes")],
        [Call(GET, "/lists"), Call(GET, "/lists/5/notes/1"), Call(PUT, "/lists/5/notes/1", {"text": "upsert"}), Call(GET, "/lists/5/notes/1")],
    ],
)  # fmt: skip
def test_records_of_records_get_the_recorded_responses(tmp_path: Path, calls: list[Call], says_location: bool) -> None:
    recorded = record(tmp_path, calls, app=notes_backend(says_location=says_location), value=NESTED)
    assert load_contract(recorded.directory).resources.keys() == {"lists", "notes"}
    assert recorded.replay(calls) == recorded.replies


MEMBERS = {
    **NESTED,
    "paths": {
        "/notes": {"get": {"operationId": "notes", "responses": answer({"type": "array", "items": {"$ref": "#/components/schemas/Note"}})}},
        "/notes/{id}": {
            "parameters": [path_parameter("id", "integer")],
            "get": {"operationId": "getNote", "responses": answer({"$ref": "#/components/schemas/Note"})},
        },
        "/pinned": {"get": {"operationId": "pinned", "responses": answer({"type": "array", "items": {"$ref": "#/components/schemas/Note"}})}},
        "/pinned/{note_id}": {
            "parameters": [path_parameter("note_id", "integer")],
            "put": {"operationId": "pin", "responses": answer({"$ref": "#/components/schemas/Note"})},
            "delete": {"operationId": "unpin", "responses": {"204": {"description": "gone"}}},
        },
    },
}  # fmt: skip


def pinning_backend() -> Flask:
    app = Flask("pins")
    notes = {number: {"id": number, "text": f"note {number}"} for number in (7, 8, 9)}
    pinned = [8]

    @app.get("/notes")
    def all_notes() -> Any:
        return list(notes.values())

    @app.get("/pinned")
    def all_pinned() -> Any:
        return [notes[number] for number in pinned]

    @app.put("/pinned/<int:number>")
    def pin(number: int) -> Any:
        pinned.append(number)
        return notes[number]

    @app.delete("/pinned/<int:number>")
    def unpin(number: int) -> Any:
        pinned.remove(number)
        return "", 204

    return app


def test_members_of_a_set_are_kept_as_such(tmp_path: Path) -> None:
    changes = [Call(PUT, "/pinned/9"), Call(GET, "/pinned"), Call(DELETE, "/pinned/8"), Call(GET, "/pinned")]
    calls = [Call(GET, "/notes"), Call(GET, "/pinned"), *changes]
    recorded = record(tmp_path, calls, app=pinning_backend(), value=MEMBERS)
    assert recorded.replay(calls) == recorded.replies
    assert json.loads((recorded.directory / "fixtures/baseline/pinned.json").read_text()) == [{"note_id": 8}]
    assert "\nresponses:" not in (recorded.directory / "scenarios/baseline.yaml").read_text()


def recording(tmp_path: Path) -> Recording:
    return Recording(load_contract(write_document(tmp_path), stateful=True))


def exchange(method: str = GET, target: str = "/pets/pet-b", status: int = 200, body: bytes | None = b"{}", **headers: str) -> RecordedExchange:  # fmt: skip
    response = [
        ("Content-Type", "application/json"),
        *((name.replace("_", "-"), value) for name, value in headers.items()),
    ]
    return RecordedExchange(method, target, [], b"", status, response, body)


@pytest.mark.parametrize(
    ("media_type", "bodies"),
    [
        ("application/x-www-form-urlencoded", [b"a=1&b=x&b=y", b"a=1&b=x", b"a=2", b"c[d]=1"]),
        ("application/xml", [b"<root><a>1</a><b>x</b><b>y</b></root>", b"<root><a>1</a></root>"]),
        ("text/plain", [b"5", b"x"]),
    ],
)
def test_requests_are_told_apart_by_bodies_in_any_media_type(
    tmp_path: Path, media_type: str, bodies: list[bytes]
) -> None:
    numbers = {"a": {"type": "integer"}, "b": {"type": "array", "items": {"type": "string"}}}
    nested = {"c": {"type": "object", "properties": {"d": {"type": "integer"}}}}
    schema = (
        {"type": "string"} if media_type == "text/plain" else {"type": "object", "properties": {**numbers, **nested}}
    )
    operation = {
        "operationId": "send",
        "requestBody": {"content": {media_type: {"schema": schema}}},
        "responses": answer({}),
    }
    path = write_document(tmp_path, {**document(), "paths": {"/send": {"post": operation}}})
    added, headers = Recording(load_contract(path, stateful=True)), [("Content-Type", media_type)]
    for number, body in enumerate(bodies):
        response = [("Content-Type", "application/json")]
        added.add(RecordedExchange(POST, "/send", headers, body, 200, response, str(number).encode()))
    added.write(tmp_path / "recorded")
    client = create_app(load_contract(tmp_path / "recorded")).test_client()
    replies = [client.post("/send", data=body, content_type=media_type).get_json() for body in reversed(bodies)]
    assert replies == list(reversed(range(len(bodies))))


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b'{"hits":"{$request.query.q}"}'),
        ("application/json", b'["{$now}"]'),
        ("text/plain", "{$url} \u00e9".encode()),
    ],
)
def test_a_response_that_looks_like_a_template_is_kept_as_it_is(tmp_path: Path, media_type: str, body: bytes) -> None:
    added = recording(tmp_path)
    headers = [("Content-Type", media_type), ("X-A", "{$method}"), ("X-B", "1")]
    added.add(RecordedExchange(GET, "/search?q=x", [], b"", 200, headers, body))
    added.write(tmp_path / "recorded")
    response = create_app(load_contract(tmp_path / "recorded")).test_client().get("/search?q=x")
    assert (response.status_code, response.data, response.headers.get("X-A")) == (200, body, None)
    assert response.headers["X-B"] == "1"


def test_requests_that_no_operation_is_declared_for_are_counted(tmp_path: Path) -> None:
    added = recording(tmp_path)
    for item in [
        exchange(target="/favicon.ico?a=1"),
        exchange(target="/favicon.ico"),
        exchange("PUT", "/pets"),
        exchange("HEAD", "/pets/1", body=None),
    ]:
        added.add(item)
    added.add(replace(exchange("OPTIONS", "/pets"), request_headers=[("Access-Control-Request-Method", "POST")]))
    assert added.write(tmp_path / "recorded").unmatched == {"GET /favicon.ico": 2, "PUT /pets": 1}


@pytest.mark.parametrize(
    "item", [exchange("HEAD", "/pets/1", body=None), exchange(target="/search", status=304, body=b"")]
)
def test_a_response_that_refers_to_another_one_is_not_written(tmp_path: Path, item: RecordedExchange) -> None:
    added = recording(tmp_path)
    added.add(item)
    assert added.write(tmp_path / "recorded").responses == 0


def test_requests_without_a_complete_response_are_listed(tmp_path: Path) -> None:
    added = recording(tmp_path)
    for target in ("/pets?token=abc", "/pets"):
        added.add_incomplete("GET", target, "it sent nothing for 30 s")
    added.add_incomplete("GET", "/pets", "the connection was refused")
    assert list(added.write(tmp_path / "recorded").lines()) == [
        "Recorded 0 exchanges: no records, 0 responses",
        "Requests without a complete response; nothing was written:",
        "  2x GET /pets: it sent nothing for 30 s",
        "  1x GET /pets: the connection was refused",
    ]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (exchange(target="/pets/1/photo", body=b"\x89PNG\xff", Content_Type="image/png"), "GET /pets/1/photo (getPhoto) 200: its body is binary (image/png)"),
        (exchange(target="/search", body=None), "GET /search (search) 200: its body is missing in the recording"),
        (exchange(target="/search", body=b" " * (BODY_LIMIT + 1)), "GET /search (search): a body is larger than 10 MiB"),
        (exchange(target="/search", body=b'{"a": '), "GET /search (search) 200: its body is not valid JSON"),
        (exchange(target="/search", status=101), "GET /search (search) 101: its status is 101"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_listed_with_its_reason(tmp_path: Path, item: RecordedExchange, reason: str) -> None:
    added = recording(tmp_path)
    if "image/png" in dict(item.response_headers).values() or item.response_headers[-1][1] == "image/png":
        item = replace(item, response_headers=[("Content-Type", "image/png")])
    added.add(item)
    assert added.write(tmp_path / "recorded").not_kept == {reason: 1}


def test_a_request_that_the_document_does_not_allow_is_listed(tmp_path: Path) -> None:
    added = recording(tmp_path)
    added.add(exchange(target="/pets?_=1", body=b'{"pets": [], "total": 0}'))
    assert added.write(tmp_path / "recorded").refused == {
        'GET /pets?_=1 (listPets) 200: query _: "_" is not a declared query parameter. Known: limit, species.': 1
    }


def test_a_response_that_violates_the_document_is_listed_and_kept(tmp_path: Path) -> None:
    calls = [Call(GET, "/status")] * 4
    recorded = record(tmp_path, calls)
    assert list(recorded.summary.drift.values()) == [1]
    assert next(iter(recorded.summary.drift)).startswith("GET /status (getStatus) 200: body /body/state:")
    assert recorded.replay(calls)[-1].body == {"state": "unknown"}


def test_a_record_that_was_changed_before_it_was_read_is_listed(tmp_path: Path) -> None:
    recorded = record(tmp_path, [Call(PATCH, "/pets/pet-b", {"name": "Bo"})])
    assert recorded.summary.unknown == {'pets "pet-b"': 1}


def test_headers_that_matter_are_kept(tmp_path: Path) -> None:
    added = recording(tmp_path)
    headers = {
        "Date": "x", "Server": "x", "Connection": "X-Hop", "X-Hop": "x", "Content-Length": "2", "Set-Cookie": "a=b", "Transfer-Encoding": "chunked",
        "X-Auth-Token": "x", "X-RateLimit-Remaining": "7", "Link": "</a>; rel=next", "Retry-After": "5",
    }  # fmt: skip
    added.add(
        replace(exchange(target="/search"), response_headers=[("Content-Type", "application/json"), *headers.items()])
    )
    added.write(tmp_path / "recorded")
    (response,) = yaml.safe_load((tmp_path / "recorded/scenarios/baseline.yaml").read_text())["responses"]
    assert response["headers"] == {"X-RateLimit-Remaining": "7", "Link": "</a>; rel=next", "Retry-After": "5"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"X-Total-Count": "3"}, {"X-Total-Count": "3"}),
        ({"Link": "<http://localhost/pets?page=2>; rel=next"}, {"Link": "</pets?page=2>; rel=next"}),
        ({"X-Request-Id": "7", "ETag": '"a"'}, None),
    ],
)
def test_a_list_that_the_records_give_keeps_the_headers_of_its_pages(
    tmp_path: Path, sent: dict[str, str], kept: dict[str, str] | None
) -> None:
    app = backend()

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(sent)
        return response

    recorded = record(tmp_path, [Call(GET, "/pets")], app=app)
    responses = yaml.safe_load((recorded.directory / "scenarios/baseline.yaml").read_text()).get("responses", [])
    assert responses == ([] if kept is None else [{"operation": "listPets", "headers": kept}])


def test_an_address_of_the_backend_becomes_relative(tmp_path: Path) -> None:
    added = recording(tmp_path)
    item = replace(
        exchange(target="/status", status=302, body=b""),
        response_headers=[("Location", "http://api.test:8080/page?a=1")],
    )
    added.add(replace(item, request_headers=[("Host", "api.test:8080")]))
    added.write(tmp_path / "recorded")
    (response,) = yaml.safe_load((tmp_path / "recorded/scenarios/baseline.yaml").read_text())["responses"]
    assert response["headers"]["Location"] == "/page?a=1"


def test_the_prefix_of_a_server_belongs_to_the_path(tmp_path: Path) -> None:
    added = recording(tmp_path)
    added.add(
        exchange(target="/v1/pets/pet-b", body=b'{"id": "pet-b", "name": "Bob", "created_at": "2025-01-01T00:00:00Z"}')
    )
    assert added.write(tmp_path / "recorded").records == {"pets": 1}


@pytest.mark.parametrize("name", ["a.txt", ".hidden", "schemas/openapi.yaml"])
def test_nothing_is_written_to_a_directory_with_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / "recorded" / name
    path.parent.mkdir(parents=True)
    path.write_text("")
    with pytest.raises(AlreadyExists, match="recorded is not empty"):
        recording(tmp_path).write(tmp_path / "recorded")
    assert [item for item in (tmp_path / "recorded").rglob("*") if item.is_file()] == [path]


def test_a_document_without_collections_gives_responses_alone(tmp_path: Path) -> None:
    def drop(value: dict[str, Any]) -> None:
        del value["paths"]["/pets"], value["paths"]["/pets/{petId}"]

    calls = [Call(GET, "/search?q=a"), Call(GET, "/page")]
    recorded = record(tmp_path, calls, value=document(drop))
    assert recorded.replay(calls) == recorded.replies
    assert recorded.summary.records == {}


def test_an_empty_recording_is_a_contract(tmp_path: Path) -> None:
    recorded = record(tmp_path, [])
    assert recorded.replay([Call(GET, "/pets")])[0].body == {"pets": [], "total": 0}
    assert next(recorded.summary.lines()) == "Recorded 0 exchanges: no records, 0 responses"


def test_the_end_has_no_list_that_an_unknown_write_has_outdated(tmp_path: Path) -> None:
    orders = {1: {"id": 1, "status": "open"}, 2: {"id": 2, "status": "open"}}
    app = Flask("orders")

    @app.get("/orders")
    def list_orders() -> Any:
        return sorted(orders.values(), key=lambda order: (order["status"], -int(order["id"])))

    @app.get("/orders/<int:number>")
    def get_order(number: int) -> Any:
        return orders[number]

    @app.post("/orders/<int:number>/pay")
    def pay_order(number: int) -> Any:
        orders[number]["status"] = "paid"
        return {"receipt": "r-1"}

    schema = {
        "type": "object",
        "required": ["id", "status"],
        "properties": {"id": {"type": "integer"}, "status": {"enum": ["open", "paid"]}},
    }
    number = [path_parameter("id", "integer")]
    paths = {
        "/orders": {"get": {"operationId": "listOrders", "responses": answer({"type": "array", "items": schema})}},
        "/orders/{id}": {"parameters": number, "get": {"operationId": "getOrder", "responses": answer(schema)}},
        "/orders/{id}/pay": {
            "parameters": number,
            "post": {"operationId": "payOrder", "responses": answer({"type": "object"})},
        },
    }
    calls = [Call(GET, "/orders"), Call(POST, "/orders/2/pay"), Call(GET, "/orders/2")]
    value = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": paths}
    recorded = record(tmp_path, calls, app=app, value=value)
    assert "listOrders" not in (recorded.directory / "scenarios/recorded-end.yaml").read_text()
