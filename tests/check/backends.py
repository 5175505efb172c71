"""A real backend on loopback that keeps its contract, unless a test plants a deviation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from flask import Flask, Response, request
from werkzeug.serving import make_server

PET: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "kind": {"enum": ["cat", "dog"]}},
    "additionalProperties": False,
}


def json_content(schema: Any) -> dict[str, Any]:
    return {"description": "ok", "content": {"application/json": {"schema": schema}}}


def parameter(name: str, location: str = "path", kind: str = "integer", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": location, "required": True, "schema": {"type": kind}, **more}


REF = {"$ref": "#/components/schemas/Pet"}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "example": {"name": "Eve"},
        }
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shelter", "version": "1"},
    "servers": [{"url": "/v1"}],
    "components": {"schemas": {"Pet": PET}, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/pets": {
            "get": {"operationId": "listPets", "responses": {"200": {
                **json_content({"type": "array", "items": REF}),
                "headers": {"X-Total-Count": {"required": True, "schema": {"type": "integer"}}},
            }}},
            "post": {"operationId": "createPet", "requestBody": BODY, "responses": {"201": json_content(REF)}},
        },
        "/pets/{petId}": {
            "parameters": [parameter("petId")],
            "get": {"operationId": "getPet", "responses": {"200": json_content(REF)}},
            "patch": {"operationId": "updatePet", "requestBody": BODY, "responses": {"200": json_content(REF)}},
            "delete": {"operationId": "deletePet", "responses": {"204": {"description": "gone"}}},
        },
        "/pets/{petId}/note": {
            "parameters": [parameter("petId")],
            "get": {"operationId": "getNote", "responses": {"200": {"description": "text", "content": {"text/plain": {"schema": {"type": "string", "minLength": 1}}}}}},
        },
        "/search": {
            "get": {
                "operationId": "search", "parameters": [parameter("q", "query", "string", example="cat")],
                "responses": {"200": json_content({"type": "object", "required": ["q"], "properties": {"q": {"const": "cat"}}})},
            }
        },
        "/reports/{day}": {
            "parameters": [parameter("day", kind="string")],
            "get": {"operationId": "getReport", "responses": {"200": json_content({})}},
        },
        "/me": {
            "get": {"operationId": "getMe", "security": [{"bearer": []}], "responses": {"200": json_content({"type": "object", "required": ["name"]})}},
        },
        "/old": {"get": {"operationId": "getOld", "responses": {"302": {"description": "elsewhere", "headers": {"Location": {"required": True, "schema": {"type": "string"}}}}}}},
        "/refresh": {"post": {"operationId": "refresh", "responses": {"204": {"description": "done"}}}},
    },
}  # fmt: skip


class Backend(NamedTuple):
    app: Flask
    pets: dict[int, dict[str, Any]]
    requests: list[str]


def backend(prefix: str = "/v1") -> Backend:
    app = Flask("backend")
    pets: dict[int, dict[str, Any]] = {
        number: {"id": number, "name": f"pet {number}", "kind": "cat"} for number in range(11, 16)
    }
    requests: list[str] = []

    @app.before_request
    def note() -> None:
        requests.append(f"{request.method} {request.full_path.rstrip('?')}")

    @app.get(f"{prefix}/pets")
    def list_pets() -> Any:
        return list(pets.values()), {"X-Total-Count": str(len(pets))}

    @app.post(f"{prefix}/pets")
    def create_pet() -> Any:
        number = max(pets) + 1
        pets[number] = {"id": number, **request.json}
        return pets[number], 201

    @app.get(f"{prefix}/pets/<int:number>")
    def get_pet(number: int) -> Any:
        return pets[number]

    @app.patch(f"{prefix}/pets/<int:number>")
    def update_pet(number: int) -> Any:
        pets[number] |= request.json
        return pets[number]

    @app.delete(f"{prefix}/pets/<int:number>")
    def delete_pet(number: int) -> Any:
        del pets[number]
        return "", 204

    @app.get(f"{prefix}/pets/<int:number>/note")
    def note_of(number: int) -> Any:
        return Response("note", mimetype="text/plain")

    @app.get(f"{prefix}/search")
    def search() -> Any:
        return {"q": request.args["q"]}

    @app.get(f"{prefix}/me")
    def me() -> Any:
        return {"name": "ann"} if request.headers.get("Authorization") == "Bearer t" else ("", 401)

    @app.get(f"{prefix}/old")
    def old() -> Any:
        return "", 302, {"Location": "/v1/pets"}

    return Backend(app, pets, requests)


@contextmanager
def running(app: Callable[..., Any]) -> Iterator[str]:
    """The address of a server of that application."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
