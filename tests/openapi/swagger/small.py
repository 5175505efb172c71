"""Small Swagger 2.0 documents for tests."""

from __future__ import annotations

from typing import Any


def swagger(*parameters: dict[str, Any], method: str = "post", **members: Any) -> dict[str, Any]:
    """A document with one operation at /things that has these parameters.

    `operation`, `item` and `response` are further members of the operation, the path and its response.
    """
    operation, item, response = (members.pop(name, {}) for name in ("operation", "item", "response"))
    responses = {"200": {"description": "ok", **response}}
    declared = {"operationId": "thing", "responses": responses, **operation}
    if parameters:
        declared["parameters"] = list(parameters)
    paths = {"/things": {method: declared, **item}}
    return {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": paths, **members}
