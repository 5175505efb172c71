"""Small OpenAPI documents for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mockserver import Contract, load_contract

Write = Callable[..., Path]


def document(schemas: dict[str, Any] | None = None, version: str = "3.0.3", **members: Any) -> dict[str, Any]:
    """A document with one operation, GET and POST /things, about the schema `Thing`."""
    thing = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    responses = {"200": {"description": "a thing", **thing}}
    paths = {"/things": {"get": {"operationId": "get", "responses": responses}, "post": {"operationId": "post", "requestBody": thing, "responses": responses}}}  # fmt: skip
    all_schemas = {"Thing": {"type": "object"}, **(schemas or {})}
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths, "components": {"schemas": all_schemas}} | members  # fmt: skip


def load(folder: Path, main: Any, **files: Any) -> Contract:
    """The contract of a bare document, written as JSON beside other files; a double underscore stands for a slash."""
    for name, content in {"api": main, **files}.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return load_contract(folder / "api.json")


def thing_validator(contract: Contract, direction: str = "") -> Callable[[Any], bool]:
    """Whether a value is valid for the schema `Thing`, in a request, in a response, or by the schema itself."""
    node = contract.openapi.child("components", "schemas", "Thing")
    return contract.schemas.for_direction(direction).validator(node).is_valid  # type: ignore[arg-type]
