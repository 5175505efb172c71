"""A real backend, its document, and what a client does with it: recorded, and then replayed against the mock."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, Response, request
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from mockserver.recorder.exchanges import RecordedExchange
from mockserver.recorder.recording import Recording
from mockserver.recorder.summary import Summary

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
PET: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name", "created_at"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "species": {"enum": ["cat", "dog"]},
        "created_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
        "chip": {"type": "object", "properties": {"code": {"type": "string"}, "api_key": {"type": "string"}}},
    },
    "additionalProperties": False,
}
NEW_PET = {"type": "object", "required": ["name"], "properties": {name: PET["properties"][name] for name in ("name", "species", "chip")}}  # fmt: skip


def content(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def answer(schema: Any, status: str = "200", media_type: str = "application/json") -> dict[str, Any]:
    return {status: {"description": "ok", **content(schema, media_type)}}


def path_parameter(name: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}


def query_parameter(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema or {"type": "string"}}


ANY: dict[str, Any] = {"type": "object"}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shelter", "version": "1"},
    "servers": [{"url": "https://api.example.com/v1"}],
    "components": {
        "schemas": {"Pet": PET},
        "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "client"}},
    },
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "parameters": [query_parameter("limit", type="integer"), query_parameter("species")],
                "responses": answer({
                    "type": "object", "required": ["pets", "total"], "additionalProperties": False,
                    "properties": {"pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}, "total": {"type": "integer"}},
                }),
            },
            "post": {
                "operationId": "createPet",
                "requestBody": {"required": True, **content(NEW_PET)},
                "responses": answer({"$ref": "#/components/schemas/Pet"}, "201"),
            },
        },
        "/pets/{petId}": {
            "parameters": [path_parameter("petId")],
            "get": {"operationId": "getPet", "responses": answer({"$ref": "#/components/schemas/Pet"})},
            "patch": {
                "operationId": "updatePet",
                "requestBody": content({**NEW_PET, "required": []}),
                "responses": answer({"$ref": "#/components/schemas/Pet"}),
            },
            "delete": {"operationId": "deletePet", "responses": {"204": {"description": "gone"}}},
        },
        "/pets/{petId}/photo": {
            "parameters": [path_parameter("petId")],
            "get": {"operationId": "getPhoto", "responses": answer({"type": "string", "format": "binary"}, media_type="image/png")},
        },
        "/search": {
            "get": {
                "operationId": "search",
                "parameters": [
                    query_parameter("q"), query_parameter("token"),
                    query_parameter("tag", type="array", items={"type": "string"}),
                ],
                "responses": answer({"type": "object", "properties": {"hits": {"type": "integer"}}}),
            },
            "post": {"operationId": "searchByBody", "requestBody": content(ANY), "responses": answer(ANY)},
        },
        "/login": {
            "post": {
                "operationId": "login", "requestBody": content(ANY),
                "responses": answer({"type": "object", "properties": {"access_token": {"type": "string"}}}),
            }
        },
        "/status": {
            "get": {
                "operationId": "getStatus",
                "responses": {**answer({"type": "object", "properties": {"state": {"enum": ["up", "down"]}}}), "302": {"description": "elsewhere"}},
            }
        },
        "/page": {"get": {"operationId": "getPage", "responses": answer({"type": "string"}, media_type="text/html")}},
    },
}  # fmt: skip


class Call(NamedTuple):
    method: str
    path: str
    json: Any = None
    headers: Any = {}  # noqa: RUF012 - never changed


class Reply(NamedTuple):
    status: int
    body: Any


def backend(sort: str = "") -> Flask:
    """A backend with three pets, which chooses keys and times that nobody can guess.

    Its list has the order of arrival, unless it is sorted by a field, descending where that has a minus.
    """
    app = Flask("backend")
    pets = {
        f"pet-{letter}": {"id": f"pet-{letter}", "name": name, "species": species, "created_at": "2025-01-01T00:00:00Z"}
        for letter, name, species in (("x", "Ada", "cat"), ("b", "Bob", "dog"), ("k", "Kim", "dog"))
    }
    numbers = iter(range(100))
    statuses = iter(["down", "down", "up", "unknown"])

    @app.get("/pets")
    def list_pets() -> Any:
        found = [pet for pet in pets.values() if request.args.get("species") in (None, pet.get("species"))]
        if sort:
            found = sorted(found, key=lambda pet: str(pet.get(sort.lstrip("-"), "")), reverse=sort[0] == "-")
        return {"pets": found[: request.args.get("limit", 99, int)], "total": len(found)}

    @app.post("/pets")
    def create_pet() -> Any:
        if request.json["name"] == "Bad":
            return {"why": "a bad name"}, 422
        number = next(numbers)
        key = f"pet-{number * 7919 % 1000:03}"
        pets[key] = {"id": key, **request.json, "created_at": f"2025-02-01T00:00:{number:02}Z"}
        return pets[key], 201, {"Location": f"/pets/{key}"}

    @app.get("/pets/<key>")
    def get_pet(key: str) -> Any:
        return pets.get(key, ({"why": f"no {key}"}, 404))

    @app.patch("/pets/<key>")
    def update_pet(key: str) -> Any:
        pets[key] = {**pets[key], **request.json, "updated_at": f"2025-03-01T00:00:{next(numbers):02}Z"}
        return pets[key]

    @app.delete("/pets/<key>")
    def delete_pet(key: str) -> Any:
        del pets[key]
        return "", 204

    @app.get("/pets/<key>/photo")
    def photo(key: str) -> Any:
        return Response(b"\x89PNG\x00\xff", mimetype="image/png")

    @app.get("/search")
    def search() -> Any:
        return {"hits": len(request.args.get("q", "")) + 10 * len(request.args.getlist("tag"))}

    @app.post("/search")
    def search_by_body() -> Any:
        return {"of": request.json}

    @app.post("/login")
    def login() -> Any:
        return (
            {"access_token": JWT, "user": request.json.get("user")},
            200,
            {"Set-Cookie": "session=s3cr3ts3cr3ts3cr3t", "X-Plan": "free"},
        )

    @app.get("/status")
    def status() -> Any:
        state = next(statuses)
        return ({"state": state}, 200) if state != "down" else ("", 302, {"Location": "/page"})

    @app.get("/page")
    def page() -> Any:
        return "<h1>Grüße</h1>"

    @app.get("/hidden/<name>")
    def hidden(name: str) -> Any:
        return {}

    return app


def send(client: FlaskClient, call: Call) -> Any:
    return client.open(call.path, method=call.method, json=call.json, headers=call.headers)


def reply(response: Any) -> Reply:
    body = response.json if response.is_json else response.data.decode(errors="replace")
    return Reply(response.status_code, body)


def exchange_of(call: Call, response: Any, body: bytes | None = None) -> RecordedExchange:
    sent = b"" if call.json is None else json.dumps(call.json).encode()
    headers = [("Host", "localhost"), ("Content-Type", "application/json"), *dict(call.headers).items()]
    return RecordedExchange(
        call.method, call.path, headers, sent, response.status_code, list(response.headers.items()), response.data if body is None else body
    )  # fmt: skip


class Recorded(NamedTuple):
    directory: Path
    summary: Summary
    replies: list[Reply]

    @property
    def text(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.directory.rglob("*.*")) if "openapi" not in path.name)

    def replay(self, calls: Iterable[Call], scenario: str = "baseline") -> list[Reply]:
        client = create_app(self.directory).test_client(use_cookies=False)
        return [
            reply(send(client, call._replace(headers={**call.headers, "X-Mock-Scenario": scenario}))) for call in calls
        ]


def document(change: Any = None) -> dict[str, Any]:
    changed = copy.deepcopy(DOCUMENT)
    if change is not None:
        change(changed)
    return changed


def write_document(folder: Path, value: Any = None) -> Path:
    path = folder / "openapi.json"
    path.write_text(json.dumps(value or DOCUMENT))
    return path


def record(
    folder: Path, calls: Iterable[Call], *, redact: Iterable[str] = (), app: Flask | None = None, value: Any = None
) -> Recorded:
    """The contract that a recording of these calls to the backend is written as."""
    client = (app or backend()).test_client(use_cookies=False)
    recording = Recording(load_contract(write_document(folder, value), stateful=True), redact)
    replies = []
    for call in calls:
        response = send(client, call)
        replies.append(reply(response))
        recording.add(exchange_of(call, response))
    directory = folder / "recorded"
    return Recorded(directory, recording.write(directory), replies)
