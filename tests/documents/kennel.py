"""A document of the usual shape: a kennel with owners, their pets and visits, staff by name, and reports."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

OWNER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name", "created_at"],
    "properties": {
        "id": {"type": "integer", "format": "int64", "readOnly": True},
        "name": {"type": "string", "minLength": 1, "maxLength": 40},
        "email": {"type": "string", "format": "email"},
        "status": {"type": "string", "enum": ["active", "gone"]},
        "password": {"type": "string", "writeOnly": True},
        "created_at": {"type": "string", "format": "date-time", "readOnly": True},
    },
    "additionalProperties": False,
}
PET: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name", "owner_id"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string"},
        "owner_id": {"type": "integer"},
        "species": {"enum": ["cat", "dog"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
VISIT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "owner_id"],
    "properties": {"id": {"type": "string"}, "owner_id": {"type": "integer"}, "reason": {"type": "string"}},
}
STAFF: dict[str, Any] = {
    "type": "object",
    "required": ["username"],
    "properties": {"username": {"type": "string", "pattern": "^[a-z]{3,12}$"}, "role": {"type": "string"}},
}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
    "additionalProperties": False,
}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def answer(schema: Any, status: str = "200", **more: Any) -> dict[str, Any]:
    missing = {"description": "none", "content": {"application/json": {"schema": ref("Error")}}}
    return {status: {"description": "ok", "content": {"application/json": {"schema": schema}}, **more}, "404": missing}


def sent(schema: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def array(name: str) -> dict[str, Any]:
    return {"type": "array", "items": ref(name)}


def query(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def path(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


NEW_OWNER = {
    "type": "object",
    "required": ["name"],
    "properties": {name: OWNER["properties"][name] for name in ("name", "email", "status", "password")},
}
PAGE: dict[str, Any] = {
    "type": "object",
    "required": ["data", "total", "count", "has_more", "links"],
    "properties": {
        "data": array("Owner"),
        "total": {"type": "integer"},
        "count": {"type": "integer"},
        "has_more": {"type": "boolean"},
        "next": {"type": ["string", "null"], "format": "uri-reference"},
        "links": {"type": "object", "properties": {"next": {"type": "string"}, "self": {"type": "string"}}},
    },
    "additionalProperties": False,
}
LOCATION = {"headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}}}
KENNEL: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Kennel", "version": "1"},
    "paths": {
        "/owners": {
            "get": {
                "operationId": "listOwners",
                "parameters": [
                    query("status", type="string", enum=["active", "gone"]),
                    query("page", type="integer", minimum=1), query("per_page", type="integer", minimum=1),
                    query("search", type="string"),
                ],
                "responses": answer(PAGE),
            },
            "post": {
                "operationId": "createOwner",
                "requestBody": sent(NEW_OWNER),
                "responses": answer(ref("Owner"), "201", **LOCATION),
            },
        },
        "/owners/{ownerId}": {
            "parameters": [path("ownerId", type="integer", format="int64")],
            "get": {"operationId": "getOwner", "responses": answer(ref("Owner"))},
            "put": {"operationId": "putOwner", "requestBody": sent(NEW_OWNER), "responses": answer(ref("Owner"))},
            "patch": {
                "operationId": "patchOwner",
                "requestBody": sent({**NEW_OWNER, "required": []}),
                "responses": answer(ref("Owner")),
            },
            "delete": {"operationId": "deleteOwner", "responses": {"204": {"description": "gone"}}},
        },
        "/pets": {
            "get": {
                "operationId": "listPets",
                "parameters": [
                    query("species", type="array", items={"type": "string"}), query("limit", type="integer"),
                    query("offset", type="integer"), query("tags", type="string"), query("fields", type="string"),
                ],
                "responses": answer(array("Pet"), headers={"X-Total-Count": {"schema": {"type": "integer"}}}),
            },
            "post": {"operationId": "createPet", "requestBody": sent(ref("Pet")), "responses": answer(ref("Pet"), "200")},
        },
        "/pets/{pet_id}": {
            "parameters": [path("pet_id", type="string")],
            "get": {"operationId": "getPet", "responses": answer(ref("Pet"))},
            "delete": {"operationId": "deletePet", "responses": answer(ref("Pet"))},
        },
        "/owners/{ownerId}/pets": {
            "parameters": [path("ownerId", type="integer")],
            "get": {"operationId": "listOwnerPets", "responses": answer(array("Pet"))},
        },
        "/owners/{ownerId}/visits": {
            "parameters": [path("ownerId", type="integer")],
            "get": {"operationId": "listVisits", "responses": answer(array("Visit"))},
            "post": {
                "operationId": "createVisit",
                "requestBody": sent({"type": "object", "properties": {"reason": {"type": "string"}}}),
                "responses": answer(ref("Visit"), "201"),
            },
        },
        "/owners/{ownerId}/visits/{visitId}": {
            "parameters": [path("ownerId", type="integer"), path("visitId", type="string")],
            "get": {"operationId": "getVisit", "responses": answer(ref("Visit"))},
            "delete": {
                "operationId": "deleteVisit",
                "responses": answer({"type": "object", "required": ["deleted"], "properties": {
                    "id": {"type": "string"}, "deleted": {"const": True}}}),
            },
        },
        "/staff/{username}": {
            "parameters": [path("username", type="string")],
            "get": {"operationId": "getStaff", "responses": answer(ref("Staff"))},
            "put": {"operationId": "putStaff", "requestBody": sent(ref("Staff")), "responses": answer(ref("Staff"))},
        },
        "/reports": {"get": {"operationId": "listReports", "responses": answer(array("Error"))}},
        "/reports/{id}": {
            "parameters": [path("id", type="string")],
            "get": {"operationId": "getReport", "responses": answer(ref("Error"))},
            "delete": {"operationId": "deleteReport", "responses": {"204": {"description": "gone"}}},
        },
    },
    "components": {"schemas": {"Owner": OWNER, "Pet": PET, "Visit": VISIT, "Staff": STAFF, "Error": ERROR}},
}  # fmt: skip


def write(folder: Path, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    """The document as a file, changed by `change`."""
    document = copy.deepcopy(KENNEL)
    if change is not None:
        change(document)
    file = folder / "kennel.json"
    file.write_text(json.dumps(document))
    return file
