"""Schemas that combine others in thousands of ways are loaded, checked and served in bounded time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver import Contract, create_app, load_contract
from mockserver.check.checker import ContractChecker
from tests.attack.growth import assert_grows_linearly

REFERENCE = "#/components/schemas/A{}"


def write(tmp_path: Path, schemas: dict[str, Any]) -> Path:
    content = {"application/json": {"schema": {"$ref": REFERENCE.format(0)}}}
    body = {"required": True, "content": content}
    responses = {"200": {"description": "x", "content": content}}
    document = {
        "openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "components": {"schemas": schemas},
        "paths": {"/a": {"post": {"operationId": "postA", "requestBody": body, "responses": responses}}},
    }  # fmt: skip
    path = tmp_path / "api.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper))
    return path


def chain(length: int, combine: Callable[[dict[str, str]], Any]) -> dict[str, Any]:
    """Each schema combines the next one with itself."""
    schemas: dict[str, Any] = {f"A{n}": combine({"$ref": REFERENCE.format(n + 1)}) for n in range(length)}
    return {**schemas, f"A{length}": {"type": "string", "examples": ["a"]}}


def check(contract: Contract) -> list[str]:
    checker = ContractChecker(contract)
    list(checker.steps())
    return [finding.problem.code for finding in checker.findings]


COMBINATIONS: dict[str, Callable[[dict[str, str]], Any]] = {
    "anyOf": lambda target: {"anyOf": [target, target]},
    "oneOf": lambda target: {"oneOf": [target, {"not": target}]},
    "allOf": lambda target: {"allOf": [target, {"title": "t", **target}]},
    "if": lambda target: {"if": target, "then": target, "else": target},
    "dependentSchemas": lambda target: {"dependentSchemas": {"a": target}, "anyOf": [target]},
}


@pytest.mark.parametrize("name", COMBINATIONS)
@pytest.mark.parametrize("length", [9, 60])
def test_a_chain_of_schemas_that_double_is_checked_and_served(tmp_path: Path, name: str, length: int) -> None:
    contract = load_contract(write(tmp_path, chain(length, COMBINATIONS[name])))
    codes = [warning.code for warning in contract.warnings]
    assert ("too-many-branches" in codes) == (length == 60)
    check(contract)
    response = create_app(contract).test_client().post("/a", json="a")
    assert response.status_code in (200, 422)
    assert create_app(contract).test_client().post("/a", json=1).status_code in (200, 422)


def dense(size: int) -> dict[str, Any]:
    """Objects, each of which refers to many others."""
    return {
        f"A{n}": {
            "type": "object",
            "properties": {f"p{k}": {"$ref": REFERENCE.format((n * 7 + k * 13) % size)} for k in range(20)},
        }
        for n in range(size)
    }


def test_checking_densely_linked_schemas_grows_linearly_with_their_number(tmp_path: Path) -> None:
    def prepare(size: int) -> Callable[[], object]:
        path = write(tmp_path, dense(size))
        return lambda: check(load_contract(path))

    assert_grows_linearly(prepare, 20)
