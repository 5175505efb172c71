"""Small documents of collections, written in the ways in which public documents differ."""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
Content = dict[str, Any]


def record(**properties: Any) -> dict[str, Any]:
    """The schema of an object with these properties, all required but those that are optional by their name `x_`."""
    return {"type": "object", "required": list(properties), "properties": properties}


def array_of(schema: Any) -> dict[str, Any]:
    """The schema of an array of these items."""
    return {"type": "array", "items": schema}


def content(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    """A `content` map of one media type."""
    return {"content": {media_type: {"schema": schema}}}


def responses(status: int = 200, schema: Any = None, media_type: str = "application/json", **more: Any) -> Any:
    """The `responses` of an operation with one response, without content if there is no schema."""
    return {str(status): {"description": "x", **(content(schema, media_type) if schema is not None else {}), **more}}


def operation(body: Any = None, parameters: Any = (), **answer: Any) -> dict[str, Any]:
    """An operation with a JSON body of a schema, these query parameters by name, and one response."""
    entry: dict[str, Any] = {"responses": responses(**answer)}
    if body is not None:
        entry["requestBody"] = content(body)
    if parameters:
        entry["parameters"] = [{"name": name, "in": "query", "schema": schema} for name, schema in parameters]
    return entry


def document(paths: dict[str, dict[str, Any]], **parameters: Any) -> dict[str, Any]:
    """A document of these paths; path parameters are texts, or have the schemas that `parameters` names."""
    described: dict[str, Any] = {}
    for path, methods in paths.items():
        names = [part.partition("}")[0] for part in path.split("{")[1:]]
        declared = [
            {"name": name, "in": "path", "required": True, "schema": parameters.get(name, TEXT)} for name in names
        ]
        described[path] = {**methods, **({"parameters": declared} if declared else {})}
    return {"openapi": "3.1.0", "info": {"title": "Shapes", "version": "1"}, "paths": described}


def crud(collection: str, item: str, schema: Any, media_type: str = "application/json") -> dict[str, dict[str, Any]]:
    """The paths of a collection that can be listed, created in, read, replaced, updated and deleted from."""
    return {
        collection: {
            "get": operation(schema=array_of(schema), media_type=media_type),
            "post": operation(body=schema, status=201, schema=schema, media_type=media_type),
        },
        item: {
            "get": operation(schema=schema, media_type=media_type),
            "put": operation(body=schema, schema=schema, media_type=media_type),
            "patch": operation(body={**schema, "required": []}, schema=schema, media_type=media_type),
            "delete": operation(status=204),
        },
    }
