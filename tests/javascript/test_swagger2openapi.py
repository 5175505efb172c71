"""Swagger 2.0 documents mean the same after our conversion as after that of swagger2openapi, where both convert them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mockserver import load_contract
from mockserver.documents.bundle import bundle
from mockserver.syntax import json_pointer, yaml_reader
from tests.conftest import require_program

HERE = Path(__file__).parent
DOCUMENTS = HERE.parent / "documents" / "swagger"
METHODS = ("get", "put", "post", "delete", "patch", "options", "head")
SECONDS = 60


@pytest.fixture(scope="module")
def node() -> str:
    require_program(
        "swagger2openapi" if (HERE / "node_modules" / "swagger2openapi").is_dir() else None,
        "swagger2openapi is not installed; `make test` does that with npm (Debian: apt-get install npm)",
    )
    return require_program(shutil.which("node"), "Node.js is not installed; on Debian: apt-get install nodejs")


@cache
def convert(node: str, path: Path) -> dict[str, Any]:
    """The document as swagger2openapi converts it."""
    document = json.dumps(yaml_reader.parse(path.read_text(), []))
    command = [node, str(HERE / "swagger2openapi.mjs")]
    result = subprocess.run(command, input=document, capture_output=True, text=True, check=True, timeout=SECONDS)
    converted: dict[str, Any] = json.loads(result.stdout)
    return converted


def follow(document: dict[str, Any], value: Any) -> Any:
    """What a reference points to; any other value as it is."""
    while isinstance(value, dict) and "$ref" in value:
        value = json_pointer.resolve(document, json_pointer.from_fragment(value["$ref"][1:]))
    return value


def contents(holder: dict[str, Any]) -> dict[str, Any]:
    """The schema of each media type. Where none is declared, swagger2openapi has a range in place of JSON."""
    default = {"*/*": "application/json"}
    return {default.get(name, name): media.get("schema") for name, media in holder.get("content", {}).items()}


def meaning(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each operation's parameters, body and responses, with the schemas, by names that do not depend on the form."""
    for path, item in document["paths"].items():
        for method in set(METHODS) & item.keys():
            operation, place = item[method], f"{method} {path}"
            for entry in (*item.get("parameters", ()), *operation.get("parameters", ())):
                parameter = follow(document, entry)
                name = f"{place} {parameter['in']} {parameter['name']}"
                yield name, (parameter.get("required", False), parameter["schema"])
            if "requestBody" in operation:
                body = follow(document, operation["requestBody"])
                yield f"{place} body", (body.get("required", False), contents(body))
            for status, entry in operation["responses"].items():
                response = follow(document, entry)
                headers = {name: header["schema"] for name, header in response.get("headers", {}).items()}
                yield f"{place} {status}", (contents(response), headers)
            yield f"{place} security", operation.get("security")


@pytest.mark.parametrize("name", ["petstore", "general"])
def test_operations_mean_the_same(node: str, name: str) -> None:
    path = DOCUMENTS / f"{name}.yaml"
    assert dict(meaning(bundle(load_contract(path).openapi))) == dict(meaning(convert(node, path)))


@pytest.mark.parametrize("name", ["petstore", "general"])
@pytest.mark.parametrize("section", ["schemas", "securitySchemes"])
def test_components_are_the_same(node: str, name: str, section: str) -> None:
    path = DOCUMENTS / f"{name}.yaml"
    components = bundle(load_contract(path).openapi)["components"]
    assert components.get(section) == convert(node, path)["components"].get(section)


@pytest.mark.parametrize("name", ["petstore", "general"])
def test_servers_are_the_same(node: str, name: str) -> None:
    path = DOCUMENTS / f"{name}.yaml"
    assert bundle(load_contract(path).openapi)["servers"] == convert(node, path)["servers"]
