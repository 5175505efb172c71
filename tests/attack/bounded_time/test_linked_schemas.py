"""Documents whose schemas all lead to each other, with an example in each operation, as those of large products."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mockserver.contract.loader import load_contract
from mockserver.web.app import create_app
from tests.attack.growth import assert_grows_linearly

SIZE = 60


def write_document(path: Path, size: int) -> Path:
    """A document with an operation for each of `size` schemas, each of which refers to three others."""
    names = [f"Entity{number}" for number in range(size)]
    schemas: dict[str, Any] = {}
    for number, name in enumerate(names):
        others = [{"$ref": f"#/components/schemas/{names[(number * 7 + step) % size]}"} for step in (1, 2, 3)]
        properties = {f"p{index}": {"type": "array", "items": other} for index, other in enumerate(others)}
        schemas[name] = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, **properties}}
    paths = {
        f"/{name}/{{id}}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "ok", "content": {"application/json": {
                "schema": {"$ref": f"#/components/schemas/{name}"}, "example": {"id": 5 if number % 2 else name}}}}}},
        }
        for number, name in enumerate(names)
    }  # fmt: skip
    document = {
        "openapi": "3.0.3", "info": {"title": "Linked", "version": "1"}, "paths": paths,
        "components": {"schemas": schemas},
    }  # fmt: skip
    path.write_text(json.dumps(document))
    return path


def test_the_time_to_load_linked_schemas_and_validate_their_examples_grows_linearly(tmp_path: Path) -> None:
    def prepare(size: int) -> Callable[[], object]:
        path = write_document(tmp_path / f"linked-{size}.json", size)
        return lambda: load_contract(path).invalid_examples

    assert_grows_linearly(prepare, SIZE)


def write_files(folder: Path, size: int) -> Path:
    """A document with an operation for each of `size` schemas, each in a file of its own that refers to two others."""
    folder.mkdir()
    paths: dict[str, Any] = {}
    for number in range(size):
        others = {f"p{step}": {"$ref": f"s{(number * (4 * step + 3) + step + 1) % size}.json"} for step in (0, 1)}
        (folder / f"s{number}.json").write_text(json.dumps({"type": "object", "properties": others}))
        content = {"application/json": {"schema": {"$ref": f"s{number}.json"}, "example": {"p0": {"p1": 5}}}}
        paths[f"/things{number}"] = {"get": {"responses": {"200": {"description": "ok", "content": content}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Split", "version": "1"}, "paths": paths}
    (folder / "openapi.json").write_text(json.dumps(document))
    return folder / "openapi.json"


def test_the_time_to_compile_files_that_refer_to_each_other_grows_linearly(tmp_path: Path) -> None:
    def prepare(size: int) -> Callable[[], object]:
        path = write_files(tmp_path / f"files-{size}", size)
        return lambda: load_contract(path).invalid_examples

    assert_grows_linearly(prepare, 10)


def test_every_operation_of_linked_schemas_responds_with_a_valid_body(tmp_path: Path) -> None:
    client = create_app(load_contract(write_document(tmp_path / "linked.json", SIZE))).test_client()
    bodies = [client.get(f"/Entity{number}/x").json for number in range(SIZE)]
    assert {type(body["id"]) for body in bodies} == {str}


def test_the_time_to_the_first_response_grows_linearly_with_the_document(tmp_path: Path) -> None:
    def prepare(size: int) -> Callable[[], object]:
        path = write_document(tmp_path / f"first-{size}.json", size)
        return lambda: create_app(load_contract(path), serve_pages=False).test_client().get("/Entity0/x")

    assert_grows_linearly(prepare, SIZE)
